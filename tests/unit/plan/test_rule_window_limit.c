/* tests/unit/plan/test_rule_window_limit.c - which windows learn that their first rows alone are wanted. */
#include "tests/unit/plan/plan_fixture.h"

#define NUMBERED(call)                                                                                       \
    "select n_name from (select n_name, n_regionkey k, " call                                                \
    " over (partition by n_regionkey order by n_name) n from nation) where "

static void limits(void **state)
{
    static const struct {
        const char *text, *limit; /* NULL: none */
    } cases[] = {
        {NUMBERED("row_number()") "n <= 3", " first 3 by call 0"},
        {NUMBERED("rank()") "n < 3", " first 2 by call 0"},
        {NUMBERED("dense_rank()") "1 = n", " first 1 by call 0"},
        {NUMBERED("row_number()") "10 >= n and k > 1 and n < 100", " first 10 by call 0"},
        {NUMBERED("row_number()") "n >= 3", NULL},
        {NUMBERED("row_number()") "n < 1", NULL},
        {NUMBERED("row_number()") "n <= k", NULL},
        {NUMBERED("row_number()") "n <= 3 or k = 1", NULL},
        {NUMBERED("row_number()") "n <= 3 and rand(1) < 0.5", NULL},
        {NUMBERED("ntile(4)") "n <= 3", NULL},
        {NUMBERED("count(*)") "n <= 3", NULL},
        {"select n_name from (select n_name, row_number() over w n, sum(n_nationkey) over w s from nation "
         "window w as (partition by n_regionkey order by n_name)) where n <= 3 and s > 1",
         NULL},
    };
    (void)state;
    for (int32_t i = 0; i < WEFT_COUNT(cases); i++) {
        plan_bench b;
        char *tree = NULL;
        plan_bench_open(&b);
        weft_fixture_ok(&b.f, weft_node_text(&b.f.ctx, plan_optimized(&b, cases[i].text), &tree));
        const char *found = strstr(tree, " first ");
        if ((cases[i].limit == NULL && found != NULL) ||
            (cases[i].limit != NULL &&
             (found == NULL || strncmp(found, cases[i].limit, strlen(cases[i].limit)) != 0)))
            fail_msg("%s\n%s", cases[i].text, tree);
        weft_fixture_close(&b.f);
    }
}

WEFT_TESTS(WEFT_TEST(limits))
