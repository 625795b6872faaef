/* engine/expr/agg_pair.c - covariance, correlation and linear regression over the pairs without NULL.
 *
 * States, all DOUBLE and 0 at first: the number of pairs, the means of x and y, the sum of products of their
 * distances from the means, and the sums of squares of each. Pairs are added by Welford's step and partial
 * states merge by Chan's formulas, as in agg_moments.c. regr_*(y, x) name the dependent value first. */
#include <math.h>

#include "engine/expr/agg_input.h"
#include "engine/expr/coerce.h"

enum { PAIR_STATES = 6 };

typedef struct pair_state {
    double n, mean_x, mean_y, xy, xx, yy;
} pair_state;

enum { PAIR_AHEAD = 8 }; /* rows whose groups are fetched while others are updated */

/* The states of a row lie side by side where the layout has it so, but nothing promises that. */
typedef struct pair_slots {
    weft_agg_slot slot[PAIR_STATES];
} pair_slots;

static pair_slots pair_slots_at(const weft_row_layout *layout, int32_t first_column)
{
    pair_slots slots;
    for (int32_t i = 0; i < PAIR_STATES; i++) slots.slot[i] = weft_agg_slot_at(layout, first_column + i);
    return slots;
}

static inline pair_state pair_load(const pair_slots *slots, const uint8_t *row)
{
    double f[PAIR_STATES];
    for (int32_t i = 0; i < PAIR_STATES; i++) f[i] = weft_agg_load_f64(row, slots->slot[i]);
    return (pair_state){f[0], f[1], f[2], f[3], f[4], f[5]};
}

static inline void pair_store(const pair_slots *slots, uint8_t *row, const pair_state *p)
{
    const double f[PAIR_STATES] = {p->n, p->mean_x, p->mean_y, p->xy, p->xx, p->yy};
    for (int32_t i = 0; i < PAIR_STATES; i++) weft_agg_store_f64(row, slots->slot[i], f[i]);
}

/* Orders of terms, which round as Spark's: of covar_* and corr, of regr_sxx and its kin, of regr_r2. */
typedef enum pair_order { PAIR_X_FIRST, PAIR_PARTS, PAIR_Y_FIRST } pair_order;

static inline void pair_add_as(pair_state *p, double x, double y, pair_order order)
{
    p->n += 1;
    const double dx = x - p->mean_x, dy = y - p->mean_y, dx_n = dx / p->n, dy_n = dy / p->n;
    p->mean_x += dx_n;
    p->mean_y += dy_n;
    p->xy += dy * (x - p->mean_x);
    p->xx += dx * (order == PAIR_PARTS ? dx - dx_n : x - p->mean_x);
    p->yy += dy * (order == PAIR_PARTS ? dy - dy_n : y - p->mean_y);
}

static inline void pair_add(pair_state *p, double x, double y, pair_order order)
{
    if (order != PAIR_X_FIRST) {
        pair_add_as(p, x, y, order);
        return;
    }
    p->n += 1;
    const double dx = x - p->mean_x, dy = y - p->mean_y;
    p->mean_x += dx / p->n;
    p->mean_y += dy / p->n;
    p->xy += dx * (y - p->mean_y);
    p->xx += dx * (x - p->mean_x);
    p->yy += dy * (y - p->mean_y);
}

static pair_state pair_merge(const pair_state *a, const pair_state *b)
{
    if (a->n == 0) return *b;
    if (b->n == 0) return *a;
    const double n = a->n + b->n, dx = b->mean_x - a->mean_x, dy = b->mean_y - a->mean_y;
    const double weight = a->n * b->n / n;
    return (pair_state){.n = n,
                        .mean_x = a->mean_x + dx * b->n / n,
                        .mean_y = a->mean_y + dy * b->n / n,
                        .xy = a->xy + b->xy + dx * dy * weight,
                        .xx = a->xx + b->xx + dx * dx * weight,
                        .yy = a->yy + b->yy + dy * dy * weight};
}

/* False: the result is NULL. */
typedef bool (*pair_result)(const pair_state *p, double *out);

typedef struct pair_member {
    const weft_aggregate *aggregate;
    bool y_first; /* regr_*(y, x) */
    pair_result result;
    pair_order order;
} pair_member;

static const pair_member *member_of(const weft_expr *call);

/* The two columns of a batch, by what they are for the statistic. */
typedef struct pair_input {
    const weft_column *x, *y;
    bool plain; /* values lie side by side, and none is NULL */
} pair_input;

static pair_input pair_input_of(const weft_column *args, const pair_member *member)
{
    pair_input in = {.x = &args[member->y_first ? 1 : 0], .y = &args[member->y_first ? 0 : 1]};
    in.plain = in.x->encoding == WEFT_FLAT && in.x->validity == NULL && in.x->phys == WEFT_PHYS_F64 &&
               in.y->encoding == WEFT_FLAT && in.y->validity == NULL && in.y->phys == WEFT_PHYS_F64;
    return in;
}

/* False: one of the two is NULL. */
static inline bool pair_read(const pair_input *in, int32_t position, double *x, double *y)
{
    if (in->plain) {
        *x = ((const double *)in->x->data)[position];
        *y = ((const double *)in->y->data)[position];
        return true;
    }
    const weft_value a = weft_value_of_column(in->x, position), b = weft_value_of_column(in->y, position);
    *x = a.f64;
    *y = b.f64;
    return !a.is_null && !b.is_null;
}

static weft_status pair_update(weft_ctx *ctx, const weft_agg_place *place, uint8_t *const *rows,
                               const weft_batch *batch, const weft_column *args)
{
    const pair_member *const member = member_of(place->call);
    const pair_input in = pair_input_of(args, member);
    const pair_slots slots = pair_slots_at(place->layout, place->first_column);
    double x, y;
    (void)ctx;
    for (int32_t i = 0; i < batch->selected; i++) {
        if (i + PAIR_AHEAD < batch->selected) { /* six states lie in two lines of the cache */
            uint8_t *const ahead = rows[i + PAIR_AHEAD];
            __builtin_prefetch(ahead + slots.slot[0].offset, 1);
            __builtin_prefetch(ahead + slots.slot[PAIR_STATES - 1].offset, 1);
        }
        if (!pair_read(&in, batch->selection != NULL ? batch->selection[i] : i, &x, &y)) continue;
        pair_state p = pair_load(&slots, rows[i]);
        pair_add(&p, x, y, member->order);
        pair_store(&slots, rows[i], &p);
    }
    return WEFT_OK;
}

static weft_status pair_update_one(weft_ctx *ctx, const weft_agg_place *place, uint8_t *row,
                                   const weft_batch *batch, const weft_column *args)
{
    const pair_member *const member = member_of(place->call);
    const pair_input in = pair_input_of(args, member);
    const pair_slots slots = pair_slots_at(place->layout, place->first_column);
    pair_state p = pair_load(&slots, row);
    double x, y;
    (void)ctx;
    for (int32_t i = 0; i < batch->selected; i++) {
        if (pair_read(&in, batch->selection != NULL ? batch->selection[i] : i, &x, &y))
            pair_add(&p, x, y, member->order);
    }
    pair_store(&slots, row, &p);
    return WEFT_OK;
}

static weft_status pair_merge_rows(weft_ctx *ctx, const weft_agg_place *place, uint8_t *const *into,
                                   const weft_row_layout *from_layout, int32_t from_first_column,
                                   const uint8_t *const *from, int32_t count)
{
    const pair_slots to = pair_slots_at(place->layout, place->first_column);
    const pair_slots other = pair_slots_at(from_layout, from_first_column);
    (void)ctx;
    for (int32_t i = 0; i < count; i++) {
        const pair_state a = pair_load(&to, into[i]), b = pair_load(&other, from[i]), p = pair_merge(&a, &b);
        pair_store(&to, into[i], &p);
    }
    return WEFT_OK;
}

static weft_status pair_finalize(weft_ctx *ctx, const weft_agg_place *place, const uint8_t *const *rows,
                                 int32_t count, weft_vector *out)
{
    const pair_result result = member_of(place->call)->result;
    const pair_slots slots = pair_slots_at(place->layout, place->first_column);
    (void)ctx;
    for (int32_t i = 0; i < count; i++) {
        const pair_state p = pair_load(&slots, rows[i]);
        double value = 0;
        if (place->call->type.id == WEFT_TYPE_BIGINT)
            ((int64_t *)out->values)[i] = (int64_t)p.n;
        else if (p.n > 0 && result(&p, &value))
            ((double *)out->values)[i] = value;
        else
            weft_vector_set_null(out, i);
    }
    return WEFT_OK;
}

/* ---- results ---- */

static bool result_covar_pop(const pair_state *p, double *out)
{
    *out = p->xy / p->n;
    return true;
}
static bool result_covar_samp(const pair_state *p, double *out)
{
    *out = p->xy / (p->n - 1);
    return p->n > 1;
}
static bool result_corr(const pair_state *p, double *out)
{
    *out = p->xy / sqrt(p->xx * p->yy);
    return p->n > 1 && p->xx * p->yy != 0;
}
static bool result_sxx(const pair_state *p, double *out)
{
    *out = p->xx;
    return true;
}
static bool result_sxy(const pair_state *p, double *out)
{
    *out = p->xy;
    return true;
}
static bool result_syy(const pair_state *p, double *out)
{
    *out = p->yy;
    return true;
}
static bool result_slope(const pair_state *p, double *out)
{
    *out = p->xy / p->xx;
    return p->xx != 0;
}
static bool result_intercept(const pair_state *p, double *out)
{
    *out = p->mean_y - p->xy / p->xx * p->mean_x;
    return p->xx != 0;
}
static bool result_r2(const pair_state *p, double *out)
{
    const double corr = p->xy / sqrt(p->xx * p->yy);
    *out = p->yy == 0 ? 1 : corr * corr;
    return p->xx != 0;
}

/* ---- registry ---- */

static weft_status pair_bind(weft_ctx *ctx, const weft_expr **args, int32_t count, const weft_span *span,
                             weft_type *type)
{
    weft_status st = WEFT_OK;
    *type = WEFT_TYPE_OF(WEFT_TYPE_DOUBLE);
    if (count != 2) return weft_fail_arg_count(ctx, "a statistic of two columns", 2, 2, count, span);
    for (int32_t i = 0; i < 2; i++) {
        WEFT_TRY(st, weft_agg_bind_numeric(ctx, "a statistic of two columns", &args[i], 1, span));
        WEFT_TRY(st, weft_expr_cast(ctx, args[i], *type, true, &args[i]));
    }
done:
    return st;
}

static weft_status pair_bind_count(weft_ctx *ctx, const weft_expr **args, int32_t count,
                                   const weft_span *span, weft_type *type)
{
    const weft_status st = pair_bind(ctx, args, count, span, type);
    *type = WEFT_TYPE_OF(WEFT_TYPE_BIGINT);
    return st;
}

static int32_t pair_states(const weft_expr *call, weft_type *types, bool *starts_zero)
{
    (void)call;
    for (int32_t i = 0; i < PAIR_STATES; i++) {
        types[i] = WEFT_TYPE_OF(WEFT_TYPE_DOUBLE);
        starts_zero[i] = true;
    }
    return PAIR_STATES;
}

static const weft_agg_variant pair_any = {pair_update, pair_update_one, pair_merge_rows, pair_finalize};

static const weft_agg_variant *pair_variant(const weft_expr *call)
{
    (void)call;
    return &pair_any;
}

#define PAIR(symbol, binder, nullable, usage, want)                                                          \
    const weft_aggregate weft_aggregate_##symbol = {                                                         \
        .name = #symbol,                                                                                     \
        .bind = binder,                                                                                      \
        .states = pair_states,                                                                               \
        .variant = pair_variant,                                                                             \
        .result_nullable = nullable,                                                                         \
        .help = usage,                                                                                       \
        .example = "SELECT " #symbol "(a, b) FROM VALUES (1, 2), (3, 4), (5, 6) AS tab(a, b)",               \
        .example_result = want}
PAIR(covar_pop, pair_bind, true, "covar_pop(a, b) - The covariance of the pairs as a whole population.",
     "2.6666666666666665");
PAIR(covar_samp, pair_bind, true, "covar_samp(a, b) - The covariance of the pairs as a sample.", "4.0");
PAIR(corr, pair_bind, true, "corr(a, b) - Pearson's coefficient of correlation.", "1.0");
PAIR(regr_count, pair_bind_count, false, "regr_count(y, x) - How many pairs there are.", "3");
PAIR(regr_intercept, pair_bind, true, "regr_intercept(y, x) - The y of the regression line at x = 0.",
     "-1.0");
PAIR(regr_r2, pair_bind, true, "regr_r2(y, x) - The coefficient of determination.", "1.0");
PAIR(regr_slope, pair_bind, true, "regr_slope(y, x) - The slope of the regression line.", "1.0");
PAIR(regr_sxx, pair_bind, true, "regr_sxx(y, x) - The sum of squares of x around its mean.", "8.0");
PAIR(regr_sxy, pair_bind, true, "regr_sxy(y, x) - The sum of products of x and y around their means.", "8.0");
PAIR(regr_syy, pair_bind, true, "regr_syy(y, x) - The sum of squares of y around its mean.", "8.0");

static const pair_member members[] = {{&weft_aggregate_covar_pop, false, result_covar_pop, PAIR_X_FIRST},
                                      {&weft_aggregate_covar_samp, false, result_covar_samp, PAIR_X_FIRST},
                                      {&weft_aggregate_corr, false, result_corr, PAIR_X_FIRST},
                                      {&weft_aggregate_regr_count, true, NULL, PAIR_X_FIRST},
                                      {&weft_aggregate_regr_intercept, true, result_intercept, PAIR_X_FIRST},
                                      {&weft_aggregate_regr_r2, true, result_r2, PAIR_Y_FIRST},
                                      {&weft_aggregate_regr_slope, true, result_slope, PAIR_X_FIRST},
                                      {&weft_aggregate_regr_sxx, true, result_sxx, PAIR_PARTS},
                                      {&weft_aggregate_regr_sxy, true, result_sxy, PAIR_PARTS},
                                      {&weft_aggregate_regr_syy, true, result_syy, PAIR_PARTS}};

static const pair_member *member_of(const weft_expr *call)
{
    for (int32_t i = 0; i < WEFT_COUNT(members); i++) {
        if (members[i].aggregate == call->aggregate.function) return &members[i];
    }
    return NULL; /* cannot be: only these name pair_variant */
}
