/* coordinator/members.c - see members.h. Some hundred workers: a list, walked whole. */
#include "coordinator/members.h"

#include <string.h>

typedef enum member_state { MEMBER_PRESENT, MEMBER_SILENT } member_state;

typedef struct member {
    weft_uuid uuid;
    uint64_t registration; /* the last one */
    int32_t number, slots;
    member_state state;
    uint64_t peer; /* 0: no connection */
    int64_t silent_ns;
    weft_link link;
} member;

struct weft_members {
    weft_account *account;
    weft_members_options options;
    uint64_t next_session;
    int32_t next_number;
    int64_t ticked_ns; /* INT64_MIN: never */
    member *list;
    int32_t count, capacity;
    weft_member_action *actions; /* [2 * capacity + 4] */
    int32_t action_count, action_capacity;
};

weft_status weft_members_new(weft_ctx *ctx, const weft_members_options *options, uint64_t first_session,
                             weft_members **out)
{
    const weft_status st = weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, sizeof(**out), (void **)out);
    if (st != WEFT_OK) return st;
    (*out)->account = ctx->memory;
    (*out)->options = *options;
    (*out)->next_session = first_session;
    (*out)->ticked_ns = INT64_MIN;
    return WEFT_OK;
}

void weft_members_free(weft_members **members)
{
    weft_members *m = *members;
    *members = NULL;
    if (m == NULL) return;
    weft_mem_free(m->list);
    weft_mem_free(m->actions);
    weft_mem_free(m);
}

/* Room for one more worker, and for what any step can say of all that there are then. */
static weft_status reserve(weft_ctx *ctx, weft_members *m)
{
    weft_status st = WEFT_OK;
    if (m->count == m->capacity) {
        const int32_t capacity = m->capacity == 0 ? 16 : m->capacity * 2;
        WEFT_TRY(
            st, weft_mem_resize(ctx, WEFT_MEM_WORKING, (size_t)capacity * sizeof(member), (void **)&m->list));
        m->capacity = capacity;
    }
    if (m->action_capacity < 2 * m->capacity + 4) {
        const int32_t capacity = 2 * m->capacity + 4;
        WEFT_TRY(st, weft_mem_resize(ctx, WEFT_MEM_WORKING, (size_t)capacity * sizeof(weft_member_action),
                                     (void **)&m->actions));
        m->action_capacity = capacity;
    }
done:
    return st;
}

static weft_member_action *add_action(weft_members *m, weft_member_action_kind kind, const member *w)
{
    assert(m->action_count < m->action_capacity);
    weft_member_action *a = &m->actions[m->action_count++];
    *a = (weft_member_action){.kind = kind, .peer = w->peer, .number = w->number, .slots = w->slots};
    return a;
}

static member *find_uuid(weft_members *m, weft_uuid uuid)
{
    for (int32_t i = 0; i < m->count; i++)
        if (weft_uuid_equal(m->list[i].uuid, uuid)) return &m->list[i];
    return NULL;
}

static member *find_peer(const weft_members *m, uint64_t peer)
{
    for (int32_t i = 0; i < m->count; i++)
        if (m->list[i].peer == peer && peer != 0) return &m->list[i];
    return NULL;
}

/* Nothing is launched on it until it has registered again. */
static void fall_silent(weft_members *m, member *w, bool close, int64_t now)
{
    if (close && w->peer != 0) add_action(m, WEFT_MEMBER_CLOSE, w);
    w->peer = 0;
    if (w->state == MEMBER_SILENT) return;
    w->state = MEMBER_SILENT;
    w->silent_ns = now;
    add_action(m, WEFT_MEMBER_SILENT, w);
}

static void die(weft_members *m, member *w)
{
    add_action(m, WEFT_MEMBER_DEAD, w);
    *w = m->list[--m->count];
}

static void on_registers(weft_members *m, const weft_member_event *e, int64_t now)
{
    member *w = find_uuid(m, e->uuid);
    /* This one came late, or twice, and what it tells is of the past. */
    if (w != NULL && e->registration <= w->registration) return;
    if (w == NULL) {
        w = &m->list[m->count++];
        *w = (member){.uuid = e->uuid, .number = m->next_number++};
    } else if (w->peer != 0 && w->peer != e->peer)
        add_action(m, WEFT_MEMBER_CLOSE, w); /* its old connection */
    member *before = find_peer(m, e->peer);
    if (before != NULL && before != w) fall_silent(m, before, false, now); /* it has another worker now */
    w->peer = e->peer;
    w->registration = e->registration;
    w->slots = e->slots;
    w->state = MEMBER_PRESENT;
    weft_link_open(&w->link, m->next_session++, now);
    add_action(m, WEFT_MEMBER_PRESENT, w);
    add_action(m, WEFT_MEMBER_WELCOME, w)->head.session = w->link.session;
}

static void on_message(weft_members *m, const weft_member_event *e, int64_t now)
{
    member *w = find_peer(m, e->peer);
    if (w == NULL) return;
    switch (weft_link_receive(&w->link, &e->head, e->kind == WEFT_MEMBER_BEAT, now)) {
    case WEFT_LINK_NEXT:
        if (e->kind == WEFT_MEMBER_MESSAGE) add_action(m, WEFT_MEMBER_HANDLE, w);
        break;
    case WEFT_LINK_GAP: fall_silent(m, w, true, now); break;
    case WEFT_LINK_TWICE:
    case WEFT_LINK_OTHER: break;
    }
}

static void on_tick(weft_members *m, int64_t now)
{
    /* Time in which no tick came does not count against anybody. */
    const int64_t late = m->ticked_ns == INT64_MIN ? 0 : now - m->ticked_ns - m->options.tick_ns;
    m->ticked_ns = now;
    for (int32_t i = m->count - 1; i >= 0; i--) {
        member *w = &m->list[i];
        if (late > 0) {
            w->link.heard_ns += late;
            w->silent_ns += late;
        }
        if (w->state == MEMBER_PRESENT && now - w->link.heard_ns >= m->options.silent_ns)
            fall_silent(m, w, true, now);
        if (w->state == MEMBER_SILENT && now - w->silent_ns >= m->options.lost_ns) {
            die(m, w);
            continue;
        }
        if (w->state == MEMBER_PRESENT && now - w->link.spoke_ns >= m->options.beat_ns)
            add_action(m, WEFT_MEMBER_BEATS, w)->head = weft_link_beat(&w->link, now);
    }
}

weft_status weft_members_step(weft_ctx *ctx, weft_members *m, const weft_member_event *e, int64_t now,
                              weft_member_actions *actions)
{
    weft_status st = WEFT_OK;
    member *w = NULL;
    weft_account *const callers = ctx->memory;
    ctx->memory = m->account;
    m->action_count = 0;
    if (e->kind == WEFT_MEMBER_REGISTERS) WEFT_TRY(st, reserve(ctx, m));
    switch (e->kind) {
    case WEFT_MEMBER_REGISTERS: on_registers(m, e, now); break;
    case WEFT_MEMBER_MESSAGE:
    case WEFT_MEMBER_BEAT: on_message(m, e, now); break;
    case WEFT_MEMBER_LEAVES:
        w = find_peer(m, e->peer);
        if (w == NULL) break;
        fall_silent(m, w, true, now);
        die(m, w);
        break;
    case WEFT_MEMBER_GONE:
        w = find_peer(m, e->peer);
        if (w != NULL) fall_silent(m, w, false, now);
        break;
    case WEFT_MEMBER_TICK: on_tick(m, now); break;
    }
done:
    actions->items = m->actions;
    actions->count = m->action_count;
    ctx->memory = callers;
    return st;
}

bool weft_members_send(weft_members *m, int32_t number, int64_t now, uint64_t *peer, weft_link_head *head)
{
    for (int32_t i = 0; i < m->count; i++) {
        member *w = &m->list[i];
        if (w->number != number) continue;
        if (w->state != MEMBER_PRESENT) return false;
        *peer = w->peer;
        *head = weft_link_send(&w->link, now);
        return true;
    }
    return false;
}

uint64_t weft_members_acked(const weft_members *m, int32_t number)
{
    for (int32_t i = 0; i < m->count; i++)
        if (m->list[i].number == number)
            return m->list[i].state == MEMBER_PRESENT ? m->list[i].link.acked : 0;
    return 0;
}

int32_t weft_members_find(const weft_members *m, uint64_t peer)
{
    const member *w = find_peer(m, peer);
    return w == NULL ? -1 : w->number;
}

uint64_t weft_members_peer(const weft_members *m, int32_t number)
{
    for (int32_t i = 0; i < m->count; i++)
        if (m->list[i].number == number) return m->list[i].peer;
    return 0;
}

const char *weft_members_check(const weft_members *m)
{
    for (int32_t i = 0; i < m->count; i++) {
        const member *w = &m->list[i];
        if ((w->state == MEMBER_PRESENT) != (w->peer != 0)) return "a worker is present without a connection";
        if (w->number >= m->next_number || w->link.session >= m->next_session)
            return "a number or session is used before it was given out";
        for (int32_t k = 0; k < i; k++) {
            const member *v = &m->list[k];
            if (v->number == w->number || (v->peer == w->peer && w->peer != 0) ||
                v->link.session == w->link.session)
                return "two workers share a number, a connection or a session";
            if (weft_uuid_equal(v->uuid, w->uuid)) return "a worker is there twice";
        }
    }
    return NULL;
}
