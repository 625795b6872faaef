/* coordinator/commits.c - see commits.h. */
#include "coordinator/commits.h"

#include <pthread.h>
#include <string.h>
#include <time.h>

#include "common/log.h"
#include "coordinator/coordinator.h"

enum { TRIES = 2 /* of carrying out a decision, at once */, LOOK_MS = 20 };

static const char abort_text[] = "abort\n";

/* A write that is not carried out. */
typedef struct unfinished {
    struct unfinished *next;
    weft_uuid id;
    bool is_busy; /* somebody works on it, or will */
    char output[];
} unfinished;

struct weft_commits {
    weft_journal *journal;
    weft_account *account;
    pthread_mutex_t lock;     /* of the list */
    unfinished *first, *last; /* by their beginning */
};

/* ---- the list of what is not finished; lock held ---- */

static weft_status list_add(weft_ctx *ctx, weft_commits *c, weft_uuid id, const char *output, bool is_busy)
{
    weft_status st = WEFT_OK;
    unfinished *u = NULL;
    const size_t len = strlen(output) + 1;
    weft_account *const callers = ctx->memory;
    ctx->memory = c->account;
    WEFT_TRY(st, weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, sizeof(*u) + len, (void **)&u));
    u->id = id;
    u->is_busy = is_busy;
    memcpy(u->output, output, len);
    *(c->last == NULL ? &c->first : &c->last->next) = u;
    c->last = u;
done:
    ctx->memory = callers;
    return st;
}

static void list_remove(weft_commits *c, weft_uuid id)
{
    unfinished *before = NULL;
    for (unfinished *u = c->first; u != NULL; before = u, u = u->next) {
        if (!weft_uuid_equal(u->id, id)) continue;
        *(before == NULL ? &c->first : &before->next) = u->next;
        if (c->last == u) c->last = before;
        weft_mem_free(u);
        return;
    }
}

/* ---- records ---- */

/* *unknown is set when nobody knows whether the record is there. */
static weft_status create(weft_ctx *ctx, weft_commits *c, weft_uuid id, weft_journal_kind kind,
                          const void *value, size_t bytes, bool *unknown)
{
    const bool was_broken = weft_journal_is_broken(c->journal);
    const weft_status st = weft_journal_create(ctx, c->journal, id, kind, 0, value, bytes);
    *unknown = st == WEFT_NOT_LEADER || (st == WEFT_IO && !was_broken);
    return st;
}

/* One that tells only that something was done: once is enough. */
static weft_status note(weft_ctx *ctx, weft_commits *c, weft_uuid id, weft_journal_kind kind)
{
    const weft_status st = weft_journal_create(ctx, c->journal, id, kind, 0, "", 0);
    if (st != WEFT_EXISTS) return st;
    weft_error_clear(ctx);
    return WEFT_OK;
}

static bool has(const weft_commits *c, weft_uuid id, weft_journal_kind kind)
{
    weft_journal_record r;
    return weft_journal_find(c->journal, id, kind, 0, &r);
}

static weft_status read_value(weft_ctx *ctx, const weft_commits *c, weft_uuid id, weft_journal_kind kind,
                              void **value, size_t *bytes)
{
    weft_journal_record r;
    if (!weft_journal_find(c->journal, id, kind, 0, &r))
        return weft_fail(ctx, WEFT_CORRUPT, "the journal has no record %d of a job", (int)kind);
    return weft_journal_read(ctx, c->journal, &r, value, bytes);
}

/* The decision that stands; *is_abort when it has no manifest. */
static weft_status read_decision(weft_ctx *ctx, const weft_commits *c, weft_uuid id, bool *is_abort,
                                 weft_commit_manifest *out)
{
    weft_status st = WEFT_OK;
    void *value = NULL;
    size_t bytes = 0;
    WEFT_TRY(st, read_value(ctx, c, id, WEFT_JOURNAL_DECISION, &value, &bytes));
    *is_abort = bytes == strlen(abort_text) && memcmp(value, abort_text, bytes) == 0;
    if (!*is_abort) WEFT_TRY(st, weft_commit_decode(ctx, value, (int64_t)bytes, out));
done:
    return st;
}

/* Take the decision, or read the one that stands. manifest: to commit; NULL: to abort. *committed, and then
 * *standing, are what stands. */
static weft_status decide(weft_ctx *ctx, weft_commits *c, weft_uuid id, const weft_commit_manifest *manifest,
                          bool *committed, weft_commit_manifest *standing, bool *unknown)
{
    weft_status st = WEFT_OK;
    char *bytes = NULL;
    int64_t len = (int64_t)strlen(abort_text);
    bool is_abort = manifest == NULL;
    *unknown = false;
    if (manifest != NULL) {
        WEFT_TRY(st, weft_commit_encode(ctx, manifest, &bytes, &len));
        *standing = *manifest;
    }
    st = create(ctx, c, id, WEFT_JOURNAL_DECISION, manifest == NULL ? abort_text : bytes, (size_t)len,
                unknown);
    if (st == WEFT_EXISTS) {
        weft_error_clear(ctx);
        st = read_decision(ctx, c, id, &is_abort, standing);
    }
done:
    *committed = st == WEFT_OK && !is_abort;
    return st;
}

/* ---- carrying out ---- */

static weft_status name_of(weft_ctx *ctx, weft_uuid id, char **name)
{
    char text[WEFT_UUID_TEXT_BYTES];
    weft_uuid_text(id, text);
    return weft_arena_printf(ctx, ctx->arena, name, "job-%s", text);
}

/* A folder that is gone says that its commit is done (storage/commit.h). One in a place that is not there
 * says nothing: a file system may not be mounted. */
static weft_status check_place(weft_ctx *ctx, const char *output)
{
    weft_file_info info;
    const weft_status st = weft_fs_stat(ctx, output, &info);
    if (st == WEFT_NOT_FOUND) weft_hint(ctx, "mount it; or make an empty folder there to have it forgotten");
    return st;
}

static weft_status publish(weft_ctx *ctx, const weft_commit_manifest *manifest)
{
    weft_status st = WEFT_IO;
    for (int32_t i = 0; i < TRIES && st != WEFT_OK; i++) {
        weft_error_clear(ctx);
        st = weft_commit_publish(ctx, manifest);
    }
    return st;
}

/* What was decided. */
static weft_status carry_out(weft_ctx *ctx, weft_commits *c, weft_uuid id, bool committed,
                             const weft_commit_manifest *manifest, const char *output)
{
    weft_status st = WEFT_OK;
    char *name = NULL;
    if (has(c, id, WEFT_JOURNAL_CARRIED)) return WEFT_OK;
    if (committed) {
        WEFT_TRY(st, check_place(ctx, output));
        WEFT_TRY(st, publish(ctx, manifest));
    } else {
        WEFT_TRY(st, name_of(ctx, id, &name));
        WEFT_TRY(st, weft_commit_abort(ctx, output, name));
    }
    WEFT_TRY(st, note(ctx, c, id, WEFT_JOURNAL_CARRIED));
done:
    return st;
}

/* Nobody works on it any more: it is carried out, or somebody else will do so. */
static void leave(weft_commits *c, weft_uuid id, bool carried)
{
    pthread_mutex_lock(&c->lock);
    for (unfinished *u = c->first; u != NULL; u = u->next)
        if (weft_uuid_equal(u->id, id)) u->is_busy = false;
    if (carried) list_remove(c, id);
    pthread_mutex_unlock(&c->lock);
}

/* What has begun is ended whatever the client wants meanwhile. */
typedef struct steadfast {
    const atomic_bool *cancel;
    int64_t deadline_ns;
} steadfast;

static steadfast hold_on(weft_ctx *ctx)
{
    const steadfast before = {ctx->cancel, ctx->deadline_ns};
    ctx->cancel = NULL;
    ctx->deadline_ns = INT64_MAX;
    return before;
}

static void let_go(weft_ctx *ctx, steadfast before)
{
    ctx->cancel = before.cancel;
    ctx->deadline_ns = before.deadline_ns;
}

/* ---- what was left ---- */

/* Bring a write on which nobody works to its end; what nobody will ask for has ended with it. */
static weft_status end_left(weft_ctx *ctx, weft_commits *c, weft_uuid id, const char *output, bool is_last)
{
    weft_commit_manifest manifest = {0};
    bool committed = false, unknown = false;
    const steadfast before = hold_on(ctx);
    weft_status st = decide(ctx, c, id, NULL, &committed, &manifest, &unknown);
    if (st == WEFT_OK && committed && strcmp(manifest.output, output) != 0)
        st = weft_fail(ctx, WEFT_CORRUPT, "the journal has a commit into %s of a write into %s",
                       manifest.output, output);
    if (st == WEFT_OK) st = carry_out(ctx, c, id, committed, &manifest, output);
    if (st == WEFT_OK && is_last) st = note(ctx, c, id, WEFT_JOURNAL_END);
    let_go(ctx, before);
    if (st == WEFT_OK)
        weft_log(WEFT_LOG_INFO, "write_ended", WEFT_LOG_TEXT("output", output),
                 WEFT_LOG_TEXT("decision", committed ? "commit" : "abort"));
    leave(c, id, st == WEFT_OK);
    return st;
}

/* Is one of the two folders the other, or in it? */
static bool folders_meet(const char *a, const char *b)
{
    const size_t a_len = strcmp(a, "/") == 0 ? 0 : strlen(a), b_len = strcmp(b, "/") == 0 ? 0 : strlen(b);
    const size_t least = a_len < b_len ? a_len : b_len;
    if (memcmp(a, b, least) != 0) return false;
    return a_len == b_len || (a_len < b_len ? b : a)[least] == '/';
}

/* The next job that was left, and that has to do with output (NULL: any); behind it a later one is looked
 * for. False: there is none. */
static weft_status take_left(weft_ctx *ctx, weft_commits *c, const char *output, int32_t skip, bool *found,
                             weft_uuid *id, char **place)
{
    weft_status st = WEFT_OK;
    *found = false;
    pthread_mutex_lock(&c->lock);
    for (unfinished *u = c->first; u != NULL && !*found && st == WEFT_OK; u = u->next) {
        if (u->is_busy || (output != NULL && !folders_meet(u->output, output)) || skip-- > 0) continue;
        st = weft_arena_copy(ctx, ctx->arena, u->output, strlen(u->output), place);
        if (st != WEFT_OK) continue;
        u->is_busy = *found = true;
        *id = u->id;
    }
    pthread_mutex_unlock(&c->lock);
    return st;
}

/* What was not decided stays, for who goes on with it. */
static void keep_undecided(weft_commits *c)
{
    pthread_mutex_lock(&c->lock);
    for (unfinished *u = c->first; u != NULL; u = u->next) u->is_busy = !has(c, u->id, WEFT_JOURNAL_DECISION);
    pthread_mutex_unlock(&c->lock);
}

int32_t weft_commits_recover(weft_ctx *ctx, weft_commits *c, bool resumable)
{
    int32_t failed = 0;
    weft_arena *const callers = ctx->arena;
    weft_arena *own = weft_arena_new(c->account); /* the caller's may be as old as the process */
    if (own != NULL) ctx->arena = own;
    if (resumable) keep_undecided(c);
    for (bool found = true; found;) {
        weft_uuid id = {0};
        char *output = NULL;
        weft_status st = take_left(ctx, c, NULL, failed, &found, &id, &output);
        if (st == WEFT_OK && found) st = end_left(ctx, c, id, output, !resumable);
        if (own != NULL) weft_arena_reset(own);
        if (st == WEFT_OK) continue;
        failed++;
        found = true;
        weft_log_error(WEFT_LOG_ERROR, "write_not_ended", &ctx->error);
        weft_error_clear(ctx);
    }
    ctx->arena = callers;
    weft_arena_free(&own);
    return failed;
}

weft_status weft_commits_find(weft_ctx *ctx, weft_commits *c, weft_uuid job, bool *is_decided,
                              bool *is_committed)
{
    weft_status st = WEFT_OK;
    weft_commit_manifest manifest;
    bool is_abort = false;
    *is_committed = false;
    *is_decided = has(c, job, WEFT_JOURNAL_DECISION);
    if (!*is_decided) return WEFT_OK;
    WEFT_TRY(st, read_decision(ctx, c, job, &is_abort, &manifest));
    *is_committed = !is_abort;
done:
    return st;
}

/* Where a job that was left writes; NULL: it was brought to its end. *is_busy: somebody works on it. */
static weft_status find_left(weft_ctx *ctx, weft_commits *c, weft_uuid job, char **output, bool *is_busy)
{
    weft_status st = WEFT_OK;
    *output = NULL;
    *is_busy = false;
    pthread_mutex_lock(&c->lock);
    for (unfinished *u = c->first; u != NULL && *output == NULL && st == WEFT_OK; u = u->next) {
        if (!weft_uuid_equal(u->id, job)) continue;
        st = weft_arena_copy(ctx, ctx->arena, u->output, strlen(u->output), output);
        *is_busy = u->is_busy;
        u->is_busy = true;
    }
    pthread_mutex_unlock(&c->lock);
    return st;
}

weft_status weft_commits_settle(weft_ctx *ctx, weft_commits *c, weft_uuid job)
{
    weft_status st = WEFT_OK;
    const struct timespec pause = {.tv_nsec = LOOK_MS * 1000000};
    char *output = NULL;
    bool is_busy = true;
    for (;;) {
        WEFT_TRY(st, find_left(ctx, c, job, &output, &is_busy));
        if (!is_busy) break;
        WEFT_TRY(st, weft_check_cancel(ctx));
        nanosleep(&pause, NULL); /* another write into the same place ends it first */
    }
    if (output == NULL) goto done;
    st = end_left(ctx, c, job, output, false);
    if (st != WEFT_OK)
        weft_error_prefix(ctx, "the write into %s is committed, but cannot be brought to its end: ", output);
done:
    return st;
}

void weft_commits_give_up(weft_ctx *ctx, weft_commits *c, weft_uuid job)
{
    const weft_error kept = ctx->error;
    char *output = NULL;
    bool is_busy = false; /* it is: nobody else may have begun with what nobody has decided */
    weft_status st = find_left(ctx, c, job, &output, &is_busy);
    if (st == WEFT_OK && output != NULL) st = end_left(ctx, c, job, output, true);
    if (st != WEFT_OK) weft_log_error(WEFT_LOG_ERROR, "write_not_ended", &ctx->error);
    ctx->error = kept;
}

/* ---- a write ---- */

static weft_status clear_way(weft_ctx *ctx, weft_commits *c, const char *output)
{
    weft_status st = WEFT_OK;
    for (bool found = true; found;) {
        weft_uuid id = {0};
        char *place = NULL;
        WEFT_TRY(st, take_left(ctx, c, output, 0, &found, &id, &place));
        if (!found) break;
        st = end_left(ctx, c, id, place, false);
        if (st != WEFT_OK)
            weft_error_prefix(ctx, "an earlier write into %s is decided and cannot be carried out: ", place);
        WEFT_TRY(st, st);
    }
done:
    return st;
}

static weft_status create_job(weft_ctx *ctx, weft_commits *c, const weft_commit_job *job,
                              const weft_job_record *record)
{
    weft_status st = WEFT_OK;
    uint8_t *bytes = NULL;
    size_t len = 0;
    bool unknown = false;
    WEFT_TRY(st, weft_job_record_encode(ctx, record, &bytes, &len));
    pthread_mutex_lock(&c->lock);
    st = list_add(ctx, c, job->id, job->output, true);
    pthread_mutex_unlock(&c->lock);
    WEFT_TRY(st, st);
    st = create(ctx, c, job->id, WEFT_JOURNAL_JOB, bytes, len, &unknown);
    if (st == WEFT_OK) goto done;
    weft_error_prefix(ctx, "cannot begin to write into %s: ", job->output);
    pthread_mutex_lock(&c->lock);
    list_remove(c, job->id); /* nothing was made; what may stand in the journal is found again */
    pthread_mutex_unlock(&c->lock);
done:
    return st;
}

static weft_status new_job(weft_ctx *ctx, const weft_job_record *record, weft_commit_job **out)
{
    weft_status st = WEFT_OK;
    weft_commit_job *job = NULL;
    char *name = NULL;
    WEFT_TRY(st, WEFT_NEW(ctx, &job));
    if (record == NULL) {
        WEFT_TRY(st, weft_uuid_new(ctx, &job->id));
    } else {
        const weft_job_name of = {.session = record->session, .operation = record->operation};
        job->id = weft_job_uuid(&of);
    }
    WEFT_TRY(st, name_of(ctx, job->id, &name));
    job->name = name;
    *out = job;
done:
    return st;
}

/* Make its folder. A leader that stood still before this, so long that another has led since, must not leave
 * the folder of a job that the other has ended. */
static weft_status open_folder(weft_ctx *ctx, weft_commits *c, weft_commit_job *job)
{
    weft_status st = WEFT_OK;
    if (c == NULL) return weft_commit_begin(ctx, job->output, job->name);
    const uint64_t epoch = weft_journal_epoch(c->journal);
    WEFT_TRY(st, weft_commit_claim(ctx, job->output, job->name, epoch));
    if (weft_journal_leads(c->journal)) return WEFT_OK;
    st = weft_journal_fence(ctx, c->journal); /* the lease is short; who leads still goes on */
    if (st != WEFT_NOT_LEADER) goto done;
    const weft_error kept = ctx->error;
    job->settled = true; /* by the other, or it will be */
    if (weft_commit_withdraw(ctx, job->output, job->name, epoch) != WEFT_OK)
        weft_log_error(WEFT_LOG_WARN, "write_not_removed", &ctx->error);
    ctx->error = kept;
done:
    return st;
}

weft_status weft_commits_begin(weft_ctx *ctx, weft_commits *c, const char *output, weft_job_record *record,
                               weft_commit_job **out)
{
    weft_status st = WEFT_OK;
    weft_commit_job *job = NULL;
    WEFT_TRY(st, new_job(ctx, record, &job));
    WEFT_TRY(st, weft_commit_place(ctx, output, &job->output));
    if (c != NULL) {
        record->output = job->output;
        WEFT_TRY(st, clear_way(ctx, c, job->output));
        WEFT_TRY(st, create_job(ctx, c, job, record));
    }
    st = open_folder(ctx, c, job);
    if (st != WEFT_OK && c != NULL) weft_commits_abort(ctx, c, job);
    *out = job;
done:
    return st;
}

weft_status weft_commits_resume(weft_ctx *ctx, weft_commits *c, const weft_job_record *record, bool has_run,
                                weft_commit_job **out)
{
    weft_status st = WEFT_OK;
    weft_commit_job *job = NULL;
    bool there = true;
    WEFT_TRY(st, new_job(ctx, record, &job));
    job->output = record->output;
    if (has_run) WEFT_TRY(st, weft_commit_is_open(ctx, job->output, job->name, &there));
    st = there ? open_folder(ctx, c, job)
               : weft_fail(ctx, WEFT_COMMIT_DENIED, "the write into %s was given up by an earlier leader",
                           job->output);
    if (st != WEFT_OK) weft_commits_abort(ctx, c, job);
    *out = job;
done:
    return st;
}

/* The decision as a file. */
static weft_status commit_by_file(weft_ctx *ctx, weft_commit_job *job, const weft_commit_manifest *manifest)
{
    weft_status st = WEFT_OK;
    bool committed = false;
    WEFT_TRY(st, weft_commit_decide(ctx, job->output, job->name, manifest, &committed));
    if (!committed)
        WEFT_TRY(st, weft_fail(ctx, WEFT_COMMIT_DENIED, "the write into %s was aborted by somebody else",
                               job->output));
    job->settled = true;
    WEFT_TRY(st, publish(ctx, manifest));
done:
    return st;
}

static weft_status commit_by_journal(weft_ctx *ctx, weft_commits *c, weft_commit_job *job,
                                     const weft_commit_manifest *manifest)
{
    weft_status st = WEFT_OK;
    weft_commit_manifest standing = {0};
    bool committed = false, unknown = false;
    st = decide(ctx, c, job->id, manifest, &committed, &standing, &unknown);
    job->settled = committed || unknown;
    if (st == WEFT_OK && !committed)
        st =
            weft_fail(ctx, WEFT_COMMIT_DENIED, "the write into %s was aborted by somebody else", job->output);
    if (st != WEFT_OK && unknown) {
        weft_error_prefix(ctx, "nobody knows whether the write into %s is committed: ", job->output);
        weft_hint(ctx, "start the coordinator again: it sees what stands in its journal, and does it");
    }
    if (committed) {
        st = carry_out(ctx, c, job->id, true, &standing, job->output);
        if (st != WEFT_OK)
            weft_error_prefix(
                ctx, "the write into %s is committed, but was not brought to its end: ", job->output);
    }
    if (job->settled) leave(c, job->id, st == WEFT_OK);
    return st;
}

weft_status weft_commits_commit(weft_ctx *ctx, weft_commits *c, weft_commit_job *job,
                                const weft_commit_manifest *manifest)
{
    weft_status st = WEFT_OK;
    WEFT_TRY(st, weft_check_cancel(ctx));
    const steadfast before = hold_on(ctx);
    st = c == NULL ? commit_by_file(ctx, job, manifest) : commit_by_journal(ctx, c, job, manifest);
    let_go(ctx, before);
done:
    return st;
}

weft_status weft_commits_refuse(weft_ctx *ctx, weft_commits *c, weft_uuid job)
{
    const steadfast before = hold_on(ctx);
    weft_commit_manifest manifest = {0};
    bool committed = false, unknown = false;
    weft_status st = decide(ctx, c, job, NULL, &committed, &manifest, &unknown);
    if (st == WEFT_OK && committed)
        st =
            weft_fail(ctx, WEFT_EXISTS, "an earlier leader has committed the write into %s", manifest.output);
    let_go(ctx, before);
    return st;
}

void weft_commits_abort(weft_ctx *ctx, weft_commits *c, const weft_commit_job *job)
{
    const weft_error kept = ctx->error;
    const steadfast before = hold_on(ctx);
    weft_commit_manifest manifest = {0};
    weft_status st = WEFT_OK;
    bool committed = false, unknown = false;
    if (job->settled) goto done;
    if (c == NULL) {
        st = weft_commit_decide(ctx, job->output, job->name, NULL, &committed);
        if (st == WEFT_OK) st = weft_commit_recover(ctx, job->output, job->name, &committed);
    } else {
        st = decide(ctx, c, job->id, NULL, &committed, &manifest, &unknown);
        if (st == WEFT_OK)
            st = carry_out(ctx, c, job->id, committed, &manifest, job->output);
        else if (!weft_journal_is_broken(c->journal) && /* nobody decides for commit: weft_commits_resume */
                 weft_commit_abort(ctx, job->output, job->name) != WEFT_OK)
            weft_log_error(WEFT_LOG_WARN, "write_not_removed", &ctx->error);
        leave(c, job->id, st == WEFT_OK);
    }
    if (st != WEFT_OK) weft_log_error(WEFT_LOG_WARN, "write_not_aborted", &ctx->error);
done:
    let_go(ctx, before);
    ctx->error = kept;
}

/* ---- life ---- */

static weft_status add_left(weft_ctx *ctx, weft_commits *c, weft_uuid id)
{
    weft_status st = WEFT_OK;
    weft_job_record record;
    void *value = NULL;
    size_t bytes = 0;
    if (has(c, id, WEFT_JOURNAL_CARRIED)) return WEFT_OK;
    if (has(c, id, WEFT_JOURNAL_END) && !has(c, id, WEFT_JOURNAL_DECISION)) return WEFT_OK; /* it only read */
    WEFT_TRY(st, read_value(ctx, c, id, WEFT_JOURNAL_JOB, &value, &bytes));
    WEFT_TRY(st, weft_job_record_decode(ctx, value, bytes, &record));
    if (record.output[0] != 0) WEFT_TRY(st, list_add(ctx, c, id, record.output, false));
done:
    return st;
}

/* In the order of their beginning. */
static weft_status list_left(weft_ctx *ctx, weft_commits *c)
{
    weft_status st = WEFT_OK;
    weft_journal_record *records = NULL;
    int32_t count = 0;
    WEFT_TRY(st, weft_journal_list(ctx, c->journal, &records, &count));
    for (int32_t i = 0; i < count; i++)
        if (records[i].kind == WEFT_JOURNAL_JOB) WEFT_TRY(st, add_left(ctx, c, records[i].job));
done:
    return st;
}

weft_status weft_commits_open(weft_ctx *ctx, weft_journal *journal, weft_commits **out)
{
    weft_status st = WEFT_OK;
    weft_commits *c = NULL;
    *out = NULL;
    WEFT_TRY(st, weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, sizeof(*c), (void **)&c));
    pthread_mutex_init(&c->lock, NULL);
    c->account = ctx->memory;
    c->journal = journal;
    WEFT_TRY(st, list_left(ctx, c));
    *out = c;
    c = NULL;
done:
    weft_commits_close(&c);
    return st;
}

bool weft_commits_is_broken(const weft_commits *c) { return weft_journal_is_broken(c->journal); }

void weft_commits_close(weft_commits **commits)
{
    weft_commits *c = *commits;
    *commits = NULL;
    if (c == NULL) return;
    while (c->first != NULL) list_remove(c, c->first->id);
    pthread_mutex_destroy(&c->lock);
    weft_mem_free(c);
}
