/* engine/plan/planner_impl.h - what the files of the physical planner share; nobody else includes it.
 *
 * A *pipe* is a pipeline under construction: a source, the operators so far, and where each logical column
 * lies in the batches that leave it. Planning walks the logical tree from the root. Where a node needs the
 * output of another stage it asks for a *made* record (one per node and role): if that stage was not issued
 * yet it is planned and issued now; if it has not finished the walk gives up (ready = false) and starts again
 * when it has. Walks are cheap, and everything that was issued is found again, so the order in which stages
 * finish does not matter.
 *
 * Constraints travel down with the walk: "rows whose column `id` is not among the keys of finished stage S
 * are not needed". They become dynamic filters of scans, through joins, projections and group keys. */
#ifndef WEFT_PLAN_PLANNER_IMPL_H
#define WEFT_PLAN_PLANNER_IMPL_H

#include "engine/plan/fields_read.h"
#include "engine/plan/optimizer.h"
#include "engine/plan/planner.h"
#include "engine/plan/pointer_map.h"

/* A growing array in the query's arena. */
typedef struct plan_list {
    void *items;
    int32_t count, capacity;
} plan_list;
/* Append one zeroed item of item_bytes; its address is good until the next append. */
WEFT_MUST_CHECK weft_status plan_list_add(weft_ctx *ctx, plan_list *list, size_t item_bytes, void **item);
#define PLAN_LIST_AT(list, type, i) (&((type *)(list)->items)[i])

/* A set of column ids. */
typedef struct id_set {
    uint64_t *words;
    int64_t bits;
} id_set;

/* Rows whose column `id` has no equal among build column `build_column` of the (finished) stage are not
 * needed. */
typedef struct plan_constraint {
    int64_t id;
    int32_t stage_id;
    int32_t build_column; /* of the stage's rows */
    int32_t key;          /* index in the stage's tracked keys, for the range */
} plan_constraint;

typedef struct constraint_list {
    int32_t count;
    const plan_constraint *items;
} constraint_list;

/* What a role of a node was turned into. */
typedef enum made_role {
    MADE_BUILD,     /* build side of a JOIN */
    MADE_PROBE,     /* probe side of a partitioned JOIN */
    MADE_MARKS,     /* the stage whose blocks carry the marks of a build-preserving JOIN */
    MADE_UNMATCHED, /* unmatched build rows of a build-preserving outer JOIN, padded with NULLs */
    MADE_INPUT,     /* the rows of a node's input, or of the result */
    MADE_SHARED,    /* the rows of a node with several parents */
    MADE_BRANCH,    /* the rows of an input of a UNION */
    MADE_PARTIAL,   /* partial aggregates of an AGGREGATE */
    MADE_RUNS       /* sorted runs of a SORT or WINDOW */
} made_role;

typedef struct made {
    const weft_node *node;
    made_role role;
    struct made *next; /* of the same node, in another role */
    int32_t stage_id;
    bool finished;
    bool live; /* a walk to come may read it */
    int32_t column_count;
    const int64_t *ids; /* logical column of each row column */
    const weft_type *types;
    const bool *nullable;
    weft_stage_stats stats;
    /* RUNS */
    int32_t place_count;
    const struct plan_column *places; /* where logical columns lie in the rows */
    const weft_sort_key *sort_keys;
    const int32_t *hash_columns;
} made;

typedef struct plan_column {
    int64_t id;
    int32_t ordinal;
} plan_column;

typedef struct pipeline {
    weft_source_spec source;
    plan_list inputs;  /* weft_stage_input */
    plan_list ops;     /* weft_op_spec */
    plan_list columns; /* plan_column: where each id lies; one ordinal may have several ids */
    weft_types types;  /* of the batches now */
    /* how tasks are cut */
    const weft_node *scan; /* SCAN: the node, else NULL */
    bool partitioned;      /* tasks by partitions of the inputs */
    const int64_t *partition_bytes,
        *partition_rows; /* [partition_count] summed over the partitioned inputs */
    int32_t partition_count;
    int32_t range_count; /* MERGE: the ranges of its tasks, in order; 0: it has one task */
    const weft_sort_range *ranges;
    int32_t buckets;       /* tasks are buckets: of so many; 0: they are not */
    bool bucket_tasks;     /* … one of each */
    bool bucket_checked;   /* no file has rows of another bucket, or reading it raises */
    int32_t task_count;    /* that a hint asks for, 0: none … */
    bool task_limit;       /* … or at most so many */
    bool one_task;         /* order or a global count needs a single task */
    double rows;           /* estimate */
    plan_list scan_ranges; /* scan_range: bounds of dynamic filters, for pruning splits */
    plan_list holds;       /* plan_constraint: what is known to be true of every row that leaves the pipe */
    int64_t shared_bytes;  /* build rows that its shared tables hold */
    char *name;
} pipeline;

/* Bounds that a dynamic filter puts on a scan column before it is built. */
typedef struct scan_range {
    int32_t column; /* position in the scan's columns */
    weft_key_range range;
} scan_range;

typedef struct plan_rounds plan_rounds; /* plan_recursion.c */

/* What of a plan does not change while it runs, so that what rests on it alone can be told before. */
typedef struct plan_ground {
    weft_pointer_map parents; /* of the tree under root */
    int64_t memory_bytes;     /* of the one process that runs it; 0: workers do */
} plan_ground;
WEFT_MUST_CHECK weft_status plan_ground_of(weft_ctx *ctx, const weft_node *root, int64_t memory_bytes,
                                           plan_ground *out);

struct weft_planner {
    weft_ids *ids;
    const weft_node *root;
    weft_planner_options options;
    int32_t partitions;  /* of every exchange by hash; 0: by bytes */
    bool sort_by_range;  /* several tasks may merge sorted runs */
    int64_t split_bytes; /* most compressed bytes of a scan task of several splits */
    weft_schema result_schema;
    plan_list stages;         /* const weft_stage * */
    plan_list ready;          /* const weft_stage *: issued since the last call */
    plan_list made;           /* made * */
    weft_pointer_map made_of; /* node to the first of its made records */
    plan_ground ground;
    weft_pointer_map rounds;     /* RECURSION to its plan_rounds */
    weft_pointer_map level_rows; /* LEVEL of a round to the made record of the round before */
    weft_fields_read fields;     /* of nested columns */
    int32_t result_stage;        /* -1 until issued */
};

/* What an output is computed from, and the id that it has: outputs are plain columns or aliases. */
static inline const weft_expr *plan_below_alias(const weft_expr *e)
{
    while (e->kind == WEFT_EXPR_ALIAS) e = e->args[0];
    return e;
}
static inline int64_t plan_output_id(const weft_expr *e)
{
    return e->kind == WEFT_EXPR_ALIAS ? e->alias.id : e->column.id;
}

/* ---- planner.c ---- */
made *plan_find_made(weft_planner *p, const weft_node *node, made_role role);
made *plan_made_of_stage(weft_planner *p, int32_t stage_id);
/* Issue a stage: the pipe with this sink. Row columns of the sink have the given ids and types. */
WEFT_MUST_CHECK weft_status plan_issue(weft_ctx *ctx, weft_planner *p, pipeline *pipe,
                                       const weft_sink_spec *sink, const weft_node *node, made_role role,
                                       const int64_t *ids, const bool *nullable, made **out);
/* Write the rows of a pipe (the required columns) to one stage: partition_count partitions by hash of keys,
 * which are logical columns in `keys`; extra sink settings: limit. */
typedef struct exchange_wish {
    int32_t partition_count;
    int32_t key_count;
    const int64_t *keys;
    bool track_ranges;
    bool placed; /* the rows stay in the partitions of their tasks */
    int64_t limit;
} exchange_wish;
WEFT_MUST_CHECK weft_status plan_issue_exchange(weft_ctx *ctx, weft_planner *p, pipeline *pipe,
                                                const id_set *required, const exchange_wish *wish,
                                                const weft_node *node, made_role role, made **out);
bool plan_is_shared(const weft_planner *p, const weft_node *node);

/* ---- pipe.c ---- */
WEFT_MUST_CHECK weft_status id_set_new(weft_ctx *ctx, const weft_planner *p, const id_set *from, id_set *out);
WEFT_MUST_CHECK weft_status id_set_add(weft_ctx *ctx, id_set *set, int64_t id);
bool id_set_has(const id_set *set, int64_t id);
/* Add every column that e reads. */
WEFT_MUST_CHECK weft_status id_set_add_expr(weft_ctx *ctx, id_set *set, const weft_expr *e);

int32_t pipe_find(const pipeline *pipe, int64_t id); /* ordinal or -1 */
WEFT_MUST_CHECK weft_status pipe_name_column(weft_ctx *ctx, pipeline *pipe, int64_t id, int32_t ordinal);
WEFT_MUST_CHECK weft_status pipe_lower(weft_ctx *ctx, const pipeline *pipe, const weft_expr *e,
                                       const weft_expr **out);
WEFT_MUST_CHECK weft_status pipe_lower_all(weft_ctx *ctx, const pipeline *pipe, const weft_expr *const *exprs,
                                           int32_t count, const weft_expr *const **out);
WEFT_MUST_CHECK weft_status pipe_filter(weft_ctx *ctx, pipeline *pipe, const weft_expr *const *conjuncts,
                                        int32_t count);
/* Make every expression a plain column: appends one PROJECT that keeps what lies there and adds what is
 * computed. ordinals[i] is where expression i lies then. */
WEFT_MUST_CHECK weft_status pipe_compute(weft_ctx *ctx, pipeline *pipe, const weft_expr *const *exprs,
                                         int32_t count, int32_t *ordinals);
/* Drop every column that is not in the set (one PROJECT when there is any). */
WEFT_MUST_CHECK weft_status pipe_narrow(weft_ctx *ctx, pipeline *pipe, const id_set *required);
WEFT_MUST_CHECK weft_status pipe_add_op(weft_ctx *ctx, pipeline *pipe, const weft_op_spec *op,
                                        const char *name);
WEFT_MUST_CHECK weft_status pipe_add_input(weft_ctx *ctx, pipeline *pipe, int32_t stage_id,
                                           weft_input_mode mode, int32_t *index);
WEFT_MUST_CHECK weft_status pipe_name(weft_ctx *ctx, pipeline *pipe, const char *step);
/* A pipe that reads finished stages: their partitions, as rows. All have the same row columns. */
WEFT_MUST_CHECK weft_status pipe_open_rows(weft_ctx *ctx, weft_planner *p, made *const *inputs, int32_t count,
                                           const int64_t *ids, pipeline *out);
/* Take the partition sizes of one more partitioned input into account. */
WEFT_MUST_CHECK weft_status pipe_add_partitions(weft_ctx *ctx, pipeline *pipe, const weft_stage_stats *stats);

/* ---- plan_node.c ---- */
/* Build the pipe of a node giving at least the required columns. *ready false: some stage must finish first
 * (it has been issued). */
WEFT_MUST_CHECK weft_status plan_pipe(weft_ctx *ctx, weft_planner *p, const weft_node *node,
                                      const id_set *required, const constraint_list *constraints,
                                      pipeline *out, bool *ready);

/* All output columns of a node, in its order, as row columns 0..n-1 of one stage. Constraints have to hold
 * for every reader: a shared node has none. *out is NULL until that stage could be issued. */
WEFT_MUST_CHECK weft_status plan_rows(weft_ctx *ctx, weft_planner *p, const weft_node *node, made_role role,
                                      const constraint_list *constraints, made **out);
/* The columns that constraints name, seen through a list of ALIAS / COLUMN expressions (projections, group
 * keys): constraints on an output become constraints on the plain column below it, others are dropped. */
WEFT_MUST_CHECK weft_status plan_constraints_below(weft_ctx *ctx, const constraint_list *constraints,
                                                   const weft_expr *const *exprs, int32_t count,
                                                   constraint_list *out);

/* ---- plan_aggregate.c, plan_sort.c: as plan_pipe, for one kind of node ---- */
WEFT_MUST_CHECK weft_status plan_aggregate(weft_ctx *ctx, weft_planner *p, const weft_node *node,
                                           const constraint_list *constraints, pipeline *out, bool *ready);
/* The AGGREGATE node of an output, its arguments and filter being the plain columns at ordinals[0], ... */
WEFT_MUST_CHECK weft_status plan_lower_aggregate(weft_ctx *ctx, const weft_expr *call,
                                                 const int32_t *ordinals, const weft_expr **out);
/* limit: rows that are wanted of all, -1 for every one. */
WEFT_MUST_CHECK weft_status plan_sort(weft_ctx *ctx, weft_planner *p, const weft_node *node, int64_t limit,
                                      const id_set *required, const constraint_list *constraints,
                                      pipeline *out, bool *ready);
WEFT_MUST_CHECK weft_status plan_repartition_by_range(weft_ctx *ctx, weft_planner *p, const weft_node *node,
                                                      const id_set *required, pipeline *out, bool *ready);
/* By hash, the rows of each task in an order. */
WEFT_MUST_CHECK weft_status plan_repartition_sorted(weft_ctx *ctx, weft_planner *p, const weft_node *node,
                                                    const id_set *required, pipeline *out, bool *ready);
WEFT_MUST_CHECK weft_status plan_window(weft_ctx *ctx, weft_planner *p, const weft_node *node,
                                        const id_set *required, pipeline *out, bool *ready);

/* ---- plan_sets.c: grouping sets ---- */
/* The projection of the EXPAND below an AGGREGATE from whose groups those of all others can be made; or -1.
 */
int32_t plan_finest_set(weft_ctx *ctx, const weft_planner *p, const weft_node *node);
/* The pipe of EXPAND with that projection alone. */
WEFT_MUST_CHECK weft_status plan_finest_pipe(weft_ctx *ctx, weft_planner *p, const weft_node *expand,
                                             int32_t finest, pipeline *out, bool *ready);
/* The other projections, into the sink of the AGGREGATE. */
WEFT_MUST_CHECK weft_status plan_coarser_sets(weft_ctx *ctx, const weft_node *node, int32_t finest,
                                              weft_sink_spec *sink);

/* ---- plan_cluster.c: what depends on how many processes run the plan ---- */
/* Processes that fetch rows which every task reads; 1 in one process. */
int32_t plan_workers(const weft_planner *p);
/* Tasks that share the memory of one process. */
int32_t plan_slots_of_worker(const weft_planner *p);
/* What the shared tables of one pipeline may take in a process of that memory: rows, and beside each 8 to 16
 * bytes of the table. */
enum { PLAN_SHARED_ROW_BYTES = 16 };
int64_t plan_shared_bytes_most(int64_t memory_bytes);
/* Should every worker read these rows whole, when it may save the others (of that many bytes) an exchange? */
bool plan_reads_whole(const weft_planner *p, const weft_stage_stats *rows, double other_bytes);
/* What a value and a row of those columns of the pipe take in a block, about. */
double plan_column_bytes(weft_type type);
double plan_row_bytes(const pipeline *pipe, const id_set *columns);
int32_t plan_partitions_for(const weft_planner *p, double bytes, double rows);

/* ---- plan_range.c ---- */
/* The tasks of a pipe that merges these sorted runs. count: how many there should be; 0: as many as the rows
 * are worth. */
WEFT_MUST_CHECK weft_status plan_ranges(weft_ctx *ctx, const weft_planner *p, const weft_stage_stats *runs,
                                        int32_t count, pipeline *out);

/* ---- plan_join.c ---- */
WEFT_MUST_CHECK weft_status plan_join(weft_ctx *ctx, weft_planner *p, const weft_node *node,
                                      const id_set *required, const constraint_list *constraints,
                                      pipeline *out, bool *ready);
const weft_node *plan_join_probe_side(const weft_node *node);
const weft_node *plan_join_build_side(const weft_node *node);
/* Do rows of the build side leave by their marks, in other tasks? */
bool plan_join_keeps_build(const weft_node *node);

/* ---- plan_recursion.c ---- */
WEFT_MUST_CHECK weft_status plan_recursion(weft_ctx *ctx, weft_planner *p, const weft_node *node,
                                           pipeline *out, bool *ready);
WEFT_MUST_CHECK weft_status plan_level(weft_ctx *ctx, weft_planner *p, const weft_node *node, pipeline *out);
/* Set `live` of the rounds of a RECURSION; gives the tree of the one that is being planned, or NULL. */
const weft_node *plan_recursion_live(weft_planner *p, const weft_node *node);

/* ---- plan_repartition.c ---- */
WEFT_MUST_CHECK weft_status plan_repartition(weft_ctx *ctx, weft_planner *p, const weft_node *node,
                                             const id_set *required, pipeline *out, bool *ready);
/* What a REPARTITION turns its input into. */
made_role plan_repartition_role(const weft_node *node);
/* The tasks of a pipe as the hint wants them: neighbours work as one. */
WEFT_MUST_CHECK weft_status plan_merge_tasks(weft_ctx *ctx, const pipeline *pipe, plan_list *tasks);

/* ---- plan_bucket.c ---- */
/* Buckets of a scanned table that its conditions leave. wanted NULL: all, or it is in none. */
typedef struct plan_bucket_set {
    int32_t count, selected;
    const uint8_t *wanted; /* [count] */
} plan_bucket_set;
WEFT_MUST_CHECK weft_status plan_buckets(weft_ctx *ctx, const weft_node *scan, plan_bucket_set *out);
/* Have equal values of the type equal bits, and so one hash? */
bool plan_is_bucket_type(weft_type type);
/* Drop the splits of files of other buckets. */
WEFT_MUST_CHECK weft_status plan_prune_buckets(weft_ctx *ctx, const weft_node *scan, weft_split *splits,
                                               int32_t *count);

/* ---- plan_distribution.c ---- */
/* Rows with equal keys are in the tasks of one bucket: of `count`, by Spark's hash of the keys. */
typedef struct plan_distribution {
    int32_t count; /* 0: nothing is known */
    bool scanned;  /* straight from files, which may be read as fewer buckets */
    int32_t key_count;
    plan_list *keys; /* [key_count] of int64_t: the columns that hold each key */
    plan_list scans; /* const weft_node *: where the rows come from */
} plan_distribution;
/* What holds of the rows of a node. */
WEFT_MUST_CHECK weft_status plan_distribution_of(weft_ctx *ctx, const plan_ground *ground,
                                                 const weft_node *node, plan_distribution *out);
/* What holds of the input of an AGGREGATE or WINDOW, where rows of one group lie together; else nothing. */
WEFT_MUST_CHECK weft_status plan_groups_distribution(weft_ctx *ctx, const plan_ground *ground,
                                                     const weft_node *node, plan_distribution *out);
/* As how many buckets the sides of a JOIN meet without an exchange; 0: they do not. */
WEFT_MUST_CHECK weft_status plan_join_buckets(weft_ctx *ctx, const plan_ground *ground, const weft_node *join,
                                              plan_distribution *left, plan_distribution *right,
                                              int32_t *buckets);
/* Partitions of what the tasks of so many buckets write: each has the same part of them. */
int32_t plan_bucket_partitions(int32_t buckets);
/* Have the tasks of a pipe with this distribution read by buckets. */
WEFT_MUST_CHECK weft_status plan_take_buckets(weft_ctx *ctx, const plan_distribution *d, int32_t buckets,
                                              pipeline *pipe);

/* ---- plan_live.c ---- */
/* Set `live` of every made record. */
void plan_mark_live(weft_planner *p);

/* ---- plan_scan.c ---- */
WEFT_MUST_CHECK weft_status plan_scan(weft_ctx *ctx, weft_planner *p, const weft_node *node,
                                      const id_set *required, const constraint_list *constraints,
                                      pipeline *out);
/* Cut a finished pipe into tasks. */
WEFT_MUST_CHECK weft_status plan_tasks(weft_ctx *ctx, weft_planner *p, const pipeline *pipe,
                                       const weft_task_spec **tasks, int32_t *count);

#endif
