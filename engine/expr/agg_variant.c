/* engine/expr/agg_variant.c - schema_of_variant_agg: the schema of all values. The state is a schema
 * (variant_schema.h) as bytes; it is NULL while no value came. */
#include "engine/expr/agg_input.h"
#include "engine/expr/coerce.h"
#include "engine/expr/variant_schema.h"

/* What one call of update, merge or finalize works with. */
typedef struct schema_work {
    weft_variant_builder builder;
    weft_text one, merged;
} schema_work;

static void work_free(schema_work *w)
{
    weft_variant_builder_deinit(&w->builder);
    weft_text_release(&w->one);
    weft_text_release(&w->merged);
}

/* The state takes in a schema. Most rows have that of the rows before: then nothing is written. */
static weft_status take_schema(weft_ctx *ctx, const weft_agg_place *place, uint8_t *row, schema_work *w,
                               const weft_variant *schema)
{
    weft_status st = WEFT_OK;
    const weft_agg_slot slot = weft_agg_state(place, 0);
    weft_variant merged = *schema;
    if (!weft_agg_is_null(row, slot)) {
        const weft_value kept = weft_agg_value_at(place->layout, place->first_column, row);
        const weft_variant before = weft_variant_of(&kept.str);
        const size_t len = (size_t)schema->meta_len + schema->value_len;
        if (kept.str.len == len && memcmp(before.meta, schema->meta, len) == 0) return WEFT_OK;
        weft_variant_builder_reset(&w->builder);
        WEFT_TRY(st, weft_variant_merge_schemas(ctx, &w->builder, &before, schema));
        WEFT_TRY(st, weft_variant_take(ctx, &w->builder, &w->merged, &merged));
    }
    const weft_str bytes = weft_str_view((const char *)merged.meta, merged.meta_len + merged.value_len);
    WEFT_TRY(st, weft_agg_set_string(ctx, place, row, slot, &bytes));
done:
    return st;
}

static weft_status schema_update(weft_ctx *ctx, const weft_agg_place *place, uint8_t *const *rows,
                                 const weft_batch *batch, const weft_column *args)
{
    weft_status st = WEFT_OK;
    schema_work w = {0};
    for (int32_t i = 0; i < batch->selected; i++) {
        const int32_t at = batch->selection != NULL ? batch->selection[i] : i;
        weft_variant schema;
        if (weft_column_is_null(args, at)) continue;
        const weft_variant v = weft_variant_of(weft_column_value(args, at));
        weft_variant_builder_reset(&w.builder);
        WEFT_TRY(st, weft_variant_put_schema(ctx, &w.builder, &v));
        WEFT_TRY(st, weft_variant_take(ctx, &w.builder, &w.one, &schema));
        WEFT_TRY(st, take_schema(ctx, place, rows[i], &w, &schema));
    }
done:
    work_free(&w);
    return st;
}

static weft_status schema_merge(weft_ctx *ctx, const weft_agg_place *place, uint8_t *const *into,
                                const weft_row_layout *from_layout, int32_t from_first_column,
                                const uint8_t *const *from, int32_t count)
{
    weft_status st = WEFT_OK;
    const weft_agg_slot slot = weft_agg_slot_at(from_layout, from_first_column);
    schema_work w = {0};
    for (int32_t i = 0; i < count; i++) {
        if (weft_agg_is_null(from[i], slot)) continue;
        const weft_value kept = weft_agg_value_at(from_layout, from_first_column, from[i]);
        const weft_variant schema = weft_variant_of(&kept.str);
        WEFT_TRY(st, take_schema(ctx, place, into[i], &w, &schema));
    }
done:
    work_free(&w);
    return st;
}

static weft_status schema_finalize(weft_ctx *ctx, const weft_agg_place *place, const uint8_t *const *rows,
                                   int32_t count, weft_vector *out)
{
    weft_status st = WEFT_OK;
    const weft_agg_slot slot = weft_agg_state(place, 0);
    weft_text text = {0};
    for (int32_t i = 0; i < count; i++) {
        text.len = 0;
        if (weft_agg_is_null(rows[i], slot)) {
            WEFT_TRY(st, weft_text_append(ctx, &text, "VOID", 4));
        } else {
            const weft_value kept = weft_agg_value_at(place->layout, place->first_column, rows[i]);
            const weft_variant schema = weft_variant_of(&kept.str);
            WEFT_TRY(st, weft_variant_schema_text(ctx, &schema, &text));
        }
        WEFT_TRY(st, weft_vector_set_string(ctx, out, i, text.bytes, (uint32_t)text.len));
    }
done:
    weft_text_release(&text);
    return st;
}

static weft_status schema_bind(weft_ctx *ctx, const weft_expr **args, int32_t count, const weft_span *span,
                               weft_type *type)
{
    *type = WEFT_TYPE_OF(WEFT_TYPE_STRING);
    if (count != 1) return weft_fail_arg_count(ctx, "schema_of_variant_agg", 1, 1, count, span);
    if (args[0]->type.id == WEFT_TYPE_NULL)
        return weft_expr_cast(ctx, args[0], WEFT_TYPE_OF(WEFT_TYPE_VARIANT), true, &args[0]);
    if (args[0]->type.id == WEFT_TYPE_VARIANT) return WEFT_OK;
    return weft_fail_arg_type(ctx, 0, "\"VARIANT\"", args[0], span);
}

static int32_t schema_states(const weft_expr *call, weft_type *types, bool *starts_zero)
{
    (void)call;
    types[0] = WEFT_TYPE_OF(WEFT_TYPE_VARIANT);
    starts_zero[0] = false;
    return 1;
}

static const weft_agg_variant schema_any = {schema_update, NULL, schema_merge, schema_finalize};

static const weft_agg_variant *schema_variant(const weft_expr *call)
{
    (void)call;
    return &schema_any;
}

const weft_aggregate weft_aggregate_schema_of_variant_agg = {
    .name = "schema_of_variant_agg",
    .bind = schema_bind,
    .states = schema_states,
    .variant = schema_variant,
    .result_nullable = false,
    .help = "schema_of_variant_agg(v) - The type of all values of a VARIANT together, as SQL.",
    .example = "SELECT schema_of_variant_agg(parse_json(j)) FROM VALUES ('1'), ('2') AS tab(j)",
    .example_result = "BIGINT"};
