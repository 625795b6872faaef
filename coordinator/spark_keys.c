/* coordinator/spark_keys.c - the keys that Spark knows. */
#include "coordinator/spark_keys.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/mem.h"

/* The least that a number may be, as the list writes it. */
enum { LEAST_ZERO, LEAST_ONE, LEAST_TWO };
#define LEAST_ANY INT64_MIN

static const weft_spark_key keys[] = {
#define X(kind, key, least, initial, since, words)                                                           \
    {key, initial, since, words, LEAST_##least, WEFT_SPARK_KEY_##kind},
#include "coordinator/spark_key_list.h"
#undef X
};

/* As messages call the kinds that not every text is of. */
static const char *const kind_names[] = {
    [WEFT_SPARK_KEY_BOOL] = "boolean",
    [WEFT_SPARK_KEY_INT] = "int",
    [WEFT_SPARK_KEY_LONG] = "long",
    [WEFT_SPARK_KEY_DOUBLE] = "double",
    [WEFT_SPARK_KEY_BYTES] = "bytes in BYTE",
    [WEFT_SPARK_KEY_MS] = "time in MILLISECONDS",
    [WEFT_SPARK_KEY_SECONDS] = "time in SECONDS",
};

/* How many bytes, or milliseconds, one of a suffix is; what is shorter than a millisecond is no time here. */
typedef struct unit {
    const char *suffix;
    int64_t size;
} unit;

static const unit byte_units[] = {
    {"b", 1},
    {"k", 1 << 10},
    {"kb", 1 << 10},
    {"m", 1 << 20},
    {"mb", 1 << 20},
    {"g", 1 << 30},
    {"gb", 1 << 30},
    {"t", INT64_C(1) << 40},
    {"tb", INT64_C(1) << 40},
    {"p", INT64_C(1) << 50},
    {"pb", INT64_C(1) << 50},
};

static const unit time_units[] = {
    {"ms", 1}, {"s", 1000}, {"m", 60000}, {"min", 60000}, {"h", 3600000}, {"d", 86400000},
};

const weft_spark_key *weft_spark_key_all(int32_t *count)
{
    *count = WEFT_COUNT(keys);
    return keys;
}

static int compare(const void *name, const void *key)
{
    return strcmp(name, ((const weft_spark_key *)key)->key);
}

const weft_spark_key *weft_spark_key_find(const char *key)
{
    return bsearch(key, keys, WEFT_COUNT(keys), sizeof *keys, compare);
}

/* A whole number and behind it a word: "64mb". *out: times the word's size. */
static bool parse_units(const char *text, size_t len, const unit *units, int32_t unit_count, int64_t plain,
                        int64_t *out)
{
    char *end = NULL;
    if (len == 0 || isspace((unsigned char)text[0])) return false;
    errno = 0;
    const int64_t number = strtoll(text, &end, 10);
    const size_t used = (size_t)(end - text);
    if (errno != 0 || used == 0 || used > len) return false;
    int64_t size = used == len ? plain : 0;
    for (int32_t i = 0; used < len && i < unit_count; i++)
        if (strlen(units[i].suffix) == len - used && strncasecmp(end, units[i].suffix, len - used) == 0)
            size = units[i].size;
    return size != 0 && !__builtin_mul_overflow(number, size, out);
}

static bool parse_double(const char *text, size_t len, int64_t *out)
{
    char *end = NULL;
    const double number = strtod(text, &end);
    size_t used = (size_t)(end - text);
    if (used > 0 && used < len && strchr("dDfF", text[used]) != NULL)
        used++; /* as Java writes its literals */
    const bool whole = number > -9e18 && number < 9e18;
    *out = !whole ? 0 : (int64_t)number - (number < (double)(int64_t)number);
    return len > 0 && used == len;
}

/* *number: what the least of the key is compared with. */
static bool parse(const weft_spark_key *k, const char *text, size_t len, int64_t *number)
{
    *number = 0;
    switch (k->kind) {
    case WEFT_SPARK_KEY_BOOL:
        return (len == 4 && strncasecmp(text, "true", len) == 0) ||
               (len == 5 && strncasecmp(text, "false", len) == 0);
    case WEFT_SPARK_KEY_INT:
        return parse_units(text, len, NULL, 0, 1, number) && *number >= INT32_MIN && *number <= INT32_MAX;
    case WEFT_SPARK_KEY_LONG: return parse_units(text, len, NULL, 0, 1, number);
    case WEFT_SPARK_KEY_DOUBLE: return parse_double(text, len, number);
    case WEFT_SPARK_KEY_BYTES: return parse_units(text, len, byte_units, WEFT_COUNT(byte_units), 1, number);
    case WEFT_SPARK_KEY_MS: return parse_units(text, len, time_units, WEFT_COUNT(time_units), 1, number);
    case WEFT_SPARK_KEY_SECONDS:
        return parse_units(text, len, time_units, WEFT_COUNT(time_units), 1000, number);
    case WEFT_SPARK_KEY_CHOICE:
    case WEFT_SPARK_KEY_TEXT:
    case WEFT_SPARK_KEY_STATIC:
    case WEFT_SPARK_KEY_CORE: return true;
    }
    return true;
}

weft_status weft_spark_key_unset(weft_ctx *ctx, const weft_spark_key *k, const char **out)
{
    static const char other[] = "<value of ";
    weft_status st = WEFT_OK;
    char *text = NULL;
    int64_t number = 0;
    *out = k->initial[0] == '\0' && k->kind == WEFT_SPARK_KEY_CORE ? "<undefined>" : k->initial;
    if (strncmp(k->initial, other, sizeof other - 1) == 0) {
        const char *name = k->initial + sizeof other - 1;
        WEFT_TRY(st, weft_arena_copy(ctx, ctx->arena, name, strlen(name) - 1, &text));
        const weft_spark_key *next = weft_spark_key_find(text);
        if (next != NULL && next != k) return weft_spark_key_unset(ctx, next, out);
    }
    const bool bytes = k->kind == WEFT_SPARK_KEY_BYTES;
    if (!bytes && k->kind != WEFT_SPARK_KEY_MS && k->kind != WEFT_SPARK_KEY_SECONDS) goto done;
    if (!parse(k, k->initial, strlen(k->initial), &number)) goto done;
    WEFT_TRY(st, weft_arena_printf(ctx, ctx->arena, &text, "%lld%s", (long long)number, bytes ? "b" : "ms"));
    *out = text;
done:
    return st;
}

/* Is the value one of "a, b"? */
static bool is_word(const char *words, const char *value, size_t len)
{
    while (*words != '\0') {
        const size_t n = strcspn(words, ",");
        if (n == len && strncasecmp(words, value, n) == 0) return true;
        words += n;
        words += strspn(words, ", ");
    }
    return false;
}

weft_status weft_spark_key_check(weft_ctx *ctx, const weft_spark_key *k, const char *value)
{
    int64_t number = 0;
    if (k->kind == WEFT_SPARK_KEY_STATIC)
        return weft_fail(ctx, WEFT_STATIC_CONFIG,
                         "Cannot modify the value of the static Spark config: \"%s\".", k->key);
    if (k->kind == WEFT_SPARK_KEY_CORE)
        return weft_fail(ctx, WEFT_CANNOT_MODIFY_CONFIG,
                         "Cannot modify the value of the Spark config: \"%s\": it is of a process, and of no "
                         "session.",
                         k->key);
    if (value == NULL) return WEFT_OK;
    while (isspace((unsigned char)*value)) value++;
    size_t len = strlen(value);
    while (len > 0 && isspace((unsigned char)value[len - 1])) len--;
    if (!parse(k, value, len, &number))
        return weft_fail(ctx, WEFT_CONFIG_TYPE,
                         "The value '%.*s' in the config \"%s\" is invalid. It should be a/an '%s' value.",
                         (int)weft_min_i64((int64_t)len, 100), value, k->key, kind_names[k->kind]);
    if (number < k->least)
        return weft_fail(ctx, WEFT_CONFIG_REQUIREMENT,
                         "The value '%.*s' in the config \"%s\" is invalid. It must be at least %lld.",
                         (int)weft_min_i64((int64_t)len, 100), value, k->key, (long long)k->least);
    if (k->kind == WEFT_SPARK_KEY_CHOICE && !is_word(k->words, value, len))
        return weft_fail(ctx, WEFT_CONFIG_OPTIONS,
                         "The value '%.*s' in the config \"%s\" is invalid. It should be one of '%s'.",
                         (int)weft_min_i64((int64_t)len, 100), value, k->key, k->words);
    return WEFT_OK;
}
