/* engine/expr/sketch/fn_kll.c - kll_sketch_get_n, _get_quantile, _get_rank, _merge and _to_string of KLL
 * sketches of integers, doubles and floats. */
#include <stdio.h>

#include "common/mem.h"
#include "engine/expr/cast_private.h"
#include "engine/expr/fn_entry.h"
#include "engine/expr/nested_call.h"
#include "engine/expr/sketch/fn_kll.h"

enum { KLL_TEXT_BYTES = 1024, KLL_NUMBER_BYTES = 40 };

typedef weft_status (*kll_row)(weft_ctx *ctx, weft_kernel_call *call, int32_t i, const uint8_t *sketch);

/* Each row whose arguments are there, with its first sketch. */
static weft_status run_rows(weft_ctx *ctx, weft_kernel_call *call, kll_row row)
{
    weft_status st = WEFT_OK;
    uint8_t *sketch = NULL;
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        if (!weft_call_valid(call, i)) continue;
        WEFT_TRY(st, weft_kll_take(ctx, call->expr->call.function->name, weft_arg_str(&call->args[0], i),
                                   &call->expr->span, &sketch));
        WEFT_TRY(st, row(ctx, call, i, sketch));
        weft_mem_free(sketch);
        sketch = NULL;
    }
done:
    weft_mem_free(sketch);
    return st;
}

static weft_status n_row(weft_ctx *ctx, weft_kernel_call *call, int32_t i, const uint8_t *sketch)
{
    (void)ctx;
    ((int64_t *)call->out->values)[i] = weft_kll_n(sketch);
    return WEFT_OK;
}

static weft_status put_sketch(weft_ctx *ctx, weft_kernel_call *call, int32_t i, const uint8_t *sketch)
{
    weft_status st = WEFT_OK;
    char *to = NULL;
    const size_t bytes = weft_kll_bytes(sketch);
    WEFT_TRY(st, weft_text_room(ctx, call, bytes, &to));
    weft_kll_write(sketch, to);
    *weft_call_text(call, i) = weft_str_view(to, (uint32_t)bytes);
done:
    return st;
}

static weft_status merge_row(weft_ctx *ctx, weft_kernel_call *call, int32_t i, const uint8_t *sketch)
{
    weft_status st = WEFT_OK;
    const char *name = call->expr->call.function->name;
    uint8_t *other = NULL;
    void *both = NULL;
    WEFT_TRY(st, weft_kll_take(ctx, name, weft_arg_str(&call->args[1], i), &call->expr->span, &other));
    const size_t room = (size_t)weft_kll_merge_room(sketch, 0, other);
    WEFT_TRY(st, weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, weft_kll_state_bytes(sketch) + room, &both));
    memcpy(both, sketch, weft_kll_state_bytes(sketch));
    WEFT_TRY(st, weft_kll_merge(ctx, both, other));
    WEFT_TRY(st, put_sketch(ctx, call, i, both));
done:
    weft_mem_free(other);
    weft_mem_free(both);
    return st;
}

/* ---- quantiles and ranks ---- */

static void put_value(weft_kll_type type, weft_kll_value value, weft_vector *out, int32_t i)
{
    double real;
    memcpy(&real, &value, sizeof real);
    if (type == WEFT_KLL_BIGINT)
        ((int64_t *)out->values)[i] = (int64_t)value;
    else if (type == WEFT_KLL_DOUBLE)
        ((double *)out->values)[i] = real;
    else
        ((float *)out->values)[i] = (float)real;
}

typedef struct kll_question {
    weft_kll_view view;
    bool rank; /* of values, else values of ranks */
    const char *name;
    const weft_span *span;
} kll_question;

/* The answer to the number in slot k of a column into slot i of out. */
static weft_status answer(weft_ctx *ctx, const kll_question *q, const weft_column *column, int32_t k,
                          weft_vector *out, int32_t i)
{
    const weft_value number = weft_value_of_column(column, k);
    if (number.is_null) {
        weft_vector_set_null(out, i);
    } else if (q->rank) {
        ((double *)out->values)[i] = weft_kll_rank(&q->view, weft_kll_value_of(q->view.type, &number));
    } else if (!(number.f64 >= 0 && number.f64 <= 1)) {
        return weft_fail_at(ctx, WEFT_KLL_QUANTILE, q->span,
                            "For function %s, the quantile value must be between 0.0 and 1.0 (inclusive).",
                            q->name);
    } else {
        put_value(q->view.type, weft_kll_quantile(&q->view, number.f64), out, i);
    }
    return WEFT_OK;
}

static weft_status ask_row(weft_ctx *ctx, weft_kernel_call *call, int32_t i, const uint8_t *sketch)
{
    weft_status st = WEFT_OK;
    const weft_column *asked = &call->args[1];
    kll_question q = {.name = call->expr->call.function->name, .span = &call->expr->span};
    int32_t first = 0;
    q.rank = strstr(q.name, "_get_rank_") != NULL;
    if (weft_kll_n(sketch) == 0) return weft_kll_invalid(ctx, q.name, q.span);
    WEFT_TRY(st, weft_kll_view_new(ctx, sketch, &q.view));
    if (asked->phys != WEFT_PHYS_LIST) {
        WEFT_TRY(st, answer(ctx, &q, asked, i, call->out, i));
        goto done;
    }
    const weft_list list = weft_arg_list(asked, i);
    WEFT_TRY(st, weft_vector_add_list(ctx, call->out, i, list.length, &first));
    for (int32_t k = 0; k < list.length; k++)
        WEFT_TRY(st,
                 answer(ctx, &q, &asked->children[0], list.offset + k, &call->out->children[0], first + k));
done:
    weft_kll_view_free(&q.view);
    return st;
}

/* (sketch, number or array of numbers) */
static weft_status ask_bind(weft_ctx *ctx, const weft_function *fn, const weft_expr **args, int32_t count,
                            const weft_span *span, int32_t *variant, weft_type *type)
{
    weft_status st = WEFT_OK;
    const bool rank = strstr(fn->name, "_get_rank_") != NULL;
    const weft_type values = weft_kll_sql_type(weft_kll_type_of(fn->name));
    weft_type asked = rank ? values : WEFT_TYPE_OF(WEFT_TYPE_DOUBLE);
    *type = rank ? WEFT_TYPE_OF(WEFT_TYPE_DOUBLE) : values;
    *variant = 0;
    if (count != 2) return weft_fail_arg_count(ctx, fn->name, 2, 2, count, span);
    WEFT_TRY(st, weft_bind_arg_as(ctx, args, 0, WEFT_TYPE_OF(WEFT_TYPE_BINARY), span));
    if (args[1]->type.id == WEFT_TYPE_ARRAY) {
        WEFT_TRY(st, weft_type_make_array(ctx, asked, &asked));
        WEFT_TRY(st, weft_type_make_array(ctx, *type, type));
        if (weft_type_equal(args[1]->type, asked)) asked = args[1]->type;
        WEFT_TRY(st, weft_expr_cast(ctx, args[1], asked, true, &args[1]));
    } else {
        WEFT_TRY(st, weft_bind_arg_as(ctx, args, 1, asked, span));
    }
done:
    return st;
}

/* ---- text ---- */

static void value_text(weft_kll_type type, weft_kll_value value, char text[KLL_NUMBER_BYTES])
{
    double real;
    memcpy(&real, &value, sizeof real);
    if (type == WEFT_KLL_BIGINT)
        (void)snprintf(text, KLL_NUMBER_BYTES, "%lld", (long long)value);
    else
        text[cast_double_text(real, type == WEFT_KLL_FLOAT, text)] = '\0';
}

static weft_status text_row(weft_ctx *ctx, weft_kernel_call *call, int32_t i, const uint8_t *sketch)
{
    static const char *const names[] = {"Longs", "Doubles", "Floats"};
    const weft_kll_type type = weft_kll_type_of(call->expr->call.function->name);
    const weft_kll_summary s = weft_kll_summarise(sketch);
    char text[KLL_TEXT_BYTES], least[KLL_NUMBER_BYTES] = "NaN", greatest[KLL_NUMBER_BYTES] = "NaN";
    if (s.n > 0) value_text(type, s.least, least);
    if (s.n > 0) value_text(type, s.greatest, greatest);
    const int len = snprintf(text, sizeof text,
                             "\n### KllKll%sSketch Summary:\n"
                             "   K                      : %d\n"
                             "   Dynamic min K          : %d\n"
                             "   M                      : 8\n"
                             "   N                      : %lld\n"
                             "   Epsilon                : %.3f%%\n"
                             "   Epsilon PMF            : %.3f%%\n"
                             "   Empty                  : %s\n"
                             "   Estimation Mode        : %s\n"
                             "   Levels                 : %d\n"
                             "   Level 0 Sorted         : false\n"
                             "   Capacity Items         : %lld\n"
                             "   Retained Items         : %lld\n"
                             "   Free Space             : %lld\n"
                             "   ReadOnly               : false\n"
                             "   Updatable Storage Bytes: %zu\n"
                             "   Compact Storage Bytes  : %zu\n"
                             "   Min Item               : %s\n"
                             "   Max Item               : %s\n"
                             "### End sketch summary\n",
                             names[type], s.k, s.k_least, (long long)s.n, s.error * 100,
                             s.error_of_counts * 100, s.n == 0 ? "true" : "false",
                             s.levels > 1 ? "true" : "false", s.levels, (long long)s.capacity,
                             (long long)s.retained, (long long)(s.capacity - s.retained), s.updatable_bytes,
                             weft_kll_bytes(sketch), least, greatest);
    return weft_vector_set_string(ctx, call->out, i, text, (uint32_t)len);
}

/* ---- registry ---- */

static weft_status kernel_n(weft_ctx *ctx, weft_kernel_call *call) { return run_rows(ctx, call, n_row); }
static weft_status kernel_merge(weft_ctx *ctx, weft_kernel_call *call)
{
    return run_rows(ctx, call, merge_row);
}
static weft_status kernel_ask(weft_ctx *ctx, weft_kernel_call *call) { return run_rows(ctx, call, ask_row); }
static weft_status kernel_text(weft_ctx *ctx, weft_kernel_call *call)
{
    return run_rows(ctx, call, text_row);
}

#define B WEFT_TYPE_BINARY
#define ENTRY(symbol, binder, usage)                                                                         \
    WEFT_FN_ENTRY(symbol, #symbol, NULL, WEFT_FN_FALLIBLE, binder, usage, NULL, NULL)
#define KLL(end)                                                                                             \
    WEFT_FN_FORM(kll_sketch_get_n_##end, 1, 1, WEFT_TYPE_BIGINT, kernel_n, B);                               \
    ENTRY(kll_sketch_get_n_##end, NULL,                                                                      \
          "kll_sketch_get_n_" #end "(sketch): how many values a KLL sketch saw");                            \
    WEFT_FN_FORM(kll_sketch_merge_##end, 2, 2, B, kernel_merge, B, B);                                       \
    ENTRY(kll_sketch_merge_##end, NULL, "kll_sketch_merge_" #end "(a, b): the union of two KLL sketches");   \
    WEFT_FN_FORM(kll_sketch_get_quantile_##end, 2, 2, WEFT_TYPE_COUNT, kernel_ask, B, WEFT_TYPE_COUNT);      \
    ENTRY(kll_sketch_get_quantile_##end, ask_bind,                                                           \
          "kll_sketch_get_quantile_" #end                                                                    \
          "(sketch, rank): the value at that part of the sorted values, 0 to 1; of "                         \
          "an array of ranks an array");                                                                     \
    WEFT_FN_FORM(kll_sketch_get_rank_##end, 2, 2, WEFT_TYPE_COUNT, kernel_ask, B, WEFT_TYPE_COUNT);          \
    ENTRY(kll_sketch_get_rank_##end, ask_bind,                                                               \
          "kll_sketch_get_rank_" #end                                                                        \
          "(sketch, value): which part of the values is up to and with it; of an array "                     \
          "of values an array");                                                                             \
    WEFT_FN_FORM(kll_sketch_to_string_##end, 1, 1, WEFT_TYPE_STRING, kernel_text, B);                        \
    ENTRY(kll_sketch_to_string_##end, NULL,                                                                  \
          "kll_sketch_to_string_" #end "(sketch): what the sketch is, as a text")
KLL(bigint);
KLL(double);
KLL(float);
