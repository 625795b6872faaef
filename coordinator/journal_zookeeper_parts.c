/* coordinator/journal_zookeeper_parts.c - values that are too large for one node, where there is no other
 * place for them (options.blobs): nodes of JOURNAL_PART_BYTES beside their record, each sealed with its own
 * path, durable before the record that names them.
 *
 * Their names hold the beginning of the value's SHA-256, so that a value that replaces another never touches
 * the other's parts: a crash leaves the old one whole. What a crash leaves of a value that no record names
 * goes with its owner. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "coordinator/journal_zookeeper_private.h"

enum { ID_DIGITS = 16, REMOVED_MOST = JOURNAL_PARTS_BYTES_MOST / JOURNAL_PART_BYTES + 1 };

void weft_journal_part_path(const journal_keeper *k, const weft_journal_record *r, int64_t id, int32_t index,
                            char out[JOURNAL_PATH_BYTES])
{
    weft_journal_record_path(k, r, out);
    const size_t len = strlen(out);
    snprintf(out + len, JOURNAL_PATH_BYTES - len, ".%016llx.%d", (unsigned long long)id, index);
}

int32_t weft_journal_part_count(int64_t value_bytes)
{
    return (int32_t)((value_bytes + JOURNAL_PART_BYTES - 1) / JOURNAL_PART_BYTES);
}

int64_t weft_journal_part_id(const char *name)
{
    char digits[ID_DIGITS + 1];
    snprintf(digits, sizeof(digits), "%s", name);
    return (int64_t)strtoull(digits, NULL, 16);
}

/* ---- storing ---- */

/* There is room for so many bytes, or bytes < 0: they are given back. */
static weft_status charge(weft_ctx *ctx, journal_keeper *k, int64_t bytes)
{
    weft_status st = WEFT_OK;
    pthread_mutex_lock(&k->base.lock);
    const int64_t all = k->parts_bytes + bytes;
    if (bytes > JOURNAL_PARTS_BYTES_MOST || (bytes > 0 && all > JOURNAL_PARTS_BYTES_ALL))
        st = weft_fail(
            ctx, WEFT_LIMIT,
            "a record of %lld bytes is too large for ZooKeeper: one may have %d, all large ones together "
            "%d, and have %lld",
            (long long)bytes, JOURNAL_PARTS_BYTES_MOST, JOURNAL_PARTS_BYTES_ALL, (long long)k->parts_bytes);
    else
        k->parts_bytes = all;
    pthread_mutex_unlock(&k->base.lock);
    return st;
}

static weft_status store_part(weft_ctx *ctx, journal_keeper *k, const weft_journal_record *r, int64_t id,
                              int32_t index, const uint8_t *bytes, size_t len)
{
    weft_status st = WEFT_OK;
    journal_write *w = NULL;
    WEFT_TRY(st, weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, sizeof(*w), (void **)&w));
    weft_journal_owner_path(k, r->job, w->owner);
    weft_journal_part_path(k, r, id, index, w->path);
    w->replaces = true; /* an earlier try may have left it */
    w->sealed_bytes = len + WEFT_SEAL_MORE_BYTES;
    WEFT_TRY(st, weft_mem_alloc(ctx, WEFT_MEM_WORKING, w->sealed_bytes, (void **)&w->sealed));
    WEFT_TRY(st, weft_seal_lock(ctx, k->seal, w->path, bytes, len, w->sealed));
    WEFT_TRY(st, weft_journal_write_send(ctx, k, w));
    st = weft_journal_write_wait(ctx, k, w);
done:
    weft_journal_write_free(w);
    return st;
}

weft_status weft_journal_parts_store(weft_ctx *ctx, journal_keeper *k, const weft_journal_record *r,
                                     const void *value, char name[WEFT_BLOB_NAME_BYTES])
{
    weft_status st = WEFT_OK;
    const size_t bytes = (size_t)r->value_bytes;
    bool is_charged = false;
    WEFT_TRY(st, weft_seal_digest(ctx, k->seal, value, bytes, name));
    WEFT_TRY(st, charge(ctx, k, r->value_bytes));
    is_charged = true;
    for (int32_t i = 0; i < weft_journal_part_count(r->value_bytes); i++) {
        const size_t at = (size_t)i * JOURNAL_PART_BYTES;
        const size_t len = bytes - at < JOURNAL_PART_BYTES ? bytes - at : JOURNAL_PART_BYTES;
        WEFT_TRY(st, store_part(ctx, k, r, weft_journal_part_id(name), i, (const uint8_t *)value + at, len));
    }
done:
    if (st != WEFT_OK && is_charged) (void)charge(ctx, k, -r->value_bytes);
    return st;
}

/* ---- loading ---- */

static weft_status load_part(weft_ctx *ctx, journal_keeper *k, const char *path, uint8_t *out, size_t len)
{
    weft_status st = WEFT_OK;
    journal_request *r = NULL;
    WEFT_TRY(st, weft_journal_ask_surely(ctx, k, JOURNAL_ASK_GET, path, &r));
    if (r->outcome != WEFT_ZOOKEEPER_OK)
        WEFT_TRY(st, weft_fail(ctx, WEFT_NOT_FOUND, "ZooKeeper has no node %s any more", path));
    if (r->bytes != len + WEFT_SEAL_MORE_BYTES)
        WEFT_TRY(st,
                 weft_fail(ctx, WEFT_CORRUPT, "%s has %zu bytes, not the part of a value", path, r->bytes));
    st = weft_seal_unlock(ctx, k->seal, path, r->value, r->bytes, out);
done:
    weft_journal_request_free(&r);
    return st;
}

weft_status weft_journal_parts_load(weft_ctx *ctx, journal_keeper *k, const weft_journal_record *r,
                                    const char *name, size_t bytes, void **value)
{
    weft_status st = WEFT_OK;
    uint8_t *out = NULL;
    char path[JOURNAL_PATH_BYTES], digest[WEFT_BLOB_NAME_BYTES];
    if (bytes > JOURNAL_PARTS_BYTES_MOST)
        return weft_fail(ctx, WEFT_CORRUPT, "a record of %zu bytes cannot be in parts", bytes);
    WEFT_TRY(st, weft_arena_alloc(ctx, ctx->arena, bytes, (void **)&out));
    for (int32_t i = 0; i < weft_journal_part_count((int64_t)bytes); i++) {
        const size_t at = (size_t)i * JOURNAL_PART_BYTES;
        const size_t len = bytes - at < JOURNAL_PART_BYTES ? bytes - at : JOURNAL_PART_BYTES;
        weft_journal_part_path(k, r, weft_journal_part_id(name), i, path);
        WEFT_TRY(st, load_part(ctx, k, path, out + at, len));
    }
    WEFT_TRY(st, weft_seal_digest(ctx, k->seal, out, bytes, digest));
    if (strcmp(digest, name) != 0)
        WEFT_TRY(st, weft_fail(ctx, WEFT_CORRUPT, "the parts of %s are not those of its value", path));
    *value = out;
done:
    return st;
}

/* ---- removing ---- */

void weft_journal_parts_remove(weft_ctx *ctx, journal_keeper *k, const weft_journal_record *r, int64_t id)
{
    weft_status st = WEFT_OK;
    journal_request *asked = NULL;
    char(*paths)[JOURNAL_PATH_BYTES] = NULL;
    weft_zookeeper_op ops[REMOVED_MOST + 1] = {
        {.kind = WEFT_ZOOKEEPER_CHECK, .path = k->epoch, .version = k->epoch_version}};
    const int32_t count = weft_min_i32(weft_journal_part_count(r->value_bytes), REMOVED_MOST);
    (void)charge(ctx, k, -r->value_bytes);
    WEFT_TRY(st, weft_mem_alloc(ctx, WEFT_MEM_WORKING, (size_t)count * sizeof(*paths), (void **)&paths));
    for (int32_t i = 0; i < count; i++) {
        weft_journal_part_path(k, r, id, i, paths[i]);
        ops[1 + i] = (weft_zookeeper_op){
            .kind = WEFT_ZOOKEEPER_REMOVE, .path = paths[i], .version = WEFT_ZOOKEEPER_ANY_VERSION};
    }
    WEFT_TRY(st, weft_journal_ask(ctx, k, JOURNAL_ASK_MULTI, NULL, ops, 1 + count, &asked));
    st = weft_journal_await(ctx, k, asked);
done:
    if (st != WEFT_OK) weft_log_error(WEFT_LOG_WARN, "journal_parts_left", &ctx->error);
    weft_error_clear(ctx);
    weft_journal_request_free(&asked);
    weft_mem_free(paths);
}
