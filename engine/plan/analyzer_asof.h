/* engine/plan/analyzer_asof.h - joins that take the best rows of the right side: ASOF and NEAREST BY. */
#ifndef WEFT_PLAN_ANALYZER_ASOF_H
#define WEFT_PLAN_ANALYZER_ASOF_H

#include "engine/plan/analyzer_internal.h"

/* ON as keys and other conditions: the join of both sides by these conjuncts (analyzer_from.c). */
WEFT_MUST_CHECK weft_status weft_build_join(weft_analyzer *a, const weft_node *parsed, const weft_node *left,
                                            const weft_node *right, const weft_pointers *conjuncts,
                                            const weft_node **out);
/* The names of both sides, which one condition may read. */
WEFT_MUST_CHECK weft_status weft_join_scope(weft_ctx *ctx, const weft_bound *left, const weft_bound *right,
                                            const weft_scope *outer, weft_scope *out);

/* [LEFT] ASOF JOIN … MATCH_CONDITION: join is the plain join by ON or USING. left and right become the same
 * names of the columns of *out. Errors: WEFT_ASOF_*, those of expressions. */
WEFT_MUST_CHECK weft_status weft_bind_asof(weft_analyzer *a, const weft_node *parsed, const weft_node *join,
                                           const weft_scope *outer, weft_cte *ctes, weft_bound *left,
                                           weft_bound *right, const weft_node **out);
/* [LEFT] JOIN … NEAREST n BY. Errors: WEFT_NEAREST_ORDER, those of expressions. */
WEFT_MUST_CHECK weft_status weft_bind_nearest(weft_analyzer *a, const weft_node *parsed,
                                              const weft_scope *outer, weft_cte *ctes, const weft_bound *left,
                                              const weft_bound *right, const weft_node **out);

#endif
