/* worker/control.c - see control.h. */
#include "worker/control.h"

#include "common/hash.h"

void weft_control_init(weft_control *c, const weft_control_options *options, uint32_t epoch, int64_t now_ns)
{
    *c = (weft_control){.options = *options,
                        .epoch = epoch,
                        .connect_ns = now_ns,
                        .heard_ns = now_ns,
                        .lonely_ns = now_ns,
                        .ticked_ns = INT64_MIN,
                        .random = options->seed,
                        .paused = true};
}

static void give(weft_control *c, weft_control_action_kind kind, uint64_t report, weft_link_head head,
                 weft_control_act *act, void *self)
{
    const weft_control_action a = {.kind = kind, .peer = c->peer, .report = report, .head = head};
    act(self, &a);
}

static const weft_link_head no_head;

/* Doubling, up to the most, and between half and all of it, so that workers do not come back in step. */
static int64_t backoff(weft_control *c)
{
    int64_t most = c->options.backoff_least_ns;
    for (int32_t i = 0; i < c->tries && most < c->options.backoff_most_ns; i++) most *= 2;
    most = weft_min_i64(most, c->options.backoff_most_ns);
    c->tries++;
    c->random = weft_hash_u64(c->random + 1);
    return most / 2 + (int64_t)(c->random % (uint64_t)(most / 2 + 1));
}

static void part(weft_control *c, bool close, int64_t now, weft_control_act *act, void *self)
{
    if (close && c->peer != 0) give(c, WEFT_CONTROL_CLOSE, 0, no_head, act, self);
    c->state = WEFT_CONTROL_APART;
    c->peer = 0;
    c->link = (weft_link){0};
    c->connect_ns = now + backoff(c);
}

void weft_control_connected(weft_control *c, uint64_t peer, int64_t now)
{
    if (peer == 0) {
        c->connect_ns = now + backoff(c);
        return;
    }
    c->state = WEFT_CONTROL_ASKING;
    c->peer = peer;
    c->connect_ns = now + c->options.welcome_ns;
}

static void on_welcome(weft_control *c, const weft_control_event *e, int64_t now, weft_control_act *act,
                       void *self)
{
    const uint32_t epoch = (uint32_t)(e->head.session >> 32);
    if (e->peer != c->peer || c->state != WEFT_CONTROL_ASKING) return; /* late, or twice */
    if (epoch < c->epoch) {
        part(c, true, now, act, self);
        return;
    }
    const bool again = c->epoch > 0 && epoch > c->epoch;
    c->epoch = epoch;
    c->state = WEFT_CONTROL_MEMBER;
    c->tries = 0;
    c->heard_ns = c->lonely_ns = now;
    c->base = c->acked;
    weft_link_open(&c->link, e->head.session, now);
    if (c->paused) give(c, WEFT_CONTROL_RESUME, 0, no_head, act, self);
    c->paused = false;
    for (uint64_t r = c->acked + 1; r <= c->reports; r++)
        give(c, WEFT_CONTROL_SEND, r, weft_link_send(&c->link, now), act, self);
    if (again) give(c, WEFT_CONTROL_AGAIN, 0, no_head, act, self);
}

/* The lease is out: whoever it was of may be dead to the coordinator. */
static bool expire(weft_control *c, int64_t now, weft_control_act *act, void *self)
{
    if (c->paused || now - c->heard_ns < c->options.lease_ns) return false;
    c->paused = true;
    give(c, WEFT_CONTROL_PAUSE, 0, no_head, act, self);
    return true;
}

static void on_message(weft_control *c, const weft_control_event *e, int64_t now, weft_control_act *act,
                       void *self)
{
    if (e->peer != c->peer || c->state != WEFT_CONTROL_MEMBER) return;
    if (expire(c, now, act, self)) { /* this process was stopped, and the message is as old */
        part(c, true, now, act, self);
        return;
    }
    const weft_link_verdict verdict =
        weft_link_receive(&c->link, &e->head, e->kind == WEFT_CONTROL_BEAT, now);
    if (verdict == WEFT_LINK_OTHER) return;
    if (verdict == WEFT_LINK_GAP) {
        part(c, true, now, act, self);
        return;
    }
    c->heard_ns = c->lonely_ns = now;
    if (c->base + c->link.acked > c->acked) {
        c->acked = c->base + c->link.acked;
        give(c, WEFT_CONTROL_FORGET, c->acked, no_head, act, self);
    }
    if (verdict != WEFT_LINK_NEXT || e->kind == WEFT_CONTROL_BEAT) return;
    give(c, WEFT_CONTROL_HANDLE, 0, no_head, act, self);
    if (e->kind == WEFT_CONTROL_PIECE)
        give(c, WEFT_CONTROL_BEATS, 0, weft_link_beat(&c->link, now), act, self);
}

/* Time in which no tick came does not count against anybody. */
static void pass_over(weft_control *c, int64_t now)
{
    const int64_t late = c->ticked_ns == INT64_MIN ? 0 : now - c->ticked_ns - c->options.tick_ns;
    c->ticked_ns = now;
    if (late <= 0) return;
    c->lonely_ns = weft_min_i64(now, c->lonely_ns + late);
    c->link.heard_ns = weft_min_i64(now, c->link.heard_ns + late);
    if (c->state == WEFT_CONTROL_ASKING) c->connect_ns += late;
}

static void on_tick(weft_control *c, int64_t now, weft_control_act *act, void *self)
{
    pass_over(c, now);
    if (expire(c, now, act, self) && c->state == WEFT_CONTROL_MEMBER) part(c, true, now, act, self);
    if (!c->forsaken && now - c->lonely_ns >= c->options.grace_ns) {
        c->forsaken = true;
        give(c, WEFT_CONTROL_FORSAKEN, 0, no_head, act, self);
        return;
    }
    switch (c->state) {
    case WEFT_CONTROL_APART:
        if (now < c->connect_ns) break;
        c->registrations++;
        give(c, WEFT_CONTROL_CONNECT, 0, no_head, act, self);
        break;
    case WEFT_CONTROL_ASKING:
        if (now >= c->connect_ns) part(c, true, now, act, self);
        break;
    case WEFT_CONTROL_MEMBER:
        if (now - c->link.heard_ns >= c->options.silent_ns)
            part(c, true, now, act, self);
        else if (now - c->link.spoke_ns >= c->options.beat_ns)
            give(c, WEFT_CONTROL_BEATS, 0, weft_link_beat(&c->link, now), act, self);
        break;
    }
}

void weft_control_step(weft_control *c, const weft_control_event *e, int64_t now, weft_control_act *act,
                       void *self)
{
    switch (e->kind) {
    case WEFT_CONTROL_WELCOME: on_welcome(c, e, now, act, self); break;
    case WEFT_CONTROL_ORDER:
    case WEFT_CONTROL_PIECE:
    case WEFT_CONTROL_BEAT: on_message(c, e, now, act, self); break;
    case WEFT_CONTROL_GONE:
        if (e->peer == c->peer && c->peer != 0) part(c, false, now, act, self);
        break;
    case WEFT_CONTROL_REPORT:
        c->reports++;
        if (c->state == WEFT_CONTROL_MEMBER)
            give(c, WEFT_CONTROL_SEND, c->reports, weft_link_send(&c->link, now), act, self);
        break;
    case WEFT_CONTROL_TICK: on_tick(c, now, act, self); break;
    }
}
