/* Errors keep their first story, however long; cancelling and deadlines stop work. */
#include "common/ctx.h"

#include "tests/support/fixture.h"

static void an_error_has_text_place_and_hint(void **state)
{
    (void)state;
    weft_fixture f;
    weft_fixture_open(&f);
    const weft_span span = {.start = 3, .stop = 5, .line = 2, .column = 7};
    assert_int_equal(weft_fail_at(&f.ctx, WEFT_DIVIDE_BY_ZERO, &span, "%d / %d", 1, 0), WEFT_DIVIDE_BY_ZERO);
    weft_hint(&f.ctx, "use try_%s", "divide");
    assert_string_equal(f.ctx.error.message, "1 / 0");
    assert_string_equal(f.ctx.error.hint, "use try_divide");
    assert_int_equal(f.ctx.error.span.column, 7);
    assert_non_null(strstr(f.ctx.error.file, "test_ctx.c"));
    assert_true(f.ctx.error.line > 0);

    /* A new error takes nothing over from the last but what it quotes. */
    assert_int_equal(weft_fail(&f.ctx, WEFT_TASK_FAILED, "task 3: %s", f.ctx.error.message),
                     WEFT_TASK_FAILED);
    assert_string_equal(f.ctx.error.message, "task 3: 1 / 0");
    assert_string_equal(f.ctx.error.hint, "");
    assert_int_equal(f.ctx.error.span.line, 0);

    weft_error_clear(&f.ctx);
    assert_int_equal(f.ctx.error.code, WEFT_OK);
    assert_string_equal(f.ctx.error.message, "");
    weft_fixture_close(&f);
}

static void a_prefix_goes_before_and_never_overflows(void **state)
{
    (void)state;
    weft_fixture f;
    weft_fixture_open(&f);
    (void)weft_fail(&f.ctx, WEFT_CORRUPT, "bad magic");
    weft_error_prefix(&f.ctx, "file %s: ", "a.parquet");
    assert_string_equal(f.ctx.error.message, "file a.parquet: bad magic");
    assert_int_equal(f.ctx.error.code, WEFT_CORRUPT);

    char longer[3 * WEFT_ERROR_TEXT_BYTES];
    memset(longer, 'x', sizeof longer);
    longer[sizeof longer - 1] = '\0';
    for (int i = 0; i < 300; i++) weft_error_prefix(&f.ctx, "level %d: ", i);
    assert_int_equal(strlen(f.ctx.error.message), WEFT_ERROR_TEXT_BYTES - 1);
    assert_memory_equal(f.ctx.error.message, "level 299: level 298: ", 22);
    weft_error_prefix(&f.ctx, "%s", longer);
    assert_int_equal(strlen(f.ctx.error.message), WEFT_ERROR_TEXT_BYTES - 1);
    (void)weft_fail(&f.ctx, WEFT_CORRUPT, "%s", longer);
    assert_int_equal(strlen(f.ctx.error.message), WEFT_ERROR_TEXT_BYTES - 1);
    weft_fixture_close(&f);
}

static void errors_are_copied_between_contexts(void **state)
{
    (void)state;
    weft_fixture task, job;
    weft_fixture_open(&task);
    weft_fixture_open(&job);
    (void)weft_fail(&task.ctx, WEFT_IO, "disk gone");
    assert_int_equal(weft_error_copy(&job.ctx, &task.ctx), WEFT_IO);
    assert_string_equal(job.ctx.error.message, "disk gone");
    weft_fixture_close(&task);
    weft_fixture_close(&job);
}

static int64_t fake_now(void *self) { return *(int64_t *)self; }

static void cancel_and_deadline(void **state)
{
    (void)state;
    weft_fixture f;
    weft_fixture_open(&f);
    assert_int_equal(weft_check_cancel(&f.ctx), WEFT_OK);

    int64_t now = 1000;
    const weft_clock clock = {.now_ns = fake_now, .wall_us = fake_now, .self = &now};
    f.ctx.clock = &clock;
    f.ctx.deadline_ns = 2000;
    assert_int_equal(weft_check_cancel(&f.ctx), WEFT_OK);
    now = 2000;
    assert_int_equal(weft_check_cancel(&f.ctx), WEFT_DEADLINE);

    atomic_bool cancel = false;
    f.ctx.cancel = &cancel;
    f.ctx.deadline_ns = INT64_MAX;
    assert_int_equal(weft_check_cancel(&f.ctx), WEFT_OK);
    atomic_store(&cancel, true);
    assert_int_equal(weft_check_cancel(&f.ctx), WEFT_CANCELLED);
    weft_fixture_close(&f);
}

static void the_system_clock_goes_forward(void **state)
{
    (void)state;
    const weft_clock *clock = weft_clock_system();
    const int64_t before = clock->now_ns(clock->self);
    assert_true(clock->now_ns(clock->self) >= before);
    assert_true(clock->wall_us(clock->self) > 1700000000LL * 1000000); /* after 2023 */
}

WEFT_TESTS(WEFT_TEST(an_error_has_text_place_and_hint), WEFT_TEST(a_prefix_goes_before_and_never_overflows),
           WEFT_TEST(errors_are_copied_between_contexts), WEFT_TEST(cancel_and_deadline),
           WEFT_TEST(the_system_clock_goes_forward))
