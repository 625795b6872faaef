/* engine/plan/analyzer_nearest.h - the best rows of a join's right side for every row of its left side. */
#ifndef WEFT_PLAN_ANALYZER_NEAREST_H
#define WEFT_PLAN_ANALYZER_NEAREST_H

#include "engine/plan/analyzer_internal.h"

/* A join whose pairs are, for every left row, the first `count` by rank of those that the join's keys and
 * conditions, and `condition` (NULL: none), let pass. rank reads both sides and is nowhere NULL in these. */
WEFT_MUST_CHECK weft_status weft_best_with(weft_analyzer *a, const weft_node *join,
                                           const weft_expr *condition, const weft_expr *rank, bool descending,
                                           int32_t count, const weft_node **out);

#endif
