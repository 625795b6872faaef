/* tests/unit/expr/test_zone.c - time zones against the C library's, their corner cases, and what expressions
 * make of the session's zone. */
#include "engine/expr/zone.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "engine/expr/calendar.h"
#include "tests/unit/expr/program_fixture.h"

static const char *const zones[] = {
    "America/Los_Angeles", "Europe/Berlin",    "Asia/Kolkata",  "Australia/Lord_Howe",
    "America/Sao_Paulo",   "Pacific/Apia",     "Europe/Dublin", "Africa/Casablanca",
    "America/St_Johns",    "Antarctica/Troll", "Etc/GMT+5",     "Asia/Gaza",
    "Pacific/Chatham",     "America/New_York", "Asia/Tokyo",    "Africa/Monrovia"};

static weft_zone *zone_of(weft_fixture *f, const char *name)
{
    weft_zone *zone = NULL;
    weft_fixture_ok(f, weft_zone_open(&f->ctx, name, &zone));
    return zone;
}

static int64_t us_of(const char *text)
{
    weft_moment moment;
    if (!weft_parse_moment(text, strlen(text), &moment)) fail_msg("what is '%s'?", text);
    return moment.local_us - moment.offset_us;
}

/* Instants of eight centuries: the file's changes, its rule, and the cycles behind that. */
static void clocks_show_what_the_c_library_shows(void **state)
{
    (void)state;
    weft_fixture f;
    weft_fixture_open(&f);
    weft_test_random r = {weft_test_seed()};
    for (int32_t k = 0; k < WEFT_COUNT(zones); k++) {
        weft_zone *zone = zone_of(&f, zones[k]);
        assert_int_equal(setenv("TZ", zones[k], 1), 0);
        tzset();
        for (int i = 0; i < 4000; i++) {
            const time_t second =
                weft_test_random_range(&r, -5000000000, i % 2 == 0 ? 5000000000 : 20000000000);
            struct tm local;
            assert_non_null(localtime_r(&second, &local));
            const int64_t us = (int64_t)second * 1000000 + 7, shown = weft_zone_to_local(zone, us);
            if (shown - us != local.tm_gmtoff * 1000000) {
                fail_msg("%s: %lld is %lld s from UTC, not %ld", zones[k], (long long)second,
                         (long long)(shown - us) / 1000000, local.tm_gmtoff);
            }
            assert_int_equal(weft_zone_to_utc_near(zone, shown, us), us);
            const int64_t back = weft_zone_to_utc(zone, shown); /* or the first of two */
            assert_true(back <= us && us - back <= 3 * 3600 * (int64_t)1000000);
            assert_int_equal(weft_zone_to_local(zone, back), shown);
        }
        weft_zone_close(&zone);
    }
    assert_int_equal(unsetenv("TZ"), 0);
    tzset();
    weft_fixture_close(&f);
}

/* Times that clocks skip and repeat, as Java's ZonedDateTime.of and LocalDate.atStartOfDay have them. */
static void skipped_and_repeated_times(void **state)
{
    (void)state;
    static const struct {
        const char *zone, *local, *utc;
    } cases[] = {{"America/Los_Angeles", "2024-03-10 01:59:59", "2024-03-10 09:59:59"},
                 {"America/Los_Angeles", "2024-03-10 02:30:00", "2024-03-10 10:30:00"},
                 {"America/Los_Angeles", "2024-03-10 03:00:00", "2024-03-10 10:00:00"},
                 {"America/Los_Angeles", "2024-11-03 00:59:59", "2024-11-03 07:59:59"},
                 {"America/Los_Angeles", "2024-11-03 01:30:00", "2024-11-03 08:30:00"},
                 {"America/Los_Angeles", "2024-11-03 02:00:00", "2024-11-03 10:00:00"},
                 {"America/Los_Angeles", "2424-03-10 02:30:00", "2424-03-10 10:30:00"},
                 {"Pacific/Apia", "2011-12-30 12:00:00", "2011-12-30 22:00:00"}, /* a day that never was */
                 {"PST", "2024-07-01", "2024-07-01 07:00:00"},
                 {"+05:30", "2024-07-01", "2024-06-30 18:30:00"},
                 {"UTC-8", "2024-07-01", "2024-07-01 08:00:00"},
                 {"GMT+0130", "2024-07-01", "2024-06-30 22:30:00"},
                 {"Z", "2024-07-01", "2024-07-01"}};
    weft_fixture f;
    weft_fixture_open(&f);
    for (int32_t i = 0; i < WEFT_COUNT(cases); i++) {
        weft_zone *zone = zone_of(&f, cases[i].zone);
        const int64_t got = weft_zone_to_utc(zone, us_of(cases[i].local));
        if (got != us_of(cases[i].utc)) {
            char text[WEFT_TIMESTAMP_TEXT_BYTES];
            weft_timestamp_text(got, text);
            fail_msg("%s %s is %s, not %s", cases[i].local, cases[i].zone, text, cases[i].utc);
        }
        weft_zone_close(&zone);
    }
    weft_zone *zone = zone_of(&f, "America/Sao_Paulo"); /* midnight was skipped on 2018-11-04 */
    assert_int_equal(weft_zone_midnight(zone, weft_days_of_civil(2018, 11, 4)), us_of("2018-11-04 03:00:00"));
    assert_int_equal(weft_zone_midnight(zone, weft_days_of_civil(2018, 11, 3)), us_of("2018-11-03 03:00:00"));
    assert_int_equal(weft_zone_to_local(zone, INT64_MIN), INT64_MIN);
    assert_int_equal(weft_zone_to_utc(zone, INT64_MAX), INT64_MAX);
    weft_zone_close(&zone);
    weft_fixture_close(&f);
}

static void names_that_are_none(void **state)
{
    (void)state;
    static const char *const names[] = {
        "",       "Mars/Olympus", "../../etc/passwd", "America",          "America/",
        "+19:00", "UTC+1:75",     "zone.tab",         "America//Phoenix", "/UTC",
        "+",      "+1:2:3:4",     "Berlin GMT"};
    weft_fixture f;
    weft_fixture_open(&f);
    for (int32_t i = 0; i < WEFT_COUNT(names); i++) {
        weft_zone *zone = NULL;
        const weft_status st = weft_zone_open(&f.ctx, names[i], &zone);
        if (st != WEFT_CONFIG) fail_msg("'%s' gives %s", names[i], weft_status_text(st));
        assert_null(zone);
        weft_error_clear(&f.ctx);
    }
    weft_fixture_close(&f);
}

typedef struct zoned_case {
    const char *zone, *text, *want; /* want: the text, or the error's class */
} zoned_case;

static const zoned_case zoned_cases[] = {
    {"America/Los_Angeles", "(cast \"bigint\" (cast \"timestamp\" '2024-07-01 00:00:00'))", "1719817200"},
    {"America/Los_Angeles", "(cast \"bigint\" (cast \"timestamp\" '2024-07-01 00:00:00Z'))", "1719792000"},
    {"America/Los_Angeles", "(cast \"bigint\" (cast \"timestamp\" '2024-07-01 00:00:00 Europe/Paris'))",
     "1719784800"},
    {"America/Los_Angeles", "(cast \"timestamp\" '2024-07-01 00:00:00 Mars/Olympus')", "CAST_INVALID_INPUT"},
    {"America/Los_Angeles", "(try \"timestamp\" '2024-07-01 00:00:00 Mars/Olympus')", "NULL"},
    {"America/Los_Angeles", "(cast \"string\" (cast \"timestamp\" '2024-07-01 00:00:00+00:00'))",
     "2024-06-30 17:00:00"},
    {"America/Los_Angeles", "(cast \"timestamp\" '2024-07-01 00:00:00+00:00')", "2024-06-30 17:00:00"},
    {"America/Los_Angeles", "(cast \"date\" (cast \"timestamp\" '2024-07-01 06:59:59Z'))", "2024-06-30"},
    {"America/Los_Angeles", "(to_date (cast \"timestamp\" '2024-07-01 06:59:59Z'))", "2024-06-30"},
    {"America/Los_Angeles", "(cast \"bigint\" (cast \"timestamp\" d'2024-07-01'))", "1719817200"},
    {"America/Los_Angeles", "(cast \"timestamp_ntz\" (cast \"timestamp\" '2024-07-01 00:00:00Z'))",
     "2024-06-30 17:00:00"},
    {"America/Los_Angeles", "(cast \"timestamp\" (cast \"timestamp_ntz\" '2024-03-10 02:30:00'))",
     "2024-03-10 03:30:00"},
    {"America/Los_Angeles", "(cast \"timestamp_ntz\" '2024-07-01 10:00:00+05:00')", "2024-07-01 10:00:00"},
    {"America/Los_Angeles", "(cast \"date\" (cast \"timestamp_ntz\" '2024-07-01 01:00:00'))", "2024-07-01"},
    {"Asia/Kolkata", "(extract 'MINUTE' (cast \"timestamp\" '2024-07-01 00:00:00Z'))", "30"},
    {"Asia/Kolkata", "(hour (cast \"timestamp\" '2024-07-01 00:00:00Z'))", "5"},
    {"Asia/Kolkata", "(hour (cast \"timestamp_ntz\" '2024-07-01 00:00:00'))", "0"},
    {"Asia/Kolkata", "(year (cast \"timestamp\" '2023-12-31 20:00:00Z'))", "2024"},
    {"Asia/Kolkata", "(extract 'SECOND' (cast \"timestamp\" '2023-12-31 20:00:01.5Z'))", "1.500000"},
    {"Asia/Kolkata", "(current_timezone)", "Asia/Kolkata"},
    {"UTC", "(cast \"timestamp\" '2024-07-01 00:00:00+02:00')", "2024-06-30 22:00:00"},
    {"UTC", "(cast \"string\" (cast \"timestamp\" d'2024-07-01'))", "2024-07-01 00:00:00"},
    {"Mars/Olympus", "(cast \"timestamp\" '2024-07-01')", "INVALID_CONF_VALUE"}};

static void expressions_honour_the_session_zone(void **state)
{
    (void)state;
    for (int32_t i = 0; i < WEFT_COUNT(zoned_cases); i++) {
        const zoned_case *one = &zoned_cases[i];
        weft_fixture f;
        weft_value value;
        char *text = NULL;
        weft_fixture_open(&f);
        weft_fixture_ok(&f, weft_settings_set(&f.ctx, &f.settings, "spark.sql.session.timeZone", one->zone));
        weft_status st = weft_eval_constant(&f.ctx, program_expr(&f, one->text), &value);
        if (st == WEFT_OK) st = weft_value_cast_text(&f.ctx, &value, &text);
        const char *got = st == WEFT_OK ? text : weft_status_text(st);
        if (strcmp(got, one->want) != 0)
            fail_msg("%s in %s is %s, not %s", one->text, one->zone, got, one->want);
        weft_fixture_close(&f);
    }
}

static const weft_expr *timestamp(weft_fixture *f, const char *utc)
{
    return program_literal(f, (weft_value){.type = WEFT_TYPE_OF(WEFT_TYPE_TIMESTAMP), .i64 = us_of(utc)});
}

/* Days and months are counted on the calendar, hours as they pass. */
static void intervals_are_added_by_the_clock(void **state)
{
    (void)state;
    static const int64_t day = 86400000000, hour = 3600000000;
    static const struct {
        const char *op, *from;
        bool months;
        int64_t interval;
        const char *want;
    } cases[] = {
        {"+", "2024-03-09 20:00:00", false, 86400000000, "2024-03-10 19:00:00"}, /* 12:00 PST to 12:00 PDT */
        {"+", "2024-03-09 20:00:00", false, 3600000000 * 23, "2024-03-10 19:00:00"}, /* elapsed */
        {"+", "2024-03-09 10:30:00", false, 86400000000, "2024-03-10 10:30:00"},     /* 02:30 is skipped */
        {"-", "2024-11-04 09:30:00", false, 86400000000, "2024-11-03 09:30:00"},     /* the second 01:30 */
        {"-", "2024-11-04 08:30:00", false, 86400000000, "2024-11-03 07:30:00"},
        {"+", "2024-02-10 20:00:00", true, 1, "2024-03-10 19:00:00"},
        {"-", "2024-04-10 19:00:00", true, 2, "2024-02-10 20:00:00"}};
    weft_fixture f;
    weft_fixture_open(&f);
    weft_fixture_ok(
        &f, weft_settings_set(&f.ctx, &f.settings, "spark.sql.session.timeZone", "America/Los_Angeles"));
    for (int32_t i = 0; i < WEFT_COUNT(cases); i++) {
        const weft_type_id id = cases[i].months ? WEFT_TYPE_INTERVAL_YM : WEFT_TYPE_INTERVAL_DT;
        const weft_expr *args[2] = {timestamp(&f, cases[i].from), NULL}, *e = NULL;
        weft_value value;
        args[1] = program_literal(&f, (weft_value){.type = WEFT_TYPE_OF(id), .i64 = cases[i].interval});
        weft_fixture_ok(&f, weft_expr_call(&f.ctx, cases[i].op, args, 2, NULL, &e));
        weft_fixture_ok(&f, weft_eval_constant(&f.ctx, e, &value));
        if (value.i64 != us_of(cases[i].want)) {
            char text[WEFT_TIMESTAMP_TEXT_BYTES];
            weft_timestamp_text(value.i64, text);
            fail_msg("case %d gives %s, not %s", i, text, cases[i].want);
        }
    }
    const weft_expr *args[2] = {timestamp(&f, "2024-03-10 19:00:00"), timestamp(&f, "2024-03-09 20:00:00")},
                    *e = NULL;
    weft_value value;
    weft_fixture_ok(&f, weft_expr_call(&f.ctx, "-", args, 2, NULL, &e));
    weft_fixture_ok(&f, weft_eval_constant(&f.ctx, e, &value));
    assert_int_equal(value.i64, day); /* by the clock, of 23 hours */
    assert_int_equal(day, 24 * hour);
    weft_fixture_close(&f);
}

/* A column of many rows: the lane's zone is opened once and looked up for each. */
static void columns_of_timestamps(void **state)
{
    (void)state;
    weft_fixture f;
    weft_fixture_open(&f);
    weft_fixture_ok(&f,
                    weft_settings_set(&f.ctx, &f.settings, "spark.sql.session.timeZone", "Europe/Berlin"));
    static const char *const texts[] = {"(cast \"string\" u)", "(cast \"date\" u)", "(hour u)",
                                        "(cast \"timestamp\" (cast \"string\" u))", "(cast \"timestamp\" t)"};
    const program_shape shape = {
        .rows = 100, .null_percent = 10, .select_percent = 70, .tame = true, .encoding = -1};
    weft_test_random r = {weft_test_seed()};
    weft_type types[PROGRAM_COLUMNS];
    program_types(&f, types);
    const weft_batch batch = program_batch(&f, &r, &shape);
    for (int32_t k = 0; k < WEFT_COUNT(texts); k++) {
        const weft_expr *e = program_expr(&f, texts[k]);
        const weft_program *program = NULL;
        weft_eval *ev = NULL;
        weft_column out;
        weft_fixture_ok(&f, weft_program_compile(&f.ctx, &e, 1, types, PROGRAM_COLUMNS, &program));
        weft_fixture_ok(&f, weft_eval_open(&f.ctx, program, &ev));
        for (int again = 0; again < 2; again++) {
            weft_fixture_ok(&f, weft_eval_project(&f.ctx, ev, &batch, &out));
            for (int32_t i = 0; i < batch.selected; i++) {
                const int32_t row = batch.selection == NULL ? i : batch.selection[i];
                weft_value want, got = weft_value_of_column(&out, row);
                weft_fixture_ok(&f, program_reference(&f, e, &batch, row, &want));
                got.type = want.type;
                assert_int_equal(weft_value_compare(&got, &want), 0);
            }
        }
        weft_eval_close(&ev);
    }
    weft_fixture_close(&f);
}

/* ---- the file format ---- */

enum { FILE_BYTES = 400 };

static uint8_t *put_u32(uint8_t *at, uint32_t value)
{
    for (int k = 3; k >= 0; k--) *at++ = (uint8_t)(value >> 8 * k);
    return at;
}

static uint8_t *put_header(uint8_t *at, uint32_t changes, uint32_t types)
{
    memcpy(at, "TZif2", 5);
    memset(at + 5, 0, 15);
    at += 20;
    const uint32_t counts[6] = {0, 0, 0, changes, types, 4};
    for (int k = 0; k < 6; k++) at = put_u32(at, counts[k]);
    return at;
}

/* One hour from UTC, since 2001 two; then by the rule. Returns the length. */
static size_t put_file(uint8_t bytes[FILE_BYTES], const char *rule)
{
    uint8_t *at = put_header(bytes, 0, 0);
    at += 4; /* letters of the first block */
    at = put_header(at, 1, 2);
    at = put_u32(put_u32(at, 0), 978307200);
    *at++ = 1;
    for (uint32_t hours = 1; hours <= 2; hours++) {
        at = put_u32(at, hours * 3600);
        *at++ = 0;
        *at++ = 0;
    }
    memcpy(at, "LMT", 4);
    at += 4;
    return (size_t)(at - bytes) + (size_t)snprintf((char *)at, 100, "\n%s\n", rule);
}

static void damaged_files_are_errors(void **state)
{
    (void)state;
    static const struct {
        const char *rule;
        bool good;
    } rules[] = {{"", true},
                 {"XST-2", true},
                 {"<+02>-2", true},
                 {"XST-2XDT,M3.5.0,M10.5.0/3", true},
                 {"XST-2XDT-3:30,J60/-1,300/167", true},
                 {"XST-2XDT", false},
                 {"XST-2XDT,M13.1.0,M1.1.0", false},
                 {"XST-2XDT,M3.5.0,M10.6.0", false},
                 {"XST-2XDT,J0,J5", false},
                 {"XST", false},
                 {"<+02", false},
                 {"XS-2", false},
                 {"XST-2XDT,M3.5.0,M10.5.0/3 ", false}};
    weft_fixture f;
    weft_fixture_open(&f);
    uint8_t bytes[FILE_BYTES] = {0};
    for (int32_t i = 0; i < WEFT_COUNT(rules); i++) {
        weft_zone *zone = NULL;
        const size_t len = put_file(bytes, rules[i].rule);
        const weft_status st = weft_zone_parse(&f.ctx, "test", bytes, len, &zone);
        if ((st == WEFT_OK) != rules[i].good) fail_msg("'%s' gives %s", rules[i].rule, weft_status_text(st));
        if (st == WEFT_OK) {
            assert_int_equal(weft_zone_to_local(zone, us_of("2000-06-01")), us_of("2000-06-01 01:00:00"));
            assert_int_equal(weft_zone_to_local(zone, us_of("2001-01-15")), us_of("2001-01-15 02:00:00"));
        }
        weft_zone_close(&zone);
    }
    const size_t len = put_file(bytes, "XST-2XDT,M3.5.0,M10.5.0/3");
    for (size_t cut = 0; cut < len; cut++) {
        weft_zone *zone = NULL;
        uint8_t *exact = malloc(cut + 1);
        memcpy(exact, bytes, cut);
        const weft_status st = weft_zone_parse(&f.ctx, "test", exact, cut, &zone);
        assert_true(st == WEFT_CORRUPT || (st == WEFT_OK && zone != NULL));
        weft_zone_close(&zone);
        for (int bit = 0; bit < 8; bit++) {
            bytes[cut] ^= (uint8_t)(1 << bit);
            if (weft_zone_parse(&f.ctx, "test", bytes, len, &zone) == WEFT_OK) {
                (void)weft_zone_to_utc(zone, weft_zone_to_local(zone, us_of("2345-06-01")));
            }
            weft_zone_close(&zone);
            bytes[cut] ^= (uint8_t)(1 << bit);
        }
        free(exact);
    }
    weft_fixture_close(&f);
}

static weft_status open_and_cast(weft_fixture *f, void *arg)
{
    weft_status st = WEFT_OK;
    weft_value value = {.type = WEFT_TYPE_OF(WEFT_TYPE_TIMESTAMP), .i64 = 5};
    char *text = NULL;
    (void)arg;
    WEFT_TRY(st, weft_settings_set(&f->ctx, &f->settings, "spark.sql.session.timeZone", "Europe/Berlin"));
    WEFT_TRY(st, weft_value_cast_text(&f->ctx, &value, &text));
done:
    return st;
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    weft_fixture_oom_sweep(open_and_cast, NULL);
}

WEFT_TESTS(WEFT_TEST(clocks_show_what_the_c_library_shows), WEFT_TEST(skipped_and_repeated_times),
           WEFT_TEST(names_that_are_none), WEFT_TEST(expressions_honour_the_session_zone),
           WEFT_TEST(intervals_are_added_by_the_clock), WEFT_TEST(columns_of_timestamps),
           WEFT_TEST(damaged_files_are_errors), WEFT_TEST(every_allocation_may_fail))
