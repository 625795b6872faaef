/* engine/catalog/session_listing.h - which files a statement reads, listed once. Everything lies in
 * ctx->arena.
 */
#ifndef WEFT_CATALOG_SESSION_LISTING_H
#define WEFT_CATALOG_SESSION_LISTING_H

#include "engine/catalog/session_catalog.h"

/* All files of a comma list of paths; a comma inside braces belongs to a pattern. Errors: those of
 * weft_fs_list. */
WEFT_MUST_CHECK weft_status weft_listing_of(weft_ctx *ctx, const char *paths, weft_listing *out);
/* The same of a statement that names them maybe again. */
WEFT_MUST_CHECK weft_status weft_listing_once(weft_ctx *ctx, weft_listings *listings, const char *paths,
                                              weft_listing *out);
/* Set the files of r, the index-th table in folders that the statement reads, to those that the plan may
 * need; the same when the statement is planned again. */
WEFT_MUST_CHECK weft_status weft_listing_of_partitions(weft_ctx *ctx, weft_listings *listings,
                                                       const weft_node *plan, int32_t index,
                                                       weft_relation *r);

#endif
