/* engine/plan/physical.h - what runs: stages, fragments, and the specs of their operators (contracts 3, 5).
 *
 * A stage is one linear pipeline, source → operators → sink, run by one or more tasks. Everything that blocks
 * lies at a stage boundary: a sink writes a block of row pages (contract 2), a source of a later stage reads
 * them. So aggregation is a partial sink and a final source, sorting a sink that writes sorted runs and a
 * source that merges them, and a join's build side is the block of an exchange sink.
 *
 * Specs are immutable, refer to columns by ordinal of the operator's input batch (keys and arguments are
 * always plain columns: the planner puts a PROJECT before), contain no pointers into other stages, and have a
 * wire form. An operator's output columns are what its spec says, in that order. */
#ifndef WEFT_PLAN_PHYSICAL_H
#define WEFT_PLAN_PHYSICAL_H

#include "engine/plan/logical.h"
#include "proto/report.h"

typedef struct weft_types {
    int32_t count;
    const weft_type *types;
} weft_types;

/* A sort key on an input column. */
typedef struct weft_sort_key {
    int32_t column;
    bool descending, nulls_first;
} weft_sort_key;

/* ---- sources ---- */
typedef enum weft_source_kind {
    WEFT_SOURCE_SCAN = 0,  /* task: splits of a table */
    WEFT_SOURCE_ROWS,      /* task: partitions [begin, end) of an input's blocks, as batches */
    WEFT_SOURCE_AGGREGATE, /* task: partitions of partial aggregates, merged and finalised */
    WEFT_SOURCE_MERGE,     /* task: one partition of sorted runs, merged in order */
    WEFT_SOURCE_VALUES,    /* task 0: literal rows */
    WEFT_SOURCE_MARKED, /* task: rows of build partitions by their merged match marks (build-preserving joins)
                         */
    WEFT_SOURCE_KIND_COUNT
} weft_source_kind;

/* A dynamic filter: rows of the scan whose column is not among the keys of a finished build input are
 * dropped. */
typedef struct weft_scan_key {
    int32_t input;        /* stage input (mode ALL) that holds the build rows */
    int32_t build_column; /* column of its rows */
    int32_t column;       /* position in the scan's columns */
} weft_scan_key;

typedef struct weft_source_spec {
    weft_source_kind kind;
    weft_types output;
    int32_t input; /* index of the stage input, for those that read blocks */
    union {
        struct {
            const weft_relation *relation;
            weft_scan_spec spec; /* key_filters are filled in from keys[] when the stage opens */
            int32_t key_count;
            const weft_scan_key *keys;
            int32_t emit_count;
            const int32_t *emit; /* positions in spec.columns that are the output, in order */
        } scan;
        struct {
            int32_t
                input_count; /* inputs input, input + 1, … are read one after the other (UNION); at least 1 */
        } rows;
        struct {
            int32_t
                group_count; /* layout: group columns, then the state columns of each aggregate in order */
            int32_t aggregate_count;
            const weft_expr *const *aggregates; /* AGGREGATE nodes (args only carry types here) */
        } aggregate;                            /* output: groups, then results */
        struct {
            int32_t key_count;
            const weft_sort_key *keys; /* columns of the rows */
            int64_t limit;             /* -1: all */
            bool together; /* the partitions of a task are merged into one order, else each into its own */
        } merge;
        struct {
            int32_t row_count;
            const weft_expr *const *cells; /* literals */
        } values;
        struct {
            int32_t marks_input; /* stage input whose blocks carry the marks */
            bool matched;        /* give the marked rows, else the unmarked */
            bool emit_mark;      /* give all rows and, as last column, the mark as BOOLEAN */
            int32_t column_count;
            const int32_t *columns; /* columns of the build rows to give */
        } marked;
    };
} weft_source_spec;

/* ---- operators ---- */
typedef enum weft_op_kind {
    WEFT_OP_FILTER = 0,
    WEFT_OP_PROJECT,
    WEFT_OP_PROBE,  /* hash join with the rows of a build input */
    WEFT_OP_LOOP,   /* nested-loop join with all rows of an input (cross and inequality joins) */
    WEFT_OP_LIMIT,  /* per task */
    WEFT_OP_WINDOW, /* input sorted by partition and order columns */
    WEFT_OP_EXPAND,
    WEFT_OP_SINGLE_ROW, /* at most one row in, exactly one row out (NULLs when none): one task only */
    WEFT_OP_SCRIPT,     /* lines to a process and back: a STRING column of the input, and one out */
    WEFT_OP_KIND_COUNT
} weft_op_kind;

typedef struct weft_window_call {
    const weft_expr *call;        /* AGGREGATE or CALL to a window function; args are ordinals */
    const weft_window_spec *spec; /* frame only; offsets are literals */
} weft_window_call;

typedef struct weft_op_spec {
    weft_op_kind kind;
    weft_types output;
    union {
        struct {
            int32_t count;
            const weft_expr *const *conjuncts;
        } filter; /* output: the input's columns */
        struct {
            int32_t count;
            const weft_expr *const *exprs;
        } project;
        struct {
            weft_join_kind
                kind; /* INNER, LEFT, SEMI, ANTI, ANTI_NULL, MARK, SINGLE; the build side is the right */
            bool record_marks;  /* build-preserving: mark build rows that match in the attempt's bitmap; */
            bool emit_pairs;    /* … and give the matching pairs too (FULL, RIGHT), else give nothing (SEMI,
                                   ANTI) */
            bool mark_nullable; /* MARK: NULL keys make the mark NULL */
            bool unique;   /* every probe row has at most one match: known from statistics, never relied on */
            int32_t input; /* stage input with the build rows */
            bool partitioned; /* build rows of the task's own partitions only; else all (shared table) */
            bool placed;      /* partitioned: the rows are of the task's partitions whatever they hash to */
            int32_t key_count;
            const int32_t *keys;       /* probe columns */
            const int32_t *build_keys; /* columns of the build rows */
            const bool *null_equal;    /* or NULL */
            int32_t probe_count;
            const int32_t *probe_columns; /* kept, first in the output */
            int32_t build_count;
            const int32_t
                *build_columns; /* of the build rows, after them (INNER, LEFT, SINGLE); MARK adds BOOLEAN */
            int32_t condition_count;
            const weft_expr *const *conditions; /* over all probe input columns, then all build row columns */
        } probe;
        struct {
            weft_join_kind kind; /* INNER, LEFT, SEMI, ANTI, SINGLE */
            int32_t input;
            int32_t probe_count;
            const int32_t *probe_columns;
            int32_t build_count;
            const int32_t *build_columns;
            int32_t condition_count;
            const weft_expr *const *conditions; /* as above */
        } loop;
        struct {
            int64_t skip, take;
        } limit;
        struct {
            int32_t partition_count;
            const int32_t *partition;
            int32_t order_count;
            const weft_sort_key *order;
            int32_t call_count;
            const weft_window_call *calls;
        } window; /* output: input columns, then one per call */
        struct {
            int32_t projection_count;
            const weft_expr *const *const *projections;
        } expand;
        struct {
            const char *command; /* for /bin/bash -c */
            int32_t column;      /* of the input: the lines, STRING */
        } script;
    };
} weft_op_spec;

/* ---- sinks ---- */
typedef enum weft_sink_kind {
    WEFT_SINK_EXCHANGE = 0, /* rows into partitions of the task's block */
    WEFT_SINK_AGGREGATE,    /* partial aggregates into partitions */
    WEFT_SINK_SORT,         /* sorted run(s), one partition (or hash partitions, each sorted) */
    WEFT_SINK_WRITE,        /* a file in the attempt's place */
    WEFT_SINK_KIND_COUNT
} weft_sink_kind;

/* How rows of one group are numbered by its order. */
typedef enum weft_numbering {
    WEFT_NUMBER_ROWS,  /* row_number() */
    WEFT_NUMBER_RANKS, /* rank() */
    WEFT_NUMBER_DENSE  /* dense_rank() */
} weft_numbering;

typedef struct weft_sink_spec {
    weft_sink_kind kind;
    weft_types rows;         /* types of the columns of the rows written */
    int32_t partition_count; /* a power of two; partition = high bits of the row's hash; 1: no partitioning */
    bool placed; /* … or, of the high bits, the place of the task: rows stay in the task's partitions, of
                  * which each task has as many, a power of two (exec/hash.h). For rows that lie together by
                  * another function than the engine's hash: the buckets of a table */
    union {
        struct {
            int32_t column_count;
            const int32_t *columns; /* input columns written, in row order */
            int32_t key_count;
            const int32_t *keys; /* positions among the row's columns: hashed; 0 keys and several partitions:
                                    by hash of the whole row (round-robin must be a function of the data) */
            bool track_ranges;   /* keep low and high of integer keys in the block (dynamic filters) */
            int64_t limit;       /* rows a task writes at most, -1: all */
        } exchange;
        struct {
            int32_t group_count;
            const int32_t *groups; /* input columns */
            int32_t aggregate_count;
            const weft_expr *const *aggregates; /* AGGREGATE nodes; args and filter are COLUMN ordinals */
            int64_t table_bytes;                /* at which a task empties its table */
            int32_t set_count; /* coarser grouping sets, in addition to the groups; 0: no grouping sets */
            const weft_expr *const *const *sets; /* [set_count][group_count]: COLUMN of the same position
                                                    among the groups, or LITERAL */
        } aggregate;
        struct {
            int32_t key_count;
            const weft_sort_key *keys; /* all input columns are written */
            int64_t limit;             /* top-N: rows kept, or -1 */
            int32_t hash_count;        /* with partition_count > 1: hash columns (windows) */
            const int32_t *hash;
            int64_t group_most; /* rows with a higher number among those with the same first group_keys keys
                                   are not wanted; 0: all are */
            int32_t group_keys;
            weft_numbering numbering;
            bool
                by_range; /* one partition, no limit: its runs are merged by range, and tell where keys are */
        } sort;
        struct {
            const char *format,
                *directory;  /* the output; attempts write below its _temporary (storage/commit.h) */
            const char *job; /* name of the job for the commit */
            const weft_schema *schema; /* of the files: the first columns of the input */
            int32_t option_count;
            const char *const *options;
            /* behind them: key_count texts of partition columns, then the number of the bucket (INT) */
            int32_t key_count, sort_count;
            const char *const *key_names;
            bool bucketed;
            const int32_t *sort_columns; /* [sort_count] by which the rows of a file are sorted */
        } write;
    };
} weft_sink_spec;

typedef enum weft_determinism { WEFT_ORDERED, WEFT_UNORDERED, WEFT_INDETERMINATE } weft_determinism;

/* Shipped once per stage. Immutable. */
typedef struct weft_fragment {
    weft_source_spec source;
    int32_t op_count;
    const weft_op_spec *ops;
    weft_sink_spec sink;
} weft_fragment;

typedef enum weft_input_mode {
    WEFT_INPUT_PARTITION, /* a task reads its partitions */
    WEFT_INPUT_ALL        /* every task may read all of it (shared tables, marks) */
} weft_input_mode;

typedef struct weft_stage_input {
    int32_t stage_id;
    weft_input_mode mode;
    weft_types rows;         /* of its blocks, as that stage's sink has them */
    int32_t partition_count; /* likewise */
} weft_stage_input;

/* Rows by the first bytes of their sort keys: [low, high), of which either may be open. Equal keys have equal
 * prefixes, so they are always in one range. */
typedef struct weft_sort_range {
    bool has_low, has_high;
    weft_sort_prefix low, high;
} weft_sort_range;

/* What a task does beyond the fragment: the descriptor that alone decides its output (with the input blocks).
 */
typedef struct weft_task_spec {
    int32_t split_count; /* SCAN */
    const weft_split *splits;
    int32_t partition_begin, partition_end; /* of the partitioned inputs */
    weft_sort_range range;                  /* MERGE: of the rows in them */
} weft_task_spec;

typedef struct weft_stage {
    int32_t id; /* dense from 0, an input's id is lower than its reader's */
    weft_fragment fragment;
    int32_t input_count;
    const weft_stage_input *inputs;
    int32_t task_count;
    const weft_task_spec *tasks; /* [task_count]; NULL where only the shared part was shipped */
    weft_determinism determinism;
    const char *name;      /* for people: "scan lineitem → join → aggregate" */
    double estimated_rows; /* out, or -1 */
} weft_stage;

/* What is known when all tasks of a stage were accepted. */
typedef struct weft_stage_stats {
    int64_t rows, bytes; /* of all blocks */
    int32_t partition_count;
    const int64_t *partition_rows; /* [partition_count] */
    const int64_t *partition_bytes;
    int32_t key_count;
    const weft_key_range *keys; /* [key_count] of the exchange's keys */
    int32_t sample_count;       /* of sorted runs, block after block */
    const weft_sort_sample *samples;
} weft_stage_stats;

/* Text of the stages for EXPLAIN; in ctx->arena. */
WEFT_MUST_CHECK weft_status weft_stage_text(weft_ctx *ctx, const weft_stage *stage, char **out);

/* Versioned wire form (proto/plan.proto): the message is of ctx->arena. Errors: WEFT_LIMIT, WEFT_NOMEM. */
WEFT_MUST_CHECK weft_status weft_stage_encode(weft_ctx *ctx, const weft_stage *stage, uint8_t **bytes,
                                              size_t *len);
/* What all tasks share, once for each worker; what is each task's own is shipped when it is launched. */
WEFT_MUST_CHECK weft_status weft_stage_encode_shared(weft_ctx *ctx, const weft_stage *stage, uint8_t **bytes,
                                                     size_t *len);
WEFT_MUST_CHECK weft_status weft_task_encode(weft_ctx *ctx, const weft_task_spec *task, uint8_t **bytes,
                                             size_t *len);
/* A task of that stage, into ctx->arena, validated against it. Errors as weft_stage_decode. */
WEFT_MUST_CHECK weft_status weft_task_decode(weft_ctx *ctx, const weft_stage *stage, const uint8_t *bytes,
                                             size_t len, weft_task_spec **out);
/* Decode into ctx->arena, with full validation: what comes out can be opened and run over blocks that are as
 * its inputs say. Bytes are not needed afterwards. The table of a scan is not open yet (NULL). Errors:
 * WEFT_CORRUPT with the part that is wrong, WEFT_UNSUPPORTED for another version or a field that this process
 * does not know, WEFT_DATA_SOURCE_NOT_FOUND, WEFT_NOMEM. */
WEFT_MUST_CHECK weft_status weft_stage_decode(weft_ctx *ctx, const uint8_t *bytes, size_t len,
                                              weft_stage **out);
/* A schema alone, of a result for a client; likewise. */
WEFT_MUST_CHECK weft_status weft_schema_encode(weft_ctx *ctx, const weft_schema *schema, uint8_t **bytes,
                                               size_t *len);
WEFT_MUST_CHECK weft_status weft_schema_decode(weft_ctx *ctx, const uint8_t *bytes, size_t len,
                                               const weft_schema **out);
/* Open the table that a decoded stage scans, in ctx->arena, and close it again. Neither does anything to
 * other stages. Errors: those of opening a table; WEFT_CORRUPT when a file is not what it was when planned.
 */
WEFT_MUST_CHECK weft_status weft_stage_bind(weft_ctx *ctx, weft_stage *stage);
void weft_stage_unbind(weft_stage *stage);

#endif
