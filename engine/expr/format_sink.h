/* engine/expr/format_sink.h - where formatted text goes: nowhere at first, to be counted, then into the room
 * that the count asked for. The same writer runs both times, and nothing of it can fail. */
#ifndef WEFT_EXPR_FORMAT_SINK_H
#define WEFT_EXPR_FORMAT_SINK_H

#include <string.h>

#include "common/base.h"

typedef struct format_sink {
    char *to; /* NULL: only the length is counted */
    size_t used;
} format_sink;

static inline void sink_put(format_sink *sink, const char *bytes, size_t len)
{
    if (sink->to != NULL && len > 0) memcpy(sink->to + sink->used, bytes, len);
    sink->used += len;
}

static inline void sink_char(format_sink *sink, char c) { sink_put(sink, &c, 1); }

static inline void sink_text(format_sink *sink, const char *text) { sink_put(sink, text, strlen(text)); }

static inline void sink_fill(format_sink *sink, char c, int64_t count)
{
    if (count <= 0) return;
    if (sink->to != NULL) memset(sink->to + sink->used, c, (size_t)count);
    sink->used += (size_t)count;
}

#endif
