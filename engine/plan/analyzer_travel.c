/* engine/plan/analyzer_travel.c - t VERSION AS OF, t TIMESTAMP AS OF: tables of files have one version. What
 * the moment is, and whether the table is there, is told first, as in Spark. */
#include "engine/plan/analyzer_internal.h"

static bool names_columns(weft_status st)
{
    return st == WEFT_UNRESOLVED_COLUMN || st == WEFT_UNRESOLVED_COLUMN_ALONE;
}

/* No moment can be made of it. */
static weft_status fail_input(weft_analyzer *a, const weft_expr *moment, const weft_span *span)
{
    weft_status st = WEFT_OK;
    char *text = NULL;
    weft_error_clear(a->ctx);
    WEFT_TRY(st, weft_expr_text(a->ctx, moment, false, &text));
    st = weft_fail_at(a->ctx, WEFT_TIME_TRAVEL_INPUT, span,
                      "The time travel timestamp expression \"%s\" is invalid. Cannot be casted to the "
                      "\"TIMESTAMP\" type.",
                      text);
done:
    return st;
}

weft_status weft_check_moment(weft_analyzer *a, const weft_node *relation)
{
    weft_status st = WEFT_OK;
    weft_ctx *ctx = a->ctx;
    const weft_expr *moment = NULL, *value = NULL;
    char *text = NULL;
    const weft_span *span = weft_analyzer_span(a, &relation->relation.moment->span);
    const weft_scope nothing = {0};
    weft_binder b = {.a = a, .scope = &nothing, .clause = "TIMESTAMP AS OF"};
    st = weft_bind_expr(&b, relation->relation.moment, &moment);
    if (names_columns(st)) {
        weft_error_clear(ctx);
        return weft_fail_at(ctx, WEFT_TIME_TRAVEL_COLUMNS, span,
                            "Invalid time travel spec: timestamp expression cannot refer to any columns.");
    }
    if (st != WEFT_OK || weft_expr_has_subquery(moment)) return st;
    if (!weft_expr_deterministic(moment)) {
        WEFT_TRY(st, weft_expr_text(ctx, moment, false, &text));
        return weft_fail_at(ctx, WEFT_TIME_TRAVEL_NOT_FIXED, span,
                            "The time travel timestamp expression \"%s\" is invalid. Must be deterministic.",
                            text);
    }
    st = weft_expr_cast(ctx, moment, WEFT_TYPE_OF(WEFT_TYPE_TIMESTAMP), false, &value);
    if (st == WEFT_OK) st = weft_expr_fold_now(ctx, value, &value);
    const bool wrong = st != WEFT_OK && weft_status_classify(st) == WEFT_CLASS_USER;
    const bool null = st == WEFT_OK && value->kind == WEFT_EXPR_LITERAL && value->literal.is_null;
    if (wrong || null) return fail_input(a, moment, span);
    if (st == WEFT_OK && value->kind != WEFT_EXPR_LITERAL)
        st = weft_fail_at(ctx, WEFT_TIME_TRAVEL_UNEVALUABLE, span,
                          "The time travel timestamp expression is invalid. Must be evaluable.");
done:
    return st;
}

weft_status weft_fail_time_travel(weft_analyzer *a, const weft_node *relation, const char *database)
{
    const weft_span *span = weft_analyzer_span(a, &relation->span);
    const char *name = relation->relation.parts[relation->relation.part_count - 1];
    if (database == NULL)
        return weft_fail_at(a->ctx, WEFT_TIME_TRAVEL, span,
                            "The feature is not supported: Time travel on the relation: `%s`.", name);
    return weft_fail_at(a->ctx, WEFT_TIME_TRAVEL, span,
                        "The feature is not supported: Time travel on the relation: "
                        "`spark_catalog`.`%s`.`%s`.",
                        database, name);
}
