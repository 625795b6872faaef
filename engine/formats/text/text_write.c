/* engine/formats/text/text_write.c - the sink "text": one string column, a line a row; NULL is an empty line.
 *
 * Values are written as they are; only a lineSep that is given is in the option's encoding, as in Spark. */
#include <strings.h>

#include "engine/formats/options.h"
#include "engine/formats/text/encode.h"
#include "engine/formats/text/input.h"
#include "engine/formats/text/pack.h"
#include "engine/formats/text/text.h"

struct weft_file_sink {
    weft_text_packer *packer;
    const char *line_end; /* in the encoding */
    int64_t line_end_len;
    int64_t rows;
};

typedef struct text_options {
    weft_text_codec codec;
    const char *line_end; /* NULL: \n */
    const char *encoding; /* NULL: UTF-8 */
} text_options;

static weft_status text_read_options(weft_ctx *ctx, const char *const *options, int32_t count,
                                     text_options *out)
{
    weft_status st = WEFT_OK;
    *out = (text_options){.codec = WEFT_TEXT_PLAIN};
    for (int32_t i = 0; i < count; i++) {
        const char *key = options[2 * i], *value = options[2 * i + 1];
        if (weft_option_is_general(key)) continue;
        const bool is_encoding = strcasecmp(key, "encoding") == 0 || strcasecmp(key, "charset") == 0;
        if (strcasecmp(key, "lineSep") == 0) {
            out->line_end = value;
            WEFT_TRY(st, weft_text_line_end_check(ctx, value));
        } else if (strcasecmp(key, "compression") == 0) {
            WEFT_TRY(st, weft_text_codec_read(ctx, value, &out->codec));
        } else if (is_encoding) {
            out->encoding = value;
        } else {
            weft_option_unknown("text", key, "compression, lineSep and encoding");
        }
    }
done:
    return st;
}

static weft_status text_suffix(weft_ctx *ctx, const char *const *options, int32_t count, const char **out)
{
    weft_status st = WEFT_OK;
    text_options o;
    char *suffix = NULL;
    WEFT_TRY(st, text_read_options(ctx, options, count, &o));
    WEFT_TRY(st, weft_arena_printf(ctx, ctx->arena, &suffix, ".txt%s", weft_text_codec_extension(o.codec)));
    *out = suffix;
done:
    return st;
}

static void text_abandon(weft_file_sink **sink)
{
    if (*sink == NULL) return;
    weft_text_packer_abandon(&(*sink)->packer);
    weft_mem_free(*sink);
    *sink = NULL;
}

static weft_status text_set_line_end(weft_ctx *ctx, weft_file_sink *s, const text_options *o)
{
    weft_status st = WEFT_OK;
    weft_encoder *encoder = NULL;
    uint8_t *encoded = NULL;
    s->line_end = o->line_end == NULL ? "\n" : o->line_end;
    s->line_end_len = (int64_t)strlen(s->line_end);
    if (o->encoding != NULL) WEFT_TRY(st, weft_encoder_open(ctx, o->encoding, &encoder));
    if (encoder == NULL || o->line_end == NULL) goto done;
    WEFT_TRY(st,
             WEFT_NEW_ARRAY(ctx, s->line_end_len * WEFT_ENCODER_GROWTH + 2 * WEFT_ENCODER_MORE, &encoded));
    s->line_end_len = weft_encoder_put(encoder, (const uint8_t *)o->line_end, s->line_end_len, encoded);
    s->line_end_len += weft_encoder_finish(encoder, encoded + s->line_end_len);
    s->line_end = (const char *)encoded;
done:
    weft_encoder_close(&encoder);
    return st;
}

/* One column of strings. */
static weft_status text_check_schema(weft_ctx *ctx, const weft_schema *schema)
{
    char type[256];
    for (int32_t i = 0; i < schema->count; i++) {
        const weft_field *field = &schema->fields[i];
        if (field->type.id == WEFT_TYPE_STRING) continue;
        return weft_fail(ctx, WEFT_DATASOURCE_TYPE,
                         "The Text datasource doesn't support the column `%s` of the type \"%s\".",
                         field->name, weft_type_text(field->type, type, sizeof type));
    }
    if (schema->count == 1) return WEFT_OK;
    return weft_fail(ctx, WEFT_UNSUPPORTED,
                     "Text data source supports only a single column, and you have %d columns.",
                     schema->count);
}

static weft_status text_open(weft_ctx *ctx, const char *path, const weft_schema *schema,
                             const char *const *options, int32_t option_count, weft_file_sink **out)
{
    weft_status st = WEFT_OK;
    weft_file_sink *s = NULL;
    text_options o;
    *out = NULL;
    WEFT_TRY(st, weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, sizeof(*s), (void **)&s));
    WEFT_TRY(st, text_read_options(ctx, options, option_count, &o));
    WEFT_TRY(st, text_set_line_end(ctx, s, &o));
    WEFT_TRY(st, text_check_schema(ctx, schema));
    WEFT_TRY(st, weft_text_packer_open(ctx, o.codec, NULL, path, &s->packer));
    *out = s;
    s = NULL;
done:
    text_abandon(&s);
    return st;
}

static weft_status text_write(weft_ctx *ctx, weft_file_sink *s, const weft_batch *batch)
{
    weft_status st = WEFT_OK;
    const weft_column *column = &batch->columns[0];
    WEFT_TRY(st, weft_check_cancel(ctx));
    for (int32_t k = 0; k < batch->selected; k++) {
        const int32_t row = batch->selection != NULL ? batch->selection[k] : k;
        if (!weft_column_is_null(column, row)) {
            const weft_str *value = weft_column_value(column, row);
            WEFT_TRY(st, weft_text_packer_put(ctx, s->packer, weft_str_data(value), value->len));
        }
        WEFT_TRY(st, weft_text_packer_put(ctx, s->packer, s->line_end, s->line_end_len));
    }
    s->rows += batch->selected;
done:
    return st;
}

static weft_status text_finish(weft_ctx *ctx, weft_file_sink **sink, int64_t *rows, int64_t *bytes)
{
    *rows = (*sink)->rows;
    const weft_status st = weft_text_packer_finish(ctx, &(*sink)->packer, bytes);
    text_abandon(sink);
    return st;
}

static int64_t text_bytes(const weft_file_sink *sink) { return weft_text_packer_bytes(sink->packer); }

const weft_sink_format weft_sink_text = {.name = "text",
                                         .extension = ".txt",
                                         .suffix = text_suffix,
                                         .open = text_open,
                                         .write = text_write,
                                         .finish = text_finish,
                                         .abandon = text_abandon,
                                         .bytes = text_bytes};
