/* coordinator/table_describe.c - DESCRIBE t PARTITION (…). */
#include "coordinator/table_private.h"
#include "engine/plan/table_statistics.h"

static weft_status add_row(weft_ctx *ctx, weft_pointers *cells, const char *name, const char *value)
{
    weft_status st = WEFT_OK;
    WEFT_TRY(st, weft_pointers_push(ctx, cells, name));
    WEFT_TRY(st, weft_pointers_push(ctx, cells, value));
    WEFT_TRY(st, weft_pointers_push(ctx, cells, ""));
done:
    return st;
}

weft_status weft_partition_values_text(weft_ctx *ctx, const weft_table_definition *d,
                                       const weft_partition_spec *spec, char **out)
{
    weft_status st = WEFT_OK;
    *out = "[";
    for (int32_t i = 0; i < d->partition_count; i++)
        WEFT_TRY(
            st, weft_arena_printf(ctx, ctx->arena, out, "%s%s%s", *out, i > 0 ? ", " : "", spec->folders[i]));
    WEFT_TRY(st, weft_arena_printf(ctx, ctx->arena, out, "%s]", *out));
done:
    return st;
}

weft_status weft_partition_statistics(weft_ctx *ctx, const weft_table_definition *d, const char *folder,
                                      char **out)
{
    const char *bytes = weft_statistic_find(d, "bytes", folder);
    const char *rows = weft_statistic_find(d, "rows", folder);
    *out = NULL;
    if (bytes == NULL) return WEFT_OK;
    return weft_arena_printf(ctx, ctx->arena, out, "%s bytes%s%s%s", bytes, rows != NULL ? ", " : "",
                             rows != NULL ? rows : "", rows != NULL ? " rows" : "");
}

weft_status weft_fail_described_partition(weft_ctx *ctx, const weft_node *show,
                                          const weft_table_definition *d)
{
    return weft_fail_at(ctx, WEFT_FORBIDDEN_OPERATION, &show->span,
                        "The operation DESC PARTITION is not allowed on the %s: `%s`.",
                        d == NULL ? "TEMPORARY VIEW" : "VIEW", show->show.parts[show->show.part_count - 1]);
}

weft_status weft_table_command_describe_partition(weft_ctx *ctx, const weft_node *show,
                                                  const weft_table_definition *d, weft_pointers *cells)
{
    weft_status st = WEFT_OK;
    command_run c = {.ctx = ctx, .node = show};
    char *folder = NULL, *text = NULL;
    if (d == NULL || d->query != NULL) return weft_fail_described_partition(ctx, show, d);
    WEFT_TRY(st, weft_partition_expect(&c, "DESC PARTITION", d, show->show.spec, &folder));
    WEFT_TRY(st, weft_table_command_describe(ctx, d, false, cells));
    if (!show->show.extended) goto done;
    WEFT_TRY(st, add_row(ctx, cells, "", ""));
    WEFT_TRY(st, add_row(ctx, cells, "# Detailed Partition Information", ""));
    WEFT_TRY(st, add_row(ctx, cells, "Database", d->database));
    WEFT_TRY(st, add_row(ctx, cells, "Table", d->name));
    WEFT_TRY(st, weft_partition_values_text(ctx, d, show->show.spec, &text));
    WEFT_TRY(st, add_row(ctx, cells, "Partition Values", text));
    WEFT_TRY(st, weft_partition_location(ctx, d, folder, &text));
    WEFT_TRY(st, weft_arena_printf(ctx, ctx->arena, &text, "file:%s", text));
    WEFT_TRY(st, add_row(ctx, cells, "Location", text));
    WEFT_TRY(st, weft_partition_statistics(ctx, d, folder, &text));
    if (text != NULL) WEFT_TRY(st, add_row(ctx, cells, "Partition Statistics", text));
    WEFT_TRY(st, add_row(ctx, cells, "", ""));
    WEFT_TRY(st, add_row(ctx, cells, "# Storage Information", ""));
    WEFT_TRY(st, weft_arena_printf(ctx, ctx->arena, &text, "file:%s", d->location));
    WEFT_TRY(st, add_row(ctx, cells, "Location", text));
done:
    return st;
}
