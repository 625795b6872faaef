/* engine/formats/parquet/stats.c - what the planner learns of a column from footers and dictionary headers.
 *
 * Distinct values: a row group's dictionary holds each of its values once, so its entry count is the number
 * of distinct values there. From n rows with d distinct ones, a column of D equally likely values would show
 * D (1 - exp(-n/D)); this is solved for D. Where row groups do not overlap in range (sorted keys) counts add
 * up instead. Only some row groups are sampled, once a file; the estimate stays with the footer in the cache.
 */
#include <math.h>

#include "engine/formats/parquet/chunk.h"
#include "engine/formats/parquet/table.h"

enum { STATS_SAMPLED_GROUPS = 4 };

/* Entries of the chunk's dictionary, when all its pages use it; else -1. Reads the header of its first page.
 */
static weft_status stats_dictionary_count(weft_ctx *ctx, weft_pq_chunk *chunk, weft_file *file,
                                          const weft_pq_meta *meta, int32_t group, int32_t leaf, int64_t *out)
{
    weft_status st = WEFT_OK;
    weft_pq_page_header h;
    *out = -1;
    if (!meta->row_groups[group].chunks[leaf].all_dictionary) goto done;
    chunk->sparse = true;
    WEFT_TRY(st, weft_pq_chunk_open(ctx, chunk, file, meta, group, leaf, &meta->leaves[leaf]));
    WEFT_TRY(st, weft_pq_chunk_header(ctx, chunk, chunk->meta->begin, &h));
    if (h.type == WEFT_PQ_DICTIONARY_PAGE) *out = h.num_values;
done:
    return st;
}

/* The D with D (1 - exp(-n/D)) = d, for 0 < d <= n. */
static double stats_solve_domain(double n, double d)
{
    if (d >= n * 0.999) return INFINITY; /* all differ: nothing tells how many there are */
    double low = d, high = d * 2;
    while (high * -expm1(-n / high) < d) high *= 2;
    for (int i = 0; i < 40; i++) {
        const double middle = (low + high) / 2;
        if (middle * -expm1(-n / middle) < d) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return high;
}

/* Are the row groups' ranges apart from each other, in file order? */
static bool stats_is_clustered(const weft_pq_meta *meta, int32_t leaf)
{
    weft_pq_bounds before = {0};
    if (meta->row_group_count < 2) return false;
    for (int32_t g = 0; g < meta->row_group_count; g++) {
        const weft_pq_row_group *group = &meta->row_groups[g];
        const weft_pq_bounds b =
            weft_pq_bounds_of(&meta->leaves[leaf], &group->chunks[leaf].stats, group->rows);
        if (!b.has_bounds || (g > 0 && weft_value_compare(&before.high, &b.low) > 0)) return false;
        before = b;
    }
    return true;
}

static weft_status stats_estimate(weft_ctx *ctx, const weft_pq_meta *meta, int32_t leaf, int64_t *out)
{
    weft_status st = WEFT_OK;
    weft_pq_lane lane;
    weft_pq_chunk chunk = {.lane = &lane};
    weft_file *file = NULL;
    double rows = 0, distinct = 0, domain = 0;
    int32_t sampled = 0;
    weft_pq_lane_init(&lane);
    *out = -1;
    if (meta->leaves[leaf].max_rep > 0 || meta->row_group_count == 0) goto done;
    WEFT_TRY(st, weft_file_open(ctx, meta->path, &file));
    const int32_t step = weft_max_i32(1, meta->row_group_count / STATS_SAMPLED_GROUPS);
    for (int32_t g = 0; g < meta->row_group_count && sampled < STATS_SAMPLED_GROUPS; g += step) {
        int64_t count;
        WEFT_TRY(st, stats_dictionary_count(ctx, &chunk, file, meta, g, leaf, &count));
        const double n = (double)meta->row_groups[g].rows;
        if (count <= 0 || n < 1) goto done; /* some pages have no dictionary: unknown */
        const double d = fmin((double)count, n);
        rows += n;
        distinct += d;
        domain = fmax(domain, stats_solve_domain(n, d));
        sampled++;
    }
    const double all = (double)meta->rows;
    if (sampled > 0 && stats_is_clustered(meta, leaf)) domain = distinct / rows * all;
    /* What a domain of that size shows in all rows. */
    if (sampled > 0)
        *out = isinf(domain) ? meta->rows : (int64_t)ceil(fmin(domain * -expm1(-all / domain), all));
done:
    weft_pq_chunk_deinit(&chunk);
    weft_pq_lane_deinit(&lane);
    weft_file_close(&file);
    return st;
}

static weft_status stats_distinct(weft_ctx *ctx, const weft_pq_meta *meta, int32_t leaf, int64_t *out)
{
    weft_status st = WEFT_OK;
    *out = atomic_load_explicit(&meta->distinct[leaf], memory_order_relaxed);
    if (*out == -2) {
        WEFT_TRY(st, stats_estimate(ctx, meta, leaf, out));
        atomic_store_explicit(&meta->distinct[leaf], *out, memory_order_relaxed);
    }
done:
    return st;
}

static void stats_widen(weft_column_stats *s, const weft_pq_bounds *b, bool first)
{
    if (first) {
        s->has_bounds = b->has_bounds;
        s->low = b->low;
        s->high = b->high;
    } else if (!b->has_bounds) {
        s->has_bounds = false;
    } else if (s->has_bounds) {
        if (weft_value_compare(&b->low, &s->low) < 0) s->low = b->low;
        if (weft_value_compare(&b->high, &s->high) > 0) s->high = b->high;
    }
}

/* An integer column has no more distinct values than its range; without dictionaries that is all that is
 * known. */
static void stats_cap_distinct(weft_column_stats *s, weft_type type, int64_t rows)
{
    const int64_t values = s->null_count >= 0 ? rows - s->null_count : rows;
    const bool integer = weft_type_is_integral(type) || type.id == WEFT_TYPE_DATE ||
                         type.id == WEFT_TYPE_DECIMAL;
    if (s->has_bounds && integer) {
        const weft_i128 low = type.id == WEFT_TYPE_DECIMAL ? s->low.i128 : s->low.i64;
        const weft_i128 high = type.id == WEFT_TYPE_DECIMAL ? s->high.i128 : s->high.i64;
        const weft_u128 range = (weft_u128)high - (weft_u128)low; /* less one; bounds may be any 128 bits */
        const int64_t most = range >= (weft_u128)values ? values : (int64_t)range + 1;
        if (s->distinct_estimate < 0 || s->distinct_estimate > most) s->distinct_estimate = most;
    }
    if (s->distinct_estimate > values) s->distinct_estimate = values;
}

weft_status weft_pq_table_stats(weft_ctx *ctx, const weft_table *table, int32_t column,
                                weft_column_stats *out)
{
    weft_status st = WEFT_OK;
    const weft_type type = weft_scan_field(&table->schema, column)->type;
    double bytes = 0;
    int64_t values = 0;
    bool first = true;
    *out = (weft_column_stats){.distinct_estimate = -1, .null_count = 0};
    if (column >= table->schema.count) {
        out->distinct_estimate = weft_pq_is_row_index(table, column) ? table->rows : table->file_count;
        return WEFT_OK;
    }
    for (int32_t f = 0; f < table->file_count; f++) {
        const weft_pq_file *file = &table->files[f];
        const weft_pq_node *node = weft_pq_file_field(file, column);
        const weft_value *value = weft_pq_constant_value(table, file, column);
        if (value != NULL && !value->is_null) {
            const weft_pq_bounds b = weft_pq_bounds_of_value(value, file->meta->rows);
            const int32_t partition = table->partition_of[column];
            out->distinct_estimate = weft_max_i64(out->distinct_estimate,
                                                  partition < 0 ? 1 : table->partitions.distinct[partition]);
            values += file->meta->rows;
            stats_widen(out, &b, first);
            first = false;
            continue;
        }
        if (node == NULL) {
            if (out->null_count >= 0) out->null_count += file->meta->rows;
            continue;
        }
        int64_t distinct = -1;
        for (int32_t g = 0; g < file->meta->row_group_count; g++) {
            const weft_pq_row_group *group = &file->meta->row_groups[g];
            for (int32_t l = node->leaf; l < node->leaf + node->leaf_count; l++) {
                bytes += (double)group->chunks[l].uncompressed_bytes;
            }
            values += group->rows;
            weft_pq_bounds b;
            weft_pq_group_bounds(table, file, g, &column, 1, &b);
            out->null_count = b.null_count < 0 || out->null_count < 0 ? -1 : out->null_count + b.null_count;
            if (b.null_count == group->rows) continue; /* no values, no bounds */
            stats_widen(out, &b, first);
            first = false;
        }
        /* Many small files: the first ones tell enough. */
        if (node->is_leaf && f < STATS_SAMPLED_GROUPS)
            WEFT_TRY(st, stats_distinct(ctx, file->meta, node->leaf, &distinct));
        out->distinct_estimate = weft_max_i64(out->distinct_estimate, distinct);
    }
    stats_cap_distinct(out, type, table->rows);
    const int32_t width = weft_phys_bytes(weft_type_phys(type));
    const double stored = values > 0 ? bytes / (double)values : 0;
    out->value_bytes = weft_type_phys(type) == WEFT_PHYS_STR ? stored
                                                             : fmax(width, type.child_count > 0 ? stored : 0);
done:
    return st;
}
