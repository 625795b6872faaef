/* tests/unit/storage/storage_fixture.h - a context, and an empty folder of its own, for each storage test. */
#ifndef WEFT_TESTS_UNIT_STORAGE_STORAGE_FIXTURE_H
#define WEFT_TESTS_UNIT_STORAGE_STORAGE_FIXTURE_H

#include <ftw.h>
#include <unistd.h>

#include "common/settings.h"
#include "engine/storage/fs.h"
#include "tests/support/test.h"

typedef struct storage_fixture {
    weft_pool *pool;
    weft_account *account;
    weft_settings settings;
    weft_ctx ctx;
    char folder[64]; /* absolute */
    char path[1024]; /* of the last storage_path */
} storage_fixture;

static inline int storage_remove_one(const char *path, const struct stat *info, int kind, struct FTW *where)
{
    (void)info, (void)kind, (void)where;
    return remove(path);
}

static inline void storage_remove_tree(const char *path)
{
    (void)nftw(path, storage_remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static inline int storage_setup_in(void **state, const char *parent)
{
    storage_fixture *f = calloc(1, sizeof(*f));
    f->pool = weft_pool_new(INT64_MAX);
    f->account = weft_account_open(f->pool, "test");
    weft_settings_init(&f->settings);
    weft_ctx_init(&f->ctx, weft_arena_new(f->account), f->account, &f->settings);
    snprintf(f->folder, sizeof(f->folder), "%s/weft-storage-XXXXXX", parent);
    if (mkdtemp(f->folder) == NULL) return -1;
    *state = f;
    return 0;
}

static inline int storage_setup(void **state) { return storage_setup_in(state, "/tmp"); }

/* In memory where there is such a place: for thousands of runs that sync their files, which is not what they
 * show. */
static inline int storage_setup_quick(void **state)
{
    return storage_setup_in(state, access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
}

/* A finished file FOLDER/BELOW/NAME with this text. */
static inline weft_status storage_put_file(weft_ctx *ctx, const char *folder, const char *below,
                                           const char *name, const char *text)
{
    weft_status st = WEFT_OK;
    weft_file_writer *writer = NULL;
    char path[1024];
    snprintf(path, sizeof(path), "%s/%s", folder, below);
    WEFT_TRY(st, weft_fs_make_directories(ctx, path));
    snprintf(path, sizeof(path), "%s/%s/%s", folder, below, name);
    WEFT_TRY(st, weft_file_create(ctx, path, &writer));
    WEFT_TRY(st, weft_file_append(ctx, writer, text, (int64_t)strlen(text)));
    WEFT_TRY(st, weft_file_finish(ctx, &writer));
done:
    weft_file_abandon(&writer);
    return st;
}

static inline int storage_teardown(void **state)
{
    storage_fixture *f = *state;
    weft_fs_fail_after(0);
    storage_remove_tree(f->folder);
    weft_arena_free(&f->ctx.arena);
    weft_account_close(&f->account); /* asserts that nothing leaked */
    weft_pool_free(&f->pool);
    free(f);
    return 0;
}

/* A path in the fixture's folder; valid until the next call. */
static inline const char *storage_path(storage_fixture *f, const char *name)
{
    snprintf(f->path, sizeof(f->path), "%s/%s", f->folder, name);
    return f->path;
}

/* Make a file (and its folders) with this text. */
static inline void storage_put(storage_fixture *f, const char *name, const char *text)
{
    char path[1024];
    snprintf(path, sizeof(path), "%s/%s", f->folder, name);
    *strrchr(path, '/') = 0;
    assert_int_equal(weft_fs_make_directories(&f->ctx, path), WEFT_OK);
    FILE *file = fopen(storage_path(f, name), "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

#define STORAGE_TEST(function)       WEFT_TEST_WITH(storage_setup, storage_teardown, function)
#define STORAGE_TEST_QUICK(function) WEFT_TEST_WITH(storage_setup_quick, storage_teardown, function)

#endif
