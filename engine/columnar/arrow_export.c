/* engine/columnar/arrow_export.c - batches as Arrow arrays: dense copies of the selected rows.
 *
 * Every level is exported at a list of physical rows (`at`; NULL: first .. first + count): the selection at
 * the top, the elements that are named by lists below, so that a selection needs no compaction first. */
#include "engine/columnar/arrow.h"
#include "engine/columnar/arrow_private.h"
#include "engine/columnar/calendar_interval.h"
#include "engine/columnar/slots.h"

typedef struct arrow_rows {
    const int32_t *at;
    int32_t first;
    int64_t count;
} arrow_rows;

typedef struct arrow_job {
    weft_ctx *ctx;
    arrow_keep *keep;
} arrow_job;

static int32_t arrow_row(const arrow_rows *rows, int64_t i)
{
    return rows->at == NULL ? rows->first + (int32_t)i : rows->at[i];
}

static void array_release(struct ArrowArray *array)
{
    for (int64_t i = 0; i < array->n_children; i++) {
        if (array->children[i]->release != NULL) array->children[i]->release(array->children[i]);
    }
    arrow_keep *keep = array->private_data;
    array->release = NULL;
    weft_arrow_keep_drop(keep);
}

/* Slots of the chunk that begins at the `from`-th of rows. */
static void arrow_slots(const weft_column *column, const arrow_rows *rows, int64_t from,
                        weft_positions *positions, uint32_t *scratch, weft_slots *out)
{
    positions->count = (int32_t)weft_min_i64(rows->count - from, WEFT_SLOTS_CHUNK);
    positions->dense = rows->at == NULL;
    positions->first = rows->at == NULL ? rows->first + (int32_t)from : 0;
    for (int32_t i = 0; rows->at != NULL && i < positions->count; i++)
        positions->at[i] = (uint32_t)rows->at[from + i];
    weft_slots_load(column, positions, scratch, out);
}

/* The validity buffer; NULL when no value is null. */
static weft_status export_nulls(arrow_job *job, const weft_column *column, const arrow_rows *rows,
                                struct ArrowArray *out)
{
    weft_status st = WEFT_OK;
    void *bits = NULL;
    int64_t nulls = 0;
    weft_positions positions;
    weft_slots slots;
    uint32_t scratch[WEFT_SLOTS_CHUNK];
    uint8_t null[WEFT_SLOTS_CHUNK];
    if (column->validity == NULL && column->phys != WEFT_PHYS_NULL) return WEFT_OK;
    WEFT_TRY(st, weft_arrow_buffer(job->ctx, job->keep, (size_t)(rows->count + 7) / 8, &bits));
    uint8_t *to = bits;
    for (int64_t from = 0; from < rows->count; from += WEFT_SLOTS_CHUNK) {
        arrow_slots(column, rows, from, &positions, scratch, &slots);
        if (!weft_slots_nulls(&slots, positions.count, null)) memset(null, 0, sizeof null);
        for (int32_t i = 0; i < positions.count; i++) {
            const int64_t bit = from + i;
            to[bit >> 3] = (uint8_t)(to[bit >> 3] | (null[i] ^ 1) << (bit & 7));
            nulls += null[i];
        }
    }
    out->null_count = nulls;
    out->buffers[0] = nulls == 0 ? NULL : bits;
done:
    return st;
}

static weft_status export_fixed(arrow_job *job, const weft_column *column, const arrow_rows *rows,
                                struct ArrowArray *out)
{
    weft_status st = WEFT_OK;
    void *values = NULL;
    weft_positions positions;
    weft_slots slots;
    uint32_t scratch[WEFT_SLOTS_CHUNK];
    const int32_t bytes = weft_phys_bytes((weft_phys)column->phys);
    WEFT_TRY(st, weft_arrow_buffer(job->ctx, job->keep, (size_t)rows->count * (size_t)bytes, &values));
    out->buffers[1] = values;
    for (int64_t from = 0; from < rows->count; from += WEFT_SLOTS_CHUNK) {
        arrow_slots(column, rows, from, &positions, scratch, &slots);
        weft_slots_copy(&slots, positions.count, bytes, (uint8_t *)values + from * bytes);
    }
done:
    return st;
}

/* Months, days and nanoseconds. */
static weft_status export_intervals(arrow_job *job, const weft_column *column, const arrow_rows *rows,
                                    struct ArrowArray *out)
{
    weft_status st = WEFT_OK;
    void *values = NULL;
    WEFT_TRY(st, weft_arrow_buffer(job->ctx, job->keep, (size_t)rows->count * 16, &values));
    out->buffers[1] = values;
    for (int64_t i = 0; i < rows->count; i++) {
        weft_calendar_interval interval;
        memcpy(&interval, weft_column_value(column, arrow_row(rows, i)), sizeof interval);
        if (__builtin_mul_overflow(interval.us, (int64_t)1000, &interval.us))
            WEFT_TRY(st, weft_fail(job->ctx, WEFT_LIMIT,
                                   "an interval of more than 292 years of time does not fit the nanoseconds "
                                   "of Arrow"));
        memcpy((char *)values + i * 16, &interval, sizeof interval);
    }
done:
    return st;
}

static weft_status export_bools(arrow_job *job, const weft_column *column, const arrow_rows *rows,
                                struct ArrowArray *out)
{
    weft_status st = WEFT_OK;
    void *bits = NULL;
    WEFT_TRY(st, weft_arrow_buffer(job->ctx, job->keep, (size_t)(rows->count + 7) / 8, &bits));
    uint8_t *to = bits;
    out->buffers[1] = bits;
    for (int64_t i = 0; i < rows->count; i++) {
        const uint8_t value = *(const uint8_t *)weft_column_value(column, arrow_row(rows, i));
        to[i >> 3] = (uint8_t)(to[i >> 3] | value << (i & 7));
    }
done:
    return st;
}

/* Arrow's decimals are 128 bits, whatever the width here. */
static weft_status export_decimals(arrow_job *job, const weft_column *column, const arrow_rows *rows,
                                   struct ArrowArray *out)
{
    weft_status st = WEFT_OK;
    void *values = NULL;
    WEFT_TRY(st, weft_arrow_buffer(job->ctx, job->keep, (size_t)rows->count * sizeof(weft_i128), &values));
    weft_i128 *to = values;
    out->buffers[1] = values;
    for (int64_t i = 0; i < rows->count; i++) {
        const void *value = weft_column_value(column, arrow_row(rows, i));
        if (column->phys == WEFT_PHYS_I32)
            to[i] = *(const int32_t *)value;
        else if (column->phys == WEFT_PHYS_I64)
            to[i] = *(const int64_t *)value;
        else
            to[i] = *(const weft_i128 *)value;
    }
done:
    return st;
}

static const weft_str *export_string(const weft_column *column, int32_t row)
{
    static const weft_str empty;
    return weft_column_is_null(column, row) ? &empty : weft_column_value(column, row);
}

static weft_status export_strings(arrow_job *job, const weft_column *column, const arrow_rows *rows,
                                  struct ArrowArray *out)
{
    weft_status st = WEFT_OK;
    void *block = NULL;
    int64_t total = 0;
    WEFT_TRY(st, weft_arrow_buffer(job->ctx, job->keep, (size_t)(rows->count + 1) * sizeof(int32_t), &block));
    int32_t *offsets = block;
    out->buffers[1] = offsets;
    for (int64_t i = 0; i < rows->count; i++) {
        total += export_string(column, arrow_row(rows, i))->len;
        if (total > INT32_MAX) {
            return weft_fail(job->ctx, WEFT_LIMIT, "more than 2 GiB of strings in one exported batch");
        }
        offsets[i + 1] = (int32_t)total;
    }
    WEFT_TRY(st, weft_arrow_buffer(job->ctx, job->keep, (size_t)total, &block));
    out->buffers[2] = block;
    for (int64_t i = 0; i < rows->count; i++) {
        const weft_str *s = export_string(column, arrow_row(rows, i));
        if (s->len > 0) memcpy((char *)block + offsets[i], weft_str_data(s), s->len);
    }
done:
    return st;
}

static weft_status export_column(arrow_job *job, const weft_column *column, const arrow_rows *rows,
                                 struct ArrowArray *out);

static weft_status export_list(arrow_job *job, const weft_column *column, const arrow_rows *rows,
                               struct ArrowArray *out)
{
    weft_status st = WEFT_OK;
    void *block = NULL;
    int64_t total = 0;
    WEFT_TRY(st, weft_arrow_buffer(job->ctx, job->keep, (size_t)(rows->count + 1) * sizeof(int32_t), &block));
    int32_t *offsets = block;
    out->buffers[1] = offsets;
    for (int64_t i = 0; i < rows->count; i++) {
        const int32_t row = arrow_row(rows, i);
        if (!weft_column_is_null(column, row))
            total += ((const weft_list *)weft_column_value(column, row))->length;
        if (total > INT32_MAX)
            return weft_fail(job->ctx, WEFT_LIMIT, "more than 2^31 - 1 elements in one batch");
        offsets[i + 1] = (int32_t)total;
    }
    WEFT_TRY(st, weft_arrow_buffer(job->ctx, job->keep, (size_t)total * sizeof(int32_t), &block));
    int32_t *slots = block;
    for (int64_t i = 0; i < rows->count; i++) {
        const int32_t length = offsets[i + 1] - offsets[i];
        if (length == 0) continue;
        const weft_list *list = weft_column_value(column, arrow_row(rows, i));
        for (int32_t k = 0; k < length; k++) slots[offsets[i] + k] = list->offset + k;
    }
    const arrow_rows elements = {.at = slots, .count = total};
    WEFT_TRY(st, export_column(job, &column->children[0], &elements, out->children[0]));
done:
    return st;
}

static weft_status export_struct(arrow_job *job, const weft_column *column, const arrow_rows *rows,
                                 struct ArrowArray *out)
{
    weft_status st = WEFT_OK;
    void *block = NULL;
    arrow_rows fields = *rows;
    if (column->encoding == WEFT_CONSTANT) { /* the fields' row 0, again and again */
        WEFT_TRY(st, weft_arrow_buffer(job->ctx, job->keep, (size_t)rows->count * sizeof(int32_t), &block));
        fields = (arrow_rows){.at = block, .count = rows->count};
    }
    for (int32_t i = 0; i < column->child_count; i++) {
        WEFT_TRY(st, export_column(job, &column->children[i], &fields, out->children[i]));
    }
done:
    return st;
}

/* A column that has no data at all although its type has: every value is null. */
static weft_status export_all_null(arrow_job *job, const weft_column *column, const arrow_rows *rows,
                                   struct ArrowArray *out)
{
    static const uint64_t zero_bit[1];
    static const weft_str empty[1];
    static const weft_list none[1];
    weft_status st = WEFT_OK;
    void *block = NULL;
    const weft_type type = column->type;
    weft_column all = {.type = type, .phys = (uint8_t)weft_type_phys(type), .encoding = WEFT_CONSTANT};
    all.validity = zero_bit;
    all.data = all.phys == WEFT_PHYS_LIST ? (const void *)none : empty;
    all.child_count = arrow_child_count(type);
    if (all.child_count > 0) {
        const size_t bytes = (size_t)all.child_count * sizeof(weft_column);
        WEFT_TRY(st, weft_arena_alloc(job->ctx, job->keep->arena, bytes, &block));
        weft_column *children = block;
        for (int32_t i = 0; i < all.child_count; i++) {
            children[i] = (weft_column){.type = arrow_child_field(type, i).type, .phys = WEFT_PHYS_NULL};
        }
        all.children = children;
    }
    WEFT_TRY(st, export_column(job, &all, rows, out));
done:
    return st;
}

/* Buffers and children of the array of a type, empty. */
static weft_status export_prepare(arrow_job *job, weft_type type, int64_t count, struct ArrowArray *out)
{
    weft_status st = WEFT_OK;
    void *block = NULL;
    const weft_phys phys = weft_type_phys(type);
    const int32_t children = arrow_child_count(type);
    const int32_t buffers = phys == WEFT_PHYS_NULL     ? 0
                            : phys == WEFT_PHYS_STRUCT ? 1
                            : phys == WEFT_PHYS_STR    ? 3
                                                       : 2;
    *out = (struct ArrowArray){.length = count, .n_buffers = buffers};
    WEFT_TRY(st, weft_arena_alloc(job->ctx, job->keep->arena, 3 * sizeof *out->buffers, &block));
    out->buffers = block;
    if (children > 0) {
        WEFT_TRY(st, weft_arena_alloc(job->ctx, job->keep->arena, (size_t)children * sizeof *out->children,
                                      &block));
        out->children = block;
        WEFT_TRY(st, weft_arena_alloc(job->ctx, job->keep->arena, (size_t)children * sizeof **out->children,
                                      &block));
        for (int32_t i = 0; i < children; i++) out->children[i] = (struct ArrowArray *)block + i;
        out->n_children = children;
    }
done:
    return st;
}

static weft_status export_data(arrow_job *job, const weft_column *column, const arrow_rows *rows,
                               struct ArrowArray *out)
{
    switch (weft_type_phys(column->type)) {
    case WEFT_PHYS_NULL: return WEFT_OK;
    case WEFT_PHYS_BOOL: return export_bools(job, column, rows, out);
    case WEFT_PHYS_STR: return export_strings(job, column, rows, out);
    case WEFT_PHYS_LIST: return export_list(job, column, rows, out);
    case WEFT_PHYS_STRUCT: return export_struct(job, column, rows, out);
    case WEFT_PHYS_I8:
    case WEFT_PHYS_I16:
    case WEFT_PHYS_I32:
    case WEFT_PHYS_I64:
    case WEFT_PHYS_I128:
    case WEFT_PHYS_F32:
    case WEFT_PHYS_F64:
    case WEFT_PHYS_COUNT: break;
    }
    if (column->type.id == WEFT_TYPE_DECIMAL) return export_decimals(job, column, rows, out);
    if (column->type.id == WEFT_TYPE_INTERVAL) return export_intervals(job, column, rows, out);
    return export_fixed(job, column, rows, out);
}

static weft_status export_column(arrow_job *job, const weft_column *column, const arrow_rows *rows,
                                 struct ArrowArray *out)
{
    weft_status st = WEFT_OK;
    /* a NULL literal has no children */
    const bool childless = column->child_count == 0 && arrow_child_count(column->type) > 0;
    if ((column->phys == WEFT_PHYS_NULL && column->type.id != WEFT_TYPE_NULL) || childless) {
        return export_all_null(job, column, rows, out);
    }
    WEFT_TRY(st, export_prepare(job, column->type, rows->count, out));
    if (column->type.id == WEFT_TYPE_NULL)
        out->null_count = rows->count;
    else
        WEFT_TRY(st, export_nulls(job, column, rows, out));
    WEFT_TRY(st, export_data(job, column, rows, out));
    out->private_data = job->keep;
    out->release = array_release; /* last: what is not complete is freed with the arena */
    arrow_keep_take(job->keep);
done:
    return st;
}

weft_status weft_arrow_export_batch(weft_ctx *ctx, const weft_schema *schema, const weft_batch *batch,
                                    struct ArrowArray *out)
{
    weft_status st = WEFT_OK;
    arrow_job job = {.ctx = ctx};
    void *block = NULL;
    *out = (struct ArrowArray){0};
    assert(schema->count == batch->column_count);
    WEFT_TRY(st, weft_arrow_keep_new(ctx, &job.keep));
    arrow_rows rows = {.count = batch->selected};
    if (batch->selection != NULL) {
        WEFT_TRY(st, weft_arrow_buffer(ctx, job.keep, (size_t)batch->selected * sizeof(int32_t), &block));
        for (int32_t i = 0; i < batch->selected; i++) ((int32_t *)block)[i] = batch->selection[i];
        rows.at = block;
    }
    const weft_column root = {
        .type = {.id = WEFT_TYPE_STRUCT, .child_count = schema->count, .children = schema->fields},
        .phys = WEFT_PHYS_STRUCT,
        .child_count = batch->column_count,
        .children = batch->columns};
    WEFT_TRY(st, export_column(&job, &root, &rows, out));
done:
    if (job.keep != NULL && st != WEFT_OK) {
        atomic_store(&job.keep->count, 1); /* children that were complete go with it */
        *out = (struct ArrowArray){0};
    }
    weft_arrow_keep_drop(job.keep);
    return st;
}
