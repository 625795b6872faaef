/* tests/support/narrow.h - a way to a port of this machine by which only so many bytes a second come back,
 * and none wait on the way: a slow network. */
#ifndef WEFT_TESTS_SUPPORT_NARROW_H
#define WEFT_TESTS_SUPPORT_NARROW_H

#include <pthread.h>
#include <stdatomic.h>

#include "common/base.h"

/* One connection at a time is carried; the next one waits until it is over. */
typedef struct weft_narrow {
    int32_t port; /* connect here */
    int32_t far_port;
    int64_t bytes_a_second;
    atomic_int connections; /* so far */
    int listener;
    pthread_t thread;
    atomic_bool stops;
} weft_narrow;

/* Connections to n->port go to far_port, in a thread of its own. */
void weft_narrow_start(weft_narrow *n, int32_t far_port, int64_t bytes_a_second);
void weft_narrow_stop(weft_narrow *n);

#endif
