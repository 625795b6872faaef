/* client/script_send.c - the statements of a script on their way, and the values that come back. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "client/script_run.h"
#include "engine/expr/value_sql.h"

/* ---- memory ---- */

weft_status script_copy(script_run *s, const char *text, char **out)
{
    weft_status st = WEFT_OK;
    const size_t len = strlen(text) + 1;
    WEFT_TRY(st, weft_mem_alloc(&s->ctx, WEFT_MEM_WORKING, len, (void **)out));
    memcpy(*out, text, len);
done:
    return st;
}

void script_drop_locals(script_run *s, int32_t down_to)
{
    while (s->locals.count > down_to) {
        script_local *l = (script_local *)(uintptr_t)s->locals.items[--s->locals.count];
        weft_mem_free(l->type);
        weft_mem_free(l->value);
        weft_mem_free(l);
    }
}

script_local *script_find_local(script_run *s, const char *name)
{
    for (int32_t i = s->locals.count - 1; i >= 0; i--) {
        script_local *l = (script_local *)(uintptr_t)s->locals.items[i];
        if (strcasecmp(l->name, name) == 0) return l;
    }
    return NULL;
}

script_local *script_find_target(script_run *s, const weft_script *node, int32_t i)
{
    const char *label = node->target_labels[i];
    if (label == NULL) return script_find_local(s, node->targets[i]);
    for (int32_t k = s->locals.count - 1; k >= 0; k--) {
        script_local *l = (script_local *)(uintptr_t)s->locals.items[k];
        if (strcasecmp(l->label, label) == 0 && strcasecmp(l->name, node->targets[i]) == 0) return l;
    }
    return NULL;
}

/* What a step made in its own ctx failed. */
weft_status script_step_failed(script_run *s, weft_status st)
{
    if (st != WEFT_OK) st = weft_error_copy(&s->ctx, &s->step);
    weft_error_clear(&s->step);
    return st;
}

/* ---- sending ---- */

static bool is_plain(const char *name)
{
    const size_t len = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789");
    return name[len] == '\0' && len > 0;
}

/* `a``b` */
weft_status script_quote_name(weft_ctx *ctx, const char *name, const char **out)
{
    weft_status st = WEFT_OK;
    char *text = NULL;
    size_t n = 0;
    *out = name;
    if (name[0] == '\0' || is_plain(name)) return WEFT_OK;
    WEFT_TRY(st, weft_arena_alloc(ctx, ctx->arena, 2 * strlen(name) + 3, (void **)&text));
    text[n++] = '`';
    for (const char *c = name; *c != '\0'; c++) {
        if (*c == '`') text[n++] = '`';
        text[n++] = *c;
    }
    text[n++] = '`';
    text[n] = '\0';
    *out = text;
done:
    return st;
}

/* LOCAL (…) before a statement. */
static weft_status locals_text(script_run *s, char **out)
{
    weft_status st = WEFT_OK;
    weft_ctx *ctx = &s->step;
    char **parts = NULL, *text = NULL;
    size_t bytes = 16, n = 0;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, s->locals.count, &parts));
    for (int32_t i = 0; i < s->locals.count; i++) {
        const script_local *l = s->locals.items[i];
        const char *label = NULL, *name = NULL;
        WEFT_TRY(st, script_quote_name(ctx, l->label, &label));
        WEFT_TRY(st, script_quote_name(ctx, l->name, &name));
        WEFT_TRY(st, weft_arena_printf(ctx, ctx->arena, &parts[i], "%s%s%s = CAST(%s AS %s)", label,
                                       label[0] != '\0' ? "." : "", name, l->value, l->type));
        bytes += strlen(parts[i]) + 2;
    }
    WEFT_TRY(st, weft_arena_alloc(ctx, ctx->arena, bytes, (void **)&text));
    if (s->locals.count > 0) n = (size_t)snprintf(text, bytes, "LOCAL (");
    for (int32_t i = 0; i < s->locals.count; i++)
        n += (size_t)snprintf(text + n, bytes - n, "%s%s", i > 0 ? ", " : "", parts[i]);
    if (s->locals.count > 0) n += (size_t)snprintf(text + n, bytes - n, ") ");
    text[n] = '\0';
    *out = text;
done:
    return st;
}

/* A place in the script, of which a piece that begins at `start` was sent from `sent` on. */
static void move_span(const script_run *s, weft_error *error, size_t sent, weft_script_place piece)
{
    weft_span *span = &error->span;
    if (span->line == 0) return;
    const int64_t start = (int64_t)span->start - (int64_t)sent + piece.start;
    const int64_t stop = (int64_t)span->stop - (int64_t)sent + piece.start;
    if (start < piece.start || start >= piece.stop) { /* of what was put around it */
        span->start = piece.start;
        span->stop = piece.stop;
    } else {
        span->start = (int32_t)start;
        span->stop = (int32_t)(stop < piece.stop ? stop : piece.stop);
    }
    span->line = span->column = 1;
    for (int32_t i = 0; i < span->start; i++) {
        const bool line = s->text[i] == '\n';
        span->line += line;
        span->column = line ? 1 : span->column + (((unsigned char)s->text[i] & 0xC0) != 0x80);
    }
}

/* Send before, the piece of the script, and what is behind it: both may lie in the memory of the step, which
 * ends. */
weft_status script_send(script_run *s, const char *before, weft_script_place piece, const char *behind,
                        weft_result **out)
{
    weft_status st = WEFT_OK;
    char *locals = NULL, *text = NULL;
    weft_error error = {0};
    if (atomic_load(s->cancelled)) return weft_fail(&s->ctx, WEFT_CANCELLED, "the script was cancelled");
    st = locals_text(s, &locals);
    if (st == WEFT_OK)
        st = weft_arena_printf(&s->step, s->step.arena, &text, "%s%s%.*s%s", locals, before,
                               (int)(piece.stop - piece.start), s->text + piece.start, behind);
    if (st != WEFT_OK) return script_step_failed(s, st);
    const size_t sent = strlen(locals) + strlen(before);
    st = weft_connection_execute(s->connection, text, strlen(text), &error, out);
    weft_arena_reset(s->scratch.arena); /* before and behind lie there too */
    if (st == WEFT_OK) return WEFT_OK;
    move_span(s, &error, sent, piece);
    s->ctx.error = error;
    return st;
}

/* ---- values ---- */

/* The value of slot `row` as SQL, and its type. */
weft_status script_value_text(script_run *s, const weft_column *column, int32_t row, char **value)
{
    weft_status st = WEFT_OK;
    weft_value taken;
    char *sql = NULL;
    st = weft_value_take(&s->step, column, row, &taken);
    if (st == WEFT_OK) st = weft_value_sql(&s->step, &taken, &sql);
    if (st != WEFT_OK) return script_step_failed(s, st);
    return script_copy(s, sql, value);
}

weft_status script_wrong_count(script_run *s, int32_t targets, int32_t sources)
{
    return weft_fail(
        &s->ctx, WEFT_ASSIGNMENT_ARITY,
        "The number of columns or variables assigned or aliased: %d does not match the number of "
        "source expressions: %d.",
        targets, sources);
}

weft_status script_typed(script_run *s, const char *value, const char *type, char **out)
{
    weft_status st = WEFT_OK;
    char *text = NULL;
    st = weft_arena_printf(&s->step, s->step.arena, &text, "CAST(%s AS %s)", value, type);
    WEFT_TRY(st, script_step_failed(s, st));
    st = script_copy(s, text, out);
    weft_arena_reset(s->scratch.arena);
done:
    return st;
}

/* The only row of a result as texts: none is NULLs. */
weft_status script_take_row(script_run *s, weft_result *result, int32_t count, char **values)
{
    weft_status st = WEFT_OK;
    const weft_schema *schema = weft_result_schema(result);
    int64_t rows = 0;
    if (schema->count != count) return script_wrong_count(s, count, schema->count);
    for (;;) {
        weft_batch batch = {0};
        WEFT_TRY(st, weft_result_next(result, &s->ctx.error, &batch));
        if (batch.rows == 0) break;
        rows += batch.rows;
        if (rows > 1)
            WEFT_TRY(st, weft_fail(&s->ctx, WEFT_ROW_SUBQUERY_TOO_MANY_ROWS,
                                   "More than one row returned by a subquery used as a row."));
        for (int32_t i = 0; i < count; i++)
            WEFT_TRY(st, script_value_text(s, &batch.columns[i], 0, &values[i]));
    }
    for (int32_t i = 0; rows == 0 && i < count; i++) WEFT_TRY(st, script_copy(s, "NULL", &values[i]));
done:
    return st;
}

weft_status script_type_of(script_run *s, weft_type type, char **out)
{
    char *text = NULL;
    const weft_status st = weft_type_text_copy(&s->ctx, type, false, &text);
    return st != WEFT_OK ? st : script_copy(s, text, out);
}

/* Is a condition true? what stands before and behind the piece makes it a query of one BOOLEAN. */
weft_status script_condition(script_run *s, const char *before, weft_script_place piece, const char *behind,
                             bool *out)
{
    weft_status st = WEFT_OK;
    weft_result *result = NULL;
    char *value = NULL;
    WEFT_TRY(st, script_send(s, before, piece, behind, &result));
    const bool boolean = weft_result_schema(result)->count == 1 &&
                         weft_result_schema(result)->fields[0].type.id == WEFT_TYPE_BOOLEAN;
    if (boolean) WEFT_TRY(st, script_take_row(s, result, 1, &value));
    *out = boolean && strcmp(value, "true") == 0; /* NULL is not */
    if (!boolean && behind[0] == '\0')
        st = weft_fail(&s->ctx, WEFT_INVALID_BOOLEAN_STATEMENT,
                       "Boolean statement is expected in the condition, but %.*s was found.",
                       (int)weft_min_i32(piece.stop - piece.start, 200), s->text + piece.start);
done:
    weft_mem_free(value);
    weft_result_free(&result);
    return st;
}
