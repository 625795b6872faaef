/* engine/expr/collator_private.h - what collator.c and collation_search.c share; nobody else includes it. */
#ifndef WEFT_EXPR_COLLATOR_PRIVATE_H
#define WEFT_EXPR_COLLATOR_PRIVATE_H

#include "engine/expr/collator.h"
#include "engine/expr/icu.h"
#include "engine/expr/utf8.h"

enum {
    WEFT_COLLATOR_GROWTH = 3,        /* bytes of one in small letters: a malformed one becomes U+FFFD */
    WEFT_COLLATOR_TEXT_MAX = 1 << 28 /* bytes: ICU counts in 32 bits, and a key has some bytes a character */
};

struct weft_collator {
    uint16_t collation;
    weft_icu icu;
    UCollator *rules;  /* of a locale */
    UChar *wide;       /* the text, in room of its own */
    char *key, *other; /* of the text, and of the one that it is compared with */
};

/* The first character of a text as it is compared, UTF8_LCASE in its small letter: its bytes into `to`, their
 * number is returned; *taken gets how many it had. */
uint32_t weft_collator_small(const weft_collator *c, const char *text, size_t len, char *to, uint32_t *taken);
/* Room for so many bytes; contents may be lost. */
WEFT_MUST_CHECK weft_status weft_collator_reserve(weft_ctx *ctx, void **block, size_t bytes);

#endif
