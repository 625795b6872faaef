/* coordinator/service.c - see service.h: requests as they arrive, and which sessions there are.
 *
 * Nothing here waits: a request changes what a session's thread will find, and wakes it. A session that has
 * ended is joined and freed by the next request that opens one, or at the end. */
#include <stdio.h>
#include <string.h>

#include "common/limits.h"
#include "coordinator/recovery.h"
#include "coordinator/service_private.h"
#include "coordinator/service_upload.h"
#include "proto/envelope.h"

weft_status service_encode(weft_ctx *ctx, const weft_session_reply *reply, weft_net_frame *frames)
{
    weft_status st = WEFT_OK;
    static const weft_envelope envelope = {.kind = WEFT_ENVELOPE_CLIENT};
    uint8_t *head = NULL, *body = NULL;
    size_t head_len = 0, body_len = 0;
    WEFT_TRY(st, weft_envelope_encode(ctx, &envelope, &head, &head_len));
    WEFT_TRY(st, weft_session_reply_encode(ctx, reply, &body, &body_len));
    frames[0] = (weft_net_frame){.bytes = head, .len = head_len};
    frames[1] = (weft_net_frame){.bytes = body, .len = body_len};
done:
    return st;
}

weft_status service_send(weft_ctx *ctx, weft_service *service, weft_net_peer peer,
                         const weft_session_reply *reply)
{
    weft_status st = WEFT_OK;
    weft_net_frame frames[SERVICE_FIXED_FRAMES];
    WEFT_TRY(st, service_encode(ctx, reply, frames));
    WEFT_TRY(st, weft_net_send(ctx, service->options.net, peer, frames, SERVICE_FIXED_FRAMES));
done:
    return st;
}

/* A reply of the network's thread. What cannot be queued is dropped: its client does not read. */
static void answer(weft_service *service, weft_net_peer peer, const weft_session_reply *reply)
{
    if (service_send(&service->ctx, service, peer, reply) != WEFT_OK) weft_error_clear(&service->ctx);
}

static void refuse(weft_service *service, weft_net_peer peer, uint64_t operation_id, const weft_error *error)
{
    const weft_error copy = *error;
    answer(service, peer,
           &(weft_session_reply){.kind = WEFT_REPLY_FAILED, .operation = operation_id, .error = &copy});
}

/* ---- sessions ---- */

weft_status weft_service_new(weft_ctx *ctx, const weft_service_options *options, weft_service **out)
{
    weft_status st = WEFT_OK;
    weft_service *service = NULL;
    *out = NULL;
    WEFT_TRY(st, weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, sizeof(*service), (void **)&service));
    service->options = *options;
    if (service->options.keep_ms <= 0) service->options.keep_ms = SERVICE_KEEP_MS;
    if (service->options.named_keep_ms <= 0) service->options.named_keep_ms = SERVICE_NAMED_KEEP_MS;
    pthread_mutex_init(&service->lock, NULL);
    service->account = weft_account_open(options->pool, "sessions");
    service->arena = service->account == NULL ? NULL : weft_arena_new(service->account);
    if (service->arena == NULL) WEFT_TRY(st, weft_fail(ctx, WEFT_NOMEM, "no memory for sessions of clients"));
    weft_ctx_init(&service->ctx, service->arena, service->account, options->settings);
    WEFT_TRY(st, weft_uuid_new(ctx, &service->incarnation));
    *out = service;
    service = NULL;
done:
    weft_service_stop(&service);
    return st;
}

void service_session_free(client_session *s)
{
    while (s->first != NULL) { /* none has run */
        operation *op = s->first;
        s->first = op->next;
        if (op->job != NULL) weft_recovered_job_leave(op->job);
        service_upload_free(op);
        weft_mem_free(op->text);
        weft_mem_free(op);
    }
    pthread_cond_destroy(&s->work);
    weft_arena_free(&s->arena);
    weft_account_close(&s->account);
    weft_mem_free(s->settings);
    weft_mem_free(s->state);
    weft_mem_free(s);
}

/* Join and free the sessions that have ended. */
static void reap(weft_service *service)
{
    client_session *ended = NULL;
    pthread_mutex_lock(&service->lock);
    for (client_session **at = &service->sessions; *at != NULL && !service->ending;) {
        client_session *s = *at;
        if (!s->ended) {
            at = &s->next;
            continue;
        }
        *at = s->next;
        s->next = ended;
        ended = s;
    }
    pthread_mutex_unlock(&service->lock);
    while (ended != NULL) {
        client_session *s = ended;
        ended = s->next;
        pthread_join(s->thread, NULL); /* it did nothing more after it had said so */
        service_session_free(s);
    }
}

/* Lock held. */
static client_session *session_of_peer(weft_service *service, weft_net_peer peer)
{
    for (client_session *s = service->sessions; s != NULL; s = s->next)
        if (s->peer == peer && !s->closing && !s->ended) return s;
    return NULL;
}

/* Lock held. One that was not joined yet. */
static client_session *session_of_id(weft_service *service, weft_uuid id)
{
    for (client_session *s = service->sessions; s != NULL; s = s->next)
        if (weft_uuid_equal(s->id, id) && !s->ended) return s;
    return NULL;
}

/* Lock held. A session by its name, for the user who opened it; for others it is not there. */
static client_session *session_of_user(weft_service *service, weft_uuid id, const weft_identity *who)
{
    for (client_session *s = service->sessions; s != NULL; s = s->next)
        if (weft_uuid_equal(s->id, id) && !s->closing && !s->ended)
            return s->who.role == who->role && strcmp(s->who.user, who->user) == 0 ? s : NULL;
    return NULL;
}

/* Lock held. The connection is lost: nothing is sent until the client is back. */
static void session_disconnect(client_session *s)
{
    s->peer = 0;
    s->lost_ns = weft_now_ns(&s->service->ctx);
    for (operation *op = s->first; op != NULL; op = op->next) op->attached = false;
}

/* Lock held. */
static void session_close(client_session *s)
{
    session_disconnect(s);
    s->closing = true;
    for (operation *op = s->first; op != NULL; op = op->next) {
        op->released = true;
        service_stop_operation(s, op);
    }
    pthread_cond_signal(&s->work);
}

static weft_status start_thread(weft_ctx *ctx, client_session *s)
{
    pthread_attr_t attributes;
    bool started = pthread_attr_init(&attributes) == 0;
    if (started) { /* plans are walked in it, whatever the shell's limit says */
        started = pthread_attr_setstacksize(&attributes, WEFT_THREAD_STACK_BYTES) == 0 &&
                  pthread_create(&s->thread, &attributes, service_session_main, s) == 0;
        pthread_attr_destroy(&attributes);
    }
    if (started) return WEFT_OK;
    return weft_fail(ctx, WEFT_NOMEM, "the system refuses another thread for a session");
}

static weft_status copy_settings(weft_ctx *ctx, const weft_session_request *r, client_session *s)
{
    weft_status st = WEFT_OK;
    size_t bytes = 0;
    for (int32_t i = 0; i < r->setting_count; i++)
        bytes += strlen(r->settings[i].key) + strlen(r->settings[i].value) + 2;
    WEFT_TRY(st, weft_mem_alloc(ctx, WEFT_MEM_WORKING, bytes, (void **)&s->settings));
    char *at = s->settings;
    for (int32_t i = 0; i < r->setting_count; i++) {
        const size_t key = strlen(r->settings[i].key) + 1, value = strlen(r->settings[i].value) + 1;
        memcpy(at, r->settings[i].key, key);
        memcpy(at + key, r->settings[i].value, value);
        at += key + value;
    }
    s->setting_count = r->setting_count;
done:
    return st;
}

/* ---- clients that come back ---- */

void service_insert(client_session *s, operation *op)
{
    operation **at = &s->first;
    while (*at != NULL && (*at)->id < op->id) at = &(*at)->next;
    op->next = *at;
    *at = op;
    s->operation_count++;
    if (op->id > s->last_id) s->last_id = op->id;
}

/* Lock held. One that is held and not here: it never came, or it came to an earlier coordinator. NULL: it was
 * let go here, or there is no room for it. */
static operation *session_want(client_session *s, const weft_session_held *held)
{
    weft_ctx *ctx = &s->service->ctx;
    operation *op = NULL;
    if (held->operation <= s->last_id && !s->from_before) return NULL;
    if (s->operation_count >= SERVICE_OPERATIONS_MAX) return NULL;
    if (weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, sizeof(*op), (void **)&op) != WEFT_OK) {
        weft_error_clear(ctx);
        return NULL;
    }
    op->id = held->operation;
    op->state = OPERATION_WANTED;
    service_insert(s, op);
    return op;
}

/* Lock held. A client is back: what it holds goes on, what it does not name is let go. lost: the operations
 * that it holds and that are not here, [*lost_count] of room for all that it names. */
static void session_attach(client_session *s, weft_net_peer peer, const weft_session_request *r,
                           uint64_t *lost, int32_t *lost_count)
{
    if (s->peer != 0) session_disconnect(s); /* the new connection came before the end of the old one */
    s->peer = peer;
    s->resumed = true;
    service_named_told(s, &r->submission);
    for (int32_t i = 0; i < r->held_count; i++) {
        const weft_session_held *held = &r->held[i];
        operation *op = s->first;
        while (op != NULL && op->id != held->operation) op = op->next;
        if (op == NULL) op = session_want(s, held);
        if (op == NULL) {
            lost[(*lost_count)++] = held->operation;
            continue;
        }
        op->attached = true;
        op->resume = held->pages;
        op->held = *held;
        op->credit = weft_max_i64(op->credit, held->credit);
    }
    for (operation *op = s->first; op != NULL; op = op->next) {
        if (op->attached) continue;
        op->released = true;
        service_stop_operation(s, op);
    }
    pthread_cond_signal(&s->work);
}

weft_session_reply service_resumed(const client_session *s, uint64_t *again)
{
    weft_session_reply reply = {.kind = WEFT_REPLY_OPENED,
                                .opened = {.session = s->id,
                                           .incarnation = s->service->incarnation,
                                           .release = weft_session_release(),
                                           .resumed = true,
                                           .last_operation = s->last_id,
                                           .session_version = s->version,
                                           .submission = s->submission,
                                           .again = again}};
    for (const operation *op = s->first; op != NULL; op = op->next)
        if (op->state == OPERATION_WANTED && op->attached) again[reply.opened.again_count++] = op->id;
    return reply;
}

static void refuse_lost(weft_service *service, weft_net_peer peer, const uint64_t *lost, int32_t count)
{
    static const weft_error error = {.code = WEFT_RESULT_LOST,
                                     .message = "the coordinator has let the statement's result go"};
    for (int32_t i = 0; i < count; i++) refuse(service, peer, lost[i], &error);
}

/* ---- sessions that begin ---- */

weft_status service_session_new(weft_service *service, const weft_identity *who, weft_uuid id,
                                client_session **out)
{
    weft_status st = WEFT_OK;
    weft_ctx *ctx = &service->ctx;
    client_session *s = NULL;
    pthread_condattr_t monotonic;
    WEFT_TRY(st, weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, sizeof(*s), (void **)&s));
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&s->work, &monotonic);
    pthread_condattr_destroy(&monotonic);
    s->service = service;
    s->who = *who;
    s->id = id;
    if (id.high == 0 && id.low == 0) WEFT_TRY(st, weft_uuid_new(ctx, &s->id));
    s->account = weft_account_open(service->options.pool, "session of a client");
    s->arena = s->account == NULL ? NULL : weft_arena_new(s->account);
    if (s->arena == NULL) WEFT_TRY(st, weft_fail(ctx, WEFT_NOMEM, "no memory for a session"));
    weft_ctx_init(&s->ctx, s->arena, s->account, service->options.settings);
    *out = s;
    s = NULL;
done:
    if (s != NULL) service_session_free(s);
    return st;
}

weft_status service_session_begin(weft_service *service, client_session *s)
{
    weft_status st = WEFT_OK;
    if (service->ending) return weft_fail(&service->ctx, WEFT_UNREACHABLE, "the coordinator ends");
    WEFT_TRY(st, start_thread(&service->ctx, s));
    s->next = service->sessions;
    service->sessions = s;
    service->session_count++;
done:
    return st;
}

/* A client had this session from an earlier coordinator, and nothing was changed in it: it may begin anew, so
 * that the statements keep their names. */
static bool begins_again(weft_service *service, const weft_session_request *r)
{
    bool known = false;
    if ((r->session.high == 0 && r->session.low == 0) || r->session_version != 0) return false;
    pthread_mutex_lock(&service->lock);
    for (const client_session *s = service->sessions; s != NULL; s = s->next)
        known |= weft_uuid_equal(s->id, r->session);
    pthread_mutex_unlock(&service->lock);
    return !known && service_may_begin_again(service, r->session);
}

/* A new session, whose thread answers when it is open. id: zero, but for one with a name. */
static weft_status session_start(weft_service *service, weft_net_peer peer, const weft_session_request *r,
                                 const weft_identity *who, weft_uuid id)
{
    weft_status st = WEFT_OK;
    client_session *s = NULL;
    uint64_t *lost = NULL;
    int32_t lost_count = 0;
    reap(service);
    pthread_mutex_lock(&service->lock);
    const bool full = service->session_count >= service->options.sessions_max;
    pthread_mutex_unlock(&service->lock);
    if (full)
        return weft_fail(&service->ctx, WEFT_LIMIT, "the coordinator has its most of %d sessions",
                         service->options.sessions_max);
    const bool again = begins_again(service, r);
    if (again) id = r->session;
    WEFT_TRY(st, WEFT_NEW_ARRAY(&service->ctx, r->held_count, &lost));
    WEFT_TRY(st, service_session_new(service, who, id, &s));
    WEFT_TRY(st, copy_settings(&service->ctx, r, s));
    if (r->name != NULL) snprintf(s->name, sizeof(s->name), "%s", r->name);
    s->peer = peer;
    s->from_before = again;
    s->instead = !again && (r->session.high != 0 || r->session.low != 0);
    pthread_mutex_lock(&service->lock);
    if (again) session_attach(s, peer, r, lost, &lost_count);
    st = service_session_begin(service, s);
    pthread_mutex_unlock(&service->lock);
    if (st == WEFT_OK) s = NULL;
    refuse_lost(service, peer, lost, lost_count);
done:
    if (s != NULL) service_session_free(s);
    return st;
}

/* ---- requests ---- */

static weft_status on_open(weft_service *service, weft_net_peer peer, const weft_identity *who,
                           const weft_session_request *r)
{
    weft_status st = WEFT_OK;
    uint64_t *lost = NULL, again[SERVICE_OPERATIONS_MAX];
    int32_t lost_count = 0;
    weft_session_reply reply = {0};
    weft_uuid id = {0};
    const bool anew = r->name != NULL && r->session.high == 0 && r->session.low == 0;
    WEFT_TRY(st, WEFT_NEW_ARRAY(&service->ctx, r->held_count, &lost));
    if (r->name != NULL) WEFT_TRY(st, service_name_id(&service->ctx, who, r->name, &id));
    pthread_mutex_lock(&service->lock);
    client_session *s = session_of_peer(service, peer);
    const bool twice = s != NULL;
    if (!twice) st = service_named_check(service, &service->ctx, r, session_of_id(service, id));
    if (s == NULL) s = session_of_user(service, anew ? id : r->session, who);
    if (s != NULL && s->version < r->session_version) s = NULL; /* what stands of it is older */
    if (st != WEFT_OK)
        s = NULL;
    else if (s != NULL && !twice && anew)
        service_named_take_over(s, peer);
    else if (s != NULL && !twice)
        session_attach(s, peer, r, lost, &lost_count);
    const bool opened = s != NULL && s->opened; /* else its thread answers when it is */
    if (opened) reply = service_resumed(s, again);
    pthread_mutex_unlock(&service->lock);
    WEFT_TRY(st, st);
    if (opened)
        answer(service, peer, &reply);
    else if (s == NULL)
        WEFT_TRY(st, session_start(service, peer, r, who, id));
    refuse_lost(service, peer, lost, lost_count);
done:
    return st;
}

/* The text of an EXECUTE from its frames, or the setting of a SET, into a memory block. */
static weft_status take_text(weft_ctx *ctx, const weft_session_request *r, const weft_net_frame *frames,
                             int32_t count, operation *op)
{
    weft_status st = WEFT_OK;
    size_t len = 0, at = 0;
    if (r->kind == WEFT_REQUEST_SET) {
        const weft_session_setting *set = &r->settings[0];
        const size_t key = strlen(set->key) + 1, value = strlen(set->value) + 1;
        WEFT_TRY(st, weft_mem_alloc(ctx, WEFT_MEM_WORKING, key + value, (void **)&op->text));
        memcpy(op->text, set->key, key);
        memcpy(op->text + key, set->value, value);
        op->is_set = true;
        return WEFT_OK;
    }
    for (int32_t i = 0; i < count; i++) len += frames[i].len;
    if ((int64_t)len != r->text_bytes)
        return weft_fail(ctx, WEFT_CORRUPT, "a statement of %lld bytes came with %zu",
                         (long long)r->text_bytes, len);
    WEFT_TRY(st, weft_mem_alloc(ctx, WEFT_MEM_WORKING, len + 1, (void **)&op->text));
    for (int32_t i = 0; i < count; at += frames[i].len, i++)
        if (frames[i].len > 0) memcpy(op->text + at, frames[i].bytes, frames[i].len);
    op->text[len] = 0;
    op->len = len;
done:
    return st;
}

/* Lock held. May this session take one more that it did not ask for? */
static weft_status check_room(weft_ctx *ctx, const client_session *s)
{
    int32_t queued = 0;
    if (s->service->suspended)
        return weft_fail(
            ctx, WEFT_NO_QUORUM,
            "the leading coordinator has lost ZooKeeper, and takes no statement until it is back");
    for (const operation *op = s->first; op != NULL; op = op->next) queued += op->state == OPERATION_QUEUED;
    if (s->operation_count >= SERVICE_OPERATIONS_MAX)
        return weft_fail(ctx, WEFT_LIMIT, "a session has at most %d results that were not read to their end",
                         SERVICE_OPERATIONS_MAX);
    if (queued >= SERVICE_QUEUED_MAX)
        return weft_fail(ctx, WEFT_LIMIT, "%d statements of this session wait already", queued);
    return WEFT_OK;
}

/* Lock held. Take an operation, which is the caller's no more when *op is NULL. One that came before changes
 * nothing; one that is wanted is asked for no more. */
static weft_status session_take(client_session *s, const weft_session_request *r, operation **taken)
{
    weft_status st = WEFT_OK;
    operation *op = *taken, *wanted = s->first;
    while (wanted != NULL && wanted->id != op->id) wanted = wanted->next;
    if (wanted != NULL && wanted->state != OPERATION_WANTED) {
        st = service_named_reclaim(s, wanted, op);
        goto done;
    }
    if (wanted == NULL && op->id <= s->last_id) return WEFT_OK;
    if (wanted == NULL) {
        WEFT_TRY(st, check_room(&s->service->ctx, s));
        op->again =
            service_is_named(s); /* an earlier client, under an earlier leader, may have asked for it */
        op->version = r->session_version;
        service_insert(s, op);
        *taken = NULL;
    } else {
        wanted->text = op->text;
        wanted->upload = op->upload;
        op->upload = NULL;
        wanted->len = op->len;
        wanted->is_set = op->is_set;
        wanted->version = r->session_version;
        wanted->again = s->from_before;
        wanted->credit = weft_max_i64(wanted->credit, op->credit);
        wanted->state = OPERATION_QUEUED;
        op->text = NULL;
    }
done:
    pthread_cond_signal(&s->work);
    return st;
}

/* A statement or a setting. */
static weft_status on_execute(weft_service *service, weft_net_peer peer, const weft_session_request *r,
                              const weft_net_frame *frames, int32_t count)
{
    weft_status st = WEFT_OK;
    weft_ctx *ctx = &service->ctx;
    operation *op = NULL;
    WEFT_TRY(st, weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, sizeof(*op), (void **)&op));
    op->id = r->operation;
    op->state = OPERATION_QUEUED;
    op->credit = r->credit;
    op->attached = true;
    op->resume = -1;
    WEFT_TRY(st, take_text(ctx, r, frames, count, op));
    WEFT_TRY(st, service_upload_take(ctx, r, op));
    op->text_hash = service_text_hash(op);
    pthread_mutex_lock(&service->lock);
    client_session *s = session_of_peer(service, peer);
    const bool leads = service->options.journal == NULL || weft_journal_leads(service->options.journal);
    if (s != NULL)
        st = session_take(s, r, &op);
    else if (leads)
        st = weft_fail(ctx, WEFT_SESSION_NOT_FOUND, "there is no session for this connection");
    else /* it stood still meanwhile, and its sessions are another's now: the client shall look for that one
          */
        weft_net_drop(service->options.net, peer);
    pthread_mutex_unlock(&service->lock);
done:
    if (op != NULL) service_upload_free(op);
    if (op != NULL) weft_mem_free(op->text);
    weft_mem_free(op);
    return st;
}

/* A chunk of a file that a statement names. */
static void on_part(weft_service *service, weft_net_peer peer, const weft_session_request *r,
                    const weft_net_frame *frames, int32_t count)
{
    static const weft_net_frame nothing = {.bytes = ""};
    pthread_mutex_lock(&service->lock);
    client_session *s = session_of_peer(service, peer);
    if (s != NULL) service_upload_part(&service->ctx, s, r, count == 0 ? &nothing : frames);
    pthread_mutex_unlock(&service->lock);
}

/* CREDIT, CANCEL, RELEASE: nothing when the operation is not there any more. */
static void on_operation(weft_service *service, weft_net_peer peer, const weft_session_request *r)
{
    pthread_mutex_lock(&service->lock);
    client_session *s = session_of_peer(service, peer);
    operation *op = s == NULL ? NULL : s->first;
    while (op != NULL && op->id != r->operation) op = op->next;
    if (op != NULL && r->kind == WEFT_REQUEST_CREDIT) op->credit = weft_max_i64(op->credit, r->credit);
    if (op != NULL && r->kind == WEFT_REQUEST_RELEASE) {
        op->released = true;
        service_named_released(s, op, &r->submission);
    }
    if (op != NULL && r->kind != WEFT_REQUEST_CREDIT) service_stop_operation(s, op);
    if (op != NULL) pthread_cond_signal(&s->work);
    pthread_mutex_unlock(&service->lock);
}

static void on_close(weft_service *service, weft_net_peer peer, const weft_session_request *r)
{
    pthread_mutex_lock(&service->lock);
    client_session *s = session_of_peer(service, peer);
    if (s != NULL && service_is_named(s) && r->submission.finished) {
        service_named_told(s, &r->submission);
        s->noted = s->submission.finished = true;
    }
    if (s != NULL) session_close(s);
    pthread_mutex_unlock(&service->lock);
}

static weft_status handle(weft_service *service, weft_net_peer peer, const weft_identity *who,
                          const weft_net_frame *frames, int32_t count, uint64_t *operation_id)
{
    weft_status st = WEFT_OK;
    weft_ctx *ctx = &service->ctx;
    weft_session_request r;
    if (who->role != WEFT_ROLE_CLIENT && who->role != WEFT_ROLE_ANY)
        return weft_fail(ctx, WEFT_INVALID, "the key of a %s opens no session: a client's does",
                         weft_role_name(who->role));
    if (count < 1) return weft_fail(ctx, WEFT_CORRUPT, "a message of a client without a request");
    WEFT_TRY(st, weft_session_request_decode(ctx, frames[0].bytes, frames[0].len, &r));
    *operation_id = r.operation;
    if (count > 1 && r.kind != WEFT_REQUEST_EXECUTE && (r.kind != WEFT_REQUEST_PART || count > 2))
        return weft_fail(ctx, WEFT_CORRUPT, "a request of kind %d with %d frames", (int)r.kind, count);
    switch (r.kind) {
    case WEFT_REQUEST_OPEN: WEFT_TRY(st, on_open(service, peer, who, &r)); break;
    case WEFT_REQUEST_EXECUTE:
    case WEFT_REQUEST_SET: WEFT_TRY(st, on_execute(service, peer, &r, frames + 1, count - 1)); break;
    case WEFT_REQUEST_CREDIT:
    case WEFT_REQUEST_CANCEL:
    case WEFT_REQUEST_RELEASE: on_operation(service, peer, &r); break;
    case WEFT_REQUEST_CLOSE: on_close(service, peer, &r); break;
    case WEFT_REQUEST_PART: on_part(service, peer, &r, frames + 1, count - 1); break;
    case WEFT_REQUEST_PING:
        answer(service, peer, &(weft_session_reply){.kind = WEFT_REPLY_PONG, .number = r.number});
        break;
    }
done:
    return st;
}

void weft_service_message(weft_service *service, weft_net_peer peer, const weft_identity *who,
                          const weft_net_frame *frames, int32_t count)
{
    uint64_t operation_id = 0;
    if (handle(service, peer, who, frames, count, &operation_id) != WEFT_OK) {
        refuse(service, peer, operation_id, &service->ctx.error);
        weft_error_clear(&service->ctx);
    }
    weft_arena_reset(service->arena);
}

void weft_service_gone(weft_service *service, weft_net_peer peer)
{
    pthread_mutex_lock(&service->lock);
    client_session *s = session_of_peer(service, peer);
    if (s != NULL) session_disconnect(s);
    pthread_mutex_unlock(&service->lock);
}

void weft_service_tick(weft_service *service)
{
    const int64_t now_ns = weft_now_ns(&service->ctx);
    pthread_mutex_lock(&service->lock);
    for (client_session *s = service->sessions; s != NULL; s = s->next) {
        const int32_t keep_ms = service_is_named(s) ? service->options.named_keep_ms
                                                    : service->options.keep_ms;
        if (s->peer == 0 && !s->closing && now_ns - s->lost_ns >= (int64_t)keep_ms * 1000000)
            session_close(s);
    }
    pthread_mutex_unlock(&service->lock);
}

void weft_service_suspend(weft_service *service, bool suspended)
{
    pthread_mutex_lock(&service->lock);
    service->suspended = suspended;
    pthread_mutex_unlock(&service->lock);
}

int32_t weft_service_sessions(weft_service *service)
{
    pthread_mutex_lock(&service->lock);
    const int32_t count = service->session_count;
    pthread_mutex_unlock(&service->lock);
    return count;
}

void weft_service_end(weft_service *service)
{
    if (service == NULL) return;
    if (service->options.journal != NULL) weft_coordinator_depose(service->options.coordinator);
    pthread_mutex_lock(&service->lock);
    service->ending = true; /* nobody adds one any more */
    for (client_session *s = service->sessions; s != NULL; s = s->next)
        if (!s->ended) session_close(s);
    while (service->sessions != NULL) {
        client_session *s = service->sessions;
        pthread_mutex_unlock(&service->lock); /* it takes the lock; only this thread joins one now */
        pthread_join(s->thread, NULL);
        pthread_mutex_lock(&service->lock);
        service->sessions = s->next;
        service_session_free(s);
    }
    pthread_mutex_unlock(&service->lock);
}

void weft_service_stop(weft_service **service_p)
{
    weft_service *service = *service_p;
    *service_p = NULL;
    if (service == NULL) return;
    weft_service_end(service);
    weft_arena_free(&service->arena);
    weft_account_close(&service->account);
    pthread_mutex_destroy(&service->lock);
    weft_mem_free(service);
}
