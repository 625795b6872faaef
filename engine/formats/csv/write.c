/* engine/formats/csv/write.c - the sink "csv".
 *
 * Values become texts a batch at a time: by a program of casts to STRING, timestamps and dates with a format
 * by their patterns; engine/expr/csv_write.h quotes them. */
#include <string.h>
#include <strings.h>

#include "engine/expr/csv_write.h"
#include "engine/expr/datetime_record.h"
#include "engine/expr/program.h"
#include "engine/formats/csv/csv.h"
#include "engine/formats/csv/options.h"
#include "engine/formats/text/pack.h"

#define CSV_TIMESTAMP_FORMAT                                                                                 \
    "yyyy-MM-dd'T'HH:mm:ss[.SSS][X"                                                                          \
    "XX]"
#define CSV_TIMESTAMP_NTZ_FORMAT "yyyy-MM-dd'T'HH:mm:ss[.SSS]"
enum { FORMATTED_BYTES_MAX = 4096 };

struct weft_file_sink {
    weft_text_packer *packer;
    weft_csv_options options;
    weft_csv_writer writer;
    weft_text record;
    int32_t column_count;
    weft_datetime_pattern **patterns; /* [column_count] of moments with a format; NULL: the cast's text */
    weft_column *texts;               /* [column_count] */
    weft_eval *eval;
    weft_zone *zone;
    int64_t rows;
};

static void csv_abandon(weft_file_sink **sink)
{
    weft_file_sink *s = *sink;
    if (s == NULL) return;
    for (int32_t i = 0; s->patterns != NULL && i < s->column_count; i++)
        weft_datetime_pattern_free(&s->patterns[i]);
    weft_eval_close(&s->eval);
    weft_zone_close(&s->zone);
    weft_text_release(&s->record);
    weft_text_packer_abandon(&s->packer);
    weft_mem_free(s);
    *sink = NULL;
}

static weft_status csv_read_options(weft_ctx *ctx, const char *const *options, int32_t count,
                                    weft_csv_options *o)
{
    weft_status st = WEFT_OK;
    WEFT_TRY(st, weft_csv_options_read(ctx, options, count, true, o));
    if (o->spec.codec < 0) o->spec.codec = WEFT_TEXT_PLAIN;
done:
    return st;
}

static weft_status csv_suffix(weft_ctx *ctx, const char *const *options, int32_t count, const char **out)
{
    weft_status st = WEFT_OK;
    weft_csv_options o;
    char *suffix = NULL;
    WEFT_TRY(st, csv_read_options(ctx, options, count, &o));
    const weft_text_codec codec = (weft_text_codec)o.spec.codec;
    WEFT_TRY(st, weft_arena_printf(ctx, ctx->arena, &suffix, ".%s%s", o.extension,
                                   weft_text_codec_extension(codec)));
    *out = suffix;
done:
    return st;
}

/* ---- values ---- */

static weft_status put_value(weft_ctx *ctx, weft_file_sink *s, const char *text, uint32_t len, int32_t column)
{
    return weft_csv_put_value(ctx, &s->writer, column == 0, text, len, &s->record);
}

/* The record that has been put together, and its end. */
static weft_status put_record(weft_ctx *ctx, weft_file_sink *s)
{
    weft_status st = WEFT_OK;
    WEFT_TRY(st, weft_text_append(ctx, &s->record, s->writer.line_end, strlen(s->writer.line_end)));
    WEFT_TRY(st, weft_text_packer_put(ctx, s->packer, s->record.bytes, (int64_t)s->record.len));
    s->record.len = 0;
done:
    return st;
}

/* ---- open ---- */

/* The format of values of that type, or NULL: as CAST writes them. */
static const char *csv_format_of(const weft_csv_options *o, weft_type_id type)
{
    if (type == WEFT_TYPE_DATE) return o->date_format;
    if (type == WEFT_TYPE_TIME) return o->time_format;
    if (type == WEFT_TYPE_TIMESTAMP)
        return o->timestamp_format != NULL ? o->timestamp_format : CSV_TIMESTAMP_FORMAT;
    if (type == WEFT_TYPE_TIMESTAMP_NTZ)
        return o->timestamp_ntz_format != NULL ? o->timestamp_ntz_format : CSV_TIMESTAMP_NTZ_FORMAT;
    return NULL;
}

/* *out is NULL where the type has no format. */
static weft_status csv_open_pattern(weft_ctx *ctx, const weft_csv_options *o, weft_type_id type,
                                    weft_datetime_pattern **out)
{
    const char *format = csv_format_of(o, type);
    *out = NULL;
    if (format == NULL) return WEFT_OK;
    const weft_status st = weft_datetime_record_pattern(ctx, format, type, o->locale, o->zone, out);
    if (st == WEFT_OK && (*out)->text_bytes_max > FORMATTED_BYTES_MAX)
        return weft_fail(ctx, WEFT_LIMIT, "the format \"%s\" is too long", format);
    return st;
}

/* A format that is none is an error, as in Spark, without a column of its type too. */
static weft_status csv_check_formats(weft_ctx *ctx, const weft_csv_options *o)
{
    static const weft_type_id moments[] = {WEFT_TYPE_DATE, WEFT_TYPE_TIME, WEFT_TYPE_TIMESTAMP,
                                           WEFT_TYPE_TIMESTAMP_NTZ};
    weft_status st = WEFT_OK;
    weft_datetime_pattern *pattern = NULL;
    for (int32_t i = 0; i < WEFT_COUNT(moments) && st == WEFT_OK; i++) {
        st = csv_open_pattern(ctx, o, moments[i], &pattern);
        weft_datetime_pattern_free(&pattern);
    }
    return st;
}

/* The program that makes texts of all columns. */
static weft_status csv_open_program(weft_ctx *ctx, weft_file_sink *s, const weft_schema *schema)
{
    weft_status st = WEFT_OK;
    const weft_expr **casts = NULL;
    weft_type *types = NULL;
    const weft_program *program = NULL;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, schema->count + 1, &casts));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, schema->count + 1, &types));
    for (int32_t i = 0; i < schema->count; i++) {
        const weft_expr *column = NULL;
        types[i] = schema->fields[i].type;
        if (weft_type_is_nested(types[i]) || types[i].id == WEFT_TYPE_INTERVAL)
            return weft_fail(ctx, WEFT_DATASOURCE_TYPE,
                             "The CSV datasource doesn't support the column `%s` of this type.",
                             schema->fields[i].name);
        WEFT_TRY(st, csv_open_pattern(ctx, &s->options, types[i].id, &s->patterns[i]));
        WEFT_TRY(st, weft_expr_ordinal(ctx, i, types[i], true, &column));
        casts[i] = column;
        if (s->patterns[i] == NULL)
            WEFT_TRY(st, weft_expr_cast(ctx, column, WEFT_TYPE_OF(WEFT_TYPE_STRING), false, &casts[i]));
    }
    WEFT_TRY(st, weft_program_compile(ctx, casts, schema->count, types, schema->count, &program));
    WEFT_TRY(st, weft_eval_open(ctx, program, &s->eval));
done:
    return st;
}

static weft_status csv_put_header(weft_ctx *ctx, weft_file_sink *s, const weft_schema *schema)
{
    weft_status st = WEFT_OK;
    for (int32_t i = 0; i < schema->count; i++) {
        const char *name = schema->fields[i].name;
        WEFT_TRY(st, put_value(ctx, s, name, (uint32_t)strlen(name), i));
    }
    WEFT_TRY(st, put_record(ctx, s));
done:
    return st;
}

static weft_status csv_open(weft_ctx *ctx, const char *path, const weft_schema *schema,
                            const char *const *options, int32_t option_count, weft_file_sink **out)
{
    weft_status st = WEFT_OK;
    weft_file_sink *s = NULL;
    *out = NULL;
    WEFT_TRY(st, weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, sizeof(*s), (void **)&s));
    WEFT_TRY(st, csv_read_options(ctx, options, option_count, &s->options));
    WEFT_TRY(st, csv_check_formats(ctx, &s->options));
    const weft_csv_options *o = &s->options;
    s->writer = (weft_csv_writer){.null_value = o->null_value,
                                  .empty_value = o->empty_value,
                                  .line_end = o->spec.line_end == NULL ? "\n" : o->spec.line_end,
                                  .quote_all = o->quote_all,
                                  .escape_quotes = o->escape_quotes};
    weft_csv_writer_init(&s->writer, &o->grammar);
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, schema->count + 1, &s->patterns));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, schema->count + 1, &s->texts));
    s->column_count = schema->count;
    if (s->options.zone != NULL)
        WEFT_TRY(st, weft_zone_open_given(ctx, s->options.zone, strlen(s->options.zone), NULL, &s->zone));
    else
        WEFT_TRY(st, weft_zone_open_session(ctx, &s->zone));
    WEFT_TRY(st, csv_open_program(ctx, s, schema));
    const weft_text_spec *spec = &s->options.spec;
    WEFT_TRY(st, weft_text_packer_open(ctx, (weft_text_codec)spec->codec, spec->encoding, path, &s->packer));
    if (s->options.header) WEFT_TRY(st, csv_put_header(ctx, s, schema));
    *out = s;
    s = NULL;
done:
    csv_abandon(&s);
    return st;
}

/* ---- rows ---- */

static weft_status put_moment(weft_ctx *ctx, weft_file_sink *s, int32_t column, int32_t row)
{
    weft_status st = WEFT_OK;
    const weft_column *c = &s->texts[column];
    const void *value = weft_column_value(c, row);
    char text[FORMATTED_BYTES_MAX];
    const int64_t raw = c->type.id == WEFT_TYPE_DATE ? *(const int32_t *)value : *(const int64_t *)value;
    size_t len = 0;
    WEFT_TRY(st, weft_datetime_record_put(ctx, s->patterns[column], s->zone, c->type.id, raw, text, &len));
    WEFT_TRY(st, put_value(ctx, s, text, (uint32_t)len, column));
done:
    return st;
}

static weft_status csv_write(weft_ctx *ctx, weft_file_sink *s, const weft_batch *batch)
{
    weft_status st = WEFT_OK;
    WEFT_TRY(st, weft_check_cancel(ctx));
    if (batch->selected == 0) goto done;
    WEFT_TRY(st, weft_eval_project(ctx, s->eval, batch, s->texts));
    for (int32_t k = 0; k < batch->selected; k++) {
        const int32_t row = batch->selection != NULL ? batch->selection[k] : k;
        for (int32_t i = 0; i < s->column_count; i++) {
            const weft_column *c = &s->texts[i];
            if (weft_column_is_null(c, row)) {
                WEFT_TRY(st, put_value(ctx, s, NULL, 0, i));
            } else if (s->patterns[i] != NULL) {
                WEFT_TRY(st, put_moment(ctx, s, i, row));
            } else {
                const weft_str *value = weft_column_value(c, row);
                WEFT_TRY(st, put_value(ctx, s, weft_str_data(value), value->len, i));
            }
        }
        WEFT_TRY(st, put_record(ctx, s));
    }
    s->rows += batch->selected;
done:
    return st;
}

static weft_status csv_finish(weft_ctx *ctx, weft_file_sink **sink, int64_t *rows, int64_t *bytes)
{
    *rows = (*sink)->rows;
    const weft_status st = weft_text_packer_finish(ctx, &(*sink)->packer, bytes);
    csv_abandon(sink);
    return st;
}

static int64_t csv_bytes(const weft_file_sink *sink) { return weft_text_packer_bytes(sink->packer); }

const weft_sink_format weft_sink_csv = {.name = "csv",
                                        .extension = ".csv",
                                        .suffix = csv_suffix,
                                        .open = csv_open,
                                        .write = csv_write,
                                        .finish = csv_finish,
                                        .abandon = csv_abandon,
                                        .bytes = csv_bytes};
