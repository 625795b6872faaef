/* engine/catalog/table_cache.h - what CACHE TABLE keeps for a session: the rows that a table or view had, as
 * Parquet files in a folder of their own, which stand in for it wherever the session names it.
 *
 * The entries are the session's, one thread at a time; each has memory of its own, which goes with it. A
 * *ready* entry has its files; one that is not is filled by the session before the next statement that reads
 * it (coordinator/session_cache.c). It stops to be ready when the session writes what it was made of. */
#ifndef WEFT_CATALOG_TABLE_CACHE_H
#define WEFT_CATALOG_TABLE_CACHE_H

#include "common/mem.h"
#include "engine/plan/logical.h"
#include "engine/plan/pointers.h"

typedef struct weft_cached_table {
    weft_own_memory memory; /* of the entry, with its name */
    weft_own_memory filled; /* of what follows; open when ready */
    weft_ctx ctx;           /* over filled */
    const char *database;   /* NULL: a temporary view */
    const char *name;
    bool compressed; /* by its storage level: only those of memory are not */
    bool ready;
    bool wanted; /* a statement has read it, and it was not ready */
    const weft_table_definition *definition;
    int32_t source_count;
    const char *const *sources; /* [2 * source_count] database and name of the tables that it was made of */
} weft_cached_table;

typedef struct weft_table_cache {
    weft_pointers entries;            /* weft_cached_table *, on the heap */
    const weft_cached_table *filling; /* whose rows are made now: its name means what it means without it */
} weft_table_cache;

/* The entry of a name, in any case; NULL: none. database NULL: a temporary view. */
weft_cached_table *weft_table_cache_find(const weft_table_cache *cache, const char *database,
                                         const char *name);
/* One that is not ready. settings: borrowed for its life. list: ctx of the session. Errors: WEFT_NOMEM. */
WEFT_MUST_CHECK weft_status weft_table_cache_add(weft_ctx *list, weft_table_cache *cache,
                                                 const char *database, const char *name, bool compressed,
                                                 weft_cached_table **out);
/* It is about to be filled: what it had is gone, its ctx is empty. Errors: WEFT_NOMEM. */
WEFT_MUST_CHECK weft_status weft_table_cache_begin(weft_ctx *list, weft_cached_table *entry);
/* The table was written: what was made of it is not ready any more. */
void weft_table_cache_written(weft_table_cache *cache, const char *database, const char *name);
/* Is one wanted? NULL: no. */
weft_cached_table *weft_table_cache_wanted(const weft_table_cache *cache);
/* Without it, and without those that were made of it. */
void weft_table_cache_remove(weft_table_cache *cache, weft_cached_table *entry);
void weft_table_cache_clear(weft_table_cache *cache);

#endif
