/* engine/expr/fn_generate.c - generators: functions that give several rows for one.
 *
 * A query writes explode(a), posexplode(m), inline(s); the analyser makes an EXPAND node of it, in which each
 * new column is a call explode(a, part) or explode_outer(a, part): part -2 is the number of the element from
 * 1 on, a BIGINT, -1 its position, an INT from 0 on, 0 the element, k above 0 the k-th field of an element
 * that is a struct, or the key (1) or value (2) of a map. The EXPAND operator runs them; they have no kernel.
 */
#include "engine/expr/nested_call.h"

static weft_status bind_part(weft_ctx *ctx, const weft_function *fn, const weft_expr **args, int32_t count,
                             const weft_span *span, int32_t *variant, weft_type *type)
{
    weft_status st = WEFT_OK;
    *variant = 0;
    if (count != 2 || args[1]->kind != WEFT_EXPR_LITERAL || args[1]->type.id != WEFT_TYPE_INT ||
        args[1]->literal.is_null)
        return weft_fail_arg_count(ctx, fn->name, 1, 1, count, span);
    if (args[0]->type.id != WEFT_TYPE_MAP) WEFT_TRY(st, weft_bind_array_arg(ctx, args, 0, span));
    const int64_t part = args[1]->literal.i64;
    const bool map = args[0]->type.id == WEFT_TYPE_MAP;
    const weft_type entry = map ? args[0]->type : args[0]->type.children[0].type;
    const bool fields = map || entry.id == WEFT_TYPE_STRUCT;
    if (part < -2 || (part == 0 && map) || (part > 0 && (!fields || part > entry.child_count))) {
        WEFT_TRY(st,
                 weft_fail_at(ctx, WEFT_INTERNAL, span, "%s has no part %lld", fn->name, (long long)part));
    }
    *type = part == -2   ? WEFT_TYPE_OF(WEFT_TYPE_BIGINT)
            : part == -1 ? WEFT_TYPE_OF(WEFT_TYPE_INT)
            : part == 0  ? entry
                         : entry.children[part - 1].type;
done:
    return st;
}

static const weft_signature part_forms[] = {{{WEFT_TYPE_COUNT, WEFT_TYPE_INT}, 2, 2, WEFT_TYPE_COUNT, NULL}};

#define GENERATOR(symbol, usage, query, answer)                                                              \
    const weft_function weft_fn_##symbol = {.name = #symbol,                                                 \
                                            .flags = WEFT_FN_NULL_OWN | WEFT_FN_GENERATOR,                   \
                                            .signatures = part_forms,                                        \
                                            .signature_count = 1,                                            \
                                            .bind = bind_part,                                               \
                                            .help = usage,                                                   \
                                            .example = query,                                                \
                                            .example_result = answer}

GENERATOR(explode, "explode(a): a row for each element of an array, or entry of a map",
          "SELECT explode(array(10, 20))", "10\n20");
GENERATOR(explode_outer, "explode_outer(a): as explode; a row with NULL where there is no element",
          "SELECT explode_outer(array())", "NULL");
GENERATOR(posexplode, "posexplode(a): as explode, with the position before",
          "SELECT posexplode(array(10, 20))", "0 10\n1 20");
GENERATOR(posexplode_outer, "posexplode_outer(a): as explode_outer, with the position before",
          "SELECT posexplode_outer(array(10))", "0 10");
GENERATOR(inline, "inline(a): a row for each struct of an array, its fields as columns",
          "SELECT inline(array(struct(1, 'a')))", "1 a");
GENERATOR(inline_outer, "inline_outer(a): as inline; a row of NULLs where there is no element",
          "SELECT inline_outer(array(struct(1, 'a')))", "1 a");

GENERATOR(json_tuple, "json_tuple(text, name, ...): a row of the values of these fields of a JSON object",
          "SELECT json_tuple('{\"a\":1, \"b\":2}', 'a', 'b')", "1 2");

GENERATOR(stack, "stack(rows, value, ...): the values in so many rows", "SELECT stack(2, 1, 2, 3)",
          "1 2\n3 NULL");
GENERATOR(variant_explode,
          "variant_explode(v): in FROM, a row for each element or field of a VARIANT: pos, key, value",
          "SELECT * FROM variant_explode(parse_json('[\"hello\", \"world\"]'))",
          "0 NULL \"hello\"\n1 NULL \"world\"");
GENERATOR(variant_explode_outer,
          "variant_explode_outer(v): as variant_explode; a row of NULLs where there is no element or field",
          "SELECT * FROM variant_explode_outer(parse_json('[]'))", "NULL NULL NULL");

bool weft_is_generator(const weft_expr *e)
{
    return e->kind == WEFT_EXPR_CALL && (e->call.function->flags & WEFT_FN_GENERATOR) != 0;
}

static bool visit_generator(void *self, const weft_expr *e)
{
    (void)self;
    return weft_is_generator(e);
}

bool weft_has_generator(const weft_expr *e) { return weft_expr_any(e, visit_generator, NULL); }
