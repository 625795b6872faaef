/* engine/exec/sink_write.c - the task's rows into one file at the attempt's own place (storage/commit.h).
 *
 * The block tells the commit what was written: one row (file name, rows, bytes), or none when the task had no
 * rows. Only task 0 writes a file without rows, so that an empty result still has a file with its schema. The
 * name is a function of the task alone; an attempt that fails leaves nothing behind. */
#include "engine/exec/block_private.h"
#include "engine/exec/defs.h"
#include "engine/storage/commit.h"

typedef struct write_state {
    const weft_sink_spec *spec;
    const weft_task *task;
    const weft_sink_format *format;
    const char *name;     /* of the file, in the attempt's folder */
    weft_file_sink *file; /* opened with the first rows */
    weft_block_writer *writer;
} write_state;

static void write_close(void *state)
{
    write_state *s = state;
    if (s == NULL) return;
    if (s->file != NULL) s->format->abandon(&s->file);
    weft_block_writer_abandon(&s->writer);
    weft_mem_free(s);
}

static weft_status write_open(weft_ctx *ctx, const weft_sink_spec *spec, const weft_types *input_types,
                              const weft_task *task, void **state)
{
    weft_status st = WEFT_OK;
    write_state *s = NULL;
    char *name = NULL;
    *state = NULL;
    WEFT_TRY(st, weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, sizeof(*s), (void **)&s));
    s->spec = spec;
    s->task = task;
    s->format = weft_sink_format_find(spec->write.format);
    if (s->format == NULL) {
        st = weft_fail(ctx, WEFT_DATA_SOURCE_NOT_FOUND, "no format %s that can be written",
                       spec->write.format);
        goto done;
    }
    if (spec->rows.count != 3 || input_types->count != spec->write.schema->count) {
        st = weft_fail(ctx, WEFT_INTERNAL, "a write of %d columns as %d, with %d columns of result",
                       input_types->count, spec->write.schema->count, spec->rows.count);
        goto done;
    }
    const char *suffix = s->format->extension;
    if (s->format->suffix != NULL)
        WEFT_TRY(st, s->format->suffix(ctx, spec->write.options, spec->write.option_count, &suffix));
    WEFT_TRY(st, weft_commit_file_name(ctx, spec->write.job, task->name.partition, 0, suffix, &name));
    s->name = name;
    WEFT_TRY(st, weft_block_writer_open(ctx, &spec->rows, spec->partition_count, &s->writer));
    *state = s;
    s = NULL;
done:
    write_close(s);
    return st;
}

static weft_status write_begin(weft_ctx *ctx, write_state *s)
{
    weft_status st = WEFT_OK;
    char *folder = NULL, *path = NULL;
    if (s->file != NULL) return WEFT_OK;
    WEFT_TRY(st, weft_commit_open_attempt(ctx, s->spec->write.directory, s->spec->write.job,
                                          s->task->name.partition, s->task->name.generation,
                                          s->task->name.attempt, &folder));
    WEFT_TRY(st, weft_arena_printf(ctx, ctx->arena, &path, "%s/%s", folder, s->name));
    WEFT_TRY(st, s->format->open(ctx, path, s->spec->write.schema, s->spec->write.options,
                                 s->spec->write.option_count, &s->file));
done:
    return st;
}

static weft_status write_sink(weft_ctx *ctx, void *state, const weft_batch *batch, weft_op_result *result)
{
    weft_status st = WEFT_OK;
    write_state *s = state;
    *result = WEFT_NEED_INPUT;
    WEFT_TRY(st, write_begin(ctx, s));
    WEFT_TRY(st, s->format->write(ctx, s->file, batch));
done:
    return st;
}

static weft_block_writer *write_writer(void *state) { return ((write_state *)state)->writer; }

/* The row (file name, rows, bytes). */
static weft_status write_report(weft_ctx *ctx, write_state *s, int64_t rows, int64_t bytes)
{
    const weft_str path = weft_str_view(s->name, (uint32_t)strlen(s->name));
    const void *const data[] = {&path, &rows, &bytes};
    const int32_t columns[] = {0, 1, 2};
    weft_column cells[3];
    for (int32_t i = 0; i < 3; i++) {
        cells[i] = (weft_column){.type = s->spec->rows.types[i],
                                 .phys = (uint8_t)weft_type_phys(s->spec->rows.types[i]),
                                 .encoding = WEFT_FLAT,
                                 .data = data[i]};
    }
    const weft_batch batch = {.rows = 1, .selected = 1, .column_count = 3, .columns = cells};
    return weft_block_append(ctx, s->writer, &batch, columns, NULL);
}

static weft_status write_finalize(weft_ctx *ctx, void *state, weft_block **out)
{
    weft_status st = WEFT_OK;
    write_state *s = state;
    int64_t rows = 0, bytes = 0;
    *out = NULL;
    if (s->task->name.partition == 0) WEFT_TRY(st, write_begin(ctx, s));
    if (s->file != NULL) {
        WEFT_TRY(st, s->format->finish(ctx, &s->file, &rows, &bytes));
        WEFT_TRY(st, write_report(ctx, s, rows, bytes));
    }
    WEFT_TRY(st, weft_block_finish(ctx, &s->writer, s->task->owner, &s->task->name, out));
done:
    return st;
}

const weft_sink_def weft_sink_write = {.name = "write",
                                       .open = write_open,
                                       .sink = write_sink,
                                       .writer = write_writer,
                                       .finalize = write_finalize,
                                       .close = write_close};
