/* engine/plan/plan_range.c - exchange by range: which keys each task that merges sorted runs has.
 *
 * The stage of the runs has told samples of them, each with the rows that follow it in its run. In order, the
 * samples count all rows; where the count passes the next share of the rows still to give, that sample's key
 * is the bound between two tasks. A key with more rows than a share fills a task, and what is left is shared
 * by the others. Bounds are strictly ascending: there may be fewer than was wished.
 *
 * Samples are prefixes of keys (engine/exec/sort_keys.h). Rows with equal prefixes are in one task, so long
 * strings that begin alike, and nested values, are not told apart; the order is right in any case. */
#include <stdlib.h>

#include "engine/plan/planner_impl.h"

enum {
    RANGE_ROWS_LEAST = 64 * 1024, /* a task is worth as many rows: a few milliseconds of merging … */
    RANGE_BYTES_LEAST = 8 << 20,  /* … or bytes */
    RANGES_PER_SLOT = 2,          /* samples are not exact: a second, shorter round evens tasks out */
    ASKED_ROWS_LEAST = 64,        /* where a setting says how many tasks: it is of all statements, … */
    ASKED_BYTES_LEAST = 64 << 10  /* … also of those with a few rows */
};

/* Tasks worth having for so much. */
static int64_t ranges_worth(const weft_planner *p, const weft_stage_stats *runs)
{
    const bool asked = p->partitions > 0;
    const int64_t most = asked ? p->partitions : (int64_t)p->options.slots * RANGES_PER_SLOT;
    if (!asked && p->options.slots <= 1) return 1;
    return weft_min_i64(most, weft_max_i64(runs->rows / (asked ? ASKED_ROWS_LEAST : RANGE_ROWS_LEAST),
                                           runs->bytes / (asked ? ASKED_BYTES_LEAST : RANGE_BYTES_LEAST)));
}

static int by_prefix(const void *a, const void *b)
{
    const weft_sort_sample *x = a, *y = b;
    return weft_sort_compare_prefix(x->prefix, y->prefix);
}

weft_status plan_ranges(weft_ctx *ctx, const weft_planner *p, const weft_stage_stats *runs, int32_t count,
                        pipeline *out)
{
    weft_status st = WEFT_OK;
    weft_sort_sample *samples = NULL;
    weft_sort_range *ranges = NULL;
    int32_t bounds = 0;
    int64_t left = 0;
    const int64_t wanted = weft_min_i64(count > 0 ? count : ranges_worth(p, runs), runs->sample_count);
    if (wanted <= 1) return WEFT_OK;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, runs->sample_count, &samples));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, wanted, &ranges));
    for (int32_t i = 0; i < runs->sample_count; i++) {
        samples[i] = runs->samples[i];
        left += samples[i].rows;
    }
    qsort(samples, (size_t)runs->sample_count, sizeof(*samples), by_prefix);
    int64_t held = 0; /* rows of the range at hand */
    for (int32_t i = 0; i < runs->sample_count && bounds + 1 < wanted; i++) {
        const bool passes = i > 0 && weft_sort_compare_prefix(samples[i - 1].prefix, samples[i].prefix) < 0;
        if (passes && held >= left / (wanted - bounds)) {
            ranges[bounds].has_high = ranges[bounds + 1].has_low = true;
            ranges[bounds].high = ranges[bounds + 1].low = samples[i].prefix;
            bounds++;
            left -= held;
            held = 0;
        }
        held += samples[i].rows;
    }
    if (bounds == 0) goto done;
    out->ranges = ranges;
    out->range_count = bounds + 1;
done:
    return st;
}
