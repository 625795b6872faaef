/* common/http_token.c - see http_token.h. */
#include "common/http_token.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/secret_mode.h"

enum { TOKEN_BYTES_LEAST = 16 };

static weft_status check_token(weft_ctx *ctx, const char *path, const char *token, size_t len)
{
    if (len < TOKEN_BYTES_LEAST || len >= WEFT_HTTP_TOKEN_BYTES)
        return weft_fail(ctx, WEFT_INVALID, "%s: a token has %d to %d characters, not %zu", path,
                         TOKEN_BYTES_LEAST, WEFT_HTTP_TOKEN_BYTES - 1, len);
    for (size_t i = 0; i < len; i++)
        if (token[i] <= ' ' || token[i] > '~')
            return weft_fail(ctx, WEFT_INVALID, "%s: a token is one line of visible characters", path);
    return WEFT_OK;
}

weft_status weft_http_token_read(weft_ctx *ctx, const char *path, char out[WEFT_HTTP_TOKEN_BYTES])
{
    weft_status st = WEFT_OK;
    struct stat about;
    char text[WEFT_HTTP_TOKEN_BYTES + 2];
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return weft_fail(ctx, errno == ENOENT ? WEFT_NOT_FOUND : WEFT_IO, "%s: %s", path, strerror(errno));
    const ssize_t got = fstat(fd, &about) == 0 ? read(fd, text, sizeof(text)) : -1;
    const int reason = errno;
    close(fd);
    if (got < 0) return weft_fail(ctx, WEFT_IO, "%s: %s", path, strerror(reason));
    if (!weft_secret_file_is_private(&about)) {
        st = weft_fail(ctx, WEFT_INVALID, "others than its owner may read %s", path);
        weft_hint(ctx, "chmod 600 %s", path);
        return st;
    }
    size_t len = (size_t)got;
    while (len > 0 && (text[len - 1] == '\n' || text[len - 1] == '\r')) len--;
    WEFT_TRY(st, check_token(ctx, path, text, len));
    memcpy(out, text, len);
    out[len] = 0;
done:
    return st;
}

bool weft_http_token_is(const char *token, const char *text)
{
    const size_t len = strlen(token), given = strlen(text);
    volatile unsigned char differs = len != given || len == 0;
    for (size_t i = 0; i < given; i++)
        differs = (unsigned char)(differs | (text[i] ^ token[len == 0 ? 0 : i % len]));
    return differs == 0;
}
