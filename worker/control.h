/* worker/control.h - a worker's end of its talk with the coordinator: connecting, registering, reporting. A
 * pure machine: events in, actions out; no I/O, no clock, no randomness but the seed of its backoff.
 *
 *   APART   no connection: opens one, each time later than before (backoff with jitter)
 *   ASKING  connected, has told who it is and what it holds (REGISTER), waits for the welcome
 *   MEMBER  in a session: orders are handled in order, each once; reports are numbered by it
 *
 * Silence counts only while this machine is awake: when ticks come late (the process was stopped, or its
 * machine busy), nobody has kept silent by that, neither the leader nor, for grace_ns, all that there are.
 * The lease counts all time, as the coordinator does not know what became of this process.
 *
 * Whatever is wrong (connection broken, a message missing, nothing heard) ends in APART and a new session, in
 * which both ends compare what they hold. Reports are kept until the coordinator has acknowledged them, and
 * sent again in the next session: the k-th message of a session is the k-th report that was not acknowledged
 * when it began.
 *
 * Lease: when nothing was heard for lease_ns, attempts that have not begun must not begin (PAUSE): the
 * coordinator may have given them to others. Blocks are kept; after grace_ns without a coordinator the worker
 * ends (FORSAKEN).
 *
 * Epoch: sessions are minted by a leader with its epoch in the high 32 bits. A welcome of a lower one than
 * was seen is of a deposed leader, and refused. To one of a higher epoch the reports of all that the worker
 * holds are sent again (AGAIN), behind those that were on their way. */
#ifndef WEFT_WORKER_CONTROL_H
#define WEFT_WORKER_CONTROL_H

#include "common/link.h"

typedef enum weft_control_state {
    WEFT_CONTROL_APART,
    WEFT_CONTROL_ASKING,
    WEFT_CONTROL_MEMBER
} weft_control_state;

typedef struct weft_control_options {
    int64_t tick_ns; /* how often ticks come */
    int64_t beat_ns, silent_ns, lease_ns, grace_ns;
    int64_t backoff_least_ns, backoff_most_ns;
    int64_t welcome_ns; /* wait so long for a welcome */
    uint64_t seed;
} weft_control_options;

typedef struct weft_control {
    weft_control_options options;
    weft_control_state state;
    weft_link link;
    uint64_t peer;           /* the connection; 0: none */
    uint64_t registrations;  /* so far: the number of the one that CONNECT asks for */
    uint32_t epoch;          /* highest seen; kept on disk by whoever runs this */
    uint64_t reports, acked; /* made so far; acknowledged of them */
    uint64_t base;           /* acknowledged when the session began */
    int64_t connect_ns;      /* APART: when to try; ASKING: until when to wait */
    int64_t heard_ns;        /* from any coordinator */
    int64_t lonely_ns;       /* … but for time in which no tick came */
    int64_t ticked_ns;       /* INT64_MIN: never */
    int32_t tries;
    uint64_t random;
    bool paused, forsaken;
} weft_control;

typedef enum weft_control_event_kind {
    WEFT_CONTROL_WELCOME, /* head.session, over peer */
    WEFT_CONTROL_ORDER,   /* head, over peer */
    WEFT_CONTROL_PIECE,   /* likewise; a heartbeat acknowledges it at once: its sender waits for that */
    WEFT_CONTROL_BEAT,    /* head, over peer */
    WEFT_CONTROL_GONE,    /* the connection of peer is broken */
    WEFT_CONTROL_REPORT,  /* one more report was put at the end of the outbox */
    WEFT_CONTROL_TICK
} weft_control_event_kind;

typedef struct weft_control_event {
    weft_control_event_kind kind;
    uint64_t peer;
    weft_link_head head;
} weft_control_event;

typedef enum weft_control_action_kind {
    WEFT_CONTROL_CONNECT, /* open a connection (weft_control_connected tells which), and register over it, as
                             registration number `registrations` */
    WEFT_CONTROL_CLOSE,   /* close the connection of peer */
    WEFT_CONTROL_HANDLE,  /* the order of the event is next: carry it out */
    WEFT_CONTROL_SEND,    /* send report `report` of the outbox (the first ever made is 1) with head */
    WEFT_CONTROL_AGAIN, /* another coordinator leads: put the reports of all blocks into the outbox, then HELD
                         */
    WEFT_CONTROL_FORGET, /* reports up to `report` need not be kept */
    WEFT_CONTROL_BEATS,  /* send a heartbeat with head */
    WEFT_CONTROL_PAUSE,  /* begin no attempt */
    WEFT_CONTROL_RESUME,
    WEFT_CONTROL_FORSAKEN /* no coordinator for the grace time: drop all and end */
} weft_control_action_kind;

typedef struct weft_control_action {
    weft_control_action_kind kind;
    uint64_t peer, report;
    weft_link_head head;
} weft_control_action;

/* Called for each action of a step, in order; it must not step the machine again. */
typedef void weft_control_act(void *self, const weft_control_action *action);

void weft_control_init(weft_control *c, const weft_control_options *options, uint32_t epoch, int64_t now_ns);
void weft_control_step(weft_control *c, const weft_control_event *event, int64_t now_ns,
                       weft_control_act *act, void *self);
/* After CONNECT: the connection, over which the registration was sent; 0: it could not be. */
void weft_control_connected(weft_control *c, uint64_t peer, int64_t now_ns);

#endif
