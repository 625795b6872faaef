/* engine/plan/analyzer_collations.c - collations(): a row for every collation, with what it looks at. */
#include "engine/columnar/collation.h"
#include "engine/expr/coerce.h"
#include "engine/expr/icu.h"
#include "engine/plan/analyzer_internal.h"

/* NULL where there is no text. */
static weft_status text_cell(weft_ctx *ctx, const char *text, weft_pointers *cells)
{
    weft_status st = WEFT_OK;
    weft_value value = {.type = WEFT_TYPE_OF(WEFT_TYPE_STRING), .is_null = text == NULL};
    const weft_expr *cell = NULL;
    char *copy = NULL;
    if (text != NULL) {
        WEFT_TRY(st, weft_arena_copy(ctx, ctx->arena, text, strlen(text), &copy));
        value.str = weft_str_view(copy, (uint32_t)strlen(copy));
    }
    WEFT_TRY(st, weft_expr_literal(ctx, &value, &cell));
    WEFT_TRY(st, weft_pointers_push(ctx, cells, cell));
done:
    return st;
}

static weft_status add_row(weft_ctx *ctx, uint16_t collation, const char *icu, weft_pointers *cells)
{
    weft_status st = WEFT_OK;
    char name[WEFT_COLLATION_NAME_BYTES];
    const char *texts[WEFT_COLLATION_COLUMNS];
    weft_collation_texts(collation, icu, name, texts);
    for (int32_t i = 0; i < WEFT_COUNT(texts); i++) WEFT_TRY(st, text_cell(ctx, texts[i], cells));
done:
    return st;
}

weft_status weft_bind_collations(weft_analyzer *a, const weft_expr *call, weft_bound *out)
{
    weft_status st = WEFT_OK;
    weft_pointers cells = {0};
    const weft_node *node = NULL;
    char version[32];
    const bool icu = weft_icu_version(version, sizeof version);
    if (call->arg_count != 0)
        return weft_fail_arg_count(a->ctx, "collations", 0, 0, call->arg_count,
                                   weft_analyzer_span(a, &call->span));
    for (uint16_t c = weft_collation_next(WEFT_COLLATION_NULL); c != WEFT_COLLATION_NULL;
         c = weft_collation_next(c))
        WEFT_TRY(st, add_row(a->ctx, c, icu ? version : NULL, &cells));
    WEFT_TRY(st, weft_node_values(a->ctx, a->ids, weft_pointers_exprs(&cells),
                                  cells.count / WEFT_COLLATION_COLUMNS, WEFT_COLLATION_COLUMNS,
                                  weft_collation_columns, &node));
    WEFT_TRY(st, weft_names_of(a->ctx, node, "collations", out));
done:
    return st;
}
