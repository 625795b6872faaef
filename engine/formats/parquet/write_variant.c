/* engine/formats/parquet/write_variant.c - see write_variant.h. */
#include "engine/formats/parquet/write_variant.h"

#include "engine/columnar/variant.h"

static bool holds_variant(weft_type type)
{
    bool holds = type.id == WEFT_TYPE_VARIANT;
    for (int32_t i = 0; i < type.child_count && !holds; i++) holds = holds_variant(type.children[i].type);
    return holds;
}

weft_status weft_pqw_variant_open(weft_ctx *ctx, const weft_schema *schema, weft_arena **out)
{
    bool any = false;
    *out = NULL;
    for (int32_t i = 0; i < schema->count; i++) any |= holds_variant(schema->fields[i].type);
    if (!any) return WEFT_OK;
    *out = weft_arena_new(ctx->memory);
    return *out != NULL ? WEFT_OK : weft_fail(ctx, WEFT_NOMEM, "no memory to write a VARIANT");
}

/* The slots of a column whose values count: bits, or NULL for all. What other slots hold is not looked at. */
typedef struct wanted_slots {
    int32_t rows;
    const uint64_t *bits;
} wanted_slots;

static bool is_wanted(const wanted_slots *wanted, int32_t i)
{
    return wanted->bits == NULL || weft_bit_get(wanted->bits, i);
}

static weft_status new_bits(weft_ctx *ctx, weft_arena *arena, int32_t rows, uint64_t **out)
{
    const size_t bytes = (size_t)weft_bit_words(rows) * 8 + 8;
    const weft_status st = weft_arena_alloc(ctx, arena, bytes, (void **)out);
    if (st == WEFT_OK) memset(*out, 0, bytes);
    return st;
}

/* Values of any encoding as a flat struct. */
static weft_status split_variant(weft_ctx *ctx, weft_arena *arena, const weft_column *column,
                                 const wanted_slots *wanted, weft_column *out)
{
    weft_status st = WEFT_OK;
    weft_str *parts[2] = {NULL, NULL};
    weft_column *children = NULL;
    uint64_t *valid = NULL;
    const size_t bytes = (size_t)weft_max_i32(wanted->rows, 1) * sizeof(weft_str);
    WEFT_TRY(st, weft_arena_alloc(ctx, arena, 2 * sizeof *children, (void **)&children));
    WEFT_TRY(st, new_bits(ctx, arena, wanted->rows, &valid));
    for (int p = 0; p < 2; p++) {
        WEFT_TRY(st, weft_arena_alloc(ctx, arena, bytes, (void **)&parts[p]));
        memset(parts[p], 0, bytes);
        children[p] = (weft_column){.type = WEFT_TYPE_OF(WEFT_TYPE_BINARY),
                                    .phys = WEFT_PHYS_STR,
                                    .encoding = WEFT_FLAT,
                                    .data = parts[p]};
    }
    for (int32_t i = 0; i < wanted->rows; i++) {
        if (!is_wanted(wanted, i) || weft_column_is_null(column, i)) continue;
        const weft_variant v = weft_variant_of(weft_column_value(column, i));
        weft_bit_set(valid, i);
        parts[0][i] = weft_str_view((const char *)v.meta, v.meta_len);
        parts[1][i] = weft_str_view((const char *)v.value, v.value_len);
    }
    *out = (weft_column){.type = column->type,
                         .phys = WEFT_PHYS_STRUCT,
                         .encoding = WEFT_FLAT,
                         .validity = valid,
                         .child_count = 2,
                         .children = children};
done:
    return st;
}

/* The slots of the child that the wanted lists have. */
static weft_status list_slots(weft_ctx *ctx, weft_arena *arena, const weft_column *column,
                              const wanted_slots *wanted, wanted_slots *out)
{
    weft_status st = WEFT_OK;
    uint64_t *bits = NULL;
    WEFT_TRY(st, new_bits(ctx, arena, column->child_rows, &bits));
    for (int32_t i = 0; i < wanted->rows; i++) {
        if (!is_wanted(wanted, i) || weft_column_is_null(column, i)) continue;
        const weft_list list = *(const weft_list *)weft_column_value(column, i);
        for (int32_t k = list.offset; k < list.offset + list.length; k++) weft_bit_set(bits, k);
    }
    *out = (wanted_slots){.rows = column->child_rows, .bits = bits};
done:
    return st;
}

static weft_status split_column(weft_ctx *ctx, weft_arena *arena, const weft_column *column,
                                const wanted_slots *wanted, weft_column *out)
{
    weft_status st = WEFT_OK;
    weft_column *children = NULL;
    wanted_slots inner = *wanted;
    *out = *column;
    if (column->phys == WEFT_PHYS_NULL) return WEFT_OK;
    if (column->type.id == WEFT_TYPE_VARIANT) return split_variant(ctx, arena, column, wanted, out);
    if (column->child_count == 0 || !holds_variant(column->type)) return WEFT_OK;
    if (column->phys == WEFT_PHYS_LIST)
        WEFT_TRY(st, list_slots(ctx, arena, column, wanted, &inner));
    else if (column->encoding == WEFT_CONSTANT)
        inner = (wanted_slots){.rows = 1};
    WEFT_TRY(
        st, weft_arena_alloc(ctx, arena, (size_t)column->child_count * sizeof *children, (void **)&children));
    for (int32_t i = 0; i < column->child_count; i++)
        WEFT_TRY(st, split_column(ctx, arena, &column->children[i], &inner, &children[i]));
    out->children = children;
done:
    return st;
}

weft_status weft_pqw_variant_split(weft_ctx *ctx, weft_arena *arena, const weft_batch *batch, weft_batch *out)
{
    weft_status st = WEFT_OK;
    weft_column *columns = NULL;
    uint64_t *bits = NULL;
    wanted_slots wanted = {.rows = batch->rows};
    weft_arena_reset(arena);
    if (batch->selection != NULL) {
        WEFT_TRY(st, new_bits(ctx, arena, batch->rows, &bits));
        for (int32_t i = 0; i < batch->selected; i++) weft_bit_set(bits, batch->selection[i]);
        wanted.bits = bits;
    }
    WEFT_TRY(st, weft_arena_alloc(ctx, arena, (size_t)weft_max_i32(batch->column_count, 1) * sizeof *columns,
                                  (void **)&columns));
    for (int32_t c = 0; c < batch->column_count; c++)
        WEFT_TRY(st, split_column(ctx, arena, &batch->columns[c], &wanted, &columns[c]));
    *out = *batch;
    out->columns = columns;
done:
    return st;
}
