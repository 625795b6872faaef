/* client/options.h - a command's options as a table: from its arguments and from a configuration file into a
 * struct.
 *
 *     typedef struct values { const char *host; int32_t port; } values;
 *     static const weft_option options[] = {
 *         {"--host", 'h', "weft.worker.host", NULL, WEFT_OPTION_TEXT, "127.0.0.1", "HOST",
 *          "address to listen on", offsetof(values, host)},
 *         {"--port", 'p', "weft.worker.port", NULL, WEFT_OPTION_PORT, "0", "PORT", "…", offsetof(values,
 * port)},
 *     };
 *
 * The order: the table's initial values, then the file, then the arguments, the last one of each kind wins.
 * The file is --properties-file FILE (or --config FILE), else $WEFT_CONF, else /etc/weft/weft.conf when it
 * exists. Keys are those of the table and the settings (common/settings.h), by their weft.* names or the
 * spark.* names that mean the same. An unknown weft.* key is an error, but for those of the other commands
 * that read the same file (weft.coordinator.*, weft.worker.*, weft.status.*, weft.master, weft.log.*,
 * weft.keys.*, weft.work.*); any other key that is not known is passed over and counted. Every table also
 * understands --conf KEY=VALUE and --help. */
#ifndef WEFT_CLIENT_OPTIONS_H
#define WEFT_CLIENT_OPTIONS_H

#include <stdio.h>

#include "common/settings.h"

typedef enum weft_option_kind {                    /* with what stands at the offset */
                                WEFT_OPTION_TEXT,  /* const char *: in ctx->arena; NULL when nobody gave it */
                                WEFT_OPTION_SIZE,  /* int64_t: bytes, from 512k, 32m, 1.5g */
                                WEFT_OPTION_MS,    /* int64_t: milliseconds, from 100ms, 10s, 2m */
                                WEFT_OPTION_COUNT, /* int32_t: 0 and more */
                                WEFT_OPTION_PORT,  /* int32_t: 0 (any free one) to 65535 */
                                WEFT_OPTION_FLAG,  /* bool: an argument without a value; true or false in the
                                                      file */
                                WEFT_OPTION_SETTING /* nothing: the setting of this key is set */
} weft_option_kind;

typedef struct weft_option {
    const char *flag;  /* "--port"; without dashes ("MASTER"): an argument known by its place */
    char letter;       /* 'p' for -p, or 0 */
    const char *key;   /* in the file and of --conf; NULL: an argument only */
    const char *alias; /* the spark.* key that means the same, or NULL */
    weft_option_kind kind;
    const char *initial; /* as it would be written; NULL: the struct stays as it is */
    const char *value;   /* its name in the help; NULL for a flag */
    const char *help;
    size_t offset;
} weft_option;

/* A table and the struct that it fills. */
typedef struct weft_option_group {
    const weft_option *options;
    int32_t count;
    void *values;
} weft_option_group;

enum { WEFT_OPTION_IGNORED_MAX = 32 };

typedef struct weft_options {
    const char *command; /* "weft worker" */
    const char *about;   /* what it does: the first paragraph of the help */
    const weft_option_group *groups;
    int32_t group_count;
    weft_settings *settings; /* initialised; --conf and the file write here */
    /* What came out of it: */
    bool help;        /* --help was asked for: nothing else counts */
    const char *file; /* the configuration file that was read, or NULL; in ctx->arena */
    /* Keys that mean nothing here, "FILE:LINE: key": the first ones, and how many there were; in ctx->arena
     */
    const char *ignored[WEFT_OPTION_IGNORED_MAX];
    int32_t ignored_count;
} weft_options;

/* argv: what follows the command. Errors, each with a hint: WEFT_CONFIG, WEFT_NOT_FOUND and WEFT_IO for the
 * file, WEFT_NOMEM. */
WEFT_MUST_CHECK weft_status weft_options_parse(weft_ctx *ctx, weft_options *options, int argc, char **argv);
/* The text of --help. */
void weft_options_help(const weft_options *options, FILE *to);

#endif
