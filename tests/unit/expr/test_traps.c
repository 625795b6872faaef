/* tests/unit/expr/test_traps.c - ANSI errors: an expression that would raise on a row raises exactly when the
 * query evaluates it on that row. Guards (CASE, AND, OR, conjuncts before, rows not selected) keep it off,
 * over every encoding, also where it is computed once per dictionary entry or shared between expressions. */
#include "tests/unit/expr/program_fixture.h"

typedef struct trap {
    const char *guard; /* where it is not true, the trap may raise */
    const char *trap;
} trap;

static const trap traps[] = {{"(<> k 0)", "(div j k)"},
                             {"(<> i 0)", "(/ 100 i)"},
                             {"(<> i 0)", "(% 7 i)"},
                             {"(<> x 0)", "(/ y x)"},
                             {"(<> d 0)", "(/ e d)"},
                             {"(rlike s '^-?[0-9]{1,6}$')", "(cast \"int\" s)"},
                             {"(in s '12' '1212')", "(+ (cast \"smallint\" s) 1)"},
                             {"(and (>= i -128) (< i 128))", "(cast \"tinyint\" i)"},
                             {"(and (> d -99.00) (< d 99.00))", "(cast \"decimal(4,2)\" d)"},
                             {"(and (> j -1000) (< j 1000))", "(* j 9223372036854775)"},
                             {"(and (> i -1000) (< i 1000))", "(+ i 2147480000)"},
                             {"(and (> z 0) (< z 13))", "(make_date 1998 z 1)"}};

/* G and T stand for guard and trap. None of these may raise. */
static const char *const guarded[] = {"(case G T)",
                                      "(case (not G) null T)",
                                      "(case (isnull G) null G T)",
                                      "(case G (case (isnotnull T) 1 0) -1)",
                                      "(case G (case (not G) 1 (isnull T) 2 3) -1)",
                                      "(and G (isnotnull T))",
                                      "(or (not G) (isnotnull T))",
                                      "(not (and G (isnull T)))",
                                      "(coalesce (case (not G) true) (isnotnull T))",
                                      "(if G T null)"};

static const program_shape shapes[] = {
    {.rows = 1, .select_percent = 100, .tame = true, .encoding = -1},
    {.rows = 70, .null_percent = 10, .select_percent = 100, .tame = true, .encoding = WEFT_FLAT},
    {.rows = 130, .select_percent = 30, .tame = true, .encoding = WEFT_FLAT},
    {.rows = 200, .select_percent = 100, .tame = true, .encoding = WEFT_DICTIONARY},
    {.rows = 200, .null_percent = 30, .select_percent = 15, .tame = true, .encoding = WEFT_DICTIONARY},
    {.rows = 20, .select_percent = 50, .tame = false, .encoding = WEFT_CONSTANT},
    {.rows = 90, .null_percent = 10, .select_percent = 80, .tame = true, .encoding = WEFT_RUN_LENGTH},
    {.rows = 65, .null_percent = 5, .select_percent = 60, .tame = false, .encoding = -1}};

/* The text with guard and trap in place of G and T. */
static const weft_expr *trap_expr(weft_fixture *f, const char *form, const trap *t)
{
    enum { TEXT_BYTES = 600 };
    char *text = program_alloc(f, TEXT_BYTES); /* literals point into it */
    size_t used = 0;
    for (const char *c = form; *c != '\0'; c++) {
        const char *piece = *c == 'G' ? t->guard : *c == 'T' ? t->trap : NULL;
        used += (size_t)(piece != NULL ? snprintf(text + used, TEXT_BYTES - used, "%s", piece)
                                       : snprintf(text + used, TEXT_BYTES - used, "%c", *c));
        assert_true(used < TEXT_BYTES);
    }
    return program_expr(f, text);
}

typedef struct lane {
    weft_fixture f;
    weft_test_random random;
    const weft_expr *exprs[WEFT_COUNT(guarded)];
    int32_t count;
    weft_eval *ev;
} lane;

static void lane_begin(lane *l, uint64_t seed)
{
    weft_fixture_open(&l->f);
    l->random = (weft_test_random){weft_test_seed() + seed};
    l->count = 0;
    l->ev = NULL;
}

static void lane_compile(lane *l)
{
    weft_type types[PROGRAM_COLUMNS];
    const weft_program *program = NULL;
    program_types(&l->f, types);
    weft_fixture_ok(&l->f,
                    weft_program_compile(&l->f.ctx, l->exprs, l->count, types, PROGRAM_COLUMNS, &program));
    weft_fixture_ok(&l->f, weft_eval_open(&l->f.ctx, program, &l->ev));
}

static void lane_end(lane *l)
{
    weft_eval_close(&l->ev);
    weft_fixture_close(&l->f);
}

static int32_t selected_row(const weft_batch *batch, int32_t k)
{
    return batch->selection == NULL ? k : batch->selection[k];
}

static void check_rows(lane *l, const char *form, const trap *t, const weft_batch *batch, const weft_expr *e,
                       const weft_column *out)
{
    const int32_t stride = 1 + batch->selected / 24; /* the reference is slow */
    for (int32_t k = 0; k < batch->selected; k += stride) {
        const int32_t row = selected_row(batch, k);
        weft_value want, got = weft_value_of_column(out, row);
        weft_fixture_ok(&l->f, program_reference(&l->f, e, batch, row, &want));
        got.type = want.type;
        if (got.is_null != want.is_null || (!got.is_null && weft_value_compare(&got, &want) != 0))
            fail_msg("%s with %s, %s: row %d is wrong", form, t->guard, t->trap, row);
    }
}

/* Each guarded form alone, several batches with one lane: what was kept of the first must not hurt the
 * others. */
static void guards_keep_errors_off(void **state)
{
    (void)state;
    for (int32_t i = 0; i < WEFT_COUNT(traps); i++) {
        for (int32_t g = 0; g < WEFT_COUNT(guarded); g++) {
            lane l;
            weft_column out;
            lane_begin(&l, (uint64_t)(i * 100 + g));
            l.exprs[l.count++] = trap_expr(&l.f, guarded[g], &traps[i]);
            lane_compile(&l);
            for (int32_t s = 0; s < WEFT_COUNT(shapes); s++) {
                const weft_batch batch = program_batch(&l.f, &l.random, &shapes[s]);
                const weft_status st = weft_eval_project(&l.f.ctx, l.ev, &batch, &out);
                if (st != WEFT_OK) {
                    fail_msg("%s with %s, %s raises over shape %d: %s", guarded[g], traps[i].guard,
                             traps[i].trap, s, l.f.ctx.error.message);
                }
                check_rows(&l, guarded[g], &traps[i], &batch, l.exprs[0], &out);
            }
            lane_end(&l);
        }
    }
}

/* All forms in one program: the trap is a subexpression of each, shared only where its rows allow it. */
static void sharing_does_not_take_the_guard_away(void **state)
{
    (void)state;
    for (int32_t i = 0; i < WEFT_COUNT(traps); i++) {
        lane l;
        weft_column out[WEFT_COUNT(guarded)];
        lane_begin(&l, (uint64_t)i);
        for (int32_t g = 0; g < WEFT_COUNT(guarded); g++)
            l.exprs[l.count++] = trap_expr(&l.f, guarded[g], &traps[i]);
        lane_compile(&l);
        for (int32_t s = 0; s < WEFT_COUNT(shapes); s++) {
            const weft_batch batch = program_batch(&l.f, &l.random, &shapes[s]);
            weft_fixture_ok(&l.f, weft_eval_project(&l.f.ctx, l.ev, &batch, out));
            for (int32_t g = 0; g < l.count; g++) {
                check_rows(&l, guarded[g], &traps[i], &batch, l.exprs[g], &out[g]);
            }
        }
        lane_end(&l);
    }
}

/* Bare, the trap raises when and only when a selected row does. */
static void errors_are_those_of_selected_rows(void **state)
{
    (void)state;
    int32_t raised = 0, quiet = 0;
    for (int32_t i = 0; i < WEFT_COUNT(traps); i++) {
        lane l;
        lane_begin(&l, (uint64_t)i);
        l.exprs[l.count++] = trap_expr(&l.f, "T", &traps[i]);
        lane_compile(&l);
        for (int32_t round = 0; round < 3 * WEFT_COUNT(shapes); round++) {
            program_shape shape = shapes[round % WEFT_COUNT(shapes)];
            if (round >= WEFT_COUNT(shapes)) shape.select_percent = 4; /* few rows: often none that raises */
            const weft_batch batch = program_batch(&l.f, &l.random, &shape);
            weft_column out;
            bool want = false;
            for (int32_t k = 0; k < batch.selected; k++) {
                weft_value value;
                want |= program_reference(&l.f, l.exprs[0], &batch, selected_row(&batch, k), &value) !=
                        WEFT_OK;
            }
            weft_error_clear(&l.f.ctx);
            if (batch.selected == 0) continue;
            const bool got = weft_eval_project(&l.f.ctx, l.ev, &batch, &out) != WEFT_OK;
            if (got != want)
                fail_msg("%s: round %d %s", traps[i].trap, round, got ? "raises" : "does not raise");
            weft_error_clear(&l.f.ctx);
            raised += got;
            quiet += !got;
        }
        lane_end(&l);
    }
    assert_true(raised > 20 && quiet > 20);
}

/* Conjuncts: one that may raise sees only what those before it left, however long the lane has learned what
 * each costs and keeps; cheap ones behind it may come first, which only takes rows away. */
static void conjuncts_keep_their_guards(void **state)
{
    (void)state;
    static const char *const conjuncts[] = {"(isnotnull b)", "G", "(isnotnull T)", "(< k 100)",
                                            "(or c (isnull c))"};
    for (int32_t i = 0; i < WEFT_COUNT(traps); i++) {
        lane l;
        lane_begin(&l, (uint64_t)i);
        for (int32_t k = 0; k < WEFT_COUNT(conjuncts); k++) {
            l.exprs[l.count++] = trap_expr(&l.f, conjuncts[k], &traps[i]);
        }
        lane_compile(&l);
        for (int32_t round = 0; round < 3 * WEFT_COUNT(shapes); round++) {
            const weft_batch batch = program_batch(&l.f, &l.random, &shapes[round % WEFT_COUNT(shapes)]);
            uint16_t selection[256];
            int32_t count = 0, want = 0;
            weft_fixture_ok(&l.f, weft_eval_filter(&l.f.ctx, l.ev, &batch, selection, &count));
            for (int32_t k = 0; k < batch.selected; k++) {
                const int32_t row = selected_row(&batch, k);
                bool pass = true;
                for (int32_t c = 0; c < l.count && pass; c++) {
                    weft_value value;
                    weft_fixture_ok(&l.f, program_reference(&l.f, l.exprs[c], &batch, row, &value));
                    pass = !value.is_null && value.boolean;
                }
                if (!pass) continue;
                assert_true(want < count);
                assert_int_equal(selection[want++], row);
            }
            assert_int_equal(count, want);
        }
        lane_end(&l);
    }
}

/* Not in ANSI mode: the same rows give NULL, guarded or not. */
static void without_ansi_nothing_raises(void **state)
{
    (void)state;
    for (int32_t i = 0; i < WEFT_COUNT(traps); i++) {
        lane l;
        weft_column out;
        lane_begin(&l, (uint64_t)i);
        weft_fixture_ok(&l.f, weft_settings_set(&l.f.ctx, &l.f.settings, "spark.sql.ansi.enabled", "false"));
        l.exprs[l.count++] = trap_expr(&l.f, "T", &traps[i]);
        lane_compile(&l);
        for (int32_t s = 0; s < WEFT_COUNT(shapes); s++) {
            const weft_batch batch = program_batch(&l.f, &l.random, &shapes[s]);
            weft_fixture_ok(&l.f, weft_eval_project(&l.f.ctx, l.ev, &batch, &out));
            check_rows(&l, "T", &traps[i], &batch, l.exprs[0], &out);
        }
        lane_end(&l);
    }
}

WEFT_TESTS(WEFT_TEST(guards_keep_errors_off), WEFT_TEST(sharing_does_not_take_the_guard_away),
           WEFT_TEST(errors_are_those_of_selected_rows), WEFT_TEST(conjuncts_keep_their_guards),
           WEFT_TEST(without_ansi_nothing_raises))
