/* tests/fuzz/fuzz_expr_wire.c - expressions from bytes that nobody vouches for.
 *
 * What decodes must encode to an equal expression again, and must be fit to run: it is compiled and evaluated
 * over three rows. */
#include <stdlib.h>

#include "common/settings.h"
#include "engine/expr/program.h"
#include "engine/expr/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The inputs that the corpus was made with, three rows each: flat, and as dictionaries. */
enum { INPUTS = 13, ROWS = 3 };

static weft_type types[INPUTS];
static weft_column flat[INPUTS], coded[INPUTS];
static weft_dictionary dictionaries[INPUTS];

static const uint32_t codes[ROWS] = {0, 2, 1};
static const uint64_t validity = 5;
static const int64_t prices[ROWS] = {0, 123456, -999999999999999}, shares[ROWS] = {0, -1, 9999999999999999};
static const int64_t longs[ROWS] = {0, INT64_MAX, INT64_MIN}, moments[ROWS] = {0, 1234567890123456, -1};
static const weft_i128 wides[ROWS] = {0, (weft_i128)INT64_MAX * 10000000000, -1};
static const int32_t days[ROWS] = {0, 10000, -1}, numbers[ROWS] = {0, INT32_MAX, INT32_MIN};
static const int16_t shorts[ROWS] = {0, INT16_MAX, INT16_MIN};
static const int8_t tiny[ROWS] = {0, INT8_MAX, INT8_MIN};
static const double doubles[ROWS] = {-0.0, 1e300, 2.5};
static const float floats[ROWS] = {-0.0f, 1e30f, 2.5f};
static const uint8_t truths[ROWS] = {0, 1, 0};
static weft_str names[ROWS];

static void make_input(int i, weft_type type, weft_phys phys, const void *values, bool nulls)
{
    types[i] = type;
    flat[i] = (weft_column){.type = type, .phys = (uint8_t)phys, .data = values};
    if (nulls) flat[i].validity = &validity;
    dictionaries[i] =
        (weft_dictionary){.id = (uint64_t)i + 1, .count = ROWS, .phys = (uint8_t)phys, .values = values};
    coded[i] = (weft_column){.type = type,
                             .phys = (uint8_t)phys,
                             .encoding = WEFT_DICTIONARY,
                             .data = codes,
                             .dict = &dictionaries[i]};
}

static void make_inputs(void)
{
    names[0] = weft_str_view("", 0);
    names[1] = weft_str_view("12", 2);
    names[2] = weft_str_view("a string that is longer than twelve", 35);
    make_input(0, weft_type_decimal(15, 2), WEFT_PHYS_I64, prices, false);
    make_input(1, WEFT_TYPE_OF(WEFT_TYPE_DATE), WEFT_PHYS_I32, days, false);
    make_input(2, WEFT_TYPE_OF(WEFT_TYPE_STRING), WEFT_PHYS_STR, names, true);
    make_input(3, WEFT_TYPE_OF(WEFT_TYPE_INT), WEFT_PHYS_I32, numbers, false);
    make_input(4, WEFT_TYPE_OF(WEFT_TYPE_BIGINT), WEFT_PHYS_I64, longs, false);
    make_input(5, WEFT_TYPE_OF(WEFT_TYPE_SMALLINT), WEFT_PHYS_I16, shorts, true);
    make_input(6, weft_type_decimal(16, 4), WEFT_PHYS_I64, shares, false);
    make_input(7, weft_type_decimal(30, 6), WEFT_PHYS_I128, wides, false);
    make_input(8, WEFT_TYPE_OF(WEFT_TYPE_DOUBLE), WEFT_PHYS_F64, doubles, false);
    make_input(9, WEFT_TYPE_OF(WEFT_TYPE_FLOAT), WEFT_PHYS_F32, floats, true);
    make_input(10, WEFT_TYPE_OF(WEFT_TYPE_TIMESTAMP), WEFT_PHYS_I64, moments, false);
    make_input(11, WEFT_TYPE_OF(WEFT_TYPE_BOOLEAN), WEFT_PHYS_BOOL, truths, true);
    make_input(12, WEFT_TYPE_OF(WEFT_TYPE_TINYINT), WEFT_PHYS_I8, tiny, false);
}

/* Every value has to be one that can be shown. */
static void show(weft_ctx *ctx, const weft_column *column, weft_type type)
{
    for (int32_t i = 0; i < ROWS; i++) {
        char *text = NULL;
        weft_value value = weft_value_of_column(column, i);
        value.type = type;
        if (weft_value_text(ctx, &value, &text) == WEFT_OK && text == NULL) abort();
    }
}

static void run(weft_ctx *ctx, const weft_expr *e)
{
    const weft_program *program = NULL;
    weft_eval *eval = NULL;
    if (weft_program_compile(ctx, &e, 1, types, INPUTS, &program) != WEFT_OK) return;
    for (int encoding = 0; encoding < 2; encoding++) {
        weft_column out;
        uint16_t selection[ROWS];
        int32_t count = 0;
        const weft_batch batch = {
            .rows = ROWS, .selected = ROWS, .column_count = INPUTS, .columns = encoding == 0 ? flat : coded};
        if (weft_eval_open(ctx, program, &eval) == WEFT_OK) {
            if (weft_eval_project(ctx, eval, &batch, &out) == WEFT_OK) show(ctx, &out, e->type);
            if (e->type.id == WEFT_TYPE_BOOLEAN &&
                weft_eval_filter(ctx, eval, &batch, selection, &count) == WEFT_OK && count > ROWS) {
                abort();
            }
        }
        weft_eval_close(&eval);
    }
}

static void check(weft_ctx *ctx, const uint8_t *data, size_t size)
{
    const weft_expr *const *exprs, *const *again;
    int32_t count, back;
    uint8_t *bytes;
    size_t len;
    if (weft_exprs_decode(ctx, data, size, types, INPUTS, &exprs, &count) != WEFT_OK) return;
    if (weft_exprs_encode(ctx, exprs, count, &bytes, &len) != WEFT_OK) abort();
    if (weft_exprs_decode(ctx, bytes, len, types, INPUTS, &again, &back) != WEFT_OK || back != count) abort();
    for (int32_t i = 0; i < count && i < 16; i++) {
        char *text;
        if (weft_expr_hash(exprs[i]) != weft_expr_hash(again[i])) abort();
        if (!weft_expr_equal(exprs[i], again[i])) abort();
        if (weft_expr_text(ctx, exprs[i], true, &text) != WEFT_OK) abort();
        run(ctx, exprs[i]);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    weft_settings settings;
    weft_settings_init(&settings);
    weft_pool *pool = weft_pool_new(INT64_MAX);
    weft_account *account = weft_account_open(pool, "fuzz");
    weft_arena *arena = weft_arena_new(account);
    weft_ctx ctx;
    weft_ctx_init(&ctx, arena, account, &settings);
    make_inputs();
    check(&ctx, data, size);
    weft_arena_free(&arena);
    weft_account_close(&account);
    weft_pool_free(&pool);
    return 0;
}
