/* What json_pass.h reads in one go is what weft_json_next reads: random texts, whole, cut and with changed
 * bytes, token by token, with whatever lies behind them. Short numbers are what strtod makes of them. */
#include "engine/expr/json_pass.h"

#include <stdio.h>
#include <stdlib.h>

#include "tests/support/test.h"

enum { TEXT_BYTES = 4096, SLACK = 64, ROUNDS = 20000 };

typedef struct made {
    char bytes[TEXT_BYTES];
    size_t len;
} made;

static void put(made *t, const char *text)
{
    const size_t len = strlen(text);
    if (t->len + len >= TEXT_BYTES - SLACK) return;
    memcpy(t->bytes + t->len, text, len);
    t->len += len;
}

static const char *pick(weft_test_random *random, const char *const *texts, int64_t count)
{
    return texts[weft_test_random_range(random, 0, count - 1)];
}

static void make_value(weft_test_random *random, made *t, int32_t depth)
{
    static const char *const values[] = {"1",
                                         "-0",
                                         "0.5",
                                         "123456789012345678",
                                         "12345678.123456789",
                                         "1e5",
                                         "01",
                                         "-",
                                         "true",
                                         "false",
                                         "null",
                                         "nul",
                                         "NaN",
                                         "\"\"",
                                         "\"x\"",
                                         "\"caf\xc3\xa9\"",
                                         "\"a\\\"b\"",
                                         "'single'",
                                         "\"a string that is longer than one block of sixteen\"",
                                         "\"tab\there\"",
                                         "1.",
                                         "1.5}",
                                         "12345678",
                                         "\"a string that is so long that no four blocks of sixteen bytes "
                                         "each would hold all of it, nor five\""};
    static const char *const names[] = {
        "\"a\":", "\"b\": ", "\"long name of a field\":", "\"\\u0061\":", "a:", "\"a\" :"};
    static const char *const commas[] = {",", ", ", " ,", ",,"};
    const int64_t what = weft_test_random_range(random, 0, depth > 4 ? 5 : 8);
    const int64_t count = weft_test_random_range(random, 0, 4);
    if (what < 6) {
        put(t, pick(random, values, WEFT_COUNT(values)));
        return;
    }
    put(t, what == 6 ? "{" : "[");
    for (int64_t i = 0; i < count; i++) {
        if (i > 0)
            put(t, weft_test_random_range(random, 0, 9) > 0 ? "," : pick(random, commas, WEFT_COUNT(commas)));
        if (what == 6)
            put(t,
                weft_test_random_range(random, 0, 3) > 0 ? names[0] : pick(random, names, WEFT_COUNT(names)));
        make_value(random, t, depth + 1);
    }
    put(t, what == 6 ? "}" : "]");
}

static weft_json_token pass(weft_json *json)
{
    if (weft_json_pass_name(json, "a", 1)) return WEFT_JSON_NAME;
    const weft_json_token token = weft_json_pass_value(json);
    return token != WEFT_JSON_NONE ? token : weft_json_pass_element(json);
}

static void same_tokens(const made *t, size_t len)
{
    static const weft_json_rules rules = {.allow = WEFT_JSON_SINGLE_QUOTES | WEFT_JSON_NON_NUMERIC,
                                          .depth_max = 100};
    static weft_json plain, quick;
    weft_json_start(&plain, &rules, t->bytes, len);
    weft_json_start(&quick, &rules, t->bytes, len);
    quick.limit += SLACK;
    for (;;) {
        const weft_json_token want = weft_json_next(&plain);
        weft_json_token got = pass(&quick);
        const bool passed = got != WEFT_JSON_NONE;
        if (!passed) got = weft_json_next(&quick);
        bool same = want == got && plain.state == quick.state && plain.depth == quick.depth;
        if (want == WEFT_JSON_BAD) {
            assert_true(same && !passed);
            return;
        }
        same &= plain.at == quick.at;
        if (want == WEFT_JSON_NAME || want == WEFT_JSON_STRING)
            same &= plain.text == quick.text && plain.len == quick.len && plain.plain == quick.plain;
        if (want == WEFT_JSON_INTEGER || want == WEFT_JSON_REAL)
            same &= plain.text == quick.text && plain.len == quick.len;
        if (!same)
            fail_msg("token %d, not %d, at byte %d of %.*s", got, want, (int)(plain.at - t->bytes), (int)len,
                     t->bytes);
        if (want == WEFT_JSON_NONE) return;
    }
}

static void tokens(void **state)
{
    weft_test_random random = {.state = weft_test_seed()};
    static made t;
    static const char noise[] = "\"}],0123.e \\\n";
    (void)state;
    for (int32_t round = 0; round < ROUNDS; round++) {
        t.len = 0;
        make_value(&random, &t, 0);
        for (int32_t i = 0; i < SLACK; i++)
            t.bytes[t.len + (size_t)i] = noise[weft_test_random_range(&random, 0, (int64_t)sizeof noise - 2)];
        same_tokens(&t, t.len);
        same_tokens(&t, (size_t)weft_test_random_range(&random, 0, (int64_t)t.len));
        if (t.len == 0) continue;
        t.bytes[weft_test_random_range(&random, 0, (int64_t)t.len - 1)] =
            noise[weft_test_random_range(&random, 0, (int64_t)sizeof noise - 2)];
        same_tokens(&t, t.len);
    }
}

static void numbers(void **state)
{
    weft_test_random random = {.state = weft_test_seed()};
    char text[64];
    (void)state;
    for (int32_t round = 0; round < ROUNDS; round++) {
        const int32_t places = (int32_t)weft_test_random_range(&random, 1, 10);
        const int64_t most = weft_test_random_range(&random, 0, 3) == 0 ? 99999999 : 999;
        snprintf(text, sizeof text, "%s%lld.%0*lld", round % 3 == 0 ? "-" : "",
                 (long long)weft_test_random_range(&random, 0, most), places,
                 (long long)weft_test_random_range(&random, 0, 9999999999));
        const double want = strtod(text, NULL), got = weft_json_f64(text, strlen(text));
        if (memcmp(&want, &got, sizeof got) != 0) fail_msg("%s is %.17g, not %.17g", text, got, want);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tokens),
        cmocka_unit_test(numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
