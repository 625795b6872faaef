/* engine/expr/cast_loop.inc.h - values of one type as another that holds them all. WEFT_FROM, WEFT_TO: the
 * types. */
static void WEFT_NAME(const weft_kernel_call *call)
{
    const WEFT_FROM *from = call->args[0].data;
    WEFT_TO *restrict to = call->out->values;
    if (weft_call_dense(call)) {
        for (int32_t i = 0; i < call->rows; i++) to[i] = (WEFT_TO)from[i];
    } else {
        for (int32_t k = 0; k < call->selected; k++)
            to[call->selection[k]] = (WEFT_TO)from[call->selection[k]];
    }
}
#undef WEFT_NAME
#undef WEFT_FROM
#undef WEFT_TO
