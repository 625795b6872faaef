/* engine/sql/parser_columns.c - the columns of CREATE TABLE and ALTER TABLE ADD COLUMNS. */
#include "common/settings.h"
#include "engine/columnar/collation.h"
#include "engine/sql/parser_internal.h"

static weft_status check_descriptor(sql_parser *p, bool added, const char *column, const char *what,
                                    bool twice)
{
    const weft_span span = weft_sql_peek(p, 0)->span;
    if (!twice) return WEFT_OK;
    return weft_fail_at(p->ctx, added ? WEFT_COLUMN_DESCRIPTOR_TWICE : WEFT_CREATE_DESCRIPTOR_TWICE, &span,
                        "%s column %s specifies descriptor \"%s\" more than once, which is invalid.",
                        added ? "ALTER TABLE ADD" : "CREATE TABLE", column, what);
}

weft_status weft_sql_check_default(sql_parser *p)
{
    const weft_span span = weft_sql_peek(p, 0)->span;
    if (weft_setting(p->ctx, WEFT_SET_DEFAULT_COLUMNS) != 0) return WEFT_OK;
    return weft_fail_at(p->ctx, WEFT_DEFAULT_DISABLED, &span,
                        "DEFAULT column values is not supported. Enable it by setting "
                        "\"spark.sql.defaultColumn.enabled\" to \"true\".");
}

weft_status weft_sql_position(sql_parser *p, weft_altered_field *field)
{
    weft_status st = WEFT_OK;
    if (weft_sql_accept_text(p, "FIRST")) return WEFT_OK;
    if (weft_sql_accept_text(p, "AFTER"))
        WEFT_TRY(st, weft_sql_name(p, "the name of a column", &field->after));
done:
    return st;
}

weft_status weft_sql_refuse_replaced(sql_parser *p, const weft_span *span, const char *what)
{
    return weft_fail_at(p->ctx, WEFT_HIVE_RENAME, span, "%s is not supported in Hive-style REPLACE COLUMNS.",
                        what);
}

/* REPLACE COLUMNS takes names, types and comments alone. */
static weft_status check_replaced(sql_parser *p)
{
    const weft_span span = weft_sql_peek(p, 0)->span;
    if (sql_word(p, SQL_KW_NOT)) return weft_sql_refuse_replaced(p, &span, "NOT NULL");
    if (weft_sql_is_text(p, 0, "FIRST") || weft_sql_is_text(p, 0, "AFTER"))
        return weft_sql_refuse_replaced(p, &span, "Column position");
    if (!weft_sql_is_text(p, 0, "DEFAULT")) return WEFT_OK;
    return weft_fail_at(p->ctx, WEFT_DEFAULT_UNSUPPORTED, &span, "DEFAULT column values is not supported.");
}

/* What stands behind a column's type. made: constraints and the like may, or NULL. field: that ALTER TABLE
 * names, or NULL; as in Spark's own catalogue a new one is the last wherever it was said to go. */
static weft_status parse_descriptors(sql_parser *p, weft_altered_field *field, sql_made *made,
                                     weft_column_definition *c)
{
    const bool added = field != NULL;
    weft_status st = WEFT_OK;
    bool not_null = false;
    size_t len = 0;
    for (;;) {
        const weft_span span = weft_sql_peek(p, 0)->span;
        if (field != NULL && !field->added) WEFT_TRY(st, check_replaced(p));
        if (sql_word(p, SQL_KW_NOT)) {
            WEFT_TRY(st, check_descriptor(p, added, c->name, "NOT NULL", not_null));
            if (added)
                WEFT_TRY(st, weft_fail_at(p->ctx, WEFT_ADD_COLUMN_NOT_NULL, &span,
                                          "ADD COLUMN with v1 tables cannot specify NOT NULL."));
            weft_sql_advance(p);
            WEFT_TRY(st, weft_sql_expect_word(p, SQL_KW_NULL)); /* as in Spark files do not know of it */
            not_null = true;
        } else if (weft_sql_is_text(p, 0, "DEFAULT")) {
            const weft_expr *e = NULL;
            WEFT_TRY(st, check_descriptor(p, added, c->name, "DEFAULT", c->initial != NULL));
            WEFT_TRY(st, weft_sql_check_default(p));
            weft_sql_advance(p);
            const int32_t from = weft_sql_peek(p, 0)->span.start;
            WEFT_TRY(st, weft_sql_expr(p, &e));
            WEFT_TRY(st, weft_sql_text_copy(p, from, p->last.stop, &c->initial));
        } else if (sql_word(p, SQL_KW_COMMENT)) {
            WEFT_TRY(st, check_descriptor(p, added, c->name, "COMMENT", c->comment != NULL));
            weft_sql_advance(p);
            WEFT_TRY(st, weft_sql_string(p, "a comment", &c->comment, &len));
        } else if (made != NULL && weft_sql_is_text(p, 0, "GENERATED")) {
            WEFT_TRY(st, weft_sql_generated(p, c->type, made));
        } else if (made != NULL && weft_sql_at_constraint(p, false)) {
            WEFT_TRY(st, weft_sql_constraint(p, false, made));
        } else if (added && (weft_sql_is_text(p, 0, "FIRST") || weft_sql_is_text(p, 0, "AFTER"))) {
            WEFT_TRY(st, weft_sql_position(p, field));
        } else {
            break;
        }
    }
done:
    return st;
}

weft_status weft_sql_column(sql_parser *p, weft_altered_field *field, const char *name, sql_made *made,
                            weft_pointers *columns)
{
    weft_status st = WEFT_OK;
    const uint16_t before = p->type_collation;
    weft_column_definition *c = NULL;
    WEFT_TRY(st, WEFT_NEW(p->ctx, &c));
    c->name = name;
    p->type_collation = WEFT_COLLATION_NULL; /* a clause behind them may say it */
    WEFT_TRY(st, weft_sql_column_type(p, &c->type));
    p->type_collation = before;
    WEFT_TRY(st, parse_descriptors(p, field, made, c));
    WEFT_TRY(st, weft_pointers_push(p->ctx, columns, c));
done:
    return st;
}

weft_status weft_sql_column_list(sql_parser *p, weft_pointers *fields, sql_made *made, weft_pointers *columns)
{
    weft_status st = WEFT_OK;
    const bool parentheses = weft_sql_accept(p, SQL_LPAREN);
    if (!parentheses && fields == NULL) WEFT_TRY(st, weft_sql_syntax_error(p, "'('"));
    do {
        weft_altered_field *field = NULL;
        const char *name = NULL;
        if (made != NULL && weft_sql_at_constraint(p, true)) {
            WEFT_TRY(st, weft_sql_constraint(p, true, made));
            continue;
        }
        if (fields == NULL) {
            WEFT_TRY(st, weft_sql_name(p, "the name of a column", &name));
        } else {
            WEFT_TRY(st, weft_sql_altered_field(p, fields, &field));
            field->added = true;
            name = field->parts[field->part_count - 1];
        }
        WEFT_TRY(st, weft_sql_column(p, field, name, made, columns));
    } while (weft_sql_accept(p, SQL_COMMA));
    if (parentheses) WEFT_TRY(st, weft_sql_expect(p, SQL_RPAREN, "',' or ')'"));
done:
    return st;
}
