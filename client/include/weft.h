/* weft.h - the C interface of Weft. Usable from C and C++. Link with libweft (pkg-config weft,
 * find_package(weft)).
 *
 * A client is one session, settings and temporary views: of an engine in this process, or of a coordinator's
 * (weft://), where the statements then run. Threads: one thread
 * at a time uses a client and what came from it, but weft_client_cancel may be called from any thread (and
 * from a signal handler) at any time between open and close. Arrays that a stream gave may be read and
 * released in any thread. Order of release: arrays and streams first, then the client.
 *
 * Results are Arrow C streams ("The Arrow C stream interface"): struct arrays, one child a column. */
#ifndef WEFT_H
#define WEFT_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#ifndef ARROW_C_DATA_INTERFACE
#define ARROW_C_DATA_INTERFACE
struct ArrowSchema {
    const char *format, *name, *metadata;
    int64_t flags, n_children;
    struct ArrowSchema **children, *dictionary;
    void (*release)(struct ArrowSchema *);
    void *private_data;
};
struct ArrowArray {
    int64_t length, null_count, offset, n_buffers, n_children;
    const void **buffers;
    struct ArrowArray **children, *dictionary;
    void (*release)(struct ArrowArray *);
    void *private_data;
};
#endif
#ifndef ARROW_C_STREAM_INTERFACE
#define ARROW_C_STREAM_INTERFACE
struct ArrowArrayStream {
    int (*get_schema)(struct ArrowArrayStream *, struct ArrowSchema *out);
    int (*get_next)(struct ArrowArrayStream *, struct ArrowArray *out);
    const char *(*get_last_error)(struct ArrowArrayStream *);
    void (*release)(struct ArrowArrayStream *);
    void *private_data;
};
#endif

typedef struct weft_client weft_client;

/* What went wrong. Plain memory of the caller; every function that takes one accepts NULL. */
typedef struct weft_client_error {
    char error_class[96]; /* as Spark names it: "TABLE_OR_VIEW_NOT_FOUND" */
    char sqlstate[8];     /* "42P01" */
    char message[2048];
    char hint[512];       /* what to try; may be empty */
    int32_t line, column; /* in the SQL text, from 1; 0 when there is no place */
} weft_client_error;

#if defined(__GNUC__)
#pragma GCC visibility push(default) /* what libweft.so shows; all else in it is hidden */
#endif

/* Start an engine, or connect to a coordinator. master: "local", "local[N]", "local[*]", or
 * "weft://HOST:PORT" ("weft://HOST:PORT,HOST:PORT" for several that stand in for each other); NULL is the
 * environment's WEFT_MASTER, else "local[*]". settings: count pairs of key and value (weft.memory.limit …),
 * may be NULL when count is 0; weft.keys.dir is the key folder for weft:// off the loopback (else the
 * environment's WEFT_KEYS). NULL on failure: for weft:// within about 5 seconds. */
weft_client *weft_client_open(const char *master, const char *const *settings, int32_t count,
                              weft_client_error *error);

/* What a parameter marker of a statement, :name or ?, stands for. */
typedef struct weft_client_parameter {
    const char *name; /* NULL: it is known by its place, the first ? being the first */
    const char *sql;  /* a literal of SQL: 5, DATE '2020-01-01', ARRAY(1, 2), NULL; or: */
    const char *text; /* when sql is NULL: a string, as it is */
} weft_client_parameter;

/* Run one statement, or one script (BEGIN … END). On success 0, and *stream gives its rows (a statement
 * without rows gives a struct of no columns and no array); the caller releases it. On failure -1, and *stream
 * is released (release == NULL). */
int weft_client_sql(weft_client *client, const char *sql, struct ArrowArrayStream *stream,
                    weft_client_error *error);

/* The same with count parameters. Values go into the text of the statement, but as values: sql that is more
 * than a constant is refused with class INVALID_PARAMETER_VALUE, and a marker without a value with class
 * UNBOUND_SQL_PARAMETER. */
int weft_client_sql_with(weft_client *client, const char *sql, const weft_client_parameter *parameters,
                         int32_t count, struct ArrowArrayStream *stream, weft_client_error *error);

/* Change a setting of the session. 0, or -1 with the reason. */
int weft_client_set(weft_client *client, const char *key, const char *value, weft_client_error *error);

/* Stop the statement that runs now: its weft_client_sql returns -1 with class OPERATION_CANCELED. */
void weft_client_cancel(weft_client *client);

/* Stop the engine. Sets *client to NULL; NULL is allowed. */
void weft_client_close(weft_client **client);

#if defined(__GNUC__)
#pragma GCC visibility pop
#endif

#ifdef __cplusplus
}
#endif

#endif
