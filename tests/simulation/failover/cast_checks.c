/* tests/simulation/failover/cast_checks.c - see cast.h: what must be true of a world.
 *
 * Who leads, and whose word is durable: services.c. What clients hear: story.c. Here: everything ends, no
 * more is kept or on its way than there may be, no task that has ended runs again while what it made lives,
 * and nothing is left when all is over. */
#include <dirent.h>
#include <stdio.h>
#include <string.h>

#include "coordinator/core.h"
#include "tests/simulation/failover/cast.h"

#define MS INT64_C(1000000)

enum {
    CLIENTS_MS = 150000, /* after the last fault, until every client has all answers */
    SETTLE_MS = 60000,   /* … until nothing is left of them on any worker … */
    TENDED_MS = 600000,  /* … and no file of a session on any coordinator */
    LOOK_MS = 400,
    TURNS_MOST = 3000000,
    WAITING_BYTES_MOST = 32 << 20,
    NODES_MOST = 600,
    DONE_MAX = 4096,
    RUNNING_MAX = 256
};

/* ---- tasks ---- */

/* An attempt that has ended well, and where. */
typedef struct done_task {
    attempt_seen seen;
    const process *at;
} done_task;

static done_task done[DONE_MAX];
static done_task running[RUNNING_MAX]; /* attempts that have begun, and not ended */
static int32_t done_count, running_count;
static int64_t epochs[SIM_WORKERS_MAX]; /* of leaders: the highest that each was with */

static bool is_same_task(const attempt_seen *a, const attempt_seen *b)
{
    return a->job == b->job && a->stage == b->stage && a->generation == b->generation &&
           a->partition == b->partition;
}

/* What runs is adopted by the next leader, not run twice. */
static void see_running(const process *p, const attempt_seen *seen)
{
    const cast *c = sim()->of;
    for (int32_t i = 0; i < running_count; i++) {
        if (!is_same_task(&running[i].seen, seen)) continue;
        if (seen->begins && running[i].at->alive && !c->excused)
            sim_wrong("attempt %d of task %d of stage %d of job %llu begins, and attempt %d runs",
                      seen->attempt, seen->partition, seen->stage, (unsigned long long)seen->job,
                      running[i].seen.attempt);
        if (!seen->begins && running[i].at == p && running[i].seen.attempt == seen->attempt)
            running[i--] = running[--running_count];
    }
    if (seen->begins && running_count < RUNNING_MAX) running[running_count++] = (done_task){*seen, p};
}

static void see_attempt(process *p, const attempt_seen *seen)
{
    cast *c = sim()->of;
    sim_trace(seen->job << 20 ^ (uint64_t)seen->stage << 16 ^ (uint64_t)seen->partition << 4 ^ seen->begins);
    if (seen->well && done_count < DONE_MAX) done[done_count++] = (done_task){*seen, p};
    see_running(p, seen);
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

/* Who was with a leader is with none of before, also when it was started again. */
static void see_registered(const process *p, int64_t epoch)
{
    const program *of = p->of;
    if (of->kind != PROGRAM_WORKER) return;
    if (epoch < epochs[of->number])
        sim_wrong("%s is with epoch %lld, and was with %lld", p->name, (long long)epoch,
                  (long long)epochs[of->number]);
    epochs[of->number] = weft_max_i64(epochs[of->number], epoch);
}

/* What they have made is made again then: a new leader waits for two seconds, and it may have been with one
 * that stood still. */
static void see_not_heard(const process *p, int64_t waited_ns)
{
    cast *c = sim()->of;
    c->excused = true;
    if (waited_ns < WEFT_CORE_RECOVER_NS / 2) /* its clock may be a tenth too fast */
        sim_wrong("%s has waited %lld ms for members that it has not heard", p->name,
                  (long long)(waited_ns / MS));
}

/* How many machines have a blob, whatever goes down. */
static int32_t count_copies(const cast *c, const char *blob)
{
    char path[PROGRAM_PATH_BYTES + 128];
    int32_t copies = 0;
    for (int32_t i = 0; i < c->coordinator_count; i++) {
        snprintf(path, sizeof(path), "%s/blobs/records/%s", c->coordinators[i]->folder, blob);
        copies += machine_keeps(path);
    }
    return copies;
}

/* What a record names is on two machines before it is there. Not where a disk was lost. */
static void see_large(const char *blob)
{
    const cast *c = sim()->of;
    const int32_t copies = count_copies(c, blob);
    if (copies < 2 && c->counts.disks == 0)
        sim_wrong("a record is there, and its blob is durable on %d machines", copies);
}

/* … and stays there. */
static void check_blobs(const cast *c)
{
    for (int32_t i = 0; services_blob(i) != NULL; i++)
        if (count_copies(c, services_blob(i)) < (c->counts.disks > 0 ? 1 : 2))
            sim_wrong("the blob %.8s… was removed, and a record names it", services_blob(i));
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
        services_lag(0); /* servers that lag do so behind writes, and there are none to come */
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

/* A file that is left of a session that has ended: where; NULL: none is. */
static const char *find_file(const cast *c)
{
    char path[PROGRAM_PATH_BYTES + 32];
    for (int32_t i = 0; i < c->coordinator_count; i++) {
        int32_t files = 0;
        snprintf(path, sizeof(path), "%s/blobs/artifacts", c->coordinators[i]->folder);
        DIR *d = opendir(path);
        for (const struct dirent *e; d != NULL && (e = readdir(d)) != NULL;) files += e->d_name[0] != '.';
        if (d != NULL) closedir(d);
        if (files > 0) return c->coordinators[i]->name;
    }
    return NULL;
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
    const char *file_at = left == NULL && c->counts.files > 0 ? find_file(c) : NULL;
    if (file_at != NULL && sim()->now_ns - c->over_ns > TENDED_MS * MS)
        sim_wrong("all sessions are gone, and %s has a file of one", file_at);
    if (c->settled && left == NULL && file_at == NULL) {
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
    check_blobs(c);
    if (c->over_ns == 0 && sim()->now_ns >= c->quiet_ns)
        check_clients(c, weft_max_i64(c->quiet_ns, 0));
    else if (c->over_ns > 0)
        check_left(c);
    sim_at(LOOK_MS * MS, look, c, number);
}

void cast_watch(cast *c)
{
    done_count = running_count = 0;
    static const services_watcher watcher = {
        .attempt = see_attempt, .registered = see_registered, .not_heard = see_not_heard, .large = see_large};
    memset(epochs, 0, sizeof(epochs));
    services_watch(&watcher);
    sim_at(LOOK_MS * MS, look, c, 0);
}

bool cast_is_over(void *of)
{
    (void)of;
    return sim()->over;
}
