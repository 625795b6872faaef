/* common/ctx.h - the context that every fallible function takes first.
 *
 * A ctx belongs to one thread at a time and lives as long as its unit of work (a session's statement, a
 * task). What it points to is shared and outlives it. A zeroed ctx is not valid; use weft_ctx_init. */
#ifndef WEFT_COMMON_CTX_H
#define WEFT_COMMON_CTX_H

#include <stdatomic.h>

#include "common/status.h"

typedef struct weft_arena weft_arena;
typedef struct weft_account weft_account;
typedef struct weft_settings weft_settings;
typedef struct weft_scratch_space weft_scratch_space; /* engine/storage/fs.h */
typedef struct weft_fetch_failure weft_fetch_failure; /* engine/exec/block_remote.h */
typedef struct weft_named_files weft_named_files;     /* engine/storage/fs.h */

/* Time, injected so that tests and the simulator own it. now_ns is monotonic. */
typedef struct weft_clock {
    int64_t (*now_ns)(void *self);
    int64_t (*wall_us)(void *self); /* microseconds since 1970-01-01T00:00:00Z */
    void *self;
} weft_clock;

/* The file that the rows at hand are of, for input_file_name(); path NULL: none. */
typedef struct weft_input_place {
    const char *path; /* borrowed from the table that is scanned */
    int64_t bytes;
} weft_input_place;

typedef struct weft_ctx {
    weft_arena *arena;             /* memory that lives as long as the unit of work; borrowed */
    weft_account *memory;          /* what allocations are charged to; borrowed */
    const atomic_bool *cancel;     /* set by another thread to stop the work; may be NULL */
    int64_t deadline_ns;           /* on clock->now_ns; INT64_MAX is none */
    const weft_clock *clock;       /* never NULL */
    const weft_settings *settings; /* never NULL */
    weft_scratch_space *scratch;   /* where what is made here is spilled; NULL: each to its own; borrowed */
    int32_t partition;      /* number of the task at work, for functions of chance; 0 outside of tasks */
    weft_input_place place; /* set by the scan of a task, file by file */
    weft_fetch_failure *fetch_failure; /* told which block could not be read; NULL: nobody asks; borrowed */
    const weft_named_files *named;     /* what paths of artifacts mean; NULL: nothing; borrowed */
    weft_error error;                  /* the last error raised; code WEFT_OK when none */
} weft_ctx;

/* Initialise in place. arena and account are borrowed until weft_ctx_deinit; cancel may be NULL. */
void weft_ctx_init(weft_ctx *ctx, weft_arena *arena, weft_account *memory, const weft_settings *settings);

/* Raise an error: fill ctx->error and return code. The first form is the usual one. Never fails. */
#define weft_fail(ctx, code, ...) weft_fail_from(ctx, code, NULL, __FILE__, __LINE__, __VA_ARGS__)
/* With the place in the query text (weft_span by pointer; NULL allowed). */
#define weft_fail_at(ctx, code, span, ...) weft_fail_from(ctx, code, span, __FILE__, __LINE__, __VA_ARGS__)
weft_status weft_fail_from(weft_ctx *ctx, weft_status code, const weft_span *span, const char *file, int line,
                           const char *format, ...) WEFT_PRINTF(6, 7);
/* Set the hint of the current error ("what to try"). */
void weft_hint(weft_ctx *ctx, const char *format, ...) WEFT_PRINTF(2, 3);
/* Add context before the message of the current error: "reading column x of file y: " + message. */
void weft_error_prefix(weft_ctx *ctx, const char *format, ...) WEFT_PRINTF(2, 3);
/* Copy the error of one ctx to another (from a task to its job) and return its code. */
weft_status weft_error_copy(weft_ctx *to, const weft_ctx *from);
void weft_error_clear(weft_ctx *ctx);

/* WEFT_CANCELLED when the cancel flag is set, WEFT_DEADLINE when the deadline passed, else WEFT_OK.
 * Cheap enough for once per batch (the clock is read only when there is a deadline). */
WEFT_MUST_CHECK weft_status weft_check_cancel(weft_ctx *ctx);

/* The real clock of this machine. Static lifetime. */
const weft_clock *weft_clock_system(void);
static inline int64_t weft_now_ns(const weft_ctx *ctx) { return ctx->clock->now_ns(ctx->clock->self); }

#endif
