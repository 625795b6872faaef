/* common/mem.h - memory: a process pool with a limit, accounts that say who holds what, heap blocks, arenas.
 *
 * Pool:    one per process; atomic counters; any thread.
 * Account: one per holder (a task, an operator, the block store); a child of the pool, named for messages;
 *          any thread may charge it.
 * Heap:    weft_mem_alloc gives 64-byte aligned blocks that remember their account, so that freeing needs
 * only the pointer. Two kinds: WORKING memory is what a lane needs to move at all (registers, arenas, decode
 *          buffers): it may pass the pool's limit by the fixed headroom that the limit leaves aside. RETAINED
 *          memory is what grows with the data (row pages, tables, blocks): it is refused at the limit, and
 *          the caller then spills or fails. An account may be given a floor: that much it may always retain,
 *          in the headroom if need be, so that what can spill can also work.
 * Arena:   bump allocation in chunks, freed as a whole; one thread.
 *
 * Fault injection: weft_mem_fail_after makes the n-th allocation of the process fail (tests). */
#ifndef WEFT_COMMON_MEM_H
#define WEFT_COMMON_MEM_H

#include "common/ctx.h"

typedef struct weft_pool weft_pool;

typedef enum weft_mem_kind { WEFT_MEM_WORKING, WEFT_MEM_RETAINED } weft_mem_kind;

/* A pool of limit_bytes (> 0; INT64_MAX for none). Caller frees with weft_pool_free once all accounts are
 * closed. NULL when the machine has no memory. */
weft_pool *weft_pool_new(int64_t limit_bytes);
int64_t weft_pool_used_bytes(const weft_pool *pool);
int64_t weft_pool_peak_bytes(const weft_pool *pool);
int64_t weft_pool_limit_bytes(const weft_pool *pool);
/* Bytes that RETAINED allocations may still take before they are refused; may be negative. */
int64_t weft_pool_free_bytes(const weft_pool *pool);
/* Memory of freed blocks that the process keeps for the next ones; not part of the used bytes. It goes back
 * to the kernel when it and the used bytes together pass the limit and the headroom, or by weft_pool_trim
 * (call it when the process has nothing to do: the next large blocks are slower). Any thread. */
int64_t weft_pool_kept_bytes(const weft_pool *pool);
void weft_pool_trim(weft_pool *pool);
void weft_pool_free(weft_pool **pool);

/* What a refused RETAINED allocation asks for help before it fails: give back about `bytes` (blocks that
 * nobody reads go to disk) and return how many it was. Called by any thread, with the ctx of the allocation,
 * whose error it leaves as it is; it may not retain memory. fn NULL: nobody. Set while no other thread
 * allocates. */
typedef int64_t weft_pool_relief(weft_ctx *ctx, void *self, int64_t bytes);
void weft_pool_set_relief(weft_pool *pool, weft_pool_relief *fn, void *self);

/* RETAINED memory stays so much below the limit (at least half of which it may always take): room for the
 * working memory of many tasks, which the headroom alone does not hold. Set while no other thread
 * allocates. */
void weft_pool_set_reserve(weft_pool *pool, int64_t bytes);

/* Open an account; name is copied (cut at 47 bytes). NULL when the machine has no memory. */
weft_account *weft_account_open(weft_pool *pool, const char *name);
weft_pool *weft_account_pool(const weft_account *account);
int64_t weft_account_used_bytes(const weft_account *account);
/* RETAINED memory up to `bytes` is not refused by the limit, only by the end of the headroom. */
void weft_account_set_floor(weft_account *account, int64_t bytes);
/* Close; asserts that everything charged to it was freed. Sets *account NULL; NULL is allowed. */
void weft_account_close(weft_account **account);
/* Write "name 12.3 MiB, name2 ..." of the largest holders into text, for messages. Any thread. */
void weft_pool_describe(const weft_pool *pool, char *text, size_t text_bytes);
/* "512 B", "12.3 MiB": a size for people, into text; returns text. */
const char *weft_bytes_text(int64_t bytes, char *text, size_t text_bytes);

/* Allocate bytes (0 is allowed; contents undefined; 64-byte aligned) charged to ctx->memory. *out is NULL on
 * failure. Errors: WEFT_NOMEM, with who holds what in the message. */
WEFT_MUST_CHECK weft_status weft_mem_alloc(weft_ctx *ctx, weft_mem_kind kind, size_t bytes, void **out);
/* The same, zero-filled. */
WEFT_MUST_CHECK weft_status weft_mem_alloc_zero(weft_ctx *ctx, weft_mem_kind kind, size_t bytes, void **out);
/* A block that stands for held_bytes of memory which somebody else allocates (libzmq, for a message): they
 * are charged with it, from now on. Its contents, `bytes` (less than 4000), zero-filled, are the caller's.
 * release(contents) gives the other memory back when the block is freed, by whichever thread. It is not
 * resized. */
WEFT_MUST_CHECK weft_status weft_mem_alloc_holder(weft_ctx *ctx, weft_mem_kind kind, size_t bytes,
                                                  size_t held_bytes, void (*release)(void *contents),
                                                  void **out);
/* Grow or shrink: contents kept up to the smaller size; *block may be NULL. On failure *block is untouched.
 */
WEFT_MUST_CHECK weft_status weft_mem_resize(weft_ctx *ctx, weft_mem_kind kind, size_t bytes, void **block);
/* The usable size of a block. */
size_t weft_mem_size(const void *block);
/* Charge the block to another account (a task's page becomes a block of the store). Never refused. */
void weft_mem_move(void *block, weft_account *account);
/* Free a block of weft_mem_alloc; NULL is allowed. Any thread. */
void weft_mem_free(void *block);
/* Would retaining `bytes` more be refused now? Used to decide on spilling before growing; no error is raised.
 */
bool weft_mem_would_refuse(const weft_ctx *ctx, int64_t bytes);

/* Make the n-th (1-based) allocation from now on, and only it, fail with WEFT_NOMEM; 0 switches off,
 * INT64_MAX only counts. Allocations are heap blocks, arena pieces, arenas, pools and accounts. Returns the
 * number of allocations since the previous call, counted while it was on. Process-wide; for tests. */
int64_t weft_mem_fail_after(int64_t n);

/* An arena whose chunks are charged to account as WORKING memory. NULL when there is no memory. */
weft_arena *weft_arena_new(weft_account *account);
/* bytes of zeroed memory, 16-byte aligned, that live until the arena is reset or freed. Errors: WEFT_NOMEM.
 */
WEFT_MUST_CHECK weft_status weft_arena_alloc(weft_ctx *ctx, weft_arena *arena, size_t bytes, void **out);
/* Copy of bytes with a zero byte after it. */
WEFT_MUST_CHECK weft_status weft_arena_copy(weft_ctx *ctx, weft_arena *arena, const void *data, size_t bytes,
                                            char **out);
/* printf into the arena. */
WEFT_MUST_CHECK weft_status weft_arena_printf(weft_ctx *ctx, weft_arena *arena, char **out,
                                              const char *format, ...) WEFT_PRINTF(4, 5);
/* Forget everything but keep the first chunk. */
void weft_arena_reset(weft_arena *arena);
void weft_arena_free(weft_arena **arena);

/* A pool with one account and an arena on it: the memory of a process, a connection or a command. */
typedef struct weft_own_memory {
    weft_pool *pool;
    weft_account *account; /* its name is shown in errors */
    weft_arena *arena;
} weft_own_memory;
/* limit_bytes as for weft_pool_new; name is kept by reference. false: there is no memory, and all is NULL. */
bool weft_own_memory_open(weft_own_memory *memory, int64_t limit_bytes, const char *name);
/* Whatever is charged to it must have been freed. All is NULL afterwards; closing that again is allowed. */
void weft_own_memory_close(weft_own_memory *memory);

/* Typed shorthand: WEFT_NEW(ctx, &ptr) zeroed struct in ctx->arena; WEFT_NEW_ARRAY(ctx, n, &ptr), n >= 0. */
#define WEFT_NEW(ctx, out) weft_arena_alloc(ctx, (ctx)->arena, sizeof(**(out)), (void **)(out))
#define WEFT_NEW_ARRAY(ctx, n, out)                                                                          \
    weft_arena_alloc(ctx, (ctx)->arena, (size_t)(n) * sizeof(**(out)), (void **)(out))

#endif
