/* tests/simulation/failover/programs.h - the processes of a world, made of the real code as
 * client/command_coordinator.c, command_worker.c and command_sql.c make them: a coordinator is
 * client/standby.h with all that it leads with, a worker is worker.h, member.h, serve.h, fetch.h and
 * artifacts.h, a client is client/remote.h. What they have no part of here: options, HTTP, keys. */
#ifndef WEFT_TESTS_SIMULATION_FAILOVER_PROGRAMS_H
#define WEFT_TESTS_SIMULATION_FAILOVER_PROGRAMS_H

#include "client/remote.h"
#include "client/standby.h"
#include "tests/simulation/failover/fiber.h"
#include "worker/artifacts.h"
#include "worker/fetch.h"
#include "worker/member.h"
#include "worker/serve.h"

enum {
    COORDINATORS_MAX = 3,
    SIM_WORKERS_MAX = 3,
    CLIENTS_MAX = 3,
    FIRST_PORT = 7101,
    PROGRAM_PATH_BYTES = 256,
    BLOB_KEEP_MS = 3000 /* of blobs that nobody needs: longer than a leader waits for ZooKeeper */
};

typedef enum program_kind { PROGRAM_COORDINATOR, PROGRAM_WORKER, PROGRAM_CLIENT } program_kind;

/* One process, from its start to its crash. */
typedef struct program {
    process *process;
    program_kind kind;
    int32_t number;      /* of its kind, from 0 */
    int32_t incarnation; /* how often it was started before */
    char name[32], address[64];
    char folder[PROGRAM_PATH_BYTES]; /* its work folder */
    weft_daemon daemon;
    weft_ctx *ctx; /* of its first thread */
    weft_standby *standby;
    weft_leadership *leadership; /* without ZooKeeper … */
    weft_blobs *blobs;           /* … and then: files of sessions */
    weft_member *member;
    weft_fetcher *fetcher;
    weft_worker_artifacts *artifacts;
    weft_worker *worker;
    weft_serve *serve;
    weft_remote *remote;
    bool looks;       /* program_look is at work */
    const char *left; /* … what it found; NULL: nothing is left of any job */
} program;

typedef struct program_options {
    const char *folder;  /* for files, of the world */
    const char *journal; /* of the one coordinator that there is then; NULL: ZooKeeper has it */
    int32_t coordinators, slots;
    int32_t timeout_ms; /* of sessions with ZooKeeper */
} program_options;

/* Start one; a client runs main(program) in its first thread. number: of its kind. */
program *program_start(const program_options *options, program_kind kind, int32_t number, int32_t incarnation,
                       void (*main)(program *p));
/* Look, by a thread of the worker itself, what is left of jobs in it: see `left`, when it does not look. */
void program_look(program *p);

#endif
