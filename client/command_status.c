/* client/command_status.c - see command_status.h: options, where the coordinator is, one request, its answer.
 */
#include "client/command_status.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "client/http_client.h"
#include "client/options.h"
#include "client/status_print.h"

enum { LEADER_MS = 15000, LEADER_PAUSE_MS = 200 }; /* an election waits for a ZooKeeper session: 10 s */
enum {
    EXIT_DONE = 0,
    EXIT_FAILED = 1,
    EXIT_USAGE = 2,
    PLACES_MOST = 16,
    PATH_BYTES = 256,
    TABLE_JOBS = 20,
    WORKER_WEBUI_PORT = 8081 /* which the files of deploy/ give to workers */
};

typedef struct values {
    const char *master, *url, *token_file, *ca_file;
    int32_t webui_port;
    bool tls, json, ready;
    /* of single commands */
    const char *id, *state;
    int32_t lines, limit;
} values;

/* What a command asks and how it shows the answer. */
typedef struct ask {
    const char *command, *about;
    const weft_option *options; /* besides those of all */
    int32_t option_count;
    const char *method;
    /* Fill the path; the exit code when the options do not fit. */
    int (*path)(const struct ask *a, const values *v, char out[PATH_BYTES]);
    weft_status (*print)(weft_ctx *ctx, const values *v, const weft_http_answer *answer, bool *failed);
    bool is_local; /* without --master and --url: whatever process of Weft there is on this machine */
} ask;

/* ---- where ---- */

static int usage(const ask *a, const char *what, const char *value)
{
    fprintf(stderr, "%s: %s%s%s\nTry '%s --help'.\n", a->command, what, value[0] == 0 ? "" : ": ", value,
            a->command);
    return EXIT_USAGE;
}

/* "weft://h1:7077,h2:7077" → http://h1:8080, http://h2:8080. A host may be [an IPv6 address]. */
static int places_of_master(weft_ctx *ctx, const ask *a, const values *v, char **places, int32_t *count)
{
    const char *scheme = v->tls || v->ca_file != NULL ? "https" : "http";
    const char *at = strncasecmp(v->master, "weft://", 7) == 0    ? v->master + 7
                     : strncasecmp(v->master, "spark://", 8) == 0 ? v->master + 8
                                                                  : NULL;
    if (strncasecmp(v->master, "local", 5) == 0)
        return usage(a, "there is no coordinator to ask when the master is", v->master);
    if (at == NULL || *at == 0) return usage(a, "the master is weft://HOST:PORT, not", v->master);
    while (*at != 0 && *count < PLACES_MOST) {
        const size_t len = strcspn(at, ",");
        const size_t host = at[0] == '[' ? strcspn(at, "]") + 1 : strcspn(at, ":,");
        if (host == 0 || host > len || memchr(at, '@', len) != NULL || memchr(at, '/', len) != NULL)
            return usage(a, "the master is weft://HOST:PORT, not", v->master);
        if (weft_arena_printf(ctx, ctx->arena, &places[(*count)++], "%s://%.*s:%d", scheme, (int)host, at,
                              v->webui_port) != WEFT_OK)
            return EXIT_FAILED;
        at += len + (at[len] == ',');
    }
    return EXIT_DONE;
}

/* A coordinator's usual port, then a worker's. */
static int places_here(weft_ctx *ctx, const values *v, char **places, int32_t *count)
{
    const char *scheme = v->tls || v->ca_file != NULL ? "https" : "http";
    const int32_t ports[] = {v->webui_port, WORKER_WEBUI_PORT};
    for (int32_t i = 0; i < WEFT_COUNT(ports); i++)
        if (weft_arena_printf(ctx, ctx->arena, &places[(*count)++], "%s://127.0.0.1:%d", scheme, ports[i]) !=
            WEFT_OK)
            return EXIT_FAILED;
    return EXIT_DONE;
}

static int places_of_url(weft_ctx *ctx, const ask *a, const values *v, char **places, int32_t *count)
{
    size_t len = strlen(v->url);
    if (strncasecmp(v->url, "http://", 7) != 0 && strncasecmp(v->url, "https://", 8) != 0)
        return usage(a, "the url is http://HOST:PORT or https://HOST:PORT, not", v->url);
    if (strchr(v->url, '@') != NULL) return usage(a, "a url has no user: use --token-file", "");
    while (len > 0 && v->url[len - 1] == '/') len--;
    *count = 1;
    return weft_arena_copy(ctx, ctx->arena, v->url, len, &places[0]) == WEFT_OK ? EXIT_DONE : EXIT_FAILED;
}

/* ---- asking ---- */

static int failed(const ask *a, const weft_ctx *ctx)
{
    fprintf(stderr, "%s: %s\n", a->command, ctx->error.message);
    if (ctx->error.hint[0] != 0) fprintf(stderr, "%s\n", ctx->error.hint);
    return EXIT_FAILED;
}

/* Each of them once: the one that leads, or NULL; *standing_by: the first that answers at all, or NULL. */
static const char *ask_all(weft_ctx *ctx, weft_http_client *client, char **places, int32_t count,
                           const char **standing_by)
{
    weft_http_answer answer;
    *standing_by = NULL;
    for (int32_t i = 0; i < count; i++) {
        weft_error_clear(ctx);
        if (weft_http_client_ask(ctx, client, "GET", places[i], "/readyz", &answer) != WEFT_OK) continue;
        const bool leads = answer.code == 200 && memmem(answer.body, answer.len, "STANDBY", 7) == NULL;
        if (leads) return places[i];
        if (*standing_by == NULL) *standing_by = places[i];
    }
    return NULL;
}

/* Of several coordinators the one that leads. When they choose one just now, that is waited for; if none
 * leads then, the first that answers. */
static weft_status find_leader(weft_ctx *ctx, weft_http_client *client, char **places, int32_t count,
                               const char **out)
{
    const struct timespec pause = {.tv_nsec = LEADER_PAUSE_MS * 1000000L};
    const char *standing_by = NULL;
    *out = places[0];
    if (count == 1) return WEFT_OK;
    for (int64_t waited_ms = 0; waited_ms <= LEADER_MS; waited_ms += LEADER_PAUSE_MS) {
        *out = ask_all(ctx, client, places, count, &standing_by);
        if (*out != NULL) return WEFT_OK;
        if (standing_by == NULL) return ctx->error.code;
        nanosleep(&pause, NULL);
    }
    *out = standing_by;
    return WEFT_OK;
}

static bool is_loopback(const char *base)
{
    const char *host = strstr(base, "://") + 3;
    return strncmp(host, "127.", 4) == 0 || strncmp(host, "localhost", 9) == 0 ||
           strncmp(host, "[::1]", 5) == 0;
}

static int refused(const ask *a, weft_ctx *ctx, const char *base, const weft_http_answer *answer)
{
    char *message = NULL;
    if (weft_refusal_message(ctx, answer->body, answer->len, &message) != WEFT_OK) return failed(a, ctx);
    fprintf(stderr, "%s: %s\n", a->command, message != NULL ? message : "the answer is no success");
    if (answer->code == 401)
        fputs("Name the file with the coordinator's token by --token-file FILE.\n", stderr);
    else if (message == NULL)
        fprintf(stderr, "%s answers with status %d: is it a coordinator?\n", base, answer->code);
    return EXIT_FAILED;
}

static int ask_and_show(weft_ctx *ctx, const ask *a, const values *v)
{
    char *places[PLACES_MOST] = {NULL}, path[PATH_BYTES];
    const char *base = NULL;
    int32_t count = 0;
    bool is_failed = false;
    weft_http_client *client = NULL;
    weft_http_answer answer = {0};
    const weft_http_client_options options = {.token_file = v->token_file, .ca_file = v->ca_file};

    int code = a->path(a, v, path);
    if (code != EXIT_DONE) return code;
    code = v->url != NULL      ? places_of_url(ctx, a, v, places, &count)
           : v->master != NULL ? places_of_master(ctx, a, v, places, &count)
                               : places_here(ctx, v, places, &count);
    if (code != EXIT_DONE) return code;
    if (weft_http_client_open(ctx, &options, &client) != WEFT_OK) return failed(a, ctx);
    weft_status st = find_leader(ctx, client, places, count, &base);
    if (st == WEFT_OK) {
        if (v->token_file != NULL && strncasecmp(base, "http://", 7) == 0 && !is_loopback(base))
            fprintf(stderr,
                    "%s: warning: the token goes to %s unencrypted; --tls or https:// would hide it\n",
                    a->command, base);
        st = weft_http_client_ask(ctx, client, a->method, base, path, &answer);
    }
    weft_http_client_close(&client);
    if (st != WEFT_OK) return failed(a, ctx);
    if (answer.code != 200) return refused(a, ctx, base, &answer);
    if (v->json) {
        fwrite(answer.body, 1, answer.len, stdout);
        if (answer.len > 0 && answer.body[answer.len - 1] != '\n') putchar('\n');
        if (strcmp(a->method, "GET") == 0) return EXIT_DONE; /* of others the answer may say no */
    }
    if (a->print(ctx, v, &answer, &is_failed) != WEFT_OK) return failed(a, ctx);
    return is_failed ? EXIT_FAILED : EXIT_DONE;
}

/* ---- options ---- */

static int run(const ask *a, int argc, char **argv)
{
    const char *master = getenv("WEFT_MASTER");
    const bool has_master = master != NULL && master[0] != 0;
    values v = {0};
    const weft_option common[] = {
        {"--master", 0, "weft.master", "spark.master", WEFT_OPTION_TEXT,
         a->is_local  ? NULL
         : has_master ? master
                      : "weft://127.0.0.1:7077",
         "URL",
         "the cluster, weft://HOST:PORT[,HOST2:PORT]; its HTTP port is --webui-port; also $WEFT_MASTER",
         offsetof(values, master)},
        {"--webui-port", 0, "weft.status.webuiPort", NULL, WEFT_OPTION_PORT, "8080", "PORT",
         "the HTTP port of the coordinators that --master names", offsetof(values, webui_port)},
        {"--url", 0, "weft.status.url", NULL, WEFT_OPTION_TEXT, NULL, "URL",
         "http://HOST:PORT or https://HOST:PORT of the coordinator, instead of --master",
         offsetof(values, url)},
        {"--tls", 0, "weft.status.tls", NULL, WEFT_OPTION_FLAG, NULL, NULL, "with --master: ask by https",
         offsetof(values, tls)},
        {"--cacert", 0, "weft.status.caCert", NULL, WEFT_OPTION_TEXT, NULL, "FILE",
         "certificates to trust, PEM, instead of the machine's; means --tls", offsetof(values, ca_file)},
        {"--token-file", 0, "weft.status.tokenFile", NULL, WEFT_OPTION_TEXT, NULL, "FILE",
         "the token that the coordinator asks for; the file's mode is 600", offsetof(values, token_file)},
        {"--json", 0, NULL, NULL, WEFT_OPTION_FLAG, NULL, NULL, "the coordinator's answer as it is, in JSON",
         offsetof(values, json)},
    };
    const weft_option_group groups[] = {{a->options, a->option_count, &v}, {common, WEFT_COUNT(common), &v}};
    static weft_settings settings;
    weft_options all = {
        .command = a->command, .about = a->about, .groups = groups, .group_count = 2, .settings = &settings};
    weft_own_memory memory;
    int code = EXIT_FAILED;
    weft_ctx ctx;
    if (!weft_own_memory_open(&memory, INT64_MAX, "command")) {
        fprintf(stderr, "%s: no memory\n", a->command);
        return EXIT_FAILED;
    }
    weft_settings_init(&settings);
    weft_ctx_init(&ctx, memory.arena, memory.account, &settings);
    if (weft_options_parse(&ctx, &all, argc, argv) != WEFT_OK) {
        failed(a, &ctx);
        code = EXIT_USAGE;
    } else if (all.help) {
        weft_options_help(&all, stdout);
        code = EXIT_DONE;
    } else
        code = ask_and_show(&ctx, a, &v);
    if (fflush(stdout) != 0 && code == EXIT_DONE) {
        fprintf(stderr, "%s: the output cannot be written\n", a->command);
        code = EXIT_FAILED;
    }
    weft_own_memory_close(&memory);
    return code;
}

/* Answers that are text, and told as they are. */
static weft_status print_text(weft_ctx *ctx, const values *v, const weft_http_answer *answer, bool *failed_)
{
    (void)ctx, (void)failed_;
    if (v->json || answer->len == 0) return WEFT_OK;
    fwrite(answer->body, 1, answer->len, stdout);
    if (answer->body[answer->len - 1] != '\n') putchar('\n');
    return WEFT_OK;
}

/* ---- weft status, weft workers ---- */

static int cluster_path(const ask *a, const values *v, char out[PATH_BYTES])
{
    (void)a, (void)v;
    snprintf(out, PATH_BYTES, "/api/v1/cluster");
    return EXIT_DONE;
}

static weft_status print_cluster(weft_ctx *ctx, const values *v, const weft_http_answer *answer,
                                 bool *failed_)
{
    (void)v, (void)failed_;
    return weft_print_cluster(ctx, answer->body, answer->len, stdout);
}

int weft_command_status(int argc, char **argv)
{
    static const ask a = {.command = "weft status",
                          .about = "What a cluster does, in a few lines.",
                          .method = "GET",
                          .path = cluster_path,
                          .print = print_cluster};
    return run(&a, argc, argv);
}

static int workers_path(const ask *a, const values *v, char out[PATH_BYTES])
{
    (void)a, (void)v;
    snprintf(out, PATH_BYTES, "/api/v1/workers");
    return EXIT_DONE;
}

static weft_status print_workers(weft_ctx *ctx, const values *v, const weft_http_answer *answer,
                                 bool *failed_)
{
    (void)v, (void)failed_;
    return weft_print_workers(ctx, answer->body, answer->len, stdout);
}

int weft_command_workers(int argc, char **argv)
{
    static const ask a = {.command = "weft workers",
                          .about = "The workers of a cluster.",
                          .method = "GET",
                          .path = workers_path,
                          .print = print_workers};
    return run(&a, argc, argv);
}

/* ---- weft health ---- */

static int health_path(const ask *a, const values *v, char out[PATH_BYTES])
{
    (void)a;
    snprintf(out, PATH_BYTES, v->ready ? "/readyz" : "/healthz");
    return EXIT_DONE;
}

int weft_command_health(int argc, char **argv)
{
    static const weft_option options[] = {{"--ready", 0, NULL, NULL, WEFT_OPTION_FLAG, NULL, NULL,
                                           "is it also ready: does a coordinator lead, has a worker one",
                                           offsetof(values, ready)}};
    static const ask a = {
        .command = "weft health",
        .about =
            "Is a coordinator or a worker in order? Without --master and --url: the one on this machine, at "
            "--webui-port or 8081. Needs no token.",
        .options = options,
        .option_count = WEFT_COUNT(options),
        .method = "GET",
        .path = health_path,
        .print = print_text,
        .is_local = true};
    return run(&a, argc, argv);
}

/* ---- weft jobs, weft cancel ---- */

static bool is_number(const char *text)
{
    return *text != 0 && strspn(text, "0123456789") == strlen(text) && strlen(text) <= 20;
}

static bool is_state(const char *text)
{
    static const char *const states[] = {"running", "succeeded", "failed", "cancelled"};
    for (int32_t i = 0; i < WEFT_COUNT(states); i++)
        if (strcasecmp(states[i], text) == 0) return true;
    return false;
}

static int jobs_path(const ask *a, const values *v, char out[PATH_BYTES])
{
    const int32_t limit = v->limit > 0 ? v->limit : v->json ? INT32_MAX : TABLE_JOBS;
    if (v->id != NULL && !is_number(v->id))
        return usage(a, "the number of a job is a whole number, not", v->id);
    if (v->state != NULL && !is_state(v->state))
        return usage(a, "--state is running, succeeded, failed or cancelled, not", v->state);
    if (v->id != NULL)
        snprintf(out, PATH_BYTES, "/api/v1/jobs/%s", v->id);
    else
        snprintf(out, PATH_BYTES, "/api/v1/jobs?limit=%d%s%s", limit,
                 v->state == NULL ? "" : "&status=", v->state == NULL ? "" : v->state);
    return EXIT_DONE;
}

static weft_status print_jobs(weft_ctx *ctx, const values *v, const weft_http_answer *answer, bool *failed_)
{
    (void)failed_;
    return v->id != NULL ? weft_print_job(ctx, answer->body, answer->len, stdout)
                         : weft_print_jobs(ctx, answer->body, answer->len, stdout);
}

int weft_command_jobs(int argc, char **argv)
{
    static const weft_option options[] = {
        {"[ID]", 0, NULL, NULL, WEFT_OPTION_TEXT, NULL, NULL, "one job, with its stages",
         offsetof(values, id)},
        {"--state", 0, NULL, NULL, WEFT_OPTION_TEXT, NULL, "STATE",
         "only those that are running, succeeded, failed or cancelled", offsetof(values, state)},
        {"--limit", 'n', NULL, NULL, WEFT_OPTION_COUNT, NULL, "N",
         "at most so many; else 20 in a table and all in JSON", offsetof(values, limit)}};
    static const ask a = {
        .command = "weft jobs",
        .about = "The jobs of a cluster: those that run, then those that ended, the last one first.",
        .options = options,
        .option_count = WEFT_COUNT(options),
        .method = "GET",
        .path = jobs_path,
        .print = print_jobs};
    return run(&a, argc, argv);
}

static int cancel_path(const ask *a, const values *v, char out[PATH_BYTES])
{
    if (v->id == NULL) return usage(a, "the number of the job is missing", "");
    if (!is_number(v->id)) return usage(a, "the number of a job is a whole number, not", v->id);
    snprintf(out, PATH_BYTES, "/api/v1/jobs/%s/cancel", v->id);
    return EXIT_DONE;
}

static weft_status print_cancel(weft_ctx *ctx, const values *v, const weft_http_answer *answer, bool *failed_)
{
    bool cancelled = false;
    const weft_status st =
        weft_print_cancel(ctx, answer->body, answer->len, v->json ? NULL : stdout, &cancelled);
    *failed_ = !cancelled;
    return st;
}

int weft_command_cancel(int argc, char **argv)
{
    static const weft_option options[] = {{"ID", 0, NULL, NULL, WEFT_OPTION_TEXT, NULL, NULL,
                                           "the job's number, as 'weft jobs' shows it",
                                           offsetof(values, id)}};
    static const ask a = {.command = "weft cancel",
                          .about = "Cancels a running job: its statement ends with OPERATION_CANCELED.",
                          .options = options,
                          .option_count = WEFT_COUNT(options),
                          .method = "POST",
                          .path = cancel_path,
                          .print = print_cancel};
    return run(&a, argc, argv);
}

/* ---- weft logs ---- */

static int logs_path(const ask *a, const values *v, char out[PATH_BYTES])
{
    (void)a;
    snprintf(out, PATH_BYTES, "/api/v1/logs?lines=%d%s", v->lines, v->json ? "&format=json" : "");
    return EXIT_DONE;
}

int weft_command_logs(int argc, char **argv)
{
    static const weft_option options[] = {{"--lines", 'n', NULL, NULL, WEFT_OPTION_COUNT, "100", "N",
                                           "the last N lines, up to 10,000", offsetof(values, lines)}};
    static const ask a = {.command = "weft logs",
                          .about = "The last lines of the coordinator's log.",
                          .options = options,
                          .option_count = WEFT_COUNT(options),
                          .method = "GET",
                          .path = logs_path,
                          .print = print_text};
    return run(&a, argc, argv);
}
