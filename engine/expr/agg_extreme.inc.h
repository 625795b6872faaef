/* engine/expr/agg_extreme.inc.h - the kernels of min and max for one physical type; included by agg_extreme.c
 * once per type and direction with WEFT_T      the C type of values and state WEFT_NAME   suffix of the
 * function names WEFT_AS     how the reader gives the values WEFT_BEFORE(a, b)  a is the better one of the
 * two */

static inline WEFT_T WEFT_CAT(load_, WEFT_NAME)(const void *from)
{
    WEFT_T value;
    memcpy(&value, from, sizeof(value));
    return value;
}

static inline void WEFT_CAT(keep_, WEFT_NAME)(uint8_t *row, weft_agg_slot slot, WEFT_T value)
{
    const WEFT_T held = WEFT_CAT(load_, WEFT_NAME)(row + slot.offset);
    const bool take = weft_agg_is_null(row, slot) || WEFT_BEFORE(value, held);
    value = take ? value : held;
    memcpy(row + slot.offset, &value, sizeof(value));
    weft_agg_set_valid(row, slot);
}

static weft_status WEFT_CAT(update_, WEFT_NAME)(weft_ctx *ctx, const weft_agg_place *place,
                                                uint8_t *const *rows, const weft_batch *batch,
                                                const weft_column *args)
{
    const weft_agg_slot slot = weft_agg_state(place, 0);
    weft_agg_reader reader;
    weft_agg_chunk c;

    (void)ctx;
    weft_agg_reader_init(&reader, batch, args, rows, WEFT_AS);
    while (weft_agg_reader_next(&reader, &c)) {
        const WEFT_T *values = c.values;
        if (c.index != NULL) {
            for (int32_t k = 0; k < c.count; k++) {
                WEFT_CAT(keep_, WEFT_NAME)(c.rows[k], slot, WEFT_CAT(load_, WEFT_NAME)(&values[c.index[k]]));
            }
        } else {
            for (int32_t k = 0; k < c.count; k++) {
                WEFT_CAT(keep_, WEFT_NAME)(c.rows[k], slot, WEFT_CAT(load_, WEFT_NAME)(&values[k]));
            }
        }
    }
    return WEFT_OK;
}

static weft_status WEFT_CAT(update_one_, WEFT_NAME)(weft_ctx *ctx, const weft_agg_place *place, uint8_t *row,
                                                    const weft_batch *batch, const weft_column *args)
{
    const weft_agg_slot slot = weft_agg_state(place, 0);
    weft_agg_reader reader;
    weft_agg_chunk c;

    (void)ctx;
    weft_agg_reader_init(&reader, batch, args, NULL, WEFT_AS);
    while (weft_agg_reader_next(&reader, &c)) {
        const WEFT_T *values = c.values;
        WEFT_T best = WEFT_CAT(load_, WEFT_NAME)(&values[c.index != NULL ? c.index[0] : 0]);
        if (c.index != NULL) {
            for (int32_t k = 1; k < c.count; k++) {
                const WEFT_T value = WEFT_CAT(load_, WEFT_NAME)(&values[c.index[k]]);
                best = WEFT_BEFORE(value, best) ? value : best;
            }
        } else {
            for (int32_t k = 1; k < c.count; k++) {
                const WEFT_T value = WEFT_CAT(load_, WEFT_NAME)(&values[k]);
                best = WEFT_BEFORE(value, best) ? value : best;
            }
        }
        WEFT_CAT(keep_, WEFT_NAME)(row, slot, best);
    }
    return WEFT_OK;
}

static weft_status WEFT_CAT(merge_, WEFT_NAME)(weft_ctx *ctx, const weft_agg_place *place,
                                               uint8_t *const *into, const weft_row_layout *from_layout,
                                               int32_t from_first_column, const uint8_t *const *from,
                                               int32_t count)
{
    const weft_agg_slot to = weft_agg_state(place, 0),
                        slot = weft_agg_slot_at(from_layout, from_first_column);
    (void)ctx;
    for (int32_t i = 0; i < count; i++) {
        if (weft_agg_is_null(from[i], slot)) continue;
        WEFT_CAT(keep_, WEFT_NAME)(into[i], to, WEFT_CAT(load_, WEFT_NAME)(from[i] + slot.offset));
    }
    return WEFT_OK;
}

static const weft_agg_variant WEFT_CAT(variant_, WEFT_NAME) = {WEFT_CAT(update_, WEFT_NAME),
                                                               WEFT_CAT(update_one_, WEFT_NAME),
                                                               WEFT_CAT(merge_, WEFT_NAME), finalize_state};

#undef WEFT_T
#undef WEFT_NAME
#undef WEFT_AS
#undef WEFT_BEFORE
