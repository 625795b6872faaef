/* coordinator/relays.h - who passes the blocks of a holder on to whom, when all read them: a tree of workers
 * for each holder, its root.
 *
 * A worker joins below the first that has room, the holder before all, then in the order in which they
 * joined: so nobody is asked by more than WEFT_RELAY_CHILDREN others, and the way to the last one is short.
 * When one leaves, those below it ask the holder. Pure: no clock, no I/O. */
#ifndef WEFT_COORDINATOR_RELAYS_H
#define WEFT_COORDINATOR_RELAYS_H

#include "common/ctx.h"

enum { WEFT_RELAY_CHILDREN = 2 }; /* with more, one's own link is shared by more; with one the way is long */

typedef struct weft_relay_node {
    int32_t worker; /* its number; -1: it has left */
    int32_t parent; /* the number of the one that it asks; -1: the holder */
    int32_t children;
} weft_relay_node;

typedef struct weft_relay_tree {
    struct weft_relay_tree *next;
    int32_t holder;
    int32_t children; /* of the holder */
    int32_t room;     /* nodes before it have none, and never will */
    int32_t count, capacity;
    weft_relay_node *nodes; /* in the order in which they joined */
} weft_relay_tree;

/* May blocks be asked of this worker now? */
typedef bool weft_relay_usable(const void *self, int32_t worker);

/* *parent: the worker that this one asks before the holder, the same one when it has joined before; -1: it
 * asks the holder at once. Memory is charged to ctx's account. Errors: WEFT_NOMEM. */
WEFT_MUST_CHECK weft_status weft_relays_join(weft_ctx *ctx, weft_relay_tree **trees, int32_t holder,
                                             int32_t worker, weft_relay_usable *usable, const void *self,
                                             int32_t *parent);
/* The worker is dead, or may have nothing any more. */
void weft_relays_leave(weft_relay_tree *trees, int32_t worker);
void weft_relays_free(weft_relay_tree **trees);
/* NULL, or what does not add up: for tests and simulation. alive: like usable, of workers that are not
 * dead. */
const char *weft_relays_check(const weft_relay_tree *trees, weft_relay_usable *alive, const void *self);

#endif
