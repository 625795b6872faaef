/* proto/wire_control.h - what the encoders and decoders of control messages share; for nobody else. */
#ifndef WEFT_PROTO_WIRE_CONTROL_H
#define WEFT_PROTO_WIRE_CONTROL_H

#include "proto/control.h"
#include "proto/control.pb-c.h"
#include "proto/session.h"
#include "proto/wire.h"
#include "proto/wire_setting.h"

/* protobuf-c takes it without const and does not write to it. */
static inline ProtobufCBinaryData wire_bytes(const uint8_t *bytes, size_t len)
{
    return (ProtobufCBinaryData){.data = (uint8_t *)(uintptr_t)bytes, .len = len};
}

/* Pack into ctx->arena. Errors: WEFT_LIMIT, WEFT_NOMEM. */
WEFT_MUST_CHECK weft_status wire_pack(weft_ctx *ctx, const ProtobufCMessage *message, uint8_t **bytes,
                                      size_t *len);
/* weft_wire_unpack of a message of this protocol's size. */
WEFT_MUST_CHECK weft_status wire_unpack(weft_ctx *ctx, const ProtobufCMessageDescriptor *descriptor,
                                        const uint8_t *bytes, size_t len, ProtobufCMessage **out);
/* wire_hello.c. Decoded: one memory block of ctx's account; slots are the report's. */
WEFT_MUST_CHECK weft_status wire_put_hello(weft_ctx *ctx, const weft_worker_hello *hello,
                                           Weft__Wire__Hello **out);
WEFT_MUST_CHECK weft_status wire_get_hello(weft_ctx *ctx, const Weft__Wire__Hello *m, int32_t slots,
                                           weft_worker_hello **out);
/* An address or a name as it is shown in logs: less than `bytes` of printable ASCII, no spaces. */
WEFT_MUST_CHECK weft_status wire_check_name(weft_ctx *ctx, const char *text, size_t bytes);
/* wire_report.c: samples of sorted rows, in ctx->arena; and into an array of `count`. */
WEFT_MUST_CHECK weft_status wire_put_samples(weft_ctx *ctx, const weft_sort_sample *samples, int32_t count,
                                             Weft__Wire__SortSample ***list, size_t *listed);
WEFT_MUST_CHECK weft_status wire_get_samples(weft_ctx *ctx, Weft__Wire__SortSample *const *list, size_t count,
                                             weft_sort_sample *samples);
/* wire_error.c. A class that this process does not know is WEFT_INTERNAL: a defect, until proved otherwise.
 */
void wire_put_error(const weft_error *error, Weft__Wire__Error *m);
WEFT_MUST_CHECK weft_status wire_get_error(weft_ctx *ctx, const Weft__Wire__Error *m, weft_error *out);
weft_status wire_get_class(const char *text);
WEFT_MUST_CHECK weft_status wire_check_version(weft_ctx *ctx, uint32_t version);

#endif
