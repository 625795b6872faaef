/* engine/columnar/builder.c - vectors: owned flat columns.
 *
 * Heap chunks begin with a pointer to the chunk before; the newest is the largest and outlives a reset. */
#include "engine/columnar/builder.h"

#include "common/mem.h"
#include "engine/columnar/nested_private.h"

enum { VECTOR_HEAP_LINK = 16, VECTOR_HEAP_FIRST = 16 * 1024, VECTOR_HEAP_MAX = 1 << 20 };

static size_t vector_value_bytes(const weft_vector *vector)
{
    return (size_t)weft_phys_bytes(weft_type_phys(vector->column.type));
}

static weft_status vector_init_children(weft_ctx *ctx, weft_type type, int32_t capacity, weft_vector *out)
{
    weft_status st = WEFT_OK;
    void *block = NULL;
    const int32_t count = type.id == WEFT_TYPE_STRUCT ? type.child_count : 1;
    WEFT_TRY(st, weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, (size_t)count * sizeof *out->children, &block));
    out->children = block;
    WEFT_TRY(st,
             weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, (size_t)count * sizeof *out->child_columns, &block));
    out->child_columns = block;
    out->column.child_count = count;
    out->column.children = out->child_columns;
    for (int32_t i = 0; i < count; i++) {
        WEFT_TRY(st, weft_vector_init(ctx, nested_child_type(type, i), capacity, &out->children[i]));
    }
done:
    return st;
}

weft_status weft_vector_init(weft_ctx *ctx, weft_type type, int32_t capacity, weft_vector *out)
{
    weft_status st = WEFT_OK;
    *out =
        (weft_vector){.column = {.type = type, .phys = (uint8_t)weft_type_phys(type), .encoding = WEFT_FLAT}};
    WEFT_TRY(st, weft_vector_reserve(ctx, out, capacity < 1 ? 1 : capacity));
    if (out->column.phys == WEFT_PHYS_LIST || out->column.phys == WEFT_PHYS_STRUCT) {
        WEFT_TRY(st, vector_init_children(ctx, type, out->capacity, out));
    }
    weft_vector_finish(out);
done:
    if (st != WEFT_OK) weft_vector_deinit(out);
    return st;
}

weft_status weft_vector_reserve(weft_ctx *ctx, weft_vector *vector, int32_t capacity)
{
    weft_status st = WEFT_OK;
    if (capacity <= vector->capacity) return WEFT_OK;
    const size_t bytes = vector_value_bytes(vector), slots = (size_t)capacity, old = (size_t)vector->capacity;
    const size_t words = (size_t)weft_bit_words(capacity),
                 old_words = (size_t)weft_bit_words(vector->capacity);
    const bool has_nulls = vector->column.validity != NULL;
    void *block = vector->values;
    if (bytes > 0) {
        WEFT_TRY(st, weft_mem_resize(ctx, WEFT_MEM_WORKING, slots * bytes, &block));
        memset((uint8_t *)block + old * bytes, 0, (slots - old) * bytes);
        vector->values = block;
        vector->column.data = block;
    }
    block = vector->validity;
    WEFT_TRY(st, weft_mem_resize(ctx, WEFT_MEM_WORKING, words * sizeof(uint64_t), &block));
    vector->validity = block;
    memset(vector->validity + old_words, 0xff, (words - old_words) * sizeof(uint64_t));
    if (has_nulls) vector->column.validity = vector->validity;
    if (vector->column.phys == WEFT_PHYS_STRUCT && vector->children != NULL) {
        for (int32_t i = 0; i < vector->column.child_count; i++) {
            WEFT_TRY(st, weft_vector_reserve(ctx, &vector->children[i], capacity));
        }
    }
    vector->capacity = capacity;
done:
    return st;
}

static void vector_free_old_heaps(weft_vector *vector)
{
    for (void *chunk = vector->old_heaps; chunk != NULL;) {
        void *before;
        memcpy(&before, chunk, sizeof before);
        weft_mem_free(chunk);
        chunk = before;
    }
    vector->old_heaps = NULL;
}

void weft_vector_reset(weft_vector *vector)
{
    vector_free_old_heaps(vector);
    vector->heap_used = VECTOR_HEAP_LINK;
    vector->used = 0;
    memset(vector->validity, 0xff, (size_t)weft_bit_words(vector->capacity) * sizeof *vector->validity);
    const weft_column was = vector->column;
    vector->column = (weft_column){.type = was.type,
                                   .phys = (uint8_t)weft_type_phys(was.type),
                                   .encoding = WEFT_FLAT,
                                   .data = vector->values,
                                   .child_count = vector->child_columns == NULL ? 0 : was.child_count,
                                   .children = vector->child_columns};
    for (int32_t i = 0; vector->children != NULL && i < was.child_count; i++)
        weft_vector_reset(&vector->children[i]);
    weft_vector_finish(vector);
}

/* A new chunk that holds len bytes; the current one is kept, linked, for the strings in it. */
static weft_status vector_grow_heap(weft_ctx *ctx, weft_vector *vector, size_t len)
{
    size_t bytes = vector->heap == NULL ? VECTOR_HEAP_FIRST : 2 * vector->heap_bytes;
    if (bytes > VECTOR_HEAP_MAX) bytes = VECTOR_HEAP_MAX;
    if (bytes < len + VECTOR_HEAP_LINK) bytes = len + VECTOR_HEAP_LINK;
    void *block = NULL;
    const weft_status st = weft_mem_alloc(ctx, WEFT_MEM_WORKING, bytes, &block);
    if (st != WEFT_OK) return st;
    if (vector->heap != NULL) {
        memcpy(vector->heap, &vector->old_heaps, sizeof vector->old_heaps);
        vector->old_heaps = vector->heap;
    }
    vector->heap = block;
    vector->heap_bytes = bytes;
    vector->heap_used = VECTOR_HEAP_LINK;
    return WEFT_OK;
}

weft_status weft_vector_heap(weft_ctx *ctx, weft_vector *vector, size_t len, char **out)
{
    *out = NULL;
    if (vector->heap == NULL || vector->heap_bytes - vector->heap_used < len) {
        const weft_status st = vector_grow_heap(ctx, vector, len);
        if (st != WEFT_OK) return st;
    }
    *out = (char *)vector->heap + vector->heap_used;
    vector->heap_used += len;
    return WEFT_OK;
}

weft_status weft_vector_set_string(weft_ctx *ctx, weft_vector *vector, int32_t i, const char *bytes,
                                   uint32_t len)
{
    weft_str *slots = vector->values;
    WEFT_DASSERT(i < vector->capacity && vector->column.phys == WEFT_PHYS_STR);
    if (len > WEFT_STR_INLINE) {
        char *copy = NULL;
        const weft_status st = weft_vector_heap(ctx, vector, len, &copy);
        if (st != WEFT_OK) return st;
        memcpy(copy, bytes, len);
        bytes = copy;
    }
    slots[i] = weft_str_view(bytes, len);
    return WEFT_OK;
}

void weft_vector_set_null(weft_vector *vector, int32_t i)
{
    WEFT_DASSERT(i < vector->capacity);
    /* The width of now: a decimal register may hold 64 bits a value for this batch. */
    const size_t bytes = (size_t)weft_phys_bytes((weft_phys)vector->column.phys);
    if (bytes > 0) memset((uint8_t *)vector->values + (size_t)i * bytes, 0, bytes);
    weft_bit_clear(vector->validity, i);
    vector->column.validity = vector->validity;
    if (vector->column.phys != WEFT_PHYS_STRUCT) return;
    for (int32_t k = 0; k < vector->column.child_count; k++) weft_vector_set_null(&vector->children[k], i);
}

static weft_status vector_set_list(weft_ctx *ctx, weft_vector *vector, int32_t i, const weft_column *from,
                                   int32_t row)
{
    weft_status st = WEFT_OK;
    const weft_list list = *(const weft_list *)weft_column_value(from, row);
    int32_t first = 0;
    WEFT_TRY(st, weft_vector_add_list(ctx, vector, i, list.length, &first));
    for (int32_t k = 0; k < list.length; k++) {
        WEFT_TRY(st,
                 weft_vector_set(ctx, &vector->children[0], first + k, &from->children[0], list.offset + k));
    }
done:
    return st;
}

weft_status weft_vector_set(weft_ctx *ctx, weft_vector *vector, int32_t i, const weft_column *from,
                            int32_t row)
{
    weft_status st = WEFT_OK;
    const weft_phys phys = (weft_phys)vector->column.phys;
    WEFT_DASSERT(i < vector->capacity);
    if (weft_column_is_null(from, row)) {
        weft_vector_set_null(vector, i);
        return WEFT_OK;
    }
    weft_bit_set(vector->validity, i);
    if (phys == WEFT_PHYS_LIST) return vector_set_list(ctx, vector, i, from, row);
    if (phys == WEFT_PHYS_STRUCT) {
        const int32_t slot = weft_column_slot(from, row);
        for (int32_t k = 0; k < vector->column.child_count; k++) {
            WEFT_TRY(st, weft_vector_set(ctx, &vector->children[k], i, &from->children[k], slot));
        }
        return WEFT_OK;
    }
    const size_t bytes = (size_t)weft_phys_bytes(phys);
    const void *value = weft_column_value(from, row);
    uint8_t *to = (uint8_t *)vector->values + (size_t)i * bytes;
    if (from->phys == phys) {
        if (bytes > 0) memcpy(to, value, bytes);
    } else {
        const weft_i128 wide = nested_read_decimal((weft_phys)from->phys, value);
        memcpy(to, &wide, bytes); /* the low bytes come first */
    }
done:
    return st;
}

weft_status weft_vector_add_list(weft_ctx *ctx, weft_vector *vector, int32_t i, int32_t length,
                                 int32_t *first)
{
    weft_vector *child = &vector->children[0];
    if (length > INT32_MAX - child->used) {
        return weft_fail(ctx, WEFT_LIMIT, "more than 2147483647 elements in the arrays of one batch");
    }
    const int32_t end = child->used + length;
    if (end > child->capacity) {
        const int32_t twice = child->capacity > INT32_MAX / 2 ? INT32_MAX : 2 * child->capacity;
        const weft_status st = weft_vector_reserve(ctx, child, weft_max_i32(end, twice));
        if (st != WEFT_OK) return st;
    }
    *first = child->used;
    child->used = end;
    ((weft_list *)vector->values)[i] = (weft_list){.offset = *first, .length = length};
    return WEFT_OK;
}

void weft_vector_finish(weft_vector *vector)
{
    if (vector->children == NULL) return;
    for (int32_t i = 0; i < vector->column.child_count; i++) {
        weft_vector_finish(&vector->children[i]);
        vector->child_columns[i] = vector->children[i].column;
    }
    if (vector->column.phys == WEFT_PHYS_LIST) vector->column.child_rows = vector->children[0].used;
}

void weft_vector_deinit(weft_vector *vector)
{
    for (int32_t i = 0; vector->children != NULL && i < vector->column.child_count; i++) {
        weft_vector_deinit(&vector->children[i]);
    }
    vector_free_old_heaps(vector);
    weft_mem_free(vector->heap);
    weft_mem_free(vector->values);
    weft_mem_free(vector->validity);
    weft_mem_free(vector->children);
    weft_mem_free(vector->child_columns);
    *vector = (weft_vector){0};
}
