/* engine/expr/agg_sum.h - what sum and avg share: the loops over one chunk, each compiled with an index and
 * without. */
#ifndef WEFT_EXPR_AGG_SUM_H
#define WEFT_EXPR_AGG_SUM_H

#include "common/settings.h"
#include "engine/expr/agg_input.h"

/* ANSI off: a decimal sum that left 128 bits stays at this value, which finalize turns into NULL. */
#define WEFT_AGG_SUM_LOST ((weft_i128)((weft_u128)1 << 127))

/* 10^digits: a decimal of that many digits is less. */
weft_i128 weft_agg_decimal_limit(int32_t digits);
/* "overflow in sum of type …". */
weft_status weft_agg_fail_overflow(weft_ctx *ctx, const weft_agg_place *place);

static inline bool weft_agg_add_i128(weft_i128 *sum, weft_i128 value)
{
    weft_i128 next;
    const bool lost = *sum == WEFT_AGG_SUM_LOST || __builtin_add_overflow(*sum, value, &next);
    *sum = lost ? WEFT_AGG_SUM_LOST : next;
    return lost;
}

static inline bool weft_agg_sum_rows_d128(const weft_agg_chunk *c, weft_agg_slot slot, bool indexed)
{
    const weft_i128 *values = c->values;
    bool overflow = false;
    for (int32_t k = 0; k < c->count; k++) {
        uint8_t *row = c->rows[k];
        weft_i128 value, sum = weft_agg_load_i128(row, slot);
        memcpy(&value, &values[indexed ? c->index[k] : (uint32_t)k], sizeof(value));
        overflow |= weft_agg_add_i128(&sum, value);
        weft_agg_store_i128(row, slot, sum);
        weft_agg_set_valid(row, slot);
    }
    return overflow;
}

static inline bool weft_agg_sum_chunk_d128(const weft_agg_chunk *c, bool indexed, weft_i128 *sum)
{
    const weft_i128 *values = c->values;
    bool overflow = false;
    for (int32_t k = 0; k < c->count; k++) {
        weft_i128 value;
        memcpy(&value, &values[indexed ? c->index[k] : (uint32_t)k], sizeof(value));
        overflow |= weft_agg_add_i128(sum, value);
    }
    return overflow;
}

static inline double weft_agg_sum_chunk_f64(const weft_agg_chunk *c, bool indexed, double sum)
{
    const double *values = c->values;
    for (int32_t k = 0; k < c->count; k++) sum += values[indexed ? c->index[k] : (uint32_t)k];
    return sum;
}

static inline bool weft_agg_rows_d128(const weft_agg_chunk *c, weft_agg_slot slot)
{
    return c->index != NULL ? weft_agg_sum_rows_d128(c, slot, true) : weft_agg_sum_rows_d128(c, slot, false);
}
static inline bool weft_agg_chunk_d128(const weft_agg_chunk *c, weft_i128 *sum)
{
    return c->index != NULL ? weft_agg_sum_chunk_d128(c, true, sum) : weft_agg_sum_chunk_d128(c, false, sum);
}
static inline double weft_agg_chunk_f64(const weft_agg_chunk *c, double sum)
{
    return c->index != NULL ? weft_agg_sum_chunk_f64(c, true, sum) : weft_agg_sum_chunk_f64(c, false, sum);
}

/* Sums of 64-bit integers into 128 bits, for at most 2^31 values. One table an instruction set. */
typedef struct weft_agg_sum_loops {
    weft_i128 (*dense)(const int64_t *values, int32_t count);
    weft_i128 (*index)(const int64_t *values, const uint32_t *index, int32_t count);
    weft_i128 (*positions)(const int64_t *values, const uint16_t *positions, int32_t count);
    /* values[codes[positions[k]]] */
    weft_i128 (*codes)(const int64_t *values, const uint32_t *codes, const uint16_t *positions,
                       int32_t count);
} weft_agg_sum_loops;

/* Add all integers or 64-bit decimals of a column to *sum; returns how many there were. */
int64_t weft_agg_sum_integers(const weft_batch *batch, const weft_column *column, weft_i128 *sum);
/* Add all values of a decimal column to *sum; *seen counts them. True: it left 128 bits. */
bool weft_agg_sum_decimals(const weft_batch *batch, const weft_column *column, weft_i128 *sum, int64_t *seen);
/* merge of the decimal sum in state 0. */
WEFT_MUST_CHECK weft_status weft_agg_merge_decimals(weft_ctx *ctx, const weft_agg_place *place,
                                                    uint8_t *const *into, const weft_row_layout *from_layout,
                                                    int32_t from_first_column, const uint8_t *const *from,
                                                    int32_t count);
/* The type of the state that sums the argument of call: decimals of every precision take 128 bits, so that
 * the row has room for what a task adds up; otherwise what is given. */
weft_type weft_agg_sum_state(const weft_expr *call, weft_type otherwise);

/* Is an overflow of this call an error? Not where ANSI is off, and not of try_sum and try_avg. */
static inline bool weft_agg_raises(const weft_ctx *ctx, const weft_agg_place *place)
{
    const weft_expr *call = place->call;
    const weft_settings *settings = call->settings != NULL ? call->settings : ctx->settings;
    const bool strict = settings->number[WEFT_SET_ANSI] != 0 || weft_type_is_interval(call->type);
    return strict && strncmp(call->aggregate.function->name, "try_", 4) != 0;
}

#endif
