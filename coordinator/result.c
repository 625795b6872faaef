/* coordinator/result.c - results: the rows of the last stage's blocks as batches. A batch never spans pages.
 */
#include "coordinator/result.h"

#include <string.h>

#include "engine/columnar/gather.h"
#include "engine/exec/block_remote.h"

static const weft_schema no_columns = {0};

static int64_t moment_now_ns(void *self)
{
    (void)self;
    return weft_clock_system()->now_ns(NULL);
}

static int64_t moment_wall_us(void *self) { return ((const weft_result *)self)->now_us; }

weft_status weft_result_new(weft_pool *pool, const weft_settings *settings, const atomic_bool *cancel,
                            weft_result **out)
{
    weft_status st = WEFT_OK;
    weft_result *r = NULL;
    weft_ctx boot;
    weft_account *account = weft_account_open(pool, "statement");
    weft_arena *arena = account == NULL ? NULL : weft_arena_new(account);

    *out = NULL;
    if (arena == NULL) {
        weft_account_close(&account);
        return WEFT_NOMEM;
    }
    weft_ctx_init(&boot, arena, account, settings);
    WEFT_TRY(st, weft_mem_alloc_zero(&boot, WEFT_MEM_WORKING, sizeof(*r), (void **)&r));
    r->account = account;
    r->arena = arena;
    r->settings = *settings;
    r->schema = &no_columns;
    weft_ctx_init(&r->ctx, arena, account, &r->settings);
    r->ctx.cancel = cancel;
    r->now_us = weft_clock_system()->wall_us(NULL);
    r->moment = (weft_clock){.now_ns = moment_now_ns, .wall_us = moment_wall_us, .self = r};
    r->ctx.clock = &r->moment;
    *out = r;
done:
    if (st != WEFT_OK) {
        weft_arena_free(&arena);
        weft_account_close(&account);
    }
    return st;
}

const weft_schema *weft_result_schema(const weft_result *r) { return r->schema; }
bool weft_result_is_text(const weft_result *r) { return r->is_text; }
const weft_run *weft_result_run(const weft_result *r) { return &r->run; }
weft_ctx *weft_result_ctx(weft_result *r) { return &r->ctx; }
weft_status weft_result_keep(weft_ctx *ctx, weft_result *r) { return weft_run_keep(ctx, &r->run); }

static weft_status same_header(weft_ctx *ctx, const weft_block *a, const weft_block *b, bool *same)
{
    weft_status st = WEFT_OK;
    uint8_t *bytes[2] = {NULL, NULL};
    size_t len[2] = {0, 0};
    WEFT_TRY(st, weft_block_header_encode(ctx, a, &bytes[0], &len[0]));
    WEFT_TRY(st, weft_block_header_encode(ctx, b, &bytes[1], &len[1]));
    *same = len[0] == len[1] && memcmp(bytes[0], bytes[1], len[0]) == 0;
done:
    weft_mem_free(bytes[0]);
    weft_mem_free(bytes[1]);
    return st;
}

weft_status weft_result_fetch_again(weft_ctx *ctx, weft_result *r, int32_t index)
{
    weft_status st = WEFT_OK;
    weft_block *block = NULL;
    bool same = false;
    WEFT_TRY(st, weft_run_fetch_again(ctx, &r->run, index, &block));
    WEFT_TRY(st, same_header(ctx, r->run.blocks[index], block, &same));
    if (!same) {
        st = weft_fail(ctx, WEFT_RESULT_LOST,
                       "a worker was lost while the result was read, and part %d of it came out otherwise "
                       "when it was made again",
                       index);
        weft_hint(ctx, "Run the statement again; with ORDER BY a result is the same each time.");
        goto done;
    }
    weft_block_release(&r->run.blocks[index]);
    r->run.blocks[index] = block;
    block = NULL;
done:
    weft_block_release(&block);
    return st;
}

int64_t weft_result_row_count(const weft_result *r)
{
    int64_t rows = 0;
    for (int32_t i = 0; i < r->run.block_count; i++) rows += weft_block_rows(r->run.blocks[i], -1);
    return rows;
}

static weft_status open_vectors(weft_result *r)
{
    weft_status st = WEFT_OK;
    weft_ctx *ctx = &r->ctx;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, r->schema->count, &r->vectors));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, r->schema->count, &r->columns));
    for (; r->opened < r->schema->count; r->opened++)
        WEFT_TRY(st, weft_vector_init(ctx, r->schema->fields[r->opened].type, WEFT_BATCH_ROWS_MAX,
                                      &r->vectors[r->opened]));
done:
    return st;
}

/* The next page with rows; NULL at the end. */
static weft_status next_page(weft_result *r)
{
    weft_status st = WEFT_OK;
    r->page = NULL;
    r->page_row = 0;
    for (;;) {
        bool stable = false;
        if (r->reader == NULL) {
            if (r->block == r->run.block_count) goto done;
            WEFT_TRY(st, weft_block_reader_open(&r->ctx, r->run.blocks[r->block], 0, -1, &r->reader));
            r->block++;
        }
        WEFT_TRY(st, weft_block_reader_next(&r->ctx, r->reader, &r->page, &stable));
        if (r->page != NULL && r->page->rows > 0) goto done;
        if (r->page == NULL) weft_block_reader_close(&r->reader);
    }
done:
    return st;
}

static weft_status fill(weft_result *r, const weft_row_layout *layout, int32_t count, weft_batch *batch)
{
    weft_status st = WEFT_OK;
    const uint8_t *rows[WEFT_BATCH_ROWS_MAX];
    const uint8_t *row = weft_row_page_rows(r->page) + (size_t)r->page_row * (size_t)layout->row_bytes;
    for (int32_t i = 0; i < count; i++, row += layout->row_bytes) rows[i] = row;
    for (int32_t i = 0; i < r->opened; i++) {
        WEFT_TRY(st, weft_vector_gather(&r->ctx, layout, i, rows, count, NULL, &r->vectors[i]));
        r->columns[i] = r->vectors[i].column;
    }
    *batch = (weft_batch){.rows = count, .selected = count, .column_count = r->opened, .columns = r->columns};
done:
    return st;
}

weft_status weft_result_next(weft_result *r, weft_error *error, weft_batch *batch)
{
    weft_status st = WEFT_OK;
    *batch = (weft_batch){0};
    if (r->vectors == NULL) WEFT_TRY(st, open_vectors(r));
    if (r->page == NULL || r->page_row == r->page->rows) WEFT_TRY(st, next_page(r));
    if (r->page == NULL) goto done;
    const int32_t count = (int32_t)weft_min_i64(r->page->rows - r->page_row, WEFT_BATCH_ROWS_MAX);
    WEFT_TRY(st, fill(r, weft_block_layout(r->run.blocks[r->block - 1]), count, batch));
    r->page_row += (uint32_t)count;
done:
    if (st != WEFT_OK) *error = r->ctx.error;
    return st;
}

void weft_result_forget(weft_result *r)
{
    const weft_run kept = {.text = r->run.text, .text_len = r->run.text_len, .name = r->run.name};
    weft_block_reader_close(&r->reader);
    weft_run_release(&r->run);
    r->run = kept;
    for (int32_t i = 0; i < r->opened; i++) weft_vector_deinit(&r->vectors[i]);
    r->vectors = NULL;
    r->opened = r->block = 0;
    r->page = NULL;
    r->schema = &no_columns;
}

void weft_result_free(weft_result **result)
{
    weft_result *r = *result;
    *result = NULL;
    if (r == NULL) return;
    weft_block_reader_close(&r->reader);
    weft_run_release(&r->run);
    for (int32_t i = 0; i < r->opened; i++) weft_vector_deinit(&r->vectors[i]);
    weft_arena *arena = r->arena;
    weft_account *account = r->account;
    weft_mem_free(r);
    weft_arena_free(&arena);
    weft_account_close(&account);
}
