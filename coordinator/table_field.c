/* coordinator/table_field.c - the columns and fields that ALTER TABLE names: are they there? */
#include <string.h>
#include <strings.h>

#include "coordinator/table_private.h"
#include "engine/plan/table_layout.h"

static const weft_field *find_child(weft_type type, const char *name)
{
    for (int32_t i = 0; i < type.child_count; i++)
        if (strcasecmp(type.children[i].name, name) == 0) return &type.children[i];
    return NULL;
}

/* "`a`.`b`" */
static weft_status path_text(weft_ctx *ctx, const char *const *parts, int32_t count, char **out)
{
    weft_status st = WEFT_OK;
    *out = "";
    for (int32_t i = 0; i < count; i++)
        WEFT_TRY(st, weft_arena_printf(ctx, ctx->arena, out, "%s%s`%s`", *out, i > 0 ? "." : "", parts[i]));
done:
    return st;
}

/* The last of `count` parts would be a field of what the others name, which is no struct. */
static weft_status fail_no_struct(command_run *c, const char *const *parts, int32_t count)
{
    weft_status st = WEFT_OK;
    char *field = NULL, *outer = NULL;
    WEFT_TRY(st, path_text(c->ctx, parts, count, &field));
    WEFT_TRY(st, path_text(c->ctx, parts, count - 1, &outer));
    st = weft_fail_at(c->ctx, WEFT_FIELD_NAME, &c->node->span,
                      "Field name %s is invalid: %s is not a struct.", field, outer);
done:
    return st;
}

/* The type of what the first `count` parts name. */
static weft_status resolve(command_run *c, const weft_table_definition *d, const char *const *parts,
                           int32_t count, weft_type *out)
{
    const int32_t at = weft_table_find_column(d, parts[0]);
    if (at < 0) return weft_fail_no_column(c->ctx, &c->node->span, d, parts, count);
    *out = d->columns[at].type;
    for (int32_t i = 1; i < count; i++) {
        const weft_field *child = find_child(*out, parts[i]);
        if (child == NULL && out->id == WEFT_TYPE_STRUCT)
            return weft_fail_no_column(c->ctx, &c->node->span, d, parts, count);
        if (child == NULL) return fail_no_struct(c, parts, i + 1);
        *out = child->type;
    }
    return WEFT_OK;
}

/* AFTER a column that is not there: beside it, in the same struct or table, or among those added before. */
static weft_status check_place(command_run *c, const weft_table_definition *d, const weft_altered_field *f,
                               const weft_type *outer)
{
    bool found = outer != NULL ? find_child(*outer, f->after) != NULL
                               : weft_table_find_column(d, f->after) >= 0;
    for (int32_t i = 0; outer == NULL && c->node->command.fields[i] != f; i++)
        found |= strcasecmp(c->node->command.fields[i]->parts[0], f->after) == 0;
    if (found) return WEFT_OK;
    return weft_fail_at(c->ctx, WEFT_FIELD_NOT_FOUND, &c->node->span, "No such struct field `%s` in `%s`.",
                        f->after, outer != NULL ? f->parts[f->part_count - 2] : d->name);
}

static weft_status expect_field(command_run *c, const weft_table_definition *d, const weft_altered_field *f)
{
    weft_status st = WEFT_OK;
    weft_type type;
    const int32_t there = f->part_count - (f->added ? 1 : 0);
    if (there > 0) WEFT_TRY(st, resolve(c, d, f->parts, there, &type));
    if (f->added && there > 0 && type.id != WEFT_TYPE_STRUCT)
        return fail_no_struct(c, f->parts, f->part_count);
    if (f->after == NULL) goto done;
    if (f->added)
        st = check_place(c, d, f, there > 0 ? &type : NULL);
    else if (f->part_count == 1)
        st = resolve(c, d, &f->after, 1, &type);
done:
    return st;
}

weft_status weft_command_expect_fields(command_run *c, const weft_table_definition *d)
{
    weft_status st = WEFT_OK;
    for (int32_t i = 0; i < c->node->command.field_count; i++)
        WEFT_TRY(st, expect_field(c, d, c->node->command.fields[i]));
done:
    return st;
}
