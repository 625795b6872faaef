/* tests/cli/http_tool.c - a coordinator's HTTP port with a made-up cluster behind it, for test_status.py:
 *
 *     http_tool HOST [token=FILE] [cert=FILE key=FILE] [log=FILE] [standby]; log= alone is stderr, which is
 * dropped
 *
 * Prints its port, serves until its standard input ends, and prints the job that was cancelled last. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/log.h"
#include "common/settings.h"
#include "tests/support/cluster_sample.h"

static const char *value_of(int argc, char **argv, const char *name)
{
    const size_t len = strlen(name);
    for (int i = 2; i < argc; i++)
        if (strncmp(argv[i], name, len) == 0) return argv[i] + len;
    return NULL;
}

static weft_status open_log(weft_ctx *ctx, const char *path)
{
    const bool is_file = path != NULL && path[0] != 0;
    const weft_log_options options = {.path = is_file ? path : NULL, .level = WEFT_LOG_INFO};
    weft_status st = WEFT_OK;
    if (path == NULL) return st;
    if (!is_file && freopen("/dev/null", "w", stderr) == NULL) return weft_fail(ctx, WEFT_IO, "no stderr");
    WEFT_TRY(st, weft_log_open(ctx, &options));
    for (int32_t i = 1; i <= 200; i++) weft_log(WEFT_LOG_INFO, "sample_line", WEFT_LOG_INT("number", i));
done:
    return st;
}

int main(int argc, char **argv)
{
    static weft_settings settings;
    static weft_cluster_sample sample;
    char byte;
    weft_http *http = NULL;
    weft_pool *pool = weft_pool_new(INT64_MAX);
    weft_account *account = pool == NULL ? NULL : weft_account_open(pool, "tool");
    weft_arena *arena = account == NULL ? NULL : weft_arena_new(account);
    weft_ctx ctx;
    if (arena == NULL || argc < 2) return 2;
    weft_settings_init(&settings);
    weft_ctx_init(&ctx, arena, account, &settings);
    atomic_store(&sample.stands_by, value_of(argc, argv, "standby") != NULL);
    const weft_http_options options = {.host = argv[1],
                                       .token_file = value_of(argc, argv, "token="),
                                       .certificate = value_of(argc, argv, "cert="),
                                       .key = value_of(argc, argv, "key="),
                                       .url = "weft://10.0.0.1:7077",
                                       .version = "0.1.0",
                                       .pool = pool,
                                       .provider = weft_cluster_sample_provider(&sample)};
    if (open_log(&ctx, value_of(argc, argv, "log=")) != WEFT_OK ||
        weft_http_start(&ctx, &options, &http) != WEFT_OK) {
        fprintf(stderr, "http_tool: %s\n", ctx.error.message);
        return 1;
    }
    printf("%d\n", weft_http_port(http));
    fflush(stdout);
    while (read(STDIN_FILENO, &byte, 1) > 0) {
    }
    weft_http_stop(&http);
    weft_log_close();
    printf("cancelled %llu\n", (unsigned long long)atomic_load(&sample.cancelled));
    weft_arena_free(&arena);
    weft_account_close(&account);
    weft_pool_free(&pool);
    return 0;
}
