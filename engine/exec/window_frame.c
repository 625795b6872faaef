/* engine/exec/window_frame.c - see window_frame.h. */
#include "engine/exec/window_frame.h"

#include <math.h>
#include <string.h>

#include "engine/expr/calendar.h"

static bool has_offset(weft_bound_kind kind)
{
    return kind == WEFT_BOUND_PRECEDING || kind == WEFT_BOUND_FOLLOWING;
}

/* The offset as a value of the key's type, when that is a number or an interval, as Spark adds it to the
 * key: 1.5 of whole keys is 1. */
static weft_status offset_value(weft_ctx *ctx, const weft_expr *offset, const weft_type *key, weft_value *out)
{
    weft_status st = WEFT_OK;
    const weft_expr *e = offset;
    if (key != NULL && (weft_type_is_numeric(*key) || weft_type_is_interval(*key))) {
        WEFT_TRY(st, weft_expr_cast(ctx, offset, *key, true, &e));
        WEFT_TRY(st, weft_expr_fold(ctx, e, &e));
    }
    if (e->literal.is_null) /* a text that is no number, where those are NULL */
        WEFT_TRY(st, weft_fail_at(ctx, WEFT_FRAME_LITERAL, &offset->span,
                                  "Invalid SQL syntax: Frame bound value must be a number."));
    *out = e->literal;
done:
    return st;
}

weft_status weft_window_frame_init(weft_ctx *ctx, const weft_row_layout *layout, const weft_window_spec *spec,
                                   const weft_sort_key *order, int32_t order_count, weft_window_frame *out)
{
    weft_status st = WEFT_OK;
    int32_t *columns = NULL;
    memset(out, 0, sizeof(*out));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, order_count, &columns));
    for (int32_t i = 0; i < order_count; i++) columns[i] = order[i].column;
    out->layout = layout;
    out->spec = spec;
    out->order = columns;
    out->order_count = order_count;
    if (order_count > 0) {
        out->descending = order[0].descending;
        out->nulls_first = order[0].nulls_first;
    }
    const weft_type *key = spec->rows || order_count != 1 ? NULL : &layout->types[columns[0]];
    if (has_offset(spec->low)) WEFT_TRY(st, offset_value(ctx, spec->low_offset, key, &out->low_offset));
    if (has_offset(spec->high)) WEFT_TRY(st, offset_value(ctx, spec->high_offset, key, &out->high_offset));
    const bool months = (has_offset(spec->low) && out->low_offset.type.id == WEFT_TYPE_INTERVAL_YM) ||
                        (has_offset(spec->high) && out->high_offset.type.id == WEFT_TYPE_INTERVAL_YM);
    if (!spec->rows && months && order_count == 1 && layout->types[columns[0]].id == WEFT_TYPE_TIMESTAMP)
        WEFT_TRY(st,
                 weft_zone_open_session(ctx, &out->zone)); /* months are counted by the clock on the wall */
    if (spec->rows || (!has_offset(spec->low) && !has_offset(spec->high))) goto done;
    const weft_type type = layout->types[columns[0]];
    if (order_count != 1 ||
        !(weft_type_is_numeric(type) || weft_type_is_interval(type) || type.id == WEFT_TYPE_DATE ||
          type.id == WEFT_TYPE_TIMESTAMP || type.id == WEFT_TYPE_TIMESTAMP_NTZ)) {
        char text[128];
        st = weft_fail(
            ctx, WEFT_UNSUPPORTED_WINDOW,
            "A RANGE frame with an offset needs one ORDER BY key of a number, date, timestamp or interval, "
            "not %s.",
            weft_type_text(type, text, sizeof(text)));
    }
done:
    return st;
}

void weft_window_frame_deinit(weft_window_frame *f) { weft_zone_close(&f->zone); }

void weft_window_frame_begin(weft_window_frame *f, weft_window_rows *rows)
{
    f->rows = rows;
    f->count = rows->count;
    f->peer_begin = f->peer_end = 0;
    f->low = f->high = 0;
}

weft_status weft_window_frame_peers(weft_ctx *ctx, weft_window_frame *f, int64_t i)
{
    weft_status st = WEFT_OK;
    const uint8_t *row, *other;
    if (i < f->peer_end) return WEFT_OK;
    f->peer_begin = i;
    f->peer_end = f->order_count == 0 ? f->count : i + 1; /* without an order all rows are peers */
    while (f->peer_end < f->count) {
        WEFT_TRY(st, weft_window_row(ctx, f->rows, i, &row));
        WEFT_TRY(st, weft_window_row(ctx, f->rows, f->peer_end, &other));
        if (!weft_rows_equal(f->layout, f->order, f->order_count, row, other)) break;
        f->peer_end++;
    }
done:
    return st;
}

/* The order key of a row as a long double: exact for 64-bit integers and for decimals of up to 19 digits. */
static long double key_of(const weft_window_frame *f, const uint8_t *row)
{
    const int32_t column = f->order[0];
    const uint8_t *at = row + f->layout->offsets[column];
    long double value = 0;
    int64_t whole = 0;
    switch ((weft_phys)f->layout->phys[column]) {
    case WEFT_PHYS_I8: whole = *(const int8_t *)at; break;
    case WEFT_PHYS_I16: whole = *(const int16_t *)(const void *)at; break;
    case WEFT_PHYS_I32: whole = *(const int32_t *)(const void *)at; break;
    case WEFT_PHYS_I64: whole = *(const int64_t *)(const void *)at; break;
    case WEFT_PHYS_I128: {
        weft_i128 wide;
        memcpy(&wide, at, sizeof(wide)); /* rows align it to 8 only */
        return (long double)wide;
    }
    case WEFT_PHYS_F32: return *(const float *)(const void *)at;
    case WEFT_PHYS_F64: return (long double)*(const double *)(const void *)at;
    case WEFT_PHYS_NULL:
    case WEFT_PHYS_BOOL:
    case WEFT_PHYS_STR:
    case WEFT_PHYS_LIST:
    case WEFT_PHYS_STRUCT:
    case WEFT_PHYS_COUNT: break;
    }
    value = (long double)whole;
    return value;
}

static long double offset_of(const weft_window_frame *f, const weft_value *offset)
{
    const weft_type type = f->layout->types[f->order[0]];
    if (offset->type.id == WEFT_TYPE_FLOAT || offset->type.id == WEFT_TYPE_DOUBLE)
        return (long double)offset->f64;
    long double value = offset->type.id == WEFT_TYPE_DECIMAL ? (long double)offset->i128
                                                             : (long double)offset->i64;
    int scale = (type.id == WEFT_TYPE_DECIMAL ? type.scale : 0) -
                (offset->type.id == WEFT_TYPE_DECIMAL ? offset->type.scale : 0);
    for (; scale > 0; scale--) value *= 10;
    for (; scale < 0; scale++) value /= 10;
    if (offset->type.id == WEFT_TYPE_INTERVAL_DT && type.id == WEFT_TYPE_DATE)
        value /= 86400.0L * 1000000.0L; /* microseconds of a day */
    return value;
}

/* The same for an offset in months, which is longer or shorter by the key that it is counted from. */
static weft_status months_from(weft_ctx *ctx, const weft_window_frame *f, const weft_value *offset,
                               bool preceding, int64_t i, long double *out)
{
    weft_status st = WEFT_OK;
    const int64_t day_us = 86400 * (int64_t)1000000;
    const bool date = f->layout->types[f->order[0]].id == WEFT_TYPE_DATE;
    const uint8_t *row;
    int32_t days = 0, moved_days = 0;
    WEFT_TRY(st, weft_window_row(ctx, f->rows, i, &row));
    *out = 0;
    if (weft_row_is_null(row, f->order[0])) goto done;
    const int64_t utc = (int64_t)key_of(f, row);
    const int64_t key = f->zone == NULL ? utc : weft_zone_to_local(f->zone, utc);
    const int64_t rest = date ? 0 : ((key % day_us) + day_us) % day_us;
    days = (int32_t)(date ? key : (key - rest) / day_us);
    const bool back = preceding != f->descending;
    int64_t local = 0;
    if (!weft_days_add_months(days, back ? -offset->i64 : offset->i64, &moved_days) ||
        __builtin_mul_overflow((int64_t)moved_days, day_us, &local) ||
        __builtin_add_overflow(local, rest, &local))
        WEFT_TRY(st, weft_fail(ctx, WEFT_DATETIME_OVERFLOW,
                               "Datetime operation overflow: the bound of a window's RANGE frame."));
    long double distance = ((long double)moved_days - days) * (date ? 1 : (long double)day_us);
    if (f->zone != NULL) /* a day with another offset is longer or shorter */
        distance = (long double)weft_zone_to_utc(f->zone, local) - (long double)utc;
    *out = f->descending ? -distance : distance;
done:
    return st;
}

/* The same where the key is an interval, which the bound has to stay. */
static weft_status interval_from(weft_ctx *ctx, const weft_window_frame *f, const weft_value *offset,
                                 bool preceding, int64_t i, long double *out)
{
    weft_status st = WEFT_OK;
    const bool back = preceding != f->descending;
    const uint8_t *row;
    int64_t sum = 0;
    WEFT_TRY(st, weft_window_row(ctx, f->rows, i, &row));
    *out = preceding ? -(long double)offset->i64 : (long double)offset->i64;
    if (weft_row_is_null(row, f->order[0])) goto done;
    const int64_t key = (int64_t)key_of(f, row);
    const bool past = back ? __builtin_sub_overflow(key, offset->i64, &sum)
                           : __builtin_add_overflow(key, offset->i64, &sum);
    if (past || (f->layout->phys[f->order[0]] == WEFT_PHYS_I32 && sum != (int32_t)sum))
        WEFT_TRY(st,
                 weft_fail(ctx, WEFT_INTERVAL_OVERFLOW,
                           "Integer overflow while operating with intervals: the bound of a window's RANGE "
                           "frame."));
done:
    return st;
}

/* Of keys with a fraction: the bound is rounded to the type of the key before it is compared, and NaN is
 * the largest value. */
static bool real_before(const weft_window_frame *f, const uint8_t *row, const uint8_t *current, double offset,
                        bool inclusive)
{
    const double key = (double)key_of(f, row);
    double limit = (double)key_of(f, current) + (f->descending ? -offset : offset);
    if (f->layout->types[f->order[0]].id == WEFT_TYPE_FLOAT) limit = (double)(float)limit;
    const bool equal = key == limit || (isnan(key) && isnan(limit));
    const bool less = f->descending ? isnan(key) || key > limit : isnan(limit) || key < limit;
    return equal ? inclusive : less;
}

/* Is a row before the bound `key + offset` in the order of the partition? NULLs are peers of NULLs only. */
static bool before(const weft_window_frame *f, const uint8_t *row, const uint8_t *current, long double offset,
                   bool inclusive)
{
    const bool null = weft_row_is_null(row, f->order[0]);
    const bool current_null = weft_row_is_null(current, f->order[0]);
    if (null || current_null) {
        if (null && current_null) return inclusive;
        return null == f->nulls_first;
    }
    const weft_type_id type = (weft_type_id)f->layout->types[f->order[0]].id;
    if (type == WEFT_TYPE_FLOAT || type == WEFT_TYPE_DOUBLE)
        return real_before(f, row, current, (double)offset, inclusive);
    const long double difference = f->descending ? key_of(f, current) - key_of(f, row)
                                                 : key_of(f, row) - key_of(f, current);
    return inclusive ? difference <= offset : difference < offset;
}

static int64_t clamp(int64_t value, int64_t count) { return weft_max_i64(0, weft_min_i64(value, count)); }

/* i + distance without overflow, inside the partition. */
static int64_t moved(int64_t i, int64_t distance, int64_t count)
{
    int64_t sum;
    if (__builtin_add_overflow(i, distance, &sum)) return distance < 0 ? 0 : count;
    return clamp(sum, count);
}

/* Move a RANGE bound with an offset on to where it is for row i. */
static weft_status bound_move(weft_ctx *ctx, weft_window_frame *f, long double amount, int64_t i, bool upper,
                              int64_t *at)
{
    weft_status st = WEFT_OK;
    const uint8_t *row, *current;
    for (; *at < f->count; (*at)++) {
        WEFT_TRY(st, weft_window_row(ctx, f->rows, *at, &row));
        WEFT_TRY(st, weft_window_row(ctx, f->rows, i, &current));
        if (!before(f, row, current, amount, upper)) break;
    }
done:
    return st;
}

static weft_status bound(weft_ctx *ctx, weft_window_frame *f, weft_bound_kind kind, const weft_value *offset,
                         int64_t i, bool upper, int64_t *out)
{
    weft_status st = WEFT_OK;
    int64_t *at = upper ? &f->high : &f->low;
    if (kind == WEFT_BOUND_UNBOUNDED_PRECEDING)
        *out = 0;
    else if (kind == WEFT_BOUND_UNBOUNDED_FOLLOWING)
        *out = f->count;
    else if (kind == WEFT_BOUND_CURRENT_ROW && f->spec->rows)
        *out = i + upper;
    else if (kind == WEFT_BOUND_CURRENT_ROW)
        *out = upper ? f->peer_end : f->peer_begin;
    else if (f->spec->rows)
        *out = moved(i + upper, kind == WEFT_BOUND_PRECEDING ? -offset->i64 : offset->i64, f->count);
    else {
        const bool preceding = kind == WEFT_BOUND_PRECEDING;
        long double amount = 0;
        if (weft_type_is_interval(f->layout->types[f->order[0]]))
            WEFT_TRY(st, interval_from(ctx, f, offset, preceding, i, &amount));
        else if (offset->type.id == WEFT_TYPE_INTERVAL_YM)
            WEFT_TRY(st, months_from(ctx, f, offset, preceding, i, &amount));
        else
            amount = preceding ? -offset_of(f, offset) : offset_of(f, offset);
        WEFT_TRY(st, bound_move(ctx, f, amount, i, upper, at));
        *out = *at;
    }
done:
    return st;
}

weft_status weft_window_frame_bounds(weft_ctx *ctx, weft_window_frame *f, int64_t i, int64_t *low,
                                     int64_t *high)
{
    weft_status st = WEFT_OK;
    WEFT_TRY(st, bound(ctx, f, f->spec->low, &f->low_offset, i, false, low));
    WEFT_TRY(st, bound(ctx, f, f->spec->high, &f->high_offset, i, true, high));
    if (*high < *low) *high = *low;
done:
    return st;
}
