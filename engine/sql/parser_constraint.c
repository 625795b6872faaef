/* engine/sql/parser_constraint.c - constraints of tables, and columns whose values are made: what tables of
 * files have none of. They are read whole, so that what is wrong in them is told before they are refused. */
#include <string.h>
#include <strings.h>

#include "engine/sql/parser_internal.h"

/* ---- constraints ---- */

/* Does a constraint begin `ahead` of the current token? A column may have one of these names as well, but
 * then a type is behind it. */
static bool begins_constraint(sql_parser *p, int32_t ahead, bool of_table)
{
    const bool open = sql_is_at(p, ahead + 1, SQL_LPAREN);
    if (weft_sql_is_text(p, ahead, "CHECK")) return open;
    if (weft_sql_is_text(p, ahead, "PRIMARY")) return weft_sql_is_text(p, ahead + 1, "KEY");
    if (weft_sql_is_text(p, ahead, "UNIQUE")) return open || !of_table;
    if (weft_sql_is_text(p, ahead, "FOREIGN")) return of_table && weft_sql_is_text(p, ahead + 1, "KEY");
    return !of_table && weft_sql_is_text(p, ahead, "REFERENCES");
}

bool weft_sql_at_constraint(sql_parser *p, bool of_table)
{
    if (weft_sql_is_text(p, 0, "CONSTRAINT") && begins_constraint(p, 2, of_table)) return true;
    return begins_constraint(p, 0, of_table);
}

/* ENFORCED, NOT ENFORCED, RELY or NORELY, where one stands: *which is its text. */
static weft_status parse_characteristic(sql_parser *p, const char **which)
{
    weft_status st = WEFT_OK;
    *which = NULL;
    if (sql_word(p, SQL_KW_NOT) && weft_sql_is_text(p, 1, "ENFORCED")) {
        weft_sql_advance(p);
        weft_sql_advance(p);
        *which = "NOT ENFORCED";
    } else if (weft_sql_accept_text(p, "ENFORCED")) {
        *which = "ENFORCED";
    } else if (weft_sql_accept_text(p, "RELY")) {
        *which = "RELY";
    } else if (weft_sql_accept_text(p, "NORELY")) {
        *which = "NORELY";
    }
    return st;
}

/* At most one of each kind, and none that the constraint cannot have. */
static weft_status parse_characteristics(sql_parser *p, const weft_span *start, const char *type)
{
    weft_status st = WEFT_OK;
    const char *enforced = NULL, *rely = NULL, *which = NULL;
    const char *const refused = strcmp(type, "CHECK") == 0 ? "NOT ENFORCED" : "ENFORCED";
    for (;;) {
        WEFT_TRY(st, parse_characteristic(p, &which));
        if (which == NULL) break;
        const char **kept = strstr(which, "RELY") != NULL ? &rely : &enforced;
        if (*kept != NULL)
            WEFT_TRY(st, weft_fail_at(p->ctx, WEFT_CONSTRAINT_TWICE, start,
                                      "Constraint characteristics [%s, %s] are duplicated or conflict with "
                                      "each other.",
                                      *kept, which));
        *kept = which;
    }
    if (enforced != NULL && strcmp(enforced, refused) == 0)
        st = weft_fail_at(p->ctx, WEFT_CONSTRAINT_UNSUPPORTED, start,
                          "Constraint characteristic '%s' is not supported for constraint type '%s'.",
                          enforced, type);
done:
    return st;
}

/* REFERENCES table [(columns)]: at REFERENCES. */
static weft_status parse_references(sql_parser *p)
{
    weft_status st = WEFT_OK;
    const char *const *parts = NULL;
    int32_t count = 0;
    if (!weft_sql_accept_text(p, "REFERENCES")) WEFT_TRY(st, weft_sql_syntax_error(p, "REFERENCES"));
    WEFT_TRY(st, weft_sql_names(p, "the name of a table", &parts, &count));
    if (sql_is(p, SQL_LPAREN)) WEFT_TRY(st, weft_sql_name_list(p, &parts, &count));
done:
    return st;
}

static weft_status multiple_keys(sql_parser *p, const weft_span *start)
{
    return weft_fail_at(p->ctx, WEFT_PRIMARY_KEYS, start,
                        "Multiple primary keys are defined. Please ensure that only one primary key is "
                        "defined for the table.");
}

weft_status weft_sql_constraint(sql_parser *p, bool of_table, sql_made *made)
{
    weft_status st = WEFT_OK;
    const weft_span start = weft_sql_peek(p, 0)->span;
    const weft_expr *condition = NULL;
    const char *const *names = NULL, *name = NULL;
    int32_t count = 0;
    if (weft_sql_accept_text(p, "CONSTRAINT")) WEFT_TRY(st, weft_sql_name(p, "a name", &name));
    const bool check = weft_sql_accept_text(p, "CHECK"), unique = weft_sql_accept_text(p, "UNIQUE");
    const bool primary = weft_sql_accept_text(p, "PRIMARY"), foreign = weft_sql_accept_text(p, "FOREIGN");
    made->constraint = true;
    if (check) {
        WEFT_TRY(st, weft_sql_expect(p, SQL_LPAREN, "'('"));
        WEFT_TRY(st, weft_sql_expr(p, &condition));
        WEFT_TRY(st, weft_sql_expect(p, SQL_RPAREN, "')'"));
    }
    if (primary || foreign) weft_sql_advance(p); /* KEY */
    if (of_table && !check) WEFT_TRY(st, weft_sql_name_list(p, &names, &count));
    if (foreign || (!check && !unique && !primary)) WEFT_TRY(st, parse_references(p));
    WEFT_TRY(st, parse_characteristics(p, &start,
                                       check     ? "CHECK"
                                       : unique  ? "UNIQUE"
                                       : primary ? "PRIMARY KEY"
                                                 : "FOREIGN KEY"));
    if (primary && made->primary_key) WEFT_TRY(st, multiple_keys(p, &start));
    made->primary_key |= primary;
done:
    return st;
}

/* ---- GENERATED ---- */

/* START WITH n, INCREMENT BY n in any order, each once: after the parenthesis. */
static weft_status parse_sequence(sql_parser *p, const weft_span *start)
{
    weft_status st = WEFT_OK;
    bool starts = false, steps = false;
    while (!weft_sql_accept(p, SQL_RPAREN)) {
        const weft_expr *number = NULL;
        const bool first = weft_sql_accept_text(p, "START");
        if (!first && !weft_sql_accept_text(p, "INCREMENT"))
            WEFT_TRY(st, weft_sql_syntax_error(p, "START WITH, INCREMENT BY or ')'"));
        if (first ? starts : steps)
            WEFT_TRY(st, weft_fail_at(p->ctx, WEFT_IDENTITY_TWICE, start,
                                      "Duplicated IDENTITY column sequence generator option: %s.",
                                      first ? "START" : "STEP"));
        *(first ? &starts : &steps) = true;
        WEFT_TRY(st, weft_sql_expect_word(p, first ? SQL_KW_WITH : SQL_KW_BY));
        const weft_span at = weft_sql_peek(p, 0)->span;
        WEFT_TRY(st, weft_sql_number(p, weft_sql_accept(p, SQL_MINUS), at, &number));
        if (!weft_type_is_integral(number->type)) WEFT_TRY(st, weft_sql_syntax_error(p, "a whole number"));
        if (!first && number->literal.i64 == 0)
            WEFT_TRY(st,
                     weft_fail_at(p->ctx, WEFT_IDENTITY_STEP, start, "IDENTITY column step cannot be 0."));
    }
done:
    return st;
}

/* AS IDENTITY [(…)] */
static weft_status parse_identity(sql_parser *p, const weft_span *start, weft_type type)
{
    weft_status st = WEFT_OK;
    char text[128];
    weft_sql_advance(p);
    if (type.id != WEFT_TYPE_INT && type.id != WEFT_TYPE_BIGINT)
        WEFT_TRY(st, weft_fail_at(p->ctx, WEFT_IDENTITY_TYPE, start,
                                  "DataType %s is not supported for IDENTITY columns.",
                                  weft_type_text(type, text, sizeof text)));
    if (weft_sql_accept(p, SQL_LPAREN)) WEFT_TRY(st, parse_sequence(p, start));
done:
    return st;
}

weft_status weft_sql_generated(sql_parser *p, weft_type type, sql_made *made)
{
    weft_status st = WEFT_OK;
    const weft_span start = weft_sql_peek(p, 0)->span;
    const weft_expr *e = NULL;
    weft_sql_advance(p);
    const bool by_default = weft_sql_accept_word(p, SQL_KW_BY);
    if (by_default && !weft_sql_accept_text(p, "DEFAULT")) WEFT_TRY(st, weft_sql_syntax_error(p, "DEFAULT"));
    if (!by_default && !weft_sql_accept_text(p, "ALWAYS"))
        WEFT_TRY(st, weft_sql_syntax_error(p, "ALWAYS or BY DEFAULT"));
    WEFT_TRY(st, weft_sql_expect_word(p, SQL_KW_AS));
    made->generated = true;
    if (weft_sql_is_text(p, 0, "IDENTITY")) {
        WEFT_TRY(st, parse_identity(p, &start, type));
        goto done;
    }
    if (by_default) WEFT_TRY(st, weft_sql_syntax_error(p, "IDENTITY"));
    WEFT_TRY(st, weft_sql_expect(p, SQL_LPAREN, "'('"));
    WEFT_TRY(st, weft_sql_expr(p, &e));
    WEFT_TRY(st, weft_sql_expect(p, SQL_RPAREN, "')'"));
done:
    return st;
}
