/* engine/expr/variant_json.h - VARIANT from JSON text and to it. */
#ifndef WEFT_EXPR_VARIANT_JSON_H
#define WEFT_EXPR_VARIANT_JSON_H

#include "engine/expr/json_read.h"
#include "engine/expr/variant_build.h"

extern const weft_json_rules weft_variant_json_rules; /* what parse_json takes */

/* Put the value that begins with the reader's token; afterwards the token is its last. Whole numbers take the
 * smallest form, others are decimals while 38 digits hold them and no exponent is written, else doubles.
 * *bad: the text is malformed. room: working memory. Errors: WEFT_VARIANT_DUPLICATE_KEY, WEFT_VARIANT_SIZE,
 * WEFT_NOMEM. */
WEFT_MUST_CHECK weft_status weft_variant_put_json(weft_ctx *ctx, weft_variant_builder *b, weft_json *json,
                                                  weft_text *room, bool *bad);
/* Append a value as JSON: what JSON has no form for is a string. zone: the session's, NULL for UTC. */
WEFT_MUST_CHECK weft_status weft_variant_json(weft_ctx *ctx, weft_zone *zone, const weft_variant *v,
                                              weft_text *out);
/* The text of a plain value as CAST gives it (a string without quotes); of objects and arrays their JSON. */
WEFT_MUST_CHECK weft_status weft_variant_plain_text(weft_ctx *ctx, weft_zone *zone, const weft_variant *v,
                                                    weft_text *out);
/* Append bytes as base64. */
WEFT_MUST_CHECK weft_status weft_text_append_base64(weft_ctx *ctx, weft_text *out, const char *bytes,
                                                    size_t len);

#endif
