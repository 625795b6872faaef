/* engine/columnar/gather.c - see gather.h. Nested values pass through one chunk of packed strings. */
#include "engine/columnar/gather.h"

#include "engine/columnar/nested.h"

enum { GATHER_CHUNK = 256 };

static weft_status gather_nested(weft_ctx *ctx, const weft_row_layout *layout, int32_t column,
                                 const uint8_t *const *rows, int32_t count, const uint16_t *at,
                                 weft_vector *out)
{
    weft_status st = WEFT_OK;
    weft_str packed[GATHER_CHUNK];
    for (int32_t first = 0; first < count; first += GATHER_CHUNK) {
        const int32_t some = weft_min_i32(count - first, GATHER_CHUNK);
        bool has_nulls = false;
        weft_rows_gather(layout, column, rows + first, some, NULL, packed, NULL, &has_nulls);
        for (int32_t i = 0; i < some; i++) {
            const int32_t slot = at == NULL ? first + i : at[first + i];
            if (weft_row_is_null(rows[first + i], column))
                weft_vector_set_null(out, slot);
            else
                WEFT_TRY(st, weft_nested_unpack_one(ctx, &packed[i], slot, out));
        }
    }
    weft_vector_finish(out);
done:
    return st;
}

weft_status weft_vector_gather(weft_ctx *ctx, const weft_row_layout *layout, int32_t column,
                               const uint8_t *const *rows, int32_t count, const uint16_t *at,
                               weft_vector *out)
{
    const weft_phys phys = weft_type_phys(layout->types[column]);
    bool has_nulls = false;
    if (phys == WEFT_PHYS_LIST || phys == WEFT_PHYS_STRUCT) {
        weft_vector_reset(out);
        return gather_nested(ctx, layout, column, rows, count, at, out);
    }
    out->column.encoding = WEFT_FLAT;
    out->column.data = out->values;
    weft_rows_gather(layout, column, rows, count, at, out->values, out->validity, &has_nulls);
    out->column.phys = layout->phys[column];
    out->column.validity = has_nulls || phys == WEFT_PHYS_NULL ? out->validity : NULL;
    return WEFT_OK;
}
