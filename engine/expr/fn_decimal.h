/* engine/expr/fn_decimal.h - kernels of arithmetic over two decimals; scales as the nodes' types say. */
#ifndef WEFT_EXPR_FN_DECIMAL_H
#define WEFT_EXPR_FN_DECIMAL_H

#include "engine/expr/function.h"

weft_status weft_kernel_decimal_add(weft_ctx *ctx, weft_kernel_call *call);
weft_status weft_kernel_decimal_subtract(weft_ctx *ctx, weft_kernel_call *call);
weft_status weft_kernel_decimal_multiply(weft_ctx *ctx, weft_kernel_call *call);
weft_status weft_kernel_decimal_divide(weft_ctx *ctx, weft_kernel_call *call);
weft_status weft_kernel_decimal_remainder(weft_ctx *ctx, weft_kernel_call *call);
weft_status weft_kernel_decimal_pmod(weft_ctx *ctx, weft_kernel_call *call);
weft_status weft_kernel_decimal_div(weft_ctx *ctx, weft_kernel_call *call); /* → BIGINT */
weft_status weft_kernel_decimal_negative(weft_ctx *ctx, weft_kernel_call *call);
weft_status weft_kernel_decimal_abs(weft_ctx *ctx, weft_kernel_call *call);

/* Results of a decimal kernel that works row by row: begin, one put a row, then end, which narrows to 64 bits
 * a value when all that were put fit. */
typedef struct weft_decimal_out {
    weft_kernel_call *call;
    bool wide, narrow_fits, raise;
} weft_decimal_out;
void weft_decimal_out_begin(const weft_ctx *ctx, weft_kernel_call *call, weft_decimal_out *out);
/* value is at the result's scale; `exact` false means that 128 bits did not hold it. NULL or an error when it
 * does not fit the result type's precision. */
weft_status weft_decimal_out_put(weft_ctx *ctx, weft_decimal_out *out, int32_t i, weft_i128 value,
                                 bool exact);
void weft_decimal_out_end(weft_decimal_out *out);

#endif
