/* engine/expr/function.c - the registry: a const list, searched by name or alias. */
#include "engine/expr/function.h"

#include <strings.h>

#define X(symbol) extern const weft_function weft_fn_##symbol;
#include "engine/expr/function_list.h"
#undef X

static const weft_function *const functions[] = {
#define X(symbol) &weft_fn_##symbol,
#include "engine/expr/function_list.h"
#undef X
};

static const weft_form forms[] = {
#define X(name, help, example, result) {name, help, example, result},
#include "engine/expr/form_list.h"
#undef X
};

/* Is name one of the comma separated aliases? */
static bool function_has_alias(const char *aliases, const char *name)
{
    const size_t len = strlen(name);
    while (aliases != NULL && *aliases != 0) {
        const char *end = strchrnul(aliases, ',');
        if ((size_t)(end - aliases) == len && strncasecmp(aliases, name, len) == 0) return true;
        aliases = *end == 0 ? end : end + 1;
    }
    return false;
}

const weft_function *weft_function_find(const char *name)
{
    for (int32_t i = 0; i < WEFT_COUNT(functions); i++) {
        if (strcasecmp(functions[i]->name, name) == 0 || function_has_alias(functions[i]->aliases, name)) {
            return functions[i];
        }
    }
    return NULL;
}

const weft_function *const *weft_function_all(int32_t *count)
{
    *count = WEFT_COUNT(functions);
    return functions;
}

const weft_form *weft_form_all(int32_t *count)
{
    *count = WEFT_COUNT(forms);
    return forms;
}

const weft_form *weft_form_find(const char *name)
{
    for (int32_t i = 0; i < WEFT_COUNT(forms); i++)
        if (strcasecmp(forms[i].name, name) == 0) return &forms[i];
    return NULL;
}
