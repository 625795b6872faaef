/* tests/simulation/failover/fiber.h - processes and their threads on one thread of the machine, over a clock
 * that is made up: the programs themselves run, each of their threads as a fiber.
 *
 * What a thread does to wait (locks, conditions, sleeping, joining) is replaced when the program is linked
 * (threads.c, `--wrap`), and gives way to another fiber here. Who goes on is chosen by the seed, and time
 * passes only by what is chosen: a little with each turn, and to the next thing that is due when nobody can
 * go on. So one seed is one run, in every build.
 *
 * A *process* crashes (its fibers are never run again, nothing of it is freed), is stopped and goes on, and
 * has a clock of its own that runs too fast or too slow. An *event* is a function that is called when it is
 * due, by no process. */
#ifndef WEFT_TESTS_SIMULATION_FAILOVER_FIBER_H
#define WEFT_TESTS_SIMULATION_FAILOVER_FIBER_H

#include <ucontext.h>

#include "tests/simulation/plan.h"

enum {
    PROCESSES_MAX = 64, /* of a world, with all that died */
#ifdef WEFT_SANITIZED
    STACK_BYTES = 4 << 20,
#else
    STACK_BYTES = 512 << 10,
#endif
    TURN_NS_MOST = 20000 /* of time that passes with a turn */
};

typedef struct process {
    int32_t id, machine; /* machine: the same over its restarts */
    const char *name;
    bool alive;
    int64_t stopped_until_ns;    /* of the world */
    int64_t drift_ppm, begin_ns; /* its clock: the world's time times (1 + drift), from an own beginning */
    int32_t fibers;
    int64_t turns;
    void *of; /* what its owner keeps with it */
} process;

typedef enum fiber_state { FIBER_READY, FIBER_WAITS, FIBER_OVER } fiber_state;

typedef struct fiber {
    ucontext_t context;
    uint8_t *stack;
    void *shadow; /* what the address sanitizer keeps of it while it does not run */
    process *of;
    fiber_state state;
    const void *waits_for; /* a lock, a condition, a fiber; NULL: only for the time */
    int64_t wake_ns;       /* of the world; INT64_MAX: never */
    bool timed_out, detached;
    void *(*main)(void *self);
    void *self, *result;
    int32_t place; /* in its list */
} fiber;

typedef struct event {
    due due;
    void (*call)(void *of, int64_t number);
    void *of;
    int64_t number;
} event;

/* The one world of this program. Whatever forks has its own. */
typedef struct world {
    weft_ctx *ctx; /* for the agenda's memory */
    uint64_t random, digest;
    int64_t now_ns, turns;
    process processes[PROCESSES_MAX];
    int32_t process_count;
    fiber **fibers; /* [fiber_count] all that are not over, in no order */
    int32_t fiber_count, fiber_capacity;
    fiber *running; /* NULL: an event, or the world itself */
    ucontext_t home;
    uint8_t **stacks; /* to be used again */
    int32_t stack_count, stack_capacity;
    agenda events;
    void *of;                    /* whose world it is */
    void (*crashed)(process *p); /* told of each crash, while nothing runs; may be NULL */
    const char *wrong;
    bool verbose;
    bool over;            /* as its owner says */
    bool yields;          /* a lock is a place where another may come first */
    int64_t locks;        /* taken in this turn */
    int32_t lock_waiters; /* also of those that are no more */
} world;

world *sim(void);
void sim_begin(weft_ctx *ctx, uint64_t seed, bool verbose);
/* Until done(of) says so, something is wrong, or nothing is left that could happen. */
void sim_run(bool (*done)(void *of), void *of);
void sim_wrong(const char *format, ...) WEFT_PRINTF(1, 2);
void sim_say(const char *format, ...) WEFT_PRINTF(1, 2);
/* Into the trace: what two builds must agree in. */
void sim_trace(uint64_t what);
int64_t sim_dice(int64_t low, int64_t high); /* both included */
bool sim_chance(int32_t permille);
void sim_at(int64_t delay_ns, void (*call)(void *of, int64_t number), void *of, int64_t number);

process *process_new(const char *name, void *of);
process *process_now(void); /* of the running fiber; NULL: of none */
/* A thread of a process, from outside of it. */
void process_thread(process *p, void *(*main)(void *self), void *self);
/* It is gone. Called by one of its own fibers it does not return. */
void process_crash(process *p);
void process_stop(process *p, int64_t for_ns);
bool process_is_stopped(const process *p);
int64_t process_clock_ns(const process *p);                 /* its own */
int64_t process_clock_at(const process *p, int64_t at_ns);  /* … when the world's is that */
int64_t process_world_ns(const process *p, int64_t own_ns); /* the world's, when its own is that */

fiber *fiber_new(process *p, void *(*main)(void *self), void *self);
/* Of the running fiber. */
void fiber_yield(void);
void fiber_sleep(int64_t own_ns); /* by the clock of its process */
bool fiber_wait(const void *waits_for,
                int64_t until_own_ns); /* false: it was too long. INT64_MAX: for ever */
void fiber_wake(const void *waits_for, bool all);
void *fiber_join(fiber *f);

#endif
