/* engine/exec/op_window.c - window functions over input sorted by partition and order columns.
 *
 * The rows of one partition are kept as rows (window_rows.h); when the partition ends its rows leave again in
 * batches, with one more column a call. Ranking calls follow from row numbers and peers. An aggregate keeps
 * one state row: while the frame only grows at its end (from UNBOUNDED PRECEDING) the new rows are added to
 * it; else it starts anew for each frame. Memory: the rows of the largest partition, RETAINED; those of one
 * that does not fit are in scratch, and what the calls look at is read by position. */
#include <string.h>

#include "engine/columnar/gather.h"
#include "engine/columnar/nested.h"
#include "engine/exec/defs.h"
#include "engine/exec/row_cursor.h"
#include "engine/exec/window_frame.h"
#include "engine/expr/aggregate.h"
#include "engine/expr/function.h"

enum { WINDOW_ROWS_COMPARED = 16 }; /* at first, to see where a partition ends */

typedef enum window_kind {
    CALL_ROW_NUMBER,
    CALL_RANK,
    CALL_DENSE_RANK,
    CALL_PERCENT_RANK,
    CALL_CUME_DIST,
    CALL_NTILE,
    CALL_LAG,
    CALL_LEAD,
    CALL_NTH_VALUE,
    CALL_AGGREGATE
} window_kind;

typedef struct window_call {
    window_kind kind;
    const weft_expr *call;
    weft_window_frame frame;
    weft_vector out;
    int64_t number; /* literal argument: tiles, distance, n */
    int64_t dense;  /* DENSE_RANK: of the last row */
    /* AGGREGATE */
    const weft_agg_variant *variant;
    weft_agg_place place;
    weft_row_layout layout;
    weft_row_set state;
    uint8_t *row;
    bool *starts_zero;
    int32_t state_count;
    int64_t low, high; /* the frame that is in the state; low -1: none */
    weft_vector *args; /* gathered argument columns, then the filter */
    int32_t arg_count;
    weft_column *arg_columns;
    weft_vector result; /* one slot */
} window_call;

typedef struct window_state {
    const weft_op_spec *spec;
    weft_row_layout layout;
    int32_t *all; /* 0, 1, … */
    const weft_task *task;
    weft_window_rows set;    /* of the partition that is being read */
    weft_window_rows giving; /* of the partition that leaves */
    int64_t next;            /* row of the leaving partition that goes out next */
    weft_input input;        /* of one block: giving's, when its rows are not all in memory */
    weft_row_cursor cursor;  /* of it: the rows that go out */
    const uint8_t *out_rows[WEFT_BATCH_ROWS_MAX];
    weft_batch in;
    uint16_t positions[WEFT_BATCH_ROWS_MAX]; /* its selected rows */
    int32_t in_next;                         /* selected row of `in` that is read next */
    bool reading;                            /* `in` is not used up */
    window_call *calls;
    int32_t opened_calls;
    weft_vector *columns;
    int32_t opened_columns;
    weft_column *out_columns;
} window_state;

/* ---- opening ---- */

static bool call_named(const weft_expr *call, const char *name, window_kind kind, window_kind *out)
{
    if (strcmp(call->call.function->name, name) != 0) return false;
    *out = kind;
    return true;
}

static weft_status find_kind(weft_ctx *ctx, const weft_expr *call, window_kind *out)
{
    static const struct {
        const char *name;
        window_kind kind;
    } names[] = {{"row_number", CALL_ROW_NUMBER},
                 {"rank", CALL_RANK},
                 {"dense_rank", CALL_DENSE_RANK},
                 {"percent_rank", CALL_PERCENT_RANK},
                 {"cume_dist", CALL_CUME_DIST},
                 {"ntile", CALL_NTILE},
                 {"lag", CALL_LAG},
                 {"lead", CALL_LEAD},
                 {"nth_value", CALL_NTH_VALUE}};
    for (int32_t i = 0; i < WEFT_COUNT(names); i++)
        if (call_named(call, names[i].name, names[i].kind, out)) return WEFT_OK;
    return weft_fail_at(ctx, WEFT_UNSUPPORTED_WINDOW, &call->span, "%s cannot be used with OVER.",
                        call->call.function->name);
}

static weft_status literal_number(weft_ctx *ctx, const weft_expr *call, int32_t arg, int64_t otherwise,
                                  int64_t *out)
{
    *out = otherwise;
    if (arg >= call->arg_count) return WEFT_OK;
    const weft_expr *e = call->args[arg];
    if (e->kind != WEFT_EXPR_LITERAL || e->literal.is_null || !weft_type_is_integral(e->type))
        return weft_fail_at(ctx, WEFT_UNSUPPORTED_WINDOW, &call->span,
                            "argument %d of %s must be a constant integer.", arg + 1,
                            call->call.function->name);
    *out = e->literal.i64;
    return WEFT_OK;
}

static weft_status open_aggregate(weft_ctx *ctx, window_call *c)
{
    weft_status st = WEFT_OK;
    weft_type types[WEFT_AGG_STATES_MAX];
    const int32_t columns = c->call->arg_count + (c->call->aggregate.filter != NULL);
    c->kind = CALL_AGGREGATE;
    c->low = -1;
    c->variant = c->call->aggregate.function->variant(c->call);
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, WEFT_AGG_STATES_MAX, &c->starts_zero));
    c->state_count = c->call->aggregate.function->states(c->call, types, c->starts_zero);
    WEFT_TRY(st, weft_row_layout_init(ctx, types, c->state_count, &c->layout));
    c->place = (weft_agg_place){.layout = &c->layout, .heap = &c->state, .call = c->call};
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, columns, &c->args));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, columns, &c->arg_columns));
    for (; c->arg_count < columns; c->arg_count++) {
        const weft_expr *arg = c->arg_count < c->call->arg_count ? c->call->args[c->arg_count]
                                                                 : c->call->aggregate.filter;
        WEFT_TRY(st, weft_vector_init(ctx, arg->type, WEFT_BATCH_ROWS_MAX, &c->args[c->arg_count]));
    }
    WEFT_TRY(st, weft_vector_init(ctx, c->call->type, 1, &c->result));
done:
    return st;
}

static weft_status open_call(weft_ctx *ctx, const window_state *s, const weft_window_call *spec,
                             window_call *c)
{
    weft_status st = WEFT_OK;
    c->call = spec->call;
    WEFT_TRY(st, weft_vector_init(ctx, spec->call->type, WEFT_BATCH_ROWS_MAX, &c->out));
    WEFT_TRY(st, weft_window_frame_init(ctx, &s->layout, spec->spec, s->spec->window.order,
                                        s->spec->window.order_count, &c->frame));
    if (spec->call->kind == WEFT_EXPR_AGGREGATE) {
        WEFT_TRY(st, open_aggregate(ctx, c));
        goto done;
    }
    WEFT_TRY(st, find_kind(ctx, spec->call, &c->kind));
    if (c->kind == CALL_NTILE) WEFT_TRY(st, literal_number(ctx, spec->call, 0, 1, &c->number));
    if (c->kind == CALL_LAG || c->kind == CALL_LEAD || c->kind == CALL_NTH_VALUE)
        WEFT_TRY(st, literal_number(ctx, spec->call, 1, 1, &c->number));
    if ((c->kind == CALL_NTILE || c->kind == CALL_NTH_VALUE) && c->number < 1)
        st = weft_fail_at(ctx, WEFT_INVALID, &spec->call->span, "%s wants a number above 0, not %lld.",
                          spec->call->call.function->name, (long long)c->number);
done:
    return st;
}

static void window_close(void *state)
{
    window_state *s = state;
    weft_row_cursor_close(&s->cursor);
    weft_window_rows_deinit(&s->set);
    weft_window_rows_deinit(&s->giving);
    for (int32_t i = 0; i < s->opened_calls; i++) {
        window_call *c = &s->calls[i];
        weft_rows_clear(&c->state);
        weft_window_frame_deinit(&c->frame);
        weft_vector_deinit(&c->out);
        weft_vector_deinit(&c->result);
        for (int32_t a = 0; a < c->arg_count; a++) weft_vector_deinit(&c->args[a]);
    }
    for (int32_t i = 0; i < s->opened_columns; i++) weft_vector_deinit(&s->columns[i]);
}

static weft_status window_open(weft_ctx *ctx, const weft_op_spec *spec, const weft_types *input_types,
                               void *shared, const weft_task *task, void **state)
{
    weft_status st = WEFT_OK;
    window_state *s = NULL;
    (void)shared;
    WEFT_TRY(st, WEFT_NEW(ctx, &s));
    *state = s;
    s->spec = spec;
    s->task = task;
    WEFT_TRY(st, weft_row_layout_init(ctx, input_types->types, input_types->count, &s->layout));
    weft_window_rows_init(&s->set, &s->layout);
    weft_window_rows_init(&s->giving, &s->layout);
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, input_types->count, &s->all));
    for (int32_t i = 0; i < input_types->count; i++) s->all[i] = i;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, spec->window.call_count, &s->calls));
    for (int32_t i = 0; i < spec->window.call_count; i++) {
        s->opened_calls = i + 1;
        WEFT_TRY(st, open_call(ctx, s, &spec->window.calls[i], &s->calls[i]));
    }
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, input_types->count, &s->columns));
    for (; s->opened_columns < input_types->count; s->opened_columns++)
        WEFT_TRY(st, weft_vector_init(ctx, input_types->types[s->opened_columns], WEFT_BATCH_ROWS_MAX,
                                      &s->columns[s->opened_columns]));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, spec->output.count, &s->out_columns));
done:
    return st;
}

/* ---- calls ---- */

/* The strings of a nested value go to the vector's own heap with it. */
static weft_status copy_nested(weft_ctx *ctx, const weft_column *from, weft_vector *to, int32_t i)
{
    weft_status st = WEFT_OK;
    char *bytes = NULL;
    const uint64_t len = weft_nested_bytes(from, 0);
    if (len > INT32_MAX) return weft_fail(ctx, WEFT_LIMIT, "a nested value of more than 2147483647 bytes");
    WEFT_TRY(st, weft_vector_heap(ctx, to, (size_t)len + 1, &bytes));
    weft_nested_pack(from, 0, (uint8_t *)bytes);
    const weft_str packed = weft_str_view(bytes, (uint32_t)len);
    WEFT_TRY(st, weft_nested_unpack_one(ctx, &packed, i, to));
done:
    return st;
}

/* Copy slot 0 of a finalised result to slot i; decimals may be narrower in the source. */
static weft_status copy_result(weft_ctx *ctx, const weft_vector *from, weft_vector *to, int32_t i)
{
    const weft_column *column = &from->column;
    if (weft_column_is_null(column, 0)) {
        weft_vector_set_null(to, i);
        return WEFT_OK;
    }
    if (column->phys == WEFT_PHYS_LIST || column->phys == WEFT_PHYS_STRUCT)
        return copy_nested(ctx, column, to, i);
    const void *value = weft_column_value(column, 0);
    if (column->phys == WEFT_PHYS_STR) {
        const weft_str *s = value;
        return weft_vector_set_string(ctx, to, i, weft_str_data(s), s->len);
    }
    if (column->phys == WEFT_PHYS_I64 && to->column.phys == WEFT_PHYS_I128) {
        ((weft_i128 *)to->values)[i] = *(const int64_t *)value;
        return WEFT_OK;
    }
    const size_t bytes = (size_t)weft_phys_bytes((weft_phys)column->phys);
    memcpy((char *)to->values + (size_t)i * bytes, value, bytes);
    return WEFT_OK;
}

static weft_status reset_aggregate(weft_ctx *ctx, const window_state *s, window_call *c, int64_t low)
{
    weft_status st = WEFT_OK;
    (void)s;
    weft_rows_clear(&c->state);
    WEFT_TRY(st, weft_rows_reserve(ctx, &c->layout, &c->state, &c->row));
    for (int32_t i = 0; i < c->state_count; i++)
        if (!c->starts_zero[i]) c->row[8 + (i >> 3)] |= (uint8_t)(1 << (i & 7));
    c->low = c->high = low;
done:
    return st;
}

/* Add rows [from, to) of the leaving partition to the state. */
static weft_status add_rows(weft_ctx *ctx, window_state *s, window_call *c, int64_t from, int64_t to)
{
    weft_status st = WEFT_OK;
    uint16_t selection[WEFT_BATCH_ROWS_MAX];
    const uint8_t *taken[WEFT_BATCH_ROWS_MAX];
    while (from < to) {
        int32_t count;
        WEFT_TRY(st,
                 weft_window_rows_read(ctx, &s->giving, from,
                                       (int32_t)weft_min_i64(to - from, WEFT_BATCH_ROWS_MAX), taken, &count));
        for (int32_t a = 0; a < c->arg_count; a++) {
            const weft_expr *arg = a < c->call->arg_count ? c->call->args[a] : c->call->aggregate.filter;
            weft_vector *v = &c->args[a];
            if (arg->kind != WEFT_EXPR_COLUMN) continue; /* a constant of the call */
            WEFT_TRY(st, weft_vector_gather(ctx, &s->layout, arg->column.ordinal, taken, count, NULL, v));
            c->arg_columns[a] = v->column;
        }
        weft_batch batch = {
            .rows = count, .selected = count, .column_count = c->arg_count, .columns = c->arg_columns};
        if (c->call->aggregate.filter != NULL) {
            const weft_vector *filter = &c->args[c->arg_count - 1];
            batch.selected = 0;
            for (int32_t i = 0; i < count; i++) {
                selection[batch.selected] = (uint16_t)i;
                batch.selected += !weft_column_is_null(&filter->column, i) &&
                                  ((const uint8_t *)filter->values)[i];
            }
            batch.selection = selection;
        }
        if (batch.selected > 0 && c->variant->update_one != NULL)
            WEFT_TRY(st, c->variant->update_one(ctx, &c->place, c->row, &batch, c->arg_columns));
        else if (batch.selected > 0) {
            uint8_t *rows[WEFT_BATCH_ROWS_MAX];
            for (int32_t i = 0; i < batch.selected; i++) rows[i] = c->row;
            WEFT_TRY(st, c->variant->update(ctx, &c->place, rows, &batch, c->arg_columns));
        }
        from += count;
        WEFT_TRY(st, weft_check_cancel(ctx));
    }
done:
    return st;
}

static weft_status give_aggregate(weft_ctx *ctx, window_state *s, window_call *c, int64_t i, int32_t slot)
{
    weft_status st = WEFT_OK;
    int64_t low, high;
    WEFT_TRY(st, weft_window_frame_bounds(ctx, &c->frame, i, &low, &high));
    const bool same = c->low == low && c->high == high;
    if (!same) {
        if (c->low != low || high < c->high) WEFT_TRY(st, reset_aggregate(ctx, s, c, low));
        WEFT_TRY(st, add_rows(ctx, s, c, c->high, high));
        c->high = high;
        weft_vector_reset(&c->result);
        const uint8_t *row = c->row;
        WEFT_TRY(st, c->variant->finalize(ctx, &c->place, &row, 1, &c->result));
    }
    WEFT_TRY(st, copy_result(ctx, &c->result, &c->out, slot));
done:
    return st;
}

/* The value of argument 0 at row `at` of the partition, or the default (argument 2) at row i, or NULL. */
static weft_status give_value(weft_ctx *ctx, window_state *s, window_call *c, int64_t i, int64_t at,
                              int32_t slot)
{
    weft_status st = WEFT_OK;
    const weft_expr *arg = c->call->args[0];
    const weft_expr *other = c->kind != CALL_NTH_VALUE && c->call->arg_count > 2 ? c->call->args[2] : NULL;
    weft_vector one;
    if (at < 0 || at >= s->giving.count) {
        if (other == NULL || (other->kind == WEFT_EXPR_LITERAL && other->literal.is_null)) {
            weft_vector_set_null(&c->out, slot);
            return WEFT_OK;
        }
        arg = other;
        at = i;
    }
    memset(&one, 0, sizeof(one));
    WEFT_TRY(st, weft_vector_init(ctx, arg->type, 1, &one));
    if (arg->kind == WEFT_EXPR_LITERAL) {
        WEFT_TRY(st, weft_value_store(ctx, &arg->literal, &one, 0));
        weft_vector_finish(&one);
    } else {
        const uint8_t *row;
        WEFT_TRY(st, weft_window_row(ctx, &s->giving, at, &row));
        WEFT_TRY(st, weft_vector_gather(ctx, &s->layout, arg->column.ordinal, &row, 1, NULL, &one));
    }
    WEFT_TRY(st, copy_result(ctx, &one, &c->out, slot));
done:
    weft_vector_deinit(&one);
    return st;
}

/* Is the argument NULL in row `at`? */
static weft_status is_null_at(weft_ctx *ctx, window_state *s, const window_call *c, int64_t at, bool *out)
{
    weft_status st = WEFT_OK;
    const weft_expr *arg = c->call->args[0];
    const uint8_t *row;
    *out = arg->kind == WEFT_EXPR_LITERAL && arg->literal.is_null;
    if (arg->kind == WEFT_EXPR_LITERAL) return WEFT_OK;
    WEFT_TRY(st, weft_window_row(ctx, &s->giving, at, &row));
    *out = weft_row_is_null(row, arg->column.ordinal);
done:
    return st;
}

/* The row of the number-th value that is not NULL from row `at` on, below `end`, in steps of 1 or -1; -1:
 * there is none. */
static weft_status seek_value(weft_ctx *ctx, window_state *s, const window_call *c, int64_t at, int64_t begin,
                              int64_t end, int64_t step, int64_t number, int64_t *out)
{
    weft_status st = WEFT_OK;
    *out = -1;
    for (; at >= begin && at < end; at += step) {
        bool null = false;
        WEFT_TRY(st, is_null_at(ctx, s, c, at, &null));
        if (null || --number > 0) continue;
        *out = at;
        break;
    }
done:
    return st;
}

/* lag, lead: the value `distance` rows away, or that many values away where NULLs are passed over. */
static weft_status give_offset(weft_ctx *ctx, window_state *s, window_call *c, int64_t i, int64_t distance,
                               int32_t slot)
{
    weft_status st = WEFT_OK;
    int64_t at = i + distance;
    if (c->call->call.ignore_nulls && distance != 0) {
        const int64_t step = distance < 0 ? -1 : 1;
        WEFT_TRY(st, seek_value(ctx, s, c, i + step, 0, s->giving.count, step, distance * step, &at));
    }
    WEFT_TRY(st, give_value(ctx, s, c, i, at, slot));
done:
    return st;
}

/* The tile of row i when count rows are cut into tiles whose sizes differ by one at most, the larger ones
 * first. */
static int64_t tile_of(int64_t i, int64_t count, int64_t tiles)
{
    const int64_t small = count / tiles, larger = count % tiles;
    const int64_t in_larger = larger * (small + 1);
    if (i < in_larger) return i / (small + 1) + 1;
    return larger + (small == 0 ? 0 : (i - in_larger) / small) + 1;
}

static weft_status give_call(weft_ctx *ctx, window_state *s, window_call *c, int64_t i, int32_t slot)
{
    weft_status st = WEFT_OK;
    weft_window_frame *f = &c->frame;
    int32_t *whole = c->out.values;
    double *real = c->out.values;
    int64_t low, high;
    WEFT_TRY(st, weft_window_frame_peers(ctx, f, i));
    switch (c->kind) {
    case CALL_ROW_NUMBER: whole[slot] = (int32_t)(i + 1); return WEFT_OK;
    case CALL_RANK: whole[slot] = (int32_t)(f->peer_begin + 1); return WEFT_OK;
    case CALL_DENSE_RANK:
        c->dense += i == f->peer_begin;
        whole[slot] = (int32_t)c->dense;
        return WEFT_OK;
    case CALL_PERCENT_RANK:
        real[slot] = f->count == 1 ? 0 : (double)f->peer_begin / (double)(f->count - 1);
        return WEFT_OK;
    case CALL_CUME_DIST: real[slot] = (double)f->peer_end / (double)f->count; return WEFT_OK;
    case CALL_NTILE: whole[slot] = (int32_t)tile_of(i, f->count, c->number); return WEFT_OK;
    case CALL_LAG: return give_offset(ctx, s, c, i, -c->number, slot);
    case CALL_LEAD: return give_offset(ctx, s, c, i, c->number, slot);
    case CALL_NTH_VALUE:
        WEFT_TRY(st, weft_window_frame_bounds(ctx, f, i, &low, &high));
        if (c->call->call.ignore_nulls) {
            WEFT_TRY(st, seek_value(ctx, s, c, low, low, high, 1, c->number, &low));
            return give_value(ctx, s, c, i, low, slot);
        }
        return give_value(ctx, s, c, i, c->number <= high - low ? low + c->number - 1 : -1, slot);
    case CALL_AGGREGATE: return give_aggregate(ctx, s, c, i, slot);
    }
    st = weft_fail(ctx, WEFT_INTERNAL, "a window call of kind %d", (int)c->kind);
done:
    return st;
}

/* ---- partitions ---- */

/* The partition that was read leaves; the next one is read into the other rows. */
static weft_status begin_giving(weft_ctx *ctx, window_state *s)
{
    weft_status st = WEFT_OK;
    const weft_window_rows empty = s->giving;
    assert(empty.count == 0);
    WEFT_TRY(st, weft_window_rows_freeze(ctx, &s->set, &s->task->name));
    s->giving = s->set;
    s->set = empty;
    s->next = 0;
    if (s->giving.block != NULL) {
        s->input = (weft_input){.stage_id = -1, .block_count = 1, .blocks = &s->giving.block};
        weft_row_cursor_init(&s->cursor, &s->input, 1, 0, 1);
    }
    for (int32_t i = 0; i < s->opened_calls; i++) {
        s->calls[i].low = -1;
        s->calls[i].dense = 0;
        weft_window_frame_begin(&s->calls[i].frame, &s->giving);
    }
done:
    return st;
}

static void end_giving(window_state *s)
{
    weft_row_cursor_close(&s->cursor);
    weft_window_rows_clear(&s->giving);
    s->next = 0;
}

/* The next rows of the leaving partition; how many does not depend on where they lie. */
static weft_status next_rows(weft_ctx *ctx, window_state *s, const uint8_t *const **rows, int32_t *count)
{
    if (s->giving.block != NULL) {
        *rows = s->out_rows;
        return weft_row_cursor_next(ctx, &s->cursor, s->out_rows, WEFT_BATCH_ROWS_MAX, count);
    }
    *rows = s->giving.rows + s->next;
    *count = (int32_t)weft_min_i64(s->giving.count - s->next, WEFT_BATCH_ROWS_MAX);
    *count = weft_rows_of_batch(&s->layout, *rows, *count);
    return WEFT_OK;
}

/* Rows of the leaving partition into out. */
static weft_status give_rows(weft_ctx *ctx, window_state *s, weft_batch *out)
{
    weft_status st = WEFT_OK;
    const uint8_t *const *rows;
    int32_t count;
    WEFT_TRY(st, next_rows(ctx, s, &rows, &count));
    for (int32_t i = 0; i < s->opened_columns; i++) {
        WEFT_TRY(st, weft_vector_gather(ctx, &s->layout, i, rows, count, NULL, &s->columns[i]));
        s->out_columns[i] = s->columns[i].column;
    }
    for (int32_t k = 0; k < s->opened_calls; k++) {
        window_call *c = &s->calls[k];
        weft_vector_reset(&c->out);
        for (int32_t i = 0; i < count; i++) WEFT_TRY(st, give_call(ctx, s, c, s->next + i, i));
        weft_vector_finish(&c->out);
        s->out_columns[s->opened_columns + k] = c->out.column;
    }
    s->next += count;
    *out = (weft_batch){
        .rows = count, .selected = count, .column_count = s->spec->output.count, .columns = s->out_columns};
done:
    return st;
}

/* How many of the batch's rows from selected row `from` on belong to the partition that is being read. They
 * are compared piece by piece, each twice as long: a batch of many small partitions is not compared whole
 * with the first row of each. */
static int32_t same_partition(const window_state *s, const weft_batch *batch, int32_t from)
{
    const uint8_t *rows[WEFT_BATCH_ROWS_MAX];
    uint16_t equal[WEFT_BATCH_ROWS_MAX];
    const uint8_t *first = weft_window_rows_first(&s->set);
    int32_t total = 0;
    for (int32_t some = WINDOW_ROWS_COMPARED; from + total < batch->selected; some *= 2) {
        int32_t same = 0;
        some = weft_min_i32(some, batch->selected - from - total);
        for (int32_t i = 0; i < some; i++) {
            rows[i] = first;
            equal[i] = (uint16_t)i;
        }
        const int32_t count =
            weft_rows_match(&s->layout, s->spec->window.partition, s->spec->window.partition_count, batch,
                            s->spec->window.partition, s->positions + from + total, rows, true, equal, some);
        while (same < count && equal[same] == same) same++;
        total += same;
        if (same < some) break;
    }
    return total;
}

/* Read on until a partition is complete or the batch is used up. */
static weft_status read_batch(weft_ctx *ctx, window_state *s, bool *complete)
{
    weft_status st = WEFT_OK;
    *complete = false;
    while (s->reading && !*complete) {
        weft_batch rest = s->in;
        /* compare with the first row of the partition: keep one row first when there is none */
        const int32_t same = s->set.count == 0 ? 1 : same_partition(s, &s->in, s->in_next);
        *complete = s->in_next + same < s->in.selected && s->set.count > 0;
        rest.selection = s->positions + s->in_next;
        rest.selected = same;
        if (same > 0) WEFT_TRY(st, weft_window_rows_add(ctx, &s->set, &rest, s->all));
        s->in_next += same;
        s->reading = s->in_next < s->in.selected;
    }
done:
    return st;
}

static weft_status window_push(weft_ctx *ctx, void *state, const weft_batch *in, weft_batch *out,
                               weft_op_result *result)
{
    weft_status st = WEFT_OK;
    window_state *s = state;
    bool complete = false;
    out->selected = 0;
    *result = WEFT_NEED_INPUT;
    if (in != NULL) {
        s->in = *in;
        s->in_next = 0;
        s->reading = true;
        for (int32_t i = 0; i < in->selected; i++)
            s->positions[i] = in->selection == NULL ? (uint16_t)i : in->selection[i];
    }
    if (s->next == s->giving.count) {
        end_giving(s); /* before the next partition grows */
        WEFT_TRY(st, read_batch(ctx, s, &complete));
        if (!complete) goto done;
        WEFT_TRY(st, begin_giving(ctx, s));
    }
    WEFT_TRY(st, give_rows(ctx, s, out));
    if (s->reading || s->next < s->giving.count) *result = WEFT_HAVE_MORE;
done:
    return st;
}

static weft_status window_signal(weft_ctx *ctx, void *state, weft_signal signal, weft_batch *out,
                                 weft_op_result *result)
{
    weft_status st = WEFT_OK;
    window_state *s = state;
    out->selected = 0;
    *result = WEFT_NEED_INPUT;
    if (signal != WEFT_SIGNAL_END) return WEFT_OK;
    if (s->next == s->giving.count) {
        end_giving(s);
        if (s->set.count == 0) return WEFT_OK;
        WEFT_TRY(st, begin_giving(ctx, s));
    }
    WEFT_TRY(st, give_rows(ctx, s, out));
    if (s->next < s->giving.count) *result = WEFT_HAVE_MORE;
done:
    return st;
}

static void window_metrics(const void *state, weft_op_metrics *metrics)
{
    const window_state *s = state;
    metrics->memory_bytes = weft_max_i64(metrics->memory_bytes, weft_window_rows_bytes(&s->set) +
                                                                    weft_window_rows_bytes(&s->giving));
    metrics->spilled_bytes += s->set.spilled_bytes + s->giving.spilled_bytes;
}

const weft_op_def weft_op_window = {.name = "Window",
                                    .open = window_open,
                                    .push = window_push,
                                    .signal = window_signal,
                                    .metrics = window_metrics,
                                    .close = window_close};
