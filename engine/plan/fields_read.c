/* engine/plan/fields_read.c - see the header.
 *
 * Every expression is met once for each place in which it stands. An access is met as often as its column (or
 * the field of a field) stands somewhere, and passed as often as a field is taken of it there, or it is asked
 * whether it is NULL. One that is met more often than passed is read whole. */
#include "engine/plan/fields_read.h"

#include <string.h>

#include "common/settings.h"
#include "engine/expr/nested_call.h"
#include "engine/plan/optimizer_impl.h"

typedef struct field_access access_of;
struct field_access {
    int32_t field; /* of the struct around it, or of each struct of the array */
    int64_t met, passed;
    access_of *first, *next; /* of its fields, and of those beside it */
};

typedef struct finder {
    weft_ctx *ctx;
    weft_fields_read *fields;
    weft_pointer_map seen; /* nodes */
    weft_status status;
    bool recursive; /* rows of one round are read by the next: nothing is known */
} finder;

static const void *key_of(int64_t id) { return (const void *)(uintptr_t)(id + 1); }

static weft_status column_access(weft_ctx *ctx, weft_fields_read *fields, int64_t id, access_of **out)
{
    weft_status st = WEFT_OK;
    *out = (access_of *)(uintptr_t)weft_pointer_map_get(&fields->columns, key_of(id));
    if (*out != NULL) return WEFT_OK;
    WEFT_TRY(st, WEFT_NEW(ctx, out));
    WEFT_TRY(st, weft_pointer_map_put(ctx, &fields->columns, key_of(id), *out));
done:
    return st;
}

/* The struct of which a field can be taken: the value, or each element of it. */
static const weft_type *struct_of(const weft_type *type)
{
    if (type->id == WEFT_TYPE_ARRAY) type = &type->children[0].type;
    return type->id == WEFT_TYPE_STRUCT ? type : NULL;
}

static bool takes_field(const weft_expr *e)
{
    return e->kind == WEFT_EXPR_CALL && strcmp(e->call.function->name, ".") == 0 && e->arg_count == 2 &&
           struct_of(&e->args[0]->type) != NULL && e->args[1]->kind == WEFT_EXPR_LITERAL;
}

/* What the expression is an access to; NULL: it is none. */
static weft_status find_access(finder *f, const weft_expr *e, access_of **out)
{
    weft_status st = WEFT_OK;
    access_of *parent = NULL, *a = NULL;
    *out = NULL;
    if (e->kind == WEFT_EXPR_COLUMN && e->type.child_count > 0)
        return column_access(f->ctx, f->fields, e->column.id, out);
    if (!takes_field(e)) return WEFT_OK;
    WEFT_TRY(st, find_access(f, e->args[0], &parent));
    if (parent == NULL) return WEFT_OK;
    const weft_str *name = &e->args[1]->literal.str;
    const int32_t field = weft_type_find_field(*struct_of(&e->args[0]->type), weft_str_data(name), name->len);
    for (a = parent->first; a != NULL && a->field != field;) a = a->next;
    if (a == NULL) {
        WEFT_TRY(st, WEFT_NEW(f->ctx, &a));
        a->field = field;
        a->next = parent->first;
        parent->first = a;
    }
    *out = a;
done:
    return st;
}

static bool visit(void *self, const weft_expr *e)
{
    finder *f = self;
    access_of *own = NULL, *below = NULL;
    const bool asks = e->kind == WEFT_EXPR_IS_NULL || e->kind == WEFT_EXPR_IS_NOT_NULL;
    f->status = find_access(f, e, &own);
    if (f->status == WEFT_OK && (asks || takes_field(e))) f->status = find_access(f, e->args[0], &below);
    if (own != NULL) own->met++;
    if (below != NULL) below->passed++;
    return f->status != WEFT_OK;
}

static weft_status read_whole(weft_ctx *ctx, weft_fields_read *fields, const weft_outputs *outputs)
{
    weft_status st = WEFT_OK;
    for (int32_t i = 0; i < outputs->count; i++) {
        access_of *a = NULL;
        if (outputs->columns[i].type.child_count == 0) continue;
        WEFT_TRY(st, column_access(ctx, fields, outputs->columns[i].id, &a));
        a->met++;
    }
done:
    return st;
}

/* Do the rows of its inputs leave the node, if they do, under the ids that they have? Then what is above it
 * reads of them what is read. */
static bool keeps_ids(weft_node_kind kind)
{
    return kind == WEFT_NODE_SCAN || kind == WEFT_NODE_VALUES || kind == WEFT_NODE_FILTER ||
           kind == WEFT_NODE_PROJECT || kind == WEFT_NODE_JOIN || kind == WEFT_NODE_AGGREGATE ||
           kind == WEFT_NODE_SORT || kind == WEFT_NODE_LIMIT || kind == WEFT_NODE_WINDOW ||
           kind == WEFT_NODE_EXPAND || kind == WEFT_NODE_SINGLE_ROW || kind == WEFT_NODE_REPARTITION;
}

static weft_status find_of_node(finder *f, const weft_node *node)
{
    weft_status st = WEFT_OK;
    if (weft_pointer_map_get(&f->seen, node) != NULL) return WEFT_OK;
    WEFT_TRY(st, weft_pointer_map_put(f->ctx, &f->seen, node, node));
    f->recursive |= node->kind == WEFT_NODE_RECURSION || node->kind == WEFT_NODE_LEVEL;
    if (node->kind == WEFT_NODE_PROJECT) { /* a plain column passes through */
        for (int32_t i = 0; i < node->project.count && f->status == WEFT_OK; i++)
            if (node->project.exprs[i]->kind != WEFT_EXPR_COLUMN)
                (void)weft_expr_any(node->project.exprs[i], visit, f);
    } else {
        (void)opt_any_expr(node, visit, f);
    }
    WEFT_TRY(st, f->status);
    for (int32_t i = 0; i < node->input_count; i++) {
        if (!keeps_ids(node->kind)) WEFT_TRY(st, read_whole(f->ctx, f->fields, &node->inputs[i]->output));
        WEFT_TRY(st, find_of_node(f, node->inputs[i]));
    }
done:
    return st;
}

weft_status weft_fields_read_find(weft_ctx *ctx, const weft_node *root, weft_fields_read *out)
{
    weft_status st = WEFT_OK;
    finder f = {.ctx = ctx, .fields = out, .status = WEFT_OK};
    *out = (weft_fields_read){0};
    WEFT_TRY(st, read_whole(ctx, out, &root->output));
    WEFT_TRY(st, find_of_node(&f, root));
    if (f.recursive) *out = (weft_fields_read){0};
done:
    return st;
}

/* ---- the type ---- */

static weft_status read_type(weft_ctx *ctx, const access_of *a, weft_type type, weft_type *out);

/* Where only the struct itself is asked for: one field, of which the levels tell. */
static int32_t cheapest_field(const weft_type *fields)
{
    for (int32_t i = 0; i < fields->child_count; i++)
        if (fields->children[i].type.child_count == 0) return i;
    return 0;
}

static weft_status read_struct(weft_ctx *ctx, const access_of *a, const weft_type *type, weft_type *out)
{
    weft_status st = WEFT_OK;
    static const access_of asked = {.met = 1, .passed = 1};
    weft_field *fields = NULL;
    int32_t count = 0;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, type->child_count, &fields));
    for (int32_t i = 0; i < type->child_count; i++) {
        const access_of *field = a->first;
        while (field != NULL && field->field != i) field = field->next;
        if (a->first == NULL && i == cheapest_field(type)) field = &asked;
        if (field == NULL) continue;
        fields[count] = type->children[i];
        WEFT_TRY(st, read_type(ctx, field, type->children[i].type, &fields[count++].type));
    }
    *out = *type;
    out->children = fields;
    out->child_count = count;
done:
    return st;
}

static weft_status read_type(weft_ctx *ctx, const access_of *a, weft_type type, weft_type *out)
{
    weft_status st = WEFT_OK;
    weft_type element = {0};
    const weft_type *fields = struct_of(&type);
    *out = type;
    if (fields == NULL || fields->child_count == 0 || a->met > a->passed) return WEFT_OK;
    if (type.id == WEFT_TYPE_STRUCT) return read_struct(ctx, a, fields, out);
    WEFT_TRY(st, read_struct(ctx, a, fields, &element));
    WEFT_TRY(st, weft_type_make_array(ctx, element, out));
done:
    return st;
}

weft_status weft_fields_read_type(weft_ctx *ctx, const weft_fields_read *fields, int64_t id, weft_type type,
                                  weft_type *out)
{
    const access_of *a = weft_pointer_map_get(&fields->columns, key_of(id));
    *out = type;
    return a == NULL ? WEFT_OK : read_type(ctx, a, type, out);
}

bool weft_reads_fields(const weft_ctx *ctx, const weft_relation *relation)
{
    return relation->format->reads_fields && weft_setting(ctx, WEFT_SET_NESTED_PRUNING) != 0;
}

bool weft_is_part_of_type(weft_type part, weft_type whole)
{
    if (part.id != whole.id || part.child_count == 0 || whole.child_count == 0)
        return weft_type_equal(part, whole);
    if (part.id == WEFT_TYPE_ARRAY)
        return weft_is_part_of_type(part.children[0].type, whole.children[0].type);
    if (part.id != WEFT_TYPE_STRUCT) return weft_type_equal(part, whole);
    for (int32_t i = 0, at = 0; i < part.child_count; i++, at++) {
        const char *name = part.children[i].name;
        while (at < whole.child_count && strcmp(whole.children[at].name, name) != 0) at++;
        if (at == whole.child_count || !weft_is_part_of_type(part.children[i].type, whole.children[at].type))
            return false;
    }
    return true;
}
