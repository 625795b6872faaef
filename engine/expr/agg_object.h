/* engine/expr/agg_object.h - aggregates whose state is one string of bytes that they change in place: logs of
 * values, hash tables, sketches.
 *
 * A weft_agg_object says how many bytes the state needs and what an update does; the driver does the rest, by
 * two passes over a batch. The first makes room for all its updates (and may be refused memory); the second
 * updates and needs none. So an update that was refused memory half way can be done again from the start.
 *
 * The string is a head (u32 0, which rows keep beside the pointer and which must not change; u32 and u64:
 * updates and bytes that were promised room), then the body, which belongs to the object. It moves as bytes,
 * and lies at any address: bodies hold no pointers and are read and written by the functions below.
 *
 * Constant arguments (weft_aggregate.constant_first) are literals of place->call. */
#ifndef WEFT_EXPR_AGG_OBJECT_H
#define WEFT_EXPR_AGG_OBJECT_H

#include "engine/expr/agg_input.h"

struct weft_agg_object {
    bool keeps_nulls; /* rows whose first argument is NULL count too */
    /* Bytes that the update by one row may add to a body of varying size, for need(); NULL: always 0. */
    uint64_t (*bytes)(const weft_expr *call, const weft_column *args, int32_t position);
    /* The size of the body that has room for `updates` more updates of `bytes` in all; body NULL: a new one,
     * len 0. */
    uint64_t (*need)(const weft_expr *call, const uint8_t *body, size_t len, uint32_t updates,
                     uint64_t bytes);
    /* Before the body grows: make it smaller without another meaning. Or NULL. */
    weft_status (*shrink)(weft_ctx *ctx, const weft_expr *call, uint8_t *body, size_t len);
    /* A new body, all zero, begins; NULL: zeros are a good beginning. */
    void (*start)(const weft_expr *call, uint8_t *body, size_t len);
    /* The body became larger; what is behind old_len is zero. Or NULL. */
    void (*grown)(const weft_expr *call, uint8_t *body, size_t old_len, size_t len);
    /* Take one row, for which there is room. Errors: those of bad values. What asks for memory here makes the
     * query fail where it is refused. */
    weft_status (*add)(weft_ctx *ctx, const weft_expr *call, uint8_t *body, size_t len,
                       const weft_column *args, int32_t position);
    /* The size of the body that has room for another one; into NULL: there is none yet. */
    uint64_t (*merge_need)(const weft_expr *call, const uint8_t *into, size_t len, const uint8_t *from,
                           size_t from_len);
    weft_status (*merge)(weft_ctx *ctx, const weft_expr *call, uint8_t *into, size_t len, const uint8_t *from,
                         size_t from_len);
    /* The result in slot i of out; body NULL: no row was taken. The body must not be written. Strings inside
     * nested results go to heaps of out. */
    weft_status (*finish)(weft_ctx *ctx, const weft_expr *call, const uint8_t *body, size_t len,
                          weft_vector *out, int32_t i);
};

enum { WEFT_AGG_OBJECT_HEAD = 16 }; /* of the string; then the body */

/* ---- parts of the driver, for aggregates that update in a way of their own ---- */

/* The body of the row's state, which begins where there was none, gets `need` bytes or more.
 * Errors: WEFT_NOMEM (it is as it was then), WEFT_LIMIT. */
WEFT_MUST_CHECK weft_status weft_agg_object_grow(weft_ctx *ctx, const weft_agg_place *place, uint8_t *row,
                                                 uint64_t need);
/* Of a weft_agg_variant. */
WEFT_MUST_CHECK weft_status weft_agg_object_merge(weft_ctx *ctx, const weft_agg_place *place,
                                                  uint8_t *const *into, const weft_row_layout *from_layout,
                                                  int32_t from_first_column, const uint8_t *const *from,
                                                  int32_t count);
WEFT_MUST_CHECK weft_status weft_agg_object_finalize(weft_ctx *ctx, const weft_agg_place *place,
                                                     const uint8_t *const *rows, int32_t count,
                                                     weft_vector *out);

/* ---- the registry entry ---- */

/* The states and the variant of every such aggregate, for its registry entry. */
int32_t weft_agg_object_states(const weft_expr *call, weft_type *types, bool *starts_zero);
const weft_agg_variant *weft_agg_object_variant(const weft_expr *call);

#define WEFT_AGG_OBJECT_ENTRY .states = weft_agg_object_states, .variant = weft_agg_object_variant

/* ---- numbers at any address ---- */

static inline uint32_t weft_get_u32(const uint8_t *at)
{
    uint32_t value;
    memcpy(&value, at, sizeof value);
    return value;
}
static inline void weft_put_u32(uint8_t *at, uint32_t value) { memcpy(at, &value, sizeof value); }
static inline uint64_t weft_get_u64(const uint8_t *at)
{
    uint64_t value;
    memcpy(&value, at, sizeof value);
    return value;
}
static inline void weft_put_u64(uint8_t *at, uint64_t value) { memcpy(at, &value, sizeof value); }
static inline double weft_get_f64(const uint8_t *at)
{
    double value;
    memcpy(&value, at, sizeof value);
    return value;
}
static inline void weft_put_f64(uint8_t *at, double value) { memcpy(at, &value, sizeof value); }

/* ---- constant arguments ---- */

/* The value of constant argument k of a bound call, or `otherwise` where the call has none, or a NULL. */
static inline int64_t weft_agg_constant(const weft_expr *call, int32_t k, int64_t otherwise)
{
    if (k >= call->arg_count || call->args[k]->kind != WEFT_EXPR_LITERAL) return otherwise;
    return call->args[k]->literal.is_null ? otherwise : call->args[k]->literal.i64;
}

/* args[k] becomes a literal of the type. Errors: WEFT_DATATYPE_MISMATCH_NOT_FOLDABLE, WEFT_UNEXPECTED_NULL
 * where it is NULL and that is not allowed. what: the argument's name in messages. */
WEFT_MUST_CHECK weft_status weft_agg_bind_constant(weft_ctx *ctx, const char *name, const char *what,
                                                   const weft_expr **args, int32_t k, weft_type type,
                                                   bool null_allowed, const weft_span *span);

/* args[1] becomes a literal of one share, a DOUBLE of 0 to 1, or an array of them. Errors: as above,
 * WEFT_VALUE_OUT_OF_RANGE. */
WEFT_MUST_CHECK weft_status weft_agg_bind_shares(weft_ctx *ctx, const char *name, const weft_expr **args,
                                                 const weft_span *span);

/* Of a call whose args[1] are its shares: how many, and the k-th. */
int32_t weft_agg_share_count(const weft_expr *call);
double weft_agg_share(const weft_expr *call, int32_t k);
/* A double, or a value of a plain type as one. */
double weft_agg_get_real(const weft_column *column, int32_t position);
/* Slot i of a vector of a number, date, timestamp or interval: integers round towards zero, and a decimal
 * that the value is none of is NULL. */
void weft_agg_put_real(weft_type type, double value, weft_vector *out, int32_t i);

#endif
