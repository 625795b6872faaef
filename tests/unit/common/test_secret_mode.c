/* Which permissions a secret may have. */
#include "common/secret_mode.h"

#include "tests/support/test.h"

static void only_its_owner(void **state)
{
    (void)state;
    assert_true(weft_secret_mode_is_private(0100600, 1000, 1000));
    assert_true(weft_secret_mode_is_private(0100400, 0, 0));
    assert_false(weft_secret_mode_is_private(0100640, 1000, 1000));
    assert_false(weft_secret_mode_is_private(0100604, 1000, 1000));
    assert_false(weft_secret_mode_is_private(0100660, 1000, 1000));
}

/* As Kubernetes mounts it, and as a package would install it. */
static void a_group_by_the_grace_of_root(void **state)
{
    (void)state;
    assert_true(weft_secret_mode_is_private(0100440, 0, 1000));
    assert_true(weft_secret_mode_is_private(0100640, 0, 1000));
    assert_false(weft_secret_mode_is_private(0100440, 0, 0));
    assert_false(weft_secret_mode_is_private(0100440, 1001, 1000));
    assert_false(weft_secret_mode_is_private(0100444, 0, 1000));
    assert_false(weft_secret_mode_is_private(0100460, 0, 1000));
    assert_false(weft_secret_mode_is_private(0100450, 0, 1000));
}

WEFT_TESTS(WEFT_TEST(only_its_owner), WEFT_TEST(a_group_by_the_grace_of_root))
