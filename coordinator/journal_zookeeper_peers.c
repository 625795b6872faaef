/* coordinator/journal_zookeeper_peers.c - see journal_zookeeper.h: who else there is, and which blobs the
 * records name: what whoever keeps them (blobs.h) asks of a journal. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "coordinator/journal_zookeeper_private.h"

enum { CANDIDATES_MAX = 1000, NUMBER_DIGITS = 10 };

/* ---- candidates ---- */

/* The value of a candidate's node is sealed with its path before the number that ZooKeeper has given it. */
static weft_status read_candidate(weft_ctx *ctx, journal_keeper *k, const char *folder, const char *name,
                                  weft_leader *out, bool *there)
{
    weft_status st = WEFT_OK;
    journal_request *r = NULL;
    uint8_t *open = NULL;
    char path[2 * JOURNAL_PATH_BYTES];
    *there = false;
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    WEFT_TRY(st, weft_journal_ask_surely(ctx, k, JOURNAL_ASK_GET, path, &r));
    if (r->outcome != WEFT_ZOOKEEPER_OK) goto done; /* it has gone meanwhile */
    if (r->bytes < WEFT_SEAL_MORE_BYTES || strlen(name) <= NUMBER_DIGITS)
        WEFT_TRY(st, weft_fail(ctx, WEFT_CORRUPT, "%s is no candidate", path));
    path[strlen(path) - NUMBER_DIGITS] = 0;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, r->bytes, &open));
    WEFT_TRY(st, weft_seal_unlock(ctx, k->seal, path, r->value, r->bytes, open));
    WEFT_TRY(st, weft_leader_decode(ctx, open, r->bytes - WEFT_SEAL_MORE_BYTES, out));
    *there = true;
done:
    weft_journal_request_free(&r);
    return st;
}

static weft_status read_candidates(weft_ctx *ctx, journal_keeper *k, weft_leader **out, int32_t *count)
{
    weft_status st = WEFT_OK;
    journal_request *r = NULL;
    char folder[JOURNAL_PATH_BYTES];
    const int root = (int)(strlen(k->folder) - strlen("/journal"));
    snprintf(folder, sizeof(folder), "%.*s/candidates", root, k->folder);
    /* a server that lags does not know of one that has just come, and may be the only one with a blob */
    WEFT_TRY(st, weft_journal_ask_surely(ctx, k, JOURNAL_ASK_SYNC, folder, &r));
    WEFT_TRY(st, weft_journal_ask_surely(ctx, k, JOURNAL_ASK_CHILDREN, folder, &r));
    const char *name = (const char *)r->value;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, r->child_count + 1, out));
    for (int32_t i = 0; i < r->child_count && i < CANDIDATES_MAX; i++, name += strlen(name) + 1) {
        bool there = false;
        st = read_candidate(ctx, k, folder, name, &(*out)[*count], &there);
        if (st == WEFT_NOT_LEADER || st == WEFT_NOMEM) goto done;
        if (st != WEFT_OK) weft_log_error(WEFT_LOG_WARN, "candidate_not_read", &ctx->error);
        weft_error_clear(ctx);
        st = WEFT_OK;
        *count += there;
    }
done:
    weft_journal_request_free(&r);
    return st;
}

weft_status weft_journal_candidates(weft_ctx *ctx, weft_journal *j, weft_leader **out, int32_t *count)
{
    *count = 0;
    *out = NULL;
    return j->ops == &weft_journal_keeper_ops ? read_candidates(ctx, (journal_keeper *)j, out, count)
                                              : WEFT_OK;
}

/* ---- blobs that records name ---- */

static int compare_ids(const void *a, const void *b)
{
    const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

weft_status weft_journal_blob_ids(weft_ctx *ctx, weft_journal *j, uint64_t **ids, int32_t *count)
{
    weft_status st = WEFT_OK;
    int32_t most = 0;
    *count = 0;
    *ids = NULL;
    if (j->ops != &weft_journal_keeper_ops) return WEFT_OK;
    pthread_mutex_lock(&j->lock);
    const journal_entry *entries = j->index.entries;
    for (int32_t i = 0; i < j->index.count; i++) most += (entries[i].flags & JOURNAL_FLAG_BLOB) != 0;
    st = WEFT_NEW_ARRAY(ctx, most + 1, ids);
    for (int32_t i = 0; i < j->index.count && st == WEFT_OK; i++) {
        const journal_entry *e = &entries[i];
        if (e->state == JOURNAL_LIVE &&
            (e->flags & (JOURNAL_FLAG_BLOB | JOURNAL_FLAG_PARTS)) == JOURNAL_FLAG_BLOB)
            (*ids)[(*count)++] = (uint64_t)e->offset;
    }
    pthread_mutex_unlock(&j->lock);
    if (st == WEFT_OK) qsort(*ids, (size_t)*count, sizeof(**ids), compare_ids);
    return st;
}
