/* engine/expr/agg_log.h - the state of an aggregate that keeps every value of its group: a log of doubles.
 *
 * A weft_agg_object (agg_object.h) whose body is a u64 count, then the values. The general driver asks for
 * room for all rows of a batch, then adds row by row; a log takes values as the column has them, in one pass,
 * and takes them back where memory is refused half way, so that the batch can be done again. Merging and
 * results are the general driver's. */
#ifndef WEFT_EXPR_AGG_LOG_H
#define WEFT_EXPR_AGG_LOG_H

#include "engine/expr/agg_object.h"

enum { WEFT_AGG_LOG_HEAD = 8 }; /* of the body: the count */

/* Of calls whose first argument is a number (or what is kept as one: its value as a double is logged). */
extern const weft_agg_variant weft_agg_log_variant;

#endif
