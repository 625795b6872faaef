/* engine/plan/logical.h - logical plans (contract 4): a closed set of relational nodes.
 *
 * Nodes are immutable, live in the arena of the query and may be shared (common table expressions are one
 * node with several parents; rules keep that). The parser makes nodes with unresolved expressions
 * (output.count is -1); the analyser returns a bound tree in which every node knows its output columns, each
 * with an id that is unique in the query. A node that is used twice in one query (a CTE read two times) is
 * re-labelled by PROJECT nodes that give new ids, so ids never collide. */
#ifndef WEFT_PLAN_LOGICAL_H
#define WEFT_PLAN_LOGICAL_H

#include "common/hash.h"
#include "engine/expr/expr.h"
#include "engine/formats/file_field.h"
#include "engine/plan/routine.h"

/* One output column of a bound node. */
typedef struct weft_output {
    int64_t id;
    const char *name;
    weft_type type;
    bool nullable;
    const char *qualifier; /* table alias by which it can be named, or NULL; only the analyser reads it */
} weft_output;

typedef struct weft_outputs {
    int32_t count; /* -1: not bound yet */
    const weft_output *columns;
} weft_outputs;

/* Appended only. */
typedef enum weft_node_kind {
    /* bound plans */
    WEFT_NODE_SCAN = 0,   /* a table of a format */
    WEFT_NODE_VALUES,     /* literal rows; no inputs. SELECT without FROM is one row of no columns */
    WEFT_NODE_FILTER,     /* rows where all conjuncts are true */
    WEFT_NODE_PROJECT,    /* exprs: ALIAS or COLUMN nodes, one per output */
    WEFT_NODE_JOIN,       /* inputs 0 and 1 */
    WEFT_NODE_AGGREGATE,  /* groups and aggregates: outputs are those of exprs */
    WEFT_NODE_SORT,       /* SORT_KEYs; total order of the whole input */
    WEFT_NODE_LIMIT,      /* skip and take rows of the (ordered) input */
    WEFT_NODE_WINDOW,     /* input columns and then one column per WINDOW expression */
    WEFT_NODE_UNION,      /* all rows of all inputs (UNION ALL); columns by position */
    WEFT_NODE_SET,        /* INTERSECT / EXCEPT [ALL]; UNION DISTINCT becomes AGGREGATE over UNION */
    WEFT_NODE_EXPAND,     /* every row once per projection list (grouping sets, several DISTINCT aggregates),
                             or once for each element of an array (generators) */
    WEFT_NODE_SINGLE_ROW, /* passes at most one row: a second raises SCALAR_SUBQUERY_TOO_MANY_ROWS; none gives
                             NULLs */
    /* commands: the root only */
    WEFT_NODE_WRITE, /* INSERT [OVERWRITE] DIRECTORY, CTAS */
    WEFT_NODE_EXPLAIN,
    WEFT_NODE_CREATE_VIEW, /* temporary views: AS query, or USING format OPTIONS */
    WEFT_NODE_DROP_VIEW,
    WEFT_NODE_SET_CONFIG, /* SET key=value, SET key, SET, RESET */
    WEFT_NODE_SHOW,       /* SHOW TABLES / VIEWS / FUNCTIONS / COLUMNS, DESCRIBE */
    /* parsed only */
    WEFT_NODE_RELATION, /* a name to look up, or format.`path` */
    WEFT_NODE_ALIAS,    /* input AS name(columns) */
    WEFT_NODE_WITH,     /* common table expressions and a body */
    WEFT_NODE_SELECT,   /* one SELECT block, clauses as written */
    WEFT_NODE_PIVOT,
    WEFT_NODE_UNPIVOT,
    WEFT_NODE_SAMPLE,         /* TABLESAMPLE */
    WEFT_NODE_TABLE_FUNCTION, /* a call in FROM */
    WEFT_NODE_TABLE_COMMAND, /* CREATE TABLE (columns), DROP TABLE, CREATE DATABASE, USE …: the root only */
    WEFT_NODE_GIVEN,         /* what the analyser has bound already, inside a query that it makes itself */
    WEFT_NODE_ROUTINE,       /* CREATE FUNCTION, DROP FUNCTION: the root only, as the two below */
    WEFT_NODE_VARIABLE,      /* DECLARE, SET VARIABLE, DROP TEMPORARY VARIABLE */
    WEFT_NODE_EXECUTE,       /* EXECUTE IMMEDIATE */
    /* bound plans */
    WEFT_NODE_RECURSION,   /* inputs 0, the anchor, and 1, the step: all rows of the anchor, and of the step
                              over the rows of the round before, round by round; columns by position */
    WEFT_NODE_LEVEL,       /* in a step: the rows of the round before; no inputs */
    WEFT_NODE_REPARTITION, /* the same rows, in the tasks that a hint or DISTRIBUTE BY asks for */
    WEFT_NODE_SCRIPT,      /* lines that a command gives for the lines of its one STRING column */
    WEFT_NODE_KIND_COUNT
} weft_node_kind;
const char *weft_node_kind_text(weft_node_kind kind); /* "Filter", "Join" …: static */

typedef enum weft_join_kind {
    WEFT_JOIN_INNER,
    WEFT_JOIN_LEFT,
    WEFT_JOIN_RIGHT,
    WEFT_JOIN_FULL,
    WEFT_JOIN_SEMI,      /* left rows with a match; output is the left's */
    WEFT_JOIN_ANTI,      /* left rows without a match */
    WEFT_JOIN_ANTI_NULL, /* NOT IN: as ANTI, but a NULL on either side counts as a possible match */
    WEFT_JOIN_MARK,      /* left columns and a BOOLEAN: matched? (three-valued when mark_nullable: IN) */
    WEFT_JOIN_SINGLE     /* LEFT where a second match of one row raises SCALAR_SUBQUERY_TOO_MANY_ROWS */
} weft_join_kind;

typedef enum weft_set_kind { WEFT_SET_INTERSECT, WEFT_SET_EXCEPT, WEFT_SET_UNION } weft_set_kind;
typedef enum weft_explain_mode {
    WEFT_EXPLAIN_SIMPLE,
    WEFT_EXPLAIN_EXTENDED,
    WEFT_EXPLAIN_FORMATTED,
    WEFT_EXPLAIN_COST,
    WEFT_EXPLAIN_ANALYZE,
    WEFT_EXPLAIN_CODEGEN, /* there is no code that is generated: it says so */
    WEFT_EXPLAIN_VALIDATE /* as SIMPLE, but what is wrong with the statement is an error, not a text */
} weft_explain_mode;

/* A table that a name stands for: files of a format with fixed schema. Lives in the arena of session or
 * query. */
typedef struct weft_relation {
    const char *name; /* as shown in plans: "parquet /data/lineitem" or the view's name */
    const weft_format *format;
    weft_table *table;
    const weft_schema *schema;
    int32_t file_count; /* what the table was opened over: another process opens it again */
    const weft_file_info *files;
    int32_t option_count;
    const char *const *options; /* pairs */
    const struct weft_table_definition
        *definition;    /* of a table of the warehouse, or NULL; not on the wire */
    const char *cached; /* the name of what CACHE TABLE keeps in it, or NULL; not on the wire */
    int32_t partitions; /* of a definition in folders: how many were listed; 0: not known */
} weft_relation;

/* A column of a table as it was declared. */
typedef struct weft_column_definition {
    const char *name;
    weft_type type;
    const char *comment; /* or NULL */
    const char *initial; /* DEFAULT: its text, or NULL */
    /* Of a column that was added with a DEFAULT: its value then, which rows have that were there before, also
     * when the default changes later; or NULL. */
    const weft_value *absent;
} weft_column_definition;

/* What a view does when the tables that it reads have other columns than when it was made. */
typedef enum weft_view_schema {
    WEFT_VIEW_COMPENSATION,   /* it has the columns that it had, by their names, cast to what they were */
    WEFT_VIEW_TYPE_EVOLUTION, /* … with the types that they have now */
    WEFT_VIEW_EVOLUTION,      /* its columns are those of its query now */
    WEFT_VIEW_BINDING         /* as COMPENSATION, but only casts that lose nothing */
} weft_view_schema;

/* A table that outlives the session. */
typedef struct weft_table_definition {
    const char *database; /* NULL, as parsed: the current one */
    const char *name;
    bool external; /* its files stay when it is dropped */
    const char *format, *location;
    const char *comment;                   /* or NULL */
    int32_t column_count, partition_count; /* the last columns are those of key=value folders */
    const weft_column_definition *columns;
    const char *const *partition_names; /* as parsed: of columns that stand anywhere, or nowhere yet */
    int32_t bucket_count;               /* 0: none. The files of a bucket have its number in their names */
    int32_t bucket_name_count, sort_name_count;
    const char *const *bucket_names, *const *sort_names;
    int32_t option_count, property_count;
    const char *const *options, *const *properties; /* key, value, … */
    int64_t created_us;                             /* 0: not yet */
    /* Of a view: its text, the database that names in it are of, and the names of the query's columns
     * [column_count], which are those of the view where it names none itself. NULL: a table. */
    const char *query, *query_database;
    const char *const *query_columns;
    bool names_columns;      /* CREATE VIEW v (a, b) */
    weft_kept_settings kept; /* what the text of a view goes by */
    /* Partitions that are not simply the folders below the location: pairs of such a folder "k=1/j=2" and the
     * place where the partition lies instead; "" where it was dropped and its files stayed. */
    int32_t place_count;
    const char *const *places;
    weft_view_schema view_schema;
    /* DEFAULT COLLATION: of new columns that name none, and of what the query of a view writes; or NULL. */
    const char *collation;
    /* What ANALYZE TABLE found: pairs of a name and a value (table_statistics.h). */
    int32_t statistic_count;
    const char *const *statistics;
} weft_table_definition;

/* A column a, or a field a.b.c, that ALTER TABLE names. */
typedef struct weft_altered_field {
    int32_t part_count;
    const char *const *parts;
    const char *after; /* AFTER column, or NULL */
    bool added;        /* it is not there yet; what it is a field of must be */
} weft_altered_field;

/* PARTITION (a = 1, b). */
typedef struct weft_partition_spec {
    int32_t count;
    const char *const *names;
    const weft_expr *const *values; /* NULL: of the query (dynamic) */
    bool if_not_exists;             /* INSERT OVERWRITE … PARTITION (…) IF NOT EXISTS */
    const char *location;           /* ADD PARTITION (…) LOCATION; or NULL */
    weft_span span;
    /* Analysed, of a statement about a table: [partition_count of the table] the folder "name=value" of each
     * partition column, or NULL where the statement says nothing of it. */
    const char *const *folders;
} weft_partition_spec;

/* What a statement about tables and databases does. */
typedef enum weft_table_op {
    WEFT_TABLE_CREATE,
    WEFT_TABLE_DROP,
    WEFT_TABLE_TRUNCATE,
    WEFT_TABLE_RENAME,
    WEFT_TABLE_ADD_COLUMNS,
    WEFT_TABLE_SET_PROPERTIES,
    WEFT_TABLE_SHOW_CREATE,
    WEFT_TABLE_SHOW_PROPERTIES,
    WEFT_DATABASE_CREATE,
    WEFT_DATABASE_DROP,
    WEFT_DATABASE_USE, /* also SET PATH, whose entries are text */
    WEFT_DATABASE_SHOW,
    WEFT_DATABASE_CURRENT, /* SHOW CURRENT NAMESPACE */
    WEFT_TABLE_LIKE,       /* CREATE TABLE … LIKE */
    WEFT_TABLE_ADD_PARTITIONS,
    WEFT_TABLE_DROP_PARTITIONS,
    WEFT_TABLE_RENAME_PARTITION,
    WEFT_TABLE_RECOVER, /* MSCK REPAIR TABLE, ALTER TABLE … RECOVER PARTITIONS */
    WEFT_TABLE_SHOW_PARTITIONS,
    WEFT_TABLE_UNSET_PROPERTIES,
    WEFT_TABLE_COMMENT,        /* COMMENT ON TABLE … IS */
    WEFT_TABLE_COLUMN_COMMENT, /* ALTER TABLE … ALTER COLUMN c COMMENT */
    WEFT_TABLE_COLUMN_TYPE,    /* … TYPE t, which is the type that it has */
    WEFT_TABLE_COLUMN_DEFAULT, /* … SET DEFAULT e, or DROP DEFAULT: text NULL */
    WEFT_TABLE_SHOW_EXTENDED,  /* SHOW TABLE EXTENDED … LIKE */
    WEFT_TABLE_REFRESH,
    WEFT_TABLE_SET_LOCATION,
    WEFT_DATABASE_DESCRIBE,
    WEFT_DATABASE_SET_PROPERTIES,
    WEFT_DATABASE_UNSET_PROPERTIES,
    WEFT_DATABASE_COMMENT,
    WEFT_TABLE_REFUSED, /* what no table of files can do (UPDATE, LOAD DATA, …): text says what; extended: the
                         * schema of an INSERT evolves */
    WEFT_TABLE_CACHE,   /* CACHE TABLE [AS query, the input] */
    WEFT_TABLE_UNCACHE,
    WEFT_TABLE_CLEAR_CACHE,
    WEFT_TABLE_VIEW_SCHEMA, /* ALTER VIEW … WITH SCHEMA */
    WEFT_TABLE_SET_OPTIONS, /* ALTER TABLE … SET SERDEPROPERTIES */
    WEFT_DATABASE_SET_LOCATION,
    WEFT_TABLE_ANALYZE /* ANALYZE TABLE … COMPUTE STATISTICS; view: of all tables of a database */
} weft_table_op;

/* Column ids: unique in a query; taken from this counter by analyser and rules. */
typedef struct weft_ids {
    int64_t next;
    uint64_t seed; /* of the numbers that the analyser draws: the same seed, the same plan */
    uint64_t drawn;
} weft_ids;
static inline int64_t weft_next_id(weft_ids *ids) { return ids->next++; }
static inline uint64_t weft_draw_number(weft_ids *ids)
{
    return weft_hash_u64(ids->seed ^ weft_hash_u64(++ids->drawn));
}

/* Operators behind |> that are SELECT blocks over what stands before it. */
typedef enum weft_pipe_kind {
    WEFT_PIPE_NONE,
    WEFT_PIPE_SELECT,
    WEFT_PIPE_EXTEND, /* also SET and DROP: * and what differs; columns keep the tables that they are of */
    WEFT_PIPE_AGGREGATE
} weft_pipe_kind;

/* Where the rows of a REPARTITION go. */
typedef enum weft_repartition_kind {
    WEFT_REPARTITION_COALESCE, /* nowhere: fewer tasks work on what is there */
    WEFT_REPARTITION_HASH,     /* by the hash of the keys, or of the whole row */
    WEFT_REPARTITION_RANGE,    /* each task has a range of the keys, which are SORT_KEYs */
    WEFT_REPARTITION_REBALANCE /* to tasks of about equal size */
} weft_repartition_kind;

/* What a parsed SORT was written as. */
typedef enum weft_sort_clause {
    WEFT_CLAUSE_ORDER_BY,
    WEFT_CLAUSE_SORT_BY,   /* within tasks; with or without DISTRIBUTE BY, or that alone */
    WEFT_CLAUSE_CLUSTER_BY /* both, by the same keys, none of which is a position */
} weft_sort_clause;

/* A hint behind SELECT, as written. */
typedef struct weft_select_hint {
    const char *name;
    int32_t arg_count;
    const weft_expr *const *args; /* not bound */
    weft_span span;
} weft_select_hint;

/* How a hint asks a join to be carried out; of two the first one here wins, as in Spark. */
typedef enum weft_join_strategy {
    WEFT_STRATEGY_NONE,
    WEFT_STRATEGY_BROADCAST,    /* every task has all rows of the side that the hint is for */
    WEFT_STRATEGY_MERGE,        /* both sides are exchanged by the keys */
    WEFT_STRATEGY_SHUFFLE_HASH, /* the same, and the side that the hint is for lies in tables */
    WEFT_STRATEGY_REPLICATE     /* every row is held against every row */
} weft_join_strategy;

/* One SELECT block as written. */
typedef struct weft_select {
    bool distinct;
    int32_t item_count;
    const weft_expr *const *items;
    const weft_node *from;  /* NULL: no FROM */
    const weft_expr *where; /* or NULL */
    int32_t group_count;
    const weft_expr *const *groups;
    int32_t grouping_set_count;    /* GROUP BY ROLLUP / CUBE / GROUPING SETS: masks over groups */
    const uint64_t *grouping_sets; /* bit i set: group i is in the set */
    bool group_all;                /* GROUP BY ALL */
    const weft_expr *having;       /* or NULL */
    const weft_expr *qualify;      /* or NULL: rows that pass, over the windows */
    int32_t window_count;          /* WINDOW name AS (…) */
    const char *const *window_names;
    const weft_window_spec *const *windows;
    weft_pipe_kind pipe; /* which pipe operator it is */
    int32_t hint_count;
    const weft_select_hint *const *hints;
} weft_select;

/* How TRANSFORM writes the rows of its input, a SELECT block, as lines, and reads those that come back. */
typedef struct weft_script_format {
    const char *in_fields, *in_null;
    const char *out_fields, *out_null; /* the former is a regular expression */
    int32_t column_count;              /* 0: the texts `key` and `value`, none of which is NULL */
    const char *const *names;
    const weft_type *types;
} weft_script_format;

/* One item of UNPIVOT … IN (…): as many columns as there are value names. */
typedef struct weft_unpivot_item {
    const weft_expr *const *columns;
    const char *alias; /* or NULL */
} weft_unpivot_item;

struct weft_node {
    weft_node_kind kind;
    weft_span span;
    int32_t input_count;
    const weft_node *const *inputs;
    weft_outputs output;
    /* Parsed, of the root of a statement: the calls that are written in it, but for those that give tables.
     */
    int32_t call_count;
    const weft_expr *const *calls;
    union {
        struct {
            const weft_relation *relation;
            const int32_t *columns; /* [output.count] table column of each output */
            int32_t conjunct_count; /* pushed filters, all applied by the scan */
            const weft_expr *const *conjuncts;
        } scan;
        struct {
            int32_t row_count, column_count;
            const weft_expr *const *cells; /* row_count × column_count, row-major */
        } values;
        struct {
            int32_t count;
            const weft_expr *const *conjuncts;
        } filter;
        struct {
            int32_t count;
            const weft_expr *const *exprs;
            const weft_table_definition *view; /* whose columns these are, where it is read; or NULL */
        } project;
        struct {
            weft_join_kind kind;
            int32_t key_count; /* equal keys: left_keys[i] = right_keys[i] */
            const weft_expr *const *left_keys;
            const weft_expr *const *right_keys;
            const bool *null_equal;  /* [key_count] <=>; NULL: none is */
            int32_t condition_count; /* all other conjuncts of ON, over both sides */
            const weft_expr *const *conditions;
            int64_t mark_id; /* MARK: id of the boolean column */
            bool mark_nullable;
            bool build_left;                    /* set by the optimiser: the smaller side is the left */
            weft_join_strategy strategy;        /* by a hint, which also keeps the join in its place … */
            bool strategy_left, strategy_right; /* … for these sides */
            bool lateral; /* the right side reads columns of the left as OUTER: until they are joined by those
                           */
            /* parsed only */
            bool natural;
            int32_t using_count;
            const char *const *using_names;
            const weft_expr *on;
            const weft_expr *match; /* MATCH_CONDITION: an ASOF join; or NULL */
            const weft_expr *rank;  /* NEAREST nearest BY DISTANCE, or SIMILARITY, rank; or NULL */
            int32_t nearest;
            bool similarity;
        } join;
        struct {
            int32_t group_count;
            const weft_expr *const *groups; /* ALIAS or COLUMN nodes: the first group_count outputs */
            int32_t aggregate_count;
            const weft_expr *const *aggregates; /* ALIAS over AGGREGATE: the other outputs */
        } aggregate;
        struct {
            int32_t count;
            const weft_expr *const *keys; /* SORT_KEY */
            int64_t limit;                /* rows that are ever needed (top-N), or -1 */
            weft_sort_clause clause;      /* parsed only, as the next */
            int32_t distributed;          /* of the keys, the last ones: DISTRIBUTE BY; they order nothing */
        } sort;
        struct {
            int64_t skip, take;                     /* take -1: all */
            const weft_expr *skip_expr, *take_expr; /* parsed only */
        } limit;
        struct {
            int32_t count;
            const weft_expr *const *exprs; /* ALIAS over WINDOW; all with the same partition and order */
            int64_t most;      /* rows whose number by that call is above it are not wanted; 0: all are */
            int32_t most_call; /* row_number, rank or dense_rank; the others are of these too then */
        } window;
        struct {
            weft_set_kind kind;
            bool all;
            bool by_name;
        } set;
        struct {
            int32_t projection_count;
            /* each output.count expressions; the only one may hold generators: several rows for one */
            const weft_expr *const *const *projections;
            /* parsed only: LATERAL VIEW [OUTER] call name [AS column_names] */
            const weft_expr *call;
            const char *name;
            int32_t column_count;
            const char *const *column_names;
            bool outer;
        } expand;
        struct {
            const char *format, *path; /* directory; a CTAS to a table is a directory of the warehouse */
            bool overwrite, if_not_exists;
            int32_t option_count; /* pairs */
            const char *const *options;
            const char *table_name;             /* CTAS: name to register, or NULL */
            const weft_table_definition *table; /* CTAS: what is known of it before its query is */
            /* INSERT: into this table; it becomes a write to the table's path when it is analysed */
            const char *const *into; /* [into_count] its name, or NULL */
            int32_t into_count, into_column_count;
            const char *const *into_columns; /* INSERT INTO t (a, b): which the query's columns are */
            bool by_name;
            const weft_partition_spec *spec; /* INSERT … PARTITION, or NULL */
            const char *job; /* name of the job for the commit; set by the session before planning */
            /* Analysed. The last columns of the input: key_count texts of partition columns, then the number
             * of the bucket. */
            int32_t key_count, sort_count;
            const char *const *key_names;
            bool bucketed;
            const int32_t *sort_columns;
            bool dynamic;        /* overwrite: only the partitions that there are rows for */
            const char *folder;  /* overwrite: the folder below the path that is replaced; NULL: all of it */
            int32_t place_count; /* of the table, when its partitions are written by the rows' values */
            const char *const *places;
        } write;
        struct {
            weft_explain_mode mode;
        } explain;
        struct {
            const char *name;
            bool replace, if_not_exists;
            int32_t column_count; /* view columns, or 0 */
            const char *const *columns;
            const char *format; /* USING; NULL: AS query (input 0) */
            int32_t option_count;
            const char *const *options; /* key, value, … */
            const char *text;           /* the query's text */
            bool temporary, alter;      /* alter: ALTER VIEW … AS, of one that is there */
            weft_view_schema schema;
            int32_t part_count;
            const char *const *parts;           /* the whole name */
            const char *comment, *collation;    /* or NULL */
            const char *const *column_comments; /* [column_count], each may be NULL */
            int32_t property_count;
            const char *const *properties; /* key, value, … */
        } view;                            /* CREATE_VIEW, DROP_VIEW (name, if_not_exists means IF EXISTS) */
        struct {
            const char *key, *value; /* NULL: show */
            const char *written; /* the value with its single or double quotes, as keys of others have it */
            bool reset;
            bool shows; /* SET -v: with what they mean; a RESET that gives the row of SET key: SET TIME ZONE
                           LOCAL */
        } config;
        struct {
            const char *what; /* "tables", "functions", "columns", "describe", "files", "add files" */
            const char *name, *pattern;
            int32_t path_count; /* of files, as they were written */
            const char *const *paths;
            int32_t part_count; /* DESCRIBE: the table's name, a column's as it was written, and EXTENDED */
            const char *const *parts;
            int32_t column_count;
            const char *const *column;
            bool extended;
            const weft_partition_spec *spec; /* DESCRIBE t PARTITION (…), or NULL */
        } show;
        struct {
            int32_t part_count;
            const char *const *parts; /* name, or format and path */
            bool travels;             /* VERSION or TIMESTAMP AS OF: no table has other versions */
            const weft_expr *moment;  /* of TIMESTAMP AS OF, or NULL */
            int32_t option_count;     /* WITH (key = value, …): pairs */
            const char *const *options;
        } relation;
        struct {
            const char *name;
            int32_t column_count;
            const char *const *columns;
        } alias;
        struct {
            int32_t count; /* inputs[0..count) are the definitions, inputs[count] the body */
            const char *const *names;
            const char *const *const *column_names; /* [count], each NULL or a list */
            const int32_t *column_counts;
            const int64_t *level_limits; /* [count] MAX RECURSION LEVEL, or -1 */
            bool recursive;
        } with;
        weft_select select;
        struct {
            int32_t aggregate_count, column_count, value_count;
            const weft_expr *const *aggregates; /* maybe ALIAS */
            const weft_expr *const *columns;
            const weft_expr *const *values; /* maybe ALIAS; rows are calls of struct */
        } pivot;
        struct {
            bool include_nulls;
            int32_t value_count, item_count;
            const char *const *value_names; /* [value_count] */
            const char *name;
            const weft_unpivot_item *items; /* [item_count] */
        } unpivot;
        struct {
            const weft_expr *rows; /* or NULL: a fraction */
            double fraction;
            bool seeded;
            int64_t seed;
        } sample;
        struct {
            const char *command;              /* for /bin/bash -c */
            const weft_script_format *format; /* parsed only */
        } script;
        struct {
            const weft_expr *call;
        } table_function;
        struct {
            weft_table_op op;
            int32_t part_count;
            const char *const *parts;
            bool if_exists, replace, cascade;   /* if_exists: also IF NOT EXISTS */
            const weft_table_definition *table; /* CREATE, ADD COLUMNS, SET TBLPROPERTIES */
            const char *to;                     /* RENAME TO; the pattern or key of SHOW */
            bool view, extended;                /* ALTER VIEW; DESCRIBE EXTENDED, AS JSON, AS SERDE */
            weft_view_schema view_schema;
            const char *column, *text; /* of a column; a comment, a default, a place; ADD, DROP, SYNC */
            bool typed;                /* of a column: the statement names its type */
            weft_type type;
            bool lazy, scans;     /* CACHE LAZY; ANALYZE without NOSCAN */
            int32_t column_count; /* ANALYZE … FOR COLUMNS; -1: all */
            const char *const *columns;
            int32_t field_count; /* ALTER TABLE: the columns and fields that it names */
            const weft_altered_field *const *fields;
            int32_t source_count; /* CREATE TABLE … LIKE source; RENAME TO with its database */
            const char *const *source;
            int32_t spec_count; /* RENAME: from, to */
            const weft_partition_spec *const *specs;
        } command;
        const void *given; /* weft_bound */
        struct {
            const weft_routine *created; /* NULL: DROP */
            int32_t part_count;
            const char *const *parts;
            bool temporary, if_exists;
        } routine;
        weft_variable_command variable;
        weft_execute_command execute;
        struct {
            int64_t id;          /* of the recursion that a LEVEL belongs to */
            int64_t level_limit; /* rounds beside the anchor; -1: as the setting says */
            int64_t take;        /* rows that are ever needed, or -1 */
        } recursion;             /* RECURSION, LEVEL */
        struct {
            weft_repartition_kind kind;
            int32_t count; /* of tasks; 0: as many as the rows are worth */
            int32_t key_count;
            const weft_expr *const *keys;
            int32_t sort_count; /* HASH and REBALANCE with keys: the order of the rows in each task */
            const weft_expr *const *sort_keys;
        } repartition;
    };
};

/* The node with other inputs (same count); output is kept. */
WEFT_MUST_CHECK weft_status weft_node_with_inputs(weft_ctx *ctx, const weft_node *node,
                                                  const weft_node *const *inputs, const weft_node **out);
/* Constructors of bound nodes: compute output. In ctx->arena. */
WEFT_MUST_CHECK weft_status weft_node_filter(weft_ctx *ctx, const weft_node *input,
                                             const weft_expr *const *conjuncts, int32_t count,
                                             const weft_node **out); /* input itself when count is 0 */
WEFT_MUST_CHECK weft_status weft_node_project(weft_ctx *ctx, const weft_node *input,
                                              const weft_expr *const *exprs, int32_t count,
                                              const weft_node **out);
/* keys and conditions empty: cross join. Sides' columns stay; nullability follows the kind. */
WEFT_MUST_CHECK weft_status weft_node_join(weft_ctx *ctx, weft_join_kind kind, const weft_node *left,
                                           const weft_node *right, const weft_expr *const *left_keys,
                                           const weft_expr *const *right_keys, int32_t key_count,
                                           const weft_expr *const *conditions, int32_t condition_count,
                                           const weft_node **out);
/* The same from a filled-in model: kind JOIN, two inputs, all of .join (null_equal, mark_id …). The model is
 * copied, its arrays are shared. */
WEFT_MUST_CHECK weft_status weft_node_join_from(weft_ctx *ctx, const weft_node *model, const weft_node **out);
WEFT_MUST_CHECK weft_status weft_node_aggregate(weft_ctx *ctx, const weft_node *input,
                                                const weft_expr *const *groups, int32_t group_count,
                                                const weft_expr *const *aggregates, int32_t aggregate_count,
                                                const weft_node **out);
WEFT_MUST_CHECK weft_status weft_node_sort(weft_ctx *ctx, const weft_node *input,
                                           const weft_expr *const *keys, int32_t count, int64_t limit,
                                           const weft_node **out);
WEFT_MUST_CHECK weft_status weft_node_limit(weft_ctx *ctx, const weft_node *input, int64_t skip, int64_t take,
                                            const weft_node **out);
/* All columns of a relation, with new ids. qualifier may be NULL. */
WEFT_MUST_CHECK weft_status weft_node_scan(weft_ctx *ctx, weft_ids *ids, const weft_relation *relation,
                                           const char *qualifier, const weft_node **out);
/* row_count × column_count bound cells of equal types by column; names NULL: col1, col2, … New ids. */
WEFT_MUST_CHECK weft_status weft_node_values(weft_ctx *ctx, weft_ids *ids, const weft_expr *const *cells,
                                             int32_t row_count, int32_t column_count,
                                             const char *const *names, const weft_node **out);
/* exprs: ALIAS over WINDOW, all with one partition and order. Output: the input's columns, then one of each.
 */
WEFT_MUST_CHECK weft_status weft_node_window(weft_ctx *ctx, const weft_node *input,
                                             const weft_expr *const *exprs, int32_t count,
                                             const weft_node **out);
/* UNION ALL: the inputs' columns agree in number and types; names of the first; new ids. */
WEFT_MUST_CHECK weft_status weft_node_union(weft_ctx *ctx, weft_ids *ids, const weft_node *const *inputs,
                                            int32_t count, const weft_node **out);
/* INTERSECT or EXCEPT [ALL] of inputs that agree as above; the ids are the left's. */
WEFT_MUST_CHECK weft_status weft_node_set(weft_ctx *ctx, weft_set_kind kind, bool all, const weft_node *left,
                                          const weft_node *right, const weft_node **out);
/* projections[i] has outputs->count expressions that fit outputs; they read the input. */
WEFT_MUST_CHECK weft_status weft_node_expand(weft_ctx *ctx, const weft_node *input,
                                             const weft_outputs *outputs,
                                             const weft_expr *const *const *projections, int32_t count,
                                             const weft_node **out);
/* The step reads a LEVEL of the same id; its columns are cast to the anchor's types. New ids. */
WEFT_MUST_CHECK weft_status weft_node_recursion(weft_ctx *ctx, weft_ids *ids, const weft_node *anchor,
                                                const weft_node *step, int64_t id, int64_t level_limit,
                                                const weft_node **out);
/* Columns with these names and types, which may be NULL. New ids. */
WEFT_MUST_CHECK weft_status weft_node_level(weft_ctx *ctx, weft_ids *ids, const weft_outputs *like,
                                            int64_t id, const weft_node **out);
WEFT_MUST_CHECK weft_status weft_node_single_row(weft_ctx *ctx, const weft_node *input,
                                                 const weft_node **out);
/* model: all of .repartition. The columns of the input. */
WEFT_MUST_CHECK weft_status weft_node_repartition(weft_ctx *ctx, const weft_node *input,
                                                  const weft_node *model, const weft_node **out);
/* A REPARTITION by hash, each of whose tasks gives its rows in this order (SORT_KEYs). */
/* The STRING that the command gives for the one STRING column of its input. */
WEFT_MUST_CHECK weft_status weft_node_script(weft_ctx *ctx, weft_ids *ids, const weft_node *input,
                                             const char *command, const weft_node **out);
WEFT_MUST_CHECK weft_status weft_node_sort_within(weft_ctx *ctx, const weft_node *repartition,
                                                  const weft_expr *const *keys, int32_t count,
                                                  const weft_node **out);
/* A COLUMN expression for output `index` of the node. */
WEFT_MUST_CHECK weft_status weft_node_column(weft_ctx *ctx, const weft_node *node, int32_t index,
                                             const weft_expr **out);
/* A statement that is carried out, and not planned as a query is. */
bool weft_node_is_command(const weft_node *node);
/* The position of column `id` in the node's output, or -1. */
int32_t weft_node_find_output(const weft_node *node, int64_t id);
/* Does every column of e come from this output? */
bool weft_outputs_cover(const weft_outputs *outputs, const weft_expr *e);

/* Check every invariant of a bound tree (ids resolve below, types agree, no unresolved kinds); used by tests
 * after every rule and always before physical planning. Errors: WEFT_INTERNAL naming node and column. */
WEFT_MUST_CHECK weft_status weft_node_check(weft_ctx *ctx, const weft_node *root);
/* Indented text of a tree in Spark's EXPLAIN EXTENDED style; in ctx->arena. */
WEFT_MUST_CHECK weft_status weft_node_text(weft_ctx *ctx, const weft_node *root, char **out);
/* The tree as it will run, in the style of Spark's physical plans; details: numbered operators and a section
 * for each (EXPLAIN FORMATTED); memory_bytes: of the one process that runs it, 0 where workers do. In
 * ctx->arena. */
WEFT_MUST_CHECK weft_status weft_physical_text(weft_ctx *ctx, const weft_node *root, bool details, bool ran,
                                               int64_t memory_bytes, char **out);

#endif
