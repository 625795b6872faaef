/* engine/expr/format_spec.c - see format_spec.h. */
#include "engine/expr/format_spec.h"

#include <ctype.h>
#include <string.h>

/* Digits at `at`; *out stays where there are none. False when they are no number of 31 bits. */
static bool take_number(const char **at, const char *end, int32_t *out)
{
    int64_t value = 0;
    if (*at == end || !isdigit((unsigned char)**at)) return true;
    for (; *at < end && isdigit((unsigned char)**at); *at += 1) {
        value = value * 10 + (**at - '0');
        if (value > INT32_MAX) return false;
    }
    *out = (int32_t)value;
    return true;
}

/* Each flag may be there once. */
static bool take_flags(const char **at, const char *end, uint32_t *flags)
{
    static const char marks[] = "-#+ 0,(<"; /* in the order of the bits */
    for (; *at < end && **at != 0; *at += 1) {
        const char *mark = strchr(marks, **at);
        if (mark == NULL) return true;
        const uint32_t flag = 1u << (mark - marks);
        if ((*flags & flag) != 0) return false;
        *flags |= flag;
    }
    return true;
}

/* Flags that a conversion takes besides < and, with a width, -. */
static bool flags_of(const format_spec *spec, uint32_t *out)
{
    const uint32_t signs = FORMAT_PLUS | FORMAT_BLANK | FORMAT_ZERO | FORMAT_PARENTHESES;
    *out = 0;
    if (spec->moment) return strchr("HIklMNLQpsSTzZaAbBCdehjmyYrRcDF", spec->conversion) != NULL;
    switch (spec->conversion) {
    case 'b':
    case 'h':
    case 'c':
    case '%':
    case 'n': return true;
    case 's': *out = FORMAT_ALTERNATIVE; return true;
    case 'd':
    case 'g': *out = signs | FORMAT_COMMA; return true;
    case 'o':
    case 'x':
    case 'e': *out = signs | FORMAT_ALTERNATIVE; return true;
    case 'f': *out = signs | FORMAT_COMMA | FORMAT_ALTERNATIVE; return true;
    case 'a': *out = (signs & ~(uint32_t)FORMAT_PARENTHESES) | FORMAT_ALTERNATIVE; return true;
    default: return false;
    }
}

static bool spec_fits(const format_spec *spec)
{
    const bool text = !spec->moment && (spec->conversion == '%' || spec->conversion == 'n');
    const bool precise = !spec->moment && strchr("bhsefga", spec->conversion) != NULL;
    uint32_t allowed;
    if (!flags_of(spec, &allowed)) return false;
    allowed |= FORMAT_LEFT | (text ? 0 : FORMAT_PREVIOUS);
    if ((spec->flags & ~allowed) != 0 || (spec->precision >= 0 && !precise)) return false;
    if (text && spec->conversion == 'n' && (spec->width >= 0 || spec->flags != 0)) return false;
    if (spec->width < 0 && format_has(spec, FORMAT_LEFT | FORMAT_ZERO)) return false;
    const bool both_signs = format_has(spec, FORMAT_PLUS) && format_has(spec, FORMAT_BLANK);
    return !both_signs && !(format_has(spec, FORMAT_LEFT) && format_has(spec, FORMAT_ZERO));
}

const char *format_spec_parse(const char *at, const char *end, format_spec *spec)
{
    *spec = (format_spec){.width = -1, .precision = -1};
    const char *behind = at;
    int32_t index = 0;
    if (!take_number(&behind, end, &index)) return NULL;
    if (behind > at && behind < end && *behind == '$') {
        if (index == 0) return NULL;
        spec->index = index;
        at = behind + 1;
    }
    if (!take_flags(&at, end, &spec->flags) || !take_number(&at, end, &spec->width)) return NULL;
    if (at < end && *at == '.') {
        at++;
        if (!take_number(&at, end, &spec->precision) || spec->precision < 0) return NULL;
    }
    if (at == end) return NULL;
    spec->moment = (*at == 't' || *at == 'T') && at + 1 < end;
    spec->upper = *at == 'T';
    if (spec->moment) at++;
    spec->conversion = *at;
    if (!spec->moment && memchr("BHSCXEGA", *at, 8) != NULL) {
        spec->upper = true;
        spec->conversion = (char)tolower((unsigned char)*at);
    }
    return spec->conversion != 0 && spec_fits(spec) ? at + 1 : NULL;
}
