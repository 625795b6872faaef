/* engine/sql/parser_script.h - what the two files of the parser of scripts share. */
#ifndef WEFT_SQL_PARSER_SCRIPT_H
#define WEFT_SQL_PARSER_SCRIPT_H

#include "engine/sql/parser_internal.h"
#include "engine/sql/script_tree.h"

/* The labels around a statement, the innermost first. */
typedef struct label_scope {
    const char *name;
    bool loop;
    const struct label_scope *outer;
} label_scope;

/* ---- parser_script.c ---- */
int32_t script_here(sql_parser *p); /* where the current token begins */
/* From there to the end of what was read last. */
weft_script_place script_place_from(const sql_parser *p, int32_t start);
WEFT_MUST_CHECK weft_status script_expr(sql_parser *p, weft_script_place *out);
WEFT_MUST_CHECK weft_status script_expect(sql_parser *p, const char *text);
/* The last part of a name, and the one before it, or NULL. */
WEFT_MUST_CHECK weft_status script_target_name(sql_parser *p, const char **name, const char **label);
/* Names of variables, parted by commas, as the node's targets. */
WEFT_MUST_CHECK weft_status script_targets(sql_parser *p, weft_script *node);
/* [label:] statement [label] */
WEFT_MUST_CHECK weft_status script_node(sql_parser *p, const label_scope *labels, const weft_script **out);
/* ---- parser_inserts.c ---- */
/* Is the text from there on an INSERT into several tables? */
bool script_is_inserts(const char *text, size_t from, size_t len);
/* Such a one; its text ends where the statement does. */
WEFT_MUST_CHECK weft_status script_inserts(weft_ctx *ctx, const char *text, size_t from, size_t len,
                                           weft_script **out);
/* ---- parser_script_cursor.c ---- */
bool script_at_cursor(sql_parser *p); /* behind DECLARE: of one? */
WEFT_MUST_CHECK weft_status script_declare_cursor(sql_parser *p, weft_pointers *cursors);
WEFT_MUST_CHECK weft_status script_cursor_statement(sql_parser *p, weft_script *node);
/* ---- parser_script_block.c: at BEGIN ---- */
WEFT_MUST_CHECK weft_status script_block(sql_parser *p, const label_scope *labels, weft_script *node);

#endif
