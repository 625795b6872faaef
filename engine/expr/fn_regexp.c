/* engine/expr/fn_regexp.c - regular expressions: RLIKE, regexp_extract, regexp_replace and their kin.
 *
 * PCRE2 with its JIT is close to Java's dialect. A pattern is compiled once a call site and lane, and again
 * only when its text changes; matching allocates nothing. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <ctype.h>

#include "common/mem.h"
#include "engine/expr/fn_entry.h"

typedef struct regexp_state {
    pcre2_code *code;
    pcre2_match_data *match;
    char *text; /* what it was compiled from */
    uint32_t len;
    uint32_t groups;
} regexp_state;

static void regexp_forget(regexp_state *s)
{
    if (s->match != NULL) pcre2_match_data_free(s->match);
    if (s->code != NULL) pcre2_code_free(s->code);
    weft_mem_free(s->text);
    *s = (regexp_state){0};
}

static void regexp_close(void *state)
{
    regexp_forget(state);
    weft_mem_free(state);
}

static weft_status regexp_open(weft_ctx *ctx, const weft_expr *call, void **state)
{
    (void)call;
    return weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, sizeof(regexp_state), state);
}

static weft_status regexp_compile(weft_ctx *ctx, const weft_expr *e, const weft_str *pattern, regexp_state *s)
{
    weft_status st = WEFT_OK;
    int error = 0;
    PCRE2_SIZE at = 0;
    regexp_forget(s);
    s->code = pcre2_compile((PCRE2_SPTR)weft_str_data(pattern), pattern->len,
                            PCRE2_UTF | PCRE2_MATCH_INVALID_UTF, &error, &at, NULL);
    if (s->code == NULL) {
        char text[160];
        (void)pcre2_get_error_message(error, (PCRE2_UCHAR *)text, sizeof text);
        return weft_fail_at(
            ctx, WEFT_INVALID_PATTERN, &e->span,
            "The value of parameter(s) `regexp` in `%s` is invalid: '%.*s': %s at character %d.",
            e->call.function->name, (int)weft_min_i64(pattern->len, 200), weft_str_data(pattern), text,
            (int)at + 1);
    }
    (void)pcre2_jit_compile(s->code, PCRE2_JIT_COMPLETE); /* without the JIT it is interpreted */
    (void)pcre2_pattern_info(s->code, PCRE2_INFO_CAPTURECOUNT, &s->groups);
    s->match = pcre2_match_data_create_from_pattern(s->code, NULL);
    if (s->match == NULL) return weft_fail(ctx, WEFT_NOMEM, "no memory for a regular expression");
    WEFT_TRY(st, weft_mem_alloc(ctx, WEFT_MEM_WORKING, (size_t)pattern->len + 1, (void **)&s->text));
    memcpy(s->text, weft_str_data(pattern), pattern->len);
    s->len = pattern->len;
done:
    return st;
}

/* The state with the pattern of row i compiled. */
static weft_status regexp_of_row(weft_ctx *ctx, const weft_kernel_call *call, int32_t i, regexp_state **out)
{
    regexp_state *s = call->state;
    const weft_str *pattern = weft_arg_str(&call->args[1], i);
    *out = s;
    const bool same = s->text != NULL && s->len == pattern->len &&
                      memcmp(s->text, weft_str_data(pattern), s->len) == 0;
    if (same) return WEFT_OK;
    const weft_status st = regexp_compile(ctx, call->expr, pattern, s);
    if (st != WEFT_OK) regexp_forget(s);
    return st;
}

/* The next match at or behind byte `from`; *found false when there is none. The places of the groups are in
 * the match data. */
static weft_status regexp_next(weft_ctx *ctx, const weft_expr *e, const regexp_state *s, const weft_str *text,
                               size_t from, bool *found)
{
    const int got = from > text->len ? PCRE2_ERROR_NOMATCH
                                     : pcre2_match(s->code, (PCRE2_SPTR)weft_str_data(text), text->len, from,
                                                   0, s->match, NULL);
    *found = got >= 0;
    if (got >= 0 || got == PCRE2_ERROR_NOMATCH) return WEFT_OK;
    return weft_fail_at(ctx, WEFT_LIMIT, &e->span,
                        "a regular expression needs too much backtracking (code %d)", got);
}

/* Where to look for the match behind the one at hand: an empty one moves on by a character. */
static size_t regexp_behind(const regexp_state *s, const weft_str *text)
{
    const PCRE2_SIZE *at = pcre2_get_ovector_pointer(s->match);
    if (at[1] > at[0] || at[1] >= text->len) return at[1] + (at[1] == at[0]);
    return at[1] + weft_utf8_bytes((unsigned char)weft_str_data(text)[at[1]]);
}

static weft_status kernel_rlike(weft_ctx *ctx, weft_kernel_call *call)
{
    weft_status st = WEFT_OK;
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        regexp_state *s;
        bool found;
        if (!weft_call_valid(call, i)) continue;
        WEFT_TRY(st, regexp_of_row(ctx, call, i, &s));
        WEFT_TRY(st, regexp_next(ctx, call->expr, s, weft_arg_str(&call->args[0], i), 0, &found));
        ((uint8_t *)call->out->values)[i] = found;
    }
done:
    return st;
}

static weft_status kernel_count(weft_ctx *ctx, weft_kernel_call *call)
{
    weft_status st = WEFT_OK;
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        regexp_state *s;
        bool found = true;
        int32_t count = 0;
        if (!weft_call_valid(call, i)) continue;
        const weft_str *text = weft_arg_str(&call->args[0], i);
        WEFT_TRY(st, regexp_of_row(ctx, call, i, &s));
        for (size_t from = 0; found; from = regexp_behind(s, text)) {
            WEFT_TRY(st, regexp_next(ctx, call->expr, s, text, from, &found));
            if (!found) break;
            count++;
        }
        ((int32_t *)call->out->values)[i] = count;
    }
done:
    return st;
}

/* The character position of the first match, 0 when there is none. */
static weft_status kernel_instr(weft_ctx *ctx, weft_kernel_call *call)
{
    weft_status st = WEFT_OK;
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        regexp_state *s;
        bool found;
        if (!weft_call_valid(call, i)) continue;
        const weft_str *text = weft_arg_str(&call->args[0], i);
        WEFT_TRY(st, regexp_of_row(ctx, call, i, &s));
        WEFT_TRY(st, regexp_next(ctx, call->expr, s, text, 0, &found));
        const size_t at = found ? pcre2_get_ovector_pointer(s->match)[0] : 0;
        ((int32_t *)call->out->values)[i] = found ? (int32_t)weft_utf8_length(weft_str_data(text), at) + 1
                                                  : 0;
    }
done:
    return st;
}

/* regexp_extract(text, pattern [, group]): '' when nothing matches; regexp_substr: NULL then. */
static weft_status kernel_extract(weft_ctx *ctx, weft_kernel_call *call)
{
    weft_status st = WEFT_OK;
    const bool whole = strcmp(call->expr->call.function->name, "regexp_substr") == 0;
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        regexp_state *s;
        bool found;
        if (!weft_call_valid(call, i)) continue;
        const weft_str *text = weft_arg_str(&call->args[0], i);
        const int64_t group = whole ? 0 : call->arg_count > 2 ? weft_arg_i64(&call->args[2], i) : 1;
        WEFT_TRY(st, regexp_of_row(ctx, call, i, &s));
        if (group < 0 || group > s->groups) {
            return weft_fail_at(
                ctx, WEFT_REGEX_GROUP_INDEX, &call->expr->span,
                "The value of parameter(s) `idx` in `%s` is invalid: Expects group index between 0 and "
                "%u, but got %lld.",
                call->expr->call.function->name, s->groups, (long long)group);
        }
        WEFT_TRY(st, regexp_next(ctx, call->expr, s, text, 0, &found));
        const PCRE2_SIZE *at = pcre2_get_ovector_pointer(s->match) + 2 * group;
        if (found && at[0] != PCRE2_UNSET)
            *weft_call_text(call, i) = weft_str_part(text, at[0], at[1] - at[0]);
        else if (whole)
            weft_vector_set_null(call->out, i);
        else
            *weft_call_text(call, i) = (weft_str){0};
    }
done:
    return st;
}

/* ---- replace ---- */

/* Write, or with to NULL only count, what stands for a match: $1 and ${name} are groups, \c is c. */
static size_t replace_put(const regexp_state *s, const weft_str *text, const weft_str *with, char *to,
                          bool *good)
{
    const char *w = weft_str_data(with);
    const PCRE2_SIZE *at = pcre2_get_ovector_pointer(s->match);
    size_t used = 0;
    for (uint32_t c = 0; c < with->len; c++) {
        const bool last = c + 1 == with->len;
        if (w[c] != '$' && (w[c] != '\\' || last)) {
            if (to != NULL) to[used] = w[c];
            used++;
            continue;
        }
        if (w[c] == '\\') {
            c++;
            if (to != NULL) to[used] = w[c];
            used++;
            continue;
        }
        int group = -1;
        if (!last && isdigit((unsigned char)w[c + 1])) {
            group = w[++c] - '0';
            while (c + 1 < with->len && isdigit((unsigned char)w[c + 1]) &&
                   (uint32_t)(group * 10 + (w[c + 1] - '0')) <= s->groups) {
                group = group * 10 + (w[++c] - '0');
            }
        } else if (!last && w[c + 1] == '{') {
            char name[40];
            uint32_t len = 0;
            for (c += 2; c < with->len && w[c] != '}' && len + 1 < sizeof name; c++) name[len++] = w[c];
            name[len] = 0;
            group = pcre2_substring_number_from_name(s->code, (PCRE2_SPTR)name);
        }
        *good = *good && group >= 0 && (uint32_t)group <= s->groups;
        if (!*good || at[2 * group] == PCRE2_UNSET) continue;
        const size_t len = at[2 * group + 1] - at[2 * group];
        if (to != NULL) memcpy(to + used, weft_str_data(text) + at[2 * group], len);
        used += len;
    }
    return used;
}

/* One pass over the matches from byte `begin` on: counting where to is NULL, else writing. *used is the
 * length. */
static weft_status replace_pass(weft_ctx *ctx, weft_kernel_call *call, const regexp_state *s, int32_t i,
                                size_t begin, char *to, size_t *used, bool *any)
{
    weft_status st = WEFT_OK;
    const weft_str *text = weft_arg_str(&call->args[0], i), *with = weft_arg_str(&call->args[2], i);
    const char *bytes = weft_str_data(text);
    size_t copied = 0, from = begin;
    bool found, good = true;
    *used = 0;
    *any = false;
    for (;; from = regexp_behind(s, text)) {
        WEFT_TRY(st, regexp_next(ctx, call->expr, s, text, from, &found));
        if (!found) break;
        *any = true;
        const PCRE2_SIZE *at = pcre2_get_ovector_pointer(s->match);
        if (to != NULL) memcpy(to + *used, bytes + copied, at[0] - copied);
        *used += at[0] - copied;
        copied = at[1];
        *used += replace_put(s, text, with, to == NULL ? NULL : to + *used, &good);
        if (!good) {
            return weft_fail_at(
                ctx, WEFT_INVALID_REGEXP_REPLACE, &call->expr->span,
                "The replacement '%.*s' of regexp_replace names a group that the pattern has not.",
                (int)weft_min_i64(with->len, 200), weft_str_data(with));
        }
    }
    if (to != NULL) memcpy(to + *used, bytes + copied, text->len - copied);
    *used += text->len - copied;
done:
    return st;
}

static weft_status kernel_replace(weft_ctx *ctx, weft_kernel_call *call)
{
    weft_status st = WEFT_OK;
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        regexp_state *s;
        size_t len, begin = 0;
        bool any;
        char *to;
        if (!weft_call_valid(call, i)) continue;
        const weft_str *text = weft_arg_str(&call->args[0], i);
        if (call->arg_count > 3) {
            const int64_t position = weft_arg_i64(&call->args[3], i);
            int64_t left;
            begin = weft_utf8_skip(weft_str_data(text), text->len, position - 1, &left);
            if (left > 0 || begin >= text->len) begin = (size_t)text->len + 1;
        }
        WEFT_TRY(st, regexp_of_row(ctx, call, i, &s));
        WEFT_TRY(st, replace_pass(ctx, call, s, i, begin, NULL, &len, &any));
        *weft_call_text(call, i) = *text;
        if (!any) continue;
        WEFT_TRY(st, weft_text_room(ctx, call, len, &to));
        WEFT_TRY(st, replace_pass(ctx, call, s, i, begin, to, &len, &any));
        *weft_call_text(call, i) = weft_str_view(to, (uint32_t)len);
    }
done:
    return st;
}

/* A position is a constant above 0. */
static weft_status replace_bind(weft_ctx *ctx, const weft_function *fn, const weft_expr **args, int32_t count,
                                const weft_span *span, int32_t *variant, weft_type *type)
{
    weft_status st = WEFT_OK;
    const weft_expr *folded;
    WEFT_TRY(st, weft_bind_default(ctx, fn, args, count, span, variant, type));
    if (count < 4) goto done;
    WEFT_TRY(st, weft_expr_fold(ctx, args[3], &folded));
    if (folded->kind != WEFT_EXPR_LITERAL) {
        st = weft_fail_at(ctx, WEFT_DATATYPE_MISMATCH_NOT_FOLDABLE, span,
                          "the input `position` of regexp_replace must be a constant");
    } else if (!folded->literal.is_null && folded->literal.i64 <= 0) {
        st = weft_fail_at(ctx, WEFT_VALUE_OUT_OF_RANGE, span,
                          "The position must be between (0, 2147483647] (current value = %lld).",
                          (long long)folded->literal.i64);
    }
done:
    return st;
}

#define S WEFT_TYPE_STRING
#define I WEFT_TYPE_INT
#define REGEXP(symbol, text, others, bits, binder, usage, sql, want)                                         \
    const weft_function weft_fn_##symbol = {.name = text,                                                    \
                                            .aliases = others,                                               \
                                            .flags = bits,                                                   \
                                            .signatures = symbol##_signatures,                               \
                                            .signature_count = WEFT_COUNT(symbol##_signatures),              \
                                            .bind = binder,                                                  \
                                            .open = regexp_open,                                             \
                                            .close = regexp_close,                                           \
                                            .help = usage,                                                   \
                                            .example = sql,                                                  \
                                            .example_result = want}
WEFT_FN_FORM(rlike, 2, 2, WEFT_TYPE_BOOLEAN, kernel_rlike, S, S);
REGEXP(rlike, "rlike", "regexp,regexp_like", WEFT_FN_FALLIBLE, NULL, "a RLIKE regexp: a part of a matches",
       "SELECT 'Spark' RLIKE '^S.*k$'", "true");
WEFT_FN_FORM(regexp_count, 2, 2, I, kernel_count, S, S);
REGEXP(regexp_count, "regexp_count", NULL, WEFT_FN_FALLIBLE, NULL,
       "regexp_count(s, regexp): how many parts match",
       "SELECT regexp_count('Steven Jones and Stephen Smith', 'Ste(v|ph)en')", "2");
WEFT_FN_FORM(regexp_instr, 2, 3, I, kernel_instr, S, S, I);
REGEXP(regexp_instr, "regexp_instr", NULL, WEFT_FN_FALLIBLE, NULL,
       "regexp_instr(s, regexp): where the first match begins; 0 when nothing matches",
       "SELECT regexp_instr('user@spark.org', '@[^.]*')", "5");
WEFT_FN_FORM(regexp_extract, 2, 3, S, kernel_extract, S, S, I);
REGEXP(regexp_extract, "regexp_extract", NULL, WEFT_FN_FALLIBLE, NULL,
       "regexp_extract(s, regexp [, group]): the group, 1 unless told, of the first match, or an empty text",
       "SELECT regexp_extract('100-200', '([0-9]+)-([0-9]+)', 2)", "200");
WEFT_FN_FORM(regexp_substr, 2, 2, S, kernel_extract, S, S);
REGEXP(regexp_substr, "regexp_substr", NULL, WEFT_FN_FALLIBLE | WEFT_FN_GIVES_NULL, NULL,
       "regexp_substr(s, regexp): the first match, or NULL", "SELECT regexp_substr('abc123', '[0-9]+')",
       "123");
WEFT_FN_FORM(regexp_replace, 3, 4, S, kernel_replace, S, S, S, I);
REGEXP(regexp_replace, "regexp_replace", NULL, WEFT_FN_FALLIBLE, replace_bind,
       "regexp_replace(s, regexp, with [, position]): every match replaced; $1 is the first group",
       "SELECT regexp_replace('100-200', '([0-9]+)', 'num')", "num-num");
