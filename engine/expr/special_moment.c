/* engine/expr/special_moment.c - see special_moment.h. */
#include "engine/expr/special_moment.h"

#include <string.h>
#include <strings.h>

#include "engine/expr/program.h"

typedef struct special_word {
    const char *text;
    bool is_now, is_day;
    int32_t days; /* of a day: from today */
} special_word;

static const special_word words[] = {{"epoch", false, false, 0},
                                     {"now", true, false, 0},
                                     {"today", false, true, 0},
                                     {"tomorrow", false, true, 1},
                                     {"yesterday", false, true, -1}};

static const special_word *find_word(const char *text, size_t len)
{
    while (len > 0 && (unsigned char)text[len - 1] <= ' ') len--;
    while (len > 0 && (unsigned char)text[0] <= ' ') {
        text++;
        len--;
    }
    for (int32_t i = 0; i < WEFT_COUNT(words); i++)
        if (strlen(words[i].text) == len && strncasecmp(words[i].text, text, len) == 0) return &words[i];
    return NULL;
}

bool weft_is_special_moment(const char *text, size_t len) { return find_word(text, len) != NULL; }

static weft_status make_moment(weft_ctx *ctx, const special_word *word, weft_type type, const weft_expr **out)
{
    weft_status st = WEFT_OK;
    const weft_value days = {.type = WEFT_TYPE_OF(WEFT_TYPE_INT), .i64 = word->days};
    const weft_expr *args[2] = {NULL, NULL};
    const char *now = type.id == WEFT_TYPE_DATE            ? "current_date"
                      : type.id == WEFT_TYPE_TIMESTAMP_NTZ ? "localtimestamp"
                                                           : "current_timestamp";
    if (word->is_now) {
        WEFT_TRY(st, weft_expr_call(ctx, now, NULL, 0, NULL, out));
        goto done;
    }
    WEFT_TRY(st, weft_expr_call(ctx, "current_date", NULL, 0, NULL, &args[0]));
    WEFT_TRY(st, weft_expr_literal(ctx, &days, &args[1]));
    WEFT_TRY(st, weft_expr_call(ctx, "+", args, 2, NULL, out));
    WEFT_TRY(st, weft_expr_cast(ctx, *out, type, true, out));
done:
    return st;
}

weft_status weft_special_moment(weft_ctx *ctx, const weft_expr *e, const weft_expr **out)
{
    weft_status st = WEFT_OK;
    const weft_expr *text = e->kind == WEFT_EXPR_CAST ? e->args[0] : NULL, *moment = NULL;
    const bool is_moment = e->type.id == WEFT_TYPE_DATE || e->type.id == WEFT_TYPE_TIMESTAMP ||
                           e->type.id == WEFT_TYPE_TIMESTAMP_NTZ;
    if (text == NULL || !is_moment || text->kind != WEFT_EXPR_LITERAL || text->literal.is_null ||
        text->type.id != WEFT_TYPE_STRING)
        return WEFT_OK;
    const special_word *word = find_word(weft_str_data(&text->literal.str), text->literal.str.len);
    if (word == NULL) return WEFT_OK;
    weft_value value = {.type = e->type};
    if (word->is_now || word->is_day) {
        WEFT_TRY(st, make_moment(ctx, word, e->type, &moment));
        WEFT_TRY(st, weft_eval_constant(ctx, moment, &value));
        value.type = e->type;
    }
    WEFT_TRY(st, weft_expr_literal(ctx, &value, out));
done:
    return st;
}
