/* engine/formats/csv/table.c - opening a CSV table, and where its files are cut.
 *
 * Line by line a record is a line, so a file may be cut anywhere. With multiLine only a pass over the file
 * from its begin knows which line end is in quotes: it is made when the splits are, and cuts between records.
 */
#include "engine/formats/csv/table.h"

#include <strings.h>

#include "engine/expr/json_options.h"
#include "engine/formats/csv/csv.h"
#include "engine/formats/text/charset.h"

/* ---- a pass ---- */

weft_status weft_csv_pass_open(weft_ctx *ctx, const weft_file_info *file, const weft_csv_options *options,
                               const weft_text_spec *spec, int64_t begin, int64_t end, weft_csv_pass *out)
{
    weft_status st = WEFT_OK;
    *out = (weft_csv_pass){0};
    WEFT_TRY(st, weft_csv_tokens_init(ctx, options, &out->tokens));
    WEFT_TRY(st, weft_csv_tokens_file(ctx, &out->tokens, file, spec));
    WEFT_TRY(st, weft_text_input_open(ctx, file, spec, begin, end, &out->input));
done:
    if (st != WEFT_OK) weft_csv_pass_close(out);
    return st;
}

void weft_csv_pass_close(weft_csv_pass *pass)
{
    weft_csv_tokens_deinit(&pass->tokens);
    weft_text_input_close(&pass->input);
}

weft_status weft_csv_fail_at(weft_ctx *ctx, weft_status st, const weft_text_input *input, int64_t begin)
{
    const int64_t line = weft_text_input_line(ctx, input, begin);
    weft_error_prefix(ctx, "file %s, line %lld: ", weft_text_input_file(input)->path, (long long)line);
    return st;
}

weft_status weft_csv_pass_next(weft_ctx *ctx, weft_csv_pass *pass, bool *got)
{
    weft_status st = WEFT_OK;
    for (*got = false;;) {
        if (pass->tokens.at < pass->tokens.len) {
            st = weft_csv_tokens_next(ctx, &pass->tokens, got);
            if (st == WEFT_LIMIT || st == WEFT_MALFORMED_RECORD)
                (void)weft_csv_fail_at(ctx, st, pass->input, pass->tokens.begin);
            if (st != WEFT_OK || *got) return st;
        }
        if (pass->block.is_last) return WEFT_OK;
        WEFT_TRY(st, weft_text_input_next(ctx, pass->input, pass->tokens.at, &pass->block));
        weft_csv_tokens_block(&pass->tokens, &pass->block);
    }
done:
    return st;
}

/* ---- open ---- */

static weft_status table_check_types(weft_ctx *ctx, const weft_table *table)
{
    char text[256];
    for (int32_t i = 0; i < table->base.data_count; i++) {
        const weft_field *field = &table->base.schema.fields[i];
        if (weft_csv_type_is_known(field->type)) continue;
        return weft_fail(ctx, WEFT_DATASOURCE_TYPE,
                         "The CSV datasource doesn't support the column `%s` of the type \"%s\".",
                         field->name, weft_type_text(field->type, text, sizeof text));
    }
    return WEFT_OK;
}

/* Is there a delimiter or a quote that other encodings than UTF-8 write with other bytes? */
static bool has_wide(const weft_csv_grammar *g)
{
    for (int32_t i = 0; i < g->delimiter_len; i++)
        if ((uint8_t)g->delimiter[i] >= 0x80) return true;
    return g->has_wide;
}

static void table_close(weft_table **table) { *table = NULL; /* all lies in the arena */ }

static weft_status table_open(weft_ctx *ctx, const weft_file_info *files, int32_t file_count,
                              const char *const *options, int32_t option_count, const weft_schema *schema,
                              weft_table **out)
{
    weft_status st = WEFT_OK;
    weft_table *table = NULL;
    weft_schema inferred = {0};
    *out = NULL;
    WEFT_TRY(st, WEFT_NEW(ctx, &table));
    WEFT_TRY(st, weft_csv_options_read(ctx, options, option_count, false, &table->options));
    weft_csv_options *o = &table->options;
    table->base.spec = o->spec;
    table->base.whole_files = has_wide(&o->grammar) && o->spec.encoding != NULL &&
                              strcasecmp(o->spec.encoding, "UTF-8") != 0;
    table->rows_seen = -1;
    WEFT_TRY(st, weft_text_table_begin(ctx, files, file_count, o->recursive, o->base, schema, &table->base));
    if (schema == NULL) {
        WEFT_TRY(st, weft_csv_infer(ctx, table, &inferred));
        schema = &inferred;
    }
    WEFT_TRY(st, weft_text_table_set(ctx, schema, schema != &inferred, &table->base));
    WEFT_TRY(st, table_check_types(ctx, table));
    WEFT_TRY(st, weft_corrupt_field(ctx, o->corrupt_column, table->base.schema.fields, table->base.data_count,
                                    &table->corrupt));
    table->file_columns = table->base.data_count - (table->corrupt >= 0);
    *out = table;
done:
    return st;
}

static int64_t table_row_estimate(const weft_table *table)
{
    return table->rows_seen >= 0 ? table->rows_seen : weft_text_table_row_estimate(table);
}

/* ---- cuts ---- */

/* Have its bytes as they are, for places in the file. The mark of UTF-8 is text in another character set. */
static weft_status raw_spec(weft_ctx *ctx, const weft_text_spec *spec, weft_text_spec *raw)
{
    weft_status st = WEFT_OK;
    weft_charset *charset = NULL;
    *raw = *spec;
    raw->encoding = "UTF-8";
    raw->keep_malformed = true;
    if (spec->encoding == NULL) return WEFT_OK;
    WEFT_TRY(st, weft_charset_open(ctx, spec->encoding, &charset));
    raw->keep_mark = weft_charset_kind_of(charset) != WEFT_CHARSET_UTF8;
done:
    weft_charset_close(&charset);
    return st;
}

weft_status weft_csv_cuts(weft_ctx *ctx, const weft_text_table *base, int32_t file, int64_t target,
                          int64_t **cuts, int32_t *count)
{
    weft_status st = WEFT_OK;
    const weft_table *table = (const weft_table *)(const void *)base;
    const weft_csv_options *o = &table->options;
    const weft_file_info *info = &base->files[file];
    weft_csv_pass pass = {0};
    weft_text_spec raw;
    int64_t first = 0, records = 0, next = target;
    bool got = false;
    *count = 0;
    WEFT_TRY(st, raw_spec(ctx, &base->spec, &raw));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, (info->size_bytes - 1) / target + 1, cuts));
    if (o->header || o->multi_line) WEFT_TRY(st, weft_csv_pass_open(ctx, info, o, &raw, 0, INT64_MAX, &pass));
    while (pass.input != NULL && (o->multi_line || records == 0)) {
        WEFT_TRY(st, weft_csv_pass_next(ctx, &pass, &got));
        if (!got) break;
        const int64_t begin = weft_text_input_begin(pass.input) + weft_text_input_offset(pass.input) +
                              pass.tokens.begin;
        if (records++ == 0) first = begin;
        if (begin < next || records == 1) continue;
        if (o->multi_line) (*cuts)[(*count)++] = begin;
        while (next <= begin) next += target;
    }
    for (int64_t at = target; !o->multi_line && at < info->size_bytes; at += target)
        if (!o->header || at > first) (*cuts)[(*count)++] = at;
done:
    weft_csv_pass_close(&pass);
    return st;
}

static weft_status table_splits(weft_ctx *ctx, const weft_table *table, const weft_scan_spec *spec,
                                int64_t target, weft_split **splits, int32_t *count)
{
    const bool plain = !table->options.header && !table->options.multi_line;
    return weft_text_table_splits(ctx, &table->base, spec, target, plain ? NULL : weft_csv_cuts, splits,
                                  count);
}

const weft_format weft_format_csv = {
    .name = "csv",
    .open = table_open,
    .close = table_close,
    .schema = weft_text_table_schema,
    .row_count = weft_text_table_row_count,
    .row_estimate = table_row_estimate,
    .units = weft_text_table_units,
    .least_units = WEFT_TEXT_LEAST_BYTES,
    .splits = table_splits,
    .scan_open = weft_csv_scan_open,
    .scan_next = weft_csv_scan_next,
    .scan_metrics = weft_text_lane_metrics,
    .scan_close = weft_csv_scan_close,
};
