/* Hashes are the same for ever, spread well in high and low bits; checksums are the published ones. */
#include "common/hash.h"

#include "tests/support/test.h"

/* These values are on disks and decide partitions: a change here is a break of the format. */
static void golden_values(void **state)
{
    (void)state;
    static const struct {
        size_t len;
        uint64_t hash;
    } golden[] = {
        {0, 0xd4dac6266177c81dULL},   {1, 0xbf2118ad7a3b4935ULL},   {2, 0xc20a2e945a9ff137ULL},
        {3, 0x249991fcaca55274ULL},   {4, 0xa827c6c9f3557846ULL},   {7, 0xb6fe42b12c2fcbb9ULL},
        {8, 0x53c86615c5efd93aULL},   {9, 0xe14dd27c2c1ebaffULL},   {11, 0x1134d42c21dfafd0ULL},
        {12, 0x5f9e8d25018236fcULL},  {13, 0xfbbd97159401e464ULL},  {15, 0xada1d12d02ca4a37ULL},
        {16, 0x903311a4454c1280ULL},  {17, 0x493dc1639fca2265ULL},  {31, 0x21aa009f6e5eba20ULL},
        {32, 0x4c4d3504ede20812ULL},  {33, 0xab285e12812ea3ccULL},  {63, 0x353eb4e7b9ad6501ULL},
        {64, 0x33960b61fbfd5cfeULL},  {65, 0xe5beff3451d4ef48ULL},  {80, 0x707c6b908ee8a57cULL},
        {81, 0x0797d001b2e929d0ULL},  {128, 0xae7d321caeadb7d5ULL}, {129, 0x22b5b2bdc0334398ULL},
        {199, 0x43a57776171b15eeULL},
    };
    uint8_t bytes[200];
    for (size_t i = 0; i < sizeof bytes; i++) bytes[i] = (uint8_t)(i * 37 + 11);
    for (size_t i = 0; i < sizeof golden / sizeof golden[0]; i++) {
        const uint64_t hash = weft_hash_bytes(bytes, golden[i].len);
        if (hash != golden[i].hash) fail_msg("{%zu, 0x%016llxULL},", golden[i].len, (unsigned long long)hash);
    }
    assert_int_equal(weft_hash_u64(0), 0x0a42359570f84e62ULL);
    assert_int_equal(weft_hash_u64(42), 0xbb4bab0d4b4f8078ULL);
    assert_int_equal(weft_hash_combine(weft_hash_u64(1), weft_hash_u64(2)), 0x6efac0eb8d2db9bbULL);
}

static void short_strings_hash_as_their_view(void **state)
{
    (void)state;
    weft_test_random random = {weft_test_seed()};
    for (int round = 0; round < 20000; round++) {
        uint8_t view[16] = {0};
        const uint32_t len = (uint32_t)weft_test_random_range(&random, 0, 12);
        memcpy(view, &len, 4);
        for (uint32_t i = 0; i < len; i++) view[4 + i] = (uint8_t)weft_test_random_u64(&random);
        uint64_t head, tail;
        memcpy(&head, view, 8);
        memcpy(&tail, view + 8, 8);
        assert_int_equal(weft_hash_short(head, tail), weft_hash_bytes(view + 4, len));
    }
}

static void bytes_beyond_the_string_do_not_matter(void **state)
{
    (void)state;
    weft_test_random random = {weft_test_seed()};
    for (size_t len = 0; len < 300; len++) {
        uint8_t *a = malloc(len + 1),
                *b = malloc(len + 17); /* exact sizes: the sanitizer sees an over-read */
        for (size_t i = 0; i < len; i++) a[i] = (uint8_t)weft_test_random_u64(&random);
        memset(b, 0xff, len + 17);
        memcpy(b + 13, a, len);
        assert_int_equal(weft_hash_bytes(a, len), weft_hash_bytes(b + 13, len));
        if (len > 0) { /* each byte counts */
            const uint64_t hash = weft_hash_bytes(a, len);
            for (size_t i = 0; i < len; i++) {
                a[i] ^= 1;
                assert_true(weft_hash_bytes(a, len) != hash);
                a[i] ^= 1;
            }
        }
        free(a);
        free(b);
    }
    assert_int_equal(weft_hash_bytes(NULL, 0), weft_hash_bytes("", 0));
}

/* The chi-square statistic of 2^12 buckets by the given bits; its mean is 4095 and its deviation about 90. */
static double spread(const uint64_t *hashes, size_t count, int shift)
{
    static uint32_t buckets[4096];
    memset(buckets, 0, sizeof buckets);
    for (size_t i = 0; i < count; i++) buckets[hashes[i] >> shift & 4095]++;
    const double mean = (double)count / 4096;
    double chi = 0;
    for (int i = 0; i < 4096; i++) chi += ((double)buckets[i] - mean) * ((double)buckets[i] - mean) / mean;
    return chi;
}

static int by_value(const void *a, const void *b)
{
    const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

static void check_spread(const char *what, uint64_t *hashes, size_t count)
{
    for (int shift = 0; shift <= 52; shift += 13) {
        const double chi = spread(hashes, count, shift);
        if (chi > 4095 + 6 * 90) fail_msg("%s: bits from %d are uneven: %.0f", what, shift, chi);
    }
    qsort(hashes, count, sizeof *hashes, by_value);
    for (size_t i = 1; i < count; i++) {
        if (hashes[i] == hashes[i - 1]) fail_msg("%s: a collision in 64 bits", what);
    }
}

static void keys_of_every_day_spread(void **state)
{
    (void)state;
    enum { COUNT = 1 << 18 };
    uint64_t *hashes = malloc(COUNT * sizeof *hashes);
    for (int step = 0; step < 60; step += 6) {
        for (uint64_t i = 0; i < COUNT; i++) hashes[i] = weft_hash_u64(i << (step > 46 ? 46 : step));
        check_spread("whole numbers", hashes, COUNT);
    }
    for (int i = 0; i < COUNT; i++) {
        const double value = i * 0.25;
        uint64_t bits;
        memcpy(&bits, &value, 8);
        hashes[i] = weft_hash_u64(bits);
    }
    check_spread("quarters", hashes, COUNT);
    for (uint64_t i = 0; i < COUNT; i++) {
        hashes[i] = weft_hash_combine(weft_hash_u64(i & 511), weft_hash_u64(i >> 9));
    }
    check_spread("pairs of small numbers", hashes, COUNT);
    static const char *const forms[] = {
        "%d", "k%07d", "Customer#%09d", "a longer prefix, then %d and more",
        "%d: https://example.org/a/path/that/is/longer/than/sixty-four/bytes/%d"};
    for (size_t form = 0; form < sizeof forms / sizeof forms[0]; form++) {
        for (int i = 0; i < COUNT; i++) {
            char text[200];
            const int len = snprintf(text, sizeof text, forms[form], i, i);
            hashes[i] = weft_hash_bytes(text, (size_t)len);
        }
        check_spread(forms[form], hashes, COUNT);
    }
    free(hashes);
}

/* Flipping one bit of the key flips each bit of the hash about half of the time. */
static void bits_avalanche(void **state)
{
    (void)state;
    weft_test_random random = {weft_test_seed()};
    static const size_t lens[] = {4, 8, 12, 13, 16, 17, 33, 64, 65, 128};
    for (size_t l = 0; l < sizeof lens / sizeof lens[0]; l++) {
        uint8_t bytes[128];
        double flips = 0;
        int trials = 0;
        for (int round = 0; round < 200; round++) {
            for (size_t i = 0; i < lens[l]; i++) bytes[i] = (uint8_t)weft_test_random_u64(&random);
            const uint64_t hash = weft_hash_bytes(bytes, lens[l]);
            for (size_t bit = 0; bit < lens[l] * 8; bit++, trials++) {
                bytes[bit / 8] ^= (uint8_t)(1 << (bit % 8));
                flips += __builtin_popcountll(hash ^ weft_hash_bytes(bytes, lens[l]));
                bytes[bit / 8] ^= (uint8_t)(1 << (bit % 8));
            }
        }
        assert_in_range((int)(flips / trials * 100), 3150, 3250); /* hundredths of a bit, of 64 */
    }
}

static void checksums_are_the_published_ones(void **state)
{
    (void)state;
    const uint8_t zeros[32] = {0};
    assert_int_equal(weft_crc32c(0, "123456789", 9), 0xe3069283u);
    assert_int_equal(weft_crc32c(0, zeros, 32), 0x8a9136aau); /* RFC 3720, B.4 */
    assert_int_equal(weft_crc32(0, "123456789", 9), 0xcbf43926u);
    assert_int_equal(weft_crc32c(0, NULL, 0), 0);
    assert_int_equal(weft_crc32(0, "The quick brown fox jumps over the lazy dog", 43), 0x414fa339u);
}

static void checksums_continue_and_have_twins(void **state)
{
    (void)state;
    enum { BYTES = 40000 };
    weft_test_random random = {weft_test_seed()};
    uint8_t *bytes = malloc(BYTES);
    for (int i = 0; i < BYTES; i++) bytes[i] = (uint8_t)weft_test_random_u64(&random);
    for (int round = 0; round < 300; round++) {
        const size_t from = (size_t)weft_test_random_range(&random, 0, 100);
        const size_t most = round % 10 == 0 ? BYTES - 100 : 400;
        const size_t len = (size_t)weft_test_random_range(&random, 0, (int64_t)most);
        const size_t cut = (size_t)weft_test_random_range(&random, 0, (int64_t)len);
        const uint32_t all = weft_crc32c(0, bytes + from, len);
        assert_int_equal(all, weft_crc32c_portable(0, bytes + from, len));
        assert_int_equal(all, weft_crc32c(weft_crc32c(0, bytes + from, cut), bytes + from + cut, len - cut));
        const uint32_t ieee = weft_crc32(0, bytes + from, len);
        assert_int_equal(ieee, weft_crc32(weft_crc32(0, bytes + from, cut), bytes + from + cut, len - cut));
    }
    free(bytes);
}

WEFT_TESTS(WEFT_TEST(golden_values), WEFT_TEST(short_strings_hash_as_their_view),
           WEFT_TEST(bytes_beyond_the_string_do_not_matter), WEFT_TEST(keys_of_every_day_spread),
           WEFT_TEST(bits_avalanche), WEFT_TEST(checksums_are_the_published_ones),
           WEFT_TEST(checksums_continue_and_have_twins))
