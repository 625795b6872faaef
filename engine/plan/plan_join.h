/* engine/plan/plan_join.h - what the plan_join*.c files share; for nobody else. */
#ifndef WEFT_PLAN_PLAN_JOIN_H
#define WEFT_PLAN_PLAN_JOIN_H

#include "engine/plan/planner_impl.h"

/* A join with its sides put in order: `build` is the side whose rows lie in a table. */
typedef struct join_sides {
    const weft_node *node;
    const weft_node *probe, *build;
    weft_join_kind kind; /* never RIGHT; LEFT, SEMI, … preserve the probe side unless keep_build */
    bool keep_build;     /* LEFT, SEMI, ANTI, MARK whose preserved (left) side is the build side */
    int32_t key_count;
    const weft_expr *const *probe_keys, *const *build_keys;
    int64_t *build_key_ids; /* logical ids of the build keys (new ones for computed keys) */
    int32_t buckets;        /* both sides come by so many buckets; 0: they do not */
    plan_distribution probe_rows, build_rows;
} join_sides;

/* plan_join_sides.c */

/* Which side is the build side, and what the join does then. */
void join_order_sides(const weft_node *node, join_sides *j);
/* Do both sides come by buckets? */
WEFT_MUST_CHECK weft_status join_find_buckets(weft_ctx *ctx, const weft_planner *p, join_sides *j);
/* Add a constraint of the logical column id, unless it is there. */
WEFT_MUST_CHECK weft_status join_add_constraint(weft_ctx *ctx, plan_list *list, const plan_constraint *from,
                                                int64_t id);
/* What of the constraints from above, and of those that the other side gives, holds for one side. */
WEFT_MUST_CHECK weft_status join_side_constraints(weft_ctx *ctx, const join_sides *j, bool build_side,
                                                  const constraint_list *above, const plan_list *other_holds,
                                                  constraint_list *out);
/* What the finished build side says about the probe side's keys. */
WEFT_MUST_CHECK weft_status join_build_constraints(weft_ctx *ctx, const join_sides *j, const made *build,
                                                   plan_list *list);
/* The logical columns that the sides must give. */
WEFT_MUST_CHECK weft_status join_required_below(weft_ctx *ctx, weft_planner *p, const join_sides *j,
                                                const id_set *required, id_set *out);
/* End the pipe of a side by an exchange on the keys. */
WEFT_MUST_CHECK weft_status join_issue_side(weft_ctx *ctx, weft_planner *p, const join_sides *j,
                                            bool build_side, int32_t partitions, const id_set *required,
                                            pipeline *pipe, made **out);
/* The build side; *out is NULL until it has run. */
WEFT_MUST_CHECK weft_status join_make_build(weft_ctx *ctx, weft_planner *p, const join_sides *j,
                                            const id_set *required, const constraint_list *constraints,
                                            made **out);
/* Should all tasks share one table of the build rows (each worker its own copy)? columns: what the probe side
 * must give; filtered: its scan may have been filtered by the build keys. */
WEFT_MUST_CHECK weft_status join_shares_table(weft_ctx *ctx, const weft_planner *p, const join_sides *j,
                                              const made *build, const id_set *columns, bool filtered,
                                              const pipeline *probe, bool *shares);

#endif
