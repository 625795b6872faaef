/* engine/expr/json_infer.h - the type of JSON texts, as Spark infers it.
 *
 * Whole numbers are BIGINT, or DECIMAL where they are larger, others DOUBLE; BIGINT and DOUBLE together are
 * DOUBLE; what does not go together is STRING. Structs have the fields of all texts, by name. What was only
 * seen as null is STRING, or left out (dropFieldIfAllNull); structs without fields are left out.
 *
 * Memory: a node a field, and names; both grow with what the texts have, to WEFT_COLUMNS_MAX fields. */
#ifndef WEFT_EXPR_JSON_INFER_H
#define WEFT_EXPR_JSON_INFER_H

#include "engine/columnar/type.h"
#include "engine/expr/json_options.h"

typedef struct weft_json_infer weft_json_infer; /* of one thread */

/* options are borrowed. The caller frees *out. Errors: those of patterns and zones, WEFT_NOMEM. */
WEFT_MUST_CHECK weft_status weft_json_infer_new(weft_ctx *ctx, const weft_json_options *options,
                                                weft_json_infer **out);
/* One record more, behind which `slack` bytes may be read, whatever they hold. *bad: it is malformed, or no
 * object and no array of objects; nothing of it is kept, and the caller says what that means. Errors:
 * WEFT_NOMEM, WEFT_LIMIT. */
WEFT_MUST_CHECK weft_status weft_json_infer_record(weft_ctx *ctx, weft_json_infer *infer, const char *text,
                                                   size_t len, size_t slack, bool *bad);
/* One value of any kind, for schema_of_json. */
WEFT_MUST_CHECK weft_status weft_json_infer_value(weft_ctx *ctx, weft_json_infer *infer, const char *text,
                                                  size_t len, bool *bad);
/* Take over what another has seen: the type is then that of the texts of both, in whatever order. Errors:
 * WEFT_NOMEM, WEFT_LIMIT. */
WEFT_MUST_CHECK weft_status weft_json_infer_merge(weft_ctx *ctx, weft_json_infer *infer,
                                                  const weft_json_infer *other);
/* The type so far, in ctx->arena; of records a STRUCT, maybe of no field. corrupt: the name of a STRING field
 * that records get besides, or NULL. */
WEFT_MUST_CHECK weft_status weft_json_infer_type(weft_ctx *ctx, const weft_json_infer *infer,
                                                 const char *corrupt, weft_type *out);
/* Was every record so far one object, well-formed, with no name twice in it? (Objects within it do not
 * count.)
 */
bool weft_json_infer_is_regular(const weft_json_infer *infer);
/* WEFT_COLUMN_ALREADY_EXISTS for a field of the type whose name an object had twice. */
WEFT_MUST_CHECK weft_status weft_json_infer_check_names(weft_ctx *ctx, const weft_json_infer *infer);
const char *weft_json_infer_why(const weft_json_infer *infer, size_t *at); /* of the last bad record */
void weft_json_infer_free(weft_json_infer **infer);

#endif
