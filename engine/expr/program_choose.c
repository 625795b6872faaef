/* engine/expr/program_choose.c - steps of CASE: choosing by masks, and gathering from the scopes of lazy
 * branches. */
#include <string.h>

#include "engine/expr/program_impl.h"

#define WEFT_NAME copy_1
#define WEFT_T    uint8_t
#include "engine/expr/copy.inc.h"
#define WEFT_NAME copy_2
#define WEFT_T    uint16_t
#include "engine/expr/copy.inc.h"
#define WEFT_NAME copy_4
#define WEFT_T    uint32_t
#include "engine/expr/copy.inc.h"
#define WEFT_NAME copy_8
#define WEFT_T    uint64_t
#include "engine/expr/copy.inc.h"
#define WEFT_NAME copy_16
#define WEFT_T    weft_str
#include "engine/expr/copy.inc.h"

void program_copy(const weft_column *from, weft_phys phys, void *to, const uint16_t *selection, int32_t n)
{
    const int32_t stride = from->encoding != WEFT_CONSTANT;
    if (phys == WEFT_PHYS_I128 && from->phys == WEFT_PHYS_I64) {
        for (int32_t k = 0; k < n; k++) {
            const int32_t i = selection == NULL ? k : selection[k];
            ((weft_i128 *)to)[i] = ((const int64_t *)from->data)[i * stride];
        }
        return;
    }
    switch (weft_phys_bytes(phys)) {
    case 1: copy_1(from->data, stride, to, selection, n); break;
    case 2: copy_2(from->data, stride, to, selection, n); break;
    case 4: copy_4(from->data, stride, to, selection, n); break;
    case 8: copy_8(from->data, stride, to, selection, n); break;
    case 16: copy_16(from->data, stride, to, selection, n); break;
    default: break;
    }
}

/* Bits of the rows of a scope as those of the argument. */
static void choose_copy_validity(const weft_column *from, uint64_t *to, const program_scope *scope,
                                 int32_t rows)
{
    const bool all = from->validity == NULL;
    if (scope->selection == NULL && (all || from->encoding != WEFT_CONSTANT)) {
        const size_t bytes = (size_t)weft_bit_words(rows) * 8;
        if (all)
            memset(to, 0xff, bytes);
        else
            memcpy(to, from->validity, bytes);
        return;
    }
    for (int32_t k = 0; k < scope->count; k++) {
        const int32_t i = scope->selection == NULL ? k : scope->selection[k];
        if (all || !weft_arg_is_null(from, i))
            weft_bit_set(to, i);
        else
            weft_bit_clear(to, i);
    }
}

/* ---- nested values, row by row ---- */

static weft_status case_nested(weft_ctx *ctx, weft_eval *ev, const program_step *step, weft_vector *reg,
                               const program_scope *scope)
{
    weft_status st = WEFT_OK;
    for (int32_t k = 0; k < scope->count; k++)
        weft_vector_set_null(reg, scope->selection == NULL ? k : scope->selection[k]);
    for (int32_t a = 0; a < step->arg_count; a++) {
        const program_scope *rows = &ev->scopes[step->scopes[a]];
        for (int32_t k = 0; k < rows->count; k++) {
            const int32_t i = rows->selection == NULL ? k : rows->selection[k];
            WEFT_TRY(st, weft_vector_set(ctx, reg, i, &ev->args[a], i));
        }
    }
    weft_vector_finish(reg);
    program_set(ev, step->dst, reg, false, reg->column.validity);
done:
    return st;
}

/* The value that row i takes, or NULL. */
static const weft_column *choose_nested_arg(const weft_eval *ev, const program_step *step, int32_t i)
{
    const int32_t pairs = step->arg_count / 2;
    for (int32_t k = 0; k < pairs; k++) {
        const weft_column *condition = &ev->args[2 * k];
        if (!weft_column_is_null(condition, i) &&
            ((const uint8_t *)condition->data)[weft_arg_slot(condition, i)] != 0)
            return &ev->args[2 * k + 1];
    }
    return step->arg_count % 2 == 1 ? &ev->args[step->arg_count - 1] : NULL;
}

static weft_status choose_nested(weft_ctx *ctx, weft_eval *ev, const program_step *step, weft_vector *reg,
                                 const program_scope *scope)
{
    weft_status st = WEFT_OK;
    for (int32_t k = 0; k < scope->count; k++) {
        const int32_t i = scope->selection == NULL ? k : scope->selection[k];
        const weft_column *value = choose_nested_arg(ev, step, i);
        if (value == NULL)
            weft_vector_set_null(reg, i);
        else
            WEFT_TRY(st, weft_vector_set(ctx, reg, i, value, i));
    }
    weft_vector_finish(reg);
    program_set(ev, step->dst, reg, false, reg->column.validity);
done:
    return st;
}

/* The rows of each scope take the value of its argument, later ones over earlier ones; what is left is NULL.
 */
weft_status program_case(weft_ctx *ctx, weft_eval *ev, const program_step *step, const program_scope *scope)
{
    weft_status st = WEFT_OK;
    weft_vector *reg;
    uint64_t *words;
    bool constant;
    int32_t covered = 0;
    WEFT_TRY(st, program_args(ctx, ev, step, &constant));
    WEFT_TRY(st, program_register(ctx, ev, step->dst, &reg, &words));
    if (reg->children != NULL) return case_nested(ctx, ev, step, reg, scope);
    const bool coalesce = step->expr->kind == WEFT_EXPR_COALESCE;
    bool nulls = false, wide = false, narrow = false;
    for (int32_t k = 0; k < step->arg_count; k++) {
        const program_scope *rows = &ev->scopes[step->scopes[k]];
        if (rows->count == 0) continue;
        covered += rows->count;
        nulls |= ev->args[k].validity != NULL;
        wide |= ev->args[k].phys == WEFT_PHYS_I128 && !program_null_constant(&ev->args[k]);
        narrow |= ev->args[k].phys == WEFT_PHYS_I64;
    }
    nulls |= !coalesce && covered < scope->count;
    if (reg->column.phys == WEFT_PHYS_I128 && narrow && !wide) reg->column.phys = WEFT_PHYS_I64;
    if (nulls) {
        memset(words, 0, (size_t)weft_bit_words(ev->rows) * 8);
    }
    for (int32_t k = 0; k < step->arg_count; k++) {
        const program_scope *rows = &ev->scopes[step->scopes[k]];
        if (rows->count == 0) continue;
        program_copy(&ev->args[k], (weft_phys)reg->column.phys, reg->values, rows->selection, rows->count);
        if (nulls) choose_copy_validity(&ev->args[k], words, rows, ev->rows);
    }
    if (nulls) {
        program_zero_nulls(words, ev->rows, reg->values, weft_phys_bytes((weft_phys)reg->column.phys));
    }
    program_set(ev, step->dst, reg, false, nulls ? words : NULL);
done:
    return st;
}

/* One byte a row: 1 where the condition is true. May be the condition's own bytes. */
static const uint8_t *choose_mask(const weft_eval *ev, const weft_column *condition)
{
    const uint8_t *bytes = condition->data;
    uint8_t *mask = ev->scratch;
    if (condition->encoding == WEFT_CONSTANT) {
        memset(mask, !program_null_constant(condition) && bytes[0] != 0, (size_t)ev->rows);
        return mask;
    }
    if (condition->validity == NULL) return bytes;
    for (int32_t i = 0; i < ev->rows; i++) mask[i] = bytes[i] & weft_bit_get(condition->validity, i);
    return mask;
}

/* Where the mask is 1, to takes the bits of from (all ones when NULL is given; none of a null constant). */
static void choose_validity(const uint8_t *mask, const weft_column *from, int32_t rows, uint64_t *to)
{
    const bool none = program_null_constant(from);
    const bool all = !none && (from->validity == NULL || from->encoding == WEFT_CONSTANT);
    for (int64_t w = 0; w < weft_bit_words(rows); w++) {
        const int32_t count = (int32_t)weft_min_i64(64, rows - w * 64);
        uint64_t bits = 0;
        for (int32_t k = 0; k < count; k++) bits |= (uint64_t)(mask[w * 64 + k] & 1) << k;
        const uint64_t source = none ? 0 : all ? ~(uint64_t)0 : from->validity[w];
        to[w] = (to[w] & ~bits) | (source & bits);
    }
}

static void choose_values(const uint8_t *mask, const weft_column *from, weft_phys phys, void *to,
                          int32_t rows)
{
    const int32_t stride = from->encoding != WEFT_CONSTANT;
    if (phys == WEFT_PHYS_I128 && from->phys == WEFT_PHYS_I64) {
        for (int32_t i = 0; i < rows; i++) {
            if (mask[i] != 0) ((weft_i128 *)to)[i] = ((const int64_t *)from->data)[i * stride];
        }
        return;
    }
    const weft_choose_loops *loops = &weft_bytes_loops_get()->choose[weft_phys_bytes(phys)];
    (stride == 0 ? loops->constant : loops->column)(mask, from->data, to, rows);
}

/* From the last value to the first, so that the first condition that is true has the last word. */
weft_status program_choose(weft_ctx *ctx, weft_eval *ev, const program_step *step, const program_scope *scope)
{
    weft_status st = WEFT_OK;
    weft_vector *reg;
    uint64_t *words;
    bool constant, nulls, wide = false, narrow = false;
    WEFT_TRY(st, program_args(ctx, ev, step, &constant));
    WEFT_TRY(st, program_register(ctx, ev, step->dst, &reg, &words));
    if (reg->children != NULL) return choose_nested(ctx, ev, step, reg, scope);
    const int32_t rows = ev->rows, pairs = step->arg_count / 2;
    const weft_column *otherwise = step->arg_count % 2 == 1 ? &ev->args[step->arg_count - 1] : NULL;
    nulls = otherwise == NULL || otherwise->validity != NULL;
    for (int32_t k = 0; k <= pairs; k++) {
        const weft_column *value = k < pairs ? &ev->args[2 * k + 1] : otherwise;
        if (value == NULL) continue;
        nulls |= value->validity != NULL;
        wide |= value->phys == WEFT_PHYS_I128 && !program_null_constant(value);
        narrow |= value->phys == WEFT_PHYS_I64;
    }
    if (reg->column.phys == WEFT_PHYS_I128 && narrow && !wide) reg->column.phys = WEFT_PHYS_I64;
    const weft_phys phys = (weft_phys)reg->column.phys;
    const size_t bitmap_bytes = (size_t)weft_bit_words(rows) * 8;
    if (otherwise == NULL || program_null_constant(otherwise)) {
        memset(reg->values, 0, (size_t)rows * (size_t)weft_phys_bytes(phys));
        memset(words, 0, bitmap_bytes);
    } else {
        program_copy(otherwise, phys, reg->values, NULL, rows);
        if (otherwise->validity == NULL || otherwise->encoding == WEFT_CONSTANT)
            memset(words, 0xff, bitmap_bytes);
        else
            memcpy(words, otherwise->validity, bitmap_bytes);
    }
    for (int32_t k = pairs - 1; k >= 0; k--) {
        const weft_column *value = &ev->args[2 * k + 1];
        const uint8_t *mask = choose_mask(ev, &ev->args[2 * k]);
        choose_values(mask, value, phys, reg->values, rows);
        if (nulls) choose_validity(mask, value, rows, words);
    }
    if (nulls) program_zero_nulls(words, rows, reg->values, weft_phys_bytes(phys));
    program_set(ev, step->dst, reg, false, nulls ? words : NULL);
done:
    return st;
}
