/* proto/envelope.h - the first frame of every message on the control port: what it is, and its place in the
 * session (common/link.h). The frames after it are orders or reports (control.h), one each, or what a client
 * and the coordinator say (session.h).
 *
 *   worker → coordinator   REGISTER (one frame: a report of that kind), REPORTS, BEAT, LEAVE
 *   coordinator → worker   WELCOME, ORDERS, PIECE (one order of that kind, and its bytes), BEAT, REFUSE
 *   client ↔ coordinator   CLIENT
 *
 * A message of orders or reports, and a piece, is numbered as a whole. REGISTER and WELCOME are outside of
 * the numbering.
 */
#ifndef WEFT_PROTO_ENVELOPE_H
#define WEFT_PROTO_ENVELOPE_H

#include "common/ctx.h"
#include "common/link.h"

typedef enum weft_envelope_kind {
    WEFT_ENVELOPE_REGISTER,
    WEFT_ENVELOPE_WELCOME, /* worker: its number; head.session: the session that begins */
    WEFT_ENVELOPE_REFUSE,  /* text: why this worker or client cannot be let in; trying again will not help */
    WEFT_ENVELOPE_ORDERS,
    WEFT_ENVELOPE_REPORTS,
    WEFT_ENVELOPE_BEAT,
    WEFT_ENVELOPE_LEAVE, /* the worker ends in order */
    WEFT_ENVELOPE_CLIENT,
    WEFT_ENVELOPE_PIECE /* acknowledged at once, by a heartbeat: so the sender knows when to send the next */
} weft_envelope_kind;

typedef struct weft_envelope {
    weft_envelope_kind kind;
    weft_link_head head;
    int32_t worker;   /* WELCOME */
    const char *text; /* REFUSE; WELCOME: "HOST:PORT" where artifacts are fetched, or ""; decoded: of
                         ctx->arena */
} weft_envelope;

enum {
    WEFT_ENVELOPE_VERSION = 1,
    WEFT_ENVELOPE_TEXT_BYTES = 4096, /* with the zero byte at the end; a longer text is cut */
    WEFT_ENVELOPE_BYTES_MAX = WEFT_ENVELOPE_TEXT_BYTES + 128
};

/* As control.h's: into ctx->arena. Errors: WEFT_NOMEM; decode also WEFT_CORRUPT, and WEFT_UNSUPPORTED for
 * another version or kind. */
WEFT_MUST_CHECK weft_status weft_envelope_encode(weft_ctx *ctx, const weft_envelope *envelope,
                                                 uint8_t **bytes, size_t *len);
WEFT_MUST_CHECK weft_status weft_envelope_decode(weft_ctx *ctx, const uint8_t *bytes, size_t len,
                                                 weft_envelope *out);

#endif
