/* tests/unit/storage/test_fs.c - local files: listing, reading, writing, faults. */
#include <fcntl.h>
#include <sys/stat.h>

#include "tests/unit/storage/storage_fixture.h"

static void list_is(storage_fixture *f, const char *pattern, int32_t count, const char *const *want)
{
    weft_file_info *files;
    int32_t got;
    char full[256];
    assert_int_equal(weft_fs_list(&f->ctx, storage_path(f, pattern), &files, &got), WEFT_OK);
    assert_int_equal(got, count);
    for (int32_t i = 0; i < count; i++) {
        snprintf(full, sizeof(full), "%s/%s", f->folder, want[i]);
        assert_string_equal(files[i].path, full);
        assert_int_equal(files[i].size_bytes, 1);
        assert_true(files[i].mtime_ns > 0);
    }
}

static void lists_files_folders_and_patterns(void **state)
{
    storage_fixture *f = *state;
    storage_put(f, "t/b.csv", "1");
    storage_put(f, "t/a.csv", "1");
    storage_put(f, "t/_SUCCESS", "1");
    storage_put(f, "t/.a.crc", "1");
    storage_put(f, "t/_temporary/0/x.csv", "1");
    storage_put(f, "t/_k=1/c.csv", "1");
    storage_put(f, "t/k=2/d.csv", "1");
    storage_put(f, "t/k=10/e.csv", "1");
    storage_put(f, "t/x.csv._COPYING_", "1");
    storage_put(f, "odd[1].csv", "1");
    list_is(f, "t", 5, (const char *[]){"t/_k=1/c.csv", "t/a.csv", "t/b.csv", "t/k=10/e.csv", "t/k=2/d.csv"});
    list_is(f, "t/", 5,
            (const char *[]){"t/_k=1/c.csv", "t/a.csv", "t/b.csv", "t/k=10/e.csv", "t/k=2/d.csv"});
    list_is(f, "t/*.csv", 2, (const char *[]){"t/a.csv", "t/b.csv"});
    list_is(f, "t/k=*", 2, (const char *[]){"t/k=10/e.csv", "t/k=2/d.csv"});
    list_is(f, "t/{b,a,b}.csv", 2, (const char *[]){"t/a.csv", "t/b.csv"});
    list_is(f, "*/k={2,3}/*", 1, (const char *[]){"t/k=2/d.csv"});
    list_is(f, "odd[1].csv", 1, (const char *[]){"odd[1].csv"});
    list_is(f, "t/_SUCCESS", 1, (const char *[]){"t/_SUCCESS"}); /* named outright */

    weft_file_info *files;
    int32_t count;
    assert_int_equal(weft_fs_list(&f->ctx, storage_path(f, "none"), &files, &count), WEFT_NOT_FOUND);
    assert_int_equal(weft_fs_list(&f->ctx, storage_path(f, "t/*.parquet"), &files, &count), WEFT_NOT_FOUND);
    assert_int_equal(weft_fs_list(&f->ctx, "s3a://bucket/x", &files, &count), WEFT_UNSUPPORTED);
    assert_int_equal(weft_fs_list(&f->ctx, "", &files, &count), WEFT_INVALID);
    assert_int_equal(mkdir(storage_path(f, "empty"), 0777), 0);
    assert_int_equal(weft_fs_list(&f->ctx, storage_path(f, "empty"), &files, &count), WEFT_OK);
    assert_int_equal(count, 0);
}

static void ends_at_a_loop_of_links(void **state)
{
    storage_fixture *f = *state;
    storage_put(f, "a/x", "1");
    char link[256];
    snprintf(link, sizeof(link), "%s/a/loop", f->folder);
    assert_int_equal(symlink(storage_path(f, "a"), link), 0);
    weft_file_info *files;
    int32_t count;
    assert_int_equal(weft_fs_list(&f->ctx, storage_path(f, "a"), &files, &count), WEFT_INVALID);
}

static void normalises_paths(void **state)
{
    storage_fixture *f = *state;
    storage_put(f, "a/x", "1");
    weft_file_info info;
    char uri[512], want[512];
    snprintf(want, sizeof(want), "%s/a/x", f->folder);
    static const char *const forms[] = {"%s/a/x", "file:%s/a/x", "file://%s/a/x",
                                        "file://localhost%s//a/./x/"};
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
        snprintf(uri, sizeof(uri), forms[i], f->folder);
        assert_int_equal(weft_fs_stat(&f->ctx, uri, &info), WEFT_OK);
        assert_string_equal(info.path, want);
    }
    assert_int_equal(weft_fs_stat(&f->ctx, "/", &info), WEFT_OK);
    assert_true(info.is_directory);
    assert_int_equal(weft_fs_stat(&f->ctx, ".", &info), WEFT_OK);
    assert_int_equal(info.path[0], '/');
}

static void reads_what_was_written(void **state)
{
    storage_fixture *f = *state;
    enum { BYTES = 300000 };
    static uint8_t data[BYTES], back[BYTES];
    weft_test_random random = {weft_test_seed()};
    for (int i = 0; i < BYTES; i++) data[i] = (uint8_t)weft_test_random_u64(&random);
    weft_file_writer *writer;
    const char *path = storage_path(f, "data");
    assert_int_equal(weft_file_create(&f->ctx, path, &writer), WEFT_OK);
    for (int64_t at = 0; at < BYTES;) { /* small pieces, some larger than the buffer */
        const int64_t most = weft_test_random_range(&random, 0, 9) == 0 ? 100000 : 2000;
        const int64_t n = weft_min_i64(weft_test_random_range(&random, 0, most), BYTES - at);
        assert_int_equal(weft_file_append(&f->ctx, writer, data + at, n), WEFT_OK);
        at += n;
        assert_int_equal(weft_file_written_bytes(writer), at);
    }
    assert_int_equal(weft_file_finish(&f->ctx, &writer), WEFT_OK);
    assert_null(writer);
    assert_int_equal(weft_file_create(&f->ctx, path, &writer), WEFT_EXISTS);
    assert_null(writer);

    weft_file *file;
    assert_int_equal(weft_file_open(&f->ctx, path, &file), WEFT_OK);
    assert_int_equal(weft_file_size(file), BYTES);
    assert_string_equal(weft_file_path(file), path);
    assert_int_equal(weft_file_read(&f->ctx, file, 17, back, BYTES - 17), WEFT_OK);
    assert_memory_equal(back, data + 17, BYTES - 17);
    memset(back, 0, BYTES);
    weft_range ranges[200]; /* the even ones touch their neighbour, the odd ones leave a gap */
    for (int32_t i = 0; i < 200; i++) {
        ranges[i] = (weft_range){.offset = i / 2 * 2500 + i % 2 * 1000, .bytes = 1000};
        ranges[i].to = back + ranges[i].offset;
    }
    assert_int_equal(weft_file_read_ranges(&f->ctx, file, ranges, 200), WEFT_OK);
    for (int32_t i = 0; i < 200; i++) {
        assert_memory_equal(back + ranges[i].offset, data + ranges[i].offset, 1000);
    }
    weft_file_prefetch(file, 0, BYTES);
    assert_int_equal(weft_file_read(&f->ctx, file, BYTES - 1, back, 2), WEFT_CORRUPT);
    assert_int_equal(weft_file_read(&f->ctx, file, -1, back, 2), WEFT_CORRUPT);
    assert_int_equal(weft_file_read(&f->ctx, file, INT64_MAX, back, 2), WEFT_CORRUPT);
    ranges[199].bytes = INT64_MAX;
    assert_int_equal(weft_file_read_ranges(&f->ctx, file, ranges, 200), WEFT_CORRUPT);
    assert_int_equal(truncate(path, 1000), 0); /* shrinks while open: an error, not a signal */
    assert_int_equal(weft_file_read(&f->ctx, file, 500, back, 1000), WEFT_CORRUPT);
    weft_file_close(&file);
    weft_file_close(&file);

    assert_int_equal(weft_file_open(&f->ctx, storage_path(f, "none"), &file), WEFT_NOT_FOUND);
    assert_null(file);
    assert_int_equal(weft_file_open(&f->ctx, f->folder, &file), WEFT_INVALID);
}

static void abandon_leaves_no_file(void **state)
{
    storage_fixture *f = *state;
    weft_file_writer *writer;
    const char *path = storage_path(f, "data");
    assert_int_equal(weft_file_create(&f->ctx, path, &writer), WEFT_OK);
    assert_int_equal(weft_file_append(&f->ctx, writer, "abc", 3), WEFT_OK);
    weft_file_abandon(&writer);
    weft_file_abandon(&writer);
    assert_int_equal(access(path, F_OK), -1);
}

static void directories_renames_removals(void **state)
{
    storage_fixture *f = *state;
    char from[256], to[256];
    snprintf(from, sizeof(from), "%s/a/b/c", f->folder);
    snprintf(to, sizeof(to), "%s/a/d", f->folder);
    assert_int_equal(weft_fs_make_directories(&f->ctx, from), WEFT_OK);
    assert_int_equal(weft_fs_make_directories(&f->ctx, from), WEFT_OK);
    assert_int_equal(weft_fs_rename(&f->ctx, from, to), WEFT_OK);
    assert_int_equal(weft_fs_rename(&f->ctx, from, to), WEFT_NOT_FOUND);
    assert_int_equal(weft_fs_sync_directory(&f->ctx, to), WEFT_OK);
    assert_int_equal(weft_fs_remove_if_exists(&f->ctx, to), WEFT_OK);
    assert_int_equal(weft_fs_remove_if_exists(&f->ctx, to), WEFT_OK);
    storage_put(f, "a/x", "1");
    assert_int_equal(weft_fs_remove_if_exists(&f->ctx, storage_path(f, "a")), WEFT_EXISTS);
    assert_int_equal(weft_fs_remove_if_exists(&f->ctx, storage_path(f, "a/x")), WEFT_OK);
    storage_put(f, "file", "1");
    assert_true(weft_fs_make_directories(&f->ctx, storage_path(f, "file/x")) != WEFT_OK);
}

static weft_status write_and_read(weft_ctx *ctx, const char *path)
{
    weft_status st = WEFT_OK;
    weft_file_writer *writer = NULL;
    weft_file *file = NULL;
    char back[3];
    WEFT_TRY(st, weft_file_create(ctx, path, &writer));
    WEFT_TRY(st, weft_file_append(ctx, writer, "abc", 3));
    WEFT_TRY(st, weft_file_finish(ctx, &writer));
    WEFT_TRY(st, weft_file_open(ctx, path, &file));
    WEFT_TRY(st, weft_file_read(ctx, file, 0, back, 3));
    assert_memory_equal(back, "abc", 3);
done:
    weft_file_close(&file);
    weft_file_abandon(&writer);
    return st;
}

/* The n-th file operation fails, n swept: each run ends in WEFT_IO and leaves nothing half written. */
static void every_operation_may_fail(void **state)
{
    storage_fixture *f = *state;
    const char *path = storage_path(f, "data");
    weft_fs_fail_after(0);
    assert_int_equal(write_and_read(&f->ctx, path), WEFT_OK);
    const int64_t operations = weft_fs_fail_after(0);
    assert_true(operations >= 6);
    for (int64_t n = 1; n <= operations; n++) {
        unlink(path);
        weft_fs_fail_after(n);
        assert_int_equal(write_and_read(&f->ctx, path), WEFT_IO);
        assert_true(weft_fs_fail_after(0) >= n);
        weft_error_clear(&f->ctx);
    }
}

static void every_allocation_may_fail(void **state)
{
    storage_fixture *f = *state;
    const char *path = storage_path(f, "data");
    for (int64_t n = 1;; n++) {
        unlink(path);
        weft_arena_reset(f->ctx.arena);
        weft_error_clear(&f->ctx);
        weft_mem_fail_after(n);
        const weft_status st = write_and_read(&f->ctx, path);
        weft_mem_fail_after(0);
        if (st == WEFT_OK) break;
        assert_int_equal(st, WEFT_NOMEM);
    }
}

WEFT_TESTS(STORAGE_TEST(lists_files_folders_and_patterns), STORAGE_TEST(ends_at_a_loop_of_links),
           STORAGE_TEST(normalises_paths), STORAGE_TEST(reads_what_was_written),
           STORAGE_TEST(abandon_leaves_no_file), STORAGE_TEST(directories_renames_removals),
           STORAGE_TEST(every_operation_may_fail), STORAGE_TEST(every_allocation_may_fail))
