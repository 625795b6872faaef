/* The text input gives the same lines wherever a file is cut and whatever a block holds; compressed and
 * encoded files give what was put into them, damaged ones an error. */
#include <bzlib.h>
#include <stdio.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include "engine/formats/text/input.h"
#include "tests/support/fixture.h"

enum { TEXT_MAX = 1 << 16 };

typedef struct text { /* lines one after the other, each with '|' behind it */
    char bytes[TEXT_MAX];
    int64_t len;
} text;

static void text_add(text *t, const uint8_t *bytes, int64_t len)
{
    assert_true(t->len + len + 1 < TEXT_MAX);
    memcpy(t->bytes + t->len, bytes, (size_t)len);
    t->len += len;
    t->bytes[t->len++] = '|';
    t->bytes[t->len] = 0;
}

static weft_file_info put_file(weft_fixture *f, const char *name, const void *bytes, size_t len)
{
    weft_file_info info;
    char *path = NULL;
    weft_fixture_ok(f, weft_arena_printf(&f->ctx, f->arena, &path, "text_input_%d_%s", (int)getpid(), name));
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, len, file), len);
    fclose(file);
    weft_fixture_ok(f, weft_fs_stat(&f->ctx, path, &info));
    return info;
}

/* The lines of a split, found in its blocks. */
static weft_status read_split(weft_fixture *f, const weft_file_info *info, const weft_text_spec *spec,
                              int64_t begin, int64_t end, text *out)
{
    weft_status st = WEFT_OK;
    weft_text_input *in = NULL;
    weft_text_block block = {0};
    weft_text_lines lines;
    WEFT_TRY(st, weft_text_lines_init(&f->ctx, spec->line_end, &lines));
    WEFT_TRY(st, weft_text_input_open(&f->ctx, info, spec, begin, end, &in));
    do {
        WEFT_TRY(st, weft_text_input_next(&f->ctx, in, block.len, &block));
        for (int64_t at = 0, next = 0; at < block.len; at += next) {
            const int64_t n = weft_text_line_end(&lines, block.data + at, block.len - at, &next);
            if (!block.is_last) assert_true(next > n || at + next < block.len); /* whole lines only */
            text_add(out, block.data + at, n);
        }
    } while (!block.is_last);
done:
    weft_text_input_close(&in);
    return st;
}

/* What lines the bytes have, by a plain loop. */
static void plain_lines(const char *bytes, size_t len, const char *line_end, text *out)
{
    const size_t n = line_end == NULL ? 0 : strlen(line_end);
    for (size_t at = 0, begin = 0; at <= len;) {
        size_t end = 0;
        if (at < len && n > 0) end = at + n <= len && memcmp(bytes + at, line_end, n) == 0 ? n : 0;
        if (at < len && n == 0) end = bytes[at] == '\n' || bytes[at] == '\r';
        if (end == 1 && n == 0 && bytes[at] == '\r' && at + 1 < len && bytes[at + 1] == '\n') end = 2;
        if (end > 0 || (at == len && begin < len))
            text_add(out, (const uint8_t *)bytes + begin, (int64_t)(at - begin));
        at += end > 0 ? end : 1;
        if (end > 0) begin = at;
    }
}

static const char *const nasty[] = {
    "",
    "a",
    "\n",
    "\r",
    "\r\n",
    "a\nb\r\nc\rd",
    "\n\n\r\r\r\n\n\r\n",
    "a\r\n\r\nbb\r\n",
    "one\ntwo\nthree\n",
    "ab#ab#cd##ab#",
    "aba#abab#a",
    "\xc3\xa4\n\xe2\x82\xac\r\n\xf0\x9f\x98\x80\rend",
    "a line that is quite a bit longer than all the blocks of sixty-four bytes that these tests read, so "
    "that "
    "blocks must grow\r\nshort\r\nand again a line that is longer than a block of sixty-four bytes has "
    "room for, without an end",
};

static void cuts_do_not_matter(void **state)
{
    (void)state;
    static const char *const ends[] = {NULL, "\n", "\r\n", "#", "ab#", "aba"};
    weft_fixture f;
    weft_fixture_open(&f);
    for (int32_t t = 0; t < WEFT_COUNT(nasty); t++) {
        const size_t len = strlen(nasty[t]);
        const weft_file_info info = put_file(&f, "nasty", nasty[t], len);
        for (int32_t e = 0; e < WEFT_COUNT(ends); e++) {
            static text want, got;
            want.len = 0;
            plain_lines(nasty[t], len, ends[e], &want);
            for (int64_t block = 0; block < 2; block++) {
                const weft_text_spec spec = {.line_end = ends[e], .codec = -1, .block_bytes = block};
                for (int64_t step = 1; step <= (int64_t)len + 1; step++) {
                    got.len = 0;
                    for (int64_t at = 0; at <= (int64_t)len; at += step)
                        weft_fixture_ok(&f, read_split(&f, &info, &spec, at, at + step, &got));
                    assert_int_equal(got.len, want.len);
                    assert_memory_equal(got.bytes, want.bytes, (size_t)want.len);
                }
            }
        }
        unlink(info.path);
    }
    weft_fixture_close(&f);
}

/* Whole files: name (its ending tells the codec), encoding, bytes, and the text that they give; NULL:
 * damaged. */
static void check_file(weft_fixture *f, const char *name, const char *encoding, const void *bytes, size_t len,
                       const char *want)
{
    static text got;
    const weft_file_info info = put_file(f, name, bytes, len);
    for (int64_t block = 0; block < 2; block++) {
        const weft_text_spec spec = {.encoding = encoding, .codec = -1, .block_bytes = block};
        got.len = 0;
        got.bytes[0] = 0;
        const weft_status st = read_split(f, &info, &spec, 0, (int64_t)len, &got);
        if (want == NULL) {
            assert_int_equal(st, WEFT_CORRUPT);
            assert_non_null(strstr(f->ctx.error.message, name));
            weft_error_clear(&f->ctx);
        } else {
            weft_fixture_ok(f, st);
            assert_string_equal(got.bytes, want);
        }
    }
    unlink(info.path);
}

static void encodings(void **state)
{
    (void)state;
    static const struct {
        const char *encoding, *bytes;
        size_t len;
        const char *want;
    } cases[] = {
#define BYTES(text) text, sizeof(text) - 1
        {NULL,
         BYTES("\xef\xbb\xbf"
               "a\nb"),
         "a|b|"},
        {"UTF-8",
         BYTES("\xef\xbb\xbf"
               "a"),
         "a|"},
        {NULL,
         BYTES("\xff\xfe"
               "a\0\n\0b\0"),
         "a|b|"},
        {NULL, BYTES("\xfe\xff\0a\0\r\0\n\0b"), "a|b|"},
        {NULL,
         BYTES("\xff\xfe\0\0"
               "a\0\0\0\n\0\0\0\xac\x20\0\0"),
         "a|\xe2\x82\xac|"},
        {"UTF-16", BYTES("\xff\xfe\xac\x20"), "\xe2\x82\xac|"},
        {"UTF-16", BYTES("\x20\xac"), "\xe2\x82\xac|"},
        {"UTF-16BE", BYTES("\x20\xac\0\n\0x"), "\xe2\x82\xac|x|"},
        {"utf-16le", BYTES("\x3d\xd8\x00\xde"), "\xf0\x9f\x98\x80|"},
        {"utf-16le",
         BYTES("\x3d\xd8"
               "a\0"),
         "\xef\xbf\xbd"
         "a|"},
        {"ISO-8859-1", BYTES("\xe4\xff\nx"), "\xc3\xa4\xc3\xbf|x|"},
        {"windows-1252", BYTES("\x80\x81\x93quoted\x94"),
         "\xe2\x82\xac\xef\xbf\xbd\xe2\x80\x9cquoted\xe2\x80\x9d|"},
        {"Cp1252", BYTES("\x80"), "\xe2\x82\xac|"},
        {"US-ASCII", BYTES("a\xe4z"), "a\xef\xbf\xbdz|"},
        {"Shift_JIS", BYTES("\x83\x5c\n\x83\x65"), "\xe3\x82\xbd|\xe3\x83\x86|"},
        {"UTF-8",
         BYTES("a\xff"
               "b\xc3\nc\xe2\x82"),
         "a\xef\xbf\xbd"
         "b\xef\xbf\xbd|c\xef\xbf\xbd|"},
        {"UTF-8", BYTES("\xed\xa0\x80x"), "\xef\xbf\xbdx|"},
        {"UTF-8", BYTES("\xf0\x80\x80z"), "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbdz|"},
#undef BYTES
    };
    weft_fixture f;
    weft_fixture_open(&f);
    for (int32_t i = 0; i < WEFT_COUNT(cases); i++)
        check_file(&f, "encoded.csv", cases[i].encoding, cases[i].bytes, cases[i].len, cases[i].want);
    const weft_file_info info = put_file(&f, "unknown", "a", 1);
    const weft_text_spec spec = {.encoding = "no-such-set", .codec = -1};
    weft_text_input *in = NULL;
    assert_int_equal(weft_text_input_open(&f.ctx, &info, &spec, 0, 1, &in), WEFT_CHARSET);
    unlink(info.path);
    weft_fixture_close(&f);
}

static size_t gzip_of(const char *plain, uint8_t *to, size_t room, int window)
{
    z_stream z = {0};
    assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, window, 8, Z_DEFAULT_STRATEGY), Z_OK);
    z.next_in = (uint8_t *)(uintptr_t)plain;
    z.avail_in = (uInt)strlen(plain);
    z.next_out = to;
    z.avail_out = (uInt)room;
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    deflateEnd(&z);
    return room - z.avail_out;
}

static void compressed_files(void **state)
{
    (void)state;
    static uint8_t bytes[4096];
    weft_fixture f;
    weft_fixture_open(&f);
    size_t len = gzip_of("a\nb", bytes, sizeof bytes, 15 + 16);
    len += gzip_of("c\nd\n", bytes + len, sizeof bytes - len, 15 + 16);
    check_file(&f, "two.csv.gz", NULL, bytes, len, "a|bc|d|");
    memset(bytes + len, 0, 100);
    check_file(&f, "padded.csv.gz", NULL, bytes, len + 100, "a|bc|d|");
    for (size_t cut = 1; cut < len; cut++) {
        const bool between = cut == gzip_of("a\nb", bytes + 2048, 2048, 15 + 16);
        check_file(&f, "cut.csv.gz", NULL, bytes, cut, between ? "a|b|" : NULL);
    }
    check_file(&f, "empty.csv.gz", NULL, bytes, 0, "");
    len = gzip_of("x\r\ny", bytes, sizeof bytes, 15);
    check_file(&f, "z.deflate", NULL, bytes, len, "x|y|");
    check_file(&f, "cut.deflate", NULL, bytes, len - 1, NULL);
    len = ZSTD_compress(bytes, sizeof bytes, "x\ny", 3, 3);
    len += ZSTD_compress(bytes + len, sizeof bytes - len, "z", 1, 3);
    check_file(&f, "z.zst", NULL, bytes, len, "x|yz|");
    check_file(&f, "cut.zst", NULL, bytes, len - 1, NULL);
    unsigned room = sizeof bytes;
    char plain[] = "b\nz";
    assert_int_equal(BZ2_bzBuffToBuffCompress((char *)bytes, &room, plain, 3, 1, 0, 0), BZ_OK);
    len = room;
    room = (unsigned)(sizeof bytes - len);
    assert_int_equal(BZ2_bzBuffToBuffCompress((char *)bytes + len, &room, plain, 3, 1, 0, 0), BZ_OK);
    check_file(&f, "b.bz2", NULL, bytes, len + room, "b|zb|z|");
    check_file(&f, "cut.bz2", NULL, bytes, len + room - 1, NULL);
    /* Hadoop's blocks: plain length, packed length, one raw snappy (or LZ4) chunk of literals */
    static const uint8_t snappy[] = {0, 0, 0, 3, 0, 0, 0, 5, 3, 2 << 2, 's', '\n', 'n'};
    check_file(&f, "s.snappy", NULL, snappy, sizeof snappy, "s|n|");
    check_file(&f, "cut.snappy", NULL, snappy, sizeof snappy - 1, NULL);
    static const uint8_t lz4[] = {0, 0, 0, 3, 0, 0, 0, 4, 3 << 4, 'l', '\n', 'z'};
    check_file(&f, "l.lz4", NULL, lz4, sizeof lz4, "l|z|");
    check_file(&f, "cut.lz4", NULL, lz4, sizeof lz4 - 2, NULL);
    weft_fixture_close(&f);
}

static void long_records_have_a_limit_and_a_line(void **state)
{
    (void)state;
    static char bytes[8192];
    static text got;
    weft_fixture f;
    weft_fixture_open(&f);
    memset(bytes, 'x', sizeof bytes);
    bytes[10] = bytes[20] = '\n';
    const weft_file_info info = put_file(&f, "long", bytes, sizeof bytes);
    weft_text_spec spec = {.codec = -1, .block_bytes = 64, .record_bytes_max = 1000};
    got.len = 0;
    assert_int_equal(read_split(&f, &info, &spec, 15, sizeof bytes, &got), WEFT_LIMIT);
    assert_non_null(strstr(f.ctx.error.message, "line 3:"));
    weft_error_clear(&f.ctx);
    spec.record_bytes_max = 0;
    got.len = 0;
    weft_fixture_ok(&f, read_split(&f, &info, &spec, 15, sizeof bytes, &got));
    assert_int_equal(got.len, (int64_t)sizeof bytes - 21 + 1);
    unlink(info.path);
    weft_fixture_close(&f);
}

static void kernels_are_those_of_the_plain_loop(void **state)
{
    (void)state;
    static uint8_t data[1024 + WEFT_TEXT_SLACK];
    static uint32_t want[1024 + 8], got[1024 + 8];
    const weft_text_kernels *best = weft_text_kernels_find(), *base = &weft_text_kernels_base;
    uint64_t seed = 1;
    for (int32_t round = 0; round < 2000; round++) {
        weft_text_set set = {0};
        for (int32_t i = 0; i < 1 + round % 8; i++) {
            seed = seed * 6364136223846793005u + 1442695040888963407u;
            weft_text_set_add(&set, (uint8_t)(seed >> 56));
        }
        for (size_t i = 0; i < sizeof data; i++) {
            seed = seed * 6364136223846793005u + 1442695040888963407u;
            data[i] = (uint8_t)(round % 3 == 0 ? seed >> 56 : (seed >> 60) + (round % 3 == 1 ? 0 : 32));
        }
        const int64_t begin = (int64_t)(seed >> 40) % 65, len = (int64_t)(seed >> 20) % 900;
        const int64_t n = base->positions(&set, data + begin, len, 7, want);
        assert_int_equal(best->positions(&set, data + begin, len, 7, got), n);
        assert_memory_equal(got, want, (size_t)n * sizeof *got);
        assert_int_equal(best->find(&set, data + begin, len), base->find(&set, data + begin, len));
        assert_int_equal(best->is_ascii(data + begin, len), base->is_ascii(data + begin, len));
    }
}

static weft_status read_gzip(weft_fixture *f, void *arg)
{
    static text got;
    const weft_text_spec spec = {.codec = -1, .block_bytes = 64};
    got.len = 0;
    const weft_file_info *info = arg;
    return read_split(f, info, &spec, 0, info->size_bytes, &got);
}

static void memory_may_run_out(void **state)
{
    (void)state;
    static uint8_t bytes[1024];
    weft_fixture f;
    weft_fixture_open(&f);
    const size_t len = gzip_of(nasty[12], bytes, sizeof bytes, 15 + 16);
    weft_file_info info = put_file(&f, "oom.gz", bytes, len);
    weft_fixture_oom_sweep(read_gzip, &info);
    unlink(info.path);
    weft_fixture_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cuts_do_not_matter),
        cmocka_unit_test(encodings),
        cmocka_unit_test(compressed_files),
        cmocka_unit_test(long_records_have_a_limit_and_a_line),
        cmocka_unit_test(kernels_are_those_of_the_plain_loop),
        cmocka_unit_test(memory_may_run_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
