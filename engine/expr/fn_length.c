/* engine/expr/fn_length.c - columns of CHAR(n) and VARCHAR(n): what is written into them, and read.
 *
 * Lengths are in characters. Blanks at the end that are too many are dropped, anything else that is too many
 * is an error; a CHAR is filled with blanks. The analyser puts these calls in: no query can write their
 * names. */
#include "common/mem.h"
#include "engine/columnar/declared_type.h"
#include "engine/expr/declared_length.h"
#include "engine/expr/fn_entry.h"
#include "engine/expr/nested_copy.h"

typedef struct sized_text {
    const char *bytes;
    size_t len;    /* of the bytes that fit */
    int32_t count; /* of their characters */
    bool fits;     /* but for blanks behind them */
} sized_text;

static sized_text sized_of(const weft_str *s, int32_t limit)
{
    sized_text t = {.bytes = weft_str_data(s)};
    int64_t missing = 0;
    t.len = weft_utf8_skip(t.bytes, s->len, limit, &missing);
    t.count = limit - (int32_t)missing;
    size_t rest = t.len;
    while (rest < s->len && t.bytes[rest] == ' ') rest++;
    t.fits = rest == s->len;
    return t;
}

static weft_status put_padded(weft_ctx *ctx, weft_vector *out, int32_t i, const sized_text *t, int32_t limit)
{
    weft_status st = WEFT_OK;
    char *to = NULL;
    const size_t blanks = (size_t)(limit - t->count);
    if (t->len + blanks > INT32_MAX)
        return weft_fail(ctx, WEFT_LIMIT, "a string of %zu bytes: more than 2147483647", t->len + blanks);
    WEFT_TRY(st, weft_vector_heap(ctx, out, t->len + blanks, &to));
    memcpy(to, t->bytes, t->len);
    memset(to + t->len, ' ', blanks);
    ((weft_str *)out->values)[i] = weft_str_view(to, (uint32_t)(t->len + blanks));
done:
    return st;
}

/* The text as a CHAR(limit) holds it, or a VARCHAR(limit), which is not padded. */
static weft_status put_written(weft_ctx *ctx, const weft_expr *e, const weft_str *s, int32_t limit, bool pads,
                               weft_vector *out, int32_t i)
{
    const sized_text t = sized_of(s, limit);
    if (!t.fits)
        return weft_fail_at(ctx, WEFT_LENGTH_LIMIT, &e->span,
                            "Exceeds char/varchar type length limitation: %d.", limit);
    if (pads && t.count < limit) return put_padded(ctx, out, i, &t, limit);
    ((weft_str *)out->values)[i] = weft_str_part(s, 0, t.len);
    return WEFT_OK;
}

/* Files that others have written, and strings that a CHAR is compared with, may be shorter; longer ones stay.
 */
static weft_status put_read(weft_ctx *ctx, const weft_str *s, int32_t limit, weft_vector *out, int32_t i)
{
    const sized_text t = sized_of(s, limit);
    if (t.count < limit) return put_padded(ctx, out, i, &t, limit);
    ((weft_str *)out->values)[i] = *s;
    return WEFT_OK;
}

static weft_status write_rows(weft_ctx *ctx, weft_kernel_call *call, bool pads)
{
    weft_status st = WEFT_OK;
    const int32_t limit = (int32_t)weft_arg_i64(&call->args[1], 0);
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        if (!weft_call_valid(call, i)) continue;
        WEFT_TRY(st,
                 put_written(ctx, call->expr, weft_arg_str(&call->args[0], i), limit, pads, call->out, i));
    }
done:
    return st;
}

static weft_status kernel_char_write(weft_ctx *ctx, weft_kernel_call *call)
{
    return write_rows(ctx, call, true);
}
static weft_status kernel_varchar_write(weft_ctx *ctx, weft_kernel_call *call)
{
    return write_rows(ctx, call, false);
}

static weft_status kernel_char_pad(weft_ctx *ctx, weft_kernel_call *call)
{
    weft_status st = WEFT_OK;
    const int32_t limit = (int32_t)weft_arg_i64(&call->args[1], 0);
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        if (!weft_call_valid(call, i)) continue;
        WEFT_TRY(st, put_read(ctx, weft_arg_str(&call->args[0], i), limit, call->out, i));
    }
done:
    return st;
}

/* ---- texts within arrays, structs and maps ---- */

/* One that has a length. */
typedef struct length_leaf {
    const weft_expr *call;
    int32_t limit;
    bool pads;
} length_leaf;

static weft_status plan_lengths(weft_ctx *ctx, const weft_expr *call, weft_type declared, bool writes,
                                weft_copy_plan *plan)
{
    weft_status st = WEFT_OK;
    const bool pads = declared.length_kind == WEFT_LENGTH_CHAR;
    void *block = NULL;
    plan->changes = weft_type_has_length(declared) && (writes || pads || declared.child_count > 0);
    if (!plan->changes) return WEFT_OK;
    if (declared.child_count == 0) {
        WEFT_TRY(st, weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, sizeof(length_leaf), &block));
        plan->leaf = block;
        *(length_leaf *)block = (length_leaf){.call = call, .limit = declared.parameter, .pads = pads};
        goto done;
    }
    WEFT_TRY(st, weft_copy_plan_children(ctx, plan, declared.child_count));
    for (int32_t i = 0; i < declared.child_count; i++)
        WEFT_TRY(st, plan_lengths(ctx, call, declared.children[i].type, writes, &plan->children[i]));
done:
    return st;
}

static weft_status write_leaf(weft_ctx *ctx, void *leaf, const weft_str *s, weft_vector *out, int32_t i)
{
    const length_leaf *l = leaf;
    return put_written(ctx, l->call, s, l->limit, l->pads, out, i);
}
static weft_status read_leaf(weft_ctx *ctx, void *leaf, const weft_str *s, weft_vector *out, int32_t i)
{
    return put_read(ctx, s, ((const length_leaf *)leaf)->limit, out, i);
}

static void lengths_close(void *state)
{
    if (state != NULL) weft_copy_plan_deinit(state, weft_mem_free);
    weft_mem_free(state);
}

static weft_status lengths_open(weft_ctx *ctx, const weft_expr *call, void **state)
{
    weft_status st = WEFT_OK;
    const weft_value *text = weft_call_literal(call, 1);
    char *copy = NULL;
    weft_type declared;
    const bool writes = strcmp(call->call.function->name, "(lengths_write)") == 0;
    *state = NULL;
    if (text == NULL) return weft_fail_at(ctx, WEFT_INTERNAL, &call->span, "lengths of no type");
    WEFT_TRY(st, weft_arena_copy(ctx, ctx->arena, weft_str_data(&text->str), text->str.len, &copy));
    WEFT_TRY(st, weft_type_parse_declared(ctx, copy, &declared));
    WEFT_TRY(st, weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, sizeof(weft_copy_plan), state));
    WEFT_TRY(st, plan_lengths(ctx, call, declared, writes, *state));
done:
    if (st != WEFT_OK) {
        lengths_close(*state);
        *state = NULL;
    }
    return st;
}

static weft_status copy_rows(weft_ctx *ctx, weft_kernel_call *call, weft_leaf_copy copy)
{
    weft_status st = WEFT_OK;
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        WEFT_TRY(st, weft_nested_copy(ctx, call->state, copy, &call->args[0], i, call->out, i));
    }
done:
    return st;
}

static weft_status kernel_lengths_write(weft_ctx *ctx, weft_kernel_call *call)
{
    return copy_rows(ctx, call, write_leaf);
}
static weft_status kernel_lengths_pad(weft_ctx *ctx, weft_kernel_call *call)
{
    return copy_rows(ctx, call, read_leaf);
}

static weft_status bind_lengths(weft_ctx *ctx, const weft_function *fn, const weft_expr **args, int32_t count,
                                const weft_span *span, int32_t *variant, weft_type *type)
{
    if (count != 2) return weft_fail_arg_count(ctx, fn->name, 2, 2, count, span);
    *variant = 0;
    *type = args[0]->type;
    return WEFT_OK;
}

weft_status weft_expr_declared(weft_ctx *ctx, const char *function, const weft_expr *value,
                               weft_type declared, const weft_expr **out)
{
    weft_status st = WEFT_OK;
    weft_value text = {.type = WEFT_TYPE_OF(WEFT_TYPE_STRING)};
    const weft_expr *args[2] = {value, NULL};
    char *written = NULL;
    WEFT_TRY(st, weft_type_text_copy(ctx, declared, false, &written));
    text.str = weft_str_view(written, (uint32_t)strlen(written));
    WEFT_TRY(st, weft_expr_literal(ctx, &text, &args[1]));
    st = weft_expr_call(ctx, function, args, 2, &value->span, out);
done:
    return st;
}

#define S WEFT_TYPE_STRING
#define I WEFT_TYPE_INT
WEFT_FN_FORM(char_write, 2, 2, S, kernel_char_write, S, I);
WEFT_FN_ENTRY(char_write, "(char_write)", NULL, WEFT_FN_FALLIBLE, NULL,
              "(char_write)(text, n): the text as a CHAR(n) holds it", NULL, NULL);
WEFT_FN_FORM(varchar_write, 2, 2, S, kernel_varchar_write, S, I);
WEFT_FN_ENTRY(varchar_write, "(varchar_write)", NULL, WEFT_FN_FALLIBLE, NULL,
              "(varchar_write)(text, n): the text as a VARCHAR(n) holds it", NULL, NULL);
WEFT_FN_FORM(char_pad, 2, 2, S, kernel_char_pad, S, I);
WEFT_FN_ENTRY(char_pad, "(char_pad)", NULL, 0, NULL,
              "(char_pad)(text, n): the text with blanks up to n characters", NULL, NULL);
static const weft_signature lengths_write_forms[] = {
    {{WEFT_TYPE_COUNT, S}, 2, 2, WEFT_TYPE_COUNT, kernel_lengths_write}};
const weft_function weft_fn_lengths_write = {
    .name = "(lengths_write)",
    .flags = WEFT_FN_NULL_OWN | WEFT_FN_FALLIBLE,
    .signatures = lengths_write_forms,
    .signature_count = 1,
    .bind = bind_lengths,
    .open = lengths_open,
    .close = lengths_close,
    .help = "(lengths_write)(value, type): the value as a column of the declared type holds it"};
static const weft_signature lengths_pad_forms[] = {
    {{WEFT_TYPE_COUNT, S}, 2, 2, WEFT_TYPE_COUNT, kernel_lengths_pad}};
const weft_function weft_fn_lengths_pad = {
    .name = "(lengths_pad)",
    .flags = WEFT_FN_NULL_OWN,
    .signatures = lengths_pad_forms,
    .signature_count = 1,
    .bind = bind_lengths,
    .open = lengths_open,
    .close = lengths_close,
    .help = "(lengths_pad)(value, type): the value with each CHAR in it padded with blanks"};
