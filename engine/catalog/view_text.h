/* engine/catalog/view_text.h - a view of the warehouse as the text of a query. */
#ifndef WEFT_CATALOG_VIEW_TEXT_H
#define WEFT_CATALOG_VIEW_TEXT_H

#include "engine/plan/logical.h"

/* The columns of the view are picked by the names that its text gave when it was made, since a * may mean
 * more by now; by place where two have one name. In ctx->arena. */
WEFT_MUST_CHECK weft_status weft_view_text(weft_ctx *ctx, const weft_table_definition *d, char **out);
/* The text of a query whose literals and casts go by a DEFAULT COLLATION; NULL: the query itself. In
 * ctx->arena. */
WEFT_MUST_CHECK weft_status weft_view_collated(weft_ctx *ctx, const char *collation, char *query, char **out);
/* The query of such a text, parsed; *collation, unless it is NULL, gets the collation, or NULL. Errors: as
 * weft_sql_parse. */
WEFT_MUST_CHECK weft_status weft_view_parse(weft_ctx *ctx, const char *text, const char **collation,
                                            const weft_node **out);

#endif
