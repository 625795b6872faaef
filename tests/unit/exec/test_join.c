/* Hash joins against nested loops by hand: every kind, tables shared and partitioned, keys that are direct,
 * hashed and all the same, match marks; with memory enough, with little, and spilled by force. */
#include "engine/exec/join_table.h"
#include "engine/storage/fs.h"
#include "tests/unit/exec/exec_support.h"

enum { TASKS = 2, PARTITIONS = 8, SPLIT = 3 }; /* task 0 has partitions [0, SPLIT), task 1 the others */

typedef struct join_case {
    const char *name;
    weft_join_kind kind;
    bool text_key;  /* (text, flag) instead of (key) */
    bool condition; /* … and the build row's flag is true */
    bool record_marks, silent;
    bool mark_nullable;
} join_case;

static const join_case cases[] = {
    {.name = "inner", .kind = WEFT_JOIN_INNER},
    {.name = "inner by text, conditions", .kind = WEFT_JOIN_INNER, .text_key = true, .condition = true},
    {.name = "left", .kind = WEFT_JOIN_LEFT, .condition = true},
    {.name = "semi", .kind = WEFT_JOIN_SEMI},
    {.name = "semi by text, conditions", .kind = WEFT_JOIN_SEMI, .text_key = true, .condition = true},
    {.name = "anti", .kind = WEFT_JOIN_ANTI, .condition = true},
    {.name = "not in", .kind = WEFT_JOIN_ANTI_NULL},
    {.name = "mark", .kind = WEFT_JOIN_MARK, .text_key = true},
    {.name = "nullable mark", .kind = WEFT_JOIN_MARK, .mark_nullable = true},
    {.name = "full", .kind = WEFT_JOIN_LEFT, .condition = true, .record_marks = true},
    {.name = "right", .kind = WEFT_JOIN_INNER, .text_key = true, .record_marks = true},
    {.name = "marks only", .kind = WEFT_JOIN_INNER, .record_marks = true, .silent = true},
};

static const int32_t identity[DATA_COLUMNS] = {0, 1, 2, 3, 4, 5, 6};
static const int32_t key_columns[1] = {0}, text_columns[2] = {1, 4};
static const int32_t probe_columns[3] = {0, 1, 2}, build_columns[2] = {3, 5};

static bool asks_only(weft_join_kind kind)
{
    return kind == WEFT_JOIN_SEMI || kind == WEFT_JOIN_ANTI || kind == WEFT_JOIN_ANTI_NULL ||
           kind == WEFT_JOIN_MARK;
}

/* ---- by hand ---- */

static bool key_is_null(const join_case *c, const data_row *row)
{
    return c->text_key ? row->null[1] || row->null[4] : row->null[0];
}

static bool rows_join(const join_case *c, const data_row *a, const data_row *b)
{
    if (key_is_null(c, a) || key_is_null(c, b)) return false;
    if (c->text_key ? a->flag != b->flag || strcmp(a->text, b->text) != 0 : a->key != b->key) return false;
    return !c->condition || (!b->null[4] && b->flag != 0);
}

/* Some columns of a row, after what the line has already. */
static void line_columns(char *line, const data_row *row, const int32_t *columns, int32_t count)
{
    static data_batch b;
    const data_set one = {.count = 1, .rows = (data_row *)(uintptr_t)row};
    size_t n = strlen(line);
    data_batch_fill(&b, &one, 0, 1, 0);
    for (int32_t i = 0; i < count; i++) {
        if (n > 0) line[n++] = '|';
        n += (size_t)line_value(line + n, 512 - n, &b.columns[columns[i]], 0);
    }
}

/* More text at the end of a line of 512 bytes. */
static void line_add(char *line, const char *text)
{
    const size_t at = strlen(line);
    snprintf(line + at, 512 - at, "%s", text);
}

static void want_pair(const join_case *c, const data_row *probe, const data_row *build, text_lines *want)
{
    char line[512] = "";
    if (c->silent || asks_only(c->kind)) return;
    line_columns(line, probe, probe_columns, 3);
    if (build != NULL)
        line_columns(line, build, build_columns, 2);
    else
        line_add(line, "|~|~");
    lines_add(want, line);
}

static void want_answer(const join_case *c, const data_row *probe, bool matched, bool unknown,
                        text_lines *want)
{
    char line[512] = "";
    if (c->kind == WEFT_JOIN_SEMI && !matched) return;
    if (c->kind == WEFT_JOIN_ANTI && matched) return;
    if (c->kind == WEFT_JOIN_ANTI_NULL && (matched || unknown)) return;
    line_columns(line, probe, probe_columns, 3);
    if (c->kind == WEFT_JOIN_MARK)
        line_add(line, c->mark_nullable && !matched && unknown ? "|~" : matched ? "|1" : "|0");
    lines_add(want, line);
}

/* What the join gives, and which build rows are left without a match. */
static void reference(const join_case *c, const data_set *probe, const data_set *build, text_lines *want,
                      text_lines *unmatched)
{
    bool null_key = false, *met = calloc((size_t)build->count + 1, sizeof(bool));
    for (int32_t b = 0; b < build->count; b++) null_key |= key_is_null(c, &build->rows[b]);
    for (int32_t p = 0; p < probe->count; p++) {
        const data_row *row = &probe->rows[p];
        bool matched = false;
        for (int32_t b = 0; b < build->count; b++) {
            if (!rows_join(c, row, &build->rows[b])) continue;
            matched = met[b] = true;
            want_pair(c, row, &build->rows[b], want);
        }
        if (c->kind == WEFT_JOIN_LEFT && !matched) want_pair(c, row, NULL, want);
        const bool unknown = build->count > 0 && (null_key || key_is_null(c, row));
        if (asks_only(c->kind)) want_answer(c, row, matched, unknown, want);
    }
    for (int32_t b = 0; b < build->count; b++) {
        char line[512] = "";
        if (met[b]) continue;
        line_columns(line, &build->rows[b], identity, DATA_COLUMNS);
        lines_add(unmatched, line);
    }
    lines_sort(want);
    lines_sort(unmatched);
    free(met);
}

/* ---- by the operator ---- */

typedef struct join_run {
    const join_case *join;
    bool partitioned;
    weft_op_spec spec;
    weft_type out_types[6];
    weft_block *sides[2][TASKS]; /* probe, build */
    weft_block *marks[TASKS];
    weft_input inputs[2];
    text_lines got, unmatched;
    int64_t spilled_bytes;
} join_run;

static weft_status make_sides(weft_ctx *ctx, join_run *r, const data_set *probe, const data_set *build)
{
    weft_status st = WEFT_OK;
    const bool text = r->join->text_key;
    const weft_sink_spec sink = {.kind = WEFT_SINK_EXCHANGE,
                                 .rows = {.count = DATA_COLUMNS, .types = data_types},
                                 .partition_count = PARTITIONS,
                                 .exchange = {.column_count = DATA_COLUMNS,
                                              .columns = identity,
                                              .key_count = text ? 2 : 1,
                                              .keys = text ? text_columns : key_columns,
                                              .track_ranges = true,
                                              .limit = -1}};
    for (int32_t side = 0; side < 2; side++) {
        const data_set *set = side == 0 ? probe : build;
        for (int32_t t = 0; t < TASKS; t++)
            WEFT_TRY(st, run_sink(ctx, &weft_sink_exchange, &sink, set, set->count * t / TASKS,
                                  set->count * (t + 1) / TASKS, 700, t, &r->sides[side][t]));
        r->inputs[side] = (weft_input){.stage_id = side, .block_count = TASKS, .blocks = r->sides[side]};
    }
done:
    return st;
}

static weft_status make_spec(weft_ctx *ctx, join_run *r)
{
    weft_status st = WEFT_OK;
    const join_case *c = r->join;
    const bool pairs = !asks_only(c->kind) && !c->silent;
    static const weft_expr *condition[1];
    int32_t width = 0;
    WEFT_TRY(st, weft_expr_ordinal(ctx, DATA_COLUMNS + 4, data_types[4], true, &condition[0]));
    for (int32_t i = 0; i < 3; i++) r->out_types[width++] = data_types[probe_columns[i]];
    for (int32_t i = 0; i < 2 && pairs; i++) r->out_types[width++] = data_types[build_columns[i]];
    if (c->kind == WEFT_JOIN_MARK) r->out_types[width++] = WEFT_TYPE_OF(WEFT_TYPE_BOOLEAN);
    r->spec = (weft_op_spec){.kind = WEFT_OP_PROBE,
                             .output = {.count = width, .types = r->out_types},
                             .probe = {.kind = c->kind,
                                       .record_marks = c->record_marks,
                                       .emit_pairs = !c->silent,
                                       .mark_nullable = c->mark_nullable,
                                       .input = 1,
                                       .partitioned = r->partitioned,
                                       .key_count = c->text_key ? 2 : 1,
                                       .keys = c->text_key ? text_columns : key_columns,
                                       .build_keys = c->text_key ? text_columns : key_columns,
                                       .probe_count = 3,
                                       .probe_columns = probe_columns,
                                       .build_count = pairs ? 2 : 0,
                                       .build_columns = build_columns,
                                       .condition_count = c->condition,
                                       .conditions = condition}};
done:
    return st;
}

static const weft_types all_types = {.count = DATA_COLUMNS, .types = data_types};

/* Everything that the operator gives for a batch, or at the end. */
static weft_status drain(weft_ctx *ctx, join_run *r, void *op, const weft_batch *in)
{
    weft_status st = WEFT_OK;
    weft_op_result result;
    const weft_batch *next = in;
    do {
        weft_batch out = {0};
        if (in != NULL)
            WEFT_TRY(st, weft_op_probe.push(ctx, op, next, &out, &result));
        else
            WEFT_TRY(st, weft_op_probe.signal(ctx, op, WEFT_SIGNAL_END, &out, &result));
        if (out.selected > 0) lines_add_batch(&r->got, &out);
        next = NULL;
    } while (result == WEFT_HAVE_MORE);
done:
    return st;
}

static weft_status run_lane(weft_ctx *ctx, join_run *r, void *shared, int32_t number)
{
    weft_status st = WEFT_OK;
    void *source = NULL, *op = NULL;
    weft_block_writer *writer = NULL;
    weft_op_metrics metrics = {0};
    const weft_types none = {0};
    const weft_source_spec rows = {.kind = WEFT_SOURCE_ROWS, .output = all_types, .rows = {.input_count = 1}};
    const weft_task_spec spec = {.partition_begin = number == 0 ? 0 : SPLIT,
                                 .partition_end = number == 0 ? SPLIT : PARTITIONS};
    const weft_task task = {.spec = &spec, .input_count = 2, .inputs = r->inputs, .owner = ctx->memory};
    WEFT_TRY(st, weft_source_rows.open(ctx, &rows, NULL, &task, &source));
    WEFT_TRY(st, weft_op_probe.open(ctx, &r->spec, &all_types, shared, &task, &op));
    for (;;) {
        weft_batch batch;
        weft_op_result result;
        WEFT_TRY(st, weft_source_rows.next(ctx, source, &batch, &result));
        if (result == WEFT_FINISHED) break;
        WEFT_TRY(st, drain(ctx, r, op, &batch));
    }
    WEFT_TRY(st, drain(ctx, r, op, NULL));
    WEFT_TRY(st, weft_block_writer_open(ctx, &none, 1, &writer));
    WEFT_TRY(st, weft_op_probe.leave(ctx, op, writer));
    WEFT_TRY(st, weft_block_finish(ctx, &writer, ctx->memory, &task.name, &r->marks[number]));
    weft_op_probe.metrics(op, &metrics);
    r->spilled_bytes += metrics.spilled_bytes;
done:
    weft_block_writer_abandon(&writer);
    if (op != NULL) weft_op_probe.close(op);
    if (source != NULL) weft_source_rows.close(source);
    return st;
}

/* The build rows that no lane has marked. */
static weft_status read_unmatched(weft_ctx *ctx, join_run *r)
{
    weft_status st = WEFT_OK;
    void *shared = NULL, *source = NULL;
    int32_t units = 0;
    const weft_input inputs[2] = {r->inputs[1], {.stage_id = 2, .block_count = TASKS, .blocks = r->marks}};
    const weft_source_spec spec = {
        .kind = WEFT_SOURCE_MARKED,
        .output = all_types,
        .marked = {.marks_input = 1, .column_count = DATA_COLUMNS, .columns = identity}};
    const weft_task_spec task_spec = {.partition_end = PARTITIONS};
    const weft_task task = {.spec = &task_spec, .input_count = 2, .inputs = inputs, .owner = ctx->memory};
    WEFT_TRY(st, weft_source_marked.shared_open(ctx, &spec, inputs, &shared, &units));
    for (int32_t u = 0; u < units; u++) WEFT_TRY(st, weft_source_marked.shared_unit(ctx, shared, u));
    WEFT_TRY(st, weft_source_marked.open(ctx, &spec, shared, &task, &source));
    for (;;) {
        weft_batch batch;
        weft_op_result result;
        WEFT_TRY(st, weft_source_marked.next(ctx, source, &batch, &result));
        if (result == WEFT_FINISHED) break;
        lines_add_batch(&r->unmatched, &batch);
    }
done:
    if (source != NULL) weft_source_marked.close(source);
    if (shared != NULL) weft_source_marked.shared_close(shared);
    return st;
}

static weft_status join_all(weft_ctx *ctx, join_run *r, const data_set *probe, const data_set *build)
{
    weft_status st = WEFT_OK;
    void *shared = NULL;
    int32_t units = 0;
    WEFT_TRY(st, make_sides(ctx, r, probe, build));
    WEFT_TRY(st, make_spec(ctx, r));
    WEFT_TRY(st, weft_op_probe.shared_open(ctx, &r->spec, &all_types, r->inputs, &shared, &units));
    for (int32_t u = 0; u < units; u++) WEFT_TRY(st, weft_op_probe.shared_unit(ctx, shared, u));
    for (int32_t t = 0; t < TASKS; t++) WEFT_TRY(st, run_lane(ctx, r, shared, t));
    if (r->join->record_marks) WEFT_TRY(st, read_unmatched(ctx, r));
done:
    if (shared != NULL) weft_op_probe.shared_close(shared);
    return st;
}

static void run_free(join_run *r)
{
    for (int32_t t = 0; t < TASKS; t++) {
        weft_block_release(&r->sides[0][t]);
        weft_block_release(&r->sides[1][t]);
        weft_block_release(&r->marks[t]);
    }
    lines_free(&r->got);
    lines_free(&r->unmatched);
}

/* ---- tests ---- */

/* One case, shared and partitioned, under some configurations. */
static void check_case(const join_case *c, const data_set *probe, const data_set *build,
                       const exec_config *configs, int32_t config_count, bool must_spill)
{
    text_lines want = {0}, unmatched = {0};
    reference(c, probe, build, &want, &unmatched);
    const bool shared_only = c->kind == WEFT_JOIN_ANTI_NULL || c->mark_nullable;
    for (int32_t i = 0; i < config_count; i++)
        for (int32_t partitioned = 0; partitioned < (shared_only ? 1 : 2); partitioned++) {
            weft_fixture f;
            join_run r = {.join = c, .partitioned = partitioned == 1};
            exec_open(&f, &configs[i]);
            const weft_status st = join_all(&f.ctx, &r, probe, build);
            if (st != WEFT_OK) print_message("%s, configuration %d:\n", c->name, i);
            weft_fixture_ok(&f, st);
            lines_sort(&r.got);
            lines_sort(&r.unmatched);
            lines_equal(&r.got, &want);
            if (c->record_marks) lines_equal(&r.unmatched, &unmatched);
            if (must_spill) assert_true(r.spilled_bytes > 0);
            run_free(&r);
            weft_fixture_close(&f);
        }
    lines_free(&want);
    lines_free(&unmatched);
}

static void every_kind_is_right(void **state)
{
    (void)state;
    data_set probe = data_new(weft_test_seed(), 700, 150, 40, 9);
    data_set build = data_new(weft_test_seed() + 1, 500, 150, 40, 11);
    for (int32_t i = 0; i < WEFT_COUNT(cases); i++)
        check_case(&cases[i], &probe, &build, exec_configs, WEFT_COUNT(exec_configs), false);
    data_free(&probe);
    data_free(&build);
}

static void empty_sides(void **state)
{
    (void)state;
    data_set some = data_new(weft_test_seed(), 60, 20, 10, 5), none = data_new(1, 0, 1, 1, 0);
    for (int32_t i = 0; i < WEFT_COUNT(cases); i++) {
        check_case(&cases[i], &some, &none, exec_configs, WEFT_COUNT(exec_configs), false);
        check_case(&cases[i], &none, &some, exec_configs, WEFT_COUNT(exec_configs), false);
    }
    data_free(&some);
    data_free(&none);
}

static const exec_config forced[] = {{.batch_rows = 500, .force_spill = true},
                                     {.batch_rows = 64, .hash_zero = true, .force_spill = true}};

/* All rows have one key: no hash parts them, so the build rows come in pieces. */
static void one_hot_key(void **state)
{
    (void)state;
    data_set probe = data_new(weft_test_seed(), 25, 1, 1, 0);
    data_set build = data_new(weft_test_seed() + 1, 1200, 1, 1, 0);
    for (int32_t i = 0; i < WEFT_COUNT(cases); i++)
        check_case(&cases[i], &probe, &build, forced, WEFT_COUNT(forced), true);
    data_free(&probe);
    data_free(&build);
}

/* Build rows of several times the limit: tables are refused, partitions are parted, and then fit. */
static void more_than_memory(void **state)
{
    (void)state;
    const exec_config little[] = {{.batch_rows = 2048, .pool_bytes = 384 << 10}};
    data_set probe = data_new(weft_test_seed(), 400, 4000, 2000, 9);
    data_set build = data_new(weft_test_seed() + 1, 4500, 4000, 2000, 11);
    for (int32_t i = 0; i < WEFT_COUNT(cases); i++) check_case(&cases[i], &probe, &build, little, 1, true);
    data_free(&probe);
    data_free(&build);
}

/* A second match of one row is an error, also when it comes with a later piece. */
static void single_rows(void **state)
{
    (void)state;
    const join_case single = {.name = "single", .kind = WEFT_JOIN_SINGLE};
    data_set probe = data_new(3, 1, 1, 1, 0), build = data_new(4, 600, 1, 1, 0);
    for (int32_t twice = 0; twice < 2; twice++)
        for (int32_t i = 0; i < WEFT_COUNT(exec_configs); i++) {
            weft_fixture f;
            join_run r = {.join = &single, .partitioned = true};
            for (int32_t b = 0; b < build.count; b++) build.rows[b].null[0] = b != 0 && (!twice || b != 599);
            exec_open(&f, &exec_configs[i]);
            const weft_status st = join_all(&f.ctx, &r, &probe, &build);
            assert_int_equal(st, twice ? WEFT_SCALAR_SUBQUERY_ROWS : WEFT_OK);
            if (!twice) assert_int_equal(r.got.count, 1);
            run_free(&r);
            weft_fixture_close(&f);
        }
    data_free(&probe);
    data_free(&build);
}

/* Fail each allocation, then each file operation, in turn. What is refused a table goes without one. */
static void everything_may_fail(void **state)
{
    (void)state;
    data_set probe = data_new(weft_test_seed(), 60, 20, 10, 5), build = data_new(5, 40, 20, 10, 5);
    for (int32_t how = 0; how < 4; how++) {
        const bool files = how >= 2;
        for (int64_t n = 1, failed = 1; failed != 0; n++) {
            weft_fixture f;
            join_run r = {.join = &cases[how % 2 == 0 ? 1 : 9], .partitioned = how % 2 == 0};
            exec_open(&f, &exec_configs[files || n % 2 == 0 ? 4 : 0]);
            if (files)
                weft_fs_fail_after(n);
            else
                weft_mem_fail_after(n);
            const weft_status st = join_all(&f.ctx, &r, &probe, &build);
            failed = (files ? weft_fs_fail_after(0) : weft_mem_fail_after(0)) >= n;
            assert_true(st == WEFT_OK || (failed && st == (files ? WEFT_IO : WEFT_NOMEM)));
            run_free(&r);
            weft_fixture_close(&f);
        }
    }
    data_free(&probe);
    data_free(&build);
}

WEFT_TESTS(WEFT_TEST(every_kind_is_right), WEFT_TEST(empty_sides), WEFT_TEST(one_hot_key),
           WEFT_TEST(more_than_memory), WEFT_TEST(single_rows), WEFT_TEST(everything_may_fail))
