/* engine/expr/json_copy.h - values of JSON text written anew, as Jackson copies them: without spaces, real
 * numbers in the digits of a double, what JSON cannot say as a number in quotes. */
#ifndef WEFT_EXPR_JSON_COPY_H
#define WEFT_EXPR_JSON_COPY_H

#include "engine/expr/json_read.h"

/* Append the value that begins with the reader's token; afterwards the token is its last. room: working
 * memory that the call may use. *failed is set where the text is malformed, or where half a surrogate pair
 * stands in a string and escapes are LEAST. Errors: WEFT_NOMEM, WEFT_LIMIT. */
WEFT_MUST_CHECK weft_status weft_json_copy(weft_ctx *ctx, weft_json *json, weft_json_escapes escapes,
                                           weft_text *room, weft_text *out, bool *failed);
/* The same with real numbers as Java's BigDecimal writes them: all of their digits, 1E+3 for 1e3. Escapes are
 * PAIRS. */
WEFT_MUST_CHECK weft_status weft_json_copy_exact(weft_ctx *ctx, weft_json *json, weft_text *room,
                                                 weft_text *out, bool *failed);

#endif
