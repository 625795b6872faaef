/* engine/exec/source_marked.c - the build rows of a build-preserving join, by their match marks.
 *
 * Shared: the marks of all accepted attempts of the marking stage, ORed into one bitmap; one unit.
 * A lane walks its partitions in (partition, block, page, row) order, the order that numbers the rows.
 * Memory: one bit a build row for the stage, one vector a column for a lane. */
#include <string.h>

#include "engine/columnar/gather.h"
#include "engine/exec/defs.h"
#include "engine/exec/row_cursor.h"

typedef struct marked_shared {
    const weft_source_spec *spec;
    const weft_input *build, *marks;
    int64_t rows; /* of the build side */
    uint64_t *words;
} marked_shared;

typedef struct marked_state {
    const weft_source_spec *spec;
    const marked_shared *shared;
    const weft_row_layout *layout;
    int64_t number; /* of the next row */
    weft_row_cursor cursor;
    weft_vector *vectors; /* [column_count], then the mark */
    int32_t opened;
    weft_column *columns;
    const uint8_t *rows[WEFT_BATCH_ROWS_MAX]; /* first all that are read, then those that are given */
    uint8_t mark[WEFT_BATCH_ROWS_MAX];
} marked_state;

static void marked_shared_close(void *shared)
{
    marked_shared *s = shared;
    weft_mem_free(s->words);
}

static weft_status marked_shared_open(weft_ctx *ctx, const weft_source_spec *spec, const weft_input *inputs,
                                      void **shared, int32_t *units)
{
    weft_status st = WEFT_OK;
    marked_shared *s = NULL;
    WEFT_TRY(st, WEFT_NEW(ctx, &s));
    s->spec = spec;
    s->build = &inputs[spec->input];
    s->marks = &inputs[spec->marked.marks_input];
    for (int32_t b = 0; b < s->build->block_count; b++) s->rows += weft_block_rows(s->build->blocks[b], -1);
    WEFT_TRY(st,
             weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, (size_t)weft_max_i64(1, weft_bit_words(s->rows)) * 8,
                                 (void **)&s->words));
    *shared = s;
    *units = 1;
done:
    return st;
}

static weft_status marked_shared_unit(weft_ctx *ctx, void *shared, int32_t unit)
{
    marked_shared *s = shared;
    (void)unit;
    for (int32_t b = 0; b < s->marks->block_count; b++) {
        int32_t count = 0;
        const weft_marks *marks = weft_block_marks(s->marks->blocks[b], &count);
        for (int32_t i = 0; i < count; i++) {
            if (marks[i].build_stage != s->build->stage_id) continue;
            if (marks[i].rows != s->rows)
                return weft_fail(ctx, WEFT_CORRUPT, "marks of %lld build rows came for %lld",
                                 (long long)marks[i].rows, (long long)s->rows);
            const int64_t words = weft_bit_words(marks[i].rows);
            for (int64_t w = 0; w < words; w++) s->words[w] |= marks[i].words[w];
        }
    }
    return WEFT_OK;
}

static void marked_close(void *state)
{
    marked_state *s = state;
    weft_row_cursor_close(&s->cursor);
    for (int32_t i = 0; i < s->opened; i++) weft_vector_deinit(&s->vectors[i]);
}

static weft_status marked_open(weft_ctx *ctx, const weft_source_spec *spec, void *shared,
                               const weft_task *task, void **state)
{
    weft_status st = WEFT_OK;
    marked_state *s = NULL;
    const int32_t width = spec->marked.column_count;
    WEFT_TRY(st, WEFT_NEW(ctx, &s));
    *state = s;
    s->spec = spec;
    s->shared = shared;
    s->layout = weft_block_layout(s->shared->build->blocks[0]);
    weft_row_cursor_init(&s->cursor, s->shared->build, 1, task->spec->partition_begin,
                         task->spec->partition_end);
    for (int32_t p = 0; p < task->spec->partition_begin; p++)
        for (int32_t b = 0; b < s->shared->build->block_count; b++)
            s->number += weft_block_rows(s->shared->build->blocks[b], p);
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, width + 1, &s->vectors));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, width + 1, &s->columns));
    for (; s->opened <= width; s->opened++) {
        const weft_type type = s->opened == width ? WEFT_TYPE_OF(WEFT_TYPE_BOOLEAN)
                                                  : s->layout->types[spec->marked.columns[s->opened]];
        WEFT_TRY(st, weft_vector_init(ctx, type, WEFT_BATCH_ROWS_MAX, &s->vectors[s->opened]));
    }
done:
    return st;
}

static weft_status marked_fill(weft_ctx *ctx, marked_state *s, int32_t count, weft_batch *out)
{
    weft_status st = WEFT_OK;
    const int32_t width = s->spec->marked.column_count;
    for (int32_t i = 0; i < width; i++) {
        WEFT_TRY(st, weft_vector_gather(ctx, s->layout, s->spec->marked.columns[i], s->rows, count, NULL,
                                        &s->vectors[i]));
        s->columns[i] = s->vectors[i].column;
    }
    if (s->spec->marked.emit_mark) {
        memcpy(s->vectors[width].values, s->mark, (size_t)count);
        s->columns[width] = s->vectors[width].column;
    }
    *out = (weft_batch){.rows = count,
                        .selected = count,
                        .column_count = width + s->spec->marked.emit_mark,
                        .columns = s->columns};
done:
    return st;
}

static weft_status marked_next(weft_ctx *ctx, void *state, weft_batch *out, weft_op_result *result)
{
    weft_status st = WEFT_OK;
    marked_state *s = state;
    int32_t count = 0, read = 0;

    *result = WEFT_FINISHED;
    while (count == 0) {
        WEFT_TRY(st, weft_row_cursor_next(ctx, &s->cursor, s->rows, WEFT_BATCH_ROWS_MAX, &read));
        if (read == 0) goto done;
        for (int32_t i = 0; i < read; i++, s->number++) {
            const bool marked = weft_bit_get(s->shared->words, s->number);
            s->rows[count] = s->rows[i];
            s->mark[count] = marked;
            count += s->spec->marked.emit_mark || marked == s->spec->marked.matched;
        }
    }
    WEFT_TRY(st, marked_fill(ctx, s, count, out));
    *result = WEFT_HAVE_MORE;
done:
    return st;
}

const weft_source_def weft_source_marked = {.name = "MarkedRows",
                                            .shared_open = marked_shared_open,
                                            .shared_unit = marked_shared_unit,
                                            .shared_close = marked_shared_close,
                                            .open = marked_open,
                                            .next = marked_next,
                                            .close = marked_close};
