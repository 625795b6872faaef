/* client/output.c - see output.h.
 *
 * Memory: text of one batch at a time in an arena of its own; the table format needs all texts to know its
 * widths, and therefore measures the first TABLE_MEASURE_ROWS rows only: later rows may be wider than their
 * column. */
#include "client/output.h"

#include <inttypes.h>
#include <string.h>

#include "engine/expr/cast.h"
#include "engine/expr/nested_text.h"
#include "engine/formats/source.h"

enum { TABLE_MEASURE_ROWS = 1000 };

bool weft_output_parse(const char *text, weft_output_format *out)
{
    static const char *const names[] = {"table", "csv", "json", "parquet"};
    for (int32_t i = 0; i < WEFT_COUNT(names); i++)
        if (strcmp(text, names[i]) == 0) {
            *out = (weft_output_format)i;
            return true;
        }
    return false;
}

/* A value as text; bytes NULL is NULL. Strings may hold zero bytes. */
typedef struct cell {
    const char *bytes;
    size_t len;
} cell;

typedef struct row_writer {
    FILE *stream;
    const weft_schema *schema;
    void (*row)(const struct row_writer *w, const cell *cells, const int32_t *widths);
} row_writer;

static cell cell_of(const char *text) { return (cell){.bytes = text, .len = strlen(text)}; }

static void put_cell(FILE *stream, cell c) { fwrite(c.bytes, 1, c.len, stream); }

/* ---- csv ---- */

static bool csv_plain(cell c)
{
    for (size_t i = 0; i < c.len; i++)
        if (c.bytes[i] == ',' || c.bytes[i] == '"' || c.bytes[i] == '\r' || c.bytes[i] == '\n') return false;
    return c.len > 0;
}

/* NULL is an empty field, the empty string is "". */
static void csv_field(FILE *stream, cell c)
{
    if (c.bytes == NULL) return;
    if (csv_plain(c)) {
        put_cell(stream, c);
        return;
    }
    fputc('"', stream);
    for (size_t i = 0; i < c.len; i++) {
        if (c.bytes[i] == '"') fputc('"', stream);
        fputc(c.bytes[i], stream);
    }
    fputc('"', stream);
}

static void csv_row(const row_writer *w, const cell *cells, const int32_t *widths)
{
    (void)widths;
    for (int32_t i = 0; i < w->schema->count; i++) {
        if (i > 0) fputc(',', w->stream);
        csv_field(w->stream, cells[i]);
    }
    fputc('\n', w->stream);
}

/* ---- json ---- */

static void json_string(FILE *stream, cell text)
{
    fputc('"', stream);
    for (size_t i = 0; i < text.len; i++) {
        const unsigned char c = (unsigned char)text.bytes[i];
        if (c == '"' || c == '\\')
            fprintf(stream, "\\%c", c);
        else if (c == '\n')
            fputs("\\n", stream);
        else if (c == '\r')
            fputs("\\r", stream);
        else if (c == '\t')
            fputs("\\t", stream);
        else if (c < 0x20)
            fprintf(stream, "\\u%04x", c);
        else
            fputc(c, stream);
    }
    fputc('"', stream);
}

/* Numbers and booleans stand bare, but for NaN and the infinities, which JSON does not have. */
static bool json_bare(weft_type type, cell text)
{
    if (type.id == WEFT_TYPE_BOOLEAN) return true;
    if (weft_type_is_nested(type)) return true; /* their text is JSON already */
    return weft_type_is_numeric(type) && memchr(text.bytes, 'N', text.len) == NULL &&
           memchr(text.bytes, 'I', text.len) == NULL;
}

static void json_row(const row_writer *w, const cell *cells, const int32_t *widths)
{
    (void)widths;
    fputc('{', w->stream);
    for (int32_t i = 0; i < w->schema->count; i++) {
        if (i > 0) fputc(',', w->stream);
        json_string(w->stream, cell_of(w->schema->fields[i].name));
        fputc(':', w->stream);
        if (cells[i].bytes == NULL)
            fputs("null", w->stream);
        else if (json_bare(w->schema->fields[i].type, cells[i]))
            put_cell(w->stream, cells[i]);
        else
            json_string(w->stream, cells[i]);
    }
    fputs("}\n", w->stream);
}

/* ---- table ---- */

/* Characters, not bytes: continuation bytes of UTF-8 take no room. */
static int32_t cell_width(cell c)
{
    int32_t width = 0;
    if (c.bytes == NULL) return 4;
    for (size_t i = 0; i < c.len; i++) width += ((unsigned char)c.bytes[i] & 0xc0) != 0x80;
    return width;
}

static void table_rule(const row_writer *w, const int32_t *widths)
{
    for (int32_t i = 0; i < w->schema->count; i++) {
        fputc('+', w->stream);
        for (int32_t k = 0; k < widths[i]; k++) fputc('-', w->stream);
    }
    fputs("+\n", w->stream);
}

static void table_row(const row_writer *w, const cell *cells, const int32_t *widths)
{
    for (int32_t i = 0; i < w->schema->count; i++) {
        const cell c = cells[i].bytes == NULL ? cell_of("NULL") : cells[i];
        fputc('|', w->stream);
        for (int32_t k = cell_width(c); k < widths[i]; k++) fputc(' ', w->stream);
        put_cell(w->stream, c);
    }
    fputs("|\n", w->stream);
}

/* Lines of text, bare. */
static void text_row(const row_writer *w, const cell *cells, const int32_t *widths)
{
    (void)widths;
    if (cells[0].bytes != NULL) put_cell(w->stream, cells[0]);
    fputc('\n', w->stream);
}

/* ---- rows ---- */

static weft_status nested_cell(weft_ctx *ctx, weft_zone *zone, bool json, const weft_column *column,
                               int32_t row, cell *out)
{
    weft_status st = WEFT_OK;
    weft_text text = {0};
    char *bytes = NULL;
    *out = (cell){0};
    if (weft_column_is_null(column, row)) return WEFT_OK;
    if (json)
        WEFT_TRY(st, weft_nested_json(ctx, zone, NULL, column, row, &text));
    else
        WEFT_TRY(st, weft_nested_text(ctx, zone, column, row, &text));
    WEFT_TRY(st, weft_arena_copy(ctx, ctx->arena, text.bytes, text.len, &bytes));
    *out = (cell){.bytes = bytes, .len = text.len};
done:
    weft_text_release(&text);
    return st;
}

static weft_status value_cell(weft_ctx *ctx, weft_zone *zone, const weft_value *value, cell *out)
{
    weft_status st = WEFT_OK;
    char *text = NULL;
    *out = (cell){0};
    if (value->is_null) return WEFT_OK;
    if (value->type.id == WEFT_TYPE_STRING) {
        WEFT_TRY(st, weft_arena_copy(ctx, ctx->arena, weft_str_data(&value->str), value->str.len, &text));
        *out = (cell){.bytes = text, .len = value->str.len};
        goto done;
    }
    WEFT_TRY(st, weft_value_zoned_text(ctx, zone, value, &text));
    *out = cell_of(text);
done:
    return st;
}

/* The cells of a batch, row-major, in ctx->arena. */
static weft_status batch_cells(weft_ctx *ctx, const weft_batch *batch, bool json, cell **out)
{
    weft_status st = WEFT_OK;
    cell *cells = NULL;
    weft_zone *zone = NULL;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, (int64_t)batch->rows * batch->column_count, &cells));
    WEFT_TRY(st, weft_zone_open_session(ctx, &zone));
    for (int32_t r = 0; r < batch->rows; r++)
        for (int32_t c = 0; c < batch->column_count; c++) {
            const weft_column *column = &batch->columns[c];
            cell *to = &cells[(int64_t)r * batch->column_count + c];
            if (weft_phys_is_nested((weft_phys)column->phys)) {
                WEFT_TRY(st, nested_cell(ctx, zone, json, column, r, to));
                continue;
            }
            const weft_value value = weft_value_of_column(column, r);
            WEFT_TRY(st, value_cell(ctx, zone, &value, to));
        }
    *out = cells;
done:
    weft_zone_close(&zone);
    return st;
}

static void write_names(const row_writer *w, weft_output_format format, const cell *names,
                        const int32_t *widths)
{
    if (format == WEFT_OUTPUT_JSON || w->row == text_row) return;
    if (format == WEFT_OUTPUT_TABLE) table_rule(w, widths);
    w->row(w, names, widths);
    if (format == WEFT_OUTPUT_TABLE) table_rule(w, widths);
}

static weft_status write_text(weft_result *result, weft_output_format format, FILE *stream, weft_error *error,
                              int64_t *rows)
{
    weft_status st = WEFT_OK;
    weft_ctx *own = weft_result_ctx(result);
    const weft_schema *schema = weft_result_schema(result);
    const row_writer w = {.stream = stream,
                          .schema = schema,
                          .row = format == WEFT_OUTPUT_CSV     ? csv_row
                                 : format == WEFT_OUTPUT_JSON  ? json_row
                                 : weft_result_is_text(result) ? text_row
                                                               : table_row};
    weft_ctx ctx = *own;
    weft_arena *arena = weft_arena_new(own->memory);
    int32_t *widths = NULL;
    cell *names = NULL;
    bool named = false;

    ctx.arena = arena;
    if (arena == NULL) WEFT_TRY(st, weft_fail(&ctx, WEFT_NOMEM, "no memory for printing a result"));
    WEFT_TRY(st, WEFT_NEW_ARRAY(own, schema->count, &widths));
    WEFT_TRY(st, WEFT_NEW_ARRAY(own, schema->count, &names));
    for (int32_t i = 0; i < schema->count; i++) {
        names[i] = cell_of(schema->fields[i].name);
        widths[i] = cell_width(names[i]);
    }
    for (;;) {
        weft_batch batch;
        cell *cells = NULL;
        st = weft_result_next(result, error, &batch);
        if (st != WEFT_OK) goto read_failed;
        if (batch.rows == 0) break;
        WEFT_TRY(st, weft_check_cancel(&ctx));
        WEFT_TRY(st, batch_cells(&ctx, &batch, format == WEFT_OUTPUT_JSON, &cells));
        for (int32_t r = 0; r < batch.rows && !named && format == WEFT_OUTPUT_TABLE && r < TABLE_MEASURE_ROWS;
             r++)
            for (int32_t c = 0; c < schema->count; c++)
                widths[c] = weft_max_i32(widths[c], cell_width(cells[(int64_t)r * schema->count + c]));
        if (!named) write_names(&w, format, names, widths);
        named = true;
        for (int32_t r = 0; r < batch.rows; r++) w.row(&w, cells + (int64_t)r * schema->count, widths);
        *rows += batch.rows;
        weft_arena_reset(arena);
    }
    if (!named) write_names(&w, format, names, widths);
    if (w.row == table_row) table_rule(&w, widths);
    if (fflush(stream) != 0 || ferror(stream))
        WEFT_TRY(st, weft_fail(&ctx, WEFT_IO, "the output cannot be written"));
done:
    if (st != WEFT_OK) *error = ctx.error;
read_failed:
    weft_arena_free(&arena);
    return st;
}

static weft_status write_parquet(weft_result *result, const char *path, weft_error *error, int64_t *rows)
{
    weft_status st = WEFT_OK;
    weft_ctx *ctx = weft_result_ctx(result);
    const weft_sink_format *format = weft_sink_format_find("parquet");
    weft_file_sink *sink = NULL;
    int64_t bytes = 0;
    WEFT_TRY(st, format->open(ctx, path, weft_result_schema(result), NULL, 0, &sink));
    for (;;) {
        weft_batch batch;
        st = weft_result_next(result, error, &batch);
        if (st != WEFT_OK) goto read_failed;
        if (batch.rows == 0) break;
        WEFT_TRY(st, format->write(ctx, sink, &batch));
    }
    WEFT_TRY(st, format->finish(ctx, &sink, rows, &bytes));
done:
    if (st != WEFT_OK) *error = ctx->error;
read_failed:
    if (sink != NULL) format->abandon(&sink);
    return st;
}

weft_status weft_output_write(weft_result *result, weft_output_format format, FILE *stream, const char *path,
                              weft_error *error, int64_t *rows)
{
    *rows = 0;
    if (format == WEFT_OUTPUT_PARQUET) return write_parquet(result, path, error, rows);
    return write_text(result, format, stream, error, rows);
}
