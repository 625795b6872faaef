/* common/kept_settings.c - see kept_settings.h. */
#include "common/kept_settings.h"

#include <string.h>

#include "common/mem.h"

static const char HEAD[] = "weft-kept 1\n"; /* lines KEY=VALUE follow, an empty one, and the text */

static bool is_kept(const weft_setting_def *def)
{
    static const char *const of_the_reader[] = {
        "spark.sql.shuffle.",         "spark.sql.optimizer.", "spark.sql.sources.",
        "spark.sql.files.",           "spark.sql.bucketing.", "spark.sql.warehouse.",
        "spark.sql.autoBroadcast",    "spark.sql.path.",      "spark.sql.scripting.",
        "spark.sql.variable.",        "spark.sql.parquet.",   "spark.sql.storeAssignment",
        "spark.sql.legacy.viewSchema"};
    static const char sql[] = "spark.sql.";
    if (def->scope != WEFT_SCOPE_STATEMENT || strncmp(def->alias, sql, sizeof sql - 1) != 0) return false;
    for (int32_t i = 0; i < WEFT_COUNT(of_the_reader); i++)
        if (strncmp(def->alias, of_the_reader[i], strlen(of_the_reader[i])) == 0) return false;
    return true;
}

/* The key that a setting is kept by. */
static const char *key_of(const weft_setting_def *def)
{
    return def->alias[0] != '\0' ? def->alias : def->key;
}

weft_status weft_kept_settings_take(weft_ctx *ctx, bool database, weft_kept_settings *out)
{
    weft_status st = WEFT_OK;
    const weft_settings *s = ctx->settings;
    const char **pairs = NULL;
    *out = (weft_kept_settings){0};
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, 2 * WEFT_SETTING_COUNT, &pairs));
    for (int32_t i = 0; i < WEFT_SETTING_COUNT; i++) {
        const weft_setting_def *def = weft_setting_find_def((weft_setting_id)i);
        char *value = NULL;
        const bool always = i == WEFT_SET_ANSI || i == WEFT_SET_TIME_ZONE;
        const bool told = database && i == WEFT_SET_CURRENT_DATABASE;
        if (!told && !(is_kept(def) && (always || s->set[i]))) continue;
        WEFT_TRY(st, weft_arena_copy(ctx, ctx->arena, s->text[i], strlen(s->text[i]), &value));
        int32_t at = out->count++;
        for (; at > 0 && strcmp(pairs[2 * at - 2], key_of(def)) > 0; at--)
            memcpy(&pairs[2 * at], &pairs[2 * at - 2], 2 * sizeof *pairs);
        pairs[2 * at] = key_of(def);
        pairs[2 * at + 1] = value;
    }
    out->pairs = pairs;
done:
    return st;
}

/* What a text goes by of a setting; what was not kept is as it is initially. NULL: that is the reader's. */
static const char *value_of(const weft_kept_settings *kept, const weft_setting_def *def)
{
    for (int32_t i = 0; i < kept->count; i++)
        if (strcmp(kept->pairs[2 * i], key_of(def)) == 0) return kept->pairs[2 * i + 1];
    return is_kept(def) ? def->initial : NULL;
}

bool weft_kept_settings_hold(const weft_kept_settings *kept, const weft_settings *settings)
{
    for (int32_t i = 0; kept->count > 0 && i < WEFT_SETTING_COUNT; i++) {
        const char *value = value_of(kept, weft_setting_find_def((weft_setting_id)i));
        if (value != NULL && strcmp(value, settings->text[i]) != 0) return false;
    }
    return true;
}

weft_status weft_kept_settings_apply(weft_ctx *ctx, const weft_kept_settings *kept, weft_settings **out)
{
    weft_status st = WEFT_OK;
    WEFT_TRY(st, WEFT_NEW(ctx, out));
    **out = *ctx->settings;
    for (int32_t i = 0; kept->count > 0 && i < WEFT_SETTING_COUNT; i++) {
        const weft_setting_def *def = weft_setting_find_def((weft_setting_id)i);
        const char *value = value_of(kept, def);
        if (value != NULL) WEFT_TRY(st, weft_settings_set(ctx, *out, def->key, value));
    }
done:
    return st;
}

weft_status weft_kept_settings_enter(weft_ctx *ctx, const weft_kept_settings *kept,
                                     const weft_settings **before)
{
    weft_status st = WEFT_OK;
    weft_settings *own = NULL;
    *before = ctx->settings;
    if (weft_kept_settings_hold(kept, ctx->settings)) return WEFT_OK;
    WEFT_TRY(st, weft_kept_settings_apply(ctx, kept, &own));
    ctx->settings = own;
done:
    return st;
}

weft_status weft_kept_settings_encode(weft_ctx *ctx, const weft_kept_settings *kept, const char *text,
                                      const char **out)
{
    weft_status st = WEFT_OK;
    size_t len = sizeof HEAD + 1 + strlen(text), at = sizeof HEAD - 1;
    char *all = NULL;
    for (int32_t i = 0; i < 2 * kept->count; i++) len += strlen(kept->pairs[i]) + 1;
    WEFT_TRY(st, weft_arena_alloc(ctx, ctx->arena, len, (void **)&all));
    memcpy(all, HEAD, at);
    for (int32_t i = 0; i < 2 * kept->count; i++) {
        const size_t part = strlen(kept->pairs[i]);
        memcpy(all + at, kept->pairs[i], part);
        at += part;
        all[at++] = i % 2 == 0 ? '=' : '\n';
    }
    all[at++] = '\n';
    memcpy(all + at, text, strlen(text) + 1);
    *out = all;
done:
    return st;
}

weft_status weft_kept_settings_decode(weft_ctx *ctx, const char **text, weft_kept_settings *out)
{
    weft_status st = WEFT_OK;
    const char *at = *text;
    const char **pairs = NULL;
    char *part = NULL;
    *out = (weft_kept_settings){0};
    if (strncmp(at, HEAD, sizeof HEAD - 1) != 0) return WEFT_OK;
    at += sizeof HEAD - 1;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, 2 * WEFT_SETTING_COUNT, &pairs));
    while (*at != '\n' && *at != '\0' && out->count < WEFT_SETTING_COUNT) {
        const char *equals = strchr(at, '='), *end = strchrnul(at, '\n');
        if (equals == NULL || equals > end || *end == '\0') break;
        WEFT_TRY(st, weft_arena_copy(ctx, ctx->arena, at, (size_t)(equals - at), &part));
        pairs[2 * out->count] = part;
        WEFT_TRY(st, weft_arena_copy(ctx, ctx->arena, equals + 1, (size_t)(end - equals - 1), &part));
        pairs[2 * out->count++ + 1] = part;
        at = end + 1;
    }
    if (*at != '\n')
        WEFT_TRY(st, weft_fail(ctx, WEFT_CORRUPT, "a text is stored with settings that are none"));
    out->pairs = pairs;
    *text = at + 1;
done:
    return st;
}
