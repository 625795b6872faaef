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
    char *type; /* as SQL */
    char *value;
} script_local;

typedef enum script_flow { FLOW_ON, FLOW_LEAVE, FLOW_ITERATE } script_flow;

typedef struct script_run {
    const weft_connection *connection;
    const char *text;
    const atomic_bool *cancelled;
    weft_own_memory memory, scratch; /* of the tree; of one statement */
    weft_ctx ctx, step;              /* of them; ctx has the error */
    weft_pointers locals;            /* script_local *, the innermost last */
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
/* Is a condition true? What stands before and behind the piece makes it a query of one BOOLEAN; where nothing
 * stands behind it, NULL is an error. */
WEFT_MUST_CHECK weft_status script_condition(script_run *s, const char *before, weft_script_place piece,
                                             const char *behind, bool *out);

#endif
