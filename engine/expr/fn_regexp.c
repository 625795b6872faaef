/* engine/expr/fn_regexp.c - regular expressions: RLIKE, regexp_extract, regexp_replace and their kin.
 *
 * See regexp.h for how patterns are compiled and matched. */
#include <ctype.h>

#include "common/mem.h"
#include "engine/expr/fn_entry.h"
#include "engine/expr/regexp.h"

static weft_status kernel_rlike(weft_ctx *ctx, weft_kernel_call *call)
{
    weft_status st = WEFT_OK;
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        weft_regexp *s;
        bool found;
        if (!weft_call_valid(call, i)) continue;
        WEFT_TRY(st, weft_regexp_of_row(ctx, call, i, &s));
        WEFT_TRY(st, weft_regexp_next(ctx, call->expr, s, weft_arg_str(&call->args[0], i), 0, &found));
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
        weft_regexp *s;
        bool found = true;
        int32_t count = 0;
        if (!weft_call_valid(call, i)) continue;
        const weft_str *text = weft_arg_str(&call->args[0], i);
        WEFT_TRY(st, weft_regexp_of_row(ctx, call, i, &s));
        for (size_t from = 0; found; from = weft_regexp_behind(s, text)) {
            WEFT_TRY(st, weft_regexp_next(ctx, call->expr, s, text, from, &found));
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
        weft_regexp *s;
        bool found;
        if (!weft_call_valid(call, i)) continue;
        const weft_str *text = weft_arg_str(&call->args[0], i);
        WEFT_TRY(st, weft_regexp_of_row(ctx, call, i, &s));
        WEFT_TRY(st, weft_regexp_next(ctx, call->expr, s, text, 0, &found));
        const size_t at = found ? pcre2_get_ovector_pointer(s->match)[0] : 0;
        ((int32_t *)call->out->values)[i] = found ? (int32_t)weft_utf8_length(weft_str_data(text), at) + 1
                                                  : 0;
    }
done:
    return st;
}

/* regexp_extract(text, pattern [, group]): '' when nothing matches; regexp_substr: NULL then, and for an
 * empty match. */
static weft_status kernel_extract(weft_ctx *ctx, weft_kernel_call *call)
{
    weft_status st = WEFT_OK;
    const bool whole = strcmp(call->expr->call.function->name, "regexp_substr") == 0;
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        weft_regexp *s;
        bool found;
        if (!weft_call_valid(call, i)) continue;
        const weft_str *text = weft_arg_str(&call->args[0], i);
        const int64_t group = whole ? 0 : call->arg_count > 2 ? weft_arg_i64(&call->args[2], i) : 1;
        WEFT_TRY(st, weft_regexp_of_row(ctx, call, i, &s));
        WEFT_TRY(st, weft_regexp_next(ctx, call->expr, s, text, 0, &found));
        if (found && (group < 0 || group > s->groups)) { /* only a match shows that the group is not there */
            return weft_fail_at(
                ctx, WEFT_REGEX_GROUP_INDEX, &call->expr->span,
                "The value of parameter(s) `idx` in `%s` is invalid: Expects group index between 0 and "
                "%u, but got %lld.",
                call->expr->call.function->name, s->groups, (long long)group);
        }
        const PCRE2_SIZE *at = found ? pcre2_get_ovector_pointer(s->match) + 2 * group : NULL;
        if (found && at[0] != PCRE2_UNSET && !(whole && at[0] == at[1]))
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
static size_t replace_put(const weft_regexp *s, const weft_str *text, const weft_str *with, char *to,
                          bool *good)
{
    const char *w = weft_str_data(with);
    const PCRE2_SIZE *at = pcre2_get_ovector_pointer(s->match);
    size_t used = 0;
    for (uint32_t c = 0; c < with->len; c++) {
        const bool last = c + 1 == with->len;
        if (w[c] != '$' && w[c] != '\\') {
            if (to != NULL) to[used] = w[c];
            used++;
            continue;
        }
        if (w[c] == '\\' && !last) {
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
            if (c < with->len) group = pcre2_substring_number_from_name(s->code, (PCRE2_SPTR)name);
        }
        *good = *good && group >= 0 && (uint32_t)group <= s->groups;
        if (!*good || at[2 * group] == PCRE2_UNSET) continue;
        const size_t len = at[2 * group + 1] - at[2 * group];
        if (to != NULL) memcpy(to + used, weft_str_data(text) + at[2 * group], len);
        used += len;
    }
    return used;
}

/* One pass over the matches in text: counting where to is NULL, else writing. *used is the length. */
static weft_status replace_pass(weft_ctx *ctx, weft_kernel_call *call, const weft_regexp *s,
                                const weft_str *text, const weft_str *with, char *to, size_t *used, bool *any)
{
    weft_status st = WEFT_OK;
    const char *bytes = weft_str_data(text);
    size_t copied = 0, from = 0;
    bool found, good = true;
    *used = 0;
    *any = false;
    for (;; from = weft_regexp_behind(s, text)) {
        WEFT_TRY(st, weft_regexp_next(ctx, call->expr, s, text, from, &found));
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
                "The replacement '%.*s' of regexp_replace names a group that the pattern has not, or ends "
                "within a name or behind a backslash.",
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
        weft_regexp *s;
        size_t len, begin = 0;
        int64_t left = 0;
        bool any;
        char *to;
        if (!weft_call_valid(call, i)) continue;
        const weft_str *text = weft_arg_str(&call->args[0], i), *with = weft_arg_str(&call->args[2], i);
        if (call->arg_count > 3)
            begin =
                weft_utf8_skip(weft_str_data(text), text->len, weft_arg_i64(&call->args[3], i) - 1, &left);
        WEFT_TRY(st, weft_regexp_of_row(ctx, call, i, &s));
        *weft_call_text(call, i) = *text;
        if (call->arg_count > 3 && (left > 0 || begin >= text->len)) continue; /* nothing is behind it */
        const weft_str rest = weft_str_part(text, begin, text->len - begin); /* what is before is not seen */
        WEFT_TRY(st, replace_pass(ctx, call, s, &rest, with, NULL, &len, &any));
        if (!any) continue;
        WEFT_TRY(st, weft_text_room(ctx, call, begin + len, &to));
        memcpy(to, weft_str_data(text), begin);
        WEFT_TRY(st, replace_pass(ctx, call, s, &rest, with, to + begin, &len, &any));
        *weft_call_text(call, i) = weft_str_view(to, (uint32_t)(begin + len));
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
                                            .open = weft_regexp_open,                                        \
                                            .close = weft_regexp_close,                                      \
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
