/* engine/expr/fn_xml.c - functions of XML text and a type: from_xml, to_xml, schema_of_xml. */
#include <stddef.h>
#include <string.h>

#include "common/mem.h"
#include "engine/columnar/type_map.h"
#include "engine/expr/fn_schema.h"
#include "engine/expr/json_format.h"
#include "engine/expr/type_sql.h"
#include "engine/expr/xml_rules.h"

/* Of a call site in a lane; what a function has no use for stays zero. */
typedef struct xml_state {
    weft_xml_reader reader;
    weft_json_format format;
    weft_text text;
    int32_t corrupt; /* the field that gets bad texts, or -1 */
} xml_state;

static void xml_close(void *state)
{
    xml_state *s = state;
    if (s == NULL) return;
    weft_xml_reader_close(&s->reader);
    weft_json_format_close(&s->format);
    weft_text_release(&s->text);
    weft_mem_free(s);
}

static weft_status set_rule(weft_ctx *ctx, void *rules, const char *key, const char *value)
{
    return weft_xml_rule_set(ctx, rules, key, value);
}

static const weft_text_format xml = {"xml", &weft_xml_rule_defaults, sizeof(weft_xml_rules), set_rule};

static weft_status xml_open(weft_ctx *ctx, const weft_expr *call, int32_t options_at, void **state)
{
    return weft_schema_state_new(ctx, &xml, call, options_at, sizeof(xml_state),
                                 offsetof(xml_state, reader.rules), state);
}

/* ---- from_xml ---- */

static weft_status bind_from(weft_ctx *ctx, const weft_function *fn, const weft_expr **args, int32_t count,
                             const weft_span *span, int32_t *variant, weft_type *type)
{
    weft_status st = WEFT_OK;
    char text[256];
    weft_xml_rules rules;
    *variant = 0;
    if (count < 2 || count > 3) return weft_fail_arg_count(ctx, fn->name, 2, 3, count, span);
    WEFT_TRY(st, weft_bind_json_args(ctx, fn, args, 1, 3, count, span));
    WEFT_TRY(st, weft_bind_schema(ctx, fn, args, 1, span, type));
    WEFT_TRY(st, weft_bind_rules(ctx, &xml, fn, args, 2, count, span, &rules));
    (void)weft_type_text(*type, text, sizeof text);
    if (type->id != WEFT_TYPE_STRUCT && type->id != WEFT_TYPE_VARIANT)
        return weft_fail_at(ctx, WEFT_INVALID_XML_SCHEMA, span,
                            "Input schema \"%s\" must be a struct or a variant.", text);
    if (!weft_has_text_keys(*type))
        return weft_fail_at(ctx, WEFT_INVALID_XML_MAP_KEY, span,
                            "Input schema \"%s\" can only contain STRING as a key type for a MAP.", text);
    if (weft_type_holds(*type, WEFT_TYPE_INTERVAL_YM) || weft_type_holds(*type, WEFT_TYPE_INTERVAL_DT))
        return weft_fail_at(ctx, WEFT_UNSUPPORTED_DATATYPE, span, "Unsupported data type \"%s\".", text);
    WEFT_TRY(st, weft_refuse_drop(ctx, fn, rules.shared.mode, span));
done:
    return st;
}

static weft_status open_from(weft_ctx *ctx, const weft_expr *call, void **state)
{
    weft_status st = WEFT_OK;
    WEFT_TRY(st, xml_open(ctx, call, 2, state));
    xml_state *const s = *state;
    WEFT_TRY(st, weft_call_corrupt(ctx, call, &s->reader.rules.shared, &s->corrupt));
    WEFT_TRY(st, weft_xml_reader_open(ctx, &s->reader));
done:
    return st;
}

static weft_status from_row(weft_ctx *ctx, weft_kernel_call *call, const weft_str *text, int32_t i)
{
    weft_status st = WEFT_OK;
    xml_state *s = call->state;
    weft_vector *out = call->out;
    const weft_type type = out->column.type;
    const xmlNode *root = weft_xml_root(&s->reader, weft_str_data(text), text->len);
    bool good = root != NULL;
    if (root != NULL)
        WEFT_TRY(st, weft_xml_read_value(ctx, &s->reader, root, type, out, i, s->corrupt, &good));
    if (!good && s->reader.rules.shared.mode == WEFT_JSON_FAIL)
        return weft_fail_malformed(ctx, call->expr, text);
    if (type.id != WEFT_TYPE_STRUCT) {
        if (root == NULL) weft_vector_set_null(out, i);
        goto done;
    }
    weft_json_set_valid(out, i);
    for (int32_t k = 0; root == NULL && k < out->column.child_count; k++)
        weft_vector_set_null(&out->children[k], i);
    if (s->corrupt < 0) goto done;
    if (good) {
        weft_vector_set_null(&out->children[s->corrupt], i);
        goto done;
    }
    weft_json_set_valid(&out->children[s->corrupt], i);
    WEFT_TRY(st, weft_vector_set_string(ctx, &out->children[s->corrupt], i, weft_str_data(text), text->len));
done:
    return st;
}

static weft_status kernel_from(weft_ctx *ctx, weft_kernel_call *call)
{
    return weft_each_text(ctx, call, from_row);
}

/* ---- to_xml ---- */

static weft_status bind_to(weft_ctx *ctx, const weft_function *fn, const weft_expr **args, int32_t count,
                           const weft_span *span, int32_t *variant, weft_type *type)
{
    weft_xml_rules rules;
    *variant = 0;
    *type = WEFT_TYPE_OF(WEFT_TYPE_STRING);
    if (count < 1 || count > 2) return weft_fail_arg_count(ctx, fn->name, 1, 2, count, span);
    const weft_type_id from = (weft_type_id)args[0]->type.id;
    if (from != WEFT_TYPE_STRUCT && from != WEFT_TYPE_VARIANT && from != WEFT_TYPE_NULL)
        return weft_fail_arg_type(ctx, 0, "\"STRUCT\"", args[0], span);
    return weft_bind_rules(ctx, &xml, fn, args, 1, count, span, &rules);
}

static weft_status open_to(weft_ctx *ctx, const weft_expr *call, void **state)
{
    weft_status st = WEFT_OK;
    WEFT_TRY(st, xml_open(ctx, call, 1, state));
    xml_state *const s = *state;
    WEFT_TRY(st, weft_json_format_open(ctx, &s->reader.rules.shared, &s->format));
done:
    return st;
}

static weft_status kernel_to(weft_ctx *ctx, weft_kernel_call *call)
{
    weft_status st = WEFT_OK;
    xml_state *s = call->state;
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        if (weft_column_is_null(&call->args[0], i)) {
            weft_vector_set_null(call->out, i);
            continue;
        }
        s->text.len = 0;
        WEFT_TRY(st, weft_xml_write(ctx, &s->reader.rules, &s->format, &call->args[0], i, &s->text));
        WEFT_TRY(st, weft_vector_set_string(ctx, call->out, i, s->text.bytes, (uint32_t)s->text.len));
    }
done:
    return st;
}

/* ---- schema_of_xml ---- */

static weft_status bind_schema_of(weft_ctx *ctx, const weft_function *fn, const weft_expr **args,
                                  int32_t count, const weft_span *span, int32_t *variant, weft_type *type)
{
    return weft_bind_schema_of(ctx, &xml, fn, args, count, span, variant, type);
}

static weft_status open_schema_of(weft_ctx *ctx, const weft_expr *call, void **state)
{
    weft_status st = WEFT_OK;
    WEFT_TRY(st, xml_open(ctx, call, 1, state));
    xml_state *const s = *state;
    WEFT_TRY(st, weft_xml_reader_open(ctx, &s->reader));
done:
    return st;
}

/* A type without value is that of a string. */
static bool become_canonical(const void *arg, weft_type *type)
{
    (void)arg;
    if (type->id == WEFT_TYPE_NULL) *type = WEFT_TYPE_OF(WEFT_TYPE_STRING);
    return true;
}

static weft_status kernel_schema_of(weft_ctx *ctx, weft_kernel_call *call)
{
    weft_status st = WEFT_OK;
    xml_state *s = call->state;
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        const weft_str *text = weft_arg_str(&call->args[0], i);
        const weft_field bad = {.name = s->reader.rules.shared.corrupt, .type = {.id = WEFT_TYPE_STRING}};
        weft_type type = {.id = WEFT_TYPE_STRUCT, .child_count = 1, .children = &bad};
        const xmlNode *root = weft_xml_root(&s->reader, weft_str_data(text), text->len);
        if (root != NULL) WEFT_TRY(st, weft_xml_infer(ctx, &s->reader, root, true, &type));
        if (root == NULL && s->reader.rules.shared.mode == WEFT_JSON_FAIL)
            return weft_fail_malformed(ctx, call->expr, text);
        WEFT_TRY(st, weft_type_map(ctx, type, become_canonical, NULL, &type));
        s->text.len = 0;
        WEFT_TRY(st, weft_text_append_type(ctx, &s->text, type));
        WEFT_TRY(st, weft_vector_set_string(ctx, call->out, i, s->text.bytes, (uint32_t)s->text.len));
    }
done:
    return st;
}

/* ---- registry ---- */

#define ANY WEFT_TYPE_COUNT

static const weft_signature from_forms[] = {{{ANY, ANY, ANY}, 2, 3, WEFT_TYPE_STRUCT, kernel_from}};
static const weft_signature to_forms[] = {{{ANY, ANY}, 1, 2, WEFT_TYPE_STRING, kernel_to}};
static const weft_signature schema_forms[] = {{{ANY, ANY}, 1, 2, WEFT_TYPE_STRING, kernel_schema_of}};

#define ENTRY(symbol, forms, bits, binder, opener, usage, query, answer)                                     \
    WEFT_SCHEMA_ENTRY(symbol, forms, bits, binder, opener, xml_close, usage, query, answer)

ENTRY(from_xml, from_forms, WEFT_FN_FALLIBLE | WEFT_FN_GIVES_NULL, bind_from, open_from,
      "from_xml(text, schema[, options]): an XML element as a struct of this type, or a VARIANT",
      "SELECT from_xml('<p><a>1</a><b>0.8</b></p>', 'a INT, b DOUBLE')", "{1, 0.8}");
ENTRY(to_xml, to_forms, WEFT_FN_FALLIBLE, bind_to, open_to,
      "to_xml(value[, options]): a struct or VARIANT as an XML element",
      "SELECT to_xml(named_struct('a', 1), map('rowTag', 'r'))", "<r>\n    <a>1</a>\n</r>");
ENTRY(schema_of_xml, schema_forms, WEFT_FN_FALLIBLE, bind_schema_of, open_schema_of,
      "schema_of_xml(text[, options]): the type of an XML element", "SELECT schema_of_xml('<p><a>1</a></p>')",
      "STRUCT<a: BIGINT>");
