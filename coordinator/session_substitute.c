/* coordinator/session_substitute.c - ${key} in the text of a statement, as Spark's VariableSubstitution.
 *
 * ${key}, ${spark:key}, ${sparkconf:key}, ${hiveconf:key} and ${hivevar:key} become the value of the setting,
 * in which there may be others; nothing, where none is set. Other prefixes stay as they are written, also
 * ${env:…} and ${system:…}: the environment is that of a coordinator, which sessions have no business with.
 * So do secrets. */
#include <string.h>
#include <strings.h>

#include "common/limits.h"
#include "common/redact.h"
#include "coordinator/session_private.h"

typedef struct substitution {
    weft_ctx *ctx;
    const weft_session *session;
    char *out; /* NULL: count only */
    size_t len;
    const char *open[WEFT_SUBSTITUTE_DEPTH_MAX]; /* the keys whose values are being read */
    int32_t depth, count;
} substitution;

static void put(substitution *s, const char *text, size_t len)
{
    if (s->out != NULL) memcpy(s->out + s->len, text, len);
    s->len += len;
}

/* The name between ${ and }, without its prefix; NULL when it is none of a setting. *stop: behind the brace.
 */
static weft_status reference(weft_ctx *ctx, const char *at, const char *end, const char **stop,
                             const char **key)
{
    weft_status st = WEFT_OK;
    static const char *const prefixes[] = {"spark:", "sparkconf:", "hiveconf:", "hivevar:"};
    char *name = NULL;
    const char *brace = at + 2;
    *key = NULL;
    while (brace < end && *brace != '}' && strchr(" \t\r\n", *brace) == NULL) brace++;
    if (brace == end || *brace != '}' || brace == at + 2) return WEFT_OK;
    *stop = brace + 1;
    WEFT_TRY(st, weft_arena_copy(ctx, ctx->arena, at + 2, (size_t)(brace - at - 2), &name));
    *key = name;
    for (int32_t i = 0; i < WEFT_COUNT(prefixes); i++) {
        const size_t len = strlen(prefixes[i]);
        if (strncmp(name, prefixes[i], len) == 0) {
            *key = name + len;
            goto done;
        }
    }
    const size_t word = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");
    if (word > 0 && name[word] == ':') *key = NULL; /* another prefix */
done:
    return st;
}

static weft_status expand(substitution *s, const char *text, size_t len);

/* Errors: a value that reads itself, or too many that read each other. */
static weft_status expand_key(substitution *s, const char *key)
{
    weft_status st = WEFT_OK;
    const char *value = weft_session_setting_text(s->session, key);
    if (value == NULL) return WEFT_OK;
    for (int32_t i = 0; i < s->depth; i++)
        if (strcmp(s->open[i], key) == 0)
            return weft_fail(s->ctx, WEFT_CONFIG, "Circular reference in the settings: ${%s} reads itself.",
                             key);
    if (s->depth == WEFT_SUBSTITUTE_DEPTH_MAX || s->count++ == WEFT_SUBSTITUTE_MAX)
        return weft_fail(s->ctx, WEFT_LIMIT,
                         "settings read each other more than %d deep, or %d of them were read, at ${%s}",
                         (int)WEFT_SUBSTITUTE_DEPTH_MAX, (int)WEFT_SUBSTITUTE_MAX, key);
    s->open[s->depth++] = key;
    WEFT_TRY(st, expand(s, value, strlen(value)));
    s->depth--;
done:
    return st;
}

static weft_status expand(substitution *s, const char *text, size_t len)
{
    weft_status st = WEFT_OK;
    const char *end = text + len;
    for (const char *at = text; at < end;) {
        const char *next = memmem(at, (size_t)(end - at), "${", 2), *stop = NULL;
        if (next == NULL) next = end;
        put(s, at, (size_t)(next - at));
        if (s->len > WEFT_SQL_BYTES_MAX)
            WEFT_TRY(st, weft_fail(s->ctx, WEFT_LIMIT, "a statement of more than %d bytes, with its ${…}",
                                   (int)WEFT_SQL_BYTES_MAX));
        at = next;
        if (at == end) break;
        const char *key = NULL;
        WEFT_TRY(st, reference(s->ctx, at, end, &stop, &key));
        if (key == NULL || weft_redact_is_secret(key, strlen(key))) {
            put(s, at, 2);
            at += 2;
        } else {
            WEFT_TRY(st, expand_key(s, key));
            at = stop;
        }
    }
done:
    return st;
}

weft_status weft_session_substitute(const weft_session *session, weft_ctx *ctx, size_t from,
                                    const char **text, size_t *len)
{
    weft_status st = WEFT_OK;
    substitution s = {.ctx = ctx, .session = session};
    if (weft_setting(ctx, WEFT_SET_SUBSTITUTE) == 0 || memmem(*text + from, *len - from, "${", 2) == NULL)
        return WEFT_OK;
    WEFT_TRY(st, expand(&s, *text + from, *len - from));
    WEFT_TRY(st, weft_arena_alloc(ctx, ctx->arena, from + s.len + 1, (void **)&s.out));
    memcpy(s.out, *text, from);
    s.len = from;
    s.count = 0;
    WEFT_TRY(st, expand(&s, *text + from, *len - from));
    s.out[s.len] = '\0';
    *text = s.out;
    *len = s.len;
done:
    return st;
}
