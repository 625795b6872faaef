/* tests/unit/formats/test_snappy.c - our snappy against the library: the same bytes, and the same streams
 * refused. */
#include <snappy-c.h>
#include <stdlib.h>

#include "engine/formats/parquet/kernels.h"
#include "tests/support/fixture.h"

enum { BYTES_MAX = 70000 };

typedef struct buffers {
    uint8_t plain[BYTES_MAX + WEFT_PQ_SLACK];
    uint8_t ours[BYTES_MAX + WEFT_PQ_SLACK];
    char theirs[BYTES_MAX];
    uint8_t packed[BYTES_MAX * 2 + WEFT_PQ_SLACK];
} buffers;

static uint32_t next_random(weft_test_random *random, uint32_t below)
{
    return (uint32_t)weft_test_random_range(random, 0, (int64_t)below - 1);
}

/* What columns are like: numbers that differ in their low bytes, words that come again, runs, noise. */
static size_t fill(weft_test_random *random, uint8_t *to, int shape, size_t bytes)
{
    static const char *const words[] = {"carefully ", "final ", "deposits ",
                                        "the ",       "a",      "special requests "};
    uint64_t number = 1000;
    size_t at = 0;
    while (at < bytes) {
        uint8_t piece[32];
        size_t len = 8;
        if (shape == 0) {
            number += next_random(random, next_random(random, 4) == 0 ? 100000 : 200);
            memcpy(piece, &number, 8);
        } else if (shape == 1) {
            const char *word = words[next_random(random, WEFT_COUNT(words))];
            len = strlen(word);
            memcpy(piece, word, len);
        } else if (shape == 2) {
            len = 1 + next_random(random, 31);
            memset(piece, (int)next_random(random, 3), len);
        } else {
            for (size_t i = 0; i < 8; i++) piece[i] = (uint8_t)next_random(random, 256);
        }
        if (len > bytes - at) len = bytes - at;
        memcpy(to + at, piece, len);
        at += len;
    }
    return bytes;
}

typedef bool (*snappy_kernel)(const uint8_t *from, int64_t from_bytes, uint8_t *to, int64_t to_bytes,
                              bool numbers);

/* Both say the same about a stream that is told to hold `bytes`. */
static void compare(buffers *b, snappy_kernel kernel, size_t packed_bytes, size_t bytes)
{
    size_t length = 0, room = BYTES_MAX;
    bool valid = snappy_uncompressed_length((const char *)b->packed, packed_bytes, &length) == SNAPPY_OK &&
                 length == bytes;
    if (valid)
        valid = snappy_uncompress((const char *)b->packed, packed_bytes, b->theirs, &room) == SNAPPY_OK;
    for (int numbers = 0; numbers < 2; numbers++) {
        memset(b->ours, 0xaa, sizeof b->ours);
        assert_int_equal(kernel(b->packed, (int64_t)packed_bytes, b->ours, (int64_t)bytes, numbers != 0),
                         valid);
        if (valid) assert_memory_equal(b->ours, b->theirs, bytes);
    }
}

static void check(snappy_kernel kernel)
{
    weft_test_random random = {weft_test_seed()};
    buffers *b = calloc(1, sizeof *b);
    assert_non_null(b);
    for (int round = 0; round < 200; round++) {
        size_t packed = sizeof b->packed - WEFT_PQ_SLACK;
        const size_t bytes =
            fill(&random, b->plain, round % 4, round < 8 ? (size_t)round : next_random(&random, BYTES_MAX));
        assert_int_equal(snappy_compress((const char *)b->plain, bytes, (char *)b->packed, &packed),
                         SNAPPY_OK);
        compare(b, kernel, packed, bytes);
        compare(b, kernel, packed, bytes + 1);
        if (packed > 1) compare(b, kernel, packed - 1, bytes);
        for (int change = 0; change < 4; change++) { /* the changes add up */
            b->packed[next_random(&random, (uint32_t)packed)] ^= (uint8_t)(1u << next_random(&random, 8));
            compare(b, kernel, packed, bytes);
        }
    }
    free(b);
}

static void base_agrees_with_the_library(void **state)
{
    (void)state;
    check(weft_pq_snappy_base);
}

static void avx2_agrees_with_the_library(void **state)
{
    (void)state;
#ifdef WEFT_HAVE_AVX2
    if (weft_pq_kernels_find() == &weft_pq_kernels_avx2) check(weft_pq_snappy_avx2);
#endif
}

WEFT_TESTS(WEFT_TEST(base_agrees_with_the_library), WEFT_TEST(avx2_agrees_with_the_library))
