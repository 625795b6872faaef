/* coordinator/journal_zookeeper.c - see journal_zookeeper.h: writing, reading and forgetting.
 *
 * A record is written by one transaction: the epoch's version is checked, the owner's node made when there is
 * none, the record's node made (a SESSION: made or set). What the transaction says is wrong is what the index
 * did not know, and it is put right and sent again: only the check of the epoch is final. */
#include "coordinator/journal_zookeeper.h"

#include <stdio.h>
#include <string.h>

#include "common/log.h"
#include "coordinator/journal_zookeeper_private.h"

enum { WRITE_OPS = 3, FORGET_OPS = 400, FORGET_OWNERS = 100 };

/* ---- names ---- */

static const char *const kind_names[] = {"EPOCH",   "REMOVED", "JOB",     "STAGE",  "ACCEPTED",  "DECISION",
                                         "CARRIED", "END",     "SESSION", "MEMBER", "GENERATION"};
static_assert(sizeof(kind_names) / sizeof(kind_names[0]) == WEFT_JOURNAL_KIND_COUNT, "one name each");

const char *weft_journal_kind_name(weft_journal_kind kind) { return kind_names[kind]; }

weft_journal_kind weft_journal_kind_find(const char *name, size_t len)
{
    for (int32_t i = WEFT_JOURNAL_JOB; i < WEFT_JOURNAL_KIND_COUNT; i++)
        if (strlen(kind_names[i]) == len && memcmp(kind_names[i], name, len) == 0)
            return (weft_journal_kind)i;
    return WEFT_JOURNAL_KIND_COUNT;
}

void weft_journal_owner_path(const journal_keeper *k, weft_uuid job, char out[JOURNAL_PATH_BYTES])
{
    char text[WEFT_UUID_TEXT_BYTES];
    weft_uuid_text(job, text);
    snprintf(out, JOURNAL_PATH_BYTES, "%.180s/%s", k->folder, text);
}

void weft_journal_record_path(const journal_keeper *k, const weft_journal_record *r,
                              char out[JOURNAL_PATH_BYTES])
{
    char text[WEFT_UUID_TEXT_BYTES];
    weft_uuid_text(r->job, text);
    snprintf(out, JOURNAL_PATH_BYTES, "%.180s/%s/%s-%u", k->folder, text, kind_names[r->kind], r->number);
}

static weft_zookeeper_op check_epoch(const journal_keeper *k)
{
    return (weft_zookeeper_op){.kind = WEFT_ZOOKEEPER_CHECK, .path = k->epoch, .version = k->epoch_version};
}

/* Was it the check of the epoch, which stands first? */
static bool is_deposed(const journal_request *r)
{
    return r->failed == 0 &&
           (r->outcome == WEFT_ZOOKEEPER_BAD_VERSION || r->outcome == WEFT_ZOOKEEPER_NO_NODE);
}

/* ---- sealed records ---- */

weft_status weft_journal_unseal(weft_ctx *ctx, const journal_keeper *k, const char *path,
                                const uint8_t *sealed, size_t bytes, uint8_t **plain, journal_draft *draft)
{
    weft_status st = WEFT_OK;
    *plain = NULL;
    if (bytes < WEFT_SEAL_MORE_BYTES + JOURNAL_HEAD || bytes > JOURNAL_SEALED_BYTES)
        return weft_fail(ctx, WEFT_CORRUPT, "%s has %zu bytes, which is no record", path, bytes);
    const size_t len = bytes - WEFT_SEAL_MORE_BYTES;
    WEFT_TRY(st, weft_mem_alloc(ctx, WEFT_MEM_WORKING, len, (void **)plain));
    WEFT_TRY(st, weft_seal_unlock(ctx, k->seal, path, sealed, bytes, *plain));
    if (!weft_journal_decode(*plain, len, draft) || draft->body_bytes + JOURNAL_HEAD != len)
        WEFT_TRY(st, weft_fail(ctx, WEFT_CORRUPT, "%s holds no record", path));
    if (draft->record.kind >= WEFT_JOURNAL_KIND_COUNT)
        st = weft_fail(ctx, WEFT_UNSUPPORTED, "%s was written by a later version", path);
done:
    if (st != WEFT_OK) {
        weft_mem_free(*plain);
        *plain = NULL;
    }
    return st;
}

static weft_status seal_record(weft_ctx *ctx, const journal_keeper *k, const journal_draft *draft,
                               journal_write *w)
{
    weft_status st = WEFT_OK;
    uint8_t *plain = NULL;
    const size_t len = JOURNAL_HEAD + (size_t)draft->body_bytes;
    w->sealed_bytes = len + WEFT_SEAL_MORE_BYTES;
    WEFT_TRY(st, weft_mem_alloc(ctx, WEFT_MEM_WORKING, len, (void **)&plain));
    WEFT_TRY(st, weft_mem_alloc(ctx, WEFT_MEM_WORKING, w->sealed_bytes, (void **)&w->sealed));
    weft_journal_encode(draft, plain);
    st = weft_seal_lock(ctx, k->seal, w->path, plain, len, w->sealed);
done:
    weft_mem_free(plain);
    return st;
}

/* ---- writing ---- */

void weft_journal_write_free(journal_write *w)
{
    if (w == NULL) return;
    weft_journal_request_free(&w->request);
    weft_mem_free(w->sealed);
    weft_mem_free(w);
}

weft_status weft_journal_write_send(weft_ctx *ctx, journal_keeper *k, journal_write *w)
{
    weft_zookeeper_op ops[WRITE_OPS] = {check_epoch(k)};
    int32_t count = 1;
    if (w->with_owner) ops[count++] = (weft_zookeeper_op){.kind = WEFT_ZOOKEEPER_CREATE, .path = w->owner};
    ops[count++] = (weft_zookeeper_op){.kind = w->as_set ? WEFT_ZOOKEEPER_SET : WEFT_ZOOKEEPER_CREATE,
                                       .path = w->path,
                                       .version = WEFT_ZOOKEEPER_ANY_VERSION,
                                       .value = w->sealed,
                                       .bytes = w->sealed_bytes};
    weft_journal_request_free(&w->request);
    return weft_journal_ask(ctx, k, JOURNAL_ASK_MULTI, NULL, ops, count, &w->request);
}

/* A large value goes to its place; its name stands for it. What the blobs do not take goes into parts, as far
 * as these go. */
static weft_status store_large(weft_ctx *ctx, journal_keeper *k, journal_ticket *t)
{
    weft_status st = WEFT_OK;
    char name[WEFT_BLOB_NAME_BYTES];
    const weft_journal_record *r = &t->draft.record;
    static_assert((int)WEFT_BLOB_NAME_BYTES <= (int)JOURNAL_BLOB_NAME, "names of blobs fit");
    bool in_parts = k->blobs == NULL;
    if (!in_parts) {
        st = k->blobs->store(ctx, k->blobs->self, t->draft.body, (size_t)r->value_bytes, name);
        in_parts = st != WEFT_OK && r->value_bytes <= JOURNAL_PARTS_BYTES_MOST;
        if (st != WEFT_OK && !in_parts) return st;
        if (in_parts) weft_log_error(WEFT_LOG_WARN, "blob_kept_in_parts", &ctx->error);
        weft_error_clear(ctx);
    }
    if (in_parts) WEFT_TRY(st, weft_journal_parts_store(ctx, k, r, t->draft.body, name));
    weft_journal_blob_body((uint64_t)r->value_bytes, name, t->blob);
    t->draft.body = t->blob;
    t->draft.body_bytes = sizeof(t->blob);
    t->draft.flags = JOURNAL_FLAG_BLOB | (in_parts ? JOURNAL_FLAG_PARTS : 0);
done:
    return st;
}

static weft_status keeper_begin(weft_ctx *ctx, weft_journal *j, journal_ticket *t)
{
    weft_status st = WEFT_OK;
    journal_keeper *k = (journal_keeper *)j;
    journal_write *w = NULL;
    const weft_journal_record *r = &t->draft.record;
    weft_account *const callers = ctx->memory;
    ctx->memory = j->account;
    if (r->value_bytes > WEFT_JOURNAL_INLINE_BYTES) WEFT_TRY(st, store_large(ctx, k, t));
    WEFT_TRY(st, weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, sizeof(*w), (void **)&w));
    weft_journal_owner_path(k, r->job, w->owner);
    weft_journal_record_path(k, r, w->path);
    pthread_mutex_lock(&j->lock);
    w->with_owner = weft_journal_index_count(&j->index, r->job, JOURNAL_LIVE) == 0;
    w->replaces = t->replaces;
    w->as_set = t->replaces &&
                weft_journal_index_find(&j->index, r->job, r->kind, r->number, JOURNAL_LIVE) >= 0;
    pthread_mutex_unlock(&j->lock);
    WEFT_TRY(st, seal_record(ctx, k, &t->draft, w));
    WEFT_TRY(st, weft_journal_write_send(ctx, k, w));
    t->request = w;
    w = NULL;
done:
    ctx->memory = callers;
    weft_journal_write_free(w);
    return st;
}

/* After an outcome that is not known, or when the node is there: what stands there now? *ours: these very
 * bytes. *there: something. */
static weft_status look_up(weft_ctx *ctx, journal_keeper *k, const journal_write *w, bool *there, bool *ours)
{
    weft_status st = WEFT_OK;
    journal_request *r = NULL;
    *there = *ours = false;
    WEFT_TRY(st, weft_journal_ask_surely(ctx, k, JOURNAL_ASK_SYNC, k->epoch, &r));
    WEFT_TRY(st, weft_journal_ask_surely(ctx, k, JOURNAL_ASK_GET, w->path, &r));
    *there = r->outcome == WEFT_ZOOKEEPER_OK;
    *ours = *there && r->bytes == w->sealed_bytes && memcmp(r->value, w->sealed, r->bytes) == 0;
done:
    weft_journal_request_free(&r);
    return st;
}

/* What one answer means. *again: the transaction was put right, and has to be sent once more. */
static weft_status judge(weft_ctx *ctx, journal_keeper *k, journal_write *w, bool *again)
{
    weft_status st = WEFT_OK;
    const journal_request *r = w->request;
    const bool at_owner = w->with_owner && r->failed == 1;
    bool there = false, ours = false;
    *again = false;
    switch (r->outcome) {
    case WEFT_ZOOKEEPER_OK: return WEFT_OK;
    case WEFT_ZOOKEEPER_UNKNOWN: break;
    case WEFT_ZOOKEEPER_BAD_VERSION:
    case WEFT_ZOOKEEPER_NO_NODE:
        if (is_deposed(r)) return weft_journal_depose(ctx, k, "another coordinator has a higher epoch");
        if (at_owner) return weft_fail(ctx, WEFT_NOT_FOUND, "ZooKeeper has no node %s", k->folder);
        if (w->as_set)
            w->as_set = false;
        else
            w->with_owner = true;
        *again = true;
        return WEFT_OK;
    case WEFT_ZOOKEEPER_EXISTS:
        if (at_owner) w->with_owner = false;
        if (!at_owner && w->replaces) w->as_set = true;
        if (at_owner || w->replaces) *again = true;
        if (*again) return WEFT_OK;
        break;
    case WEFT_ZOOKEEPER_NOT_EMPTY:
    case WEFT_ZOOKEEPER_EXPIRED:
    case WEFT_ZOOKEEPER_REFUSED:
    case WEFT_ZOOKEEPER_INVALID:
    case WEFT_ZOOKEEPER_OUTCOME_COUNT:
        return weft_fail(ctx, WEFT_INTERNAL, "ZooKeeper answers %s to a record at %s",
                         weft_zookeeper_outcome_name(r->outcome), w->path);
    }
    st = look_up(ctx, k, w, &there, &ours);
    if (st != WEFT_OK && st != WEFT_NOT_LEADER) return weft_journal_depose(ctx, k, ctx->error.message);
    WEFT_TRY(st, st); /* who cannot learn what stands may not go on */
    *again = !ours && (!there || w->replaces);
    if (!ours && there && !w->replaces)
        st = weft_fail(ctx, WEFT_EXISTS, "%s is there already, of another writer", w->path);
done:
    return st;
}

weft_status weft_journal_write_wait(weft_ctx *ctx, journal_keeper *k, journal_write *w)
{
    weft_status st = WEFT_OK;
    for (bool again = true; again;) {
        WEFT_TRY(st, weft_journal_await(ctx, k, w->request));
        WEFT_TRY(st, judge(ctx, k, w, &again));
        if (again) WEFT_TRY(st, weft_journal_write_send(ctx, k, w));
    }
done:
    return st;
}

/* What was written stands, in the place of *before, if that had parts: then this answers true. lock held. */
static bool take_place(journal_keeper *k, const journal_ticket *t, journal_entry *before)
{
    journal_index *x = &k->base.index;
    const weft_journal_record *r = &t->draft.record;
    const int32_t old = weft_journal_index_find(x, r->job, r->kind, r->number, JOURNAL_LIVE);
    const bool had_parts = old >= 0 && (x->entries[old].flags & JOURNAL_FLAG_PARTS) != 0;
    journal_entry *e = &x->entries[t->at];
    if (had_parts) *before = x->entries[old];
    e->flags = t->draft.flags;
    e->body_bytes = t->draft.body_bytes;
    if (e->flags & JOURNAL_FLAG_BLOB)
        e->offset = weft_journal_part_id((const char *)t->blob + sizeof(uint64_t));
    const bool are_same = had_parts && (e->flags & JOURNAL_FLAG_PARTS) && e->offset == before->offset;
    if (are_same) k->parts_bytes -= before->shown.value_bytes; /* counted twice, and there once */
    weft_journal_index_commit(x, t->at);
    return had_parts && !are_same;
}

static weft_status keeper_wait(weft_ctx *ctx, weft_journal *j, journal_ticket *t)
{
    weft_status st = WEFT_OK;
    journal_keeper *k = (journal_keeper *)j;
    journal_write *w = t->request;
    journal_entry before;
    weft_account *const callers = ctx->memory;
    ctx->memory = j->account;
    WEFT_TRY(st, weft_journal_write_wait(ctx, k, w));
    pthread_mutex_lock(&j->lock);
    const bool left_parts = take_place(k, t, &before);
    pthread_mutex_unlock(&j->lock);
    if (left_parts) weft_journal_parts_remove(ctx, k, &before.shown, before.offset);
done:
    ctx->memory = callers;
    weft_journal_write_free(w);
    t->request = NULL;
    return st;
}

static weft_status keeper_fence(weft_ctx *ctx, weft_journal *j)
{
    weft_status st = WEFT_OK;
    journal_keeper *k = (journal_keeper *)j;
    journal_request *r = NULL;
    const weft_zookeeper_op check = check_epoch(k);
    do {
        weft_journal_request_free(&r);
        WEFT_TRY(st, weft_journal_ask(ctx, k, JOURNAL_ASK_MULTI, NULL, &check, 1, &r));
        WEFT_TRY(st, weft_journal_await(ctx, k, r));
    } while (r->outcome == WEFT_ZOOKEEPER_UNKNOWN);
    if (r->outcome != WEFT_ZOOKEEPER_OK)
        st = weft_journal_depose(ctx, k, "another coordinator has a higher epoch");
done:
    weft_journal_request_free(&r);
    return st;
}

/* Nine tenths of the lease: clocks do not run alike. */
static bool keeper_leads(weft_journal *j)
{
    const weft_zookeeper *zk = ((journal_keeper *)j)->zk;
    const int64_t tenth_ns = (int64_t)zk->timeout_ms(zk->self) * 100000;
    return j->clock->now_ns(j->clock->self) < zk->lease_until_ns(zk->self) - tenth_ns;
}

/* ---- reading ---- */

/* A value that was kept since it was loaded; it is kept no longer. NULL: none. */
static uint8_t *take_kept(journal_keeper *k, const weft_journal_record *name, bool *there,
                          uint32_t *body_bytes)
{
    weft_journal *j = &k->base;
    uint8_t *kept = NULL;
    pthread_mutex_lock(&j->lock);
    const int32_t at = weft_journal_index_find(&j->index, name->job, name->kind, name->number, JOURNAL_LIVE);
    *there = at >= 0;
    if (*there && j->index.entries[at].value != NULL) {
        kept = j->index.entries[at].value;
        *body_bytes = j->index.entries[at].body_bytes;
        j->index.entries[at].value = NULL;
        k->kept_bytes -= JOURNAL_HEAD + (int64_t)*body_bytes;
    }
    pthread_mutex_unlock(&j->lock);
    return kept;
}

/* The record as it stands in ZooKeeper: *plain, heap. */
static weft_status fetch(weft_ctx *ctx, journal_keeper *k, const weft_journal_record *name, uint8_t **plain,
                         journal_draft *draft)
{
    weft_status st = WEFT_OK;
    journal_request *r = NULL;
    char path[JOURNAL_PATH_BYTES];
    weft_journal_record_path(k, name, path);
    WEFT_TRY(st, weft_journal_ask_surely(ctx, k, JOURNAL_ASK_GET, path, &r));
    if (r->outcome != WEFT_ZOOKEEPER_OK)
        WEFT_TRY(st, weft_fail(ctx, WEFT_NOT_FOUND, "ZooKeeper has no node %s any more", path));
    st = weft_journal_unseal(ctx, k, path, r->value, r->bytes, plain, draft);
done:
    weft_journal_request_free(&r);
    return st;
}

static weft_status read_body(weft_ctx *ctx, journal_keeper *k, const journal_draft *draft, void **value,
                             size_t *bytes)
{
    weft_status st = WEFT_OK;
    char name[JOURNAL_BLOB_NAME];
    int64_t len = 0;
    if (!(draft->flags & JOURNAL_FLAG_BLOB)) {
        *bytes = draft->body_bytes;
        return weft_arena_copy(ctx, ctx->arena, draft->body, draft->body_bytes, (char **)value);
    }
    if (!weft_journal_blob_name(draft->body, draft->body_bytes, name, &len))
        return weft_fail(ctx, WEFT_CORRUPT, "a record of the journal names no blob");
    *bytes = (size_t)len;
    if (draft->flags & JOURNAL_FLAG_PARTS)
        return weft_journal_parts_load(ctx, k, &draft->record, name, (size_t)len, value);
    if (k->blobs == NULL)
        return weft_fail(ctx, WEFT_NOT_FOUND, "there is no place where the large value %s could be", name);
    return k->blobs->load(ctx, k->blobs->self, name, (size_t)len, value);
    return st;
}

static weft_status keeper_read(weft_ctx *ctx, weft_journal *j, const weft_journal_record *name, void **value,
                               size_t *bytes)
{
    weft_status st = WEFT_OK;
    journal_keeper *k = (journal_keeper *)j;
    journal_draft draft;
    bool there = false;
    uint32_t body_bytes = 0;
    uint8_t *plain = take_kept(k, name, &there, &body_bytes);
    if (!there)
        return weft_fail(ctx, WEFT_NOT_FOUND, "the journal has no record %d/%u of this job", (int)name->kind,
                         name->number);
    weft_account *const callers = ctx->memory;
    ctx->memory = j->account;
    if (plain == NULL)
        st = fetch(ctx, k, name, &plain, &draft);
    else if (!weft_journal_decode(plain, JOURNAL_HEAD + (size_t)body_bytes, &draft))
        st = weft_fail(ctx, WEFT_INTERNAL, "a record of the journal was changed in memory");
    ctx->memory = callers;
    if (st == WEFT_OK) st = read_body(ctx, k, &draft, value, bytes);
    weft_mem_free(plain);
    return st;
}

/* ---- forgetting ---- */

/* A transaction that removes nodes. */
typedef struct removal {
    weft_zookeeper_op ops[FORGET_OPS + 2];
    char paths[FORGET_OPS + 2][JOURNAL_PATH_BYTES];
    int32_t count;
} removal;

static void removal_start(const journal_keeper *k, removal *v)
{
    v->ops[0] = check_epoch(k);
    v->count = 1;
}

static void removal_add(removal *v, const char *path)
{
    snprintf(v->paths[v->count], JOURNAL_PATH_BYTES, "%s", path);
    v->ops[v->count] = (weft_zookeeper_op){
        .kind = WEFT_ZOOKEEPER_REMOVE, .path = v->paths[v->count], .version = WEFT_ZOOKEEPER_ANY_VERSION};
    v->count++;
}

/* *done: it is as it should be. Else what stands there is not what was thought. */
static weft_status removal_run(weft_ctx *ctx, journal_keeper *k, const removal *v, bool *done)
{
    weft_status st = WEFT_OK;
    journal_request *r = NULL;
    *done = true;
    if (v->count == 1) return WEFT_OK;
    WEFT_TRY(st, weft_journal_ask(ctx, k, JOURNAL_ASK_MULTI, NULL, v->ops, v->count, &r));
    WEFT_TRY(st, weft_journal_await(ctx, k, r));
    *done = r->outcome == WEFT_ZOOKEEPER_OK;
    if (!*done && is_deposed(r)) st = weft_journal_depose(ctx, k, "another coordinator has a higher epoch");
done:
    weft_journal_request_free(&r);
    return st;
}

/* One owner by what ZooKeeper says that it has: as often as needed. */
static weft_status remove_owner(weft_ctx *ctx, journal_keeper *k, weft_uuid job, removal *v)
{
    weft_status st = WEFT_OK;
    journal_request *r = NULL;
    char owner[JOURNAL_PATH_BYTES], path[JOURNAL_PATH_BYTES];
    weft_journal_owner_path(k, job, owner);
    for (bool gone = false; !gone;) {
        bool done = false;
        WEFT_TRY(st, weft_journal_ask_surely(ctx, k, JOURNAL_ASK_SYNC, k->epoch, &r));
        WEFT_TRY(st, weft_journal_ask_surely(ctx, k, JOURNAL_ASK_CHILDREN, owner, &r));
        if (r->outcome != WEFT_ZOOKEEPER_OK) break; /* NO_NODE */
        removal_start(k, v);
        const char *name = (const char *)r->value;
        for (int32_t i = 0; i < r->child_count && v->count <= FORGET_OPS; i++, name += strlen(name) + 1) {
            snprintf(path, sizeof(path), "%.160s/%.90s", owner, name);
            removal_add(v, path);
        }
        const bool all = v->count - 1 == r->child_count;
        if (all) removal_add(v, owner);
        WEFT_TRY(st, removal_run(ctx, k, v, &done));
        gone = all && done;
    }
done:
    weft_journal_request_free(&r);
    return st;
}

/* The parts of an entry's value, all of which fit. */
static void add_parts(const journal_keeper *k, const journal_entry *e, removal *v)
{
    char path[JOURNAL_PATH_BYTES];
    if (!(e->flags & JOURNAL_FLAG_PARTS)) return;
    for (int32_t i = 0; i < weft_journal_part_count(e->shown.value_bytes); i++) {
        weft_journal_part_path(k, &e->shown, e->offset, i, path);
        removal_add(v, path);
    }
}

/* How many nodes the records of an owner are. lock held. */
static int32_t count_nodes(const journal_index *x, weft_uuid job)
{
    int32_t count = 0;
    for (int32_t i = weft_journal_index_first(x, job); i >= 0; i = x->entries[i].next_of_job) {
        const journal_entry *e = &x->entries[i];
        if (e->state != JOURNAL_LIVE || !weft_uuid_equal(e->shown.job, job)) continue;
        count += 1 + (e->flags & JOURNAL_FLAG_PARTS ? weft_journal_part_count(e->shown.value_bytes) : 0);
    }
    return count;
}

/* Put an owner's records and itself into the transaction; false when they do not fit. lock held. */
static bool add_owner(journal_keeper *k, weft_uuid job, removal *v)
{
    const journal_index *x = &k->base.index;
    char path[JOURNAL_PATH_BYTES];
    if (v->count + count_nodes(x, job) + 1 > FORGET_OPS) return false;
    for (int32_t i = weft_journal_index_first(x, job); i >= 0; i = x->entries[i].next_of_job) {
        if (x->entries[i].state != JOURNAL_LIVE || !weft_uuid_equal(x->entries[i].shown.job, job)) continue;
        weft_journal_record_path(k, &x->entries[i].shown, path);
        removal_add(v, path);
        add_parts(k, &x->entries[i], v);
    }
    weft_journal_owner_path(k, job, path);
    removal_add(v, path);
    return true;
}

/* The bytes of an owner's values in parts. lock held. */
static int64_t parts_of(const journal_index *x, weft_uuid job)
{
    int64_t bytes = 0;
    for (int32_t i = weft_journal_index_first(x, job); i >= 0; i = x->entries[i].next_of_job) {
        const journal_entry *e = &x->entries[i];
        if (e->state == JOURNAL_LIVE && (e->flags & JOURNAL_FLAG_PARTS) && weft_uuid_equal(e->shown.job, job))
            bytes += e->shown.value_bytes;
    }
    return bytes;
}

/* As many owners as go into one transaction, or the first of them alone, however many records it has. */
static weft_status forget_some(weft_ctx *ctx, journal_keeper *k, const weft_uuid *ids, int32_t count,
                               removal *v, int32_t *taken)
{
    weft_status st = WEFT_OK;
    weft_journal *j = &k->base;
    bool done = false, blobs = false;
    *taken = 0;
    removal_start(k, v);
    pthread_mutex_lock(&j->lock);
    while (*taken < count && *taken < FORGET_OWNERS && add_owner(k, ids[*taken], v)) ++*taken;
    pthread_mutex_unlock(&j->lock);
    if (*taken > 0) WEFT_TRY(st, removal_run(ctx, k, v, &done));
    if (*taken == 0) *taken = 1;
    for (int32_t i = 0; i < *taken && !done; i++) WEFT_TRY(st, remove_owner(ctx, k, ids[i], v));
    pthread_mutex_lock(&j->lock);
    for (int32_t i = 0; i < *taken; i++) {
        k->parts_bytes -= parts_of(&j->index, ids[i]);
        weft_journal_index_forget(&j->index, ids[i], &blobs);
    }
    pthread_mutex_unlock(&j->lock);
done:
    return st;
}

static weft_status keeper_forget(weft_ctx *ctx, weft_journal *j, const weft_uuid *ids, int32_t count)
{
    weft_status st = WEFT_OK;
    journal_keeper *k = (journal_keeper *)j;
    removal *v = NULL;
    weft_account *const callers = ctx->memory;
    ctx->memory = j->account;
    WEFT_TRY(st, weft_mem_alloc(ctx, WEFT_MEM_WORKING, sizeof(*v), (void **)&v));
    for (int32_t i = 0, taken = 0; i < count; i += taken)
        WEFT_TRY(st, forget_some(ctx, k, ids + i, count - i, v, &taken));
done:
    ctx->memory = callers;
    weft_mem_free(v);
    return st;
}

/* ---- life ---- */

static void keeper_close(weft_journal *j)
{
    journal_keeper *k = (journal_keeper *)j;
    weft_journal_room_leave(&k->room);
    weft_journal_base_close(j);
    weft_mem_free(k);
}

const journal_kind_ops weft_journal_keeper_ops = {.begin = keeper_begin,
                                                  .wait = keeper_wait,
                                                  .fence = keeper_fence,
                                                  .leads = keeper_leads,
                                                  .read = keeper_read,
                                                  .forget = keeper_forget,
                                                  .close = keeper_close};
