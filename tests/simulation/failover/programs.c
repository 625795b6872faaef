/* tests/simulation/failover/programs.c - see programs.h. */
#include "tests/simulation/failover/programs.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "common/version.h"

#define MS INT64_C(1000000)

enum { MEMORY_BYTES = 192 << 20, OUTBOX_BYTES = 8 << 20, MACHINES_OF_A_KIND = 16 };

/* What a program begins with, in its first thread. */
typedef struct start_note {
    program *program;
    const program_options *options;
    void (*main)(program *p);
} start_note;

static void must(const program *p, weft_status st, const char *what)
{
    if (st != WEFT_OK) sim_wrong("%s: %s: %s", p->name, what, p->daemon.ctx.error.message);
}

static void set_number(weft_settings *s, weft_setting_id id, int64_t number)
{
    s->number[id] = number;
    s->set[id] = true;
}

static void open_daemon(program *p, const program_options *o)
{
    weft_daemon *d = &p->daemon;
    weft_settings_init(&d->settings);
    set_number(&d->settings, WEFT_SET_SLOTS, o->slots);
    set_number(&d->settings, WEFT_SET_MEMORY, MEMORY_BYTES);
    snprintf(d->settings.text[WEFT_SET_SCRATCH], WEFT_SETTING_TEXT_BYTES, "%s", o->folder);
    d->work_dir = p->folder;
    d->memory_bytes = MEMORY_BYTES;
    d->cores = o->slots;
    if (!weft_own_memory_open(&d->memory, MEMORY_BYTES, p->name)) sim_wrong("no memory for %s", p->name);
    weft_ctx_init(&d->ctx, d->memory.arena, d->memory.account, &d->settings);
    p->ctx = &d->ctx;
}

/* Without ZooKeeper, as command_coordinator.c does. */
static void open_blobs(program *p)
{
    char folder[PROGRAM_PATH_BYTES + 8], address[80];
    snprintf(folder, sizeof(folder), "%s/blobs", p->folder);
    const weft_blobs_options blobs = {.folder = folder,
                                      .host = "127.0.0.1",
                                      .pool = p->daemon.memory.pool,
                                      .settings = &p->daemon.settings,
                                      .copies = 1,
                                      .idle_ms = BLOB_KEEP_MS};
    must(p, weft_blobs_open(p->ctx, &blobs, &p->blobs), "no place for files");
    snprintf(address, sizeof(address), "127.0.0.1:%d", weft_blobs_port(p->blobs));
    weft_blobs_name(p->blobs, address);
}

static void start_coordinator(program *p, const program_options *o)
{
    weft_ctx *ctx = p->ctx;
    weft_standby_options options = {.leadership = {.daemon = &p->daemon,
                                                   .host = "127.0.0.1",
                                                   .cluster = "sim",
                                                   .port = FIRST_PORT + p->number,
                                                   .grace_ms = 60000,
                                                   .session_grace_ms = 20000,
                                                   .away_ms = 1000,
                                                   .journal = o->journal},
                                    .servers = "zookeeper",
                                    .folder = "/weft/sim",
                                    .timeout_ms = o->timeout_ms,
                                    .keys_dir = "",
                                    .blob_copies = 2,
                                    .blob_keep_ms = BLOB_KEEP_MS};
    snprintf(p->address, sizeof(p->address), "127.0.0.1:%d", FIRST_PORT + p->number);
    if (o->journal != NULL) {
        open_blobs(p);
        options.leadership.blobs = p->blobs;
        must(p, weft_leadership_start(ctx, &options.leadership, &p->leadership), "cannot lead");
        return;
    }
    must(p, weft_standby_open(ctx, &options, &p->standby), "cannot stand by");
    if (p->standby != NULL) must(p, weft_standby_start(ctx, p->standby, p->address, ""), "cannot stand");
}

/* "weft://127.0.0.1:7101,127.0.0.1:7102" */
static char *masters(weft_ctx *ctx, int32_t count)
{
    char *text = NULL;
    const weft_status st = weft_arena_alloc(ctx, ctx->arena, 256, (void **)&text);
    size_t at = 7;
    assert(st == WEFT_OK);
    memcpy(text, "weft://", 8);
    for (int32_t i = 0; i < count; i++)
        at += (size_t)snprintf(text + at, 256 - at, "%s127.0.0.1:%d", i == 0 ? "" : ",", FIRST_PORT + i);
    return text;
}

static void on_ended(void *self, const weft_error *why)
{
    const program *p = self;
    sim_wrong("%s gives up: %s", p->name, why->message);
}

static void on_artifacts(void *self, const char *address)
{
    const program *p = self;
    weft_worker_artifacts_at(p->artifacts, address);
}

static weft_status make_worker(program *p, const program_options *o)
{
    weft_status st = WEFT_OK;
    weft_ctx *ctx = p->ctx;
    weft_daemon *d = &p->daemon;
    weft_uuid uuid;
    weft_control_options times = weft_member_times();
    times.beat_ns = 200 * MS;
    times.silent_ns = 2000 * MS;
    times.lease_ns = (o->timeout_ms + 5000) * MS;
    times.grace_ns = 300000 * MS;
    WEFT_TRY(st, weft_uuid_new(ctx, &uuid));
    const weft_member_options member = {.masters = masters(ctx, o->coordinators),
                                        .host_id = p->name,
                                        .cluster = "sim",
                                        .version = WEFT_VERSION_TEXT,
                                        .folder = d->work_dir,
                                        .uuid = uuid,
                                        .control = times,
                                        .outbox_bytes = OUTBOX_BYTES,
                                        .artifacts = on_artifacts,
                                        .ended = on_ended,
                                        .self = p};
    WEFT_TRY(st, weft_member_new(ctx, &member, &p->member));
    const weft_fetch_options fetcher = {
        .role = WEFT_ROLE_WORKER, .pool = d->memory.pool, .settings = &d->settings, .host_id = p->name};
    WEFT_TRY(st, weft_fetcher_start(ctx, &fetcher, &p->fetcher));
    char folder[PROGRAM_PATH_BYTES + 16];
    snprintf(folder, sizeof(folder), "%s/artifacts", p->folder);
    WEFT_TRY(st, weft_worker_artifacts_new(ctx, folder, NULL, &p->artifacts));
    const weft_worker_options worker = {.uuid = uuid,
                                        .slots = o->slots,
                                        .pool = d->memory.pool,
                                        .settings = &d->settings,
                                        .coordinator = weft_member_link(p->member),
                                        .named = weft_worker_artifacts_named(p->artifacts),
                                        .fetcher = p->fetcher};
    WEFT_TRY(st, weft_worker_start(ctx, &worker, &p->worker));
    const weft_serve_options serve = {.listen = "tcp://127.0.0.1:0",
                                      .pool = d->memory.pool,
                                      .settings = &d->settings,
                                      .store = weft_worker_store(p->worker),
                                      .relay = weft_worker_relay(p->worker),
                                      .uuid = uuid,
                                      .host_id = p->name};
    WEFT_TRY(st, weft_serve_start(ctx, &serve, &p->serve));
    snprintf(p->address, sizeof(p->address), "tcp://127.0.0.1:%d", weft_serve_port(p->serve));
    WEFT_TRY(st, weft_member_start(ctx, p->member, p->worker, p->address, NULL));
done:
    return st;
}

static void *program_main(void *self)
{
    const start_note note = *(start_note *)self;
    program *p = note.program;
    weft_mem_free(self);
    open_daemon(p, note.options);
    switch (p->kind) {
    case PROGRAM_COORDINATOR: start_coordinator(p, note.options); break;
    case PROGRAM_WORKER: must(p, make_worker(p, note.options), "cannot start"); break;
    case PROGRAM_CLIENT: {
        weft_error error;
        const char *master = masters(p->ctx, note.options->coordinators);
        for (int32_t tries = 0; p->remote == NULL; tries++) {
            const weft_status st = weft_remote_open(master, NULL, &p->daemon.settings, &error, &p->remote);
            if (st == WEFT_OK) break;
            sim_say("no session: %s", error.message);
            if (st != WEFT_UNREACHABLE || tries == 100) sim_wrong("%s: %s", p->name, error.message);
            fiber_sleep(200 * MS);
        }
        note.main(p);
        break;
    }
    }
    return NULL;
}

program *program_start(const program_options *options, program_kind kind, int32_t number, int32_t incarnation,
                       void (*main)(program *p))
{
    static const char *const names[] = {"coordinator", "worker", "client"};
    program *p = NULL;
    start_note *note = NULL;
    weft_status st = weft_mem_alloc_zero(sim()->ctx, WEFT_MEM_WORKING, sizeof(*p), (void **)&p);
    if (st == WEFT_OK) st = weft_mem_alloc_zero(sim()->ctx, WEFT_MEM_WORKING, sizeof(*note), (void **)&note);
    assert(st == WEFT_OK);
    *p = (program){.kind = kind, .number = number, .incarnation = incarnation};
    snprintf(p->name, sizeof(p->name), "%s-%d.%d", names[kind], number, incarnation);
    snprintf(p->folder, sizeof(p->folder), "%s/%s-%d", options->folder, names[kind], number);
    mkdir(p->folder, 0700); /* it is there after the first start */
    p->process = process_new(p->name, p);
    p->process->machine = (int32_t)kind * MACHINES_OF_A_KIND + number;
    *note = (start_note){.program = p, .options = options, .main = main};
    process_thread(p->process, program_main, note);
    return p;
}

static void *look_main(void *self)
{
    program *p = self;
    weft_arena *arena = weft_arena_new(p->daemon.memory.account);
    weft_worker_hello here = {0};
    weft_ctx ctx;
    weft_ctx_init(&ctx, arena, p->daemon.memory.account, &p->daemon.settings);
    const weft_status st = weft_worker_list(&ctx, p->worker, &here);
    p->left = st != WEFT_OK                     ? "it cannot say what it has"
              : weft_worker_busy(p->worker) > 0 ? "it is at work"
              : here.running_count > 0          ? "attempts wait there"
              : here.block_count > 0            ? "blocks lie there"
              : here.job_count > 0              ? "a job stands there"
                                                : NULL;
    weft_arena_free(&arena);
    p->looks = false;
    return NULL;
}

void program_look(program *p)
{
    p->looks = true;
    p->left = "it does not answer";
    process_thread(p->process, look_main, p);
}
