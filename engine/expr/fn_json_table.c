/* engine/expr/fn_json_table.c - the rows of JSON_TABLE(text, path COLUMNS (…)).
 *
 * The analyser makes of it the elements of an array: (json_table)(text, fails, path, name, exists, path, …)
 * is an array of structs with a STRING, or a BOOLEAN for EXISTS, for each column. The text is read once to
 * see that all of it is JSON, then walked to the rows, then each row once a column: rows are small beside the
 * text that they are in. Where nothing is found the array is NULL, which gives no row. */
#include "common/mem.h"
#include "engine/expr/fn_json.h"
#include "engine/expr/fn_schema.h"
#include "engine/expr/json_path.h"

enum {
    TEXT,
    FAILS,
    ROWS,
    FIRST_COLUMN,
    COLUMN_ARGS = 3
}; /* arguments; a column has its name, EXISTS and path */

static const weft_json_rules table_rules = {.allow = WEFT_JSON_SINGLE_QUOTES | WEFT_JSON_CONTROL_CHARS,
                                            .depth_max = WEFT_JSON_DEPTH};

typedef struct table_column {
    weft_json_path *path;
    bool exists;
} table_column;

typedef struct table_state {
    weft_json json, cell; /* over the text, and over one row of it */
    weft_text room, out;
    bool fails, each; /* ERROR ON ERROR; the rows are the elements of an array */
    weft_json_path *rows;
    int32_t column_count;
    table_column *columns;
} table_state;

/* ---- binding ---- */

/* Names and places only; the path of the rows may end in [*]. */
static bool is_simple(const weft_json_path *path, bool rows)
{
    if (path == NULL) return false;
    for (int32_t i = 0; i < path->count; i++) {
        const weft_json_step_kind kind = path->steps[i].kind;
        const bool last = rows && i == path->count - 1;
        if (kind == WEFT_JSON_STEP_NONE || (kind == WEFT_JSON_STEP_ALL && !last)) return false;
    }
    return true;
}

/* name: of the column, or NULL for the path of the rows. */
static weft_status check_path(weft_ctx *ctx, const weft_expr *arg, const weft_str *name,
                              const weft_span *span)
{
    weft_status st = WEFT_OK;
    const weft_str *text = &arg->literal.str;
    weft_json_path *path = NULL;
    WEFT_TRY(st, weft_json_path_new(ctx, weft_str_data(text), text->len, &path));
    if (is_simple(path, name == NULL)) goto done;
    const char *what = name == NULL ? "row path" : "column '";
    WEFT_TRY(st,
             weft_fail_at(
                 ctx, WEFT_JSON_TABLE_PATH, span,
                 "Cannot resolve \"JSON_TABLE\" due to data type mismatch: The %s%.*s%s of JSON_TABLE has "
                 "an invalid or unsupported JSON path '%.*s'. Only simple, wildcard-free paths are "
                 "supported (a trailing '[*]' is allowed on the row path).",
                 what, name == NULL ? 0 : (int)name->len, name == NULL ? "" : weft_str_data(name),
                 name == NULL ? "" : "'", (int)text->len, weft_str_data(text)));
done:
    weft_mem_free(path);
    return st;
}

static weft_status bind_table(weft_ctx *ctx, const weft_function *fn, const weft_expr **args, int32_t count,
                              const weft_span *span, int32_t *variant, weft_type *type)
{
    weft_status st = WEFT_OK;
    const char **names = NULL;
    weft_type *types = NULL;
    *variant = 0;
    if (count <= FIRST_COLUMN || (count - FIRST_COLUMN) % COLUMN_ARGS != 0)
        return weft_fail_routine(ctx, fn->name, span);
    const int32_t columns = (count - FIRST_COLUMN) / COLUMN_ARGS;
    for (int32_t i = 1; i < count; i++)
        if (args[i]->kind != WEFT_EXPR_LITERAL || args[i]->literal.is_null)
            return weft_fail_routine(ctx, fn->name, span);
    WEFT_TRY(st, check_path(ctx, args[ROWS], NULL, span));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, columns, &names));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, columns, &types));
    for (int32_t c = 0; c < columns; c++) {
        const weft_expr *const *column = &args[FIRST_COLUMN + c * COLUMN_ARGS];
        char *name = NULL;
        const weft_str *text = &column[0]->literal.str;
        WEFT_TRY(st, check_path(ctx, column[2], text, span));
        WEFT_TRY(st, weft_arena_copy(ctx, ctx->arena, weft_str_data(text), text->len, &name));
        names[c] = name;
        types[c] = WEFT_TYPE_OF(column[1]->literal.i64 != 0 ? WEFT_TYPE_BOOLEAN : WEFT_TYPE_STRING);
    }
    WEFT_TRY(st, weft_type_make_struct(ctx, names, types, columns, type));
    WEFT_TRY(st, weft_type_make_array(ctx, *type, type));
done:
    return st;
}

/* ---- a call site ---- */

static void table_close(void *state)
{
    table_state *s = state;
    if (s == NULL) return;
    for (int32_t c = 0; c < s->column_count; c++) weft_mem_free(s->columns[c].path);
    weft_mem_free(s->columns);
    weft_mem_free(s->rows);
    weft_text_release(&s->room);
    weft_text_release(&s->out);
    weft_mem_free(s);
}

static weft_status open_path(weft_ctx *ctx, const weft_expr *arg, weft_json_path **out)
{
    return weft_json_path_new(ctx, weft_str_data(&arg->literal.str), arg->literal.str.len, out);
}

static weft_status table_open(weft_ctx *ctx, const weft_expr *call, void **state)
{
    weft_status st = WEFT_OK;
    table_state *s = NULL;
    const int32_t columns = (call->arg_count - FIRST_COLUMN) / COLUMN_ARGS;
    *state = NULL;
    WEFT_TRY(st, weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, sizeof *s, (void **)&s));
    *state = s;
    s->fails = call->args[FAILS]->literal.i64 != 0;
    WEFT_TRY(st, open_path(ctx, call->args[ROWS], &s->rows));
    s->each = s->rows->count > 0 && s->rows->steps[s->rows->count - 1].kind == WEFT_JSON_STEP_ALL;
    if (s->each) s->rows->count--;
    WEFT_TRY(st, weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, (size_t)columns * sizeof *s->columns,
                                     (void **)&s->columns));
    s->column_count = columns;
    for (int32_t c = 0; c < columns; c++) {
        const weft_expr *const *column = &call->args[FIRST_COLUMN + c * COLUMN_ARGS];
        s->columns[c].exists = column[1]->literal.i64 != 0;
        WEFT_TRY(st, open_path(ctx, column[2], &s->columns[c].path));
    }
done:
    return st;
}

/* ---- walking; the text is known to be JSON ---- */

/* On to the field of that name of the object at hand, the first of several. */
static weft_status find_field(weft_ctx *ctx, table_state *s, weft_json *json, const weft_json_step *step,
                              bool *found)
{
    weft_status st = WEFT_OK;
    *found = false;
    if (json->token != WEFT_JSON_OBJECT) return WEFT_OK;
    while (weft_json_next(json) == WEFT_JSON_NAME) {
        const char *bytes = NULL;
        size_t len = 0;
        WEFT_TRY(st, weft_json_value(ctx, json, WEFT_JSON_LONE_KEEP, &s->room, &bytes, &len));
        *found = len == step->len && memcmp(bytes, step->name, len) == 0;
        weft_json_next(json);
        if (*found || !weft_json_skip(json)) break;
    }
done:
    return st;
}

static bool find_element(weft_json *json, int64_t index)
{
    if (json->token != WEFT_JSON_ARRAY) return false;
    for (int64_t i = 0; weft_json_is_value(weft_json_next(json)); i++) {
        if (i == index) return true;
        if (!weft_json_skip(json)) return false;
    }
    return false;
}

/* From the value at hand to what the path leads to. */
static weft_status follow(weft_ctx *ctx, table_state *s, weft_json *json, const weft_json_path *path,
                          bool *found)
{
    weft_status st = WEFT_OK;
    *found = true;
    for (int32_t i = 0; i < path->count && *found; i++) {
        const weft_json_step *step = &path->steps[i];
        if (step->kind == WEFT_JSON_STEP_NAME)
            WEFT_TRY(st, find_field(ctx, s, json, step, found));
        else
            *found = find_element(json, step->index);
    }
done:
    return st;
}

/* Is all of the text one JSON value? */
static bool is_whole(table_state *s, const weft_str *text)
{
    weft_json_start(&s->json, &table_rules, weft_str_data(text), text->len);
    if (!weft_json_is_value(weft_json_next(&s->json)) || !weft_json_skip(&s->json)) return false;
    const char *at = s->json.at;
    while (at < s->json.end && memchr(" \n\t\r", *at, 4) != NULL) at++;
    return at == s->json.end;
}

/* A column of the row that lies at `text`. */
static weft_status set_cell(weft_ctx *ctx, table_state *s, const char *text, size_t len,
                            const table_column *column, weft_vector *out, int32_t slot)
{
    weft_status st = WEFT_OK;
    weft_json *json = &s->cell;
    bool found = false, failed = false;
    weft_json_start(json, &table_rules, text, len);
    weft_json_next(json);
    WEFT_TRY(st, follow(ctx, s, json, column->path, &found));
    if (column->exists) {
        ((uint8_t *)out->values)[slot] = found;
        if (out->column.validity != NULL) weft_bit_set(out->validity, slot);
        goto done;
    }
    const char *bytes = NULL;
    size_t count = 0;
    if (found && json->token == WEFT_JSON_STRING) {
        WEFT_TRY(st, weft_json_value(ctx, json, WEFT_JSON_LONE_MARK, &s->room, &bytes, &count));
    } else if (found && json->token != WEFT_JSON_NULL) {
        s->out.len = 0;
        WEFT_TRY(st, weft_json_copy_exact(ctx, json, &s->room, &s->out, &failed));
        if (!failed) bytes = s->out.bytes;
        count = s->out.len;
    }
    if (bytes == NULL) {
        weft_vector_set_null(out, slot);
        goto done;
    }
    WEFT_TRY(st, weft_vector_set_string(ctx, out, slot, bytes, (uint32_t)count));
    if (out->column.validity != NULL) weft_bit_set(out->validity, slot);
done:
    return st;
}

static weft_status set_row(weft_ctx *ctx, weft_kernel_call *call, int32_t slot, const char *text, size_t len)
{
    weft_status st = WEFT_OK;
    table_state *s = call->state;
    weft_vector *fields = call->out->children[0].children;
    for (int32_t c = 0; c < s->column_count; c++)
        WEFT_TRY(st, set_cell(ctx, s, text, len, &s->columns[c], &fields[c], slot));
done:
    return st;
}

/* The elements of the array that the reader is at. */
static weft_status set_elements(weft_ctx *ctx, weft_kernel_call *call, int32_t i)
{
    weft_status st = WEFT_OK;
    table_state *s = call->state;
    weft_json *json = &s->json;
    const char *begin = json->from;
    int32_t count = 0, first = 0;
    while (weft_json_is_value(weft_json_next(json)) && weft_json_skip(json)) count++;
    WEFT_TRY(st, weft_vector_add_list(ctx, call->out, i, count, &first));
    weft_json_start(json, &table_rules, begin, (size_t)(json->at - begin));
    weft_json_next(json);
    for (int32_t e = 0; e < count; e++) {
        weft_json_next(json);
        begin = json->from;
        (void)weft_json_skip(json); /* as it did above */
        WEFT_TRY(st, set_row(ctx, call, first + e, begin, (size_t)(json->at - begin)));
    }
done:
    return st;
}

static weft_status set_rows(weft_ctx *ctx, weft_kernel_call *call, int32_t i)
{
    weft_status st = WEFT_OK;
    table_state *s = call->state;
    const weft_str *text = weft_arg_str(&call->args[TEXT], i);
    bool found = false;
    if (!is_whole(s, text)) {
        if (s->fails) return weft_fail_malformed(ctx, call->expr, text);
        weft_vector_set_null(call->out, i);
        return WEFT_OK;
    }
    weft_json_start(&s->json, &table_rules, weft_str_data(text), text->len);
    weft_json_next(&s->json);
    WEFT_TRY(st, follow(ctx, s, &s->json, s->rows, &found));
    if (!found || (s->each && s->json.token != WEFT_JSON_ARRAY)) {
        weft_vector_set_null(call->out, i);
    } else if (s->each) {
        WEFT_TRY(st, set_elements(ctx, call, i));
    } else {
        const char *begin = s->json.from;
        int32_t slot = 0;
        (void)weft_json_skip(&s->json); /* the text is whole */
        WEFT_TRY(st, weft_vector_add_list(ctx, call->out, i, 1, &slot));
        WEFT_TRY(st, set_row(ctx, call, slot, begin, (size_t)(s->json.at - begin)));
    }
done:
    return st;
}

static weft_status kernel_table(weft_ctx *ctx, weft_kernel_call *call)
{
    weft_status st = WEFT_OK;
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        if (weft_call_skip_null(call, i)) continue;
        WEFT_TRY(st, set_rows(ctx, call, i));
    }
done:
    return st;
}

static const weft_signature table_forms[] = {
    {{WEFT_TYPE_COUNT, WEFT_TYPE_COUNT}, 4, -1, WEFT_TYPE_ARRAY, kernel_table}};

/* What the analyser makes of JSON_TABLE(): its name is none that a query can write. */
const weft_function weft_fn_json_table = {
    .name = "(json_table)",
    .flags = WEFT_FN_NULL_OWN | WEFT_FN_FALLIBLE,
    .signatures = table_forms,
    .signature_count = 1,
    .bind = bind_table,
    .open = table_open,
    .close = table_close,
    .help = "(json_table)(text, fails, path, name, exists, path, ...): the rows of a JSON text as structs",
    .example = "SELECT * FROM JSON_TABLE('[{\"a\":1},{\"a\":2}]', '$[*]' COLUMNS (a INT))",
    .example_result = "1\n2"};
