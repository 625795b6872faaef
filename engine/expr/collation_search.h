/* engine/expr/collation_search.h - where a part stands in a text, as a collation sees them.
 *
 * UTF8_LCASE: the characters of both in small letters; a match ends where characters of the text do. A
 * locale: ICU's search, which matches whole characters with their marks. Blanks at the end count, also under
 * RTRIM: who does not want them leaves them out. One thread uses a search. */
#ifndef WEFT_EXPR_COLLATION_SEARCH_H
#define WEFT_EXPR_COLLATION_SEARCH_H

#include "engine/columnar/column.h"
#include "engine/expr/collator.h"

typedef struct weft_collation_search weft_collation_search;

/* Errors: as weft_collator_open. The caller frees *out. */
WEFT_MUST_CHECK weft_status weft_collation_search_open(weft_ctx *ctx, uint16_t collation,
                                                       weft_collation_search **out);
void weft_collation_search_close(weft_collation_search **search);
/* What is searched, until the next call; the bytes are borrowed. part is not empty. Errors: WEFT_NOMEM,
 * WEFT_LIMIT. */
WEFT_MUST_CHECK weft_status weft_collation_search_set(weft_ctx *ctx, weft_collation_search *s, weft_str text,
                                                      weft_str part);
/* The first match that begins at byte `at` of the text or behind it; false: there is none. */
bool weft_collation_search_next(weft_collation_search *s, size_t at, size_t *from, size_t *to);

#endif
