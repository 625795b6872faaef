/* Commands beside a task: what goes in comes out however much it is, how they end is told, and nothing of
 * them is left. */
#include "engine/exec/child.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/mem.h"
#include "common/settings.h"
#include "tests/support/test.h"

typedef struct fixture {
    weft_own_memory memory;
    weft_settings settings;
    atomic_bool cancel;
    weft_ctx ctx;
} fixture;

static void open_fixture(fixture *f)
{
    *f = (fixture){0};
    weft_settings_init(&f->settings);
    assert_true(weft_own_memory_open(&f->memory, INT64_C(64) << 20, "test"));
    weft_ctx_init(&f->ctx, f->memory.arena, f->memory.account, &f->settings);
    f->ctx.cancel = &f->cancel;
}

static void close_fixture(fixture *f) { weft_own_memory_close(&f->memory); }

static int descriptors(void)
{
    DIR *folder = opendir("/proc/self/fd");
    int count = 0;
    assert_non_null(folder);
    while (readdir(folder) != NULL) count++;
    closedir(folder);
    return count;
}

/* All of the input through the command; how many bytes came back. */
static size_t pass(fixture *f, weft_child *child, size_t bytes)
{
    static char zeros[100000], back[70000];
    size_t got = 0;
    while (!weft_child_output_ended(child)) {
        size_t written = 0, taken = 0;
        const size_t now = bytes < sizeof zeros ? bytes : sizeof zeros;
        if (bytes == 0) weft_child_end_input(child);
        assert_int_equal(weft_child_exchange(&f->ctx, child, zeros, now, &written, back, sizeof back, &taken),
                         WEFT_OK);
        bytes -= written;
        got += taken;
    }
    return got;
}

static void both_ways_go_on(void **state)
{
    fixture f;
    weft_child *child = NULL;
    (void)state;
    open_fixture(&f);
    const int before = descriptors();
    assert_int_equal(weft_child_start(&f.ctx, "cat; echo; echo", &child), WEFT_OK);
    assert_int_equal(pass(&f, child, 5000000), 5000002);
    assert_int_equal(weft_child_finish(&f.ctx, child), WEFT_OK);
    weft_child_close(&child);
    assert_null(child);
    assert_int_equal(descriptors(), before);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1); /* no zombie */
    assert_int_equal(errno, ECHILD);
    close_fixture(&f);
}

static void the_end_is_told(void **state)
{
    static const struct {
        const char *command, *message;
    } cases[] = {{"exit 3", "status 3. Error: ."},
                 {"cat >/dev/null; echo some words >&2; exit 4", "status 4. Error: some words\n."},
                 {"kill -TERM $$", "status 143."},
                 {"head -c 100000 /dev/zero | tr '\\0' e >&2; echo end >&2; exit 1", "eeeend\n."}};
    fixture f;
    (void)state;
    open_fixture(&f);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        weft_child *child = NULL;
        assert_int_equal(weft_child_start(&f.ctx, cases[i].command, &child), WEFT_OK);
        assert_int_equal(pass(&f, child, 300000), 0); /* which nobody reads, without SIGPIPE */
        assert_int_equal(weft_child_finish(&f.ctx, child), WEFT_SCRIPT_EXITED);
        assert_non_null(strstr(f.ctx.error.message, cases[i].message));
        weft_error_clear(&f.ctx);
        weft_child_close(&child);
    }
    close_fixture(&f);
}

static void a_cancel_ends_the_wait_and_the_group(void **state)
{
    fixture f;
    weft_child *child = NULL;
    char text[32] = "";
    size_t written = 0, taken = 0;
    (void)state;
    open_fixture(&f);
    assert_int_equal(weft_child_start(&f.ctx, "sleep 1000 & echo $!; wait", &child), WEFT_OK);
    assert_int_equal(weft_child_exchange(&f.ctx, child, NULL, 0, &written, text, sizeof text - 1, &taken),
                     WEFT_OK);
    const pid_t sleeper = (pid_t)strtol(text, NULL, 10);
    assert_true(sleeper > 0 && kill(sleeper, 0) == 0);
    atomic_store(&f.cancel, true);
    assert_int_equal(weft_child_exchange(&f.ctx, child, NULL, 0, &written, text, sizeof text - 1, &taken),
                     WEFT_CANCELLED);
    weft_child_close(&child);
    bool gone = false;
    for (int i = 0; i < 500 && !gone; i++) { /* somebody else collects it */
        char path[64], line[256] = "";
        snprintf(path, sizeof path, "/proc/%d/stat", (int)sleeper);
        FILE *file = fopen(path, "r");
        gone = file == NULL || fgets(line, sizeof line, file) == NULL || strstr(line, ") Z ") != NULL;
        if (file != NULL) fclose(file);
        if (!gone) usleep(10000);
    }
    assert_true(gone);
    close_fixture(&f);
}

WEFT_TESTS(WEFT_TEST(both_ways_go_on), WEFT_TEST(the_end_is_told),
           WEFT_TEST(a_cancel_ends_the_wait_and_the_group))
