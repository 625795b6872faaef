/* engine/expr/json_path.c - see json_path.h.
 *
 * A walk over the tokens takes one step of the path a level of nesting, so it is no deeper than the text is
 * nested. What is found is written as Hive did: a single string bare; of several finds an array, of one find
 * below a [*] the find alone; nested [*][*] flattened. */
#include "engine/expr/json_path.h"

#include <string.h>

#include "common/mem.h"

/* ---- reading paths ---- */

typedef struct path_reader {
    const char *at, *end;
} path_reader;

static bool read_dotted(path_reader *r, weft_json_step *step)
{
    const char *begin = ++r->at;
    while (r->at < r->end && *r->at != '.' && *r->at != '[') r->at++;
    step->name = begin;
    step->len = (size_t)(r->at - begin);
    step->kind = step->len == 1 && *begin == '*' ? WEFT_JSON_STEP_NONE : WEFT_JSON_STEP_NAME;
    return step->len > 0;
}

static bool read_quoted(path_reader *r, weft_json_step *step)
{
    const char *begin = r->at + 2;
    const char *at = begin;
    while (at < r->end && *at != '\'' && *at != '?') at++;
    step->name = begin;
    step->len = (size_t)(at - begin);
    step->kind = step->len == 1 && *begin == '*' ? WEFT_JSON_STEP_NONE : WEFT_JSON_STEP_NAME;
    if (step->len == 0 || r->end - at < 2 || at[0] != '\'' || at[1] != ']') return false;
    r->at = at + 2;
    return true;
}

static bool read_bracket(path_reader *r, weft_json_step *step)
{
    const char *at = r->at + 1;
    if (at < r->end && *at == '\'') return read_quoted(r, step);
    step->kind = WEFT_JSON_STEP_INDEX;
    step->index = 0;
    if (at < r->end && *at == '*') {
        step->kind = WEFT_JSON_STEP_ALL;
        at++;
    } else {
        const char *begin = at;
        for (; at < r->end && *at >= '0' && *at <= '9'; at++) {
            if (step->index > (INT64_MAX - 9) / 10) return false;
            step->index = step->index * 10 + (*at - '0');
        }
        if (at == begin) return false;
    }
    if (at == r->end || *at != ']') return false;
    r->at = at + 1;
    return true;
}

weft_status weft_json_path_new(weft_ctx *ctx, const char *text, size_t len, weft_json_path **out)
{
    weft_status st = WEFT_OK;
    weft_json_path *path = NULL;
    path_reader r = {text + 1, text + len};
    int32_t room = 0;
    *out = NULL;
    if (len == 0 || len > INT32_MAX || text[0] != '$') return WEFT_OK;
    for (const char *at = r.at; at < r.end; at++) room += *at == '.' || *at == '[';
    WEFT_TRY(st, weft_mem_alloc(ctx, WEFT_MEM_WORKING, sizeof *path + (size_t)room * sizeof path->steps[0],
                                (void **)&path));
    path->count = 0;
    while (r.at < r.end) {
        const bool dotted = *r.at == '.', bracket = *r.at == '[';
        weft_json_step *step = &path->steps[path->count];
        if ((!dotted && !bracket) || !(dotted ? read_dotted(&r, step) : read_bracket(&r, step))) goto done;
        path->count++;
    }
    *out = path;
    path = NULL;
done:
    weft_mem_free(path);
    return st;
}

/* ---- finding ---- */

typedef enum path_style { STYLE_RAW, STYLE_QUOTED, STYLE_FLAT } path_style;

/* Where finds go: into an array, or alone. */
typedef struct path_sink {
    weft_text *text;
    weft_json_escapes escapes;
    bool in_array, any;
} path_sink;

typedef struct path_walk {
    weft_ctx *ctx;
    const weft_json_path *path;
    weft_json *json;
    weft_text *room;
    bool failed; /* malformed, or cannot be written: all is NULL */
} path_walk;

static weft_status walk(path_walk *w, path_sink *sink, path_style style, int32_t step, bool *found);

static weft_status begin_find(path_walk *w, path_sink *sink)
{
    const bool comma = sink->in_array && sink->any;
    sink->any = true;
    return comma ? weft_text_append(w->ctx, sink->text, ",", 1) : WEFT_OK;
}

/* A string without its quotes. */
static weft_status put_raw(path_walk *w, path_sink *sink)
{
    weft_status st = WEFT_OK;
    const char *bytes = NULL;
    size_t len = 0;
    WEFT_TRY(st, weft_json_value(w->ctx, w->json, WEFT_JSON_LONE_FAIL, w->room, &bytes, &len));
    w->failed |= bytes == NULL;
    if (bytes != NULL) WEFT_TRY(st, weft_text_append(w->ctx, sink->text, bytes, len));
done:
    return st;
}

static weft_json_token next(path_walk *w)
{
    const weft_json_token token = weft_json_next(w->json);
    w->failed |= token == WEFT_JSON_BAD;
    return token;
}

static void skip(path_walk *w) { w->failed |= !weft_json_skip(w->json); }

/* The elements of the array at hand, each by the step. */
static weft_status walk_elements(path_walk *w, path_sink *sink, path_style style, int32_t step,
                                 int64_t *found)
{
    weft_status st = WEFT_OK;
    while (next(w) != WEFT_JSON_ARRAY_END && !w->failed) {
        bool one = false;
        WEFT_TRY(st, walk(w, sink, style, step, &one));
        *found += one;
        if (w->failed) break;
    }
done:
    return st;
}

/* The elements as an array of its own. */
static weft_status walk_array(path_walk *w, path_sink *sink, path_style style, int32_t step, bool *found)
{
    weft_status st = WEFT_OK;
    path_sink inside = {.text = sink->text, .escapes = sink->escapes, .in_array = true};
    int64_t count = 0;
    WEFT_TRY(st, begin_find(w, sink));
    WEFT_TRY(st, weft_text_append(w->ctx, sink->text, "[", 1));
    WEFT_TRY(st, walk_elements(w, &inside, style, step, &count));
    WEFT_TRY(st, weft_text_append(w->ctx, sink->text, "]", 1));
    *found = count > 0;
done:
    return st;
}

/* The same, but one find stands alone, and none leaves nothing. */
static weft_status walk_all(path_walk *w, path_sink *sink, path_style style, int32_t step, bool *found)
{
    weft_status st = WEFT_OK;
    weft_text buffer = {0};
    path_sink inside = {.text = &buffer, .escapes = WEFT_JSON_ESCAPE_LEAST, .in_array = true};
    int64_t count = 0;
    WEFT_TRY(st, weft_text_append(w->ctx, &buffer, "[", 1));
    WEFT_TRY(st, walk_elements(w, &inside, style == STYLE_RAW ? STYLE_QUOTED : style, step, &count));
    WEFT_TRY(st, weft_text_append(w->ctx, &buffer, "]", 1));
    *found = count > 0;
    if (count == 0 || w->failed) goto done;
    const size_t bare = count == 1 ? 1 : 0;
    WEFT_TRY(st, begin_find(w, sink));
    WEFT_TRY(st, weft_text_append(w->ctx, sink->text, buffer.bytes + bare, buffer.len - 2 * bare));
done:
    weft_text_release(&buffer);
    return st;
}

static weft_status walk_index(path_walk *w, path_sink *sink, path_style style, int32_t step, bool *found)
{
    weft_status st = WEFT_OK;
    const int64_t index = w->path->steps[step].index;
    const bool all_next = step + 1 < w->path->count && w->path->steps[step + 1].kind == WEFT_JSON_STEP_ALL;
    for (int64_t i = 0; next(w) != WEFT_JSON_ARRAY_END && !w->failed; i++) {
        if (i == index)
            WEFT_TRY(st, walk(w, sink, all_next ? STYLE_QUOTED : style, step + 1, found));
        else
            skip(w);
        if (w->failed) break;
    }
done:
    return st;
}

/* Is the NAME at hand that of the step? */
static weft_status is_name(path_walk *w, const weft_json_step *step, bool *out)
{
    weft_status st = WEFT_OK;
    const char *bytes = NULL;
    size_t len = 0;
    WEFT_TRY(st, weft_json_value(w->ctx, w->json, WEFT_JSON_LONE_KEEP, w->room, &bytes, &len));
    *out = len == step->len && memcmp(bytes, step->name, len) == 0;
done:
    return st;
}

/* The first field of that name in which something is found. */
static weft_status walk_object(path_walk *w, path_sink *sink, path_style style, int32_t step, bool *found)
{
    weft_status st = WEFT_OK;
    while (next(w) != WEFT_JSON_OBJECT_END && !w->failed) {
        bool same = false;
        if (!*found) WEFT_TRY(st, is_name(w, &w->path->steps[step], &same));
        next(w);
        if (w->failed) break;
        if (same && w->json->token != WEFT_JSON_NULL)
            WEFT_TRY(st, walk(w, sink, style, step + 1, found));
        else
            skip(w);
        if (w->failed) break;
    }
done:
    return st;
}

/* The value at hand by the steps from one on. */
static weft_status walk(path_walk *w, path_sink *sink, path_style style, int32_t step, bool *found)
{
    weft_status st = WEFT_OK;
    const weft_json_token token = w->json->token;
    const weft_json_step *steps = w->path->steps;
    int64_t count = 0;
    if (step == w->path->count) {
        if (token == WEFT_JSON_ARRAY && style == STYLE_FLAT) {
            WEFT_TRY(st, walk_elements(w, sink, style, step, &count));
            *found = count > 0;
            goto done;
        }
        WEFT_TRY(st, begin_find(w, sink));
        *found = true;
        if (token == WEFT_JSON_STRING && style == STYLE_RAW) {
            WEFT_TRY(st, put_raw(w, sink));
        } else {
            bool failed = false;
            WEFT_TRY(st, weft_json_copy(w->ctx, w->json, sink->escapes, w->room, sink->text, &failed));
            w->failed |= failed;
        }
    } else if (token == WEFT_JSON_OBJECT && steps[step].kind == WEFT_JSON_STEP_NAME) {
        WEFT_TRY(st, walk_object(w, sink, style, step, found));
    } else if (token == WEFT_JSON_ARRAY && steps[step].kind == WEFT_JSON_STEP_INDEX) {
        WEFT_TRY(st, walk_index(w, sink, style, step, found));
    } else if (token == WEFT_JSON_ARRAY && steps[step].kind == WEFT_JSON_STEP_ALL) {
        const bool two = step + 1 < w->path->count && steps[step + 1].kind == WEFT_JSON_STEP_ALL;
        if (two)
            WEFT_TRY(st, walk_array(w, sink, STYLE_FLAT, step + 2, found));
        else if (style != STYLE_QUOTED)
            WEFT_TRY(st, walk_all(w, sink, style, step + 1, found));
        else
            WEFT_TRY(st, walk_array(w, sink, STYLE_QUOTED, step + 1, found));
    } else {
        skip(w);
    }
done:
    return st;
}

weft_status weft_json_path_find(weft_ctx *ctx, const weft_json_path *path, weft_json *json, weft_text *room,
                                weft_text *out, bool *found)
{
    weft_status st = WEFT_OK;
    path_walk w = {.ctx = ctx, .path = path, .json = json, .room = room};
    path_sink sink = {.text = out, .escapes = WEFT_JSON_ESCAPE_PAIRS};
    *found = false;
    if (next(&w) == WEFT_JSON_NONE || w.failed) return WEFT_OK;
    WEFT_TRY(st, walk(&w, &sink, STYLE_RAW, 0, found));
    if (w.failed) *found = false;
done:
    return st;
}
