/* tests/simulation/failover/services.h - what processes of a world find outside: ZooKeeper
 * (tests/support/fake_zookeeper.h, each session with a thread of its own in its process), and secrets.
 *
 * Twins: weft_zookeeper_open and weft_zookeeper_close; weft_seal_*, which seals by a checksum of place and
 * value instead of with AES, and weft_secret_read_login. The linker puts them in the place of the real ones.
 *
 * Each write to ZooKeeper, and each step of a coordinator in the file system, is a *durable step*. They are
 * numbered, and something can be made to happen at one. */
#ifndef WEFT_TESTS_SIMULATION_FAILOVER_SERVICES_H
#define WEFT_TESTS_SIMULATION_FAILOVER_SERVICES_H

#include "tests/simulation/failover/fiber.h"

typedef enum step_fault {
    STEP_CRASH_BEFORE, /* who takes the step is gone before it was done … */
    STEP_CRASH_AFTER,  /* … or after it was, and nobody was told */
    STEP_LOST_BEFORE, /* ZooKeeper: the connection is lost, the request too … A file: gone in the midst of it
                         … */
    STEP_LOST_AFTER,  /* … or the answer … near its end */
    STEP_STOP_BEFORE, /* the process stands still so long that another leads, then goes on with it … */
    STEP_STOP_AFTER,  /* … or behind it */
    STEP_DOWN_BEFORE, /* as crash, and with it goes what its machine has not made durable … */
    STEP_DOWN_AFTER,
    STEP_FAULT_COUNT
} step_fault;
const char *step_fault_name(step_fault fault);

typedef struct service_counts {
    int64_t writes, refused;  /* to ZooKeeper, by coordinators; those that came too late or twice */
    int64_t steps, leaders;   /* durable steps; epochs that were taken */
    int64_t unknown, expired; /* outcomes that nobody knew; sessions that the servers ended */
    int64_t records, records_changed, records_removed;
    int64_t resumed, reads; /* jobs, as coordinators' logs say; that only read and are on record */
    int64_t large;          /* records whose values are blobs */
    int64_t blobs_fetched, files_fetched; /* by leaders that missed them; by workers */
} service_counts;

/* A worker's log says that an attempt begins or ends. */
typedef struct attempt_seen {
    bool begins, well; /* well: it ended so */
    uint64_t job;
    int32_t stage, generation, partition, attempt;
} attempt_seen;

void services_begin(void);
/* Who is told of what is seen. */
typedef struct services_watcher {
    void (*attempt)(process *p, const attempt_seen *seen);
    void (*registered)(const process *p, int64_t epoch); /* a worker, with a leader */
    /* A leader goes on without members that it has not heard, for which it has waited so long. */
    void (*not_heard)(const process *p, int64_t waited_ns);
    void (*large)(const char *blob); /* a record is written whose value is this blob */
} services_watcher;
void services_watch(const services_watcher *watcher);
/* What to do at the step with this number, from 1; 0: nothing. */
void services_fault_at(int64_t step, step_fault fault);
bool services_fault_fired(void);
service_counts services_count(void);
/* A durable step of the running thread: what happens at it; STEP_FAULT_COUNT: nothing. What is due before it
 * has happened. And behind it: say what it was. */
step_fault services_step(void);
void services_stepped(step_fault fault, const char *what, const char *path, weft_status st);
/* The process that has the epoch; NULL: nobody ever had. */
process *services_leader(void);
/* ZooKeeper and this process do not hear each other, or do again. NULL: nobody hears it. */
void services_cut(process *p, bool is_cut);
/* Its sessions are ended by the servers, as if they had not heard of it for too long. */
void services_expire(process *p);
/* Somebody removes the leader's candidate: the next one leads though this one's session lives. */
void services_unseat(void);
void services_crashed(process *p);
void services_lag(int32_t transactions);
/* The index-th blob that a record names now; NULL: there are no more. */
const char *services_blob(int32_t index);
/* Nodes below the journal, and their bytes. */
int32_t services_nodes(int64_t *bytes);

#endif
