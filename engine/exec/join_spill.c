/* engine/exec/join_spill.c - see join_spill.h.
 *
 * Levels: the bottom one is the task's own partitions of the build blocks and the probe rows that were
 * added; each further one is one partition of the level below, parted by the next bits of the hash. The
 * topmost level is worked off first, so at most one path of levels is in scratch. Where marks are recorded a
 * level also has the numbers of its build rows, parted like them. */
#include "engine/exec/join_spill.h"

#include <string.h>

#include "common/settings.h"
#include "engine/exec/block_private.h"
#include "engine/exec/force_spill.h"
#include "engine/exec/hash.h"
#include "engine/exec/refine.h"

enum {
    LEVELS_MAX = 8,           /* 16^7 parts: beyond, equal hashes are the matter */
    PIECE_ROWS_LEAST = 512,   /* a piece that working memory has room for whatever others retain */
    PIECE_OTHERS_MOST = 4096, /* rows beside those of one hash in a partition that is joined in pieces */
    TABLE_ROW_BYTES = 36,     /* address, chain and slots of a build row in a table */
    ORDER_COLUMNS = 2         /* after the columns of a probe row: its batch, its position there */
};

typedef struct spill_level {
    weft_input build, probe, numbers;
    weft_block *build_block, *probe_block; /* owned; no build_block on the bottom level */
    weft_block *number_block; /* owned: of each build row its number, where marks are recorded; not there */
    int32_t partition, end;
    int32_t skip_bits; /* high bits of the hash that all rows of one partition share */
} spill_level;

/* How many build rows of one hash were in pieces before. count 0: empty. */
typedef struct rank_slot {
    uint64_t hash;
    uint32_t count;
} rank_slot;

struct weft_join_spill {
    const weft_op_spec *spec;
    const weft_types *types; /* of the probe rows */
    const weft_task *task;
    int32_t begin, end;
    weft_place place;
    weft_block_writer *writer; /* of probe rows; NULL once all were added */
    int32_t *columns;          /* identity */
    weft_types kept;           /* of the rows in scratch */
    weft_column *kept_columns;
    int32_t batch_number;
    spill_level levels[LEVELS_MAX];
    int32_t level_count;
    /* the partition at work */
    const spill_level *level;
    int32_t partition;
    weft_join_table *table;
    int64_t build_rows, piece_first, piece_rows;
    uint64_t *matched; /* of its probe rows, when there are several pieces */
    int64_t *numbers;  /* of the rows of the table, or NULL */
    rank_slot *ranks;  /* build rows of each hash in earlier pieces; [rank_capacity], a power of two */
    int64_t rank_count, rank_capacity;
    weft_row_cursor cursor;
    weft_refine refine;
    int64_t next_row; /* of the probe rows */
    weft_gather gather;
    int32_t batch_rows;
    int64_t spilled_bytes;
    uint64_t hashes[WEFT_BATCH_ROWS_MAX];
    const uint8_t *rows[WEFT_BATCH_ROWS_MAX];
    int32_t positions[WEFT_BATCH_ROWS_MAX]; /* 0, 1, … */
    uint32_t rounds[WEFT_BATCH_ROWS_MAX];
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
    s->place = weft_place_of(spec->probe.placed, partitions, begin, end);
    s->batch_rows = (int32_t)weft_setting(ctx, WEFT_SET_BATCH_ROWS);
    const int32_t width = input_types->count + ORDER_COLUMNS;
    weft_type *types = NULL;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, width, &types));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, width, &s->columns));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, width, &s->kept_columns));
    for (int32_t i = 0; i < width; i++) {
        s->columns[i] = i;
        types[i] = i < input_types->count ? input_types->types[i] : WEFT_TYPE_OF(WEFT_TYPE_INT);
    }
    for (int32_t i = 0; i < WEFT_BATCH_ROWS_MAX; i++) s->positions[i] = i;
    s->kept = (weft_types){.count = width, .types = types};
    WEFT_TRY(st, weft_block_writer_open(ctx, &s->kept, partitions, &s->writer));
    *out = s;
    s = NULL;
done:
    weft_join_spill_close(&s);
    return st;
}

weft_status weft_join_spill_add(weft_ctx *ctx, weft_join_spill *s, const weft_batch *batch)
{
    assert(s->writer != NULL);
    const int32_t width = s->types->count;
    weft_batch kept = *batch;
    if (s->batch_number == INT32_MAX)
        return weft_fail(ctx, WEFT_LIMIT, "the probe side of one task of a join has more than 2^31 batches");
    for (int32_t i = 0; i < width; i++) s->kept_columns[i] = batch->columns[i];
    s->kept_columns[width] = (weft_column){.type = WEFT_TYPE_OF(WEFT_TYPE_INT),
                                           .phys = WEFT_PHYS_I32,
                                           .encoding = WEFT_CONSTANT,
                                           .data = &s->batch_number};
    s->kept_columns[width + 1] = (weft_column){.type = WEFT_TYPE_OF(WEFT_TYPE_INT),
                                               .phys = WEFT_PHYS_I32,
                                               .encoding = WEFT_FLAT,
                                               .data = s->positions};
    kept.column_count = s->kept.count;
    kept.columns = s->kept_columns;
    weft_exec_hash_at(ctx, batch, s->spec->probe.keys, s->spec->probe.key_count, s->place, s->hashes);
    const weft_status st = weft_block_append(ctx, s->writer, &kept, s->columns, s->hashes);
    s->batch_number++;
    return st;
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
    WEFT_TRY(st, weft_gather_init(ctx, &s->gather, &s->kept));
done:
    return st;
}

/* ---- parting ---- */

static weft_status refine(weft_ctx *ctx, weft_join_spill *s, const spill_level *from, int32_t partition)
{
    weft_status st = WEFT_OK;
    const weft_block_name *name = &s->task->name;
    const int32_t skip = from->skip_bits;
    spill_level *level = &s->levels[s->level_count++];
    int64_t number = 0;
    *level = (spill_level){.end = WEFT_REFINE_PARTS, .skip_bits = skip + WEFT_REFINE_BITS};
    WEFT_TRY(st, weft_refine_rows(ctx, &s->refine, &from->build, partition, skip, name, &level->build_block));
    WEFT_TRY(st, weft_refine_rows(ctx, &s->refine, &from->probe, partition, skip, name, &level->probe_block));
    s->spilled_bytes += weft_block_spilled_bytes(level->build_block);
    s->spilled_bytes += weft_block_spilled_bytes(level->probe_block);
    level->build = (weft_input){.stage_id = -1, .block_count = 1, .blocks = &level->build_block};
    level->probe = (weft_input){.stage_id = -1, .block_count = 1, .blocks = &level->probe_block};
    level->numbers = (weft_input){.stage_id = -1, .block_count = 1, .blocks = &level->number_block};
    if (!s->spec->probe.record_marks) goto done;
    for (int32_t p = 0; from->number_block == NULL && p < partition; p++)
        number += input_rows(&from->build, p);
    if (from->number_block == NULL)
        WEFT_TRY(st, weft_refine_number(ctx, &s->refine, &from->build, partition, skip, number, name,
                                        &level->number_block));
    else
        WEFT_TRY(st, weft_refine_numbers(ctx, &s->refine, &from->numbers, partition, skip,
                                         s->levels[0].skip_bits, name, &level->number_block));
    s->spilled_bytes += weft_block_spilled_bytes(level->number_block);
done:
    return st;
}

/* How many build rows of a partition have another hash than the one that most have (if most have one). */
static weft_status count_others(weft_ctx *ctx, weft_join_spill *s, const spill_level *level,
                                int32_t partition, int64_t *others)
{
    weft_status st = WEFT_OK;
    uint64_t candidate = 0;
    int64_t votes = 0;
    *others = 0;
    for (int32_t pass = 0; pass < 2; pass++) { /* a majority vote, then the count */
        weft_row_cursor_init(&s->cursor, &level->build, 1, partition, partition + 1);
        for (;;) {
            int32_t count;
            WEFT_TRY(st, weft_row_cursor_next(ctx, &s->cursor, s->rows, WEFT_BATCH_ROWS_MAX, &count));
            if (count == 0) break;
            for (int32_t i = 0; i < count; i++) {
                const uint64_t hash = weft_row_hash(s->rows[i]);
                if (pass == 1) {
                    *others += hash != candidate;
                    continue;
                }
                if (votes == 0) candidate = hash;
                votes += hash == candidate ? 1 : -1;
            }
            WEFT_TRY(st, weft_check_cancel(ctx));
        }
        weft_row_cursor_close(&s->cursor);
    }
done:
    weft_row_cursor_close(&s->cursor);
    return st;
}

/* Does parting help? Not when nearly all rows have one hash. That is looked up only when the rows were parted
 * before and most of them stayed together. */
static weft_status may_refine(weft_ctx *ctx, weft_join_spill *s, const spill_level *level, int32_t partition,
                              bool *may)
{
    weft_status st = WEFT_OK;
    const int64_t rows = s->build_rows;
    int64_t others = 0;
    *may = false;
    if (rows <= 1 || s->level_count == LEVELS_MAX) goto done;
    if (level->build_block == NULL) {
        *may = true;
    } else if (!weft_force_spill(ctx)) {
        *may = 2 * rows < weft_block_rows(level->build_block, -1);
        if (*may) goto done;
        WEFT_TRY(st, count_others(ctx, s, level, partition, &others));
        *may = others > PIECE_OTHERS_MOST;
    }
done:
    return st;
}

/* ---- tables ---- */

/* The numbers of the table's rows, when they were parted. */
static weft_status table_numbers(weft_ctx *ctx, weft_join_spill *s, weft_mem_kind kind)
{
    weft_status st = WEFT_OK;
    int64_t skip = s->piece_first, at = 0;
    const int64_t rows = weft_join_table_rows(s->table);
    if (s->level->number_block == NULL) return WEFT_OK;
    const int32_t offset = weft_block_layout(s->level->number_block)->offsets[0];
    WEFT_TRY(st, weft_mem_alloc(ctx, kind, (size_t)weft_max_i64(1, rows) * sizeof(*s->numbers),
                                (void **)&s->numbers));
    weft_row_cursor_init(&s->cursor, &s->level->numbers, 1, s->partition, s->partition + 1);
    while (at < rows) {
        int32_t count;
        WEFT_TRY(st, weft_row_cursor_next(ctx, &s->cursor, s->rows, WEFT_BATCH_ROWS_MAX, &count));
        assert(count > 0);
        for (int32_t i = (int32_t)weft_min_i64(skip, count); i < count && at < rows; i++)
            memcpy(&s->numbers[at++], s->rows[i] + offset, sizeof(*s->numbers));
        skip -= weft_min_i64(skip, count);
    }
    weft_join_table_set_numbers(s->table, s->numbers);
done:
    weft_row_cursor_close(&s->cursor);
    return st;
}

static void table_close(weft_join_spill *s)
{
    weft_join_table_close(&s->table);
    weft_mem_free(s->numbers);
    s->numbers = NULL;
}

static weft_status table_open(weft_ctx *ctx, weft_join_spill *s, int64_t rows, weft_mem_kind kind)
{
    weft_status st = WEFT_OK;
    const weft_op_spec *spec = s->spec;
    WEFT_TRY(st, weft_join_table_open_piece(ctx, &s->level->build, s->partition, s->piece_first, rows,
                                            spec->probe.build_keys, spec->probe.key_count,
                                            spec->probe.null_equal, kind, &s->table));
    WEFT_TRY(st, table_numbers(ctx, s, kind));
done:
    if (st != WEFT_OK) table_close(s);
    return st;
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
    if (weft_force_spill(ctx)) rows = weft_min_i64(left, s->build_rows / 3 + 1);
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
    const bool forced = weft_force_spill(ctx) && s->build_rows > 1;
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

static void level_close(spill_level *level)
{
    weft_block_release(&level->build_block);
    weft_block_release(&level->probe_block);
    weft_block_release(&level->number_block);
}

/* The next partition that has probe rows, with its first table; s->level NULL when none is left. */
static weft_status partition_next(weft_ctx *ctx, weft_join_spill *s)
{
    weft_status st = WEFT_OK;
    s->level = NULL;
    while (s->level_count > 0) {
        spill_level *level = &s->levels[s->level_count - 1];
        if (level->partition >= level->end) {
            level_close(level);
            s->level_count--;
            continue;
        }
        bool opened = false, may = false;
        const int32_t partition = level->partition++;
        if (weft_block_rows(level->probe_block, partition) == 0) continue;
        s->level = level;
        s->partition = partition;
        s->piece_first = 0;
        s->build_rows = input_rows(&level->build, partition);
        WEFT_TRY(st, partition_table(ctx, s, &opened));
        if (!opened) WEFT_TRY(st, may_refine(ctx, s, level, partition, &may));
        if (may) {
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

/* The slot of a hash: its own, or the empty one where it goes. */
static rank_slot *rank_find(rank_slot *slots, int64_t capacity, uint64_t hash)
{
    const uint64_t mask = (uint64_t)capacity - 1;
    uint64_t at = (hash * weft_hash_k1 >> 20) & mask;
    while (slots[at].count != 0 && slots[at].hash != hash) at = (at + 1) & mask;
    return &slots[at];
}

/* Room for one more hash. */
static weft_status rank_room(weft_ctx *ctx, weft_join_spill *s)
{
    weft_status st = WEFT_OK;
    rank_slot *slots = NULL;
    if (2 * (s->rank_count + 1) <= s->rank_capacity) return WEFT_OK;
    const int64_t capacity = weft_max_i64(64, 2 * s->rank_capacity);
    WEFT_TRY(st,
             weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, (size_t)capacity * sizeof(*slots), (void **)&slots));
    for (int64_t i = 0; i < s->rank_capacity; i++)
        if (s->ranks[i].count > 0) *rank_find(slots, capacity, s->ranks[i].hash) = s->ranks[i];
    weft_mem_free(s->ranks);
    s->ranks = slots;
    s->rank_capacity = capacity;
done:
    return st;
}

/* The rows of the piece come before those of the next ones. */
static weft_status rank_piece(weft_ctx *ctx, weft_join_spill *s)
{
    weft_status st = WEFT_OK;
    for (uint32_t c = 1; c <= (uint32_t)s->piece_rows; c++) {
        if (!weft_join_table_entered(s->table, c)) continue;
        WEFT_TRY(st, rank_room(ctx, s));
        const uint64_t hash = weft_row_hash(weft_join_table_row(s->table, c));
        rank_slot *slot = rank_find(s->ranks, s->rank_capacity, hash);
        s->rank_count += slot->count == 0;
        slot->hash = hash;
        slot->count++;
    }
done:
    return st;
}

static void rank_forget(weft_join_spill *s)
{
    weft_mem_free(s->ranks);
    s->ranks = NULL;
    s->rank_count = s->rank_capacity = 0;
}

/* All probe rows have met the table: to the next piece of the partition, or to the next partition. */
static weft_status table_done(weft_ctx *ctx, weft_join_spill *s)
{
    weft_status st = WEFT_OK;
    weft_row_cursor_close(&s->cursor);
    if (s->piece_first + s->piece_rows < s->build_rows) WEFT_TRY(st, rank_piece(ctx, s));
    table_close(s);
    s->piece_first += s->piece_rows;
    if (s->piece_first < s->build_rows) {
        WEFT_TRY(st, piece_open(ctx, s));
        probe_begin(s);
        goto done;
    }
    weft_mem_free(s->matched);
    s->matched = NULL;
    rank_forget(s);
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
        WEFT_TRY(st, weft_check_cancel(ctx));
        WEFT_TRY(st, weft_row_cursor_next(ctx, &s->cursor, s->rows, s->batch_rows, &count));
        if (count > 0) break;
        WEFT_TRY(st, table_done(ctx, s));
    }
    if (count == 0) goto done;
    const weft_row_layout *layout = weft_block_layout(s->level->probe_block);
    WEFT_TRY(st, weft_gather_batch(ctx, &s->gather, layout, s->rows, count, &turn->batch));
    turn->batches = s->gather.vectors[s->types->count].values;
    turn->positions = s->gather.vectors[s->types->count + 1].values;
    turn->batch.column_count = s->types->count; /* the order columns are not the operator's */
    if (s->ranks != NULL) {
        for (int32_t i = 0; i < count; i++)
            s->rounds[i] = rank_find(s->ranks, s->rank_capacity, weft_row_hash(s->rows[i]))->count;
        turn->rounds = s->rounds;
    }
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
    weft_refine_close(&s->refine);
    table_close(s);
    weft_mem_free(s->matched);
    for (int32_t i = 0; i < s->level_count; i++) level_close(&s->levels[i]);
    weft_mem_free(s->ranks);
    weft_block_writer_abandon(&s->writer);
    weft_gather_deinit(&s->gather);
    weft_mem_free(s);
}
