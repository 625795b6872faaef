/* engine/expr/json_options.c - see json_options.h. */
#include "engine/expr/json_options.h"

#include <stddef.h>
#include <strings.h>

#include "engine/expr/option_value.h"

const weft_json_options weft_json_defaults = {
    .rules = {.allow = WEFT_JSON_SINGLE_QUOTES | WEFT_JSON_NON_NUMERIC, .depth_max = WEFT_JSON_DEPTH},
    .corrupt = "_corrupt_record",
    .sampling_ratio = 1.0};

static weft_status set_allow(weft_ctx *ctx, weft_json_options *o, const char *key, const char *value,
                             bool *known)
{
    static const struct {
        const char *key;
        weft_json_allow allow;
    } keys[] = {{"allowComments", WEFT_JSON_COMMENTS},
                {"allowUnquotedFieldNames", WEFT_JSON_UNQUOTED_NAMES},
                {"allowSingleQuotes", WEFT_JSON_SINGLE_QUOTES},
                {"allowNumericLeadingZeros", WEFT_JSON_LEADING_ZEROS},
                {"allowNonNumericNumbers", WEFT_JSON_NON_NUMERIC},
                {"allowBackslashEscapingAnyCharacter", WEFT_JSON_ANY_ESCAPE},
                {"allowUnquotedControlChars", WEFT_JSON_CONTROL_CHARS}};
    weft_status st = WEFT_OK;
    bool flag = false;
    for (int32_t i = 0; i < WEFT_COUNT(keys) && !*known; i++) {
        if (strcasecmp(key, keys[i].key) != 0) continue;
        *known = true;
        WEFT_TRY(st, weft_option_flag(ctx, key, value, &flag));
        o->rules.allow = flag ? o->rules.allow | keys[i].allow : o->rules.allow & ~(uint32_t)keys[i].allow;
    }
done:
    return st;
}

static weft_status set_flag(weft_ctx *ctx, weft_json_options *o, const char *key, const char *value,
                            bool *known)
{
    static const struct {
        const char *key;
        size_t place;
    } keys[] = {{"primitivesAsString", offsetof(weft_json_options, primitives_as_string)},
                {"prefersDecimal", offsetof(weft_json_options, prefers_decimal)},
                {"dropFieldIfAllNull", offsetof(weft_json_options, drop_all_null)},
                {"inferTimestamp", offsetof(weft_json_options, infer_timestamp)},
                {"multiLine", offsetof(weft_json_options, multi_line)},
                {"enableDateTimeParsingFallback", offsetof(weft_json_options, cast_fallback)},
                {"ignoreNullFields", offsetof(weft_json_options, keep_nulls)},
                {"pretty", offsetof(weft_json_options, pretty)},
                {"sortKeys", offsetof(weft_json_options, sort_keys)},
                {"writeNonAsciiCharacterAsCodePoint", offsetof(weft_json_options, ascii)}};
    weft_status st = WEFT_OK;
    for (int32_t i = 0; i < WEFT_COUNT(keys) && !*known; i++) {
        if (strcasecmp(key, keys[i].key) != 0) continue;
        bool *flag = (bool *)((char *)o + keys[i].place);
        *known = true;
        WEFT_TRY(st, weft_option_flag(ctx, key, value, flag));
        if (flag == &o->keep_nulls) *flag = !*flag;
        if (flag == &o->cast_fallback) o->no_fallback = !*flag;
    }
done:
    return st;
}

static void set_text(weft_json_options *o, const char *key, const char *value, bool *known)
{
    static const struct {
        const char *key;
        size_t place;
    } keys[] = {{"columnNameOfCorruptRecord", offsetof(weft_json_options, corrupt)},
                {"dateFormat", offsetof(weft_json_options, date_format)},
                {"timestampFormat", offsetof(weft_json_options, timestamp_format)},
                {"timestampNTZFormat", offsetof(weft_json_options, timestamp_ntz_format)},
                {"timeFormat", offsetof(weft_json_options, time_format)},
                {"timeZone", offsetof(weft_json_options, time_zone)},
                {"locale", offsetof(weft_json_options, locale)},
                {"singleVariantColumn", offsetof(weft_json_options, single_variant)}};
    for (int32_t i = 0; i < WEFT_COUNT(keys) && !*known; i++) {
        if (strcasecmp(key, keys[i].key) != 0) continue;
        *known = true;
        memcpy((char *)o + keys[i].place, &value, sizeof value);
    }
}

static weft_status read_count(weft_ctx *ctx, const char *key, const char *value, int32_t most, int32_t *out)
{
    int64_t number = 0;
    const weft_status st = weft_option_number(ctx, key, value, 1, most, &number);
    *out = (int32_t)number;
    return st;
}

weft_status weft_json_option_set(weft_ctx *ctx, weft_json_options *options, const char *key,
                                 const char *value, bool *known)
{
    weft_status st = WEFT_OK;
    *known = false;
    WEFT_TRY(st, set_allow(ctx, options, key, value, known));
    WEFT_TRY(st, set_flag(ctx, options, key, value, known));
    set_text(options, key, value, known);
    if (*known) goto done;
    *known = true;
    if (strcasecmp(key, "mode") == 0) { /* a mode that is none is PERMISSIVE, as in Spark */
        options->mode = strcasecmp(value, "FAILFAST") == 0        ? WEFT_JSON_FAIL
                        : strcasecmp(value, "DROPMALFORMED") == 0 ? WEFT_JSON_DROP
                                                                  : WEFT_JSON_PERMISSIVE;
    } else if (strcasecmp(key, "maxNestingDepth") == 0) {
        WEFT_TRY(st, read_count(ctx, key, value, WEFT_JSON_DEPTH_MAX, &options->rules.depth_max));
    } else if (strcasecmp(key, "maxNumLen") == 0) {
        WEFT_TRY(st, read_count(ctx, key, value, WEFT_JSON_NUMBER_MAX, &options->rules.digits_max));
    } else if (strcasecmp(key, "maxStringLen") == 0) {
        WEFT_TRY(st, read_count(ctx, key, value, INT32_MAX, &options->rules.string_max));
    } else if (strcasecmp(key, "samplingRatio") == 0) {
        WEFT_TRY(st, weft_option_ratio(ctx, key, value, &options->sampling_ratio));
    } else {
        *known = false;
    }
done:
    return st;
}

weft_status weft_corrupt_field(weft_ctx *ctx, const char *name, const weft_field *fields, int32_t count,
                               int32_t *out)
{
    char text[256];
    *out = -1;
    for (int32_t i = 0; i < count; i++) {
        if (strcmp(fields[i].name, name) != 0) continue;
        *out = i;
        if (fields[i].type.id != WEFT_TYPE_STRING)
            return weft_fail(
                ctx, WEFT_CORRUPT_RECORD_TYPE,
                "The column `%s` for corrupt records must have the nullable STRING type, but got \"%s\".",
                name, weft_type_text(fields[i].type, text, sizeof text));
    }
    return WEFT_OK;
}
