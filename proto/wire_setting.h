/* proto/wire_setting.h - texts and settings of any message or record. */
#ifndef WEFT_PROTO_WIRE_SETTING_H
#define WEFT_PROTO_WIRE_SETTING_H

#include "proto/control.pb-c.h"
#include "proto/session.h"

/* protobuf-c takes it without const and does not write to it. NULL is the empty text. */
static inline char *wire_text(const char *text) { return (char *)(uintptr_t)(text == NULL ? "" : text); }

/* Into *out [count], *n = count; keys and values are borrowed from settings. Errors: WEFT_NOMEM. */
WEFT_MUST_CHECK weft_status wire_put_settings(weft_ctx *ctx, const weft_session_setting *settings,
                                              int32_t count, size_t *n, Weft__Wire__Setting ***out);
/* Keys and values are borrowed from the message. Errors: WEFT_LIMIT. */
WEFT_MUST_CHECK weft_status wire_get_settings(weft_ctx *ctx, Weft__Wire__Setting *const *from, size_t count,
                                              const weft_session_setting **out, int32_t *n);

#endif
