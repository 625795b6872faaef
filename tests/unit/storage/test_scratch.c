/* tests/unit/storage/test_scratch.c - spilled bytes: come back whole, move on when a disk is full. */
#include <dirent.h>
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>

#include "tests/unit/storage/storage_fixture.h"

static void set_folders(storage_fixture *f, const char *folders)
{
    assert_int_equal(weft_settings_set(&f->ctx, &f->settings, "weft.scratch.dir", folders), WEFT_OK);
}

static void comes_back(void **state)
{
    storage_fixture *f = *state;
    set_folders(f, storage_path(f, "not/there/yet"));
    weft_scratch *scratch;
    assert_int_equal(weft_scratch_open(&f->ctx, &scratch), WEFT_OK);
    int64_t offsets[100];
    char text[100], back[100];
    for (int i = 0; i < 100; i++) {
        memset(text, 'a' + i % 26, sizeof(text));
        assert_int_equal(weft_scratch_append(&f->ctx, scratch, text, i + 1, &offsets[i]), WEFT_OK);
    }
    for (int i = 99; i >= 0; i--) {
        memset(text, 'a' + i % 26, sizeof(text));
        assert_int_equal(weft_scratch_read(&f->ctx, scratch, offsets[i], back, i + 1), WEFT_OK);
        assert_memory_equal(back, text, (size_t)i + 1);
    }
    assert_int_equal(weft_scratch_read(&f->ctx, scratch, offsets[99], back, 101), WEFT_CORRUPT);
    int names = 0; /* nothing with a name lies in the folder */
    DIR *folder = opendir(storage_path(f, "not/there/yet"));
    while (readdir(folder) != NULL) names++;
    closedir(folder);
    assert_int_equal(names, 2);
    weft_scratch_close(&scratch);
    weft_scratch_close(&scratch);
}

/* The process's file size limit stands for a full disk: the first folder fills, then the second, then it is
 * an error and what was written is still there. */
static void moves_on_when_full(void **state)
{
    storage_fixture *f = *state;
    enum { PAGE = 4096, LIMIT = 16 * PAGE };
    char folders[512];
    snprintf(folders, sizeof(folders), "%s/a, %s/b", f->folder, f->folder);
    set_folders(f, folders);
    struct rlimit kept, low;
    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &kept);
    low = (struct rlimit){.rlim_cur = LIMIT, .rlim_max = kept.rlim_max};
    weft_scratch *scratch;
    assert_int_equal(weft_scratch_open(&f->ctx, &scratch), WEFT_OK);
    static char page[PAGE], back[PAGE];
    int64_t offsets[100];
    int pages = 0;
    weft_status st;
    setrlimit(RLIMIT_FSIZE, &low);
    for (;; pages++) {
        memset(page, pages, PAGE);
        st = weft_scratch_append(&f->ctx, scratch, page, PAGE, &offsets[pages]);
        if (st != WEFT_OK) break;
    }
    setrlimit(RLIMIT_FSIZE, &kept);
    assert_int_equal(st, WEFT_NOSPACE);
    assert_int_equal(pages, 32);
    for (int i = 0; i < pages; i++) {
        memset(page, i, PAGE);
        assert_int_equal(weft_scratch_read(&f->ctx, scratch, offsets[i], back, PAGE), WEFT_OK);
        assert_memory_equal(back, page, PAGE);
    }
    weft_scratch_close(&scratch);
}

static void skips_folders_that_cannot_be_used(void **state)
{
    storage_fixture *f = *state;
    char folders[512];
    storage_put(f, "file", "1");
    snprintf(folders, sizeof(folders), "%s/file,%s/b", f->folder, f->folder);
    set_folders(f, folders);
    weft_scratch *scratch;
    assert_int_equal(weft_scratch_open(&f->ctx, &scratch), WEFT_OK);
    assert_int_equal(f->ctx.error.code, WEFT_OK);
    weft_scratch_close(&scratch);
    set_folders(f, storage_path(f, "file"));
    assert_true(weft_scratch_open(&f->ctx, &scratch) != WEFT_OK);
    assert_null(scratch);
    assert_true(f->ctx.error.hint[0] != 0);
}

typedef struct appender {
    storage_fixture *f;
    weft_scratch *scratch;
    int id;
    bool good;
} appender;

static void *append_and_read(void *argument)
{
    appender *a = argument;
    weft_arena *arena = weft_arena_new(a->f->account);
    weft_ctx ctx;
    weft_ctx_init(&ctx, arena, a->f->account, &a->f->settings);
    int64_t offsets[500];
    int data[64], back[64];
    a->good = true;
    for (int i = 0; i < 500; i++) {
        for (int j = 0; j < 64; j++) data[j] = a->id * 1000000 + i * 64 + j;
        a->good = a->good &&
                  weft_scratch_append(&ctx, a->scratch, data, sizeof(data), &offsets[i]) == WEFT_OK;
    }
    for (int i = 0; a->good && i < 500; i++) {
        a->good = weft_scratch_read(&ctx, a->scratch, offsets[i], back, sizeof(back)) == WEFT_OK;
        for (int j = 0; j < 64; j++) a->good = a->good && back[j] == a->id * 1000000 + i * 64 + j;
    }
    weft_arena_free(&arena);
    return NULL;
}

static void threads_do_not_mix(void **state)
{
    storage_fixture *f = *state;
    weft_scratch *scratch;
    set_folders(f, f->folder);
    assert_int_equal(weft_scratch_open(&f->ctx, &scratch), WEFT_OK);
    pthread_t threads[4];
    appender appenders[4];
    for (int i = 0; i < 4; i++) {
        appenders[i] = (appender){.f = f, .scratch = scratch, .id = i};
        pthread_create(&threads[i], NULL, append_and_read, &appenders[i]);
    }
    for (int i = 0; i < 4; i++) {
        pthread_join(threads[i], NULL);
        assert_true(appenders[i].good);
    }
    weft_scratch_close(&scratch);
}

WEFT_TESTS(STORAGE_TEST(comes_back), STORAGE_TEST(moves_on_when_full),
           STORAGE_TEST(skips_folders_that_cannot_be_used), STORAGE_TEST(threads_do_not_mix))
