/* tests/simulation/runs.c - see runs.h. */
#include "tests/simulation/runs.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/hash.h"
#include "common/settings.h"

enum { MANY_RUNS = 1000 }; /* in so many everything must have happened */

static bool is_number(const char *text) { return text[0] != 0 && strspn(text, "0123456789") == strlen(text); }

bool runs_parse(const runs_def *def, int argc, char **argv, runs_options *out)
{
    *out = (runs_options){.first = 1, .count = MANY_RUNS};
    for (int i = 1; i < argc; i++) {
        const bool more = i + 1 < argc && is_number(argv[i + 1]);
        const uint64_t number = more ? strtoull(argv[i + 1], NULL, 10) : 0;
        if (strcmp(argv[i], "--trace") == 0) {
            out->trace_only = true;
            continue;
        }
        if (more && strcmp(argv[i], "--seed") == 0) {
            out->first = number;
            out->count = 1;
            out->verbose = true;
        } else if (more && strcmp(argv[i], "--first") == 0)
            out->first = number;
        else if (more && strcmp(argv[i], "--count") == 0)
            out->count = number;
        else if (!more || def->option == NULL || !def->option(argv[i], number)) {
            fprintf(stderr, "usage: %s [--seed N | --first N --count N] [--trace]%s%s\n", def->program,
                    def->more == NULL ? "" : " ", def->more == NULL ? "" : def->more);
            return false;
        }
        i++;
    }
    return true;
}

void runs_one(const runs_def *def, uint64_t seed, bool verbose, runs_result *out)
{
    weft_settings settings;
    weft_ctx ctx;
    weft_settings_init(&settings);
    weft_pool *pool = weft_pool_new(INT64_MAX);
    weft_account *account = weft_account_open(pool, "simulation");
    weft_arena *arena = weft_arena_new(account);
    weft_ctx_init(&ctx, arena, account, &settings);
    *out = (runs_result){0};
    def->run(&ctx, seed, verbose, out);
    weft_arena_free(&arena);
    weft_account_close(&account);
    weft_pool_free(&pool);
}

static void add(const runs_def *def, runs_result *total, const runs_result *one)
{
    total->steps += one->steps;
    total->digest = weft_hash_combine(total->digest, one->digest);
    for (int32_t i = 0; i < def->counter_count; i++) total->counts[i] += one->counts[i];
}

int runs_all(const runs_def *def, const runs_options *options)
{
    runs_result total = {0}, one;
    bool proves = true;
    for (uint64_t seed = options->first; seed < options->first + options->count; seed++) {
        runs_one(def, seed, options->verbose, &one);
        if (one.wrong != NULL) {
            printf("seed %" PRIu64 " at %" PRId64 " us, step %" PRId64 ": %s\nreplay: %s --seed %" PRIu64
                   "\n",
                   seed, one.at_us, one.steps, one.wrong, def->program, seed);
            return 1;
        }
        add(def, &total, &one);
    }
    if (options->trace_only) {
        printf("%016" PRIx64 "\n", total.digest);
        return 0;
    }
    printf("%" PRIu64 " runs, %" PRId64 " steps", options->count, total.steps);
    for (int32_t i = 0; i < def->counter_count; i++) {
        printf(", %s: %" PRId64, def->counters[i].name, total.counts[i]);
        proves &= !def->counters[i].must || total.counts[i] > 0;
    }
    printf("; trace %016" PRIx64 "\n", total.digest);
    if (proves || options->count < MANY_RUNS) return 0;
    fprintf(stderr, "%s: something of that never happened: these runs prove nothing\n", def->program);
    return 1;
}
