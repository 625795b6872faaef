/* engine/expr/variant_build.c - see variant_build.h. Values of a list are written one behind the other; at
 * its end they are moved by the size of the head, which is known only then. */
#include "engine/expr/variant_build.h"

#include <stdlib.h>
#include <string.h>

#include "common/hash.h"

void weft_variant_builder_reset(weft_variant_builder *b)
{
    b->value.len = b->names.len = b->ends.len = b->entries.len = 0;
    if (b->name_count > 0) memset(b->slots.bytes, 0, b->slots.len);
    b->name_count = 0;
}

void weft_variant_builder_deinit(weft_variant_builder *b)
{
    weft_text_release(&b->value);
    weft_text_release(&b->names);
    weft_text_release(&b->ends);
    weft_text_release(&b->slots);
    weft_text_release(&b->entries);
    *b = (weft_variant_builder){0};
}

static weft_status too_large(weft_ctx *ctx)
{
    return weft_fail(ctx, WEFT_VARIANT_SIZE, "Cannot build variant bigger than 128.0 MiB.");
}

/* Room for len bytes more, at *to. */
static weft_status grow(weft_ctx *ctx, weft_text *text, size_t len, uint8_t **to)
{
    static const char zeros[64];
    weft_status st = WEFT_OK;
    if (text->len + len > WEFT_VARIANT_BYTES) return too_large(ctx);
    const size_t before = text->len;
    for (size_t left = len; left > 0;) {
        const size_t part = left < sizeof zeros ? left : sizeof zeros;
        WEFT_TRY(st, weft_text_append(ctx, text, zeros, part));
        left -= part;
    }
    *to = (uint8_t *)text->bytes + before;
done:
    return st;
}

/* ---- plain values ---- */

weft_status weft_variant_put_plain(weft_ctx *ctx, weft_variant_builder *b, weft_variant_primitive type,
                                   const void *bytes, size_t len)
{
    weft_status st = WEFT_OK;
    const char head = (char)(type << 2 | WEFT_VARIANT_PRIMITIVE);
    if (b->value.len + len + 1 > WEFT_VARIANT_BYTES) return too_large(ctx);
    WEFT_TRY(st, weft_text_append(ctx, &b->value, &head, 1));
    WEFT_TRY(st, weft_text_append(ctx, &b->value, bytes, len));
done:
    return st;
}

weft_status weft_variant_put_null(weft_ctx *ctx, weft_variant_builder *b)
{
    return weft_variant_put_plain(ctx, b, WEFT_VP_NULL, "", 0);
}

weft_status weft_variant_put_bool(weft_ctx *ctx, weft_variant_builder *b, bool value)
{
    return weft_variant_put_plain(ctx, b, value ? WEFT_VP_TRUE : WEFT_VP_FALSE, "", 0);
}

weft_status weft_variant_put_i64(weft_ctx *ctx, weft_variant_builder *b, int64_t value)
{
    if (value == (int8_t)value) return weft_variant_put_plain(ctx, b, WEFT_VP_INT8, &value, 1);
    if (value == (int16_t)value) return weft_variant_put_plain(ctx, b, WEFT_VP_INT16, &value, 2);
    if (value == (int32_t)value) return weft_variant_put_plain(ctx, b, WEFT_VP_INT32, &value, 4);
    return weft_variant_put_plain(ctx, b, WEFT_VP_INT64, &value, 8);
}

weft_status weft_variant_put_decimal(weft_ctx *ctx, weft_variant_builder *b, weft_i128 value, int32_t scale)
{
    char bytes[17];
    const weft_u128 magnitude = value < 0 ? -(weft_u128)value : (weft_u128)value;
    const bool small = scale <= 9 && magnitude <= 999999999;
    const bool middle = scale <= 18 && magnitude <= 999999999999999999;
    bytes[0] = (char)scale;
    memcpy(bytes + 1, &value, 16);
    if (small) return weft_variant_put_plain(ctx, b, WEFT_VP_DECIMAL4, bytes, 5);
    return middle ? weft_variant_put_plain(ctx, b, WEFT_VP_DECIMAL8, bytes, 9)
                  : weft_variant_put_plain(ctx, b, WEFT_VP_DECIMAL16, bytes, 17);
}

static weft_status put_long(weft_ctx *ctx, weft_variant_builder *b, weft_variant_primitive type,
                            const char *bytes, size_t len)
{
    weft_status st = WEFT_OK;
    const uint32_t size = (uint32_t)len;
    if (len > WEFT_VARIANT_BYTES || b->value.len + len + 5 > WEFT_VARIANT_BYTES) return too_large(ctx);
    WEFT_TRY(st, weft_variant_put_plain(ctx, b, type, &size, sizeof size));
    WEFT_TRY(st, weft_text_append(ctx, &b->value, bytes, len));
done:
    return st;
}

weft_status weft_variant_put_text(weft_ctx *ctx, weft_variant_builder *b, const char *bytes, size_t len)
{
    weft_status st = WEFT_OK;
    const char head = (char)(len << 2 | WEFT_VARIANT_SHORT);
    if (len > WEFT_VARIANT_SHORT_MAX) return put_long(ctx, b, WEFT_VP_STRING, bytes, len);
    if (b->value.len + len + 1 > WEFT_VARIANT_BYTES) return too_large(ctx);
    WEFT_TRY(st, weft_text_append(ctx, &b->value, &head, 1));
    WEFT_TRY(st, weft_text_append(ctx, &b->value, bytes, len));
done:
    return st;
}

weft_status weft_variant_put_binary(weft_ctx *ctx, weft_variant_builder *b, const char *bytes, size_t len)
{
    return put_long(ctx, b, WEFT_VP_BINARY, bytes, len);
}

weft_status weft_variant_put_copy(weft_ctx *ctx, weft_variant_builder *b, const weft_variant *v)
{
    weft_status st = WEFT_OK;
    const weft_variant_kind kind = weft_variant_kind_of(v);
    const weft_variant_mark mark = weft_variant_begin(b);
    if (kind < WEFT_VARIANT_OBJECT) {
        if (b->value.len + v->value_len > WEFT_VARIANT_BYTES) return too_large(ctx);
        return weft_text_append(ctx, &b->value, (const char *)v->value, v->value_len);
    }
    const int32_t count = weft_variant_count(v);
    for (int32_t i = 0; i < count; i++) {
        const char *name = NULL;
        uint32_t len = 0;
        weft_variant part;
        if (kind == WEFT_VARIANT_OBJECT) {
            part = weft_variant_field(v, i, &name, &len);
            WEFT_TRY(st, weft_variant_name(ctx, b, name, len));
        } else {
            part = weft_variant_element(v, i);
            WEFT_TRY(st, weft_variant_next(ctx, b));
        }
        WEFT_TRY(st, weft_variant_put_copy(ctx, b, &part));
    }
    WEFT_TRY(st, kind == WEFT_VARIANT_OBJECT ? weft_variant_end_object(ctx, b, mark)
                                             : weft_variant_end_array(ctx, b, mark));
done:
    return st;
}

/* ---- names ---- */

static const char *name_at(const weft_variant_builder *b, uint32_t number, uint32_t *len)
{
    const uint32_t *ends = (const uint32_t *)(const void *)b->ends.bytes;
    const uint32_t from = number == 0 ? 0 : ends[number - 1];
    *len = ends[number] - from;
    return b->names.bytes == NULL ? "" : b->names.bytes + from; /* all of them may be empty */
}

/* The slot of a name, or the empty one where it belongs. */
static uint32_t *name_slot(const weft_variant_builder *b, const char *name, size_t len)
{
    uint32_t *slots = (uint32_t *)(void *)b->slots.bytes;
    const uint32_t mask = (uint32_t)(b->slots.len / sizeof(uint32_t)) - 1;
    uint32_t at = (uint32_t)weft_hash_bytes(name, len) & mask;
    for (;; at = (at + 1) & mask) {
        uint32_t found_len;
        if (slots[at] == 0) return &slots[at];
        const char *found = name_at(b, slots[at] - 1, &found_len);
        if (found_len == len && memcmp(found, name, len) == 0) return &slots[at];
    }
}

static weft_status more_slots(weft_ctx *ctx, weft_variant_builder *b)
{
    weft_status st = WEFT_OK;
    uint8_t *unused = NULL;
    const size_t bytes = b->slots.len == 0 ? 16 * sizeof(uint32_t) : b->slots.len;
    WEFT_TRY(st, grow(ctx, &b->slots, bytes, &unused));
    memset(b->slots.bytes, 0, b->slots.len);
    for (uint32_t i = 0; i < b->name_count; i++) {
        uint32_t len;
        const char *name = name_at(b, i, &len);
        *name_slot(b, name, len) = i + 1;
    }
done:
    return st;
}

static weft_status add_name(weft_ctx *ctx, weft_variant_builder *b, const char *name, size_t len,
                            uint32_t *number)
{
    weft_status st = WEFT_OK;
    if (((size_t)b->name_count + 1) * 2 * sizeof(uint32_t) > b->slots.len) WEFT_TRY(st, more_slots(ctx, b));
    uint32_t *slot = name_slot(b, name, len);
    if (*slot == 0) {
        if (b->names.len + len > WEFT_VARIANT_BYTES) return too_large(ctx);
        WEFT_TRY(st, weft_text_append(ctx, &b->names, name, len));
        const uint32_t end = (uint32_t)b->names.len;
        WEFT_TRY(st, weft_text_append(ctx, &b->ends, (const char *)&end, sizeof end));
        *slot = ++b->name_count;
    }
    *number = *slot - 1;
done:
    return st;
}

/* ---- lists ---- */

weft_variant_mark weft_variant_begin(const weft_variant_builder *b)
{
    return (weft_variant_mark){.value = (uint32_t)b->value.len,
                               .entries = (uint32_t)(b->entries.len / sizeof(weft_variant_entry))};
}

static weft_status add_entry(weft_ctx *ctx, weft_variant_builder *b, uint32_t name)
{
    const weft_variant_entry entry = {.name = name, .at = (uint32_t)b->value.len};
    return weft_text_append(ctx, &b->entries, (const char *)&entry, sizeof entry);
}

weft_status weft_variant_next(weft_ctx *ctx, weft_variant_builder *b) { return add_entry(ctx, b, 0); }

weft_status weft_variant_name(weft_ctx *ctx, weft_variant_builder *b, const char *name, size_t len)
{
    weft_status st = WEFT_OK;
    uint32_t number = 0;
    WEFT_TRY(st, add_name(ctx, b, name, len, &number));
    WEFT_TRY(st, add_entry(ctx, b, number));
done:
    return st;
}

/* The least bytes that hold a number. */
static uint32_t uint_bytes(uint32_t value)
{
    return value <= 0xff ? 1 : value <= 0xffff ? 2 : value <= 0xffffff ? 3 : 4;
}

static uint8_t *write_uint(uint8_t *to, uint32_t value, uint32_t bytes)
{
    for (uint32_t i = 0; i < bytes; i++) to[i] = (uint8_t)(value >> (8 * i));
    return to + bytes;
}

/* The entries since the mark; NULL for none. */
static weft_variant_entry *entries_from(const weft_variant_builder *b, weft_variant_mark mark,
                                        uint32_t *count)
{
    *count = (uint32_t)(b->entries.len / sizeof(weft_variant_entry)) - mark.entries;
    return *count == 0 ? NULL : (weft_variant_entry *)(void *)b->entries.bytes + mark.entries;
}

/* Put the head before the values that lie from the mark on. objects: name numbers of at most max_name. */
static weft_status end_list(weft_ctx *ctx, weft_variant_builder *b, weft_variant_mark mark, bool object,
                            uint32_t max_name)
{
    weft_status st = WEFT_OK;
    uint8_t *unused = NULL;
    uint32_t count = 0;
    const weft_variant_entry *entries = entries_from(b, mark, &count);
    const uint32_t data = (uint32_t)b->value.len - mark.value;
    const bool large = count >= WEFT_VARIANT_LARGE_COUNT;
    const uint32_t id_bytes = object ? uint_bytes(max_name) : 0, offset_bytes = uint_bytes(data);
    const uint64_t head = 1 + (large ? 4 : 1) + (uint64_t)count * id_bytes +
                          ((uint64_t)count + 1) * offset_bytes;
    if (head > WEFT_VARIANT_BYTES) return too_large(ctx);
    WEFT_TRY(st, grow(ctx, &b->value, head, &unused));
    uint8_t *to = (uint8_t *)b->value.bytes + mark.value;
    memmove(to + head, to, data);
    const uint32_t bits = object ? (uint32_t)large << 4 | (id_bytes - 1) << 2 | (offset_bytes - 1)
                                 : (uint32_t)large << 2 | (offset_bytes - 1);
    *to++ = (uint8_t)(bits << 2 | (object ? WEFT_VARIANT_IS_OBJECT : WEFT_VARIANT_IS_ARRAY));
    to = write_uint(to, count, large ? 4 : 1);
    for (uint32_t i = 0; object && i < count; i++) to = write_uint(to, entries[i].name, id_bytes);
    for (uint32_t i = 0; i < count; i++) to = write_uint(to, entries[i].at - mark.value, offset_bytes);
    (void)write_uint(to, data, offset_bytes);
    b->entries.len = mark.entries * sizeof *entries;
done:
    return st;
}

weft_status weft_variant_end_array(weft_ctx *ctx, weft_variant_builder *b, weft_variant_mark mark)
{
    return end_list(ctx, b, mark, false, 0);
}

static int compare_entries(const weft_variant_builder *b, const weft_variant_entry *x,
                           const weft_variant_entry *y)
{
    uint32_t x_len, y_len;
    const char *x_name = name_at(b, x->name, &x_len), *y_name = name_at(b, y->name, &y_len);
    return weft_variant_compare_names(x_name, x_len, y_name, y_len);
}

/* Heap sort of the entries by name: fields mostly come sorted or few, and this has no worst case. */
static void sift(const weft_variant_builder *b, weft_variant_entry *entries, uint32_t at, uint32_t count)
{
    for (;;) {
        uint32_t child = 2 * at + 1;
        if (child >= count) return;
        if (child + 1 < count && compare_entries(b, &entries[child], &entries[child + 1]) < 0) child++;
        if (compare_entries(b, &entries[at], &entries[child]) >= 0) return;
        const weft_variant_entry kept = entries[at];
        entries[at] = entries[child];
        entries[child] = kept;
        at = child;
    }
}

static void sort_entries(const weft_variant_builder *b, weft_variant_entry *entries, uint32_t count)
{
    bool sorted = true;
    for (uint32_t i = 1; i < count && sorted; i++)
        sorted = compare_entries(b, &entries[i - 1], &entries[i]) <= 0;
    if (sorted) return;
    for (uint32_t i = count / 2; i > 0; i--) sift(b, entries, i - 1, count);
    for (uint32_t end = count - 1; end > 0; end--) {
        const weft_variant_entry kept = entries[0];
        entries[0] = entries[end];
        entries[end] = kept;
        sift(b, entries, 0, end);
    }
}

weft_status weft_variant_end_object(weft_ctx *ctx, weft_variant_builder *b, weft_variant_mark mark)
{
    uint32_t max_name = 0, count = 0;
    weft_variant_entry *entries = entries_from(b, mark, &count);
    if (count > 0) sort_entries(b, entries, count);
    for (uint32_t i = 0; i < count; i++) {
        if (entries[i].name > max_name) max_name = entries[i].name;
        if (i == 0 || entries[i].name != entries[i - 1].name) continue;
        uint32_t len;
        const char *name = name_at(b, entries[i].name, &len);
        return weft_fail(ctx, WEFT_VARIANT_DUPLICATE_KEY,
                         "Failed to build variant because of a duplicate object key `%.*s`.",
                         (int)weft_min_i64(len, 200), name);
    }
    return end_list(ctx, b, mark, true, max_name);
}

/* ---- the whole ---- */

/* The bytes of metadata and value; above the limit an error. */
static weft_status whole_bytes(weft_ctx *ctx, const weft_variant_builder *b, uint32_t *width, size_t *bytes)
{
    const uint32_t names = (uint32_t)b->names.len;
    *width = uint_bytes(names > b->name_count ? names : b->name_count);
    const uint64_t meta = 1 + (uint64_t)*width * ((uint64_t)b->name_count + 2) + names;
    *bytes = (size_t)meta + b->value.len;
    return meta > WEFT_VARIANT_BYTES || b->value.len > WEFT_VARIANT_BYTES ? too_large(ctx) : WEFT_OK;
}

static void whole_write(const weft_variant_builder *b, uint32_t width, uint8_t *to)
{
    const uint32_t *ends = (const uint32_t *)(const void *)b->ends.bytes;
    *to++ = (uint8_t)(WEFT_VARIANT_VERSION | (width - 1) << 6);
    to = write_uint(to, b->name_count, width);
    to = write_uint(to, 0, width);
    for (uint32_t n = 0; n < b->name_count; n++) to = write_uint(to, ends[n], width);
    if (b->names.len > 0) memcpy(to, b->names.bytes, b->names.len);
    memcpy(to + b->names.len, b->value.bytes, b->value.len);
}

weft_status weft_variant_store(weft_ctx *ctx, weft_variant_builder *b, weft_vector *out, int32_t i)
{
    weft_status st = WEFT_OK;
    char *room = NULL;
    size_t bytes = 0;
    uint32_t width = 0;
    WEFT_TRY(st, whole_bytes(ctx, b, &width, &bytes));
    WEFT_TRY(st, weft_vector_heap(ctx, out, bytes, &room));
    whole_write(b, width, (uint8_t *)room);
    if (out->column.validity != NULL) weft_bit_set(out->validity, i);
    ((weft_str *)out->values)[i] = weft_str_view(room, (uint32_t)bytes);
done:
    return st;
}

weft_status weft_variant_take(weft_ctx *ctx, weft_variant_builder *b, weft_text *room, weft_variant *out)
{
    weft_status st = WEFT_OK;
    uint8_t *to = NULL;
    size_t bytes = 0;
    uint32_t width = 0;
    WEFT_TRY(st, whole_bytes(ctx, b, &width, &bytes));
    room->len = 0;
    WEFT_TRY(st, grow(ctx, room, bytes, &to));
    whole_write(b, width, to);
    const uint32_t meta = weft_variant_meta_bytes(to, bytes);
    *out =
        (weft_variant){.meta = to, .value = to + meta, .meta_len = meta, .value_len = (uint32_t)bytes - meta};
done:
    return st;
}
