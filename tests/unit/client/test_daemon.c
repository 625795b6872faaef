/* A daemon as a process: signals end it or open its log anew, a second one ends it at once; exit codes. Each
 * test runs the daemon in a child, which tells by a pipe how far it is: nothing here waits for a time. */
#include "client/daemon.h"

#include <pthread.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/log.h"
#include "tests/support/fixture.h"

typedef struct values {
    int32_t port;
} values;

static const weft_option options[] = {
    {"--port", 'p', "weft.worker.port", NULL, WEFT_OPTION_PORT, "0", "PORT", "port", offsetof(values, port)},
    {"--cores", 'c', "weft.task.slots", NULL, WEFT_OPTION_SETTING, NULL, "N", "cores", 0}};
static const weft_daemon_command command = {"worker", "Tests.", options, WEFT_COUNT(options)};

static int told[2]; /* the child's words, one letter each */

static void tell(char word) { assert_int_equal(write(told[1], &word, 1), 1); }

static void wait_for(char word)
{
    char got = 0;
    assert_int_equal(read(told[0], &got, 1), 1);
    assert_int_equal(got, word);
}

typedef int child_main(int argc, char **argv);

/* Run fn in a child with stderr in the file `errors.txt`. */
static pid_t spawn(child_main *fn, char *const *arguments)
{
    char *argv[16] = {NULL};
    int argc = 0;
    while (arguments[argc] != NULL) {
        argv[argc] = arguments[argc];
        argc++;
    }
    unlink("errors.txt");
    assert_int_equal(pipe(told), 0);
    fflush(NULL);
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child > 0) {
        close(told[1]);
        return child;
    }
    close(told[0]);
    if (freopen("errors.txt", "w", stderr) == NULL || freopen("output.txt", "w", stdout) == NULL) _exit(99);
    setenv("WEFT_CONF", "/dev/null", 1);
    const int code = fn(argc, argv);
    fflush(NULL);
    _exit(code);
}

#define SPAWN(fn, ...) spawn(fn, (char *[]){__VA_ARGS__ __VA_OPT__(, ) NULL})

/* The child's exit code. */
static int join(pid_t child)
{
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    close(told[0]);
    if (!WIFEXITED(status)) fail_msg("signal %d ended the child", WTERMSIG(status));
    return WEXITSTATUS(status);
}

static const char *read_text(const char *path)
{
    static char text[8192];
    FILE *from = fopen(path, "r");
    text[0] = 0;
    if (from == NULL) return text;
    text[fread(text, 1, sizeof(text) - 1, from)] = 0;
    fclose(from);
    return text;
}

static void assert_holds(const char *path, const char *part)
{
    if (strstr(read_text(path), part) == NULL) fail_msg("no \"%s\" in %s: %s", part, path, read_text(path));
}

static int run(int argc, char **argv)
{
    values v = {0};
    weft_daemon *d = NULL;
    int code = weft_daemon_open(&command, argc, argv, &v, &d);
    if (code != WEFT_DAEMON_RUNS) return code;
    tell('r');
    code = weft_daemon_wait(d);
    tell('e');
    weft_daemon_close(&d);
    return code;
}

static void a_signal_ends_it(void **state)
{
    (void)state;
    static const int signals[] = {SIGTERM, SIGINT};
    for (size_t i = 0; i < 2; i++) {
        const pid_t child = SPAWN(run);
        wait_for('r');
        kill(child, signals[i]);
        wait_for('e');
        assert_int_equal(join(child), 0);
        assert_holds("errors.txt", i == 0 ? "INFO stopping signal=TERM" : "INFO stopping signal=INT");
    }
}

static int run_slowly(int argc, char **argv)
{
    values v = {0};
    weft_daemon *d = NULL;
    int code = weft_daemon_open(&command, argc, argv, &v, &d);
    if (code != WEFT_DAEMON_RUNS) return code;
    tell('r');
    code = weft_daemon_wait(d);
    tell('e');
    for (;;) pause(); /* it does not manage to stop */
}

static void a_second_signal_ends_it_at_once(void **state)
{
    (void)state;
    const pid_t child = SPAWN(run_slowly);
    wait_for('r');
    kill(child, SIGTERM);
    wait_for('e');
    kill(child, SIGHUP); /* ends nothing */
    kill(child, SIGTERM);
    assert_int_equal(join(child), 1);
}

static void *raise_in_thread(void *arg)
{
    (void)arg;
    kill(getpid(), SIGHUP); /* to the process: some thread that does not block it would die of it */
    kill(getpid(), SIGPIPE);
    tell('t');
    return NULL;
}

static int run_with_thread(int argc, char **argv)
{
    values v = {0};
    weft_daemon *d = NULL;
    pthread_t thread;
    int code = weft_daemon_open(&command, argc, argv, &v, &d);
    if (code != WEFT_DAEMON_RUNS) return code;
    if (pthread_create(&thread, NULL, raise_in_thread, NULL) != 0) return 99;
    pthread_join(thread, NULL);
    code = weft_daemon_wait(d);
    weft_daemon_close(&d);
    return code;
}

static void hangup_opens_the_log_anew(void **state)
{
    (void)state;
    struct stat about;
    unlink("daemon.log");
    unlink("moved.log");
    const pid_t child = SPAWN(run, "--log-file", "daemon.log", "--log-json");
    wait_for('r');
    assert_int_equal(rename("daemon.log", "moved.log"), 0);
    kill(child, SIGHUP);
    while (stat("daemon.log", &about) != 0 || about.st_size == 0) usleep(1000);
    kill(child, SIGTERM);
    wait_for('e');
    assert_int_equal(join(child), 0);
    assert_holds("daemon.log", "\"event\":\"log_reopened\",\"lost\":0}");
    assert_holds("daemon.log", "\"event\":\"stopping\",\"signal\":\"TERM\"}");
    assert_string_equal(read_text("errors.txt"), "");
}

static void threads_block_the_signals(void **state)
{
    (void)state;
    const pid_t child = SPAWN(run_with_thread);
    wait_for('t');
    kill(child, SIGTERM);
    assert_int_equal(join(child), 0);
}

static int run_and_end(int argc, char **argv)
{
    values v = {0};
    weft_daemon *d = NULL;
    int code = weft_daemon_open(&command, argc, argv, &v, &d);
    if (code != WEFT_DAEMON_RUNS) return code;
    weft_daemon_end(d, 7);
    weft_daemon_end(d, 0);
    code = weft_daemon_wait(d);
    weft_daemon_close(&d);
    return code;
}

static int run_and_fail(int argc, char **argv)
{
    values v = {0};
    weft_daemon *d = NULL;
    int code = weft_daemon_open(&command, argc, argv, &v, &d);
    if (code != WEFT_DAEMON_RUNS) return code;
    if (weft_fail(&d->ctx, WEFT_IO, "nothing works") == WEFT_OK) return 99;
    weft_hint(&d->ctx, "try again");
    code = weft_daemon_fail(d, "start_failed");
    weft_daemon_close(&d);
    return code;
}

static void it_ends_by_itself(void **state)
{
    (void)state;
    assert_int_equal(join(SPAWN(run_and_end)), 7);
    unlink("daemon.log");
    assert_int_equal(join(SPAWN(run_and_fail, "--log-file", "daemon.log")), 1);
    assert_holds("daemon.log", "ERROR start_failed class=IO_ERROR message=\"nothing works\"");
    assert_string_equal(read_text("errors.txt"), "weft worker: nothing works\ntry again\n");
}

static void wrong_options(void **state)
{
    (void)state;
    assert_int_equal(join(SPAWN(run, "--help")), 0);
    assert_holds("output.txt", "Usage: weft worker [options]");
    assert_holds("output.txt", "--log-max-size SIZE");
    assert_int_equal(join(SPAWN(run, "--prot", "1")), 2);
    assert_string_equal(read_text("errors.txt"), "weft worker: unknown option --prot\ndid you mean --port?\n"
                                                 "Try 'weft worker --help'.\n");
    assert_int_equal(join(SPAWN(run, "--log-level", "loud")), 2);
    assert_holds("errors.txt", "there is no level \"loud\"");
    assert_int_equal(join(SPAWN(run, "--memory", "x")), 2);
    assert_holds("errors.txt", "weft worker: --memory: \"x\" is no value");
    assert_int_equal(join(SPAWN(run, "--log-file", "/nowhere/x.log")), 1);
    assert_holds("errors.txt", "cannot open the log file /nowhere/x.log");
    assert_int_equal(join(SPAWN(run, "--work-dir", "/nowhere/x")), 1);
    assert_holds("errors.txt", "cannot make the work folder /nowhere/x");
}

static int run_and_look(int argc, char **argv)
{
    values v = {0};
    weft_daemon *d = NULL;
    int code = weft_daemon_open(&command, argc, argv, &v, &d);
    if (code != WEFT_DAEMON_RUNS) return code;
    printf("%lld %d %d %s %s %s\n", (long long)d->memory_bytes, d->cores, v.port, d->work_dir,
           d->settings.text[WEFT_SET_SCRATCH], d->keys_dir == NULL ? "none" : d->keys_dir);
    code = d->memory_bytes == weft_pool_limit_bytes(d->memory.pool) && d->cores > 0 ? 0 : 99;
    weft_daemon_close(&d);
    return code;
}

static void sizes_and_folders(void **state)
{
    (void)state;
    rmdir("work");
    assert_int_equal(
        join(SPAWN(run_and_look, "-m", "64m", "-c", "3", "-d", "work", "-p", "12", "--keys", "k")), 0);
    assert_string_equal(read_text("output.txt"), "67108864 3 12 work work k\n");
    assert_int_equal(join(SPAWN(run_and_look, "-d", "work", "--conf", "weft.scratch.dir=/tmp", "-m1g")), 2);
    assert_int_equal(join(SPAWN(run_and_look, "-d", "work", "--conf", "weft.scratch.dir=/tmp", "-m", "1g")),
                     0);
    assert_holds("output.txt", " work /tmp none\n");
    rmdir("work");
}

WEFT_TESTS(WEFT_TEST(a_signal_ends_it), WEFT_TEST(a_second_signal_ends_it_at_once),
           WEFT_TEST(hangup_opens_the_log_anew), WEFT_TEST(threads_block_the_signals),
           WEFT_TEST(it_ends_by_itself), WEFT_TEST(wrong_options), WEFT_TEST(sizes_and_folders))
