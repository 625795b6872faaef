/* engine/expr/fn_schema.h - what functions of texts and a type share (JSON, CSV, XML): schemas and options
 * given as constant arguments. */
#ifndef WEFT_EXPR_FN_SCHEMA_H
#define WEFT_EXPR_FN_SCHEMA_H

#include "engine/expr/fn_json.h"

/* args[i], a constant string, as a type: "a INT, b STRING", any type, or a StructType as JSON. Errors:
 * WEFT_INVALID_SCHEMA_TEXT where it is no constant, WEFT_PARSE_SYNTAX_ERROR … where it is none. */
WEFT_MUST_CHECK weft_status weft_bind_schema(weft_ctx *ctx, const weft_function *fn, const weft_expr **args,
                                             int32_t i, const weft_span *span, weft_type *out);
/* args[i], if there is one, becomes the literal that it is: a map of strings. Errors:
 * WEFT_INVALID_OPTIONS_MAP, WEFT_INVALID_OPTIONS_TEXT, WEFT_DATATYPE_MISMATCH_NOT_FOLDABLE. */
WEFT_MUST_CHECK weft_status weft_bind_options(weft_ctx *ctx, const weft_function *fn, const weft_expr **args,
                                              int32_t i, int32_t count, const weft_span *span);
/* Each entry of a literal map of strings (NULL: none) to `set`; texts in ctx->arena. */
typedef weft_status (*weft_option_setter)(weft_ctx *ctx, void *self, const char *key, const char *value);
WEFT_MUST_CHECK weft_status weft_options_each(weft_ctx *ctx, const weft_value *map, weft_option_setter set,
                                              void *self);
/* args[0] is a constant string that is not NULL, called `what` in messages. Errors:
 * WEFT_DATATYPE_MISMATCH_NOT_FOLDABLE, WEFT_UNEXPECTED_NULL. */
WEFT_MUST_CHECK weft_status weft_bind_sample_text(weft_ctx *ctx, const weft_expr **args, const char *what,
                                                  const weft_span *span);
/* "Malformed records are detected …" at the span of a call. */
weft_status weft_fail_malformed(weft_ctx *ctx, const weft_expr *call, const weft_str *text);
/* Every map in the type has strings as keys. */
bool weft_has_text_keys(weft_type type);

/* The registry's entry of from_json and its kin: one signature, state of its own, the first argument in
 * names. */
#define WEFT_SCHEMA_ENTRY(symbol, forms, bits, binder, opener, closer, usage, query, answer)                 \
    const weft_function weft_fn_##symbol = {.name = #symbol,                                                 \
                                            .flags = WEFT_FN_NULL_OWN | WEFT_FN_SHOWS_FIRST | (bits),        \
                                            .signatures = forms,                                             \
                                            .signature_count = 1,                                            \
                                            .bind = binder,                                                  \
                                            .open = opener,                                                  \
                                            .close = closer,                                                 \
                                            .help = usage,                                                   \
                                            .example = query,                                                \
                                            .example_result = answer}

#endif
