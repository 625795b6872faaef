/* engine/expr/fn_cipher.c - aes_encrypt, aes_decrypt, try_aes_decrypt and hmac, by OpenSSL.
 *
 * What aes_encrypt gives is the initialisation vector (CBC: 16 bytes, GCM: 12), the text, and of GCM a tag of
 * 16 bytes. */
#include <strings.h>

#include "common/mem.h"
#include "engine/expr/crypto.h"
#include "engine/expr/fn_entry.h"

enum { AES_BLOCK = 16, AES_TAG = 16, AES_KEY_LEAST = 16, AES_INPUT_MOST = INT32_MAX - 64 };

typedef enum aes_mode { AES_ECB, AES_CBC, AES_GCM } aes_mode;

typedef struct cipher_state {
    weft_crypto crypto;
    weft_cipher_ctx *ctx;
} cipher_state;

static void cipher_close(void *state)
{
    cipher_state *s = state;
    if (s == NULL) return;
    if (s->ctx != NULL) s->crypto.cipher_free(s->ctx);
    weft_crypto_close(&s->crypto);
    weft_mem_free(s);
}

static weft_status cipher_open(weft_ctx *ctx, const weft_expr *call, void **state)
{
    weft_status st = WEFT_OK;
    cipher_state *s = NULL;
    WEFT_TRY(st, weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, sizeof *s, (void **)&s));
    WEFT_TRY(st, weft_crypto_open(ctx, call, &s->crypto));
    s->ctx = s->crypto.cipher_new();
    if (s->ctx == NULL) WEFT_TRY(st, weft_fail_at(ctx, WEFT_NOMEM, &call->span, "OpenSSL has no memory"));
    *state = s;
    s = NULL;
done:
    cipher_close(s);
    return st;
}

/* ---- AES ---- */

typedef struct aes_job {
    const char *name; /* of the function */
    const weft_span *span;
    aes_mode mode;
    const weft_cipher *cipher;
    const unsigned char *key;
    weft_str input, iv, aad;
} aes_job;

static bool is_word(const weft_str *text, const char *word)
{
    return strlen(word) == text->len && strncasecmp(word, weft_str_data(text), text->len) == 0;
}

static weft_status aes_find_mode(weft_ctx *ctx, aes_job *job, const weft_str *mode, const weft_str *padding)
{
    const bool otherwise = is_word(padding, "DEFAULT");
    const bool pkcs = otherwise || is_word(padding, "PKCS"), none = otherwise || is_word(padding, "NONE");
    if (is_word(mode, "GCM") && none) {
        job->mode = AES_GCM;
    } else if (is_word(mode, "ECB") && pkcs) {
        job->mode = AES_ECB;
    } else if (is_word(mode, "CBC") && pkcs) {
        job->mode = AES_CBC;
    } else {
        return weft_fail_at(
            ctx, WEFT_AES_MODE, job->span,
            "The feature is not supported: AES-%.*s with the padding %.*s by the %s function.",
            (int)weft_min_i64(mode->len, 32), weft_str_data(mode), (int)weft_min_i64(padding->len, 32),
            weft_str_data(padding), job->name);
    }
    return WEFT_OK;
}

static weft_status aes_find_cipher(weft_ctx *ctx, const weft_crypto *crypto, aes_job *job,
                                   const weft_str *key)
{
    static const char *const ciphers[][3] = {{"EVP_aes_128_ecb", "EVP_aes_128_cbc", "EVP_aes_128_gcm"},
                                             {"EVP_aes_192_ecb", "EVP_aes_192_cbc", "EVP_aes_192_gcm"},
                                             {"EVP_aes_256_ecb", "EVP_aes_256_cbc", "EVP_aes_256_gcm"}};
    if (key->len != 16 && key->len != 24 && key->len != 32) {
        return weft_fail_at(ctx, WEFT_AES_KEY_LENGTH, job->span,
                            "The value of parameter(s) `key` in `%s` is invalid: expects a binary value with "
                            "16, 24 or 32 bytes, but got %u bytes.",
                            job->name, key->len);
    }
    job->key = (const unsigned char *)weft_str_data(key);
    job->cipher = weft_crypto_cipher(crypto, ciphers[(key->len - AES_KEY_LEAST) / 8][job->mode]);
    if (job->cipher != NULL) return WEFT_OK;
    return weft_fail_at(ctx, WEFT_UNSUPPORTED, job->span, "OpenSSL has no such cipher for %s", job->name);
}

static uint32_t iv_bytes(aes_mode mode) { return mode == AES_GCM ? 12 : mode == AES_CBC ? AES_BLOCK : 0; }

static weft_status aes_failed(weft_ctx *ctx, const aes_job *job, const char *why)
{
    return weft_fail_at(ctx, WEFT_AES_CRYPTO, job->span,
                        "The value of parameter(s) `expr`, `key` in `%s` is invalid: detail message: %s",
                        job->name, why);
}

/* The arguments of row i: expr, key, mode, padding, iv (of aes_encrypt), aad. */
static weft_status aes_read(weft_ctx *ctx, const weft_kernel_call *call, int32_t i, bool encrypt,
                            aes_job *job)
{
    weft_status st = WEFT_OK;
    const cipher_state *s = call->state;
    const int32_t count = call->arg_count, aad_at = encrypt ? 5 : 4;
    weft_str mode = weft_str_view("GCM", 3), padding = weft_str_view("DEFAULT", 7);
    *job = (aes_job){.name = call->expr->call.function->name, .span = &call->expr->span};
    if (count > 2) mode = *weft_arg_str(&call->args[2], i);
    if (count > 3) padding = *weft_arg_str(&call->args[3], i);
    if (encrypt && count > 4) job->iv = *weft_arg_str(&call->args[4], i);
    if (count > aad_at) job->aad = *weft_arg_str(&call->args[aad_at], i);
    job->input = *weft_arg_str(&call->args[0], i);
    WEFT_TRY(st, aes_find_mode(ctx, job, &mode, &padding));
    WEFT_TRY(st, aes_find_cipher(ctx, &s->crypto, job, weft_arg_str(&call->args[1], i)));
    if (job->iv.len > 0 && job->mode == AES_ECB) {
        st = weft_fail_at(ctx, WEFT_AES_MODE_IV, job->span,
                          "The feature is not supported: `%s` with AES-ECB does not support initialization "
                          "vectors (IVs).",
                          job->name);
    } else if (job->iv.len > 0 && job->iv.len != iv_bytes(job->mode)) {
        st = weft_fail_at(ctx, WEFT_AES_IV_LENGTH, job->span,
                          "The value of parameter(s) `iv` in `%s` is invalid: supports 16-byte CBC IVs and "
                          "12-byte GCM IVs, but got %u bytes.",
                          job->name, job->iv.len);
    } else if (job->aad.len > 0 && job->mode != AES_GCM) {
        st = weft_fail_at(ctx, WEFT_AES_MODE_AAD, job->span,
                          "The feature is not supported: `%s` with AES-%s does not support additional "
                          "authenticate data (AAD).",
                          job->name, job->mode == AES_ECB ? "ECB" : "CBC");
    } else if (job->input.len > AES_INPUT_MOST) {
        st = weft_fail_at(ctx, WEFT_LIMIT, job->span, "a text of %u bytes for %s", job->input.len, job->name);
    }
done:
    return st;
}

/* Run the cipher over len bytes; *done: how many came out. False: OpenSSL refuses. */
static bool aes_run(const cipher_state *s, const aes_job *job, bool encrypt, const unsigned char *iv,
                    const unsigned char *in, int len, unsigned char *tag, unsigned char *out, int *done)
{
    const weft_crypto *c = &s->crypto;
    int more = 0, ignored = 0;
    *done = 0;
    if (c->cipher_init(s->ctx, job->cipher, NULL, job->key, iv, encrypt) != 1) return false;
    if (job->aad.len > 0 &&
        c->cipher_update(s->ctx, NULL, &ignored, (const unsigned char *)weft_str_data(&job->aad),
                         (int)job->aad.len) != 1)
        return false;
    if (len > 0 && c->cipher_update(s->ctx, out, done, in, len) != 1) return false;
    if (job->mode == AES_GCM && !encrypt && c->cipher_control(s->ctx, WEFT_CIPHER_SET_TAG, AES_TAG, tag) != 1)
        return false;
    if (c->cipher_final(s->ctx, out + *done, &more) != 1) return false;
    *done += more;
    return job->mode != AES_GCM || !encrypt ||
           c->cipher_control(s->ctx, WEFT_CIPHER_GET_TAG, AES_TAG, tag) == 1;
}

static weft_status aes_encrypt_row(weft_ctx *ctx, weft_kernel_call *call, int32_t i)
{
    weft_status st = WEFT_OK;
    const cipher_state *s = call->state;
    aes_job job;
    char *to = NULL;
    int len = 0;
    WEFT_TRY(st, aes_read(ctx, call, i, true, &job));
    const uint32_t before = iv_bytes(job.mode);
    WEFT_TRY(st, weft_text_room(ctx, call, (size_t)job.input.len + before + 2 * AES_BLOCK, &to));
    unsigned char *out = (unsigned char *)to;
    if (job.iv.len > 0)
        memcpy(out, weft_str_data(&job.iv), before);
    else if (before > 0 && s->crypto.random(out, (int)before) != 1)
        WEFT_TRY(st, aes_failed(ctx, &job, "no random bytes"));
    unsigned char tag[AES_TAG];
    if (!aes_run(s, &job, true, out, (const unsigned char *)weft_str_data(&job.input), (int)job.input.len,
                 tag, out + before, &len))
        WEFT_TRY(st, aes_failed(ctx, &job, "OpenSSL refuses"));
    uint32_t total = before + (uint32_t)len;
    if (job.mode == AES_GCM) {
        memcpy(out + total, tag, AES_TAG);
        total += AES_TAG;
    }
    *weft_call_text(call, i) = weft_str_view(to, total);
done:
    return st;
}

static weft_status aes_decrypt_row(weft_ctx *ctx, weft_kernel_call *call, int32_t i)
{
    weft_status st = WEFT_OK;
    aes_job job;
    char *to = NULL;
    int len = 0;
    unsigned char tag[AES_TAG] = {0};
    WEFT_TRY(st, aes_read(ctx, call, i, false, &job));
    const uint32_t before = iv_bytes(job.mode), behind = job.mode == AES_GCM ? AES_TAG : 0;
    const unsigned char *in = (const unsigned char *)weft_str_data(&job.input);
    if (job.input.len < before + behind) WEFT_TRY(st, aes_failed(ctx, &job, "the input is too short"));
    const uint32_t text = job.input.len - before - behind;
    memcpy(tag, in + before + text, behind);
    WEFT_TRY(st, weft_text_room(ctx, call, (size_t)text + AES_BLOCK, &to));
    if (!aes_run(call->state, &job, false, in, in + before, (int)text, tag, (unsigned char *)to, &len))
        WEFT_TRY(st, aes_failed(ctx, &job, "the key, the text or its authentication is wrong"));
    *weft_call_text(call, i) = weft_str_view(to, (uint32_t)len);
done:
    return st;
}

static weft_status kernel_encrypt(weft_ctx *ctx, weft_kernel_call *call)
{
    weft_status st = WEFT_OK;
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        if (weft_call_valid(call, i)) WEFT_TRY(st, aes_encrypt_row(ctx, call, i));
    }
done:
    return st;
}

static weft_status kernel_decrypt(weft_ctx *ctx, weft_kernel_call *call)
{
    weft_status st = WEFT_OK;
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        if (!weft_call_valid(call, i)) continue;
        st = aes_decrypt_row(ctx, call, i);
        if (st != WEFT_OK && st != WEFT_NOMEM && !weft_raise_tried(call->expr)) goto done;
        if (st == WEFT_NOMEM) goto done;
        if (st != WEFT_OK) {
            weft_error_clear(ctx);
            weft_vector_set_null(call->out, i);
            st = WEFT_OK;
        }
    }
done:
    return st;
}

/* ---- hmac ---- */

static const weft_digest *hmac_digest(const weft_crypto *crypto, const weft_str *algorithm)
{
    static const char *const digests[][2] = {{"SHA-224", "EVP_sha224"}, {"SHA-256", "EVP_sha256"},
                                             {"SHA-384", "EVP_sha384"}, {"SHA-512", "EVP_sha512"},
                                             {"SHA-1", "EVP_sha1"},     {"MD5", "EVP_md5"}};
    for (int32_t k = 0; k < WEFT_COUNT(digests); k++)
        if (is_word(algorithm, digests[k][0])) return weft_crypto_digest(crypto, digests[k][1]);
    return NULL;
}

static weft_status hmac_row(weft_ctx *ctx, weft_kernel_call *call, int32_t i)
{
    weft_status st = WEFT_OK;
    const cipher_state *s = call->state;
    const weft_str *key = weft_arg_str(&call->args[0], i), *message = weft_arg_str(&call->args[1], i);
    weft_str algorithm = weft_str_view("SHA-256", 7);
    unsigned char md[WEFT_DIGEST_BYTES_MAX];
    unsigned int size = 0;
    if (call->arg_count > 2) algorithm = *weft_arg_str(&call->args[2], i);
    const weft_digest *digest = hmac_digest(&s->crypto, &algorithm);
    if (digest == NULL) {
        return weft_fail_at(ctx, WEFT_HMAC_ALGORITHM, &call->expr->span,
                            "The value of parameter(s) `algorithm` in `hmac` is invalid: expects one of the "
                            "algorithms 'SHA-224', 'SHA-256', 'SHA-384', 'SHA-512', 'SHA-1', 'MD5', but got "
                            "%.*s.",
                            (int)weft_min_i64(algorithm.len, 64), weft_str_data(&algorithm));
    }
    if (key->len == 0)
        return weft_fail_at(ctx, WEFT_HMAC_CRYPTO, &call->expr->span,
                            "The value of parameter(s) `key` in `hmac` is invalid: it is empty.");
    if (s->crypto.hmac(digest, weft_str_data(key), (int)key->len,
                       (const unsigned char *)weft_str_data(message), message->len, md, &size) == NULL) {
        return weft_fail_at(ctx, WEFT_UNSUPPORTED, &call->expr->span, "OpenSSL refuses to compute hmac");
    }
    WEFT_TRY(st, weft_vector_set_string(ctx, call->out, i, (const char *)md, size));
done:
    return st;
}

static weft_status kernel_hmac(weft_ctx *ctx, weft_kernel_call *call)
{
    weft_status st = WEFT_OK;
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        if (weft_call_valid(call, i)) WEFT_TRY(st, hmac_row(ctx, call, i));
    }
done:
    return st;
}

/* ---- registry ---- */

/* Texts are taken by their bytes. */
static weft_status cipher_bind(weft_ctx *ctx, const weft_function *fn, const weft_expr **args, int32_t count,
                               const weft_span *span, int32_t *variant, weft_type *type)
{
    weft_status st = WEFT_OK;
    const weft_signature *form = &fn->signatures[0];
    for (int32_t i = 0; i < count && i < form->max_args; i++) {
        if (form->args[i] != WEFT_TYPE_BINARY || args[i]->type.id != WEFT_TYPE_STRING) continue;
        WEFT_TRY(st, weft_expr_cast(ctx, args[i], WEFT_TYPE_OF(WEFT_TYPE_BINARY), true, &args[i]));
    }
    WEFT_TRY(st, weft_bind_default(ctx, fn, args, count, span, variant, type));
done:
    return st;
}

#define B WEFT_TYPE_BINARY
#define S WEFT_TYPE_STRING
#define CIPHER(symbol, bits, usage, sql, want)                                                               \
    const weft_function weft_fn_##symbol = {.name = #symbol,                                                 \
                                            .flags = bits,                                                   \
                                            .signatures = symbol##_signatures,                               \
                                            .signature_count = WEFT_COUNT(symbol##_signatures),              \
                                            .bind = cipher_bind,                                             \
                                            .open = cipher_open,                                             \
                                            .close = cipher_close,                                           \
                                            .help = usage,                                                   \
                                            .example = sql,                                                  \
                                            .example_result = want}
WEFT_FN_FORM(aes_encrypt, 2, 6, B, kernel_encrypt, B, B, S, S, B, B);
CIPHER(aes_encrypt, WEFT_FN_FALLIBLE | WEFT_FN_NONDETERMINISTIC | WEFT_FN_BY_ATTEMPT,
       "aes_encrypt(expr, key [, mode [, padding [, iv [, aad]]]]): encrypted by AES, mode GCM, CBC or ECB; "
       "without "
       "iv a random one",
       "SELECT base64(aes_encrypt('Spark SQL', '1234567890abcdef', 'ECB', 'PKCS'))",
       "3lmwu+Mw0H3fi5NDvcu9lg==");
WEFT_FN_FORM(aes_decrypt, 2, 5, B, kernel_decrypt, B, B, S, S, B);
CIPHER(aes_decrypt, WEFT_FN_FALLIBLE,
       "aes_decrypt(expr, key [, mode [, padding [, aad]]]): what aes_encrypt made, decrypted",
       "SELECT aes_decrypt(unbase64('3lmwu+Mw0H3fi5NDvcu9lg=='), '1234567890abcdef', 'ECB', 'PKCS')",
       "Spark SQL");
WEFT_FN_FORM(try_aes_decrypt, 2, 5, B, kernel_decrypt, B, B, S, S, B);
CIPHER(try_aes_decrypt, WEFT_FN_FALLIBLE | WEFT_FN_TRY | WEFT_FN_GIVES_NULL,
       "try_aes_decrypt(expr, key [, mode [, padding [, aad]]]): as aes_decrypt, but NULL where that fails",
       "SELECT try_aes_decrypt(X'00', '0000111122223333')", "NULL");
WEFT_FN_FORM(hmac, 2, 3, B, kernel_hmac, B, B, S);
CIPHER(hmac, WEFT_FN_FALLIBLE,
       "hmac(key, message [, algorithm]): the keyed hash of a message, by SHA-256 or another",
       "SELECT hex(hmac('key', 'message'))",
       "6E9EF29B75FFFC5B7ABAE527D58FDADB2FE42E7219011976917343065F58ED4A");
