/* common/net.h - messages between processes over ZeroMQ: an endpoint is one actor that owns its sockets.
 *
 * An endpoint listens on at most one address (a ROUTER) and opens connections to others (a DEALER each). The
 * far end of a connection is a *peer*: a number of this endpoint that is never used again. A peer is one
 * connection: when it breaks the peer is gone, and whoever needs the far end connects anew. Nothing is
 * resent, and nothing that was queued for one process can reach the next one on its port.
 *
 * A message is one to WEFT_NET_FRAMES_MAX frames: the first is for the receiver's decoder and never empty,
 * the others are raw bytes. Sending never waits: each peer has a queue with a limit in bytes, which counts
 * all that the kernel has not taken yet, and a full one is WEFT_LIMIT. Frames with a release function are
 * sent without a copy.
 *
 * Threads: send, connect and drop by any thread; the handler runs in the endpoint's own thread and must not
 * wait for anything. Messages of one peer keep their order. A dead process is noticed by its broken
 * connection within some tens of milliseconds, a dead machine by ZMTP heartbeats (options.silence_ms), a
 * connection that does not come to stand after ten seconds. What came before the end is delivered before
 * `gone`. Host names are looked up by libzmq's thread, which waits for the answer: better give addresses.
 *
 * Descriptors: an opened connection takes five, an accepted one one. Without any left, starting and
 * connecting fail; accepting waits until there is one.
 *
 * Keys: with them every connection is CURVE; who the far end is comes with each message and cannot be forged
 * (see keys.h). Without keys there is no encryption and every peer may be anybody: loopback only, which
 * weft_net_start enforces. */
#ifndef WEFT_COMMON_NET_H
#define WEFT_COMMON_NET_H

#include "common/keys.h"
#include "common/mem.h"

typedef struct weft_net weft_net;
typedef uint64_t weft_net_peer; /* 0 is none */

enum { WEFT_NET_FRAMES_MAX = 64 };

/* A part of a message. Sending: bytes are copied when release is NULL, else borrowed until release(owner) is
 * called, by any thread, also when the message is dropped (not when send fails). Receiving: borrowed for the
 * call of the handler, unless it is kept; owner is the endpoint's. */
typedef struct weft_net_frame {
    const void *bytes;
    size_t len;
    void (*release)(void *owner);
    void *owner;
} weft_net_frame;

/* Memory of a frame that came, taken out of its message. Zeroed is empty. */
typedef struct weft_net_kept {
    uint64_t opaque[8];
} weft_net_kept;

/* What an endpoint does when something happens. Members may be NULL. In the endpoint's thread. */
typedef struct weft_net_handler {
    void *self;
    /* A message came. who: the far end's proven identity; without keys role is WEFT_ROLE_ANY. */
    void (*message)(void *self, weft_net_peer peer, const weft_identity *who, const weft_net_frame *frames,
                    int32_t count);
    /* The peer's connection is broken or was never made; nothing more comes from it. why: static text. Not
     * called for peers that were dropped by weft_net_drop. */
    void (*gone)(void *self, weft_net_peer peer, const char *why);
    /* Every tick_ms, and late when the thread was busy; and soon after weft_net_wake. */
    void (*tick)(void *self);
} weft_net_handler;

typedef struct weft_net_options {
    const char *listen; /* "tcp://HOST:PORT" (port 0: any free one), or NULL */
    weft_keys *keys;    /* borrowed; NULL: no encryption. The endpoint refreshes it */
    weft_role role;     /* of this endpoint: which of the keys it shows */
    weft_net_handler handler;
    int32_t tick_ms;       /* 0: no ticks */
    int32_t silence_ms;    /* heartbeats: a connection that is silent for so long is broken */
    int64_t queue_bytes;   /* most bytes that wait to be sent to one peer */
    int64_t message_bytes; /* larger frames that come in break their connection */
    int32_t peers_max;     /* connections that others may open to this endpoint */
    bool lends_freely;     /* no `release` waits for a lock that a sender of messages holds: so messages with
                              frames that are lent go into their socket by the thread that sends them, too */
} weft_net_options;

/* Start: returns when the address is bound and the thread runs. Errors: WEFT_INVALID (no such address, an
 * address off the loopback without keys), WEFT_IO (in use), WEFT_NOMEM. */
WEFT_MUST_CHECK weft_status weft_net_start(weft_ctx *ctx, const weft_net_options *options, weft_net **out);
/* Can one listen on this address, or connect to it, with or without keys? Errors: WEFT_INVALID, as they would
 * be then. */
WEFT_MUST_CHECK weft_status weft_net_check_address(weft_ctx *ctx, const char *address, bool keys);
/* The port that it listens on; 0 when it does not. */
int32_t weft_net_port(const weft_net *net);
/* Open a connection to "tcp://HOST:PORT". server: the role that the far end must prove (keys only). The peer
 * can be sent to at once; `gone` tells when the connection cannot be made. Errors: WEFT_INVALID, WEFT_NOMEM.
 */
WEFT_MUST_CHECK weft_status weft_net_connect(weft_ctx *ctx, weft_net *net, const char *address,
                                             weft_role server, weft_net_peer *out);
/* Of the reason that `gone` was told: was there somebody, who closed the connection without a word? */
bool weft_net_was_closed(const char *why);
/* Queue a message; a peer with an empty queue takes one of any size. Errors, all without taking any frame:
 * WEFT_LIMIT (the queue is full), WEFT_UNREACHABLE (the peer is gone), WEFT_INVALID (the first frame is
 * empty), WEFT_NOMEM. */
WEFT_MUST_CHECK weft_status weft_net_send(weft_ctx *ctx, weft_net *net, weft_net_peer peer,
                                          const weft_net_frame *frames, int32_t count);
/* In the handler: keep a frame that came beyond the call, without a copy. Returns where its bytes lie from
 * now on, as long as *out stays where it is; they may be written to. That memory is libzmq's: the caller
 * charges it. Give it back with weft_net_kept_free, in any thread; empty is allowed. */
void *weft_net_keep(const weft_net_frame *frame, weft_net_kept *out);
void weft_net_kept_free(weft_net_kept *kept);
/* Bytes that wait to be sent to a peer: frames that were not given back yet; 0 when it is gone. */
int64_t weft_net_waiting_bytes(weft_net *net, weft_net_peer peer);
/* Forget a peer: what waits for it is dropped, what still comes from it is ignored. `gone` is not called
 * here, but at the far end: it is told to close the connection when this end cannot. */
void weft_net_drop(weft_net *net, weft_net_peer peer);

/* Have the endpoint's thread call `tick` soon. Any thread; several before it runs are one. */
void weft_net_wake(weft_net *net);
/* Have it called at this time (as weft_now_ns has it), once, besides every tick_ms. Any thread; the last call
 * counts. */
void weft_net_tick_at(weft_net *net, int64_t time_ns);

typedef struct weft_net_counts {
    int64_t messages_sent, bytes_sent, messages_received, bytes_received;
    int64_t refused; /* sends that found a full queue */
    int64_t ignored; /* messages of too many frames, or of more peers than peers_max */
    int64_t peers;   /* now */
} weft_net_counts;
void weft_net_count(weft_net *net, weft_net_counts *out);

/* Fall silent at once, without a word: what waits is dropped, all connections are broken, nobody listens any
 * more, and the handler is not called again. Sending answers WEFT_UNREACHABLE from now on; all else still may
 * be called, by any thread. Not from the handler. */
void weft_net_hush(weft_net *net);
/* Send what waits for at most linger_ms, close all, join the thread, free. NULL is allowed. Not from the
 * handler; no other thread uses the endpoint any more. */
void weft_net_stop(weft_net **net, int32_t linger_ms);

#endif
