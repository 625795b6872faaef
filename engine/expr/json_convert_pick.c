/* engine/expr/json_convert_pick.c - texts like those before them: values picked without tokens between.
 *
 * Most objects of one place have the same names in the same order. They are expected in that order; a value
 * that is not wanted is passed over, a number or string goes straight into its slot. Whatever is not that
 * plain is read by json_convert.c: a single value where the reader can be set to it, else the whole text from
 * its begin, over what is in the slots by then. Both give the same: unit.expr.json_glance compares them.
 *
 * Recursion is as deep as the type. */
#include "engine/expr/json_convert_impl.h"

#ifdef __SSE2__

enum { DEPTH_MAX = 64 }; /* containers around a value that the reader is set to: a word of its bits */

typedef struct pick {
    weft_json_convert *c;
    weft_json_glance glance;
    int32_t slot;
} pick;

/* Set the reader before the value at `at`, within `depth` objects. */
static bool set_reader(const pick *p, const char *at, int32_t depth)
{
    weft_json *json = &p->c->json;
    if (depth > DEPTH_MAX) return false;
    json->at = at;
    json->depth = depth;
    json->objects[0] = UINT64_MAX;
    json->state = WEFT_JSON_AT_VALUE;
    weft_json_next(json);
    return true;
}

static const char *read_value(const pick *p, node *n, weft_vector *out, const char *at, int32_t depth)
{
    if (!set_reader(p, at, depth)) return NULL;
    return weft_json_convert_value(p->c, n, out, p->slot) == WEFT_JSON_SET ? p->c->json.at : NULL;
}

static const char *pass_value(const pick *p, const char *at, int32_t depth)
{
    if (*at != '{' && *at != '[') return weft_json_glance_scalar(&p->glance, at);
    return set_reader(p, at, depth) && weft_json_skip(&p->c->json) ? p->c->json.at : NULL;
}

static const char *pick_integer(const pick *p, weft_vector *out, const char *at)
{
    weft_json_token token;
    const char *behind = weft_json_pass_number(at, &token);
    int64_t *value = (int64_t *)out->values + p->slot;
    if (behind == NULL || token != WEFT_JSON_INTEGER || !weft_json_i64(at, (size_t)(behind - at), value))
        return NULL;
    weft_json_set_valid(out, p->slot);
    return behind;
}

static const char *pick_real(const pick *p, weft_vector *out, const char *at)
{
    weft_json_token token;
    const char *behind = weft_json_pass_number(at, &token);
    if (behind == NULL) return NULL;
    ((double *)out->values)[p->slot] = weft_json_f64(at, (size_t)(behind - at));
    weft_json_set_valid(out, p->slot);
    return behind;
}

static const char *pick_string(const pick *p, weft_vector *out, const char *at)
{
    weft_json *json = &p->c->json;
    bool odd;
    const char *behind = weft_json_glance_string(&p->glance, at + 1, &odd);
    if (behind == NULL) return NULL;
    json->text = at + 1;
    json->len = (size_t)(behind - at) - 2;
    json->plain = !odd;
    p->c->st = weft_json_set_text(p->c->ctx, json, &p->c->room, out, p->slot);
    return p->c->st == WEFT_OK ? behind : NULL;
}

static const char *pick_object(const pick *p, node *n, weft_vector *fields, const char *at, int32_t depth);

/* Behind the value at `at`, which is in its slot then. */
static inline const char *pick_value(const pick *p, node *n, weft_vector *out, const char *at, int32_t depth)
{
    const weft_type_id type = (weft_type_id)n->type.id;
    if (type == WEFT_TYPE_STRING && *at == '"') return pick_string(p, out, at);
    if (type == WEFT_TYPE_STRUCT && *at == '{') {
        weft_json_set_valid(out, p->slot);
        return pick_object(p, n, out->children, at + 1, depth + 1);
    }
    if ((unsigned char)(*at - '0') < 10 || *at == '-') {
        const char *behind = type == WEFT_TYPE_BIGINT   ? pick_integer(p, out, at)
                             : type == WEFT_TYPE_DOUBLE ? pick_real(p, out, at)
                                                        : NULL;
        if (behind != NULL) return behind;
    }
    return read_value(p, n, out, at, depth);
}

/* Behind an object, from behind its brace on; where the texts are trusted, behind the last wanted value. */
static const char *pick_object(const pick *p, node *n, weft_vector *fields, const char *at, int32_t depth)
{
    weft_json_convert *c = p->c;
    const weft_json_glance *g = &p->glance;
    const memo *name = n->usual, *last = name + n->usual_count;
    const uint64_t serial = ++c->serial;
    int32_t wanted = c->trusts && n == c->root ? n->count - (n->skip >= 0) : -1; /* -1: the whole object */
    if (depth > c->json.rules->depth_max) return NULL;
    bool ended = at < g->end && *at == '}';
    at += ended;
    while (!ended && wanted != 0) {
        if (!weft_json_glance_fits(g, at)) return NULL;
        at += *at == ' ';
        while (name < last && !weft_json_lead_is(g, name->lead, name->mask, name->len + 3, at)) name++;
        if (name == last) return NULL;
        at += name->len + 3;
        if (!weft_json_glance_fits(g, at)) return NULL;
        at += *at == ' ';
        const int32_t field = name++->field;
        if (field < 0) {
            at = pass_value(p, at, depth);
        } else {
            at = pick_value(p, &n->children[field], &fields[field], at, depth);
            n->seen[field] = serial;
            wanted--;
        }
        if (at == NULL || at >= g->end || (*at != ',' && *at != '}')) return NULL;
        ended = *at++ == '}';
    }
    weft_json_convert_absents(c, n, serial, fields, p->slot);
    return c->st == WEFT_OK ? at : NULL;
}

bool weft_json_convert_pick(weft_json_convert *c, weft_vector *out, int32_t slot)
{
    weft_json *json = &c->json;
    const char *begin = json->begin, *end = json->end, *limit = json->limit;
    const pick p = {.c = c, .glance = {.end = end, .limit = limit}, .slot = slot};
    if (!c->glances || begin == end || *begin != '{' || weft_json_patience_rests(&c->patience)) return false;
    const char *behind = c->root->usual == NULL ? NULL
                                                : pick_object(&p, c->root, out->children, begin + 1, 1);
    weft_json_patience_note(&c->patience, behind != NULL);
    if (behind != NULL) {
        weft_json_set_valid(out, slot);
        json->at = behind;
        json->token = WEFT_JSON_OBJECT_END;
        return true;
    }
    weft_json_start(json, json->rules, begin, (size_t)(end - begin));
    json->limit = limit;
    c->learns = true;
    return false;
}

static bool is_usual(const node *n, int32_t field)
{
    for (int32_t i = 0; i < n->usual_count; i++)
        if (n->usual[i].field == field) return true;
    return false;
}

static weft_status learn_node(weft_json_convert *c, node *n)
{
    weft_status st = WEFT_OK;
    for (int32_t i = 0; i < n->count; i++) WEFT_TRY(st, learn_node(c, &n->children[i]));
    if (n->type.id != WEFT_TYPE_STRUCT) goto done;
    if (n->usual == NULL)
        WEFT_TRY(st, weft_json_convert_alloc(c->ctx, c, MEMO_NAMES * sizeof *n->usual, (void **)&n->usual));
    n->usual_count = 0;
    for (int32_t k = 0; k < MEMO_NAMES; k++) {
        const memo *m = &n->memos[k];
        if (m->len <= MEMO_BYTES && (m->field < 0 || !is_usual(n, m->field))) n->usual[n->usual_count++] = *m;
    }
done:
    return st;
}

weft_status weft_json_convert_learn(weft_json_convert *c)
{
    c->learns = false;
    return learn_node(c, c->root);
}

#else

bool weft_json_convert_pick(weft_json_convert *c, weft_vector *out, int32_t slot)
{
    (void)c, (void)out, (void)slot;
    return false;
}

weft_status weft_json_convert_learn(weft_json_convert *c)
{
    (void)c;
    return WEFT_OK;
}

#endif
