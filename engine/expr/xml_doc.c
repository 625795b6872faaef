/* engine/expr/xml_doc.c - see xml_doc.h. */
#include "engine/expr/xml_doc.h"

#include <dlfcn.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include <libxml/parser.h>
#include <libxml/xpathInternals.h>

#include "common/mem.h"

enum { XPATH_STEPS_MAX = 10000000 }; /* of one evaluation: some seconds */

/* The functions of libxml2 that are used, under their own types. */
#define XML_FUNCTIONS(X)                                                                                     \
    X(xmlNewParserCtxt)                                                                                      \
    X(xmlFreeParserCtxt)                                                                                     \
    X(xmlCtxtReadMemory)                                                                                     \
    X(xmlFreeDoc)                                                                                            \
    X(xmlXPathNewContext)                                                                                    \
    X(xmlXPathFreeContext)                                                                                   \
    X(xmlXPathCtxtCompile)                                                                                   \
    X(xmlXPathFreeCompExpr)                                                                                  \
    X(xmlXPathCompiledEval)                                                                                  \
    X(xmlXPathFreeObject)                                                                                    \
    X(xmlBufferCreate)                                                                                       \
    X(xmlBufferFree)                                                                                         \
    X(xmlBufferContent)                                                                                      \
    X(xmlBufferLength)                                                                                       \
    X(xmlNodeBufGetContent)                                                                                  \
    X(xmlNodeDump)                                                                                           \
    X(xmlInitParser)

typedef struct xml_library {
#define X(name) __typeof__(&name) name;
    XML_FUNCTIONS(X)
#undef X
} xml_library;

struct weft_xml {
    void *library;
    xml_library f;
    xmlParserCtxt *parser;
    entityDeclSAXFunc declare; /* the parser's own */
    xmlDoc *doc;
    xmlXPathContext *paths; /* compiles */
    xmlXPathCompExpr *path;
    xmlXPathContext *finder; /* of doc */
    xmlXPathObject *found;
    xmlBuffer *buffer;
    int error;
    char why[256];
};

/* What is wrong goes here, never to stderr. */
static void note_error(void *self, xmlErrorPtr error)
{
    weft_xml *xml = self;
    xml->error = error->code;
    (void)snprintf(xml->why, sizeof xml->why, "%s", error->message != NULL ? error->message : "malformed");
    xml->why[strcspn(xml->why, "\n")] = 0;
}

/* An entity that lies outside the text is empty. */
static void declare_entity(void *self, const xmlChar *name, int type, const xmlChar *public_id,
                           const xmlChar *system_id, xmlChar *content)
{
    xmlParserCtxt *parser = self;
    weft_xml *xml = parser->_private;
    xmlChar nothing[1] = {0};
    if (type == XML_EXTERNAL_GENERAL_PARSED_ENTITY || type == XML_EXTERNAL_PARAMETER_ENTITY) {
        const int inside = type == XML_EXTERNAL_PARAMETER_ENTITY ? XML_INTERNAL_PARAMETER_ENTITY
                                                                 : XML_INTERNAL_GENERAL_ENTITY;
        xml->declare(self, name, inside, NULL, NULL, nothing);
        return;
    }
    xml->declare(self, name, type, public_id, system_id, content);
}

static weft_status load_library(weft_ctx *ctx, weft_xml *xml)
{
    /* Kept for good: the library has data of each thread, which is freed when the thread ends. */
    xml->library = dlopen("libxml2.so.2", RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    bool all = xml->library != NULL;
#define X(name)                                                                                              \
    if (all) {                                                                                               \
        void *symbol = dlsym(xml->library, #name);                                                           \
        memcpy(&xml->f.name, &symbol, sizeof symbol);                                                        \
        all = symbol != NULL;                                                                                \
    }
    XML_FUNCTIONS(X)
#undef X
    if (all) return WEFT_OK;
    return weft_fail(ctx, WEFT_UNSUPPORTED,
                     "functions of XML need libxml2.so.2, which cannot be opened (Debian: libxml2)");
}

weft_status weft_xml_open(weft_ctx *ctx, weft_xml **out)
{
    weft_status st = WEFT_OK;
    weft_xml *xml = NULL;
    *out = NULL;
    WEFT_TRY(st, weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, sizeof *xml, (void **)&xml));
    *out = xml;
    WEFT_TRY(st, load_library(ctx, xml));
    xml->f.xmlInitParser();
    xml->parser = xml->f.xmlNewParserCtxt();
    xml->paths = xml->f.xmlXPathNewContext(NULL);
    xml->buffer = xml->f.xmlBufferCreate();
    if (xml->parser == NULL || xml->paths == NULL || xml->buffer == NULL || xml->parser->sax == NULL) {
        st = weft_fail(ctx, WEFT_NOMEM, "no memory for a parser of XML");
        goto done;
    }
    xml->parser->_private = xml;
    xml->declare = xml->parser->sax->entityDecl;
    xml->parser->sax->entityDecl = declare_entity;
    xml->paths->error = note_error;
    xml->paths->userData = xml;
done:
    if (st != WEFT_OK) weft_xml_close(out);
    return st;
}

static void drop_doc(weft_xml *xml)
{
    if (xml->found != NULL) xml->f.xmlXPathFreeObject(xml->found);
    if (xml->finder != NULL) xml->f.xmlXPathFreeContext(xml->finder);
    if (xml->doc != NULL) xml->f.xmlFreeDoc(xml->doc);
    xml->found = NULL;
    xml->finder = NULL;
    xml->doc = NULL;
}

void weft_xml_close(weft_xml **xml)
{
    weft_xml *x = *xml;
    *xml = NULL;
    if (x == NULL) return;
    if (x->parser != NULL || x->paths != NULL || x->buffer != NULL) drop_doc(x);
    if (x->path != NULL) x->f.xmlXPathFreeCompExpr(x->path);
    if (x->paths != NULL) x->f.xmlXPathFreeContext(x->paths);
    if (x->parser != NULL) x->f.xmlFreeParserCtxt(x->parser);
    if (x->buffer != NULL) x->f.xmlBufferFree(x->buffer);
    if (x->library != NULL) (void)dlclose(x->library);
    weft_mem_free(x);
}

const char *weft_xml_why(const weft_xml *xml) { return xml->why; }

xmlDoc *weft_xml_read(weft_xml *xml, const char *text, size_t len)
{
    const int options = XML_PARSE_NOENT | XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING |
                        XML_PARSE_IGNORE_ENC;
    drop_doc(xml);
    (void)snprintf(xml->why, sizeof xml->why, "malformed");
    if (len > INT_MAX) return NULL;
    xml->doc = xml->f.xmlCtxtReadMemory(xml->parser, text, (int)len, NULL, "UTF-8", options);
    if (xml->doc == NULL && xml->parser->lastError.message != NULL) note_error(xml, &xml->parser->lastError);
    return xml->doc;
}

bool weft_xml_set_path(weft_xml *xml, const char *path)
{
    if (xml->path != NULL) xml->f.xmlXPathFreeCompExpr(xml->path);
    xml->path = xml->f.xmlXPathCtxtCompile(xml->paths, (const xmlChar *)path);
    return xml->path != NULL;
}

/* Elements lose their namespaces, for paths. */
static void drop_namespaces(xmlNode *root)
{
    for (xmlNode *node = root; node != NULL;) {
        if (node->type == XML_ELEMENT_NODE) node->ns = NULL;
        if (node->type == XML_ELEMENT_NODE && node->children != NULL) {
            node = node->children;
            continue;
        }
        while (node != root && node->next == NULL) node = node->parent;
        node = node == root ? NULL : node->next;
    }
}

const xmlXPathObject *weft_xml_find(weft_xml *xml, bool *empty)
{
    *empty = false;
    xml->error = 0;
    if (xml->doc == NULL || xml->path == NULL) return NULL;
    for (xmlNode *node = xml->doc->children; node != NULL; node = node->next) {
        if (node->type == XML_ELEMENT_NODE) drop_namespaces(node);
    }
    if (xml->found != NULL) xml->f.xmlXPathFreeObject(xml->found);
    xml->found = NULL;
    if (xml->finder == NULL) xml->finder = xml->f.xmlXPathNewContext(xml->doc);
    if (xml->finder == NULL) return NULL;
    xml->finder->error = note_error;
    xml->finder->userData = xml;
    xml->finder->opLimit = XPATH_STEPS_MAX;
    xml->finder->opCount = 0;
    xml->finder->node = (xmlNode *)xml->doc;
    xml->found = xml->f.xmlXPathCompiledEval(xml->path, xml->finder);
    *empty = xml->found == NULL && xml->error == XML_XPATH_UNDEF_PREFIX_ERROR;
    return xml->found;
}

static weft_status take_buffer(weft_ctx *ctx, weft_xml *xml, weft_text *out)
{
    const char *bytes = (const char *)xml->f.xmlBufferContent(xml->buffer);
    const weft_status st = weft_text_append(ctx, out, bytes, (size_t)xml->f.xmlBufferLength(xml->buffer));
    xml->f.xmlBufferFree(xml->buffer);
    xml->buffer = xml->f.xmlBufferCreate();
    if (st == WEFT_OK && xml->buffer == NULL)
        return weft_fail(ctx, WEFT_NOMEM, "no memory for a text of XML");
    return st;
}

weft_status weft_xml_node_text(weft_ctx *ctx, weft_xml *xml, const xmlNode *node, weft_text *out)
{
    if (xml->f.xmlNodeBufGetContent(xml->buffer, node) != 0)
        return weft_fail(ctx, WEFT_NOMEM, "no memory for a text of XML");
    return take_buffer(ctx, xml, out);
}

weft_status weft_xml_node_markup(weft_ctx *ctx, weft_xml *xml, const xmlNode *node, weft_text *out)
{
    xmlNode *dumped = (xmlNode *)(uintptr_t)node; /* the library only reads it */
    if (xml->f.xmlNodeDump(xml->buffer, xml->doc, dumped, 0, 0) < 0)
        return weft_fail(ctx, WEFT_NOMEM, "no memory for a text of XML");
    return take_buffer(ctx, xml, out);
}
