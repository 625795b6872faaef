/* tests/support/test.h - what every cmocka test program includes.
 *
 *     static void adds(void **state) { (void)state; assert_int_equal(1 + 1, 2); }
 *     WEFT_TESTS(WEFT_TEST(adds), WEFT_TEST_WITH(setup, teardown, other))
 *
 * The program takes an optional name pattern (`test_x 'ad*'`) and `--seed N`, which weft_test_random() starts
 * from; a failing property prints its seed, so that the same command with that seed replays it. */
#ifndef WEFT_TESTS_SUPPORT_TEST_H
#define WEFT_TESTS_SUPPORT_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define WEFT_TEST(function)                       cmocka_unit_test(function)
#define WEFT_TEST_WITH(setup, teardown, function) cmocka_unit_test_setup_teardown(function, setup, teardown)

/* The program's main: runs the listed tests. */
#define WEFT_TESTS(...)                                                                                      \
    int main(int argc, char **argv)                                                                          \
    {                                                                                                        \
        const struct CMUnitTest tests[] = {__VA_ARGS__};                                                     \
        weft_test_arguments(argc, argv);                                                                     \
        return cmocka_run_group_tests(tests, NULL, NULL);                                                    \
    }

/* Read the program's arguments (see above); called by the main of WEFT_TESTS. */
void weft_test_arguments(int argc, char **argv);

/* The seed of this run: --seed, else $WEFT_TEST_SEED, else 1 (tests are the same on every run by default). */
uint64_t weft_test_seed(void);

/* A small generator (splitmix64) for property tests. Each test starts its own from weft_test_seed(). */
typedef struct weft_test_random {
    uint64_t state;
} weft_test_random;

uint64_t weft_test_random_u64(weft_test_random *random);
/* A whole number in [low, high], both included. */
int64_t weft_test_random_range(weft_test_random *random, int64_t low, int64_t high);

/* Say which seed replays what failed; call it where a property's check is about to fail. */
void weft_test_print_replay(const char *test, uint64_t seed);

/* The root of the source tree (fixtures lie in tests/), from $WEFT_SOURCE_DIR, else ".". */
const char *weft_test_source_dir(void);

#endif
