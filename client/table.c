/* client/table.c - see table.h. */
#include "client/table.h"

#include <inttypes.h>
#include <stdarg.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

weft_status weft_table_init(weft_ctx *ctx, weft_table *t, const weft_table_column *columns,
                            int32_t column_count, int64_t rows)
{
    *t = (weft_table){.columns = columns, .column_count = column_count, .row_count = rows};
    return WEFT_NEW_ARRAY(ctx, rows * column_count, &t->cells);
}

/* C0 and DEL, and C1 as UTF-8 has it (0xc2 0x80 to 0xc2 0x9f). */
void weft_clean_text(char *text)
{
    for (unsigned char *c = (unsigned char *)text; *c != 0; c++) {
        if (*c < 0x20 || *c == 0x7f) *c = ' ';
        if (*c == 0xc2 && c[1] >= 0x80 && c[1] < 0xa0) c[0] = c[1] = ' ';
    }
}

weft_status weft_table_cell(weft_ctx *ctx, weft_table *t, int64_t row, int32_t column, const char *format,
                            ...)
{
    char *text = NULL;
    va_list args;
    va_start(args, format);
    const int len = vsnprintf(NULL, 0, format, args);
    va_end(args);
    const weft_status st =
        weft_arena_alloc(ctx, ctx->arena, (size_t)weft_max_i32(len, 0) + 1, (void **)&text);
    if (st != WEFT_OK) return st;
    va_start(args, format);
    vsnprintf(text, (size_t)weft_max_i32(len, 0) + 1, format, args);
    va_end(args);
    weft_clean_text(text);
    t->cells[row * t->column_count + column] = text;
    return st;
}

/* Characters, as far as they can be counted without a table of widths. */
static int32_t text_width(const char *text)
{
    int32_t width = 0;
    for (; *text != 0; text++) width += ((unsigned char)*text & 0xc0) != 0x80;
    return width;
}

/* The bytes of the first `width` characters. */
static int32_t width_bytes(const char *text, int32_t width)
{
    const char *c = text;
    for (; *c != 0; c++)
        if (((unsigned char)*c & 0xc0) != 0x80 && width-- == 0) break;
    return (int32_t)(c - text);
}

static const char *cell_at(const weft_table *t, int64_t row, int32_t column)
{
    const char *text = row < 0 ? t->columns[column].title : t->cells[row * t->column_count + column];
    return text == NULL ? "" : text;
}

static int32_t column_width(const weft_table *t, int32_t column)
{
    int32_t width = 0;
    for (int64_t row = -1; row < t->row_count; row++)
        width = weft_max_i32(width, text_width(cell_at(t, row, column)));
    return width;
}

/* Row -1: the titles. */
static void print_row(const weft_table *t, int64_t row, const int32_t *widths, int32_t most, FILE *to)
{
    const int32_t last = t->column_count - 1;
    for (int32_t i = 0; i <= last; i++) {
        const char *text = cell_at(t, row, i);
        const int32_t width = text_width(text), pad = widths[i] - width;
        if (t->columns[i].is_right) fprintf(to, "%*s", pad, "");
        if (i == last && most > 0 && width > most)
            fprintf(to, "%.*s\xe2\x80\xa6", width_bytes(text, most - 1), text);
        else
            fputs(text, to);
        if (i < last) fprintf(to, "%*s", (t->columns[i].is_right ? 0 : pad) + 2, "");
    }
    fputc('\n', to);
}

void weft_table_print(const weft_table *t, int32_t width, FILE *to)
{
    enum { COLUMNS_MOST = 32, LAST_LEAST = 20 };
    int32_t widths[COLUMNS_MOST], used = 0;
    assert(t->column_count <= COLUMNS_MOST);
    for (int32_t i = 0; i < t->column_count; i++) {
        widths[i] = column_width(t, i);
        if (i < t->column_count - 1) used += widths[i] + 2;
    }
    const int32_t most = width == 0 ? 0 : weft_max_i32(LAST_LEAST, width - used);
    for (int64_t row = -1; row < t->row_count; row++) print_row(t, row, widths, most, to);
}

int32_t weft_terminal_width(FILE *stream)
{
    struct winsize size;
    if (!isatty(fileno(stream)) || ioctl(fileno(stream), TIOCGWINSZ, &size) != 0) return 0;
    return size.ws_col;
}

const char *weft_duration_text(int64_t ms, char *out, size_t out_bytes)
{
    const int64_t s = ms / 1000;
    if (ms < 1000)
        snprintf(out, out_bytes, "%" PRId64 " ms", weft_max_i64(0, ms));
    else if (s < 60)
        snprintf(out, out_bytes, "%" PRId64 ".%" PRId64 " s", s, ms % 1000 / 100);
    else if (s < 3600)
        snprintf(out, out_bytes, "%" PRId64 " min %" PRId64 " s", s / 60, s % 60);
    else if (s < 86400)
        snprintf(out, out_bytes, "%" PRId64 " h %" PRId64 " min", s / 3600, s % 3600 / 60);
    else
        snprintf(out, out_bytes, "%" PRId64 " d %" PRId64 " h", s / 86400, s % 86400 / 3600);
    return out;
}
