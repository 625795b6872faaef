/* tests/fuzz/fuzz_stage_wire.c - stages from bytes that nobody vouches for.
 *
 * What decodes must encode to bytes that decode to the same again, have a text, and be fit to run: its first
 * task runs over blocks of a few rows of NULLs and zeros. Scans are not opened and nothing is written: their
 * files are whatever the bytes say. */
#include <stdlib.h>
#include <string.h>

#include "common/settings.h"
#include "engine/columnar/builder.h"
#include "engine/exec/op.h"

enum { ROWS = 3, PARTITIONS_MOST = 64 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A block as the input's stage would leave it. */
static weft_status make_block(weft_ctx *ctx, const weft_stage_input *input, int32_t task, weft_block **out)
{
    weft_status st = WEFT_OK;
    weft_block_writer *writer = NULL;
    weft_vector *vectors = NULL;
    weft_column *columns = NULL;
    int32_t *all = NULL;
    int32_t opened = 0;
    uint64_t hashes[ROWS] = {0};
    const weft_block_name name = {.job = 1, .stage = input->stage_id, .partition = task};
    const int32_t width = input->rows.count;

    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, width, &vectors));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, width, &columns));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, width, &all));
    for (; opened < width; opened++) {
        WEFT_TRY(st, weft_vector_init(ctx, input->rows.types[opened], ROWS, &vectors[opened]));
        weft_vector_set_null(&vectors[opened], 1);
        columns[opened] = vectors[opened].column;
        all[opened] = opened;
    }
    const weft_batch batch = {.rows = ROWS, .selected = ROWS, .column_count = width, .columns = columns};
    WEFT_TRY(st, weft_block_writer_open(ctx, &input->rows, input->partition_count, &writer));
    WEFT_TRY(st, weft_block_append(ctx, writer, &batch, all, hashes));
    WEFT_TRY(st, weft_block_end_run(ctx, writer, 0));
    st = weft_block_finish(ctx, &writer, ctx->memory, &name, out);
done:
    weft_block_writer_abandon(&writer);
    for (int32_t i = 0; i < opened; i++) weft_vector_deinit(&vectors[i]);
    return st;
}

static weft_status run_task(weft_ctx *ctx, const weft_stage *stage, weft_stage_shared *shared,
                            const weft_input *inputs)
{
    weft_status st = WEFT_OK;
    weft_lane *lane = NULL;
    weft_op_metrics *metrics = NULL;
    weft_block *block = NULL;
    const weft_task task = {.stage = stage,
                            .spec = &stage->tasks[0],
                            .name = {.job = 1, .stage = stage->id},
                            .input_count = stage->input_count,
                            .inputs = inputs,
                            .owner = ctx->memory};
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, stage->fragment.op_count + 2, &metrics));
    WEFT_TRY(st, weft_lane_open(ctx, shared, &task, metrics, &lane));
    WEFT_TRY(st, weft_lane_run(ctx, lane));
    WEFT_TRY(st, weft_lane_finish(ctx, lane, &block));
done:
    weft_lane_close(&lane);
    weft_block_release(&block);
    return st;
}

static weft_status run(weft_ctx *ctx, const weft_stage *stage)
{
    weft_status st = WEFT_OK;
    weft_input *inputs = NULL;
    weft_block **blocks = NULL;
    weft_stage_shared *shared = NULL;
    int32_t units = 0, made = 0;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, stage->input_count, &inputs));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, 2 * stage->input_count, &blocks));
    for (; made < 2 * stage->input_count; made++)
        WEFT_TRY(st, make_block(ctx, &stage->inputs[made / 2], made % 2, &blocks[made]));
    for (int32_t i = 0; i < stage->input_count; i++)
        inputs[i] =
            (weft_input){.stage_id = stage->inputs[i].stage_id, .block_count = 2, .blocks = blocks + 2 * i};
    WEFT_TRY(st, weft_stage_open(ctx, stage, inputs, &shared, &units));
    for (int32_t i = 0; i < units; i++) WEFT_TRY(st, weft_stage_unit(ctx, shared, i));
    WEFT_TRY(st, run_task(ctx, stage, shared, inputs));
done:
    weft_stage_close(&shared);
    for (int32_t i = 0; i < made; i++) weft_block_release(&blocks[i]);
    return st;
}

static bool may_run(const weft_stage *stage)
{
    if (stage->fragment.source.kind == WEFT_SOURCE_SCAN || stage->fragment.sink.kind == WEFT_SINK_WRITE)
        return false;
    if (stage->fragment.sink.partition_count > PARTITIONS_MOST || stage->input_count > 8) return false;
    for (int32_t i = 0; i < stage->input_count; i++)
        if (stage->inputs[i].partition_count > PARTITIONS_MOST) return false;
    return true;
}

static void check(weft_ctx *ctx, const uint8_t *data, size_t size)
{
    weft_stage *stage = NULL, *again = NULL;
    uint8_t *bytes = NULL, *same = NULL;
    size_t len = 0, same_len = 0;
    char *text = NULL;
    if (weft_stage_decode(ctx, data, size, &stage) != WEFT_OK) return;
    if (weft_stage_encode(ctx, stage, &bytes, &len) != WEFT_OK) abort();
    if (weft_stage_decode(ctx, bytes, len, &again) != WEFT_OK) abort();
    if (weft_stage_encode(ctx, again, &same, &same_len) != WEFT_OK) abort();
    if (len != same_len || memcmp(bytes, same, len) != 0) abort();
    if (weft_stage_text(ctx, stage, &text) != WEFT_OK) abort();
    if (may_run(stage) && run(ctx, stage) != WEFT_OK) weft_error_clear(ctx); /* as it may: errors of data */
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    weft_settings settings;
    weft_settings_init(&settings);
    settings.number[WEFT_SET_SCRIPTS] = 0; /* no commands that bytes made up */
    weft_pool *pool = weft_pool_new(INT64_C(512) << 20);
    weft_account *account = weft_account_open(pool, "fuzz");
    weft_arena *arena = weft_arena_new(account);
    weft_ctx ctx;
    weft_ctx_init(&ctx, arena, account, &settings);
    ctx.deadline_ns = weft_now_ns(&ctx) + INT64_C(2000000000);
    check(&ctx, data, size);
    weft_arena_free(&arena);
    weft_account_close(&account);
    weft_pool_free(&pool);
    return 0;
}
