/* engine/expr/variant_cast.c - see variant_cast.h. */
#include "engine/expr/variant_cast.h"

#include <string.h>

#include "common/mem.h"
#include "engine/expr/cast_private.h"
#include "engine/expr/decimal.h"
#include "engine/expr/json_scalar.h"
#include "engine/expr/type_sql.h"
#include "engine/expr/value.h"
#include "engine/expr/variant_json.h"

typedef struct cast_node {
    weft_type type;
    weft_vector result; /* of a plain type: one slot for the kernels of CAST */
    bool has_result;
    struct cast_node *children; /* [type.child_count] */
} cast_node;

struct weft_variant_caster {
    weft_zone *zone;
    weft_expr expr; /* a try_cast, for the kernels of CAST */
    weft_span span;
    bool fail;
    weft_text text;
    weft_variant_builder builder;
    cast_node root;
};

static bool is_plain_target(weft_type type)
{
    return type.id != WEFT_TYPE_NULL && type.id != WEFT_TYPE_TIME && type.id != WEFT_TYPE_TIMESTAMP_NS &&
           type.id != WEFT_TYPE_TIMESTAMP_NTZ_NS && !weft_type_is_interval(type) &&
           !weft_type_is_nested(type);
}

bool weft_variant_castable(weft_type to)
{
    if (!weft_type_is_nested(to)) return is_plain_target(to);
    if (to.id == WEFT_TYPE_MAP && to.children[0].type.id != WEFT_TYPE_STRING) return false;
    for (int32_t i = 0; i < to.child_count; i++) {
        if (!weft_variant_castable(to.children[i].type)) return false;
    }
    return true;
}

bool weft_variant_makeable(weft_type from, bool objects)
{
    if (!weft_type_is_nested(from)) return is_plain_target(from);
    if (from.id != WEFT_TYPE_ARRAY && !objects) return false;
    if (from.id == WEFT_TYPE_MAP && from.children[0].type.id != WEFT_TYPE_STRING) return false;
    for (int32_t i = 0; i < from.child_count; i++) {
        if (!weft_variant_makeable(from.children[i].type, objects)) return false;
    }
    return true;
}

/* ---- a caster ---- */

static weft_status node_init(weft_ctx *ctx, weft_type type, cast_node *n)
{
    weft_status st = WEFT_OK;
    n->type = type;
    if (!weft_type_is_nested(type)) {
        WEFT_TRY(st, weft_vector_init(ctx, type, 1, &n->result));
        n->has_result = true;
        goto done;
    }
    const size_t bytes = (size_t)type.child_count * sizeof *n->children;
    WEFT_TRY(st, weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, bytes, (void **)&n->children));
    for (int32_t i = 0; i < type.child_count; i++)
        WEFT_TRY(st, node_init(ctx, type.children[i].type, &n->children[i]));
done:
    return st;
}

static void node_deinit(cast_node *n)
{
    if (n->has_result) weft_vector_deinit(&n->result);
    for (int32_t i = 0; n->children != NULL && i < n->type.child_count; i++) node_deinit(&n->children[i]);
    weft_mem_free(n->children);
}

weft_status weft_variant_caster_new(weft_ctx *ctx, weft_type to, bool fail, const weft_span *span,
                                    weft_variant_caster **out)
{
    weft_status st = WEFT_OK;
    weft_variant_caster *c = NULL;
    *out = NULL;
    WEFT_TRY(st, weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, sizeof *c, (void **)&c));
    *out = c;
    c->fail = fail;
    c->span = *span;
    c->expr = (weft_expr){.kind = WEFT_EXPR_CAST, .span = *span};
    c->expr.cast.try_ = true;
    WEFT_TRY(st, weft_zone_open_session(ctx, &c->zone));
    WEFT_TRY(st, node_init(ctx, to, &c->root));
done:
    if (st != WEFT_OK) weft_variant_caster_free(out);
    return st;
}

void weft_variant_caster_free(weft_variant_caster **caster)
{
    weft_variant_caster *c = *caster;
    *caster = NULL;
    if (c == NULL) return;
    node_deinit(&c->root);
    weft_zone_close(&c->zone);
    weft_text_release(&c->text);
    weft_variant_builder_deinit(&c->builder);
    weft_mem_free(c);
}

/* ---- from VARIANT ---- */

static weft_status cast_invalid(weft_ctx *ctx, weft_variant_caster *c, weft_type to, const weft_variant *v,
                                weft_vector *out, int32_t slot)
{
    weft_status st = WEFT_OK;
    weft_text type = {0};
    weft_vector_set_null(out, slot);
    if (!c->fail) return WEFT_OK;
    c->text.len = 0;
    WEFT_TRY(st, weft_variant_json(ctx, c->zone, v, &c->text));
    WEFT_TRY(st, weft_text_append_type(ctx, &type, to));
    st = weft_fail_at(ctx, WEFT_INVALID_VARIANT_CAST, &c->span,
                      "The variant value `%.*s` cannot be cast into \"%.*s\". Please use `try_variant_get` "
                      "instead.",
                      (int)weft_min_i64((int64_t)c->text.len, 400), c->text.bytes,
                      (int)weft_min_i64((int64_t)type.len, 400), type.bytes);
done:
    weft_text_release(&type);
    return st;
}

/* A plain value as a constant column, whose value lies in *value. */
static weft_column plain_column(const weft_variant *v, weft_value *value, weft_str *str)
{
    static const uint8_t types[] = {[WEFT_VARIANT_BOOLEAN] = WEFT_TYPE_BOOLEAN,
                                    [WEFT_VARIANT_LONG] = WEFT_TYPE_BIGINT,
                                    [WEFT_VARIANT_STRING] = WEFT_TYPE_STRING,
                                    [WEFT_VARIANT_DOUBLE] = WEFT_TYPE_DOUBLE,
                                    [WEFT_VARIANT_DECIMAL] = WEFT_TYPE_DECIMAL,
                                    [WEFT_VARIANT_DATE] = WEFT_TYPE_DATE,
                                    [WEFT_VARIANT_TIMESTAMP] = WEFT_TYPE_TIMESTAMP,
                                    [WEFT_VARIANT_TIMESTAMP_NTZ] = WEFT_TYPE_TIMESTAMP_NTZ,
                                    [WEFT_VARIANT_FLOAT] = WEFT_TYPE_DOUBLE,
                                    [WEFT_VARIANT_BINARY] = WEFT_TYPE_BINARY,
                                    [WEFT_VARIANT_UUID] = WEFT_TYPE_BINARY};
    const weft_variant_kind kind = weft_variant_kind_of(v);
    weft_column column = {.encoding = WEFT_FLAT, .type = WEFT_TYPE_OF(types[kind])};
    uint32_t len = 0;
    int32_t scale = 0;
    const char *bytes = NULL;
    column.phys = (uint8_t)weft_type_phys(column.type);
    column.data = &value->i64;
    switch (kind) {
    case WEFT_VARIANT_STRING:
    case WEFT_VARIANT_BINARY:
    case WEFT_VARIANT_UUID:
        bytes = weft_variant_text(v, &len);
        *str = weft_str_view(bytes, len);
        column.data = str;
        break;
    case WEFT_VARIANT_DOUBLE:
    case WEFT_VARIANT_FLOAT: value->f64 = weft_variant_f64(v); break;
    case WEFT_VARIANT_DECIMAL:
        value->i128 = weft_variant_decimal(v, &scale);
        column.type = weft_type_decimal(WEFT_DECIMAL_PRECISION_MAX, scale);
        column.phys = WEFT_PHYS_I128;
        column.data = &value->i128;
        break;
    case WEFT_VARIANT_NULL:
    case WEFT_VARIANT_BOOLEAN:
    case WEFT_VARIANT_LONG:
    case WEFT_VARIANT_DATE:
    case WEFT_VARIANT_TIMESTAMP:
    case WEFT_VARIANT_TIMESTAMP_NTZ:
    case WEFT_VARIANT_OBJECT:
    case WEFT_VARIANT_ARRAY: value->i64 = weft_variant_i64(v); break; /* little-endian: narrow ones too */
    }
    return column;
}

/* By the kernels of CAST. */
static weft_status cast_plain_value(weft_ctx *ctx, weft_variant_caster *c, cast_node *n,
                                    const weft_variant *v, weft_vector *out, int32_t slot)
{
    weft_status st = WEFT_OK;
    weft_value value = {0};
    weft_str str = {0};
    weft_column column = plain_column(v, &value, &str);
    const weft_variant_kind kind = weft_variant_kind_of(v);
    const bool moment = n->type.id == WEFT_TYPE_TIMESTAMP || n->type.id == WEFT_TYPE_TIMESTAMP_NTZ;
    if ((kind == WEFT_VARIANT_BOOLEAN && moment) || kind == WEFT_VARIANT_UUID ||
        !weft_cast_allowed(column.type, n->type))
        return cast_invalid(ctx, c, n->type, v, out, slot);
    weft_vector_reset(&n->result);
    c->expr.type = n->type;
    weft_kernel_call call = {.expr = &c->expr,
                             .args = &column,
                             .arg_count = 1,
                             .rows = 1,
                             .selected = 1,
                             .out = &n->result,
                             .state = c->zone};
    WEFT_TRY(st, weft_cast_kernel(column.type, n->type)(ctx, &call));
    if (weft_column_is_null(&n->result.column, 0)) return cast_invalid(ctx, c, n->type, v, out, slot);
    if (out->column.phys == WEFT_PHYS_STR) {
        const weft_str *s = weft_column_value(&n->result.column, 0);
        WEFT_TRY(st, weft_vector_set_string(ctx, out, slot, weft_str_data(s), s->len));
    } else {
        WEFT_TRY(st, weft_vector_set(ctx, out, slot, &n->result.column, 0));
    }
    weft_json_set_valid(out, slot);
done:
    return st;
}

static weft_status cast_text(weft_ctx *ctx, weft_variant_caster *c, const weft_variant *v, weft_vector *out,
                             int32_t slot)
{
    weft_status st = WEFT_OK;
    c->text.len = 0;
    WEFT_TRY(st, weft_variant_plain_text(ctx, c->zone, v, &c->text));
    WEFT_TRY(st, weft_vector_set_string(ctx, out, slot, c->text.bytes, (uint32_t)c->text.len));
    weft_json_set_valid(out, slot);
done:
    return st;
}

static weft_status cast_copy(weft_ctx *ctx, weft_variant_caster *c, const weft_variant *v, weft_vector *out,
                             int32_t slot)
{
    weft_status st = WEFT_OK;
    weft_variant_builder_reset(&c->builder);
    WEFT_TRY(st, weft_variant_put_copy(ctx, &c->builder, v));
    WEFT_TRY(st, weft_variant_store(ctx, &c->builder, out, slot));
done:
    return st;
}

static weft_status cast_value(weft_ctx *ctx, weft_variant_caster *c, cast_node *n, const weft_variant *v,
                              weft_vector *out, int32_t slot);

/* An array as an array, an object as a map. */
static weft_status cast_elements(weft_ctx *ctx, weft_variant_caster *c, cast_node *n, const weft_variant *v,
                                 weft_vector *out, int32_t slot)
{
    weft_status st = WEFT_OK;
    const bool map = n->type.id == WEFT_TYPE_MAP;
    const int32_t count = weft_variant_count(v);
    int32_t first = 0;
    WEFT_TRY(st, weft_vector_add_list(ctx, out, slot, count, &first));
    weft_json_set_valid(out, slot);
    weft_vector *child = &out->children[0];
    for (int32_t i = 0; i < count; i++) {
        const char *name = NULL;
        uint32_t len = 0;
        if (!map) {
            const weft_variant part = weft_variant_element(v, i);
            WEFT_TRY(st, cast_value(ctx, c, &n->children[0], &part, child, first + i));
            continue;
        }
        const weft_variant part = weft_variant_field(v, i, &name, &len);
        weft_json_set_valid(child, first + i);
        weft_json_set_valid(&child->children[0], first + i);
        WEFT_TRY(st, weft_vector_set_string(ctx, &child->children[0], first + i, name, len));
        WEFT_TRY(st, cast_value(ctx, c, &n->children[1], &part, &child->children[1], first + i));
    }
done:
    return st;
}

static weft_status cast_fields(weft_ctx *ctx, weft_variant_caster *c, cast_node *n, const weft_variant *v,
                               weft_vector *out, int32_t slot)
{
    weft_status st = WEFT_OK;
    weft_json_set_valid(out, slot);
    for (int32_t i = 0; i < n->type.child_count; i++) {
        const char *name = n->type.children[i].name;
        weft_variant part = *v;
        if (weft_variant_find(v, name, (uint32_t)strlen(name), &part))
            WEFT_TRY(st, cast_value(ctx, c, &n->children[i], &part, &out->children[i], slot));
        else
            weft_vector_set_null(&out->children[i], slot);
    }
done:
    return st;
}

/* NULL, and what a struct of it has. */
static void set_null(weft_vector *out, int32_t slot)
{
    weft_vector_set_null(out, slot);
    for (int32_t i = 0; out->column.type.id == WEFT_TYPE_STRUCT && i < out->column.child_count; i++)
        set_null(&out->children[i], slot);
}

static weft_status cast_value(weft_ctx *ctx, weft_variant_caster *c, cast_node *n, const weft_variant *v,
                              weft_vector *out, int32_t slot)
{
    const weft_variant_kind kind = weft_variant_kind_of(v);
    if (n->type.id == WEFT_TYPE_VARIANT) return cast_copy(ctx, c, v, out, slot);
    if (kind == WEFT_VARIANT_NULL) {
        set_null(out, slot);
        return WEFT_OK;
    }
    if (n->type.id == WEFT_TYPE_ARRAY && kind == WEFT_VARIANT_ARRAY)
        return cast_elements(ctx, c, n, v, out, slot);
    if (n->type.id == WEFT_TYPE_MAP && kind == WEFT_VARIANT_OBJECT)
        return cast_elements(ctx, c, n, v, out, slot);
    if (n->type.id == WEFT_TYPE_STRUCT && kind == WEFT_VARIANT_OBJECT)
        return cast_fields(ctx, c, n, v, out, slot);
    if (n->type.id == WEFT_TYPE_STRING) return cast_text(ctx, c, v, out, slot);
    if (weft_type_is_nested(n->type) || kind >= WEFT_VARIANT_OBJECT) {
        set_null(out, slot);
        return cast_invalid(ctx, c, n->type, v, out, slot);
    }
    return cast_plain_value(ctx, c, n, v, out, slot);
}

weft_status weft_variant_cast(weft_ctx *ctx, weft_variant_caster *caster, const weft_variant *v,
                              weft_vector *out, int32_t slot)
{
    return cast_value(ctx, caster, &caster->root, v, out, slot);
}

/* ---- to VARIANT ---- */

static weft_status put_list(weft_ctx *ctx, weft_variant_builder *b, const weft_column *column, int32_t row)
{
    weft_status st = WEFT_OK;
    const weft_list list = *(const weft_list *)weft_column_value(column, row);
    const weft_column *child = &column->children[0];
    const weft_variant_mark mark = weft_variant_begin(b);
    const bool map = column->type.id == WEFT_TYPE_MAP;
    for (int32_t i = 0; i < list.length; i++) {
        const int32_t slot = weft_column_slot(child, list.offset + i);
        if (!map) {
            WEFT_TRY(st, weft_variant_next(ctx, b));
            WEFT_TRY(st, weft_variant_put_column(ctx, b, child, list.offset + i));
            continue;
        }
        const weft_str *key = weft_column_value(&child->children[0], slot);
        WEFT_TRY(st, weft_variant_name(ctx, b, weft_str_data(key), key->len));
        WEFT_TRY(st, weft_variant_put_column(ctx, b, &child->children[1], slot));
    }
    WEFT_TRY(st, map ? weft_variant_end_object(ctx, b, mark) : weft_variant_end_array(ctx, b, mark));
done:
    return st;
}

static weft_status put_struct(weft_ctx *ctx, weft_variant_builder *b, const weft_column *column, int32_t row)
{
    weft_status st = WEFT_OK;
    const weft_variant_mark mark = weft_variant_begin(b);
    const int32_t slot = weft_column_slot(column, row);
    for (int32_t i = 0; i < column->child_count; i++) {
        const char *name = column->type.children[i].name;
        WEFT_TRY(st, weft_variant_name(ctx, b, name, strlen(name)));
        WEFT_TRY(st, weft_variant_put_column(ctx, b, &column->children[i], slot));
    }
    WEFT_TRY(st, weft_variant_end_object(ctx, b, mark));
done:
    return st;
}

weft_status weft_variant_put_column(weft_ctx *ctx, weft_variant_builder *b, const weft_column *column,
                                    int32_t row)
{
    if (weft_column_is_null(column, row)) return weft_variant_put_null(ctx, b);
    if (column->phys == WEFT_PHYS_LIST) return put_list(ctx, b, column, row);
    if (column->phys == WEFT_PHYS_STRUCT) return put_struct(ctx, b, column, row);
    const weft_value value = weft_value_of_column(column, row);
    const char *bytes = column->phys == WEFT_PHYS_STR ? weft_str_data(&value.str) : NULL;
    const float single = (float)value.f64;
    weft_variant variant;
    switch ((weft_type_id)column->type.id) {
    case WEFT_TYPE_BOOLEAN: return weft_variant_put_bool(ctx, b, value.boolean);
    case WEFT_TYPE_TINYINT:
    case WEFT_TYPE_SMALLINT:
    case WEFT_TYPE_INT:
    case WEFT_TYPE_BIGINT: return weft_variant_put_i64(ctx, b, value.i64);
    case WEFT_TYPE_FLOAT: return weft_variant_put_plain(ctx, b, WEFT_VP_FLOAT, &single, sizeof single);
    case WEFT_TYPE_DOUBLE: return weft_variant_put_plain(ctx, b, WEFT_VP_DOUBLE, &value.f64, 8);
    case WEFT_TYPE_DECIMAL: return weft_variant_put_decimal(ctx, b, value.i128, column->type.scale);
    case WEFT_TYPE_STRING: return weft_variant_put_text(ctx, b, bytes, value.str.len);
    case WEFT_TYPE_BINARY: return weft_variant_put_binary(ctx, b, bytes, value.str.len);
    case WEFT_TYPE_DATE: return weft_variant_put_plain(ctx, b, WEFT_VP_DATE, &value.i64, 4);
    case WEFT_TYPE_TIMESTAMP: return weft_variant_put_plain(ctx, b, WEFT_VP_TIMESTAMP, &value.i64, 8);
    case WEFT_TYPE_TIMESTAMP_NTZ: return weft_variant_put_plain(ctx, b, WEFT_VP_TIMESTAMP_NTZ, &value.i64, 8);
    case WEFT_TYPE_VARIANT:
        variant = weft_variant_of(&value.str);
        return weft_variant_put_copy(ctx, b, &variant);
    case WEFT_TYPE_NULL:
    case WEFT_TYPE_TIME:
    case WEFT_TYPE_TIMESTAMP_NS:
    case WEFT_TYPE_TIMESTAMP_NTZ_NS:
    case WEFT_TYPE_INTERVAL:
    case WEFT_TYPE_INTERVAL_YM:
    case WEFT_TYPE_INTERVAL_DT:
    case WEFT_TYPE_ARRAY:
    case WEFT_TYPE_STRUCT:
    case WEFT_TYPE_MAP:
    case WEFT_TYPE_GEOMETRY:
    case WEFT_TYPE_GEOGRAPHY:
    case WEFT_TYPE_COUNT: break;
    }
    return weft_fail(ctx, WEFT_INTERNAL, "a value of type number %d is no variant", column->type.id);
}
