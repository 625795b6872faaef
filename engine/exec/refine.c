/* engine/exec/refine.c - see refine.h.
 *
 * A row of numbers stores the hash of its row without the bits that the first parting skipped; so it goes by
 * the high bits like everything in a block, and further partings skip that many bits less. */
#include "engine/exec/refine.h"

#include "engine/exec/block_private.h"

/* Freeze the block, all of it in scratch: the memory is for what the parts are needed for. */
static weft_status refine_finish(weft_ctx *ctx, weft_block_writer **writer, const weft_block_name *name,
                                 weft_block **out)
{
    weft_status st = WEFT_OK;
    int64_t freed = 0;
    WEFT_TRY(st, weft_block_finish(ctx, writer, ctx->memory, name, out));
    WEFT_TRY(st, weft_block_spill(ctx, *out, &freed));
done:
    return st;
}

static weft_status refine_copy(weft_ctx *ctx, weft_refine *r, const weft_input *input, int32_t partition,
                               int32_t skip_bits, const weft_block_name *name, weft_block **out)
{
    weft_status st = WEFT_OK;
    weft_block_writer *writer = NULL;
    const weft_row_layout *layout = weft_block_layout(input->blocks[0]);
    const weft_types types = {.count = layout->count, .types = layout->types};
    WEFT_TRY(st, weft_block_writer_open(ctx, &types, WEFT_REFINE_PARTS, &writer));
    weft_row_cursor_init(&r->cursor, input, 1, partition, partition + 1);
    for (;;) {
        int32_t count;
        WEFT_TRY(st, weft_row_cursor_next(ctx, &r->cursor, r->rows, WEFT_BATCH_ROWS_MAX, &count));
        if (count == 0) break;
        WEFT_TRY(st, weft_block_scatter_rows(ctx, writer, skip_bits, r->rows, count));
        WEFT_TRY(st, weft_check_cancel(ctx));
    }
    WEFT_TRY(st, refine_finish(ctx, &writer, name, out));
done:
    weft_row_cursor_close(&r->cursor);
    weft_block_writer_abandon(&writer);
    return st;
}

weft_status weft_refine_rows(weft_ctx *ctx, weft_refine *r, const weft_input *input, int32_t partition,
                             int32_t skip_bits, const weft_block_name *name, weft_block **out)
{
    return refine_copy(ctx, r, input, partition, skip_bits, name, out);
}

weft_status weft_refine_numbers(weft_ctx *ctx, weft_refine *r, const weft_input *numbers, int32_t partition,
                                int32_t skip_bits, int32_t first_skip_bits, const weft_block_name *name,
                                weft_block **out)
{
    return refine_copy(ctx, r, numbers, partition, skip_bits - first_skip_bits, name, out);
}

weft_status weft_refine_number(weft_ctx *ctx, weft_refine *r, const weft_input *input, int32_t partition,
                               int32_t skip_bits, int64_t first_number, const weft_block_name *name,
                               weft_block **out)
{
    weft_status st = WEFT_OK;
    weft_block_writer *writer = NULL;
    const weft_type type = WEFT_TYPE_OF(WEFT_TYPE_BIGINT);
    const weft_types types = {.count = 1, .types = &type};
    const int32_t columns[1] = {0};
    weft_column column = {.type = type, .phys = WEFT_PHYS_I64, .encoding = WEFT_FLAT, .data = r->numbers};
    WEFT_TRY(st, weft_block_writer_open(ctx, &types, WEFT_REFINE_PARTS, &writer));
    weft_row_cursor_init(&r->cursor, input, 1, partition, partition + 1);
    for (;;) {
        int32_t count;
        WEFT_TRY(st, weft_row_cursor_next(ctx, &r->cursor, r->rows, WEFT_BATCH_ROWS_MAX, &count));
        if (count == 0) break;
        for (int32_t i = 0; i < count; i++) {
            r->numbers[i] = first_number++;
            r->hashes[i] = weft_row_hash(r->rows[i]) << skip_bits;
        }
        const weft_batch batch = {.rows = count, .selected = count, .column_count = 1, .columns = &column};
        WEFT_TRY(st, weft_block_append(ctx, writer, &batch, columns, r->hashes));
        WEFT_TRY(st, weft_check_cancel(ctx));
    }
    WEFT_TRY(st, refine_finish(ctx, &writer, name, out));
done:
    weft_row_cursor_close(&r->cursor);
    weft_block_writer_abandon(&writer);
    return st;
}

void weft_refine_close(weft_refine *r) { weft_row_cursor_close(&r->cursor); }
