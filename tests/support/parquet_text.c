/* tests/support/parquet_text.c - see the header. */
#include <stdarg.h>
#include <stdlib.h>

#include "tests/support/parquet_text.h"

void weft_row_text_add(weft_row_text *t, const char *bytes, size_t len)
{
    if (t->len + len + 1 > t->room) {
        t->room = (t->len + len + 1) * 2;
        t->bytes = realloc(t->bytes, t->room);
        assert_non_null(t->bytes);
    }
    memcpy(t->bytes + t->len, bytes, len);
    t->len += len;
    t->bytes[t->len] = '\0';
}

static void text_format(weft_row_text *t, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void text_format(weft_row_text *t, const char *format, ...)
{
    char part[256];
    va_list arguments;
    va_start(arguments, format);
    const int n = vsnprintf(part, sizeof part, format, arguments);
    va_end(arguments);
    assert_in_range(n, 0, sizeof part - 1);
    weft_row_text_add(t, part, (size_t)n);
}

static void text_i128(weft_row_text *t, weft_i128 value)
{
    char digits[48];
    int at = sizeof digits;
    weft_u128 left = value < 0 ? 0 - (weft_u128)value : (weft_u128)value;
    do {
        digits[--at] = (char)('0' + (int)(left % 10));
        left /= 10;
    } while (left > 0);
    if (value < 0) digits[--at] = '-';
    weft_row_text_add(t, digits + at, sizeof digits - (size_t)at);
}

static void text_string(weft_row_text *t, weft_type type, const weft_str *s)
{
    const char *bytes = weft_str_data(s);
    if (type.id == WEFT_TYPE_STRING) {
        weft_row_text_add(t, "'", 1);
        weft_row_text_add(t, bytes, s->len);
    } else {
        weft_row_text_add(t, "x'", 2);
        for (uint32_t i = 0; i < s->len; i++) text_format(t, "%02x", (unsigned char)bytes[i]);
    }
    weft_row_text_add(t, "'", 1);
}

static void text_list(weft_row_text *t, const weft_column *c, const weft_list *list)
{
    const bool is_map = c->type.id == WEFT_TYPE_MAP;
    assert_true(list->offset >= 0 && list->length >= 0 && list->offset + list->length <= c->child_rows);
    weft_row_text_add(t, is_map ? "<" : "[", 1);
    for (int32_t i = 0; i < list->length; i++) {
        if (i > 0) weft_row_text_add(t, ", ", 2);
        if (is_map) {
            weft_row_text_value(t, &c->children[0].children[0], list->offset + i);
            weft_row_text_add(t, ": ", 2);
            weft_row_text_value(t, &c->children[0].children[1], list->offset + i);
        } else {
            weft_row_text_value(t, &c->children[0], list->offset + i);
        }
    }
    weft_row_text_add(t, is_map ? ">" : "]", 1);
}

void weft_row_text_value(weft_row_text *t, const weft_column *c, int32_t row)
{
    if (weft_column_is_null(c, row)) {
        weft_row_text_add(t, "NULL", 4);
        return;
    }
    if (c->phys == WEFT_PHYS_STRUCT) {
        weft_row_text_add(t, "{", 1);
        for (int32_t i = 0; i < c->child_count; i++) {
            if (i > 0) weft_row_text_add(t, ", ", 2);
            weft_row_text_value(t, &c->children[i], row);
        }
        weft_row_text_add(t, "}", 1);
        return;
    }
    const void *value = weft_column_value(c, row);
    weft_i128 wide;
    switch ((weft_phys)c->phys) {
    case WEFT_PHYS_BOOL: text_format(t, "%s", *(const uint8_t *)value != 0 ? "true" : "false"); break;
    case WEFT_PHYS_I8: text_format(t, "%d", *(const int8_t *)value); break;
    case WEFT_PHYS_I16: text_format(t, "%d", *(const int16_t *)value); break;
    case WEFT_PHYS_I32: text_format(t, "%d", *(const int32_t *)value); break;
    case WEFT_PHYS_I64: /* a time of the day in microseconds, as files have it */
        text_format(t, "%lld",
                    (long long)*(const int64_t *)value / (c->type.id == WEFT_TYPE_TIME ? 1000 : 1));
        break;
    case WEFT_PHYS_I128:
        memcpy(&wide, value, sizeof wide);
        text_i128(t, wide);
        break;
    case WEFT_PHYS_F32: text_format(t, "%.9g", (double)*(const float *)value); break;
    case WEFT_PHYS_F64: text_format(t, "%.17g", *(const double *)value); break;
    case WEFT_PHYS_STR: text_string(t, c->type, value); break;
    case WEFT_PHYS_LIST: text_list(t, c, value); break;
    case WEFT_PHYS_STRUCT:
    case WEFT_PHYS_NULL:
    case WEFT_PHYS_COUNT: fail_msg("a column of physical type %d", c->phys);
    }
}

static weft_status read_splits(weft_ctx *ctx, const weft_format *format, const weft_table *table,
                               const weft_scan_spec *spec, weft_reading *r, weft_row_text *out)
{
    weft_status st = WEFT_OK;
    weft_split *splits;
    int32_t count;
    weft_scan *scan = NULL;
    weft_batch batch;
    WEFT_TRY(st, format->splits(ctx, table, spec, r->target_rows, &splits, &count));
    WEFT_TRY(st, format->scan_open(ctx, table, spec, splits, count, &scan));
    for (;;) {
        WEFT_TRY(st, format->scan_next(ctx, scan, &batch));
        if (batch.rows == 0) break;
        assert_in_range(batch.rows, 1, r->batch_rows);
        assert_in_range(batch.selected, 1, batch.rows);
        for (int32_t i = 0; i < batch.selected; i++) {
            const int32_t row = batch.selection != NULL ? batch.selection[i] : i;
            for (int32_t c = 0; c < batch.column_count; c++) {
                if (c > 0) weft_row_text_add(out, "\t", 1);
                weft_row_text_value(out, &batch.columns[c], row);
            }
            weft_row_text_add(out, "\n", 1);
        }
        r->rows += batch.selected;
    }
    format->scan_metrics(scan, &r->metrics);
done:
    if (scan != NULL) format->scan_close(&scan);
    return st;
}

weft_status weft_parquet_read_text(weft_fixture *f, const char *path, weft_reading *r, weft_row_text *out)
{
    weft_status st = WEFT_OK;
    const weft_format *format = weft_format_find("parquet");
    weft_file_info *files;
    weft_table *table = NULL;
    int32_t file_count, columns[64];
    WEFT_TRY(st, weft_fs_list(&f->ctx, path, &files, &file_count));
    WEFT_TRY(st, format->open(&f->ctx, files, file_count, r->options, r->option_count, r->given, &table));
    const weft_schema *schema = format->schema(table);
    const int32_t column_count = schema->count;
    r->rows = 0;
    r->schema[0] = '\0';
    for (int32_t i = 0; i < column_count; i++) {
        char type[256];
        const size_t at = strlen(r->schema);
        snprintf(r->schema + at, sizeof r->schema - at, "%s%s %s", i > 0 ? ", " : "", schema->fields[i].name,
                 weft_type_text(schema->fields[i].type, type, sizeof type));
    }
    assert_in_range(column_count, 0, 64);
    for (int32_t i = 0; i < column_count; i++) columns[i] = i;
    const weft_scan_spec spec = {.column_count = column_count,
                                 .columns = columns,
                                 .conjunct_count = r->conjunct_count,
                                 .conjuncts = r->conjuncts,
                                 .key_filter_count = r->key_count,
                                 .key_filters = r->keys,
                                 .batch_rows = r->batch_rows};
    WEFT_TRY(st, read_splits(&f->ctx, format, table, &spec, r, out));
done:
    if (table != NULL) format->close(&table);
    return st;
}

void weft_parquet_data_path(char *path, size_t bytes, const char *name, const char *extension)
{
    snprintf(path, bytes, "%s/tests/data/parquet/%s%s", weft_test_source_dir(), name, extension);
}

weft_row_text weft_parquet_load_text(const char *name)
{
    char path[4096];
    weft_row_text t = {0};
    weft_parquet_data_path(path, sizeof path, name, ".txt");
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    char part[4096];
    weft_row_text_add(&t, "", 0);
    for (size_t n; (n = fread(part, 1, sizeof part, file)) > 0;) weft_row_text_add(&t, part, n);
    fclose(file);
    return t;
}

/* Read tests/data/parquet/NAME.parquet; without an error. */
weft_row_text weft_parquet_read_file(weft_fixture *f, weft_reading *r)
{
    char path[4096];
    weft_row_text t = {0};
    weft_row_text_add(&t, "", 0);
    weft_parquet_data_path(path, sizeof path, r->name, ".parquet");
    weft_fixture_ok(f, weft_parquet_read_text(f, path, r, &t));
    return t;
}
