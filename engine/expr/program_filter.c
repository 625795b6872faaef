/* engine/expr/program_filter.c - predicates narrow selections, conjunct by conjunct, without booleans in
 * between where the comparison itself can name the rows.
 *
 * Infallible conjuncts are tried in the order of time per row and rows dropped, measured on every 16th batch.
 */
#include <string.h>

#include "common/mem.h"
#include "engine/expr/program_impl.h"

enum { MEASURE_EVERY = 16 };

static void filter_all(const uint16_t *selection, int32_t selected, uint16_t *out)
{
    if (selection == out) return;
    if (selection != NULL) {
        memcpy(out, selection, (size_t)selected * sizeof *out);
        return;
    }
    for (int32_t i = 0; i < selected; i++) out[i] = (uint16_t)i;
}

/* Drop the rows whose slot in column is null. */
static int32_t filter_valid(const weft_column *column, uint16_t *rows, int32_t count)
{
    if (column->encoding == WEFT_CONSTANT || column->validity == NULL) return count;
    int32_t n = 0;
    for (int32_t k = 0; k < count; k++) {
        const uint16_t i = rows[k];
        rows[n] = i;
        n += weft_bit_get(column->validity, i);
    }
    return n;
}

/* The rows whose byte is 1 (or 0 when negated). */
static int32_t filter_bytes(const uint8_t *bytes, bool negated, const uint16_t *selection, int32_t selected,
                            uint16_t *out)
{
    int32_t n = 0;
    if (selection == NULL && !negated) return weft_select_bytes(bytes, selected, out);
    for (int32_t k = 0; k < selected; k++) {
        const int32_t i = selection == NULL ? k : selection[k];
        out[n] = (uint16_t)i;
        n += bytes[i] ^ (uint8_t)negated;
    }
    return n;
}

static bool filter_constant_null(const weft_column *column)
{
    if (column->phys == WEFT_PHYS_NULL) return true;
    return column->encoding == WEFT_CONSTANT && column->validity != NULL && (column->validity[0] & 1) == 0;
}

static weft_status filter_compare(weft_ctx *ctx, weft_eval *ev, const program_filter *f,
                                  const uint16_t *selection, int32_t selected, uint16_t *out, int32_t *count)
{
    weft_status st = WEFT_OK;
    const weft_column *left, *right;
    *count = 0;
    WEFT_TRY(st, program_flat(ctx, ev, f->left, &left));
    WEFT_TRY(st, program_flat(ctx, ev, f->right, &right));
    if (filter_constant_null(left) || filter_constant_null(right)) goto done;
    if (left->encoding == WEFT_CONSTANT && right->encoding == WEFT_CONSTANT) {
        weft_column a = *left, b = *right;
        uint8_t pass;
        a.encoding = b.encoding = WEFT_FLAT;
        weft_compare_bools(f->op, &a, &b, NULL, 1, 1, &pass);
        if (pass == 0) goto done;
        filter_all(selection, selected, out);
        *count = selected;
        goto done;
    }
    *count = weft_compare_select(f->op, left, right, selection, selected, ev->scratch, out);
    *count = filter_valid(left, out, *count);
    *count = filter_valid(right, out, *count);
done:
    return st;
}

static weft_status filter_in(weft_ctx *ctx, weft_eval *ev, const program_filter *f, const uint16_t *selection,
                             int32_t selected, uint16_t *out, int32_t *count)
{
    weft_status st = WEFT_OK;
    const weft_column *left;
    *count = 0;
    WEFT_TRY(st, program_flat(ctx, ev, f->left, &left));
    if (filter_constant_null(left) || (f->negated && weft_in_set_has_null(f->set))) goto done;
    if (left->encoding == WEFT_CONSTANT) {
        weft_in_set_test(f->set, left, NULL, 1, ev->scratch);
        if (ev->scratch[0] == (uint8_t)f->negated) goto done;
        filter_all(selection, selected, out);
        *count = selected;
        goto done;
    }
    weft_in_set_test(f->set, left, selection, selected, ev->scratch);
    *count = filter_valid(left, out, filter_bytes(ev->scratch, f->negated, selection, selected, out));
done:
    return st;
}

static weft_status filter_null(weft_ctx *ctx, weft_eval *ev, const program_filter *f,
                               const uint16_t *selection, int32_t selected, uint16_t *out, int32_t *count)
{
    weft_status st = WEFT_OK;
    const weft_column *left = &ev->values[f->left];
    const bool want_null = f->kind == FILTER_NULL;
    int32_t n = 0;
    if (left->encoding == WEFT_RUN_LENGTH) WEFT_TRY(st, program_flat(ctx, ev, f->left, &left));
    const bool all_null = filter_constant_null(left);
    if (all_null || left->validity == NULL || left->encoding == WEFT_CONSTANT) {
        if (all_null == want_null) {
            filter_all(selection, selected, out);
            n = selected;
        }
    } else {
        for (int32_t k = 0; k < selected; k++) {
            const int32_t i = selection == NULL ? k : selection[k];
            out[n] = (uint16_t)i;
            n += weft_bit_get(left->validity, i) != want_null;
        }
    }
    *count = n;
done:
    return st;
}

static weft_status filter_bool(weft_ctx *ctx, weft_eval *ev, const program_filter *f,
                               const uint16_t *selection, int32_t selected, uint16_t *out, int32_t *count)
{
    weft_status st = WEFT_OK;
    const weft_column *left;
    const bool negated = f->kind == FILTER_FALSE;
    *count = 0;
    WEFT_TRY(st, program_flat(ctx, ev, f->left, &left));
    if (filter_constant_null(left)) goto done;
    if (left->encoding == WEFT_CONSTANT) {
        if ((*(const uint8_t *)left->data != 0) == negated) goto done;
        filter_all(selection, selected, out);
        *count = selected;
        goto done;
    }
    *count = filter_valid(left, out, filter_bytes(left->data, negated, selection, selected, out));
done:
    return st;
}

/* Put the measured children in the order of cost / share dropped. Times are nanoseconds a row. */
static void filter_reorder(program_order *order)
{
    double rank[64];
    if (order->count > WEFT_COUNT(rank)) return;
    for (int32_t k = 0; k < order->count; k++) {
        const double in = (double)order->rows_in[k] + 1, dropped = in - (double)order->rows_out[k];
        rank[k] = order->rows_in[k] == 0 ? 0 : ((double)order->time_ns[k] / in) / (dropped / in);
    }
    for (int32_t i = 1; i < order->count; i++) {
        const int32_t child = order->sequence[i];
        int32_t at = i;
        for (; at > 0 && rank[order->sequence[at - 1]] > rank[child]; at--)
            order->sequence[at] = order->sequence[at - 1];
        order->sequence[at] = child;
    }
    for (int32_t k = 0; k < order->count; k++) { /* old batches count half */
        order->rows_in[k] /= 2;
        order->rows_out[k] /= 2;
        order->time_ns[k] /= 2;
    }
}

static weft_status filter_and(weft_ctx *ctx, weft_eval *ev, const program_filter *f,
                              const uint16_t *selection, int32_t selected, uint16_t *out, int32_t *count)
{
    weft_status st = WEFT_OK;
    program_order *order = f->order >= 0 ? &ev->orders[f->order] : NULL;
    const bool measure = order != NULL && order->batches++ % MEASURE_EVERY == 0;
    const uint16_t *rows = selection;
    int32_t left = selected;
    for (int32_t k = 0; k < f->child_count && left > 0; k++) {
        const bool movable = order != NULL && k < order->count;
        const int32_t child = movable ? order->sequence[k] : k;
        const int64_t begin = measure && movable ? weft_now_ns(ctx) : 0;
        int32_t passed;
        WEFT_TRY(st, program_filter_run(ctx, ev, f->children[child], rows, left, out, &passed));
        if (measure && movable) {
            order->time_ns[child] += weft_now_ns(ctx) - begin;
            order->rows_in[child] += left;
            order->rows_out[child] += passed;
        }
        if (passed < left) rows = out; /* when all passed, what was dense stays dense */
        left = passed;
    }
    if (rows != out) filter_all(rows, left, out);
    *count = left;
    if (measure) filter_reorder(order);
done:
    return st;
}

static weft_status filter_buffer(weft_ctx *ctx, weft_eval *ev, uint16_t **out)
{
    weft_status st = WEFT_OK;
    if (ev->selection_depth == SELECTIONS_MAX) {
        return weft_fail(ctx, WEFT_NESTING_TOO_DEEP, "a predicate nests more than %d levels",
                         WEFT_EXPR_DEPTH_MAX);
    }
    uint16_t **buffer = &ev->selections[ev->selection_depth];
    if (*buffer == NULL) {
        WEFT_TRY(st, weft_mem_alloc(ctx, WEFT_MEM_WORKING, (WEFT_BATCH_ROWS_MAX + 8) * sizeof(uint16_t),
                                    (void **)buffer));
    }
    ev->selection_depth++;
    *out = *buffer;
done:
    return st;
}

static weft_status filter_or(weft_ctx *ctx, weft_eval *ev, const program_filter *f, const uint16_t *selection,
                             int32_t selected, uint16_t *out, int32_t *count)
{
    weft_status st = WEFT_OK;
    const int32_t depth = ev->selection_depth;
    uint64_t marks[WEFT_BATCH_ROWS_MAX / 64];
    uint16_t *arm, *rest;
    memset(marks, 0, (size_t)weft_bit_words(ev->rows) * 8);
    WEFT_TRY(st, filter_buffer(ctx, ev, &arm));
    WEFT_TRY(st, filter_buffer(ctx, ev, &rest));
    const uint16_t *rows = selection; /* those that no arm has taken */
    int32_t left = selected;
    for (int32_t k = 0; k < f->child_count && left > 0; k++) {
        int32_t passed, n = 0;
        WEFT_TRY(st, program_filter_run(ctx, ev, f->children[k], rows, left, arm, &passed));
        if (passed == 0) continue;
        for (int32_t i = 0; i < passed; i++) weft_bit_set(marks, arm[i]);
        if (k + 1 == f->child_count) break;
        for (int32_t j = 0; j < left; j++) {
            const int32_t i = rows == NULL ? j : rows[j];
            rest[n] = (uint16_t)i;
            n += !weft_bit_get(marks, i);
        }
        rows = rest;
        left = n;
    }
    int32_t n = 0;
    for (int32_t k = 0; k < selected; k++) {
        const int32_t i = selection == NULL ? k : selection[k];
        out[n] = (uint16_t)i;
        n += weft_bit_get(marks, i);
    }
    *count = n;
done:
    ev->selection_depth = depth;
    return st;
}

weft_status program_filter_rows(weft_ctx *ctx, weft_eval *ev, const program_filter *f,
                                const uint16_t *selection, int32_t selected, uint16_t *out, int32_t *count)
{
    weft_status st = WEFT_OK;
    if (f->kind == FILTER_AND) return filter_and(ctx, ev, f, selection, selected, out, count);
    if (f->kind == FILTER_OR) return filter_or(ctx, ev, f, selection, selected, out, count);
    WEFT_TRY(st, program_unit_run(ctx, ev, ev->program->units[f->unit], ev->inputs, ev->rows, selection,
                                  selected));
    switch (f->kind) {
    case FILTER_COMPARE: return filter_compare(ctx, ev, f, selection, selected, out, count);
    case FILTER_IN: return filter_in(ctx, ev, f, selection, selected, out, count);
    case FILTER_NULL:
    case FILTER_NOT_NULL: return filter_null(ctx, ev, f, selection, selected, out, count);
    case FILTER_TRUE:
    case FILTER_FALSE: return filter_bool(ctx, ev, f, selection, selected, out, count);
    case FILTER_AND:
    case FILTER_OR: break;
    }
done:
    return st;
}

weft_status program_filter_run(weft_ctx *ctx, weft_eval *ev, const program_filter *f,
                               const uint16_t *selection, int32_t selected, uint16_t *out, int32_t *count)
{
    weft_status st = WEFT_OK;
    bool usable = false;
    if (f->map >= 0) {
        WEFT_TRY(st, program_map_filter(ctx, ev, f, selection, selected, out, count, &usable));
        if (usable) goto done;
    }
    st = program_filter_rows(ctx, ev, f, selection, selected, out, count);
done:
    return st;
}
