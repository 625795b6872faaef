/* engine/formats/parquet/write_options.h - what options of a Parquet sink mean. They are parquet-java's
 * names, so that what people set for Spark works; `name#column` is for one column. Names and booleans in any
 * case. */
#ifndef WEFT_FORMATS_PARQUET_WRITE_OPTIONS_H
#define WEFT_FORMATS_PARQUET_WRITE_OPTIONS_H

#include "engine/formats/parquet/write_column.h"

/* Options of the file. Errors: WEFT_CONFIG for a value out of its range, or an unknown parquet.* or
 * weft.parquet.* name; options of other names are not the sink's matter. option_count pairs of key and value.
 */
WEFT_MUST_CHECK weft_status weft_pqw_options_parse(weft_ctx *ctx, const char *const *options,
                                                   int32_t option_count, weft_pqw_options *out);
/* Those of one column, into its writer. The dictionary must not have been used yet. */
WEFT_MUST_CHECK weft_status weft_pqw_options_apply(weft_ctx *ctx, const char *const *options,
                                                   int32_t option_count, weft_pqw_column *column);

#endif
