/* engine/plan/analyzer_script.c - SELECT TRANSFORM (…) USING 'command': rows through a process and back.
 *
 * The process sees lines only (exec/op_script.c), so all of what a line means is expressions: one projection
 * below the SCRIPT node makes a row's line, two above it cut what came back into fields and read those as the
 * types that they were declared as. As in Spark a field that cannot be read is NULL, and what a text of a
 * number, truth value or time looks like is narrower than for CAST: Java's parsers read them. */
#include "engine/columnar/collation.h"
#include "engine/expr/type_sql.h"
#include "engine/plan/analyzer_internal.h"

static weft_status text_literal(weft_ctx *ctx, const char *text, const weft_expr **out)
{
    const weft_value value = {.type = WEFT_TYPE_OF(WEFT_TYPE_STRING),
                              .str = weft_str_view(text, (uint32_t)strlen(text))};
    return weft_expr_literal(ctx, &value, out);
}

/* name(arg, text) */
static weft_status call_with_text(weft_ctx *ctx, const char *name, const weft_expr *arg, const char *text,
                                  const weft_expr **out)
{
    weft_status st = WEFT_OK;
    const weft_expr *args[2] = {arg, NULL};
    WEFT_TRY(st, text_literal(ctx, text, &args[1]));
    WEFT_TRY(st, weft_expr_call(ctx, name, args, 2, NULL, out));
done:
    return st;
}

/* ---- rows to lines ---- */

static weft_status field_text(weft_ctx *ctx, const weft_expr *column, const char *null, const weft_expr **out)
{
    weft_status st = WEFT_OK;
    const weft_expr *args[2] = {column, NULL};
    const weft_type type = column->type;
    if (weft_type_is_nested(type))
        WEFT_TRY(st, weft_expr_call(ctx, "to_json", &column, 1, NULL, &args[0]));
    else
        WEFT_TRY(st, weft_expr_cast(ctx, column, WEFT_TYPE_OF(WEFT_TYPE_STRING), true, &args[0]));
    WEFT_TRY(st, text_literal(ctx, null, &args[1]));
    WEFT_TRY(st, weft_expr_form(ctx, WEFT_EXPR_COALESCE, args, 2, NULL, out));
done:
    return st;
}

/* A projection of the input to the lines that the process reads. */
static weft_status make_lines(weft_analyzer *a, const weft_node *input, const weft_script_format *format,
                              const weft_node **out)
{
    weft_status st = WEFT_OK;
    weft_ctx *ctx = a->ctx;
    weft_pointers parts = {0};
    const weft_expr *line = NULL;
    for (int32_t i = 0; i < input->output.count; i++) {
        const weft_expr *part = NULL;
        if (i > 0) {
            WEFT_TRY(st, text_literal(ctx, format->in_fields, &part));
            WEFT_TRY(st, weft_pointers_push(ctx, &parts, part));
        }
        WEFT_TRY(st, weft_node_column(ctx, input, i, &part));
        WEFT_TRY(st, field_text(ctx, part, format->in_null, &part));
        WEFT_TRY(st, weft_pointers_push(ctx, &parts, part));
    }
    WEFT_TRY(st, weft_expr_call(ctx, "concat", weft_pointers_exprs(&parts), parts.count, NULL, &line));
    WEFT_TRY(st, weft_expr_call(ctx, "make_valid_utf8", &line, 1, NULL, &line)); /* of what was BINARY */
    WEFT_TRY(st, weft_expr_alias(ctx, line, weft_next_id(a->ids), "line", &line));
    WEFT_TRY(st, weft_node_project(ctx, input, &line, 1, out));
done:
    return st;
}

/* ---- lines to rows ---- */

static weft_status try_cast(weft_ctx *ctx, const weft_expr *text, weft_type type, const weft_expr **out)
{
    weft_status st = WEFT_OK;
    WEFT_TRY(st, weft_expr_cast(ctx, text, type, false, out));
    if ((*out)->kind != WEFT_EXPR_CAST) goto done;
    weft_expr copy = **out;
    copy.cast.try_ = true;
    WEFT_TRY(st, weft_expr_with_args(ctx, &copy, copy.args, out));
done:
    return st;
}

/* value where the text looks like this, else NULL. */
static weft_status where_like(weft_ctx *ctx, const weft_expr *text, const char *pattern,
                              const weft_expr *value, const weft_expr **out)
{
    weft_status st = WEFT_OK;
    const weft_expr *when[2] = {NULL, value};
    WEFT_TRY(st, call_with_text(ctx, "rlike", text, pattern, &when[0]));
    WEFT_TRY(st, weft_expr_form(ctx, WEFT_EXPR_CASE, when, 2, NULL, out));
done:
    return st;
}

static weft_status read_boolean(weft_ctx *ctx, const weft_expr *text, const weft_expr **out)
{
    weft_status st = WEFT_OK;
    const weft_expr *value = NULL;
    WEFT_TRY(st, try_cast(ctx, text, WEFT_TYPE_OF(WEFT_TYPE_BOOLEAN), &value));
    WEFT_TRY(st, where_like(ctx, text, "^(?i)(true|false)\\z", value, out));
done:
    return st;
}

static weft_status read_number(weft_ctx *ctx, const weft_expr *text, weft_type type, const weft_expr **out)
{
    static const char whole[] = "^[+-]?[0-9]+\\z";
    static const char real[] =
        "^\\s*([+-]?(NaN|Infinity)|[^iInN]*)\\s*\\z"; /* which cast() reads in any case */
    static const char exact[] = "^[+-]?([0-9]+\\.?[0-9]*|\\.[0-9]+)([eE][+-]?[0-9]+)?\\z";
    weft_status st = WEFT_OK;
    const weft_expr *value = NULL;
    const bool decimal = type.id == WEFT_TYPE_DECIMAL;
    if (decimal) /* one that does not fit is an error, unless the session is without ANSI */
        WEFT_TRY(st, weft_expr_cast(ctx, text, type, false, &value));
    else
        WEFT_TRY(st, try_cast(ctx, text, type, &value));
    const char *pattern = decimal ? exact : weft_type_is_integral(type) ? whole : real;
    WEFT_TRY(st, where_like(ctx, text, pattern, value, out));
done:
    return st;
}

/* from_json(text, type) */
static weft_status read_nested(weft_ctx *ctx, const weft_expr *text, weft_type type, const weft_expr **out)
{
    weft_status st = WEFT_OK;
    char *schema = NULL;
    WEFT_TRY(st, weft_type_sql(ctx, type, &schema));
    WEFT_TRY(st, call_with_text(ctx, "from_json", text, schema, out));
done:
    return st;
}

/* Has the process's text a form for values of this type? */
static weft_status check_type(weft_analyzer *a, const weft_node *parsed, weft_type type)
{
    const weft_span *span = weft_analyzer_span(a, &parsed->span);
    char text[128];
    if (type.id == WEFT_TYPE_TIME)
        return weft_fail_at(a->ctx, WEFT_TIME_TYPE, span, "The data type TIME is not supported.");
    const bool collated = type.id == WEFT_TYPE_STRING && type.collation != WEFT_COLLATION_BINARY;
    if (!collated && type.id != WEFT_TYPE_NULL && type.id != WEFT_TYPE_VARIANT &&
        type.id != WEFT_TYPE_GEOMETRY && type.id != WEFT_TYPE_GEOGRAPHY)
        return WEFT_OK;
    return weft_fail_at(a->ctx, WEFT_SCRIPT_OUTPUT_TYPE, span,
                        "ScriptTransformation without serde does not support %s as output data type.",
                        weft_type_text(type, text, sizeof text));
}

static weft_status read_field(weft_ctx *ctx, const weft_expr *text, weft_type type, const weft_expr **out)
{
    if (type.id == WEFT_TYPE_BOOLEAN) return read_boolean(ctx, text, out);
    if (weft_type_is_numeric(type)) return read_number(ctx, text, type, out);
    if (weft_type_is_nested(type)) return read_nested(ctx, text, type, out);
    return try_cast(ctx, text, type, out);
}

/* The fields of each line, an array. */
static weft_status cut_lines(weft_analyzer *a, const weft_script_format *format, const weft_node **node)
{
    weft_status st = WEFT_OK;
    weft_ctx *ctx = a->ctx;
    const weft_expr *line = NULL, *fields = NULL;
    WEFT_TRY(st, weft_node_column(ctx, *node, 0, &line));
    WEFT_TRY(st, weft_expr_call(ctx, "make_valid_utf8", &line, 1, NULL, &line));
    WEFT_TRY(st, call_with_text(ctx, "split", line, format->out_fields, &fields));
    WEFT_TRY(st, weft_expr_alias(ctx, fields, weft_next_id(a->ids), "fields", &fields));
    WEFT_TRY(st, weft_node_project(ctx, *node, &fields, 1, node));
done:
    return st;
}

/* Column `index` of the result, of the fields. */
static weft_status read_column(weft_analyzer *a, const weft_node *parsed, const weft_expr *fields,
                               int32_t index, const weft_expr **out)
{
    static const char *const key_value[] = {"key", "value"};
    weft_status st = WEFT_OK;
    weft_ctx *ctx = a->ctx;
    const weft_script_format *format = parsed->script.format;
    const weft_value number = {.type = WEFT_TYPE_OF(WEFT_TYPE_INT), .i64 = index};
    const weft_expr *args[2] = {fields, NULL}, *e = NULL;
    WEFT_TRY(st, weft_expr_literal(ctx, &number, &args[1]));
    WEFT_TRY(st, weft_expr_call(ctx, "get", args, 2, NULL, &e)); /* NULL where there are fewer fields */
    if (format->column_count > 0) {
        WEFT_TRY(st, check_type(a, parsed, format->types[index]));
        WEFT_TRY(st, call_with_text(ctx, "nullif", e, format->out_null, &e));
        WEFT_TRY(st, read_field(ctx, e, format->types[index], &e));
    }
    WEFT_TRY(st, weft_expr_alias(ctx, e, weft_next_id(a->ids),
                                 format->column_count > 0 ? format->names[index] : key_value[index], out));
done:
    return st;
}

weft_status weft_bind_script(weft_analyzer *a, const weft_node *parsed, const weft_scope *outer,
                             weft_cte *ctes, weft_bound *out)
{
    weft_status st = WEFT_OK;
    weft_ctx *ctx = a->ctx;
    const weft_script_format *format = parsed->script.format;
    const weft_node *node = NULL;
    const weft_expr *fields = NULL;
    weft_pointers columns = {0};
    WEFT_TRY(st, weft_bind_query(a, parsed->inputs[0], outer, ctes, out));
    WEFT_TRY(st, weft_bound_node(a, out, &node));
    WEFT_TRY(st, make_lines(a, node, format, &node));
    WEFT_TRY(st, weft_node_script(ctx, a->ids, node, parsed->script.command, &node));
    WEFT_TRY(st, cut_lines(a, format, &node));
    WEFT_TRY(st, weft_node_column(ctx, node, 0, &fields));
    const int32_t count = format->column_count > 0 ? format->column_count : 2;
    for (int32_t i = 0; i < count; i++) {
        const weft_expr *column = NULL;
        WEFT_TRY(st, read_column(a, parsed, fields, i, &column));
        WEFT_TRY(st, weft_pointers_push(ctx, &columns, column));
    }
    WEFT_TRY(st, weft_node_project(ctx, node, weft_pointers_exprs(&columns), count, &node));
    WEFT_TRY(st, weft_names_of(ctx, node, NULL, out));
done:
    return st;
}
