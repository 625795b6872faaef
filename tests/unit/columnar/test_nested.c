/* Nested values: packed, they compare, validate and unpack as what they were. */
#include "engine/columnar/nested.h"

#include "engine/columnar/gather.h"
#include "tests/unit/columnar/columnar_fixture.h"

enum { ROWS = 60 };

typedef struct packed {
    uint8_t *bytes;
    uint64_t len;
} packed;

/* Pack a row into a block of exactly its size, so that the sanitizer sees every step beyond. */
static packed pack(const weft_column *c, int32_t row)
{
    packed p = {.len = weft_nested_bytes(c, row)};
    p.bytes = malloc(p.len + (p.len == 0));
    assert_ptr_equal(weft_nested_pack(c, row, p.bytes), p.bytes + p.len);
    return p;
}

static void values_come_back(void **state)
{
    (void)state;
    weft_test_random random = {weft_test_seed()};
    for (int round = 0; round < 300; round++) {
        weft_fixture f;
        weft_fixture_open(&f);
        weft_vector owner = {0}, back = {0};
        const weft_type type = columnar_type(&f, columnar_types[round % COLUMNAR_TYPES]);
        const weft_column c = columnar_flat(&f, &random, type, ROWS, round % 2 == 0 ? 20 : 0, &owner);
        packed p[ROWS] = {{0}};
        weft_str strings[ROWS] = {0};
        for (int32_t i = 0; i < ROWS; i++) {
            if (weft_column_is_null(&c, i)) continue;
            p[i] = pack(&c, i);
            assert_true(weft_nested_validate(type, p[i].bytes, p[i].len));
            assert_true(weft_nested_equal(&c, i, p[i].bytes));
            strings[i] = weft_str_view((char *)p[i].bytes, (uint32_t)p[i].len);
        }
        for (int32_t i = 0; i < ROWS; i++) {
            for (int32_t k = 0; p[i].bytes != NULL && k < ROWS; k++) {
                if (p[k].bytes == NULL) continue;
                const bool same = columnar_same(&c, i, &c, k, true);
                const int order = weft_nested_compare(type, p[i].bytes, p[k].bytes);
                assert_int_equal(order == 0, same);
                assert_int_equal(order > 0, weft_nested_compare(type, p[k].bytes, p[i].bytes) < 0);
                assert_int_equal(weft_nested_equal(&c, i, p[k].bytes), same);
            }
        }
        weft_fixture_ok(&f, weft_vector_init(&f.ctx, type, 1, &back));
        for (int pass = 0; pass < 2; pass++) { /* the second time into memory that was used */
            weft_fixture_ok(&f, weft_nested_unpack(&f.ctx, strings, c.validity, 0, ROWS / 2, &back));
            weft_fixture_ok(&f, weft_nested_unpack(&f.ctx, strings + ROWS / 2, NULL, ROWS / 2, 0, &back));
            const int32_t rest = ROWS - ROWS / 2;
            uint64_t validity[1] = {UINT64_MAX};
            for (int32_t i = 0; i < rest; i++) {
                if (weft_column_is_null(&c, ROWS / 2 + i)) weft_bit_clear(validity, i);
            }
            weft_fixture_ok(&f,
                            weft_nested_unpack(&f.ctx, strings + ROWS / 2, validity, ROWS / 2, rest, &back));
            for (int32_t i = 0; i < ROWS; i++) assert_true(columnar_same(&c, i, &back.column, i, false));
            if (pass == 0) weft_vector_reset(&back);
        }
        for (int32_t i = 0; i < ROWS; i++) free(p[i].bytes);
        weft_vector_deinit(&back);
        weft_vector_deinit(&owner);
        weft_fixture_close(&f);
    }
}

/* A value that is set into a vector, packed as a constant, or gathered from rows is the one that it was. */
static void values_are_moved(void **state)
{
    (void)state;
    weft_test_random random = {weft_test_seed()};
    for (int round = 0; round < COLUMNAR_TYPES * 4; round++) {
        weft_fixture f;
        weft_fixture_open(&f);
        weft_vector owner = {0}, set = {0}, gathered = {0};
        weft_row_set rows = {0};
        weft_row_layout layout;
        uint8_t *at[ROWS];
        uint16_t places[ROWS];
        const weft_type type = columnar_type(&f, columnar_types[round % COLUMNAR_TYPES]);
        weft_column c = columnar_flat(&f, &random, type, ROWS, round % 2 == 0 ? 20 : 0, &owner);
        const weft_batch batch = {.rows = ROWS, .selected = ROWS, .column_count = 1, .columns = &c};
        const int32_t only = 0;
        weft_fixture_ok(&f, weft_row_layout_init(&f.ctx, &type, 1, &layout));
        weft_fixture_ok(&f, weft_rows_append(&f.ctx, &layout, &rows, &batch, &only, NULL, at));
        weft_fixture_ok(&f, weft_vector_init(&f.ctx, type, ROWS * 2, &set));
        weft_fixture_ok(&f, weft_vector_init(&f.ctx, type, ROWS * 2, &gathered));
        for (int pass = 0; pass < 2; pass++) {
            weft_vector_reset(&set);
            for (int32_t i = 0; i < ROWS; i++) { /* every other slot twice: the last one counts */
                places[i] = (uint16_t)(2 * i + pass);
                if (i % 2 == 1) weft_fixture_ok(&f, weft_vector_set(&f.ctx, &set, places[i], &c, ROWS - i));
                weft_fixture_ok(&f, weft_vector_set(&f.ctx, &set, places[i], &c, i));
            }
            weft_vector_finish(&set);
            weft_fixture_ok(&f, weft_vector_gather(&f.ctx, &layout, 0, (const uint8_t *const *)at, ROWS,
                                                   places, &gathered));
            for (int32_t i = 0; i < ROWS; i++) {
                assert_true(columnar_same(&c, i, &set.column, places[i], false));
                assert_true(columnar_same(&c, i, &gathered.column, places[i], false));
            }
        }
        for (int32_t i = 0; i < ROWS; i++) {
            weft_str bytes;
            weft_column one;
            if (weft_column_is_null(&c, i) || !weft_type_is_nested(type)) continue;
            weft_fixture_ok(&f, weft_nested_pack_value(&f.ctx, &c, i, &bytes));
            weft_fixture_ok(&f, weft_nested_constant(&f.ctx, type, &bytes, &one));
            assert_true(columnar_same(&c, i, &one, ROWS - 1, false));
            for (int32_t k = 0; k < ROWS; k++) {
                if (weft_column_is_null(&c, k)) continue;
                const int order = weft_nested_compare_columns(&c, k, &one, 7);
                assert_int_equal(order == 0, columnar_same(&c, k, &c, i, true));
                assert_int_equal(order > 0, weft_nested_compare_columns(&one, 7, &c, k) < 0);
            }
        }
        weft_rows_clear(&rows);
        weft_vector_deinit(&gathered);
        weft_vector_deinit(&set);
        weft_vector_deinit(&owner);
        weft_fixture_close(&f);
    }
}

/* Spark's order: nulls first, then element by element, a prefix before what it begins; NaN above all. */
static void order_is_spark_s(void **state)
{
    (void)state;
    weft_fixture f;
    weft_fixture_open(&f);
    const weft_type type = columnar_type(&f, "array<double>");
    static const double values[] = {-1, 0, 0, 1, 2, __builtin_nan("")};
    static const uint64_t validity[] = {0x3d}; /* all but slot 1 */
    const weft_column child = {
        .type = WEFT_TYPE_OF(WEFT_TYPE_DOUBLE), .phys = WEFT_PHYS_F64, .data = values, .validity = validity};
    /* [], [null], [null, 0], [-1], [-1, null], [0], [1], [1, 2], [NaN] */
    static const weft_list lists[] = {{0, 0}, {1, 1}, {1, 2}, {0, 1}, {0, 2}, {2, 1}, {3, 1}, {3, 2}, {5, 1}};
    const weft_column c = {.type = type,
                           .phys = WEFT_PHYS_LIST,
                           .data = lists,
                           .children = &child,
                           .child_count = 1,
                           .child_rows = 6};
    const int count = (int)(sizeof lists / sizeof lists[0]);
    for (int i = 0; i < count; i++) {
        const packed a = pack(&c, i);
        for (int k = 0; k < count; k++) {
            const packed b = pack(&c, k);
            const int order = weft_nested_compare(type, a.bytes, b.bytes);
            assert_int_equal((order > 0) - (order < 0), (i > k) - (i < k));
            free(b.bytes);
        }
        free(a.bytes);
    }
    weft_fixture_close(&f);
}

static void narrow_decimals_are_their_values(void **state)
{
    (void)state;
    weft_fixture f;
    weft_fixture_open(&f);
    const weft_type type = columnar_type(&f, "array<decimal(38,2)>");
    static const int32_t narrow[] = {1, -2, 3};
    static const int64_t middle[] = {1, -2, 3};
    static const weft_i128 wide[] = {1, -2, 3};
    static const weft_list list[] = {{0, 3}};
    const weft_type element = weft_type_decimal(38, 2);
    const weft_column children[] = {{.type = element, .phys = WEFT_PHYS_I32, .data = narrow},
                                    {.type = element, .phys = WEFT_PHYS_I64, .data = middle},
                                    {.type = element, .phys = WEFT_PHYS_I128, .data = wide}};
    for (int i = 0; i < 3; i++) {
        const weft_column a = {
            .type = type, .phys = WEFT_PHYS_LIST, .data = list, .children = &children[i], .child_count = 1};
        const packed p = pack(&a, 0);
        for (int k = 0; k < 3; k++) {
            weft_column b = a;
            b.children = &children[k];
            const packed q = pack(&b, 0);
            assert_int_equal(p.len, q.len);
            assert_memory_equal(p.bytes, q.bytes, p.len);
            assert_true(weft_nested_equal(&b, 0, p.bytes));
            assert_int_equal(weft_column_hash(&a, 0), weft_column_hash(&b, 0));
            free(q.bytes);
        }
        free(p.bytes);
    }
    weft_fixture_close(&f);
}

/* Cut or damaged bytes are refused, or unpack without a step outside. */
static void damaged_values_are_refused_or_harmless(void **state)
{
    (void)state;
    weft_test_random random = {weft_test_seed()};
    int refused = 0, taken = 0;
    for (int round = 0; round < 2000; round++) {
        weft_fixture f;
        weft_fixture_open(&f);
        weft_vector owner = {0}, back = {0};
        const int which = COLUMNAR_FLAT_TYPES + round % (COLUMNAR_TYPES - COLUMNAR_FLAT_TYPES);
        const weft_type type = columnar_type(&f, columnar_types[which]);
        const weft_column c = columnar_flat(&f, &random, type, 1, 0, &owner);
        packed p = pack(&c, 0);
        const uint64_t cut = (uint64_t)weft_test_random_range(&random, 0, (int64_t)p.len);
        if (cut < p.len) assert_false(weft_nested_validate(type, p.bytes, cut));
        if (p.len > 0)
            p.bytes[weft_test_random_range(&random, 0, (int64_t)p.len - 1)] ^= (uint8_t)(1 << round % 8);
        if (weft_nested_validate(type, p.bytes, p.len)) {
            taken++;
            const weft_str s = {.len = 100,
                                .pointer = (char *)p.bytes}; /* read by its own lengths, not this one */
            weft_fixture_ok(&f, weft_vector_init(&f.ctx, type, 1, &back));
            weft_fixture_ok(&f, weft_nested_unpack(&f.ctx, &s, NULL, 0, 1, &back));
            assert_int_equal(weft_nested_bytes(&back.column, 0), p.len);
            weft_vector_deinit(&back);
        } else {
            refused++;
        }
        free(p.bytes);
        weft_vector_deinit(&owner);
        weft_fixture_close(&f);
    }
    assert_true(refused > 100);
    assert_true(taken > 100);
}

static weft_status unpack_one(weft_fixture *f, void *arg)
{
    weft_status st = WEFT_OK;
    weft_type type;
    weft_vector out = {0};
    WEFT_TRY(st, weft_type_parse(&f->ctx, "array<struct<x:array<double>,y:boolean>>", &type));
    WEFT_TRY(st, weft_vector_init(&f->ctx, type, 1, &out));
    WEFT_TRY(st, weft_nested_unpack(&f->ctx, arg, NULL, 0, 1, &out));
done:
    weft_vector_deinit(&out);
    return st;
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    weft_fixture f;
    weft_fixture_open(&f);
    weft_vector owner = {0};
    weft_test_random random = {weft_test_seed()};
    const weft_type type = columnar_type(&f, "array<struct<x:array<double>,y:boolean>>");
    weft_fixture_ok(&f, weft_vector_init(&f.ctx, type, 1, &owner));
    int32_t first = 0;
    weft_fixture_ok(&f, weft_vector_add_list(&f.ctx, &owner, 0, 50, &first));
    columnar_fill(&f, &random, &owner.children[0], first, 50, 10);
    weft_vector_finish(&owner);
    const packed p = pack(&owner.column, 0);
    weft_str s = weft_str_view((char *)p.bytes, (uint32_t)p.len);
    weft_fixture_oom_sweep(unpack_one, &s);
    free(p.bytes);
    weft_vector_deinit(&owner);
    weft_fixture_close(&f);
}

WEFT_TESTS(WEFT_TEST(values_come_back), WEFT_TEST(values_are_moved), WEFT_TEST(order_is_spark_s),
           WEFT_TEST(narrow_decimals_are_their_values), WEFT_TEST(damaged_values_are_refused_or_harmless),
           WEFT_TEST(every_allocation_may_fail))
