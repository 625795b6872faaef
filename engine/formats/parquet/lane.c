/* engine/formats/parquet/lane.c - the buffers of a scan's lane. */
#include "engine/formats/parquet/page_cache.h"

void weft_pq_lane_init(weft_pq_lane *lane)
{
    *lane = (weft_pq_lane){.kernels = weft_pq_kernels_find()};
    lane->codecs.kernels = lane->kernels;
}

weft_status weft_pq_buffer_reserve(weft_ctx *ctx, weft_pq_buffer *buffer, size_t bytes)
{
    weft_status st = WEFT_OK;
    if (bytes + WEFT_PQ_SLACK > buffer->bytes) {
        const size_t room = weft_round_up(bytes + bytes / 4 + WEFT_PQ_SLACK, 4096);
        weft_pq_buffer_free(buffer);
        WEFT_TRY(st, weft_mem_alloc(ctx, WEFT_MEM_WORKING, room, &buffer->data));
        buffer->bytes = room;
    }
done:
    return st;
}

weft_status weft_pq_buffer_grow(weft_ctx *ctx, weft_pq_buffer *buffer, size_t bytes)
{
    weft_status st = WEFT_OK;
    if (bytes + WEFT_PQ_SLACK > buffer->bytes) {
        const size_t room = weft_round_up(bytes * 2 + WEFT_PQ_SLACK, 4096);
        WEFT_TRY(st, weft_mem_resize(ctx, WEFT_MEM_WORKING, room, &buffer->data));
        buffer->bytes = room;
    }
done:
    return st;
}

void weft_pq_buffer_free(weft_pq_buffer *buffer)
{
    weft_mem_free(buffer->data);
    *buffer = (weft_pq_buffer){0};
}

weft_status weft_pq_lane_put_aside(weft_ctx *ctx, weft_pq_lane *lane, weft_pq_buffer *buffer)
{
    weft_status st = WEFT_OK;
    if (buffer->data == NULL) return WEFT_OK;
    if (lane->aside_count == lane->aside_room) {
        const int32_t room = lane->aside_room * 2 + 16;
        void *grown = lane->aside;
        WEFT_TRY(st, weft_mem_resize(ctx, WEFT_MEM_WORKING, (size_t)room * sizeof *lane->aside, &grown));
        lane->aside = grown;
        lane->aside_room = room;
    }
    lane->aside[lane->aside_count++] = *buffer;
    lane->aside_bytes += (int64_t)buffer->bytes;
    *buffer = lane->spare;
    lane->spare = (weft_pq_buffer){0};
done:
    return st;
}

weft_status weft_pq_lane_put_page_aside(weft_ctx *ctx, weft_pq_lane *lane, const weft_pq_cached **page)
{
    weft_status st = WEFT_OK;
    if (lane->aside_page_count == lane->aside_page_room) {
        const int32_t room = lane->aside_page_room * 2 + 16;
        void *grown = lane->aside_pages;
        WEFT_TRY(st,
                 weft_mem_resize(ctx, WEFT_MEM_WORKING, (size_t)room * sizeof *lane->aside_pages, &grown));
        lane->aside_pages = grown;
        lane->aside_page_room = room;
    }
    lane->aside_bytes += (*page)->header.plain_bytes;
    lane->aside_pages[lane->aside_page_count++] = *page;
    *page = NULL;
done:
    return st;
}

void weft_pq_lane_release(weft_pq_lane *lane)
{
    for (int32_t i = 0; i < lane->aside_page_count; i++) weft_pq_page_cache_release(&lane->aside_pages[i]);
    lane->aside_page_count = 0;
    for (int32_t i = 0; i < lane->aside_count; i++) {
        if (lane->aside[i].bytes > lane->spare.bytes) {
            weft_pq_buffer_free(&lane->spare);
            lane->spare = lane->aside[i];
        } else {
            weft_pq_buffer_free(&lane->aside[i]);
        }
    }
    lane->aside_count = 0;
    lane->aside_bytes = 0;
}

void weft_pq_lane_deinit(weft_pq_lane *lane)
{
    weft_pq_lane_release(lane);
    weft_pq_buffer_free(&lane->spare);
    weft_pq_buffer_free(&lane->raw);
    weft_mem_free(lane->aside);
    weft_mem_free(lane->aside_pages);
    weft_pq_codecs_deinit(&lane->codecs);
}
