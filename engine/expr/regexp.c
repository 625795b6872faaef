/* engine/expr/regexp.c - see regexp.h. */
#include "engine/expr/regexp.h"

#include "common/mem.h"
#include "engine/expr/fn_entry.h"
#include "engine/expr/regexp_java.h"

void weft_regexp_forget(weft_regexp *s)
{
    if (s->match != NULL) pcre2_match_data_free(s->match);
    if (s->code != NULL) pcre2_code_free(s->code);
    weft_mem_free(s->text);
    *s = (weft_regexp){0};
}

void weft_regexp_close(void *state)
{
    weft_regexp_forget(state);
    weft_mem_free(state);
}

weft_status weft_regexp_open(weft_ctx *ctx, const weft_expr *call, void **state)
{
    (void)call;
    return weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, sizeof(weft_regexp), state);
}

static bool is_plain_text(const char *text, uint32_t len)
{
    for (uint32_t i = 0; i < len; i++)
        if ((unsigned char)text[i] >= 0x80 || text[i] == 0 || strchr("\\^$.|?*+()[]{}", text[i]) != NULL)
            return false;
    return true;
}

/* Compile what stands for the Java pattern; lines end at \n, \r or both, as for Java, and letters and digits
 * of all scripts are parts of words to \b. */
static weft_status compile_java(weft_ctx *ctx, const weft_expr *e, const weft_str *pattern, pcre2_code **out)
{
    weft_status st = WEFT_OK;
    int error = 0;
    PCRE2_SIZE at = 0;
    weft_text java = {0};
    pcre2_compile_context *lines = pcre2_compile_context_create(NULL);
    if (lines == NULL) return weft_fail(ctx, WEFT_NOMEM, "no memory for a regular expression");
    (void)pcre2_set_newline(lines, PCRE2_NEWLINE_ANYCRLF);
    WEFT_TRY(st, weft_regexp_from_java(ctx, weft_str_data(pattern), pattern->len, &java));
    *out = pcre2_compile((PCRE2_SPTR)(java.len == 0 ? "" : java.bytes), java.len,
                         PCRE2_UTF | PCRE2_UCP | PCRE2_MATCH_INVALID_UTF, &error, &at, lines);
    if (*out == NULL) {
        char text[160];
        (void)pcre2_get_error_message(error, (PCRE2_UCHAR *)text, sizeof text);
        st = weft_fail_at(ctx, WEFT_INVALID_PATTERN, &e->span,
                          "The value of parameter(s) `regexp` in `%s` is invalid: '%.*s': %s.",
                          e->call.function->name, (int)weft_min_i64(pattern->len, 200),
                          weft_str_data(pattern), text);
    }
done:
    weft_text_release(&java);
    pcre2_compile_context_free(lines);
    return st;
}

static weft_status regexp_compile(weft_ctx *ctx, const weft_expr *e, const weft_str *pattern, weft_regexp *s)
{
    weft_status st = WEFT_OK;
    weft_regexp_forget(s);
    WEFT_TRY(st, compile_java(ctx, e, pattern, &s->code));
    (void)pcre2_jit_compile(s->code, PCRE2_JIT_COMPLETE); /* without the JIT it is interpreted */
    (void)pcre2_pattern_info(s->code, PCRE2_INFO_CAPTURECOUNT, &s->groups);
    s->match = pcre2_match_data_create_from_pattern(s->code, NULL);
    if (s->match == NULL) return weft_fail(ctx, WEFT_NOMEM, "no memory for a regular expression");
    WEFT_TRY(st, weft_mem_alloc(ctx, WEFT_MEM_WORKING, (size_t)pattern->len + 1, (void **)&s->text));
    memcpy(s->text, weft_str_data(pattern), pattern->len);
    s->len = pattern->len;
    s->is_plain = is_plain_text(s->text, s->len);
done:
    return st;
}

weft_status weft_regexp_use(weft_ctx *ctx, const weft_expr *e, const weft_str *pattern, weft_regexp *s)
{
    const bool same = s->text != NULL && s->len == pattern->len &&
                      memcmp(s->text, weft_str_data(pattern), s->len) == 0;
    if (same) return WEFT_OK;
    const weft_status st = regexp_compile(ctx, e, pattern, s);
    if (st != WEFT_OK) weft_regexp_forget(s);
    return st;
}

weft_status weft_regexp_of_row(weft_ctx *ctx, const weft_kernel_call *call, int32_t i, weft_regexp **out)
{
    *out = call->state;
    return weft_regexp_use(ctx, call->expr, weft_arg_str(&call->args[1], i), *out);
}

weft_status weft_regexp_next(weft_ctx *ctx, const weft_expr *e, const weft_regexp *s, const weft_str *text,
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

size_t weft_regexp_behind(const weft_regexp *s, const weft_str *text)
{
    const PCRE2_SIZE *at = pcre2_get_ovector_pointer(s->match);
    if (at[1] > at[0] || at[1] >= text->len) return at[1] + (at[1] == at[0]);
    return at[1] + weft_utf8_bytes((unsigned char)weft_str_data(text)[at[1]]);
}
