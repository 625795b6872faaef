/* coordinator/http_page.c - the page for people: one for the cluster, one a job. Made here, without scripts;
 * it asks for itself again every few seconds. Everything that came from outside goes through weft_http_html.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "coordinator/http_private.h"

enum { PAGE_ENDED_JOBS = 50, PAGE_TEXT_BYTES = 160, PAGE_REFRESH_S = 5 };

static const char style[] =
    ":root{color-scheme:light dark;--line:#d9dde3;--soft:#5d6673;--bar:#e6e9ee;--fill:#2f6fdb;--part:#9dbcf0;"
    "--good:#1a7f37;--bad:#b42318;--warn:#8a5a00;--paper:#fff;--ink:#1b1f24;--tile:#f5f7fa}"
    "@media(prefers-color-scheme:dark){:root{--line:#343a43;--soft:#9aa4b2;--bar:#2b313a;--fill:#5b95f5;"
    "--part:#35507f;--good:#4cc46a;--bad:#ff7b72;--warn:#e0b050;--paper:#14171b;--ink:#e6e9ee;--tile:#1d2127}"
    "}"
    "*{box-sizing:border-box}body{margin:0 auto;max-width:76rem;padding:1.25rem;background:var(--paper);"
    "color:var(--ink);font:15px/1.45 system-ui,sans-serif}h1{font-size:1.35rem;margin:0}"
    "h2{font-size:1.05rem;margin:1.75rem 0 .5rem}.soft{color:var(--soft)}"
    ".tiles{display:flex;flex-wrap:wrap;gap:.6rem;margin:1rem 0}"
    ".tile{background:var(--tile);border:1px solid var(--line);border-radius:.4rem;padding:.5rem .9rem;"
    "min-width:7rem}.tile b{display:block;font-size:1.2rem;font-variant-numeric:tabular-nums}"
    ".tile span{color:var(--soft);font-size:.85rem}"
    ".wide{overflow-x:auto}table{border-collapse:collapse;width:100%;font-size:.92rem}"
    "th{text-align:left;font-weight:600;color:var(--soft);white-space:nowrap}"
    "th,td{padding:.35rem .7rem .35rem 0;border-bottom:1px solid var(--line);vertical-align:top}"
    ".n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}"
    "code,pre{font:13px/1.45 ui-monospace,monospace;overflow-wrap:anywhere;white-space:pre-wrap;margin:0}"
    "pre{background:var(--tile);border:1px solid var(--line);border-radius:.4rem;padding:.7rem}"
    "a{color:var(--fill)}.good{color:var(--good)}.bad{color:var(--bad)}.warn{color:var(--warn)}"
    ".bar{background:var(--bar);border-radius:.3rem;height:.65rem;min-width:8rem;overflow:hidden;"
    "margin:.35rem 0;display:flex}.bar i{background:var(--fill)}.bar u{background:var(--part)}";

/* ---- pieces ---- */

static const char *duration_text(int64_t us, char *out, size_t out_bytes)
{
    const int64_t ms = weft_max_i64(0, us / 1000), s = ms / 1000;
    if (ms < 1000)
        snprintf(out, out_bytes, "%" PRId64 " ms", ms);
    else if (s < 60)
        snprintf(out, out_bytes, "%" PRId64 ".%" PRId64 " s", s, ms % 1000 / 100);
    else if (s < 3600)
        snprintf(out, out_bytes, "%" PRId64 " min %" PRId64 " s", s / 60, s % 60);
    else if (s < 86400)
        snprintf(out, out_bytes, "%" PRId64 " h %" PRId64 " min", s / 3600, s % 3600 / 60);
    else
        snprintf(out, out_bytes, "%" PRId64 " d %" PRId64 " h", s / 86400, s % 86400 / 3600);
    return out;
}

static const char *const leadership[] = {
    [WEFT_COORDINATOR_ALIVE] = "<span class=\"good\">leads</span>",
    [WEFT_COORDINATOR_RECOVERING] = "<span class=\"warn\">leads, and recovers</span>",
    [WEFT_COORDINATOR_SUSPENDED] = "<span class=\"warn\">leads, but has lost ZooKeeper</span>",
    [WEFT_COORDINATOR_STANDBY] = "<span class=\"warn\">stands by</span>"};

/* Of a coordinator that stands by: who leads. Of one without recovery: what that means. */
static void put_leader(weft_http_view *v)
{
    weft_http_text *t = v->out;
    const weft_cluster_status *s = &v->status;
    if (!s->leader && s->leader_http != NULL && s->leader_http[0] != 0) {
        weft_http_puts(t, "<p>The leader is <a href=\"");
        weft_http_html(t, s->leader_http, 300);
        weft_http_puts(t, "/\">");
        weft_http_html(t, s->leader_address, 300);
        weft_http_puts(t, "</a>.</p>\n");
    }
    const char *notes[] = {s->problem, s->lost};
    for (int32_t i = 0; i < WEFT_COUNT(notes); i++) {
        if (notes[i] == NULL || notes[i][0] == 0) continue;
        weft_http_puts(t, "<p class=\"warn\">");
        weft_http_html(t, notes[i], 400);
        weft_http_puts(t, "</p>\n");
    }
}

static void put_open(weft_http_view *v, const char *title)
{
    weft_http_text *t = v->out;
    char text[64];
    v->reply->type = "text/html; charset=utf-8";
    weft_http_printf(t,
                     "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
                     "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">"
                     "<meta http-equiv=\"refresh\" content=\"%d\"><title>",
                     PAGE_REFRESH_S);
    weft_http_html(t, title, 100);
    weft_http_puts(t, " - Weft</title><style>");
    weft_http_puts(t, style);
    weft_http_puts(t, "</style></head><body>\n<h1>Weft cluster ");
    weft_http_html(t, v->status.cluster, 100);
    weft_http_puts(t, "</h1><div class=\"soft\">");
    weft_http_html(t, v->http->options.url, 200);
    weft_http_puts(t, " &middot; version ");
    weft_http_html(t, v->status.version, 50);
    weft_http_printf(t, " &middot; epoch %" PRId64 " &middot; %s &middot; up %s</div>\n", v->status.epoch,
                     leadership[v->status.state],
                     duration_text(v->now_us - v->status.begin_us, text, sizeof(text)));
    put_leader(v);
}

static void put_close(weft_http_view *v)
{
    char text[WEFT_HTTP_TIME_BYTES];
    weft_http_printf(v->out,
                     "<p class=\"soft\">As of %s, again every %d seconds. The same as JSON: "
                     "<a href=\"/api/v1/cluster\">cluster</a>, <a href=\"/api/v1/workers\">workers</a>, "
                     "<a href=\"/api/v1/jobs\">jobs</a>; for Prometheus: <a href=\"/metrics\">metrics</a>; "
                     "<a href=\"/api/v1/logs\">log</a>.</p></body></html>\n",
                     weft_http_time(v->now_us, text), PAGE_REFRESH_S);
}

static void put_tile(weft_http_text *t, const char *what, const char *value)
{
    weft_http_puts(t, "<div class=\"tile\"><b>");
    weft_http_html(t, value, 60);
    weft_http_puts(t, "</b><span>");
    weft_http_html(t, what, 60);
    weft_http_puts(t, "</span></div>");
}

static void put_number_tile(weft_http_text *t, const char *what, int64_t value)
{
    char text[32];
    snprintf(text, sizeof(text), "%" PRId64, value);
    put_tile(t, what, text);
}

static void put_bytes_tile(weft_http_text *t, const char *what, int64_t value)
{
    char text[64];
    put_tile(t, what, weft_bytes_text(value, text, sizeof(text)));
}

static void put_bytes_cell(weft_http_text *t, int64_t bytes)
{
    char text[64];
    weft_http_printf(t, "<td class=\"n\">%s</td>", weft_bytes_text(bytes, text, sizeof(text)));
}

/* What is done and what runs, of all: also read out as numbers. */
static void put_bar(weft_http_text *t, int64_t done, int64_t running, int64_t all)
{
    const int64_t whole = weft_max_i64(all, 1);
    const int64_t first = 100 * weft_min_i64(done, whole) / whole;
    const int64_t second = weft_min_i64(100 - first, 100 * weft_min_i64(running, whole) / whole);
    weft_http_printf(t,
                     "<td><div class=\"bar\" role=\"progressbar\" aria-valuemin=\"0\" aria-valuemax=\"100\" "
                     "aria-valuenow=\"%" PRId64 "\"><i style=\"width:%" PRId64
                     "%%\"></i><u style=\"width:%" PRId64 "%%\"></u></div></td>",
                     first, first, second);
}

static void put_state(weft_http_text *t, weft_job_state state)
{
    static const char *const classes[] = {"", "good", "bad", "warn"};
    weft_http_printf(t, "<td class=\"%s\">%s</td>", classes[state], weft_http_state(state));
}

/* ---- the cluster ---- */

/* With a link to what the worker itself serves, where it does. */
static void put_worker_number(weft_http_text *t, const weft_worker_status *worker)
{
    if (worker->web[0] == 0 || worker->dead) {
        weft_http_printf(t, "%d", worker->number);
        return;
    }
    weft_http_puts(t, "<a href=\"");
    weft_http_html(t, worker->web, 300);
    weft_http_printf(t, "/metrics\">%d</a>", worker->number);
}

static void put_worker_row(const weft_http_view *v, const weft_worker_status *worker)
{
    weft_http_text *t = v->out;
    char text[64];
    const char *class = worker->dead ? "bad" : worker->silent ? "warn" : "good";
    weft_http_puts(t, "<tr><td>");
    put_worker_number(t, worker);
    weft_http_puts(t, "<td>");
    weft_http_html(t, worker->address, 100);
    weft_http_puts(t, "<td>");
    weft_http_html(t, worker->host_id, 60);
    weft_http_printf(t, "<td class=\"%s\">%s", class, weft_http_worker_state(worker));
    if (worker->dead) {
        weft_http_printf(t, ": %s, %s ago", worker->reason,
                         duration_text(v->now_us - worker->end_us, text, sizeof(text)));
        weft_http_printf(t, "<td><td class=\"n\">%d", worker->slots);
    } else {
        weft_http_printf(t, "<td class=\"n\">%d of %d", worker->running, worker->slots);
        put_bar(t, worker->running, 0, worker->slots);
    }
    put_bytes_cell(t, worker->memory_bytes);
    weft_http_printf(t, "<td class=\"n\">%s ago<td>",
                     duration_text(v->now_us - worker->heard_us, text, sizeof(text)));
    weft_http_html(t, worker->version, 40);
    weft_http_puts(t, "</tr>\n");
}

static void put_workers(weft_http_view *v)
{
    weft_http_text *t = v->out;
    weft_http_puts(t, "<h2>Workers</h2>");
    if (v->status.worker_count + v->status.dead_count == 0) {
        weft_http_puts(t, "<p class=\"soft\">None has registered. Start one with <code>weft worker ");
        weft_http_html(t, v->http->options.url, 200);
        weft_http_puts(t, "</code></p>");
        return;
    }
    weft_http_puts(
        t, "<div class=\"wide\"><table><tr><th>Worker<th>Address<th>Host<th>State<th class=\"n\">Running"
           "<th>Slots<th class=\"n\">Memory<th class=\"n\">Heard<th>Version</tr>\n");
    for (int32_t i = 0; i < v->status.worker_count; i++) put_worker_row(v, &v->status.workers[i]);
    for (int32_t i = 0; i < v->status.dead_count; i++) put_worker_row(v, &v->status.dead[i]);
    weft_http_puts(t, "</table></div>");
}

static void put_job_row(weft_http_view *v, const weft_job_status *job)
{
    weft_http_text *t = v->out;
    char text[64];
    weft_http_printf(t, "<tr><td><a href=\"/jobs/%" PRIu64 "\">%" PRIu64 "</a>", job->id, job->id);
    put_state(t, job->state);
    weft_http_puts(t, "<td><code>");
    weft_http_html(t, job->text, PAGE_TEXT_BYTES);
    weft_http_puts(t, "</code>");
    if (job->error != NULL) {
        weft_http_puts(t, "<div class=\"bad\">");
        weft_http_html(t, job->error, PAGE_TEXT_BYTES);
        weft_http_puts(t, "</div>");
    }
    weft_http_printf(t, "<td class=\"n\">%d / %d<td class=\"n\">%" PRId64 " / %" PRId64, job->stages_done,
                     job->stages, job->tasks_done, job->tasks);
    put_bar(t, job->tasks_done, job->running, job->tasks);
    weft_http_printf(t, "<td class=\"n\">%" PRId64, job->tasks_rerun);
    put_bytes_cell(t, job->bytes_read);
    const int64_t end_us = job->end_us == 0 ? v->now_us : job->end_us;
    weft_http_printf(t, "<td class=\"n\">%s</tr>\n",
                     duration_text(end_us - job->begin_us, text, sizeof(text)));
}

/* Those that run, or the last that ended. */
static void put_jobs(weft_http_view *v, const char *title, bool running)
{
    weft_http_text *t = v->out;
    int32_t count = 0;
    weft_http_printf(t, "<h2>%s</h2>", title);
    for (int32_t i = 0; i < v->status.job_count && (running || count < PAGE_ENDED_JOBS); i++) {
        if ((v->status.jobs[i].state == WEFT_JOB_RUNNING) != running) continue;
        if (count++ == 0)
            weft_http_puts(
                t, "<div class=\"wide\"><table><tr><th>Job<th>State<th>Statement<th class=\"n\">Stages"
                   "<th class=\"n\">Tasks<th>Progress<th class=\"n\">Run again<th class=\"n\">Read"
                   "<th class=\"n\">Time</tr>\n");
        put_job_row(v, &v->status.jobs[i]);
    }
    weft_http_puts(t, count == 0 ? "<p class=\"soft\">None.</p>" : "</table></div>");
}

weft_status weft_http_page(weft_ctx *ctx, weft_http_view *v)
{
    weft_http_text *t = v->out;
    const weft_pool *pool = v->http->options.pool;
    weft_http_sums sums;
    char used[64];
    (void)ctx;
    weft_http_sum(&v->status, &sums);
    put_open(v, v->status.cluster);
    weft_http_puts(t, "<div class=\"tiles\">");
    put_number_tile(t, "workers", sums.present);
    if (sums.silent > 0) put_number_tile(t, "silent", sums.silent);
    snprintf(used, sizeof(used), "%" PRId64 " of %" PRId64, sums.running, sums.slots);
    put_tile(t, "slots used", used);
    put_number_tile(t, "jobs running", sums.jobs_running);
    put_number_tile(t, "tasks waiting", sums.tasks_waiting);
    put_number_tile(t, "jobs ended",
                    v->status.totals.succeeded + v->status.totals.failed + v->status.totals.cancelled);
    put_number_tile(t, "workers lost", v->status.counts.workers_lost);
    put_number_tile(t, "tasks run again", v->status.counts.rerun);
    put_bytes_tile(t, "read", v->status.totals.bytes_read);
    put_bytes_tile(t, "exchanged", v->status.totals.bytes_exchanged);
    put_bytes_tile(t, "spilled", v->status.totals.bytes_spilled);
    put_bytes_tile(t, "coordinator's memory", weft_pool_used_bytes(pool));
    weft_http_puts(t, "</div>\n");
    put_workers(v);
    put_jobs(v, "Running jobs", true);
    put_jobs(v, "Ended jobs", false);
    put_close(v);
    return WEFT_OK;
}

/* ---- a job ---- */

static void put_stages(weft_http_view *v, const weft_job_status *job)
{
    weft_http_text *t = v->out;
    char text[64];
    weft_http_puts(t, "<h2>Stages</h2>");
    if (job->stages == 0) {
        weft_http_puts(t, "<p class=\"soft\">None yet.</p>");
        return;
    }
    weft_http_puts(t,
                   "<div class=\"wide\"><table><tr><th class=\"n\">Stage<th class=\"n\">Tasks<th>Progress"
                   "<th class=\"n\">Attempts<th class=\"n\">Failures<th class=\"n\">Rows<th class=\"n\">Bytes"
                   "<th class=\"n\">Read<th class=\"n\">Exchanged<th class=\"n\">Spilled"
                   "<th class=\"n\">Time</tr>\n");
    for (int32_t i = 0; i < job->stages; i++) {
        const weft_stage_status *stage = &job->stage_list[i];
        weft_http_printf(t, "<tr><td class=\"n\">%d", stage->stage);
        if (stage->generation > 0) weft_http_printf(t, " (again: %d)", stage->generation);
        weft_http_printf(t, "<td class=\"n\">%" PRId64 " / %" PRId64, stage->tasks_done, stage->tasks);
        put_bar(t, stage->tasks_done, stage->running, stage->tasks);
        weft_http_printf(t, "<td class=\"n\">%" PRId64 "<td class=\"n\">%" PRId64 "<td class=\"n\">%" PRId64,
                         stage->attempts, stage->failures, stage->rows);
        put_bytes_cell(t, stage->bytes);
        put_bytes_cell(t, stage->read_bytes);
        put_bytes_cell(t, stage->exchange_bytes);
        put_bytes_cell(t, stage->spilled_bytes);
        const int64_t end_us = stage->end_us == 0 ? v->now_us : stage->end_us;
        weft_http_printf(t, "<td class=\"n\">%s</tr>\n",
                         duration_text(end_us - stage->begin_us, text, sizeof(text)));
    }
    weft_http_puts(t, "</table></div>");
}

weft_status weft_http_job_page(weft_ctx *ctx, weft_http_view *v)
{
    weft_http_text *t = v->out;
    char text[64];
    (void)ctx;
    const weft_job_status *job = weft_http_find_job(v, 0);
    if (job == NULL) return WEFT_OK;
    snprintf(text, sizeof(text), "Job %" PRIu64, job->id);
    put_open(v, text);
    weft_http_printf(t, "<h2>%s</h2><p><a href=\"/\">All jobs</a></p><div class=\"tiles\">", text);
    put_tile(t, "state", weft_http_state(job->state));
    put_tile(t, "time",
             duration_text((job->end_us == 0 ? v->now_us : job->end_us) - job->begin_us, text, sizeof(text)));
    if (job->user[0] != 0) put_tile(t, "user", job->user);
    put_number_tile(t, "attempts", job->attempts);
    put_number_tile(t, "tasks run again", job->tasks_rerun);
    put_number_tile(t, "blocks lost", job->blocks_lost);
    put_number_tile(t, "workers lost", job->workers_lost);
    put_bytes_tile(t, "read", job->bytes_read);
    put_bytes_tile(t, "exchanged", job->bytes_exchanged);
    put_bytes_tile(t, "spilled", job->bytes_spilled);
    weft_http_puts(t, "</div><pre>");
    weft_http_html(t, job->text, SIZE_MAX);
    weft_http_puts(t, "</pre>");
    if (job->error != NULL) {
        weft_http_puts(t, "<p class=\"bad\">");
        weft_http_html(t, job->error, SIZE_MAX);
        weft_http_puts(t, "</p>");
    }
    put_stages(v, job);
    put_close(v);
    return WEFT_OK;
}
