/* tests/support/faults/crowd.c - many sessions of one process, which all ask at once.
 *
 *     crowd MASTER KEYS SESSIONS [KEY VALUE …]
 *
 * Opens the sessions, a few at a time, with these settings, and says "opened". For every line that it reads
 * then, each session runs a statement of its own; when all have ended it says how many answers were right,
 * wrong, and none, and the first reason, as a line of JSON. It ends with its input.
 *
 * Each session is a thread over the client library, as in a program that serves many people. */
#include <inttypes.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/include/weft.h"

enum { SESSIONS_MAX = 4096, STACK_BYTES = 1 << 20, OPENED_AT_ONCE = 8, ROWS = 3, GROUPS = 2, WHY = 1024 };

typedef enum outcome { RIGHT, WRONG, NONE, OUTCOMES } outcome;

typedef struct crowd {
    const char *master;
    const char *settings[64];
    int32_t setting_count, session_count;
    sem_t openings;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    int32_t opened, ended, round; /* guarded by lock, as are the next; ended: of this round */
    int32_t counted[OUTCOMES];
    char first[WHY]; /* why the first of them has no right answer */
    bool over;
} crowd;

typedef struct session {
    crowd *of;
    int32_t number;
    pthread_t thread;
} session;

static session sessions[SESSIONS_MAX];

/* ---- a statement ---- */

/* Each group has three rows, and the sum is six and thrice the session's number. */
static bool is_right(const struct ArrowArray *batch, int32_t number, int64_t *groups)
{
    if (batch->n_children != 2) return false;
    const struct ArrowArray *count = batch->children[0], *sum = batch->children[1];
    for (int64_t i = 0; i < batch->length; i++, ++*groups)
        if (((const int64_t *)count->buffers[1])[count->offset + i] != ROWS ||
            ((const int64_t *)sum->buffers[1])[sum->offset + i] != 6 + 3 * (int64_t)number)
            return false;
    return true;
}

static outcome ask(weft_client *client, int32_t number, char why[WHY])
{
    char text[256];
    weft_client_error error;
    struct ArrowArrayStream stream;
    struct ArrowArray batch;
    int64_t groups = 0;
    bool right = true;
    int code = 0;
    snprintf(text, sizeof(text),
             "SELECT count(*), sum(x + %" PRId32
             ") FROM VALUES (1, 1), (2, 1), (3, 1), (1, 2), (2, 2), (3, 2) AS t(x, g) GROUP BY g",
             number);
    if (weft_client_sql(client, text, &stream, &error) != 0) {
        snprintf(why, WHY, "[%s] %.800s", error.error_class, error.message);
        return NONE;
    }
    while ((code = stream.get_next(&stream, &batch)) == 0 && batch.release != NULL) {
        right &= is_right(&batch, number, &groups);
        batch.release(&batch);
    }
    if (code != 0) snprintf(why, WHY, "%s", stream.get_last_error(&stream));
    stream.release(&stream);
    if (code != 0) return NONE;
    if (right && groups == GROUPS) return RIGHT;
    snprintf(why, WHY, "session %" PRId32 " has a wrong answer", number);
    return WRONG;
}

/* ---- a session ---- */

static void note(crowd *c, outcome o, const char *why)
{
    pthread_mutex_lock(&c->lock);
    if (o != RIGHT && c->first[0] == 0) snprintf(c->first, sizeof(c->first), "%s", why);
    c->counted[o]++;
    c->ended++;
    pthread_cond_broadcast(&c->changed);
    pthread_mutex_unlock(&c->lock);
}

static weft_client *join_crowd(crowd *c)
{
    weft_client_error error;
    sem_wait(&c->openings);
    weft_client *client = weft_client_open(c->master, c->settings, c->setting_count, &error);
    sem_post(&c->openings);
    if (client == NULL) {
        fprintf(stderr, "crowd: a session cannot be opened: [%s] %s\n", error.error_class, error.message);
        exit(1);
    }
    pthread_mutex_lock(&c->lock);
    c->opened++;
    pthread_cond_broadcast(&c->changed);
    pthread_mutex_unlock(&c->lock);
    return client;
}

static void *run_session(void *self)
{
    const session *s = self;
    crowd *c = s->of;
    char why[WHY] = "";
    weft_client *client = join_crowd(c);
    for (int32_t done = 0;;) {
        pthread_mutex_lock(&c->lock);
        while (c->round == done && !c->over) pthread_cond_wait(&c->changed, &c->lock);
        const bool over = c->over;
        done = c->round;
        pthread_mutex_unlock(&c->lock);
        if (over) break;
        note(c, ask(client, s->number, why), why);
    }
    weft_client_close(&client);
    return NULL;
}

/* ---- all ---- */

static void start_sessions(crowd *c)
{
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, STACK_BYTES);
    for (int32_t i = 0; i < c->session_count; i++) {
        sessions[i] = (session){.of = c, .number = i};
        if (pthread_create(&sessions[i].thread, &attributes, run_session, &sessions[i]) == 0) continue;
        fprintf(stderr, "crowd: no thread for session %" PRId32 "\n", i);
        exit(1);
    }
    pthread_mutex_lock(&c->lock);
    while (c->opened < c->session_count) pthread_cond_wait(&c->changed, &c->lock);
    pthread_mutex_unlock(&c->lock);
    printf("opened\n");
    fflush(stdout);
}

static void run_round(crowd *c)
{
    pthread_mutex_lock(&c->lock);
    c->ended = 0;
    memset(c->counted, 0, sizeof(c->counted));
    c->first[0] = 0;
    c->round++;
    pthread_cond_broadcast(&c->changed);
    while (c->ended < c->session_count) pthread_cond_wait(&c->changed, &c->lock);
    pthread_mutex_unlock(&c->lock);
    for (char *at = c->first; *at != 0; at++)
        if (*at == '"' || *at == '\\' || (unsigned char)*at < ' ') *at = ' ';
    printf("{\"right\": %" PRId32 ", \"wrong\": %" PRId32 ", \"none\": %" PRId32 ", \"first\": \"%s\"}\n",
           c->counted[RIGHT], c->counted[WRONG], c->counted[NONE], c->first);
    fflush(stdout);
}

int main(int argc, char **argv)
{
    crowd c = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};
    char line[256];
    if (argc < 4 || argc % 2 != 0 || argc - 2 > (int)(sizeof(c.settings) / sizeof(c.settings[0]))) {
        fprintf(stderr, "usage: crowd MASTER KEYS SESSIONS [KEY VALUE ...]\n");
        return 2;
    }
    c.master = argv[1];
    c.session_count = (int32_t)strtol(argv[3], NULL, 10);
    if (c.session_count < 1 || c.session_count > SESSIONS_MAX) return 2;
    c.settings[0] = "weft.keys.dir";
    c.settings[1] = argv[2];
    for (int i = 4; i < argc; i++) c.settings[i - 2] = argv[i];
    c.setting_count = (argc - 2) / 2;
    sem_init(&c.openings, 0, OPENED_AT_ONCE);
    start_sessions(&c);
    while (fgets(line, sizeof(line), stdin) != NULL) run_round(&c);
    pthread_mutex_lock(&c.lock);
    c.over = true;
    pthread_cond_broadcast(&c.changed);
    pthread_mutex_unlock(&c.lock);
    for (int32_t i = 0; i < c.session_count; i++) pthread_join(sessions[i].thread, NULL);
    return 0;
}
