/* tests/simulation/simulate.c - runs the worlds of many seeds: simulate [options].
 *
 * --seed N          replay this one seed, and print what happens
 * --first N --count N   so many seeds from N on; stops at the first that is wrong, and tells how to replay it
 * --trace           print the digest of all runs: the same in every build */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/hash.h"
#include "tests/simulation/world.h"

typedef struct totals {
    int64_t runs, steps, crashes, cuts, partings, misses, waits, failed_jobs, jobs;
    weft_scheduler_counts counts;
    uint64_t digest;
} totals;

static bool run_seed(uint64_t seed, bool verbose, totals *t)
{
    static world w;
    weft_settings settings;
    weft_ctx ctx;
    weft_settings_init(&settings);
    weft_pool *pool = weft_pool_new(INT64_MAX);
    weft_account *account = weft_account_open(pool, "simulation");
    weft_arena *arena = weft_arena_new(account);
    weft_ctx_init(&ctx, arena, account, &settings);
    const char *wrong = world_run(&ctx, seed, verbose, &w);
    if (wrong != NULL)
        printf("seed %" PRIu64 " at %" PRId64 " us, step %" PRId64 ": %s\nreplay: simulate --seed %" PRIu64
               "\n",
               seed, w.now, w.steps, wrong, seed);
    t->runs++;
    t->steps += w.steps;
    t->crashes += w.crashes;
    t->cuts += w.cuts;
    t->partings += w.partings;
    t->misses += w.misses;
    t->waits += w.waits;
    t->jobs += w.job_count;
    for (int32_t i = 0; i < w.job_count; i++) t->failed_jobs += w.jobs[i].failed;
    t->counts.launched += w.counts.launched;
    t->counts.rerun += w.counts.rerun;
    t->counts.blocks_lost += w.counts.blocks_lost;
    t->counts.blocks_back += w.counts.blocks_back;
    t->counts.restarts += w.counts.restarts;
    t->counts.late += w.counts.late;
    for (int32_t i = 0; i < WEFT_LOCALITY_COUNT; i++) t->counts.locality[i] += w.counts.locality[i];
    t->digest = weft_hash_combine(t->digest, w.digest);
    weft_arena_free(&arena);
    weft_account_close(&account);
    weft_pool_free(&pool);
    return wrong == NULL;
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
            fputs("usage: simulate [--seed N | --first N --count N] [--trace]\n", stderr);
            return 2;
        }
    }
    for (uint64_t s = first; s < first + count; s++)
        if (!run_seed(s, verbose, &t)) return 1;
    if (trace_only) {
        printf("%016" PRIx64 "\n", t.digest);
        return 0;
    }
    printf("%" PRId64 " runs, %" PRId64 " steps: %" PRId64 " crashes, %" PRId64 " cut off, %" PRId64
           " pairs parted, %" PRId64 " fetches missed; %" PRId64 " launches, %" PRId64 " again, %" PRId64
           " blocks lost, %" PRId64 " back, %" PRId64 " new generations, %" PRId64 " late reports; %" PRId64
           " of %" PRId64 " jobs failed; launched near %" PRId64 ", on the host %" PRId64
           ", elsewhere %" PRId64 ", %" PRId64 " waits; trace %016" PRIx64 "\n",
           t.runs, t.steps, t.crashes, t.cuts, t.partings, t.misses, t.counts.launched, t.counts.rerun,
           t.counts.blocks_lost, t.counts.blocks_back, t.counts.restarts, t.counts.late, t.failed_jobs,
           t.jobs, t.counts.locality[WEFT_PROCESS_LOCAL], t.counts.locality[WEFT_NODE_LOCAL],
           t.counts.locality[WEFT_ANY], t.waits, t.digest);
    /* A run in which nothing went wrong proves nothing. */
    return count >= 1000 && (t.crashes == 0 || t.cuts == 0 || t.partings == 0 || t.misses == 0 ||
                             t.counts.restarts == 0 || t.counts.blocks_back == 0 || t.counts.late == 0 ||
                             t.counts.locality[WEFT_NODE_LOCAL] == 0 ||
                             t.counts.locality[WEFT_ANY] == 0 || t.waits == 0);
}
