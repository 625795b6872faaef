/* tests/unit/expr/test_calendar_interval.c - INTERVAL without fields: texts both ways, arithmetic. */
#include "engine/expr/calendar_interval.h"
#include "engine/expr/interval.h"
#include "tests/support/test.h"

static weft_calendar_interval random_interval(weft_test_random *r)
{
    const int shift = (int)weft_test_random_range(r, 0, 62);
    return (weft_calendar_interval){
        .months = (int32_t)weft_test_random_range(r, INT32_MIN, INT32_MAX) >> (shift % 31),
        .days = (int32_t)weft_test_random_range(r, INT32_MIN, INT32_MAX) >> (shift % 29),
        .us = weft_test_random_range(r, INT64_MIN, INT64_MAX) >> shift};
}

static bool same(weft_calendar_interval a, weft_calendar_interval b)
{
    return weft_calendar_interval_bits(a) == weft_calendar_interval_bits(b);
}

/* The text of an interval reads back as the interval. */
static void texts_read_back(void **state)
{
    (void)state;
    weft_test_random r = {weft_test_seed()};
    char text[WEFT_CALENDAR_INTERVAL_TEXT_BYTES];
    for (int i = 0; i < 100000; i++) {
        const weft_calendar_interval interval = random_interval(&r);
        weft_calendar_interval read;
        const int len = weft_calendar_interval_text(interval, text);
        assert_true(len < WEFT_CALENDAR_INTERVAL_TEXT_BYTES && text[len] == '\0');
        assert_true(weft_interval_words(text, (size_t)len, &read) && same(read, interval));
    }
}

static void malformed_texts_are_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {"",
                                        "interval",
                                        "1",
                                        "day",
                                        "1day",
                                        "1 day2 hours",
                                        "1.5 days",
                                        ". second",
                                        "1.1234567891 second",
                                        "1 us",
                                        "1 day ago",
                                        "--1 day",
                                        "99999999999 days",
                                        "178956971 years -1 year",
                                        "9223372036854775808 microseconds"};
    for (int32_t i = 0; i < WEFT_COUNT(texts); i++) {
        weft_calendar_interval interval;
        assert_false(weft_interval_words(texts[i], strlen(texts[i]), &interval));
    }
}

/* What was added is what was taken away, and exact results are those that wrap where nothing overflows. */
static void sums_and_differences_meet(void **state)
{
    (void)state;
    weft_test_random r = {weft_test_seed()};
    for (int i = 0; i < 100000; i++) {
        const weft_calendar_interval a = random_interval(&r), b = random_interval(&r);
        weft_calendar_interval sum, exact, back;
        assert_true(weft_calendar_interval_add(a, b, WEFT_INTERVAL_WRAP, &sum));
        assert_true(weft_calendar_interval_subtract(sum, b, WEFT_INTERVAL_WRAP, &back) && same(back, a));
        if (weft_calendar_interval_add(a, b, WEFT_INTERVAL_EXACT, &exact)) assert_true(same(exact, sum));
    }
}

static void products_have_their_limits(void **state)
{
    (void)state;
    const weft_calendar_interval years = {.months = 2000000000};
    weft_calendar_interval out;
    assert_false(weft_calendar_interval_scale(years, 2, false, WEFT_INTERVAL_EXACT, &out));
    assert_true(weft_calendar_interval_scale(years, 2, false, WEFT_INTERVAL_WRAP, &out));
    assert_int_equal(out.months, INT32_MAX);
    assert_true(weft_calendar_interval_scale((weft_calendar_interval){.days = 3}, 2, true,
                                             WEFT_INTERVAL_EXACT, &out));
    assert_true(out.days == 1 && out.us == INT64_C(43200000000));
}

WEFT_TESTS(WEFT_TEST(texts_read_back), WEFT_TEST(malformed_texts_are_refused),
           WEFT_TEST(sums_and_differences_meet), WEFT_TEST(products_have_their_limits))
