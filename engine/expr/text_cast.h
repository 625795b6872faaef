/* engine/expr/text_cast.h - texts of CSV and XML as values of plain types, and what type a text is. */
#ifndef WEFT_EXPR_TEXT_CAST_H
#define WEFT_EXPR_TEXT_CAST_H

#include "engine/columnar/builder.h"
#include "engine/expr/json_format.h"
#include "engine/expr/json_scalar.h"

typedef struct weft_text_caster { /* of one lane and options */
    weft_json_scalars scalars;    /* patterns and the zone */
    weft_expr expr;               /* a try_cast, for the kernels of CAST */
    bool no_dates;                /* types are inferred, and no text is a DATE */
    bool strict;                  /* types are inferred: only what fits a format, where there is one */
    weft_vector *results;         /* [WEFT_TYPE_COUNT] one slot each, made on first use */
} weft_text_caster;

/* options: dateFormat, timestampFormat, timestampNTZFormat, timeFormat and timeZone are read; borrowed. The
 * caller deinits, also after a failure. Errors: those of patterns and zones, WEFT_NOMEM. */
WEFT_MUST_CHECK weft_status weft_text_caster_init(weft_ctx *ctx, const weft_json_options *options,
                                                  weft_text_caster *out);
void weft_text_caster_deinit(weft_text_caster *caster);
/* Slot `slot` of out, a vector of a plain type, becomes the value; *good false: the text is none, the slot is
 * NULL. Errors: WEFT_NOMEM. */
WEFT_MUST_CHECK weft_status weft_text_cast(weft_ctx *ctx, weft_text_caster *caster, const char *text,
                                           size_t len, weft_vector *out, int32_t slot, bool *good);
/* The first of INT (unless wide), BIGINT, DECIMAL (if decimals; of whole numbers), DOUBLE, DATE, TIMESTAMP,
 * BOOLEAN and STRING that the text is. */
WEFT_MUST_CHECK weft_status weft_text_infer(weft_ctx *ctx, weft_text_caster *caster, const char *text,
                                            size_t len, bool wide, bool decimals, weft_type *out);
/* Append the text that CSV and XML have of a value that is not null: moments by their format, bytes as [61
 * 62], all else as CAST has it. */
WEFT_MUST_CHECK weft_status weft_text_of_value(weft_ctx *ctx, const weft_json_format *format,
                                               const weft_column *column, int32_t slot, weft_text *out);

#endif
