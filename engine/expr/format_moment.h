/* engine/expr/format_moment.h - %t of java.util.Formatter: an instant in milliseconds, by the session's zone
 * and the calendar of java.util.GregorianCalendar. */
#ifndef WEFT_EXPR_FORMAT_MOMENT_H
#define WEFT_EXPR_FORMAT_MOMENT_H

#include "common/ctx.h"
#include "engine/expr/format_sink.h"
#include "engine/expr/format_spec.h"

/* Errors: WEFT_DATETIME_OVERFLOW where the instant leaves the range of TIMESTAMP, WEFT_NOMEM, those of the
 * session's zone. */
WEFT_MUST_CHECK weft_status format_put_moment(weft_ctx *ctx, format_sink *sink, const format_spec *spec,
                                              int64_t ms);

#endif
