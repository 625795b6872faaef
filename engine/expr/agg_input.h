/* engine/expr/agg_input.h - what aggregate kernels read: the non-null values of a column, whatever its
 * encoding.
 *
 * A reader cuts the selected rows of a batch into chunks. In a chunk value k is values[index[k]] (or
 * values[k] where index is NULL) and belongs to the group row rows[k]; NULLs are gone. Flat columns and
 * dictionaries of the wanted width are read where they lie; others (narrow integers for a 64-bit sum) are
 * converted into the reader's buffer. Kernels are loops over one chunk, without a test of type, encoding or
 * NULL.
 *
 * A reader is a value on the stack (about 16 KiB), of one thread. */
#ifndef WEFT_EXPR_AGG_INPUT_H
#define WEFT_EXPR_AGG_INPUT_H

#include "engine/expr/aggregate.h"

enum { WEFT_AGG_CHUNK_ROWS = 512 }; /* converted values stay in the first-level cache */

typedef enum weft_agg_as {
    WEFT_AGG_AS_IS,   /* values of column->phys */
    WEFT_AGG_AS_I64,  /* any integer, boolean, date, decimal of 64 bits */
    WEFT_AGG_AS_I128, /* any integer or decimal */
    WEFT_AGG_AS_F64,  /* any number but decimals */
    WEFT_AGG_AS_NONE  /* only rows and their count: the values do not matter */
} weft_agg_as;

typedef struct weft_agg_chunk {
    const void *values;
    const uint32_t *index; /* or NULL: dense */
    uint8_t *const *rows;  /* group rows; meaningless where the reader was given none */
    int32_t count;         /* 1.. */
} weft_agg_chunk;

typedef struct weft_agg_reader {
    const weft_column *column;
    const uint16_t *selection;
    uint8_t *const *rows;
    int32_t next, end; /* i-th selected rows still to read */
    weft_agg_as as;
    int32_t run; /* RUN_LENGTH: run of the last position */
    uint32_t index[WEFT_AGG_CHUNK_ROWS];
    uint8_t *kept_rows[WEFT_AGG_CHUNK_ROWS];
    alignas(64) uint8_t values[WEFT_AGG_CHUNK_ROWS * 16];
} weft_agg_reader;

/* Start reading column over the selected rows of batch; rows is dense (one a selected row), or NULL. */
void weft_agg_reader_init(weft_agg_reader *reader, const weft_batch *batch, const weft_column *column,
                          uint8_t *const *rows, weft_agg_as as);
/* The next chunk; false at the end. It borrows from the reader and the column until the next call. */
bool weft_agg_reader_next(weft_agg_reader *reader, weft_agg_chunk *chunk);

/* ---- states in rows ---- */

/* Where a state lies. */
typedef struct weft_agg_slot {
    int32_t offset;    /* of the value in the row */
    int32_t null_byte; /* of its null bit */
    uint8_t null_mask; /* bit set: NULL */
} weft_agg_slot;

static inline weft_agg_slot weft_agg_slot_at(const weft_row_layout *layout, int32_t column)
{
    return (weft_agg_slot){.offset = layout->offsets[column],
                           .null_byte = 8 + (column >> 3),
                           .null_mask = (uint8_t)(1u << (column & 7))};
}
static inline weft_agg_slot weft_agg_state(const weft_agg_place *place, int32_t state)
{
    return weft_agg_slot_at(place->layout, place->first_column + state);
}
static inline bool weft_agg_is_null(const uint8_t *row, weft_agg_slot slot)
{
    return (row[slot.null_byte] & slot.null_mask) != 0;
}
static inline void weft_agg_set_valid(uint8_t *row, weft_agg_slot slot)
{
    row[slot.null_byte] &= (uint8_t)~slot.null_mask;
}

static inline int64_t weft_agg_load_i64(const uint8_t *row, weft_agg_slot slot)
{
    int64_t value;
    memcpy(&value, row + slot.offset, sizeof(value));
    return value;
}
static inline void weft_agg_store_i64(uint8_t *row, weft_agg_slot slot, int64_t value)
{
    memcpy(row + slot.offset, &value, sizeof(value));
}
static inline weft_i128 weft_agg_load_i128(const uint8_t *row, weft_agg_slot slot)
{
    weft_i128 value;
    memcpy(&value, row + slot.offset, sizeof(value));
    return value;
}
static inline void weft_agg_store_i128(uint8_t *row, weft_agg_slot slot, weft_i128 value)
{
    memcpy(row + slot.offset, &value, sizeof(value));
}
static inline double weft_agg_load_f64(const uint8_t *row, weft_agg_slot slot)
{
    double value;
    memcpy(&value, row + slot.offset, sizeof(value));
    return value;
}
static inline void weft_agg_store_f64(uint8_t *row, weft_agg_slot slot, double value)
{
    memcpy(row + slot.offset, &value, sizeof(value));
}

/* ---- results ---- */

/* Give state `state` as the result: NULL where it is NULL. */
WEFT_MUST_CHECK weft_status weft_agg_finish_state(weft_ctx *ctx, const weft_agg_place *place, int32_t state,
                                                  const uint8_t *const *rows, int32_t count,
                                                  weft_vector *out);
/* Give count unscaled decimals; is_null bytes mark NULLs. Held in 64 bits where all fit and type allows it.
 */
void weft_agg_finish_decimals(const weft_i128 *values, const uint8_t *is_null, int32_t count,
                              weft_vector *out);

/* Set a string state; its bytes are copied. */
WEFT_MUST_CHECK weft_status weft_agg_set_string(weft_ctx *ctx, const weft_agg_place *place, uint8_t *row,
                                                weft_agg_slot slot, const weft_str *value);

/* Set a nested state to the value of a column's physical row, which is not null; it is packed. */
WEFT_MUST_CHECK weft_status weft_agg_set_nested(weft_ctx *ctx, const weft_agg_place *place, uint8_t *row,
                                                weft_agg_slot slot, const weft_column *column,
                                                int32_t position);

/* A plain value of a layout's column; strings borrow from the row. */
weft_value weft_agg_value_at(const weft_row_layout *layout, int32_t column, const uint8_t *row);
/* Put a plain value, or NULL, into a state of its type. */
WEFT_MUST_CHECK weft_status weft_agg_put_value(weft_ctx *ctx, const weft_agg_place *place, uint8_t *row,
                                               int32_t state, const weft_value *value);

/* ---- binding ---- */

/* The argument of sum() and avg(): as weft_agg_bind_numeric(), and a TIMESTAMP is its seconds. */
WEFT_MUST_CHECK weft_status weft_agg_bind_sum(weft_ctx *ctx, const char *name, const weft_expr **args,
                                              int32_t count, const weft_span *span);
/* One numeric argument; strings and NULL become doubles. */
WEFT_MUST_CHECK weft_status weft_agg_bind_numeric(weft_ctx *ctx, const char *name, const weft_expr **args,
                                                  int32_t count, const weft_span *span);
/* args[0] BOOLEAN, or NULL as one. */
WEFT_MUST_CHECK weft_status weft_agg_bind_condition(weft_ctx *ctx, const weft_expr **args,
                                                    const weft_span *span);
/* One argument of any type, which is the result type too. */
WEFT_MUST_CHECK weft_status weft_agg_bind_value(weft_ctx *ctx, const char *name, const weft_expr **args,
                                                int32_t count, const weft_span *span, weft_type *type);

#endif
