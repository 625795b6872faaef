/* engine/expr/json_convert_impl.h - the insides of json_convert.h, shared by json_convert.c and
 * json_convert_pick.c alone. */
#ifndef WEFT_EXPR_JSON_CONVERT_IMPL_H
#define WEFT_EXPR_JSON_CONVERT_IMPL_H

#include "engine/expr/json_convert.h"
#include "engine/expr/json_glance.h"
#include "engine/expr/json_scalar.h"
#include "engine/expr/variant_json.h"

enum { MEMO_NAMES = 96, MEMO_BYTES = 33 };

typedef struct memo {          /* a name that was seen, without escapes */
    uint32_t len;              /* UINT32_MAX: empty */
    int32_t field;             /* -1: none asks for it */
    uint32_t mask;             /* of lead */
    char lead[MEMO_BYTES + 3]; /* the name in its lead (json_glance.h) */
} memo;

typedef struct node {
    weft_type type;
    int32_t count; /* children: fields, the element, key and value */
    struct node *children;
    uint64_t *seen;      /* STRUCT: [count] the object in which a field was last set */
    int32_t *table;      /* STRUCT: fields by the hash of their names, -1: free */
    uint64_t table_mask; /* slots - 1 */
    memo *memos;         /* STRUCT: [MEMO_NAMES] by position */
    memo *usual;         /* STRUCT: [MEMO_NAMES] those of an object read lately, of a field one; or NULL */
    int32_t usual_count;
    int32_t skip; /* STRUCT: a field that is never filled, or -1 */
} node;

struct weft_json_convert {
    weft_ctx *ctx; /* of the call at work */
    weft_status st;
    weft_json_scalars scalars;
    weft_json json;
    weft_text room;
    node *root;
    uint64_t serial; /* of the object at work */
    bool in_rows;    /* begin … next: in an array of rows */
    bool trusts;     /* see weft_json_convert_trust */
    bool glances;    /* texts may be picked (json_convert_pick.c) */
    bool learns;     /* the order of the next good text's names */
    weft_json_patience patience;
    void *blocks; /* all memory of nodes, linked */
    weft_variant_builder variant;
};

/* Zeroed memory that is the converter's. Errors: WEFT_NOMEM. */
WEFT_MUST_CHECK weft_status weft_json_convert_alloc(weft_ctx *ctx, weft_json_convert *c, size_t bytes,
                                                    void **out);
/* The value whose first token is at hand, into its slot; the reader is left at its last token. */
weft_json_result weft_json_convert_value(weft_json_convert *c, node *n, weft_vector *out, int32_t slot);
/* The fields that the object `serial` had not: what their table says, or NULL. Errors in c->st. */
void weft_json_convert_absents(weft_json_convert *c, const node *n, uint64_t serial, weft_vector *fields,
                               int32_t slot);

/* The text at its begin as a row, where it is like those before it: good, and the reader is at its end.
 * False: the reader is at the begin, the slot holds anything, or c->st says what failed. */
bool weft_json_convert_pick(weft_json_convert *c, weft_vector *out, int32_t slot);
/* A good text was read: the next ones are expected to be like it. Errors: WEFT_NOMEM. */
WEFT_MUST_CHECK weft_status weft_json_convert_learn(weft_json_convert *c);

#endif
