/* Bytes of VARIANT: what is good is read, what is cut, flipped, laid over itself or too deep is refused. */
#include "engine/columnar/variant.h"
#include "tests/unit/columnar/columnar_fixture.h"

/* {"a":1,"b":[1,"xy",null,true]}: names a and b. */
static const uint8_t good[] = {0x01, 2, 0,    1,   2,   'a',  'b', /* metadata */
                               0x02, 2, 0,    1,   0,   2,    16,  /* object: ids, offsets, end */
                               0x0c, 1,                            /* int8 1 */
                               0x03, 4, 0,    2,   5,   6,    7,   /* array: offsets, end */
                               0x0c, 1, 0x09, 'x', 'y', 0x00, 0x04};

static weft_variant_verdict check(const void *bytes, size_t len) { return weft_variant_check(bytes, len); }

static void good_bytes_are_read(void **state)
{
    (void)state;
    const weft_str str = weft_str_view((const char *)good, sizeof good);
    weft_variant v, part;
    const char *name = NULL;
    uint32_t len = 0;
    assert_int_equal(check(good, sizeof good), WEFT_VARIANT_GOOD);
    v = weft_variant_of(&str);
    assert_int_equal(weft_variant_kind_of(&v), WEFT_VARIANT_OBJECT);
    assert_int_equal(weft_variant_count(&v), 2);
    part = weft_variant_field(&v, 0, &name, &len);
    assert_int_equal(len, 1);
    assert_memory_equal(name, "a", 1);
    assert_int_equal(weft_variant_i64(&part), 1);
    assert_true(weft_variant_find(&v, "b", 1, &part));
    assert_int_equal(weft_variant_count(&part), 4);
    v = weft_variant_element(&part, 1);
    assert_memory_equal(weft_variant_text(&v, &len), "xy", 2);
    v = weft_variant_element(&part, 2);
    assert_true(weft_variant_is_null(&v));
    v = weft_variant_element(&part, 3);
    assert_int_equal(weft_variant_i64(&v), 1);
    assert_false(weft_variant_find(&part, "b", 1, &v));
}

static void cut_bytes_are_refused(void **state)
{
    (void)state;
    for (size_t len = 0; len < sizeof good; len++) assert_int_not_equal(check(good, len), WEFT_VARIANT_GOOD);
    uint8_t longer[sizeof good + 1] = {0};
    memcpy(longer, good, sizeof good);
    assert_int_equal(check(longer, sizeof longer), WEFT_VARIANT_BAD);
}

/* Whatever a flipped bit makes of the bytes, the check ends, and what it lets through can be walked. */
static void flipped_bits_do_no_harm(void **state)
{
    (void)state;
    for (size_t bit = 0; bit < sizeof good * 8; bit++) {
        uint8_t bytes[sizeof good];
        memcpy(bytes, good, sizeof good);
        bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
        if (check(bytes, sizeof bytes) != WEFT_VARIANT_GOOD) continue;
        const weft_str str = weft_str_view((const char *)bytes, sizeof bytes);
        const weft_variant v = weft_variant_of(&str);
        if (weft_variant_kind_of(&v) < WEFT_VARIANT_OBJECT) continue;
        for (int32_t i = 0; i < weft_variant_count(&v); i++) {
            const char *name = NULL;
            uint32_t len = 0;
            const weft_variant part = weft_variant_kind_of(&v) == WEFT_VARIANT_OBJECT
                                          ? weft_variant_field(&v, i, &name, &len)
                                          : weft_variant_element(&v, i);
            assert_true(part.value >= v.value && part.value + part.value_len <= v.value + v.value_len);
        }
    }
}

/* Arrays whose elements all lie at one place would take time that doubles with each level. */
static void values_over_one_another_are_refused(void **state)
{
    (void)state;
    static const uint8_t bytes[] = {0x01, 0, 0, 0x03, 2, 0, 0, 2, 0x0c, 7};
    assert_int_equal(check(bytes, sizeof bytes), WEFT_VARIANT_BAD);
}

static void depth_is_bounded(void **state)
{
    (void)state;
    enum { LEVELS = 1010, BYTES = LEVELS * 6 + 16 };
    static uint8_t bytes[BYTES];
    for (int32_t levels = 900; levels <= LEVELS; levels += 110) {
        uint8_t *end = bytes + BYTES, *at = end;
        *--at = 0; /* null */
        for (int32_t i = 0; i < levels; i++) {
            const uint32_t inner = (uint32_t)(end - at);
            at -= 6; /* an array of one: offsets of two bytes */
            const uint8_t head[6] = {0x03 | 1 << 2, 1, 0, 0, (uint8_t)inner, (uint8_t)(inner >> 8)};
            memcpy(at, head, sizeof head);
        }
        at -= 3;
        memcpy(at, "\x01\x00\x00", 3);
        assert_int_equal(check(at, (size_t)(end - at)),
                         levels < WEFT_VARIANT_DEPTH ? WEFT_VARIANT_GOOD : WEFT_VARIANT_BAD);
    }
}

static void other_versions_and_types_are_unknown(void **state)
{
    (void)state;
    static const uint8_t version[] = {0x02, 0, 0, 0x00},
                         type[] = {0x01, 0, 0, 17 << 2, 0, 0, 0, 0, 0, 0, 0, 0};
    assert_int_equal(check(version, sizeof version), WEFT_VARIANT_UNKNOWN);
    assert_int_equal(check(type, sizeof type), WEFT_VARIANT_UNKNOWN);
}

static void decimals_lose_zeros(void **state)
{
    (void)state;
    static const uint8_t bytes[] = {0x01, 0, 0, WEFT_VP_DECIMAL4 << 2, 2, 0x96, 0, 0, 0}; /* 1.50 */
    const weft_str str = weft_str_view((const char *)bytes, sizeof bytes);
    const weft_variant v = weft_variant_of(&str);
    int32_t scale = 0;
    assert_int_equal(check(bytes, sizeof bytes), WEFT_VARIANT_GOOD);
    assert_true(weft_variant_decimal(&v, &scale) == 15);
    assert_int_equal(scale, 1);
}

WEFT_TESTS(WEFT_TEST(good_bytes_are_read), WEFT_TEST(cut_bytes_are_refused),
           WEFT_TEST(flipped_bits_do_no_harm), WEFT_TEST(values_over_one_another_are_refused),
           WEFT_TEST(depth_is_bounded), WEFT_TEST(other_versions_and_types_are_unknown),
           WEFT_TEST(decimals_lose_zeros))
