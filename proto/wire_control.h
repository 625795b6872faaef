/* proto/wire_control.h - what the encoders and decoders of control messages share; for nobody else. */
#ifndef WEFT_PROTO_WIRE_CONTROL_H
#define WEFT_PROTO_WIRE_CONTROL_H

#include "proto/control.pb-c.h"
#include "proto/wire.h"

/* protobuf-c takes both without const and does not write to them. */
static inline char *wire_text(const char *text) { return (char *)(uintptr_t)text; }
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
WEFT_MUST_CHECK weft_status wire_check_version(weft_ctx *ctx, uint32_t version);

#endif
