/* engine/expr/inputs.c - see inputs.h. */
#include "engine/expr/inputs.h"

#include "engine/expr/coerce.h"

/* A set of types by id. */
#define IS(id) (UINT32_C(1) << WEFT_TYPE_##id)
enum {
    NONE = IS(NULL), /* a bare NULL */
    INTEGRAL = IS(TINYINT) | IS(SMALLINT) | IS(INT) | IS(BIGINT),
    NUMERIC = INTEGRAL | IS(FLOAT) | IS(DOUBLE) | IS(DECIMAL),
    TEXT = IS(STRING),
    BYTES = IS(BINARY),
    MOMENT = IS(TIMESTAMP) | IS(TIMESTAMP_NTZ) | IS(TIMESTAMP_NS) | IS(TIMESTAMP_NTZ_NS)
};
static_assert(WEFT_TYPE_COUNT <= 32, "a set of types is a word");

typedef struct input_rule {
    const char *name;
    int8_t first, last; /* the arguments that it is about, from 1; last 0: all from first on */
    uint32_t types;
    weft_status status;
    const char *said;
} input_rule;

static const input_rule rules[] = {
#define X(name, first, last, types, status, said) {name, first, last, (uint32_t)(types), WEFT_##status, said},
#include "engine/expr/input_list.h"
#undef X
};

weft_status weft_expect_inputs(weft_ctx *ctx, const char *name, const weft_expr *const *args, int32_t count,
                               const weft_span *span)
{
    for (int32_t r = 0; r < WEFT_COUNT(rules); r++) {
        const input_rule *rule = &rules[r];
        if (rule->name[0] != name[0] || strcmp(rule->name, name) != 0) continue;
        const int32_t last = rule->last == 0 ? count : weft_min_i32(rule->last, count);
        for (int32_t i = rule->first - 1; i < last; i++) {
            if ((rule->types >> args[i]->type.id & 1) != 0) continue;
            if (rule->status == WEFT_DATATYPE_MISMATCH)
                return weft_fail_arg_type(ctx, i, rule->said, args[i], span);
            return weft_fail_at(ctx, rule->status, span, "%s: %s.", name, rule->said);
        }
    }
    return WEFT_OK;
}
