/* engine/expr/json_scalar.h - single values of JSON texts in vectors, by Spark's rules. */
#ifndef WEFT_EXPR_JSON_SCALAR_H
#define WEFT_EXPR_JSON_SCALAR_H

#include "engine/columnar/builder.h"
#include "engine/expr/datetime_pattern.h"
#include "engine/expr/json_options.h"

typedef enum weft_json_result {
    WEFT_JSON_SET,
    WEFT_JSON_SET_PART,  /* something inside is bad */
    WEFT_JSON_BAD_VALUE, /* the slot is as it was, or holds anything */
    WEFT_JSON_BAD_TEXT   /* malformed, or no memory: nothing more is read */
} weft_json_result;

typedef struct weft_json_scalars {
    const weft_json_options *options;
    weft_datetime_pattern *date, *timestamp, *timestamp_ntz, *time; /* NULL: as CAST reads */
    weft_locale_numbers numbers;
    weft_zone *zone;
    bool has_zone;      /* zone was opened */
    bool cast_fallback; /* what a format does not fit is what CAST makes of it */
} weft_json_scalars;

/* options are borrowed. Errors: those of patterns and zones, WEFT_NOMEM. */
WEFT_MUST_CHECK weft_status weft_json_scalars_init(weft_ctx *ctx, const weft_json_options *options,
                                                   weft_json_scalars *out);
void weft_json_scalars_deinit(weft_json_scalars *scalars);
/* Can a type that is not nested be read? Opens what it needs. Errors: WEFT_UNSUPPORTED, those of zones. */
WEFT_MUST_CHECK weft_status weft_json_scalars_accept(weft_ctx *ctx, weft_json_scalars *scalars,
                                                     weft_type type);
/* The value at hand, not null, into a slot; the reader stays at its last token. *st: WEFT_NOMEM, or
 * what weft_datetime_parse has, with BAD_TEXT. */
weft_json_result weft_json_set_scalar(weft_ctx *ctx, weft_json_scalars *scalars, weft_json *json,
                                      weft_text *room, weft_type type, weft_vector *out, int32_t slot,
                                      weft_status *st);
/* The NAME or STRING at hand into a slot of a vector of strings. */
WEFT_MUST_CHECK weft_status weft_json_set_text(weft_ctx *ctx, const weft_json *json, weft_text *room,
                                               weft_vector *out, int32_t slot);
/* Text as a moment; *good: it is one. ntz: without a zone. strict: only what fits the format, where there is
 * one (types are inferred so). Errors: those of weft_datetime_parse. */
WEFT_MUST_CHECK weft_status weft_json_moment(weft_ctx *ctx, weft_json_scalars *scalars, const char *text,
                                             size_t len, bool ntz, bool strict, int64_t *us, bool *good);
/* Text as a date, in the same way. */
WEFT_MUST_CHECK weft_status weft_json_date(weft_ctx *ctx, const weft_json_scalars *scalars, const char *text,
                                           size_t len, int32_t *days, bool *good);

/* Text as a decimal, as the locale writes them. */
bool weft_json_decimal(const weft_locale_numbers *numbers, const char *text, size_t len, weft_type type,
                       weft_i128 *out);

static inline void weft_json_set_valid(weft_vector *out, int32_t slot)
{
    if (out->column.validity != NULL) weft_bit_set(out->validity, slot);
}

#endif
