/* tests/support/parquet_sample.c - see the header. The formulas are here and in parquet_write.py, nowhere
 * else. */
#include "tests/support/parquet_sample.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "engine/columnar/builder.h"

enum {
    SAMPLE_SLOTS = 1000, /* physical rows of a batch */
    SAMPLE_NAMES = 50    /* entries of the coded column */
};

#define SAMPLE_DECIMAL(p, s)                                                                                 \
    {                                                                                                        \
        .id = WEFT_TYPE_DECIMAL, .precision = (p), .scale = (s)                                              \
    }

static const weft_field sample_arr[] = {{.name = "element", .type = {.id = WEFT_TYPE_INT}, .nullable = true}};
static const weft_field sample_struct[] = {
    {.name = "a", .type = {.id = WEFT_TYPE_BIGINT}, .nullable = true},
    {.name = "b", .type = {.id = WEFT_TYPE_STRING}, .nullable = false}};
static const weft_field sample_map[] = {{.name = "key", .type = {.id = WEFT_TYPE_STRING}, .nullable = false},
                                        {.name = "value", .type = {.id = WEFT_TYPE_INT}, .nullable = true}};
static const weft_field sample_words[] = {
    {.name = "element", .type = {.id = WEFT_TYPE_STRING}, .nullable = false}};
static const weft_field sample_prices[] = {
    {.name = "key", .type = {.id = WEFT_TYPE_INT}, .nullable = false},
    {.name = "value", .type = SAMPLE_DECIMAL(20, 3), .nullable = true}};
static const weft_field sample_item[] = {
    {.name = "words",
     .type = {.id = WEFT_TYPE_ARRAY, .child_count = 1, .children = sample_words},
     .nullable = true},
    {.name = "prices",
     .type = {.id = WEFT_TYPE_MAP, .child_count = 2, .children = sample_prices},
     .nullable = false}};
static const weft_field sample_items[] = {
    {.name = "element",
     .type = {.id = WEFT_TYPE_STRUCT, .child_count = 2, .children = sample_item},
     .nullable = true}};

typedef enum sample_column {
    S_ID,
    S_BOOL,
    S_TINY,
    S_SMALL,
    S_INT,
    S_LOW,
    S_FLOAT,
    S_DOUBLE,
    S_D9,
    S_D15,
    S_D38,
    S_NAME,
    S_TEXT,
    S_BIN,
    S_DATE,
    S_TS,
    S_NTZ,
    S_NULL,
    S_REQ,
    S_CONST,
    S_RUN,
    S_ARR,
    S_STRUCT,
    S_MAP,
    S_ITEMS,
    S_COUNT
} sample_column;

static const weft_field sample_fields[S_COUNT] = {
    [S_ID] = {"id", {.id = WEFT_TYPE_BIGINT}, false},
    [S_BOOL] = {"bool", {.id = WEFT_TYPE_BOOLEAN}, true},
    [S_TINY] = {"tiny", {.id = WEFT_TYPE_TINYINT}, true},
    [S_SMALL] = {"small", {.id = WEFT_TYPE_SMALLINT}, true},
    [S_INT] = {"int", {.id = WEFT_TYPE_INT}, true},
    [S_LOW] = {"low", {.id = WEFT_TYPE_BIGINT}, true},
    [S_FLOAT] = {"float", {.id = WEFT_TYPE_FLOAT}, true},
    [S_DOUBLE] = {"double", {.id = WEFT_TYPE_DOUBLE}, true},
    [S_D9] = {"d9", SAMPLE_DECIMAL(9, 2), true},
    [S_D15] = {"d15", SAMPLE_DECIMAL(15, 2), true},
    [S_D38] = {"d38", SAMPLE_DECIMAL(38, 10), true},
    [S_NAME] = {"name", {.id = WEFT_TYPE_STRING}, true},
    [S_TEXT] = {"text", {.id = WEFT_TYPE_STRING}, true},
    [S_BIN] = {"bin", {.id = WEFT_TYPE_BINARY}, true},
    [S_DATE] = {"date", {.id = WEFT_TYPE_DATE}, true},
    [S_TS] = {"ts", {.id = WEFT_TYPE_TIMESTAMP}, true},
    [S_NTZ] = {"ntz", {.id = WEFT_TYPE_TIMESTAMP_NTZ}, true},
    [S_NULL] = {"nothing", {.id = WEFT_TYPE_INT}, true},
    [S_REQ] = {"req", {.id = WEFT_TYPE_STRING}, false},
    [S_CONST] = {"const", {.id = WEFT_TYPE_STRING}, true},
    [S_RUN] = {"run", {.id = WEFT_TYPE_INT}, true},
    [S_ARR] = {"arr", {.id = WEFT_TYPE_ARRAY, .child_count = 1, .children = sample_arr}, true},
    [S_STRUCT] = {"st", {.id = WEFT_TYPE_STRUCT, .child_count = 2, .children = sample_struct}, true},
    [S_MAP] = {"map", {.id = WEFT_TYPE_MAP, .child_count = 2, .children = sample_map}, true},
    [S_ITEMS] = {"items", {.id = WEFT_TYPE_ARRAY, .child_count = 1, .children = sample_items}, false},
};
static const weft_schema sample_schema = {.count = S_COUNT, .fields = sample_fields};

const weft_schema *weft_parquet_sample_schema(void) { return &sample_schema; }

/* The working memory of one file. */
struct weft_parquet_sample {
    weft_vector vectors[S_COUNT];
    weft_column columns[S_COUNT];
    uint16_t selection[SAMPLE_SLOTS];
    uint32_t codes[SAMPLE_SLOTS];
    int32_t run_ends[SAMPLE_SLOTS];
    int32_t runs[SAMPLE_SLOTS];
    weft_str names[SAMPLE_NAMES];
    char name_text[SAMPLE_NAMES][32];
    weft_str constant;
    weft_dictionary dictionary;
};

#define SAMPLE_SET(type, vector, i, value) (((type *)(vector)->values)[i] = (type)(value))

static bool sample_number(sample_column column, weft_vector *v, int32_t i, int64_t row)
{
    switch ((int)column) {
    case S_ID: SAMPLE_SET(int64_t, v, i, row); return true;
    case S_BOOL: SAMPLE_SET(uint8_t, v, i, row % 3 == 0); return row % 7 != 3;
    case S_TINY: SAMPLE_SET(int8_t, v, i, row % 256 - 128); return row % 11 != 5;
    case S_SMALL: SAMPLE_SET(int16_t, v, i, row * 7 % 65536 - 32768); return row % 13 != 0;
    case S_INT: SAMPLE_SET(int32_t, v, i, (uint32_t)(row * 2654435761)); return row % 17 != 2;
    case S_LOW: SAMPLE_SET(int64_t, v, i, row % 100 - 50); return row % 10 != 9;
    case S_FLOAT:
        SAMPLE_SET(float, v, i, row % 997 == 500 ? NAN : (float)(row % 1000) / 8 - 60);
        return row % 5 != 0;
    case S_DOUBLE: SAMPLE_SET(double, v, i, (double)row * 0.25 - 1000); return row % 19 != 0;
    case S_D9: SAMPLE_SET(int64_t, v, i, row * 13 % 2000000 - 1000000); return row % 6 != 0;
    case S_D15: SAMPLE_SET(int64_t, v, i, row * 1000003 - 5000000000); return row % 23 != 0;
    case S_D38:
        SAMPLE_SET(weft_i128, v, i, (weft_i128)(row - 5000) * 1000000000000000000 * 100 + row);
        return row % 4 != 1;
    case S_DATE: SAMPLE_SET(int32_t, v, i, row % 100000 - 50000); return row % 9 != 0;
    case S_TS: SAMPLE_SET(int64_t, v, i, (row - 5000) * 25200000000 + row); return row % 8 != 0;
    case S_NTZ: SAMPLE_SET(int64_t, v, i, (row - 5000) * 61000001); return row % 8 != 1;
    default: return false; /* S_NULL */
    }
}

static weft_status sample_string(weft_ctx *ctx, sample_column column, weft_vector *v, int32_t i, int64_t row,
                                 bool *there)
{
    char text[256];
    int len = 0;
    *there = true;
    if (column == S_TEXT) {
        *there = row % 14 != 6;
        len = snprintf(text, sizeof(text), "row %lld", (long long)row);
        for (int64_t k = 0; k < row % 5; k++) {
            len +=
                snprintf(text + len, sizeof(text) - (size_t)len, " h\xc3\xa9llo w\xc3\xb6rld \xe2\x82\xac");
        }
    } else if (column == S_BIN) {
        *there = row % 15 != 8;
        for (; len < row % 20; len++) text[len] = (char)(255 - (row + len) % 256);
    } else {
        len = snprintf(text, sizeof(text), "r%lld", (long long)(row % 1000));
    }
    return weft_vector_set_string(ctx, v, i, text, (uint32_t)len);
}

static weft_status sample_map_of(weft_ctx *ctx, weft_vector *v, int32_t i, int64_t row)
{
    weft_status st = WEFT_OK;
    char text[32];
    int32_t first;
    WEFT_TRY(st, weft_vector_add_list(ctx, v, i, (int32_t)(row % 3), &first));
    weft_vector *entry = &v->children[0];
    for (int32_t k = 0; k < (int32_t)(row % 3); k++) {
        const int len = snprintf(text, sizeof(text), "k%d", k);
        WEFT_TRY(st, weft_vector_set_string(ctx, &entry->children[0], first + k, text, (uint32_t)len));
        SAMPLE_SET(int32_t, &entry->children[1], first + k, row * k);
        if ((row + k) % 4 == 3) weft_vector_set_null(&entry->children[1], first + k);
    }
done:
    return st;
}

static weft_status sample_item_of(weft_ctx *ctx, weft_vector *item, int32_t at, int64_t row)
{
    weft_status st = WEFT_OK;
    char text[64];
    int32_t first;
    weft_vector *words = &item->children[0];
    weft_vector *prices = &item->children[1];
    WEFT_TRY(st, weft_vector_add_list(ctx, words, at, (int32_t)(row % 4), &first));
    for (int32_t k = 0; k < (int32_t)(row % 4); k++) {
        const int len = snprintf(text, sizeof(text), "word %d of row %lld", k, (long long)row);
        WEFT_TRY(st, weft_vector_set_string(ctx, &words->children[0], first + k, text, (uint32_t)len));
    }
    if (row % 5 == 2) weft_vector_set_null(words, at);
    WEFT_TRY(st, weft_vector_add_list(ctx, prices, at, (int32_t)(row % 2), &first));
    for (int32_t k = 0; k < (int32_t)(row % 2); k++) {
        SAMPLE_SET(int32_t, &prices->children[0].children[0], first + k, row);
        SAMPLE_SET(weft_i128, &prices->children[0].children[1], first + k, (weft_i128)row * -1000000007);
        if (row % 7 == 0) weft_vector_set_null(&prices->children[0].children[1], first + k);
    }
done:
    return st;
}

static weft_status sample_nested(weft_ctx *ctx, sample_column column, weft_vector *v, int32_t i, int64_t row,
                                 bool *there)
{
    weft_status st = WEFT_OK;
    char text[32];
    int32_t first;
    *there = true;
    if (column == S_ARR) {
        *there = row % 10 != 4;
        WEFT_TRY(st, weft_vector_add_list(ctx, v, i, (int32_t)(row % 4), &first));
        for (int32_t k = 0; k < (int32_t)(row % 4); k++) {
            SAMPLE_SET(int32_t, &v->children[0], first + k, row + k);
            if ((row + k) % 5 == 0) weft_vector_set_null(&v->children[0], first + k);
        }
    } else if (column == S_STRUCT) {
        *there = row % 6 != 1;
        SAMPLE_SET(int64_t, &v->children[0], i, row * 3);
        if (row % 4 == 2) weft_vector_set_null(&v->children[0], i);
        const int len = snprintf(text, sizeof(text), "s%lld", (long long)(row % 9));
        WEFT_TRY(st, weft_vector_set_string(ctx, &v->children[1], i, text, (uint32_t)len));
    } else if (column == S_MAP) {
        *there = row % 8 != 7;
        WEFT_TRY(st, sample_map_of(ctx, v, i, row));
    } else {
        WEFT_TRY(st, weft_vector_add_list(ctx, v, i, (int32_t)(row % 3), &first));
        for (int32_t k = 0; k < (int32_t)(row % 3); k++) {
            WEFT_TRY(st, sample_item_of(ctx, &v->children[0], first + k, row + k));
            if ((row + k) % 11 == 0) weft_vector_set_null(&v->children[0], first + k);
        }
    }
done:
    return st;
}

/* Slot i of every column is the row; what is flat lies in vectors. */
static weft_status sample_row(weft_ctx *ctx, weft_parquet_sample *s, int32_t i, int64_t row)
{
    weft_status st = WEFT_OK;
    for (int column = 0; column < S_COUNT; column++) {
        weft_vector *v = &s->vectors[column];
        bool there = true;
        if (column == S_NAME || column == S_CONST || column == S_RUN) continue;
        if (column >= S_ARR) {
            WEFT_TRY(st, sample_nested(ctx, (sample_column)column, v, i, row, &there));
        } else if (column == S_TEXT || column == S_BIN || column == S_REQ) {
            WEFT_TRY(st, sample_string(ctx, (sample_column)column, v, i, row, &there));
        } else {
            there = sample_number((sample_column)column, v, i, row);
        }
        if (!there) weft_vector_set_null(v, i);
    }
    s->codes[i] = (uint32_t)(row * 31 % SAMPLE_NAMES);
    s->runs[i] = (int32_t)(row / 100);
    s->run_ends[i] = i + 1;
done:
    return st;
}

weft_status weft_parquet_sample_batch(weft_ctx *ctx, weft_parquet_sample *s, int64_t first, int32_t count,
                                      bool selected, weft_batch *out)
{
    weft_status st = WEFT_OK;
    const int32_t slots = selected ? 2 * count : count;
    for (int column = 0; column < S_COUNT; column++) weft_vector_reset(&s->vectors[column]);
    for (int32_t i = 0; i < slots; i++) {
        const int64_t row = first + (selected ? i / 2 : i);
        WEFT_TRY(st, sample_row(ctx, s, i, selected && i % 2 == 0 ? row + 77777 : row));
        if (selected && i % 2 == 1) s->selection[i / 2] = (uint16_t)i;
    }
    for (int column = 0; column < S_COUNT; column++) {
        weft_vector_finish(&s->vectors[column]);
        s->columns[column] = s->vectors[column].column;
    }
    s->columns[S_NAME] = (weft_column){.type = WEFT_TYPE_OF(WEFT_TYPE_STRING),
                                       .phys = WEFT_PHYS_STR,
                                       .encoding = WEFT_DICTIONARY,
                                       .data = s->codes,
                                       .dict = &s->dictionary};
    s->columns[S_CONST] = (weft_column){.type = WEFT_TYPE_OF(WEFT_TYPE_STRING),
                                        .phys = WEFT_PHYS_STR,
                                        .encoding = WEFT_CONSTANT,
                                        .data = &s->constant};
    s->columns[S_RUN] = (weft_column){.type = WEFT_TYPE_OF(WEFT_TYPE_INT),
                                      .phys = WEFT_PHYS_I32,
                                      .encoding = WEFT_RUN_LENGTH,
                                      .data = s->runs,
                                      .run_ends = s->run_ends,
                                      .run_count = slots};
    *out = (weft_batch){.rows = slots,
                        .selected = count,
                        .selection = selected ? s->selection : NULL,
                        .column_count = S_COUNT,
                        .columns = s->columns};
done:
    return st;
}

weft_status weft_parquet_sample_new(weft_ctx *ctx, weft_parquet_sample **out)
{
    weft_status st = WEFT_OK;
    weft_parquet_sample *s = NULL;
    *out = NULL;
    WEFT_TRY(st, weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, sizeof(*s), (void **)&s));
    for (int column = 0; column < S_COUNT; column++) {
        WEFT_TRY(st, weft_vector_init(ctx, sample_fields[column].type, SAMPLE_SLOTS, &s->vectors[column]));
    }
    for (int32_t k = 0; k < SAMPLE_NAMES; k++) {
        const int len = snprintf(s->name_text[k], sizeof(s->name_text[k]), "the name of number %d", k);
        s->names[k] = weft_str_view(s->name_text[k], (uint32_t)len);
    }
    s->dictionary = (weft_dictionary){
        .id = weft_dictionary_new_id(), .count = SAMPLE_NAMES, .phys = WEFT_PHYS_STR, .values = s->names};
    s->constant = weft_str_view("weft", 4);
    *out = s;
    s = NULL;
done:
    weft_parquet_sample_free(&s);
    return st;
}

void weft_parquet_sample_free(weft_parquet_sample **sample)
{
    if (*sample == NULL) return;
    for (int column = 0; column < S_COUNT; column++) weft_vector_deinit(&(*sample)->vectors[column]);
    weft_mem_free(*sample);
    *sample = NULL;
}

weft_status weft_parquet_sample_write(weft_ctx *ctx, const char *path, int64_t rows,
                                      const char *const *options, int32_t option_count, int64_t *bytes)
{
    weft_status st = WEFT_OK;
    const weft_sink_format *format = weft_sink_format_find("parquet");
    weft_file_sink *sink = NULL;
    weft_parquet_sample *s = NULL;
    int64_t written;
    weft_batch batch;
    WEFT_TRY(st, weft_parquet_sample_new(ctx, &s));
    WEFT_TRY(st, format->open(ctx, path, &sample_schema, options, option_count, &sink));
    bool selected = false;
    for (int64_t first = 0; first < rows; selected = !selected) {
        const int32_t count = (int32_t)weft_min_i64(selected ? SAMPLE_SLOTS / 2 : SAMPLE_SLOTS, rows - first);
        WEFT_TRY(st, weft_parquet_sample_batch(ctx, s, first, count, selected, &batch));
        WEFT_TRY(st, format->write(ctx, sink, &batch));
        first += count;
    }
    WEFT_TRY(st, format->finish(ctx, &sink, &written, bytes));
    if (written != rows) st = weft_fail(ctx, WEFT_INTERNAL, "%lld rows were written.", (long long)written);
done:
    if (sink != NULL) format->abandon(&sink);
    weft_parquet_sample_free(&s);
    return st;
}
