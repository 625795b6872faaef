/* common/mem_private.h - what pool.c, mem.c and arena.c share; for nobody else. */
#ifndef WEFT_COMMON_MEM_PRIVATE_H
#define WEFT_COMMON_MEM_PRIVATE_H

#include "common/mem.h"
#include "common/mem_large.h"

enum { WEFT_MEM_HEADER_BYTES = 64 }; /* before the contents of a block */

/* Count one allocation for weft_mem_fail_after: true when this one must fail. */
bool weft_mem_fault(void);
/* weft_mem_alloc without a ctx: NULL when refused or out of memory. Freed by weft_mem_free. */
void *weft_mem_alloc_raw(weft_account *account, weft_mem_kind kind, size_t bytes);
/* Raise WEFT_NOMEM for `bytes` against account. */
weft_status weft_mem_refuse(weft_ctx *ctx, const weft_account *account, size_t bytes);

/* Charge bytes to the account and its pool; false when the pool's limit for the kind refuses them. */
WEFT_MUST_CHECK bool weft_account_charge(weft_account *account, weft_mem_kind kind, int64_t bytes);
/* Charge without asking. */
void weft_account_force(weft_account *account, weft_mem_kind kind, int64_t bytes);
void weft_account_discharge(weft_account *account, weft_mem_kind kind, int64_t bytes);
/* After a refusal: ask the pool's relief for room. True: it is worth asking again. */
bool weft_account_ask_relief(weft_ctx *ctx, const weft_account *account, int64_t bytes);
/* Count bytes that malloc gave (> 0) or got back (< 0): it keeps what is freed, as the pool does. */
void weft_account_count_small(const weft_account *account, int64_t bytes);
/* The pool's large memory. */
weft_large *weft_account_large(const weft_account *account);
/* Give kept memory back when it and what is in use together pass what the process may have. */
void weft_account_relieve(const weft_account *account);

#endif
