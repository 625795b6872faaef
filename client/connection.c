/* client/connection.c - see connection.h: both kinds behind one table of functions. */
#include "client/connection.h"

#include "client/local.h"
#include "client/remote.h"
#include "client/script.h"
#include "engine/sql/script_tree.h"

struct weft_backend {
    const weft_settings *(*settings)(void *self);
    weft_pool *(*pool)(void *self);
    weft_status (*execute)(void *self, const char *text, size_t len, weft_error *error, weft_result **out);
    weft_status (*set)(weft_ctx *ctx, void *self, const char *key, const char *value);
    void (*on_progress)(void *self, void (*progress)(void *progress_self, const weft_progress *progress),
                        void *progress_self);
    weft_status (*pass)(void *self, const char *text, size_t len, bool *passed, weft_error *error);
    void (*took)(void *self);
    weft_status (*finish)(void *self, weft_error *error);
    void (*cancel)(void *self);
    void (*close)(void *self);
};

const char weft_connection_masters[] = "local, local[N], local[*] or weft://HOST:PORT[,HOST:PORT]";

/* ---- this process ---- */

static const weft_settings *local_settings(void *self)
{
    return weft_session_settings(weft_local_session(self));
}

static weft_pool *local_pool(void *self) { return weft_local_pool(self); }

static weft_status local_execute(void *self, const char *text, size_t len, weft_error *error,
                                 weft_result **out)
{
    const weft_statement statement = {.text = text, .len = len, .upload = weft_local_files(self)};
    return weft_session_execute(weft_local_session(self), &statement, error, out);
}

static weft_status local_set(weft_ctx *ctx, void *self, const char *key, const char *value)
{
    return weft_session_set(ctx, weft_local_session(self), key, value);
}

static void local_on_progress(void *self, void (*progress)(void *, const weft_progress *), void *to)
{
    weft_session_on_progress(weft_local_session(self), progress, to);
}

static weft_status local_pass(void *self, const char *text, size_t len, bool *passed, weft_error *error)
{
    (void)self, (void)text, (void)len, (void)error;
    *passed = false;
    return WEFT_OK;
}

static void local_took(void *self) { (void)self; }

static weft_status local_finish(void *self, weft_error *error)
{
    (void)self, (void)error;
    return WEFT_OK;
}

static void local_cancel(void *self) { weft_session_cancel(weft_local_session(self)); }

static void local_close(void *self)
{
    weft_local *local = self;
    weft_local_stop(&local);
}

static const weft_backend local_backend = {.settings = local_settings,
                                           .pool = local_pool,
                                           .execute = local_execute,
                                           .set = local_set,
                                           .on_progress = local_on_progress,
                                           .pass = local_pass,
                                           .took = local_took,
                                           .finish = local_finish,
                                           .cancel = local_cancel,
                                           .close = local_close};

/* ---- elsewhere ---- */

static const weft_settings *remote_settings(void *self) { return weft_remote_settings(self); }

static weft_pool *remote_pool(void *self) { return weft_remote_pool(self); }

static weft_status remote_execute(void *self, const char *text, size_t len, weft_error *error,
                                  weft_result **out)
{
    return weft_remote_execute(self, text, len, error, out);
}

static weft_status remote_set(weft_ctx *ctx, void *self, const char *key, const char *value)
{
    return weft_remote_set(self, key, value, &ctx->error);
}

static void remote_on_progress(void *self, void (*progress)(void *, const weft_progress *), void *to)
{
    weft_remote_on_progress(self, progress, to);
}

static weft_status remote_pass(void *self, const char *text, size_t len, bool *passed, weft_error *error)
{
    return weft_remote_pass(self, text, len, passed, error);
}

static void remote_took(void *self) { weft_remote_took(self); }

static weft_status remote_finish(void *self, weft_error *error) { return weft_remote_finish(self, error); }

static void remote_cancel(void *self) { weft_remote_cancel(self); }

static void remote_close(void *self)
{
    weft_remote *remote = self;
    weft_remote_close(&remote);
}

static const weft_backend remote_backend = {.settings = remote_settings,
                                            .pool = remote_pool,
                                            .execute = remote_execute,
                                            .set = remote_set,
                                            .on_progress = remote_on_progress,
                                            .pass = remote_pass,
                                            .took = remote_took,
                                            .finish = remote_finish,
                                            .cancel = remote_cancel,
                                            .close = remote_close};

/* ---- either ---- */

bool weft_connection_parse(const char *master, bool *remote, int32_t *slots)
{
    *slots = 0;
    *remote = weft_remote_is(master);
    return *remote || weft_local_parse(master, slots);
}

weft_status weft_connection_open(const weft_connection_options *options, weft_error *error,
                                 weft_connection *out)
{
    weft_status st = WEFT_OK;
    weft_local *local = NULL;
    weft_remote *remote = NULL;
    weft_ctx ctx;
    *out = (weft_connection){0};
    *error = (weft_error){.code = WEFT_NOMEM, .message = "no memory for a connection"};
    if (!weft_own_memory_open(&out->memory, INT64_MAX, "connection")) return WEFT_NOMEM;
    weft_ctx_init(&ctx, out->memory.arena, out->memory.account, options->settings);
    st = WEFT_NEW(&ctx, &out->cancelled);
    if (st == WEFT_OK && options->master != NULL) {
        st = weft_remote_open_named(options->master, options->keys, options->session, options->settings,
                                    error, &remote);
        out->backend = &remote_backend;
        out->self = remote;
    } else if (st == WEFT_OK) {
        st = weft_local_start(options->settings, error, &local);
        out->backend = &local_backend;
        out->self = local;
    }
    if (st == WEFT_OK) return st;
    weft_own_memory_close(&out->memory);
    *out = (weft_connection){0};
    return st;
}

bool weft_connection_is_open(const weft_connection *c) { return c->backend != NULL; }

const weft_settings *weft_connection_settings(const weft_connection *c)
{
    return c->backend->settings(c->self);
}

weft_pool *weft_connection_pool(const weft_connection *c) { return c->backend->pool(c->self); }

weft_status weft_connection_execute(const weft_connection *c, const char *text, size_t len, weft_error *error,
                                    weft_result **out)
{
    if (!weft_sql_is_script(text, len)) return c->backend->execute(c->self, text, len, error, out);
    if (c->backend == &remote_backend && weft_remote_is_named(c->self)) {
        *error = (weft_error){.code = WEFT_UNSUPPORTED,
                              .message = "a script, BEGIN … END, cannot run in a session with a name: "
                                         "whoever attaches again could not go on within it"};
        return WEFT_UNSUPPORTED;
    }
    atomic_store(c->cancelled, false);
    return weft_script_run(c, text, len, c->cancelled, error, out);
}

weft_status weft_connection_execute_with(const weft_connection *c, const char *text, size_t len,
                                         const weft_sql_parameter *parameters, int32_t count,
                                         weft_error *error, weft_result **out)
{
    weft_status st = WEFT_OK;
    weft_own_memory memory;
    weft_ctx ctx;
    weft_sql_text whole;
    *out = NULL;
    if (count == 0) return weft_connection_execute(c, text, len, error, out);
    *error = (weft_error){.code = WEFT_NOMEM, .message = "no memory for the parameters of a statement"};
    if (!weft_own_memory_open(&memory, INT64_MAX, "parameters")) return WEFT_NOMEM;
    weft_ctx_init(&ctx, memory.arena, memory.account, weft_connection_settings(c));
    st = weft_sql_substitute(&ctx, text, len, parameters, count, &whole);
    if (st != WEFT_OK) {
        *error = ctx.error;
    } else {
        st = weft_connection_execute(c, whole.text, whole.len, error, out);
        if (st != WEFT_OK) error->span = weft_sql_origin(&whole, text, error->span);
    }
    weft_own_memory_close(&memory);
    return st;
}

weft_status weft_connection_set(weft_ctx *ctx, const weft_connection *c, const char *key, const char *value)
{
    return c->backend->set(ctx, c->self, key, value);
}

weft_status weft_connection_pass(const weft_connection *c, const char *text, size_t len, bool *passed,
                                 weft_error *error)
{
    return c->backend->pass(c->self, text, len, passed, error);
}

void weft_connection_took(const weft_connection *c) { c->backend->took(c->self); }

weft_status weft_connection_finish(const weft_connection *c, weft_error *error)
{
    return c->backend->finish(c->self, error);
}

void weft_connection_on_progress(const weft_connection *c,
                                 void (*progress)(void *self, const weft_progress *progress), void *self)
{
    c->backend->on_progress(c->self, progress, self);
}

void weft_connection_cancel(const weft_connection *c)
{
    atomic_store(c->cancelled, true);
    c->backend->cancel(c->self);
}

void weft_connection_close(weft_connection *c)
{
    if (c->backend != NULL) c->backend->close(c->self);
    weft_own_memory_close(&c->memory);
    *c = (weft_connection){0};
}
