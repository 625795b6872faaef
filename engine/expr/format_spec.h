/* engine/expr/format_spec.h - one specifier of a pattern of java.util.Formatter:
 *
 *     %[index$][flags][width][.precision]conversion, or with t or T and a letter of dates as the conversion
 */
#ifndef WEFT_EXPR_FORMAT_SPEC_H
#define WEFT_EXPR_FORMAT_SPEC_H

#include "common/base.h"

enum {
    FORMAT_LEFT = 1 << 0,        /* - */
    FORMAT_ALTERNATIVE = 1 << 1, /* # */
    FORMAT_PLUS = 1 << 2,        /* + */
    FORMAT_BLANK = 1 << 3,
    FORMAT_ZERO = 1 << 4,
    FORMAT_COMMA = 1 << 5,
    FORMAT_PARENTHESES = 1 << 6, /* ( */
    FORMAT_PREVIOUS = 1 << 7     /* <: the argument of the specifier before */
};

typedef struct format_spec {
    uint32_t flags;
    int32_t index;            /* of its argument, from 1 on; 0: none is named */
    int32_t width, precision; /* -1: none */
    bool upper;               /* what is written is put into capitals */
    bool moment;              /* conversion is a letter of dates: %tY */
    char conversion;          /* small, but for those of dates */
} format_spec;

static inline bool format_has(const format_spec *spec, uint32_t flags) { return (spec->flags & flags) != 0; }

/* The specifier at the byte behind %: the byte behind it, or NULL for one that Java refuses whatever its
 * argument is. */
const char *format_spec_parse(const char *at, const char *end, format_spec *spec);

#endif
