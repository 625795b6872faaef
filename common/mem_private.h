/* common/mem_private.h - what mem.c and arena.c share; for nobody else. */
#ifndef WEFT_COMMON_MEM_PRIVATE_H
#define WEFT_COMMON_MEM_PRIVATE_H

#include "common/mem.h"

/* Count one allocation for weft_mem_fail_after: true when this one must fail. */
bool weft_mem_fault(void);
/* weft_mem_alloc without a ctx: NULL when refused or out of memory. Freed by weft_mem_free. */
void *weft_mem_alloc_raw(weft_account *account, weft_mem_kind kind, size_t bytes);
/* Raise WEFT_NOMEM for `bytes` against account. */
weft_status weft_mem_refuse(weft_ctx *ctx, const weft_account *account, size_t bytes);

#endif
