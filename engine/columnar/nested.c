/* engine/columnar/nested.c - packing, unpacking and checking nested values. Comparing is in nested_compare.c.
 *
 * Everything walks value and type together, recursively: a type is at most 100 deep. Runs of fixed-size
 * elements without nulls, which is what arrays of numbers are, move as one block. */
#include "engine/columnar/nested.h"

#include "engine/columnar/nested_private.h"
#include "engine/columnar/variant.h"

/* ---- pack ---- */

/* Elements [from, from + count) as one run of fixed-size values: flat, as wide as the type says, none null.
 */
static bool nested_is_run(const weft_column *column, int32_t from, int32_t count)
{
    if (column->encoding != WEFT_FLAT || !nested_is_fixed(column->type)) return false;
    if (column->phys != weft_type_phys(column->type)) return false;
    for (int32_t i = from; column->validity != NULL && i < from + count; i++) {
        if (!weft_bit_get(column->validity, i)) return false;
    }
    return true;
}

static uint64_t nested_list_bytes(const weft_column *column, int32_t row)
{
    const weft_list *list = weft_column_value(column, row);
    const weft_column *child = &column->children[0];
    uint64_t bytes = 4 + nested_null_bytes(list->length);
    if (nested_is_run(child, list->offset, list->length)) {
        return bytes + (uint64_t)list->length * (uint64_t)nested_fixed_bytes(child->type);
    }
    for (int32_t i = list->offset; i < list->offset + list->length; i++) {
        if (!weft_column_is_null(child, i)) bytes += weft_nested_bytes(child, i);
    }
    return bytes;
}

uint64_t weft_nested_bytes(const weft_column *column, int32_t row)
{
    if (column->phys == WEFT_PHYS_LIST) return nested_list_bytes(column, row);
    if (column->phys == WEFT_PHYS_STR)
        return 4 + (uint64_t)((const weft_str *)weft_column_value(column, row))->len;
    if (column->phys != WEFT_PHYS_STRUCT) return (uint64_t)nested_fixed_bytes(column->type);
    const int32_t slot = weft_column_slot(column, row);
    uint64_t bytes = nested_null_bytes(column->child_count);
    for (int32_t i = 0; i < column->child_count; i++) {
        if (!weft_column_is_null(&column->children[i], slot))
            bytes += weft_nested_bytes(&column->children[i], slot);
    }
    return bytes;
}

/* A decimal may be narrower in its column than its type is. */
static uint8_t *nested_pack_fixed(const weft_column *column, int32_t row, uint8_t *out)
{
    const int32_t bytes = nested_fixed_bytes(column->type);
    const void *value = weft_column_value(column, row);
    if (column->phys == weft_type_phys(column->type)) {
        if (bytes > 0) memcpy(out, value, (size_t)bytes);
    } else {
        const weft_i128 wide = nested_read_decimal((weft_phys)column->phys, value);
        memcpy(out, &wide, (size_t)bytes);
    }
    return out + bytes;
}

static uint8_t *nested_pack_list(const weft_column *column, int32_t row, uint8_t *out)
{
    const weft_list list = *(const weft_list *)weft_column_value(column, row);
    const weft_column *child = &column->children[0];
    memcpy(out, &list.length, 4);
    uint8_t *nulls = out + 4;
    memset(nulls, 0, nested_null_bytes(list.length));
    out = nulls + nested_null_bytes(list.length);
    if (nested_is_run(child, list.offset, list.length)) {
        const size_t bytes = (size_t)nested_fixed_bytes(child->type);
        const size_t all = (size_t)list.length * bytes;
        if (all > 0) memcpy(out, (const uint8_t *)child->data + (size_t)list.offset * bytes, all);
        return out + all;
    }
    for (int32_t i = 0; i < list.length; i++) {
        if (weft_column_is_null(child, list.offset + i))
            nested_set_null(nulls, i);
        else
            out = weft_nested_pack(child, list.offset + i, out);
    }
    return out;
}

uint8_t *weft_nested_pack(const weft_column *column, int32_t row, uint8_t *out)
{
    if (column->phys == WEFT_PHYS_LIST) return nested_pack_list(column, row, out);
    if (column->phys == WEFT_PHYS_STR) {
        const weft_str *s = weft_column_value(column, row);
        memcpy(out, &s->len, 4);
        if (s->len > 0) memcpy(out + 4, weft_str_data(s), s->len);
        return out + 4 + s->len;
    }
    if (column->phys != WEFT_PHYS_STRUCT) return nested_pack_fixed(column, row, out);
    const int32_t slot = weft_column_slot(column, row);
    uint8_t *nulls = out;
    memset(nulls, 0, nested_null_bytes(column->child_count));
    out += nested_null_bytes(column->child_count);
    for (int32_t i = 0; i < column->child_count; i++) {
        if (weft_column_is_null(&column->children[i], slot))
            nested_set_null(nulls, i);
        else
            out = weft_nested_pack(&column->children[i], slot, out);
    }
    return out;
}

/* ---- unpack ---- */

static weft_status nested_unpack_slot(weft_ctx *ctx, const uint8_t **at, weft_vector *out, int32_t slot);

static bool nested_no_nulls(const uint8_t *nulls, size_t bytes)
{
    uint8_t any = 0;
    for (size_t i = 0; i < bytes; i++) any |= nulls[i];
    return any == 0;
}

static weft_status nested_unpack_list(weft_ctx *ctx, const uint8_t **at, weft_vector *out, int32_t slot)
{
    weft_status st = WEFT_OK;
    int32_t length, first = 0;
    memcpy(&length, *at, 4);
    const uint8_t *nulls = *at + 4;
    *at = nulls + nested_null_bytes(length);
    WEFT_TRY(st, weft_vector_add_list(ctx, out, slot, length, &first));
    weft_vector *child = &out->children[0];
    if (nested_is_fixed(child->column.type) && nested_no_nulls(nulls, nested_null_bytes(length))) {
        const size_t bytes = (size_t)nested_fixed_bytes(child->column.type);
        const size_t all = (size_t)length * bytes;
        if (all > 0) memcpy((uint8_t *)child->values + (size_t)first * bytes, *at, all);
        *at += all;
        return WEFT_OK;
    }
    for (int32_t i = 0; i < length; i++) {
        if (nested_get_null(nulls, i))
            weft_vector_set_null(child, first + i);
        else
            WEFT_TRY(st, nested_unpack_slot(ctx, at, child, first + i));
    }
done:
    return st;
}

static weft_status nested_unpack_struct(weft_ctx *ctx, const uint8_t **at, weft_vector *out, int32_t slot)
{
    weft_status st = WEFT_OK;
    const uint8_t *nulls = *at;
    *at += nested_null_bytes(out->column.child_count);
    for (int32_t i = 0; i < out->column.child_count; i++) {
        if (nested_get_null(nulls, i))
            weft_vector_set_null(&out->children[i], slot);
        else
            WEFT_TRY(st, nested_unpack_slot(ctx, at, &out->children[i], slot));
    }
done:
    return st;
}

static weft_status nested_unpack_slot(weft_ctx *ctx, const uint8_t **at, weft_vector *out, int32_t slot)
{
    if (out->column.phys == WEFT_PHYS_LIST) return nested_unpack_list(ctx, at, out, slot);
    if (out->column.phys == WEFT_PHYS_STRUCT) return nested_unpack_struct(ctx, at, out, slot);
    if (out->column.phys == WEFT_PHYS_STR) {
        uint32_t len;
        memcpy(&len, *at, 4);
        ((weft_str *)out->values)[slot] = weft_str_view((const char *)*at + 4, len);
        *at += 4 + (size_t)len;
        return WEFT_OK;
    }
    const size_t bytes = (size_t)nested_fixed_bytes(out->column.type);
    if (bytes > 0) memcpy((uint8_t *)out->values + (size_t)slot * bytes, *at, bytes);
    *at += bytes;
    return WEFT_OK;
}

weft_status weft_nested_unpack(weft_ctx *ctx, const weft_str *values, const uint64_t *validity, int32_t first,
                               int32_t count, weft_vector *out)
{
    weft_status st = WEFT_OK;
    WEFT_TRY(st, weft_vector_reserve(ctx, out, first + count));
    for (int32_t i = 0; i < count; i++) {
        if (validity != NULL && !weft_bit_get(validity, i)) {
            weft_vector_set_null(out, first + i);
            continue;
        }
        WEFT_TRY(st, weft_nested_unpack_one(ctx, &values[i], first + i, out));
    }
    weft_vector_finish(out);
done:
    return st;
}

weft_status weft_nested_unpack_one(weft_ctx *ctx, const weft_str *packed, int32_t i, weft_vector *out)
{
    const uint8_t *at = (const uint8_t *)weft_str_data(packed);
    return nested_unpack_slot(ctx, &at, out, i);
}

/* ---- single values ---- */

weft_status weft_nested_pack_value(weft_ctx *ctx, const weft_column *column, int32_t row, weft_str *out)
{
    weft_status st = WEFT_OK;
    void *block = NULL;
    const uint64_t bytes = weft_nested_bytes(column, row);
    if (bytes > INT32_MAX) {
        return weft_fail(ctx, WEFT_LIMIT, "a nested value of %llu bytes: at most 2147483647 are allowed",
                         (unsigned long long)bytes);
    }
    WEFT_TRY(st, weft_arena_alloc(ctx, ctx->arena, (size_t)bytes + 1, &block));
    weft_nested_pack(column, row, block);
    *out = weft_str_view(block, (uint32_t)bytes);
done:
    return st;
}

/* A copy in ctx->arena of the first rows slots of a vector's column, at every depth. */
static weft_status nested_keep(weft_ctx *ctx, const weft_column *from, int32_t rows, weft_column *out)
{
    weft_status st = WEFT_OK;
    void *block = NULL;
    const size_t bytes = (size_t)rows * (size_t)weft_phys_bytes((weft_phys)from->phys);
    const size_t words = (size_t)weft_bit_words(rows) * sizeof(uint64_t);
    *out = *from;
    WEFT_TRY(st, weft_arena_alloc(ctx, ctx->arena, bytes + 16, &block));
    memset(block, 0, bytes + 16);
    if (bytes > 0) memcpy(block, from->data, bytes);
    out->data = block;
    if (from->validity != NULL) {
        WEFT_TRY(st, weft_arena_alloc(ctx, ctx->arena, words + 8, &block));
        memcpy(block, from->validity, words);
        out->validity = block;
    }
    if (from->child_count == 0) return WEFT_OK;
    WEFT_TRY(st, weft_arena_alloc(ctx, ctx->arena, (size_t)from->child_count * sizeof *out, &block));
    weft_column *children = block;
    const int32_t child_rows = from->phys == WEFT_PHYS_LIST ? from->child_rows : rows;
    for (int32_t i = 0; i < from->child_count; i++) {
        WEFT_TRY(st, nested_keep(ctx, &from->children[i], child_rows, &children[i]));
    }
    out->children = children;
done:
    return st;
}

weft_status weft_nested_constant(weft_ctx *ctx, weft_type type, const weft_str *packed, weft_column *out)
{
    weft_status st = WEFT_OK;
    weft_vector vector = {0};
    WEFT_TRY(st, weft_vector_init(ctx, type, 1, &vector));
    WEFT_TRY(st, weft_nested_unpack_one(ctx, packed, 0, &vector));
    weft_vector_finish(&vector);
    WEFT_TRY(st, nested_keep(ctx, &vector.column, 1, out));
    out->encoding = WEFT_CONSTANT;
done:
    weft_vector_deinit(&vector);
    return st;
}

/* ---- validate ---- */

/* The end of a value that lies in [at, end), or NULL. */
static const uint8_t *nested_check(weft_type type, const uint8_t *at, const uint8_t *end);

/* `count` values of which some are null; the type of the i-th is types[i * step].type. */
static const uint8_t *nested_check_all(const weft_field *types, int32_t step, int32_t count,
                                       const uint8_t *at, const uint8_t *end)
{
    if ((uint64_t)(end - at) < nested_null_bytes(count)) return NULL;
    const uint8_t *nulls = at;
    at += nested_null_bytes(count);
    for (int32_t i = 0; i < count && at != NULL; i++) {
        if (!nested_get_null(nulls, i)) at = nested_check(types[i * step].type, at, end);
    }
    return at;
}

static const uint8_t *nested_check_list(weft_type type, const uint8_t *at, const uint8_t *end)
{
    const weft_field entry = {.type = nested_child_type(type, 0)};
    if (end - at < 4) return NULL;
    int32_t length;
    memcpy(&length, at, 4);
    if (length < 0) return NULL;
    return nested_check_all(&entry, 0, length, at + 4, end);
}

static const uint8_t *nested_check(weft_type type, const uint8_t *at, const uint8_t *end)
{
    const weft_phys phys = weft_type_phys(type);
    if (phys == WEFT_PHYS_LIST) return nested_check_list(type, at, end);
    if (phys == WEFT_PHYS_STRUCT) return nested_check_all(type.children, 1, type.child_count, at, end);
    uint64_t bytes = (uint64_t)weft_phys_bytes(phys);
    if (phys == WEFT_PHYS_STR) {
        uint32_t len;
        if (end - at < 4) return NULL;
        memcpy(&len, at, 4);
        if (len > INT32_MAX) return NULL;
        bytes = 4 + (uint64_t)len;
    }
    if ((uint64_t)(end - at) < bytes) return NULL;
    if (type.id == WEFT_TYPE_VARIANT &&
        weft_variant_check((const char *)at + 4, bytes - 4) != WEFT_VARIANT_GOOD)
        return NULL;
    if (phys == WEFT_PHYS_BOOL && *at > 1) return NULL;
    return at + bytes;
}

bool weft_nested_validate(weft_type type, const uint8_t *bytes, uint64_t len)
{
    return nested_check(type, bytes, bytes + len) == bytes + len;
}

const uint8_t *weft_nested_end(weft_type type, const uint8_t *at, const uint8_t *end)
{
    return nested_check(type, at, end);
}
