/* engine/expr/csv_record.c - see csv_record.h. */
#include "engine/expr/csv_record.h"

#include <string.h>
#include <strings.h>

const weft_csv_rules weft_csv_rule_defaults = {.shared = {.corrupt = "_corrupt_record"},
                                               .separator = ",",
                                               .quote = '"',
                                               .escape = '\\',
                                               .trim_left_write = true,
                                               .trim_right_write = true,
                                               .escape_quotes = true,
                                               .prefers_date = true,
                                               .null_value = "",
                                               .empty_value = "",
                                               .empty_written = "\"\"",
                                               .nan_value = "NaN",
                                               .positive_inf = "Inf",
                                               .negative_inf = "-Inf"};

static weft_status read_flag(weft_ctx *ctx, const char *key, const char *value, bool *out)
{
    *out = strcasecmp(value, "true") == 0;
    if (*out || strcasecmp(value, "false") == 0) return WEFT_OK;
    return weft_fail(ctx, WEFT_CONFIG, "option %s must be true or false, not \"%s\"", key, value);
}

static weft_status read_character(weft_ctx *ctx, const char *key, const char *value, char *out)
{
    *out = value[0];
    if (strlen(value) <= 1 && (unsigned char)*out < 0x80) return WEFT_OK;
    return weft_fail(ctx, WEFT_CONFIG, "option %s must be one ASCII character, or empty, not \"%s\"", key,
                     value);
}

/* Options that only files make use of: a value that is none is an error here, too. */
static weft_status check_flag(weft_ctx *ctx, const char *key, const char *value)
{
    static const char *const keys[] = {"header", "inferSchema", "enforceSchema", "columnPruning"};
    bool ignored;
    for (int32_t i = 0; i < WEFT_COUNT(keys); i++)
        if (strcasecmp(key, keys[i]) == 0) return read_flag(ctx, key, value, &ignored);
    return WEFT_OK;
}

weft_status weft_csv_rule_set(weft_ctx *ctx, weft_csv_rules *rules, const char *key, const char *value)
{
    weft_status st = WEFT_OK;
    bool known = false;
    WEFT_TRY(st, weft_json_option_set(ctx, &rules->shared, key, value, &known));
    if (strcasecmp(key, "sep") == 0 || strcasecmp(key, "delimiter") == 0) {
        if (value[0] == 0) return weft_fail(ctx, WEFT_CONFIG, "option %s must not be empty", key);
        rules->separator = strcmp(value, "\\t") == 0 ? "\t" : value;
    } else if (strcasecmp(key, "quote") == 0) {
        WEFT_TRY(st, read_character(ctx, key, value, &rules->quote));
    } else if (strcasecmp(key, "escape") == 0) {
        WEFT_TRY(st, read_character(ctx, key, value, &rules->escape));
    } else if (strcasecmp(key, "comment") == 0) {
        WEFT_TRY(st, read_character(ctx, key, value, &rules->comment));
    } else if (strcasecmp(key, "nullValue") == 0) {
        rules->null_value = value;
    } else if (strcasecmp(key, "nanValue") == 0) {
        rules->nan_value = value;
    } else if (strcasecmp(key, "positiveInf") == 0) {
        rules->positive_inf = value;
    } else if (strcasecmp(key, "negativeInf") == 0) {
        rules->negative_inf = value;
    } else if (strcasecmp(key, "emptyValue") == 0) {
        rules->empty_value = rules->empty_written = value;
    } else if (strcasecmp(key, "ignoreLeadingWhiteSpace") == 0) {
        WEFT_TRY(st, read_flag(ctx, key, value, &rules->trim_left));
        rules->trim_left_write = rules->trim_left;
    } else if (strcasecmp(key, "ignoreTrailingWhiteSpace") == 0) {
        WEFT_TRY(st, read_flag(ctx, key, value, &rules->trim_right));
        rules->trim_right_write = rules->trim_right;
    } else if (strcasecmp(key, "quoteAll") == 0) {
        WEFT_TRY(st, read_flag(ctx, key, value, &rules->quote_all));
    } else if (strcasecmp(key, "escapeQuotes") == 0) {
        WEFT_TRY(st, read_flag(ctx, key, value, &rules->escape_quotes));
    } else if (strcasecmp(key, "preferDate") == 0) {
        WEFT_TRY(st, read_flag(ctx, key, value, &rules->prefers_date));
    } else {
        st = check_flag(ctx, key, value);
    }
done:
    return st;
}

void weft_csv_record_free(weft_csv_record *record)
{
    weft_text_release(&record->bytes);
    weft_text_release(&record->parts);
}

/* ---- reading ---- */

typedef struct csv_reader {
    weft_ctx *ctx;
    const weft_csv_rules *rules;
    size_t separator_len;
    const char *at, *end;
    weft_csv_record *out;
} csv_reader;

static bool is_space(char c) { return (unsigned char)c <= ' '; }

static bool at_separator(const csv_reader *r, const char *at)
{
    return (size_t)(r->end - at) >= r->separator_len &&
           memcmp(at, r->rules->separator, r->separator_len) == 0;
}

static weft_status add_part(csv_reader *r, const char *text, size_t len, bool quoted)
{
    weft_status st = WEFT_OK;
    const weft_csv_rules *rules = r->rules;
    if (len == 0 && quoted) {
        text = rules->empty_value;
        len = strlen(text);
    }
    const bool is_null = (len == 0 && !quoted) ||
                         (len == strlen(rules->null_value) && memcmp(text, rules->null_value, len) == 0);
    const weft_csv_part part = {.from = r->out->bytes.len, .len = len, .is_null = is_null};
    WEFT_TRY(st, weft_text_append(r->ctx, &r->out->bytes, text, len));
    WEFT_TRY(st, weft_text_append(r->ctx, &r->out->parts, (const char *)&part, sizeof part));
done:
    return st;
}

/* A value without quotes, as it stands up to the next separator. */
static weft_status read_plain(csv_reader *r, const char *begin)
{
    const char *stop = r->at;
    while (stop < r->end && !at_separator(r, stop)) stop++;
    r->at = stop;
    while (r->rules->trim_right && stop > begin && is_space(stop[-1])) stop--;
    return add_part(r, begin, (size_t)(stop - begin), false);
}

/* A value that begins with a quote, which is at r->at. One whose closing quote is followed by something else
 * than a separator is taken as it stands, quotes and all. */
static weft_status read_quoted(csv_reader *r)
{
    weft_status st = WEFT_OK;
    const weft_csv_rules *rules = r->rules;
    const char *begin = r->at, *p = r->at + 1;
    weft_text value = {0};
    for (; p < r->end; p++) {
        const bool escaped =
            rules->escape != 0 && *p == rules->escape && p + 1 < r->end &&
            (p[1] == rules->quote || (p[1] == rules->escape && rules->escape != rules->quote));
        if (escaped) p++;
        if (!escaped && *p == rules->quote) break;
        WEFT_TRY(st, weft_text_append(r->ctx, &value, p, 1));
    }
    const char *behind = p < r->end ? p + 1 : p;
    while (behind < r->end && is_space(*behind) && !at_separator(r, behind)) behind++;
    if (p < r->end && (behind == r->end || at_separator(r, behind))) {
        r->at = behind;
        WEFT_TRY(st, add_part(r, value.bytes, value.len, true));
    } else {
        r->at = p;
        WEFT_TRY(st, read_plain(r, begin));
    }
done:
    weft_text_release(&value);
    return st;
}

weft_status weft_csv_record_read(weft_ctx *ctx, const weft_csv_rules *rules, const char *text, size_t len,
                                 weft_csv_record *out)
{
    weft_status st = WEFT_OK;
    csv_reader r = {.ctx = ctx,
                    .rules = rules,
                    .separator_len = strlen(rules->separator),
                    .at = text,
                    .end = text + len,
                    .out = out};
    out->bytes.len = out->parts.len = 0;
    if (len == 0 || (rules->comment != 0 && text[0] == rules->comment)) return WEFT_OK;
    for (;;) {
        const char *begin = r.at;
        while (begin < r.end && is_space(*begin) && !at_separator(&r, begin)) begin++;
        const bool quoted = rules->quote != 0 && begin < r.end && *begin == rules->quote;
        if (quoted || rules->trim_left) r.at = begin;
        WEFT_TRY(st, quoted ? read_quoted(&r) : read_plain(&r, r.at));
        if (r.at >= r.end) break;
        r.at += r.separator_len;
    }
done:
    return st;
}

/* ---- writing ---- */

static bool must_quote(const weft_csv_rules *rules, bool next, const char *text, size_t len)
{
    if (rules->quote == 0 || len == 0) return false;
    if (rules->quote_all || text[0] == rules->quote) return true;
    if (!next && rules->comment != 0 && text[0] == rules->comment) return true;
    for (size_t i = 0; i < len; i++) {
        if (text[i] == '\n' || text[i] == '\r' || (rules->escape_quotes && text[i] == rules->quote))
            return true;
    }
    return memmem(text, len, rules->separator, strlen(rules->separator)) != NULL;
}

weft_status weft_csv_record_put(weft_ctx *ctx, const weft_csv_rules *rules, bool next, const char *text,
                                size_t len, weft_text *out)
{
    weft_status st = WEFT_OK;
    if (next) WEFT_TRY(st, weft_text_append(ctx, out, rules->separator, strlen(rules->separator)));
    if (text == NULL) return weft_text_append(ctx, out, rules->null_value, strlen(rules->null_value));
    while (rules->trim_left_write && len > 0 && is_space(text[0])) text++, len--;
    while (rules->trim_right_write && len > 0 && is_space(text[len - 1])) len--;
    if (len == 0) return weft_text_append(ctx, out, rules->empty_written, strlen(rules->empty_written));
    if (!must_quote(rules, next, text, len)) return weft_text_append(ctx, out, text, len);
    WEFT_TRY(st, weft_text_append(ctx, out, &rules->quote, 1));
    for (size_t i = 0; i < len; i++) {
        const bool escape = rules->escape != 0 && (text[i] == rules->quote || text[i] == rules->escape);
        if (escape) WEFT_TRY(st, weft_text_append(ctx, out, &rules->escape, 1));
        WEFT_TRY(st, weft_text_append(ctx, out, text + i, 1));
    }
    WEFT_TRY(st, weft_text_append(ctx, out, &rules->quote, 1));
done:
    return st;
}
