/* tests/fuzz/fuzz_parquet_pages.c - the pages of one column chunk, without a footer that must be right first.
 *
 * Four bytes choose the leaf's type, its nesting, the codec and the number of rows; the rest are the pages, a
 * dictionary page first or not. All rows are taken, in ranges or picked, and each byte of them is read. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/settings.h"
#include "engine/formats/parquet/nested.h"
#include "tests/support/touch.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { HEAD_BYTES = 4, WINDOW_ROWS = 64, MEMORY_BYTES = 256 << 20 };

static const struct {
    weft_pq_physical physical;
    weft_pq_convert convert;
    weft_type_id type;
    int32_t precision, type_bytes;
} leaves[] = {
    {WEFT_PQ_BOOLEAN, WEFT_PQ_TO_BOOL, WEFT_TYPE_BOOLEAN, 0, 0},
    {WEFT_PQ_INT32, WEFT_PQ_AS_IS, WEFT_TYPE_INT, 0, 4},
    {WEFT_PQ_INT64, WEFT_PQ_AS_IS, WEFT_TYPE_BIGINT, 0, 8},
    {WEFT_PQ_INT96, WEFT_PQ_INT96_TO_US, WEFT_TYPE_TIMESTAMP, 0, 12},
    {WEFT_PQ_FLOAT, WEFT_PQ_AS_IS, WEFT_TYPE_FLOAT, 0, 4},
    {WEFT_PQ_DOUBLE, WEFT_PQ_AS_IS, WEFT_TYPE_DOUBLE, 0, 8},
    {WEFT_PQ_BYTE_ARRAY, WEFT_PQ_AS_IS, WEFT_TYPE_STRING, 0, 0},
    {WEFT_PQ_BYTE_ARRAY, WEFT_PQ_BYTES_TO_DECIMAL, WEFT_TYPE_DECIMAL, 38, 0},
    {WEFT_PQ_FIXED, WEFT_PQ_BYTES_TO_DECIMAL, WEFT_TYPE_DECIMAL, 12, 6},
    {WEFT_PQ_FIXED, WEFT_PQ_FIXED_TO_STR, WEFT_TYPE_BINARY, 0, 16},
    {WEFT_PQ_INT32, WEFT_PQ_TO_I8, WEFT_TYPE_TINYINT, 0, 4},
    {WEFT_PQ_INT64, WEFT_PQ_I64_TO_I128, WEFT_TYPE_DECIMAL, 30, 8},
};

/* A file of one column with one row group, as a footer would have told. */
typedef struct made_file {
    weft_pq_meta meta;
    weft_pq_leaf leaf;
    weft_pq_node node, element;
    weft_field element_field;
    weft_pq_row_group group;
    weft_pq_chunk_meta chunk;
} made_file;

static void make_file(made_file *f, const uint8_t *data, size_t size)
{
    const size_t l = data[0] % (sizeof leaves / sizeof leaves[0]);
    const bool is_list = (data[1] & 2) != 0, nullable = (data[1] & 1) != 0;
    weft_type type = (weft_type){.id = (uint8_t)leaves[l].type};
    if (leaves[l].precision > 0) type = weft_type_decimal(leaves[l].precision, 2);
    *f = (made_file){0};
    f->leaf = (weft_pq_leaf){.path = "column",
                             .type = type,
                             .physical = (uint8_t)leaves[l].physical,
                             .convert = (uint8_t)leaves[l].convert,
                             .type_bytes = leaves[l].type_bytes,
                             .max_def = (int16_t)(is_list ? 2 + nullable : nullable),
                             .max_rep = is_list};
    f->element = (weft_pq_node){.name = "column",
                                .type = type,
                                .is_leaf = true,
                                .nullable = nullable,
                                .shape = WEFT_PQ_SHAPE_LEAF,
                                .as = &f->leaf,
                                .max_def = f->leaf.max_def,
                                .max_rep = f->leaf.max_rep,
                                .leaf_count = 1};
    f->node = f->element;
    f->element_field = (weft_field){.name = "element", .type = type, .nullable = nullable};
    if (is_list) {
        f->node =
            (weft_pq_node){.name = "column",
                           .type = {.id = WEFT_TYPE_ARRAY, .child_count = 1, .children = &f->element_field},
                           .nullable = true,
                           .shape = WEFT_PQ_SHAPE_LIST,
                           .max_def = 1,
                           .leaf_count = 1,
                           .child_count = 1,
                           .children = &f->element};
    }
    f->chunk = (weft_pq_chunk_meta){.num_values = data[3],
                                    .begin = HEAD_BYTES,
                                    .end = (int64_t)size,
                                    .data_offset = HEAD_BYTES,
                                    .dictionary_offset = -1,
                                    .offset_index = -1,
                                    .column_index = -1,
                                    .bloom = -1,
                                    .codec = data[2] & 7};
    f->group = (weft_pq_row_group){.rows = data[3], .chunks = &f->chunk};
    f->meta = (weft_pq_meta){.path = "made",
                             .file_bytes = (int64_t)size,
                             .rows = data[3],
                             .leaf_count = 1,
                             .leaves = &f->leaf,
                             .field_count = 1,
                             .fields = &f->node,
                             .row_group_count = 1,
                             .row_groups = &f->group};
}

static void touch(const weft_column *column, int32_t rows)
{
    weft_column c = *column;
    const weft_batch batch = {.rows = rows, .selected = rows, .column_count = 1, .columns = &c};
    weft_touch_batch(&batch);
}

static weft_status read_flat(weft_ctx *ctx, const made_file *f, weft_pq_lane *lane, weft_file *file,
                             bool pick)
{
    weft_status st = WEFT_OK;
    static const uint16_t some[] = {1, 2, 7, 30, 31, 63};
    weft_pq_chunk chunk = {.lane = lane, .narrow = true, .sparse = pick};
    weft_pq_out out = {0};
    weft_column column;
    WEFT_TRY(st, weft_pq_out_init(ctx, &out, f->leaf.type, WINDOW_ROWS));
    WEFT_TRY(st, weft_pq_chunk_open(ctx, &chunk, file, &f->meta, 0, 0, &f->leaf));
    for (int64_t row = 0; row < f->group.rows; row += WINDOW_ROWS) {
        const int32_t rows = (int32_t)weft_min_i64(WINDOW_ROWS, f->group.rows - row);
        int32_t count = 0;
        while (pick && count < WEFT_COUNT(some) && some[count] < rows) count++;
        weft_pq_out_reset(&out);
        WEFT_TRY(st, weft_pq_take(ctx, &chunk, row, rows, pick ? some : NULL, pick ? count : rows, &out, 0,
                                  false));
        weft_pq_out_column(&out, &column);
        touch(&column, pick ? count : rows);
        weft_pq_chunk_release(&chunk);
        weft_pq_lane_release(lane);
    }
done:
    weft_pq_chunk_deinit(&chunk);
    weft_pq_out_deinit(&out);
    return st;
}

static weft_status read_list(weft_ctx *ctx, const made_file *f, weft_pq_lane *lane, weft_file *file,
                             bool skip)
{
    weft_status st = WEFT_OK;
    weft_pq_nested *nested = NULL;
    weft_column column;
    WEFT_TRY(st, weft_pq_nested_open(ctx, &nested, lane, file, &f->meta, 0, &f->node, true));
    for (int64_t row = skip ? 3 : 0; row < f->group.rows; row += WINDOW_ROWS + (skip ? 5 : 0)) {
        const int32_t rows = (int32_t)weft_min_i64(WINDOW_ROWS, f->group.rows - row);
        WEFT_TRY(st, weft_pq_nested_read(ctx, nested, row, rows, &column));
        touch(&column, rows);
        weft_pq_nested_release(nested);
        weft_pq_lane_release(lane);
    }
done:
    weft_pq_nested_free(&nested);
    return st;
}

static weft_status read_chunk(weft_ctx *ctx, const char *path, const uint8_t *data, size_t size)
{
    weft_status st = WEFT_OK;
    made_file made;
    weft_pq_lane lane;
    weft_file *file = NULL;
    weft_pq_lane_init(&lane);
    make_file(&made, data, size);
    WEFT_TRY(st, weft_file_open(ctx, path, &file));
    for (int pass = 0; pass < 2; pass++) {
        if (made.leaf.max_rep > 0) {
            WEFT_TRY(st, read_list(ctx, &made, &lane, file, pass != 0));
        } else {
            WEFT_TRY(st, read_flat(ctx, &made, &lane, file, pass != 0));
        }
    }
done:
    weft_file_close(&file);
    weft_pq_lane_deinit(&lane);
    return st;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char path[64];
    weft_settings settings;
    weft_ctx ctx;
    if (size <= HEAD_BYTES) return 0;
    const int fd = memfd_create("pages", 0);
    if (fd < 0 || write(fd, data, size) != (ssize_t)size) abort();
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    weft_settings_init(&settings);
    weft_pool *pool = weft_pool_new(MEMORY_BYTES);
    weft_account *account = weft_account_open(pool, "fuzz");
    weft_arena *arena = weft_arena_new(account);
    weft_ctx_init(&ctx, arena, account, &settings);
    const weft_status st = read_chunk(&ctx, path, data, size);
    if (st == WEFT_INTERNAL || (st != WEFT_OK && ctx.error.message[0] == '\0')) abort();
    weft_arena_free(&arena);
    weft_account_close(&account);
    weft_pool_free(&pool);
    close(fd);
    return 0;
}
