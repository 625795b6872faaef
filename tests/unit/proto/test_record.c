/* tests/unit/proto/test_record.c - what a journal keeps of a job: what goes in comes out, and what is
 * damaged, or of another kind, does not. */
#include "proto/record.h"

#include "common/limits.h"
#include "proto/record.pb-c.h"
#include "tests/support/fixture.h"

static const weft_session_setting settings[] = {{"weft.sql.session.timeZone", "Asia/Tokyo"},
                                                {"weft.sql.ansi.enabled", "false"}};
static const weft_record_file files[] = {{"/data/a b/part-0.parquet", 7, -1, 5, NULL},
                                         {"/data/a b/part-1.parquet", INT64_MAX, INT64_MAX, 0, "k=1/j=2"}};
static const weft_record_listing listings[] = {{"/data/a b", 2, files}, {"/data/*.parquet", 0, NULL}};
static const weft_job_record some_job = {.release = "0.1.0",
                                         .number = UINT64_MAX,
                                         .term = 3,
                                         .session = {.high = UINT64_MAX, .low = 1},
                                         .operation = 9,
                                         .user = "ann",
                                         .text = "SELECT 'a\nb'",
                                         .text_len = 12,
                                         .setting_count = 2,
                                         .settings = settings,
                                         .now_us = -5,
                                         .seed = UINT64_MAX,
                                         .listing_count = 2,
                                         .listings = listings,
                                         .output = "/out",
                                         .timed = true};

static void jobs(void **state)
{
    (void)state;
    weft_fixture f;
    uint8_t *bytes = NULL;
    size_t len = 0;
    weft_job_record back;
    weft_fixture_open(&f);
    weft_fixture_ok(&f, weft_job_record_encode(&f.ctx, &some_job, &bytes, &len));
    weft_fixture_ok(&f, weft_job_record_decode(&f.ctx, bytes, len, &back));
    assert_string_equal(back.release, some_job.release);
    assert_true(back.number == some_job.number && back.term == 3 && back.operation == 9 && back.timed);
    assert_true(weft_uuid_equal(back.session, some_job.session));
    assert_int_equal(back.text_len, some_job.text_len);
    assert_string_equal(back.text, some_job.text);
    assert_string_equal(back.user, "ann");
    assert_string_equal(back.output, "/out");
    assert_true(back.now_us == -5 && back.seed == UINT64_MAX);
    assert_int_equal(back.setting_count, 2);
    assert_string_equal(back.settings[1].key, settings[1].key);
    assert_string_equal(back.settings[1].value, settings[1].value);
    assert_int_equal(back.listing_count, 2);
    assert_int_equal(back.listings[0].file_count, 2);
    assert_string_equal(back.listings[0].path, "/data/a b");
    assert_string_equal(back.listings[0].files[1].path, files[1].path);
    assert_null(back.listings[0].files[0].folder);
    assert_string_equal(back.listings[0].files[1].folder, "k=1/j=2");
    assert_true(back.listings[0].files[1].mtime_ns == INT64_MAX && back.listings[0].files[0].base_bytes == 5);
    assert_int_equal(back.listings[1].file_count, 0);
    weft_fixture_close(&f);
}

static weft_stage_record some_stage(const weft_record_step *steps, int32_t count)
{
    return (weft_stage_record){.slots = 4,
                               .workers = 2,
                               .memory_bytes = 1 << 30,
                               .step_count = count,
                               .steps = steps,
                               .stage = (const uint8_t *)"stage",
                               .stage_len = 5,
                               .is_result = true};
}

static void stages(void **state)
{
    (void)state;
    weft_fixture f;
    uint8_t *bytes = NULL;
    size_t len = 0;
    weft_stage_record back;
    static const int64_t rows[] = {1, 0, INT64_MAX}, sizes[] = {8, 0, INT64_MAX};
    static const weft_key_range keys[] = {{true, INT64_MIN, INT64_MAX}, {false, 0, 0}};
    static const weft_sort_sample samples[] = {{{0, UINT64_MAX}, 1}, {{UINT64_MAX, 7}, 2}};
    const weft_record_step steps[] = {{.stage = -1},
                                      {.stage = 7,
                                       .stats = {.rows = 3,
                                                 .bytes = 24,
                                                 .partition_count = 3,
                                                 .partition_rows = rows,
                                                 .partition_bytes = sizes,
                                                 .key_count = 2,
                                                 .keys = keys,
                                                 .sample_count = 2,
                                                 .samples = samples}},
                                      {.stage = 0}};
    const weft_stage_record record = some_stage(steps, 3);
    weft_fixture_open(&f);
    weft_fixture_ok(&f, weft_stage_record_encode(&f.ctx, &record, &bytes, &len));
    weft_fixture_ok(&f, weft_stage_record_decode(&f.ctx, bytes, len, &back));
    assert_true(back.slots == 4 && back.workers == 2 && back.memory_bytes == 1 << 30 && back.is_result);
    assert_memory_equal(back.stage, "stage", 5);
    assert_int_equal(back.step_count, 3);
    assert_int_equal(back.steps[0].stage, -1);
    assert_int_equal(back.steps[1].stage, 7);
    assert_int_equal(back.steps[2].stage, 0);
    const weft_record_stats *s = &back.steps[1].stats;
    assert_true(s->rows == 3 && s->bytes == 24 && s->partition_count == 3 && s->key_count == 2);
    assert_memory_equal(s->partition_rows, rows, sizeof(rows));
    assert_memory_equal(s->partition_bytes, sizes, sizeof(sizes));
    assert_true(s->keys[0].has && s->keys[0].low == INT64_MIN && s->keys[0].high == INT64_MAX);
    assert_false(s->keys[1].has);
    assert_int_equal(s->sample_count, 2);
    assert_memory_equal(s->samples, samples, sizeof(samples));
    assert_int_equal(back.steps[0].stats.sample_count + back.steps[2].stats.sample_count, 0);
    weft_fixture_close(&f);
}

static void the_others(void **state)
{
    (void)state;
    weft_fixture f;
    uint8_t *bytes = NULL;
    size_t len = 0;
    static const int32_t attempts[] = {0, 0, 0, 4096, 1, 1};
    const weft_accepted_record accepted = {.stage = 5, .generation = 2, .count = 6, .attempts = attempts};
    const weft_record_generation generations[] = {{0, 1}, {4095, 7}};
    const weft_record_generation *list = NULL;
    weft_accepted_record back;
    int32_t count = 0;
    weft_error error = {.code = WEFT_DIVIDE_BY_ZERO, .message = "by zero", .hint = "try_divide"}, told;
    weft_fixture_open(&f);
    weft_fixture_ok(&f, weft_accepted_record_encode(&f.ctx, &accepted, &bytes, &len));
    weft_fixture_ok(&f, weft_accepted_record_decode(&f.ctx, bytes, len, &back));
    assert_true(back.stage == 5 && back.generation == 2 && back.count == 6);
    assert_memory_equal(back.attempts, attempts, sizeof(attempts));
    weft_fixture_ok(&f, weft_generation_record_encode(&f.ctx, generations, 2, &bytes, &len));
    weft_fixture_ok(&f, weft_generation_record_decode(&f.ctx, bytes, len, &list, &count));
    assert_int_equal(count, 2);
    assert_true(list[1].stage == 4095 && list[1].generation == 7);
    weft_fixture_ok(&f, weft_end_record_encode(&f.ctx, &error, &bytes, &len));
    weft_fixture_ok(&f, weft_end_record_decode(&f.ctx, bytes, len, &told));
    assert_int_equal(told.code, WEFT_DIVIDE_BY_ZERO);
    assert_string_equal(told.message, "by zero");
    assert_string_equal(told.hint, "try_divide");
    error.code = WEFT_OK;
    weft_fixture_ok(&f, weft_end_record_encode(&f.ctx, &error, &bytes, &len));
    weft_fixture_ok(&f, weft_end_record_decode(&f.ctx, bytes, len, &told));
    assert_int_equal(told.code, WEFT_OK);
    weft_fixture_close(&f);
}

/* Every cut, and every record read as another kind, is an error; so are numbers that cannot be. */
static void damage(void **state)
{
    (void)state;
    weft_fixture f;
    uint8_t *bytes = NULL;
    size_t len = 0;
    weft_job_record job;
    weft_stage_record stage;
    weft_accepted_record accepted;
    int32_t refused = 0;
    weft_fixture_open(&f);
    weft_fixture_ok(&f, weft_job_record_encode(&f.ctx, &some_job, &bytes, &len));
    assert_int_not_equal(weft_stage_record_decode(&f.ctx, bytes, len, &stage), WEFT_OK);
    for (size_t cut = 0; cut < len; cut++)
        refused += weft_job_record_decode(&f.ctx, bytes, cut, &job) != WEFT_OK;
    assert_true(refused > (int32_t)len / 2); /* a cut between fields leaves a shorter record */
    weft_job_record wrong = some_job;
    wrong.operation = 0;
    weft_fixture_ok(&f, weft_job_record_encode(&f.ctx, &wrong, &bytes, &len));
    assert_int_equal(weft_job_record_decode(&f.ctx, bytes, len, &job), WEFT_CORRUPT);
    const weft_record_step step = {.stage = 4096};
    const weft_stage_record far = some_stage(&step, 1);
    weft_fixture_ok(&f, weft_stage_record_encode(&f.ctx, &far, &bytes, &len));
    assert_int_equal(weft_stage_record_decode(&f.ctx, bytes, len, &stage), WEFT_CORRUPT);
    static weft_sort_sample samples[WEFT_STAGE_SAMPLES_MAX + 1];
    weft_record_step sampled = {.stats = {.sample_count = WEFT_STAGE_SAMPLES_MAX, .samples = samples}};
    const weft_stage_record many = some_stage(&sampled, 1);
    weft_fixture_ok(&f, weft_stage_record_encode(&f.ctx, &many, &bytes, &len));
    weft_fixture_ok(&f, weft_stage_record_decode(&f.ctx, bytes, len, &stage));
    sampled.stats.sample_count++;
    weft_fixture_ok(&f, weft_stage_record_encode(&f.ctx, &many, &bytes, &len));
    assert_int_equal(weft_stage_record_decode(&f.ctx, bytes, len, &stage), WEFT_CORRUPT);
    sampled.stats.sample_count = 1;
    samples[0].rows = -1;
    weft_fixture_ok(&f, weft_stage_record_encode(&f.ctx, &many, &bytes, &len));
    assert_int_equal(weft_stage_record_decode(&f.ctx, bytes, len, &stage), WEFT_CORRUPT);
    const int32_t attempt = -1;
    const weft_accepted_record none = {.count = 1, .attempts = &attempt};
    weft_fixture_ok(&f, weft_accepted_record_encode(&f.ctx, &none, &bytes, &len));
    assert_int_equal(weft_accepted_record_decode(&f.ctx, bytes, len, &accepted), WEFT_CORRUPT);
    weft_fixture_close(&f);
}

/* A record of a later version is not guessed at. */
static void later_version(void **state)
{
    (void)state;
    weft_fixture f;
    Weft__Wire__EndRecord m = WEFT__WIRE__END_RECORD__INIT;
    uint8_t bytes[16];
    weft_error error;
    weft_fixture_open(&f);
    m.version = 2;
    const size_t len = weft__wire__end_record__pack(&m, bytes);
    assert_int_equal(weft_end_record_decode(&f.ctx, bytes, len, &error), WEFT_UNSUPPORTED);
    weft_fixture_close(&f);
}

WEFT_TESTS(WEFT_TEST(jobs), WEFT_TEST(stages), WEFT_TEST(the_others), WEFT_TEST(damage),
           WEFT_TEST(later_version))
