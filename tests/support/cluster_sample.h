/* tests/support/cluster_sample.h - a made-up cluster for the tests of what people see: three workers, jobs of
 * every state, texts that try to be more than text. */
#ifndef WEFT_TESTS_SUPPORT_CLUSTER_SAMPLE_H
#define WEFT_TESTS_SUPPORT_CLUSTER_SAMPLE_H

#include <stdatomic.h>

#include "coordinator/http.h"

typedef struct weft_cluster_sample {
    atomic_bool stands_by;    /* it does not lead … */
    atomic_bool nobody_leads; /* … nor does anybody else */
    atomic_bool journal_broken;
    atomic_bool no_memory;   /* status fails */
    atomic_int jobs;         /* so many ended ones besides */
    atomic_ullong cancelled; /* the count of the last job that was cancelled */
} weft_cluster_sample;

/* Job 3000007 runs, 6 of epoch 3 succeeded, 5 failed, 4 was cancelled. */
weft_http_provider weft_cluster_sample_provider(weft_cluster_sample *sample);

#endif
