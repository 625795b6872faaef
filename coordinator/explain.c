/* coordinator/explain.c - see explain.h. */
#include "coordinator/explain.h"

#include <inttypes.h>

#include "engine/plan/optimizer.h"

/* "a: int, b: string", as above an analysed plan. */
static weft_status schema_text(weft_ctx *ctx, const weft_outputs *outputs, char **out)
{
    weft_status st = WEFT_OK;
    char *text = NULL;
    WEFT_TRY(st, weft_arena_printf(ctx, ctx->arena, &text, "%s", ""));
    for (int32_t i = 0; i < outputs->count; i++) {
        char *type = NULL;
        WEFT_TRY(st, weft_type_text_copy(ctx, outputs->columns[i].type, true, &type));
        WEFT_TRY(st, weft_arena_printf(ctx, ctx->arena, &text, "%s%s%s: %s", text, i > 0 ? ", " : "",
                                       outputs->columns[i].name, type));
    }
    *out = text;
done:
    return st;
}

weft_status weft_explain_plan(weft_ctx *ctx, weft_explain_mode mode, const weft_node *parsed,
                              const weft_node *bound, const weft_node *optimised, int64_t memory_bytes,
                              char **out)
{
    weft_status st = WEFT_OK;
    char *written = NULL, *before = NULL, *after = NULL, *physical = NULL, *schema = NULL;
    weft_estimate size = {0};
    WEFT_TRY(st, weft_physical_text(ctx, optimised, mode == WEFT_EXPLAIN_FORMATTED, false, memory_bytes,
                                    &physical));
    if (mode == WEFT_EXPLAIN_SIMPLE || mode == WEFT_EXPLAIN_VALIDATE || mode == WEFT_EXPLAIN_FORMATTED) {
        WEFT_TRY(st, weft_arena_printf(ctx, ctx->arena, out, "== Physical Plan ==\n%s", physical));
        goto done;
    }
    WEFT_TRY(st, weft_node_text(ctx, optimised, &after));
    if (mode == WEFT_EXPLAIN_COST) {
        WEFT_TRY(st, weft_estimate_node(ctx, optimised, &size));
        WEFT_TRY(st, weft_arena_printf(ctx, ctx->arena, out,
                                       "== Optimized Logical Plan ==\n%sStatistics(sizeInBytes=%.0f B, "
                                       "rowCount=%.0f)\n\n== Physical Plan ==\n%s",
                                       after, size.rows * size.row_bytes, size.rows, physical));
        goto done;
    }
    WEFT_TRY(st, weft_node_text(ctx, parsed, &written));
    WEFT_TRY(st, weft_node_text(ctx, bound, &before));
    WEFT_TRY(st, schema_text(ctx, &bound->output, &schema));
    WEFT_TRY(st, weft_arena_printf(ctx, ctx->arena, out,
                                   "== Parsed Logical Plan ==\n%s\n== Analyzed Logical Plan ==\n%s\n%s\n"
                                   "== Optimized Logical Plan ==\n%s\n== Physical Plan ==\n%s",
                                   written, schema, before, after, physical));
done:
    return st;
}

static weft_status add_part(weft_ctx *ctx, char **text, const char *name, const weft_op_metrics *m)
{
    weft_status st = WEFT_OK;
    WEFT_TRY(st, weft_arena_printf(ctx, ctx->arena, text,
                                   "%s    %-12s rows_in=%" PRId64 " rows_out=%" PRId64 " batches=%" PRId64
                                   " time_ms=%.3f memory_bytes=%" PRId64 " spilled_bytes=%" PRId64,
                                   *text, name, m->rows_in, m->rows_out, m->batches, (double)m->time_ns / 1e6,
                                   m->memory_bytes, m->spilled_bytes));
    if (m->exchange_bytes > 0)
        WEFT_TRY(st, weft_arena_printf(ctx, ctx->arena, text,
                                       "%s exchange_bytes=%" PRId64 " exchange_remote_bytes=%" PRId64, *text,
                                       m->exchange_bytes, m->exchange_remote_bytes));
    if (m->scan.row_groups > 0)
        WEFT_TRY(st, weft_arena_printf(ctx, ctx->arena, text,
                                       "%s read_rows=%" PRId64 " read_bytes=%" PRId64 " row_groups=%" PRId64
                                       " pruned_row_groups=%" PRId64 " pages=%" PRId64
                                       " pruned_pages=%" PRId64 " skipped_pages=%" PRId64,
                                       *text, m->scan.rows_read, m->scan.bytes_read, m->scan.row_groups,
                                       m->scan.row_groups_pruned, m->scan.pages, m->scan.pages_pruned,
                                       m->scan.pages_skipped));
    WEFT_TRY(st, weft_arena_printf(ctx, ctx->arena, text, "%s\n", *text));
done:
    return st;
}

static weft_status add_stage(weft_ctx *ctx, char **text, const weft_stage_report *r)
{
    weft_status st = WEFT_OK;
    const weft_fragment *f = &r->stage->fragment;
    int64_t exchanged = 0, remote = 0;
    char *line = NULL;
    for (int32_t i = 0; i < f->op_count + 1; i++) {
        exchanged += r->metrics[i].exchange_bytes;
        remote += r->metrics[i].exchange_remote_bytes;
    }
    WEFT_TRY(st, weft_stage_text(ctx, r->stage, &line));
    WEFT_TRY(st, weft_arena_printf(ctx, ctx->arena, text,
                                   "%s%s\n  rows=%" PRId64 " bytes=%" PRId64 " spilled %" PRId64
                                   " bytes, exchanged %" PRId64 " bytes (remote %" PRId64
                                   "), wall_ms=%.3f task_ms=%.3f attempts=%d failures=%d\n",
                                   *text, line, r->rows, r->bytes, r->spilled_bytes, exchanged, remote,
                                   (double)(r->end_ns - r->begin_ns) / 1e6, (double)r->run_ns / 1e6,
                                   r->attempts, r->failures));
    if (r->relayed_bytes > 0)
        WEFT_TRY(st,
                 weft_arena_printf(ctx, ctx->arena, text, "%s  relayed %" PRId64 " bytes of what it reads\n",
                                   *text, r->relayed_bytes));
    WEFT_TRY(st, add_part(ctx, text, weft_source_find(f->source.kind)->name, &r->metrics[0]));
    for (int32_t i = 0; i < f->op_count; i++)
        WEFT_TRY(st, add_part(ctx, text, weft_op_find(f->ops[i].kind)->name, &r->metrics[1 + i]));
    WEFT_TRY(st, add_part(ctx, text, weft_sink_find(f->sink.kind)->name, &r->metrics[1 + f->op_count]));
done:
    return st;
}

weft_status weft_explain_run(weft_ctx *ctx, const weft_node *optimised, const weft_run *run,
                             int64_t optimise_ns, int64_t memory_bytes, char **out)
{
    weft_status st = WEFT_OK;
    char *tree = NULL, *text = NULL;
    WEFT_TRY(st, weft_physical_text(ctx, optimised, false, true, memory_bytes, &tree));
    WEFT_TRY(st, weft_arena_printf(ctx, ctx->arena, &text,
                                   "== Physical Plan ==\n%s\n== Stages ==\noptimise_ms=%.3f plan_ms=%.3f "
                                   "tasks=%" PRId64 " failed=%" PRId64 "\n",
                                   tree, (double)optimise_ns / 1e6, (double)run->planning_ns / 1e6,
                                   run->counts.done, run->counts.failed));
    for (int32_t i = 0; i < run->stage_count; i++) WEFT_TRY(st, add_stage(ctx, &text, &run->stages[i]));
    *out = text;
done:
    return st;
}
