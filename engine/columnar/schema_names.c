/* engine/columnar/schema_names.c - see schema_names.h. */
#include "engine/columnar/schema_names.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static int compare_names(const void *a, const void *b)
{
    return strcasecmp(*(const char *const *)a, *(const char *const *)b);
}

weft_status weft_schema_check_names(weft_ctx *ctx, const weft_field *fields, int32_t count)
{
    weft_status st = WEFT_OK;
    const char **names = NULL;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, weft_max_i32(count, 1), &names));
    for (int32_t i = 0; i < count; i++) names[i] = fields[i].name;
    qsort(names, (size_t)count, sizeof *names, compare_names);
    for (int32_t i = 1; i < count; i++) {
        char *name = NULL;
        if (strcasecmp(names[i - 1], names[i]) != 0) continue;
        WEFT_TRY(st, weft_arena_copy(ctx, ctx->arena, names[i], strlen(names[i]), &name));
        for (char *c = name; *c != '\0'; c++) *c = (char)tolower((unsigned char)*c);
        return weft_fail(ctx, WEFT_COLUMN_ALREADY_EXISTS,
                         "The column `%s` already exists. Choose another name or rename the existing column.",
                         name);
    }
    for (int32_t i = 0; i < count; i++) {
        const weft_type type = fields[i].type;
        if (weft_type_is_nested(type))
            WEFT_TRY(st, weft_schema_check_names(ctx, type.children, type.child_count));
    }
done:
    return st;
}
