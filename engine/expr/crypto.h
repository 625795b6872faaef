/* engine/expr/crypto.h - what functions call of OpenSSL's libcrypto, by its manual: nothing of its headers is
 * needed to build, and a query that needs none of it does not pay for loading it. */
#ifndef WEFT_EXPR_CRYPTO_H
#define WEFT_EXPR_CRYPTO_H

#include "engine/expr/expr.h"

typedef struct evp_md_st weft_digest;
typedef struct evp_cipher_st weft_cipher;
typedef struct evp_cipher_ctx_st weft_cipher_ctx;

enum {
    WEFT_DIGEST_BYTES_MAX = 64,
    WEFT_CIPHER_IV_LEN = 0x9, /* EVP_CTRL_AEAD_SET_IVLEN, _GET_TAG, _SET_TAG */
    WEFT_CIPHER_GET_TAG = 0x10,
    WEFT_CIPHER_SET_TAG = 0x11
};

typedef struct weft_crypto {
    void *library;
    int (*digest)(const void *data, size_t count, unsigned char *md, unsigned int *size,
                  const weft_digest *type, void *engine);
    unsigned char *(*hmac)(const weft_digest *type, const void *key, int key_len, const unsigned char *data,
                           size_t count, unsigned char *md, unsigned int *size);
    int (*random)(unsigned char *to, int count);
    weft_cipher_ctx *(*cipher_new)(void);
    void (*cipher_free)(weft_cipher_ctx *c);
    int (*cipher_init)(weft_cipher_ctx *c, const weft_cipher *type, void *engine, const unsigned char *key,
                       const unsigned char *iv, int encrypt);
    int (*cipher_update)(weft_cipher_ctx *c, unsigned char *out, int *out_len, const unsigned char *in,
                         int in_len);
    int (*cipher_final)(weft_cipher_ctx *c, unsigned char *out, int *out_len);
    int (*cipher_control)(weft_cipher_ctx *c, int what, int number, void *bytes);
} weft_crypto;

/* Load the library. The caller closes *out, which may be zeroed. Errors: WEFT_UNSUPPORTED, at the call. */
WEFT_MUST_CHECK weft_status weft_crypto_open(weft_ctx *ctx, const weft_expr *call, weft_crypto *out);
void weft_crypto_close(weft_crypto *crypto);
/* EVP_md5, EVP_sha256 …; EVP_aes_128_gcm …: NULL when there is none. */
const weft_digest *weft_crypto_digest(const weft_crypto *crypto, const char *name);
const weft_cipher *weft_crypto_cipher(const weft_crypto *crypto, const char *name);

#endif
