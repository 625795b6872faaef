/* tests/fuzz/fuzz_expr_wire.c - expressions from bytes that nobody vouches for.
 *
 * What decodes must encode to an equal expression again, and must be fit to run: it is compiled and evaluated
 * over three rows. */
#include <stdlib.h>

#include "common/settings.h"
#include "engine/expr/program.h"
#include "engine/expr/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The inputs that the corpus was made with. */
static weft_type types[4];
static weft_column columns[4];
static const int64_t prices[3] = {0, 123456, -999999999999999};
static const int32_t days[3] = {0, 10000, -1}, numbers[3] = {0, INT32_MAX, INT32_MIN};
static weft_str names[3];
static const uint64_t validity = 5;

static void make_inputs(void)
{
    types[0] = weft_type_decimal(15, 2);
    types[1] = WEFT_TYPE_OF(WEFT_TYPE_DATE);
    types[2] = WEFT_TYPE_OF(WEFT_TYPE_STRING);
    types[3] = WEFT_TYPE_OF(WEFT_TYPE_INT);
    names[0] = weft_str_view("", 0);
    names[2] = weft_str_view("a string that is longer than twelve", 35);
    columns[0] = (weft_column){.type = types[0], .phys = WEFT_PHYS_I64, .data = prices};
    columns[1] = (weft_column){.type = types[1], .phys = WEFT_PHYS_I32, .data = days};
    columns[2] = (weft_column){.type = types[2], .phys = WEFT_PHYS_STR, .data = names, .validity = &validity};
    columns[3] = (weft_column){.type = types[3], .phys = WEFT_PHYS_I32, .data = numbers};
}

static void run(weft_ctx *ctx, const weft_expr *e)
{
    const weft_program *program = NULL;
    weft_eval *eval = NULL;
    weft_column out;
    const weft_batch batch = {.rows = 3, .selected = 3, .column_count = 4, .columns = columns};
    if (weft_program_compile(ctx, &e, 1, types, 4, &program) != WEFT_OK) return;
    if (weft_eval_open(ctx, program, &eval) == WEFT_OK &&
        weft_eval_project(ctx, eval, &batch, &out) == WEFT_OK) {
        for (int32_t i = 0; i < 3; i++) (void)weft_column_is_null(&out, i);
    }
    weft_eval_close(&eval);
}

static void check(weft_ctx *ctx, const uint8_t *data, size_t size)
{
    const weft_expr *const *exprs, *const *again;
    int32_t count, back;
    uint8_t *bytes;
    size_t len;
    if (weft_exprs_decode(ctx, data, size, types, 4, &exprs, &count) != WEFT_OK) return;
    if (weft_exprs_encode(ctx, exprs, count, &bytes, &len) != WEFT_OK) abort();
    if (weft_exprs_decode(ctx, bytes, len, types, 4, &again, &back) != WEFT_OK || back != count) abort();
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
