/* engine/expr/csv_record.c - see csv_record.h. */
#include "engine/expr/csv_record.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

#include "common/mem.h"
#include "engine/expr/option_value.h"

const weft_csv_rules weft_csv_rule_defaults = {.shared = {.corrupt = "_corrupt_record"},
                                               .grammar = WEFT_CSV_GRAMMAR,
                                               .trim_left_write = true,
                                               .trim_right_write = true,
                                               .escape_quotes = true,
                                               .prefers_date = true,
                                               .null_value = "",
                                               .empty_value = "",
                                               .empty_written = "\"\"",
                                               .line_end = "\n",
                                               .nan_value = "NaN",
                                               .positive_inf = "Inf",
                                               .negative_inf = "-Inf"};

/* Options that only files make use of: a value that is none is an error here, too. */
static weft_status check_flag(weft_ctx *ctx, const char *key, const char *value)
{
    static const char *const keys[] = {"header", "inferSchema", "enforceSchema", "columnPruning"};
    bool ignored;
    for (int32_t i = 0; i < WEFT_COUNT(keys); i++)
        if (strcasecmp(key, keys[i]) == 0) return weft_option_flag(ctx, key, value, &ignored);
    return WEFT_OK;
}

static bool set_text(weft_csv_rules *rules, const char *key, const char *value)
{
    const struct {
        const char *key, **text;
    } texts[] = {{"nullValue", &rules->null_value},     {"nanValue", &rules->nan_value},
                 {"positiveInf", &rules->positive_inf}, {"negativeInf", &rules->negative_inf},
                 {"emptyValue", &rules->empty_value},   {"lineSep", &rules->line_end}};
    for (int32_t i = 0; i < WEFT_COUNT(texts); i++) {
        if (strcasecmp(key, texts[i].key) != 0) continue;
        *texts[i].text = value;
        if (texts[i].text == &rules->empty_value) rules->empty_written = value;
        return true;
    }
    return false;
}

weft_status weft_csv_rule_set(weft_ctx *ctx, weft_csv_rules *rules, const char *key, const char *value)
{
    weft_status st = WEFT_OK;
    bool known = false;
    WEFT_TRY(st, weft_json_option_set(ctx, &rules->shared, key, value, &known));
    if (known || set_text(rules, key, value)) goto done;
    WEFT_TRY(st, weft_csv_grammar_set(ctx, &rules->grammar, key, value, &known));
    if (strcasecmp(key, "ignoreLeadingWhiteSpace") == 0) {
        rules->trim_left_write = rules->grammar.trim_left;
    } else if (strcasecmp(key, "ignoreTrailingWhiteSpace") == 0) {
        rules->trim_right_write = rules->grammar.trim_right;
    } else if (strcasecmp(key, "quoteAll") == 0) {
        WEFT_TRY(st, weft_option_flag(ctx, key, value, &rules->quote_all));
    } else if (strcasecmp(key, "escapeQuotes") == 0) {
        WEFT_TRY(st, weft_option_flag(ctx, key, value, &rules->escape_quotes));
    } else if (strcasecmp(key, "preferDate") == 0) {
        WEFT_TRY(st, weft_option_flag(ctx, key, value, &rules->prefers_date));
    } else {
        WEFT_TRY(st, check_flag(ctx, key, value));
    }
done:
    return st;
}

/* ---- reading ---- */

weft_status weft_csv_record_init(weft_ctx *ctx, const weft_csv_rules *rules, weft_csv_record *record)
{
    record->grammar = rules->grammar;
    record->null_value = rules->null_value;
    record->empty_value = rules->empty_value;
    return weft_csv_grammar_finish(ctx, &record->grammar);
}

void weft_csv_record_free(weft_csv_record *record)
{
    weft_mem_free(record->fields.list);
    weft_mem_free(record->values);
}

weft_status weft_csv_record_read(weft_ctx *ctx, weft_csv_record *record, const char *text, uint32_t len)
{
    weft_status st = WEFT_OK;
    const weft_csv_grammar *g = &record->grammar;
    weft_csv_end end;
    record->fields.count = 0;
    if (len == 0 || weft_csv_match(g->comment, text, len) > 0) return WEFT_OK;
    const size_t room = (size_t)len + WEFT_CSV_VALUES_MORE;
    if (record->room < room) {
        void *values = record->values;
        WEFT_TRY(st, weft_mem_resize(ctx, WEFT_MEM_WORKING, room, &values));
        record->values = values;
        record->room = room;
    }
    const weft_csv_source whole = {
        .grammar = g, .data = (const uint8_t *)text, .stop = len, .is_end = true, .ends = WEFT_CSV_ENDS_NONE};
    st = weft_csv_machine(ctx, &whole, &record->fields, record->values, &end);
    if (st == WEFT_OK) st = weft_csv_check_lengths(ctx, g->characters_max, &record->fields, record->values);
    if (st == WEFT_LIMIT || st == WEFT_MALFORMED_RECORD)
        st = weft_fail(ctx, WEFT_MALFORMED_CSV, "Malformed CSV record: %.*s", (int)weft_min_i64(len, 1000),
                       text);
done:
    return st;
}

weft_csv_part weft_csv_record_part(const weft_csv_record *record, int32_t i)
{
    const weft_csv_field f = record->fields.list[i];
    weft_csv_part part = {
        .text = (const char *)record->values + f.begin, .len = f.len, .is_null = f.len == WEFT_CSV_NULL};
    if (part.is_null) return part;
    if (f.len == WEFT_CSV_EMPTY) {
        part.text = record->empty_value;
        part.len = (uint32_t)strlen(part.text);
    }
    part.is_null = part.len == strlen(record->null_value) &&
                   memcmp(part.text, record->null_value, part.len) == 0;
    return part;
}
