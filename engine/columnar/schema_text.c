/* engine/columnar/schema_text.c - see schema_text.h. The types themselves are weft_type_parse's. */
#include "engine/columnar/schema_text.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "common/limits.h"

static const char *skip_space(const char *at)
{
    while (isspace((unsigned char)*at)) at++;
    return at;
}

/* Behind quoted text that begins at `at`: a doubled quote is one, a backslash hides what follows in '' and
 * "". */
static const char *skip_quoted(const char *at)
{
    const char quote = *at++;
    for (; *at != '\0'; at++) {
        if (*at == '\\' && quote != '`' && at[1] != '\0')
            at++;
        else if (*at == quote && at[1] == quote)
            at++;
        else if (*at == quote)
            return at + 1;
    }
    return at;
}

static weft_status read_name(weft_ctx *ctx, const char **text, const char **out)
{
    weft_status st = WEFT_OK;
    const char *at = skip_space(*text), *begin = at;
    char *name = NULL;
    if (*at == '`') {
        const char *end = skip_quoted(at);
        size_t n = 0;
        WEFT_TRY(st, weft_arena_copy(ctx, ctx->arena, at, (size_t)(end - at), &name));
        for (at++; at < end - 1; at++) {
            name[n++] = *at;
            at += *at == '`';
        }
        name[n] = '\0';
        *text = end;
    } else {
        while (*at != '\0' && !isspace((unsigned char)*at) && strchr(":,()<>", *at) == NULL) at++;
        WEFT_TRY(st, weft_arena_copy(ctx, ctx->arena, begin, (size_t)(at - begin), &name));
        *text = at;
    }
    if (name[0] == '\0')
        return weft_fail(ctx, WEFT_PARSE_SYNTAX_ERROR,
                         "in a schema: a column's name is missing before \"%s\"", begin);
    *out = name;
done:
    return st;
}

/* Is the word of len bytes at `at` this one? */
static bool is_word(const char *at, const char *word)
{
    const size_t len = strlen(word);
    return strncasecmp(at, word, len) == 0 && !isalnum((unsigned char)at[len]) && at[len] != '_';
}

/* The type's text ends at a comma that is in no brackets, at NOT NULL or at COMMENT. */
static const char *find_type_end(const char *at)
{
    int32_t depth = 0;
    for (char before = ' '; *at != '\0'; before = *at++) {
        if (*at == '`' || *at == '\'' || *at == '"') {
            at = skip_quoted(at) - 1;
            if (at[1] == '\0') return at + 1;
            continue;
        }
        depth += (*at == '<' || *at == '(') - (*at == '>' || *at == ')');
        if (depth > 0) continue;
        if (*at == ',') break;
        const bool begins = !isalnum((unsigned char)before) && before != '_';
        if (begins && (is_word(at, "NOT") || is_word(at, "NULL") || is_word(at, "COMMENT"))) break;
    }
    return at;
}

static weft_status read_field(weft_ctx *ctx, const char **text, weft_field *out)
{
    weft_status st = WEFT_OK;
    char *type = NULL;
    WEFT_TRY(st, read_name(ctx, text, &out->name));
    const char *at = skip_space(*text);
    if (*at == ':') at++;
    const char *end = find_type_end(at);
    WEFT_TRY(st, weft_arena_copy(ctx, ctx->arena, at, (size_t)(end - at), &type));
    for (size_t n = strlen(type); n > 0 && isspace((unsigned char)type[n - 1]); n--) type[n - 1] = '\0';
    WEFT_TRY(st, weft_type_parse(ctx, skip_space(type), &out->type));
    out->nullable = true;
    at = skip_space(end);
    if (is_word(at, "NOT")) {
        at = skip_space(at + 3);
        if (!is_word(at, "NULL")) goto wrong;
        out->nullable = false;
    }
    if (is_word(at, "NULL")) at = skip_space(at + 4);
    if (is_word(at, "COMMENT")) {
        at = skip_space(at + 7);
        if (*at != '\'' && *at != '"') goto wrong;
        at = skip_space(skip_quoted(at));
    }
    if (*at != ',' && *at != '\0') goto wrong;
    *text = *at == ',' ? at + 1 : at;
done:
    return st;
wrong:
    return weft_fail(ctx, WEFT_PARSE_SYNTAX_ERROR, "in a schema: \"%s\" cannot follow the type of column %s",
                     at, out->name);
}

weft_status weft_schema_parse(weft_ctx *ctx, const char *text, weft_schema *out)
{
    weft_status st = WEFT_OK;
    weft_field *fields = NULL;
    int32_t count = 0, commas = 1;
    for (const char *at = text; *at != '\0'; at++) commas += *at == ',';
    if (commas > WEFT_COLUMNS_MAX)
        return weft_fail(ctx, WEFT_LIMIT, "a schema of more than %d columns", (int)WEFT_COLUMNS_MAX);
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, commas, &fields));
    do {
        WEFT_TRY(st, read_field(ctx, &text, &fields[count++]));
    } while (*skip_space(text) != '\0' || text[-1] == ',');
    *out = (weft_schema){.count = count, .fields = fields};
done:
    return st;
}
