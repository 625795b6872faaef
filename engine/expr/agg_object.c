/* engine/expr/agg_object.c - see agg_object.h. */
#include "engine/expr/agg_object.h"

#include <math.h>

#include "common/mem.h"
#include "engine/expr/coerce.h"
#include "engine/expr/decimal.h"

enum { OBJECT_UPDATES = 4, OBJECT_BYTES = 8, OBJECT_HEAD = WEFT_AGG_OBJECT_HEAD, OBJECT_MOST = 1 << 30 };

static const weft_agg_object *object_of(const weft_agg_place *place)
{
    return place->call->aggregate.function->object;
}

/* The whole string of a state, or NULL. Its body is behind OBJECT_HEAD; *len is the body's. */
static uint8_t *object_view(const weft_row_layout *layout, int32_t column, const uint8_t *row, size_t *len)
{
    weft_str held;
    *len = 0;
    if (weft_row_is_null(row, column)) return NULL;
    memcpy(&held, row + layout->offsets[column], sizeof held);
    if (held.len <= OBJECT_HEAD) return NULL;
    *len = held.len - OBJECT_HEAD;
    return (uint8_t *)(uintptr_t)held.pointer; /* never inline: the heap of the row's own set */
}

static uint8_t *object_at(const weft_agg_place *place, const uint8_t *row, size_t *len)
{
    return object_view(place->layout, place->first_column, row, len);
}

weft_status weft_agg_object_grow(weft_ctx *ctx, const weft_agg_place *place, uint8_t *row, uint64_t need)
{
    weft_status st = WEFT_OK;
    const weft_agg_object *object = object_of(place);
    const weft_agg_slot slot = weft_agg_state(place, 0);
    size_t old_len, len;
    const bool fresh = object_at(place, row, &old_len) == NULL;
    if (need > OBJECT_MOST) {
        return weft_fail_at(ctx, WEFT_LIMIT, &place->call->span,
                            "%s needs %llu bytes for one group: at most %d are kept",
                            place->call->aggregate.function->name, (unsigned long long)need, OBJECT_MOST);
    }
    /* a body that grows does so by half at least, so that all copies together cost no more than its size */
    const uint64_t room = fresh ? need
                                : (uint64_t)weft_max_i64((int64_t)need, (int64_t)(old_len + old_len / 2));
    WEFT_TRY(st, weft_rows_extend_string(ctx, place->heap, row, slot.offset, OBJECT_HEAD + (uint32_t)room));
    weft_agg_set_valid(row, slot);
    uint8_t *body = object_at(place, row, &len) + OBJECT_HEAD;
    if (fresh && object->start != NULL) object->start(place->call, body, len);
    if (!fresh && object->grown != NULL) object->grown(place->call, body, old_len, len);
done:
    return st;
}

/* ---- the first pass ---- */

static weft_status object_promise(weft_ctx *ctx, const weft_agg_place *place, uint8_t *row, uint32_t updates,
                                  uint64_t bytes)
{
    weft_status st = WEFT_OK;
    const weft_agg_object *object = object_of(place);
    size_t len;
    uint8_t *state = object_at(place, row, &len);
    if (state != NULL) {
        updates += weft_get_u32(state + OBJECT_UPDATES);
        bytes += weft_get_u64(state + OBJECT_BYTES);
    }
    uint8_t *body = state == NULL ? NULL : state + OBJECT_HEAD;
    uint64_t need = object->need(place->call, body, len, updates, bytes);
    if (body != NULL && need > len && object->shrink != NULL) {
        WEFT_TRY(st, object->shrink(ctx, place->call, body, len));
        need = object->need(place->call, body, len, updates, bytes);
        if (need > len / 2)
            need = (uint64_t)weft_max_i64((int64_t)need, (int64_t)len + 1); /* or shrink soon */
    }
    if (state == NULL || need > len) WEFT_TRY(st, weft_agg_object_grow(ctx, place, row, need));
    state = object_at(place, row, &len);
    weft_put_u32(state + OBJECT_UPDATES, updates);
    weft_put_u64(state + OBJECT_BYTES, bytes);
done:
    return st;
}

static void object_settle(const weft_agg_place *place, uint8_t *row)
{
    size_t len;
    uint8_t *state = object_at(place, row, &len);
    if (state == NULL) return;
    weft_put_u32(state + OBJECT_UPDATES, 0);
    weft_put_u64(state + OBJECT_BYTES, 0);
}

static int32_t position_of(const weft_batch *batch, int32_t i)
{
    return batch->selection != NULL ? batch->selection[i] : i;
}

/* One row of the second pass. An object that reads its input into memory of its own may be refused it: what
 * was updated before cannot be done again. */
static weft_status object_add(weft_ctx *ctx, const weft_agg_place *place, uint8_t *row,
                              const weft_column *args, int32_t position, bool first)
{
    size_t len;
    uint8_t *state = object_at(place, row, &len);
    weft_status st = object_of(place)->add(ctx, place->call, state + OBJECT_HEAD, len, args, position);
    if (st == WEFT_NOMEM && !first) {
        weft_error_clear(ctx);
        st = weft_fail_at(ctx, WEFT_LIMIT, &place->call->span, "there is no memory to read an input of %s",
                          place->call->aggregate.function->name);
    }
    return st;
}

static bool object_skips(const weft_agg_object *object, const weft_column *args, int32_t position)
{
    return !object->keeps_nulls && (args[0].phys == WEFT_PHYS_NULL || weft_column_is_null(args, position));
}

static weft_status object_update(weft_ctx *ctx, const weft_agg_place *place, uint8_t *const *rows,
                                 const weft_batch *batch, const weft_column *args)
{
    weft_status st = WEFT_OK;
    const weft_agg_object *object = object_of(place);
    int32_t promised = 0;
    for (; promised < batch->selected; promised++) {
        const int32_t at = position_of(batch, promised);
        if (object_skips(object, args, at)) continue;
        WEFT_TRY(st, object_promise(ctx, place, rows[promised], 1,
                                    object->bytes == NULL ? 0 : object->bytes(place->call, args, at)));
    }
    for (int32_t i = 0; i < batch->selected; i++) {
        const int32_t at = position_of(batch, i);
        if (object_skips(object, args, at)) continue;
        WEFT_TRY(st, object_add(ctx, place, rows[i], args, at, i == 0));
    }
done:
    for (int32_t i = 0; i < promised; i++) object_settle(place, rows[i]);
    return st;
}

static weft_status object_update_one(weft_ctx *ctx, const weft_agg_place *place, uint8_t *row,
                                     const weft_batch *batch, const weft_column *args)
{
    weft_status st = WEFT_OK;
    const weft_agg_object *object = object_of(place);
    uint32_t updates = 0;
    uint64_t bytes = 0;
    for (int32_t i = 0; i < batch->selected; i++) {
        const int32_t at = position_of(batch, i);
        if (object_skips(object, args, at)) continue;
        updates++;
        if (object->bytes != NULL) bytes += object->bytes(place->call, args, at);
    }
    if (updates == 0) return WEFT_OK;
    WEFT_TRY(st, object_promise(ctx, place, row, updates, bytes));
    for (int32_t i = 0; i < batch->selected; i++) {
        const int32_t at = position_of(batch, i);
        if (object_skips(object, args, at)) continue;
        WEFT_TRY(st, object_add(ctx, place, row, args, at, i == 0));
    }
done:
    object_settle(place, row);
    return st;
}

/* ---- merging, results ---- */

weft_status weft_agg_object_merge(weft_ctx *ctx, const weft_agg_place *place, uint8_t *const *into,
                                  const weft_row_layout *from_layout, int32_t from_first_column,
                                  const uint8_t *const *from, int32_t count)
{
    weft_status st = WEFT_OK;
    const weft_agg_object *object = object_of(place);
    size_t len, from_len;
    for (int32_t i = 0; i < count; i++) {
        const uint8_t *part = object_view(from_layout, from_first_column, from[i], &from_len);
        if (part == NULL) continue;
        part += OBJECT_HEAD;
        uint8_t *state = object_at(place, into[i], &len);
        uint8_t *body = state == NULL ? NULL : state + OBJECT_HEAD;
        uint64_t need = object->merge_need(place->call, body, len, part, from_len);
        if (body != NULL && need > len && object->shrink != NULL) {
            WEFT_TRY(st, object->shrink(ctx, place->call, body, len));
            need = object->merge_need(place->call, body, len, part, from_len);
        }
        if (state == NULL || need > len) WEFT_TRY(st, weft_agg_object_grow(ctx, place, into[i], need));
        state = object_at(place, into[i], &len);
        WEFT_TRY(st, object->merge(ctx, place->call, state + OBJECT_HEAD, len, part, from_len));
    }
done:
    return st;
}

weft_status weft_agg_object_finalize(weft_ctx *ctx, const weft_agg_place *place, const uint8_t *const *rows,
                                     int32_t count, weft_vector *out)
{
    weft_status st = WEFT_OK;
    const weft_agg_object *object = object_of(place);
    const bool nested = weft_type_is_nested(place->call->type);
    size_t len;
    if (nested) weft_vector_reset(out);
    for (int32_t i = 0; i < count; i++) {
        const uint8_t *state = object_at(place, rows[i], &len);
        WEFT_TRY(st,
                 object->finish(ctx, place->call, state == NULL ? NULL : state + OBJECT_HEAD, len, out, i));
        WEFT_TRY(st, weft_check_cancel(ctx));
    }
    if (nested) weft_vector_finish(out);
done:
    return st;
}

static const weft_agg_variant object_any = {object_update, object_update_one, weft_agg_object_merge,
                                            weft_agg_object_finalize};

int32_t weft_agg_object_states(const weft_expr *call, weft_type *types, bool *starts_zero)
{
    (void)call;
    types[0] = WEFT_TYPE_OF(WEFT_TYPE_BINARY);
    starts_zero[0] = false;
    return 1;
}

const weft_agg_variant *weft_agg_object_variant(const weft_expr *call)
{
    (void)call;
    return &object_any;
}

weft_status weft_agg_bind_constant(weft_ctx *ctx, const char *name, const char *what, const weft_expr **args,
                                   int32_t k, weft_type type, bool null_allowed, const weft_span *span)
{
    weft_status st = WEFT_OK;
    WEFT_TRY(st, weft_expr_cast(ctx, args[k], type, true, &args[k]));
    WEFT_TRY(st, weft_expr_fold_now(ctx, args[k], &args[k]));
    if (args[k]->kind != WEFT_EXPR_LITERAL) {
        st = weft_fail_at(ctx, WEFT_DATATYPE_MISMATCH_NOT_FOLDABLE, span,
                          "the argument %s of %s must be a constant", what, name);
    } else if (args[k]->literal.is_null && !null_allowed) {
        st = weft_fail_at(ctx, WEFT_UNEXPECTED_NULL, span, "the argument %s of %s must not be NULL", what,
                          name);
    }
done:
    return st;
}

double weft_agg_get_real(const weft_column *column, int32_t position)
{
    const weft_value value = weft_value_of_column(column, position);
    if (value.type.id == WEFT_TYPE_DECIMAL)
        return (double)value.i128 / (double)weft_i128_pow10(value.type.scale);
    const bool real = value.type.id == WEFT_TYPE_DOUBLE || value.type.id == WEFT_TYPE_FLOAT;
    return real ? value.f64 : (double)value.i64;
}

void weft_agg_put_real(weft_type type, double value, weft_vector *out, int32_t i)
{
    if (type.id == WEFT_TYPE_DOUBLE) {
        ((double *)out->values)[i] = value;
    } else if (type.id == WEFT_TYPE_FLOAT) {
        ((float *)out->values)[i] = (float)value;
    } else if (type.id == WEFT_TYPE_DECIMAL) {
        weft_i128 unscaled = 0;
        if (!weft_decimal_from_double(value, type.scale, &unscaled) ||
            !weft_decimal_fits(unscaled, type.precision))
            weft_vector_set_null(out, i);
        else if (out->column.phys == WEFT_PHYS_I64)
            ((int64_t *)out->values)[i] = (int64_t)unscaled;
        else
            ((weft_i128 *)out->values)[i] = unscaled;
    } else {
        const int64_t whole = value >= 0x1p63 ? INT64_MAX : (int64_t)value; /* as in Java */
        const size_t bytes = (size_t)weft_phys_bytes((weft_phys)out->column.phys);
        memcpy((char *)out->values + (size_t)i * bytes, &whole,
               bytes); /* little-endian: the low bytes first */
    }
}
