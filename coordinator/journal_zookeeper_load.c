/* coordinator/journal_zookeeper_load.c - opening a journal in ZooKeeper; see journal_zookeeper.h. Questions
 * go out WINDOW at a time; records come into the index in the order of the transactions that wrote them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "coordinator/journal_zookeeper_private.h"

enum { WINDOW = 128, ROOT_BYTES = 160 };

/* A record that was loaded. */
typedef struct loaded {
    weft_journal_record record;
    uint16_t flags;
    uint32_t body_bytes;
    int64_t changed; /* the transaction */
    int64_t part_id; /* of a large value */
    uint8_t *plain;  /* heap; NULL: not kept */
} loaded;

typedef struct loader {
    journal_keeper *k;
    char (*paths)[JOURNAL_PATH_BYTES]; /* of records */
    int32_t path_count, path_capacity;
    loaded *records;
    int32_t record_count;
    int64_t kept_bytes;
} loader;

/* ---- asking much ---- */

typedef weft_status on_answered(weft_ctx *ctx, loader *l, const char *path, journal_request *r);

static weft_status ask_window(weft_ctx *ctx, loader *l, journal_question question,
                              char (*paths)[JOURNAL_PATH_BYTES], int32_t count, on_answered *fn)
{
    weft_status st = WEFT_OK;
    journal_request *asked[WINDOW] = {NULL};
    for (int32_t i = 0; i < count; i++)
        WEFT_TRY(st, weft_journal_ask(ctx, l->k, question, paths[i], NULL, 0, &asked[i]));
    for (int32_t i = 0; i < count; i++) {
        WEFT_TRY(st, weft_journal_await(ctx, l->k, asked[i]));
        if (asked[i]->outcome == WEFT_ZOOKEEPER_UNKNOWN)
            WEFT_TRY(st, weft_journal_ask_surely(ctx, l->k, question, paths[i], &asked[i]));
        WEFT_TRY(st, fn(ctx, l, paths[i], asked[i]));
        weft_journal_request_free(&asked[i]);
    }
done:
    for (int32_t i = 0; i < count; i++) weft_journal_request_free(&asked[i]);
    return st;
}

static weft_status ask_all(weft_ctx *ctx, loader *l, journal_question question,
                           char (*paths)[JOURNAL_PATH_BYTES], int32_t count, on_answered *fn)
{
    weft_status st = WEFT_OK;
    for (int32_t i = 0; i < count; i += WINDOW)
        WEFT_TRY(st, ask_window(ctx, l, question, paths + i, weft_min_i32(WINDOW, count - i), fn));
done:
    return st;
}

/* ---- what is there ---- */

static weft_status add_path(weft_ctx *ctx, loader *l, const char *folder, const char *name)
{
    weft_status st = WEFT_OK;
    if (l->path_count >= WEFT_JOURNAL_RECORDS_MAX)
        return weft_fail(ctx, WEFT_LIMIT, "%s holds more than %d records", l->k->folder,
                         WEFT_JOURNAL_RECORDS_MAX);
    if (l->path_count == l->path_capacity) {
        const int32_t capacity = l->path_capacity == 0 ? 256 : 2 * l->path_capacity;
        WEFT_TRY(st, weft_mem_resize(ctx, WEFT_MEM_WORKING, (size_t)capacity * sizeof(*l->paths),
                                     (void **)&l->paths));
        l->path_capacity = capacity;
    }
    const int len = snprintf(l->paths[l->path_count], JOURNAL_PATH_BYTES, "%s/%s", folder, name);
    if (len >= JOURNAL_PATH_BYTES)
        return weft_fail(ctx, WEFT_CORRUPT, "%s has a node that is none of a journal: %.100s", folder, name);
    l->path_count++;
done:
    return st;
}

/* Parts of large values have a '.' in their names: they are read when their record is. */
static weft_status on_names(weft_ctx *ctx, loader *l, const char *path, journal_request *r)
{
    weft_status st = WEFT_OK;
    const char *name = (const char *)r->value;
    for (int32_t i = 0; i < r->child_count; i++, name += strlen(name) + 1)
        if (strchr(name, '.') == NULL) WEFT_TRY(st, add_path(ctx, l, path, name));
done:
    return st;
}

/* Is this record the one that its path names? */
static bool is_of_path(const journal_keeper *k, const weft_journal_record *r, const char *path)
{
    char expected[JOURNAL_PATH_BYTES];
    if (r->kind < WEFT_JOURNAL_JOB) return false;
    weft_journal_record_path(k, r, expected);
    return strcmp(path, expected) == 0;
}

static weft_status on_record(weft_ctx *ctx, loader *l, const char *path, journal_request *r)
{
    weft_status st = WEFT_OK;
    journal_draft draft;
    uint8_t *plain = NULL;
    char name[JOURNAL_BLOB_NAME];
    if (r->outcome != WEFT_ZOOKEEPER_OK) return WEFT_OK; /* it was removed meanwhile: by one before us */
    WEFT_TRY(st, weft_journal_unseal(ctx, l->k, path, r->value, r->bytes, &plain, &draft));
    if (!is_of_path(l->k, &draft.record, path))
        WEFT_TRY(st, weft_fail(ctx, WEFT_CORRUPT, "%s holds a record of another name", path));
    loaded *out = &l->records[l->record_count];
    *out = (loaded){.record = draft.record,
                    .flags = draft.flags,
                    .body_bytes = draft.body_bytes,
                    .changed = r->stat.changed};
    if ((draft.flags & JOURNAL_FLAG_BLOB) &&
        !weft_journal_blob_name(draft.body, draft.body_bytes, name, &out->record.value_bytes))
        WEFT_TRY(st, weft_fail(ctx, WEFT_CORRUPT, "%s names no large value", path));
    if (draft.flags & JOURNAL_FLAG_BLOB) out->part_id = weft_journal_part_id(name);
    l->record_count++;
    const int64_t bytes = JOURNAL_HEAD + (int64_t)draft.body_bytes;
    if (l->kept_bytes + bytes > JOURNAL_KEPT_BYTES) goto done;
    l->kept_bytes += bytes;
    out->plain = plain;
    plain = NULL;
done:
    weft_mem_free(plain);
    return st;
}

static int compare_loaded(const void *a, const void *b)
{
    const loaded *x = a, *y = b;
    return x->changed < y->changed ? -1 : x->changed > y->changed;
}

static weft_status index_loaded(weft_ctx *ctx, loader *l)
{
    weft_status st = WEFT_OK;
    weft_journal *j = &l->k->base;
    if (l->record_count > 0) qsort(l->records, (size_t)l->record_count, sizeof(*l->records), compare_loaded);
    for (int32_t i = 0; i < l->record_count; i++) {
        loaded *r = &l->records[i];
        int32_t at = -1;
        if (r->record.epoch > j->epoch)
            WEFT_TRY(st, weft_fail(ctx, WEFT_NOT_LEADER, "epoch %llu has written already, and ours is %llu",
                                   (unsigned long long)r->record.epoch, (unsigned long long)j->epoch));
        WEFT_TRY(st, weft_journal_index_add(ctx, &j->index, &r->record, JOURNAL_PENDING, &at));
        j->index.entries[at].flags = r->flags;
        j->index.entries[at].body_bytes = r->body_bytes;
        j->index.entries[at].value = r->plain;
        j->index.entries[at].offset = r->part_id;
        if (r->flags & JOURNAL_FLAG_PARTS) l->k->parts_bytes += r->record.value_bytes;
        r->plain = NULL;
        weft_journal_index_commit(&j->index, at);
    }
    l->k->kept_bytes = l->kept_bytes;
done:
    return st;
}

static weft_status load(weft_ctx *ctx, journal_keeper *k)
{
    weft_status st = WEFT_OK;
    loader owners = {.k = k}, records = {.k = k};
    journal_request *r = NULL;
    WEFT_TRY(st, weft_journal_ask_surely(ctx, k, JOURNAL_ASK_CREATE, k->folder, &r));
    if (r->outcome != WEFT_ZOOKEEPER_OK && r->outcome != WEFT_ZOOKEEPER_EXISTS)
        WEFT_TRY(st, weft_fail(ctx, WEFT_NOT_FOUND, "cannot make %s in ZooKeeper: %s", k->folder,
                               weft_zookeeper_outcome_name(r->outcome)));
    WEFT_TRY(st, weft_journal_ask_surely(ctx, k, JOURNAL_ASK_SYNC, k->epoch, &r));
    WEFT_TRY(st, weft_journal_ask_surely(ctx, k, JOURNAL_ASK_CHILDREN, k->folder, &r));
    WEFT_TRY(st, on_names(ctx, &owners, k->folder, r));
    WEFT_TRY(st, ask_all(ctx, &records, JOURNAL_ASK_CHILDREN, owners.paths, owners.path_count, on_names));
    WEFT_TRY(st, weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, (size_t)records.path_count * sizeof(loaded),
                                     (void **)&records.records));
    WEFT_TRY(st, ask_all(ctx, &records, JOURNAL_ASK_GET, records.paths, records.path_count, on_record));
    st = index_loaded(ctx, &records);
done:
    for (int32_t i = 0; i < records.record_count; i++) weft_mem_free(records.records[i].plain);
    weft_mem_free(records.records);
    weft_mem_free(records.paths);
    weft_mem_free(owners.paths);
    weft_journal_request_free(&r);
    return st;
}

/* ---- life ---- */

weft_status weft_journal_open_zookeeper(weft_ctx *ctx, const weft_journal_zookeeper_options *options,
                                        weft_journal **out)
{
    weft_status st = WEFT_OK;
    journal_keeper *k = NULL;
    weft_journal *j = NULL;
    *out = NULL;
    if (strlen(options->root) > ROOT_BYTES)
        return weft_fail(ctx, WEFT_INVALID, "the place in ZooKeeper has a name of more than %d bytes: %s",
                         ROOT_BYTES, options->root);
    WEFT_TRY(st, weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, sizeof(*k), (void **)&k));
    j = &k->base;
    j->ops = &weft_journal_keeper_ops;
    j->epoch = options->epoch;
    j->term = options->term;
    k->zk = options->zookeeper;
    k->seal = options->seal;
    k->blobs = options->blobs;
    k->epoch_version = options->epoch_version;
    snprintf(k->epoch, sizeof(k->epoch), "%s/epoch", options->root);
    snprintf(k->folder, sizeof(k->folder), "%s/journal", options->root);
    WEFT_TRY(st, weft_journal_base_open(ctx, j, &weft_journal_keeper_ops));
    WEFT_TRY(st, weft_journal_room_new(ctx, &k->room));
    WEFT_TRY(st, weft_journal_fence(ctx, j)); /* nobody before us writes any more, or we are none */
    WEFT_TRY(st, load(ctx, k));
    WEFT_TRY(st, weft_journal_thread_start(ctx, j));
    *out = j;
    j = NULL;
done:
    weft_journal_close(&j);
    return st;
}
