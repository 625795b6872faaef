/* engine/expr/collator.h - keys of strings under a collation: bytes that are equal, and stand in order, as
 * the strings are and do.
 *
 * UTF8_LCASE: each character in its small letter, as Spark has it. A locale: ICU's sort key. RTRIM: without
 * the blanks at the end. One thread uses a collator. */
#ifndef WEFT_EXPR_COLLATOR_H
#define WEFT_EXPR_COLLATOR_H

#include "common/ctx.h"

typedef struct weft_collator weft_collator;

/* Errors: WEFT_UNSUPPORTED where ICU is missing or does not know the locale, WEFT_NOMEM. */
WEFT_MUST_CHECK weft_status weft_collator_open(weft_ctx *ctx, uint16_t collation, weft_collator **out);
void weft_collator_close(weft_collator **collator);
/* *key is the collator's, or the text's own, until the next call. Errors: WEFT_NOMEM. */
WEFT_MUST_CHECK weft_status weft_collator_key(weft_ctx *ctx, weft_collator *c, const char *text, size_t len,
                                              const char **key, size_t *key_len);
/* Below, at or above 0 as a stands before, with or behind b. */
WEFT_MUST_CHECK weft_status weft_collator_compare(weft_ctx *ctx, weft_collator *c, const char *a,
                                                  size_t a_len, const char *b, size_t b_len, int *order);
WEFT_MUST_CHECK weft_status weft_collator_equal(weft_ctx *ctx, weft_collator *c, const char *a, size_t a_len,
                                                const char *b, size_t b_len, bool *equal);

#endif
