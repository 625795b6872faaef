/* client/daemon.h - what `weft coordinator` and `weft worker` share as processes: options, log, memory,
 * signals.
 *
 *     int weft_command_worker(int argc, char **argv)
 *     {
 *         static const weft_daemon_command command = {"worker", "Runs tasks …", options,
 * WEFT_COUNT(options)}; values v = {0}; weft_daemon *d = NULL; int code = weft_daemon_open(&command, argc,
 * argv, &v, &d); if (code != WEFT_DAEMON_RUNS) return code; if (member_start(&d->ctx, …) != WEFT_OK) code =
 * weft_daemon_fail(d, "worker_start_failed"); else code = weft_daemon_wait(d); … stop what was started,
 * within a deadline … weft_daemon_close(&d); return code;
 *     }
 *
 * weft_daemon_open must come before any thread: it blocks SIGTERM, SIGINT and SIGHUP, which threads inherit,
 * and ignores SIGPIPE. weft_daemon_wait takes them: SIGTERM and SIGINT end it, SIGHUP opens the log file
 * anew. After it a second SIGTERM or SIGINT ends the process at once with exit code 1.
 *
 * Options of every daemon, besides those of its own table (see options.h for files and keys): --memory,
 * --work-dir, --keys, --log-*. Messages before the log is open go to stderr. */
#ifndef WEFT_CLIENT_DAEMON_H
#define WEFT_CLIENT_DAEMON_H

#include "client/options.h"
#include "common/mem.h"

enum { WEFT_DAEMON_RUNS = -1 };

typedef struct weft_daemon_command {
    const char *name;  /* "worker" of `weft worker` */
    const char *about; /* what it does, for --help */
    const weft_option *options;
    int32_t option_count;
} weft_daemon_command;

typedef struct weft_daemon {
    weft_ctx ctx;           /* of the main thread; its arena lives as long as the daemon */
    weft_own_memory memory; /* of the process, limited to memory_bytes */
    weft_settings settings; /* scratch, memory and slots are what the process uses: never 0 */
    int64_t memory_bytes;   /* --memory, else 70 % of what the cgroup or machine has */
    int32_t cores;          /* weft.task.slots, else what the cgroup or machine has */
    const char *work_dir;   /* exists; NULL: not given, scratch is weft.scratch.dir */
    const char *keys_dir;   /* NULL: no keys, loopback only */
} weft_daemon;

/* Read the options into `values` (of command->options; zeroed by the caller), open the log, take memory,
 * block signals. WEFT_DAEMON_RUNS: *out must be closed; else *out is NULL and the answer is the exit code: 0
 * after --help, 1 when something failed, 2 for wrong options; all that there is to say has been said.
 * Texts in values live until weft_daemon_close. */
int weft_daemon_open(const weft_daemon_command *command, int argc, char **argv, void *values,
                     weft_daemon **out);
/* Wait for SIGTERM or SIGINT (answers 0), or for weft_daemon_end (answers its code). Once. */
int weft_daemon_wait(weft_daemon *daemon);
/* Have weft_daemon_wait answer `code`. Any thread, also before weft_daemon_wait; the first one counts. */
void weft_daemon_end(weft_daemon *daemon, int code);
/* Tell ctx.error as a record of the log, and to stderr when the log is a file. Answers 1, the exit code. */
int weft_daemon_fail(weft_daemon *daemon, const char *event);
/* Everything made from it must have been freed. NULL is allowed. */
void weft_daemon_close(weft_daemon **daemon);

#endif
