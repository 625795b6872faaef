/* engine/expr/variant_schema.h - the types that VARIANT values have, as schema_of_variant tells them.
 *
 * A schema is a VARIANT itself, so that it travels and merges like one: a string is the name of a plain type
 * (VOID is that of null, VARIANT of what has nothing in common), an array of one schema is the array's, an
 * object has the schemas of its fields. */
#ifndef WEFT_EXPR_VARIANT_SCHEMA_H
#define WEFT_EXPR_VARIANT_SCHEMA_H

#include "engine/expr/variant_build.h"

/* Put the schema of a value. Errors: WEFT_NOMEM. */
WEFT_MUST_CHECK weft_status weft_variant_put_schema(weft_ctx *ctx, weft_variant_builder *b,
                                                    const weft_variant *v);
/* Put the schema of what two schemas describe. */
WEFT_MUST_CHECK weft_status weft_variant_merge_schemas(weft_ctx *ctx, weft_variant_builder *b,
                                                       const weft_variant *a, const weft_variant *c);
/* Append OBJECT<a: BIGINT, …>. */
WEFT_MUST_CHECK weft_status weft_variant_schema_text(weft_ctx *ctx, const weft_variant *schema,
                                                     weft_text *out);

#endif
