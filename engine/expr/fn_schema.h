/* engine/expr/fn_schema.h - what functions of texts and a type share (JSON, CSV, XML): schemas and options
 * given as constant arguments, which kernels read from the literals that binding left. */
#ifndef WEFT_EXPR_FN_SCHEMA_H
#define WEFT_EXPR_FN_SCHEMA_H

#include "engine/expr/fn_json.h"
#include "engine/expr/json_options.h"

/* args[i], a constant string, as a type: "a INT, b STRING", any type, or a StructType as JSON. Errors:
 * WEFT_INVALID_SCHEMA_TEXT where it is no constant, WEFT_PARSE_SYNTAX_ERROR … where it is none. */
WEFT_MUST_CHECK weft_status weft_bind_schema(weft_ctx *ctx, const weft_function *fn, const weft_expr **args,
                                             int32_t i, const weft_span *span, weft_type *out);
/* A format by its options: `rules` of it begin with a weft_json_options, which all formats share. */
typedef struct weft_text_format {
    const char *name; /* as messages have it */
    const void *defaults;
    size_t rules_bytes;
    weft_status (*set)(weft_ctx *ctx, void *rules, const char *key, const char *value); /* texts borrowed */
} weft_text_format;

/* args[i], if there is one, becomes the literal that it is, a map of strings, and `rules` has what it says.
 * Errors: WEFT_INVALID_OPTIONS_MAP, WEFT_INVALID_OPTIONS_TEXT, WEFT_DATATYPE_MISMATCH_NOT_FOLDABLE, those of
 * set. */
WEFT_MUST_CHECK weft_status weft_bind_rules(weft_ctx *ctx, const weft_text_format *format,
                                            const weft_function *fn, const weft_expr **args, int32_t i,
                                            int32_t count, const weft_span *span, void *rules);
/* The binder of schema_of_*(text[, options]): a STRING. Errors: WEFT_UNEXPECTED_NULL and those above. */
WEFT_MUST_CHECK weft_status weft_bind_schema_of(weft_ctx *ctx, const weft_text_format *format,
                                                const weft_function *fn, const weft_expr **args,
                                                int32_t count, const weft_span *span, int32_t *variant,
                                                weft_type *type);
/* WEFT_PARSE_MODE_UNSUPPORTED where the mode is DROPMALFORMED: a function gives a row for each. */
WEFT_MUST_CHECK weft_status weft_refuse_drop(weft_ctx *ctx, const weft_function *fn, weft_json_mode mode,
                                             const weft_span *span);
/* A call's state, `bytes` zeroed, whose rules lie at rules_at and are those of its argument options_at. The
 * caller owns it also when this fails, unless it is NULL. */
WEFT_MUST_CHECK weft_status weft_schema_state_new(weft_ctx *ctx, const weft_text_format *format,
                                                  const weft_expr *call, int32_t options_at, size_t bytes,
                                                  size_t rules_at, void **state);
/* The field of a call's struct that gets bad texts; -1: none. Errors: WEFT_CORRUPT_RECORD_TYPE. */
WEFT_MUST_CHECK weft_status weft_call_corrupt(weft_ctx *ctx, const weft_expr *call,
                                              const weft_json_options *options, int32_t *out);
/* The kernel of from_*(): NULL for NULL, else `row` of the text. */
typedef weft_status (*weft_text_row)(weft_ctx *ctx, weft_kernel_call *call, const weft_str *text, int32_t i);
WEFT_MUST_CHECK weft_status weft_each_text(weft_ctx *ctx, weft_kernel_call *call, weft_text_row row);
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

/* A word that could be the name of a type: foo(3). What else is no type is no syntax either. */
bool weft_is_type_name(const char *text);

#endif
