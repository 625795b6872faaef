/* client/command_coordinator.c - `weft coordinator`: the process that plans, schedules and answers. */
#include "client/command_coordinator.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "client/daemon.h"
#include "common/log.h"
#include "common/version.h"
#include "coordinator/commits.h"
#include "coordinator/http.h"
#include "coordinator/jobs.h"
#include "coordinator/journal_file.h"
#include "coordinator/port.h"
#include "worker/fetch.h"

#define MS INT64_C(1000000)

enum {
    TICK_MS = 50,
    BEAT_MS = 250,    /* something is said to every worker at least so often */
    SILENT_MS = 1500, /* nothing heard of a worker for so long: nothing is launched there */
    ASIDE_MS = 10000, /* a worker on which attempt after attempt fails is left alone so long */
    PEERS_MAX = 10000,
    SESSIONS_MAX = 1000,
    EPOCH_ZERO_S = 1735689600 /* 2025-01-01: epochs are seconds since then, or greater */
};

typedef struct values {
    const char *host, *cluster, *token_file, *certificate, *key;
    int32_t port, webui_port;
    int64_t grace_ms, session_grace_ms, away_ms;
} values;

static const weft_option options[] = {
    {"--host", 'h', "weft.coordinator.host", "spark.master.host", WEFT_OPTION_TEXT, "127.0.0.1", "HOST",
     "address to listen on; off the loopback only with --keys", offsetof(values, host)},
    {"--port", 'p', "weft.coordinator.port", "spark.master.port", WEFT_OPTION_PORT, "7077", "PORT",
     "port for workers and clients; 0: any free one", offsetof(values, port)},
    {"--webui-port", 0, "weft.coordinator.webuiPort", "spark.master.ui.port", WEFT_OPTION_PORT, "8080",
     "PORT", "port of pages, REST and metrics; 0: any free one", offsetof(values, webui_port)},
    {"--token-file", 0, "weft.coordinator.tokenFile", NULL, WEFT_OPTION_TEXT, NULL, "FILE",
     "who shows the token in this file (mode 0600) may read pages and REST", offsetof(values, token_file)},
    {"--tls-certificate", 0, "weft.coordinator.tls.certificate", NULL, WEFT_OPTION_TEXT, NULL, "FILE",
     "PEM file: pages and REST over TLS", offsetof(values, certificate)},
    {"--tls-key", 0, "weft.coordinator.tls.key", NULL, WEFT_OPTION_TEXT, NULL, "FILE",
     "PEM file of its private key", offsetof(values, key)},
    {"--cluster", 0, "weft.coordinator.cluster", NULL, WEFT_OPTION_TEXT, NULL, "NAME",
     "name of the cluster: workers that name another are refused", offsetof(values, cluster)},
    {"--grace", 0, "weft.coordinator.grace", NULL, WEFT_OPTION_MS, "30s", "TIME",
     "a job without any worker waits so long, then fails", offsetof(values, grace_ms)},
    {"--session-grace", 0, "weft.coordinator.sessionGrace", NULL, WEFT_OPTION_MS, "1m", "TIME",
     "a session whose client is gone, and what it runs, waits for it so long, then ends",
     offsetof(values, session_grace_ms)},
    {"--worker-timeout", 0, "weft.coordinator.workerTimeout", NULL, WEFT_OPTION_MS, "1s", "TIME",
     "a worker that fell silent, or whose connection broke, is waited for so long; then it is dead, and what "
     "it held is made again",
     offsetof(values, away_ms)},
};

static const weft_daemon_command command = {"coordinator",
                                            "Plans and schedules jobs: workers and clients connect to it.",
                                            options, sizeof(options) / sizeof(options[0])};

typedef struct parts {
    weft_journal_disk disk;
    weft_journal *journal;
    weft_commits *commits;
    weft_keys *keys;
    weft_jobs *jobs;
    weft_port *port;
    weft_fetcher *fetcher;
    weft_coordinator *coordinator;
    weft_http *http;
} parts;

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

/* The epoch is greater than that of every coordinator before in the work folder, and on this clock. What the
 * one before has left of writes is brought to its end before anybody can connect. */
static weft_status open_journal(weft_daemon *d, parts *p, int64_t *epoch)
{
    weft_status st = WEFT_OK;
    weft_ctx *ctx = &d->ctx;
    char *path = NULL;
    *epoch = weft_max_i64(1, ctx->clock->wall_us(ctx->clock->self) / 1000000 - EPOCH_ZERO_S);
    if (d->work_dir == NULL) return WEFT_OK;
    WEFT_TRY(st, weft_arena_printf(ctx, ctx->arena, &path, "%s/journal", d->work_dir));
    WEFT_TRY(st, weft_journal_folder_open(ctx, path, &p->disk));
    st = weft_journal_open_file(ctx, &p->disk, (uint64_t)*epoch, &p->journal);
    if (st == WEFT_OK) st = weft_commits_open(ctx, p->journal, &p->commits);
    explain_damage(ctx, st, path);
    WEFT_TRY(st, st);
    const uint64_t won = weft_journal_epoch(p->journal);
    if (won > UINT32_MAX) /* it is half of the number of a session */
        WEFT_TRY(st, weft_fail(ctx, WEFT_LIMIT, "%s has come to epoch %" PRIu64 ", more than there may be",
                               path, won));
    *epoch = (int64_t)won;
    (void)weft_commits_recover(ctx, p->commits);
done:
    return st;
}

static weft_status fetch(weft_ctx *ctx, void *self, const weft_block_name *names, const weft_place *places,
                         int32_t count, const weft_types *types, weft_block **out, int32_t *lost)
{
    weft_status st = WEFT_OK;
    parts *p = self;
    const weft_place **list = NULL;
    *lost = -1;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, count, &list));
    for (int32_t i = 0; i < count; i++) list[i] = &places[i];
    WEFT_TRY(st, weft_fetch_blocks(ctx, p->fetcher, names, list, count, types, ctx->memory, out, lost));
done:
    return st;
}

static weft_status see(weft_ctx *ctx, void *self, weft_cluster_status *out)
{
    return weft_coordinator_status(ctx, self, out);
}

static bool cancel(void *self, uint64_t job) { return weft_coordinator_cancel_job(self, job); }

static weft_status start_http(weft_daemon *d, const values *v, parts *p)
{
    weft_status st = WEFT_OK;
    weft_ctx *ctx = &d->ctx;
    char *url = NULL;
    WEFT_TRY(st, weft_arena_printf(ctx, ctx->arena, &url, "weft://%s:%" PRId32, v->host,
                                   weft_port_number(p->port)));
    const weft_http_options http = {.host = v->host,
                                    .port = v->webui_port,
                                    .certificate = v->certificate,
                                    .key = v->key,
                                    .token_file = v->token_file,
                                    .url = url,
                                    .version = WEFT_VERSION_TEXT,
                                    .pool = d->pool,
                                    .provider = {.self = p->coordinator, .status = see, .cancel = cancel}};
    WEFT_TRY(st, weft_http_start(ctx, &http, &p->http));
done:
    return st;
}

static weft_status start(weft_daemon *d, const values *v, parts *p)
{
    weft_status st = WEFT_OK;
    weft_ctx *ctx = &d->ctx;
    char *listen = NULL;
    int64_t epoch = 0;
    WEFT_TRY(st, open_journal(d, p, &epoch));
    if (d->keys_dir != NULL) WEFT_TRY(st, weft_keys_open(ctx, d->keys_dir, WEFT_ROLE_COORDINATOR, &p->keys));
    WEFT_TRY(st, weft_jobs_new(ctx, &p->jobs));
    WEFT_TRY(st, weft_port_new(ctx, &p->port));
    const weft_core_port port = weft_port_core(p->port);
    const weft_coordinator_options coordinator = {.port = &port,
                                                  .core = {.members = {.tick_ns = TICK_MS * MS,
                                                                       .beat_ns = BEAT_MS * MS,
                                                                       .silent_ns = SILENT_MS * MS,
                                                                       .lost_ns = v->away_ms * MS},
                                                           .scheduler = {.grace_ns = v->grace_ms * MS,
                                                                         .crashes_most = 3,
                                                                         .misses_most = 2,
                                                                         .strikes_most = 5,
                                                                         .aside_ns = ASIDE_MS * MS,
                                                                         .ahead_most = WEFT_AHEAD_MOST,
                                                                         .ahead_ns = WEFT_AHEAD_NS},
                                                           .epoch = epoch,
                                                           .by_value = true,
                                                           .cluster = v->cluster},
                                                  .source = {.fetch = fetch, .self = p},
                                                  .jobs = p->jobs,
                                                  .commits = p->commits};
    WEFT_TRY(st, weft_coordinator_new(ctx, &coordinator, &p->coordinator));
    const weft_fetch_options fetcher = {.keys = p->keys,
                                        .role = WEFT_ROLE_COORDINATOR,
                                        .pool = d->pool,
                                        .settings = &d->settings,
                                        .host_id = ""};
    WEFT_TRY(st, weft_fetcher_start(ctx, &fetcher, &p->fetcher));
    WEFT_TRY(st, weft_arena_printf(ctx, ctx->arena, &listen, "tcp://%s:%" PRId32, v->host, v->port));
    const weft_port_options serve = {.coordinator = p->coordinator,
                                     .listen = listen,
                                     .keys = p->keys,
                                     .settings = &d->settings,
                                     .tick_ms = TICK_MS,
                                     .pool = d->pool,
                                     .sessions_max = SESSIONS_MAX,
                                     .session_keep_ms = (int32_t)weft_min_i64(v->session_grace_ms, INT32_MAX),
                                     .peers_max = PEERS_MAX,
                                     .journal = p->journal};
    WEFT_TRY(st, weft_port_start(ctx, p->port, &serve));
    WEFT_TRY(st, start_http(d, v, p));
done:
    return st;
}

static void stop(parts *p)
{
    weft_http_stop(&p->http);
    if (p->port != NULL) weft_port_stop(p->port);
    weft_fetcher_stop(&p->fetcher);
    weft_coordinator_free(&p->coordinator);
    weft_commits_close(&p->commits);
    weft_journal_close(&p->journal);
    if (p->disk.self != NULL) weft_journal_folder_close(&p->disk);
    weft_port_free(&p->port);
    weft_jobs_free(&p->jobs);
    weft_keys_close(&p->keys);
}

int weft_command_coordinator(int argc, char **argv)
{
    values v = {0};
    parts p = {0};
    weft_daemon *d = NULL;
    int code = weft_daemon_open(&command, argc, argv, &v, &d);
    if (code != WEFT_DAEMON_RUNS) return code;
    if (start(d, &v, &p) != WEFT_OK) {
        code = weft_daemon_fail(d, "coordinator_start_failed");
    } else {
        const int32_t port = weft_port_number(p.port);
        const int32_t webui = weft_http_port(p.http);
        weft_log(WEFT_LOG_INFO, "ready", WEFT_LOG_TEXT("host", v.host), WEFT_LOG_INT("port", port),
                 WEFT_LOG_INT("webui_port", webui));
        printf("weft coordinator: ready at weft://%s:%" PRId32 ", pages at %s://%s:%" PRId32 "\n", v.host,
               port, v.certificate == NULL ? "http" : "https", v.host, webui);
        fflush(stdout);
        code = weft_daemon_wait(d);
        weft_log(WEFT_LOG_INFO, "ends", WEFT_LOG_INT("code", code));
    }
    stop(&p);
    weft_daemon_close(&d);
    return code;
}
