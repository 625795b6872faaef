/* engine/formats/csv/options.c - see options.h. Facts: Spark's CSVOptions. */
#include "engine/formats/csv/options.h"

#include <string.h>
#include <strings.h>

#include "engine/expr/datetime_pattern.h"
#include "engine/expr/utf8.h"
#include "engine/formats/options.h"

#define CSV_KNOWN                                                                                            \
    "sep, delimiter, encoding, charset, quote, escape, charToEscapeQuoteEscaping, comment, header, "         \
    "inferSchema, samplingRatio, preferDate, enforceSchema, ignoreLeadingWhiteSpace, "                       \
    "ignoreTrailingWhiteSpace, nullValue, emptyValue, nanValue, positiveInf, negativeInf, dateFormat, "      \
    "timestampFormat, timestampNTZFormat, timeFormat, enableDateTimeParsingFallback, maxColumns, "           \
    "maxCharsPerColumn, "                                                                                    \
    "maxRecordBytes, mode, "                                                                                 \
    "columnNameOfCorruptRecord, multiLine, lineSep, unescapedQuoteHandling, locale, timeZone, compression, " \
    "codec, columnPruning, pathGlobFilter, modifiedBefore, modifiedAfter, recursiveFileLookup, "             \
    "ignoreCorruptFiles, ignoreMissingFiles, basePath; "                                                     \
    "writing: "                                                                                              \
    "quoteAll, escapeQuotes, extension"

typedef struct flag_option {
    const char *key;
    size_t offset;
} flag_option;

static const flag_option flags[] = {
    {"header", offsetof(weft_csv_options, header)},
    {"inferSchema", offsetof(weft_csv_options, infer)},
    {"multiLine", offsetof(weft_csv_options, multi_line)},
    {"enforceSchema", offsetof(weft_csv_options, enforce_schema)},
    {"preferDate", offsetof(weft_csv_options, prefer_date)},
    {"recursiveFileLookup", offsetof(weft_csv_options, recursive)},
    {"columnPruning", offsetof(weft_csv_options, column_pruning)},
    {"quoteAll", offsetof(weft_csv_options, quote_all)},
    {"escapeQuotes", offsetof(weft_csv_options, escape_quotes)},
};
static const flag_option texts[] = {
    {"nullValue", offsetof(weft_csv_options, null_value)},
    {"emptyValue", offsetof(weft_csv_options, empty_value)},
    {"nanValue", offsetof(weft_csv_options, nan_value)},
    {"positiveInf", offsetof(weft_csv_options, positive_inf)},
    {"negativeInf", offsetof(weft_csv_options, negative_inf)},
    {"dateFormat", offsetof(weft_csv_options, date_format)},
    {"timestampFormat", offsetof(weft_csv_options, timestamp_format)},
    {"timestampNTZFormat", offsetof(weft_csv_options, timestamp_ntz_format)},
    {"timeFormat", offsetof(weft_csv_options, time_format)},
    {"timeZone", offsetof(weft_csv_options, zone)},
    {"locale", offsetof(weft_csv_options, locale)},
    {"columnNameOfCorruptRecord", offsetof(weft_csv_options, corrupt_column)},
    {"lineSep", offsetof(weft_csv_options, spec.line_end)},
    {"encoding", offsetof(weft_csv_options, spec.encoding)},
    {"charset", offsetof(weft_csv_options, spec.encoding)},
    {"extension", offsetof(weft_csv_options, extension)},
};
static const flag_option *option_among(const flag_option *list, int32_t count, const char *key)
{
    for (int32_t i = 0; i < count; i++)
        if (strcasecmp(list[i].key, key) == 0) return &list[i];
    return NULL;
}

static weft_status read_other(weft_ctx *ctx, const char *key, const char *value, weft_csv_options *o)
{
    weft_status st = WEFT_OK;
    weft_text_codec codec;
    bool known = false;
    WEFT_TRY(st, weft_csv_grammar_set(ctx, &o->grammar, key, value, &known));
    if (known) goto done;
    if (strcasecmp(key, "mode") == 0) { /* a mode that is none is PERMISSIVE, as in Spark */
        o->mode = strcasecmp(value, "FAILFAST") == 0        ? WEFT_CSV_FAILFAST
                  : strcasecmp(value, "DROPMALFORMED") == 0 ? WEFT_CSV_DROPMALFORMED
                                                            : WEFT_CSV_PERMISSIVE;
    } else if (strcasecmp(key, "maxRecordBytes") == 0) {
        WEFT_TRY(st, weft_option_number(ctx, key, value, 1, WEFT_TEXT_RECORD_BYTES_MAX,
                                        &o->spec.record_bytes_max));
    } else if (strcasecmp(key, "compression") == 0 || strcasecmp(key, "codec") == 0) {
        WEFT_TRY(st, weft_text_codec_read(ctx, value, &codec));
        o->spec.codec = codec;
    } else if (strcasecmp(key, "samplingRatio") == 0) {
        WEFT_TRY(st, weft_option_ratio(ctx, key, value, &o->sampling_ratio));
    } else if (strcasecmp(key, "enableDateTimeParsingFallback") == 0) {
        WEFT_TRY(st, weft_option_flag(ctx, key, value, &o->cast_fallback));
        o->no_fallback = !o->cast_fallback;
    } else if (strcasecmp(key, "basePath") == 0) {
        WEFT_TRY(st, weft_option_folder(ctx, value, &o->base));
    } else {
        weft_option_unknown("csv", key, CSV_KNOWN);
    }
done:
    return st;
}

static weft_status check_options(weft_ctx *ctx, const weft_csv_options *o)
{
    if (strchr(o->extension, '/') != NULL)
        return weft_fail(ctx, WEFT_CONFIG,
                         "option extension is the end of a file's name, without \"/\": \"%s\"", o->extension);
    const int64_t ends =
        o->spec.line_end == NULL ? 1 : weft_utf8_length(o->spec.line_end, strlen(o->spec.line_end));
    if (ends == 0)
        return weft_fail(
            ctx, WEFT_LINE_SEPARATOR_EMPTY,
            "Invalid line separator configuration. The 'lineSep' option cannot be an empty string.");
    if (ends > 2)
        return weft_fail(ctx, WEFT_LINE_SEPARATOR_TOO_LONG,
                         "Invalid line separator configuration. The 'lineSep' option can contain at most 2 "
                         "characters, but got %lld characters.",
                         (long long)ends);
    return WEFT_OK;
}

weft_status weft_csv_options_read(weft_ctx *ctx, const char *const *options, int32_t count, bool writing,
                                  weft_csv_options *out)
{
    weft_status st = WEFT_OK;
    uint8_t *base = (uint8_t *)out;
    *out = (weft_csv_options){.spec = {.codec = -1},
                              .grammar = WEFT_CSV_GRAMMAR,
                              .enforce_schema = true,
                              .prefer_date = true,
                              .column_pruning = true,
                              .sampling_ratio = 1,
                              .null_value = "",
                              .empty_value = writing ? "\"\"" : "",
                              .nan_value = "NaN",
                              .positive_inf = "Inf",
                              .negative_inf = "-Inf",
                              .corrupt_column = "_corrupt_record",
                              .escape_quotes = true,
                              .extension = "csv"};
    out->grammar.trim_left = out->grammar.trim_right = writing;
    for (int32_t i = 0; i < count; i++) {
        const char *key = options[2 * i], *value = options[2 * i + 1];
        const flag_option *option;
        if (weft_option_is_general(key)) continue;
        if ((option = option_among(flags, WEFT_COUNT(flags), key)) != NULL) {
            WEFT_TRY(st, weft_option_flag(ctx, key, value, (bool *)(base + option->offset)));
        } else if ((option = option_among(texts, WEFT_COUNT(texts), key)) != NULL) {
            *(const char **)(void *)(base + option->offset) = value;
        } else {
            WEFT_TRY(st, read_other(ctx, key, value, out));
        }
    }
    WEFT_TRY(st, weft_csv_grammar_finish(ctx, &out->grammar));
    if (weft_datetime_is_legacy(ctx)) { /* Spark 2 always had formats, and inferred no dates */
        out->prefer_date = false;
        out->cast_fallback = !out->no_fallback;
        if (out->date_format == NULL) out->date_format = WEFT_LEGACY_DATE_FORMAT;
        if (out->timestamp_format == NULL) out->timestamp_format = WEFT_LEGACY_TIMESTAMP_FORMAT;
    }
    out->spec.is_free = out->multi_line;
    WEFT_TRY(st, weft_tolerance_read(ctx, options, count, &out->spec.tolerance));
    WEFT_TRY(st, check_options(ctx, out));
done:
    return st;
}
