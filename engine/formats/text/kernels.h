/* engine/formats/text/kernels.h - the inner loops over text, once per instruction set (text_kernels.isa.c).
 *
 * Inputs may be read up to WEFT_TEXT_SLACK bytes past their end, whatever these hold. */
#ifndef WEFT_FORMATS_TEXT_KERNELS_H
#define WEFT_FORMATS_TEXT_KERNELS_H

#include "common/base.h"

enum { WEFT_TEXT_SLACK = 64 };

/* A set of up to 8 bytes: byte b is in it when low[b & 15] & high[b >> 4] is not 0. */
typedef struct weft_text_set {
    uint8_t low[16], high[16];
    int32_t count;
} weft_text_set;

/* Add a byte; more than 8 different ones are a programmer's error. */
void weft_text_set_add(weft_text_set *set, uint8_t byte);
static inline bool weft_text_set_has(const weft_text_set *set, uint8_t byte)
{
    return (set->low[byte & 15] & set->high[byte >> 4]) != 0;
}

typedef struct weft_text_kernels {
    /* Positions of the set's bytes among len, ascending, each plus `base`; room for len + 8. Returns their
     * number; what stands behind them may be overwritten. */
    int64_t (*positions)(const weft_text_set *set, const uint8_t *data, int64_t len, uint32_t base,
                         uint32_t *out);
    /* The first byte of the set, or len. */
    int64_t (*find)(const weft_text_set *set, const uint8_t *data, int64_t len);
    bool (*is_ascii)(const uint8_t *data, int64_t len);
} weft_text_kernels;

extern const weft_text_kernels weft_text_kernels_base; /* plain loops: what the others are compared with */
#ifdef WEFT_HAVE_AVX2
extern const weft_text_kernels weft_text_kernels_avx2;
#endif
/* The best table of this machine. */
const weft_text_kernels *weft_text_kernels_find(void);

#endif
