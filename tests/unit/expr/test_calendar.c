/* tests/unit/expr/test_calendar.c - days, civil dates and texts. */
#include "engine/expr/calendar.h"
#include "engine/expr/cast.h"
#include "tests/support/test.h"

/* Count the calendar day by day through 2,000 years, and back to the same numbers. */
static void days_follow_each_other(void **state)
{
    (void)state;
    int32_t year = -400, month = 1, day = 1;
    for (int32_t days = weft_days_of_civil(-400, 1, 1); year < 2400; days++) {
        const weft_civil c = weft_civil_of_days(days);
        assert_true(c.year == year && c.month == month && c.day == day);
        assert_int_equal(weft_days_of_civil(year, month, day), days);
        assert_int_equal(weft_year_of_days(days), year);
        if (++day <= weft_days_in_month(year, month)) continue;
        day = 1;
        if (++month <= 12) continue;
        month = 1;
        year++;
    }
    assert_int_equal(weft_days_of_civil(1970, 1, 1), 0);
    assert_int_equal(weft_days_of_civil(2000, 3, 1), 11017);
}

static void far_days_have_years(void **state)
{
    (void)state;
    weft_test_random r = {weft_test_seed()};
    for (int i = 0; i < 200000; i++) {
        const int32_t days = (int32_t)weft_test_random_range(&r, INT32_MIN, INT32_MAX);
        assert_int_equal(weft_year_of_days(days), weft_civil_of_days(days).year);
    }
}

static void texts_and_dates_match(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool good;
        int32_t year, month, day;
    } cases[] = {{"1998-12-01", true, 1998, 12, 1},
                 {" 1998-12-1 ", true, 1998, 12, 1},
                 {"1998", true, 1998, 1, 1},
                 {"1998-07", true, 1998, 7, 1},
                 {"-0001-02-03", true, -1, 2, 3},
                 {"+12345-01-02", true, 12345, 1, 2},
                 {"1998-12-01T10:11", true, 1998, 12, 1},
                 {"1998-13-01", false, 0, 0, 0},
                 {"1999-02-29", false, 0, 0, 0},
                 {"98-01-01", false, 0, 0, 0},
                 {"1998-12-01x", false, 0, 0, 0},
                 {"", false, 0, 0, 0},
                 {"1998-", false, 0, 0, 0},
                 {"99999999-01-01", false, 0, 0, 0},
                 {"1998/01/01", false, 0, 0, 0}};
    for (int32_t i = 0; i < WEFT_COUNT(cases); i++) {
        int32_t days = 0;
        assert_int_equal(weft_parse_date(cases[i].text, strlen(cases[i].text), &days), cases[i].good);
        if (cases[i].good)
            assert_int_equal(days, weft_days_of_civil(cases[i].year, cases[i].month, cases[i].day));
    }
    weft_test_random r = {weft_test_seed()};
    for (int i = 0; i < 10000; i++) {
        char text[WEFT_DATE_TEXT_BYTES], stamp[WEFT_TIMESTAMP_TEXT_BYTES];
        int32_t days = 0;
        int64_t us = weft_test_random_range(&r, -100000000000000000, 100000000000000000), back = 0;
        assert_true(weft_parse_date(text, (size_t)weft_date_text(weft_days_of_us(us), text), &days));
        assert_int_equal(days, weft_days_of_us(us));
        assert_true(weft_parse_timestamp(stamp, (size_t)weft_timestamp_text(us, stamp), &back));
        assert_int_equal(back, us);
    }
}

WEFT_TESTS(WEFT_TEST(days_follow_each_other), WEFT_TEST(far_days_have_years),
           WEFT_TEST(texts_and_dates_match))
