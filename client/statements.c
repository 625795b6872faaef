/* client/statements.c - see statements.h. */
#include "client/statements.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/limits.h"
#include "engine/sql/parser.h"

/* ---- Ctrl-C ---- */

static const weft_connection *interrupted; /* what Ctrl-C cancels; set once before the handler */
static atomic_int interrupts;
static int interrupt_pipe[2] = {-1, -1}; /* wakes the shell where it waits for a key */

static void on_interrupt(int number)
{
    (void)number;
    const int error = errno;
    atomic_fetch_add(&interrupts, 1);
    if (interrupted != NULL) weft_connection_cancel(interrupted);
    (void)!write(interrupt_pipe[1], "", 1); /* full: it wakes anyway */
    errno = error;
}

int weft_statements_interrupt_fd(void) { return interrupt_pipe[0]; }

bool weft_statements_interrupted(void)
{
    char bytes[64];
    while (read(interrupt_pipe[0], bytes, sizeof(bytes)) > 0)
        continue; /* first: those that come now wake again */
    return atomic_load(&interrupts) > 0;
}

bool weft_statements_take_interrupt(void) { return atomic_exchange(&interrupts, 0) > 0; }

static void show_progress(void *self, const weft_progress *p)
{
    (void)self;
    fprintf(stderr, "\r[Stage %d:> (%lld + %lld) / %lld]  ", p->stages_done, (long long)p->tasks_done,
            (long long)p->running, (long long)p->tasks);
}

bool weft_statements_attend(weft_statements *s)
{
    if (pipe2(interrupt_pipe, O_CLOEXEC | O_NONBLOCK) != 0) {
        fprintf(stderr, "%s: no pipe: %s\n", s->command, strerror(errno));
        return false;
    }
    interrupted = &s->connection;
    signal(SIGINT, on_interrupt);
    if (!s->silent && isatty(STDERR_FILENO)) weft_connection_on_progress(&s->connection, show_progress, NULL);
    return true;
}

void weft_statements_leave(weft_statements *s)
{
    (void)s;
    signal(SIGINT, SIG_DFL);
    interrupted = NULL;
}

/* ---- what is told of a statement ---- */

/* The error as people read it, with the place in the statement; in the memory, or NULL where that ended. */
static const char *error_text(const weft_statements *s, const weft_error *error, const char *text, size_t len,
                              weft_own_memory *memory)
{
    char *shown = NULL;
    weft_ctx ctx;
    if (!weft_own_memory_open(memory, INT64_MAX, "error")) return NULL;
    weft_ctx_init(&ctx, memory->arena, memory->account, weft_connection_settings(&s->connection));
    return weft_sql_error_text(&ctx, error, text, len, &shown) == WEFT_OK ? shown : NULL;
}

static void print_error(const weft_statements *s, const weft_error *error, const char *text, size_t len)
{
    weft_own_memory memory;
    const char *shown = error_text(s, error, text, len, &memory);
    if (shown != NULL)
        fprintf(stderr, "%s\n", shown);
    else
        fprintf(stderr, "[%s] %s SQLSTATE: %s\n", weft_status_text(error->code), error->message,
                weft_status_sqlstate(error->code));
    weft_own_memory_close(&memory);
}

/* A text as a JSON string. */
static void print_json_text(const char *text)
{
    fputc('"', stderr);
    for (const unsigned char *c = (const unsigned char *)text; *c != 0; c++) {
        if (*c == '"' || *c == '\\')
            fprintf(stderr, "\\%c", *c);
        else if (*c < 0x20)
            fprintf(stderr, "\\u%04x", (unsigned)*c);
        else
            fputc(*c, stderr);
    }
    fputc('"', stderr);
}

static void print_json_field(const char *name, const char *text)
{
    fprintf(stderr, ",\"%s\":", name);
    print_json_text(text);
}

static void begin_json(const weft_statements *s, const char *status, double seconds)
{
    fprintf(stderr, "{\"statement\":%d,\"status\":\"%s\",\"seconds\":%.3f", s->count, status, seconds);
}

/* One object a statement: what the closing line or the error would say. */
static void print_json_success(const weft_statements *s, const weft_run *run, int64_t rows, double seconds)
{
    begin_json(s, "succeeded", seconds);
    fprintf(stderr,
            ",\"rows\":%lld,\"tasks\":%lld,\"tasks_failed\":%lld,\"tasks_rerun\":%lld,"
            "\"blocks_lost\":%lld}\n",
            (long long)rows, (long long)run->counts.done, (long long)run->counts.failed,
            (long long)run->counts.rerun, (long long)run->counts.blocks_lost);
}

static void print_json_error(const weft_statements *s, const weft_error *error, const char *text, size_t len,
                             double seconds)
{
    weft_own_memory memory;
    const char *shown = error_text(s, error, text, len, &memory);
    begin_json(s, "failed", seconds);
    print_json_field("error_class", weft_status_text(error->code));
    print_json_field("sqlstate", weft_status_sqlstate(error->code));
    print_json_field("message", error->message);
    if (error->hint[0] != 0) print_json_field("hint", error->hint);
    if (error->span.line > 0)
        fprintf(stderr, ",\"line\":%d,\"column\":%d", error->span.line, error->span.column);
    if (shown != NULL) print_json_field("text", shown);
    fputs("}\n", stderr);
    weft_own_memory_close(&memory);
}

static void print_closing(bool has_rows, int64_t rows, double seconds)
{
    if (has_rows)
        fprintf(stderr, "Time taken: %.3f seconds, Fetched %lld row(s)\n", seconds, (long long)rows);
    else
        fprintf(stderr, "Time taken: %.3f seconds\n", seconds);
}

/* An earlier process had it done; what it printed or appended to --output was printed then. */
static void print_passed(weft_statements *s)
{
    s->results++;
    if (s->json)
        fprintf(stderr, "{\"statement\":%d,\"status\":\"done before\"}\n", s->count);
    else if (!s->silent)
        fprintf(stderr, "Statement %d was done before.\n", s->count);
}

static double seconds_now(void)
{
    const weft_clock *clock = weft_clock_system();
    return (double)clock->now_ns(clock->self) / 1e9;
}

/* The stream for a result: stdout, or the --output file, which the first result makes anew and later ones
 * append to. A Parquet file holds one result. */
static weft_status open_stream(weft_statements *s, FILE **stream, weft_error *error)
{
    const bool first = s->results++ == 0;
    *stream = stdout;
    if (s->format == WEFT_OUTPUT_PARQUET && !first) {
        *error = (weft_error){.code = WEFT_EXISTS};
        snprintf(error->message, sizeof(error->message),
                 "%s holds the result of an earlier statement: a Parquet file takes only one", s->output);
        return WEFT_EXISTS;
    }
    if (s->output == NULL || s->format == WEFT_OUTPUT_PARQUET) return WEFT_OK;
    *stream = fopen(s->output, first ? "we" : "ae");
    if (*stream != NULL) return WEFT_OK;
    *error = (weft_error){.code = WEFT_IO};
    snprintf(error->message, sizeof(error->message), "cannot write %s: %s", s->output, strerror(errno));
    return WEFT_IO;
}

static weft_status write_result(weft_statements *s, weft_result *result, int64_t *rows, weft_error *error)
{
    FILE *stream = NULL;
    weft_status st = open_stream(s, &stream, error);
    if (st == WEFT_OK) st = weft_output_write(result, s->format, stream, s->output, error, rows);
    if (stream == NULL || stream == stdout || fclose(stream) == 0 || st != WEFT_OK) return st;
    *error = (weft_error){.code = WEFT_IO};
    snprintf(error->message, sizeof(error->message), "cannot write %s: %s", s->output, strerror(errno));
    return WEFT_IO;
}

int weft_statements_run_one(weft_statements *s, const char *text, size_t len)
{
    weft_result *result = NULL;
    weft_error error = {0};
    weft_run run = {0};
    int64_t rows = 0;
    bool has_rows = false;
    bool passed = false;
    const double began = seconds_now();
    s->count++;
    weft_status st = weft_connection_pass(&s->connection, text, len, &passed, &error);
    if (passed && st == WEFT_OK) {
        print_passed(s);
        return WEFT_EXIT_OK;
    }
    if (st == WEFT_OK)
        st = weft_connection_execute_with(&s->connection, text, len, s->parameters, s->parameter_count,
                                          &error, &result);

    if (!s->silent && isatty(STDERR_FILENO)) fputs("\r\033[K", stderr);
    if (st == WEFT_OK) {
        run.counts = weft_result_run(result)->counts;
        has_rows = weft_result_schema(result)->count > 0;
        if (has_rows) st = write_result(s, result, &rows, &error);
        if (st == WEFT_OK) weft_connection_took(&s->connection);
    }
    weft_result_free(&result);
    const double seconds = seconds_now() - began;
    if (s->json && st == WEFT_OK)
        print_json_success(s, &run, rows, seconds);
    else if (s->json)
        print_json_error(s, &error, text, len, seconds);
    else if (st != WEFT_OK)
        print_error(s, &error, text, len);
    else if (!s->silent)
        print_closing(has_rows, rows, seconds);
    if (st == WEFT_OK) return WEFT_EXIT_OK;
    return st == WEFT_CANCELLED && atomic_load(&interrupts) > 0 ? WEFT_EXIT_INTERRUPTED : WEFT_EXIT_FAILED;
}

int weft_statements_finish(weft_statements *s)
{
    weft_error error = {0};
    if (weft_connection_finish(&s->connection, &error) == WEFT_OK) return WEFT_EXIT_OK;
    if (s->json)
        print_json_error(s, &error, "", 0, 0);
    else
        print_error(s, &error, "", 0);
    return WEFT_EXIT_FAILED;
}

/* ---- scripts ---- */

int weft_statements_run(weft_statements *s, const char *text, size_t len)
{
    size_t position = 0, start = 0, stop = 0;
    int code = WEFT_EXIT_OK;
    while (weft_sql_next_statement(text, len, &position, &start, &stop)) {
        const int one = weft_statements_run_one(s, text + start, stop - start);
        if (one != WEFT_EXIT_OK) code = one;
        if (code != WEFT_EXIT_OK && (!s->force || one == WEFT_EXIT_INTERRUPTED)) return code;
        if (atomic_load(&interrupts) > 0) return WEFT_EXIT_INTERRUPTED; /* it came between two statements */
    }
    return code;
}

/* A whole file, zero-terminated, from the C heap; NULL with a message when it cannot be read or is too large.
 */
static char *read_script(const char *command, const char *path, size_t *len)
{
    FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
    char *text = NULL;
    size_t capacity = 0;
    *len = 0;
    if (file == NULL) {
        fprintf(stderr, "%s: cannot read %s: %s\n", command, path, strerror(errno));
        return NULL;
    }
    const ssize_t got = getdelim(&text, &capacity, EOF, file); /* up to the end: 0xff is no byte of UTF-8 */
    const bool failed = ferror(file) != 0;
    if (file != stdin) fclose(file);
    if (failed || got > WEFT_SQL_BYTES_MAX) {
        fprintf(stderr, "%s: %s %s\n", command, path,
                failed ? "cannot be read" : "is larger than a script may be");
        free(text); /* getdelim's own memory; tidy: allow free */
        return NULL;
    }
    *len = got < 0 ? 0 : (size_t)got;
    return text;
}

int weft_statements_run_file(weft_statements *s, const char *path)
{
    size_t len = 0;
    char *text = read_script(s->command, path, &len);
    if (text == NULL) return WEFT_EXIT_USAGE;
    const int code = weft_statements_run(s, text, len);
    free(text); /* getdelim's own memory; tidy: allow free */
    return code;
}
