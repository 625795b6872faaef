/* common/uuid.c - see uuid.h. */
#include "common/uuid.h"

#include <inttypes.h>
#include <stdio.h>
#include <sys/random.h>

weft_status weft_uuid_new(weft_ctx *ctx, weft_uuid *out)
{
    if (getrandom(out, sizeof(*out), 0) != (ssize_t)sizeof(*out))
        return weft_fail(ctx, WEFT_IO, "the system gives no random bytes for the name of this process");
    out->high = (out->high & ~UINT64_C(0xf000)) | UINT64_C(0x4000);
    out->low = (out->low & ~(UINT64_C(3) << 62)) | UINT64_C(1) << 63;
    return WEFT_OK;
}

void weft_uuid_text(weft_uuid uuid, char out[WEFT_UUID_TEXT_BYTES])
{
    snprintf(out, WEFT_UUID_TEXT_BYTES, "%08" PRIx32 "-%04" PRIx32 "-%04" PRIx32 "-%04" PRIx32 "-%012" PRIx64,
             (uint32_t)(uuid.high >> 32), (uint32_t)(uuid.high >> 16 & 0xffff),
             (uint32_t)(uuid.high & 0xffff), (uint32_t)(uuid.low >> 48), uuid.low & UINT64_C(0xffffffffffff));
}
