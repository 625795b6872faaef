/* proto/wire.h - messages from bytes, for all that decode: into an arena, strict about what is not known.
 *
 * protobuf keeps what it does not know aside and goes on. A plan of which a part was not understood must not
 * run, so a field that this process does not know is an error here, at any depth. */
#ifndef WEFT_PROTO_WIRE_H
#define WEFT_PROTO_WIRE_H

#include <protobuf-c/protobuf-c.h>

#include "common/mem.h"

/* The message is in ctx->arena and needs no freeing; bytes are not needed afterwards. Errors: WEFT_CORRUPT,
 * WEFT_UNSUPPORTED with the unknown field, WEFT_NOMEM. */
WEFT_MUST_CHECK weft_status weft_wire_unpack(weft_ctx *ctx, const ProtobufCMessageDescriptor *descriptor,
                                             const uint8_t *bytes, size_t len, ProtobufCMessage **out);

#endif
