/* Columns: values come through every encoding, flattened or not, and hash by what they are. */
#include "engine/columnar/slots.h"
#include "tests/unit/columnar/columnar_fixture.h"

static void strings_compare_as_bytes(void **state)
{
    (void)state;
    weft_fixture f;
    weft_fixture_open(&f);
    weft_test_random random = {weft_test_seed()};
    for (int round = 0; round < 20000; round++) {
        const weft_str a = columnar_string(&f, &random), b = columnar_string(&f, &random);
        const uint32_t least = a.len < b.len ? a.len : b.len;
        int want = memcmp(weft_str_data(&a), weft_str_data(&b), least);
        if (want == 0) want = a.len < b.len ? -1 : a.len > b.len;
        const int got = weft_str_compare(&a, &b);
        assert_int_equal(want < 0, got < 0);
        assert_int_equal(want > 0, got > 0);
        assert_int_equal(want == 0, weft_str_equal(&a, &b));
        assert_int_equal(weft_str_hash(&a), weft_hash_bytes(weft_str_data(&a), a.len));
        if (round % 100 == 0) weft_arena_reset(f.arena);
    }
    weft_fixture_close(&f);
}

static void hand_made_encodings(void **state)
{
    (void)state;
    static const int32_t values[] = {10, 20, 30};
    static const uint32_t codes[] = {2, 0, 0, 1};
    static const int32_t ends[] = {1, 3, 9};
    static const uint64_t validity[] = {5}; /* 101 in binary */
    const weft_dictionary dict = {.id = 1, .count = 3, .phys = WEFT_PHYS_I32, .values = values};
    const weft_type type = WEFT_TYPE_OF(WEFT_TYPE_INT);
    const weft_column flat = {.type = type, .phys = WEFT_PHYS_I32, .data = values, .validity = validity};
    const weft_column constant = {
        .type = type, .phys = WEFT_PHYS_I32, .encoding = WEFT_CONSTANT, .data = values};
    const weft_column coded = {.type = type,
                               .phys = WEFT_PHYS_I32,
                               .encoding = WEFT_DICTIONARY,
                               .data = codes,
                               .dict = &dict,
                               .validity = validity};
    const weft_column runs = {.type = type,
                              .phys = WEFT_PHYS_I32,
                              .encoding = WEFT_RUN_LENGTH,
                              .data = values,
                              .run_ends = ends,
                              .run_count = 3,
                              .validity = validity};
    assert_int_equal(*(const int32_t *)weft_column_value(&flat, 2), 30);
    assert_true(weft_column_is_null(&flat, 1));
    assert_int_equal(*(const int32_t *)weft_column_value(&constant, 77), 10);
    assert_false(weft_column_is_null(&constant, 77));
    assert_int_equal(*(const int32_t *)weft_column_value(&coded, 0), 30);
    assert_int_equal(*(const int32_t *)weft_column_value(&coded, 2), 10);
    assert_true(weft_column_is_null(&coded, 3));
    assert_int_equal(*(const int32_t *)weft_column_value(&runs, 0), 10);
    assert_int_equal(*(const int32_t *)weft_column_value(&runs, 1), 20);
    assert_int_equal(*(const int32_t *)weft_column_value(&runs, 3), 30);
    assert_true(weft_column_is_null(&runs, 2)); /* run 1 */
    assert_false(weft_column_is_null(&runs, 8));
    assert_true(weft_dictionary_new_id() != weft_dictionary_new_id());
}

/* Flattening gives at each selected position what reading through the encoding gives, and touches no other.
 */
static void check_flatten(weft_fixture *f, weft_test_random *r, const weft_column *c,
                          const uint16_t *selection, int32_t selected, int32_t rows)
{
    const size_t bytes = (size_t)weft_phys_bytes((weft_phys)c->phys);
    uint8_t *values = columnar_alloc(f, (size_t)rows * bytes + 16);
    uint64_t *validity = columnar_alloc(f, (size_t)weft_bit_words(rows) * 8);
    uint8_t *chosen = columnar_alloc(f, (size_t)rows);
    const uint8_t fill = (uint8_t)weft_test_random_u64(r);
    memset(values, fill, (size_t)rows * bytes);
    bool has_nulls = true;
    weft_column_flatten(c, selection, selected, rows, values, validity, &has_nulls);
    const weft_column flat = {.type = c->type,
                              .phys = c->phys,
                              .data = values,
                              .validity = has_nulls ? validity : NULL,
                              .children = c->children,
                              .child_count = c->child_count,
                              .child_rows = c->child_rows};
    bool any = false;
    for (int32_t i = 0; i < selected; i++) {
        const int32_t row = selection == NULL ? i : selection[i];
        assert_true(columnar_same(c, row, &flat, row, false));
        if (weft_column_is_null(c, row)) {
            any = true;
            for (size_t k = 0; k < bytes; k++) assert_int_equal(values[(size_t)row * bytes + k], 0);
        }
        chosen[row] = 1;
    }
    assert_int_equal(any, has_nulls);
    for (int32_t row = 0; row < rows; row++) {
        for (size_t k = 0; !chosen[row] && k < bytes; k++)
            assert_int_equal(values[(size_t)row * bytes + k], fill);
    }
}

static void check_hashes(weft_fixture *f, weft_column *c, const uint16_t *selection, int32_t selected,
                         int32_t rows)
{
    uint64_t *one = columnar_alloc(f, (size_t)selected * 8 + 8),
             *two = columnar_alloc(f, (size_t)selected * 8 + 8);
    const weft_batch batch = {
        .rows = rows, .selected = selected, .selection = selection, .column_count = 1, .columns = c};
    static const int32_t keys[] = {0, 0};
    weft_hash_rows(&batch, keys, 1, one);
    weft_hash_rows(&batch, keys, 2, two);
    for (int32_t i = 0; i < selected; i++) {
        const int32_t row = selection == NULL ? i : selection[i];
        assert_int_equal(one[i], weft_column_hash(c, row));
        assert_int_equal(two[i], weft_hash_combine(one[i], one[i]));
        for (int32_t k = 0; k < i && k < 20; k++) { /* equal as keys: equal hashes; else they differ */
            const bool same = columnar_same(c, row, c, selection == NULL ? k : selection[k], true);
            assert_int_equal(same, one[i] == one[k]);
        }
    }
}

static int32_t random_rows(weft_test_random *r)
{
    static const int32_t usual[] = {0, 1, 63, 64, 65, 511, 512, 513, 1024, 4096};
    if (columnar_chance(r, 50)) return (int32_t)weft_test_random_range(r, 0, 600);
    return usual[weft_test_random_range(r, 0, 9)];
}

static int random_percent(weft_test_random *r)
{
    static const int usual[] = {0, 0, 5, 50, 100};
    return usual[weft_test_random_range(r, 0, 4)];
}

static void every_encoding_reads_the_same(void **state)
{
    (void)state;
    weft_test_random random = {weft_test_seed()};
    for (int round = 0; round < 1500; round++) {
        weft_fixture f;
        weft_fixture_open(&f);
        weft_vector owner = {0};
        const weft_type type = columnar_type(&f, columnar_types[round % COLUMNAR_TYPES]);
        const int32_t rows = random_rows(&random);
        const int nulls = random_percent(&random);
        int32_t selected;
        const uint16_t *selection =
            columnar_selection(&f, &random, rows, 100 - random_percent(&random), &selected);
        weft_column c;
        if (round % COLUMNAR_TYPES < COLUMNAR_FLAT_TYPES) {
            const weft_encoding encoding = (weft_encoding)weft_test_random_range(&random, 0, 3);
            c = columnar_encoded(&f, &random, type, columnar_phys(&random, type), encoding, rows, nulls);
        } else {
            c = columnar_flat(&f, &random, type, rows, nulls, &owner);
        }
        check_flatten(&f, &random, &c, selection, selected, rows);
        check_hashes(&f, &c, selection, selected, rows);
        weft_vector_deinit(&owner);
        weft_fixture_close(&f);
    }
}

/* One value has one hash, whatever holds it. */
static void a_hash_is_of_the_value(void **state)
{
    (void)state;
    static const int8_t i8[] = {-7};
    static const int16_t i16[] = {-7};
    static const int32_t i32[] = {-7};
    static const int64_t i64[] = {-7};
    static const weft_i128 i128[] = {-7};
    const struct {
        weft_phys phys;
        const void *data;
    } sevens[] = {{WEFT_PHYS_I8, i8},
                  {WEFT_PHYS_I16, i16},
                  {WEFT_PHYS_I32, i32},
                  {WEFT_PHYS_I64, i64},
                  {WEFT_PHYS_I128, i128}};
    for (size_t i = 0; i < sizeof sevens / sizeof sevens[0]; i++) {
        const weft_column c = {.phys = (uint8_t)sevens[i].phys, .data = sevens[i].data};
        assert_int_equal(weft_column_hash(&c, 0), weft_hash_i64(-7));
    }
    const double doubles[] = {0.0, -0.0, __builtin_nan(""), -__builtin_nan("12"), 1.5};
    const float floats[] = {0.0f, -0.0f, __builtin_nanf(""), -__builtin_nanf("12"), 1.5f};
    const weft_column d = {.phys = WEFT_PHYS_F64, .data = doubles},
                      s = {.phys = WEFT_PHYS_F32, .data = floats};
    assert_int_equal(weft_column_hash(&d, 0), weft_column_hash(&d, 1));
    assert_int_equal(weft_column_hash(&d, 2), weft_column_hash(&d, 3));
    for (int32_t i = 0; i < 5; i++) assert_int_equal(weft_column_hash(&d, i), weft_column_hash(&s, i));
    assert_int_equal(weft_hash_i128((weft_i128)INT64_MIN), weft_hash_i64(INT64_MIN));
    assert_true(weft_hash_i128((weft_i128)INT64_MIN - 1) != weft_hash_i64(INT64_MAX));
    const weft_column null = {.phys = WEFT_PHYS_NULL};
    assert_int_equal(weft_column_hash(&null, 3), weft_hash_null);

    /* Rows in flight carry these: a change is a break of the format. */
    assert_int_equal(weft_hash_f64(1.5), 0x5e4a3b9804bcd2f1ULL);
    assert_int_equal(weft_hash_i128((weft_i128)1 << 100), 0x791258a4060f36caULL);
    uint64_t none[3] = {1, 1, 1};
    const weft_batch batch = {.rows = 3, .selected = 3};
    weft_hash_rows(&batch, NULL, 0, none);
    assert_int_equal(none[2], 0);
}

WEFT_TESTS(WEFT_TEST(strings_compare_as_bytes), WEFT_TEST(hand_made_encodings),
           WEFT_TEST(every_encoding_reads_the_same), WEFT_TEST(a_hash_is_of_the_value))
