/* coordinator/members.h - which workers there are: registration, silence, death. A pure machine, as the
 * scheduler is: events in, actions out.
 *
 * A worker is a UUID of its process; its *number* is what the scheduler calls it, never used twice. A
 * registration opens a session (common/link.h) on the connection that it came over; the same worker registers
 * again when its connection broke or a message was lost, and keeps its number if it was not declared dead. A
 * process counts its registrations: one that comes late, or twice, over whatever connection, changes nothing.
 *
 *   PRESENT → SILENT   its connection broke, a gap in its messages, or nothing heard for silent_ns
 *   SILENT  → PRESENT  it has registered again
 *   SILENT  → dead     lost_ns later; the only way to die. Its number is gone; the UUID may come back, under
 *                      a new one.
 *
 * Silence counts only while this machine is awake: when ticks come late (the process was stopped, or busy),
 * nobody has become silent by that. */
#ifndef WEFT_COORDINATOR_MEMBERS_H
#define WEFT_COORDINATOR_MEMBERS_H

#include "common/link.h"
#include "common/mem.h"
#include "common/uuid.h"

typedef struct weft_members weft_members;

typedef struct weft_members_options {
    int64_t tick_ns;   /* how often ticks come */
    int64_t beat_ns;   /* say something at least so often */
    int64_t silent_ns; /* nothing heard for so long: silent */
    int64_t lost_ns;   /* silent for so long: dead */
} weft_members_options;

typedef enum weft_member_event_kind {
    WEFT_MEMBER_REGISTERS, /* uuid, registration and slots, over peer */
    WEFT_MEMBER_MESSAGE,   /* head, over peer */
    WEFT_MEMBER_BEAT,      /* likewise: a heartbeat */
    WEFT_MEMBER_LEAVES,    /* the worker behind peer ends in order */
    WEFT_MEMBER_GONE,      /* the connection of peer is broken */
    WEFT_MEMBER_TICK
} weft_member_event_kind;

typedef struct weft_member_event {
    weft_member_event_kind kind;
    uint64_t peer; /* a connection */
    weft_uuid uuid;
    uint64_t registration;
    int32_t slots;
    weft_link_head head;
} weft_member_event;

typedef enum weft_member_action_kind {
    WEFT_MEMBER_WELCOME, /* tell peer: it is number, the session is head.session; then compare what both hold
                          */
    WEFT_MEMBER_HANDLE,  /* the message of the event is next: handle it, from number */
    WEFT_MEMBER_BEATS,   /* send peer a heartbeat with head */
    WEFT_MEMBER_CLOSE, /* close the connection of peer: its worker has a newer one, or must register again */
    WEFT_MEMBER_PRESENT, /* tell the scheduler: number is there, with slots */
    WEFT_MEMBER_SILENT,  /* … is silent */
    WEFT_MEMBER_DEAD     /* … is lost */
} weft_member_action_kind;

typedef struct weft_member_action {
    weft_member_action_kind kind;
    uint64_t peer;
    int32_t number, slots;
    weft_link_head head;
} weft_member_action;

typedef struct weft_member_actions {
    weft_member_action *items; /* owned by the machine, good until the next step */
    int32_t count;
} weft_member_actions;

/* Memory is charged to ctx's account; caller frees. first_session: greater than any session of an earlier
 * coordinator (its epoch in the high bits). */
WEFT_MUST_CHECK weft_status weft_members_new(weft_ctx *ctx, const weft_members_options *options,
                                             uint64_t first_session, weft_members **out);
/* Errors: WEFT_NOMEM, of REGISTERS only, before anything was changed. */
WEFT_MUST_CHECK weft_status weft_members_step(weft_ctx *ctx, weft_members *m, const weft_member_event *event,
                                              int64_t now_ns, weft_member_actions *actions);
/* Where to send to a worker, and the head of the message. False: it is not present; what it should hear it
 * will be told when it registers again. */
bool weft_members_send(weft_members *m, int32_t number, int64_t now_ns, uint64_t *peer, weft_link_head *head);
/* How many messages of its session a worker has acknowledged; 0: it is not present. */
uint64_t weft_members_acked(const weft_members *m, int32_t number);
/* The number of the worker behind a connection, or -1. */
int32_t weft_members_find(const weft_members *m, uint64_t peer);
/* The connection of a worker, 0 when there is none. */
uint64_t weft_members_peer(const weft_members *m, int32_t number);
/* NULL, or what does not add up; for tests and simulation. */
const char *weft_members_check(const weft_members *m);
void weft_members_free(weft_members **m);

#endif
