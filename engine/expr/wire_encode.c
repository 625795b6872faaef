/* engine/expr/wire_encode.c - expressions to bytes: the graph is flattened in post-order, each node once. */
#include "common/hash.h"
#include "common/settings.h"
#include "engine/expr/aggregate.h"
#include "engine/expr/function.h"
#include "engine/expr/wire_private.h"
#include "proto/expr.pb-c.h"

typedef struct wire_place {
    const weft_expr *node;
    uint32_t index;
} wire_place;

typedef struct wire_encoder {
    weft_ctx *ctx;
    Weft__Wire__Node **nodes;
    Weft__Wire__Type **types;
    weft_type *type_values; /* what types[i] stands for */
    uint32_t node_count, node_capacity, type_count, type_capacity;
    wire_place *places; /* open addressing; node NULL: free */
    uint32_t place_capacity;
    const weft_settings *known_settings[WEFT_EXPR_WIRE_SETTINGS_MAX];
    Weft__Wire__OtherSettings *settings[WEFT_EXPR_WIRE_SETTINGS_MAX];
    uint32_t settings_count;
} wire_encoder;

static char *text_or_empty(const char *text) { return (char *)(uintptr_t)(text != NULL ? text : ""); }

/* Make room for one more of `*count` elements of `bytes` each. */
static weft_status grow(weft_ctx *ctx, void **array, uint32_t count, uint32_t *capacity, size_t bytes)
{
    weft_status st = WEFT_OK;
    void *larger = NULL;
    if (count < *capacity) return WEFT_OK;
    const uint32_t next = *capacity == 0 ? 16 : *capacity * 2;
    WEFT_TRY(st, weft_arena_alloc(ctx, ctx->arena, (size_t)next * bytes, &larger));
    if (count > 0) memcpy(larger, *array, (size_t)count * bytes);
    *array = larger;
    *capacity = next;
done:
    return st;
}

/* ---- which nodes are there already ---- */

static wire_place *place_of(const wire_encoder *w, const weft_expr *e)
{
    uint32_t at = (uint32_t)weft_hash_u64((uint64_t)(uintptr_t)e);
    for (;; at++) {
        wire_place *place = &w->places[at & (w->place_capacity - 1)];
        if (place->node == e || place->node == NULL) return place;
    }
}

static weft_status places_grow(wire_encoder *w)
{
    weft_status st = WEFT_OK;
    const wire_place *old = w->places;
    const uint32_t old_capacity = w->place_capacity;

    if (2 * w->node_count < old_capacity) return WEFT_OK;
    w->place_capacity = old_capacity == 0 ? 64 : old_capacity * 4;
    WEFT_TRY(st, WEFT_NEW_ARRAY(w->ctx, w->place_capacity, &w->places));
    for (uint32_t i = 0; i < old_capacity; i++) {
        if (old[i].node != NULL) *place_of(w, old[i].node) = old[i];
    }
done:
    return st;
}

/* ---- types ---- */

static weft_status encode_type(wire_encoder *w, weft_type type, uint32_t *index)
{
    weft_status st = WEFT_OK;
    Weft__Wire__Type *t = NULL;
    uint32_t capacity = w->type_capacity;

    for (uint32_t i = 0; i < w->type_count; i++) {
        *index = i;
        if (weft_type_equal(w->type_values[i], type)) return WEFT_OK;
    }
    WEFT_TRY(st, WEFT_NEW(w->ctx, &t));
    weft__wire__type__init(t);
    t->id = type.id;
    t->precision = type.precision;
    t->scale = type.scale;
    t->parameter = type.parameter;
    t->length_kind = type.length_kind;
    t->collation = type.collation;
    t->n_fields = (size_t)type.child_count;
    WEFT_TRY(st, WEFT_NEW_ARRAY(w->ctx, type.child_count, &t->fields));
    for (int32_t i = 0; i < type.child_count; i++) {
        WEFT_TRY(st, WEFT_NEW(w->ctx, &t->fields[i]));
        weft__wire__field__init(t->fields[i]);
        t->fields[i]->name = text_or_empty(type.children[i].name);
        t->fields[i]->nullable = type.children[i].nullable;
        WEFT_TRY(st, encode_type(w, type.children[i].type, &t->fields[i]->type));
    }
    capacity = w->type_capacity;
    WEFT_TRY(st, grow(w->ctx, (void **)&w->types, w->type_count, &capacity, sizeof(Weft__Wire__Type *)));
    WEFT_TRY(st, grow(w->ctx, (void **)&w->type_values, w->type_count, &w->type_capacity, sizeof(weft_type)));
    w->types[w->type_count] = t;
    w->type_values[w->type_count] = type;
    *index = w->type_count++;
done:
    return st;
}

/* ---- nodes ---- */

static weft_status encode_expr(wire_encoder *w, const weft_expr *e, uint32_t *index);

static weft_status encode_list(wire_encoder *w, const weft_expr *const *list, int32_t count, size_t *n,
                               uint32_t **out)
{
    weft_status st = WEFT_OK;
    uint32_t *indexes = NULL;
    WEFT_TRY(st, WEFT_NEW_ARRAY(w->ctx, count, &indexes));
    for (int32_t i = 0; i < count; i++) WEFT_TRY(st, encode_expr(w, list[i], &indexes[i]));
    *n = (size_t)count;
    *out = indexes;
done:
    return st;
}

/* A node that may be missing: its place + 1, or 0. */
static weft_status encode_optional(wire_encoder *w, const weft_expr *e, uint32_t *out)
{
    weft_status st = WEFT_OK;
    *out = 0;
    if (e == NULL) return WEFT_OK;
    WEFT_TRY(st, encode_expr(w, e, out));
    ++*out;
done:
    return st;
}

static weft_status encode_window(wire_encoder *w, const weft_window_spec *spec, Weft__Wire__Window **out)
{
    weft_status st = WEFT_OK;
    Weft__Wire__Window *window = NULL;
    WEFT_TRY(st, WEFT_NEW(w->ctx, &window));
    weft__wire__window__init(window);
    WEFT_TRY(
        st, encode_list(w, spec->partition, spec->partition_count, &window->n_partition, &window->partition));
    WEFT_TRY(st, encode_list(w, spec->order, spec->order_count, &window->n_order, &window->order));
    WEFT_TRY(st, encode_optional(w, spec->low_offset, &window->low_offset));
    WEFT_TRY(st, encode_optional(w, spec->high_offset, &window->high_offset));
    window->has_frame = spec->has_frame;
    window->rows = spec->rows;
    window->low = (uint32_t)spec->low;
    window->high = (uint32_t)spec->high;
    *out = window;
done:
    return st;
}

static void encode_literal(const weft_value *value, Weft__Wire__Node *node)
{
    node->null = value->is_null;
    if (value->is_null) return;
    switch ((weft_type_id)value->type.id) {
    case WEFT_TYPE_BOOLEAN: node->integer = value->boolean; break;
    case WEFT_TYPE_FLOAT:
    case WEFT_TYPE_DOUBLE: memcpy(&node->low, &value->f64, sizeof(node->low)); break;
    case WEFT_TYPE_INTERVAL:
    case WEFT_TYPE_DECIMAL:
        node->low = (uint64_t)value->i128;
        node->high = (uint64_t)(value->i128 >> 64);
        break;
    case WEFT_TYPE_STRING:
    case WEFT_TYPE_BINARY:
    case WEFT_TYPE_ARRAY:
    case WEFT_TYPE_STRUCT:
    case WEFT_TYPE_MAP:
    case WEFT_TYPE_VARIANT:
    case WEFT_TYPE_GEOMETRY:
    case WEFT_TYPE_GEOGRAPHY:
        node->bytes.len = value->str.len;
        node->bytes.data = (uint8_t *)(uintptr_t)weft_str_data(&value->str);
        break;
    case WEFT_TYPE_NULL:
    case WEFT_TYPE_TINYINT:
    case WEFT_TYPE_SMALLINT:
    case WEFT_TYPE_INT:
    case WEFT_TYPE_BIGINT:
    case WEFT_TYPE_DATE:
    case WEFT_TYPE_TIMESTAMP:
    case WEFT_TYPE_TIMESTAMP_NTZ:
    case WEFT_TYPE_TIMESTAMP_NS:
    case WEFT_TYPE_TIMESTAMP_NTZ_NS:
    case WEFT_TYPE_TIME:
    case WEFT_TYPE_INTERVAL_YM:
    case WEFT_TYPE_INTERVAL_DT:
    case WEFT_TYPE_COUNT: node->integer = value->i64; break;
    }
}

static weft_status encode_aggregate(wire_encoder *w, const weft_expr *e, Weft__Wire__Node *node)
{
    node->name = text_or_empty(e->aggregate.function->name);
    node->written = text_or_empty(e->aggregate.written);
    if (e->aggregate.distinct) node->flags |= WEFT_EXPR_WIRE_DISTINCT;
    if (e->aggregate.ignore_nulls) node->flags |= WEFT_EXPR_WIRE_IGNORE_NULLS;
    return encode_optional(w, e->aggregate.filter, &node->filter);
}

static void encode_sort_key(const weft_expr *e, Weft__Wire__Node *node)
{
    if (e->sort.descending) node->flags |= WEFT_EXPR_WIRE_DESCENDING;
    if (e->sort.nulls_first) node->flags |= WEFT_EXPR_WIRE_NULLS_FIRST;
    if (e->sort.nulls_written) node->flags |= WEFT_EXPR_WIRE_NULLS_WRITTEN;
}

/* What belongs to the kind of the node. */
static weft_status encode_payload(wire_encoder *w, const weft_expr *e, Weft__Wire__Node *node)
{
    switch (e->kind) {
    case WEFT_EXPR_LITERAL: encode_literal(&e->literal, node); return WEFT_OK;
    case WEFT_EXPR_COLUMN:
        node->ordinal = e->column.ordinal;
        node->id = e->column.id;
        node->name = text_or_empty(e->column.name);
        return WEFT_OK;
    case WEFT_EXPR_CALL:
        node->name = text_or_empty(e->call.function->name);
        node->variant = (uint32_t)e->call.variant;
        node->written = text_or_empty(e->call.written);
        if (e->call.ignore_nulls) node->flags |= WEFT_EXPR_WIRE_IGNORE_NULLS;
        return WEFT_OK;
    case WEFT_EXPR_CAST:
        if (e->cast.try_) node->flags |= WEFT_EXPR_WIRE_TRY;
        if (e->cast.implicit) node->flags |= WEFT_EXPR_WIRE_IMPLICIT;
        node->name = text_or_empty(e->cast.column);
        return WEFT_OK;
    case WEFT_EXPR_AGGREGATE: return encode_aggregate(w, e, node);
    case WEFT_EXPR_WINDOW: return encode_window(w, e->window.spec, &node->window);
    case WEFT_EXPR_ALIAS:
        node->id = e->alias.id;
        node->name = text_or_empty(e->alias.name);
        return WEFT_OK;
    case WEFT_EXPR_SORT_KEY: encode_sort_key(e, node); return WEFT_OK;
    case WEFT_EXPR_BLOOM: node->filter_id = (uint32_t)e->bloom.filter_id; return WEFT_OK;
    case WEFT_EXPR_CASE:
    case WEFT_EXPR_COALESCE: node->written = text_or_empty(e->form.written); return WEFT_OK;
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
    return weft_fail(w->ctx, WEFT_INTERNAL, "an expression of kind %d does not travel", (int)e->kind);
}

/* By what they differ from those of the statement. */
static weft_status encode_settings(wire_encoder *w, const weft_settings *settings, uint32_t *out)
{
    weft_status st = WEFT_OK;
    Weft__Wire__OtherSettings *message = NULL;
    *out = 0;
    if (settings == NULL) return WEFT_OK;
    while (*out < w->settings_count && w->known_settings[*out] != settings) ++*out;
    if (++*out <= w->settings_count) return WEFT_OK;
    if (w->settings_count == WEFT_EXPR_WIRE_SETTINGS_MAX)
        return weft_fail(
            w->ctx, WEFT_LIMIT,
            "the statement reads views and functions that were made under more than %d different "
            "sets of settings",
            WEFT_EXPR_WIRE_SETTINGS_MAX);
    WEFT_TRY(st, WEFT_NEW(w->ctx, &message));
    weft__wire__other_settings__init(message);
    WEFT_TRY(st, WEFT_NEW_ARRAY(w->ctx, 2 * WEFT_SETTING_COUNT, &message->pairs));
    for (int32_t i = 0; i < WEFT_SETTING_COUNT; i++) {
        if (strcmp(settings->text[i], settings->reader->text[i]) == 0) continue;
        message->pairs[message->n_pairs++] = text_or_empty(weft_setting_find_def((weft_setting_id)i)->key);
        message->pairs[message->n_pairs++] = text_or_empty(settings->text[i]);
    }
    w->known_settings[w->settings_count] = settings;
    w->settings[w->settings_count++] = message;
done:
    return st;
}

static weft_status encode_expr(wire_encoder *w, const weft_expr *e, uint32_t *index)
{
    weft_status st = WEFT_OK;
    Weft__Wire__Node *node = NULL;

    WEFT_TRY(st, places_grow(w));
    const wire_place *known = place_of(w, e);
    if (known->node != NULL) {
        *index = known->index;
        return WEFT_OK;
    }
    WEFT_TRY(st, WEFT_NEW(w->ctx, &node));
    weft__wire__node__init(node);
    node->kind = (uint32_t)e->kind;
    node->nullable = e->nullable;
    node->start = e->span.start;
    node->stop = e->span.stop;
    node->line = e->span.line;
    node->column = e->span.column;
    WEFT_TRY(st, encode_type(w, e->type, &node->type));
    WEFT_TRY(st, encode_list(w, e->args, e->arg_count, &node->n_args, &node->args));
    WEFT_TRY(st, encode_payload(w, e, node));
    WEFT_TRY(st, encode_settings(w, e->settings, &node->settings));
    WEFT_TRY(st,
             grow(w->ctx, (void **)&w->nodes, w->node_count, &w->node_capacity, sizeof(Weft__Wire__Node *)));
    WEFT_TRY(st, places_grow(w)); /* the arguments came in between: places have moved */
    *place_of(w, e) = (wire_place){.node = e, .index = w->node_count};
    w->nodes[w->node_count] = node;
    *index = w->node_count++;
done:
    return st;
}

weft_status weft_exprs_encode(weft_ctx *ctx, const weft_expr *const *exprs, int32_t count, uint8_t **bytes,
                              size_t *len)
{
    weft_status st = WEFT_OK;
    wire_encoder w = {.ctx = ctx};
    Weft__Wire__Expressions message = WEFT__WIRE__EXPRESSIONS__INIT;

    *bytes = NULL;
    *len = 0;
    WEFT_TRY(st, encode_list(&w, exprs, count, &message.n_roots, &message.roots));
    message.version = WEFT_EXPR_WIRE_VERSION;
    message.n_types = w.type_count;
    message.types = w.types;
    message.n_nodes = w.node_count;
    message.nodes = w.nodes;
    message.n_settings = w.settings_count;
    message.settings = w.settings;
    const size_t size = weft__wire__expressions__get_packed_size(&message);
    if (size > WEFT_EXPR_WIRE_BYTES_MAX) {
        st = weft_fail(ctx, WEFT_LIMIT,
                       "expressions of %zu bytes are more than the %d that one message may have", size,
                       WEFT_EXPR_WIRE_BYTES_MAX);
        goto done;
    }
    WEFT_TRY(st, weft_arena_alloc(ctx, ctx->arena, size + 1, (void **)bytes));
    *len = weft__wire__expressions__pack(&message, *bytes);
done:
    return st;
}

weft_status weft_types_encode(weft_ctx *ctx, const weft_type *types, int32_t count, uint8_t **bytes,
                              size_t *len)
{
    weft_status st = WEFT_OK;
    wire_encoder w = {.ctx = ctx};
    Weft__Wire__Types message = WEFT__WIRE__TYPES__INIT;

    *bytes = NULL;
    *len = 0;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, count, &message.roots));
    for (int32_t i = 0; i < count; i++) WEFT_TRY(st, encode_type(&w, types[i], &message.roots[i]));
    message.version = WEFT_EXPR_WIRE_VERSION;
    message.n_types = w.type_count;
    message.types = w.types;
    message.n_roots = (size_t)count;
    const size_t size = weft__wire__types__get_packed_size(&message);
    WEFT_TRY(st, weft_arena_alloc(ctx, ctx->arena, size + 1, (void **)bytes));
    *len = weft__wire__types__pack(&message, *bytes);
done:
    return st;
}
