/* tests/simulation/failover/threads.c - what a thread does to wait, to know the time and to draw lots, as
 * fibers do it: the linker puts these in the place of the C library's (`--wrap`, CMakeLists.txt).
 *
 * Outside of any fiber (before the world begins) they are the C library's own. A lock is never waited for
 * when all give way only where they wait; but who gives way at a lock (world.yields) may hold another. */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <sys/random.h>
#include <time.h>

#include "common/hash.h"
#include "tests/simulation/failover/fiber.h"

#define SECOND INT64_C(1000000000)

enum { LOCK_YIELDS_PERMILLE = 20, LOCKS_A_TURN = 20000 /* who takes more looks for something */ };

int __real_pthread_mutex_lock(pthread_mutex_t *lock);
int __real_pthread_mutex_unlock(pthread_mutex_t *lock);
int __real_pthread_cond_wait(pthread_cond_t *news, pthread_mutex_t *lock);
int __real_pthread_cond_timedwait(pthread_cond_t *news, pthread_mutex_t *lock, const struct timespec *until);
int __real_pthread_cond_signal(pthread_cond_t *news);
int __real_pthread_cond_broadcast(pthread_cond_t *news);
int __real_sem_post(sem_t *news);
int __real_sem_clockwait(sem_t *news, clockid_t clock, const struct timespec *until);
int __real_pthread_create(pthread_t *out, const pthread_attr_t *how, void *(*main)(void *), void *self);
int __real_pthread_join(pthread_t thread, void **result);
int __real_pthread_detach(pthread_t thread);
int __real_clock_gettime(clockid_t clock, struct timespec *out);
int __real_nanosleep(const struct timespec *time, struct timespec *left);
unsigned __real_sleep(unsigned seconds);
int __real_poll(struct pollfd *polled, nfds_t count, int ms);
ssize_t __real_getrandom(void *out, size_t bytes, unsigned flags);

static bool is_fiber(void) { return sim()->running != NULL; }

/* ---- locks and conditions ---- */

static void take(pthread_mutex_t *lock)
{
    while (pthread_mutex_trylock(lock) != 0) {
        sim()->lock_waiters++;
        (void)fiber_wait(lock, INT64_MAX);
        sim()->lock_waiters--;
    }
}

int __wrap_pthread_mutex_lock(pthread_mutex_t *lock)
{
    if (!is_fiber()) return __real_pthread_mutex_lock(lock);
    const bool endless = ++sim()->locks % LOCKS_A_TURN == 0;
    if (endless || (sim()->yields && sim_chance(LOCK_YIELDS_PERMILLE))) fiber_yield();
    take(lock);
    return 0;
}

int __wrap_pthread_mutex_unlock(pthread_mutex_t *lock)
{
    const int error = __real_pthread_mutex_unlock(lock);
    if (sim()->lock_waiters > 0) fiber_wake(lock, true);
    return error;
}

static int wait_for(pthread_cond_t *news, pthread_mutex_t *lock, int64_t until_own_ns)
{
    __wrap_pthread_mutex_unlock(lock);
    const bool told = fiber_wait(news, until_own_ns);
    take(lock);
    return told ? 0 : ETIMEDOUT;
}

int __wrap_pthread_cond_wait(pthread_cond_t *news, pthread_mutex_t *lock)
{
    return is_fiber() ? wait_for(news, lock, INT64_MAX) : __real_pthread_cond_wait(news, lock);
}

int __wrap_pthread_cond_timedwait(pthread_cond_t *news, pthread_mutex_t *lock, const struct timespec *until)
{
    if (!is_fiber()) return __real_pthread_cond_timedwait(news, lock, until);
    return wait_for(news, lock, (int64_t)until->tv_sec * SECOND + until->tv_nsec);
}

int __wrap_pthread_cond_signal(pthread_cond_t *news)
{
    fiber_wake(news, false);
    return __real_pthread_cond_signal(news);
}

int __wrap_pthread_cond_broadcast(pthread_cond_t *news)
{
    fiber_wake(news, true);
    return __real_pthread_cond_broadcast(news);
}

int __wrap_sem_post(sem_t *news)
{
    const int error = __real_sem_post(news);
    fiber_wake(news, false);
    return error;
}

int __wrap_sem_clockwait(sem_t *news, clockid_t clock, const struct timespec *until)
{
    if (!is_fiber()) return __real_sem_clockwait(news, clock, until);
    while (sem_trywait(news) != 0) {
        if (fiber_wait(news, (int64_t)until->tv_sec * SECOND + until->tv_nsec)) continue;
        errno = ETIMEDOUT;
        return -1;
    }
    return 0;
}

/* ---- threads ---- */

int __wrap_pthread_create(pthread_t *out, const pthread_attr_t *how, void *(*main)(void *), void *self)
{
    if (!is_fiber()) return __real_pthread_create(out, how, main, self);
    fiber *f = fiber_new(process_now(), main, self);
    *out = (pthread_t)(uintptr_t)f;
    return 0;
}

int __wrap_pthread_join(pthread_t thread, void **result)
{
    if (!is_fiber()) return __real_pthread_join(thread, result);
    void *answer = fiber_join((fiber *)(uintptr_t)thread);
    if (result != NULL) *result = answer;
    return 0;
}

int __wrap_pthread_detach(pthread_t thread)
{
    if (!is_fiber()) return __real_pthread_detach(thread);
    ((fiber *)(uintptr_t)thread)->detached = true;
    return 0;
}

/* ---- time ---- */

int __wrap_clock_gettime(clockid_t clock, struct timespec *out)
{
    static const int64_t calendar_s = 1763000000; /* when worlds begin */
    const process *p = process_now();
    if (p == NULL) return __real_clock_gettime(clock, out);
    const int64_t now = process_clock_ns(p) + (clock == CLOCK_REALTIME ? calendar_s * SECOND : 0);
    *out = (struct timespec){.tv_sec = now / SECOND, .tv_nsec = now % SECOND};
    return 0;
}

int __wrap_nanosleep(const struct timespec *time, struct timespec *left)
{
    if (!is_fiber()) return __real_nanosleep(time, left);
    fiber_sleep((int64_t)time->tv_sec * SECOND + time->tv_nsec);
    return 0;
}

unsigned __wrap_sleep(unsigned seconds)
{
    if (!is_fiber()) return __real_sleep(seconds);
    fiber_sleep((int64_t)seconds * SECOND);
    return 0;
}

int __wrap_poll(struct pollfd *polled, nfds_t count, int ms)
{
    if (!is_fiber()) return __real_poll(polled, count, ms);
    assert(count == 0); /* who looks at descriptors is not part of a world */
    fiber_sleep((int64_t)ms * 1000000);
    return 0;
}

ssize_t __wrap_getrandom(void *out, size_t bytes, unsigned flags)
{
    if (!is_fiber()) return __real_getrandom(out, bytes, flags);
    for (size_t i = 0; i < bytes; i++) ((uint8_t *)out)[i] = (uint8_t)(dice_next(&sim()->random) >> 16);
    return (ssize_t)bytes;
}
