/* engine/plan/table_clustering.c - see table_clustering.h. */
#include "engine/plan/table_clustering.h"

#include <string.h>
#include <strings.h>

#include "engine/plan/pointers.h"
#include "engine/plan/table_layout.h"

/* "name" with quotes and backslashes escaped, behind the text. */
static weft_status add_name(weft_ctx *ctx, const char *name, const char *before, char **text)
{
    weft_status st = WEFT_OK;
    char *quoted = NULL;
    size_t n = 0;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, 2 * strlen(name) + 1, &quoted));
    for (; *name != '\0'; name++) {
        if (*name == '"' || *name == '\\') quoted[n++] = '\\';
        quoted[n++] = *name;
    }
    quoted[n] = '\0';
    WEFT_TRY(st, weft_arena_printf(ctx, ctx->arena, text, "%s%s\"%s\"", *text, before, quoted));
done:
    return st;
}

weft_status weft_clustering_text(weft_ctx *ctx, const weft_clustering *clustering, const char **out)
{
    weft_status st = WEFT_OK;
    char *text = "[";
    for (int32_t i = 0; i < clustering->count; i++) {
        const weft_clustering_column *column = &clustering->columns[i];
        WEFT_TRY(st, weft_arena_printf(ctx, ctx->arena, &text, "%s%s[", text, i > 0 ? "," : ""));
        for (int32_t k = 0; k < column->part_count; k++)
            WEFT_TRY(st, add_name(ctx, column->parts[k], k > 0 ? "," : "", &text));
        WEFT_TRY(st, weft_arena_printf(ctx, ctx->arena, &text, "%s]", text));
    }
    WEFT_TRY(st, weft_arena_printf(ctx, ctx->arena, &text, "%s]", text));
    *out = text;
done:
    return st;
}

/* ---- reading ---- */

static bool accept(const char **at, char what)
{
    if (**at != what) return false;
    (*at)++;
    return true;
}

/* "name", unescaped; *out NULL when none stands here. */
static weft_status read_name(weft_ctx *ctx, const char **at, const char **out)
{
    weft_status st = WEFT_OK;
    char *name = NULL;
    size_t n = 0;
    *out = NULL;
    if (!accept(at, '"')) return WEFT_OK;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, strlen(*at) + 1, &name));
    while (**at != '\0' && **at != '"') {
        if (**at == '\\' && (*at)[1] != '\0') (*at)++;
        name[n++] = *(*at)++;
    }
    name[n] = '\0';
    if (accept(at, '"')) *out = name;
done:
    return st;
}

/* ["a","x"]: *good false when it is none. */
static weft_status read_column(weft_ctx *ctx, const char **at, weft_clustering_column *out, bool *good)
{
    weft_status st = WEFT_OK;
    weft_pointers parts = {0};
    const char *name = NULL;
    *good = false;
    if (!accept(at, '[')) return WEFT_OK;
    do {
        WEFT_TRY(st, read_name(ctx, at, &name));
        if (name == NULL) return WEFT_OK;
        WEFT_TRY(st, weft_pointers_push(ctx, &parts, name));
    } while (accept(at, ','));
    *good = accept(at, ']');
    out->part_count = parts.count;
    out->parts = weft_pointers_texts(&parts);
done:
    return st;
}

weft_status weft_clustering_read(weft_ctx *ctx, const weft_table_definition *d, weft_clustering *out)
{
    weft_status st = WEFT_OK;
    const char *at = NULL;
    weft_clustering_column *columns = NULL;
    int32_t count = 0;
    *out = (weft_clustering){0};
    for (int32_t i = 0; i < d->property_count; i++)
        if (strcmp(d->properties[2 * i], WEFT_CLUSTERING_KEY) == 0) at = d->properties[2 * i + 1];
    if (at == NULL || !accept(&at, '[')) return WEFT_OK;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, strlen(at), &columns)); /* a column has more than one byte */
    if (*at != ']') {
        do {
            bool good = false;
            WEFT_TRY(st, read_column(ctx, &at, &columns[count++], &good));
            if (!good) return WEFT_OK;
        } while (accept(&at, ','));
    }
    if (strcmp(at, "]") != 0) return WEFT_OK;
    *out = (weft_clustering){.set = true, .count = count, .columns = columns};
done:
    return st;
}

/* ---- checks ---- */

bool weft_clustering_type(const weft_table_definition *d, const weft_clustering_column *column,
                          weft_type *out)
{
    const int32_t at = weft_table_find_column(d, column->parts[0]);
    if (at < 0) return false;
    *out = d->columns[at].type;
    for (int32_t k = 1; k < column->part_count; k++) {
        int32_t field = -1;
        for (int32_t i = 0; out->id == WEFT_TYPE_STRUCT && i < out->child_count && field < 0; i++)
            if (strcasecmp(out->children[i].name, column->parts[k]) == 0) field = i;
        if (field < 0) return false;
        *out = out->children[field].type;
    }
    return true;
}

static bool is_same(const weft_clustering_column *a, const weft_clustering_column *b)
{
    if (a->part_count != b->part_count) return false;
    for (int32_t i = 0; i < a->part_count; i++)
        if (strcasecmp(a->parts[i], b->parts[i]) != 0) return false;
    return true;
}

weft_status weft_clustering_check(weft_ctx *ctx, const weft_span *span, const weft_table_definition *d)
{
    weft_status st = WEFT_OK;
    weft_clustering clustering;
    weft_type type;
    WEFT_TRY(st, weft_clustering_read(ctx, d, &clustering));
    for (int32_t i = 0; i < clustering.count; i++) {
        const weft_clustering_column *column = &clustering.columns[i];
        const char *const last = column->parts[column->part_count - 1];
        if (!weft_clustering_type(d, column, &type))
            WEFT_TRY(st,
                     weft_fail_at(ctx, WEFT_CLUSTER_COLUMN, span,
                                  "Couldn't find column %s in the table `%s`: CLUSTER BY takes its columns "
                                  "and the fields of those.",
                                  last, d->name));
        for (int32_t k = 0; k < i; k++)
            if (is_same(column, &clustering.columns[k]))
                WEFT_TRY(st, weft_fail_at(ctx, WEFT_COLUMN_ALREADY_EXISTS, span,
                                          "The column `%s` already exists. Choose another name or rename the "
                                          "existing column.",
                                          last));
    }
done:
    return st;
}
