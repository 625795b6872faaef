/* engine/expr/agg_log.c - see agg_log.h.
 *
 * Ten thousand groups are ten thousand places to write at, each behind two pointers (group row, body). So the
 * rows of a chunk are asked for in steps: the body's head some rows ahead, the place behind its last value
 * half as far ahead. */
#include "engine/expr/agg_log.h"

enum {
    LOG_FIRST = 4, /* values that a new log has room for: many groups have few */
    LOG_HEAD_AHEAD = 16,
    LOG_END_AHEAD = 8,
};

/* The body of a row's state and the values it has room for; NULL and 0 where it has none. A state that is
 * NULL is zero bytes. */
static inline uint8_t *log_of(const uint8_t *row, int32_t offset, uint64_t *room)
{
    weft_str held;
    memcpy(&held, row + offset, sizeof held);
    *room = 0;
    if (held.len <= WEFT_AGG_OBJECT_HEAD) return NULL;
    *room = (held.len - WEFT_AGG_OBJECT_HEAD - WEFT_AGG_LOG_HEAD) / sizeof(double);
    return (uint8_t *)(uintptr_t)held.pointer + WEFT_AGG_OBJECT_HEAD;
}

static weft_status log_grow(weft_ctx *ctx, const weft_agg_place *place, uint8_t *row, uint64_t count)
{
    const uint64_t room = count < LOG_FIRST ? LOG_FIRST : count;
    return weft_agg_object_grow(ctx, place, row, WEFT_AGG_LOG_HEAD + room * sizeof(double));
}

static inline void log_ahead(const weft_agg_chunk *c, int32_t k, int32_t offset)
{
    uint64_t room;
    if (k + LOG_HEAD_AHEAD < c->count) {
        const uint8_t *body = log_of(c->rows[k + LOG_HEAD_AHEAD], offset, &room);
        if (body != NULL) __builtin_prefetch(body);
    }
    if (k + LOG_END_AHEAD < c->count) {
        const uint8_t *body = log_of(c->rows[k + LOG_END_AHEAD], offset, &room);
        if (body != NULL)
            __builtin_prefetch(body + WEFT_AGG_LOG_HEAD + weft_get_u64(body) * sizeof(double), 1);
    }
}

/* *done: how many values of the chunk are in their logs. */
static weft_status log_chunk(weft_ctx *ctx, const weft_agg_place *place, const weft_agg_chunk *c,
                             int32_t *done)
{
    weft_status st = WEFT_OK;
    const int32_t offset = weft_agg_state(place, 0).offset;
    const double *values = c->values;
    int32_t k = 0;
    for (; k < c->count; k++) {
        uint8_t *row = c->rows[k];
        uint64_t room;
        uint8_t *body = log_of(row, offset, &room);
        uint64_t count = body == NULL ? 0 : weft_get_u64(body);
        log_ahead(c, k, offset);
        if (WEFT_UNLIKELY(count == room)) {
            WEFT_TRY(st, log_grow(ctx, place, row, count + 1));
            body = log_of(row, offset, &room);
        }
        weft_put_f64(body + WEFT_AGG_LOG_HEAD + count * sizeof(double),
                     values[c->index != NULL ? c->index[k] : (uint32_t)k]);
        weft_put_u64(body, count + 1);
    }
done:
    *done = k;
    return st;
}

/* The first `count` values of the batch leave their logs. */
static void log_take_back(const weft_agg_place *place, uint8_t *const *rows, const weft_batch *batch,
                          const weft_column *args, int64_t count)
{
    const int32_t offset = weft_agg_state(place, 0).offset;
    weft_agg_reader reader;
    weft_agg_chunk c;
    weft_agg_reader_init(&reader, batch, args, rows, WEFT_AGG_AS_F64);
    while (count > 0 && weft_agg_reader_next(&reader, &c)) {
        for (int32_t k = 0; k < c.count && count > 0; k++, count--) {
            uint64_t room;
            uint8_t *body = log_of(c.rows[k], offset, &room);
            weft_put_u64(body, weft_get_u64(body) - 1);
        }
    }
}

static weft_status log_update(weft_ctx *ctx, const weft_agg_place *place, uint8_t *const *rows,
                              const weft_batch *batch, const weft_column *args)
{
    weft_status st = WEFT_OK;
    weft_agg_reader reader;
    weft_agg_chunk c;
    int64_t done = 0;
    weft_agg_reader_init(&reader, batch, args, rows, WEFT_AGG_AS_F64);
    while (weft_agg_reader_next(&reader, &c)) {
        int32_t some;
        st = log_chunk(ctx, place, &c, &some);
        done += some;
        WEFT_TRY(st, st);
    }
done:
    if (st != WEFT_OK) log_take_back(place, rows, batch, args, done);
    return st;
}

static weft_status log_update_one(weft_ctx *ctx, const weft_agg_place *place, uint8_t *row,
                                  const weft_batch *batch, const weft_column *args)
{
    weft_status st = WEFT_OK;
    const int32_t offset = weft_agg_state(place, 0).offset;
    uint64_t room;
    uint8_t *body = log_of(row, offset, &room);
    const uint64_t begun = body == NULL ? 0 : weft_get_u64(body);
    uint64_t count = begun;
    weft_agg_reader reader;
    weft_agg_chunk c;
    weft_agg_reader_init(&reader, batch, args, NULL, WEFT_AGG_AS_F64);
    while (weft_agg_reader_next(&reader, &c)) {
        const double *values = c.values;
        if (count + (uint64_t)c.count > room) {
            WEFT_TRY(st, log_grow(ctx, place, row, count + (uint64_t)c.count));
            body = log_of(row, offset, &room);
        }
        for (int32_t k = 0; k < c.count; k++, count++) {
            weft_put_f64(body + WEFT_AGG_LOG_HEAD + count * sizeof(double),
                         values[c.index != NULL ? c.index[k] : (uint32_t)k]);
        }
    }
done:
    if (body != NULL) weft_put_u64(body, st == WEFT_OK ? count : begun);
    return st;
}

const weft_agg_variant weft_agg_log_variant = {log_update, log_update_one, weft_agg_object_merge,
                                               weft_agg_object_finalize};
