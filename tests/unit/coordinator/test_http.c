/* tests/unit/coordinator/test_http.c - the HTTP interface over real sockets, with a made-up cluster behind
 * it: every route, who may ask, hostile bytes, many connections, no memory. */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/log.h"
#include "tests/support/cluster_sample.h"
#include "tests/support/fixture.h"

enum { ANSWER_BYTES = 4 << 20 };

typedef struct rig {
    weft_fixture f;
    weft_cluster_sample sample;
    weft_http_options options;
    weft_http *http;
    char *answer; /* the last one, zero-terminated; headers and body */
    const char *body;
} rig;

static void rig_open(rig *r, const char *token_file)
{
    *r = (rig){.options = {.host = "127.0.0.1",
                           .token_file = token_file,
                           .url = "weft://127.0.0.1:7077",
                           .version = "0.1.0"}};
    weft_fixture_open(&r->f);
    r->options.pool = r->f.pool;
    r->options.provider = weft_cluster_sample_provider(&r->sample);
    weft_fixture_ok(&r->f, weft_http_start(&r->f.ctx, &r->options, &r->http));
    r->answer = malloc(ANSWER_BYTES);
    assert_non_null(r->answer);
}

static void rig_close(rig *r)
{
    weft_http_stop(&r->http);
    assert_null(r->http);
    free(r->answer);
    weft_fixture_close(&r->f);
}

static int dial(const rig *r)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)weft_http_port(r->http))};
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
    return fd;
}

static void say(int fd, const char *bytes, size_t len)
{
    while (len > 0) {
        const ssize_t sent = send(fd, bytes, len, MSG_NOSIGNAL);
        if (sent <= 0) return; /* it has heard enough */
        bytes += sent;
        len -= (size_t)sent;
    }
}

/* Until the far end closes: the status code of the answer, 0 when there was none. */
static int32_t hear(rig *r, int fd)
{
    size_t len = 0;
    int32_t code = 0;
    for (;;) {
        const ssize_t got = recv(fd, r->answer + len, ANSWER_BYTES - 1 - len, 0);
        if (got <= 0) break;
        len += (size_t)got;
    }
    close(fd);
    r->answer[len] = 0;
    const char *end = strstr(r->answer, "\r\n\r\n");
    r->body = end == NULL ? "" : end + 4;
    return sscanf(r->answer, "HTTP/1.1 %d", &code) == 1 ? code : 0;
}

static int32_t exchange(rig *r, const char *bytes, size_t len)
{
    const int fd = dial(r);
    say(fd, bytes, len);
    return hear(r, fd);
}

/* One request with further header lines. */
static int32_t ask_with(rig *r, const char *method, const char *path, const char *headers)
{
    char text[4096];
    const int len = snprintf(text, sizeof(text),
                             "%s %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n%s\r\n", method, path,
                             headers);
    return exchange(r, text, (size_t)len);
}

static int32_t ask(rig *r, const char *path) { return ask_with(r, "GET", path, ""); }

static void assert_has(const char *text, const char *part)
{
    if (strstr(text, part) == NULL) fail_msg("no \"%s\" in: %.2000s", part, text);
}

static void assert_has_not(const char *text, const char *part)
{
    if (strstr(text, part) != NULL) fail_msg("\"%s\" in: %.2000s", part, text);
}

/* A coordinator that stands by tells of itself, and where all else is. */
static void standing_by(void **state)
{
    rig r;
    (void)state;
    rig_open(&r, NULL);
    atomic_store(&r.sample.stands_by, true);
    assert_int_equal(ask(&r, "/json/"), 200);
    assert_has(r.body, "\"status\":\"STANDBY\"");
    assert_has(r.body, "\"leader_url\":\"weft://127.0.0.1:7078\"");
    assert_int_equal(ask(&r, "/metrics"), 200);
    assert_has(r.body, "weft_leader 0");
    assert_int_equal(ask(&r, "/"), 200);
    assert_has(r.body, "http://127.0.0.1:8081/");
    assert_int_equal(ask(&r, "/api/v1/jobs?status=running&limit=1"), 307);
    assert_has(r.answer, "\r\nLocation: http://127.0.0.1:8081/api/v1/jobs?status=running&limit=1\r\n");
    assert_int_equal(ask(&r, "/jobs/a%22%20b"), 307);
    assert_has(r.answer, "\r\nLocation: http://127.0.0.1:8081/jobs/a%22%20b\r\n");
    atomic_store(&r.sample.nobody_leads, true);
    assert_int_equal(ask(&r, "/api/v1/jobs"), 503);
    assert_has(r.body, "nobody leads");
    rig_close(&r);
}

static void health_and_readiness(void **state)
{
    rig r;
    (void)state;
    rig_open(&r, NULL);
    assert_int_equal(ask(&r, "/healthz"), 200);
    assert_string_equal(r.body, "{\"status\":\"ok\"}");
    assert_int_equal(ask(&r, "/readyz"), 200);
    atomic_store(&r.sample.journal_broken, true);
    assert_int_equal(ask(&r, "/readyz"), 503);
    assert_has(r.body, "the journal is broken");
    atomic_store(&r.sample.journal_broken, false);
    atomic_store(&r.sample.stands_by, true);
    assert_int_equal(ask(&r, "/readyz"), 200);
    assert_string_equal(r.body, "{\"status\":\"ready\",\"state\":\"STANDBY\"}");
    atomic_store(&r.sample.no_memory, true);
    assert_int_equal(ask(&r, "/readyz"), 503);
    assert_has(r.body, "no memory is left");
    assert_int_equal(ask(&r, "/healthz"), 200);
    rig_close(&r);
}

static void our_documents(void **state)
{
    rig r;
    (void)state;
    rig_open(&r, NULL);
    assert_int_equal(ask(&r, "/api/v1/cluster"), 200);
    assert_has(r.body, "\"cluster\":\"demo <cluster>\",\"url\":\"weft://127.0.0.1:7077\"");
    assert_has(r.body, "\"workers\":{\"alive\":2,\"silent\":1,\"lost\":1,\"slots\":8,\"running\":5");
    assert_int_equal(ask(&r, "/api/v1/workers"), 200);
    assert_has(r.body, "\"address\":\"10.0.0.3:7078\",\"host_id\":\"<b>rack & \\\"2\\\"</b>\"");
    assert_has(r.body, "\"state\":\"SILENT\"");
    assert_has(r.body, "\"version\":\"0.1.0\",\"url\":\"http://w1.example:8081\"");
    assert_has(r.body, "\"version\":\"0.1.0\",\"url\":null");
    assert_int_equal(ask(&r, "/api/v1/jobs"), 200);
    assert_has(r.body, "{\"id\":3000007,\"state\":\"RUNNING\"");
    assert_has(r.body, "\"stages\":3,\"stages_done\":1,\"tasks\":60,\"tasks_running\":5,\"tasks_done\":46,"
                       "\"attempts\":53,\"tasks_rerun\":4,\"blocks_lost\":4,\"workers_lost\":1,"
                       "\"bytes_read\":262144000,\"bytes_exchanged\":524288000,"
                       "\"bytes_relayed\":3145728,\"bytes_spilled\":1048576,"
                       "\"locality\":{\"PROCESS_LOCAL\":40,\"NODE_LOCAL\":2,\"NO_PREF\":10,\"ANY\":1}}");
    assert_int_equal(ask(&r, "/api/v1/jobs?status=failed&limit=1"), 200);
    assert_has(r.body, "[{\"id\":3000005,\"state\":\"FAILED\"");
    assert_has_not(r.body, "RUNNING");
    assert_int_equal(ask(&r, "/api/v1/jobs?status=odd"), 400);
    assert_int_equal(ask(&r, "/api/v1/jobs?limit=-1"), 400);
    assert_int_equal(ask(&r, "/api/v1/jobs/7"), 200);
    assert_has(r.body, "\"text\":\"SELECT '<script>alert(\\\"1\\\")</script>' AS x,\\n");
    assert_has(r.body, "\"stage_list\":[{\"stage\":0,\"generation\":0,\"done\":true");
    assert_int_equal(ask(&r, "/api/v1/jobs/3000007"), 200);
    assert_has(r.body, "{\"id\":3000007,");
    assert_int_equal(ask(&r, "/api/v1/jobs/99"), 404);
    assert_has(r.body, "{\"status\":404,\"message\":\"there is no job 99");
    assert_int_equal(ask(&r, "/api/v1/jobs/x"), 400);
    assert_int_equal(ask(&r, "/api/v1/jobs/18446744073709551616"), 400);
    rig_close(&r);
}

static void sparks_documents(void **state)
{
    rig r;
    char path[256], app[64];
    (void)state;
    rig_open(&r, NULL);
    assert_int_equal(ask(&r, "/json/"), 200);
    assert_has(r.body, "\"aliveworkers\":2,\"cores\":8,\"coresused\":5,\"memory\":4096");
    assert_has(r.body, "\"status\":\"ALIVE\",\"epoch\":3,\"leader\":true,");
    assert_int_equal(ask(&r, "/api/v1/version"), 200);
    assert_int_equal(ask(&r, "/api/v1/applications?status=completed"), 200);
    assert_string_equal(r.body, "[]");
    assert_int_equal(ask(&r, "/api/v1/applications?status=running"), 200);
    assert_int_equal(sscanf(r.body, "[{\"id\":\"%63[^\"]\"", app), 1);
    assert_int_equal(strlen(app), strlen("app-20261121101500-0003"));
    assert_has(r.body, "GMT\",\"endTime\":\"1969-12-31T23:59:59.999GMT\"");
    static const struct {
        const char *path;
        int32_t code;
        const char *part;
    } asked[] = {
        {"", 200, "\"completed\":false"},
        {"/jobs", 200, "\"jobId\":7,"},
        {"/jobs/7", 200, "\"stageIds\":[28672,28673,28674],\"jobTags\":[],\"status\":\"RUNNING\","},
        {"/jobs?status=succeeded", 200, "[{\"jobId\":6,"},
        {"/jobs?status=nothing", 400, "no status nothing"},
        {"/jobs/4", 200, "\"status\":\"FAILED\""},
        {"/stages", 200, "\"status\":\"ACTIVE\",\"stageId\":28673,\"attemptId\":1"},
        {"/stages?status=pending", 200, "[{\"status\":\"PENDING\",\"stageId\":28674,"},
        {"/stages/28672", 200, "[{\"status\":\"COMPLETE\",\"stageId\":28672,\"attemptId\":0,"},
        {"/stages/28673/1", 200, "{\"status\":\"ACTIVE\""},
        {"/stages/28673/0", 404, "unknown attempt"},
        {"/stages/1", 404, "unknown stage"},
        {"/stages/28672/0/taskList?status=failed", 200,
         "[{\"taskId\":0,\"index\":0,\"attempt\":0,\"partitionId\":0,\"launchTime\":\""},
        {"/stages/28672/0/taskList?status=failed", 200, "\"errorMessage\":\"WORKER_LOST\""},
        {"/stages/28672/0/taskList?offset=10&length=1", 200,
         "[{\"taskId\":40,\"index\":0,\"attempt\":1,"}, /* after those of the first try */
        {"/stages/28672/0/taskList?offset=11", 200, "[]"},
        {"/stages/28672/0/taskList?length=x", 400, "length is a whole number"},
        {"/stages/28672/0/taskList?status=lost", 400, "no status lost"},
        {"/stages/28673/1/taskList", 200, "\"status\":\"RUNNING\""},
        {"/stages/28673/0/taskList", 404, "unknown attempt"},
        {"/stages/28672/0/taskSummary?quantiles=0,0.5,1", 200,
         "{\"quantiles\":[0,0.5,1],\"duration\":[2000,7000,11000],\"executorRunTime\""},
        {"/stages/28672/0/taskSummary", 200, "\"inputMetrics\":{\"bytesRead\":[1000,3000,6000,8000,10000]"},
        {"/stages/28672/0/taskSummary?quantiles=2", 400, "quantiles are"},
        {"/stages/28673/1/taskSummary", 404, "No tasks reported metrics yet."},
        {"/executors", 200, "\"id\":\"2\",\"hostPort\":\"10.0.0.3:7078\",\"isActive\":true"},
        {"/allexecutors", 200, "\"isActive\":false"},
        {"/allexecutors", 200, "\"removeReason\":\"its connection broke\""},
        {"/environment", 200, "\"runtime\":{\"weftVersion\":\"0.1.0\"},\"sparkProperties\":[["},
        {"/environment", 200, "[\"weft.sql.ansi.enabled\",\"true\"]"}};
    for (int32_t i = 0; i < WEFT_COUNT(asked); i++) {
        snprintf(path, sizeof(path), "/api/v1/applications/%s%s", app, asked[i].path);
        assert_int_equal(ask(&r, path), asked[i].code);
        assert_has(r.body, asked[i].part);
    }
    assert_int_equal(ask(&r, "/api/v1/applications/app-1/jobs"), 404);
    rig_close(&r);
}

/* Prometheus' text format: every sample belongs to the family named before it, names and values are well
 * formed, no family comes twice. */
static void metrics(void **state)
{
    rig r;
    char family[128] = "", kind[16], name[128], seen[16384] = "";
    int32_t samples = 0;
    (void)state;
    rig_open(&r, NULL);
    assert_int_equal(ask(&r, "/metrics"), 200);
    assert_has(r.answer, "Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n");
    assert_has(r.body, "\nweft_jobs_ended_total{state=\"succeeded\"} 20\n");
    assert_has(r.body, "weft_build_info{version=\"0.1.0\",cluster=\"demo <cluster>\"} 1\n");
    assert_has(r.body, "\nweft_tasks_completed_total 1150\n");
    for (const char *line = r.body; *line != 0; line = strchr(line, '\n') + 1) {
        double value = 0;
        assert_non_null(strchr(line, '\n'));
        if (strncmp(line, "# HELP ", 7) == 0) {
            char mark[160];
            assert_int_equal(sscanf(line, "# HELP %127s", family), 1);
            snprintf(mark, sizeof(mark), " %s ", family);
            assert_null(strstr(seen, mark));
            strncat(seen, mark, sizeof(seen) - strlen(seen) - 1);
            continue;
        }
        if (strncmp(line, "# TYPE ", 7) == 0) {
            assert_int_equal(sscanf(line, "# TYPE %127s %15s", name, kind), 2);
            assert_string_equal(name, family);
            assert_true(strcmp(kind, "counter") == 0 || strcmp(kind, "gauge") == 0);
            const size_t len = strlen(name);
            assert_int_equal(strcmp(kind, "counter") == 0, strcmp(name + len - 6, "_total") == 0);
            continue;
        }
        const size_t len = strspn(line, "abcdefghijklmnopqrstuvwxyz_0123456789");
        assert_int_equal(len, strlen(family));
        assert_int_equal(strncmp(line, family, len), 0);
        assert_int_equal(strncmp(line, "weft_", 5), 0);
        const char *rest = line[len] == '{' ? strchr(line + len, '}') + 1 : line + len;
        assert_int_equal(sscanf(rest, " %lf", &value), 1);
        samples++;
    }
    assert_true(samples > 45);
    rig_close(&r);
}

static void the_page_escapes(void **state)
{
    rig r;
    (void)state;
    rig_open(&r, NULL);
    assert_int_equal(ask(&r, "/"), 200);
    assert_has(r.answer, "Content-Type: text/html; charset=utf-8\r\n");
    assert_has(r.answer, "Content-Security-Policy: default-src 'none'");
    assert_has(r.body, "&#60;script&#62;alert(&#34;1&#34;)");
    assert_has(r.body, "10.0.0.3:7078");
    assert_has_not(r.body, "<script");
    assert_has_not(r.body, "<b>rack");
    assert_has_not(r.body, "<row>");
    assert_int_equal(ask(&r, "/jobs/7"), 200);
    assert_has(r.body, "width:37%");
    assert_has_not(r.body, "<script");
    assert_int_equal(ask(&r, "/jobs/5/"), 200);
    assert_has(r.body, "[DIVIDE_BY_ZERO] Division by zero in &#60;row&#62; 3");
    rig_close(&r);
}

static void cancelling(void **state)
{
    rig r;
    (void)state;
    rig_open(&r, NULL);
    assert_int_equal(ask_with(&r, "POST", "/api/v1/jobs/6/cancel", "Content-Length: 0\r\n"), 200);
    assert_has(r.body, "\"cancelled\":false,\"state\":\"SUCCEEDED\"");
    assert_int_equal(ask_with(&r, "POST", "/api/v1/jobs/8/cancel", ""), 404);
    assert_int_equal(atomic_load(&r.sample.cancelled), 0);
    /* a page of somebody else, in the browser of somebody who may */
    assert_int_equal(ask_with(&r, "POST", "/api/v1/jobs/7/cancel", "Origin: http://evil.example\r\n"), 403);
    assert_int_equal(ask_with(&r, "POST", "/api/v1/jobs/7/cancel", "Origin: null\r\n"), 403);
    assert_int_equal(ask_with(&r, "GET", "/api/v1/jobs/7/cancel", ""), 405);
    assert_has(r.answer, "Allow: POST, DELETE\r\n");
    assert_int_equal(atomic_load(&r.sample.cancelled), 0);
    assert_int_equal(ask_with(&r, "POST", "/api/v1/jobs/7/cancel", "Origin: http://localhost\r\n"), 200);
    assert_has(r.body, "{\"id\":3000007,\"cancelled\":true,");
    assert_int_equal(atomic_load(&r.sample.cancelled), 7);
    atomic_store(&r.sample.cancelled, 0);
    assert_int_equal(ask_with(&r, "DELETE", "/api/v1/jobs/7", ""), 200);
    assert_int_equal(atomic_load(&r.sample.cancelled), 7);
    rig_close(&r);
}

static void what_is_not_there(void **state)
{
    rig r;
    (void)state;
    rig_open(&r, NULL);
    assert_int_equal(ask(&r, "/nothing"), 404);
    assert_has(r.answer, "Content-Type: application/json\r\n");
    assert_has(r.body, "{\"status\":404,\"message\":\"there is nothing at /nothing\"}");
    assert_int_equal(ask(&r, "/api/v1/jobs//cancel"), 404);
    assert_int_equal(ask(&r, "/../../etc/passwd"), 404);
    assert_int_equal(ask_with(&r, "PUT", "/metrics", ""), 405);
    assert_has(r.answer, "Allow: GET, HEAD\r\n");
    assert_int_equal(ask_with(&r, "HEAD", "/metrics", ""), 200);
    assert_string_equal(r.body, "");
    /* a name that somebody made resolve to this machine */
    static const char rebound[] = "GET / HTTP/1.1\r\nHost: evil.example:8080\r\nConnection: close\r\n\r\n";
    assert_int_equal(exchange(&r, rebound, strlen(rebound)), 421);
    rig_close(&r);
}

static void logs(void **state)
{
    rig r;
    char path[64];
    (void)state;
    rig_open(&r, NULL);
    snprintf(path, sizeof(path), "http-log-%d", (int)getpid());
    const weft_log_options options = {.path = path, .level = WEFT_LOG_INFO, .bytes_max = 2000, .keep = 1};
    weft_fixture_ok(&r.f, weft_log_open(&r.f.ctx, &options));
    for (int32_t i = 0; i < 40; i++)
        weft_log(WEFT_LOG_INFO, "counted", WEFT_LOG_INT("n", i), WEFT_LOG_TEXT("t", "a \"b\""));
    assert_int_equal(ask(&r, "/api/v1/logs?lines=3"), 200);
    assert_has(r.body, " INFO counted n=37 ");
    assert_has_not(r.body, "n=36 ");
    assert_int_equal(ask(&r, "/api/v1/logs?lines=30"), 200); /* from the file before, too */
    assert_has(r.body, "n=10 ");
    assert_has(r.body, "n=39 ");
    assert_has_not(r.body, "n=9 ");
    assert_int_equal(ask(&r, "/api/v1/logs?lines=1&format=json"), 200);
    assert_has(r.body, "{\"lines\":[\"2");
    assert_has(r.body, "n=39 t=\\\"a");
    assert_int_equal(ask(&r, "/api/v1/logs?lines=0"), 200);
    assert_string_equal(r.body, "");
    assert_int_equal(ask(&r, "/api/v1/logs?lines=10001"), 400);
    weft_log_close();
    weft_log(WEFT_LOG_WARN, "to_stderr", WEFT_LOG_INT("n", 40)); /* what went there is kept */
    assert_int_equal(ask(&r, "/api/v1/logs?lines=1"), 200);
    assert_has(r.body, " WARN to_stderr n=40\n");
    unlink(path);
    strncat(path, ".1", sizeof(path) - strlen(path) - 1);
    unlink(path);
    rig_close(&r);
}

static void write_token(const char *path, const char *text, mode_t mode)
{
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fchmod(fileno(file), mode), 0);
    fclose(file);
}

static void with_a_token(void **state)
{
    rig r;
    char path[64];
    (void)state;
    snprintf(path, sizeof(path), "http-token-%d", (int)getpid());
    write_token(path, "sesame-sesame-sesame\n", 0600);
    rig_open(&r, path);
    assert_int_equal(ask(&r, "/healthz"), 200);
    assert_int_equal(ask(&r, "/readyz"), 200);
    assert_int_equal(ask(&r, "/"), 401);
    assert_has(r.answer, "WWW-Authenticate: Bearer");
    assert_int_equal(ask(&r, "/nothing"), 401); /* nor is it told what there is */
    assert_int_equal(ask_with(&r, "GET", "/metrics", "Authorization: Bearer sesame\r\n"), 401);
    assert_int_equal(ask_with(&r, "GET", "/metrics", "Authorization: Bearer sesame-sesame-sesamE\r\n"), 401);
    assert_int_equal(ask_with(&r, "GET", "/metrics", "Authorization: Bearer \r\n"), 401);
    assert_int_equal(ask_with(&r, "GET", "/metrics", "Authorization: Basic !!\r\n"), 401);
    assert_int_equal(ask_with(&r, "GET", "/metrics", "Authorization: Bearer sesame-sesame-sesame\r\n"), 200);
    assert_has_not(r.body, "sesame");
    /* x:sesame-sesame-sesame, as a browser asks for it */
    assert_int_equal(ask_with(&r, "GET", "/", "Authorization: Basic eDpzZXNhbWUtc2VzYW1lLXNlc2FtZQ==\r\n"),
                     200);
    assert_int_equal(ask_with(&r, "POST", "/api/v1/jobs/7/cancel", ""), 401);
    assert_int_equal(atomic_load(&r.sample.cancelled), 0);
    rig_close(&r);
    unlink(path);
}

static void tokens_that_are_none(void **state)
{
    static const struct {
        const char *text;
        mode_t mode;
    } bad[] = {{"short\n", 0600},
               {"", 0600},
               {"a token with spaces in it\n", 0600},
               {"two-lines-two-lines\ntwo-lines\n", 0600},
               {"a-good-token-that-all-can-read\n", 0644}};
    weft_fixture f;
    weft_cluster_sample sample = {0};
    weft_http *http = NULL;
    char path[64];
    (void)state;
    weft_fixture_open(&f);
    snprintf(path, sizeof(path), "http-bad-token-%d", (int)getpid());
    weft_http_options options = {
        .host = "127.0.0.1", .token_file = path, .url = "", .version = "", .pool = f.pool};
    options.provider = weft_cluster_sample_provider(&sample);
    for (int32_t i = 0; i < WEFT_COUNT(bad); i++) {
        write_token(path, bad[i].text, bad[i].mode);
        assert_int_equal(weft_http_start(&f.ctx, &options, &http), WEFT_INVALID);
        assert_null(http);
        assert_has_not(f.ctx.error.message, "good-token");
    }
    unlink(path);
    assert_int_equal(weft_http_start(&f.ctx, &options, &http), WEFT_NOT_FOUND);
    options.token_file = NULL;
    options.host = "no such host";
    assert_int_equal(weft_http_start(&f.ctx, &options, &http), WEFT_INVALID);
    weft_fixture_close(&f);
}

static void requests_on_one_connection(void **state)
{
    static const char two[] =
        "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
        "POST /api/v1/jobs/7/cancel HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\nabc"
        "GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    rig r;
    (void)state;
    rig_open(&r, NULL);
    assert_int_equal(exchange(&r, two, strlen(two)), 200);
    assert_has(r.body, "{\"status\":\"ok\"}HTTP/1.1 200 OK");
    assert_has(r.body, "\"cancelled\":true");
    assert_has(r.body, "{\"status\":\"ready\",\"state\":\"ALIVE\"}");
    /* byte by byte */
    int fd = dial(&r);
    for (size_t i = 0; i < strlen(two); i++) say(fd, two + i, 1);
    assert_int_equal(hear(&r, fd), 200);
    assert_has(r.body, "{\"status\":\"ready\",\"state\":\"ALIVE\"}");
    rig_close(&r);
}

static void hostile_bytes(void **state)
{
    rig r;
    weft_test_random random = {weft_test_seed()};
    static char large[200000];
    (void)state;
    rig_open(&r, NULL);
    assert_int_equal(exchange(&r, "\r\n\r\n\r\nnonsense\r\n\r\n", 17), 400);
    memset(large, 'x', sizeof(large));
    assert_int_equal(exchange(&r, large, sizeof(large)), 431);
    assert_int_equal(ask_with(&r, "POST", "/healthz", "Content-Length: 100000\r\n"), 413);
    assert_int_equal(ask_with(&r, "POST", "/healthz", "Transfer-Encoding: chunked\r\n"), 501);
    for (int32_t i = 0; i < 300; i++) {
        char bytes[600];
        const size_t len = (size_t)weft_test_random_range(&random, 1, sizeof(bytes));
        for (size_t j = 0; j < len; j++) bytes[j] = (char)weft_test_random_u64(&random);
        if (i % 2 == 0 && len > 20) memcpy(bytes, "GET / HTTP/1.1\r\n", 16);
        const int fd = dial(&r);
        say(fd, bytes, len);
        if (i % 3 == 0) {
            close(fd); /* without listening */
            continue;
        }
        shutdown(fd, SHUT_WR);
        const int32_t code = hear(&r, fd);
        assert_true(code == 0 || code == 400 || code == 431 || code == 505);
    }
    assert_int_equal(ask(&r, "/healthz"), 200);
    rig_close(&r);
}

/* Nobody keeps the others out by saying nothing, and no more connections are kept than there is room for. */
static void many_connections(void **state)
{
    enum { SILENT = 300, ASKING = 100 };
    int fds[SILENT];
    rig r;
    (void)state;
    rig_open(&r, NULL);
    atomic_store(&r.sample.jobs, 300);
    for (int32_t i = 0; i < SILENT; i++) fds[i] = dial(&r);
    assert_int_equal(ask(&r, "/metrics"), 200);
    assert_has(r.body, "\nweft_http_connections 256\n");
    for (int32_t i = 0; i < SILENT; i++) close(fds[i]);
    static const char request[] = "GET /api/v1/jobs HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    for (int32_t i = 0; i < ASKING; i++) {
        fds[i] = dial(&r);
        say(fds[i], request, strlen(request));
    }
    for (int32_t i = 0; i < ASKING; i++) {
        assert_int_equal(hear(&r, fds[i]), 200);
        assert_has(r.body, "\"id\":3010000");
    }
    rig_close(&r);
}

typedef struct asker {
    rig *r;
    int32_t good;
} asker;

static void *ask_often(void *arg)
{
    static const char request[] = "GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    asker *a = arg;
    char bytes[1024];
    for (int32_t i = 0; i < 25; i++) {
        const int fd = dial(a->r);
        ssize_t got = 0, first = 0;
        say(fd, request, strlen(request));
        do {
            got = recv(fd, bytes, sizeof(bytes), 0);
            if (first == 0) first = got;
        } while (got > 0);
        close(fd);
        a->good += first > 12;
    }
    return NULL;
}

static void many_threads(void **state)
{
    enum { THREADS = 8 };
    pthread_t threads[THREADS];
    asker askers[THREADS];
    rig r;
    (void)state;
    rig_open(&r, NULL);
    for (int32_t i = 0; i < THREADS; i++) {
        askers[i] = (asker){.r = &r};
        assert_int_equal(pthread_create(&threads[i], NULL, ask_often, &askers[i]), 0);
    }
    for (int32_t i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(askers[i].good, 25);
    }
    rig_close(&r);
}

/* Whichever allocation fails, the request is answered or its connection closed, and the next one is fine. */
static void without_memory(void **state)
{
    static const char *const paths[] = {"/", "/metrics", "/api/v1/jobs/7", "/api/v1/applications"};
    rig r;
    (void)state;
    rig_open(&r, NULL);
    for (int32_t i = 0; i < WEFT_COUNT(paths); i++) {
        for (int64_t n = 1; n < 40; n++) {
            weft_mem_fail_after(n);
            const int32_t code = ask(&r, paths[i]);
            weft_mem_fail_after(0);
            assert_true(code == 0 || code == 200 || code == 503);
            assert_int_equal(ask(&r, "/healthz"), 200);
        }
    }
    rig_close(&r);
}

static weft_status start_and_stop(weft_fixture *f, void *arg)
{
    weft_cluster_sample sample = {0};
    weft_http *http = NULL;
    weft_http_options options = {.host = "127.0.0.1", .url = "", .version = "", .pool = f->pool};
    (void)arg;
    options.provider = weft_cluster_sample_provider(&sample);
    const weft_status st = weft_http_start(&f->ctx, &options, &http);
    weft_http_stop(&http);
    return st;
}

static void starting_without_memory(void **state)
{
    (void)state;
    weft_fixture_oom_sweep(start_and_stop, NULL);
}

WEFT_TESTS(WEFT_TEST(standing_by), WEFT_TEST(health_and_readiness), WEFT_TEST(our_documents),
           WEFT_TEST(sparks_documents), WEFT_TEST(metrics), WEFT_TEST(the_page_escapes),
           WEFT_TEST(cancelling), WEFT_TEST(what_is_not_there), WEFT_TEST(logs), WEFT_TEST(with_a_token),
           WEFT_TEST(tokens_that_are_none), WEFT_TEST(requests_on_one_connection), WEFT_TEST(hostile_bytes),
           WEFT_TEST(many_connections), WEFT_TEST(many_threads), WEFT_TEST(without_memory),
           WEFT_TEST(starting_without_memory))
