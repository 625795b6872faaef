/* engine/expr/variant_path.h - paths into VARIANT values: $.name['name']["name"][3]. */
#ifndef WEFT_EXPR_VARIANT_PATH_H
#define WEFT_EXPR_VARIANT_PATH_H

#include "engine/columnar/variant.h"

typedef struct weft_variant_step {
    const char *name; /* NULL: an index */
    uint32_t len;
    int32_t index;
} weft_variant_step;

typedef struct weft_variant_path { /* one block of memory; free with weft_mem_free */
    int32_t count;
    const weft_variant_step *steps;
} weft_variant_path;

/* *out is NULL when the text is no path; the caller frees it. Names are copied. Errors: WEFT_NOMEM. */
WEFT_MUST_CHECK weft_status weft_variant_path_new(weft_ctx *ctx, const char *text, size_t len,
                                                  weft_variant_path **out);
/* One step on from *v; false where there is nothing. */
bool weft_variant_step_find(const weft_variant_step *step, weft_variant *v);
/* All steps. */
bool weft_variant_path_find(const weft_variant_path *path, weft_variant *v);

#endif
