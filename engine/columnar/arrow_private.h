/* engine/columnar/arrow_private.h - the memory of an export; for arrow*.c only.
 *
 * Everything of one export (structs, names, buffers) lies in one arena. Every struct counts on it, and the
 * release that comes last frees it, so that a child that was moved out may outlive its parent. */
#ifndef WEFT_COLUMNAR_ARROW_PRIVATE_H
#define WEFT_COLUMNAR_ARROW_PRIVATE_H

#include <stdatomic.h>

#include "engine/columnar/arrow.h"

typedef struct arrow_keep {
    weft_arena *arena;
    atomic_int count; /* structs that are not released; the export itself holds one while it is made */
} arrow_keep;

/* Errors: WEFT_NOMEM. */
WEFT_MUST_CHECK weft_status weft_arrow_keep_new(weft_ctx *ctx, arrow_keep **out);
static inline void arrow_keep_take(arrow_keep *keep) { atomic_fetch_add(&keep->count, 1); }
void weft_arrow_keep_drop(arrow_keep *keep);

/* A buffer of bytes that begins on a cache line, as the format recommends. */
WEFT_MUST_CHECK weft_status weft_arrow_buffer(weft_ctx *ctx, arrow_keep *keep, size_t bytes, void **out);

/* A MAP's one child is the struct "entries" of its key and value. */
static inline weft_field arrow_child_field(weft_type type, int32_t i)
{
    if (type.id != WEFT_TYPE_MAP) return type.children[i];
    const weft_type entries = {
        .id = WEFT_TYPE_STRUCT, .child_count = type.child_count, .children = type.children};
    return (weft_field){.name = "entries", .type = entries, .nullable = false};
}
static inline int32_t arrow_child_count(weft_type type)
{
    return type.id == WEFT_TYPE_MAP ? 1 : type.child_count;
}

#endif
