/* engine/catalog/view_text.h - a view of the warehouse as the text of a query: the analyser gives it its
 * columns (plan/analyzer_view.c). */
#ifndef WEFT_CATALOG_VIEW_TEXT_H
#define WEFT_CATALOG_VIEW_TEXT_H

#include "engine/plan/logical.h"

/* The text of a query whose literals and casts go by a DEFAULT COLLATION; NULL: the query itself. In
 * ctx->arena. */
WEFT_MUST_CHECK weft_status weft_view_collated(weft_ctx *ctx, const char *collation, const char *query,
                                               const char **out);
/* The query of such a text, parsed as what was kept says; *collation, unless it is NULL, gets the collation,
 * or NULL. Errors: as weft_sql_parse. */
WEFT_MUST_CHECK weft_status weft_view_parse(weft_ctx *ctx, const char *text, const weft_kept_settings *kept,
                                            const char **collation, const weft_node **out);

#endif
