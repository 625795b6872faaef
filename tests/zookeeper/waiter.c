/* tests/zookeeper/waiter.c - see waiter.h. */
#include "tests/zookeeper/waiter.h"

#include <errno.h>
#include <time.h>

void waiter_open(waiter *w)
{
    memset(w, 0, sizeof(*w));
    pthread_mutex_init(&w->lock, NULL);
    pthread_cond_init(&w->changed, NULL);
}

void waiter_close(waiter *w)
{
    pthread_cond_destroy(&w->changed);
    pthread_mutex_destroy(&w->lock);
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void keep_children(waiter *w, const weft_zookeeper_answer *a)
{
    const char *names[32];
    size_t at = 0;
    w->children[0] = 0;
    if (a->child_count > WEFT_COUNT(names)) return;
    for (int32_t i = 0; i < a->child_count; i++) names[i] = a->children[i];
    qsort(names, (size_t)a->child_count, sizeof(*names), compare_names);
    for (int32_t i = 0; i < a->child_count && at < sizeof(w->children); i++)
        at +=
            (size_t)snprintf(w->children + at, sizeof(w->children) - at, "%s%s", i > 0 ? " " : "", names[i]);
}

void waiter_done(void *of, const weft_zookeeper_answer *answer)
{
    waiter *w = of;
    pthread_mutex_lock(&w->lock);
    w->last = *answer;
    snprintf(w->path, sizeof(w->path), "%s", answer->path == NULL ? "" : answer->path);
    w->last.path = w->path;
    if (answer->value != NULL && answer->bytes <= sizeof(w->value))
        memcpy(w->value, answer->value, answer->bytes);
    w->last.value = w->value;
    keep_children(w, answer);
    w->answers++;
    pthread_cond_broadcast(&w->changed);
    pthread_mutex_unlock(&w->lock);
}

void waiter_event(void *of, const weft_zookeeper_event *event)
{
    waiter *w = of;
    pthread_mutex_lock(&w->lock);
    assert_true(w->event_count < WAITER_EVENTS);
    w->events[w->event_count] = *event;
    snprintf(w->event_paths[w->event_count], sizeof(w->event_paths[0]), "%s",
             event->path == NULL ? "" : event->path);
    w->event_count++;
    pthread_cond_broadcast(&w->changed);
    pthread_mutex_unlock(&w->lock);
}

/* One wait for a change; lock held. */
static void wait_once(waiter *w, const char *what)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += WAITER_SECONDS;
    if (pthread_cond_timedwait(&w->changed, &w->lock, &until) == ETIMEDOUT) fail_msg("waited for %s", what);
}

void waiter_answers(waiter *w, int32_t count)
{
    pthread_mutex_lock(&w->lock);
    while (w->answers < count) wait_once(w, "an answer");
    pthread_mutex_unlock(&w->lock);
}

weft_zookeeper_outcome waiter_ask(waiter *w, const weft_fixture *f, weft_status st)
{
    weft_fixture_ok(f, st);
    waiter_answers(w, 1);
    w->answers = 0;
    return w->last.outcome;
}

void waiter_state(waiter *w, const weft_zookeeper *zk, weft_zookeeper_state state)
{
    pthread_mutex_lock(&w->lock);
    while (zk->state(zk->self) != state) wait_once(w, weft_zookeeper_state_name(state));
    pthread_mutex_unlock(&w->lock);
}

void waiter_watch(waiter *w, weft_zookeeper_event_kind kind, const char *path)
{
    pthread_mutex_lock(&w->lock);
    for (int32_t i = 0;; i++) {
        while (i >= w->event_count) wait_once(w, path);
        if (w->events[i].kind == kind && strcmp(w->event_paths[i], path) == 0) break;
    }
    pthread_mutex_unlock(&w->lock);
}

const char *waiter_servers(void)
{
    const char *servers = getenv("WEFT_ZOOKEEPER");
    if (servers == NULL) fail_msg("run it under tests/support/zookeeper.py, which sets WEFT_ZOOKEEPER");
    return servers;
}

void waiter_connect(waiter *w, weft_fixture *f, const char *servers, const char *password, int32_t timeout_ms,
                    weft_zookeeper *zk)
{
    const weft_zookeeper_options options = {.servers = servers,
                                            .timeout_ms = timeout_ms,
                                            .user = "weft",
                                            .password = password,
                                            .on_event = waiter_event,
                                            .of = w};
    weft_fixture_ok(f, weft_zookeeper_open(&f->ctx, &options, zk));
    waiter_state(w, zk, WEFT_ZOOKEEPER_CONNECTED);
}
