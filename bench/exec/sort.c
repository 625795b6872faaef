/* bench/exec/sort.c - ORDER BY alone: integers, two keys, strings; whole and the first hundred.
 *
 *   bench_sort [rows]
 *
 * One thread, four tasks. Prints nanoseconds a row of the runs and of the merge, and checks the order. */
#include "bench/exec/bench_exec.h"

enum { TASKS = 4 };

typedef struct order {
    int64_t rows, last;
    weft_str text;
    bool wrong, by_text;
} order;

static void see(void *self, const weft_batch *batch)
{
    order *o = self;
    const int64_t *keys = batch->columns[0].data;
    const weft_str *texts = batch->columns[1].data;
    for (int32_t i = 0; i < batch->selected; i++, o->rows++) {
        if (o->rows > 0 && !o->by_text) o->wrong = o->wrong || keys[i] < o->last;
        o->last = keys[i];
        (void)texts;
    }
}

static void run(bench *b, const char *name, const bench_table *table, const weft_sort_key *keys,
                int32_t key_count, int64_t limit)
{
    weft_block *blocks[TASKS];
    const weft_types types = {.count = table->column_count, .types = table->types};
    const weft_sink_spec sink = {.kind = WEFT_SINK_SORT,
                                 .rows = types,
                                 .partition_count = 1,
                                 .sort = {.key_count = key_count, .keys = keys, .limit = limit}};
    const weft_source_spec source = {.kind = WEFT_SOURCE_MERGE,
                                     .output = types,
                                     .merge = {.key_count = key_count, .keys = keys, .limit = limit}};
    const double began = bench_now();
    for (int32_t t = 0; t < TASKS; t++) {
        blocks[t] = bench_sink(b, &weft_sink_sort, &sink, table, table->rows * t / TASKS,
                               table->rows * (t + 1) / TASKS, t);
    }
    const double half = bench_now();
    order o = {.by_text = keys[0].column == 1};
    bench_source(b, &weft_source_merge, &source, blocks, TASKS, 0, 1, see, &o);
    const double end = bench_now();
    for (int32_t t = 0; t < TASKS; t++) weft_block_release(&blocks[t]);
    printf("%-18s runs %6.2f ns/row  merge %6.2f ns/row  total %7.1f ms%s\n", name,
           (half - began) * 1e9 / (double)table->rows, (end - half) * 1e9 / (double)table->rows,
           (end - began) * 1e3, o.wrong || o.rows != (limit < 0 ? table->rows : limit) ? "  WRONG" : "");
}

int main(int argc, char **argv)
{
    bench b;
    const int64_t rows = argc > 1 ? strtoll(argv[1], NULL, 0) : 4000000;
    int64_t *keys = malloc((size_t)rows * 8), *wide = malloc((size_t)rows * 8),
            *few = malloc((size_t)rows * 8);
    weft_str *texts = malloc((size_t)rows * sizeof(*texts));
    char(*bytes)[40] = malloc((size_t)rows * sizeof(*bytes));
    uint64_t random = 1;
    bench_open(&b);
    for (int64_t i = 0; i < rows; i++) {
        const uint64_t x = bench_random(&random);
        keys[i] = (int64_t)(x % 1000000);
        wide[i] = (int64_t)x;
        few[i] = (int64_t)(x % 100);
        snprintf(bytes[i], sizeof(bytes[i]), "Customer#%09llu", (unsigned long long)(x >> 44));
        texts[i] = weft_str_view(bytes[i], 18);
    }
    bench_table table = {.rows = rows}, wide_table = {.rows = rows}, few_table = {.rows = rows};
    bench_table *const tables[] = {&table, &wide_table, &few_table};
    const int64_t *const firsts[] = {keys, wide, few};
    for (int32_t i = 0; i < 3; i++) {
        bench_add(tables[i], WEFT_TYPE_OF(WEFT_TYPE_BIGINT), firsts[i]);
        bench_add(tables[i], WEFT_TYPE_OF(WEFT_TYPE_STRING), texts);
        bench_add(tables[i], weft_type_decimal(15, 2), keys);
    }
    const weft_sort_key first = {.column = 0}, text = {.column = 1};
    const weft_sort_key both[] = {{.column = 0}, {.column = 2, .descending = true}};
    const weft_sort_key few_then_text[] = {{.column = 0}, {.column = 1}};
    run(&b, "int below 10^6", &table, &first, 1, -1);
    run(&b, "int of 64 bits", &wide_table, &first, 1, -1);
    run(&b, "two ints", &table, both, 2, -1);
    run(&b, "few ints, text", &few_table, few_then_text, 2, -1);
    run(&b, "text", &table, &text, 1, -1);
    run(&b, "top 100 int", &wide_table, &first, 1, 100);
    run(&b, "top 100 text", &table, &text, 1, 100);
    free(keys);
    free(wide);
    free(few);
    free(texts);
    free(bytes);
    weft_arena_free(&b.arena);
    weft_account_close(&b.account);
    weft_pool_free(&b.pool);
    return 0;
}
