/* engine/plan/analyzer_named.c - named arguments, f(b => 2, a => 1), of the built-in functions that take
 * them: a list of parameters in their order, with what stands for those that a call leaves out. */
#include <string.h>
#include <strings.h>

#include "engine/plan/analyzer_internal.h"

enum { PARAMETERS_MAX = 5 };

typedef struct named_parameter {
    const char *name;
    bool has_initial;
    const char *initial; /* a text, or NULL for a NULL */
} named_parameter;

typedef struct named_function {
    const char *name;
    int32_t count;
    named_parameter parameters[PARAMETERS_MAX];
} named_function;

static const named_function functions[] = {
    {"mask",
     5,
     {{"str", false, NULL},
      {"upperChar", true, "X"},
      {"lowerChar", true, "x"},
      {"digitChar", true, "n"},
      {"otherChar", true, NULL}}},
    {"count_min_sketch",
     4,
     {{"column", false, NULL}, {"epsilon", false, NULL}, {"confidence", false, NULL}, {"seed", false, NULL}}},
};

static const named_function *find_function(const char *name)
{
    for (int32_t i = 0; i < WEFT_COUNT(functions); i++)
        if (strcasecmp(functions[i].name, name) == 0) return &functions[i];
    return NULL;
}

static const char *name_of(const weft_expr *argument, char *text, size_t bytes)
{
    const weft_str *name = &argument->args[0]->literal.str;
    const size_t len = name->len < bytes - 1 ? name->len : bytes - 1;
    memcpy(text, weft_str_data(name), len);
    text[len] = '\0';
    return text;
}

/* Where a named argument goes. */
static weft_status place_of(weft_binder *b, const weft_expr *e, const named_function *f,
                            const weft_expr *argument, const weft_expr *const *taken, int32_t positional,
                            int32_t *out)
{
    const weft_span *span = weft_analyzer_span(b->a, &e->span);
    char name[128];
    name_of(argument, name, sizeof name);
    for (*out = 0; *out < f->count; (*out)++)
        if (strcasecmp(f->parameters[*out].name, name) == 0) break;
    if (*out == f->count)
        return weft_fail_at(b->a->ctx, WEFT_UNRECOGNIZED_PARAMETER_NAME, span,
                            "Cannot invoke routine `%s` because the routine call included a named argument "
                            "reference for the argument named `%s`, but this routine does not include any "
                            "signature containing an argument with this name.",
                            f->name, name);
    if (taken[*out] == NULL) return WEFT_OK;
    const bool both = *out < positional;
    return weft_fail_at(b->a->ctx, both ? WEFT_DUPLICATE_ARGUMENT_BOTH : WEFT_DUPLICATE_ARGUMENT, span,
                        "Call to routine `%s` is invalid because it includes %s argument%s assigned to the "
                        "same parameter name `%s`.",
                        f->name, both ? "a positional and a named" : "multiple", both ? "" : "s", name);
}

/* What stands for the parameters that the call leaves out. */
static weft_status fill_in(weft_binder *b, const weft_expr *e, const named_function *f,
                           const weft_expr **taken, int32_t *count)
{
    weft_status st = WEFT_OK;
    *count = f->count;
    while (*count > 0 && taken[*count - 1] == NULL && !f->parameters[*count - 1].has_initial) (*count)--;
    for (int32_t i = 0; i < *count; i++) {
        const named_parameter *p = &f->parameters[i];
        if (taken[i] != NULL) continue;
        if (!p->has_initial)
            return weft_fail_at(b->a->ctx, WEFT_REQUIRED_PARAMETER_NOT_FOUND,
                                weft_analyzer_span(b->a, &e->span),
                                "Cannot invoke routine `%s` because the parameter named `%s` is required at "
                                "index %d, but the routine call did not supply a value.",
                                f->name, p->name, i);
        const weft_value value = {
            .type = WEFT_TYPE_OF(p->initial == NULL ? WEFT_TYPE_NULL : WEFT_TYPE_STRING),
            .is_null = p->initial == NULL,
            .str = p->initial == NULL ? (weft_str){0} : weft_str_view(p->initial, 1)};
        WEFT_TRY(st, weft_expr_literal(b->a->ctx, &value, &taken[i]));
    }
done:
    return st;
}

weft_status weft_place_named(weft_binder *b, const weft_expr *e, const weft_expr **out)
{
    weft_status st = WEFT_OK;
    weft_expr *copy = NULL;
    const weft_expr **taken = NULL;
    int32_t positional = 0, at = 0;
    const named_function *f = find_function(e->unresolved.name);
    *out = e;
    while (positional < e->arg_count && !weft_is_named_argument(e->args[positional])) positional++;
    if (f == NULL || positional == e->arg_count || positional > f->count) return WEFT_OK;
    WEFT_TRY(st, WEFT_NEW_ARRAY(b->a->ctx, f->count, &taken));
    for (int32_t i = 0; i < positional; i++) taken[i] = e->args[i];
    for (int32_t i = positional; i < e->arg_count; i++) {
        if (!weft_is_named_argument(e->args[i]))
            return weft_fail_at(b->a->ctx, WEFT_UNEXPECTED_POSITIONAL_ARGUMENT,
                                weft_analyzer_span(b->a, &e->span),
                                "Cannot invoke routine `%s` because it contains positional argument(s) "
                                "following a named argument; please rearrange them so the positional "
                                "arguments come first.",
                                f->name);
        WEFT_TRY(st, place_of(b, e, f, e->args[i], taken, positional, &at));
        taken[at] = e->args[i]->args[1];
    }
    WEFT_TRY(st, WEFT_NEW(b->a->ctx, &copy));
    *copy = *e;
    copy->args = taken;
    WEFT_TRY(st, fill_in(b, e, f, taken, &copy->arg_count));
    *out = copy;
done:
    return st;
}
