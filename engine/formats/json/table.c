/* engine/formats/json/table.c - opening a JSON table: options, the schema given or inferred; and its texts.
 */
#include "engine/formats/json/table.h"

#include <strings.h>

#include "engine/expr/utf8.h"
#include "engine/formats/json/json.h"
#include "engine/formats/options.h"

/* ---- texts ---- */

weft_status weft_json_texts_init(weft_ctx *ctx, const weft_table *table, weft_json_texts *out)
{
    *out = (weft_json_texts){.whole = table->base.whole_files, .is_utf8 = table->is_regular};
    return weft_text_lines_init(ctx, table->base.spec.line_end, &out->lines);
}

void weft_json_texts_reset(weft_json_texts *texts)
{
    texts->block = (weft_text_block){0};
    texts->at = texts->begin = texts->len = 0;
}

bool weft_json_texts_next(weft_json_texts *texts)
{
    int64_t next = 0;
    const int64_t left = texts->block.len - texts->at;
    if (left == 0) return false;
    texts->begin = texts->at;
    texts->len = left;
    if (!texts->whole)
        texts->len = weft_text_line_end(&texts->lines, texts->block.data + texts->at, left, &next);
    texts->at += texts->whole ? left : next;
    return true;
}

weft_status weft_json_texts_load(weft_ctx *ctx, weft_json_texts *texts, weft_text_input *input, bool *end)
{
    weft_status st = WEFT_OK;
    *end = texts->block.is_last;
    if (*end) return WEFT_OK;
    do {
        WEFT_TRY(st, weft_text_input_next(ctx, input, texts->at, &texts->block));
        texts->at = 0;
    } while (texts->whole && !texts->block.is_last);
    const weft_text_block *b = &texts->block;
    texts->broken = !texts->is_utf8 && !b->is_ascii &&
                    (int64_t)weft_utf8_valid((const char *)b->data, (size_t)b->len) < b->len;
done:
    return st;
}

bool weft_json_texts_valid(const weft_json_texts *texts)
{
    if (!texts->broken) return true;
    return (int64_t)weft_utf8_valid((const char *)texts->block.data + texts->begin, (size_t)texts->len) ==
           texts->len;
}

weft_status weft_json_fail_text(weft_ctx *ctx, const weft_json_texts *texts, const weft_text_input *input,
                                const char *why, size_t at)
{
    const int64_t line = weft_text_input_line(ctx, input, texts->begin + (texts->whole ? (int64_t)at : 0));
    return weft_fail(ctx, WEFT_MALFORMED_RECORD,
                     "file %s, line %lld: Malformed records are detected in record parsing: %s at byte %zu. "
                     "Parse Mode: FAILFAST. To process malformed records as null result, try setting the "
                     "option 'mode' as 'PERMISSIVE'.",
                     weft_text_input_file(input)->path, (long long)line,
                     why != NULL ? why : "a value does not fit its column", at + 1);
}

/* ---- options ---- */

typedef struct table_options {
    bool recursive;
    const char *base;
} table_options;

static weft_status read_option(weft_ctx *ctx, weft_table *t, table_options *o, const char *key,
                               const char *value)
{
    weft_status st = WEFT_OK;
    weft_text_spec *spec = &t->base.spec;
    weft_text_codec codec;
    bool known = weft_option_is_general(key);
    if (known) return WEFT_OK;
    WEFT_TRY(st, weft_json_option_set(ctx, &t->options, key, value, &known));
    if (known) goto done;
    if (strcasecmp(key, "lineSep") == 0) {
        spec->line_end = value;
    } else if (strcasecmp(key, "encoding") == 0 || strcasecmp(key, "charset") == 0) {
        spec->encoding = value;
    } else if (strcasecmp(key, "compression") == 0) {
        WEFT_TRY(st, weft_text_codec_read(ctx, value, &codec));
        spec->codec = codec;
    } else if (strcasecmp(key, "maxRecordBytes") == 0) {
        WEFT_TRY(st,
                 weft_option_number(ctx, key, value, 1, WEFT_TEXT_RECORD_BYTES_MAX, &spec->record_bytes_max));
    } else if (strcasecmp(key, "recursiveFileLookup") == 0) {
        WEFT_TRY(st, weft_option_flag(ctx, key, value, &o->recursive));
    } else if (strcasecmp(key, "basePath") == 0) {
        WEFT_TRY(st, weft_option_folder(ctx, value, &o->base));
    } else if (strcasecmp(key, "mergeSchema") != 0) { /* schemas are merged anyway */
        weft_option_unknown(
            "json", key,
            "mode, columnNameOfCorruptRecord, primitivesAsString, prefersDecimal, dropFieldIfAllNull, "
            "samplingRatio, inferTimestamp, multiLine, lineSep, encoding, compression, dateFormat, "
            "timestampFormat, timestampNTZFormat, timeFormat, timeZone, locale, maxNestingDepth, "
            "maxRecordBytes, "
            "allowComments, allowUnquotedFieldNames, allowSingleQuotes, allowNumericLeadingZeros, "
            "allowNonNumericNumbers, allowBackslashEscapingAnyCharacter, allowUnquotedControlChars, "
            "maxNumLen, maxStringLen, singleVariantColumn, ignoreCorruptFiles, ignoreMissingFiles, "
            "mergeSchema, pathGlobFilter, modifiedBefore, modifiedAfter, recursiveFileLookup and basePath");
    }
done:
    return st;
}

/* ---- open ---- */

static void table_close(weft_table **table) { *table = NULL; /* all lies in the arena */ }

static weft_status table_check(weft_ctx *ctx, weft_table *t)
{
    weft_status st = WEFT_OK;
    weft_json_convert *convert = NULL;
    const weft_type all = {
        .id = WEFT_TYPE_STRUCT, .child_count = t->base.data_count, .children = t->base.schema.fields};
    WEFT_TRY(st, weft_corrupt_field(ctx, t->options.corrupt, t->base.schema.fields, t->base.data_count,
                                    &t->corrupt));
    WEFT_TRY(st, weft_json_convert_new(ctx, &t->options, all, t->corrupt, &convert)); /* types, formats */
done:
    weft_json_convert_free(&convert);
    return st;
}

static weft_status table_open(weft_ctx *ctx, const weft_file_info *files, int32_t file_count,
                              const char *const *options, int32_t option_count, const weft_schema *schema,
                              weft_table **out)
{
    weft_status st = WEFT_OK;
    weft_table *t = NULL;
    table_options o = {0};
    weft_schema inferred = {0};
    *out = NULL;
    WEFT_TRY(st, WEFT_NEW(ctx, &t));
    t->options = weft_json_defaults;
    t->base.spec = (weft_text_spec){.codec = -1};
    t->records_seen = -1;
    for (int32_t i = 0; i < option_count; i++)
        WEFT_TRY(st, read_option(ctx, t, &o, options[2 * i], options[2 * i + 1]));
    WEFT_TRY(st, weft_tolerance_read(ctx, options, option_count, &t->base.spec.tolerance));
    t->options.exact_text = t->base.spec.keep_malformed = t->base.spec.encoding == NULL;
    t->base.whole_files = t->base.spec.is_free = t->options.multi_line;
    WEFT_TRY(st, weft_text_table_begin(ctx, files, file_count, o.recursive, o.base, schema, &t->base));
    const weft_field single = {
        .name = t->options.single_variant, .type = {.id = WEFT_TYPE_VARIANT}, .nullable = true};
    if (schema == NULL && single.name != NULL)
        inferred = (weft_schema){.count = 1, .fields = &single};
    else if (schema == NULL)
        WEFT_TRY(st, weft_json_infer_files(ctx, t, &inferred));
    WEFT_TRY(st, weft_text_table_set(ctx, schema == NULL ? &inferred : schema, schema != NULL, &t->base));
    WEFT_TRY(st, table_check(ctx, t));
    *out = t;
done:
    return st;
}

static int64_t table_row_estimate(const weft_table *table)
{
    return table->records_seen >= 0 ? table->records_seen : weft_text_table_row_estimate(table);
}

static weft_status table_splits(weft_ctx *ctx, const weft_table *table, const weft_scan_spec *spec,
                                int64_t target, weft_split **splits, int32_t *count)
{
    return weft_text_table_splits(ctx, &table->base, spec, target, NULL, splits, count);
}

const weft_format weft_format_json = {
    .name = "json",
    .open = table_open,
    .close = table_close,
    .schema = weft_text_table_schema,
    .row_count = weft_text_table_row_count,
    .row_estimate = table_row_estimate,
    .units = weft_text_table_units,
    .least_units = WEFT_TEXT_LEAST_BYTES,
    .splits = table_splits,
    .scan_open = weft_json_scan_open,
    .scan_next = weft_json_scan_next,
    .scan_metrics = weft_text_lane_metrics,
    .scan_close = weft_json_scan_close,
};
