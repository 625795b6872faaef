/* engine/formats/file_field.h - what a table tells of its files: the fields of Spark's hidden column
 * _metadata.
 *
 * A table of files has them as columns behind those of its schema: column schema->count + k is field k. No
 * schema lists them, no * stands for them, and what nobody asks for is not computed. */
#ifndef WEFT_FORMATS_FILE_FIELD_H
#define WEFT_FORMATS_FILE_FIELD_H

#include "engine/formats/source.h"

#define WEFT_FILE_COLUMN "_metadata"

typedef enum weft_file_field {
    WEFT_FILE_PATH, /* a URI: file:/data/a%20b.csv */
    WEFT_FILE_NAME, /* its last part, as it stands there */
    WEFT_FILE_SIZE,
    WEFT_FILE_BLOCK_START, /* a file is one block, however many tasks read of it */
    WEFT_FILE_BLOCK_LENGTH,
    WEFT_FILE_MODIFIED,  /* of milliseconds, as in Java */
    WEFT_FILE_ROW_INDEX, /* of the row in its file, from 0; where weft_format.row_index says so */
    WEFT_FILE_FIELD_COUNT
} weft_file_field;

/* The fields that tables of the format have: the first so many. */
int32_t weft_file_field_count(const weft_format *format);
/* Its name, "_metadata.file_path", and type; static. */
const weft_field *weft_file_field_of(weft_file_field field);

/* The field of a column of a scan: of the schema, or what stands behind it. */
static inline const weft_field *weft_scan_field(const weft_schema *schema, int32_t column)
{
    if (column < schema->count) return &schema->fields[column];
    return weft_file_field_of((weft_file_field)(column - schema->count));
}

/* The value of a field that all rows of the file have: not WEFT_FILE_ROW_INDEX. Texts in ctx->arena. */
WEFT_MUST_CHECK weft_status weft_file_field_value(weft_ctx *ctx, const weft_file_info *file,
                                                  weft_file_field field, weft_value *out);

#endif
