/* engine/plan/table_statistics.c - see table_statistics.h. */
#include "engine/plan/table_statistics.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Is the key name, or name:column? */
static bool is_key(const char *key, const char *name, const char *column)
{
    const size_t len = strlen(name);
    if (strncmp(key, name, len) != 0) return false;
    if (column == NULL) return key[len] == '\0';
    return key[len] == ':' && strcasecmp(key + len + 1, column) == 0;
}

const char *weft_statistic_find(const weft_table_definition *d, const char *name, const char *column)
{
    for (int32_t i = 0; i < d->statistic_count; i++)
        if (is_key(d->statistics[2 * i], name, column)) return d->statistics[2 * i + 1];
    return NULL;
}

int64_t weft_statistic_number(const weft_table_definition *d, const char *name, const char *column)
{
    const char *text = weft_statistic_find(d, name, column);
    return text == NULL ? -1 : strtoll(text, NULL, 10);
}

weft_status weft_statistic_put(weft_ctx *ctx, weft_pointers *pairs, const char *name, const char *column,
                               const char *value)
{
    weft_status st = WEFT_OK;
    char *key = NULL;
    for (int32_t i = 0; i < pairs->count; i += 2) {
        if (!is_key(pairs->items[i], name, column)) continue;
        for (int32_t k = i + 2; k < pairs->count; k++) pairs->items[k - 2] = pairs->items[k];
        pairs->count -= 2;
        break;
    }
    if (value == NULL) goto done;
    WEFT_TRY(st, weft_arena_printf(ctx, ctx->arena, &key, "%s%s%s", name, column != NULL ? ":" : "",
                                   column != NULL ? column : ""));
    WEFT_TRY(st, weft_pointers_push(ctx, pairs, key));
    WEFT_TRY(st, weft_pointers_push(ctx, pairs, value));
done:
    return st;
}
