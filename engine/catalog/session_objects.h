/* engine/catalog/session_objects.h - what a session has beside views: temporary functions written in SQL, and
 * variables.
 *
 * All of it lives as long as the session; a variable's value until it gets another one. One thread at a time.
 */
#ifndef WEFT_CATALOG_SESSION_OBJECTS_H
#define WEFT_CATALOG_SESSION_OBJECTS_H

#include "engine/plan/pointers.h"
#include "engine/plan/routine.h"

typedef struct weft_session_objects {
    weft_ctx *session;       /* borrowed: its arena keeps the functions, its account the values */
    weft_pointers functions; /* const weft_routine * */
    weft_pointers variables; /* its own */
    /* const weft_variable *: those of the script that the statement is of, the innermost last; they live as
     * long as the statement */
    weft_pointers locals;
} weft_session_objects;

/* Make the function that a CREATE FUNCTION statement says, in place of one of its name. Errors: those of the
 * parser, WEFT_NOMEM. */
WEFT_MUST_CHECK weft_status weft_session_objects_add_function(weft_ctx *ctx, weft_session_objects *objects,
                                                              const char *text);
/* NULL: there is none. name may be session.NAME or system.session.NAME. */
const weft_routine *weft_session_objects_find_function(const weft_session_objects *objects, const char *name);
void weft_session_objects_drop_function(weft_session_objects *objects, const weft_routine *function);

/* Give the variable of this name, which may be new, a value. initial: the text of its DEFAULT, or NULL. All
 * is copied. Errors: WEFT_NOMEM. */
WEFT_MUST_CHECK weft_status weft_session_objects_set(weft_ctx *ctx, weft_session_objects *objects,
                                                     const char *name, const weft_value *value,
                                                     const char *initial);
/* What a name with parts means to a query: a local variable before one of the session. *out NULL: none.
 * Borrowed, as below. */
void weft_session_objects_lookup(const weft_session_objects *objects, const char *const *parts,
                                 int32_t part_count, int32_t *used, const weft_variable **out);
/* NULL: there is none. Borrowed until it is set again or dropped. */
const weft_variable *weft_session_objects_variable(const weft_session_objects *objects, const char *name);
void weft_session_objects_drop_variable(weft_session_objects *objects, const char *name);
const weft_variable *weft_session_objects_variable_at(const weft_session_objects *objects, int32_t i);

/* A copy with all that it points to, in ctx->arena. Errors: WEFT_NOMEM. */
WEFT_MUST_CHECK weft_status weft_variable_copy(weft_ctx *ctx, const weft_variable *from, weft_variable *out);

/* Free the values; the arena's owner frees the rest. */
void weft_session_objects_deinit(weft_session_objects *objects);

/* The routine of a CREATE FUNCTION statement, in ctx->arena. Errors: those of the parser. */
WEFT_MUST_CHECK weft_status weft_routine_parse(weft_ctx *ctx, const char *text, const weft_routine **out);

#endif
