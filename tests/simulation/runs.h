/* tests/simulation/runs.h - what the simulations' programs share: options, the loop over seeds, totals.
 *
 *     PROGRAM [--seed N | --first N --count N] [--trace] [what the program adds]
 *
 * --seed N              replay this one seed, and print what happens
 * --first N --count N   so many seeds from N on; stops at the first that is wrong, and tells how to replay it
 * --trace               print only the digest of all runs: the same in every build */
#ifndef WEFT_TESTS_SIMULATION_RUNS_H
#define WEFT_TESTS_SIMULATION_RUNS_H

#include "common/mem.h"

enum { RUNS_COUNTERS_MAX = 64 };

/* Something that is counted. must: a thousand runs in which it never happened prove nothing, and fail. */
typedef struct runs_counter {
    const char *name; /* "messages lost" */
    bool must;
} runs_counter;

/* What one run tells. */
typedef struct runs_result {
    const char *wrong; /* NULL: all is right */
    int64_t at_us, steps;
    uint64_t digest;
    int64_t counts[RUNS_COUNTERS_MAX]; /* as in runs_def */
} runs_result;

typedef struct runs_def {
    const char *program;
    const runs_counter *counters; /* [counter_count] */
    int32_t counter_count;
    /* ctx: of this run, with an arena and settings of its own; ctx->settings may be changed before. */
    void (*run)(weft_ctx *ctx, uint64_t seed, bool verbose, runs_result *out);
    /* An option that is the program's own, with the number behind it. False: there is none such. NULL: none.
     */
    bool (*option)(const char *name, uint64_t number);
    const char *more; /* for the usage text: "[--every N]"; NULL: nothing */
} runs_def;

typedef struct runs_options {
    uint64_t first, count;
    bool verbose, trace_only;
} runs_options;

/* False, with the usage on stderr: they are wrong. */
bool runs_parse(const runs_def *def, int argc, char **argv, runs_options *out);
/* Run one seed. */
void runs_one(const runs_def *def, uint64_t seed, bool verbose, runs_result *out);
/* Run the seeds of the options and print the totals. Answers what main does. */
int runs_all(const runs_def *def, const runs_options *options);

#endif
