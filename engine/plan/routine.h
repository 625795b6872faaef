/* engine/plan/routine.h - functions written in SQL, and the variables of a session: as parsed, and as the
 * catalogue gives them to the analyser.
 *
 * Plain values; a parsed one lives in the arena of the context that it was parsed with. */
#ifndef WEFT_PLAN_ROUTINE_H
#define WEFT_PLAN_ROUTINE_H

#include "common/kept_settings.h"
#include "engine/expr/expr.h"

/* A parameter of a function, or a column of the table that it gives. */
typedef struct weft_parameter {
    const char *name;
    weft_type type;
    const weft_expr *initial; /* DEFAULT: parsed, with its text; NULL: none */
    const char *initial_text;
    const char *comment; /* or NULL */
} weft_parameter;

typedef struct weft_routine {
    int32_t part_count; /* its name, as CREATE wrote it */
    const char *const *parts;
    const char *shown; /* catalogue and database before its name; a temporary one is its name alone */
    bool temporary, replace, if_not_exists;
    bool table;      /* it gives rows, of query; else one value, of body or of query */
    bool typed;      /* RETURNS type, or columns, were written */
    bool has_length; /* CHAR(n) or VARCHAR(n) was among the types */
    weft_type type;
    int32_t parameter_count, column_count;
    const weft_parameter *parameters, *columns;
    const weft_expr *body;  /* parsed; NULL: query */
    const weft_node *query; /* parsed; NULL: body */
    const char *body_text;
    const char *comment;       /* or NULL */
    const char *collation;     /* DEFAULT COLLATION, or NULL */
    const char *deterministic; /* "true", "false", or NULL: not said */
    const char *access;        /* "CONTAINS SQL", "READS SQL DATA", or NULL: not said */
    const char *text;          /* the statement that makes it; where it is kept, with what it goes by */
    weft_kept_settings kept;   /* what body and query go by */
} weft_routine;

typedef struct weft_variable {
    const char *name;
    const char *label;   /* of a script: that of its block, or ""; NULL: it is the session's */
    const char *initial; /* the text of its DEFAULT; NULL: none */
    weft_value value;    /* with its type */
} weft_variable;

/* What a statement about variables does. */
typedef enum weft_variable_op {
    WEFT_VARIABLE_DECLARE,
    WEFT_VARIABLE_SET,       /* each to an expression */
    WEFT_VARIABLE_SET_QUERY, /* all to the row of a query */
    WEFT_VARIABLE_DROP
} weft_variable_op;

/* A statement about variables, parsed. */
typedef struct weft_variable_command {
    weft_variable_op op;
    int32_t count;
    const weft_expr *const *targets; /* [count] names */
    const weft_expr *const *values;  /* SET: [count], each NULL for DEFAULT */
    const weft_node *query;
    bool typed, replace, if_exists;
    weft_type type;
    const weft_expr *initial; /* DECLARE … DEFAULT: parsed, with its text; NULL: none */
    const char *initial_text;
} weft_variable_command;

/* EXECUTE IMMEDIATE text [INTO targets] [USING arguments], parsed. */
typedef struct weft_execute_command {
    const weft_expr *text;
    int32_t target_count, argument_count;
    const weft_expr *const *targets;   /* names of variables */
    const weft_expr *const *arguments; /* ALIAS where one is named */
} weft_execute_command;

#endif
