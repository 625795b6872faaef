/* engine/exec/block_layout.c - a row layout in one heap block, so that it lives as long as the block of rows
 * and not as long as the arena of the task or plan that its types came from. */
#include "engine/exec/block_private.h"

/* Where the pieces of the one heap block go: measured with base NULL, then written. */
typedef struct layout_cursor {
    uint8_t *base;
    size_t at;
} layout_cursor;

static void *cursor_take(layout_cursor *cursor, size_t bytes)
{
    void *place = cursor->base == NULL ? NULL : cursor->base + cursor->at;
    cursor->at += weft_round_up(bytes, 16);
    return place;
}

static weft_type type_clone(layout_cursor *cursor, weft_type type)
{
    if (type.child_count == 0) return type;
    weft_field *fields = cursor_take(cursor, (size_t)type.child_count * sizeof(*fields));
    for (int32_t i = 0; i < type.child_count; i++) {
        const weft_field *from = &type.children[i];
        const size_t len = from->name == NULL ? 0 : strlen(from->name) + 1;
        char *name = cursor_take(cursor, len);
        const weft_type child = type_clone(cursor, from->type);
        if (fields == NULL) continue;
        if (len > 0) memcpy(name, from->name, len);
        fields[i] = (weft_field){.name = len > 0 ? name : NULL, .type = child, .nullable = from->nullable};
    }
    type.children = fields;
    return type;
}

static void layout_clone(layout_cursor *cursor, const weft_row_layout *from, weft_row_layout *out)
{
    const size_t count = (size_t)from->count;
    *out = *from;
    out->types = cursor_take(cursor, count * sizeof(*out->types));
    out->offsets = cursor_take(cursor, count * sizeof(*out->offsets));
    out->phys = cursor_take(cursor, count * sizeof(*out->phys));
    for (int32_t i = 0; i < from->count; i++) {
        const weft_type type = type_clone(cursor, from->types[i]);
        if (cursor->base == NULL) continue;
        out->types[i] = type;
        out->offsets[i] = from->offsets[i];
        out->phys[i] = from->phys[i];
    }
}

weft_status weft_block_layout_new(weft_ctx *ctx, const weft_type *types, int32_t count, weft_row_layout *out,
                                  void **memory)
{
    weft_status st = WEFT_OK;
    weft_row_layout layout;
    layout_cursor cursor = {0};
    *memory = NULL;
    *out = (weft_row_layout){0};
    WEFT_TRY(st, weft_row_layout_init(ctx, types, count, &layout));
    layout_clone(&cursor, &layout, out);
    *out = (weft_row_layout){0};
    WEFT_TRY(st, weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, cursor.at + 16, memory));
    cursor = (layout_cursor){.base = *memory};
    layout_clone(&cursor, &layout, out);
done:
    return st;
}
