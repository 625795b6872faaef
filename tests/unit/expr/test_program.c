/* tests/unit/expr/test_program.c - programs over batches of every encoding, length, selection and share of
 * NULLs give what each row gives alone, and raise exactly when a selected row does. */
#include "tests/unit/expr/program_fixture.h"

/* Every function and form, also nested so that scopes, maps and common subexpressions come up. */
static const char *const expressions[] = {"(+ i 1)",
                                          "(+ i i)",
                                          "(- i k)",
                                          "(* i 3)",
                                          "(+ j i)",
                                          "(* j j)",
                                          "(- 5 k)",
                                          "(+ z z)",
                                          "(* k k)",
                                          "(+ d d)",
                                          "(- 1 e)",
                                          "(* d (- 1 e))",
                                          "(* (* d (- 1 e)) (+ 1 d))",
                                          "(+ d e)",
                                          "(+ w d)",
                                          "(* w w)",
                                          "(* w d)",
                                          "(- w e)",
                                          "(/ d e)",
                                          "(/ w d)",
                                          "(% d e)",
                                          "(/ i j)",
                                          "(% i k)",
                                          "(div j k)",
                                          "(div d e)",
                                          "(pmod i k)",
                                          "(% x y)",
                                          "(pmod d e)",
                                          "(* x y)",
                                          "(/ x x)",
                                          "(negative i)",
                                          "(negative d)",
                                          "(abs j)",
                                          "(abs w)",
                                          "(negative x)",
                                          "(= i 7)",
                                          "(< i j)",
                                          "(<= d 0.05)",
                                          "(> e d)",
                                          "(>= x y)",
                                          "(<> s r)",
                                          "(= s 'green')",
                                          "(< s r)",
                                          "(> s 'b')",
                                          "(<=> i k)",
                                          "(<=> s null)",
                                          "(= b c)",
                                          "(< t d'1994-01-01')",
                                          "(= w d)",
                                          "(= w 3)",
                                          "(= x x)",
                                          "(< w 100.25)",
                                          "(and (< i 50) (> d 1.00))",
                                          "(or (< i 5) (> j 100))",
                                          "(not (= i 3))",
                                          "(and b c)",
                                          "(or b c)",
                                          "(and b (or c (< i 0)))",
                                          "(and (= s 'a') (= r 'b'))",
                                          "(or (isnull i) (> k 3))",
                                          "(not b)",
                                          "(isnotnull s)",
                                          "(and (<> k 0) (> (/ i k) 2))",
                                          "(or (= k 0) (> (% j k) 2))",
                                          "(and (isnotnull s) b c)",
                                          "(case (> i 0) i (= k 0) 1 j)",
                                          "(case b s c r)",
                                          "(case (<> k 0) (div j k) -1)",
                                          "(case (= i 1) d e)",
                                          "(case b w (* d d))",
                                          "(coalesce i k 0)",
                                          "(coalesce s r 'none')",
                                          "(coalesce (div j k) j)",
                                          "(case (like s '%green%') (* d (- 1 e)) 0)",
                                          "(case (< x 0) (cast \"string\" x) s)",
                                          "(in i 1 2 3)",
                                          "(in i 1 null 3)",
                                          "(in s 'a' 'green' 'PROMO')",
                                          "(in d 1.25 2.50)",
                                          "(in j 1 2 3 4 5 6 7 8 9 10 77)",
                                          "(in i k j)",
                                          "(in t d'1994-01-01' d'1995-05-05')",
                                          "(in x 1.5 2.5)",
                                          "(not (in s 'a' null))",
                                          "(in j 1 2 3 4 5 6 7 8 9 10000000000)",
                                          "(in b true)",
                                          "(like s '%special%requests%')",
                                          "(like s 'PROMO%')",
                                          "(like s '%BRASS')",
                                          "(like s '_')",
                                          "(like s r)",
                                          "(like s 'a_%')",
                                          "(like s '%\\%%')",
                                          "(ilike s '%GREEN%')",
                                          "(rlike s '^[a-z]+$')",
                                          "(not (like s '%b%'))",
                                          "(substring s 1 2)",
                                          "(substring s 2 2)",
                                          "(substring s 4 1)",
                                          "(substring s 1 4)",
                                          "(substring s 3 3)",
                                          "(substring s -3)",
                                          "(substring s i k)",
                                          "(concat s r)",
                                          "(|| s '-')",
                                          "(upper s)",
                                          "(lower s)",
                                          "(trim s)",
                                          "(ltrim s 'a')",
                                          "(btrim s 'ab')",
                                          "(length s)",
                                          "(octet_length s)",
                                          "(position 'e' s)",
                                          "(instr s r)",
                                          "(replace s 'e' 'EE')",
                                          "(lpad s 12 'xy')",
                                          "(rpad s 5)",
                                          "(left s 3)",
                                          "(right s 3)",
                                          "(reverse s)",
                                          "(ascii s)",
                                          "(startswith s 'P')",
                                          "(endswith s r)",
                                          "(contains s 'e')",
                                          "(upper (substring s 1 3))",
                                          "(repeat s 2)",
                                          "(year t)",
                                          "(quarter t)",
                                          "(month u)",
                                          "(day t)",
                                          "(extract 'YEAR' t)",
                                          "(extract 'week' t)",
                                          "(extract 'dow' u)",
                                          "(extract 'second' u)",
                                          "(hour u)",
                                          "(dayofyear t)",
                                          "(date_add t k)",
                                          "(date_sub t 3)",
                                          "(add_months t k)",
                                          "(datediff t d'1998-12-01')",
                                          "(last_day t)",
                                          "(make_date 1998 z 1)",
                                          "(to_date s)",
                                          "(- t d'1998-12-01')",
                                          "(+ t 3)",
                                          "(round d 1)",
                                          "(round x 1)",
                                          "(round d -1)",
                                          "(bround e 2)",
                                          "(floor d)",
                                          "(ceil x)",
                                          "(floor i)",
                                          "(round i -1)",
                                          "(sqrt (abs x))",
                                          "(ln x)",
                                          "(power x 2)",
                                          "(sign x)",
                                          "(exp (/ x 100))",
                                          "(greatest i j 3)",
                                          "(least s r)",
                                          "(greatest d w)",
                                          "(cast \"int\" j)",
                                          "(cast \"bigint\" i)",
                                          "(cast \"tinyint\" i)",
                                          "(cast \"double\" d)",
                                          "(cast \"double\" i)",
                                          "(cast \"decimal(10,1)\" d)",
                                          "(cast \"decimal(38,4)\" d)",
                                          "(cast \"decimal(12,2)\" x)",
                                          "(cast \"int\" x)",
                                          "(cast \"int\" d)",
                                          "(cast \"string\" i)",
                                          "(cast \"string\" d)",
                                          "(cast \"string\" t)",
                                          "(cast \"string\" u)",
                                          "(cast \"int\" s)",
                                          "(try \"int\" s)",
                                          "(try \"decimal(5,1)\" s)",
                                          "(try \"double\" s)",
                                          "(try \"date\" s)",
                                          "(try \"boolean\" s)",
                                          "(cast \"boolean\" i)",
                                          "(cast \"timestamp\" t)",
                                          "(cast \"date\" u)",
                                          "(cast \"bigint\" u)",
                                          "(cast \"float\" x)",
                                          "(cast \"decimal(5,2)\" i)",
                                          "(cast \"int\" b)",
                                          "(try \"tinyint\" j)",
                                          "(cast \"string\" b)",
                                          "(+ (* d e) (* d e))",
                                          "(case (> (* d e) 0) (* d e) (- (* d e)  1))",
                                          "(concat (upper s) (upper s))",
                                          "(nullif i 3)",
                                          "(if b i j)",
                                          "(nvl s 'n')",
                                          "null",
                                          "5",
                                          "i",
                                          "s",
                                          "(cast \"int\" null)",
                                          "(+ i null)"};

static const program_shape shapes[] = {
    {.rows = 1, .select_percent = 100, .tame = true, .encoding = -1},
    {.rows = 63, .null_percent = 10, .select_percent = 100, .tame = true, .encoding = WEFT_FLAT},
    {.rows = 64, .select_percent = 70, .tame = true, .encoding = WEFT_FLAT},
    {.rows = 65, .null_percent = 30, .select_percent = 20, .tame = true, .encoding = -1},
    {.rows = 130, .null_percent = 50, .select_percent = 60, .tame = true, .encoding = WEFT_DICTIONARY},
    {.rows = 130, .select_percent = 100, .tame = true, .encoding = WEFT_DICTIONARY},
    {.rows = 40, .null_percent = 100, .select_percent = 100, .tame = true, .encoding = -1},
    {.rows = 20, .null_percent = 20, .select_percent = 50, .tame = true, .encoding = WEFT_CONSTANT},
    {.rows = 90, .null_percent = 10, .select_percent = 90, .tame = true, .encoding = WEFT_RUN_LENGTH},
    {.rows = 5, .null_percent = 20, .select_percent = 60, .tame = false, .encoding = -1},
    {.rows = 3, .null_percent = 0, .select_percent = 100, .tame = false, .encoding = WEFT_DICTIONARY},
    {.rows = 33, .null_percent = 5, .select_percent = 10, .tame = false, .encoding = WEFT_FLAT}};

static void check_values(weft_fixture *f, const char *text, const weft_batch *batch, const weft_expr *e,
                         const weft_column *got, int32_t row, const weft_value *want)
{
    weft_value value = weft_value_of_column(got, row);
    value.type = e->type;
    if (value.is_null == want->is_null && (want->is_null || weft_value_compare(&value, want) == 0)) return;
    char *got_text = NULL, *want_text = NULL;
    weft_fixture_ok(f, weft_value_cast_text(&f->ctx, &value, &got_text));
    weft_fixture_ok(f, weft_value_cast_text(&f->ctx, want, &want_text));
    fail_msg("%s: row %d of %d is %s, alone %s", text, row, batch->rows, got_text, want_text);
}

/* Project, and where e is a predicate also filter; both against the rows one by one. */
static void check_expression(weft_fixture *f, const char *text, const weft_batch *batch, weft_eval *ev,
                             const weft_expr *e)
{
    weft_status want = WEFT_OK;
    weft_value *values = program_alloc(f, (size_t)batch->rows * sizeof *values);
    for (int32_t k = 0; k < batch->selected; k++) {
        const int32_t row = batch->selection == NULL ? k : batch->selection[k];
        const weft_status st = program_reference(f, e, batch, row, &values[row]);
        if (st != WEFT_OK) want = st;
    }
    weft_column got;
    weft_error_clear(&f->ctx);
    const weft_status st = weft_eval_project(&f->ctx, ev, batch, &got);
    if ((st == WEFT_OK) != (want == WEFT_OK)) {
        fail_msg("%s over %d rows: %s (%s), alone %s", text, batch->rows, weft_status_text(st),
                 f->ctx.error.message, weft_status_text(want));
    }
    for (int32_t k = 0; st == WEFT_OK && k < batch->selected; k++) {
        const int32_t row = batch->selection == NULL ? k : batch->selection[k];
        check_values(f, text, batch, e, &got, row, &values[row]);
    }
    if (e->type.id != WEFT_TYPE_BOOLEAN) return;
    uint16_t *selection = program_alloc(f, (size_t)batch->selected * 2);
    int32_t count = 0, expected = 0;
    const weft_status filtered = weft_eval_filter(&f->ctx, ev, batch, selection, &count);
    if (want == WEFT_OK)
        weft_fixture_ok(f, filtered); /* where a row raises a filter may, too: conjuncts drop rows */
    for (int32_t k = 0; filtered == WEFT_OK && want == WEFT_OK && k < batch->selected; k++) {
        const int32_t row = batch->selection == NULL ? k : batch->selection[k];
        if (values[row].is_null || !values[row].boolean) continue;
        if (expected >= count || selection[expected] != row)
            fail_msg("%s: the filter misses row %d", text, row);
        expected++;
    }
    if (want == WEFT_OK && count != expected)
        fail_msg("%s: the filter keeps %d rows of %d", text, count, expected);
}

static void batches_give_what_rows_give(void **state)
{
    (void)state;
    for (int32_t x = 0; x < WEFT_COUNT(expressions); x++) {
        weft_fixture f;
        weft_fixture_open(&f);
        weft_test_random r = {weft_test_seed() + (uint64_t)x};
        weft_type types[PROGRAM_COLUMNS];
        const weft_program *program = NULL;
        weft_eval *ev = NULL;
        program_types(&f, types);
        const weft_expr *e = program_expr(&f, expressions[x]);
        weft_fixture_ok(&f, weft_program_compile(&f.ctx, &e, 1, types, PROGRAM_COLUMNS, &program));
        weft_fixture_ok(&f, weft_eval_open(&f.ctx, program, &ev));
        for (int32_t s = 0; s < WEFT_COUNT(shapes); s++) {
            const weft_batch batch = program_batch(&f, &r, &shapes[s]);
            check_expression(&f, expressions[x], &batch, ev, e);
            check_expression(&f, expressions[x], &batch, ev, e); /* again: what was kept of the first run */
        }
        weft_eval_close(&ev);
        weft_fixture_close(&f);
    }
}

/* All expressions at once share subexpressions and registers. */
static void many_expressions_in_one_program(void **state)
{
    (void)state;
    static const char *const texts[] = {"(* d (- 1 e))",
                                        "(* (* d (- 1 e)) (+ 1 e))",
                                        "(- 1 e)",
                                        "(+ 1 e)",
                                        "(upper s)",
                                        "(concat (upper s) r)",
                                        "(case (> (- 1 e) 0) (* d (- 1 e)) 0)",
                                        "(+ d d)",
                                        "(substring (concat s r) 2 20)",
                                        "(substring (concat r s) 2 20)"};
    weft_fixture f;
    weft_fixture_open(&f);
    weft_test_random r = {weft_test_seed()};
    weft_type types[PROGRAM_COLUMNS];
    const weft_program *program = NULL;
    weft_eval *ev = NULL;
    const weft_expr *exprs[WEFT_COUNT(texts)];
    weft_column out[WEFT_COUNT(texts)];
    program_types(&f, types);
    for (int32_t i = 0; i < WEFT_COUNT(texts); i++) exprs[i] = program_expr(&f, texts[i]);
    weft_fixture_ok(&f,
                    weft_program_compile(&f.ctx, exprs, WEFT_COUNT(texts), types, PROGRAM_COLUMNS, &program));
    weft_fixture_ok(&f, weft_eval_open(&f.ctx, program, &ev));
    for (int32_t s = 0; s < WEFT_COUNT(shapes); s++) {
        if (!shapes[s].tame) continue;
        const weft_batch batch = program_batch(&f, &r, &shapes[s]);
        weft_fixture_ok(&f, weft_eval_project(&f.ctx, ev, &batch, out));
        for (int32_t i = 0; i < WEFT_COUNT(texts); i++) {
            for (int32_t k = 0; k < batch.selected; k++) {
                const int32_t row = batch.selection == NULL ? k : batch.selection[k];
                weft_value want;
                weft_fixture_ok(&f, program_reference(&f, exprs[i], &batch, row, &want));
                check_values(&f, texts[i], &batch, exprs[i], &out[i], row, &want);
            }
        }
    }
    weft_eval_close(&ev);
    weft_fixture_close(&f);
}

/* A dictionary entry that would raise but that no selected row reaches raises nothing; one that a row has
 * does. */
static void entries_without_rows_do_not_raise(void **state)
{
    (void)state;
    weft_fixture f;
    weft_fixture_open(&f);
    weft_type types[PROGRAM_COLUMNS];
    program_types(&f, types);
    weft_str entries[3] = {weft_str_view("1", 1), weft_str_view("bad", 3), weft_str_view("3", 1)};
    const weft_dictionary dict = {
        .id = weft_dictionary_new_id(), .count = 3, .phys = WEFT_PHYS_STR, .values = entries};
    const uint32_t codes[4] = {0, 1, 2, 0};
    const uint16_t selection[3] = {0, 2, 3};
    weft_column columns[PROGRAM_COLUMNS] = {0};
    columns[8] = (weft_column){
        .type = types[8], .phys = WEFT_PHYS_STR, .encoding = WEFT_DICTIONARY, .data = codes, .dict = &dict};
    weft_batch batch = {.rows = 4,
                        .selected = 3,
                        .selection = selection,
                        .column_count = PROGRAM_COLUMNS,
                        .columns = columns};
    const weft_expr *exprs[2] = {program_expr(&f, "(cast \"int\" s)"),
                                 program_expr(&f, "(case (<> s 'bad') (cast \"int\" s) -1)")};
    const weft_program *program = NULL;
    weft_eval *ev = NULL;
    weft_column out[2];
    weft_fixture_ok(&f, weft_program_compile(&f.ctx, exprs, 2, types, PROGRAM_COLUMNS, &program));
    weft_fixture_ok(&f, weft_eval_open(&f.ctx, program, &ev));
    weft_fixture_ok(&f, weft_eval_project(&f.ctx, ev, &batch, out));
    assert_int_equal(weft_value_of_column(&out[0], 2).i64, 3);
    assert_int_equal(weft_value_of_column(&out[1], 0).i64, 1);
    batch.selection = NULL;
    batch.selected = 4;
    assert_int_equal(weft_eval_project(&f.ctx, ev, &batch, out), WEFT_CAST_INVALID_INPUT);
    assert_string_equal(
        f.ctx.error.message,
        "The value 'bad' of the type \"STRING\" cannot be cast to \"INT\" because it is malformed. "
        "Correct the value as per the syntax, or change its target type. Use `try_cast` to tolerate "
        "malformed input and return NULL instead.");
    weft_eval_close(&ev);
    weft_fixture_close(&f);
}

/* A predicate per dictionary entry, for scans. */
static void dictionaries_are_filtered_by_entry(void **state)
{
    (void)state;
    weft_fixture f;
    weft_fixture_open(&f);
    enum { ENTRIES = 10000 }; /* more than one chunk */
    const weft_type type = WEFT_TYPE_OF(WEFT_TYPE_INT);
    int32_t *values = program_alloc(&f, ENTRIES * sizeof *values);
    uint8_t *keep = program_alloc(&f, ENTRIES);
    for (int32_t i = 0; i < ENTRIES; i++) values[i] = i * 7 % 1000;
    const weft_dictionary dict = {
        .id = weft_dictionary_new_id(), .count = ENTRIES, .phys = WEFT_PHYS_I32, .values = values};
    const weft_expr *e = program_expr(&f, "(or (< i 10) (and (>= i 500) (<> (% i 2) 0)))");
    const weft_program *program = NULL;
    weft_eval *ev = NULL;
    weft_fixture_ok(&f, weft_program_compile(&f.ctx, &e, 1, &type, 1, &program));
    weft_fixture_ok(&f, weft_eval_open(&f.ctx, program, &ev));
    weft_fixture_ok(&f, weft_eval_dictionary(&f.ctx, ev, type, &dict, keep));
    for (int32_t i = 0; i < ENTRIES; i++) {
        assert_int_equal(keep[i], values[i] < 10 || (values[i] >= 500 && values[i] % 2 != 0));
    }
    weft_eval_close(&ev);
    weft_fixture_close(&f);
}

typedef struct value_case {
    const char *text, *want; /* want: the text, or the error's class */
} value_case;

/* Results and errors that Spark documents. */
static const value_case value_cases[] = {
    {"(+ 2147483647 1)", "ARITHMETIC_OVERFLOW"},
    {"(/ 1 0)", "DIVIDE_BY_ZERO"},
    {"(% 1 0)", "REMAINDER_BY_ZERO"},
    {"(/ 3 2)", "1.5"},
    {"(/ 1.00 3)", "0.333333"},
    {"(* 1.5 2.25)", "3.375"},
    {"(+ 1 0.05)", "1.05"},
    {"(% -7 3)", "-1"},
    {"(pmod -7 3)", "2"},
    {"(div 7 2)", "3"},
    {"(- 1 0.06)", "0.94"},
    {"(cast \"decimal(3,1)\" 99.96)", "NUMERIC_VALUE_OUT_OF_RANGE.WITH_SUGGESTION"},
    {"(cast \"decimal(3,1)\" 99.94)", "99.9"},
    {"(cast \"tinyint\" 128)", "CAST_OVERFLOW"},
    {"(cast \"int\" 'a')", "CAST_INVALID_INPUT"},
    {"(cast \"int\" ' 12 ')", "12"},
    {"(cast \"int\" '1.5')", "CAST_INVALID_INPUT"},
    {"(try \"int\" '1.5')", "NULL"},
    {"(cast \"decimal(10,2)\" '1.005')", "1.01"},
    {"(cast \"decimal(10,2)\" '1e2')", "100.00"},
    {"(cast \"decimal(10,2)\" '-0.004')", "0.00"},
    {"(cast \"double\" '1e3')", "1000.0"},
    {"(cast \"decimal(10,0)\" '12345678901')", "NUMERIC_VALUE_OUT_OF_RANGE.WITH_SUGGESTION"},
    {"(cast \"string\" (cast \"double\" '12345678.9'))", "1.23456789E7"},
    {"(cast \"string\" (cast \"double\" '0.001'))", "0.001"},
    {"(cast \"string\" (cast \"double\" '0.0001'))", "1.0E-4"},
    {"(cast \"string\" (cast \"float\" '0.1'))", "0.1"},
    {"(cast \"string\" (cast \"double\" '-Infinity'))", "-Infinity"},
    {"(cast \"date\" '1998-2-3')", "1998-02-03"},
    {"(cast \"date\" '1998-02-30')", "CAST_INVALID_INPUT"},
    {"(cast \"date\" '1998')", "1998-01-01"},
    {"(cast \"date\" '1998-02-03 10:00')", "1998-02-03"},
    {"(cast \"timestamp\" '1998-02-03 10:20:30.5')", "1998-02-03 10:20:30.5"},
    {"(cast \"timestamp\" '1998-02-03T10:20:30+02:00')", "1998-02-03 08:20:30"},
    {"(cast \"boolean\" 'yes')", "true"},
    {"(cast \"boolean\" 'maybe')", "CAST_INVALID_INPUT"},
    {"(round 2.5)", "3"},
    {"(round -2.5)", "-3"},
    {"(bround 2.5)", "2"},
    {"(round 1234.567 -2)", "1200"},
    {"(round (cast \"double\" '2.675') 2)", "2.68"},
    {"(floor -0.1)", "-1"},
    {"(ceil 0.1)", "1"},
    {"(substring 'Spark SQL' 5)", "k SQL"},
    {"(substring 'Spark SQL' -3)", "SQL"},
    {"(substring 'Spark SQL' 5 1)", "k"},
    {"(substring 'Spark' 0 2)", "Sp"},
    {"(substring 'Spark' -7 3)", "S"},
    {"(substring '13-345' 1 2)", "13"},
    {"(upper '\xc3\xa9\xc3\x9f')", "\xc3\x89SS"},
    {"(lower '\xc3\x89\xd0\x96')", "\xc3\xa9\xd0\xb6"},
    {"(like 'abc' 'a_c')", "true"},
    {"(like 'a%c' 'a\\%c')", "true"},
    {"(like 'abc' 'a\\%c')", "false"},
    {"(like 'abc' 'a#%c' '#')", "false"},
    {"(like '' '')", "true"},
    {"(like '' '%')", "true"},
    {"(like 'a' '')", "false"},
    {"(like 'x\xe2\x82\xacy' 'x_y')", "true"},
    {"(like 'aXbXc' '%X%X%')", "true"},
    {"(like 'aXc' '%X%X%')", "false"},
    {"(like 'ab' '%a')", "false"},
    {"(like 'aab' 'a%ab')", "true"},
    {"(like 'ab' 'ab%ab')", "false"},
    {"(like 'abc' 'abc\\')", "INVALID_FORMAT.ESC_AT_THE_END"},
    {"(rlike 'Spark' '(')", "INVALID_PARAMETER_VALUE.PATTERN"},
    {"(year d'1998-12-01')", "1998"},
    {"(extract 'DOW' d'1998-12-01')", "3"},
    {"(weekofyear d'2008-02-20')", "8"},
    {"(extract 'YEAROFWEEK' d'2005-01-01')", "2004"},
    {"(dayofyear d'2016-12-31')", "366"},
    {"(year d'0001-01-01')", "1"},
    {"(extract 'SECONDS' (cast \"timestamp\" '2019-08-12 01:00:00.123456'))", "0.123456"},
    {"(add_months d'2000-01-31' 1)", "2000-02-29"},
    {"(add_months d'2000-03-31' -13)", "1999-02-28"},
    {"(last_day d'2000-02-01')", "2000-02-29"},
    {"(make_date 2001 2 29)", "DATETIME_FIELD_OUT_OF_BOUNDS.WITHOUT_SUGGESTION"},
    {"(datediff d'2009-07-31' d'2009-07-30')", "1"},
    {"(date_add d'2016-07-30' 1)", "2016-07-31"},
    {"(ltrim '  x')", "x"},
    {"(btrim 'SSparkSQLS' 'SL')", "parkSQ"},
    {"(lpad 'hi' 1 '?')", "h"},
    {"(lpad 'hi' 5 '?')", "???hi"},
    {"(rpad 'hi' 5 'ab')", "hiaba"},
    {"(position 'bar' 'foobarbar' 5)", "7"},
    {"(instr 'SparkSQL' 'SQL')", "6"},
    {"(replace 'ABCabc' 'abc' 'DEF')", "ABCDEF"},
    {"(greatest 10 9 2 4 3)", "10"},
    {"(least 10 null 2)", "2"},
    {"(reverse 'a\xc3\xa9')", "\xc3\xa9\x61"},
    {"(power 2 3)", "8.0"},
    {"(sqrt 4)", "2.0"},
    {"(ln 0)", "NULL"},
    {"(<=> null null)", "true"},
    {"(in 1 2 null)", "NULL"},
    {"(in 1 1 null)", "true"},
    {"(and false (= (/ 1 0) 1))", "false"},
    {"(or true (= (/ 1 0) 1))", "true"},
    {"(case false (/ 1 0) 2.5)", "2.5"},
    {"(coalesce 1 (/ 1 0))", "1.0"},
    {"(nullif 1 1)", "NULL"},
    {"(concat 'a' null)", "NULL"},
    {"(* 12345678901234567.89 98765432109876543.21)", "1219326311370217952237463801111263.5269"}};

static void documented_results_and_errors(void **state)
{
    (void)state;
    for (int32_t i = 0; i < WEFT_COUNT(value_cases); i++) {
        weft_fixture f;
        weft_fixture_open(&f);
        weft_value value;
        char *text = NULL;
        const weft_expr *e = program_expr(&f, value_cases[i].text);
        const weft_status st = weft_eval_constant(&f.ctx, e, &value);
        if (st == WEFT_OK) weft_fixture_ok(&f, weft_value_cast_text(&f.ctx, &value, &text));
        const char *got = st == WEFT_OK ? text : weft_status_text(st);
        if (strcmp(got, value_cases[i].want) != 0) {
            fail_msg("%s is %s (%s), not %s", value_cases[i].text, got, f.ctx.error.message,
                     value_cases[i].want);
        }
        weft_fixture_close(&f);
    }
}

static weft_status run_under_pressure(weft_fixture *f, void *arg)
{
    weft_status st = WEFT_OK;
    weft_eval *ev = NULL;
    const weft_program *program;
    const weft_expr *exprs[3], *args[2], *column, *number;
    weft_column out[3];
    int32_t ints[2] = {1, 2};
    const weft_str strings[2] = {weft_str_view("a long string of text", 21), weft_str_view("b", 1)};
    const weft_type types[2] = {WEFT_TYPE_OF(WEFT_TYPE_INT), WEFT_TYPE_OF(WEFT_TYPE_STRING)};
    weft_column columns[2] = {{.type = types[0], .phys = WEFT_PHYS_I32, .data = ints},
                              {.type = types[1], .phys = WEFT_PHYS_STR, .data = strings}};
    const weft_batch batch = {.rows = 2, .selected = 2, .column_count = 2, .columns = columns};
    const weft_value one = {.type = types[0], .i64 = 1};
    (void)arg;
    WEFT_TRY(st, weft_expr_ordinal(&f->ctx, 0, types[0], true, &column));
    WEFT_TRY(st, weft_expr_literal(&f->ctx, &one, &number));
    args[0] = column;
    args[1] = number;
    WEFT_TRY(st, weft_expr_call(&f->ctx, "+", args, 2, NULL, &exprs[0]));
    WEFT_TRY(st, weft_expr_ordinal(&f->ctx, 1, types[1], true, &args[0]));
    WEFT_TRY(st, weft_expr_call(&f->ctx, "upper", args, 1, NULL, &exprs[1]));
    args[1] = exprs[1];
    WEFT_TRY(st, weft_expr_call(&f->ctx, "like", args, 2, NULL, &exprs[2]));
    WEFT_TRY(st, weft_program_compile(&f->ctx, exprs, 3, types, 2, &program));
    WEFT_TRY(st, weft_eval_open(&f->ctx, program, &ev));
    st = weft_eval_project(&f->ctx, ev, &batch, out);
done:
    weft_eval_close(&ev);
    return st;
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    weft_fixture_oom_sweep(run_under_pressure, NULL);
}

WEFT_TESTS(WEFT_TEST(documented_results_and_errors), WEFT_TEST(batches_give_what_rows_give),
           WEFT_TEST(many_expressions_in_one_program), WEFT_TEST(entries_without_rows_do_not_raise),
           WEFT_TEST(dictionaries_are_filtered_by_entry), WEFT_TEST(every_allocation_may_fail))
