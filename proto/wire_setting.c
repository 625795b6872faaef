/* proto/wire_setting.c - see wire_setting.h. */
#include "proto/wire_setting.h"

#include <string.h>

#include "common/mem.h"
#include "common/settings.h"

weft_status wire_put_settings(weft_ctx *ctx, const weft_session_setting *settings, int32_t count, size_t *n,
                              Weft__Wire__Setting ***out)
{
    weft_status st = WEFT_OK;
    Weft__Wire__Setting *list = NULL;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, count, &list));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, count, out));
    for (int32_t i = 0; i < count; i++) {
        weft__wire__setting__init(&list[i]);
        list[i].key = wire_text(settings[i].key);
        list[i].value = wire_text(settings[i].value);
        (*out)[i] = &list[i];
    }
    *n = (size_t)count;
done:
    return st;
}

weft_status wire_get_settings(weft_ctx *ctx, Weft__Wire__Setting *const *from, size_t count,
                              const weft_session_setting **out, int32_t *n)
{
    weft_status st = WEFT_OK;
    weft_session_setting *list = NULL;
    if (count > WEFT_SESSION_SETTINGS_MAX)
        return weft_fail(ctx, WEFT_LIMIT, "a message has %zu settings, more than %d", count,
                         WEFT_SESSION_SETTINGS_MAX);
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, count, &list));
    for (size_t i = 0; i < count; i++) {
        list[i] = (weft_session_setting){.key = from[i]->key, .value = from[i]->value};
        if (strlen(from[i]->key) >= WEFT_SETTING_TEXT_BYTES)
            return weft_fail(ctx, WEFT_LIMIT, "the name of a setting has %zu bytes", strlen(from[i]->key));
    }
    *out = list;
    *n = (int32_t)count;
done:
    return st;
}
