/* engine/formats/parquet/take.c - see take.h.
 *
 * A piece is the part of the wanted rows that lies in one page. Its rows become value numbers first (ranks
 * among the values that are not null), either a range or a list; then values are decoded in order, packed;
 * then, when there are nulls or the values belong to scattered slots, they are spread. */
#include "engine/formats/parquet/bits.h"
#include "engine/formats/parquet/out.h"

/* Bit-packed codes are unpacked whole and then picked when more than one in this many is wanted. */
enum { TAKE_PICK_DENSITY = 6 };

typedef struct take_piece {
    int64_t first;             /* rows of the page [first, first + rows), or */
    int32_t slots;             /* rows wanted */
    const uint16_t *positions; /* their positions, relative to base; NULL: a range */
    int64_t base;              /* row of the page that position 0 is (may be negative) */
    int64_t first_value;       /* range: number of the first value */
    int32_t values;            /* values wanted */
    const uint32_t *indexes;   /* their numbers, ascending; NULL: the range from first_value */
    const uint64_t *bits;      /* validity of the wanted slots; NULL: all are values */
} take_piece;

/* Values before row of the page (monotonic). */
static int64_t take_rank(weft_pq_page *page, int64_t row)
{
    if (row < page->rank_row) {
        page->rank_row = 0;
        page->rank = 0;
    }
    page->rank += weft_pq_bits_count(page->validity, page->rank_row, row - page->rank_row);
    page->rank_row = row;
    return page->rank;
}

static void take_find_values(weft_pq_page *page, weft_pq_out *out, take_piece *p)
{
    p->values = p->slots;
    p->indexes = NULL;
    p->bits = NULL;
    if (page->validity == NULL) {
        p->first_value = p->first;
        if (p->positions != NULL) {
            for (int32_t i = 0; i < p->slots; i++) out->indexes[i] = (uint32_t)(p->base + p->positions[i]);
            p->indexes = out->indexes;
        }
        return;
    }
    if (p->positions == NULL) {
        p->first_value = take_rank(page, p->first);
        p->values = (int32_t)weft_pq_bits_copy(out->slot_bits, 0, (const uint8_t *)page->validity, p->first,
                                               p->slots);
    } else {
        int32_t values = 0;
        for (int32_t i = 0; i < p->slots; i++) {
            const int64_t row = p->base + p->positions[i];
            const bool valid = weft_bit_get(page->validity, row);
            weft_pq_bits_store(out->slot_bits, i, 1, valid);
            if (valid) out->indexes[values++] = (uint32_t)take_rank(page, row);
        }
        p->values = values;
        p->indexes = out->indexes;
    }
    if (p->values < p->slots) p->bits = out->slot_bits;
}

/* The wanted codes, checked, into codes (room for a whole out and slack). */
static weft_status take_codes(weft_ctx *ctx, weft_pq_chunk *chunk, const take_piece *p, uint32_t *codes)
{
    weft_pq_page *page = &chunk->page;
    const int32_t n = p->values;
    bool good = true;
    if (n == 0) return WEFT_OK;
    if (p->indexes == NULL) {
        good = weft_pq_hybrid_skip(&page->codes, p->first_value - page->next_value) &&
               weft_pq_hybrid_read(&page->codes, codes, n);
        page->next_value = p->first_value + n;
    } else {
        /* Offsets from the cursor, in place of the numbers. */
        uint32_t *offsets = (uint32_t *)(uintptr_t)p->indexes;
        const int64_t last = offsets[n - 1];
        for (int32_t i = 0; i < n; i++) offsets[i] = (uint32_t)(offsets[i] - page->next_value);
        good = weft_pq_hybrid_pick(&page->codes, offsets, n, codes);
        page->next_value = last + 1;
    }
    if (!good) return weft_pq_chunk_corrupt(ctx, chunk, "the dictionary codes are cut short");
    if (chunk->lane->kernels->max_u32(codes, n) >= (uint32_t)chunk->dictionary.count) {
        return weft_pq_chunk_corrupt(ctx, chunk, "a dictionary code is out of range");
    }
    return WEFT_OK;
}

/* The string of len bytes at p; reads 12 bytes there, which the slack allows. */
static inline weft_str take_view(const uint8_t *p, uint32_t len)
{
    weft_str s;
    uint64_t low, high;
    memcpy(&low, p, 4);
    low &= 0xffffffff;
    if (len > WEFT_STR_INLINE) {
        const uint64_t head = len | low << 32;
        memcpy(&s, &head, 8);
        s.pointer = (const char *)p;
        return s;
    }
    static const uint32_t low_masks[WEFT_STR_INLINE + 1] = {
        0,          0xff,       0xffff,     0xffffff,   0xffffffff, 0xffffffff, 0xffffffff,
        0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff};
    static const uint64_t high_masks[WEFT_STR_INLINE + 1] = {0,
                                                             0,
                                                             0,
                                                             0,
                                                             0,
                                                             0xff,
                                                             0xffff,
                                                             0xffffff,
                                                             0xffffffff,
                                                             0xffffffffff,
                                                             0xffffffffffff,
                                                             0xffffffffffffff,
                                                             UINT64_MAX};
    memcpy(&high, p + 4, 8);
    const uint64_t words[2] = {len | (low & low_masks[len]) << 32, high & high_masks[len]};
    memcpy(&s, words, 16);
    return s;
}

/* Length-prefixed strings; all before the wanted ones are walked over. */
static weft_status take_strings(weft_ctx *ctx, weft_pq_chunk *chunk, const take_piece *p, weft_str *to)
{
    weft_pq_page *page = &chunk->page;
    const uint8_t *at = page->string_at, *end = page->string_end;
    int64_t next = page->next_value;
    bool good = true;
    for (int32_t i = 0; i < p->values && good; i++) {
        const int64_t wanted = p->indexes != NULL ? p->indexes[i] : p->first_value + i;
        for (;; next++) {
            uint32_t len;
            if (end - at < 4) {
                good = false;
                break;
            }
            memcpy(&len, at, 4);
            if (len > (uint64_t)(end - at - 4)) {
                good = false;
                break;
            }
            if (next == wanted) {
                to[i] = take_view(at + 4, len);
                at += 4 + (int64_t)len;
                next++;
                break;
            }
            at += 4 + (int64_t)len;
        }
    }
    page->string_at = at;
    page->next_value = next;
    if (!good) return weft_pq_chunk_corrupt(ctx, chunk, "the strings are cut short");
    weft_pq_chunk_lend(chunk);
    return WEFT_OK;
}

static void take_gather(const weft_pq_kernels *kernels, const weft_dictionary *dictionary,
                        const uint32_t *codes, int32_t n, void *to)
{
    const int32_t width = weft_phys_bytes((weft_phys)dictionary->phys);
    if (width == 8) {
        kernels->gather64(dictionary->values, codes, n, to);
    } else if (width == 4) {
        kernels->gather32(dictionary->values, codes, n, to);
    } else if (width == 16) {
        kernels->gather128(dictionary->values, codes, n, to);
    } else {
        weft_pq_out_pick32(dictionary->values, codes, n, width, to);
    }
}

/* I64 values at from, as I128 at to (room for both apart). */
static void take_widen(const int64_t *from, int32_t n, weft_i128 *to)
{
    for (int32_t i = n - 1; i >= 0; i--) to[i] = from[i];
}

/* Decode the piece's values, packed, to `to`, in the form that out has now. codes: scratch for a whole out.
 */
static weft_status take_values(weft_ctx *ctx, weft_pq_chunk *chunk, const take_piece *p, weft_pq_out *out,
                               void *to)
{
    weft_status st = WEFT_OK;
    weft_pq_page *page = &chunk->page;
    const int32_t n = p->values;
    if (page->form == WEFT_PQ_FORM_CODES) {
        if (out->form == WEFT_PQ_FORM_CODES) return take_codes(ctx, chunk, p, to);
        WEFT_TRY(st, take_codes(ctx, chunk, p, out->codes)); /* out is FLAT: its codes are free */
        take_gather(chunk->lane->kernels, &chunk->dictionary, out->codes, n, to);
    } else if (page->form == WEFT_PQ_FORM_STRINGS) {
        WEFT_TRY(st, take_strings(ctx, chunk, p, to));
    } else {
        const int32_t width = weft_phys_bytes((weft_phys)page->phys);
        if (p->indexes == NULL) {
            memcpy(to, page->values + p->first_value * width, (size_t)n * (size_t)width);
        } else {
            weft_pq_out_pick32(page->values, p->indexes, n, width, to);
        }
        if (page->phys == WEFT_PHYS_STR) weft_pq_chunk_lend(chunk);
    }
    if (page->phys == WEFT_PHYS_I64 && out->phys == WEFT_PHYS_I128) take_widen(to, n, to);
done:
    return st;
}

weft_status weft_pq_take_range(weft_ctx *ctx, weft_pq_chunk *chunk, int64_t first, int32_t count,
                               weft_pq_out *out, int32_t at)
{
    weft_status st = WEFT_OK;
    const weft_pq_page *page = &chunk->page;
    const take_piece p = {.first_value = first, .values = count};
    WEFT_TRY(st, weft_pq_out_grow(ctx, out, at + count));
    weft_pq_out_prepare(out, page->form, page->phys, &chunk->dictionary, at);
    uint8_t *to = (uint8_t *)out->values + (size_t)at * (size_t)weft_phys_bytes((weft_phys)out->phys);
    WEFT_TRY(st, take_values(ctx, chunk, &p, out, to));
done:
    return st;
}

/* Few positions of a page of codes are picked, many are unpacked whole: then the range is read and thinned
 * out. */
static bool take_reads_range(const weft_pq_page *page, const take_piece *p)
{
    if (page->form != WEFT_PQ_FORM_CODES || p->positions == NULL || p->slots == 0) return false;
    const int64_t span = (int64_t)p->positions[p->slots - 1] - p->positions[0] + 1;
    return page->validity == NULL && (int64_t)p->slots * TAKE_PICK_DENSITY > span;
}

static weft_status take_codes_range(weft_ctx *ctx, weft_pq_chunk *chunk, const take_piece *p,
                                    weft_pq_out *out, void *to)
{
    weft_status st = WEFT_OK;
    const int32_t from = p->positions[0];
    const int32_t span = p->positions[p->slots - 1] - from + 1;
    const take_piece range = {.first_value = p->base + from, .values = span};
    uint32_t *codes = out->indexes; /* free here: a range needs no numbers */
    WEFT_TRY(st, take_codes(ctx, chunk, &range, codes));
    if (out->form == WEFT_PQ_FORM_CODES) {
        weft_pq_out_pick16(codes - from, p->positions, p->slots, 4, to);
        goto done;
    }
    weft_pq_out_pick16(codes - from, p->positions, p->slots, 4, out->codes);
    take_gather(chunk->lane->kernels, &chunk->dictionary, out->codes, p->slots, to);
    if (chunk->page.phys == WEFT_PHYS_I64 && out->phys == WEFT_PHYS_I128) take_widen(to, p->slots, to);
done:
    return st;
}

static bool take_is_view(const weft_pq_page *page, const take_piece *p, const weft_pq_out *out, int32_t rows)
{
    return page->form == WEFT_PQ_FORM_FLAT && page->validity == NULL && p->positions == NULL &&
           out->form == WEFT_PQ_FORM_NONE && p->slots == rows;
}

/* One piece into out: at slot `at`, or with scatter at its positions. */
static weft_status take_piece_into(weft_ctx *ctx, weft_pq_chunk *chunk, take_piece *p, weft_pq_out *out,
                                   int32_t at, bool scatter)
{
    weft_status st = WEFT_OK;
    weft_pq_page *page = &chunk->page;
    weft_pq_out_prepare(out, page->form, page->phys, &chunk->dictionary, scatter ? out->capacity : at);
    const bool codes = out->form == WEFT_PQ_FORM_CODES;
    const int32_t width = codes ? 4 : weft_phys_bytes((weft_phys)out->phys);
    uint8_t *base = codes ? (uint8_t *)out->codes : out->values;
    uint8_t *to = base + (size_t)at * (size_t)width;
    p->bits = NULL;
    if (take_reads_range(page, p)) {
        WEFT_TRY(st, take_codes_range(ctx, chunk, p, out, scatter ? out->temp : to));
    } else {
        take_find_values(page, out, p);
        WEFT_TRY(st, take_values(ctx, chunk, p, out, scatter || p->bits != NULL ? out->temp : to));
    }
    if (p->bits != NULL) {
        weft_pq_out_nulls(out, scatter ? out->capacity : at);
        if (scatter) { /* zero first, then the values to their slots */
            for (int32_t i = 0, next = 0; i < p->slots; i++) {
                const bool valid = weft_bit_get(p->bits, i);
                const int32_t slot = p->positions[i];
                weft_pq_bits_store(out->validity, slot, 1, valid);
                if (valid) {
                    memcpy(base + slot * width, (uint8_t *)out->temp + next++ * width, (size_t)width);
                } else {
                    memset(base + slot * width, 0, (size_t)width);
                }
            }
        } else {
            weft_pq_out_spread(out->temp, p->bits, p->slots, width, to);
            weft_pq_bits_copy(out->validity, at, (const uint8_t *)p->bits, 0, p->slots);
        }
    } else if (scatter) {
        weft_pq_out_scatter(out->temp, p->positions, p->slots, width, base);
        for (int32_t i = 0; out->has_nulls && i < p->slots; i++) weft_bit_set(out->validity, p->positions[i]);
    } else if (out->has_nulls) {
        weft_pq_bits_fill(out->validity, at, p->slots, true);
    }
done:
    return st;
}

weft_status weft_pq_take(weft_ctx *ctx, weft_pq_chunk *chunk, int64_t row, int32_t rows,
                         const uint16_t *positions, int32_t count, weft_pq_out *out, int32_t at, bool scatter)
{
    weft_status st = WEFT_OK;
    const int64_t end = row + rows;
    weft_pq_page *page = &chunk->page;
    /* Codes of slots that nobody selected must name entries too. */
    if (scatter) memset(out->codes, 0, (size_t)rows * sizeof *out->codes);
    int32_t done_slots = 0; /* of positions, or rows */
    while (done_slots < count) {
        const int64_t wanted = positions != NULL ? row + positions[done_slots] : row + done_slots;
        WEFT_TRY(st, weft_pq_chunk_locate(ctx, chunk, wanted));
        WEFT_TRY(st, weft_pq_chunk_load(ctx, chunk));
        const int64_t page_end = weft_min_i64(end, page->row_end);
        take_piece p = {.first = wanted - page->row_begin, .base = row - page->row_begin};
        if (positions == NULL) {
            p.slots = (int32_t)(page_end - wanted);
        } else {
            int32_t stop = count;
            if (row + positions[count - 1] >= page_end) {
                stop = done_slots;
                while (row + positions[stop] < page_end) stop++;
            }
            p.positions = positions + done_slots;
            p.slots = stop - done_slots;
        }
        if (take_is_view(page, &p, out, rows)) {
            out->form = WEFT_PQ_FORM_FLAT;
            out->phys = page->phys;
            out->view = page->values + p.first * weft_phys_bytes((weft_phys)page->phys);
            if (page->phys == WEFT_PHYS_STR) weft_pq_chunk_lend(chunk);
        } else {
            WEFT_TRY(st, take_piece_into(ctx, chunk, &p, out, scatter ? 0 : at + done_slots, scatter));
        }
        done_slots += p.slots;
    }
done:
    return st;
}

void weft_pq_take_out(const weft_pq_out *from, const uint16_t *positions, int32_t count, weft_pq_out *out,
                      int32_t at, const weft_pq_kernels *kernels)
{
    weft_pq_out_prepare(out, (weft_pq_form)from->form, from->phys, from->dictionary, at);
    const bool codes = out->form == WEFT_PQ_FORM_CODES;
    const int32_t width = codes ? 4 : weft_phys_bytes((weft_phys)out->phys);
    void *to = (codes ? (uint8_t *)out->codes : (uint8_t *)out->values) + (size_t)at * (size_t)width;
    if (from->form == WEFT_PQ_FORM_CODES) {
        uint32_t *picked = codes ? to : out->indexes;
        weft_pq_out_pick16(from->codes, positions, count, 4, picked);
        if (!codes && from->has_nulls && from->dictionary->count == 0) {
            memset(to, 0, (size_t)count * (size_t)width); /* all null: there is no entry 0 */
        } else if (!codes) {
            take_gather(kernels, from->dictionary, picked, count, to);
        }
    } else {
        const void *values = from->view != NULL ? from->view : from->values;
        weft_pq_out_pick16(values, positions, count, weft_phys_bytes((weft_phys)from->phys), to);
    }
    if (from->phys == WEFT_PHYS_I64 && out->phys == WEFT_PHYS_I128 && !codes) take_widen(to, count, to);
    if (from->has_nulls) {
        weft_pq_out_nulls(out, at);
        for (int32_t i = 0; i < count; i++) {
            const bool valid = weft_bit_get(from->validity, positions[i]);
            weft_pq_bits_store(out->validity, at + i, 1, valid);
            if (!valid && !codes) memset((uint8_t *)to + i * width, 0, (size_t)width);
        }
    } else if (out->has_nulls) {
        weft_pq_bits_fill(out->validity, at, count, true);
    }
}
