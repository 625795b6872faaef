/* tests/simulation/simulate_cluster.c - runs the clusters of many seeds; options are those of simulate. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/hash.h"
#include "tests/simulation/cluster.h"

typedef struct totals {
    int64_t runs, steps, crashes, cuts, partings, stops, pauses, lost, doubled, sessions, misses, forsaken;
    int64_t jobs, failed_jobs, dead, relays, coordinators, resumed, anew;
    weft_scheduler_counts counts;
    uint64_t digest;
} totals;

static bool run_seed(uint64_t seed, bool verbose, totals *t)
{
    static cluster c;
    weft_settings settings;
    weft_ctx ctx;
    weft_settings_init(&settings);
    settings.number[WEFT_SET_EXCHANGE_RELAY] = 0; /* however little it is */
    weft_pool *pool = weft_pool_new(INT64_MAX);
    weft_account *account = weft_account_open(pool, "simulation");
    weft_arena *arena = weft_arena_new(account);
    weft_ctx_init(&ctx, arena, account, &settings);
    const char *wrong = cluster_run(&ctx, seed, verbose, &c);
    if (wrong != NULL)
        printf("seed %" PRIu64 " at %" PRId64 " us, step %" PRId64
               ": %s\nreplay: simulate_cluster --seed %" PRIu64 "\n",
               seed, c.now, c.steps, wrong, seed);
    t->runs++;
    t->steps += c.steps;
    t->crashes += c.node_crashes;
    t->cuts += c.cuts;
    t->partings += c.partings;
    t->stops += c.stops;
    t->pauses += c.pauses;
    t->lost += c.lost;
    t->doubled += c.doubled;
    t->sessions += c.sessions;
    t->misses += c.misses;
    t->forsaken += c.forsaken;
    t->relays += c.relays;
    t->coordinators += c.coordinators;
    t->resumed += c.resumed;
    t->anew += c.anew;
    t->counts.found += c.counts.found;
    t->counts.adopted += c.counts.adopted;
    t->jobs += c.job_count;
    t->failed_jobs += c.failed_jobs;
    t->dead += c.counts.workers_lost;
    t->counts.launched += c.counts.launched;
    t->counts.rerun += c.counts.rerun;
    t->counts.blocks_lost += c.counts.blocks_lost;
    t->counts.blocks_back += c.counts.blocks_back;
    t->counts.restarts += c.counts.restarts;
    t->counts.late += c.counts.late;
    t->digest = weft_hash_combine(t->digest, c.digest);
    weft_arena_free(&arena);
    weft_account_close(&account);
    weft_pool_free(&pool);
    return wrong == NULL;
}

static void print_totals(const totals *t)
{
    printf("%" PRId64 " runs, %" PRId64 " steps: %" PRId64 " crashes, %" PRId64 " connections cut, %" PRId64
           " workers parted, %" PRId64 " stopped, the coordinator stopped %" PRId64 " times, %" PRId64
           " messages lost, %" PRId64 " doubled, %" PRId64 " fetches missed; %" PRId64 " sessions, %" PRId64
           " workers dead, %" PRId64 " forsaken, %" PRId64 " relays named; ",
           t->runs, t->steps, t->crashes, t->cuts, t->partings, t->pauses, t->stops, t->lost, t->doubled,
           t->misses, t->sessions, t->dead, t->forsaken, t->relays);
    printf("%" PRId64 " coordinators dead, %" PRId64 " jobs resumed, %" PRId64 " begun anew, %" PRId64
           " blocks found, %" PRId64 " attempts taken over; ",
           t->coordinators, t->resumed, t->anew, t->counts.found, t->counts.adopted);
    printf("%" PRId64 " launches, %" PRId64 " again, %" PRId64 " blocks lost, %" PRId64 " back, %" PRId64
           " new generations, %" PRId64 " late reports; %" PRId64 " of %" PRId64
           " jobs failed; trace %016" PRIx64 "\n",
           t->counts.launched, t->counts.rerun, t->counts.blocks_lost, t->counts.blocks_back,
           t->counts.restarts, t->counts.late, t->failed_jobs, t->jobs, t->digest);
}

int main(int argc, char **argv)
{
    uint64_t first = 1, count = 1000;
    bool verbose = false, trace_only = false;
    totals t = {0};
    for (int i = 1; i < argc; i++) {
        const bool more = i + 1 < argc;
        if (strcmp(argv[i], "--seed") == 0 && more) {
            first = strtoull(argv[++i], NULL, 10);
            count = 1;
            verbose = true;
        } else if (strcmp(argv[i], "--first") == 0 && more)
            first = strtoull(argv[++i], NULL, 10);
        else if (strcmp(argv[i], "--count") == 0 && more)
            count = strtoull(argv[++i], NULL, 10);
        else if (strcmp(argv[i], "--trace") == 0)
            trace_only = true;
        else {
            fputs("usage: simulate_cluster [--seed N | --first N --count N] [--trace]\n", stderr);
            return 2;
        }
    }
    for (uint64_t s = first; s < first + count; s++)
        if (!run_seed(s, verbose, &t)) return 1;
    if (trace_only) {
        printf("%016" PRIx64 "\n", t.digest);
        return 0;
    }
    print_totals(&t);
    /* A run in which nothing went wrong proves nothing. */
    return count >= 1000 && (t.crashes == 0 || t.cuts == 0 || t.partings == 0 || t.stops == 0 ||
                             t.pauses == 0 || t.lost == 0 || t.doubled == 0 || t.misses == 0 || t.dead == 0 ||
                             t.counts.restarts == 0 || t.resumed == 0 || t.anew == 0 || t.counts.found == 0 ||
                             t.counts.adopted == 0 || t.counts.blocks_back == 0 || t.counts.late == 0);
}
