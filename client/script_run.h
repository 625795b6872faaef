/* client/script_run.h - a script that runs, for script.c and script_send.c. */
#ifndef WEFT_CLIENT_SCRIPT_RUN_H
#define WEFT_CLIENT_SCRIPT_RUN_H

#include "client/connection.h"
#include "common/mem.h"
#include "engine/plan/pointers.h"
#include "engine/sql/script_tree.h"

/* A variable of a block that runs. Its texts are of the heap: it may be set a million times. */
typedef struct script_local {
    const char *label, *name;
    const weft_script_variable *declared; /* or NULL: a column of FOR */
    char *type;                           /* as SQL */
    char *value;
} script_local;

/* A cursor of a block that runs. */
typedef struct script_cursor {
    const char *label; /* of its block, or NULL */
    const weft_script_cursor *declared;
    weft_result *rows; /* NULL: it is not open */
    weft_batch batch;  /* of rows */
    int32_t next;      /* row of the batch */
} script_cursor;

/* A block that runs. */
typedef struct script_block {
    const weft_script *node;
    struct script_block *outer;
    const weft_script_handler *leaving; /* an error is on its way to this EXIT handler */
    int32_t locals;                     /* those that it sees: its own and the outer ones */
    bool handling;                      /* one of its handlers runs */
} script_block;

typedef enum script_flow { FLOW_ON, FLOW_LEAVE, FLOW_ITERATE } script_flow;

typedef struct script_run {
    const weft_connection *connection;
    const char *text;
    const atomic_bool *cancelled;
    weft_own_memory memory, scratch; /* of the tree; of one statement */
    weft_ctx ctx, step;              /* of them; ctx has the error */
    weft_pointers locals;            /* script_local *, the innermost last */
    weft_pointers cursors;           /* script_cursor *, likewise */
    script_block *block;             /* the innermost, or NULL */
    weft_result *result;             /* of the last statement */
    script_flow flow;
    const char *label; /* where to, when the flow is not FLOW_ON */
} script_run;

/* ---- script_send.c ---- */
/* On the heap: weft_mem_free. */
WEFT_MUST_CHECK weft_status script_copy(script_run *s, const char *text, char **out);
/* What a step made in its own ctx: its error becomes the script's. */
WEFT_MUST_CHECK weft_status script_step_failed(script_run *s, weft_status st);
script_local *script_find_local(script_run *s, const char *name); /* the innermost; NULL: none */
/* What the i-th target means here; NULL: it is a variable of the session. */
script_local *script_find_target(script_run *s, const weft_script *node, int32_t i);
void script_drop_locals(script_run *s, int32_t down_to);
/* A name as SQL, in ctx->arena. */
WEFT_MUST_CHECK weft_status script_quote_name(weft_ctx *ctx, const char *name, const char **out);
/* Send before, the piece of the script, and what is behind it: both may lie in the memory of the step, which
 * ends. */
WEFT_MUST_CHECK weft_status script_send(script_run *s, const char *before, weft_script_place piece,
                                        const char *behind, weft_result **out);
/* The value of a row as SQL, and a type: on the heap. */
WEFT_MUST_CHECK weft_status script_value_text(script_run *s, const weft_column *column, int32_t row,
                                              char **value);
WEFT_MUST_CHECK weft_status script_type_of(script_run *s, weft_type type, char **out);
/* The only row of a result, as such texts: none is NULLs. Errors: WEFT_ASSIGNMENT_ARITY,
 * WEFT_ROW_SUBQUERY_TOO_MANY_ROWS. */
WEFT_MUST_CHECK weft_status script_take_row(script_run *s, weft_result *result, int32_t count, char **values);
/* An error of as many sources as there are targets, or not. */
weft_status script_wrong_count(script_run *s, int32_t targets, int32_t sources); /* fails */
/* CAST(value AS type): on the heap. */
WEFT_MUST_CHECK weft_status script_typed(script_run *s, const char *value, const char *type, char **out);
/* Is a condition true? What stands before and behind the piece makes it a query of one BOOLEAN; where nothing
 * stands behind it, NULL is an error. */
WEFT_MUST_CHECK weft_status script_condition(script_run *s, const char *before, weft_script_place piece,
                                             const char *behind, bool *out);

/* ---- script.c ---- */
/* The values, of the schema's types (NULL: of any), into the node's targets; those that are taken become
 * NULL.
 */
WEFT_MUST_CHECK weft_status script_assign(script_run *s, const weft_script *node, const weft_schema *schema,
                                          char **values);

/* ---- script_handler.c ---- */
/* Of the error of s->ctx: the block whose handler takes it, or NULL. */
script_block *script_find_handler(script_run *s, const weft_script_handler **out);

/* ---- script_cursor.c ---- */
/* Errors: WEFT_CURSOR_EXISTS. */
WEFT_MUST_CHECK weft_status script_declare_cursors(script_run *s, const weft_script *block);
void script_drop_cursors(script_run *s, int32_t down_to);
/* Errors: WEFT_CURSOR_NOT_FOUND, WEFT_CURSOR_OPEN, those of the query. */
WEFT_MUST_CHECK weft_status script_open(script_run *s, const weft_script *node);
/* Errors: WEFT_CURSOR_NOT_FOUND, WEFT_CURSOR_NOT_OPEN, WEFT_CURSOR_NO_ROWS, WEFT_ASSIGNMENT_ARITY. */
WEFT_MUST_CHECK weft_status script_fetch(script_run *s, const weft_script *node);
WEFT_MUST_CHECK weft_status script_close(script_run *s, const weft_script *node);

#endif
