/* engine/columnar/arrow.h - the Arrow C Data and C Stream interfaces, at the edges only.
 *
 * Source: "The Arrow C data interface" and "The Arrow C stream interface", version 1.0 layouts.
 * Exported arrays own copies; a release callback frees them and may be called from any thread. Their memory
 * is charged to the account of the ctx that exported them until then, so that account must stay open: give a
 * ctx whose account lives as long as the process to a consumer that may keep arrays. Children may be moved
 * out of a parent and outlive it, as the interface allows. */
#ifndef WEFT_COLUMNAR_ARROW_H
#define WEFT_COLUMNAR_ARROW_H

#include "engine/columnar/column.h"

#ifndef ARROW_C_DATA_INTERFACE
#define ARROW_C_DATA_INTERFACE
struct ArrowSchema {
    const char *format, *name, *metadata;
    int64_t flags, n_children;
    struct ArrowSchema **children, *dictionary;
    void (*release)(struct ArrowSchema *);
    void *private_data;
};
struct ArrowArray {
    int64_t length, null_count, offset, n_buffers, n_children;
    const void **buffers;
    struct ArrowArray **children, *dictionary;
    void (*release)(struct ArrowArray *);
    void *private_data;
};
#endif
#ifndef ARROW_C_STREAM_INTERFACE
#define ARROW_C_STREAM_INTERFACE
struct ArrowArrayStream {
    int (*get_schema)(struct ArrowArrayStream *, struct ArrowSchema *out);
    int (*get_next)(struct ArrowArrayStream *, struct ArrowArray *out);
    const char *(*get_last_error)(struct ArrowArrayStream *);
    void (*release)(struct ArrowArrayStream *);
    void *private_data;
};
#endif

/* Export a schema as a struct type. Strings as "u" (Utf8), decimals as "d:p,s" (128 bits), timestamps as
 * "tsu:UTC", intervals as "tiM" (months) and "tDu" (a duration in microseconds). */
WEFT_MUST_CHECK weft_status weft_arrow_export_schema(weft_ctx *ctx, const weft_schema *schema,
                                                     struct ArrowSchema *out);
/* Export the selected rows of a batch as a struct array that owns its memory. Errors: WEFT_NOMEM, WEFT_LIMIT.
 */
WEFT_MUST_CHECK weft_status weft_arrow_export_batch(weft_ctx *ctx, const weft_schema *schema,
                                                    const weft_batch *batch, struct ArrowArray *out);

#endif
