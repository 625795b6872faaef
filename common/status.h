/* common/status.h - the one error type of the engine.
 *
 * A function that can fail returns a weft_status and, where the error is born, writes the whole story once
 * into ctx->error with weft_fail(); callers pass the status up and may add context, never replace it. */
#ifndef WEFT_COMMON_STATUS_H
#define WEFT_COMMON_STATUS_H

#include "common/base.h"

typedef enum weft_status {
#define X(symbol, text, sqlstate, cls) WEFT_##symbol,
#include "common/status_list.h"
#undef X
    WEFT_STATUS_COUNT
} weft_status;

typedef enum weft_status_class {
    WEFT_CLASS_USER,      /* report to the user */
    WEFT_CLASS_TRANSIENT, /* try again, elsewhere when possible */
    WEFT_CLASS_RESOURCE,  /* spill or shrink; report when that gave nothing */
    WEFT_CLASS_INTERNAL   /* a defect of the engine: stop the task */
} weft_status_class;

/* A place in SQL text: byte offsets [start, stop) and the 1-based line and column of start; line 0 is "none".
 */
typedef struct weft_span {
    int32_t start, stop;
    int32_t line, column;
} weft_span;

enum { WEFT_ERROR_TEXT_BYTES = 2048 };

/* One error. Plain value, no ownership. */
typedef struct weft_error {
    weft_status code;
    weft_span span;   /* where in the query, when known */
    const char *file; /* source file that raised it (static string) */
    int32_t line;
    char message[WEFT_ERROR_TEXT_BYTES]; /* what, where, which value; no class prefix; zero-terminated */
    char hint[512];                      /* what to try; may be empty */
} weft_error;

/* The symbol's user-visible class text, e.g. "DIVIDE_BY_ZERO". Static string. */
const char *weft_status_text(weft_status code);
const char *weft_status_sqlstate(weft_status code);
weft_status_class weft_status_classify(weft_status code);
/* The status whose text is `text`, or WEFT_STATUS_COUNT. */
weft_status weft_status_find(const char *text);

#endif
