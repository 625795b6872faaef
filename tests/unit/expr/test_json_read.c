/* tests/unit/expr/test_json_read.c - the reader of JSON text: loops against their plain twin, tokens, what is
 * malformed, depth, numbers against the C library, escapes and bytes that are no UTF-8. */
#include "engine/expr/json_read.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "engine/expr/utf8.h"
#include "tests/unit/expr/expr_fixture.h"

static const weft_json_rules strict = {.depth_max = WEFT_JSON_DEPTH};
static const weft_json_rules lenient = {.allow = 127, .depth_max = WEFT_JSON_DEPTH};

/* Every length, place and kind of stop, behind a text that ends where its memory does. */
static void string_ends_are_those_of_the_plain_loop(void **state)
{
    (void)state;
    weft_test_random r = {weft_test_seed()};
    static const char some[] = "\"\\'\x1f\n\x80\xff ab";
    for (int32_t round = 0; round < 20000; round++) {
        const size_t len = (size_t)weft_test_random_range(&r, 0, 150);
        char *text = malloc(len == 0 ? 1 : len);
        const int64_t odd = weft_test_random_range(&r, 1, 60);
        for (size_t i = 0; i < len; i++) {
            const bool pick = weft_test_random_range(&r, 0, odd) == 0;
            text[i] = pick ? some[weft_test_random_range(&r, 0, 9)] : 'x';
        }
        bool wide = false, plain_wide = false;
        const char quote = round % 2 == 0 ? '"' : '\'';
        const char *end = weft_json_scan_get()->string_end(text, text + len, quote, &wide);
        assert_ptr_equal(end, weft_json_string_end_plain(text, text + len, quote, &plain_wide));
        assert_int_equal(wide, plain_wide);
        free(text);
    }
}

/* The tokens of a text as letters; ! for BAD. */
static const char *tokens_of(const weft_json_rules *rules, const char *text, char out[256])
{
    static const char letters[] = ".!{}[]nsirNtf0";
    weft_json json;
    size_t count = 0;
    weft_json_start(&json, rules, text, strlen(text));
    do {
        out[count++] = letters[weft_json_next(&json)];
    } while (json.token > WEFT_JSON_BAD && count < 255);
    out[count] = 0;
    return out;
}

static void texts_are_rows_of_tokens(void **state)
{
    (void)state;
    static const struct {
        const char *text, *strict, *lenient;
    } cases[] = {
        {"", ".", "."},
        {" \t\r\n", ".", "."},
        {"{}", "{}.", "{}."},
        {"[]", "[].", "[]."},
        {"{\"a\":1,\"b\":[true,false,null,-1.5e3]}", "{nin[tf0r]}.", "{nin[tf0r]}."},
        {"1 2", "i.", "i."},
        {"1x", "!", "!"},
        {"{} garbage", "{}.", "{}."},
        {"[1,]", "[i!", "[i!"},
        {"[,1]", "[!", "[!"},
        {"{\"a\"}", "{!", "{!"},
        {"{\"a\":}", "{n!", "{n!"},
        {"{\"a\":1 \"b\":2}", "{ni!", "{ni!"},
        {"[1", "[i!", "[i!"},
        {"[1}", "[i!", "[i!"},
        {"\"abc", "!", "!"},
        {"\"a\\", "!", "!"},
        {"\"a\\u12\"", "!", "!"},
        {"\"a\\q\"", "!", "s."},
        {"\"a\nb\"", "!", "s."},
        {"'a\"b'", "!", "s."},
        {"{a$-1:2}", "{!", "{ni}."},
        {"01", "!", "i."},
        {"-", "!", "!"},
        {"1.", "!", "!"},
        {".5", "!", "!"},
        {"1e", "!", "!"},
        {"+1", "!", "!"},
        {"NaN", "!", "N."},
        {"-INF", "!", "N."},
        {"INF", "!", "!"},
        {"Infinity", "!", "N."},
        {"truex", "!", "!"},
        {"/*a*/ 1 //b", "!", "i."},
        {"[1/*]", "[i!", "[i!"},
        {"/", "!", "!"},
    };
    char out[256];
    for (int32_t i = 0; i < WEFT_COUNT(cases); i++) {
        assert_string_equal(tokens_of(&strict, cases[i].text, out), cases[i].strict);
        assert_string_equal(tokens_of(&lenient, cases[i].text, out), cases[i].lenient);
    }
}

/* 10,000 levels, read and skipped, and one more than is allowed. */
static void nesting_is_bounded(void **state)
{
    (void)state;
    enum { LEVELS = 10000 };
    static char text[2 * LEVELS + 2];
    const weft_json_rules deep = {.depth_max = WEFT_JSON_DEPTH_MAX};
    weft_json json;
    memset(text, '[', LEVELS);
    memset(text + LEVELS, ']', LEVELS);
    weft_json_start(&json, &deep, text, (size_t)2 * LEVELS);
    assert_int_equal(weft_json_next(&json), WEFT_JSON_ARRAY);
    assert_true(weft_json_skip(&json));
    assert_int_equal(weft_json_next(&json), WEFT_JSON_NONE);
    weft_json_start(&json, &strict, text, (size_t)2 * LEVELS);
    for (int32_t i = 0; i < WEFT_JSON_DEPTH; i++) assert_int_equal(weft_json_next(&json), WEFT_JSON_ARRAY);
    assert_int_equal(weft_json_next(&json), WEFT_JSON_BAD);
    assert_string_equal(json.why, "the nesting is too deep");
    assert_int_equal(weft_json_next(&json), WEFT_JSON_BAD);
}

static void numbers_are_those_of_the_c_library(void **state)
{
    (void)state;
    weft_test_random r = {weft_test_seed()};
    char text[64];
    for (int32_t round = 0; round < 100000; round++) {
        const int64_t kind = weft_test_random_range(&r, 0, 3);
        const int64_t a = weft_test_random_range(&r, -1000000000, 1000000000);
        const int64_t b = weft_test_random_range(&r, 0, 999999999), e = weft_test_random_range(&r, -330, 330);
        if (kind == 0) (void)snprintf(text, sizeof text, "%lld.%lld", (long long)a, (long long)b);
        if (kind == 1)
            (void)snprintf(text, sizeof text, "%lld.%llde%lld", (long long)a, (long long)b, (long long)e);
        if (kind == 2)
            (void)snprintf(text, sizeof text, "%lld%09lld%lldE+%lld", (long long)a, (long long)b,
                           (long long)b, (long long)(e & 31));
        if (kind == 3) (void)snprintf(text, sizeof text, "0.0000%lld", (long long)b);
        const double want = strtod(text, NULL), got = weft_json_f64(text, strlen(text));
        if (memcmp(&want, &got, 8) != 0) fail_msg("%s: %.17g, not %.17g", text, got, want);
    }
    assert_true(isnan(weft_json_f64("NaN", 3)));
    assert_true(weft_json_f64("-INF", 4) == -INFINITY);
    assert_true(weft_json_f64("1e400", 5) == INFINITY);
    assert_true(signbit(weft_json_f64("-0.0", 4)) != 0);
    int64_t whole = 0;
    assert_true(weft_json_i64("-9223372036854775808", 20, &whole));
    assert_true(whole == INT64_MIN);
    assert_false(weft_json_i64("9223372036854775808", 19, &whole));
    assert_false(weft_json_i64("99999999999999999999999", 23, &whole));
}

static void values_of_strings(void **state)
{
    weft_fixture *f = *state;
    static const struct {
        const char *text, *value;
    } cases[] = {
        {"\"plain\"", "plain"},
        {"\"\\b\\f\\n\\r\\t\\\"\\\\\\/\"", "\b\f\n\r\t\"\\/"},
        {"\"\\u00e9\\u20ac\\ud83d\\ude00\"", "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"},
        {"\"a\\ud83dz\\ude00\"", "a?z?"},
        {"\"\xff\x41\xc3\"", "\xef\xbf\xbd\x41\xef\xbf\xbd"},
        {"\"\xed\xa0\x80\xe2\x82\x41\"", "\xef\xbf\xbd\xef\xbf\xbd\x41"},
        {"\"\xf0\x9f\x98\"", "\xef\xbf\xbd"},
        {"\"\xe0\x80\x80\"", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
        {"\"\xf5\x80\xc0\"", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
    };
    weft_text room = {0};
    weft_json json;
    for (int32_t i = 0; i < WEFT_COUNT(cases); i++) {
        const char *bytes = NULL;
        size_t len = 0;
        weft_json_start(&json, &strict, cases[i].text, strlen(cases[i].text));
        assert_int_equal(weft_json_next(&json), WEFT_JSON_STRING);
        weft_fixture_ok(f, weft_json_value(&f->ctx, &json, WEFT_JSON_LONE_MARK, &room, &bytes, &len));
        assert_int_equal(len, strlen(cases[i].value));
        assert_memory_equal(bytes, cases[i].value, len);
        assert_int_equal(weft_utf8_valid(bytes, len), len);
    }
    weft_text_release(&room);
}

WEFT_TESTS(WEFT_TEST(string_ends_are_those_of_the_plain_loop), WEFT_TEST(texts_are_rows_of_tokens),
           WEFT_TEST(nesting_is_bounded), WEFT_TEST(numbers_are_those_of_the_c_library),
           EXPR_TEST(values_of_strings))
