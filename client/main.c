/* client/main.c - the program `weft`: finds the subcommand. */
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "client/command_sql.h"

#define WEFT_VERSION_TEXT "0.1.0"

static void print_help(FILE *to)
{
    fputs("Usage: weft COMMAND [options]\n"
          "\n"
          "  sql       run SQL: -e TEXT, -f FILE, or a shell\n"
          "  version   print the version\n"
          "  help      this text; weft COMMAND --help for a command's\n",
          to);
}

int main(int argc, char **argv)
{
    const char *command = argc < 2 ? "" : argv[1];
    signal(SIGXFSZ, SIG_IGN); /* a file at the process's limit is an error of one statement */
    const bool help = argc > 2 && (strcmp(argv[2], "--help") == 0 || strcmp(argv[2], "-h") == 0);
    if (strcmp(command, "sql") == 0) return weft_command_sql(argc - 2, argv + 2);
    if (strcmp(command, "help") == 0 && argc > 2 && strcmp(argv[2], "sql") == 0) {
        char *args[] = {(char[]){"--help"}, NULL};
        return weft_command_sql(1, args);
    }
    if (strcmp(command, "version") == 0 && help) {
        puts("Usage: weft version\n\nPrints the version.");
        return 0;
    }
    if (strcmp(command, "version") == 0 || strcmp(command, "--version") == 0) {
        puts("weft " WEFT_VERSION_TEXT);
        return 0;
    }
    if (strcmp(command, "help") == 0 || strcmp(command, "--help") == 0 || strcmp(command, "-h") == 0) {
        print_help(stdout);
        return 0;
    }
    if (command[0] != 0) fprintf(stderr, "weft: there is no command '%s'\n\n", command);
    print_help(stderr);
    return 2;
}
