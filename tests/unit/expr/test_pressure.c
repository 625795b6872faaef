/* tests/unit/expr/test_pressure.c - every allocation of compiling and running an expression fails once: the
 * status says so, nothing leaks, and a lane that failed can be asked again or closed. */
#include "tests/unit/expr/program_fixture.h"

/* Every kind of step: kernels with states and heaps, scopes, maps, sets, choices, narrowings of all kinds. */
static const char *const expressions[] = {
    "(+ i 1)",
    "(* (* d (- 1 e)) (+ 1 e))",
    "(concat (upper s) r 'a text that is longer than twelve')",
    "(case (> i 0) s (= k 0) 'none' r)",
    "(case (<> k 0) (div j k) (isnull k) i -1)",
    "(coalesce (cast \"string\" i) s)",
    "(and (< i 50) (or (like s '%green%') (= r 'a')) (isnotnull t))",
    "(or (and (<> k 0) (> (/ j k) 2)) (rlike s '^[a-z]+$') (in i 1 2 3))",
    "(not (in s 'a' 'green' 'PROMO' 'a text that is longer than twelve'))",
    "(in i 1 2 3 4 5 6 7 8 9 10 77 null)",
    "(in i k j)",
    "(like s r)",
    "(replace s 'e' 'a longer piece of text')",
    "(cast \"string\" d)",
    "(cast \"string\" u)",
    "(try \"date\" s)",
    "(try \"timestamp\" s)",
    "(hour u)",
    "(round d 1)",
    "(greatest d w)",
    "(repeat s 20)",
    "(upper (substring s 1 3))",
    "(extract 'YEAR' t)",
};

typedef struct pressure {
    const weft_expr *e;
    const weft_type *types;
    const weft_batch *batches;
    int32_t batch_count;
    bool alone;       /* the failed call is made again, in place of closing */
    bool known;       /* want is filled */
    uint64_t want[4]; /* by batch: a hash of the results of a run without failures */
} pressure;

static uint64_t hash_of(const weft_batch *batch, const weft_column *out)
{
    uint64_t hash = 0;
    for (int32_t k = 0; k < batch->selected; k++) {
        hash = weft_hash_combine(hash,
                                 weft_column_hash(out, batch->selection == NULL ? k : batch->selection[k]));
    }
    return hash;
}

static weft_status run_batches(weft_fixture *f, pressure *p, weft_eval *ev)
{
    weft_status st = WEFT_OK;
    bool failed = false;
    for (int32_t b = 0; b < p->batch_count; b++) {
        weft_column out;
        uint16_t selection[WEFT_BATCH_ROWS_MAX];
        int32_t count;
        const weft_status first = weft_eval_project(&f->ctx, ev, &p->batches[b], &out);
        if (first == WEFT_NOMEM && p->alone) { /* only one allocation fails: now there is memory */
            weft_error_clear(&f->ctx);
            weft_fixture_ok(f, weft_eval_project(&f->ctx, ev, &p->batches[b], &out));
            failed = true;
        } else {
            WEFT_TRY(st, first);
        }
        if (!p->known) p->want[b] = hash_of(&p->batches[b], &out);
        assert_true(p->want[b] == hash_of(&p->batches[b], &out));
        if (p->e->type.id != WEFT_TYPE_BOOLEAN) continue;
        WEFT_TRY(st, weft_eval_filter(&f->ctx, ev, &p->batches[b], selection, &count));
    }
    p->known = true;
    if (failed) st = WEFT_NOMEM; /* what the sweep expects to hear */
done:
    return st;
}

static weft_status compile_and_run(weft_fixture *f, void *arg)
{
    weft_status st = WEFT_OK;
    pressure *p = arg;
    const weft_program *program = NULL;
    weft_eval *ev = NULL;
    WEFT_TRY(st, weft_settings_set(&f->ctx, &f->settings, "spark.sql.session.timeZone", "Europe/Berlin"));
    WEFT_TRY(st, weft_program_compile(&f->ctx, &p->e, 1, p->types, PROGRAM_COLUMNS, &program));
    WEFT_TRY(st, weft_eval_open(&f->ctx, program, &ev));
    WEFT_TRY(st, run_batches(f, p, ev));
done:
    weft_eval_close(&ev);
    return st;
}

static void sweep(bool alone)
{
    static const program_shape shapes[] = {
        {.rows = 40, .null_percent = 10, .select_percent = 100, .tame = true, .encoding = WEFT_FLAT},
        {.rows = 90, .null_percent = 10, .select_percent = 60, .tame = true, .encoding = WEFT_DICTIONARY},
        {.rows = 30, .select_percent = 80, .tame = true, .encoding = WEFT_RUN_LENGTH}};
    weft_fixture f; /* owns the expressions and the rows */
    weft_batch batches[WEFT_COUNT(shapes)];
    weft_type types[PROGRAM_COLUMNS];
    weft_fixture_open(&f);
    weft_test_random r = {5}; /* rows that do not raise */
    program_types(&f, types);
    for (int32_t s = 0; s < WEFT_COUNT(shapes); s++) batches[s] = program_batch(&f, &r, &shapes[s]);
    for (int32_t x = 0; x < WEFT_COUNT(expressions); x++) {
        pressure p = {program_expr(&f, expressions[x]), types, batches, WEFT_COUNT(batches), .alone = alone};
        weft_fixture_ok(&f, compile_and_run(&f, &p));
        weft_fixture_oom_sweep(compile_and_run, &p);
    }
    weft_fixture_close(&f);
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    sweep(false);
}

static void a_lane_survives_a_failure(void **state)
{
    (void)state;
    sweep(true);
}

/* Values and dictionaries: what planning and scans ask of expressions. */
static weft_status fold_and_ask(weft_fixture *f, void *arg)
{
    weft_status st = WEFT_OK;
    const pressure *p = arg;
    const weft_program *program = NULL;
    weft_eval *ev = NULL;
    weft_value value;
    uint8_t keep[64];
    const weft_type type = WEFT_TYPE_OF(WEFT_TYPE_STRING);
    const weft_str entries[2] = {weft_str_view("green", 5), weft_str_view("a text that is longer", 21)};
    const weft_dictionary dict = {.id = 1, .count = 2, .phys = WEFT_PHYS_STR, .values = entries};
    if (p->types == NULL) {
        st = weft_eval_constant(&f->ctx, p->e, &value);
        goto done;
    }
    WEFT_TRY(st, weft_program_compile(&f->ctx, &p->e, 1, &type, 1, &program));
    WEFT_TRY(st, weft_eval_open(&f->ctx, program, &ev));
    WEFT_TRY(st, weft_eval_dictionary(&f->ctx, ev, type, &dict, keep));
    assert_true(keep[0] == 1 && keep[1] == 0);
done:
    weft_eval_close(&ev);
    return st;
}

static weft_status first_column(weft_ctx *ctx, void *self, const weft_expr *e, const weft_expr **out)
{
    (void)self;
    *out = e;
    return e->kind == WEFT_EXPR_COLUMN ? weft_expr_ordinal(ctx, 0, e->type, true, out) : WEFT_OK;
}

static void folding_and_dictionaries_too(void **state)
{
    (void)state;
    weft_fixture f;
    weft_fixture_open(&f);
    pressure p = {program_expr(&f, "(concat (upper 'a text') (cast \"string\" (* 1.5 2.25)) 'that is long')"),
                  .types = NULL};
    weft_fixture_oom_sweep(fold_and_ask, &p);
    weft_type types[1] = {WEFT_TYPE_OF(WEFT_TYPE_STRING)};
    p.types = types;
    weft_fixture_ok(
        &f, weft_expr_rewrite(&f.ctx, program_expr(&f, "(and (like s '%e%') (in (upper s) 'GREEN' 'RED'))"),
                              first_column, NULL, &p.e));
    weft_fixture_oom_sweep(fold_and_ask, &p);
    weft_fixture_close(&f);
}

WEFT_TESTS(WEFT_TEST(every_allocation_may_fail), WEFT_TEST(a_lane_survives_a_failure),
           WEFT_TEST(folding_and_dictionaries_too))
