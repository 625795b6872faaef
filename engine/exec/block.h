/* engine/exec/block.h - contract 6: blocks, what a task leaves behind.
 *
 * A block holds the output of one map task: for each partition (segment) a list of row pages, in the order
 * written. It is written by one lane, then frozen: immutable and shared by count, in memory or (some pages)
 * in scratch files. Within a process readers get pages by reference. Every page that leaves memory carries a
 * CRC-32C; a bad one is WEFT_CHECKSUM (a lost block), never a wrong answer. */
#ifndef WEFT_EXEC_BLOCK_H
#define WEFT_EXEC_BLOCK_H

#include "engine/columnar/rows.h"
#include "engine/plan/physical.h"
#include "engine/storage/fs.h"

typedef struct weft_block weft_block;
typedef struct weft_block_writer weft_block_writer;

/* Match marks of one build input: one bit per build row, numbered as in the shared table (see join_table.h).
 */
typedef struct weft_marks {
    int32_t build_stage;
    int64_t rows;
    uint64_t *words;
} weft_marks;

/* Write a block of rows with the given column types. Memory goes to ctx's account until frozen.
 * When a page is refused by the pool, or FORCE_SPILL is set, full pages are spilled to scratch by the writer
 * itself. */
WEFT_MUST_CHECK weft_status weft_block_writer_open(weft_ctx *ctx, const weft_types *types,
                                                   int32_t partition_count, weft_block_writer **out);
const weft_row_layout *weft_block_writer_layout(const weft_block_writer *writer);
/* Append the selected rows: columns[i] is the batch column of row column i; hashes dense or NULL (zeros); the
 * partition of a row is the high bits of its hash. */
WEFT_MUST_CHECK weft_status weft_block_append(weft_ctx *ctx, weft_block_writer *writer,
                                              const weft_batch *batch, const int32_t *columns,
                                              const uint64_t *hashes);
/* Take over all pages of a row set (same layout) as the next pages of a partition; *set is empty afterwards.
 */
WEFT_MUST_CHECK weft_status weft_block_take(weft_ctx *ctx, weft_block_writer *writer, int32_t partition,
                                            weft_row_set *set);
/* Track low..high of an integer row column of everything appended (not of taken sets). */
WEFT_MUST_CHECK weft_status weft_block_track(weft_ctx *ctx, weft_block_writer *writer, int32_t key,
                                             int32_t column);
/* Attach marks (copied). */
WEFT_MUST_CHECK weft_status weft_block_attach_marks(weft_ctx *ctx, weft_block_writer *writer,
                                                    const weft_marks *marks);
/* Where each sorted run of a partition ends, in pages: sort sinks call it after each run. A partial
 * aggregation ends one run, of all that a partition has, when no group is in it twice. */
WEFT_MUST_CHECK weft_status weft_block_end_run(weft_ctx *ctx, weft_block_writer *writer, int32_t partition);
/* After the end of a run whose rows were those of the `count` entries: remember how each of its pages begins,
 * for weft_block_reader_range, and samples of its rows, for weft_block_describe. Of blocks with one
 * partition, all of whose runs are told. It is not part of weft_block_encode: such a block is only read more
 * slowly. */
struct weft_sort_entry;
WEFT_MUST_CHECK weft_status weft_block_index_run(weft_ctx *ctx, weft_block_writer *writer,
                                                 const struct weft_sort_entry *entries, int64_t count);
/* Freeze: charged to `owner` from now on. *writer is NULL afterwards on every path; *out has count 1. */
WEFT_MUST_CHECK weft_status weft_block_finish(weft_ctx *ctx, weft_block_writer **writer, weft_account *owner,
                                              const weft_block_name *name, weft_block **out);
void weft_block_writer_abandon(weft_block_writer **writer);

weft_block *weft_block_share(weft_block *block); /* count + 1 */
void weft_block_release(weft_block **block);     /* count - 1; freed at 0 */

const weft_block_name *weft_block_get_name(const weft_block *block);
const weft_row_layout *weft_block_layout(const weft_block *block);
int32_t weft_block_partitions(const weft_block *block);
int64_t weft_block_rows(const weft_block *block, int32_t partition);  /* -1: all partitions */
int64_t weft_block_bytes(const weft_block *block, int32_t partition); /* in memory and spilled */
int64_t weft_block_spilled_bytes(const weft_block *block);
int64_t weft_block_memory_bytes(const weft_block *block); /* pages in memory now */
bool weft_block_key_range(const weft_block *block, int32_t key, weft_key_range *out);
int32_t weft_block_runs(const weft_block *block, int32_t partition);
const weft_marks *weft_block_marks(const weft_block *block, int32_t *count);
/* What the coordinator is told of it: one memory block of ctx's account, which the caller frees. */
WEFT_MUST_CHECK weft_status weft_block_describe(weft_ctx *ctx, const weft_block *block,
                                                weft_block_meta **out);

/* Read the pages of one partition (run -1: all runs; else one run), in order. */
typedef struct weft_block_reader weft_block_reader;
WEFT_MUST_CHECK weft_status weft_block_reader_open(weft_ctx *ctx, const weft_block *block, int32_t partition,
                                                   int32_t run, weft_block_reader **out);
/* What was read of blocks, by many readers at once. */
typedef struct weft_block_read {
    _Atomic int64_t bytes, remote_bytes; /* remote: of blocks that lie elsewhere */
} weft_block_read;
/* Count the pages that it gives from now on; borrowed until it is closed. NULL: nobody asks. */
void weft_block_reader_count(weft_block_reader *reader, weft_block_read *read);
/* Ask for the first page now, when it lies in another process; does not wait. What fails is told by _next. */
void weft_block_reader_begin(weft_ctx *ctx, weft_block_reader *reader);
/* The next page, or NULL at the end. It stays valid until the next call (spilled pages) or while the
 * partition is pinned (pages in memory: *stable is true); an open reader is a pin. */
WEFT_MUST_CHECK weft_status weft_block_reader_next(weft_ctx *ctx, weft_block_reader *reader,
                                                   const weft_row_page **page, bool *stable);
/* Keep the page that was given last, one that is not stable, beyond the next call: a memory block in which it
 * lies, or which holds it. The caller frees that with weft_mem_free. */
void *weft_block_reader_take(weft_block_reader *reader);
/* Pass over whole pages that hold no more than *rows rows together, without reading them; *rows: what is
 * left. */
void weft_block_reader_skip(weft_block_reader *reader, int64_t *rows);
/* Before the first page of a sorted run: leave out pages without a row in the range, as far as the block
 * knows how its pages begin. Costs nothing, wherever they lie. */
void weft_block_reader_range(weft_block_reader *reader, const weft_sort_range *range);
void weft_block_reader_close(weft_block_reader **reader);
/* Keep the pages of a partition that are in memory there. Every pin is undone by an unpin. Any thread. */
void weft_block_pin(const weft_block *block, int32_t partition);
void weft_block_unpin(const weft_block *block, int32_t partition);
/* Move pages that are in memory to scratch, those of pinned partitions excepted (the store under pressure).
 * *freed: bytes of memory that this gave back, also after an error. Any thread. */
WEFT_MUST_CHECK weft_status weft_block_spill(weft_ctx *ctx, weft_block *block, int64_t *freed);

/* Serialised form: header, then pages with checksums. Decoding validates everything against the types.
 * *bytes is RETAINED memory of ctx's account: the caller frees it with weft_mem_free. */
WEFT_MUST_CHECK weft_status weft_block_encode(weft_ctx *ctx, const weft_block *block, uint8_t **bytes,
                                              size_t *len);
WEFT_MUST_CHECK weft_status weft_block_decode(weft_ctx *ctx, weft_account *owner, const weft_types *types,
                                              const uint8_t *bytes, size_t len, weft_block **out);

#endif
