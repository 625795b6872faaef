/* tests/fuzz/fuzz_config.c - configuration files of any bytes: keys and values are pieces of the text, in
 * their order; written as `key = value` they are read as the same again. The pairs also go through --conf,
 * whose settings must stay within their bounds. */
#include <stdlib.h>
#include <string.h>

#include "client/config.h"
#include "client/options.h"
#include "common/mem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { PAIRS_MOST = 64, LINE_BYTES = 4096 };

typedef struct pairs {
    int32_t count;
    char *text[PAIRS_MOST]; /* "key = value" */
} pairs;

static weft_status keep_pair(weft_ctx *ctx, void *self, const char *where, const char *key, const char *value)
{
    pairs *p = self;
    if (strncmp(where, "fuzz:", 5) != 0 || key[0] == 0 || strpbrk(key, " \t=:#\n") == key) abort();
    if (strncmp(key, "\xef\xbb\xbf", 3) == 0)
        return WEFT_OK; /* at the beginning of a text it is no part of it */
    if (strlen(key) + strlen(value) + 8 > LINE_BYTES || p->count == PAIRS_MOST) return WEFT_OK;
    const weft_status st = weft_arena_printf(ctx, ctx->arena, &p->text[p->count], "%s = %s", key, value);
    p->count += st == WEFT_OK;
    return st;
}

static weft_status same_pair(weft_ctx *ctx, void *self, const char *where, const char *key, const char *value)
{
    char line[LINE_BYTES];
    (void)ctx, (void)where;
    snprintf(line, sizeof(line), "%s = %s", key, value);
    if (strcmp(line, self) != 0) abort();
    return WEFT_OK;
}

/* As `--conf KEY=VALUE`: taken, or an error with something to say. */
static void set_pair(weft_ctx *ctx, const char *text)
{
    static const weft_option options[] = {
        {"--port", 'p', "weft.worker.port", NULL, WEFT_OPTION_PORT, "1", "PORT", "", 0}};
    weft_settings settings;
    int64_t port = 0;
    const weft_option_group group = {options, 1, &port};
    char conf[] = "--conf", none[] = "--config=/dev/null", pair[LINE_BYTES];
    char *argv[] = {none, conf, pair, NULL};
    weft_settings_init(&settings);
    weft_options o = {
        .command = "fuzz", .about = "", .groups = &group, .group_count = 1, .settings = &settings};
    const char *equals = strstr(text, " = ");
    if (strncmp(text, "--", 2) == 0) return; /* a flag, not a value of --conf */
    snprintf(pair, sizeof(pair), "%.*s=%s", (int)(equals - text), text, equals + 3);
    weft_error_clear(ctx);
    if (weft_options_parse(ctx, &o, 3, argv) != WEFT_OK && ctx->error.message[0] == 0) abort();
    if (port < 0 || port > 65535) abort();
    for (int32_t i = 0; i < WEFT_SETTING_COUNT; i++) {
        const weft_setting_def *def = weft_setting_find_def((weft_setting_id)i);
        if (def->kind == WEFT_SETTING_TEXT) continue;
        if (settings.number[i] < def->low || settings.number[i] > def->high) abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    weft_settings settings;
    weft_settings_init(&settings);
    weft_pool *pool = weft_pool_new(INT64_MAX);
    weft_account *account = weft_account_open(pool, "fuzz");
    weft_arena *arena = weft_arena_new(account);
    pairs p = {0};
    weft_ctx ctx;
    weft_ctx_init(&ctx, arena, account, &settings);
    const weft_status st = weft_config_parse(&ctx, "fuzz", (const char *)data, size, keep_pair, &p);
    if (st != WEFT_OK && (st != WEFT_CONFIG || ctx.error.message[0] == 0)) abort();
    for (int32_t i = 0; i < p.count; i++) {
        if (weft_config_parse(&ctx, "again", p.text[i], strlen(p.text[i]), same_pair, p.text[i]) != WEFT_OK)
            abort();
        set_pair(&ctx, p.text[i]);
    }
    weft_arena_free(&arena);
    weft_account_close(&account);
    weft_pool_free(&pool);
    return 0;
}
