/* engine/exec/sink_write.c - the task's rows into files at the attempt's own place (storage/commit.h).
 *
 * Without keys there is one place. With them (texts of partition columns, the number of a bucket) each row
 * goes to the place that its keys name:
 *
 *   row → place with an open file, of which there are PLACES_MOST at most → its file
 *       → any other, or files that are sorted → sorter → one place after the other, a file open at a time
 *
 * Memory: the open files' and the sorter's, which spills. A new place goes to the sorter also when memory is
 * short, and then all new ones do, so that the rows of a place never part.
 *
 * The block tells the commit what was written (write_files.h). Only task 0 of a write without keys writes a
 * file without rows, so that an empty result still has a file with its schema. */
#include "engine/exec/block_private.h"
#include "engine/exec/defs.h"
#include "engine/exec/force_spill.h"
#include "engine/exec/sorter.h"
#include "engine/exec/write_files.h"

enum {
    PLACES_MOST = 64,       /* each holds pages or text of its own */
    PLACE_SLOTS = 128,      /* of the table that finds them; a power of two */
    PLACE_ROOM = 8 << 20,   /* memory that a new file wants to find */
    TO_SORTER = PLACES_MOST /* instead of the index of a place */
};

typedef struct open_place {
    uint64_t hash;
    const weft_str *texts; /* [key_count], NULLs with the bit set */
    uint64_t nulls;
    weft_write_place place;
} open_place;

typedef struct write_state {
    weft_write_files files;
    int32_t first_key, key_count; /* texts among the input's columns */
    int32_t bucket;               /* a column, or -1 */
    int32_t route_count;          /* key_count and the bucket */
    int32_t *route;               /* [route_count] the columns */
    open_place places[PLACES_MOST];
    int32_t place_count;
    uint8_t slots[PLACE_SLOTS]; /* index of a place and 1; 0: empty */
    weft_types types;
    weft_sort_key *sort_keys;
    weft_sorter *sorter; /* NULL: not needed so far */
    weft_write_place sorted;
    char *sorted_folder;
    uint64_t hashes[WEFT_BATCH_ROWS_MAX];
    uint8_t place_of[WEFT_BATCH_ROWS_MAX]; /* by selected row */
    uint16_t selection[WEFT_BATCH_ROWS_MAX];
} write_state;

static void write_close(void *state)
{
    write_state *s = state;
    if (s == NULL) return;
    for (int32_t i = 0; i < PLACES_MOST; i++) weft_write_place_abandon(&s->files, &s->places[i].place);
    weft_write_place_abandon(&s->files, &s->sorted);
    weft_sorter_close(&s->sorter);
    weft_write_files_close(&s->files);
    weft_mem_free(s->sorted_folder);
    weft_mem_free(s);
}

static weft_status check_spec(weft_ctx *ctx, const weft_sink_spec *spec, const weft_types *input)
{
    const int32_t routed = spec->write.key_count + (spec->write.bucketed ? 1 : 0);
    bool good = spec->rows.count == 3 && input->count == spec->write.schema->count + routed &&
                spec->write.key_count <= WEFT_PARTITION_COLUMNS_MAX;
    for (int32_t i = 0; good && i < routed; i++) {
        const weft_type_id id = input->types[spec->write.schema->count + i].id;
        good = id == (i < spec->write.key_count ? WEFT_TYPE_STRING : WEFT_TYPE_INT);
    }
    if (good) return WEFT_OK;
    return weft_fail(ctx, WEFT_INTERNAL, "a write of %d columns as %d and %d keys, with %d columns of result",
                     input->count, spec->write.schema->count, routed, spec->rows.count);
}

/* By the keys, then as the rows of a file shall be sorted. */
static weft_status set_sort_keys(weft_ctx *ctx, write_state *s, const weft_sink_spec *spec)
{
    weft_status st = WEFT_OK;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, s->route_count + spec->write.sort_count, &s->sort_keys));
    for (int32_t i = 0; i < s->route_count; i++)
        s->sort_keys[i] = (weft_sort_key){.column = s->route[i], .nulls_first = true};
    for (int32_t i = 0; i < spec->write.sort_count; i++)
        s->sort_keys[s->route_count + i] =
            (weft_sort_key){.column = spec->write.sort_columns[i], .nulls_first = true};
done:
    return st;
}

static weft_status write_open(weft_ctx *ctx, const weft_sink_spec *spec, const weft_types *input_types,
                              const weft_task *task, void **state)
{
    weft_status st = WEFT_OK;
    write_state *s = NULL;
    *state = NULL;
    WEFT_TRY(st, check_spec(ctx, spec, input_types));
    WEFT_TRY(st, weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, sizeof(*s), (void **)&s));
    WEFT_TRY(st, weft_write_files_open(ctx, spec, task, &s->files));
    s->types = *input_types;
    s->first_key = spec->write.schema->count;
    s->key_count = spec->write.key_count;
    s->bucket = spec->write.bucketed ? s->first_key + s->key_count : -1;
    s->route_count = s->key_count + (s->bucket >= 0);
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, s->route_count, &s->route));
    for (int32_t i = 0; i < s->route_count; i++) s->route[i] = s->first_key + i;
    WEFT_TRY(st, set_sort_keys(ctx, s, spec));
    for (int32_t i = 0; i < PLACES_MOST; i++)
        s->places[i].place = (weft_write_place){.folder = "", .bucket = -1};
    s->sorted = (weft_write_place){.folder = "", .bucket = -1};
    *state = s;
    s = NULL;
done:
    write_close(s);
    return st;
}

/* ---- places ---- */

static int32_t bucket_of(const write_state *s, const weft_batch *batch, int32_t row)
{
    if (s->bucket < 0) return -1;
    return *(const int32_t *)weft_column_value(&batch->columns[s->bucket], row);
}

/* The folder that the row's keys name. */
static weft_status folder_of(weft_ctx *ctx, const write_state *s, const weft_batch *batch, int32_t row,
                             char **out)
{
    weft_status st = WEFT_OK;
    size_t most = 1, len = 0;
    char *text = NULL;
    for (int pass = 0; pass < 2; pass++) {
        for (int32_t i = 0; i < s->key_count; i++) {
            const weft_column *column = &batch->columns[s->first_key + i];
            const char *name = s->files.spec->write.key_names[i];
            const weft_str *value = weft_column_is_null(column, row) ? NULL : weft_column_value(column, row);
            if (pass == 0)
                most += weft_partition_folder_most(name, value) + 1;
            else
                len += weft_partition_folder_put(text + len, name, value, i > 0);
        }
        if (pass == 0) WEFT_TRY(st, weft_mem_alloc(ctx, WEFT_MEM_WORKING, most, (void **)&text));
    }
    text[len] = '\0';
    *out = text;
done:
    return st;
}

static bool is_place(const write_state *s, const open_place *p, const weft_batch *batch, int32_t row)
{
    if (p->place.bucket != bucket_of(s, batch, row)) return false;
    for (int32_t i = 0; i < s->key_count; i++) {
        const weft_column *column = &batch->columns[s->first_key + i];
        const bool null = weft_column_is_null(column, row);
        if (null != (((p->nulls >> i) & 1) != 0)) return false;
        if (!null && !weft_str_equal(&p->texts[i], weft_column_value(column, row))) return false;
    }
    return true;
}

/* A new place for the keys of the row. */
static weft_status add_place(weft_ctx *ctx, write_state *s, const weft_batch *batch, int32_t row,
                             uint64_t hash)
{
    weft_status st = WEFT_OK;
    open_place *p = &s->places[s->place_count];
    weft_str *texts = NULL;
    char *folder = NULL, *kept = NULL;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, s->key_count, &texts));
    for (int32_t i = 0; i < s->key_count; i++) {
        const weft_column *column = &batch->columns[s->first_key + i];
        if (weft_column_is_null(column, row)) {
            p->nulls |= (uint64_t)1 << i;
            continue;
        }
        const weft_str *value = weft_column_value(column, row);
        WEFT_TRY(st, weft_arena_copy(ctx, ctx->arena, weft_str_data(value), value->len, &kept));
        texts[i] = weft_str_view(kept, value->len);
    }
    WEFT_TRY(st, folder_of(ctx, s, batch, row, &folder));
    WEFT_TRY(st, weft_arena_copy(ctx, ctx->arena, folder, strlen(folder), &kept));
    p->texts = texts;
    p->hash = hash;
    p->place.folder = kept;
    p->place.bucket = bucket_of(s, batch, row);
    s->place_count++;
done:
    weft_mem_free(folder);
    return st;
}

static bool may_open(const weft_ctx *ctx, const write_state *s)
{
    if (s->sorter != NULL || s->place_count == PLACES_MOST) return false;
    return s->place_count == 0 || !(weft_force_spill(ctx) || weft_mem_would_refuse(ctx, PLACE_ROOM));
}

static weft_status open_sorter(weft_ctx *ctx, write_state *s)
{
    if (s->sorter != NULL) return WEFT_OK;
    return weft_sorter_open(ctx, &s->types, s->sort_keys, s->route_count + s->files.spec->write.sort_count, 0,
                            s->files.task, &s->sorter);
}

/* The index of the row's place, or TO_SORTER. */
static weft_status find_place(weft_ctx *ctx, write_state *s, const weft_batch *batch, int32_t row,
                              uint64_t hash, uint8_t *out)
{
    weft_status st = WEFT_OK;
    uint32_t at = (uint32_t)(hash >> 32) & (PLACE_SLOTS - 1);
    for (; s->slots[at] != 0; at = (at + 1) & (PLACE_SLOTS - 1)) {
        const open_place *p = &s->places[s->slots[at] - 1];
        *out = (uint8_t)(s->slots[at] - 1);
        if (p->hash == hash && is_place(s, p, batch, row)) return WEFT_OK;
    }
    *out = TO_SORTER;
    if (may_open(ctx, s)) {
        WEFT_TRY(st, add_place(ctx, s, batch, row, hash));
        s->slots[at] = (uint8_t)s->place_count;
        *out = (uint8_t)(s->place_count - 1);
    } else {
        WEFT_TRY(st, open_sorter(ctx, s));
    }
done:
    return st;
}

/* ---- rows ---- */

/* The batch's rows of one place (or of the sorter). */
static weft_status put_rows(weft_ctx *ctx, write_state *s, const weft_batch *batch, uint8_t place)
{
    weft_batch part = *batch;
    part.selection = s->selection;
    part.selected = 0;
    for (int32_t i = 0; i < batch->selected; i++) {
        if (s->place_of[i] != place) continue;
        s->selection[part.selected++] = batch->selection != NULL ? batch->selection[i] : (uint16_t)i;
    }
    if (part.selected == 0) return WEFT_OK;
    if (place == TO_SORTER) return weft_sorter_add(ctx, s->sorter, &part);
    return weft_write_place_put(ctx, &s->files, &s->places[place].place, &part);
}

static weft_status route_rows(weft_ctx *ctx, write_state *s, const weft_batch *batch)
{
    weft_status st = WEFT_OK;
    bool one = true;
    weft_hash_rows(batch, s->route, s->route_count, s->hashes);
    for (int32_t i = 0; i < batch->selected; i++) {
        const int32_t row = batch->selection != NULL ? batch->selection[i] : i;
        WEFT_TRY(st, find_place(ctx, s, batch, row, s->hashes[i], &s->place_of[i]));
        one &= s->place_of[i] == s->place_of[0];
    }
    if (one && s->place_of[0] != TO_SORTER) {
        WEFT_TRY(st, weft_write_place_put(ctx, &s->files, &s->places[s->place_of[0]].place, batch));
        goto done;
    }
    for (int32_t p = 0; p < s->place_count; p++) WEFT_TRY(st, put_rows(ctx, s, batch, (uint8_t)p));
    if (s->sorter != NULL) WEFT_TRY(st, put_rows(ctx, s, batch, TO_SORTER));
done:
    return st;
}

static weft_status write_sink(weft_ctx *ctx, void *state, const weft_batch *batch, weft_op_result *result)
{
    weft_status st = WEFT_OK;
    write_state *s = state;
    *result = WEFT_NEED_INPUT;
    if (s->files.spec->write.sort_count > 0) {
        WEFT_TRY(st, open_sorter(ctx, s));
        WEFT_TRY(st, weft_sorter_add(ctx, s->sorter, batch));
    } else if (s->route_count > 0) {
        WEFT_TRY(st, route_rows(ctx, s, batch));
    } else {
        WEFT_TRY(st, weft_write_place_put(ctx, &s->files, &s->sorted, batch));
    }
done:
    return st;
}

static weft_block_writer *write_writer(void *state) { return ((write_state *)state)->files.writer; }

/* ---- the end ---- */

/* Rows [first, end) of the batch, all of one place, which may be the one before. */
static weft_status put_sorted(weft_ctx *ctx, write_state *s, const weft_batch *batch, int32_t first,
                              int32_t end)
{
    weft_status st = WEFT_OK;
    char *folder = NULL;
    weft_batch part = *batch;
    const int32_t row = batch->selection != NULL ? batch->selection[first] : first;
    const int32_t bucket = bucket_of(s, batch, row);
    WEFT_TRY(st, folder_of(ctx, s, batch, row, &folder));
    if (s->sorted_folder == NULL || bucket != s->sorted.bucket || strcmp(folder, s->sorted_folder) != 0) {
        WEFT_TRY(st, weft_write_place_end(ctx, &s->files, &s->sorted));
        weft_mem_free(s->sorted_folder);
        s->sorted_folder = folder;
        folder = NULL;
        s->sorted = (weft_write_place){.folder = s->sorted_folder, .bucket = bucket};
    }
    part.selection = (batch->selection != NULL ? batch->selection : s->files.positions) + first;
    part.selected = end - first;
    WEFT_TRY(st, weft_write_place_put(ctx, &s->files, &s->sorted, &part));
done:
    weft_mem_free(folder);
    return st;
}

static bool same_keys(const write_state *s, const weft_batch *batch, int32_t a, int32_t b)
{
    if (bucket_of(s, batch, a) != bucket_of(s, batch, b)) return false;
    for (int32_t i = 0; i < s->key_count; i++) {
        const weft_column *column = &batch->columns[s->first_key + i];
        const bool null = weft_column_is_null(column, a);
        if (null != weft_column_is_null(column, b)) return false;
        if (!null && !weft_str_equal(weft_column_value(column, a), weft_column_value(column, b)))
            return false;
    }
    return true;
}

static weft_status write_sorted(weft_ctx *ctx, write_state *s)
{
    weft_status st = WEFT_OK;
    weft_batch batch = {0};
    bool more = false;
    for (;;) {
        WEFT_TRY(st, weft_check_cancel(ctx));
        WEFT_TRY(st, weft_sorter_next(ctx, s->sorter, &batch, &more));
        if (!more) break;
        const uint16_t *positions = batch.selection != NULL ? batch.selection : s->files.positions;
        for (int32_t first = 0, end; first < batch.selected; first = end) {
            for (end = first + 1; end < batch.selected; end++)
                if (!same_keys(s, &batch, positions[first], positions[end])) break;
            WEFT_TRY(st, put_sorted(ctx, s, &batch, first, end));
        }
    }
done:
    return st;
}

static weft_status write_finalize(weft_ctx *ctx, void *state, weft_block **out)
{
    weft_status st = WEFT_OK;
    write_state *s = state;
    *out = NULL;
    for (int32_t i = 0; i < s->place_count; i++)
        WEFT_TRY(st, weft_write_place_end(ctx, &s->files, &s->places[i].place));
    if (s->sorter != NULL) WEFT_TRY(st, write_sorted(ctx, s));
    if (s->route_count == 0 && s->sorted.file_count == 0 && s->files.task->name.partition == 0)
        WEFT_TRY(st, weft_write_place_begin(ctx, &s->files, &s->sorted));
    WEFT_TRY(st, weft_write_place_end(ctx, &s->files, &s->sorted));
    WEFT_TRY(st, weft_block_finish(ctx, &s->files.writer, s->files.task->owner, &s->files.task->name, out));
done:
    return st;
}

const weft_sink_def weft_sink_write = {.name = "write",
                                       .open = write_open,
                                       .sink = write_sink,
                                       .writer = write_writer,
                                       .finalize = write_finalize,
                                       .close = write_close};
