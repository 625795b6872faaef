/* engine/expr/special_moment.h - words that stand for a date or a timestamp, in literals and constant casts:
 * epoch, now, today, tomorrow, yesterday. A time zone behind a word other than now must be one, and means
 * nothing, as in Spark: today is that of the session's zone. And times of the day that are cast to TIMESTAMP:
 * those of the day on which the statement began. */
#ifndef WEFT_EXPR_SPECIAL_MOMENT_H
#define WEFT_EXPR_SPECIAL_MOMENT_H

#include "engine/expr/expr.h"

/* Is the text one of the words? Its case and blanks around it do not count. */
bool weft_is_special_moment(weft_ctx *ctx, const char *text, size_t len);
/* What the cast of such a text to DATE, TIMESTAMP or TIMESTAMP_NTZ is in this statement, as a literal. *out
 * is left as it is where e is no such cast. */
WEFT_MUST_CHECK weft_status weft_special_moment(weft_ctx *ctx, const weft_expr *e, const weft_expr **out);

#endif
