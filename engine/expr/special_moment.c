/* engine/expr/special_moment.c - see special_moment.h. */
#include "engine/expr/special_moment.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "engine/expr/calendar.h"
#include "engine/expr/program.h"
#include "engine/expr/zone.h"

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

/* Is it the name of a time zone? */
static bool is_zone(weft_ctx *ctx, const char *text, size_t len)
{
    char name[WEFT_ZONE_NAME_BYTES];
    weft_zone *zone = NULL;
    if (len >= sizeof name) return false;
    memcpy(name, text, len);
    name[len] = '\0';
    const bool known = weft_zone_open(ctx, name, &zone) == WEFT_OK;
    if (!known) weft_error_clear(ctx);
    weft_zone_close(&zone);
    return known;
}

static const special_word *find_word(weft_ctx *ctx, const char *text, size_t len)
{
    size_t letters = 0;
    while (len > 0 && (unsigned char)text[len - 1] <= ' ') len--;
    while (len > 0 && (unsigned char)text[0] <= ' ') {
        text++;
        len--;
    }
    while (letters < len && isalpha((unsigned char)text[letters])) letters++;
    size_t at = letters;
    while (at < len && (text[at] == ' ' || text[at] == '\t')) at++;
    for (int32_t i = 0; i < WEFT_COUNT(words); i++) {
        if (strlen(words[i].text) != letters || strncasecmp(words[i].text, text, letters) != 0) continue;
        const bool good = at == len || (!words[i].is_now && is_zone(ctx, text + at, len - at));
        return good ? &words[i] : NULL;
    }
    return NULL;
}

bool weft_is_special_moment(weft_ctx *ctx, const char *text, size_t len)
{
    return find_word(ctx, text, len) != NULL;
}

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

/* A time of the day without a day and a zone: 1:02:03.5, T12. */
static bool is_time_alone(const weft_str *text)
{
    const char *at = weft_str_data(text), *end = at + text->len;
    while (at < end && (unsigned char)*at <= ' ') at++;
    const bool marked = at < end && *at == 'T';
    at += marked;
    size_t digits = 0;
    while (at + digits < end && isdigit((unsigned char)at[digits])) digits++;
    return digits >= 1 && digits <= 2 && (at + digits == end ? marked : at[digits] == ':');
}

/* The same text behind the day on which the statement began, and so cast; *out stays where it is none. */
static weft_status time_of_today(weft_ctx *ctx, const weft_expr *cast, const weft_expr **out)
{
    weft_status st = WEFT_OK;
    const weft_str *text = &cast->args[0]->literal.str;
    const weft_expr *today = NULL, *whole = NULL, *moment = NULL;
    weft_value day = {0}, value = {.type = WEFT_TYPE_OF(WEFT_TYPE_STRING)};
    weft_moment parsed;
    char *bytes = NULL;
    WEFT_TRY(st, weft_expr_call(ctx, "current_date", NULL, 0, NULL, &today));
    WEFT_TRY(st, weft_eval_constant(ctx, today, &day));
    const weft_civil civil = weft_civil_of_days((int32_t)day.i64);
    const char *rest = weft_str_data(text);
    uint32_t len = text->len;
    while (len > 0 && ((unsigned char)*rest <= ' ' || *rest == 'T')) rest++, len--;
    WEFT_TRY(st, weft_arena_printf(ctx, ctx->arena, &bytes, "%04d-%02d-%02dT%.*s", (int)civil.year,
                                   (int)civil.month, (int)civil.day, (int)len, rest));
    value.str = weft_str_view(bytes, (uint32_t)strlen(bytes));
    if (!weft_parse_moment(bytes, value.str.len, &parsed) || parsed.has_offset || parsed.zone != NULL)
        goto done;
    WEFT_TRY(st, weft_expr_literal(ctx, &value, &whole));
    WEFT_TRY(st, weft_expr_cast(ctx, whole, cast->type, true, &moment));
    WEFT_TRY(st, weft_eval_constant(ctx, moment, &value));
    value.type = cast->type;
    WEFT_TRY(st, weft_expr_literal(ctx, &value, out));
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
    const special_word *word = find_word(ctx, weft_str_data(&text->literal.str), text->literal.str.len);
    if (word == NULL)
        return e->type.id == WEFT_TYPE_TIMESTAMP && is_time_alone(&text->literal.str)
                   ? time_of_today(ctx, e, out)
                   : WEFT_OK;
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
