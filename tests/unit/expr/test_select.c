/* The key at a rank is that of the sorted keys, and parts them, whatever the keys are like. */
#include <math.h>

#include "common/base.h"
#include "engine/expr/select.h"
#include "tests/support/test.h"

enum { KEYS_MAX = 3000 };

typedef enum shape { RANDOM, FEW, EQUAL, ASCENDING, DESCENDING, PEAK, SHAPES } shape;

static void fill(weft_test_random *random, shape like, uint64_t *keys, int64_t count)
{
    for (int64_t i = 0; i < count; i++) {
        const uint64_t any = (uint64_t)weft_test_random_range(random, INT64_MIN / 2, INT64_MAX / 2);
        keys[i] = like == RANDOM       ? any
                  : like == FEW        ? any % 5
                  : like == EQUAL      ? 7
                  : like == ASCENDING  ? (uint64_t)i
                  : like == DESCENDING ? (uint64_t)(count - i)
                                       : (uint64_t)(i < count / 2 ? i : count - i);
    }
}

static void check(const uint64_t *keys, int64_t count, int64_t rank)
{
    static uint64_t sorted[KEYS_MAX], parted[KEYS_MAX];
    memcpy(sorted, keys, (size_t)count * sizeof *keys);
    memcpy(parted, keys, (size_t)count * sizeof *keys);
    weft_sort_u64(sorted, count);
    weft_select_u64(parted, count, rank);
    assert_int_equal(parted[rank], sorted[rank]);
    for (int64_t i = 0; i < rank; i++) assert_true(parted[i] <= parted[rank]);
    for (int64_t i = rank + 1; i < count; i++) assert_true(parted[i] >= parted[rank]);
    weft_sort_u64(parted, count); /* the same keys */
    assert_memory_equal(parted, sorted, (size_t)count * sizeof *keys);
}

static void equals_the_sorted_keys(void **state)
{
    static const int64_t counts[] = {1, 2, 15, 16, 17, 127, 128, 1000, KEYS_MAX};
    static uint64_t keys[KEYS_MAX];
    weft_test_random random = {.state = weft_test_seed()};
    (void)state;
    for (int32_t s = 0; s < SHAPES; s++) {
        for (int32_t c = 0; c < WEFT_COUNT(counts); c++) {
            const int64_t count = counts[c];
            fill(&random, (shape)s, keys, count);
            check(keys, count, 0);
            check(keys, count, count - 1);
            check(keys, count, count / 2);
            check(keys, count, weft_test_random_range(&random, 0, count - 1));
        }
    }
}

/* Keys to the front for which the pivot is greater, or (equal) the same: as select.c moves them. */
static int64_t part(uint64_t *keys, int64_t *ids, int64_t count, uint64_t pivot, bool equal)
{
    int64_t front = 0;
    for (int64_t i = 0; i < count; i++) {
        const uint64_t key = keys[i];
        const int64_t id = ids[i];
        keys[i] = keys[front], ids[i] = ids[front];
        keys[front] = key, ids[front] = id;
        front += equal ? key == pivot : key < pivot;
    }
    return front;
}

/* The nine keys that a pivot is chosen from are the least of all, round after round: the rounds end, by
 * sorting. */
static void adverse_keys_end(void **state)
{
    enum { UNKNOWN = 1 << 30 };
    static uint64_t keys[KEYS_MAX], now[KEYS_MAX];
    static int64_t ids[KEYS_MAX];
    uint64_t next = 0;
    int32_t rounds = 0;
    (void)state;
    for (int64_t i = 0; i < KEYS_MAX; i++) {
        ids[i] = i;
        now[i] = keys[i] = (uint64_t)(UNKNOWN + i);
    }
    for (int64_t first = 0; KEYS_MAX - first >= 200; rounds++) {
        const int64_t count = KEYS_MAX - first, step = count / 8, middle = count / 2, last = count - 1;
        const int64_t at[] = {
            0, step, 2 * step, middle - step, middle, middle + step, last - 2 * step, last - step, last};
        for (int32_t i = 0; i < 9; i++) {
            const int64_t place = first + at[i];
            if (now[place] >= UNKNOWN) now[place] = keys[ids[place]] = next++;
        }
        uint64_t medians[3];
        for (int32_t i = 0; i < 3; i++) {
            uint64_t three[3] = {now[first + at[3 * i]], now[first + at[3 * i + 1]],
                                 now[first + at[3 * i + 2]]};
            weft_sort_u64(three, 3);
            medians[i] = three[1];
        }
        weft_sort_u64(medians, 3);
        const int64_t below = part(now + first, ids + first, count, medians[1], false);
        first += below;
        first += part(now + first, ids + first, KEYS_MAX - first, medians[1], true);
    }
    assert_true(rounds > 100); /* some 24 are allowed */
    check(keys, KEYS_MAX, KEYS_MAX - 1);
    check(keys, KEYS_MAX, KEYS_MAX / 2);
}

static void doubles_keep_their_order(void **state)
{
    static const double ascending[] = {-INFINITY, -1e300, -1.5, -1e-310, -0.0,     0.0,
                                       5e-324,    1,      1.5,  1e300,   INFINITY, NAN};
    (void)state;
    for (int32_t i = 0; i < WEFT_COUNT(ascending); i++) {
        const uint64_t key = weft_key_of_f64(ascending[i]);
        const double back = weft_f64_of_key(key);
        assert_true(isnan(ascending[i]) ? isnan(back) : memcmp(&back, &ascending[i], sizeof back) == 0);
        if (i > 0) assert_true(weft_key_of_f64(ascending[i - 1]) < key);
    }
    assert_int_equal(weft_key_of_f64(-NAN), weft_key_of_f64(NAN));
}

WEFT_TESTS(WEFT_TEST(equals_the_sorted_keys), WEFT_TEST(adverse_keys_end),
           WEFT_TEST(doubles_keep_their_order))
