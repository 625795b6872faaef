/* worker/http.c - see http.h. */
#include "worker/http.h"

#include <math.h>
#include <stdatomic.h>
#include <string.h>

#include "common/http_guard.h"
#include "common/log.h"
#include "worker/store.h"

struct weft_worker_http {
    weft_worker_http_options options;
    weft_http_server *server;
    weft_http_guard guard;
    atomic_bool ready;
};

static void say(weft_http_reply *reply, const char *status)
{
    weft_http_object(&reply->body, NULL);
    weft_http_text_value(&reply->body, "status", status);
    weft_http_end_object(&reply->body);
}

static void readyz(const weft_worker_http *http, weft_http_reply *reply)
{
    if (!atomic_load(&http->ready))
        weft_http_refuse(reply, 503, "this worker has not registered yet");
    else if (weft_worker_is_paused(http->options.worker))
        weft_http_refuse(reply, 503, "this worker begins no task: no coordinator is heard");
    else
        say(reply, "ready");
}

static void metrics(const weft_worker_http *http, weft_http_reply *reply)
{
    const weft_worker_http_options *o = &http->options;
    weft_serve_counts served;
    weft_fetch_counts fetched;
    weft_serve_count(o->serve, &served);
    weft_fetch_count(o->fetcher, &fetched);
    const struct {
        const char *kind, *name, *help;
        double value;
    } list[] = {
#define X(kind, name, help, value) {#kind, name, help, (double)(value)},
#include "worker/metric_list.h"
#undef X
    };
    reply->type = "text/plain; version=0.0.4; charset=utf-8";
    for (int32_t i = 0; i < WEFT_COUNT(list); i++)
        weft_http_printf(&reply->body, "# HELP %s %s\n# TYPE %s %s\n%s %.0f\n", list[i].name, list[i].help,
                         list[i].name, list[i].kind, list[i].name, list[i].value);
}

static weft_status answer(weft_ctx *ctx, void *self, const weft_http_request *request, weft_http_reply *reply)
{
    weft_worker_http *http = self;
    weft_http_guard_refresh(ctx, &http->guard);
    if (request->method != WEFT_HTTP_GET && request->method != WEFT_HTTP_HEAD) {
        weft_http_refuse(reply, 405, "a worker is only asked by GET");
        reply->headers = "Allow: GET, HEAD\r\n";
    } else if (strcmp(request->path, "/healthz") == 0)
        say(reply, "ok");
    else if (strcmp(request->path, "/readyz") == 0)
        readyz(http, reply);
    else if (!weft_http_guard_lets(&http->guard, request, reply))
        return WEFT_OK;
    else if (strcmp(request->path, "/metrics") == 0)
        metrics(http, reply);
    else
        weft_http_refuse(reply, 404, "there is nothing at %s", request->path);
    return WEFT_OK;
}

weft_status weft_worker_http_start(weft_ctx *ctx, const weft_worker_http_options *options,
                                   weft_worker_http **out)
{
    weft_status st = WEFT_OK;
    weft_worker_http *http = NULL;
    weft_http_server_options server = {.host = options->host,
                                       .port = options->port,
                                       .certificate = options->certificate,
                                       .key = options->key,
                                       .handler = answer};
    *out = NULL;
    WEFT_TRY(st, weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, sizeof(*http), (void **)&http));
    http->options = *options;
    WEFT_TRY(st, weft_http_guard_init(ctx, options->host, options->token_file, "worker", &http->guard));
    server.self = http;
    WEFT_TRY(st, weft_http_server_start(ctx, &server, &http->server));
    weft_log(WEFT_LOG_INFO, "http_started", WEFT_LOG_TEXT("host", options->host),
             WEFT_LOG_INT("port", weft_worker_http_port(http)),
             WEFT_LOG_INT("tls", options->certificate != NULL), WEFT_LOG_INT("token", http->guard.has_token));
    *out = http;
    http = NULL;
done:
    weft_worker_http_stop(&http);
    return st;
}

int32_t weft_worker_http_port(const weft_worker_http *http) { return weft_http_server_port(http->server); }
void weft_worker_http_ready(weft_worker_http *http) { atomic_store(&http->ready, true); }

void weft_worker_http_stop(weft_worker_http **slot)
{
    weft_worker_http *http = *slot;
    if (http == NULL) return;
    weft_http_server_stop(&http->server);
    weft_http_guard_deinit(&http->guard);
    weft_mem_free(http);
    *slot = NULL;
}
