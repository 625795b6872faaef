/* engine/sql/parser_script.c - SQL scripts: see script_tree.h. A statement of a script is parsed whole, so
 * that a wrong one is found before the first one runs. */
#include <strings.h>

#include "common/settings.h"
#include "engine/sql/parser_script.h"

weft_script_place script_place_from(const sql_parser *p, int32_t start)
{
    return (weft_script_place){.start = start, .stop = p->last.stop};
}

int32_t script_here(sql_parser *p) { return weft_sql_peek(p, 0)->span.start; }

weft_status script_expr(sql_parser *p, weft_script_place *out)
{
    const weft_expr *e = NULL;
    const int32_t start = script_here(p);
    const weft_status st = weft_sql_expr(p, &e);
    *out = script_place_from(p, start);
    return st;
}

static weft_status parse_query_place(sql_parser *p, weft_script_place *out)
{
    const weft_node *query = NULL;
    const int32_t start = script_here(p);
    const weft_status st = weft_sql_query(p, &query);
    *out = script_place_from(p, start);
    return st;
}

weft_status script_expect(sql_parser *p, const char *text)
{
    return weft_sql_accept_text(p, text) ? WEFT_OK : weft_sql_syntax_error(p, text);
}

static weft_status expect_end(sql_parser *p, const char *what)
{
    weft_status st = WEFT_OK;
    WEFT_TRY(st, weft_sql_expect_word(p, SQL_KW_END));
    if (what != NULL) WEFT_TRY(st, script_expect(p, what));
done:
    return st;
}

/* Statements, each with its semicolon, up to a word that ends the list: whoever reads it sees which. */
static weft_status parse_list(sql_parser *p, const label_scope *labels, weft_script_list *out)
{
    static const char *const ends[] = {"END", "ELSE", "ELSEIF", "WHEN", "UNTIL"};
    weft_status st = WEFT_OK;
    weft_pointers list = {0};
    for (;;) {
        const weft_script *one = NULL;
        bool end = sql_is(p, SQL_END);
        for (int32_t i = 0; i < WEFT_COUNT(ends) && !end; i++) end = weft_sql_is_text(p, 0, ends[i]);
        if (end) break;
        WEFT_TRY(st, script_node(p, labels, &one));
        WEFT_TRY(st, weft_sql_expect(p, SQL_SEMICOLON, "';'"));
        WEFT_TRY(st, weft_pointers_push(p->ctx, &list, one));
    }
    if (list.count == 0) WEFT_TRY(st, weft_sql_syntax_error(p, "a statement"));
    *out = (weft_script_list){.count = list.count, .items = (const weft_script *const *)list.items};
done:
    return st;
}

/* ---- names of variables ---- */

weft_status script_target_name(sql_parser *p, const char **name, const char **label)
{
    weft_status st = WEFT_OK;
    const char *const *parts = NULL;
    int32_t count = 0;
    WEFT_TRY(st, weft_sql_names(p, "the name of a variable", &parts, &count));
    *name = parts[count - 1];
    *label = count > 1 ? parts[count - 2] : NULL;
done:
    return st;
}

typedef struct target_list {
    weft_pointers names, labels;
} target_list;

static weft_status add_target(sql_parser *p, target_list *t)
{
    weft_status st = WEFT_OK;
    const char *name = NULL, *label = NULL;
    WEFT_TRY(st, script_target_name(p, &name, &label));
    WEFT_TRY(st, weft_pointers_push(p->ctx, &t->names, name));
    WEFT_TRY(st, weft_pointers_push(p->ctx, &t->labels, label));
done:
    return st;
}

static void give_targets(weft_script *node, const target_list *t)
{
    node->target_count = t->names.count;
    node->targets = weft_pointers_texts(&t->names);
    node->target_labels = weft_pointers_texts(&t->labels);
}

/* Each once. */
static weft_status check_targets(sql_parser *p, const target_list *t)
{
    for (int32_t i = 1; i < t->names.count; i++)
        for (int32_t k = 0; k < i; k++)
            if (strcasecmp(t->names.items[i], t->names.items[k]) == 0)
                return weft_fail(p->ctx, WEFT_DUPLICATE_ASSIGNMENTS,
                                 "The columns or variables `%s` appear more than once as assignment targets.",
                                 (const char *)t->names.items[i]);
    return WEFT_OK;
}

weft_status script_targets(sql_parser *p, weft_script *node)
{
    weft_status st = WEFT_OK;
    target_list targets = {0};
    do WEFT_TRY(st, add_target(p, &targets));
    while (weft_sql_accept(p, SQL_COMMA));
    WEFT_TRY(st, check_targets(p, &targets));
    give_targets(node, &targets);
done:
    return st;
}

/* ---- SET ---- */

/* x = expression, … or (x, …) = (query); the word VAR or VARIABLE may stand before. */
static weft_status parse_set(sql_parser *p, weft_script *node)
{
    weft_status st = WEFT_OK;
    target_list targets = {0};
    weft_pointers values = {0};
    weft_script_place *places = NULL;
    node->kind = WEFT_SCRIPT_SET;
    weft_sql_advance(p);
    const bool word = !sql_is_at(p, 1, SQL_EQ) && !sql_is_at(p, 1, SQL_DOT);
    if (word && !weft_sql_accept_text(p, "VARIABLE")) (void)weft_sql_accept_text(p, "VAR");
    if (weft_sql_accept(p, SQL_LPAREN)) {
        WEFT_TRY(st, script_targets(p, node));
        WEFT_TRY(st, weft_sql_expect(p, SQL_RPAREN, "',' or ')'"));
        WEFT_TRY(st, weft_sql_expect(p, SQL_EQ, "'='"));
        WEFT_TRY(st, weft_sql_expect(p, SQL_LPAREN, "a query in parentheses"));
        WEFT_TRY(st, parse_query_place(p, &node->subject));
        WEFT_TRY(st, weft_sql_expect(p, SQL_RPAREN, "')'"));
        goto done;
    }
    do {
        weft_script_place *place = NULL;
        WEFT_TRY(st, WEFT_NEW(p->ctx, &place));
        WEFT_TRY(st, add_target(p, &targets));
        WEFT_TRY(st, weft_sql_expect(p, SQL_EQ, "'='"));
        if (!weft_sql_is_text(p, 0, "DEFAULT") || sql_is_at(p, 1, SQL_DOT))
            WEFT_TRY(st, script_expr(p, place));
        else
            weft_sql_advance(p);
        WEFT_TRY(st, weft_pointers_push(p->ctx, &values, place));
    } while (weft_sql_accept(p, SQL_COMMA));
    WEFT_TRY(st, WEFT_NEW_ARRAY(p->ctx, values.count, &places));
    for (int32_t i = 0; i < values.count; i++) places[i] = *(const weft_script_place *)values.items[i];
    node->values = places;
    WEFT_TRY(st, check_targets(p, &targets));
    give_targets(node, &targets);
done:
    return st;
}

/* ---- branches and loops ---- */

typedef struct branch_list {
    weft_pointers conditions, bodies;
    weft_script_list otherwise;
} branch_list;

/* condition THEN statements */
static weft_status parse_branch(sql_parser *p, const label_scope *labels, branch_list *b)
{
    weft_status st = WEFT_OK;
    weft_script_place *condition = NULL;
    weft_script_list *body = NULL;
    WEFT_TRY(st, WEFT_NEW(p->ctx, &condition));
    WEFT_TRY(st, WEFT_NEW(p->ctx, &body));
    WEFT_TRY(st, script_expr(p, condition));
    WEFT_TRY(st, weft_sql_expect_word(p, SQL_KW_THEN));
    WEFT_TRY(st, parse_list(p, labels, body));
    WEFT_TRY(st, weft_pointers_push(p->ctx, &b->conditions, condition));
    WEFT_TRY(st, weft_pointers_push(p->ctx, &b->bodies, body));
done:
    return st;
}

static weft_status give_branches(sql_parser *p, const branch_list *b, weft_script *node)
{
    weft_status st = WEFT_OK;
    weft_script_place *conditions = NULL;
    weft_script_list *bodies = NULL;
    const int32_t count = b->conditions.count;
    WEFT_TRY(st, WEFT_NEW_ARRAY(p->ctx, count, &conditions));
    WEFT_TRY(st, WEFT_NEW_ARRAY(p->ctx, count + 1, &bodies));
    for (int32_t i = 0; i < count; i++) {
        conditions[i] = *(const weft_script_place *)b->conditions.items[i];
        bodies[i] = *(const weft_script_list *)b->bodies.items[i];
    }
    bodies[count] = b->otherwise;
    node->branch_count = count;
    node->conditions = conditions;
    node->bodies = bodies;
done:
    return st;
}

static weft_status parse_if(sql_parser *p, const label_scope *labels, weft_script *node)
{
    weft_status st = WEFT_OK;
    branch_list b = {0};
    node->kind = WEFT_SCRIPT_IF;
    do {
        weft_sql_advance(p); /* IF, ELSEIF */
        WEFT_TRY(st, parse_branch(p, labels, &b));
    } while (weft_sql_is_text(p, 0, "ELSEIF"));
    if (weft_sql_accept_word(p, SQL_KW_ELSE)) WEFT_TRY(st, parse_list(p, labels, &b.otherwise));
    WEFT_TRY(st, expect_end(p, "IF"));
    WEFT_TRY(st, give_branches(p, &b, node));
done:
    return st;
}

static weft_status parse_case(sql_parser *p, const label_scope *labels, weft_script *node)
{
    weft_status st = WEFT_OK;
    branch_list b = {0};
    weft_sql_advance(p);
    node->kind = sql_word(p, SQL_KW_WHEN) ? WEFT_SCRIPT_IF : WEFT_SCRIPT_CASE;
    if (node->kind == WEFT_SCRIPT_CASE) WEFT_TRY(st, script_expr(p, &node->subject));
    do {
        WEFT_TRY(st, weft_sql_expect_word(p, SQL_KW_WHEN));
        WEFT_TRY(st, parse_branch(p, labels, &b));
    } while (sql_word(p, SQL_KW_WHEN));
    if (weft_sql_accept_word(p, SQL_KW_ELSE)) WEFT_TRY(st, parse_list(p, labels, &b.otherwise));
    WEFT_TRY(st, expect_end(p, "CASE"));
    WEFT_TRY(st, give_branches(p, &b, node));
done:
    return st;
}

static weft_status parse_loop(sql_parser *p, const label_scope *labels, weft_script *node)
{
    weft_status st = WEFT_OK;
    weft_script_place *condition = NULL;
    weft_script_list *body = NULL;
    const char *const what = weft_sql_is_text(p, 0, "WHILE")    ? "WHILE"
                             : weft_sql_is_text(p, 0, "REPEAT") ? "REPEAT"
                             : weft_sql_is_text(p, 0, "LOOP")   ? "LOOP"
                                                                : "FOR";
    node->kind = what[0] == 'W'   ? WEFT_SCRIPT_WHILE
                 : what[0] == 'R' ? WEFT_SCRIPT_REPEAT
                 : what[0] == 'L' ? WEFT_SCRIPT_LOOP
                                  : WEFT_SCRIPT_FOR;
    WEFT_TRY(st, WEFT_NEW(p->ctx, &condition));
    WEFT_TRY(st, WEFT_NEW(p->ctx, &body));
    weft_sql_advance(p);
    if (node->kind == WEFT_SCRIPT_WHILE) WEFT_TRY(st, script_expr(p, condition));
    if (node->kind == WEFT_SCRIPT_FOR) {
        if (sql_word_at(p, 1, SQL_KW_AS)) {
            WEFT_TRY(st, weft_sql_name(p, "a name", &node->name));
            weft_sql_advance(p);
        }
        WEFT_TRY(st, parse_query_place(p, &node->subject));
    }
    if (node->kind == WEFT_SCRIPT_WHILE || node->kind == WEFT_SCRIPT_FOR)
        WEFT_TRY(st, script_expect(p, "DO"));
    WEFT_TRY(st, parse_list(p, labels, body));
    if (node->kind == WEFT_SCRIPT_REPEAT) {
        WEFT_TRY(st, script_expect(p, "UNTIL"));
        WEFT_TRY(st, script_expr(p, condition));
    }
    WEFT_TRY(st, expect_end(p, what));
    node->branch_count = 1;
    node->conditions = condition;
    node->bodies = body;
done:
    return st;
}

/* LEAVE label, ITERATE label */
static weft_status parse_jump(sql_parser *p, const label_scope *labels, weft_script *node)
{
    weft_status st = WEFT_OK;
    const label_scope *at = labels;
    node->kind = weft_sql_is_text(p, 0, "LEAVE") ? WEFT_SCRIPT_LEAVE : WEFT_SCRIPT_ITERATE;
    weft_sql_advance(p);
    const weft_span span = weft_sql_peek(p, 0)->span;
    WEFT_TRY(st, weft_sql_name(p, "a label", &node->label));
    while (at != NULL && strcasecmp(at->name, node->label) != 0) at = at->outer;
    if (at == NULL)
        WEFT_TRY(st,
                 weft_fail_at(p->ctx, WEFT_LABEL_UNKNOWN, &span,
                              "The usage of the label %s is invalid. Label was used in the %s statement, but "
                              "the label does not belong to any surrounding block.",
                              node->label, node->kind == WEFT_SCRIPT_LEAVE ? "LEAVE" : "ITERATE"));
    if (node->kind == WEFT_SCRIPT_ITERATE && !at->loop)
        st = weft_fail_at(
            p->ctx, WEFT_LABEL_ITERATE, &span,
            "The usage of the label %s is invalid. ITERATE statement cannot be used with a label that "
            "belongs to a compound (BEGIN...END) body.",
            node->label);
done:
    return st;
}

/* ---- statements ---- */

/* EXECUTE IMMEDIATE … INTO x …: the targets may be variables of a block. */
static weft_status parse_execute(sql_parser *p, weft_script *node)
{
    weft_status st = WEFT_OK;
    const weft_expr *text = NULL;
    weft_pointers arguments = {0};
    const int32_t start = script_here(p);
    node->kind = WEFT_SCRIPT_EXECUTE;
    weft_sql_advance(p);
    WEFT_TRY(st, script_expect(p, "IMMEDIATE"));
    WEFT_TRY(st, weft_sql_expr(p, &text));
    node->text = script_place_from(p, start);
    if (weft_sql_accept_word(p, SQL_KW_INTO)) WEFT_TRY(st, script_targets(p, node));
    const int32_t rest = script_here(p);
    node->subject = (weft_script_place){.start = rest, .stop = rest};
    if (weft_sql_accept_word(p, SQL_KW_USING)) {
        const bool parenthesis = weft_sql_accept(p, SQL_LPAREN);
        WEFT_TRY(st, weft_sql_items(p, &arguments));
        if (parenthesis) WEFT_TRY(st, weft_sql_expect(p, SQL_RPAREN, "',' or ')'"));
        node->subject = script_place_from(p, rest);
    }
done:
    return st;
}

static weft_status parse_statement(sql_parser *p, weft_script *node)
{
    const weft_node *parsed = NULL;
    const int32_t start = script_here(p);
    const weft_status st = weft_sql_statement(p, &parsed);
    node->text = script_place_from(p, start);
    node->is_query = st == WEFT_OK && !weft_node_is_command(parsed);
    return st;
}

static bool is_loop_word(sql_parser *p)
{
    return weft_sql_is_text(p, 0, "WHILE") || weft_sql_is_text(p, 0, "REPEAT") ||
           weft_sql_is_text(p, 0, "LOOP") || weft_sql_is_text(p, 0, "FOR");
}

static bool is_loop(weft_script_kind kind)
{
    return kind == WEFT_SCRIPT_WHILE || kind == WEFT_SCRIPT_REPEAT || kind == WEFT_SCRIPT_LOOP ||
           kind == WEFT_SCRIPT_FOR;
}

/* At FROM or WITH: an INSERT into several tables, or a query. */
static weft_status parse_inserts(sql_parser *p, weft_script *node)
{
    weft_status st = WEFT_OK;
    weft_script *inserts = NULL;
    const size_t from = (size_t)script_here(p), len = (size_t)p->lexer.len;
    if (!script_is_inserts(p->text, from, len)) return parse_statement(p, node);
    WEFT_TRY(st, script_inserts(p->ctx, p->text, from, len, &inserts));
    while (script_here(p) < inserts->text.stop) weft_sql_advance(p);
    *node = *inserts;
done:
    return st;
}

static weft_status parse_kind(sql_parser *p, const label_scope *labels, weft_script *node)
{
    if (sql_word(p, SQL_KW_FROM) || sql_word(p, SQL_KW_WITH)) return parse_inserts(p, node);
    if (weft_sql_is_text(p, 0, "BEGIN")) return script_block(p, labels, node);
    if (is_loop_word(p)) return parse_loop(p, labels, node);
    if (sql_word(p, SQL_KW_IF)) return parse_if(p, labels, node);
    if (sql_word(p, SQL_KW_CASE)) return parse_case(p, labels, node);
    if (weft_sql_is_text(p, 0, "LEAVE") || weft_sql_is_text(p, 0, "ITERATE"))
        return parse_jump(p, labels, node);
    if (sql_word(p, SQL_KW_SET)) return parse_set(p, node);
    if (weft_sql_is_text(p, 0, "EXECUTE")) return parse_execute(p, node);
    if (weft_sql_is_text(p, 0, "OPEN") || weft_sql_is_text(p, 0, "FETCH") || weft_sql_is_text(p, 0, "CLOSE"))
        return script_cursor_statement(p, node);
    return parse_statement(p, node);
}

/* [label:] statement [label] */
weft_status script_node(sql_parser *p, const label_scope *labels, const weft_script **out)
{
    weft_status st = WEFT_OK;
    weft_script *node = NULL;
    label_scope own = {.outer = labels};
    sql_frame frame = {0};
    WEFT_TRY(st, weft_sql_enter(p, &frame));
    WEFT_TRY(st, WEFT_NEW(p->ctx, &node));
    const weft_span span = weft_sql_peek(p, 0)->span;
    if ((sql_is(p, SQL_WORD) || sql_is(p, SQL_QUOTED)) && sql_is_at(p, 1, SQL_COLON)) {
        WEFT_TRY(st, weft_sql_name(p, "a label", &own.name));
        weft_sql_advance(p);
        own.loop = is_loop_word(p);
        if (!own.loop && !weft_sql_is_text(p, 0, "BEGIN"))
            WEFT_TRY(st, weft_sql_syntax_error(p, "BEGIN or a loop behind a label"));
        for (const label_scope *at = labels; at != NULL; at = at->outer)
            if (strcasecmp(at->name, own.name) == 0)
                WEFT_TRY(st,
                         weft_fail_at(p->ctx, WEFT_LABEL_EXISTS, &span,
                                      "The label or FOR variable `%s` already exists. Choose another name or "
                                      "rename the existing one.",
                                      own.name));
    }
    WEFT_TRY(st, parse_kind(p, own.name != NULL ? &own : labels, node));
    if (own.name != NULL) node->label = own.name;
    const bool labelled = node->kind == WEFT_SCRIPT_BLOCK || is_loop(node->kind);
    const bool ends = sql_is_at(p, 1, SQL_SEMICOLON) || sql_is_at(p, 1, SQL_END);
    if (labelled && ends && (sql_is(p, SQL_WORD) || sql_is(p, SQL_QUOTED))) {
        const char *end = NULL;
        const weft_span at = weft_sql_peek(p, 0)->span;
        WEFT_TRY(st, weft_sql_name(p, "a label", &end));
        if (own.name == NULL)
            WEFT_TRY(st, weft_fail_at(p->ctx, WEFT_END_LABEL_ALONE, &at,
                                      "End label `%s` can not exist without begin label.", end));
        if (strcasecmp(end, own.name) != 0)
            WEFT_TRY(st, weft_fail_at(p->ctx, WEFT_LABELS_MISMATCH, &at,
                                      "Begin label %s does not match the end label %s.", own.name, end));
    }
    sql_leave(p, frame);
    *out = node;
done:
    return st;
}

bool weft_sql_begins_block(const char *text, size_t len)
{
    sql_lexer lexer;
    if (len > WEFT_SQL_BYTES_MAX) return false;
    weft_sql_lexer_init(&lexer, text, len);
    const sql_token token = weft_sql_lex(&lexer);
    return token.kind == SQL_WORD && token.span.stop - token.span.start == 5 &&
           strncasecmp(text + token.span.start, "BEGIN", 5) == 0;
}

bool weft_sql_is_script(const char *text, size_t len)
{
    if (len > WEFT_SQL_BYTES_MAX) return false;
    return weft_sql_begins_block(text, len) || script_is_inserts(text, 0, len);
}

weft_status weft_sql_parse_script(weft_ctx *ctx, const char *text, size_t len, weft_script_features *features,
                                  const weft_script **out)
{
    weft_status st = WEFT_OK;
    sql_parser p = {.ctx = ctx, .text = text, .in_script = true, .features = features};
    *features = (weft_script_features){0};
    WEFT_TRY(st, weft_sql_check_text(ctx, text, len));
    if (script_is_inserts(text, 0, len)) {
        weft_script *inserts = NULL;
        WEFT_TRY(st, script_inserts(ctx, text, 0, len, &inserts));
        *out = inserts;
        goto done;
    }
    weft_sql_lexer_init(&p.lexer, text, len);
    p.lexer.double_quotes_name = weft_setting(ctx, WEFT_SET_DOUBLE_QUOTED_NAMES) != 0;
    WEFT_TRY(st, script_node(&p, NULL, out));
    while (weft_sql_accept(&p, SQL_SEMICOLON)) {
    }
    if (!sql_is(&p, SQL_END)) st = weft_sql_syntax_error(&p, NULL);
done:
    return st;
}
