/* engine/sql/script_tree.h - SQL scripts, BEGIN … END: their statements as a tree of places in the text.
 *
 * What carries a script out sends the statements of it one by one (client/script.c). Nodes live in
 * ctx->arena; places are offsets into the text, which must outlive its use. */
#ifndef WEFT_SQL_SCRIPT_TREE_H
#define WEFT_SQL_SCRIPT_TREE_H

#include "common/ctx.h"

typedef enum weft_script_kind {
    WEFT_SCRIPT_STATEMENT, /* any statement of SQL */
    WEFT_SCRIPT_EXECUTE, /* EXECUTE IMMEDIATE … INTO targets: statement is without INTO, rest is behind it */
    WEFT_SCRIPT_SET,     /* targets = values, or the row of a query */
    WEFT_SCRIPT_BLOCK,   /* BEGIN … END */
    WEFT_SCRIPT_IF,      /* also CASE WHEN */
    WEFT_SCRIPT_CASE,    /* CASE value WHEN */
    WEFT_SCRIPT_WHILE,
    WEFT_SCRIPT_REPEAT,
    WEFT_SCRIPT_LOOP,
    WEFT_SCRIPT_FOR, /* over the rows of a query; its name is that of the label of their columns */
    WEFT_SCRIPT_LEAVE,
    WEFT_SCRIPT_ITERATE,
    WEFT_SCRIPT_OPEN,  /* cursor [label.]name, USING values, whose names are targets or NULL */
    WEFT_SCRIPT_FETCH, /* INTO targets */
    WEFT_SCRIPT_CLOSE,
    WEFT_SCRIPT_INSERTS /* [WITH …] FROM … INSERT … SELECT … INSERT …: subject is what stands before the
                           first INSERT; conditions are the INSERT clauses, values the queries behind them */
} weft_script_kind;

typedef struct weft_script_place {
    int32_t start, stop; /* stop == start: nothing */
} weft_script_place;

typedef struct weft_script weft_script;

typedef struct weft_script_list {
    int32_t count;
    const weft_script *const *items;
} weft_script_list;

/* A variable of a block. */
typedef struct weft_script_variable {
    const char *name;
    weft_script_place type;    /* nothing: that of its value */
    weft_script_place initial; /* nothing: NULL */
} weft_script_variable;

typedef struct weft_script_cursor {
    const char *name;
    weft_script_place query;
} weft_script_cursor;

/* What a handler is for. */
typedef struct weft_script_condition {
    const char *name;     /* an error class, or that of a DECLARE … CONDITION; NULL: by state */
    const char *sqlstate; /* five characters; "" for SQLEXCEPTION, "02" for NOT FOUND; NULL: by name */
} weft_script_condition;

typedef struct weft_script_handler {
    bool goes_on; /* CONTINUE: behind the statement that failed; else EXIT: of the block */
    int32_t count;
    const weft_script_condition *conditions;
    const weft_script *body;
} weft_script_handler;

struct weft_script {
    weft_script_kind kind;
    weft_script_place text; /* of the statement */
    bool is_query;          /* STATEMENT: its rows may be the script's */
    const char *label;      /* of blocks and loops, or NULL; LEAVE, ITERATE: where to; of a cursor's block */
    weft_script_place subject;  /* CASE: the value; FOR: the query; SET: the query; EXECUTE: behind INTO */
    const char *name;           /* FOR: of its rows, or NULL; of a cursor */
    int32_t target_count;       /* SET, EXECUTE */
    const char *const *targets; /* names, the last part of each */
    const char *const *target_labels; /* [target_count] of label.x, session.x; or NULL */
    const weft_script_place *values;  /* SET: [target_count] or NULL: a query; nothing: DEFAULT */
    int32_t branch_count;             /* IF, CASE: conditions; WHILE, REPEAT: 1 */
    const weft_script_place *conditions;
    const weft_script_list *bodies; /* IF, CASE: [branch_count + 1], the last is ELSE; others: [1] */
    bool has_else;
    /* BLOCK */
    int32_t variable_count, cursor_count, handler_count;
    const weft_script_variable *variables;
    const weft_script_cursor *cursors;
    const weft_script_handler *handlers;
};

/* What a script has that a setting allows: where; line 0: it has none. */
typedef struct weft_script_features {
    weft_span cursor, continue_handler;
} weft_script_features;

/* Does the text begin a script, or is it an INSERT into several tables, which is carried out as one? */
bool weft_sql_is_script(const char *text, size_t len);
bool weft_sql_begins_block(const char *text, size_t len); /* BEGIN … END? */
/* Errors: those of the parser, with their place; the classes of Spark for what stands where it may not. */
WEFT_MUST_CHECK weft_status weft_sql_parse_script(weft_ctx *ctx, const char *text, size_t len,
                                                  weft_script_features *features, const weft_script **out);

#endif
