/* tests/simulation/cluster_journal.c - see cluster.h: what is durable and when, how a coordinator goes, and
 * what the next one begins with.
 *
 * Records become durable in order, each a while after it was written. When the coordinator crashes, any
 * number of those on their way are durable all the same, and nobody was told. */
#include <string.h>

#include "tests/simulation/cluster.h"

enum { WRITE_MOST_US = 20000, DOWN_MOST_US = 2500000, TICK_US = 50000 };

/* ---- records ---- */

record *journal_write(cluster *c, sim_job *j, record_kind kind)
{
    assert(c->write_count < WRITES_MAX);
    record *r = &c->writes[(c->write_first + c->write_count++) % WRITES_MAX];
    *r = (record){.kind = kind, .job = (int32_t)(j - c->jobs)};
    c->written_at = weft_max_i64(c->written_at, c->now + dice_range(&c->random, 100, WRITE_MOST_US));
    cluster_plan(c, c->written_at - c->now, (happening){.kind = WRITTEN, .incarnation = c->term});
    return r;
}

static void keep_stage(job_journal *to, const record *r)
{
    const job_journal *said = &r->holds;
    to->stage_count = weft_max_i32(to->stage_count, r->stage + 1);
    to->shape[r->stage] = said->shape[r->stage];
    for (int32_t i = 0; i < r->stage; i++) {
        if (!said->sums[i]) continue;
        to->sums[i] = true;
        to->rows[i] = said->rows[i];
        to->bytes[i] = said->bytes[i];
    }
}

static void keep(cluster *c, const record *r)
{
    job_journal *to = &c->jobs[r->job].journal;
    const job_journal *said = &r->holds;
    switch (r->kind) {
    case RECORD_JOB:
        to->job = true;
        to->term = said->term;
        break;
    case RECORD_STAGE: keep_stage(to, r); break;
    case RECORD_GENERATION:
        memcpy(to->generation, said->generation, sizeof(to->generation));
        to->generation_number = said->generation_number;
        break;
    case RECORD_ACCEPTED:
        to->has_accepted[r->stage] = true;
        to->accepted_of[r->stage] = said->accepted_of[r->stage];
        memcpy(to->accepted[r->stage], said->accepted[r->stage], sizeof(to->accepted[0]));
        break;
    case RECORD_END:
        to->end = true;
        to->failed = said->failed;
        to->status = said->status;
        break;
    }
}

void journal_written(cluster *c)
{
    if (c->write_count == 0) return;
    const record r = c->writes[c->write_first];
    sim_job *j = &c->jobs[r.job];
    c->write_first = (c->write_first + 1) % WRITES_MAX;
    c->write_count--;
    keep(c, &r);
    if (r.waited && weft_core_recorded(c->ctx, c->core, &j->core, &r.asked) != WEFT_OK)
        cluster_wrong(c, "a record is not taken");
    if (r.kind == RECORD_STAGE) driver_stage_written(c, j, r.stage);
    if (r.kind == RECORD_END) driver_end_written(c, j, &r.holds);
    cluster_check_step(c);
}

/* ---- members ---- */

void journal_member(cluster *c, weft_uuid uuid, int32_t number)
{
    for (int32_t i = 0; i < c->member_count; i++)
        if (weft_uuid_equal(c->members[i].uuid, uuid)) {
            c->members[i].number = number;
            return;
        }
    assert(c->member_count < MEMBERS_MAX);
    c->members[c->member_count++] = (struct member_record){
        .uuid = uuid, .number = number, .recorded = dice_chance(&c->random, 90)}; /* else it is late */
}

void journal_told(cluster *c, int32_t number)
{
    for (int32_t i = 0; i < c->member_count; i++)
        if (c->members[i].number == number) {
            c->members[i].expected = false;
            c->members[i].told = true;
            const int32_t at = cluster_node_of(c, c->members[i].uuid);
            if (at >= 0) c->nodes[at].paid = c->term;
        }
}

void journal_member_dead(cluster *c, int32_t number)
{
    for (int32_t i = 0; i < c->member_count; i++)
        if (c->members[i].number == number) c->members[i--] = c->members[--c->member_count];
}

/* The phase ends when all have told what they hold, or when they had the time for it. */
void journal_check_recovery(cluster *c)
{
    if (!c->recovering || weft_core_is_recovering(c->core)) return;
    c->recovering = false;
    for (int32_t i = 0; i < c->member_count; i++)
        if (c->members[i].expected && c->now - c->recovers_from < WEFT_CORE_RECOVER_NS / 1000)
            cluster_wrong(c, "a new coordinator has not waited for what a member holds");
}

/* ---- the coordinator ---- */

void journal_add_counts(weft_scheduler_counts *to, const weft_scheduler_counts *from)
{
    int64_t *at = (int64_t *)(void *)to;
    const int64_t *more = (const int64_t *)(const void *)from;
    for (size_t i = 0; i < sizeof(*to) / sizeof(int64_t); i++) at[i] += more[i];
}

void coordinator_crashes(cluster *c)
{
    weft_scheduler_counts counts;
    if (c->core == NULL) return;
    cluster_say(c, "the coordinator dies, with %d records on their way", c->write_count);
    c->coordinators++;
    weft_scheduler_count(weft_core_scheduler(c->core), &counts);
    journal_add_counts(&c->before, &counts);
    for (int32_t sure = (int32_t)dice_range(&c->random, 0, c->write_count); sure > 0; sure--) {
        keep(c, &c->writes[c->write_first]);
        c->write_first = (c->write_first + 1) % WRITES_MAX;
    }
    c->write_count = 0;
    driver_crashed(c);
    weft_core_free(&c->core);
    net_coordinator_crashed(c);
    c->coordinator_stopped = c->written_at = 0;
    c->recovering = false;
    c->term++;
    cluster_plan(c, weft_min_i64(dice_range(&c->random, 1000, DOWN_MOST_US), c->quiet_at - c->now),
                 (happening){.kind = COORDINATOR_STARTS});
}

void coordinator_starts(cluster *c)
{
    weft_uuid uuids[MEMBERS_MAX];
    int32_t count = 0;
    cluster_say(c, "coordinator %d starts", c->term);
    cluster_open_core(c);
    driver_resumes(c);
    for (int32_t i = 0; i < c->member_count; i++) {
        struct member_record *m = &c->members[i];
        m->number = -1;
        m->told = false;
        m->expected = m->recorded;
        if (m->recorded) uuids[count++] = m->uuid;
    }
    if (weft_core_recover(c->ctx, c->core, uuids, count) != WEFT_OK) cluster_wrong(c, "no recovery begins");
    c->recovering = true;
    c->recovers_from = c->now;
    cluster_plan(c, TICK_US, (happening){.kind = COORDINATOR_TICKS, .incarnation = c->term});
    cluster_check_step(c);
}
