/* common/status.c - the tables behind weft_status, all made from status_list.h. */
#include "common/status.h"

#include <string.h>

typedef struct status_row {
    const char *text;
    const char *sqlstate;
    weft_status_class cls;
} status_row;

static const status_row status_table[WEFT_STATUS_COUNT] = {
#define X(symbol, text, sqlstate, cls) [WEFT_##symbol] = {text, sqlstate, WEFT_CLASS_##cls},
#include "common/status_list.h"
#undef X
};

/* A code that came over the wire from a newer process may be unknown here: it reads as an internal error. */
static const status_row *status_find_row(weft_status code)
{
    const uint32_t i = (uint32_t)code;
    return &status_table[i < WEFT_STATUS_COUNT ? i : WEFT_INTERNAL];
}

const char *weft_status_text(weft_status code) { return status_find_row(code)->text; }

const char *weft_status_sqlstate(weft_status code) { return status_find_row(code)->sqlstate; }

weft_status_class weft_status_classify(weft_status code) { return status_find_row(code)->cls; }

weft_status weft_status_find(const char *text)
{
    for (int32_t i = 0; i < WEFT_STATUS_COUNT; i++) {
        if (strcmp(status_table[i].text, text) == 0) return (weft_status)i;
    }
    return WEFT_STATUS_COUNT;
}
