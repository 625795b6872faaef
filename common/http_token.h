/* common/http_token.h - the token that opens the HTTP interface, from its file. */
#ifndef WEFT_COMMON_HTTP_TOKEN_H
#define WEFT_COMMON_HTTP_TOKEN_H

#include "common/ctx.h"

enum { WEFT_HTTP_TOKEN_BYTES = 513 };

/* The file is for its owner's eyes only (0600) and has one line of 16 to 512 visible characters. Errors:
 * WEFT_NOT_FOUND, WEFT_IO, WEFT_INVALID; no message holds the token. */
WEFT_MUST_CHECK weft_status weft_http_token_read(weft_ctx *ctx, const char *path,
                                                 char out[WEFT_HTTP_TOKEN_BYTES]);
/* Is it the same? Takes the same time for every text of a length, whatever the token is. */
bool weft_http_token_is(const char *token, const char *text);

#endif
