/* engine/expr/kernel.h - small helpers that every kernel uses, and the loops that come per instruction set.
 *
 * A kernel that cannot fail, or that only ORs an error mask, runs over all physical slots when more than 40 %
 * of them are selected: straight loops over arrays cost less than following positions. */
#ifndef WEFT_EXPR_KERNEL_H
#define WEFT_EXPR_KERNEL_H

#include "common/settings.h"
#include "engine/expr/function.h"

static inline bool weft_call_dense(const weft_kernel_call *call)
{
    return call->selection == NULL || call->selected * 5 > call->rows * 2;
}

/* The k-th row to compute, 0 <= k < selected. */
static inline int32_t weft_call_row(const weft_kernel_call *call, int32_t k)
{
    return call->selection == NULL ? k : call->selection[k];
}

static inline bool weft_call_valid(const weft_kernel_call *call, int32_t i)
{
    return call->valid == NULL || weft_bit_get(call->valid, i);
}

/* Slot of an argument that belongs to row i: constants have one slot. */
static inline int32_t weft_arg_slot(const weft_column *arg, int32_t i)
{
    return arg->encoding == WEFT_CONSTANT ? 0 : i;
}

static inline bool weft_arg_is_null(const weft_column *arg, int32_t i)
{
    return arg->validity != NULL && !weft_bit_get(arg->validity, weft_arg_slot(arg, i));
}

static inline const weft_str *weft_arg_str(const weft_column *arg, int32_t i)
{
    return (const weft_str *)arg->data + weft_arg_slot(arg, i);
}

/* An integer of any width (I8..I64, BOOL), widened. */
static inline int64_t weft_load_i64(const void *data, int32_t phys, int32_t i)
{
    if (phys == WEFT_PHYS_I64) return ((const int64_t *)data)[i];
    if (phys == WEFT_PHYS_I32) return ((const int32_t *)data)[i];
    if (phys == WEFT_PHYS_I16) return ((const int16_t *)data)[i];
    return phys == WEFT_PHYS_I8 ? ((const int8_t *)data)[i] : ((const uint8_t *)data)[i];
}

static inline int64_t weft_arg_i64(const weft_column *arg, int32_t i)
{
    return weft_load_i64(arg->data, arg->phys, weft_arg_slot(arg, i));
}

/* A decimal of either width. */
static inline weft_i128 weft_load_i128(const void *data, int32_t phys, int32_t i)
{
    weft_i128 value;
    if (phys == WEFT_PHYS_I64) return ((const int64_t *)data)[i];
    memcpy(&value, (const char *)data + (size_t)i * 16, 16); /* rows keep them at 8-byte alignment */
    return value;
}

static inline double weft_arg_f64(const weft_column *arg, int32_t i)
{
    const int32_t slot = weft_arg_slot(arg, i);
    return arg->phys == WEFT_PHYS_F32 ? (double)((const float *)arg->data)[slot]
                                      : ((const double *)arg->data)[slot];
}

static inline bool weft_ansi(const weft_ctx *ctx) { return weft_setting(ctx, WEFT_SET_ANSI) != 0; }

/* Arithmetic loops over flat arrays of one physical type. Each returns true when some lane of those it
 * computed overflowed (floats never do). sparse: constants have stride 0, others 1. */
typedef enum weft_arith_op { WEFT_ARITH_ADD, WEFT_ARITH_SUB, WEFT_ARITH_MUL, WEFT_ARITH_OPS } weft_arith_op;

typedef struct weft_arith_loops {
    bool (*vv)(const void *a, const void *b, void *out, int32_t n);
    bool (*vc)(const void *a, const void *b, void *out, int32_t n);
    bool (*cv)(const void *a, const void *b, void *out, int32_t n);
    bool (*sparse)(const void *a, int32_t a_stride, const void *b, int32_t b_stride, void *out,
                   const uint16_t *selection, int32_t n);
} weft_arith_loops;

typedef struct weft_arith_table {
    weft_arith_loops loops[WEFT_ARITH_OPS][WEFT_PHYS_COUNT];
} weft_arith_table;

/* Comparison loops. NaN equals NaN and is above all, -0.0 equals 0.0 (Spark's order).
 * bools: one byte a row, dense. select: the positions that pass, branch-free; may write over selection
 * itself. */
typedef enum weft_compare_op {
    WEFT_CMP_EQ,
    WEFT_CMP_NE,
    WEFT_CMP_LT,
    WEFT_CMP_LE,
    WEFT_CMP_GT,
    WEFT_CMP_GE,
    WEFT_CMP_OPS
} weft_compare_op;

typedef struct weft_compare_loops {
    void (*bools_vv)(const void *a, const void *b, uint8_t *out, int32_t n);
    void (*bools_vc)(const void *a, const void *b, uint8_t *out, int32_t n);
    int32_t (*select_vv)(const void *a, const void *b, const uint16_t *selection, int32_t n, uint16_t *out);
    int32_t (*select_vc)(const void *a, const void *b, const uint16_t *selection, int32_t n, uint16_t *out);
} weft_compare_loops;

typedef struct weft_compare_table {
    weft_compare_loops loops[WEFT_PHYS_COUNT][WEFT_CMP_OPS];
} weft_compare_table;

/* Loops on bytes. */
typedef struct weft_choose_loops { /* to[i] = from's value where mask[i] is 1 */
    void (*column)(const uint8_t *mask, const void *from, void *to, int32_t n);
    void (*constant)(const uint8_t *mask, const void *from, void *to, int32_t n);
} weft_choose_loops;

/* A LIKE pattern, cut at its %. */
typedef struct weft_like_segment {
    const char *bytes; /* escapes taken out */
    uint32_t len;
    const uint8_t *any; /* any[i]: byte i stands for _; NULL: none does */
} weft_like_segment;

typedef struct weft_like_pattern {
    int32_t count;             /* segments; at least one unless the pattern is all % */
    bool open_begin, open_end; /* begins, ends with % */
    bool plain;                /* no _ */
    uint32_t least;            /* bytes of all segments */
    uint32_t head, head_mask;  /* plain: a text's prefix under the mask has to be head */
    weft_like_segment *segments;
} weft_like_pattern;

typedef struct weft_bytes_table {
    weft_choose_loops choose[17]; /* by the width of a value: 1, 2, 4, 8, 16 */
    /* Where needle first stands in text, or NULL; as memmem. */
    const char *(*find)(const char *text, size_t text_len, const char *needle, size_t len);
    /* out[i] = texts[i] matches the plain pattern; for the n selected rows (NULL: the first n). */
    void (*like)(const weft_like_pattern *pattern, const weft_str *texts, const uint16_t *selection,
                 int32_t n, uint8_t *out);
    /* out[i] = bit codes[i] of bits. */
    void (*code_bits)(const uint32_t *codes, uint64_t bits, uint8_t *out, int32_t n);
} weft_bytes_table;

/* The best tables that this machine can run. */
const weft_bytes_table *weft_bytes_loops_get(void);
const weft_arith_table *weft_arith_loops_get(void);
const weft_compare_table *weft_compare_loops_get(void);

/* Positions of the non-zero bytes (0 or 1), ascending; out needs room for n + 8 entries. */
int32_t weft_select_bytes(const uint8_t *bytes, int32_t n, uint16_t *out);

/* Compare two FLAT or CONSTANT columns (not both constant) of one physical type, I64 and I128 mixed excepted:
 * decimals may differ in width. Bytes 0/1 at the selected rows of out. NULLs are not looked at. */
void weft_compare_bools(weft_compare_op op, const weft_column *a, const weft_column *b,
                        const uint16_t *selection, int32_t selected, int32_t rows, uint8_t *out);
/* The selected rows where the comparison holds (validity not looked at), into out (room for rows + 8). */
int32_t weft_compare_select(weft_compare_op op, const weft_column *a, const weft_column *b,
                            const uint16_t *selection, int32_t selected, uint8_t *scratch, uint16_t *out);
/* The same as weft_compare_bools of nested columns, row by row; both may be constant. Rows where a side is
 * NULL get 0. */
void weft_compare_nested(weft_compare_op op, const weft_column *a, const weft_column *b,
                         const uint16_t *selection, int32_t selected, uint8_t *out);
/* The op of "=", "<>", "<", "<=", ">", ">="; WEFT_CMP_OPS for any other name. */
weft_compare_op weft_compare_op_find(const char *name);
weft_compare_op weft_compare_op_flip(weft_compare_op op);   /* a op b is b flip(op) a */
weft_compare_op weft_compare_op_negate(weft_compare_op op); /* not (a op b) */

#endif
