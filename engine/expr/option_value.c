/* engine/expr/option_value.c - see option_value.h. */
#include "engine/expr/option_value.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "engine/expr/utf8.h"

weft_status weft_option_flag(weft_ctx *ctx, const char *key, const char *value, bool *out)
{
    *out = strcasecmp(value, "true") == 0;
    if (*out || strcasecmp(value, "false") == 0) return WEFT_OK;
    return weft_fail(ctx, WEFT_CONFIG, "option %s must be true or false, not \"%s\"", key, value);
}

weft_status weft_option_number(weft_ctx *ctx, const char *key, const char *value, int64_t least, int64_t most,
                               int64_t *out)
{
    char *end = NULL;
    *out = strtoll(value, &end, 10);
    const bool is_number = (uint8_t)value[0] > ' ' && *end == '\0';
    if (is_number && *out >= least && *out <= most) return WEFT_OK;
    return weft_fail(ctx, WEFT_CONFIG, "option %s must be a number from %lld to %lld, not \"%s\"", key,
                     (long long)least, (long long)most, value);
}

weft_status weft_option_ratio(weft_ctx *ctx, const char *key, const char *value, double *out)
{
    char *end = NULL;
    *out = strtod(value, &end);
    if (end != value && *end == '\0' && *out > 0) return WEFT_OK;
    return weft_fail(ctx, WEFT_CONFIG, "option %s must be a number above 0, not \"%s\"", key, value);
}

weft_status weft_option_character(weft_ctx *ctx, const char *key, const char *value, uint16_t *out)
{
    const size_t len = strlen(value);
    uint32_t bytes = 0;
    *out = 0;
    if (len == 0) return WEFT_OK;
    const uint32_t code = weft_utf8_decode(value, len, &bytes);
    if (bytes == len && code <= UINT16_MAX) {
        *out = (uint16_t)code;
        return WEFT_OK;
    }
    return weft_fail(ctx, WEFT_OPTION_CHARACTER,
                     "The value of %s cannot be more than one character, but got %s.", key, value);
}
