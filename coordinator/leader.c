/* coordinator/leader.c - see leader.h. */
#include "coordinator/leader.h"

#include <string.h>

enum { FORMAT = 2, FORMAT_OLD = 1, FIXED_BYTES = 33 };

static void put_u64(uint8_t *to, uint64_t value)
{
    for (int32_t i = 0; i < 8; i++) to[i] = (uint8_t)(value >> (8 * i));
}

static uint64_t get_u64(const uint8_t *from)
{
    uint64_t value = 0;
    for (int32_t i = 0; i < 8; i++) value |= (uint64_t)from[i] << (8 * i);
    return value;
}

size_t weft_leader_encode(const weft_leader *leader, uint8_t out[WEFT_LEADER_VALUE_BYTES])
{
    const char *texts[] = {leader->address, leader->http, leader->version, leader->blobs};
    size_t at = FIXED_BYTES;
    out[0] = FORMAT;
    put_u64(out + 1, leader->epoch);
    put_u64(out + 9, leader->term);
    put_u64(out + 17, leader->guid.high);
    put_u64(out + 25, leader->guid.low);
    for (int32_t i = 0; i < WEFT_COUNT(texts); i++) {
        const size_t len = strlen(texts[i]) + 1;
        memcpy(out + at, texts[i], len);
        at += len;
    }
    return at;
}

/* A text of visible ASCII: it is shown on pages and put into headers. */
static bool take_text(const uint8_t *bytes, size_t len, size_t *at, char *out, size_t room)
{
    const size_t begin = *at;
    while (*at < len && bytes[*at] > ' ' && bytes[*at] < 0x7f) (*at)++;
    if (*at == len || bytes[*at] != 0 || *at - begin >= room) return false;
    memcpy(out, bytes + begin, *at - begin + 1);
    (*at)++;
    return true;
}

weft_status weft_leader_decode(weft_ctx *ctx, const void *bytes, size_t len, weft_leader *out)
{
    const uint8_t *from = bytes;
    size_t at = FIXED_BYTES;
    *out = (weft_leader){0};
    if (len > 0 && from[0] > FORMAT)
        return weft_fail(ctx, WEFT_UNSUPPORTED, "the name of a leader is of format %d, of a later version",
                         from[0]);
    if (len < FIXED_BYTES || from[0] < FORMAT_OLD)
        return weft_fail(ctx, WEFT_CORRUPT, "%zu bytes are not the name of a leader", len);
    out->epoch = get_u64(from + 1);
    out->term = get_u64(from + 9);
    out->guid = (weft_uuid){.high = get_u64(from + 17), .low = get_u64(from + 25)};
    if (!take_text(from, len, &at, out->address, sizeof(out->address)) ||
        !take_text(from, len, &at, out->http, sizeof(out->http)) ||
        !take_text(from, len, &at, out->version, sizeof(out->version)) ||
        (from[0] != FORMAT_OLD && !take_text(from, len, &at, out->blobs, sizeof(out->blobs))) || at != len)
        return weft_fail(ctx, WEFT_CORRUPT, "the name of a leader has texts that are none");
    return WEFT_OK;
}
