/* engine/expr/fn_bytes.c - see fn_bytes.h. */
#include "engine/expr/fn_bytes.h"

#include "engine/expr/fn_entry.h"

/* From a place counted from 1, or from the end where it is negative. */
static weft_str bytes_part(const weft_str *s, int64_t from, int64_t length)
{
    const int64_t len = s->len;
    int64_t start = from > 0 ? from - 1 : from < 0 ? len + from : 0;
    int64_t stop = length > INT32_MAX ? INT32_MAX : start + length;
    if (stop > len) stop = len;
    if (start < 0) start = 0;
    if (stop <= start) return (weft_str){0};
    return weft_str_part(s, (size_t)start, (size_t)(stop - start));
}

weft_status weft_kernel_bytes_substring(weft_ctx *ctx, weft_kernel_call *call)
{
    (void)ctx;
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        if (!weft_call_valid(call, i)) continue;
        const int64_t length = call->arg_count > 2 ? weft_arg_i64(&call->args[2], i) : INT32_MAX;
        *weft_call_text(call, i) =
            bytes_part(weft_arg_str(&call->args[0], i), weft_arg_i64(&call->args[1], i), length);
    }
    return WEFT_OK;
}

weft_status weft_kernel_bytes_overlay(weft_ctx *ctx, weft_kernel_call *call)
{
    weft_status st = WEFT_OK;
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        char *to;
        if (!weft_call_valid(call, i)) continue;
        const weft_str *s = weft_arg_str(&call->args[0], i), *with = weft_arg_str(&call->args[1], i);
        const int64_t from = weft_arg_i64(&call->args[2], i);
        const int64_t length = call->arg_count > 3 ? weft_arg_i64(&call->args[3], i) : -1;
        const weft_str head = from > 1 ? bytes_part(s, 1, from - 1) : (weft_str){0};
        const weft_str tail = bytes_part(s, from + (length < 0 ? with->len : length), INT64_MAX);
        const size_t len = (size_t)head.len + with->len + tail.len;
        WEFT_TRY(st, weft_text_room(ctx, call, len, &to));
        memcpy(to, weft_str_data(&head), head.len);
        memcpy(to + head.len, weft_str_data(with), with->len);
        memcpy(to + head.len + with->len, weft_str_data(&tail), tail.len);
        *weft_call_text(call, i) = weft_str_view(to, (uint32_t)len);
    }
done:
    return st;
}

weft_status weft_kernel_bytes_left(weft_ctx *ctx, weft_kernel_call *call)
{
    (void)ctx;
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        if (!weft_call_valid(call, i)) continue;
        *weft_call_text(call, i) =
            bytes_part(weft_arg_str(&call->args[0], i), 1, weft_arg_i64(&call->args[1], i));
    }
    return WEFT_OK;
}

static weft_status bytes_pad(weft_ctx *ctx, weft_kernel_call *call, bool front)
{
    weft_status st = WEFT_OK;
    const weft_str zero = weft_str_view("\0", 1);
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        if (!weft_call_valid(call, i)) continue;
        const weft_str *s = weft_arg_str(&call->args[0], i);
        const weft_str *pad = call->arg_count > 2 ? weft_arg_str(&call->args[2], i) : &zero;
        const int64_t length = weft_arg_i64(&call->args[1], i);
        char *to = NULL;
        if (length <= (int64_t)s->len || pad->len == 0) {
            const int64_t kept = weft_max_i64(weft_min_i64(length, s->len), 0);
            *weft_call_text(call, i) = weft_str_part(s, 0, (size_t)kept);
            continue;
        }
        const size_t fill = (size_t)length - s->len;
        WEFT_TRY(st, weft_text_room(ctx, call, (size_t)length, &to));
        char *padded = front ? to : to + s->len;
        for (size_t n = 0; n < fill; n++) padded[n] = weft_str_data(pad)[n % pad->len];
        memcpy(front ? to + fill : to, weft_str_data(s), s->len);
        *weft_call_text(call, i) = weft_str_view(to, (uint32_t)length);
    }
done:
    return st;
}

weft_status weft_kernel_bytes_lpad(weft_ctx *ctx, weft_kernel_call *call)
{
    return bytes_pad(ctx, call, true);
}
weft_status weft_kernel_bytes_rpad(weft_ctx *ctx, weft_kernel_call *call)
{
    return bytes_pad(ctx, call, false);
}

weft_status weft_kernel_bytes_reverse(weft_ctx *ctx, weft_kernel_call *call)
{
    weft_status st = WEFT_OK;
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        char *to = NULL;
        if (!weft_call_valid(call, i)) continue;
        const weft_str *s = weft_arg_str(&call->args[0], i);
        WEFT_TRY(st, weft_text_room(ctx, call, s->len, &to));
        for (uint32_t n = 0; n < s->len; n++) to[n] = weft_str_data(s)[s->len - 1 - n];
        *weft_call_text(call, i) = weft_str_view(to, s->len);
    }
done:
    return st;
}
