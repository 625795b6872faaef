/* engine/expr/xml_rules.h - Spark's options of XML, and what its functions share. */
#ifndef WEFT_EXPR_XML_RULES_H
#define WEFT_EXPR_XML_RULES_H

#include "engine/expr/text_cast.h"
#include "engine/expr/variant_build.h"
#include "engine/expr/xml_doc.h"

typedef struct weft_xml_rules {
    weft_json_options shared; /* mode, corrupt column, formats, zone */
    const char *attribute_prefix, *value_tag, *row_tag, *item_name;
    const char *null_value; /* NULL: none */
    const char *wildcard;   /* a field of this name takes what no field of its struct is named for */
    bool exclude_attributes, trim, infer;
    bool ignore_namespace; /* prefixes are no part of names */
} weft_xml_rules;

extern const weft_xml_rules weft_xml_rule_defaults;

/* Take one option; unknown ones are ignored, as Spark does. Values are borrowed. Errors: WEFT_CONFIG. */
WEFT_MUST_CHECK weft_status weft_xml_rule_set(weft_ctx *ctx, weft_xml_rules *rules, const char *key,
                                              const char *value);

/* Reading of one lane. */
typedef struct weft_xml_reader {
    weft_xml_rules rules;
    weft_xml *xml;
    weft_text_caster caster;
    weft_text text;
    weft_variant_builder builder;
} weft_xml_reader;

/* reader->rules are set by the caller. Errors: as weft_xml_open and weft_text_caster_init. The caller closes
 * it, also after a failure; zeroed is closed. */
WEFT_MUST_CHECK weft_status weft_xml_reader_open(weft_ctx *ctx, weft_xml_reader *reader);
void weft_xml_reader_close(weft_xml_reader *reader);
/* The root element of a text; NULL where it is malformed. */
const xmlNode *weft_xml_root(weft_xml_reader *reader, const char *text, size_t len);
/* An element as a value of the type: attributes and elements are fields by their names. *good is set false
 * where a text is none of its type; such a value is NULL. skip: a field of a struct that is never set, or -1.
 * The caller finishes the vector. Errors: WEFT_NOMEM, WEFT_LIMIT. */
WEFT_MUST_CHECK weft_status weft_xml_read_value(weft_ctx *ctx, weft_xml_reader *reader, const xmlNode *node,
                                                weft_type type, weft_vector *out, int32_t slot, int32_t skip,
                                                bool *good);
/* The type that an element's content has, in ctx->arena; NULL (VOID) where it has none. */
WEFT_MUST_CHECK weft_status weft_xml_infer(weft_ctx *ctx, weft_xml_reader *reader, const xmlNode *node,
                                           bool root, weft_type *out);
/* Append a struct or VARIANT as an element of that name, and its lines. */
WEFT_MUST_CHECK weft_status weft_xml_write(weft_ctx *ctx, const weft_xml_rules *rules,
                                           const weft_json_format *format, const weft_column *column,
                                           int32_t slot, weft_text *out);

/* Its attributes, where it is an element and they count; else NULL. */
const xmlAttr *weft_xml_attributes(const weft_xml_rules *rules, const xmlNode *node);
/* Has the node the name (in any case, and with its prefix if the rules say so)? */
bool weft_xml_is_named(const weft_xml_rules *rules, const xmlNode *node, const char *name);
/* Its prefix if that is a part of its name; else NULL. */
const char *weft_xml_prefix(const weft_xml_rules *rules, const xmlNode *node);
/* The text of an element or attribute itself (not of elements in it), trimmed as the rules say, in
 * reader->text. */
WEFT_MUST_CHECK weft_status weft_xml_own_text(weft_ctx *ctx, weft_xml_reader *reader, const xmlNode *node,
                                              const char **text, size_t *len);
bool weft_xml_has_elements(const xmlNode *node);

#endif
