/* client/command_sql.c - `weft sql` and `weft submit`: their options. What they run is in statements.c, the
 * shell in shell.c. */
#include "client/command_sql.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/options.h"
#include "client/shell.h"
#include "client/statements.h"
#include "engine/expr/value_sql.h"

enum { TEXTS_MOST = 64, PARAMETERS_MOST = 256 };

typedef struct sql_options {
    const char *text[TEXTS_MOST]; /* -e and -f, in order */
    bool is_file[TEXTS_MOST];
    int32_t text_count;
    weft_sql_parameter parameters[PARAMETERS_MOST]; /* --param, in order */
    const char *master;                             /* weft://…, or NULL */
    const char *keys;
    const char *session;  /* `weft submit`: its name, or NULL */
    bool submit;          /* `weft submit` */
    weft_own_memory file; /* of what the configuration file says */
    weft_statements statements;
    weft_settings settings;
} sql_options;

static const char common_help[] =
    "  --master MASTER    local, local[N], local[*] (default: one slot a core), or weft://HOST:PORT, with\n"
    "                     several coordinators weft://HOST:PORT,HOST:PORT (else $WEFT_MASTER)\n"
    "  --keys DIR         key folder for weft:// off the loopback (else $WEFT_KEYS)\n"
    "  --memory SIZE      memory that data may take, as 512m or 4g (default: 70 % of the machine's)\n"
    "  --conf KEY=VALUE   a setting; may be given again\n"
    "  --param NAME=VALUE what :NAME stands for, =VALUE the next ?: a constant of SQL, else a text; may be\n"
    "                     given again\n"
    "  --properties-file FILE\n"
    "                     weft.master, weft.keys.dir and settings, as KEY VALUE lines (else $WEFT_CONF,\n"
    "                     else /etc/weft/weft.conf); what is said here counts more, the environment less\n"
    "  --format FORMAT    table (default), csv, json, parquet\n"
    "  --output PATH      write results to this file instead of stdout; parquet needs it\n"
    "  -S, --silent       no closing lines, no progress\n"
    "  --json             closing lines and errors as JSON objects, one a statement\n"
    "  -h, --help         this text\n"
    "\n"
    "Exit code: 0 done, 1 a statement failed, 2 wrong usage, 130 interrupted.\n";

static void print_help(const sql_options *o)
{
    if (o->submit)
        puts(
            "Usage: weft submit FILE.sql... [options]\n"
            "\n"
            "Runs files of SQL statements, one after the other; - is stdin. Results go to stdout, all else "
            "to "
            "stderr.\n\n"
            "  --session NAME     a name for this submission: started again under it, after its process was\n"
            "                     killed or a statement failed, it goes on where it was, and nothing is "
            "done\n"
            "                     twice (weft:// only)");
    else
        puts(
            "Usage: weft sql [-e SQL | -f FILE]... [options]\n"
            "\n"
            "Runs SQL statements, or a shell when neither -e nor -f is given. Results go to stdout, all else "
            "to stderr.\n"
            "\n"
            "  -e SQL             statements, separated by semicolons\n"
            "  -f FILE            the same from a file\n"
            "  --force            go on after a statement that fails; the exit code is 1 all the same");
    fputs(common_help, stdout);
}

static int usage(const sql_options *o, const char *what, const char *value)
{
    const char *command = o->statements.command;
    fprintf(stderr, "%s: %s%s%s\nTry '%s --help'.\n", command, what, value == NULL ? "" : ": ",
            value == NULL ? "" : value, command);
    return WEFT_EXIT_USAGE;
}

static int set_option(sql_options *o, const char *key, const char *value)
{
    weft_own_memory memory;
    int code = WEFT_EXIT_OK;
    weft_ctx ctx;
    if (!weft_own_memory_open(&memory, INT64_MAX, "options")) return usage(o, "no memory", NULL);
    weft_ctx_init(&ctx, memory.arena, memory.account, &o->settings);
    if (weft_settings_set(&ctx, &o->settings, key, value) != WEFT_OK) {
        code = usage(o, ctx.error.message, NULL);
        if (ctx.error.hint[0] != 0) fprintf(stderr, "%s\n", ctx.error.hint);
    }
    weft_own_memory_close(&memory);
    return code;
}

static int set_conf(sql_options *o, const char *pair)
{
    char key[256];
    const char *equals = strchr(pair, '=');
    if (equals == NULL || equals == pair || (size_t)(equals - pair) >= sizeof(key))
        return usage(o, "--conf wants KEY=VALUE, not", pair);
    memcpy(key, pair, (size_t)(equals - pair));
    key[equals - pair] = 0;
    return set_option(o, key, equals + 1);
}

static int set_master(sql_options *o, const char *master)
{
    char what[256], digits[16];
    int32_t slots = 0;
    bool remote = false;
    if (!weft_connection_parse(master, &remote, &slots)) {
        snprintf(what, sizeof(what), "the master must be %s, not", weft_connection_masters);
        return usage(o, what, master);
    }
    o->master = remote ? master : NULL;
    if (remote) return WEFT_EXIT_OK;
    snprintf(digits, sizeof(digits), "%d", slots);
    return set_option(o, "weft.task.slots", digits);
}

/* ---- the configuration file ---- */

/* The file that the arguments name, or NULL. */
static const char *find_file(int argc, char **argv)
{
    static const char *const flags[] = {"--properties-file", "--config"};
    const char *found = NULL;
    for (int32_t f = 0; f < WEFT_COUNT(flags); f++) {
        const size_t len = strlen(flags[f]);
        for (int i = 0; i < argc; i++) {
            if (strncmp(argv[i], flags[f], len) != 0) continue;
            if (argv[i][len] == '=') found = argv[i] + len + 1;
            if (argv[i][len] == 0 && i + 1 < argc) found = argv[i + 1];
        }
    }
    return found;
}

static bool wants_help(int argc, char **argv)
{
    for (int i = 0; i < argc; i++)
        if (strcmp(argv[i], "-h") == 0 || strcmp(argv[i], "--help") == 0) return true;
    return false;
}

typedef struct file_values {
    const char *master, *keys;
} file_values;

static int read_values(sql_options *o, weft_ctx *ctx, const char *path, file_values *v)
{
    static const weft_option known[] = {
        {"--master", 0, "weft.master", "spark.master", WEFT_OPTION_TEXT, NULL, "MASTER", "",
         offsetof(file_values, master)},
        {"--keys", 0, "weft.keys.dir", NULL, WEFT_OPTION_TEXT, NULL, "DIR", "", offsetof(file_values, keys)}};
    char flag[] = "--properties-file";
    char *argv[] = {flag, (char *)(uintptr_t)path};
    const weft_option_group group = {.options = known, .count = WEFT_COUNT(known), .values = v};
    weft_options file = {
        .command = o->statements.command, .groups = &group, .group_count = 1, .settings = &o->settings};
    if (weft_options_parse(ctx, &file, path == NULL ? 0 : 2, argv) != WEFT_OK) {
        fprintf(stderr, "%s: %s\n", o->statements.command, ctx->error.message);
        if (ctx->error.hint[0] != 0) fprintf(stderr, "Hint: %s\n", ctx->error.hint);
        return WEFT_EXIT_USAGE;
    }
    for (int32_t i = 0; i < weft_min_i32(file.ignored_count, WEFT_OPTION_IGNORED_MAX); i++)
        fprintf(stderr, "%s: %s means nothing here\n", o->statements.command, file.ignored[i]);
    return WEFT_EXIT_OK;
}

/* What it says lives as long as the command. */
static int read_file(sql_options *o, int argc, char **argv)
{
    file_values v = {0};
    weft_ctx ctx;
    if (!weft_own_memory_open(&o->file, INT64_MAX, "configuration")) return usage(o, "no memory", NULL);
    weft_ctx_init(&ctx, o->file.arena, o->file.account, &o->settings);
    int code = read_values(o, &ctx, find_file(argc, argv), &v);
    if (code == WEFT_EXIT_OK && v.master != NULL) code = set_master(o, v.master);
    if (v.keys != NULL) o->keys = v.keys;
    return code;
}

/* ---- arguments ---- */

static int add_text(sql_options *o, const char *text, bool is_file)
{
    if (o->text_count == TEXTS_MOST)
        return usage(o, o->submit ? "too many files" : "too many -e and -f", NULL);
    o->is_file[o->text_count] = is_file;
    o->text[o->text_count++] = text;
    return WEFT_EXIT_OK;
}

/* --param NAME=VALUE, or =VALUE for the next ?. A value that is no constant of SQL is a text. */
static int add_parameter(sql_options *o, const char *pair)
{
    weft_status st = WEFT_OK;
    weft_ctx ctx;
    char *name = NULL, *quoted = NULL;
    const char *equals = strchr(pair, '=');
    weft_sql_parameter *p = &o->parameters[o->statements.parameter_count];
    if (equals == NULL) return usage(o, "--param wants NAME=VALUE, not", pair);
    if (o->statements.parameter_count == PARAMETERS_MOST) return usage(o, "too many --param", NULL);
    weft_ctx_init(&ctx, o->file.arena, o->file.account, &o->settings);
    if (weft_sql_check_value(&ctx, equals + 1) != WEFT_OK)
        st = weft_sql_quote(&ctx, equals + 1, strlen(equals + 1), &quoted);
    if (st == WEFT_OK) st = weft_arena_copy(&ctx, ctx.arena, pair, (size_t)(equals - pair), &name);
    if (st != WEFT_OK) return usage(o, "no memory", NULL);
    *p = (weft_sql_parameter){.name = equals == pair ? NULL : name,
                              .sql = quoted != NULL ? quoted : equals + 1};
    o->statements.parameter_count++;
    o->statements.parameters = o->parameters;
    return WEFT_EXIT_OK;
}

/* One option with its value. -1: not an option of ours. */
static int take_option(sql_options *o, const char *name, const char *value)
{
    if (!o->submit && (strcmp(name, "-e") == 0 || strcmp(name, "-f") == 0))
        return add_text(o, value, name[1] == 'f');
    if (strcmp(name, "--master") == 0) return set_master(o, value);
    if (strcmp(name, "--memory") == 0) return set_option(o, "weft.memory.limit", value);
    if (strcmp(name, "--conf") == 0) return set_conf(o, value);
    if (strcmp(name, "--param") == 0) return add_parameter(o, value);
    if (strcmp(name, "--properties-file") == 0 || strcmp(name, "--config") == 0)
        return WEFT_EXIT_OK; /* it was read before */
    if (o->submit && strcmp(name, "--session") == 0) {
        o->session = value;
        return weft_session_name_is(value)
                   ? WEFT_EXIT_OK
                   : usage(o, "a session's name has 1 to 127 printable characters and no spaces, not", value);
    }
    if (strcmp(name, "--output") == 0 || strcmp(name, "--keys") == 0) {
        *(name[2] == 'o' ? &o->statements.output : &o->keys) = value;
        return WEFT_EXIT_OK;
    }
    if (strcmp(name, "--format") == 0)
        return weft_output_parse(value, &o->statements.format)
                   ? WEFT_EXIT_OK
                   : usage(o, "the format must be table, csv, json or parquet, not", value);
    return -1;
}

/* -1: go on; else the exit code. */
static int parse_options(sql_options *o, int argc, char **argv)
{
    for (int i = 0; i < argc; i++) {
        if (strcmp(argv[i], "-h") == 0 || strcmp(argv[i], "--help") == 0) {
            print_help(o);
            return WEFT_EXIT_OK;
        }
        if (strcmp(argv[i], "-S") == 0 || strcmp(argv[i], "--silent") == 0) {
            o->statements.silent = true;
            continue;
        }
        if (!o->submit && strcmp(argv[i], "--force") == 0) {
            o->statements.force = true;
            continue;
        }
        if (strcmp(argv[i], "--json") == 0) {
            o->statements.json = true;
            continue;
        }
        if (o->submit && (argv[i][0] != '-' || argv[i][1] == 0)) {
            const int added = add_text(o, argv[i], true);
            if (added != WEFT_EXIT_OK) return added;
            continue;
        }
        char name[64];
        const char *equals = strncmp(argv[i], "--", 2) == 0 ? strchr(argv[i], '=') : NULL;
        const size_t len = equals == NULL ? strlen(argv[i]) : (size_t)(equals - argv[i]);
        if (len >= sizeof(name)) return usage(o, "unknown option", argv[i]);
        memcpy(name, argv[i], len);
        name[len] = 0;
        const char *value = equals != NULL ? equals + 1 : i + 1 < argc ? argv[i + 1] : NULL;
        const int code = take_option(o, name, value == NULL ? "" : value);
        if (code < 0) return usage(o, "unknown option", argv[i]);
        if (value == NULL) return usage(o, "an option misses its value", name);
        if (code != WEFT_EXIT_OK) return code;
        i += equals == NULL;
    }
    if (o->statements.format == WEFT_OUTPUT_PARQUET && o->statements.output == NULL)
        return usage(o, "--format parquet needs --output PATH", NULL);
    if (o->submit && o->text_count == 0) return usage(o, "a file of statements is missing", NULL);
    if (o->session != NULL && o->master == NULL)
        return usage(o, "--session is for a cluster: it needs --master weft://HOST:PORT", NULL);
    return -1;
}

static int run_texts(sql_options *o)
{
    const bool force = o->statements.force;
    int code = WEFT_EXIT_OK;
    for (int32_t i = 0; i < o->text_count && (code == WEFT_EXIT_OK || (force && code == WEFT_EXIT_FAILED));
         i++) {
        const int one = o->is_file[i] ? weft_statements_run_file(&o->statements, o->text[i])
                                      : weft_statements_run(&o->statements, o->text[i], strlen(o->text[i]));
        if (one != WEFT_EXIT_OK) code = one;
    }
    if (code == WEFT_EXIT_OK) code = weft_statements_finish(&o->statements);
    return code;
}

static int run_command(sql_options *o, int argc, char **argv)
{
    weft_error error = {0};
    const char *master = getenv("WEFT_MASTER");
    weft_statements *s = &o->statements;
    int code = WEFT_EXIT_OK;

    weft_settings_init(&o->settings);
    o->keys = getenv("WEFT_KEYS");
    if (master != NULL && master[0] != 0) code = set_master(o, master);
    if (code == WEFT_EXIT_OK && !wants_help(argc, argv)) code = read_file(o, argc, argv);
    if (code != WEFT_EXIT_OK) return code;
    code = parse_options(o, argc, argv);
    if (code >= 0) return code;
    const weft_connection_options options = {.master = o->master,
                                             .session = o->session,
                                             .keys = o->keys != NULL && o->keys[0] != 0 ? o->keys : NULL,
                                             .settings = &o->settings};
    if (weft_connection_open(&options, &error, &s->connection) != WEFT_OK) {
        fprintf(stderr, "%s: [%s] %s\n", s->command, weft_status_text(error.code), error.message);
        if (error.hint[0] != 0) fprintf(stderr, "Hint: %s\n", error.hint);
        return WEFT_EXIT_FAILED;
    }
    code = WEFT_EXIT_FAILED;
    if (weft_statements_attend(s)) {
        code = o->text_count > 0 ? run_texts(o) : weft_shell_run(s);
        weft_statements_leave(s);
    }
    weft_connection_close(&s->connection);
    return code;
}

int weft_command_sql(int argc, char **argv)
{
    static sql_options o = {.statements = {.command = "weft sql"}};
    const int code = run_command(&o, argc, argv);
    weft_own_memory_close(&o.file);
    return code;
}

int weft_command_submit(int argc, char **argv)
{
    static sql_options o = {.submit = true, .statements = {.command = "weft submit"}};
    const int code = run_command(&o, argc, argv);
    weft_own_memory_close(&o.file);
    return code;
}
