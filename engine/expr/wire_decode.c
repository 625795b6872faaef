/* engine/expr/wire_decode.c - bytes to expressions. Nodes come in an order in which arguments precede their
 * users, so that one pass makes and checks them, without recursion. */
#include "common/settings.h"
#include "engine/columnar/collation.h"
#include "engine/expr/aggregate.h"
#include "engine/expr/function.h"
#include "engine/expr/wire_private.h"
#include "proto/expr.pb-c.h"
#include "proto/wire.h"

enum { TYPE_NODES_MAX = WEFT_COLUMNS_MAX }; /* a type written out: what walks types walks the tree */

typedef struct wire_decoder {
    weft_ctx *ctx;
    const Weft__Wire__Expressions *message;
    weft_type *types;
    uint32_t *type_nodes;     /* of each type, written out as a tree */
    weft_settings **settings; /* [message->n_settings] */
    const weft_expr **nodes;  /* [done] */
    uint32_t *depths;
    uint32_t done;
    const weft_type *inputs;
    int32_t input_count;
} wire_decoder;

static weft_status fail_node(const wire_decoder *w, const char *what)
{
    return weft_fail(w->ctx, WEFT_CORRUPT, "expressions from the wire: node %u: %s", w->done, what);
}

/* ---- types ---- */

static weft_status decode_type(wire_decoder *w, const Weft__Wire__Type *from, uint32_t index)
{
    weft_status st = WEFT_OK;
    weft_field *fields = NULL;
    uint32_t nodes = 1;

    if (from->id >= WEFT_TYPE_COUNT || from->precision > UINT8_MAX || from->scale > UINT8_MAX ||
        from->length_kind > WEFT_LENGTH_VARCHAR || !weft_collation_is_valid(from->collation) ||
        from->n_fields > WEFT_COLUMNS_MAX) {
        return weft_fail(w->ctx, WEFT_CORRUPT, "expressions from the wire: type %u is none", index);
    }
    WEFT_TRY(st, WEFT_NEW_ARRAY(w->ctx, from->n_fields, &fields));
    for (size_t i = 0; i < from->n_fields; i++) {
        const Weft__Wire__Field *field = from->fields[i];
        if (field->type >= index) {
            st = weft_fail(w->ctx, WEFT_CORRUPT, "expressions from the wire: type %u names a later one",
                           index);
            goto done;
        }
        fields[i] =
            (weft_field){.name = field->name, .type = w->types[field->type], .nullable = field->nullable};
        nodes += w->type_nodes[field->type];
        if (nodes > TYPE_NODES_MAX) {
            st = weft_fail(w->ctx, WEFT_CORRUPT, "expressions from the wire: type %u has over %d parts",
                           index, TYPE_NODES_MAX);
            goto done;
        }
    }
    w->type_nodes[index] = nodes;
    w->types[index] = (weft_type){.id = (uint8_t)from->id,
                                  .precision = (uint8_t)from->precision,
                                  .scale = (uint8_t)from->scale,
                                  .length_kind = (uint8_t)from->length_kind,
                                  .parameter = from->parameter,
                                  .collation = (uint16_t)from->collation,
                                  .child_count = (int32_t)from->n_fields,
                                  .children = from->n_fields > 0 ? fields : NULL};
    if (!weft_expr_wire_check_type(w->types[index])) {
        st = weft_fail(w->ctx, WEFT_CORRUPT, "expressions from the wire: type %u is malformed", index);
    }
done:
    return st;
}

static weft_status decode_types(wire_decoder *w, Weft__Wire__Type *const *from, size_t count)
{
    weft_status st = WEFT_OK;
    WEFT_TRY(st, WEFT_NEW_ARRAY(w->ctx, count, &w->types));
    WEFT_TRY(st, WEFT_NEW_ARRAY(w->ctx, count, &w->type_nodes));
    for (uint32_t i = 0; i < count; i++) WEFT_TRY(st, decode_type(w, from[i], i));
done:
    return st;
}

/* ---- nodes ---- */

static weft_status decode_list(wire_decoder *w, const uint32_t *places, size_t count, uint32_t *depth,
                               const weft_expr *const **out)
{
    weft_status st = WEFT_OK;
    const weft_expr **list = NULL;
    if (count > INT32_MAX) return fail_node(w, "too many arguments");
    WEFT_TRY(st, WEFT_NEW_ARRAY(w->ctx, count, &list));
    for (size_t i = 0; i < count; i++) {
        if (places[i] >= w->done) return fail_node(w, "an argument is not among the nodes before");
        list[i] = w->nodes[places[i]];
        if (w->depths[places[i]] >= *depth) *depth = w->depths[places[i]] + 1;
    }
    *out = list;
done:
    return st;
}

static weft_status decode_optional(wire_decoder *w, uint32_t place, uint32_t *depth, const weft_expr **out)
{
    weft_status st = WEFT_OK;
    const weft_expr *const *list = NULL;
    const uint32_t index = place - 1;
    *out = NULL;
    if (place == 0) return WEFT_OK;
    WEFT_TRY(st, decode_list(w, &index, 1, depth, &list));
    *out = list[0];
done:
    return st;
}

static weft_status decode_window(wire_decoder *w, const Weft__Wire__Window *from, uint32_t *depth,
                                 weft_expr *e)
{
    weft_status st = WEFT_OK;
    weft_window_spec *spec = NULL;

    if (from == NULL) return fail_node(w, "a window has no specification");
    if (from->low > WEFT_BOUND_UNBOUNDED_FOLLOWING || from->high > WEFT_BOUND_UNBOUNDED_FOLLOWING) {
        return fail_node(w, "a window's frame has no such bound");
    }
    WEFT_TRY(st, WEFT_NEW(w->ctx, &spec));
    WEFT_TRY(st, decode_list(w, from->partition, from->n_partition, depth, &spec->partition));
    WEFT_TRY(st, decode_list(w, from->order, from->n_order, depth, &spec->order));
    WEFT_TRY(st, decode_optional(w, from->low_offset, depth, &spec->low_offset));
    WEFT_TRY(st, decode_optional(w, from->high_offset, depth, &spec->high_offset));
    spec->partition_count = (int32_t)from->n_partition;
    spec->order_count = (int32_t)from->n_order;
    spec->has_frame = from->has_frame;
    spec->rows = from->rows;
    spec->low = (weft_bound_kind)from->low;
    spec->high = (weft_bound_kind)from->high;
    e->window.spec = spec;
done:
    return st;
}

static weft_status decode_literal(wire_decoder *w, const Weft__Wire__Node *from, weft_expr *e)
{
    weft_value *value = &e->literal;
    const weft_type_id id = (weft_type_id)e->type.id;

    *value = (weft_value){.type = e->type, .is_null = from->null};
    if (from->null) return WEFT_OK;
    if (id == WEFT_TYPE_BOOLEAN) {
        value->boolean = from->integer != 0;
    } else if (id == WEFT_TYPE_FLOAT || id == WEFT_TYPE_DOUBLE) {
        memcpy(&value->f64, &from->low, sizeof(value->f64));
    } else if (id == WEFT_TYPE_DECIMAL || id == WEFT_TYPE_INTERVAL) {
        value->i128 = (weft_i128)((weft_u128)from->high << 64 | from->low);
    } else if (weft_type_phys(e->type) == WEFT_PHYS_STR || weft_type_is_nested(e->type)) {
        if (from->bytes.len > INT32_MAX) return fail_node(w, "a string is too long");
        value->str = weft_str_view((const char *)from->bytes.data, (uint32_t)from->bytes.len);
    } else {
        value->i64 = from->integer;
    }
    return WEFT_OK;
}

static const char *text_or_null(const char *text) { return text[0] != '\0' ? text : NULL; }

static weft_status decode_call(wire_decoder *w, const Weft__Wire__Node *from, weft_expr *e)
{
    e->call.function = weft_function_find(from->name);
    e->call.variant = from->variant <= INT32_MAX ? (int32_t)from->variant : -1;
    e->call.written = text_or_null(from->written);
    e->call.ignore_nulls = (from->flags & WEFT_EXPR_WIRE_IGNORE_NULLS) != 0;
    return e->call.function != NULL ? WEFT_OK : fail_node(w, "there is no such function");
}

static weft_status decode_aggregate(wire_decoder *w, const Weft__Wire__Node *from, uint32_t *depth,
                                    weft_expr *e)
{
    e->aggregate.function = weft_aggregate_find(from->name);
    e->aggregate.written = text_or_null(from->written);
    e->aggregate.distinct = (from->flags & WEFT_EXPR_WIRE_DISTINCT) != 0;
    e->aggregate.ignore_nulls = (from->flags & WEFT_EXPR_WIRE_IGNORE_NULLS) != 0;
    if (e->aggregate.function == NULL) return fail_node(w, "there is no such aggregate function");
    return decode_optional(w, from->filter, depth, &e->aggregate.filter);
}

static weft_status decode_column(wire_decoder *w, const Weft__Wire__Node *from, weft_expr *e)
{
    e->column.ordinal = from->ordinal;
    e->column.id = from->id;
    e->column.name = text_or_null(from->name);
    if (w->inputs == NULL) return WEFT_OK;
    if (from->ordinal < 0 || from->ordinal >= w->input_count)
        return fail_node(w, "there is no such input column");
    if (weft_type_equal(w->inputs[from->ordinal], e->type)) return WEFT_OK;
    return fail_node(w, "the input column has another type");
}

static weft_status decode_payload(wire_decoder *w, const Weft__Wire__Node *from, uint32_t *depth,
                                  weft_expr *e)
{
    const uint32_t flags = from->flags;
    switch (e->kind) {
    case WEFT_EXPR_LITERAL: return decode_literal(w, from, e);
    case WEFT_EXPR_COLUMN: return decode_column(w, from, e);
    case WEFT_EXPR_CALL: return decode_call(w, from, e);
    case WEFT_EXPR_AGGREGATE: return decode_aggregate(w, from, depth, e);
    case WEFT_EXPR_WINDOW: return decode_window(w, from->window, depth, e);
    case WEFT_EXPR_CAST:
        e->cast.try_ = (flags & WEFT_EXPR_WIRE_TRY) != 0;
        e->cast.implicit = (flags & WEFT_EXPR_WIRE_IMPLICIT) != 0;
        e->cast.column = text_or_null(from->name);
        return WEFT_OK;
    case WEFT_EXPR_ALIAS:
        e->alias.id = from->id;
        e->alias.name = from->name;
        return WEFT_OK;
    case WEFT_EXPR_SORT_KEY:
        e->sort.descending = (flags & WEFT_EXPR_WIRE_DESCENDING) != 0;
        e->sort.nulls_first = (flags & WEFT_EXPR_WIRE_NULLS_FIRST) != 0;
        e->sort.nulls_written = (flags & WEFT_EXPR_WIRE_NULLS_WRITTEN) != 0;
        return WEFT_OK;
    case WEFT_EXPR_BLOOM:
        e->bloom.filter_id = from->filter_id <= INT32_MAX ? (int32_t)from->filter_id : -1;
        return WEFT_OK;
    case WEFT_EXPR_CASE:
    case WEFT_EXPR_COALESCE: e->form.written = text_or_null(from->written); return WEFT_OK;
    case WEFT_EXPR_AND:
    case WEFT_EXPR_OR:
    case WEFT_EXPR_NOT:
    case WEFT_EXPR_IN:
    case WEFT_EXPR_IS_NULL:
    case WEFT_EXPR_IS_NOT_NULL: return WEFT_OK;
    case WEFT_EXPR_SUBQUERY:
    case WEFT_EXPR_OUTER:
    case WEFT_EXPR_UNRESOLVED_COLUMN:
    case WEFT_EXPR_UNRESOLVED_CALL:
    case WEFT_EXPR_STAR:
    case WEFT_EXPR_INTERVAL:
    case WEFT_EXPR_KIND_COUNT: break;
    }
    return fail_node(w, "this kind does not travel");
}

/* Make node w->done. */
static weft_status decode_node(wire_decoder *w)
{
    weft_status st = WEFT_OK;
    const Weft__Wire__Node *from = w->message->nodes[w->done];
    weft_expr *e = NULL;
    uint32_t depth = 1;
    bool good = false;

    if (from->kind >= WEFT_EXPR_KIND_COUNT) return fail_node(w, "there is no such kind");
    if (from->type >= w->message->n_types) return fail_node(w, "there is no such type");
    WEFT_TRY(st, WEFT_NEW(w->ctx, &e));
    e->kind = (weft_expr_kind)from->kind;
    e->type = w->types[from->type];
    e->nullable = from->nullable;
    e->span =
        (weft_span){.start = from->start, .stop = from->stop, .line = from->line, .column = from->column};
    WEFT_TRY(st, decode_list(w, from->args, from->n_args, &depth, &e->args));
    e->arg_count = (int32_t)from->n_args;
    WEFT_TRY(st, decode_payload(w, from, &depth, e));
    if (from->settings > w->message->n_settings) return fail_node(w, "there are no such settings");
    if (from->settings > 0 && weft_expr_goes_by_settings(e)) e->settings = w->settings[from->settings - 1];
    if (depth > WEFT_EXPR_WIRE_DEPTH_MAX) return fail_node(w, "nested too deep");
    WEFT_TRY(st, weft_expr_wire_check(w->ctx, e, &good));
    if (!good) return fail_node(w, "its arguments, types or value do not go together");
    weft_expr_settle(e);
    w->nodes[w->done] = e;
    w->depths[w->done++] = depth;
done:
    return st;
}

static weft_status check_version(weft_ctx *ctx, uint32_t version)
{
    if (version == WEFT_EXPR_WIRE_VERSION) return WEFT_OK;
    return weft_fail(ctx, WEFT_UNSUPPORTED, "expressions of wire version %u; this process speaks %d", version,
                     WEFT_EXPR_WIRE_VERSION);
}

/* Those of the statement, but for the pairs. */
static weft_status decode_settings(wire_decoder *w, const Weft__Wire__OtherSettings *from,
                                   weft_settings **out)
{
    weft_status st = WEFT_OK;
    if (from->n_pairs % 2 != 0) return fail_node(w, "a setting has no value");
    WEFT_TRY(st, WEFT_NEW(w->ctx, out));
    **out = *w->ctx->settings;
    (*out)->reader = w->ctx->settings;
    for (size_t i = 0; i < from->n_pairs; i += 2) {
        const weft_setting_id id = weft_settings_find(from->pairs[i]);
        if (id == WEFT_SETTING_COUNT || weft_setting_find_def(id)->scope != WEFT_SCOPE_STATEMENT)
            return fail_node(w, "there is no such setting of a statement");
        WEFT_TRY(st, weft_settings_set(w->ctx, *out, from->pairs[i], from->pairs[i + 1]));
    }
done:
    return st;
}

static weft_status decode_message(wire_decoder *w, const weft_expr *const **exprs)
{
    weft_status st = WEFT_OK;
    const Weft__Wire__Expressions *message = w->message;
    uint32_t depth = 0;

    WEFT_TRY(st, check_version(w->ctx, message->version));
    WEFT_TRY(st, decode_types(w, message->types, message->n_types));
    if (message->n_settings > WEFT_EXPR_WIRE_SETTINGS_MAX) return fail_node(w, "too many settings");
    WEFT_TRY(st, WEFT_NEW_ARRAY(w->ctx, message->n_settings, &w->settings));
    for (size_t i = 0; i < message->n_settings; i++)
        WEFT_TRY(st, decode_settings(w, message->settings[i], &w->settings[i]));
    WEFT_TRY(st, WEFT_NEW_ARRAY(w->ctx, message->n_nodes, &w->nodes));
    WEFT_TRY(st, WEFT_NEW_ARRAY(w->ctx, message->n_nodes, &w->depths));
    while (w->done < message->n_nodes) WEFT_TRY(st, decode_node(w));
    WEFT_TRY(st, decode_list(w, message->roots, message->n_roots, &depth, exprs));
done:
    return st;
}

static weft_status check_size(weft_ctx *ctx, size_t len)
{
    if (len <= WEFT_EXPR_WIRE_BYTES_MAX) return WEFT_OK;
    return weft_fail(ctx, WEFT_CORRUPT, "expressions from the wire: %zu bytes are more than the %d allowed",
                     len, WEFT_EXPR_WIRE_BYTES_MAX);
}

weft_status weft_exprs_decode(weft_ctx *ctx, const uint8_t *bytes, size_t len, const weft_type *inputs,
                              int32_t input_count, const weft_expr *const **exprs, int32_t *count)
{
    weft_status st = WEFT_OK;
    ProtobufCMessage *message = NULL;
    wire_decoder w = {.ctx = ctx, .inputs = inputs, .input_count = input_count};

    *exprs = NULL;
    *count = 0;
    WEFT_TRY(st, check_size(ctx, len));
    WEFT_TRY(st, weft_wire_unpack(ctx, &weft__wire__expressions__descriptor, bytes, len, &message));
    w.message = (const Weft__Wire__Expressions *)message;
    WEFT_TRY(st, decode_message(&w, exprs));
    *count = (int32_t)w.message->n_roots;
done:
    if (st != WEFT_OK) *exprs = NULL;
    return st;
}

weft_status weft_types_decode(weft_ctx *ctx, const uint8_t *bytes, size_t len, const weft_type **types,
                              int32_t *count)
{
    weft_status st = WEFT_OK;
    ProtobufCMessage *unpacked = NULL;
    wire_decoder w = {.ctx = ctx};
    weft_type *list = NULL;

    *types = NULL;
    *count = 0;
    WEFT_TRY(st, check_size(ctx, len));
    WEFT_TRY(st, weft_wire_unpack(ctx, &weft__wire__types__descriptor, bytes, len, &unpacked));
    const Weft__Wire__Types *message = (const Weft__Wire__Types *)unpacked;
    WEFT_TRY(st, check_version(ctx, message->version));
    WEFT_TRY(st, decode_types(&w, message->types, message->n_types));
    if (message->n_roots > WEFT_COLUMNS_MAX) {
        st = weft_fail(ctx, WEFT_CORRUPT, "types from the wire: %zu are more than the %d columns allowed",
                       message->n_roots, WEFT_COLUMNS_MAX);
        goto done;
    }
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, message->n_roots, &list));
    for (size_t i = 0; i < message->n_roots; i++) {
        if (message->roots[i] >= message->n_types) {
            st = weft_fail(ctx, WEFT_CORRUPT, "types from the wire: there is no type %u", message->roots[i]);
            goto done;
        }
        list[i] = w.types[message->roots[i]];
    }
    *types = list;
    *count = (int32_t)message->n_roots;
done:
    return st;
}
