/* Keys of nested values stand as the values do, under every kind of collation: held against a plain twin
 * that walks both values and asks the collator for each pair of strings. */
#include "engine/expr/collation_keys.h"

#include <string.h>

#include "engine/columnar/collation.h"
#include "engine/columnar/nested.h"
#include "engine/expr/collator.h"
#include "engine/expr/nested_call.h"
#include "tests/unit/expr/expr_fixture.h"

static const char *const collations[] = {"UTF8_LCASE", "UTF8_LCASE_RTRIM", "UTF8_BINARY_RTRIM", "UNICODE",
                                         "UNICODE_CI", "UNICODE_RTRIM",    "UNICODE_CI_AI",     "sr_CI_AI",
                                         "de_CI",      "UNICODE_CI_RTRIM"};

static uint16_t collation_of(const char *name)
{
    uint16_t c = 0;
    assert_true(weft_collation_parse(name, strlen(name), &c));
    return c;
}

/* struct<a: array<string>, b: struct<n: int, s: string>, m: map<string, array<string>>>, all of one
 * collation. */
static weft_type shape_of(expr_fixture *f, uint16_t collation)
{
    weft_type string = WEFT_TYPE_OF(WEFT_TYPE_STRING), strings, inner, map, out;
    static const char *const inner_names[] = {"n", "s"}, *const names[] = {"a", "b", "m"};
    string.collation = collation;
    expr_ok(f, weft_type_make_array(&f->ctx, string, &strings));
    const weft_type fields[] = {WEFT_TYPE_OF(WEFT_TYPE_INT), string};
    expr_ok(f, weft_type_make_struct(&f->ctx, inner_names, fields, 2, &inner));
    expr_ok(f, weft_type_make_map(&f->ctx, string, strings, &map));
    const weft_type parts[] = {strings, inner, map};
    expr_ok(f, weft_type_make_struct(&f->ctx, names, parts, 3, &out));
    return out;
}

/* Few different texts, so that equal and almost equal ones meet. */
static void put_random(expr_fixture *f, weft_test_random *random, weft_type type, weft_vector *v, int32_t i)
{
    static const char *const texts[] = {"",    "a",        "A",        "a ",       "b",
                                        "B  ", "ab",       "Ab",       "\xc3\xa4", "\xc3\x84",
                                        "ss",  "\xc3\x9f", "\xc4\xb0", "i\xcc\x87"};
    int32_t first = 0;
    const int32_t length = (int32_t)weft_test_random_range(random, 0, 2);
    if (weft_test_random_range(random, 0, 9) == 0) {
        weft_vector_set_null(v, i);
        return;
    }
    weft_bit_set(v->validity, i);
    if (type.id == WEFT_TYPE_STRING) {
        const char *text = texts[weft_test_random_range(random, 0, WEFT_COUNT(texts) - 1)];
        expr_ok(f, weft_vector_set_string(&f->ctx, v, i, text, (uint32_t)strlen(text)));
    } else if (type.id == WEFT_TYPE_INT) {
        ((int32_t *)v->values)[i] = (int32_t)weft_test_random_range(random, 0, 1);
    } else if (type.id == WEFT_TYPE_STRUCT) {
        for (int32_t k = 0; k < type.child_count; k++)
            put_random(f, random, type.children[k].type, &v->children[k], i);
    } else {
        expr_ok(f, weft_vector_add_list(&f->ctx, v, i, length, &first));
        for (int32_t e = first; e < first + length; e++) {
            if (type.id == WEFT_TYPE_ARRAY) {
                put_random(f, random, type.children[0].type, &v->children[0], e);
                continue;
            }
            weft_bit_set(v->children[0].validity, e);
            for (int32_t part = 0; part < 2; part++)
                put_random(f, random, type.children[part].type, &v->children[0].children[part], e);
        }
    }
}

/* ---- the plain twin ---- */

static int twin(expr_fixture *f, weft_collator *c, weft_type type, const weft_column *v, int32_t a,
                int32_t b);

static int twin_of_entries(expr_fixture *f, weft_collator *c, weft_type type, const weft_column *entries,
                           int32_t a, int32_t b)
{
    int order = 0;
    for (int32_t part = 0; part < type.child_count && order == 0; part++)
        order = twin(f, c, type.children[part].type, &entries->children[part], a, b);
    return order;
}

static int twin(expr_fixture *f, weft_collator *c, weft_type type, const weft_column *v, int32_t a, int32_t b)
{
    const bool null_a = weft_column_is_null(v, a), null_b = weft_column_is_null(v, b);
    int order = 0;
    if (null_a || null_b) return (int)null_b - (int)null_a;
    if (type.id == WEFT_TYPE_INT) {
        const int32_t *values = v->data;
        return (values[a] > values[b]) - (values[a] < values[b]);
    }
    if (type.id == WEFT_TYPE_STRING) {
        const weft_str *s = (const weft_str *)v->data + a, *t = (const weft_str *)v->data + b;
        expr_ok(
            f, weft_collator_compare(&f->ctx, c, weft_str_data(s), s->len, weft_str_data(t), t->len, &order));
        return order;
    }
    if (type.id == WEFT_TYPE_STRUCT) return twin_of_entries(f, c, type, v, a, b);
    const weft_list left = ((const weft_list *)v->data)[a], right = ((const weft_list *)v->data)[b];
    for (int32_t e = 0; e < left.length && e < right.length && order == 0; e++) {
        const int32_t x = left.offset + e, y = right.offset + e;
        order = type.id == WEFT_TYPE_MAP ? twin_of_entries(f, c, type, &v->children[0], x, y)
                                         : twin(f, c, type.children[0].type, &v->children[0], x, y);
    }
    return order != 0 ? order : (left.length > right.length) - (left.length < right.length);
}

static int sign(int order) { return (order > 0) - (order < 0); }

static void keys_stand_as_the_values_do(void **state)
{
    enum { VALUES = 60 };
    expr_fixture *f = *state;
    weft_test_random random = {weft_test_seed()};
    for (int32_t n = 0; n < WEFT_COUNT(collations); n++) {
        const uint16_t collation = collation_of(collations[n]);
        const weft_type type = shape_of(f, collation);
        weft_type of_keys;
        weft_vector values = {0}, keys = {0};
        weft_keyer *keyer = NULL;
        weft_collator *collator = NULL;
        expr_ok(f, weft_type_of_keys(&f->ctx, type, &of_keys));
        expr_ok(f, weft_vector_init(&f->ctx, type, VALUES, &values));
        expr_ok(f, weft_vector_init(&f->ctx, of_keys, VALUES, &keys));
        expr_ok(f, weft_keyer_open(&f->ctx, type, &keyer));
        expr_ok(f, weft_collator_open(&f->ctx, collation, &collator));
        for (int32_t i = 0; i < VALUES; i++) put_random(f, &random, type, &values, i);
        weft_vector_finish(&values);
        for (int32_t i = 0; i < VALUES; i++)
            expr_ok(f, weft_keyer_put(&f->ctx, keyer, &values.column, i, &keys, i));
        weft_vector_finish(&keys);
        for (int32_t a = 0; a < VALUES; a++) {
            for (int32_t b = 0; b < VALUES; b++) {
                if (weft_column_is_null(&values.column, a) || weft_column_is_null(&values.column, b))
                    continue;
                const int expected = twin(f, collator, type, &values.column, a, b);
                assert_int_equal(sign(weft_nested_compare_columns(&keys.column, a, &keys.column, b)),
                                 sign(expected));
            }
        }
        weft_collator_close(&collator);
        weft_keyer_close(&keyer);
        weft_vector_deinit(&keys);
        weft_vector_deinit(&values);
    }
}

/* What is not collated is its own key. */
static void types_without_a_collation_stay(void **state)
{
    expr_fixture *f = *state;
    const weft_type plain = shape_of(f, WEFT_COLLATION_BINARY);
    weft_type keys;
    expr_ok(f, weft_type_of_keys(&f->ctx, plain, &keys));
    assert_true(weft_type_equal(keys, plain));
    expr_ok(f, weft_type_of_keys(&f->ctx, shape_of(f, WEFT_COLLATION_LCASE), &keys));
    assert_int_equal(keys.children[0].type.children[0].type.id, WEFT_TYPE_BINARY);
    assert_int_equal(keys.children[1].type.children[0].type.id, WEFT_TYPE_INT);
}

static weft_status open_once(weft_fixture *f, void *arg)
{
    weft_status st = WEFT_OK;
    weft_keyer *keyer = NULL;
    weft_type string = WEFT_TYPE_OF(WEFT_TYPE_STRING), strings;
    (void)arg;
    string.collation = WEFT_COLLATION_LCASE;
    WEFT_TRY(st, weft_type_make_array(&f->ctx, string, &strings));
    WEFT_TRY(st, weft_keyer_open(&f->ctx, strings, &keyer));
done:
    weft_keyer_close(&keyer);
    return st;
}

static void allocations_fail_in_turn(void **state)
{
    (void)state;
    weft_fixture_oom_sweep(open_once, NULL);
}

WEFT_TESTS(EXPR_TEST(keys_stand_as_the_values_do), EXPR_TEST(types_without_a_collation_stay),
           EXPR_TEST(allocations_fail_in_turn))
