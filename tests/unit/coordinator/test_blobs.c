/* tests/unit/coordinator/test_blobs.c - blobs from one process to another: what arrives is what was sent,
 * whoever may not ask gets nothing, an earlier leader is refused, what broke in the middle leaves nothing. */
#include <unistd.h>

#include "coordinator/blob_port.h"
#include "proto/blob_link.h"
#include "tests/unit/storage/storage_fixture.h"

enum { LONG = 7 * WEFT_BLOB_CHUNK_BYTES + 4321 };

/* A coordinator that stands by, and the bytes that are brought there. */
typedef struct rig {
    storage_fixture *f;
    weft_blob_store *stores[WEFT_BLOB_CLASS_COUNT];
    weft_blob_port *port;
    char address[64];
    uint8_t *value;
    char name[WEFT_BLOB_NAME_BYTES];
    int64_t bytes;
    int32_t reads, cut_at; /* chunks that were read; the one at which reading fails, -1: none */
    uint8_t *got;
    size_t got_bytes;
} rig;

static void rig_open(rig *r, storage_fixture *f, weft_keys *keys)
{
    *r = (rig){.f = f, .cut_at = -1, .bytes = LONG, .value = malloc(LONG), .got = malloc(LONG)};
    for (int32_t c = 0; c < WEFT_BLOB_CLASS_COUNT; c++) {
        char folder[128];
        snprintf(folder, sizeof(folder), "%s/class%d", f->folder, c);
        const weft_blob_store_options options = {
            .folder = folder, .setting = "--blob-bytes", .most_bytes = 2 * LONG};
        assert_int_equal(weft_blob_store_open(&f->ctx, &options, &r->stores[c]), WEFT_OK);
    }
    weft_blob_port_options port = {
        .host = "127.0.0.1", .keys = keys, .pool = f->pool, .settings = &f->settings};
    memcpy(port.stores, r->stores, sizeof(port.stores));
    assert_int_equal(weft_blob_port_start(&f->ctx, &port, &r->port), WEFT_OK);
    snprintf(r->address, sizeof(r->address), "127.0.0.1:%d", weft_blob_port_number(r->port));
    for (size_t i = 0; i < LONG; i++) r->value[i] = (uint8_t)(i * 31 >> 7);
    assert_int_equal(weft_sha256_of(&f->ctx, r->value, LONG, r->name), WEFT_OK);
}

static void rig_close(rig *r)
{
    weft_blob_port_stop(&r->port);
    for (int32_t c = 0; c < WEFT_BLOB_CLASS_COUNT; c++) weft_blob_store_close(&r->stores[c]);
    free(r->value), free(r->got);
}

static weft_status give_chunk(weft_ctx *ctx, void *self, int32_t index, uint8_t *to, size_t *len)
{
    rig *r = self;
    if (index == r->cut_at) return weft_fail(ctx, WEFT_IO, "no more can be read");
    *len = (size_t)weft_blob_chunk_bytes(r->bytes, index);
    memcpy(to, r->value + (size_t)index * WEFT_BLOB_CHUNK_BYTES, *len);
    r->reads++;
    return WEFT_OK;
}

static weft_status begin(weft_ctx *ctx, void *self, int64_t bytes)
{
    rig *r = self;
    (void)ctx;
    assert_true(bytes <= LONG);
    r->got_bytes = 0;
    return WEFT_OK;
}

static weft_status take(weft_ctx *ctx, void *self, const uint8_t *chunk, size_t len)
{
    rig *r = self;
    (void)ctx;
    memcpy(r->got + r->got_bytes, chunk, len);
    r->got_bytes += len;
    return WEFT_OK;
}

static weft_blob_link *link_to(rig *r, weft_keys *keys, weft_role role)
{
    weft_blob_link *link = NULL;
    const weft_blob_link_options options = {.keys = keys, .role = role, .silent_ms = 60000};
    assert_int_equal(weft_blob_link_open(&r->f->ctx, &options, r->address, &link), WEFT_OK);
    return link;
}

static weft_status put(rig *r, weft_blob_link *link, weft_blob_class class, uint64_t epoch)
{
    const weft_blob_source source = {.self = r, .read = give_chunk};
    return weft_blob_link_put(&r->f->ctx, link, class, epoch, r->name, r->bytes, &source);
}

static weft_status get(rig *r, weft_blob_link *link, weft_blob_class class)
{
    const weft_blob_sink sink = {.self = r, .begin = begin, .take = take};
    return weft_blob_link_get(&r->f->ctx, link, class, r->name, &sink);
}

/* Ids that are needed, told as a leader does it: the time first. *missing: how many of them are not there. */
static weft_status keep(rig *r, weft_blob_link *link, weft_blob_class class, uint64_t epoch,
                        const uint64_t *ids, int32_t count, uint64_t **missing, int32_t *missing_count)
{
    int64_t time_ns = 0;
    assert_int_equal(weft_blob_link_clock(&r->f->ctx, link, &time_ns), WEFT_OK);
    return weft_blob_link_keep(&r->f->ctx, link, class, epoch, time_ns, ids, count, missing, missing_count);
}

static void what_is_sent_arrives(void **state)
{
    static const int64_t sizes[] = {LONG, 0, 1, WEFT_BLOB_CHUNK_BYTES, WEFT_BLOB_CHUNK_BYTES + 1};
    rig r;
    weft_blob_port_counts counts;
    rig_open(&r, *state, NULL);
    weft_blob_link *link = link_to(&r, NULL, WEFT_ROLE_COORDINATOR);
    for (int32_t i = 0; i < WEFT_COUNT(sizes); i++) {
        r.bytes = sizes[i];
        assert_int_equal(weft_sha256_of(&r.f->ctx, r.value, (size_t)sizes[i], r.name), WEFT_OK);
        assert_int_equal(get(&r, link, WEFT_BLOB_RECORD), WEFT_NOT_FOUND);
        assert_int_equal(put(&r, link, WEFT_BLOB_RECORD, 5), WEFT_OK);
        const int32_t reads = r.reads;
        assert_int_equal(put(&r, link, WEFT_BLOB_RECORD, 5), WEFT_OK); /* it is there: nothing is sent */
        assert_int_equal(r.reads, reads);
        assert_int_equal(get(&r, link, WEFT_BLOB_RECORD), WEFT_OK);
        assert_int_equal(r.got_bytes, sizes[i]);
        assert_memory_equal(r.got, r.value, (size_t)sizes[i]);
        assert_int_equal(get(&r, link, WEFT_BLOB_ARTIFACT),
                         WEFT_NOT_FOUND); /* another class, another place */
    }
    weft_blob_port_count(r.port, &counts);
    assert_int_equal(counts.puts, WEFT_COUNT(sizes));
    assert_int_equal(counts.ignored, 0);
    weft_blob_link_close(&link);
    rig_close(&r);
}

/* Of an earlier leader; more than there may be; other bytes than the name says. Nothing of them is kept. */
static void what_is_wrong_is_refused(void **state)
{
    rig r;
    int64_t bytes = 0;
    int32_t count = 0;
    uint64_t *missing = NULL;
    rig_open(&r, *state, NULL);
    weft_blob_link *link = link_to(&r, NULL, WEFT_ROLE_COORDINATOR);
    assert_int_equal(keep(&r, link, WEFT_BLOB_RECORD, 7, NULL, 0, &missing, &count), WEFT_OK);
    assert_int_equal(put(&r, link, WEFT_BLOB_RECORD, 6), WEFT_NOT_LEADER);
    assert_int_equal(keep(&r, link, WEFT_BLOB_RECORD, 6, NULL, 0, &missing, &count), WEFT_NOT_LEADER);
    r.value[LONG / 2] ^= 1;
    assert_int_equal(put(&r, link, WEFT_BLOB_RECORD, 7), WEFT_CHECKSUM);
    weft_blob_link_close(&link);
    link = link_to(&r, NULL, WEFT_ROLE_COORDINATOR);
    r.value[LONG / 2] ^= 1;
    assert_int_equal(put(&r, link, WEFT_BLOB_RECORD, 7), WEFT_OK);
    assert_true(weft_blob_find(r.stores[WEFT_BLOB_RECORD], r.name, &bytes));
    for (uint8_t i = 0; i < 2; i++) {
        r.value[0] = (uint8_t)(i + 100);
        assert_int_equal(weft_sha256_of(&r.f->ctx, r.value, LONG, r.name), WEFT_OK);
        assert_int_equal(put(&r, link, WEFT_BLOB_RECORD, 7), i == 0 ? WEFT_OK : WEFT_LIMIT);
    }
    weft_blob_link_close(&link);
    rig_close(&r);
}

/* A sender that goes in the middle: its next try begins anew, and the first one's bytes are given back. */
static void what_broke_begins_anew(void **state)
{
    rig r;
    rig_open(&r, *state, NULL);
    for (int32_t i = 0; i < 3; i++) {
        weft_blob_link *link = link_to(&r, NULL, WEFT_ROLE_COORDINATOR);
        r.cut_at = i < 2 ? 3 + i : -1;
        assert_int_equal(put(&r, link, WEFT_BLOB_RECORD, 1), i < 2 ? WEFT_IO : WEFT_OK);
        weft_blob_link_close(&link);
        weft_blob_port_counts counts = {.uploads = 1};
        for (int32_t tries = 0; counts.uploads > 0 && tries < 6000; tries++) {
            weft_blob_port_count(r.port, &counts);
            usleep(10000);
        }
        assert_int_equal(counts.uploads, 0);
    }
    rig_close(&r);
}

static void what_is_not_needed_goes(void **state)
{
    rig r;
    int64_t bytes = 0;
    int32_t count = 0;
    uint64_t *missing = NULL;
    rig_open(&r, *state, NULL);
    weft_blob_link *link = link_to(&r, NULL, WEFT_ROLE_COORDINATOR);
    assert_int_equal(put(&r, link, WEFT_BLOB_ARTIFACT, 1), WEFT_OK);
    const uint64_t ids[2] = {weft_blob_id(r.name), UINT64_MAX};
    assert_int_equal(keep(&r, link, WEFT_BLOB_ARTIFACT, 1, ids, 2, &missing, &count), WEFT_OK);
    assert_int_equal(count, 1);
    assert_true(missing[0] == UINT64_MAX);
    assert_true(weft_blob_find(r.stores[WEFT_BLOB_ARTIFACT], r.name, &bytes));
    assert_int_equal(keep(&r, link, WEFT_BLOB_ARTIFACT, 1, NULL, 0, &missing, &count), WEFT_OK);
    assert_false(weft_blob_find(r.stores[WEFT_BLOB_ARTIFACT], r.name, &bytes));
    weft_blob_link_close(&link);
    rig_close(&r);
}

/* A leader stood still between its list and the message that tells it: what came in between is not in the
 * list, and has its record. It stays. A time that has not come yet counts as the present. */
static void what_came_after_the_list_stays(void **state)
{
    rig r;
    int64_t bytes = 0, time_ns = 0;
    int32_t count = 0;
    uint64_t *missing = NULL;
    rig_open(&r, *state, NULL);
    weft_ctx *ctx = &r.f->ctx;
    weft_blob_link *link = link_to(&r, NULL, WEFT_ROLE_COORDINATOR);
    assert_int_equal(weft_blob_link_clock(ctx, link, &time_ns), WEFT_OK);
    assert_int_equal(put(&r, link, WEFT_BLOB_RECORD, 1), WEFT_OK);
    assert_int_equal(weft_blob_link_keep(ctx, link, WEFT_BLOB_RECORD, 1, time_ns, NULL, 0, &missing, &count),
                     WEFT_OK);
    assert_true(weft_blob_find(r.stores[WEFT_BLOB_RECORD], r.name, &bytes));
    assert_int_equal(
        weft_blob_link_keep(ctx, link, WEFT_BLOB_RECORD, 1, INT64_MAX, NULL, 0, &missing, &count), WEFT_OK);
    assert_false(weft_blob_find(r.stores[WEFT_BLOB_RECORD], r.name, &bytes));
    weft_blob_link_close(&link);
    rig_close(&r);
}

static void only_those_who_may(void **state)
{
    storage_fixture *f = *state;
    rig r;
    weft_keys *coordinator = NULL, *worker = NULL, *client = NULL;
    char folder[128];
    snprintf(folder, sizeof(folder), "%s/keys", f->folder);
    assert_int_equal(weft_keys_init(&f->ctx, folder, "ann"), WEFT_OK);
    assert_int_equal(weft_keys_open(&f->ctx, folder, WEFT_ROLE_COORDINATOR, &coordinator), WEFT_OK);
    assert_int_equal(weft_keys_open(&f->ctx, folder, WEFT_ROLE_WORKER, &worker), WEFT_OK);
    assert_int_equal(weft_keys_open(&f->ctx, folder, WEFT_ROLE_CLIENT, &client), WEFT_OK);
    rig_open(&r, f, coordinator);
    weft_blob_link *of_coordinator = link_to(&r, coordinator, WEFT_ROLE_COORDINATOR);
    weft_blob_link *of_worker = link_to(&r, worker, WEFT_ROLE_WORKER);
    weft_blob_link *of_client = link_to(&r, client, WEFT_ROLE_CLIENT);
    assert_int_equal(put(&r, of_worker, WEFT_BLOB_ARTIFACT, 1), WEFT_PERMISSION_DENIED);
    assert_int_equal(put(&r, of_client, WEFT_BLOB_ARTIFACT, 1), WEFT_PERMISSION_DENIED);
    for (int32_t c = 0; c < WEFT_BLOB_CLASS_COUNT; c++) {
        assert_int_equal(put(&r, of_coordinator, (weft_blob_class)c, 1), WEFT_OK);
        assert_int_equal(get(&r, of_coordinator, (weft_blob_class)c), WEFT_OK);
        assert_int_equal(get(&r, of_worker, (weft_blob_class)c),
                         c == WEFT_BLOB_ARTIFACT ? WEFT_OK : WEFT_PERMISSION_DENIED);
        assert_int_equal(get(&r, of_client, (weft_blob_class)c), WEFT_PERMISSION_DENIED);
    }
    weft_blob_link_close(&of_client);
    weft_blob_link_close(&of_worker);
    weft_blob_link_close(&of_coordinator);
    rig_close(&r);
    weft_keys_close(&client);
    weft_keys_close(&worker);
    weft_keys_close(&coordinator);
}

static void nobody_there_is_told(void **state)
{
    rig r;
    rig_open(&r, *state, NULL);
    weft_blob_port_stop(&r.port);
    weft_blob_link *link = link_to(&r, NULL, WEFT_ROLE_COORDINATOR);
    assert_int_equal(put(&r, link, WEFT_BLOB_RECORD, 1), WEFT_UNREACHABLE);
    weft_blob_link_close(&link);
    rig_close(&r);
}

WEFT_TESTS(STORAGE_TEST(what_is_sent_arrives), STORAGE_TEST(what_is_wrong_is_refused),
           STORAGE_TEST(what_broke_begins_anew), STORAGE_TEST(what_is_not_needed_goes),
           STORAGE_TEST(what_came_after_the_list_stays), STORAGE_TEST(only_those_who_may),
           STORAGE_TEST(nobody_there_is_told))
