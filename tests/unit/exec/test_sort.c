/* Sorted runs and their merge against a stable sort by hand: every key type, order and null order, under
 * every configuration, whole and top-N. */
#include "tests/unit/exec/exec_support.h"

enum { TASKS = 3, RANGES = 6 };

static int compare_key(const data_row *a, const data_row *b, const weft_sort_key *key)
{
    const int32_t c = key->column;
    int order = 0;
    if (a->null[c] != b->null[c]) return a->null[c] == key->nulls_first ? -1 : 1;
    if (a->null[c]) return 0;
    switch (c) {
    case 0: order = a->key < b->key ? -1 : a->key > b->key; break;
    case 1: order = strcmp(a->text, b->text); break;
    case 2: order = a->amount < b->amount ? -1 : a->amount > b->amount; break;
    case 3: order = strcmp(a->note, b->note); break;
    case 4: order = a->flag - b->flag; break;
    case 5: order = a->real < b->real ? -1 : a->real > b->real; break;
    default: order = a->wide < b->wide ? -1 : a->wide > b->wide; break;
    }
    return key->descending ? -order : order;
}

static const weft_sort_key *order_keys; /* what qsort's comparison cannot be given */
static int32_t order_key_count;
static const data_row *order_rows;

static int compare_index(const void *x, const void *y)
{
    const int32_t a = *(const int32_t *)x, b = *(const int32_t *)y;
    for (int32_t k = 0; k < order_key_count; k++) {
        const int order = compare_key(&order_rows[a], &order_rows[b], &order_keys[k]);
        if (order != 0) return order;
    }
    return a < b ? -1 : a > b; /* stable */
}

static int compare_bounds(const void *a, const void *b)
{
    return weft_sort_compare_prefix(*(const weft_sort_prefix *)a, *(const weft_sort_prefix *)b);
}

static text_lines reference(const data_set *set, const weft_sort_key *keys, int32_t key_count, int64_t limit)
{
    text_lines lines = {0};
    int32_t *index = calloc((size_t)set->count + 1, sizeof(*index));
    data_batch *b = malloc(sizeof(*b));
    for (int32_t i = 0; i < set->count; i++) index[i] = i;
    order_keys = keys;
    order_key_count = key_count;
    order_rows = set->rows;
    if (set->count > 0) qsort(index, (size_t)set->count, sizeof(*index), compare_index);
    for (int32_t i = 0; i < set->count && (limit < 0 || i < limit); i++) {
        data_batch_fill(b, set, index[i], 1, 0);
        lines_add_batch(&lines, &b->batch);
    }
    free(index);
    free(b);
    return lines;
}

/* Merge the blocks by some ranges that begin at their samples: the lines of all, one after the other. */
static weft_status merge_ranges(weft_ctx *ctx, const weft_source_spec *source, weft_block *const *blocks,
                                text_lines *lines)
{
    weft_status st = WEFT_OK;
    weft_sort_prefix bounds[TASKS * WEFT_SORT_SAMPLES_MAX];
    int32_t count = 0;
    for (int32_t t = 0; t < TASKS; t++) {
        weft_block_meta *meta = NULL;
        int64_t rows = 0;
        WEFT_TRY(st, weft_block_describe(ctx, blocks[t], &meta));
        assert_true(meta->sample_count <= WEFT_SORT_SAMPLES_MAX);
        for (int32_t i = 0; i < meta->sample_count; i++) {
            rows += meta->samples[i].rows;
            bounds[count++] = meta->samples[i].prefix;
        }
        assert_int_equal(rows, weft_block_rows(blocks[t], -1));
        weft_mem_free(meta);
    }
    if (count > 0) qsort(bounds, (size_t)count, sizeof(*bounds), compare_bounds);
    weft_task_spec task = {.partition_end = 1};
    for (int32_t i = 0; i < count; i += weft_max_i32(1, count / RANGES)) {
        if (task.range.has_low && compare_bounds(&task.range.low, &bounds[i]) == 0) continue;
        task.range.has_high = true;
        task.range.high = bounds[i];
        WEFT_TRY(st, run_source_task(ctx, &weft_source_merge, source, blocks, TASKS, &task, lines));
        task.range.has_low = true;
        task.range.low = bounds[i];
    }
    task.range.has_high = false;
    WEFT_TRY(st, run_source_task(ctx, &weft_source_merge, source, blocks, TASKS, &task, lines));
done:
    return st;
}

/* Sort, and merge in one task; without a limit also in many, which give the same. */
static weft_status sort_run(weft_ctx *ctx, const data_set *set, const weft_sort_key *keys, int32_t key_count,
                            int64_t limit, int32_t batch_rows, text_lines *lines)
{
    text_lines parts = {0};
    weft_status st = WEFT_OK;
    weft_block *blocks[TASKS] = {NULL};
    const weft_types types = {.count = DATA_COLUMNS, .types = data_types};
    const weft_sink_spec sink = {
        .kind = WEFT_SINK_SORT,
        .rows = types,
        .partition_count = 1,
        .sort = {.key_count = key_count, .keys = keys, .limit = limit, .by_range = limit < 0}};
    const weft_source_spec source = {.kind = WEFT_SOURCE_MERGE,
                                     .output = types,
                                     .merge = {.key_count = key_count, .keys = keys, .limit = limit}};
    for (int32_t t = 0; t < TASKS; t++) {
        const int32_t first = (int32_t)((int64_t)set->count * t / TASKS);
        const int32_t end = (int32_t)((int64_t)set->count * (t + 1) / TASKS);
        WEFT_TRY(st, run_sink(ctx, &weft_sink_sort, &sink, set, first, end, batch_rows, t, &blocks[t]));
    }
    WEFT_TRY(st, run_source(ctx, &weft_source_merge, &source, blocks, TASKS, 0, 1, lines));
    if (limit >= 0) goto done;
    WEFT_TRY(st, merge_ranges(ctx, &source, blocks, &parts));
    lines_equal(&parts, lines);
done:
    lines_free(&parts);
    for (int32_t t = 0; t < TASKS; t++) weft_block_release(&blocks[t]);
    return st;
}

static void check(const data_set *set, const weft_sort_key *keys, int32_t key_count, int64_t limit,
                  const exec_config *config)
{
    weft_fixture f;
    text_lines got = {0}, want = reference(set, keys, key_count, limit);
    exec_open(&f, config);
    weft_fixture_ok(&f, sort_run(&f.ctx, set, keys, key_count, limit, config->batch_rows, &got));
    lines_equal(&got, &want);
    lines_free(&got);
    lines_free(&want);
    weft_fixture_close(&f);
}

static void equals_a_stable_sort(void **state)
{
    (void)state;
    weft_test_random random = {.state = weft_test_seed()};
    for (int32_t c = 0; c < WEFT_COUNT(exec_configs); c++) {
        const int32_t rows = exec_configs[c].batch_rows < 10 ? 4000 : 40000;
        data_set set = data_new(weft_test_seed() + (uint64_t)c, rows, 300, 50, c % 2 == 0 ? 7 : 0);
        for (int32_t round = 0; round < 8; round++) {
            weft_sort_key keys[3];
            const int32_t count = (int32_t)weft_test_random_range(&random, 1, 3);
            for (int32_t k = 0; k < count; k++) {
                keys[k] = (weft_sort_key){
                    .column = k == 0 && round < DATA_COLUMNS
                                  ? round
                                  : (int32_t)weft_test_random_range(&random, 0, DATA_COLUMNS - 1),
                    .descending = weft_test_random_range(&random, 0, 1) == 1,
                    .nulls_first = weft_test_random_range(&random, 0, 1) == 1};
            }
            const int64_t limits[] = {-1, 0, 1, 100, 5000, 1000000};
            const int64_t limit = limits[weft_test_random_range(&random, 0, 5)];
            check(&set, keys, count, -1, &exec_configs[c]);
            check(&set, keys, count, limit, &exec_configs[c]);
        }
        data_free(&set);
    }
}

static void nothing_sorts_to_nothing(void **state)
{
    (void)state;
    data_set none = {0};
    const weft_sort_key key = {.column = 1};
    check(&none, &key, 1, -1, &exec_configs[0]);
    check(&none, &key, 1, 10, &exec_configs[4]);
}

/* With a hash every partition is sorted by itself, and equal hashes are in one partition. */
static void partitions_are_sorted_by_themselves(void **state)
{
    (void)state;
    enum { PARTITIONS = 4 };
    for (int32_t c = 0; c < WEFT_COUNT(exec_configs); c++) {
        data_set set = data_new(weft_test_seed(), 5000, 40, 9, 6);
        const weft_types types = {.count = DATA_COLUMNS, .types = data_types};
        const weft_sort_key keys[] = {{.column = 0, .nulls_first = true}, {.column = 5, .descending = true}};
        const int32_t hash[] = {0};
        const weft_sink_spec sink = {
            .kind = WEFT_SINK_SORT,
            .rows = types,
            .partition_count = PARTITIONS,
            .sort = {.key_count = 2, .keys = keys, .limit = -1, .hash_count = 1, .hash = hash}};
        const weft_source_spec source = {
            .kind = WEFT_SOURCE_MERGE, .output = types, .merge = {.key_count = 2, .keys = keys, .limit = -1}};
        weft_fixture f;
        weft_block *block = NULL;
        text_lines all = {0}, want = reference(&set, keys, 2, -1);
        exec_open(&f, &exec_configs[c]);
        weft_fixture_ok(&f, run_sink(&f.ctx, &weft_sink_sort, &sink, &set, 0, set.count,
                                     exec_configs[c].batch_rows, 0, &block));
        for (int32_t p = 0; p < PARTITIONS; p++) {
            text_lines part = {0};
            weft_fixture_ok(&f, run_source(&f.ctx, &weft_source_merge, &source, &block, 1, p, p + 1, &part));
            for (int32_t i = 0, j = 0; i < part.count;
                 i++, j++) { /* a part is a subsequence of the whole order */
                while (j < want.count && strcmp(part.lines[i], want.lines[j]) != 0) j++;
                assert_true(j < want.count);
            }
            for (int32_t i = 0; i < part.count; i++) lines_add(&all, part.lines[i]);
            lines_free(&part);
        }
        lines_sort(&all);
        lines_sort(&want);
        lines_equal(&all, &want);
        lines_free(&all);
        lines_free(&want);
        weft_block_release(&block);
        weft_fixture_close(&f);
        data_free(&set);
    }
}

/* The partitions of a task, merged together, are one order; those of all tasks together are all rows. */
static void partitions_are_merged_together(void **state)
{
    (void)state;
    enum { PARTITIONS = 8, CUT = 3 };
    const weft_types types = {.count = DATA_COLUMNS, .types = data_types};
    const weft_sort_key keys[] = {{.column = 1, .nulls_first = true}, {.column = 5, .descending = true}};
    const int32_t hash[] = {0};
    const weft_sink_spec sink = {
        .kind = WEFT_SINK_SORT,
        .rows = types,
        .partition_count = PARTITIONS,
        .sort = {.key_count = 2, .keys = keys, .limit = -1, .hash_count = 1, .hash = hash}};
    const weft_source_spec source = {.kind = WEFT_SOURCE_MERGE,
                                     .output = types,
                                     .merge = {.key_count = 2, .keys = keys, .limit = -1, .together = true}};
    for (int32_t c = 0; c < WEFT_COUNT(exec_configs); c++) {
        data_set set = data_new(weft_test_seed(), 5000, 40, 9, 6);
        weft_fixture f;
        weft_block *blocks[2] = {NULL};
        text_lines got[3] = {{0}}, want = reference(&set, keys, 2, -1);
        exec_open(&f, &exec_configs[c]);
        for (int32_t b = 0; b < 2; b++)
            weft_fixture_ok(&f, run_sink(&f.ctx, &weft_sink_sort, &sink, &set, b * set.count / 2,
                                         (b + 1) * set.count / 2, exec_configs[c].batch_rows, b, &blocks[b]));
        weft_fixture_ok(&f,
                        run_source(&f.ctx, &weft_source_merge, &source, blocks, 2, 0, PARTITIONS, &got[0]));
        weft_fixture_ok(&f, run_source(&f.ctx, &weft_source_merge, &source, blocks, 2, 0, CUT, &got[1]));
        weft_fixture_ok(&f,
                        run_source(&f.ctx, &weft_source_merge, &source, blocks, 2, CUT, PARTITIONS, &got[2]));
        assert_int_equal(got[0].count, set.count);
        assert_int_equal(got[1].count + got[2].count, set.count);
        if (!exec_configs[c].hash_zero) assert_true(got[1].count > 0 && got[2].count > 0);
        for (int32_t g = 1; g < 3; g++) { /* a task's rows come in the order that they have among all */
            for (int32_t i = 0, j = 0; i < got[g].count; i++, j++) {
                while (j < got[0].count && strcmp(got[g].lines[i], got[0].lines[j]) != 0) j++;
                assert_true(j < got[0].count);
            }
        }
        lines_sort(&got[0]);
        lines_sort(&want);
        lines_equal(&got[0], &want);
        for (int32_t g = 0; g < 3; g++) lines_free(&got[g]);
        lines_free(&want);
        for (int32_t b = 0; b < 2; b++) weft_block_release(&blocks[b]);
        weft_fixture_close(&f);
        data_free(&set);
    }
}

/* Few texts before another key: long runs of equal prefixes, which are sorted by the keys behind the text;
 * texts that go on behind the prefix are compared. */
static void runs_of_equal_prefixes(void **state)
{
    (void)state;
    data_set set = data_new(weft_test_seed(), 20000, 4, 6, 9);
    for (int32_t second = 2; second < DATA_COLUMNS; second++) {
        const weft_sort_key keys[] = {{.column = 1, .descending = second % 2 == 0},
                                      {.column = second, .nulls_first = second % 2 == 0},
                                      {.column = 0},
                                      {.column = 3, .descending = true}};
        check(&set, keys, 4, -1, &exec_configs[0]);
        check(&set, keys + 2, 2, -1, &exec_configs[0]); /* all of the first key lies in the prefix */
    }
    data_free(&set);
}

/* While memory is plenty a task's sort ends short runs; merged, they are what one run is. */
static void short_runs_are_merged(void **state)
{
    enum { ROWS = 500000 };
    static const int64_t limits[] = {(int64_t)1 << 30, INT64_MAX};
    (void)state;
    data_set set = data_new(weft_test_seed(), ROWS, 1000, 3, 0);
    const weft_types types = {.count = DATA_COLUMNS, .types = data_types};
    const weft_sort_key keys[] = {{.column = 0}, {.column = 2}};
    const weft_sink_spec sink = {.kind = WEFT_SINK_SORT,
                                 .rows = types,
                                 .partition_count = 1,
                                 .sort = {.key_count = 2, .keys = keys, .limit = -1}};
    const weft_source_spec source = {
        .kind = WEFT_SOURCE_MERGE, .output = types, .merge = {.key_count = 2, .keys = keys, .limit = -1}};
    text_lines got[2] = {{0}, {0}};
    for (int32_t i = 0; i < 2; i++) {
        const exec_config config = {.batch_rows = 4096, .pool_bytes = limits[i]};
        weft_fixture f;
        weft_block *block = NULL;
        exec_open(&f, &config);
        weft_fixture_ok(&f, run_sink(&f.ctx, &weft_sink_sort, &sink, &set, 0, ROWS, 4096, 0, &block));
        assert_true(i == 0 ? weft_block_runs(block, 0) > 1 : weft_block_runs(block, 0) == 1);
        weft_fixture_ok(&f, run_source(&f.ctx, &weft_source_merge, &source, &block, 1, 0, 1, &got[i]));
        weft_block_release(&block);
        weft_fixture_close(&f);
    }
    lines_equal(&got[0], &got[1]);
    lines_free(&got[0]);
    lines_free(&got[1]);
    data_free(&set);
}

/* A field of a line; its length in *len. */
static const char *field_of(const char *line, int32_t column, size_t *len)
{
    for (; column > 0; column--) line = strchr(line, '|') + 1;
    *len = strcspn(line, "|");
    return line;
}

static bool same_field(const char *a, const char *b, int32_t column)
{
    size_t a_len, b_len;
    const char *x = field_of(a, column, &a_len), *y = field_of(b, column, &b_len);
    return a_len == b_len && memcmp(x, y, a_len) == 0;
}

/* Of lines sorted by text, then flag: those that are numbered up to `most` among the lines of their text. */
static void first_rows(const text_lines *all, weft_numbering numbering, int64_t most, text_lines *out)
{
    int64_t row = 0, number = 0;
    for (int32_t i = 0; i < all->count; i++) {
        const bool goes_on = i > 0 && same_field(all->lines[i - 1], all->lines[i], 1);
        const bool tie = goes_on && same_field(all->lines[i - 1], all->lines[i], 4);
        row = goes_on ? row + 1 : 1;
        if (!goes_on)
            number = 1;
        else if (numbering == WEFT_NUMBER_ROWS || !tie)
            number = numbering == WEFT_NUMBER_DENSE ? number + 1 : row;
        if (number <= most) lines_add(out, all->lines[i]);
    }
}

/* Rows whose number within their group, over all keys of it, is above the limit leave in the sort; which
 * those are is counted by hand. */
static void groups_keep_their_first_rows(void **state)
{
    (void)state;
    static const weft_numbering numberings[] = {WEFT_NUMBER_ROWS, WEFT_NUMBER_RANKS, WEFT_NUMBER_DENSE};
    const weft_types types = {.count = DATA_COLUMNS, .types = data_types};
    const weft_sort_key keys[] = {{.column = 1}, {.column = 4, .descending = true}};
    for (int32_t round = 0; round < 9; round++) {
        const int64_t most = round < 3 ? 1 : round < 6 ? 40 : 100000;
        data_set set = data_new(weft_test_seed() + (uint64_t)round, 3000, 40, round % 2 == 0 ? 5 : 2000, 6);
        const weft_sink_spec sink = {.kind = WEFT_SINK_SORT,
                                     .rows = types,
                                     .partition_count = 1,
                                     .sort = {.key_count = 2,
                                              .keys = keys,
                                              .limit = -1,
                                              .group_keys = 1,
                                              .group_most = most,
                                              .numbering = numberings[round % 3]}};
        const weft_source_spec source = {
            .kind = WEFT_SOURCE_MERGE, .output = types, .merge = {.key_count = 2, .keys = keys, .limit = -1}};
        weft_fixture f;
        weft_block *block = NULL;
        text_lines got = {0}, all = reference(&set, keys, 2, -1), want = {0};
        exec_open(&f, &exec_configs[0]);
        weft_fixture_ok(&f, run_sink(&f.ctx, &weft_sink_sort, &sink, &set, 0, set.count, 1000, 0, &block));
        weft_fixture_ok(&f, run_source(&f.ctx, &weft_source_merge, &source, &block, 1, 0, 1, &got));
        first_rows(&all, numberings[round % 3], most, &want);
        lines_equal(&got, &want);
        lines_free(&got);
        lines_free(&all);
        lines_free(&want);
        weft_block_release(&block);
        weft_fixture_close(&f);
        data_free(&set);
    }
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    data_set set = data_new(weft_test_seed(), 3000, 90, 5, 6);
    const weft_sort_key keys[] = {{.column = 1, .nulls_first = true}, {.column = 6, .descending = true}};
    text_lines want = reference(&set, keys, 2, -1);
    for (int64_t n = 1, failed = 1; failed != 0; n++) {
        weft_fixture f;
        text_lines got = {0};
        exec_open(&f, &exec_configs[n % 2 == 0 ? 0 : 4]);
        weft_mem_fail_after(n);
        const weft_status st = sort_run(&f.ctx, &set, keys, 2, -1, 1000, &got);
        failed = weft_mem_fail_after(0) >= n;
        assert_true(st == WEFT_OK || (failed && st == WEFT_NOMEM));
        if (st == WEFT_OK) lines_equal(&got, &want);
        lines_free(&got);
        weft_fixture_close(&f);
    }
    lines_free(&want);
    data_free(&set);
}

WEFT_TESTS(WEFT_TEST(equals_a_stable_sort), WEFT_TEST(nothing_sorts_to_nothing),
           WEFT_TEST(partitions_are_sorted_by_themselves), WEFT_TEST(partitions_are_merged_together),
           WEFT_TEST(runs_of_equal_prefixes), WEFT_TEST(short_runs_are_merged),
           WEFT_TEST(groups_keep_their_first_rows), WEFT_TEST(every_allocation_may_fail))
