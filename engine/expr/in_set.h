/* engine/expr/in_set.h - membership in a list of literals, prepared once.
 *
 * Integers, dates and decimals of 64 bits: a byte table when they lie close together, else a sorted array
 * searched without branches (short lists: compared in turn). Strings: an open table of their hashes. Others:
 * compared in turn. Const after building; any thread. */
#ifndef WEFT_EXPR_IN_SET_H
#define WEFT_EXPR_IN_SET_H

#include "engine/expr/expr.h"

typedef struct weft_in_set weft_in_set;

/* items are non-null literals of one type, except that NULLs may be among them; in ctx->arena. */
WEFT_MUST_CHECK weft_status weft_in_set_new(weft_ctx *ctx, const weft_expr *const *items, int32_t count,
                                            const weft_in_set **out);
bool weft_in_set_has_null(const weft_in_set *set);
/* out[i] = 1 when the value of row i is in the set, at the selected rows; column is FLAT or CONSTANT (one
 * value). */
void weft_in_set_test(const weft_in_set *set, const weft_column *column, const uint16_t *selection,
                      int32_t selected, uint8_t *out);

#endif
