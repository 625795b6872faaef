/* engine/expr/kernel.c - picks the loops of this machine; comparisons of columns. */
#include "engine/expr/kernel.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "engine/columnar/nested.h"

extern const weft_arith_table weft_arith_loops_base;
extern const weft_compare_table weft_compare_loops_base;
extern const weft_bytes_table weft_bytes_loops_base;
#ifdef WEFT_HAVE_AVX2
extern const weft_arith_table weft_arith_loops_avx2;
extern const weft_compare_table weft_compare_loops_avx2;
extern const weft_bytes_table weft_bytes_loops_avx2;
#endif

const weft_bytes_table *weft_bytes_loops_get(void)
{
#ifdef WEFT_HAVE_AVX2
    if (__builtin_cpu_supports("avx2")) return &weft_bytes_loops_avx2;
#endif
    return &weft_bytes_loops_base;
}

const weft_arith_table *weft_arith_loops_get(void)
{
#ifdef WEFT_HAVE_AVX2
    if (__builtin_cpu_supports("avx2")) return &weft_arith_loops_avx2;
#endif
    return &weft_arith_loops_base;
}

const weft_compare_table *weft_compare_loops_get(void)
{
#ifdef WEFT_HAVE_AVX2
    if (__builtin_cpu_supports("avx2")) return &weft_compare_loops_avx2;
#endif
    return &weft_compare_loops_base;
}

/* For each set of four rows the positions of its members, ascending, as four 16-bit lanes (least first). */
#define LANES(a, b, c, d)                                                                                    \
    ((uint64_t)(a) | ((uint64_t)(b) << 16) | ((uint64_t)(c) << 32) | ((uint64_t)(d) << 48))
static const uint64_t select_lanes[16] = {
    LANES(0, 0, 0, 0), LANES(0, 0, 0, 0), LANES(1, 0, 0, 0), LANES(0, 1, 0, 0),
    LANES(2, 0, 0, 0), LANES(0, 2, 0, 0), LANES(1, 2, 0, 0), LANES(0, 1, 2, 0),
    LANES(3, 0, 0, 0), LANES(0, 3, 0, 0), LANES(1, 3, 0, 0), LANES(0, 1, 3, 0),
    LANES(2, 3, 0, 0), LANES(0, 2, 3, 0), LANES(1, 2, 3, 0), LANES(0, 1, 2, 3)};

int32_t weft_select_bytes(const uint8_t *bytes, int32_t n, uint16_t *out)
{
    int32_t count = 0, i = 0;
#ifdef __SSE2__
    for (; i + 16 <= n; i += 16) {
        const __m128i chunk = _mm_loadu_si128((const __m128i *)(const void *)(bytes + i));
        uint32_t mask = (uint32_t)_mm_movemask_epi8(_mm_slli_epi16(chunk, 7));
        for (int32_t base = i; mask != 0; base += 4, mask >>= 4) {
            /* Four lanes are written whatever their number: the next write covers what is too much. */
            const uint64_t lanes = select_lanes[mask & 15] + (uint64_t)(uint16_t)base * LANES(1, 1, 1, 1);
            memcpy(out + count, &lanes, 8);
            count += __builtin_popcount(mask & 15);
        }
    }
#endif
    for (; i < n; i++) {
        out[count] = (uint16_t)i;
        count += bytes[i];
    }
    return count;
}

weft_compare_op weft_compare_op_find(const char *name)
{
    static const char *const names[WEFT_CMP_OPS] = {"=", "<>", "<", "<=", ">", ">="};
    for (int32_t op = 0; op < WEFT_CMP_OPS; op++) {
        if (strcmp(name, names[op]) == 0) return (weft_compare_op)op;
    }
    return WEFT_CMP_OPS;
}

weft_compare_op weft_compare_op_flip(weft_compare_op op)
{
    static const weft_compare_op flipped[WEFT_CMP_OPS] = {WEFT_CMP_EQ, WEFT_CMP_NE, WEFT_CMP_GT,
                                                          WEFT_CMP_GE, WEFT_CMP_LT, WEFT_CMP_LE};
    return flipped[op];
}

weft_compare_op weft_compare_op_negate(weft_compare_op op)
{
    static const weft_compare_op negated[WEFT_CMP_OPS] = {WEFT_CMP_NE, WEFT_CMP_EQ, WEFT_CMP_GE,
                                                          WEFT_CMP_GT, WEFT_CMP_LE, WEFT_CMP_LT};
    return negated[op];
}

/* Decimals of different width, row by row: rare, since the wide side is then usually a sum or a quotient. */
static bool compare_wide(weft_compare_op op, const weft_column *a, const weft_column *b, int32_t i)
{
    const weft_i128 left = weft_load_i128(a->data, a->phys, weft_arg_slot(a, i));
    const weft_i128 right = weft_load_i128(b->data, b->phys, weft_arg_slot(b, i));
    switch (op) {
    case WEFT_CMP_EQ: return left == right;
    case WEFT_CMP_NE: return left != right;
    case WEFT_CMP_LT: return left < right;
    case WEFT_CMP_LE: return left <= right;
    case WEFT_CMP_GT: return left > right;
    case WEFT_CMP_GE: return left >= right;
    case WEFT_CMP_OPS: break;
    }
    return false;
}

void weft_compare_nested(weft_compare_op op, const weft_column *a, const weft_column *b,
                         const uint16_t *selection, int32_t selected, uint8_t *out)
{
    for (int32_t k = 0; k < selected; k++) {
        const int32_t i = selection == NULL ? k : selection[k];
        out[i] = 0;
        if (weft_column_is_null(a, i) || weft_column_is_null(b, i)) continue;
        const int order = weft_nested_compare_columns(a, i, b, i);
        switch (op) {
        case WEFT_CMP_EQ: out[i] = order == 0; break;
        case WEFT_CMP_NE: out[i] = order != 0; break;
        case WEFT_CMP_LT: out[i] = order < 0; break;
        case WEFT_CMP_LE: out[i] = order <= 0; break;
        case WEFT_CMP_GT: out[i] = order > 0; break;
        case WEFT_CMP_GE: out[i] = order >= 0; break;
        case WEFT_CMP_OPS: break;
        }
    }
}

void weft_compare_bools(weft_compare_op op, const weft_column *a, const weft_column *b,
                        const uint16_t *selection, int32_t selected, int32_t rows, uint8_t *out)
{
    if (weft_phys_is_nested((weft_phys)a->phys)) {
        weft_compare_nested(op, a, b, selection, selected, out);
        return;
    }
    if (a->phys != b->phys) {
        for (int32_t k = 0; k < selected; k++) {
            const int32_t i = selection == NULL ? k : selection[k];
            out[i] = compare_wide(op, a, b, i);
        }
        return;
    }
    if (a->encoding == WEFT_CONSTANT) {
        const weft_column *swap = a;
        a = b;
        b = swap;
        op = weft_compare_op_flip(op);
    }
    const weft_compare_loops *loops = &weft_compare_loops_get()->loops[a->phys][op];
    if (selection == NULL || (a->phys != WEFT_PHYS_STR && selected * 5 > rows * 2)) {
        (b->encoding == WEFT_CONSTANT ? loops->bools_vc : loops->bools_vv)(a->data, b->data, out, rows);
        return;
    }
    uint16_t hits[WEFT_BATCH_ROWS_MAX];
    const int32_t count = (b->encoding == WEFT_CONSTANT ? loops->select_vc : loops->select_vv)(
        a->data, b->data, selection, selected, hits);
    for (int32_t k = 0; k < selected; k++) out[selection[k]] = 0;
    for (int32_t k = 0; k < count; k++) out[hits[k]] = 1;
}

int32_t weft_compare_select(weft_compare_op op, const weft_column *a, const weft_column *b,
                            const uint16_t *selection, int32_t selected, uint8_t *scratch, uint16_t *out)
{
    if (a->phys != b->phys || selection == NULL || weft_phys_is_nested((weft_phys)a->phys)) {
        weft_compare_bools(op, a, b, selection, selected, selected, scratch);
        if (selection == NULL) return weft_select_bytes(scratch, selected, out);
        int32_t count = 0;
        for (int32_t k = 0; k < selected; k++) {
            const uint16_t i = selection[k];
            out[count] = i;
            count += scratch[i];
        }
        return count;
    }
    if (a->encoding == WEFT_CONSTANT) {
        const weft_column *swap = a;
        a = b;
        b = swap;
        op = weft_compare_op_flip(op);
    }
    const weft_compare_loops *loops = &weft_compare_loops_get()->loops[a->phys][op];
    return (b->encoding == WEFT_CONSTANT ? loops->select_vc : loops->select_vv)(a->data, b->data, selection,
                                                                                selected, out);
}
