/* tests/support/parquet_text.h - Parquet files read back as text, to hold against what other engines read.
 *
 * tests/data/parquet/make.py says how a value is written. */
#ifndef WEFT_TESTS_SUPPORT_PARQUET_TEXT_H
#define WEFT_TESTS_SUPPORT_PARQUET_TEXT_H

#include "engine/formats/source.h"
#include "tests/support/fixture.h"

/* Text that grows; free(bytes). */
typedef struct weft_row_text {
    char *bytes;
    size_t len, room;
} weft_row_text;

void weft_row_text_add(weft_row_text *t, const char *bytes, size_t len);
/* The value of a row. */
void weft_row_text_value(weft_row_text *t, const weft_column *c, int32_t row);

/* How a file is read. */
typedef struct weft_reading {
    const char *name;
    int32_t batch_rows;
    int64_t target_rows;
    const weft_expr *const *conjuncts;
    int32_t conjunct_count;
    const weft_scan_filter *keys;
    int32_t key_count;
    const char *const *options; /* pairs */
    int32_t option_count;
    const weft_schema *given;  /* NULL: the files' */
    weft_scan_metrics metrics; /* out */
    int64_t rows;              /* out */
    char schema[512];          /* out: "a INT, b STRING" */
} weft_reading;

/* tests/data/parquet/NAME with the extension. */
void weft_parquet_data_path(char *path, size_t bytes, const char *name, const char *extension);
/* tests/data/parquet/NAME.txt */
weft_row_text weft_parquet_load_text(const char *name);
/* All rows of what lies at path, a line each, added to out. */
weft_status weft_parquet_read_text(weft_fixture *f, const char *path, weft_reading *r, weft_row_text *out);
/* Read tests/data/parquet/NAME.parquet; without an error. */
weft_row_text weft_parquet_read_file(weft_fixture *f, weft_reading *r);

#endif
