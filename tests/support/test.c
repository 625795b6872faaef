/* tests/support/test.c - arguments, seeds and random numbers of test programs. */
#include "tests/support/test.h"

static uint64_t test_seed = 1;
static const char *test_program = "test";

void weft_test_arguments(int argc, char **argv)
{
    const char *environment = getenv("WEFT_TEST_SEED");
    if (environment != NULL) test_seed = strtoull(environment, NULL, 0);
    if (argc > 0) test_program = argv[0];
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--seed") == 0 && i + 1 < argc) {
            test_seed = strtoull(argv[++i], NULL, 0);
        } else {
            cmocka_set_test_filter(argv[i]);
        }
    }
}

uint64_t weft_test_seed(void) { return test_seed; }

uint64_t weft_test_random_u64(weft_test_random *random)
{
    uint64_t z = (random->state += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

int64_t weft_test_random_range(weft_test_random *random, int64_t low, int64_t high)
{
    const uint64_t span = (uint64_t)high - (uint64_t)low + 1; /* 0 means all 2^64 values */
    const uint64_t value = weft_test_random_u64(random);
    return (int64_t)((uint64_t)low + (span == 0 ? value : value % span));
}

void weft_test_print_replay(const char *test, uint64_t seed)
{
    print_message("replay with: %s %s --seed %llu\n", test_program, test, (unsigned long long)seed);
}

const char *weft_test_source_dir(void)
{
    const char *dir = getenv("WEFT_SOURCE_DIR");
    return dir != NULL ? dir : ".";
}
