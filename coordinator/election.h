/* coordinator/election.h - who leads: one coordinator's part of the election, as a pure machine.
 *
 * Events in, actions out; no I/O, clock or randomness (election_driver.h has those). In ZooKeeper:
 *
 *     candidates/GUID-n_NNNNNNNNNN   ephemeral and sequential: those who stand for election
 *     epoch                          epoch, term and GUID of who leads; its version is the leader's fence
 *
 * The way to lead: create a candidate → list the candidates → somebody stands before: watch that one only
 * → nobody does: read the epoch → one transaction: check that my candidate is there, and set the epoch at the
 * version that was read. Who has set it leads. An election by order alone would not do: between seeing that
 * nobody stands before and acting on it any time may pass. The order only sees to it that one tries at a
 * time.
 *
 * Outcomes that are not known (the connection broke) are read back: a candidate is looked up by its GUID
 * before one is created, and an epoch that names my GUID, greater than all that I have led, is mine. The
 * driver lists and reads after a sync, so what is not there then will not come (the server refuses requests
 * of a session that has moved on).
 *
 * The lease: a leader may act until lease_ns after it *sent* the last request that was answered. The server
 * cannot have ended its session before. It is suspended when the connection is lost, and steps down when the
 * lease ends, when its session has ended or when another epoch stands. It never goes on with a leadership
 * that it has stepped down from: it stands again, in the same session or in a new one.
 *
 * The driver answers each request once, unless the session ended. Watches fire at most once and may fire
 * without a reason. An event that comes late or twice does no harm. A plain value: it can be copied. */
#ifndef WEFT_COORDINATOR_ELECTION_H
#define WEFT_COORDINATOR_ELECTION_H

#include "common/uuid.h"

enum {
    WEFT_ELECTION_NAME_BYTES = 64, /* of a candidate's node: GUID, "-n_", 10 digits, zero byte */
    WEFT_ELECTION_ACTIONS_MAX = 4
};
#define WEFT_ELECTION_EPOCH_MAX UINT32_MAX /* it is half of the number of a session */

typedef enum weft_election_state {
    WEFT_ELECTION_ABSENT,  /* no session, or no candidate that is known of */
    WEFT_ELECTION_STANDBY, /* a candidate; the order may be known or not */
    WEFT_ELECTION_LEADS,
    WEFT_ELECTION_SUSPENDED /* leads, but the connection is lost, or it is not known that nobody else does */
} weft_election_state;

/* What stands in the epoch's node. */
typedef struct weft_election_epoch {
    uint64_t epoch, term;
    int32_t version; /* of the node; -1: there is none */
    weft_uuid guid;  /* of the candidate that leads */
} weft_election_epoch;

typedef enum weft_election_event_kind {
    WEFT_ELECTION_SESSION,       /* a new session stands: guid for its candidate, lease_ns */
    WEFT_ELECTION_CONNECTED,     /* the session has a connection again */
    WEFT_ELECTION_LOST,          /* the connection broke; what was asked may have happened or not */
    WEFT_ELECTION_EXPIRED,       /* the session has ended, and its candidate is gone */
    WEFT_ELECTION_ANSWER,        /* to a request */
    WEFT_ELECTION_PROBED,        /* the server answered something that was sent at sent_ns */
    WEFT_ELECTION_ORDER_CHANGED, /* the watch of the predecessor fired */
    WEFT_ELECTION_EPOCH_CHANGED, /* the watch of the epoch fired */
    WEFT_ELECTION_TICK,          /* time has passed */
    WEFT_ELECTION_RESIGN         /* the owner cannot lead, or does not want to: to the end of the line */
} weft_election_event_kind;

typedef enum weft_election_outcome {
    WEFT_ELECTION_DONE,
    WEFT_ELECTION_MISSING, /* WATCH: the node is gone. TAKE: the candidate is */
    WEFT_ELECTION_STALE,   /* TAKE: the epoch has another version */
    WEFT_ELECTION_UNKNOWN, /* it may have happened or not */
    WEFT_ELECTION_FAILED   /* it did not happen, and would not at once */
} weft_election_outcome;

typedef struct weft_election_event {
    weft_election_event_kind kind;
    int64_t now_ns;   /* monotonic, never less than in the event before */
    int64_t wall_s;   /* seconds since 2025 by the wall clock; epochs are not less. READ's answer */
    weft_uuid guid;   /* SESSION */
    int64_t lease_ns; /* SESSION */
    int64_t sent_ns;  /* ANSWER, PROBED: when the request was sent */
    uint64_t request; /* ANSWER: which */
    weft_election_outcome outcome;
    const char *name;         /* CREATE done: of the node, without folder */
    const char *const *names; /* LIST done: [count] all of the candidates, in any order; borrowed */
    int32_t count;
    weft_election_epoch epoch; /* READ done */
    int32_t version;           /* TAKE done: the version that the node has now */
} weft_election_event;

typedef enum weft_election_action_kind {
    /* requests: to be answered, at most one at a time */
    WEFT_ELECTION_CREATE, /* a candidate, ephemeral and sequential, named by the GUID */
    WEFT_ELECTION_LIST,   /* after a sync */
    WEFT_ELECTION_READ,   /* the epoch, after a sync, and watch it, also when it is not there */
    WEFT_ELECTION_WATCH,  /* is `name` there? And watch it */
    WEFT_ELECTION_TAKE,   /* check `name`, and set epoch at epoch.version (-1: create it) */
    /* for the owner */
    WEFT_ELECTION_LEAD,    /* with epoch; its version is the fence of all that is written */
    WEFT_ELECTION_SUSPEND, /* decide nothing */
    WEFT_ELECTION_RESUME,
    WEFT_ELECTION_STEP_DOWN, /* at once; why */
    WEFT_ELECTION_FOLLOW,    /* another leads, or did: epoch */
    WEFT_ELECTION_RENEW      /* end the session and begin another */
} weft_election_action_kind;

typedef struct weft_election_action {
    weft_election_action_kind kind;
    uint64_t request; /* of a request, never 0 */
    weft_uuid guid;   /* CREATE */
    char name[WEFT_ELECTION_NAME_BYTES];
    weft_election_epoch epoch; /* TAKE: with the version to be replaced. LEAD, FOLLOW */
    const char *why;           /* STEP_DOWN: static text */
} weft_election_action;

typedef struct weft_election_actions {
    int32_t count;
    weft_election_action items[WEFT_ELECTION_ACTIONS_MAX];
} weft_election_actions;

/* Read with the functions below; shown so that it can be copied. */
typedef struct weft_election {
    weft_election_state state;
    bool in_session, connected, has_candidate, is_looked_up, is_first, is_watched, is_read, is_outdated;
    weft_election_action_kind asked; /* the request that is under way */
    uint64_t request, last_request;  /* request 0: none is */
    weft_uuid guid;
    char own[WEFT_ELECTION_NAME_BYTES], before[WEFT_ELECTION_NAME_BYTES];
    weft_election_epoch epoch; /* as read last */
    weft_election_epoch mine;  /* while it leads */
    uint64_t led_epoch;        /* the greatest that it has led */
    int64_t lease_ns, heard_ns, now_ns, retry_ns;
} weft_election;

void weft_election_init(weft_election *election);
/* One event; *out is what to do now, in this order. */
void weft_election_step(weft_election *election, const weft_election_event *event,
                        weft_election_actions *out);
/* When a TICK is due at the latest; INT64_MAX: nothing waits for time. */
int64_t weft_election_due_ns(const weft_election *election);
/* "ABSENT", "STANDBY", … for people. */
const char *weft_election_state_name(weft_election_state state);

#endif
