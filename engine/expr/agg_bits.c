/* engine/expr/agg_bits.c - bit_and, bit_or, bit_xor of integers; one state of the argument's type. */
#include "engine/expr/agg_input.h"
#include "engine/expr/coerce.h"

extern const weft_aggregate weft_aggregate_bit_and;
extern const weft_aggregate weft_aggregate_bit_or;

static int64_t bits_fold(const weft_expr *call, int64_t a, int64_t b)
{
    if (call->aggregate.function == &weft_aggregate_bit_and) return a & b;
    return call->aggregate.function == &weft_aggregate_bit_or ? a | b : a ^ b;
}

static int64_t bits_load(const uint8_t *at, size_t bytes)
{
    int64_t value = 0;
    memcpy(&value, at, bytes); /* little-endian: the sign is added by the shifts */
    const int shift = 64 - 8 * (int)bytes;
    return (int64_t)((uint64_t)value << shift) >> shift;
}

static void bits_take(const weft_agg_place *place, uint8_t *row, int64_t value)
{
    const weft_agg_slot slot = weft_agg_state(place, 0);
    const size_t bytes = (size_t)weft_phys_bytes((weft_phys)place->layout->phys[place->first_column]);
    if (!weft_agg_is_null(row, slot))
        value = bits_fold(place->call, bits_load(row + slot.offset, bytes), value);
    memcpy(row + slot.offset, &value, bytes);
    weft_agg_set_valid(row, slot);
}

static weft_status bits_update(weft_ctx *ctx, const weft_agg_place *place, uint8_t *const *rows,
                               const weft_batch *batch, const weft_column *args)
{
    weft_agg_reader reader;
    weft_agg_chunk c;
    (void)ctx;
    weft_agg_reader_init(&reader, batch, args, rows, WEFT_AGG_AS_I64);
    while (weft_agg_reader_next(&reader, &c)) {
        const int64_t *values = c.values;
        for (int32_t k = 0; k < c.count; k++) {
            bits_take(place, c.rows[k], values[c.index != NULL ? c.index[k] : (uint32_t)k]);
        }
    }
    return WEFT_OK;
}

static weft_status bits_merge(weft_ctx *ctx, const weft_agg_place *place, uint8_t *const *into,
                              const weft_row_layout *from_layout, int32_t from_first_column,
                              const uint8_t *const *from, int32_t count)
{
    const weft_agg_slot slot = weft_agg_slot_at(from_layout, from_first_column);
    const size_t bytes = (size_t)weft_phys_bytes((weft_phys)from_layout->phys[from_first_column]);
    (void)ctx;
    for (int32_t i = 0; i < count; i++) {
        if (!weft_agg_is_null(from[i], slot))
            bits_take(place, into[i], bits_load(from[i] + slot.offset, bytes));
    }
    return WEFT_OK;
}

static weft_status bits_finalize(weft_ctx *ctx, const weft_agg_place *place, const uint8_t *const *rows,
                                 int32_t count, weft_vector *out)
{
    return weft_agg_finish_state(ctx, place, 0, rows, count, out);
}

static weft_status bits_bind(weft_ctx *ctx, const weft_expr **args, int32_t count, const weft_span *span,
                             weft_type *type)
{
    weft_status st = WEFT_OK;
    if (count != 1) return weft_fail_arg_count(ctx, "bit_and, bit_or or bit_xor", 1, 1, count, span);
    if (args[0]->type.id == WEFT_TYPE_NULL) {
        WEFT_TRY(st, weft_expr_cast(ctx, args[0], WEFT_TYPE_OF(WEFT_TYPE_INT), true, &args[0]));
    }
    if (!weft_type_is_integral(args[0]->type)) {
        return weft_fail_arg_type(ctx, 0, "\"integral\"", args[0], span);
    }
    *type = args[0]->type;
done:
    return st;
}

static int32_t bits_states(const weft_expr *call, weft_type *types, bool *starts_zero)
{
    types[0] = call->type;
    starts_zero[0] = false;
    return 1;
}

static const weft_agg_variant bits_any = {bits_update, NULL, bits_merge, bits_finalize};

static const weft_agg_variant *bits_variant(const weft_expr *call)
{
    (void)call;
    return &bits_any;
}

#define BITS(symbol, usage, want)                                                                            \
    const weft_aggregate weft_aggregate_##symbol = {.name = #symbol,                                         \
                                                    .bind = bits_bind,                                       \
                                                    .states = bits_states,                                   \
                                                    .variant = bits_variant,                                 \
                                                    .result_nullable = true,                                 \
                                                    .help = usage,                                           \
                                                    .example = "SELECT " #symbol                             \
                                                               "(col) FROM VALUES (3), (5) AS tab(col)",     \
                                                    .example_result = want}
BITS(bit_and, "bit_and(expr) - The bits that all values have.", "1");
BITS(bit_or, "bit_or(expr) - The bits that some value has.", "7");
BITS(bit_xor, "bit_xor(expr) - The bits that an odd number of values has.", "6");
