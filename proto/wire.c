/* proto/wire.c - see wire.h. */
#include "proto/wire.h"

/* protobuf-c allocates through this: from the arena, which frees all at once. */
typedef struct wire_heap {
    weft_ctx *ctx;
    weft_status st;
} wire_heap;

static void *wire_alloc(void *self, size_t bytes)
{
    wire_heap *heap = self;
    void *out = NULL;
    heap->st = weft_arena_alloc(heap->ctx, heap->ctx->arena, bytes > 0 ? bytes : 1, &out);
    return heap->st == WEFT_OK ? out : NULL;
}

static void wire_free(void *self, void *block)
{
    (void)self;
    (void)block;
}

static weft_status check_known(weft_ctx *ctx, const ProtobufCMessage *message);

static weft_status check_field(weft_ctx *ctx, const ProtobufCMessage *message,
                               const ProtobufCFieldDescriptor *field)
{
    weft_status st = WEFT_OK;
    const char *const base = (const char *)message;
    if (field->type != PROTOBUF_C_TYPE_MESSAGE) return WEFT_OK;
    const void *const at = *(const void *const *)(const void *)(base + field->offset);
    if (at == NULL) return WEFT_OK;
    if (field->label != PROTOBUF_C_LABEL_REPEATED) return check_known(ctx, at);
    const size_t count = *(const size_t *)(const void *)(base + field->quantifier_offset);
    for (size_t i = 0; i < count; i++)
        WEFT_TRY(st, check_known(ctx, ((const ProtobufCMessage *const *)at)[i]));
done:
    return st;
}

/* No message of ours contains itself, so the depth is that of the schema. */
static weft_status check_known(weft_ctx *ctx, const ProtobufCMessage *message)
{
    weft_status st = WEFT_OK;
    if (message->n_unknown_fields > 0)
        return weft_fail(ctx, WEFT_UNSUPPORTED,
                         "field %u of message %s is not known here: it was made by a newer version",
                         message->unknown_fields[0].tag, message->descriptor->name);
    for (unsigned i = 0; i < message->descriptor->n_fields; i++)
        WEFT_TRY(st, check_field(ctx, message, &message->descriptor->fields[i]));
done:
    return st;
}

weft_status weft_wire_unpack(weft_ctx *ctx, const ProtobufCMessageDescriptor *descriptor,
                             const uint8_t *bytes, size_t len, ProtobufCMessage **out)
{
    wire_heap heap = {.ctx = ctx};
    ProtobufCAllocator allocator = {.alloc = wire_alloc, .free = wire_free, .allocator_data = &heap};
    *out = protobuf_c_message_unpack(descriptor, &allocator, len, bytes);
    if (*out != NULL) return check_known(ctx, *out);
    if (heap.st != WEFT_OK) return heap.st;
    return weft_fail(ctx, WEFT_CORRUPT, "%zu bytes from the wire are no message %s", len, descriptor->name);
}
