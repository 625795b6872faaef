/* engine/formats/json/infer.c - the columns of JSON files, from all of their records (or a sample of them).
 *
 * The files are read in pieces by as many threads as the process has slots, each with a tree of types of its
 * own; which piece goes into which tree does not matter to what they are together. */
#include "engine/expr/json_infer.h"

#include "common/hash.h"
#include "common/parallel.h"
#include "common/settings.h"
#include "engine/formats/json/table.h"

typedef struct infer_lane {
    weft_json_infer *infer;
    weft_json_texts texts;
    int64_t records;
    bool any_bad;
} infer_lane;

typedef struct infer_pass {
    const weft_table *table;
    const weft_split *pieces;
    infer_lane *lanes;
    int32_t lane_count;
} infer_pass;

/* Is this record of the piece in the sample? Goes by numbers alone, so that a schema is the same each time.
 */
static bool is_sampled(const weft_table *table, int64_t piece, int64_t record)
{
    const double ratio = table->options.sampling_ratio;
    if (ratio >= 1) return true;
    const uint64_t hash = weft_hash_u64((uint64_t)piece << 32 ^ (uint64_t)record);
    return (double)(hash >> 11) * 0x1p-53 < ratio;
}

static weft_status infer_text(weft_ctx *ctx, const weft_table *table, infer_lane *lane,
                              const weft_text_input *input)
{
    weft_status st = WEFT_OK;
    const weft_json_texts *t = &lane->texts;
    size_t at = 0;
    const char *why = "bytes that are no UTF-8";
    bool bad = !weft_json_texts_valid(t);
    if (!bad) {
        st = weft_json_infer_record(ctx, lane->infer, (const char *)t->block.data + t->begin, (size_t)t->len,
                                    WEFT_TEXT_SLACK, &bad);
        if (st == WEFT_LIMIT)
            weft_error_prefix(ctx, "file %s, line %lld: ", weft_text_input_file(input)->path,
                              (long long)weft_text_input_line(ctx, input, t->begin));
        WEFT_TRY(st, st);
        why = weft_json_infer_why(lane->infer, &at);
    }
    if (bad && table->options.mode == WEFT_JSON_FAIL)
        WEFT_TRY(st, weft_json_fail_text(ctx, t, input, why, at));
    lane->any_bad |= bad;
done:
    return st;
}

static weft_status infer_piece(weft_ctx *ctx, void *self, int32_t lane_number, int64_t number)
{
    weft_status st = WEFT_OK;
    const infer_pass *pass = self;
    const weft_table *table = pass->table;
    const weft_split *piece = &pass->pieces[number];
    infer_lane *lane = &pass->lanes[lane_number];
    weft_text_input *input = NULL;
    bool end = false;
    WEFT_TRY(st, weft_text_input_open(ctx, &table->base.files[piece->file_index], &table->base.spec,
                                      piece->begin, piece->end, &input));
    weft_json_texts_reset(&lane->texts);
    for (int64_t record = 0;;) {
        WEFT_TRY(st, weft_check_cancel(ctx));
        WEFT_TRY(st, weft_json_texts_load(ctx, &lane->texts, input, &end));
        if (end) break;
        for (; weft_json_texts_next(&lane->texts); lane->records++)
            if (is_sampled(table, number, record++)) WEFT_TRY(st, infer_text(ctx, table, lane, input));
    }
done:
    weft_text_input_close(&input);
    return st;
}

static weft_status lanes_open(weft_ctx *ctx, infer_pass *pass)
{
    weft_status st = WEFT_OK;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, pass->lane_count, &pass->lanes));
    for (int32_t i = 0; i < pass->lane_count; i++) {
        WEFT_TRY(st, weft_json_texts_init(ctx, pass->table, &pass->lanes[i].texts));
        WEFT_TRY(st, weft_json_infer_new(ctx, &pass->table->options, &pass->lanes[i].infer));
    }
done:
    return st;
}

/* All into the first lane. */
static weft_status lanes_merge(weft_ctx *ctx, const infer_pass *pass)
{
    weft_status st = WEFT_OK;
    infer_lane *first = &pass->lanes[0];
    for (int32_t i = 1; i < pass->lane_count; i++) {
        const infer_lane *lane = &pass->lanes[i];
        WEFT_TRY(st, weft_json_infer_merge(ctx, first->infer, lane->infer));
        first->records += lane->records;
        first->any_bad |= lane->any_bad;
    }
done:
    return st;
}

weft_status weft_json_infer_files(weft_ctx *ctx, weft_table *table, weft_schema *out)
{
    weft_status st = WEFT_OK;
    infer_pass pass = {.table = table};
    weft_split *pieces = NULL;
    weft_type type;
    int32_t count = 0;
    const weft_scan_spec all = {0};
    if (table->base.file_count == 0)
        return weft_fail(ctx, WEFT_UNABLE_TO_INFER_SCHEMA,
                         "Unable to infer schema for JSON. It must be specified manually.");
    WEFT_TRY(st, weft_text_table_splits(ctx, &table->base, &all, weft_setting(ctx, WEFT_SET_INFER_PIECE),
                                        NULL, &pieces, &count));
    pass.pieces = pieces;
    pass.lane_count = weft_parallel_lanes(ctx, count);
    WEFT_TRY(st, lanes_open(ctx, &pass));
    const weft_parallel work = {.count = count, .lanes = pass.lane_count, .work = infer_piece, .self = &pass};
    WEFT_TRY(st, weft_parallel_run(ctx, &work));
    WEFT_TRY(st, lanes_merge(ctx, &pass));
    WEFT_TRY(st, weft_json_infer_check_names(ctx, pass.lanes[0].infer));
    table->records_seen = pass.lanes[0].records;
    table->is_regular = !pass.lanes[0].any_bad && table->options.sampling_ratio >= 1 &&
                        weft_json_infer_is_regular(pass.lanes[0].infer);
    const bool corrupt = pass.lanes[0].any_bad && table->options.mode == WEFT_JSON_PERMISSIVE;
    WEFT_TRY(st,
             weft_json_infer_type(ctx, pass.lanes[0].infer, corrupt ? table->options.corrupt : NULL, &type));
    *out = (weft_schema){0};
    if (type.id == WEFT_TYPE_STRUCT) *out = (weft_schema){.count = type.child_count, .fields = type.children};
done:
    for (int32_t i = 0; pass.lanes != NULL && i < pass.lane_count; i++)
        weft_json_infer_free(&pass.lanes[i].infer);
    return st;
}
