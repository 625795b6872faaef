/* tests/unit/storage/test_scratch.c - spilled bytes: come back whole, move on when a disk is full. */
#include <dirent.h>
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/storage/storage_fixture.h"

enum { MIB = 1 << 20 };

/* Open descriptors of files without a name in the fixture's folder; *bytes: what they take on the disk. */
static int nameless_files(storage_fixture *f, int64_t *bytes)
{
    int files = 0;
    DIR *folder = opendir("/proc/self/fd");
    assert_non_null(folder);
    *bytes = 0;
    for (struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        char link[300], to[512];
        struct stat info;
        snprintf(link, sizeof link, "/proc/self/fd/%s", entry->d_name);
        const ssize_t len = readlink(link, to, sizeof to - 1);
        if (len < 0) continue;
        to[len] = 0;
        if (strncmp(to, f->folder, strlen(f->folder)) != 0 || stat(link, &info) != 0) continue;
        files++;
        *bytes += (int64_t)info.st_blocks * 512;
    }
    closedir(folder);
    return files;
}

static void set_folders(storage_fixture *f, const char *folders)
{
    assert_int_equal(weft_settings_set(&f->ctx, &f->settings, "weft.scratch.dir", folders), WEFT_OK);
}

static void comes_back(void **state)
{
    storage_fixture *f = *state;
    set_folders(f, storage_path(f, "not/there/yet"));
    weft_scratch *scratch;
    assert_int_equal(weft_scratch_open(&f->ctx, NULL, &scratch), WEFT_OK);
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
    assert_int_equal(weft_scratch_open(&f->ctx, NULL, &scratch), WEFT_OK);
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
    assert_int_equal(weft_scratch_open(&f->ctx, NULL, &scratch), WEFT_OK);
    assert_int_equal(f->ctx.error.code, WEFT_OK);
    weft_scratch_close(&scratch);
    set_folders(f, storage_path(f, "file"));
    assert_true(weft_scratch_open(&f->ctx, NULL, &scratch) != WEFT_OK);
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

/* Two threads to a scratch, two scratches in a space. */
static void threads_do_not_mix(void **state)
{
    storage_fixture *f = *state;
    weft_scratch_space *space;
    weft_scratch *scratches[2];
    set_folders(f, f->folder);
    assert_int_equal(weft_scratch_space_new(&f->ctx, &space), WEFT_OK);
    for (int i = 0; i < 2; i++) assert_int_equal(weft_scratch_open(&f->ctx, space, &scratches[i]), WEFT_OK);
    pthread_t threads[4];
    appender appenders[4];
    for (int i = 0; i < 4; i++) {
        appenders[i] = (appender){.f = f, .scratch = scratches[i % 2], .id = i};
        pthread_create(&threads[i], NULL, append_and_read, &appenders[i]);
    }
    for (int i = 0; i < 4; i++) {
        pthread_join(threads[i], NULL);
        assert_true(appenders[i].good);
    }
    for (int i = 0; i < 2; i++) weft_scratch_close(&scratches[i]);
    weft_scratch_space_release(&space);
}

/* Many scratches of one statement, more than the process may have files open: one file for all of them. */
static void many_share_one_file(void **state)
{
    storage_fixture *f = *state;
    enum { SCRATCHES = 500, FILES = 40, BYTES = 5000 };
    static weft_scratch *scratches[SCRATCHES];
    static char data[BYTES], back[BYTES];
    int64_t offsets[SCRATCHES], bytes = 0;
    struct rlimit kept, low;
    weft_scratch_space *space;
    set_folders(f, f->folder);
    assert_int_equal(weft_scratch_space_new(&f->ctx, &space), WEFT_OK);
    assert_int_equal(nameless_files(f, &bytes), 0); /* opened when it is needed */
    getrlimit(RLIMIT_NOFILE, &kept);
    low = (struct rlimit){.rlim_cur = FILES, .rlim_max = kept.rlim_max};
    setrlimit(RLIMIT_NOFILE, &low);
    for (int i = 0; i < SCRATCHES; i++) {
        assert_int_equal(weft_scratch_open(&f->ctx, space, &scratches[i]), WEFT_OK);
        for (int k = 0; k < 2; k++) {
            memset(data, i + k, BYTES);
            assert_int_equal(weft_scratch_append(&f->ctx, scratches[i], data, BYTES, &offsets[i]), WEFT_OK);
        }
    }
    assert_int_equal(nameless_files(f, &bytes), 1);
    assert_true(bytes <= (int64_t)SCRATCHES * 4 * BYTES); /* what is not written takes no room */
    for (int i = 0; i < SCRATCHES; i++) {
        memset(data, i + 1, BYTES);
        assert_int_equal(weft_scratch_read(&f->ctx, scratches[i], offsets[i], back, BYTES), WEFT_OK);
        assert_memory_equal(back, data, BYTES);
    }
    for (int i = 0; i < SCRATCHES; i++) weft_scratch_close(&scratches[i]);
    setrlimit(RLIMIT_NOFILE, &kept);
    assert_int_equal(nameless_files(f, &bytes), 1);
    weft_scratch_space_release(&space);
    assert_int_equal(nameless_files(f, &bytes), 0);
}

/* After the end of its statement nothing is punched any more; the file goes with its last holder, a large one
 * a moment later. */
static void abandoned_goes_as_a_whole(void **state)
{
    storage_fixture *f = *state;
    enum { BYTES = 66 * MIB, WAIT_MS = 10000 };
    static uint8_t data[MIB];
    weft_scratch_space *space;
    weft_scratch *scratch;
    int64_t offset, bytes, before;
    set_folders(f, f->folder);
    assert_int_equal(weft_scratch_space_new(&f->ctx, &space), WEFT_OK);
    assert_int_equal(weft_scratch_open(&f->ctx, space, &scratch), WEFT_OK);
    for (int i = 0; i < BYTES / MIB; i++)
        assert_int_equal(weft_scratch_append(&f->ctx, scratch, data, MIB, &offset), WEFT_OK);
    assert_int_equal(nameless_files(f, &before), 1);
    weft_scratch_space_abandon(space);
    weft_scratch_close(&scratch);
    assert_int_equal(nameless_files(f, &bytes), 1);
    assert_true(bytes == before);
    weft_scratch_space_release(&space);
    for (int i = 0; i < WAIT_MS && nameless_files(f, &bytes) > 0; i++) usleep(1000);
    assert_int_equal(nameless_files(f, &bytes), 0);
}

/* What a scratch gives back leaves the disk, or is written again: the file does not grow with what passes
 * through it. */
static void room_is_used_again(void **state)
{
    storage_fixture *f = *state;
    enum { ROUNDS = 20, RECORD = 3 * MIB / 2, RECORDS = 4 };
    static uint8_t data[RECORD], back[RECORD];
    weft_scratch_space *space;
    weft_scratch *stays, *passes;
    int64_t offset, first, bytes, most = 0;
    set_folders(f, f->folder);
    assert_int_equal(weft_scratch_space_new(&f->ctx, &space), WEFT_OK);
    assert_int_equal(weft_scratch_open(&f->ctx, space, &stays), WEFT_OK);
    memset(data, 0xaa, RECORD);
    assert_int_equal(weft_scratch_append(&f->ctx, stays, data, RECORD, &first), WEFT_OK);
    for (int round = 0; round < ROUNDS; round++) {
        assert_int_equal(weft_scratch_open(&f->ctx, space, &passes), WEFT_OK);
        for (int i = 0; i < RECORDS; i++) {
            memset(data, round * RECORDS + i, RECORD);
            assert_int_equal(weft_scratch_append(&f->ctx, passes, data, RECORD, &offset), WEFT_OK);
        }
        assert_int_equal(weft_scratch_read(&f->ctx, passes, offset, back, RECORD), WEFT_OK);
        assert_memory_equal(back, data, RECORD);
        assert_int_equal(nameless_files(f, &bytes), 1);
        most = weft_max_i64(most, bytes);
        weft_scratch_close(&passes);
    }
    assert_true(most <= RECORDS * RECORD + RECORD + 4 * MIB);
    memset(data, 0xaa, RECORD);
    assert_int_equal(weft_scratch_read(&f->ctx, stays, first, back, RECORD), WEFT_OK);
    assert_memory_equal(back, data, RECORD);
    weft_scratch_space_release(&space); /* in any order */
    weft_scratch_close(&stays);
}

/* A record that the first folder has room for in part only goes to the next as a whole, beside others that
 * write at the same time, and what is there stays readable. */
static void full_in_the_middle(void **state)
{
    storage_fixture *f = *state;
    enum { LIMIT = 5 * MIB / 2, RECORD = 700000, RECORDS = 6 };
    static uint8_t data[RECORD], back[RECORD];
    char folders[512];
    int64_t offsets[RECORDS];
    struct rlimit kept, low;
    weft_scratch_space *space;
    weft_scratch *scratches[2];
    snprintf(folders, sizeof(folders), "%s/a,%s/b", f->folder, f->folder);
    set_folders(f, folders);
    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &kept);
    low = (struct rlimit){.rlim_cur = LIMIT, .rlim_max = kept.rlim_max};
    assert_int_equal(weft_scratch_space_new(&f->ctx, &space), WEFT_OK);
    for (int i = 0; i < 2; i++) assert_int_equal(weft_scratch_open(&f->ctx, space, &scratches[i]), WEFT_OK);
    setrlimit(RLIMIT_FSIZE, &low);
    for (int i = 0; i < RECORDS; i++) {
        memset(data, i + 1, RECORD);
        const weft_status st = weft_scratch_append(&f->ctx, scratches[i % 2], data, RECORD, &offsets[i]);
        assert_int_equal(st, WEFT_OK);
        assert_int_equal(f->ctx.error.code, WEFT_OK);
    }
    setrlimit(RLIMIT_FSIZE, &kept);
    for (int i = 0; i < RECORDS; i++) {
        memset(data, i + 1, RECORD);
        assert_int_equal(weft_scratch_read(&f->ctx, scratches[i % 2], offsets[i], back, RECORD), WEFT_OK);
        assert_memory_equal(back, data, RECORD);
    }
    for (int i = 0; i < 2; i++) weft_scratch_close(&scratches[i]);
    weft_scratch_space_release(&space);
}

/* Every allocation and every file operation of a space's life may fail; nothing stays open or charged. */
static void every_step_may_fail(void **state)
{
    storage_fixture *f = *state;
    int64_t bytes;
    set_folders(f, f->folder);
    for (int sweep = 0; sweep < 2; sweep++) {
        int64_t (*arm)(int64_t) = sweep == 0 ? weft_mem_fail_after : weft_fs_fail_after;
        for (int64_t n = 1;; n++) {
            weft_scratch_space *space = NULL;
            weft_scratch *scratch = NULL;
            int64_t offset, counted;
            arm(n);
            weft_status st = weft_scratch_space_new(&f->ctx, &space);
            if (st == WEFT_OK) st = weft_scratch_open(&f->ctx, space, &scratch);
            for (int i = 0; i < 40 && st == WEFT_OK; i++) { /* both lists grow */
                static const uint8_t data[MIB];
                st = weft_scratch_append(&f->ctx, scratch, data, MIB, &offset);
            }
            counted = arm(0);
            if (st != WEFT_OK) assert_int_equal(st, sweep == 0 ? WEFT_NOMEM : WEFT_IO);
            weft_error_clear(&f->ctx);
            weft_scratch_close(&scratch);
            weft_scratch_space_release(&space);
            assert_int_equal(nameless_files(f, &bytes), 0);
            if (counted < n) break;
        }
    }
}

WEFT_TESTS(STORAGE_TEST(many_share_one_file), STORAGE_TEST(abandoned_goes_as_a_whole),
           STORAGE_TEST(room_is_used_again), STORAGE_TEST(full_in_the_middle),
           STORAGE_TEST(every_step_may_fail), STORAGE_TEST(comes_back), STORAGE_TEST(moves_on_when_full),
           STORAGE_TEST(skips_folders_that_cannot_be_used), STORAGE_TEST(threads_do_not_mix))
