/* tests/simulation/failover/cast.h - a world: who is in it, what goes wrong, and what must be true. */
#ifndef WEFT_TESTS_SIMULATION_FAILOVER_CAST_H
#define WEFT_TESTS_SIMULATION_FAILOVER_CAST_H

#include "tests/simulation/failover/disk.h"
#include "tests/simulation/failover/machine.h"
#include "tests/simulation/failover/net.h"
#include "tests/simulation/failover/services.h"
#include "tests/simulation/failover/story.h"
#include "tests/simulation/runs.h"

typedef struct cast_options {
    uint64_t number, seed; /* number: of its folder */
    bool verbose;
    bool file;    /* one coordinator, with its journal in a file */
    bool whole;   /* one client that says every line, and nothing goes wrong but, if step > 0: */
    int64_t step; /* of a coordinator, durable */
    step_fault fault;
} cast_options;

typedef struct cast_counts {
    int64_t crashes, stops, worker_crashes, worker_stops, cuts, quorums, expiries, unseated, partings, breaks,
        drifts;
    int64_t disks, files;
    int64_t statements, attempts, again;
} cast_counts;

/* Everything of a world; one a process. */
typedef struct cast {
    const cast_options *options;
    program_options programs;
    char folder[STORY_FOLDER_BYTES], journal[STORY_FOLDER_BYTES + 16];
    program *coordinators[COORDINATORS_MAX], *workers[SIM_WORKERS_MAX], *clients[CLIENTS_MAX];
    story_part parts[CLIENTS_MAX];
    int32_t coordinator_count, worker_count, client_count;
    bool leaders;     /* only coordinators and ZooKeeper are struck, often: nothing excuses a task */
    int32_t faults;   /* that are still to come */
    int64_t quiet_ns; /* no more of them from then on */
    int64_t over_ns;  /* all clients are done since; 0: they are not */
    int64_t rate_ns;
    int32_t drift_ppm;
    bool settled;
    bool excused; /* something happened for which a task may run again that had ended */
    cast_counts counts;
} cast;

/* name, must happen in a thousand worlds, value. */
#define CAST_COUNTERS(X)                                                                                     \
    X("coordinators dead", true, c->counts.crashes)                                                          \
    X("stopped", true, c->counts.stops)                                                                      \
    X("workers dead", true, c->counts.worker_crashes)                                                        \
    X("stopped workers", true, c->counts.worker_stops)                                                       \
    X("cut from ZooKeeper", true, c->counts.cuts)                                                            \
    X("quorums lost", true, c->counts.quorums)                                                               \
    X("sessions ended", true, c->counts.expiries)                                                            \
    X("pairs parted", true, c->counts.partings)                                                              \
    X("connections broken", true, c->counts.breaks)                                                          \
    X("clocks that drift", true, c->counts.drifts)                                                           \
    X("connections", false, net_count().connections)                                                         \
    X("messages", false, net_count().messages)                                                               \
    X("late", true, net_count().late)                                                                        \
    X("lost", true, net_count().lost)                                                                        \
    X("twice", true, net_count().twice)                                                                      \
    X("overtaking", true, net_count().overtaking)                                                            \
    X("machines down", true, machine_count().crashes)                                                        \
    X("lost with a machine", true, machine_count().lost)                                                     \
    X("disks lost", true, c->counts.disks)                                                                   \
    X("dead behind a message", true, net_count().crashes)                                                    \
    X("relayed connections", true, net_count().relayed)                                                      \
    X("candidates removed", true, c->counts.unseated)                                                        \
    X("journals in a file", true, disk_opened())                                                             \
    X("leaders", true, services_count().leaders)                                                             \
    X("jobs resumed", true, services_count().resumed)                                                        \
    X("reads on record", true, services_count().reads)                                                       \
    X("large records", true, services_count().large)                                                         \
    X("large records fetched", true, services_count().blobs_fetched)                                         \
    X("files of sessions", true, c->counts.files)                                                            \
    X("files fetched", true, services_count().files_fetched)                                                 \
    X("writes to ZooKeeper", false, services_count().writes)                                                 \
    X("refused", true, services_count().refused)                                                             \
    X("durable steps", false, services_count().steps)                                                        \
    X("faults at a step", true, services_fault_fired())                                                      \
    X("statements", true, c->counts.statements)                                                              \
    X("attempts", true, c->counts.attempts)                                                                  \
    X("again", false, c->counts.again)

/* Run a world; out->counts as above. */
void cast_run(weft_ctx *ctx, const story *s, const cast_options *options, runs_result *out);
/* Remove what a world has left, after its process died. */
void cast_clean(const story *s, const cast_options *options);

/* ---- cast_faults.c ---- */

void cast_draw(cast *c);       /* who, and how much goes wrong */
void cast_start(cast *c);      /* all of them */
void cast_crashed(process *p); /* of world.crashed */
void cast_strikes(cast *c);    /* from now on */

/* ---- cast_checks.c ---- */

void cast_watch(cast *c); /* from now on */
bool cast_is_over(void *of);

#endif
