/* coordinator/spark_keys.h - the keys that Spark 4.3 knows: what values they take, and what they are before
 * somebody sets them. Most name mechanisms that are not here; what a script sets wrongly is told all the
 * same. The functions may be called from any thread. */
#ifndef WEFT_COORDINATOR_SPARK_KEYS_H
#define WEFT_COORDINATOR_SPARK_KEYS_H

#include "common/ctx.h"

typedef enum weft_spark_key_kind {
    WEFT_SPARK_KEY_BOOL,
    WEFT_SPARK_KEY_INT,
    WEFT_SPARK_KEY_LONG,
    WEFT_SPARK_KEY_DOUBLE,
    WEFT_SPARK_KEY_BYTES,
    WEFT_SPARK_KEY_MS,
    WEFT_SPARK_KEY_SECONDS,
    WEFT_SPARK_KEY_CHOICE,
    WEFT_SPARK_KEY_TEXT,
    WEFT_SPARK_KEY_STATIC, /* fixed when the first session begins */
    WEFT_SPARK_KEY_CORE    /* of a process, and no session's */
} weft_spark_key_kind;

typedef struct weft_spark_key {
    const char *key;
    const char *initial; /* as Spark shows it; "<value of k>": that of another key */
    const char *since;   /* "4.3.0"; "": SET -v does not show it */
    const char *words;   /* CHOICE: "a, b" */
    int64_t least;       /* of a number */
    weft_spark_key_kind kind;
} weft_spark_key;

/* All of them, in ascending order of their names. */
const weft_spark_key *weft_spark_key_all(int32_t *count);
/* NULL: Spark does not know it. */
const weft_spark_key *weft_spark_key_find(const char *key);
/* What SET key shows of one that nobody has set: in ctx->arena or static; "<undefined>" when it has none. */
WEFT_MUST_CHECK weft_status weft_spark_key_unset(weft_ctx *ctx, const weft_spark_key *k, const char **out);
/* May a session set it to this; value NULL: forget what it has set? Errors: WEFT_STATIC_CONFIG,
 * WEFT_CANNOT_MODIFY_CONFIG, WEFT_CONFIG_TYPE, _OPTIONS and _REQUIREMENT. */
WEFT_MUST_CHECK weft_status weft_spark_key_check(weft_ctx *ctx, const weft_spark_key *k, const char *value);

#endif
