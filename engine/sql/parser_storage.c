/* engine/sql/parser_storage.c - ROW FORMAT and STORED AS, which say how Hive stores rows.
 *
 * They are read whole, so that what is wrong in them is told: which of them go together is the same for
 * tables and for directories. What they describe belongs to Hive, whose catalogue is none of Weft's. */
#include <string.h>
#include <strings.h>

#include "engine/sql/parser_internal.h"

weft_status weft_sql_needs_hive(sql_parser *p, const weft_span *start, const char *what)
{
    return weft_fail_at(p->ctx, WEFT_WITHOUT_HIVE, start,
                        "%s is not supported, if you want to enable it, please set "
                        "\"spark.sql.catalogImplementation\" to \"hive\".",
                        what);
}

/* words 'text', where the first of the words stands here. */
static weft_status parse_delimiter(sql_parser *p, const char *const *words, const char **out)
{
    weft_status st = WEFT_OK;
    size_t len = 0;
    if (!weft_sql_accept_text(p, words[0])) return WEFT_OK;
    for (int32_t i = 1; words[i] != NULL; i++)
        if (!weft_sql_accept_text(p, words[i])) WEFT_TRY(st, weft_sql_syntax_error(p, words[i]));
    WEFT_TRY(st, weft_sql_string(p, "a string", out, &len));
done:
    return st;
}

/* The clauses of ROW FORMAT DELIMITED, in this order. */
static weft_status parse_delimited(sql_parser *p, const weft_span *start, sql_storage *out)
{
    static const char *const clauses[][5] = {{"FIELDS", "TERMINATED", "BY"},
                                             {"ESCAPED", "BY"},
                                             {"COLLECTION", "ITEMS", "TERMINATED", "BY"},
                                             {"MAP", "KEYS", "TERMINATED", "BY"},
                                             {"LINES", "TERMINATED", "BY"},
                                             {"NULL", "DEFINED", "AS"}};
    weft_status st = WEFT_OK;
    const char *texts[WEFT_COUNT(clauses)] = {NULL};
    for (int32_t i = 0; i < WEFT_COUNT(clauses); i++) {
        if (i == 1 && texts[0] == NULL) continue; /* ESCAPED BY belongs to FIELDS TERMINATED BY */
        WEFT_TRY(st, parse_delimiter(p, clauses[i], &texts[i]));
    }
    out->field_separator = texts[0];
    out->null_text = texts[5];
    if (texts[4] != NULL && strcmp(texts[4], "\n") != 0)
        st = weft_fail_at(
            p->ctx, WEFT_LINES_TERMINATED, start,
            "Invalid SQL syntax: LINES TERMINATED BY only supports newline '\\n' right now: %s.", texts[4]);
done:
    return st;
}

weft_status weft_sql_row_format(sql_parser *p, sql_storage *out)
{
    weft_status st = WEFT_OK;
    const weft_span start = weft_sql_peek(p, 0)->span;
    const char *class_name = NULL;
    weft_pointers properties = {0};
    size_t len = 0;
    weft_sql_advance(p);
    if (!weft_sql_accept_text(p, "FORMAT")) WEFT_TRY(st, weft_sql_syntax_error(p, "FORMAT"));
    if (weft_sql_accept_text(p, "DELIMITED")) {
        out->delimited = true;
        WEFT_TRY(st, parse_delimited(p, &start, out));
        goto done;
    }
    if (!weft_sql_accept_text(p, "SERDE")) WEFT_TRY(st, weft_sql_syntax_error(p, "SERDE or DELIMITED"));
    out->serde = true;
    WEFT_TRY(st, weft_sql_string(p, "the name of a class", &class_name, &len));
    if (sql_word(p, SQL_KW_WITH) && weft_sql_is_text(p, 1, "SERDEPROPERTIES")) {
        weft_sql_advance(p);
        weft_sql_advance(p);
        WEFT_TRY(st, weft_sql_options(p, &properties));
    }
done:
    return st;
}

/* At STORED. */
static weft_status parse_stored(sql_parser *p, sql_storage *out)
{
    weft_status st = WEFT_OK;
    const weft_span start = weft_sql_peek(p, 0)->span;
    const char *class_name = NULL;
    size_t len = 0;
    weft_sql_advance(p);
    if (weft_sql_accept_word(p, SQL_KW_BY)) return weft_sql_invalid_statement(p, &start, "STORED BY");
    WEFT_TRY(st, weft_sql_expect_word(p, SQL_KW_AS));
    if (weft_sql_accept_text(p, "INPUTFORMAT")) {
        WEFT_TRY(st, weft_sql_string(p, "the name of a class", &class_name, &len));
        if (!weft_sql_accept_text(p, "OUTPUTFORMAT")) WEFT_TRY(st, weft_sql_syntax_error(p, "OUTPUTFORMAT"));
        WEFT_TRY(st, weft_sql_string(p, "the name of a class", &class_name, &len));
        goto done;
    }
    WEFT_TRY(st, weft_sql_name(p, "the name of a format", &out->format));
done:
    return st;
}

weft_status weft_sql_storage(sql_parser *p, const weft_span *start, sql_storage *out, bool *found)
{
    weft_status st = WEFT_OK;
    const bool row = weft_sql_is_text(p, 0, "ROW") && weft_sql_is_text(p, 1, "FORMAT");
    const bool stored = weft_sql_is_text(p, 0, "STORED") &&
                        (sql_word_at(p, 1, SQL_KW_AS) || sql_word_at(p, 1, SQL_KW_BY));
    *found = row || stored;
    if (row) WEFT_TRY(st, weft_sql_once(p, start, &out->has_row_format, "ROW FORMAT"));
    if (row) WEFT_TRY(st, weft_sql_row_format(p, out));
    if (stored) WEFT_TRY(st, weft_sql_once(p, start, &out->has_format, "STORED AS/BY"));
    if (stored) WEFT_TRY(st, parse_stored(p, out));
done:
    return st;
}

weft_status weft_sql_check_storage(sql_parser *p, const weft_span *start, const sql_storage *storage)
{
    static const char *const plain[] = {"textfile", "sequencefile", "rcfile"}; /* that bring no serde */
    weft_status st = WEFT_OK;
    bool any_serde = false;
    char *what = NULL;
    if (storage->format == NULL) return WEFT_OK;
    for (int32_t i = 0; i < WEFT_COUNT(plain); i++) any_serde |= strcasecmp(storage->format, plain[i]) == 0;
    if (storage->serde && !any_serde)
        WEFT_TRY(st, weft_arena_printf(p->ctx, p->ctx->arena, &what,
                                       "ROW FORMAT SERDE is incompatible with format '%s', which also "
                                       "specifies a serde",
                                       storage->format));
    else if (storage->delimited && strcasecmp(storage->format, plain[0]) != 0)
        WEFT_TRY(st, weft_arena_printf(p->ctx, p->ctx->arena, &what,
                                       "ROW FORMAT DELIMITED is only compatible with 'textfile', not '%s'",
                                       storage->format));
    if (what != NULL) st = weft_sql_not_allowed(p, start, what);
done:
    return st;
}

bool weft_sql_hive_format(const char *name)
{
    static const char *const all[] = {"textfile", "sequencefile", "rcfile", "orc", "parquet", "avro"};
    for (int32_t i = 0; i < WEFT_COUNT(all); i++)
        if (strcasecmp(name, all[i]) == 0) return true;
    return false;
}
