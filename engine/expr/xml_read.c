/* engine/expr/xml_read.c - elements of XML as values of a given type; see xml_rules.h. */
#include <string.h>
#include <strings.h>

#include "common/mem.h"
#include "engine/expr/option_value.h"
#include "engine/expr/variant_cast.h"
#include "engine/expr/xml_rules.h"

const weft_xml_rules weft_xml_rule_defaults = {.shared = {.corrupt = "_corrupt_record"},
                                               .attribute_prefix = "_",
                                               .value_tag = "_VALUE",
                                               .row_tag = "ROW",
                                               .item_name = "item",
                                               .wildcard = "xs_any",
                                               .trim = true,
                                               .infer = true};

static weft_status read_flag(weft_ctx *ctx, weft_xml_rules *rules, const char *key, const char *value)
{
    const struct {
        const char *key;
        bool *flag;
    } flags[] = {{"excludeAttribute", &rules->exclude_attributes},
                 {"ignoreSurroundingSpaces", &rules->trim},
                 {"inferSchema", &rules->infer},
                 {"ignoreNamespace", &rules->ignore_namespace}};
    for (int32_t i = 0; i < WEFT_COUNT(flags); i++) {
        if (strcasecmp(key, flags[i].key) != 0) continue;
        return weft_option_flag(ctx, key, value, flags[i].flag);
    }
    return WEFT_OK;
}

weft_status weft_xml_rule_set(weft_ctx *ctx, weft_xml_rules *rules, const char *key, const char *value)
{
    weft_status st = WEFT_OK;
    bool known = false;
    WEFT_TRY(st, weft_json_option_set(ctx, &rules->shared, key, value, &known));
    if (strcasecmp(key, "attributePrefix") == 0) rules->attribute_prefix = value;
    if (strcasecmp(key, "valueTag") == 0) rules->value_tag = value;
    if (strcasecmp(key, "rowTag") == 0) rules->row_tag = value;
    if (strcasecmp(key, "arrayElementName") == 0) rules->item_name = value;
    if (strcasecmp(key, "nullValue") == 0) rules->null_value = value;
    if (strcasecmp(key, "wildcardColName") == 0) rules->wildcard = value;
    if (strcasecmp(key, "rowTag") == 0 && value[0] == 0)
        return weft_fail(ctx, WEFT_CONFIG, "option %s must not be empty", key);
    if (strcasecmp(key, "valueTag") == 0 && value[0] == 0)
        return weft_fail(ctx, WEFT_CONFIG, "option %s must not be empty", key);
    WEFT_TRY(st, read_flag(ctx, rules, key, value));
done:
    return st;
}

weft_status weft_xml_reader_open(weft_ctx *ctx, weft_xml_reader *reader)
{
    weft_status st = WEFT_OK;
    WEFT_TRY(st, weft_xml_open(ctx, &reader->xml));
    WEFT_TRY(st, weft_text_caster_init(ctx, &reader->rules.shared, &reader->caster));
done:
    return st;
}

void weft_xml_reader_close(weft_xml_reader *reader)
{
    weft_xml_close(&reader->xml);
    weft_text_caster_deinit(&reader->caster);
    weft_text_release(&reader->text);
    weft_variant_builder_deinit(&reader->builder);
}

const xmlNode *weft_xml_root(weft_xml_reader *reader, const char *text, size_t len)
{
    const xmlDoc *doc = weft_xml_read(reader->xml, text, len);
    const xmlNode *node = doc == NULL ? NULL : doc->children;
    while (node != NULL && node->type != XML_ELEMENT_NODE) node = node->next;
    return node;
}

/* ---- nodes ---- */

const char *weft_xml_prefix(const weft_xml_rules *rules, const xmlNode *node)
{
    return node->ns == NULL || rules->ignore_namespace ? NULL : (const char *)node->ns->prefix;
}

bool weft_xml_is_named(const weft_xml_rules *rules, const xmlNode *node, const char *name)
{
    const char *own = (const char *)node->name, *prefix = weft_xml_prefix(rules, node);
    if (prefix == NULL) return strcasecmp(own, name) == 0;
    const size_t len = strlen(prefix);
    return strncasecmp(prefix, name, len) == 0 && name[len] == ':' && strcasecmp(own, name + len + 1) == 0;
}

static const xmlNode *next_element(const xmlNode *node)
{
    while (node != NULL && node->type != XML_ELEMENT_NODE) node = node->next;
    return node;
}

bool weft_xml_has_elements(const xmlNode *node) { return next_element(node->children) != NULL; }

weft_status weft_xml_own_text(weft_ctx *ctx, weft_xml_reader *reader, const xmlNode *node, const char **text,
                              size_t *len)
{
    weft_status st = WEFT_OK;
    reader->text.len = 0;
    for (const xmlNode *n = node->children; n != NULL; n = n->next) {
        if (n->type == XML_TEXT_NODE || n->type == XML_CDATA_SECTION_NODE || n->type == XML_ENTITY_REF_NODE)
            WEFT_TRY(st, weft_xml_node_text(ctx, reader->xml, n, &reader->text));
    }
    const char *begin = reader->text.bytes != NULL ? reader->text.bytes : "", *end = begin + reader->text.len;
    while (reader->rules.trim && begin < end && (unsigned char)*begin <= ' ') begin++;
    while (reader->rules.trim && end > begin && (unsigned char)end[-1] <= ' ') end--;
    *text = begin;
    *len = (size_t)(end - begin);
done:
    return st;
}

/* Its attributes, if it is an element and they count. */
const xmlAttr *weft_xml_attributes(const weft_xml_rules *rules, const xmlNode *node)
{
    return rules->exclude_attributes || node->type != XML_ELEMENT_NODE ? NULL : node->properties;
}

/* The attribute that a field is, or NULL. */
static const xmlNode *find_attribute(const weft_xml_rules *rules, const xmlNode *node, const char *field)
{
    const size_t prefix = strlen(rules->attribute_prefix);
    if (strncmp(field, rules->attribute_prefix, prefix) != 0) return NULL;
    for (const xmlAttr *a = weft_xml_attributes(rules, node); a != NULL; a = a->next) {
        if (weft_xml_is_named(rules, (const xmlNode *)a, field + prefix)) return (const xmlNode *)a;
    }
    return NULL;
}

/* ---- plain values ---- */

static weft_status read_text(weft_ctx *ctx, weft_xml_reader *r, const char *text, size_t len,
                             weft_vector *out, int32_t slot, bool *good)
{
    const char *null = r->rules.null_value;
    bool fits = true;
    const bool empty = len == 0 && out->column.type.id != WEFT_TYPE_STRING;
    if (empty || (null != NULL && len == strlen(null) && memcmp(text, null, len) == 0)) {
        weft_vector_set_null(out, slot);
        return WEFT_OK;
    }
    const weft_status st = weft_text_cast(ctx, &r->caster, text, len, out, slot, &fits);
    *good &= fits;
    return st;
}

/* A string is the text of an element, or the markup in it. */
static weft_status read_plain(weft_ctx *ctx, weft_xml_reader *r, const xmlNode *node, weft_vector *out,
                              int32_t slot, bool *good)
{
    weft_status st = WEFT_OK;
    const char *text = NULL;
    size_t len = 0;
    if (out->column.type.id == WEFT_TYPE_STRING && weft_xml_has_elements(node)) {
        r->text.len = 0;
        for (const xmlNode *n = node->children; n != NULL; n = n->next)
            WEFT_TRY(st, weft_xml_node_markup(ctx, r->xml, n, &r->text));
        text = r->text.bytes;
        len = r->text.len;
    } else {
        WEFT_TRY(st, weft_xml_own_text(ctx, r, node, &text, &len));
    }
    WEFT_TRY(st, read_text(ctx, r, text, len, out, slot, good));
done:
    return st;
}

/* ---- VARIANT ---- */

static weft_status put_text(weft_ctx *ctx, weft_xml_reader *r, const xmlNode *node)
{
    weft_status st = WEFT_OK;
    const char *text = NULL;
    size_t len = 0;
    weft_type type;
    weft_vector one = {0};
    bool good = false;
    WEFT_TRY(st, weft_xml_own_text(ctx, r, node, &text, &len));
    if (len == 0) return weft_variant_put_null(ctx, &r->builder);
    WEFT_TRY(st, weft_text_infer(ctx, &r->caster, text, len, true, false, &type));
    if (type.id == WEFT_TYPE_STRING) return weft_variant_put_text(ctx, &r->builder, text, len);
    WEFT_TRY(st, weft_vector_init(ctx, type, 1, &one));
    WEFT_TRY(st, weft_text_cast(ctx, &r->caster, text, len, &one, 0, &good));
    WEFT_TRY(st, weft_variant_put_column(ctx, &r->builder, &one.column, 0));
done:
    weft_vector_deinit(&one);
    return st;
}

static weft_status put_variant(weft_ctx *ctx, weft_xml_reader *r, const xmlNode *node);

/* The elements of one name, of which node is the first: its value, or the array of all. */
static weft_status put_elements(weft_ctx *ctx, weft_xml_reader *r, const xmlNode *node)
{
    weft_status st = WEFT_OK;
    const char *name = (const char *)node->name;
    bool many = false;
    for (const xmlNode *n = next_element(node->next); n != NULL && !many; n = next_element(n->next))
        many = strcmp((const char *)n->name, name) == 0;
    if (!many) return put_variant(ctx, r, node);
    const weft_variant_mark mark = weft_variant_begin(&r->builder);
    for (const xmlNode *n = node; n != NULL; n = next_element(n->next)) {
        if (strcmp((const char *)n->name, name) != 0) continue;
        WEFT_TRY(st, weft_variant_next(ctx, &r->builder));
        WEFT_TRY(st, put_variant(ctx, r, n));
    }
    WEFT_TRY(st, weft_variant_end_array(ctx, &r->builder, mark));
done:
    return st;
}

static bool came_before(const xmlNode *node)
{
    for (const xmlNode *n = node->prev; n != NULL; n = n->prev) {
        if (n->type == XML_ELEMENT_NODE && strcmp((const char *)n->name, (const char *)node->name) == 0)
            return true;
    }
    return false;
}

static weft_status put_variant(weft_ctx *ctx, weft_xml_reader *r, const xmlNode *node)
{
    weft_status st = WEFT_OK;
    const char *text = NULL;
    size_t len = 0;
    const xmlAttr *attributes = weft_xml_attributes(&r->rules, node);
    if (attributes == NULL && !weft_xml_has_elements(node)) return put_text(ctx, r, node);
    const weft_variant_mark mark = weft_variant_begin(&r->builder);
    for (const xmlAttr *a = attributes; a != NULL; a = a->next) {
        char *name = NULL;
        WEFT_TRY(st, weft_arena_printf(ctx, ctx->arena, &name, "%s%s", r->rules.attribute_prefix,
                                       (const char *)a->name));
        WEFT_TRY(st, weft_variant_name(ctx, &r->builder, name, strlen(name)));
        WEFT_TRY(st, put_text(ctx, r, (const xmlNode *)a));
    }
    for (const xmlNode *n = next_element(node->children); n != NULL; n = next_element(n->next)) {
        if (came_before(n)) continue;
        WEFT_TRY(st,
                 weft_variant_name(ctx, &r->builder, (const char *)n->name, strlen((const char *)n->name)));
        WEFT_TRY(st, put_elements(ctx, r, n));
    }
    WEFT_TRY(st, weft_xml_own_text(ctx, r, node, &text, &len));
    if (len > 0) {
        WEFT_TRY(st, weft_variant_name(ctx, &r->builder, r->rules.value_tag, strlen(r->rules.value_tag)));
        WEFT_TRY(st, put_text(ctx, r, node));
    }
    WEFT_TRY(st, weft_variant_end_object(ctx, &r->builder, mark));
done:
    return st;
}

/* ---- nested values ---- */

/* Is the element the field's? With `whole`, its struct, also where it is no field's of that. */
static bool is_of_field(const weft_xml_rules *rules, const xmlNode *n, const weft_field *field,
                        const weft_type *whole)
{
    if (weft_xml_is_named(rules, n, field->name)) return true;
    if (whole == NULL) return false;
    for (int32_t i = 0; i < whole->child_count; i++)
        if (weft_xml_is_named(rules, n, whole->children[i].name)) return false;
    return true;
}

/* All elements of node that are the field's, as the elements of a list. */
static weft_status read_list(weft_ctx *ctx, weft_xml_reader *r, const xmlNode *node, const weft_field *field,
                             const weft_type *whole, weft_vector *out, int32_t slot, bool *good)
{
    weft_status st = WEFT_OK;
    int32_t count = 0, first = 0;
    for (const xmlNode *n = next_element(node->children); n != NULL; n = next_element(n->next))
        count += is_of_field(&r->rules, n, field, whole);
    if (count == 0) {
        weft_vector_set_null(out, slot);
        return WEFT_OK;
    }
    weft_json_set_valid(out, slot);
    WEFT_TRY(st, weft_vector_add_list(ctx, out, slot, count, &first));
    for (const xmlNode *n = next_element(node->children); n != NULL; n = next_element(n->next)) {
        if (is_of_field(&r->rules, n, field, whole))
            WEFT_TRY(st, weft_xml_read_value(ctx, r, n, field->type.children[0].type, &out->children[0],
                                             first++, -1, good));
    }
done:
    return st;
}

/* Is it the wildcard: a STRING, or an array of them? */
static bool is_wildcard(const weft_xml_rules *rules, const weft_field *field)
{
    const weft_type type = field->type.id == WEFT_TYPE_ARRAY ? field->type.children[0].type : field->type;
    return type.id == WEFT_TYPE_STRING && strcmp(field->name, rules->wildcard) == 0;
}

/* A field of `whole`. */
static weft_status read_field(weft_ctx *ctx, weft_xml_reader *r, const xmlNode *node, const weft_type *whole,
                              const weft_field *field, weft_vector *out, int32_t slot, bool *good)
{
    weft_status st = WEFT_OK;
    const char *text = NULL;
    size_t len = 0;
    const xmlNode *found = NULL;
    if (!is_wildcard(&r->rules, field)) whole = NULL;
    if (field->type.id == WEFT_TYPE_ARRAY) return read_list(ctx, r, node, field, whole, out, slot, good);
    for (const xmlNode *n = next_element(node->children); n != NULL; n = next_element(n->next)) {
        if (is_of_field(&r->rules, n, field, whole)) found = n; /* the last one counts */
    }
    if (found == NULL) found = find_attribute(&r->rules, node, field->name);
    if (found != NULL) return weft_xml_read_value(ctx, r, found, field->type, out, slot, -1, good);
    weft_vector_set_null(out, slot);
    if (strcmp(field->name, r->rules.value_tag) != 0 || weft_type_is_nested(field->type)) return WEFT_OK;
    WEFT_TRY(st, weft_xml_own_text(ctx, r, node, &text, &len));
    if (len > 0) WEFT_TRY(st, read_text(ctx, r, text, len, out, slot, good));
done:
    return st;
}

/* Attributes and elements, by their names. */
static weft_status read_map(weft_ctx *ctx, weft_xml_reader *r, const xmlNode *node, weft_type type,
                            weft_vector *out, int32_t slot, bool *good)
{
    weft_status st = WEFT_OK;
    int32_t count = 0, first = 0;
    const xmlAttr *attributes = weft_xml_attributes(&r->rules, node);
    for (const xmlAttr *a = attributes; a != NULL; a = a->next) count++;
    for (const xmlNode *n = next_element(node->children); n != NULL; n = next_element(n->next)) count++;
    weft_json_set_valid(out, slot);
    WEFT_TRY(st, weft_vector_add_list(ctx, out, slot, count, &first));
    weft_vector *entries = &out->children[0];
    const xmlAttr *a = attributes;
    const xmlNode *n = next_element(node->children);
    for (; a != NULL || n != NULL; first++) {
        char *name = NULL;
        const xmlNode *at = a != NULL ? (const xmlNode *)a : n;
        WEFT_TRY(st, weft_arena_printf(ctx, ctx->arena, &name, "%s%s",
                                       a != NULL ? r->rules.attribute_prefix : "", (const char *)at->name));
        weft_json_set_valid(entries, first);
        weft_json_set_valid(&entries->children[0], first);
        WEFT_TRY(st, weft_vector_set_string(ctx, &entries->children[0], first, name, (uint32_t)strlen(name)));
        WEFT_TRY(st, weft_xml_read_value(ctx, r, at, type.children[1].type, &entries->children[1], first, -1,
                                         good));
        if (a != NULL)
            a = a->next;
        else
            n = next_element(n->next);
    }
done:
    return st;
}

weft_status weft_xml_read_value(weft_ctx *ctx, weft_xml_reader *reader, const xmlNode *node, weft_type type,
                                weft_vector *out, int32_t slot, int32_t skip, bool *good)
{
    weft_status st = WEFT_OK;
    int32_t first = 0;
    if (type.id == WEFT_TYPE_STRUCT) {
        weft_json_set_valid(out, slot);
        for (int32_t i = 0; i < type.child_count; i++) {
            if (i != skip)
                WEFT_TRY(st, read_field(ctx, reader, node, &type, &type.children[i], &out->children[i], slot,
                                        good));
        }
    } else if (type.id == WEFT_TYPE_MAP) {
        WEFT_TRY(st, read_map(ctx, reader, node, type, out, slot, good));
    } else if (type.id == WEFT_TYPE_ARRAY) { /* of one */
        weft_json_set_valid(out, slot);
        WEFT_TRY(st, weft_vector_add_list(ctx, out, slot, 1, &first));
        WEFT_TRY(st, weft_xml_read_value(ctx, reader, node, type.children[0].type, &out->children[0], first,
                                         -1, good));
    } else if (type.id == WEFT_TYPE_VARIANT) {
        weft_variant_builder_reset(&reader->builder);
        WEFT_TRY(st, put_variant(ctx, reader, node));
        WEFT_TRY(st, weft_variant_store(ctx, &reader->builder, out, slot));
    } else {
        WEFT_TRY(st, read_plain(ctx, reader, node, out, slot, good));
    }
done:
    return st;
}
