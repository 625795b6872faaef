/* tests/simulation/failover/simulate_failover.c - whole clusters with several coordinators; see ../README.md.
 *
 *     simulate_failover [--seed N | --first N --count N] [--trace] [--steps N] [--file 1] [--twice 1]
 *
 * --steps N     every durable step of one world (N is its seed) with every fault: worlds are numbered by what
 *               happens to it, --first, --count and --seed mean these numbers
 *
 * --file 1      one coordinator, with its journal in a file; else only worlds in which the seed says so
 * --twice 1     each world twice: it must go the same way
 *
 * Each world runs in a process of its own: what dies in it is never freed. */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/hash.h"
#include "tests/simulation/failover/cast.h"
#include "tests/simulation/runs.h"

static story the_story;
static uint64_t steps_seed;
static bool is_twice, in_file;

/* What a child tells its parent. */
typedef struct told {
    runs_result result;
    char wrong[256];
} told;

enum { REAL_S_MOST = 100 }; /* of one world, by the clock of the machine */

#define NAMED(text, must, value) {text, must},
static const runs_counter counters[] = {CAST_COUNTERS(NAMED)};

static void run_here(weft_ctx *ctx, const cast_options *options, told *out)
{
    memset(out, 0, sizeof(*out));
    cast_run(ctx, &the_story, options, &out->result);
    if (out->result.wrong != NULL) snprintf(out->wrong, sizeof(out->wrong), "%s", out->result.wrong);
}

/* In a process of its own. */
static void run_apart(weft_ctx *ctx, const cast_options *options, told *out)
{
    int pipes[2];
    memset(out, 0, sizeof(*out));
    fflush(stdout);
    if (pipe(pipes) != 0) return;
    const pid_t child = fork();
    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        alarm(REAL_S_MOST); /* who waits by a call that is not replaced waits for ever */
        run_here(ctx, options, out);
        out->result.wrong = NULL;
        const bool sent = write(pipes[1], out, sizeof(*out)) == (ssize_t)sizeof(*out);
        fflush(stdout);
        _exit(sent ? 0 : 1);
    }
    close(pipes[1]);
    const ssize_t got = read(pipes[0], out, sizeof(*out));
    int status = 0;
    close(pipes[0]);
    waitpid(child, &status, 0);
    if (got != (ssize_t)sizeof(*out))
        snprintf(out->wrong, sizeof(out->wrong), "the program itself died: signal %d", WTERMSIG(status));
    cast_clean(&the_story, options);
}

/* With --steps, worlds are the same one, numbered by what happens to it: 0 is the undisturbed one. */
static void run(weft_ctx *ctx, uint64_t number, bool verbose, runs_result *out)
{
    static told heard;
    cast_options options = {.number = number, .seed = number, .verbose = verbose, .file = in_file};
    if (steps_seed != 0) {
        options.seed = steps_seed;
        options.whole = true;
        options.step = number == 0 ? 0 : 1 + ((int64_t)number - 1) / STEP_FAULT_COUNT;
        options.fault = (step_fault)((number + STEP_FAULT_COUNT - 1) % STEP_FAULT_COUNT);
    }
    run_apart(ctx, &options, &heard);
    if (is_twice && heard.wrong[0] == 0) {
        const uint64_t digest = heard.result.digest;
        run_apart(ctx, &options, &heard);
        if (heard.result.digest != digest)
            snprintf(heard.wrong, sizeof(heard.wrong), "it went another way the second time");
    }
    *out = heard.result;
    out->wrong = heard.wrong[0] == 0 ? NULL : heard.wrong;
}

static bool option(const char *name, uint64_t number)
{
    if (strcmp(name, "--steps") == 0)
        steps_seed = number;
    else if (strcmp(name, "--file") == 0)
        in_file = number != 0;
    else if (strcmp(name, "--twice") == 0)
        is_twice = number != 0;
    else
        return false;
    return true;
}

/* All faults at all steps that the undisturbed world takes. */
static bool choose_steps(const runs_def *def, runs_options *options)
{
    runs_result undisturbed;
    int64_t steps = 0;
    if (steps_seed == 0 || options->verbose) return true;
    runs_one(def, 0, false, &undisturbed);
    if (undisturbed.wrong != NULL) printf("the undisturbed world: %s\n", undisturbed.wrong);
    if (undisturbed.wrong != NULL) return false;
    for (int32_t i = 0; i < WEFT_COUNT(counters); i++)
        if (strcmp(counters[i].name, "durable steps") == 0) steps = undisturbed.counts[i];
    const uint64_t worlds = (uint64_t)steps * STEP_FAULT_COUNT;
    if (options->first + options->count > worlds + 1) options->count = worlds + 1 - options->first;
    return steps > 0 && options->first <= worlds;
}

int main(int argc, char **argv)
{
    char name[64] = "simulate_failover";
    runs_counter all[WEFT_COUNT(counters)];
    runs_def def = {.program = name,
                    .counters = all,
                    .counter_count = WEFT_COUNT(counters),
                    .run = run,
                    .option = option,
                    .more = "[--steps SEED] [--file 1] [--twice 1]"};
    runs_options options;
    memcpy(all, counters, sizeof(all));
    if (!runs_parse(&def, argc, argv, &options)) return 2;
    for (int32_t i = 0; i < def.counter_count; i++) all[i].must &= steps_seed == 0 && !in_file;
    const char *file = in_file ? " --file 1" : "";
    if (steps_seed != 0)
        snprintf(name, sizeof(name), "simulate_failover --steps %" PRIu64 "%s", steps_seed, file);
    else if (in_file)
        snprintf(name, sizeof(name), "simulate_failover%s", file);
    if (options.verbose) setvbuf(stdout, NULL, _IOLBF, 0);
    const bool ready = story_prepare(&the_story) && choose_steps(&def, &options);
    const int code = ready ? runs_all(&def, &options) : 1;
    story_remove(&the_story);
    return code;
}
