/* engine/expr/fn_digest.c - checksums and hashes: MD5, SHA-1, SHA-2 by OpenSSL, CRC-32 by zlib, and Spark's
 * hash() and xxhash64() (spark_hash.h), both with seed 42.
 *
 * libcrypto costs milliseconds to load and few queries need it: the first digest of a lane opens it. */
#include <zlib.h>

#include "common/mem.h"
#include "engine/expr/crypto.h"
#include "engine/expr/fn_entry.h"
#include "engine/expr/spark_hash.h"

/* ---- message digests ---- */

typedef struct digest_state {
    weft_crypto crypto;
    const weft_digest *md5, *sha1, *sha224, *sha256, *sha384, *sha512;
} digest_state;

static void digest_close(void *state)
{
    digest_state *s = state;
    weft_crypto_close(&s->crypto);
    weft_mem_free(s);
}

static weft_status digest_open(weft_ctx *ctx, const weft_expr *call, void **state)
{
    weft_status st = WEFT_OK;
    digest_state *s = NULL;
    WEFT_TRY(st, weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, sizeof *s, (void **)&s));
    WEFT_TRY(st, weft_crypto_open(ctx, call, &s->crypto));
    s->md5 = weft_crypto_digest(&s->crypto, "EVP_md5");
    s->sha1 = weft_crypto_digest(&s->crypto, "EVP_sha1");
    s->sha224 = weft_crypto_digest(&s->crypto, "EVP_sha224");
    s->sha256 = weft_crypto_digest(&s->crypto, "EVP_sha256");
    s->sha384 = weft_crypto_digest(&s->crypto, "EVP_sha384");
    s->sha512 = weft_crypto_digest(&s->crypto, "EVP_sha512");
    *state = s;
    s = NULL;
done:
    if (s != NULL) digest_close(s);
    return st;
}

static weft_status digest_put(weft_ctx *ctx, weft_kernel_call *call, const weft_digest *type, int32_t i)
{
    weft_status st = WEFT_OK;
    const digest_state *state = call->state;
    const weft_str *s = weft_arg_str(&call->args[0], i);
    unsigned char md[WEFT_DIGEST_BYTES_MAX];
    unsigned int size = 0;
    char *to;
    if (type == NULL || state->crypto.digest(weft_str_data(s), s->len, md, &size, type, NULL) != 1) {
        return weft_fail_at(ctx, WEFT_UNSUPPORTED, &call->expr->span, "OpenSSL refuses this digest of %s",
                            call->expr->call.function->name);
    }
    WEFT_TRY(st, weft_text_room(ctx, call, 2 * (size_t)size, &to));
    for (unsigned int b = 0; b < size; b++) {
        to[2 * b] = "0123456789abcdef"[md[b] >> 4];
        to[2 * b + 1] = "0123456789abcdef"[md[b] & 15];
    }
    *weft_call_text(call, i) = weft_str_view(to, 2 * size);
done:
    return st;
}

static weft_status digest_rows(weft_ctx *ctx, weft_kernel_call *call, const weft_digest *type)
{
    weft_status st = WEFT_OK;
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        if (weft_call_valid(call, i)) WEFT_TRY(st, digest_put(ctx, call, type, i));
    }
done:
    return st;
}
static weft_status kernel_md5(weft_ctx *ctx, weft_kernel_call *call)
{
    return digest_rows(ctx, call, ((const digest_state *)call->state)->md5);
}
static weft_status kernel_sha1(weft_ctx *ctx, weft_kernel_call *call)
{
    return digest_rows(ctx, call, ((const digest_state *)call->state)->sha1);
}

static weft_status kernel_sha2(weft_ctx *ctx, weft_kernel_call *call)
{
    weft_status st = WEFT_OK;
    const digest_state *s = call->state;
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        if (!weft_call_valid(call, i)) continue;
        const int64_t bits = weft_arg_i64(&call->args[1], i);
        const weft_digest *type = bits == 224                ? s->sha224
                                  : bits == 256 || bits == 0 ? s->sha256
                                  : bits == 384              ? s->sha384
                                                             : s->sha512;
        if (bits != 0 && bits != 224 && bits != 256 && bits != 384 && bits != 512)
            weft_vector_set_null(call->out, i);
        else
            WEFT_TRY(st, digest_put(ctx, call, type, i));
    }
done:
    return st;
}

static weft_status kernel_crc32(weft_ctx *ctx, weft_kernel_call *call)
{
    (void)ctx;
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        if (!weft_call_valid(call, i)) continue;
        const weft_str *s = weft_arg_str(&call->args[0], i);
        ((int64_t *)call->out->values)[i] = (int64_t)crc32(0, (const Bytef *)weft_str_data(s), s->len);
    }
    return WEFT_OK;
}

/* ---- Spark's hashes ---- */

static weft_status kernel_hash(weft_ctx *ctx, weft_kernel_call *call)
{
    (void)ctx;
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        uint64_t hash = 42;
        for (int32_t a = 0; a < call->arg_count; a++) hash = weft_spark_murmur(&call->args[a], i, hash);
        ((int32_t *)call->out->values)[i] = (int32_t)hash;
    }
    return WEFT_OK;
}

static weft_status kernel_xxhash64(weft_ctx *ctx, weft_kernel_call *call)
{
    (void)ctx;
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        uint64_t hash = 42;
        for (int32_t a = 0; a < call->arg_count; a++) hash = weft_spark_xxhash(&call->args[a], i, hash);
        ((int64_t *)call->out->values)[i] = (int64_t)hash;
    }
    return WEFT_OK;
}

/* Arguments of any type but maps. */
static weft_status digest_bind(weft_ctx *ctx, const weft_function *fn, const weft_expr **args, int32_t count,
                               const weft_span *span, int32_t *variant, weft_type *type)
{
    for (int32_t i = 0; i < count; i++) {
        if (weft_type_holds(args[i]->type, WEFT_TYPE_VARIANT))
            return weft_fail_at(ctx, WEFT_HASH_VARIANT, span,
                                "Input to the function `%s` cannot contain elements of the \"VARIANT\" type "
                                "yet.",
                                fn->name);
        if (!weft_type_is_groupable(args[i]->type))
            return weft_fail_at(
                ctx, WEFT_HASH_MAP, span,
                "Input to the function `%s` cannot contain elements of the \"MAP\" type: equal "
                "maps may have different hashes.",
                fn->name);
    }
    return weft_bind_default(ctx, fn, args, count, span, variant, type);
}

#define S WEFT_TYPE_STRING
#define B WEFT_TYPE_BINARY
#define DIGEST(symbol, text, others, bits, binder_open, usage, sql, want)                                    \
    const weft_function weft_fn_##symbol = {.name = text,                                                    \
                                            .aliases = others,                                               \
                                            .flags = bits,                                                   \
                                            .signatures = symbol##_signatures,                               \
                                            .signature_count = WEFT_COUNT(symbol##_signatures),              \
                                            .open = binder_open,                                             \
                                            .close = digest_close,                                           \
                                            .help = usage,                                                   \
                                            .example = sql,                                                  \
                                            .example_result = want}
static const weft_signature md5_signatures[] = {{{B}, 1, 1, S, kernel_md5}, {{S}, 1, 1, S, kernel_md5}};
static const weft_signature sha1_signatures[] = {{{B}, 1, 1, S, kernel_sha1}, {{S}, 1, 1, S, kernel_sha1}};
static const weft_signature sha2_signatures[] = {{{B, WEFT_TYPE_INT}, 2, 2, S, kernel_sha2},
                                                 {{S, WEFT_TYPE_INT}, 2, 2, S, kernel_sha2}};
static const weft_signature crc32_signatures[] = {{{B}, 1, 1, WEFT_TYPE_BIGINT, kernel_crc32},
                                                  {{S}, 1, 1, WEFT_TYPE_BIGINT, kernel_crc32}};
DIGEST(md5, "md5", NULL, 0, digest_open, "md5(b): the MD5 digest in hexadecimal digits",
       "SELECT md5('Spark')", "8cde774d6f7333752ed72cacddb05126");
DIGEST(sha1, "sha1", "sha", 0, digest_open, "sha1(b): the SHA-1 digest in hexadecimal digits",
       "SELECT sha1('Spark')", "85f5955f4b27a9a4c2aab6ffe5d7189fc298b92c");
DIGEST(sha2, "sha2", NULL, WEFT_FN_GIVES_NULL, digest_open,
       "sha2(b, bits): the SHA-2 digest of 224, 256, 384 or 512 bits; 0 is 256", "SELECT sha2('Spark', 256)",
       "529bc3b07127ecb7e53a4dcf1991d9152c24537d919178022b2c42657f79a26b");
WEFT_FN_ENTRY(crc32, "crc32", NULL, 0, NULL, "crc32(b): the CRC-32 checksum", "SELECT crc32('Spark')",
              "1557323817");
WEFT_FN_FORM(hash, 1, -1, WEFT_TYPE_INT, kernel_hash, WEFT_TYPE_COUNT);
WEFT_FN_ENTRY(hash, "hash", NULL, WEFT_FN_NULL_OWN | WEFT_FN_NEVER_NULL, digest_bind,
              "hash(a, b, ...): Spark's 32-bit hash of the values", "SELECT hash('Spark', 123)",
              "2013519484");
WEFT_FN_FORM(xxhash64, 1, -1, WEFT_TYPE_BIGINT, kernel_xxhash64, WEFT_TYPE_COUNT);
WEFT_FN_ENTRY(xxhash64, "xxhash64", NULL, WEFT_FN_NULL_OWN | WEFT_FN_NEVER_NULL, digest_bind,
              "xxhash64(a, b, ...): the 64-bit xxHash of the values", "SELECT xxhash64('Spark', 123, 2L)",
              "5111155446588258968");
