/* tests/simulation/failover/services.c - see services.h. */
#include "tests/simulation/failover/services.h"

#include <stdio.h>
#include <string.h>

#include "common/hash.h"
#include "common/log.h"
#include "common/seal.h"
#include "common/secret_file.h"
#include "coordinator/core.h"
#include "coordinator/journal_record.h"
#include "coordinator/leader.h"
#include "proto/record.h"
#include "tests/simulation/failover/machine.h"
#include "tests/support/fake_zookeeper.h"

#define MS INT64_C(1000000)

enum {
    SESSIONS_MAX = 1024,
    CANDIDATE_BYTES = 256,
    LARGE_MAX = 512,
    RECORD_PATH_BYTES = 192,
    TIME_MS = 20, /* ZooKeeper looks at its sessions so often */
    ANSWER_US = 1500,
    STOP_MS_LEAST = 1800, /* of a leader: longer than its session lasts */
    STOP_MS_MOST = 6000
};

typedef struct keeper {
    process *of;
    weft_zookeeper zk; /* as the fake has it */
    fiber *thread;
    bool stopped, cut, over; /* stopped: it was, when somebody looked last */
} keeper;

/* A record whose value is a blob. */
typedef struct large_record {
    char path[RECORD_PATH_BYTES], blob[JOURNAL_BLOB_NAME];
} large_record;

static struct {
    fake_zookeeper *fake;
    keeper keepers[SESSIONS_MAX];
    int32_t keeper_count;
    bool all_cut;
    process *leader;
    const void *leader_session;
    char leader_candidate[CANDIDATE_BYTES]; /* its path */
    uint64_t epoch;
    int64_t fault_at;
    step_fault fault;
    bool fired;
    process *condemned;  /* crashes as soon as no lock of the fake's is held … */
    bool condemned_down; /* … and its machine goes down */
    int64_t (*lease)(void *self);
    services_watcher watcher;
    large_record large[LARGE_MAX];
    int32_t large_count;
    int64_t recovering_ns[PROCESSES_MAX]; /* when it began to, by process */
    service_counts counts;
} all;

const char *step_fault_name(step_fault fault)
{
    static const char *const names[] = {"crash before", "crash after", "lost before", "lost after",
                                        "stop before",  "stop after",  "down before", "down after"};
    return names[fault];
}

service_counts services_count(void) { return all.counts; }
process *services_leader(void) { return all.leader; }
bool services_fault_fired(void) { return all.fired; }

void services_fault_at(int64_t step, step_fault fault)
{
    all.fault_at = step;
    all.fault = fault;
}

/* ---- what is seen of ZooKeeper's writes; the fake's lock is held ---- */

static keeper *find_session(const void *session)
{
    for (int32_t i = all.keeper_count; i-- > 0;)
        if (all.keepers[i].zk.self == session && !all.keepers[i].over) return &all.keepers[i];
    return NULL;
}

static bool is_coordinator(const process *p) { return strncmp(p->name, "coordinator", 11) == 0; }

/* One more durable step of p. STEP_FAULT_COUNT: nothing happens at it. */
static step_fault step_taken(const process *p)
{
    if (!is_coordinator(p) || ++all.counts.steps != all.fault_at) return STEP_FAULT_COUNT;
    all.fired = true;
    sim_say("step %lld: %s", (long long)all.fault_at, step_fault_name(all.fault));
    return all.fault;
}

static int64_t long_stop_ns(void) { return sim_dice(STOP_MS_LEAST, STOP_MS_MOST) * MS; }

static fake_zookeeper_fault on_write(void *of, const void *session)
{
    const keeper *k = find_session(session);
    (void)of;
    if (k == NULL) return FAKE_ZOOKEEPER_FAULT_COUNT;
    const step_fault fault = step_taken(k->of);
    switch (fault) {
    case STEP_CRASH_BEFORE:
    case STEP_CRASH_AFTER:
    case STEP_DOWN_BEFORE:
    case STEP_DOWN_AFTER:
        all.condemned = k->of;
        all.condemned_down = fault >= STEP_DOWN_BEFORE;
        return fault == STEP_CRASH_BEFORE || fault == STEP_DOWN_BEFORE ? FAKE_ZOOKEEPER_SILENT_BEFORE
                                                                       : FAKE_ZOOKEEPER_SILENT_AFTER;
    case STEP_LOST_BEFORE: return FAKE_ZOOKEEPER_LOST_BEFORE;
    case STEP_LOST_AFTER: return FAKE_ZOOKEEPER_LOST_AFTER;
    case STEP_STOP_BEFORE:
    case STEP_STOP_AFTER:
        k->of->stopped_until_ns = sim()->now_ns + long_stop_ns();
        return fault == STEP_STOP_BEFORE ? FAKE_ZOOKEEPER_LOST_BEFORE : FAKE_ZOOKEEPER_LOST_AFTER;
    case STEP_FAULT_COUNT: break;
    }
    return FAKE_ZOOKEEPER_FAULT_COUNT;
}

/* The epoch grows, one term at a time. */
static void see_epoch(const keeper *k, const weft_zookeeper_op *op)
{
    weft_leader leader;
    weft_ctx ctx = *sim()->ctx;
    uint8_t plain[WEFT_LEADER_VALUE_BYTES];
    if (op->bytes < WEFT_SEAL_MORE_BYTES || op->bytes > sizeof(plain) + WEFT_SEAL_MORE_BYTES) return;
    memcpy(plain, (const uint8_t *)op->value + WEFT_SEAL_HEAD_BYTES, op->bytes - WEFT_SEAL_MORE_BYTES);
    if (weft_leader_decode(&ctx, plain, op->bytes - WEFT_SEAL_MORE_BYTES, &leader) != WEFT_OK) {
        sim_wrong("the epoch's node holds no leader");
        return;
    }
    if (leader.epoch <= all.epoch) sim_wrong("the epoch does not grow");
    if (leader.term != (uint64_t)all.counts.leaders + 1) sim_wrong("a term is left out, or taken twice");
    all.epoch = leader.epoch;
    all.leader = k->of;
    all.leader_session = k->zk.self;
    all.counts.leaders++;
    sim_say("%s takes epoch %llu, term %llu", k->of->name, (unsigned long long)leader.epoch,
            (unsigned long long)leader.term);
}

/* A job that only reads is on record when it is old enough. */
static void see_job(const weft_zookeeper_op *op)
{
    journal_draft draft;
    weft_job_record record;
    weft_ctx ctx = *sim()->ctx;
    if (strstr(op->path, "/JOB-") == NULL || op->bytes < WEFT_SEAL_MORE_BYTES) return;
    const uint8_t *plain = (const uint8_t *)op->value + WEFT_SEAL_HEAD_BYTES;
    if (!weft_journal_decode(plain, op->bytes - WEFT_SEAL_MORE_BYTES, &draft)) return;
    if ((draft.flags & JOURNAL_FLAG_BLOB) != 0) return;
    if (weft_job_record_decode(&ctx, draft.body, draft.body_bytes, &record) == WEFT_OK)
        all.counts.reads += record.output[0] == 0;
}

const char *services_blob(int32_t index) { return index < all.large_count ? all.large[index].blob : NULL; }

static void forget_large(const char *path)
{
    for (int32_t i = 0; i < all.large_count; i++)
        if (strcmp(all.large[i].path, path) == 0) all.large[i--] = all.large[--all.large_count];
}

/* A large value is where it should be before its record is there. */
static void see_large(const weft_zookeeper_op *op)
{
    forget_large(op->path);
    journal_draft draft;
    char blob[JOURNAL_BLOB_NAME];
    int64_t bytes = 0;
    if (op->bytes < WEFT_SEAL_MORE_BYTES) return;
    const uint8_t *plain = (const uint8_t *)op->value + WEFT_SEAL_HEAD_BYTES;
    if (!weft_journal_decode(plain, op->bytes - WEFT_SEAL_MORE_BYTES, &draft))
        return; /* a part, or a folder */
    if ((draft.flags & (JOURNAL_FLAG_BLOB | JOURNAL_FLAG_PARTS)) != JOURNAL_FLAG_BLOB) return;
    if (!weft_journal_blob_name(draft.body, draft.body_bytes, blob, &bytes))
        sim_wrong("a blob without a name");
    all.counts.large++;
    assert(all.large_count < LARGE_MAX);
    large_record *r = &all.large[all.large_count++];
    snprintf(r->path, sizeof(r->path), "%s", op->path);
    memcpy(r->blob, blob, sizeof(r->blob));
    if (all.watcher.large != NULL) all.watcher.large(blob);
}

/* A record is made once, and by who leads; only a session's is made anew. */
static void see_record(const keeper *k, const weft_zookeeper_op *op)
{
    if (op->kind == WEFT_ZOOKEEPER_CHECK || strstr(op->path, "/journal/") == NULL) return;
    if (k->zk.self != all.leader_session) sim_wrong("a deposed leader has written %s", op->path);
    if (op->kind == WEFT_ZOOKEEPER_CREATE) all.counts.records++;
    if (op->kind == WEFT_ZOOKEEPER_CREATE) see_job(op);
    if (op->kind == WEFT_ZOOKEEPER_CREATE || op->kind == WEFT_ZOOKEEPER_SET) see_large(op);
    if (op->kind == WEFT_ZOOKEEPER_REMOVE) all.counts.records_removed++;
    if (op->kind == WEFT_ZOOKEEPER_REMOVE) forget_large(op->path);
    if (op->kind != WEFT_ZOOKEEPER_SET) return;
    all.counts.records_changed++;
    const bool is_part = strchr(strrchr(op->path, '/'), '.') != NULL; /* of a large value: an earlier try's */
    if (strstr(op->path, "/SESSION-") == NULL && !is_part) sim_wrong("a record was changed: %s", op->path);
}

static void on_written(void *of, const void *session, const weft_zookeeper_op *ops, int32_t count,
                       weft_zookeeper_outcome outcome)
{
    const keeper *k = find_session(session);
    (void)of;
    if (k == NULL) return;
    all.counts.writes++;
    sim_trace(weft_hash_bytes(ops[count - 1].path, strlen(ops[count - 1].path)) ^ (uint64_t)outcome);
    sim_say("%s writes %s: %s", k->of->name, ops[count - 1].path, weft_zookeeper_outcome_name(outcome));
    if (outcome != WEFT_ZOOKEEPER_OK) {
        all.counts.refused++;
        return;
    }
    for (int32_t i = 0; i < count; i++) {
        const size_t len = strlen(ops[i].path);
        const bool is_epoch = len > 6 && strcmp(ops[i].path + len - 6, "/epoch") == 0;
        if (is_epoch && ops[i].kind != WEFT_ZOOKEEPER_CHECK) see_epoch(k, &ops[i]);
        if (ops[i].kind == WEFT_ZOOKEEPER_CHECK && strstr(ops[i].path, "/candidates/") != NULL)
            snprintf(all.leader_candidate, sizeof(all.leader_candidate), "%s", ops[i].path);
        see_record(k, &ops[i]);
    }
}

/* ---- sessions ---- */

static void die(process *p, bool down)
{
    if (down)
        machine_crash(p);
    else
        process_crash(p);
}

/* What is condemned is gone before it can do anything more. */
static void execute_condemned(void)
{
    process *p = all.condemned;
    all.condemned = NULL;
    if (p == NULL) return;
    sim_say("%s %s at its step", p->name, all.condemned_down ? "goes down with its machine" : "dies");
    die(p, all.condemned_down);
}

static void *keeper_main(void *self)
{
    keeper *k = self;
    while (fake_zookeeper_wait(all.fake, &k->zk)) {
        fiber_sleep(sim_dice(50, ANSWER_US) * 1000);
        if (process_is_stopped(k->of)) fiber_yield();
        (void)fake_zookeeper_step_of(all.fake, &k->zk);
        execute_condemned();
    }
    return NULL;
}

/* The lease counts from the sending of what was answered, by the clock of who sent it. */
static int64_t lease_until(void *self)
{
    const keeper *k = find_session(self);
    const int64_t until = all.lease(self), timeout = (int64_t)k->zk.timeout_ms(self) * MS;
    return until == 0 ? 0 : process_clock_at(k->of, until - timeout) + timeout;
}

weft_status __wrap_weft_zookeeper_open(weft_ctx *ctx, const weft_zookeeper_options *options,
                                       weft_zookeeper *out);
weft_status __wrap_weft_zookeeper_open(weft_ctx *ctx, const weft_zookeeper_options *options,
                                       weft_zookeeper *out)
{
    if (all.keeper_count == SESSIONS_MAX) return weft_fail(ctx, WEFT_LIMIT, "sessions without end");
    keeper *k = &all.keepers[all.keeper_count++];
    *k = (keeper){.of = process_now()};
    fake_zookeeper_open(all.fake, options, &k->zk);
    all.lease = k->zk.lease_until_ns;
    for (int32_t i = 0; i < all.keeper_count - 1; i++)
        if (all.keepers[i].of == k->of && all.keepers[i].cut && !all.keepers[i].over) k->cut = true;
    k->cut |= all.all_cut;
    if (k->cut) fake_zookeeper_cut(all.fake, &k->zk, true);
    *out = k->zk;
    out->lease_until_ns = lease_until;
    k->thread = fiber_new(k->of, keeper_main, k);
    return WEFT_OK;
}

void __wrap_weft_zookeeper_close(weft_zookeeper *zk);
void __wrap_weft_zookeeper_close(weft_zookeeper *zk)
{
    if (zk->self == NULL) return;
    keeper *k = find_session(zk->self);
    fake_zookeeper_leave(all.fake, &k->zk);
    (void)fiber_join(k->thread);
    zk->close(zk->self);
    k->over = true;
    *zk = (weft_zookeeper){0};
}

/* ---- faults ---- */

void services_cut(process *p, bool is_cut)
{
    if (p == NULL) all.all_cut = is_cut;
    if (p != NULL && all.all_cut) return; /* it hears with the others */
    for (int32_t i = 0; i < all.keeper_count; i++) {
        keeper *k = &all.keepers[i];
        if (k->over || !k->of->alive || (p != NULL && k->of != p) || k->cut == is_cut) continue;
        k->cut = is_cut;
        fake_zookeeper_cut(all.fake, &k->zk, is_cut);
    }
}

void services_expire(process *p)
{
    for (int32_t i = 0; i < all.keeper_count; i++)
        if (!all.keepers[i].over && all.keepers[i].of == p) {
            all.counts.expired++;
            fake_zookeeper_expire(all.fake, &all.keepers[i].zk);
        }
}

void services_unseat(void)
{
    if (all.leader_candidate[0] != 0) fake_zookeeper_remove(all.fake, all.leader_candidate);
}

void services_crashed(process *p)
{
    for (int32_t i = 0; i < all.keeper_count; i++)
        if (!all.keepers[i].over && all.keepers[i].of == p)
            fake_zookeeper_cut(all.fake, &all.keepers[i].zk, true);
}

/* Of who stands still nothing is heard; when it goes on, the library sees what has become of its session. */
static void look_at_stopped(keeper *k)
{
    const bool stopped = process_is_stopped(k->of);
    if (stopped == k->stopped) return;
    k->stopped = stopped;
    if (!k->cut) fake_zookeeper_cut(all.fake, &k->zk, stopped);
}

static void on_time(void *of, int64_t number)
{
    for (int32_t i = 0; i < all.keeper_count; i++)
        if (!all.keepers[i].over && all.keepers[i].of->alive) look_at_stopped(&all.keepers[i]);
    /* servers without a quorum end no session */
    if (!all.all_cut) fake_zookeeper_time(all.fake, sim()->now_ns);
    sim_at(TIME_MS * MS, on_time, of, number);
}

void services_lag(int32_t transactions) { fake_zookeeper_lag(all.fake, transactions); }

int32_t services_nodes(int64_t *bytes) { return fake_zookeeper_count(all.fake, "/weft/sim/journal", bytes); }

void services_watch(const services_watcher *watcher) { all.watcher = *watcher; }

void services_begin(void)
{
    static const fake_zookeeper_watcher watcher = {.before = on_write, .after = on_written};
    memset(&all, 0, sizeof(all));
    all.fake = fake_zookeeper_new(dice_next(&sim()->random));
    fake_zookeeper_watch(all.fake, &watcher);
    on_time(NULL, 0);
}

/* ---- the file system, as far as coordinators change it ---- */

step_fault services_step(void)
{
    process *p = process_now();
    const step_fault fault = p == NULL ? STEP_FAULT_COUNT : step_taken(p);
    if (fault == STEP_CRASH_BEFORE || fault == STEP_DOWN_BEFORE) die(p, fault == STEP_DOWN_BEFORE);
    if (fault == STEP_STOP_BEFORE) process_stop(p, long_stop_ns());
    return fault;
}

void services_stepped(step_fault fault, const char *what, const char *path, weft_status st)
{
    process *p = process_now();
    const char *base = path == NULL ? "" : strrchr(path, '/');
    if (p != NULL && is_coordinator(p)) sim_say("%s %s: %d", what, base == NULL ? path : base, (int)st);
    if (fault == STEP_CRASH_AFTER || fault == STEP_DOWN_AFTER) die(p, fault == STEP_DOWN_AFTER);
    if (fault == STEP_STOP_AFTER) process_stop(p, long_stop_ns());
}

#define STEP(name, parameters, arguments, path)                                                              \
    weft_status __real_##name parameters;                                                                    \
    weft_status __wrap_##name parameters;                                                                    \
    weft_status __wrap_##name parameters                                                                     \
    {                                                                                                        \
        const step_fault fault = services_step();                                                            \
        const weft_status st = __real_##name arguments;                                                      \
        services_stepped(fault, #name + sizeof("weft_fs"), path, st);                                        \
        return st;                                                                                           \
    }

struct weft_file_writer;
STEP(weft_fs_rename, (weft_ctx * ctx, const char *from, const char *to), (ctx, from, to), to)
STEP(weft_fs_make_directories, (weft_ctx * ctx, const char *path), (ctx, path), path)
STEP(weft_fs_remove_if_exists, (weft_ctx * ctx, const char *path), (ctx, path), path)
STEP(weft_fs_remove_tree, (weft_ctx * ctx, const char *path), (ctx, path), path)
STEP(weft_fs_sync_directory, (weft_ctx * ctx, const char *path), (ctx, path), path)
STEP(weft_file_finish, (weft_ctx * ctx, struct weft_file_writer **writer), (ctx, writer), NULL)

/* ---- the log ---- */

static int64_t number_of(const weft_log_field *fields, int32_t count, const char *key)
{
    for (int32_t i = 0; i < count; i++)
        if (strcmp(fields[i].key, key) == 0) return fields[i].number;
    return -1;
}

static bool is_well(const weft_log_field *fields, int32_t count)
{
    for (int32_t i = 0; i < count; i++)
        if (strcmp(fields[i].key, "status") == 0) return strcmp(fields[i].text, "OK") == 0;
    return false;
}

static void say_record(const char *name, const weft_log_field *fields, int32_t count)
{
    char line[1024];
    size_t at = 0;
    for (int32_t i = 0; i < count && at < sizeof(line); i++)
        at += (size_t)(fields[i].text != NULL
                           ? snprintf(line + at, sizeof(line) - at, " %s=%s", fields[i].key, fields[i].text)
                           : snprintf(line + at, sizeof(line) - at, " %s=%lld", fields[i].key,
                                      (long long)fields[i].number));
    sim_say("%s%s", name, line);
}

void __real_weft_log_write(weft_log_level level, const char *name, const weft_log_field *fields,
                           int32_t count);
void __wrap_weft_log_write(weft_log_level level, const char *name, const weft_log_field *fields,
                           int32_t count);
void __wrap_weft_log_write(weft_log_level level, const char *name, const weft_log_field *fields,
                           int32_t count)
{
    process *p = process_now();
    if (p == NULL) {
        __real_weft_log_write(level, name, fields, count);
        return;
    }
    if (sim()->verbose) say_record(name, fields, count);
    if (strcmp(name, "recovering") == 0) {
        all.counts.resumed += number_of(fields, count, "jobs");
        all.recovering_ns[p->id] = sim()->now_ns;
    }
    all.counts.blobs_fetched += strcmp(name, "blob_fetched") == 0;
    all.counts.files_fetched += strcmp(name, "artifact_fetched") == 0;
    if (strcmp(name, "members_not_heard") == 0 && all.watcher.not_heard != NULL)
        all.watcher.not_heard(p, sim()->now_ns - all.recovering_ns[p->id]);
    if (strcmp(name, "registered") == 0 && all.watcher.registered != NULL)
        all.watcher.registered(p, number_of(fields, count, "epoch"));
    const attempt_seen seen = {.begins = strcmp(name, "attempt_begins") == 0,
                               .well = strcmp(name, "attempt_ends") == 0 && is_well(fields, count),
                               .job = (uint64_t)number_of(fields, count, "job"),
                               .stage = (int32_t)number_of(fields, count, "stage"),
                               .generation = (int32_t)number_of(fields, count, "generation"),
                               .partition = (int32_t)number_of(fields, count, "partition"),
                               .attempt = (int32_t)number_of(fields, count, "attempt")};
    if (all.watcher.attempt != NULL && (seen.begins || strcmp(name, "attempt_ends") == 0))
        all.watcher.attempt(p, &seen);
}

bool __wrap_weft_log_wants(weft_log_level level);
bool __wrap_weft_log_wants(weft_log_level level)
{
    (void)level;
    return true;
}

void __wrap_weft_log_error(weft_log_level level, const char *name, const weft_error *error);
void __wrap_weft_log_error(weft_log_level level, const char *name, const weft_error *error)
{
    weft_log(level, name, WEFT_LOG_TEXT("message", error->message));
}

/* What coordinators hear of workers, for who replays a world. */
weft_status __real_weft_core_report(weft_ctx *ctx, weft_core *core, int32_t worker,
                                    const weft_to_coordinator *m);
weft_status __wrap_weft_core_report(weft_ctx *ctx, weft_core *core, int32_t worker,
                                    const weft_to_coordinator *m);
weft_status __wrap_weft_core_report(weft_ctx *ctx, weft_core *core, int32_t worker,
                                    const weft_to_coordinator *m)
{
    sim_say("hears from worker %d: %d of job %llu stage %d.%d task %d attempt %d", worker, (int)m->kind,
            (unsigned long long)m->job, m->stage, m->generation, m->partition, m->attempt);
    return __real_weft_core_report(ctx, core, worker, m);
}

/* ---- secrets ---- */

struct weft_seal {
    int32_t nothing;
};
static weft_seal the_seal;

weft_status __wrap_weft_seal_open(weft_ctx *ctx, const char *folder, weft_seal **out);
weft_status __wrap_weft_seal_open(weft_ctx *ctx, const char *folder, weft_seal **out)
{
    (void)ctx, (void)folder;
    *out = &the_seal;
    return WEFT_OK;
}

void __wrap_weft_seal_close(weft_seal **seal);
void __wrap_weft_seal_close(weft_seal **seal) { *seal = NULL; }

static uint64_t check_of(const char *additional, const void *value, size_t bytes)
{
    return weft_hash_bytes(additional, strlen(additional)) ^ weft_hash_u64(weft_hash_bytes(value, bytes));
}

weft_status __wrap_weft_seal_lock(weft_ctx *ctx, const weft_seal *seal, const char *additional,
                                  const void *value, size_t bytes, uint8_t *out);
weft_status __wrap_weft_seal_lock(weft_ctx *ctx, const weft_seal *seal, const char *additional,
                                  const void *value, size_t bytes, uint8_t *out)
{
    const uint64_t check = check_of(additional, value, bytes);
    const uint64_t nonce = dice_next(&sim()->random); /* the same value twice is not the same bytes */
    (void)ctx, (void)seal;
    memset(out, 0, bytes + WEFT_SEAL_MORE_BYTES);
    memcpy(out, &check, sizeof(check));
    memcpy(out + sizeof(check), &nonce, sizeof(nonce));
    if (bytes > 0) memcpy(out + WEFT_SEAL_HEAD_BYTES, value, bytes);
    return WEFT_OK;
}

weft_status __wrap_weft_seal_unlock(weft_ctx *ctx, const weft_seal *seal, const char *additional,
                                    const void *sealed, size_t sealed_bytes, uint8_t *out);
weft_status __wrap_weft_seal_unlock(weft_ctx *ctx, const weft_seal *seal, const char *additional,
                                    const void *sealed, size_t sealed_bytes, uint8_t *out)
{
    const uint8_t *from = (const uint8_t *)sealed + WEFT_SEAL_HEAD_BYTES;
    const size_t bytes = sealed_bytes - WEFT_SEAL_MORE_BYTES;
    const uint64_t check = check_of(additional, from, bytes);
    (void)seal;
    if (memcmp(sealed, &check, sizeof(check)) != 0)
        return weft_fail(ctx, WEFT_CORRUPT, "%s is not what was sealed for it", additional);
    if (bytes > 0) memcpy(out, from, bytes);
    return WEFT_OK;
}

weft_status __wrap_weft_seal_digest(weft_ctx *ctx, const weft_seal *seal, const void *bytes, size_t len,
                                    char out[2 * WEFT_SHA256_BYTES + 1]);
weft_status __wrap_weft_seal_digest(weft_ctx *ctx, const weft_seal *seal, const void *bytes, size_t len,
                                    char out[2 * WEFT_SHA256_BYTES + 1])
{
    uint64_t word = weft_hash_bytes(bytes, len);
    (void)ctx, (void)seal;
    for (int32_t i = 0; i < 4; i++, word = weft_hash_u64(word))
        snprintf(out + 16 * i, 17, "%016llx", (unsigned long long)word);
    return WEFT_OK;
}

weft_status __wrap_weft_secret_read_login(weft_ctx *ctx, const char *folder, weft_zookeeper_login *out);
weft_status __wrap_weft_secret_read_login(weft_ctx *ctx, const char *folder, weft_zookeeper_login *out)
{
    (void)ctx, (void)folder;
    *out = (weft_zookeeper_login){.user = "weft", .password = "secret"};
    return WEFT_OK;
}
