/* What is told of a text at a glance (json_infer_known.c, json_convert_pick.c) is what reading it gives:
 * random files of records, most of them alike, with whatever lies behind each. An option that says what is
 * the default anyway has all of them read, so that the plain twin is at hand. */
#include "engine/expr/json_convert.h"
#include "engine/expr/json_infer.h"

#include "engine/expr/value.h"
#include "tests/support/fixture.h"

enum { RECORD_BYTES = 4096, SLACK = 64, FILES = 300, RECORDS = 60, ROOM = 64 };

typedef struct made {
    char bytes[RECORD_BYTES + SLACK];
    size_t len;
} made;

typedef struct reader { /* of one kind: glancing or plain */
    weft_json_options options;
    weft_json_infer *infer;
    weft_json_convert *convert;
    weft_vector rows;
} reader;

static void put(made *t, const char *text)
{
    const size_t len = strlen(text);
    if (t->len + len >= RECORD_BYTES) return;
    memcpy(t->bytes + t->len, text, len);
    t->len += len;
}

static bool one_in(weft_test_random *random, int64_t count)
{
    return weft_test_random_range(random, 0, count - 1) == 0;
}

static void put_scalar(weft_test_random *random, made *t, int32_t kind, bool odd)
{
    static const char *const kinds[][6] = {{"1", "-20", "123456789", "0", "12345678901234567", "null"},
                                           {"1.5", "-0.25", "12345678.123456789", "3", "179.99999", "null"},
                                           {"\"\"", "\"x\"",
                                            "\"a string of more than one block of sixteen bytes\"",
                                            "\"caf\xc3\xa9\"", "\"said \\\"so\\\"\"", "null"},
                                           {"true", "false", "true", "false", "true", "null"}};
    static const char *const odds[] = {"1e5",
                                       "01",
                                       "-",
                                       "nul",
                                       "\"tab\there\"",
                                       "\"\\u0041\"",
                                       "{}",
                                       "[[1]]",
                                       "1.",
                                       "\"no end",
                                       "\"\\x\"",
                                       "9223372036854775808",
                                       "tru",
                                       "[1,]",
                                       "{,}",
                                       "\"\xff\"",
                                       "",
                                       "123456789012345678901234567890",
                                       "NaN",
                                       "1}",
                                       "\"\\",
                                       "-1234567890.123456789",
                                       "{\"z\":1}",
                                       "[null,\"q\"]"};
    put(t, odd ? odds[weft_test_random_range(random, 0, WEFT_COUNT(odds) - 1)]
               : kinds[kind][weft_test_random_range(random, 0, 5)]);
}

/* An object with fields of fixed kinds; `noise`: one in so many things is another than expected. */
static void put_object(weft_test_random *random, made *t, int32_t depth, int64_t noise)
{
    static const char *const names[] = {"a", "name", "a name of more than sixteen bytes", "d", "e", "f", "g"};
    static const char *const odd_names[] = {
        "\"a\"", "\"\\u0061\"",     "a",      "\"a name of more than sixteen bits!\"",
        "\"\"",  "\"caf\xc3\xa9\"", "\"new\""};
    const char *colon = one_in(random, 4 * noise) ? " : " : noise % 2 == 0 ? ": " : ":";
    const char *comma = one_in(random, 4 * noise) ? ",," : noise % 2 == 0 ? ", " : ",";
    bool first = true;
    put(t, "{");
    for (int32_t i = 0; i < WEFT_COUNT(names); i++) {
        if (one_in(random, noise)) continue;
        if (!first) put(t, comma);
        first = false;
        if (one_in(random, 2 * noise)) {
            put(t, odd_names[weft_test_random_range(random, 0, WEFT_COUNT(odd_names) - 1)]);
        } else {
            put(t, "\"");
            put(t, names[i]);
            put(t, "\"");
        }
        put(t, colon);
        if (i < 4 || depth > 2) {
            put_scalar(random, t, i % 4, one_in(random, 2 * noise));
        } else if (i == 4) {
            put_object(random, t, depth + 1, noise);
        } else {
            put(t, "[");
            for (int64_t k = weft_test_random_range(random, 0, 3); k > 0; k--) {
                if (i == 5)
                    put_scalar(random, t, 2, one_in(random, 4 * noise));
                else
                    put_object(random, t, 3, noise);
                if (k > 1) put(t, comma);
            }
            put(t, "]");
        }
    }
    put(t, "}");
}

static void make_record(weft_test_random *random, made *t, int64_t noise)
{
    static const char behind[] = "\"}],0123.e \\\n";
    t->len = 0;
    put_object(random, t, 0, noise);
    const bool cut = one_in(random, 3 * noise);
    const size_t most = one_in(random, 2) ? t->len : 2; /* bytes that are cut off */
    if (cut) t->len -= (size_t)weft_test_random_range(random, 0, (int64_t)most);
    if (cut && one_in(random, 2)) return; /* what was cut off lies behind the text */
    for (int32_t i = 0; i < SLACK; i++)
        t->bytes[t->len + (size_t)i] = behind[weft_test_random_range(random, 0, (int64_t)sizeof behind - 2)];
}

static void open_reader(weft_fixture *f, reader *r, int32_t digits_max)
{
    *r = (reader){.options = weft_json_defaults};
    r->options.rules.digits_max = digits_max;
    weft_fixture_ok(f, weft_json_infer_new(&f->ctx, &r->options, &r->infer));
}

static void same_types(weft_fixture *f, const reader *quick, const reader *plain, weft_type *type)
{
    weft_type want;
    weft_fixture_ok(f, weft_json_infer_type(&f->ctx, quick->infer, NULL, type));
    weft_fixture_ok(f, weft_json_infer_type(&f->ctx, plain->infer, NULL, &want));
    assert_true(weft_type_equal(*type, want));
    assert_int_equal(weft_json_infer_is_regular(quick->infer), weft_json_infer_is_regular(plain->infer));
}

static void open_convert(weft_fixture *f, reader *r, weft_type type)
{
    weft_fixture_ok(f, weft_json_convert_new(&f->ctx, &r->options, type, -1, &r->convert));
    weft_fixture_ok(f, weft_vector_init(&f->ctx, type, ROOM, &r->rows));
}

static void same_rows(weft_fixture *f, reader *quick, reader *plain, const made *t)
{
    weft_value got, want;
    weft_json_outcome outcome = WEFT_JSON_GOOD, other = WEFT_JSON_GOOD;
    weft_vector_reset(&quick->rows);
    weft_vector_reset(&plain->rows);
    weft_json_convert_begin(quick->convert, t->bytes, t->len, SLACK);
    weft_json_convert_begin(plain->convert, t->bytes, t->len, SLACK);
    weft_fixture_ok(f, weft_json_convert_next(&f->ctx, quick->convert, &quick->rows, 0, &outcome));
    weft_fixture_ok(f, weft_json_convert_next(&f->ctx, plain->convert, &plain->rows, 0, &other));
    if (outcome != other) fail_msg("%d, not %d, of %.*s", outcome, other, (int)t->len, t->bytes);
    if (outcome != WEFT_JSON_GOOD && outcome != WEFT_JSON_PART) return;
    weft_vector_finish(&quick->rows);
    weft_vector_finish(&plain->rows);
    weft_fixture_ok(f, weft_value_take(&f->ctx, &quick->rows.column, 0, &got));
    weft_fixture_ok(f, weft_value_take(&f->ctx, &plain->rows.column, 0, &want));
    if (weft_value_compare(&got, &want) != 0) fail_msg("another row of %.*s", (int)t->len, t->bytes);
    weft_fixture_ok(f, weft_json_convert_next(&f->ctx, quick->convert, &quick->rows, 0, &outcome));
    assert_int_equal(outcome, WEFT_JSON_NO_TEXT);
}

static void close_reader(reader *r)
{
    weft_json_infer_free(&r->infer);
    weft_json_convert_free(&r->convert);
    weft_vector_deinit(&r->rows);
}

static void one_file(weft_test_random *random, int64_t noise)
{
    static made records[RECORDS];
    weft_fixture f;
    reader quick, plain;
    weft_type type;
    weft_fixture_open(&f);
    open_reader(&f, &quick, 0);
    open_reader(&f, &plain, WEFT_JSON_NUMBER_MAX);
    for (int32_t i = 0; i < RECORDS; i++) {
        bool bad = false, want = false;
        made *t = &records[i];
        make_record(random, t, noise);
        weft_fixture_ok(&f, weft_json_infer_record(&f.ctx, quick.infer, t->bytes, t->len, SLACK, &bad));
        weft_fixture_ok(&f, weft_json_infer_record(&f.ctx, plain.infer, t->bytes, t->len, SLACK, &want));
        if (bad != want) fail_msg("bad is %d, not %d, of %.*s", bad, want, (int)t->len, t->bytes);
    }
    same_types(&f, &quick, &plain, &type);
    if (type.id == WEFT_TYPE_STRUCT && type.child_count > 0) {
        open_convert(&f, &quick, type);
        open_convert(&f, &plain, type);
        for (int32_t i = 0; i < RECORDS; i++) same_rows(&f, &quick, &plain, &records[i]);
    }
    close_reader(&quick);
    close_reader(&plain);
    weft_fixture_close(&f);
}

static void files(void **state)
{
    weft_test_random random = {.state = weft_test_seed()};
    (void)state;
    for (int32_t i = 0; i < FILES; i++) one_file(&random, weft_test_random_range(&random, 2, 200));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
