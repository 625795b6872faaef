/* engine/plan/plan_bucket.c - tables in buckets: which of them a condition on their column leaves.
 *
 * A row lies in the bucket pmod(hash(column), buckets) (analyzer_write.c), and a file tells its bucket by its
 * name: part-…_00003.c000.parquet. Where the scan asks that the column equal constants, files of other
 * buckets are not read. A file without a number, as another program may have put it there, is of any bucket.
 * Only for types of which equal values have equal bits: not for floating point, CHAR, or strings of a
 * collation. */
#include <string.h>
#include <strings.h>

#include "common/settings.h"
#include "engine/expr/bucket.h"
#include "engine/plan/planner_impl.h"

bool plan_is_bucket_type(weft_type type)
{
    switch ((int)type.id) {
    case WEFT_TYPE_BOOLEAN:
    case WEFT_TYPE_TINYINT:
    case WEFT_TYPE_SMALLINT:
    case WEFT_TYPE_INT:
    case WEFT_TYPE_BIGINT:
    case WEFT_TYPE_DATE:
    case WEFT_TYPE_TIMESTAMP:
    case WEFT_TYPE_TIMESTAMP_NTZ:
    case WEFT_TYPE_BINARY:
    case WEFT_TYPE_DECIMAL: return true;
    case WEFT_TYPE_STRING: return weft_type_equal(type, WEFT_TYPE_OF(WEFT_TYPE_STRING));
    default: return false;
    }
}

/* The bucket of a constant, which is not NULL. */
static weft_status bucket_of(weft_ctx *ctx, const weft_expr *constant, int32_t buckets, int64_t *out)
{
    weft_status st = WEFT_OK;
    const weft_value count = {.type = WEFT_TYPE_OF(WEFT_TYPE_INT), .i64 = buckets};
    const weft_expr *args[2] = {NULL}, *number = NULL;
    WEFT_TRY(st, weft_expr_call(ctx, "hash", &constant, 1, NULL, &args[0]));
    WEFT_TRY(st, weft_expr_literal(ctx, &count, &args[1]));
    WEFT_TRY(st, weft_expr_call(ctx, "pmod", args, 2, NULL, &number));
    WEFT_TRY(st, weft_expr_fold(ctx, number, &number));
    if (number->kind != WEFT_EXPR_LITERAL)
        WEFT_TRY(st, weft_fail(ctx, WEFT_INTERNAL, "the bucket of a constant is no constant"));
    *out = number->literal.i64;
done:
    return st;
}

/* The constants that the condition lets the column equal: items[first…] of it; 0: it says nothing of them. */
static int32_t first_constant(const weft_expr *e, int64_t id, weft_type type)
{
    const bool equal = e->kind == WEFT_EXPR_CALL && e->arg_count == 2 &&
                       strcmp(e->call.function->name, "=") == 0;
    if (!equal && e->kind != WEFT_EXPR_IN) return 0;
    if (e->args[0]->kind != WEFT_EXPR_COLUMN || e->args[0]->column.id != id) return 0;
    for (int32_t i = 1; i < e->arg_count; i++)
        if (e->args[i]->kind != WEFT_EXPR_LITERAL || !weft_type_equal(e->args[i]->type, type)) return 0;
    return 1;
}

/* constant = column, the other way round. */
static weft_status turned(weft_ctx *ctx, const weft_expr *e, const weft_expr **out)
{
    const bool equal = e->kind == WEFT_EXPR_CALL && e->arg_count == 2 &&
                       strcmp(e->call.function->name, "=") == 0;
    *out = e;
    if (!equal || e->args[0]->kind != WEFT_EXPR_LITERAL) return WEFT_OK;
    const weft_expr *args[2] = {e->args[1], e->args[0]};
    return weft_expr_with_args(ctx, e, args, out);
}

/* The output of the scan that the table is in buckets by, and nothing else; NULL: there is none. */
static const weft_output *bucket_column(const weft_ctx *ctx, const weft_node *scan)
{
    const weft_relation *relation = scan->scan.relation;
    const weft_table_definition *table = relation->definition;
    if (table == NULL || table->bucket_count == 0 || table->bucket_name_count != 1) return NULL;
    if (weft_setting(ctx, WEFT_SET_BUCKETING) == 0) return NULL;
    for (int32_t i = 0; i < scan->output.count; i++) {
        const char *name = weft_scan_field(relation->schema, scan->scan.columns[i])->name;
        if (strcasecmp(name, table->bucket_names[0]) != 0) continue;
        return plan_is_bucket_type(scan->output.columns[i].type) ? &scan->output.columns[i] : NULL;
    }
    return NULL;
}

weft_status plan_buckets(weft_ctx *ctx, const weft_node *scan, plan_bucket_set *out)
{
    weft_status st = WEFT_OK;
    const weft_output *column = bucket_column(ctx, scan);
    *out = (plan_bucket_set){0};
    if (column == NULL) return WEFT_OK;
    const int32_t count = scan->scan.relation->definition->bucket_count;
    for (int32_t c = 0; c < scan->scan.conjunct_count; c++) {
        const weft_expr *e = NULL;
        uint8_t *wanted = NULL;
        WEFT_TRY(st, turned(ctx, scan->scan.conjuncts[c], &e));
        const int32_t first = first_constant(e, column->id, column->type);
        if (first == 0) continue;
        WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, count, &wanted));
        for (int32_t i = first; i < e->arg_count; i++) {
            int64_t bucket = 0;
            if (e->args[i]->literal.is_null) continue; /* nothing equals it */
            WEFT_TRY(st, bucket_of(ctx, e->args[i], count, &bucket));
            wanted[bucket] = 1;
        }
        for (int32_t b = 0; out->wanted != NULL && b < count; b++) wanted[b] &= out->wanted[b];
        *out = (plan_bucket_set){.count = count, .wanted = wanted};
    }
    for (int32_t b = 0; b < out->count; b++) out->selected += out->wanted[b];
done:
    return st;
}

weft_status plan_prune_buckets(weft_ctx *ctx, const weft_node *scan, weft_split *splits, int32_t *count)
{
    weft_status st = WEFT_OK;
    const weft_relation *relation = scan->scan.relation;
    plan_bucket_set set = {0};
    int32_t kept = 0;
    WEFT_TRY(st, plan_buckets(ctx, scan, &set));
    if (set.wanted == NULL) goto done;
    for (int32_t i = 0; i < *count; i++) {
        const int64_t bucket = weft_bucket_of_file(relation->files[splits[i].file_index].path);
        if (bucket < 0 || bucket >= set.count || set.wanted[bucket]) splits[kept++] = splits[i];
    }
    *count = kept;
done:
    return st;
}
