/* engine/formats/parquet/meta.c - reading a file's footer, and the cache of footers of this process.
 *
 * The cache is the one mutable thing here that outlives a query: footers by (path, size, mtime), counted, the
 * least recently used dropped when there are more than CACHE_BYTES of them. It has a pool of its own, because
 * no query's account may be charged for what the next query uses; CACHE_BYTES is small against any process.
 */
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "common/hash.h"
#include "engine/formats/parquet/meta.h"

enum {
    CACHE_BUCKETS = 1024,
    META_TAIL_BYTES = 64 * 1024,       /* first read: holds the footers of most files whole */
    META_INDEX_BYTES_MAX = 1024 * 1024 /* page locations kept beside the footer */
};
#define CACHE_BYTES (32 << 20)

typedef struct cache_entry cache_entry;
struct cache_entry {
    weft_pq_meta meta; /* first: a meta's address is its entry's */
    uint64_t hash;
    int64_t mtime_ns;
    int32_t references; /* guarded by cache.lock, as are the links */
    int64_t bytes;
    cache_entry *next; /* of the bucket */
    cache_entry *older, *newer;
};

static struct {
    pthread_mutex_t lock;
    weft_pool *pool;
    cache_entry *buckets[CACHE_BUCKETS];
    cache_entry *oldest, *newest;
    int64_t bytes;  /* of listed entries */
    uint64_t metas; /* made so far */
} cache = {.lock = PTHREAD_MUTEX_INITIALIZER};

static void cache_destroy(cache_entry *entry)
{
    weft_account *account = entry->meta.account;
    weft_arena *arena = entry->meta.arena;
    weft_arena_free(&arena); /* the entry itself lies in it */
    weft_account_close(&account);
}

/* Under the lock: out of bucket and order. */
static void cache_unlist(cache_entry *entry)
{
    cache_entry **link = &cache.buckets[entry->hash % CACHE_BUCKETS];
    while (*link != entry) link = &(*link)->next;
    *link = entry->next;
    *(entry->older != NULL ? &entry->older->newer : &cache.oldest) = entry->newer;
    *(entry->newer != NULL ? &entry->newer->older : &cache.newest) = entry->older;
    cache.bytes -= entry->bytes;
}

static void cache_list(cache_entry *entry)
{
    cache_entry **bucket = &cache.buckets[entry->hash % CACHE_BUCKETS];
    entry->next = *bucket;
    *bucket = entry;
    entry->older = cache.newest;
    entry->newer = NULL;
    *(cache.newest != NULL ? &cache.newest->newer : &cache.oldest) = entry;
    cache.newest = entry;
    cache.bytes += entry->bytes;
}

static cache_entry *cache_find(const weft_file_info *file, uint64_t hash)
{
    cache_entry *found = NULL;
    pthread_mutex_lock(&cache.lock);
    for (cache_entry *e = cache.buckets[hash % CACHE_BUCKETS]; e != NULL && found == NULL; e = e->next) {
        if (e->hash == hash && e->mtime_ns == file->mtime_ns && e->meta.file_bytes == file->size_bytes &&
            strcmp(e->meta.path, file->path) == 0) {
            found = e;
        }
    }
    if (found != NULL) {
        found->references++;
        cache_unlist(found);
        cache_list(found); /* as the newest */
    }
    pthread_mutex_unlock(&cache.lock);
    return found;
}

/* List a new entry, which has one reference; make room by dropping the oldest that nobody uses. */
static void cache_add(cache_entry *entry)
{
    cache_entry *dropped = NULL;
    pthread_mutex_lock(&cache.lock);
    cache_list(entry);
    for (cache_entry *e = cache.oldest; e != NULL && cache.bytes > CACHE_BYTES;) {
        cache_entry *newer = e->newer;
        if (e->references == 0) {
            cache_unlist(e);
            e->next = dropped;
            dropped = e;
        }
        e = newer;
    }
    pthread_mutex_unlock(&cache.lock);
    while (dropped != NULL) {
        cache_entry *next = dropped->next;
        cache_destroy(dropped);
        dropped = next;
    }
}

void weft_pq_meta_release(const weft_pq_meta **meta)
{
    cache_entry *entry = (cache_entry *)(uintptr_t)*meta;
    if (entry == NULL) return;
    *meta = NULL;
    pthread_mutex_lock(&cache.lock);
    entry->references--;
    pthread_mutex_unlock(&cache.lock);
}

static weft_status cache_new_entry(weft_ctx *ctx, const weft_file_info *file, cache_entry **out)
{
    weft_status st = WEFT_OK;
    weft_account *account = NULL;
    weft_arena *arena = NULL;
    char *path = NULL;
    pthread_mutex_lock(&cache.lock);
    if (cache.pool == NULL) cache.pool = weft_pool_new(INT64_MAX);
    weft_pool *pool = cache.pool;
    const uint64_t id = ++cache.metas;
    pthread_mutex_unlock(&cache.lock);
    if (pool != NULL) account = weft_account_open(pool, "parquet footers");
    if (account != NULL) arena = weft_arena_new(account);
    if (arena == NULL) {
        st = weft_fail(ctx, WEFT_NOMEM, "no memory for the footer of %s", file->path);
        goto done;
    }
    WEFT_TRY(st, weft_arena_alloc(ctx, arena, sizeof **out, (void **)out));
    WEFT_TRY(st, weft_arena_copy(ctx, arena, file->path, strlen(file->path), &path));
    (*out)->meta = (weft_pq_meta){.id = id,
                                  .path = path,
                                  .file_bytes = file->size_bytes,
                                  .arena = arena,
                                  .account = account,
                                  .offset_indexes_begin = -1};
    (*out)->mtime_ns = file->mtime_ns;
    (*out)->references = 1;
done:
    if (st != WEFT_OK) {
        *out = NULL;
        weft_arena_free(&arena);
        weft_account_close(&account);
    }
    return st;
}

/* The footer's bytes, in the meta's arena. */
static weft_status meta_read_footer(weft_ctx *ctx, weft_pq_meta *meta, weft_file *file, uint8_t **bytes,
                                    int64_t *len)
{
    weft_status st = WEFT_OK;
    void *tail = NULL;
    uint32_t footer_bytes;
    const int64_t size = meta->file_bytes;
    const int64_t tail_bytes = weft_min_i64(size, META_TAIL_BYTES);
    if (size < 12) {
        return weft_fail(ctx, WEFT_CORRUPT, "%s is no Parquet file: it has %lld bytes only", meta->path,
                         (long long)size);
    }
    WEFT_TRY(st, weft_mem_alloc(ctx, WEFT_MEM_WORKING, (size_t)tail_bytes, &tail));
    WEFT_TRY(st, weft_file_read(ctx, file, size - tail_bytes, tail, tail_bytes));
    const uint8_t *end = (const uint8_t *)tail + tail_bytes;
    if (memcmp(end - 4, WEFT_PQ_MAGIC_ENCRYPTED, 4) == 0) {
        st = weft_fail(ctx, WEFT_UNSUPPORTED, "Parquet file %s has an encrypted footer", meta->path);
        goto done;
    }
    if (memcmp(end - 4, WEFT_PQ_MAGIC, 4) != 0) {
        st = weft_fail(ctx, WEFT_CORRUPT, "%s is no Parquet file: the magic bytes at offset %lld are missing",
                       meta->path, (long long)(size - 4));
        goto done;
    }
    memcpy(&footer_bytes, end - 8, 4);
    if (footer_bytes > size - 12) {
        st = weft_fail(ctx, WEFT_CORRUPT,
                       "Parquet file %s: a footer of %u bytes (told at offset %lld) does not fit", meta->path,
                       footer_bytes, (long long)(size - 8));
        goto done;
    }
    *len = footer_bytes;
    WEFT_TRY(st, weft_arena_alloc(ctx, meta->arena, (size_t)footer_bytes + 1, (void **)bytes));
    if (footer_bytes + 8 <= tail_bytes) {
        memcpy(*bytes, end - 8 - footer_bytes, footer_bytes);
    } else {
        WEFT_TRY(st, weft_file_read(ctx, file, size - 8 - footer_bytes, *bytes, footer_bytes));
    }
done:
    weft_mem_free(tail);
    return st;
}

/* Keep the page locations of the whole file when they lie together: then scans need no read for them. */
static weft_status meta_read_offset_indexes(weft_ctx *ctx, weft_pq_meta *meta, weft_file *file)
{
    weft_status st = WEFT_OK;
    int64_t begin = INT64_MAX, end = 0;
    uint8_t *bytes = NULL;
    for (int32_t g = 0; g < meta->row_group_count; g++) {
        for (int32_t i = 0; i < meta->leaf_count; i++) {
            const weft_pq_chunk_meta *chunk = &meta->row_groups[g].chunks[i];
            if (chunk->offset_index < 0) continue;
            begin = weft_min_i64(begin, chunk->offset_index);
            end = weft_max_i64(end, chunk->offset_index + chunk->offset_index_bytes);
        }
    }
    if (begin >= end || end - begin > META_INDEX_BYTES_MAX) goto done;
    WEFT_TRY(st, weft_arena_alloc(ctx, meta->arena, (size_t)(end - begin), (void **)&bytes));
    WEFT_TRY(st, weft_file_read(ctx, file, begin, bytes, end - begin));
    meta->offset_indexes = bytes;
    meta->offset_indexes_begin = begin;
    meta->offset_indexes_bytes = end - begin;
done:
    return st;
}

static weft_status meta_read(weft_ctx *ctx, weft_pq_meta *meta)
{
    weft_status st = WEFT_OK;
    weft_file *file = NULL;
    uint8_t *bytes = NULL;
    int64_t len = 0;
    WEFT_TRY(st, weft_file_open(ctx, meta->path, &file));
    WEFT_TRY(st, meta_read_footer(ctx, meta, file, &bytes, &len));
    WEFT_TRY(st, weft_pq_footer_parse(ctx, meta, bytes, len, meta->file_bytes - 8 - len));
    WEFT_TRY(st, meta_read_offset_indexes(ctx, meta, file));
    WEFT_TRY(st, weft_arena_alloc(ctx, meta->arena, (size_t)(meta->leaf_count + 1) * sizeof *meta->distinct,
                                  (void **)&meta->distinct));
    for (int32_t i = 0; i < meta->leaf_count; i++) atomic_init(&meta->distinct[i], -2);
done:
    weft_file_close(&file);
    return st;
}

weft_status weft_pq_meta_get(weft_ctx *ctx, const weft_file_info *file, const weft_pq_meta **out)
{
    weft_status st = WEFT_OK;
    const uint64_t hash = weft_hash_bytes(file->path, strlen(file->path));
    cache_entry *entry = cache_find(file, hash);
    *out = NULL;
    if (entry == NULL) {
        WEFT_TRY(st, cache_new_entry(ctx, file, &entry));
        entry->hash = hash;
        WEFT_TRY(st, meta_read(ctx, &entry->meta));
        entry->bytes = weft_account_used_bytes(entry->meta.account);
        cache_add(entry); /* two threads may add the same file: both are right, one grows old */
    }
    *out = &entry->meta;
done:
    if (st != WEFT_OK && entry != NULL) cache_destroy(entry);
    return st;
}
