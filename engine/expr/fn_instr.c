/* engine/expr/fn_instr.c - instr(text, part [, position [, occurrence]]): from a position on to the end, or
 * from one counted from the end back to the beginning. */
#include "engine/expr/fn_entry.h"

/* Does part stand at byte `at`? */
static bool stands_at(const weft_str *text, const weft_str *part, uint32_t at)
{
    return text->len - at >= part->len &&
           memcmp(weft_str_data(text) + at, weft_str_data(part), part->len) == 0;
}

static int32_t find_forward(const weft_str *text, const weft_str *part, int64_t position, int64_t occurrence)
{
    const char *bytes = weft_str_data(text);
    int32_t place = 1;
    for (uint32_t at = 0; at < text->len; place++) {
        if (place >= position && stands_at(text, part, at) && --occurrence == 0) return place;
        for (at++; at < text->len && ((unsigned char)bytes[at] & 0xc0) == 0x80;) at++;
    }
    return 0;
}

/* position: -1 is the last character. */
static int32_t find_backward(const weft_str *text, const weft_str *part, int64_t position, int64_t occurrence)
{
    const char *bytes = weft_str_data(text);
    int32_t place = (int32_t)weft_utf8_length(bytes, text->len);
    int64_t from_end = -1;
    for (uint32_t at = text->len; at > 0; place--, from_end--) {
        for (at--; at > 0 && ((unsigned char)bytes[at] & 0xc0) == 0x80;) at--;
        if (from_end <= position && stands_at(text, part, at) && --occurrence == 0) return place;
    }
    return 0;
}

static weft_status kernel_instr(weft_ctx *ctx, weft_kernel_call *call)
{
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        const weft_str *text = weft_arg_str(&call->args[0], i), *part = weft_arg_str(&call->args[1], i);
        if (!weft_call_valid(call, i)) continue;
        const int64_t position = call->arg_count > 2 ? weft_arg_i64(&call->args[2], i) : 1;
        const int64_t occurrence = call->arg_count > 3 ? weft_arg_i64(&call->args[3], i) : 1;
        int32_t found = 0;
        if (occurrence < 1) return weft_raise_occurrence(ctx, call->expr, occurrence);
        if (position == 0)
            found = 0;
        else if (part->len == 0)
            found = 1;
        else
            found = (position > 0 ? find_forward : find_backward)(text, part, position, occurrence);
        ((int32_t *)call->out->values)[i] = found;
    }
    return WEFT_OK;
}

#define S WEFT_TYPE_STRING
#define I WEFT_TYPE_INT
WEFT_FN_FORM(instr, 2, 4, I, kernel_instr, S, S, I, I);
WEFT_FN_ENTRY(instr, "instr", NULL, WEFT_FN_FALLIBLE, NULL,
              "instr(s, part [, position [, occurrence]]): where part stands in s; 0 when nowhere",
              "SELECT instr('abcabc', 'b', 1, 2)", "5");
