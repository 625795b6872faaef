/* common/settings.c - parsing and looking up settings; the list itself is setting_list.h. */
#include "common/settings.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const weft_setting_def setting_table[WEFT_SETTING_COUNT] = {
#define X(symbol, key, alias, scope, kind, initial, low, high, help)                                         \
    [WEFT_SET_##symbol] = {key, alias, WEFT_SCOPE_##scope, WEFT_SETTING_##kind, initial, low, high, help},
#include "common/setting_list.h"
#undef X
};

typedef struct setting_unit {
    const char *suffix;
    int64_t scale;
} setting_unit;

static const setting_unit setting_byte_units[] = {
    {"", 1},           {"b", 1},           {"k", 1LL << 10},
    {"kb", 1LL << 10}, {"kib", 1LL << 10}, {"m", 1LL << 20},
    {"mb", 1LL << 20}, {"mib", 1LL << 20}, {"g", 1LL << 30},
    {"gb", 1LL << 30}, {"gib", 1LL << 30}, {"t", 1LL << 40},
    {"tb", 1LL << 40}, {"tib", 1LL << 40}, {"p", 1LL << 50},
    {"pb", 1LL << 50}, {"pib", 1LL << 50},
};
static const setting_unit setting_time_units[] = {
    {"", 1}, {"ms", 1}, {"s", 1000}, {"m", 60000}, {"min", 60000}, {"h", 3600000}, {"d", 86400000},
};

/* A number, maybe with a fraction, and a unit: whole steps of scale 1, rounded down. */
static bool setting_parse_scaled(const char *text, const setting_unit *units, int32_t unit_count,
                                 int64_t *out)
{
    while (isspace((unsigned char)*text)) text++;
    if (!isdigit((unsigned char)*text) && !(*text == '-' && isdigit((unsigned char)text[1]))) return false;
    char *end = NULL;
    errno = 0;
    const int64_t whole = strtoll(text, &end, 10);
    if (errno != 0) return false;
    double fraction = 0;
    if (*end == '.') {
        double place = 0.1;
        for (end++; isdigit((unsigned char)*end); end++, place /= 10) fraction += (*end - '0') * place;
    }
    while (isspace((unsigned char)*end)) end++;
    size_t len = strlen(end);
    while (len > 0 && isspace((unsigned char)end[len - 1])) len--;
    for (int32_t i = 0; i < unit_count; i++) {
        if (strlen(units[i].suffix) != len || strncasecmp(units[i].suffix, end, len) != 0) continue;
        int64_t value;
        if (__builtin_mul_overflow(whole, units[i].scale, &value)) return false;
        const int64_t rest = (int64_t)(fraction * (double)units[i].scale);
        return !__builtin_add_overflow(value, whole < 0 ? -rest : rest, out);
    }
    return false;
}

bool weft_parse_bytes(const char *text, int64_t *bytes)
{
    return setting_parse_scaled(text, setting_byte_units, WEFT_COUNT(setting_byte_units), bytes);
}

bool weft_parse_ms(const char *text, int64_t *ms)
{
    return setting_parse_scaled(text, setting_time_units, WEFT_COUNT(setting_time_units), ms);
}

static bool setting_parse_bool(const char *text, int64_t *out)
{
    *out = strcasecmp(text, "true") == 0;
    return *out == 1 || strcasecmp(text, "false") == 0;
}

static bool setting_parse_int(const char *text, int64_t *out)
{
    char *end = NULL;
    errno = 0;
    *out = strtoll(text, &end, 10);
    return errno == 0 && end != text && *end == '\0';
}

static bool setting_parse(const weft_setting_def *def, const char *text, int64_t *out)
{
    *out = 0;
    switch (def->kind) {
    case WEFT_SETTING_BOOL: return setting_parse_bool(text, out);
    case WEFT_SETTING_INT: return setting_parse_int(text, out);
    case WEFT_SETTING_BYTES: return weft_parse_bytes(text, out);
    case WEFT_SETTING_MS: return weft_parse_ms(text, out);
    case WEFT_SETTING_TEXT: return true;
    }
    return false;
}

static const char *setting_form(weft_setting_kind kind)
{
    switch (kind) {
    case WEFT_SETTING_BOOL: return "true or false";
    case WEFT_SETTING_INT: return "a whole number";
    case WEFT_SETTING_BYTES: return "a size such as 512k, 32m or 1.5g";
    case WEFT_SETTING_MS: return "a time such as 100ms, 10s or 2m";
    case WEFT_SETTING_TEXT: return "text of at most 255 bytes";
    }
    return "text";
}

const weft_setting_def *weft_setting_find_def(weft_setting_id id)
{
    assert((uint32_t)id < WEFT_SETTING_COUNT);
    return &setting_table[id];
}

void weft_settings_init(weft_settings *settings)
{
    memset(settings, 0, sizeof *settings);
    for (int32_t i = 0; i < WEFT_SETTING_COUNT; i++) {
        const bool parsed = setting_parse(&setting_table[i], setting_table[i].initial, &settings->number[i]);
        assert(parsed && strlen(setting_table[i].initial) < WEFT_SETTING_TEXT_BYTES);
        (void)parsed;
        snprintf(settings->text[i], WEFT_SETTING_TEXT_BYTES, "%s", setting_table[i].initial);
    }
}

weft_setting_id weft_settings_find(const char *key)
{
    for (int32_t i = 0; i < WEFT_SETTING_COUNT; i++) {
        const weft_setting_def *def = &setting_table[i];
        if (strcasecmp(def->key, key) == 0 || (def->alias[0] != '\0' && strcasecmp(def->alias, key) == 0)) {
            return (weft_setting_id)i;
        }
    }
    return WEFT_SETTING_COUNT;
}

enum { SETTING_KEY_MAX = 96 }; /* longer keys than ours are compared by their beginning */

int32_t weft_word_distance(const char *a, const char *b)
{
    const int32_t la = (int32_t)strnlen(a, SETTING_KEY_MAX), lb = (int32_t)strnlen(b, SETTING_KEY_MAX);
    int32_t row[SETTING_KEY_MAX + 1];
    for (int32_t j = 0; j <= lb; j++) row[j] = j;
    for (int32_t i = 1; i <= la; i++) {
        int32_t diagonal = row[0];
        row[0] = i;
        for (int32_t j = 1; j <= lb; j++) {
            const int32_t above = row[j];
            const bool same = tolower((unsigned char)a[i - 1]) == tolower((unsigned char)b[j - 1]);
            row[j] = weft_min_i32(weft_min_i32(above, row[j - 1]) + 1, diagonal + (same ? 0 : 1));
            diagonal = above;
        }
    }
    return row[lb];
}

const char *weft_settings_nearest(const char *key, int32_t *distance)
{
    const char *nearest = setting_table[0].key;
    *distance = INT32_MAX;
    for (int32_t i = 0; i < WEFT_SETTING_COUNT; i++) {
        const char *const names[] = {setting_table[i].key, setting_table[i].alias};
        for (int32_t n = 0; n < WEFT_COUNT(names) && names[n][0] != '\0'; n++) {
            const int32_t edits = weft_word_distance(key, names[n]);
            if (edits < *distance) {
                *distance = edits;
                nearest = names[n];
            }
        }
    }
    return nearest;
}

weft_status weft_settings_set(weft_ctx *ctx, weft_settings *settings, const char *key, const char *value)
{
    const weft_setting_id id = weft_settings_find(key);
    if (id == WEFT_SETTING_COUNT) {
        int32_t distance;
        const weft_status st = weft_fail(ctx, WEFT_CONFIG, "unknown setting \"%s\"", key);
        weft_hint(ctx, "did you mean \"%s\"?", weft_settings_nearest(key, &distance));
        return st;
    }
    const weft_setting_def *def = &setting_table[id];
    int64_t number;
    if (!setting_parse(def, value, &number) || strlen(value) >= WEFT_SETTING_TEXT_BYTES) {
        const weft_status st = weft_fail(ctx, WEFT_CONFIG, "\"%.100s\" is no value for %s", value, def->key);
        weft_hint(ctx, "%s is %s", def->key, setting_form(def->kind));
        return st;
    }
    if (def->kind != WEFT_SETTING_TEXT && (number < def->low || number > def->high)) {
        const weft_status st = weft_fail(ctx, WEFT_CONFIG, "%s is out of bounds for %s", value, def->key);
        weft_hint(ctx, "%s is from %lld to %lld", def->key, (long long)def->low, (long long)def->high);
        return st;
    }
    settings->number[id] = number;
    snprintf(settings->text[id], WEFT_SETTING_TEXT_BYTES, "%s", value);
    settings->set[id] = true;
    return WEFT_OK;
}
