/* tests/simulation/failover/cast_faults.c - see cast.h: who is in a world, and what goes wrong. */
#include <stdio.h>
#include <string.h>

#include "tests/simulation/failover/cast.h"

#define MS INT64_C(1000000)

enum {
    TIMEOUT_MS = 1000,      /* of sessions with ZooKeeper */
    WORKERS_DEAD_MOST = 2,  /* a task on which three workers die fails its job */
    AGAIN_MS_MOST = 3000,   /* until what died is there again */
    LEADERS_PERMILLE = 650, /* of the strikes at coordinators, at who leads */
    DOWN_PERMILLE = 400,    /* of the crashes, with the machine */
    DISK_PERMILLE = 60,     /* … and with its disk, once a world */
    LINKS_MOST = 4,         /* of a worker that are broken then */
    ASKING_MS = 1000,       /* workers wait so long for a welcome */
    EARLY_PERMILLE = 60,    /* of the worlds in which ZooKeeper is lost … */
    EARLY_MS = 8,           /* … so soon */
    WILD_MOST = 100         /* of a thousand messages, each way to be wild */
};

/* ---- who ---- */

void cast_draw(cast *c)
{
    const bool whole = c->options->whole;
    const bool file = c->options->file || (!whole && sim_chance(100));
    c->coordinator_count = file ? 1 : whole ? 2 : (int32_t)sim_dice(2, COORDINATORS_MAX);
    c->worker_count = whole ? 2 : (int32_t)sim_dice(1, SIM_WORKERS_MAX);
    c->client_count = whole ? 1 : (int32_t)sim_dice(1, CLIENTS_MAX);
    c->programs = (program_options){
        .folder = c->folder, .coordinators = c->coordinator_count, .slots = 2, .timeout_ms = TIMEOUT_MS};
    snprintf(c->journal, sizeof(c->journal), "%s/journal", c->folder);
    if (file) c->programs.journal = c->journal;
    if (whole) {
        services_fault_at(c->options->step, c->options->fault);
        return;
    }
    c->leaders = sim_chance(350);
    c->faults = (int32_t)sim_dice(1, c->leaders ? 14 : 8);
    c->quiet_ns = sim()->now_ns + sim_dice(1000, 8000) * MS;
    c->rate_ns = sim_dice(100, c->leaders ? 700 : 1500) * MS;
    c->drift_ppm = sim_chance(300) ? 100000 : 0;
    sim()->yields = sim_chance(300);
    if (sim_chance(300)) services_fault_at(sim_dice(1, 120), (step_fault)sim_dice(0, STEP_FAULT_COUNT - 1));
    if (sim_chance(250)) net_crash_at(sim_dice(1, 150), sim_chance(700));
    if (sim_chance(300)) services_lag((int32_t)sim_dice(1, 4));
    if (sim_chance(200)) net_slow((int32_t)sim_dice(1, 30));
    c->excused = sim_chance(200); /* who does not get through for a second is taken for dead */
    if (c->excused) net_wild((int32_t)sim_dice(1, WILD_MOST));
}

static void client_main(program *p)
{
    cast *c = sim()->of;
    story_play(p, &c->parts[p->number], c->folder);
}

static program *start(cast *c, program_kind kind, int32_t number, int32_t incarnation)
{
    program *p = program_start(&c->programs, kind, number, incarnation, client_main);
    if (c->drift_ppm > 0) {
        p->process->drift_ppm = sim_dice(-c->drift_ppm, c->drift_ppm);
        c->counts.drifts++;
    }
    return p;
}

void cast_start(cast *c)
{
    for (int32_t i = 0; i < c->coordinator_count; i++)
        c->coordinators[i] = start(c, PROGRAM_COORDINATOR, i, 0);
    for (int32_t i = 0; i < c->worker_count; i++) c->workers[i] = start(c, PROGRAM_WORKER, i, 0);
    for (int32_t i = 0; i < c->client_count; i++) {
        story_draw(&c->parts[i], c->options->whole, c->leaders);
        c->clients[i] = start(c, PROGRAM_CLIENT, i, 0);
    }
}

static void starts_again(void *of, int64_t number)
{
    cast *c = sim()->of;
    const program *p = of;
    program *again = start(c, p->kind, p->number, (int32_t)number);
    (p->kind == PROGRAM_COORDINATOR ? c->coordinators : c->workers)[p->number] = again;
    sim_say("%s starts", again->name);
}

void cast_crashed(process *p)
{
    cast *c = sim()->of;
    const program *dead = p->of;
    net_crashed(p);
    machine_crashed(p);
    services_crashed(p);
    disk_crashed(p);
    c->counts.crashes += dead->kind == PROGRAM_COORDINATOR;
    c->counts.worker_crashes += dead->kind == PROGRAM_WORKER;
    c->excused |= dead->kind == PROGRAM_WORKER;
    sim_at(sim_dice(50, AGAIN_MS_MOST) * MS, starts_again, p->of, dead->incarnation + 1);
}

/* ---- what goes wrong ---- */

/* Also as long as a lease or a session, or nearly so. */
static int64_t some_time(const cast *c)
{
    const int64_t kind = sim_dice(0, 3);
    const int64_t time = kind == 0   ? sim_dice(TIMEOUT_MS * 8 / 10, TIMEOUT_MS * 11 / 10)
                         : kind == 1 ? sim_dice(20, 1200)
                                     : sim_dice(1200, 5000);
    return weft_max_i64(MS, weft_min_i64(time * MS, c->quiet_ns - sim()->now_ns));
}

static process *some_coordinator(const cast *c)
{
    process *leader = services_leader();
    if (leader != NULL && leader->alive && sim_chance(LEADERS_PERMILLE)) return leader;
    return c->coordinators[sim_dice(0, c->coordinator_count - 1)]->process;
}

static process *some_worker(const cast *c) { return c->workers[sim_dice(0, c->worker_count - 1)]->process; }

static void zookeeper_is_back(void *of, int64_t number)
{
    (void)number;
    services_cut(of, false);
    sim_say("%s hears ZooKeeper again", of == NULL ? "everybody" : ((process *)of)->name);
}

static void cut_zookeeper(cast *c, process *p)
{
    const int64_t time = some_time(c);
    sim_say("%s does not hear ZooKeeper for %.3f s", p == NULL ? "nobody" : p->name, (double)time / 1e9);
    c->counts.cuts += p != NULL;
    c->counts.quorums += p == NULL;
    services_cut(p, true);
    sim_at(time, zookeeper_is_back, p, 0);
}

/* For how long. */
static int64_t stop(cast *c, process *p)
{
    const int64_t time = some_time(c);
    const program *of = p->of;
    if (!p->alive) return 0;
    sim_say("%s stands still for %.3f s", p->name, (double)time / 1e9);
    c->counts.stops += of->kind == PROGRAM_COORDINATOR;
    c->counts.worker_stops += of->kind == PROGRAM_WORKER;
    c->excused |= of->kind == PROGRAM_WORKER;
    process_stop(p, time);
    return time;
}

static void part(cast *c)
{
    process *const pairs[][2] = {{some_coordinator(c), some_worker(c)},
                                 {some_worker(c), some_worker(c)},
                                 {some_coordinator(c), c->clients[sim_dice(0, c->client_count - 1)]->process},
                                 {some_coordinator(c), some_coordinator(c)}};
    process *const *pair = pairs[sim_dice(0, WEFT_COUNT(pairs) - 1)];
    const int64_t until = sim()->now_ns + some_time(c), how = sim_dice(0, 2);
    if (pair[0] == pair[1]) return;
    c->counts.partings++;
    c->excused = true;
    sim_say("%s and %s are parted (%d) until %.3f", pair[0]->name, pair[1]->name, (int)how,
            (double)until / 1e9);
    if (how != 1) net_part(pair[0], pair[1], until);
    if (how != 0) net_part(pair[1], pair[0], until);
}

/* It comes back on another machine: what it had is with the others, or nowhere. */
static void lose_disk(cast *c, const program *p)
{
    sim_say("… and its disk is lost");
    c->counts.disks++;
    story_remove_folder(p->folder);
}

static void crash(cast *c, process *p)
{
    const program *of = p->of;
    if (!p->alive || (of->kind == PROGRAM_WORKER && c->counts.worker_crashes == WORKERS_DEAD_MOST)) return;
    const bool down = sim_chance(DOWN_PERMILLE);
    sim_say("%s dies%s", p->name, down ? ", its machine goes down" : "");
    if (down)
        machine_crash(p);
    else
        process_crash(p);
    if (of->kind == PROGRAM_COORDINATOR && c->programs.journal == NULL && c->counts.disks == 0 &&
        sim_chance(DISK_PERMILLE))
        lose_disk(c, of);
}

static void expire(cast *c)
{
    process *p = some_coordinator(c);
    c->counts.expiries++;
    sim_say("the session of %s is ended", p->name);
    services_expire(p);
}

/* Every worker loses its connections, or dies, and who leads stands still: they look for another. */
static void look_around(void *of, int64_t number)
{
    cast *c = of;
    process *leader = services_leader();
    (void)number;
    for (int32_t i = 0; i < c->worker_count; i++) {
        process *w = c->workers[i]->process;
        if (sim_chance(300)) crash(c, w);
        for (int32_t k = 0; k < LINKS_MOST && w->alive; k++) c->counts.breaks += net_cut(w);
    }
    c->excused = true;
    sim_say("all workers look around");
    if (leader != NULL) stop(c, leader);
}

/* The next one leads, and this one's session lives; now and then it does not notice for a while, and workers
 * ask it when it wakes. */
static void unseat(cast *c)
{
    process *leader = services_leader();
    if (leader == NULL || !leader->alive) return;
    sim_say("the candidate of %s is removed", leader->name);
    c->counts.unseated++;
    services_unseat();
    if (!sim_chance(400)) return;
    const int64_t time = stop(c, leader);
    if (sim_chance(500)) sim_at(weft_max_i64(MS, time - sim_dice(0, ASKING_MS) * MS), look_around, c, 0);
}

static void strike_leaders(cast *c)
{
    switch (sim_dice(0, 10)) {
    case 0:
    case 1: crash(c, some_coordinator(c)); break;
    case 2:
    case 3:
    case 4: stop(c, some_coordinator(c)); break;
    case 5:
    case 6: cut_zookeeper(c, some_coordinator(c)); break;
    case 7: cut_zookeeper(c, NULL); break;
    case 8: unseat(c); break;
    default: expire(c); break;
    }
}

static void strike(cast *c)
{
    switch (sim_dice(0, 12)) {
    case 0:
    case 1:
    case 2: crash(c, some_coordinator(c)); break;
    case 3:
    case 4: stop(c, some_coordinator(c)); break;
    case 5: cut_zookeeper(c, some_coordinator(c)); break;
    case 6: cut_zookeeper(c, NULL); break;
    case 7: expire(c); break;
    case 8: part(c); break;
    case 9: crash(c, some_worker(c)); break;
    case 10: stop(c, some_worker(c)); break;
    case 11: unseat(c); break;
    default: {
        process *p = sim_chance(500) ? some_worker(c) : some_coordinator(c);
        const bool broke = net_cut(p);
        c->counts.breaks += broke;
        c->excused |= broke;
        sim_say("a connection of %s breaks", p->name);
        break;
    }
    }
}

static void strikes(void *of, int64_t number)
{
    cast *c = of;
    if (c->faults <= 0 || sim()->now_ns >= c->quiet_ns) {
        c->faults = 0;
        c->quiet_ns = weft_min_i64(c->quiet_ns, sim()->now_ns);
        net_wild(0);
        return;
    }
    c->faults--;
    if (c->leaders)
        strike_leaders(c);
    else
        strike(c);
    sim_at(sim_dice(1, c->rate_ns), strikes, c, number);
}

static void strikes_early(void *of, int64_t number)
{
    (void)number;
    cut_zookeeper(of, NULL);
}

void cast_strikes(cast *c)
{
    if (c->faults == 0) return;
    sim_at(sim_dice(1, c->rate_ns), strikes, c, 0);
    /* while everything is made for the first time */
    if (sim_chance(EARLY_PERMILLE)) sim_at(sim_dice(0, EARLY_MS * MS), strikes_early, c, 0);
}
