/* tests/unit/plan/test_analyzer.c - parsed queries to bound plans over the TPC-H schema: TPC-H itself, names
 * and types of results, shapes of trees, errors. Every bound tree passes weft_node_check. */
#include "engine/plan/analyzer.h"
#include "engine/sql/parser.h"
#include "tests/support/fixture.h"
#include "tests/support/tpch_catalog.h"

typedef struct bench {
    weft_fixture f;
    weft_tpch_catalog catalog;
    weft_ids ids;
} bench;

static void open_bench(bench *b)
{
    weft_fixture_open(&b->f);
    weft_tpch_catalog_init(&b->catalog, 1);
    b->ids.next = 1;
}

static weft_status analyze(bench *b, const char *text, const weft_node **out)
{
    weft_status st = WEFT_OK;
    const weft_node *parsed = NULL;
    weft_error_clear(&b->f.ctx);
    WEFT_TRY(st, weft_sql_parse(&b->f.ctx, text, strlen(text), &parsed));
    WEFT_TRY(st, weft_analyze(&b->f.ctx, &b->catalog.catalog, &b->ids, parsed, out));
    WEFT_TRY(st, weft_node_check(&b->f.ctx, *out));
done:
    return st;
}

static const weft_node *analyzed(bench *b, const char *text)
{
    const weft_node *node = NULL;
    const weft_status st = analyze(b, text, &node);
    if (st != WEFT_OK) print_error("in: %s\n", text);
    weft_fixture_ok(&b->f, st);
    return node;
}

/* All 22 queries bind, their trees hold, and print. */
static void tpch_binds(void **state)
{
    (void)state;
    for (int q = 1; q <= 22; q++) {
        bench b;
        char *text = weft_tpch_query(q), *tree = NULL;
        assert_non_null(text);
        open_bench(&b);
        const weft_node *node = analyzed(&b, text);
        weft_fixture_ok(&b.f, weft_node_text(&b.f.ctx, node, &tree));
        if (getenv("WEFT_TEST_SHOW") != NULL) print_message("-- q%d\n%s\n", q, tree);
        free(text);
        weft_fixture_close(&b.f);
    }
}

WEFT_TESTS(WEFT_TEST(tpch_binds))
