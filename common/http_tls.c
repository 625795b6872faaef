/* common/http_tls.c - see http_tls.h. The functions of libssl and libcrypto that are called are listed once
 * in SSL_CALLS and CRYPTO_CALLS: name by name they are looked up in the opened libraries. */
#include "common/http_tls.h"

#include <dlfcn.h>
#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <string.h>
#include <sys/stat.h>

#include "common/mem.h"
#include "common/secret_mode.h"

#define SSL_CALLS(X)                                                                                         \
    X(TLS_server_method)                                                                                     \
    X(SSL_CTX_new)                                                                                           \
    X(SSL_CTX_free)                                                                                          \
    X(SSL_CTX_ctrl)                                                                                          \
    X(SSL_CTX_set_default_passwd_cb)                                                                         \
    X(SSL_CTX_use_certificate_chain_file)                                                                    \
    X(SSL_CTX_use_PrivateKey_file)                                                                           \
    X(SSL_CTX_check_private_key)                                                                             \
    X(SSL_new)                                                                                               \
    X(SSL_free)                                                                                              \
    X(SSL_set_fd)                                                                                            \
    X(SSL_set_accept_state)                                                                                  \
    X(SSL_read_ex)                                                                                           \
    X(SSL_write_ex)                                                                                          \
    X(SSL_get_error)                                                                                         \
    X(SSL_shutdown)
#define CRYPTO_CALLS(X)                                                                                      \
    X(ERR_get_error)                                                                                         \
    X(ERR_error_string_n)                                                                                    \
    X(ERR_clear_error)

struct weft_tls {
    void *ssl_library, *crypto_library;
#define X(name) __typeof__(name) *name;
    SSL_CALLS(X)
    CRYPTO_CALLS(X)
#undef X
    SSL_CTX *server;
};

static weft_status load_libraries(weft_ctx *ctx, weft_tls *tls)
{
    tls->crypto_library = dlopen("libcrypto.so.3", RTLD_NOW | RTLD_LOCAL);
    tls->ssl_library = tls->crypto_library == NULL ? NULL : dlopen("libssl.so.3", RTLD_NOW | RTLD_LOCAL);
    if (tls->ssl_library == NULL)
        return weft_fail(ctx, WEFT_UNSUPPORTED, "TLS needs libssl of OpenSSL 3: %s", dlerror());
#define LOOK_UP(library, name)                                                                               \
    tls->name = (__typeof__(tls->name))dlsym(library, #name);                                                \
    if (tls->name == NULL) return weft_fail(ctx, WEFT_UNSUPPORTED, "OpenSSL has no %s", #name);
#define X(name) LOOK_UP(tls->ssl_library, name)
    SSL_CALLS(X)
#undef X
#define X(name) LOOK_UP(tls->crypto_library, name)
    CRYPTO_CALLS(X)
#undef X
#undef LOOK_UP
    return WEFT_OK;
}

/* What OpenSSL says of the last failure. */
static weft_status fail_ssl(weft_ctx *ctx, weft_tls *tls, const char *what, const char *path)
{
    char text[256] = "no reason given";
    const unsigned long code = tls->ERR_get_error();
    if (code != 0) tls->ERR_error_string_n(code, text, sizeof(text));
    tls->ERR_clear_error();
    return weft_fail(ctx, WEFT_INVALID, "%s is not %s: %s", path, what, text);
}

static weft_status check_file(weft_ctx *ctx, const char *path, bool is_secret)
{
    struct stat about;
    if (stat(path, &about) != 0)
        return weft_fail(ctx, errno == ENOENT ? WEFT_NOT_FOUND : WEFT_IO, "%s: %s", path, strerror(errno));
    if (!is_secret || weft_secret_file_is_private(&about)) return WEFT_OK;
    weft_status st = weft_fail(ctx, WEFT_INVALID, "others than its owner may read %s", path);
    weft_hint(ctx, "chmod 600 %s", path);
    return st;
}

/* A key that wants a password is refused: a daemon has nobody to ask. */
static int no_password(char *text, int room, int is_writing, void *self)
{
    (void)text, (void)room, (void)is_writing, (void)self;
    return 0;
}

static weft_status load_pair(weft_ctx *ctx, weft_tls *tls, const char *certificate, const char *key)
{
    weft_status st = WEFT_OK;
    WEFT_TRY(st, check_file(ctx, certificate, false));
    WEFT_TRY(st, check_file(ctx, key, true));
    tls->server = tls->SSL_CTX_new(tls->TLS_server_method());
    if (tls->server == NULL) return weft_fail(ctx, WEFT_NOMEM, "OpenSSL could not begin");
    tls->SSL_CTX_ctrl(tls->server, SSL_CTRL_SET_MIN_PROTO_VERSION, TLS1_2_VERSION, NULL);
    tls->SSL_CTX_ctrl(tls->server, SSL_CTRL_SET_SESS_CACHE_MODE, SSL_SESS_CACHE_OFF, NULL);
    tls->SSL_CTX_ctrl(
        tls->server, SSL_CTRL_MODE,
        SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS, NULL);
    tls->SSL_CTX_set_default_passwd_cb(tls->server, no_password);
    if (tls->SSL_CTX_use_certificate_chain_file(tls->server, certificate) != 1)
        return fail_ssl(ctx, tls, "a certificate in PEM", certificate);
    if (tls->SSL_CTX_use_PrivateKey_file(tls->server, key, SSL_FILETYPE_PEM) != 1 ||
        tls->SSL_CTX_check_private_key(tls->server) != 1)
        return fail_ssl(ctx, tls, "the key of the certificate", key);
done:
    return st;
}

weft_status weft_tls_open(weft_ctx *ctx, const char *certificate, const char *key, weft_tls **out)
{
    weft_status st = WEFT_OK;
    weft_tls *tls = NULL;
    *out = NULL;
    WEFT_TRY(st, weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, sizeof(*tls), (void **)&tls));
    WEFT_TRY(st, load_libraries(ctx, tls));
    WEFT_TRY(st, load_pair(ctx, tls, certificate, key));
    *out = tls;
    tls = NULL;
done:
    weft_tls_close(&tls);
    return st;
}

weft_tls_session *weft_tls_accept(weft_tls *tls, int fd)
{
    SSL *ssl = tls->SSL_new(tls->server);
    if (ssl == NULL) return NULL;
    if (tls->SSL_set_fd(ssl, fd) != 1) {
        tls->SSL_free(ssl);
        return NULL;
    }
    tls->SSL_set_accept_state(ssl);
    return (weft_tls_session *)ssl;
}

static weft_tls_result outcome(weft_tls *tls, SSL *ssl, int got)
{
    if (got == 1) return WEFT_TLS_DONE;
    const int error = tls->SSL_get_error(ssl, got);
    tls->ERR_clear_error();
    if (error == SSL_ERROR_WANT_READ) return WEFT_TLS_READ;
    if (error == SSL_ERROR_WANT_WRITE) return WEFT_TLS_WRITE;
    return WEFT_TLS_END;
}

weft_tls_result weft_tls_read(weft_tls *tls, weft_tls_session *s, void *bytes, size_t room, size_t *len)
{
    *len = 0;
    return outcome(tls, (SSL *)s, tls->SSL_read_ex((SSL *)s, bytes, room, len));
}

weft_tls_result weft_tls_write(weft_tls *tls, weft_tls_session *s, const void *bytes, size_t count,
                               size_t *len)
{
    *len = 0;
    return outcome(tls, (SSL *)s, tls->SSL_write_ex((SSL *)s, bytes, count, len));
}

void weft_tls_end(weft_tls *tls, weft_tls_session *s)
{
    tls->SSL_shutdown((SSL *)s); /* one way: whether the far end answers does not matter */
    tls->ERR_clear_error();
}

void weft_tls_free(weft_tls *tls, weft_tls_session *s)
{
    if (s != NULL) tls->SSL_free((SSL *)s);
}

void weft_tls_close(weft_tls **slot)
{
    weft_tls *tls = *slot;
    if (tls == NULL) return;
    if (tls->server != NULL) tls->SSL_CTX_free(tls->server);
    /* The libraries stay: OpenSSL leaves handlers for the end of threads behind. */
    weft_mem_free(tls);
    *slot = NULL;
}
