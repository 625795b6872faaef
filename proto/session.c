/* proto/session.c - see session.h. A decoder looks at every field: what does not belong to the kind of a
 * message is an error, so that nothing is believed by accident. */
#include "proto/session.h"

#include <string.h>

#include "common/limits.h"
#include "common/settings.h"
#include "proto/session.pb-c.h"
#include "proto/wire_control.h"
#include "proto/wire_submission.h"

/* ---- pieces ---- */

static weft_status pack(weft_ctx *ctx, const ProtobufCMessage *message, uint8_t **bytes, size_t *len)
{
    weft_status st = WEFT_OK;
    const size_t size = protobuf_c_message_get_packed_size(message);
    *bytes = NULL;
    *len = 0;
    if (size > WEFT_SESSION_BYTES_MAX)
        return weft_fail(ctx, WEFT_LIMIT,
                         "a message takes %zu bytes, more than the %d that client and coordinator exchange",
                         size, WEFT_SESSION_BYTES_MAX);
    WEFT_TRY(st, weft_arena_alloc(ctx, ctx->arena, size + 1, (void **)bytes));
    *len = protobuf_c_message_pack(message, *bytes);
done:
    return st;
}

static weft_status unpack(weft_ctx *ctx, const ProtobufCMessageDescriptor *descriptor, const uint8_t *bytes,
                          size_t len, ProtobufCMessage **out)
{
    if (len > WEFT_SESSION_BYTES_MAX)
        return weft_fail(ctx, WEFT_LIMIT, "a message of %zu bytes, more than the %d that it may have", len,
                         WEFT_SESSION_BYTES_MAX);
    return weft_wire_unpack(ctx, descriptor, bytes, len, out);
}

static weft_status check_version(weft_ctx *ctx, uint32_t version)
{
    if (version == WEFT_SESSION_VERSION) return WEFT_OK;
    const weft_status st = weft_fail(ctx, WEFT_UNSUPPORTED,
                                     "the other end speaks version %u of the protocol of sessions, this one "
                                     "version %d",
                                     version, WEFT_SESSION_VERSION);
    weft_hint(ctx, "use the same release of weft at both ends");
    return st;
}

static void put_place(const weft_session_place *place, Weft__Wire__SessionPlace *m)
{
    weft__wire__session_place__init(m);
    m->job = place->job;
    m->block = place->block;
    m->generation = place->generation;
    m->attempt = place->attempt;
    m->pages = place->pages;
    m->block_digest = place->block_digest;
    m->digest = place->digest;
}

/* pages: of the result, up to there. */
static weft_status get_place(weft_ctx *ctx, const Weft__Wire__SessionPlace *m, int64_t pages,
                             weft_session_place *out)
{
    *out = (weft_session_place){0};
    if (m == NULL) return WEFT_OK;
    if (m->block < 0 || m->generation < 0 || m->attempt < 0 || m->pages < 0 || m->pages > pages)
        return weft_fail(ctx, WEFT_CORRUPT, "page %d of block %d, generation %d, attempt %d is page %lld",
                         m->pages, m->block, m->generation, m->attempt, (long long)pages);
    *out = (weft_session_place){.job = m->job,
                                .block = m->block,
                                .generation = m->generation,
                                .attempt = m->attempt,
                                .pages = m->pages,
                                .block_digest = m->block_digest,
                                .digest = m->digest};
    return WEFT_OK;
}

static weft_status put_held(weft_ctx *ctx, const weft_session_request *r, Weft__Wire__SessionRequest *m)
{
    weft_status st = WEFT_OK;
    Weft__Wire__SessionHeld *list = NULL;
    Weft__Wire__SessionPlace *places = NULL;
    if (r->held_count == 0) return WEFT_OK;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, r->held_count, &list));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, r->held_count, &places));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, r->held_count, &m->held));
    for (int32_t i = 0; i < r->held_count; i++) {
        weft__wire__session_held__init(&list[i]);
        list[i].operation = r->held[i].operation;
        list[i].pages = r->held[i].pages;
        list[i].credit = r->held[i].credit;
        list[i].bytes = r->held[i].bytes;
        put_place(&r->held[i].place, &places[i]);
        list[i].place = &places[i];
        m->held[i] = &list[i];
    }
    m->n_held = (size_t)r->held_count;
done:
    return st;
}

static weft_status get_held(weft_ctx *ctx, const Weft__Wire__SessionRequest *m, weft_session_request *out)
{
    weft_status st = WEFT_OK;
    weft_session_held *list = NULL;
    if (m->n_held > WEFT_SESSION_HELD_MAX)
        return weft_fail(ctx, WEFT_LIMIT, "a session goes on with %zu operations, more than %d", m->n_held,
                         WEFT_SESSION_HELD_MAX);
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, m->n_held, &list));
    for (size_t i = 0; i < m->n_held; i++) {
        const Weft__Wire__SessionHeld *h = m->held[i];
        list[i] = (weft_session_held){
            .operation = h->operation, .pages = h->pages, .credit = h->credit, .bytes = h->bytes};
        WEFT_TRY(st, get_place(ctx, h->place, h->pages, &list[i].place));
        if (h->operation == 0 || h->pages < 0 || h->credit < 0 || h->bytes < 0)
            return weft_fail(ctx, WEFT_CORRUPT, "a session goes on with operation %llu behind page %lld",
                             (unsigned long long)h->operation, (long long)h->pages);
    }
    out->held = list;
    out->held_count = (int32_t)m->n_held;
done:
    return st;
}

static weft_status put_attachments(weft_ctx *ctx, const weft_session_request *r,
                                   Weft__Wire__SessionRequest *m)
{
    weft_status st = WEFT_OK;
    Weft__Wire__SessionAttachment *list = NULL;
    if (r->attachment_count == 0) return WEFT_OK;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, r->attachment_count, &list));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, r->attachment_count, &m->attachments));
    for (int32_t i = 0; i < r->attachment_count; i++) {
        weft__wire__session_attachment__init(&list[i]);
        list[i].path = wire_text(r->attachments[i].path);
        list[i].sha256 = wire_text(r->attachments[i].sha256);
        list[i].bytes = r->attachments[i].bytes;
        m->attachments[i] = &list[i];
    }
    m->n_attachments = (size_t)r->attachment_count;
done:
    return st;
}

static weft_status get_attachments(weft_ctx *ctx, const Weft__Wire__SessionRequest *m,
                                   weft_session_request *out)
{
    weft_status st = WEFT_OK;
    weft_session_attachment *list = NULL;
    if (m->n_attachments > WEFT_SESSION_FILES_OF_STATEMENT)
        return weft_fail(ctx, WEFT_LIMIT, "a statement names %zu files, more than %d", m->n_attachments,
                         WEFT_SESSION_FILES_OF_STATEMENT);
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, m->n_attachments, &list));
    for (size_t i = 0; i < m->n_attachments; i++) {
        const Weft__Wire__SessionAttachment *a = m->attachments[i];
        if (a->path[0] == 0 || strlen(a->path) >= WEFT_SESSION_PATH_BYTES || !weft_sha256_is(a->sha256) ||
            a->bytes < 0 || a->bytes > WEFT_BLOB_BYTES_MAX)
            return weft_fail(ctx, WEFT_CORRUPT, "file %zu of a statement is none", i);
        list[i] = (weft_session_attachment){.path = a->path, .sha256 = a->sha256, .bytes = a->bytes};
    }
    out->attachments = list;
    out->attachment_count = (int32_t)m->n_attachments;
done:
    return st;
}

weft_status weft_session_settings_list(weft_ctx *ctx, const weft_settings *settings,
                                       const weft_session_setting **out, int32_t *count)
{
    weft_status st = WEFT_OK;
    weft_session_setting *list = NULL;
    *count = 0;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, WEFT_SETTING_COUNT, &list));
    for (int32_t i = 0; i < WEFT_SETTING_COUNT; i++) {
        const weft_setting_def *def = weft_setting_find_def((weft_setting_id)i);
        if (def->scope == WEFT_SCOPE_PROCESS || !settings->set[i]) continue;
        list[(*count)++] = (weft_session_setting){.key = def->key, .value = settings->text[i]};
    }
    *out = list;
done:
    return st;
}

Weft__Wire__SessionSubmission *weft_submission_put(const weft_submission *s, Weft__Wire__SessionSubmission *m)
{
    if (s->done == 0 && s->tries == 0 && !s->finished) return NULL;
    weft__wire__session_submission__init(m);
    m->done = s->done;
    m->digest = s->digest;
    m->tries = s->tries;
    m->finished = s->finished;
    return m;
}

weft_status weft_submission_get(weft_ctx *ctx, const Weft__Wire__SessionSubmission *m, weft_submission *out)
{
    *out = (weft_submission){0};
    if (m == NULL) return WEFT_OK;
    if (m->done >= WEFT_SUBMISSION_PLACES || m->tries >= WEFT_SUBMISSION_PLACES)
        return weft_fail(ctx, WEFT_CORRUPT, "a session has done %llu statements after %llu tries",
                         (unsigned long long)m->done, (unsigned long long)m->tries);
    *out = (weft_submission){
        .done = m->done, .digest = m->digest, .tries = m->tries, .finished = m->finished != 0};
    return WEFT_OK;
}

bool weft_session_name_is(const char *name)
{
    size_t len = 0;
    while (name[len] > ' ' && name[len] < 0x7f) len++;
    return name[len] == 0 && len > 0 && len < WEFT_SESSION_NAME_BYTES;
}

const char *weft_session_release(void) { return WEFT_VERSION; }

static bool is_short(const char *release) { return strlen(release) < WEFT_SESSION_RELEASE_BYTES; }

/* ---- requests ---- */

weft_status weft_session_request_encode(weft_ctx *ctx, const weft_session_request *r, uint8_t **bytes,
                                        size_t *len)
{
    weft_status st = WEFT_OK;
    Weft__Wire__SessionRequest m = WEFT__WIRE__SESSION_REQUEST__INIT;
    Weft__Wire__SessionSubmission submission;
    m.version = WEFT_SESSION_VERSION;
    m.kind = (uint32_t)r->kind;
    m.operation = r->operation;
    m.session_high = r->session.high;
    m.session_low = r->session.low;
    if (r->release != NULL) m.release = wire_text(r->release);
    m.credit = r->credit;
    m.text_bytes = r->text_bytes;
    m.number = r->number;
    m.session_version = r->session_version;
    WEFT_TRY(st, wire_put_settings(ctx, r->settings, r->setting_count, &m.n_settings, &m.settings));
    WEFT_TRY(st, put_held(ctx, r, &m));
    WEFT_TRY(st, put_attachments(ctx, r, &m));
    m.file = r->file;
    m.chunk = r->chunk;
    if (r->name != NULL) m.name = wire_text(r->name);
    m.submission = weft_submission_put(&r->submission, &submission);
    WEFT_TRY(st, pack(ctx, &m.base, bytes, len));
done:
    return st;
}

/* Are there only fields that belong to the kind, with values that it may have? */
static bool request_is_whole(const Weft__Wire__SessionRequest *m)
{
    const weft_request_kind kind = (weft_request_kind)m->kind;
    const bool open = kind == WEFT_REQUEST_OPEN, execute = kind == WEFT_REQUEST_EXECUTE;
    const bool about = kind != WEFT_REQUEST_OPEN && kind != WEFT_REQUEST_CLOSE && kind != WEFT_REQUEST_PING;
    if (about != (m->operation != 0)) return false;
    if (!open && (m->session_high != 0 || m->session_low != 0 || m->release[0] != 0 || m->n_held > 0))
        return false;
    if (m->session_version != 0 && !open && !execute && kind != WEFT_REQUEST_SET) return false;
    if (!is_short(m->release) || (m->n_attachments > 0 && !execute)) return false;
    if (m->name[0] != 0 && (!open || !weft_session_name_is(m->name))) return false;
    if (m->submission != NULL && !open && kind != WEFT_REQUEST_RELEASE && kind != WEFT_REQUEST_CLOSE)
        return false;
    if (m->file < 0 || m->chunk < 0 || (kind != WEFT_REQUEST_PART && (m->file != 0 || m->chunk != 0)))
        return false;
    if (kind == WEFT_REQUEST_SET ? m->n_settings != 1 : !open && m->n_settings > 0) return false;
    if (m->credit < 0 || (m->credit > 0 && !execute && kind != WEFT_REQUEST_CREDIT)) return false;
    if (m->text_bytes < 0 || m->text_bytes > WEFT_SQL_BYTES_MAX || (m->text_bytes > 0 && !execute))
        return false;
    return kind == WEFT_REQUEST_PING || m->number == 0;
}

weft_status weft_session_request_decode(weft_ctx *ctx, const uint8_t *bytes, size_t len,
                                        weft_session_request *out)
{
    weft_status st = WEFT_OK;
    ProtobufCMessage *message = NULL;
    WEFT_TRY(st, unpack(ctx, &weft__wire__session_request__descriptor, bytes, len, &message));
    const Weft__Wire__SessionRequest *m = (const Weft__Wire__SessionRequest *)(const void *)message;
    WEFT_TRY(st, check_version(ctx, m->version));
    if (m->kind > WEFT_REQUEST_PART)
        return weft_fail(ctx, WEFT_UNSUPPORTED, "a request of kind %u is not known here", m->kind);
    if (!request_is_whole(m))
        return weft_fail(ctx, WEFT_CORRUPT, "a request of kind %u has the parts of another, or none",
                         m->kind);
    *out = (weft_session_request){.kind = (weft_request_kind)m->kind,
                                  .operation = m->operation,
                                  .session = {.high = m->session_high, .low = m->session_low},
                                  .release = m->release,
                                  .credit = m->credit,
                                  .text_bytes = m->text_bytes,
                                  .number = m->number,
                                  .session_version = m->session_version,
                                  .file = m->file,
                                  .chunk = m->chunk,
                                  .name = m->name[0] == 0 ? NULL : m->name};
    WEFT_TRY(st, weft_submission_get(ctx, m->submission, &out->submission));
    WEFT_TRY(st, wire_get_settings(ctx, m->settings, m->n_settings, &out->settings, &out->setting_count));
    WEFT_TRY(st, get_held(ctx, m, out));
    WEFT_TRY(st, get_attachments(ctx, m, out));
done:
    return st;
}

/* ---- replies ---- */

static weft_status put_result(weft_ctx *ctx, const weft_reply_result *r, Weft__Wire__SessionResult *m)
{
    weft_status st = WEFT_OK;
    m->schema = wire_bytes(r->schema.bytes, r->schema.len);
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, r->block_count, &m->blocks));
    for (int32_t i = 0; i < r->block_count; i++)
        m->blocks[i] = wire_bytes(r->blocks[i].bytes, r->blocks[i].len);
    m->n_blocks = (size_t)r->block_count;
    m->is_text = r->is_text;
    m->rows = r->rows;
    m->stages = r->stages;
    m->tasks = r->tasks;
    m->tasks_failed = r->tasks_failed;
    m->tasks_rerun = r->tasks_rerun;
    m->blocks_lost = r->blocks_lost;
    m->session_version = r->session_version;
    WEFT_TRY(st, wire_put_settings(ctx, r->settings, r->setting_count, &m->n_settings, &m->settings));
done:
    return st;
}

/* Room for the parts of a reply while it is packed. */
typedef struct reply_parts {
    Weft__Wire__SessionOpened opened;
    Weft__Wire__SessionSubmission submission;
    Weft__Wire__SessionProgress progress;
    Weft__Wire__SessionResult result;
    Weft__Wire__SessionPlace place;
    Weft__Wire__SessionWant want;
    Weft__Wire__Error error;
} reply_parts;

static void put_opened(const weft_session_reply *r, Weft__Wire__SessionOpened *m)
{
    m->session_high = r->opened.session.high;
    m->session_low = r->opened.session.low;
    m->incarnation_high = r->opened.incarnation.high;
    m->incarnation_low = r->opened.incarnation.low;
    m->release = wire_text(r->opened.release);
    m->resumed = r->opened.resumed;
    m->last_operation = r->opened.last_operation;
    m->session_version = r->opened.session_version;
    m->again = (uint64_t *)(uintptr_t)r->opened.again; /* not written to */
    m->n_again = (size_t)r->opened.again_count;
}

static void put_progress(const weft_session_reply *r, Weft__Wire__SessionProgress *m)
{
    m->stages = r->progress.stages;
    m->stages_done = r->progress.stages_done;
    m->tasks = r->progress.tasks;
    m->running = r->progress.running;
    m->tasks_done = r->progress.tasks_done;
}

weft_status weft_session_reply_encode(weft_ctx *ctx, const weft_session_reply *r, uint8_t **bytes,
                                      size_t *len)
{
    weft_status st = WEFT_OK;
    Weft__Wire__SessionReply m = WEFT__WIRE__SESSION_REPLY__INIT;
    reply_parts parts = {.opened = WEFT__WIRE__SESSION_OPENED__INIT,
                         .progress = WEFT__WIRE__SESSION_PROGRESS__INIT,
                         .result = WEFT__WIRE__SESSION_RESULT__INIT,
                         .error = WEFT__WIRE__ERROR__INIT};
    m.version = WEFT_SESSION_VERSION;
    m.kind = (uint32_t)r->kind;
    m.operation = r->operation;
    switch (r->kind) {
    case WEFT_REPLY_OPENED:
        put_opened(r, &parts.opened);
        parts.opened.submission = weft_submission_put(&r->opened.submission, &parts.submission);
        m.opened = &parts.opened;
        break;
    case WEFT_REPLY_PROGRESS:
        put_progress(r, &parts.progress);
        m.progress = &parts.progress;
        break;
    case WEFT_REPLY_RESULT:
        WEFT_TRY(st, put_result(ctx, &r->result, &parts.result));
        m.result = &parts.result;
        break;
    case WEFT_REPLY_PAGE:
        m.page_number = r->page.number;
        m.page_bytes = r->page.bytes;
        m.page_crc = r->page.crc;
        put_place(&r->page.place, &parts.place);
        m.place = &parts.place;
        break;
    case WEFT_REPLY_END: m.rows = r->rows; break;
    case WEFT_REPLY_FAILED:
        wire_put_error(r->error, &parts.error);
        m.error = &parts.error;
        break;
    case WEFT_REPLY_PONG: m.number = r->number; break;
    case WEFT_REPLY_WANT:
        weft__wire__session_want__init(&parts.want);
        parts.want.file = r->want.file;
        parts.want.chunk = r->want.chunk;
        parts.want.count = r->want.count;
        m.want = &parts.want;
        break;
    }
    WEFT_TRY(st, pack(ctx, &m.base, bytes, len));
done:
    return st;
}

static weft_status get_result(weft_ctx *ctx, const Weft__Wire__SessionResult *m, weft_reply_result *out)
{
    weft_status st = WEFT_OK;
    weft_bytes *blocks = NULL;
    if (m->rows < 0 || m->stages < 0 || m->tasks < 0 || m->tasks_failed < 0 || m->tasks_rerun < 0 ||
        m->blocks_lost < 0)
        return weft_fail(ctx, WEFT_CORRUPT, "a result of %lld rows, %d stages and %lld tasks",
                         (long long)m->rows, m->stages, (long long)m->tasks);
    if (m->schema.len == 0 && m->n_blocks > 0)
        return weft_fail(ctx, WEFT_CORRUPT, "a result without columns has %zu blocks", m->n_blocks);
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, m->n_blocks, &blocks));
    for (size_t i = 0; i < m->n_blocks; i++)
        blocks[i] = (weft_bytes){.bytes = m->blocks[i].data, .len = m->blocks[i].len};
    *out = (weft_reply_result){.schema = {.bytes = m->schema.data, .len = m->schema.len},
                               .block_count = (int32_t)m->n_blocks,
                               .blocks = blocks,
                               .is_text = m->is_text != 0,
                               .rows = m->rows,
                               .stages = m->stages,
                               .tasks = m->tasks,
                               .tasks_failed = m->tasks_failed,
                               .tasks_rerun = m->tasks_rerun,
                               .blocks_lost = m->blocks_lost,
                               .session_version = m->session_version};
    WEFT_TRY(st, wire_get_settings(ctx, m->settings, m->n_settings, &out->settings, &out->setting_count));
done:
    return st;
}

static weft_status get_progress(weft_ctx *ctx, const Weft__Wire__SessionProgress *m, weft_session_reply *out)
{
    out->progress.stages = m->stages;
    out->progress.stages_done = m->stages_done;
    out->progress.tasks = m->tasks;
    out->progress.running = m->running;
    out->progress.tasks_done = m->tasks_done;
    if (m->stages >= 0 && m->stages_done >= 0 && m->tasks >= 0 && m->running >= 0 && m->tasks_done >= 0)
        return WEFT_OK;
    return weft_fail(ctx, WEFT_CORRUPT, "progress of %d stages and %lld tasks", m->stages,
                     (long long)m->tasks);
}

static weft_status get_opened(weft_ctx *ctx, const Weft__Wire__SessionOpened *m, weft_session_reply *out)
{
    if (!is_short(m->release) || (m->session_high == 0 && m->session_low == 0))
        return weft_fail(ctx, WEFT_CORRUPT, "a session without a name was opened");
    out->opened.session = (weft_uuid){.high = m->session_high, .low = m->session_low};
    out->opened.incarnation = (weft_uuid){.high = m->incarnation_high, .low = m->incarnation_low};
    out->opened.release = m->release;
    out->opened.resumed = m->resumed != 0;
    out->opened.last_operation = m->last_operation;
    out->opened.session_version = m->session_version;
    if (m->n_again > WEFT_SESSION_HELD_MAX)
        return weft_fail(ctx, WEFT_LIMIT, "%zu statements are to be sent again, more than %d", m->n_again,
                         WEFT_SESSION_HELD_MAX);
    out->opened.again = m->again; /* in the arena, as the message is */
    out->opened.again_count = (int32_t)m->n_again;
    return weft_submission_get(ctx, m->submission, &out->opened.submission);
}

static weft_status get_failure(weft_ctx *ctx, const Weft__Wire__Error *m, weft_session_reply *out)
{
    weft_status st = WEFT_OK;
    weft_error *error = NULL;
    WEFT_TRY(st, WEFT_NEW(ctx, &error));
    WEFT_TRY(st, wire_get_error(ctx, m, error));
    out->error = error;
done:
    return st;
}

static bool reply_is_whole(const Weft__Wire__SessionReply *m)
{
    const weft_reply_kind kind = (weft_reply_kind)m->kind;
    const bool about = kind != WEFT_REPLY_OPENED && kind != WEFT_REPLY_PONG && kind != WEFT_REPLY_FAILED;
    if (about && m->operation == 0) return false;
    if (!about && kind != WEFT_REPLY_FAILED && m->operation != 0) return false;
    return (m->opened != NULL) == (kind == WEFT_REPLY_OPENED) &&
           (m->progress != NULL) == (kind == WEFT_REPLY_PROGRESS) &&
           (m->result != NULL) == (kind == WEFT_REPLY_RESULT) &&
           (m->error != NULL) == (kind == WEFT_REPLY_FAILED) &&
           (m->page_bytes > 0) == (kind == WEFT_REPLY_PAGE) &&
           (m->page_crc == 0 || kind == WEFT_REPLY_PAGE) && m->page_bytes >= 0 && m->page_number >= 0 &&
           (m->page_number == 0 || kind == WEFT_REPLY_PAGE) &&
           (m->place == NULL || kind == WEFT_REPLY_PAGE) && m->page_number < INT64_MAX &&
           m->page_bytes <= UINT32_MAX && m->rows >= 0 && (m->rows == 0 || kind == WEFT_REPLY_END) &&
           (m->number == 0 || kind == WEFT_REPLY_PONG) && (m->want != NULL) == (kind == WEFT_REPLY_WANT);
}

static weft_status get_want(weft_ctx *ctx, const Weft__Wire__SessionWant *m, weft_session_reply *out)
{
    if (m->file < 0 || m->file >= WEFT_SESSION_FILES_OF_STATEMENT || m->chunk < 0 || m->count < 1 ||
        m->count > WEFT_SESSION_WANT_MAX || m->chunk > INT32_MAX - m->count)
        return weft_fail(ctx, WEFT_CORRUPT, "%d chunks from %d on of file %d are asked for", m->count,
                         m->chunk, m->file);
    out->want.file = m->file;
    out->want.chunk = m->chunk;
    out->want.count = m->count;
    return WEFT_OK;
}

weft_status weft_session_reply_decode(weft_ctx *ctx, const uint8_t *bytes, size_t len,
                                      weft_session_reply *out)
{
    weft_status st = WEFT_OK;
    ProtobufCMessage *message = NULL;
    WEFT_TRY(st, unpack(ctx, &weft__wire__session_reply__descriptor, bytes, len, &message));
    const Weft__Wire__SessionReply *m = (const Weft__Wire__SessionReply *)(const void *)message;
    WEFT_TRY(st, check_version(ctx, m->version));
    if (m->kind > WEFT_REPLY_WANT)
        return weft_fail(ctx, WEFT_UNSUPPORTED, "a reply of kind %u is not known here", m->kind);
    if (!reply_is_whole(m))
        return weft_fail(ctx, WEFT_CORRUPT, "a reply of kind %u has the parts of another, or none", m->kind);
    *out = (weft_session_reply){.kind = (weft_reply_kind)m->kind, .operation = m->operation};
    switch (out->kind) {
    case WEFT_REPLY_OPENED: WEFT_TRY(st, get_opened(ctx, m->opened, out)); break;
    case WEFT_REPLY_PROGRESS: WEFT_TRY(st, get_progress(ctx, m->progress, out)); break;
    case WEFT_REPLY_RESULT: WEFT_TRY(st, get_result(ctx, m->result, &out->result)); break;
    case WEFT_REPLY_PAGE:
        out->page.number = m->page_number;
        out->page.bytes = m->page_bytes;
        out->page.crc = m->page_crc;
        WEFT_TRY(st, get_place(ctx, m->place, m->page_number + 1, &out->page.place));
        break;
    case WEFT_REPLY_END: out->rows = m->rows; break;
    case WEFT_REPLY_FAILED: WEFT_TRY(st, get_failure(ctx, m->error, out)); break;
    case WEFT_REPLY_PONG: out->number = m->number; break;
    case WEFT_REPLY_WANT: WEFT_TRY(st, get_want(ctx, m->want, out)); break;
    }
done:
    return st;
}
