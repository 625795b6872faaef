/* tests/fuzz/fuzz_json.c - any bytes as a JSON text: all that reads such texts, with all leniencies and none.
 *
 * The first byte chooses the leniencies, the depth and the type. What the tokens say is held against each
 * other: skipping a text and walking through it end at the same byte, or both fail; a text that can be copied
 * is copied to the same once more; a record that is bad leaves the inferred type as it was; a record that was
 * seen before, which is told at a glance, is what reading it gives. */
#include <string.h>

#include "common/settings.h"
#include "engine/expr/json_convert.h"
#include "engine/expr/json_copy.h"
#include "engine/expr/json_infer.h"
#include "engine/expr/json_path.h"
#include "engine/expr/json_schema.h"
#include "engine/expr/value.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const types[] = {
    "struct<a:int,b:string,c:array<double>,d:struct<a:bigint,e:decimal(20,3)>>",
    "array<struct<a:timestamp,b:date,c:map<string,tinyint>>>", "map<string,string>",
    "struct<a:binary,b:timestamp_ntz,c:boolean,d:array<array<float>>,e:array<struct<a:string>>>"};
static const char *const paths[] = {"$", "$.a", "$[*].a", "$.a[0][*]", "$[*][*]", "$['b'].c[1]"};

static void walk(const weft_json_rules *rules, const char *text, size_t len)
{
    weft_json walked, skipped;
    weft_json_start(&walked, rules, text, len);
    weft_json_start(&skipped, rules, text, len);
    weft_json_next(&walked);
    weft_json_next(&skipped);
    const int32_t outside = walked.depth;
    while (walked.token > WEFT_JSON_BAD && walked.depth > 0) weft_json_next(&walked);
    const bool good = weft_json_skip(&skipped);
    if (outside > 0 && good != (walked.token != WEFT_JSON_BAD)) __builtin_trap();
    if (good && walked.at != skipped.at) __builtin_trap();
}

static void copy(weft_ctx *ctx, const weft_json_rules *rules, const char *text, size_t len)
{
    weft_text room = {0}, once = {0}, again = {0};
    weft_json json;
    bool failed = false;
    weft_json_start(&json, rules, text, len);
    if (weft_json_next(&json) <= WEFT_JSON_BAD) return;
    if (weft_json_copy(ctx, &json, WEFT_JSON_ESCAPE_PAIRS, &room, &once, &failed) == WEFT_OK && !failed) {
        weft_json_start(&json, rules, once.bytes, once.len);
        weft_json_next(&json);
        if (weft_json_copy(ctx, &json, WEFT_JSON_ESCAPE_PAIRS, &room, &again, &failed) != WEFT_OK || failed)
            __builtin_trap();
        if (once.len != again.len || memcmp(once.bytes, again.bytes, once.len) != 0) __builtin_trap();
    }
    weft_text_release(&room);
    weft_text_release(&once);
    weft_text_release(&again);
}

static void convert(weft_ctx *ctx, const weft_json_options *options, const char *type_text, const char *text,
                    size_t len)
{
    weft_type type;
    weft_vector out = {0};
    weft_json_convert *c = NULL;
    weft_json_outcome outcome = WEFT_JSON_GOOD;
    if (weft_type_parse(ctx, type_text, &type) != WEFT_OK ||
        weft_vector_init(ctx, type, 64, &out) != WEFT_OK ||
        weft_json_convert_new(ctx, options, type, -1, &c) != WEFT_OK)
        __builtin_trap();
    (void)!weft_json_convert_text(ctx, c, text, len, &out, 0, &outcome);
    weft_json_convert_begin(c, text, len, 0);
    for (int32_t i = 1; i < 64 && outcome != WEFT_JSON_NO_TEXT; i++)
        (void)!weft_json_convert_next(ctx, c, &out, i, &outcome);
    weft_vector_finish(&out);
    weft_json_convert_free(&c);
    weft_vector_deinit(&out);
}

static void infer(weft_ctx *ctx, const weft_json_options *options, const char *text, size_t len)
{
    static const char good[] = "{\"a\":1,\"b\":[{\"c\":\"x\"}]}";
    weft_json_infer *i = NULL;
    weft_type before, after;
    bool bad = false;
    if (weft_json_infer_new(ctx, options, &i) != WEFT_OK ||
        weft_json_infer_record(ctx, i, good, sizeof good - 1, 0, &bad) != WEFT_OK || bad ||
        weft_json_infer_type(ctx, i, NULL, &before) != WEFT_OK ||
        weft_json_infer_record(ctx, i, text, len, 0, &bad) != WEFT_OK ||
        weft_json_infer_type(ctx, i, NULL, &after) != WEFT_OK)
        __builtin_trap();
    if (bad && !weft_type_equal(before, after)) __builtin_trap();
    weft_json_infer_free(&i);
}

enum { SLACK = 64, TIMES = 3 };

typedef struct seen { /* what a record gave, the last of TIMES times */
    bool bad;
    weft_type type;
    weft_json_outcome outcome;
    weft_value value;
} seen;

static seen see(weft_ctx *ctx, weft_json_options options, int32_t digits_max, const char *type_text,
                const char *text, size_t len)
{
    seen s = {.outcome = WEFT_JSON_NO};
    weft_json_infer *i = NULL;
    weft_json_convert *c = NULL;
    weft_vector out = {0};
    weft_type type;
    options.rules.digits_max = digits_max; /* 0 is the default, and the only one with glances */
    if (weft_type_parse(ctx, type_text, &type) != WEFT_OK ||
        weft_json_infer_new(ctx, &options, &i) != WEFT_OK ||
        weft_vector_init(ctx, type, 64, &out) != WEFT_OK ||
        weft_json_convert_new(ctx, &options, type, -1, &c) != WEFT_OK)
        __builtin_trap();
    for (int32_t k = 0; k < TIMES; k++) {
        weft_vector_reset(&out);
        weft_json_convert_begin(c, text, len, SLACK);
        if (weft_json_infer_record(ctx, i, text, len, SLACK, &s.bad) != WEFT_OK ||
            weft_json_convert_next(ctx, c, &out, 0, &s.outcome) != WEFT_OK)
            __builtin_trap();
    }
    weft_vector_finish(&out);
    const bool is_row = s.outcome == WEFT_JSON_GOOD || s.outcome == WEFT_JSON_PART;
    if (weft_json_infer_type(ctx, i, NULL, &s.type) != WEFT_OK ||
        (is_row && weft_value_take(ctx, &out.column, 0, &s.value) != WEFT_OK))
        __builtin_trap();
    weft_json_infer_free(&i);
    weft_json_convert_free(&c);
    weft_vector_deinit(&out);
    return s;
}

static void glance(weft_ctx *ctx, const weft_json_options *options, const char *type, const char *text,
                   size_t len)
{
    char *copy = NULL;
    if (weft_arena_alloc(ctx, ctx->arena, len + SLACK, (void **)&copy) != WEFT_OK) __builtin_trap();
    memcpy(copy, text, len);
    for (size_t i = 0; i < SLACK; i++) copy[len + i] = "}],\"0:1"[i % 8];
    const seen quick = see(ctx, *options, 0, type, copy, len);
    const seen plain = see(ctx, *options, WEFT_JSON_NUMBER_MAX, type, copy, len);
    if (quick.bad != plain.bad || !weft_type_equal(quick.type, plain.type) || quick.outcome != plain.outcome)
        __builtin_trap();
    const bool is_row = quick.outcome == WEFT_JSON_GOOD || quick.outcome == WEFT_JSON_PART;
    if (is_row && weft_value_compare(&quick.value, &plain.value) != 0) __builtin_trap();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    weft_settings settings;
    weft_ctx ctx;
    weft_text room = {0}, found = {0};
    weft_json_path *path = NULL;
    weft_json json;
    bool any = false;
    if (size < 2 || size > 1 << 16) return 0;
    weft_settings_init(&settings);
    weft_pool *pool = weft_pool_new(INT64_MAX);
    weft_account *account = weft_account_open(pool, "fuzz");
    weft_arena *arena = weft_arena_new(account);
    weft_ctx_init(&ctx, arena, account, &settings);
    const char *text = (const char *)data + 2;
    const size_t len = size - 2;
    weft_json_options options = weft_json_defaults;
    options.rules.allow = data[0] & 127;
    options.rules.depth_max = (data[1] & 1) != 0 ? 5 : 200;
    options.prefers_decimal = (data[1] & 2) != 0;
    options.infer_timestamp = (data[1] & 4) != 0;
    walk(&options.rules, text, len);
    copy(&ctx, &options.rules, text, len);
    convert(&ctx, &options, types[data[1] >> 3 & 3], text, len);
    infer(&ctx, &options, text, len);
    glance(&ctx, &options, types[(data[1] & 8) != 0 ? 0 : 3], text, len);
    const char *way = paths[data[1] % WEFT_COUNT(paths)];
    if (weft_json_path_new(&ctx, way, strlen(way), &path) != WEFT_OK) __builtin_trap();
    weft_json_start(&json, &options.rules, text, len);
    if (weft_json_path_find(&ctx, path, &json, &room, &found, &any) != WEFT_OK) __builtin_trap();
    weft_mem_free(path);
    weft_text_release(&room);
    weft_text_release(&found);
    weft_arena_free(&arena);
    weft_account_close(&account);
    weft_pool_free(&pool);
    return 0;
}
