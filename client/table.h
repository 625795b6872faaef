/* client/table.h - aligned columns for a terminal. Texts may come from anybody: control characters become
 * spaces, so that nothing moves the cursor. */
#ifndef WEFT_CLIENT_TABLE_H
#define WEFT_CLIENT_TABLE_H

#include <stdio.h>

#include "common/mem.h"

typedef struct weft_table_column {
    const char *title;
    bool is_right; /* numbers */
} weft_table_column;

typedef struct weft_table {
    const weft_table_column *columns;
    int32_t column_count;
    int64_t row_count;
    char **cells; /* [row_count × column_count], in the arena */
} weft_table;

/* rows: all that there will be. */
WEFT_MUST_CHECK weft_status weft_table_init(weft_ctx *ctx, weft_table *t, const weft_table_column *columns,
                                            int32_t column_count, int64_t rows);
WEFT_MUST_CHECK weft_status weft_table_cell(weft_ctx *ctx, weft_table *t, int64_t row, int32_t column,
                                            const char *format, ...) WEFT_PRINTF(5, 6);
/* The last column is cut at the width of the terminal; width 0: not at all. */
void weft_table_print(const weft_table *t, int32_t width, FILE *to);
/* The width of the terminal behind a stream; 0 when there is none. */
int32_t weft_terminal_width(FILE *stream);
/* "340 ms", "2.5 s", "3 min 20 s", "2 h 5 min", "3 d 4 h"; returns out. */
const char *weft_duration_text(int64_t ms, char *out, size_t out_bytes);
/* Replace control characters, in place. */
void weft_clean_text(char *text);

#endif
