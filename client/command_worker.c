/* client/command_worker.c - `weft worker`: the process that runs tasks.
 *
 * SIGTERM: no attempt begins any more, those at work get ten seconds, the coordinator is told, exit code 0.
 * Refused by the coordinator, or without one for the grace time: exit code 1. */
#include "client/command_worker.h"

#include <inttypes.h>
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "client/daemon.h"
#include "common/log.h"
#include "common/version.h"
#include "worker/artifacts.h"
#include "worker/fetch.h"
#include "worker/http.h"
#include "worker/member.h"
#include "worker/serve.h"

#define MS INT64_C(1000000)

enum {
    LAST_TASKS_MS = 10000, /* that are at work when the process is told to end */
    LOOK_MS = 20,
    OUTBOX_PARTS = 16, /* of the memory: reports that wait for an acknowledgement take at most one */
    USUAL_PORT = 7078, /* tried first when none was given */
    NOT_GIVEN = -1
};

typedef struct values {
    const char *master, *host, *advertise, *host_id, *cluster, *token_file, *certificate, *key;
    int32_t port, webui_port;
    int64_t beat_ms, silent_ms, lease_ms, grace_ms;
} values;

static const weft_option options[] = {
    {"MASTER", 0, "weft.worker.master", NULL, WEFT_OPTION_TEXT, NULL, NULL,
     "the cluster to join: weft://HOST:PORT[,HOST:PORT]", offsetof(values, master)},
    {"--host", 'h', "weft.worker.host", "spark.worker.host", WEFT_OPTION_TEXT, "127.0.0.1", "HOST",
     "address to give blocks to others on; off the loopback only with --keys", offsetof(values, host)},
    {"--port", 'p', "weft.worker.port", "spark.worker.port", WEFT_OPTION_PORT, NULL, "PORT",
     "port for that; 0: any free one (default: 7078, or any free one when that is taken)",
     offsetof(values, port)},
    {"--webui-port", 0, "weft.worker.webuiPort", "spark.worker.ui.port", WEFT_OPTION_PORT, NULL, "PORT",
     "port of /healthz, /readyz and /metrics; 0: any free one (default: none)", offsetof(values, webui_port)},
    {"--token-file", 0, "weft.worker.tokenFile", NULL, WEFT_OPTION_TEXT, NULL, "FILE",
     "who shows the token in this file (mode 0600) may read /metrics", offsetof(values, token_file)},
    {"--tls-certificate", 0, "weft.worker.tls.certificate", NULL, WEFT_OPTION_TEXT, NULL, "FILE",
     "PEM file: these over TLS", offsetof(values, certificate)},
    {"--tls-key", 0, "weft.worker.tls.key", NULL, WEFT_OPTION_TEXT, NULL, "FILE",
     "PEM file of its private key", offsetof(values, key)},
    {"--advertise", 0, "weft.worker.advertise", NULL, WEFT_OPTION_TEXT, NULL, "HOST:PORT",
     "how others reach that address, when not by itself", offsetof(values, advertise)},
    {"--cores", 'c', "weft.task.slots", NULL, WEFT_OPTION_SETTING, NULL, "N",
     "tasks that run at once (default: the cores of the cgroup or machine)", 0},
    {"--host-id", 0, "weft.worker.hostId", NULL, WEFT_OPTION_TEXT, NULL, "ID",
     "what fails together: workers of one host share it (default: the host's name)",
     offsetof(values, host_id)},
    {"--cluster", 0, "weft.worker.cluster", NULL, WEFT_OPTION_TEXT, NULL, "NAME",
     "name of the cluster; another one refuses this worker", offsetof(values, cluster)},
    {"--heartbeat", 0, "weft.worker.heartbeat", NULL, WEFT_OPTION_MS, "200ms", "TIME",
     "something is said to the coordinator at least so often", offsetof(values, beat_ms)},
    {"--silence", 0, "weft.worker.silence", NULL, WEFT_OPTION_MS, "2s", "TIME",
     "a coordinator of which nothing is heard for so long is looked for anew", offsetof(values, silent_ms)},
    {"--lease", 0, "weft.worker.lease", NULL, WEFT_OPTION_MS, "15s", "TIME",
     "without a coordinator for so long no task begins", offsetof(values, lease_ms)},
    {"--grace", 0, "weft.worker.grace", NULL, WEFT_OPTION_MS, "10m", "TIME",
     "without a coordinator for so long the worker ends", offsetof(values, grace_ms)},
};

static const weft_daemon_command command = {"worker", "Runs the tasks of a cluster and keeps their results.",
                                            options, sizeof(options) / sizeof(options[0])};

typedef struct parts {
    weft_daemon *daemon;
    weft_keys *keys;
    weft_member *member;
    weft_fetcher *fetcher;
    weft_worker_artifacts *artifacts;
    weft_worker *worker;
    weft_serve *serve;
    weft_worker_http *http; /* or NULL */
    char *address;          /* of the block server, as others reach it */
    char *web;              /* of http, likewise; or NULL */
    weft_uuid uuid;
    bool ready;     /* has been told; of the member's thread */
    weft_error why; /* it ends; of the member's thread until the daemon hears of it */
} parts;

/* ---- what the member's thread tells ---- */

static void on_registered(void *self, int32_t number, const char *master)
{
    parts *p = self;
    if (p->http != NULL) weft_worker_http_ready(p->http);
    if (p->ready) return;
    p->ready = true;
    printf("weft worker: ready, worker %" PRId32 " of weft://%s\n", number, master + strlen("tcp://"));
    fflush(stdout);
}

static void on_artifacts(void *self, const char *address)
{
    const parts *p = self;
    weft_worker_artifacts_at(p->artifacts, address);
}

static void on_ended(void *self, const weft_error *why)
{
    parts *p = self;
    p->why = *why;
    weft_daemon_end(p->daemon, 1);
}

/* ---- life ---- */

static weft_status check_values(weft_ctx *ctx, const values *v)
{
    weft_status st = WEFT_OK;
    if (v->master == NULL) {
        st = weft_fail(ctx, WEFT_CONFIG, "which cluster shall it join?");
        weft_hint(ctx, "weft worker weft://HOST:PORT");
    } else if (v->beat_ms < 1 || v->silent_ms < v->beat_ms || v->lease_ms < v->silent_ms ||
               v->grace_ms < v->lease_ms)
        st = weft_fail(ctx, WEFT_CONFIG,
                       "--heartbeat, --silence, --lease and --grace must be times that do not get shorter");
    return st;
}

static weft_status find_host_id(weft_ctx *ctx, values *v)
{
    char name[WEFT_HOST_BYTES] = "";
    if (v->host_id != NULL) return WEFT_OK;
    if (gethostname(name, sizeof(name) - 1) != 0 || name[0] == 0) memcpy(name, "host", 5);
    return weft_arena_printf(ctx, ctx->arena, (char **)(uintptr_t)&v->host_id, "%s", name);
}

/* Whoever listens everywhere is reached by the name of the host. */
static bool is_everywhere(const char *host)
{
    return strcmp(host, "0.0.0.0") == 0 || strcmp(host, "[::]") == 0 || strcmp(host, "*") == 0;
}

static weft_status serve_at(weft_daemon *d, const values *v, parts *p, int32_t port)
{
    weft_status st = WEFT_OK;
    weft_ctx *ctx = &d->ctx;
    char *listen = NULL;
    WEFT_TRY(st, weft_arena_printf(ctx, ctx->arena, &listen, "tcp://%s:%" PRId32, v->host, port));
    const weft_serve_options serve = {.listen = listen,
                                      .keys = p->keys,
                                      .pool = d->memory.pool,
                                      .settings = &d->settings,
                                      .store = weft_worker_store(p->worker),
                                      .relay = weft_worker_relay(p->worker),
                                      .uuid = p->uuid,
                                      .host_id = v->host_id};
    WEFT_TRY(st, weft_serve_start(ctx, &serve, &p->serve));
done:
    return st;
}

/* Several workers of one host need no options: where nobody has said which port, one that is taken is as good
 * as another. */
static weft_status serve_blocks(weft_daemon *d, const values *v, parts *p)
{
    weft_status st = WEFT_OK;
    weft_ctx *ctx = &d->ctx;
    char name[WEFT_HOST_BYTES] = "";
    const bool given = v->port != NOT_GIVEN;
    st = serve_at(d, v, p, given ? v->port : USUAL_PORT);
    if (st == WEFT_IO && !given) {
        weft_error_clear(ctx);
        st = serve_at(d, v, p, 0);
    }
    WEFT_TRY(st, st);
    const int32_t port = weft_serve_port(p->serve);
    if (!given && port != USUAL_PORT)
        weft_log(WEFT_LOG_INFO, "port_taken", WEFT_LOG_INT("port", USUAL_PORT),
                 WEFT_LOG_INT("instead", port));
    if (is_everywhere(v->host) && gethostname(name, sizeof(name) - 1) != 0)
        WEFT_TRY(st, weft_fail(ctx, WEFT_CONFIG, "the host has no name: say --advertise HOST:PORT"));
    if (v->advertise != NULL)
        WEFT_TRY(st, weft_arena_printf(ctx, ctx->arena, &p->address, "tcp://%s", v->advertise));
    else
        WEFT_TRY(st, weft_arena_printf(ctx, ctx->arena, &p->address, "tcp://%s:%" PRId32,
                                       name[0] != 0 ? name : v->host, port));
    WEFT_TRY(st, weft_net_check_address(ctx, p->address, p->keys != NULL));
    if (strlen(p->address) >= sizeof(((weft_worker_hello *)0)->address))
        st = weft_fail(ctx, WEFT_CONFIG, "the address %s is too long", p->address);
done:
    return st;
}

static weft_status start_http(weft_daemon *d, const values *v, parts *p)
{
    weft_status st = WEFT_OK;
    weft_ctx *ctx = &d->ctx;
    if (v->webui_port == NOT_GIVEN) return WEFT_OK;
    const weft_worker_http_options http = {.host = v->host,
                                           .port = v->webui_port,
                                           .certificate = v->certificate,
                                           .key = v->key,
                                           .token_file = v->token_file,
                                           .pool = d->memory.pool,
                                           .worker = p->worker,
                                           .serve = p->serve,
                                           .fetcher = p->fetcher,
                                           .slots = d->cores};
    WEFT_TRY(st, weft_worker_http_start(ctx, &http, &p->http));
    const int32_t host_len = (int32_t)(strrchr(p->address, ':') - p->address) - (int32_t)strlen("tcp://");
    WEFT_TRY(st, weft_arena_printf(ctx, ctx->arena, &p->web, "%s://%.*s:%" PRId32,
                                   v->certificate == NULL ? "http" : "https", (int)host_len,
                                   p->address + strlen("tcp://"), weft_worker_http_port(p->http)));
done:
    return st;
}

static weft_status start(weft_daemon *d, values *v, parts *p)
{
    weft_status st = WEFT_OK;
    weft_ctx *ctx = &d->ctx;
    weft_control_options times = weft_member_times();
    WEFT_TRY(st, check_values(ctx, v));
    WEFT_TRY(st, find_host_id(ctx, v));
    WEFT_TRY(st, weft_uuid_new(ctx, &p->uuid));
    if (d->keys_dir != NULL) WEFT_TRY(st, weft_keys_open(ctx, d->keys_dir, WEFT_ROLE_WORKER, &p->keys));
    times.beat_ns = v->beat_ms * MS;
    times.silent_ns = v->silent_ms * MS;
    times.lease_ns = v->lease_ms * MS;
    times.grace_ns = v->grace_ms * MS;
    const weft_member_options member = {.masters = v->master,
                                        .host_id = v->host_id,
                                        .cluster = v->cluster == NULL ? "" : v->cluster,
                                        .version = WEFT_VERSION_TEXT,
                                        .folder = d->work_dir,
                                        .uuid = p->uuid,
                                        .keys = p->keys,
                                        .control = times,
                                        .outbox_bytes = d->memory_bytes / OUTBOX_PARTS,
                                        .registered = on_registered,
                                        .artifacts = on_artifacts,
                                        .ended = on_ended,
                                        .self = p};
    WEFT_TRY(st, weft_member_new(ctx, &member, &p->member));
    const weft_fetch_options fetcher = {.keys = p->keys,
                                        .role = WEFT_ROLE_WORKER,
                                        .pool = d->memory.pool,
                                        .settings = &d->settings,
                                        .host_id = v->host_id};
    WEFT_TRY(st, weft_fetcher_start(ctx, &fetcher, &p->fetcher));
    char *folder = NULL;
    if (d->work_dir != NULL)
        WEFT_TRY(st, weft_arena_printf(ctx, ctx->arena, &folder, "%s/artifacts", d->work_dir));
    WEFT_TRY(st, weft_worker_artifacts_new(ctx, folder, p->keys, &p->artifacts));
    const weft_worker_options worker = {.uuid = p->uuid,
                                        .slots = d->cores,
                                        .pool = d->memory.pool,
                                        .settings = &d->settings,
                                        .coordinator = weft_member_link(p->member),
                                        .named = weft_worker_artifacts_named(p->artifacts),
                                        .fetcher = p->fetcher};
    WEFT_TRY(st, weft_worker_start(ctx, &worker, &p->worker));
    WEFT_TRY(st, serve_blocks(d, v, p));
    WEFT_TRY(st, start_http(d, v, p));
    WEFT_TRY(st, weft_member_start(ctx, p->member, p->worker, p->address, p->web));
done:
    return st;
}

/* What is at work may end; nothing else begins. */
static void finish_tasks(parts *p)
{
    weft_worker_pause(p->worker, true);
    for (int32_t ms = 0; ms < LAST_TASKS_MS && weft_worker_busy(p->worker) > 0; ms += LOOK_MS)
        (void)poll(NULL, 0, LOOK_MS);
    const int32_t left = weft_worker_busy(p->worker);
    if (left > 0) weft_log(WEFT_LOG_WARN, "tasks_given_up", WEFT_LOG_INT("tasks", left));
    weft_member_leave(p->member);
}

/* What it gave to others, and what it got of blocks that were passed on. */
static void log_exchange(const parts *p)
{
    weft_serve_counts served;
    weft_relay_counts relays;
    weft_serve_count(p->serve, &served);
    weft_relay_count(weft_worker_relay(p->worker), &relays);
    weft_log(WEFT_LOG_INFO, "blocks_served", WEFT_LOG_INT("pages", served.pages),
             WEFT_LOG_INT("bytes", served.bytes), WEFT_LOG_INT("relayed", served.relayed),
             WEFT_LOG_INT("busy", served.busy), WEFT_LOG_INT("gone", served.gone),
             WEFT_LOG_INT("from_relays", relays.bytes), WEFT_LOG_INT("fallbacks", relays.fallbacks),
             WEFT_LOG_INT("damaged", relays.damaged));
}

static void stop(parts *p)
{
    weft_member_stop(p->member);
    weft_worker_http_stop(&p->http);
    weft_serve_stop(&p->serve);
    weft_worker_stop(&p->worker);
    weft_worker_artifacts_free(&p->artifacts);
    weft_fetcher_stop(&p->fetcher);
    weft_member_free(&p->member);
    weft_keys_close(&p->keys);
}

int weft_command_worker(int argc, char **argv)
{
    values v = {.port = NOT_GIVEN, .webui_port = NOT_GIVEN};
    parts p = {0};
    char uuid[WEFT_UUID_TEXT_BYTES];
    int code = weft_daemon_open(&command, argc, argv, &v, &p.daemon);
    if (code != WEFT_DAEMON_RUNS) return code;
    if (start(p.daemon, &v, &p) != WEFT_OK) {
        code = weft_daemon_fail(p.daemon, "worker_start_failed");
    } else {
        weft_uuid_text(p.uuid, uuid);
        weft_log(WEFT_LOG_INFO, "started", WEFT_LOG_TEXT("uuid", uuid), WEFT_LOG_TEXT("master", v.master),
                 WEFT_LOG_TEXT("blocks", p.address), WEFT_LOG_INT("cores", p.daemon->cores),
                 WEFT_LOG_INT("memory", p.daemon->memory_bytes));
        code = weft_daemon_wait(p.daemon);
        if (code == 0) {
            finish_tasks(&p);
        } else {
            p.daemon->ctx.error = p.why;
            code = weft_daemon_fail(p.daemon, "worker_given_up");
        }
        log_exchange(&p);
        weft_log(WEFT_LOG_INFO, "ends", WEFT_LOG_INT("code", code));
    }
    stop(&p);
    weft_daemon_close(&p.daemon);
    return code;
}
