/* engine/plan/estimate.c - rows and columns of nodes, from the statistics of their tables.
 *
 * A node's rows follow from its inputs' by the kind; a column's distinct values and bounds are those of the
 * column it comes from, no more than there are rows. Columns are looked at only when somebody asks, since
 * most are never compared. Selectivity is in estimate_select.c. */
#include "engine/plan/estimate.h"

#include <math.h>

#include "engine/plan/estimate_impl.h"
#include "engine/plan/table_statistics.h"

enum { ROUNDS_GUESSED = 10, LEVEL_ROWS_GUESSED = 1000 }; /* of WITH RECURSIVE: nothing is known of it */

/* ---- memory ---- */

weft_status weft_estimator_new(weft_ctx *ctx, weft_estimator **out) { return WEFT_NEW(ctx, out); }

static weft_status record_of(weft_ctx *ctx, weft_estimator *e, const weft_node *node, node_record **out)
{
    weft_status st = WEFT_OK;
    node_record *record = NULL;
    const void *found = weft_pointer_map_get(&e->nodes, node);
    if (found != NULL) {
        memcpy(out, &found, sizeof(*out)); /* records are ours to change; the map holds const pointers */
        return WEFT_OK;
    }
    WEFT_TRY(st, WEFT_NEW(ctx, &record));
    WEFT_TRY(st, weft_pointer_map_put(ctx, &e->nodes, node, record));
    *out = record;
done:
    return st;
}

static double at_least(double value, double least) { return value < least ? least : value; }
static double at_most(double value, double most) { return value > most ? most : value; }

/* ---- rows ---- */

static weft_status rows_of(weft_ctx *ctx, weft_estimator *e, const weft_node *node, double *rows)
{
    weft_estimate estimate = {0};
    const weft_status st = weft_estimator_node(ctx, e, node, &estimate);
    *rows = estimate.rows;
    return st;
}

static double row_bytes_of(const weft_node *node)
{
    double bytes = 8;
    for (int32_t i = 0; i < node->output.count; i++) {
        const weft_type type = node->output.columns[i].type;
        const int32_t width = weft_phys_bytes(weft_type_phys(type));
        bytes += type.id == WEFT_TYPE_STRING || type.id == WEFT_TYPE_BINARY ? 24 : width > 0 ? width : 16;
    }
    return bytes;
}

/* About how many rows the table has; what nobody knows is guessed. */
static double table_rows(const weft_relation *relation)
{
    int64_t rows = weft_table_rows_about(relation->format, relation->table);
    if (rows < 0 && relation->definition != NULL)
        rows = weft_statistic_number(relation->definition, "rows", NULL);
    return rows >= 0 ? (double)rows : ESTIMATE_UNKNOWN_ROWS;
}

static weft_status scan_rows(weft_ctx *ctx, weft_estimator *e, const weft_node *node, weft_estimate *out)
{
    weft_status st = WEFT_OK;
    double keep = 1;
    const weft_relation *relation = node->scan.relation;
    out->rows_exact = relation->format->row_count(relation->table) >= 0 && node->scan.conjunct_count == 0;
    out->rows = table_rows(relation);
    WEFT_TRY(st, estimate_all(ctx, e, node, node->scan.conjuncts, node->scan.conjunct_count, &keep));
    out->rows *= keep;
done:
    return st;
}

/* Combinations of several columns' values: their product, no more than the rows. */
static weft_status combinations(weft_ctx *ctx, weft_estimator *e, const weft_node *node,
                                const weft_expr *const *exprs, int32_t count, double *out)
{
    weft_status st = WEFT_OK;
    double rows = 0, product = 1;
    WEFT_TRY(st, rows_of(ctx, e, node, &rows));
    for (int32_t i = 0; i < count; i++) {
        double distinct = 1;
        WEFT_TRY(st, weft_estimator_distinct(ctx, e, node, exprs[i], &distinct));
        product = at_most(product * at_least(distinct, 1), 1e18);
    }
    *out = at_most(product, at_least(rows, 1));
done:
    return st;
}

/* The rows of the biggest table below, unfiltered: no key of several columns has more values. */
static weft_status unfiltered_rows(weft_ctx *ctx, weft_estimator *e, const weft_node *node, double *out)
{
    weft_status st = WEFT_OK;
    *out = 1;
    if (node->kind == WEFT_NODE_SCAN) {
        *out = table_rows(node->scan.relation);
        return WEFT_OK;
    }
    if (node->kind == WEFT_NODE_AGGREGATE || node->input_count == 0) return rows_of(ctx, e, node, out);
    for (int32_t i = 0; i < node->input_count; i++) {
        double rows = 1;
        WEFT_TRY(st, unfiltered_rows(ctx, e, node->inputs[i], &rows));
        *out = at_least(rows, *out);
    }
done:
    return st;
}

/* Values that the keys of both sides together are taken from. */
static weft_status key_values(weft_ctx *ctx, weft_estimator *e, const weft_node *node, double *out)
{
    weft_status st = WEFT_OK;
    double bounds[2] = {1, 1};
    *out = 1;
    for (int32_t i = 0; i < node->join.key_count; i++) {
        double left = 1, right = 1;
        WEFT_TRY(st, weft_estimator_distinct(ctx, e, node->inputs[0], node->join.left_keys[i], &left));
        WEFT_TRY(st, weft_estimator_distinct(ctx, e, node->inputs[1], node->join.right_keys[i], &right));
        *out = at_most(*out * at_least(at_least(left, right), 1), 1e18);
    }
    if (node->join.key_count < 2) goto done;
    for (int s = 0; s < 2; s++) WEFT_TRY(st, unfiltered_rows(ctx, e, node->inputs[s], &bounds[s]));
    *out = at_least(at_most(*out, at_most(bounds[0], bounds[1])), 1);
done:
    return st;
}

static weft_status join_rows(weft_ctx *ctx, weft_estimator *e, const weft_node *node, weft_estimate *out)
{
    weft_status st = WEFT_OK;
    double left = 0, right = 0, left_keys = 1, right_keys = 1, distinct = 1;
    const int32_t keys = node->join.key_count;
    WEFT_TRY(st, rows_of(ctx, e, node->inputs[0], &left));
    WEFT_TRY(st, rows_of(ctx, e, node->inputs[1], &right));
    WEFT_TRY(st, combinations(ctx, e, node->inputs[0], node->join.left_keys, keys, &left_keys));
    WEFT_TRY(st, combinations(ctx, e, node->inputs[1], node->join.right_keys, keys, &right_keys));
    WEFT_TRY(st, key_values(ctx, e, node, &distinct));
    double other = 1;
    for (int32_t i = 0; i < node->join.condition_count; i++) other *= ESTIMATE_CONDITION;
    const double inner = keys > 0 ? left * right / distinct * other : left * right * other;
    const double matched = keys > 0 ? at_most(right_keys / at_least(left_keys, 1), 1) * (other < 1 ? 0.8 : 1)
                                    : (other < 1 ? 0.5 : 1);
    switch (node->join.kind) {
    case WEFT_JOIN_INNER: out->rows = inner; break;
    case WEFT_JOIN_LEFT: out->rows = at_least(inner, left); break;
    case WEFT_JOIN_RIGHT: out->rows = at_least(inner, right); break;
    case WEFT_JOIN_FULL: out->rows = at_least(inner, left + right * (1 - matched)); break;
    case WEFT_JOIN_SEMI: out->rows = left * matched; break;
    case WEFT_JOIN_ANTI:
    case WEFT_JOIN_ANTI_NULL: out->rows = left * at_least(1 - matched, 0.05); break;
    case WEFT_JOIN_MARK:
    case WEFT_JOIN_SINGLE: out->rows = left; break;
    }
done:
    return st;
}

static weft_status node_rows(weft_ctx *ctx, weft_estimator *e, const weft_node *node, weft_estimate *out)
{
    weft_status st = WEFT_OK;
    double rows = 0, factor = 1;
    if (node->input_count > 0) WEFT_TRY(st, rows_of(ctx, e, node->inputs[0], &rows));
    switch (node->kind) {
    case WEFT_NODE_SCAN: WEFT_TRY(st, scan_rows(ctx, e, node, out)); break;
    case WEFT_NODE_VALUES:
        out->rows = node->values.row_count;
        out->rows_exact = true;
        break;
    case WEFT_NODE_FILTER:
        WEFT_TRY(st,
                 estimate_all(ctx, e, node->inputs[0], node->filter.conjuncts, node->filter.count, &factor));
        out->rows = rows * factor;
        break;
    case WEFT_NODE_JOIN: WEFT_TRY(st, join_rows(ctx, e, node, out)); break;
    case WEFT_NODE_AGGREGATE:
        out->rows = 1;
        out->rows_exact = node->aggregate.group_count == 0;
        if (node->aggregate.group_count > 0)
            WEFT_TRY(st, combinations(ctx, e, node->inputs[0], node->aggregate.groups,
                                      node->aggregate.group_count, &out->rows));
        break;
    case WEFT_NODE_LIMIT:
        out->rows = at_least(rows - (double)node->limit.skip, 0);
        if (node->limit.take >= 0) out->rows = at_most(out->rows, (double)node->limit.take);
        break;
    case WEFT_NODE_SORT:
        out->rows = node->sort.limit >= 0 ? at_most(rows, (double)node->sort.limit) : rows;
        break;
    case WEFT_NODE_UNION:
        for (int32_t i = 0; i < node->input_count; i++) {
            WEFT_TRY(st, rows_of(ctx, e, node->inputs[i], &rows));
            out->rows += rows;
        }
        break;
    case WEFT_NODE_RECURSION: out->rows = rows * ROUNDS_GUESSED; break;
    case WEFT_NODE_LEVEL: out->rows = LEVEL_ROWS_GUESSED; break;
    case WEFT_NODE_EXPAND: out->rows = rows * node->expand.projection_count; break;
    case WEFT_NODE_SINGLE_ROW:
        out->rows = 1;
        out->rows_exact = true;
        break;
    case WEFT_NODE_PROJECT:
    case WEFT_NODE_WINDOW:
    case WEFT_NODE_SET:
    case WEFT_NODE_WRITE:
    case WEFT_NODE_EXPLAIN:
    case WEFT_NODE_CREATE_VIEW:
    case WEFT_NODE_DROP_VIEW:
    case WEFT_NODE_SET_CONFIG:
    case WEFT_NODE_SHOW:
    case WEFT_NODE_RELATION:
    case WEFT_NODE_ALIAS:
    case WEFT_NODE_WITH:
    case WEFT_NODE_SELECT:
    case WEFT_NODE_PIVOT:
    case WEFT_NODE_UNPIVOT:
    case WEFT_NODE_SAMPLE:
    case WEFT_NODE_TABLE_FUNCTION:
    case WEFT_NODE_TABLE_COMMAND:
    case WEFT_NODE_GIVEN:
    case WEFT_NODE_ROUTINE:
    case WEFT_NODE_VARIABLE:
    case WEFT_NODE_EXECUTE:
    case WEFT_NODE_REPARTITION:
    case WEFT_NODE_SCRIPT:
    case WEFT_NODE_KIND_COUNT: out->rows = rows; break;
    }
done:
    return st;
}

weft_status weft_estimator_node(weft_ctx *ctx, weft_estimator *e, const weft_node *node, weft_estimate *out)
{
    weft_status st = WEFT_OK;
    node_record *record = NULL;
    WEFT_TRY(st, record_of(ctx, e, node, &record));
    if (!record->has_estimate) {
        weft_estimate made = {0};
        WEFT_TRY(st, node_rows(ctx, e, node, &made));
        made.rows = isfinite(made.rows) ? at_least(made.rows, 0) : 1e18;
        made.row_bytes = row_bytes_of(node);
        record->estimate = made;
        record->has_estimate = true;
    }
    *out = record->estimate;
done:
    return st;
}

/* ---- columns ---- */

/* How many values of the type lie between the bounds; -1: not countable. */
static double range_of(const weft_column_stats *c)
{
    double low = 0, high = 0;
    if (!c->has_bounds || !estimate_number(&c->low, &low) || !estimate_number(&c->high, &high)) return -1;
    const weft_type type = c->low.type;
    if (type.id != WEFT_TYPE_DATE && type.id != WEFT_TYPE_DECIMAL && !weft_type_is_integral(type)) return -1;
    double step = 1;
    for (int i = 0; type.id == WEFT_TYPE_DECIMAL && i < type.scale; i++) step /= 10;
    return (high - low) / step + 1;
}

static weft_status scan_column(weft_ctx *ctx, const weft_node *node, int32_t output, weft_column_stats *out)
{
    weft_status st = WEFT_OK;
    const weft_relation *relation = node->scan.relation;
    const int64_t count = weft_table_rows_about(relation->format, relation->table);
    const double rows = count >= 0 ? (double)count : ESTIMATE_UNKNOWN_ROWS;
    if (relation->format->stats != NULL)
        WEFT_TRY(st, relation->format->stats(ctx, relation->table, node->scan.columns[output], out));
    const double range = range_of(out);
    double distinct = (double)out->distinct_estimate;
    if (distinct < 0)
        distinct = range >= 0 ? at_most(range, rows) : at_most(rows, at_least(rows / 20, 100));
    else if (range >= 0)
        distinct = at_most(distinct, range);
    out->distinct_estimate = (int64_t)at_least(at_most(distinct, rows), 1);
done:
    return st;
}

weft_status estimate_raw_column(weft_ctx *ctx, weft_estimator *e, const weft_node *scan, int64_t id,
                                weft_column_stats *out)
{
    weft_status st = WEFT_OK;
    node_record *record = NULL;
    column_record *column = NULL;
    *out = (weft_column_stats){.null_count = -1, .distinct_estimate = -1, .value_bytes = 8};
    const int32_t output = weft_node_find_output(scan, id);
    if (output < 0) return WEFT_OK;
    WEFT_TRY(st, record_of(ctx, e, scan, &record));
    for (column = record->raw; column != NULL; column = column->next) {
        if (column->id != id) continue;
        *out = column->stats;
        return WEFT_OK;
    }
    WEFT_TRY(st, scan_column(ctx, scan, output, out));
    const weft_table_definition *d = scan->scan.relation->definition;
    const int64_t distinct =
        d == NULL ? -1 : weft_statistic_number(d, "distinct", scan->output.columns[output].name);
    if (distinct > 0) out->distinct_estimate = distinct; /* counted, where files only let guess */
    WEFT_TRY(st, WEFT_NEW(ctx, &column));
    *column = (column_record){.id = id, .stats = *out, .next = record->raw};
    record->raw = column;
done:
    return st;
}

/* How many of `distinct` values are left when part `keep` of the rows is: each value has rows / distinct. */
static double distinct_kept(double distinct, double rows_before, double rows_after)
{
    if (rows_before <= 0 || rows_after >= rows_before || distinct <= 0) return at_most(distinct, rows_after);
    const double each = rows_before / distinct;
    if (each <= 1.5) return at_most(distinct * rows_after / rows_before, rows_after);
    return at_most(distinct * (1 - pow(1 - rows_after / rows_before, each)), rows_after);
}

/* The input that a column comes from, and its id there; NULL when it is computed here. */
static const weft_node *source_of(const weft_node *node, int64_t *id)
{
    const weft_expr *const *named = NULL;
    int32_t count = 0;
    if (node->kind == WEFT_NODE_PROJECT) {
        named = node->project.exprs;
        count = node->project.count;
    } else if (node->kind == WEFT_NODE_AGGREGATE) {
        named = node->aggregate.groups;
        count = node->aggregate.group_count;
    } else {
        for (int32_t i = 0; i < node->input_count; i++)
            if (weft_node_find_output(node->inputs[i], *id) >= 0) return node->inputs[i];
        return NULL;
    }
    for (int32_t i = 0; i < count; i++) {
        if (opt_output_id(named[i]) != *id) continue;
        const weft_expr *below = opt_below_alias(named[i]);
        while (below->kind == WEFT_EXPR_CAST) below = below->args[0];
        if (below->kind != WEFT_EXPR_COLUMN) return NULL;
        *id = below->column.id;
        return node->inputs[0];
    }
    return NULL;
}

/* Distinct values of a column that the node computes: those of what it is computed from, at most. */
static weft_status computed_column(weft_ctx *ctx, weft_estimator *e, const weft_node *node, int64_t id,
                                   double rows, weft_column_stats *out)
{
    weft_status st = WEFT_OK;
    double distinct = at_least(rows, 1);
    const weft_expr *const *named = node->kind == WEFT_NODE_PROJECT ? node->project.exprs : NULL;
    int32_t count = node->kind == WEFT_NODE_PROJECT ? node->project.count : 0;
    if (node->kind == WEFT_NODE_AGGREGATE) {
        named = node->aggregate.groups;
        count = node->aggregate.group_count;
    }
    for (int32_t i = 0; i < count; i++) {
        if (opt_output_id(named[i]) == id)
            WEFT_TRY(st,
                     weft_estimator_distinct(ctx, e, node->inputs[0], opt_below_alias(named[i]), &distinct));
    }
    out->distinct_estimate = (int64_t)at_least(at_most(distinct, rows), 1);
done:
    return st;
}

static weft_status column_of(weft_ctx *ctx, weft_estimator *e, const weft_node *node, int64_t id,
                             weft_column_stats *out)
{
    weft_status st = WEFT_OK;
    double rows = 0, before = 0;
    int64_t below = id;
    *out = (weft_column_stats){.null_count = -1, .distinct_estimate = -1, .value_bytes = 8};
    const int32_t output = weft_node_find_output(node, id);
    if (output < 0) return WEFT_OK;
    WEFT_TRY(st, rows_of(ctx, e, node, &rows));
    if (node->kind == WEFT_NODE_SCAN) {
        WEFT_TRY(st, estimate_raw_column(ctx, e, node, id, out));
        before = table_rows(node->scan.relation);
    } else {
        const weft_node *source = source_of(node, &below);
        if (source == NULL) {
            WEFT_TRY(st, computed_column(ctx, e, node, id, rows, out));
            goto done;
        }
        WEFT_TRY(st, weft_estimator_column(ctx, e, source, below, out));
        WEFT_TRY(st, rows_of(ctx, e, source, &before));
        if (!weft_type_equal(out->low.type, node->output.columns[output].type)) out->has_bounds = false;
        if (node->kind == WEFT_NODE_AGGREGATE) before = rows; /* grouping keeps every value */
    }
    out->distinct_estimate =
        (int64_t)at_least(distinct_kept((double)out->distinct_estimate, before, rows), 1);
done:
    return st;
}

weft_status weft_estimator_column(weft_ctx *ctx, weft_estimator *e, const weft_node *node, int64_t id,
                                  weft_column_stats *out)
{
    weft_status st = WEFT_OK;
    node_record *record = NULL;
    column_record *column = NULL;
    WEFT_TRY(st, record_of(ctx, e, node, &record));
    for (column = record->columns; column != NULL; column = column->next) {
        if (column->id != id) continue;
        *out = column->stats;
        return WEFT_OK;
    }
    WEFT_TRY(st, column_of(ctx, e, node, id, out));
    WEFT_TRY(st, WEFT_NEW(ctx, &column));
    *column = (column_record){.id = id, .stats = *out, .next = record->columns};
    record->columns = column;
done:
    return st;
}

/* ---- without memory ---- */

weft_status weft_estimate_node(weft_ctx *ctx, const weft_node *node, weft_estimate *out)
{
    weft_estimator e = {0};
    return weft_estimator_node(ctx, &e, node, out);
}

weft_status weft_estimate_column(weft_ctx *ctx, const weft_node *node, int64_t id, weft_column_stats *out)
{
    weft_estimator e = {0};
    return weft_estimator_column(ctx, &e, node, id, out);
}

weft_status weft_estimate_selectivity(weft_ctx *ctx, const weft_node *node, const weft_expr *predicate,
                                      double *out)
{
    weft_estimator e = {0};
    return weft_estimator_selectivity(ctx, &e, node, predicate, out);
}
