/* engine/exec/op.c - which source, operator and sink a kind stands for. */
#include "engine/exec/defs.h"

const weft_source_def *weft_source_find(weft_source_kind kind)
{
    static const weft_source_def *const sources[WEFT_SOURCE_KIND_COUNT] = {
        [WEFT_SOURCE_SCAN] = &weft_source_scan,           [WEFT_SOURCE_ROWS] = &weft_source_rows,
        [WEFT_SOURCE_AGGREGATE] = &weft_source_aggregate, [WEFT_SOURCE_MERGE] = &weft_source_merge,
        [WEFT_SOURCE_VALUES] = &weft_source_values,       [WEFT_SOURCE_MARKED] = &weft_source_marked};
    assert(kind < WEFT_SOURCE_KIND_COUNT && sources[kind] != NULL);
    return sources[kind];
}

const weft_op_def *weft_op_find(weft_op_kind kind)
{
    static const weft_op_def *const ops[WEFT_OP_KIND_COUNT] = {
        [WEFT_OP_FILTER] = &weft_op_filter, [WEFT_OP_PROJECT] = &weft_op_project,
        [WEFT_OP_PROBE] = &weft_op_probe,   [WEFT_OP_LOOP] = &weft_op_loop,
        [WEFT_OP_LIMIT] = &weft_op_limit,   [WEFT_OP_WINDOW] = &weft_op_window,
        [WEFT_OP_EXPAND] = &weft_op_expand, [WEFT_OP_SINGLE_ROW] = &weft_op_single_row,
        [WEFT_OP_SCRIPT] = &weft_op_script};
    assert(kind < WEFT_OP_KIND_COUNT && ops[kind] != NULL);
    return ops[kind];
}

const weft_sink_def *weft_sink_find(weft_sink_kind kind)
{
    static const weft_sink_def *const sinks[WEFT_SINK_KIND_COUNT] = {
        [WEFT_SINK_EXCHANGE] = &weft_sink_exchange,
        [WEFT_SINK_AGGREGATE] = &weft_sink_aggregate,
        [WEFT_SINK_SORT] = &weft_sink_sort,
        [WEFT_SINK_WRITE] = &weft_sink_write};
    assert(kind < WEFT_SINK_KIND_COUNT && sinks[kind] != NULL);
    return sinks[kind];
}

int32_t weft_fragment_reader(const weft_fragment *f, int32_t input)
{
    for (int32_t i = 0; i < f->op_count; i++) {
        const weft_op_spec *op = &f->ops[i];
        if ((op->kind == WEFT_OP_PROBE && op->probe.input == input) ||
            (op->kind == WEFT_OP_LOOP && op->loop.input == input))
            return 1 + i;
    }
    return 0;
}
