/* client/command_sql.c - `weft sql`: options, scripts, the closing line. The shell is in shell.c. */
#include "client/command_sql.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/local.h"
#include "client/output.h"
#include "client/shell.h"
#include "engine/sql/parser.h"

enum { EXIT_OK = 0, EXIT_FAILED = 1, EXIT_USAGE = 2, EXIT_INTERRUPTED = 130, TEXTS_MOST = 64 };

typedef struct sql_options {
    const char *text[TEXTS_MOST]; /* -e and -f, in order */
    bool is_file[TEXTS_MOST];
    int32_t text_count;
    const char *output;
    int32_t results; /* written so far */
    weft_output_format format;
    bool silent;
    weft_settings settings;
} sql_options;

static weft_session *interrupted_session; /* what Ctrl-C cancels; set once before the handler */
static atomic_int interrupts;
static int interrupt_pipe[2] = {-1, -1}; /* wakes the shell where it waits for a key */

static void on_interrupt(int number)
{
    (void)number;
    const int error = errno;
    atomic_fetch_add(&interrupts, 1);
    if (interrupted_session != NULL) weft_session_cancel(interrupted_session);
    (void)!write(interrupt_pipe[1], "", 1); /* full: it wakes anyway */
    errno = error;
}

int weft_sql_interrupt_fd(void) { return interrupt_pipe[0]; }

bool weft_sql_interrupted(void)
{
    char bytes[64];
    while (read(interrupt_pipe[0], bytes, sizeof(bytes)) > 0)
        continue; /* first: those that come now wake again */
    return atomic_load(&interrupts) > 0;
}

bool weft_sql_take_interrupt(void) { return atomic_exchange(&interrupts, 0) > 0; }

static void print_help(void)
{
    puts("Usage: weft sql [-e SQL | -f FILE]... [options]\n"
         "\n"
         "Runs SQL statements, or a shell when neither -e nor -f is given. Results go to stdout, all else to "
         "stderr.\n"
         "\n"
         "  -e SQL             statements, separated by semicolons\n"
         "  -f FILE            the same from a file\n"
         "  --master MASTER    local, local[N], local[*] (default: one slot a core)\n"
         "  --memory SIZE      memory that data may take, as 512m or 4g (default: 70 % of the machine's)\n"
         "  --conf KEY=VALUE   a setting; may be given again\n"
         "  --format FORMAT    table (default), csv, json, parquet\n"
         "  --output PATH      write results to this file instead of stdout; parquet needs it\n"
         "  -S, --silent       no closing lines, no progress\n"
         "  -h, --help         this text\n"
         "\n"
         "Exit code: 0 done, 1 a statement failed, 2 wrong usage, 130 interrupted.");
}

static int usage(const char *what, const char *value)
{
    fprintf(stderr, "weft sql: %s%s%s\nTry 'weft sql --help'.\n", what, value == NULL ? "" : ": ",
            value == NULL ? "" : value);
    return EXIT_USAGE;
}

static int set_option(sql_options *o, const char *key, const char *value)
{
    weft_pool *pool = weft_pool_new(INT64_MAX);
    weft_account *account = pool == NULL ? NULL : weft_account_open(pool, "options");
    weft_arena *arena = account == NULL ? NULL : weft_arena_new(account);
    int code = EXIT_OK;
    weft_ctx ctx;
    if (arena == NULL) return usage("no memory", NULL);
    weft_ctx_init(&ctx, arena, account, &o->settings);
    if (weft_settings_set(&ctx, &o->settings, key, value) != WEFT_OK) {
        code = usage(ctx.error.message, NULL);
        if (ctx.error.hint[0] != 0) fprintf(stderr, "%s\n", ctx.error.hint);
    }
    weft_arena_free(&arena);
    weft_account_close(&account);
    weft_pool_free(&pool);
    return code;
}

static int set_conf(sql_options *o, const char *pair)
{
    char key[256];
    const char *equals = strchr(pair, '=');
    if (equals == NULL || equals == pair || (size_t)(equals - pair) >= sizeof(key))
        return usage("--conf wants KEY=VALUE, not", pair);
    memcpy(key, pair, (size_t)(equals - pair));
    key[equals - pair] = 0;
    return set_option(o, key, equals + 1);
}

static int set_master(sql_options *o, const char *master)
{
    char digits[16];
    int32_t slots = 0;
    if (!weft_local_parse(master, &slots))
        return usage(
            "the master must be local, local[N] or local[*] (clusters come with a later version), not",
            master);
    snprintf(digits, sizeof(digits), "%d", slots);
    return set_option(o, "weft.task.slots", digits);
}

/* One option with its value. -1: not an option of ours. */
static int take_option(sql_options *o, const char *name, const char *value)
{
    if (strcmp(name, "-e") == 0 || strcmp(name, "-f") == 0) {
        if (o->text_count == TEXTS_MOST) return usage("too many -e and -f", NULL);
        o->is_file[o->text_count] = name[1] == 'f';
        o->text[o->text_count++] = value;
        return EXIT_OK;
    }
    if (strcmp(name, "--master") == 0) return set_master(o, value);
    if (strcmp(name, "--memory") == 0) return set_option(o, "weft.memory.limit", value);
    if (strcmp(name, "--conf") == 0) return set_conf(o, value);
    if (strcmp(name, "--output") == 0) {
        o->output = value;
        return EXIT_OK;
    }
    if (strcmp(name, "--format") == 0)
        return weft_output_parse(value, &o->format)
                   ? EXIT_OK
                   : usage("the format must be table, csv, json or parquet, not", value);
    return -1;
}

/* -1: go on; else the exit code. */
static int parse_options(sql_options *o, int argc, char **argv)
{
    for (int i = 0; i < argc; i++) {
        if (strcmp(argv[i], "-h") == 0 || strcmp(argv[i], "--help") == 0) {
            print_help();
            return EXIT_OK;
        }
        if (strcmp(argv[i], "-S") == 0 || strcmp(argv[i], "--silent") == 0) {
            o->silent = true;
            continue;
        }
        char name[64];
        const char *equals = strncmp(argv[i], "--", 2) == 0 ? strchr(argv[i], '=') : NULL;
        const size_t len = equals == NULL ? strlen(argv[i]) : (size_t)(equals - argv[i]);
        if (len >= sizeof(name)) return usage("unknown option", argv[i]);
        memcpy(name, argv[i], len);
        name[len] = 0;
        const char *value = equals != NULL ? equals + 1 : i + 1 < argc ? argv[i + 1] : NULL;
        const int code = take_option(o, name, value == NULL ? "" : value);
        if (code < 0) return usage("unknown option", argv[i]);
        if (value == NULL) return usage("an option misses its value", name);
        if (code != EXIT_OK) return code;
        i += equals == NULL;
    }
    if (o->format == WEFT_OUTPUT_PARQUET && o->output == NULL)
        return usage("--format parquet needs --output PATH", NULL);
    return -1;
}

static void print_error(weft_local *local, const weft_error *error, const char *text, size_t len)
{
    weft_pool *pool = weft_pool_new(INT64_MAX);
    weft_account *account = pool == NULL ? NULL : weft_account_open(pool, "error");
    weft_arena *arena = account == NULL ? NULL : weft_arena_new(account);
    char *shown = NULL;
    if (arena != NULL) {
        weft_ctx ctx;
        weft_ctx_init(&ctx, arena, account, weft_session_settings(weft_local_session(local)));
        if (weft_sql_error_text(&ctx, error, text, len, &shown) != WEFT_OK) shown = NULL;
    }
    if (shown != NULL)
        fprintf(stderr, "%s\n", shown);
    else
        fprintf(stderr, "[%s] %s SQLSTATE: %s\n", weft_status_text(error->code), error->message,
                weft_status_sqlstate(error->code));
    weft_arena_free(&arena);
    weft_account_close(&account);
    weft_pool_free(&pool);
}

static double seconds_now(void)
{
    const weft_clock *clock = weft_clock_system();
    return (double)clock->now_ns(clock->self) / 1e9;
}

/* The stream for a result: stdout, or the --output file, which the first result makes anew and later ones
 * append to. A Parquet file holds one result. */
static weft_status open_stream(sql_options *o, FILE **stream, weft_error *error)
{
    const bool first = o->results++ == 0;
    *stream = stdout;
    if (o->format == WEFT_OUTPUT_PARQUET && !first) {
        *error = (weft_error){.code = WEFT_EXISTS};
        snprintf(error->message, sizeof(error->message),
                 "%s holds the result of an earlier statement: a Parquet file takes only one", o->output);
        return WEFT_EXISTS;
    }
    if (o->output == NULL || o->format == WEFT_OUTPUT_PARQUET) return WEFT_OK;
    *stream = fopen(o->output, first ? "we" : "ae");
    if (*stream != NULL) return WEFT_OK;
    *error = (weft_error){.code = WEFT_IO};
    snprintf(error->message, sizeof(error->message), "cannot write %s: %s", o->output, strerror(errno));
    return WEFT_IO;
}

static void show_progress(void *self, const weft_progress *p)
{
    (void)self;
    fprintf(stderr, "\r[Stage %d:> (%lld + %lld) / %lld]  ", p->stages_done, (long long)p->tasks_done,
            (long long)p->running, (long long)p->tasks);
}

int weft_sql_run_statement(void *self, weft_local *local, const char *text, size_t len)
{
    sql_options *o = self;
    weft_result *result = NULL;
    weft_error error = {0};
    int64_t rows = 0;
    const double began = seconds_now();
    const bool progress = !o->silent && isatty(STDERR_FILENO);
    weft_status st = weft_session_execute(weft_local_session(local), text, len, &error, &result);

    if (progress) fputs("\r\033[K", stderr);
    if (st == WEFT_OK && weft_result_schema(result)->count > 0) {
        FILE *stream = NULL;
        st = open_stream(o, &stream, &error);
        if (st == WEFT_OK) st = weft_output_write(result, o->format, stream, o->output, &error, &rows);
        if (stream != NULL && stream != stdout && fclose(stream) != 0 && st == WEFT_OK) {
            st = WEFT_IO;
            error = (weft_error){.code = WEFT_IO};
            snprintf(error.message, sizeof(error.message), "cannot write %s: %s", o->output, strerror(errno));
        }
    }
    const bool has_rows = st == WEFT_OK && weft_result_schema(result)->count > 0;
    weft_result_free(&result);
    if (st != WEFT_OK) {
        print_error(local, &error, text, len);
        return st == WEFT_CANCELLED && interrupts > 0 ? EXIT_INTERRUPTED : EXIT_FAILED;
    }
    if (!o->silent && has_rows)
        fprintf(stderr, "Time taken: %.3f seconds, Fetched %lld row(s)\n", seconds_now() - began,
                (long long)rows);
    else if (!o->silent)
        fprintf(stderr, "Time taken: %.3f seconds\n", seconds_now() - began);
    return EXIT_OK;
}

static int run_script(sql_options *o, weft_local *local, const char *text, size_t len)
{
    size_t position = 0, start = 0, stop = 0;
    while (weft_sql_next_statement(text, len, &position, &start, &stop)) {
        const int code = weft_sql_run_statement(o, local, text + start, stop - start);
        if (code != EXIT_OK) return code;
        if (interrupts > 0) return EXIT_INTERRUPTED; /* it came between two statements */
    }
    return EXIT_OK;
}

/* A whole file, zero-terminated, from the C heap; NULL with a message when it cannot be read or is too large.
 */
static char *read_script(const char *path, size_t *len)
{
    FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
    char *text = NULL;
    size_t capacity = 0;
    *len = 0;
    if (file == NULL) {
        fprintf(stderr, "weft sql: cannot read %s: %s\n", path, strerror(errno));
        return NULL;
    }
    const ssize_t got = getdelim(&text, &capacity, EOF, file); /* up to the end: 0xff is no byte of UTF-8 */
    const bool failed = ferror(file) != 0;
    if (file != stdin) fclose(file);
    if (failed || got > WEFT_SQL_BYTES_MAX) {
        fprintf(stderr, "weft sql: %s %s\n", path,
                failed ? "cannot be read" : "is larger than a script may be");
        free(text); /* getdelim's own memory; tidy: allow free */
        return NULL;
    }
    *len = got < 0 ? 0 : (size_t)got;
    return text;
}

static int run_texts(sql_options *o, weft_local *local)
{
    int code = EXIT_OK;
    for (int32_t i = 0; i < o->text_count && code == EXIT_OK; i++) {
        if (!o->is_file[i]) {
            code = run_script(o, local, o->text[i], strlen(o->text[i]));
            continue;
        }
        size_t len = 0;
        char *text = read_script(o->text[i], &len);
        if (text == NULL) return EXIT_USAGE;
        code = run_script(o, local, text, len);
        free(text); /* getdelim's own memory; tidy: allow free */
    }
    return code;
}

int weft_command_sql(int argc, char **argv)
{
    static sql_options o;
    weft_local *local = NULL;
    weft_error error = {0};
    const char *master = getenv("WEFT_MASTER");
    int code = EXIT_OK;

    weft_settings_init(&o.settings);
    if (master != NULL && master[0] != 0) code = set_master(&o, master);
    if (code != EXIT_OK) return code;
    code = parse_options(&o, argc, argv);
    if (code >= 0) return code;
    if (weft_local_start(&o.settings, &error, &local) != WEFT_OK) {
        fprintf(stderr, "weft sql: [%s] %s\n", weft_status_text(error.code), error.message);
        return EXIT_FAILED;
    }
    interrupted_session = weft_local_session(local);
    if (pipe2(interrupt_pipe, O_CLOEXEC | O_NONBLOCK) != 0) {
        fprintf(stderr, "weft sql: no pipe: %s\n", strerror(errno));
        weft_local_stop(&local);
        return EXIT_FAILED;
    }
    signal(SIGINT, on_interrupt);
    if (!o.silent && isatty(STDERR_FILENO))
        weft_session_on_progress(interrupted_session, show_progress, NULL);
    code = o.text_count > 0 ? run_texts(&o, local) : weft_shell_run(&o, local);
    signal(SIGINT, SIG_DFL);
    interrupted_session = NULL;
    weft_local_stop(&local);
    return code;
}
