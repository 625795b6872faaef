/* engine/formats/parquet/out.c - the column that values are taken into; see take.h. */
#include "engine/formats/parquet/out.h"
#include "engine/formats/parquet/bits.h"

weft_status weft_pq_out_init(weft_ctx *ctx, weft_pq_out *out, weft_type type, int32_t capacity)
{
    weft_status st = WEFT_OK;
    /* Unpacking writes in eights, spreading bitmaps in words. */
    const size_t rows = (size_t)capacity + 64;
    *out = (weft_pq_out){.type = type, .capacity = capacity};
    WEFT_TRY(st, weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, rows * 16, &out->values));
    WEFT_TRY(st, weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, rows * 16, &out->temp));
    WEFT_TRY(st, weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, rows * 4, (void **)&out->codes));
    WEFT_TRY(st, weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, rows * 4, (void **)&out->indexes));
    WEFT_TRY(st, weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, rows / 8 + 16, (void **)&out->validity));
    WEFT_TRY(st, weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, rows / 8 + 16, (void **)&out->slot_bits));
done:
    return st;
}

weft_status weft_pq_out_grow(weft_ctx *ctx, weft_pq_out *out, int32_t capacity)
{
    if (capacity <= out->capacity) return WEFT_OK;
    const int32_t grown = weft_max_i32(capacity, weft_min_i32(out->capacity, INT32_MAX / 4) * 2);
    weft_pq_out wide;
    const weft_status made = weft_pq_out_init(ctx, &wide, out->type, grown);
    if (made != WEFT_OK) {
        weft_pq_out_deinit(&wide);
        return made;
    }
    memcpy(wide.values, out->values, (size_t)out->capacity * 16);
    wide.form = out->form;
    wide.phys = out->phys;
    wide.flat_only = out->flat_only;
    weft_pq_out_deinit(out);
    *out = wide;
    return WEFT_OK;
}

void weft_pq_out_deinit(weft_pq_out *out)
{
    weft_mem_free(out->values);
    weft_mem_free(out->temp);
    weft_mem_free(out->codes);
    weft_mem_free(out->indexes);
    weft_mem_free(out->validity);
    weft_mem_free(out->slot_bits);
    *out = (weft_pq_out){0};
}

void weft_pq_out_column(const weft_pq_out *out, weft_column *column)
{
    *column = (weft_column){.type = out->type, .phys = out->phys, .encoding = WEFT_FLAT, .data = out->values};
    if (out->form == WEFT_PQ_FORM_CODES) {
        column->encoding = WEFT_DICTIONARY;
        column->data = out->codes;
        column->dict = out->dictionary;
    } else if (out->view != NULL) {
        column->data = out->view;
    }
    if (out->has_nulls) column->validity = out->validity;
}

void weft_pq_out_flatten(weft_pq_out *out, int32_t n)
{
    const weft_dictionary *d = out->dictionary;
    const int32_t width = weft_phys_bytes((weft_phys)out->phys);
    if (out->form != WEFT_PQ_FORM_CODES) return;
    uint8_t *values = out->values;
    if (out->has_nulls) {
        for (int32_t i = 0; i < n; i++)
            out->codes[i] = weft_bit_get(out->validity, i) ? out->codes[i] : UINT32_MAX;
    }
    for (int32_t i = 0; i < n; i++) { /* codes of slots that hold nothing may be anything */
        const uint32_t code = out->codes[i];
        if (code < (uint32_t)d->count) {
            memcpy(values + i * width, (const uint8_t *)d->values + code * (size_t)width, (size_t)width);
        } else {
            memset(values + i * width, 0, (size_t)width);
        }
    }
    out->form = WEFT_PQ_FORM_FLAT;
    out->dictionary = NULL;
}

static void out_widen(weft_pq_out *out, int32_t n)
{
    const int64_t *small = out->values;
    weft_i128 *wide = out->values;
    for (int32_t i = n - 1; i >= 0; i--) wide[i] = small[i];
    out->phys = WEFT_PHYS_I128;
}

void weft_pq_out_prepare(weft_pq_out *out, weft_pq_form form, uint8_t phys, const weft_dictionary *dictionary,
                         int32_t held)
{
    const bool codes = form == WEFT_PQ_FORM_CODES && !out->flat_only &&
                       (phys == WEFT_PHYS_STR || out->keeps_codes);
    if (out->view != NULL) {
        memcpy(out->values, out->view, (size_t)held * (size_t)weft_phys_bytes((weft_phys)out->phys));
        out->view = NULL;
    }
    if (out->form == WEFT_PQ_FORM_NONE) {
        out->form = codes ? WEFT_PQ_FORM_CODES : WEFT_PQ_FORM_FLAT;
        out->phys = phys;
        out->dictionary = codes ? dictionary : NULL;
        return;
    }
    if (out->form == WEFT_PQ_FORM_CODES && (!codes || out->dictionary != dictionary)) {
        weft_pq_out_flatten(out, held);
    }
    if (out->phys == WEFT_PHYS_I64 && phys == WEFT_PHYS_I128) out_widen(out, held);
}

void weft_pq_out_nulls(weft_pq_out *out, int32_t held)
{
    if (out->has_nulls) return;
    out->has_nulls = true;
    weft_pq_bits_fill(out->validity, 0, held, true);
}

#define SPREAD(type)                                                                                         \
    do {                                                                                                     \
        const type *in = from;                                                                               \
        type *values = to;                                                                                   \
        for (int32_t i = 0, next = 0; i < n; i++) {                                                          \
            const bool valid = weft_bit_get(bits, i);                                                        \
            values[i] = valid ? in[next] : (type){0};                                                        \
            next += valid;                                                                                   \
        }                                                                                                    \
    } while (0)

void weft_pq_out_spread(const void *from, const uint64_t *bits, int32_t n, int32_t width, void *to)
{
    switch (width) {
    case 1: SPREAD(uint8_t); break;
    case 2: SPREAD(uint16_t); break;
    case 4: SPREAD(uint32_t); break;
    case 8: SPREAD(uint64_t); break;
    case 16: SPREAD(weft_str); break;
    default: assert(false && "a width that no physical type has");
    }
}

#define SCATTER(type)                                                                                        \
    do {                                                                                                     \
        const type *in = from;                                                                               \
        type *values = to;                                                                                   \
        for (int32_t i = 0; i < n; i++) values[positions[i]] = in[i];                                        \
    } while (0)

void weft_pq_out_scatter(const void *from, const uint16_t *positions, int32_t n, int32_t width, void *to)
{
    switch (width) {
    case 1: SCATTER(uint8_t); break;
    case 2: SCATTER(uint16_t); break;
    case 4: SCATTER(uint32_t); break;
    case 8: SCATTER(uint64_t); break;
    case 16: SCATTER(weft_str); break;
    default: assert(false && "a width that no physical type has");
    }
}

/* The indexes of four values a load or two, as in kernels.isa.c. */
#define PICK(type, index_type)                                                                               \
    do {                                                                                                     \
        const type *in = from;                                                                               \
        const index_type *at = indexes;                                                                      \
        type *values = to;                                                                                   \
        int32_t i = 0;                                                                                       \
        for (; i + 4 <= n; i += 4) {                                                                         \
            index_type four[4];                                                                              \
            memcpy(four, at + i, sizeof four);                                                               \
            const type a = in[four[0]], b = in[four[1]], c = in[four[2]], d = in[four[3]];                   \
            values[i] = a;                                                                                   \
            values[i + 1] = b;                                                                               \
            values[i + 2] = c;                                                                               \
            values[i + 3] = d;                                                                               \
        }                                                                                                    \
        for (; i < n; i++) values[i] = in[at[i]];                                                            \
    } while (0)

void weft_pq_out_pick32(const void *from, const void *indexes, int32_t n, int32_t width, void *to)
{
    switch (width) {
    case 1: PICK(uint8_t, uint32_t); break;
    case 2: PICK(uint16_t, uint32_t); break;
    case 4: PICK(uint32_t, uint32_t); break;
    case 8: PICK(uint64_t, uint32_t); break;
    case 16: PICK(weft_str, uint32_t); break;
    default: assert(false && "a width that no physical type has");
    }
}

void weft_pq_out_pick16(const void *from, const void *indexes, int32_t n, int32_t width, void *to)
{
    switch (width) {
    case 1: PICK(uint8_t, uint16_t); break;
    case 2: PICK(uint16_t, uint16_t); break;
    case 4: PICK(uint32_t, uint16_t); break;
    case 8: PICK(uint64_t, uint16_t); break;
    case 16: PICK(weft_str, uint16_t); break;
    default: assert(false && "a width that no physical type has");
    }
}
