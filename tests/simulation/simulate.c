/* tests/simulation/simulate.c - runs the worlds of many seeds; options are in runs.h. */
#include "tests/simulation/runs.h"
#include "tests/simulation/world.h"

/* counters, in this order */
#define COUNTERS(X)                                                                                          \
    X("crashes", true, w.crashes)                                                                            \
    X("cut off", true, w.cuts)                                                                               \
    X("pairs parted", true, w.partings)                                                                      \
    X("fetches missed", true, w.misses)                                                                      \
    X("launches", true, w.counts.launched)                                                                   \
    X("again", false, w.counts.rerun)                                                                        \
    X("blocks lost", false, w.counts.blocks_lost)                                                            \
    X("blocks back", true, w.counts.blocks_back)                                                             \
    X("new generations", true, w.counts.restarts)                                                            \
    X("late reports", true, w.counts.late)                                                                   \
    X("jobs", true, w.job_count)                                                                             \
    X("failed", false, failed)                                                                               \
    X("launched near", false, w.counts.locality[WEFT_PROCESS_LOCAL])                                         \
    X("on the host", true, w.counts.locality[WEFT_NODE_LOCAL])                                               \
    X("elsewhere", true, w.counts.locality[WEFT_ANY])                                                        \
    X("waits", true, w.waits)

#define NAMED(text, must, value) {text, must},
static const runs_counter counters[] = {COUNTERS(NAMED)};

static void run(weft_ctx *ctx, uint64_t seed, bool verbose, runs_result *out)
{
    static world w;
    int64_t failed = 0;
    out->wrong = world_run(ctx, seed, verbose, &w);
    for (int32_t i = 0; i < w.job_count; i++) failed += w.jobs[i].failed;
#define VALUE(text, must, value) value,
    const int64_t values[] = {COUNTERS(VALUE)};
    for (int32_t i = 0; i < WEFT_COUNT(values); i++) out->counts[i] = values[i];
    out->at_us = w.now;
    out->steps = w.steps;
    out->digest = w.digest;
}

int main(int argc, char **argv)
{
    static const runs_def def = {
        .program = "simulate", .counters = counters, .counter_count = WEFT_COUNT(counters), .run = run};
    runs_options options;
    return runs_parse(&def, argc, argv, &options) ? runs_all(&def, &options) : 2;
}
