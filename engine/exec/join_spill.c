/* engine/exec/join_spill.c - see join_spill.h.
 *
 * Levels: the bottom one is the task's own partitions of the build blocks and the probe rows that were
 * added; each further one is one partition of the level below, parted by the next bits of the hash. The
 * topmost level is worked off first, so at most one path of levels is in scratch. */
#include "engine/exec/join_spill.h"

#include <string.h>

#include "common/settings.h"
#include "engine/exec/block_private.h"
#include "engine/exec/hash.h"
#include "engine/exec/row_cursor.h"

enum {
    REFINE_BITS = 4,       /* parts of a partition: 16, each a page or two when memory is scarce */
    LEVELS_MAX = 8,        /* 16^7 parts: beyond, equal hashes are the matter */
    PIECE_ROWS_LEAST = 512, /* a piece that working memory has room for whatever others retain */
    TABLE_ROW_BYTES = 36   /* address, chain and slots of a build row in a table */
};

typedef struct spill_level {
    weft_input build, probe;
    weft_block *build_block, *probe_block; /* owned; no build_block on the bottom level */
    int32_t partition, end;
    int32_t skip_bits; /* high bits of the hash that all rows of one partition share */
} spill_level;

struct weft_join_spill {
    const weft_op_spec *spec;
    const weft_types *types; /* of the probe rows */
    const weft_task *task;
    int32_t begin, end;
    weft_block_writer *writer; /* of probe rows; NULL once all were added */
    int32_t *columns;          /* identity */
    spill_level levels[LEVELS_MAX];
    int32_t level_count;
    /* the partition at work */
    const spill_level *level;
    int32_t partition;
    weft_join_table *table;
    int64_t build_rows, piece_first, piece_rows;
    uint64_t *matched; /* of its probe rows, when there are several pieces */
    weft_row_cursor cursor;
    int64_t next_row; /* of the probe rows */
    weft_gather gather;
    int32_t batch_rows;
    int64_t spilled_bytes;
    uint64_t hashes[WEFT_BATCH_ROWS_MAX];
    const uint8_t *rows[WEFT_BATCH_ROWS_MAX];
};

static int64_t input_rows(const weft_input *input, int32_t partition)
{
    int64_t rows = 0;
    for (int32_t b = 0; b < input->block_count; b++) rows += weft_block_rows(input->blocks[b], partition);
    return rows;
}

static int64_t input_bytes(const weft_input *input, int32_t partition)
{
    int64_t bytes = 0;
    for (int32_t b = 0; b < input->block_count; b++) bytes += weft_block_bytes(input->blocks[b], partition);
    return bytes;
}

/* ---- probe rows in ---- */

weft_status weft_join_spill_open(weft_ctx *ctx, const weft_op_spec *spec, const weft_types *input_types,
                                 const weft_task *task, int32_t begin, int32_t end, weft_join_spill **out)
{
    weft_status st = WEFT_OK;
    weft_join_spill *s = NULL;
    const weft_input *build = &task->inputs[spec->probe.input];
    const int32_t partitions = weft_block_partitions(build->blocks[0]);
    *out = NULL;
    WEFT_TRY(st, weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, sizeof(*s), (void **)&s));
    s->spec = spec;
    s->types = input_types;
    s->task = task;
    s->begin = begin;
    s->end = end;
    s->batch_rows = (int32_t)weft_setting(ctx, WEFT_SET_BATCH_ROWS);
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, input_types->count, &s->columns));
    for (int32_t i = 0; i < input_types->count; i++) s->columns[i] = i;
    WEFT_TRY(st, weft_block_writer_open(ctx, input_types, partitions, &s->writer));
    *out = s;
    s = NULL;
done:
    weft_join_spill_close(&s);
    return st;
}

weft_status weft_join_spill_add(weft_ctx *ctx, weft_join_spill *s, const weft_batch *batch)
{
    assert(s->writer != NULL);
    weft_exec_hash(ctx, batch, s->spec->probe.keys, s->spec->probe.key_count, s->hashes);
    return weft_block_append(ctx, s->writer, batch, s->columns, s->hashes);
}

/* Freeze a block of this task's own, all of it in scratch: the memory is for the tables. */
static weft_status spill_finish(weft_ctx *ctx, weft_join_spill *s, weft_block_writer **writer,
                                weft_block **out)
{
    weft_status st = WEFT_OK;
    int64_t freed = 0;
    WEFT_TRY(st, weft_block_finish(ctx, writer, ctx->memory, &s->task->name, out));
    WEFT_TRY(st, weft_block_spill(ctx, *out, &freed));
    s->spilled_bytes += weft_block_spilled_bytes(*out);
done:
    return st;
}

static weft_status spill_begin(weft_ctx *ctx, weft_join_spill *s)
{
    weft_status st = WEFT_OK;
    spill_level *level = &s->levels[0];
    *level = (spill_level){.partition = s->begin, .end = s->end};
    s->level_count = 1;
    level->build = s->task->inputs[s->spec->probe.input];
    level->skip_bits = __builtin_ctz((uint32_t)weft_block_partitions(level->build.blocks[0]));
    WEFT_TRY(st, spill_finish(ctx, s, &s->writer, &level->probe_block));
    level->probe = (weft_input){.stage_id = -1, .block_count = 1, .blocks = &level->probe_block};
    WEFT_TRY(st, weft_gather_init(ctx, &s->gather, s->types));
done:
    return st;
}

/* ---- parting ---- */

static weft_status refine_side(weft_ctx *ctx, weft_join_spill *s, const weft_input *from, int32_t partition,
                               int32_t skip_bits, weft_block **out)
{
    weft_status st = WEFT_OK;
    weft_block_writer *writer = NULL;
    const weft_row_layout *layout = weft_block_layout(from->blocks[0]);
    const weft_types types = {.count = layout->count, .types = layout->types};
    WEFT_TRY(st, weft_block_writer_open(ctx, &types, 1 << REFINE_BITS, &writer));
    weft_row_cursor_init(&s->cursor, from, 1, partition, partition + 1);
    for (;;) {
        int32_t count;
        bool stable;
        WEFT_TRY(st, weft_row_cursor_next(ctx, &s->cursor, s->rows, WEFT_BATCH_ROWS_MAX, &count, &stable));
        if (count == 0) break;
        WEFT_TRY(st, weft_block_scatter_rows(ctx, writer, skip_bits, s->rows, count));
        WEFT_TRY(st, weft_check_cancel(ctx));
    }
    WEFT_TRY(st, spill_finish(ctx, s, &writer, out));
done:
    weft_row_cursor_close(&s->cursor);
    weft_block_writer_abandon(&writer);
    return st;
}

static weft_status refine(weft_ctx *ctx, weft_join_spill *s, const spill_level *from, int32_t partition)
{
    weft_status st = WEFT_OK;
    spill_level *level = &s->levels[s->level_count++];
    *level = (spill_level){.end = 1 << REFINE_BITS, .skip_bits = from->skip_bits + REFINE_BITS};
    WEFT_TRY(st, refine_side(ctx, s, &from->build, partition, from->skip_bits, &level->build_block));
    WEFT_TRY(st, refine_side(ctx, s, &from->probe, partition, from->skip_bits, &level->probe_block));
    level->build = (weft_input){.stage_id = -1, .block_count = 1, .blocks = &level->build_block};
    level->probe = (weft_input){.stage_id = -1, .block_count = 1, .blocks = &level->probe_block};
done:
    return st;
}

/* May parting help? Not when the rows below were parted once and most of them stayed together. */
static bool may_refine(const weft_ctx *ctx, const weft_join_spill *s, const spill_level *level, int64_t rows)
{
    if (s->spec->probe.record_marks || s->level_count == LEVELS_MAX) return false;
    if (level->build_block != NULL && weft_setting(ctx, WEFT_SET_FORCE_SPILL) != 0) return false;
    return rows > 1 && (level->build_block == NULL || 2 * rows < weft_block_rows(level->build_block, -1));
}

/* ---- tables ---- */

static weft_status table_open(weft_ctx *ctx, weft_join_spill *s, int64_t rows, weft_mem_kind kind)
{
    const weft_op_spec *spec = s->spec;
    return weft_join_table_open_piece(ctx, &s->level->build, s->partition, s->piece_first, rows,
                                      spec->probe.build_keys, spec->probe.key_count, spec->probe.null_equal,
                                      kind, &s->table);
}

/* The next piece: as many rows as memory allows, halved until they fit. */
static weft_status piece_open(weft_ctx *ctx, weft_join_spill *s)
{
    weft_status st = WEFT_OK;
    const int64_t left = s->build_rows - s->piece_first;
    const int64_t bytes = input_bytes(&s->level->build, s->partition);
    const int64_t row_bytes = bytes / weft_max_i64(1, s->build_rows) + TABLE_ROW_BYTES;
    const int64_t room = weft_pool_free_bytes(weft_account_pool(ctx->memory)) / 2;
    int64_t rows = weft_min_i64(left, weft_max_i64(room / row_bytes, PIECE_ROWS_LEAST));
    if (weft_setting(ctx, WEFT_SET_FORCE_SPILL) != 0) rows = weft_min_i64(left, s->build_rows / 3 + 1);
    for (;;) {
        const bool least = rows <= PIECE_ROWS_LEAST;
        st = table_open(ctx, s, rows, least ? WEFT_MEM_WORKING : WEFT_MEM_RETAINED);
        if (st != WEFT_NOMEM || least) break;
        weft_error_clear(ctx);
        rows = weft_max_i64(rows / 2, weft_min_i64(left, PIECE_ROWS_LEAST));
    }
    s->piece_rows = rows;
    return st;
}

/* The whole partition in one table, unless that is refused memory, or the test setting is on. */
static weft_status partition_table(weft_ctx *ctx, weft_join_spill *s, bool *opened)
{
    const bool forced = weft_setting(ctx, WEFT_SET_FORCE_SPILL) != 0 && s->build_rows > 1;
    *opened = false;
    if (forced || s->build_rows >= UINT32_MAX) return WEFT_OK;
    const weft_status st = table_open(ctx, s, s->build_rows, WEFT_MEM_RETAINED);
    *opened = st == WEFT_OK;
    s->piece_rows = s->build_rows;
    if (st != WEFT_NOMEM) return st;
    weft_error_clear(ctx);
    return WEFT_OK;
}

static weft_status partition_pieces(weft_ctx *ctx, weft_join_spill *s)
{
    weft_status st = WEFT_OK;
    const int64_t words = weft_max_i64(1, weft_bit_words(input_rows(&s->level->probe, s->partition)));
    WEFT_TRY(st, weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, (size_t)words * sizeof(*s->matched),
                                     (void **)&s->matched));
    WEFT_TRY(st, piece_open(ctx, s));
done:
    return st;
}

static void probe_begin(weft_join_spill *s)
{
    s->next_row = 0;
    weft_row_cursor_init(&s->cursor, &s->level->probe, 1, s->partition, s->partition + 1);
}

/* The next partition that has probe rows, with its first table; s->level NULL when none is left. */
static weft_status partition_next(weft_ctx *ctx, weft_join_spill *s)
{
    weft_status st = WEFT_OK;
    s->level = NULL;
    while (s->level_count > 0) {
        spill_level *level = &s->levels[s->level_count - 1];
        if (level->partition >= level->end) {
            weft_block_release(&level->build_block);
            weft_block_release(&level->probe_block);
            s->level_count--;
            continue;
        }
        bool opened = false;
        const int32_t partition = level->partition++;
        if (weft_block_rows(level->probe_block, partition) == 0) continue;
        s->level = level;
        s->partition = partition;
        s->piece_first = 0;
        s->build_rows = input_rows(&level->build, partition);
        WEFT_TRY(st, partition_table(ctx, s, &opened));
        if (!opened && may_refine(ctx, s, level, s->build_rows)) {
            s->level = NULL;
            WEFT_TRY(st, refine(ctx, s, level, partition));
            continue;
        }
        if (!opened) WEFT_TRY(st, partition_pieces(ctx, s));
        probe_begin(s);
        goto done;
    }
done:
    return st;
}

/* ---- turns ---- */

/* All probe rows have met the table: to the next piece of the partition, or to the next partition. */
static weft_status table_done(weft_ctx *ctx, weft_join_spill *s)
{
    weft_status st = WEFT_OK;
    weft_row_cursor_close(&s->cursor);
    weft_join_table_close(&s->table);
    s->piece_first += s->piece_rows;
    if (s->piece_first < s->build_rows) {
        WEFT_TRY(st, piece_open(ctx, s));
        probe_begin(s);
        goto done;
    }
    weft_mem_free(s->matched);
    s->matched = NULL;
    WEFT_TRY(st, partition_next(ctx, s));
done:
    return st;
}

weft_status weft_join_spill_next(weft_ctx *ctx, weft_join_spill *s, weft_join_turn *turn, bool *more)
{
    weft_status st = WEFT_OK;
    int32_t count = 0;
    *more = false;
    *turn = (weft_join_turn){0};
    if (s->writer != NULL) {
        WEFT_TRY(st, spill_begin(ctx, s));
        WEFT_TRY(st, partition_next(ctx, s));
    }
    while (s->level != NULL) {
        bool stable;
        WEFT_TRY(st, weft_check_cancel(ctx));
        WEFT_TRY(st, weft_row_cursor_next(ctx, &s->cursor, s->rows, s->batch_rows, &count, &stable));
        if (count > 0) break;
        WEFT_TRY(st, table_done(ctx, s));
    }
    if (count == 0) goto done;
    const weft_row_layout *layout = weft_block_layout(s->level->probe_block);
    WEFT_TRY(st, weft_gather_batch(ctx, &s->gather, layout, s->rows, count, &turn->batch));
    turn->table = s->table;
    turn->last = s->piece_first + s->piece_rows >= s->build_rows;
    turn->matched = s->matched;
    turn->first = s->next_row;
    s->next_row += count;
    *more = true;
done:
    return st;
}

int64_t weft_join_spill_bytes(const weft_join_spill *s) { return s->spilled_bytes; }

void weft_join_spill_close(weft_join_spill **spill)
{
    weft_join_spill *s = *spill;
    *spill = NULL;
    if (s == NULL) return;
    weft_row_cursor_close(&s->cursor);
    weft_join_table_close(&s->table);
    weft_mem_free(s->matched);
    for (int32_t i = 0; i < s->level_count; i++) {
        weft_block_release(&s->levels[i].build_block);
        weft_block_release(&s->levels[i].probe_block);
    }
    weft_block_writer_abandon(&s->writer);
    weft_gather_deinit(&s->gather);
    weft_mem_free(s);
}
