/* engine/expr/json_read.h - JSON text as a row of tokens, read where it lies.
 *
 * A reader walks over UTF-8 bytes without memory of its own: a token points into the text. It takes what
 * Jackson takes, with Spark's options as flags, and says no where Jackson does: the first malformed byte
 * gives BAD, and BAD stays. Nesting is a bit a level, never a call of itself, and is bounded
 * (rules.depth_max). What follows the first value of the text is not looked at, as in Spark.
 *
 * Bytes that are no UTF-8 are no error: where a string's value is asked for, they become U+FFFD as Java's
 * decoder has them. One thread uses a reader; it borrows the text. */
#ifndef WEFT_EXPR_JSON_READ_H
#define WEFT_EXPR_JSON_READ_H

#include "engine/expr/nested_text.h"

typedef enum weft_json_allow {
    WEFT_JSON_COMMENTS = 1,
    WEFT_JSON_UNQUOTED_NAMES = 2,
    WEFT_JSON_SINGLE_QUOTES = 4,
    WEFT_JSON_LEADING_ZEROS = 8,
    WEFT_JSON_NON_NUMERIC = 16, /* NaN, Infinity, -INF … */
    WEFT_JSON_ANY_ESCAPE = 32,
    WEFT_JSON_CONTROL_CHARS = 64 /* bytes below 0x20 in strings */
} weft_json_allow;

enum {
    WEFT_JSON_DEPTH_MAX = 10000, /* the most that rules may ask for: bits in the reader */
    WEFT_JSON_DEPTH = 1000,      /* Jackson's default */
    WEFT_JSON_NUMBER_MAX = 1000  /* digits of a number, Jackson's default */
};

typedef struct weft_json_rules {
    uint32_t allow;    /* weft_json_allow */
    int32_t depth_max; /* 1 .. WEFT_JSON_DEPTH_MAX */
    int32_t digits_max,
        string_max; /* of a number, and UTF-16 units of a string; 0: WEFT_JSON_NUMBER_MAX, any */
} weft_json_rules;

typedef enum weft_json_token {
    WEFT_JSON_NONE, /* nothing (more) */
    WEFT_JSON_BAD,  /* malformed: see why */
    WEFT_JSON_OBJECT,
    WEFT_JSON_OBJECT_END,
    WEFT_JSON_ARRAY,
    WEFT_JSON_ARRAY_END,
    WEFT_JSON_NAME,
    WEFT_JSON_STRING,
    WEFT_JSON_INTEGER,
    WEFT_JSON_REAL,
    WEFT_JSON_NAN, /* a number that is none */
    WEFT_JSON_TRUE,
    WEFT_JSON_FALSE,
    WEFT_JSON_NULL
} weft_json_token;

/* What comes next. */
typedef enum weft_json_state {
    WEFT_JSON_AT_ROOT,
    WEFT_JSON_AT_FIRST_NAME,
    WEFT_JSON_AT_NEXT_NAME,
    WEFT_JSON_AT_VALUE, /* of a name */
    WEFT_JSON_AT_FIRST_ELEMENT,
    WEFT_JSON_AT_NEXT_ELEMENT,
    WEFT_JSON_AT_END
} weft_json_state;

typedef struct weft_json {
    const char *at, *begin, *end; /* begin: of the whole text */
    const char *limit;            /* bytes before it may be read: the end, unless the caller says more */
    const weft_json_rules *rules;
    weft_json_token token;
    uint8_t state;    /* weft_json_state */
    bool plain;       /* NAME, STRING: no escapes and all ASCII: text is the value */
    const char *text; /* of NAME, STRING (without quotes) and numbers */
    size_t len;
    const char *from; /* where the token begins */
    const char *why;  /* of BAD; static */
    int32_t depth;
    uint64_t objects[(WEFT_JSON_DEPTH_MAX + 63) / 64]; /* bit a level: an object, else an array */
} weft_json;

/* Begin with a text, before its first token. */
void weft_json_start(weft_json *json, const weft_json_rules *rules, const char *text, size_t len);
/* The next token, also in json->token. */
weft_json_token weft_json_next(weft_json *json);
/* OBJECT and ARRAY: go on to their end. Other tokens stay. False when the text is malformed on the way. */
bool weft_json_skip(weft_json *json);
/* What an escape of half a surrogate pair becomes in a value. */
typedef enum weft_json_lone {
    WEFT_JSON_LONE_MARK, /* '?', as in the bytes that Java makes of a string */
    WEFT_JSON_LONE_FAIL, /* there is no value: *bytes is NULL */
    WEFT_JSON_LONE_KEEP  /* its three bytes, which are no UTF-8 */
} weft_json_lone;

/* The value of a NAME or STRING: borrowed from the text where it stands there as it is, else made in *room,
 * whose contents it replaces. Errors: WEFT_NOMEM, WEFT_LIMIT. */
WEFT_MUST_CHECK weft_status weft_json_value(weft_ctx *ctx, const weft_json *json, weft_json_lone lone,
                                            weft_text *room, const char **bytes, size_t *len);
/* Does the token begin or make up a value? */
static inline bool weft_json_is_value(weft_json_token token)
{
    return token == WEFT_JSON_OBJECT || token == WEFT_JSON_ARRAY || token >= WEFT_JSON_STRING;
}

/* The number under a token INTEGER; false when it does not fit. */
bool weft_json_i64(const char *text, size_t len, int64_t *out);
/* That of any number token, as Java's Double.parseDouble has it; NaN and infinities too. */
double weft_json_f64(const char *text, size_t len);
float weft_json_f32(const char *text, size_t len);

/* Are len bytes the same? For names, most of which are short. */
static inline bool weft_json_same(const char *a, const char *b, size_t len)
{
    uint64_t x, y;
    uint32_t p, q;
    if (len >= 8) {
        for (size_t i = 0; i + 8 < len; i += 8) {
            memcpy(&x, a + i, 8);
            memcpy(&y, b + i, 8);
            if (x != y) return false;
        }
        memcpy(&x, a + len - 8, 8);
        memcpy(&y, b + len - 8, 8);
        return x == y;
    }
    if (len >= 4) {
        memcpy(&p, a, 4);
        memcpy(&q, b, 4);
        if (p != q) return false;
        memcpy(&p, a + len - 4, 4);
        memcpy(&q, b + len - 4, 4);
        return p == q;
    }
    for (size_t i = 0; i < len; i++) {
        if (a[i] != b[i]) return false;
    }
    return true;
}

/* Loops over the text of strings, once per instruction set (json_scan.isa.c). Nothing is read past end. */
typedef struct weft_json_scan {
    /* The first byte that is a quote, a backslash or below 0x20; end where there is none. *wide is set where
     * a byte above 0x7f stands before it. */
    const char *(*string_end)(const char *at, const char *end, char quote, bool *wide);
} weft_json_scan;
const weft_json_scan *weft_json_scan_get(void);
/* The same, byte by byte. */
const char *weft_json_string_end_plain(const char *at, const char *end, char quote, bool *wide);

#endif
