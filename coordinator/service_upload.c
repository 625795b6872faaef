/* coordinator/service_upload.c - see service_upload.h.
 *
 * The session's thread asks for a few chunks ahead (WANT), and takes them in order. What was asked for over a
 * connection that is lost is asked for again over the next one. */
#include "coordinator/service_upload.h"

#include <string.h>
#include <time.h>

enum { LOOK_NS = 100 * 1000 * 1000, SECOND_NS = 1000 * 1000 * 1000 };

typedef struct upload_part {
    struct upload_part *next;
    int32_t file, chunk;
    size_t len;
    uint8_t bytes[];
} upload_part;

struct service_upload {
    weft_upload shown;
    client_session *session;
    operation *op;
    int32_t count, file; /* file: that is open; -1: none */
    int32_t asked;       /* chunks of it, up to here */
    weft_net_peer peer;  /* … over this connection */
    upload_part *parts;  /* guarded by the service's lock, as is the next */
    int32_t part_count;
    weft_session_attachment files[]; /* [count], texts behind them */
};

/* ---- the network's thread ---- */

weft_status service_upload_take(weft_ctx *ctx, const weft_session_request *r, operation *op)
{
    weft_status st = WEFT_OK;
    size_t texts = 0;
    if (r->attachment_count == 0) return WEFT_OK;
    for (int32_t i = 0; i < r->attachment_count; i++)
        texts += strlen(r->attachments[i].path) + strlen(r->attachments[i].sha256) + 2;
    const size_t fixed = sizeof(*op->upload) + (size_t)r->attachment_count * sizeof(op->upload->files[0]);
    WEFT_TRY(st, weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, fixed + texts, (void **)&op->upload));
    char *at = (char *)op->upload + fixed;
    op->upload->count = r->attachment_count;
    op->upload->file = -1;
    for (int32_t i = 0; i < r->attachment_count; i++) {
        const size_t path = strlen(r->attachments[i].path) + 1, digest = strlen(r->attachments[i].sha256) + 1;
        memcpy(at, r->attachments[i].path, path);
        memcpy(at + path, r->attachments[i].sha256, digest);
        op->upload->files[i] =
            (weft_session_attachment){.path = at, .sha256 = at + path, .bytes = r->attachments[i].bytes};
        at += path + digest;
    }
done:
    return st;
}

void service_upload_part(weft_ctx *ctx, client_session *s, const weft_session_request *r,
                         const weft_net_frame *frame)
{
    upload_part *part = NULL;
    operation *op = s->first;
    while (op != NULL && op->id != r->operation) op = op->next;
    struct service_upload *u = op == NULL ? NULL : op->upload;
    if (u == NULL || frame->len > WEFT_BLOB_CHUNK_BYTES || u->part_count >= 2 * WEFT_SESSION_WANT_MAX) return;
    if (weft_mem_alloc(ctx, WEFT_MEM_WORKING, sizeof(*part) + frame->len, (void **)&part) != WEFT_OK) {
        weft_error_clear(ctx); /* it is asked for again */
        return;
    }
    *part = (upload_part){.next = u->parts, .file = r->file, .chunk = r->chunk, .len = frame->len};
    if (frame->len > 0) memcpy(part->bytes, frame->bytes, frame->len);
    u->parts = part;
    u->part_count++;
    pthread_cond_signal(&s->work);
}

/* ---- the session's thread ---- */

/* Lock held. The chunk, taken out; what is of no use any more goes. */
static upload_part *take_part(struct service_upload *u, int32_t chunk)
{
    upload_part *found = NULL;
    for (upload_part **at = &u->parts; *at != NULL;) {
        upload_part *part = *at;
        const bool is_it = part->file == u->file && part->chunk == chunk && found == NULL;
        if (!is_it && part->file == u->file && part->chunk > chunk) {
            at = &part->next;
            continue;
        }
        *at = part->next;
        u->part_count--;
        if (is_it)
            found = part;
        else
            weft_mem_free(part);
    }
    return found;
}

static weft_status open_file(weft_ctx *ctx, void *self, const char *path, char sha256[WEFT_BLOB_NAME_BYTES],
                             int64_t *bytes)
{
    struct service_upload *u = self;
    for (int32_t i = 0; i < u->count; i++) {
        if (strcmp(u->files[i].path, path) != 0) continue;
        u->file = i;
        u->asked = 0;
        memcpy(sha256, u->files[i].sha256, WEFT_BLOB_NAME_BYTES);
        *bytes = u->files[i].bytes;
        return WEFT_OK;
    }
    return weft_fail(ctx, WEFT_NOT_FOUND, "The client brings no file '%s'.", path);
}

/* Ask for what there is room for, from `chunk` on. peer: the connection that there is now. */
static weft_status ask(weft_ctx *ctx, struct service_upload *u, int32_t chunk, weft_net_peer peer)
{
    weft_status st = WEFT_OK;
    client_session *s = u->session;
    const int32_t chunks = weft_blob_chunks(u->files[u->file].bytes);
    if (peer != u->peer) u->asked = chunk;
    u->peer = peer;
    const int32_t until = weft_min_i32(chunks, chunk + WEFT_SESSION_WANT_MAX);
    if (peer == 0 || u->asked >= until) return WEFT_OK;
    const weft_session_reply want = {.kind = WEFT_REPLY_WANT,
                                     .operation = u->op->id,
                                     .want = {.file = u->file, .chunk = u->asked, .count = until - u->asked}};
    st = service_send(&s->ctx, s->service, peer, &want);
    if (st == WEFT_OK) u->asked = until;
    if (st == WEFT_LIMIT || st == WEFT_UNREACHABLE) st = WEFT_OK; /* later, or over another connection */
    if (st != WEFT_OK) st = weft_error_copy(ctx, &s->ctx);
    weft_error_clear(&s->ctx);
    return st;
}

/* Lock held. */
static void wait_a_little(client_session *s)
{
    const int64_t until_ns = weft_now_ns(&s->ctx) + LOOK_NS;
    const struct timespec until = {.tv_sec = until_ns / SECOND_NS, .tv_nsec = until_ns % SECOND_NS};
    pthread_cond_timedwait(&s->work, &s->service->lock, &until);
}

static weft_status read_chunk(weft_ctx *ctx, void *self, int32_t index, uint8_t *to, size_t *len)
{
    weft_status st = WEFT_OK;
    struct service_upload *u = self;
    client_session *s = u->session;
    upload_part *part = NULL;
    pthread_mutex_lock(&s->service->lock);
    weft_net_peer peer = s->peer;
    pthread_mutex_unlock(&s->service->lock);
    while (part == NULL) {
        WEFT_TRY(st, ask(ctx, u, index, peer));
        WEFT_TRY(st, weft_check_cancel(ctx));
        if (atomic_load(&u->op->stop))
            WEFT_TRY(st, weft_fail(ctx, WEFT_CANCELLED, "the statement was cancelled"));
        pthread_mutex_lock(&s->service->lock);
        part = take_part(u, index);
        if (part == NULL) wait_a_little(s);
        peer = s->peer;
        pthread_mutex_unlock(&s->service->lock);
    }
    if ((int64_t)part->len != weft_blob_chunk_bytes(u->files[u->file].bytes, index))
        WEFT_TRY(st, weft_fail(ctx, WEFT_CORRUPT, "chunk %d of '%s' came with %zu bytes", index,
                               u->files[u->file].path, part->len));
    memcpy(to, part->bytes, part->len);
    *len = part->len;
done:
    weft_mem_free(part);
    return st;
}

const weft_upload *service_upload_open(client_session *s, operation *op)
{
    struct service_upload *u = op->upload;
    if (u == NULL) return NULL;
    u->session = s;
    u->op = op;
    u->shown = (weft_upload){.self = u, .open = open_file, .read = read_chunk};
    return &u->shown;
}

void service_upload_free(operation *op)
{
    struct service_upload *u = op->upload;
    op->upload = NULL;
    if (u == NULL) return;
    while (u->parts != NULL) {
        upload_part *part = u->parts;
        u->parts = part->next;
        weft_mem_free(part);
    }
    weft_mem_free(u);
}
