/* engine/expr/variant_cast.h - VARIANT to other types and back.
 *
 * A plain value is cast as CAST would do it from the type that it brings; objects become structs (by name)
 * and maps, arrays arrays; both become strings as JSON. The null of JSON is NULL of any type but VARIANT. */
#ifndef WEFT_EXPR_VARIANT_CAST_H
#define WEFT_EXPR_VARIANT_CAST_H

#include "engine/expr/variant_build.h"

typedef struct weft_variant_caster weft_variant_caster; /* of a lane, for one type */

/* May a VARIANT be cast to the type; may values of the type become VARIANT? objects: structs and maps too, as
 * to_variant_object takes them. */
bool weft_variant_castable(weft_type to);
bool weft_variant_makeable(weft_type from, bool objects);

/* to: its children are borrowed. fail: what cannot be cast is WEFT_INVALID_VARIANT_CAST at span, else NULL.
 * The caller frees *out. Errors: those of zones, WEFT_NOMEM. */
WEFT_MUST_CHECK weft_status weft_variant_caster_new(weft_ctx *ctx, weft_type to, bool fail,
                                                    const weft_span *span, weft_variant_caster **out);
void weft_variant_caster_free(weft_variant_caster **caster);
/* Slot `slot` of out, a vector of the type, becomes the value or NULL. The caller finishes the vector. */
WEFT_MUST_CHECK weft_status weft_variant_cast(weft_ctx *ctx, weft_variant_caster *caster,
                                              const weft_variant *v, weft_vector *out, int32_t slot);
/* Put the value of a column's physical row, or the null of JSON for NULL. */
WEFT_MUST_CHECK weft_status weft_variant_put_column(weft_ctx *ctx, weft_variant_builder *b,
                                                    const weft_column *column, int32_t row);

#endif
