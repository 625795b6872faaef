/* engine/expr/option_value.h - values of options: of readers, writers and of functions such as from_csv. */
#ifndef WEFT_EXPR_OPTION_VALUE_H
#define WEFT_EXPR_OPTION_VALUE_H

#include "common/ctx.h"

/* True or false (in any case), a number from least to most, a part of records to sample.
 * Errors: WEFT_CONFIG. */
WEFT_MUST_CHECK weft_status weft_option_flag(weft_ctx *ctx, const char *key, const char *value, bool *out);
WEFT_MUST_CHECK weft_status weft_option_number(weft_ctx *ctx, const char *key, const char *value,
                                               int64_t least, int64_t most, int64_t *out);
WEFT_MUST_CHECK weft_status weft_option_ratio(weft_ctx *ctx, const char *key, const char *value, double *out);
/* One unit of UTF-16, as Java's characters are; "" is 0, which is none. Errors: WEFT_OPTION_CHARACTER. */
WEFT_MUST_CHECK weft_status weft_option_character(weft_ctx *ctx, const char *key, const char *value,
                                                  uint16_t *out);

#endif
