/* engine/formats/text/text_write.c - the sink "text": one string column, a line a row; NULL is an empty line.
 */
#include <strings.h>

#include "engine/formats/options.h"
#include "engine/formats/text/pack.h"
#include "engine/formats/text/text.h"

struct weft_file_sink {
    weft_text_packer *packer;
    const char *line_end;
    int64_t rows;
};

static weft_status text_options(weft_ctx *ctx, const char *const *options, int32_t count,
                                weft_text_codec *codec, const char **line_end)
{
    weft_status st = WEFT_OK;
    *codec = WEFT_TEXT_PLAIN;
    *line_end = "\n";
    for (int32_t i = 0; i < count; i++) {
        const char *key = options[2 * i], *value = options[2 * i + 1];
        if (weft_option_is_general(key)) continue;
        const bool is_encoding = strcasecmp(key, "encoding") == 0 || strcasecmp(key, "charset") == 0;
        if (strcasecmp(key, "lineSep") == 0) {
            *line_end = value;
        } else if (strcasecmp(key, "compression") == 0) {
            if (!weft_text_codec_find(value, codec))
                return weft_fail(ctx, WEFT_CONFIG, "option compression: the codec \"%s\" is not known",
                                 value);
        } else if (is_encoding && strcasecmp(value, "UTF-8") != 0) {
            return weft_fail(ctx, WEFT_UNSUPPORTED, "text is written in UTF-8 only, not in \"%s\"", value);
        } else if (!is_encoding) {
            WEFT_TRY(st, weft_option_unknown(ctx, "text", key, "compression, lineSep and encoding (UTF-8)"));
        }
    }
done:
    return st;
}

static weft_status text_suffix(weft_ctx *ctx, const char *const *options, int32_t count, const char **out)
{
    weft_status st = WEFT_OK;
    weft_text_codec codec;
    const char *line_end = NULL;
    char *suffix = NULL;
    WEFT_TRY(st, text_options(ctx, options, count, &codec, &line_end));
    WEFT_TRY(st, weft_arena_printf(ctx, ctx->arena, &suffix, ".txt%s", weft_text_codec_extension(codec)));
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

static weft_status text_open(weft_ctx *ctx, const char *path, const weft_schema *schema,
                             const char *const *options, int32_t option_count, weft_file_sink **out)
{
    weft_status st = WEFT_OK;
    weft_file_sink *s = NULL;
    weft_text_codec codec;
    *out = NULL;
    WEFT_TRY(st, weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, sizeof(*s), (void **)&s));
    WEFT_TRY(st, text_options(ctx, options, option_count, &codec, &s->line_end));
    if (schema->count != 1 || schema->fields[0].type.id != WEFT_TYPE_STRING) {
        st = weft_fail(ctx, WEFT_UNSUPPORTED,
                       "The Text datasource writes one column of type string; there are %d columns.",
                       schema->count);
        goto done;
    }
    WEFT_TRY(st, weft_text_packer_open(ctx, codec, path, &s->packer));
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
    const int64_t len = (int64_t)strlen(s->line_end);
    WEFT_TRY(st, weft_check_cancel(ctx));
    for (int32_t k = 0; k < batch->selected; k++) {
        const int32_t row = batch->selection != NULL ? batch->selection[k] : k;
        if (!weft_column_is_null(column, row)) {
            const weft_str *value = weft_column_value(column, row);
            WEFT_TRY(st, weft_text_packer_put(ctx, s->packer, weft_str_data(value), value->len));
        }
        WEFT_TRY(st, weft_text_packer_put(ctx, s->packer, s->line_end, len));
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
