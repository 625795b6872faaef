/* engine/plan/analyzer_time_window.c - GROUP BY window(t, size [, slide [, start]]); session_window(t, gap)
 * is in analyzer_session_window.c.
 *
 * A query block that calls window() gets a column of that name behind its FROM: a row for every window that
 * the row's time is in, none where the time is NULL. The call itself then is this column, wherever it stands.
 */
#include <strings.h>

#include "engine/expr/coerce.h"
#include "engine/expr/interval.h"
#include "engine/plan/analyzer_internal.h"

static const char window_qualifier[] = "(window)"; /* of the column, no name that a query can write */

bool weft_is_session_window(const weft_expr *parsed)
{
    return parsed->kind == WEFT_EXPR_UNRESOLVED_CALL &&
           strcasecmp(parsed->unresolved.name, "session_window") == 0;
}

bool weft_is_time_window(const weft_expr *parsed)
{
    return weft_is_session_window(parsed) ||
           (parsed->kind == WEFT_EXPR_UNRESOLVED_CALL && parsed->arg_count >= 2 &&
            strcasecmp(parsed->unresolved.name, "window") == 0);
}

typedef struct window_search {
    const weft_expr *found, *other; /* other: one that is not the found one */
} window_search;

static bool visit_window(void *self, const weft_expr *e)
{
    window_search *search = self;
    if (weft_is_time_window(e)) {
        if (search->found == NULL) search->found = e;
        if (!weft_expr_equal(search->found, e)) search->other = e;
    }
    return search->other != NULL;
}

static void search_in(window_search *search, const weft_expr *const *exprs, int32_t count)
{
    for (int32_t i = 0; i < count && search->other == NULL; i++)
        (void)weft_expr_any(exprs[i], visit_window, search);
}

weft_status weft_find_time_window(weft_analyzer *a, const weft_select *select, const weft_node *sort,
                                  const weft_expr **out)
{
    window_search search = {0};
    search_in(&search, select->groups, select->group_count);
    search_in(&search, select->items, select->item_count);
    if (select->having != NULL) search_in(&search, &select->having, 1);
    if (sort != NULL) search_in(&search, sort->sort.keys, sort->sort.count);
    *out = search.found;
    if (search.other == NULL) return WEFT_OK;
    return weft_fail_at(a->ctx, WEFT_UNSUPPORTED, weft_analyzer_span(a, &search.other->span),
                        "Multiple time/session window expressions would result in a cartesian product of "
                        "rows, therefore they are currently not supported.");
}

/* Microseconds of a duration: '5 minutes', or a whole number of them. */
static weft_status bind_duration(weft_binder *b, const weft_expr *parsed, int64_t *out)
{
    weft_status st = WEFT_OK;
    weft_ctx *ctx = b->a->ctx;
    const weft_span *span = weft_analyzer_span(b->a, &parsed->span);
    const weft_expr *e = NULL;
    weft_calendar_interval interval;
    WEFT_TRY(st, weft_bind_expr(b, parsed, &e));
    WEFT_TRY(st, weft_expr_fold(ctx, e, &e));
    const bool literal = e->kind == WEFT_EXPR_LITERAL && !e->literal.is_null;
    if (literal && weft_type_is_integral(e->type)) {
        *out = e->literal.i64;
        return WEFT_OK;
    }
    if (!literal || e->type.id != WEFT_TYPE_STRING)
        return weft_fail_at(
            ctx, WEFT_DATATYPE_MISMATCH_NOT_FOLDABLE, span,
            "The duration and time inputs to window must be an integer, long or string literal.");
    const weft_str *text = &e->literal.str;
    if (!weft_interval_words(weft_str_data(text), text->len, &interval))
        return weft_fail_at(ctx, WEFT_INTERVAL_TEXT, span, "Unable to parse '%.*s' as an interval.",
                            (int)weft_min_i64(text->len, 100), weft_str_data(text));
    if (interval.months != 0)
        return weft_fail_at(ctx, WEFT_UNSUPPORTED, span,
                            "Intervals greater than a month is not supported (%.*s).",
                            (int)weft_min_i64(text->len, 100), weft_str_data(text));
    *out = interval.days * INT64_C(86400000000) + interval.us;
done:
    return st;
}

static weft_status check_durations(weft_binder *b, const weft_expr *call, int64_t size, int64_t slide,
                                   int64_t start)
{
    weft_ctx *ctx = b->a->ctx;
    const weft_span *span = weft_analyzer_span(b->a, &call->span);
    if (size <= 0 || slide <= 0)
        return weft_fail_at(ctx, WEFT_VALUE_OUT_OF_RANGE, span,
                            "The `%s` must be between (0, 9223372036854775807] (current value = %lldL).",
                            size <= 0 ? "window_duration" : "slide_duration",
                            (long long)(size <= 0 ? size : slide));
    if (slide > size)
        return weft_fail_at(ctx, WEFT_PARAMETER_CONSTRAINT, span,
                            "The `slide_duration`(%lldL) must be <= the `window_duration`(%lldL).",
                            (long long)slide, (long long)size);
    if (start >= slide || start <= -slide)
        return weft_fail_at(ctx, WEFT_PARAMETER_CONSTRAINT, span,
                            "The `abs(start_time)`(%lldL) must be < the `slide_duration`(%lldL).",
                            (long long)(start < 0 ? -start : start), (long long)slide);
    return WEFT_OK;
}

weft_status weft_bind_window_time(weft_binder *b, const weft_expr *call, const weft_expr **out)
{
    weft_status st = WEFT_OK;
    weft_ctx *ctx = b->a->ctx;
    const weft_span *span = weft_analyzer_span(b->a, &call->span);
    WEFT_TRY(st, weft_bind_expr(b, call->args[0], out));
    const weft_type_id id = (weft_type_id)(*out)->type.id;
    if (id == WEFT_TYPE_STRUCT) WEFT_TRY(st, weft_expr_call(ctx, "window_time", out, 1, span, out));
    if (id == WEFT_TYPE_DATE || id == WEFT_TYPE_STRING || id == WEFT_TYPE_NULL)
        WEFT_TRY(st, weft_expr_cast(ctx, *out, WEFT_TYPE_OF(WEFT_TYPE_TIMESTAMP), true, out));
    const weft_type_id now = (weft_type_id)(*out)->type.id;
    if (now != WEFT_TYPE_TIMESTAMP && now != WEFT_TYPE_TIMESTAMP_NTZ)
        st = weft_fail_arg_type(ctx, 0, "\"timestamp\"", *out, span);
done:
    return st;
}

bool weft_is_window_name(const weft_name *name) { return name->qualifier == window_qualifier; }

weft_status weft_add_window_name(weft_analyzer *a, const weft_bound *before, int64_t id, const char *name,
                                 weft_type type, bool nullable, weft_bound *out)
{
    weft_status st = WEFT_OK;
    weft_name *names = NULL;
    WEFT_TRY(st, WEFT_NEW_ARRAY(a->ctx, before->count + 1, &names));
    if (before->count > 0) memcpy(names, before->names, (size_t)before->count * sizeof *names);
    bool taken = false;
    for (int32_t i = 0; i < before->count; i++) taken |= strcasecmp(before->names[i].name, name) == 0;
    names[before->count] = (weft_name){.id = id,
                                       .name = name,
                                       .qualifier = window_qualifier,
                                       .type = type,
                                       .nullable = nullable,
                                       .hidden = taken};
    out->count = before->count + 1;
    out->names = names;
done:
    return st;
}

weft_status weft_bind_time_window(weft_binder *b, const weft_expr *call, weft_bound *from)
{
    weft_status st = WEFT_OK;
    weft_ctx *ctx = b->a->ctx;
    const weft_span *span = weft_analyzer_span(b->a, &call->span);
    const weft_value none = {.type = WEFT_TYPE_OF(WEFT_TYPE_INT), .i64 = 0};
    const weft_expr *args[4] = {NULL}, *parts[2] = {NULL};
    const char *name = "window";
    if (weft_is_session_window(call)) return weft_bind_session_window(b, call, from);
    int64_t times[3] = {0, 0, 0}, id = 0;
    if (call->arg_count > 4) return weft_fail_arg_count(ctx, name, 2, 4, call->arg_count, span);
    WEFT_TRY(st, weft_bind_window_time(b, call, &args[0]));
    for (int32_t i = 1; i < call->arg_count; i++)
        WEFT_TRY(st, bind_duration(b, call->args[i], &times[i - 1]));
    if (call->arg_count < 3) times[1] = times[0];
    WEFT_TRY(st, check_durations(b, call, times[0], times[1], times[2]));
    for (int32_t i = 0; i < 3; i++) {
        const weft_value value = {.type = WEFT_TYPE_OF(WEFT_TYPE_BIGINT), .i64 = times[i]};
        WEFT_TRY(st, weft_expr_literal(ctx, &value, &args[i + 1]));
    }
    WEFT_TRY(st, weft_expr_call(ctx, "(time_windows)", args, 4, span, &parts[0]));
    WEFT_TRY(st, weft_expr_literal(ctx, &none, &parts[1]));
    WEFT_TRY(st, weft_expr_call(ctx, "explode", parts, 2, span, &args[0]));
    WEFT_TRY(st, weft_build_generate(b->a, from->node, args, &name, 1, &id, &from->node));
    WEFT_TRY(st, weft_add_window_name(b->a, from, id, name, args[0]->type, true, from));
done:
    return st;
}

weft_status weft_bind_window_column(weft_binder *b, const weft_expr *call, const weft_expr **out)
{
    for (int32_t i = 0; i < b->scope->count; i++) {
        const weft_name *name = &b->scope->names[i];
        if (name->qualifier != window_qualifier) continue;
        return weft_expr_column(b->a->ctx, name->id, name->name, name->type, name->nullable, out);
    }
    return weft_fail_at(b->a->ctx, WEFT_UNSUPPORTED, weft_analyzer_span(b->a, &call->span),
                        "%s() of a time stands in the select list, GROUP BY, HAVING and ORDER BY only.",
                        call->unresolved.name);
}
