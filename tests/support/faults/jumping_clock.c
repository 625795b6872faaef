/* tests/support/faults/jumping_clock.c - preloaded into a process: its wall clock is off by so much as a file
 * says, and jumps when that changes. The monotonic clock is left alone: no jump touches that.
 *
 *     LD_PRELOAD=libjumping_clock.so WEFT_CLOCK_FILE=FILE weft worker …
 *
 * FILE has 16 bytes, which are mapped: seconds that the clock is off, and how many times it was asked for
 * while it was (numbers of 64 bits, as the machine has them). */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define EXPORTED __attribute__((visibility("default")))

typedef struct shared {
    _Atomic int64_t off_s, asked;
} shared;

static shared *jump; /* set once, before main */

__attribute__((constructor)) static void configure(void)
{
    const char *path = getenv("WEFT_CLOCK_FILE");
    const int fd = path == NULL ? -1 : open(path, O_RDWR | O_CLOEXEC);
    if (fd < 0) return;
    void *at = mmap(NULL, sizeof(shared), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (at == MAP_FAILED) abort();
    close(fd);
    jump = at;
}

static void *real(const char *name)
{
    void *function = dlsym(RTLD_NEXT, name);
    if (function == NULL) abort();
    return function;
}

static int64_t off(void)
{
    const int64_t seconds = jump == NULL ? 0 : atomic_load(&jump->off_s);
    if (seconds != 0) atomic_fetch_add(&jump->asked, 1);
    return seconds;
}

EXPORTED int clock_gettime(clockid_t clock, struct timespec *out)
{
    static int (*really)(clockid_t, struct timespec *);
    if (really == NULL) really = (int (*)(clockid_t, struct timespec *))real("clock_gettime");
    const int result = really(clock, out);
    if (result == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) out->tv_sec += off();
    return result;
}

EXPORTED int gettimeofday(struct timeval *restrict out, void *restrict z) /* tidy: allow gettimeofday: this */
{
    static int (*really)(struct timeval *restrict, void *restrict);
    if (really == NULL) really = (int (*)(struct timeval *restrict, void *restrict))real("gettimeofday");
    const int result = really(out, z);
    if (result == 0) out->tv_sec += off();
    return result;
}

EXPORTED time_t time(time_t *out) /* tidy: allow time: this is it */
{
    struct timespec now;
    if (clock_gettime(CLOCK_REALTIME, &now) != 0) return (time_t)-1;
    if (out != NULL) *out = now.tv_sec;
    return now.tv_sec;
}
