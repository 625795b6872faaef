/* engine/expr/fn_nanos.c - nanoseconds since 1970 to timestamps that count them, and back. */
#include "engine/expr/calendar.h"
#include "engine/expr/decimal.h"
#include "engine/expr/fn_entry.h"

/* unix_nanos: only timestamps that count nanoseconds have them. */
static weft_status unix_nanos_bind(weft_ctx *ctx, const weft_function *fn, const weft_expr **args,
                                   int32_t count, const weft_span *span, int32_t *variant, weft_type *type)
{
    weft_status st = WEFT_OK;
    if (count != 1) return weft_fail_arg_count(ctx, fn->name, 1, 1, count, span);
    if (args[0]->type.id == WEFT_TYPE_NULL)
        WEFT_TRY(st, weft_expr_cast(ctx, args[0], WEFT_TYPE_OF(WEFT_TYPE_TIMESTAMP_NTZ_NS), true, &args[0]));
    *variant = args[0]->type.id == WEFT_TYPE_TIMESTAMP_NTZ_NS;
    *type = weft_type_decimal(21, 0);
    if (*variant == 0 && args[0]->type.id != WEFT_TYPE_TIMESTAMP_NS)
        st = weft_fail_arg_type(ctx, 0, "\"(TIMESTAMP_LTZ(P) OR TIMESTAMP_NTZ(P) WITH P IN [7, 9])\"",
                                args[0], span);
done:
    return st;
}

static weft_status kernel_unix_nanos(weft_ctx *ctx, weft_kernel_call *call)
{
    (void)ctx;
    weft_i128 *out = call->out->values;
    call->out->column.phys = WEFT_PHYS_I128;
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        out[i] = weft_arg_i64(&call->args[0], i);
    }
    return WEFT_OK;
}

/* timestamp_nanos: of a whole number or a decimal, which is rounded down. */
static weft_status timestamp_nanos_bind(weft_ctx *ctx, const weft_function *fn, const weft_expr **args,
                                        int32_t count, const weft_span *span, int32_t *variant,
                                        weft_type *type)
{
    weft_status st = WEFT_OK;
    if (count != 1) return weft_fail_arg_count(ctx, fn->name, 1, 1, count, span);
    WEFT_TRY(st, weft_expect_nanos_type(ctx, span));
    *variant = args[0]->type.id == WEFT_TYPE_DECIMAL;
    *type = WEFT_TYPE_OF(WEFT_TYPE_TIMESTAMP_NS);
    if (*variant == 0) st = weft_expr_cast(ctx, args[0], WEFT_TYPE_OF(WEFT_TYPE_BIGINT), true, &args[0]);
done:
    return st;
}

static weft_status kernel_timestamp_nanos(weft_ctx *ctx, weft_kernel_call *call)
{
    const weft_column *a = &call->args[0];
    const weft_i128 unit = weft_i128_pow10(a->type.id == WEFT_TYPE_DECIMAL ? a->type.scale : 0);
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        if (!weft_call_valid(call, i)) continue;
        const weft_i128 value = weft_load_i128(a->data, a->phys, weft_arg_slot(a, i));
        const weft_i128 nanos = value / unit - (value % unit < 0);
        if (nanos != (int64_t)nanos)
            return weft_fail_at(ctx, WEFT_DATETIME_OVERFLOW, &call->expr->span,
                                "Datetime operation overflow: create a TIMESTAMP_LTZ(9) from nanoseconds "
                                "since the epoch that are no number of 64 bits.");
        ((int64_t *)call->out->values)[i] = (int64_t)nanos;
    }
    return WEFT_OK;
}

static const weft_signature unix_nanos_signatures[] = {
    {{WEFT_TYPE_TIMESTAMP_NS}, 1, 1, WEFT_TYPE_DECIMAL, kernel_unix_nanos},
    {{WEFT_TYPE_TIMESTAMP_NTZ_NS}, 1, 1, WEFT_TYPE_DECIMAL, kernel_unix_nanos}};
WEFT_FN_ENTRY(unix_nanos, "unix_nanos", NULL, 0, unix_nanos_bind,
              "unix_nanos(t): nanoseconds since 1970, of a timestamp that counts them",
              "SELECT unix_nanos(TIMESTAMP_NTZ '1970-01-01 00:00:01.000000001')", "1000000001");
static const weft_signature timestamp_nanos_signatures[] = {
    {{WEFT_TYPE_BIGINT}, 1, 1, WEFT_TYPE_TIMESTAMP_NS, kernel_timestamp_nanos},
    {{WEFT_TYPE_DECIMAL}, 1, 1, WEFT_TYPE_TIMESTAMP_NS, kernel_timestamp_nanos}};
WEFT_FN_ENTRY(timestamp_nanos, "timestamp_nanos", NULL, WEFT_FN_FALLIBLE, timestamp_nanos_bind,
              "timestamp_nanos(n): n nanoseconds behind 1970, with spark.sql.timestampNanosTypes.enabled",
              NULL, NULL);
