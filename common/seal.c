/* common/seal.c - see seal.h. What is called of libcrypto is listed once in CALLS: name by name it is looked
 * up in the opened library. */
#include "common/seal.h"

#include <dlfcn.h>
#include <openssl/evp.h>
#include <string.h>

#include "common/mem.h"
#include "common/random.h"
#include "common/secret_file.h"

#define CALLS(X)                                                                                             \
    X(EVP_aes_256_gcm)                                                                                       \
    X(EVP_sha256)                                                                                            \
    X(EVP_Digest)                                                                                            \
    X(EVP_CIPHER_CTX_new)                                                                                    \
    X(EVP_CIPHER_CTX_free)                                                                                   \
    X(EVP_CIPHER_CTX_ctrl)                                                                                   \
    X(EVP_EncryptInit_ex)                                                                                    \
    X(EVP_EncryptUpdate)                                                                                     \
    X(EVP_EncryptFinal_ex)                                                                                   \
    X(EVP_DecryptInit_ex)                                                                                    \
    X(EVP_DecryptUpdate)                                                                                     \
    X(EVP_DecryptFinal_ex)

enum { MAGIC_BYTES = 4, ID_BYTES = 8, NONCE_BYTES = 12, LARGEST = INT32_MAX - 4096 };

static const uint8_t magic[MAGIC_BYTES] = {'w', 'f', 's', '1'};

typedef struct seal_key {
    uint8_t id[ID_BYTES];
    uint8_t key[WEFT_SEAL_KEY_BYTES];
} seal_key;

struct weft_seal {
    void *library;
#define X(name) __typeof__(name) *name;
    CALLS(X)
#undef X
    seal_key keys[WEFT_SEAL_KEYS_MAX];
    int32_t count;
};

/* ---- locking and unlocking ---- */

/* Head and additional data go under the tag. False: libcrypto refused. */
static bool add_additional(const weft_seal *s, EVP_CIPHER_CTX *c, bool locks, const uint8_t *head,
                           const char *additional)
{
    int len = 0;
    const int text = (int)strlen(additional);
    const uint8_t *bytes = (const uint8_t *)additional;
    if (locks)
        return s->EVP_EncryptUpdate(c, NULL, &len, head, WEFT_SEAL_HEAD_BYTES) == 1 &&
               s->EVP_EncryptUpdate(c, NULL, &len, bytes, text) == 1;
    return s->EVP_DecryptUpdate(c, NULL, &len, head, WEFT_SEAL_HEAD_BYTES) == 1 &&
           s->EVP_DecryptUpdate(c, NULL, &len, bytes, text) == 1;
}

weft_status weft_seal_lock(weft_ctx *ctx, const weft_seal *s, const char *additional, const void *value,
                           size_t bytes, uint8_t *out)
{
    weft_status st = WEFT_OK;
    uint64_t random[2];
    int len = 0, last = 0;
    EVP_CIPHER_CTX *c = NULL;
    uint8_t *body = out + WEFT_SEAL_HEAD_BYTES;
    if (bytes > LARGEST) return weft_fail(ctx, WEFT_LIMIT, "%zu bytes are too many to be sealed", bytes);
    for (int32_t i = 0; i < WEFT_COUNT(random); i++) WEFT_TRY(st, weft_random_u64(ctx, &random[i]));
    memcpy(out, magic, MAGIC_BYTES);
    memcpy(out + MAGIC_BYTES, s->keys[0].id, ID_BYTES);
    memcpy(out + MAGIC_BYTES + ID_BYTES, random, NONCE_BYTES);
    c = s->EVP_CIPHER_CTX_new();
    if (c == NULL ||
        s->EVP_EncryptInit_ex(c, s->EVP_aes_256_gcm(), NULL, s->keys[0].key, out + MAGIC_BYTES + ID_BYTES) !=
            1 ||
        !add_additional(s, c, true, out, additional) ||
        (bytes > 0 && s->EVP_EncryptUpdate(c, body, &len, value, (int)bytes) != 1) ||
        s->EVP_EncryptFinal_ex(c, body + len, &last) != 1 || (size_t)(len + last) != bytes ||
        s->EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_GET_TAG, WEFT_SEAL_TAG_BYTES, body + bytes) != 1)
        st = weft_fail(ctx, WEFT_INTERNAL, "libcrypto could not seal %zu bytes", bytes);
done:
    if (c != NULL) s->EVP_CIPHER_CTX_free(c);
    return st;
}

static const seal_key *find_key(const weft_seal *s, const uint8_t *id)
{
    for (int32_t i = 0; i < s->count; i++)
        if (memcmp(s->keys[i].id, id, ID_BYTES) == 0) return &s->keys[i];
    return NULL;
}

weft_status weft_seal_unlock(weft_ctx *ctx, const weft_seal *s, const char *additional, const void *sealed,
                             size_t sealed_bytes, uint8_t *out)
{
    weft_status st = WEFT_OK;
    const uint8_t *head = sealed, *id = head + MAGIC_BYTES, *body = head + WEFT_SEAL_HEAD_BYTES;
    int len = 0, last = 0;
    if (sealed_bytes < WEFT_SEAL_MORE_BYTES || sealed_bytes > LARGEST || memcmp(head, magic, 3) != 0)
        return weft_fail(ctx, WEFT_CORRUPT, "%s is not sealed", additional);
    if (memcmp(head, magic, MAGIC_BYTES) != 0)
        return weft_fail(ctx, WEFT_UNSUPPORTED, "%s was sealed by a later version", additional);
    const seal_key *key = find_key(s, id);
    if (key == NULL) {
        st = weft_fail(ctx, WEFT_NOT_FOUND,
                       "%s is sealed by key %02x%02x%02x%02x, which is not in seal.secret", additional, id[0],
                       id[1], id[2], id[3]);
        weft_hint(ctx, "all coordinators of a cluster have the same seal.secret");
        return st;
    }
    const size_t bytes = sealed_bytes - WEFT_SEAL_MORE_BYTES;
    EVP_CIPHER_CTX *c = s->EVP_CIPHER_CTX_new();
    const bool is_good = c != NULL &&
                         s->EVP_DecryptInit_ex(c, s->EVP_aes_256_gcm(), NULL, key->key, id + ID_BYTES) == 1 &&
                         add_additional(s, c, false, head, additional) &&
                         (bytes == 0 || s->EVP_DecryptUpdate(c, out, &len, body, (int)bytes) == 1) &&
                         s->EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_SET_TAG, WEFT_SEAL_TAG_BYTES,
                                                (void *)(uintptr_t)(body + bytes)) == 1 &&
                         s->EVP_DecryptFinal_ex(c, out + len, &last) == 1;
    if (c != NULL) s->EVP_CIPHER_CTX_free(c);
    if (is_good) return WEFT_OK;
    if (bytes > 0) explicit_bzero(out, bytes); /* what does not prove right is shown to nobody */
    return weft_fail(ctx, WEFT_CORRUPT, "%s was changed since it was sealed, or sealed for another place",
                     additional);
}

weft_status weft_seal_digest(weft_ctx *ctx, const weft_seal *s, const void *bytes, size_t len,
                             char out[2 * WEFT_SHA256_BYTES + 1])
{
    static const char digits[] = "0123456789abcdef";
    uint8_t digest[WEFT_SHA256_BYTES];
    unsigned int got = 0;
    if (s->EVP_Digest(bytes, len, digest, &got, s->EVP_sha256(), NULL) != 1 || got != sizeof(digest))
        return weft_fail(ctx, WEFT_INTERNAL, "libcrypto could not make a digest of %zu bytes", len);
    for (int32_t i = 0; i < WEFT_SHA256_BYTES; i++) {
        out[2 * i] = digits[digest[i] >> 4];
        out[2 * i + 1] = digits[digest[i] & 15];
    }
    out[2 * WEFT_SHA256_BYTES] = 0;
    return WEFT_OK;
}

/* ---- life ---- */

static weft_status load_library(weft_ctx *ctx, weft_seal *s)
{
    s->library = dlopen("libcrypto.so.3", RTLD_NOW | RTLD_LOCAL);
    if (s->library == NULL) {
        const weft_status st =
            weft_fail(ctx, WEFT_UNSUPPORTED, "sealing needs libcrypto of OpenSSL 3: %s", dlerror());
        weft_hint(ctx, "on Debian: apt-get install libssl3");
        return st;
    }
#define X(name)                                                                                              \
    s->name = (__typeof__(s->name))dlsym(s->library, #name);                                                 \
    if (s->name == NULL) return weft_fail(ctx, WEFT_UNSUPPORTED, "OpenSSL has no %s", #name);
    CALLS(X)
#undef X
    return WEFT_OK;
}

weft_status weft_seal_open_keys(weft_ctx *ctx, const uint8_t *keys, int32_t count, weft_seal **out)
{
    weft_status st = WEFT_OK;
    weft_seal *s = NULL;
    uint8_t digest[WEFT_SHA256_BYTES];
    unsigned int got = 0;
    *out = NULL;
    if (count < 1 || count > WEFT_SEAL_KEYS_MAX)
        return weft_fail(ctx, WEFT_INVALID, "one to %d keys seal, not %d", WEFT_SEAL_KEYS_MAX, count);
    WEFT_TRY(st, weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, sizeof(*s), (void **)&s));
    WEFT_TRY(st, load_library(ctx, s));
    for (s->count = 0; s->count < count; s->count++) {
        seal_key *k = &s->keys[s->count];
        memcpy(k->key, keys + (size_t)s->count * WEFT_SEAL_KEY_BYTES, WEFT_SEAL_KEY_BYTES);
        if (s->EVP_Digest(k->key, sizeof(k->key), digest, &got, s->EVP_sha256(), NULL) != 1)
            WEFT_TRY(st, weft_fail(ctx, WEFT_INTERNAL, "libcrypto could not make a digest of a key"));
        memcpy(k->id, digest, ID_BYTES);
    }
    *out = s;
    s = NULL;
done:
    weft_seal_close(&s);
    return st;
}

weft_status weft_seal_open(weft_ctx *ctx, const char *folder, weft_seal **out)
{
    uint8_t keys[WEFT_SEAL_KEYS_MAX * WEFT_SEAL_KEY_BYTES];
    int32_t count = 0;
    *out = NULL;
    weft_status st = weft_secret_read_seal(ctx, folder, keys, &count);
    if (st == WEFT_OK) st = weft_seal_open_keys(ctx, keys, count, out);
    explicit_bzero(keys, sizeof(keys));
    return st;
}

void weft_seal_close(weft_seal **seal)
{
    weft_seal *s = *seal;
    *seal = NULL;
    if (s == NULL) return;
    if (s->library != NULL) dlclose(s->library);
    explicit_bzero(s, sizeof(*s));
    weft_mem_free(s);
}
