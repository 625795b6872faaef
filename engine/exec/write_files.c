/* engine/exec/write_files.c - see write_files.h. */
#include "engine/exec/write_files.h"

#include "common/settings.h"
#include "engine/exec/block_private.h"
#include "engine/storage/commit.h"

weft_status weft_write_files_open(weft_ctx *ctx, const weft_sink_spec *spec, const weft_task *task,
                                  weft_write_files *files)
{
    weft_status st = WEFT_OK;
    *files = (weft_write_files){.spec = spec,
                                .task = task,
                                .format = weft_sink_format_find(spec->write.format),
                                .most_rows = weft_setting(ctx, WEFT_SET_FILE_RECORDS),
                                .most_bytes = weft_setting(ctx, WEFT_SET_FILE_BYTES)};
    if (files->format == NULL)
        return weft_fail(ctx, WEFT_DATA_SOURCE_NOT_FOUND, "no format %s that can be written",
                         spec->write.format);
    WEFT_TRY(st, weft_sink_most_rows(ctx, spec->write.options, spec->write.option_count, &files->most_rows));
    files->suffix = files->format->extension;
    if (files->format->suffix != NULL)
        WEFT_TRY(st,
                 files->format->suffix(ctx, spec->write.options, spec->write.option_count, &files->suffix));
    for (int32_t i = 0; i < WEFT_BATCH_ROWS_MAX; i++) files->positions[i] = (uint16_t)i;
    files->arena = weft_arena_new(ctx->memory);
    if (files->arena == NULL) WEFT_TRY(st, weft_fail(ctx, WEFT_NOMEM, "no memory for the files of a write"));
    WEFT_TRY(st, weft_block_writer_open(ctx, &spec->rows, spec->partition_count, &files->writer));
done:
    return st;
}

void weft_write_files_close(weft_write_files *files)
{
    weft_block_writer_abandon(&files->writer);
    weft_arena_free(&files->arena);
}

/* Spark's names: "-c000" where all files lie in one folder, else the bucket and ".c000". */
static weft_status place_mark(weft_ctx *ctx, const weft_write_files *files, const weft_write_place *place,
                              const char **out)
{
    weft_status st = WEFT_OK;
    char *text = NULL;
    *out = files->spec->write.key_count > 0 ? ".c" : "-c";
    if (place->bucket < 0) return WEFT_OK;
    WEFT_TRY(st, weft_arena_printf(ctx, ctx->arena, &text, "_%05d.c", place->bucket));
    *out = text;
done:
    return st;
}

/* The folders of a place, one by one below the attempt's, which must be there: that of an ended job stays
 * gone. */
static weft_status make_folders(weft_ctx *ctx, const weft_write_files *files, const char *below)
{
    weft_status st = WEFT_OK;
    const char *end = below, *above = files->folder;
    char *path = NULL;
    do {
        end = strchrnul(end + 1, '/');
        WEFT_TRY(st, weft_arena_printf(ctx, ctx->arena, &path, "%s/%.*s", files->folder, (int)(end - below),
                                       below));
        st = weft_fs_make_directory(ctx, path);
        if (st == WEFT_OK) st = weft_fs_sync_directory(ctx, above);
        if (st == WEFT_EXISTS) {
            weft_error_clear(ctx);
            st = WEFT_OK;
        }
        if (st == WEFT_NOT_FOUND)
            st = weft_fail(ctx, WEFT_COMMIT_DENIED,
                           "Attempt %d of partition %d came after the end of the job %s.",
                           files->task->name.attempt, files->task->name.partition, files->spec->write.job);
        WEFT_TRY(st, st);
        above = path;
    } while (*end != '\0');
done:
    return st;
}

static weft_status place_open(weft_ctx *ctx, weft_write_files *files, weft_write_place *place)
{
    weft_status st = WEFT_OK;
    const weft_sink_spec *spec = files->spec;
    const char *mark = NULL;
    char *name = NULL, *below = NULL, *path = NULL;
    WEFT_TRY(st, place_mark(ctx, files, place, &mark));
    WEFT_TRY(st, weft_commit_file_name(ctx, spec->write.job, files->task->name.partition, mark,
                                       place->file_count, files->suffix, &name));
    if (place->folder[0] == '\0') {
        WEFT_TRY(st, weft_arena_printf(ctx, ctx->arena, &path, "%s/%s", files->folder, name));
        place->name = name;
    } else {
        WEFT_TRY(st, make_folders(ctx, files, place->folder));
        WEFT_TRY(st, weft_arena_printf(ctx, ctx->arena, &below, "%s/%s", place->folder, name));
        WEFT_TRY(st, weft_arena_printf(ctx, ctx->arena, &path, "%s/%s", files->folder, below));
        place->name = below;
    }
    WEFT_TRY(st, files->format->open(ctx, path, spec->write.schema, spec->write.options,
                                     spec->write.option_count, &place->file));
done:
    return st;
}

weft_status weft_write_place_begin(weft_ctx *ctx, weft_write_files *files, weft_write_place *place)
{
    weft_status st = WEFT_OK;
    weft_arena *const own = ctx->arena;
    const weft_block_name *task = &files->task->name;
    if (place->file != NULL) return WEFT_OK;
    if (files->folder == NULL)
        WEFT_TRY(st,
                 weft_commit_open_attempt(ctx, files->spec->write.directory, files->spec->write.job,
                                          task->partition, task->generation, task->attempt, &files->folder));
    ctx->arena = files->arena; /* a task may write any number of files */
    st = place_open(ctx, files, place);
    ctx->arena = own;
    WEFT_TRY(st, st);
    files->open_count++;
    place->file_count++;
    place->rows = 0;
done:
    return st;
}

/* The row (file name, rows, bytes). */
static weft_status report(weft_ctx *ctx, weft_write_files *files, const char *name, int64_t rows,
                          int64_t bytes)
{
    const weft_types *types = &files->spec->rows;
    const weft_str path = weft_str_view(name, (uint32_t)strlen(name));
    const void *const data[] = {&path, &rows, &bytes};
    const int32_t columns[] = {0, 1, 2};
    weft_column cells[3];
    for (int32_t i = 0; i < 3; i++) {
        cells[i] = (weft_column){.type = types->types[i],
                                 .phys = (uint8_t)weft_type_phys(types->types[i]),
                                 .encoding = WEFT_FLAT,
                                 .data = data[i]};
    }
    const weft_batch batch = {.rows = 1, .selected = 1, .column_count = 3, .columns = cells};
    return weft_block_append(ctx, files->writer, &batch, columns, NULL);
}

weft_status weft_write_place_end(weft_ctx *ctx, weft_write_files *files, weft_write_place *place)
{
    weft_status st = WEFT_OK;
    int64_t rows = 0, bytes = 0;
    if (place->file == NULL) return WEFT_OK;
    st = files->format->finish(ctx, &place->file, &rows, &bytes);
    files->open_count--;
    if (st == WEFT_OK) st = report(ctx, files, place->name, rows, bytes);
    if (files->open_count == 0) weft_arena_reset(files->arena);
    return st;
}

void weft_write_place_abandon(weft_write_files *files, weft_write_place *place)
{
    if (place->file != NULL) files->format->abandon(&place->file);
}

weft_status weft_write_place_put(weft_ctx *ctx, weft_write_files *files, weft_write_place *place,
                                 const weft_batch *batch)
{
    weft_status st = WEFT_OK;
    const weft_sink_format *format = files->format;
    const uint16_t *positions = batch->selection != NULL ? batch->selection : files->positions;
    weft_batch part = *batch;
    part.column_count = files->spec->write.schema->count;
    for (int32_t at = 0; at < batch->selected;) {
        WEFT_TRY(st, weft_write_place_begin(ctx, files, place));
        const int64_t left = batch->selected - at;
        const int64_t room = files->most_rows > 0 ? files->most_rows - place->rows : left;
        const int32_t some = (int32_t)weft_min_i64(left, room);
        if (some < batch->selected) {
            part.selection = positions + at;
            part.selected = some;
        }
        WEFT_TRY(st, format->write(ctx, place->file, &part));
        at += some;
        place->rows += some;
        const bool full = files->most_bytes > 0 && format->bytes(place->file) >= files->most_bytes;
        if (full || (files->most_rows > 0 && place->rows >= files->most_rows))
            WEFT_TRY(st, weft_write_place_end(ctx, files, place));
    }
done:
    return st;
}
