/* engine/sql/error_text.c - errors as users see them:
 *
 *     [UNRESOLVED_COLUMN.WITH_SUGGESTION] A column … cannot be resolved. SQLSTATE: 42703 (line 1, pos 7)
 *
 *     == SQL (line 1, position 8) ==
 *     SELECT qty FROM t
 *            ^^^
 *     Hint: …
 *
 * pos counts characters from 0 and position from 1, as Spark has them. */
#include <stdio.h>
#include <string.h>

#include "common/mem.h"
#include "engine/sql/parser.h"

enum { LINE_SHOWN_MAX = 400 }; /* bytes of a line; of a longer one the part around the place is shown */

static bool continues(char c) { return (c & 0xC0) == 0x80; }

/* Characters (not bytes) in [from, to). */
static int32_t characters(const char *text, size_t from, size_t to)
{
    int32_t count = 0;
    for (size_t i = from; i < to; i++) count += continues(text[i]) ? 0 : 1;
    return count;
}

/* The line with the place and the carets under it. */
static weft_status fragment(weft_ctx *ctx, const weft_span *span, const char *text, size_t len, char **out)
{
    weft_status st = WEFT_OK;
    char *buffer = NULL;
    size_t at = (size_t)span->start, from = at, to = at;
    while (from > 0 && text[from - 1] != '\n') from--;
    while (to < len && text[to] != '\n') to++;
    if (to > from && text[to - 1] == '\r' && to - 1 >= at) to--;
    bool cut = false;
    if (to - from > LINE_SHOWN_MAX) {
        if (at - from > LINE_SHOWN_MAX / 2) {
            from = at - LINE_SHOWN_MAX / 2;
            while (from < at && continues(text[from])) from++;
            cut = true;
        }
        if (to - from > LINE_SHOWN_MAX) {
            to = from + LINE_SHOWN_MAX;
            while (to > at && to < len && continues(text[to])) to--;
        }
    }
    size_t stop = (size_t)span->stop < to ? (size_t)span->stop : to;
    if (stop < at) stop = at;
    const int32_t before = characters(text, from, at) + (cut ? 3 : 0);
    const int32_t width = weft_max_i32(characters(text, at, stop), 1);
    const size_t bytes = (to - from) + (size_t)before + (size_t)width + 16;
    WEFT_TRY(st, weft_arena_alloc(ctx, ctx->arena, bytes, (void **)&buffer));
    size_t n = (size_t)snprintf(buffer, bytes, "%s%.*s\n", cut ? "..." : "", (int)(to - from), text + from);
    for (size_t i = from, k = cut ? 3 : 0; i < at; i++) { /* tabs stay tabs, so that the carets stand right */
        if (k > 0) {
            memset(buffer + n, ' ', k);
            n += k;
            k = 0;
        }
        if (!continues(text[i])) buffer[n++] = text[i] == '\t' ? '\t' : ' ';
    }
    memset(buffer + n, '^', (size_t)width);
    n += (size_t)width;
    buffer[n] = '\0';
    *out = buffer;
done:
    return st;
}

weft_status weft_sql_error_text(weft_ctx *ctx, const weft_error *error, const char *text, size_t len,
                                char **out)
{
    weft_status st = WEFT_OK;
    char *place = NULL, *line = NULL;
    const weft_span *span = &error->span;
    const bool known = span->line > 0 && span->start >= 0 && (size_t)span->start <= len && text != NULL;
    const char *hint = error->hint[0] != '\0' ? "\nHint: " : "";
    if (known) {
        WEFT_TRY(st, weft_arena_printf(ctx, ctx->arena, &place, " (line %d, pos %d)", span->line,
                                       span->column - 1));
        WEFT_TRY(st, fragment(ctx, span, text, len, &line));
    }
    WEFT_TRY(st,
             weft_arena_printf(ctx, ctx->arena, out, "[%s] %s SQLSTATE: %s%s", weft_status_text(error->code),
                               error->message, weft_status_sqlstate(error->code), known ? place : ""));
    if (known) {
        WEFT_TRY(st, weft_arena_printf(ctx, ctx->arena, out, "%s\n\n== SQL (line %d, position %d) ==\n%s",
                                       *out, span->line, span->column, line));
    }
    WEFT_TRY(st, weft_arena_printf(ctx, ctx->arena, out, "%s%s%s", *out, hint, error->hint));
done:
    return st;
}
