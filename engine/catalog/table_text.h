/* engine/catalog/table_text.h - the definition of a table as lines of text: what lies in the warehouse.
 *
 * A line is a word and fields behind tabs, with \\, \t and \n written out. Words that a later version adds
 * are passed over. Everything lies in ctx->arena. */
#ifndef WEFT_CATALOG_TABLE_TEXT_H
#define WEFT_CATALOG_TABLE_TEXT_H

#include "engine/plan/logical.h"

WEFT_MUST_CHECK weft_status weft_table_text_encode(weft_ctx *ctx, const weft_table_definition *d,
                                                   const char **text, size_t *len);
/* text, which ends with a zero byte, is written to, and kept by *out; path: for messages. The database is not
 * in it. Errors: WEFT_CORRUPT. */
WEFT_MUST_CHECK weft_status weft_table_text_decode(weft_ctx *ctx, const char *path, char *text,
                                                   weft_table_definition *out);

#endif
