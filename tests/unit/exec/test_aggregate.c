/* Partial and final aggregation against counting by hand, under every configuration. */
#include "tests/unit/exec/exec_support.h"

enum { TASKS = 3, STATES_MAX = 16 };

/* What is computed: groups (key, text), then count(*), sum(amount), min(note), max(note), count(amount)
 * FILTER (WHERE flag), avg(real), max(wide). */
typedef struct aggregation {
    weft_sink_spec sink;
    weft_source_spec source;
    weft_type rows[STATES_MAX + 2], output[16];
    const weft_expr *calls[8];
    int32_t groups[2];
} aggregation;

static weft_status one_call(weft_ctx *ctx, const char *name, int32_t column, int32_t filter,
                            const weft_expr **out)
{
    weft_status st = WEFT_OK;
    const weft_expr *arg = NULL, *when = NULL;
    WEFT_TRY(st, weft_expr_ordinal(ctx, column, data_types[column], true, &arg));
    if (filter >= 0) WEFT_TRY(st, weft_expr_ordinal(ctx, filter, data_types[filter], true, &when));
    WEFT_TRY(st, weft_expr_aggregate(ctx, name, &arg, 1, false, when, NULL, out));
done:
    return st;
}

static weft_status aggregation_init(weft_ctx *ctx, aggregation *a, int32_t group_count, int32_t partitions)
{
    weft_status st = WEFT_OK;
    static const struct {
        const char *name;
        int32_t column, filter;
    } calls[] = {{"count", 4, -1}, {"sum", 2, -1}, {"min", 3, -1}, {"max", 3, -1},
                 {"count", 2, 4},  {"avg", 5, -1}, {"max", 6, -1}};
    int32_t rows = group_count, outputs = group_count;
    memset(a, 0, sizeof(*a));
    for (int32_t i = 0; i < group_count; i++) {
        a->groups[i] = i;
        a->rows[i] = a->output[i] = data_types[i];
    }
    for (int32_t i = 0; i < WEFT_COUNT(calls); i++) {
        bool zero[WEFT_AGG_STATES_MAX];
        WEFT_TRY(st, one_call(ctx, calls[i].name, calls[i].column, calls[i].filter, &a->calls[i]));
        rows += a->calls[i]->aggregate.function->states(a->calls[i], a->rows + rows, zero);
        a->output[outputs++] = a->calls[i]->type;
    }
    a->sink = (weft_sink_spec){.kind = WEFT_SINK_AGGREGATE,
                               .rows = {.count = rows, .types = a->rows},
                               .partition_count = partitions,
                               .aggregate = {.table_bytes = 4 << 20,
                                             .group_count = group_count,
                                             .groups = a->groups,
                                             .aggregate_count = WEFT_COUNT(calls),
                                             .aggregates = a->calls}};
    a->source = (weft_source_spec){.kind = WEFT_SOURCE_AGGREGATE,
                                   .output = {.count = outputs, .types = a->output},
                                   .aggregate = {.group_count = group_count,
                                                 .aggregate_count = WEFT_COUNT(calls),
                                                 .aggregates = a->calls}};
done:
    return st;
}

/* GROUPING SETS ((key, text), (key), ()): the coarser two in addition to the groups. */
static weft_status aggregation_sets(weft_ctx *ctx, aggregation *a)
{
    weft_status st = WEFT_OK;
    const weft_expr ***sets = NULL;
    const int32_t count = a->sink.aggregate.group_count;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, count, &sets));
    for (int32_t s = 0; s < count; s++) { /* one column less each */
        WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, count, &sets[s]));
        for (int32_t i = 0; i < count; i++) {
            const weft_value none = {.type = data_types[i], .is_null = true};
            if (i < count - 1 - s)
                WEFT_TRY(st, weft_expr_ordinal(ctx, i, data_types[i], true, &sets[s][i]));
            else
                WEFT_TRY(st, weft_expr_literal(ctx, &none, &sets[s][i]));
        }
    }
    a->sink.aggregate.set_count = count;
    a->sink.aggregate.sets = (const weft_expr *const *const *)sets;
done:
    return st;
}

/* ---- the reference ---- */

typedef struct reference_group {
    const data_row *row; /* the first */
    int64_t count, amounts, filtered, reals;
    weft_i128 sum;
    double real;
    const char *least, *most;
    weft_i128 wide;
    bool has_wide;
} reference_group;

static bool same_key(const data_row *a, const data_row *b, int32_t groups)
{
    if (groups > 0 && (a->null[0] != b->null[0] || (!a->null[0] && a->key != b->key))) return false;
    return groups < 2 || (a->null[1] == b->null[1] && (a->null[1] || strcmp(a->text, b->text) == 0));
}

static void reference_add(reference_group *g, const data_row *row)
{
    if (!row->null[4]) g->count++;
    if (!row->null[2]) {
        g->amounts++;
        g->sum += row->amount;
        if (!row->null[4] && row->flag) g->filtered++;
    }
    if (!row->null[3]) {
        if (g->least == NULL || strcmp(row->note, g->least) < 0) g->least = row->note;
        if (g->most == NULL || strcmp(row->note, g->most) > 0) g->most = row->note;
    }
    if (!row->null[5]) {
        g->reals++;
        g->real += row->real;
    }
    if (!row->null[6] && (!g->has_wide || row->wide > g->wide)) {
        g->has_wide = true;
        g->wide = row->wide;
    }
}

static void reference_line(const reference_group *g, int32_t groups, text_lines *lines)
{
    char line[512], key[64] = "", text[64] = "", notes[128] = "~|~", wide[64] = "~", sum[64] = "~",
                    avg[64] = "~";
    if (groups > 0) snprintf(key, sizeof(key), "%lld|", (long long)g->row->key);
    if (groups > 0 && g->row->null[0]) snprintf(key, sizeof(key), "~|");
    if (groups > 1) snprintf(text, sizeof(text), "'%s'|", g->row->text);
    if (groups > 1 && g->row->null[1]) snprintf(text, sizeof(text), "~|");
    if (g->least != NULL) snprintf(notes, sizeof(notes), "'%s'|'%s'", g->least, g->most);
    if (g->has_wide) line_i128(wide, sizeof(wide), g->wide);
    if (g->amounts > 0) line_i128(sum, sizeof(sum), g->sum);
    if (g->reals > 0) snprintf(avg, sizeof(avg), "%.6g", g->real / (double)g->reals);
    snprintf(line, sizeof(line), "%s%s%lld|%s|%s|%lld|%s|%s", key, text, (long long)g->count, sum, notes,
             (long long)g->filtered, avg, wide);
    lines_add(lines, line);
}

static text_lines reference(const data_set *set, int32_t groups)
{
    text_lines lines = {0};
    enum { BUCKETS = 1 << 14 };
    reference_group *all = calloc((size_t)set->count + 1, sizeof(*all));
    int32_t count = 0, *next = calloc((size_t)set->count + 1, sizeof(*next)),
            *heads = calloc(BUCKETS, sizeof(*heads));
    if (groups == 0) count = 1;
    for (int32_t i = 0; i < set->count; i++) {
        const data_row *row = &set->rows[i];
        const uint64_t hash = weft_hash_u64(row->null[0] ? 1 : (uint64_t)row->key) % BUCKETS;
        int32_t g = groups == 0 ? 1 : heads[hash];
        while (g != 0 && groups > 0 && !same_key(all[g - 1].row, row, groups)) g = next[g - 1];
        if (g == 0) {
            g = ++count;
            all[g - 1].row = row;
            next[g - 1] = heads[hash];
            heads[hash] = g;
        }
        reference_add(&all[g - 1], row);
    }
    for (int32_t i = 0; i < count; i++) reference_line(&all[i], groups, &lines);
    free(all);
    free(next);
    free(heads);
    lines_sort(&lines);
    return lines;
}

/* ---- runs ---- */

/* The set through TASKS sinks and one source a pair of partitions. sets: with grouping sets. */
static weft_status aggregate_run_sets(weft_ctx *ctx, const data_set *set, int32_t groups, bool sets,
                                      int32_t partitions, int32_t batch_rows, text_lines *lines)
{
    weft_status st = WEFT_OK;
    aggregation a;
    weft_block *blocks[TASKS] = {NULL};
    WEFT_TRY(st, aggregation_init(ctx, &a, groups, partitions));
    if (sets) WEFT_TRY(st, aggregation_sets(ctx, &a));
    for (int32_t t = 0; t < TASKS; t++) {
        const int32_t first = (int32_t)((int64_t)set->count * t / TASKS);
        const int32_t end = (int32_t)((int64_t)set->count * (t + 1) / TASKS);
        WEFT_TRY(st,
                 run_sink(ctx, &weft_sink_aggregate, &a.sink, set, first, end, batch_rows, t, &blocks[t]));
    }
    for (int32_t p = 0; p < partitions; p += 2) {
        const int32_t end = weft_min_i32(p + 2, partitions);
        WEFT_TRY(st, run_source(ctx, &weft_source_aggregate, &a.source, blocks, TASKS, p, end, lines));
    }
done:
    for (int32_t t = 0; t < TASKS; t++) weft_block_release(&blocks[t]);
    return st;
}

static weft_status aggregate_run(weft_ctx *ctx, const data_set *set, int32_t groups, int32_t partitions,
                                 int32_t batch_rows, text_lines *lines)
{
    return aggregate_run_sets(ctx, set, groups, false, partitions, batch_rows, lines);
}

static void check(const data_set *set, int32_t groups, int32_t partitions, const exec_config *config)
{
    weft_fixture f;
    text_lines got = {0}, want = reference(set, groups);
    exec_open(&f, config);
    weft_fixture_ok(&f, aggregate_run(&f.ctx, set, groups, partitions, config->batch_rows, &got));
    lines_sort(&got);
    lines_equal(&got, &want);
    lines_free(&got);
    lines_free(&want);
    weft_fixture_close(&f);
}

static void equals_the_reference(void **state)
{
    (void)state;
    for (int32_t c = 0; c < WEFT_COUNT(exec_configs); c++) {
        const exec_config *config = &exec_configs[c];
        const int32_t rows = config->hash_zero || config->batch_rows < 10 ? 3000 : 60000;
        for (int32_t nulls = 0; nulls <= 5; nulls += 5) {
            data_set few = data_new(weft_test_seed(), rows, 5, 4, nulls);
            data_set many = data_new(weft_test_seed() + 1, rows, rows, 5, nulls);
            check(&few, 0, 1, config);
            check(&few, 1, 1, config);
            check(&few, 2, 4, config);
            if (config->hash_zero) many.count = 500;
            check(&many, 1, 8, config);
            check(&many, 2, 1, config);
            data_free(&few);
            data_free(&many);
        }
    }
}

static void nothing_gives_one_row_without_keys_and_none_with(void **state)
{
    (void)state;
    data_set none = {0};
    const exec_config config = {.batch_rows = 100};
    check(&none, 0, 1, &config);
    weft_fixture f;
    text_lines got = {0};
    exec_open(&f, &config);
    weft_fixture_ok(&f, aggregate_run(&f.ctx, &none, 2, 4, 100, &got));
    assert_int_equal(got.count, 0);
    weft_fixture_close(&f);
}

/* Output order is a function of the input order: two runs give the same lines, spilled or not. */
static void order_is_repeatable(void **state)
{
    (void)state;
    data_set set = data_new(weft_test_seed(), 20000, 3000, 7, 10);
    text_lines got[2] = {{0}, {0}};
    for (int32_t i = 0; i < 2; i++) {
        weft_fixture f;
        exec_open(&f, &exec_configs[0]);
        weft_fixture_ok(&f, aggregate_run(&f.ctx, &set, 2, 8, 512, &got[i]));
        weft_fixture_close(&f);
    }
    lines_equal(&got[0], &got[1]);
    lines_free(&got[0]);
    lines_free(&got[1]);
    data_free(&set);
}

/* Fail each allocation in turn: right rows or WEFT_NOMEM, and nothing left behind. */
static void every_allocation_may_fail(void **state)
{
    (void)state;
    data_set set = data_new(weft_test_seed(), 400, 90, 5, 6);
    text_lines want = reference(&set, 2);
    for (int64_t n = 1, failed = 1; failed != 0; n++) {
        weft_fixture f;
        text_lines got = {0};
        exec_open(&f, &exec_configs[n % 2 == 0 ? 0 : 4]);
        weft_mem_fail_after(n);
        const weft_status st = aggregate_run(&f.ctx, &set, 2, 2, 100, &got);
        failed = weft_mem_fail_after(0) >= n;
        assert_true(st == WEFT_OK || (failed && st == WEFT_NOMEM));
        lines_sort(&got);
        if (st == WEFT_OK) lines_equal(&got, &want);
        lines_free(&got);
        weft_fixture_close(&f);
    }
    lines_free(&want);
    data_free(&set);
}

/* What grouping sets mean: every row once for each set, its other keys NULL. */
static data_set expanded(const data_set *set)
{
    data_set all = {.count = 3 * set->count, .rows = calloc(3 * (size_t)set->count, sizeof(data_row))};
    assert_non_null(all.rows);
    for (int32_t i = 0; i < all.count; i++) {
        data_row *row = &all.rows[i];
        *row = set->rows[i / 3];
        for (int32_t key = 2 - i % 3; key < 2; key++) row->null[key] = true;
        if (row->null[0]) row->key = 0;
        if (row->null[1]) row->text[0] = '\0';
    }
    return all;
}

static void sets_equal_the_expanded_rows(void **state)
{
    (void)state;
    for (int32_t c = 0; c < WEFT_COUNT(exec_configs); c++) {
        const exec_config *config = &exec_configs[c];
        data_set set = data_new(weft_test_seed(), config->hash_zero ? 500 : 5000, 300, 5, 6);
        data_set all = expanded(&set);
        text_lines got = {0}, want = reference(&all, 2);
        weft_fixture f;
        exec_open(&f, config);
        weft_fixture_ok(&f, aggregate_run_sets(&f.ctx, &set, 2, true, 4, config->batch_rows, &got));
        lines_sort(&got);
        lines_equal(&got, &want);
        lines_free(&got);
        lines_free(&want);
        weft_fixture_close(&f);
        data_free(&set);
        data_free(&all);
    }
}

/* Fail each allocation in turn: right rows (sets may then be made in pieces) or WEFT_NOMEM. */
static void every_allocation_of_sets_may_fail(void **state)
{
    (void)state;
    data_set set = data_new(weft_test_seed(), 400, 90, 5, 6), all = expanded(&set);
    text_lines want = reference(&all, 2);
    int64_t right = 0;
    for (int64_t n = 1, failed = 1; failed != 0; n++) {
        weft_fixture f;
        text_lines got = {0};
        exec_open(&f, &exec_configs[n % 2 == 0 ? 0 : 4]);
        weft_mem_fail_after(n);
        const weft_status st = aggregate_run_sets(&f.ctx, &set, 2, true, 2, 100, &got);
        failed = weft_mem_fail_after(0) >= n;
        assert_true(st == WEFT_OK || (failed && st == WEFT_NOMEM));
        lines_sort(&got);
        if (st == WEFT_OK) lines_equal(&got, &want);
        right += st == WEFT_OK && failed;
        lines_free(&got);
        weft_fixture_close(&f);
    }
    assert_true(right > 0); /* memory refused to tables is answered by fewer groups at a time */
    lines_free(&want);
    data_free(&set);
    data_free(&all);
}

WEFT_TESTS(WEFT_TEST(equals_the_reference), WEFT_TEST(nothing_gives_one_row_without_keys_and_none_with),
           WEFT_TEST(order_is_repeatable), WEFT_TEST(every_allocation_may_fail),
           WEFT_TEST(sets_equal_the_expanded_rows), WEFT_TEST(every_allocation_of_sets_may_fail))
