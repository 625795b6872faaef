/* engine/expr/cast_variant.c - the kernels of casts to VARIANT and from it. */
#include "engine/expr/cast_private.h"
#include "engine/expr/kernel.h"
#include "engine/expr/variant_cast.h"

weft_status cast_to_variant(weft_ctx *ctx, weft_kernel_call *call)
{
    weft_status st = WEFT_OK;
    weft_variant_builder builder = {0};
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        if (!weft_call_valid(call, i)) continue;
        weft_variant_builder_reset(&builder);
        WEFT_TRY(st, weft_variant_put_column(ctx, &builder, &call->args[0], i));
        WEFT_TRY(st, weft_variant_store(ctx, &builder, call->out, i));
    }
done:
    weft_variant_builder_deinit(&builder);
    return st;
}

/* Bad values are errors in any mode but that of try_cast, as in Spark. */
weft_status cast_from_variant(weft_ctx *ctx, weft_kernel_call *call)
{
    weft_status st = WEFT_OK;
    const weft_expr *e = call->expr;
    const bool tried = e->kind == WEFT_EXPR_CAST && e->cast.try_;
    weft_variant_caster *caster = NULL;
    WEFT_TRY(st, weft_variant_caster_new(ctx, call->out->column.type, !tried, &e->span, &caster));
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        if (!weft_call_valid(call, i)) continue;
        const weft_variant v = weft_variant_of(weft_arg_str(&call->args[0], i));
        WEFT_TRY(st, weft_variant_cast(ctx, caster, &v, call->out, i));
    }
done:
    weft_variant_caster_free(&caster);
    return st;
}
