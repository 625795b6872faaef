/* engine/expr/special_moment.h - words that stand for a date or a timestamp, in literals and constant casts:
 * epoch, now, today, tomorrow, yesterday. */
#ifndef WEFT_EXPR_SPECIAL_MOMENT_H
#define WEFT_EXPR_SPECIAL_MOMENT_H

#include "engine/expr/expr.h"

/* Is the text one of the words? Its case and blanks around it do not count. */
bool weft_is_special_moment(const char *text, size_t len);
/* What the cast of such a word to DATE, TIMESTAMP or TIMESTAMP_NTZ is in this statement, as a literal. *out
 * is left as it is where e is no such cast. */
WEFT_MUST_CHECK weft_status weft_special_moment(weft_ctx *ctx, const weft_expr *e, const weft_expr **out);

#endif
