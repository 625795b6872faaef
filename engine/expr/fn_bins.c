/* engine/expr/fn_bins.c - the bins of BIN BY: (bins)(start, end, width, origin) is an array of
 * struct<start, end, ratio>, a struct for each bin that the range [start, end) lies in, and the part of it
 * that does.
 *
 * Bins begin at every multiple of the width from the origin on. Of TIMESTAMPs they are of that many
 * microseconds, but whole days are days of the local time, which may have 23 or 25 hours. A range without
 * length lies in one bin. */
#include "common/mem.h"
#include "engine/expr/calendar.h"
#include "engine/expr/fn_entry.h"
#include "engine/expr/nested_call.h"
#include "engine/expr/nested_text.h"

#define DAY_US INT64_C(86400000000)

enum { START, END, WIDTH, ORIGIN, ARGS };
enum { BINS_MOST = 10000000 }; /* of one range: as many structs are made at once */

typedef struct bins_state {
    weft_zone *zone; /* of TIMESTAMP; NULL: UTC, or none */
    weft_text text;
} bins_state;

static weft_status bins_bind(weft_ctx *ctx, const weft_function *fn, const weft_expr **args, int32_t count,
                             const weft_span *span, int32_t *variant, weft_type *type)
{
    static const char *const names[] = {"start", "end", "ratio"};
    weft_status st = WEFT_OK;
    *variant = 0;
    if (count != ARGS || args[WIDTH]->kind != WEFT_EXPR_LITERAL || args[ORIGIN]->kind != WEFT_EXPR_LITERAL)
        return weft_fail_arg_count(ctx, fn->name, ARGS, ARGS, count, span);
    const weft_type types[] = {args[START]->type, args[START]->type, WEFT_TYPE_OF(WEFT_TYPE_DOUBLE)};
    WEFT_TRY(st, weft_type_make_struct(ctx, names, types, 3, type));
    WEFT_TRY(st, weft_type_make_array(ctx, *type, type));
done:
    return st;
}

static void bins_close(void *state)
{
    bins_state *s = state;
    if (s == NULL) return;
    weft_zone_close(&s->zone);
    weft_text_release(&s->text);
    weft_mem_free(s);
}

static weft_status bins_open(weft_ctx *ctx, const weft_expr *call, void **state)
{
    weft_status st = WEFT_OK;
    bins_state *s = NULL;
    *state = NULL;
    WEFT_TRY(st, weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, sizeof *s, (void **)&s));
    *state = s;
    if (call->args[START]->type.id == WEFT_TYPE_TIMESTAMP)
        WEFT_TRY(st, weft_zone_open_session(ctx, &s->zone));
done:
    return st;
}

static weft_status fail_range(weft_ctx *ctx, weft_kernel_call *call, int32_t i)
{
    weft_status st = WEFT_OK;
    bins_state *s = call->state;
    s->text.len = 0;
    WEFT_TRY(st, weft_nested_text(ctx, s->zone, &call->args[START], i, &s->text));
    const int32_t first = (int32_t)s->text.len;
    WEFT_TRY(st, weft_nested_text(ctx, s->zone, &call->args[END], i, &s->text));
    st = weft_fail_at(
        ctx, WEFT_BIN_BY_RANGE, &call->expr->span,
        "The BIN BY range is invalid: the range start (%.*s) must be less than or equal to the range end "
        "(%.*s).",
        first, s->text.bytes, (int)s->text.len - first, s->text.bytes + first);
done:
    return st;
}

/* The range of one row, in the time in which bins are of equal length. */
static weft_status put_bins(weft_ctx *ctx, weft_kernel_call *call, int32_t i)
{
    weft_status st = WEFT_OK;
    bins_state *s = call->state;
    const int64_t start = weft_arg_i64(&call->args[START], i), end = weft_arg_i64(&call->args[END], i);
    const int64_t width = weft_arg_i64(&call->args[WIDTH], i), origin = weft_arg_i64(&call->args[ORIGIN], i);
    if (start > end) return fail_range(ctx, call, i);
    weft_zone *zone = width % DAY_US == 0 ? s->zone : NULL; /* NULL: the instants themselves */
    const weft_i128 from = weft_zone_to_local(zone, start), till = weft_zone_to_local(zone, end);
    const weft_i128 base = weft_zone_to_local(zone, origin);
    weft_i128 behind = (from - base) % width;
    if (behind < 0) behind += width;
    const weft_i128 first = from - behind;
    const weft_i128 count = till <= first + width ? 1 : (till - first + width - 1) / width;
    if (count > BINS_MOST)
        return weft_fail_at(ctx, WEFT_LIMIT, &call->expr->span, "a range in more than %d bins",
                            (int)BINS_MOST);
    if (first < INT64_MIN || first + count * width > INT64_MAX)
        return weft_raise_overflow(ctx, call->expr, "long overflow", NULL);
    int32_t slot = 0;
    WEFT_TRY(st, weft_vector_add_list(ctx, call->out, i, (int32_t)count, &slot));
    weft_vector *fields = call->out->children[0].children;
    for (int32_t k = 0; k < (int32_t)count; k++) {
        const int64_t low = weft_zone_to_utc(zone, (int64_t)(first + k * (weft_i128)width));
        const int64_t high = weft_zone_to_utc(zone, (int64_t)(first + (k + 1) * (weft_i128)width));
        const int64_t part = weft_min_i64(high, end) - weft_max_i64(low, start);
        weft_store_i64(&fields[0], slot + k, low);
        weft_store_i64(&fields[1], slot + k, high);
        ((double *)fields[2].values)[slot + k] = start == end ? 1.0 : (double)part / (double)(end - start);
    }
done:
    return st;
}

static weft_status kernel_bins(weft_ctx *ctx, weft_kernel_call *call)
{
    weft_status st = WEFT_OK;
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        if (weft_call_skip_null(call, i)) continue;
        WEFT_TRY(st, put_bins(ctx, call, i));
    }
done:
    return st;
}

static const weft_signature bins_forms[] = {
    {{WEFT_TYPE_COUNT, WEFT_TYPE_COUNT, WEFT_TYPE_BIGINT, WEFT_TYPE_COUNT},
     ARGS,
     ARGS,
     WEFT_TYPE_ARRAY,
     kernel_bins}};

/* What the analyser makes of BIN BY: its name is none that a query can write. */
const weft_function weft_fn_bins = {
    .name = "(bins)",
    .flags = WEFT_FN_NULL_OWN | WEFT_FN_FALLIBLE,
    .signatures = bins_forms,
    .signature_count = 1,
    .bind = bins_bind,
    .open = bins_open,
    .close = bins_close,
    .help = "(bins)(start, end, width, origin): the bins that a range of time is in"};
