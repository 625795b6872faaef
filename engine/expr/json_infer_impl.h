/* engine/expr/json_infer_impl.h - the tree of types that inference fills, shared by json_infer.c and
 * json_infer_known.c alone. */
#ifndef WEFT_EXPR_JSON_INFER_IMPL_H
#define WEFT_EXPR_JSON_INFER_IMPL_H

#include "engine/expr/json_infer.h"

enum { MEMO_NAMES = 96 }; /* fields of an object whose place is remembered */

typedef enum kind { NOTHING, BOOLEAN, LONG, DECIMAL, REAL, MOMENT, TEXT, LIST, OBJECT } kind;

typedef struct state { /* of a node: what is taken back */
    uint8_t kind;      /* kind */
    uint8_t precision, scale;
    int32_t count; /* OBJECT: fields; LIST: 0 or 1 child */
} state;

typedef struct node {
    state is;
    const char *name; /* stands in its lead (json_glance.h) */
    uint32_t name_len;
    uint32_t lead_mask;
    bool is_plain; /* the name may stand in a text as it is */
    bool twice;    /* an object had it twice */
    uint64_t mark; /* of the record in which its state was noted */
    uint64_t seen; /* a field: the last object that had it */
    struct node **fields;
    int32_t room;
    struct node **table; /* by the hash of names; NULL: free */
    uint64_t table_mask;
    struct node **memos; /* [MEMO_NAMES] */
    struct node **usual; /* [room] fields in the order of an object read lately, each once, plain ones only */
    int32_t usual_count;
} node;

/* Is the text one object that changes nothing in the tree below `root`, and has no name twice in an object?
 * False where it may be otherwise, or where this is not told in one go: then the text is to be read. Bytes up
 * to readable_end are read, whatever they hold. */
bool weft_json_infer_known(const node *root, const char *text, const char *end, const char *readable_end);

#endif
