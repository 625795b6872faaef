/* engine/formats/json/write.c - the sink "json": a line a row, an object of the columns that are not NULL.
 *
 * Memory: the text of one row, and the packer's buffer. */
#include <strings.h>

#include "common/mem.h"
#include "engine/expr/coerce.h"
#include "engine/expr/json_format.h"
#include "engine/formats/json/json.h"
#include "engine/formats/options.h"
#include "engine/formats/text/input.h"
#include "engine/formats/text/pack.h"

struct weft_file_sink {
    weft_text_packer *packer;
    weft_text_codec codec;
    weft_json_options options;
    weft_json_format format;
    const char *line_end, *encoding; /* encoding: NULL: UTF-8 */
    weft_text text;
    weft_type type; /* a STRUCT of the columns; its fields are the caller's */
    int64_t rows;
};

static weft_status sink_option(weft_ctx *ctx, weft_file_sink *s, const char *key, const char *value)
{
    weft_status st = WEFT_OK;
    bool known = weft_option_is_general(key);
    if (known) return WEFT_OK;
    WEFT_TRY(st, weft_json_option_set(ctx, &s->options, key, value, &known));
    if (known) goto done;
    if (strcasecmp(key, "lineSep") == 0) {
        s->line_end = value;
        WEFT_TRY(st, weft_text_line_end_check(ctx, value));
    } else if (strcasecmp(key, "encoding") == 0 || strcasecmp(key, "charset") == 0) {
        s->encoding = value;
    } else if (strcasecmp(key, "compression") == 0) {
        WEFT_TRY(st, weft_text_codec_read(ctx, value, &s->codec));
    } else {
        weft_option_unknown(
            "json", key,
            "ignoreNullFields, dateFormat, timestampFormat, timestampNTZFormat, timeFormat, timeZone, "
            "lineSep, encoding, compression and writeNonAsciiCharacterAsCodePoint");
    }
done:
    return st;
}

static void sink_free(weft_file_sink **sink)
{
    weft_file_sink *s = *sink;
    *sink = NULL;
    if (s == NULL) return;
    weft_json_format_close(&s->format);
    weft_text_release(&s->text);
    weft_text_packer_abandon(&s->packer);
    weft_mem_free(s);
}

static weft_status sink_options(weft_ctx *ctx, weft_file_sink *s, const char *const *options, int32_t count)
{
    weft_status st = WEFT_OK;
    s->options = weft_json_defaults;
    s->line_end = "\n";
    s->codec = WEFT_TEXT_PLAIN;
    for (int32_t i = 0; i < count; i++) WEFT_TRY(st, sink_option(ctx, s, options[2 * i], options[2 * i + 1]));
done:
    return st;
}

static weft_status sink_suffix(weft_ctx *ctx, const char *const *options, int32_t count, const char **out)
{
    weft_status st = WEFT_OK;
    weft_file_sink s = {0};
    char *suffix = NULL;
    WEFT_TRY(st, sink_options(ctx, &s, options, count));
    WEFT_TRY(st, weft_arena_printf(ctx, ctx->arena, &suffix, ".json%s", weft_text_codec_extension(s.codec)));
    *out = suffix;
done:
    return st;
}

static weft_status check_types(weft_ctx *ctx, const weft_schema *schema)
{
    for (int32_t i = 0; i < schema->count; i++)
        if (weft_type_holds(schema->fields[i].type, WEFT_TYPE_INTERVAL))
            return weft_fail(ctx, WEFT_DATASOURCE_TYPE,
                             "The JSON datasource doesn't support the column `%s` of this type.",
                             schema->fields[i].name);
    return WEFT_OK;
}

static weft_status sink_open(weft_ctx *ctx, const char *path, const weft_schema *schema,
                             const char *const *options, int32_t option_count, weft_file_sink **out)
{
    weft_status st = WEFT_OK;
    weft_file_sink *s = NULL;
    *out = NULL;
    WEFT_TRY(st, check_types(ctx, schema));
    WEFT_TRY(st, weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, sizeof *s, (void **)&s));
    s->type = (weft_type){.id = WEFT_TYPE_STRUCT, .child_count = schema->count, .children = schema->fields};
    WEFT_TRY(st, sink_options(ctx, s, options, option_count));
    WEFT_TRY(st, weft_json_format_open(ctx, &s->options, &s->format));
    WEFT_TRY(st, weft_text_packer_open(ctx, s->codec, s->encoding, path, &s->packer));
    *out = s;
    s = NULL;
done:
    sink_free(&s);
    return st;
}

static weft_status sink_write(weft_ctx *ctx, weft_file_sink *sink, const weft_batch *batch)
{
    weft_status st = WEFT_OK;
    const weft_column row = {.type = sink->type,
                             .phys = WEFT_PHYS_STRUCT,
                             .encoding = WEFT_FLAT,
                             .child_count = batch->column_count,
                             .children = batch->columns};
    WEFT_TRY(st, weft_check_cancel(ctx));
    for (int32_t k = 0; k < batch->selected; k++) {
        const int32_t i = batch->selection == NULL ? k : batch->selection[k];
        sink->text.len = 0;
        WEFT_TRY(st, weft_nested_json(ctx, sink->format.zone, &sink->format.style, &row, i, &sink->text));
        WEFT_TRY(st, weft_text_append(ctx, &sink->text, sink->line_end, strlen(sink->line_end)));
        WEFT_TRY(st, weft_text_packer_put(ctx, sink->packer, sink->text.bytes, (int64_t)sink->text.len));
    }
    sink->rows += batch->selected;
done:
    return st;
}

static weft_status sink_finish(weft_ctx *ctx, weft_file_sink **sink, int64_t *rows, int64_t *bytes)
{
    *rows = (*sink)->rows;
    const weft_status st = weft_text_packer_finish(ctx, &(*sink)->packer, bytes);
    sink_free(sink);
    return st;
}

static void sink_abandon(weft_file_sink **sink) { sink_free(sink); }

static int64_t json_bytes(const weft_file_sink *sink) { return weft_text_packer_bytes(sink->packer); }

const weft_sink_format weft_sink_json = {
    .name = "json",
    .extension = ".json",
    .suffix = sink_suffix,
    .open = sink_open,
    .write = sink_write,
    .finish = sink_finish,
    .abandon = sink_abandon,
    .bytes = json_bytes,
};
