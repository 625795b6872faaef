/* tests/simulation/cluster.h - a whole cluster in one thread: the real core, members, links and workers'
 * control and outbox; every message crosses a network that is not there, as bytes. Time is the simulation's.
 *
 * cluster.c         the run, faults, what must be true at the end
 * cluster_net.c     connections, and the core's port over them
 * cluster_worker.c  workers: they believe every order and do it
 * cluster_driver.c  jobs, through the core's interface as coordinator.c uses it; the client
 * cluster_journal.c what outlives the coordinator: records as docs/failover.md says; its crash, and the next
 * one
 *
 * A *wire* is one connection, numbered for both ends. A *packet* is one message on it: an envelope and its
 * frames. A world either has orderly wires (as TCP: what arrives is whole and in order until it breaks) or
 * wild ones, on which messages are lost, doubled and change places. */
#ifndef WEFT_TESTS_SIMULATION_CLUSTER_H
#define WEFT_TESTS_SIMULATION_CLUSTER_H

#include "common/settings.h"
#include "coordinator/core.h"
#include "proto/envelope.h"
#include "tests/simulation/plan.h"
#include "worker/control.h"
#include "worker/outbox.h"

enum {
    NODE_BLOCKS_MAX = 1024,
    NODE_STAGES_MAX = 64,
    NODE_ATTEMPTS_MAX = 128,
    FRAMES_MAX = 64,     /* of a packet */
    LAUNCHES_MAX = 1024, /* of one stage in all, over generations and attempts */
    HELD_JOBS_MAX = 32,  /* of a worker: also some that no coordinator knows any more */
    WRITES_MAX = 256,    /* records on their way */
    MEMBERS_MAX = 64
};

typedef struct packet {
    int32_t refs, count;
    size_t bytes;
    weft_net_frame frames[FRAMES_MAX]; /* into what follows the struct */
} packet;

typedef enum happening_kind {
    TO_WORKER,
    TO_COORDINATOR,
    WORKER_HEARS_GONE, /* the connection is broken, and this end notices */
    COORDINATOR_HEARS_GONE,
    WORKER_TICKS,
    COORDINATOR_TICKS,
    COORDINATOR_WAKES, /* as the core has asked for */
    ATTEMPT_ENDS,
    NODE_STARTS,
    STRIKES,
    SUBMITS,
    DRIVES,  /* a job's thread looks what is new */
    WRITTEN, /* the first record that is on its way is durable */
    COORDINATOR_STARTS
} happening_kind;

typedef struct happening {
    due due;
    happening_kind kind;
    int32_t node, job;
    int64_t incarnation; /* of the node */
    uint64_t wire, serial;
    packet *packet;
} happening;

typedef struct wire {
    int32_t node;
    int64_t incarnation;
    bool worker_open, coordinator_open;
    bool cut;                          /* nothing gets through any more */
    int64_t to_worker, to_coordinator; /* orderly: when the last message arrives */
    int32_t in_flight;
} wire;

typedef struct held_block {
    weft_block_name name;
    uint64_t content;
    trace from;
    weft_parcel *report; /* as it was sent */
} held_block;

/* Where the blocks of an input are, as the worker was told. */
typedef struct held_source {
    int32_t stage, generation, count;
    int32_t attempts[TASKS_MAX];
    weft_uuid holders[TASKS_MAX];
} held_source;

typedef struct held_stage {
    uint64_t serial; /* 0: none */
    uint64_t job;
    int32_t stage, generation;
    int32_t place, shape; /* from the fragment: which job's plan, which stage of it */
    bool dropped, broken;
    weft_block_name lost; /* broken: for want of this */
    bool unreachable;
    int32_t users, source_count;
    held_source sources[STAGES_MAX];
} held_stage;

typedef struct held_attempt {
    uint64_t serial, stage; /* of its stage */
    weft_block_name name;
    bool running, cancelled;
    int64_t run_us;
} held_attempt;

typedef struct held_job {
    uint64_t id;
    bool ended;
    int32_t stages;
} held_job;

typedef struct node {
    struct cluster *cluster;
    bool alive;
    int64_t incarnation, stopped_until;
    int64_t parted_in, parted_out; /* until when nothing gets to it from the coordinator, and back */
    weft_uuid uuid;
    int32_t slots, slowness; /* tenths */
    weft_control control;
    weft_outbox *outbox;
    bool connects, broken, paused;
    const packet *orders; /* of the message that is handled */
    held_block *blocks;   /* [NODE_BLOCKS_MAX] */
    held_stage *stages;   /* [NODE_STAGES_MAX] */
    held_attempt attempts[NODE_ATTEMPTS_MAX];
    held_job jobs[HELD_JOBS_MAX];
    int32_t block_count, attempt_count, job_count;
    int32_t number;         /* at the coordinator, as of its last welcome */
    uint64_t welcomed;      /* the connection of that */
    int64_t pace;           /* nanoseconds on its clock in a microsecond: no two run alike */
    int32_t owes, paid;     /* the term in which it had to tell all that it holds, and in which it did */
    int32_t welcomed_by;    /* … and the term */
    int64_t sessions_since; /* … that began after the last fault */
    held_stage told[JOBS_MAX][STAGES_MAX]; /* of this session, as sent */
} node;

/* What a job has in the journal: what a new coordinator knows of it. */
typedef struct job_journal {
    bool job, end, failed;
    weft_status status;
    int32_t term; /* of the coordinator that began it */
    int32_t stage_count, shape[STAGES_MAX];
    bool sums[STAGES_MAX]; /* the planner was given these */
    int64_t rows[STAGES_MAX], bytes[STAGES_MAX];
    int32_t generation[STAGES_MAX], generation_number;
    bool has_accepted[STAGES_MAX]; /* of this generation: */
    int32_t accepted_of[STAGES_MAX], accepted[STAGES_MAX][TASKS_MAX];
} job_journal;

typedef enum record_kind {
    RECORD_JOB,
    RECORD_STAGE,
    RECORD_GENERATION,
    RECORD_ACCEPTED,
    RECORD_END
} record_kind;

typedef struct record {
    record_kind kind;
    int32_t job, stage;
    job_journal holds; /* what it says, at the places of the journal */
    bool waited;       /* the core waits for it: */
    weft_core_record asked;
} record;

/* A block of which the core was told that it is there, and not that it is gone. */
typedef struct known_block {
    bool there, lost, launched;
    int32_t generation, attempt, worker;
} known_block;

typedef struct sim_job {
    job_plan plan;
    job_journal journal;
    known_block known[STAGES_MAX][TASKS_MAX];
    int32_t next_stage;           /* ids that were given */
    int64_t begun_at, records_at; /* records_at: when it is to be recorded; INT64_MAX: never */
    bool end_written;
    int32_t resumed_generation[STAGES_MAX]; /* as this coordinator has found it */
    weft_core_job core;
    int32_t id_of[STAGES_MAX], shape_of[STAGES_MAX]; /* plan's stage → the core's, and back */
    weft_core_stage stages[STAGES_MAX], *list[STAGES_MAX];
    weft_stage shapes[STAGES_MAX];
    weft_stage_input inputs[STAGES_MAX][STAGES_MAX];
    weft_task_spec tasks[TASKS_MAX];
    int64_t rows[STAGES_MAX], bytes[STAGES_MAX];
    uint64_t counted[STAGES_MAX];
    weft_op_metrics metrics[STAGES_MAX][2];
    uint8_t fragments[STAGES_MAX][2];
    weft_block_name launches[STAGES_MAX][LAUNCHES_MAX]; /* that reached a worker */
    int32_t launch_count[STAGES_MAX];
    bool begun, news, drive_planned, cancels, over, ending, forgotten;
    int64_t over_at;
} sim_job;

typedef struct cluster {
    weft_ctx *ctx;
    weft_clock clock;
    uint64_t seed, random;
    int64_t now, quiet_at; /* microseconds; no more faults from then on */
    agenda queue;
    weft_core *core;
    node nodes[WORKERS_MAX];
    int32_t node_count;
    wire *wires;
    int32_t wire_count, wire_capacity;
    sim_job jobs[JOBS_MAX];
    int32_t job_count;
    int64_t coordinator_stopped;
    uint64_t broken[256]; /* connections that the port gave up */
    int32_t broken_count;
    struct batch {
        int32_t worker, count;
        weft_net_frame frames[FRAMES_MAX];
    } batches[WORKERS_MAX * 2];
    int32_t batch_count;
    weft_core_options options;
    int32_t term;              /* of the coordinator; epochs are ten times that */
    bool crashes;              /* the coordinator does */
    record writes[WRITES_MAX]; /* a ring */
    int32_t write_first, write_count;
    int64_t written_at; /* of the last one */
    uint64_t next_job;
    struct member_record {
        weft_uuid uuid;
        int32_t number; /* under this coordinator; -1: not welcomed */
        bool recorded;  /* in the journal */
        bool told;      /* … this coordinator all that it holds of earlier ones */
        bool expected;  /* the coordinator began with its name, and has not heard of all that it holds */
    } members[MEMBERS_MAX];
    int32_t member_count;
    bool recovering; /* as seen after the last step */
    int64_t recovers_from;
    weft_scheduler_counts before; /* of the coordinators before */
    int64_t attempts_before, failures_before;
    bool wild;
    int32_t loss_permille, twice_permille, refuse_permille; /* refuse: an order is not taken */
    int32_t outbox_bytes;
    int32_t faults;
    int64_t fault_rate;
    bool strikes_workers; /* else only the coordinator is stopped */
    uint64_t serial, digest;
    const char *wrong;
    bool verbose;
    int64_t steps, coordinators, resumed, anew, node_crashes, cuts, partings, stops, pauses, lost, doubled;
    int64_t sessions, misses, forsaken, failed_jobs, relays;
    weft_scheduler_counts counts;
} cluster;

/* Run the world of a seed to its end. NULL, or what was wrong; the cluster tells the rest. */
const char *cluster_run(weft_ctx *ctx, uint64_t seed, bool verbose, cluster *out);

/* ---- shared by the parts ---- */
void cluster_plan(cluster *c, int64_t delay, happening h);
void cluster_wrong(cluster *c, const char *what);
void cluster_say(const cluster *c, const char *format, ...) WEFT_PRINTF(2, 3);
bool cluster_is_quiet(const cluster *c);
int32_t cluster_node_of(const cluster *c, weft_uuid uuid); /* -1: no such process any more */
void cluster_check_step(cluster *c);                       /* after whatever the core was told */

weft_core_port net_port(cluster *c);
uint64_t net_connect(cluster *c, node *n);
wire *net_wire(cluster *c, uint64_t id);
/* False: the connection is known to be broken. */
bool net_send(cluster *c, uint64_t id, bool to_worker, const weft_net_frame *frames, int32_t count);
void net_close(cluster *c, uint64_t id, bool by_worker);
void net_cut(cluster *c, uint64_t id);
void net_crashed(cluster *c, const node *n);
void net_release(cluster *c, packet *p);
void net_coordinator_crashed(cluster *c);
void net_arrives(cluster *c, const happening *h); /* at the coordinator */
void net_ticks(cluster *c);                       /* likewise */

weft_uuid worker_uuid(const node *n, int64_t incarnation);
void worker_starts(cluster *c, node *n);
void worker_dies(cluster *c, node *n, bool in_order);
void worker_arrives(cluster *c, const happening *h);
void worker_hears_gone(cluster *c, const happening *h);
void worker_ticks(cluster *c, node *n);
void worker_attempt_ends(cluster *c, node *n, uint64_t serial);
const held_block *worker_find_block(const node *n, const weft_block_name *name);
void worker_drops_all(node *n);
bool worker_is_empty(const node *n);

void driver_open(cluster *c);
void driver_submits(cluster *c, int32_t place);
void driver_drives(cluster *c, int32_t place);
bool driver_done(const cluster *c);
void driver_check(cluster *c);
sim_job *driver_find(cluster *c, uint64_t id); /* NULL: of an earlier coordinator, and begun anew since */
void driver_crashed(cluster *c);               /* the threads are gone; what the client does then */
void driver_resumes(cluster *c);
void driver_stage_written(cluster *c, sim_job *j, int32_t id);
void driver_end_written(cluster *c, sim_job *j, const job_journal *said);

record *journal_write(cluster *c, sim_job *j, record_kind kind); /* the caller fills the rest of it */
void journal_written(cluster *c);
void journal_member(cluster *c, weft_uuid uuid, int32_t number);
void journal_member_dead(cluster *c, int32_t number);
void journal_told(cluster *c, int32_t number);
void journal_check_recovery(cluster *c);
void journal_add_counts(weft_scheduler_counts *to, const weft_scheduler_counts *from);
void coordinator_crashes(cluster *c);
void coordinator_starts(cluster *c);
void cluster_open_core(cluster *c);

#endif
