/* client/main.c - the program `weft`: finds the subcommand. */
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "client/command_coordinator.h"
#include "client/command_keys.h"
#include "client/command_sql.h"
#include "client/command_status.h"
#include "client/command_worker.h"
#include "common/base.h"
#include "common/version.h"

static int command_version(int argc, char **argv);
static int command_help(int argc, char **argv);

/* argv: what follows the command. The answer is the exit code. */
typedef struct command {
    const char *name, *about;
    int (*run)(int argc, char **argv);
} command;

static const command commands[] = {
    {"sql", "run SQL: -e TEXT, -f FILE, or a shell", weft_command_sql},
    {"submit", "run files of SQL statements", weft_command_submit},
    {"worker", "run the tasks of a cluster", weft_command_worker},
    {"status", "what a cluster does", weft_command_status},
    {"health", "is a process of it in order", weft_command_health},
    {"jobs", "its jobs", weft_command_jobs},
    {"workers", "its workers", weft_command_workers},
    {"cancel", "cancel a job", weft_command_cancel},
    {"logs", "the last lines of the coordinator's log", weft_command_logs},
    {"coordinator", "plan and schedule jobs for workers and clients", weft_command_coordinator},
    {"keys", "make and list the keys of a cluster", weft_command_keys},
    {"version", "print the version", command_version},
    {"help", "this text; weft COMMAND --help for a command's", command_help},
};

static void print_help(FILE *to)
{
    fputs("Usage: weft COMMAND [options]\n\n", to);
    for (int32_t i = 0; i < WEFT_COUNT(commands); i++)
        fprintf(to, "  %-12s %s\n", commands[i].name, commands[i].about);
}

static const command *find_command(const char *name)
{
    for (int32_t i = 0; i < WEFT_COUNT(commands); i++)
        if (strcmp(commands[i].name, name) == 0) return &commands[i];
    return NULL;
}

static int unknown(const char *name)
{
    fprintf(stderr, "weft: there is no command '%s'\n\n", name);
    print_help(stderr);
    return 2;
}

static bool is_help(const char *word) { return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0; }

static int command_version(int argc, char **argv)
{
    puts(argc > 0 && is_help(argv[0]) ? "Usage: weft version\n\nPrints the version."
                                      : "weft " WEFT_VERSION_TEXT);
    return 0;
}

/* `weft help`, or `weft help COMMAND`. */
static int command_help(int argc, char **argv)
{
    static char flag[] = "--help";
    char *arguments[] = {flag, NULL};
    const command *of = argc == 0 || is_help(argv[0]) ? NULL : find_command(argv[0]);
    if (of == NULL && argc > 0 && !is_help(argv[0])) return unknown(argv[0]);
    if (of != NULL && of->run != command_help) return of->run(1, arguments);
    print_help(stdout);
    return 0;
}

int main(int argc, char **argv)
{
    const char *name = argc < 2 ? "" : argv[1];
    const command *of = find_command(name);
    signal(SIGXFSZ, SIG_IGN); /* a file at the process's limit is an error of one statement */
    if (of != NULL) return of->run(argc - 2, argv + 2);
    if (is_help(name)) return command_help(0, argv);
    if (strcmp(name, "--version") == 0) return command_version(0, argv);
    if (name[0] != 0) return unknown(name);
    print_help(stderr);
    return 2;
}
