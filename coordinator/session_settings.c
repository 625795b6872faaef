/* coordinator/session_settings.c - SET and RESET of a session.
 *
 * Beside the settings of this engine a session keeps keys of Spark's that name mechanisms which are not there
 * (spark.sql.adaptive.enabled, …), as Spark keeps any key: scripts that tune Spark run unchanged, and SET
 * shows what they have set. What would change the meaning of a query, and is not there, is refused. */
#include <string.h>
#include <strings.h>

#include "common/log.h"
#include "common/redact.h"
#include "coordinator/session_private.h"
#include "coordinator/spark_keys.h"

enum {
    FOREIGN_KEY_BYTES = 256,
    FOREIGN_VALUE_BYTES = 4096,
    FOREIGN_MAX = 1000 /* they are sent with the state of the session */
};

/* Set again and again it takes no more memory. */
typedef struct foreign_setting {
    weft_session_setting pair; /* of the two below */
    char key[FOREIGN_KEY_BYTES], value[FOREIGN_VALUE_BYTES];
    bool set;
} foreign_setting;

static foreign_setting *find_foreign(const weft_session *s, const char *key)
{
    for (int32_t i = 0; i < s->foreign.count; i++) {
        foreign_setting *f = (foreign_setting *)(uintptr_t)s->foreign.items[i];
        if (strcmp(f->key, key) == 0) return f;
    }
    return NULL;
}

const char *weft_session_setting_text(const weft_session *s, const char *key)
{
    const weft_setting_id id = weft_settings_find(key);
    const foreign_setting *f = find_foreign(s, key);
    if (id != WEFT_SETTING_COUNT) return s->settings.text[id];
    return f != NULL && f->set ? f->value : NULL;
}

static bool begins(const char *key, const char *with) { return strncasecmp(key, with, strlen(with)) == 0; }

/* Keys by which Spark changes what a query means: any value but Spark's own, which each of them has here. */
static bool changes_meaning(const char *key, const char *value)
{
    static const struct {
        const char *key, *own;
    } known[] = {
        {"spark.sql.caseSensitive", "false"},
        {"spark.sql.parser.quotedRegexColumnNames", "false"},
        {"spark.sql.function.concatBinaryAsString", "false"},
        {"spark.sql.function.eltOutputAsString", "false"},
        {"spark.sql.session.collation.enabled", "false"},
        {"spark.sql.charAsVarchar", "false"},
        {"spark.sql.preserveCharVarcharTypeInfo", "false"},
    };
    for (int32_t i = 0; i < WEFT_COUNT(known); i++)
        if (strcasecmp(key, known[i].key) == 0) return strcasecmp(value, known[i].own) != 0;
    const weft_spark_key *k = weft_spark_key_find(key);
    const bool legacy = begins(key, "spark.sql.optimizer.") && strstr(key, "Legacy") != NULL;
    if (legacy || begins(key, "spark.sql.legacy.") || begins(key, "spark.sql.ansi."))
        return k != NULL && strcasecmp(value, k->initial) != 0;
    return false;
}

static weft_status put_foreign(weft_ctx *ctx, weft_session *s, const char *key, const char *value)
{
    weft_status st = WEFT_OK;
    foreign_setting *f = find_foreign(s, key);
    if (changes_meaning(key, value)) return weft_command_refuse_setting(ctx, key, value);
    if (strlen(key) >= FOREIGN_KEY_BYTES || strlen(value) >= FOREIGN_VALUE_BYTES ||
        (f == NULL && s->foreign.count >= FOREIGN_MAX))
        return weft_fail(ctx, WEFT_LIMIT,
                         "a session keeps %d keys that are no settings here, of %d bytes, with values of %d",
                         FOREIGN_MAX, FOREIGN_KEY_BYTES - 1, FOREIGN_VALUE_BYTES - 1);
    if (f == NULL) {
        st = WEFT_NEW(&s->ctx, &f);
        if (st == WEFT_OK) st = weft_pointers_push(&s->ctx, &s->foreign, f);
        if (st != WEFT_OK) return ctx == &s->ctx ? st : weft_error_copy(ctx, &s->ctx);
        memcpy(f->key, key, strlen(key) + 1);
    }
    memcpy(f->value, value, strlen(value) + 1);
    f->pair = (weft_session_setting){.key = f->key, .value = f->value};
    f->set = true;
    weft_log(WEFT_LOG_INFO, "config_key_ignored", WEFT_LOG_TEXT("key", key));
    return WEFT_OK;
}

/* Unknown keys of this engine are wrong; those of others may be anything. */
static bool is_foreign(const char *key)
{
    return weft_settings_find(key) == WEFT_SETTING_COUNT && !begins(key, "weft.");
}

weft_status weft_session_put(weft_ctx *ctx, weft_session *s, weft_settings *settings, const char *key,
                             const char *value)
{
    return is_foreign(key) ? put_foreign(ctx, s, key, value) : weft_command_set(ctx, settings, key, value);
}

weft_status weft_session_foreign(weft_ctx *ctx, const weft_session *s, weft_session_state *out)
{
    weft_status st = WEFT_OK;
    weft_session_setting *list = NULL;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, out->setting_count + s->foreign.count, &list));
    for (int32_t i = 0; i < out->setting_count; i++) list[i] = out->settings[i];
    for (int32_t i = 0; i < s->foreign.count; i++) {
        const foreign_setting *f = s->foreign.items[i];
        if (f->set) list[out->setting_count++] = f->pair;
    }
    out->settings = list;
done:
    return st;
}

/* ---- statements ---- */

/* SET x = 5 is no way to set a variable, nor is SET session.x = 5. */
static weft_status refuse_variable(const weft_session *s, weft_ctx *ctx, const char *key)
{
    const char *name = begins(key, "system.") ? key + strlen("system.") : key;
    if (begins(name, "session.")) name += strlen("session.");
    if (weft_session_objects_variable(weft_session_catalog_objects(s->catalog), name) == NULL) return WEFT_OK;
    return weft_fail(ctx, WEFT_SET_VARIABLE_USING_SET,
                     "The feature is not supported: `%s` is a VARIABLE and cannot be updated using the SET "
                     "statement. Use SET VARIABLE `%s` = ... instead.",
                     key, key);
}

static weft_status reset(weft_session *s, weft_ctx *ctx, const char *key)
{
    weft_status st = WEFT_OK;
    for (int32_t i = 0; key == NULL && i < s->foreign.count; i++)
        ((foreign_setting *)(uintptr_t)s->foreign.items[i])->set = false;
    if (key != NULL && is_foreign(key)) { /* as in Spark, one that is not set is no error */
        foreign_setting *f = find_foreign(s, key);
        if (f != NULL) f->set = false;
        goto done;
    }
    WEFT_TRY(st, weft_command_reset(ctx, &s->settings, &s->start, key));
done:
    return st;
}

/* What one of Spark's keys has that nobody has set. */
static weft_status add_unset(weft_ctx *ctx, const char *key, weft_pointers *cells)
{
    weft_status st = WEFT_OK;
    const weft_spark_key *k = weft_spark_key_find(key);
    const char *value = NULL;
    if (k == NULL) return WEFT_OK;
    WEFT_TRY(st, weft_spark_key_unset(ctx, k, &value));
    WEFT_TRY(st, weft_pointers_push(ctx, cells, key));
    WEFT_TRY(st, weft_pointers_push(ctx, cells, value));
done:
    return st;
}

/* SET -v: Spark's keys with what they are, and, of those that do something here, what. */
static weft_status all_keys(weft_session *s, weft_ctx *ctx, weft_command_rows *rows)
{
    static const char *const names[] = {"key", "value", "meaning", "Since version"};
    weft_status st = WEFT_OK;
    weft_pointers cells = {0};
    int32_t count = 0;
    const weft_spark_key *keys = weft_spark_key_all(&count);
    for (int32_t i = 0; i < count; i++) {
        const weft_setting_id id = weft_settings_find(keys[i].key);
        const char *value = weft_session_setting_text(s, keys[i].key);
        if (keys[i].since[0] == '\0') continue;
        if (value == NULL || (id != WEFT_SETTING_COUNT && !s->settings.set[id])) value = keys[i].initial;
        if (weft_redact_is_secret(keys[i].key, strlen(keys[i].key))) value = WEFT_REDACTED;
        WEFT_TRY(st, weft_pointers_push(ctx, &cells, keys[i].key));
        WEFT_TRY(st, weft_pointers_push(ctx, &cells, value));
        WEFT_TRY(st, weft_pointers_push(ctx, &cells,
                                        id != WEFT_SETTING_COUNT ? weft_setting_find_def(id)->help
                                                                 : "Kept, and without effect."));
        WEFT_TRY(st, weft_pointers_push(ctx, &cells, keys[i].since));
    }
    *rows = (weft_command_rows){
        .width = 4, .names = names, .count = cells.count / 4, .cells = weft_pointers_texts(&cells)};
done:
    return st;
}

/* key, value of those that are set; of one key, or of all when it is NULL. */
static weft_status add_foreign(weft_ctx *ctx, const weft_session *s, const char *key, weft_pointers *cells)
{
    weft_status st = WEFT_OK;
    for (int32_t i = 0; i < s->foreign.count; i++) {
        const foreign_setting *f = s->foreign.items[i];
        if (!f->set || (key != NULL && strcmp(key, f->key) != 0)) continue;
        const bool is_secret = weft_redact_is_secret(f->key, strlen(f->key));
        WEFT_TRY(st, weft_pointers_push(ctx, cells, f->key));
        WEFT_TRY(st, weft_pointers_push(ctx, cells, is_secret ? WEFT_REDACTED : f->value));
    }
done:
    return st;
}

weft_status weft_session_config(weft_session *s, weft_ctx *ctx, const weft_node *bound,
                                weft_command_rows *rows, bool *changed)
{
    weft_status st = WEFT_OK;
    static const char variable[] = "hivevar:"; /* SET hivevar:x = v sets x, for ${x} and ${hivevar:x} */
    weft_pointers cells = {0};
    const char *key = bound->config.key, *value = bound->config.value;
    const bool is_variable = value != NULL && strncmp(key, variable, sizeof variable - 1) == 0;
    if (is_variable) key += sizeof variable - 1;
    if (value != NULL && is_foreign(key)) value = bound->config.written;
    *rows = (weft_command_rows){0};
    *changed = bound->config.reset || value != NULL;
    if (key == NULL && bound->config.shows) return all_keys(s, ctx, rows);
    const weft_spark_key *known = key == NULL ? NULL : weft_spark_key_find(key);
    if (known != NULL && *changed && !bound->config.shows)
        WEFT_TRY(st, weft_spark_key_check(ctx, known, value));
    if (bound->config.reset) WEFT_TRY(st, reset(s, ctx, key));
    if (bound->config.reset && !bound->config.shows) goto done;
    if (value != NULL) {
        WEFT_TRY(st, refuse_variable(s, ctx, key));
        WEFT_TRY(st, weft_session_put(ctx, s, &s->settings, key, value));
    }
    WEFT_TRY(st, add_foreign(ctx, s, key, &cells));
    if (key != NULL && cells.count == 0 && is_foreign(key)) WEFT_TRY(st, add_unset(ctx, key, &cells));
    if (is_variable && cells.count > 0) cells.items[0] = bound->config.key;
    WEFT_TRY(st, weft_command_settings(ctx, &s->settings, key, &cells, rows));
done:
    return st;
}
