/* tests/unit/coordinator/test_tasks.c - attempts that ended, for people: a bounded number of them. */
#include "coordinator/tasks.h"
#include "tests/support/fixture.h"

static weft_task_record record(uint64_t job, int32_t partition)
{
    return (weft_task_record){
        .job = job, .stage = (int32_t)(job % 3), .partition = partition, .rows = partition};
}

/* Those of one stage, in their order, as long as they are among the last ones. */
static void the_last_are_known(void **state)
{
    (void)state;
    weft_fixture f;
    weft_tasks *tasks = NULL;
    weft_task_record *list = NULL;
    int32_t count = -1;
    weft_fixture_open(&f);
    weft_fixture_ok(&f, weft_tasks_new(&f.ctx, &tasks));
    weft_fixture_ok(&f, weft_tasks_list(&f.ctx, tasks, 1, 1, 0, &list, &count));
    assert_int_equal(count, 0);
    for (int32_t i = 0; i < 3 * WEFT_TASKS_MOST; i++) {
        const weft_task_record r = record(i < 1000 ? 1 : 2, i);
        weft_tasks_add(tasks, &r);
        if (i != 1999) continue;
        weft_fixture_ok(&f, weft_tasks_list(&f.ctx, tasks, 1, 1, 0, &list, &count));
        assert_int_equal(count, 1000);
        assert_true(list[0].partition == 0 && list[999].partition == 999);
        weft_fixture_ok(&f, weft_tasks_list(&f.ctx, tasks, 1, 1, 1, &list, &count));
        assert_int_equal(count, 0); /* of another generation */
    }
    weft_fixture_ok(&f, weft_tasks_list(&f.ctx, tasks, 1, 1, 0, &list, &count));
    assert_int_equal(count, 0);
    weft_fixture_ok(&f, weft_tasks_list(&f.ctx, tasks, 2, 2, 0, &list, &count));
    assert_int_equal(count, WEFT_TASKS_MOST);
    for (int32_t i = 0; i < count; i++) assert_int_equal(list[i].partition, 2 * WEFT_TASKS_MOST + i);
    weft_tasks_free(&tasks);
    weft_fixture_close(&f);
}

static weft_status add_and_list(weft_fixture *f, void *arg)
{
    weft_status st = WEFT_OK;
    weft_tasks *tasks = NULL;
    weft_task_record *list = NULL;
    int32_t count = 0;
    (void)arg;
    WEFT_TRY(st, weft_tasks_new(&f->ctx, &tasks));
    for (int32_t i = 0; i < 600; i++) {
        const weft_task_record r = record(1, i);
        weft_tasks_add(tasks, &r);
    }
    WEFT_TRY(st, weft_tasks_list(&f->ctx, tasks, 1, 1, 0, &list, &count));
    for (int32_t i = 1; i < count; i++) assert_int_equal(list[i].partition, list[i - 1].partition + 1);
    if (count < 600) st = WEFT_NOMEM; /* it keeps fewer then */
done:
    weft_tasks_free(&tasks);
    return st;
}

static void without_memory_fewer(void **state)
{
    (void)state;
    weft_fixture_oom_sweep(add_and_list, NULL);
}

WEFT_TESTS(WEFT_TEST(the_last_are_known), WEFT_TEST(without_memory_fewer))
