/* engine/expr/variant_edit.c - see variant_edit.h. A value is built anew, with all but the path copied. */
#include "engine/expr/variant_edit.h"

#include <string.h>

typedef struct editor {
    weft_ctx *ctx;
    weft_variant_builder *b;
    const weft_variant_edit *edit;
    weft_variant_edited outcome;
    int32_t failed_at;
} editor;

static bool is_last(const editor *e, int32_t at) { return at == e->edit->path->count; }

/* An element takes a byte and an offset of up to four: more of them than fit are not even begun. */
static weft_status check_index(editor *e, const weft_variant_step *step)
{
    if (step->index < WEFT_VARIANT_BYTES / 5) return WEFT_OK;
    return weft_fail(e->ctx, WEFT_VARIANT_SIZE, "Cannot build variant bigger than 128.0 MiB.");
}

static weft_status mismatch(editor *e, int32_t at)
{
    e->outcome = WEFT_VARIANT_MISMATCH;
    e->failed_at = at;
    return WEFT_OK;
}

/* What the steps from `at` on make where there is nothing: objects and arrays around the value. */
static weft_status put_new(editor *e, int32_t at)
{
    weft_status st = WEFT_OK;
    if (is_last(e, at)) return weft_variant_put_copy(e->ctx, e->b, e->edit->value);
    const weft_variant_step *step = &e->edit->path->steps[at];
    const weft_variant_mark mark = weft_variant_begin(e->b);
    if (step->name != NULL) {
        WEFT_TRY(st, weft_variant_name(e->ctx, e->b, step->name, step->len));
        WEFT_TRY(st, put_new(e, at + 1));
        WEFT_TRY(st, weft_variant_end_object(e->ctx, e->b, mark));
        goto done;
    }
    WEFT_TRY(st, check_index(e, step));
    for (int32_t i = 0; i < step->index; i++) {
        WEFT_TRY(st, weft_variant_next(e->ctx, e->b));
        WEFT_TRY(st, weft_variant_put_null(e->ctx, e->b));
    }
    WEFT_TRY(st, weft_variant_next(e->ctx, e->b));
    WEFT_TRY(st, put_new(e, at + 1));
    WEFT_TRY(st, weft_variant_end_array(e->ctx, e->b, mark));
done:
    return st;
}

/* Is something made where the path leads to nothing? */
static bool creates(const editor *e)
{
    return e->edit->kind == WEFT_VARIANT_INSERT || (e->edit->kind == WEFT_VARIANT_SET && e->edit->create);
}

static weft_status put_value(editor *e, const weft_variant *v, int32_t at);

static weft_status put_object(editor *e, const weft_variant *v, int32_t at)
{
    weft_status st = WEFT_OK;
    const weft_variant_step *step = &e->edit->path->steps[at];
    const weft_variant_mark mark = weft_variant_begin(e->b);
    const int32_t count = weft_variant_count(v);
    bool found = false;
    for (int32_t i = 0; i < count; i++) {
        const char *name = NULL;
        uint32_t len = 0;
        const weft_variant part = weft_variant_field(v, i, &name, &len);
        const bool hit = len == step->len && memcmp(name, step->name, len) == 0;
        found |= hit;
        if (hit && is_last(e, at + 1) && e->edit->kind == WEFT_VARIANT_DELETE) continue;
        if (hit && is_last(e, at + 1) && e->edit->kind == WEFT_VARIANT_INSERT) {
            e->outcome = WEFT_VARIANT_EXISTS;
            goto done;
        }
        WEFT_TRY(st, weft_variant_name(e->ctx, e->b, name, len));
        WEFT_TRY(st, hit ? put_value(e, &part, at + 1) : weft_variant_put_copy(e->ctx, e->b, &part));
        if (e->outcome != WEFT_VARIANT_EDITED) goto done;
    }
    if (!found && creates(e)) {
        WEFT_TRY(st, weft_variant_name(e->ctx, e->b, step->name, step->len));
        WEFT_TRY(st, put_new(e, at + 1));
    }
    WEFT_TRY(st, weft_variant_end_object(e->ctx, e->b, mark));
done:
    return st;
}

static weft_status put_array(editor *e, const weft_variant *v, int32_t at)
{
    weft_status st = WEFT_OK;
    const weft_variant_step *step = &e->edit->path->steps[at];
    const weft_variant_mark mark = weft_variant_begin(e->b);
    const int32_t count = weft_variant_count(v);
    const bool last = is_last(e, at + 1);
    if (creates(e)) WEFT_TRY(st, check_index(e, step));
    const int32_t all = creates(e) && step->index >= count ? step->index + 1 : count;
    for (int32_t i = 0; i < all; i++) {
        const bool hit = i == step->index, there = i < count;
        const weft_variant part = there ? weft_variant_element(v, i) : (weft_variant){0};
        if (hit && there && last && e->edit->kind == WEFT_VARIANT_DELETE) continue;
        WEFT_TRY(st, weft_variant_next(e->ctx, e->b));
        if (hit && there && last && e->edit->kind == WEFT_VARIANT_INSERT) {
            WEFT_TRY(st, weft_variant_put_copy(e->ctx, e->b, e->edit->value));
            WEFT_TRY(st, weft_variant_next(e->ctx, e->b));
            WEFT_TRY(st, weft_variant_put_copy(e->ctx, e->b, &part));
        } else if (hit) {
            WEFT_TRY(st, there ? put_value(e, &part, at + 1) : put_new(e, at + 1));
        } else {
            WEFT_TRY(st, there ? weft_variant_put_copy(e->ctx, e->b, &part)
                               : weft_variant_put_null(e->ctx, e->b));
        }
        if (e->outcome != WEFT_VARIANT_EDITED) goto done;
    }
    WEFT_TRY(st, weft_variant_end_array(e->ctx, e->b, mark));
done:
    return st;
}

/* The array, and the value behind it. */
static weft_status put_appended(editor *e, const weft_variant *v, int32_t at)
{
    weft_status st = WEFT_OK;
    const weft_variant_mark mark = weft_variant_begin(e->b);
    if (weft_variant_kind_of(v) != WEFT_VARIANT_ARRAY) return mismatch(e, at);
    const int32_t count = weft_variant_count(v);
    for (int32_t i = 0; i < count; i++) {
        const weft_variant part = weft_variant_element(v, i);
        WEFT_TRY(st, weft_variant_next(e->ctx, e->b));
        WEFT_TRY(st, weft_variant_put_copy(e->ctx, e->b, &part));
    }
    WEFT_TRY(st, weft_variant_next(e->ctx, e->b));
    WEFT_TRY(st, weft_variant_put_copy(e->ctx, e->b, e->edit->value));
    WEFT_TRY(st, weft_variant_end_array(e->ctx, e->b, mark));
done:
    return st;
}

/* `at` steps lead to v. */
static weft_status put_value(editor *e, const weft_variant *v, int32_t at)
{
    if (is_last(e, at)) {
        if (e->edit->kind == WEFT_VARIANT_APPEND) return put_appended(e, v, at);
        return weft_variant_put_copy(e->ctx, e->b, e->edit->value); /* SET */
    }
    const weft_variant_kind kind = weft_variant_kind_of(v);
    const bool name = e->edit->path->steps[at].name != NULL;
    if (kind == WEFT_VARIANT_OBJECT && name) return put_object(e, v, at);
    if (kind == WEFT_VARIANT_ARRAY && !name) return put_array(e, v, at);
    if (e->edit->kind == WEFT_VARIANT_DELETE) return weft_variant_put_copy(e->ctx, e->b, v);
    return mismatch(e, at);
}

weft_status weft_variant_put_edited(weft_ctx *ctx, weft_variant_builder *b, const weft_variant *v,
                                    const weft_variant_edit *edit, weft_variant_edited *outcome,
                                    int32_t *failed_at)
{
    editor e = {.ctx = ctx, .b = b, .edit = edit};
    const weft_status st = put_value(&e, v, 0);
    *outcome = e.outcome;
    *failed_at = e.failed_at;
    return st;
}

weft_status weft_variant_put_stripped(weft_ctx *ctx, weft_variant_builder *b, const weft_variant *v,
                                      bool arrays)
{
    weft_status st = WEFT_OK;
    const weft_variant_kind kind = weft_variant_kind_of(v);
    const bool object = kind == WEFT_VARIANT_OBJECT;
    if (kind < WEFT_VARIANT_OBJECT) return weft_variant_put_copy(ctx, b, v);
    const weft_variant_mark mark = weft_variant_begin(b);
    const int32_t count = weft_variant_count(v);
    for (int32_t i = 0; i < count; i++) {
        const char *name = NULL;
        uint32_t len = 0;
        const weft_variant part = object ? weft_variant_field(v, i, &name, &len) : weft_variant_element(v, i);
        if (weft_variant_is_null(&part) && (object || arrays)) continue;
        WEFT_TRY(st, object ? weft_variant_name(ctx, b, name, len) : weft_variant_next(ctx, b));
        WEFT_TRY(st, weft_variant_put_stripped(ctx, b, &part, arrays));
    }
    WEFT_TRY(st, object ? weft_variant_end_object(ctx, b, mark) : weft_variant_end_array(ctx, b, mark));
done:
    return st;
}
