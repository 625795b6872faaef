/* engine/formats/text/kernels.c - which table of kernels this machine runs, and sets of bytes. */
#include "engine/formats/text/kernels.h"

const weft_text_kernels *weft_text_kernels_find(void)
{
#ifdef WEFT_HAVE_AVX2
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi2")) return &weft_text_kernels_avx2;
#endif
    return &weft_text_kernels_base;
}

void weft_text_set_add(weft_text_set *set, uint8_t byte)
{
    if (weft_text_set_has(set, byte)) return;
    assert(set->count < 8);
    const uint8_t bit = (uint8_t)(1u << set->count++);
    set->low[byte & 15] |= bit;
    set->high[byte >> 4] |= bit;
}
