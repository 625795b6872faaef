/* engine/formats/file_prune.h - files that a scan's conjuncts leave out as a whole.
 *
 * A column of which all rows of a file have one value (a partition column, a field of file_field.h) decides
 * for the file: conjuncts that read such columns alone, cannot raise and are deterministic are asked once a
 * file, before it is cut into splits. */
#ifndef WEFT_FORMATS_FILE_PRUNE_H
#define WEFT_FORMATS_FILE_PRUNE_H

#include "engine/formats/file_field.h"

/* What is known of the files of a table. */
typedef struct weft_file_pruning {
    const weft_schema *schema;
    int32_t file_count;
    const void *self;
    /* The value of a column that has one in each file. In ctx->arena. */
    weft_status (*value)(weft_ctx *ctx, const void *self, int32_t file, int32_t column, weft_value *out);
    bool (*constant)(const void *self, int32_t column); /* Has the column one? */
} weft_file_pruning;

/* *kept: [file_count] in ctx->arena, 0 for files without rows that pass; NULL: no conjunct decides. */
WEFT_MUST_CHECK weft_status weft_files_prune(weft_ctx *ctx, const weft_file_pruning *pruning,
                                             const weft_scan_spec *spec, uint8_t **kept);

#endif
