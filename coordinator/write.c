/* coordinator/write.c - see write.h. */
#include "coordinator/write.h"

#include "common/settings.h"
#include "coordinator/recovery.h"
#include "coordinator/table_command.h"
#include "engine/plan/pointers.h"
#include "engine/plan/table_layout.h"
#include "engine/storage/commit.h"

enum { REREADS_MAX = 8 }; /* of a block that is lost again and again */

weft_status weft_write_begin(weft_ctx *ctx, weft_commits *commits, const weft_node *write, const char *path,
                             const weft_run *run, weft_job_record *record, const weft_node **out,
                             weft_commit_job **job)
{
    weft_status st = WEFT_OK;
    weft_node *named = NULL;
    char names[128];
    weft_sink_format_names(names, sizeof names);
    if (weft_sink_format_find(write->write.format) == NULL)
        return weft_fail_at(ctx, WEFT_DATA_SOURCE_NOT_FOUND, &write->span,
                            "Failed to find the data source: %s. This build writes: %s.", write->write.format,
                            names);
    WEFT_TRY(st, WEFT_NEW(ctx, &named));
    if (run->resume != NULL)
        WEFT_TRY(
            st, weft_commits_resume(ctx, commits, run->record, weft_recovered_job_has_run(run->resume), job));
    else
        WEFT_TRY(st, weft_commits_begin(ctx, commits, path, run->record == NULL ? NULL : record, job));
    *named = *write;
    named->write.job = (*job)->name;
    named->write.path = (*job)->output;
    *out = named;
done:
    return st;
}

/* Add the files of one accepted block: rows (file name, rows, bytes). */
static weft_status add_parts(weft_ctx *ctx, const weft_block *block, weft_pointers *parts)
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
            weft_commit_part *part = NULL;
            char *copy = NULL;
            WEFT_TRY(st, weft_arena_copy(ctx, ctx->arena, weft_str_data(file), file->len, &copy));
            WEFT_TRY(st, WEFT_NEW(ctx, &part));
            *part = (weft_commit_part){.partition = name->partition,
                                       .generation = name->generation,
                                       .attempt = name->attempt,
                                       .file = copy};
            memcpy(&part->bytes, row + layout->offsets[2], sizeof(part->bytes));
            WEFT_TRY(st, weft_pointers_push(ctx, parts, part));
        }
    }
done:
    weft_block_reader_close(&reader);
    return st;
}

static bool is_loss(weft_status st)
{
    return st == WEFT_FETCH_FAILED || st == WEFT_UNREACHABLE || st == WEFT_CHECKSUM;
}

/* The files of block `index` of the result. When its worker is lost meanwhile, those of the block that is
 * made again: they are of another attempt. */
static weft_status add_block(weft_ctx *ctx, weft_run *run, int32_t index, weft_pointers *parts)
{
    const int32_t before = parts->count;
    weft_status st = add_parts(ctx, run->blocks[index], parts);
    for (int32_t tries = 0; tries < REREADS_MAX && is_loss(st); tries++) {
        weft_block *block = NULL;
        weft_error_clear(ctx);
        parts->count = before;
        st = weft_run_fetch_again(ctx, run, index, &block);
        if (st != WEFT_OK) continue;
        weft_block_release(&run->blocks[index]);
        run->blocks[index] = block;
        st = add_parts(ctx, block, parts);
    }
    return st;
}

/* The folder of a file's partition "k=1/j=2"; *out NULL: it has none. */
static weft_status folder_of(weft_ctx *ctx, const char *file, char **out)
{
    const char *slash = strrchr(file, '/');
    *out = NULL;
    if (slash == NULL) return WEFT_OK;
    return weft_arena_copy(ctx, ctx->arena, file, (size_t)(slash - file), out);
}

/* Files of a partition that lies elsewhere go there: as long as one rename leads to it, since a commit that
 * is decided must come to its end. */
static weft_status set_places(weft_ctx *ctx, const weft_node *write, const weft_commit_job *job,
                              weft_commit_part *parts, int32_t count)
{
    weft_status st = WEFT_OK;
    weft_pointers tried = {0};
    for (int32_t i = 0; i < count && write->write.place_count > 0; i++) {
        char *folder = NULL;
        bool again = false;
        WEFT_TRY(st, folder_of(ctx, parts[i].file, &folder));
        if (folder == NULL) continue;
        const char *place = weft_table_partition_place(write->write.places, write->write.place_count, folder);
        if (place == NULL || place[0] == '\0') continue;
        parts[i].place = place;
        for (int32_t k = 0; k < tried.count; k++) again |= strcmp(tried.items[k], place) == 0;
        if (again) continue;
        WEFT_TRY(st, weft_pointers_push(ctx, &tried, place));
        st = weft_commit_try_place(ctx, job->output, job->name, place);
        if (st == WEFT_UNSUPPORTED) {
            weft_error_clear(ctx);
            st = weft_fail_at(ctx, WEFT_TABLE_OPERATION, &write->span,
                              "The feature is not supported: a row belongs to the partition %s, which lies "
                              "in %s, another file system than that of the table, and the statement writes "
                              "to several partitions. Insert its rows with PARTITION (…) that names it.",
                              folder, place);
        }
        WEFT_TRY(st, st);
    }
done:
    return st;
}

/* INSERT OVERWRITE of the table, or of all below one of its folders: partitions elsewhere are replaced, too.
 */
static weft_status replace_places(weft_ctx *ctx, const weft_node *write, weft_commit_manifest *manifest)
{
    weft_status st = WEFT_OK;
    for (int32_t i = 0; i < write->write.place_count; i++) {
        const char *place = write->write.places[2 * i + 1];
        if (place[0] != '\0' && weft_partition_is_below(write->write.places[2 * i], write->write.folder))
            WEFT_TRY(st, weft_commit_replace_place(ctx, manifest, place));
    }
done:
    return st;
}

weft_status weft_write_commit(weft_ctx *ctx, weft_commits *commits, const weft_node *write,
                              weft_commit_job *job, weft_run *run)
{
    weft_status st = WEFT_OK;
    weft_commit_manifest manifest = {0};
    weft_pointers found = {0};
    weft_commit_part *parts = NULL;
    for (int32_t i = 0; i < run->block_count; i++) WEFT_TRY(st, add_block(ctx, run, i, &found));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, found.count, &parts));
    for (int32_t i = 0; i < found.count; i++) parts[i] = *(const weft_commit_part *)found.items[i];
    WEFT_TRY(st, set_places(ctx, write, job, parts, found.count));
    if (write->write.place_count > 0)
        WEFT_TRY(st, weft_table_command_take_back(ctx, write, parts, found.count));
    const weft_commit_replace replace = !write->write.overwrite ? WEFT_COMMIT_APPEND
                                        : write->write.dynamic  ? WEFT_COMMIT_REPLACE_FOLDERS
                                                                : WEFT_COMMIT_REPLACE;
    const char *folder = write->write.folder != NULL ? write->write.folder : "";
    WEFT_TRY(st, weft_commit_make_manifest(ctx, job->output, job->name, parts, found.count, replace, folder,
                                           &manifest));
    if (replace == WEFT_COMMIT_REPLACE) WEFT_TRY(st, replace_places(ctx, write, &manifest));
    WEFT_TRY(st, weft_commits_commit(ctx, commits, job, &manifest));
    if (replace == WEFT_COMMIT_REPLACE && write->write.place_count > 0)
        WEFT_TRY(st, weft_table_command_let_go(ctx, write, parts, found.count));
done:
    return st;
}
