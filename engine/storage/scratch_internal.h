/* engine/storage/scratch_internal.h - what scratch.c and scratch_space.c share. */
#ifndef WEFT_STORAGE_SCRATCH_INTERNAL_H
#define WEFT_STORAGE_SCRATCH_INTERNAL_H

#include "engine/storage/fs_internal.h"

/* A chunk is named by its file's index and its place in the file, in chunks: 1 MiB each, so that a scratch of
 * a few pages costs little, and its disk blocks lie together. */
enum { SCRATCH_CHUNK_BYTES = 1 << 20, SCRATCH_CHUNK_BITS = 28 };

/* The file that bytes of a chunk lie in, and where. */
int weft_space_locate(weft_scratch_space *space, uint32_t chunk, int64_t *offset);
/* A chunk that nobody else has. Errors: WEFT_NOMEM, WEFT_LIMIT, and as weft_scratch_open. */
WEFT_MUST_CHECK weft_status weft_space_take(weft_ctx *ctx, weft_scratch_space *space, uint32_t *chunk);
/* A write to this chunk found no room: go on to the next folder, unless somebody has already. Errors:
 * WEFT_NOSPACE when this was the last. */
WEFT_MUST_CHECK weft_status weft_space_full(weft_ctx *ctx, weft_scratch_space *space, uint32_t chunk);
/* Give chunks back, in ascending order where they were taken so. Cannot fail. */
void weft_space_give(weft_scratch_space *space, const uint32_t *chunks, uint32_t count);
/* Have a file open, if any folder takes one. */
WEFT_MUST_CHECK weft_status weft_space_ready(weft_ctx *ctx, weft_scratch_space *space);
/* Charge its memory to another account: only of a space that nobody shares. */
void weft_space_move(weft_scratch_space *space, weft_account *account);

#endif
