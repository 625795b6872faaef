/* client/statements.h - statements and scripts: run, their results written, what happened told on stderr, for
 * `weft sql`, its shell and `weft submit`. Ctrl-C cancels the statement that runs. */
#ifndef WEFT_CLIENT_STATEMENTS_H
#define WEFT_CLIENT_STATEMENTS_H

#include "client/connection.h"
#include "client/output.h"

enum { /* exit codes */
       WEFT_EXIT_OK = 0,
       WEFT_EXIT_FAILED = 1,
       WEFT_EXIT_USAGE = 2,
       WEFT_EXIT_INTERRUPTED = 130
};

typedef struct weft_statements {
    const char *command; /* "weft sql", for messages */
    weft_connection connection;
    weft_output_format format;
    const char *output; /* file of the results; NULL: stdout */
    bool silent;        /* no closing lines, no progress */
    bool json;          /* closing lines and errors are JSON objects */
    bool force;         /* go on after a statement that fails */
    int32_t parameter_count;
    const weft_sql_parameter *parameters; /* of every statement */
    int32_t results;                      /* written so far */
    int32_t count;                        /* statements run so far */
} weft_statements;

/* Run one statement. All answer an exit code. */
int weft_statements_run_one(weft_statements *s, const char *text, size_t len);
/* Statements separated by semicolons, up to the first that fails, or with `force` to the end; the code then
 * tells that one did. */
int weft_statements_run(weft_statements *s, const char *text, size_t len);
/* The same of a file; "-" is stdin. */
int weft_statements_run_file(weft_statements *s, const char *path);

/* Those were all, and they went well: a session with a name is finished. */
int weft_statements_finish(weft_statements *s);

/* Take Ctrl-C for s->connection, which must be open, and show its progress. False, with a message, when the
 * system refuses a pipe. Once in a process. */
bool weft_statements_attend(weft_statements *s);
/* … until here. */
void weft_statements_leave(weft_statements *s);
/* Was there a Ctrl-C since the last take? Whoever takes it answers it. */
bool weft_statements_interrupted(void);
bool weft_statements_take_interrupt(void);
/* Can be read from at Ctrl-C, until weft_statements_interrupted is called. */
int weft_statements_interrupt_fd(void);

#endif
