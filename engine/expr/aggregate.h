/* engine/expr/aggregate.h - the registry of aggregate functions.
 *
 * An aggregate keeps its state as ordinary columns of a row (contract 2), so that partial results travel,
 * spill and merge like any other rows: sum(decimal) has one DECIMAL(38,s) state, avg a sum and a count,
 * min(string) one string. The table gives the update function the addresses of rows; it writes at the offsets
 * of its state columns. State columns start as NULL bits set and zero bytes; count-like states start at 0 and
 * non-null (init tells). */
#ifndef WEFT_EXPR_AGGREGATE_H
#define WEFT_EXPR_AGGREGATE_H

#include "engine/columnar/builder.h"
#include "engine/columnar/rows.h"
#include "engine/expr/expr.h"

enum { WEFT_AGG_STATES_MAX = 6 };

/* Where the states of one aggregate call lie in the rows of a table. */
typedef struct weft_agg_place {
    const weft_row_layout *layout;
    weft_row_set *heap;    /* set that owns the rows: strings of states are copied to its heap */
    int32_t first_column;  /* layout column of state 0; the others follow */
    const weft_expr *call; /* the AGGREGATE node: types, span */
} weft_agg_place;

typedef struct weft_agg_variant {
    /* rows[i] is the group row of the i-th selected row of the batch; args are the batch's argument columns
     * (any encoding), read at batch positions selection[i]. NULL inputs are skipped by the function. Order of
     * rows is the order of the batch: float sums are bit-identical. */
    weft_status (*update)(weft_ctx *ctx, const weft_agg_place *place, uint8_t *const *rows,
                          const weft_batch *batch, const weft_column *args);
    /* All selected rows go to one row (no GROUP BY, or a run of one group). NULL: update is used. */
    weft_status (*update_one)(weft_ctx *ctx, const weft_agg_place *place, uint8_t *row,
                              const weft_batch *batch, const weft_column *args);
    /* Merge states of from[i] into into[i]. from rows have the layout from_layout, states from
     * from_first_column on. */
    weft_status (*merge)(weft_ctx *ctx, const weft_agg_place *place, uint8_t *const *into,
                         const weft_row_layout *from_layout, int32_t from_first_column,
                         const uint8_t *const *from, int32_t count);
    /* The result of count rows into out (dense). */
    weft_status (*finalize)(weft_ctx *ctx, const weft_agg_place *place, const uint8_t *const *rows,
                            int32_t count, weft_vector *out);
} weft_agg_variant;

typedef struct weft_agg_object weft_agg_object; /* agg_object.h */

struct weft_aggregate {
    const char *name;
    const char *aliases;
    /* Arguments [constant_first, constant_last] are constants: bind makes them literals, which plans keep and
     * kernels read in place->call; their columns mean nothing. constant_first 0: there are none. */
    int8_t constant_first, constant_last;
    /* Coerce args in place; result type, state types and which state columns start non-null at zero. */
    weft_status (*bind)(weft_ctx *ctx, const weft_expr **args, int32_t count, const weft_span *span,
                        weft_type *type);
    /* State types for a bound call; returns their number (1..WEFT_AGG_STATES_MAX). starts_zero[i]: not NULL
     * at first. */
    int32_t (*states)(const weft_expr *call, weft_type *types, bool *starts_zero);
    const weft_agg_variant *(*variant)(const weft_expr *call);
    bool result_nullable;    /* false: count */
    bool ignores_duplicates; /* min, max: DISTINCT changes nothing */
    bool takes_ignore_nulls; /* a literal BOOLEAN after the argument means IGNORE NULLS: first, last,
                                any_value */
    bool shows_given;        /* names show the arguments as they were given: bind makes others of them */
    bool order_sensitive;    /* first, last, collect_list: the stage must be ordered to be deterministic */
    const weft_agg_object *object; /* of those that agg_object.h runs, else NULL */
    const char *help, *example, *example_result;
};

/* Is argument i of the bound call one of its constants? */
static inline bool weft_aggregate_constant(const weft_expr *call, int32_t i)
{
    const weft_aggregate *fn = call->aggregate.function;
    return fn->constant_first > 0 && i >= fn->constant_first && i <= fn->constant_last;
}

const weft_aggregate *weft_aggregate_find(const char *name); /* by name or alias, any case; or NULL */
const weft_aggregate *const *weft_aggregate_all(int32_t *count);

#endif
