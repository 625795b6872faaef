/* engine/plan/analyzer_rows.h - UNNEST and JSON_TABLE as the parser leaves them, and their binding. */
#ifndef WEFT_PLAN_ANALYZER_ROWS_H
#define WEFT_PLAN_ANALYZER_ROWS_H

#include "engine/plan/analyzer_internal.h"
#include "engine/plan/rows_call.h"

/* Is it the name of such a call? */
bool weft_is_rows_call(const char *name);
/* Its columns. Errors: those of expressions, WEFT_DATATYPE_MISMATCH, WEFT_JSON_TABLE_PATH. */
WEFT_MUST_CHECK weft_status weft_bind_rows_call(weft_binder *b, const weft_expr *parsed, bool outer,
                                                weft_generated *out);
/* The input's columns and those of the generator, cast to what they were declared as. ids:
 * [made->calls.count] of the latter, set here. */
WEFT_MUST_CHECK weft_status weft_add_generated(weft_analyzer *a, const weft_node *input,
                                               const weft_generated *made, int64_t *ids,
                                               const weft_node **out);

/* ---- analyzer_bin_by.c ---- */
/* Errors: WEFT_BIN_BY_*, those of names and expressions. */
WEFT_MUST_CHECK weft_status weft_bind_bin_by(weft_analyzer *a, const weft_node *parsed,
                                             const weft_scope *outer, weft_cte *ctes, weft_bound *out);

#endif
