/* engine/formats/json/write.c - the sink "json": a line a row, an object of the columns that are not NULL.
 *
 * Memory: one buffer, which goes to the file when it holds SINK_BYTES. */
#include <strings.h>

#include "common/mem.h"
#include "engine/expr/json_format.h"
#include "engine/formats/json/json.h"
#include "engine/formats/options.h"

enum { SINK_BYTES = 1 << 18 };

struct weft_file_sink {
    weft_file_writer *file;
    weft_json_options options;
    weft_json_format format;
    const char *line_end;
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
    } else if (strcasecmp(key, "encoding") == 0 || strcasecmp(key, "charset") == 0) {
        if (strcasecmp(value, "UTF-8") != 0 && strcasecmp(value, "UTF8") != 0)
            st = weft_fail(ctx, WEFT_UNSUPPORTED, "option %s: JSON is written in UTF-8, not in \"%s\"", key,
                           value);
    } else if (strcasecmp(key, "compression") == 0) {
        if (strcasecmp(value, "none") != 0 && strcasecmp(value, "uncompressed") != 0)
            st = weft_fail(ctx, WEFT_UNSUPPORTED,
                           "option compression: JSON is written uncompressed, not by \"%s\"", value);
    } else {
        st = weft_option_unknown(
            ctx, "json", key,
            "ignoreNullFields, dateFormat, timestampFormat, timestampNTZFormat, timeZone, "
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
    weft_file_abandon(&s->file);
    weft_mem_free(s);
}

static weft_status sink_open(weft_ctx *ctx, const char *path, const weft_schema *schema,
                             const char *const *options, int32_t option_count, weft_file_sink **out)
{
    weft_status st = WEFT_OK;
    weft_file_sink *s = NULL;
    *out = NULL;
    WEFT_TRY(st, weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, sizeof *s, (void **)&s));
    s->options = weft_json_defaults;
    s->line_end = "\n";
    s->type = (weft_type){.id = WEFT_TYPE_STRUCT, .child_count = schema->count, .children = schema->fields};
    for (int32_t i = 0; i < option_count; i++)
        WEFT_TRY(st, sink_option(ctx, s, options[2 * i], options[2 * i + 1]));
    WEFT_TRY(st, weft_json_format_open(ctx, &s->options, &s->format));
    WEFT_TRY(st, weft_file_create(ctx, path, &s->file));
    *out = s;
    s = NULL;
done:
    sink_free(&s);
    return st;
}

static weft_status sink_flush(weft_ctx *ctx, weft_file_sink *s)
{
    const weft_status st = weft_file_append(ctx, s->file, s->text.bytes, (int64_t)s->text.len);
    s->text.len = 0;
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
        WEFT_TRY(st, weft_nested_json(ctx, sink->format.zone, &sink->format.style, &row, i, &sink->text));
        WEFT_TRY(st, weft_text_append(ctx, &sink->text, sink->line_end, strlen(sink->line_end)));
        if (sink->text.len >= SINK_BYTES) WEFT_TRY(st, sink_flush(ctx, sink));
    }
    sink->rows += batch->selected;
done:
    return st;
}

static weft_status sink_finish(weft_ctx *ctx, weft_file_sink **sink, int64_t *rows, int64_t *bytes)
{
    weft_status st = WEFT_OK;
    weft_file_sink *s = *sink;
    if (s->text.len > 0) WEFT_TRY(st, sink_flush(ctx, s));
    *rows = s->rows;
    *bytes = weft_file_written_bytes(s->file);
    WEFT_TRY(st, weft_file_finish(ctx, &s->file));
done:
    sink_free(sink);
    return st;
}

static void sink_abandon(weft_file_sink **sink) { sink_free(sink); }

const weft_sink_format weft_sink_json = {
    .name = "json",
    .extension = ".json",
    .open = sink_open,
    .write = sink_write,
    .finish = sink_finish,
    .abandon = sink_abandon,
};
