/* engine/sql/parser_native.c - statements that Spark's grammar has for catalogues that it does not bring
 * itself: commands of Hive, indexes, procedures, pipelines. They are told apart, so that each gets the error
 * that Spark has for it, and not one of a misspelt word. */
#include <string.h>

#include "engine/sql/parser_internal.h"

/* Reads up to the end of the statement; gives where all of it stands. */
static weft_span read_rest(sql_parser *p, const weft_span *start)
{
    while (!sql_is(p, SQL_END) && !sql_is(p, SQL_SEMICOLON) && !sql_is(p, SQL_BAD)) weft_sql_advance(p);
    return weft_sql_span_from(p, start);
}

weft_status weft_sql_invalid_statement(sql_parser *p, const weft_span *start, const char *what)
{
    const weft_span span = read_rest(p, start);
    return weft_fail_at(p->ctx, WEFT_INVALID_STATEMENT, &span, "The statement or clause: %s is not valid.",
                        what);
}

weft_status weft_sql_not_allowed(sql_parser *p, const weft_span *start, const char *what)
{
    const weft_span span = read_rest(p, start);
    return weft_fail_at(p->ctx, WEFT_NOT_ALLOWED, &span, "Operation not allowed: %s.", what);
}

/* Do the words of the phrase stand here, the first `ahead` of the current token? */
static bool at_phrase(sql_parser *p, const char *phrase)
{
    char word[32];
    for (int32_t ahead = 0; *phrase != '\0'; ahead++) {
        const size_t len = strcspn(phrase, " ");
        if (ahead >= SQL_LOOKAHEAD || len >= sizeof word) return false;
        memcpy(word, phrase, len);
        word[len] = '\0';
        if (!weft_sql_is_text(p, ahead, word)) return false;
        phrase += len + (phrase[len] == ' ');
    }
    return true;
}

/* One that begins like another one stands before it. */
weft_status weft_sql_check_native(sql_parser *p)
{
    static const char *const phrases[] = {
        "CREATE ROLE",
        "DROP ROLE",
        "GRANT ROLE",
        "GRANT",
        "REVOKE ROLE",
        "REVOKE",
        "SHOW GRANT",
        "SHOW ROLE GRANT",
        "SHOW ROLES",
        "SHOW ROLE",
        "SHOW PRINCIPALS",
        "SHOW CURRENT ROLES",
        "EXPORT TABLE",
        "IMPORT TABLE",
        "SHOW COMPACTIONS",
        "SHOW TRANSACTIONS",
        "SHOW INDEXES",
        "SHOW LOCKS",
        "ALTER INDEX",
        "LOCK TABLE",
        "LOCK DATABASE",
        "UNLOCK TABLE",
        "UNLOCK DATABASE",
        "CREATE TEMPORARY MACRO",
        "START TRANSACTION",
        "DROP TEMPORARY MACRO",
        "COMMIT",
        "ROLLBACK",
        "DFS",
        "SET ROLE",
    };
    const weft_span start = weft_sql_peek(p, 0)->span;
    for (int32_t i = 0; i < WEFT_COUNT(phrases); i++)
        if (at_phrase(p, phrases[i])) return weft_sql_invalid_statement(p, &start, phrases[i]);
    return WEFT_OK;
}

weft_status weft_sql_check_native_alter(sql_parser *p, const weft_span *start, bool partition)
{
    /* of_partition: also, or only, behind a PARTITION (…) */
    static const struct {
        const char *phrase;
        bool table, of_partition;
        const char *shown;
    } phrases[] = {
        {"NOT CLUSTERED", true, false, "ALTER TABLE NOT CLUSTERED"},
        {"CLUSTERED BY", true, false, "ALTER TABLE CLUSTERED BY"},
        {"NOT SORTED", true, false, "ALTER TABLE NOT SORTED"},
        {"SKEWED BY", true, false, "ALTER TABLE SKEWED BY"},
        {"NOT SKEWED", true, false, "ALTER TABLE NOT SKEWED"},
        {"NOT STORED AS DIRECTORIES", true, false, "ALTER TABLE NOT STORED AS DIRECTORIES"},
        {"SET SKEWED LOCATION", true, false, "ALTER TABLE SET SKEWED LOCATION"},
        {"EXCHANGE PARTITION", true, false, "ALTER TABLE EXCHANGE PARTITION"},
        {"ARCHIVE PARTITION", true, false, "ALTER TABLE ARCHIVE PARTITION"},
        {"UNARCHIVE PARTITION", true, false, "ALTER TABLE UNARCHIVE PARTITION"},
        {"TOUCH", true, false, "ALTER TABLE TOUCH"},
        {"COMPACT", true, true, "ALTER TABLE COMPACT"},
        {"CONCATENATE", true, true, "ALTER TABLE CONCATENATE"},
        {"SET FILEFORMAT", true, true, "ALTER TABLE SET FILEFORMAT"},
        {"REPLACE COLUMNS", false, true, "ALTER TABLE ... PARTITION ... REPLACE COLUMNS"},
    };
    for (int32_t i = 0; i < WEFT_COUNT(phrases); i++)
        if ((partition ? phrases[i].of_partition : phrases[i].table) && at_phrase(p, phrases[i].phrase))
            return weft_sql_invalid_statement(p, start, phrases[i].shown);
    return WEFT_OK;
}

/* A statement about a table that no table of files can carry out: what it is, for its error. */
static weft_status refused(sql_parser *p, const weft_span *start, const char *what, weft_node **out)
{
    weft_status st = WEFT_OK;
    WEFT_TRY(st, weft_sql_command(p, start, WEFT_TABLE_REFUSED, out));
    (*out)->command.text = what;
    WEFT_TRY(st, weft_sql_command_name(p, "the name of a table", *out));
done:
    return st;
}

/* ---- indexes ---- */

/* (column [OPTIONS (…)], …) [OPTIONS (…)] */
static weft_status parse_index_columns(sql_parser *p)
{
    weft_status st = WEFT_OK;
    weft_pointers options = {0};
    const char *const *parts = NULL, *method = NULL;
    int32_t count = 0;
    if (weft_sql_accept_word(p, SQL_KW_USING)) WEFT_TRY(st, weft_sql_name(p, "a kind of index", &method));
    WEFT_TRY(st, weft_sql_expect(p, SQL_LPAREN, "'('"));
    do {
        WEFT_TRY(st, weft_sql_names(p, "the name of a column", &parts, &count));
        if (weft_sql_accept_text(p, "OPTIONS")) WEFT_TRY(st, weft_sql_options(p, &options));
    } while (weft_sql_accept(p, SQL_COMMA));
    WEFT_TRY(st, weft_sql_expect(p, SQL_RPAREN, "',' or ')'"));
    if (weft_sql_accept_text(p, "OPTIONS")) WEFT_TRY(st, weft_sql_options(p, &options));
done:
    return st;
}

weft_status weft_sql_index(sql_parser *p, const weft_span *start, bool create, const weft_node **out)
{
    weft_status st = WEFT_OK;
    weft_node *node = NULL;
    const char *name = NULL;
    bool exists = false;
    const char *const what = create ? "CREATE INDEX" : "DROP INDEX";
    WEFT_TRY(st, weft_sql_if_exists(p, create, &exists));
    if (!sql_word_at(p, 1, SQL_KW_ON)) return weft_sql_invalid_statement(p, start, what);
    WEFT_TRY(st, weft_sql_name(p, "the name of an index", &name));
    weft_sql_advance(p);
    weft_sql_accept_word(p, SQL_KW_TABLE);
    WEFT_TRY(st, refused(p, start, create ? "CreateIndex" : "DropIndex", &node));
    if (create) WEFT_TRY(st, parse_index_columns(p));
    node->span = weft_sql_span_from(p, start);
    *out = node;
done:
    return st;
}

/* ---- LOAD DATA [LOCAL] INPATH path [OVERWRITE] INTO TABLE t [PARTITION (…)] ---- */

static weft_status parse_load(sql_parser *p, const weft_span *start, weft_node **out)
{
    weft_status st = WEFT_OK;
    const char *path = NULL;
    size_t len = 0;
    weft_sql_advance(p);
    if (!weft_sql_accept_text(p, "DATA")) WEFT_TRY(st, weft_sql_syntax_error(p, "DATA"));
    (void)weft_sql_accept_text(p, "LOCAL");
    if (!weft_sql_accept_text(p, "INPATH")) WEFT_TRY(st, weft_sql_syntax_error(p, "INPATH"));
    WEFT_TRY(st, weft_sql_string(p, "a path", &path, &len));
    (void)weft_sql_accept_text(p, "OVERWRITE");
    WEFT_TRY(st, weft_sql_expect_word(p, SQL_KW_INTO));
    WEFT_TRY(st, weft_sql_expect_word(p, SQL_KW_TABLE));
    WEFT_TRY(st, refused(p, start, "LOAD DATA", out));
    if (sql_word(p, SQL_KW_PARTITION)) WEFT_TRY(st, weft_sql_command_spec(p, *out));
done:
    return st;
}

/* ---- procedures ---- */

/* A node that shows something of no table; parts: of a name, or NULL. */
static weft_status show_node(sql_parser *p, const weft_span *start, const char *what,
                             const char *const *parts, int32_t count, weft_node **out)
{
    weft_status st = WEFT_OK;
    WEFT_TRY(st, weft_sql_node_new(p, WEFT_NODE_SHOW, weft_sql_span_from(p, start), NULL, 0, out));
    (*out)->show.what = what;
    (*out)->show.parts = parts;
    (*out)->show.part_count = count;
done:
    return st;
}

weft_status weft_sql_procedure(sql_parser *p, const weft_span *start, const weft_node **out)
{
    weft_status st = WEFT_OK;
    weft_node *node = NULL;
    const char *const *parts = NULL;
    int32_t count = 0;
    WEFT_TRY(st, weft_sql_names(p, "the name of a procedure", &parts, &count));
    WEFT_TRY(st, show_node(p, start, "procedure", parts, count, &node));
    *out = node;
done:
    return st;
}

/* CALL p(argument, name => argument) */
static weft_status parse_call(sql_parser *p, const weft_span *start, const weft_node **out)
{
    weft_status st = WEFT_OK;
    weft_sql_advance(p);
    WEFT_TRY(st, weft_sql_procedure(p, start, out));
    WEFT_TRY(st, weft_sql_expect(p, SQL_LPAREN, "'('"));
    while (!sql_is(p, SQL_RPAREN)) {
        const weft_expr *argument = NULL;
        const char *name = NULL;
        if (sql_is_at(p, 1, SQL_FAT_ARROW)) {
            WEFT_TRY(st, weft_sql_name(p, "the name of an argument", &name));
            weft_sql_advance(p);
        }
        WEFT_TRY(st, weft_sql_expr(p, &argument));
        if (!weft_sql_accept(p, SQL_COMMA)) break;
    }
    WEFT_TRY(st, weft_sql_expect(p, SQL_RPAREN, "',' or ')'"));
done:
    return st;
}

/* ---- SHOW ---- */

weft_status weft_sql_show_native(sql_parser *p, const weft_span *start, const weft_node **out)
{
    weft_status st = WEFT_OK;
    weft_node *node = NULL;
    const char *const *parts = NULL, *pattern = NULL;
    int32_t count = 0;
    size_t len = 0;
    const bool catalogs = weft_sql_accept_text(p, "CATALOGS");
    const bool collations = !catalogs && weft_sql_accept_text(p, "COLLATIONS");
    const bool procedures = !catalogs && !collations && weft_sql_accept_text(p, "PROCEDURES");
    *out = NULL;
    if (!catalogs && !collations && !procedures) return WEFT_OK;
    if (procedures && (weft_sql_accept_word(p, SQL_KW_FROM) || weft_sql_accept_word(p, SQL_KW_IN))) {
        WEFT_TRY(st, weft_sql_names(p, "the name of a database", &parts, &count));
    } else if (!procedures) {
        const bool like = weft_sql_accept_word(p, SQL_KW_LIKE);
        if (like || sql_is(p, SQL_STRING))
            WEFT_TRY(st, weft_sql_string(p, "a pattern as a string", &pattern, &len));
    }
    WEFT_TRY(st, show_node(p, start,
                           catalogs     ? "catalogs"
                           : collations ? "collations"
                                        : "procedures",
                           parts, count, &node));
    node->show.pattern = pattern;
    *out = node;
done:
    return st;
}

/* ---- pipelines ---- */

/* They are of a program that runs pipelines, and never of a session. */
static weft_status refuse_pipeline(sql_parser *p, const weft_span *start, const char *dataset)
{
    bool query = false;
    while (!sql_is(p, SQL_END) && !sql_is(p, SQL_SEMICOLON) && !sql_is(p, SQL_BAD)) {
        query |= sql_word(p, SQL_KW_AS) || weft_sql_is_text(p, 0, "FLOW");
        weft_sql_advance(p);
    }
    const weft_span span = weft_sql_span_from(p, start);
    if (!query && strcmp(dataset, "MATERIALIZED VIEW") == 0)
        return weft_sql_not_allowed(p, start, "Unable to find query for CREATE MATERIALIZED VIEW statement.");
    return weft_fail_at(
        p->ctx, WEFT_PIPELINE_DATASET, &span,
        "The feature is not supported: Direct execution of a CREATE ... %s query. To create a "
        "pipeline dataset, create and execute a pipeline with a SQL file containing your query "
        "attached in the pipeline definition.",
        dataset);
}

weft_status weft_sql_check_pipeline(sql_parser *p, const weft_span *start)
{
    if (weft_sql_is_text(p, 0, "MATERIALIZED") && sql_word_at(p, 1, SQL_KW_VIEW))
        return refuse_pipeline(p, start, "MATERIALIZED VIEW");
    if (weft_sql_is_text(p, 0, "STREAMING") && sql_word_at(p, 1, SQL_KW_TABLE))
        return refuse_pipeline(p, start, "STREAMING TABLE");
    if (!weft_sql_is_text(p, 0, "FLOW")) return WEFT_OK;
    const weft_span span = read_rest(p, start);
    return weft_fail_at(
        p->ctx, WEFT_PIPELINE_FLOW, &span,
        "The feature is not supported: Direct execution of a CREATE FLOW statement is not "
        "supported. To create a flow, create and execute a pipeline with a SQL file containing "
        "your statement attached in the pipeline spec.");
}

/* ---- all of them ---- */

weft_status weft_sql_native(sql_parser *p, const weft_node **out)
{
    weft_status st = WEFT_OK;
    const weft_span start = weft_sql_peek(p, 0)->span;
    weft_node *node = NULL;
    *out = NULL;
    WEFT_TRY(st, weft_sql_check_native(p));
    if (weft_sql_is_text(p, 0, "CALL")) return parse_call(p, &start, out);
    if (!weft_sql_is_text(p, 0, "LOAD")) return WEFT_OK;
    WEFT_TRY(st, parse_load(p, &start, &node));
    node->span = weft_sql_span_from(p, &start);
    *out = node;
done:
    return st;
}
