/* engine/expr/agg_bitmap.c - bitmap_construct_agg(position), bitmap_or_agg(bitmap), bitmap_and_agg(bitmap):
 * bitmaps of 32,768 bits, the lowest bit of the first byte first. The body is the bitmap. */
#include "engine/expr/agg_object.h"
#include "engine/expr/coerce.h"

extern const weft_aggregate weft_aggregate_bitmap_construct_agg, weft_aggregate_bitmap_and_agg;

enum { BITMAP_BYTES = 4096, BITMAP_BITS = BITMAP_BYTES * 8 };

static uint64_t bitmap_need(const weft_expr *call, const uint8_t *body, size_t len, uint32_t updates,
                            uint64_t bytes)
{
    (void)call, (void)body, (void)len, (void)updates, (void)bytes;
    return BITMAP_BYTES;
}

static void bitmap_start(const weft_expr *call, uint8_t *body, size_t len)
{
    const bool conjunction = call->aggregate.function == &weft_aggregate_bitmap_and_agg;
    memset(body, conjunction ? 0xff : 0, len);
}

/* A bitmap of the input may be shorter: the rest of it is zero; what is longer does not count. */
static void bitmap_take(const weft_expr *call, uint8_t *body, const char *bytes, size_t len)
{
    const bool conjunction = call->aggregate.function == &weft_aggregate_bitmap_and_agg;
    for (size_t b = 0; b < BITMAP_BYTES; b++) {
        const uint8_t byte = b < len ? (uint8_t)bytes[b] : 0;
        body[b] = conjunction ? body[b] & byte : body[b] | byte;
    }
}

static weft_status bitmap_add(weft_ctx *ctx, const weft_expr *call, uint8_t *body, size_t len,
                              const weft_column *args, int32_t position)
{
    (void)len;
    if (call->aggregate.function == &weft_aggregate_bitmap_construct_agg) {
        const int64_t bit = weft_value_of_column(args, position).i64;
        if (bit < 0 || bit >= BITMAP_BITS) {
            return weft_fail_at(ctx, WEFT_BITMAP_POSITION, &call->span,
                                "The 0-indexed bitmap position %lld is out of bounds. The bitmap has %d bits "
                                "(%d bytes).",
                                (long long)bit, BITMAP_BITS, BITMAP_BYTES);
        }
        body[bit / 8] |= (uint8_t)(1u << (bit % 8));
        return WEFT_OK;
    }
    const weft_str *bytes = weft_column_value(args, position);
    bitmap_take(call, body, weft_str_data(bytes), bytes->len);
    return WEFT_OK;
}

static uint64_t bitmap_merge_need(const weft_expr *call, const uint8_t *into, size_t len, const uint8_t *from,
                                  size_t from_len)
{
    (void)from, (void)from_len;
    return bitmap_need(call, into, len, 0, 0);
}

static weft_status bitmap_merge(weft_ctx *ctx, const weft_expr *call, uint8_t *into, size_t len,
                                const uint8_t *from, size_t from_len)
{
    (void)ctx, (void)len;
    bitmap_take(call, into, (const char *)from, from_len);
    return WEFT_OK;
}

/* Without a row: no bit set, of bitmap_and_agg all of them. */
static weft_status bitmap_finish(weft_ctx *ctx, const weft_expr *call, const uint8_t *body, size_t len,
                                 weft_vector *out, int32_t i)
{
    uint8_t empty[BITMAP_BYTES];
    (void)len;
    bitmap_start(call, empty, sizeof empty);
    return weft_vector_set_string(ctx, out, i, (const char *)(body == NULL ? empty : body), BITMAP_BYTES);
}

static weft_status bind_bitmap(weft_ctx *ctx, const char *name, const weft_expr **args, int32_t count,
                               const weft_span *span, weft_type *type)
{
    *type = WEFT_TYPE_OF(WEFT_TYPE_BINARY);
    if (count != 1) return weft_fail_arg_count(ctx, name, 1, 1, count, span);
    if (args[0]->type.id == WEFT_TYPE_BINARY) return WEFT_OK;
    return weft_fail_arg_type(ctx, 0, "\"binary\"", args[0], span);
}

static weft_status or_bind(weft_ctx *ctx, const weft_expr **args, int32_t count, const weft_span *span,
                           weft_type *type)
{
    return bind_bitmap(ctx, "bitmap_or_agg", args, count, span, type);
}
static weft_status and_bind(weft_ctx *ctx, const weft_expr **args, int32_t count, const weft_span *span,
                            weft_type *type)
{
    return bind_bitmap(ctx, "bitmap_and_agg", args, count, span, type);
}

static weft_status construct_bind(weft_ctx *ctx, const weft_expr **args, int32_t count, const weft_span *span,
                                  weft_type *type)
{
    *type = WEFT_TYPE_OF(WEFT_TYPE_BINARY);
    if (count != 1) return weft_fail_arg_count(ctx, "bitmap_construct_agg", 1, 1, count, span);
    if (!weft_type_is_numeric(args[0]->type) && args[0]->type.id != WEFT_TYPE_STRING &&
        args[0]->type.id != WEFT_TYPE_NULL)
        return weft_fail_arg_type(ctx, 0, "\"bigint\"", args[0], span);
    return weft_expr_cast(ctx, args[0], WEFT_TYPE_OF(WEFT_TYPE_BIGINT), true, &args[0]);
}

static const weft_agg_object bitmap_object = {.need = bitmap_need,
                                              .start = bitmap_start,
                                              .add = bitmap_add,
                                              .merge_need = bitmap_merge_need,
                                              .merge = bitmap_merge,
                                              .finish = bitmap_finish};

#define BITMAP(symbol, binder, usage, sql, want)                                                             \
    const weft_aggregate weft_aggregate_##symbol = {.name = #symbol,                                         \
                                                    .bind = binder,                                          \
                                                    WEFT_AGG_OBJECT_ENTRY,                                   \
                                                    .object = &bitmap_object,                                \
                                                    .ignores_duplicates = true,                              \
                                                    .help = usage,                                           \
                                                    .example = sql,                                          \
                                                    .example_result = want}
BITMAP(
    bitmap_construct_agg, construct_bind,
    "bitmap_construct_agg(position) - A bitmap with the bits at these positions set (bitmap_bit_position).",
    "SELECT substring(hex(bitmap_construct_agg(bitmap_bit_position(col))), 0, 6) FROM VALUES (1), (2), (3) "
    "AS "
    "tab(col)",
    "070000");
BITMAP(bitmap_or_agg, or_bind, "bitmap_or_agg(bitmap) - The bits that are set in any of the bitmaps.",
       "SELECT substring(hex(bitmap_or_agg(col)), 0, 6) FROM VALUES (X'10'), (X'20'), (X'40') AS tab(col)",
       "700000");
BITMAP(bitmap_and_agg, and_bind, "bitmap_and_agg(bitmap) - The bits that are set in all of the bitmaps.",
       "SELECT substring(hex(bitmap_and_agg(col)), 0, 6) FROM VALUES (X'F0'), (X'70'), (X'30') AS tab(col)",
       "300000");
