/* proto/control.c - messages as structs: what they hold, and how it is freed. */
#include "proto/control.h"

#include <string.h>

weft_status weft_block_meta_new(weft_ctx *ctx, int32_t partition_count, int32_t key_count,
                                int32_t sample_count, weft_block_meta **out)
{
    weft_status st = WEFT_OK;
    const size_t sizes = (size_t)partition_count * sizeof(int64_t);
    const size_t keys = (size_t)key_count * sizeof(weft_key_range);
    const size_t samples = (size_t)sample_count * sizeof(weft_sort_sample);
    char *memory = NULL;
    WEFT_TRY(st, weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, sizeof(**out) + 2 * sizes + keys + samples,
                                     (void **)&memory));
    *out = (weft_block_meta *)(void *)memory;
    memory += sizeof(**out);
    **out = (weft_block_meta){.partition_count = partition_count,
                              .key_count = key_count,
                              .rows = (const int64_t *)(void *)memory,
                              .bytes = (const int64_t *)(void *)(memory + sizes),
                              .keys = (const weft_key_range *)(void *)(memory + 2 * sizes),
                              .sample_count = sample_count,
                              .samples = (const weft_sort_sample *)(void *)(memory + 2 * sizes + keys)};
done:
    return st;
}

weft_status weft_worker_hello_new(weft_ctx *ctx, int32_t running_count, int32_t block_count,
                                  int32_t job_count, weft_worker_hello **out)
{
    weft_status st = WEFT_OK;
    const size_t running = (size_t)running_count * sizeof(weft_block_name);
    const size_t blocks = (size_t)block_count * sizeof(weft_block_name);
    const size_t jobs = (size_t)job_count * sizeof(uint64_t);
    char *memory = NULL;
    WEFT_TRY(st, weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, sizeof(**out) + running + blocks + jobs,
                                     (void **)&memory));
    *out = (weft_worker_hello *)(void *)memory;
    memory += sizeof(**out);
    (*out)->running_count = running_count;
    (*out)->block_count = block_count;
    (*out)->job_count = job_count;
    (*out)->running = (const weft_block_name *)(void *)memory;
    (*out)->blocks = (const weft_block_name *)(void *)(memory + running);
    (*out)->jobs = (const uint64_t *)(void *)(memory + running + blocks);
done:
    return st;
}

void weft_to_coordinator_release(weft_to_coordinator *m)
{
    weft_mem_free(m->block);
    weft_mem_free(m->metrics);
    weft_mem_free(m->answer);
    weft_mem_free(m->error);
    weft_mem_free(m->spills);
    weft_mem_free(m->hello);
    m->hello = NULL;
    m->block = NULL;
    m->metrics = NULL;
    m->answer = NULL;
    m->error = NULL;
    m->spills = NULL;
}
