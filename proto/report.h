/* proto/report.h - what workers tell of finished work, as plain values: counters, and blocks without rows.
 *
 * The engine fills these structs in, and the coordinator reads them; they hold no pointer but to arrays of
 * their own memory block, so that they travel by value. */
#ifndef WEFT_PROTO_REPORT_H
#define WEFT_PROTO_REPORT_H

#include "common/mem.h"

/* Counters of one scan, for EXPLAIN ANALYZE and the event log. */
typedef struct weft_scan_metrics {
    int64_t rows_read, rows_out, batches;
    int64_t bytes_read; /* compressed bytes from storage */
    int64_t row_groups, row_groups_pruned, pages, pages_pruned,
        pages_skipped; /* skipped: never decompressed */
} weft_scan_metrics;

/* What an operator may count; summed per node for EXPLAIN ANALYZE. Rows, batches and time are counted by the
 * lane. */
typedef struct weft_op_metrics {
    int64_t rows_in, rows_out, batches, time_ns;
    int64_t spilled_bytes, memory_bytes; /* memory: the most it held */
    int64_t exchange_bytes;              /* read of other tasks' blocks, */
    int64_t exchange_remote_bytes;       /* … of those that lay on another worker */
    weft_scan_metrics scan;              /* sources */
} weft_op_metrics;

/* What is known of an integer key when all rows were seen. */
typedef struct weft_key_range {
    bool has; /* every task tracked it and the key is an integer type; low > high: no non-null key at all */
    int64_t low, high;
} weft_key_range;

/* The first 16 bytes of a normalised sort key (engine/exec/sort_keys.h): they compare as the keys do, and are
 * equal where those are. */
typedef struct weft_sort_prefix {
    uint64_t high, low;
} weft_sort_prefix;

static inline int weft_sort_compare_prefix(weft_sort_prefix a, weft_sort_prefix b)
{
    if (a.high != b.high) return a.high < b.high ? -1 : 1;
    return a.low < b.low ? -1 : a.low > b.low;
}

/* One of a block's sorted rows, and how many there are from it to the next sample. */
typedef struct weft_sort_sample {
    weft_sort_prefix prefix;
    int64_t rows;
} weft_sort_sample;

/* A block is named by what made it (job, stage instance, generation, partition of the map task, attempt). */
typedef struct weft_block_name {
    uint64_t job;
    int32_t stage, generation, partition, attempt;
} weft_block_name;

static inline bool weft_block_name_equal(const weft_block_name *a, const weft_block_name *b)
{
    return a->job == b->job && a->stage == b->stage && a->generation == b->generation &&
           a->partition == b->partition && a->attempt == b->attempt;
}

/* An order of names, for qsort and bsearch. */
static inline int weft_block_name_compare(const void *left, const void *right)
{
    const weft_block_name *a = left, *b = right;
    if (a->job != b->job) return a->job < b->job ? -1 : 1;
    if (a->stage != b->stage) return a->stage < b->stage ? -1 : 1;
    if (a->generation != b->generation) return a->generation < b->generation ? -1 : 1;
    if (a->partition != b->partition) return a->partition < b->partition ? -1 : 1;
    return a->attempt < b->attempt ? -1 : a->attempt > b->attempt;
}

static inline bool weft_block_name_is_in(const weft_block_name *name, const weft_block_name *list,
                                         int32_t count)
{
    for (int32_t i = 0; i < count; i++)
        if (weft_block_name_equal(&list[i], name)) return true;
    return false;
}

/* What the coordinator knows of a block: its size by segment and the range of its keys, never its rows. Match
 * marks stay in the block: only those read them who read its rows. */
typedef struct weft_block_meta {
    int32_t partition_count, key_count, marks_count; /* marks: of so many build inputs are in the block */
    int64_t spilled_bytes;
    const int64_t *rows;        /* [partition_count] */
    const int64_t *bytes;       /* [partition_count] */
    const weft_key_range *keys; /* [key_count] */
    int32_t sample_count;       /* at most WEFT_SORT_SAMPLES_MAX; 0: its rows are not sorted */
    const weft_sort_sample *samples;
} weft_block_meta;

/* A zeroed meta with room for these counts, in one memory block of ctx's account: weft_mem_free. */
WEFT_MUST_CHECK weft_status weft_block_meta_new(weft_ctx *ctx, int32_t partition_count, int32_t key_count,
                                                int32_t sample_count, weft_block_meta **out);

/* Bytes of a job's blocks that went to scratch, by stage: told when they are let go. */
typedef struct weft_stage_spill {
    int32_t stage;
    int64_t bytes;
} weft_stage_spill;

#endif
