/* proto/wire_hello.c - who a worker is and what it holds, as bytes (control.h). */
#include <string.h>

#include "common/limits.h"
#include "proto/wire_control.h"

weft_status wire_check_name(weft_ctx *ctx, const char *text, size_t bytes)
{
    size_t len = 0;
    for (; text[len] != '\0'; len++) {
        const unsigned char c = (unsigned char)text[len];
        if (c <= ' ' || c >= 0x7f)
            return weft_fail(ctx, WEFT_CORRUPT, "a name has the character 0x%02x at %zu", c, len);
    }
    if (len < bytes) return WEFT_OK;
    return weft_fail(ctx, WEFT_LIMIT, "a name of %zu characters, more than %zu", len, bytes - 1);
}

/* ---- encoding ---- */

static weft_status put_names(weft_ctx *ctx, const weft_block_name *names, int32_t count,
                             Weft__Wire__HeldBlock ***out, size_t *out_count)
{
    weft_status st = WEFT_OK;
    Weft__Wire__HeldBlock *list = NULL;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, count, &list));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, count, out));
    for (int32_t i = 0; i < count; i++) {
        weft__wire__held_block__init(&list[i]);
        list[i].job = names[i].job;
        list[i].stage = names[i].stage;
        list[i].generation = names[i].generation;
        list[i].partition = names[i].partition;
        list[i].attempt = names[i].attempt;
        (*out)[i] = &list[i];
    }
    *out_count = (size_t)count;
done:
    return st;
}

weft_status wire_put_hello(weft_ctx *ctx, const weft_worker_hello *hello, Weft__Wire__Hello **out)
{
    weft_status st = WEFT_OK;
    Weft__Wire__Hello *m = NULL;
    WEFT_TRY(st, WEFT_NEW(ctx, &m));
    weft__wire__hello__init(m);
    m->uuid_high = hello->uuid.high;
    m->uuid_low = hello->uuid.low;
    m->registration = hello->registration;
    m->epoch = (uint32_t)hello->epoch;
    m->memory_bytes = hello->memory_bytes;
    m->address = wire_text(hello->address);
    m->host_id = wire_text(hello->host_id);
    m->cluster = wire_text(hello->cluster);
    m->release = wire_text(hello->version);
    m->web = wire_text(hello->web);
    WEFT_TRY(st, put_names(ctx, hello->running, hello->running_count, &m->running, &m->n_running));
    WEFT_TRY(st, put_names(ctx, hello->blocks, hello->block_count, &m->blocks, &m->n_blocks));
    m->n_jobs = (size_t)hello->job_count;
    m->jobs = (uint64_t *)(uintptr_t)hello->jobs; /* read only */
    *out = m;
done:
    return st;
}

/* ---- decoding ---- */

static weft_status get_names(weft_ctx *ctx, Weft__Wire__HeldBlock *const *names, size_t count,
                             const weft_block_name *room)
{
    weft_block_name *out = (weft_block_name *)(uintptr_t)room;
    for (size_t i = 0; i < count; i++) {
        const Weft__Wire__HeldBlock *m = names[i];
        if (m->stage < 0 || m->stage >= WEFT_STAGES_MAX || m->generation < 0 || m->partition < 0 ||
            m->attempt < 0)
            return weft_fail(ctx, WEFT_CORRUPT, "a worker has a block of stage %d.%d, task %d, attempt %d",
                             m->stage, m->generation, m->partition, m->attempt);
        out[i] = (weft_block_name){.job = m->job,
                                   .stage = m->stage,
                                   .generation = m->generation,
                                   .partition = m->partition,
                                   .attempt = m->attempt};
    }
    return WEFT_OK;
}

static weft_status get_text(weft_ctx *ctx, const char *text, char *out, size_t bytes)
{
    const weft_status st = wire_check_name(ctx, text, bytes);
    if (st == WEFT_OK) memcpy(out, text, strlen(text) + 1);
    return st;
}

/* It becomes a link on a page. */
static weft_status get_web(weft_ctx *ctx, const char *text, char *out, size_t bytes)
{
    if (text[0] != 0 && strncmp(text, "http://", 7) != 0 && strncmp(text, "https://", 8) != 0)
        return weft_fail(ctx, WEFT_CORRUPT, "a worker is watched at '%.100s'", text);
    return get_text(ctx, text, out, bytes);
}

weft_status wire_get_hello(weft_ctx *ctx, const Weft__Wire__Hello *m, int32_t slots, weft_worker_hello **out)
{
    weft_status st = WEFT_OK;
    weft_worker_hello *h = NULL;
    if (m->n_running > WEFT_HELLO_NAMES_MAX || m->n_blocks > WEFT_HELLO_NAMES_MAX ||
        m->n_jobs > WEFT_HELLO_JOBS_MAX)
        return weft_fail(ctx, WEFT_LIMIT, "a worker has %zu attempts, %zu blocks and %zu jobs", m->n_running,
                         m->n_blocks, m->n_jobs);
    if (m->memory_bytes < 0 || (m->uuid_high == 0 && m->uuid_low == 0))
        return weft_fail(ctx, WEFT_CORRUPT, "a worker of %lld bytes, or without a name",
                         (long long)m->memory_bytes);
    WEFT_TRY(st,
             weft_worker_hello_new(ctx, (int32_t)m->n_running, (int32_t)m->n_blocks, (int32_t)m->n_jobs, &h));
    h->uuid = (weft_uuid){.high = m->uuid_high, .low = m->uuid_low};
    h->registration = m->registration;
    h->epoch = m->epoch;
    h->slots = slots;
    h->memory_bytes = m->memory_bytes;
    WEFT_TRY(st, get_text(ctx, m->address, h->address, sizeof(h->address)));
    WEFT_TRY(st, get_text(ctx, m->host_id, h->host_id, sizeof(h->host_id)));
    WEFT_TRY(st, get_text(ctx, m->cluster, h->cluster, sizeof(h->cluster)));
    WEFT_TRY(st, get_text(ctx, m->release, h->version, sizeof(h->version)));
    WEFT_TRY(st, get_web(ctx, m->web, h->web, sizeof(h->web)));
    WEFT_TRY(st, get_names(ctx, m->running, m->n_running, h->running));
    WEFT_TRY(st, get_names(ctx, m->blocks, m->n_blocks, h->blocks));
    if (m->n_jobs > 0) memcpy((uint64_t *)(uintptr_t)h->jobs, m->jobs, m->n_jobs * sizeof(uint64_t));
    *out = h;
    h = NULL;
done:
    weft_mem_free(h);
    return st;
}
