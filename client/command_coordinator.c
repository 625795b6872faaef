/* client/command_coordinator.c - `weft coordinator`: the process that plans, schedules and answers.
 *
 * With ZooKeeper it stands for election (standby.h); without, it leads from its start to its end. */
#include "client/command_coordinator.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "client/leadership.h"
#include "client/standby.h"
#include "common/log.h"
#include "common/version.h"
#include "coordinator/http.h"

enum {
    TIMEOUT_MS_LEAST = 100,
    TIMEOUT_MS_MOST = 60000 /* beyond it nobody would call it failover */
};

static const char lost_without[] = "Nothing outlives this coordinator: when it dies, so do its sessions and "
                                   "jobs, and a write that was under way may leave files behind.";

typedef enum recovery_kind { RECOVERY_NONE, RECOVERY_FILE, RECOVERY_ZOOKEEPER } recovery_kind;

typedef struct values {
    const char *host, *cluster, *token_file, *certificate, *key;
    int32_t port, webui_port;
    int64_t grace_ms, session_grace_ms, named_grace_ms, away_ms;
    const char *advertise, *zookeeper, *zookeeper_dir, *recovery, *recovery_dir;
    int64_t timeout_ms;
    int32_t blob_port, blob_copies;
    int64_t blob_bytes, blob_keep_ms;
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
    {"--submit-grace", 0, "weft.coordinator.submitGrace", NULL, WEFT_OPTION_MS, "1h", "TIME",
     "the same of a session that weft submit --session has named", offsetof(values, named_grace_ms)},
    {"--worker-timeout", 0, "weft.coordinator.workerTimeout", NULL, WEFT_OPTION_MS, "1s", "TIME",
     "a worker that fell silent, or whose connection broke, is waited for so long; then it is dead, and what "
     "it held is made again",
     offsetof(values, away_ms)},
    {"--advertise", 0, "weft.coordinator.advertise", NULL, WEFT_OPTION_TEXT, NULL, "HOST[:PORT]",
     "with --zookeeper: where others reach this coordinator; --host and --port without it",
     offsetof(values, advertise)},
    {"--zookeeper", 0, "weft.coordinator.zookeeper", "spark.deploy.zookeeper.url", WEFT_OPTION_TEXT, NULL,
     "HOST:PORT[,…]", "stand for election there, and keep what must outlive this process; needs --keys",
     offsetof(values, zookeeper)},
    {"--zookeeper-dir", 0, "weft.coordinator.zookeeperDir", "spark.deploy.zookeeper.dir", WEFT_OPTION_TEXT,
     "/weft", "PATH", "where in ZooKeeper; below it the name of the cluster, or `default`",
     offsetof(values, zookeeper_dir)},
    {"--zookeeper-timeout", 0, "weft.coordinator.zookeeperTimeout", NULL, WEFT_OPTION_MS, "6s", "TIME",
     "a leader that ZooKeeper has not heard of for so long leads no more", offsetof(values, timeout_ms)},
    {"--recovery", 0, "weft.coordinator.recovery", "spark.deploy.recoveryMode", WEFT_OPTION_TEXT, NULL,
     "zookeeper|file:DIR|none",
     "what outlives this process, and where; without it zookeeper with --zookeeper, file:DIR/journal with "
     "--work-dir DIR, else none",
     offsetof(values, recovery)},
    {"--blob-port", 0, "weft.coordinator.blobPort", NULL, WEFT_OPTION_PORT, "0", "PORT",
     "with --zookeeper and --work-dir: where other coordinators bring and fetch large records; 0: any free "
     "one",
     offsetof(values, blob_port)},
    {"--blob-copies", 0, "weft.coordinator.blobCopies", NULL, WEFT_OPTION_COUNT, "2", "1|2",
     "a large record counts as written when so many coordinators have it: with 2 it outlives this machine",
     offsetof(values, blob_copies)},
    {"--blob-bytes", 0, "weft.coordinator.blobBytes", NULL, WEFT_OPTION_SIZE, "16g", "SIZE",
     "most bytes of large records in --work-dir; more are refused", offsetof(values, blob_bytes)},
    {"--blob-keep", 0, "weft.coordinator.blobKeep", NULL, WEFT_OPTION_MS, "2m", "TIME",
     "a large record that nobody needs any more is removed so long after its last use",
     offsetof(values, blob_keep_ms)},
    {"--recovery-dir", 0, "weft.coordinator.recoveryDir", "spark.deploy.recoveryDirectory", WEFT_OPTION_TEXT,
     NULL, "DIR", "DIR of --recovery file", offsetof(values, recovery_dir)},
};

static const weft_daemon_command command = {"coordinator",
                                            "Plans and schedules jobs: workers and clients connect to it.",
                                            options, sizeof(options) / sizeof(options[0])};

typedef struct parts {
    recovery_kind recovery;
    const char *journal, *folder; /* of a file; in ZooKeeper */
    weft_keys *keys;
    weft_leadership *leadership; /* without ZooKeeper */
    weft_standby *standby;       /* with it */
    weft_blobs *blobs;           /* without it: files of sessions */
    weft_http *http;
    int32_t port;
    char address[WEFT_LEADER_ADDRESS_BYTES]; /* where others reach it */
} parts;

/* ---- options ---- */

static weft_status config_fail(weft_ctx *ctx, const char *message, const char *hint)
{
    (void)weft_fail(ctx, WEFT_CONFIG, "%s", message);
    weft_hint(ctx, "%s", hint);
    return WEFT_CONFIG;
}

/* file, file:DIR, FILESYSTEM: DIR is there or in --recovery-dir. */
static weft_status choose_file(weft_daemon *d, const values *v, const char *folder, parts *p)
{
    weft_status st = WEFT_OK;
    weft_ctx *ctx = &d->ctx;
    char *path = NULL;
    p->recovery = RECOVERY_FILE;
    if (folder == NULL || folder[0] == 0) folder = v->recovery_dir;
    if (folder == NULL && d->work_dir == NULL)
        return config_fail(ctx, "--recovery file names no folder",
                           "--recovery file:DIR, or --recovery-dir DIR, or --work-dir DIR");
    if (folder == NULL) WEFT_TRY(st, weft_arena_printf(ctx, ctx->arena, &path, "%s/journal", d->work_dir));
    p->journal = folder == NULL ? path : folder;
done:
    return st;
}

static weft_status choose_zookeeper(weft_daemon *d, const values *v, parts *p)
{
    weft_status st = WEFT_OK;
    weft_ctx *ctx = &d->ctx;
    char *folder = NULL;
    const char *cluster = v->cluster == NULL || v->cluster[0] == 0 ? "default" : v->cluster;
    p->recovery = RECOVERY_ZOOKEEPER;
    if (v->zookeeper == NULL || v->zookeeper[0] == 0)
        return config_fail(ctx, "--recovery zookeeper has no servers", "--zookeeper HOST:PORT,HOST:PORT");
    if (d->keys_dir == NULL)
        return config_fail(ctx,
                           "--zookeeper needs --keys: what is kept there is sealed, and others shall not "
                           "become leader",
                           "make keys with `weft keys init DIR`, give all coordinators the same folder, and "
                           "start them with --keys DIR");
    if (v->timeout_ms < TIMEOUT_MS_LEAST || v->timeout_ms > TIMEOUT_MS_MOST)
        return config_fail(ctx, "--zookeeper-timeout must be 100ms to 60s", "6s, for example");
    if (v->blob_copies < 1 || v->blob_copies > 2)
        return config_fail(ctx, "--blob-copies must be 1 or 2",
                           "2: a large record is on this coordinator and on one that stands by");
    size_t len = strlen(v->zookeeper_dir);
    while (len > 0 && v->zookeeper_dir[len - 1] == '/') len--;
    if (strchr(cluster, '/') != NULL)
        return config_fail(ctx, "--cluster: a name in ZooKeeper has no slash", "prod-1, for example");
    WEFT_TRY(st, weft_arena_printf(ctx, ctx->arena, &folder, "%.*s/%s", (int)len, v->zookeeper_dir, cluster));
    p->folder = folder;
done:
    return st;
}

static weft_status choose_recovery(weft_daemon *d, const values *v, parts *p)
{
    const char *word = v->recovery;
    if (word == NULL || word[0] == 0) {
        if (v->zookeeper != NULL && v->zookeeper[0] != 0) return choose_zookeeper(d, v, p);
        if (v->recovery_dir != NULL || d->work_dir != NULL) return choose_file(d, v, NULL, p);
        return WEFT_OK;
    }
    if (strcasecmp(word, "zookeeper") == 0) return choose_zookeeper(d, v, p);
    if (strncasecmp(word, "file:", 5) == 0) return choose_file(d, v, word + 5, p);
    if (strcasecmp(word, "file") == 0 || strcasecmp(word, "filesystem") == 0)
        return choose_file(d, v, NULL, p);
    if (strcasecmp(word, "none") == 0) return WEFT_OK;
    return config_fail(&d->ctx, "--recovery is none of zookeeper, file:DIR and none",
                       "Spark's ZOOKEEPER, FILESYSTEM and NONE mean the same");
}

static bool has_port(const char *address)
{
    const char *colon = strrchr(address, ':');
    const char *bracket = strrchr(address, ']');
    return colon != NULL && (bracket == NULL || colon > bracket);
}

/* Where others reach it: as told, else where it listens; a host that listens everywhere gives its name. */
static void choose_address(const values *v, parts *p)
{
    char name[WEFT_LEADER_ADDRESS_BYTES - 8];
    const char *host = v->advertise != NULL ? v->advertise : v->host;
    const bool everywhere = strcmp(host, "0.0.0.0") == 0 || strcmp(host, "::") == 0 || strcmp(host, "*") == 0;
    if (everywhere && gethostname(name, sizeof(name)) == 0) {
        name[sizeof(name) - 1] = 0;
        host = name;
    }
    if (v->advertise != NULL && has_port(v->advertise))
        snprintf(p->address, sizeof(p->address), "%s", v->advertise);
    else
        snprintf(p->address, sizeof(p->address), "%s:%" PRId32, host, p->port);
}

/* ---- without ZooKeeper ---- */

static weft_status see(weft_ctx *ctx, void *self, weft_cluster_status *out)
{
    weft_status st = WEFT_OK;
    const parts *p = self;
    WEFT_TRY(st, weft_coordinator_status(ctx, weft_leadership_coordinator(p->leadership), out));
    out->recovery = p->recovery == RECOVERY_FILE ? "file" : "none";
    if (p->recovery == RECOVERY_NONE) out->lost = lost_without;
done:
    return st;
}

static weft_status list_tasks(weft_ctx *ctx, void *self, uint64_t job, int32_t stage, int32_t generation,
                              weft_task_record **out, int32_t *count)
{
    const parts *p = self;
    return weft_coordinator_list_tasks(ctx, weft_leadership_coordinator(p->leadership), job, stage,
                                       generation, out, count);
}

static bool cancel(void *self, uint64_t job)
{
    const parts *p = self;
    return weft_coordinator_cancel_job(weft_leadership_coordinator(p->leadership), job);
}

/* ---- start and stop ---- */

static weft_status start_http(weft_daemon *d, const values *v, parts *p)
{
    weft_status st = WEFT_OK;
    weft_ctx *ctx = &d->ctx;
    char *url = NULL;
    WEFT_TRY(st, weft_arena_printf(ctx, ctx->arena, &url, "weft://%s", p->address));
    const weft_http_provider alone = {.self = p, .status = see, .tasks = list_tasks, .cancel = cancel};
    const weft_http_options http = {.host = v->host,
                                    .port = v->webui_port,
                                    .certificate = v->certificate,
                                    .key = v->key,
                                    .token_file = v->token_file,
                                    .url = url,
                                    .version = WEFT_VERSION_TEXT,
                                    .pool = d->memory.pool,
                                    .provider = p->standby != NULL ? weft_standby_provider(p->standby)
                                                                   : alone};
    WEFT_TRY(st, weft_http_start(ctx, &http, &p->http));
done:
    return st;
}

static weft_status start_standby(weft_daemon *d, const values *v, parts *p,
                                 const weft_leadership_options *leadership)
{
    weft_status st = WEFT_OK;
    weft_ctx *ctx = &d->ctx;
    char http[WEFT_LEADER_HTTP_BYTES];
    const weft_standby_options standby = {.leadership = *leadership,
                                          .servers = v->zookeeper,
                                          .folder = p->folder,
                                          .timeout_ms = (int32_t)v->timeout_ms,
                                          .keys_dir = d->keys_dir,
                                          .blob_port = v->blob_port,
                                          .blob_copies = v->blob_copies,
                                          .blob_bytes = v->blob_bytes,
                                          .blob_keep_ms = v->blob_keep_ms};
    WEFT_TRY(st, weft_standby_open(ctx, &standby, &p->standby));
    p->port = weft_standby_port(p->standby);
    choose_address(v, p);
    WEFT_TRY(st, start_http(d, v, p));
    const char *colon = strrchr(p->address, ':');
    snprintf(http, sizeof(http), "%s://%.*s:%" PRId32, v->certificate == NULL ? "http" : "https",
             (int)(colon - p->address), p->address, weft_http_port(p->http));
    WEFT_TRY(st, weft_standby_start(ctx, p->standby, p->address, http));
done:
    return st;
}

/* Files that clients add to their sessions lie in the work folder. */
static weft_status open_blobs(weft_daemon *d, const values *v, parts *p)
{
    weft_status st = WEFT_OK;
    weft_ctx *ctx = &d->ctx;
    char *folder = NULL, address[WEFT_LEADER_ADDRESS_BYTES + 16];
    if (d->work_dir == NULL) return WEFT_OK;
    WEFT_TRY(st, weft_arena_printf(ctx, ctx->arena, &folder, "%s/blobs", d->work_dir));
    const weft_blobs_options blobs = {.folder = folder,
                                      .host = v->host,
                                      .port = v->blob_port,
                                      .keys = p->keys,
                                      .pool = d->memory.pool,
                                      .settings = &d->settings,
                                      .most_bytes = v->blob_bytes,
                                      .copies = 1,
                                      .idle_ms = v->blob_keep_ms};
    WEFT_TRY(st, weft_blobs_open(ctx, &blobs, &p->blobs));
    choose_address(v, p);
    snprintf(address, sizeof(address), "%.*s:%" PRId32, (int)(strrchr(p->address, ':') - p->address),
             p->address, weft_blobs_port(p->blobs));
    weft_blobs_name(p->blobs, address);
done:
    return st;
}

static weft_status start(weft_daemon *d, const values *v, parts *p)
{
    weft_status st = WEFT_OK;
    weft_ctx *ctx = &d->ctx;
    WEFT_TRY(st, choose_recovery(d, v, p));
    if (d->keys_dir != NULL) WEFT_TRY(st, weft_keys_open(ctx, d->keys_dir, WEFT_ROLE_COORDINATOR, &p->keys));
    weft_leadership_options leadership = {.daemon = d,
                                          .host = v->host,
                                          .cluster = v->cluster,
                                          .port = v->port,
                                          .grace_ms = v->grace_ms,
                                          .session_grace_ms = v->session_grace_ms,
                                          .named_grace_ms = v->named_grace_ms,
                                          .away_ms = v->away_ms,
                                          .keys = p->keys,
                                          .journal = p->journal};
    if (p->recovery == RECOVERY_ZOOKEEPER) {
        WEFT_TRY(st, start_standby(d, v, p, &leadership));
        return WEFT_OK;
    }
    WEFT_TRY(st, open_blobs(d, v, p));
    leadership.blobs = p->blobs;
    WEFT_TRY(st, weft_leadership_start(ctx, &leadership, &p->leadership));
    p->port = weft_leadership_port(p->leadership);
    snprintf(p->address, sizeof(p->address), "%s:%" PRId32, v->host, p->port);
    WEFT_TRY(st, start_http(d, v, p));
    if (p->recovery == RECOVERY_NONE)
        weft_log(WEFT_LOG_WARN, "no_recovery", WEFT_LOG_TEXT("message", lost_without));
done:
    return st;
}

static void stop(parts *p)
{
    weft_http_stop(&p->http);
    weft_standby_stop(&p->standby);
    weft_leadership_stop(&p->leadership, false);
    weft_blobs_close(&p->blobs);
    weft_keys_close(&p->keys);
}

static void say_ready(const values *v, const parts *p)
{
    const int32_t webui = weft_http_port(p->http);
    weft_log(WEFT_LOG_INFO, "ready", WEFT_LOG_TEXT("host", v->host), WEFT_LOG_INT("port", p->port),
             WEFT_LOG_INT("webui_port", webui));
    printf("weft coordinator: ready at weft://%s:%" PRId32 ", pages at %s://%s:%" PRId32 "\n", v->host,
           p->port, v->certificate == NULL ? "http" : "https", v->host, webui);
    fflush(stdout);
}

int weft_command_coordinator(int argc, char **argv)
{
    values v = {0};
    parts p = {0};
    weft_daemon *d = NULL;
    int code = weft_daemon_open(&command, argc, argv, &v, &d);
    if (code != WEFT_DAEMON_RUNS) return code;
    const weft_status st = start(d, &v, &p);
    if (st != WEFT_OK) {
        code = weft_daemon_fail(d, "coordinator_start_failed");
    } else {
        say_ready(&v, &p);
        code = weft_daemon_wait(d);
        weft_log(WEFT_LOG_INFO, "ends", WEFT_LOG_INT("code", code));
    }
    stop(&p);
    weft_daemon_close(&d);
    return code;
}
