/* engine/exec/sorter.c - see sorter.h. */
#include "engine/exec/sorter.h"

#include "engine/exec/defs.h"

enum {
    SORTER_YIELD_PART = 32,  /* of the pool's limit: it may keep that much while others want memory */
    SORTER_FLOOR = 768 << 10 /* that it can always retain: entries and pages of a short run */
};

struct weft_sorter {
    weft_sink_spec sink;
    weft_source_spec source;
    weft_task_spec task_spec;
    weft_task task;
    weft_input input;
    weft_block *block;
    weft_account *account; /* of what is sorted: the operator's own memory may be full */
    int32_t group_keys;
    void *sink_state, *source_state;
    int64_t spilled_bytes;
};

weft_status weft_sorter_open(weft_ctx *ctx, const weft_types *types, const weft_sort_key *keys,
                             int32_t key_count, int32_t group_keys, const weft_task *task, weft_sorter **out)
{
    weft_status st = WEFT_OK;
    weft_sorter *s = NULL;
    *out = NULL;
    WEFT_TRY(st, weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, sizeof(*s), (void **)&s));
    s->sink = (weft_sink_spec){.kind = WEFT_SINK_SORT, .rows = *types, .partition_count = 1};
    s->sink.sort.keys = keys;
    s->sink.sort.key_count = key_count;
    s->sink.sort.limit = -1;
    s->source = (weft_source_spec){.kind = WEFT_SOURCE_MERGE, .output = *types};
    s->source.merge.keys = keys;
    s->source.merge.key_count = key_count;
    s->source.merge.limit = -1;
    s->group_keys = group_keys;
    s->task_spec.partition_end = 1;
    s->task = (weft_task){.spec = &s->task_spec,
                          .name = task->name,
                          .input_count = 1,
                          .inputs = &s->input,
                          .owner = ctx->memory};
    s->account = weft_account_open(weft_account_pool(ctx->memory), "sorting");
    if (s->account == NULL) {
        st = weft_fail(ctx, WEFT_NOMEM, "no memory for the account of a sort");
        goto done;
    }
    weft_account_set_floor(s->account, SORTER_FLOOR);
    WEFT_TRY(st, weft_sink_sort.open(ctx, &s->sink, types, &s->task, &s->sink_state));
    *out = s;
    s = NULL;
done:
    weft_sorter_close(&s);
    return st;
}

weft_status weft_sorter_add(weft_ctx *ctx, weft_sorter *s, const weft_batch *batch)
{
    weft_op_result result;
    weft_account *own = ctx->memory;
    assert(s->source_state == NULL);
    ctx->memory = s->account;
    const weft_status st = weft_sink_sort.sink(ctx, s->sink_state, batch, &result);
    ctx->memory = own;
    return st;
}

weft_status weft_sorter_yield(weft_ctx *ctx, weft_sorter *s)
{
    const int64_t limit = weft_pool_limit_bytes(weft_account_pool(ctx->memory));
    if (weft_sort_sink_bytes(s->sink_state) <= limit / SORTER_YIELD_PART) return WEFT_OK;
    weft_account *own = ctx->memory;
    ctx->memory = s->account;
    const weft_status st = weft_sort_sink_relieve(ctx, s->sink_state);
    ctx->memory = own;
    return st;
}

static weft_status sorter_turn(weft_ctx *ctx, weft_sorter *s)
{
    weft_status st = WEFT_OK;
    weft_account *own = ctx->memory;
    ctx->memory = s->account;
    st = weft_sink_sort.finalize(ctx, s->sink_state, &s->block);
    ctx->memory = own;
    WEFT_TRY(st, st);
    weft_sink_sort.close(s->sink_state);
    s->sink_state = NULL;
    s->spilled_bytes = weft_block_spilled_bytes(s->block);
    s->input = (weft_input){.stage_id = -1, .block_count = 1, .blocks = &s->block};
    WEFT_TRY(st, weft_source_merge.open(ctx, &s->source, NULL, &s->task, &s->source_state));
    weft_merge_source_group(s->source_state, s->group_keys);
done:
    return st;
}

weft_status weft_sorter_next(weft_ctx *ctx, weft_sorter *s, weft_batch *out, bool *more)
{
    weft_status st = WEFT_OK;
    weft_op_result result;
    *more = false;
    if (s->source_state == NULL) WEFT_TRY(st, sorter_turn(ctx, s));
    WEFT_TRY(st, weft_source_merge.next(ctx, s->source_state, out, &result));
    *more = result == WEFT_HAVE_MORE;
done:
    return st;
}

int64_t weft_sorter_spilled_bytes(const weft_sorter *s) { return s->spilled_bytes; }

void weft_sorter_close(weft_sorter **sorter)
{
    weft_sorter *s = *sorter;
    *sorter = NULL;
    if (s == NULL) return;
    if (s->source_state != NULL) weft_source_merge.close(s->source_state);
    if (s->sink_state != NULL) weft_sink_sort.close(s->sink_state);
    weft_block_release(&s->block);
    weft_account_close(&s->account);
    weft_mem_free(s);
}
