/* common/pool.c - the process's memory limit, and who holds what of it. Blocks are in mem.c, arenas in
 * arena.c.
 *
 * A charge goes to the pool by compare-and-swap first, so that a request that is refused never shows to
 * others. The list of accounts has a lock of its own: taken on open, close and describe only. */
#include <malloc.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/limits.h"
#include "common/mem_private.h"

enum {
    POOL_DESCRIBE_MAX = 5, /* holders named in a message */
    POOL_RELIEF_PART = 16, /* of the limit: what is asked back at least when memory is refused */
    POOL_TRIM_PART = 32,   /* of the limit: what goes back to the kernel beyond what must */
    ACCOUNT_NAME_BYTES = 48
};

struct weft_pool {
    int64_t limit_bytes;
    int64_t reserve_bytes; /* of the limit, not for RETAINED memory */
    _Atomic int64_t used_bytes;
    _Atomic int64_t peak_bytes;
    _Atomic int64_t small_bytes; /* of malloc, in use; and the most since malloc was trimmed */
    _Atomic int64_t small_peak;
    pthread_mutex_t lock;
    weft_account *accounts; /* guarded by lock */
    weft_pool_relief *relief;
    void *relief_self;
    weft_large large; /* where blocks of 4 KiB and more come from */
};

struct weft_account {
    weft_pool *pool;
    _Atomic int64_t used_bytes;
    _Atomic int64_t retained_bytes; /* of them */
    int64_t floor_bytes;            /* of RETAINED memory that is not refused; set before others charge */
    weft_account *prev, *next;      /* guarded by pool->lock */
    char name[ACCOUNT_NAME_BYTES];
};

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

/* What malloc has from the kernel it keeps too, for the libraries that we call: their buffers come again. */
static void pool_tune_malloc(void)
{
#ifdef __GLIBC__
    mallopt(M_MMAP_THRESHOLD, 16 << 20);
    mallopt(M_TRIM_THRESHOLD, 64 << 20);
#endif
}

weft_pool *weft_pool_new(int64_t limit_bytes)
{
    assert(limit_bytes > 0);
    if (weft_mem_fault()) return NULL;
    weft_pool *pool = calloc(1, sizeof *pool);
    if (pool == NULL) return NULL;
    pool->limit_bytes = limit_bytes;
    pthread_mutex_init(&pool->lock, NULL);
    weft_large_init(&pool->large);
    pool_tune_malloc();
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

void weft_pool_set_reserve(weft_pool *pool, int64_t bytes)
{
    pool->reserve_bytes = weft_max_i64(0, weft_min_i64(bytes, pool->limit_bytes / 2));
}

void weft_pool_set_relief(weft_pool *pool, weft_pool_relief *fn, void *self)
{
    pool->relief = fn;
    pool->relief_self = self;
}

int64_t weft_pool_limit_bytes(const weft_pool *pool) { return pool->limit_bytes; }

int64_t weft_pool_free_bytes(const weft_pool *pool)
{
    return pool->limit_bytes - pool->reserve_bytes - weft_pool_used_bytes(pool);
}

void weft_pool_free(weft_pool **pool)
{
    if (*pool == NULL) return;
    assert((*pool)->accounts == NULL); /* an account outlives its pool: a leak in the caller */
    weft_large_deinit(&(*pool)->large);
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

void weft_account_set_floor(weft_account *account, int64_t bytes) { account->floor_bytes = bytes; }

void weft_account_close(weft_account **account)
{
    weft_account *a = *account;
    if (a == NULL) return;
    assert(atomic_load_explicit(&a->used_bytes, memory_order_acquire) ==
           0); /* something charged here was not freed */
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
        int32_t at = count < POOL_DESCRIBE_MAX ? count++ : POOL_DESCRIBE_MAX - 1;
        if (at == POOL_DESCRIBE_MAX - 1 && top[at] != NULL && used[at] >= bytes) continue;
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
    const weft_account *top[POOL_DESCRIBE_MAX] = {NULL};
    int64_t used[POOL_DESCRIBE_MAX] = {0};
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
    const int64_t headroom = kind == WEFT_MEM_WORKING ? WEFT_MEM_HEADROOM_BYTES : -pool->reserve_bytes;
    return pool->limit_bytes > INT64_MAX - headroom ? INT64_MAX : pool->limit_bytes + headroom;
}

static void pool_raise(_Atomic int64_t *peak, int64_t to)
{
    int64_t was = atomic_load_explicit(peak, memory_order_relaxed);
    while (to > was && !atomic_compare_exchange_weak_explicit(peak, &was, to, memory_order_relaxed,
                                                              memory_order_relaxed)) {
    }
}

static void account_add(weft_account *account, weft_mem_kind kind, int64_t bytes)
{
    atomic_fetch_add_explicit(&account->used_bytes, bytes, memory_order_relaxed);
    if (kind == WEFT_MEM_RETAINED)
        atomic_fetch_add_explicit(&account->retained_bytes, bytes, memory_order_relaxed);
}

bool weft_account_charge(weft_account *account, weft_mem_kind kind, int64_t bytes)
{
    weft_pool *pool = account->pool;
    const int64_t retained = atomic_load_explicit(&account->retained_bytes, memory_order_relaxed);
    const bool on_floor = kind == WEFT_MEM_RETAINED && bytes <= account->floor_bytes - retained;
    const int64_t cap = pool_cap(pool, on_floor ? WEFT_MEM_WORKING : kind);
    int64_t used = atomic_load_explicit(&pool->used_bytes, memory_order_relaxed);
    do {
        if (bytes > cap - used) return false;
    } while (!atomic_compare_exchange_weak_explicit(&pool->used_bytes, &used, used + bytes,
                                                    memory_order_relaxed, memory_order_relaxed));
    pool_raise(&pool->peak_bytes, used + bytes);
    account_add(account, kind, bytes);
    return true;
}

void weft_account_force(weft_account *account, weft_mem_kind kind, int64_t bytes)
{
    atomic_fetch_add_explicit(&account->pool->used_bytes, bytes, memory_order_relaxed);
    account_add(account, kind, bytes);
}

bool weft_account_ask_relief(weft_ctx *ctx, const weft_account *account, int64_t bytes)
{
    const weft_pool *pool = account->pool;
    if (pool->relief == NULL) return false;
    /* some more than is needed now: a page at a time would look through the blocks for every page */
    const int64_t wanted = weft_max_i64(bytes, pool->limit_bytes / POOL_RELIEF_PART);
    return pool->relief(ctx, pool->relief_self, wanted) > 0;
}

void weft_account_discharge(weft_account *account, weft_mem_kind kind, int64_t bytes)
{
    /* The account last: another thread may close it, and free the pool, as soon as nothing is charged to it.
     */
    atomic_fetch_sub_explicit(&account->pool->used_bytes, bytes, memory_order_relaxed);
    if (kind == WEFT_MEM_RETAINED)
        atomic_fetch_sub_explicit(&account->retained_bytes, bytes, memory_order_relaxed);
    atomic_fetch_sub_explicit(&account->used_bytes, bytes, memory_order_release);
}

weft_large *weft_account_large(const weft_account *account) { return &account->pool->large; }

/* What malloc holds beside what is in use, as far as we know. */
static int64_t pool_small_kept(const weft_pool *pool)
{
    return atomic_load_explicit(&pool->small_peak, memory_order_relaxed) -
           atomic_load_explicit(&pool->small_bytes, memory_order_relaxed);
}

void weft_account_count_small(const weft_account *account, int64_t bytes)
{
    weft_pool *pool = account->pool;
    const int64_t now = atomic_fetch_add_explicit(&pool->small_bytes, bytes, memory_order_relaxed) + bytes;
    if (bytes > 0) pool_raise(&pool->small_peak, now);
}

/* malloc gives back only where it is asked to: freed pages lie between others that are in use. */
static void pool_trim_small(weft_pool *pool)
{
    enum { WORTH_IT = 4 << 20 };
    const int64_t now = atomic_load_explicit(&pool->small_bytes, memory_order_relaxed);
    int64_t peak = atomic_load_explicit(&pool->small_peak, memory_order_relaxed);
    if (peak - now < WORTH_IT) return;
    if (!atomic_compare_exchange_strong(&pool->small_peak, &peak, now)) return; /* another thread does it */
#ifdef __GLIBC__
    malloc_trim(0);
#endif
}

void weft_pool_trim(weft_pool *pool)
{
    weft_large_trim(&pool->large, INT64_MAX);
    pool_trim_small(pool);
}

void weft_account_relieve(const weft_account *account)
{
    weft_pool *pool = account->pool;
    const int64_t kept = weft_pool_kept_bytes(pool) + pool_small_kept(pool);
    const int64_t over = kept - (pool_cap(pool, WEFT_MEM_WORKING) - weft_pool_used_bytes(pool));
    if (WEFT_LIKELY(over <= 0)) return;
    pool_trim_small(pool);
    weft_large_trim(&pool->large, over + pool->limit_bytes / POOL_TRIM_PART);
}

int64_t weft_pool_kept_bytes(const weft_pool *pool)
{
    return atomic_load_explicit(&pool->large.kept_bytes, memory_order_relaxed);
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
