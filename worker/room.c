/* worker/room.c - how many tasks run at once, and with how much memory.
 *
 * A task needs a minimum: memory to decode and compute, and a floor that it may retain, so that every
 * operator can go on by spilling. As many slots work as the pool has minimums for; the others wait before
 * they begin, when they hold nothing. Nobody at work waits for one that is not, so this cannot lock up.
 *
 * The minimum is an estimate. A task that was refused memory although others were at work runs once more,
 * alone: it fails only when all the memory of the process is too little for it. */
#include "common/limits.h"
#include "worker/worker_private.h"

enum {
    ROOM_FLOORS = 32 << 20,    /* half of the headroom: memory that operators of all slots can count on */
    ROOM_FLOOR_MOST = 4 << 20, /* enough for any of them to go on by spilling */
    ROOM_WORKING = 10 << 20    /* what a task takes to decode and compute, at the most of TPC-H */
};

void weft_room_init(weft_worker *w)
{
    const int64_t limit = weft_pool_limit_bytes(w->options.pool);
    const int32_t slots = w->options.slots;
    const int64_t all = weft_min_i64(limit, INT64_MAX - WEFT_MEM_HEADROOM_BYTES) + WEFT_MEM_HEADROOM_BYTES;
    const int64_t most = (all - ROOM_FLOORS) / ROOM_WORKING;
    w->room.most = (int32_t)weft_max_i64(1, weft_min_i64(most, slots));
    const int64_t working = (int64_t)w->room.most * ROOM_WORKING + ROOM_FLOORS;
    weft_pool_set_reserve(w->options.pool, working - WEFT_MEM_HEADROOM_BYTES);
}

int64_t weft_room_slot_floor(const weft_worker *w)
{
    return weft_min_i64(ROOM_FLOOR_MOST, ROOM_FLOORS / w->room.most);
}

/* Lock held. */
static bool room_for(const worker_room *room, bool alone)
{
    if (alone) return room->running == 0;
    return room->alone == 0 && room->running < room->most;
}

int64_t weft_room_enter(weft_worker *w, const atomic_bool *cancelled, bool alone)
{
    worker_room *room = &w->room;
    pthread_mutex_lock(&w->lock);
    room->alone += alone;
    while ((w->paused || !room_for(room, alone)) && !atomic_load(cancelled))
        pthread_cond_wait(&w->changed, &w->lock);
    room->alone -= alone;
    room->entries++;
    const int64_t entry = room->running > 0 ? -1 : room->entries; /* -1: in company already */
    room->running++;
    pthread_mutex_unlock(&w->lock);
    return entry;
}

bool weft_room_leave(weft_worker *w, int64_t entry)
{
    pthread_mutex_lock(&w->lock);
    const bool company = entry != w->room.entries;
    w->room.running--;
    pthread_cond_broadcast(&w->changed);
    pthread_mutex_unlock(&w->lock);
    return company;
}
