/* engine/plan/analyzer_format.c - to_char(x, format) and to_varchar: of a number they are functions of their
 * own, of a time, date or binary value they become date_format, base64, hex or decode, and are named so. */
#include <strings.h>

#include "engine/expr/coerce.h"
#include "engine/plan/analyzer_internal.h"

static bool is_moment(weft_type type)
{
    return type.id == WEFT_TYPE_DATE || type.id == WEFT_TYPE_TIMESTAMP ||
           type.id == WEFT_TYPE_TIMESTAMP_NTZ || type.id == WEFT_TYPE_TIME;
}

static bool is_text(const weft_str *text, const char *word)
{
    return strlen(word) == text->len && strncasecmp(weft_str_data(text), word, text->len) == 0;
}

/* The function that writes a binary value in this format. */
static weft_status binary_function(weft_ctx *ctx, const char *name, const weft_expr *format,
                                   const weft_span *span, const char **out)
{
    weft_status st = WEFT_OK;
    const weft_expr *folded = NULL;
    WEFT_TRY(st, weft_expr_fold(ctx, format, &folded));
    if (folded->kind != WEFT_EXPR_LITERAL || folded->literal.is_null || folded->type.id != WEFT_TYPE_STRING) {
        return weft_fail_at(ctx, WEFT_NON_FOLDABLE_ARGUMENT, span,
                            "the format of %s must be a constant string", name);
    }
    const weft_str *text = &folded->literal.str;
    *out = is_text(text, "base64")  ? "base64"
           : is_text(text, "hex")   ? "hex"
           : is_text(text, "utf-8") ? "decode"
                                    : NULL;
    if (*out == NULL) {
        st = weft_fail_at(
            ctx, WEFT_BINARY_FORMAT, span,
            "The value of parameter(s) `format` in `%s` is invalid: expects one of binary formats "
            "'base64', 'hex', 'utf-8', but got '%.*s'.",
            name, (int)weft_min_i64(text->len, 60), weft_str_data(text));
    }
done:
    return st;
}

bool weft_is_to_char(const char *name)
{
    return strcasecmp(name, "to_char") == 0 || strcasecmp(name, "to_varchar") == 0;
}

weft_status weft_bind_to_char(weft_binder *b, const weft_expr *e, const weft_expr *const *args, int32_t count,
                              const weft_expr **out)
{
    weft_status st = WEFT_OK;
    weft_ctx *ctx = b->a->ctx;
    const weft_span *span = weft_analyzer_span(b->a, &e->span);
    const char *name = "to_char";
    const bool varchar = strcasecmp(e->unresolved.name, "to_varchar") == 0;
    const bool binary = count == 2 && args[0]->type.id == WEFT_TYPE_BINARY;
    if (count == 2 && is_moment(args[0]->type)) {
        name = "date_format";
    } else if (binary) {
        WEFT_TRY(st, binary_function(ctx, name, args[1], span, &name));
        if (name[0] != 'd') count = 1;
    }
    WEFT_TRY(st, weft_expr_call(ctx, name, args, count, span, out));
    if (binary && varchar) { /* shown by the name that it has in the query */
        weft_expr *named = NULL;
        WEFT_TRY(st, WEFT_NEW(ctx, &named));
        *named = **out;
        named->call.written = "to_varchar";
        *out = named;
    }
done:
    return st;
}
