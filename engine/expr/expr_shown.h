/* engine/expr/expr_shown.h - where Spark shows a call otherwise than it was written: arguments that it fills
 * in, names that it changes. Only for generated column names. */
#ifndef WEFT_EXPR_EXPR_SHOWN_H
#define WEFT_EXPR_EXPR_SHOWN_H

#include "engine/expr/expr.h"

/* What stands behind the arguments that were written, the separator included, or NULL. name: of the function
 * or aggregate; count: of the arguments written. */
const char *weft_shown_defaults(const char *name, int32_t count);
enum { WEFT_SHOWN_ARGS_MAX = 2 };
/* Of an aggregate with WITHIN GROUP: what stands between its parentheses, taken from args; returns how many.
 * -1: the call shows all its arguments. */
int32_t weft_shown_args(const weft_expr *call, const weft_expr *const *args, const weft_expr **inside);
/* Its k-th key and what stands behind it, or NULL when there are no more. */
const weft_expr *weft_shown_key(const weft_expr *call, const weft_expr *const *args, int32_t k,
                                const char **order);
/* What stands before the first argument, or NULL. */
const char *weft_shown_before(const char *name, int32_t count);
/* The name that is shown in the place of a written alias, or NULL. */
const char *weft_shown_name(const char *written);
/* The function whose call Spark shows as the only argument, or NULL: try_to_time(to_time(text)). */
const char *weft_shown_inner(const char *name, int32_t count);
/* The name of a function: (collated_instr) is shown as instr (collate_call.c), in plain then. */
enum { WEFT_SHOWN_NAME_BYTES = 64 };
const char *weft_shown_function(const weft_function *fn, char plain[WEFT_SHOWN_NAME_BYTES]);
/* BOTH, LEADING or TRAILING where Spark shows trim(…) of two arguments as TRIM(side characters FROM text);
 * else NULL. */
const char *weft_shown_trim(const weft_expr *call);
/* A comparison of a whole number with a decimal literal is shown with the literal rounded to a whole number:
 * where that is so, *out is this number and the side, 0 or 1, of the literal is returned; else -1. */
int32_t weft_shown_whole(const weft_expr *call, int64_t *out);

/* The name that v:path gives its value; NULL for all other expressions. */
const weft_str *weft_shown_extract(const weft_expr *e);

#endif
