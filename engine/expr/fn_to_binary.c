/* engine/expr/fn_to_binary.c - to_binary(text [, format]): the bytes that a text says in hex, base64 or
 * UTF-8. */
#include <strings.h>

#include "engine/expr/fn_bytes.h"
#include "engine/expr/fn_entry.h"

typedef enum binary_format { FORMAT_HEX, FORMAT_UTF8, FORMAT_BASE64, FORMAT_NONE } binary_format;

static binary_format format_find(const weft_str *text)
{
    static const struct {
        const char *name;
        binary_format format;
    } names[] = {
        {"hex", FORMAT_HEX}, {"utf-8", FORMAT_UTF8}, {"utf8", FORMAT_UTF8}, {"base64", FORMAT_BASE64}};
    for (int32_t k = 0; k < WEFT_COUNT(names); k++) {
        if (strlen(names[k].name) == text->len &&
            strncasecmp(names[k].name, weft_str_data(text), text->len) == 0)
            return names[k].format;
    }
    return FORMAT_NONE;
}

/* Letters of base64 and blanks only, padded at the end if at all. */
static bool is_base64(const weft_str *s)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *text = weft_str_data(s);
    int32_t count = 0, padding = 0;
    for (uint32_t i = 0; i < s->len; i++) {
        const bool blank = (unsigned char)text[i] <= ' ';
        if (blank && padding > 0) return false; /* nothing stands behind the padding */
        if (blank) continue;
        if (text[i] == '=')
            padding++;
        else if (padding > 0 || memchr(letters, text[i], sizeof letters - 1) == NULL)
            return false;
        else
            count++;
    }
    if (padding > 0) return padding <= 2 && (count + padding) % 4 == 0;
    return count % 4 != 1;
}

static weft_status binary_bind(weft_ctx *ctx, const weft_function *fn, const weft_expr **args, int32_t count,
                               const weft_span *span, int32_t *variant, weft_type *type)
{
    weft_status st = WEFT_OK;
    const weft_expr *format = NULL;
    WEFT_TRY(st, weft_bind_default(ctx, fn, args, count, span, variant, type));
    if (count < 2) goto done;
    WEFT_TRY(st, weft_expr_fold(ctx, args[1], &format));
    if (format->kind != WEFT_EXPR_LITERAL) {
        return weft_fail_at(ctx, WEFT_DATATYPE_MISMATCH_NOT_FOLDABLE, span,
                            "the format of %s must be a constant string", fn->name);
    }
    const bool tried = (fn->flags & WEFT_FN_TRY) != 0;
    if (!tried && !format->literal.is_null && format_find(&format->literal.str) == FORMAT_NONE) {
        st = weft_fail_at(ctx, WEFT_ARG_VALUE, span,
                          "The fmt value must to be a case-insensitive \"STRING\" literal of 'hex', 'utf-8', "
                          "'utf8', or 'base64', but got '%.*s'.",
                          (int)weft_min_i64(format->literal.str.len, 60),
                          weft_str_data(&format->literal.str));
    }
done:
    return st;
}

static weft_status kernel_to_binary(weft_ctx *ctx, weft_kernel_call *call)
{
    weft_status st = WEFT_OK;
    static const char *const names[] = {"HEX", "UTF-8", "BASE64", ""};
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        char *to;
        uint32_t used = 0;
        bool good = false;
        if (!weft_call_valid(call, i)) continue;
        const weft_str *s = weft_arg_str(&call->args[0], i);
        const binary_format format = call->arg_count > 1 ? format_find(weft_arg_str(&call->args[1], i))
                                                         : FORMAT_HEX;
        WEFT_TRY(st, weft_text_room(ctx, call, (size_t)s->len + 3, &to));
        if (format == FORMAT_HEX) good = weft_from_hex(s, to, &used);
        if (format == FORMAT_BASE64) good = is_base64(s) && weft_from_base64(s, to, &used);
        if (format == FORMAT_UTF8) {
            memcpy(to, weft_str_data(s), s->len);
            used = s->len;
            good = true;
        }
        if (good) {
            *weft_call_text(call, i) = weft_str_view(to, used);
        } else if (weft_raise_tried(call->expr)) {
            weft_vector_set_null(call->out, i);
        } else {
            return weft_fail_at(ctx, WEFT_CONVERSION_INPUT, &call->expr->span,
                                "The value '%.*s' ('%s') cannot be converted to \"BINARY\" because it is "
                                "malformed. Correct the value as per the syntax, or change its format. Use "
                                "`try_to_binary` to tolerate malformed input and return NULL instead.",
                                (int)weft_min_i64(s->len, 100), weft_str_data(s), names[format]);
        }
    }
done:
    return st;
}

#define S WEFT_TYPE_STRING
#define B WEFT_TYPE_BINARY
WEFT_FN_FORM(to_binary, 1, 2, B, kernel_to_binary, S, S);
WEFT_FN_ENTRY(to_binary, "to_binary", NULL, WEFT_FN_FALLIBLE, binary_bind,
              "to_binary(s [, format]): the bytes that s says in hex, base64 or utf-8",
              "SELECT to_binary('abc', 'utf-8')", "abc");
WEFT_FN_FORM(try_to_binary, 1, 2, B, kernel_to_binary, S, S);
WEFT_FN_ENTRY(try_to_binary, "try_to_binary", NULL, WEFT_FN_TRY, binary_bind,
              "try_to_binary(s [, format]): as to_binary, or NULL", "SELECT try_to_binary('a!', 'base64')",
              "NULL");
