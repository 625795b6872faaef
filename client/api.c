/* client/api.c - the C interface, over an engine of this process or a session elsewhere.
 *
 * Exported arrays are charged to the client's own account, so that they may outlive the stream that gave
 * them. */
#include "client/include/weft.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/connection.h"
#include "engine/columnar/arrow.h"
#include "engine/expr/value_sql.h"

struct weft_client {
    weft_connection connection;
    weft_account *account; /* of exported arrays and streams */
    weft_arena *arena;
    weft_ctx ctx;
};

typedef struct client_stream {
    weft_client *client;
    weft_result *result;
    weft_error error;
} client_stream;

static void give_error(weft_client_error *to, const weft_error *from)
{
    if (to == NULL) return;
    memset(to, 0, sizeof(*to));
    snprintf(to->error_class, sizeof(to->error_class), "%s", weft_status_text(from->code));
    snprintf(to->sqlstate, sizeof(to->sqlstate), "%s", weft_status_sqlstate(from->code));
    snprintf(to->message, sizeof(to->message), "%s", from->message);
    snprintf(to->hint, sizeof(to->hint), "%s", from->hint);
    to->line = from->span.line;
    to->column = from->span.column;
}

static const char keys_key[] = "weft.keys.dir"; /* the key folder: of the connection, no setting */

/* What weft_client_open was given: read with a ctx, which is needed before there is an engine. */
static weft_status read_options(weft_ctx *ctx, const char *master, const char *const *pairs, int32_t count,
                                weft_settings *settings, weft_connection_options *out)
{
    weft_status st = WEFT_OK;
    int32_t slots = 0;
    bool remote = false;
    char digits[16];
    *out = (weft_connection_options){.keys = getenv("WEFT_KEYS"), .settings = settings};
    if (master == NULL) master = getenv("WEFT_MASTER");
    if (master == NULL || master[0] == 0) master = "local[*]";
    if (!weft_connection_parse(master, &remote, &slots))
        return weft_fail(ctx, WEFT_CONFIG, "the master must be %s, not %s", weft_connection_masters, master);
    if (remote) out->master = master;
    snprintf(digits, sizeof(digits), "%d", slots);
    WEFT_TRY(st, weft_settings_set(ctx, settings, "weft.task.slots", digits));
    for (int32_t i = 0; i < count; i++) {
        if (strcmp(pairs[2 * i], keys_key) == 0)
            out->keys = pairs[2 * i + 1];
        else
            WEFT_TRY(st, weft_settings_set(ctx, settings, pairs[2 * i], pairs[2 * i + 1]));
    }
    if (out->keys != NULL && out->keys[0] == 0) out->keys = NULL;
done:
    return st;
}

static weft_status connect_to(const char *master, const char *const *pairs, int32_t count, weft_error *error,
                              weft_connection *out)
{
    weft_status st = WEFT_NOMEM;
    weft_own_memory memory;
    weft_settings settings;
    weft_connection_options options;
    weft_ctx ctx;

    *error = (weft_error){.code = WEFT_NOMEM, .message = "no memory to start the engine"};
    weft_settings_init(&settings);
    if (!weft_own_memory_open(&memory, INT64_MAX, "settings")) return st;
    weft_ctx_init(&ctx, memory.arena, memory.account, &settings);
    st = read_options(&ctx, master, pairs, count, &settings, &options);
    if (st == WEFT_OK)
        st = weft_connection_open(&options, error, out);
    else
        *error = ctx.error;
    weft_own_memory_close(&memory);
    return st;
}

weft_client *weft_client_open(const char *master, const char *const *settings, int32_t count,
                              weft_client_error *error)
{
    weft_status st = WEFT_OK;
    weft_error why = {0};
    weft_connection connection = {0};
    weft_client *client = NULL;

    WEFT_TRY(st, connect_to(master, settings, count, &why, &connection));
    weft_account *account = weft_account_open(weft_connection_pool(&connection), "client");
    weft_arena *arena = account == NULL ? NULL : weft_arena_new(account);
    if (arena != NULL) {
        weft_ctx boot;
        weft_ctx_init(&boot, arena, account, weft_connection_settings(&connection));
        st = weft_mem_alloc_zero(&boot, WEFT_MEM_WORKING, sizeof(*client), (void **)&client);
    }
    if (client == NULL) {
        weft_arena_free(&arena);
        weft_account_close(&account);
        weft_connection_close(&connection);
        why = (weft_error){.code = WEFT_NOMEM, .message = "no memory for a client"};
        st = WEFT_NOMEM;
        goto done;
    }
    client->connection = connection;
    client->account = account;
    client->arena = arena;
    weft_ctx_init(&client->ctx, arena, account, weft_connection_settings(&connection));
done:
    if (st != WEFT_OK) give_error(error, &why);
    return client;
}

/* ---- streams ---- */

static int stream_fail(client_stream *s)
{
    s->error = s->client->ctx.error;
    weft_error_clear(&s->client->ctx);
    return s->error.code == WEFT_NOMEM ? ENOMEM : EIO;
}

static int stream_schema(struct ArrowArrayStream *stream, struct ArrowSchema *out)
{
    client_stream *s = stream->private_data;
    if (weft_arrow_export_schema(&s->client->ctx, weft_result_schema(s->result), out) != WEFT_OK)
        return stream_fail(s);
    return 0;
}

static int stream_next(struct ArrowArrayStream *stream, struct ArrowArray *out)
{
    client_stream *s = stream->private_data;
    weft_batch batch = {0};
    memset(out, 0, sizeof(*out));
    if (weft_result_schema(s->result)->count == 0) return 0;
    if (weft_result_next(s->result, &s->error, &batch) != WEFT_OK) return EIO;
    if (batch.rows == 0) return 0;
    if (weft_arrow_export_batch(&s->client->ctx, weft_result_schema(s->result), &batch, out) != WEFT_OK)
        return stream_fail(s);
    return 0;
}

static const char *stream_error(struct ArrowArrayStream *stream)
{
    const client_stream *s = stream->private_data;
    return s->error.code == WEFT_OK ? NULL : s->error.message;
}

static void stream_release(struct ArrowArrayStream *stream)
{
    client_stream *s = stream->private_data;
    weft_result_free(&s->result);
    weft_mem_free(s);
    memset(stream, 0, sizeof(*stream));
}

/* The parameters as SQL, in ctx->arena. */
static weft_status read_parameters(weft_ctx *ctx, const weft_client_parameter *from, int32_t count,
                                   weft_sql_parameter **out)
{
    weft_status st = WEFT_OK;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, count, out));
    for (int32_t i = 0; i < count; i++) {
        char *quoted = NULL;
        if (from[i].sql == NULL && from[i].text == NULL)
            WEFT_TRY(st, weft_fail(ctx, WEFT_INVALID, "parameter %d has no value", i));
        if (from[i].sql != NULL)
            WEFT_TRY(st, weft_sql_check_value(ctx, from[i].sql));
        else
            WEFT_TRY(st, weft_sql_quote(ctx, from[i].text, strlen(from[i].text), &quoted));
        (*out)[i] = (weft_sql_parameter){.name = from[i].name, .sql = quoted != NULL ? quoted : from[i].sql};
    }
done:
    return st;
}

static weft_status execute_with(weft_client *client, const char *sql, const weft_client_parameter *parameters,
                                int32_t count, weft_error *error, weft_result **out)
{
    weft_status st = WEFT_OK;
    weft_own_memory memory;
    weft_ctx ctx;
    weft_sql_parameter *read = NULL;
    *error = (weft_error){.code = WEFT_NOMEM, .message = "no memory for the parameters of a statement"};
    if (!weft_own_memory_open(&memory, INT64_MAX, "parameters")) return WEFT_NOMEM;
    weft_ctx_init(&ctx, memory.arena, memory.account, weft_connection_settings(&client->connection));
    st = read_parameters(&ctx, parameters, count, &read);
    if (st != WEFT_OK)
        *error = ctx.error;
    else
        st = weft_connection_execute_with(&client->connection, sql, strlen(sql), read, count, error, out);
    weft_own_memory_close(&memory);
    return st;
}

int weft_client_sql_with(weft_client *client, const char *sql, const weft_client_parameter *parameters,
                         int32_t count, struct ArrowArrayStream *stream, weft_client_error *error)
{
    client_stream *s = NULL;
    weft_error why = {0};
    memset(stream, 0, sizeof(*stream));
    if (weft_mem_alloc_zero(&client->ctx, WEFT_MEM_WORKING, sizeof(*s), (void **)&s) != WEFT_OK) {
        give_error(error, &client->ctx.error);
        weft_error_clear(&client->ctx);
        return -1;
    }
    s->client = client;
    if (execute_with(client, sql, parameters, count, &why, &s->result) != WEFT_OK) {
        weft_mem_free(s);
        give_error(error, &why);
        return -1;
    }
    *stream = (struct ArrowArrayStream){.get_schema = stream_schema,
                                        .get_next = stream_next,
                                        .get_last_error = stream_error,
                                        .release = stream_release,
                                        .private_data = s};
    return 0;
}

int weft_client_sql(weft_client *client, const char *sql, struct ArrowArrayStream *stream,
                    weft_client_error *error)
{
    return weft_client_sql_with(client, sql, NULL, 0, stream, error);
}

int weft_client_set(weft_client *client, const char *key, const char *value, weft_client_error *error)
{
    if (weft_connection_set(&client->ctx, &client->connection, key, value) == WEFT_OK) return 0;
    give_error(error, &client->ctx.error);
    weft_error_clear(&client->ctx);
    return -1;
}

void weft_client_cancel(weft_client *client) { weft_connection_cancel(&client->connection); }

void weft_client_close(weft_client **client_p)
{
    weft_client *client = *client_p;
    *client_p = NULL;
    if (client == NULL) return;
    weft_connection connection = client->connection;
    weft_arena *arena = client->arena;
    weft_account *account = client->account;
    weft_mem_free(client);
    weft_arena_free(&arena);
    weft_account_close(&account);
    weft_connection_close(&connection);
}
