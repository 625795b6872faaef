/* tests/fuzz/fuzz_canary.c - a target that must fail: it proves that the rig can find an input. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size >= 3 && data[0] == 'w' && data[1] == 'e' && data[2] == 'f') exit(1);
    return 0;
}
