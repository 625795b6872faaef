/* engine/expr/sketch/fn_theta.c - theta_union, theta_intersection, theta_difference, theta_sketch_estimate
 * and their kin of tuple sketches, also of a tuple and a theta sketch. */
#include <math.h>

#include "common/mem.h"
#include "engine/expr/fn_entry.h"
#include "engine/expr/sketch/fn_theta.h"

typedef enum theta_job { JOB_UNION, JOB_BOTH, JOB_WITHOUT } theta_job;

/* The second sketch of a call: a theta sketch gets the first summary of its mode. */
static weft_status take_second(weft_ctx *ctx, const weft_kernel_call *call, int32_t i, weft_theta_kind kind,
                               weft_theta_mode mode, weft_theta_list *out)
{
    weft_status st = WEFT_OK;
    const char *name = call->expr->call.function->name;
    const bool theta = strstr(name, "_theta_") != NULL;
    WEFT_TRY(st, weft_theta_take(ctx, name, theta ? WEFT_THETA_PLAIN : kind, weft_arg_str(&call->args[1], i),
                                 &call->expr->span, out));
    for (int64_t k = 0; theta && k < out->count; k++) out->entries[k].summary = weft_theta_first(kind, mode);
done:
    return st;
}

/* a becomes the union of both, by the way of a state. */
static weft_status unite(weft_ctx *ctx, weft_theta_kind kind, weft_theta_mode mode, int lg,
                         weft_theta_list *a, const weft_theta_list *b)
{
    weft_status st = WEFT_OK;
    void *state = NULL;
    const uint64_t room = weft_theta_room(NULL, kind, lg, (uint64_t)(a->count + b->count));
    WEFT_TRY(st, weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, (size_t)room, &state));
    weft_theta_start(state, (size_t)room, kind, mode, lg);
    weft_theta_union(state, a);
    weft_theta_union(state, b);
    weft_mem_free(a->entries);
    a->entries = NULL;
    WEFT_TRY(st, weft_theta_list_of(ctx, state, (size_t)room, a));
    weft_theta_sort(a, lg);
done:
    weft_mem_free(state);
    return st;
}

static weft_status put_pair(weft_ctx *ctx, weft_kernel_call *call, int32_t i, theta_job job)
{
    weft_status st = WEFT_OK;
    const char *name = call->expr->call.function->name;
    const weft_span *span = &call->expr->span;
    const weft_theta_kind kind = weft_theta_kind_of(name);
    weft_theta_mode mode = WEFT_THETA_SUM;
    weft_theta_list a = {0}, b = {0};
    const int32_t mode_at = job == JOB_UNION ? 3 : 2;
    const int64_t lg = job == JOB_UNION && call->arg_count > 2 ? weft_arg_i64(&call->args[2], i)
                                                               : WEFT_THETA_LG;
    WEFT_TRY(st, weft_theta_check_lg(ctx, name, lg, span));
    if (kind != WEFT_THETA_PLAIN && call->arg_count > mode_at)
        WEFT_TRY(st, weft_theta_mode_of(ctx, name, weft_arg_str(&call->args[mode_at], i), span, &mode));
    WEFT_TRY(st, weft_theta_take(ctx, name, kind, weft_arg_str(&call->args[0], i), span, &a));
    WEFT_TRY(st, take_second(ctx, call, i, kind, mode, &b));
    if (job == JOB_UNION)
        WEFT_TRY(st, unite(ctx, kind, mode, (int)lg, &a, &b));
    else if (job == JOB_BOTH)
        weft_theta_intersect(kind, mode, &a, &b);
    else
        weft_theta_subtract(&a, &b);
    WEFT_TRY(st, weft_theta_put(ctx, kind, mode, &a, call->out, i));
done:
    weft_mem_free(a.entries);
    weft_mem_free(b.entries);
    return st;
}

static weft_status run_pairs(weft_ctx *ctx, weft_kernel_call *call, theta_job job)
{
    weft_status st = WEFT_OK;
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        if (weft_call_valid(call, i)) WEFT_TRY(st, put_pair(ctx, call, i, job));
    }
done:
    return st;
}
static weft_status kernel_unite(weft_ctx *ctx, weft_kernel_call *call)
{
    return run_pairs(ctx, call, JOB_UNION);
}
static weft_status kernel_both(weft_ctx *ctx, weft_kernel_call *call)
{
    return run_pairs(ctx, call, JOB_BOTH);
}
static weft_status kernel_without(weft_ctx *ctx, weft_kernel_call *call)
{
    return run_pairs(ctx, call, JOB_WITHOUT);
}

/* ---- what a sketch says ---- */

static double real_of(weft_theta_kind kind, weft_theta_summary summary)
{
    double value;
    memcpy(&value, &summary, sizeof value);
    return kind == WEFT_THETA_DOUBLE ? value : (double)(int64_t)summary;
}

/* All summaries as one; of integers sums are of 64 bits. */
static void put_summary(weft_theta_kind kind, weft_theta_mode mode, const weft_theta_list *list,
                        weft_vector *out, int32_t i)
{
    double real = 0;
    int64_t whole = 0;
    for (int64_t k = 0; k < list->count; k++) {
        const weft_theta_summary summary = list->entries[k].summary;
        const double value = real_of(kind, summary);
        if (mode == WEFT_THETA_SUM) {
            real += value;
            whole += kind == WEFT_THETA_INTEGER ? (int64_t)summary : 0;
        } else if (mode == WEFT_THETA_ONE) {
            real++;
            whole++;
        } else if (k == 0 || (mode == WEFT_THETA_MIN ? value < real : value > real)) {
            real = value;
            whole = (int64_t)summary;
        }
    }
    if (kind == WEFT_THETA_DOUBLE)
        ((double *)out->values)[i] = real;
    else
        ((int64_t *)out->values)[i] = whole;
}

typedef enum theta_question { ASK_ESTIMATE, ASK_ROUNDED, ASK_THETA, ASK_SUMMARY } theta_question;

static weft_status answer(weft_ctx *ctx, weft_kernel_call *call, int32_t i, theta_question question)
{
    weft_status st = WEFT_OK;
    const char *name = call->expr->call.function->name;
    const weft_theta_kind kind = weft_theta_kind_of(name);
    weft_theta_mode mode = WEFT_THETA_SUM;
    weft_theta_list list = {0};
    if (question == ASK_SUMMARY && call->arg_count > 1)
        WEFT_TRY(st,
                 weft_theta_mode_of(ctx, name, weft_arg_str(&call->args[1], i), &call->expr->span, &mode));
    WEFT_TRY(st, weft_theta_take(ctx, name, kind, weft_arg_str(&call->args[0], i), &call->expr->span, &list));
    if (question == ASK_ROUNDED)
        ((int64_t *)call->out->values)[i] = (int64_t)floor(weft_theta_estimate(kind, &list) + 0.5);
    else if (question == ASK_ESTIMATE)
        ((double *)call->out->values)[i] = weft_theta_estimate(kind, &list);
    else if (question == ASK_THETA)
        ((double *)call->out->values)[i] = (double)list.theta / (double)INT64_MAX;
    else
        put_summary(kind, mode, &list, call->out, i);
done:
    weft_mem_free(list.entries);
    return st;
}

static weft_status run_answers(weft_ctx *ctx, weft_kernel_call *call, theta_question question)
{
    weft_status st = WEFT_OK;
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        if (weft_call_valid(call, i)) WEFT_TRY(st, answer(ctx, call, i, question));
    }
done:
    return st;
}
static weft_status kernel_rounded(weft_ctx *ctx, weft_kernel_call *call)
{
    return run_answers(ctx, call, ASK_ROUNDED);
}
static weft_status kernel_estimate(weft_ctx *ctx, weft_kernel_call *call)
{
    return run_answers(ctx, call, ASK_ESTIMATE);
}
static weft_status kernel_theta(weft_ctx *ctx, weft_kernel_call *call)
{
    return run_answers(ctx, call, ASK_THETA);
}
static weft_status kernel_summary(weft_ctx *ctx, weft_kernel_call *call)
{
    return run_answers(ctx, call, ASK_SUMMARY);
}

/* ---- registry ---- */

#define B WEFT_TYPE_BINARY
#define N WEFT_TYPE_INT
#define S WEFT_TYPE_STRING
#define ENTRY(symbol, usage, sql, want)                                                                      \
    WEFT_FN_ENTRY(symbol, #symbol, NULL, WEFT_FN_FALLIBLE, NULL, usage, sql, want)

WEFT_FN_FORM(theta_sketch_estimate, 1, 1, WEFT_TYPE_BIGINT, kernel_rounded, B);
ENTRY(theta_sketch_estimate,
      "theta_sketch_estimate(sketch): how many different values a theta sketch saw, about",
      "SELECT theta_sketch_estimate(theta_sketch_agg(col)) FROM VALUES (1), (1), (2), (2), (3) tab(col)",
      "3");
WEFT_FN_FORM(theta_union, 2, 3, B, kernel_unite, B, B, N);
ENTRY(theta_union, "theta_union(a, b [, lgNomEntries]): the union of two theta sketches",
      "SELECT theta_sketch_estimate(theta_union(theta_sketch_agg(a), theta_sketch_agg(b))) FROM VALUES (1, "
      "4), (2, "
      "5) AS t(a, b)",
      "4");
WEFT_FN_FORM(theta_intersection, 2, 2, B, kernel_both, B, B);
ENTRY(theta_intersection, "theta_intersection(a, b): what two theta sketches have in common",
      "SELECT theta_sketch_estimate(theta_intersection(theta_sketch_agg(a), theta_sketch_agg(b))) FROM "
      "VALUES (1, "
      "2), (2, 5) AS t(a, b)",
      "1");
WEFT_FN_FORM(theta_difference, 2, 2, B, kernel_without, B, B);
ENTRY(theta_difference,
      "theta_difference(a, b): what the first of two theta sketches has and the second has not",
      "SELECT theta_sketch_estimate(theta_difference(theta_sketch_agg(a), theta_sketch_agg(b))) FROM VALUES "
      "(1, 2), "
      "(2, 5) AS t(a, b)",
      "1");

#define TUPLE(end, summary_type)                                                                             \
    WEFT_FN_FORM(tuple_union_##end, 2, 4, B, kernel_unite, B, B, N, S);                                      \
    ENTRY(tuple_union_##end,                                                                                 \
          "tuple_union_" #end "(a, b [, lgNomEntries [, mode]]): the union of two tuple "                    \
          "sketches",                                                                                        \
          NULL, NULL);                                                                                       \
    WEFT_FN_FORM(tuple_intersection_##end, 2, 3, B, kernel_both, B, B, S);                                   \
    ENTRY(tuple_intersection_##end,                                                                          \
          "tuple_intersection_" #end "(a, b [, mode]): what two tuple sketches have "                        \
          "in common",                                                                                       \
          NULL, NULL);                                                                                       \
    WEFT_FN_FORM(tuple_difference_##end, 2, 2, B, kernel_without, B, B);                                     \
    ENTRY(tuple_difference_##end,                                                                            \
          "tuple_difference_" #end "(a, b): what the first of two tuple sketches has "                       \
          "and the second has not",                                                                          \
          NULL, NULL);                                                                                       \
    WEFT_FN_FORM(tuple_union_theta_##end, 2, 4, B, kernel_unite, B, B, N, S);                                \
    ENTRY(tuple_union_theta_##end,                                                                           \
          "tuple_union_theta_" #end "(tuple, theta [, lgNomEntries [, mode]]): the "                         \
          "union of a tuple and a theta sketch",                                                             \
          NULL, NULL);                                                                                       \
    WEFT_FN_FORM(tuple_intersection_theta_##end, 2, 3, B, kernel_both, B, B, S);                             \
    ENTRY(tuple_intersection_theta_##end,                                                                    \
          "tuple_intersection_theta_" #end "(tuple, theta [, mode]): what a "                                \
          "tuple and a theta sketch have in common",                                                         \
          NULL, NULL);                                                                                       \
    WEFT_FN_FORM(tuple_difference_theta_##end, 2, 2, B, kernel_without, B, B);                               \
    ENTRY(tuple_difference_theta_##end,                                                                      \
          "tuple_difference_theta_" #end "(tuple, theta): what a tuple sketch "                              \
          "has and a theta sketch has not",                                                                  \
          NULL, NULL);                                                                                       \
    WEFT_FN_FORM(tuple_sketch_estimate_##end, 1, 1, WEFT_TYPE_DOUBLE, kernel_estimate, B);                   \
    ENTRY(tuple_sketch_estimate_##end,                                                                       \
          "tuple_sketch_estimate_" #end "(sketch): how many different keys a "                               \
          "tuple sketch saw, about",                                                                         \
          NULL, NULL);                                                                                       \
    WEFT_FN_FORM(tuple_sketch_theta_##end, 1, 1, WEFT_TYPE_DOUBLE, kernel_theta, B);                         \
    ENTRY(tuple_sketch_theta_##end,                                                                          \
          "tuple_sketch_theta_" #end "(sketch): which part of the keys the sketch "                          \
          "holds",                                                                                           \
          NULL, NULL);                                                                                       \
    WEFT_FN_FORM(tuple_sketch_summary_##end, 1, 2, summary_type, kernel_summary, B, S);                      \
    ENTRY(tuple_sketch_summary_##end,                                                                        \
          "tuple_sketch_summary_" #end "(sketch [, mode]): its summaries as one: "                           \
          "sum, min, max or alwaysone",                                                                      \
          NULL, NULL)
TUPLE(double, WEFT_TYPE_DOUBLE);
TUPLE(integer, WEFT_TYPE_BIGINT);
