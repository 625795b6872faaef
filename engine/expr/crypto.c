/* engine/expr/crypto.c - see crypto.h. */
#include "engine/expr/crypto.h"

#include <dlfcn.h>

#include "engine/expr/function.h"

/* POSIX: an object pointer that is a function's. */
static bool find(void *library, const char *name, void *function)
{
    void *symbol = dlsym(library, name);
    memcpy(function, &symbol, sizeof symbol);
    return symbol != NULL;
}

weft_status weft_crypto_open(weft_ctx *ctx, const weft_expr *call, weft_crypto *out)
{
    void *library = dlopen("libcrypto.so.3", RTLD_NOW | RTLD_LOCAL);
    *out = (weft_crypto){.library = library};
    const bool good = library != NULL && find(library, "EVP_Digest", &out->digest) &&
                      find(library, "HMAC", &out->hmac) && find(library, "RAND_bytes", &out->random) &&
                      find(library, "EVP_CIPHER_CTX_new", &out->cipher_new) &&
                      find(library, "EVP_CIPHER_CTX_free", &out->cipher_free) &&
                      find(library, "EVP_CipherInit_ex", &out->cipher_init) &&
                      find(library, "EVP_CipherUpdate", &out->cipher_update) &&
                      find(library, "EVP_CipherFinal_ex", &out->cipher_final) &&
                      find(library, "EVP_CIPHER_CTX_ctrl", &out->cipher_control);
    if (good) return WEFT_OK;
    const char *why = dlerror();
    return weft_fail_at(ctx, WEFT_UNSUPPORTED, &call->span, "%s needs libcrypto of OpenSSL 3: %s",
                        call->call.function->name, why == NULL ? "a function of it is missing" : why);
}

void weft_crypto_close(weft_crypto *crypto)
{
    if (crypto->library != NULL) (void)dlclose(crypto->library);
    crypto->library = NULL;
}

const weft_digest *weft_crypto_digest(const weft_crypto *crypto, const char *name)
{
    const weft_digest *(*get)(void) = NULL;
    return find(crypto->library, name, &get) ? get() : NULL;
}

const weft_cipher *weft_crypto_cipher(const weft_crypto *crypto, const char *name)
{
    const weft_cipher *(*get)(void) = NULL;
    return find(crypto->library, name, &get) ? get() : NULL;
}
