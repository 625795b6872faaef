/* engine/expr/csv_grammar.c - see csv_grammar.h. Facts: Spark's CSVOptions and CSVExprUtils. */
#include "engine/expr/csv_grammar.h"

#include <string.h>
#include <strings.h>

#include "engine/expr/option_value.h"

/* \t and the like as one character, as Spark reads separators; others as they stand. */
static weft_status read_delimiter(weft_ctx *ctx, const char *value, weft_csv_grammar *g)
{
    static const char letters[] = "trbf\\'\"", means[] = "\t\r\b\f\\'\"";
    int32_t n = 0;
    for (const char *at = value; *at != '\0'; at++) {
        char byte = *at;
        const char *letter = byte == '\\' && at[1] != '\0' ? strchr(letters, at[1]) : NULL;
        if (letter != NULL) {
            byte = means[letter - letters];
            at++;
        } else if (byte == '\\' && at[1] == '\0') {
            return weft_fail(ctx, WEFT_CONFIG, "Delimiter cannot end with a single backslash: %s", value);
        } else if (byte == '\\') {
            return weft_fail(
                ctx, WEFT_DELIMITER_ESCAPE,
                "Invalid value for delimiter. Unsupported special character for delimiter: %.2s.", at);
        }
        if (n == WEFT_CSV_DELIMITER_MAX)
            return weft_fail(ctx, WEFT_CONFIG, "option sep: \"%s\" has more than %d bytes", value,
                             (int)WEFT_CSV_DELIMITER_MAX);
        g->delimiter[n++] = byte;
    }
    if (n == 0) return weft_fail(ctx, WEFT_CONFIG, "Delimiter cannot be empty string");
    g->delimiter_len = n;
    return WEFT_OK;
}

static weft_status read_unescaped(weft_ctx *ctx, const char *value, weft_csv_unescaped *out)
{
    static const char *const words[] = {"STOP_AT_DELIMITER", "STOP_AT_CLOSING_QUOTE", "BACK_TO_DELIMITER",
                                        "SKIP_VALUE", "RAISE_ERROR"};
    for (int32_t i = 0; i < WEFT_COUNT(words); i++) {
        if (strcasecmp(words[i], value) != 0) continue;
        *out = (weft_csv_unescaped)i;
        return WEFT_OK;
    }
    return weft_fail(ctx, WEFT_CONFIG, "option unescapedQuoteHandling cannot be \"%s\"", value);
}

weft_status weft_csv_grammar_set(weft_ctx *ctx, weft_csv_grammar *g, const char *key, const char *value,
                                 bool *known)
{
    *known = true;
    if (strcasecmp(key, "sep") == 0 || strcasecmp(key, "delimiter") == 0)
        return read_delimiter(ctx, value, g);
    if (strcasecmp(key, "quote") == 0) return weft_option_character(ctx, key, value, &g->quote);
    if (strcasecmp(key, "escape") == 0) return weft_option_character(ctx, key, value, &g->escape);
    if (strcasecmp(key, "comment") == 0) return weft_option_character(ctx, key, value, &g->comment);
    if (strcasecmp(key, "charToEscapeQuoteEscaping") == 0)
        return weft_option_character(ctx, key, value, &g->escape_escape);
    if (strcasecmp(key, "ignoreLeadingWhiteSpace") == 0)
        return weft_option_flag(ctx, key, value, &g->trim_left);
    if (strcasecmp(key, "ignoreTrailingWhiteSpace") == 0)
        return weft_option_flag(ctx, key, value, &g->trim_right);
    if (strcasecmp(key, "unescapedQuoteHandling") == 0) return read_unescaped(ctx, value, &g->unescaped);
    if (strcasecmp(key, "maxColumns") == 0)
        return weft_option_number(ctx, key, value, 1, WEFT_CSV_COLUMNS_MAX, &g->columns_max);
    if (strcasecmp(key, "maxCharsPerColumn") == 0)
        return weft_option_number(ctx, key, value, -1, INT32_MAX, &g->characters_max);
    *known = false;
    return WEFT_OK;
}

weft_status weft_csv_grammar_finish(weft_ctx *ctx, weft_csv_grammar *g)
{
    if (g->escape_escape == 0) g->escape_escape = g->escape == g->quote ? 0 : g->escape;
    g->has_wide = (g->quote | g->escape | g->escape_escape | g->comment) >= 0x80;
    if (g->quote != 0 &&
        weft_csv_match(g->quote, g->delimiter, (size_t)g->delimiter_len) == (uint32_t)g->delimiter_len)
        return weft_fail(ctx, WEFT_CONFIG, "the delimiter and the quote cannot be the same character");
    return WEFT_OK;
}
