/* engine/expr/json_infer.c - see json_infer.h.
 *
 * A tree of nodes takes in value after value. Most change nothing; what does is noted while a record is read,
 * so that a record which turns out malformed can be taken back. As in json_convert.c a node remembers the
 * names that it saw by their position. Recursion is as deep as the text is nested (rules.depth_max). */
#include "engine/expr/json_infer_impl.h"

#include <stdlib.h>
#include <string.h>

#include "common/hash.h"
#include "engine/expr/cast.h"
#include "engine/expr/json_glance.h"
#include "engine/expr/json_scalar.h"
#include "engine/expr/nested_call.h"

enum { NUMBER_TEXT_MAX = 1024 }; /* a string that is longer is no decimal */

typedef struct note {
    node *node;
    state was;
} note;

struct weft_json_infer {
    weft_ctx *ctx;
    weft_status st;
    weft_json_scalars scalars;
    weft_arena *arena; /* nodes */
    weft_json json;
    weft_text room;
    node *root;
    note *notes;
    int32_t note_count, note_room;
    uint64_t record, objects; /* so far */
    int64_t fields;
    node *twice;    /* a field that came twice in an object of the record at work */
    bool irregular; /* a record was not one object with different names */
    bool kinds_do;  /* a scalar's token tells its kind: its text is not looked at */
    bool glances;   /* records may be passed over (json_infer_known.c) */
    bool learns;    /* the order of the next good record's names */
    weft_json_patience patience;
};

weft_status weft_json_infer_new(weft_ctx *ctx, const weft_json_options *options, weft_json_infer **out)
{
    weft_status st = WEFT_OK;
    weft_json_infer *f = NULL;
    *out = NULL;
    WEFT_TRY(st, weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, sizeof *f, (void **)&f));
    WEFT_TRY(st, weft_json_scalars_init(ctx, options, &f->scalars));
    WEFT_TRY(st, weft_json_scalars_accept(ctx, &f->scalars, WEFT_TYPE_OF(WEFT_TYPE_TIMESTAMP)));
    f->kinds_do = !options->primitives_as_string && !options->prefers_decimal && !options->infer_timestamp;
    f->glances = f->kinds_do && options->rules.digits_max == 0 && options->rules.string_max == 0;
    f->arena = weft_arena_new(ctx->memory);
    if (f->arena == NULL) st = weft_fail(ctx, WEFT_NOMEM, "no memory for the types of JSON texts");
    if (st == WEFT_OK) WEFT_TRY(st, weft_arena_alloc(ctx, f->arena, sizeof *f->root, (void **)&f->root));
    *out = f;
    f = NULL;
done:
    weft_json_infer_free(&f);
    return st;
}

void weft_json_infer_free(weft_json_infer **infer)
{
    weft_json_infer *f = *infer;
    *infer = NULL;
    if (f == NULL) return;
    weft_json_scalars_deinit(&f->scalars);
    weft_text_release(&f->room);
    weft_arena_free(&f->arena);
    weft_mem_free(f->notes);
    weft_mem_free(f);
}

/* ---- states ---- */

static bool note_state(weft_json_infer *f, node *n)
{
    if (n->mark == f->record) return true;
    if (f->note_count == f->note_room) {
        void *block = f->notes;
        const int32_t room = f->note_room == 0 ? 64 : 2 * f->note_room;
        f->st = weft_mem_resize(f->ctx, WEFT_MEM_WORKING, (size_t)room * sizeof *f->notes, &block);
        if (f->st != WEFT_OK) return false;
        f->notes = block;
        f->note_room = room;
    }
    f->notes[f->note_count++] = (note){.node = n, .was = n->is};
    n->mark = f->record;
    return true;
}

static void node_enter(node *n, node *field)
{
    uint64_t at = weft_hash_bytes(field->name, field->name_len) & n->table_mask;
    while (n->table[at] != NULL) at = (at + 1) & n->table_mask;
    n->table[at] = field;
}

static void take_back(weft_json_infer *f)
{
    for (int32_t i = f->note_count - 1; i >= 0; i--) {
        node *n = f->notes[i].node;
        const int32_t before = n->is.count;
        n->is = f->notes[i].was;
        if (n->is.count == before || n->table == NULL) continue;
        f->fields -= before - n->is.count;
        memset(n->table, 0, (n->table_mask + 1) * sizeof(node *));
        memset(n->memos, 0, MEMO_NAMES * sizeof(node *));
        n->usual_count = 0;
        for (int32_t k = 0; k < n->is.count; k++) node_enter(n, n->fields[k]);
    }
}

/* Two kinds of plain values, and what holds both (Spark's compatibleType). */
static state merge_states(state a, state b)
{
    if (a.kind == NOTHING) return b;
    if (b.kind == NOTHING || a.kind == TEXT) return a;
    if (a.kind == b.kind && a.kind != DECIMAL) return a;
    const bool numbers = a.kind >= LONG && a.kind <= REAL && b.kind >= LONG && b.kind <= REAL;
    if (!numbers) return (state){.kind = TEXT};
    if (a.kind == REAL || b.kind == REAL) return (state){.kind = REAL};
    if (a.kind == LONG) a.precision = 20; /* the decimal that holds every BIGINT */
    if (b.kind == LONG) b.precision = 20;
    const int32_t scale = weft_max_i32(a.scale, b.scale);
    const int32_t whole = weft_max_i32(a.precision - a.scale, b.precision - b.scale);
    if (whole + scale > WEFT_DECIMAL_PRECISION_MAX) return (state){.kind = REAL};
    return (state){.kind = DECIMAL, .precision = (uint8_t)(whole + scale), .scale = (uint8_t)scale};
}

static void put_state(weft_json_infer *f, node *n, state seen)
{
    if (n->is.kind == seen.kind && seen.kind != DECIMAL) return;
    const state merged = merge_states(n->is, seen);
    if (merged.kind == n->is.kind && merged.precision == n->is.precision && merged.scale == n->is.scale)
        return;
    if (!note_state(f, n)) return;
    const int32_t count = n->is.kind == LIST || n->is.kind == OBJECT ? n->is.count : 0;
    n->is = merged;
    n->is.count = count; /* fields stay in their table, whatever the node is now */
}

/* ---- fields ---- */

static bool node_grow(weft_json_infer *f, node *n)
{
    node **fields = NULL;
    const int32_t room = n->room == 0 ? 8 : 2 * n->room;
    f->st = weft_arena_alloc(f->ctx, f->arena, (size_t)room * sizeof *fields, (void **)&fields);
    if (f->st == WEFT_OK)
        f->st = weft_arena_alloc(f->ctx, f->arena, (size_t)room * 2 * sizeof *n->table, (void **)&n->table);
    if (f->st == WEFT_OK)
        f->st = weft_arena_alloc(f->ctx, f->arena, (size_t)room * sizeof *n->usual, (void **)&n->usual);
    n->usual_count = 0;
    if (f->st == WEFT_OK && n->memos == NULL)
        f->st = weft_arena_alloc(f->ctx, f->arena, MEMO_NAMES * sizeof *n->memos, (void **)&n->memos);
    if (f->st != WEFT_OK) return false;
    if (n->is.count > 0) memcpy(fields, n->fields, (size_t)n->is.count * sizeof *fields);
    n->fields = fields;
    n->room = room;
    n->table_mask = (uint64_t)room * 2 - 1;
    for (int32_t k = 0; k < n->is.count; k++) node_enter(n, fields[k]);
    return true;
}

static node *add_field(weft_json_infer *f, node *n, const char *name, size_t len)
{
    node *field = NULL;
    char *lead = NULL;
    bool wide = false;
    if (++f->fields > WEFT_COLUMNS_MAX) {
        f->st = weft_fail(f->ctx, WEFT_LIMIT,
                          "the JSON texts have more than %d different fields: give a schema",
                          WEFT_COLUMNS_MAX);
        return NULL;
    }
    if (!note_state(f, n) || (n->is.count == n->room && !node_grow(f, n))) return NULL;
    f->st = weft_arena_alloc(f->ctx, f->arena, sizeof *field, (void **)&field);
    if (f->st == WEFT_OK)
        f->st = weft_arena_alloc(f->ctx, f->arena, len + 3 + WEFT_JSON_LEAD_BYTES, (void **)&lead);
    if (f->st != WEFT_OK) return NULL;
    lead[0] = lead[len + 1] = '"';
    lead[len + 2] = ':';
    memcpy(lead + 1, name, len);
    field->name = lead + 1;
    field->name_len = (uint32_t)len;
    field->lead_mask = weft_json_lead_mask(len + 3);
    field->is_plain =
        weft_json_string_end_plain(field->name, field->name + len, '"', &wide) == field->name + len && !wide;
    n->fields[n->is.count++] = field;
    node_enter(n, field);
    return field;
}

static node *lookup_field(const node *n, const char *name, size_t len)
{
    if (n->table == NULL) return NULL;
    uint64_t at = weft_hash_bytes(name, len) & n->table_mask;
    for (; n->table[at] != NULL; at = (at + 1) & n->table_mask) {
        node *other = n->table[at];
        if (other->name_len == len && weft_json_same(other->name, name, len)) return other;
    }
    return NULL;
}

/* The field of the NAME at hand, the k-th of its object. */
static node *find_field(weft_json_infer *f, node *n, int32_t k)
{
    const char *name = f->json.text;
    size_t len = f->json.len;
    node **memo = k < MEMO_NAMES && n->memos != NULL ? &n->memos[k] : NULL;
    if (memo != NULL && *memo != NULL && (*memo)->name_len == len &&
        weft_json_same((*memo)->name, name, len) && f->json.plain)
        return *memo;
    f->st = weft_json_value(f->ctx, &f->json, WEFT_JSON_LONE_MARK, &f->room, &name, &len);
    if (f->st != WEFT_OK) return NULL;
    node *found = lookup_field(n, name, len);
    if (found == NULL) found = add_field(f, n, name, len);
    if (k < MEMO_NAMES && n->memos != NULL) n->memos[k] = found;
    return found;
}

/* ---- values ---- */

/* Digits and places of a number as Java's BigDecimal counts them: places are fewer than none where the power
 * of ten makes it so. */
static void count_digits(const char *text, size_t len, int64_t *digits, int64_t *scale)
{
    int64_t power = 0;
    bool point = false;
    const char *at = text, *end = text + len;
    *digits = *scale = 0;
    for (; at < end && *at != 'e' && *at != 'E'; at++) {
        if (*at == '.') point = true;
        if (*at < '0' || *at > '9') continue;
        *digits += *digits > 0 || *at != '0';
        *scale += point;
    }
    if (at < end) {
        const bool down = at + 1 < end && at[1] == '-';
        for (at++; at < end; at++)
            if (*at >= '0' && *at <= '9' && power < 100000) power = power * 10 + (*at - '0');
        if (down) power = -power;
    }
    *scale -= power;
    *digits = weft_max_i64(*digits, 1);
}

static state decimal_state(int64_t precision, int64_t scale)
{
    return (state){.kind = DECIMAL, .precision = (uint8_t)precision, .scale = (uint8_t)scale};
}

/* DECIMAL when 38 digits hold the number, else REAL. */
static state decimal_of(const char *text, size_t len)
{
    int64_t digits, scale;
    count_digits(text, len, &digits, &scale);
    if (scale < 0) { /* 1e3 is 1000 */
        digits -= scale;
        scale = 0;
    }
    const int64_t precision = weft_max_i64(digits, scale);
    return precision > WEFT_DECIMAL_PRECISION_MAX ? (state){.kind = REAL} : decimal_state(precision, scale);
}

static state number_state(const weft_json_infer *f)
{
    const weft_json *json = &f->json;
    int64_t value;
    if (f->scalars.options->primitives_as_string) return (state){.kind = TEXT};
    if (json->token == WEFT_JSON_INTEGER) {
        if (json->len < 19 || weft_json_i64(json->text, json->len, &value)) return (state){.kind = LONG};
        return decimal_of(json->text, json->len);
    }
    const bool exact = f->scalars.options->prefers_decimal && json->token == WEFT_JSON_REAL;
    return exact ? decimal_of(json->text, json->len) : (state){.kind = REAL};
}

/* A string that is a number, for prefersDecimal. One with more places than digits, or fewer than none, is a
 * string to Spark: "0.001", "1E3". */
static state string_decimal(const weft_json_infer *f, const char *text, size_t len)
{
    char plain[NUMBER_TEXT_MAX];
    size_t used = 0;
    int64_t digits, scale;
    weft_i128 value = 0;
    bool overflow = false;
    static const state none = {.kind = TEXT};
    if (!weft_locale_number(&f->scalars.numbers, text, len, plain, sizeof plain, &used)) return none;
    count_digits(plain, used, &digits, &scale);
    if (scale < 0 || scale > digits || digits > WEFT_DECIMAL_PRECISION_MAX) return none;
    const weft_type type = weft_type_decimal((int32_t)digits, (int32_t)scale);
    return weft_parse_decimal(plain, used, type, &value, &overflow) && !overflow
               ? decimal_state(digits, scale)
               : none;
}

static state string_state(weft_json_infer *f)
{
    const weft_json_options *o = f->scalars.options;
    const char *text = NULL;
    size_t len = 0;
    int64_t us = 0;
    if (f->json.len == 0) return (state){.kind = NOTHING};
    if (!o->prefers_decimal && !o->infer_timestamp) return (state){.kind = TEXT};
    f->st = weft_json_value(f->ctx, &f->json, WEFT_JSON_LONE_MARK, &f->room, &text, &len);
    if (f->st != WEFT_OK) return (state){.kind = TEXT};
    if (o->prefers_decimal) {
        const state decimal = string_decimal(f, text, len);
        if (decimal.kind == DECIMAL) return decimal;
    }
    bool moment = false;
    if (o->infer_timestamp)
        f->st = weft_json_moment(f->ctx, &f->scalars, text, len, false, true, &us, &moment);
    return (state){.kind = moment ? MOMENT : TEXT};
}

static bool read_value(weft_json_infer *f, node *n);

/* A container where the node is none, but may become one: below a node of another kind all is skipped. */
static bool begin_container(weft_json_infer *f, node *n, kind wanted)
{
    if (n->is.kind != NOTHING && n->is.kind != wanted) {
        put_state(f, n, (state){.kind = TEXT});
        return false;
    }
    if (n->is.kind == NOTHING) {
        if (!note_state(f, n)) return false;
        n->is.kind = (uint8_t)wanted;
    }
    return true;
}

/* What a plain scalar says of its place, where its text is not looked at. False: nothing was read. */
static inline bool take_kind(weft_json_infer *f, node *n, weft_json_token token)
{
    kind seen = NOTHING;
    switch (token) {
    case WEFT_JSON_STRING: seen = f->json.len == 0 ? NOTHING : TEXT; break;
    case WEFT_JSON_INTEGER: seen = LONG; break;
    case WEFT_JSON_REAL: seen = REAL; break;
    case WEFT_JSON_TRUE:
    case WEFT_JSON_FALSE: seen = BOOLEAN; break;
    case WEFT_JSON_NULL: break;
    case WEFT_JSON_NONE:
    case WEFT_JSON_BAD:
    case WEFT_JSON_OBJECT:
    case WEFT_JSON_OBJECT_END:
    case WEFT_JSON_ARRAY:
    case WEFT_JSON_ARRAY_END:
    case WEFT_JSON_NAME:
    case WEFT_JSON_NAN: return false;
    }
    if (n->is.kind != (uint8_t)seen) put_state(f, n, (state){.kind = (uint8_t)seen});
    return true;
}

static bool read_object(weft_json_infer *f, node *n)
{
    if (!begin_container(f, n, OBJECT)) return f->st == WEFT_OK && weft_json_skip(&f->json);
    const uint64_t object = ++f->objects;
    for (int32_t k = 0;; k++) {
        node *field = k < MEMO_NAMES && n->memos != NULL ? n->memos[k] : NULL;
        if (field == NULL || !field->is_plain ||
            !weft_json_pass_name(&f->json, field->name, field->name_len)) {
            if (weft_json_next(&f->json) != WEFT_JSON_NAME) break;
            field = find_field(f, n, k);
            if (field == NULL) return false;
        }
        if (WEFT_UNLIKELY(field->seen == object)) f->twice = field;
        field->seen = object;
        if (f->kinds_do && take_kind(f, field, weft_json_pass_value(&f->json))) continue;
        weft_json_next(&f->json);
        if (!read_value(f, field)) return false;
    }
    return f->json.token == WEFT_JSON_OBJECT_END;
}

/* The node of a LIST's elements; it stays when a record is taken back. NULL: no memory. */
static node *list_element(weft_json_infer *f, node *n)
{
    const bool is_there = n->is.count > 0 || (n->fields != NULL && n->fields[0] != NULL);
    return is_there ? n->fields[0] : add_field(f, n, "", 0);
}

static bool read_array(weft_json_infer *f, node *n)
{
    if (!begin_container(f, n, LIST)) return f->st == WEFT_OK && weft_json_skip(&f->json);
    if (list_element(f, n) == NULL) return false;
    for (;;) {
        if (f->kinds_do && take_kind(f, n->fields[0], weft_json_pass_element(&f->json))) continue;
        if (weft_json_next(&f->json) == WEFT_JSON_ARRAY_END) break;
        if (!read_value(f, n->fields[0])) return false;
    }
    return true;
}

/* The value at hand; false when it is malformed, or there is no memory. */
static bool read_value(weft_json_infer *f, node *n)
{
    switch (f->json.token) {
    case WEFT_JSON_STRING: put_state(f, n, string_state(f)); break;
    case WEFT_JSON_INTEGER:
    case WEFT_JSON_REAL:
    case WEFT_JSON_NAN: put_state(f, n, number_state(f)); break;
    case WEFT_JSON_TRUE:
    case WEFT_JSON_FALSE:
        put_state(f, n, (state){.kind = f->scalars.options->primitives_as_string ? TEXT : BOOLEAN});
        break;
    case WEFT_JSON_NULL: break;
    case WEFT_JSON_OBJECT: return read_object(f, n);
    case WEFT_JSON_ARRAY: return read_array(f, n);
    case WEFT_JSON_NONE:
    case WEFT_JSON_BAD:
    case WEFT_JSON_OBJECT_END:
    case WEFT_JSON_ARRAY_END:
    case WEFT_JSON_NAME: return false;
    }
    return f->st == WEFT_OK;
}

/* ---- records ---- */

static void start_text(weft_ctx *ctx, weft_json_infer *f, const char *text, size_t len)
{
    f->ctx = ctx;
    f->st = WEFT_OK;
    f->record++;
    f->note_count = 0;
    f->twice = NULL;
    weft_json_start(&f->json, &f->scalars.options->rules, text, len);
    weft_json_next(&f->json);
}

/* The order of names in the record that was read last, for glances at the next ones. */
static void learn_order(weft_json_infer *f, node *n)
{
    const uint64_t object = ++f->objects;
    if (n->is.kind != OBJECT && n->is.kind != LIST) return;
    n->usual_count = 0;
    for (int32_t k = 0; k < MEMO_NAMES && n->memos != NULL && n->memos[k] != NULL; k++) {
        node *field = n->memos[k];
        if (field->is_plain && field->seen != object) n->usual[n->usual_count++] = field;
        field->seen = object;
    }
    for (int32_t k = 0; k < n->is.count; k++) learn_order(f, n->fields[k]);
}

/* Is nothing to be learnt from this text? */
static bool glance_at(weft_json_infer *f, const char *text, size_t len, size_t slack)
{
    if (!f->glances || weft_json_patience_rests(&f->patience)) return false;
    const bool known = weft_json_infer_known(f->root, text, text + len, text + len + slack);
    weft_json_patience_note(&f->patience, known);
    f->learns |= !known;
    return known;
}

weft_status weft_json_infer_record(weft_ctx *ctx, weft_json_infer *infer, const char *text, size_t len,
                                   size_t slack, bool *bad)
{
    weft_json_infer *f = infer;
    *bad = false;
    if (glance_at(f, text, len, slack)) return WEFT_OK;
    start_text(ctx, f, text, len);
    f->json.limit += slack;
    const weft_json_token token = f->json.token;
    if (token == WEFT_JSON_OBJECT) {
        *bad = !read_object(f, f->root);
    } else if (token == WEFT_JSON_ARRAY) { /* of rows */
        f->irregular = true;
        while (!*bad && weft_json_next(&f->json) != WEFT_JSON_ARRAY_END)
            *bad = f->json.token != WEFT_JSON_NULL &&
                   (f->json.token != WEFT_JSON_OBJECT || !read_object(f, f->root));
    } else {
        *bad = token != WEFT_JSON_NONE && token != WEFT_JSON_NULL;
    }
    f->irregular |= *bad || f->twice != NULL;
    if (*bad)
        take_back(f);
    else if (f->twice != NULL)
        f->twice->twice = true;
    if (f->learns && !*bad && f->st == WEFT_OK) {
        learn_order(f, f->root);
        f->learns = false;
    }
    return f->st;
}

bool weft_json_infer_is_regular(const weft_json_infer *infer) { return !infer->irregular; }

/* A field of the type that came twice, or NULL. */
static const node *find_twice(const node *n)
{
    const node *found = NULL;
    if (n->is.kind != OBJECT && n->is.kind != LIST) return NULL;
    for (int32_t k = 0; k < n->is.count && found == NULL; k++)
        found = n->fields[k]->twice ? n->fields[k] : find_twice(n->fields[k]);
    return found;
}

weft_status weft_json_infer_check_names(weft_ctx *ctx, const weft_json_infer *infer)
{
    const node *twice = find_twice(infer->root);
    if (twice == NULL) return WEFT_OK;
    return weft_fail(ctx, WEFT_COLUMN_ALREADY_EXISTS,
                     "The column `%.*s` already exists. Choose another name or rename the existing column.",
                     (int)twice->name_len, twice->name);
}

weft_status weft_json_infer_value(weft_ctx *ctx, weft_json_infer *infer, const char *text, size_t len,
                                  bool *bad)
{
    start_text(ctx, infer, text, len);
    *bad = infer->json.token != WEFT_JSON_NONE && !read_value(infer, infer->root);
    return infer->st;
}

const char *weft_json_infer_why(const weft_json_infer *infer, size_t *at)
{
    *at = (size_t)(infer->json.at - infer->json.begin);
    return infer->json.why != NULL ? infer->json.why : "a record is no object";
}

/* ---- two trees ---- */

static bool merge_nodes(weft_json_infer *f, node *n, const node *other);

static bool merge_fields(weft_json_infer *f, node *n, const node *other)
{
    for (int32_t k = 0; k < other->is.count; k++) {
        const node *field = other->fields[k];
        node *own = lookup_field(n, field->name, field->name_len);
        if (own == NULL) own = add_field(f, n, field->name, field->name_len);
        if (own == NULL || !merge_nodes(f, own, field)) return false;
        own->twice |= field->twice;
    }
    return true;
}

static bool merge_nodes(weft_json_infer *f, node *n, const node *other)
{
    const kind theirs = (kind)other->is.kind;
    if (theirs != LIST && theirs != OBJECT) {
        put_state(f, n, (state){(uint8_t)theirs, other->is.precision, other->is.scale, 0});
        return f->st == WEFT_OK;
    }
    if (!begin_container(f, n, theirs)) return f->st == WEFT_OK;
    if (theirs == OBJECT) return merge_fields(f, n, other);
    node *element = list_element(f, n);
    return element != NULL && merge_nodes(f, element, other->fields[0]);
}

weft_status weft_json_infer_merge(weft_ctx *ctx, weft_json_infer *infer, const weft_json_infer *other)
{
    infer->ctx = ctx;
    infer->st = WEFT_OK;
    infer->record++;
    infer->note_count = 0;
    infer->irregular |= other->irregular;
    return merge_nodes(infer, infer->root, other->root) ? WEFT_OK : infer->st;
}

/* ---- the type ---- */

static int compare_names(const void *a, const void *b)
{
    const node *left = *(const node *const *)a, *right = *(const node *const *)b;
    const uint32_t least = left->name_len < right->name_len ? left->name_len : right->name_len;
    const int order = memcmp(left->name, right->name, least);
    return order != 0 ? order : (left->name_len > right->name_len) - (left->name_len < right->name_len);
}

/* *kept is false for what is left out. */
static weft_status type_of(weft_ctx *ctx, const weft_json_infer *f, const node *n, weft_type *out,
                           bool *kept);

static weft_status struct_of(weft_ctx *ctx, const weft_json_infer *f, const node *n, const char *corrupt,
                             weft_type *out, bool *kept)
{
    weft_status st = WEFT_OK;
    const node **sorted = NULL;
    weft_field *fields = NULL;
    int32_t count = 0;
    const int32_t seen = n->is.kind == OBJECT ? n->is.count : 0;
    const node extra = {
        .name = corrupt, .name_len = corrupt == NULL ? 0 : (uint32_t)strlen(corrupt), .is = {.kind = TEXT}};
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, seen + 1, &sorted));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, seen + 1, &fields));
    bool add = corrupt != NULL;
    for (int32_t i = 0; i < seen; i++) {
        sorted[i] = n->fields[i];
        if (add) add = compare_names(&sorted[i], &(const node *){&extra}) != 0;
    }
    if (add) sorted[seen] = &extra;
    qsort(sorted, (size_t)(seen + add), sizeof(const node *), compare_names);
    for (int32_t i = 0; i < seen + add; i++) {
        bool keep = sorted[i]->name_len > 0;
        char *name = NULL;
        if (!keep) continue;
        WEFT_TRY(st, type_of(ctx, f, sorted[i], &fields[count].type, &keep));
        if (!keep) continue;
        WEFT_TRY(st, weft_arena_copy(ctx, ctx->arena, sorted[i]->name, sorted[i]->name_len, &name));
        fields[count].name = name;
        fields[count++].nullable = true;
    }
    *out = (weft_type){.id = WEFT_TYPE_STRUCT, .child_count = count, .children = fields};
    *kept = count > 0;
done:
    return st;
}

static weft_status type_of(weft_ctx *ctx, const weft_json_infer *f, const node *n, weft_type *out, bool *kept)
{
    weft_status st = WEFT_OK;
    weft_type element;
    *kept = true;
    switch ((kind)n->is.kind) {
    case NOTHING:
        *kept = !f->scalars.options->drop_all_null;
        *out = WEFT_TYPE_OF(WEFT_TYPE_STRING);
        break;
    case BOOLEAN: *out = WEFT_TYPE_OF(WEFT_TYPE_BOOLEAN); break;
    case LONG: *out = WEFT_TYPE_OF(WEFT_TYPE_BIGINT); break;
    case DECIMAL: *out = weft_type_decimal(n->is.precision, n->is.scale); break;
    case REAL: *out = WEFT_TYPE_OF(WEFT_TYPE_DOUBLE); break;
    case MOMENT: *out = WEFT_TYPE_OF(WEFT_TYPE_TIMESTAMP); break;
    case TEXT: *out = WEFT_TYPE_OF(WEFT_TYPE_STRING); break;
    case LIST:
        WEFT_TRY(st, type_of(ctx, f, n->fields[0], &element, kept));
        if (*kept) WEFT_TRY(st, weft_type_make_array(ctx, element, out));
        break;
    case OBJECT: return struct_of(ctx, f, n, NULL, out, kept);
    }
done:
    return st;
}

weft_status weft_json_infer_type(weft_ctx *ctx, const weft_json_infer *infer, const char *corrupt,
                                 weft_type *out)
{
    bool kept = true;
    const kind root = (kind)infer->root->is.kind;
    weft_status st = root == OBJECT || corrupt != NULL
                         ? struct_of(ctx, infer, infer->root, corrupt, out, &kept)
                         : type_of(ctx, infer, infer->root, out, &kept);
    if (st == WEFT_OK && !kept && root != OBJECT) *out = WEFT_TYPE_OF(WEFT_TYPE_STRING);
    return st;
}
