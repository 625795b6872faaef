/* proto/envelope.c - see envelope.h. */
#include "proto/envelope.h"

#include <string.h>

#include "proto/envelope.pb-c.h"
#include "proto/wire.h"

/* Less than `most` bytes of a text, cut before the character that is not whole. */
static size_t text_len(const char *text, size_t most)
{
    size_t len = strnlen(text, most);
    if (len == most)
        for (len--; len > 0 && ((unsigned char)text[len] & 0xc0) == 0x80; len--) continue;
    return len;
}

weft_status weft_envelope_encode(weft_ctx *ctx, const weft_envelope *envelope, uint8_t **bytes, size_t *len)
{
    weft_status st = WEFT_OK;
    Weft__Wire__Envelope m = WEFT__WIRE__ENVELOPE__INIT;
    m.version = WEFT_ENVELOPE_VERSION;
    m.kind = (uint32_t)envelope->kind;
    m.session = envelope->head.session;
    m.number = envelope->head.number;
    m.ack = envelope->head.ack;
    m.worker = envelope->worker;
    if (envelope->text != NULL)
        WEFT_TRY(st, weft_arena_copy(ctx, ctx->arena, envelope->text,
                                     text_len(envelope->text, WEFT_ENVELOPE_TEXT_BYTES), &m.text));
    *len = weft__wire__envelope__get_packed_size(&m);
    WEFT_TRY(st, weft_arena_alloc(ctx, ctx->arena, *len, (void **)bytes));
    weft__wire__envelope__pack(&m, *bytes);
done:
    return st;
}

weft_status weft_envelope_decode(weft_ctx *ctx, const uint8_t *bytes, size_t len, weft_envelope *out)
{
    weft_status st = WEFT_OK;
    ProtobufCMessage *message = NULL;
    if (len > WEFT_ENVELOPE_BYTES_MAX)
        return weft_fail(ctx, WEFT_CORRUPT, "an envelope of %zu bytes, more than the %d that it may have",
                         len, WEFT_ENVELOPE_BYTES_MAX);
    WEFT_TRY(st, weft_wire_unpack(ctx, &weft__wire__envelope__descriptor, bytes, len, &message));
    const Weft__Wire__Envelope *m = (const Weft__Wire__Envelope *)(const void *)message;
    if (m->version != WEFT_ENVELOPE_VERSION)
        return weft_fail(ctx, WEFT_UNSUPPORTED, "a message of version %u; this process speaks %d", m->version,
                         WEFT_ENVELOPE_VERSION);
    if (m->kind > WEFT_ENVELOPE_PIECE)
        return weft_fail(ctx, WEFT_UNSUPPORTED, "a message of kind %u is not known here", m->kind);
    *out = (weft_envelope){.kind = (weft_envelope_kind)m->kind,
                           .head = {.session = m->session, .number = m->number, .ack = m->ack},
                           .worker = m->worker};
    if (m->worker < 0 || (m->worker > 0 && out->kind != WEFT_ENVELOPE_WELCOME))
        return weft_fail(ctx, WEFT_CORRUPT, "a message of kind %u names worker %d", m->kind, m->worker);
    const size_t text = strlen(m->text);
    const bool has_text = out->kind == WEFT_ENVELOPE_REFUSE || out->kind == WEFT_ENVELOPE_WELCOME;
    if (text >= WEFT_ENVELOPE_TEXT_BYTES || (text > 0 && !has_text))
        return weft_fail(ctx, WEFT_CORRUPT, "a message of kind %u with a text of %zu bytes", m->kind, text);
    if (has_text) out->text = m->text;
done:
    return st;
}
