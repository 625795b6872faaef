/* tests/fuzz/fuzz_wkb.c - any bytes as the WKB of a shape: what is good in one byte order is good in the
 * other, and the same again when it is turned back. */
#include <stdlib.h>
#include <string.h>

#include "engine/expr/wkb.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    enum { MOST = 1 << 16 };
    static uint8_t little[MOST], big[MOST], again[MOST];
    weft_wkb_fault fault;
    size_t used = 0, other = 0;
    if (size == 0 || size > MOST) return 0;
    const bool globe = (data[0] & 2) != 0;
    const uint8_t *shape = data + 1; /* its last byte is the last one that may be read */
    size--;
    if (!weft_wkb_copy(shape, size, globe, false, little, &used, &fault)) {
        if (fault.what == NULL || fault.at > size) __builtin_trap();
        return 0;
    }
    if (!weft_wkb_copy(little, used, globe, true, big, &other, &fault)) __builtin_trap();
    if (!weft_wkb_copy(big, used, globe, false, again, &other, &fault)) __builtin_trap();
    if (other != used || memcmp(little, again, used) != 0) __builtin_trap();
    return 0;
}
