/* engine/sql/parser_internal.h - what the parser's files share: the cursor over tokens, and the grammar's
 * entry points.
 *
 * Depth: `depth` counts the recursion of the parser, `height` is the height of the tree made in the current
 * frame, which left-deep chains (1+1+…) raise without recursion. Both stop at WEFT_EXPR_DEPTH_MAX, so that
 * everything after the parser may recurse over the tree. A rule opens a frame (weft_sql_enter) before its
 * first child and closes it after its last, which makes the heights of siblings count once; making a node
 * over children adds one.
 *
 * Weight: some forms use one operand several times (BETWEEN, CASE value WHEN …), so nested ones would double
 * at each level once the shared nodes are walked as a tree. `weight` counts nodes as that walk would, and is
 * limited.
 *
 * Every parse function starts at the current token and leaves the cursor behind what it read. */
#ifndef WEFT_SQL_PARSER_INTERNAL_H
#define WEFT_SQL_PARSER_INTERNAL_H

#include "common/limits.h"
#include "engine/plan/pointers.h"
#include "engine/plan/table_clustering.h"
#include "engine/sql/lexer.h"
#include "engine/sql/parser.h"

enum { SQL_LOOKAHEAD = 6 };

/* What stands behind the partner of each opening parenthesis: see parser_parens.c. */
typedef struct sql_paren {
    int32_t start; /* of the opening one, in the text */
    int32_t below; /* while they are paired: the next on the stack of open ones, or -1 */
    bool continues_query;
    bool as_inner; /* only parentheses around another: the answer is the inner one's */
    bool script;   /* USING, ROW FORMAT or RECORDWRITER stands behind its partner */
} sql_paren;

typedef struct sql_parens {
    bool scanned;
    int32_t count, capacity;
    sql_paren *items; /* ascending starts */
} sql_parens;

typedef struct sql_parser {
    weft_ctx *ctx;
    const char *text;
    sql_lexer lexer;               /* behind the last token of look */
    sql_token look[SQL_LOOKAHEAD]; /* a ring: the current token and what was peeked */
    int32_t look_first, look_count;
    weft_span last; /* of the token read last */
    int32_t depth, height;
    int64_t weight;  /* of what the current frame made */
    int64_t operand; /* weight of the left side of the predicate that is being read */
    sql_parens parens;
    int32_t run_start, run_stop; /* a run of opening parentheses that was looked past, and ... */
    bool run_is_query;           /* whether a query begins behind it */
    const weft_catalog *catalog; /* for the variables that IDENTIFIER() reads; or NULL */
    bool in_identifier;          /* the text is that of an IDENTIFIER() */
    /* DEFAULT COLLATION: of string literals, and of types STRING that name none. The types of columns are
     * read before the clause that says it: they are of WEFT_COLLATION_NULL until then. */
    uint16_t text_collation, type_collation;
    bool declares;       /* a column's type: CHAR(n) and VARCHAR(n) within it keep their lengths */
    bool in_item;        /* an item of a select list: `…` may be a regular expression */
    bool in_script;      /* it is only read: what an IDENTIFIER() means is not known yet */
    bool in_cursor;      /* the query of a cursor, whose markers get their values by OPEN … USING */
    weft_pointers calls; /* const weft_expr *: calls of scalar and aggregate functions, as they were met */
    struct weft_script_features *features; /* of a script: what it needs is told here */
} sql_parser;

/* ---- cursor (parser.c) ---- */

/* The token `ahead` of the current one (0: itself), ahead < SQL_LOOKAHEAD. */
const sql_token *weft_sql_peek(sql_parser *p, int32_t ahead);
void weft_sql_advance(sql_parser *p);
static inline bool sql_is(sql_parser *p, sql_token_kind kind) { return weft_sql_peek(p, 0)->kind == kind; }
static inline bool sql_is_at(sql_parser *p, int32_t ahead, sql_token_kind kind)
{
    return weft_sql_peek(p, ahead)->kind == kind;
}
static inline bool sql_word_at(sql_parser *p, int32_t ahead, sql_keyword keyword)
{
    const sql_token *token = weft_sql_peek(p, ahead);
    return token->kind == SQL_WORD && token->keyword == keyword;
}
static inline bool sql_word(sql_parser *p, sql_keyword keyword) { return sql_word_at(p, 0, keyword); }
/* Read the token when it is this one. */
bool weft_sql_accept(sql_parser *p, sql_token_kind kind);
bool weft_sql_accept_word(sql_parser *p, sql_keyword keyword);
/* The same for a word that is no keyword; text in upper case. */
bool weft_sql_token_is(const sql_parser *p, const sql_token *token, const char *text);
bool weft_sql_is_text(sql_parser *p, int32_t ahead, const char *text);
bool weft_sql_accept_text(sql_parser *p, const char *text);
/* Read the token or fail; what says it to the user ("')'"). */
WEFT_MUST_CHECK weft_status weft_sql_expect(sql_parser *p, sql_token_kind kind, const char *what);
WEFT_MUST_CHECK weft_status weft_sql_expect_word(sql_parser *p, sql_keyword keyword);
/* "Syntax error at or near …" at the current token. expected (or NULL) becomes the hint. */
weft_status weft_sql_syntax_error(sql_parser *p, const char *expected);
/* The same where no name can lack its quotes: never INVALID_IDENTIFIER. */
WEFT_MUST_CHECK weft_status weft_sql_plain_error(sql_parser *p, const char *expected);
/* A form of the dialect that is known and not supported. */
weft_status weft_sql_unsupported(sql_parser *p, const weft_span *span, const char *what);
/* From the start of a token to the end of the token read last. */
weft_span weft_sql_span_from(const sql_parser *p, const weft_span *start);
/* Into a nested rule and out again; enter fails when it is too deep. frame keeps what came before; a rule
 * that fails need not leave. */
typedef struct sql_frame {
    int32_t height;
    int64_t weight;
} sql_frame;
WEFT_MUST_CHECK weft_status weft_sql_enter(sql_parser *p, sql_frame *frame);
static inline void sql_leave(sql_parser *p, sql_frame frame)
{
    p->depth--;
    p->height = weft_max_i32(p->height, frame.height);
    p->weight += frame.weight;
}
/* An operand of this weight is used once more. */
WEFT_MUST_CHECK weft_status weft_sql_repeat(sql_parser *p, int64_t weight);
WEFT_MUST_CHECK weft_status weft_sql_grow(sql_parser *p);

/* Is the text of a size and an encoding that can be parsed? Errors: WEFT_LIMIT, WEFT_PARSE_SYNTAX_ERROR. */
WEFT_MUST_CHECK weft_status weft_sql_check_text(weft_ctx *ctx, const char *text, size_t len);

/* ---- names and small things (parser.c) ---- */

/* One identifier: a quoted name or any word. In ctx->arena. */
WEFT_MUST_CHECK weft_status weft_sql_name(sql_parser *p, const char *what, const char **out);
/* a.b.c */
WEFT_MUST_CHECK weft_status weft_sql_names(sql_parser *p, const char *what, const char *const **parts,
                                           int32_t *count);
/* (a, b, c): the parentheses too. */
WEFT_MUST_CHECK weft_status weft_sql_name_list(sql_parser *p, const char *const **names, int32_t *count);
/* One or more adjacent string literals, joined. */
WEFT_MUST_CHECK weft_status weft_sql_string(sql_parser *p, const char *what, const char **out, size_t *len);
WEFT_MUST_CHECK weft_status weft_sql_text_copy(sql_parser *p, int32_t start, int32_t stop, const char **out);

/* IDENTIFIER(expression) as the parts of a name (parser_identifier.c). */
bool weft_sql_at_identifier(sql_parser *p);
WEFT_MUST_CHECK weft_status weft_sql_identifier(sql_parser *p, const char *const **parts, int32_t *count);
/* The value of a constant expression, which stands at span, as text: that of the option key. */
WEFT_MUST_CHECK weft_status weft_sql_constant_text(sql_parser *p, const weft_expr *e, const weft_span *span,
                                                   const char *key, const char **out);
/* The parts of the name that an expression says, which stands at span. */
WEFT_MUST_CHECK weft_status weft_sql_constant_name(sql_parser *p, const weft_expr *e, const weft_span *span,
                                                   const char *const **parts, int32_t *count);

/* ---- nodes (parser.c) ---- */

WEFT_MUST_CHECK weft_status weft_sql_expr_new(sql_parser *p, weft_expr_kind kind, weft_span span,
                                              const weft_expr *const *args, int32_t count, weft_expr **out);
/* UNRESOLVED_CALL name(args). */
WEFT_MUST_CHECK weft_status weft_sql_call(sql_parser *p, const char *name, weft_span span,
                                          const weft_expr *const *args, int32_t count, const weft_expr **out);
WEFT_MUST_CHECK weft_status weft_sql_literal(sql_parser *p, weft_value value, weft_span span,
                                             const weft_expr **out);
WEFT_MUST_CHECK weft_status weft_sql_string_literal(sql_parser *p, const char *text, weft_span span,
                                                    const weft_expr **out);
WEFT_MUST_CHECK weft_status weft_sql_node_new(sql_parser *p, weft_node_kind kind, weft_span span,
                                              const weft_node *const *inputs, int32_t count, weft_node **out);

/* ---- grammar ---- */

/* parser_expr.c */
WEFT_MUST_CHECK weft_status weft_sql_expr(sql_parser *p, const weft_expr **out);
WEFT_MUST_CHECK weft_status weft_sql_value_expr(sql_parser *p,
                                                const weft_expr **out); /* no AND, OR, NOT, predicate */
/* a, b, c: one or more. */
/* Fields of a struct or row, parted by commas, which may be named: x AS name, or x name. */
WEFT_MUST_CHECK weft_status weft_sql_fields(sql_parser *p, weft_pointers *out);
WEFT_MUST_CHECK weft_status weft_sql_exprs(sql_parser *p, weft_pointers *out);
/* (1, 2) is a row: a call of struct that begins at its parenthesis. */
bool weft_sql_is_row(const weft_expr *e);
/* parser_primary.c */
WEFT_MUST_CHECK weft_status weft_sql_primary(sql_parser *p, const weft_expr **out);
/* With '(' as the current token, inside another: is the outer one around a query, as in ((SELECT ...) UNION
 * ...), or around tables, as in ((SELECT ...) a JOIN b)? What stands behind the partner of the inner one
 * tells. */
WEFT_MUST_CHECK weft_status weft_sql_query_continues(sql_parser *p, bool *out);
/* At SELECT: does TRANSFORM (…) stand behind it with USING, and not the function of this name? */
WEFT_MUST_CHECK weft_status weft_sql_script_follows(sql_parser *p, bool *out);
bool weft_sql_begins_query(sql_parser *p); /* after an opening parenthesis: is a query inside? */
/* parser_call.c */
WEFT_MUST_CHECK weft_status weft_sql_function(sql_parser *p, const weft_expr **out);
WEFT_MUST_CHECK weft_status weft_sql_window_spec(sql_parser *p, const weft_window_spec **out);
/* Is the current word a special form such as CAST( or EXTRACT( ? Then parse it. */
WEFT_MUST_CHECK weft_status weft_sql_special_form(sql_parser *p, const weft_expr **out); /* *out NULL: no */
/* parser_literal.c */
WEFT_MUST_CHECK weft_status weft_sql_number(sql_parser *p, bool negative, weft_span start,
                                            const weft_expr **out);
WEFT_MUST_CHECK weft_status weft_sql_typed_literal(sql_parser *p,
                                                   const weft_expr **out); /* *out NULL: none */
/* parser_interval.c: at INTERVAL; *out NULL when the word is just a name. */
WEFT_MUST_CHECK weft_status weft_sql_interval(sql_parser *p, const weft_expr **out);
/* parser_type.c */
weft_type_id weft_sql_timestamp_type(const sql_parser *p); /* what TIMESTAMP means in this session */
/* The type id, TIMESTAMP or TIMESTAMP_NTZ, with so many digits of its seconds. Errors:
 * WEFT_TIMESTAMP_PRECISION, WEFT_FEATURE_NOT_ENABLED. */
WEFT_MUST_CHECK weft_status weft_sql_timestamp_digits(sql_parser *p, const weft_span *span, weft_type_id id,
                                                      int32_t digits, weft_type *out);
WEFT_MUST_CHECK weft_status weft_sql_type(sql_parser *p, weft_type *out);
/* Of a column of a table: CHAR(n) and VARCHAR(n) keep their lengths (columnar/declared_type.h). */
WEFT_MUST_CHECK weft_status weft_sql_column_type(sql_parser *p, weft_type *out);
/* parser_query.c */
WEFT_MUST_CHECK weft_status weft_sql_query(sql_parser *p, const weft_node **out);
WEFT_MUST_CHECK weft_status weft_sql_sort_keys(sql_parser *p, weft_pointers *out); /* after BY */
/* At WITH: a query, or INSERT with definitions before it. */
WEFT_MUST_CHECK weft_status weft_sql_with_statement(sql_parser *p, const weft_node **out);
/* expression [AS alias], …: one or more. */
WEFT_MUST_CHECK weft_status weft_sql_items(sql_parser *p, weft_pointers *out);
/* [DISTINCT | ALL] behind SELECT: is it DISTINCT? */
bool weft_sql_quantifier(sql_parser *p);
/* After WINDOW: name AS (…), … */
WEFT_MUST_CHECK weft_status weft_sql_windows(sql_parser *p, weft_select *select);
/* SELECT, VALUES, TABLE, FROM or a query in parentheses. */
WEFT_MUST_CHECK weft_status weft_sql_query_primary(sql_parser *p, const weft_node **out);
/* ORDER, SORT, CLUSTER, DISTRIBUTE BY, LIMIT and OFFSET around *node; *found: there was one. */
WEFT_MUST_CHECK weft_status weft_sql_organization(sql_parser *p, const weft_span *start,
                                                  const weft_node **node, bool *found);
typedef struct sql_set_operator {
    weft_set_kind kind;
    bool all, by_name;
} sql_set_operator;
/* A set operator of this level (INTERSECT, or one of the others); *found false: there is none. */
WEFT_MUST_CHECK weft_status weft_sql_set_operator(sql_parser *p, bool intersect, sql_set_operator *op,
                                                  bool *found);
WEFT_MUST_CHECK weft_status weft_sql_make_set(sql_parser *p, const weft_span *start,
                                              const sql_set_operator *op, const weft_pointers *inputs,
                                              const weft_node **out);
/* Does a query, or one of its clauses, end or begin anew at the token so far ahead? What stands before it is
 * whole then: in FROM t WHERE the last word has nothing to begin, and is an alias, as in Spark. */
bool weft_sql_is_cut(sql_parser *p, int32_t ahead);
/* In a script: FOR query DO, CURSOR FOR query FOR READ ONLY. */
static inline bool weft_sql_ends_query(sql_parser *p)
{
    return p->in_script &&
           (weft_sql_is_text(p, 0, "DO") || (sql_word(p, SQL_KW_FOR) && weft_sql_is_text(p, 1, "READ")));
}
/* FROM … (where it was not read before), WHERE, GROUP BY, HAVING, QUALIFY (where it may stand), WINDOW. */
WEFT_MUST_CHECK weft_status weft_sql_select_clauses(sql_parser *p, bool qualifies, weft_select *select);
/* parser_transform.c: at SELECT TRANSFORM (, MAP or REDUCE. from: FROM stood before it; or NULL. Errors:
 * WEFT_TRANSFORM_DISTINCT_ALL, WEFT_TRANSFORM_NON_HIVE, WEFT_RECORD_CLASSES. */
WEFT_MUST_CHECK weft_status weft_sql_transform(sql_parser *p, const weft_node *from, const weft_node **out);
/* MAP or REDUCE where an alias or an expression may stand too: is it the former? */
bool weft_sql_at_map(sql_parser *p);
/* parser_hint.c: behind SELECT, which is the token read last */
WEFT_MUST_CHECK weft_status weft_sql_hints(sql_parser *p, weft_select *select);
/* parser_group.c. Does GROUPING SETS stand here, which is no alias? */
static inline bool weft_sql_at_grouping_sets(sql_parser *p)
{
    return sql_word(p, SQL_KW_GROUPING) && sql_word_at(p, 1, SQL_KW_SETS);
}
/* After GROUP BY. */
WEFT_MUST_CHECK weft_status weft_sql_group_by(sql_parser *p, weft_select *select);
/* parser_relation.c */
WEFT_MUST_CHECK weft_status weft_sql_from(sql_parser *p, const weft_node **out);     /* after FROM */
WEFT_MUST_CHECK weft_status weft_sql_from_one(sql_parser *p, const weft_node **out); /* one table of it */
WEFT_MUST_CHECK weft_status weft_sql_values(sql_parser *p, const weft_node **out);   /* at VALUES */
/* [AS] name [(columns)] around the input, or the input itself. */
WEFT_MUST_CHECK weft_status weft_sql_table_alias(sql_parser *p, const weft_node *input,
                                                 const weft_node **out);
/* The same around VALUES, which it must name whole. Errors: WEFT_INLINE_TABLE_COLUMNS. */
WEFT_MUST_CHECK weft_status weft_sql_values_alias(sql_parser *p, const weft_node *values,
                                                  const weft_node **out);
/* A join, PIVOT or UNPIVOT behind *left, which begins at start; *found: there was one. */
WEFT_MUST_CHECK weft_status weft_sql_extend_once(sql_parser *p, const weft_span *start,
                                                 const weft_node **left, bool *found);
WEFT_MUST_CHECK weft_status weft_sql_lateral_view(sql_parser *p, const weft_span *start,
                                                  const weft_node **left);
/* parser_rows_call.c: UNNEST(…) or JSON_TABLE(…); *out NULL when neither stands here. */
WEFT_MUST_CHECK weft_status weft_sql_rows_call(sql_parser *p, const weft_node **out);
/* A join of *left and right, all else as in the model. */
WEFT_MUST_CHECK weft_status weft_sql_make_join(sql_parser *p, const weft_span *start, const weft_node *model,
                                               const weft_node *right, const weft_node **left);
/* The same once ON, USING or NEAREST were read. cross: it is CROSS JOIN. */
WEFT_MUST_CHECK weft_status weft_sql_finish_join(sql_parser *p, const weft_span *start, weft_node *model,
                                                 bool cross, const weft_node *right, const weft_node **left);
/* parser_best_join.c. Does ASOF JOIN, MATCH_CONDITION (or NEAREST stand here, which is no alias? */
bool weft_sql_at_best_join(sql_parser *p);
/* [INNER | LEFT [OUTER]] ASOF JOIN … behind *left; *found: it was one. */
WEFT_MUST_CHECK weft_status weft_sql_asof_join(sql_parser *p, const weft_span *start, const weft_node **left,
                                               bool *found);
/* APPROX | EXACT NEAREST … behind a join's right side, where it stands. cross: the join is CROSS. */
WEFT_MUST_CHECK weft_status weft_sql_nearest(sql_parser *p, const weft_span *start, bool cross,
                                             weft_node *join);
/* parser_bin_by.c: BIN BY (…) [alias] around *left. */
bool weft_sql_at_bin_by(sql_parser *p);
WEFT_MUST_CHECK weft_status weft_sql_bin_by(sql_parser *p, const weft_span *start, const weft_node **left);
/* around *input: parser_pivot.c, at PIVOT or UNPIVOT, and parser_sample.c, at TABLESAMPLE */
WEFT_MUST_CHECK weft_status weft_sql_pivot(sql_parser *p, const weft_node **input);
WEFT_MUST_CHECK weft_status weft_sql_sample(sql_parser *p, const weft_node **input);
/* parser_pipe.c: |> operators behind *node, which begins at start */
/* Does one stand here: |>, or | before a word that begins an operator? */
bool weft_sql_at_pipe(sql_parser *p);
WEFT_MUST_CHECK weft_status weft_sql_pipes(sql_parser *p, const weft_span *start, const weft_node **node);
/* parser_command.c */
WEFT_MUST_CHECK weft_status weft_sql_statement(sql_parser *p, const weft_node **out);
/* (key value, key = value, …): pairs, each key once. */
WEFT_MUST_CHECK weft_status weft_sql_options(sql_parser *p, weft_pointers *options);
/* The same where values may be constant expressions, and a key that comes again counts last. */
WEFT_MUST_CHECK weft_status weft_sql_constant_options(sql_parser *p, weft_pointers *options);
/* A clause of the statement that begins at start stands here: *seen says whether it did before. Errors:
 * WEFT_DUPLICATE_CLAUSES. */
WEFT_MUST_CHECK weft_status weft_sql_once(sql_parser *p, const weft_span *start, bool *seen,
                                          const char *clause);
/* IF [NOT] EXISTS, where it stands. */
WEFT_MUST_CHECK weft_status weft_sql_if_exists(sql_parser *p, bool not_exists, bool *out);
/* parser_storage.c: how Hive stores rows. */
typedef struct sql_storage {
    bool has_row_format, delimited, serde; /* ROW FORMAT; which of its forms */
    bool has_format;
    const char *format;                      /* STORED AS; NULL: INPUTFORMAT and OUTPUTFORMAT */
    const char *field_separator, *null_text; /* of DELIMITED; or NULL */
} sql_storage;
/* ROW FORMAT or STORED AS of the statement that begins at start; *found: one of them stood here. */
WEFT_MUST_CHECK weft_status weft_sql_storage(sql_parser *p, const weft_span *start, sql_storage *out,
                                             bool *found);
/* ROW FORMAT …, which stands here. */
WEFT_MUST_CHECK weft_status weft_sql_row_format(sql_parser *p, sql_storage *out);
/* Do the two go together? Errors: WEFT_NOT_ALLOWED. */
WEFT_MUST_CHECK weft_status weft_sql_check_storage(sql_parser *p, const weft_span *start,
                                                   const sql_storage *storage);
bool weft_sql_hive_format(const char *name); /* does Hive have such files? */
weft_status weft_sql_needs_hive(sql_parser *p, const weft_span *start, const char *what); /* fails */
/* parser_table.c: statements about tables and databases, whose first words begin at start */
WEFT_MUST_CHECK weft_status weft_sql_create_table(sql_parser *p, const weft_span *start, bool replace,
                                                  const weft_node **out); /* after TABLE */
WEFT_MUST_CHECK weft_status weft_sql_create_database(sql_parser *p, const weft_span *start,
                                                     const weft_node **out); /* after DATABASE */
WEFT_MUST_CHECK weft_status weft_sql_drop_table(sql_parser *p, const weft_span *start,
                                                const weft_node **out); /* after DROP */
WEFT_MUST_CHECK weft_status weft_sql_table_command(sql_parser *p, const weft_node **out);
/* parser_files.c: the rest of the statement as it is written, without blanks at its ends. */
WEFT_MUST_CHECK weft_status weft_sql_rest(sql_parser *p, const char **out);
/* Where the rest of the statement ends, from a place on; quoted texts may hold a semicolon. */
int32_t weft_sql_end_of_rest(const sql_parser *p, int32_t from);
/* What was taken as it is written ends at stop: the next token is behind it. */
void weft_sql_go_on_behind(sql_parser *p, int32_t stop);
/* A text as it is written, without blanks at its ends and one pair of one of the quotes around the whole. */
WEFT_MUST_CHECK weft_status weft_sql_unquoted(sql_parser *p, int32_t start, int32_t stop, const char *quotes,
                                              const char **out);
/* SHOW DATABASES, CREATE TABLE, TBLPROPERTIES … behind SHOW; *out NULL: it is another one. */
WEFT_MUST_CHECK weft_status weft_sql_show_tables(sql_parser *p, const weft_span *start,
                                                 const weft_node **out);
/* parser_routine.c: behind FUNCTION; the statement begins at start */
WEFT_MUST_CHECK weft_status weft_sql_create_function(sql_parser *p, const weft_span *start, bool replace,
                                                     bool temporary, const weft_node **out);
WEFT_MUST_CHECK weft_status weft_sql_drop_function(sql_parser *p, const weft_span *start, bool temporary,
                                                   const weft_node **out);
/* parser_variable.c */
void weft_sql_variable_word(sql_parser *p); /* passes the word VARIABLE or VAR before a name */
WEFT_MUST_CHECK weft_status weft_sql_declare(sql_parser *p, const weft_node **out); /* at DECLARE */
weft_status weft_sql_variable_without_type(sql_parser *p, const weft_span *span);   /* fails */
WEFT_MUST_CHECK weft_status weft_sql_set_variable(sql_parser *p, const weft_span *start,
                                                  const weft_node **out); /* behind SET VARIABLE */
/* A statement about a cursor: what scripts have, and nothing else. */
bool weft_sql_at_cursor(sql_parser *p);
weft_status weft_sql_refuse_cursor(sql_parser *p); /* fails */
WEFT_MUST_CHECK weft_status weft_sql_drop_variable(sql_parser *p, const weft_span *start,
                                                   const weft_node **out);          /* behind VARIABLE */
WEFT_MUST_CHECK weft_status weft_sql_execute(sql_parser *p, const weft_node **out); /* at EXECUTE */
/* parser_cache.c: at CACHE, UNCACHE, CLEAR, ANALYZE */
bool weft_sql_at_cache(sql_parser *p);
WEFT_MUST_CHECK weft_status weft_sql_cache(sql_parser *p, const weft_node **out);
/* parser_path.c: behind SET, at CATALOG or PATH = */
WEFT_MUST_CHECK weft_status weft_sql_set_catalog(sql_parser *p, const weft_span *start,
                                                 const weft_node **out);
WEFT_MUST_CHECK weft_status weft_sql_set_path(sql_parser *p, const weft_span *start, const weft_node **out);
/* parser_native.c: statements of other catalogues than Spark's own. Those below that begin with check fail
 * for one of them, whose statement begins at start, and pass what is none. */
weft_status weft_sql_invalid_statement(sql_parser *p, const weft_span *start, const char *what); /* fails */
weft_status weft_sql_not_allowed(sql_parser *p, const weft_span *start, const char *what);       /* fails */
WEFT_MUST_CHECK weft_status weft_sql_check_native(sql_parser *p);
/* Behind ALTER TABLE name, and maybe a PARTITION (…). */
WEFT_MUST_CHECK weft_status weft_sql_check_native_alter(sql_parser *p, const weft_span *start,
                                                        bool partition);
WEFT_MUST_CHECK weft_status weft_sql_check_pipeline(sql_parser *p, const weft_span *start); /* after CREATE */
WEFT_MUST_CHECK weft_status weft_sql_index(sql_parser *p, const weft_span *start, bool create,
                                           const weft_node **out); /* after CREATE, DROP INDEX */
WEFT_MUST_CHECK weft_status weft_sql_procedure(sql_parser *p, const weft_span *start,
                                               const weft_node **out); /* after DESCRIBE PROCEDURE */
/* SHOW CATALOGS, COLLATIONS, PROCEDURES behind SHOW; CALL, LOAD DATA; *out NULL: it is another one. */
WEFT_MUST_CHECK weft_status weft_sql_show_native(sql_parser *p, const weft_span *start,
                                                 const weft_node **out);
WEFT_MUST_CHECK weft_status weft_sql_native(sql_parser *p, const weft_node **out);
/* parser_rows.c: at UPDATE, DELETE, MERGE */
bool weft_sql_at_change(sql_parser *p);
WEFT_MUST_CHECK weft_status weft_sql_change_rows(sql_parser *p, const weft_node **out);
/* parser_view.c: after CREATE [OR REPLACE] [TEMPORARY] VIEW. */
WEFT_MUST_CHECK weft_status weft_sql_create_view(sql_parser *p, const weft_span *start, bool replace,
                                                 bool temporary, bool global, const weft_node **out);
/* After CREATE TEMPORARY TABLE. */
WEFT_MUST_CHECK weft_status weft_sql_create_temporary_table(sql_parser *p, const weft_span *start,
                                                            const weft_node **out);
/* global_temp.v as the one name that such a view has. */
WEFT_MUST_CHECK weft_status weft_sql_global_name(sql_parser *p, const char *const **parts, int32_t *count);
/* A statement about a table or database, from start to here. */
WEFT_MUST_CHECK weft_status weft_sql_command(sql_parser *p, const weft_span *start, weft_table_op op,
                                             weft_node **out);
WEFT_MUST_CHECK weft_status weft_sql_command_name(sql_parser *p, const char *what, weft_node *node);
weft_status weft_sql_schema_collation(sql_parser *p, const weft_span *start); /* fails */
/* DEFAULT COLLATION name: *name is that of the collation, or NULL where the clause does not stand here. What
 * is read behind it goes by the collation. Once only. */
WEFT_MUST_CHECK weft_status weft_sql_default_collation(sql_parser *p, const weft_span *start,
                                                       const char **name, bool *found);
/* DBPROPERTIES (…), without keys that are clauses. */
WEFT_MUST_CHECK weft_status weft_sql_database_properties(sql_parser *p, const weft_span *start,
                                                         weft_pointers *properties);
WEFT_MUST_CHECK weft_status weft_sql_refresh_function(sql_parser *p, const weft_node **out);
/* WITH SCHEMA …, of a view: at WITH. */
WEFT_MUST_CHECK weft_status weft_sql_view_schema(sql_parser *p, const weft_span *start,
                                                 weft_view_schema *out);
/* parser_constraint.c: what columns and tables are given that tables of files have none of. */
typedef struct sql_made {
    bool constraint, primary_key, generated;
} sql_made;
/* Does a constraint stand here, of a table or of a column? Then read it. */
bool weft_sql_at_constraint(sql_parser *p, bool of_table);
WEFT_MUST_CHECK weft_status weft_sql_constraint(sql_parser *p, bool of_table, sql_made *made);
/* At GENERATED, behind the type of a column. */
WEFT_MUST_CHECK weft_status weft_sql_generated(sql_parser *p, weft_type type, sql_made *made);
/* parser_columns.c: (name type [NOT NULL] [DEFAULT e] [COMMENT text] …, constraint, …) as
 * weft_column_definition. fields: NULL, or of ALTER TABLE … ADD COLUMN, where the parentheses may be left out
 * and a name may be that of a field: what is added, as weft_altered_field. made: NULL where neither
 * constraints nor GENERATED may stand. */
WEFT_MUST_CHECK weft_status weft_sql_column_list(sql_parser *p, weft_pointers *fields, sql_made *made,
                                                 weft_pointers *columns);
/* One of them, behind its name. field: that ALTER TABLE ADD or REPLACE COLUMNS names, or NULL. */
WEFT_MUST_CHECK weft_status weft_sql_column(sql_parser *p, weft_altered_field *field, const char *name,
                                            sql_made *made, weft_pointers *columns);
/* WEFT_HIVE_RENAME: what REPLACE COLUMNS does not take. */
weft_status weft_sql_refuse_replaced(sql_parser *p, const weft_span *span, const char *what);
/* [FIRST | AFTER column], of a field. */
WEFT_MUST_CHECK weft_status weft_sql_position(sql_parser *p, weft_altered_field *field);
/* parser_create.c: BY (a, b.c), behind CLUSTER. */
WEFT_MUST_CHECK weft_status weft_sql_clustering(sql_parser *p, weft_clustering *out);
/* Errors: WEFT_TABLE_PROPERTY for a key of TBLPROPERTIES that a clause says. */
WEFT_MUST_CHECK weft_status weft_sql_check_property(sql_parser *p, const weft_span *start, const char *key);
/* At DEFAULT of a column. Errors: WEFT_DEFAULT_DISABLED, when the session has none. */
WEFT_MUST_CHECK weft_status weft_sql_check_default(sql_parser *p);
bool weft_sql_accept_database(sql_parser *p); /* DATABASE, SCHEMA, NAMESPACE */
/* parser_alter_refused.c: behind ALTER TABLE name; *found: the node is one that is refused. */
WEFT_MUST_CHECK weft_status weft_sql_alter_refused(sql_parser *p, weft_node *node, bool *found);
/* SET SERDE, and SET SERDEPROPERTIES behind PARTITION (…). */
WEFT_MUST_CHECK weft_status weft_sql_alter_serde(sql_parser *p, bool partition, weft_node *node, bool *found);
/* The node is refused with this when its table and the fields that it names are there. */
void weft_sql_refuse(weft_node *node, const char *what);
/* What the statement names, as weft_altered_field. */
void weft_sql_set_fields(weft_node *node, const weft_pointers *fields);
/* One more, its name read: a.b.c */
WEFT_MUST_CHECK weft_status weft_sql_altered_field(sql_parser *p, weft_pointers *fields,
                                                   weft_altered_field **out);
/* parser_alter_column.c: ALTER | CHANGE [COLUMN] c …, Hive's CHANGE [COLUMN] c c type [COMMENT …]: after the
 * first word. */
WEFT_MUST_CHECK weft_status weft_sql_alter_column(sql_parser *p, const weft_span *start, bool change,
                                                  weft_node *node);
/* parser_alter.c: ALTER, COMMENT ON, MSCK, REFRESH. */
WEFT_MUST_CHECK weft_status weft_sql_alter(sql_parser *p, const weft_node **out);
/* One more PARTITION (…) of the statement. */
WEFT_MUST_CHECK weft_status weft_sql_command_spec(sql_parser *p, weft_node *node);
/* parser_command.c: key of an option, a string or words with dots. */
WEFT_MUST_CHECK weft_status weft_sql_option_key(sql_parser *p, const char **out);
WEFT_MUST_CHECK weft_status weft_sql_insert(sql_parser *p, const weft_node **out);
/* WITH SCHEMA EVOLUTION, where WITH stands here: *found. */
WEFT_MUST_CHECK weft_status weft_sql_schema_evolution(sql_parser *p, bool *found);
/* The name of a format behind USING. Spark knows some by the names of old classes, too: a.b.C. */
WEFT_MUST_CHECK weft_status weft_sql_provider(sql_parser *p, const char **out);
/* PARTITION (column = constant, …); dynamic: also columns without a constant. */
WEFT_MUST_CHECK weft_status weft_sql_partition_spec(sql_parser *p, bool dynamic, weft_partition_spec **out);
/* parser_show.c */
WEFT_MUST_CHECK weft_status weft_sql_show(sql_parser *p, const weft_node **out);
bool weft_sql_accept_as_json(sql_parser *p); /* AS JSON, where it stands */
WEFT_MUST_CHECK weft_status weft_sql_describe(sql_parser *p, const weft_node **out);
/* A node of a command that shows `what`, of a table where input is not NULL. */
WEFT_MUST_CHECK weft_status weft_sql_show_node(sql_parser *p, const weft_span *start, const char *what,
                                               const weft_node *input, weft_node **out);
/* parser_files.c: ADD FILE, LIST FILES */
WEFT_MUST_CHECK weft_status weft_sql_files(sql_parser *p, const weft_node **out);
/* parser_set.c: SET, RESET */
WEFT_MUST_CHECK weft_status weft_sql_set(sql_parser *p, const weft_node **out);

#endif
