/* tests/unit/plan/plan_fixture.h - from the text of a query over the TPC-H schema to bound and optimised
 * plans. */
#ifndef WEFT_TESTS_UNIT_PLAN_PLAN_FIXTURE_H
#define WEFT_TESTS_UNIT_PLAN_PLAN_FIXTURE_H

#include "engine/plan/optimizer.h"
#include "engine/sql/parser.h"
#include "tests/support/fixture.h"
#include "tests/support/tpch_catalog.h"

typedef struct plan_bench {
    weft_fixture f;
    weft_tpch_catalog catalog;
    weft_ids ids;
} plan_bench;

static inline void plan_bench_open(plan_bench *b)
{
    weft_fixture_open(&b->f);
    weft_tpch_catalog_init(&b->catalog, 1);
    b->ids.next = 1;
}

static inline const weft_node *plan_bound(plan_bench *b, const char *text)
{
    weft_status st = WEFT_OK;
    const weft_node *parsed = NULL, *bound = NULL;
    WEFT_TRY(st, weft_sql_parse(&b->f.ctx, text, strlen(text), &parsed));
    WEFT_TRY(st, weft_analyze(&b->f.ctx, &b->catalog.catalog, &b->ids, parsed, &bound));
    WEFT_TRY(st, weft_node_check(&b->f.ctx, bound));
done:
    if (st != WEFT_OK) print_error("in: %s\n", text);
    weft_fixture_ok(&b->f, st);
    return bound;
}

/* Every rule up to and with `last` (NULL: all), with a check after each. */
static inline weft_status plan_apply(plan_bench *b, const weft_node *node, const char *last,
                                     const weft_node **out)
{
    weft_status st = WEFT_OK;
    int32_t count = 0;
    const weft_rule *rules = weft_rules(&count);
    *out = node;
    for (int32_t i = 0; i < count; i++) {
        WEFT_TRY(st, rules[i].apply(&b->f.ctx, &b->ids, *out, out));
        st = weft_node_check(&b->f.ctx, *out);
        if (st != WEFT_OK) {
            char *tree = NULL;
            if (weft_node_text(&b->f.ctx, *out, &tree) == WEFT_OK)
                print_error("after %s:\n%s\n", rules[i].name, tree);
            goto done;
        }
        if (last != NULL && strcmp(rules[i].name, last) == 0) break;
    }
done:
    return st;
}

/* The text of the bound plan after the named rules alone, with a check after each. */
static inline const char *plan_after(plan_bench *b, const char *text, const char *const *names,
                                     int32_t name_count)
{
    weft_status st = WEFT_OK;
    int32_t count = 0;
    char *tree = NULL;
    const weft_rule *rules = weft_rules(&count);
    b->ids.next = 1;
    const weft_node *node = plan_bound(b, text);
    for (int32_t n = 0; n < name_count; n++) {
        const weft_rule *rule = NULL;
        for (int32_t i = 0; i < count; i++)
            if (strcmp(rules[i].name, names[n]) == 0) rule = &rules[i];
        assert_non_null(rule);
        WEFT_TRY(st, rule->apply(&b->f.ctx, &b->ids, node, &node));
        WEFT_TRY(st, weft_node_check(&b->f.ctx, node));
    }
    WEFT_TRY(st, weft_node_text(&b->f.ctx, node, &tree));
done:
    if (st != WEFT_OK) print_error("in: %s\n", text);
    weft_fixture_ok(&b->f, st);
    return tree;
}

/* One rule, one query, the tree that comes out. A failure shows the tree that did. */
typedef struct plan_case {
    const char *text, *tree;
} plan_case;

/* How many cases failed. */
static inline int32_t plan_cases_after(const char *const *names, int32_t name_count, const plan_case *cases,
                                       int32_t count)
{
    int32_t failed = 0;
    for (int32_t i = 0; i < count; i++) {
        plan_bench b;
        plan_bench_open(&b);
        const char *tree = plan_after(&b, cases[i].text, names, name_count);
        if (strcmp(tree, cases[i].tree) != 0) {
            /* not print_error, which cuts long texts */
            (void)fprintf(stderr, "%s: %s\ngave\n%s", names[name_count - 1], cases[i].text, tree);
            failed++;
        }
        weft_fixture_close(&b.f);
    }
    return failed;
}

static inline int32_t plan_cases(const char *rule, const plan_case *cases, int32_t count)
{
    return plan_cases_after(&rule, 1, cases, count);
}

static inline const weft_node *plan_optimized(plan_bench *b, const char *text)
{
    const weft_node *out = NULL;
    const weft_status st = plan_apply(b, plan_bound(b, text), NULL, &out);
    if (st != WEFT_OK) print_error("in: %s\n", text);
    weft_fixture_ok(&b->f, st);
    return out;
}

/* The text of the optimised plan. */
static inline const char *plan_text(plan_bench *b, const char *text)
{
    char *tree = NULL;
    weft_fixture_ok(&b->f, weft_node_text(&b->f.ctx, plan_optimized(b, text), &tree));
    return tree;
}

#endif
