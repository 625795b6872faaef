/* engine/expr/fn_utf8.c - is text well-formed UTF-8, and made so; quoting; how alike two texts are. */
#include "common/mem.h"
#include "engine/expr/fn_entry.h"

/* The bytes of the malformed sequence at text, which one U+FFFD stands for, and of good ones 0. */
static uint32_t broken_at(const char *text, size_t len, uint32_t *good)
{
    uint32_t broken = 0;
    *good = weft_utf8_check(text, len, &broken);
    if (len > 1 && (unsigned char)text[0] == 0xED && (unsigned char)text[1] >= 0xA0) { /* half a pair */
        *good = 0;
        return 1;
    }
    return *good > 0 ? 0 : weft_max_i32((int32_t)broken, 1);
}

static bool is_valid(const weft_str *s) { return weft_utf8_valid(weft_str_data(s), s->len) == s->len; }

static weft_status kernel_is_valid(weft_ctx *ctx, weft_kernel_call *call)
{
    (void)ctx;
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        if (weft_call_valid(call, i))
            ((uint8_t *)call->out->values)[i] = is_valid(weft_arg_str(&call->args[0], i));
    }
    return WEFT_OK;
}

static weft_status kernel_make_valid(weft_ctx *ctx, weft_kernel_call *call)
{
    weft_status st = WEFT_OK;
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        char *to = NULL;
        size_t used = 0;
        if (!weft_call_valid(call, i)) continue;
        const weft_str *s = weft_arg_str(&call->args[0], i);
        const char *text = weft_str_data(s);
        if (is_valid(s)) {
            *weft_call_text(call, i) = *s;
            continue;
        }
        WEFT_TRY(st, weft_text_room(ctx, call, 3 * (size_t)s->len, &to));
        for (uint32_t at = 0; at < s->len;) {
            uint32_t good = 0;
            const uint32_t broken = broken_at(text + at, s->len - at, &good);
            if (broken > 0)
                memcpy(to + used, "\xEF\xBF\xBD", 3);
            else
                memcpy(to + used, text + at, good);
            used += broken > 0 ? 3 : good;
            at += broken > 0 ? broken : good;
        }
        *weft_call_text(call, i) = weft_str_view(to, (uint32_t)used);
    }
done:
    return st;
}

/* The text itself, or an error; NULL where it is tried. */
static weft_status kernel_validate(weft_ctx *ctx, weft_kernel_call *call)
{
    const bool tried = (call->expr->call.function->flags & WEFT_FN_TRY) != 0;
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        if (!weft_call_valid(call, i)) continue;
        const weft_str *s = weft_arg_str(&call->args[0], i);
        if (is_valid(s)) {
            *weft_call_text(call, i) = *s;
        } else if (tried) {
            weft_vector_set_null(call->out, i);
        } else {
            const size_t at = weft_utf8_valid(weft_str_data(s), s->len);
            return weft_fail_at(ctx, WEFT_INVALID_UTF8, &call->expr->span,
                                "Invalid UTF8 byte sequence found in string: \\x%02X.",
                                (unsigned)(unsigned char)weft_str_data(s)[at]);
        }
    }
    return WEFT_OK;
}

static weft_status kernel_quote(weft_ctx *ctx, weft_kernel_call *call)
{
    weft_status st = WEFT_OK;
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        char *to = NULL;
        size_t used = 0;
        if (!weft_call_valid(call, i)) continue;
        const weft_str *s = weft_arg_str(&call->args[0], i);
        WEFT_TRY(st, weft_text_room(ctx, call, 2 * (size_t)s->len + 2, &to));
        to[used++] = '\'';
        for (uint32_t at = 0; at < s->len; at++) {
            if (weft_str_data(s)[at] == '\'') to[used++] = '\\';
            to[used++] = weft_str_data(s)[at];
        }
        to[used++] = '\'';
        *weft_call_text(call, i) = weft_str_view(to, (uint32_t)used);
    }
done:
    return st;
}

/* ---- jaro_winkler_similarity ---- */

static int32_t characters_of(const weft_str *s, uint32_t *out)
{
    int32_t count = 0;
    uint32_t bytes = 0;
    for (uint32_t at = 0; at < s->len; at += bytes)
        out[count++] = weft_utf8_decode(weft_str_data(s) + at, s->len - at, &bytes);
    return count;
}

/* Jaro's similarity, raised by a tenth of what is missing for each of the first four equal characters.
 * used has m + n zero bytes. */
static double jaro_winkler(const uint32_t *a, int32_t m, const uint32_t *b, int32_t n, uint8_t *used)
{
    uint8_t *matched = used, *taken = used + m;
    int32_t matches = 0, moved = 0, prefix = 0;
    const int32_t reach = weft_max_i32(weft_max_i32(m, n) / 2 - 1, 0);
    if (m == 0 && n == 0) return 1;
    for (int32_t i = 0; i < m; i++) {
        const int32_t stop = weft_min_i32(i + reach + 1, n);
        for (int32_t j = weft_max_i32(i - reach, 0); j < stop; j++) {
            if (taken[j] || a[i] != b[j]) continue;
            matched[i] = taken[j] = 1;
            matches++;
            break;
        }
    }
    if (matches == 0) return 0;
    for (int32_t i = 0, j = 0; i < m; i++) {
        if (!matched[i]) continue;
        while (!taken[j]) j++;
        moved += a[i] != b[j++];
    }
    const double c = matches;
    const double jaro = (c / m + c / n + (c - moved / 2.0) / c) / 3;
    while (prefix < 4 && prefix < m && prefix < n && a[prefix] == b[prefix]) prefix++;
    return jaro + prefix * 0.1 * (1 - jaro);
}

static weft_status kernel_jaro(weft_ctx *ctx, weft_kernel_call *call)
{
    weft_status st = WEFT_OK;
    uint32_t *characters = NULL;
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        if (!weft_call_valid(call, i)) continue;
        const weft_str *a = weft_arg_str(&call->args[0], i), *b = weft_arg_str(&call->args[1], i);
        const size_t room = (size_t)a->len + b->len;
        WEFT_TRY(st, weft_mem_resize(ctx, WEFT_MEM_WORKING, room * 5 + 1, (void **)&characters));
        const int32_t m = characters_of(a, characters), n = characters_of(b, characters + m);
        uint8_t *used = (uint8_t *)(characters + room);
        memset(used, 0, room);
        ((double *)call->out->values)[i] = jaro_winkler(characters, m, characters + m, n, used);
    }
done:
    weft_mem_free(characters);
    return st;
}

/* ---- registry ---- */

#define S WEFT_TYPE_STRING
#define B WEFT_TYPE_BINARY
#define UTF8(symbol, bits, result, kernel, usage, sql, want)                                                 \
    static const weft_signature symbol##_signatures[] = {{{S}, 1, 1, result, kernel},                        \
                                                         {{B}, 1, 1, result, kernel}};                       \
    WEFT_FN_ENTRY(symbol, #symbol, NULL, bits, NULL, usage, sql, want)
UTF8(is_valid_utf8, 0, WEFT_TYPE_BOOLEAN, kernel_is_valid, "is_valid_utf8(s): is it well-formed UTF-8?",
     "SELECT is_valid_utf8(x'80')", "false");
UTF8(make_valid_utf8, 0, S, kernel_make_valid,
     "make_valid_utf8(s): with U+FFFD in the place of what is malformed", "SELECT make_valid_utf8('a')", "a");
UTF8(validate_utf8, WEFT_FN_FALLIBLE, S, kernel_validate,
     "validate_utf8(s): s, or an error where it is malformed", "SELECT validate_utf8('a')", "a");
UTF8(try_validate_utf8, WEFT_FN_TRY, S, kernel_validate,
     "try_validate_utf8(s): s, or NULL where it is malformed", "SELECT try_validate_utf8(x'80')", "NULL");
WEFT_FN_FORM(quote, 1, 1, S, kernel_quote, S);
WEFT_FN_ENTRY(quote, "quote", NULL, 0, NULL, "quote(s): in single quotes, those within escaped",
              "SELECT quote('it')", "'it'");
WEFT_FN_FORM(jaro_winkler_similarity, 2, 2, WEFT_TYPE_DOUBLE, kernel_jaro, S, S);
WEFT_FN_ENTRY(jaro_winkler_similarity, "jaro_winkler_similarity", NULL, 0, NULL,
              "jaro_winkler_similarity(a, b): how alike two texts are, from 0 to 1",
              "SELECT jaro_winkler_similarity('ab', 'ab')", "1.0");
