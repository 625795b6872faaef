/* engine/plan/analyzer_named_form.c - conditions that are ANDs and ORs here and one expression in Spark, for
 * the names of columns: BETWEEN, LIKE ALL and ANY, a row IN rows. */
#include <string.h>

#include "engine/expr/nested_text.h"
#include "engine/plan/analyzer_internal.h"

static const weft_expr *below_not(const weft_expr *e) { return e->kind == WEFT_EXPR_NOT ? e->args[0] : e; }

static bool is_pair(const weft_expr *e) { return e->kind == WEFT_EXPR_CALL && e->arg_count == 2; }

/* likeall(value): so where all patterns are constants; else it is what it is. */
static weft_status like_text(weft_analyzer *a, const char *written, const weft_expr *const *tests,
                             int32_t count, const char **out)
{
    weft_status st = WEFT_OK;
    weft_ctx *ctx = a->ctx;
    const weft_expr *first = below_not(tests[0]);
    const char *value = NULL;
    char *text = NULL;
    for (int32_t i = 0; i < count; i++) {
        const weft_expr *test = below_not(tests[i]), *pattern = NULL;
        if (!is_pair(test)) return WEFT_OK;
        WEFT_TRY(st, weft_expr_fold(ctx, test->args[1], &pattern));
        if (pattern->kind != WEFT_EXPR_LITERAL || pattern->literal.is_null) return WEFT_OK;
    }
    const char *name = first->call.function->name;
    if (strcmp(name, "like") != 0 && strcmp(name, "ilike") != 0) return WEFT_OK;
    const bool small = name[0] == 'i';
    WEFT_TRY(st, weft_shown_text(a, first->args[0], &value));
    WEFT_TRY(st,
             weft_arena_printf(ctx, ctx->arena, &text, small ? "%s(lower(%s))" : "%s(%s)", written, value));
    *out = text;
done:
    return st;
}

/* named_struct(a, 1, b, 2) of one side of the equalities. */
static weft_status row_text(weft_analyzer *a, const weft_expr *equalities, int32_t side, const char **out)
{
    weft_status st = WEFT_OK;
    weft_ctx *ctx = a->ctx;
    const weft_expr **fields = NULL, *row = NULL;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, equalities->arg_count, &fields));
    for (int32_t i = 0; i < equalities->arg_count; i++) {
        const weft_expr *field = equalities->args[i]->args[side];
        while (field->kind == WEFT_EXPR_CAST && field->cast.implicit) field = field->args[0];
        fields[i] = field;
    }
    WEFT_TRY(st, weft_expr_call(ctx, WEFT_ROW_FUNCTION, fields, equalities->arg_count, NULL, &row));
    WEFT_TRY(st, weft_shown_text(a, row, out));
done:
    return st;
}

static weft_status put(weft_ctx *ctx, weft_text *to, const char *text)
{
    return weft_text_append(ctx, to, text, strlen(text));
}

/* (row IN (row, …)); once through however many there are. */
static weft_status in_text(weft_analyzer *a, const weft_expr *const *cases, int32_t count, const char **out)
{
    weft_status st = WEFT_OK;
    weft_ctx *ctx = a->ctx;
    weft_text text = {0};
    const char *row = NULL;
    char *copy = NULL;
    for (int32_t i = 0; i < count; i++) {
        if (cases[i]->kind != WEFT_EXPR_AND) goto done;
        for (int32_t k = 0; k < cases[i]->arg_count; k++)
            if (!is_pair(cases[i]->args[k])) goto done;
        if (i == 0) {
            WEFT_TRY(st, row_text(a, cases[i], 0, &row));
            WEFT_TRY(st, put(ctx, &text, "("));
            WEFT_TRY(st, put(ctx, &text, row));
            WEFT_TRY(st, put(ctx, &text, " IN ("));
        }
        WEFT_TRY(st, row_text(a, cases[i], 1, &row));
        if (i > 0) WEFT_TRY(st, put(ctx, &text, ", "));
        WEFT_TRY(st, put(ctx, &text, row));
    }
    WEFT_TRY(st, put(ctx, &text, "))"));
    WEFT_TRY(st, weft_arena_copy(ctx, ctx->arena, text.bytes, text.len, &copy));
    *out = copy;
done:
    weft_text_release(&text);
    return st;
}

weft_status weft_name_form(weft_analyzer *a, const weft_expr *parsed, int32_t tests, const weft_expr **form)
{
    weft_status st = WEFT_OK;
    const char *written = parsed->form.written, *text = NULL;
    const weft_expr *const *list = tests > 1 ? (*form)->args : form;
    if (tests > 1 && ((*form)->kind != parsed->kind || (*form)->arg_count != tests)) return WEFT_OK;
    if ((*form)->kind == WEFT_EXPR_AND || (*form)->kind == WEFT_EXPR_OR) { /* it stays whole among others */
        weft_expr *own = NULL;
        WEFT_TRY(st, WEFT_NEW(a->ctx, &own));
        *own = **form;
        own->form.written = written;
        *form = own;
    }
    if (strncmp(written, "like", 4) == 0 || strncmp(written, "notlike", 7) == 0)
        WEFT_TRY(st, like_text(a, written, list, tests, &text));
    else if (strcmp(written, "in") == 0)
        WEFT_TRY(st, in_text(a, list, tests, &text));
    if (text != NULL) WEFT_TRY(st, weft_keep_shown(a, text, form));
done:
    return st;
}
