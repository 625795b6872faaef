/* engine/expr/format_text.h - what java.util.Formatter writes for one specifier: padded text, whole numbers
 * and reals. */
#ifndef WEFT_EXPR_FORMAT_TEXT_H
#define WEFT_EXPR_FORMAT_TEXT_H

#include "engine/expr/format_sink.h"
#include "engine/expr/format_spec.h"

/* Text cut to the precision, in capitals if they are asked for, and padded to the width, all by UTF-16 units
 * as in Java. */
void format_put_text(format_sink *sink, const format_spec *spec, const char *text, size_t len);
/* %d */
void format_put_whole(format_sink *sink, const format_spec *spec, int64_t value);
/* %o and %x: the bits as a number without a sign. */
void format_put_bits(format_sink *sink, const format_spec *spec, uint64_t bits);
/* %e, %f, %g and %a */
void format_put_real(format_sink *sink, const format_spec *spec, double value);

#endif
