/* tests/unit/storage/test_blob_store.c - blobs: whole or not at all, whatever fails; never other bytes than
 * their name says; bounded; swept when nobody needs them. */
#include "engine/storage/blob_store.h"

#include <dirent.h>

#include "tests/unit/storage/storage_fixture.h"

enum { LONG = 2 * WEFT_BLOB_CHUNK_BYTES + 1234, FAULTS_MOST = 200 };

static const uint8_t key[WEFT_SEAL_KEY_BYTES] = "one key alone, of thirty-two byt";

static void fill(uint8_t *bytes, size_t len, uint32_t seed)
{
    for (size_t i = 0; i < len; i++) {
        seed = seed * 1664525u + 1013904223u;
        bytes[i] = (uint8_t)(seed >> 24);
    }
}

static weft_status open_store(storage_fixture *f, const weft_seal *seal, int64_t most, weft_blob_store **out)
{
    char folder[128];
    snprintf(folder, sizeof(folder), "%s/blobs", f->folder);
    const weft_blob_store_options options = {
        .folder = folder, .seal = seal, .most_bytes = most, .setting = "weft.test.most"};
    return weft_blob_store_open(&f->ctx, &options, out);
}

static int32_t files_of(storage_fixture *f)
{
    int32_t count = 0;
    DIR *folder = opendir(storage_path(f, "blobs"));
    assert_non_null(folder);
    for (const struct dirent *e = readdir(folder); e != NULL; e = readdir(folder))
        count += e->d_name[0] != '.';
    closedir(folder);
    return count;
}

/* Every size around the borders of chunks, open and sealed, and again after the folder was opened anew. */
static void what_is_put_is_loaded(void **state)
{
    static const size_t sizes[] = {
        0,    1,    WEFT_BLOB_CHUNK_BYTES - 1, WEFT_BLOB_CHUNK_BYTES, WEFT_BLOB_CHUNK_BYTES + 1,
        LONG, 1000, 2 * WEFT_BLOB_CHUNK_BYTES};
    storage_fixture *f = *state;
    weft_seal *seal = NULL;
    uint8_t *value = malloc(LONG);
    char names[WEFT_COUNT(sizes)][WEFT_BLOB_NAME_BYTES];
    assert_int_equal(weft_seal_open_keys(&f->ctx, key, 1, &seal), WEFT_OK);
    for (int32_t sealed = 0; sealed < 2; sealed++) {
        weft_blob_store *store = NULL;
        void *got = NULL;
        for (int32_t round = 0; round < 2; round++) {
            assert_int_equal(open_store(f, sealed ? seal : NULL, 0, &store), WEFT_OK);
            for (int32_t i = 0; i < WEFT_COUNT(sizes); i++) {
                fill(value, sizes[i], (uint32_t)sizes[i]);
                if (round == 0)
                    assert_int_equal(weft_blob_put(&f->ctx, store, value, sizes[i], names[i]), WEFT_OK);
                assert_int_equal(weft_blob_load(&f->ctx, store, names[i], sizes[i], &got), WEFT_OK);
                assert_memory_equal(got, value, sizes[i]);
                assert_int_equal(weft_blob_put(&f->ctx, store, value, sizes[i], names[i]), WEFT_OK);
            }
            assert_int_equal(files_of(f), WEFT_COUNT(sizes));
            weft_blob_store_close(&store);
        }
        storage_remove_tree(storage_path(f, "blobs"));
    }
    weft_seal_close(&seal);
    free(value);
}

/* A changed byte anywhere, a shorter file, another blob's file: never given out, and gone afterwards. */
static void damage_is_found(void **state)
{
    storage_fixture *f = *state;
    weft_seal *seal = NULL;
    uint8_t *value = malloc(LONG);
    void *got = NULL;
    char name[WEFT_BLOB_NAME_BYTES], path[256];
    static const long places[] = {0, 30, WEFT_BLOB_CHUNK_BYTES + 100, LONG - 1};
    fill(value, LONG, 7);
    assert_int_equal(weft_seal_open_keys(&f->ctx, key, 1, &seal), WEFT_OK);
    for (int32_t i = 0; i < 2 * WEFT_COUNT(places); i++) {
        weft_blob_store *store = NULL;
        assert_int_equal(open_store(f, i % 2 ? seal : NULL, 0, &store), WEFT_OK);
        assert_int_equal(weft_blob_put(&f->ctx, store, value, LONG, name), WEFT_OK);
        snprintf(path, sizeof(path), "%s/blobs/%s", f->folder, name);
        FILE *file = fopen(path, "r+");
        assert_int_equal(fseek(file, places[i / 2], SEEK_SET), 0);
        const int before = fgetc(file);
        assert_int_equal(fseek(file, places[i / 2], SEEK_SET), 0);
        fputc(before ^ 1, file);
        fclose(file);
        assert_int_equal(weft_blob_load(&f->ctx, store, name, LONG, &got), WEFT_CORRUPT);
        assert_int_equal(weft_blob_load(&f->ctx, store, name, LONG, &got), WEFT_NOT_FOUND);
        assert_int_equal(weft_blob_put(&f->ctx, store, value, LONG, name), WEFT_OK); /* it can be had again */
        assert_int_equal(truncate(path, LONG / 2), 0);
        assert_int_equal(weft_blob_load(&f->ctx, store, name, LONG, &got), WEFT_CORRUPT);
        weft_blob_store_close(&store);
        storage_remove_tree(storage_path(f, "blobs"));
    }
    weft_seal_close(&seal);
    free(value);
}

static void only_what_the_name_says(void **state)
{
    storage_fixture *f = *state;
    weft_blob_store *store = NULL;
    weft_blob_writer *w = NULL;
    int64_t bytes = 0;
    char name[WEFT_BLOB_NAME_BYTES];
    assert_int_equal(open_store(f, NULL, 0, &store), WEFT_OK);
    assert_int_equal(weft_sha256_of(&f->ctx, "abc", 3, name), WEFT_OK);
    assert_string_equal(name,
                        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"); /* FIPS 180 */
    assert_int_equal(weft_blob_create(&f->ctx, store, "../../etc/passwd", 3, &w), WEFT_INVALID);
    assert_int_equal(weft_blob_create(&f->ctx, store, name, 3, &w), WEFT_OK);
    assert_int_equal(weft_blob_append(&f->ctx, w, "abd", 3), WEFT_OK);
    assert_int_equal(weft_blob_append(&f->ctx, w, "abd", 3), WEFT_INVALID);
    assert_int_equal(weft_blob_finish(&f->ctx, &w), WEFT_CHECKSUM);
    assert_int_equal(weft_blob_create(&f->ctx, store, name, 3, &w), WEFT_OK);
    assert_int_equal(weft_blob_finish(&f->ctx, &w), WEFT_INVALID); /* nothing came */
    assert_false(weft_blob_find(store, name, &bytes));
    assert_int_equal(files_of(f), 0);
    weft_blob_store_close(&store);
}

static void bounded_and_swept(void **state)
{
    storage_fixture *f = *state;
    weft_blob_store *store = NULL;
    uint8_t value[1000];
    char names[4][WEFT_BLOB_NAME_BYTES];
    int32_t removed = 0, count = 0;
    int64_t bytes = 0;
    const weft_clock *clock = weft_clock_system();
    const int64_t before_ns = clock->now_ns(clock->self);
    assert_int_equal(open_store(f, NULL, 3000, &store), WEFT_OK);
    for (uint32_t i = 0; i < 4; i++) {
        fill(value, sizeof(value), i);
        const weft_status st = weft_blob_put(&f->ctx, store, value, sizeof(value), names[i]);
        assert_int_equal(st, i < 3 ? WEFT_OK : WEFT_LIMIT);
        if (i == 3) assert_non_null(strstr(f->ctx.error.hint, "weft.test.most"));
    }
    const uint64_t kept = weft_blob_id(names[1]);
    weft_blob_store_sweep(&f->ctx, store, &kept, 1, before_ns, &removed);
    assert_int_equal(removed, 0); /* all came since */
    for (int32_t i = 0; i < 2; i++) assert_true(weft_blob_hold(store, names[2]));
    weft_blob_let_go(store, names[2]);
    weft_blob_store_sweep(&f->ctx, store, NULL, 0, clock->now_ns(clock->self), &removed);
    assert_int_equal(removed, 2); /* one is held once more */
    weft_blob_let_go(store, names[2]);
    weft_blob_let_go(store, names[2]); /* once too often */
    assert_false(weft_blob_hold(store, names[0]));
    for (uint32_t i = 0; i < 2; i++) {
        fill(value, sizeof(value), i);
        assert_int_equal(weft_blob_put(&f->ctx, store, value, sizeof(value), names[i]), WEFT_OK);
    }
    weft_blob_store_sweep(&f->ctx, store, &kept, 1, clock->now_ns(clock->self), &removed);
    assert_int_equal(removed, 2);
    weft_blob_count(store, &count, &bytes);
    assert_int_equal(count, 1);
    assert_int_equal(bytes, 1000);
    assert_true(weft_blob_find(store, names[1], &bytes));
    assert_int_equal(files_of(f), 1);
    weft_blob_store_close(&store);
}

/* Each file operation fails in turn, or is the last one of a process: what is there afterwards is whole. */
static void every_write_may_be_the_last(void **state)
{
    storage_fixture *f = *state;
    uint8_t *value = malloc(LONG);
    char name[WEFT_BLOB_NAME_BYTES];
    int64_t there = 0;
    void *got = NULL;
    fill(value, LONG, 11);
    for (int32_t crash = 0; crash < 2; crash++) {
        weft_status st = WEFT_IO;
        for (int64_t n = 1; st != WEFT_OK; n++) {
            assert_true(n < FAULTS_MOST);
            weft_blob_store *store = NULL;
            assert_int_equal(open_store(f, NULL, 0, &store), WEFT_OK);
            (void)(crash ? weft_fs_crash_after(n) : weft_fs_fail_after(n));
            st = weft_blob_put(&f->ctx, store, value, LONG, name);
            (void)(crash ? weft_fs_crash_after(0) : weft_fs_fail_after(0));
            if (st == WEFT_OK) assert_true(weft_blob_find(store, name, &there));
            weft_blob_store_close(&store);
            assert_int_equal(open_store(f, NULL, 0, &store), WEFT_OK); /* as the next process finds it */
            if (weft_blob_find(store, name, &there))
                assert_int_equal(weft_blob_load(&f->ctx, store, name, LONG, &got), WEFT_OK);
            assert_int_equal(files_of(f), weft_blob_find(store, name, &there) ? 1 : 0);
            weft_blob_store_close(&store);
            storage_remove_tree(storage_path(f, "blobs"));
            weft_arena_reset(f->ctx.arena);
        }
    }
    free(value);
}

WEFT_TESTS(STORAGE_TEST(what_is_put_is_loaded), STORAGE_TEST(damage_is_found),
           STORAGE_TEST(only_what_the_name_says), STORAGE_TEST(bounded_and_swept),
           STORAGE_TEST(every_write_may_be_the_last))
