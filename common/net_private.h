/* common/net_private.h - what net.c (the interface, any thread) and net_loop.c (the endpoint's thread) share.
 */
#ifndef WEFT_COMMON_NET_PRIVATE_H
#define WEFT_COMMON_NET_PRIVATE_H

#include <pthread.h>

#include "common/net.h"

enum {
    NET_SLOT_BITS = 20, /* of a peer's number: where it stands in the table; the rest never comes again */
    NET_BUCKETS = 4096,
    NET_ROUTE_BYTES = 16, /* libzmq mints 5 bytes */
    NET_ADDRESS_BYTES = 256
};

typedef struct net_message net_message;

typedef struct net_part {
    weft_net_frame frame;
    net_message *message; /* that it is of */
} net_part;

struct net_message {
    net_message *next;
    int64_t bytes;
    int32_t count;
    _Atomic int32_t left; /* parts that were not given back: libzmq does so in a thread of its own */
    net_part parts[];     /* copied bytes stand behind them in the same block */
};

typedef enum peer_state { PEER_NEW, PEER_OPEN, PEER_DROPPED } peer_state;

/* A connection. Lives from connect, or the first message, until it is gone or dropped. */
typedef struct peer {
    weft_net_peer id;
    peer_state state; /* guarded by lock, as are all up to `first` */
    bool dirty;       /* in the list of peers with something to do */
    int64_t waiting_bytes;
    net_message *first, *last;
    struct peer *next_dirty;
    /* of the endpoint's thread: */
    struct peer *next, *prev; /* in its own list */
    struct peer *next_route;  /* in its bucket */
    void *dealer, *monitor;   /* of a connection that this endpoint opened; else NULL */
    int32_t fd;               /* of an accepted connection: which disconnections concern it */
    int32_t probes;           /* left to send: is it still there? */
    int64_t probe_ns;
    bool blocked; /* the socket takes no more for now */
    weft_role server;
    weft_identity who;
    uint8_t route[NET_ROUTE_BYTES];
    int32_t route_len;
    char address[NET_ADDRESS_BYTES];
} peer;

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
    bool woken, stopping;
    bool tick_wanted;
    int64_t linger_ns;
    weft_net_counts counts;

    /* of the endpoint's thread: */
    void *zmq;
    void *router, *router_monitor, *zap;
    peer *mine; /* all that it has taken on */
    int32_t mine_count;
    peer *buckets[NET_BUCKETS]; /* accepted connections, by route */
    int32_t accepted;
    uint32_t server_attempt; /* which of several keys of a role to try: goes up when one was refused */
    int64_t refreshed_ns, ticked_ns;
    void *poll_items; /* zmq_pollitem_t[poll_capacity] */
    peer **poll_peers;
    int32_t poll_capacity;
};

/* Lock held. The peer of this number, or NULL. */
peer *weft_net_peer_find(weft_net *net, weft_net_peer id);
/* Lock held. A new peer; NULL when there is no memory (the error is in ctx) or no slot. */
weft_status weft_net_peer_add(weft_ctx *ctx, weft_net *net, peer **out);
/* Lock held. Have the thread look at this peer. */
void weft_net_peer_touch(weft_net *net, peer *p);
/* Give one part back; the last one frees the message. Any thread. */
void weft_net_part_release(net_part *part);
/* Give all parts back: the message was never sent. */
void weft_net_message_free(net_message *message);

/* Make the sockets, bind, and run until told to stop. In net_loop.c. */
weft_status weft_net_open_sockets(weft_ctx *ctx, weft_net *net);
void weft_net_close_sockets(weft_net *net, int32_t linger_ms);
void *weft_net_main(void *self);

#endif
