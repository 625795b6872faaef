/* engine/exec/key_filter.c - runtime filters from the build rows of a join.
 *
 * Integers whose range is at most KEY_BITS_PER_ROW bits a row (or small) become an exact bitmap; other
 * integers and strings a split-block bloom filter of about 12 bits a key (1 % false positives at 10, rounded
 * up to a power of two). The filter is a function of the set of keys alone. Memory: its bits, RETAINED. */
#include <string.h>

#include "common/bloom.h"
#include "engine/exec/join_table.h"
#include "engine/exec/reader_queue.h"

enum {
    KEY_BITS_PER_ROW = 64,     /* a bitmap of 8 bytes a key: half of what a table entry takes */
    KEY_BITS_SMALL = 1 << 23,  /* 1 MiB: keys that come in about their order find their part of it in cache */
    KEY_BITS_MOST = 1 << 28,   /* 32 MiB */
    BLOOM_KEYS_PER_BLOCK = 21, /* 256 bits a block / 12 bits a key */
    KEY_BITS_LIMIT_PART = 8    /* a filter takes at most this part of the pool's limit */
};

typedef struct key_reader {
    const weft_row_layout *layout;
    int32_t column;
    weft_phys phys;
} key_reader;

static int64_t key_integer(const key_reader *r, const uint8_t *row)
{
    const uint8_t *at = row + r->layout->offsets[r->column];
    if (r->phys == WEFT_PHYS_I64) return *(const int64_t *)(const void *)at;
    if (r->phys == WEFT_PHYS_I32) return *(const int32_t *)(const void *)at;
    if (r->phys == WEFT_PHYS_I16) return *(const int16_t *)(const void *)at;
    return *(const int8_t *)at;
}

static uint64_t key_hash(const key_reader *r, const uint8_t *row)
{
    if (r->phys != WEFT_PHYS_STR) return weft_hash_i64(key_integer(r, row));
    return weft_str_hash((const weft_str *)(const void *)(row + r->layout->offsets[r->column]));
}

/* What a pass over the rows does with each non-null key. */
typedef enum key_pass { PASS_RANGE, PASS_BITMAP, PASS_BLOOM } key_pass;

static void pass_page(const key_reader *r, key_pass pass, const weft_row_page *page, weft_key_filter *f)
{
    const uint8_t *row = weft_row_page_rows(page);
    for (uint32_t i = 0; i < page->rows; i++, row += r->layout->row_bytes) {
        if (weft_row_is_null(row, r->column)) continue;
        f->empty = false;
        if (pass == PASS_RANGE) {
            if (r->phys == WEFT_PHYS_STR) continue;
            const int64_t key = key_integer(r, row);
            f->low = weft_min_i64(f->low, key);
            f->high = weft_max_i64(f->high, key);
        } else if (pass == PASS_BITMAP) {
            const int64_t key = key_integer(r, row); /* a page that was fetched twice may be another one */
            if (key >= f->low && key <= f->high)
                weft_bit_set(f->bits, (int64_t)((uint64_t)key - (uint64_t)f->low));
        } else
            weft_bloom_insert(f->bits, f->block_mask, key_hash(r, row));
    }
}

static weft_status pass_rows(weft_ctx *ctx, const weft_input *input, const key_reader *r, key_pass pass,
                             weft_key_filter *f)
{
    weft_status st = WEFT_OK;
    weft_block_reader *reader = NULL;
    weft_reader_queue queue;
    weft_reader_queue_init(&queue, input, 0, weft_block_partitions(input->blocks[0]), true);
    for (int32_t b = 0; b < input->block_count; b++)
        for (int32_t p = 0; p < weft_block_partitions(input->blocks[b]); p++) {
            if (weft_block_rows(input->blocks[b], p) == 0) continue;
            WEFT_TRY(st, weft_check_cancel(ctx));
            WEFT_TRY(st, weft_reader_queue_open(ctx, &queue, b, p, &reader));
            for (;;) {
                const weft_row_page *page = NULL;
                bool stable = false;
                WEFT_TRY(st, weft_block_reader_next(ctx, reader, &page, &stable));
                if (page == NULL) break;
                pass_page(r, pass, page, f);
            }
            weft_block_reader_close(&reader);
        }
done:
    weft_block_reader_close(&reader);
    weft_reader_queue_close(&queue);
    return st;
}

/* Bits for a filter of that kind. Which rows a scan gives must not depend on free memory: a filter that is
 * small beside the pool's limit may go into the headroom, a larger one stays one of the range alone. */
static weft_status filter_bits(weft_ctx *ctx, weft_key_filter *f, weft_key_filter_kind kind, size_t bytes)
{
    const int64_t limit = weft_pool_limit_bytes(weft_account_pool(ctx->memory));
    if ((int64_t)bytes > limit / KEY_BITS_LIMIT_PART) return WEFT_OK;
    weft_status st = weft_mem_alloc_zero(ctx, WEFT_MEM_RETAINED, bytes, (void **)&f->bits);
    if (st == WEFT_NOMEM) {
        weft_error_clear(ctx);
        st = weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, bytes, (void **)&f->bits);
    }
    if (st == WEFT_OK) f->kind = kind;
    if (st == WEFT_NOMEM) weft_error_clear(ctx);
    return st == WEFT_NOMEM ? WEFT_OK : st;
}

weft_status weft_key_filter_build(weft_ctx *ctx, const weft_input *input, int32_t column,
                                  weft_key_filter **out)
{
    weft_status st = WEFT_OK;
    weft_key_filter *f = NULL;
    int64_t rows = 0;
    const weft_row_layout *layout = weft_block_layout(input->blocks[0]);
    const key_reader reader = {.layout = layout, .column = column, .phys = (weft_phys)layout->phys[column]};

    for (int32_t b = 0; b < input->block_count; b++) rows += weft_block_rows(input->blocks[b], -1);
    /* heap: it outlives the unit that builds it, whose arena is freed */
    WEFT_TRY(st, weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, sizeof(*f), (void **)&f));
    f->kind = WEFT_KEY_FILTER_RANGE;
    f->empty = true;
    f->low = INT64_MAX;
    f->high = INT64_MIN;
    f->has_range = reader.phys != WEFT_PHYS_STR;
    WEFT_TRY(st, pass_rows(ctx, input, &reader, PASS_RANGE, f));
    const uint64_t range = f->empty || !f->has_range ? 0 : (uint64_t)f->high - (uint64_t)f->low + 1;
    if (f->empty) {
        f->low = 1;
        f->high = 0;
    } else if (range > 0 && range <= KEY_BITS_MOST &&
               (range <= KEY_BITS_SMALL || range <= (uint64_t)rows * KEY_BITS_PER_ROW)) {
        WEFT_TRY(st, filter_bits(ctx, f, WEFT_KEY_FILTER_BITMAP, (size_t)weft_bit_words((int64_t)range) * 8));
        if (f->bits != NULL) WEFT_TRY(st, pass_rows(ctx, input, &reader, PASS_BITMAP, f));
    } else {
        const uint64_t blocks = weft_pow2_ceil((uint64_t)rows / BLOOM_KEYS_PER_BLOCK + 1);
        f->block_mask = blocks - 1;
        WEFT_TRY(st, filter_bits(ctx, f, WEFT_KEY_FILTER_BLOOM, (size_t)blocks * 32));
        if (f->bits != NULL) WEFT_TRY(st, pass_rows(ctx, input, &reader, PASS_BLOOM, f));
    }
    *out = f;
    f = NULL;
done:
    weft_key_filter_free(&f);
    return st;
}

void weft_key_filter_free(weft_key_filter **filter)
{
    if (*filter != NULL) weft_mem_free((*filter)->bits);
    weft_mem_free(*filter);
    *filter = NULL;
}
