/* client/remote_link.c - the connection of a remote session: addresses, opening, what arrives.
 *
 * Coming back. A leader that is lost is lost to all its clients in the same moment, and the next one has to
 * live through their return. So each waits a little before its first try, tries one address at a time, and
 * pauses after each round of them for a part of the time that has passed since the link broke, by chance. The
 * return of many is spread over as long as their leader was away, and nobody comes later than one and a
 * half times that. A link that breaks again soon after it was opened counts as broken for a little longer;
 * not for all of its trouble, since leaders may be lost one after the other, and each next one is as quick.
 *
 * A name is resolved anew for each try. A connection is open when the coordinator has answered OPEN; who
 * accepts a connection and does not answer is given up after a while, so that a port of something else is an
 * error and not a wait. */
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "client/remote_private.h"
#include "common/hash.h"
#include "common/random.h"
#include "proto/envelope.h"

enum {
    MS = 1000 * 1000,
    SECOND_NS = 1000 * 1000 * 1000,
    ANSWER_MS = 3500,           /* one address; a list has 5 s in all */
    ANSWER_MOST_MS = 15 * 1000, /* of a coordinator to which many come at once; whoever came in vain asks for
                                  no more of its time than before */
    FIRST_PAUSE_MS = 50,        /* at most, before the first try */
    PAUSE_MS = 100,             /* at least, after all addresses were tried, to twice that */
    PAUSE_OPENING_MS = 500,     /* at most, when somebody waits for the program to begin */
    PAUSE_MOST_MS = 4000,       /* a thousand that wait so take a few hundredths of a core */
    STANDS_MS = 1000,           /* a session that stood so long was really opened */
    CARRIED_MS = 500,           /* of one that did not, at most so much counts of what was before */
    LEADER_MS = 30 * 1000,      /* coordinators without a leader have one in less, or none for long */
    IN_USE_MS = 40 * 1000,      /* a machine that is gone is missed in less */
    SILENCE_MS = 30 * 1000,     /* a coordinator that was stopped for less is still there … */
    SILENCE_OF_MANY_MS = 8000,  /* … but who has other addresses looks whether another one leads */
    QUEUE_BYTES = 128 << 20,    /* a statement's text may have 64 MiB */
    MESSAGE_BYTES = 256 << 20,  /* a frame: the 32nd part of a page with one huge row */
    FRAMES = WEFT_NET_FRAMES_MAX,
    NAMES_MAX = 8 /* addresses of one name that are tried */
};

const char *remote_name(const weft_remote *r) { return r->addresses[r->address]; }

void remote_wake(weft_remote *r)
{
    int posted = 0;
    if (sem_getvalue(&r->news, &posted) != 0 || posted <= 0) sem_post(&r->news);
}

void remote_wait(weft_remote *r, int64_t until_ns)
{
    const struct timespec until = {.tv_sec = until_ns / SECOND_NS, .tv_nsec = until_ns % SECOND_NS};
    pthread_mutex_unlock(&r->lock);
    sem_clockwait(&r->news, CLOCK_MONOTONIC, &until);
    pthread_mutex_lock(&r->lock);
}

/* ---- sending ---- */

weft_status remote_send(weft_ctx *ctx, weft_remote *r, const weft_session_request *request, const char *text,
                        size_t len)
{
    weft_status st = WEFT_OK;
    static const weft_envelope envelope = {.kind = WEFT_ENVELOPE_CLIENT};
    weft_net_frame frames[FRAMES];
    uint8_t *head = NULL, *body = NULL;
    int32_t count = 2;
    weft_arena *const callers = ctx->arena;
    pthread_mutex_lock(&r->lock);
    const weft_net_peer peer = r->peer;
    pthread_mutex_unlock(&r->lock);
    ctx->arena = r->send_arena;
    WEFT_TRY(st, weft_envelope_encode(ctx, &envelope, &head, &frames[0].len));
    WEFT_TRY(st, weft_session_request_encode(ctx, request, &body, &frames[1].len));
    frames[0] = (weft_net_frame){.bytes = head, .len = frames[0].len};
    frames[1] = (weft_net_frame){.bytes = body, .len = frames[1].len};
    for (size_t at = 0; at < len; at += WEFT_SESSION_FRAME_BYTES)
        frames[count++] = (weft_net_frame){
            .bytes = text + at, .len = (size_t)weft_min_i64((int64_t)(len - at), WEFT_SESSION_FRAME_BYTES)};
    WEFT_TRY(st, weft_net_send(ctx, r->net, peer, frames, count));
done:
    ctx->arena = callers;
    weft_arena_reset(r->send_arena);
    return st;
}

weft_status remote_ask(weft_remote *r, const remote_operation *op)
{
    pthread_mutex_lock(&r->lock);
    weft_session_request request = {.kind = op->is_set ? WEFT_REQUEST_SET : WEFT_REQUEST_EXECUTE,
                                    .operation = op->id,
                                    .setting_count = op->is_set,
                                    .settings = &op->setting,
                                    .credit = op->is_set ? 0 : op->granted,
                                    .text_bytes = (int64_t)op->text_len,
                                    .session_version = op->version};
    pthread_mutex_unlock(&r->lock);
    remote_files_put(op, &request);
    return remote_send(&r->ctx, r, &request, op->text, op->text_len);
}

/* ---- what arrives: the network's thread ---- */

/* Lock held. */
static void fail_operation(remote_operation *op, const weft_error *error)
{
    if (op->state == REMOTE_FAILED || op->state == REMOTE_ENDED) return;
    op->state = REMOTE_FAILED;
    op->error = *error;
}

/* Lock held. The connection is of no use any more; who waits for something makes another one. */
static void link_break(weft_remote *r, const char *why)
{
    if (r->state == LINK_BROKEN || r->state == LINK_NONE) return;
    r->state = LINK_BROKEN;
    snprintf(r->why, sizeof(r->why), "%s", why);
    remote_wake(r);
}

/* Lock held. What came is no word of this protocol, or was refused as a whole. */
static void link_refuse(weft_remote *r, const weft_error *error)
{
    r->refusal = *error;
    for (remote_operation *op = r->operations; op != NULL; op = op->next) fail_operation(op, error);
    link_break(r, "it refuses the session");
}

static void on_opened(weft_remote *r, const weft_session_reply *reply)
{
    if (r->state != LINK_OPENING) return;
    if (r->session.high == 0 && r->session.low == 0) r->submission = reply->opened.submission;
    r->session = reply->opened.session;
    r->resumed = reply->opened.resumed;
    if (r->resumed) r->version = reply->opened.session_version; /* else whoever looks sees what is lost */
    r->again_count = reply->opened.again_count;
    for (int32_t i = 0; i < r->again_count; i++) r->again[i] = reply->opened.again[i];
    r->state = LINK_OPEN;
}

/* A result that another coordinator tells of again has the columns of the first one, and the pages that were
 * not read yet. */
static weft_status compare_results(weft_remote *r, const remote_operation *op, const weft_reply_result *again)
{
    weft_status st = WEFT_OK;
    weft_session_reply reply;
    WEFT_TRY(st, weft_session_reply_decode(&r->net_ctx, op->reply, op->reply_len, &reply));
    const weft_reply_result *first = &reply.result;
    bool same =
        first->schema.len == again->schema.len && first->block_count == again->block_count &&
        (first->schema.len == 0 || memcmp(first->schema.bytes, again->schema.bytes, first->schema.len) == 0);
    for (int32_t i = op->place.block; same && i < first->block_count; i++)
        same = first->blocks[i].len == again->blocks[i].len &&
               memcmp(first->blocks[i].bytes, again->blocks[i].bytes, first->blocks[i].len) == 0;
    if (same) return WEFT_OK;
    st =
        weft_fail(&r->net_ctx, WEFT_RESULT_LOST,
                  "the coordinator was lost while the result was read, and the rest of it came out otherwise "
                  "when it was made again");
    weft_hint(&r->net_ctx, "Run the statement again; with ORDER BY a result is the same each time.");
done:
    return st;
}

static weft_status on_result(weft_remote *r, remote_operation *op, const weft_reply_result *result,
                             const weft_net_frame *frame)
{
    weft_status st = WEFT_OK;
    if (result->session_version > r->version)
        r->version = result->session_version; /* also when it ran again */
    if (op->state == REMOTE_RESULT) return compare_results(r, op, result);
    if (op->state != REMOTE_WAITING) return WEFT_OK;
    WEFT_TRY(st, weft_mem_alloc(&r->net_ctx, WEFT_MEM_WORKING, frame->len, (void **)&op->reply));
    memcpy(op->reply, frame->bytes, frame->len);
    op->reply_len = frame->len;
    op->has_parts = result->block_count > 1;
    op->state = REMOTE_RESULT;
done:
    return st;
}

static weft_status on_page(weft_remote *r, remote_operation *op, const weft_session_reply *reply,
                           const weft_net_frame *frames, int32_t count)
{
    weft_status st = WEFT_OK;
    weft_ctx *ctx = &r->net_ctx;
    remote_page *page = NULL;
    size_t len = 0;
    for (int32_t i = 0; i < count; i++) len += frames[i].len;
    if (op->state != REMOTE_RESULT || op->received >= op->granted || reply->page.number != op->pages ||
        (int64_t)len != reply->page.bytes)
        return weft_fail(ctx, WEFT_CORRUPT,
                         "page %lld of %lld bytes came as page %lld with %zu, or without having been asked "
                         "for",
                         (long long)reply->page.number, (long long)reply->page.bytes, (long long)op->pages,
                         len);
    WEFT_TRY(st, weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, sizeof(*page), (void **)&page));
    WEFT_TRY(st, weft_mem_alloc(ctx, WEFT_MEM_WORKING, len, &page->image));
    page->crc = reply->page.crc;
    for (int32_t i = 0; i < count; page->len += frames[i].len, i++)
        if (frames[i].len > 0) memcpy((char *)page->image + page->len, frames[i].bytes, frames[i].len);
    op->received += (int64_t)len;
    op->pages++;
    op->place = reply->page.place;
    *(op->last == NULL ? &op->first : &op->last->next) = page;
    op->last = page;
    page = NULL;
done:
    weft_mem_free(page);
    return st;
}

/* Lock held. About one operation; what is not there any more was let go. */
static void on_operation(weft_remote *r, const weft_session_reply *reply, const weft_net_frame *frames,
                         int32_t count)
{
    weft_status st = WEFT_OK;
    remote_operation *op = r->operations;
    while (op != NULL && op->id != reply->operation) op = op->next;
    if (op == NULL) return;
    switch (reply->kind) {
    case WEFT_REPLY_PROGRESS:
        op->progressed = true;
        op->progress = (weft_progress){.stages = reply->progress.stages,
                                       .stages_done = reply->progress.stages_done,
                                       .tasks = reply->progress.tasks,
                                       .running = reply->progress.running,
                                       .tasks_done = reply->progress.tasks_done};
        break;
    case WEFT_REPLY_WANT: {
        const bool goes_on = op->wanted && op->want.file == reply->want.file &&
                             op->want.chunk + op->want.count == reply->want.chunk;
        if (!goes_on) op->want.chunk = reply->want.chunk;
        op->want.count = reply->want.count + (goes_on ? op->want.count : 0);
        op->want.file = reply->want.file;
        op->wanted = true;
        break;
    }
    case WEFT_REPLY_RESULT: st = on_result(r, op, &reply->result, &frames[1]); break;
    case WEFT_REPLY_PAGE: st = on_page(r, op, reply, frames + 2, count - 2); break;
    case WEFT_REPLY_END:
        if (op->state == REMOTE_RESULT) op->state = REMOTE_ENDED;
        break;
    case WEFT_REPLY_FAILED: fail_operation(op, reply->error); break;
    case WEFT_REPLY_OPENED:
    case WEFT_REPLY_PONG: break; /* not about an operation: the decoder has seen to it */
    }
    if (st != WEFT_OK) fail_operation(op, &r->net_ctx.error);
}

/* Lock held. */
static weft_status on_message(weft_remote *r, const weft_net_frame *frames, int32_t count)
{
    weft_status st = WEFT_OK;
    weft_ctx *ctx = &r->net_ctx;
    weft_envelope envelope;
    weft_session_reply reply;
    WEFT_TRY(st, weft_envelope_decode(ctx, frames[0].bytes, frames[0].len, &envelope));
    if (envelope.kind == WEFT_ENVELOPE_REFUSE)
        return weft_fail(ctx, WEFT_INVALID, "the coordinator refuses: %s",
                         envelope.text == NULL ? "" : envelope.text);
    if (envelope.kind != WEFT_ENVELOPE_CLIENT || count < 2)
        return weft_fail(ctx, WEFT_CORRUPT, "a message of kind %d and %d frames is none for a client",
                         (int)envelope.kind, count);
    WEFT_TRY(st, weft_session_reply_decode(ctx, frames[1].bytes, frames[1].len, &reply));
    if (count > 2 && reply.kind != WEFT_REPLY_PAGE)
        return weft_fail(ctx, WEFT_CORRUPT, "a reply of kind %d with %d frames", (int)reply.kind, count);
    if (reply.kind == WEFT_REPLY_OPENED)
        on_opened(r, &reply);
    else if (reply.kind == WEFT_REPLY_FAILED && reply.operation == 0)
        link_refuse(r, reply.error);
    else if (reply.operation != 0)
        on_operation(r, &reply, frames, count);
done:
    return st;
}

static void message(void *self, weft_net_peer peer, const weft_identity *who, const weft_net_frame *frames,
                    int32_t count)
{
    weft_remote *r = self;
    (void)who; /* with keys it is a coordinator: connecting demands it */
    pthread_mutex_lock(&r->lock);
    if (peer == r->peer && (r->state == LINK_OPENING || r->state == LINK_OPEN)) {
        if (on_message(r, frames, count) != WEFT_OK) {
            link_refuse(r, &r->net_ctx.error);
            weft_error_clear(&r->net_ctx);
        }
        remote_wake(r);
    }
    pthread_mutex_unlock(&r->lock);
    weft_arena_reset(r->net_arena);
}

static void gone(void *self, weft_net_peer peer, const char *why)
{
    weft_remote *r = self;
    pthread_mutex_lock(&r->lock);
    if (peer == r->peer) link_break(r, why);
    r->somebody |= r->address_count > 1 && weft_net_was_closed(why);
    pthread_mutex_unlock(&r->lock);
}

/* ---- opening ---- */

weft_status remote_link_start(weft_remote *r, const char *keys)
{
    weft_status st = WEFT_OK;
    WEFT_TRY(st, weft_random_u64(&r->ctx, &r->random));
    if (keys != NULL) WEFT_TRY(st, weft_keys_open(&r->ctx, keys, WEFT_ROLE_CLIENT, &r->keys));
    const weft_net_options options = {.keys = r->keys,
                                      .role = WEFT_ROLE_CLIENT,
                                      .handler = {.self = r, .message = message, .gone = gone},
                                      .silence_ms = r->address_count > 1 ? SILENCE_OF_MANY_MS : SILENCE_MS,
                                      .queue_bytes = QUEUE_BYTES,
                                      .message_bytes = MESSAGE_BYTES};
    WEFT_TRY(st, weft_net_start(&r->ctx, &options, &r->net));
done:
    return st;
}

/* Has the caller been told to stop waiting? */
static bool is_cancelled(weft_remote *r) { return atomic_load(&r->cancel); }

/* Lock held. The operations that go on over the next connection, in r->ctx.arena. A result of which the
 * caller has nothing yet may as well be another one: who leads now may have to make it again, from other
 * parts. */
static weft_status list_held(weft_remote *r, weft_session_request *open)
{
    weft_status st = WEFT_OK;
    weft_session_held *held = NULL;
    int32_t count = 0;
    for (remote_operation *op = r->operations; op != NULL; op = op->next) {
        if (op->state == REMOTE_RESULT && !op->is_given && !op->is_second) remote_operation_rewind(op);
        count += op->state == REMOTE_WAITING || op->state == REMOTE_RESULT;
    }
    WEFT_TRY(st, WEFT_NEW_ARRAY(&r->ctx, count, &held));
    open->held = held;
    for (const remote_operation *op = r->operations; op != NULL; op = op->next)
        if (op->state == REMOTE_WAITING || op->state == REMOTE_RESULT)
            held[open->held_count++] = (weft_session_held){.operation = op->id,
                                                           .pages = op->pages,
                                                           .credit = op->granted,
                                                           .bytes = op->received,
                                                           .place = op->place};
done:
    return st;
}

/* Connect to one numeric address and open the session there, or go on with it. False with the reason in r. */
static weft_status try_numeric(weft_remote *r, const char *address, int64_t until_ns, bool *opened)
{
    weft_status st = WEFT_OK;
    weft_session_request open = {.kind = WEFT_REQUEST_OPEN, .release = weft_session_release()};
    char tcp[REMOTE_ADDRESS_BYTES + 32];
    *opened = false;
    snprintf(tcp, sizeof(tcp), "tcp://%s", address);
    WEFT_TRY(st, weft_session_settings_list(&r->ctx, &r->settings, &open.settings, &open.setting_count));
    pthread_mutex_lock(&r->lock);
    open.session = r->session;
    open.session_version = r->version;
    open.name = r->name;
    if (r->name != NULL && r->submission.done > 0)
        open.submission = (weft_submission){.done = r->submission.done, .digest = r->submission.digest};
    r->refusal = (weft_error){.code = WEFT_OK};
    r->why[0] = 0;
    r->state = LINK_OPENING;
    if (open.session.high != 0 || open.session.low != 0) st = list_held(r, &open);
    if (st == WEFT_OK) st = weft_net_connect(&r->ctx, r->net, tcp, WEFT_ROLE_COORDINATOR, &r->peer);
    pthread_mutex_unlock(&r->lock);
    if (st == WEFT_OK) st = remote_send(&r->ctx, r, &open, NULL, 0);
    if (st == WEFT_UNREACHABLE) { /* gone already, and `gone` has said why */
        weft_error_clear(&r->ctx);
        st = WEFT_OK;
    }
    pthread_mutex_lock(&r->lock);
    while (st == WEFT_OK && r->state == LINK_OPENING && weft_now_ns(&r->ctx) < until_ns && !is_cancelled(r))
        remote_wait(r, until_ns);
    *opened = r->state == LINK_OPEN;
    if (r->state == LINK_OPENING) link_break(r, "nobody there answers as a coordinator does");
    pthread_mutex_unlock(&r->lock);
    if (!*opened && r->peer != 0) weft_net_drop(r->net, r->peer);
done:
    return st;
}

/* All that the name of an address stands for, in turn. */
static weft_status try_address(weft_remote *r, const char *address, int64_t until_ns, bool *opened)
{
    weft_status st = WEFT_OK;
    char host[REMOTE_ADDRESS_BYTES], number[REMOTE_ADDRESS_BYTES], numeric[REMOTE_ADDRESS_BYTES + 16];
    const char *const colon = strrchr(address, ':');
    struct addrinfo *list = NULL;
    const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    int32_t tried = 0;
    *opened = false;
    size_t len = (size_t)(colon - address);
    const bool bracketed = len > 1 && address[0] == '[' && address[len - 1] == ']';
    snprintf(host, sizeof(host), "%.*s", (int)(len - (bracketed ? 2 : 0)), address + bracketed);
    const int failed = getaddrinfo(host, colon + 1, &hints, &list);
    if (failed != 0) {
        snprintf(r->why, sizeof(r->why), "the name is not known: %s", gai_strerror(failed));
        return WEFT_OK;
    }
    for (const struct addrinfo *a = list; a != NULL && tried < NAMES_MAX && !*opened; a = a->ai_next) {
        if (getnameinfo(a->ai_addr, a->ai_addrlen, number, sizeof(number), NULL, 0, NI_NUMERICHOST) != 0)
            continue;
        tried++;
        snprintf(numeric, sizeof(numeric), a->ai_family == AF_INET6 ? "[%s]:%s" : "%s:%s", number, colon + 1);
        WEFT_TRY(st, try_numeric(r, numeric, until_ns, opened));
        if (r->refusal.code != WEFT_OK || is_cancelled(r)) break;
    }
done:
    freeaddrinfo(list);
    return st;
}

/* Did it refuse for now only: because it ends, or does not lead, or has not seen yet that the one before this
 * client is gone? */
static bool is_passing(weft_status refusal)
{
    return refusal == WEFT_UNREACHABLE || refusal == WEFT_NOT_LEADER || refusal == WEFT_NO_QUORUM ||
           refusal == WEFT_SESSION_IN_USE;
}

/* A setting that the coordinator refuses is told of as the same program would without one. */
static bool is_of_setting(weft_status code)
{
    return code == WEFT_CONFIG || code == WEFT_CONFIG_OPTIONS || code == WEFT_CONFIG_ZONE ||
           code == WEFT_CANNOT_MODIFY_CONFIG;
}

/* What a coordinator said when it refused the session. A wrong setting is wrong everywhere. */
static weft_status refused(weft_remote *r)
{
    const weft_error said = r->refusal;
    r->ctx.error = said;
    if (!is_of_setting(said.code)) weft_error_prefix(&r->ctx, "weft://%s: ", remote_name(r));
    return said.code;
}

/* Each address once, from the one after the last on. */
static weft_status try_all(weft_remote *r, int64_t until_ns, int64_t answer_ms, char *reasons,
                           size_t reason_bytes, bool *opened)
{
    weft_status st = WEFT_OK;
    size_t at = 0;
    reasons[0] = 0;
    for (int32_t i = 0; i < r->address_count && !*opened && !is_cancelled(r); i++) {
        const int64_t now = weft_now_ns(&r->ctx);
        r->address = (r->address + 1) % r->address_count;
        st = try_address(r, r->addresses[r->address], weft_min_i64(until_ns, now + answer_ms * MS), opened);
        if (st == WEFT_INVALID) weft_error_prefix(&r->ctx, "weft://%s: ", remote_name(r));
        WEFT_TRY(st, st);
        if (*opened) break;
        if (r->refusal.code != WEFT_OK && !is_passing(r->refusal.code)) return refused(r);
        r->somebody |= r->refusal.code != WEFT_OK;
        if (r->refusal.code != WEFT_OK)
            snprintf(r->why, sizeof(r->why), "%.*s", (int)sizeof(r->why) - 1, r->refusal.message);
        const int wrote = snprintf(reasons + at, reason_bytes - at, "%sweft://%s (%s)", at > 0 ? ", " : "",
                                   remote_name(r), r->why);
        at = (size_t)weft_min_i64((int64_t)at + wrote, (int64_t)reason_bytes - 1);
    }
done:
    return st;
}

/* Any of [least_ms, most_ms]. */
static int64_t chance_ms(weft_remote *r, int64_t least_ms, int64_t most_ms)
{
    r->random = weft_hash_u64(r->random + 1);
    return least_ms + (int64_t)(r->random % (uint64_t)(most_ms - least_ms + 1));
}

static void pause_ms(weft_remote *r, int64_t until_ns, int64_t ms)
{
    const int64_t wait_until = weft_min_i64(until_ns, weft_now_ns(&r->ctx) + ms * MS);
    pthread_mutex_lock(&r->lock);
    while (weft_now_ns(&r->ctx) < wait_until && !is_cancelled(r)) remote_wait(r, wait_until);
    pthread_mutex_unlock(&r->lock);
}

/* From a quarter to a half of the time since the link broke. */
static int64_t pause_after_round_ms(weft_remote *r, int64_t most_ms)
{
    const int64_t away_ms = (weft_now_ns(&r->ctx) - r->broke_ns) / MS;
    const int64_t least_ms = weft_max_i64(PAUSE_MS, weft_min_i64(away_ms / 4, most_ms / 2));
    return chance_ms(r, least_ms, 2 * least_ms);
}

static weft_status pause_or_give_up(weft_remote *r, int64_t until_ns, int64_t most_ms, const char *reasons)
{
    if (is_cancelled(r)) return weft_fail(&r->ctx, WEFT_CANCELLED, "connecting was cancelled");
    if (weft_now_ns(&r->ctx) >= until_ns && r->refusal.code == WEFT_SESSION_IN_USE) return refused(r);
    if (weft_now_ns(&r->ctx) >= until_ns) {
        const weft_status st = weft_fail(&r->ctx, WEFT_UNREACHABLE, "no coordinator answers: %s", reasons);
        weft_hint(&r->ctx,
                  "is it running there, and is --master its address? With keys, --keys names theirs");
        return st;
    }
    pause_ms(r, until_ns, pause_after_round_ms(r, most_ms));
    return WEFT_OK;
}

weft_status remote_link_open(weft_remote *r, int64_t limit_ms)
{
    weft_status st = WEFT_OK;
    char reasons[1024];
    int64_t answer_ms = ANSWER_MS;
    const int64_t began_ns = weft_now_ns(&r->ctx);
    int64_t until_ns = began_ns + limit_ms * MS;
    pthread_mutex_lock(&r->lock);
    bool opened = r->state == LINK_OPEN;
    const bool first = r->state == LINK_NONE;
    pthread_mutex_unlock(&r->lock);
    if (opened) return WEFT_OK;
    if (r->peer != 0) weft_net_drop(r->net, r->peer); /* one that was refused stands yet */
    const bool stood = first || began_ns - r->opened_ns >= (int64_t)STANDS_MS * MS;
    r->broke_ns = stood ? began_ns : weft_max_i64(r->broke_ns, began_ns - (int64_t)CARRIED_MS * MS);
    if (!first)
        pause_ms(r, until_ns,
                 stood ? chance_ms(r, 0, FIRST_PAUSE_MS) : pause_after_round_ms(r, PAUSE_MOST_MS));
    for (;;) {
        WEFT_TRY(st, try_all(r, until_ns, answer_ms, reasons, sizeof(reasons), &opened));
        if (opened) break;
        /* who has just been started by hand is told at once that nobody is there; several coordinators that
         * do not take sessions are choosing their leader */
        if (first && !r->somebody)
            until_ns = 0;
        else if (first && r->refusal.code == WEFT_SESSION_IN_USE)
            until_ns = began_ns + (int64_t)IN_USE_MS * MS;
        else if (first && r->address_count > 1)
            until_ns = began_ns + (int64_t)LEADER_MS * MS;
        if (!first) answer_ms = weft_min_i64(2 * answer_ms, ANSWER_MOST_MS);
        WEFT_TRY(st, pause_or_give_up(r, until_ns, first ? PAUSE_OPENING_MS : PAUSE_MOST_MS, reasons));
    }
    r->opened_ns = weft_now_ns(&r->ctx);
done:
    return st;
}

/* ---- coming back ---- */

/* Why an operation cannot go on: r->ctx has the cause. */
static void lose_operations(weft_remote *r)
{
    const weft_error *why = &r->ctx.error;
    pthread_mutex_lock(&r->lock);
    for (remote_operation *op = r->operations; op != NULL; op = op->next) {
        const bool read = op->state == REMOTE_RESULT;
        weft_ctx ctx = r->ctx; /* for its error only */
        if (why->code != WEFT_CANCELLED)
            weft_error_prefix(&ctx, read ? "the connection broke before the result was read to its end: "
                                         : "the connection broke while the statement ran, and what it wrote "
                                           "may be in place: ");
        if (read && why->code != WEFT_CANCELLED) ctx.error.code = WEFT_RESULT_LOST;
        fail_operation(op, &ctx.error);
    }
    pthread_mutex_unlock(&r->lock);
}

void remote_lose_session(weft_remote *r)
{
    (void)weft_fail(&r->ctx, WEFT_SESSION_NOT_FOUND,
                    "the coordinator at weft://%s does not know this session any more: its temporary views "
                    "and its settings are gone",
                    remote_name(r));
    weft_hint(&r->ctx, "make them again; a new session has begun");
    lose_operations(r);
    pthread_mutex_lock(&r->lock);
    r->version = 0; /* of the new one */
    pthread_mutex_unlock(&r->lock);
}

weft_status remote_ask_again(weft_remote *r)
{
    weft_status st = WEFT_OK;
    for (int32_t i = 0;; i++) {
        const remote_operation *op = NULL;
        pthread_mutex_lock(&r->lock);
        const bool more = i < r->again_count;
        if (more)
            for (op = r->operations; op != NULL && op->id != r->again[i];) op = op->next;
        pthread_mutex_unlock(&r->lock);
        if (!more) break;
        if (op != NULL) WEFT_TRY(st, remote_ask(r, op)); /* only this thread lets operations go */
    }
done:
    if (st != WEFT_UNREACHABLE) return st;
    weft_error_clear(&r->ctx); /* broken again: so is the link, for the next return */
    return WEFT_OK;
}

void remote_link_return(weft_remote *r)
{
    weft_error_clear(&r->ctx);
    weft_status st = remote_link_open(r, r->settings.number[WEFT_SET_CLIENT_RETURN]);
    if (st == WEFT_OK && r->resumed) st = remote_ask_again(r);
    if (st != WEFT_OK)
        lose_operations(r);
    else if (!r->resumed)
        remote_lose_session(r);
    weft_error_clear(&r->ctx);
}
