/* The schema of CSV and JSON files is the same by one thread in one pass and by several in small pieces:
 * files of random values, of the kinds whose types depend on what came before them. */
#include <stdio.h>
#include <unistd.h>

#include "engine/formats/source.h"
#include "tests/support/fixture.h"

enum { COLUMNS = 6, ROWS = 60, TEXT_BYTES = 1 << 16, ROUNDS = 60 };

typedef struct file_text {
    char bytes[TEXT_BYTES];
    size_t len;
} file_text;

static void put(file_text *t, const char *text)
{
    const size_t len = strlen(text);
    assert_true(t->len + len < TEXT_BYTES);
    memcpy(t->bytes + t->len, text, len + 1);
    t->len += len;
}

static weft_file_info write_file(weft_fixture *f, const file_text *text)
{
    weft_file_info info;
    char *path = NULL;
    weft_fixture_ok(f, weft_arena_printf(&f->ctx, f->arena, &path, "infer_%d", (int)getpid()));
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(text->bytes, 1, text->len, file), text->len);
    fclose(file);
    weft_fixture_ok(f, weft_fs_stat(&f->ctx, path, &info));
    return info;
}

static const char *pick(weft_test_random *random, const char *const *texts, int32_t count)
{
    return texts[weft_test_random_range(random, 0, count - 1)];
}

/* Values of few kinds a column, so that most columns do not end as STRING at once. */
static void make_csv(weft_test_random *random, file_text *t)
{
    static const char *const values[] = {"1",
                                         "",
                                         "2020",
                                         "5.",
                                         "12345678901",
                                         "99999999999999999999",
                                         "1.5",
                                         "2020-01-01",
                                         "2020-01-01T10:00:00",
                                         "20200101",
                                         "true",
                                         "01/02/2020",
                                         "x",
                                         "NaN"};
    const char *of_column[COLUMNS][3];
    t->len = 0;
    for (int32_t c = 0; c < COLUMNS; c++)
        for (int32_t k = 0; k < 3; k++) of_column[c][k] = pick(random, values, WEFT_COUNT(values));
    put(t, "a,b,c,d,e,f\n");
    for (int32_t r = 0; r < ROWS; r++) {
        for (int32_t c = 0; c < COLUMNS; c++) {
            const int64_t rare = weft_test_random_range(random, 0, 19);
            if (c > 0) put(t, ",");
            put(t, of_column[c][rare == 0 ? 2 : rare < 4 ? 1 : 0]);
        }
        put(t, "\n");
    }
}

static void make_json_value(weft_test_random *random, file_text *t, int32_t depth)
{
    static const char *const values[] = {"1",
                                         "null",
                                         "1.5",
                                         "\"\"",
                                         "\"x\"",
                                         "true",
                                         "1e400",
                                         "123456789012345678901234567890",
                                         "{}",
                                         "[]",
                                         "12345678901234567890.123"};
    static const char *const names[] = {"a", "b", "c", "\\u0061", "long name of a field"};
    const int64_t what = weft_test_random_range(random, 0, 7);
    if (what < 6 || depth > 3) {
        put(t, pick(random, values, WEFT_COUNT(values)));
        return;
    }
    put(t, what == 6 ? "{" : "[");
    for (int32_t k = 0; k < 3; k++) {
        if (k > 0) put(t, ",");
        if (what == 6) {
            put(t, "\"");
            put(t, pick(random, names, WEFT_COUNT(names)));
            put(t, "\":");
        }
        make_json_value(random, t, depth + 1);
    }
    put(t, what == 6 ? "}" : "]");
}

static void make_json(weft_test_random *random, file_text *t)
{
    t->len = 0;
    for (int32_t r = 0; r < 12; r++) {
        put(t, "{\"p\":");
        make_json_value(random, t, 0);
        put(t, ",\"q\":[");
        make_json_value(random, t, 0);
        put(t, weft_test_random_range(random, 0, 5) == 0 ? "],\"lost\":7]\n" : "]}\n");
    }
}

static weft_status infer(weft_fixture *f, const char *format_name, const weft_file_info *info,
                         const char *const *options, int32_t option_count, char *text, size_t text_bytes)
{
    weft_status st = WEFT_OK;
    const weft_format *format = weft_format_find(format_name);
    weft_table *table = NULL;
    WEFT_TRY(st, format->open(&f->ctx, info, 1, options, option_count, NULL, &table));
    const weft_schema *found = format->schema(table);
    const weft_type type = {.id = WEFT_TYPE_STRUCT, .child_count = found->count, .children = found->fields};
    weft_type_text(type, text, text_bytes);
done:
    if (table != NULL) format->close(&table);
    return st;
}

static void pieces_do_not_matter(const char *format, const char *const *options, int32_t option_count)
{
    weft_fixture f;
    weft_test_random random = {.state = weft_test_seed()};
    static file_text text;
    static char want[8192], got[8192];
    for (int32_t round = 0; round < ROUNDS; round++) {
        weft_fixture_open(&f);
        if (strcmp(format, "csv") == 0)
            make_csv(&random, &text);
        else
            make_json(&random, &text);
        const weft_file_info info = write_file(&f, &text);
        f.settings.number[WEFT_SET_SLOTS] = 1;
        weft_fixture_ok(&f, infer(&f, format, &info, options, option_count, want, sizeof want));
        for (int64_t piece = 40; piece < 2000; piece = piece * 3 + 1) {
            f.settings.number[WEFT_SET_SLOTS] = 1 + round % 3;
            f.settings.number[WEFT_SET_INFER_PIECE] = piece;
            weft_fixture_ok(&f, infer(&f, format, &info, options, option_count, got, sizeof got));
            if (strcmp(want, got) == 0) continue;
            weft_test_print_replay("formats.infer", weft_test_seed());
            fail_msg("in pieces of %lld bytes %s, not %s, of:\n%s", (long long)piece, got, want, text.bytes);
        }
        unlink(info.path);
        weft_fixture_close(&f);
    }
}

static void csv(void **state)
{
    static const char *const plain[] = {"header", "true", "inferSchema", "true"};
    static const char *const patterns[] = {"header",     "true",     "inferSchema",     "true",
                                           "dateFormat", "yyyyMMdd", "timestampFormat", "dd/MM/yyyy"};
    (void)state;
    pieces_do_not_matter("csv", plain, 2);
    pieces_do_not_matter("csv", patterns, 4);
}

static void json(void **state)
{
    static const char *const decimals[] = {"prefersDecimal", "true", "dropFieldIfAllNull", "true"};
    (void)state;
    pieces_do_not_matter("json", NULL, 0);
    pieces_do_not_matter("json", decimals, 2);
}

/* The error is that of the file's first bad record, whichever thread meets one first. */
static void first_error(void **state)
{
    weft_fixture f;
    static file_text text;
    char got[64];
    static const char *const options[] = {"mode", "FAILFAST"};
    (void)state;
    weft_fixture_open(&f);
    text.len = 0;
    for (int32_t i = 0; i < 2000; i++) put(&text, i >= 1000 ? "{\"a\":1,}\n" : "{\"a\":1}\n");
    const weft_file_info info = write_file(&f, &text);
    f.settings.number[WEFT_SET_SLOTS] = 4;
    f.settings.number[WEFT_SET_INFER_PIECE] = 100;
    for (int32_t i = 0; i < 20; i++) {
        assert_int_equal(infer(&f, "json", &info, options, 1, got, sizeof got), WEFT_MALFORMED_RECORD);
        assert_non_null(strstr(f.ctx.error.message, ", line 1001:"));
    }
    unlink(info.path);
    weft_fixture_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(csv),
        cmocka_unit_test(json),
        cmocka_unit_test(first_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
