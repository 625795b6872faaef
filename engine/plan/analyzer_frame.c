/* engine/plan/analyzer_frame.c - frames of window functions that take no other than their own. */
#include <strings.h>

#include "engine/plan/analyzer_internal.h"

/* A written whole number; false for all else. */
static bool whole_number(const weft_expr *e, int64_t *out)
{
    if (e == NULL || e->kind != WEFT_EXPR_LITERAL || e->literal.is_null || !weft_type_is_integral(e->type))
        return false;
    *out = e->literal.i64;
    return true;
}

/* ROWS BETWEEN n FOLLOWING AND n FOLLOWING, n as far as the function looks: so is it shown, too. */
static bool is_offset_frame(const weft_expr *call, const weft_window_spec *spec, bool ahead)
{
    int64_t offset = 1, low = 0, high = 0;
    if (call->arg_count > 1 && !whole_number(call->args[1], &offset)) return false;
    if (!spec->rows || spec->low != WEFT_BOUND_FOLLOWING || spec->high != WEFT_BOUND_FOLLOWING) return false;
    if (!whole_number(spec->low_offset, &low) || !whole_number(spec->high_offset, &high)) return false;
    return low == high && low == (ahead ? offset : -offset);
}

weft_status weft_check_required_frame(weft_binder *b, const weft_expr *call, const weft_window_spec *spec)
{
    static const char *const ranks[] = {"row_number",   "rank",  "dense_rank",
                                        "percent_rank", "ntile", "cume_dist"};
    const char *name = call->unresolved.name;
    const weft_span *span = weft_analyzer_span(b->a, &call->span);
    const bool lead = strcasecmp(name, "lead") == 0;
    if (!spec->has_frame) return WEFT_OK;
    if (lead || strcasecmp(name, "lag") == 0) {
        if (is_offset_frame(call, spec, lead)) return WEFT_OK;
        return weft_fail_at(b->a->ctx, WEFT_WINDOW_OFFSET, span,
                            "Cannot specify window frame for %s function.", name);
    }
    for (int32_t i = 0; i < WEFT_COUNT(ranks); i++) {
        if (strcasecmp(name, ranks[i]) != 0) continue;
        const bool rows = strcmp(ranks[i], "cume_dist") != 0;
        if (spec->rows == rows && spec->low == WEFT_BOUND_UNBOUNDED_PRECEDING &&
            spec->high == WEFT_BOUND_CURRENT_ROW)
            return WEFT_OK;
        return weft_fail_at(b->a->ctx, WEFT_REQUIRED_WINDOW_FRAME, span,
                            "The window frame of %s() must be its own: %s BETWEEN UNBOUNDED PRECEDING AND "
                            "CURRENT ROW. Leave the frame out.",
                            name, rows ? "ROWS" : "RANGE");
    }
    return WEFT_OK;
}
