/* engine/plan/analyzer_table.c - what may stand in FROM beside tables and queries: calls that give rows,
 * TABLESAMPLE, and LATERAL. */
#include <stdio.h>
#include <strings.h>

#include "engine/expr/coerce.h"
#include "engine/expr/function.h"
#include "engine/expr/type_sql.h"
#include "engine/plan/analyzer_rows.h"

/* The value of an argument of range(), which is its parameter `index`. By name it takes none, as in Spark. */
static weft_status range_argument(weft_binder *b, const weft_expr *parsed, const weft_span *span,
                                  int32_t index, int64_t *out)
{
    static const char *const names[] = {"start", "end", "step", "numSlices"};
    static const char *const ordinals[] = {"first", "second", "third", "fourth"};
    weft_status st = WEFT_OK;
    weft_ctx *ctx = b->a->ctx;
    const weft_expr *e = NULL;
    char *text = NULL, *type = NULL;
    if (!weft_is_named_argument(parsed)) {
        WEFT_TRY(st, weft_bind_expr(b, parsed, &e));
        WEFT_TRY(st, weft_expr_fold(ctx, e, &e));
    }
    if (e == NULL || e->kind != WEFT_EXPR_LITERAL)
        return weft_fail_at(ctx, WEFT_NON_FOLDABLE_ARGUMENT, span,
                            "The function `range` requires the parameter `%s` to be a foldable expression of "
                            "the type \"BIGINT\", but the actual argument is a non-foldable.",
                            names[index]);
    if (e->literal.is_null || (!weft_type_is_numeric(e->type) && e->type.id != WEFT_TYPE_STRING)) {
        WEFT_TRY(st, weft_expr_text(ctx, e, false, &text));
        WEFT_TRY(st, weft_type_sql(ctx, e->type, &type));
        WEFT_TRY(st, weft_fail_at(ctx, WEFT_PARAMETER_TYPE, span,
                                  "Parameter %s of function `range` requires the \"BIGINT\" type, however "
                                  "\"%.200s\" has the type \"%s\".",
                                  ordinals[index], text, type));
    }
    WEFT_TRY(st, weft_expr_cast(ctx, e, WEFT_TYPE_OF(WEFT_TYPE_BIGINT), true, &e));
    WEFT_TRY(st, weft_expr_fold_now(ctx, e, &e));           /* 'a' is the cast's error */
    if (e->kind != WEFT_EXPR_LITERAL || e->literal.is_null) /* a text or number that is none, or too large */
        WEFT_TRY(st, weft_fail_at(ctx, WEFT_PARAMETER_TYPE, span,
                                  "Parameter %s of function `range` is no whole number of 64 bits.",
                                  ordinals[index]));
    *out = e->literal.i64;
done:
    return st;
}

/* range([start,] end [, step [, parts]]): a table of the format of that name, which has no files. */
static weft_status bind_range(weft_analyzer *a, const weft_expr *call, weft_bound *out)
{
    static const char *const keys[] = {"start", "end", "step", "parts"};
    weft_status st = WEFT_OK;
    const weft_span *span = weft_analyzer_span(a, &call->span);
    weft_ctx *ctx = a->ctx;
    const weft_scope nothing = {0};
    weft_binder b = {.a = a, .scope = &nothing, .clause = "range"};
    const char *options[8];
    int64_t values[4] = {0, 0, 1, 0};
    const weft_relation *relation = NULL;
    const weft_node *node = NULL;
    if (call->arg_count < 1 || call->arg_count > 4)
        return weft_fail_arg_count(ctx, "range", 1, 4, call->arg_count, span);
    for (int32_t i = 0; i < call->arg_count; i++) {
        const int32_t index = call->arg_count == 1 ? 1 : i;
        WEFT_TRY(st, range_argument(&b, call->args[i], span, index, &values[index]));
    }
    for (int32_t i = 0; i < 4; i++) {
        char *text = NULL;
        WEFT_TRY(st, weft_arena_printf(ctx, ctx->arena, &text, "%lld", (long long)values[i]));
        options[2 * i] = keys[i];
        options[2 * i + 1] = text;
    }
    st = a->catalog->open(ctx, a->catalog->self, "range", "", options, 4, &relation);
    if (st != WEFT_OK && a->in_view == 0 && ctx->error.span.line == 0) ctx->error.span = call->span;
    if (st != WEFT_OK) goto done;
    WEFT_TRY(st, weft_node_scan(ctx, a->ids, relation, "range", &node));
    WEFT_TRY(st, weft_names_of(ctx, node, "range", out));
done:
    return st;
}

/* explode(…) in FROM: over one row of no columns. */
static weft_status bind_generator_table(weft_analyzer *a, const weft_expr *call, const weft_scope *outer,
                                        weft_cte *ctes, weft_bound *out)
{
    weft_status st = WEFT_OK;
    weft_ctx *ctx = a->ctx;
    weft_generated made;
    int64_t *ids = NULL;
    const weft_node *one = NULL, *node = NULL;
    const weft_scope scope = {.outer = outer};
    weft_binder b = {
        .a = a, .scope = &scope, .ctes = ctes, .clause = "FROM", .no_aggregates = WEFT_UNSUPPORTED_EXPR};
    WEFT_TRY(st, weft_bind_generator(&b, call, false, NULL, 0, &made));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, made.calls.count, &ids));
    WEFT_TRY(st, weft_node_values(ctx, a->ids, NULL, 1, 0, NULL, &one));
    WEFT_TRY(st, weft_add_generated(a, one, &made, ids, &node));
    WEFT_TRY(st, weft_names_of(ctx, node, NULL, out));
done:
    return st;
}

/* sql_keywords(): a row for every keyword. */
static weft_status bind_keywords(weft_analyzer *a, const weft_expr *call, weft_bound *out)
{
    static const char *const words[] = {
#define X(word) #word,
#include "engine/plan/sql_keyword_list.h"
#undef X
    };
    static const char *const names[] = {"keyword", "reserved"};
    enum { COLUMNS = 2 };
    weft_status st = WEFT_OK;
    weft_ctx *ctx = a->ctx;
    const int32_t count = WEFT_COUNT(words);
    const weft_value no = {.type = WEFT_TYPE_OF(WEFT_TYPE_BOOLEAN), .boolean = false};
    const weft_expr **cells = NULL, *reserved = NULL;
    const weft_node *node = NULL;
    if (call->arg_count != 0)
        return weft_fail_arg_count(ctx, "sql_keywords", 0, 0, call->arg_count,
                                   weft_analyzer_span(a, &call->span));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, count * COLUMNS, &cells));
    WEFT_TRY(st, weft_expr_literal(ctx, &no, &reserved));
    for (int32_t i = 0; i < count; i++) {
        const weft_value word = {.type = WEFT_TYPE_OF(WEFT_TYPE_STRING),
                                 .str = weft_str_view(words[i], (uint32_t)strlen(words[i]))};
        WEFT_TRY(st, weft_expr_literal(ctx, &word, &cells[i * COLUMNS]));
        cells[i * COLUMNS + 1] = reserved;
    }
    WEFT_TRY(st, weft_node_values(ctx, a->ids, cells, count, COLUMNS, names, &node));
    WEFT_TRY(st, weft_names_of(ctx, node, "sql_keywords", out));
done:
    return st;
}

weft_status weft_bind_table_function(weft_analyzer *a, const weft_node *parsed, const weft_scope *outer,
                                     weft_cte *ctes, weft_bound *out)
{
    const weft_expr *call = parsed->table_function.call;
    const char *name = call->unresolved.name;
    const weft_routine *routine = NULL;
    if (strcmp(name, WEFT_BIN_BY_CALL) == 0) return weft_bind_bin_by(a, parsed, outer, ctes, out);
    if (strcasecmp(name, "range") == 0) return bind_range(a, call, out);
    if (strcasecmp(name, "sql_keywords") == 0) return bind_keywords(a, call, out);
    if (strcasecmp(name, "collations") == 0) return weft_bind_collations(a, call, out);
    if (weft_is_generator_name(name)) return bind_generator_table(a, call, outer, ctes, out);
    const weft_status st = weft_find_routine(a, name, &routine);
    if (st != WEFT_OK) return st;
    if (routine != NULL) return weft_bind_table_routine(a, call, routine, outer, ctes, out);
    return weft_fail_at(a->ctx, WEFT_UNRESOLVED_TABLE_FUNCTION, weft_analyzer_span(a, &call->span),
                        "Could not resolve `%s` to a table-valued function.", name);
}

/* (n ROWS) are the first n; otherwise every row has the same chance, by the numbers of rand(seed). */
weft_status weft_bind_sample(weft_analyzer *a, const weft_node *parsed, const weft_scope *outer,
                             weft_cte *ctes, weft_bound *out)
{
    weft_status st = WEFT_OK;
    weft_ctx *ctx = a->ctx;
    int64_t rows = 0;
    const weft_expr *args[2] = {NULL, NULL}, *seed = NULL;
    WEFT_TRY(st, weft_bind_from(a, parsed->inputs[0], outer, ctes, out));
    if (parsed->sample.rows != NULL) {
        WEFT_TRY(st, weft_bind_count(a, parsed->sample.rows, "limit", &rows));
        WEFT_TRY(st, weft_node_limit(ctx, out->node, 0, rows, &out->node));
        goto done;
    }
    const weft_value number = {.type = WEFT_TYPE_OF(WEFT_TYPE_BIGINT),
                               .i64 = parsed->sample.seeded ? parsed->sample.seed
                                                            : (int64_t)(weft_draw_number(a->ids) % 1000)};
    const weft_value fraction = {.type = WEFT_TYPE_OF(WEFT_TYPE_DOUBLE), .f64 = parsed->sample.fraction};
    WEFT_TRY(st, weft_expr_literal(ctx, &number, &seed));
    WEFT_TRY(st, weft_expr_call(ctx, "rand", &seed, 1, weft_analyzer_span(a, &parsed->span), &args[0]));
    WEFT_TRY(st, weft_expr_literal(ctx, &fraction, &args[1]));
    WEFT_TRY(st, weft_expr_call(ctx, "<", args, 2, weft_analyzer_span(a, &parsed->span), &args[0]));
    WEFT_TRY(st, weft_node_filter(ctx, out->node, &args[0], 1, &out->node));
done:
    return st;
}

/* |> WHERE: the columns stay, with the tables that they are of. */
weft_status weft_bind_pipe_filter(weft_analyzer *a, const weft_node *parsed, const weft_scope *outer,
                                  weft_cte *ctes, weft_bound *out)
{
    weft_status st = WEFT_OK;
    weft_pointers conjuncts = {0};
    WEFT_TRY(st, weft_bind_from(a, parsed->inputs[0], outer, ctes, out));
    const weft_scope scope = {.count = out->count, .names = out->names, .outer = outer};
    weft_binder b = {.a = a,
                     .scope = &scope,
                     .ctes = ctes,
                     .clause = "WHERE",
                     .no_aggregates = WEFT_INVALID_WHERE_CONDITION};
    WEFT_TRY(st, weft_bind_predicate(&b, parsed->filter.conjuncts[0], &conjuncts));
    weft_carried where = {.count = conjuncts.count};
    WEFT_TRY(st, WEFT_NEW_ARRAY(a->ctx, conjuncts.count, &where.exprs));
    for (int32_t i = 0; i < where.count; i++) where.exprs[i] = weft_pointers_exprs(&conjuncts)[i];
    WEFT_TRY(st, weft_lift_chance(a, out->node, &where, where.count, false, &out->node));
    WEFT_TRY(st, weft_node_filter(a->ctx, out->node, where.exprs, where.count, &out->node));
done:
    return st;
}

/* A generator behind LATERAL without a condition is a LATERAL VIEW of what stands before it: *view is the
 * parsed one over the bound left side; NULL when it is something else. */
weft_status weft_lateral_as_view(weft_analyzer *a, const weft_node *join, const weft_bound *left,
                                 const weft_node **view)
{
    weft_status st = WEFT_OK;
    const weft_node *right = join->inputs[1], *call = right;
    weft_node *node = NULL, *given = NULL;
    const weft_node **inputs = NULL;
    *view = NULL;
    if (right->kind == WEFT_NODE_ALIAS) call = right->inputs[0];
    const weft_expr *on = join->join.on;
    const bool always = on == NULL || (on->kind == WEFT_EXPR_LITERAL && on->type.id == WEFT_TYPE_BOOLEAN &&
                                       !on->literal.is_null && on->literal.i64 != 0);
    const bool plain = always && join->join.using_count == 0 && !join->join.natural;
    const bool kind = join->join.kind == WEFT_JOIN_INNER || join->join.kind == WEFT_JOIN_LEFT;
    if (!plain || !kind || call->kind != WEFT_NODE_TABLE_FUNCTION ||
        !weft_is_generator_name(call->table_function.call->unresolved.name))
        return WEFT_OK;
    WEFT_TRY(st, WEFT_NEW(a->ctx, &node));
    WEFT_TRY(st, WEFT_NEW(a->ctx, &given));
    WEFT_TRY(st, WEFT_NEW_ARRAY(a->ctx, 1, &inputs));
    *given = (weft_node){.kind = WEFT_NODE_GIVEN, .span = join->span, .output = {.count = -1}};
    given->given = left;
    inputs[0] = given;
    *node = (weft_node){.kind = WEFT_NODE_EXPAND,
                        .span = join->span,
                        .input_count = 1,
                        .inputs = inputs,
                        .output = {.count = -1}};
    node->expand.call = call->table_function.call;
    node->expand.outer = join->join.kind == WEFT_JOIN_LEFT;
    if (right->kind == WEFT_NODE_ALIAS) {
        node->expand.name = right->alias.name;
        node->expand.column_count = right->alias.column_count;
        node->expand.column_names = right->alias.columns;
    }
    *view = node;
done:
    return st;
}
