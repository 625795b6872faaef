/* engine/expr/agg_listagg.c - listagg(x [, separator]) [WITHIN GROUP (ORDER BY key …)]: texts put together.
 *
 * Arguments: x, separator (a literal, NULL for none), then with WITHIN GROUP the order of the keys (a literal
 * text: a or d for each, capital where NULLs come first) and the keys. The body is a log: u32 used, then
 * records of u32 length, the text, and for each key a byte (1: NULL) and the packed value. */
#include <ctype.h>
#include <stdlib.h>

#include "common/mem.h"
#include "engine/columnar/nested.h"
#include "engine/expr/agg_object.h"
#include "engine/expr/coerce.h"

enum { LIST_HEAD = 4, LIST_LENGTH = 4, LIST_FIRST_KEY = 3 };

static uint64_t list_bytes(const weft_expr *call, const weft_column *args, int32_t position)
{
    const weft_str *text = weft_column_value(&args[0], position);
    uint64_t bytes = LIST_LENGTH + text->len;
    for (int32_t k = LIST_FIRST_KEY; k < call->arg_count; k++) {
        const bool null = weft_column_is_null(&args[k], position);
        bytes += 1 + (null ? 0 : weft_nested_bytes(&args[k], position));
    }
    return bytes;
}

static uint64_t list_need(const weft_expr *call, const uint8_t *body, size_t len, uint32_t updates,
                          uint64_t bytes)
{
    (void)call, (void)len, (void)updates;
    return (body == NULL ? LIST_HEAD : weft_get_u32(body)) + bytes;
}

static void list_start(const weft_expr *call, uint8_t *body, size_t len)
{
    (void)call, (void)len;
    weft_put_u32(body, LIST_HEAD);
}

static weft_status list_add(weft_ctx *ctx, const weft_expr *call, uint8_t *body, size_t len,
                            const weft_column *args, int32_t position)
{
    const weft_str *text = weft_column_value(&args[0], position);
    uint8_t *at = body + weft_get_u32(body);
    (void)ctx, (void)len;
    weft_put_u32(at, text->len);
    memcpy(at + LIST_LENGTH, weft_str_data(text), text->len);
    at += LIST_LENGTH + text->len;
    for (int32_t k = LIST_FIRST_KEY; k < call->arg_count; k++) {
        *at = weft_column_is_null(&args[k], position);
        at = *at != 0 ? at + 1 : weft_nested_pack(&args[k], position, at + 1);
    }
    weft_put_u32(body, (uint32_t)(at - body));
    return WEFT_OK;
}

static uint64_t list_merge_need(const weft_expr *call, const uint8_t *into, size_t len, const uint8_t *from,
                                size_t from_len)
{
    (void)from_len;
    return list_need(call, into, len, 0, weft_get_u32(from) - LIST_HEAD);
}

static weft_status list_merge(weft_ctx *ctx, const weft_expr *call, uint8_t *into, size_t len,
                              const uint8_t *from, size_t from_len)
{
    const uint32_t used = weft_get_u32(into), more = weft_get_u32(from);
    (void)call;
    if (more < LIST_HEAD || more > from_len || used + more - LIST_HEAD > len)
        return weft_fail(ctx, WEFT_CORRUPT, "a malformed state of listagg");
    memcpy(into + used, from + LIST_HEAD, more - LIST_HEAD);
    weft_put_u32(into, used + more - LIST_HEAD);
    return WEFT_OK;
}

/* ---- the result ---- */

typedef struct list_record {
    const uint8_t *text, *keys, *end;
    uint32_t len;
    const weft_expr *call;
} list_record;

static int compare_records(const void *a, const void *b)
{
    const list_record *x = a, *y = b;
    const weft_expr *call = x->call;
    const uint8_t *left = x->keys, *right = y->keys;
    const char *order = call->arg_count > LIST_FIRST_KEY ? weft_str_data(&call->args[2]->literal.str) : "";
    for (int32_t k = LIST_FIRST_KEY; k < call->arg_count; k++, order++) {
        const weft_type type = call->args[k]->type;
        const bool left_null = *left++ != 0, right_null = *right++ != 0;
        if (left_null != right_null) {
            const bool nulls_first = isupper((unsigned char)*order) != 0;
            return left_null == nulls_first ? -1 : 1;
        }
        if (left_null) continue;
        const int sign = weft_nested_compare(type, left, right);
        if (sign != 0) return tolower((unsigned char)*order) == 'd' ? -sign : sign;
        left = weft_nested_end(type, left, x->end); /* well-formed: list_read saw their ends */
        right = weft_nested_end(type, right, y->end);
    }
    return x->text < y->text ? -1 : x->text > y->text; /* as they came */
}

/* One record; returns its end, or NULL where it is malformed. */
static const uint8_t *list_read(const weft_expr *call, const uint8_t *at, const uint8_t *end,
                                list_record *out)
{
    if (end - at < LIST_LENGTH) return NULL;
    *out = (list_record){.text = at + LIST_LENGTH, .len = weft_get_u32(at), .call = call};
    if ((size_t)(end - out->text) < out->len) return NULL;
    out->keys = at = out->text + out->len;
    for (int32_t k = LIST_FIRST_KEY; k < call->arg_count; k++) {
        if (at == NULL || at >= end) return NULL;
        at = *at != 0 ? at + 1 : weft_nested_end(call->args[k]->type, at + 1, end);
    }
    out->end = at;
    return at;
}

static weft_status list_finish(weft_ctx *ctx, const weft_expr *call, const uint8_t *body, size_t len,
                               weft_vector *out, int32_t i)
{
    weft_status st = WEFT_OK;
    list_record *records = NULL, record;
    int64_t count = 0;
    uint64_t bytes = 0;
    char *to = NULL;
    const bool separated = call->arg_count > 1 && !call->args[1]->literal.is_null;
    const weft_str separator = separated ? call->args[1]->literal.str : (weft_str){0};
    if (body == NULL || weft_get_u32(body) <= LIST_HEAD) {
        weft_vector_set_null(out, i);
        return WEFT_OK;
    }
    const uint8_t *end = body + (weft_get_u32(body) > len ? 0 : weft_get_u32(body)), *at;
    for (at = body + LIST_HEAD; at != NULL && at < end; count++) at = list_read(call, at, end, &record);
    if (at != end || count == 0) return weft_fail(ctx, WEFT_CORRUPT, "a malformed state of listagg");
    WEFT_TRY(st, weft_mem_alloc(ctx, WEFT_MEM_WORKING, (size_t)count * sizeof *records, (void **)&records));
    at = body + LIST_HEAD;
    for (int64_t k = 0; k < count; k++) {
        at = list_read(call, at, end, &records[k]);
        bytes += records[k].len + (k > 0 ? separator.len : 0);
    }
    if (call->arg_count > LIST_FIRST_KEY) qsort(records, (size_t)count, sizeof *records, compare_records);
    if (bytes > INT32_MAX)
        WEFT_TRY(st, weft_fail_at(ctx, WEFT_LIMIT, &call->span, "listagg gives a text of %llu bytes",
                                  (unsigned long long)bytes));
    WEFT_TRY(st, weft_vector_heap(ctx, out, (size_t)bytes + 1, &to));
    char *next = to;
    for (int64_t k = 0; k < count; k++) {
        if (k > 0 && separator.len > 0) memcpy(next, weft_str_data(&separator), separator.len);
        if (k > 0) next += separator.len;
        memcpy(next, records[k].text, records[k].len);
        next += records[k].len;
    }
    ((weft_str *)out->values)[i] = weft_str_view(to, (uint32_t)bytes);
done:
    weft_mem_free(records);
    return st;
}

static weft_status list_bind(weft_ctx *ctx, const weft_expr **args, int32_t count, const weft_span *span,
                             weft_type *type)
{
    weft_status st = WEFT_OK;
    *type = WEFT_TYPE_OF(args != NULL && count > 0 && args[0]->type.id == WEFT_TYPE_BINARY
                             ? WEFT_TYPE_BINARY
                             : WEFT_TYPE_STRING);
    if (count < 1 || count == LIST_FIRST_KEY) return weft_fail_arg_count(ctx, "listagg", 1, 2, count, span);
    if (args[0]->type.child_count > 0)
        return weft_fail_arg_type(ctx, 0, "\"string\" or \"binary\"", args[0], span);
    if (args[0]->type.id != type->id) WEFT_TRY(st, weft_expr_cast(ctx, args[0], *type, true, &args[0]));
    if (count == 1) goto done;
    const bool read_as_text = type->id == WEFT_TYPE_STRING && args[1]->type.id != WEFT_TYPE_BINARY &&
                              !weft_type_is_nested(args[1]->type);
    if (args[1]->type.id != type->id && args[1]->type.id != WEFT_TYPE_NULL && !read_as_text)
        return weft_fail_at(
            ctx, WEFT_DATATYPE_MISMATCH_DATA_DIFF, span,
            "Input to `listagg` should all be the same type, but its texts are %s and what stands "
            "between them is not.",
            type->id == WEFT_TYPE_BINARY ? "\"BINARY\"" : "\"STRING\"");
    WEFT_TRY(st, weft_agg_bind_constant(ctx, "listagg", "delimiter", args, 1, *type, true, span));
    for (int32_t k = LIST_FIRST_KEY; k < count; k++)
        WEFT_TRY(st, weft_expect_orderable(ctx, "sort order", args[k], span));
done:
    return st;
}

static const weft_agg_object list_object = {.bytes = list_bytes,
                                            .need = list_need,
                                            .start = list_start,
                                            .add = list_add,
                                            .merge_need = list_merge_need,
                                            .merge = list_merge,
                                            .finish = list_finish};

const weft_aggregate weft_aggregate_listagg = {
    .name = "listagg",
    .aliases = "string_agg",
    .constant_first = 1,
    .constant_last = 2,
    .bind = list_bind,
    WEFT_AGG_OBJECT_ENTRY,
    .result_nullable = true,
    .order_sensitive = true,
    .object = &list_object,
    .help = "listagg(expr [, separator]) [WITHIN GROUP (ORDER BY key, …)] - The texts that are not NULL, one "
            "behind the other.",
    .example = "SELECT listagg(col, ',') FROM VALUES ('a') AS tab(col)",
    .example_result = "a"};
