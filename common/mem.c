/* common/mem.c - the pool, its accounts and heap blocks. Arenas are in arena.c.
 *
 * A block is | slack | header, 64 bytes | contents |. The header holds the account, the usable size and how
 * far malloc's own pointer lies before the contents, so that contents are 64-byte aligned on any allocator,
 * and realloc (which moves large blocks by remapping, not by copying) can still be used to grow them.
 *
 * A charge goes to the pool first, by compare-and-swap, so that a request that is refused never shows to
 * others. The list of accounts has a lock of its own: taken on open, close and describe only. */
#include "common/mem.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/limits.h"
#include "common/mem_private.h"

enum {
    MEM_ALIGN = 64,
    MEM_HEADER = 64,
    MEM_SLACK = MEM_HEADER + MEM_ALIGN, /* what a block costs beside its contents */
    MEM_DESCRIBE_MAX = 5,               /* holders named in a message */
    ACCOUNT_NAME_BYTES = 48
};
static const uint64_t mem_tag_live = 0x5745465442 ^ 0x6c697665;
static const uint64_t mem_tag_free = 0x5745465442 ^ 0x66726565;

struct weft_pool {
    int64_t limit_bytes;
    _Atomic int64_t used_bytes;
    _Atomic int64_t peak_bytes;
    pthread_mutex_t lock;
    weft_account *accounts; /* guarded by lock */
};

struct weft_account {
    weft_pool *pool;
    _Atomic int64_t used_bytes;
    weft_account *prev, *next; /* guarded by pool->lock */
    char name[ACCOUNT_NAME_BYTES];
};

typedef struct mem_header {
    uint64_t tag;
    weft_account *account;
    size_t bytes;  /* usable, as asked for */
    size_t before; /* from malloc's pointer to the contents */
} mem_header;
_Static_assert(sizeof(mem_header) <= MEM_HEADER, "the header fits before the contents");

/* The fault countdown: 0 is off. Process-wide, for tests only. */
static _Atomic int64_t fault_at;
static _Atomic int64_t fault_counted;

int64_t weft_mem_fail_after(int64_t n)
{
    atomic_store(&fault_at, n);
    return atomic_exchange(&fault_counted, 0);
}

bool weft_mem_fault(void)
{
    const int64_t at = atomic_load_explicit(&fault_at, memory_order_relaxed);
    if (WEFT_LIKELY(at == 0)) return false;
    return atomic_fetch_add(&fault_counted, 1) + 1 == at;
}

/* ---- pool and accounts ---- */

weft_pool *weft_pool_new(int64_t limit_bytes)
{
    assert(limit_bytes > 0);
    if (weft_mem_fault()) return NULL;
    weft_pool *pool = calloc(1, sizeof *pool);
    if (pool == NULL) return NULL;
    pool->limit_bytes = limit_bytes;
    pthread_mutex_init(&pool->lock, NULL);
    return pool;
}

int64_t weft_pool_used_bytes(const weft_pool *pool)
{
    return atomic_load_explicit(&pool->used_bytes, memory_order_relaxed);
}

int64_t weft_pool_peak_bytes(const weft_pool *pool)
{
    return atomic_load_explicit(&pool->peak_bytes, memory_order_relaxed);
}

int64_t weft_pool_limit_bytes(const weft_pool *pool) { return pool->limit_bytes; }

int64_t weft_pool_free_bytes(const weft_pool *pool) { return pool->limit_bytes - weft_pool_used_bytes(pool); }

void weft_pool_free(weft_pool **pool)
{
    if (*pool == NULL) return;
    assert((*pool)->accounts == NULL); /* an account outlives its pool: a leak in the caller */
    pthread_mutex_destroy(&(*pool)->lock);
    free(*pool);
    *pool = NULL;
}

weft_account *weft_account_open(weft_pool *pool, const char *name)
{
    if (weft_mem_fault()) return NULL;
    weft_account *account = calloc(1, sizeof *account);
    if (account == NULL) return NULL;
    account->pool = pool;
    snprintf(account->name, sizeof account->name, "%s", name);
    pthread_mutex_lock(&pool->lock);
    account->next = pool->accounts;
    if (pool->accounts != NULL) pool->accounts->prev = account;
    pool->accounts = account;
    pthread_mutex_unlock(&pool->lock);
    return account;
}

weft_pool *weft_account_pool(const weft_account *account) { return account->pool; }

int64_t weft_account_used_bytes(const weft_account *account)
{
    return atomic_load_explicit(&account->used_bytes, memory_order_relaxed);
}

void weft_account_close(weft_account **account)
{
    weft_account *a = *account;
    if (a == NULL) return;
    assert(atomic_load(&a->used_bytes) == 0); /* something charged here was not freed */
    weft_pool *pool = a->pool;
    pthread_mutex_lock(&pool->lock);
    if (a->prev != NULL)
        a->prev->next = a->next;
    else
        pool->accounts = a->next;
    if (a->next != NULL) a->next->prev = a->prev;
    pthread_mutex_unlock(&pool->lock);
    free(a);
    *account = NULL;
}

const char *weft_bytes_text(int64_t bytes, char *text, size_t text_bytes)
{
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
    double value = (double)bytes;
    int32_t unit = 0;
    for (; (value >= 1024 || value <= -1024) && unit < WEFT_COUNT(units) - 1; unit++) value /= 1024;
    snprintf(text, text_bytes, unit == 0 ? "%.0f %s" : "%.1f %s", value, units[unit]);
    return text;
}

/* The largest accounts in descending order; returns how many. */
static int32_t pool_largest(const weft_pool *pool, const weft_account **top, int64_t *used)
{
    int32_t count = 0;
    for (const weft_account *a = pool->accounts; a != NULL; a = a->next) {
        const int64_t bytes = weft_account_used_bytes(a);
        if (bytes == 0) continue;
        int32_t at = count < MEM_DESCRIBE_MAX ? count++ : MEM_DESCRIBE_MAX - 1;
        if (at == MEM_DESCRIBE_MAX - 1 && top[at] != NULL && used[at] >= bytes) continue;
        for (; at > 0 && used[at - 1] < bytes; at--) {
            top[at] = top[at - 1];
            used[at] = used[at - 1];
        }
        top[at] = a;
        used[at] = bytes;
    }
    return count;
}

void weft_pool_describe(const weft_pool *pool, char *text, size_t text_bytes)
{
    if (text_bytes == 0) return;
    text[0] = '\0';
    const weft_account *top[MEM_DESCRIBE_MAX] = {NULL};
    int64_t used[MEM_DESCRIBE_MAX] = {0};
    pthread_mutex_t *lock = (pthread_mutex_t *)(uintptr_t)&pool->lock; /* describing changes nothing else */
    pthread_mutex_lock(lock);
    const int32_t count = pool_largest(pool, top, used);
    size_t at = 0;
    for (int32_t i = 0; i < count && at < text_bytes; i++) {
        char size[32];
        const int wrote = snprintf(text + at, text_bytes - at, "%s%s %s", i == 0 ? "" : ", ", top[i]->name,
                                   weft_bytes_text(used[i], size, sizeof size));
        if (wrote < 0) break;
        at += (size_t)wrote;
    }
    pthread_mutex_unlock(lock);
}

/* ---- charging ---- */

static int64_t pool_cap(const weft_pool *pool, weft_mem_kind kind)
{
    const int64_t headroom = kind == WEFT_MEM_WORKING ? WEFT_MEM_HEADROOM_BYTES : 0;
    return pool->limit_bytes > INT64_MAX - headroom ? INT64_MAX : pool->limit_bytes + headroom;
}

static bool account_charge(weft_account *account, weft_mem_kind kind, int64_t bytes)
{
    weft_pool *pool = account->pool;
    const int64_t cap = pool_cap(pool, kind);
    int64_t used = atomic_load_explicit(&pool->used_bytes, memory_order_relaxed);
    do {
        if (bytes > cap - used) return false;
    } while (!atomic_compare_exchange_weak_explicit(&pool->used_bytes, &used, used + bytes,
                                                    memory_order_relaxed, memory_order_relaxed));
    used += bytes;
    int64_t peak = atomic_load_explicit(&pool->peak_bytes, memory_order_relaxed);
    while (used > peak && !atomic_compare_exchange_weak_explicit(
                              &pool->peak_bytes, &peak, used, memory_order_relaxed, memory_order_relaxed)) {
    }
    atomic_fetch_add_explicit(&account->used_bytes, bytes, memory_order_relaxed);
    return true;
}

static void account_discharge(weft_account *account, int64_t bytes)
{
    atomic_fetch_sub_explicit(&account->used_bytes, bytes, memory_order_relaxed);
    atomic_fetch_sub_explicit(&account->pool->used_bytes, bytes, memory_order_relaxed);
}

bool weft_mem_would_refuse(const weft_ctx *ctx, int64_t bytes)
{
    return bytes > weft_pool_free_bytes(ctx->memory->pool);
}

weft_status weft_mem_refuse(weft_ctx *ctx, const weft_account *account, size_t bytes)
{
    const weft_pool *pool = account->pool;
    char holders[512], asked[32], used[32], limit[32] = "no limit";
    weft_pool_describe(pool, holders, sizeof holders);
    weft_bytes_text(bytes > INT64_MAX ? INT64_MAX : (int64_t)bytes, asked, sizeof asked);
    weft_bytes_text(weft_pool_used_bytes(pool), used, sizeof used);
    if (pool->limit_bytes != INT64_MAX) weft_bytes_text(pool->limit_bytes, limit, sizeof limit);
    const weft_status st = weft_fail(ctx, WEFT_NOMEM, "no memory for %s more in %s: %s of %s in use (%s)",
                                     asked, account->name, used, limit, holders);
    weft_hint(ctx, "raise weft.memory.limit, or lower weft.task.slots so that fewer tasks share the memory");
    return st;
}

/* ---- heap blocks ---- */

static mem_header *mem_find_header(const void *block)
{
    mem_header *h = (mem_header *)((uintptr_t)block - MEM_HEADER);
    assert(h->tag == mem_tag_live); /* freed twice, or never from here */
    return h;
}

/* Where the contents begin inside the raw allocation. */
static uint8_t *mem_align(void *raw)
{
    return (uint8_t *)weft_round_up((size_t)(uintptr_t)raw + MEM_HEADER, MEM_ALIGN);
}

void *weft_mem_alloc_raw(weft_account *account, weft_mem_kind kind, size_t bytes)
{
    if (weft_mem_fault() || bytes > INT64_MAX / 2) return NULL;
    const int64_t cost = (int64_t)bytes + MEM_SLACK;
    if (!account_charge(account, kind, cost)) return NULL;
    void *raw = malloc((size_t)cost);
    if (raw == NULL) {
        account_discharge(account, cost);
        return NULL;
    }
    uint8_t *block = mem_align(raw);
    *(mem_header *)(void *)(block - MEM_HEADER) = (mem_header){
        .tag = mem_tag_live, .account = account, .bytes = bytes, .before = (size_t)(block - (uint8_t *)raw)};
    return block;
}

weft_status weft_mem_alloc(weft_ctx *ctx, weft_mem_kind kind, size_t bytes, void **out)
{
    *out = weft_mem_alloc_raw(ctx->memory, kind, bytes);
    return *out != NULL ? WEFT_OK : weft_mem_refuse(ctx, ctx->memory, bytes);
}

weft_status weft_mem_alloc_zero(weft_ctx *ctx, weft_mem_kind kind, size_t bytes, void **out)
{
    const weft_status st = weft_mem_alloc(ctx, kind, bytes, out);
    if (st == WEFT_OK) memset(*out, 0, bytes);
    return st;
}

/* Let realloc try first; where the aligned place shifts, the contents are shifted after it. */
static void *mem_realloc(mem_header *h, size_t bytes)
{
    const size_t before = h->before;
    const size_t kept = h->bytes < bytes ? h->bytes : bytes;
    uint8_t *raw = realloc((uint8_t *)h + MEM_HEADER - before, bytes + MEM_SLACK);
    if (raw == NULL) return NULL;
    uint8_t *block = mem_align(raw);
    const size_t shift = (size_t)(block - raw);
    if (shift != before) memmove(block - MEM_HEADER, raw + before - MEM_HEADER, kept + MEM_HEADER);
    mem_header *moved = (mem_header *)(void *)(block - MEM_HEADER);
    moved->before = shift;
    moved->bytes = bytes;
    return block;
}

weft_status weft_mem_resize(weft_ctx *ctx, weft_mem_kind kind, size_t bytes, void **block)
{
    if (*block == NULL) return weft_mem_alloc(ctx, kind, bytes, block);
    mem_header *h = mem_find_header(*block);
    weft_account *account = h->account; /* the account of the block, which may have moved away from ctx's */
    const size_t old = h->bytes;
    if (weft_mem_fault() || bytes > INT64_MAX / 2) return weft_mem_refuse(ctx, ctx->memory, bytes);
    if (bytes > old && !account_charge(account, kind, (int64_t)(bytes - old)))
        return weft_mem_refuse(ctx, account, bytes - old);
    void *moved = mem_realloc(h, bytes);
    if (moved == NULL) {
        if (bytes > old) account_discharge(account, (int64_t)(bytes - old));
        return weft_mem_refuse(ctx, ctx->memory, bytes);
    }
    if (bytes < old) account_discharge(account, (int64_t)(old - bytes));
    *block = moved;
    return WEFT_OK;
}

size_t weft_mem_size(const void *block) { return mem_find_header(block)->bytes; }

void weft_mem_move(void *block, weft_account *account)
{
    mem_header *h = mem_find_header(block);
    const int64_t cost = (int64_t)h->bytes + MEM_SLACK;
    weft_account *from = h->account;
    if (from->pool == account->pool) {
        atomic_fetch_sub_explicit(&from->used_bytes, cost, memory_order_relaxed);
        atomic_fetch_add_explicit(&account->used_bytes, cost, memory_order_relaxed);
    } else {
        account_discharge(from, cost);
        atomic_fetch_add_explicit(&account->pool->used_bytes, cost, memory_order_relaxed);
        atomic_fetch_add_explicit(&account->used_bytes, cost, memory_order_relaxed);
    }
    h->account = account;
}

void weft_mem_free(void *block)
{
    if (block == NULL) return;
    mem_header *h = mem_find_header(block);
    account_discharge(h->account, (int64_t)h->bytes + MEM_SLACK);
    h->tag = mem_tag_free;
    free((uint8_t *)block - h->before);
}
