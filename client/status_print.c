/* client/status_print.c - see status_print.h. A field that is not there shows as 0 or as nothing: newer and
 * older coordinators may differ. */
#include "client/status_print.h"

#include <inttypes.h>
#include <jansson.h>
#include <string.h>

#include "client/table.h"

enum { TEXT_BYTES = 64 };

static weft_status parse(weft_ctx *ctx, const char *json, size_t len, json_type type, json_t **out)
{
    json_error_t error;
    *out = json_loadb(json, len, JSON_REJECT_DUPLICATES, &error);
    if (*out != NULL && json_typeof(*out) == type) return WEFT_OK;
    return weft_fail(ctx, WEFT_CORRUPT, "the answer is not what a coordinator gives: %s",
                     *out == NULL ? error.text : "another kind of JSON");
}

static int64_t number_of(const json_t *object, const char *key)
{
    return json_integer_value(json_object_get(object, key));
}

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text == NULL ? "" : text;
}

static const char *bytes_of(const json_t *object, const char *key, char out[TEXT_BYTES])
{
    return weft_bytes_text(number_of(object, key), out, TEXT_BYTES);
}

static const char *duration_of(const json_t *object, const char *key, char out[TEXT_BYTES])
{
    return weft_duration_text(number_of(object, key), out, TEXT_BYTES);
}

static weft_status clean(weft_ctx *ctx, const char *text, char **out)
{
    const weft_status st = weft_arena_copy(ctx, ctx->arena, text, strlen(text), out);
    if (st == WEFT_OK) weft_clean_text(*out);
    return st;
}

/* ---- the cluster ---- */

weft_status weft_print_cluster(weft_ctx *ctx, const char *json, size_t len, FILE *to)
{
    weft_status st = WEFT_OK;
    json_t *c = NULL;
    char *name = NULL, *url = NULL, *version = NULL;
    char a[TEXT_BYTES], b[TEXT_BYTES], d[TEXT_BYTES];
    WEFT_TRY(st, parse(ctx, json, len, JSON_OBJECT, &c));
    const json_t *workers = json_object_get(c, "workers"), *jobs = json_object_get(c, "jobs"),
                 *tasks = json_object_get(c, "tasks");
    WEFT_TRY(st, clean(ctx, text_of(c, "cluster"), &name));
    WEFT_TRY(st, clean(ctx, text_of(c, "url"), &url));
    WEFT_TRY(st, clean(ctx, text_of(c, "version"), &version));
    fprintf(to, "Cluster  %s%sat %s, version %s, epoch %" PRId64 ", %s\n", name, name[0] == 0 ? "" : " ", url,
            version, number_of(c, "epoch"),
            json_is_true(json_object_get(c, "leader")) ? "leads" : "stands by");
    fprintf(to, "Up       %s\n", duration_of(c, "uptime_ms", a));
    fprintf(to, "Workers  %" PRId64 " alive, %" PRId64 " silent, %" PRId64 " lost since the start\n",
            number_of(workers, "alive"), number_of(workers, "silent"), number_of(workers, "lost"));
    fprintf(to, "Slots    %" PRId64 " of %" PRId64 " used, %s of memory\n", number_of(workers, "running"),
            number_of(workers, "slots"), bytes_of(workers, "memory_bytes", a));
    fprintf(to,
            "Jobs     %" PRId64 " running; %" PRId64 " succeeded, %" PRId64 " failed, %" PRId64
            " cancelled\n",
            number_of(jobs, "running"), number_of(jobs, "succeeded"), number_of(jobs, "failed"),
            number_of(jobs, "cancelled"));
    fprintf(to,
            "Tasks    %" PRId64 " waiting, %" PRId64 " running; %" PRId64 " done, %" PRId64
            " failed, %" PRId64 " run again\n",
            number_of(tasks, "waiting"), number_of(tasks, "running"), number_of(tasks, "done"),
            number_of(tasks, "failed"), number_of(tasks, "rerun"));
    fprintf(to, "Bytes    %s read, %s exchanged, %s spilled\n", bytes_of(c, "bytes_read", a),
            bytes_of(c, "bytes_exchanged", b), bytes_of(c, "bytes_spilled", d));
    fprintf(to, "Memory   %s of %s used by the coordinator\n", bytes_of(c, "memory_used_bytes", a),
            bytes_of(c, "memory_limit_bytes", b));
done:
    json_decref(c);
    return st;
}

/* ---- workers ---- */

static weft_status print_worker(weft_ctx *ctx, weft_table *t, int64_t row, const json_t *w)
{
    weft_status st = WEFT_OK;
    char a[TEXT_BYTES];
    WEFT_TRY(st, weft_table_cell(ctx, t, row, 0, "%" PRId64, number_of(w, "id")));
    WEFT_TRY(st, weft_table_cell(ctx, t, row, 1, "%s", text_of(w, "address")));
    WEFT_TRY(st, weft_table_cell(ctx, t, row, 2, "%s", text_of(w, "host_id")));
    WEFT_TRY(st, weft_table_cell(ctx, t, row, 3, "%s", text_of(w, "state")));
    WEFT_TRY(st, weft_table_cell(ctx, t, row, 4, "%" PRId64, number_of(w, "running")));
    WEFT_TRY(st, weft_table_cell(ctx, t, row, 5, "%" PRId64, number_of(w, "slots")));
    WEFT_TRY(st, weft_table_cell(ctx, t, row, 6, "%s", bytes_of(w, "memory_bytes", a)));
    WEFT_TRY(st, weft_table_cell(ctx, t, row, 7, "%s ago", duration_of(w, "heard_ms_ago", a)));
    WEFT_TRY(st, weft_table_cell(ctx, t, row, 8, "%.19s", text_of(w, "registered")));
    WEFT_TRY(st, weft_table_cell(ctx, t, row, 9, "%s", text_of(w, "version")));
    WEFT_TRY(st, weft_table_cell(ctx, t, row, 10, "%s", text_of(w, "reason")));
done:
    return st;
}

weft_status weft_print_workers(weft_ctx *ctx, const char *json, size_t len, FILE *to)
{
    static const weft_table_column columns[] = {
        {"ID", true},       {"ADDRESS", false}, {"HOST", false},
        {"STATE", false},   {"RUNNING", true},  {"SLOTS", true},
        {"MEMORY", true},   {"HEARD", true},    {"REGISTERED (UTC)", false},
        {"VERSION", false}, {"REASON", false}};
    weft_status st = WEFT_OK;
    json_t *list = NULL;
    weft_table t;
    WEFT_TRY(st, parse(ctx, json, len, JSON_ARRAY, &list));
    WEFT_TRY(st, weft_table_init(ctx, &t, columns, WEFT_COUNT(columns), (int64_t)json_array_size(list)));
    for (int64_t i = 0; i < t.row_count; i++)
        WEFT_TRY(st, print_worker(ctx, &t, i, json_array_get(list, (size_t)i)));
    if (t.row_count == 0)
        fputs("No worker has registered.\n", to);
    else
        weft_table_print(&t, 0, to);
done:
    json_decref(list);
    return st;
}

/* ---- jobs ---- */

static weft_status print_job_row(weft_ctx *ctx, weft_table *t, int64_t row, const json_t *j)
{
    weft_status st = WEFT_OK;
    char a[TEXT_BYTES];
    WEFT_TRY(st, weft_table_cell(ctx, t, row, 0, "%" PRId64, number_of(j, "id")));
    WEFT_TRY(st, weft_table_cell(ctx, t, row, 1, "%s", text_of(j, "state")));
    WEFT_TRY(st, weft_table_cell(ctx, t, row, 2, "%" PRId64 "/%" PRId64, number_of(j, "stages_done"),
                                 number_of(j, "stages")));
    WEFT_TRY(st, weft_table_cell(ctx, t, row, 3, "%" PRId64 "/%" PRId64, number_of(j, "tasks_done"),
                                 number_of(j, "tasks")));
    WEFT_TRY(st, weft_table_cell(ctx, t, row, 4, "%" PRId64, number_of(j, "attempts")));
    WEFT_TRY(st, weft_table_cell(ctx, t, row, 5, "%" PRId64, number_of(j, "tasks_rerun")));
    WEFT_TRY(st, weft_table_cell(ctx, t, row, 6, "%s", bytes_of(j, "bytes_read", a)));
    WEFT_TRY(st, weft_table_cell(ctx, t, row, 7, "%s", bytes_of(j, "bytes_exchanged", a)));
    WEFT_TRY(st, weft_table_cell(ctx, t, row, 8, "%s", bytes_of(j, "bytes_spilled", a)));
    WEFT_TRY(st, weft_table_cell(ctx, t, row, 9, "%s", duration_of(j, "duration_ms", a)));
    WEFT_TRY(st, weft_table_cell(ctx, t, row, 10, "%s", text_of(j, "text")));
done:
    return st;
}

weft_status weft_print_jobs(weft_ctx *ctx, const char *json, size_t len, FILE *to)
{
    static const weft_table_column columns[] = {{"ID", true},    {"STATE", false},    {"STAGES", true},
                                                {"TASKS", true}, {"ATTEMPTS", true},  {"RERUN", true},
                                                {"READ", true},  {"EXCHANGED", true}, {"SPILLED", true},
                                                {"TIME", true},  {"STATEMENT", false}};
    weft_status st = WEFT_OK;
    json_t *list = NULL;
    weft_table t;
    WEFT_TRY(st, parse(ctx, json, len, JSON_ARRAY, &list));
    WEFT_TRY(st, weft_table_init(ctx, &t, columns, WEFT_COUNT(columns), (int64_t)json_array_size(list)));
    for (int64_t i = 0; i < t.row_count; i++)
        WEFT_TRY(st, print_job_row(ctx, &t, i, json_array_get(list, (size_t)i)));
    if (t.row_count == 0)
        fputs("No such job.\n", to);
    else
        weft_table_print(&t, weft_terminal_width(to), to);
done:
    json_decref(list);
    return st;
}

static weft_status print_stages(weft_ctx *ctx, const json_t *list, FILE *to)
{
    static const weft_table_column columns[] = {{"STAGE", true},     {"GENERATION", true}, {"TASKS", true},
                                                {"RUNNING", true},   {"ATTEMPTS", true},   {"FAILURES", true},
                                                {"ROWS", true},      {"BYTES", true},      {"READ", true},
                                                {"EXCHANGED", true}, {"SPILLED", true},    {"STATE", false}};
    static const char *const numbers[] = {"stage",    "generation", NULL,  "tasks_running",
                                          "attempts", "failures",   "rows"};
    static const char *const sizes[] = {"bytes", "bytes_read", "bytes_exchanged", "bytes_spilled"};
    weft_status st = WEFT_OK;
    weft_table t;
    char a[TEXT_BYTES];
    WEFT_TRY(st, weft_table_init(ctx, &t, columns, WEFT_COUNT(columns), (int64_t)json_array_size(list)));
    for (int64_t i = 0; i < t.row_count; i++) {
        const json_t *s = json_array_get(list, (size_t)i);
        for (int32_t n = 0; n < WEFT_COUNT(numbers); n++)
            if (numbers[n] != NULL)
                WEFT_TRY(st, weft_table_cell(ctx, &t, i, n, "%" PRId64, number_of(s, numbers[n])));
        WEFT_TRY(st, weft_table_cell(ctx, &t, i, 2, "%" PRId64 "/%" PRId64, number_of(s, "tasks_done"),
                                     number_of(s, "tasks")));
        for (int32_t n = 0; n < WEFT_COUNT(sizes); n++)
            WEFT_TRY(st, weft_table_cell(ctx, &t, i, 7 + n, "%s", bytes_of(s, sizes[n], a)));
        WEFT_TRY(st, weft_table_cell(ctx, &t, i, 11, "%s",
                                     json_is_true(json_object_get(s, "done")) ? "done" : "open"));
    }
    if (t.row_count > 0) {
        fputc('\n', to);
        weft_table_print(&t, 0, to);
    }
done:
    return st;
}

weft_status weft_print_job(weft_ctx *ctx, const char *json, size_t len, FILE *to)
{
    weft_status st = WEFT_OK;
    json_t *j = NULL;
    char *text = NULL, *error = NULL, *user = NULL;
    char a[TEXT_BYTES], b[TEXT_BYTES], c[TEXT_BYTES];
    WEFT_TRY(st, parse(ctx, json, len, JSON_OBJECT, &j));
    WEFT_TRY(st, clean(ctx, text_of(j, "text"), &text));
    WEFT_TRY(st, clean(ctx, text_of(j, "error"), &error));
    WEFT_TRY(st, clean(ctx, text_of(j, "user"), &user));
    fprintf(to, "Job        %" PRId64 ", %s, %s\n", number_of(j, "id"), text_of(j, "state"),
            duration_of(j, "duration_ms", a));
    fprintf(to, "Statement  %s\n", text);
    if (error[0] != 0) fprintf(to, "Error      %s\n", error);
    if (user[0] != 0) fprintf(to, "User       %s\n", user);
    fprintf(to, "Submitted  %s\n", text_of(j, "submitted"));
    fprintf(to,
            "Tasks      %" PRId64 " of %" PRId64 " done, %" PRId64 " running; %" PRId64 " attempts, %" PRId64
            " tasks run again\n",
            number_of(j, "tasks_done"), number_of(j, "tasks"), number_of(j, "tasks_running"),
            number_of(j, "attempts"), number_of(j, "tasks_rerun"));
    fprintf(to, "Lost       %" PRId64 " blocks, %" PRId64 " workers\n", number_of(j, "blocks_lost"),
            number_of(j, "workers_lost"));
    fprintf(to, "Bytes      %s read, %s exchanged, %s spilled\n", bytes_of(j, "bytes_read", a),
            bytes_of(j, "bytes_exchanged", b), bytes_of(j, "bytes_spilled", c));
    WEFT_TRY(st, print_stages(ctx, json_object_get(j, "stage_list"), to));
done:
    json_decref(j);
    return st;
}

weft_status weft_print_cancel(weft_ctx *ctx, const char *json, size_t len, FILE *to, bool *cancelled)
{
    weft_status st = WEFT_OK;
    json_t *j = NULL;
    *cancelled = false;
    WEFT_TRY(st, parse(ctx, json, len, JSON_OBJECT, &j));
    *cancelled = json_is_true(json_object_get(j, "cancelled"));
    if (*cancelled && to != NULL) fprintf(to, "Job %" PRId64 " is being cancelled.\n", number_of(j, "id"));
    if (!*cancelled)
        st = weft_fail(ctx, WEFT_INVALID, "job %" PRId64 " has ended already: %.20s", number_of(j, "id"),
                       text_of(j, "state"));
done:
    json_decref(j);
    return st;
}

weft_status weft_refusal_message(weft_ctx *ctx, const char *json, size_t len, char **out)
{
    json_error_t error;
    json_t *j = json_loadb(json, len, 0, &error);
    const char *text = text_of(j, "message");
    weft_status st = WEFT_OK;
    *out = NULL;
    if (text[0] != 0) st = clean(ctx, text, out);
    json_decref(j);
    return st;
}
