/* engine/expr/fn_xpath.c - XPath 1.0 over XML texts: xpath, xpath_string, xpath_boolean and numbers. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "engine/expr/cast_private.h"
#include "engine/expr/fn_entry.h"
#include "engine/expr/nested_call.h"
#include "engine/expr/real_digits.h"
#include "engine/expr/xml_doc.h"

/* Of a call site in a lane. */
typedef struct xpath_state {
    weft_xml *xml;
    bool empty;       /* the path is: all is NULL */
    const char *path; /* until the first text that is not NULL asks for it: a wrong one matters no sooner */
    weft_text text;
} xpath_state;

static void xpath_close(void *state)
{
    xpath_state *s = state;
    if (s == NULL) return;
    weft_xml_close(&s->xml);
    weft_text_release(&s->text);
    weft_mem_free(s);
}

static weft_status xpath_open(weft_ctx *ctx, const weft_expr *call, void **state)
{
    weft_status st = WEFT_OK;
    xpath_state *s = NULL;
    char *path = NULL;
    const weft_value *given = weft_call_literal(call, 1);
    WEFT_TRY(st, weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, sizeof *s, (void **)&s));
    *state = s;
    s->empty = given == NULL || given->str.len == 0;
    if (s->empty) goto done;
    WEFT_TRY(st, weft_xml_open(ctx, &s->xml));
    WEFT_TRY(st, weft_arena_copy(ctx, ctx->arena, weft_str_data(&given->str), given->str.len, &path));
    s->path = path;
done:
    return st;
}

static weft_status xpath_compile(weft_ctx *ctx, const weft_expr *call, xpath_state *s)
{
    const char *path = s->path;
    s->path = NULL;
    if (path == NULL || weft_xml_set_path(s->xml, path)) return WEFT_OK;
    return weft_fail_at(ctx, WEFT_INVALID_XPATH, &call->span, "Invalid XPath '%.300s': %s", path,
                        weft_xml_why(s->xml));
}

static weft_status bind_xpath(weft_ctx *ctx, const weft_function *fn, const weft_expr **args, int32_t count,
                              const weft_span *span, int32_t *variant, weft_type *type)
{
    weft_status st = WEFT_OK;
    *variant = 0;
    *type = WEFT_TYPE_OF(fn->signatures[0].result);
    if (count != 2) return weft_fail_arg_count(ctx, fn->name, 2, 2, count, span);
    if (type->id == WEFT_TYPE_ARRAY)
        WEFT_TRY(st, weft_type_make_array(ctx, WEFT_TYPE_OF(WEFT_TYPE_STRING), type));
    WEFT_TRY(st, weft_expr_fold(ctx, args[1], &args[1]));
    if (args[1]->kind != WEFT_EXPR_LITERAL)
        return weft_fail_at(ctx, WEFT_DATATYPE_MISMATCH_NOT_FOLDABLE, span,
                            "the input `path` should be a foldable \"STRING\" expression");
    for (int32_t i = 0; i < 2; i++) {
        if (args[i]->type.id == WEFT_TYPE_NULL)
            WEFT_TRY(st, weft_expr_cast(ctx, args[i], WEFT_TYPE_OF(WEFT_TYPE_STRING), true, &args[i]));
        if (args[i]->type.id != WEFT_TYPE_STRING)
            return weft_fail_arg_type(ctx, i, "\"STRING\"", args[i], span);
    }
    WEFT_TRY(st, weft_expr_fold(ctx, args[1], &args[1]));
done:
    return st;
}

/* ---- values ---- */

/* A string as XPath's number(): digits with a point, a sign, blanks around; else NaN. */
static double text_number(const char *text, size_t len)
{
    char copy[512];
    size_t digits = 0;
    while (len > 0 && strchr(" \t\r\n", text[0]) != NULL) text++, len--;
    while (len > 0 && strchr(" \t\r\n", text[len - 1]) != NULL) len--;
    if (len == 0 || len >= sizeof copy) return NAN;
    for (size_t i = text[0] == '-', points = 0; i < len; i++) {
        const bool digit = text[i] >= '0' && text[i] <= '9';
        points += text[i] == '.';
        digits += digit;
        if ((!digit && text[i] != '.') || points > 1) return NAN;
    }
    if (digits == 0) return NAN;
    memcpy(copy, text, len);
    copy[len] = 0;
    return strtod(copy, NULL);
}

/* A number as XPath's string(): no exponent, no point behind whole numbers. */
static weft_status number_text(weft_ctx *ctx, double value, weft_text *out)
{
    weft_status st = WEFT_OK;
    char digits[WEFT_REAL_DIGITS_MAX];
    int exponent = 0;
    if (isnan(value)) return weft_text_append(ctx, out, "NaN", 3);
    if (value < 0) WEFT_TRY(st, weft_text_append(ctx, out, "-", 1));
    if (isinf(value)) return weft_text_append(ctx, out, "Infinity", 8);
    if (value == 0) return weft_text_append(ctx, out, "0", 1);
    const int count = weft_real_digits(fabs(value), false, digits, &exponent);
    if (exponent < 0) WEFT_TRY(st, weft_text_append(ctx, out, "0.", 2));
    for (int zeros = -1 - exponent; zeros > 0; zeros--) WEFT_TRY(st, weft_text_append(ctx, out, "0", 1));
    for (int at = 0; at <= exponent || at < count; at++) {
        if (at > 0 && at == exponent + 1) WEFT_TRY(st, weft_text_append(ctx, out, ".", 1));
        WEFT_TRY(st, weft_text_append(ctx, out, at < count ? &digits[at] : "0", 1));
    }
done:
    return st;
}

static weft_status object_text(weft_ctx *ctx, weft_xml *xml, const xmlXPathObject *o, weft_text *out)
{
    if (o->type == XPATH_NODESET) {
        if (o->nodesetval == NULL || o->nodesetval->nodeNr == 0) return WEFT_OK;
        return weft_xml_node_text(ctx, xml, o->nodesetval->nodeTab[0], out);
    }
    if (o->type == XPATH_BOOLEAN)
        return weft_text_append(ctx, out, o->boolval ? "true" : "false", o->boolval ? 4 : 5);
    if (o->type == XPATH_NUMBER) return number_text(ctx, o->floatval, out);
    const char *text = o->stringval != NULL ? (const char *)o->stringval : "";
    return weft_text_append(ctx, out, text, strlen(text));
}

static weft_status object_number(weft_ctx *ctx, xpath_state *s, const xmlXPathObject *o, double *out)
{
    weft_status st = WEFT_OK;
    *out = o->floatval;
    if (o->type == XPATH_NUMBER) return WEFT_OK;
    if (o->type == XPATH_BOOLEAN) {
        *out = o->boolval;
        return WEFT_OK;
    }
    s->text.len = 0;
    WEFT_TRY(st, object_text(ctx, s->xml, o, &s->text));
    *out = text_number(s->text.bytes, s->text.len);
done:
    return st;
}

static bool object_boolean(const xmlXPathObject *o)
{
    if (o->type == XPATH_NODESET) return o->nodesetval != NULL && o->nodesetval->nodeNr > 0;
    if (o->type == XPATH_BOOLEAN) return o->boolval != 0;
    if (o->type == XPATH_NUMBER) return o->floatval != 0 && !isnan(o->floatval);
    return o->stringval != NULL && o->stringval[0] != 0;
}

/* As Java narrows a double. */
static int64_t saturate(double value, double low, double high)
{
    if (isnan(value)) return 0;
    if (value >= high) return high > 3e9 ? INT64_MAX : (int64_t)high;
    if (value <= low) return high > 3e9 ? INT64_MIN : (int64_t)low;
    return (int64_t)value;
}

static weft_status put_nodes(weft_ctx *ctx, weft_kernel_call *call, const xmlXPathObject *o, int32_t i)
{
    weft_status st = WEFT_OK;
    xpath_state *s = call->state;
    const int32_t count = o->nodesetval == NULL ? 0 : o->nodesetval->nodeNr;
    int32_t first = 0;
    WEFT_TRY(st, weft_vector_add_list(ctx, call->out, i, count, &first));
    weft_vector *child = &call->out->children[0];
    for (int32_t n = 0; n < count; n++) {
        const xmlNode *node = o->nodesetval->nodeTab[n];
        if (node->type == XML_ELEMENT_NODE || node->type == XML_DOCUMENT_NODE) { /* they have no value */
            weft_vector_set_null(child, first + n);
            continue;
        }
        s->text.len = 0;
        WEFT_TRY(st, weft_xml_node_text(ctx, s->xml, node, &s->text));
        if (child->column.validity != NULL) weft_bit_set(child->validity, first + n);
        WEFT_TRY(st, weft_vector_set_string(ctx, child, first + n, s->text.bytes, (uint32_t)s->text.len));
    }
done:
    return st;
}

static weft_status put_result(weft_ctx *ctx, weft_kernel_call *call, const xmlXPathObject *o, int32_t i)
{
    weft_status st = WEFT_OK;
    xpath_state *s = call->state;
    weft_vector *out = call->out;
    double number = 0;
    if (call->expr->type.id == WEFT_TYPE_STRING) {
        s->text.len = 0;
        WEFT_TRY(st, object_text(ctx, s->xml, o, &s->text));
        return weft_vector_set_string(ctx, out, i, s->text.bytes, (uint32_t)s->text.len);
    }
    if (call->expr->type.id == WEFT_TYPE_BOOLEAN) {
        ((uint8_t *)out->values)[i] = object_boolean(o);
        return WEFT_OK;
    }
    WEFT_TRY(st, object_number(ctx, s, o, &number));
    if (call->expr->type.id == WEFT_TYPE_DOUBLE)
        ((double *)out->values)[i] = number;
    else if (call->expr->type.id == WEFT_TYPE_FLOAT)
        ((float *)out->values)[i] = (float)number;
    else if (call->expr->type.id == WEFT_TYPE_BIGINT)
        ((int64_t *)out->values)[i] = saturate(number, -9223372036854775808.0, 9223372036854775808.0);
    else if (call->expr->type.id == WEFT_TYPE_INT)
        ((int32_t *)out->values)[i] = (int32_t)saturate(number, INT32_MIN, INT32_MAX);
    else
        ((int16_t *)out->values)[i] = (int16_t)saturate(number, INT32_MIN, INT32_MAX);
done:
    return st;
}

static weft_status xpath_row(weft_ctx *ctx, weft_kernel_call *call, int32_t i)
{
    xpath_state *s = call->state;
    const weft_str *text = weft_arg_str(&call->args[0], i);
    bool empty = false;
    static const xmlXPathObject nothing = {.type = XPATH_NODESET};
    const weft_status compiled = xpath_compile(ctx, call->expr, s);
    if (compiled != WEFT_OK) return compiled;
    if (weft_xml_read(s->xml, weft_str_data(text), text->len) == NULL)
        return weft_fail_at(ctx, WEFT_INVALID_XPATH, &call->expr->span, "%s(): the XML is malformed: %s",
                            call->expr->call.function->name, weft_xml_why(s->xml));
    const xmlXPathObject *found = weft_xml_find(s->xml, &empty);
    if (found == NULL && empty) found = &nothing;
    const bool list = call->expr->type.id == WEFT_TYPE_ARRAY;
    if (found == NULL || (list && found->type != XPATH_NODESET))
        return weft_fail_at(ctx, WEFT_INVALID_XPATH, &call->expr->span, "%s(): the path gives no nodes: %s",
                            call->expr->call.function->name,
                            found == NULL ? weft_xml_why(s->xml) : "its result is a plain value");
    return list ? put_nodes(ctx, call, found, i) : put_result(ctx, call, found, i);
}

static weft_status kernel_xpath(weft_ctx *ctx, weft_kernel_call *call)
{
    weft_status st = WEFT_OK;
    const xpath_state *s = call->state;
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        if (weft_call_skip_null(call, i)) continue;
        if (s->empty || weft_arg_str(&call->args[0], i)->len == 0)
            weft_vector_set_null(call->out, i);
        else
            WEFT_TRY(st, xpath_row(ctx, call, i));
    }
done:
    return st;
}

/* ---- registry ---- */

#define XPATH(symbol, text, others, result, usage, query, answer)                                            \
    static const weft_signature symbol##_forms[] = {                                                         \
        {{WEFT_TYPE_COUNT, WEFT_TYPE_COUNT}, 2, 2, result, kernel_xpath}};                                   \
    const weft_function weft_fn_##symbol = {.name = text,                                                    \
                                            .aliases = others,                                               \
                                            .flags = WEFT_FN_NULL_OWN | WEFT_FN_GIVES_NULL |                 \
                                                     WEFT_FN_FALLIBLE,                                       \
                                            .signatures = symbol##_forms,                                    \
                                            .signature_count = 1,                                            \
                                            .bind = bind_xpath,                                              \
                                            .open = xpath_open,                                              \
                                            .close = xpath_close,                                            \
                                            .help = usage,                                                   \
                                            .example = query,                                                \
                                            .example_result = answer}

XPATH(xpath, "xpath", NULL, WEFT_TYPE_ARRAY,
      "xpath(xml, path): the values of the nodes that an XPath finds; NULL for elements",
      "SELECT xpath('<a><b>b1</b><b>b2</b></a>', 'a/b/text()')", "[b1, b2]");
XPATH(xpath_string, "xpath_string", NULL, WEFT_TYPE_STRING,
      "xpath_string(xml, path): the text of the first node that an XPath finds",
      "SELECT xpath_string('<a><b>b</b><c>cc</c></a>', 'a/c')", "cc");
XPATH(xpath_boolean, "xpath_boolean", NULL, WEFT_TYPE_BOOLEAN,
      "xpath_boolean(xml, path): is the XPath true, or does it find a node?",
      "SELECT xpath_boolean('<a><b>1</b></a>', 'a/b')", "true");
XPATH(xpath_double, "xpath_double", "xpath_number", WEFT_TYPE_DOUBLE,
      "xpath_double(xml, path): the XPath as a number, NaN where it is none",
      "SELECT xpath_double('<a><b>1</b><b>2</b></a>', 'sum(a/b)')", "3.0");
XPATH(xpath_float, "xpath_float", NULL, WEFT_TYPE_FLOAT,
      "xpath_float(xml, path): the XPath as a FLOAT, NaN where it is no number",
      "SELECT xpath_float('<a><b>1</b><b>2</b></a>', 'sum(a/b)')", "3.0");
XPATH(xpath_long, "xpath_long", NULL, WEFT_TYPE_BIGINT,
      "xpath_long(xml, path): the XPath as a BIGINT, 0 where it is no number",
      "SELECT xpath_long('<a><b>1</b><b>2</b></a>', 'sum(a/b)')", "3");
XPATH(xpath_int, "xpath_int", NULL, WEFT_TYPE_INT,
      "xpath_int(xml, path): the XPath as an INT, 0 where it is no number",
      "SELECT xpath_int('<a><b>1</b><b>2</b></a>', 'sum(a/b)')", "3");
XPATH(xpath_short, "xpath_short", NULL, WEFT_TYPE_SMALLINT,
      "xpath_short(xml, path): the XPath as a SMALLINT, 0 where it is no number",
      "SELECT xpath_short('<a><b>1</b><b>2</b></a>', 'sum(a/b)')", "3");
