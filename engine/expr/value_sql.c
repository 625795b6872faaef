/* engine/expr/value_sql.c - see value_sql.h. Nested values are walked as a column of one row. */
#include "engine/expr/value_sql.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "engine/columnar/nested.h"

/* Text that grows. */
typedef struct sql_text {
    weft_ctx *ctx;
    char *data;
    size_t len, capacity;
} sql_text;

static weft_status put(sql_text *t, const char *bytes, size_t len)
{
    weft_status st = WEFT_OK;
    if (t->len + len + 1 > t->capacity) {
        const size_t capacity = 2 * (t->len + len) + 64;
        char *data = NULL;
        WEFT_TRY(st, weft_arena_alloc(t->ctx, t->ctx->arena, capacity, (void **)&data));
        if (t->len > 0) memcpy(data, t->data, t->len);
        t->data = data;
        t->capacity = capacity;
    }
    memcpy(t->data + t->len, bytes, len);
    t->len += len;
    t->data[t->len] = '\0';
done:
    return st;
}

static weft_status put_text(sql_text *t, const char *text) { return put(t, text, strlen(text)); }

static weft_status put_quoted(sql_text *t, const char *bytes, size_t len)
{
    weft_status st = WEFT_OK;
    size_t from = 0;
    WEFT_TRY(st, put_text(t, "'"));
    for (size_t i = 0; i < len; i++) {
        const char c = bytes[i];
        if (c != '\'' && c != '\\' && c != '\0') continue;
        WEFT_TRY(st, put(t, bytes + from, i - from));
        WEFT_TRY(st, put_text(t, c == '\0' ? "\\0" : c == '\'' ? "\\'" : "\\\\"));
        from = i + 1;
    }
    WEFT_TRY(st, put(t, bytes + from, len - from));
    WEFT_TRY(st, put_text(t, "'"));
done:
    return st;
}

weft_status weft_sql_quote(weft_ctx *ctx, const char *text, size_t len, char **out)
{
    sql_text t = {.ctx = ctx};
    const weft_status st = put_quoted(&t, text, len);
    *out = t.data;
    return st;
}

static weft_status put_null(sql_text *t, weft_type type)
{
    weft_status st = WEFT_OK;
    char text[1024];
    if (type.id == WEFT_TYPE_NULL) return put_text(t, "NULL");
    weft_type_text(type, text, sizeof(text));
    if (!weft_type_is_nested(type)) /* names of fields keep their case */
        for (char *c = text; *c != '\0'; c++) *c = (char)(*c >= 'a' && *c <= 'z' ? *c - 32 : *c);
    WEFT_TRY(st, put_text(t, "CAST(NULL AS "));
    WEFT_TRY(st, put_text(t, text));
    WEFT_TRY(st, put_text(t, ")"));
done:
    return st;
}

static weft_status put_real(sql_text *t, const weft_value *value)
{
    weft_status st = WEFT_OK;
    char *text = NULL;
    const bool is_float = value->type.id == WEFT_TYPE_FLOAT;
    WEFT_TRY(st, weft_value_text(t->ctx, value, &text));
    const bool finite = isfinite(value->f64);
    if (is_float || !finite) {
        WEFT_TRY(st, put_text(t, finite ? "CAST(" : "CAST('"));
        WEFT_TRY(st, put_text(t, text));
        WEFT_TRY(st, put_text(t, finite ? " AS " : "' AS "));
        WEFT_TRY(st, put_text(t, is_float ? "FLOAT)" : "DOUBLE)"));
    } else {
        WEFT_TRY(st, put_text(t, text));
        WEFT_TRY(st, put_text(t, "D"));
    }
done:
    return st;
}

static weft_status put_plain(sql_text *t, const weft_value *value)
{
    weft_status st = WEFT_OK;
    char *text = NULL;
    const char *suffix = "";
    switch (value->type.id) {
    case WEFT_TYPE_STRING: return put_quoted(t, weft_str_data(&value->str), value->str.len);
    case WEFT_TYPE_FLOAT:
    case WEFT_TYPE_DOUBLE: return put_real(t, value);
    case WEFT_TYPE_TINYINT: suffix = "Y"; break;
    case WEFT_TYPE_SMALLINT: suffix = "S"; break;
    case WEFT_TYPE_BIGINT: suffix = "L"; break;
    case WEFT_TYPE_DECIMAL: suffix = "BD"; break;
    default: break;
    }
    WEFT_TRY(st, weft_value_text(t->ctx, value, &text));
    WEFT_TRY(st, put_text(t, text));
    WEFT_TRY(st, put_text(t, suffix));
done:
    return st;
}

static weft_status put_slot(sql_text *t, const weft_column *column, int32_t row);

static weft_status put_list(sql_text *t, const weft_column *column, int32_t row)
{
    weft_status st = WEFT_OK;
    const weft_list *list = weft_column_value(column, row);
    const weft_column *child = &column->children[0];
    const bool map = column->type.id == WEFT_TYPE_MAP;
    WEFT_TRY(st, put_text(t, map ? "MAP(" : "ARRAY("));
    for (int32_t i = 0; i < list->length; i++) {
        if (i > 0) WEFT_TRY(st, put_text(t, ", "));
        const int32_t slot = list->offset + i;
        WEFT_TRY(st, put_slot(t, map ? &child->children[0] : child, slot));
        if (!map) continue;
        WEFT_TRY(st, put_text(t, ", "));
        WEFT_TRY(st, put_slot(t, &child->children[1], slot));
    }
    WEFT_TRY(st, put_text(t, ")"));
done:
    return st;
}

static weft_status put_struct(sql_text *t, const weft_column *column, int32_t row)
{
    weft_status st = WEFT_OK;
    const int32_t slot = column->encoding == WEFT_CONSTANT ? 0 : row;
    WEFT_TRY(st, put_text(t, "NAMED_STRUCT("));
    for (int32_t i = 0; i < column->child_count; i++) {
        const char *name = column->type.children[i].name;
        if (i > 0) WEFT_TRY(st, put_text(t, ", "));
        WEFT_TRY(st, put_quoted(t, name, strlen(name)));
        WEFT_TRY(st, put_text(t, ", "));
        WEFT_TRY(st, put_slot(t, &column->children[i], slot));
    }
    WEFT_TRY(st, put_text(t, ")"));
done:
    return st;
}

/* The value of a physical row. */
static weft_status put_slot(sql_text *t, const weft_column *column, int32_t row)
{
    if (column->phys == WEFT_PHYS_NULL || weft_column_is_null(column, row)) return put_null(t, column->type);
    if (column->phys == WEFT_PHYS_LIST) return put_list(t, column, row);
    if (column->phys == WEFT_PHYS_STRUCT) return put_struct(t, column, row);
    const weft_value value = weft_value_of_column(column, row);
    return put_plain(t, &value);
}

weft_status weft_value_sql(weft_ctx *ctx, const weft_value *value, char **out)
{
    weft_status st = WEFT_OK;
    sql_text t = {.ctx = ctx};
    weft_column column;
    if (value->is_null) {
        WEFT_TRY(st, put_null(&t, value->type));
    } else if (weft_type_is_nested(value->type)) {
        WEFT_TRY(st, weft_nested_constant(ctx, value->type, &value->str, &column));
        WEFT_TRY(st, put_slot(&t, &column, 0));
    } else {
        WEFT_TRY(st, put_plain(&t, value));
    }
    *out = t.data;
done:
    return st;
}
