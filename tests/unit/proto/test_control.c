/* tests/unit/proto/test_control.c - messages as bytes: what goes in comes out, and what is damaged does not.
 */
#include "proto/control.h"

#include "common/limits.h"
#include "common/settings.h"
#include "tests/support/fixture.h"

static const uint8_t some_bytes[] = {1, 2, 3, 0, 255};

static weft_to_worker stage_order(const weft_settings *settings)
{
    static const int32_t attempts[] = {0, 0, 0, 2, 2, 0, 1};
    static const int32_t places[] = {1, 1, 1, 1, 0, 0, 1};
    static const weft_source_relay relay = {.holder = 1, .place = 0};
    static const weft_place table[] = {
        {.worker = 3, .uuid = {.high = UINT64_MAX, .low = 1}, .address = "tcp://10.0.0.3:7078"},
        {.worker = 0, .uuid = {.high = 5}, .address = "tcp://[::1]:1"}};
    static const weft_stage_source sources[] = {{.stage = 3,
                                                 .generation = 1,
                                                 .task_count = 7,
                                                 .attempts = attempts,
                                                 .places = places,
                                                 .shared = true,
                                                 .relay_count = 1,
                                                 .relays = &relay},
                                                {.stage = 5, .task_count = 2, .attempts = attempts},
                                                {.stage = 4}};
    return (weft_to_worker){.kind = WEFT_TO_WORKER_STAGE,
                            .epoch = 7,
                            .job = UINT64_MAX,
                            .stage = 9,
                            .generation = 2,
                            .fragment_bytes = some_bytes,
                            .fragment_len = sizeof(some_bytes),
                            .source_count = 3,
                            .sources = sources,
                            .place_count = 2,
                            .places = table,
                            .settings = settings,
                            .timed = true,
                            .answer_bytes = 70000};
}

/* A stage brings fragment, inputs and the statement's settings; the process keeps its own. */
static void stage(void **state)
{
    (void)state;
    weft_fixture f;
    weft_settings process;
    weft_to_worker back;
    uint8_t *bytes = NULL;
    size_t len = 0;
    weft_fixture_open(&f);
    weft_settings_init(&process);
    weft_fixture_ok(&f, weft_settings_set(&f.ctx, &process, "weft.scratch.dir", "/here"));
    weft_fixture_ok(&f, weft_settings_set(&f.ctx, &process, "weft.sql.batchRows", "77"));
    weft_fixture_ok(&f, weft_settings_set(&f.ctx, &f.settings, "weft.scratch.dir", "/there"));
    weft_fixture_ok(&f, weft_settings_set(&f.ctx, &f.settings, "weft.sql.session.timeZone", "Asia/Tokyo"));
    weft_fixture_ok(&f, weft_settings_set(&f.ctx, &f.settings, "weft.sql.ansi.enabled", "false"));
    const weft_to_worker order = stage_order(&f.settings);
    weft_fixture_ok(&f, weft_to_worker_encode(&f.ctx, &order, &bytes, &len));
    weft_fixture_ok(&f, weft_to_worker_decode(&f.ctx, &process, bytes, len, &back));
    assert_int_equal(back.kind, order.kind);
    assert_int_equal(back.epoch, order.epoch);
    assert_true(back.job == order.job && back.timed && back.answer_bytes == 70000);
    assert_int_equal(back.stage, order.stage);
    assert_int_equal(back.generation, order.generation);
    assert_int_equal(back.fragment_len, order.fragment_len);
    assert_memory_equal(back.fragment_bytes, order.fragment_bytes, order.fragment_len);
    assert_int_equal(back.source_count, 3);
    assert_int_equal(back.sources[0].stage, 3);
    assert_int_equal(back.sources[0].generation, 1);
    assert_int_equal(back.sources[0].task_count, 7);
    assert_memory_equal(back.sources[0].attempts, order.sources[0].attempts, 7 * sizeof(int32_t));
    assert_memory_equal(back.sources[0].places, order.sources[0].places, 7 * sizeof(int32_t));
    assert_true(back.sources[0].shared && !back.sources[1].shared);
    assert_int_equal(back.sources[0].relay_count, 1);
    assert_int_equal(back.sources[0].relays[0].holder, 1);
    assert_int_equal(back.sources[0].relays[0].place, 0);
    assert_int_equal(back.sources[1].task_count, 2);
    assert_null(back.sources[1].places); /* with the receiver */
    assert_int_equal(back.sources[2].task_count, 0);
    assert_int_equal(back.place_count, 2);
    for (int32_t i = 0; i < 2; i++) {
        assert_int_equal(back.places[i].worker, order.places[i].worker);
        assert_true(weft_uuid_equal(back.places[i].uuid, order.places[i].uuid));
        assert_string_equal(back.places[i].address, order.places[i].address);
    }
    assert_string_equal(back.settings->text[WEFT_SET_TIME_ZONE], "Asia/Tokyo");
    assert_int_equal(back.settings->number[WEFT_SET_ANSI], 0);
    assert_int_equal(back.settings->number[WEFT_SET_BATCH_ROWS], 2048); /* the statement's is the usual one */
    assert_string_equal(back.settings->text[WEFT_SET_SCRATCH], "/here");
    weft_fixture_close(&f);
}

/* A fragment that is apart is not in the message; one that is in it too is no order. */
static void fragment_apart(void **state)
{
    (void)state;
    weft_fixture f;
    weft_to_worker back;
    uint8_t *bytes = NULL, both[256];
    size_t len = 0;
    weft_fixture_open(&f);
    weft_to_worker order = {.kind = WEFT_TO_WORKER_STAGE,
                            .job = 1,
                            .fragment_bytes = some_bytes,
                            .fragment_len = 70 << 20,
                            .fragment_apart = true,
                            .fragment_crc = 0xfedcba98,
                            .settings = &f.settings};
    weft_fixture_ok(&f, weft_to_worker_encode(&f.ctx, &order, &bytes, &len));
    assert_true(len < sizeof(both) / 2);
    weft_fixture_ok(&f, weft_to_worker_decode(&f.ctx, &f.settings, bytes, len, &back));
    assert_true(back.fragment_apart && back.fragment_bytes == NULL);
    assert_int_equal(back.fragment_crc, order.fragment_crc);
    assert_int_equal(back.fragment_len, order.fragment_len);
    order.fragment_apart = false;
    order.fragment_len = sizeof(some_bytes);
    weft_fixture_ok(&f, weft_to_worker_encode(&f.ctx, &order, &bytes, &len));
    memcpy(both, bytes, len);
    size_t at = 0; /* of the part that opens the stage, which is the last one: field 7 */
    while (both[at] != (7 << 3 | 2) || both[at + 1] != len - at - 2) assert_true(++at < len);
    both[at + 1] += 2;
    both[len++] = 8 << 3;
    both[len++] = 5;
    assert_int_equal(weft_to_worker_decode(&f.ctx, &f.settings, both, len, &back), WEFT_CORRUPT);
    weft_fixture_close(&f);
}

static void other_orders(void **state)
{
    (void)state;
    weft_fixture f;
    weft_fixture_open(&f);
    for (int32_t kind = WEFT_TO_WORKER_LAUNCH; kind <= WEFT_TO_WORKER_PIECE; kind++) {
        weft_to_worker order = {.kind = (weft_to_worker_kind)kind, .epoch = 1, .job = 2, .stage = 4095};
        weft_to_worker back;
        uint8_t *bytes = NULL;
        size_t len = 0;
        if (kind == WEFT_TO_WORKER_LAUNCH) {
            order.partition = INT32_MAX;
            order.attempt = 5;
            order.task_bytes = some_bytes;
            order.task_len = sizeof(some_bytes);
        }
        if (kind == WEFT_TO_WORKER_CANCEL || kind == WEFT_TO_WORKER_DROP) {
            order.partition = 3;
            order.attempt = INT32_MAX;
        }
        if (kind == WEFT_TO_WORKER_PIECE) {
            order.fragment_offset = WEFT_CONTROL_BYTES_MAX - WEFT_PIECE_BYTES_MAX;
            order.fragment_len = WEFT_PIECE_BYTES_MAX;
        }
        weft_fixture_ok(&f, weft_to_worker_encode(&f.ctx, &order, &bytes, &len));
        weft_fixture_ok(&f, weft_to_worker_decode(&f.ctx, &f.settings, bytes, len, &back));
        assert_int_equal(back.kind, kind);
        assert_int_equal(back.stage, 4095);
        assert_int_equal(back.partition, order.partition);
        assert_int_equal(back.attempt, order.attempt);
        assert_int_equal(back.task_len, order.task_len);
        assert_int_equal(back.fragment_offset, order.fragment_offset);
        assert_int_equal(back.fragment_len, order.fragment_len);
        if (order.task_len > 0) assert_memory_equal(back.task_bytes, some_bytes, sizeof(some_bytes));
    }
    weft_fixture_close(&f);
}

static void make_block(weft_fixture *f, weft_to_coordinator *m)
{
    weft_fixture_ok(f, weft_block_meta_new(&f->ctx, 4, 2, 0, &m->block));
    int64_t *rows = (int64_t *)(uintptr_t)m->block->rows, *bytes = (int64_t *)(uintptr_t)m->block->bytes;
    weft_key_range *keys = (weft_key_range *)(uintptr_t)m->block->keys;
    for (int32_t p = 0; p < 4; p++) {
        rows[p] = p * 1000;
        bytes[p] = INT64_C(1) << (10 * p);
    }
    keys[0] = (weft_key_range){.has = true, .low = INT64_MIN, .high = -1};
    m->block->marks_count = 1;
    m->block->spilled_bytes = 99;
    m->metric_count = 3;
    m->answer_len = sizeof(some_bytes);
    weft_fixture_ok(f, weft_mem_alloc(&f->ctx, WEFT_MEM_WORKING, m->answer_len, (void **)&m->answer));
    memcpy(m->answer, some_bytes, m->answer_len);
    weft_fixture_ok(
        f, weft_mem_alloc_zero(&f->ctx, WEFT_MEM_WORKING, 3 * sizeof(*m->metrics), (void **)&m->metrics));
    m->metrics[0].scan = (weft_scan_metrics){1, 2, 3, 4, 5, 6, 7, 8, 9};
    for (int32_t i = 0; i < 3; i++) {
        m->metrics[i].rows_in = i;
        m->metrics[i].rows_out = 10 + i;
        m->metrics[i].batches = 20 + i;
        m->metrics[i].time_ns = 30 + i;
        m->metrics[i].spilled_bytes = 40 + i;
        m->metrics[i].memory_bytes = 50 + i;
        m->metrics[i].exchange_bytes = 70 + i;
        m->metrics[i].exchange_remote_bytes = 60 + i;
    }
}

/* The sizes by segment, key ranges and counters of an attempt that succeeded. */
static void done_report(void **state)
{
    (void)state;
    weft_fixture f;
    weft_to_coordinator back;
    uint8_t *bytes = NULL;
    size_t len = 0;
    weft_fixture_open(&f);
    weft_to_coordinator m = {.kind = WEFT_FROM_WORKER_DONE,
                             .worker = 3,
                             .epoch = 4,
                             .job = 5,
                             .stage = 6,
                             .generation = 7,
                             .partition = 8,
                             .attempt = 9,
                             .run_ns = 10};
    make_block(&f, &m);
    weft_fixture_ok(&f, weft_to_coordinator_encode(&f.ctx, &m, &bytes, &len));
    weft_fixture_ok(&f, weft_to_coordinator_decode(&f.ctx, bytes, len, &back));
    assert_int_equal(back.kind, m.kind);
    assert_true(back.worker == 3 && back.epoch == 4 && back.job == 5 && back.stage == 6);
    assert_true(back.generation == 7 && back.partition == 8 && back.attempt == 9 && back.run_ns == 10);
    assert_int_equal(back.block->partition_count, 4);
    assert_memory_equal(back.block->rows, m.block->rows, 4 * sizeof(int64_t));
    assert_memory_equal(back.block->bytes, m.block->bytes, 4 * sizeof(int64_t));
    assert_int_equal(back.block->key_count, 2);
    assert_true(back.block->keys[0].has && !back.block->keys[1].has);
    assert_true(back.block->keys[0].low == INT64_MIN && back.block->keys[0].high == -1);
    assert_int_equal(back.block->marks_count, 1);
    assert_int_equal(back.block->spilled_bytes, 99);
    assert_int_equal(back.metric_count, 3);
    assert_memory_equal(back.metrics, m.metrics, 3 * sizeof(*m.metrics));
    assert_int_equal(back.answer_len, sizeof(some_bytes));
    assert_memory_equal(back.answer, some_bytes, sizeof(some_bytes));
    weft_to_coordinator_release(&back);
    weft_to_coordinator_release(&m);
    weft_fixture_close(&f);
}

/* A block of sorted runs comes with samples of its rows, which stand for all of them. */
static void sampled_report(void **state)
{
    (void)state;
    weft_fixture f;
    weft_to_coordinator back;
    uint8_t *bytes = NULL;
    size_t len = 0;
    static const struct {
        int32_t partitions, samples;
        int64_t rows[2], most; /* of the block's first partition; of a sample, else 7 a sample */
        bool is_right;
    } cases[] = {{1, 3, {21}, 0, true},
                 {1, WEFT_SORT_SAMPLES_MAX, {7 * WEFT_SORT_SAMPLES_MAX}, 0, true},
                 {1, WEFT_SORT_SAMPLES_MAX + 1, {7 * (WEFT_SORT_SAMPLES_MAX + 1)}, 0, false},
                 {1, 3, {20}, 0, false},
                 {2, 3, {21, 0}, 0, false},
                 {1, 1, {-7}, -7, false},
                 {1, 2, {-2}, INT64_MAX, false}};
    weft_fixture_open(&f);
    for (int32_t c = 0; c < WEFT_COUNT(cases); c++) {
        weft_to_coordinator m = {.kind = WEFT_FROM_WORKER_DONE, .job = 5};
        weft_fixture_ok(&f, weft_block_meta_new(&f.ctx, cases[c].partitions, 0, cases[c].samples, &m.block));
        memcpy((void *)(uintptr_t)m.block->rows, cases[c].rows,
               (size_t)cases[c].partitions * sizeof(int64_t));
        weft_sort_sample *samples = (weft_sort_sample *)(uintptr_t)m.block->samples;
        for (int32_t i = 0; i < cases[c].samples; i++)
            samples[i] = (weft_sort_sample){.prefix = {.high = UINT64_MAX, .low = (uint64_t)i},
                                            .rows = cases[c].most != 0 ? cases[c].most : 7};
        weft_fixture_ok(&f, weft_to_coordinator_encode(&f.ctx, &m, &bytes, &len));
        const weft_status st = weft_to_coordinator_decode(&f.ctx, bytes, len, &back);
        assert_int_equal(st, cases[c].is_right ? WEFT_OK : WEFT_CORRUPT);
        if (st == WEFT_OK) {
            assert_int_equal(back.block->sample_count, cases[c].samples);
            assert_memory_equal(back.block->samples, samples, (size_t)cases[c].samples * sizeof(*samples));
            weft_to_coordinator_release(&back);
        }
        weft_error_clear(&f.ctx);
        weft_to_coordinator_release(&m);
    }
    weft_fixture_close(&f);
}

/* Class, text and place of an error, and the block that was missing. Every class comes back as itself. */
static void failed_report(void **state)
{
    (void)state;
    weft_fixture f;
    weft_error error = {.span = {.start = 3, .stop = 8, .line = 2, .column = 4},
                        .message = "division by zero in \"a / b\"",
                        .hint = "use try_divide"};
    weft_fixture_open(&f);
    for (int32_t code = WEFT_OK + 1; code < WEFT_STATUS_COUNT; code++) {
        weft_to_coordinator back;
        uint8_t *bytes = NULL;
        size_t len = 0;
        error.code = (weft_status)code;
        const weft_to_coordinator m = {.kind = WEFT_FROM_WORKER_FAILED,
                                       .job = 1,
                                       .status = (weft_status)code,
                                       .error = &error,
                                       .broken = true,
                                       .has_lost = code % 2 == 0,
                                       .unreachable = code % 4 == 0,
                                       .lost = {.job = 1, .stage = 2, .generation = 3, .partition = 4}};
        weft_fixture_ok(&f, weft_to_coordinator_encode(&f.ctx, &m, &bytes, &len));
        weft_fixture_ok(&f, weft_to_coordinator_decode(&f.ctx, bytes, len, &back));
        assert_int_equal(back.status, code);
        assert_int_equal(back.error->code, code);
        assert_string_equal(back.error->message, error.message);
        assert_string_equal(back.error->hint, error.hint);
        assert_memory_equal(&back.error->span, &error.span, sizeof(error.span));
        assert_true(back.broken);
        assert_int_equal(back.has_lost, m.has_lost);
        assert_int_equal(back.unreachable, m.unreachable);
        if (m.has_lost) assert_memory_equal(&back.lost, &m.lost, sizeof(m.lost));
        weft_to_coordinator_release(&back);
    }
    weft_fixture_close(&f);
}

static void other_reports(void **state)
{
    (void)state;
    weft_fixture f;
    weft_stage_spill spills[] = {{.stage = 1, .bytes = 5}, {.stage = 4, .bytes = INT64_MAX}};
    const weft_to_coordinator here = {.kind = WEFT_FROM_WORKER_REGISTER, .worker = 1, .slots = 64};
    const weft_to_coordinator ended = {
        .kind = WEFT_FROM_WORKER_ENDED, .job = 8, .spills = spills, .spill_count = 2};
    weft_to_coordinator back;
    uint8_t *bytes = NULL;
    size_t len = 0;
    weft_fixture_open(&f);
    weft_fixture_ok(&f, weft_to_coordinator_encode(&f.ctx, &here, &bytes, &len));
    weft_fixture_ok(&f, weft_to_coordinator_decode(&f.ctx, bytes, len, &back));
    assert_int_equal(back.slots, 64);
    weft_fixture_ok(&f, weft_to_coordinator_encode(&f.ctx, &ended, &bytes, &len));
    weft_fixture_ok(&f, weft_to_coordinator_decode(&f.ctx, bytes, len, &back));
    assert_int_equal(back.kind, WEFT_FROM_WORKER_ENDED);
    assert_int_equal(back.spill_count, 2);
    assert_true(back.spills[1].stage == 4 && back.spills[1].bytes == INT64_MAX);
    weft_to_coordinator_release(&back);
    weft_fixture_close(&f);
}

static const weft_block_name held[] = {
    {.job = UINT64_MAX, .stage = 4095, .generation = 1, .partition = INT32_MAX, .attempt = 2},
    {.job = 1},
    {.job = 2, .partition = 7}};

static weft_worker_hello *make_hello(weft_fixture *f)
{
    weft_worker_hello *hello = NULL;
    weft_fixture_ok(f, weft_worker_hello_new(&f->ctx, 1, 2, 3, &hello));
    hello->uuid = (weft_uuid){.high = 1, .low = UINT64_MAX};
    hello->registration = UINT64_MAX - 3;
    hello->epoch = UINT32_MAX;
    hello->slots = 8;
    hello->memory_bytes = INT64_C(1) << 40;
    snprintf(hello->address, sizeof(hello->address), "tcp://worker-1.example:7078");
    snprintf(hello->host_id, sizeof(hello->host_id), "rack-7/host-1");
    snprintf(hello->cluster, sizeof(hello->cluster), "weft");
    snprintf(hello->version, sizeof(hello->version), "0.1.0");
    snprintf(hello->web, sizeof(hello->web), "https://worker-1.example:8081");
    memcpy((void *)(uintptr_t)hello->running, &held[0], sizeof(held[0]));
    memcpy((void *)(uintptr_t)hello->blocks, &held[1], 2 * sizeof(held[0]));
    for (uint64_t i = 0; i < 3; i++) ((uint64_t *)(uintptr_t)hello->jobs)[i] = UINT64_MAX - i;
    return hello;
}

/* Who a worker is, its attempts, blocks and jobs. */
static void hello_report(void **state)
{
    (void)state;
    weft_fixture f;
    weft_to_coordinator back;
    uint8_t *bytes = NULL;
    size_t len = 0;
    weft_fixture_open(&f);
    weft_to_coordinator m = {.kind = WEFT_FROM_WORKER_REGISTER, .slots = 8, .hello = make_hello(&f)};
    weft_fixture_ok(&f, weft_to_coordinator_encode(&f.ctx, &m, &bytes, &len));
    weft_fixture_ok(&f, weft_to_coordinator_decode(&f.ctx, bytes, len, &back));
    assert_true(weft_uuid_equal(back.hello->uuid, m.hello->uuid));
    assert_true(back.hello->registration == m.hello->registration);
    assert_true(back.hello->epoch == m.hello->epoch);
    assert_int_equal(back.hello->slots, 8);
    assert_int_equal(back.hello->memory_bytes, m.hello->memory_bytes);
    assert_string_equal(back.hello->address, m.hello->address);
    assert_string_equal(back.hello->host_id, m.hello->host_id);
    assert_string_equal(back.hello->cluster, m.hello->cluster);
    assert_string_equal(back.hello->version, m.hello->version);
    assert_string_equal(back.hello->web, m.hello->web);
    assert_int_equal(back.hello->running_count, 1);
    assert_int_equal(back.hello->block_count, 2);
    assert_int_equal(back.hello->job_count, 3);
    assert_memory_equal(back.hello->running, &held[0], sizeof(held[0]));
    assert_memory_equal(back.hello->blocks, &held[1], 2 * sizeof(held[0]));
    assert_memory_equal(back.hello->jobs, m.hello->jobs, 3 * sizeof(uint64_t));
    for (size_t cut = 0; cut < len; cut++) { /* nothing is left behind */
        weft_to_coordinator part;
        if (weft_to_coordinator_decode(&f.ctx, bytes, cut, &part) == WEFT_OK)
            weft_to_coordinator_release(&part);
    }
    weft_error_clear(&f.ctx);
    weft_to_coordinator_release(&back);
    snprintf(m.hello->host_id, sizeof(m.hello->host_id), "two words");
    weft_fixture_ok(&f, weft_to_coordinator_encode(&f.ctx, &m, &bytes, &len));
    assert_int_equal(weft_to_coordinator_decode(&f.ctx, bytes, len, &back), WEFT_CORRUPT);
    weft_error_clear(&f.ctx);
    snprintf(m.hello->host_id, sizeof(m.hello->host_id), "one");
    snprintf(m.hello->web, sizeof(m.hello->web), "javascript:alert(1)"); /* it becomes a link */
    weft_fixture_ok(&f, weft_to_coordinator_encode(&f.ctx, &m, &bytes, &len));
    assert_int_equal(weft_to_coordinator_decode(&f.ctx, bytes, len, &back), WEFT_CORRUPT);
    weft_error_clear(&f.ctx);
    weft_to_coordinator_release(&m);
    weft_fixture_close(&f);
}

/* What a sender must not say: each is refused, with the reason. */
static void refusals(void **state)
{
    (void)state;
    static const int32_t negative[] = {-1}, some[] = {1}, zero[] = {0};
    static const weft_source_relay relays[] = {{.holder = 0, .place = 1}, {.holder = -1, .place = 0}};
    static const weft_stage_source sources[] = {
        {.stage = 4096},
        {.task_count = 1, .attempts = negative},
        {.task_count = 1, .attempts = some, .places = negative},
        {.task_count = 1, .attempts = some, .places = some}, /* one place further than there are */
        {.task_count = 1, .attempts = some, .relay_count = 1, .relays = &relays[0]}, /* and no places */
        {.task_count = 1, .attempts = some, .places = zero, .relay_count = 1, .relays = &relays[0]},
        {.task_count = 1, .attempts = some, .places = zero, .relay_count = 1, .relays = &relays[1]}};
    static const weft_place places[] = {
        {.address = "tcp://a:1"}, {.worker = -1, .address = ""}, {.address = "a b"}, {.address = "\x7f"}};
    weft_fixture f;
    weft_to_worker back;
    weft_to_coordinator report;
    uint8_t *bytes = NULL;
    size_t len = 0;
    weft_fixture_open(&f);
    const weft_to_worker orders[] = {
        {.kind = WEFT_TO_WORKER_FREE, .stage = -1},
        {.kind = WEFT_TO_WORKER_FREE, .generation = -1},
        {.kind = WEFT_TO_WORKER_FREE, .epoch = -1},
        {.kind = (weft_to_worker_kind)(WEFT_TO_WORKER_PIECE + 1)},
        {.kind = WEFT_TO_WORKER_LAUNCH, .partition = -1, .task_bytes = some_bytes},
        {.kind = WEFT_TO_WORKER_LAUNCH, .attempt = -1, .task_bytes = some_bytes},
        {.kind = WEFT_TO_WORKER_CANCEL, .partition = -1},
        {.kind = WEFT_TO_WORKER_DROP, .attempt = -1},
        {.kind = WEFT_TO_WORKER_PIECE},
        {.kind = WEFT_TO_WORKER_PIECE, .fragment_len = WEFT_PIECE_BYTES_MAX + 1},
        {.kind = WEFT_TO_WORKER_PIECE, .fragment_len = 1, .fragment_offset = WEFT_CONTROL_BYTES_MAX},
    };
    for (int32_t i = 0; i < WEFT_COUNT(orders); i++) {
        weft_fixture_ok(&f, weft_to_worker_encode(&f.ctx, &orders[i], &bytes, &len));
        assert_int_not_equal(weft_to_worker_decode(&f.ctx, &f.settings, bytes, len, &back), WEFT_OK);
        weft_error_clear(&f.ctx);
    }
    for (int32_t i = 0; i < WEFT_COUNT(sources) + WEFT_COUNT(places) - 1; i++) {
        const bool source = i < WEFT_COUNT(sources);
        const weft_to_worker order = {.kind = WEFT_TO_WORKER_STAGE,
                                      .fragment_bytes = some_bytes,
                                      .source_count = source,
                                      .sources = source ? &sources[i] : NULL,
                                      .place_count = 1,
                                      .places = source ? places : &places[i - WEFT_COUNT(sources) + 1],
                                      .settings = &f.settings};
        weft_fixture_ok(&f, weft_to_worker_encode(&f.ctx, &order, &bytes, &len));
        assert_int_not_equal(weft_to_worker_decode(&f.ctx, &f.settings, bytes, len, &back), WEFT_OK);
        weft_error_clear(&f.ctx);
    }
    const weft_to_worker greedy = {.kind = WEFT_TO_WORKER_STAGE,
                                   .fragment_bytes = some_bytes,
                                   .settings = &f.settings,
                                   .answer_bytes = WEFT_ANSWER_BYTES_MAX + 1};
    weft_fixture_ok(&f, weft_to_worker_encode(&f.ctx, &greedy, &bytes, &len));
    assert_int_equal(weft_to_worker_decode(&f.ctx, &f.settings, bytes, len, &back), WEFT_LIMIT);
    weft_error_clear(&f.ctx);
    uint8_t answer[] = {0};
    weft_error error = {.code = WEFT_IO};
    weft_worker_hello hello = {.uuid = {.low = 1}}, nobody = {.slots = 1};
    const weft_to_coordinator reports[] = {
        {.kind = WEFT_FROM_WORKER_REGISTER},
        {.kind = WEFT_FROM_WORKER_REGISTER, .slots = -4},
        {.kind = WEFT_FROM_WORKER_DONE}, /* without its block */
        {.kind = WEFT_FROM_WORKER_FAILED, .status = WEFT_IO, .partition = -1},
        {.kind = WEFT_FROM_WORKER_FAILED, .status = WEFT_IO, .has_lost = true, .lost = {.stage = -1}},
        {.kind = WEFT_FROM_WORKER_ENDED, .error = &error},
        {.kind = WEFT_FROM_WORKER_ENDED, .answer = answer, .answer_len = 1},
        {.kind = (weft_to_coordinator_kind)(WEFT_FROM_WORKER_HELD + 1)},
        {.kind = WEFT_FROM_WORKER_ENDED, .hello = &hello},
        {.kind = WEFT_FROM_WORKER_REGISTER, .slots = 1, .hello = &nobody},
    };
    for (int32_t i = 0; i < WEFT_COUNT(reports); i++) {
        weft_fixture_ok(&f, weft_to_coordinator_encode(&f.ctx, &reports[i], &bytes, &len));
        assert_int_not_equal(weft_to_coordinator_decode(&f.ctx, bytes, len, &report), WEFT_OK);
        weft_error_clear(&f.ctx);
    }
    weft_fixture_close(&f);
}

/* Bytes that are cut anywhere never come out as the whole message, and leave nothing behind. */
static void truncated(void **state)
{
    (void)state;
    weft_fixture f;
    weft_to_worker back;
    uint8_t *bytes = NULL;
    size_t len = 0;
    weft_fixture_open(&f);
    const weft_to_worker order = stage_order(&f.settings);
    weft_fixture_ok(&f, weft_to_worker_encode(&f.ctx, &order, &bytes, &len));
    for (size_t cut = 0; cut < len; cut++) {
        if (weft_to_worker_decode(&f.ctx, &f.settings, bytes, cut, &back) != WEFT_OK) continue;
        assert_false(back.source_count == 3 && back.place_count == 2 && back.timed &&
                     back.fragment_len == sizeof(some_bytes));
    }
    weft_error_clear(&f.ctx);
    weft_to_coordinator m = {.kind = WEFT_FROM_WORKER_DONE, .job = 5}, report;
    make_block(&f, &m);
    weft_fixture_ok(&f, weft_to_coordinator_encode(&f.ctx, &m, &bytes, &len));
    weft_to_coordinator_release(&m);
    for (size_t cut = 0; cut < len; cut++)
        if (weft_to_coordinator_decode(&f.ctx, bytes, cut, &report) == WEFT_OK)
            weft_to_coordinator_release(&report);
    weft_error_clear(&f.ctx);
    weft_fixture_close(&f);
}

WEFT_TESTS(WEFT_TEST(stage), WEFT_TEST(fragment_apart), WEFT_TEST(other_orders), WEFT_TEST(done_report),
           WEFT_TEST(sampled_report), WEFT_TEST(failed_report), WEFT_TEST(other_reports),
           WEFT_TEST(hello_report), WEFT_TEST(refusals), WEFT_TEST(truncated))
