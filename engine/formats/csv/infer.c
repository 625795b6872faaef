/* engine/formats/csv/infer.c - names from a header, types from all values, as Spark's CSVInferSchema has
 * them.
 *
 * A column begins as an integer and gives way, value by value, to what also takes the next one: INT, BIGINT,
 * DECIMAL (whole numbers only), DOUBLE, DATE, TIMESTAMP, BOOLEAN, STRING. The files are read in pieces by as
 * many threads as the process has slots; the types of the pieces are merged in the order of the pieces, and a
 * piece is read once more in the few cases in which merging would not give what one pass gives. */
#include <stdlib.h>
#include <strings.h>

#include "common/limits.h"
#include "common/parallel.h"
#include "common/settings.h"
#include "engine/expr/decimal.h"
#include "engine/formats/csv/table.h"

/* ---- names ---- */

typedef struct named {
    const char *name;
    int32_t column;
} named;

static int compare_names(const void *a, const void *b)
{
    const named *x = a, *y = b;
    const int order = strcasecmp(x->name, y->name);
    return order != 0 ? order : x->column - y->column;
}

/* The columns by name, in any case. */
static weft_status sort_names(weft_ctx *ctx, const weft_field *fields, int32_t count, named **out)
{
    weft_status st = WEFT_OK;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, count + 1, out));
    for (int32_t i = 0; i < count; i++) (*out)[i] = (named){fields[i].name, i};
    qsort(*out, (size_t)count, sizeof(**out), compare_names);
done:
    return st;
}

static bool field_text(const weft_csv_options *o, const weft_csv_tokens *t, int32_t i, const char **text,
                       uint32_t *len)
{
    const weft_csv_field f = t->fields.list[i];
    if (f.len == WEFT_CSV_NULL) return false;
    *text = f.len == WEFT_CSV_EMPTY ? o->empty_value : (const char *)t->data + f.begin;
    *len = f.len == WEFT_CSV_EMPTY ? (uint32_t)strlen(o->empty_value) : f.len;
    return *len > 0 && !(*len == strlen(o->null_value) && memcmp(*text, o->null_value, *len) == 0);
}

weft_status weft_csv_names(weft_ctx *ctx, const weft_csv_options *o, const weft_csv_tokens *t,
                           weft_field *fields)
{
    weft_status st = WEFT_OK;
    named *sorted = NULL;
    const char *text = NULL;
    uint32_t len = 0;
    for (int32_t i = 0; i < t->fields.count; i++) {
        char *name = NULL;
        fields[i] = (weft_field){.name = "", .type = WEFT_TYPE_OF(WEFT_TYPE_STRING), .nullable = true};
        if (!o->header || !field_text(o, t, i, &text, &len)) continue;
        WEFT_TRY(st, weft_arena_copy(ctx, ctx->arena, text, len, &name));
        fields[i].name = name;
    }
    WEFT_TRY(st, sort_names(ctx, fields, t->fields.count, &sorted));
    for (int32_t i = 0; i < t->fields.count; i++) {
        const bool twice = (i > 0 && strcasecmp(sorted[i - 1].name, sorted[i].name) == 0) ||
                           (i + 1 < t->fields.count && strcasecmp(sorted[i + 1].name, sorted[i].name) == 0);
        const bool none = sorted[i].name[0] == '\0';
        char *name = NULL;
        if (!none && !twice) continue;
        WEFT_TRY(st, weft_arena_printf(ctx, ctx->arena, &name, none ? "%s_c%d" : "%s%d", sorted[i].name,
                                       sorted[i].column));
        fields[sorted[i].column].name = name;
    }
done:
    return st;
}

/* ---- types ---- */

enum { INT_DIGITS = 10, BIGINT_DIGITS = 20 }; /* of the decimals that hold them */

static weft_type try_boolean(const char *text, uint32_t len)
{
    bool value;
    return WEFT_TYPE_OF(weft_csv_boolean(text, len, &value) ? WEFT_TYPE_BOOLEAN : WEFT_TYPE_STRING);
}

static weft_type try_timestamp(weft_ctx *ctx, weft_csv_values *v, const char *text, uint32_t len)
{
    int64_t us;
    bool good = false;
    if (v->failed == WEFT_OK) v->failed = weft_csv_timestamp(ctx, v, text, len, true, true, &us, &good);
    if (good) return WEFT_TYPE_OF(WEFT_TYPE_TIMESTAMP);
    return try_boolean(text, len);
}

static weft_type try_date(weft_ctx *ctx, weft_csv_values *v, const char *text, uint32_t len)
{
    int32_t days;
    bool good = false;
    if (v->failed == WEFT_OK) v->failed = weft_csv_date(ctx, v, text, len, true, &days, &good);
    if (good) return WEFT_TYPE_OF(WEFT_TYPE_DATE);
    return try_timestamp(ctx, v, text, len);
}

static weft_type try_double(weft_ctx *ctx, weft_csv_values *v, const char *text, uint32_t len)
{
    double value;
    if (weft_csv_double(ctx, v, text, len, &value)) return WEFT_TYPE_OF(WEFT_TYPE_DOUBLE);
    return v->options->prefer_date ? try_date(ctx, v, text, len) : try_timestamp(ctx, v, text, len);
}

/* Whole numbers of more digits than a BIGINT has. */
static weft_type try_decimal(weft_ctx *ctx, weft_csv_values *v, const char *text, uint32_t len)
{
    const int32_t digits = weft_locale_whole_digits(&v->numbers, text, len);
    return digits > 0 ? weft_type_decimal(digits, 0) : try_double(ctx, v, text, len);
}

static weft_type try_integer(weft_ctx *ctx, weft_csv_values *v, const char *text, uint32_t len, bool is_int)
{
    int64_t value;
    if (weft_csv_integer(text, len, INT64_MIN, INT64_MAX, &value))
        return WEFT_TYPE_OF(is_int && value == (int32_t)value ? WEFT_TYPE_INT : WEFT_TYPE_BIGINT);
    return try_decimal(ctx, v, text, len);
}

/* The type that takes both. */
static weft_type both_types(weft_type a, weft_type b)
{
    if (a.id == b.id && a.id != WEFT_TYPE_DECIMAL) return a;
    if (a.id == WEFT_TYPE_NULL) return b;
    const bool moments = (a.id == WEFT_TYPE_DATE || a.id == WEFT_TYPE_TIMESTAMP) &&
                         (b.id == WEFT_TYPE_DATE || b.id == WEFT_TYPE_TIMESTAMP);
    if (moments) return WEFT_TYPE_OF(WEFT_TYPE_TIMESTAMP);
    const bool numbers = weft_type_is_numeric(a) && weft_type_is_numeric(b);
    if (!numbers) return WEFT_TYPE_OF(WEFT_TYPE_STRING);
    if (a.id == WEFT_TYPE_DOUBLE || b.id == WEFT_TYPE_DOUBLE) return WEFT_TYPE_OF(WEFT_TYPE_DOUBLE);
    if (a.id != WEFT_TYPE_DECIMAL && b.id != WEFT_TYPE_DECIMAL) return WEFT_TYPE_OF(WEFT_TYPE_BIGINT);
    const int32_t of_a = a.id == WEFT_TYPE_DECIMAL ? a.precision
                         : a.id == WEFT_TYPE_INT   ? INT_DIGITS
                                                   : BIGINT_DIGITS;
    const int32_t of_b = b.id == WEFT_TYPE_DECIMAL ? b.precision
                         : b.id == WEFT_TYPE_INT   ? INT_DIGITS
                                                   : BIGINT_DIGITS;
    return weft_type_decimal(weft_max_i32(of_a, of_b), 0);
}

static weft_type infer_value(weft_ctx *ctx, weft_csv_values *v, weft_type sofar, const char *text,
                             uint32_t len)
{
    weft_type found = WEFT_TYPE_OF(WEFT_TYPE_STRING);
    switch ((weft_type_id)sofar.id) {
    case WEFT_TYPE_NULL:
    case WEFT_TYPE_INT: found = try_integer(ctx, v, text, len, true); break;
    case WEFT_TYPE_BIGINT: found = try_integer(ctx, v, text, len, false); break;
    case WEFT_TYPE_DECIMAL: found = try_decimal(ctx, v, text, len); break;
    case WEFT_TYPE_DOUBLE: found = try_double(ctx, v, text, len); break;
    case WEFT_TYPE_DATE: found = try_date(ctx, v, text, len); break;
    case WEFT_TYPE_TIMESTAMP: found = try_timestamp(ctx, v, text, len); break;
    case WEFT_TYPE_BOOLEAN: found = try_boolean(text, len); break;
    case WEFT_TYPE_TINYINT:
    case WEFT_TYPE_SMALLINT:
    case WEFT_TYPE_FLOAT:
    case WEFT_TYPE_STRING:
    case WEFT_TYPE_BINARY:
    case WEFT_TYPE_TIMESTAMP_NTZ:
    case WEFT_TYPE_TIMESTAMP_NS:
    case WEFT_TYPE_TIMESTAMP_NTZ_NS:
    case WEFT_TYPE_TIME:
    case WEFT_TYPE_INTERVAL_YM:
    case WEFT_TYPE_INTERVAL_DT:
    case WEFT_TYPE_INTERVAL:
    case WEFT_TYPE_ARRAY:
    case WEFT_TYPE_STRUCT:
    case WEFT_TYPE_MAP:
    case WEFT_TYPE_VARIANT:
    case WEFT_TYPE_GEOMETRY:
    case WEFT_TYPE_GEOGRAPHY:
    case WEFT_TYPE_COUNT: break;
    }
    return both_types(sofar, found);
}

/* ---- files ---- */

typedef struct column_state {
    weft_type type;
    bool was_date; /* before it became a TIMESTAMP */
    bool again;    /* the piece is read once more for it */
} column_state;

static void infer_record(weft_ctx *ctx, weft_csv_values *v, const weft_csv_tokens *t, int32_t columns,
                         column_state *states)
{
    const char *text = NULL;
    uint32_t len = 0;
    const int32_t count = weft_min_i32(columns, t->fields.count);
    for (int32_t i = 0; i < count; i++) {
        column_state *s = &states[i];
        if (s->type.id == WEFT_TYPE_STRING || !weft_csv_text(v, t->data, t->fields.list[i], &text, &len) ||
            len == 0)
            continue;
        s->was_date |= s->type.id == WEFT_TYPE_DATE;
        s->type = infer_value(ctx, v, s->type, text, len);
    }
}

typedef struct infer_lane {
    weft_csv_values values;
    column_state *states; /* [columns] of the piece at work */
    int64_t rows;
} infer_lane;

typedef struct infer_pass {
    const weft_table *table;
    int32_t columns;
    const weft_split *pieces;
    infer_lane *lanes;
    int32_t lane_count;
    column_state *states; /* [columns] of all pieces that are finished */
} infer_pass;

/* Is the n-th record of a piece among those that samplingRatio takes? The same ones every time. */
static bool is_sampled(double ratio, int64_t piece, int64_t n)
{
    return ratio >= 1 || (double)(weft_hash_u64((uint64_t)piece << 32 ^ (uint64_t)n) >> 11) * 0x1p-53 < ratio;
}

/* Take the piece's records into the lane's states. *records: how many it has. */
static weft_status read_piece(weft_ctx *ctx, const infer_pass *pass, infer_lane *lane, int64_t number,
                              int64_t *records)
{
    weft_status st = WEFT_OK;
    const weft_csv_options *o = &pass->table->options;
    const weft_split *piece = &pass->pieces[number];
    weft_csv_pass records_of = {0};
    bool got = true, is_header = o->header && piece->begin == 0;
    *records = 0;
    WEFT_TRY(st, weft_csv_pass_open(ctx, &pass->table->base.files[piece->file_index], o, &o->spec,
                                    piece->begin, piece->end, &records_of));
    for (;;) {
        if (records_of.tokens.at == records_of.tokens.len) WEFT_TRY(st, weft_check_cancel(ctx));
        WEFT_TRY(st, weft_csv_pass_next(ctx, &records_of, &got));
        if (!got) break;
        if (!is_header && is_sampled(o->sampling_ratio, number, (*records)++))
            infer_record(ctx, &lane->values, &records_of.tokens, pass->columns, lane->states);
        WEFT_TRY(st, lane->values.failed);
        is_header = false;
    }
done:
    weft_csv_pass_close(&records_of);
    return st;
}

static weft_status infer_piece(weft_ctx *ctx, void *self, int32_t lane_number, int64_t number)
{
    weft_status st = WEFT_OK;
    const infer_pass *pass = self;
    infer_lane *lane = &pass->lanes[lane_number];
    int64_t records = 0;
    memset(lane->states, 0, (size_t)pass->columns * sizeof *lane->states);
    WEFT_TRY(st, read_piece(ctx, pass, lane, number, &records));
    lane->rows += records;
done:
    return st;
}

/* Could a column's type be another one had its piece been read from the type of those before it on? A text
 * may be a number where nothing came before and a date or timestamp behind dates; by patterns a date need be
 * no timestamp; and a decimal of few digits stays one where an INT would widen it. */
static bool must_read_again(const weft_csv_options *o, column_state before, column_state piece)
{
    const weft_type a = before.type, b = piece.type;
    const bool patterns = o->date_format != NULL || o->timestamp_format != NULL;
    const bool is_moment = b.id == WEFT_TYPE_DATE || b.id == WEFT_TYPE_TIMESTAMP;
    if (b.id == WEFT_TYPE_NULL) return false;
    switch ((weft_type_id)a.id) {
    case WEFT_TYPE_DATE: return !is_moment;
    case WEFT_TYPE_TIMESTAMP: return !is_moment || (patterns && (b.id == WEFT_TYPE_DATE || piece.was_date));
    case WEFT_TYPE_DECIMAL:
        return a.precision < BIGINT_DIGITS &&
               (b.id == WEFT_TYPE_INT || b.id == WEFT_TYPE_BIGINT || b.id == WEFT_TYPE_DECIMAL);
    case WEFT_TYPE_NULL:
    case WEFT_TYPE_BOOLEAN:
    case WEFT_TYPE_TINYINT:
    case WEFT_TYPE_SMALLINT:
    case WEFT_TYPE_INT:
    case WEFT_TYPE_BIGINT:
    case WEFT_TYPE_FLOAT:
    case WEFT_TYPE_DOUBLE:
    case WEFT_TYPE_STRING:
    case WEFT_TYPE_BINARY:
    case WEFT_TYPE_TIMESTAMP_NTZ:
    case WEFT_TYPE_TIMESTAMP_NS:
    case WEFT_TYPE_TIMESTAMP_NTZ_NS:
    case WEFT_TYPE_TIME:
    case WEFT_TYPE_INTERVAL_YM:
    case WEFT_TYPE_INTERVAL_DT:
    case WEFT_TYPE_INTERVAL:
    case WEFT_TYPE_ARRAY:
    case WEFT_TYPE_STRUCT:
    case WEFT_TYPE_MAP:
    case WEFT_TYPE_VARIANT:
    case WEFT_TYPE_GEOMETRY:
    case WEFT_TYPE_GEOGRAPHY:
    case WEFT_TYPE_COUNT: break;
    }
    return false;
}

/* The types of all pieces so far: what one pass through all of them would have. */
static weft_status finish_piece(weft_ctx *ctx, void *self, int32_t lane_number, int64_t number)
{
    weft_status st = WEFT_OK;
    const infer_pass *pass = self;
    infer_lane *lane = &pass->lanes[lane_number];
    const weft_type done_with = WEFT_TYPE_OF(WEFT_TYPE_STRING);
    bool any_again = false;
    int64_t records = 0;
    for (int32_t i = 0; i < pass->columns; i++) {
        column_state *all = &pass->states[i], *piece = &lane->states[i];
        const bool again = must_read_again(&pass->table->options, *all, *piece);
        if (!again && piece->type.id != WEFT_TYPE_NULL) all->type = both_types(all->type, piece->type);
        *piece = (column_state){.type = again ? all->type : done_with, .again = again};
        any_again |= again;
    }
    if (any_again) WEFT_TRY(st, read_piece(ctx, pass, lane, number, &records));
    for (int32_t i = 0; i < pass->columns && any_again; i++)
        if (lane->states[i].again) pass->states[i].type = lane->states[i].type;
done:
    return st;
}

static weft_status lanes_open(weft_ctx *ctx, infer_pass *pass)
{
    weft_status st = WEFT_OK;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, pass->columns + 1, &pass->states));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, pass->lane_count, &pass->lanes));
    for (int32_t i = 0; i < pass->lane_count; i++) {
        WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, pass->columns + 1, &pass->lanes[i].states));
        WEFT_TRY(st, weft_csv_values_init(ctx, &pass->table->options, &pass->lanes[i].values));
    }
done:
    return st;
}

static weft_status infer_types(weft_ctx *ctx, weft_table *table, weft_schema *schema)
{
    weft_status st = WEFT_OK;
    infer_pass pass = {.table = table, .columns = schema->count};
    weft_split *pieces = NULL;
    int32_t count = 0;
    const weft_scan_spec all = {0};
    weft_table files = *table;
    files.base.whole_files |= table->options.multi_line; /* finding where it can be cut takes a pass itself */
    WEFT_TRY(st, weft_text_table_splits(ctx, &files.base, &all, weft_setting(ctx, WEFT_SET_INFER_PIECE),
                                        table->options.header ? weft_csv_cuts : NULL, &pieces, &count));
    pass.pieces = pieces;
    pass.lane_count = weft_parallel_lanes(ctx, count);
    WEFT_TRY(st, lanes_open(ctx, &pass));
    const weft_parallel work = {
        .count = count, .lanes = pass.lane_count, .work = infer_piece, .finish = finish_piece, .self = &pass};
    WEFT_TRY(st, weft_parallel_run(ctx, &work));
    table->rows_seen = 0;
    for (int32_t i = 0; i < pass.lane_count; i++) table->rows_seen += pass.lanes[i].rows;
    weft_field *fields = (weft_field *)(uintptr_t)schema->fields;
    for (int32_t i = 0; i < schema->count; i++)
        if (pass.states[i].type.id != WEFT_TYPE_NULL) fields[i].type = pass.states[i].type;
done:
    for (int32_t i = 0; pass.lanes != NULL && i < pass.lane_count; i++)
        weft_csv_values_deinit(&pass.lanes[i].values);
    return st;
}

/* The first record of the first file that has one. */
static weft_status infer_names(weft_ctx *ctx, const weft_table *table, weft_schema *out)
{
    weft_status st = WEFT_OK;
    const weft_csv_options *o = &table->options;
    const weft_file_info *files = table->base.files;
    const int32_t file_count = table->base.file_count;
    weft_csv_pass pass = {0};
    weft_field *fields = NULL;
    bool got = false;
    for (int32_t f = 0; f < file_count && !got; f++) {
        weft_csv_pass_close(&pass);
        WEFT_TRY(st, weft_csv_pass_open(ctx, &files[f], o, &o->spec, 0, INT64_MAX, &pass));
        WEFT_TRY(st, weft_csv_pass_next(ctx, &pass, &got));
    }
    if (!got) {
        st = weft_fail(
            ctx, WEFT_UNABLE_TO_INFER_SCHEMA,
            "Unable to infer schema for CSV. It must be specified manually: there is no record in %d "
            "files.",
            file_count);
        goto done;
    }
    const int32_t count = pass.tokens.fields.count;
    if (count > WEFT_COLUMNS_MAX) {
        st = weft_fail(ctx, WEFT_LIMIT, "file %s has %d columns, more than %d",
                       weft_text_input_file(pass.input)->path, count, (int)WEFT_COLUMNS_MAX);
        goto done;
    }
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, count + 1, &fields));
    WEFT_TRY(st, weft_csv_names(ctx, o, &pass.tokens, fields));
    *out = (weft_schema){.count = count, .fields = fields};
done:
    weft_csv_pass_close(&pass);
    return st;
}

weft_status weft_csv_infer(weft_ctx *ctx, weft_table *table, weft_schema *out)
{
    weft_status st = WEFT_OK;
    WEFT_TRY(st, infer_names(ctx, table, out));
    if (table->options.infer) WEFT_TRY(st, infer_types(ctx, table, out));
done:
    return st;
}
