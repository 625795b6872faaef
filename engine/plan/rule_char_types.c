/* engine/plan/rule_char_types.c - columns of tables that are CHAR(n): they are read with all their blanks,
 * and what they are compared with gets as many, so that 'a' and 'a  ' are equal there.
 *
 * As in Spark this is so of a column beside a constant or another such column, under any comparison, IN, and
 * as keys of joins; behind any function, and under another name, it is a string like others. */
#include <strings.h>

#include "common/settings.h"
#include "engine/expr/declared_length.h"
#include "engine/expr/utf8.h"
#include "engine/plan/optimizer_impl.h"

typedef struct char_column {
    int64_t id;
    int32_t length;
} char_column;

typedef struct char_rule {
    weft_ids *ids;
    weft_pointers columns; /* char_column */
    bool pads_reads;
} char_rule;

/* The column's length, or 0. */
static int32_t column_length(const char_rule *r, const weft_expr *e)
{
    for (int32_t i = 0; i < r->columns.count && e->kind == WEFT_EXPR_COLUMN; i++) {
        const char_column *c = r->columns.items[i];
        if (c->id == e->column.id) return c->length;
    }
    return 0;
}

static weft_status pad(weft_ctx *ctx, const weft_expr *e, int32_t length, const weft_expr **out)
{
    weft_status st = WEFT_OK;
    const weft_value value = {.type = WEFT_TYPE_OF(WEFT_TYPE_INT), .i64 = length};
    const weft_expr *args[2] = {e, NULL};
    WEFT_TRY(st, weft_expr_literal(ctx, &value, &args[1]));
    WEFT_TRY(st, weft_expr_call(ctx, "(char_pad)", args, 2, NULL, out));
    WEFT_TRY(st, weft_expr_fold(ctx, *out, out));
done:
    return st;
}

static bool is_text(const weft_expr *e)
{
    return e->kind == WEFT_EXPR_LITERAL && e->type.id == WEFT_TYPE_STRING && !e->literal.is_null;
}

static int32_t characters(const weft_str *s)
{
    int64_t missing = 0;
    (void)weft_utf8_skip(weft_str_data(s), s->len, INT32_MAX, &missing);
    return (int32_t)(INT32_MAX - missing);
}

/* What a comparison by a collation's key compares; else the expression itself. */
static const weft_expr *below_key(const weft_expr *e)
{
    const bool key = e->kind == WEFT_EXPR_CALL && strcmp(e->call.function->name, "(collation_key)") == 0;
    return key ? e->args[0] : e;
}

/* e with `inner` in the place of what is below its key. */
static weft_status above_key(weft_ctx *ctx, const weft_expr *e, const weft_expr *inner, const weft_expr **out)
{
    const weft_expr *args[2] = {inner, NULL};
    *out = inner;
    if (below_key(e) == e) return WEFT_OK;
    args[1] = e->args[1];
    return weft_expr_with_args(ctx, e, args, out);
}

/* All of args get the length of the longest, where one is such a column and the others are or are constant.
 */
static weft_status pad_all(weft_ctx *ctx, const char_rule *r, const weft_expr **args, int32_t count,
                           bool *changed)
{
    weft_status st = WEFT_OK;
    int32_t longest = 0, columns = 0;
    *changed = false;
    const weft_expr **inner = NULL;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, count, &inner));
    for (int32_t i = 0; i < count; i++) {
        inner[i] = below_key(args[i]);
        int32_t length = column_length(r, inner[i]);
        columns += length > 0;
        if (length == 0) WEFT_TRY(st, weft_expr_fold(ctx, inner[i], &inner[i]));
        if (length == 0 && !is_text(inner[i])) goto done;
        if (is_text(inner[i])) length = characters(&inner[i]->literal.str);
        longest = weft_max_i32(longest, length);
    }
    if (columns == 0) goto done;
    for (int32_t i = 0; i < count; i++) {
        if (column_length(r, inner[i]) == longest) continue;
        *changed = true;
        WEFT_TRY(st, pad(ctx, inner[i], longest, &inner[i]));
        WEFT_TRY(st, above_key(ctx, args[i], inner[i], &args[i]));
    }
done:
    return st;
}

static bool is_comparison(const weft_expr *e)
{
    static const char *const names[] = {"=", "<>", "<", "<=", ">", ">=", "<=>"};
    for (int32_t i = 0; i < WEFT_COUNT(names) && e->kind == WEFT_EXPR_CALL && e->arg_count == 2; i++)
        if (strcmp(e->call.function->name, names[i]) == 0) return true;
    return e->kind == WEFT_EXPR_IN;
}

static weft_status pad_compared(weft_ctx *ctx, void *self, const weft_expr *e, const weft_expr **out)
{
    weft_status st = WEFT_OK;
    const weft_expr **args = NULL;
    bool changed = false;
    *out = e;
    if (!is_comparison(e)) return WEFT_OK;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, e->arg_count, &args));
    for (int32_t i = 0; i < e->arg_count; i++) args[i] = e->args[i];
    WEFT_TRY(st, pad_all(ctx, self, args, e->arg_count, &changed));
    if (changed) WEFT_TRY(st, weft_expr_with_args(ctx, e, args, out));
done:
    return st;
}

/* Keys that are equal stand in two lists. */
static weft_status pad_keys(weft_ctx *ctx, const char_rule *r, const weft_node *node, const weft_node **out)
{
    weft_status st = WEFT_OK;
    weft_node *join = NULL;
    const weft_expr **left = NULL, **right = NULL;
    bool any = false;
    *out = node;
    if (node->kind != WEFT_NODE_JOIN || node->join.key_count == 0) return WEFT_OK;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, node->join.key_count, &left));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, node->join.key_count, &right));
    for (int32_t i = 0; i < node->join.key_count; i++) {
        const weft_expr *pair[2] = {node->join.left_keys[i], node->join.right_keys[i]};
        bool changed = false;
        WEFT_TRY(st, pad_all(ctx, r, pair, 2, &changed));
        left[i] = pair[0];
        right[i] = pair[1];
        any |= changed;
    }
    if (!any) goto done;
    WEFT_TRY(st, WEFT_NEW(ctx, &join));
    *join = *node;
    join->join.left_keys = left;
    join->join.right_keys = right;
    *out = join;
done:
    return st;
}

/* What the table says of a column of a scan; NULL: there is none. */
static const weft_type *declared_type(const weft_node *scan, int32_t output)
{
    const weft_table_definition *d = scan->scan.relation->definition;
    for (int32_t i = 0; d != NULL && i < d->column_count; i++)
        if (strcasecmp(d->columns[i].name, scan->output.columns[output].name) == 0)
            return &d->columns[i].type;
    return NULL;
}

static int32_t declared_length(const weft_node *scan, int32_t output)
{
    const weft_type *type = declared_type(scan, output);
    return type != NULL && type->length_kind == WEFT_LENGTH_CHAR ? type->parameter : 0;
}

static bool holds_char(const weft_type *type)
{
    if (type->length_kind == WEFT_LENGTH_CHAR) return true;
    for (int32_t i = 0; i < type->child_count; i++)
        if (holds_char(&type->children[i].type)) return true;
    return false;
}

/* The declared type of a column with a CHAR within it, or NULL. */
static const weft_type *nested_char(const weft_node *scan, int32_t output)
{
    const weft_type *type = declared_type(scan, output);
    return type != NULL && weft_type_is_nested(*type) && holds_char(type) ? type : NULL;
}

/* A scan with other ids below a projection with those of before. */
static weft_status pad_reads(weft_ctx *ctx, const char_rule *r, const weft_node *scan, const weft_node **out)
{
    weft_status st = WEFT_OK;
    weft_node *below = NULL;
    weft_output *columns = NULL;
    weft_pointers exprs = {0};
    WEFT_TRY(st, WEFT_NEW(ctx, &below));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, scan->output.count, &columns));
    *below = *scan;
    below->output.columns = columns;
    for (int32_t i = 0; i < scan->output.count; i++) {
        const weft_output *o = &scan->output.columns[i];
        const int32_t length = declared_length(scan, i);
        const weft_expr *e = NULL;
        columns[i] = *o;
        columns[i].id = weft_next_id(r->ids);
        WEFT_TRY(st, weft_expr_column(ctx, columns[i].id, o->name, o->type, o->nullable, &e));
        const weft_type *nested = nested_char(scan, i);
        if (length > 0) WEFT_TRY(st, pad(ctx, e, length, &e));
        if (nested != NULL) WEFT_TRY(st, weft_expr_declared(ctx, "(lengths_pad)", e, *nested, &e));
        WEFT_TRY(st, weft_expr_alias(ctx, e, o->id, o->name, &e));
        WEFT_TRY(st, weft_pointers_push(ctx, &exprs, e));
    }
    WEFT_TRY(st, weft_node_project(ctx, below, weft_pointers_exprs(&exprs), exprs.count, out));
done:
    return st;
}

static weft_status remember(weft_ctx *ctx, char_rule *r, int64_t id, int32_t length)
{
    weft_status st = WEFT_OK;
    char_column *c = NULL;
    WEFT_TRY(st, WEFT_NEW(ctx, &c));
    *c = (char_column){.id = id, .length = length};
    WEFT_TRY(st, weft_pointers_push(ctx, &r->columns, c));
done:
    return st;
}

/* A column under another name. */
static weft_status remember_aliases(weft_ctx *ctx, char_rule *r, const weft_node *node)
{
    weft_status st = WEFT_OK;
    for (int32_t i = 0; node->kind == WEFT_NODE_PROJECT && i < node->project.count; i++) {
        const weft_expr *e = node->project.exprs[i];
        const int32_t length = e->kind == WEFT_EXPR_ALIAS ? column_length(r, e->args[0]) : 0;
        if (length > 0) WEFT_TRY(st, remember(ctx, r, e->alias.id, length));
    }
done:
    return st;
}

/* Scans are met before what reads them. */
static weft_status char_node(weft_ctx *ctx, void *self, const weft_node *node, const weft_node **out)
{
    weft_status st = WEFT_OK;
    char_rule *r = self;
    bool any = false;
    *out = node;
    if (node->kind == WEFT_NODE_SCAN) {
        for (int32_t i = 0; i < node->output.count; i++) {
            const int32_t length = declared_length(node, i);
            any |= nested_char(node, i) != NULL;
            if (length == 0) continue;
            WEFT_TRY(st, remember(ctx, r, node->output.columns[i].id, length));
            any = true;
        }
        if (any && r->pads_reads) st = pad_reads(ctx, r, node, out);
        goto done;
    }
    if (r->columns.count == 0) goto done;
    WEFT_TRY(st, remember_aliases(ctx, r, node));
    WEFT_TRY(st, opt_rewrite_exprs(ctx, node, pad_compared, r, out));
    WEFT_TRY(st, pad_keys(ctx, r, *out, out));
done:
    return st;
}

weft_status opt_rule_char_types(weft_ctx *ctx, weft_ids *ids, const weft_node *root, const weft_node **out)
{
    char_rule r = {.ids = ids, .pads_reads = weft_setting(ctx, WEFT_SET_CHAR_PADDING) != 0};
    *out = root;
    if (weft_setting(ctx, WEFT_SET_CHAR_AS_STRING) != 0) return WEFT_OK;
    return opt_rewrite(ctx, root, char_node, &r, NULL, out);
}
