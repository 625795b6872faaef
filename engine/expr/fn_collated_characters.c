/* engine/expr/fn_collated_characters.c - functions that compare characters or whole texts, over strings of a
 * collation: btrim, ltrim, rtrim, translate, find_in_set, greatest and least (collate.c puts them in the
 * place of those for bytes). The collation is that of the first argument; all have the same. */
#include "common/mem.h"
#include "engine/columnar/collation.h"
#include "engine/expr/collator.h"
#include "engine/expr/fn_entry.h"

static weft_status characters_open(weft_ctx *ctx, const weft_expr *call, void **state)
{
    weft_collator *c = NULL;
    const weft_status st = weft_collator_open(ctx, call->args[0]->type.collation, &c);
    *state = c;
    return st;
}

static void characters_close(void *state)
{
    weft_collator *c = state;
    weft_collator_close(&c);
}

/* ---- characters of a set ---- */

/* Bytes of the character at byte `at` of a text, of which `len` are there. */
static uint32_t character_bytes(const char *text, uint32_t at, uint32_t len)
{
    const uint32_t bytes = weft_utf8_bytes((unsigned char)text[at]);
    return bytes < len - at ? bytes : len - at;
}

/* The first character in the set that is equal to the one of `bytes` at c; *index gets its number, -1: none.
 */
static weft_status find_character(weft_ctx *ctx, weft_collator *collator, const char *c, uint32_t bytes,
                                  const weft_str *set, int32_t *index)
{
    weft_status st = WEFT_OK;
    const char *text = weft_str_data(set);
    int32_t number = 0;
    *index = -1;
    for (uint32_t at = 0; at < set->len; number++) {
        const uint32_t width = character_bytes(text, at, set->len);
        bool equal = false;
        WEFT_TRY(st, weft_collator_equal(ctx, collator, c, bytes, text + at, width, &equal));
        if (equal) {
            *index = number;
            goto done;
        }
        at += width;
    }
done:
    return st;
}

/* ---- trim ---- */

typedef enum trim_ends { TRIM_START = 1, TRIM_END = 2, TRIM_BOTH = 3 } trim_ends;

static weft_status skip_start(weft_ctx *ctx, weft_collator *c, const weft_str *s, const weft_str *set,
                              uint32_t end, uint32_t *out)
{
    weft_status st = WEFT_OK;
    const char *text = weft_str_data(s);
    int32_t index = 0;
    for (uint32_t at = 0; at < end; *out = at) {
        const uint32_t width = character_bytes(text, at, end);
        WEFT_TRY(st, find_character(ctx, c, text + at, width, set, &index));
        if (index < 0) break;
        at += width;
    }
done:
    return st;
}

static weft_status skip_end(weft_ctx *ctx, weft_collator *c, const weft_str *s, const weft_str *set,
                            uint32_t from, uint32_t *end)
{
    weft_status st = WEFT_OK;
    const char *text = weft_str_data(s);
    int32_t index = 0;
    while (*end > from) {
        uint32_t at = *end - 1;
        while (at > from && ((unsigned char)text[at] & 0xc0) == 0x80) at--;
        WEFT_TRY(st, find_character(ctx, c, text + at, *end - at, set, &index));
        if (index < 0) break;
        *end = at;
    }
done:
    return st;
}

/* Under RTRIM the blanks at the end stay where they are, unless they are in the set. */
static weft_status trim(weft_ctx *ctx, weft_kernel_call *call, int32_t i, const weft_str *s,
                        const weft_str *set, trim_ends ends)
{
    weft_status st = WEFT_OK;
    weft_collator *c = call->state;
    const bool keeps = (call->expr->args[0]->type.collation & WEFT_COLLATION_RTRIM) != 0 &&
                       memchr(weft_str_data(set), ' ', set->len) == NULL;
    const char *text = weft_str_data(s);
    uint32_t from = 0, end = s->len, blanks = 0;
    char *to = NULL;
    while (keeps && end > 0 && text[end - 1] == ' ') end--;
    blanks = s->len - end;
    if ((ends & TRIM_START) != 0) WEFT_TRY(st, skip_start(ctx, c, s, set, end, &from));
    if ((ends & TRIM_END) != 0) WEFT_TRY(st, skip_end(ctx, c, s, set, from, &end));
    *weft_call_text(call, i) = weft_str_part(s, from, end - from);
    if (blanks == 0) goto done;
    WEFT_TRY(st, weft_text_room(ctx, call, end - from + blanks, &to));
    memcpy(to, text + from, end - from);
    memset(to + (end - from), ' ', blanks);
    *weft_call_text(call, i) = weft_str_view(to, end - from + blanks);
done:
    return st;
}

static weft_status trim_rows(weft_ctx *ctx, weft_kernel_call *call, int32_t text_at, trim_ends ends)
{
    weft_status st = WEFT_OK;
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        if (!weft_call_valid(call, i)) continue;
        WEFT_TRY(st, trim(ctx, call, i, weft_arg_str(&call->args[text_at], i),
                          weft_arg_str(&call->args[1 - text_at], i), ends));
    }
done:
    return st;
}

static weft_status kernel_btrim(weft_ctx *ctx, weft_kernel_call *call)
{
    return trim_rows(ctx, call, 0, TRIM_BOTH);
}
static weft_status kernel_ltrim(weft_ctx *ctx, weft_kernel_call *call)
{
    return trim_rows(ctx, call, 1, TRIM_START);
}
static weft_status kernel_rtrim(weft_ctx *ctx, weft_kernel_call *call)
{
    return trim_rows(ctx, call, 1, TRIM_END);
}

/* ---- translate ---- */

static weft_status translate(weft_ctx *ctx, weft_kernel_call *call, int32_t i)
{
    enum { WIDEST = 4 }; /* bytes of a character */
    weft_status st = WEFT_OK;
    const weft_str *s = weft_arg_str(&call->args[0], i), *set = weft_arg_str(&call->args[1], i);
    const weft_str *with = weft_arg_str(&call->args[2], i);
    const char *text = weft_str_data(s), *others = weft_str_data(with);
    char *to = NULL;
    size_t len = 0;
    WEFT_TRY(st, weft_text_room(ctx, call, (size_t)s->len * WIDEST, &to));
    for (uint32_t at = 0, width = 0; at < s->len; at += width) {
        int32_t index = 0;
        int64_t missing = 0;
        width = character_bytes(text, at, s->len);
        WEFT_TRY(st, find_character(ctx, call->state, text + at, width, set, &index));
        if (index < 0) {
            memcpy(to + len, text + at, width);
            len += width;
            continue;
        }
        const size_t place = weft_utf8_skip(others, with->len, index, &missing);
        if (missing > 0 || place == with->len) continue;
        const size_t bytes = weft_utf8_skip(others + place, with->len - place, 1, NULL);
        memcpy(to + len, others + place, bytes);
        len += bytes;
    }
    *weft_call_text(call, i) = weft_str_view(to, (uint32_t)len);
done:
    return st;
}

static weft_status kernel_translate(weft_ctx *ctx, weft_kernel_call *call)
{
    weft_status st = WEFT_OK;
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        if (weft_call_valid(call, i)) WEFT_TRY(st, translate(ctx, call, i));
    }
done:
    return st;
}

/* ---- whole texts ---- */

static weft_status find_in_set(weft_ctx *ctx, weft_kernel_call *call, int32_t i, int32_t *out)
{
    weft_status st = WEFT_OK;
    const weft_str *word = weft_arg_str(&call->args[0], i), *set = weft_arg_str(&call->args[1], i);
    const char *text = weft_str_data(set), *end = text + set->len;
    int32_t number = 1;
    *out = 0;
    if (memchr(weft_str_data(word), ',', word->len) != NULL) return WEFT_OK;
    for (const char *at = text;; number++) {
        const char *comma = memchr(at, ',', (size_t)(end - at));
        const char *stop = comma == NULL ? end : comma;
        bool equal = false;
        WEFT_TRY(st, weft_collator_equal(ctx, call->state, weft_str_data(word), word->len, at,
                                         (size_t)(stop - at), &equal));
        if (equal) *out = number;
        if (equal || comma == NULL) break;
        at = comma + 1;
    }
done:
    return st;
}

static weft_status kernel_find_in_set(weft_ctx *ctx, weft_kernel_call *call)
{
    weft_status st = WEFT_OK;
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        if (weft_call_valid(call, i))
            WEFT_TRY(st, find_in_set(ctx, call, i, (int32_t *)call->out->values + i));
    }
done:
    return st;
}

/* The first of the greatest, or least; NULLs do not count. */
static weft_status extreme(weft_ctx *ctx, weft_kernel_call *call, int32_t i, int wanted)
{
    weft_status st = WEFT_OK;
    const weft_str *best = NULL;
    for (int32_t a = 0; a < call->arg_count; a++) {
        const weft_column *arg = &call->args[a];
        int order = wanted;
        if (weft_column_is_null(arg, i)) continue;
        const weft_str *s = weft_arg_str(arg, i);
        if (best != NULL)
            WEFT_TRY(st, weft_collator_compare(ctx, call->state, weft_str_data(s), s->len,
                                               weft_str_data(best), best->len, &order));
        if (best == NULL || (wanted > 0 ? order > 0 : order < 0)) best = s;
    }
    if (best == NULL)
        weft_vector_set_null(call->out, i);
    else
        *weft_call_text(call, i) = *best;
done:
    return st;
}

static weft_status kernel_greatest(weft_ctx *ctx, weft_kernel_call *call)
{
    weft_status st = WEFT_OK;
    for (int32_t k = 0; k < call->selected; k++) WEFT_TRY(st, extreme(ctx, call, weft_call_row(call, k), 1));
done:
    return st;
}

static weft_status kernel_least(weft_ctx *ctx, weft_kernel_call *call)
{
    weft_status st = WEFT_OK;
    for (int32_t k = 0; k < call->selected; k++) WEFT_TRY(st, extreme(ctx, call, weft_call_row(call, k), -1));
done:
    return st;
}

#define S WEFT_TYPE_STRING
#define COLLATED(symbol, bits, usage)                                                                        \
    const weft_function weft_fn_collated_##symbol = {.name = "(collated_" #symbol ")",                       \
                                                     .flags = bits,                                          \
                                                     .signatures = symbol##_signatures,                      \
                                                     .signature_count = WEFT_COUNT(symbol##_signatures),     \
                                                     .open = characters_open,                                \
                                                     .close = characters_close,                              \
                                                     .help = usage}
WEFT_FN_FORM(btrim, 2, 2, S, kernel_btrim, S, S);
COLLATED(btrim, 0, "btrim() of strings of a collation");
WEFT_FN_FORM(ltrim, 2, 2, S, kernel_ltrim, S, S);
COLLATED(ltrim, 0, "ltrim() of strings of a collation");
WEFT_FN_FORM(rtrim, 2, 2, S, kernel_rtrim, S, S);
COLLATED(rtrim, 0, "rtrim() of strings of a collation");
WEFT_FN_FORM(translate, 3, 3, S, kernel_translate, S, S, S);
COLLATED(translate, 0, "translate() of strings of a collation");
WEFT_FN_FORM(find_in_set, 2, 2, WEFT_TYPE_INT, kernel_find_in_set, S, S);
COLLATED(find_in_set, 0, "find_in_set() of strings of a collation");
WEFT_FN_FORM(greatest, 2, -1, S, kernel_greatest, S);
COLLATED(greatest, WEFT_FN_NULL_OWN, "greatest() of strings of a collation");
WEFT_FN_FORM(least, 2, -1, S, kernel_least, S);
COLLATED(least, WEFT_FN_NULL_OWN, "least() of strings of a collation");
