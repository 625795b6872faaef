/* bench/expr/expr.c - nanoseconds a row of expressions over batches of 2048 rows: flat columns, dictionaries,
 * and a tenth or half of the rows selected. Best of several rounds; the first rows are held against the
 * row-by-row result.
 *
 *     bench_expr [part of an expression]
 *
 * Columns (program_fixture.h): d a price, g a discount, w a sum of 128 bits, i and j integers, t a date, s a
 * short and r a long text. */
#include <time.h>

#include "tests/unit/expr/program_fixture.h"

enum { BENCH_ROWS = 2048, BENCH_ROUNDS = 15, BENCH_BATCHES = 40 };

typedef struct bench_case {
    const char *text;
    bool filter;
} bench_case;

static const bench_case cases[] = {
    {"(* d (- 1 g))", false},
    {"(* (* d (- 1 g)) (+ 1 g))", false},
    {"(+ d d)", false},
    {"(* (* d e) (+ 1 e))", false},
    {"(+ w w)", false},
    {"(+ j i)", false},
    {"(* i 3)", false},
    {"(* j j)", false},
    {"(/ x y)", false},
    {"(year t)", false},
    {"(substring s 1 2)", false},
    {"(case (like s 'PROMO%') (* d (- 1 g)) 0)", false},
    {"(case (= s 'GREEN') 1 0)", false},
    {"(case (> i 500) d 0)", false},
    {"(cast \"decimal(10,0)\" i)", false},
    {"(cast \"double\" d)", false},
    {"(< i 500)", true},
    {"(< t d'1995-03-15')", true},
    {"(and (>= t d'1994-01-01') (< t d'1995-01-01'))", true},
    {"(and (>= t d'1994-01-01') (< t d'1995-01-01') (>= g 0.05) (<= g 0.07) (< d 24000.00))", true},
    {"(< i j)", true},
    {"(= s 'GREEN')", true},
    {"(in s 'GREEN' 'MAIL' 'SHIP')", true},
    {"(in i 1 7 49 14 23 45 19 3 36 9)", true},
    {"(or (and (= s 'MAIL') (< i 100)) (and (= s 'SHIP') (> i 900)))", true},
    {"(like r '%special%requests%')", true},
    {"(like r '%green%')", true},
    {"(like s 'PROMO%')", true},
    {"(like s '%BRASS')", true},
    {"(in (substring s 1 2) '13' '31' '23')", true},
    {"(isnotnull s)", true}};

static int64_t bench_now_ns(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* Values of one column as the tables of TPC-H have them. */
static void bench_value(weft_fixture *f, weft_test_random *r, const char *name, void *out)
{
    static const char *const words[] = {"MAIL",         "SHIP",       "GREEN", "PROMO BRUSHED BRASS",
                                        "STANDARD TIN", "13-345-222", "TRUCK", "AIR"};
    static const char *const text[] = {"special ",  "requests ", "carefully ", "final ",
                                       "deposits ", "green ",    "furiously ", "ironic "};
    switch (name[0]) {
    case 'd': *(int64_t *)out = weft_test_random_range(r, 90000, 10500000); return;
    case 'g': *(int64_t *)out = weft_test_random_range(r, 0, 10); return;
    case 'w':
        *(weft_i128 *)out = (weft_i128)weft_test_random_range(r, 1, 1000000000000) * 1000000000000;
        return;
    case 'i': *(int32_t *)out = (int32_t)weft_test_random_range(r, 0, 1000); return;
    case 'j': *(int64_t *)out = weft_test_random_range(r, 0, 1000); return;
    case 't': *(int32_t *)out = (int32_t)weft_test_random_range(r, 8036, 10561); return;
    case 's': {
        const char *word = words[weft_test_random_range(r, 0, WEFT_COUNT(words) - 1)];
        *(weft_str *)out = weft_str_view(word, (uint32_t)strlen(word));
        return;
    }
    case 'r': {
        char *bytes = program_alloc(f, 128);
        for (int k = 0, at = 0; k < 6; k++) {
            at += snprintf(bytes + at, 128 - (size_t)at, "%s",
                           text[weft_test_random_range(r, 0, WEFT_COUNT(text) - 1)]);
        }
        *(weft_str *)out = weft_str_view(bytes, (uint32_t)strlen(bytes));
        return;
    }
    case 'e': *(int64_t *)out = weft_test_random_range(r, 0, 1000); return;
    default: memset(out, 1, 1); return;
    }
}

static void bench_fill(weft_fixture *f, weft_test_random *r, weft_batch *batch, bool dictionary)
{
    for (int c = 0; c < PROGRAM_COLUMNS; c++) {
        const weft_type type = program_type(f, program_columns[c].type);
        const int32_t count = dictionary ? 64 : BENCH_ROWS;
        weft_column *column = &batch->columns[c];
        *column = (weft_column){.type = type, .phys = (uint8_t)weft_type_phys(type)};
        const size_t bytes = (size_t)weft_phys_bytes((weft_phys)column->phys);
        char *values = program_alloc(f, (size_t)count * 16);
        for (int32_t i = 0; i < count; i++) {
            bench_value(f, r, program_columns[c].name, values + (size_t)i * bytes);
        }
        column->data = values;
        if (!dictionary) continue;
        weft_dictionary *dict = program_alloc(f, sizeof *dict);
        uint32_t *codes = program_alloc(f, BENCH_ROWS * 4);
        *dict = (weft_dictionary){
            .id = weft_dictionary_new_id(), .count = count, .phys = column->phys, .values = values};
        for (int32_t i = 0; i < BENCH_ROWS; i++) codes[i] = (uint32_t)weft_test_random_range(r, 0, count - 1);
        column->encoding = WEFT_DICTIONARY;
        column->dict = dict;
        column->data = codes;
    }
}

static double bench_run(weft_fixture *f, weft_eval *ev, const weft_batch *batch, bool filter)
{
    uint16_t selection[BENCH_ROWS];
    weft_column out;
    int32_t count;
    int64_t best = INT64_MAX;
    for (int round = 0; round < BENCH_ROUNDS; round++) {
        const int64_t begin = bench_now_ns();
        for (int k = 0; k < BENCH_BATCHES; k++) {
            weft_fixture_ok(f, filter ? weft_eval_filter(&f->ctx, ev, batch, selection, &count)
                                      : weft_eval_project(&f->ctx, ev, batch, &out));
        }
        best = weft_min_i64(best, bench_now_ns() - begin);
    }
    return (double)best / BENCH_BATCHES / batch->selected;
}

static void bench_check(weft_fixture *f, weft_eval *ev, const weft_batch *batch, const bench_case *one,
                        const weft_expr *e)
{
    weft_column out;
    weft_fixture_ok(f, weft_eval_project(&f->ctx, ev, batch, &out));
    for (int32_t row = 0; row < 32; row++) {
        weft_value want, got = weft_value_of_column(&out, row);
        weft_fixture_ok(f, program_reference(f, e, batch, row, &want));
        got.type = want.type;
        if (weft_value_compare(&want, &got) != 0) fail_msg("%s: row %d is wrong", one->text, row);
    }
}

static void bench_one(const bench_case *one)
{
    weft_fixture f;
    weft_fixture_open(&f);
    weft_test_random r = {7};
    weft_type types[PROGRAM_COLUMNS];
    weft_column columns[PROGRAM_COLUMNS];
    weft_batch batch = {
        .rows = BENCH_ROWS, .selected = BENCH_ROWS, .column_count = PROGRAM_COLUMNS, .columns = columns};
    uint16_t selection[BENCH_ROWS];
    const weft_program *program = NULL;
    weft_eval *ev = NULL;
    double ns[4];
    program_types(&f, types);
    const weft_expr *e = program_expr(&f, one->text);
    weft_fixture_ok(&f, weft_program_compile(&f.ctx, &e, 1, types, PROGRAM_COLUMNS, &program));
    weft_fixture_ok(&f, weft_eval_open(&f.ctx, program, &ev));
    bench_fill(&f, &r, &batch, false);
    bench_check(&f, ev, &batch, one, e);
    ns[0] = bench_run(&f, ev, &batch, one->filter);
    batch.selection = selection;
    for (int k = 0; k < 2; k++) {
        batch.selected = 0;
        for (int32_t i = 0; i < BENCH_ROWS; i++) {
            if (weft_test_random_range(&r, 1, 100) <= (k == 0 ? 50 : 10))
                selection[batch.selected++] = (uint16_t)i;
        }
        ns[1 + k] = bench_run(&f, ev, &batch, one->filter);
    }
    batch.selection = NULL;
    batch.selected = BENCH_ROWS;
    bench_fill(&f, &r, &batch, true);
    bench_check(&f, ev, &batch, one, e);
    ns[3] = bench_run(&f, ev, &batch, one->filter);
    printf("%8.2f %8.2f %8.2f %8.2f  %s %s\n", ns[0], ns[1], ns[2], ns[3],
           one->filter ? "filter " : "project", one->text);
    weft_eval_close(&ev);
    weft_fixture_close(&f);
}

int main(int argc, char **argv)
{
    printf("ns per selected row\n%8s %8s %8s %8s\n", "flat", "50 %", "10 %", "dict");
    for (int32_t i = 0; i < WEFT_COUNT(cases); i++) {
        if (argc < 2 || strstr(cases[i].text, argv[1]) != NULL) bench_one(&cases[i]);
    }
    return 0;
}
