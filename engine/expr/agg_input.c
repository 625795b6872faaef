/* engine/expr/agg_input.c - see agg_input.h. */
#include "engine/expr/agg_input.h"

#include "common/mem.h"
#include "engine/columnar/gather.h"
#include "engine/columnar/nested.h"
#include "engine/expr/coerce.h"
#include "engine/expr/kernel.h"

void weft_agg_reader_init(weft_agg_reader *reader, const weft_batch *batch, const weft_column *column,
                          uint8_t *const *rows, weft_agg_as as)
{
    reader->column = column;
    reader->selection = batch->selection;
    reader->rows = rows;
    reader->next = 0;
    reader->end = batch->selected;
    reader->as = as;
    reader->run = 0;
    const bool constant = column->encoding == WEFT_CONSTANT;
    const bool all_null = constant && column->validity != NULL && !weft_bit_get(column->validity, 0);
    if (column->phys == WEFT_PHYS_NULL || all_null) reader->end = 0;
    /* A value that is as wide as wanted needs no conversion. */
    const bool fits = (as == WEFT_AGG_AS_I64 && column->phys == WEFT_PHYS_I64) ||
                      (as == WEFT_AGG_AS_I128 && column->phys == WEFT_PHYS_I128) ||
                      (as == WEFT_AGG_AS_F64 && column->phys == WEFT_PHYS_F64);
    if (fits) reader->as = WEFT_AGG_AS_IS;
}

/* The slots of the positions in index[0..count): codes, runs, or all 0. */
static void reader_resolve(weft_agg_reader *reader, int32_t count)
{
    const weft_column *column = reader->column;
    if (column->encoding == WEFT_DICTIONARY) {
        const uint32_t *codes = column->data;
        for (int32_t k = 0; k < count; k++) reader->index[k] = codes[reader->index[k]];
    } else if (column->encoding == WEFT_RUN_LENGTH) {
        for (int32_t k = 0; k < count; k++) {
            while (column->run_ends[reader->run] <= (int32_t)reader->index[k]) reader->run++;
            reader->index[k] = (uint32_t)reader->run;
        }
    } else if (column->encoding == WEFT_CONSTANT) {
        memset(reader->index, 0, (size_t)count * sizeof(reader->index[0]));
    }
}

/* Positions of the next `count` selected rows; those of NULLs are left out together with their rows. Returns
 * how many are left; *rows is where their group rows are. */
static int32_t reader_positions(weft_agg_reader *reader, int32_t count, uint8_t *const **rows)
{
    const weft_column *column = reader->column;
    const uint16_t *selection = reader->selection;
    const int32_t first = reader->next;
    const bool nulls = column->validity != NULL && column->encoding != WEFT_CONSTANT;
    const bool per_run = column->encoding == WEFT_RUN_LENGTH;
    int32_t kept = 0, run = reader->run;

    *rows = reader->rows == NULL ? NULL : reader->rows + first;
    if (!nulls) {
        if (selection != NULL) {
            for (int32_t k = 0; k < count; k++) reader->index[k] = selection[first + k];
        } else {
            for (int32_t k = 0; k < count; k++) reader->index[k] = (uint32_t)(first + k);
        }
        return count;
    }
    for (int32_t k = 0; k < count; k++) {
        const int32_t position = selection != NULL ? selection[first + k] : first + k;
        if (per_run) {
            while (column->run_ends[run] <= position) run++;
        }
        reader->index[kept] = (uint32_t)position;
        if (reader->rows != NULL) reader->kept_rows[kept] = reader->rows[first + k];
        kept += weft_bit_get(column->validity, per_run ? run : position);
    }
    if (*rows != NULL) *rows = reader->kept_rows;
    return kept;
}

/* to[k] = from[index[k]] for integers of type T. */
#define CONVERT(T, WIDE)                                                                                     \
    do {                                                                                                     \
        const T *typed = from;                                                                               \
        WIDE *wide = to;                                                                                     \
        for (int32_t k = 0; k < count; k++) wide[k] = (WIDE)typed[index[k]];                                 \
    } while (0)

static void convert_i64(weft_phys phys, const void *from, const uint32_t *index, int32_t count, void *to)
{
    if (phys == WEFT_PHYS_I32)
        CONVERT(int32_t, int64_t);
    else if (phys == WEFT_PHYS_I16)
        CONVERT(int16_t, int64_t);
    else if (phys == WEFT_PHYS_I8)
        CONVERT(int8_t, int64_t);
    else if (phys == WEFT_PHYS_BOOL)
        CONVERT(uint8_t, int64_t);
    else
        CONVERT(int64_t, int64_t);
}

static void convert_f64(weft_phys phys, const void *from, const uint32_t *index, int32_t count, void *to)
{
    if (phys == WEFT_PHYS_F32)
        CONVERT(float, double);
    else if (phys == WEFT_PHYS_I64)
        CONVERT(int64_t, double);
    else if (phys == WEFT_PHYS_I32)
        CONVERT(int32_t, double);
    else if (phys == WEFT_PHYS_I16)
        CONVERT(int16_t, double);
    else if (phys == WEFT_PHYS_I8)
        CONVERT(int8_t, double);
    else
        CONVERT(double, double);
}

static void convert_i128(weft_phys phys, const void *from, const uint32_t *index, int32_t count, void *to)
{
    if (phys == WEFT_PHYS_I64)
        CONVERT(int64_t, weft_i128);
    else if (phys == WEFT_PHYS_I32)
        CONVERT(int32_t, weft_i128);
    else if (phys == WEFT_PHYS_I16)
        CONVERT(int16_t, weft_i128);
    else if (phys == WEFT_PHYS_I8)
        CONVERT(int8_t, weft_i128);
    else
        CONVERT(weft_i128, weft_i128);
}

bool weft_agg_reader_next(weft_agg_reader *reader, weft_agg_chunk *chunk)
{
    const weft_column *column = reader->column;
    const bool dense = column->encoding == WEFT_FLAT && column->validity == NULL && reader->selection == NULL;

    if (dense && reader->next < reader->end &&
        (reader->as == WEFT_AGG_AS_IS || reader->as == WEFT_AGG_AS_NONE)) { /* all at once, nothing moved */
        *chunk = (weft_agg_chunk){.values = column->data, .rows = reader->rows, .count = reader->end};
        reader->next = reader->end;
        return true;
    }
    while (reader->next < reader->end) {
        uint8_t *const *rows = NULL;
        const int32_t take = weft_min_i32(reader->end - reader->next, WEFT_AGG_CHUNK_ROWS);
        const int32_t kept = reader_positions(reader, take, &rows);
        const void *from = column->encoding == WEFT_DICTIONARY ? column->dict->values : column->data;
        reader->next += take;
        if (kept == 0) continue;
        *chunk = (weft_agg_chunk){.values = from, .index = reader->index, .rows = rows, .count = kept};
        if (reader->as == WEFT_AGG_AS_NONE) return true;
        reader_resolve(reader, kept);
        if (reader->as == WEFT_AGG_AS_IS) return true;
        chunk->values = reader->values;
        chunk->index = NULL;
        const weft_phys phys = (weft_phys)column->phys;
        if (reader->as == WEFT_AGG_AS_I64)
            convert_i64(phys, from, reader->index, kept, reader->values);
        else if (reader->as == WEFT_AGG_AS_F64)
            convert_f64(phys, from, reader->index, kept, reader->values);
        else
            convert_i128(phys, from, reader->index, kept, reader->values);
        return true;
    }
    return false;
}

/* ---- results ---- */

weft_status weft_agg_finish_state(weft_ctx *ctx, const weft_agg_place *place, int32_t state,
                                  const uint8_t *const *rows, int32_t count, weft_vector *out)
{
    return weft_vector_gather(ctx, place->layout, place->first_column + state, rows, count, NULL, out);
}

void weft_agg_finish_decimals(const weft_i128 *values, const uint8_t *is_null, int32_t count,
                              weft_vector *out)
{
    bool narrow = true;
    for (int32_t i = 0; i < count; i++) narrow = narrow && values[i] == (int64_t)values[i];
    out->column.phys = narrow ? WEFT_PHYS_I64 : WEFT_PHYS_I128;
    if (narrow) {
        int64_t *to = out->values;
        for (int32_t i = 0; i < count; i++) to[i] = (int64_t)values[i];
    } else {
        memcpy(out->values, values, (size_t)count * sizeof(*values));
    }
    for (int32_t i = 0; i < count; i++) {
        if (is_null[i] != 0) weft_vector_set_null(out, i);
    }
}

weft_status weft_agg_set_string(weft_ctx *ctx, const weft_agg_place *place, uint8_t *row, weft_agg_slot slot,
                                const weft_str *value)
{
    const weft_status st =
        weft_rows_set_string(ctx, place->heap, row, slot.offset, weft_str_data(value), value->len);
    if (st == WEFT_OK) weft_agg_set_valid(row, slot);
    return st;
}

static weft_i128 integer_of(const weft_value *value)
{
    if (value->type.id == WEFT_TYPE_DECIMAL) return value->i128;
    return value->type.id == WEFT_TYPE_BOOLEAN ? value->boolean : value->i64;
}

weft_status weft_agg_put_value(weft_ctx *ctx, const weft_agg_place *place, uint8_t *row, int32_t state,
                               const weft_value *value)
{
    const weft_agg_slot slot = weft_agg_state(place, state);
    const weft_phys phys = (weft_phys)place->layout->phys[place->first_column + state];
    uint8_t *to = row + slot.offset;

    if (value->is_null) {
        row[slot.null_byte] |= slot.null_mask;
        if (phys != WEFT_PHYS_STR) memset(to, 0, (size_t)weft_phys_bytes(phys));
        return WEFT_OK;
    }
    if (phys == WEFT_PHYS_STR) return weft_agg_set_string(ctx, place, row, slot, &value->str);
    if (phys == WEFT_PHYS_F64) {
        memcpy(to, &value->f64, sizeof(value->f64));
    } else if (phys == WEFT_PHYS_F32) {
        const float narrow = (float)value->f64;
        memcpy(to, &narrow, sizeof(narrow));
    } else {
        const weft_i128 integer = integer_of(value); /* the bytes of a narrower one come first */
        memcpy(to, &integer, (size_t)weft_phys_bytes(phys));
    }
    weft_agg_set_valid(row, slot);
    return WEFT_OK;
}

weft_value weft_agg_value_at(const weft_row_layout *layout, int32_t column, const uint8_t *row)
{
    weft_column view = {.type = layout->types[column],
                        .phys = layout->phys[column],
                        .encoding = WEFT_FLAT,
                        .data = row + layout->offsets[column]};
    weft_value value = {.type = layout->types[column], .is_null = true};
    if (weft_row_is_null(row, column)) return value;
    return weft_value_of_column(&view, 0);
}

weft_status weft_agg_set_nested(weft_ctx *ctx, const weft_agg_place *place, uint8_t *row, weft_agg_slot slot,
                                const weft_column *column, int32_t position)
{
    weft_status st = WEFT_OK;
    void *block = NULL;
    const uint64_t bytes = weft_nested_bytes(column, position);
    if (bytes > INT32_MAX) {
        return weft_fail(ctx, WEFT_LIMIT, "a nested value of %llu bytes: at most 2147483647 are kept",
                         (unsigned long long)bytes);
    }
    WEFT_TRY(st, weft_mem_alloc(ctx, WEFT_MEM_WORKING, (size_t)bytes + 1, &block));
    weft_nested_pack(column, position, block);
    const weft_str packed = weft_str_view(block, (uint32_t)bytes);
    WEFT_TRY(st, weft_agg_set_string(ctx, place, row, slot, &packed));
done:
    weft_mem_free(block);
    return st;
}

/* ---- binding ---- */

weft_status weft_agg_bind_numeric(weft_ctx *ctx, const char *name, const weft_expr **args, int32_t count,
                                  const weft_span *span)
{
    if (count != 1) return weft_fail_arg_count(ctx, name, 1, 1, count, span);
    const weft_type type = args[0]->type;
    if (type.id == WEFT_TYPE_STRING || type.id == WEFT_TYPE_NULL) {
        return weft_expr_cast(ctx, args[0], WEFT_TYPE_OF(WEFT_TYPE_DOUBLE), true, &args[0]);
    }
    if (!weft_type_is_numeric(type)) return weft_fail_arg_type(ctx, 0, "\"numeric\"", args[0], span);
    return WEFT_OK;
}

weft_status weft_agg_bind_sum(weft_ctx *ctx, const char *name, const weft_expr **args, int32_t count,
                              const weft_span *span)
{
    if (count == 1 && args[0]->type.id == WEFT_TYPE_TIMESTAMP)
        return weft_expr_cast(ctx, args[0], WEFT_TYPE_OF(WEFT_TYPE_DOUBLE), true, &args[0]);
    return weft_agg_bind_numeric(ctx, name, args, count, span);
}

weft_status weft_agg_bind_condition(weft_ctx *ctx, const weft_expr **args, const weft_span *span)
{
    if (args[0]->type.id == WEFT_TYPE_BOOLEAN) return WEFT_OK;
    const bool text = args[0]->type.id == WEFT_TYPE_STRING && weft_ansi(ctx);
    if (args[0]->type.id != WEFT_TYPE_NULL && !text) {
        return weft_fail_arg_type(ctx, 0, "\"boolean\"", args[0], span);
    }
    return weft_expr_cast(ctx, args[0], WEFT_TYPE_OF(WEFT_TYPE_BOOLEAN), true, &args[0]);
}

weft_status weft_agg_bind_value(weft_ctx *ctx, const char *name, const weft_expr **args, int32_t count,
                                const weft_span *span, weft_type *type)
{
    if (count != 1) return weft_fail_arg_count(ctx, name, 1, 1, count, span);
    *type = args[0]->type;
    return WEFT_OK;
}
