/* common/arena.c - bump allocation in chunks; the functions are declared in mem.h.
 *
 * Chunks double from 4 KiB to 1 MiB, so that a small plan costs a page and a large one few calls. A request
 * above a quarter of the next chunk gets a chunk of its own, put behind the current one, whose rest stays in
 * use. Under the address sanitizer what was not given out is poisoned, and neighbours are 16 bytes apart. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/mem.h"
#include "common/mem_private.h"

#if defined(__SANITIZE_ADDRESS__)
#define ARENA_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ARENA_ASAN 1
#endif
#endif
#ifdef ARENA_ASAN
#include <sanitizer/asan_interface.h>
#define ARENA_POISON(p, n)   __asan_poison_memory_region(p, n)
#define ARENA_UNPOISON(p, n) __asan_unpoison_memory_region(p, n)
enum { ARENA_RED_ZONE = 16 };
#else
#define ARENA_POISON(p, n)   ((void)(p), (void)(n))
#define ARENA_UNPOISON(p, n) ((void)(p), (void)(n))
enum { ARENA_RED_ZONE = 0 };
#endif

enum { ARENA_ALIGN = 16, ARENA_CHUNK_FIRST = 4096, ARENA_CHUNK_MAX = 1 << 20 }; /* with both headers */

typedef struct arena_chunk arena_chunk;
struct arena_chunk {
    arena_chunk *next;
    size_t bytes; /* of data */
    alignas(ARENA_ALIGN) uint8_t data[];
};

struct weft_arena {
    weft_account *account;
    arena_chunk *chunks; /* the current one first */
    arena_chunk *first;  /* made with the arena; what a reset keeps */
    size_t used;         /* bytes of the current chunk */
    size_t next_bytes;   /* size of the chunk after this one */
};

/* What a chunk of whole pages holds. */
static size_t arena_room(size_t bytes) { return bytes - sizeof(arena_chunk) - WEFT_MEM_HEADER_BYTES; }

static arena_chunk *arena_chunk_new(weft_account *account, size_t bytes)
{
    if (bytes > SIZE_MAX - sizeof(arena_chunk)) return NULL;
    arena_chunk *chunk = weft_mem_alloc_raw(account, WEFT_MEM_WORKING, sizeof *chunk + bytes);
    if (chunk == NULL) return NULL;
    chunk->next = NULL;
    chunk->bytes = bytes;
    ARENA_POISON(chunk->data, bytes);
    return chunk;
}

static void arena_chunk_free(arena_chunk *chunk)
{
    ARENA_UNPOISON(chunk->data, chunk->bytes);
    weft_mem_free(chunk);
}

weft_arena *weft_arena_new(weft_account *account)
{
    weft_arena *arena = weft_mem_alloc_raw(account, WEFT_MEM_WORKING, sizeof *arena);
    if (arena == NULL) return NULL;
    *arena = (weft_arena){.account = account, .next_bytes = ARENA_CHUNK_FIRST};
    arena->chunks = arena_chunk_new(account, arena_room(ARENA_CHUNK_FIRST));
    arena->first = arena->chunks;
    if (arena->chunks == NULL) weft_arena_free(&arena);
    return arena;
}

/* The slow path: a chunk that holds bytes. The place given is returned, NULL when there is no memory. */
static uint8_t *arena_grow(weft_arena *arena, size_t bytes)
{
    if (arena->next_bytes < ARENA_CHUNK_MAX) arena->next_bytes *= 2;
    const size_t usual = arena_room(arena->next_bytes);
    if (bytes > usual / 4) {
        arena_chunk *own = arena_chunk_new(arena->account, bytes);
        if (own == NULL) return NULL;
        own->next = arena->chunks->next;
        arena->chunks->next = own;
        return own->data;
    }
    arena_chunk *chunk = arena_chunk_new(arena->account, usual);
    if (chunk == NULL) return NULL;
    chunk->next = arena->chunks;
    arena->chunks = chunk;
    arena->used = bytes;
    return chunk->data;
}

weft_status weft_arena_alloc(weft_ctx *ctx, weft_arena *arena, size_t bytes, void **out)
{
    *out = NULL;
    if (WEFT_UNLIKELY(bytes > SIZE_MAX / 2 || weft_mem_fault()))
        return weft_mem_refuse(ctx, arena->account, bytes);
    const size_t step = weft_round_up(bytes == 0 ? 1 : bytes, ARENA_ALIGN) + ARENA_RED_ZONE;
    uint8_t *at;
    if (WEFT_LIKELY(step <= arena->chunks->bytes - arena->used)) {
        at = arena->chunks->data + arena->used;
        arena->used += step;
    } else {
        at = arena_grow(arena, step);
        if (at == NULL) return weft_mem_refuse(ctx, arena->account, bytes);
    }
    ARENA_UNPOISON(at, bytes);
    memset(at, 0, bytes);
    *out = at;
    return WEFT_OK;
}

weft_status weft_arena_copy(weft_ctx *ctx, weft_arena *arena, const void *data, size_t bytes, char **out)
{
    void *copy = NULL;
    const weft_status st = weft_arena_alloc(ctx, arena, bytes + 1, &copy);
    if (st == WEFT_OK && bytes > 0) memcpy(copy, data, bytes);
    *out = copy;
    return st;
}

weft_status weft_arena_printf(weft_ctx *ctx, weft_arena *arena, char **out, const char *format, ...)
{
    char small[256];
    va_list args;
    *out = NULL;
    va_start(args, format);
    const int wrote = vsnprintf(small, sizeof small, format, args);
    va_end(args);
    if (wrote < 0) return weft_fail(ctx, WEFT_INTERNAL, "bad format \"%s\"", format);
    const size_t len = (size_t)wrote;
    if (len < sizeof small) return weft_arena_copy(ctx, arena, small, len, out);

    void *text = NULL;
    const weft_status st = weft_arena_alloc(ctx, arena, len + 1, &text);
    if (st != WEFT_OK) return st;
    va_start(args, format);
    vsnprintf(text, len + 1, format, args);
    va_end(args);
    *out = text;
    return WEFT_OK;
}

void weft_arena_reset(weft_arena *arena)
{
    for (arena_chunk *chunk = arena->chunks; chunk != NULL;) {
        arena_chunk *next = chunk->next;
        if (chunk != arena->first) arena_chunk_free(chunk);
        chunk = next;
    }
    arena->chunks = arena->first;
    arena->chunks->next = NULL;
    ARENA_POISON(arena->chunks->data, arena->chunks->bytes);
    arena->used = 0;
    arena->next_bytes = ARENA_CHUNK_FIRST;
}

void weft_arena_free(weft_arena **arena)
{
    weft_arena *a = *arena;
    if (a == NULL) return;
    for (arena_chunk *chunk = a->chunks; chunk != NULL;) {
        arena_chunk *next = chunk->next;
        arena_chunk_free(chunk);
        chunk = next;
    }
    weft_mem_free(a);
    *arena = NULL;
}

bool weft_own_memory_open(weft_own_memory *memory, int64_t limit_bytes, const char *name)
{
    *memory = (weft_own_memory){.pool = weft_pool_new(limit_bytes)};
    if (memory->pool != NULL) memory->account = weft_account_open(memory->pool, name);
    if (memory->account != NULL) memory->arena = weft_arena_new(memory->account);
    if (memory->arena == NULL) weft_own_memory_close(memory);
    return memory->arena != NULL;
}

void weft_own_memory_close(weft_own_memory *memory)
{
    weft_arena_free(&memory->arena);
    weft_account_close(&memory->account);
    weft_pool_free(&memory->pool);
}
