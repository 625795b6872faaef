/* engine/formats/parquet/write.c - the sink "parquet": batches in, one file out.
 *
 *   batch → per leaf: shred → dictionary or PLAIN → page → kept
 *   row group full (by bytes in the file, or memory is refused) → chunks into the file → columns cleared
 *   finish → page indexes, footer, fsync
 *
 * Memory: the compressed pages of one row group (retained), one page a leaf in the making, and dictionaries.
 * Threads: one. The schema is borrowed until finish. */
#include "engine/formats/parquet/parquet.h"
#include "engine/formats/parquet/write_chunk.h"
#include "engine/formats/parquet/write_options.h"
#include "engine/formats/parquet/write_shred.h"
#include "engine/formats/parquet/write_variant.h"

/* Rows of a row group: readers count them in 32 bits. */
#define SINK_GROUP_ROWS_MAX ((int64_t)1 << 30)

struct weft_file_sink {
    weft_arena *arena; /* schema tree, chunks and index blobs of the footer */
    weft_file_writer *file;
    weft_pqw_options options;
    weft_pqw_schema schema;
    weft_pqw_column *columns; /* one a leaf; in the arena */
    int32_t column_count;     /* those that are made */
    weft_pqw_scratch scratch;
    weft_pqw_shred shred;
    weft_arena *parts; /* of the VARIANTs of a batch; NULL: no column has any */
    int64_t group_rows, rows;
    weft_pqw_group *first, *last;
    int32_t group_count;
};

static void sink_free(weft_file_sink **sink)
{
    weft_file_sink *s = *sink;
    if (s == NULL) return;
    for (int32_t i = 0; i < s->column_count; i++) weft_pqw_column_deinit(&s->columns[i]);
    weft_pqw_shred_deinit(&s->shred);
    weft_bytes_deinit(&s->scratch.raw);
    weft_bytes_deinit(&s->scratch.packed);
    weft_bytes_deinit(&s->scratch.header);
    weft_bytes_deinit(&s->scratch.words);
    weft_pqw_compressor_deinit(&s->scratch.compressor);
    weft_file_abandon(&s->file);
    weft_arena_free(&s->arena);
    weft_arena_free(&s->parts);
    weft_mem_free(s);
    *sink = NULL;
}

static weft_status parquet_open(weft_ctx *ctx, const char *path, const weft_schema *schema,
                                const char *const *options, int32_t option_count, weft_file_sink **out)
{
    weft_status st = WEFT_OK;
    weft_file_sink *s = NULL;
    *out = NULL;
    WEFT_TRY(st, weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, sizeof(*s), (void **)&s));
    s->arena = weft_arena_new(ctx->memory);
    if (s->arena == NULL) {
        st = weft_fail(ctx, WEFT_NOMEM, "No memory to write '%s'.", path);
        goto done;
    }
    WEFT_TRY(st, weft_pqw_options_parse(ctx, options, option_count, &s->options));
    s->scratch.compressor = (weft_pqw_compressor){.codec = s->options.codec, .level = s->options.level};
    WEFT_TRY(st, weft_pqw_schema_init(ctx, s->arena, schema, &s->schema));
    WEFT_TRY(st, weft_arena_alloc(ctx, s->arena, (size_t)s->schema.leaf_count * sizeof(*s->columns),
                                  (void **)&s->columns));
    for (int32_t i = 0; i < s->schema.leaf_count; i++) {
        WEFT_TRY(st, weft_pqw_column_init(ctx, &s->schema.leaves[i], &s->options, &s->columns[i]));
        s->column_count++;
        WEFT_TRY(st, weft_pqw_options_apply(ctx, options, option_count, &s->columns[i]));
    }
    WEFT_TRY(st, weft_pqw_variant_open(ctx, schema, &s->parts));
    WEFT_TRY(st, weft_file_create(ctx, path, &s->file));
    WEFT_TRY(st, weft_file_append(ctx, s->file, WEFT_PQ_MAGIC, 4));
    *out = s;
    s = NULL;
done:
    sink_free(&s);
    return st;
}

static weft_status sink_flush_group(weft_ctx *ctx, weft_file_sink *s)
{
    weft_status st = WEFT_OK;
    weft_pqw_group *group = NULL;
    const int32_t leaves = s->schema.leaf_count;
    if (s->group_rows == 0) goto done;
    WEFT_TRY(st, weft_arena_alloc(ctx, s->arena, sizeof(*group), (void **)&group));
    WEFT_TRY(st, weft_arena_alloc(ctx, s->arena, (size_t)leaves * sizeof(*group->chunks),
                                  (void **)&group->chunks));
    group->rows = s->group_rows;
    group->offset = weft_file_written_bytes(s->file);
    for (int32_t i = 0; i < leaves; i++) {
        weft_pqw_chunk *chunk = &group->chunks[i];
        WEFT_TRY(st, weft_pqw_chunk_write(ctx, s->arena, &s->columns[i], &s->scratch, s->file, chunk));
        group->raw_bytes += chunk->raw_bytes;
        group->packed_bytes += chunk->packed_bytes;
    }
    for (int32_t i = 0; i < leaves; i++) {
        WEFT_TRY(st,
                 weft_pqw_chunk_write_bloom(ctx, &s->columns[i], &s->scratch, s->file, &group->chunks[i]));
        weft_pqw_column_clear(&s->columns[i]);
    }
    if (s->last != NULL) s->last->next = group;
    if (s->last == NULL) s->first = group;
    s->last = group;
    s->group_count++;
    s->group_rows = 0;
done:
    return st;
}

/* Bytes of the row group so far; `at_hand` is what its unfinished pages hold. */
static int64_t sink_group_bytes(const weft_file_sink *s, int64_t *at_hand)
{
    int64_t bytes = 0;
    *at_hand = 0;
    for (int32_t i = 0; i < s->column_count; i++) {
        const int64_t column_bytes = weft_pqw_column_bytes(&s->columns[i]);
        bytes += column_bytes;
        *at_hand += column_bytes - s->columns[i].page_bytes;
    }
    return bytes;
}

static weft_status parquet_write(weft_ctx *ctx, weft_file_sink *sink, const weft_batch *batch)
{
    weft_status st = WEFT_OK;
    int64_t at_hand;
    WEFT_TRY(st, weft_check_cancel(ctx));
    if (batch->selected == 0) goto done;
    weft_batch split;
    if (sink->parts != NULL) {
        WEFT_TRY(st, weft_pqw_variant_split(ctx, sink->parts, batch, &split));
        batch = &split;
    }
    for (int32_t i = 0; i < sink->column_count; i++) {
        WEFT_TRY(st, weft_pqw_shred_batch(ctx, &sink->shred, &sink->columns[i], &sink->scratch, batch));
    }
    sink->group_rows += batch->selected;
    sink->rows += batch->selected;
    /* Smaller row groups are better than none: what the pool would refuse to keep goes to the file now. */
    if (sink_group_bytes(sink, &at_hand) >= sink->options.row_group_bytes ||
        sink->group_rows >= SINK_GROUP_ROWS_MAX || weft_mem_would_refuse(ctx, at_hand + (1 << 20))) {
        WEFT_TRY(st, sink_flush_group(ctx, sink));
    }
done:
    return st;
}

static weft_status parquet_finish(weft_ctx *ctx, weft_file_sink **sink, int64_t *rows, int64_t *bytes)
{
    weft_status st = WEFT_OK;
    weft_file_sink *s = *sink;
    WEFT_TRY(st, sink_flush_group(ctx, s));
    WEFT_TRY(st,
             weft_pqw_footer_write(ctx, &s->schema, s->first, s->group_count, s->rows, &s->scratch, s->file));
    *rows = s->rows;
    *bytes = weft_file_written_bytes(s->file);
    WEFT_TRY(st, weft_file_finish(ctx, &s->file));
done:
    sink_free(sink);
    return st;
}

static void parquet_abandon(weft_file_sink **sink) { sink_free(sink); }

/* Spark puts the codec before the format in file names: part-....snappy.parquet. */
static weft_status parquet_suffix(weft_ctx *ctx, const char *const *options, int32_t option_count,
                                  const char **out)
{
    static const char *const suffixes[] = {
        [WEFT_PQ_UNCOMPRESSED] = ".parquet", [WEFT_PQ_SNAPPY] = ".snappy.parquet",
        [WEFT_PQ_GZIP] = ".gz.parquet",      [WEFT_PQ_BROTLI] = ".br.parquet",
        [WEFT_PQ_ZSTD] = ".zstd.parquet",    [WEFT_PQ_LZ4_RAW] = ".lz4raw.parquet",
    };
    weft_pqw_options parsed;
    const weft_status st = weft_pqw_options_parse(ctx, options, option_count, &parsed);
    if (st == WEFT_OK) *out = suffixes[parsed.codec];
    return st;
}

static int64_t parquet_bytes(const weft_file_sink *sink)
{
    int64_t at_hand;
    return weft_file_written_bytes(sink->file) + sink_group_bytes(sink, &at_hand);
}

const weft_sink_format weft_sink_parquet = {
    .name = "parquet",
    .extension = ".parquet",
    .suffix = parquet_suffix,
    .open = parquet_open,
    .write = parquet_write,
    .finish = parquet_finish,
    .abandon = parquet_abandon,
    .bytes = parquet_bytes,
};
