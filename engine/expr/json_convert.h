/* engine/expr/json_convert.h - JSON texts as rows of a given type: what from_json and the source share.
 *
 * The rules are those of Spark's JacksonParser. A value that its type cannot hold is bad and becomes NULL; a
 * struct, array of structs or map of structs in which something is bad keeps the rest; any other array or map
 * is bad as a whole. Of a text that is malformed nothing is kept. Names are matched exactly; of a name that
 * comes twice the last value counts; what no field asks for is skipped. */
#ifndef WEFT_EXPR_JSON_CONVERT_H
#define WEFT_EXPR_JSON_CONVERT_H

#include "engine/columnar/builder.h"
#include "engine/expr/json_options.h"

typedef struct weft_json_convert weft_json_convert; /* of a lane */

typedef enum weft_json_outcome {
    WEFT_JSON_GOOD,
    WEFT_JSON_PART,   /* something in it is bad; the value holds the rest */
    WEFT_JSON_NO,     /* bad: there is no value */
    WEFT_JSON_NO_TEXT /* empty: there is not even a record */
} weft_json_outcome;

/* type: of the whole value, its children borrowed. skip: a field of the struct that is never filled (the
 * corrupt column), or -1. Errors: WEFT_UNSUPPORTED for a type without a JSON form, those of patterns,
 * WEFT_NOMEM. The caller frees *out. */
WEFT_MUST_CHECK weft_status weft_json_convert_new(weft_ctx *ctx, const weft_json_options *options,
                                                  weft_type type, int32_t skip, weft_json_convert **out);
/* Texts are known to be objects, well-formed and with no name twice: none is read further than to the last of
 * the wanted fields. */
void weft_json_convert_trust(weft_json_convert *convert);
/* Read one text into slot `slot` of `out`, a vector of the type (an array's elements are appended). After NO
 * the slot holds anything. Strings that stand in the text as they are become views of it, others lie in the
 * vector's heap. The caller finishes the vector. Errors: WEFT_NOMEM, WEFT_LIMIT. */
WEFT_MUST_CHECK weft_status weft_json_convert_text(weft_ctx *ctx, weft_json_convert *convert,
                                                   const char *text, size_t len, weft_vector *out,
                                                   int32_t slot, weft_json_outcome *outcome);
/* The same of an array or object of rows, one after the other: begin with a text, then take rows until
 * outcome is NO_TEXT. A text that is an array gives a row an element; one that is malformed gives NO as its
 * last. */
void weft_json_convert_begin(weft_json_convert *convert, const char *text, size_t len, size_t slack);
WEFT_MUST_CHECK weft_status weft_json_convert_next(weft_ctx *ctx, weft_json_convert *convert,
                                                   weft_vector *out, int32_t slot,
                                                   weft_json_outcome *outcome);
/* What was wrong with the last text: static, or NULL. at: the place in the text. */
const char *weft_json_convert_why(const weft_json_convert *convert, size_t *at);
void weft_json_convert_free(weft_json_convert **convert);

#endif
