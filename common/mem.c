/* common/mem.c - heap blocks. The pool and its accounts are in pool.c, arenas in arena.c.
 *
 * A block is | slack | header, 64 bytes | contents |. The header holds the account, the size and where the
 * memory came from: malloc, or for 4 KiB and more the pool's large memory (mem_large.h), which keeps pages
 * for reuse. The slack aligns contents to 64 bytes; for large blocks it also shifts them by a different
 * multiple of 64 each, as columns that all begin at the same place of a page would fight for the same lines
 * of the cache. */
#include "common/mem.h"

#include <stdlib.h>
#include <string.h>

#include "common/mem_private.h"

enum {
    MEM_ALIGN = 64,
    MEM_HEADER = WEFT_MEM_HEADER_BYTES,
    MEM_RELIEF_TRIES = 3,              /* others may take what was given back */
    MEM_SLACK = MEM_HEADER + MEM_ALIGN /* what a block of malloc costs beside its contents */
};
static const uint64_t mem_tag_live = 0x5745465442 ^ 0x6c697665;
static const uint64_t mem_tag_free = 0x5745465442 ^ 0x66726565;

typedef struct mem_header {
    uint64_t tag;
    weft_account *account;
    weft_large *large; /* NULL: from malloc */
    union {
        large_region *region;    /* of a large block that has no mapping of its own */
        void (*release)(void *); /* of one from malloc that stands for other memory too; else NULL */
    };
    size_t bytes;  /* usable, as asked for */
    size_t before; /* from the beginning of the memory to the contents */
    size_t cost;   /* of the memory, as charged */
    bool zero;     /* large, and zero when it was taken */
    uint8_t kind;  /* weft_mem_kind */
} mem_header;
_Static_assert(sizeof(mem_header) <= MEM_HEADER, "the header fits before the contents");

static mem_header *mem_find_header(const void *block)
{
    mem_header *h = (mem_header *)((uintptr_t)block - MEM_HEADER);
    assert(h->tag == mem_tag_live); /* freed twice, or never from here */
    return h;
}

/* Sanitizers see the edges of malloc's blocks only. */
static bool mem_is_large(size_t bytes)
{
#ifdef WEFT_SANITIZED
    (void)bytes;
    return false;
#else
    return bytes >= WEFT_LARGE_MIN;
#endif
}

/* What a block of that size is charged. */
static size_t mem_cost(size_t bytes)
{
    return mem_is_large(bytes) ? weft_round_up(bytes + MEM_HEADER, 4096) : bytes + MEM_SLACK;
}

/* Where the contents begin inside malloc's memory. */
static uint8_t *mem_align(void *raw)
{
    return (uint8_t *)weft_round_up((size_t)(uintptr_t)raw + MEM_HEADER, MEM_ALIGN);
}

/* Where the contents of a large block begin: by the address, as far as the rounding to pages leaves room. */
static size_t mem_shift(const weft_large_block *block, size_t bytes)
{
    const size_t room = (block->bytes - bytes - MEM_HEADER) / MEM_ALIGN;
    return MEM_HEADER + MEM_ALIGN * (((size_t)(uintptr_t)block->base >> 12) * 5 % (room + 1));
}

/* held: bytes of other memory that it stands for. */
static uint8_t *mem_take(weft_account *account, weft_mem_kind kind, size_t bytes, size_t held, mem_header *h)
{
    *h =
        (mem_header){.tag = mem_tag_live, .account = account, .bytes = bytes, .cost = mem_cost(bytes) + held};
    h->kind = (uint8_t)kind;
    if (mem_is_large(bytes)) {
        weft_large_block piece;
        h->large = weft_account_large(account);
        if (!weft_large_take(h->large, bytes + MEM_HEADER, &piece)) return NULL;
        h->region = piece.region;
        h->before = mem_shift(&piece, bytes);
        h->zero = piece.zero;
        return piece.base + h->before;
    }
    uint8_t *raw = malloc(bytes + MEM_SLACK);
    if (raw == NULL) return NULL;
    weft_account_count_small(account, (int64_t)h->cost);
    uint8_t *block = mem_align(raw);
    h->before = (size_t)(block - raw);
    return block;
}

static void mem_give(uint8_t *block, const mem_header *h)
{
    if (h->large == NULL) {
        if (h->release != NULL) h->release(block);
        weft_account_count_small(h->account, -(int64_t)h->cost);
        free(block - h->before);
        return;
    }
    const weft_large_block piece = {.base = block - h->before, .bytes = h->cost, .region = h->region};
    weft_large_give(h->large, &piece);
}

/* Charge; what is retained asks the pool's relief when it is refused. ctx NULL: refused is refused. */
static bool mem_charge(weft_ctx *ctx, weft_account *account, weft_mem_kind kind, int64_t cost)
{
    for (int32_t tries = 0; !weft_account_charge(account, kind, cost); tries++) {
        if (ctx == NULL || kind != WEFT_MEM_RETAINED || tries == MEM_RELIEF_TRIES) return false;
        if (!weft_account_ask_relief(ctx, account, cost)) return false;
    }
    return true;
}

static void *mem_alloc(weft_ctx *ctx, weft_account *account, weft_mem_kind kind, size_t bytes, size_t held)
{
    if (weft_mem_fault() || bytes > INT64_MAX / 4 || held > INT64_MAX / 4) return NULL;
    const int64_t cost = (int64_t)(mem_cost(bytes) + held);
    if (!mem_charge(ctx, account, kind, cost)) return NULL;
    mem_header h;
    uint8_t *block = mem_take(account, kind, bytes, held, &h);
    if (block == NULL) {
        weft_account_discharge(account, kind, cost);
        return NULL;
    }
    memcpy(block - MEM_HEADER, &h, sizeof h);
    if (h.large != NULL) weft_account_relieve(account); /* only now: it may have taken what was kept */
    return block;
}

void *weft_mem_alloc_raw(weft_account *account, weft_mem_kind kind, size_t bytes)
{
    return mem_alloc(NULL, account, kind, bytes, 0);
}

weft_status weft_mem_alloc(weft_ctx *ctx, weft_mem_kind kind, size_t bytes, void **out)
{
    *out = mem_alloc(ctx, ctx->memory, kind, bytes, 0);
    return *out != NULL ? WEFT_OK : weft_mem_refuse(ctx, ctx->memory, bytes);
}

weft_status weft_mem_alloc_holder(weft_ctx *ctx, weft_mem_kind kind, size_t bytes, size_t held_bytes,
                                  void (*release)(void *contents), void **out)
{
    assert(bytes < WEFT_LARGE_MIN);
    *out = mem_alloc(ctx, ctx->memory, kind, bytes, held_bytes);
    if (*out == NULL) return weft_mem_refuse(ctx, ctx->memory, held_bytes);
    memset(*out, 0, bytes);
    mem_find_header(*out)->release = release;
    return WEFT_OK;
}

weft_status weft_mem_alloc_zero(weft_ctx *ctx, weft_mem_kind kind, size_t bytes, void **out)
{
    const weft_status st = weft_mem_alloc(ctx, kind, bytes, out);
    if (st == WEFT_OK && !mem_find_header(*out)->zero) memset(*out, 0, bytes);
    return st;
}

/* Resize where it lies, or by malloc's and the kernel's own means. NULL when that does not go. */
static uint8_t *mem_resize_inside(uint8_t *block, mem_header *h, size_t bytes)
{
    const size_t before = h->before, cost = mem_cost(bytes);
    if (mem_is_large(bytes) != (h->large != NULL)) return NULL;
    if (h->large != NULL) {
        weft_large_block piece = {.base = block - before, .bytes = h->cost, .region = h->region};
        if (before + bytes > cost || !weft_large_resize(h->large, cost, &piece)) return NULL;
        return piece.base + before;
    }
    uint8_t *raw = realloc(block - before, cost);
    if (raw == NULL) return NULL;
    uint8_t *moved = mem_align(raw);
    const size_t kept = h->bytes < bytes ? h->bytes : bytes;
    h->before = (size_t)(moved - raw);
    if (h->before != before) memmove(moved, raw + before, kept);
    return moved;
}

/* *h is a copy of the block's header, and becomes that of the new one. */
static uint8_t *mem_realloc(uint8_t *block, mem_header *h, size_t bytes)
{
    uint8_t *moved = mem_resize_inside(block, h, bytes);
    if (moved != NULL) {
        if (h->large == NULL)
            weft_account_count_small(h->account, (int64_t)mem_cost(bytes) - (int64_t)h->cost);
        h->cost = mem_cost(bytes);
        h->bytes = bytes;
        h->zero = false;
        return moved;
    }
    mem_header fresh;
    moved = mem_take(h->account, (weft_mem_kind)h->kind, bytes, 0, &fresh);
    if (moved == NULL) return NULL;
    memcpy(moved, block, h->bytes < bytes ? h->bytes : bytes);
    mem_give(block, h);
    *h = fresh;
    return moved;
}

weft_status weft_mem_resize(weft_ctx *ctx, weft_mem_kind kind, size_t bytes, void **block)
{
    if (*block == NULL) return weft_mem_alloc(ctx, kind, bytes, block);
    mem_header h = *mem_find_header(*block);
    weft_account *account = h.account; /* the account of the block, which may have moved away from ctx's */
    assert(h.large != NULL || h.release == NULL);
    if (weft_mem_fault() || bytes > INT64_MAX / 2) return weft_mem_refuse(ctx, account, bytes);
    const int64_t more = (int64_t)mem_cost(bytes) - (int64_t)h.cost;
    kind = (weft_mem_kind)h.kind; /* as it was allocated */
    if (more > 0 && !mem_charge(ctx, account, kind, more)) return weft_mem_refuse(ctx, account, (size_t)more);
    uint8_t *moved = mem_realloc(*block, &h, bytes);
    if (moved == NULL) {
        if (more > 0) weft_account_discharge(account, kind, more);
        return weft_mem_refuse(ctx, account, bytes);
    }
    if (more < 0) weft_account_discharge(account, kind, -more);
    memcpy(moved - MEM_HEADER, &h, sizeof h);
    if (more > 0 && h.large != NULL) weft_account_relieve(account);
    *block = moved;
    return WEFT_OK;
}

size_t weft_mem_size(const void *block) { return mem_find_header(block)->bytes; }

void weft_mem_move(void *block, weft_account *account)
{
    mem_header *h = mem_find_header(block);
    const weft_mem_kind kind = (weft_mem_kind)h->kind;
    weft_account_force(account, kind, (int64_t)h->cost); /* first: the pool's use never falls between */
    if (h->large == NULL && weft_account_pool(account) != weft_account_pool(h->account)) {
        weft_account_count_small(account, (int64_t)h->cost);
        weft_account_count_small(h->account, -(int64_t)h->cost);
    }
    weft_account_discharge(h->account, kind, (int64_t)h->cost);
    h->account = account;
}

void weft_mem_free(void *block)
{
    if (block == NULL) return;
    mem_header *h = mem_find_header(block);
    const mem_header was = *h;
    h->tag = mem_tag_free;
    mem_give(block, &was);
    weft_account_discharge(was.account, (weft_mem_kind)was.kind, (int64_t)was.cost);
}
