/* engine/expr/variant_path.c - see variant_path.h. */
#include "engine/expr/variant_path.h"

#include <string.h>

#include "common/mem.h"

/* The step at *at, which it moves over; false when there is none. */
static bool read_step(const char **at, const char *end, weft_variant_step *out)
{
    const char *p = *at;
    const char *begin;
    *out = (weft_variant_step){0};
    if (end - p >= 2 && *p == '.') {
        for (begin = ++p; p < end && *p != '.' && *p != '['; p++) continue;
        *out = (weft_variant_step){.name = begin, .len = (uint32_t)(p - begin)};
        *at = p;
        return p > begin;
    }
    if (end - p < 3 || *p != '[') return false;
    if (p[1] == '\'' || p[1] == '"') {
        const char quote = p[1];
        for (begin = p += 2; p < end && *p != quote && *p != '?'; p++) continue;
        *out = (weft_variant_step){.name = begin, .len = (uint32_t)(p - begin)};
        if (p == begin || end - p < 2 || p[0] != quote || p[1] != ']') return false;
        *at = p + 2;
        return true;
    }
    int64_t index = 0;
    for (begin = ++p; p < end && *p >= '0' && *p <= '9' && index <= INT32_MAX; p++)
        index = index * 10 + (*p - '0');
    if (p == begin || p == end || *p != ']' || index > INT32_MAX) return false;
    out->index = (int32_t)index;
    *at = p + 1;
    return true;
}

weft_status weft_variant_path_new(weft_ctx *ctx, const char *text, size_t len, weft_variant_path **out)
{
    weft_status st = WEFT_OK;
    weft_variant_step step;
    weft_variant_path *path = NULL;
    size_t count = 0;
    const char *end = text + len;
    *out = NULL;
    if (len == 0 || text[0] != '$') return WEFT_OK;
    for (const char *at = text + 1; at < end; count++) {
        if (!read_step(&at, end, &step)) return WEFT_OK;
    }
    WEFT_TRY(st,
             weft_mem_alloc(ctx, WEFT_MEM_WORKING, sizeof *path + count * sizeof step + len, (void **)&path));
    weft_variant_step *steps = (weft_variant_step *)(void *)(path + 1);
    char *copy = (char *)(steps + count);
    memcpy(copy, text, len);
    *path = (weft_variant_path){.count = (int32_t)count, .steps = steps};
    for (const char *at = copy + 1; at < copy + len;) (void)read_step(&at, copy + len, steps++);
    *out = path;
done:
    return st;
}

bool weft_variant_step_find(const weft_variant_step *step, weft_variant *v)
{
    const weft_variant_kind kind = weft_variant_kind_of(v);
    if (step->name != NULL)
        return kind == WEFT_VARIANT_OBJECT && weft_variant_find(v, step->name, step->len, v);
    if (kind != WEFT_VARIANT_ARRAY || step->index >= weft_variant_count(v)) return false;
    *v = weft_variant_element(v, step->index);
    return true;
}

bool weft_variant_path_find(const weft_variant_path *path, weft_variant *v)
{
    for (int32_t i = 0; i < path->count; i++) {
        if (!weft_variant_step_find(&path->steps[i], v)) return false;
    }
    return true;
}
