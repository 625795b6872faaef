/* engine/plan/physical.c - stages as text, for EXPLAIN and the event log. */
#include "engine/plan/physical.h"

static const char *source_text(weft_source_kind kind)
{
    static const char *const names[WEFT_SOURCE_KIND_COUNT] = {"Scan",        "ReadRows", "MergeAggregate",
                                                              "MergeSorted", "Values",   "MarkedRows"};
    return names[kind];
}

static const char *op_text(weft_op_kind kind)
{
    static const char *const names[WEFT_OP_KIND_COUNT] = {
        "Filter", "Project", "HashJoin", "LoopJoin", "Limit", "Window", "Expand", "SingleRow", "Script"};
    return names[kind];
}

static const char *sink_text(weft_sink_kind kind)
{
    static const char *const names[WEFT_SINK_KIND_COUNT] = {"Exchange", "PartialAggregate", "Sort", "Write"};
    return names[kind];
}

static weft_status add_inputs(weft_ctx *ctx, const weft_stage *stage, char **text)
{
    weft_status st = WEFT_OK;
    for (int32_t i = 0; i < stage->input_count; i++)
        WEFT_TRY(st, weft_arena_printf(ctx, ctx->arena, text, "%s%s%d%s", *text, i == 0 ? " <- " : ", ",
                                       stage->inputs[i].stage_id,
                                       stage->inputs[i].mode == WEFT_INPUT_ALL ? " (all)" : ""));
done:
    return st;
}

weft_status weft_stage_text(weft_ctx *ctx, const weft_stage *stage, char **out)
{
    weft_status st = WEFT_OK;
    const weft_fragment *f = &stage->fragment;
    char *text = NULL;
    WEFT_TRY(st, weft_arena_printf(ctx, ctx->arena, &text, "Stage %d [%d task%s]", stage->id,
                                   stage->task_count, stage->task_count == 1 ? "" : "s"));
    WEFT_TRY(st, add_inputs(ctx, stage, &text));
    WEFT_TRY(st, weft_arena_printf(ctx, ctx->arena, &text, "%s: %s", text, source_text(f->source.kind)));
    if (f->source.kind == WEFT_SOURCE_SCAN)
        WEFT_TRY(st, weft_arena_printf(ctx, ctx->arena, &text, "%s %s (filters %d, dynamic %d)", text,
                                       f->source.scan.relation->name, f->source.scan.spec.conjunct_count,
                                       f->source.scan.key_count));
    for (int32_t i = 0; i < f->op_count; i++)
        WEFT_TRY(st, weft_arena_printf(ctx, ctx->arena, &text, "%s > %s", text, op_text(f->ops[i].kind)));
    WEFT_TRY(st, weft_arena_printf(ctx, ctx->arena, &text, "%s > %s", text, sink_text(f->sink.kind)));
    if (f->sink.kind == WEFT_SINK_AGGREGATE && f->sink.aggregate.set_count > 0)
        WEFT_TRY(st, weft_arena_printf(ctx, ctx->arena, &text, "%s (%d grouping sets)", text,
                                       f->sink.aggregate.set_count + 1));
    if (f->sink.partition_count > 1)
        WEFT_TRY(st, weft_arena_printf(ctx, ctx->arena, &text, "%s (%d partitions)", text,
                                       f->sink.partition_count));
    *out = text;
done:
    return st;
}
