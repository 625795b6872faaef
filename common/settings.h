/* common/settings.h - the settings registry: weft.* keys, and the spark.* keys that mean the same.
 *
 * A settings object is a flat array of values indexed by id, copied by value when a statement starts, so that
 * readers need no lock. To add a setting: one line in setting_list.h. */
#ifndef WEFT_COMMON_SETTINGS_H
#define WEFT_COMMON_SETTINGS_H

#include "common/ctx.h"

typedef enum weft_setting_id {
#define X(symbol, key, alias, scope, kind, initial, low, high, help) WEFT_SET_##symbol,
#include "common/setting_list.h"
#undef X
    WEFT_SETTING_COUNT
} weft_setting_id;

typedef enum weft_setting_kind {
    WEFT_SETTING_BOOL,  /* true / false */
    WEFT_SETTING_INT,   /* whole number in [low, high] */
    WEFT_SETTING_BYTES, /* 32m, 1g, 512k, 100: bytes */
    WEFT_SETTING_MS,    /* 10s, 100ms, 2m: milliseconds */
    WEFT_SETTING_TEXT
} weft_setting_kind;

/* Whose a setting is. */
typedef enum weft_setting_scope {
    WEFT_SCOPE_PROCESS,  /* fixed when a process starts; every process has its own */
    WEFT_SCOPE_STATEMENT /* of a session, taken by each statement as it is then; travels with its tasks */
} weft_setting_scope;

typedef struct weft_setting_def {
    const char *key;   /* weft.* */
    const char *alias; /* the spark.* key that means the same, or "" */
    weft_setting_scope scope;
    weft_setting_kind kind;
    const char *initial;
    int64_t low, high; /* bounds of a number */
    const char *help;
} weft_setting_def;

enum { WEFT_SETTING_TEXT_BYTES = 256 };

struct weft_settings {
    int64_t number[WEFT_SETTING_COUNT];                     /* BOOL 0/1, INT, BYTES, MS */
    char text[WEFT_SETTING_COUNT][WEFT_SETTING_TEXT_BYTES]; /* as written; TEXT settings are read from here */
    bool set[WEFT_SETTING_COUNT];                           /* false: still the initial value */
    /* These are what the text of a view or function goes by (kept_settings.h): those of the statement that
     * reads it. NULL: they are a statement's own. */
    const weft_settings *reader;
};

const weft_setting_def *weft_setting_find_def(weft_setting_id id);
/* All at their initial values. */
void weft_settings_init(weft_settings *settings);
/* Set by key (or alias). Errors: WEFT_CONFIG with the nearest known key, or the accepted form of the value.
 */
WEFT_MUST_CHECK weft_status weft_settings_set(weft_ctx *ctx, weft_settings *settings, const char *key,
                                              const char *value);
/* The id of a key or alias, or WEFT_SETTING_COUNT. */
weft_setting_id weft_settings_find(const char *key);
/* The known key or alias that looks most like `key`, and by how many edits it differs: for hints. Static. */
const char *weft_settings_nearest(const char *key, int32_t *distance);

static inline int64_t weft_setting(const weft_ctx *ctx, weft_setting_id id)
{
    return ctx->settings->number[id];
}
static inline const char *weft_setting_text(const weft_ctx *ctx, weft_setting_id id)
{
    return ctx->settings->text[id];
}

/* Parse "32m", "1.5g", "4096" into bytes; false when it is no size. */
bool weft_parse_bytes(const char *text, int64_t *bytes);
/* Parse "10s", "100ms", "1.5h", "250" into milliseconds; false when it is no time. */
bool weft_parse_ms(const char *text, int64_t *ms);
/* Edits (insert, delete, change a letter, case ignored) from one word to another; of long words only the
 * beginnings are compared. */
int32_t weft_word_distance(const char *a, const char *b);

#endif
