/* common/net_private.h - what the files of an endpoint share.
 *
 *     net.c          the interface, for any thread
 *     net_socket.c   sockets: making, closing, what libzmq tells about them
 *     net_send.c     queues into sockets; the end of a peer
 *     net_receive.c  messages out of sockets; who sent them; whose key is let in
 *     net_loop.c     the endpoint's thread, which runs all but net.c
 *
 * A small message that another thread sends while the endpoint's thread waits goes into its socket at once,
 * by that thread: a hand-over to a thread that sleeps costs more than sending. */
#ifndef WEFT_COMMON_NET_PRIVATE_H
#define WEFT_COMMON_NET_PRIVATE_H

#include <poll.h>
#include <pthread.h>

#include "common/net.h"

enum {
    NET_SLOT_BITS = 20, /* of a peer's number: where it stands in the table; the rest never comes again */
    NET_BUCKETS = 4096,
    NET_ROUTE_BYTES = 16, /* libzmq mints 5 bytes */
    NET_ADDRESS_BYTES = 256,
    NET_HANDSHAKE_MS = 5000,
    NET_MS = 1000 * 1000 /* in ns */
};

#define NET_DESCRIPTORS_HINT "the process has as many open files as it may: raise ulimit -n"

typedef struct net_message net_message;

typedef struct net_part {
    weft_net_frame frame;
    net_message *message; /* that it is of */
    /* libzmq gives it back because it was not sent: it is still ours. Released by the thread that sends and
     * acquired by the one that gives back, so that sanitizers see the order that libzmq's queues keep. */
    _Atomic bool kept;
} net_part;

struct net_message {
    net_message *next;
    weft_net *net;
    weft_net_peer peer; /* whose waiting_bytes it counts in, until all parts are given back */
    int64_t bytes;
    int32_t count;
    _Atomic int32_t left; /* parts that were not given back: libzmq does so in a thread of its own */
    net_part parts[];     /* copied bytes stand behind them in the same block */
};

typedef enum peer_state { PEER_NEW, PEER_OPEN, PEER_DROPPED } peer_state;

/* A connection. Lives from connect, or the first message, until it is gone or dropped; an accepted one that
 * was dropped lives on as a deaf one until its connection is broken, as only the far end can close that. */
typedef struct peer {
    weft_net_peer id;
    peer_state state;      /* guarded by lock, as are all up to `first` */
    bool dirty;            /* in the list of peers with something to do */
    int64_t waiting_bytes; /* in the queue, and in libzmq's pipe */
    net_message *first, *last;
    struct peer *next_dirty;
    /* of whoever holds `io`: */
    struct peer *next, *prev; /* in the endpoint's own list */
    struct peer *next_route;  /* in its bucket */
    void *dealer, *monitor;   /* of a connection that this endpoint opened; else NULL */
    int32_t fd;               /* of an accepted connection: which disconnections concern it */
    int32_t probes;           /* left to send: is it still there? */
    int64_t probe_ns;
    int64_t stand_ns;   /* until then it must stand; 0: it does, or it was accepted */
    const char *ending; /* of an accepted one: why it is gone, once all that came from it is delivered */
    bool blocked;       /* the socket takes no more for now */
    bool broken;        /* a message was lost on its way into the socket */
    bool deaf;          /* dropped: what still comes from it is ignored */
    weft_role server;
    weft_identity who;
    uint8_t route[NET_ROUTE_BYTES];
    int32_t route_len;
    char address[NET_ADDRESS_BYTES];
} peer;

/* A socket that is waited for. */
typedef struct net_watch {
    void *socket;
    peer *peer; /* of an opened connection, or its monitor; else NULL */
    bool wants_out;
    short ready; /* ZMQ_POLLIN, ZMQ_POLLOUT */
} net_watch;

struct weft_net {
    weft_net_options options;
    weft_account *account;
    weft_arena *arena;
    weft_ctx ctx; /* of the endpoint's thread */
    int32_t port;
    pthread_t thread;
    int wake; /* eventfd */

    pthread_mutex_t lock;
    peer **slots; /* guarded by lock, as is all up to `counts`: by slot number, NULL where free */
    int32_t slot_count, slot_capacity, slot_free; /* slot_free: no free slot below it */
    uint64_t next_serial;
    peer *dirty;
    bool idle, woken;                     /* the thread waits, and `io` is free; it has been called since */
    bool stopping, is_started, is_hushed; /* is_hushed: the thread has ended */
    pthread_cond_t started;               /* is_started was set; start_error: what weft_net_start answers */
    weft_status start_error;
    bool tick_wanted;
    int64_t tick_at_ns; /* a tick is wanted then; 0: none is */
    int64_t linger_ns;
    weft_net_counts counts;

    /* Whoever touches sockets holds it: the endpoint's thread but while it waits, or a thread that sends
     * then. Taken before `lock`, or tried under it. */
    pthread_mutex_t io;
    /* guarded by io: */
    void *zmq;
    void *router, *router_monitor, *zap;
    peer *mine; /* all that it has taken on */
    int32_t mine_count;
    peer *buckets[NET_BUCKETS]; /* accepted connections, by route */
    int32_t accepted, endings;  /* of mine: not opened by this endpoint; with `ending` */
    uint32_t server_attempt;    /* which of several keys of a role to try: goes up when one was refused */
    int64_t refreshed_ns, ticked_ns, stopping_ns; /* stopping_ns: when it was told to stop; 0 before */
    uint64_t key_changes;                         /* of the allowed keys that it knows of */
    bool refresh_failed;
    struct pollfd *poll_fds; /* [watch_capacity] the first is `wake` */
    net_watch *watches;      /* [watch_capacity] likewise */
    int32_t watch_capacity;
};

/* ---- net.c: any thread ---- */

/* Lock held. The peer of this number, or NULL. */
peer *weft_net_peer_find(weft_net *net, weft_net_peer id);
/* Lock held. A new peer; NULL when there is no memory (the error is in ctx) or no slot. */
weft_status weft_net_peer_add(weft_ctx *ctx, weft_net *net, peer **out);
/* Lock held. The number means nothing any more; returns what waits for it. */
net_message *weft_net_peer_forget(weft_net *net, peer *p);
/* Lock held. Have the thread look at this peer. */
void weft_net_peer_touch(weft_net *net, peer *p);
/* Give one part back; the last one frees the message. Any thread, lock not held. */
void weft_net_part_release(net_part *part);
/* Give all parts of all messages of a list back: they were never sent. Lock not held. */
void weft_net_messages_free(net_message *message);

/* ---- the endpoint's thread, or whoever holds io ---- */

/* Send what waits for a peer as weft_net_peer_flush does, by a thread that is not the endpoint's and holds
 * io: what it cannot do itself it leaves to that thread. Gives io back. */
void weft_net_send_now(weft_net *net, peer *p);

/* The sockets that an endpoint has from its start, bound. On failure weft_net_close_sockets is due too. */
weft_status weft_net_open_sockets(weft_ctx *ctx, weft_net *net);
/* Close all and wait until libzmq has given everything back. */
void weft_net_close_sockets(weft_net *net, int32_t linger_ms);
/* Begin the connection of a peer that this endpoint opens. NULL, or why it cannot be made (static). */
const char *weft_net_dealer_open(weft_net *net, peer *p);
/* Close a socket and its monitor, in the order that never blocks libzmq's own thread; both become NULL. */
void weft_net_socket_close(void **socket, void **monitor);
/* Which of ZMQ_POLLIN and ZMQ_POLLOUT hold. */
short weft_net_socket_ready(void *socket);
/* The next event of a monitor; false when there is none. */
bool weft_net_monitor_next(void *monitor, int32_t *event, int32_t *value);

/* Take on a peer: it is in the list of this thread from now on. */
void weft_net_peer_adopt(weft_net *net, peer *p);
/* The accepted connections with such a route. */
peer **weft_net_route_bucket(weft_net *net, const void *route, int32_t len);
/* Its connection is broken: close, tell the handler, free. why: static. */
void weft_net_peer_gone(weft_net *net, peer *p, const char *why);
/* weft_net_drop was called: nothing is told. Frees it, or makes it a deaf one. */
void weft_net_peer_dropped(weft_net *net, peer *p);
/* It may not speak any more: as dropped, and the handler is told. Not of a deaf one. why: static. */
void weft_net_peer_cut(weft_net *net, peer *p, const char *why);
/* Send what waits for a peer until its socket takes no more. It may be gone after that. */
void weft_net_peer_flush(weft_net *net, peer *p);
/* An empty message, which receivers ignore. False: nobody is there any more. */
bool weft_net_peer_probe(weft_net *net, peer *p);

/* Deliver messages of the ROUTER (from NULL) or of an opened connection, up to a bound. False: there may be
 * more. *gone: the far end has said goodbye, and `from` is freed. */
bool weft_net_receive(weft_net *net, void *socket, peer *from, bool *gone);
/* Tell libzmq whose keys are let in. */
void weft_net_serve_zap(weft_net *net);

void *weft_net_main(void *self);

#endif
