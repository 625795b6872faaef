/* engine/expr/json_infer_known.c - records that say nothing new, passed over at a glance.
 *
 * Most records are like those before them: the same names in the same order, and values of the kinds that
 * their places have already. Such a record is only compared with the tree: nothing is written, and the place
 * in the text stays in a register. What is not that plain (another order, a name with escapes, more than a
 * blank between tokens, a number with an exponent) is left as it is, from its first byte on, for
 * json_infer.c, which says the same of every text in its own time: unit.expr.json_infer compares the two.
 *
 * A field that an object has not is passed over: what stands in the text must be further on in the usual
 * order, so that no name can come twice. Recursion is as deep as the tree. */
#include "engine/expr/json_infer_impl.h"

#include "engine/expr/json_glance.h"

#ifdef __SSE2__

typedef weft_json_glance glance;

static const char *pass_object(const glance *g, const node *n, const char *at);
static const char *pass_list(const glance *g, const node *n, const char *at);

static inline bool is_field(const glance *g, const node *field, const char *at)
{
    return weft_json_lead_is(g, field->name - 1, field->lead_mask, (size_t)field->name_len + 3, at);
}

/* Behind the value at `at`, of a kind that changes nothing; NULL: leave it. */
static inline const char *pass_value(const glance *g, const node *n, const char *at)
{
    weft_json_token token;
    const char *behind = NULL;
    bool odd;
    if (*at == 'n') return weft_json_glance_scalar(g, at);
    switch ((kind)n->is.kind) {
    case TEXT: return *at == '"' ? weft_json_glance_string(g, at + 1, &odd) : NULL;
    case LONG:
        behind = weft_json_pass_number(at, &token);
        return behind != NULL && token == WEFT_JSON_INTEGER ? behind : NULL;
    case REAL: return weft_json_pass_number(at, &token);
    case BOOLEAN: return *at == 't' || *at == 'f' ? weft_json_glance_scalar(g, at) : NULL;
    case OBJECT: return *at == '{' ? pass_object(g, n, at + 1) : NULL;
    case LIST: return *at == '[' ? pass_list(g, n, at + 1) : NULL;
    case NOTHING:
    case DECIMAL:
    case MOMENT: break;
    }
    return NULL;
}

/* Behind an array, from behind its bracket on. */
static const char *pass_list(const glance *g, const node *n, const char *at)
{
    if (at < g->end && *at == ']') return at + 1;
    while (at != NULL && weft_json_glance_fits(g, at)) {
        at += *at == ' ';
        at = pass_value(g, n->fields[0], at);
        if (at == NULL || at >= g->end || *at != ',') break;
        at++;
    }
    return at != NULL && at < g->end && *at == ']' ? at + 1 : NULL;
}

/* Behind an object, from behind its brace on. */
static const char *pass_object(const glance *g, const node *n, const char *at)
{
    int32_t k = 0; /* of the usual fields */
    if (at < g->end && *at == '}') return at + 1;
    while (weft_json_glance_fits(g, at)) {
        at += *at == ' ';
        while (k < n->usual_count && !is_field(g, n->usual[k], at)) k++;
        if (k == n->usual_count) return NULL;
        const node *field = n->usual[k++];
        at += field->name_len + 3;
        if (!weft_json_glance_fits(g, at)) return NULL;
        at += *at == ' ';
        at = pass_value(g, field, at);
        if (at == NULL || at >= g->end) return NULL;
        if (*at == '}') return at + 1;
        if (*at++ != ',') return NULL;
    }
    return NULL;
}

bool weft_json_infer_known(const node *root, const char *text, const char *end, const char *readable_end)
{
    const glance g = {.end = end, .limit = readable_end};
    if (root->is.kind != OBJECT || text == end || *text != '{') return false;
    return pass_object(&g, root, text + 1) != NULL;
}

#else

bool weft_json_infer_known(const node *root, const char *text, const char *end, const char *readable_end)
{
    (void)root, (void)text, (void)end, (void)readable_end;
    return false;
}

#endif
