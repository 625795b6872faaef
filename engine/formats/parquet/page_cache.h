/* engine/formats/parquet/page_cache.h - decompressed pages of recently read files, of this process.
 *
 * Off unless the setting weft.scan.pageCache gives it bytes. A page is known by its file (the footer's
 * number, new when the file's size or time changes) and offset. Entries are counted and immutable once added;
 * those that nobody uses go, least recently used first, when there are more than the bytes or when the
 * query's pool has not as much left: the cache has a pool of its own, so what data needs is never refused for
 * its sake. Any thread. */
#ifndef WEFT_FORMATS_PARQUET_PAGE_CACHE_H
#define WEFT_FORMATS_PARQUET_PAGE_CACHE_H

#include "engine/formats/parquet/chunk.h"

struct weft_pq_cached {
    weft_pq_page_header header;
    uint8_t *body; /* header.plain_bytes, then WEFT_PQ_SLACK */
};

/* The page at offset of the file, or NULL. The caller releases it. */
const weft_pq_cached *weft_pq_page_cache_find(uint64_t file_id, int64_t offset);
/* A new entry to be filled: its body has header->plain_bytes and slack. NULL when it would not fit
 * limit_bytes or memory. The caller adds it, or releases it unadded when it came to nothing. */
weft_pq_cached *weft_pq_page_cache_new(weft_ctx *ctx, int64_t limit_bytes, const weft_pq_page_header *header);
/* From now on others find it; the caller keeps using it until release. */
void weft_pq_page_cache_add(weft_pq_cached *page, uint64_t file_id, int64_t offset);
void weft_pq_page_cache_release(const weft_pq_cached **page);
/* Drop what nobody uses until at most bytes are left; returns what is left. */
int64_t weft_pq_page_cache_trim(int64_t bytes);

#endif
