/* engine/formats/json/infer.c - the columns of JSON files, from all of their records (or a sample of them).
 */
#include "engine/expr/json_infer.h"

#include "common/hash.h"
#include "engine/formats/json/table.h"

typedef struct infer_pass {
    weft_table *table;
    weft_json_infer *infer;
    weft_json_texts texts;
    bool any_bad;
} infer_pass;

/* Is this record in the sample? Goes by its number alone, so that a schema is the same each time. */
static bool is_sampled(const infer_pass *pass)
{
    const double ratio = pass->table->options.sampling_ratio;
    if (ratio >= 1) return true;
    const uint64_t hash = weft_hash_u64((uint64_t)pass->table->records_seen);
    return (double)(hash >> 11) * 0x1p-53 < ratio;
}

static weft_status infer_text(weft_ctx *ctx, infer_pass *pass, const weft_text_input *input)
{
    weft_status st = WEFT_OK;
    const weft_json_texts *t = &pass->texts;
    bool bad = false;
    size_t at = 0;
    pass->table->records_seen++;
    if (!is_sampled(pass)) return WEFT_OK;
    const char *why = "bytes that are no UTF-8";
    bad = !weft_json_texts_valid(t);
    if (!bad) {
        WEFT_TRY(st, weft_json_infer_record(ctx, pass->infer, (const char *)t->block.data + t->begin,
                                            (size_t)t->len, &bad));
        why = weft_json_infer_why(pass->infer, &at);
    }
    if (bad && pass->table->options.mode == WEFT_JSON_FAIL) {
        WEFT_TRY(st, weft_json_fail_text(ctx, t, input, why, at));
    }
    pass->any_bad |= bad;
done:
    return st;
}

static weft_status infer_file(weft_ctx *ctx, infer_pass *pass, const weft_file_info *file)
{
    weft_status st = WEFT_OK;
    weft_text_input *input = NULL;
    bool end = false;
    WEFT_TRY(st, weft_text_input_open(ctx, file, &pass->table->base.spec, 0, INT64_MAX, &input));
    weft_json_texts_reset(&pass->texts);
    for (;;) {
        WEFT_TRY(st, weft_check_cancel(ctx));
        WEFT_TRY(st, weft_json_texts_load(ctx, &pass->texts, input, &end));
        if (end) break;
        while (weft_json_texts_next(&pass->texts)) WEFT_TRY(st, infer_text(ctx, pass, input));
    }
done:
    weft_text_input_close(&input);
    return st;
}

weft_status weft_json_infer_files(weft_ctx *ctx, weft_table *table, weft_schema *out)
{
    weft_status st = WEFT_OK;
    infer_pass pass = {.table = table};
    weft_type type;
    if (table->base.file_count == 0)
        return weft_fail(ctx, WEFT_UNABLE_TO_INFER_SCHEMA,
                         "Unable to infer schema for JSON. It must be specified manually.");
    table->records_seen = 0;
    WEFT_TRY(st, weft_json_texts_init(ctx, table, &pass.texts));
    WEFT_TRY(st, weft_json_infer_new(ctx, &table->options, &pass.infer));
    for (int32_t i = 0; i < table->base.file_count; i++)
        WEFT_TRY(st, infer_file(ctx, &pass, &table->base.files[i]));
    const bool corrupt = pass.any_bad && table->options.mode == WEFT_JSON_PERMISSIVE;
    WEFT_TRY(st, weft_json_infer_type(ctx, pass.infer, corrupt ? table->options.corrupt : NULL, &type));
    *out = (weft_schema){0};
    if (type.id == WEFT_TYPE_STRUCT) *out = (weft_schema){.count = type.child_count, .fields = type.children};
done:
    weft_json_infer_free(&pass.infer);
    return st;
}
