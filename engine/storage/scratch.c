/* engine/storage/scratch.c - spilled bytes, as a list of chunks of a scratch space.
 *
 * An offset counts the bytes of the scratch's own chunks, so the place of byte n is in chunk n / 1 MiB of its
 * list. Space is reserved under the lock and written outside it: appends of several threads go to the disk
 * side by side. A write that fails leaves a hole that nobody names; when it failed for want of room, the
 * bytes go to a fresh chunk, which the space takes from the next folder. */
#include <pthread.h>

#include "engine/storage/scratch_internal.h"

enum { SCRATCH_CHUNKS_FIRST = 16 };

struct weft_scratch {
    pthread_mutex_t lock;
    weft_scratch_space *space;
    bool own_space;   /* nobody shares it */
    uint32_t *chunks; /* guarded by lock, as is all below */
    uint32_t count, capacity;
    int64_t end; /* bytes reserved */
};

weft_status weft_scratch_open(weft_ctx *ctx, weft_scratch_space *space, weft_scratch **out)
{
    weft_status st = WEFT_OK;
    weft_scratch *scratch = NULL;
    *out = NULL;
    WEFT_TRY(st, weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, sizeof(*scratch), (void **)&scratch));
    pthread_mutex_init(&scratch->lock, NULL); /* default attributes: cannot fail */
    scratch->own_space = space == NULL;
    if (space != NULL)
        scratch->space = weft_scratch_space_share(space);
    else
        WEFT_TRY(st, weft_scratch_space_new(ctx, &scratch->space));
    WEFT_TRY(st, weft_mem_alloc(ctx, WEFT_MEM_WORKING, SCRATCH_CHUNKS_FIRST * sizeof(*scratch->chunks),
                                (void **)&scratch->chunks));
    scratch->capacity = SCRATCH_CHUNKS_FIRST;
    WEFT_TRY(st, weft_space_ready(ctx, scratch->space));
    *out = scratch;
    scratch = NULL;
done:
    weft_scratch_close(&scratch);
    return st;
}

void weft_scratch_move(weft_scratch *scratch, weft_account *account)
{
    if (scratch->own_space) weft_space_move(scratch->space, account);
    weft_mem_move(scratch->chunks, account);
    weft_mem_move(scratch, account);
}

/* Have chunks for all bytes before `end`. Lock held. */
static weft_status scratch_reach(weft_ctx *ctx, weft_scratch *scratch, int64_t end)
{
    weft_status st = WEFT_OK;
    while ((int64_t)scratch->count * SCRATCH_CHUNK_BYTES < end) {
        if (scratch->count == scratch->capacity) {
            const size_t bytes = (size_t)scratch->capacity * 2 * sizeof(*scratch->chunks);
            WEFT_TRY(st, weft_mem_resize(ctx, WEFT_MEM_WORKING, bytes, (void **)&scratch->chunks));
            scratch->capacity *= 2;
        }
        WEFT_TRY(st, weft_space_take(ctx, scratch->space, &scratch->chunks[scratch->count]));
        scratch->count++;
    }
done:
    return st;
}

/* The bytes from `place` on that lie together, of at most `bytes`. */
typedef struct scratch_piece {
    uint32_t chunk;
    int fd;
    int64_t offset, bytes;
} scratch_piece;

static scratch_piece piece_at(weft_scratch *scratch, int64_t place, int64_t bytes)
{
    const int64_t inside = place % SCRATCH_CHUNK_BYTES;
    scratch_piece piece = {.bytes = weft_min_i64(bytes, SCRATCH_CHUNK_BYTES - inside)};
    pthread_mutex_lock(&scratch->lock); /* the list may grow, and move */
    piece.chunk = scratch->chunks[place / SCRATCH_CHUNK_BYTES];
    pthread_mutex_unlock(&scratch->lock);
    piece.fd = weft_space_locate(scratch->space, piece.chunk, &piece.offset);
    piece.offset += inside;
    return piece;
}

/* Write at a place that is ours. *full: the chunk for which there was no room. */
static weft_status scratch_write(weft_ctx *ctx, weft_scratch *scratch, int64_t place, const uint8_t *data,
                                 int64_t bytes, uint32_t *full)
{
    weft_status st = WEFT_OK;
    while (bytes > 0) {
        const scratch_piece piece = piece_at(scratch, place, bytes);
        *full = piece.chunk;
        WEFT_TRY(st, weft_fs_pwrite_all(ctx, piece.fd, "scratch file", data, piece.bytes, piece.offset));
        place += piece.bytes;
        data += piece.bytes;
        bytes -= piece.bytes;
    }
done:
    return st;
}

/* Bytes that nobody else writes to. */
static weft_status scratch_reserve(weft_ctx *ctx, weft_scratch *scratch, int64_t bytes, int64_t *place)
{
    pthread_mutex_lock(&scratch->lock);
    *place = scratch->end;
    const weft_status st = scratch_reach(ctx, scratch, *place + bytes);
    if (st == WEFT_OK) scratch->end = *place + bytes;
    pthread_mutex_unlock(&scratch->lock);
    return st;
}

/* The chunk at `place` lies on a full disk: what comes next begins with another one. */
static void scratch_skip(weft_scratch *scratch, int64_t place, int64_t bytes)
{
    pthread_mutex_lock(&scratch->lock);
    const int64_t after = scratch->end == place + bytes ? place + 1 : scratch->end;
    scratch->end = (int64_t)weft_round_up((size_t)after, SCRATCH_CHUNK_BYTES);
    pthread_mutex_unlock(&scratch->lock);
}

weft_status weft_scratch_append(weft_ctx *ctx, weft_scratch *scratch, const void *data, int64_t bytes,
                                int64_t *offset)
{
    weft_status st = WEFT_OK;
    uint32_t full = 0;
    for (;;) {
        WEFT_TRY(st, scratch_reserve(ctx, scratch, bytes, offset));
        st = scratch_write(ctx, scratch, *offset, data, bytes, &full);
        if (st != WEFT_NOSPACE) break;
        weft_error_clear(ctx);
        WEFT_TRY(st, weft_space_full(ctx, scratch->space, full));
        scratch_skip(scratch, *offset, bytes);
    }
done:
    return st;
}

weft_status weft_scratch_read(weft_ctx *ctx, weft_scratch *scratch, int64_t offset, void *to, int64_t bytes)
{
    weft_status st = WEFT_OK;
    uint8_t *at = to;
    pthread_mutex_lock(&scratch->lock);
    const int64_t end = scratch->end;
    pthread_mutex_unlock(&scratch->lock);
    if (offset < 0 || bytes < 0 || bytes > end - offset)
        return weft_fail(ctx, WEFT_CORRUPT, "%lld bytes at %lld of a scratch of %lld bytes", (long long)bytes,
                         (long long)offset, (long long)end);
    while (bytes > 0) {
        const scratch_piece piece = piece_at(scratch, offset, bytes);
        WEFT_TRY(st, weft_fs_pread_all(ctx, piece.fd, "scratch file", at, piece.bytes, piece.offset));
        offset += piece.bytes;
        at += piece.bytes;
        bytes -= piece.bytes;
    }
done:
    return st;
}

void weft_scratch_close(weft_scratch **scratch)
{
    weft_scratch *s = *scratch;
    if (s == NULL) return;
    if (s->space != NULL && s->chunks != NULL) weft_space_give(s->space, s->chunks, s->count);
    weft_scratch_space_release(&s->space);
    pthread_mutex_destroy(&s->lock);
    weft_mem_free(s->chunks);
    weft_mem_free(s);
    *scratch = NULL;
}
