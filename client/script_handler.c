/* client/script_handler.c - which handler of a script takes an error.
 *
 * The blocks that run are a stack. An error is looked for from the innermost block outwards; a block whose
 * handler is running has none for what fails in it. A CONTINUE handler runs where the statement failed, and
 * the script goes on behind it; for an EXIT handler the blocks inside of its own are left first. */
#include <string.h>
#include <strings.h>

#include "client/script_run.h"

/* Is the condition one of this error? How near it names it: 0 not at all, 3 by its class. */
static int32_t match(const weft_script_condition *c, weft_status code)
{
    const char *text = weft_status_text(code), *state = weft_status_sqlstate(code);
    if (c->name != NULL) {
        const size_t len = strlen(c->name);
        return strncasecmp(text, c->name, len) == 0 && (text[len] == '\0' || text[len] == '.') ? 3 : 0;
    }
    if (strlen(c->sqlstate) == 5) return strcasecmp(c->sqlstate, state) == 0 ? 2 : 0;
    const bool not_found = strncmp(state, "02", 2) == 0;
    return (c->sqlstate[0] == '\0') != not_found ? 1 : 0;
}

static const weft_script_handler *find_in(const weft_script *block, weft_status code)
{
    const weft_script_handler *found = NULL;
    int32_t best = 0;
    for (int32_t i = 0; i < block->handler_count; i++) {
        const weft_script_handler *handler = &block->handlers[i];
        for (int32_t k = 0; k < handler->count; k++) {
            const int32_t how = match(&handler->conditions[k], code);
            if (how <= best) continue;
            best = how;
            found = handler;
        }
    }
    return found;
}

script_block *script_find_handler(script_run *s, const weft_script_handler **out)
{
    const weft_status code = s->ctx.error.code;
    *out = NULL;
    if (code == WEFT_CANCELLED || code == WEFT_DEADLINE || code == WEFT_NOMEM ||
        weft_status_classify(code) == WEFT_CLASS_INTERNAL)
        return NULL;
    for (script_block *b = s->block; b != NULL; b = b->outer) {
        if (b->handling) continue;
        *out = find_in(b->node, code);
        if (*out != NULL) return b;
    }
    return NULL;
}
