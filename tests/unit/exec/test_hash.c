/* Where tasks with a place put their rows: into their own partitions, spread over these by the hash. */
#include "engine/exec/hash.h"

#include "tests/support/test.h"

static uint32_t partition_at(weft_place place, uint64_t hash, int32_t partitions)
{
    return weft_partition_of((hash & place.kept) | place.high, weft_partition_shift(partitions));
}

static void rows_stay_in_the_place(void **state)
{
    (void)state;
    weft_test_random random = {weft_test_seed()};
    for (int32_t partitions = 2; partitions <= 256; partitions *= 2)
        for (int32_t width = 1; width <= partitions; width *= 2)
            for (int32_t begin = 0; begin < partitions; begin += width) {
                const weft_place place = weft_place_of(true, partitions, begin, begin + width);
                const uint64_t hash = weft_test_random_u64(&random);
                const uint32_t at = partition_at(place, hash, partitions);
                assert_true(at >= (uint32_t)begin && at < (uint32_t)(begin + width));
                /* the bits below tell the partition of the place, and are the hash's own */
                const int32_t shift = weft_partition_shift(partitions);
                assert_int_equal(at % (uint32_t)width, (hash >> shift) % (uint64_t)width);
                assert_int_equal(hash << (64 - shift), ((hash & place.kept) | place.high) << (64 - shift));
            }
}

static void without_a_place_hashes_are_as_they_were(void **state)
{
    (void)state;
    const weft_place none = weft_place_of(false, 64, 3, 9), whole = weft_place_of(true, 64, 0, 64);
    assert_true(none.kept == UINT64_MAX && none.high == 0);
    assert_true(whole.kept == UINT64_MAX && whole.high == 0);
}

WEFT_TESTS(WEFT_TEST(rows_stay_in_the_place), WEFT_TEST(without_a_place_hashes_are_as_they_were))
