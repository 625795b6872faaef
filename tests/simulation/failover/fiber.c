/* tests/simulation/failover/fiber.c - see fiber.h. */
#include "tests/simulation/failover/fiber.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "common/hash.h"

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif

static world the_world; /* a program of its own, and fibers have no other way to it */

world *sim(void) { return &the_world; }

void sim_begin(weft_ctx *ctx, uint64_t seed, bool verbose)
{
    world *w = &the_world;
    *w = (world){.ctx = ctx, .random = weft_hash_u64(seed ^ 0x6661696c), .verbose = verbose};
    w->events.item_bytes = sizeof(event);
    w->now_ns = INT64_C(1000000000);
}

void sim_wrong(const char *format, ...)
{
    static char text[512];
    va_list arguments;
    if (the_world.wrong != NULL) return;
    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    the_world.wrong = text;
    sim_say("WRONG: %s", text);
}

void sim_say(const char *format, ...)
{
    va_list arguments;
    if (!the_world.verbose) return;
    printf("%10.5f %-14s ", (double)the_world.now_ns / 1e9, process_now() == NULL ? "" : process_now()->name);
    va_start(arguments, format);
    vprintf(format, arguments);
    va_end(arguments);
    printf("\n");
}

void sim_trace(uint64_t what)
{
    the_world.digest =
        weft_hash_combine(the_world.digest, weft_hash_combine((uint64_t)the_world.now_ns, what));
}

int64_t sim_dice(int64_t low, int64_t high) { return dice_range(&the_world.random, low, high); }
bool sim_chance(int32_t permille) { return permille > 0 && sim_dice(1, 1000) <= permille; }

void sim_at(int64_t delay_ns, void (*call)(void *of, int64_t number), void *of, int64_t number)
{
    event e = {.call = call, .of = of, .number = number};
    agenda_add(the_world.ctx, &the_world.events, the_world.now_ns + weft_max_i64(delay_ns, 0), &e);
}

static void *grow(void *items, size_t bytes)
{
    const weft_status st = weft_mem_resize(the_world.ctx, WEFT_MEM_WORKING, bytes, &items);
    assert(st == WEFT_OK);
    return items;
}

/* ---- processes ---- */

process *process_new(const char *name, void *of)
{
    world *w = &the_world;
    assert(w->process_count < PROCESSES_MAX);
    process *p = &w->processes[w->process_count];
    *p = (process){.id = w->process_count++, .name = name, .alive = true, .of = of};
    p->begin_ns = sim_dice(1, 1000) * 1000000;
    return p;
}

process *process_now(void) { return the_world.running == NULL ? NULL : the_world.running->of; }

int64_t process_clock_at(const process *p, int64_t at_ns)
{
    return p == NULL ? at_ns : p->begin_ns + at_ns + (int64_t)((__int128)at_ns * p->drift_ppm / 1000000);
}

int64_t process_clock_ns(const process *p) { return process_clock_at(p, the_world.now_ns); }

int64_t process_world_ns(const process *p, int64_t own_ns)
{
    if (p == NULL || own_ns == INT64_MAX) return own_ns;
    const int64_t since = own_ns - p->begin_ns;
    return (int64_t)((double)since * 1e6 / (double)(1000000 + p->drift_ppm)) + 1000;
}

bool process_is_stopped(const process *p) { return the_world.now_ns < p->stopped_until_ns; }

void process_thread(process *p, void *(*main)(void *self), void *self)
{
    fiber_new(p, main, self)->detached = true;
}

/* ---- stacks: the address sanitizer is told of each change ---- */

/* The stack of the thread itself. */
static struct {
    const void *bottom;
    size_t bytes;
    void *shadow;
} home;

static void stack_leaves(void **shadow, const void *bottom, size_t bytes)
{
#ifdef __SANITIZE_ADDRESS__
    __sanitizer_start_switch_fiber(shadow, bottom, bytes);
#else
    (void)shadow, (void)bottom, (void)bytes;
#endif
}

/* from_home: the stack that was left is the thread's. */
static void stack_enters(void *shadow, bool from_home)
{
#ifdef __SANITIZE_ADDRESS__
    const void *bottom;
    size_t bytes;
    __sanitizer_finish_switch_fiber(shadow, &bottom, &bytes);
    if (!from_home) return;
    home.bottom = bottom;
    home.bytes = bytes;
#else
    (void)shadow, (void)from_home;
#endif
}

static void leave(void)
{
    fiber *f = the_world.running;
    stack_leaves(f->state == FIBER_OVER ? NULL : &f->shadow, home.bottom, home.bytes);
    swapcontext(&f->context, &the_world.home);
    stack_enters(f->shadow, true);
}

static void enter(fiber *f)
{
    stack_leaves(&home.shadow, f->stack, STACK_BYTES);
    swapcontext(&the_world.home, &f->context);
    stack_enters(home.shadow, false);
}

static void give_stack(uint8_t *stack)
{
    world *w = &the_world;
#ifdef __SANITIZE_ADDRESS__
    ASAN_UNPOISON_MEMORY_REGION(stack, STACK_BYTES); /* who crashed has left its frames */
#endif
    if (w->stack_count == w->stack_capacity) {
        w->stack_capacity = w->stack_capacity == 0 ? 64 : 2 * w->stack_capacity;
        w->stacks = grow(w->stacks, (size_t)w->stack_capacity * sizeof(uint8_t *));
    }
    w->stacks[w->stack_count++] = stack;
}

static void take_out(fiber *f)
{
    world *w = &the_world;
    fiber *last = w->fibers[--w->fiber_count];
    w->fibers[f->place] = last;
    last->place = f->place;
    f->of->fibers--;
}

void process_crash(process *p)
{
    world *w = &the_world;
    const bool own = process_now() == p;
    if (!p->alive) return;
    p->alive = false;
    for (int32_t i = w->fiber_count; i-- > 0;)
        if (w->fibers[i]->of == p) {
            fiber *f = w->fibers[i];
            f->state = FIBER_OVER;
            take_out(f);
        }
    fiber *dead = w->running;
    w->running = NULL; /* what follows is the world's, and gives way to nobody */
    if (w->crashed != NULL) w->crashed(p);
    w->running = dead;
    if (own) leave();
}

void process_stop(process *p, int64_t for_ns)
{
    p->stopped_until_ns = weft_max_i64(p->stopped_until_ns, the_world.now_ns + for_ns);
    if (process_now() == p) fiber_yield();
}

/* ---- fibers ---- */

static void fiber_main(void)
{
    fiber *f = the_world.running;
    stack_enters(NULL, true);
    f->result = f->main(f->self);
    f->state = FIBER_OVER;
    fiber_wake(f, true);
    leave();
}

static uint8_t *take_stack(void)
{
    world *w = &the_world;
    if (w->stack_count > 0) return w->stacks[--w->stack_count];
    void *stack = mmap(NULL, STACK_BYTES, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
    assert(stack != MAP_FAILED);
    return stack;
}

fiber *fiber_new(process *p, void *(*main)(void *self), void *self)
{
    world *w = &the_world;
    fiber *f = grow(NULL, sizeof(fiber));
    memset(f, 0, sizeof(*f));
    f->of = p;
    f->main = main;
    f->self = self;
    f->wake_ns = INT64_MAX;
    f->stack = take_stack();
    getcontext(&f->context);
    f->context.uc_stack = (stack_t){.ss_sp = f->stack, .ss_size = STACK_BYTES};
    f->context.uc_link = NULL;
    makecontext(&f->context, fiber_main, 0);
    if (w->fiber_count == w->fiber_capacity) {
        w->fiber_capacity = w->fiber_capacity == 0 ? 64 : 2 * w->fiber_capacity;
        w->fibers = grow(w->fibers, (size_t)w->fiber_capacity * sizeof(fiber *));
    }
    f->place = w->fiber_count;
    w->fibers[w->fiber_count++] = f;
    p->fibers++;
    return f;
}

void fiber_yield(void)
{
    the_world.running->state = FIBER_READY;
    leave();
}

void fiber_sleep(int64_t own_ns)
{
    fiber *f = the_world.running;
    (void)fiber_wait(NULL, process_clock_ns(f->of) + own_ns);
}

bool fiber_wait(const void *waits_for, int64_t until_own_ns)
{
    fiber *f = the_world.running;
    f->state = FIBER_WAITS;
    f->waits_for = waits_for;
    f->wake_ns = process_world_ns(f->of, until_own_ns);
    f->timed_out = false;
    leave();
    f->wake_ns = INT64_MAX;
    f->waits_for = NULL;
    return !f->timed_out;
}

void fiber_wake(const void *waits_for, bool all)
{
    world *w = &the_world;
    int32_t waiting = 0;
    fiber *chosen = NULL;
    for (int32_t i = 0; i < w->fiber_count; i++) {
        fiber *f = w->fibers[i];
        if (f->state != FIBER_WAITS || f->waits_for != waits_for) continue;
        if (all)
            f->state = FIBER_READY;
        else if (dice_next(&w->random) % (uint64_t)++waiting == 0)
            chosen = f;
    }
    if (chosen != NULL) chosen->state = FIBER_READY;
}

void *fiber_join(fiber *f)
{
    while (f->state != FIBER_OVER) (void)fiber_wait(f, INT64_MAX);
    void *result = f->result;
    weft_mem_free(f);
    return result;
}

/* ---- the loop ---- */

static bool can_run(const fiber *f) { return !process_is_stopped(f->of); }

/* One that can go on, by chance; NULL: none. *next_ns: when the first one can that waits for the time. */
static fiber *choose(int64_t *next_ns)
{
    world *w = &the_world;
    fiber *chosen = NULL;
    uint64_t ready = 0;
    *next_ns = INT64_MAX;
    for (int32_t i = 0; i < w->fiber_count; i++) {
        fiber *f = w->fibers[i];
        if (f->state == FIBER_WAITS && f->wake_ns <= w->now_ns && can_run(f)) {
            f->state = FIBER_READY;
            f->timed_out = true;
        }
        if (f->state == FIBER_READY && can_run(f)) {
            if (++ready == 1 || dice_next(&w->random) % ready == 0) chosen = f;
        } else {
            const int64_t at_ns = f->state == FIBER_READY ? 0 : f->wake_ns;
            *next_ns = weft_min_i64(*next_ns, weft_max_i64(at_ns, f->of->stopped_until_ns));
        }
    }
    return chosen;
}

static void turn(fiber *f)
{
    world *w = &the_world;
    w->turns++;
    f->of->turns++;
    w->now_ns += (int64_t)(dice_next(&w->random) % TURN_NS_MOST);
    w->running = f;
    w->locks = 0;
    enter(f);
    w->running = NULL;
    if (f->state != FIBER_OVER) return;
    give_stack(f->stack);
    f->stack = NULL;
    if (f->of->alive) take_out(f); /* else the crash has done so */
    if (f->detached) weft_mem_free(f);
}

static bool take_event(int64_t most_ns)
{
    world *w = &the_world;
    event e;
    if (w->events.count == 0 || ((const event *)(const void *)w->events.items)->due.at > most_ns)
        return false;
    agenda_take(&w->events, &e);
    w->now_ns = weft_max_i64(w->now_ns, e.due.at);
    e.call(e.of, e.number);
    return true;
}

void sim_run(bool (*done)(void *of), void *of)
{
    world *w = &the_world;
    while (w->wrong == NULL && !done(of)) {
        int64_t next_ns = INT64_MAX;
        if (take_event(w->now_ns)) continue;
        fiber *f = choose(&next_ns);
        if (f != NULL) {
            turn(f);
            continue;
        }
        if (take_event(next_ns)) continue;
        if (next_ns == INT64_MAX) {
            sim_wrong("nothing can happen any more");
            return;
        }
        w->now_ns = weft_max_i64(w->now_ns, next_ns);
    }
}
