/* common/http_text.h - the body of an answer as it is written: text, JSON, HTML.
 *
 * Writers do not return errors: the first one stays in `st`, and what is written after it is dropped. One
 * thread. */
#ifndef WEFT_COMMON_HTTP_TEXT_H
#define WEFT_COMMON_HTTP_TEXT_H

#include "common/mem.h"

typedef struct weft_http_text {
    weft_ctx *ctx;
    char *bytes; /* of weft_mem_alloc; whoever has the text frees it (weft_http_text_deinit) */
    size_t len;
    weft_status st;
} weft_http_text;

void weft_http_text_init(weft_ctx *ctx, weft_http_text *t);
void weft_http_text_deinit(weft_http_text *t);
/* Forget what was written. */
void weft_http_text_reset(weft_http_text *t);
void weft_http_put(weft_http_text *t, const char *bytes, size_t len);
void weft_http_puts(weft_http_text *t, const char *text);
void weft_http_printf(weft_http_text *t, const char *format, ...) WEFT_PRINTF(2, 3);

/* JSON: commas come by themselves. key NULL: a value of an array. */
void weft_http_object(weft_http_text *t, const char *key);
void weft_http_array(weft_http_text *t, const char *key);
void weft_http_end_object(weft_http_text *t);
void weft_http_end_array(weft_http_text *t);
/* What is no UTF-8 becomes U+FFFD. NULL: null. */
void weft_http_text_value(weft_http_text *t, const char *key, const char *text);
void weft_http_int(weft_http_text *t, const char *key, int64_t value);
void weft_http_uint(weft_http_text *t, const char *key, uint64_t value);
void weft_http_bool(weft_http_text *t, const char *key, bool value);
void weft_http_null(weft_http_text *t, const char *key);
void weft_http_real(weft_http_text *t, const char *key, double value);

/* Text with everything escaped that HTML could take for its own; likewise cleaned of what is no UTF-8. At
 * most `most` bytes of it, then an ellipsis. */
void weft_http_html(weft_http_text *t, const char *text, size_t most);

#endif
