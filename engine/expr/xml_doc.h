/* engine/expr/xml_doc.h - XML texts as trees, and XPath over them, by libxml2.
 *
 * The library is opened on first use (dlopen), so that what reads no XML does not load it. Nothing outside
 * the text is ever read: there is no network and no file, an external entity is empty, and libxml2's own
 * limits on depth, names and the growth of entities hold. As in Spark, whose parser knows no namespaces,
 * names of elements are what stands behind their prefix. One thread uses a handle. */
#ifndef WEFT_EXPR_XML_DOC_H
#define WEFT_EXPR_XML_DOC_H

#include <libxml/tree.h>
#include <libxml/xpath.h>

#include "common/ctx.h"
#include "engine/expr/nested_text.h"

typedef struct weft_xml weft_xml;

/* Errors: WEFT_UNSUPPORTED where the library is missing, WEFT_NOMEM. The caller frees *out. */
WEFT_MUST_CHECK weft_status weft_xml_open(weft_ctx *ctx, weft_xml **out);
void weft_xml_close(weft_xml **xml);

/* Read a text; the tree is the handle's until the next text. NULL when it is malformed: weft_xml_why. */
xmlDoc *weft_xml_read(weft_xml *xml, const char *text, size_t len);
const char *weft_xml_why(const weft_xml *xml); /* of the last text or path that failed */

/* Compile a path, for weft_xml_find; false when it is none. It replaces the one before. */
bool weft_xml_set_path(weft_xml *xml, const char *path);
/* What the path gives in the text read last; it is the handle's until the next text. NULL when it fails;
 * *empty says that this is because of a prefix that nothing declares, which finds nothing. */
const xmlXPathObject *weft_xml_find(weft_xml *xml, bool *empty);
/* Append the string value of a node: all text below it. */
WEFT_MUST_CHECK weft_status weft_xml_node_text(weft_ctx *ctx, weft_xml *xml, const xmlNode *node,
                                               weft_text *out);
/* Append an element's markup, as it was read. */
WEFT_MUST_CHECK weft_status weft_xml_node_markup(weft_ctx *ctx, weft_xml *xml, const xmlNode *node,
                                                 weft_text *out);

#endif
