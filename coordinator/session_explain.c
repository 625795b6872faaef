/* coordinator/session_explain.c - EXPLAIN of a session: of a plan, of a run, and of a statement that is
 * wrong.
 *
 * As in Spark EXPLAIN of a query that cannot be analysed succeeds: the error is what it shows. */
#include <string.h>

#include "coordinator/explain.h"
#include "coordinator/session_private.h"
#include "engine/sql/parser.h"

static weft_status give_text(weft_result *r, const char *text)
{
    weft_status st = WEFT_OK;
    weft_command_rows rows;
    r->is_text = true;
    WEFT_TRY(st, weft_command_text(&r->ctx, "plan", text, &rows));
    WEFT_TRY(st, weft_session_give_rows(r, &rows));
done:
    return st;
}

/* Run it, and tell how it went. */
static weft_status explain_analyze(weft_session *s, weft_result *r, weft_ids *ids, const weft_node *query,
                                   char **text)
{
    weft_status st = WEFT_OK;
    weft_ctx *ctx = &r->ctx;
    const weft_node *optimised = NULL;
    if (weft_node_is_command(query) && query->kind != WEFT_NODE_WRITE)
        return weft_fail_at(
            ctx, WEFT_UNSUPPORTED, &query->span,
            "EXPLAIN ANALYZE of a statement that has no plan to run. Leave ANALYZE out to see "
            "what it is.");
    if (query->kind == WEFT_NODE_WRITE) {
        WEFT_TRY(st, weft_session_write(s, r, ids, query, text));
        if (*text == NULL)
            WEFT_TRY(st,
                     weft_arena_printf(ctx, ctx->arena, text, "Nothing was written: it is there already."));
    } else {
        const int64_t began = weft_now_ns(ctx);
        WEFT_TRY(st, weft_session_optimise(s, r, ids, query, &optimised));
        const int64_t optimised_ns = weft_now_ns(ctx) - began;
        WEFT_TRY(st, weft_session_run_plan(s, r, ids, optimised, true));
        WEFT_TRY(st, weft_explain_run(ctx, optimised, &r->run, optimised_ns,
                                      weft_coordinator_own_memory(s->coordinator), text));
        weft_run_release(&r->run);
        memset(&r->run, 0, sizeof(r->run)); /* the result is the text */
    }
done:
    return st;
}

weft_status weft_session_explain(weft_session *s, weft_result *r, weft_ids *ids, const weft_node *parsed,
                                 const weft_node *bound)
{
    weft_status st = WEFT_OK;
    weft_ctx *ctx = &r->ctx;
    const weft_node *optimised = NULL, *const query = bound->inputs[0];
    const weft_explain_mode mode = bound->explain.mode;
    char *text = NULL;

    if (mode == WEFT_EXPLAIN_ANALYZE) {
        WEFT_TRY(st, explain_analyze(s, r, ids, query, &text));
    } else if (mode == WEFT_EXPLAIN_CODEGEN) { /* plans are run by kernels that are compiled already */
        WEFT_TRY(st, weft_arena_printf(ctx, ctx->arena, &text, "Found 0 WholeStageCodegen subtrees."));
    } else {
        WEFT_TRY(st, weft_session_optimise(s, r, ids, query, &optimised));
        WEFT_TRY(st, weft_explain_plan(ctx, mode, parsed->inputs[0], query, optimised,
                                       weft_coordinator_own_memory(s->coordinator), &text));
    }
    st = give_text(r, text);
done:
    return st;
}

bool weft_session_explains_error(weft_status st, const weft_node *parsed)
{
    return st != WEFT_OK && st != WEFT_CANCELLED && st != WEFT_DEADLINE &&
           weft_status_classify(st) == WEFT_CLASS_USER && parsed->kind == WEFT_NODE_EXPLAIN &&
           parsed->explain.mode != WEFT_EXPLAIN_ANALYZE && parsed->explain.mode != WEFT_EXPLAIN_VALIDATE;
}

weft_status weft_session_explain_error(weft_result *r, const weft_node *parsed, const char *sql, size_t len)
{
    weft_status st = WEFT_OK;
    weft_ctx *ctx = &r->ctx;
    const weft_error error = ctx->error;
    char *message = NULL, *plan = NULL, *text = NULL;
    weft_error_clear(ctx);
    WEFT_TRY(st, weft_sql_error_text(ctx, &error, sql, len, &message));
    if (parsed->explain.mode == WEFT_EXPLAIN_EXTENDED) {
        WEFT_TRY(st, weft_node_text(ctx, parsed->inputs[0], &plan));
        WEFT_TRY(st, weft_arena_printf(ctx, ctx->arena, &text,
                                       "== Parsed Logical Plan ==\n%s\n== Analyzed Logical Plan ==\n%s", plan,
                                       message));
    } else {
        WEFT_TRY(st, weft_arena_printf(ctx, ctx->arena, &text, "Error occurred during query planning: \n%s",
                                       message));
    }
    st = give_text(r, text);
done:
    return st;
}
