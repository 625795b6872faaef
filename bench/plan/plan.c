/* bench/plan/plan.c - microseconds from the text of each TPC-H query to its optimised plan: parser, analyser,
 * every rule, and the check of the tree. Best of several rounds, with the statistics of scale 1 (no files).
 *
 *     bench_plan [query] [-r]      -r: the time of each rule too */
#include <time.h>

#include "tests/unit/plan/plan_fixture.h"

enum { BENCH_ROUNDS = 40, BENCH_RULES_MAX = 32 };

typedef struct timing {
    double parse, analyse, optimise, check, rules[BENCH_RULES_MAX];
} timing;

static double now_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static void keep_least(double *least, double began)
{
    const double took = now_us() - began;
    if (*least <= 0 || took < *least) *least = took;
}

static weft_status run(plan_bench *b, const char *text, timing *t)
{
    weft_status st = WEFT_OK;
    weft_ctx *ctx = &b->f.ctx;
    int32_t count = 0;
    const weft_rule *rules = weft_rules(&count);
    const weft_node *node = NULL;
    double began = now_us();
    WEFT_TRY(st, weft_sql_parse(ctx, text, strlen(text), &node));
    keep_least(&t->parse, began);
    began = now_us();
    WEFT_TRY(st, weft_analyze(ctx, &b->catalog.catalog, &b->ids, node, &node));
    keep_least(&t->analyse, began);
    const double first = began = now_us();
    for (int32_t i = 0; i < count && i < BENCH_RULES_MAX; i++) {
        WEFT_TRY(st, rules[i].apply(ctx, &b->ids, node, &node));
        keep_least(&t->rules[i], began);
        began = now_us();
    }
    keep_least(&t->optimise, first);
    began = now_us();
    WEFT_TRY(st, weft_node_check(ctx, node));
    keep_least(&t->check, began);
done:
    return st;
}

int main(int argc, char **argv)
{
    const int only = argc > 1 ? (int)strtol(argv[1], NULL, 10) : 0; /* 0: all */
    const bool by_rule = argc > 1 && strcmp(argv[argc - 1], "-r") == 0;
    int32_t count = 0;
    const weft_rule *rules = weft_rules(&count);
    printf("query   parse analyse optimise   check   total us\n");
    for (int q = 1; q <= 22; q++) {
        timing t = {.parse = 0};
        char *text = weft_tpch_query(q);
        if (only != 0 && q != only) continue;
        for (int round = 0; round < BENCH_ROUNDS; round++) {
            plan_bench b;
            plan_bench_open(&b);
            weft_fixture_ok(&b.f, run(&b, text, &t));
            weft_fixture_close(&b.f);
        }
        printf("q%-5d %7.0f %7.0f %8.0f %7.0f %10.0f\n", q, t.parse, t.analyse, t.optimise, t.check,
               t.parse + t.analyse + t.optimise + t.check);
        for (int32_t i = 0; by_rule && i < count; i++) printf("      %7.1f %s\n", t.rules[i], rules[i].name);
        free(text);
    }
    return 0;
}
