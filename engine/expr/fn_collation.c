/* engine/expr/fn_collation.c - collate, collation, and the keys that comparisons are made of. */
#include "common/mem.h"
#include "engine/columnar/collation.h"
#include "engine/expr/collator.h"
#include "engine/expr/fn_entry.h"
#include "engine/expr/nested_call.h"

/* ---- collate: the same strings under another type ---- */

static weft_status kernel_collate(weft_ctx *ctx, weft_kernel_call *call)
{
    (void)ctx;
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        *weft_call_text(call, i) = *weft_arg_str(&call->args[0], i);
    }
    return WEFT_OK;
}

static weft_status bind_collate(weft_ctx *ctx, const weft_function *fn, const weft_expr **args, int32_t count,
                                const weft_span *span, int32_t *variant, weft_type *type)
{
    weft_status st = WEFT_OK;
    const weft_expr *name = NULL;
    if (count != 2) return weft_fail_arg_count(ctx, fn->name, 2, 2, count, span);
    if (args[0]->type.id == WEFT_TYPE_NULL)
        WEFT_TRY(st, weft_expr_cast(ctx, args[0], WEFT_TYPE_OF(WEFT_TYPE_STRING), true, &args[0]));
    for (int32_t i = 0; i < 2; i++)
        if (args[i]->type.id != WEFT_TYPE_STRING)
            return weft_fail_arg_type(ctx, i, "\"STRING\"", args[i], span);
    WEFT_TRY(st, weft_expr_fold(ctx, args[1], &name));
    if (name->kind != WEFT_EXPR_LITERAL)
        return weft_fail_at(ctx, WEFT_DATATYPE_MISMATCH_NOT_FOLDABLE, span,
                            "the name of a collation must be a constant");
    if (name->literal.is_null)
        return weft_fail_at(ctx, WEFT_UNEXPECTED_NULL, span, "The collation must not be null.");
    *variant = 0;
    *type = WEFT_TYPE_OF(WEFT_TYPE_STRING);
    args[1] = name;
    WEFT_TRY(st, weft_collation_resolve(ctx, weft_str_data(&name->literal.str), name->literal.str.len, span,
                                        &type->collation));
done:
    return st;
}

/* ---- collation: the name in the type ---- */

static weft_status kernel_collation(weft_ctx *ctx, weft_kernel_call *call)
{
    static const char schema[] = "SYSTEM.BUILTIN.";
    weft_status st = WEFT_OK;
    char name[WEFT_COLLATION_NAME_BYTES], *text = NULL;
    const uint16_t collation = call->expr->args[0]->type.collation;
    const size_t before = collation == WEFT_COLLATION_NULL ? 0 : sizeof schema - 1;
    weft_collation_name(collation, name);
    WEFT_TRY(st, weft_text_room(ctx, call, before + strlen(name), &text));
    memcpy(text, schema, before);
    memcpy(text + before, name, strlen(name));
    for (int32_t k = 0; k < call->selected; k++)
        *weft_call_text(call, weft_call_row(call, k)) =
            weft_str_view(text, (uint32_t)(before + strlen(name)));
done:
    return st;
}

static weft_status bind_collation(weft_ctx *ctx, const weft_function *fn, const weft_expr **args,
                                  int32_t count, const weft_span *span, int32_t *variant, weft_type *type)
{
    weft_status st = WEFT_OK;
    if (count != 1) return weft_fail_arg_count(ctx, fn->name, 1, 1, count, span);
    if (args[0]->type.id == WEFT_TYPE_NULL)
        WEFT_TRY(st, weft_expr_cast(ctx, args[0], WEFT_TYPE_OF(WEFT_TYPE_STRING), true, &args[0]));
    if (args[0]->type.id != WEFT_TYPE_STRING) return weft_fail_arg_type(ctx, 0, "\"STRING\"", args[0], span);
    *variant = 0;
    *type = WEFT_TYPE_OF(WEFT_TYPE_STRING);
done:
    return st;
}

/* ---- keys ---- */

static weft_status key_open(weft_ctx *ctx, const weft_expr *call, void **state)
{
    weft_status st = WEFT_OK;
    uint16_t collation = 0;
    weft_collator *c = NULL;
    const weft_value *name = weft_call_literal(call, 1);
    if (name == NULL) return weft_fail_at(ctx, WEFT_INTERNAL, &call->span, "the key of no collation");
    WEFT_TRY(st,
             weft_collation_resolve(ctx, weft_str_data(&name->str), name->str.len, &call->span, &collation));
    WEFT_TRY(st, weft_collator_open(ctx, collation, &c));
    *state = c;
done:
    return st;
}

static void key_close(void *state)
{
    weft_collator *c = state;
    weft_collator_close(&c);
}

static weft_status kernel_key(weft_ctx *ctx, weft_kernel_call *call)
{
    weft_status st = WEFT_OK;
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        if (!weft_call_valid(call, i)) continue;
        const weft_str *s = weft_arg_str(&call->args[0], i);
        const char *key = NULL;
        char *to = NULL;
        size_t len = 0;
        WEFT_TRY(st, weft_collator_key(ctx, call->state, weft_str_data(s), s->len, &key, &len));
        WEFT_TRY(st, weft_text_room(ctx, call, len, &to));
        memcpy(to, key, len);
        *weft_call_text(call, i) = weft_str_view(to, (uint32_t)len);
    }
done:
    return st;
}

/* ---- keys of nested values ---- */

static weft_status bind_keys(weft_ctx *ctx, const weft_function *fn, const weft_expr **args, int32_t count,
                             const weft_span *span, int32_t *variant, weft_type *type)
{
    if (count != 1) return weft_fail_arg_count(ctx, fn->name, 1, 1, count, span);
    *variant = 0;
    return weft_type_of_keys(ctx, args[0]->type, type);
}

static weft_status keys_open(weft_ctx *ctx, const weft_expr *call, void **state)
{
    weft_keyer *keyer = NULL;
    const weft_status st = weft_keyer_open(ctx, call->args[0]->type, &keyer);
    *state = keyer;
    return st;
}

static void keys_close(void *state)
{
    weft_keyer *keyer = state;
    weft_keyer_close(&keyer);
}

static weft_status kernel_keys(weft_ctx *ctx, weft_kernel_call *call)
{
    weft_status st = WEFT_OK;
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        WEFT_TRY(st, weft_keyer_put(ctx, call->state, &call->args[0], i, call->out, i));
    }
done:
    return st;
}

/* ---- maps whose keys differ ---- */

static weft_status bind_distinct(weft_ctx *ctx, const weft_function *fn, const weft_expr **args,
                                 int32_t count, const weft_span *span, int32_t *variant, weft_type *type)
{
    weft_status st = WEFT_OK;
    if (count != 1) return weft_fail_arg_count(ctx, fn->name, 1, 1, count, span);
    *variant = 0;
    WEFT_TRY(st, weft_bind_map_arg(ctx, args, 0, span));
    *type = args[0]->type;
done:
    return st;
}

static weft_status kernel_distinct(weft_ctx *ctx, weft_kernel_call *call)
{
    weft_status st = WEFT_OK;
    const weft_column *map = &call->args[0], *keys = NULL;
    weft_map_builder seen = {0};
    WEFT_TRY(st, weft_element_keys(ctx, call, 0, &keys));
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        WEFT_TRY(st, weft_vector_set(ctx, call->out, i, map, i));
        if (weft_column_is_null(map, i)) continue;
        const weft_list list = weft_arg_list(map, i);
        const weft_column *entries = &map->children[0];
        seen.keys.count = seen.values.count = 0;
        for (int32_t e = list.offset; e < list.offset + list.length; e++) {
            const int32_t slot = weft_column_slot(entries, e);
            WEFT_TRY(st, weft_map_add_keyed(ctx, &seen, call->expr, &entries->children[0], keys, slot,
                                            &entries->children[1], slot));
        }
    }
done:
    weft_map_free(&seen);
    return st;
}

/* ---- patterns of regular expressions for which case does not count ---- */

static weft_status kernel_case_free(weft_ctx *ctx, weft_kernel_call *call)
{
    static const char flags[] = "(?iu)";
    weft_status st = WEFT_OK;
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        if (!weft_call_valid(call, i)) continue;
        const weft_str *s = weft_arg_str(&call->args[0], i);
        const size_t before = s->len == 0 ? 0 : sizeof flags - 1; /* no pattern stays none */
        char *to = NULL;
        WEFT_TRY(st, weft_text_room(ctx, call, before + s->len, &to));
        memcpy(to, flags, before);
        memcpy(to + before, weft_str_data(s), s->len);
        *weft_call_text(call, i) = weft_str_view(to, (uint32_t)(before + s->len));
    }
done:
    return st;
}

#define S WEFT_TYPE_STRING
static const weft_signature case_free_signatures[] = {{{S}, 1, 1, S, kernel_case_free}};
WEFT_FN_ENTRY(case_free, "(case_free)", NULL, 0, NULL,
              "(case_free)(pattern): the regular expression, for which case does not count", NULL, NULL);
static const weft_signature collate_signatures[] = {{{S, S}, 2, 2, S, kernel_collate}};
WEFT_FN_ENTRY(collate, "collate", NULL, 0, bind_collate,
              "collate(s, name), s COLLATE name: s, compared by the collation",
              "SELECT 'a' COLLATE UTF8_LCASE = 'A'", "true");
static const weft_signature collation_signatures[] = {{{S}, 1, 1, S, kernel_collation}};
WEFT_FN_ENTRY(collation, "collation", NULL, WEFT_FN_NULL_OWN | WEFT_FN_NEVER_NULL, bind_collation,
              "collation(s): the name of the collation that s is compared by", "SELECT collation('a')",
              "SYSTEM.BUILTIN.UTF8_BINARY");
static const weft_signature key_signatures[] = {{{S, S}, 2, 2, WEFT_TYPE_BINARY, kernel_key}};
const weft_function weft_fn_collation_key = {
    .name = "(collation_key)",
    .signatures = key_signatures,
    .signature_count = WEFT_COUNT(key_signatures),
    .open = key_open,
    .close = key_close,
    .help = "(collation_key)(s, name): bytes that compare as s does under the collation"};
WEFT_NESTED_FORM(collation_keys, 1, 1, WEFT_TYPE_COUNT, kernel_keys);
const weft_function weft_fn_collation_keys = {
    .name = "(collation_keys)",
    .flags = WEFT_FN_NULL_OWN,
    .signatures = collation_keys_forms,
    .signature_count = 1,
    .bind = bind_keys,
    .open = keys_open,
    .close = keys_close,
    .help = "(collation_keys)(v): the nested value with the key of each string of a collation in its place"};
WEFT_NESTED_FORM(distinct_keys, 1, 1, WEFT_TYPE_MAP, kernel_distinct);
WEFT_KEYED_ENTRY(distinct_keys, "(distinct_keys)", NULL, WEFT_FN_NULL_OWN | WEFT_FN_FALLIBLE, bind_distinct,
                 "(distinct_keys)(m): the map, whose keys differ by their collation", NULL, NULL);
