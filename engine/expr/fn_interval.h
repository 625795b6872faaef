/* engine/expr/fn_interval.h - kernels of dates, timestamps and intervals under + - *. */
#ifndef WEFT_EXPR_FN_INTERVAL_H
#define WEFT_EXPR_FN_INTERVAL_H

#include "engine/expr/function.h"

weft_status weft_kernel_date_add_days(weft_ctx *ctx, weft_kernel_call *call);
weft_status weft_kernel_date_sub_days(weft_ctx *ctx, weft_kernel_call *call);
weft_status weft_kernel_date_add_months(weft_ctx *ctx,
                                        weft_kernel_call *call); /* months: INT or INTERVAL_YM */
weft_status weft_kernel_date_sub_months(weft_ctx *ctx, weft_kernel_call *call);
weft_status weft_kernel_date_add_us(weft_ctx *ctx, weft_kernel_call *call);
weft_status weft_kernel_date_sub_us(weft_ctx *ctx, weft_kernel_call *call);
weft_status weft_kernel_timestamp_add_months(weft_ctx *ctx, weft_kernel_call *call);
weft_status weft_kernel_timestamp_sub_months(weft_ctx *ctx, weft_kernel_call *call);
weft_status weft_kernel_timestamp_add_us(weft_ctx *ctx, weft_kernel_call *call);
weft_status weft_kernel_timestamp_sub_us(weft_ctx *ctx, weft_kernel_call *call);
weft_status weft_kernel_date_minus_date(weft_ctx *ctx, weft_kernel_call *call);
weft_status weft_kernel_timestamp_minus_timestamp(weft_ctx *ctx, weft_kernel_call *call);
weft_status weft_kernel_interval_add(weft_ctx *ctx, weft_kernel_call *call);
weft_status weft_kernel_interval_subtract(weft_ctx *ctx, weft_kernel_call *call);
/* fn_interval_scale.c: by a BIGINT, DECIMAL or DOUBLE, rounded half up */
weft_status weft_kernel_interval_multiply(weft_ctx *ctx, weft_kernel_call *call);
weft_status weft_kernel_interval_divide(weft_ctx *ctx, weft_kernel_call *call);
/* Times of the day: what leaves the day overflows. */
weft_status weft_kernel_time_add(weft_ctx *ctx, weft_kernel_call *call);
weft_status weft_kernel_time_subtract(weft_ctx *ctx, weft_kernel_call *call);
weft_status weft_kernel_time_minus_time(weft_ctx *ctx, weft_kernel_call *call);
weft_status weft_kernel_interval_negative(weft_ctx *ctx, weft_kernel_call *call);
/* fn_calendar_interval.c: INTERVAL without fields; numbers beside it are doubles, moments dates too. */
weft_status weft_kernel_calendar_add(weft_ctx *ctx, weft_kernel_call *call);
weft_status weft_kernel_calendar_subtract(weft_ctx *ctx, weft_kernel_call *call);
weft_status weft_kernel_calendar_negative(weft_ctx *ctx, weft_kernel_call *call);
weft_status weft_kernel_calendar_multiply(weft_ctx *ctx, weft_kernel_call *call);
weft_status weft_kernel_calendar_divide(weft_ctx *ctx, weft_kernel_call *call);
weft_status weft_kernel_calendar_difference(weft_ctx *ctx, weft_kernel_call *call); /* of two moments */
weft_status weft_kernel_moment_add_calendar(weft_ctx *ctx, weft_kernel_call *call);
weft_status weft_kernel_moment_sub_calendar(weft_ctx *ctx, weft_kernel_call *call);

#endif
