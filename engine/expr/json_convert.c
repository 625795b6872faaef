/* engine/expr/json_convert.c - see json_convert.h: objects, arrays and maps; json_scalar.c has the rest.
 *
 * A tree of nodes mirrors the type. Objects of one place mostly have the same names in the same order: each
 * node remembers the names that it saw, by their position, and which field each one is; only a name that is
 * another one than last time is searched for. Recursion is as deep as the type. */
#include "engine/expr/json_convert_impl.h"

#include <string.h>

#include "common/mem.h"

/* ---- nodes ---- */

weft_status weft_json_convert_alloc(weft_ctx *ctx, weft_json_convert *c, size_t bytes, void **out)
{
    void *block = NULL;
    const weft_status st = weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, bytes + 64, &block);
    if (st != WEFT_OK) return st;
    memcpy(block, &c->blocks, sizeof c->blocks);
    c->blocks = block;
    *out = (char *)block + 64;
    return WEFT_OK;
}

static weft_status node_init_names(weft_ctx *ctx, weft_json_convert *c, node *n)
{
    weft_status st = WEFT_OK;
    const uint64_t slots = weft_pow2_ceil((uint64_t)n->count * 2 + 2);
    n->table_mask = slots - 1;
    WEFT_TRY(st, weft_json_convert_alloc(ctx, c, slots * sizeof *n->table, (void **)&n->table));
    WEFT_TRY(st,
             weft_json_convert_alloc(ctx, c, ((size_t)n->count + 1) * sizeof *n->seen, (void **)&n->seen));
    WEFT_TRY(st, weft_json_convert_alloc(ctx, c, MEMO_NAMES * sizeof *n->memos, (void **)&n->memos));
    for (uint64_t i = 0; i < slots; i++) n->table[i] = -1;
    for (int32_t i = 0; i < MEMO_NAMES; i++) n->memos[i].len = UINT32_MAX;
    for (int32_t i = n->count - 1; i >= 0; i--) { /* of equal names the last is found, as in Spark's map */
        const char *name = n->type.children[i].name;
        if (i == n->skip) continue;
        uint64_t at = weft_hash_bytes(name, strlen(name)) & n->table_mask;
        while (n->table[at] >= 0) at = (at + 1) & n->table_mask;
        n->table[at] = i;
    }
done:
    return st;
}

static weft_status node_init(weft_ctx *ctx, weft_json_convert *c, weft_type type, int32_t skip, node *n)
{
    weft_status st = WEFT_OK;
    *n = (node){.type = type, .skip = skip};
    if (!weft_type_is_nested(type)) return weft_json_scalars_accept(ctx, &c->scalars, type);
    n->count = type.child_count;
    WEFT_TRY(st, weft_json_convert_alloc(ctx, c, ((size_t)n->count + 1) * sizeof *n->children,
                                         (void **)&n->children));
    for (int32_t i = 0; i < n->count; i++)
        WEFT_TRY(st, node_init(ctx, c, type.children[i].type, -1, &n->children[i]));
    if (type.id == WEFT_TYPE_STRUCT) WEFT_TRY(st, node_init_names(ctx, c, n));
done:
    return st;
}

weft_status weft_json_convert_new(weft_ctx *ctx, const weft_json_options *options, weft_type type,
                                  int32_t skip, weft_json_convert **out)
{
    weft_status st = WEFT_OK;
    weft_json_convert *c = NULL;
    *out = NULL;
    WEFT_TRY(st, weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, sizeof *c, (void **)&c));
    WEFT_TRY(st, weft_json_scalars_init(ctx, options, &c->scalars));
    WEFT_TRY(st, weft_json_convert_alloc(ctx, c, sizeof *c->root, (void **)&c->root));
    WEFT_TRY(st, node_init(ctx, c, type, skip, c->root));
    c->glances = type.id == WEFT_TYPE_STRUCT && options->single_variant == NULL &&
                 options->rules.digits_max == 0 && options->rules.string_max == 0;
    *out = c;
    c = NULL;
done:
    weft_json_convert_free(&c);
    return st;
}

void weft_json_convert_trust(weft_json_convert *convert) { convert->trusts = true; }

void weft_json_convert_free(weft_json_convert **convert)
{
    weft_json_convert *c = *convert;
    *convert = NULL;
    if (c == NULL) return;
    weft_json_scalars_deinit(&c->scalars);
    weft_text_release(&c->room);
    weft_variant_builder_deinit(&c->variant);
    for (void *block = c->blocks; block != NULL;) {
        void *before;
        memcpy(&before, block, sizeof before);
        weft_mem_free(block);
        block = before;
    }
    weft_mem_free(c);
}

/* ---- fields ---- */

static int32_t search_name(const node *n, const char *name, size_t len)
{
    uint64_t at = weft_hash_bytes(name, len) & n->table_mask;
    for (; n->table[at] >= 0; at = (at + 1) & n->table_mask) {
        const char *field = n->type.children[n->table[at]].name;
        if (strlen(field) == len && memcmp(field, name, len) == 0) return n->table[at];
    }
    return -1;
}

/* The field of the NAME at hand, which is the k-th of its object; -1: none. */
static int32_t find_field(weft_json_convert *c, node *n, int32_t k)
{
    const char *name = c->json.text;
    size_t len = c->json.len;
    memo *m = k < MEMO_NAMES ? &n->memos[k] : NULL;
    if (m != NULL && m->len == len && weft_json_same(m->lead + 1, name, len)) return m->field;
    if (!c->json.plain) {
        c->st = weft_json_value(c->ctx, &c->json, WEFT_JSON_LONE_MARK, &c->room, &name, &len);
        if (c->st != WEFT_OK) return -1;
        m = NULL; /* what stands in the text is not the name */
    }
    const int32_t field = search_name(n, name, len);
    if (m != NULL && len <= MEMO_BYTES && memchr(name, '"', len) == NULL) {
        m->len = (uint32_t)len;
        m->field = field;
        memcpy(m->lead + 1, name, len);
        m->lead[0] = m->lead[len + 1] = '"';
        m->lead[len + 2] = ':';
        m->mask = weft_json_lead_mask(len + 3);
    }
    return field;
}

/* ---- values: each leaves the reader at the last token of the value ---- */

static weft_json_result skip_value(weft_json_convert *c)
{
    return weft_json_skip(&c->json) ? WEFT_JSON_BAD_VALUE : WEFT_JSON_BAD_TEXT;
}

static void set_absent(weft_json_convert *c, const weft_field *field, weft_vector *out, int32_t slot)
{
    if (field->absent == NULL) {
        weft_vector_set_null(out, slot);
        return;
    }
    weft_json_set_valid(out, slot);
    c->st = weft_value_store(c->ctx, field->absent, out, slot);
}

void weft_json_convert_absents(weft_json_convert *c, const node *n, uint64_t serial, weft_vector *fields,
                               int32_t slot)
{
    for (int32_t i = 0; i < n->count; i++)
        if (n->seen[i] != serial) set_absent(c, &n->type.children[i], &fields[i], slot);
}

static weft_json_result read_object(weft_json_convert *c, node *n, weft_vector *fields, int32_t slot)
{
    const uint64_t serial = ++c->serial;
    weft_json_result all = WEFT_JSON_SET;
    int32_t wanted = c->trusts && n == c->root ? n->count - (n->skip >= 0) : -1; /* -1: the whole object */
    for (int32_t k = 0; wanted != 0; k++) {
        int32_t at = -1;
        const memo *m = k < MEMO_NAMES && n->memos[k].len <= MEMO_BYTES ? &n->memos[k] : NULL;
        if (m != NULL && weft_json_pass_name(&c->json, m->lead + 1, m->len)) {
            at = m->field;
        } else {
            if (weft_json_next(&c->json) != WEFT_JSON_NAME) break;
            at = find_field(c, n, k);
        }
        const bool passed = weft_json_pass_value(&c->json) != WEFT_JSON_NONE;
        if (!passed) weft_json_next(&c->json);
        if (at < 0) {
            if (passed) continue;
            if (skip_value(c) == WEFT_JSON_BAD_TEXT) return WEFT_JSON_BAD_TEXT;
            continue;
        }
        const weft_json_result one = weft_json_convert_value(c, &n->children[at], &fields[at], slot);
        if (one == WEFT_JSON_BAD_TEXT) return one;
        if (one != WEFT_JSON_BAD_VALUE) n->seen[at] = serial;
        if (one != WEFT_JSON_SET) all = WEFT_JSON_SET_PART;
        wanted--;
    }
    if (c->json.token == WEFT_JSON_BAD || c->st != WEFT_OK) return WEFT_JSON_BAD_TEXT;
    weft_json_convert_absents(c, n, serial, fields, slot);
    return c->st == WEFT_OK ? all : WEFT_JSON_BAD_TEXT;
}

/* One more slot of a list's child. */
static bool add_slot(weft_json_convert *c, weft_vector *child, int32_t *slot)
{
    if (child->used == child->capacity) {
        if (child->used > INT32_MAX / 2)
            c->st = weft_fail(c->ctx, WEFT_LIMIT, "more than 2147483647 elements in the arrays of one batch");
        else
            c->st = weft_vector_reserve(c->ctx, child, child->capacity * 2);
        if (c->st != WEFT_OK) return false;
    }
    *slot = child->used++;
    return true;
}

/* An array, or the entries of a map. When an element is bad all are taken back. */
static weft_json_result read_list(weft_json_convert *c, node *n, weft_vector *out, int32_t slot)
{
    const bool map = n->type.id == WEFT_TYPE_MAP;
    const weft_json_token end = map ? WEFT_JSON_OBJECT_END : WEFT_JSON_ARRAY_END;
    weft_vector *child = &out->children[0];
    const int32_t first = child->used;
    weft_json_result all = WEFT_JSON_SET;
    while (weft_json_next(&c->json) != end) {
        int32_t at = 0;
        if (c->json.token == WEFT_JSON_BAD || !add_slot(c, child, &at)) return WEFT_JSON_BAD_TEXT;
        if (map) {
            c->st = weft_json_set_text(c->ctx, &c->json, &c->room, &child->children[0], at);
            if (c->st != WEFT_OK) return WEFT_JSON_BAD_TEXT;
            weft_json_next(&c->json);
        }
        const weft_json_result one =
            weft_json_convert_value(c, &n->children[map], map ? &child->children[1] : child, at);
        if (one == WEFT_JSON_BAD_TEXT) return one;
        if (one == WEFT_JSON_BAD_VALUE) all = one;
        if (one == WEFT_JSON_SET_PART && all == WEFT_JSON_SET) all = one;
    }
    if (all == WEFT_JSON_BAD_VALUE) child->used = first;
    weft_json_set_valid(out, slot);
    ((weft_list *)out->values)[slot] = (weft_list){.offset = first, .length = child->used - first};
    return all;
}

/* Any value as a VARIANT. One that has a name twice is bad: it is passed over from its begin. */
static weft_json_result read_variant(weft_json_convert *c, weft_vector *out, int32_t slot)
{
    bool bad = false;
    const weft_json before = c->json;
    weft_variant_builder_reset(&c->variant);
    c->st = weft_variant_put_json(c->ctx, &c->variant, &c->json, &c->room, &bad);
    if (c->st == WEFT_VARIANT_DUPLICATE_KEY) {
        weft_error_clear(c->ctx);
        c->st = WEFT_OK;
        c->json = before;
        return skip_value(c);
    }
    if (c->st != WEFT_OK || bad) return WEFT_JSON_BAD_TEXT;
    c->st = weft_variant_store(c->ctx, &c->variant, out, slot);
    return c->st == WEFT_OK ? WEFT_JSON_SET : WEFT_JSON_BAD_TEXT;
}

weft_json_result weft_json_convert_value(weft_json_convert *c, node *n, weft_vector *out, int32_t slot)
{
    const weft_json_token token = c->json.token;
    if (token == WEFT_JSON_BAD) return WEFT_JSON_BAD_TEXT;
    if (n->type.id == WEFT_TYPE_VARIANT) return read_variant(c, out, slot);
    if (token == WEFT_JSON_NULL) {
        weft_vector_set_null(out, slot);
        return WEFT_JSON_SET;
    }
    switch ((weft_type_id)n->type.id) {
    case WEFT_TYPE_STRUCT:
        if (token != WEFT_JSON_OBJECT) return skip_value(c);
        weft_json_set_valid(out, slot);
        return read_object(c, n, out->children, slot);
    case WEFT_TYPE_ARRAY: return token == WEFT_JSON_ARRAY ? read_list(c, n, out, slot) : skip_value(c);
    case WEFT_TYPE_MAP: return token == WEFT_JSON_OBJECT ? read_list(c, n, out, slot) : skip_value(c);
    case WEFT_TYPE_NULL:
    case WEFT_TYPE_BOOLEAN:
    case WEFT_TYPE_TINYINT:
    case WEFT_TYPE_SMALLINT:
    case WEFT_TYPE_INT:
    case WEFT_TYPE_BIGINT:
    case WEFT_TYPE_FLOAT:
    case WEFT_TYPE_DOUBLE:
    case WEFT_TYPE_DECIMAL:
    case WEFT_TYPE_STRING:
    case WEFT_TYPE_BINARY:
    case WEFT_TYPE_DATE:
    case WEFT_TYPE_TIMESTAMP:
    case WEFT_TYPE_TIMESTAMP_NTZ:
    case WEFT_TYPE_TIMESTAMP_NS:
    case WEFT_TYPE_TIMESTAMP_NTZ_NS:
    case WEFT_TYPE_TIME:
    case WEFT_TYPE_INTERVAL_YM:
    case WEFT_TYPE_INTERVAL_DT:
    case WEFT_TYPE_INTERVAL:
    case WEFT_TYPE_VARIANT:
    case WEFT_TYPE_GEOMETRY:
    case WEFT_TYPE_GEOGRAPHY:
    case WEFT_TYPE_COUNT: break;
    }
    return weft_json_set_scalar(c->ctx, &c->scalars, &c->json, &c->room, n->type, out, slot, &c->st);
}

/* ---- texts ---- */

static weft_json_outcome outcome_of(weft_json_result result)
{
    return result == WEFT_JSON_SET        ? WEFT_JSON_GOOD
           : result == WEFT_JSON_SET_PART ? WEFT_JSON_PART
                                          : WEFT_JSON_NO;
}

/* singleVariantColumn: the text is the value of the one VARIANT among the fields. */
static weft_json_result read_single(weft_json_convert *c, weft_vector *out, int32_t slot)
{
    weft_json_result result = WEFT_JSON_BAD_VALUE;
    weft_json_set_valid(out, slot);
    for (int32_t i = 0; i < out->column.child_count; i++) {
        if (out->children[i].column.type.id == WEFT_TYPE_VARIANT)
            result = read_variant(c, &out->children[i], slot);
        else
            weft_vector_set_null(&out->children[i], slot);
    }
    return result;
}

/* One value of the root's type; an object where an array of structs is wanted is its only element. */
static weft_json_result read_root(weft_json_convert *c, weft_vector *out, int32_t slot)
{
    node *root = c->root;
    const weft_json_token token = c->json.token;
    int32_t at = 0;
    if (root->type.id == WEFT_TYPE_VARIANT) return read_variant(c, out, slot);
    if (c->scalars.options->single_variant != NULL) return read_single(c, out, slot);
    if (token == WEFT_JSON_NULL) return WEFT_JSON_BAD_VALUE;
    const bool one = root->type.id == WEFT_TYPE_ARRAY && root->children[0].type.id == WEFT_TYPE_STRUCT;
    if (!one || token != WEFT_JSON_OBJECT) return weft_json_convert_value(c, root, out, slot);
    if (!add_slot(c, &out->children[0], &at)) return WEFT_JSON_BAD_TEXT;
    ((weft_list *)out->values)[slot] = (weft_list){.offset = at, .length = 1};
    weft_json_set_valid(out, slot);
    return weft_json_convert_value(c, &root->children[0], &out->children[0], at);
}

weft_status weft_json_convert_text(weft_ctx *ctx, weft_json_convert *convert, const char *text, size_t len,
                                   weft_vector *out, int32_t slot, weft_json_outcome *outcome)
{
    weft_json_convert *c = convert;
    c->ctx = ctx;
    c->st = WEFT_OK;
    weft_json_start(&c->json, &c->scalars.options->rules, text, len);
    *outcome = WEFT_JSON_NO_TEXT;
    if (weft_json_next(&c->json) == WEFT_JSON_NONE) return WEFT_OK;
    *outcome = outcome_of(read_root(c, out, slot));
    return c->st;
}

/* Is the text an array of objects, well-formed to its end? The reader is then before its first element. */
static bool is_array_of_rows(weft_json_convert *c)
{
    bool good = true;
    while (good && weft_json_next(&c->json) != WEFT_JSON_ARRAY_END)
        good = c->json.token == WEFT_JSON_OBJECT && weft_json_skip(&c->json);
    if (!good) return false;
    weft_json_start(&c->json, c->json.rules, c->json.begin, (size_t)(c->json.end - c->json.begin));
    return weft_json_next(&c->json) == WEFT_JSON_ARRAY;
}

void weft_json_convert_begin(weft_json_convert *convert, const char *text, size_t len, size_t slack)
{
    weft_json_start(&convert->json, &convert->scalars.options->rules, text, len);
    convert->json.limit += slack;
    convert->in_rows = false;
}

weft_status weft_json_convert_next(weft_ctx *ctx, weft_json_convert *convert, weft_vector *out, int32_t slot,
                                   weft_json_outcome *outcome)
{
    weft_json_convert *c = convert;
    c->ctx = ctx;
    c->st = WEFT_OK;
    const bool first = c->json.at == c->json.begin && c->json.token == WEFT_JSON_NONE;
    *outcome = WEFT_JSON_NO_TEXT;
    if (!first && !c->in_rows) return WEFT_OK;
    if (first && weft_json_convert_pick(c, out, slot)) {
        *outcome = WEFT_JSON_GOOD;
        return WEFT_OK;
    }
    if (c->st != WEFT_OK || weft_json_next(&c->json) == WEFT_JSON_NONE) return c->st;
    const bool single = c->scalars.options->single_variant != NULL; /* arrays are values, not rows */
    if (first && c->json.token == WEFT_JSON_ARRAY && !single) {
        if (!is_array_of_rows(c)) {
            *outcome = WEFT_JSON_NO;
            return WEFT_OK;
        }
        c->in_rows = true;
        weft_json_next(&c->json);
    }
    if (c->in_rows && c->json.token == WEFT_JSON_ARRAY_END) {
        c->in_rows = false;
        return WEFT_OK;
    }
    *outcome = outcome_of(read_root(c, out, slot));
    return c->learns && *outcome == WEFT_JSON_GOOD && !c->in_rows ? weft_json_convert_learn(c) : c->st;
}

const char *weft_json_convert_why(const weft_json_convert *convert, size_t *at)
{
    *at = (size_t)(convert->json.at - convert->json.begin);
    return convert->json.why;
}
