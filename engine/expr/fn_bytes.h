/* engine/expr/fn_bytes.h - kernels of functions of texts for BINARY arguments: by bytes, not characters. */
#ifndef WEFT_EXPR_FN_BYTES_H
#define WEFT_EXPR_FN_BYTES_H

#include "engine/expr/kernel.h"

weft_status weft_kernel_bytes_substring(weft_ctx *ctx, weft_kernel_call *call); /* (b, from [, length]) */
weft_status weft_kernel_bytes_left(weft_ctx *ctx, weft_kernel_call *call);      /* (b, length) */
weft_status weft_kernel_bytes_lpad(weft_ctx *ctx, weft_kernel_call *call);      /* (b, length [, pad]) */
weft_status weft_kernel_bytes_rpad(weft_ctx *ctx, weft_kernel_call *call);
weft_status weft_kernel_bytes_overlay(weft_ctx *ctx, weft_kernel_call *call); /* (b, with, from [, length]) */
weft_status weft_kernel_bytes_reverse(weft_ctx *ctx, weft_kernel_call *call);

/* fn_encode.c: the bytes that hexadecimal digits say (room: one for two digits) and base64 (three for four
 * characters, and three); false where they say none. */
bool weft_from_hex(const weft_str *s, char *to, uint32_t *used);
bool weft_from_base64(const weft_str *s, char *to, uint32_t *used);

#endif
