/* proto/wire_error.c - errors as bytes: class, SQLSTATE, text, hint and place stay what they were. */
#include <stdio.h>

#include "proto/wire_control.h"

void wire_put_error(const weft_error *error, Weft__Wire__Error *m)
{
    m->class_ = wire_text(weft_status_text(error->code));
    m->sqlstate = wire_text(weft_status_sqlstate(error->code));
    m->message = wire_text(error->message);
    m->hint = wire_text(error->hint);
    m->start = error->span.start;
    m->stop = error->span.stop;
    m->line = error->span.line;
    m->column = error->span.column;
}

weft_status wire_get_class(const char *text)
{
    const weft_status status = weft_status_find(text);
    return status == WEFT_OK || status == WEFT_STATUS_COUNT ? WEFT_INTERNAL : status;
}

weft_status wire_get_error(weft_ctx *ctx, const Weft__Wire__Error *m, weft_error *out)
{
    if (m->start < 0 || m->stop < m->start || m->line < 0 || m->column < 0)
        return weft_fail(ctx, WEFT_CORRUPT, "an error at [%d, %d), line %d, column %d", m->start, m->stop,
                         m->line, m->column);
    *out = (weft_error){.code = wire_get_class(m->class_),
                        .span = {.start = m->start, .stop = m->stop, .line = m->line, .column = m->column}};
    snprintf(out->message, sizeof(out->message), "%s", m->message);
    snprintf(out->hint, sizeof(out->hint), "%s", m->hint);
    return WEFT_OK;
}
