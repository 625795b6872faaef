/* engine/exec/generate.c - see generate.h.
 *
 * What is not generated is computed once an input batch, together with the array; then output batches are
 * filled, column by column, from a list of (input row, element). Memory: vectors of one batch. */
#include "engine/exec/generate.h"

#include "common/mem.h"
#include "common/settings.h"
#include "engine/columnar/builder.h"
#include "engine/expr/program.h"

enum { PART_NONE = -3, PART_NUMBER = -2, PART_POSITION = -1, PART_ELEMENT = 0 };

struct weft_generate_spec {
    int32_t count;
    const weft_type *types; /* [count] */
    int32_t *parts;         /* [count] PART_NONE: the column is computed */
    int32_t *values;        /* [count] which of the program's */
    int32_t array;          /* likewise */
    int32_t value_count;
    bool outer;
    const weft_program *program;
};

struct weft_generate {
    const weft_generate_spec *spec;
    weft_eval *eval;
    weft_column *values;  /* [value_count] of the batch at work */
    weft_vector *vectors; /* [count] */
    weft_column *columns;
    int32_t opened, batch_rows;
    weft_batch in;
    int32_t next;    /* selected row */
    int32_t element; /* of that row */
    /* the output batch: input rows, and elements (-1: none, a row of NULLs) */
    uint16_t rows[WEFT_BATCH_ROWS_MAX];
    int32_t elements[WEFT_BATCH_ROWS_MAX];
};

static weft_status note_generator(weft_ctx *ctx, const weft_expr *call, const weft_expr **array,
                                  weft_generate_spec *spec)
{
    const bool outer = strcmp(call->call.function->name, "explode_outer") == 0;
    if (*array != NULL && (spec->outer != outer || !weft_expr_equal(*array, call->args[0])))
        return weft_fail(ctx, WEFT_INTERNAL, "the generators of one projection read different arrays");
    if (call->arg_count != 2 || call->args[1]->kind != WEFT_EXPR_LITERAL)
        return weft_fail(ctx, WEFT_INTERNAL, "a generator of %d arguments", call->arg_count);
    *array = call->args[0];
    spec->outer = outer;
    return WEFT_OK;
}

weft_status weft_generate_prepare(weft_ctx *ctx, const weft_op_spec *op, const weft_types *input_types,
                                  weft_generate_spec **out)
{
    weft_status st = WEFT_OK;
    weft_generate_spec *spec = NULL;
    const weft_expr **exprs = NULL, *array = NULL;
    const int32_t count = op->output.count;
    bool any = false;
    *out = NULL;
    for (int32_t p = 0; p < op->expand.projection_count; p++)
        for (int32_t i = 0; i < count; i++) any |= weft_is_generator(op->expand.projections[p][i]);
    if (!any) return WEFT_OK;
    if (op->expand.projection_count != 1)
        return weft_fail(ctx, WEFT_INTERNAL, "generators beside other projections");
    WEFT_TRY(st, WEFT_NEW(ctx, &spec));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, count, &spec->parts));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, count, &spec->values));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, count + 1, &exprs));
    spec->count = count;
    spec->types = op->output.types;
    for (int32_t i = 0; i < count; i++) {
        const weft_expr *e = op->expand.projections[0][i];
        spec->parts[i] = PART_NONE;
        if (weft_is_generator(e)) {
            WEFT_TRY(st, note_generator(ctx, e, &array, spec));
            spec->parts[i] = (int32_t)e->args[1]->literal.i64;
        } else {
            spec->values[i] = spec->value_count;
            exprs[spec->value_count++] = e;
        }
    }
    spec->array = spec->value_count;
    exprs[spec->value_count++] = array;
    WEFT_TRY(st, weft_program_compile(ctx, exprs, spec->value_count, input_types->types, input_types->count,
                                      &spec->program));
    *out = spec;
done:
    return st;
}

weft_status weft_generate_open(weft_ctx *ctx, const weft_generate_spec *spec, weft_generate **out)
{
    weft_status st = WEFT_OK;
    weft_generate *g = NULL;
    WEFT_TRY(st, WEFT_NEW(ctx, &g));
    *out = g; /* closed with the operator, whatever is open by then */
    g->spec = spec;
    g->batch_rows = (int32_t)weft_setting(ctx, WEFT_SET_BATCH_ROWS);
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, spec->value_count, &g->values));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, spec->count, &g->vectors));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, spec->count, &g->columns));
    for (; g->opened < spec->count; g->opened++)
        WEFT_TRY(st,
                 weft_vector_init(ctx, spec->types[g->opened], WEFT_BATCH_ROWS_MAX, &g->vectors[g->opened]));
    WEFT_TRY(st, weft_eval_open(ctx, spec->program, &g->eval));
done:
    return st;
}

void weft_generate_close(weft_generate **generate)
{
    weft_generate *g = *generate;
    *generate = NULL;
    if (g == NULL) return;
    for (int32_t i = 0; i < g->opened; i++) weft_vector_deinit(&g->vectors[i]);
    weft_eval_close(&g->eval);
}

/* The next rows of the output into rows[] and elements[]; their number. */
static int32_t take_rows(weft_generate *g)
{
    const weft_column *array = &g->values[g->spec->array];
    int32_t count = 0;
    while (g->next < g->in.selected && count < g->batch_rows) {
        const int32_t row = g->in.selection == NULL ? g->next : g->in.selection[g->next];
        const bool null = weft_column_is_null(array, row);
        const int32_t length = null ? 0 : ((const weft_list *)weft_column_value(array, row))->length;
        if (length == 0 && g->spec->outer) {
            g->rows[count] = (uint16_t)row;
            g->elements[count++] = -1;
        }
        for (; g->element < length && count < g->batch_rows; g->element++) {
            g->rows[count] = (uint16_t)row;
            g->elements[count++] = g->element;
        }
        if (g->element < length) break;
        g->element = 0;
        g->next++;
    }
    return count;
}

static weft_status fill_computed(weft_ctx *ctx, weft_generate *g, int32_t column, int32_t count)
{
    weft_status st = WEFT_OK;
    const weft_column *from = &g->values[g->spec->values[column]];
    for (int32_t i = 0; i < count; i++)
        WEFT_TRY(st, weft_vector_set(ctx, &g->vectors[column], i, from, g->rows[i]));
done:
    return st;
}

/* Elements as they lie, where those of an array are side by side in flat values of the vector's own form. */
static bool fill_elements(weft_generate *g, weft_vector *to, const weft_column *array, int32_t count)
{
    if (array->children == NULL) return false; /* NULL in every row */
    const weft_column *from = &array->children[0];
    const size_t bytes = (size_t)weft_phys_bytes((weft_phys)from->phys);
    if (from->encoding != WEFT_FLAT || from->phys != to->column.phys || bytes == 0 ||
        from->phys == WEFT_PHYS_LIST)
        return false;
    for (int32_t i = 0, run = 1; i < count; i += run, run = 1) {
        if (g->elements[i] < 0) {
            weft_vector_set_null(to, i);
            continue;
        }
        while (i + run < count && g->rows[i + run] == g->rows[i] && g->elements[i + run] > 0) run++;
        const weft_list *list = weft_column_value(array, g->rows[i]);
        const int32_t slot = list->offset + g->elements[i];
        memcpy((uint8_t *)to->values + (size_t)i * bytes, (const uint8_t *)from->data + (size_t)slot * bytes,
               (size_t)run * bytes);
        for (int32_t k = 0; from->validity != NULL && k < run; k++)
            if (!weft_bit_get(from->validity, slot + k)) weft_vector_set_null(to, i + k);
    }
    return true;
}

static weft_status fill_generated(weft_ctx *ctx, weft_generate *g, int32_t column, int32_t count)
{
    weft_status st = WEFT_OK;
    const weft_column *array = &g->values[g->spec->array];
    const int32_t part = g->spec->parts[column];
    weft_vector *to = &g->vectors[column];
    if (part == PART_ELEMENT && fill_elements(g, to, array, count)) return WEFT_OK;
    for (int32_t i = 0; i < count; i++) {
        if (g->elements[i] < 0) {
            weft_vector_set_null(to, i);
            continue;
        }
        if (part == PART_POSITION) {
            ((int32_t *)to->values)[i] = g->elements[i];
            continue;
        }
        if (part == PART_NUMBER) {
            ((int64_t *)to->values)[i] = (int64_t)g->elements[i] + 1;
            continue;
        }
        const weft_list *list = weft_column_value(array, g->rows[i]);
        const weft_column *from = &array->children[0];
        int32_t slot = list->offset + g->elements[i];
        if (part > PART_ELEMENT && weft_column_is_null(from, slot)) {
            weft_vector_set_null(to, i);
            continue;
        }
        if (part > PART_ELEMENT) {
            slot = weft_column_slot(from, slot);
            from = &from->children[part - 1];
        }
        WEFT_TRY(st, weft_vector_set(ctx, to, i, from, slot));
    }
done:
    return st;
}

weft_status weft_generate_push(weft_ctx *ctx, weft_generate *g, const weft_batch *in, weft_batch *out,
                               weft_op_result *result)
{
    weft_status st = WEFT_OK;
    if (in != NULL) {
        g->in = *in;
        g->next = g->element = 0;
        WEFT_TRY(st, weft_eval_project(ctx, g->eval, in, g->values));
    }
    const int32_t count = take_rows(g);
    for (int32_t i = 0; i < g->spec->count; i++) {
        weft_vector_reset(&g->vectors[i]);
        WEFT_TRY(st, g->spec->parts[i] == PART_NONE ? fill_computed(ctx, g, i, count)
                                                    : fill_generated(ctx, g, i, count));
        weft_vector_finish(&g->vectors[i]);
        g->columns[i] = g->vectors[i].column;
    }
    *out =
        (weft_batch){.rows = count, .selected = count, .column_count = g->spec->count, .columns = g->columns};
    *result = g->next < g->in.selected ? WEFT_HAVE_MORE : WEFT_NEED_INPUT;
done:
    return st;
}
