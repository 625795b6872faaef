/* engine/expr/variant_edit.h - VARIANT values with a part changed: variant_insert() and its kin. */
#ifndef WEFT_EXPR_VARIANT_EDIT_H
#define WEFT_EXPR_VARIANT_EDIT_H

#include "engine/expr/variant_build.h"
#include "engine/expr/variant_path.h"

typedef enum weft_variant_edit_kind {
    WEFT_VARIANT_INSERT, /* what is there moves on (arrays) or is an error (objects) */
    WEFT_VARIANT_SET,    /* what is there is replaced; what is not is made if `create` */
    WEFT_VARIANT_DELETE, /* nothing there is no error */
    WEFT_VARIANT_APPEND  /* to the array that the path leads to; nothing there is no error */
} weft_variant_edit_kind;

typedef struct weft_variant_edit {
    weft_variant_edit_kind kind;
    bool create;
    const weft_variant_path *path; /* at least one step, but for APPEND */
    const weft_variant *value;     /* not for DELETE */
} weft_variant_edit;

typedef enum weft_variant_edited {
    WEFT_VARIANT_EDITED,
    WEFT_VARIANT_MISMATCH, /* *failed_at steps lead to a value of another kind than the next one needs */
    WEFT_VARIANT_EXISTS    /* INSERT: the object has the name of the last step */
} weft_variant_edited;

/* Put v with the edit made. Errors: WEFT_NOMEM, WEFT_VARIANT_SIZE. After an outcome that is not EDITED the
 * builder holds a part of a value. */
WEFT_MUST_CHECK weft_status weft_variant_put_edited(weft_ctx *ctx, weft_variant_builder *b,
                                                    const weft_variant *v, const weft_variant_edit *edit,
                                                    weft_variant_edited *outcome, int32_t *failed_at);
/* Put v without fields of objects that are null, and elements too where arrays is set. */
WEFT_MUST_CHECK weft_status weft_variant_put_stripped(weft_ctx *ctx, weft_variant_builder *b,
                                                      const weft_variant *v, bool arrays);

#endif
