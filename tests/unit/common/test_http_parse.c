/* tests/unit/common/test_http_parse.c - heads of requests: what is understood, what is refused, and that
 * nothing else happens. */
#include "common/http_parse.h"
#include "common/http_text.h"
#include "tests/support/fixture.h"

static int32_t parse(const char *text, weft_http_request *request)
{
    const char *why = NULL;
    const int32_t code = weft_http_parse(text, strlen(text), request, &why);
    if (code < 0) assert_non_null(why);
    return code;
}

static void a_request(void **state)
{
    static const char text[] =
        "\r\nPOST /a%20b/c?limit=5&name=x%2Fy HTTP/1.1\r\nHOST:  h:80 \r\n"
        "content-length: 12\r\nOrigin: http://h:80\r\nAuthorization: Bearer t\r\n\r\nrest";
    weft_http_request r;
    char value[16];
    (void)state;
    assert_int_equal(parse(text, &r), (int32_t)strlen(text) - 4);
    assert_int_equal(r.method, WEFT_HTTP_POST);
    assert_string_equal(r.path, "/a b/c");
    assert_string_equal(r.host, "h:80");
    assert_string_equal(r.origin, "http://h:80");
    assert_string_equal(r.authorization, "Bearer t");
    assert_int_equal(r.body_bytes, 12);
    assert_true(r.keep_alive);
    assert_true(weft_http_query(&r, "limit", value, sizeof(value)));
    assert_string_equal(value, "5");
    assert_true(weft_http_query(&r, "name", value, sizeof(value)));
    assert_string_equal(value, "x/y");
    assert_false(weft_http_query(&r, "nam", value, sizeof(value)));
    assert_false(weft_http_query(&r, "imit", value, sizeof(value)));
}

static void connections_are_kept_or_not(void **state)
{
    weft_http_request r;
    (void)state;
    assert_true(parse("GET / HTTP/1.0\r\n\r\n", &r) > 0);
    assert_false(r.keep_alive);
    assert_true(parse("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", &r) > 0);
    assert_true(r.keep_alive);
    assert_true(parse("GET / HTTP/1.1\r\nHost: h\r\nConnection: te, close\r\n\r\n", &r) > 0);
    assert_false(r.keep_alive);
    assert_true(parse("GET http://h:1/x?y HTTP/1.1\r\nHost: h\r\n\r\n", &r) > 0);
    assert_string_equal(r.path, "/x");
    assert_string_equal(r.query, "y");
}

static void what_is_refused(void **state)
{
    static const struct {
        const char *text;
        int32_t code;
    } cases[] = {
        {"GET\r\n\r\n", 400},
        {"GET /\r\n\r\n", 400},
        {"GET / HTTP/1.1\nHost: h\n\n", 400},
        {"GET / HTTP/1.1\r\n\r\n", 400},
        {"GET / HTTP/2.0\r\nHost: h\r\n\r\n", 505},
        {"GET / FTP/1.11\r\nHost: h\r\n\r\n", 400},
        {"GET  / HTTP/1.1\r\nHost: h\r\n\r\n", 400},
        {"G\x01T / HTTP/1.1\r\nHost: h\r\n\r\n", 400},
        {"GET x HTTP/1.1\r\nHost: h\r\n\r\n", 400},
        {"GET * HTTP/1.1\r\nHost: h\r\n\r\n", 400},
        {"GET /%0 HTTP/1.1\r\nHost: h\r\n\r\n", 400},
        {"GET /%00 HTTP/1.1\r\nHost: h\r\n\r\n", 400},
        {"GET /%zz HTTP/1.1\r\nHost: h\r\n\r\n", 400},
        {"GET /a\tb HTTP/1.1\r\nHost: h\r\n\r\n", 400},
        {"GET /#a HTTP/1.1\r\nHost: h\r\n\r\n", 400},
        {"GET / HTTP/1.1\r\nHost: h\r\nHost: i\r\n\r\n", 400},
        {"GET / HTTP/1.1\r\nHost: h\r\nBad Name: x\r\n\r\n", 400},
        {"GET / HTTP/1.1\r\nHost : h\r\n\r\n", 400},
        {"GET / HTTP/1.1\r\nHost: h\r\nX: a\r\n folded\r\n\r\n", 400},
        {"GET / HTTP/1.1\r\nHost: h\r\nX: a\rb\r\n\r\n", 400},
        {"GET / HTTP/1.1\r\nHost: h\r\nno colon\r\n\r\n", 400},
        {"GET / HTTP/1.1\r\nHost: h\r\nContent-Length: -1\r\n\r\n", 400},
        {"GET / HTTP/1.1\r\nHost: h\r\nContent-Length: 1, 1\r\n\r\n", 400},
        {"GET / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n", 400},
        {"GET / HTTP/1.1\r\nHost: h\r\nContent-Length: 99999999999999999999\r\n\r\n", 400},
        {"GET / HTTP/1.1\r\nHost: h\r\nContent-Length: 65537\r\n\r\n", 413},
        {"GET / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n", 501},
        {"GET / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\n\r\n", 417},
        {"GET / HTTP/1.1\r\nHost: h\r\nAuthorization: a\r\nAuthorization: b\r\n\r\n", 400},
    };
    weft_http_request r;
    (void)state;
    for (int32_t i = 0; i < WEFT_COUNT(cases); i++)
        if (parse(cases[i].text, &r) != -cases[i].code)
            fail_msg("case %d gives %d, not %d: %s", i, -parse(cases[i].text, &r), cases[i].code,
                     cases[i].text);
}

static void sizes_are_bounded(void **state)
{
    char text[2 * WEFT_HTTP_HEAD_BYTES_MOST];
    weft_http_request r;
    (void)state;
    memset(text, 'a', sizeof(text));
    const char *why = NULL;
    assert_int_equal(weft_http_parse(text, WEFT_HTTP_HEAD_BYTES_MOST - 1, &r, &why), 0);
    assert_int_equal(weft_http_parse(text, sizeof(text), &r, &why), -431);
    snprintf(text, sizeof(text), "GET /%01500d HTTP/1.1\r\nHost: h\r\n\r\n", 1);
    assert_int_equal(parse(text, &r), -431);
    size_t len = (size_t)snprintf(text, sizeof(text), "GET / HTTP/1.1\r\nHost: h\r\n");
    for (int32_t i = 0; i < 120; i++)
        len += (size_t)snprintf(text + len, sizeof(text) - len, "X%d: y\r\n", i);
    assert_int_equal(parse(text, &r), -431);
}

/* However a request is cut, less of it is not whole, and never something else. */
static void every_prefix_is_not_whole(void **state)
{
    static const char text[] = "GET /x?y=1 HTTP/1.1\r\nHost: h\r\nConnection: close\r\nX: y\r\n\r\n";
    weft_http_request r;
    const char *why = NULL;
    (void)state;
    for (size_t len = 0; len < strlen(text); len++) assert_int_equal(weft_http_parse(text, len, &r, &why), 0);
}

/* Bytes changed by chance: an answer, and texts that end. */
static void changed_bytes(void **state)
{
    static const char text[] =
        "POST /a/b%20c?limit=5 HTTP/1.1\r\nHost: localhost:8080\r\nContent-Length: 5\r\n"
        "Authorization: Bearer abc\r\nConnection: close\r\n\r\n";
    weft_test_random random = {weft_test_seed()};
    weft_http_request r;
    (void)state;
    for (int32_t i = 0; i < 20000; i++) {
        char bytes[sizeof(text)];
        const char *why = NULL;
        memcpy(bytes, text, sizeof(text));
        for (int64_t n = weft_test_random_range(&random, 1, 4); n > 0; n--)
            bytes[weft_test_random_range(&random, 0, sizeof(text) - 2)] = (char)weft_test_random_u64(&random);
        const int32_t code = weft_http_parse(bytes, sizeof(text) - 1, &r, &why);
        assert_in_range(code + 600, 95, 600 + sizeof(text));
        assert_true(memchr(r.path, 0, sizeof(r.path)) != NULL && memchr(r.query, 0, sizeof(r.query)) != NULL);
        assert_true(code <= 0 || r.path[0] == '/');
    }
}

static void json_is_written_with_its_commas(void **state)
{
    weft_fixture f;
    weft_http_text t;
    (void)state;
    weft_fixture_open(&f);
    weft_http_text_init(&f.ctx, &t);
    weft_http_object(&t, NULL);
    weft_http_text_value(&t, "a{", "x\"\\\n\x01 \xff\xc3\xa9\xed\xa0\x80[");
    weft_http_array(&t, "b");
    weft_http_int(&t, NULL, -1);
    weft_http_uint(&t, NULL, UINT64_MAX);
    weft_http_object(&t, NULL);
    weft_http_end_object(&t);
    weft_http_bool(&t, NULL, true);
    weft_http_text_value(&t, NULL, NULL);
    weft_http_end_array(&t);
    weft_http_real(&t, "c", 0.5);
    weft_http_end_object(&t);
    weft_http_put(&t, "", 1);
    assert_int_equal(t.st, WEFT_OK);
    assert_string_equal(
        t.bytes, "{\"a{\":\"x\\\"\\\\\\n\\u0001 \xef\xbf\xbd\xc3\xa9\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd[\","
                 "\"b\":[-1,18446744073709551615,{},true,null],\"c\":0.5}");
    weft_http_text_reset(&t);
    weft_http_html(&t, "<a href='x'>&\"\x02</a>", 100);
    weft_http_html(&t, "\xc3\xa9\xc3\xa9", 3);
    weft_http_put(&t, "", 1);
    assert_string_equal(t.bytes,
                        "&#60;a href=&#39;x&#39;&#62;&#38;&#34;\xef\xbf\xbd&#60;/a&#62;\xc3\xa9\xe2\x80\xa6");
    weft_http_text_deinit(&t);
    weft_fixture_close(&f);
}

WEFT_TESTS(WEFT_TEST(a_request), WEFT_TEST(connections_are_kept_or_not), WEFT_TEST(what_is_refused),
           WEFT_TEST(sizes_are_bounded), WEFT_TEST(every_prefix_is_not_whole), WEFT_TEST(changed_bytes),
           WEFT_TEST(json_is_written_with_its_commas))
