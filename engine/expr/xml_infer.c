/* engine/expr/xml_infer.c - the type of an element of XML, as Spark infers it; see xml_rules.h.
 *
 * Text is BIGINT, DOUBLE, DATE, TIMESTAMP, BOOLEAN or STRING; an element with attributes or elements is a
 * struct of these, sorted by name, with its text as the value tag; a name that comes twice is an array. */
#include <stdlib.h>
#include <string.h>

#include "engine/expr/nested_call.h"
#include "engine/expr/xml_rules.h"

static weft_status infer_text(weft_ctx *ctx, weft_xml_reader *r, const xmlNode *node, weft_type *out)
{
    weft_status st = WEFT_OK;
    const char *text = NULL;
    size_t len = 0;
    *out = WEFT_TYPE_OF(WEFT_TYPE_NULL);
    WEFT_TRY(st, weft_xml_own_text(ctx, r, node, &text, &len));
    if (len == 0) goto done;
    *out = WEFT_TYPE_OF(WEFT_TYPE_STRING);
    if (!r->rules.infer) goto done;
    while (len > 0 && (unsigned char)text[0] <= ' ') text++, len--;
    while (len > 0 && (unsigned char)text[len - 1] <= ' ') len--;
    WEFT_TRY(st, weft_text_infer(ctx, &r->caster, text, len, true, false, out));
done:
    return st;
}

static weft_status merge(weft_ctx *ctx, weft_type a, weft_type b, weft_type *out);

static int compare_fields(const void *a, const void *b)
{
    return strcmp(((const weft_field *)a)->name, ((const weft_field *)b)->name);
}

/* Fields with the array that makes of those of one name; sorted. */
static weft_status make_struct(weft_ctx *ctx, weft_field *fields, int32_t count, bool arrays, weft_type *out)
{
    weft_status st = WEFT_OK;
    int32_t kept = 0;
    if (count > 0) qsort(fields, (size_t)count, sizeof *fields, compare_fields);
    for (int32_t i = 0; i < count;) {
        weft_field field = fields[i];
        int32_t next = i + 1;
        for (; next < count && strcmp(fields[next].name, field.name) == 0; next++)
            WEFT_TRY(st, merge(ctx, field.type, fields[next].type, &field.type));
        if (arrays && next > i + 1) WEFT_TRY(st, weft_type_make_array(ctx, field.type, &field.type));
        field.nullable = true;
        fields[kept++] = field;
        i = next;
    }
    *out = (weft_type){.id = WEFT_TYPE_STRUCT, .child_count = kept, .children = fields};
done:
    return st;
}

static weft_status merge(weft_ctx *ctx, weft_type a, weft_type b, weft_type *out)
{
    weft_status st = WEFT_OK;
    weft_field *fields = NULL;
    const weft_type_id low = (weft_type_id)(a.id < b.id ? a.id : b.id),
                       high = (weft_type_id)(a.id < b.id ? b.id : a.id);
    *out = a;
    if (a.id == WEFT_TYPE_NULL) *out = b;
    if (weft_type_equal(a, b) || a.id == WEFT_TYPE_NULL || b.id == WEFT_TYPE_NULL) return WEFT_OK;
    if (a.id == WEFT_TYPE_ARRAY || b.id == WEFT_TYPE_ARRAY) {
        const weft_type x = a.id == WEFT_TYPE_ARRAY ? a.children[0].type : a;
        const weft_type y = b.id == WEFT_TYPE_ARRAY ? b.children[0].type : b;
        WEFT_TRY(st, merge(ctx, x, y, out));
        return weft_type_make_array(ctx, *out, out);
    }
    if (a.id == WEFT_TYPE_STRUCT && b.id == WEFT_TYPE_STRUCT) {
        const int32_t count = a.child_count + b.child_count;
        WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, weft_max_i32(count, 1), &fields));
        for (int32_t i = 0; i < count; i++)
            fields[i] = i < a.child_count ? a.children[i] : b.children[i - a.child_count];
        return make_struct(ctx, fields, count, false, out);
    }
    if (low == WEFT_TYPE_BIGINT && high == WEFT_TYPE_DOUBLE)
        *out = WEFT_TYPE_OF(WEFT_TYPE_DOUBLE);
    else if (low == WEFT_TYPE_DATE && high == WEFT_TYPE_TIMESTAMP)
        *out = WEFT_TYPE_OF(WEFT_TYPE_TIMESTAMP);
    else
        *out = WEFT_TYPE_OF(WEFT_TYPE_STRING);
done:
    return st;
}

static weft_status node_name(weft_ctx *ctx, const weft_xml_rules *rules, const xmlNode *node, char **out)
{
    const char *prefix = weft_xml_prefix(rules, node);
    return weft_arena_printf(
        ctx, ctx->arena, out, "%s%s%s%s", node->type == XML_ATTRIBUTE_NODE ? rules->attribute_prefix : "",
        prefix != NULL ? prefix : "", prefix != NULL ? ":" : "", (const char *)node->name);
}

static weft_status add_field(weft_ctx *ctx, weft_xml_reader *r, const xmlNode *node, weft_field *out)
{
    weft_status st = WEFT_OK;
    char *name = NULL;
    WEFT_TRY(st, node_name(ctx, &r->rules, node, &name));
    out->name = name;
    WEFT_TRY(st, weft_xml_infer(ctx, r, node, false, &out->type));
done:
    return st;
}

weft_status weft_xml_infer(weft_ctx *ctx, weft_xml_reader *reader, const xmlNode *node, bool root,
                           weft_type *out)
{
    weft_status st = WEFT_OK;
    weft_field *fields = NULL;
    int32_t most = 1, count = 0;
    const xmlAttr *attributes = weft_xml_attributes(&reader->rules, node);
    if (!root && attributes == NULL && !weft_xml_has_elements(node))
        return infer_text(ctx, reader, node, out);
    for (const xmlAttr *a = attributes; a != NULL; a = a->next) most++;
    for (const xmlNode *n = node->children; n != NULL; n = n->next) most += n->type == XML_ELEMENT_NODE;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, most, &fields));
    for (const xmlAttr *a = attributes; a != NULL; a = a->next)
        WEFT_TRY(st, add_field(ctx, reader, (const xmlNode *)a, &fields[count++]));
    for (const xmlNode *n = node->children; n != NULL; n = n->next) {
        if (n->type == XML_ELEMENT_NODE) WEFT_TRY(st, add_field(ctx, reader, n, &fields[count++]));
    }
    WEFT_TRY(st, infer_text(ctx, reader, node, &fields[count].type));
    fields[count].name = reader->rules.value_tag;
    count += fields[count].type.id != WEFT_TYPE_NULL;
    WEFT_TRY(st, make_struct(ctx, fields, count, true, out));
done:
    return st;
}
