/* tests/simulation/failover/cast.c - see cast.h. */
#include "tests/simulation/failover/cast.h"

#include <string.h>

static cast the_cast; /* one world a process */

static void add_counts(const cast *c, runs_result *out)
{
#define VALUE(name, must, value) value,
    const int64_t values[] = {CAST_COUNTERS(VALUE)};
    for (int32_t i = 0; i < WEFT_COUNT(values); i++) out->counts[i] = values[i];
}

void cast_run(weft_ctx *ctx, const story *s, const cast_options *options, runs_result *out)
{
    cast *c = &the_cast;
    memset(c, 0, sizeof(*c));
    sim_begin(ctx, options->seed, options->verbose);
    c->options = options;
    story_world_begin(s, options->number, c->folder);
    net_begin();
    machine_begin(c->folder);
    services_begin();
    sim()->of = c;
    sim()->crashed = cast_crashed;
    cast_draw(c);
    cast_start(c);
    cast_watch(c);
    cast_strikes(c);
    sim_run(cast_is_over, c);
    out->wrong = sim()->wrong;
    out->at_us = sim()->now_ns / 1000;
    out->steps = sim()->turns;
    out->digest = sim()->digest;
    add_counts(c, out);
    story_world_end(c->folder);
}

void cast_clean(const story *s, const cast_options *options)
{
    char folder[STORY_FOLDER_BYTES];
    story_world_begin(s, options->number, folder);
    story_world_end(folder);
}
