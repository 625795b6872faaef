/* engine/expr/json_schema.c - see json_schema.h. Recursion is as deep as a type may be (SCHEMA_DEPTH_MAX). */
#include "engine/expr/json_schema.h"

#include <string.h>

#include "engine/expr/nested_call.h"

enum { SCHEMA_DEPTH_MAX = 100 };

typedef struct schema_reader {
    weft_ctx *ctx;
    const weft_span *span;
    weft_json json;
    weft_text room;
} schema_reader;

static weft_status fail(schema_reader *r, const char *what)
{
    return weft_fail_at(r->ctx, WEFT_PARSE_SYNTAX_ERROR, r->span, "the schema as JSON: %s at byte %lld", what,
                        (long long)(r->json.at - r->json.begin) + 1);
}

/* The NAME or STRING at hand, in the arena. */
static weft_status take_text(schema_reader *r, char **out)
{
    weft_status st = WEFT_OK;
    const char *bytes = NULL;
    size_t len = 0;
    WEFT_TRY(st, weft_json_value(r->ctx, &r->json, WEFT_JSON_LONE_MARK, &r->room, &bytes, &len));
    WEFT_TRY(st, weft_arena_copy(r->ctx, r->ctx->arena, bytes, len, out));
done:
    return st;
}

static weft_status read_type(schema_reader *r, int32_t depth, weft_type *out);

/* What the members of an object say; a type's and a field's are told apart by who reads it. */
typedef struct members {
    char *name, *kind;
    weft_type type, element, key, value; /* type: of a field; the others of an array, a map */
    weft_type fields;                    /* of a struct */
    bool nullable;
} members;

static weft_status read_object(schema_reader *r, int32_t depth, bool field, members *out);

static weft_status read_fields(schema_reader *r, int32_t depth, weft_type *out)
{
    weft_status st = WEFT_OK;
    weft_field *fields = NULL;
    int32_t count = 0, room = 0;
    if (r->json.token != WEFT_JSON_ARRAY) return fail(r, "an array of fields was expected");
    while (weft_json_next(&r->json) == WEFT_JSON_OBJECT) {
        members m = {.nullable = true};
        WEFT_TRY(st, read_object(r, depth, true, &m));
        if (m.name == NULL) return fail(r, "a field has no name");
        if (count == room) {
            weft_field *more = NULL;
            room = room == 0 ? 8 : 2 * room;
            WEFT_TRY(st, WEFT_NEW_ARRAY(r->ctx, room, &more));
            if (count > 0) memcpy(more, fields, (size_t)count * sizeof *fields);
            fields = more;
        }
        fields[count++] = (weft_field){.name = m.name, .type = m.type, .nullable = m.nullable};
    }
    if (r->json.token != WEFT_JSON_ARRAY_END) return fail(r, "a field was expected");
    *out = (weft_type){.id = WEFT_TYPE_STRUCT, .child_count = count, .children = fields};
done:
    return st;
}

/* The value of one member. */
static weft_status read_member(schema_reader *r, int32_t depth, const char *key, bool field, members *out)
{
    if (field && strcmp(key, "name") == 0 && r->json.token == WEFT_JSON_STRING)
        return take_text(r, &out->name);
    if (field && strcmp(key, "type") == 0) return read_type(r, depth, &out->type);
    if (field && strcmp(key, "nullable") == 0) out->nullable = r->json.token != WEFT_JSON_FALSE;
    if (!field && strcmp(key, "type") == 0 && r->json.token == WEFT_JSON_STRING)
        return take_text(r, &out->kind);
    if (!field && strcmp(key, "fields") == 0) return read_fields(r, depth, &out->fields);
    if (!field && strcmp(key, "elementType") == 0) return read_type(r, depth, &out->element);
    if (!field && strcmp(key, "keyType") == 0) return read_type(r, depth, &out->key);
    if (!field && strcmp(key, "valueType") == 0) return read_type(r, depth, &out->value);
    return weft_json_skip(&r->json) ? WEFT_OK : fail(r, r->json.why);
}

static weft_status read_object(schema_reader *r, int32_t depth, bool field, members *out)
{
    weft_status st = WEFT_OK;
    while (weft_json_next(&r->json) == WEFT_JSON_NAME) {
        char *key = NULL;
        WEFT_TRY(st, take_text(r, &key));
        if (weft_json_next(&r->json) == WEFT_JSON_BAD) break;
        WEFT_TRY(st, read_member(r, depth, key, field, out));
    }
    if (r->json.token != WEFT_JSON_OBJECT_END) st = fail(r, "an object does not end");
done:
    return st;
}

static weft_status read_type(schema_reader *r, int32_t depth, weft_type *out)
{
    weft_status st = WEFT_OK;
    members m = {.kind = NULL};
    if (depth >= SCHEMA_DEPTH_MAX) return fail(r, "types are nested too deep");
    if (r->json.token == WEFT_JSON_STRING) {
        char *name = NULL;
        WEFT_TRY(st, take_text(r, &name));
        return weft_type_parse(r->ctx, name, out);
    }
    if (r->json.token != WEFT_JSON_OBJECT) return fail(r, "a type was expected");
    WEFT_TRY(st, read_object(r, depth + 1, false, &m));
    if (m.kind != NULL && strcmp(m.kind, "struct") == 0) {
        m.fields.id = WEFT_TYPE_STRUCT;
        *out = m.fields;
    } else if (m.kind != NULL && strcmp(m.kind, "array") == 0) {
        WEFT_TRY(st, weft_type_make_array(r->ctx, m.element, out));
    } else if (m.kind != NULL && strcmp(m.kind, "map") == 0) {
        WEFT_TRY(st, weft_type_make_map(r->ctx, m.key, m.value, out));
    } else {
        st = fail(r, "a struct, array or map was expected");
    }
done:
    return st;
}

weft_status weft_json_schema_parse(weft_ctx *ctx, const char *text, const weft_span *span, weft_type *out)
{
    weft_status st = WEFT_OK;
    static const weft_json_rules rules = {.depth_max = WEFT_JSON_DEPTH};
    schema_reader *r = NULL;
    WEFT_TRY(st, WEFT_NEW(ctx, &r));
    r->ctx = ctx;
    r->span = span;
    weft_json_start(&r->json, &rules, text, strlen(text));
    weft_json_next(&r->json);
    WEFT_TRY(st, read_type(r, 0, out));
done:
    if (r != NULL) weft_text_release(&r->room);
    return st;
}
