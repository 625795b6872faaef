/* common/mem_large.h - memory for large blocks, kept by the process once it has it; for pool.c and mem.c
 * only.
 *
 * Fresh pages from the kernel cost more than most of what is then done with them, above all on virtual
 * machines. So blocks come from regions of huge pages and go back to them, and mappings of the largest blocks
 * are kept for the next one; a pool near its limit gives back what nobody uses (weft_large_trim). What blocks
 * use and kept_bytes are together never less than what is resident. */
#ifndef WEFT_COMMON_MEM_LARGE_H
#define WEFT_COMMON_MEM_LARGE_H

#include <pthread.h>
#include <stdatomic.h>

#include "common/base.h"

typedef struct large_region large_region;
typedef struct large_mapping large_mapping;

typedef struct weft_large {
    pthread_mutex_t lock;
    large_region *regions;      /* guarded by lock */
    large_mapping *mappings;    /* kept for reuse, newest first; guarded by lock */
    _Atomic int64_t kept_bytes; /* of memory from the kernel that no block uses */
} weft_large;

/* A piece of memory: whole pages, page aligned. */
typedef struct weft_large_block {
    uint8_t *base;
    size_t bytes;
    large_region *region; /* NULL: a mapping of its own */
    bool zero;            /* filled with zero by the kernel */
} weft_large_block;

/* Smaller blocks are malloc's. It cannot give back a page on which one small block is left, so nothing that
 * grows with the data may be that small: the first page of a set of rows, 8 KiB, is not. */
enum { WEFT_LARGE_MIN = 4096 - 64 };

void weft_large_init(weft_large *large);
void weft_large_deinit(weft_large *large); /* asserts that every block was given back */
/* At least bytes. False when the machine has no memory. */
WEFT_MUST_CHECK bool weft_large_take(weft_large *large, size_t bytes, weft_large_block *out);
/* Make the block at least bytes long, or give back what is beyond, contents kept; it may move. False (and
 * nothing changed) when that is not possible without copying: take another one then. */
WEFT_MUST_CHECK bool weft_large_resize(weft_large *large, size_t bytes, weft_large_block *block);
void weft_large_give(weft_large *large, const weft_large_block *block);
/* Give about so many bytes of memory that nobody uses back to the kernel; INT64_MAX: all of it. */
void weft_large_trim(weft_large *large, int64_t bytes);

#endif
