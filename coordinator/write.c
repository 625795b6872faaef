/* coordinator/write.c - see write.h. */
#include "coordinator/write.h"

#include <inttypes.h>
#include <stdio.h>
#include <sys/random.h>

#include "common/settings.h"
#include "engine/plan/pointers.h"
#include "engine/storage/commit.h"

weft_status weft_write_place(weft_ctx *ctx, const weft_node *write, const char **path)
{
    weft_status st = WEFT_OK;
    const char *table = write->write.table_name;
    weft_file_info *files = NULL;
    int32_t count = 0;
    char *made = NULL;
    *path = write->write.path;
    if (table == NULL) return WEFT_OK;
    if (*path == NULL) {
        WEFT_TRY(st, weft_arena_printf(ctx, ctx->arena, &made, "%s/%s",
                                       weft_setting_text(ctx, WEFT_SET_WAREHOUSE), table));
        *path = made;
    }
    if (write->write.overwrite) goto done;
    st = weft_fs_list(ctx, *path, &files, &count);
    if (st == WEFT_NOT_FOUND) {
        weft_error_clear(ctx);
        st = WEFT_OK;
    }
    if (st == WEFT_OK && count > 0) {
        st = weft_fail_at(ctx, WEFT_LOCATION_ALREADY_EXISTS, &write->span,
                          "Cannot name the managed table as `%s`, as its associated location '%s' already "
                          "exists.",
                          table, *path);
        weft_hint(ctx, "Choose another name or LOCATION, or remove the files of that folder first.");
    }
done:
    return st;
}

weft_status weft_write_begin(weft_ctx *ctx, const weft_node *write, const char *path, const weft_node **out)
{
    weft_status st = WEFT_OK;
    weft_node *named = NULL;
    char *job = NULL;
    uint64_t unique = 0;
    if (weft_sink_format_find(write->write.format) == NULL)
        return weft_fail_at(ctx, WEFT_DATA_SOURCE_NOT_FOUND, &write->span,
                            "Failed to find the data source: %s. This build writes: parquet.",
                            write->write.format);
    if (getrandom(&unique, sizeof(unique), 0) != (ssize_t)sizeof(unique))
        return weft_fail(ctx, WEFT_IO, "the system gives no random bytes for the name of a write");
    WEFT_TRY(st, weft_arena_printf(ctx, ctx->arena, &job, "job-%" PRIx64 "-%016" PRIx64,
                                   (uint64_t)ctx->clock->wall_us(ctx->clock->self), unique));
    WEFT_TRY(st, WEFT_NEW(ctx, &named));
    *named = *write;
    named->write.job = job;
    named->write.path = path;
    WEFT_TRY(st, weft_commit_begin(ctx, path, job));
    *out = named;
done:
    return st;
}

/* The files of one accepted block: rows (file name, rows, bytes). */
static weft_status add_parts(weft_ctx *ctx, const weft_block *block, weft_commit_part *parts, int32_t *count)
{
    weft_status st = WEFT_OK;
    weft_block_reader *reader = NULL;
    const weft_row_layout *layout = weft_block_layout(block);
    const weft_block_name *name = weft_block_get_name(block);
    WEFT_TRY(st, weft_block_reader_open(ctx, block, 0, -1, &reader));
    for (;;) {
        const weft_row_page *page = NULL;
        bool stable = false;
        WEFT_TRY(st, weft_block_reader_next(ctx, reader, &page, &stable));
        if (page == NULL) break;
        const uint8_t *row = weft_row_page_rows(page);
        for (uint32_t i = 0; i < page->rows; i++, row += layout->row_bytes) {
            const weft_str *file = (const weft_str *)(const void *)(row + layout->offsets[0]);
            weft_commit_part *part = &parts[(*count)++];
            char *copy = NULL;
            WEFT_TRY(st, weft_arena_copy(ctx, ctx->arena, weft_str_data(file), file->len, &copy));
            *part = (weft_commit_part){.partition = name->partition, .attempt = name->attempt, .file = copy};
            memcpy(&part->bytes, row + layout->offsets[2], sizeof(part->bytes));
        }
    }
done:
    weft_block_reader_close(&reader);
    return st;
}

weft_status weft_write_commit(weft_ctx *ctx, const weft_node *write, const weft_run *run)
{
    weft_status st = WEFT_OK;
    weft_commit_manifest manifest = {0};
    weft_commit_part *parts = NULL;
    int64_t rows = 0;
    int32_t count = 0;
    bool committed = false;
    for (int32_t i = 0; i < run->block_count; i++) rows += weft_block_rows(run->blocks[i], -1);
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, rows, &parts));
    for (int32_t i = 0; i < run->block_count; i++)
        WEFT_TRY(st, add_parts(ctx, run->blocks[i], parts, &count));
    WEFT_TRY(st, weft_commit_make_manifest(ctx, write->write.path, write->write.job, parts, count,
                                           write->write.overwrite, &manifest));
    WEFT_TRY(st, weft_commit_decide(ctx, write->write.path, write->write.job, &manifest, &committed));
    if (!committed)
        WEFT_TRY(st, weft_fail(ctx, WEFT_COMMIT_DENIED, "the write into %s was aborted by somebody else",
                               write->write.path));
    WEFT_TRY(st, weft_commit_publish(ctx, &manifest));
done:
    return st;
}

void weft_write_abort(weft_ctx *ctx, const weft_node *write)
{
    const weft_error kept = ctx->error;
    const atomic_bool *cancel = ctx->cancel;
    bool committed = false;
    ctx->cancel = NULL; /* a cancelled statement still cleans up */
    weft_status st = weft_commit_decide(ctx, write->write.path, write->write.job, NULL, &committed);
    if (st == WEFT_OK) st = weft_commit_recover(ctx, write->write.path, write->write.job, &committed);
    if (st != WEFT_OK)
        fprintf(stderr, "WARN write_abort_failed output=%s job=%s reason=\"%s\"\n", write->write.path,
                write->write.job, ctx->error.message);
    ctx->cancel = cancel;
    ctx->error = kept;
}
