/* engine/expr/json_path.h - the paths of get_json_object: $, .name, ['name'], [3], [*]. */
#ifndef WEFT_EXPR_JSON_PATH_H
#define WEFT_EXPR_JSON_PATH_H

#include "engine/expr/json_copy.h"

typedef enum weft_json_step_kind {
    WEFT_JSON_STEP_NAME,
    WEFT_JSON_STEP_INDEX,
    WEFT_JSON_STEP_ALL, /* [*] */
    WEFT_JSON_STEP_NONE /* .* and ['*'], which Spark reads but never finds */
} weft_json_step_kind;

typedef struct weft_json_step {
    weft_json_step_kind kind;
    const char *name; /* NAME: borrows from the path's text */
    size_t len;
    int64_t index;
} weft_json_step;

typedef struct weft_json_path {
    int32_t count;
    weft_json_step steps[];
} weft_json_path;

/* *out is NULL for a text that is no path; else the caller frees it with weft_mem_free. Errors: WEFT_NOMEM.
 */
WEFT_MUST_CHECK weft_status weft_json_path_new(weft_ctx *ctx, const char *text, size_t len,
                                               weft_json_path **out);
/* Append what the path finds in a text, as Spark's get_json_object does. *found: else it is NULL. room:
 * working memory that the call may use. Errors: WEFT_NOMEM, WEFT_LIMIT. */
WEFT_MUST_CHECK weft_status weft_json_path_find(weft_ctx *ctx, const weft_json_path *path, weft_json *json,
                                                weft_text *room, weft_text *out, bool *found);

#endif
