/* engine/sql/parser_files.c - what of a statement is no SQL and is taken as it is written; ADD FILE, LIST
 * FILES. */
#include <ctype.h>
#include <string.h>

#include "engine/sql/parser_internal.h"

weft_status weft_sql_unquoted(sql_parser *p, int32_t start, int32_t stop, const char *quotes,
                              const char **out)
{
    const char *text = p->text;
    while (start < stop && strchr(" \t\r\n", text[start]) != NULL) start++;
    while (stop > start && strchr(" \t\r\n", text[stop - 1]) != NULL) stop--;
    const char first = start < stop ? text[start] : '\0';
    if (stop - start >= 2 && first != '\0' && strchr(quotes, first) != NULL && text[stop - 1] == first) {
        start++;
        stop--;
    }
    return weft_sql_text_copy(p, start, stop, out);
}

void weft_sql_go_on_behind(sql_parser *p, int32_t stop)
{
    p->look_count = 0;
    p->lexer.position = stop;
    p->lexer.problem = SQL_NO_PROBLEM;
    p->last.stop = stop;
}

int32_t weft_sql_end_of_rest(const sql_parser *p, int32_t from)
{
    char quote = '\0';
    int32_t stop = from;
    for (; stop < p->lexer.len; stop++) {
        const char c = p->text[stop];
        if (quote != '\0')
            quote = c == quote ? '\0' : quote;
        else if (c == '\'' || c == '"')
            quote = c;
        else if (c == ';')
            break;
    }
    return stop;
}

weft_status weft_sql_rest(sql_parser *p, const char **out)
{
    int32_t from = p->last.stop, stop = weft_sql_end_of_rest(p, from);
    while (from < stop && isspace((unsigned char)p->text[from])) from++;
    while (stop > from && isspace((unsigned char)p->text[stop - 1])) stop--;
    const weft_status st = weft_sql_text_copy(p, from, stop, out);
    weft_sql_go_on_behind(p, stop);
    return st;
}

/* The quoted texts between from and stop; without any the whole is one path. */
static weft_status parse_paths(sql_parser *p, int32_t from, int32_t stop, weft_pointers *paths)
{
    weft_status st = WEFT_OK;
    const char *path = NULL;
    for (int32_t at = from; at < stop; at++) {
        const char quote = p->text[at];
        if (quote != '\'' && quote != '"') continue;
        const int32_t begin = ++at;
        while (at < stop && p->text[at] != quote) at++;
        WEFT_TRY(st, weft_sql_text_copy(p, begin, at, &path));
        WEFT_TRY(st, weft_pointers_push(p->ctx, paths, path));
    }
    if (paths->count > 0) goto done;
    WEFT_TRY(st, weft_sql_unquoted(p, from, stop, "'\"`", &path));
    if (path[0] != '\0') WEFT_TRY(st, weft_pointers_push(p->ctx, paths, path));
done:
    return st;
}

/* FILE, JAR or ARCHIVE, or several: only files are there. */
static weft_status parse_resource(sql_parser *p, const weft_span *start, bool add, bool *files)
{
    weft_status st = WEFT_OK;
    char *why = NULL;
    *files = weft_sql_accept_word(p, SQL_KW_FILE) || weft_sql_accept_word(p, SQL_KW_FILES);
    if (*files) return WEFT_OK;
    const weft_span at = weft_sql_peek(p, 0)->span;
    const bool known = weft_sql_accept_text(p, "JAR") || weft_sql_accept_text(p, "JARS") ||
                       weft_sql_accept_text(p, "ARCHIVE") || weft_sql_accept_text(p, "ARCHIVES");
    if (known) return add ? weft_sql_unsupported(p, start, "ADD JAR and ADD ARCHIVE") : WEFT_OK;
    if (!sql_is(p, SQL_WORD)) return weft_sql_syntax_error(p, "FILE or FILES");
    WEFT_TRY(st, weft_arena_printf(p->ctx, p->ctx->arena, &why, "%s with resource type '%.*s'",
                                   add ? "ADD" : "LIST", (int)(at.stop - at.start), p->text + at.start));
    st = weft_sql_not_allowed(p, start, why);
done:
    return st;
}

/* ADD FILE path, ADD FILES 'path' 'path' …, LIST FILES [paths]: paths are taken as they are written. */
weft_status weft_sql_files(sql_parser *p, const weft_node **out)
{
    weft_status st = WEFT_OK;
    const weft_span start = weft_sql_peek(p, 0)->span;
    const bool add = sql_word(p, SQL_KW_ADD);
    bool files = true;
    weft_pointers paths = {0};
    weft_node *node = NULL;
    weft_sql_advance(p);
    WEFT_TRY(st, parse_resource(p, &start, add, &files));
    const int32_t from = p->last.stop, stop = weft_sql_end_of_rest(p, from);
    WEFT_TRY(st, parse_paths(p, from, stop, &paths));
    if (add && paths.count == 0) WEFT_TRY(st, weft_sql_syntax_error(p, "the path of a file"));
    weft_sql_go_on_behind(p, stop);
    WEFT_TRY(st, weft_sql_show_node(p, &start, add ? "add files" : files ? "files" : "jars", NULL, &node));
    node->show.path_count = paths.count;
    node->show.paths = weft_pointers_texts(&paths);
    *out = node;
done:
    return st;
}
