/* engine/formats/parquet/take.h - values of chosen rows, from the pages of a chunk into a column.
 *
 * An out is the memory of one column of a batch. It takes what pages have to give: dictionary codes while all
 * its values come from one dictionary (strings), flat values otherwise; what it holds is changed to flat
 * values when a page of the other kind comes. A dense piece of one flat page without nulls is not copied, but
 * viewed. */
#ifndef WEFT_FORMATS_PARQUET_TAKE_H
#define WEFT_FORMATS_PARQUET_TAKE_H

#include "engine/formats/parquet/chunk.h"

typedef struct weft_pq_out {
    weft_type type;
    int32_t capacity; /* rows */
    uint8_t form;     /* weft_pq_form: NONE (nothing held), FLAT, CODES */
    uint8_t phys;
    bool has_nulls;
    bool keeps_codes;   /* codes of numbers are kept too, else only those of strings */
    bool flat_only;     /* codes are never kept */
    const void *view;   /* FLAT: not copied values, or NULL */
    void *values;       /* FLAT: capacity x 16 bytes */
    uint32_t *codes;    /* CODES */
    uint64_t *validity; /* meant when has_nulls */
    const weft_dictionary *dictionary;
    void *temp;          /* values that are spread later */
    uint32_t *indexes;   /* value numbers of chosen rows */
    uint64_t *slot_bits; /* validity of chosen rows */
} weft_pq_out;

WEFT_MUST_CHECK weft_status weft_pq_out_init(weft_ctx *ctx, weft_pq_out *out, weft_type type,
                                             int32_t capacity);
void weft_pq_out_deinit(weft_pq_out *out);
static inline void weft_pq_out_reset(weft_pq_out *out)
{
    out->form = WEFT_PQ_FORM_NONE;
    out->has_nulls = false;
    out->view = NULL;
    out->dictionary = NULL;
}
/* The column that out holds. */
void weft_pq_out_column(const weft_pq_out *out, weft_column *column);

/* Rows [row, row + rows) of the chunk, those at the ascending positions (relative to row) only when positions
 * is not NULL, appended to out at slot `at`. With scatter, value i goes to slot positions[i] instead (at is
 * 0). Values may point into the page: see weft_pq_lane_release. */
WEFT_MUST_CHECK weft_status weft_pq_take(weft_ctx *ctx, weft_pq_chunk *chunk, int64_t row, int32_t rows,
                                         const uint16_t *positions, int32_t count, weft_pq_out *out,
                                         int32_t at, bool scatter);
/* Values [first, first + count) of the loaded page (not counting nulls), appended to out at slot `at`; out
 * grows. */
WEFT_MUST_CHECK weft_status weft_pq_take_range(weft_ctx *ctx, weft_pq_chunk *chunk, int64_t first,
                                               int32_t count, weft_pq_out *out, int32_t at);
/* Slots positions[0..count) of from, appended to out at slot `at`. */
void weft_pq_take_out(const weft_pq_out *from, const uint16_t *positions, int32_t count, weft_pq_out *out,
                      int32_t at, const weft_pq_kernels *kernels);
/* Codes in the first n slots become flat values. */
void weft_pq_out_flatten(weft_pq_out *out, int32_t n);

#endif
