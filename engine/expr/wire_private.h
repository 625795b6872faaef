/* engine/expr/wire_private.h - what encoder, decoder and checker of the wire form share. */
#ifndef WEFT_EXPR_WIRE_PRIVATE_H
#define WEFT_EXPR_WIRE_PRIVATE_H

#include "engine/expr/wire.h"

/* Bits of Node.flags; appended only. */
enum {
    WEFT_EXPR_WIRE_TRY = 1,
    WEFT_EXPR_WIRE_IMPLICIT = 2,
    WEFT_EXPR_WIRE_DISTINCT = 4,
    WEFT_EXPR_WIRE_IGNORE_NULLS = 8,
    WEFT_EXPR_WIRE_DESCENDING = 16,
    WEFT_EXPR_WIRE_NULLS_FIRST = 32,
    WEFT_EXPR_WIRE_NULLS_WRITTEN = 64
};

enum {
    WEFT_EXPR_WIRE_BYTES_MAX = 64 << 20, /* as much as a statement's text may have */
    WEFT_EXPR_WIRE_SETTINGS_MAX = 256,   /* views and functions that go by others, of one message */
    WEFT_EXPR_WIRE_DEPTH_MAX = 4 * WEFT_EXPR_DEPTH_MAX /* casts and rewrites deepen what the parser allowed */
};

/* Is the node, whose arguments were checked already, one that the engine may run? Error: WEFT_NOMEM. */
WEFT_MUST_CHECK weft_status weft_expr_wire_check(weft_ctx *ctx, const weft_expr *e, bool *good);
bool weft_expr_wire_check_type(weft_type type);

#endif
