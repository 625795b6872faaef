/* engine/expr/agg_blob.c - see agg_blob.h. */
#include "engine/expr/agg_blob.h"

#include "common/mem.h"

enum { BLOB_COUNT = 4, BLOB_HEAD = 8, BLOB_FIRST = 60, BLOB_BYTES_MAX = 1 << 30 };

/* The string of a state, which is never an inline one. */
static char *blob_bytes(const uint8_t *row, int32_t offset, uint32_t *room)
{
    const weft_str *s = (const weft_str *)(const void *)(row + offset); /* states lie aligned */
    *room = s->len < BLOB_HEAD ? 0 : s->len - BLOB_HEAD;
    return (char *)(uintptr_t)weft_str_data(s); /* the set that owns the row owns its heap */
}

const char *weft_agg_blob_view(const weft_row_layout *layout, int32_t column, const uint8_t *row, size_t *len)
{
    uint32_t room, used;
    *len = 0;
    if (weft_row_is_null(row, column)) return NULL;
    const char *bytes = blob_bytes(row, layout->offsets[column], &room);
    if (room == 0) return NULL;
    memcpy(&used, bytes + BLOB_COUNT, sizeof used);
    *len = used < room ? used : room;
    return bytes + BLOB_HEAD;
}

weft_status weft_agg_blob_append(weft_ctx *ctx, const weft_agg_place *place, uint8_t *row, int32_t state,
                                 const void *bytes, size_t len)
{
    weft_status st = WEFT_OK;
    const weft_agg_slot slot = weft_agg_state(place, state);
    char *grown = NULL;
    uint32_t room = 0;
    size_t used;
    const char *old = weft_agg_blob_view(place->layout, place->first_column + state, row, &used);
    if (old != NULL) (void)blob_bytes(row, slot.offset, &room);
    if (used + len > BLOB_BYTES_MAX) {
        return weft_fail_at(ctx, WEFT_LIMIT, &place->call->span, "%s keeps more than %d bytes for one group",
                            place->call->aggregate.function->name, BLOB_BYTES_MAX);
    }
    if (old == NULL || used + len > room) {
        const size_t larger = (used + len) * 2 < BLOB_FIRST ? BLOB_FIRST : (used + len) * 2;
        WEFT_TRY(st, weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, BLOB_HEAD + larger, (void **)&grown));
        if (used > 0) memcpy(grown + BLOB_HEAD, old, used);
        const weft_str value = weft_str_view(grown, (uint32_t)(BLOB_HEAD + larger));
        WEFT_TRY(st, weft_agg_set_string(ctx, place, row, slot, &value));
    }
    char *to = blob_bytes(row, slot.offset, &room);
    memcpy(to + BLOB_HEAD + used, bytes, len);
    const uint32_t now = (uint32_t)(used + len);
    memcpy(to + BLOB_COUNT, &now, sizeof now);
done:
    weft_mem_free(grown);
    return st;
}
