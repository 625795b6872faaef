/* engine/formats/parquet/kernels.c - which table of kernels this machine runs. */
#include "engine/formats/parquet/kernels.h"

const weft_pq_kernels *weft_pq_kernels_find(void)
{
#ifdef WEFT_HAVE_AVX2
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi2")) return &weft_pq_kernels_avx2;
#endif
    return &weft_pq_kernels_base;
}
