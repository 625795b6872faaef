/* engine/expr/fn_collated.c - functions that search, over strings of a collation: what the binder puts in the
 * place of contains, instr, replace … (collate.c). The collation is that of the first argument; all have the
 * same.
 *
 * As in Spark the blanks at the end of text and part are left out under RTRIM where a place is asked for, and
 * count where a text is made. */
#include "common/mem.h"
#include "engine/columnar/collation.h"
#include "engine/expr/collation_search.h"
#include "engine/expr/fn_entry.h"

static weft_status collated_open(weft_ctx *ctx, const weft_expr *call, void **state)
{
    weft_collation_search *s = NULL;
    const weft_status st = weft_collation_search_open(ctx, call->args[0]->type.collation, &s);
    *state = s;
    return st;
}

static void collated_close(void *state)
{
    weft_collation_search *s = state;
    weft_collation_search_close(&s);
}

static weft_str without_blanks(const weft_kernel_call *call, const weft_str *s)
{
    uint32_t len = s->len;
    if ((call->expr->args[0]->type.collation & WEFT_COLLATION_RTRIM) == 0) return *s;
    while (len > 0 && weft_str_data(s)[len - 1] == ' ') len--;
    return weft_str_part(s, 0, len);
}

/* ---- is it there ---- */

typedef enum place_wanted { PLACE_ANY, PLACE_FIRST, PLACE_LAST } place_wanted;

static weft_status stands(weft_ctx *ctx, weft_kernel_call *call, int32_t i, place_wanted wanted)
{
    weft_status st = WEFT_OK;
    weft_collation_search *s = call->state;
    const weft_str text = without_blanks(call, weft_arg_str(&call->args[0], i));
    const weft_str part = without_blanks(call, weft_arg_str(&call->args[1], i));
    uint8_t *out = (uint8_t *)call->out->values + i;
    size_t from = 0, to = 0;
    *out = part.len == 0;
    if (part.len == 0 || text.len == 0) return WEFT_OK;
    WEFT_TRY(st, weft_collation_search_set(ctx, s, text, part));
    for (size_t at = 0; *out == 0 && weft_collation_search_next(s, at, &from, &to); at = from + 1) {
        *out = wanted == PLACE_ANY || (wanted == PLACE_FIRST ? from == 0 : to == text.len);
        if (wanted == PLACE_FIRST) break;
    }
done:
    return st;
}

static weft_status stand_rows(weft_ctx *ctx, weft_kernel_call *call, place_wanted wanted)
{
    weft_status st = WEFT_OK;
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        if (weft_call_valid(call, i)) WEFT_TRY(st, stands(ctx, call, i, wanted));
    }
done:
    return st;
}

static weft_status kernel_contains(weft_ctx *ctx, weft_kernel_call *call)
{
    return stand_rows(ctx, call, PLACE_ANY);
}
static weft_status kernel_starts(weft_ctx *ctx, weft_kernel_call *call)
{
    return stand_rows(ctx, call, PLACE_FIRST);
}
static weft_status kernel_ends(weft_ctx *ctx, weft_kernel_call *call)
{
    return stand_rows(ctx, call, PLACE_LAST);
}

/* ---- where is it ---- */

/* The number, from 1, of the character at byte `at`. */
static int32_t place_of(const weft_str *text, size_t at)
{
    return (int32_t)weft_utf8_length(weft_str_data(text), at) + 1;
}

/* The place of the part at or behind the character `start`, from 1; 0: nowhere. */
static weft_status find_place(weft_ctx *ctx, weft_kernel_call *call, const weft_str *text,
                              const weft_str *part, int64_t start, int32_t *out)
{
    weft_status st = WEFT_OK;
    weft_collation_search *s = call->state;
    const weft_str t = without_blanks(call, text), p = without_blanks(call, part);
    size_t from = 0, to = 0;
    *out = 0;
    if (start < 1) return WEFT_OK;
    *out = p.len == 0;
    if (p.len == 0 || t.len == 0) return WEFT_OK;
    WEFT_TRY(st, weft_collation_search_set(ctx, s, t, p));
    const size_t at = weft_utf8_skip(weft_str_data(&t), t.len, start - 1, NULL);
    if (weft_collation_search_next(s, at, &from, &to)) *out = place_of(&t, from);
done:
    return st;
}

/* The place of the n-th match that begins at or behind the character `start`, or, where it is negative, at or
 * before the one that is so far from the end, and then counted backwards; 0: there is none. */
static int32_t nth_place(weft_collation_search *s, const weft_str *text, int64_t start, int64_t n)
{
    const int64_t length = weft_utf8_length(weft_str_data(text), text->len);
    const int64_t last = start > 0 ? length : length + start + 1;
    size_t from = 0, to = 0, at = 0;
    int64_t before = 0;
    if (start == 0 || start > length || last < 1) return 0;
    const size_t end = weft_utf8_skip(weft_str_data(text), text->len, last, NULL);
    if (start < 0) { /* how many there are tells which one it is from the begin */
        for (; weft_collation_search_next(s, at, &from, &to) && from < end; at = from + 1) before++;
        n = before - n + 1;
        if (n < 1) return 0;
    }
    at = start > 0 ? weft_utf8_skip(weft_str_data(text), text->len, start - 1, NULL) : 0;
    for (; weft_collation_search_next(s, at, &from, &to); at = from + 1)
        if (--n == 0) return place_of(text, from);
    return 0;
}

/* instr(text, part [, position [, occurrence]]) */
static weft_status find_instr(weft_ctx *ctx, weft_kernel_call *call, int32_t i, int32_t *out)
{
    weft_status st = WEFT_OK;
    const weft_str text = without_blanks(call, weft_arg_str(&call->args[0], i));
    const weft_str part = without_blanks(call, weft_arg_str(&call->args[1], i));
    const int64_t position = call->arg_count > 2 ? weft_arg_i64(&call->args[2], i) : 1;
    const int64_t occurrence = call->arg_count > 3 ? weft_arg_i64(&call->args[3], i) : 1;
    if (occurrence < 1) return weft_raise_occurrence(ctx, call->expr, occurrence);
    *out = part.len == 0;
    if (part.len == 0 || text.len == 0) return WEFT_OK;
    WEFT_TRY(st, weft_collation_search_set(ctx, call->state, text, part));
    *out = nth_place(call->state, &text, position, occurrence);
done:
    return st;
}

static weft_status kernel_instr(weft_ctx *ctx, weft_kernel_call *call)
{
    weft_status st = WEFT_OK;
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        if (weft_call_valid(call, i))
            WEFT_TRY(st, find_instr(ctx, call, i, (int32_t *)call->out->values + i));
    }
done:
    return st;
}

static weft_status kernel_position(weft_ctx *ctx, weft_kernel_call *call)
{
    weft_status st = WEFT_OK;
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        if (!weft_call_valid(call, i)) continue;
        const int64_t start = call->arg_count > 2 ? weft_arg_i64(&call->args[2], i) : 1;
        WEFT_TRY(st, find_place(ctx, call, weft_arg_str(&call->args[1], i), weft_arg_str(&call->args[0], i),
                                start, (int32_t *)call->out->values + i));
    }
done:
    return st;
}

/* ---- texts cut where it stands ---- */

/* The n-th match, from 1, each beginning behind the begin of the one before, or its end; false: there are
 * fewer, *count of them. */
static bool nth_match(weft_collation_search *s, bool overlap, int64_t n, size_t *from, size_t *to,
                      int64_t *count)
{
    *count = 0;
    for (size_t at = 0; weft_collation_search_next(s, at, from, to); at = overlap ? *from + 1 : *to)
        if (++*count == n) return true;
    return false;
}

static weft_status until(weft_ctx *ctx, weft_kernel_call *call, int32_t i)
{
    weft_status st = WEFT_OK;
    weft_collation_search *s = call->state;
    const weft_str *text = weft_arg_str(&call->args[0], i);
    const weft_str part = without_blanks(call, weft_arg_str(&call->args[1], i));
    const int64_t n = weft_arg_i64(&call->args[2], i);
    size_t from = 0, to = 0;
    int64_t count = 0;
    *weft_call_text(call, i) = weft_str_part(text, 0, 0);
    if (n == 0 || part.len == 0 || text->len == 0) return WEFT_OK;
    WEFT_TRY(st, weft_collation_search_set(ctx, s, *text, part));
    bool found = nth_match(s, true, n > 0 ? n : INT64_MAX, &from, &to, &count);
    if (n < 0 && count + n >= 0) found = nth_match(s, true, count + n + 1, &from, &to, &count);
    if (!found)
        *weft_call_text(call, i) = *text;
    else if (n > 0)
        *weft_call_text(call, i) = weft_str_part(text, 0, from);
    else
        *weft_call_text(call, i) = weft_str_part(text, to, text->len - to);
done:
    return st;
}

static weft_status kernel_substring_index(weft_ctx *ctx, weft_kernel_call *call)
{
    weft_status st = WEFT_OK;
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        if (weft_call_valid(call, i)) WEFT_TRY(st, until(ctx, call, i));
    }
done:
    return st;
}

static weft_status split_part(weft_ctx *ctx, weft_kernel_call *call, int32_t i, int64_t n)
{
    weft_status st = WEFT_OK;
    weft_collation_search *s = call->state;
    const weft_str *text = weft_arg_str(&call->args[0], i);
    const weft_str part = without_blanks(call, weft_arg_str(&call->args[1], i));
    size_t from = 0, to = 0, end = text->len, begin = 0;
    int64_t count = 0;
    bool found = false;
    *weft_call_text(call, i) = n == 1 || n == -1 ? *text : weft_str_part(text, 0, 0);
    if (part.len == 0 || text->len == 0) return WEFT_OK;
    WEFT_TRY(st, weft_collation_search_set(ctx, s, *text, part));
    (void)nth_match(s, false, INT64_MAX, &from, &to, &count);
    if (n < 0) n += count + 2; /* of count + 1 pieces */
    if (n < 1 || n > count + 1) {
        *weft_call_text(call, i) = weft_str_part(text, 0, 0);
        goto done;
    }
    if (n > 1) found = nth_match(s, false, n - 1, &from, &to, &count);
    if (found) begin = to;
    found = nth_match(s, false, n, &from, &to, &count);
    if (found) end = from;
    *weft_call_text(call, i) = weft_str_part(text, begin, end - begin);
done:
    return st;
}

static weft_status kernel_split_part(weft_ctx *ctx, weft_kernel_call *call)
{
    weft_status st = WEFT_OK;
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        if (!weft_call_valid(call, i)) continue;
        const int64_t n = weft_arg_i64(&call->args[2], i);
        if (n == 0)
            return weft_fail_at(ctx, WEFT_INVALID_INDEX_OF_ZERO, &call->expr->span,
                                "The index 0 is invalid. An index shall be either < 0 or > 0 (the first "
                                "element has index 1).");
        WEFT_TRY(st, split_part(ctx, call, i, n));
    }
done:
    return st;
}

/* ---- replaced ---- */

/* The text with each match replaced, into `to` unless it is NULL; returns its length. */
static size_t replace_pass(weft_collation_search *s, const weft_str *text, const weft_str *with, char *to)
{
    size_t len = 0, at = 0, from = 0, end = 0;
    while (weft_collation_search_next(s, at, &from, &end)) {
        if (to != NULL) {
            memcpy(to + len, weft_str_data(text) + at, from - at);
            memcpy(to + len + (from - at), weft_str_data(with), with->len);
        }
        len += from - at + with->len;
        at = end;
    }
    if (to != NULL) memcpy(to + len, weft_str_data(text) + at, text->len - at);
    return len + text->len - at;
}

static weft_status replace(weft_ctx *ctx, weft_kernel_call *call, int32_t i)
{
    static const weft_str nothing;
    weft_status st = WEFT_OK;
    weft_collation_search *s = call->state;
    const weft_str *text = weft_arg_str(&call->args[0], i), *part = weft_arg_str(&call->args[1], i);
    const weft_str *with = call->arg_count > 2 ? weft_arg_str(&call->args[2], i) : &nothing;
    char *to = NULL;
    *weft_call_text(call, i) = *text;
    if (part->len == 0 || text->len == 0) return WEFT_OK;
    WEFT_TRY(st, weft_collation_search_set(ctx, s, *text, *part));
    const size_t len = replace_pass(s, text, with, NULL);
    WEFT_TRY(st, weft_text_room(ctx, call, len, &to));
    (void)replace_pass(s, text, with, to);
    *weft_call_text(call, i) = weft_str_view(to, (uint32_t)len);
done:
    return st;
}

static weft_status kernel_replace(weft_ctx *ctx, weft_kernel_call *call)
{
    weft_status st = WEFT_OK;
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        if (weft_call_valid(call, i)) WEFT_TRY(st, replace(ctx, call, i));
    }
done:
    return st;
}

#define S WEFT_TYPE_STRING
#define I WEFT_TYPE_INT
#define COLLATED(symbol, text, bits, usage)                                                                  \
    const weft_function weft_fn_collated_##symbol = {.name = "(collated_" text ")",                          \
                                                     .flags = bits,                                          \
                                                     .signatures = symbol##_signatures,                      \
                                                     .signature_count = WEFT_COUNT(symbol##_signatures),     \
                                                     .open = collated_open,                                  \
                                                     .close = collated_close,                                \
                                                     .help = usage}
WEFT_FN_FORM(contains, 2, 2, WEFT_TYPE_BOOLEAN, kernel_contains, S, S);
COLLATED(contains, "contains", 0, "contains() of strings of a collation");
WEFT_FN_FORM(startswith, 2, 2, WEFT_TYPE_BOOLEAN, kernel_starts, S, S);
COLLATED(startswith, "startswith", 0, "startswith() of strings of a collation");
WEFT_FN_FORM(endswith, 2, 2, WEFT_TYPE_BOOLEAN, kernel_ends, S, S);
COLLATED(endswith, "endswith", 0, "endswith() of strings of a collation");
WEFT_FN_FORM(instr, 2, 4, I, kernel_instr, S, S, I, I);
COLLATED(instr, "instr", WEFT_FN_FALLIBLE, "instr() of strings of a collation");
WEFT_FN_FORM(position, 2, 3, I, kernel_position, S, S, I);
COLLATED(position, "position", 0, "position() of strings of a collation");
WEFT_FN_FORM(substring_index, 3, 3, S, kernel_substring_index, S, S, I);
COLLATED(substring_index, "substring_index", 0, "substring_index() of strings of a collation");
WEFT_FN_FORM(split_part, 3, 3, S, kernel_split_part, S, S, I);
COLLATED(split_part, "split_part", WEFT_FN_FALLIBLE, "split_part() of strings of a collation");
WEFT_FN_FORM(replace, 2, 3, S, kernel_replace, S, S, S);
COLLATED(replace, "replace", 0, "replace() of strings of a collation");
