/* coordinator/explain.h - the text of EXPLAIN. In ctx->arena. */
#ifndef WEFT_COORDINATOR_EXPLAIN_H
#define WEFT_COORDINATOR_EXPLAIN_H

#include "coordinator/coordinator.h"

/* memory_bytes: of the one process that runs the plan; 0 where workers do.
 * SIMPLE, EXTENDED, FORMATTED, COST: the plan under Spark's headings, as parsed, bound and optimised. */
WEFT_MUST_CHECK weft_status weft_explain_plan(weft_ctx *ctx, weft_explain_mode mode, const weft_node *parsed,
                                              const weft_node *bound, const weft_node *optimised,
                                              int64_t memory_bytes, char **out);
/* ANALYZE: what ran, with rows, bytes, time, spilled and pruned for every operator of every stage. */
WEFT_MUST_CHECK weft_status weft_explain_run(weft_ctx *ctx, const weft_node *optimised, const weft_run *run,
                                             int64_t optimise_ns, int64_t memory_bytes, char **out);

#endif
