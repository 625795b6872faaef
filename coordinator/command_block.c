/* coordinator/command_block.c - see command.h: rows of text as a block. */
#include <string.h>

#include "coordinator/command.h"
#include "engine/columnar/builder.h"

static bool is_flag(const weft_command_rows *rows, int32_t column)
{
    return column < 32 && (rows->flags >> column & 1) != 0;
}

static weft_status make_schema(weft_ctx *ctx, const weft_command_rows *rows, weft_schema **out)
{
    weft_status st = WEFT_OK;
    weft_field *fields = NULL;
    WEFT_TRY(st, WEFT_NEW(ctx, out));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, rows->width, &fields));
    for (int32_t i = 0; i < rows->width; i++)
        fields[i] =
            (weft_field){.name = rows->names[i],
                         .type = WEFT_TYPE_OF(is_flag(rows, i) ? WEFT_TYPE_BOOLEAN : WEFT_TYPE_STRING),
                         .nullable = true};
    **out = (weft_schema){.count = rows->width, .fields = fields};
done:
    return st;
}

/* Rows [first, first + count) into the vectors. */
static weft_status fill(weft_ctx *ctx, const weft_command_rows *rows, int32_t first, int32_t count,
                        weft_vector *vectors)
{
    weft_status st = WEFT_OK;
    for (int32_t c = 0; c < rows->width; c++) {
        weft_vector_reset(&vectors[c]);
        for (int32_t i = 0; i < count; i++) {
            const char *text = rows->cells[(size_t)(first + i) * (size_t)rows->width + (size_t)c];
            if (text == NULL)
                weft_vector_set_null(&vectors[c], i);
            else if (is_flag(rows, c))
                ((uint8_t *)vectors[c].values)[i] = strcmp(text, "true") == 0;
            else
                WEFT_TRY(st, weft_vector_set_string(ctx, &vectors[c], i, text, (uint32_t)strlen(text)));
        }
    }
done:
    return st;
}

static weft_status append(weft_ctx *ctx, const weft_command_rows *rows, weft_vector *vectors,
                          weft_block_writer *writer)
{
    weft_status st = WEFT_OK;
    weft_column *columns = NULL;
    int32_t *numbers = NULL;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, rows->width, &columns));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, rows->width, &numbers));
    for (int32_t c = 0; c < rows->width; c++) numbers[c] = c;
    for (int32_t at = 0; at < rows->count; at += WEFT_BATCH_ROWS_MAX) {
        const int32_t count = weft_min_i32(rows->count - at, WEFT_BATCH_ROWS_MAX);
        WEFT_TRY(st, fill(ctx, rows, at, count, vectors));
        for (int32_t c = 0; c < rows->width; c++) columns[c] = vectors[c].column;
        const weft_batch batch = {
            .rows = count, .selected = count, .column_count = rows->width, .columns = columns};
        WEFT_TRY(st, weft_block_append(ctx, writer, &batch, numbers, NULL));
    }
done:
    return st;
}

weft_status weft_command_block(weft_ctx *ctx, const weft_command_rows *rows, const weft_schema **schema,
                               weft_block **out)
{
    weft_status st = WEFT_OK;
    weft_schema *made = NULL;
    weft_type *types = NULL;
    weft_vector *vectors = NULL;
    weft_block_writer *writer = NULL;
    int32_t opened = 0;
    const weft_block_name name = {0}; /* of no job: nobody asks for it */
    const int32_t capacity = weft_max_i32(1, weft_min_i32(rows->count, WEFT_BATCH_ROWS_MAX));
    WEFT_TRY(st, make_schema(ctx, rows, &made));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, rows->width, &types));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, rows->width, &vectors));
    for (int32_t c = 0; c < rows->width; c++) types[c] = made->fields[c].type;
    for (; opened < rows->width; opened++)
        WEFT_TRY(st, weft_vector_init(ctx, types[opened], capacity, &vectors[opened]));
    const weft_types all = {.count = rows->width, .types = types};
    WEFT_TRY(st, weft_block_writer_open(ctx, &all, 1, &writer));
    WEFT_TRY(st, append(ctx, rows, vectors, writer));
    WEFT_TRY(st, weft_block_finish(ctx, &writer, ctx->memory, &name, out));
    *schema = made;
done:
    weft_block_writer_abandon(&writer);
    for (int32_t c = 0; c < opened; c++) weft_vector_deinit(&vectors[c]);
    return st;
}
