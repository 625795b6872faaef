/* tests/simulation/failover/net.h - the network between the processes of a world: the twin of common/net.c,
 * and of coordinator/relay_port.c, whose functions it defines.
 *
 * A connection is orderly, as TCP is: what arrives is whole and in order, until it breaks. It takes a while,
 * now and then long; a parting of two processes holds it up, and when that lasts, either end notices by the
 * silence. What is new on another connection may overtake it. In a *wild* world messages between workers and
 * coordinators, whose protocol expects it, are lost too, come twice, and overtake each other. */
#ifndef WEFT_TESTS_SIMULATION_FAILOVER_NET_H
#define WEFT_TESTS_SIMULATION_FAILOVER_NET_H

#include "tests/simulation/failover/fiber.h"

void net_begin(void);
/* Nothing gets from one to the other, one way, until then (of the world). */
void net_part(const process *from, const process *to, int64_t until_ns);
/* All its connections break, and its ports are free; the other ends hear of it soon. After process_crash. */
void net_crashed(const process *p);
/* Break a connection of this process, by chance which; false: it has none. */
bool net_cut(const process *p);
/* Messages are late now and then (of a thousand). */
void net_slow(int32_t permille);
/* Of a thousand messages between workers and coordinators so many are lost, as many come twice, and as many
 * overtake others; 0: none from now on. */
void net_wild(int32_t permille);

/* The coordinator dies that sends the message with this number, from 1, of all that coordinators send to
 * clients (else to workers): while much is on its way, as by the clock nobody would. 0: none does. */
void net_crash_at(int64_t message, bool to_clients);

typedef struct net_counts {
    int64_t connections, messages, broken, late, relayed;
    int64_t lost, twice, overtaking; /* within a connection */
    int64_t crashes;                 /* net_crash_at */
    int64_t waiting_bytes;           /* now, of all that is on its way */
} net_counts;
net_counts net_count(void);

#endif
