/* coordinator/core.c - see core.h: workers come, are compared, fall silent, die. Jobs are in core_job.c. */
#include <string.h>

#include "coordinator/core_state.h"

/* ---- a port without a far end ---- */

static void mute_flush(weft_ctx *ctx, void *self) { (void)ctx, (void)self; }
static void mute_welcome(void *self, uint64_t peer, const weft_link_head *head, int32_t worker)
{
    (void)self, (void)peer, (void)head, (void)worker;
}
static void mute_refuse(void *self, uint64_t peer, const char *text) { (void)self, (void)peer, (void)text; }
static void mute_beat(void *self, uint64_t peer, const weft_link_head *head)
{
    (void)self, (void)peer, (void)head;
}
static void mute_close(void *self, uint64_t peer) { (void)self, (void)peer; }
static void mute_changed(void *self, int32_t worker, weft_core_change change)
{
    (void)self, (void)worker, (void)change;
}

const weft_core_port weft_core_port_mute = {.flush = mute_flush,
                                            .welcome = mute_welcome,
                                            .refuse = mute_refuse,
                                            .beat = mute_beat,
                                            .close = mute_close,
                                            .changed = mute_changed};

/* ---- life ---- */

weft_status weft_core_new(weft_ctx *ctx, const weft_core_options *options, const weft_core_port *port,
                          weft_core **out)
{
    weft_status st = WEFT_OK;
    weft_core *core = NULL;
    *out = NULL;
    WEFT_TRY(st, weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, sizeof(*core), (void **)&core));
    core->account = ctx->memory;
    core->options = *options;
    core->port = *port;
    core->due_ns = INT64_MAX;
    core->arena = weft_arena_new(ctx->memory);
    if (core->arena == NULL) WEFT_TRY(st, weft_fail(ctx, WEFT_NOMEM, "no memory for a coordinator"));
    WEFT_TRY(st,
             weft_members_new(ctx, &options->members, (uint64_t)options->epoch << 32 | 1, &core->members));
    WEFT_TRY(st, weft_scheduler_new(ctx, &options->scheduler, &core->scheduler));
    *out = core;
    core = NULL;
done:
    weft_core_free(&core);
    return st;
}

void weft_core_free(weft_core **core_p)
{
    weft_core *core = *core_p;
    *core_p = NULL;
    if (core == NULL) return;
    for (int32_t i = 0; i < core->worker_count; i++) weft_mem_free(core->workers[i].hello);
    for (int32_t i = 0; i < WEFT_CORE_DEAD_MOST; i++) weft_mem_free(core->dead[i].hello);
    weft_mem_free(core->workers);
    weft_mem_free(core->expected);
    weft_scheduler_free(&core->scheduler);
    weft_members_free(&core->members);
    weft_arena_free(&core->arena);
    weft_mem_free(core);
}

core_worker *core_find_worker(const weft_core *core, int32_t number)
{
    for (int32_t i = 0; i < core->worker_count; i++)
        if (core->workers[i].number == number) return &core->workers[i];
    return NULL;
}

/* ---- what members say ---- */

void core_tell(weft_ctx *ctx, weft_core *core, weft_event_kind kind, int32_t worker)
{
    const weft_event event = {.kind = kind, .worker = worker};
    const weft_status st = core_step(ctx, core, &event);
    assert(st == WEFT_OK); /* these events need no memory */
    (void)st;
}

/* People want to know for a while what became of it. */
static void remember_dead(weft_ctx *ctx, weft_core *core, const core_worker *w)
{
    core_worker *place = &core->dead[core->dead_next];
    weft_mem_free(place->hello);
    *place = *w;
    place->end_ns = weft_now_ns(ctx);
    core->dead_next = (core->dead_next + 1) % WEFT_CORE_DEAD_MOST;
    core->dead_count = weft_min_i32(core->dead_count + 1, WEFT_CORE_DEAD_MOST);
}

static void on_dead(weft_ctx *ctx, weft_core *core, int32_t number)
{
    core_worker *w = core_find_worker(core, number);
    if (w != NULL) {
        core_has_told(core, w->hello->uuid);
        remember_dead(ctx, core, w);
        *w = core->workers[--core->worker_count];
    }
    core->port.changed(core->port.self, number, WEFT_CORE_DEAD);
    core_remove_told(core, number);
    core_tell(ctx, core, WEFT_EVENT_WORKER_LOST, number);
}

static void on_silent(weft_ctx *ctx, weft_core *core, int32_t number)
{
    core_worker *w = core_find_worker(core, number);
    if (w != NULL) w->silent = true;
    core->port.changed(core->port.self, number, WEFT_CORE_SILENT);
    core_tell(ctx, core, WEFT_EVENT_SILENT, number);
}

/* All but registrations: those bring more than members know of. */
static void carry_out(weft_ctx *ctx, weft_core *core, const weft_member_actions *actions, bool *next,
                      int32_t *worker)
{
    for (int32_t i = 0; i < actions->count; i++) {
        const weft_member_action *a = &actions->items[i];
        switch (a->kind) {
        case WEFT_MEMBER_HANDLE:
            *next = true;
            *worker = a->number;
            break;
        case WEFT_MEMBER_BEATS: core->port.beat(core->port.self, a->peer, &a->head); break;
        case WEFT_MEMBER_CLOSE: core->port.close(core->port.self, a->peer); break;
        case WEFT_MEMBER_SILENT: on_silent(ctx, core, a->number); break;
        case WEFT_MEMBER_DEAD: on_dead(ctx, core, a->number); break;
        case WEFT_MEMBER_WELCOME:
        case WEFT_MEMBER_PRESENT: break;
        }
    }
}

static bool step_members(weft_ctx *ctx, weft_core *core, const weft_member_event *event, int32_t *worker)
{
    weft_member_actions actions = {0};
    bool next = false;
    int32_t number = -1;
    const weft_status st = weft_members_step(ctx, core->members, event, weft_now_ns(ctx), &actions);
    assert(st == WEFT_OK); /* it needs memory for those that register only */
    (void)st;
    carry_out(ctx, core, &actions, &next, &number);
    core_worker *w = event->peer == 0 ? NULL
                                      : core_find_worker(core, weft_members_find(core->members, event->peer));
    if (w != NULL) w->heard_ns = weft_now_ns(ctx);
    if (worker != NULL) *worker = number;
    return next;
}

/* ---- registration ---- */

/* Attempts that were launched there, and that it does not have. */
static weft_status fail_unknown(weft_ctx *ctx, weft_core *core, int32_t worker,
                                const weft_worker_hello *hello)
{
    weft_status st = WEFT_OK;
    weft_block_name *running = NULL;
    int32_t count = 0;
    WEFT_TRY(st, weft_scheduler_running(ctx, core->scheduler, worker, &running, &count));
    for (int32_t i = 0; i < count; i++) {
        if (weft_block_name_is_in(&running[i], hello->running, hello->running_count)) continue;
        const weft_event event = {.kind = WEFT_EVENT_FAILED,
                                  .worker = worker,
                                  .job = running[i].job,
                                  .stage = running[i].stage,
                                  .generation = running[i].generation,
                                  .partition = running[i].partition,
                                  .attempt = running[i].attempt,
                                  .status = WEFT_UNREACHABLE,
                                  .unreachable = true};
        WEFT_TRY(st, core_step(ctx, core, &event));
        core_uncount_attempt(core, &running[i]);
    }
done:
    return st;
}

static void order_name(weft_ctx *ctx, weft_core *core, int32_t worker, weft_to_worker_kind kind,
                       const weft_block_name *name)
{
    const weft_to_worker order = {.kind = kind,
                                  .epoch = core->options.epoch,
                                  .job = name->job,
                                  .stage = name->stage,
                                  .generation = name->generation,
                                  .partition = name->partition,
                                  .attempt = name->attempt};
    (void)core_order(ctx, core, worker, &order);
}

/* Of one that is new to this leader only those are judged that count at once: it sends the reports of all of
 * them again, and until they are here nobody knows which will be looked for. What it were told to drop now
 * could count by its report, which is on its way. */
static weft_status compare_blocks(weft_ctx *ctx, weft_core *core, int32_t worker,
                                  const weft_worker_hello *hello)
{
    weft_status st = WEFT_OK;
    const bool tells_again = hello->epoch != core->options.epoch;
    for (int32_t i = 0; i < hello->block_count; i++) {
        const weft_block_name *name = &hello->blocks[i];
        const weft_event back = {.kind = WEFT_EVENT_BLOCK_BACK,
                                 .worker = worker,
                                 .job = name->job,
                                 .stage = name->stage,
                                 .generation = name->generation,
                                 .partition = name->partition,
                                 .attempt = name->attempt};
        WEFT_TRY(st, core_step(ctx, core, &back));
        if (!tells_again && !weft_scheduler_wants(core->scheduler, worker, name))
            order_name(ctx, core, worker, WEFT_TO_WORKER_DROP, name);
    }
done:
    return st;
}

/* What the worker holds against what it should. */
static weft_status compare(weft_ctx *ctx, weft_core *core, int32_t worker, const weft_worker_hello *hello)
{
    weft_status st = WEFT_OK;
    for (int32_t i = 0; i < hello->job_count; i++) {
        const weft_to_worker end = {
            .kind = WEFT_TO_WORKER_END, .epoch = core->options.epoch, .job = hello->jobs[i]};
        weft_core_job *job = core_find_job(core, hello->jobs[i]);
        if (job == NULL)
            (void)core_order(ctx, core, worker, &end);
        else /* also one that is back under another number */
            WEFT_TRY(st, core_hold(ctx, core, job, worker));
    }
    core_end_again(ctx, core, worker);
    if (hello->epoch != core->options.epoch) WEFT_TRY(st, core_take_over(ctx, core, worker, hello));
    for (int32_t i = 0; i < hello->running_count; i++)
        if (!weft_scheduler_wants(core->scheduler, worker, &hello->running[i]))
            order_name(ctx, core, worker, WEFT_TO_WORKER_CANCEL, &hello->running[i]);
    WEFT_TRY(st, compare_blocks(ctx, core, worker, hello));
    WEFT_TRY(st, fail_unknown(ctx, core, worker, hello));
done:
    core->port.flush(ctx, core->port.self);
    return st;
}

/* Only what others need to know of its hello is kept. */
static void keep_hello(core_worker *w, const weft_worker_hello *hello)
{
    *w->hello = *hello;
    w->hello->running = w->hello->blocks = NULL;
    w->hello->jobs = NULL;
    w->hello->running_count = w->hello->block_count = w->hello->job_count = 0;
}

/* One that is listed has room for what it says of itself. */
static weft_status add_worker(weft_ctx *ctx, weft_core *core, int32_t number, core_worker **out)
{
    weft_status st = WEFT_OK;
    weft_worker_hello *room = NULL;
    *out = core_find_worker(core, number);
    if (*out != NULL) return WEFT_OK;
    WEFT_TRY(st, weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, sizeof(*room), (void **)&room));
    if (core->worker_count == core->worker_capacity) {
        const int32_t capacity = weft_max_i32(8, core->worker_capacity * 2);
        WEFT_TRY(st, weft_mem_resize(ctx, WEFT_MEM_WORKING, (size_t)capacity * sizeof(core_worker),
                                     (void **)&core->workers));
        core->worker_capacity = capacity;
    }
    *out = &core->workers[core->worker_count++];
    **out = (core_worker){.number = number, .since_ns = weft_now_ns(ctx), .hello = room};
    room = NULL;
done:
    weft_mem_free(room);
    return st;
}

/* The number of its host: that of another worker there, or the next. */
static int32_t host_of(weft_core *core, const core_worker *w)
{
    if (w->host != 0) return w->host;
    for (int32_t i = 0; i < core->worker_count; i++) {
        const core_worker *other = &core->workers[i];
        if (other->host != 0 && w->hello->host_id[0] != 0 &&
            strcmp(other->hello->host_id, w->hello->host_id) == 0)
            return other->host;
    }
    return ++core->host_count;
}

static weft_status welcome(weft_ctx *ctx, weft_core *core, const weft_member_action *a,
                           const weft_worker_hello *hello)
{
    weft_status st = WEFT_OK;
    core_worker *w = NULL;
    WEFT_TRY(st, add_worker(ctx, core, a->number, &w));
    keep_hello(w, hello);
    w->slots = a->slots;
    w->host = host_of(core, w);
    w->silent = false;
    w->end = WEFT_CORE_UNHEARD;
    w->heard_ns = weft_now_ns(ctx);
    core_forget_told(core, a->number);
    core->port.welcome(core->port.self, a->peer, &a->head, a->number);
    core->port.changed(core->port.self, a->number, WEFT_CORE_PRESENT);
    /* the scheduler must know it before it hears of its blocks, but launch there only afterwards */
    weft_event event = {.kind = WEFT_EVENT_WORKER, .worker = a->number, .host = w->host};
    if (!weft_scheduler_has_worker(core->scheduler, a->number)) WEFT_TRY(st, core_step(ctx, core, &event));
    WEFT_TRY(st, compare(ctx, core, a->number, hello));
    event.slots = a->slots;
    WEFT_TRY(st, core_step(ctx, core, &event));
done:
    return st;
}

void weft_core_registers(weft_ctx *ctx, weft_core *core, uint64_t peer, const weft_worker_hello *hello)
{
    weft_status st = WEFT_OK;
    weft_member_actions actions = {0};
    weft_member_action greeting = {0};
    const char *cluster = core->options.cluster;
    weft_account *const callers = ctx->memory;
    bool greets = false, next = false;
    int32_t worker = -1;
    if (cluster != NULL && hello->cluster[0] != 0 && strcmp(cluster, hello->cluster) != 0) {
        core->port.refuse(core->port.self, peer, "this coordinator is of another cluster: see --cluster");
        return;
    }
    core->highest_epoch = weft_max_i64(core->highest_epoch, hello->epoch);
    if (hello->epoch > core->options.epoch) { /* it would not listen */
        core->port.close(core->port.self, peer);
        return;
    }
    const weft_member_event event = {.kind = WEFT_MEMBER_REGISTERS,
                                     .peer = peer,
                                     .uuid = hello->uuid,
                                     .registration = hello->registration,
                                     .slots = hello->slots};
    ctx->memory = core->account;
    WEFT_TRY(st, weft_members_step(ctx, core->members, &event, weft_now_ns(ctx), &actions));
    for (int32_t i = 0; i < actions.count; i++)
        if (actions.items[i].kind == WEFT_MEMBER_WELCOME) {
            greeting = actions.items[i];
            greets = true;
        }
    carry_out(ctx, core, &actions, &next, &worker);
    if (greets) WEFT_TRY(st, welcome(ctx, core, &greeting, hello));
done:
    ctx->memory = callers;
    if (st == WEFT_OK) return;
    weft_error_clear(ctx);
    core->port.close(core->port.self, peer);
    weft_core_gone(ctx, core, peer);
}

/* ---- messages ---- */

bool weft_core_message(weft_ctx *ctx, weft_core *core, uint64_t peer, const weft_link_head *head,
                       int32_t *worker)
{
    const weft_member_event event = {.kind = WEFT_MEMBER_MESSAGE, .peer = peer, .head = *head};
    return step_members(ctx, core, &event, worker);
}

void weft_core_beat(weft_ctx *ctx, weft_core *core, uint64_t peer, const weft_link_head *head)
{
    const weft_member_event event = {.kind = WEFT_MEMBER_BEAT, .peer = peer, .head = *head};
    (void)step_members(ctx, core, &event, NULL);
}

/* The worker of a connection may be dead soon: this will have been why. */
static void note_end(const weft_core *core, uint64_t peer, weft_core_end end)
{
    core_worker *w = core_find_worker(core, weft_members_find(core->members, peer));
    if (w != NULL) w->end = end;
}

void weft_core_leaves(weft_ctx *ctx, weft_core *core, uint64_t peer)
{
    note_end(core, peer, WEFT_CORE_LEFT);
    const weft_member_event event = {.kind = WEFT_MEMBER_LEAVES, .peer = peer};
    (void)step_members(ctx, core, &event, NULL);
}

void weft_core_gone(weft_ctx *ctx, weft_core *core, uint64_t peer)
{
    note_end(core, peer, WEFT_CORE_BROKEN);
    const weft_member_event event = {.kind = WEFT_MEMBER_GONE, .peer = peer};
    (void)step_members(ctx, core, &event, NULL);
}

void weft_core_tick(weft_ctx *ctx, weft_core *core)
{
    const weft_member_event event = {.kind = WEFT_MEMBER_TICK};
    (void)step_members(ctx, core, &event, NULL);
    core_recover_tick(ctx, core);
    core_tell(ctx, core, WEFT_EVENT_TICK, -1);
}

bool weft_core_head(weft_ctx *ctx, weft_core *core, int32_t worker, uint64_t *peer, weft_link_head *head)
{
    return weft_members_send(core->members, worker, weft_now_ns(ctx), peer, head);
}

uint64_t weft_core_acked(const weft_core *core, int32_t worker)
{
    return weft_members_acked(core->members, worker);
}

uint64_t weft_core_peer(const weft_core *core, int32_t worker)
{
    return weft_members_peer(core->members, worker);
}

weft_status core_order(weft_ctx *ctx, weft_core *core, int32_t worker, const weft_to_worker *order)
{
    const core_worker *w = core_find_worker(core, worker);
    if (w == NULL || w->silent) return WEFT_OK; /* it will be compared when it is back */
    const weft_error kept = ctx->error;
    const weft_status st = core->port.order(ctx, core->port.self, worker, order);
    if (st == WEFT_OK || !core->options.by_value) return st;
    ctx->error = kept; /* its session is at its end: it will be compared */
    return WEFT_OK;
}

/* ---- what people see ---- */

int32_t weft_core_worker_count(const weft_core *core) { return core->worker_count; }
const weft_scheduler *weft_core_scheduler(const weft_core *core) { return core->scheduler; }
weft_core_job *weft_core_first_job(const weft_core *core) { return core->first_job; }

static void show_worker(const core_worker *w, weft_core_worker *out)
{
    *out = (weft_core_worker){.number = w->number,
                              .slots = w->slots,
                              .silent = w->silent,
                              .end = w->end,
                              .end_ns = w->end_ns,
                              .since_ns = w->since_ns,
                              .heard_ns = w->heard_ns,
                              .uuid = w->hello->uuid,
                              .memory_bytes = w->hello->memory_bytes,
                              .address = w->hello->address,
                              .host_id = w->hello->host_id,
                              .version = w->hello->version,
                              .web = w->hello->web};
}

void weft_core_get_worker(const weft_core *core, int32_t index, weft_core_worker *out)
{
    show_worker(&core->workers[index], out);
}

int32_t weft_core_dead_count(const weft_core *core) { return core->dead_count; }

void weft_core_get_dead(const weft_core *core, int32_t index, weft_core_worker *out)
{
    const int32_t at = (core->dead_next + WEFT_CORE_DEAD_MOST - 1 - index) % WEFT_CORE_DEAD_MOST;
    assert(index >= 0 && index < core->dead_count);
    show_worker(&core->dead[at], out);
}

weft_core_room weft_core_measure(const weft_core *core)
{
    weft_core_room room = {.memory_bytes = INT64_MAX};
    for (int32_t i = 0; i < core->worker_count; i++) {
        const core_worker *w = &core->workers[i];
        if (w->silent) continue;
        room.workers++;
        room.slots += w->slots;
        room.memory_bytes = weft_min_i64(room.memory_bytes, w->hello->memory_bytes);
    }
    return room;
}
