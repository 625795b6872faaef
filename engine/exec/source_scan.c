/* engine/exec/source_scan.c - batches of a table's splits, through the format's scan, with dynamic filters.
 *
 * Shared: the key filters, one unit each, built from the rows of finished build inputs. A lane gives the
 * format its splits and reorders the columns that come back. Memory: key filters are RETAINED memory of the
 * stage; the rest is the format's. */
#include <string.h>

#include "engine/exec/defs.h"
#include "engine/exec/join_table.h"

typedef struct scan_shared {
    const weft_source_spec *spec;
    const weft_input *inputs;
    weft_key_filter **filters;   /* [key_count], built by the units */
    weft_scan_filter *scan_keys; /* what the format gets: complete after the units */
} scan_shared;

typedef struct scan_state {
    const weft_source_spec *spec;
    weft_scan_spec format_spec;
    weft_scan *scan;
    weft_column *columns;
} scan_state;

static void scan_shared_close(void *shared)
{
    scan_shared *s = shared;
    for (int32_t i = 0; i < s->spec->scan.key_count && s->filters != NULL; i++)
        weft_key_filter_free(&s->filters[i]);
}

static weft_status scan_shared_open(weft_ctx *ctx, const weft_source_spec *spec, const weft_input *inputs,
                                    void **shared, int32_t *units)
{
    weft_status st = WEFT_OK;
    scan_shared *s = NULL;
    WEFT_TRY(st, WEFT_NEW(ctx, &s));
    s->spec = spec;
    s->inputs = inputs;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, spec->scan.key_count, &s->filters));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, spec->scan.key_count, &s->scan_keys));
    *units = spec->scan.key_count;
    *shared = s;
done:
    return st;
}

static weft_status scan_shared_unit(weft_ctx *ctx, void *shared, int32_t unit)
{
    weft_status st = WEFT_OK;
    scan_shared *s = shared;
    const weft_scan_key *key = &s->spec->scan.keys[unit];
    WEFT_TRY(st, weft_key_filter_build(ctx, &s->inputs[key->input], key->build_column, &s->filters[unit]));
    s->scan_keys[unit] = (weft_scan_filter){.keys = s->filters[unit], .column = key->column};
done:
    return st;
}

static weft_status scan_open(weft_ctx *ctx, const weft_source_spec *spec, void *shared, const weft_task *task,
                             void **state)
{
    weft_status st = WEFT_OK;
    const scan_shared *sh = shared;
    const weft_relation *relation = spec->scan.relation;
    scan_state *s = NULL;
    WEFT_TRY(st, WEFT_NEW(ctx, &s));
    s->spec = spec;
    s->format_spec = spec->scan.spec;
    s->format_spec.key_filter_count = spec->scan.key_count;
    s->format_spec.key_filters = sh->scan_keys;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, spec->scan.emit_count, &s->columns));
    WEFT_TRY(st, relation->format->scan_open(ctx, relation->table, &s->format_spec, task->spec->splits,
                                             task->spec->split_count, &s->scan));
    *state = s;
done:
    return st;
}

static weft_status scan_next(weft_ctx *ctx, void *state, weft_batch *out, weft_op_result *result)
{
    weft_status st = WEFT_OK;
    scan_state *s = state;
    weft_batch batch = {0};
    st = s->spec->scan.relation->format->scan_next(ctx, s->scan, &batch);
    if (st != WEFT_OK) return weft_reading_failed(ctx, st);
    *result = WEFT_FINISHED;
    if (batch.rows == 0) goto done;
    for (int32_t i = 0; i < s->spec->scan.emit_count; i++)
        s->columns[i] = batch.columns[s->spec->scan.emit[i]];
    *out = batch;
    out->column_count = s->spec->scan.emit_count;
    out->columns = s->columns;
    *result = WEFT_HAVE_MORE;
done:
    return st;
}

static void scan_metrics(const void *state, weft_op_metrics *metrics)
{
    const scan_state *s = state;
    weft_scan_metrics own = {0};
    if (s->spec->scan.relation->format->scan_metrics == NULL) return;
    s->spec->scan.relation->format->scan_metrics(s->scan, &own);
    metrics->scan.rows_read += own.rows_read;
    metrics->scan.rows_out += own.rows_out;
    metrics->scan.batches += own.batches;
    metrics->scan.bytes_read += own.bytes_read;
    metrics->scan.row_groups += own.row_groups;
    metrics->scan.row_groups_pruned += own.row_groups_pruned;
    metrics->scan.pages += own.pages;
    metrics->scan.pages_pruned += own.pages_pruned;
    metrics->scan.pages_skipped += own.pages_skipped;
}

static void scan_close(void *state)
{
    scan_state *s = state;
    s->spec->scan.relation->format->scan_close(&s->scan);
}

const weft_source_def weft_source_scan = {.name = "Scan",
                                          .shared_open = scan_shared_open,
                                          .shared_unit = scan_shared_unit,
                                          .shared_close = scan_shared_close,
                                          .open = scan_open,
                                          .next = scan_next,
                                          .metrics = scan_metrics,
                                          .close = scan_close};
