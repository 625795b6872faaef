/* engine/exec/block.c - frozen blocks: counting, inspection, reading. Writing is in block_writer.c, scratch
 * in block_spill.c, the serialised form in block_wire.c, blocks that lie in other processes in
 * block_remote.c.
 *
 * Readers may run on any thread: a frozen block is immutable but for its count and for where its pages are.
 * Pages move to scratch only while their partition has no pin. Each reader owns one buffer for the spilled
 * page it is at. */
#include "common/limits.h"
#include "engine/exec/block_private.h"

weft_status weft_block_new(weft_ctx *ctx, const weft_types *types, int32_t partition_count, weft_block **out)
{
    weft_status st = WEFT_OK;
    weft_block *block = NULL;
    *out = NULL;
    const size_t segments = (size_t)partition_count * sizeof(*block->segments);
    WEFT_TRY(st, weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, sizeof(*block) + segments, (void **)&block));
    atomic_init(&block->count, 1);
    pthread_mutex_init(&block->lock, NULL); /* default attributes: cannot fail */
    WEFT_TRY(st,
             weft_block_layout_new(ctx, types->types, types->count, &block->layout, &block->layout_memory));
    block->partition_count = partition_count;
    block->space = weft_scratch_space_share(ctx->scratch);
    *out = block;
    block = NULL;
done:
    weft_block_release(&block);
    return st;
}

/* Room for one more element of an array of `count` elements; capacity doubles. */
static weft_status array_room(weft_ctx *ctx, void **array, int32_t count, int32_t *capacity,
                              size_t element_bytes)
{
    if (count < *capacity) return WEFT_OK;
    const int32_t more = *capacity == 0 ? 4 : 2 * *capacity;
    const weft_status st = weft_mem_resize(ctx, WEFT_MEM_WORKING, (size_t)more * element_bytes, array);
    if (st == WEFT_OK) *capacity = more;
    return st;
}

weft_status weft_block_page_room(weft_ctx *ctx, block_segment *segment)
{
    return array_room(ctx, (void **)&segment->pages, segment->page_count, &segment->page_capacity,
                      sizeof(*segment->pages));
}

weft_status weft_block_run_room(weft_ctx *ctx, block_segment *segment)
{
    return array_room(ctx, (void **)&segment->run_ends, segment->run_count, &segment->run_capacity,
                      sizeof(*segment->run_ends));
}

weft_status weft_block_set_keys(weft_ctx *ctx, weft_block *block, int32_t count)
{
    weft_status st = WEFT_OK;
    if (count <= block->key_count) return WEFT_OK;
    WEFT_TRY(st, weft_mem_resize(ctx, WEFT_MEM_WORKING, (size_t)count * sizeof(*block->keys),
                                 (void **)&block->keys));
    while (block->key_count < count) block->keys[block->key_count++] = (block_track){0};
done:
    return st;
}

weft_status weft_block_add_marks(weft_ctx *ctx, weft_block *block, const weft_marks *marks)
{
    weft_status st = WEFT_OK;
    uint64_t *words = NULL;
    const size_t bytes = (size_t)weft_bit_words(marks->rows) * sizeof(*words);
    WEFT_TRY(st,
             weft_mem_resize(ctx, WEFT_MEM_WORKING, (size_t)(block->marks_count + 1) * sizeof(*block->marks),
                             (void **)&block->marks));
    WEFT_TRY(st, weft_mem_alloc(ctx, WEFT_MEM_WORKING, bytes, (void **)&words));
    if (bytes > 0) memcpy(words, marks->words, bytes);
    block->marks[block->marks_count++] =
        (weft_marks){.build_stage = marks->build_stage, .rows = marks->rows, .words = words};
done:
    return st;
}

static void move_one(void *memory, weft_account *owner)
{
    if (memory != NULL) weft_mem_move(memory, owner);
}

/* The block is frozen: its memory is the owner's. */
void weft_block_move(weft_block *block, weft_account *owner)
{
    int64_t bytes = 0;
    for (int32_t p = 0; p < block->partition_count; p++) {
        block_segment *segment = &block->segments[p];
        for (int32_t i = 0; i < segment->page_count; i++) {
            if (segment->pages[i].page == NULL) continue;
            weft_mem_move(segment->pages[i].page, owner);
            bytes += segment->pages[i].bytes;
        }
        if (block->remote != NULL) continue;
        move_one(segment->pages, owner);
        move_one(segment->run_ends, owner);
    }
    move_one(block->remote, owner);
    for (int32_t i = 0; i < block->marks_count; i++) move_one(block->marks[i].words, owner);
    move_one(block->marks, owner);
    move_one(block->keys, owner);
    move_one(block->firsts, owner);
    move_one(block->samples, owner);
    move_one(block->layout_memory, owner);
    if (block->scratch != NULL) weft_scratch_move(block->scratch, owner);
    move_one(block, owner);
    block->owner = owner;
    atomic_store_explicit(&block->memory_bytes, bytes, memory_order_relaxed);
}

static void segment_free(block_segment *segment)
{
    for (int32_t i = 0; i < segment->page_count; i++) weft_row_page_free(&segment->pages[i].page);
    weft_mem_free(segment->pages);
    weft_mem_free(segment->run_ends);
}

weft_block *weft_block_share(weft_block *block)
{
    atomic_fetch_add_explicit(&block->count, 1, memory_order_relaxed);
    return block;
}

void weft_block_release(weft_block **block)
{
    weft_block *b = *block;
    *block = NULL;
    if (b == NULL || atomic_fetch_sub_explicit(&b->count, 1, memory_order_acq_rel) > 1) return;
    for (int32_t p = 0; p < b->partition_count && b->remote == NULL; p++) segment_free(&b->segments[p]);
    if (b->remote != NULL) weft_block_keeper_free(b);
    if (b->remote != NULL) b->remote->origin.release(b->remote->origin.self);
    weft_mem_free(b->remote);
    for (int32_t i = 0; i < b->marks_count; i++) weft_mem_free(b->marks[i].words);
    weft_mem_free(b->marks);
    weft_mem_free(b->keys);
    weft_mem_free(b->firsts);
    weft_mem_free(b->samples);
    weft_mem_free(b->layout_memory);
    weft_scratch_close(&b->scratch);
    weft_scratch_space_release(&b->space);
    pthread_mutex_destroy(&b->lock);
    weft_mem_free(b);
}

/* ---- inspection ---- */

const weft_block_name *weft_block_get_name(const weft_block *block) { return &block->name; }

const weft_row_layout *weft_block_layout(const weft_block *block) { return &block->layout; }

int32_t weft_block_partitions(const weft_block *block) { return block->partition_count; }

int64_t weft_block_rows(const weft_block *block, int32_t partition)
{
    if (partition >= 0) return block->segments[partition].rows;
    int64_t rows = 0;
    for (int32_t p = 0; p < block->partition_count; p++) rows += block->segments[p].rows;
    return rows;
}

int64_t weft_block_bytes(const weft_block *block, int32_t partition)
{
    if (partition >= 0) return block->segments[partition].bytes;
    int64_t bytes = 0;
    for (int32_t p = 0; p < block->partition_count; p++) bytes += block->segments[p].bytes;
    return bytes;
}

uint32_t weft_block_page_most(const weft_block *block, int32_t partition)
{
    const block_segment *segment = &block->segments[partition];
    uint32_t most = 0;
    for (int32_t i = 0; i < segment->page_count; i++)
        most = segment->pages[i].bytes > most ? segment->pages[i].bytes : most;
    return most;
}

int64_t weft_block_spilled_bytes(const weft_block *block)
{
    return atomic_load_explicit(&block->spilled_bytes, memory_order_relaxed);
}

int64_t weft_block_memory_bytes(const weft_block *block)
{
    return atomic_load_explicit(&block->memory_bytes, memory_order_relaxed);
}

bool weft_block_key_range(const weft_block *block, int32_t key, weft_key_range *out)
{
    *out = (weft_key_range){0};
    if (key < 0 || key >= block->key_count) return false;
    *out = block->keys[key].range;
    return out->has;
}

int32_t weft_block_runs(const weft_block *block, int32_t partition)
{
    return block->segments[partition].run_count;
}

const weft_marks *weft_block_marks(const weft_block *block, int32_t *count)
{
    *count = block->marks_count;
    return block->marks;
}

/* Samples that one of a report stands for. */
static int32_t samples_each(const weft_block *block)
{
    return (block->sample_count + WEFT_SORT_SAMPLES_MAX - 1) / WEFT_SORT_SAMPLES_MAX;
}

static void describe_samples(const weft_block *block, int32_t each, weft_sort_sample *samples)
{
    for (int32_t i = 0; i < block->sample_count; i++) {
        if (i % each == 0) samples[i / each].prefix = block->samples[i].prefix;
        samples[i / each].rows += block->samples[i].rows;
    }
}

weft_status weft_block_describe(weft_ctx *ctx, const weft_block *block, weft_block_meta **out)
{
    weft_status st = WEFT_OK;
    weft_block_meta *meta = NULL;
    const int32_t each = samples_each(block);
    const int32_t samples = each == 0 ? 0 : (block->sample_count + each - 1) / each;
    WEFT_TRY(st, weft_block_meta_new(ctx, block->partition_count, block->key_count, samples, &meta));
    int64_t *rows = (int64_t *)(uintptr_t)meta->rows; /* const is for those who read it */
    int64_t *bytes = (int64_t *)(uintptr_t)meta->bytes;
    weft_key_range *keys = (weft_key_range *)(uintptr_t)meta->keys;
    for (int32_t p = 0; p < block->partition_count; p++) {
        rows[p] = block->segments[p].rows;
        bytes[p] = block->segments[p].bytes;
    }
    for (int32_t k = 0; k < block->key_count; k++) keys[k] = block->keys[k].range;
    if (samples > 0) describe_samples(block, each, (weft_sort_sample *)(uintptr_t)meta->samples);
    meta->marks_count = block->marks_count;
    meta->spilled_bytes = weft_block_spilled_bytes(block);
    *out = meta;
done:
    return st;
}

/* ---- pins ---- */

static void block_add_pins(const weft_block *block, int32_t partition, int32_t pins)
{
    weft_block *b = (weft_block *)(uintptr_t)block; /* a pin is no change of what the block holds */
    pthread_mutex_lock(&b->lock);
    b->segments[partition].pins += pins;
    assert(b->segments[partition].pins >= 0);
    pthread_mutex_unlock(&b->lock);
}

void weft_block_pin(const weft_block *block, int32_t partition) { block_add_pins(block, partition, 1); }

void weft_block_unpin(const weft_block *block, int32_t partition) { block_add_pins(block, partition, -1); }

/* ---- reading ---- */

struct weft_block_reader {
    const weft_block *block;
    const block_segment *segment;
    int32_t partition;
    int32_t at, end; /* pages */
    weft_block_read *read;
    void *buffer; /* the page from scratch or from elsewhere that was given last */
    block_stream stream;
};

weft_status weft_block_reader_open(weft_ctx *ctx, const weft_block *block, int32_t partition, int32_t run,
                                   weft_block_reader **out)
{
    assert(partition >= 0 && partition < block->partition_count);
    const block_segment *segment = &block->segments[partition];
    assert(run < segment->run_count);
    weft_block_reader *reader = NULL;
    *out = NULL;
    const weft_status st = weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, sizeof(*reader), (void **)&reader);
    if (st != WEFT_OK) return st;
    weft_block_pin(block, partition);
    reader->block = block;
    reader->partition = partition;
    reader->segment = segment;
    reader->at = run <= 0 ? 0 : segment->run_ends[run - 1];
    reader->end = run < 0 ? segment->page_count : segment->run_ends[run];
    *out = reader;
    return WEFT_OK;
}

void weft_block_reader_count(weft_block_reader *reader, weft_block_read *read) { reader->read = read; }

void weft_block_reader_begin(weft_ctx *ctx, weft_block_reader *reader)
{
    const block_remote *remote = reader->block->remote;
    if (remote == NULL || reader->at >= reader->end) return;
    if (remote->keeper != NULL)
        weft_block_keeper_begin(ctx, reader->block, reader->partition, reader->at);
    else
        weft_block_remote_begin(ctx, reader->block, reader->partition, reader->at, reader->end,
                                &reader->stream);
}

/* The next page of a stand-in: by reference when it keeps it, else in the reader's buffer. */
static weft_status reader_next_remote(weft_ctx *ctx, weft_block_reader *reader, const weft_row_page **page,
                                      bool *stable)
{
    weft_status st = WEFT_OK;
    const bool keeper = reader->block->remote->keeper != NULL;
    if (keeper)
        WEFT_TRY(st, weft_block_keeper_page(ctx, reader->block, reader->partition, reader->at, page,
                                            &reader->buffer));
    *stable = *page != NULL && reader->buffer == NULL;
    if (*page != NULL) goto done;
    WEFT_TRY(st, weft_block_remote_page(ctx, reader->block, reader->partition, reader->at, reader->end,
                                        &reader->stream, &reader->buffer, page));
done:
    return st;
}

/* Rows and their strings, as a block's own sum counts them: not the room between the two. */
static void count_page(weft_block_read *read, const weft_block *block, const weft_row_page *page)
{
    if (read == NULL) return;
    const int64_t bytes = weft_page_data_bytes(page);
    atomic_fetch_add_explicit(&read->bytes, bytes, memory_order_relaxed);
    if (block->remote != NULL) atomic_fetch_add_explicit(&read->remote_bytes, bytes, memory_order_relaxed);
}

weft_status weft_block_reader_next(weft_ctx *ctx, weft_block_reader *reader, const weft_row_page **page,
                                   bool *stable)
{
    weft_status st = WEFT_OK;
    *page = NULL;
    *stable = true;
    if (reader->at >= reader->end) return WEFT_OK;
    const block_page *ref = &reader->segment->pages[reader->at];
    if (reader->block->remote != NULL) {
        WEFT_TRY(st, reader_next_remote(ctx, reader, page, stable));
    } else if (ref->page != NULL) {
        *page = ref->page;
    } else {
        WEFT_TRY(st, weft_block_load_page(ctx, reader->block, ref, &reader->buffer));
        *page = reader->buffer;
        *stable = false;
    }
    count_page(reader->read, reader->block, *page);
    reader->at++;
done:
    return st;
}

void *weft_block_reader_take(weft_block_reader *reader)
{
    void *page = reader->buffer;
    reader->buffer = NULL;
    return page;
}

void weft_block_reader_skip(weft_block_reader *reader, int64_t *rows)
{
    while (reader->at < reader->end && reader->segment->pages[reader->at].rows <= *rows)
        *rows -= reader->segment->pages[reader->at++].rows;
}

/* How many pages of the reader begin before this. */
static int32_t pages_before(const weft_block_reader *reader, weft_sort_prefix bound)
{
    int32_t low = reader->at, high = reader->end;
    while (low < high) {
        const int32_t middle = low + (high - low) / 2;
        if (weft_sort_compare_prefix(reader->block->firsts[middle], bound) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low - reader->at;
}

void weft_block_reader_range(weft_block_reader *reader, const weft_sort_range *range)
{
    if (reader->block->firsts == NULL) return;
    if (range->has_high) reader->end = reader->at + pages_before(reader, range->high);
    if (!range->has_low) return;
    /* the last page that begins before it may end behind it */
    const int32_t before = pages_before(reader, range->low);
    if (before > 0) reader->at += before - 1;
}

void weft_block_reader_close(weft_block_reader **reader)
{
    if (*reader == NULL) return;
    weft_block_remote_end((*reader)->block, &(*reader)->stream);
    weft_block_unpin((*reader)->block, (*reader)->partition);
    if ((*reader)->block->remote != NULL && (*reader)->block->remote->keeper != NULL)
        weft_block_keeper_idle((*reader)->block, (*reader)->partition);
    weft_mem_free((*reader)->buffer);
    weft_mem_free(*reader);
    *reader = NULL;
}
