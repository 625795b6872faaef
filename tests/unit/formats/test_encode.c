/* Tests of text in other character sets: wherever a text is cut into pieces its bytes are the same, and what
 * a set has not becomes '?'. */
#include "engine/formats/text/encode.h"
#include "tests/support/fixture.h"

typedef struct encoded {
    uint8_t bytes[512];
    int64_t len;
} encoded;

static void encode_pieces(weft_fixture *f, const char *set, const char *text, int64_t piece, encoded *out)
{
    weft_encoder *encoder = NULL;
    const int64_t len = (int64_t)strlen(text);
    out->len = 0;
    weft_fixture_ok(f, weft_encoder_open(&f->ctx, set, &encoder));
    for (int64_t at = 0; at < len; at += piece)
        out->len += weft_encoder_put(encoder, (const uint8_t *)text + at, weft_min_i64(piece, len - at),
                                     out->bytes + out->len);
    out->len += weft_encoder_finish(encoder, out->bytes + out->len);
    weft_encoder_close(&encoder);
}

static void pieces_do_not_matter(void **state)
{
    static const char *const sets[] = {"UTF-16",       "UTF-16LE",  "UTF-32",      "ISO-8859-1", "US-ASCII",
                                       "windows-1252", "Shift_JIS", "ISO-2022-JP", "ISO-8859-15"};
    static const char text[] = "a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80x\xe6\x97\xa5\xff\xc3(\xe2\x82";
    static encoded whole, pieces;
    weft_fixture f;
    (void)state;
    weft_fixture_open(&f);
    for (int32_t s = 0; s < WEFT_COUNT(sets); s++) {
        encode_pieces(&f, sets[s], text, INT32_MAX, &whole);
        for (int64_t piece = 1; piece < (int64_t)sizeof text; piece++) {
            encode_pieces(&f, sets[s], text, piece, &pieces);
            if (pieces.len != whole.len || memcmp(pieces.bytes, whole.bytes, (size_t)whole.len) != 0)
                fail_msg("%s in pieces of %d bytes", sets[s], (int)piece);
        }
    }
    weft_fixture_close(&f);
}

static void sets_write_what_java_writes(void **state)
{
    static const struct {
        const char *set, *text, *bytes;
        int64_t len;
    } cases[] = {{"UTF-16", "a\xe2\x82\xac", "\xfe\xff\0a\x20\xac", 6},
                 {"UTF-16LE", "a\xf0\x9f\x98\x80", "a\0\x3d\xd8\0\xde", 6},
                 {"UTF-32", "a", "\0\0\0a", 4},
                 {"ISO-8859-1", "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", "\xe9??", 3},
                 {"windows-1252", "\xe2\x82\xac", "\x80", 1},
                 {"UTF-16", "", "", 0}};
    static encoded got;
    weft_fixture f;
    weft_encoder *encoder = NULL;
    (void)state;
    weft_fixture_open(&f);
    for (int32_t i = 0; i < WEFT_COUNT(cases); i++) {
        encode_pieces(&f, cases[i].set, cases[i].text, INT32_MAX, &got);
        assert_int_equal(got.len, cases[i].len);
        assert_memory_equal(got.bytes, cases[i].bytes, (size_t)got.len);
    }
    weft_fixture_ok(&f, weft_encoder_open(&f.ctx, "utf8", &encoder));
    assert_null(encoder);
    assert_int_equal(weft_encoder_open(&f.ctx, "klingon", &encoder), WEFT_CHARSET);
    weft_fixture_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(pieces_do_not_matter),
                                       cmocka_unit_test(sets_write_what_java_writes)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
