/* engine/plan/analyzer_except.c - fields of structs in * EXCEPT (s.f): the struct is made again without them.
 * As in Spark, of a NULL one comes a struct of NULLs. */
#include <strings.h>

#include "engine/plan/analyzer_internal.h"

/* Names of a field within a struct, from the outermost on. */
typedef struct field_path {
    const char *const *parts;
    int32_t count;
} field_path;

static const weft_type *find_field(weft_type type, const char *name)
{
    for (int32_t i = 0; type.id == WEFT_TYPE_STRUCT && i < type.child_count; i++)
        if (strcasecmp(type.children[i].name, name) == 0) return &type.children[i].type;
    return NULL;
}

static bool leads_to_field(weft_type type, const field_path *path)
{
    for (int32_t i = 0; i < path->count; i++) {
        const weft_type *field = find_field(type, path->parts[i]);
        if (field == NULL) return false;
        type = *field;
    }
    return path->count > 0;
}

/* The path in this column that the written name has: t.s.f, or s.f, of the column s of t. */
static bool find_path(const weft_expr *written, const weft_name *name, field_path *out)
{
    if (written->kind != WEFT_EXPR_UNRESOLVED_COLUMN || name->name == NULL) return false;
    for (int32_t at = 0; at + 1 < written->name.part_count; at++) {
        if (strcasecmp(written->name.parts[at], name->name) != 0) continue;
        if (at > 0 && !weft_is_of_table(name, written->name.parts, at)) continue;
        *out = (field_path){written->name.parts + at + 1, written->name.part_count - at - 1};
        if (leads_to_field(name->type, out)) return true;
    }
    return false;
}

static weft_status without_fields(weft_binder *b, const weft_expr *value, const field_path *paths,
                                  int32_t count, const weft_expr **out)
{
    weft_status st = WEFT_OK;
    weft_ctx *ctx = b->a->ctx;
    weft_pointers args = {0};
    field_path *inner = NULL;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, count, &inner));
    for (int32_t i = 0; i < value->type.child_count; i++) {
        const char *name = value->type.children[i].name;
        const weft_value text = {.type = WEFT_TYPE_OF(WEFT_TYPE_STRING),
                                 .str = weft_str_view(name, (uint32_t)strlen(name))};
        const weft_expr *pair[2] = {value, NULL}, *field = NULL;
        int32_t inner_count = 0;
        bool dropped = false;
        for (int32_t p = 0; p < count; p++) {
            if (strcasecmp(paths[p].parts[0], name) != 0) continue;
            dropped |= paths[p].count == 1;
            inner[inner_count++] = (field_path){paths[p].parts + 1, paths[p].count - 1};
        }
        if (dropped) continue;
        WEFT_TRY(st, weft_expr_literal(ctx, &text, &pair[1]));
        WEFT_TRY(st, weft_expr_call(ctx, ".", pair, 2, &value->span, &field));
        if (inner_count > 0) WEFT_TRY(st, without_fields(b, field, inner, inner_count, &field));
        WEFT_TRY(st, weft_pointers_push(ctx, &args, pair[1]));
        WEFT_TRY(st, weft_pointers_push(ctx, &args, field));
    }
    st = weft_expr_call(ctx, "named_struct", weft_pointers_exprs(&args), args.count, &value->span, out);
done:
    return st;
}

weft_status weft_except_fields(weft_binder *b, const weft_expr *star, const weft_name *name, bool left_out,
                               bool *found, const weft_expr **column)
{
    weft_status st = WEFT_OK;
    field_path *paths = NULL;
    int32_t count = 0;
    WEFT_TRY(st, WEFT_NEW_ARRAY(b->a->ctx, star->arg_count, &paths));
    for (int32_t k = 0; k < star->arg_count; k++) {
        if (found[k] || !find_path(star->args[k], name, &paths[count])) continue;
        if (left_out)
            return weft_fail_at(
                b->a->ctx, WEFT_EXCEPT_OVERLAP, weft_analyzer_span(b->a, &star->args[k]->span),
                "Columns in an EXCEPT list must be distinct and non-overlapping, but got both "
                "%s and a field of it.",
                name->name);
        found[k] = true;
        count++;
    }
    if (count == 0) goto done;
    WEFT_TRY(st, without_fields(b, *column, paths, count, column));
    WEFT_TRY(st, weft_expr_alias(b->a->ctx, *column, weft_next_id(b->a->ids), name->name, column));
done:
    return st;
}
