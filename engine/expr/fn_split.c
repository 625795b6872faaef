/* engine/expr/fn_split.c - texts cut by regular expressions: split, str_to_map, regexp_extract_all. */
#include "common/mem.h"
#include "engine/expr/fn_entry.h"
#include "engine/expr/nested_call.h"
#include "engine/expr/regexp.h"

/* Pieces of a text: views of it. Zeroed is empty. */
typedef struct pieces {
    weft_str *at;
    int32_t count, room;
} pieces;

static weft_status pieces_add(weft_ctx *ctx, pieces *p, const weft_str *text, size_t from, size_t to)
{
    weft_status st = WEFT_OK;
    if (p->count == p->room) {
        const int32_t room = weft_max_i32(16, 2 * p->room);
        WEFT_TRY(st, weft_mem_resize(ctx, WEFT_MEM_WORKING, (size_t)room * sizeof *p->at, (void **)&p->at));
        p->room = room;
    }
    p->at[p->count++] = weft_str_part(text, from, to - from);
done:
    return st;
}

/* Every character a piece: what an empty pattern means. */
static weft_status split_characters(weft_ctx *ctx, const weft_str *text, int64_t limit, pieces *out)
{
    weft_status st = WEFT_OK;
    size_t at = 0;
    while (at < text->len) {
        size_t next = at + weft_utf8_bytes((unsigned char)weft_str_data(text)[at]);
        if (next > text->len || (limit > 0 && out->count == limit - 1)) next = text->len;
        WEFT_TRY(st, pieces_add(ctx, out, text, at, next));
        at = next;
    }
    if (text->len == 0) WEFT_TRY(st, pieces_add(ctx, out, text, 0, 0));
done:
    return st;
}

/* Between the places of a pattern that matches itself alone. */
static weft_status split_plain(weft_ctx *ctx, const weft_regexp *s, const weft_str *text, int64_t limit,
                               pieces *out)
{
    weft_status st = WEFT_OK;
    const char *const data = weft_str_data(text), *const end = data + text->len;
    const char *at = data;
    while (limit <= 0 || out->count < limit - 1) {
        const size_t left = (size_t)(end - at);
        const char *hit = s->len == 1 ? memchr(at, s->text[0], left) : memmem(at, left, s->text, s->len);
        if (hit == NULL) break;
        WEFT_TRY(st, pieces_add(ctx, out, text, (size_t)(at - data), (size_t)(hit - data)));
        at = hit + s->len;
    }
    WEFT_TRY(st, pieces_add(ctx, out, text, (size_t)(at - data), text->len));
done:
    return st;
}

/* As Java's Pattern.split with this limit (0 is -1): no empty piece before a match of nothing at the start,
 * empty ones at the end stay. */
static weft_status split_text(weft_ctx *ctx, const weft_expr *e, const weft_regexp *s, const weft_str *text,
                              int64_t limit, pieces *out)
{
    weft_status st = WEFT_OK;
    size_t piece = 0, from = 0;
    bool found = true;
    out->count = 0;
    if (s->len == 0) return split_characters(ctx, text, limit, out);
    if (s->is_plain) return split_plain(ctx, s, text, limit, out);
    while (limit <= 0 || out->count < limit - 1) {
        WEFT_TRY(st, weft_regexp_next(ctx, e, s, text, from, &found));
        if (!found) break;
        const PCRE2_SIZE *at = pcre2_get_ovector_pointer(s->match);
        from = weft_regexp_behind(s, text);
        if (at[1] == 0) continue;
        WEFT_TRY(st, pieces_add(ctx, out, text, piece, at[0]));
        piece = at[1];
    }
    WEFT_TRY(st, pieces_add(ctx, out, text, piece, text->len));
done:
    return st;
}

/* Slot i of out becomes the array of the pieces. */
static weft_status pieces_put(weft_ctx *ctx, const pieces *p, weft_vector *out, int32_t i)
{
    weft_status st = WEFT_OK;
    int32_t first = 0;
    WEFT_TRY(st, weft_vector_add_list(ctx, out, i, p->count, &first));
    memcpy((weft_str *)out->children[0].values + first, p->at, (size_t)p->count * sizeof *p->at);
done:
    return st;
}

static weft_status texts_type(weft_ctx *ctx, weft_type *type)
{
    return weft_type_make_array(ctx, WEFT_TYPE_OF(WEFT_TYPE_STRING), type);
}

static weft_status bind_texts(weft_ctx *ctx, const weft_function *fn, const weft_expr **args, int32_t count,
                              const weft_span *span, int32_t *variant, weft_type *type)
{
    weft_status st = WEFT_OK;
    if (count < 2 || count > 3) return weft_fail_arg_count(ctx, fn->name, 2, 3, count, span);
    *variant = 0;
    for (int32_t i = 0; i < count; i++) {
        const weft_type_id id = i < 2 ? WEFT_TYPE_STRING : WEFT_TYPE_INT;
        WEFT_TRY(st, weft_bind_arg_as(ctx, args, i, WEFT_TYPE_OF(id), span));
    }
    WEFT_TRY(st, texts_type(ctx, type));
done:
    return st;
}

static weft_status kernel_split(weft_ctx *ctx, weft_kernel_call *call)
{
    weft_status st = WEFT_OK;
    pieces p = {0};
    weft_regexp *s = NULL;
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        if (weft_call_skip_null(call, i)) continue;
        const int64_t limit = call->arg_count == 3 ? weft_arg_i64(&call->args[2], i) : -1;
        WEFT_TRY(st, weft_regexp_of_row(ctx, call, i, &s));
        WEFT_TRY(st, split_text(ctx, call->expr, s, weft_arg_str(&call->args[0], i), limit, &p));
        WEFT_TRY(st, pieces_put(ctx, &p, call->out, i));
    }
done:
    weft_mem_free(p.at);
    return st;
}

static weft_status kernel_extract_all(weft_ctx *ctx, weft_kernel_call *call)
{
    weft_status st = WEFT_OK;
    pieces p = {0};
    weft_regexp *s = NULL;
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        if (weft_call_skip_null(call, i)) continue;
        const weft_str *text = weft_arg_str(&call->args[0], i);
        const int64_t group = call->arg_count == 3 ? weft_arg_i64(&call->args[2], i) : 1;
        bool found = true;
        p.count = 0;
        WEFT_TRY(st, weft_regexp_of_row(ctx, call, i, &s));
        WEFT_TRY(st, weft_regexp_next(ctx, call->expr, s, text, 0, &found));
        if (found && (group < 0 || group > s->groups)) /* only a match shows that the group is not there */
            WEFT_TRY(st,
                     weft_fail_at(ctx, WEFT_REGEX_GROUP_INDEX, &call->expr->span,
                                  "The value of parameter(s) `idx` in `%s` is invalid: Expects group index "
                                  "between 0 and %u, but got %lld.",
                                  call->expr->call.function->name, s->groups, (long long)group));
        while (found) {
            const PCRE2_SIZE *at = pcre2_get_ovector_pointer(s->match) + 2 * group;
            const bool set = at[0] != PCRE2_UNSET;
            WEFT_TRY(st, pieces_add(ctx, &p, text, set ? at[0] : 0, set ? at[1] : 0));
            WEFT_TRY(st, weft_regexp_next(ctx, call->expr, s, text, weft_regexp_behind(s, text), &found));
        }
        WEFT_TRY(st, pieces_put(ctx, &p, call->out, i));
    }
done:
    weft_mem_free(p.at);
    return st;
}

/* ---- str_to_map ---- */

typedef struct map_state {
    weft_regexp between, within; /* pairs, key and value */
} map_state;

static weft_status map_open(weft_ctx *ctx, const weft_expr *call, void **state)
{
    (void)call;
    return weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, sizeof(map_state), state);
}

static void map_close(void *state)
{
    map_state *s = state;
    if (s == NULL) return;
    weft_regexp_forget(&s->between);
    weft_regexp_forget(&s->within);
    weft_mem_free(s);
}

static weft_status bind_str_to_map(weft_ctx *ctx, const weft_function *fn, const weft_expr **args,
                                   int32_t count, const weft_span *span, int32_t *variant, weft_type *type)
{
    weft_status st = WEFT_OK;
    const weft_type text = WEFT_TYPE_OF(WEFT_TYPE_STRING);
    if (count < 1 || count > 3) return weft_fail_arg_count(ctx, fn->name, 1, 3, count, span);
    *variant = 0;
    for (int32_t i = 0; i < count; i++) {
        if (args[i]->type.id != WEFT_TYPE_STRING && args[i]->type.id != WEFT_TYPE_NULL)
            return weft_fail_arg_type(ctx, i, "\"string\"", args[i], span);
        WEFT_TRY(st, weft_bind_arg_as(ctx, args, i, text, span));
    }
    WEFT_TRY(st, weft_type_make_map(ctx, text, text, type));
done:
    return st;
}

static weft_status kernel_str_to_map(weft_ctx *ctx, weft_kernel_call *call)
{
    weft_status st = WEFT_OK;
    map_state *s = call->state;
    pieces pairs = {0}, sides = {0}, keys = {0}, values = {0};
    weft_map_builder map = {0};
    const weft_str comma = weft_str_view(",", 1), colon = weft_str_view(":", 1);
    weft_column key = {.type = WEFT_TYPE_OF(WEFT_TYPE_STRING), .phys = WEFT_PHYS_STR, .encoding = WEFT_FLAT};
    weft_column value = key;
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        if (weft_call_skip_null(call, i)) continue;
        const weft_str *text = weft_arg_str(&call->args[0], i);
        const weft_str *between = call->arg_count > 1 ? weft_arg_str(&call->args[1], i) : &comma;
        const weft_str *within = call->arg_count > 2 ? weft_arg_str(&call->args[2], i) : &colon;
        WEFT_TRY(st, weft_regexp_use(ctx, call->expr, between, &s->between));
        WEFT_TRY(st, weft_regexp_use(ctx, call->expr, within, &s->within));
        WEFT_TRY(st, split_text(ctx, call->expr, &s->between, text, -1, &pairs));
        keys.count = values.count = 0;
        for (int32_t p = 0; p < pairs.count; p++) {
            sides.count = 0;
            WEFT_TRY(st, split_text(ctx, call->expr, &s->within, &pairs.at[p], 2, &sides));
            const weft_str side = sides.count > 1 ? sides.at[1] : sides.at[0];
            WEFT_TRY(st, pieces_add(ctx, &keys, &sides.at[0], 0, sides.at[0].len));
            WEFT_TRY(st, pieces_add(ctx, &values, &side, 0, side.len));
            key.data = keys.at;
            value.data = values.at;
            WEFT_TRY(st, weft_map_add(ctx, &map, call->expr, &key, p, &value, p));
            if (sides.count < 2) map.values.at[p].column = NULL;
        }
        key.data = keys.at; /* they may have moved */
        value.data = values.at;
        WEFT_TRY(st, weft_map_put(ctx, &map, call->out, i));
    }
done:
    weft_mem_free(pairs.at);
    weft_mem_free(sides.at);
    weft_mem_free(keys.at);
    weft_mem_free(values.at);
    weft_map_free(&map);
    return st;
}

/* ---- registry ---- */

#define SPLITTER(symbol, low, high, result, kernel, binder, opener, closer, usage, sql, want)                \
    WEFT_NESTED_FORM(symbol, low, high, result, kernel);                                                     \
    const weft_function weft_fn_##symbol = {.name = #symbol,                                                 \
                                            .flags = WEFT_FN_NULL_OWN | WEFT_FN_FALLIBLE,                    \
                                            .signatures = symbol##_forms,                                    \
                                            .signature_count = 1,                                            \
                                            .bind = binder,                                                  \
                                            .open = opener,                                                  \
                                            .close = closer,                                                 \
                                            .help = usage,                                                   \
                                            .example = sql,                                                  \
                                            .example_result = want}

SPLITTER(split, 2, 3, WEFT_TYPE_ARRAY, kernel_split, bind_texts, weft_regexp_open, weft_regexp_close,
         "split(s, regexp [, limit]): the parts between matches, at most `limit` where it is above 0",
         "SELECT split('a,b', ',')", "[a, b]");
SPLITTER(regexp_extract_all, 2, 3, WEFT_TYPE_ARRAY, kernel_extract_all, bind_texts, weft_regexp_open,
         weft_regexp_close,
         "regexp_extract_all(s, regexp [, group]): the group, 1 unless told, of every match",
         "SELECT regexp_extract_all('1-2', '([0-9])')", "[1, 2]");
SPLITTER(str_to_map, 1, 3, WEFT_TYPE_MAP, kernel_str_to_map, bind_str_to_map, map_open, map_close,
         "str_to_map(s [, between [, within]]): pairs parted by ',', keys and values by ':', unless told",
         "SELECT str_to_map('a:1,b:2')", "{a -> 1, b -> 2}");
