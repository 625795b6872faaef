/* engine/formats/parquet/page_cache.c - see the header. */
#include <pthread.h>

#include "common/hash.h"
#include "engine/formats/parquet/page_cache.h"

enum { PAGE_CACHE_BUCKETS = 8192 };

typedef struct page_entry page_entry;
struct page_entry {
    weft_pq_cached page; /* first: a page's address is its entry's */
    uint64_t file_id;
    int64_t offset;
    int64_t bytes;
    int32_t references; /* guarded by pages.lock, as are the links */
    bool listed;
    page_entry *next; /* of the bucket */
    page_entry *older, *newer;
};

static struct {
    pthread_mutex_t lock;
    weft_pool *pool;
    weft_account *account;
    page_entry *buckets[PAGE_CACHE_BUCKETS];
    page_entry *oldest, *newest;
    int64_t bytes; /* of all entries, also those not listed */
} pages = {.lock = PTHREAD_MUTEX_INITIALIZER};

static page_entry **page_bucket(uint64_t file_id, int64_t offset)
{
    const uint64_t hash = weft_hash_u64(file_id * 0x9e3779b97f4a7c15u ^ (uint64_t)offset);
    return &pages.buckets[hash % PAGE_CACHE_BUCKETS];
}

/* The rest is called under the lock, but for the public functions. */
static void page_link_newest(page_entry *e)
{
    e->older = pages.newest;
    e->newer = NULL;
    *(pages.newest != NULL ? &pages.newest->newer : &pages.oldest) = e;
    pages.newest = e;
}

static void page_unlink(page_entry *e)
{
    *(e->older != NULL ? &e->older->newer : &pages.oldest) = e->newer;
    *(e->newer != NULL ? &e->newer->older : &pages.newest) = e->older;
}

static void page_destroy(page_entry *e)
{
    pages.bytes -= e->bytes;
    weft_mem_free(e->page.body);
    weft_mem_free(e);
}

static void page_drop(page_entry *e)
{
    page_entry **link = page_bucket(e->file_id, e->offset);
    while (*link != e) link = &(*link)->next;
    *link = e->next;
    page_unlink(e);
    page_destroy(e);
}

static void page_shrink_to(int64_t bytes)
{
    for (page_entry *e = pages.oldest; e != NULL && pages.bytes > bytes;) {
        page_entry *newer = e->newer;
        if (e->references == 0) page_drop(e);
        e = newer;
    }
}

int64_t weft_pq_page_cache_trim(int64_t bytes)
{
    pthread_mutex_lock(&pages.lock);
    page_shrink_to(bytes);
    const int64_t left = pages.bytes;
    pthread_mutex_unlock(&pages.lock);
    return left;
}

const weft_pq_cached *weft_pq_page_cache_find(uint64_t file_id, int64_t offset)
{
    pthread_mutex_lock(&pages.lock);
    page_entry *e = *page_bucket(file_id, offset);
    while (e != NULL && (e->file_id != file_id || e->offset != offset)) e = e->next;
    if (e != NULL) {
        e->references++;
        page_unlink(e);
        page_link_newest(e);
    }
    pthread_mutex_unlock(&pages.lock);
    return e != NULL ? &e->page : NULL;
}

/* An account of the cache's own, made with the first page and kept: no query may be charged for what the next
 * one uses. */
static weft_account *page_account(void)
{
    if (pages.pool == NULL) pages.pool = weft_pool_new(INT64_MAX);
    if (pages.pool != NULL && pages.account == NULL)
        pages.account = weft_account_open(pages.pool, "decompressed pages");
    return pages.account;
}

static weft_status page_alloc(weft_ctx *ctx, size_t body_bytes, page_entry **out)
{
    weft_status st = WEFT_OK;
    page_entry *e = NULL;
    WEFT_TRY(st, weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, sizeof *e, (void **)&e));
    WEFT_TRY(st, weft_mem_alloc(ctx, WEFT_MEM_WORKING, body_bytes, (void **)&e->page.body));
    *out = e;
done:
    if (st != WEFT_OK) weft_mem_free(e);
    return st;
}

weft_pq_cached *weft_pq_page_cache_new(weft_ctx *ctx, int64_t limit_bytes, const weft_pq_page_header *header)
{
    const int64_t bytes = (int64_t)sizeof(page_entry) + header->plain_bytes + WEFT_PQ_SLACK;
    const weft_pool *pool = weft_account_pool(ctx->memory);
    const int64_t room = weft_min_i64(limit_bytes, weft_pool_free_bytes(pool));
    page_entry *e = NULL;
    pthread_mutex_lock(&pages.lock);
    weft_account *account = page_account();
    page_shrink_to(room - bytes);
    const bool fits = account != NULL && pages.bytes <= room - bytes;
    if (fits) pages.bytes += bytes;
    pthread_mutex_unlock(&pages.lock);
    if (!fits) return NULL;
    weft_ctx own = *ctx; /* its error, when there is one, is nobody's */
    own.memory = account;
    if (page_alloc(&own, (size_t)header->plain_bytes + WEFT_PQ_SLACK, &e) != WEFT_OK) {
        pthread_mutex_lock(&pages.lock);
        pages.bytes -= bytes;
        pthread_mutex_unlock(&pages.lock);
        return NULL;
    }
    e->page.header = *header;
    e->bytes = bytes;
    e->references = 1;
    return &e->page;
}

void weft_pq_page_cache_add(weft_pq_cached *page, uint64_t file_id, int64_t offset)
{
    page_entry *e = (page_entry *)page;
    e->file_id = file_id;
    e->offset = offset;
    e->listed = true;
    pthread_mutex_lock(&pages.lock);
    page_entry **bucket = page_bucket(file_id, offset); /* two lanes may add one page: both are right */
    e->next = *bucket;
    *bucket = e;
    page_link_newest(e);
    pthread_mutex_unlock(&pages.lock);
}

void weft_pq_page_cache_release(const weft_pq_cached **page)
{
    page_entry *e = (page_entry *)(uintptr_t)*page;
    if (e == NULL) return;
    *page = NULL;
    pthread_mutex_lock(&pages.lock);
    if (--e->references == 0 && !e->listed) page_destroy(e);
    pthread_mutex_unlock(&pages.lock);
}
