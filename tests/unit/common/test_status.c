/* Statuses: each has a text of its own and a SQLSTATE, and is found by its text. */
#include "common/status.h"
#include "tests/support/test.h"

static void every_status_is_complete(void **state)
{
    (void)state;
    for (int i = 0; i < WEFT_STATUS_COUNT; i++) {
        const weft_status code = (weft_status)i;
        assert_true(strlen(weft_status_text(code)) > 0);
        assert_int_equal(strlen(weft_status_sqlstate(code)), 5);
        assert_int_equal(weft_status_find(weft_status_text(code)), code);
    }
}

static void unknown_codes_and_texts(void **state)
{
    (void)state;
    assert_int_equal(weft_status_find("NO_SUCH_CLASS"), WEFT_STATUS_COUNT);
    assert_string_equal(weft_status_text((weft_status)100000), "INTERNAL_ERROR");
    assert_int_equal(weft_status_classify((weft_status)100000), WEFT_CLASS_INTERNAL);
}

static void classes_decide(void **state)
{
    (void)state;
    assert_int_equal(weft_status_classify(WEFT_NOMEM), WEFT_CLASS_RESOURCE);
    assert_int_equal(weft_status_classify(WEFT_IO), WEFT_CLASS_TRANSIENT);
    assert_int_equal(weft_status_classify(WEFT_DIVIDE_BY_ZERO), WEFT_CLASS_USER);
    assert_string_equal(weft_status_sqlstate(WEFT_DIVIDE_BY_ZERO), "22012");
}

WEFT_TESTS(WEFT_TEST(every_status_is_complete), WEFT_TEST(unknown_codes_and_texts), WEFT_TEST(classes_decide))
