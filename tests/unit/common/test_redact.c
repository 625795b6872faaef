/* Values behind secret names are hidden, however they are written; all else stays as it is. */
#include "common/redact.h"

#include "tests/support/test.h"

#define HIDDEN WEFT_REDACTED

static void names(void **state)
{
    static const char *const secret[] = {"my.password",
                                         "SECRET",
                                         "spark.hadoop.fs.s3a.secret.key",
                                         "apiToken",
                                         "fs.s3a.access.key",
                                         "accessKeyId",
                                         "access_key",
                                         "PASSWORDS"};
    static const char *const open[] = {"",     "key", "access", "accesses", "spark.sql.ansi.enabled",
                                       "pass", "tok"};
    (void)state;
    for (size_t i = 0; i < WEFT_COUNT(secret); i++)
        if (!weft_redact_is_secret(secret[i], strlen(secret[i]))) fail_msg("%s is none", secret[i]);
    for (size_t i = 0; i < WEFT_COUNT(open); i++)
        if (weft_redact_is_secret(open[i], strlen(open[i]))) fail_msg("%s is one", open[i]);
}

static void check(const char *text, const char *want)
{
    char got[512];
    const size_t len = weft_redact_text(text, strlen(text), NULL);
    assert_true(len < sizeof(got));
    assert_int_equal(weft_redact_text(text, strlen(text), got), len);
    assert_int_equal(weft_redact_has_secret(text, strlen(text)), strstr(want, HIDDEN) != NULL);
    got[len] = 0;
    assert_string_equal(got, want);
}

static void texts(void **state)
{
    static const struct {
        const char *text, *shown;
    } cases[] = {
        {"", ""},
        {"SELECT token, password FROM t -- a secret", "SELECT token, password FROM t -- a secret"},
        {"SET my.password = a b c; SELECT 1", "SET my.password = " HIDDEN "; SELECT 1"},
        {"set `my.token`=abc", "set `my.token`=" HIDDEN},
        {"SET my.password", "SET my.password"},
        {"SET spark.x = 1; SET y.secret=2;", "SET spark.x = 1; SET y.secret=" HIDDEN ";"},
        {"OPTIONS (user 'me', password 'it''s', url 'u')",
         "OPTIONS (user 'me', password " HIDDEN ", url 'u')"},
        {"OPTIONS ('a.access.key' = \"k\\\"ey\", b 1)", "OPTIONS ('a.access.key' = " HIDDEN ", b 1)"},
        {"f(token => 'x', y => 2)", "f(token => " HIDDEN ", y => 2)"},
        {"{\"secret\": \"s\", \"a\": 1}", "{\"secret\": " HIDDEN ", \"a\": 1}"},
        {"WHERE password = 'no end", "WHERE password = " HIDDEN},
        {"WHERE t.token=abc) x", "WHERE t.token=" HIDDEN ") x"},
        {"password=\\", "password=" HIDDEN},
        {"password='\\", "password=" HIDDEN},
        {"token =", "token ="},
        {"password = token = x", "password = " HIDDEN " = x"},
    };
    (void)state;
    for (size_t i = 0; i < WEFT_COUNT(cases); i++) check(cases[i].text, cases[i].shown);
}

/* Any bytes: nothing outside of them is read, and counting and writing agree. */
static void any_bytes(void **state)
{
    static const char *const pieces[] = {"password", "set ", "'", "\"", "=", ":",
                                         "\\",       " ",    ";", "x",  "",  "token"};
    weft_test_random random = {weft_test_seed()};
    (void)state;
    for (int32_t round = 0; round < 3000; round++) {
        char text[128], out[2048];
        size_t len = 0;
        while (len < 64) {
            const char *piece = pieces[weft_test_random_range(&random, 0, (int64_t)WEFT_COUNT(pieces) - 1)];
            memcpy(text + len, piece, strlen(piece));
            len += strlen(piece);
            if (*piece == 0) text[len++] = 0;
            if (weft_test_random_range(&random, 0, 9) == 0) break;
        }
        char *held = test_malloc(len + 1); /* what lies behind it is seen by sanitizers */
        memcpy(held + 1, text, len);
        const size_t counted = weft_redact_text(held + 1, len, NULL);
        assert_true(counted < sizeof(out));
        assert_int_equal(weft_redact_text(held + 1, len, out), counted);
        test_free(held);
    }
}

WEFT_TESTS(WEFT_TEST(names), WEFT_TEST(texts), WEFT_TEST(any_bytes))
