/* engine/expr/expr.c - constructors of expression nodes.
 *
 * All nodes come from ctx->arena and are never changed after they are handed out. *out is written last, so
 * that it may be one of the args. */
#include "engine/expr/expr.h"

#include "common/limits.h"
#include "common/settings.h"
#include "engine/expr/aggregate.h"
#include "engine/expr/bind_errors.h"
#include "engine/expr/coerce.h"
#include "engine/expr/collate.h"
#include "engine/expr/kernel.h"
#include "engine/expr/type_sql.h"

/* May this node give NULL? Its arguments, type, payload and settings are set. Where ANSI is off, what would
 * raise gives NULL. */
static bool expr_compute_nullable(const weft_ctx *ctx, const weft_expr *e)
{
    const weft_settings *settings = e->settings != NULL ? e->settings : ctx->settings;
    const bool raises_as_null = settings->number[WEFT_SET_ANSI] == 0;
    const uint32_t makes_nulls = WEFT_FN_NULL_OWN | WEFT_FN_TRY | WEFT_FN_GIVES_NULL;
    bool any = false, all = true;
    for (int32_t i = 0; i < e->arg_count; i++) {
        any = any || e->args[i]->nullable;
        all = all && e->args[i]->nullable;
    }
    switch (e->kind) {
    case WEFT_EXPR_LITERAL: return e->literal.is_null;
    case WEFT_EXPR_CALL:
        if (strcmp(e->call.function->name, "<=>") == 0) return false;
        if ((e->call.function->flags & WEFT_FN_NEVER_NULL) != 0) return false;
        return any || (e->call.function->flags & makes_nulls) != 0 ||
               (raises_as_null && weft_expr_fallible_node(e));
    case WEFT_EXPR_CAST:
        return any || e->type.id == WEFT_TYPE_NULL || e->args[0]->type.id == WEFT_TYPE_VARIANT ||
               (e->type.id == WEFT_TYPE_INTERVAL && e->args[0]->type.id == WEFT_TYPE_STRING) ||
               (e->type.id == WEFT_TYPE_DECIMAL && (e->args[0]->type.id == WEFT_TYPE_FLOAT ||
                                                    e->args[0]->type.id == WEFT_TYPE_DOUBLE)) || /* NaN */
               ((e->cast.try_ || raises_as_null) && weft_cast_fallible(e->args[0]->type, e->type));
    case WEFT_EXPR_CASE:
        if (e->arg_count % 2 == 0) return true;
        for (int32_t i = 0; i < e->arg_count; i++) {
            const bool is_value = i % 2 == 1 || i == e->arg_count - 1;
            if (is_value && e->args[i]->nullable) return true;
        }
        return false;
    case WEFT_EXPR_AND:
    case WEFT_EXPR_OR:
    case WEFT_EXPR_NOT:
    case WEFT_EXPR_IN:
    case WEFT_EXPR_WINDOW:
    case WEFT_EXPR_ALIAS:
    case WEFT_EXPR_OUTER:
    case WEFT_EXPR_SORT_KEY: return any;
    case WEFT_EXPR_IS_NULL:
    case WEFT_EXPR_IS_NOT_NULL:
    case WEFT_EXPR_BLOOM: return false;
    case WEFT_EXPR_COALESCE: return all;
    case WEFT_EXPR_AGGREGATE: return e->aggregate.function->result_nullable;
    case WEFT_EXPR_COLUMN:
    case WEFT_EXPR_SUBQUERY:
    case WEFT_EXPR_UNRESOLVED_COLUMN:
    case WEFT_EXPR_UNRESOLVED_CALL:
    case WEFT_EXPR_STAR:
    case WEFT_EXPR_INTERVAL:
    case WEFT_EXPR_KIND_COUNT: break;
    }
    return e->nullable;
}

/* A copy of proto (args left out) over a copy of args. What is made of the text of a view goes by the
 * settings of the view. */
static weft_status expr_new(weft_ctx *ctx, const weft_expr *proto, const weft_expr *const *args,
                            int32_t count, const weft_expr **out)
{
    weft_status st = WEFT_OK;
    weft_expr *e = NULL;
    const weft_expr **copy = NULL;

    WEFT_TRY(st, WEFT_NEW(ctx, &e));
    if (count > 0) {
        WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, count, &copy));
        memcpy(copy, args, (size_t)count * sizeof(*copy));
    }
    *e = *proto;
    e->arg_count = count;
    e->args = copy;
    if (e->settings == NULL && ctx->settings->reader != NULL && weft_expr_goes_by_settings(e))
        e->settings = ctx->settings;
    e->nullable = expr_compute_nullable(ctx, e);
    weft_expr_settle(e);
    if (e->height > WEFT_EXPR_HEIGHT_MAX) {
        WEFT_TRY(st, weft_fail_at(ctx, WEFT_NESTING_TOO_DEEP, &e->span,
                                  "The statement is too complex: an expression is nested more than %d levels "
                                  "deep, counting the views and columns that it is made of.",
                                  WEFT_EXPR_HEIGHT_MAX));
    }
    *out = e;
done:
    return st;
}

weft_status weft_expr_literal(weft_ctx *ctx, const weft_value *value, const weft_expr **out)
{
    const weft_expr proto = {.kind = WEFT_EXPR_LITERAL, .type = value->type, .literal = *value};
    return expr_new(ctx, &proto, NULL, 0, out);
}

weft_status weft_expr_column(weft_ctx *ctx, int64_t id, const char *name, weft_type type, bool nullable,
                             const weft_expr **out)
{
    const weft_expr proto = {.kind = WEFT_EXPR_COLUMN,
                             .type = type,
                             .nullable = nullable,
                             .column = {.id = id, .ordinal = -1, .name = name}};
    return expr_new(ctx, &proto, NULL, 0, out);
}

weft_status weft_expr_ordinal(weft_ctx *ctx, int32_t ordinal, weft_type type, bool nullable,
                              const weft_expr **out)
{
    const weft_expr proto = {.kind = WEFT_EXPR_COLUMN,
                             .type = type,
                             .nullable = nullable,
                             .column = {.id = 0, .ordinal = ordinal, .name = NULL}};
    return expr_new(ctx, &proto, NULL, 0, out);
}

/* An AND in an AND is one; a BETWEEN, and others that were written otherwise, keep to themselves, for their
 * names. */
static bool joins(const weft_expr *arg, weft_expr_kind kind)
{
    return arg->kind == kind && arg->form.written == NULL;
}

weft_status weft_expr_logic(weft_ctx *ctx, weft_expr_kind kind, const weft_expr *const *args, int32_t count,
                            const weft_expr **out)
{
    weft_status st = WEFT_OK;
    const weft_expr **flat = NULL;
    int32_t flat_count = 0, used = 0;
    const weft_expr proto = {.kind = kind, .type = WEFT_TYPE_OF(WEFT_TYPE_BOOLEAN)};

    assert(count > 0 && (kind == WEFT_EXPR_NOT ? count == 1 : kind == WEFT_EXPR_AND || kind == WEFT_EXPR_OR));
    if (kind == WEFT_EXPR_NOT) return expr_new(ctx, &proto, args, count, out);
    if (count == 1) { /* AND and OR of one condition are that condition */
        *out = args[0];
        return WEFT_OK;
    }
    for (int32_t i = 0; i < count; i++) flat_count += joins(args[i], kind) ? args[i]->arg_count : 1;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, flat_count, &flat));
    for (int32_t i = 0; i < count; i++) {
        const bool same = joins(args[i], kind);
        const int32_t take = same ? args[i]->arg_count : 1;
        for (int32_t j = 0; j < take; j++) flat[used++] = same ? args[i]->args[j] : args[i];
    }
    WEFT_TRY(st, expr_new(ctx, &proto, flat, flat_count, out));
done:
    return st;
}

/* The functions that do what a cast does not, or NULL. */
static const char *cast_instead(weft_type from, weft_type to)
{
    if (weft_type_is_numeric(from) && to.id == WEFT_TYPE_DATE) return "`DATE_FROM_UNIX_DATE`";
    return from.id == WEFT_TYPE_DATE && weft_type_is_numeric(to) ? "`UNIX_DATE`" : NULL;
}

/* There is no such cast: where ANSI is on, the error says what would be there instead. */
static weft_status fail_cast(weft_ctx *ctx, const weft_expr *arg, weft_type type, bool try_)
{
    weft_status st = WEFT_OK;
    char *text = NULL, *from = NULL, *to = NULL;
    const char *instead = weft_ansi(ctx) || try_ ? cast_instead(arg->type, type) : NULL;
    WEFT_TRY(st, weft_expr_text(ctx, arg, false, &text));
    WEFT_TRY(st, weft_type_sql(ctx, arg->type, &from));
    WEFT_TRY(st, weft_type_sql(ctx, type, &to));
#define NO_CAST "Cannot resolve \"CAST(%s AS %s)\" due to data type mismatch: cannot cast \"%s\" to \"%s\""
    if (instead != NULL)
        return weft_fail_at(ctx, WEFT_DATATYPE_MISMATCH_CAST_FUNCTION, &arg->span,
                            NO_CAST ". To convert values from \"%s\" to \"%s\", you can use the functions %s "
                                    "instead.",
                            text, to, from, to, from, to, instead);
    if (!try_ && weft_cast_loose(arg->type, type))
        return weft_fail_at(ctx, WEFT_DATATYPE_MISMATCH_CAST_CONF, &arg->span,
                            NO_CAST " with ANSI mode on. If you have to cast \"%s\" to \"%s\", you can set "
                                    "\"spark.sql.ansi.enabled\" as 'false'.",
                            text, to, from, to, from, to);
    st = weft_fail_at(ctx, WEFT_DATATYPE_MISMATCH_CAST, &arg->span, NO_CAST ".", text, to, from, to);
#undef NO_CAST
done:
    return st;
}

static bool type_has_time(weft_type type)
{
    bool has = type.id == WEFT_TYPE_TIME;
    for (int32_t i = 0; i < type.child_count && !has; i++) has = type_has_time(type.children[i].type);
    return has;
}

weft_status weft_expect_time_type(weft_ctx *ctx, const weft_span *span)
{
    if (weft_setting(ctx, WEFT_SET_TIME_TYPE) != 0) return WEFT_OK;
    weft_fail_at(ctx, WEFT_TIME_TYPE, span, "The data type TIME is not supported.");
    weft_hint(ctx, "SET spark.sql.timeType.enabled = true turns it on.");
    return WEFT_TIME_TYPE;
}

weft_status weft_expect_nanos_type(weft_ctx *ctx, const weft_span *span)
{
    if (weft_setting(ctx, WEFT_SET_NANOS_TYPES) != 0) return WEFT_OK;
    return weft_fail_at(ctx, WEFT_FEATURE_NOT_ENABLED, span,
                        "The feature Nanosecond-precision timestamp types is not enabled. Consider setting "
                        "the config spark.sql.timestampNanosTypes.enabled to true to enable this "
                        "capability.");
}

/* A time of the day as a timestamp is of the day on which the statement began. */
static weft_status time_of_today(weft_ctx *ctx, const weft_expr *time, weft_type type, bool implicit,
                                 const weft_expr **out)
{
    weft_status st = WEFT_OK;
    const weft_expr *args[2] = {NULL, time};
    WEFT_TRY(st, weft_expr_call(ctx, "current_date", NULL, 0, &time->span, &args[0]));
    WEFT_TRY(st, weft_expr_call(ctx, "make_timestamp_ntz", args, 2, &time->span, out));
    WEFT_TRY(st, weft_expr_cast(ctx, *out, type, implicit, out));
done:
    return st;
}

static weft_status cast_new(weft_ctx *ctx, const weft_expr *arg, weft_type type, bool implicit, bool try_,
                            const weft_expr **out)
{
    weft_expr proto = {.kind = WEFT_EXPR_CAST, .type = type, .span = arg->span};

    /* one that the query wrote stays until the optimizer: names and literals' types show it */
    if (weft_type_equal(arg->type, type) && (implicit || weft_type_is_nested(type))) {
        *out = arg;
        return WEFT_OK;
    }
    if (arg->kind == WEFT_EXPR_LITERAL && arg->type.id == WEFT_TYPE_NULL && implicit) {
        const weft_value null = {.type = type, .is_null = true};
        return weft_expr_literal(ctx, &null, out);
    }
    if (arg->kind == WEFT_EXPR_LITERAL && arg->type.id == WEFT_TYPE_STRING && type.id == WEFT_TYPE_STRING &&
        implicit) { /* another collation */
        proto = *arg;
        proto.type = proto.literal.type = type;
        return expr_new(ctx, &proto, NULL, 0, out);
    }
    if (type_has_time(type)) {
        const weft_status st = weft_expect_time_type(ctx, &arg->span);
        if (st != WEFT_OK) return st;
    }
    if (arg->type.id == WEFT_TYPE_TIME &&
        (type.id == WEFT_TYPE_TIMESTAMP || type.id == WEFT_TYPE_TIMESTAMP_NTZ))
        return time_of_today(ctx, arg, type, implicit, out);
    const bool strict = weft_ansi(ctx) || try_; /* try_cast() goes by ANSI whatever the mode */
    if (!weft_cast_allowed(arg->type, type) && (strict || !weft_cast_loose(arg->type, type)))
        return fail_cast(ctx, arg, type, try_);
    proto.cast.implicit = implicit;
    proto.cast.try_ = try_;
    return expr_new(ctx, &proto, &arg, 1, out);
}

weft_status weft_expr_cast(weft_ctx *ctx, const weft_expr *arg, weft_type type, bool implicit,
                           const weft_expr **out)
{
    return cast_new(ctx, arg, type, implicit, false, out);
}

weft_status weft_expr_try_cast(weft_ctx *ctx, const weft_expr *arg, weft_type type, const weft_expr **out)
{
    return cast_new(ctx, arg, type, false, true, out);
}

weft_status weft_expr_alias(weft_ctx *ctx, const weft_expr *arg, int64_t id, const char *name,
                            const weft_expr **out)
{
    const weft_expr proto = {
        .kind = WEFT_EXPR_ALIAS, .type = arg->type, .span = arg->span, .alias = {.id = id, .name = name}};
    return expr_new(ctx, &proto, &arg, 1, out);
}

weft_status weft_expr_sort_key(weft_ctx *ctx, const weft_expr *arg, bool descending, bool nulls_first,
                               const weft_expr **out)
{
    const weft_expr proto = {.kind = WEFT_EXPR_SORT_KEY,
                             .type = arg->type,
                             .span = arg->span,
                             .sort = {.descending = descending, .nulls_first = nulls_first}};
    return expr_new(ctx, &proto, &arg, 1, out);
}

weft_status weft_expr_window(weft_ctx *ctx, const weft_expr *function, const weft_window_spec *spec,
                             const weft_expr **out)
{
    const weft_expr proto = {
        .kind = WEFT_EXPR_WINDOW, .type = function->type, .span = function->span, .window = {.spec = spec}};
    return expr_new(ctx, &proto, &function, 1, out);
}

weft_status weft_expr_with_args(weft_ctx *ctx, const weft_expr *e, const weft_expr *const *args,
                                const weft_expr **out)
{
    return expr_new(ctx, e, args, e->arg_count, out);
}

/* The argument of a form, its condition number `place`, as BOOLEAN, to which others than truth values may be
 * cast or not. */
static weft_status form_condition(weft_ctx *ctx, const weft_expr *form, int32_t place, bool may_cast,
                                  const weft_expr *arg, const weft_span *span, const weft_expr **out)
{
    if (arg->type.id != WEFT_TYPE_BOOLEAN && !may_cast) {
        const weft_status st = weft_fail_arg_type(ctx, place, "\"boolean\"", arg, span);
        return weft_fail_call(ctx, st, form, span);
    }
    return weft_expr_cast(ctx, arg, WEFT_TYPE_OF(WEFT_TYPE_BOOLEAN), true, out);
}

/* A truth value, NULL, or with ANSI a text that is read as one. */
static bool is_condition(const weft_ctx *ctx, const weft_expr *e)
{
    return e->type.id == WEFT_TYPE_BOOLEAN || e->type.id == WEFT_TYPE_NULL ||
           (e->type.id == WEFT_TYPE_STRING && weft_ansi(ctx));
}

/* A text beside no truth value stays a text. */
static bool is_text_alone(const weft_expr *const *pair)
{
    const bool text = pair[0]->type.id == WEFT_TYPE_STRING || pair[1]->type.id == WEFT_TYPE_STRING;
    return text && pair[0]->type.id != WEFT_TYPE_BOOLEAN && pair[1]->type.id != WEFT_TYPE_BOOLEAN;
}

/* AND, OR of what is no truth value: the two sides do not meet, or they meet in another type. */
static weft_status fail_logic(weft_ctx *ctx, const char *form, const weft_expr *left, const weft_expr *right,
                              const weft_span *span)
{
    weft_status st = WEFT_OK;
    weft_type common;
    char *left_text = NULL, *right_text = NULL, *left_type = NULL, *right_type = NULL;
    const bool text = left->type.id == WEFT_TYPE_STRING || right->type.id == WEFT_TYPE_STRING;
    const bool meet = weft_type_common(ctx, left->type, right->type, &common) &&
                      ((weft_ansi(ctx) && text) || left->type.id == right->type.id);
    WEFT_TRY(st, weft_expr_text(ctx, left, false, &left_text));
    WEFT_TRY(st, weft_expr_text(ctx, right, false, &right_text));
    WEFT_TRY(st, weft_type_sql(ctx, meet ? common : left->type, &left_type));
    WEFT_TRY(st, weft_type_sql(ctx, right->type, &right_type));
    if (meet)
        return weft_fail_at(ctx, WEFT_DATATYPE_MISMATCH_WRONG_TYPE, span,
                            "Cannot resolve \"(%s %s %s)\" due to data type mismatch: the binary operator "
                            "requires the input type \"BOOLEAN\", not \"%s\".",
                            left_text, form, right_text, left_type);
    st = weft_fail_at(
        ctx, WEFT_DATATYPE_MISMATCH_BINARY, span,
        "Cannot resolve \"(%s %s %s)\" due to data type mismatch: the left and right operands of "
        "the binary operator have incompatible types (\"%s\" and \"%s\").",
        left_text, form, right_text, left_type, right_type);
done:
    return st;
}

/* CASE: values their common type, conditions BOOLEAN, which NULL is not; Spark looks at the values first. */
static weft_status form_case(weft_ctx *ctx, const weft_expr **args, int32_t count, const weft_span *span,
                             weft_type *type)
{
    weft_status st = WEFT_OK;
    const weft_expr **values = NULL, **written = NULL;
    weft_expr form = {.kind = WEFT_EXPR_CASE, .arg_count = count};
    int32_t value_count = 0;

    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, count, &values));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, count, &written)); /* what an error shows */
    memcpy(written, args, (size_t)count * sizeof *written);
    form.args = written;
    for (int32_t i = 0; i < count; i++)
        if (i % 2 == 1 || i == count - 1) values[value_count++] = args[i];
    WEFT_TRY(st, weft_expr_common_type(ctx, values, value_count, span, type));
    for (int32_t i = 0, v = 0; i < count; i++) {
        if (i % 2 == 1 || i == count - 1)
            args[i] = values[v++];
        else
            WEFT_TRY(st, form_condition(ctx, &form, i / 2, false, args[i], span, &args[i]));
    }
done:
    return st;
}

static weft_status form_coerce(weft_ctx *ctx, weft_expr_kind kind, const weft_expr **args, int32_t count,
                               const weft_span *span, weft_type *type)
{
    weft_status st = WEFT_OK;
    weft_type common;

    *type = WEFT_TYPE_OF(WEFT_TYPE_BOOLEAN);
    if (kind == WEFT_EXPR_AND || kind == WEFT_EXPR_OR || kind == WEFT_EXPR_NOT) {
        const char *name = kind == WEFT_EXPR_AND ? "AND" : "OR";
        const weft_expr form = {.kind = kind, .args = args, .arg_count = count};
        for (int32_t i = 1; i < count; i++) {
            const bool meet = is_condition(ctx, args[i - 1]) && is_condition(ctx, args[i]);
            if (!meet || (i == 1 && is_text_alone(args)))
                return fail_logic(ctx, name, args[i - 1], args[i], span);
        }
        for (int32_t i = 0; i < count; i++)
            WEFT_TRY(st, form_condition(ctx, &form, i, is_condition(ctx, args[i]), args[i], span, &args[i]));
    } else if (kind == WEFT_EXPR_CASE) {
        WEFT_TRY(st, form_case(ctx, args, count, span, type));
    } else if (kind == WEFT_EXPR_COALESCE) {
        WEFT_TRY(st, weft_expr_common_type(ctx, args, count, span, type));
    } else if (kind == WEFT_EXPR_IN) {
        for (int32_t i = 1; i < count; i++) { /* structs of equal types go together whatever their names */
            if (args[i]->type.id == WEFT_TYPE_STRUCT && weft_type_same_shape(args[i]->type, args[0]->type))
                WEFT_TRY(st, weft_expr_cast(ctx, args[i], args[0]->type, true, &args[i]));
        }
        WEFT_TRY(st, weft_expr_common_type(ctx, args, count, span, &common));
        WEFT_TRY(st, weft_expect_orderable(ctx, "in", args[0], span != NULL ? span : &args[0]->span));
        WEFT_TRY(st, weft_collation_keys(ctx, "in", args, count, span));
    }
done:
    return st;
}

weft_status weft_expr_form(weft_ctx *ctx, weft_expr_kind kind, const weft_expr *const *args, int32_t count,
                           const weft_span *span, const weft_expr **out)
{
    weft_status st = WEFT_OK;
    const weft_expr **copy = NULL;
    weft_expr proto = {.kind = kind};

    assert(count >= 1);
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, count, &copy));
    memcpy(copy, args, (size_t)count * sizeof(*copy));
    WEFT_TRY(st, form_coerce(ctx, kind, copy, count, span, &proto.type));
    if (span != NULL) proto.span = *span;
    if (kind == WEFT_EXPR_AND || kind == WEFT_EXPR_OR) {
        WEFT_TRY(st, weft_expr_logic(ctx, kind, copy, count, out));
    } else {
        WEFT_TRY(st, expr_new(ctx, &proto, copy, count, out));
    }
done:
    return st;
}
