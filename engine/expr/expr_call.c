/* engine/expr/expr_call.c - calls by name: look up, coerce, bind; and the least common type of a list. */
#include <ctype.h>
#include <strings.h>

#include "common/settings.h"
#include "engine/expr/aggregate.h"
#include "engine/expr/coerce.h"
#include "engine/expr/collate.h"
#include "engine/expr/function.h"
#include "engine/expr/lambda.h"

/* The least common type is not associative where strings are among the types. As Spark has it the list is
 * gone through from left to right with ANSI (1, 2.5, '3' are DOUBLE; '3', 1, 2.5 are DECIMAL), and strings go
 * first without it. */
static weft_status common_of_list(weft_ctx *ctx, const weft_expr *const *args, int32_t count, weft_type *type,
                                  int32_t *culprit, bool *found)
{
    weft_status st = WEFT_OK;
    *type = WEFT_TYPE_OF(WEFT_TYPE_NULL);
    *found = true;
    const bool ansi = weft_setting(ctx, WEFT_SET_ANSI) != 0;
    for (int pass = 0; pass < (ansi ? 1 : 2); pass++) {
        for (int32_t i = 0; i < count; i++) {
            if (!ansi && (args[i]->type.id == WEFT_TYPE_STRING) != (pass == 0)) continue;
            *culprit = i;
            WEFT_TRY(st, weft_type_common_in(ctx, *type, args[i]->type, type, found));
            if (!*found) return WEFT_OK;
        }
    }
done:
    return st;
}

static weft_status fail_common(weft_ctx *ctx, const weft_expr *const *args, int32_t count, int32_t culprit,
                               const weft_span *span)
{
    char a[128], b[128];
    const int32_t other = culprit == 0 ? weft_min_i32(1, count - 1) : 0;
    const weft_span *at = args[culprit]->span.line > 0 ? &args[culprit]->span : span;
    return weft_fail_at(
        ctx, WEFT_DATATYPE_MISMATCH_DATA_DIFF, at, "the types \"%s\" and \"%s\" have no common type",
        weft_type_text(args[other]->type, a, sizeof(a)), weft_type_text(args[culprit]->type, b, sizeof(b)));
}

weft_status weft_expr_common_plain(weft_ctx *ctx, const weft_expr **args, int32_t count,
                                   const weft_span *span, weft_type *type)
{
    int32_t first = 0; /* of those that are not NULL */
    while (first < count && args[first]->type.id == WEFT_TYPE_NULL) first++;
    for (int32_t i = first + 1; i < count; i++) {
        const bool text = args[i]->type.id == WEFT_TYPE_STRING;
        if (args[i]->type.id != WEFT_TYPE_NULL && text != (args[first]->type.id == WEFT_TYPE_STRING))
            return fail_common(ctx, args, count, i, span);
    }
    return weft_expr_common_type(ctx, args, count, span, type);
}

weft_status weft_expr_common_type(weft_ctx *ctx, const weft_expr **args, int32_t count, const weft_span *span,
                                  weft_type *type)
{
    weft_status st = WEFT_OK;
    int32_t culprit = 0;
    bool found = false;

    WEFT_TRY(st, weft_collate_args(ctx, args, count, span));
    WEFT_TRY(st, weft_expect_same_collations(ctx, args, count, span));
    WEFT_TRY(st, common_of_list(ctx, args, count, type, &culprit, &found));
    if (!found) return fail_common(ctx, args, count, culprit, span);
    for (int32_t i = 0; i < count; i++) WEFT_TRY(st, weft_expr_cast(ctx, args[i], *type, true, &args[i]));
done:
    return st;
}

/* The name as the query wrote it, in lower case, where it is an alias of `name`, one of the parser's own
 * ((unary_minus)) too; else NULL. */
static weft_status written_name(weft_ctx *ctx, const char *written, const char *name, const char **out)
{
    weft_status st = WEFT_OK;
    char *copy = NULL;

    *out = NULL;
    const bool parsers = written[0] == '(' && strcmp(written, WEFT_ROW_FUNCTION) != 0;
    if (strcasecmp(written, name) == 0 || (!isalpha((unsigned char)written[0]) && !parsers)) return WEFT_OK;
    WEFT_TRY(st, weft_arena_copy(ctx, ctx->arena, written, strlen(written), &copy));
    for (char *c = copy; *c != '\0'; c++) *c = (char)tolower((unsigned char)*c);
    *out = copy;
done:
    return st;
}

/* ---- calls that are forms ---- */

typedef struct call_form {
    const char *name;
    int8_t low, high; /* arguments; high -1: any number */
    weft_expr_kind kind;
} call_form;

static const call_form call_forms[] = {
    {"coalesce", 1, -1, WEFT_EXPR_COALESCE},   {"nvl", 2, 2, WEFT_EXPR_COALESCE},
    {"ifnull", 2, 2, WEFT_EXPR_COALESCE},      {"nvl2", 3, 3, WEFT_EXPR_CASE},
    {"nullif", 2, 2, WEFT_EXPR_CASE},          {"if", 3, 3, WEFT_EXPR_CASE},
    {"decode", 3, -1, WEFT_EXPR_CASE},         {"zeroifnull", 1, 1, WEFT_EXPR_COALESCE},
    {"nullifzero", 1, 1, WEFT_EXPR_CASE},      {"isnull", 1, 1, WEFT_EXPR_IS_NULL},
    {"isnotnull", 1, 1, WEFT_EXPR_IS_NOT_NULL}};

/* decode() of two arguments is a function, of more a form. */
static const call_form *call_form_find(const char *name, int32_t count)
{
    for (int32_t i = 0; i < WEFT_COUNT(call_forms); i++) {
        if (strcasecmp(call_forms[i].name, name) != 0) continue;
        return count < 3 && strcasecmp(name, "decode") == 0 ? NULL : &call_forms[i];
    }
    return NULL;
}

/* decode(x, a, b, c, d, e) is CASE WHEN x <=> a THEN b WHEN x <=> c THEN d ELSE e. */
static weft_status call_form_decode(weft_ctx *ctx, const weft_expr *const *args, int32_t *count,
                                    const weft_span *span, const weft_expr ***made)
{
    weft_status st = WEFT_OK;
    int32_t used = 0;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, *count, made));
    for (int32_t i = 1; i + 1 < *count; i += 2) {
        const weft_expr *pair[2] = {args[0], args[i]};
        WEFT_TRY(st, weft_expr_call(ctx, "<=>", pair, 2, span, &(*made)[used++]));
        (*made)[used++] = args[i + 1];
    }
    if (*count % 2 == 0) (*made)[used++] = args[*count - 1];
    *count = used;
done:
    return st;
}

/* nullifzero(a) is nullif(a, 0), zeroifnull(a) is coalesce(a, 0). */
static weft_status call_form_zero(weft_ctx *ctx, const weft_expr *arg, const weft_expr *made[3])
{
    weft_status st = WEFT_OK;
    const weft_value zero = {.type = WEFT_TYPE_OF(WEFT_TYPE_INT)};
    made[0] = arg;
    WEFT_TRY(st, weft_expr_literal(ctx, &zero, &made[1]));
done:
    return st;
}

/* nvl2(a, b, c) is CASE WHEN a IS NOT NULL THEN b ELSE c; nullif(a, b) is CASE WHEN a = b THEN NULL ELSE a;
 * if(a, b, c) takes a NULL for its condition, which CASE does not. */
static weft_status call_form_args(weft_ctx *ctx, const call_form *form, const weft_expr *const *args,
                                  const weft_span *span, const weft_expr *made[3])
{
    weft_status st = WEFT_OK;
    if (strcmp(form->name, "nvl2") == 0) {
        WEFT_TRY(st, weft_expr_form(ctx, WEFT_EXPR_IS_NOT_NULL, args, 1, span, &made[0]));
        made[1] = args[1];
        made[2] = args[2];
    } else if (strncmp(form->name, "nullif", 6) == 0) {
        const weft_value null = {.type = args[0]->type, .is_null = true};
        WEFT_TRY(st, weft_expr_call(ctx, "=", args, 2, span, &made[0]));
        WEFT_TRY(st, weft_expr_literal(ctx, &null, &made[1]));
        made[2] = args[0];
    } else {
        for (int32_t i = 0; i < 3; i++) made[i] = args[i];
        if (args[0]->type.id == WEFT_TYPE_NULL)
            WEFT_TRY(st, weft_expr_cast(ctx, args[0], WEFT_TYPE_OF(WEFT_TYPE_BOOLEAN), true, &made[0]));
    }
done:
    return st;
}

static weft_status call_form_make(weft_ctx *ctx, const call_form *form, const weft_expr *const *args,
                                  int32_t count, const weft_span *span, const weft_expr **out)
{
    weft_status st = WEFT_OK;
    const weft_expr *made[3] = {NULL, NULL, NULL}, *zero[3] = {NULL, NULL, NULL};
    const weft_expr **list = NULL, *bare = NULL;
    weft_expr *named = NULL;

    if (count < form->low || (form->high >= 0 && count > form->high)) {
        return weft_fail_arg_count(ctx, form->name, form->low, form->high, count, span);
    }
    if (strcmp(form->name, "nullifzero") == 0 || strcmp(form->name, "zeroifnull") == 0) {
        WEFT_TRY(st, call_form_zero(ctx, args[0], zero));
        args = zero;
        count = 2;
    }
    if (strcmp(form->name, "decode") == 0) {
        WEFT_TRY(st, call_form_decode(ctx, args, &count, span, &list));
        args = list;
    } else if (form->kind == WEFT_EXPR_CASE) {
        WEFT_TRY(st, call_form_args(ctx, form, args, span, made));
        args = made;
        count = 3;
    }
    WEFT_TRY(st, weft_expr_form(ctx, form->kind, args, count, span, &bare));
    if (form->kind == WEFT_EXPR_IS_NULL || form->kind == WEFT_EXPR_IS_NOT_NULL) {
        *out = bare;
        goto done;
    }
    WEFT_TRY(st, WEFT_NEW(ctx, &named));
    *named = *bare;
    named->form.written = form->name;
    *out = named;
done:
    return st;
}

/* ---- calls ---- */

static weft_status copy_args(weft_ctx *ctx, const weft_expr *const *args, int32_t count,
                             const weft_expr ***out)
{
    const weft_status st = WEFT_NEW_ARRAY(ctx, count > 0 ? count : 1, out);
    if (st == WEFT_OK && count > 0) memcpy(*out, args, (size_t)count * sizeof(**out));
    return st;
}

weft_status weft_fail_routine(weft_ctx *ctx, const char *name, const weft_span *span)
{
    const weft_status st =
        weft_fail_at(ctx, WEFT_UNRESOLVED_ROUTINE, span, "Cannot resolve routine `%s`.", name);
    const char *near = weft_routine_near(name);
    if (near != NULL)
        weft_hint(ctx, "did you mean %s? SHOW FUNCTIONS lists the functions that there are", near);
    else
        weft_hint(ctx, "SHOW FUNCTIONS lists the functions that there are");
    return st;
}

/* struct(a, b AS x, s.f, 1): the names are those of columns, aliases and fields, else col1, col2, …; those of
 * arrays_zip() are 0, 1, … then. */
static weft_status struct_args(weft_ctx *ctx, const weft_expr *const *args, int32_t count, bool zip,
                               const weft_expr ***out)
{
    weft_status st = WEFT_OK;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, 2 * weft_max_i32(count, 1), out));
    for (int32_t i = 0; i < count; i++) {
        const weft_expr *e = args[i];
        char *made = NULL;
        const char *name = e->kind == WEFT_EXPR_COLUMN  ? e->column.name
                           : e->kind == WEFT_EXPR_ALIAS ? e->alias.name
                           : e->kind == WEFT_EXPR_OUTER ? e->args[0]->column.name
                           : weft_is_lambda_variable(e) ? e->call.written
                                                        : NULL;
        weft_value value = {.type = WEFT_TYPE_OF(WEFT_TYPE_STRING)};
        if (name != NULL) {
            value.str = weft_str_view(name, (uint32_t)strlen(name));
        } else if (e->kind == WEFT_EXPR_CALL && strcmp(e->call.function->name, ".") == 0) {
            value.str = e->args[1]->literal.str;
        } else {
            WEFT_TRY(st, weft_arena_printf(ctx, ctx->arena, &made, zip ? "%d" : "col%d", zip ? i : i + 1));
            value.str = weft_str_view(made, (uint32_t)strlen(made));
        }
        WEFT_TRY(st, weft_expr_literal(ctx, &value, &(*out)[2 * i]));
        (*out)[2 * i + 1] = e->kind == WEFT_EXPR_ALIAS ? e->args[0] : e;
    }
done:
    return st;
}

/* The function that a name means for arrays, where it is another one than for strings. */
static const char *array_name(const char *name, const weft_expr *const *args, int32_t count)
{
    bool array = false;
    for (int32_t i = 0; i < count; i++) array |= args[i]->type.id == WEFT_TYPE_ARRAY;
    if (!array) return name;
    if (count == 2 && strcasecmp(name, "array_sort") == 0) return "(array_sort_by)";
    if (strcasecmp(name, "concat") == 0 || strcmp(name, "||") == 0) return "(array_concat)";
    return strcasecmp(name, "reverse") == 0 ? "(array_reverse)" : name;
}

/* ILIKE is LIKE over both sides in small letters; the calls that make them so do not show in names. */
static weft_status small_letters(weft_ctx *ctx, const weft_expr *const *args, int32_t count,
                                 const weft_span *span, const weft_expr ***out)
{
    weft_status st = WEFT_OK;
    WEFT_TRY(st, copy_args(ctx, args, count, out));
    for (int32_t i = 0; i < 2 && i < count; i++) {
        const weft_expr *lower = NULL;
        WEFT_TRY(st, weft_expr_call(ctx, "lower", &args[i], 1, span, &lower));
        weft_expr hidden = *lower;
        hidden.call.written = WEFT_HIDDEN_CALL;
        WEFT_TRY(st, weft_expr_with_args(ctx, &hidden, lower->args, &(*out)[i]));
    }
done:
    return st;
}

/* text + INTERVAL of days or time, INTERVAL + text, text - INTERVAL, try_add() and try_subtract() of them:
 * the place of the text, or -1. */
static int32_t moved_text(const char *name, const weft_expr *const *args, int32_t count)
{
    const bool plus = strcmp(name, "+") == 0 || strcasecmp(name, "try_add") == 0;
    const bool minus = strcmp(name, "-") == 0 || strcasecmp(name, "try_subtract") == 0;
    if (count != 2 || (!plus && !minus)) return -1;
    for (int32_t i = 0; i < (plus ? 2 : 1); i++)
        if (args[i]->type.id == WEFT_TYPE_STRING && args[1 - i]->type.id == WEFT_TYPE_INTERVAL_DT) return i;
    return -1;
}

/* The text is a timestamp that is moved, and a text again afterwards. */
static weft_status move_text(weft_ctx *ctx, const char *name, const weft_expr *const *args, int32_t text,
                             const weft_span *span, const weft_expr **out)
{
    weft_status st = WEFT_OK;
    const weft_expr *both[2] = {args[0], args[1]};
    WEFT_TRY(st, weft_expr_cast(ctx, both[text], WEFT_TYPE_OF(WEFT_TYPE_TIMESTAMP), true, &both[text]));
    weft_expr moment = *both[text];
    moment.cast.try_ = strncasecmp(name, "try_", 4) == 0;
    WEFT_TRY(st, weft_expr_with_args(ctx, &moment, moment.args, &both[text]));
    WEFT_TRY(st, weft_expr_call(ctx, name, both, 2, span, out));
    WEFT_TRY(st, weft_expr_cast(ctx, *out, WEFT_TYPE_OF(WEFT_TYPE_STRING), true, out));
done:
    return st;
}

/* Bytes beside texts are texts to the functions that take either; convert_timezone() takes the local time of
 * a timestamp. */
static weft_status loose_args(weft_ctx *ctx, const char *name, const weft_expr **args, int32_t count)
{
    static const char *const either[] = {"concat", "elt", "lpad", "rpad"};
    weft_status st = WEFT_OK;
    bool text = false, bytes = false, takes_either = false;
    if (strcmp(name, "convert_timezone") == 0 && count > 1 && args[count - 1]->type.id == WEFT_TYPE_TIMESTAMP)
        return weft_expr_cast(ctx, args[count - 1], WEFT_TYPE_OF(WEFT_TYPE_TIMESTAMP_NTZ), true,
                              &args[count - 1]);
    for (size_t i = 0; i < WEFT_COUNT(either); i++) takes_either |= strcmp(name, either[i]) == 0;
    if (!takes_either) return WEFT_OK;
    const bool pad = name[1] == 'p', index = name[0] == 'e';
    for (int32_t i = 0; i < count; i++) {
        const bool number = (pad && i == 1) || (index && i == 0);
        bytes |= !number && args[i]->type.id == WEFT_TYPE_BINARY;
        text |= !number && args[i]->type.id != WEFT_TYPE_BINARY;
    }
    for (int32_t i = 0; i < count && bytes && text; i++)
        if (args[i]->type.id == WEFT_TYPE_BINARY)
            WEFT_TRY(st, weft_expr_cast(ctx, args[i], WEFT_TYPE_OF(WEFT_TYPE_STRING), true, &args[i]));
done:
    return st;
}

/* nanvl(a, b) with a b that may fail is CASE WHEN isnan(a) THEN b ELSE a: b is computed for the rows that
 * need it alone. */
static weft_status nanvl_form(weft_ctx *ctx, const weft_expr *call, const weft_span *span,
                              const weft_expr **out)
{
    weft_status st = WEFT_OK;
    const weft_expr *parts[3] = {NULL, call->args[1], call->args[0]}, *bare = NULL;
    weft_expr *named = NULL;
    WEFT_TRY(st, weft_expr_call(ctx, "isnan", &call->args[0], 1, span, &parts[0]));
    WEFT_TRY(st, weft_expr_form(ctx, WEFT_EXPR_CASE, parts, 3, span, &bare));
    WEFT_TRY(st, WEFT_NEW(ctx, &named));
    *named = *bare;
    named->form.written = "nanvl";
    *out = named;
done:
    return st;
}

static bool is_moment(const weft_expr *e)
{
    return e->type.id == WEFT_TYPE_DATE || e->type.id == WEFT_TYPE_TIMESTAMP ||
           e->type.id == WEFT_TYPE_TIMESTAMP_NTZ || e->type.id == WEFT_TYPE_TIME;
}

static bool is_interval(const weft_expr *e)
{
    return weft_type_is_interval(e->type) || e->type.id == WEFT_TYPE_INTERVAL;
}

/* Has the bind turned the arguments round? The operators are shown as they stand then, these are not. */
static bool is_swapped(const char *name, const weft_expr *const *bound, const weft_expr *const *given)
{
    if (strcmp(name, "try_multiply") == 0) return is_interval(bound[0]) && !is_interval(given[0]);
    return strcmp(name, "try_add") == 0 && is_moment(bound[0]) && !is_moment(given[0]) &&
           given[0]->type.id != WEFT_TYPE_STRING;
}

weft_status weft_expr_call(weft_ctx *ctx, const char *name, const weft_expr *const *args, int32_t count,
                           const weft_span *span, const weft_expr **out)
{
    weft_status st = WEFT_OK;
    const call_form *form = call_form_find(name, count);
    const weft_function *fn = NULL;
    const weft_expr **bound = NULL;
    weft_expr proto = {.kind = WEFT_EXPR_CALL, .arg_count = count};

    if (form != NULL) return call_form_make(ctx, form, args, count, span, out);
    const int32_t text = moved_text(name, args, count);
    if (text >= 0) return move_text(ctx, name, args, text, span, out);
    const bool zip = strcasecmp(name, "arrays_zip") == 0;
    if (zip || strcasecmp(name, "struct") == 0 || strcmp(name, WEFT_ROW_FUNCTION) == 0) {
        WEFT_TRY(st, struct_args(ctx, args, count, zip, &bound));
        fn = weft_function_find(zip ? name : "named_struct");
        proto.arg_count = count = 2 * count;
    } else {
        fn = weft_function_find(array_name(name, args, count));
        if (fn == NULL) return weft_fail_routine(ctx, name, span);
        if (strcmp(fn->name, "ilike") == 0)
            WEFT_TRY(st, small_letters(ctx, args, count, span, &bound));
        else
            WEFT_TRY(st, copy_args(ctx, args, count, &bound));
    }
    WEFT_TRY(st, loose_args(ctx, fn->name, bound, count));
    WEFT_TRY(st, weft_collate_call(ctx, &fn, bound, count, span));
    WEFT_TRY(st, weft_function_bind(ctx, fn, bound, count, span, &proto.call.variant, &proto.type));
    WEFT_TRY(st, written_name(ctx, name, fn->name, &proto.call.written));
    if (span != NULL) proto.span = *span;
    proto.call.function = fn;
    proto.call.swapped = is_swapped(fn->name, bound, args);
    WEFT_TRY(st, weft_expr_with_args(ctx, &proto, bound, out));
    WEFT_TRY(st, weft_collate_map(ctx, *out, out));
    if (strcmp(fn->name, "nanvl") == 0 && weft_expr_fallible(bound[1]))
        WEFT_TRY(st, nanvl_form(ctx, *out, span, out));
done:
    return st;
}

/* first(x, true) is first(x) IGNORE NULLS: the literal is taken off the arguments. */
static weft_status take_ignore_nulls(weft_ctx *ctx, const weft_aggregate *fn, const weft_expr *const *args,
                                     int32_t *count, const weft_span *span, bool *ignore_nulls)
{
    if (!fn->takes_ignore_nulls || *count != 2) return WEFT_OK;
    const weft_expr *flag = args[1];
    if (flag->kind != WEFT_EXPR_LITERAL || flag->type.id != WEFT_TYPE_BOOLEAN || flag->literal.is_null) {
        return weft_fail_arg_type(ctx, 1, "of a literal \"boolean\"", flag, span);
    }
    *ignore_nulls = flag->literal.boolean;
    *count = 1;
    return WEFT_OK;
}

/* mode takes no DISTINCT, and listagg only one that is ordered by the text itself. */
static weft_status check_distinct_order(weft_ctx *ctx, const weft_aggregate *fn, const weft_expr *const *args,
                                        int32_t count, const weft_span *span)
{
    if (strcmp(fn->name, "mode") == 0)
        return weft_fail_at(ctx, WEFT_WITHIN_GROUP_DISTINCT, span, "mode does not support DISTINCT.");
    if (strcmp(fn->name, "listagg") == 0 && count > 3 && (count > 4 || !weft_expr_equal(args[0], args[3]))) {
        return weft_fail_at(
            ctx, WEFT_WITHIN_GROUP_MISMATCH, span,
            "listagg with DISTINCT can only be ordered by the expression that it aggregates.");
    }
    return WEFT_OK;
}

weft_status weft_expr_aggregate(weft_ctx *ctx, const char *name, const weft_expr *const *args, int32_t count,
                                bool distinct, const weft_expr *filter, const weft_span *span,
                                const weft_expr **out)
{
    weft_status st = WEFT_OK;
    const weft_aggregate *fn = weft_aggregate_find(name);
    const weft_expr **bound = NULL, **shown = NULL;
    const weft_expr *one = NULL;
    weft_expr proto = {.kind = WEFT_EXPR_AGGREGATE};
    char *text = NULL;

    if (fn == NULL) return weft_fail_routine(ctx, name, span);
    for (int32_t i = 0; i < count; i++) {
        if (!weft_expr_has_aggregate(args[i])) continue;
        return weft_fail_at(ctx, WEFT_NESTED_AGGREGATE, span,
                            "an aggregate function stands inside the argument of \"%s\"", name);
    }
    if (count == 0 && strcmp(fn->name, "count") == 0) { /* count(*) is count(1), also in its name */
        const weft_value value = {.type = WEFT_TYPE_OF(WEFT_TYPE_INT), .i64 = 1};
        WEFT_TRY(st, weft_expr_literal(ctx, &value, &one));
        args = &one;
        count = 1;
    }
    WEFT_TRY(st, take_ignore_nulls(ctx, fn, args, &count, span, &proto.aggregate.ignore_nulls));
    WEFT_TRY(st, copy_args(ctx, args, count, &bound));
    if (filter != NULL && filter->type.id != WEFT_TYPE_BOOLEAN) {
        WEFT_TRY(st, weft_expr_text(ctx, filter, false, &text));
        return weft_fail_at(
            ctx, WEFT_AGGREGATE_FILTER_TYPE, filter->span.line > 0 ? &filter->span : span,
            "The FILTER expression \"%.200s\" in an aggregate function is invalid. Expected a "
            "FILTER expression of the BOOLEAN type.",
            text);
    }
    WEFT_TRY(st, weft_aggregate_bind(ctx, fn, bound, count, span, &proto.type));
    if (distinct) WEFT_TRY(st, check_distinct_order(ctx, fn, args, count, span));
    if (strcmp(fn->name, "collect_list") != 0) /* array_agg() is shown as it, in Spark too */
        WEFT_TRY(st, written_name(ctx, name, fn->name, &proto.aggregate.written));
    if (span != NULL) proto.span = *span;
    proto.arg_count = count;
    proto.aggregate.function = fn;
    proto.aggregate.distinct = distinct;
    proto.aggregate.filter = filter;
    if (fn->constant_first > 0 || fn->shows_given) {
        WEFT_TRY(st, copy_args(ctx, args, count, &shown));
        proto.aggregate.shown = shown;
    }
    WEFT_TRY(st, weft_expr_with_args(ctx, &proto, bound, out));
done:
    return st;
}
