/* coordinator/http_metrics.c - /metrics in Prometheus' text format 0.0.4, from metric_list.h. */
#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "common/log.h"
#include "coordinator/http_private.h"

typedef struct process_figures {
    int64_t resident_bytes, descriptors, threads;
    double cpu_seconds;
} process_figures;

/* Entries of a folder of /proc; 0 when it cannot be read. */
static int64_t count_entries(const char *path)
{
    int64_t count = 0;
    DIR *folder = opendir(path);
    if (folder == NULL) return 0;
    for (const struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder))
        count += entry->d_name[0] != '.';
    closedir(folder);
    return count;
}

static void read_process(process_figures *out)
{
    struct rusage usage;
    long pages = 0, resident = 0;
    FILE *file = fopen("/proc/self/statm", "re");
    *out = (process_figures){0};
    if (file != NULL) {
        if (fscanf(file, "%ld %ld", &pages, &resident) == 2)
            out->resident_bytes = resident * sysconf(_SC_PAGESIZE);
        fclose(file);
    }
    out->descriptors = count_entries("/proc/self/fd") - 1; /* not the one that reads the folder */
    out->threads = count_entries("/proc/self/task");
    if (getrusage(RUSAGE_SELF, &usage) == 0)
        out->cpu_seconds = (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
                           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

/* A label's value: backslash, quote and line end are escaped. */
static void put_label(weft_http_text *t, const char *name, const char *value)
{
    weft_http_printf(t, "%s=\"", name);
    for (const char *c = value; *c != 0; c++) {
        if (*c == '\n')
            weft_http_puts(t, "\\n");
        else {
            if (*c == '\\' || *c == '"') weft_http_put(t, "\\", 1);
            weft_http_put(t, c, 1);
        }
    }
    weft_http_put(t, "\"", 1);
}

typedef struct metric {
    const char *kind, *name, *labels, *help;
    double value;
} metric;

static void put_metric(weft_http_view *v, const metric *m, const char *previous)
{
    weft_http_text *t = v->out;
    if (previous == NULL || strcmp(previous, m->name) != 0)
        weft_http_printf(t, "# HELP %s %s\n# TYPE %s %s\n", m->name, m->help, m->name, m->kind);
    weft_http_puts(t, m->name);
    if (strcmp(m->labels, "BUILD") == 0) {
        weft_http_put(t, "{", 1);
        put_label(t, "version", v->http->options.version);
        weft_http_put(t, ",", 1);
        put_label(t, "cluster", v->status.cluster);
        weft_http_put(t, "}", 1);
    } else
        weft_http_puts(t, m->labels);
    if (m->value == floor(m->value) && fabs(m->value) < 1e15)
        weft_http_printf(t, " %.0f\n", m->value);
    else
        weft_http_printf(t, " %.17g\n", m->value);
}

weft_status weft_http_metrics(weft_ctx *ctx, weft_http_view *v)
{
    const weft_cluster_status *s = &v->status;
    const weft_pool *pool = v->http->options.pool;
    weft_http_sums sums;
    weft_http_counts h;
    process_figures p;
    (void)ctx;
    weft_http_sum(s, &sums);
    weft_http_server_count(v->http->server, &h);
    read_process(&p);
    v->reply->type = "text/plain; version=0.0.4; charset=utf-8";
    const metric metrics[] = {
#define X(kind, name, labels, help, value) {#kind, name, labels, help, (double)(value)},
#include "coordinator/metric_list.h"
#undef X
    };
    for (int32_t i = 0; i < WEFT_COUNT(metrics); i++)
        put_metric(v, &metrics[i], i == 0 ? NULL : metrics[i - 1].name);
    return WEFT_OK;
}
