/* engine/expr/fn_csv.c - functions of CSV text and a type: from_csv, to_csv, schema_of_csv. */
#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "common/mem.h"
#include "engine/expr/cast_private.h"
#include "engine/expr/csv_record.h"
#include "engine/expr/csv_write.h"
#include "engine/expr/fn_schema.h"
#include "engine/expr/json_format.h"
#include "engine/expr/text_cast.h"
#include "engine/expr/type_sql.h"
#include "engine/expr/variant_build.h"
#include "engine/expr/variant_cast.h"

/* Of a call site in a lane; what a function has no use for stays zero. */
typedef struct csv_state {
    weft_csv_rules rules;
    weft_csv_record record;
    weft_csv_writer writer;
    weft_text_caster caster;
    weft_json_format format;
    weft_text text, value;
    weft_variant_builder builder;
    int32_t corrupt; /* the field that gets bad texts, or -1 */
} csv_state;

static void csv_close(void *state)
{
    csv_state *s = state;
    if (s == NULL) return;
    weft_csv_record_free(&s->record);
    weft_text_caster_deinit(&s->caster);
    weft_json_format_close(&s->format);
    weft_text_release(&s->text);
    weft_text_release(&s->value);
    weft_variant_builder_deinit(&s->builder);
    weft_mem_free(s);
}

static weft_status set_rule(weft_ctx *ctx, void *rules, const char *key, const char *value)
{
    return weft_csv_rule_set(ctx, rules, key, value);
}

static const weft_text_format csv = {"csv", &weft_csv_rule_defaults, sizeof(weft_csv_rules), set_rule};

static weft_status csv_open(weft_ctx *ctx, const weft_expr *call, int32_t options_at, void **state)
{
    return weft_schema_state_new(ctx, &csv, call, options_at, sizeof(csv_state), offsetof(csv_state, rules),
                                 state);
}

/* ---- from_csv ---- */

static weft_status bind_from(weft_ctx *ctx, const weft_function *fn, const weft_expr **args, int32_t count,
                             const weft_span *span, int32_t *variant, weft_type *type)
{
    weft_status st = WEFT_OK;
    char text[256];
    weft_csv_rules rules;
    *variant = 0;
    if (count < 2 || count > 3) return weft_fail_arg_count(ctx, fn->name, 2, 3, count, span);
    WEFT_TRY(st, weft_bind_json_args(ctx, fn, args, 1, 3, count, span));
    WEFT_TRY(st, weft_bind_schema(ctx, fn, args, 1, span, type));
    if (type->id != WEFT_TYPE_STRUCT)
        return weft_fail_at(ctx, WEFT_INVALID_SCHEMA_STRUCT, span,
                            "The input expression should be evaluated to struct type, but got \"%s\".",
                            weft_type_text(*type, text, sizeof text));
    WEFT_TRY(st, weft_bind_rules(ctx, &csv, fn, args, 2, count, span, &rules));
    for (int32_t i = 0; i < type->child_count; i++) {
        if (weft_type_is_nested(type->children[i].type))
            return weft_fail_at(ctx, WEFT_UNSUPPORTED_DATATYPE, span, "Unsupported data type \"%s\".",
                                weft_type_text(type->children[i].type, text, sizeof text));
    }
    if (rules.shared.single_variant != NULL)
        WEFT_TRY(st, weft_expect_single_variant(ctx, *type, rules.shared.corrupt, span));
    WEFT_TRY(st, weft_refuse_drop(ctx, fn, rules.shared.mode, span));
done:
    return st;
}

static weft_status open_from(weft_ctx *ctx, const weft_expr *call, void **state)
{
    weft_status st = WEFT_OK;
    WEFT_TRY(st, csv_open(ctx, call, 2, state));
    csv_state *const s = *state;
    WEFT_TRY(st, weft_call_corrupt(ctx, call, &s->rules.shared, &s->corrupt));
    WEFT_TRY(st, weft_csv_record_init(ctx, &s->rules, &s->record));
    WEFT_TRY(st, weft_text_caster_init(ctx, &s->rules.shared, &s->caster));
    s->caster.no_dates = !s->rules.prefers_date;
done:
    return st;
}

/* A text as a VARIANT of the type that it is. */
static weft_status put_variant(weft_ctx *ctx, csv_state *s, const char *text, size_t len)
{
    weft_status st = WEFT_OK;
    weft_type type;
    weft_vector one = {0};
    bool good = false;
    WEFT_TRY(st, weft_text_infer(ctx, &s->caster, text, len, false, true, &type));
    if (type.id == WEFT_TYPE_STRING) return weft_variant_put_text(ctx, &s->builder, text, len);
    WEFT_TRY(st, weft_vector_init(ctx, type, 1, &one));
    WEFT_TRY(st, weft_text_cast(ctx, &s->caster, text, len, &one, 0, &good));
    WEFT_TRY(st, weft_variant_put_column(ctx, &s->builder, &one.column, 0));
done:
    weft_vector_deinit(&one);
    return st;
}

/* singleVariantColumn: an object of all fields, under the names that columns without a header have. */
static weft_status put_single(weft_ctx *ctx, csv_state *s, weft_vector *out, int32_t slot)
{
    weft_status st = WEFT_OK;
    weft_variant_builder_reset(&s->builder);
    const weft_variant_mark mark = weft_variant_begin(&s->builder);
    for (int32_t i = 0; i < s->record.fields.count; i++) {
        char name[16];
        const weft_csv_part part = weft_csv_record_part(&s->record, i);
        const int len = snprintf(name, sizeof name, "_c%d", i);
        WEFT_TRY(st, weft_variant_name(ctx, &s->builder, name, (size_t)len));
        WEFT_TRY(st, part.is_null ? weft_variant_put_null(ctx, &s->builder)
                                  : put_variant(ctx, s, part.text, part.len));
    }
    WEFT_TRY(st, weft_variant_end_object(ctx, &s->builder, mark));
    WEFT_TRY(st, weft_variant_store(ctx, &s->builder, out, slot));
done:
    return st;
}

static bool is_text(const char *text, size_t len, const char *word)
{
    return strlen(word) == len && memcmp(text, word, len) == 0;
}

/* Is it one of the words for numbers that are none? */
static bool named_number(const weft_csv_rules *rules, const char *text, size_t len, double *out)
{
    const bool nan = is_text(text, len, rules->nan_value), most = is_text(text, len, rules->positive_inf);
    const bool least = is_text(text, len, rules->negative_inf);
    *out = nan ? NAN : least ? -INFINITY : INFINITY;
    return nan || most || least;
}

static weft_status set_field(weft_ctx *ctx, csv_state *s, const weft_csv_part *part, weft_vector *out,
                             int32_t slot, bool *good)
{
    weft_status st = WEFT_OK;
    const char *text = part->text;
    const weft_type_id id = (weft_type_id)out->column.type.id;
    double number;
    if ((id == WEFT_TYPE_DOUBLE || id == WEFT_TYPE_FLOAT) &&
        named_number(&s->rules, text, part->len, &number)) {
        if (id == WEFT_TYPE_DOUBLE)
            ((double *)out->values)[slot] = number;
        else
            ((float *)out->values)[slot] = (float)number;
        weft_json_set_valid(out, slot);
        *good = true;
        return WEFT_OK;
    }
    if (id != WEFT_TYPE_VARIANT) return weft_text_cast(ctx, &s->caster, text, part->len, out, slot, good);
    weft_variant_builder_reset(&s->builder);
    WEFT_TRY(st, put_variant(ctx, s, text, part->len));
    WEFT_TRY(st, weft_variant_store(ctx, &s->builder, out, slot));
done:
    return st;
}

static weft_status from_row(weft_ctx *ctx, weft_kernel_call *call, const weft_str *text, int32_t i)
{
    weft_status st = WEFT_OK;
    csv_state *s = call->state;
    weft_vector *out = call->out;
    int32_t place = 0;
    bool all = true;
    WEFT_TRY(st, weft_csv_record_read(ctx, &s->record, weft_str_data(text), text->len));
    const int32_t parts = s->record.fields.count;
    weft_json_set_valid(out, i);
    for (int32_t k = 0; k < out->column.child_count; k++) {
        weft_vector *field = &out->children[k];
        bool good = true;
        if (k == s->corrupt) continue;
        const int32_t at = place++;
        const weft_csv_part part = at < parts ? weft_csv_record_part(&s->record, at)
                                              : (weft_csv_part){.is_null = true};
        if (s->rules.shared.single_variant != NULL)
            WEFT_TRY(st, put_single(ctx, s, field, i));
        else if (part.is_null)
            weft_vector_set_null(field, i);
        else
            WEFT_TRY(st, set_field(ctx, s, &part, field, i, &good));
        all = all && good && (at < parts || parts == 0);
    }
    if (s->rules.shared.single_variant == NULL) all = all && parts <= place && parts > 0;
    if (!all && s->rules.shared.mode == WEFT_JSON_FAIL) return weft_fail_malformed(ctx, call->expr, text);
    if (s->corrupt < 0) goto done;
    if (all || parts == 0) /* an empty text is no record that could be shown */
        weft_vector_set_null(&out->children[s->corrupt], i);
    else
        WEFT_TRY(st,
                 weft_vector_set_string(ctx, &out->children[s->corrupt], i, weft_str_data(text), text->len));
done:
    return st;
}

static weft_status kernel_from(weft_ctx *ctx, weft_kernel_call *call)
{
    return weft_each_text(ctx, call, from_row);
}

/* ---- to_csv ---- */

static weft_status bind_to(weft_ctx *ctx, const weft_function *fn, const weft_expr **args, int32_t count,
                           const weft_span *span, int32_t *variant, weft_type *type)
{
    weft_status st = WEFT_OK;
    char text[256];
    weft_csv_rules rules;
    *variant = 0;
    *type = WEFT_TYPE_OF(WEFT_TYPE_STRING);
    if (count < 1 || count > 2) return weft_fail_arg_count(ctx, fn->name, 1, 2, count, span);
    const weft_type from = args[0]->type;
    if (from.id != WEFT_TYPE_NULL &&
        (from.id != WEFT_TYPE_STRUCT || weft_type_holds(from, WEFT_TYPE_VARIANT)))
        return weft_fail_at(ctx, WEFT_UNSUPPORTED_INPUT_TYPE, span,
                            "The input of `to_csv` can't be \"%s\" type data.",
                            weft_type_text(from, text, sizeof text));
    WEFT_TRY(st, weft_bind_rules(ctx, &csv, fn, args, 1, count, span, &rules));
done:
    return st;
}

static weft_status open_to(weft_ctx *ctx, const weft_expr *call, void **state)
{
    weft_status st = WEFT_OK;
    WEFT_TRY(st, csv_open(ctx, call, 1, state));
    csv_state *const s = *state;
    WEFT_TRY(st, weft_json_format_open(ctx, &s->rules.shared, &s->format));
    WEFT_TRY(st, weft_csv_grammar_finish(ctx, &s->rules.grammar));
    weft_csv_rules *rules = &s->rules;
    rules->grammar.trim_left = rules->trim_left_write;
    rules->grammar.trim_right = rules->trim_right_write;
    s->writer = (weft_csv_writer){.null_value = rules->null_value,
                                  .empty_value = rules->empty_written,
                                  .line_end = rules->line_end,
                                  .quote_all = rules->quote_all,
                                  .escape_quotes = rules->escape_quotes};
    weft_csv_writer_init(&s->writer, &rules->grammar);
done:
    return st;
}

static weft_status kernel_to(weft_ctx *ctx, weft_kernel_call *call)
{
    weft_status st = WEFT_OK;
    csv_state *s = call->state;
    const weft_column *from = &call->args[0];
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        if (weft_column_is_null(from, i)) {
            weft_vector_set_null(call->out, i);
            continue;
        }
        const int32_t slot = weft_column_slot(from, i);
        s->text.len = 0;
        for (int32_t f = 0; f < from->child_count; f++) {
            const weft_column *field = &from->children[f];
            const bool null = weft_column_is_null(field, slot);
            s->value.len = 0;
            if (!null) WEFT_TRY(st, weft_text_of_value(ctx, &s->format, field, slot, &s->value));
            const char *text = null ? NULL : s->value.bytes != NULL ? s->value.bytes : "";
            WEFT_TRY(st, weft_csv_put_value(ctx, &s->writer, f == 0, text, (uint32_t)s->value.len, &s->text));
        }
        if (s->text.len == 0) /* one field, and it is NULL: to Spark's writer that is no record */
            weft_vector_set_null(call->out, i);
        else
            WEFT_TRY(st, weft_vector_set_string(ctx, call->out, i, s->text.bytes, (uint32_t)s->text.len));
    }
done:
    return st;
}

/* ---- schema_of_csv ---- */

static weft_status bind_schema_of(weft_ctx *ctx, const weft_function *fn, const weft_expr **args,
                                  int32_t count, const weft_span *span, int32_t *variant, weft_type *type)
{
    return weft_bind_schema_of(ctx, &csv, fn, args, count, span, variant, type);
}

static weft_status open_schema_of(weft_ctx *ctx, const weft_expr *call, void **state)
{
    weft_status st = WEFT_OK;
    WEFT_TRY(st, csv_open(ctx, call, 1, state));
    csv_state *const s = *state;
    WEFT_TRY(st, weft_csv_record_init(ctx, &s->rules, &s->record));
    WEFT_TRY(st, weft_text_caster_init(ctx, &s->rules.shared, &s->caster));
    s->caster.no_dates = !s->rules.prefers_date;
done:
    return st;
}

static weft_status kernel_schema_of(weft_ctx *ctx, weft_kernel_call *call)
{
    weft_status st = WEFT_OK;
    csv_state *s = call->state;
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        const weft_str *text = weft_arg_str(&call->args[0], i);
        WEFT_TRY(st, weft_csv_record_read(ctx, &s->record, weft_str_data(text), text->len));
        if (s->record.fields.count == 0) return weft_fail_malformed(ctx, call->expr, text);
        s->text.len = 0;
        WEFT_TRY(st, weft_text_append(ctx, &s->text, "STRUCT<", 7));
        for (int32_t f = 0; f < s->record.fields.count; f++) {
            char name[24];
            weft_type type = WEFT_TYPE_OF(WEFT_TYPE_STRING);
            const weft_csv_part part = weft_csv_record_part(&s->record, f);
            const int len = snprintf(name, sizeof name, f > 0 ? ", _c%d: " : "_c%d: ", f);
            if (!part.is_null)
                WEFT_TRY(st, weft_text_infer(ctx, &s->caster, part.text, part.len, false, true, &type));
            WEFT_TRY(st, weft_text_append(ctx, &s->text, name, (size_t)len));
            WEFT_TRY(st, weft_text_append_type(ctx, &s->text, type));
        }
        WEFT_TRY(st, weft_text_append(ctx, &s->text, ">", 1));
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
    WEFT_SCHEMA_ENTRY(symbol, forms, bits, binder, opener, csv_close, usage, query, answer)

ENTRY(from_csv, from_forms, WEFT_FN_FALLIBLE, bind_from, open_from,
      "from_csv(text, schema[, options]): a record of CSV as a struct of this type",
      "SELECT from_csv('1, 0.8', 'a INT, b DOUBLE')", "{1, 0.8}");
ENTRY(to_csv, to_forms, WEFT_FN_GIVES_NULL, bind_to, open_to,
      "to_csv(struct[, options]): a struct as a record of CSV", "SELECT to_csv(named_struct('a', 1, 'b', 2))",
      "1,2");
ENTRY(schema_of_csv, schema_forms, WEFT_FN_FALLIBLE, bind_schema_of, open_schema_of,
      "schema_of_csv(text[, options]): the type of a record of CSV", "SELECT schema_of_csv('1,abc')",
      "STRUCT<_c0: INT, _c1: STRING>");
