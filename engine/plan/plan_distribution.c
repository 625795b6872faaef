/* engine/plan/plan_distribution.c - rows that lie together without an exchange: those of tables in buckets.
 *
 * A table in buckets holds the rows of bucket pmod(hash(columns), buckets) in files of that number. Tasks
 * that read a bucket each have all rows of a key, so that joins, aggregates and windows by the columns need
 * no exchange: what they write stays in the task's partitions ("placed", exec/hash.h). The function is
 * Spark's hash and never the engine's own: a distribution by buckets meets only another one of as many.
 *
 * What is known of a node goes by its logical tree alone, so that EXPLAIN can tell it: it outlives filters,
 * projections that keep the columns, and the nodes that made use of it. Joins whose table every task shares
 * end it, because whether they do is known only when the build side has run. */
#include <strings.h>

#include "common/settings.h"
#include "engine/expr/bucket.h"
#include "engine/plan/planner_impl.h"

enum {
    BUCKETS_MOST = 256,     /* every task leaves a list of all partitions: 4 MiB in all */
    PARTITIONS_LEAST = 64,  /* parts of a few buckets, for tables within a cache */
    SHARED_BYTES = 10 << 20 /* a smaller build side is rather shared, as Spark broadcasts it */
};

static bool holds_id(const plan_list *ids, int64_t id)
{
    for (int32_t i = 0; i < ids->count; i++)
        if (*PLAN_LIST_AT(ids, const int64_t, i) == id) return true;
    return false;
}

static weft_status add_id(weft_ctx *ctx, plan_list *ids, int64_t id)
{
    weft_status st = WEFT_OK;
    int64_t *added = NULL;
    WEFT_TRY(st, plan_list_add(ctx, ids, sizeof(*added), (void **)&added));
    *added = id;
done:
    return st;
}

static weft_status add_scan(weft_ctx *ctx, plan_list *scans, const weft_node *scan)
{
    weft_status st = WEFT_OK;
    const weft_node **added = NULL;
    WEFT_TRY(st, plan_list_add(ctx, scans, sizeof(*added), (void **)&added));
    *added = scan;
done:
    return st;
}

/* The output of a scan that is the column of this name, or NULL. */
static const weft_output *scan_column(const weft_node *scan, const char *name)
{
    const weft_schema *schema = scan->scan.relation->schema;
    for (int32_t i = 0; i < scan->output.count; i++)
        if (strcasecmp(weft_scan_field(schema, scan->scan.columns[i])->name, name) == 0)
            return &scan->output.columns[i];
    return NULL;
}

static weft_status of_scan(weft_ctx *ctx, const weft_node *scan, plan_distribution *out)
{
    weft_status st = WEFT_OK;
    const weft_relation *relation = scan->scan.relation;
    const weft_table_definition *table = relation == NULL ? NULL : relation->definition;
    plan_list *keys = NULL;
    if (table == NULL || table->bucket_count == 0 || table->bucket_count > BUCKETS_MOST) return WEFT_OK;
    if (relation->cached != NULL || weft_setting(ctx, WEFT_SET_BUCKETING) == 0) return WEFT_OK;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, table->bucket_name_count, &keys));
    for (int32_t i = 0; i < table->bucket_name_count; i++) {
        const weft_output *column = scan_column(scan, table->bucket_names[i]);
        if (column == NULL || !plan_is_bucket_type(column->type)) return WEFT_OK;
        WEFT_TRY(st, add_id(ctx, &keys[i], column->id));
    }
    for (int32_t i = 0; i < relation->file_count; i++) {
        const int64_t bucket = weft_bucket_of_file(relation->files[i].path);
        if (bucket < 0 || bucket >= table->bucket_count) return WEFT_OK; /* another program's */
    }
    *out = (plan_distribution){
        .count = table->bucket_count, .scanned = true, .key_count = table->bucket_name_count, .keys = keys};
    WEFT_TRY(st, add_scan(ctx, &out->scans, scan));
done:
    return st;
}

/* The names that the outputs give to the columns; nothing is known when one has none. */
static weft_status through_outputs(weft_ctx *ctx, const weft_expr *const *exprs, int32_t count,
                                   plan_distribution *d)
{
    weft_status st = WEFT_OK;
    plan_list *keys = NULL;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, d->key_count, &keys));
    for (int32_t k = 0; k < d->key_count; k++) {
        for (int32_t i = 0; i < count; i++) {
            const weft_expr *below = plan_below_alias(exprs[i]);
            if (below->kind == WEFT_EXPR_COLUMN && holds_id(&d->keys[k], below->column.id))
                WEFT_TRY(st, add_id(ctx, &keys[k], plan_output_id(exprs[i])));
        }
        if (keys[k].count > 0) continue;
        *d = (plan_distribution){0};
        return WEFT_OK;
    }
    d->keys = keys;
done:
    return st;
}

bool plan_lies_together(const plan_distribution *d, const weft_expr *const *exprs, int32_t count)
{
    for (int32_t k = 0; k < d->key_count; k++) {
        bool has = false;
        for (int32_t i = 0; i < count && !has; i++) {
            const weft_expr *e = plan_below_alias(exprs[i]);
            has = e->kind == WEFT_EXPR_COLUMN && holds_id(&d->keys[k], e->column.id);
        }
        if (!has) return false;
    }
    return d->count > 0;
}

/* ---- joins ---- */

/* Is each key of the join the same column of both distributions, and no key left? */
static bool keys_meet(const weft_node *join, const plan_distribution *left, const plan_distribution *right)
{
    if (left->key_count != join->join.key_count || right->key_count != left->key_count) return false;
    for (int32_t i = 0; i < left->key_count; i++) {
        bool met = false;
        for (int32_t k = 0; k < join->join.key_count && !met; k++) {
            const weft_expr *l = join->join.left_keys[k], *r = join->join.right_keys[k];
            met = l->kind == WEFT_EXPR_COLUMN && r->kind == WEFT_EXPR_COLUMN &&
                  weft_type_equal(l->type, r->type) && holds_id(&left->keys[i], l->column.id) &&
                  holds_id(&right->keys[i], r->column.id);
        }
        if (!met) return false;
    }
    return true;
}

/* As how many buckets both can be read; 0: as none. Bucket b of n is of bucket b mod m where m divides n. */
static int32_t common_count(const weft_ctx *ctx, const plan_distribution *a, const plan_distribution *b)
{
    if (a->count == b->count) return a->count;
    const plan_distribution *more = a->count > b->count ? a : b, *less = a->count > b->count ? b : a;
    const bool may = more->scanned && weft_setting(ctx, WEFT_SET_COALESCE_BUCKETS) != 0;
    const bool fits = more->count % less->count == 0 &&
                      more->count / less->count <= weft_setting(ctx, WEFT_SET_COALESCE_RATIO);
    return may && fits ? less->count : 0;
}

/* Is the build side rather read whole by every task? In one process all of them share one table, which all
 * slots make and ask without a look at buckets, at two thirds of the time (docs/performance.md); where each
 * worker would fetch it, or it takes too much memory, buckets do without an exchange. */
static weft_status is_shared_rather(weft_ctx *ctx, const plan_ground *ground, const weft_node *join,
                                    bool *out)
{
    weft_status st = WEFT_OK;
    const weft_join_strategy strategy = join->join.strategy;
    const int64_t set = weft_setting(ctx, WEFT_SET_BROADCAST_BYTES);
    weft_estimate estimate = {0};
    *out = strategy == WEFT_STRATEGY_BROADCAST;
    if (strategy != WEFT_STRATEGY_NONE || set < 0) return WEFT_OK;
    WEFT_TRY(st, weft_estimate_node(ctx, plan_join_build_side(join), &estimate));
    const int64_t limit = set == 0 ? weft_max_i64(SHARED_BYTES, plan_shared_bytes_most(ground->memory_bytes))
                                   : set;
    *out = estimate.rows * (estimate.row_bytes + PLAN_SHARED_ROW_BYTES) <= (double)limit;
done:
    return st;
}

static bool sees_all_nulls(const weft_node *join)
{
    const weft_join_kind kind = join->join.kind;
    return kind == WEFT_JOIN_ANTI_NULL || (kind == WEFT_JOIN_MARK && join->join.mark_nullable);
}

weft_status plan_join_buckets(weft_ctx *ctx, const plan_ground *ground, const weft_node *join,
                              plan_distribution *left, plan_distribution *right, int32_t *buckets)
{
    weft_status st = WEFT_OK;
    bool shared = false;
    *buckets = 0;
    if (join->join.key_count == 0 || sees_all_nulls(join)) return WEFT_OK;
    WEFT_TRY(st, plan_distribution_of(ctx, ground, join->inputs[0], left));
    if (left->count == 0) return WEFT_OK;
    WEFT_TRY(st, plan_distribution_of(ctx, ground, join->inputs[1], right));
    if (right->count == 0 || !keys_meet(join, left, right)) return WEFT_OK;
    const int32_t common = common_count(ctx, left, right);
    if (common == 0) return WEFT_OK;
    WEFT_TRY(st, is_shared_rather(ctx, ground, join, &shared));
    if (!shared) *buckets = common;
done:
    return st;
}

/* Rows leave in the tasks of the probe side, but for those of a build side that is preserved. */
static weft_status of_join(weft_ctx *ctx, const plan_ground *ground, const weft_node *join,
                           plan_distribution *out)
{
    weft_status st = WEFT_OK;
    plan_distribution left = {0}, right = {0};
    int32_t buckets = 0;
    WEFT_TRY(st, plan_join_buckets(ctx, ground, join, &left, &right, &buckets));
    if (buckets == 0 || plan_join_keeps_build(join)) return WEFT_OK;
    const bool probe_left = plan_join_probe_side(join) == join->inputs[0];
    const plan_distribution *probe = probe_left ? &left : &right, *build = probe_left ? &right : &left;
    *out = *probe;
    out->count = buckets;
    out->scanned = false;
    for (int32_t i = 0; i < build->scans.count; i++)
        WEFT_TRY(st, add_scan(ctx, &out->scans, *PLAN_LIST_AT(&build->scans, const weft_node *, i)));
    for (int32_t k = 0; k < out->key_count && join->join.kind == WEFT_JOIN_INNER; k++)
        for (int32_t i = 0; i < build->keys[k].count; i++)
            WEFT_TRY(st, add_id(ctx, &out->keys[k], *PLAN_LIST_AT(&build->keys[k], const int64_t, i)));
done:
    return st;
}

/* ---- nodes ---- */

weft_status plan_distribution_of(weft_ctx *ctx, const plan_ground *ground, const weft_node *node,
                                 plan_distribution *out)
{
    weft_status st = WEFT_OK;
    *out = (plan_distribution){0};
    if (weft_is_shared(&ground->parents, node))
        return WEFT_OK; /* its rows are kept, in partitions of their own */
    switch ((int)node->kind) {
    case WEFT_NODE_SCAN: return of_scan(ctx, node, out);
    case WEFT_NODE_FILTER: return plan_distribution_of(ctx, ground, node->inputs[0], out);
    case WEFT_NODE_JOIN: return of_join(ctx, ground, node, out);
    case WEFT_NODE_PROJECT:
        WEFT_TRY(st, plan_distribution_of(ctx, ground, node->inputs[0], out));
        if (out->count > 0) WEFT_TRY(st, through_outputs(ctx, node->project.exprs, node->project.count, out));
        break;
    case WEFT_NODE_AGGREGATE:
        WEFT_TRY(st, plan_groups_distribution(ctx, ground, node, out));
        if (out->count > 0)
            WEFT_TRY(st, through_outputs(ctx, node->aggregate.groups, node->aggregate.group_count, out));
        out->scanned = false;
        break;
    case WEFT_NODE_WINDOW:
        WEFT_TRY(st, plan_groups_distribution(ctx, ground, node, out));
        out->scanned = false;
        break;
    default: break;
    }
done:
    return st;
}

weft_status plan_groups_distribution(weft_ctx *ctx, const plan_ground *ground, const weft_node *node,
                                     plan_distribution *out)
{
    weft_status st = WEFT_OK;
    const bool window = node->kind == WEFT_NODE_WINDOW;
    const weft_window_spec *spec = window ? plan_below_alias(node->window.exprs[0])->window.spec : NULL;
    const weft_expr *const *exprs = window ? spec->partition : node->aggregate.groups;
    const int32_t count = window ? spec->partition_count : node->aggregate.group_count;
    *out = (plan_distribution){0};
    if (count == 0) return WEFT_OK;
    WEFT_TRY(st, plan_distribution_of(ctx, ground, node->inputs[0], out));
    if (!plan_lies_together(out, exprs, count)) *out = (plan_distribution){0};
done:
    return st;
}

/* ---- pipes ---- */

int32_t plan_bucket_partitions(int32_t buckets)
{
    return weft_max_i32(PARTITIONS_LEAST, (int32_t)weft_pow2_ceil((uint64_t)buckets));
}

/* A condition on the rows of a scan that raises where a file holds rows of another bucket: whoever wrote it,
 * they must not go where the others of their key are not. */
static weft_status check_rows(weft_ctx *ctx, const plan_distribution *d, int32_t buckets, pipeline *pipe)
{
    weft_status st = WEFT_OK;
    const weft_value count = {.type = WEFT_TYPE_OF(WEFT_TYPE_INT), .i64 = buckets};
    const weft_expr **columns = NULL, *args[2] = {NULL}, *check = NULL;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, d->key_count, &columns));
    for (int32_t k = 0; k < d->key_count; k++) {
        int32_t ordinal = -1;
        int64_t id = -1;
        for (int32_t i = 0; i < d->keys[k].count && ordinal < 0; i++) {
            id = *PLAN_LIST_AT(&d->keys[k], const int64_t, i);
            ordinal = pipe_find(pipe, id);
        }
        if (ordinal < 0) WEFT_TRY(st, weft_fail(ctx, WEFT_INTERNAL, "a bucket column was not planned"));
        WEFT_TRY(st, weft_expr_column(ctx, id, "bucket key", pipe->types.types[ordinal], true, &columns[k]));
    }
    WEFT_TRY(st, weft_expr_call(ctx, "hash", columns, d->key_count, NULL, &args[0]));
    WEFT_TRY(st, weft_expr_literal(ctx, &count, &args[1]));
    WEFT_TRY(st, weft_expr_call(ctx, "(in_bucket)", args, 2, NULL, &check));
    WEFT_TRY(st, pipe_filter(ctx, pipe, &check, 1));
done:
    return st;
}

weft_status plan_take_buckets(weft_ctx *ctx, const plan_distribution *d, int32_t buckets, pipeline *pipe)
{
    weft_status st = WEFT_OK;
    char *name = NULL;
    if (pipe->scan == NULL && pipe->partition_count != plan_bucket_partitions(buckets))
        return weft_fail(ctx, WEFT_INTERNAL, "rows of %d buckets come in %d partitions", (int)buckets,
                         (int)pipe->partition_count);
    pipe->buckets = buckets;
    if (pipe->scan == NULL || pipe->bucket_checked) return WEFT_OK;
    WEFT_TRY(st, check_rows(ctx, d, buckets, pipe));
    WEFT_TRY(st, weft_arena_printf(ctx, ctx->arena, &name, "%d buckets", (int)buckets));
    WEFT_TRY(st, pipe_name(ctx, pipe, name));
    pipe->bucket_checked = true;
done:
    return st;
}
