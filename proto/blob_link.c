/* proto/blob_link.c - see blob_link.h. What comes is put into a box by the endpoint's thread, bounded by what
 * may be under way, and taken out by who waits. */
#include "proto/blob_link.h"

#include <stdio.h>
#include <string.h>

#include "common/mailbox.h"

#define MS INT64_C(1000000)

enum {
    SILENT_MS = 5000,
    LOOK_MS = 20, /* how often who waits looks whether he still should */
    LINGER_MS = 100,
    ANSWERS_MAX = 4 * WEFT_BLOB_WINDOW,
    MESSAGE_BYTES = WEFT_BLOB_CHUNK_BYTES + (64 << 10),
    QUEUE_BYTES = WEFT_BLOB_WINDOW * 2 * WEFT_BLOB_CHUNK_BYTES,
    ADDRESS_BYTES = 300
};

/* An answer as it came; heap. */
typedef struct answer {
    weft_blob_message message; /* its body lies in kept */
    weft_net_kept kept;
} answer;

/* What lies in the box. */
typedef struct arrival {
    answer *answer; /* NULL: the far end is gone, or said what is none */
    weft_status problem;
} arrival;

struct weft_blob_link {
    weft_net *net;
    weft_net_peer peer;
    weft_mailbox *box;
    weft_account *account;
    const weft_settings *settings;
    int64_t silent_ns;
    char address[ADDRESS_BYTES];
};

/* ---- what comes, in the endpoint's thread ---- */

static void answer_free(answer *a)
{
    if (a == NULL) return;
    weft_net_kept_free(&a->kept);
    weft_mem_free(a);
}

static weft_status take_answer(weft_ctx *ctx, const weft_net_frame *frames, int32_t count, answer **out)
{
    weft_status st = WEFT_OK;
    answer *a = NULL;
    if (count > 2) return weft_fail(ctx, WEFT_CORRUPT, "an answer about a blob has %d parts", count);
    WEFT_TRY(st, weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, sizeof(*a), (void **)&a));
    const uint8_t *body = count == 2 ? weft_net_keep(&frames[1], &a->kept) : NULL;
    WEFT_TRY(st, weft_blob_read_message(ctx, frames[0].bytes, frames[0].len, body,
                                        count == 2 ? frames[1].len : 0, &a->message));
    *out = a;
    a = NULL;
done:
    answer_free(a);
    return st;
}

/* More than may be under way is dropped: who waits gives up then. */
static void on_message(void *self, weft_net_peer peer, const weft_identity *who, const weft_net_frame *frames,
                       int32_t count)
{
    weft_blob_link *l = self;
    weft_ctx ctx;
    arrival got = {0};
    (void)peer, (void)who;
    weft_ctx_init(&ctx, NULL, l->account, l->settings);
    got.problem = take_answer(&ctx, frames, count, &got.answer);
    if (weft_mailbox_put(&ctx, l->box, &got, false) != WEFT_OK) answer_free(got.answer);
}

static void on_gone(void *self, weft_net_peer peer, const char *why)
{
    weft_blob_link *l = self;
    weft_ctx ctx;
    const arrival got = {.problem = WEFT_UNREACHABLE};
    (void)peer, (void)why;
    weft_ctx_init(&ctx, NULL, l->account, l->settings);
    if (weft_mailbox_put(&ctx, l->box, &got, true) != WEFT_OK)
        weft_error_clear(&ctx); /* the box is full of answers: who waits finds the silence behind them */
}

/* ---- life ---- */

weft_status weft_blob_link_open(weft_ctx *ctx, const weft_blob_link_options *options, const char *address,
                                weft_blob_link **out)
{
    weft_status st = WEFT_OK;
    weft_blob_link *l = NULL;
    char url[ADDRESS_BYTES + 8];
    *out = NULL;
    WEFT_TRY(st, weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, sizeof(*l), (void **)&l));
    l->account = ctx->memory;
    l->settings = ctx->settings;
    l->silent_ns = (options->silent_ms == 0 ? SILENT_MS : options->silent_ms) * MS;
    snprintf(l->address, sizeof(l->address), "%s", address);
    snprintf(url, sizeof(url), "tcp://%s", l->address);
    WEFT_TRY(st, weft_mailbox_new(ctx, sizeof(arrival), ANSWERS_MAX, &l->box));
    WEFT_TRY(st, weft_mailbox_reserve(ctx, l->box, ANSWERS_MAX));
    const weft_net_options net = {.keys = options->keys,
                                  .role = options->role,
                                  .handler = {.self = l, .message = on_message, .gone = on_gone},
                                  .silence_ms = (int32_t)(l->silent_ns / MS),
                                  .queue_bytes = QUEUE_BYTES,
                                  .message_bytes = MESSAGE_BYTES,
                                  .peers_max = 1};
    WEFT_TRY(st, weft_net_start(ctx, &net, &l->net));
    WEFT_TRY(st, weft_net_connect(ctx, l->net, url, WEFT_ROLE_COORDINATOR, &l->peer));
    *out = l;
    l = NULL;
done:
    weft_blob_link_close(&l);
    return st;
}

void weft_blob_link_close(weft_blob_link **link)
{
    weft_blob_link *l = *link;
    arrival left;
    *link = NULL;
    if (l == NULL) return;
    weft_net_stop(&l->net, LINGER_MS);
    while (l->box != NULL && weft_mailbox_take(l->box, &left, 0)) answer_free(left.answer);
    weft_mailbox_free(&l->box);
    weft_mem_free(l);
}

/* ---- saying and hearing ---- */

static weft_status say(weft_ctx *ctx, weft_blob_link *l, const weft_blob_message *m)
{
    uint8_t head[WEFT_BLOB_HEAD_BYTES];
    weft_blob_put_head(head, m);
    const weft_net_frame frames[2] = {{.bytes = head, .len = sizeof(head)},
                                      {.bytes = m->body, .len = m->body_bytes}};
    return weft_net_send(ctx, l->net, l->peer, frames, m->body_bytes > 0 ? 2 : 1);
}

/* The next answer. The caller frees it. Errors: what it refuses with, and as all calls. */
static weft_status hear(weft_ctx *ctx, weft_blob_link *l, answer **out)
{
    weft_status st = WEFT_OK;
    arrival got = {0};
    const int64_t until_ns = weft_now_ns(ctx) + l->silent_ns;
    *out = NULL;
    while (!weft_mailbox_take(l->box, &got, LOOK_MS * MS)) {
        WEFT_TRY(st, weft_check_cancel(ctx));
        if (weft_now_ns(ctx) > until_ns)
            WEFT_TRY(st, weft_fail(ctx, WEFT_UNREACHABLE, "%s says nothing", l->address));
    }
    if (got.answer == NULL)
        WEFT_TRY(st, weft_fail(ctx, got.problem,
                               got.problem == WEFT_UNREACHABLE ? "%s cannot be reached, or is gone"
                                                               : "what %s says is not understood",
                               l->address));
    if (got.answer->message.kind == WEFT_BLOB_REFUSED)
        WEFT_TRY(st, weft_fail(ctx, got.answer->message.code, "%s: %.*s", l->address,
                               (int)got.answer->message.body_bytes, (const char *)got.answer->message.body));
    *out = got.answer;
    got.answer = NULL;
done:
    answer_free(got.answer);
    return st;
}

static weft_status fail_answer(weft_ctx *ctx, const weft_blob_link *l)
{
    return weft_fail(ctx, WEFT_CORRUPT, "%s answers what was not asked", l->address);
}

/* ---- calls ---- */

/* What was answered to PUT, or to a chunk: *done, or how many have arrived. */
static weft_status hear_progress(weft_ctx *ctx, weft_blob_link *l, const char *name, int32_t *arrived,
                                 bool *done)
{
    weft_status st = WEFT_OK;
    answer *a = NULL;
    WEFT_TRY(st, hear(ctx, l, &a));
    const weft_blob_message *m = &a->message;
    *done = m->kind == WEFT_BLOB_DONE;
    if (!*done && (m->kind != WEFT_BLOB_READY || strcmp(m->name, name) != 0))
        WEFT_TRY(st, fail_answer(ctx, l));
    if (!*done) *arrived = m->index;
done:
    answer_free(a);
    return st;
}

weft_status weft_blob_link_put(weft_ctx *ctx, weft_blob_link *l, weft_blob_class class, uint64_t epoch,
                               const char *name, int64_t bytes, const weft_blob_source *source)
{
    weft_status st = WEFT_OK;
    uint8_t *chunk = NULL;
    bool done = false;
    int32_t arrived = 0, sent = 0;
    const int32_t chunks = weft_blob_chunks(bytes);
    weft_blob_message m = {.kind = WEFT_BLOB_PUT, .class = class, .epoch = epoch, .bytes = bytes};
    snprintf(m.name, sizeof(m.name), "%s", name);
    WEFT_TRY(st, say(ctx, l, &m));
    WEFT_TRY(st, hear_progress(ctx, l, name, &arrived, &done));
    if (done) return WEFT_OK;
    WEFT_TRY(st, weft_mem_alloc(ctx, WEFT_MEM_WORKING, WEFT_BLOB_CHUNK_BYTES, (void **)&chunk));
    m.kind = WEFT_BLOB_CHUNK;
    m.epoch = 0;
    m.body = chunk;
    while (!done) {
        for (; sent < chunks && sent < arrived + WEFT_BLOB_WINDOW; sent++) {
            m.index = sent;
            WEFT_TRY(st, source->read(ctx, source->self, sent, chunk, &m.body_bytes));
            WEFT_TRY(st, say(ctx, l, &m));
        }
        WEFT_TRY(st, hear_progress(ctx, l, name, &arrived, &done));
        if (arrived < 0 || arrived > sent) WEFT_TRY(st, fail_answer(ctx, l));
    }
done:
    weft_mem_free(chunk);
    return st;
}

/* The chunk of this number, and of how many bytes all are. */
static weft_status hear_chunk(weft_ctx *ctx, weft_blob_link *l, const weft_blob_message *asked, int32_t index,
                              int64_t *bytes, const weft_blob_sink *sink)
{
    weft_status st = WEFT_OK;
    answer *a = NULL;
    WEFT_TRY(st, hear(ctx, l, &a));
    const weft_blob_message *m = &a->message;
    if (m->kind != WEFT_BLOB_CHUNK || strcmp(m->name, asked->name) != 0 || m->index != index ||
        (*bytes >= 0 && m->bytes != *bytes))
        WEFT_TRY(st, fail_answer(ctx, l));
    if (*bytes < 0) WEFT_TRY(st, sink->begin(ctx, sink->self, m->bytes));
    *bytes = m->bytes;
    st = sink->take(ctx, sink->self, m->body, m->body_bytes);
done:
    answer_free(a);
    return st;
}

weft_status weft_blob_link_get(weft_ctx *ctx, weft_blob_link *l, weft_blob_class class, const char *name,
                               const weft_blob_sink *sink)
{
    weft_status st = WEFT_OK;
    int64_t bytes = -1; /* not known yet */
    int32_t chunks = 1, asked = 0;
    weft_blob_message m = {.kind = WEFT_BLOB_GET, .class = class, .count = 1};
    snprintf(m.name, sizeof(m.name), "%s", name);
    for (int32_t i = 0; i < chunks; i++) {
        while (asked < chunks && asked < i + WEFT_BLOB_WINDOW) {
            m.index = asked++;
            WEFT_TRY(st, say(ctx, l, &m));
        }
        WEFT_TRY(st, hear_chunk(ctx, l, &m, i, &bytes, sink));
        chunks = weft_blob_chunks(bytes);
    }
done:
    return st;
}

weft_status weft_blob_link_clock(weft_ctx *ctx, weft_blob_link *l, int64_t *time_ns)
{
    weft_status st = WEFT_OK;
    answer *a = NULL;
    const weft_blob_message m = {.kind = WEFT_BLOB_CLOCK};
    WEFT_TRY(st, say(ctx, l, &m));
    WEFT_TRY(st, hear(ctx, l, &a));
    if (a->message.kind != WEFT_BLOB_CLOCK) WEFT_TRY(st, fail_answer(ctx, l));
    *time_ns = a->message.time_ns;
done:
    answer_free(a);
    return st;
}

weft_status weft_blob_link_keep(weft_ctx *ctx, weft_blob_link *l, weft_blob_class class, uint64_t epoch,
                                int64_t time_ns, const uint64_t *ids, int32_t count, uint64_t **missing,
                                int32_t *missing_count)
{
    weft_status st = WEFT_OK;
    answer *a = NULL;
    const weft_blob_message m = {.kind = WEFT_BLOB_KEEP,
                                 .class = class,
                                 .epoch = epoch,
                                 .time_ns = time_ns,
                                 .count = count,
                                 .body = (const uint8_t *)ids, /* this machine is little-endian */
                                 .body_bytes = (size_t)count * sizeof(*ids)};
    *missing_count = 0;
    WEFT_TRY(st, say(ctx, l, &m));
    WEFT_TRY(st, hear(ctx, l, &a));
    if (a->message.kind != WEFT_BLOB_DONE || a->message.count > count) WEFT_TRY(st, fail_answer(ctx, l));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, a->message.count + 1, missing));
    for (int32_t i = 0; i < a->message.count; i++) (*missing)[i] = weft_blob_message_id(&a->message, i);
    *missing_count = a->message.count;
done:
    answer_free(a);
    return st;
}
