/* tests/unit/exec/exec_support.h - generated batches, running sinks and sources, and results as lines of
 * text. */
#ifndef WEFT_TESTS_UNIT_EXEC_EXEC_SUPPORT_H
#define WEFT_TESTS_UNIT_EXEC_EXEC_SUPPORT_H

#include "engine/exec/defs.h"
#include "engine/expr/aggregate.h"
#include "tests/support/fixture.h"

/* ---- rows as they are generated ---- */

enum { DATA_COLUMNS = 7, DATA_STRING_BYTES = 40 };

/* One row; columns in this order. */
typedef struct data_row {
    int64_t key;
    char text[DATA_STRING_BYTES];
    int64_t amount; /* decimal(15,2) */
    char note[DATA_STRING_BYTES];
    uint8_t flag;
    double real;
    weft_i128 wide; /* decimal(30,4) */
    bool null[DATA_COLUMNS];
} data_row;

typedef struct data_set {
    int32_t count;
    data_row *rows; /* malloc: not the engine's memory */
} data_set;

static const weft_type data_types[DATA_COLUMNS] = {
    {.id = WEFT_TYPE_BIGINT},
    {.id = WEFT_TYPE_STRING},
    {.id = WEFT_TYPE_DECIMAL, .precision = 15, .scale = 2},
    {.id = WEFT_TYPE_STRING},
    {.id = WEFT_TYPE_BOOLEAN},
    {.id = WEFT_TYPE_DOUBLE},
    {.id = WEFT_TYPE_DECIMAL, .precision = 30, .scale = 4},
};

static inline void data_text(weft_test_random *random, int64_t distinct, int32_t longest, char *out)
{
    const int64_t which = weft_test_random_range(random, 0, distinct - 1);
    const int32_t len = (int32_t)((which * 7919) % (longest + 1));
    for (int32_t i = 0; i < len; i++) out[i] = (char)('a' + (which / (1 + i % 5)) % 26);
    out[len] = '\0';
}

/* keys, texts: how many distinct values; nulls: one in that many is NULL (0: none). */
static inline data_set data_new(uint64_t seed, int32_t count, int64_t keys, int64_t texts, int32_t nulls)
{
    weft_test_random random = {.state = seed};
    data_set set = {.count = count, .rows = calloc((size_t)count + 1, sizeof(data_row))};
    assert_non_null(set.rows);
    for (int32_t i = 0; i < count; i++) {
        data_row *row = &set.rows[i];
        row->key = weft_test_random_range(&random, 0, keys - 1) * 3 - keys;
        data_text(&random, texts, 24, row->text);
        row->amount = weft_test_random_range(&random, -100000, 100000);
        data_text(&random, 1000, 36, row->note);
        row->flag = (uint8_t)weft_test_random_range(&random, 0, 1);
        row->real = (double)weft_test_random_range(&random, -1000, 1000);
        row->wide = (weft_i128)weft_test_random_range(&random, -1000000, 1000000) * 1000000007 * 1000000007;
        for (int32_t c = 0; c < DATA_COLUMNS && nulls > 0; c++) {
            row->null[c] = weft_test_random_range(&random, 0, nulls - 1) == 0;
        }
    }
    return set;
}

static inline void data_free(data_set *set)
{
    free(set->rows);
    *set = (data_set){0};
}

/* ---- batches ---- */

/* A batch with its memory. Every batch mixes encodings: text is a dictionary in every second one, and every
 * third has a selection with rows of no meaning between. */
typedef struct data_batch {
    weft_batch batch;
    weft_column columns[DATA_COLUMNS];
    weft_dictionary dictionary;
    uint64_t validity[DATA_COLUMNS][WEFT_BATCH_ROWS_MAX / 64];
    uint16_t selection[WEFT_BATCH_ROWS_MAX];
    uint32_t codes[WEFT_BATCH_ROWS_MAX];
    weft_str texts[WEFT_BATCH_ROWS_MAX], notes[WEFT_BATCH_ROWS_MAX], entries[WEFT_BATCH_ROWS_MAX];
    int64_t keys[WEFT_BATCH_ROWS_MAX], amounts[WEFT_BATCH_ROWS_MAX];
    uint8_t flags[WEFT_BATCH_ROWS_MAX];
    double reals[WEFT_BATCH_ROWS_MAX];
    weft_i128 wides[WEFT_BATCH_ROWS_MAX];
} data_batch;

static inline void data_batch_slot(data_batch *b, int32_t slot, const data_row *row)
{
    static const data_row nothing = {.text = "", .note = ""};
    for (int32_t c = 0; c < DATA_COLUMNS; c++) {
        if (row->null[c])
            weft_bit_clear(b->validity[c], slot);
        else
            weft_bit_set(b->validity[c], slot);
    }
    b->keys[slot] = row->null[0] ? 0 : row->key;
    const data_row *t = row->null[1] ? &nothing : row, *n = row->null[3] ? &nothing : row;
    b->texts[slot] = weft_str_view(t->text, (uint32_t)strlen(t->text));
    b->amounts[slot] = row->null[2] ? 0 : row->amount;
    b->notes[slot] = weft_str_view(n->note, (uint32_t)strlen(n->note));
    b->flags[slot] = row->null[4] ? 0 : row->flag;
    b->reals[slot] = row->null[5] ? 0 : row->real;
    b->wides[slot] = row->null[6] ? 0 : row->wide;
}

/* The text column as codes into entries that are distinct. */
static inline void data_batch_encode(data_batch *b, int32_t rows)
{
    int32_t count = 1;
    b->entries[0] = weft_str_view("", 0);
    for (int32_t i = 0; i < rows; i++) {
        int32_t code = 0;
        while (code < count && !weft_str_equal(&b->entries[code], &b->texts[i])) code++;
        if (code == count) b->entries[count++] = b->texts[i];
        b->codes[i] = weft_bit_get(b->validity[1], i) ? (uint32_t)code : 0;
    }
    b->dictionary = (weft_dictionary){
        .id = weft_dictionary_new_id(), .count = count, .phys = WEFT_PHYS_STR, .values = b->entries};
    b->columns[1].encoding = WEFT_DICTIONARY;
    b->columns[1].data = b->codes;
    b->columns[1].dict = &b->dictionary;
}

/* Rows [first, first + count) of the set; number: of the batch, which chooses encodings. */
static inline void data_batch_fill(data_batch *b, const data_set *set, int32_t first, int32_t count,
                                   int32_t number)
{
    const bool sparse = number % 3 == 2 && 2 * count <= WEFT_BATCH_ROWS_MAX;
    static const data_row other = {.key = 77, .text = "unselected", .amount = 1, .note = "unselected"};
    int32_t rows = 0;
    memset(b->validity, 0xff, sizeof(b->validity));
    for (int32_t i = 0; i < count; i++) {
        if (sparse) data_batch_slot(b, rows++, &other);
        b->selection[i] = (uint16_t)rows;
        data_batch_slot(b, rows++, &set->rows[first + i]);
    }
    const void *const data[DATA_COLUMNS] = {b->keys,  b->texts, b->amounts, b->notes,
                                            b->flags, b->reals, b->wides};
    for (int32_t c = 0; c < DATA_COLUMNS; c++) {
        b->columns[c] = (weft_column){.type = data_types[c],
                                      .phys = (uint8_t)weft_type_phys(data_types[c]),
                                      .encoding = WEFT_FLAT,
                                      .data = data[c],
                                      .validity = b->validity[c]};
        bool nulls = false;
        for (int32_t i = 0; i < rows; i++) nulls = nulls || !weft_bit_get(b->validity[c], i);
        if (!nulls) b->columns[c].validity = NULL;
    }
    if (number % 2 == 1) data_batch_encode(b, rows);
    b->batch = (weft_batch){.rows = rows,
                            .selected = count,
                            .selection = sparse ? b->selection : NULL,
                            .column_count = DATA_COLUMNS,
                            .columns = b->columns};
}

/* ---- lines ---- */

typedef struct text_lines {
    char **lines;
    int32_t count, capacity;
} text_lines;

static inline void lines_add(text_lines *lines, const char *line)
{
    if (lines->count == lines->capacity) {
        lines->capacity = lines->capacity == 0 ? 64 : 2 * lines->capacity;
        lines->lines = realloc(lines->lines, (size_t)lines->capacity * sizeof(char *));
        assert_non_null(lines->lines);
    }
    lines->lines[lines->count++] = strdup(line);
}

static inline void lines_free(text_lines *lines)
{
    for (int32_t i = 0; i < lines->count; i++) free(lines->lines[i]);
    free(lines->lines);
    *lines = (text_lines){0};
}

static inline int lines_order(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static inline void lines_sort(text_lines *lines)
{
    if (lines->count > 0) qsort(lines->lines, (size_t)lines->count, sizeof(char *), lines_order);
}

static inline void lines_equal(const text_lines *got, const text_lines *want)
{
    for (int32_t i = 0; i < got->count && i < want->count; i++) {
        if (strcmp(got->lines[i], want->lines[i]) != 0) {
            fail_msg("line %d of %d/%d: got  %s\n                 want %s", i, got->count, want->count,
                     got->lines[i], want->lines[i]);
        }
    }
    assert_int_equal(got->count, want->count);
}

static inline int line_i128(char *to, size_t room, weft_i128 value)
{
    const weft_i128 part = (weft_i128)1000000000 * 1000000000;
    if (value > -part && value < part) return snprintf(to, room, "%lld", (long long)value);
    const int n = snprintf(to, room, "%lld", (long long)(value / part));
    const long long low = (long long)(value % part);
    return n + snprintf(to + n, room - (size_t)n, "_%lld", low < 0 ? -low : low);
}

static inline int line_value(char *to, size_t room, const weft_column *column, int32_t row)
{
    if (weft_column_is_null(column, row)) return snprintf(to, room, "~");
    const void *value = weft_column_value(column, row);
    weft_str s;
    weft_i128 wide;
    switch ((weft_phys)column->phys) {
    case WEFT_PHYS_BOOL: return snprintf(to, room, "%d", *(const uint8_t *)value);
    case WEFT_PHYS_I32: return snprintf(to, room, "%d", *(const int32_t *)value);
    case WEFT_PHYS_I64: return snprintf(to, room, "%lld", (long long)*(const int64_t *)value);
    case WEFT_PHYS_I128: memcpy(&wide, value, sizeof(wide)); return line_i128(to, room, wide);
    case WEFT_PHYS_F64: return snprintf(to, room, "%.6g", *(const double *)value);
    case WEFT_PHYS_STR:
        memcpy(&s, value, sizeof(s));
        return snprintf(to, room, "'%.*s'", (int)s.len, weft_str_data(&s));
    case WEFT_PHYS_NULL:
    case WEFT_PHYS_I8:
    case WEFT_PHYS_I16:
    case WEFT_PHYS_F32:
    case WEFT_PHYS_LIST:
    case WEFT_PHYS_STRUCT:
    case WEFT_PHYS_COUNT: break;
    }
    return snprintf(to, room, "?");
}

static inline void lines_add_batch(text_lines *lines, const weft_batch *batch)
{
    for (int32_t i = 0; i < batch->selected; i++) {
        const int32_t row = batch->selection == NULL ? i : batch->selection[i];
        char line[512];
        int n = 0;
        for (int32_t c = 0; c < batch->column_count; c++) {
            if (c > 0) line[n++] = '|';
            n += line_value(line + n, sizeof(line) - (size_t)n, &batch->columns[c], row);
        }
        line[n] = '\0';
        lines_add(lines, line);
    }
}

/* ---- running ---- */

/* Push rows [first, end) of the set in batches of batch_rows through a sink. */
static inline weft_status run_sink(weft_ctx *ctx, const weft_sink_def *def, const weft_sink_spec *spec,
                                   const data_set *set, int32_t first, int32_t end, int32_t batch_rows,
                                   int32_t task_number, weft_block **out)
{
    weft_status st = WEFT_OK;
    void *state = NULL;
    data_batch *b = malloc(sizeof(*b));
    const weft_types types = {.count = DATA_COLUMNS, .types = data_types};
    const weft_task_spec task_spec = {0};
    const weft_task task = {.spec = &task_spec, .name = {.partition = task_number}, .owner = ctx->memory};
    *out = NULL;
    WEFT_TRY(st, def->open(ctx, spec, &types, &task, &state));
    for (int32_t at = first, number = 0; at < end; number++) {
        const int32_t some = weft_min_i32(batch_rows, end - at);
        weft_op_result result;
        data_batch_fill(b, set, at, some, number);
        WEFT_TRY(st, def->sink(ctx, state, &b->batch, &result));
        at += some;
        if (result == WEFT_FINISHED) break;
    }
    WEFT_TRY(st, def->finalize(ctx, state, out));
done:
    def->close(state);
    free(b);
    return st;
}

/* All batches that a task of a source gives over blocks, as lines. */
static inline weft_status run_source_task(weft_ctx *ctx, const weft_source_def *def,
                                          const weft_source_spec *spec, weft_block *const *blocks,
                                          int32_t block_count, const weft_task_spec *task_spec,
                                          text_lines *lines)
{
    weft_status st = WEFT_OK;
    void *state = NULL;
    const weft_input input = {.block_count = block_count, .blocks = blocks};
    const weft_task task = {.spec = task_spec, .input_count = 1, .inputs = &input, .owner = ctx->memory};
    WEFT_TRY(st, def->open(ctx, spec, NULL, &task, &state));
    for (;;) {
        weft_batch batch;
        weft_op_result result;
        WEFT_TRY(st, def->next(ctx, state, &batch, &result));
        if (result == WEFT_FINISHED) break;
        assert_int_equal(result, WEFT_HAVE_MORE);
        assert_true(batch.selected > 0);
        lines_add_batch(lines, &batch);
    }
done:
    def->close(state);
    return st;
}

/* The same of a task that has these partitions. */
static inline weft_status run_source(weft_ctx *ctx, const weft_source_def *def, const weft_source_spec *spec,
                                     weft_block *const *blocks, int32_t block_count, int32_t begin,
                                     int32_t end, text_lines *lines)
{
    const weft_task_spec task_spec = {.partition_begin = begin, .partition_end = end};
    return run_source_task(ctx, def, spec, blocks, block_count, &task_spec, lines);
}

/* ---- configurations that every operator is run under ---- */

typedef struct exec_config {
    int32_t batch_rows;
    bool hash_zero, force_spill;
    int64_t pool_bytes; /* 0: no limit */
} exec_config;

static const exec_config exec_configs[] = {
    {.batch_rows = 1000},
    {.batch_rows = 1},
    {.batch_rows = 3},
    {.batch_rows = 777, .hash_zero = true},
    {.batch_rows = 500, .force_spill = true},
    {.batch_rows = 3, .force_spill = true},
    {.batch_rows = 2048, .pool_bytes = 3 << 20},
    {.batch_rows = 100, .hash_zero = true, .force_spill = true},
};

static inline void exec_open(weft_fixture *f, const exec_config *config)
{
    char rows[16];
    if (config->pool_bytes > 0)
        weft_fixture_open_limited(f, config->pool_bytes);
    else
        weft_fixture_open(f);
    snprintf(rows, sizeof(rows), "%d", config->batch_rows);
    weft_fixture_ok(f, weft_settings_set(&f->ctx, &f->settings, "weft.sql.batchRows", rows));
    weft_fixture_ok(f, weft_settings_set(&f->ctx, &f->settings, "weft.test.hashZero",
                                         config->hash_zero ? "true" : "false"));
    weft_fixture_ok(f, weft_settings_set(&f->ctx, &f->settings, "weft.test.forceSpill",
                                         config->force_spill ? "true" : "false"));
}

#endif
