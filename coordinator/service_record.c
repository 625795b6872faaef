/* coordinator/service_record.c - what of a session stands in the journal, and sessions made again from it
 * (docs/failover.md). Without a journal nothing is written, and nothing is made again.
 *
 * SESSION is posted when a session opens, and replaced before the answer of a statement that changed it. What
 * cannot be written is logged, and the session goes on: a later coordinator then has an older version than
 * the client knows of, or none, and says that the session is lost. */
#include <stdio.h>
#include <string.h>

#include "common/log.h"
#include "coordinator/recovery.h"
#include "coordinator/service_private.h"

static weft_journal *journal_of(const weft_service *service) { return service->options.journal; }

/* ---- writing ---- */

static weft_status encode(client_session *s, weft_session *session, uint8_t **bytes, size_t *len)
{
    weft_status st = WEFT_OK;
    weft_session_state state;
    WEFT_TRY(st, weft_session_describe(&s->ctx, session, &state));
    state.role = s->who.role;
    state.user = s->who.user;
    state.name = s->name;
    pthread_mutex_lock(&s->service->lock);
    state.submission = s->submission;
    s->noted = false;
    pthread_mutex_unlock(&s->service->lock);
    WEFT_TRY(st, weft_session_state_encode(&s->ctx, &state, bytes, len));
done:
    return st;
}

/* Once for each reason in a row: a full disk is no news for every statement. */
static void not_recorded(client_session *s)
{
    if (s->record_failure != s->ctx.error.code)
        weft_log_error(WEFT_LOG_WARN, "session_not_recorded", &s->ctx.error);
    s->record_failure = s->ctx.error.code;
    weft_error_clear(&s->ctx);
}

static uint32_t number_of(const client_session *s) { return service_is_named(s) ? SERVICE_RECORD_NAMED : 0; }

weft_status service_record_open(client_session *s, weft_session *session)
{
    weft_status st = WEFT_OK;
    weft_journal *journal = journal_of(s->service);
    uint8_t *bytes = NULL;
    size_t len = 0;
    if (journal == NULL) return WEFT_OK;
    st = encode(s, session, &bytes, &len);
    if (service_is_named(s)) {
        WEFT_TRY(st, st);
        WEFT_TRY(st, weft_journal_replace(&s->ctx, journal, s->id, WEFT_JOURNAL_SESSION, number_of(s), bytes,
                                          len));
        return WEFT_OK;
    }
    if (st == WEFT_OK) st = weft_journal_post(&s->ctx, journal, s->id, WEFT_JOURNAL_SESSION, 0, bytes, len);
    if (st != WEFT_OK) not_recorded(s);
    return WEFT_OK;
done:
    return st;
}

weft_status service_record_find(client_session *s)
{
    weft_status st = WEFT_OK;
    weft_journal *journal = journal_of(s->service);
    weft_journal_record record, end;
    weft_session_state state;
    void *value = NULL;
    size_t len = 0;
    if (!weft_journal_find(journal, s->id, WEFT_JOURNAL_SESSION, SERVICE_RECORD_NAMED, &record))
        return WEFT_OK;
    WEFT_TRY(st, weft_journal_read(&s->ctx, journal, &record, &value, &len));
    WEFT_TRY(st, weft_session_state_decode(&s->ctx, value, len, &state));
    if (!state.submission.finished && weft_journal_find(journal, s->id, WEFT_JOURNAL_END, 0, &end)) {
        st = weft_fail(&s->ctx, WEFT_SESSION_NOT_FOUND,
                       "the session %s ended after %llu statements, as it had no client for too long",
                       s->name, (unsigned long long)state.submission.done);
        weft_hint(&s->ctx, "give another name; what those statements wrote is in place");
        goto done;
    }
    WEFT_TRY(st, weft_mem_alloc(&s->ctx, WEFT_MEM_WORKING, len + 1, (void **)&s->state));
    memcpy(s->state, value, len);
    s->state_len = len;
    pthread_mutex_lock(&s->service->lock);
    s->resumed = true;
    pthread_mutex_unlock(&s->service->lock);
done:
    return st;
}

weft_status service_record_change(client_session *s)
{
    weft_status st = WEFT_OK;
    weft_journal *journal = journal_of(s->service);
    const uint64_t version = weft_session_version(s->session);
    uint8_t *bytes = NULL;
    size_t len = 0;
    pthread_mutex_lock(&s->service->lock);
    const bool noted = s->noted;
    pthread_mutex_unlock(&s->service->lock);
    if (journal == NULL || (version == s->recorded && !noted)) return WEFT_OK;
    st = encode(s, s->session, &bytes, &len);
    if (st == WEFT_OK)
        st = weft_journal_replace(&s->ctx, journal, s->id, WEFT_JOURNAL_SESSION, number_of(s), bytes, len);
    if (st == WEFT_NOT_LEADER) return st;
    if (st == WEFT_OK)
        s->recorded = version;
    else
        not_recorded(s);
    s->record_failure = st;
    return WEFT_OK;
}

void service_record_end(client_session *s)
{
    weft_journal *journal = journal_of(s->service);
    weft_journal_record there; /* a session with a name that was only asked how it ended */
    if (journal == NULL || weft_journal_find(journal, s->id, WEFT_JOURNAL_END, 0, &there)) return;
    if (weft_journal_post(&s->ctx, journal, s->id, WEFT_JOURNAL_END, 0, "", 0) != WEFT_OK) not_recorded(s);
    weft_coordinator_count_end(&s->ctx, s->service->options.coordinator);
}

bool service_may_begin_again(const weft_service *service, weft_uuid id)
{
    weft_journal *journal = journal_of(service);
    weft_journal_record record;
    return journal != NULL && !weft_journal_find(journal, id, WEFT_JOURNAL_END, 0, &record);
}

/* ---- a new coordinator ---- */

/* A statement that an earlier coordinator had begun. */
static weft_status add_job(weft_service *service, client_session *s, weft_recovered_job *job)
{
    weft_status st = WEFT_OK;
    weft_ctx *ctx = &service->ctx;
    operation *op = NULL;
    WEFT_TRY(st, weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, sizeof(*op), (void **)&op));
    WEFT_TRY(st, weft_mem_alloc(ctx, WEFT_MEM_WORKING, job->text_len + 1, (void **)&op->text));
    memcpy(op->text, job->text, job->text_len);
    op->text[job->text_len] = 0;
    op->len = job->text_len;
    op->text_hash = service_text_hash(op);
    op->id = job->name.operation;
    op->job = job;
    op->state = OPERATION_QUEUED;
    op->resume = -1;
    service_insert(s, op);
    op = NULL;
done:
    weft_mem_free(op);
    return st;
}

/* The session of a record, with its statements. *out is NULL when it has ended. */
static weft_status make_session(weft_service *service, weft_journal *journal, const weft_journal_record *r,
                                client_session **out)
{
    weft_status st = WEFT_OK;
    weft_ctx *ctx = &service->ctx;
    weft_session_state state;
    weft_identity who = {0};
    void *value = NULL;
    size_t len = 0;
    client_session *s = NULL;
    *out = NULL;
    if (!service_may_begin_again(service, r->job)) return WEFT_OK;
    WEFT_TRY(st, weft_journal_read(ctx, journal, r, &value, &len));
    WEFT_TRY(st, weft_session_state_decode(ctx, value, len, &state));
    who.role = state.role;
    memcpy(who.user, state.user, strlen(state.user) + 1); /* the decoder has measured it */
    WEFT_TRY(st, service_session_new(service, &who, r->job, &s));
    WEFT_TRY(st, weft_mem_alloc(ctx, WEFT_MEM_WORKING, len + 1, (void **)&s->state));
    if (len > 0) memcpy(s->state, value, len);
    s->state_len = len;
    s->version = state.version;
    s->recorded = state.version;
    s->submission = state.submission;
    if (state.name != NULL) snprintf(s->name, sizeof(s->name), "%s", state.name);
    s->from_before = s->resumed = true;
    s->lost_ns = weft_now_ns(ctx);
    *out = s;
    s = NULL;
done:
    if (s != NULL) service_session_free(s);
    return st;
}

static weft_status recover_session(weft_service *service, weft_journal *journal, const weft_journal_record *r,
                                   const weft_recovery *recovery, bool *taken, int32_t *jobs)
{
    weft_status st = WEFT_OK;
    client_session *s = NULL;
    const int32_t count = recovery == NULL ? 0 : weft_recovery_count(recovery);
    WEFT_TRY(st, make_session(service, journal, r, &s));
    if (s == NULL) goto done;
    for (int32_t i = 0; i < count; i++) {
        weft_recovered_job *job = weft_recovery_job(recovery, i);
        if (taken[i] || !weft_uuid_equal(job->name.session, s->id)) continue;
        WEFT_TRY(st, add_job(service, s, job));
        taken[i] = true;
        ++*jobs;
    }
    pthread_mutex_lock(&service->lock);
    st = service_session_begin(service, s);
    pthread_mutex_unlock(&service->lock);
    if (st == WEFT_OK) s = NULL;
done:
    if (s != NULL) service_session_free(s);
    return st;
}

weft_status weft_service_recover(weft_ctx *ctx, weft_service *service, const weft_recovery *recovery)
{
    weft_status st = WEFT_OK;
    weft_journal *journal = journal_of(service);
    const int32_t job_count = recovery == NULL ? 0 : weft_recovery_count(recovery);
    weft_journal_record *records = NULL;
    bool *taken = NULL;
    int32_t count = 0, jobs = 0;
    if (journal == NULL) return WEFT_OK;
    WEFT_TRY(st, weft_journal_list(ctx, journal, &records, &count));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, job_count, &taken));
    for (int32_t i = 0; i < count; i++) {
        if (records[i].kind != WEFT_JOURNAL_SESSION) continue;
        st = recover_session(service, journal, &records[i], recovery, taken, &jobs);
        /* one that cannot be read is lost to its client; the others go on */
        if (st != WEFT_OK) weft_log_error(WEFT_LOG_ERROR, "session_not_recovered", &service->ctx.error);
        weft_error_clear(&service->ctx);
        weft_arena_reset(service->arena);
    }
    st = WEFT_OK;
    for (int32_t i = 0; i < job_count; i++)
        if (!taken[i]) weft_recovered_job_leave(weft_recovery_job(recovery, i));
    if (weft_service_sessions(service) > 0)
        weft_log(WEFT_LOG_INFO, "sessions_recovered",
                 WEFT_LOG_INT("sessions", weft_service_sessions(service)), WEFT_LOG_INT("jobs", jobs));
done:
    return st;
}
