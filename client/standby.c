/* client/standby.c - see standby.h. */
#include "client/standby.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/log.h"
#include "common/mailbox.h"
#include "common/secret_file.h"
#include "common/version.h"
#include "coordinator/relay_port.h"

#define SECOND_NS INT64_C(1000000000)

enum { WORDS_MAX = 1024, RELAYED_MAX = 4096, URL_BYTES = WEFT_LEADER_ADDRESS_BYTES + 16 };

typedef enum word_kind {
    WORD_LEAD,
    WORD_SUSPEND,
    WORD_RESUME,
    WORD_STEP_DOWN,
    WORD_FOLLOW,
    WORD_STOP
} word_kind;

/* What the elector's thread tells this one. */
typedef struct word {
    word_kind kind;
    weft_reign reign;
    weft_leader leader;
} word;

struct weft_standby {
    weft_standby_options options;
    weft_account *account;
    weft_arena *arena; /* of the thread, as is all up to `lock` */
    weft_ctx ctx;
    weft_seal *seal;
    weft_blobs *blobs; /* NULL: this process keeps none */
    weft_mailbox *words;
    pthread_t thread;
    bool runs, stops, has_failed; /* has_failed: to lead, when it was to the last time */
    int32_t port;
    char address[WEFT_LEADER_ADDRESS_BYTES];
    char leader[WEFT_LEADER_ADDRESS_BYTES]; /* "": nobody else */
    int64_t begin_us;
    pthread_mutex_t lock;
    weft_relay_port *relay;      /* guarded by lock, as is all that follows; written by the thread alone */
    weft_leadership *leadership; /* NULL: stands by */
    bool suspended;
    weft_elector *elector;          /* NULL: not started yet */
    weft_relay_port_counts relayed; /* by relays that were closed */
};

/* ---- what the elector tells, in its thread ---- */

static void tell(weft_standby *s, const word *w)
{
    weft_ctx ctx;
    weft_ctx_init(&ctx, NULL, s->account, &s->options.leadership.daemon->settings);
    if (weft_mailbox_put(&ctx, s->words, w, false) != WEFT_OK) /* it has room for all there can be */
        weft_log_error(WEFT_LOG_ERROR, "standby_word_lost", &ctx.error);
}

static void on_lead(void *self, const weft_reign *reign)
{
    tell(self, &(word){.kind = WORD_LEAD, .reign = *reign});
}
static void on_suspend(void *self) { tell(self, &(word){.kind = WORD_SUSPEND}); }
static void on_resume(void *self) { tell(self, &(word){.kind = WORD_RESUME}); }
static void on_step_down(void *self, const char *why)
{
    (void)why; /* the elector has logged it */
    tell(self, &(word){.kind = WORD_STEP_DOWN});
}
static void on_follow(void *self, const weft_leader *leader)
{
    tell(self, &(word){.kind = WORD_FOLLOW, .leader = *leader});
}

/* ---- the two ports ---- */

static weft_status open_relay(weft_ctx *ctx, weft_standby *s, int32_t port)
{
    weft_status st = WEFT_OK;
    weft_relay_port *relay = NULL;
    const weft_relay_port_options options = {.host = s->options.leadership.host,
                                             .port = port,
                                             .connections_max = RELAYED_MAX,
                                             .pool = s->options.leadership.daemon->memory.pool,
                                             .settings = &s->options.leadership.daemon->settings};
    WEFT_TRY(st, weft_relay_port_start(ctx, &options, &relay));
    if (s->leader[0] != 0) weft_relay_port_lead_to(relay, s->leader);
    pthread_mutex_lock(&s->lock);
    s->relay = relay;
    pthread_mutex_unlock(&s->lock);
done:
    return st;
}

static void close_relay(weft_standby *s)
{
    weft_relay_port_counts counts;
    pthread_mutex_lock(&s->lock);
    weft_relay_port *relay = s->relay;
    s->relay = NULL;
    pthread_mutex_unlock(&s->lock);
    if (relay == NULL) return;
    weft_relay_port_count(relay, &counts);
    weft_relay_port_stop(&relay);
    pthread_mutex_lock(&s->lock);
    s->relayed.refused += counts.refused + counts.failed;
    s->relayed.bytes += counts.bytes;
    pthread_mutex_unlock(&s->lock);
}

/* The port was this process's a moment ago; who has taken it meanwhile may let it go. */
static void stand_by(weft_standby *s)
{
    if (s->relay != NULL || s->stops || open_relay(&s->ctx, s, s->port) == WEFT_OK) return;
    weft_log_error(WEFT_LOG_ERROR, "control_port_lost", &s->ctx.error);
    weft_error_clear(&s->ctx);
}

static void lay_down(weft_standby *s)
{
    pthread_mutex_lock(&s->lock);
    weft_leadership *leadership = s->leadership;
    s->leadership = NULL;
    s->suspended = false;
    pthread_mutex_unlock(&s->lock);
    weft_leadership_stop(&leadership, true);
}

/* ---- the thread ---- */

/* When it cannot, another shall. One that is alone waits a little before it tries again. */
static void lead(weft_standby *s, const weft_reign *reign)
{
    weft_leadership_options options = s->options.leadership;
    weft_leadership *leadership = NULL;
    options.port = s->port;
    options.reign = reign;
    options.seal = s->seal;
    options.blobs = s->blobs;
    if (s->has_failed) sleep(1);
    s->leader[0] = 0;
    close_relay(s);
    if (weft_leadership_start(&s->ctx, &options, &leadership) == WEFT_OK) {
        pthread_mutex_lock(&s->lock);
        s->leadership = leadership;
        pthread_mutex_unlock(&s->lock);
        s->has_failed = false;
        return;
    }
    s->has_failed = true;
    weft_log_error(WEFT_LOG_ERROR, "cannot_lead", &s->ctx.error);
    weft_error_clear(&s->ctx);
    weft_elector_resign(s->elector);
}

static void suspend(weft_standby *s, bool suspended)
{
    pthread_mutex_lock(&s->lock);
    s->suspended = suspended;
    if (s->leadership != NULL) weft_leadership_suspend(s->leadership, suspended);
    pthread_mutex_unlock(&s->lock);
}

/* Only to where another is: this process's own name stands there when it has led before. */
static void follow(weft_standby *s, const weft_leader *leader)
{
    const bool own = strcmp(leader->address, s->address) == 0;
    snprintf(s->leader, sizeof(s->leader), "%s", own ? "" : leader->address);
    if (s->relay != NULL) weft_relay_port_lead_to(s->relay, own ? NULL : s->leader);
}

static void handle(weft_standby *s, const word *w)
{
    switch (w->kind) {
    case WORD_LEAD: lead(s, &w->reign); break;
    case WORD_SUSPEND: suspend(s, true); break;
    case WORD_RESUME: suspend(s, false); break;
    case WORD_STEP_DOWN:
        lay_down(s);
        stand_by(s);
        weft_elector_laid_down(s->elector);
        break;
    case WORD_FOLLOW: follow(s, &w->leader); break;
    case WORD_STOP: s->stops = true; break;
    }
    weft_arena_reset(s->arena);
}

/* The journal counts its lease by itself, and may have come to its end when the elector's goes on: it takes
 * nothing more, so another shall lead. */
static void give_up(weft_standby *s)
{
    weft_log(WEFT_LOG_WARN, "leadership_given_up", WEFT_LOG_TEXT("reason", "its journal takes nothing more"));
    lay_down(s);
    stand_by(s);
    weft_elector_resign(s->elector);
}

static void *run(void *self)
{
    weft_standby *s = self;
    word w;
    while (!s->stops) {
        if (weft_mailbox_take(s->words, &w, SECOND_NS)) handle(s, &w);
        if (s->leadership != NULL && weft_leadership_is_deposed(s->leadership)) give_up(s);
        if (s->leadership == NULL) stand_by(s);
    }
    lay_down(s);
    close_relay(s);
    return NULL;
}

/* ---- what people see ---- */

static weft_status copy_text(weft_ctx *ctx, const char *scheme, const char *text, const char **out)
{
    char *copy = NULL;
    const weft_status st = text[0] == 0 ? weft_arena_copy(ctx, ctx->arena, "", 0, &copy)
                                        : weft_arena_printf(ctx, ctx->arena, &copy, "%s%s", scheme, text);
    *out = copy;
    return st;
}

static weft_status see_self(weft_ctx *ctx, weft_standby *s, weft_cluster_status *out)
{
    weft_status st = WEFT_OK;
    weft_elector_view view;
    weft_relay_port_counts counts = {0};
    memset(&view, 0, sizeof(view));
    if (s->elector != NULL) weft_elector_look(s->elector, &view);
    if (out->leader) {
        if (s->suspended) out->state = WEFT_COORDINATOR_SUSPENDED;
    } else {
        const char *cluster = s->options.leadership.cluster;
        *out = (weft_cluster_status){.state = WEFT_COORDINATOR_STANDBY,
                                     .cluster = cluster == NULL ? "" : cluster,
                                     .version = WEFT_VERSION_TEXT,
                                     .epoch = (int64_t)view.epoch,
                                     .begin_us = s->begin_us};
        const bool other = view.knows_leader && strcmp(view.leader.address, s->address) != 0;
        WEFT_TRY(st, copy_text(ctx, "weft://", other ? view.leader.address : "", &out->leader_address));
        WEFT_TRY(st, copy_text(ctx, "", other ? view.leader.http : "", &out->leader_http));
    }
    WEFT_TRY(st, copy_text(ctx, "", view.problem, &out->problem));
    if (s->relay != NULL) weft_relay_port_count(s->relay, &counts);
    out->recovery = "zookeeper";
    out->lost = "";
    out->relayed = counts.connections;
    out->relayed_bytes = s->relayed.bytes + counts.bytes;
    out->relays_refused = s->relayed.refused + counts.refused + counts.failed;
done:
    return st;
}

static weft_status see(weft_ctx *ctx, void *self, weft_cluster_status *out)
{
    weft_status st = WEFT_OK;
    weft_standby *s = self;
    *out = (weft_cluster_status){0};
    pthread_mutex_lock(&s->lock);
    if (s->leadership != NULL)
        st = weft_coordinator_status(ctx, weft_leadership_coordinator(s->leadership), out);
    if (st == WEFT_OK) st = see_self(ctx, s, out);
    pthread_mutex_unlock(&s->lock);
    return st;
}

static weft_status list_tasks(weft_ctx *ctx, void *self, uint64_t job, int32_t stage, int32_t generation,
                              weft_task_record **out, int32_t *count)
{
    weft_status st = WEFT_OK;
    weft_standby *s = self;
    *out = NULL;
    *count = 0;
    pthread_mutex_lock(&s->lock);
    if (s->leadership != NULL)
        st = weft_coordinator_list_tasks(ctx, weft_leadership_coordinator(s->leadership), job, stage,
                                         generation, out, count);
    pthread_mutex_unlock(&s->lock);
    return st;
}

static bool cancel(void *self, uint64_t job)
{
    weft_standby *s = self;
    pthread_mutex_lock(&s->lock);
    const bool found = s->leadership != NULL &&
                       weft_coordinator_cancel_job(weft_leadership_coordinator(s->leadership), job);
    pthread_mutex_unlock(&s->lock);
    return found;
}

weft_http_provider weft_standby_provider(weft_standby *s)
{
    return (weft_http_provider){.self = s, .status = see, .tasks = list_tasks, .cancel = cancel};
}

/* ---- life ---- */

/* Large records are kept in the work folder; a process without one keeps none. */
static weft_status open_blobs(weft_ctx *ctx, weft_standby *s)
{
    weft_status st = WEFT_OK;
    char *folder = NULL;
    const weft_standby_options *o = &s->options;
    const weft_daemon *d = o->leadership.daemon;
    if (d->work_dir == NULL) return WEFT_OK;
    WEFT_TRY(st, weft_arena_printf(&s->ctx, s->arena, &folder, "%s/blobs", d->work_dir));
    const weft_blobs_options blobs = {.folder = folder,
                                      .host = o->leadership.host,
                                      .port = o->blob_port,
                                      .keys = o->leadership.keys,
                                      .seal = s->seal,
                                      .pool = d->memory.pool,
                                      .settings = &d->settings,
                                      .most_bytes = o->blob_bytes,
                                      .copies = o->blob_copies,
                                      .idle_ms = o->blob_keep_ms};
    st = weft_blobs_open(ctx, &blobs, &s->blobs);
done:
    return st;
}

/* Where others reach the blobs of this process: the host of its address, and their port. */
static const char *name_blobs(weft_standby *s, const char *address, char out[WEFT_LEADER_ADDRESS_BYTES])
{
    const char *colon = strrchr(address, ':');
    if (s->blobs == NULL || colon == NULL) return NULL;
    snprintf(out, WEFT_LEADER_ADDRESS_BYTES, "%.*s:%d", (int)(colon - address), address,
             (int)weft_blobs_port(s->blobs));
    weft_blobs_name(s->blobs, out);
    return out;
}

weft_status weft_standby_open(weft_ctx *ctx, const weft_standby_options *options, weft_standby **out)
{
    weft_status st = WEFT_OK;
    weft_standby *s = NULL;
    const weft_daemon *d = options->leadership.daemon;
    *out = NULL;
    WEFT_TRY(st, weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, sizeof(*s), (void **)&s));
    pthread_mutex_init(&s->lock, NULL);
    s->options = *options;
    s->account = weft_account_open(d->memory.pool, "standby");
    s->arena = s->account == NULL ? NULL : weft_arena_new(s->account);
    if (s->arena == NULL) WEFT_TRY(st, weft_fail(ctx, WEFT_NOMEM, "no memory to stand by with"));
    weft_ctx_init(&s->ctx, s->arena, s->account, &d->settings);
    s->begin_us = ctx->clock->wall_us(ctx->clock->self);
    WEFT_TRY(st, weft_mailbox_new(ctx, sizeof(word), WORDS_MAX, &s->words));
    WEFT_TRY(st, weft_seal_open(ctx, options->keys_dir, &s->seal));
    WEFT_TRY(st, open_blobs(ctx, s));
    WEFT_TRY(st, open_relay(ctx, s, options->leadership.port));
    s->port = weft_relay_port_number(s->relay);
    *out = s;
    s = NULL;
done:
    weft_standby_stop(&s);
    return st;
}

int32_t weft_standby_port(const weft_standby *s) { return s->port; }

weft_status weft_standby_start(weft_ctx *ctx, weft_standby *s, const char *address, const char *http)
{
    weft_status st = WEFT_OK;
    weft_zookeeper_login login = {0};
    weft_elector *elector = NULL;
    char blobs[WEFT_LEADER_ADDRESS_BYTES];
    WEFT_TRY(st, weft_secret_read_login(ctx, s->options.keys_dir, &login));
    snprintf(s->address, sizeof(s->address), "%s", address);
    const weft_elector_options options = {.pool = s->options.leadership.daemon->memory.pool,
                                          .settings = &s->options.leadership.daemon->settings,
                                          .servers = s->options.servers,
                                          .folder = s->options.folder,
                                          .user = login.user,
                                          .password = login.password,
                                          .timeout_ms = s->options.timeout_ms,
                                          .seal = s->seal,
                                          .address = address,
                                          .http = http,
                                          .version = WEFT_VERSION_TEXT,
                                          .blobs = name_blobs(s, address, blobs),
                                          .handler = {.self = s,
                                                      .lead = on_lead,
                                                      .suspend = on_suspend,
                                                      .resume = on_resume,
                                                      .step_down = on_step_down,
                                                      .follow = on_follow}};
    WEFT_TRY(st, weft_elector_start(ctx, &options, &elector));
    pthread_mutex_lock(&s->lock);
    s->elector = elector;
    pthread_mutex_unlock(&s->lock);
    if (pthread_create(&s->thread, NULL, run, s) != 0)
        WEFT_TRY(st, weft_fail(ctx, WEFT_NOMEM, "the system refuses a thread to stand by with"));
    s->runs = true;
done:
    explicit_bzero(&login, sizeof(login));
    return st;
}

void weft_standby_stop(weft_standby **slot)
{
    weft_standby *s = *slot;
    *slot = NULL;
    if (s == NULL) return;
    if (s->runs) {
        tell(s, &(word){.kind = WORD_STOP});
        pthread_join(s->thread, NULL);
    }
    weft_elector_stop(&s->elector); /* the journal of a leadership used its session */
    weft_relay_port_stop(&s->relay);
    weft_blobs_close(&s->blobs);
    weft_seal_close(&s->seal);
    weft_mailbox_free(&s->words);
    weft_arena_free(&s->arena);
    weft_account_close(&s->account);
    pthread_mutex_destroy(&s->lock);
    weft_mem_free(s);
}
