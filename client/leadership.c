/* client/leadership.c - see leadership.h. */
#include "client/leadership.h"

#include <inttypes.h>
#include <string.h>

#include "coordinator/artifacts.h"
#include "coordinator/commits.h"
#include "coordinator/jobs.h"
#include "coordinator/journal_file.h"
#include "coordinator/journal_zookeeper.h"
#include "coordinator/port.h"
#include "coordinator/recovery.h"
#include "coordinator/tasks.h"
#include "worker/fetch.h"

#define MS           INT64_C(1000000)
#define EPOCH_ZERO_S INT64_C(1735689600) /* 2025-01-01: epochs are seconds since then, or greater */

enum {
    TICK_MS = 50,
    BEAT_MS = 250,    /* something is said to every worker at least so often */
    SILENT_MS = 1500, /* nothing heard of a worker for so long: nothing is launched there */
    ASIDE_MS = 10000, /* a worker on which attempt after attempt fails is left alone so long */
    PEERS_MAX = 10000,
    SESSIONS_MAX = 1000
};

struct weft_leadership {
    weft_leadership_options options;
    weft_account *account;
    weft_arena *arena;
    weft_ctx ctx;
    int64_t epoch;
    weft_journal_disk disk;
    weft_journal *journal;
    weft_artifacts *artifacts;
    weft_commits *commits;
    weft_jobs *jobs;
    weft_tasks *tasks;
    weft_port *port;
    weft_fetcher *fetcher;
    weft_coordinator *coordinator;
    weft_recovery *recovery; /* what an earlier leader left */
};

/* Whoever cannot read the journal can only put it aside: what is lost then must be said. */
static void explain_damage(weft_ctx *ctx, weft_status st, const char *path)
{
    if (st != WEFT_CORRUPT && st != WEFT_UNSUPPORTED) return;
    weft_error_prefix(ctx, "%s: ", path);
    weft_hint(ctx,
              "%smove that folder away to start without it: writes that were under way are not ended then, "
              "and what they have left lies in the _temporary folder of each place",
              st == WEFT_CORRUPT ? "" : "use the version that wrote it, or ");
}

/* The epoch is greater than that of every coordinator before in this folder, and on this clock. */
static weft_status open_file_journal(weft_leadership *l)
{
    weft_status st = WEFT_OK;
    weft_ctx *ctx = &l->ctx;
    const char *path = l->options.journal;
    WEFT_TRY(st, weft_journal_folder_open(ctx, path, &l->disk));
    st = weft_journal_open_file(ctx, &l->disk, (uint64_t)l->epoch, &l->journal);
    explain_damage(ctx, st, path);
    WEFT_TRY(st, st);
    const uint64_t won = weft_journal_epoch(l->journal);
    if (won > UINT32_MAX) /* it is half of the number of a session */
        WEFT_TRY(st, weft_fail(ctx, WEFT_LIMIT, "%s has come to epoch %" PRIu64 ", more than there may be",
                               path, won));
    l->epoch = (int64_t)won;
done:
    return st;
}

/* Whose epoch was won: every write checks that it still stands. */
static weft_status open_kept_journal(weft_leadership *l)
{
    const weft_reign *reign = l->options.reign;
    char *root = NULL;
    const size_t len = strlen(reign->epoch_path) - strlen("/epoch");
    weft_status st = weft_arena_copy(&l->ctx, l->ctx.arena, reign->epoch_path, len, &root);
    if (st != WEFT_OK) return st;
    const weft_journal_zookeeper_options options = {
        .zookeeper = reign->zookeeper,
        .root = root,
        .epoch = reign->epoch,
        .term = reign->term,
        .epoch_version = reign->version,
        .seal = l->options.seal,
        .blobs = l->options.blobs == NULL ? NULL : weft_blobs_of_journal(l->options.blobs)};
    /* what was asked and is not answered is freed when the session ends: after this leadership */
    weft_account *const own = l->ctx.memory;
    l->ctx.memory = l->options.daemon->memory.account;
    st = weft_journal_open_zookeeper(&l->ctx, &options, &l->journal);
    l->ctx.memory = own;
    if (st == WEFT_OK && l->options.blobs != NULL)
        weft_blobs_lead(l->options.blobs, l->journal, reign->epoch);
    return st;
}

/* Blobs are of this leadership from now on; files of sessions are read from a folder beside them. */
static weft_status open_artifacts(weft_leadership *l)
{
    weft_status st = WEFT_OK;
    char *folder = NULL;
    weft_blobs_lead(l->options.blobs, l->journal, (uint64_t)l->epoch);
    WEFT_TRY(st,
             weft_arena_printf(&l->ctx, l->ctx.arena, &folder, "%s/artifacts", l->options.daemon->work_dir));
    st = weft_artifacts_new(&l->ctx, folder, l->options.blobs, &l->artifacts);
done:
    return st;
}

/* What the one before has left of writes is brought to its end before anybody can connect. */
static weft_status open_journal(weft_leadership *l)
{
    weft_status st = WEFT_OK;
    weft_ctx *ctx = &l->ctx;
    const weft_reign *reign = l->options.reign;
    if (reign != NULL)
        l->epoch = (int64_t)reign->epoch;
    else
        l->epoch = weft_max_i64(1, ctx->clock->wall_us(ctx->clock->self) / 1000000 - EPOCH_ZERO_S);
    if (reign != NULL)
        WEFT_TRY(st, open_kept_journal(l));
    else if (l->options.journal != NULL)
        WEFT_TRY(st, open_file_journal(l));
    if (l->options.blobs != NULL) WEFT_TRY(st, open_artifacts(l));
    if (l->journal == NULL) return WEFT_OK;
    WEFT_TRY(st, weft_commits_open(ctx, l->journal, &l->commits));
    (void)weft_commits_recover(ctx, l->commits, true);
done:
    return st;
}

static weft_status fetch(weft_ctx *ctx, void *self, const weft_block_name *names, const weft_place *places,
                         int32_t count, const weft_types *types, weft_block **out, int32_t *lost)
{
    weft_status st = WEFT_OK;
    weft_leadership *l = self;
    const weft_place **list = NULL;
    *lost = -1;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, count, &list));
    for (int32_t i = 0; i < count; i++) list[i] = &places[i];
    WEFT_TRY(st, weft_fetch_blocks(ctx, l->fetcher, names, list, count, types, ctx->memory, out, lost));
done:
    return st;
}

static weft_status make_coordinator(weft_leadership *l)
{
    const weft_leadership_options *o = &l->options;
    const weft_core_port port = weft_port_core(l->port);
    const weft_coordinator_options coordinator = {.port = &port,
                                                  .core = {.members = {.tick_ns = TICK_MS * MS,
                                                                       .beat_ns = BEAT_MS * MS,
                                                                       .silent_ns = SILENT_MS * MS,
                                                                       .lost_ns = o->away_ms * MS},
                                                           .scheduler = {.grace_ns = o->grace_ms * MS,
                                                                         .crashes_most = 3,
                                                                         .misses_most = 2,
                                                                         .strikes_most = 5,
                                                                         .aside_ns = ASIDE_MS * MS,
                                                                         .ahead_most = WEFT_AHEAD_MOST,
                                                                         .ahead_ns = WEFT_AHEAD_NS},
                                                           .epoch = l->epoch,
                                                           .by_value = true,
                                                           .cluster = o->cluster},
                                                  .source = {.fetch = fetch, .self = l},
                                                  .jobs = l->jobs,
                                                  .tasks = l->tasks,
                                                  .commits = l->commits,
                                                  .journal = l->journal,
                                                  .artifacts = l->artifacts};
    weft_status st = weft_coordinator_new(&l->ctx, &coordinator, &l->coordinator);
    if (st == WEFT_OK && l->journal != NULL) st = weft_recovery_load(&l->ctx, l->coordinator, &l->recovery);
    return st;
}

static weft_status listen_for_all(weft_leadership *l)
{
    weft_status st = WEFT_OK;
    weft_ctx *ctx = &l->ctx;
    const weft_leadership_options *o = &l->options;
    const weft_daemon *d = o->daemon;
    char *listen = NULL;
    const weft_fetch_options fetcher = {.keys = o->keys,
                                        .role = WEFT_ROLE_COORDINATOR,
                                        .pool = d->memory.pool,
                                        .settings = &d->settings,
                                        .host_id = ""};
    WEFT_TRY(st, weft_fetcher_start(ctx, &fetcher, &l->fetcher));
    WEFT_TRY(st, weft_arena_printf(ctx, ctx->arena, &listen, "tcp://%s:%" PRId32, o->host, o->port));
    const weft_port_options serve = {.coordinator = l->coordinator,
                                     .listen = listen,
                                     .keys = o->keys,
                                     .settings = &d->settings,
                                     .tick_ms = TICK_MS,
                                     .pool = d->memory.pool,
                                     .sessions_max = SESSIONS_MAX,
                                     .session_keep_ms = (int32_t)weft_min_i64(o->session_grace_ms, INT32_MAX),
                                     .named_keep_ms = (int32_t)weft_min_i64(o->named_grace_ms, INT32_MAX),
                                     .peers_max = PEERS_MAX,
                                     .journal = l->journal,
                                     .recovery = l->recovery,
                                     .blobs = o->blobs == NULL ? NULL : weft_blobs_address(o->blobs)};
    WEFT_TRY(st, weft_port_start(ctx, l->port, &serve));
done:
    return st;
}

weft_status weft_leadership_start(weft_ctx *ctx, const weft_leadership_options *options,
                                  weft_leadership **out)
{
    weft_status st = WEFT_OK;
    weft_leadership *l = NULL;
    bool opened = false;
    *out = NULL;
    WEFT_TRY(st, weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, sizeof(*l), (void **)&l));
    l->options = *options;
    l->account = weft_account_open(options->daemon->memory.pool, "leadership");
    l->arena = l->account == NULL ? NULL : weft_arena_new(l->account);
    if (l->arena == NULL) WEFT_TRY(st, weft_fail(ctx, WEFT_NOMEM, "no memory to lead with"));
    weft_ctx_init(&l->ctx, l->arena, l->account, &options->daemon->settings);
    opened = true;
    WEFT_TRY(st, open_journal(l));
    WEFT_TRY(st, weft_jobs_new(&l->ctx, &l->jobs));
    WEFT_TRY(st, weft_tasks_new(&l->ctx, &l->tasks));
    WEFT_TRY(st, weft_port_new(&l->ctx, &l->port));
    WEFT_TRY(st, make_coordinator(l));
    WEFT_TRY(st, listen_for_all(l));
    if (options->blobs != NULL) WEFT_TRY(st, weft_blobs_tend(&l->ctx, options->blobs));
    *out = l;
    l = NULL;
done:
    if (l != NULL && opened) (void)weft_error_copy(ctx, &l->ctx);
    weft_leadership_stop(&l, true);
    return st;
}

int32_t weft_leadership_port(const weft_leadership *l) { return weft_port_number(l->port); }

weft_coordinator *weft_leadership_coordinator(const weft_leadership *l) { return l->coordinator; }

bool weft_leadership_is_deposed(const weft_leadership *l)
{
    return l->coordinator != NULL && weft_coordinator_is_deposed(l->coordinator);
}

void weft_leadership_suspend(weft_leadership *l, bool suspended) { weft_port_suspend(l->port, suspended); }

void weft_leadership_stop(weft_leadership **slot, bool silent)
{
    weft_leadership *l = *slot;
    *slot = NULL;
    if (l == NULL) return;
    if (silent && l->journal != NULL) weft_journal_resign(l->journal); /* how jobs end here ends no job */
    if (silent && l->coordinator != NULL) weft_coordinator_depose(l->coordinator);
    if (silent && l->port != NULL) weft_port_hush(l->port);
    if (l->port != NULL) weft_port_stop(l->port);
    weft_recovery_free(&l->recovery);
    weft_fetcher_stop(&l->fetcher);
    weft_coordinator_free(&l->coordinator);
    weft_commits_close(&l->commits);
    if (l->options.blobs != NULL) weft_blobs_retire(l->options.blobs);
    weft_artifacts_free(&l->artifacts);
    weft_journal_close(&l->journal);
    if (l->disk.self != NULL) weft_journal_folder_close(&l->disk);
    weft_port_free(&l->port);
    weft_jobs_free(&l->jobs);
    weft_tasks_free(&l->tasks);
    weft_arena_free(&l->arena);
    weft_account_close(&l->account);
    weft_mem_free(l);
}
