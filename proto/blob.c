/* proto/blob.c - see blob.h.
 *
 *   head = u32 magic with the version, u32 CRC-32C of all that follows in the head, u32 kind, u32 class,
 *          u64 epoch, u64 bytes or time, 32 bytes name, u32 index, u32 count, u32 code, u32 CRC-32C of the
 * body, u64 bytes of the body */
#include "proto/blob.h"

#include <string.h>

#include "common/hash.h"

enum { CRC_AT = 4, BODY_AT = 8, ID_BYTES = 8, DIGEST_BYTES = 32 };

static const uint32_t blob_magic = 0x57424c00 | WEFT_BLOB_VERSION; /* "WBL" */
static const uint32_t magic_mask = 0xffffff00;

/* ---- numbers ---- */

static uint8_t *put_uint(uint8_t *to, uint64_t value, int32_t bytes)
{
    for (int32_t i = 0; i < bytes; i++) to[i] = (uint8_t)(value >> (8 * i));
    return to + bytes;
}

static uint64_t get_uint(const uint8_t **from, int32_t bytes)
{
    uint64_t value = 0;
    for (int32_t i = bytes - 1; i >= 0; i--) value = value << 8 | (*from)[i];
    *from += bytes;
    return value;
}

static uint8_t digit(char c) { return (uint8_t)(c <= '9' ? c - '0' : c - 'a' + 10); }

static uint8_t *put_name(uint8_t *to, const char *name)
{
    memset(to, 0, DIGEST_BYTES);
    for (int32_t i = 0; i < DIGEST_BYTES && name[0] != 0; i++)
        to[i] = (uint8_t)(digit(name[2 * i]) << 4 | digit(name[2 * i + 1]));
    return to + DIGEST_BYTES;
}

static void get_name(const uint8_t **from, char name[WEFT_BLOB_NAME_BYTES])
{
    static const char digits[] = "0123456789abcdef";
    for (int32_t i = 0; i < DIGEST_BYTES; i++) {
        name[2 * i] = digits[(*from)[i] >> 4];
        name[2 * i + 1] = digits[(*from)[i] & 15];
    }
    name[2 * DIGEST_BYTES] = 0;
    *from += DIGEST_BYTES;
}

static bool has_time(weft_blob_kind kind) { return kind == WEFT_BLOB_KEEP || kind == WEFT_BLOB_CLOCK; }

/* ---- writing ---- */

void weft_blob_put_head(uint8_t *to, const weft_blob_message *m)
{
    uint8_t *at = put_uint(to, blob_magic, 4);
    at = put_uint(at, 0, 4);
    at = put_uint(at, (uint64_t)m->kind, 4);
    at = put_uint(at, (uint64_t)m->class, 4);
    at = put_uint(at, m->epoch, 8);
    at = put_uint(at, (uint64_t)(has_time(m->kind) ? m->time_ns : m->bytes), 8);
    at = put_name(at, m->name);
    at = put_uint(at, (uint32_t)m->index, 4);
    at = put_uint(at, (uint32_t)m->count, 4);
    at = put_uint(at, (uint32_t)m->code, 4);
    at = put_uint(at, weft_crc32c(0, m->body, m->body_bytes), 4);
    put_uint(at, m->body_bytes, 8);
    put_uint(to + CRC_AT, weft_crc32c(0, to + BODY_AT, WEFT_BLOB_HEAD_BYTES - BODY_AT), 4);
}

/* ---- reading ---- */

static bool has_name(weft_blob_kind kind)
{
    return kind == WEFT_BLOB_PUT || kind == WEFT_BLOB_CHUNK || kind == WEFT_BLOB_GET ||
           kind == WEFT_BLOB_READY;
}

static bool is_zero(const uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (bytes[i] != 0) return false;
    return true;
}

/* Does a message say what its kind may say, with a body of the right length? */
static bool is_whole(const weft_blob_message *m)
{
    const bool has_bytes = m->kind == WEFT_BLOB_PUT || m->kind == WEFT_BLOB_CHUNK;
    if (m->class < 0 || m->class >= WEFT_BLOB_CLASS_COUNT || m->bytes < 0 || m->bytes > WEFT_BLOB_BYTES_MAX ||
        m->time_ns < 0 || m->index < 0 || m->count < 0 || (!has_bytes && m->bytes != 0) ||
        (m->kind != WEFT_BLOB_REFUSED && m->code != 0))
        return false;
    switch (m->kind) {
    case WEFT_BLOB_PUT: return m->index == 0 && m->count == 0 && m->body_bytes == 0;
    case WEFT_BLOB_CHUNK:
        return m->count == 0 && m->index < weft_blob_chunks(m->bytes) &&
               (int64_t)m->body_bytes == weft_blob_chunk_bytes(m->bytes, m->index);
    case WEFT_BLOB_GET: return m->count >= 1 && m->count <= WEFT_BLOB_WINDOW && m->body_bytes == 0;
    case WEFT_BLOB_READY: return m->count == 0 && m->body_bytes == 0;
    case WEFT_BLOB_CLOCK: return m->index == 0 && m->count == 0 && m->body_bytes == 0;
    case WEFT_BLOB_KEEP:
    case WEFT_BLOB_DONE:
        return m->index == 0 && m->count <= WEFT_BLOBS_MAX && m->body_bytes == (size_t)m->count * ID_BYTES;
    case WEFT_BLOB_REFUSED:
        return m->index == 0 && m->count == 0 && m->code > WEFT_OK && m->code < WEFT_STATUS_COUNT &&
               m->body_bytes < WEFT_BLOB_TEXT_BYTES &&
               (m->body_bytes == 0 || memchr(m->body, 0, m->body_bytes) == NULL);
    }
    return false;
}

weft_status weft_blob_read_message(weft_ctx *ctx, const uint8_t *head, size_t head_bytes, const uint8_t *body,
                                   size_t body_bytes, weft_blob_message *out)
{
    const uint8_t *at = head;
    *out = (weft_blob_message){0};
    if (head_bytes != WEFT_BLOB_HEAD_BYTES)
        return weft_fail(ctx, WEFT_CORRUPT, "a message about a blob has a head of %zu bytes", head_bytes);
    const uint32_t magic = (uint32_t)get_uint(&at, 4), crc = (uint32_t)get_uint(&at, 4);
    if ((magic & magic_mask) != (blob_magic & magic_mask) ||
        crc != weft_crc32c(0, head + BODY_AT, WEFT_BLOB_HEAD_BYTES - BODY_AT))
        return weft_fail(ctx, WEFT_CORRUPT, "a message about a blob is damaged");
    if (magic != blob_magic)
        return weft_fail(ctx, WEFT_UNSUPPORTED, "a message about a blob is of version %u, this one knows %d",
                         magic & ~magic_mask, WEFT_BLOB_VERSION);
    const uint64_t kind = get_uint(&at, 4);
    if (kind < WEFT_BLOB_PUT || kind > WEFT_BLOB_CLOCK)
        return weft_fail(ctx, WEFT_UNSUPPORTED, "a message about a blob is of kind %d", (int)kind);
    out->kind = (weft_blob_kind)kind;
    out->class = (weft_blob_class)get_uint(&at, 4);
    out->epoch = get_uint(&at, 8);
    *(has_time(out->kind) ? &out->time_ns : &out->bytes) = (int64_t)get_uint(&at, 8);
    const bool is_named = !is_zero(at, DIGEST_BYTES);
    get_name(&at, out->name);
    if (!is_named) out->name[0] = 0;
    out->index = (int32_t)get_uint(&at, 4);
    out->count = (int32_t)get_uint(&at, 4);
    out->code = (weft_status)get_uint(&at, 4);
    const uint32_t body_crc = (uint32_t)get_uint(&at, 4);
    const uint64_t length = get_uint(&at, 8);
    out->body = body;
    out->body_bytes = body_bytes;
    if (length != body_bytes || body_crc != weft_crc32c(0, body, body_bytes))
        return weft_fail(ctx, WEFT_CORRUPT, "what came with a message about a blob is not what was sent");
    if (is_named != has_name(out->kind) || !is_whole(out))
        return weft_fail(ctx, WEFT_CORRUPT, "a message about a blob contradicts itself");
    return WEFT_OK;
}

uint64_t weft_blob_message_id(const weft_blob_message *m, int32_t i)
{
    const uint8_t *at = m->body + (size_t)i * ID_BYTES;
    return get_uint(&at, ID_BYTES);
}
