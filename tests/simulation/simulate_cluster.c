/* tests/simulation/simulate_cluster.c - runs the clusters of many seeds; options are in runs.h. */
#include "tests/simulation/cluster.h"
#include "tests/simulation/runs.h"

/* counters, in this order */
#define COUNTERS(X)                                                                                          \
    X("crashes", true, c.node_crashes)                                                                       \
    X("connections cut", true, c.cuts)                                                                       \
    X("workers parted", true, c.partings)                                                                    \
    X("stopped", true, c.pauses)                                                                             \
    X("the coordinator stopped", true, c.stops)                                                              \
    X("messages lost", true, c.lost)                                                                         \
    X("doubled", true, c.doubled)                                                                            \
    X("fetches missed", true, c.misses)                                                                      \
    X("sessions", true, c.sessions)                                                                          \
    X("workers dead", true, c.counts.workers_lost)                                                           \
    X("forsaken", false, c.forsaken)                                                                         \
    X("relays named", false, c.relays)                                                                       \
    X("coordinators dead", true, c.coordinators)                                                             \
    X("jobs resumed", true, c.resumed)                                                                       \
    X("begun anew", true, c.anew)                                                                            \
    X("blocks found", true, c.counts.found)                                                                  \
    X("attempts taken over", true, c.counts.adopted)                                                         \
    X("launches", true, c.counts.launched)                                                                   \
    X("again", false, c.counts.rerun)                                                                        \
    X("blocks lost", false, c.counts.blocks_lost)                                                            \
    X("blocks back", true, c.counts.blocks_back)                                                             \
    X("new generations", true, c.counts.restarts)                                                            \
    X("late reports", true, c.counts.late)                                                                   \
    X("jobs", true, c.job_count)                                                                             \
    X("failed", false, c.failed_jobs)

#define NAMED(text, must, value) {text, must},
static const runs_counter counters[] = {COUNTERS(NAMED)};

static void run(weft_ctx *ctx, uint64_t seed, bool verbose, runs_result *out)
{
    static cluster c;
    weft_settings settings = *ctx->settings;
    settings.number[WEFT_SET_EXCHANGE_RELAY] = 0; /* however little it is */
    ctx->settings = &settings;
    out->wrong = cluster_run(ctx, seed, verbose, &c);
#define VALUE(text, must, value) value,
    const int64_t values[] = {COUNTERS(VALUE)};
    for (int32_t i = 0; i < WEFT_COUNT(values); i++) out->counts[i] = values[i];
    out->at_us = c.now;
    out->steps = c.steps;
    out->digest = c.digest;
}

int main(int argc, char **argv)
{
    static const runs_def def = {.program = "simulate_cluster",
                                 .counters = counters,
                                 .counter_count = WEFT_COUNT(counters),
                                 .run = run};
    runs_options options;
    return runs_parse(&def, argc, argv, &options) ? runs_all(&def, &options) : 2;
}
