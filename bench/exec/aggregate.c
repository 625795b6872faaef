/* bench/exec/aggregate.c - GROUP BY alone: count(v), sum(v) of decimals, by keys of several kinds and
 * numbers.
 *
 *   bench_aggregate [rows [kind]]     kinds: int, sorted, text, dict, all
 *
 * One thread, eight tasks, 64 partitions. Prints nanoseconds a row of the partial and the final half, and
 * checks the number of groups and the sum of counts. */
#include "engine/expr/aggregate.h"
#include "bench/exec/bench_exec.h"

enum { TASKS = 8, PARTITIONS = 64, REPEATS = 3 };

typedef struct answer {
    int64_t groups, counts;
    int32_t count_column;
} answer;

static void see(void *self, const weft_batch *batch)
{
    answer *a = self;
    const int64_t *counts = batch->columns[a->count_column].data;
    a->groups += batch->selected;
    for (int32_t i = 0; i < batch->selected; i++) a->counts += counts[i];
}

static void run(bench *b, const char *name, const bench_table *table, int32_t group_count, int64_t distinct)
{
    weft_type rows[16], output[16];
    const weft_expr *arg = NULL, *calls[2] = {NULL};
    const int32_t groups[] = {0, 1, 2, 3};
    const int32_t value = group_count;
    int32_t row_count = group_count;
    bool zero[WEFT_AGG_STATES_MAX];
    weft_block *blocks[TASKS];
    bench_check(b, weft_expr_ordinal(&b->ctx, value, table->types[value], true, &arg));
    bench_check(b, weft_expr_aggregate(&b->ctx, "count", &arg, 1, false, NULL, NULL, &calls[0]));
    bench_check(b, weft_expr_aggregate(&b->ctx, "sum", &arg, 1, false, NULL, NULL, &calls[1]));
    for (int32_t i = 0; i < group_count; i++) rows[i] = output[i] = table->types[i];
    for (int32_t i = 0; i < 2; i++) {
        output[group_count + i] = calls[i]->type;
        row_count += calls[i]->aggregate.function->states(calls[i], rows + row_count, zero);
    }
    const weft_sink_spec sink = {.kind = WEFT_SINK_AGGREGATE,
                                 .rows = {.count = row_count, .types = rows},
                                 .partition_count = PARTITIONS,
                                 .aggregate = {.table_bytes = 4 << 20,
                                               .group_count = group_count,
                                               .groups = groups,
                                               .aggregate_count = 2,
                                               .aggregates = calls}};
    const weft_source_spec source = {
        .kind = WEFT_SOURCE_AGGREGATE,
        .output = {.count = group_count + 2, .types = output},
        .aggregate = {.group_count = group_count, .aggregate_count = 2, .aggregates = calls}};
    double best[2] = {1e9, 1e9};
    int64_t partial_rows = 0;
    answer a;
    for (int32_t repeat = 0; repeat < REPEATS; repeat++) {
        const double began = bench_now();
        partial_rows = 0;
        for (int32_t t = 0; t < TASKS; t++) {
            blocks[t] = bench_sink(b, &weft_sink_aggregate, &sink, table, table->rows * t / TASKS,
                                   table->rows * (t + 1) / TASKS, t);
            partial_rows += weft_block_rows(blocks[t], -1);
        }
        const double half = bench_now();
        a = (answer){.count_column = group_count};
        bench_source(b, &weft_source_aggregate, &source, blocks, TASKS, 0, PARTITIONS, see, &a);
        const double end = bench_now();
        for (int32_t t = 0; t < TASKS; t++) weft_block_release(&blocks[t]);
        best[0] = half - began < best[0] ? half - began : best[0];
        best[1] = end - half < best[1] ? end - half : best[1];
    }
    const double row = 1e9 / (double)table->rows;
    printf("%-8s %9lld groups  partial %6.2f ns/row (%9lld rows out)  final %6.2f ns/row  total %7.1f ms%s\n",
           name, (long long)a.groups, best[0] * row, (long long)partial_rows, best[1] * row,
           (best[0] + best[1]) * 1e3,
           a.counts == table->rows && (distinct < 0 || a.groups == distinct) ? "" : "  WRONG");
}

static void int_keys(bench *b, int64_t rows, bool sorted)
{
    static const int64_t counts[] = {4, 100, 10000, 1000000, 10000000};
    int64_t *keys = malloc((size_t)rows * 8), *values = malloc((size_t)rows * 8);
    uint64_t random = 1;
    for (int32_t n = 0; n < WEFT_COUNT(counts); n++) {
        bench_table table = {.rows = rows};
        for (int64_t i = 0; i < rows; i++) {
            const uint64_t x = bench_random(&random);
            keys[i] = sorted ? (int64_t)((double)i / (double)rows * (double)counts[n])
                             : (int64_t)(x % (uint64_t)counts[n]);
            values[i] = (int64_t)(x >> 44);
        }
        bench_add(&table, WEFT_TYPE_OF(WEFT_TYPE_BIGINT), keys);
        bench_add(&table, weft_type_decimal(15, 2), values);
        run(b, sorted ? "sorted" : "int", &table, 1, -1);
    }
    free(keys);
    free(values);
}

static void text_keys(bench *b, int64_t rows)
{
    static const int64_t counts[] = {4, 10000, 1000000};
    weft_str *keys = malloc((size_t)rows * sizeof(*keys));
    int64_t *values = malloc((size_t)rows * 8);
    char(*texts)[32] = malloc(1000000 * sizeof(*texts));
    uint64_t random = 1;
    for (int32_t n = 0; n < WEFT_COUNT(counts); n++) {
        bench_table table = {.rows = rows};
        for (int64_t i = 0; i < counts[n]; i++)
            snprintf(texts[i], sizeof(texts[i]), "Customer#%09lld", (long long)i);
        for (int64_t i = 0; i < rows; i++) {
            const uint64_t x = bench_random(&random);
            keys[i] = weft_str_view(texts[x % (uint64_t)counts[n]], 18);
            values[i] = (int64_t)(x >> 44);
        }
        bench_add(&table, WEFT_TYPE_OF(WEFT_TYPE_STRING), keys);
        bench_add(&table, weft_type_decimal(15, 2), values);
        run(b, "text", &table, 1, -1);
    }
    free(keys);
    free(values);
    free(texts);
}

/* Two dictionary columns, as the flags of TPC-H's first query. */
static void dictionary_keys(bench *b, int64_t rows)
{
    static const int32_t counts[] = {3, 30};
    uint32_t *codes[2] = {malloc((size_t)rows * 4), malloc((size_t)rows * 4)};
    int64_t *values = malloc((size_t)rows * 8);
    weft_str entries[30];
    weft_dictionary dictionary = {.id = weft_dictionary_new_id(), .phys = WEFT_PHYS_STR, .values = entries};
    uint64_t random = 1;
    for (int32_t i = 0; i < 30; i++) entries[i] = weft_str_view(&"ABCDEFGHIJKLMNOPQRSTUVWXYZabcd"[i], 1);
    for (int32_t n = 0; n < WEFT_COUNT(counts); n++) {
        bench_table table = {.rows = rows};
        dictionary.count = counts[n];
        dictionary.id = weft_dictionary_new_id();
        for (int64_t i = 0; i < rows; i++) {
            const uint64_t x = bench_random(&random);
            codes[0][i] = (uint32_t)(x % (uint64_t)counts[n]);
            codes[1][i] = (uint32_t)(x >> 32) % (uint32_t)counts[n];
            values[i] = (int64_t)(x >> 44);
        }
        for (int32_t c = 0; c < 2; c++) {
            bench_add(&table, WEFT_TYPE_OF(WEFT_TYPE_STRING), codes[c]);
            table.columns[c].encoding = WEFT_DICTIONARY;
            table.columns[c].dict = &dictionary;
        }
        bench_add(&table, weft_type_decimal(15, 2), values);
        run(b, "dict", &table, 2, (int64_t)counts[n] * counts[n]);
    }
    free(codes[0]);
    free(codes[1]);
    free(values);
}

int main(int argc, char **argv)
{
    bench b;
    const int64_t rows = argc > 1 ? strtoll(argv[1], NULL, 0) : 10000000;
    const char *kind = argc > 2 ? argv[2] : "all";
    const bool all = strcmp(kind, "all") == 0;
    bench_open(&b);
    if (all || strcmp(kind, "int") == 0) int_keys(&b, rows, false);
    if (all || strcmp(kind, "sorted") == 0) int_keys(&b, rows, true);
    if (all || strcmp(kind, "text") == 0) text_keys(&b, rows);
    if (all || strcmp(kind, "dict") == 0) dictionary_keys(&b, rows);
    weft_arena_free(&b.arena);
    weft_account_close(&b.account);
    weft_pool_free(&b.pool);
    return 0;
}
