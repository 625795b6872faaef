/* engine/plan/planner.h - from an optimised logical plan to stages, step by step (adaptive execution).
 *
 * The planner gives the stages that can start now; the job tells it what each finished stage really produced;
 * the rest is then planned with true sizes: shared or partitioned join, dynamic filters, fewer partitions,
 * split lists pruned by key ranges. An issued stage is never changed. Same plan and same statistics: same
 * stages. One thread.
 *
 * In one process rows that every task reads are read by reference. Over several workers each of them fetches
 * such rows for itself, so they are read whole only while that moves less than to exchange the other side. */
#ifndef WEFT_PLAN_PLANNER_H
#define WEFT_PLAN_PLANNER_H

#include "engine/plan/physical.h"

typedef struct weft_planner weft_planner;

typedef struct weft_planner_options {
    int32_t slots;        /* tasks that run at once, in all processes together */
    int64_t memory_bytes; /* of one process (the smallest), for choosing shared tables and partition counts */
    bool one_process;     /* blocks pass by reference and shared tables cost nothing to ship */
    int32_t workers;      /* processes that the slots are spread over; 0 counts as 1; else ignored */
} weft_planner_options;

/* Everything lives in ctx->arena, which must outlive the planner; root is a query or a WRITE. */
WEFT_MUST_CHECK weft_status weft_planner_new(weft_ctx *ctx, weft_ids *ids, const weft_node *root,
                                             const weft_planner_options *options, weft_planner **out);
/* The stages that became ready since the last call (maybe none while others run). */
WEFT_MUST_CHECK weft_status weft_planner_next(weft_ctx *ctx, weft_planner *planner,
                                              const weft_stage *const **stages, int32_t *count);
/* A stage is complete. stats are copied. */
WEFT_MUST_CHECK weft_status weft_planner_finished(weft_ctx *ctx, weft_planner *planner, int32_t stage_id,
                                                  const weft_stage_stats *stats);
/* True when the result stage has been issued; its blocks, in task order, partition 0, are the result's rows.
 */
bool weft_planner_result_stage(const weft_planner *planner, int32_t *stage_id);
/* Names and types of the result's columns. */
const weft_schema *weft_planner_result_schema(const weft_planner *planner);
/* May blocks of this issued stage still be read by a stage not issued yet? (When not, and all issued readers
 * are accepted, they are freed.) */
bool weft_planner_needs(const weft_planner *planner, int32_t stage_id);
/* Stages issued so far, by id. */
const weft_stage *weft_planner_stage(const weft_planner *planner, int32_t stage_id);
int32_t weft_planner_stage_count(const weft_planner *planner);

#endif
