/* engine/expr/wire.h - physical expressions as bytes (proto/expr.proto), for fragments that are shipped.
 *
 * Functions and aggregates travel by name, and a function's variant by number; both ends are of one version,
 * which the first field tells. Decoding trusts nothing: every reference, type, arity and value is checked, so
 * that what it gives can be compiled and run. Shared nodes stay shared. */
#ifndef WEFT_EXPR_WIRE_H
#define WEFT_EXPR_WIRE_H

#include "engine/expr/expr.h"

enum { WEFT_EXPR_WIRE_VERSION = 1 };

/* Encode count expressions (bound and physical: no subqueries, nothing unresolved). *bytes is in ctx->arena.
 * Errors: WEFT_NOMEM, WEFT_INTERNAL for a kind that does not travel, WEFT_LIMIT. */
WEFT_MUST_CHECK weft_status weft_exprs_encode(weft_ctx *ctx, const weft_expr *const *exprs, int32_t count,
                                              uint8_t **bytes, size_t *len);
/* Decode them into ctx->arena; bytes are not needed afterwards. With inputs (may be NULL) every COLUMN has to
 * name one of input_count columns and have its type. Errors: WEFT_CORRUPT with the node that is wrong,
 * WEFT_UNSUPPORTED for another version, WEFT_NOMEM. */
WEFT_MUST_CHECK weft_status weft_exprs_decode(weft_ctx *ctx, const uint8_t *bytes, size_t len,
                                              const weft_type *inputs, int32_t input_count,
                                              const weft_expr *const **exprs, int32_t *count);

/* The same for a list of types. */
WEFT_MUST_CHECK weft_status weft_types_encode(weft_ctx *ctx, const weft_type *types, int32_t count,
                                              uint8_t **bytes, size_t *len);
WEFT_MUST_CHECK weft_status weft_types_decode(weft_ctx *ctx, const uint8_t *bytes, size_t len,
                                              const weft_type **types, int32_t *count);

#endif
