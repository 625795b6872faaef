/* Names and numbers of a locale: patterns write and read them, and every allocation may fail. */
#include <stdlib.h>
#include <string.h>

#include "engine/expr/datetime_pattern.h"
#include "tests/unit/expr/expr_fixture.h"

enum { MARCH_US_DAYS = 19787 }; /* 2024-03-05, a Tuesday */
static const int64_t march_us = (int64_t)MARCH_US_DAYS * 86400 * 1000000;

static weft_datetime_pattern *pattern_of(expr_fixture *f, const char *locale, const char *text, bool parsing)
{
    weft_datetime_pattern *p = NULL;
    const weft_str view = weft_str_view(text, (uint32_t)strlen(text));
    const weft_datetime_place place = {.locale = locale, .zone = "Europe/Berlin"};
    expr_ok(f, weft_datetime_pattern_new(&f->ctx, &view, &place, NULL, parsing, &p));
    return p;
}

static void patterns_write_and_read_names(void **state)
{
    expr_fixture *f = *state;
    static const struct {
        const char *locale, *pattern, *text;
    } cases[] = {
        {NULL, "EEE, d MMM yyyy", "Tue, 5 Mar 2024"},
        {"EN-us", "d MMMM yyyy GGGG", "5 March 2024 Anno Domini"},
        {"de", "d. MMMM yyyy", "5. M\xc3\xa4rz 2024"},
        {"de-AT", "d. LLL yyyy", "5. M\xc3\xa4r 2024"},
        {"de_AT", "d MMMM yyyy", "5 Mar 2024"}, /* no tag: the root locale */
        {"xx", "d MMMM yyyy", "5 Mar 2024"},    /* nobody's language */
        {"ru", "d MMMM yyyy", "5 \xd0\xbc\xd0\xb0\xd1\x80\xd1\x82\xd0\xb0 2024"},
        {"fr", "yyyy-MM-dd ZZZZ", "2024-03-05 UTC"},
    };
    for (int32_t i = 0; i < WEFT_COUNT(cases); i++) {
        weft_datetime_pattern *p = pattern_of(f, cases[i].locale, cases[i].pattern, false);
        char *text = malloc(p->text_bytes_max + 1);
        const size_t len = weft_datetime_format(p, NULL, march_us, text);
        assert_true(len <= p->text_bytes_max);
        text[len] = '\0';
        assert_string_equal(text, cases[i].text);
        free(text);
        weft_datetime_pattern_free(&p);
        if (strchr(cases[i].pattern, 'E') != NULL) continue; /* days of the week are not read */
        weft_datetime_reading read;
        p = pattern_of(f, cases[i].locale, cases[i].pattern, true);
        expr_ok(f, weft_datetime_parse(&f->ctx, p, NULL, cases[i].text, strlen(cases[i].text), &read));
        assert_true(read.fits);
        assert_int_equal(read.us, march_us);
        weft_datetime_pattern_free(&p);
    }
}

/* A failed reading tells where the item begins that does not fit; zones of texts are kept from row to row. */
static void zones_are_read(void **state)
{
    expr_fixture *f = *state;
    static const struct {
        const char *text;
        int64_t hours; /* of UTC after the time in the text; 99: it does not fit */
    } cases[] = {{"2024-03-05 CET", -1},           {"2024-03-05 cest", -1},  {"2024-03-05 PST", 8},
                 {"2024-03-05 Asia/Tokyo", -9},    {"2024-03-05 Z", 0},      {"2024-03-05 Asia/Tokyo", -9},
                 {"2024-03-05 Asia/Nowhere", 99},  {"2024-03-05 UTC+2", 99}, {"2024-03-05 UTC-02:00", 2},
                 {"2024-03-05 ../etc/passwd", 99}, {"2024-03-05 ", 99}};
    weft_datetime_pattern *p = pattern_of(f, NULL, "yyyy-MM-dd z", true);
    for (int32_t i = 0; i < WEFT_COUNT(cases); i++) {
        weft_datetime_reading read;
        expr_ok(f, weft_datetime_parse(&f->ctx, p, NULL, cases[i].text, strlen(cases[i].text), &read));
        assert_int_equal(read.fits, cases[i].hours != 99);
        if (read.fits) assert_int_equal(read.us, march_us + cases[i].hours * 3600 * 1000000);
    }
    weft_datetime_pattern_free(&p);
}

static void numbers_of_a_locale(void **state)
{
    expr_fixture *f = *state;
    static const struct {
        const char *locale, *text, *plain; /* NULL: no number */
        int32_t whole_digits;
    } cases[] = {{NULL, "1,2,3.5", "123.5", 0},
                 {NULL, "12", "12", 2},
                 {"de", "1.234,5", "1234.5", 0},
                 {"de", "-1.234", "-1234", 4},
                 {"de", "1.", NULL, 0},
                 {"de", ",5", "0.5", 0},
                 {"de", "1E-2", "1E-2", 0},
                 {"de", "1E", NULL, 0},
                 {"de", "+1", NULL, 0},
                 {"de", "", NULL, 0},
                 {"de", "-", NULL, 0},
                 {"fr",
                  "1\xe2\x80\xaf"
                  "234",
                  "1234", 4},
                 {"sv",
                  "\xe2\x88\x92"
                  "5",
                  "-5", 1},
                 {"ar-EG", "\xd9\xa1\xd9\xa2", "12", 2},
                 {"xx", "1,5", "15", 2}};
    for (int32_t i = 0; i < WEFT_COUNT(cases); i++) {
        weft_locale_numbers n;
        char room[16];
        size_t used = 0;
        const size_t len = strlen(cases[i].text);
        expr_ok(f, weft_locale_numbers_open(&f->ctx, cases[i].locale, &n));
        const bool good = weft_locale_number(&n, cases[i].text, len, room, sizeof room, &used);
        assert_int_equal(good, cases[i].plain != NULL);
        if (good) assert_int_equal(used, strlen(cases[i].plain));
        if (good) assert_memory_equal(room, cases[i].plain, used);
        assert_int_equal(weft_locale_whole_digits(&n, cases[i].text, len), cases[i].whole_digits);
        assert_false(weft_locale_number(&n, cases[i].text, len, room, 0, &used));
    }
}

static weft_status open_once(weft_fixture *f, void *arg)
{
    weft_status st = WEFT_OK;
    weft_datetime_pattern *p = NULL;
    const weft_str text = weft_str_view("d MMMM zzzz", 11);
    const weft_datetime_place place = {.locale = arg, .zone = "Europe/Berlin"};
    WEFT_TRY(st, weft_datetime_pattern_new(&f->ctx, &text, &place, NULL, false, &p));
done:
    weft_datetime_pattern_free(&p);
    return st;
}

/* A zone for whose file there is no memory is an error, and not a text that does not fit. */
static weft_status read_once(weft_fixture *f, void *arg)
{
    weft_status st = WEFT_OK;
    weft_datetime_pattern *p = NULL;
    weft_datetime_reading read = {0};
    const char *const text = arg;
    const weft_str pattern = weft_str_view("yyyy-MM-dd z", 12);
    WEFT_TRY(st, weft_datetime_pattern_new(&f->ctx, &pattern, NULL, NULL, true, &p));
    WEFT_TRY(st, weft_datetime_parse(&f->ctx, p, NULL, text, strlen(text), &read));
    assert_true(read.fits);
done:
    weft_datetime_pattern_free(&p);
    return st;
}

static void allocations_fail_in_turn(void **state)
{
    static char locale[] = "de", text[] = "2024-03-05 Asia/Tokyo";
    (void)state;
    weft_fixture_oom_sweep(open_once, locale);
    weft_fixture_oom_sweep(read_once, text);
}

WEFT_TESTS(EXPR_TEST(patterns_write_and_read_names), EXPR_TEST(zones_are_read),
           EXPR_TEST(numbers_of_a_locale), EXPR_TEST(allocations_fail_in_turn))
