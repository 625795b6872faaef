/* tests/fuzz/fuzz_http.c - heads of HTTP requests: what is whole is whole at that byte and no earlier, holds
 * no control characters, and says the same when it is written out again. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/http_parse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_text(const char *text, size_t room)
{
    if (memchr(text, 0, room) == NULL) abort();
    for (; *text != 0; text++)
        if ((unsigned char)*text < 0x20 && *text != '\t') abort();
}

/* The path in escapes throughout. */
static void check_again(const weft_http_request *request)
{
    static char text[8192];
    weft_http_request again;
    const char *why = NULL;
    size_t len = (size_t)snprintf(text, sizeof(text), "GET /");
    for (const char *c = request->path + 1; *c != 0; c++)
        len += (size_t)snprintf(text + len, sizeof(text) - len, "%%%02X", (unsigned char)*c);
    len += (size_t)snprintf(text + len, sizeof(text) - len, "?%s HTTP/1.1\r\nHost: %s\r\n\r\n",
                            request->query, request->host);
    const int32_t code = weft_http_parse(text, len, &again, &why);
    if (code == -431 && strlen(request->path) > 300) return; /* three times as long */
    if (code != (int32_t)len || strcmp(again.path, request->path) != 0 ||
        strcmp(again.query, request->query) != 0 || strcmp(again.host, request->host) != 0)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    weft_http_request request, shorter;
    const char *why = NULL;
    char value[64];
    const int32_t code = weft_http_parse((const char *)data, size, &request, &why);
    if (code < 0) {
        if (why == NULL || code > -400 || code < -505) abort();
        return 0;
    }
    if (code == 0) return 0;
    if ((size_t)code > size || request.path[0] != '/' || request.body_bytes < 0 ||
        request.body_bytes > WEFT_HTTP_BODY_BYTES_MOST)
        abort();
    check_text(request.path, sizeof(request.path));
    check_text(request.query, sizeof(request.query));
    check_text(request.host, sizeof(request.host));
    check_text(request.origin, sizeof(request.origin));
    check_text(request.authorization, sizeof(request.authorization));
    if (weft_http_query(&request, "limit", value, sizeof(value))) check_text(value, sizeof(value));
    if (weft_http_parse((const char *)data, (size_t)code - 1, &shorter, &why) != 0) abort();
    if (weft_http_parse((const char *)data, (size_t)code, &shorter, &why) != code) abort();
    check_again(&request);
    return 0;
}
