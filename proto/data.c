/* proto/data.c - see data.h. Structs are written field by field: their layout in memory is the compiler's.
 *
 *   head = u32 magic with the version, u32 CRC-32C of all that follows, u32 kind, u32 count, u64 id, u64 x 2
 *          process, u64 host, u64 zero */
#include "proto/data.h"

#include <string.h>

#include "common/hash.h"

enum {
    NAME_BYTES = 24,
    WANT_BYTES = 48,
    ANSWER_BYTES = 16,
    PAGE_BYTES = WEFT_DATA_ITEM_BYTES_MAX,
    CRC_AT = 4,
    BODY_AT = 8
};

static const uint32_t data_magic = 0x57445000 | WEFT_DATA_VERSION; /* "WDP" */
static const uint32_t magic_mask = 0xffffff00;

/* ---- numbers ---- */

static uint8_t *put_u32(uint8_t *to, uint32_t value)
{
    memcpy(to, &value, sizeof(value));
    return to + sizeof(value);
}
static uint8_t *put_u64(uint8_t *to, uint64_t value)
{
    memcpy(to, &value, sizeof(value));
    return to + sizeof(value);
}
static uint32_t get_u32(const uint8_t **from)
{
    uint32_t value;
    memcpy(&value, *from, sizeof(value));
    *from += sizeof(value);
    return value;
}
static uint64_t get_u64(const uint8_t **from)
{
    uint64_t value;
    memcpy(&value, *from, sizeof(value));
    *from += sizeof(value);
    return value;
}

static size_t item_bytes(weft_data_kind kind)
{
    switch (kind) {
    case WEFT_DATA_HEADERS: return NAME_BYTES;
    case WEFT_DATA_PAGES: return WANT_BYTES;
    case WEFT_DATA_GAVE_HEADERS: return ANSWER_BYTES;
    case WEFT_DATA_GAVE_PAGES: return PAGE_BYTES;
    }
    return 0;
}

size_t weft_data_bytes(weft_data_kind kind, int32_t count)
{
    return WEFT_DATA_HEAD_BYTES + (size_t)count * item_bytes(kind);
}

/* ---- writing ---- */

static uint8_t *item_at(uint8_t *frame, weft_data_kind kind, int32_t i)
{
    return frame + weft_data_bytes(kind, i);
}

static uint8_t *put_name(uint8_t *at, const weft_block_name *name)
{
    at = put_u64(at, name->job);
    at = put_u32(at, (uint32_t)name->stage);
    at = put_u32(at, (uint32_t)name->generation);
    at = put_u32(at, (uint32_t)name->partition);
    return put_u32(at, (uint32_t)name->attempt);
}

void weft_data_put_name(uint8_t *to, int32_t i, const weft_block_name *name)
{
    put_name(item_at(to, WEFT_DATA_HEADERS, i), name);
}

void weft_data_put_want(uint8_t *to, int32_t i, const weft_data_want *want)
{
    uint8_t *at = item_at(to, WEFT_DATA_PAGES, i);
    at = put_u64(at, want->stream);
    at = put_name(at, &want->name);
    at = put_u32(at, (uint32_t)want->partition);
    at = put_u32(at, (uint32_t)want->first);
    at = put_u32(at, (uint32_t)want->count);
    put_u32(at, 0);
}

void weft_data_put_answer(uint8_t *to, int32_t i, const weft_data_answer *answer)
{
    uint8_t *at = item_at(to, WEFT_DATA_GAVE_HEADERS, i);
    at = put_u32(at, (uint32_t)answer->index);
    at = put_u32(at, (uint32_t)answer->state);
    at = put_u32(at, answer->bytes);
    put_u32(at, 0);
}

void weft_data_put_page(uint8_t *to, int32_t i, const weft_data_page *page)
{
    uint8_t *at = item_at(to, WEFT_DATA_GAVE_PAGES, i);
    at = put_u64(at, page->stream);
    at = put_u32(at, (uint32_t)page->page);
    at = put_u32(at, (uint32_t)page->count);
    at = put_u32(at, (uint32_t)page->state);
    at = put_u32(at, (uint32_t)page->frames);
    at = put_u32(at, page->bytes);
    at = put_u32(at, page->stored);
    at = put_u32(at, page->crc);
    at = put_u32(at, 0);
    at = put_u64(at, 0);
    memcpy(at, page->head, sizeof(page->head));
}

void weft_data_put_head(uint8_t *to, const weft_data_head *head)
{
    uint8_t *at = put_u32(to, data_magic);
    at = put_u32(at, 0);
    at = put_u32(at, (uint32_t)head->kind);
    at = put_u32(at, (uint32_t)head->count);
    at = put_u64(at, head->id);
    at = put_u64(at, head->process.high);
    at = put_u64(at, head->process.low);
    at = put_u64(at, head->host);
    put_u64(at, 0);
    put_u32(to + CRC_AT, weft_crc32c(0, to + BODY_AT, weft_data_bytes(head->kind, head->count) - BODY_AT));
}

/* ---- reading ---- */

static const uint8_t *item_of(const uint8_t *frame, weft_data_kind kind, int32_t i)
{
    return frame + weft_data_bytes(kind, i);
}

static void get_name(const uint8_t **at, weft_block_name *out)
{
    out->job = get_u64(at);
    out->stage = (int32_t)get_u32(at);
    out->generation = (int32_t)get_u32(at);
    out->partition = (int32_t)get_u32(at);
    out->attempt = (int32_t)get_u32(at);
}

void weft_data_get_name(const uint8_t *bytes, int32_t i, weft_block_name *out)
{
    const uint8_t *at = item_of(bytes, WEFT_DATA_HEADERS, i);
    get_name(&at, out);
}

void weft_data_get_want(const uint8_t *bytes, int32_t i, weft_data_want *out)
{
    const uint8_t *at = item_of(bytes, WEFT_DATA_PAGES, i);
    out->stream = get_u64(&at);
    get_name(&at, &out->name);
    out->partition = (int32_t)get_u32(&at);
    out->first = (int32_t)get_u32(&at);
    out->count = (int32_t)get_u32(&at);
}

void weft_data_get_answer(const uint8_t *bytes, int32_t i, weft_data_answer *out)
{
    const uint8_t *at = item_of(bytes, WEFT_DATA_GAVE_HEADERS, i);
    out->index = (int32_t)get_u32(&at);
    out->state = (weft_data_state)get_u32(&at);
    out->bytes = get_u32(&at);
}

void weft_data_get_page(const uint8_t *bytes, int32_t i, weft_data_page *out)
{
    const uint8_t *at = item_of(bytes, WEFT_DATA_GAVE_PAGES, i);
    out->stream = get_u64(&at);
    out->page = (int32_t)get_u32(&at);
    out->count = (int32_t)get_u32(&at);
    out->state = (weft_data_state)get_u32(&at);
    out->frames = (int32_t)get_u32(&at);
    out->bytes = get_u32(&at);
    out->stored = get_u32(&at);
    out->crc = get_u32(&at);
    at += 4 + 8;
    memcpy(out->head, at, sizeof(out->head));
}

static bool want_is_sound(const uint8_t *bytes, int32_t i)
{
    weft_data_want w;
    weft_data_get_want(bytes, i, &w);
    return w.partition >= 0 && w.first >= 0 && w.count > 0 && w.first <= INT32_MAX - w.count;
}

static bool answer_is_sound(const uint8_t *bytes, int32_t i)
{
    weft_data_answer a;
    weft_data_get_answer(bytes, i, &a);
    return a.index >= 0 && (uint32_t)a.state <= WEFT_DATA_GONE && (a.state == WEFT_DATA_HERE || a.bytes == 0);
}

static bool page_is_sound(const uint8_t *bytes, int32_t i)
{
    weft_data_page p;
    weft_data_get_page(bytes, i, &p);
    if ((uint32_t)p.state > WEFT_DATA_GONE || p.page < 0 || p.count < 1 || p.page > INT32_MAX - p.count)
        return false;
    if (p.state != WEFT_DATA_HERE) return p.frames == 0 && p.stored == 0;
    const bool whole = p.stored == p.bytes && p.frames == 1;
    return p.count == 1 && p.bytes >= WEFT_DATA_PAGE_HEAD &&
           (whole || p.stored <= p.bytes - WEFT_DATA_PAGE_HEAD) && p.frames >= 0 &&
           p.frames <= WEFT_DATA_PAGE_FRAMES && (p.frames == 0) == (p.stored == 0) &&
           (p.stored > 0 || p.bytes == WEFT_DATA_PAGE_HEAD);
}

static bool item_is_sound(const uint8_t *bytes, weft_data_kind kind, int32_t i)
{
    switch (kind) {
    case WEFT_DATA_HEADERS: return true; /* any name may be asked for */
    case WEFT_DATA_PAGES: return want_is_sound(bytes, i);
    case WEFT_DATA_GAVE_HEADERS: return answer_is_sound(bytes, i);
    case WEFT_DATA_GAVE_PAGES: return page_is_sound(bytes, i);
    }
    return false;
}

weft_status weft_data_check(weft_ctx *ctx, const uint8_t *bytes, size_t len, weft_data_head *out)
{
    const uint8_t *at = bytes;
    *out = (weft_data_head){0};
    if (len < WEFT_DATA_HEAD_BYTES)
        return weft_fail(ctx, WEFT_CORRUPT, "a message of blocks has %zu bytes, less than its head", len);
    const uint32_t magic = get_u32(&at), crc = get_u32(&at);
    if ((magic & magic_mask) != (data_magic & magic_mask))
        return weft_fail(ctx, WEFT_CORRUPT, "%zu bytes are no message of blocks", len);
    if (magic != data_magic)
        return weft_fail(ctx, WEFT_UNSUPPORTED, "a message of blocks of version %u; this is version %d",
                         magic & ~magic_mask, WEFT_DATA_VERSION);
    if (weft_crc32c(0, at, len - BODY_AT) != crc)
        return weft_fail(ctx, WEFT_CORRUPT, "a message of blocks came with a wrong checksum");
    const uint32_t kind = get_u32(&at), count = get_u32(&at);
    if (kind < WEFT_DATA_HEADERS || kind > WEFT_DATA_GAVE_PAGES)
        return weft_fail(ctx, WEFT_UNSUPPORTED, "a message of blocks of kind %u", kind);
    if (count < 1 || count > WEFT_DATA_ITEMS_MAX ||
        len != weft_data_bytes((weft_data_kind)kind, (int32_t)count))
        return weft_fail(ctx, WEFT_CORRUPT, "a message of blocks of %zu bytes has %u items", len, count);
    out->kind = (weft_data_kind)kind;
    out->count = (int32_t)count;
    out->id = get_u64(&at);
    out->process.high = get_u64(&at);
    out->process.low = get_u64(&at);
    out->host = get_u64(&at);
    for (int32_t i = 0; i < out->count; i++)
        if (!item_is_sound(bytes, out->kind, i))
            return weft_fail(ctx, WEFT_CORRUPT, "item %d of a message of blocks contradicts itself", i);
    return WEFT_OK;
}
