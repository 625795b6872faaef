/* Aggregates against a plain row-by-row reference: every function, type, encoding, selection and share of
 * NULLs; one group and many; updates of the whole and merges of parts must agree. */
#include <math.h>

#include "engine/expr/agg_split.h"
#include "tests/unit/expr/expr_fixture.h"

enum { ROWS = 700, GROUPS_MAX = 40, DICTIONARY_MAX = 64 };

/* ---- input columns ---- */

typedef struct input {
    weft_batch batch;
    weft_column column;
    weft_dictionary dictionary;
    uint16_t selection[ROWS];
    uint64_t validity[ROWS / 64 + 1];
    uint32_t codes[ROWS];
    int32_t run_ends[ROWS];
    char texts[ROWS][24];
    _Alignas(64) uint8_t values[ROWS * 16];
} input;

typedef enum nulls { NO_NULLS, SOME_NULLS, ALL_NULLS } nulls;

/* Value number i of `phys`, with the odd ones that matter among them. */
static void put_value(weft_test_random *random, weft_phys phys, input *in, int32_t i)
{
    const int64_t number = weft_test_random_range(random, -1000000, 1000000);
    const int64_t pick = weft_test_random_range(random, 0, 15);
    weft_i128 wide = (weft_i128)number * 1000000007;
    double real = (double)number / 64;
    float small = (float)(number / 64);
    weft_str text;

    if (pick == 0) real = NAN, small = NAN;
    if (pick == 1) real = -0.0, small = -0.0f;
    if (pick == 2) wide = (weft_i128)number * ((weft_i128)1 << 70);
    snprintf(in->texts[i], sizeof(in->texts[i]), pick < 8 ? "%lld" : "prefix-%lld", (long long)number);
    text = weft_str_view(in->texts[i], (uint32_t)strlen(in->texts[i]));
    switch (phys) {
    case WEFT_PHYS_BOOL: in->values[i] = (uint8_t)(number & 1); break;
    case WEFT_PHYS_I8: in->values[i] = (uint8_t)number; break;
    case WEFT_PHYS_I16: ((int16_t *)in->values)[i] = (int16_t)number; break;
    case WEFT_PHYS_I32: ((int32_t *)in->values)[i] = (int32_t)number; break;
    case WEFT_PHYS_I64: ((int64_t *)in->values)[i] = number; break;
    case WEFT_PHYS_I128: ((weft_i128 *)in->values)[i] = wide; break;
    case WEFT_PHYS_F32: ((float *)in->values)[i] = small; break;
    case WEFT_PHYS_F64: ((double *)in->values)[i] = real; break;
    case WEFT_PHYS_STR: ((weft_str *)in->values)[i] = text; break;
    case WEFT_PHYS_NULL:
    case WEFT_PHYS_LIST:
    case WEFT_PHYS_STRUCT:
    case WEFT_PHYS_COUNT: fail();
    }
}

static void input_fill(weft_test_random *random, input *in, weft_type type, weft_phys phys,
                       weft_encoding encoding, nulls share, bool select, int32_t rows)
{
    int32_t slots = encoding == WEFT_CONSTANT ? 1 : encoding == WEFT_DICTIONARY ? DICTIONARY_MAX : rows;

    memset(in, 0, sizeof(*in));
    in->column =
        (weft_column){.type = type, .phys = (uint8_t)phys, .encoding = (uint8_t)encoding, .data = in->values};
    if (encoding == WEFT_RUN_LENGTH) {
        int32_t end = 0;
        for (slots = 0; end < rows; slots++) {
            end += (int32_t)weft_test_random_range(random, 1, 9);
            in->run_ends[slots] = end;
        }
        in->column.run_ends = in->run_ends;
        in->column.run_count = slots;
    }
    for (int32_t i = 0; i < slots; i++) put_value(random, phys, in, i);
    if (encoding == WEFT_DICTIONARY) {
        for (int32_t i = 0; i < rows; i++)
            in->codes[i] = (uint32_t)weft_test_random_range(random, 0, slots - 1);
        in->dictionary =
            (weft_dictionary){.id = 1, .count = slots, .phys = (uint8_t)phys, .values = in->values};
        in->column.data = in->codes;
        in->column.dict = &in->dictionary;
    }
    for (int32_t i = 0; i < rows; i++) {
        if (share == SOME_NULLS ? weft_test_random_range(random, 0, 3) != 0 : share == NO_NULLS) {
            weft_bit_set(in->validity, i);
        }
    }
    if (share != NO_NULLS) in->column.validity = in->validity;
    in->batch = (weft_batch){.rows = rows, .selected = rows, .column_count = 1, .columns = &in->column};
    if (!select) return;
    in->batch.selected = 0;
    in->batch.selection = in->selection;
    for (int32_t i = 0; i < rows; i++) {
        if (weft_test_random_range(random, 0, 2) > 0) in->selection[in->batch.selected++] = (uint16_t)i;
    }
}

/* ---- the reference ---- */

typedef struct reference {
    int64_t count;
    weft_i128 sum;
    double real_sum;
    weft_value low, high;
    int64_t rows; /* NULLs too */
    weft_value first, last;
    double reals[ROWS];
} reference;

static double value_as_double(const weft_value *value)
{
    const bool real = value->type.id == WEFT_TYPE_DOUBLE || value->type.id == WEFT_TYPE_FLOAT;
    return real ? value->f64 : (double)value->i64;
}

static void reference_add(reference *r, const weft_value *value)
{
    if (r->rows++ == 0) r->first = *value;
    r->last = *value;
    if (value->is_null) return;
    if (value->type.id == WEFT_TYPE_DECIMAL)
        r->sum += value->i128;
    else if (value->type.id == WEFT_TYPE_BOOLEAN)
        r->sum += value->boolean;
    else if (value->type.id != WEFT_TYPE_STRING)
        r->sum += value->i64;
    if (value->type.id != WEFT_TYPE_STRING) r->real_sum += r->reals[r->count] = value_as_double(value);
    if (r->count == 0 || weft_value_compare(value, &r->low) < 0) r->low = *value;
    if (r->count == 0 || weft_value_compare(value, &r->high) > 0) r->high = *value;
    r->count++;
}

static weft_i128 round_half_up(weft_i128 number, weft_i128 divisor)
{
    const weft_i128 twice = 2 * (number < 0 ? -number : number) + divisor;
    const weft_i128 size = twice / (2 * divisor);
    return number < 0 ? -size : size;
}

/* By definition, in two passes. False: NULL. */
static bool reference_moment(const reference *r, const char *name, double *out)
{
    const double n = (double)r->count, mean = r->real_sum / n;
    const bool sample = strcmp(name, "variance") == 0 || strcmp(name, "stddev") == 0;
    const bool shape = strcmp(name, "skewness") == 0 || strcmp(name, "kurtosis") == 0;
    double power[5] = {0};
    for (int64_t i = 0; i < r->count; i++) {
        for (int p = 2; p < 5; p++) power[p] += pow(r->reals[i] - mean, p);
    }
    *out = power[2] / (sample ? n - 1 : n);
    if (strncmp(name, "stddev", 6) == 0) *out = sqrt(*out);
    if (strcmp(name, "skewness") == 0) *out = sqrt(n) * power[3] / pow(power[2], 1.5);
    if (strcmp(name, "kurtosis") == 0) *out = n * power[4] / (power[2] * power[2]) - 3;
    return !(sample && r->count < 2) && !(shape && power[2] == 0);
}

static int compare_reals(const void *a, const void *b) /* NaN above all */
{
    const double x = *(const double *)a, y = *(const double *)b;
    if (isnan(x) || isnan(y)) return isnan(x) - isnan(y);
    return (x > y) - (x < y);
}

static double reference_median(const reference *r)
{
    double sorted[ROWS];
    memcpy(sorted, r->reals, (size_t)r->count * sizeof(double));
    qsort(sorted, (size_t)r->count, sizeof(double), compare_reals);
    const double low = sorted[(r->count - 1) / 2], high = sorted[r->count / 2];
    return low == high ? low : low + 0.5 * (high - low);
}

static bool is_moment(const char *name)
{
    return strstr("var_pop variance stddev_pop stddev skewness kurtosis", name) != NULL;
}

static weft_value reference_result(const reference *r, const char *name, weft_type arg, weft_type type)
{
    weft_value value = {.type = type, .is_null = r->count == 0};
    if (strcmp(name, "count") == 0) return (weft_value){.type = type, .i64 = r->count};
    if (strcmp(name, "count_if") == 0) return (weft_value){.type = type, .i64 = (int64_t)r->sum};
    if (strcmp(name, "first") == 0 || strcmp(name, "last") == 0) {
        const weft_value none = {.type = type, .is_null = true};
        return r->rows == 0 ? none : name[0] == 'f' ? r->first : r->last;
    }
    if (value.is_null) return value;
    if (is_moment(name)) {
        value.is_null = !reference_moment(r, name, &value.f64);
    }
    if (strcmp(name, "median") == 0) value.f64 = reference_median(r);
    if (strcmp(name, "bool_and") == 0) value = r->low;
    if (strcmp(name, "bool_or") == 0) value = r->high;
    if (strcmp(name, "min") == 0) value = r->low;
    if (strcmp(name, "max") == 0) value = r->high;
    if (strcmp(name, "sum") == 0) {
        if (type.id == WEFT_TYPE_DECIMAL)
            value.i128 = r->sum;
        else if (type.id == WEFT_TYPE_DOUBLE)
            value.f64 = r->real_sum;
        else
            value.i64 = (int64_t)r->sum;
    }
    if (strcmp(name, "avg") == 0) {
        weft_i128 up = 1;
        for (int i = arg.scale; i < type.scale; i++) up *= 10;
        if (type.id == WEFT_TYPE_DECIMAL)
            value.i128 = round_half_up(r->sum * up, r->count);
        else
            value.f64 = r->real_sum / (double)r->count;
    }
    return value;
}

/* ---- running an aggregate ---- */

typedef struct table {
    weft_row_layout layout;
    weft_row_set set;
    weft_agg_place place;
    const weft_agg_variant *variant;
    uint8_t *groups[GROUPS_MAX];
} table;

static weft_status table_open(expr_fixture *f, const weft_expr *call, int32_t groups, table *t)
{
    weft_status st = WEFT_OK;
    weft_type types[1 + WEFT_AGG_STATES_MAX] = {WEFT_TYPE_OF(WEFT_TYPE_INT)}; /* a key before the states */
    bool starts_zero[WEFT_AGG_STATES_MAX];
    const weft_aggregate *function = call->aggregate.function;
    const int32_t states = function->states(call, types + 1, starts_zero);

    memset(t, 0, sizeof(*t));
    assert_in_range(states, 1, WEFT_AGG_STATES_MAX);
    WEFT_TRY(st, weft_row_layout_init(&f->ctx, types, 1 + states, &t->layout));
    t->place = (weft_agg_place){.layout = &t->layout, .heap = &t->set, .first_column = 1, .call = call};
    t->variant = function->variant(call);
    for (int32_t g = 0; g < groups; g++) {
        WEFT_TRY(st, weft_rows_reserve(&f->ctx, &t->layout, &t->set, &t->groups[g]));
        for (int32_t s = 0; s < states; s++) {
            if (!starts_zero[s]) t->groups[g][8 + ((1 + s) >> 3)] |= (uint8_t)(1u << ((1 + s) & 7));
        }
    }
done:
    return st;
}

/* Group of the i-th selected row: fixed, so that the reference knows it. */
static int32_t group_of(int32_t i, int32_t groups)
{
    return (int32_t)((uint32_t)i * 2654435761u >> 8) % groups;
}

/* Rows [begin, end) of the selection, as a batch of their own. */
static weft_status table_update(expr_fixture *f, table *t, const input *in, int32_t begin, int32_t end,
                                int32_t groups)
{
    uint8_t *rows[ROWS];
    uint16_t selection[ROWS];
    weft_batch part = in->batch;
    const bool whole = begin == 0 && end == in->batch.selected;

    for (int32_t i = begin; i < end; i++) {
        rows[i - begin] = t->groups[group_of(i, groups)];
        selection[i - begin] = in->batch.selection != NULL ? in->batch.selection[i] : (uint16_t)i;
    }
    if (!whole) part.selection = selection;
    part.selected = end - begin;
    if (groups == 1 && t->variant->update_one != NULL) {
        return t->variant->update_one(&f->ctx, &t->place, t->groups[0], &part, &in->column);
    }
    return t->variant->update(&f->ctx, &t->place, rows, &part, &in->column);
}

static weft_status table_finish(expr_fixture *f, table *t, int32_t groups, weft_vector *out)
{
    return t->variant->finalize(&f->ctx, &t->place, (const uint8_t *const *)t->groups, groups, out);
}

static bool values_agree(const weft_value *a, const weft_value *b)
{
    if (a->is_null || b->is_null) return a->is_null == b->is_null;
    if (a->type.id == WEFT_TYPE_DOUBLE && isfinite(a->f64) && isfinite(b->f64)) {
        return fabs(a->f64 - b->f64) <= 1e-8 * (1 + fabs(a->f64));
    }
    return weft_value_compare(a, b) == 0;
}

static void check_results(const char *name, weft_type arg, const reference *want, int32_t groups,
                          const weft_vector *got)
{
    for (int32_t g = 0; g < groups; g++) {
        const weft_value expected = reference_result(&want[g], name, arg, got->column.type);
        const weft_value value = weft_value_of_column(&got->column, g);
        if (!values_agree(&expected, &value)) {
            weft_test_print_replay(name, weft_test_seed());
            fail_msg("%s: group %d of %d differs from the reference", name, g, groups);
        }
    }
}

/* Rows split by group, then update_one for each; false where there are too many groups for that. */
static bool table_update_split(expr_fixture *f, table *t, const input *in, int32_t groups)
{
    static weft_agg_split split;
    uint8_t *rows[ROWS];
    for (int32_t i = 0; i < in->batch.selected; i++) rows[i] = t->groups[group_of(i, groups)];
    if (!weft_agg_split_rows(rows, &in->batch, &split)) return false;
    assert_in_range(split.count, 0, WEFT_AGG_SPLIT_GROUPS);
    expr_ok(f, weft_agg_split_update(&f->ctx, &split, &t->place, t->variant, &in->batch, &in->column));
    return true;
}

/* The result of merging parts equals that of one table, and of a split batch, and all the reference. */
static void check_aggregate(expr_fixture *f, const char *name, const input *in, int32_t groups)
{
    const weft_expr *arg = NULL, *call = NULL;
    static reference want[GROUPS_MAX];
    table whole, part;
    weft_vector out;
    const int32_t middle = in->batch.selected / 3;

    expr_ok(f, weft_expr_ordinal(&f->ctx, 0, in->column.type, true, &arg));
    call = expr_aggregate(f, name, arg);
    memset(want, 0, sizeof(want));
    for (int32_t i = 0; i < in->batch.selected; i++) {
        const int32_t row = in->batch.selection != NULL ? in->batch.selection[i] : i;
        const weft_value value = weft_value_of_column(&in->column, row);
        reference_add(&want[group_of(i, groups)], &value);
    }
    expr_ok(f, weft_vector_init(&f->ctx, call->type, WEFT_BATCH_ROWS_MAX, &out));

    expr_ok(f, table_open(f, call, groups, &whole));
    expr_ok(f, table_update(f, &whole, in, 0, in->batch.selected, groups));
    expr_ok(f, table_finish(f, &whole, groups, &out));
    check_results(name, in->column.type, want, groups, &out);
    weft_rows_clear(&whole.set);

    expr_ok(f, table_open(f, call, groups, &whole));
    if (table_update_split(f, &whole, in, groups)) {
        weft_vector_reset(&out);
        expr_ok(f, table_finish(f, &whole, groups, &out));
        check_results(name, in->column.type, want, groups, &out);
    } else {
        assert_true(groups > WEFT_AGG_SPLIT_GROUPS);
    }
    weft_rows_clear(&whole.set);

    expr_ok(f, table_open(f, call, groups, &whole));
    expr_ok(f, table_open(f, call, groups, &part));
    expr_ok(f, table_update(f, &whole, in, 0, middle, groups));
    expr_ok(f, table_update(f, &part, in, middle, in->batch.selected, groups));
    expr_ok(f, whole.variant->merge(&f->ctx, &whole.place, whole.groups, &part.layout, 1,
                                    (const uint8_t *const *)part.groups, groups));
    weft_vector_reset(&out);
    expr_ok(f, table_finish(f, &whole, groups, &out));
    check_results(name, in->column.type, want, groups, &out);
    weft_rows_clear(&whole.set);
    weft_rows_clear(&part.set);
    weft_vector_deinit(&out);
}

/* ---- tests ---- */

typedef struct column_case {
    const char *type;
    weft_phys phys;
    const char *functions; /* those that take it */
} column_case;

static const column_case column_cases[] = {
    {"boolean", WEFT_PHYS_BOOL, "count count_if min max bool_and bool_or first"},
    {"tinyint", WEFT_PHYS_I8, "count sum avg min max"},
    {"smallint", WEFT_PHYS_I16, "count sum avg min max last median"},
    {"int", WEFT_PHYS_I32, "count sum avg min max"},
    {"bigint", WEFT_PHYS_I64, "count sum avg min max median"},
    {"float", WEFT_PHYS_F32, "count sum avg min max first median"},
    {"double", WEFT_PHYS_F64,
     "count sum avg min max first last median var_pop variance stddev_pop stddev skewness kurtosis"},
    {"date", WEFT_PHYS_I32, "count min max"},
    {"timestamp", WEFT_PHYS_I64, "count min max"},
    {"decimal(7,2)", WEFT_PHYS_I64, "count sum avg min max"},
    {"decimal(15,2)", WEFT_PHYS_I64, "count sum avg min max"},
    {"decimal(30,4)", WEFT_PHYS_I64, "count sum avg min max first last"},
    {"decimal(30,4)", WEFT_PHYS_I128, "count sum avg min max"},
    {"string", WEFT_PHYS_STR, "count min max first last"}};

static void agrees_with_the_reference(void **state)
{
    expr_fixture *f = *state;
    static const int32_t group_counts[] = {1, 3, 7, GROUPS_MAX};
    static const int32_t row_counts[] = {0, 1, 63, 64, 65, ROWS};
    weft_test_random random = {.state = weft_test_seed()};
    input *in = calloc(1, sizeof(*in));

    for (int32_t c = 0; c < WEFT_COUNT(column_cases); c++) {
        const column_case *column = &column_cases[c];
        const weft_type type = expr_type(f, column->type);
        for (int32_t variant = 0; variant < 4 * 3 * 2 * WEFT_COUNT(row_counts); variant++) {
            const weft_encoding encoding = (weft_encoding)(variant % 4);
            const int32_t rows = row_counts[variant / 24];
            char functions[128];
            input_fill(&random, in, type, column->phys, encoding, (nulls)(variant / 4 % 3),
                       variant / 12 % 2 == 1, rows);
            snprintf(functions, sizeof(functions), "%s", column->functions);
            for (char *rest = functions, *name; (name = strtok_r(rest, " ", &rest)) != NULL;) {
                const int32_t groups = group_counts[weft_test_random_range(&random, 0, 3)];
                check_aggregate(f, name, in, groups);
            }
            weft_arena_reset(f->ctx.arena);
        }
    }
    free(in);
}

/* The types that Spark gives. */
static void result_types(void **state)
{
    expr_fixture *f = *state;
    static const struct {
        const char *name, *arg, *result;
    } cases[] = {{"sum", "tinyint", "bigint"},
                 {"sum", "bigint", "bigint"},
                 {"sum", "float", "double"},
                 {"sum", "decimal(15,2)", "decimal(25,2)"},
                 {"sum", "decimal(32,4)", "decimal(38,4)"},
                 {"sum", "string", "double"},
                 {"avg", "int", "double"},
                 {"avg", "decimal(15,2)", "decimal(19,6)"},
                 {"avg", "decimal(36,10)", "decimal(38,14)"},
                 {"mean", "decimal(5,0)", "decimal(9,4)"},
                 {"count", "string", "bigint"},
                 {"min", "date", "date"},
                 {"max", "decimal(30,4)", "decimal(30,4)"}};
    for (int32_t i = 0; i < WEFT_COUNT(cases); i++) {
        const weft_expr *e = expr_aggregate(f, cases[i].name, expr_column(f, 1, "c", cases[i].arg));
        expr_check_type(e, cases[i].result);
        assert_int_equal(e->nullable, strcmp(cases[i].name, "count") != 0);
    }
}

static void wrong_arguments_are_errors(void **state)
{
    expr_fixture *f = *state;
    const weft_expr *out = NULL;
    const weft_expr *date = expr_column(f, 1, "d", "date");
    const weft_expr *two[2] = {date, date};
    const weft_expr *nested = expr_aggregate(f, "max", date);

    assert_int_equal(weft_expr_aggregate(&f->ctx, "sum", &date, 1, false, NULL, NULL, &out),
                     WEFT_DATATYPE_MISMATCH);
    assert_int_equal(weft_expr_aggregate(&f->ctx, "avg", &date, 1, false, NULL, NULL, &out),
                     WEFT_DATATYPE_MISMATCH);
    assert_int_equal(weft_expr_aggregate(&f->ctx, "max", two, 2, false, NULL, NULL, &out),
                     WEFT_WRONG_NUM_ARGS);
    assert_int_equal(weft_expr_aggregate(&f->ctx, "min", NULL, 0, false, NULL, NULL, &out),
                     WEFT_WRONG_NUM_ARGS);
    assert_int_equal(weft_expr_aggregate(&f->ctx, "max", &nested, 1, false, NULL, NULL, &out),
                     WEFT_NESTED_AGGREGATE);
    assert_int_equal(weft_expr_aggregate(&f->ctx, "no_such", &date, 1, false, NULL, NULL, &out),
                     WEFT_UNRESOLVED_ROUTINE);
    assert_int_equal(weft_expr_aggregate(&f->ctx, "max", &date, 1, false, date, NULL, &out),
                     WEFT_AGGREGATE_FILTER_TYPE);
}

/* count(*) counts rows whatever is in them. */
static void count_star(void **state)
{
    expr_fixture *f = *state;
    weft_test_random random = {.state = 3};
    input *in = calloc(1, sizeof(*in));
    table t;
    int64_t counted;

    input_fill(&random, in, WEFT_TYPE_OF(WEFT_TYPE_INT), WEFT_PHYS_I32, WEFT_CONSTANT, NO_NULLS, true, ROWS);
    expr_ok(f, table_open(f, expr_aggregate(f, "count", NULL), 1, &t));
    expr_ok(f, table_update(f, &t, in, 0, in->batch.selected, 1));
    memcpy(&counted, t.groups[0] + t.layout.offsets[1], sizeof(counted));
    assert_int_equal(counted, in->batch.selected);
    weft_rows_clear(&t.set);
    free(in);
}

/* IGNORE NULLS, written as a flag or as a second argument. */
static void first_without_nulls(void **state)
{
    expr_fixture *f = *state;
    static const int32_t values[3] = {0, 7, 0};
    static const uint64_t validity[1] = {2};
    weft_column column = {.type = WEFT_TYPE_OF(WEFT_TYPE_INT), .phys = WEFT_PHYS_I32, .data = values};
    weft_batch batch = {.rows = 3, .selected = 3, .column_count = 1, .columns = &column};
    const weft_value flag = {.type = WEFT_TYPE_OF(WEFT_TYPE_BOOLEAN), .boolean = true};
    const weft_expr *args[2] = {expr_column(f, 1, "c", "int"), NULL}, *call = NULL;
    static const char *const names[] = {"first", "last", "any_value"};
    weft_vector out;

    column.validity = validity;
    expr_ok(f, weft_expr_literal(&f->ctx, &flag, &args[1]));
    expr_ok(f, weft_vector_init(&f->ctx, WEFT_TYPE_OF(WEFT_TYPE_INT), WEFT_BATCH_ROWS_MAX, &out));
    for (int32_t i = 0; i < WEFT_COUNT(names) * 2; i++) {
        table t;
        uint8_t *rows[3];
        const bool skip = i % 2 == 1;
        expr_ok(f, weft_expr_aggregate(&f->ctx, names[i / 2], args, skip ? 2 : 1, false, NULL, NULL, &call));
        assert_int_equal(call->arg_count, 1);
        assert_int_equal(call->aggregate.ignore_nulls, skip);
        for (int one = 0; one < 2; one++) {
            expr_ok(f, table_open(f, call, 1, &t));
            rows[0] = rows[1] = rows[2] = t.groups[0];
            expr_ok(f, one ? t.variant->update_one(&f->ctx, &t.place, rows[0], &batch, &column)
                           : t.variant->update(&f->ctx, &t.place, rows, &batch, &column));
            weft_vector_reset(&out);
            expr_ok(f, table_finish(f, &t, 1, &out));
            assert_int_equal(weft_column_is_null(&out.column, 0), !skip);
            assert_int_equal(*(const int32_t *)out.values, skip ? 7 : 0);
            weft_rows_clear(&t.set);
        }
    }
    weft_vector_deinit(&out);
}

/* The sums that do not fit raise with ANSI on; with ANSI off BIGINT wraps and a decimal is NULL. */
static void overflow(void **state)
{
    expr_fixture *f = *state;
    static int64_t wide[2] = {INT64_MAX, 1};
    static weft_i128 huge[2];
    weft_column column = {.type = WEFT_TYPE_OF(WEFT_TYPE_BIGINT), .phys = WEFT_PHYS_I64, .data = wide};
    weft_batch batch = {.rows = 2, .selected = 2, .column_count = 1, .columns = &column};
    uint8_t *rows[2];
    table t;
    weft_vector out;

    huge[0] = huge[1] = (weft_i128)1000000000000000000 * 1000000000000000000 * 99;
    for (int ansi = 1; ansi >= 0; ansi--) {
        f->settings.number[WEFT_SET_ANSI] = ansi;
        for (int one = 0; one < 2; one++) {
            expr_ok(f, table_open(f, expr_aggregate(f, "sum", expr_column(f, 1, "c", "bigint")), 1, &t));
            column =
                (weft_column){.type = WEFT_TYPE_OF(WEFT_TYPE_BIGINT), .phys = WEFT_PHYS_I64, .data = wide};
            rows[0] = rows[1] = t.groups[0];
            const weft_status st = one ? t.variant->update_one(&f->ctx, &t.place, rows[0], &batch, &column)
                                       : t.variant->update(&f->ctx, &t.place, rows, &batch, &column);
            assert_int_equal(st, ansi ? WEFT_ARITHMETIC_OVERFLOW : WEFT_OK);
            weft_rows_clear(&t.set);

            expr_ok(f,
                    table_open(f, expr_aggregate(f, "sum", expr_column(f, 1, "c", "decimal(38,0)")), 1, &t));
            column = (weft_column){.type = weft_type_decimal(38, 0), .phys = WEFT_PHYS_I128, .data = huge};
            rows[0] = rows[1] = t.groups[0];
            weft_status sum = one ? t.variant->update_one(&f->ctx, &t.place, rows[0], &batch, &column)
                                  : t.variant->update(&f->ctx, &t.place, rows, &batch, &column);
            expr_ok(f, weft_vector_init(&f->ctx, weft_type_decimal(38, 0), WEFT_BATCH_ROWS_MAX, &out));
            if (sum == WEFT_OK) sum = table_finish(f, &t, 1, &out);
            assert_int_equal(sum, ansi ? WEFT_ARITHMETIC_OVERFLOW : WEFT_OK);
            if (!ansi) assert_true(weft_column_is_null(&out.column, 0));
            weft_vector_deinit(&out);
            weft_rows_clear(&t.set);
        }
    }
}

/* Fail the 1st, 2nd, … allocation in turn: each ends in WEFT_NOMEM and leaks nothing. What was refused memory
 * is done again, as the sink does: it is as if it had not been refused. */
static weft_status run_refused(expr_fixture *f, const char *name, const weft_expr *call, const input *in,
                               int32_t groups, bool again)
{
    weft_status st = WEFT_OK;
    static reference want[GROUPS_MAX];
    weft_vector out = {0};
    table t;
    WEFT_TRY(st, table_open(f, call, groups, &t));
    st = table_update(f, &t, in, 0, in->batch.selected, groups);
    if (st != WEFT_NOMEM || !again) goto done;
    weft_error_clear(&f->ctx);
    weft_mem_fail_after(0);
    expr_ok(f, table_update(f, &t, in, 0, in->batch.selected, groups));
    memset(want, 0, sizeof(want));
    for (int32_t i = 0; i < in->batch.selected; i++) {
        const weft_value value = weft_value_of_column(&in->column, i);
        reference_add(&want[group_of(i, groups)], &value);
    }
    expr_ok(f, weft_vector_init(&f->ctx, call->type, WEFT_BATCH_ROWS_MAX, &out));
    expr_ok(f, table_finish(f, &t, groups, &out));
    check_results(name, in->column.type, want, groups, &out);
done:
    weft_vector_deinit(&out);
    weft_rows_clear(&t.set);
    return st;
}

static void every_allocation_may_fail(void **state)
{
    static const struct {
        const char *name, *type;
        weft_phys phys;
        nulls nulls;
        int32_t groups;
    } cases[] = {{"max", "string", WEFT_PHYS_STR, NO_NULLS, 3},
                 {"median", "double", WEFT_PHYS_F64, NO_NULLS, 3},
                 {"median", "double", WEFT_PHYS_F64, SOME_NULLS, GROUPS_MAX},
                 {"median", "int", WEFT_PHYS_I32, SOME_NULLS, 1}};
    expr_fixture *f = *state;
    weft_test_random random = {.state = weft_test_seed()};
    input *in = calloc(1, sizeof(*in));
    for (int32_t c = 0; c < WEFT_COUNT(cases); c++) {
        const weft_type type = expr_type(f, cases[c].type);
        const weft_expr *call = expr_aggregate(f, cases[c].name, expr_column(f, 1, "s", cases[c].type));
        input_fill(&random, in, type, cases[c].phys, WEFT_FLAT, cases[c].nulls, false, ROWS);
        for (int32_t again = 0; again < 2; again++) {
            weft_status st = WEFT_NOMEM;
            int64_t refused = 0; /* how many differ from run to run: the arena keeps what it has */
            while (st == WEFT_NOMEM) {
                weft_mem_fail_after(refused + 1);
                st = run_refused(f, cases[c].name, call, in, cases[c].groups, again > 0);
                refused += st == WEFT_NOMEM;
            }
            assert_int_equal(st, WEFT_OK);
            assert_true(refused > 0);
        }
        weft_mem_fail_after(0);
    }
    free(in);
}

WEFT_TESTS(EXPR_TEST(agrees_with_the_reference), EXPR_TEST(result_types),
           EXPR_TEST(wrong_arguments_are_errors), EXPR_TEST(count_star), EXPR_TEST(first_without_nulls),
           EXPR_TEST(overflow), EXPR_TEST(every_allocation_may_fail))
