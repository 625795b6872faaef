/* engine/expr/expr_text_private.h - texts of expressions while they grow, for the files that write them. */
#ifndef WEFT_EXPR_EXPR_TEXT_PRIVATE_H
#define WEFT_EXPR_EXPR_TEXT_PRIVATE_H

#include "engine/expr/expr.h"

/* What is written so far. st stops everything once it is not WEFT_OK, so that callers need not look. */
typedef struct expr_text {
    weft_ctx *ctx;
    char *bytes;
    size_t used, capacity;
    weft_status st;
    bool ids; /* the style of EXPLAIN */
} expr_text;

void expr_text_append(expr_text *t, const char *bytes, size_t len);
void expr_text_put(expr_text *t, const char *string);
void expr_text_expr(expr_text *t, const weft_expr *e);
void expr_text_list(expr_text *t, const weft_expr *const *list, int32_t count, const char *separator);
/* ---- expr_text_window.c ---- */
void expr_text_aggregate(expr_text *t, const weft_expr *e);
void expr_text_window(expr_text *t, const weft_expr *e);

#endif
