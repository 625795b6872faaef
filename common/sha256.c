/* common/sha256.c - see sha256.h. */
#include "common/sha256.h"

#include <dlfcn.h>
#include <openssl/evp.h>
#include <string.h>

#include "common/mem.h"

#define CALLS(X)                                                                                             \
    X(EVP_sha256)                                                                                            \
    X(EVP_MD_CTX_new)                                                                                        \
    X(EVP_MD_CTX_free)                                                                                       \
    X(EVP_DigestInit_ex)                                                                                     \
    X(EVP_DigestUpdate)                                                                                      \
    X(EVP_DigestFinal_ex)

enum { DIGEST_BYTES = 32 };

struct weft_sha256 {
    void *library;
#define X(name) __typeof__(name) *name;
    CALLS(X)
#undef X
    EVP_MD_CTX *state;
};

static weft_status load_library(weft_ctx *ctx, weft_sha256 *d)
{
    d->library = dlopen("libcrypto.so.3", RTLD_NOW | RTLD_LOCAL);
    if (d->library == NULL) {
        const weft_status st =
            weft_fail(ctx, WEFT_UNSUPPORTED, "SHA-256 needs libcrypto of OpenSSL 3: %s", dlerror());
        weft_hint(ctx, "on Debian: apt-get install libssl3");
        return st;
    }
#define X(name)                                                                                              \
    d->name = (__typeof__(d->name))dlsym(d->library, #name);                                                 \
    if (d->name == NULL) return weft_fail(ctx, WEFT_UNSUPPORTED, "OpenSSL has no %s", #name);
    CALLS(X)
#undef X
    return WEFT_OK;
}

static weft_status begin(weft_ctx *ctx, weft_sha256 *d)
{
    if (d->EVP_DigestInit_ex(d->state, d->EVP_sha256(), NULL) == 1) return WEFT_OK;
    return weft_fail(ctx, WEFT_INTERNAL, "libcrypto could not begin a digest");
}

weft_status weft_sha256_new(weft_ctx *ctx, weft_sha256 **out)
{
    weft_status st = WEFT_OK;
    weft_sha256 *d = NULL;
    *out = NULL;
    WEFT_TRY(st, weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, sizeof(*d), (void **)&d));
    WEFT_TRY(st, load_library(ctx, d));
    d->state = d->EVP_MD_CTX_new();
    if (d->state == NULL) WEFT_TRY(st, weft_fail(ctx, WEFT_NOMEM, "no memory for a digest"));
    WEFT_TRY(st, begin(ctx, d));
    *out = d;
    d = NULL;
done:
    weft_sha256_free(&d);
    return st;
}

weft_status weft_sha256_add(weft_ctx *ctx, weft_sha256 *d, const void *bytes, size_t len)
{
    if (len == 0 || d->EVP_DigestUpdate(d->state, bytes, len) == 1) return WEFT_OK;
    return weft_fail(ctx, WEFT_INTERNAL, "libcrypto could not make a digest of %zu bytes", len);
}

weft_status weft_sha256_finish(weft_ctx *ctx, weft_sha256 *d, char out[WEFT_SHA256_TEXT_BYTES])
{
    static const char digits[] = "0123456789abcdef";
    uint8_t digest[EVP_MAX_MD_SIZE];
    unsigned int got = 0;
    if (d->EVP_DigestFinal_ex(d->state, digest, &got) != 1 || got != DIGEST_BYTES)
        return weft_fail(ctx, WEFT_INTERNAL, "libcrypto could not end a digest");
    for (int32_t i = 0; i < DIGEST_BYTES; i++) {
        out[2 * i] = digits[digest[i] >> 4];
        out[2 * i + 1] = digits[digest[i] & 15];
    }
    out[2 * DIGEST_BYTES] = 0;
    return begin(ctx, d);
}

void weft_sha256_free(weft_sha256 **slot)
{
    weft_sha256 *d = *slot;
    *slot = NULL;
    if (d == NULL) return;
    if (d->state != NULL) d->EVP_MD_CTX_free(d->state);
    if (d->library != NULL) dlclose(d->library);
    weft_mem_free(d);
}

weft_status weft_sha256_of(weft_ctx *ctx, const void *bytes, size_t len, char out[WEFT_SHA256_TEXT_BYTES])
{
    weft_status st = WEFT_OK;
    weft_sha256 *d = NULL;
    WEFT_TRY(st, weft_sha256_new(ctx, &d));
    WEFT_TRY(st, weft_sha256_add(ctx, d, bytes, len));
    st = weft_sha256_finish(ctx, d, out);
done:
    weft_sha256_free(&d);
    return st;
}

bool weft_sha256_is(const char *text)
{
    return strlen(text) == WEFT_SHA256_TEXT_BYTES - 1 && strspn(text, "0123456789abcdef") == strlen(text);
}
