/* engine/catalog/partition_listing.h - the files of a table in folders, without looking into those that a
 * plan does not need. */
#ifndef WEFT_CATALOG_PARTITION_LISTING_H
#define WEFT_CATALOG_PARTITION_LISTING_H

#include "engine/plan/logical.h"
#include "engine/plan/pointers.h"

/* The files of the folders for which some scan's conjuncts on partition columns may hold: level by level,
 * since the values of the first columns decide for all folders within. scans: weft_node *, the scans of the
 * table; none: all files. In ctx->arena. *folders: of how many partitions. Errors: those of fs.h. */
WEFT_MUST_CHECK weft_status weft_partition_listing(weft_ctx *ctx, const weft_table_definition *d,
                                                   const weft_pointers *scans, weft_file_info **files,
                                                   int32_t *file_count, int32_t *folders);

#endif
