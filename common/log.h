/* common/log.h - the process's log: one line a record, an event name that never changes and key=value pairs.
 *
 *     weft_log(WEFT_LOG_WARN, "worker_lost", WEFT_LOG_TEXT("worker", name), WEFT_LOG_INT("blocks", count));
 *     2026-11-21T10:15:00.123456Z WARN worker_lost worker=10.0.0.3:7078 blocks=12
 *
 * ERROR is for a human, WARN for an oddity that was handled, INFO for a change of state, DEBUG for the rest.
 * Never: secrets, rows of users. Values with spaces, quotes or control characters are quoted and escaped, so
 * that a record is one line whatever is in it.
 *
 * The sink is the one mutable thing of a process besides its arguments: any thread may write, records are
 * never mixed. Before weft_log_open records of WARN and above go to stderr. A file is rotated by size and age
 * (path.1 is the last one). What cannot be written is counted and does not stop anything. */
#ifndef WEFT_COMMON_LOG_H
#define WEFT_COMMON_LOG_H

#include "common/ctx.h"

typedef enum weft_log_level { WEFT_LOG_DEBUG, WEFT_LOG_INFO, WEFT_LOG_WARN, WEFT_LOG_ERROR } weft_log_level;

/* A pair: text, or number when text is NULL. Borrowed for the call. */
typedef struct weft_log_field {
    const char *key;
    const char *text;
    int64_t number;
} weft_log_field;

#define WEFT_LOG_TEXT(key, text)  ((weft_log_field){key, text, 0})
#define WEFT_LOG_INT(key, number) ((weft_log_field){key, NULL, number})
/* At least one pair. */
#define weft_log(level, event, ...)                                                                          \
    weft_log_write(level, event, (const weft_log_field[]){__VA_ARGS__},                                      \
                   (int32_t)(sizeof((const weft_log_field[]){__VA_ARGS__}) / sizeof(weft_log_field)))

typedef struct weft_log_options {
    const char *path; /* NULL: stderr; copied */
    weft_log_level level;
    bool json;         /* one JSON object a line */
    int64_t bytes_max; /* a file is rotated before it grows larger; 0: never */
    int64_t age_s_max; /* … or older; 0: never */
    int32_t keep;      /* rotated files that are kept */
} weft_log_options;

/* From now on records go there. Errors: WEFT_IO (the log stays where it was), WEFT_INVALID for a path that is
 * too long. */
WEFT_MUST_CHECK weft_status weft_log_open(weft_ctx *ctx, const weft_log_options *options);
/* Open the same path anew: somebody has moved the file (SIGHUP). */
WEFT_MUST_CHECK weft_status weft_log_reopen(weft_ctx *ctx);
void weft_log_write(weft_log_level level, const char *event, const weft_log_field *fields, int32_t count);
/* An error as a record: its class, message and hint. */
void weft_log_error(weft_log_level level, const char *event, const weft_error *error);
/* The path of the log file; false when records go to stderr. Any thread. */
bool weft_log_path(char *out, size_t out_bytes);
/* The last records that went to stderr, up to 256 KiB of them, into out; returns their bytes. Any thread. */
size_t weft_log_recent(char *out, size_t room);
/* Is a record of this level written? For those that cost something to make. Any thread. */
bool weft_log_wants(weft_log_level level);
/* Records that could not be written, since the process began. */
int64_t weft_log_lost(void);
/* Back to stderr. */
void weft_log_close(void);
/* "debug", "info", "warn", "error"; false for another word. */
bool weft_log_level_find(const char *text, weft_log_level *out);

#endif
