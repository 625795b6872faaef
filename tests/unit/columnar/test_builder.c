/* Vectors: slots, nulls and strings stay what they were until a reset, whatever grows around them. */
#include "tests/unit/columnar/columnar_fixture.h"

static void strings_are_stable_until_a_reset(void **state)
{
    (void)state;
    enum { SLOTS = 500 };
    weft_fixture f;
    weft_fixture_open(&f);
    weft_vector v = {0};
    weft_test_random random = {weft_test_seed()};
    weft_fixture_ok(&f, weft_vector_init(&f.ctx, WEFT_TYPE_OF(WEFT_TYPE_STRING), SLOTS, &v));
    int64_t held = 0;
    for (int round = 0; round < 4; round++) {
        uint32_t lens[SLOTS];
        char longer[5000];
        for (int32_t i = 0; i < SLOTS; i++) {
            lens[i] = (uint32_t)weft_test_random_range(&random, 0, i % 50 == 0 ? 5000 : 60);
            memset(longer, 'a' + i % 26, sizeof longer);
            weft_fixture_ok(&f, weft_vector_set_string(&f.ctx, &v, i, longer, lens[i]));
        }
        const weft_str *strings = v.column.data;
        for (int32_t i = 0; i < SLOTS; i++) {
            assert_int_equal(strings[i].len, lens[i]);
            for (uint32_t k = 0; k < lens[i]; k++)
                assert_int_equal(weft_str_data(&strings[i])[k], 'a' + i % 26);
        }
        weft_vector_reset(&v);
        if (round == 0) held = weft_account_used_bytes(f.account);
        assert_true(weft_account_used_bytes(f.account) <= held + (128 << 10)); /* older chunks are freed */
    }
    char *room = NULL;
    weft_fixture_ok(&f, weft_vector_heap(&f.ctx, &v, 3 << 20, &room));
    memset(room, 1, 3 << 20);
    weft_vector_deinit(&v);
    weft_vector_deinit(&v); /* zeroed by the first */
    weft_fixture_close(&f);
}

static void nulls_zero_their_slot(void **state)
{
    (void)state;
    weft_test_random random = {weft_test_seed()};
    for (int t = 0; t < COLUMNAR_TYPES; t++) {
        weft_fixture f;
        weft_fixture_open(&f);
        weft_vector v = {0};
        weft_fixture_ok(&f, weft_vector_init(&f.ctx, columnar_type(&f, columnar_types[t]), 200, &v));
        assert_null(v.column.validity);
        columnar_fill(&f, &random, &v, 0, 200, 0);
        const size_t bytes = (size_t)weft_phys_bytes((weft_phys)v.column.phys);
        for (int32_t i = 0; i < 200; i += 3) weft_vector_set_null(&v, i);
        for (int32_t i = 0; i < 200; i++) {
            if (v.column.phys != WEFT_PHYS_NULL)
                assert_int_equal(weft_column_is_null(&v.column, i), i % 3 == 0);
            for (size_t k = 0; i % 3 == 0 && k < bytes; k++)
                assert_int_equal(((uint8_t *)v.values)[(size_t)i * bytes + k], 0);
        }
        weft_vector_reset(&v);
        assert_null(v.column.validity);
        for (int32_t i = 0; i < 200; i++) assert_true(weft_bit_get(v.validity, i));
        weft_vector_deinit(&v);
        weft_fixture_close(&f);
    }
}

static void growing_keeps_what_is_there(void **state)
{
    (void)state;
    weft_test_random random = {weft_test_seed()};
    for (int t = 0; t < COLUMNAR_TYPES; t++) {
        weft_fixture f;
        weft_fixture_open(&f);
        weft_vector v = {0}, same = {0};
        const weft_type type = columnar_type(&f, columnar_types[t]);
        weft_test_random again = random;
        weft_fixture_ok(&f, weft_vector_init(&f.ctx, type, 100, &v));
        weft_fixture_ok(&f, weft_vector_init(&f.ctx, type, 100, &same));
        columnar_fill(&f, &random, &v, 0, 100, 20);
        columnar_fill(&f, &again, &same, 0, 100, 20);
        weft_fixture_ok(&f, weft_vector_reserve(&f.ctx, &v, 5000));
        columnar_fill(&f, &random, &v, 4900, 100, 20);
        weft_vector_finish(&v);
        weft_vector_finish(&same);
        for (int32_t i = 0; i < 100; i++) assert_true(columnar_same(&v.column, i, &same.column, i, false));
        if (v.column.phys != WEFT_PHYS_NULL) assert_false(weft_column_is_null(&v.column, 2500));
        weft_vector_deinit(&v);
        weft_vector_deinit(&same);
        weft_fixture_close(&f);
    }
}

static weft_status build_all(weft_fixture *f, void *arg)
{
    weft_status st = WEFT_OK;
    weft_vector v = {0};
    weft_type type;
    int32_t first = 0;
    WEFT_TRY(st, weft_type_parse(&f->ctx, arg, &type));
    WEFT_TRY(st, weft_vector_init(&f->ctx, type, 10, &v));
    weft_vector *strings = v.column.phys == WEFT_PHYS_LIST ? &v.children[0] : &v;
    if (strings != &v) WEFT_TRY(st, weft_vector_add_list(&f->ctx, &v, 0, 1000, &first));
    for (int32_t i = 0; strings->column.phys == WEFT_PHYS_STR && i < 10; i++) {
        char bytes[9000] = {0};
        WEFT_TRY(st, weft_vector_set_string(&f->ctx, strings, i, bytes, sizeof bytes));
    }
    WEFT_TRY(st, weft_vector_reserve(&f->ctx, &v, 3000));
    weft_vector_set_null(&v, 2999);
done:
    weft_vector_deinit(&v);
    return st;
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    for (int t = 0; t < COLUMNAR_TYPES; t++)
        weft_fixture_oom_sweep(build_all, (void *)(uintptr_t)columnar_types[t]);
}

static void lists_have_a_limit(void **state)
{
    (void)state;
    weft_fixture f;
    weft_fixture_open(&f);
    weft_vector v = {0};
    int32_t first = 0;
    weft_fixture_ok(&f, weft_vector_init(&f.ctx, columnar_type(&f, "array<void>"), 10, &v));
    weft_fixture_ok(&f, weft_vector_add_list(&f.ctx, &v, 0, 1000, &first));
    assert_int_equal(weft_vector_add_list(&f.ctx, &v, 1, INT32_MAX, &first), WEFT_LIMIT);
    weft_vector_deinit(&v);
    weft_fixture_close(&f);
}

WEFT_TESTS(WEFT_TEST(strings_are_stable_until_a_reset), WEFT_TEST(nulls_zero_their_slot),
           WEFT_TEST(growing_keeps_what_is_there), WEFT_TEST(every_allocation_may_fail),
           WEFT_TEST(lists_have_a_limit))
