/* engine/expr/program_impl.h - the insides of program.h, shared by program*.c.
 *
 * A program is a set of units. A unit is a list of steps that computes one or more values over a batch: the
 * projection (all expressions), a leaf of a filter, or a mapped subexpression: one that reads a single input
 * column and is therefore computed once per dictionary entry when that column comes as a dictionary.
 *
 * Every value has a number. Values are input columns, literals, or results of steps; a step writes its result
 * into a register (a weft_vector) that is shared with values that are dead by then. Registers of strings are
 * not shared: a result may point into the heap of its argument.
 *
 * A scope is a set of rows: scope 0 of a unit is what the unit is run on; STEP_SCOPE narrows a scope by a
 * condition, for the lazy arguments of CASE, COALESCE, AND and OR. A value belongs to the scope in which it
 * was computed and may be read in it and in scopes below. */
#ifndef WEFT_EXPR_PROGRAM_IMPL_H
#define WEFT_EXPR_PROGRAM_IMPL_H

#include "engine/expr/in_set.h"
#include "engine/expr/kernel.h"
#include "engine/expr/program.h"
#include "engine/expr/zone.h"

typedef enum program_value_kind { VALUE_INPUT, VALUE_LITERAL, VALUE_STEP } program_value_kind;

typedef struct program_value {
    program_value_kind kind;
    weft_type type;
    const weft_expr *expr;      /* for finding common subexpressions */
    uint64_t hash;              /* of expr and unit */
    int32_t next;               /* the one before it in its bucket, -1: none */
    int32_t unit;               /* whose value it is */
    int32_t scope;              /* where it was computed; -1: everywhere */
    int32_t ordinal;            /* VALUE_INPUT */
    int32_t reg;                /* VALUE_STEP: register, -1 while not assigned */
    int32_t last_use;           /* index of the last step that reads it */
    bool kept;                  /* an output: never shared */
    const weft_column *literal; /* VALUE_LITERAL: a CONSTANT column */
} program_value;

typedef enum program_step_kind {
    STEP_KERNEL, /* function or cast */
    STEP_CASE,   /* args are values, scopes[k] says for which rows args[k] is taken; others are NULL */
    STEP_CHOOSE, /* CASE whose arguments are all at hand: condition, value, …, [else] */
    STEP_LOGIC,  /* AND, OR over args; args[k] joins on the rows of scopes[k] */
    STEP_NOT,
    STEP_IN,      /* args[0] in set */
    STEP_IN_LIST, /* args[0] in args[1..] */
    STEP_IS_NULL,
    STEP_IS_NOT_NULL,
    STEP_SCOPE, /* dst is no value but a scope: rows of scope where args[0] passes test */
    STEP_MAP    /* unit over one input column */
} program_step_kind;

typedef enum program_scope_test { TEST_TRUE, TEST_NOT_TRUE, TEST_NOT_FALSE, TEST_NULL } program_scope_test;

typedef struct program_step {
    program_step_kind kind;
    const weft_expr *expr;
    int32_t scope; /* rows it runs on */
    int32_t dst;   /* value, or scope of STEP_SCOPE */
    int32_t arg_count;
    int32_t *args;   /* values */
    int32_t *scopes; /* STEP_CASE, STEP_LOGIC */
    weft_kernel kernel;
    uint32_t flags; /* weft_function_flags */
    int32_t state;  /* index of the call site's state in the lane, or -1 */
    program_scope_test test;
    const weft_in_set *set;
    int32_t unit; /* STEP_MAP */
    int32_t map;  /* index of the lane's table, STEP_MAP */
} program_step;

typedef struct program_unit {
    int32_t step_count, step_room;
    program_step *steps;
    int32_t input_count, input_room;
    int32_t *inputs; /* its values that are input columns */
    int32_t scope;   /* its scope 0 */
    int32_t result;  /* value; -1 for the projection and for the leaves of filters */
    int32_t column;  /* the only input ordinal it reads, or -1 */
    bool mapped;     /* run by STEP_MAP, in the midst of another unit */
} program_unit;

typedef enum program_filter_kind {
    FILTER_AND,
    FILTER_OR,
    FILTER_COMPARE, /* left op right */
    FILTER_IN,      /* left in set */
    FILTER_NULL,    /* left is null */
    FILTER_NOT_NULL,
    FILTER_TRUE, /* left, a boolean, is true */
    FILTER_FALSE
} program_filter_kind;

/* A predicate as a narrowing of selections. */
typedef struct program_filter program_filter;
struct program_filter {
    program_filter_kind kind;
    bool fallible;
    bool fixed;     /* it counts its rows: nothing overtakes it */
    bool negated;   /* FILTER_IN: not in */
    int32_t column; /* the only input ordinal below here, -1: none or several */
    int32_t map;   /* index of the lane's table when column >= 0 and there is something to compute, else -1 */
    int32_t cost;  /* rough nanoseconds a row, for the first order of conjuncts */
    int32_t order; /* FILTER_AND: index of the lane's order, or -1 */
    int32_t child_count;
    program_filter **children;
    weft_compare_op op;
    int32_t unit; /* leaves: computes left and right */
    int32_t left, right;
    const weft_in_set *set;
};

struct weft_program {
    int32_t input_count;
    const weft_type *input_types;
    int32_t expr_count;
    const weft_expr *const *exprs;
    int32_t *outputs;    /* value of each expression, by unit 0; NULL when it only filters */
    program_filter *all; /* the conjunction of all; NULL when one is no predicate */
    int32_t value_count, unit_count, scope_count, register_count, state_count, map_count;
    int32_t order_count, arg_max;
    program_value *values;
    program_unit **units;
    weft_type *register_types;
    const weft_expr **states; /* nodes with a state: the function has open, or the zone matters */
    int32_t *order_sizes;     /* children of each reordered conjunction */
};

/* What was computed for the entries of one dictionary. */
typedef struct program_map {
    uint64_t id;       /* the dictionary; 0: none yet */
    bool rows_only;    /* an entry raised: its rows are computed one by one */
    bool ready;        /* the table below is filled */
    int64_t rows_seen; /* rows that came with this dictionary */
    /* filters */
    uint8_t *keep; /* 1: entry passes; [count] is for NULL */
    size_t keep_bytes;
    int32_t kept;  /* entries that pass, without NULL */
    uint64_t bits; /* keep as bits, when there are at most 64 entries */
    /* projections: FLAT entries, the last (index count) for NULL */
    weft_vector values;
    bool has_values;
    bool entry_nulls;     /* some entry gives NULL */
    bool null_is_null;    /* NULL gives NULL */
    weft_dictionary dict; /* view over values, with an id of its own */
} program_map;

typedef struct program_scope {
    const uint16_t *selection; /* NULL: all rows */
    int32_t count;
    uint16_t
        *buffer; /* WEFT_BATCH_ROWS_MAX + 8 entries, allocated at first use; NULL for scope 0 of a unit */
} program_scope;

/* What the narrowing of a conjunction was seen to do. */
typedef struct program_order {
    int32_t count;
    int32_t *sequence; /* children in the order to try */
    int64_t *rows_in, *rows_out, *time_ns;
    int64_t batches;
} program_order;

enum { SELECTIONS_MAX = 2 * WEFT_EXPR_DEPTH_MAX + 4 }; /* two for each OR in an OR */

struct weft_eval {
    const weft_program *program;
    const weft_column *inputs; /* of the batch at hand */
    int32_t rows;
    weft_column *values;      /* [value_count] */
    weft_column *flat;        /* [value_count]: decoded forms */
    uint8_t *has_flat;        /* [value_count] */
    weft_vector **flat_store; /* [value_count], made at first use */
    weft_vector *registers;   /* [register_count], made at first use */
    uint8_t *has_register;
    uint64_t **register_valid; /* [register_count] intersected validity */
    program_scope *scopes;
    void **states;
    program_map *maps;
    program_order *orders;
    weft_column *args;                    /* [arg_max] */
    uint16_t *selections[SELECTIONS_MAX]; /* stack of selection buffers for filters, made at first use */
    int32_t selection_depth;
    weft_column *entry_inputs; /* [input_count], for evaluation over dictionary entries */
    uint8_t *scratch;          /* WEFT_BATCH_ROWS_MAX bytes */
    int32_t *wide;             /* WEFT_BATCH_ROWS_MAX narrow decimals on their way to 64 bits */
};

/* The hash of a node, arguments and all; an empty place has no node. */
typedef struct program_hash {
    const weft_expr *expr;
    uint64_t hash;
} program_hash;

/* program_compile.c: the program under construction; arrays grow in the arena */
typedef struct program_compiler {
    weft_program *program;
    int32_t value_room, unit_room, register_room, state_room, order_room;
    int32_t *scope_parents; /* -1 for scope 0 of a unit */
    int32_t scope_room;
    program_unit *unit; /* being compiled */
    int32_t unit_index;
    bool mapping; /* inside a unit of one column: no further maps */
    /* program_find.c: sizes are powers of two */
    program_hash *hashes;
    int32_t hash_room, hash_count;
    int32_t *buckets; /* newest value, -1: none */
    int32_t bucket_count;
    bool *busy; /* [register_count] */
    int32_t busy_room;
    int32_t register_free; /* none before this one is free */
} program_compiler;

/* program_find.c: an equal expression of the unit whose value may be read in scope; -1 when there is none */
weft_status program_find(weft_ctx *ctx, program_compiler *c, const weft_expr *e, int32_t scope,
                         int32_t *value);
/* A value that was just appended can be found from now on. */
weft_status program_find_add(weft_ctx *ctx, program_compiler *c, int32_t value);

/* Make room for one more item of `bytes` in *items (count of them, room for *room). */
weft_status program_grow(weft_ctx *ctx, int32_t count, int32_t *room, size_t bytes, void *items);
/* Begin and end a unit; units nest. */
typedef struct program_unit_frame {
    program_unit *unit;
    int32_t unit_index;
    bool mapping;
} program_unit_frame;
weft_status program_unit_begin(weft_ctx *ctx, program_compiler *c, bool mapped, program_unit_frame *outer);
weft_status program_unit_end(weft_ctx *ctx, program_compiler *c, const program_unit_frame *outer);
/* Compile e in the current unit; *value is its number. */
weft_status program_value_compile(weft_ctx *ctx, program_compiler *c, const weft_expr *e, int32_t scope,
                                  int32_t *value);
/* The only input ordinal that e reads; -1 when none, -2 when several. */
int32_t program_only_column(const weft_expr *e);
/* Rough nanoseconds a row. */
int32_t program_cost(const weft_expr *e);
/* program_filter_compile.c */
weft_status program_filter_compile(weft_ctx *ctx, program_compiler *c);

/* program_run.c */
weft_status program_unit_run(weft_ctx *ctx, weft_eval *ev, const program_unit *unit,
                             const weft_column *inputs, int32_t rows, const uint16_t *selection,
                             int32_t selected);
/* The value as FLAT or CONSTANT, right at the rows of its scope. */
weft_status program_flat(weft_ctx *ctx, weft_eval *ev, int32_t value, const weft_column **out);
/* Where the decoded form of a value goes; made at first use. */
weft_status program_flat_store(weft_ctx *ctx, weft_eval *ev, int32_t value, weft_type type,
                               weft_vector **out);
weft_status program_register(weft_ctx *ctx, weft_eval *ev, int32_t value, weft_vector **out,
                             uint64_t **valid);
/* Set a value to what its register holds. */
void program_set(weft_eval *ev, int32_t value, const weft_vector *reg, bool constant,
                 const uint64_t *validity);
/* The flat arguments of a step in ev->args; *constant: all are. */
weft_status program_args(weft_ctx *ctx, weft_eval *ev, const program_step *step, bool *constant);
bool program_null_constant(const weft_column *column);
void program_zero_nulls(const uint64_t *valid, int32_t rows, void *values, int32_t bytes);

/* program_choose.c */
weft_status program_case(weft_ctx *ctx, weft_eval *ev, const program_step *step, const program_scope *scope);
weft_status program_choose(weft_ctx *ctx, weft_eval *ev, const program_step *step,
                           const program_scope *scope);
/* Copy the selected rows (NULL: n rows); decimals are widened to phys. */
void program_copy(const weft_column *from, weft_phys phys, void *to, const uint16_t *selection, int32_t n);

/* program_map.c: computing once per dictionary entry */
/* Should the entries of this dictionary be computed? Counts the rows it was seen with. */
bool program_map_worthwhile(program_map *map, const weft_dictionary *dict, int32_t selected);
weft_status program_map_run(weft_ctx *ctx, weft_eval *ev, const program_step *step);
/* keep[i] = 1 when entry i passes the filter, i < dict->count; any error is the filter's own. */
weft_status program_map_entries(weft_ctx *ctx, weft_eval *ev, const program_filter *filter, weft_type type,
                                const weft_dictionary *dict, uint8_t *keep);
/* The filter over a dictionary column by its table. *usable is false when the rows must be looked at instead.
 */
weft_status program_map_filter(weft_ctx *ctx, weft_eval *ev, const program_filter *filter,
                               const uint16_t *selection, int32_t selected, uint16_t *out, int32_t *count,
                               bool *usable);
void program_map_close(program_map *map);

/* program_filter.c: the rows of selection (NULL: all) that pass, into out (room for rows + 8) */
weft_status program_filter_run(weft_ctx *ctx, weft_eval *ev, const program_filter *filter,
                               const uint16_t *selection, int32_t selected, uint16_t *out, int32_t *count);

/* The same, never by the filter's own table. */
weft_status program_filter_rows(weft_ctx *ctx, weft_eval *ev, const program_filter *filter,
                                const uint16_t *selection, int32_t selected, uint16_t *out, int32_t *count);

#endif
