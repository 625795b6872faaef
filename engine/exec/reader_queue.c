/* engine/exec/reader_queue.c - see reader_queue.h. A ring of readers that were opened ahead. */
#include "engine/exec/reader_queue.h"

#include "engine/exec/block_remote.h"

void weft_reader_queue_init(weft_reader_queue *q, const weft_input *input, int32_t partition_begin,
                            int32_t partition_end, bool by_block)
{
    *q = (weft_reader_queue){.input = input,
                             .partition_begin = partition_begin,
                             .partition_end = partition_end,
                             .by_block = by_block};
    for (int32_t b = 0; b < input->block_count && !q->remote; b++)
        q->remote = weft_block_is_remote(input->blocks[b]);
}

static weft_reader_place place_after(const weft_reader_queue *q, weft_reader_place place)
{
    if (q->by_block) {
        if (++place.partition < q->partition_end) return place;
        return (weft_reader_place){.block = place.block + 1, .partition = q->partition_begin};
    }
    if (++place.block < q->input->block_count) return place;
    return (weft_reader_place){.block = 0, .partition = place.partition + 1};
}

static bool place_is_one(const weft_reader_queue *q, weft_reader_place place)
{
    return place.block < q->input->block_count && place.partition < q->partition_end;
}

static int64_t place_bytes(const weft_reader_queue *q, weft_reader_place place)
{
    const int64_t all = weft_block_bytes(q->input->blocks[place.block], place.partition);
    return weft_min_i64(all, WEFT_ROW_PAGE_BYTES);
}

static weft_block_reader *queue_take(weft_reader_queue *q)
{
    weft_block_reader *reader = q->readers[q->first];
    q->bytes -= place_bytes(q, q->places[q->first]);
    q->first = (q->first + 1) % WEFT_READERS_AHEAD;
    q->count--;
    return reader;
}

/* Open readers ahead, half of what may be at once. What fails here fails again, and is told, when its turn
 * comes. */
static void queue_fill(weft_ctx *ctx, weft_reader_queue *q)
{
    if (q->count > WEFT_READERS_AHEAD / 2 || q->bytes > WEFT_READERS_AHEAD_BYTES / 2) return;
    while (q->count < WEFT_READERS_AHEAD && q->bytes < WEFT_READERS_AHEAD_BYTES && place_is_one(q, q->next)) {
        const weft_reader_place place = q->next;
        const weft_block *block = q->input->blocks[place.block];
        weft_block_reader *reader = NULL;
        q->next = place_after(q, place);
        if (!weft_block_is_remote(block) || place.partition >= weft_block_partitions(block) ||
            weft_block_rows(block, place.partition) == 0)
            continue;
        if (weft_block_reader_open(ctx, block, place.partition, -1, &reader) != WEFT_OK) {
            weft_error_clear(ctx);
            return;
        }
        weft_block_reader_count(reader, q->input->read);
        weft_block_reader_begin(ctx, reader);
        const int32_t at = (q->first + q->count++) % WEFT_READERS_AHEAD;
        q->places[at] = place;
        q->readers[at] = reader;
        q->bytes += place_bytes(q, place);
    }
}

weft_status weft_reader_queue_open(weft_ctx *ctx, weft_reader_queue *q, int32_t block, int32_t partition,
                                   weft_block_reader **out)
{
    const weft_reader_place here = {.block = block, .partition = partition};
    *out = NULL;
    while (q->count > 0 && *out == NULL) {
        const weft_reader_place place = q->places[q->first];
        const bool later = q->by_block
                               ? place.block > block || (place.block == block && place.partition > partition)
                               : place.partition > partition ||
                                     (place.partition == partition && place.block > block);
        if (later) break; /* this one is not read from elsewhere */
        weft_block_reader *reader = queue_take(q);
        if (place.block == block && place.partition == partition)
            *out = reader;
        else
            weft_block_reader_close(&reader);
    }
    if (*out == NULL) {
        const weft_status st = weft_block_reader_open(ctx, q->input->blocks[block], partition, -1, out);
        if (st != WEFT_OK) return st;
        weft_block_reader_count(*out, q->input->read);
        if (!q->remote) return WEFT_OK;
        weft_block_reader_begin(ctx, *out);
        if (q->count == 0) q->next = place_after(q, here);
    }
    queue_fill(ctx, q);
    return WEFT_OK;
}

void weft_reader_queue_close(weft_reader_queue *q)
{
    while (q->count > 0) {
        weft_block_reader *reader = queue_take(q);
        weft_block_reader_close(&reader);
    }
}
