/* engine/expr/agg_moments.c - variance, standard deviation, skewness, kurtosis.
 *
 * States, all DOUBLE and 0 at first: the number of values n, their mean, and the sums m2, m3, m4 of powers of
 * the distance from the mean. One value is added by Welford's step and partial states merge by Chan's
 * formulas (Pébay, "Formulas for robust, one-pass parallel computation of covariances and arbitrary-order
 * statistical moments", 2008): numerically stable, and one value is the merge of a state with n = 1. */
#include <math.h>

#include "engine/expr/agg_input.h"
#include "engine/expr/coerce.h"

enum { MOMENTS_MAX = 5 };

typedef struct moments {
    double n, mean, m2, m3, m4;
} moments;

/* The states of a row lie side by side where the layout has it so, but nothing promises that. */
typedef struct moments_slots {
    int32_t count;
    weft_agg_slot slot[MOMENTS_MAX];
} moments_slots;

static moments_slots slots_at(const weft_row_layout *layout, int32_t first_column, int32_t count)
{
    moments_slots slots = {.count = count};
    for (int32_t i = 0; i < count; i++) slots.slot[i] = weft_agg_slot_at(layout, first_column + i);
    return slots;
}

static moments moments_load(const uint8_t *row, const moments_slots *slots)
{
    moments m = {0};
    m.n = weft_agg_load_f64(row, slots->slot[0]);
    m.mean = weft_agg_load_f64(row, slots->slot[1]);
    m.m2 = weft_agg_load_f64(row, slots->slot[2]);
    if (slots->count > 3) m.m3 = weft_agg_load_f64(row, slots->slot[3]);
    if (slots->count > 4) m.m4 = weft_agg_load_f64(row, slots->slot[4]);
    return m;
}

static void moments_store(uint8_t *row, const moments_slots *slots, const moments *m)
{
    weft_agg_store_f64(row, slots->slot[0], m->n);
    weft_agg_store_f64(row, slots->slot[1], m->mean);
    weft_agg_store_f64(row, slots->slot[2], m->m2);
    if (slots->count > 3) weft_agg_store_f64(row, slots->slot[3], m->m3);
    if (slots->count > 4) weft_agg_store_f64(row, slots->slot[4], m->m4);
}

static inline void moments_add(moments *m, double x, int32_t count)
{
    const double n = m->n + 1, delta = x - m->mean, step = delta / n;
    const double m2 = m->m2 + delta * (delta - step);
    if (count > 3) {
        const double delta2 = delta * delta, step2 = step * step;
        const double m3 = m->m3 - 3 * step * m2 + delta * (delta2 - step2);
        if (count > 4) {
            m->m4 = m->m4 - 4 * step * m3 - 6 * step2 * m2 + delta * (delta * delta2 - step * step2);
        }
        m->m3 = m3;
    }
    m->n = n;
    m->mean += step;
    m->m2 = m2;
}

static moments moments_merge(const moments *a, const moments *b)
{
    if (a->n == 0) return *b;
    if (b->n == 0) return *a;
    moments m = {.n = a->n + b->n};
    const double delta = b->mean - a->mean, step = delta / m.n;
    m.mean = a->mean + step * b->n;
    m.m2 = a->m2 + b->m2 + delta * step * a->n * b->n;
    m.m3 = a->m3 + b->m3 + step * step * delta * a->n * b->n * (a->n - b->n) +
           3 * step * (a->n * b->m2 - b->n * a->m2);
    m.m4 = a->m4 + b->m4 +
           step * step * step * delta * a->n * b->n * (a->n * a->n - a->n * b->n + b->n * b->n) +
           6 * step * step * (a->n * a->n * b->m2 + b->n * b->n * a->m2) +
           4 * step * (a->n * b->m3 - b->n * a->m3);
    return m;
}

/* False: the result is NULL. */
typedef bool (*moments_result)(const moments *m, double *out);

typedef struct moments_member {
    const weft_aggregate *aggregate;
    int32_t states;
    moments_result result;
} moments_member;

static const moments_member *member_of(const weft_expr *call);

static int32_t call_states(const weft_agg_place *place) { return member_of(place->call)->states; }

static weft_status moments_update(weft_ctx *ctx, const weft_agg_place *place, uint8_t *const *rows,
                                  const weft_batch *batch, const weft_column *args)
{
    const moments_slots slots = slots_at(place->layout, place->first_column, call_states(place));
    weft_agg_reader reader;
    weft_agg_chunk c;

    (void)ctx;
    weft_agg_reader_init(&reader, batch, args, rows, WEFT_AGG_AS_F64);
    while (weft_agg_reader_next(&reader, &c)) {
        const double *values = c.values;
        for (int32_t k = 0; k < c.count; k++) {
            moments m = moments_load(c.rows[k], &slots);
            moments_add(&m, values[c.index != NULL ? c.index[k] : (uint32_t)k], slots.count);
            moments_store(c.rows[k], &slots, &m);
        }
    }
    return WEFT_OK;
}

static weft_status moments_update_one(weft_ctx *ctx, const weft_agg_place *place, uint8_t *row,
                                      const weft_batch *batch, const weft_column *args)
{
    const moments_slots slots = slots_at(place->layout, place->first_column, call_states(place));
    moments m = moments_load(row, &slots);
    weft_agg_reader reader;
    weft_agg_chunk c;

    (void)ctx;
    weft_agg_reader_init(&reader, batch, args, NULL, WEFT_AGG_AS_F64);
    while (weft_agg_reader_next(&reader, &c)) {
        const double *values = c.values;
        for (int32_t k = 0; k < c.count; k++) {
            moments_add(&m, values[c.index != NULL ? c.index[k] : (uint32_t)k], slots.count);
        }
    }
    moments_store(row, &slots, &m);
    return WEFT_OK;
}

static weft_status moments_merge_rows(weft_ctx *ctx, const weft_agg_place *place, uint8_t *const *into,
                                      const weft_row_layout *from_layout, int32_t from_first_column,
                                      const uint8_t *const *from, int32_t count)
{
    const moments_slots to = slots_at(place->layout, place->first_column, call_states(place));
    const moments_slots slots = slots_at(from_layout, from_first_column, call_states(place));
    (void)ctx;
    for (int32_t i = 0; i < count; i++) {
        const moments a = moments_load(into[i], &to), b = moments_load(from[i], &slots);
        const moments m = moments_merge(&a, &b);
        moments_store(into[i], &to, &m);
    }
    return WEFT_OK;
}

/* ---- results ---- */

static bool result_var_pop(const moments *m, double *out)
{
    *out = m->m2 / m->n;
    return true;
}
static bool result_var_samp(const moments *m, double *out)
{
    *out = m->m2 / (m->n - 1);
    return m->n > 1;
}
static bool result_stddev_pop(const moments *m, double *out)
{
    *out = sqrt(m->m2 / m->n);
    return true;
}
static bool result_stddev_samp(const moments *m, double *out)
{
    *out = sqrt(m->m2 / (m->n - 1));
    return m->n > 1;
}
static bool result_skewness(const moments *m, double *out)
{
    *out = sqrt(m->n) * m->m3 / sqrt(m->m2 * m->m2 * m->m2);
    return m->m2 != 0;
}
static bool result_kurtosis(const moments *m, double *out)
{
    *out = m->n * m->m4 / (m->m2 * m->m2) - 3;
    return m->m2 != 0;
}

static weft_status moments_finalize(weft_ctx *ctx, const weft_agg_place *place, const uint8_t *const *rows,
                                    int32_t count, weft_vector *out)
{
    const moments_slots slots = slots_at(place->layout, place->first_column, call_states(place));
    const moments_result result = member_of(place->call)->result;
    double *to = out->values;
    (void)ctx;
    out->column.phys = WEFT_PHYS_F64;
    for (int32_t i = 0; i < count; i++) {
        const moments m = moments_load(rows[i], &slots);
        to[i] = 0;
        if (m.n == 0 || !result(&m, &to[i])) weft_vector_set_null(out, i);
    }
    return WEFT_OK;
}

/* ---- registry ---- */

static weft_status moments_bind(weft_ctx *ctx, const weft_expr **args, int32_t count, const weft_span *span,
                                weft_type *type)
{
    weft_status st = WEFT_OK;
    WEFT_TRY(st, weft_agg_bind_numeric(ctx, "a statistic of one column", args, count, span));
    *type = WEFT_TYPE_OF(WEFT_TYPE_DOUBLE);
    WEFT_TRY(st, weft_expr_cast(ctx, args[0], *type, true, &args[0]));
done:
    return st;
}

static int32_t moments_states(const weft_expr *call, weft_type *types, bool *starts_zero)
{
    const int32_t count = member_of(call)->states;
    for (int32_t i = 0; i < count; i++) {
        types[i] = WEFT_TYPE_OF(WEFT_TYPE_DOUBLE);
        starts_zero[i] = true;
    }
    return count;
}

static const weft_agg_variant moments_any = {moments_update, moments_update_one, moments_merge_rows,
                                             moments_finalize};

static const weft_agg_variant *moments_variant(const weft_expr *call)
{
    (void)call;
    return &moments_any;
}

#define COMMON                                                                                               \
    .bind = moments_bind, .states = moments_states, .variant = moments_variant, .result_nullable = true

const weft_aggregate weft_aggregate_var_pop = {
    .name = "var_pop",
    COMMON,
    .help = "var_pop(expr) - The variance of the values as a whole population.",
    .example = "SELECT var_pop(col) FROM VALUES (1), (3) AS tab(col)",
    .example_result = "1.0"};

const weft_aggregate weft_aggregate_var_samp = {
    .name = "var_samp",
    .aliases = "variance",
    COMMON,
    .help = "var_samp(expr) - The variance of the values as a sample; NULL for one value.",
    .example = "SELECT var_samp(col) FROM VALUES (1), (2), (3) AS tab(col)",
    .example_result = "1.0"};

const weft_aggregate weft_aggregate_stddev_pop = {
    .name = "stddev_pop",
    COMMON,
    .help = "stddev_pop(expr) - The standard deviation of the values as a whole population.",
    .example = "SELECT stddev_pop(col) FROM VALUES (1), (3) AS tab(col)",
    .example_result = "1.0"};

const weft_aggregate weft_aggregate_stddev_samp = {
    .name = "stddev_samp",
    .aliases = "stddev,std",
    COMMON,
    .help = "stddev_samp(expr) - The standard deviation of the values as a sample; NULL for one value.",
    .example = "SELECT stddev_samp(col) FROM VALUES (1), (2), (3) AS tab(col)",
    .example_result = "1.0"};

const weft_aggregate weft_aggregate_skewness = {
    .name = "skewness",
    COMMON,
    .help = "skewness(expr) - How far the values lean to one side of their mean.",
    .example = "SELECT skewness(col) FROM VALUES (1), (2), (3) AS tab(col)",
    .example_result = "0.0"};

const weft_aggregate weft_aggregate_kurtosis = {
    .name = "kurtosis",
    COMMON,
    .help = "kurtosis(expr) - How heavy the tails are, less 3, which is that of the normal distribution.",
    .example = "SELECT kurtosis(col) FROM VALUES (1), (3) AS tab(col)",
    .example_result = "-2.0"};

static const moments_member members[] = {
    {&weft_aggregate_var_pop, 3, result_var_pop},       {&weft_aggregate_var_samp, 3, result_var_samp},
    {&weft_aggregate_stddev_pop, 3, result_stddev_pop}, {&weft_aggregate_stddev_samp, 3, result_stddev_samp},
    {&weft_aggregate_skewness, 4, result_skewness},     {&weft_aggregate_kurtosis, 5, result_kurtosis}};

static const moments_member *member_of(const weft_expr *call)
{
    for (int32_t i = 0; i < WEFT_COUNT(members); i++) {
        if (members[i].aggregate == call->aggregate.function) return &members[i];
    }
    return NULL; /* cannot be: only these name moments_variant */
}
