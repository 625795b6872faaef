/* engine/plan/analyzer_misplaced.c - functions that may not stand where they do.
 *
 * Spark looks for such only when all names of a query are resolved: a name that nobody has is told first. */
#include "engine/plan/analyzer_internal.h"

typedef struct name_check {
    weft_binder *b;
    weft_status st;
} name_check;

static bool is_lambda(void *self, const weft_expr *e)
{
    (void)self;
    return weft_is_parsed_lambda(e);
}

static bool is_unknown(void *self, const weft_expr *e)
{
    name_check *c = self;
    const weft_expr *bound = NULL;
    if (e->kind != WEFT_EXPR_UNRESOLVED_COLUMN) return false;
    c->st = weft_bind_name(c->b, e, &bound);
    if (c->st == WEFT_UNRESOLVED_COLUMN || c->st == WEFT_UNRESOLVED_COLUMN_ALONE) return true;
    if (c->st != WEFT_OK) weft_error_clear(c->b->a->ctx);
    c->st = WEFT_OK;
    return false;
}

weft_status weft_names_first(weft_binder *b)
{
    name_check check = {.b = b, .st = WEFT_OK};
    if (b->whole == NULL || weft_expr_any(b->whole, is_lambda, NULL))
        return WEFT_OK; /* its names are its own */
    (void)weft_expr_any(b->whole, is_unknown, &check);
    return check.st;
}

weft_status weft_fail_misplaced(weft_binder *b, const weft_expr *e, weft_status code, const char *what)
{
    /* A clause without windows is checked as it is read. */
    const weft_status st = code == WEFT_WINDOW_NOT_ALLOWED ? WEFT_OK : weft_names_first(b);
    if (st != WEFT_OK) return st;
    return weft_fail_at(b->a->ctx, code != WEFT_OK ? code : WEFT_UNSUPPORTED_EXPR,
                        weft_analyzer_span(b->a, &e->span), "The %s %s() may not stand in %s.", what,
                        e->unresolved.name, b->clause);
}
