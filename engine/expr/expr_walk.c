/* engine/expr/expr_walk.c - walks over expression trees: rewriting, searching, equality, hashes, properties.
 *
 * "Reach" of a walk: args, aggregate.filter and the expressions of a window specification; never subquery
 * plans. Recursion is bounded: of parsed trees by WEFT_EXPR_DEPTH_MAX, which the parser enforces, of bound
 * ones by WEFT_EXPR_HEIGHT_MAX, which their constructors do. */
#include "common/hash.h"
#include "engine/expr/aggregate.h"
#include "engine/expr/coerce.h"
#include "engine/expr/program.h"

enum { WALK_CHECKED = 1024 }; /* items of a list between two looks at the cancel flag */

/* ---- rewriting ---- */

typedef struct rewrite {
    weft_expr_rewriter fn;
    void *self;
} rewrite;

/* Rewrite a list; *out is list itself while nothing changed. */
static weft_status rewrite_list(weft_ctx *ctx, const rewrite *r, const weft_expr *const *list, int32_t count,
                                const weft_expr *const **out)
{
    weft_status st = WEFT_OK;
    const weft_expr **copy = NULL;

    *out = list;
    for (int32_t i = 0; i < count; i++) {
        const weft_expr *replaced = NULL;
        if (i % WALK_CHECKED == WALK_CHECKED - 1) WEFT_TRY(st, weft_check_cancel(ctx));
        WEFT_TRY(st, weft_expr_rewrite(ctx, list[i], r->fn, r->self, &replaced));
        if (replaced == list[i] && copy == NULL) continue;
        if (copy == NULL) {
            WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, count, &copy));
            memcpy(copy, list, (size_t)count * sizeof(*copy));
        }
        copy[i] = replaced;
    }
    if (copy != NULL) *out = copy;
done:
    return st;
}

static weft_status rewrite_optional(weft_ctx *ctx, const rewrite *r, const weft_expr *e,
                                    const weft_expr **out)
{
    *out = NULL;
    return e == NULL ? WEFT_OK : weft_expr_rewrite(ctx, e, r->fn, r->self, out);
}

static weft_status rewrite_window(weft_ctx *ctx, const rewrite *r, const weft_window_spec *spec,
                                  const weft_window_spec **out)
{
    weft_status st = WEFT_OK;
    weft_window_spec *copy = NULL;
    weft_window_spec next = *spec;

    *out = spec;
    WEFT_TRY(st, rewrite_list(ctx, r, spec->partition, spec->partition_count, &next.partition));
    WEFT_TRY(st, rewrite_list(ctx, r, spec->order, spec->order_count, &next.order));
    WEFT_TRY(st, rewrite_optional(ctx, r, spec->low_offset, &next.low_offset));
    WEFT_TRY(st, rewrite_optional(ctx, r, spec->high_offset, &next.high_offset));
    if (next.partition != spec->partition || next.order != spec->order ||
        next.low_offset != spec->low_offset || next.high_offset != spec->high_offset) {
        WEFT_TRY(st, WEFT_NEW(ctx, &copy));
        *copy = next;
        *out = copy;
    }
done:
    return st;
}

/* Where the node keeps a FILTER, or NULL. */
static const weft_expr *expr_filter(const weft_expr *e)
{
    if (e->kind == WEFT_EXPR_AGGREGATE) return e->aggregate.filter;
    return e->kind == WEFT_EXPR_UNRESOLVED_CALL ? e->unresolved.filter : NULL;
}

static const weft_window_spec *expr_window(const weft_expr *e)
{
    return e->kind == WEFT_EXPR_WINDOW ? e->window.spec : NULL;
}

weft_status weft_expr_rewrite(weft_ctx *ctx, const weft_expr *e, weft_expr_rewriter fn, void *self,
                              const weft_expr **out)
{
    weft_status st = WEFT_OK;
    const rewrite r = {.fn = fn, .self = self};
    const weft_expr *const *args = NULL;
    const weft_expr *filter = NULL;
    const weft_window_spec *window = expr_window(e);
    const weft_expr *input = e;

    *out = NULL;
    if (e->kind == WEFT_EXPR_OUTER) return fn(ctx, self, e, out); /* what it holds is another query's */
    WEFT_TRY(st, rewrite_list(ctx, &r, e->args, e->arg_count, &args));
    WEFT_TRY(st, rewrite_optional(ctx, &r, expr_filter(e), &filter));
    if (window != NULL) WEFT_TRY(st, rewrite_window(ctx, &r, window, &window));
    if (filter != expr_filter(e) || window != expr_window(e)) {
        weft_expr *copy = NULL;
        WEFT_TRY(st, WEFT_NEW(ctx, &copy));
        *copy = *e;
        if (e->kind == WEFT_EXPR_AGGREGATE) copy->aggregate.filter = filter;
        if (e->kind == WEFT_EXPR_UNRESOLVED_CALL) copy->unresolved.filter = filter;
        if (e->kind == WEFT_EXPR_WINDOW) copy->window.spec = window;
        if (copy->facts != 0) weft_expr_settle(copy);
        input = copy;
    }
    if (args != e->args) WEFT_TRY(st, weft_expr_with_args(ctx, input, args, &input));
    WEFT_TRY(st, fn(ctx, self, input, out));
done:
    return st;
}

/* ---- searching ---- */

static bool any_of(const weft_expr *const *list, int32_t count, weft_expr_visitor fn, void *self)
{
    for (int32_t i = 0; i < count; i++) {
        if (weft_expr_any(list[i], fn, self)) return true;
    }
    return false;
}

bool weft_expr_any(const weft_expr *e, weft_expr_visitor fn, void *self)
{
    const weft_expr *filter = expr_filter(e);
    const weft_window_spec *window = expr_window(e);

    if (fn(self, e) || any_of(e->args, e->arg_count, fn, self)) return true;
    if (filter != NULL && weft_expr_any(filter, fn, self)) return true;
    if (window == NULL) return false;
    return any_of(window->partition, window->partition_count, fn, self) ||
           any_of(window->order, window->order_count, fn, self) ||
           (window->low_offset != NULL && weft_expr_any(window->low_offset, fn, self)) ||
           (window->high_offset != NULL && weft_expr_any(window->high_offset, fn, self));
}

/* ---- equality and hash ---- */

static bool equal_lists(const weft_expr *const *a, int32_t a_count, const weft_expr *const *b,
                        int32_t b_count)
{
    if (a_count != b_count) return false;
    for (int32_t i = 0; i < a_count; i++) {
        if (!weft_expr_equal(a[i], b[i])) return false;
    }
    return true;
}

static bool equal_optional(const weft_expr *a, const weft_expr *b)
{
    return a == b || (a != NULL && b != NULL && weft_expr_equal(a, b));
}

static bool equal_windows(const weft_window_spec *a, const weft_window_spec *b)
{
    if (a == b) return true;
    if (a == NULL || b == NULL) return false;
    return equal_lists(a->partition, a->partition_count, b->partition, b->partition_count) &&
           equal_lists(a->order, a->order_count, b->order, b->order_count) && a->has_frame == b->has_frame &&
           a->rows == b->rows && a->low == b->low && a->high == b->high &&
           equal_optional(a->low_offset, b->low_offset) && equal_optional(a->high_offset, b->high_offset);
}

/* Bitwise for floats: -0.0 and 0.0 are different literals. */
static bool equal_literals(const weft_value *a, const weft_value *b)
{
    if (a->is_null || b->is_null) return a->is_null == b->is_null;
    if (a->type.id == WEFT_TYPE_FLOAT || a->type.id == WEFT_TYPE_DOUBLE) {
        return memcmp(&a->f64, &b->f64, sizeof(a->f64)) == 0;
    }
    if (weft_type_is_nested(a->type)) return weft_str_equal(&a->str, &b->str);
    return weft_value_compare(a, b) == 0;
}

static bool equal_names(const weft_expr *a, const weft_expr *b)
{
    if (a->name.part_count != b->name.part_count) return false;
    for (int32_t i = 0; i < a->name.part_count; i++) {
        if (strcmp(a->name.parts[i], b->name.parts[i]) != 0) return false;
    }
    return true;
}

static bool equal_texts(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

/* What the node itself says, its args left out. Whether a cast was written or inserted does not matter. */
static bool equal_payload(const weft_expr *a, const weft_expr *b)
{
    switch (a->kind) {
    case WEFT_EXPR_LITERAL: return equal_literals(&a->literal, &b->literal);
    case WEFT_EXPR_COLUMN: return a->column.id == b->column.id && a->column.ordinal == b->column.ordinal;
    case WEFT_EXPR_CALL:
        return a->call.function == b->call.function && a->call.variant == b->call.variant &&
               a->call.ignore_nulls == b->call.ignore_nulls;
    case WEFT_EXPR_CAST: return a->cast.try_ == b->cast.try_ && equal_texts(a->cast.column, b->cast.column);
    case WEFT_EXPR_AGGREGATE:
        return a->aggregate.function == b->aggregate.function &&
               a->aggregate.distinct == b->aggregate.distinct &&
               a->aggregate.ignore_nulls == b->aggregate.ignore_nulls &&
               equal_optional(a->aggregate.filter, b->aggregate.filter);
    case WEFT_EXPR_WINDOW: return equal_windows(a->window.spec, b->window.spec);
    case WEFT_EXPR_SUBQUERY:
        return a->subquery.kind == b->subquery.kind && a->subquery.plan == b->subquery.plan &&
               a->subquery.negated == b->subquery.negated;
    case WEFT_EXPR_ALIAS: return a->alias.id == b->alias.id && strcmp(a->alias.name, b->alias.name) == 0;
    case WEFT_EXPR_SORT_KEY:
        return a->sort.descending == b->sort.descending && a->sort.nulls_first == b->sort.nulls_first;
    case WEFT_EXPR_UNRESOLVED_COLUMN:
    case WEFT_EXPR_STAR: return equal_names(a, b);
    case WEFT_EXPR_UNRESOLVED_CALL:
        return strcmp(a->unresolved.name, b->unresolved.name) == 0 &&
               a->unresolved.distinct == b->unresolved.distinct &&
               a->unresolved.ignore_nulls == b->unresolved.ignore_nulls &&
               equal_optional(a->unresolved.filter, b->unresolved.filter);
    case WEFT_EXPR_INTERVAL: return strcmp(a->interval.unit, b->interval.unit) == 0;
    case WEFT_EXPR_BLOOM: return a->bloom.filter_id == b->bloom.filter_id;
    case WEFT_EXPR_CASE:
    case WEFT_EXPR_AND:
    case WEFT_EXPR_OR:
    case WEFT_EXPR_NOT:
    case WEFT_EXPR_IN:
    case WEFT_EXPR_IS_NULL:
    case WEFT_EXPR_IS_NOT_NULL:
    case WEFT_EXPR_COALESCE:
    case WEFT_EXPR_OUTER:
    case WEFT_EXPR_KIND_COUNT: break;
    }
    return true;
}

bool weft_expr_goes_by_settings(const weft_expr *e)
{
    return e->kind == WEFT_EXPR_CALL || e->kind == WEFT_EXPR_CAST || e->kind == WEFT_EXPR_AGGREGATE;
}

bool weft_expr_equal(const weft_expr *a, const weft_expr *b)
{
    if (a == b) return true;
    return a->kind == b->kind && weft_type_equal(a->type, b->type) && a->settings == b->settings &&
           equal_payload(a, b) && equal_lists(a->args, a->arg_count, b->args, b->arg_count);
}

static uint64_t hash_literal(const weft_value *value)
{
    const weft_type_id id = (weft_type_id)value->type.id;
    if (value->is_null) return weft_hash_null;
    if (weft_type_phys(value->type) == WEFT_PHYS_STR || weft_type_is_nested(value->type)) {
        return weft_hash_bytes(weft_str_data(&value->str), value->str.len);
    }
    if (id == WEFT_TYPE_DECIMAL) {
        return weft_hash_u64((uint64_t)value->i128 ^ weft_hash_u64((uint64_t)(value->i128 >> 64)));
    }
    if (id == WEFT_TYPE_BOOLEAN) return weft_hash_u64(value->boolean);
    return weft_hash_u64((uint64_t)value->i64); /* the bits of f64 too */
}

/* Equal nodes have equal hashes; payloads that seldom tell nodes apart are left out. */
static uint64_t hash_payload(const weft_expr *e)
{
    if (e->kind == WEFT_EXPR_LITERAL) return hash_literal(&e->literal);
    if (e->kind == WEFT_EXPR_COLUMN) {
        return weft_hash_combine(weft_hash_u64((uint64_t)e->column.id), (uint64_t)e->column.ordinal);
    }
    if (e->kind == WEFT_EXPR_CALL) {
        const char *name = e->call.function->name;
        return weft_hash_combine(weft_hash_bytes(name, strlen(name)), (uint64_t)e->call.variant);
    }
    if (e->kind == WEFT_EXPR_AGGREGATE) {
        const char *name = e->aggregate.function->name;
        return weft_hash_combine(weft_hash_bytes(name, strlen(name)), e->aggregate.distinct);
    }
    if (e->kind == WEFT_EXPR_ALIAS) return weft_hash_u64((uint64_t)e->alias.id);
    if (e->kind == WEFT_EXPR_SORT_KEY) return weft_hash_u64(e->sort.descending);
    return 0;
}

uint64_t weft_expr_hash_node(const weft_expr *e)
{
    const uint64_t node = (uint64_t)e->kind | (uint64_t)e->type.id << 8 | (uint64_t)e->type.precision << 16 |
                          (uint64_t)e->type.scale << 24 | (uint64_t)(uint32_t)e->arg_count << 32;
    return weft_hash_combine(weft_hash_u64(node), hash_payload(e));
}

uint64_t weft_expr_hash(const weft_expr *e)
{
    uint64_t hash = weft_expr_hash_node(e);
    for (int32_t i = 0; i < e->arg_count; i++) hash = weft_hash_combine(hash, weft_expr_hash(e->args[i]));
    return hash;
}
