/* engine/expr/xml_write.c - values as elements of XML, each in a line of its own; see xml_rules.h. */
#include <ctype.h>
#include <string.h>

#include "engine/expr/nested_text.h"
#include "engine/expr/variant_json.h"
#include "engine/expr/xml_rules.h"

typedef struct xml_writer {
    weft_ctx *ctx;
    const weft_xml_rules *rules;
    const weft_json_format *format;
    weft_text *out;
    weft_text value; /* of a plain value */
    int32_t depth;
} xml_writer;

static weft_status put(xml_writer *w, const char *text)
{
    return weft_text_append(w->ctx, w->out, text, strlen(text));
}

static weft_status put_line(xml_writer *w)
{
    weft_status st = WEFT_OK;
    if (w->out->len > 0) WEFT_TRY(st, put(w, "\n"));
    for (int32_t i = 0; i < w->depth; i++) WEFT_TRY(st, put(w, "    "));
done:
    return st;
}

static weft_status put_escaped(xml_writer *w, const char *text, size_t len, bool attribute)
{
    weft_status st = WEFT_OK;
    for (size_t i = 0; i < len; i++) {
        const char *escape = text[i] == '<'                 ? "&lt;"
                             : text[i] == '&'               ? "&amp;"
                             : text[i] == '>' && !attribute ? "&gt;"
                             : text[i] == '"' && attribute  ? "&quot;"
                                                            : NULL;
        WEFT_TRY(st, escape != NULL ? put(w, escape) : weft_text_append(w->ctx, w->out, text + i, 1));
    }
done:
    return st;
}

static weft_status check_name(xml_writer *w, const char *name, size_t len)
{
    bool good = len > 0 && !isdigit((unsigned char)name[0]) && name[0] != '-' && name[0] != '.';
    for (size_t i = 0; i < len; i++)
        good &= isalnum((unsigned char)name[i]) || strchr("_-.:", name[i]) != NULL || (name[i] & 0x80) != 0;
    if (good) return WEFT_OK;
    return weft_fail(w->ctx, WEFT_INVALID_XML_SCHEMA, "\"%.*s\" is no name of an XML element",
                     (int)weft_min_i64((int64_t)len, 200), name);
}

/* What a row, an entry of a map or a field of a VARIANT has: a name and a value in one of two forms. */
typedef struct xml_item {
    const char *name;
    size_t len;
    const weft_column *column; /* a slot of it, or */
    int32_t slot;
    weft_variant variant; /* with column NULL */
} xml_item;

static weft_status put_item(xml_writer *w, const xml_item *item);

static bool is_null(const xml_item *item)
{
    return item->column != NULL ? weft_column_is_null(item->column, item->slot)
                                : weft_variant_is_null(&item->variant);
}

static bool is_attribute(const xml_writer *w, const xml_item *item)
{
    const size_t prefix = strlen(w->rules->attribute_prefix);
    const bool tag = item->len == strlen(w->rules->value_tag) &&
                     memcmp(item->name, w->rules->value_tag, item->len) == 0;
    return !tag && prefix > 0 && item->len > prefix &&
           memcmp(item->name, w->rules->attribute_prefix, prefix) == 0;
}

static bool is_text(const xml_writer *w, const xml_item *item)
{
    return item->len == strlen(w->rules->value_tag) &&
           memcmp(item->name, w->rules->value_tag, item->len) == 0;
}

/* Text of a plain value, in w->value. */
static weft_status plain_text(xml_writer *w, const xml_item *item)
{
    w->value.len = 0;
    if (is_null(item)) {
        const char *null = w->rules->null_value != NULL ? w->rules->null_value : "null";
        return weft_text_append(w->ctx, &w->value, null, strlen(null));
    }
    if (item->column == NULL)
        return weft_variant_plain_text(w->ctx, w->format->zone, &item->variant, &w->value);
    return weft_text_of_value(w->ctx, w->format, item->column, item->slot, &w->value);
}

/* ---- the items of a value ---- */

static int32_t item_count(const xml_item *of)
{
    if (of->column == NULL) return weft_variant_count(&of->variant);
    if (of->column->phys == WEFT_PHYS_STRUCT) return of->column->child_count;
    return ((const weft_list *)weft_column_value(of->column, of->slot))->length;
}

/* The i-th field, entry or element; elements have the name that is given. */
static xml_item item_at(const xml_item *of, int32_t i, const char *element)
{
    xml_item item = {.name = element, .len = element != NULL ? strlen(element) : 0};
    if (of->column == NULL) {
        uint32_t len = 0;
        if (weft_variant_kind_of(&of->variant) == WEFT_VARIANT_ARRAY) {
            item.variant = weft_variant_element(&of->variant, i);
        } else {
            item.variant = weft_variant_field(&of->variant, i, &item.name, &len);
            item.len = len;
        }
        return item;
    }
    const weft_column *column = of->column;
    if (column->phys == WEFT_PHYS_STRUCT) {
        item.name = column->type.children[i].name;
        item.len = strlen(item.name);
        item.column = &column->children[i];
        item.slot = weft_column_slot(column, of->slot);
        return item;
    }
    const weft_list list = *(const weft_list *)weft_column_value(column, of->slot);
    item.column = &column->children[0];
    item.slot = list.offset + i;
    if (column->type.id != WEFT_TYPE_MAP) return item;
    const int32_t slot = weft_column_slot(item.column, item.slot);
    const weft_str *key = weft_column_value(&item.column->children[0], slot);
    item.name = weft_str_data(key);
    item.len = key->len;
    item.column = &item.column->children[1];
    item.slot = slot;
    return item;
}

/* A VARIANT in a column is looked at as what it holds. */
static xml_item opened(const xml_item *item)
{
    xml_item out = *item;
    if (item->column == NULL || item->column->type.id != WEFT_TYPE_VARIANT || is_null(item)) return out;
    out.variant = weft_variant_of(weft_column_value(item->column, item->slot));
    out.column = NULL;
    return out;
}

typedef enum item_kind { ITEM_PLAIN, ITEM_LIST, ITEM_OBJECT } item_kind;

static item_kind kind_of(const xml_item *item)
{
    if (is_null(item)) return ITEM_PLAIN;
    if (item->column == NULL) {
        const weft_variant_kind kind = weft_variant_kind_of(&item->variant);
        return kind == WEFT_VARIANT_ARRAY    ? ITEM_LIST
               : kind == WEFT_VARIANT_OBJECT ? ITEM_OBJECT
                                             : ITEM_PLAIN;
    }
    if (item->column->phys == WEFT_PHYS_STRUCT || item->column->type.id == WEFT_TYPE_MAP) return ITEM_OBJECT;
    return item->column->phys == WEFT_PHYS_LIST ? ITEM_LIST : ITEM_PLAIN;
}

/* An element: its attributes, its text, then its elements. */
static weft_status put_object(xml_writer *w, const xml_item *item)
{
    weft_status st = WEFT_OK;
    const int32_t count = item_count(item);
    const size_t prefix = strlen(w->rules->attribute_prefix);
    bool inside = false, lines = false;
    WEFT_TRY(st, check_name(w, item->name, item->len));
    WEFT_TRY(st, put_line(w));
    WEFT_TRY(st, put(w, "<"));
    WEFT_TRY(st, weft_text_append(w->ctx, w->out, item->name, item->len));
    for (int32_t i = 0; i < count; i++) {
        xml_item part = item_at(item, i, NULL);
        part = opened(&part);
        if (!is_attribute(w, &part) || (is_null(&part) && w->rules->null_value == NULL)) continue;
        WEFT_TRY(st, check_name(w, part.name + prefix, part.len - prefix));
        WEFT_TRY(st, plain_text(w, &part));
        WEFT_TRY(st, put(w, " "));
        WEFT_TRY(st, weft_text_append(w->ctx, w->out, part.name + prefix, part.len - prefix));
        WEFT_TRY(st, put(w, "=\""));
        WEFT_TRY(st, put_escaped(w, w->value.bytes, w->value.len, true));
        WEFT_TRY(st, put(w, "\""));
    }
    const size_t head = w->out->len;
    WEFT_TRY(st, put(w, ">"));
    w->depth++;
    for (int32_t i = 0; i < count; i++) {
        xml_item part = item_at(item, i, NULL);
        part = opened(&part);
        if (is_attribute(w, &part) || (is_null(&part) && w->rules->null_value == NULL)) continue;
        const size_t before = w->out->len;
        if (is_text(w, &part)) {
            WEFT_TRY(st, plain_text(w, &part));
            WEFT_TRY(st, put_escaped(w, w->value.bytes, w->value.len, false));
            inside = true;
            continue;
        }
        WEFT_TRY(st, put_item(w, &part));
        lines |= w->out->len > before;
    }
    w->depth--;
    if (!inside && !lines) {
        w->out->len = head;
        WEFT_TRY(st, put(w, "/>"));
        goto done;
    }
    if (lines) WEFT_TRY(st, put_line(w));
    WEFT_TRY(st, put(w, "</"));
    WEFT_TRY(st, weft_text_append(w->ctx, w->out, item->name, item->len));
    WEFT_TRY(st, put(w, ">"));
done:
    return st;
}

static weft_status put_plain(xml_writer *w, const xml_item *item)
{
    weft_status st = WEFT_OK;
    if (is_null(item) && w->rules->null_value == NULL) return WEFT_OK;
    WEFT_TRY(st, check_name(w, item->name, item->len));
    WEFT_TRY(st, plain_text(w, item));
    WEFT_TRY(st, put_line(w));
    WEFT_TRY(st, put(w, "<"));
    WEFT_TRY(st, weft_text_append(w->ctx, w->out, item->name, item->len));
    WEFT_TRY(st, put(w, ">"));
    WEFT_TRY(st, put_escaped(w, w->value.bytes, w->value.len, false));
    WEFT_TRY(st, put(w, "</"));
    WEFT_TRY(st, weft_text_append(w->ctx, w->out, item->name, item->len));
    WEFT_TRY(st, put(w, ">"));
done:
    return st;
}

/* An array is an element for each of its own; one in another is an element of items. */
static weft_status put_list(xml_writer *w, const xml_item *item)
{
    weft_status st = WEFT_OK;
    const int32_t count = item_count(item);
    for (int32_t i = 0; i < count; i++) {
        xml_item part = item_at(item, i, NULL);
        part.name = item->name;
        part.len = item->len;
        part = opened(&part);
        if (kind_of(&part) != ITEM_LIST) {
            WEFT_TRY(st, put_item(w, &part));
            continue;
        }
        WEFT_TRY(st, check_name(w, item->name, item->len));
        WEFT_TRY(st, put_line(w));
        WEFT_TRY(st, put(w, "<"));
        WEFT_TRY(st, weft_text_append(w->ctx, w->out, item->name, item->len));
        WEFT_TRY(st, put(w, ">"));
        part.name = w->rules->item_name;
        part.len = strlen(part.name);
        w->depth++;
        WEFT_TRY(st, put_list(w, &part));
        w->depth--;
        WEFT_TRY(st, put_line(w));
        WEFT_TRY(st, put(w, "</"));
        WEFT_TRY(st, weft_text_append(w->ctx, w->out, item->name, item->len));
        WEFT_TRY(st, put(w, ">"));
    }
done:
    return st;
}

static weft_status put_item(xml_writer *w, const xml_item *item)
{
    const xml_item open = opened(item);
    switch (kind_of(&open)) {
    case ITEM_OBJECT: return put_object(w, &open);
    case ITEM_LIST: return put_list(w, &open);
    case ITEM_PLAIN: break;
    }
    return put_plain(w, &open);
}

weft_status weft_xml_write(weft_ctx *ctx, const weft_xml_rules *rules, const weft_json_format *format,
                           const weft_column *column, int32_t slot, weft_text *out)
{
    xml_writer w = {.ctx = ctx, .rules = rules, .format = format, .out = out};
    const xml_item item = {
        .name = rules->row_tag, .len = strlen(rules->row_tag), .column = column, .slot = slot};
    const weft_status st = put_item(&w, &item);
    weft_text_release(&w.value);
    return st;
}
