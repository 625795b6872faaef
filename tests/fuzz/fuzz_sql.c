/* tests/fuzz/fuzz_sql.c - any bytes as a SQL script: split into statements, each is parsed, analysed against
 * the TPC-H schema without data, optimised, explained in every form; errors are printed too. Nothing may
 * crash, hang, or fail as INTERNAL. Pool and catalogue are made once: they would cost more than most inputs.
 */
#include <stdio.h>
#include <stdlib.h>

#include "common/mem.h"
#include "common/settings.h"
#include "coordinator/explain.h"
#include "engine/plan/analyzer.h"
#include "engine/plan/optimizer.h"
#include "engine/sql/parser.h"
#include "engine/sql/script_tree.h"
#include "tests/support/tpch_catalog.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* EXPLAIN, EXPLAIN EXTENDED … of whatever the statement is. */
static weft_status explain(weft_ctx *ctx, const weft_node *parsed, const weft_node *bound,
                           const weft_node *optimised)
{
    static const weft_explain_mode modes[] = {WEFT_EXPLAIN_SIMPLE, WEFT_EXPLAIN_EXTENDED,
                                              WEFT_EXPLAIN_FORMATTED, WEFT_EXPLAIN_COST};
    weft_status st = WEFT_OK;
    char *shown = NULL;
    for (int32_t i = 0; i < WEFT_COUNT(modes); i++)
        WEFT_TRY(st, weft_explain_plan(ctx, modes[i], parsed, bound, optimised, INT64_C(1) << 30, &shown));
done:
    return st;
}

/* One statement. Running out of memory is a fair answer; the engine's own errors are not. */
static weft_status run(weft_ctx *ctx, const weft_catalog *catalog, const char *text, size_t len)
{
    weft_status st = WEFT_OK;
    weft_ids ids = {.next = 1};
    const weft_node *parsed = NULL, *bound = NULL, *optimised = NULL;
    const weft_sql_local *locals = NULL;
    int32_t local_count = 0;
    size_t from = 0;
    char *shown = NULL;
    if (weft_sql_is_script(text, len)) {
        const weft_script *script = NULL;
        weft_script_features features;
        WEFT_TRY(st, weft_sql_parse_script(ctx, text, len, &features, &script));
        goto done;
    }
    WEFT_TRY(st, weft_sql_parse_locals(ctx, text, len, &locals, &local_count, &from));
    WEFT_TRY(st, weft_sql_parse_in(ctx, catalog, text, len, from, &parsed));
    WEFT_TRY(st, weft_node_text(ctx, parsed, &shown));
    WEFT_TRY(st, weft_analyze(ctx, catalog, &ids, parsed, &bound));
    WEFT_TRY(st, weft_node_check(ctx, bound));
    WEFT_TRY(st, weft_node_text(ctx, bound, &shown));
    if (bound->kind == WEFT_NODE_EXPLAIN) bound = bound->inputs[0];
    if (bound->kind > WEFT_NODE_WRITE) goto done; /* other commands are not optimised */
    WEFT_TRY(st, weft_optimize(ctx, &ids, bound, &optimised));
    WEFT_TRY(st, weft_node_check(ctx, optimised));
    WEFT_TRY(st, explain(ctx, parsed, bound, optimised));
done:
    if (st != WEFT_OK && (ctx->error.code != st || weft_status_classify(st) == WEFT_CLASS_INTERNAL)) {
        fprintf(stderr, "%s: %s (%s:%d)\n", weft_status_text(st), ctx->error.message, ctx->error.file,
                ctx->error.line);
        abort();
    }
    return st;
}

/* With values for the markers: places of the new text are places of the old one. */
static void substitute(weft_ctx *ctx, const char *text, size_t len)
{
    static const weft_sql_parameter values[] = {
        {"p", "-1"}, {"a", "'x'"}, {NULL, "ARRAY(1)"}, {NULL, "NULL"}};
    weft_sql_text whole;
    const weft_status st = weft_sql_substitute(ctx, text, len, values, WEFT_COUNT(values), &whole);
    if (st == WEFT_OK) {
        const weft_span all = {.stop = (int32_t)whole.len, .line = 1, .column = 1};
        const weft_span back = weft_sql_origin(&whole, text, all);
        if (back.start != 0 || back.stop != (int32_t)len) abort();
    }
    weft_error_clear(ctx);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static weft_settings settings;
    static weft_pool *pool;
    static weft_account *account;
    static weft_tpch_catalog catalog;
    const char *text = (const char *)data;
    size_t position = 0, start = 0, stop = 0;
    if (pool == NULL) {
        weft_settings_init(&settings);
        weft_tpch_catalog_init(&catalog, 1);
        pool = weft_pool_new(256 << 20);
        account = weft_account_open(pool, "fuzz");
    }
    weft_sql_is_complete(text, size);
    while (weft_sql_next_statement(text, size, &position, &start, &stop)) {
        weft_arena *arena = weft_arena_new(account);
        weft_ctx ctx;
        weft_ctx_init(&ctx, arena, account, &settings);
        substitute(&ctx, text + start, stop - start);
        if (run(&ctx, &catalog.catalog, text + start, stop - start) != WEFT_OK) {
            const weft_error error = ctx.error;
            char *shown = NULL;
            const weft_status st = weft_sql_error_text(&ctx, &error, text + start, stop - start, &shown);
            if (st != WEFT_OK && st != WEFT_NOMEM) abort();
        }
        weft_arena_free(&arena);
    }
    if (weft_account_used_bytes(account) != 0) abort(); /* nothing is left of a statement */
    return 0;
}
