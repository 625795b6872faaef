/* engine/expr/agg_by.h - what max_by and min_by of one row and of k rows share. */
#ifndef WEFT_EXPR_AGG_BY_H
#define WEFT_EXPR_AGG_BY_H

#include "engine/expr/agg_object.h"

/* Is this max_by? */
bool weft_by_greatest(const weft_expr *call);
/* Of calls with a third argument, k. */
extern const weft_agg_object weft_agg_by_object;

#endif
