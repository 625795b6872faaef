/* tests/simulation/failover/cast_checks.c - see cast.h: what must be true of a world.
 *
 * Who leads, and whose word is durable: services.c. What clients hear: story.c. Here: everything ends, no
 * more is kept or on its way than there may be, no task that has ended runs again while what it made lives,
 * and nothing is left when all is over. */
#include <string.h>

#include "tests/simulation/failover/cast.h"

#define MS INT64_C(1000000)

enum {
    CLIENTS_MS = 150000, /* after the last fault, until every client has all answers */
    SETTLE_MS = 60000,   /* … and until nothing is left */
    LOOK_MS = 400,
    TURNS_MOST = 3000000,
    WAITING_BYTES_MOST = 32 << 20,
    NODES_MOST = 600,
    DONE_MAX = 4096
};

/* ---- tasks ---- */

/* An attempt that has ended well, and where. */
typedef struct done_task {
    attempt_seen seen;
    const process *at;
} done_task;

static done_task done[DONE_MAX];
static int32_t done_count;

static bool is_same_task(const attempt_seen *a, const attempt_seen *b)
{
    return a->job == b->job && a->stage == b->stage && a->generation == b->generation &&
           a->partition == b->partition;
}

static void see_attempt(process *p, const attempt_seen *seen)
{
    cast *c = sim()->of;
    sim_trace(seen->job << 20 ^ (uint64_t)seen->stage << 16 ^ (uint64_t)seen->partition << 4 ^ seen->begins);
    if (seen->well && done_count < DONE_MAX) done[done_count++] = (done_task){*seen, p};
    if (!seen->begins) return;
    c->counts.attempts++;
    for (int32_t i = 0; i < done_count; i++) {
        if (!is_same_task(&done[i].seen, seen)) continue;
        c->counts.again++;
        if (done[i].at->alive && !c->excused)
            sim_wrong("task %d of stage %d of job %llu runs again as attempt %d: attempt %d has ended, and "
                      "what it made lives",
                      seen->partition, seen->stage, (unsigned long long)seen->job, seen->attempt,
                      done[i].seen.attempt);
        return;
    }
}

/* ---- the end ---- */

static bool clients_are_done(const cast *c)
{
    for (int32_t i = 0; i < c->client_count; i++)
        if (!c->parts[i].is_over) return false;
    return true;
}

static void check_clients(cast *c, int64_t since_ns)
{
    if (clients_are_done(c)) {
        c->over_ns = sim()->now_ns;
        return;
    }
    if (sim()->now_ns - since_ns < CLIENTS_MS * MS) return;
    for (int32_t i = 0; i < c->client_count; i++)
        if (!c->parts[i].is_over)
            sim_wrong("%s waits for ever for: %s", c->clients[i]->name,
                      c->parts[i].says == NULL ? "a session" : c->parts[i].says);
}

static void check_files(const cast *c)
{
    for (int32_t i = 0; i < c->client_count; i++) {
        const char *wrong = story_check_files(&c->parts[i], c->folder, i);
        if (wrong != NULL) sim_wrong("%s: %s", c->clients[i]->name, wrong);
    }
}

/* Ask all workers; what they answered the last time decides. */
static void check_left(cast *c)
{
    const char *left = NULL;
    const program *where = NULL;
    for (int32_t i = 0; i < c->worker_count; i++) {
        program *w = c->workers[i];
        if (w->process->alive && !w->looks && w->left == NULL && c->settled) continue;
        if (w->left != NULL || !w->process->alive || w->looks) {
            left = w->left == NULL ? "it is dead" : w->left;
            where = w;
        }
        if (w->process->alive && !w->looks) program_look(w);
    }
    if (c->settled && left == NULL) {
        check_files(c);
        c->settled = sim()->wrong == NULL;
        sim()->over = true;
    }
    c->settled = true; /* they were asked once */
    if (left != NULL && sim()->now_ns - c->over_ns > SETTLE_MS * MS)
        sim_wrong("all clients are gone, and %s: %s", where->name, left);
}

/* ---- now and then ---- */

static void check_bounds(void)
{
    int64_t bytes = 0;
    if (sim()->turns > TURNS_MOST) sim_wrong("it goes on and on");
    if (net_count().waiting_bytes > WAITING_BYTES_MOST) sim_wrong("messages pile up");
    if (services_nodes(&bytes) > NODES_MOST) sim_wrong("records pile up");
}

static void look(void *of, int64_t number)
{
    cast *c = of;
    check_bounds();
    if (c->over_ns == 0 && sim()->now_ns >= c->quiet_ns)
        check_clients(c, weft_max_i64(c->quiet_ns, 0));
    else if (c->over_ns > 0)
        check_left(c);
    sim_at(LOOK_MS * MS, look, c, number);
}

void cast_watch(cast *c)
{
    done_count = 0;
    services_see_attempts(see_attempt);
    sim_at(LOOK_MS * MS, look, c, 0);
}

bool cast_is_over(void *of)
{
    (void)of;
    return sim()->over;
}
