/* client/transport.c - see transport.h. */
#include "client/transport.h"

#include "common/settings.h"
#include "engine/plan/physical.h"

static bool as_bytes(const weft_ctx *ctx)
{
    return weft_setting(ctx, WEFT_SET_SERIALIZE) != 0 || weft_setting(ctx, WEFT_SET_FAIL_FIRST_ATTEMPT) != 0;
}

/* A message with bytes where the original has pointers; in ctx->arena. */
static weft_status pack_parts(weft_ctx *ctx, const weft_to_worker *message, weft_to_worker *packed)
{
    weft_status st = WEFT_OK;
    uint8_t *bytes = NULL;
    *packed = *message;
    if (message->kind == WEFT_TO_WORKER_STAGE && message->fragment != NULL) {
        WEFT_TRY(st, weft_stage_encode_shared(ctx, message->fragment, &bytes, &packed->fragment_len));
        packed->fragment = NULL;
        packed->fragment_bytes = bytes;
    }
    if (message->kind == WEFT_TO_WORKER_LAUNCH && message->task != NULL) {
        WEFT_TRY(st, weft_task_encode(ctx, message->task, &bytes, &packed->task_len));
        packed->task = NULL;
        packed->task_bytes = bytes;
    }
done:
    return st;
}

static weft_status send_order(weft_ctx *ctx, void *self, const weft_to_worker *message)
{
    weft_status st = WEFT_OK;
    const weft_transport *t = self;
    weft_to_worker packed;
    uint8_t *bytes = NULL;
    size_t len = 0;
    int32_t taken = 0;
    /* an end must arrive whatever happens, and neither end of it needs memory */
    if (!as_bytes(ctx) || message->kind == WEFT_TO_WORKER_END)
        return weft_worker_send(ctx, t->worker, message);
    WEFT_TRY(st, pack_parts(ctx, message, &packed));
    WEFT_TRY(st, weft_to_worker_encode(ctx, &packed, &bytes, &len));
    const weft_net_frame frame = {.bytes = bytes, .len = len};
    WEFT_TRY(st, weft_worker_receive(ctx, t->worker, &frame, 1, &taken));
done:
    return st;
}

static weft_status fetch(weft_ctx *ctx, void *self, const weft_block_name *name, weft_block **out)
{
    const weft_transport *t = self;
    return weft_worker_fetch(ctx, t->worker, name, out);
}

static weft_status send_report(weft_ctx *ctx, void *self, const weft_to_coordinator *message)
{
    weft_status st = WEFT_OK;
    const weft_transport *t = self;
    const weft_error kept = ctx->error;
    weft_to_coordinator arrived = {0}, sent = *message;
    uint8_t *bytes = NULL;
    size_t len = 0;
    if (!as_bytes(ctx)) return t->inbox.send(ctx, t->inbox.self, message);
    WEFT_TRY(st, weft_to_coordinator_encode(ctx, message, &bytes, &len));
    WEFT_TRY(st, weft_to_coordinator_decode(ctx, bytes, len, &arrived));
    WEFT_TRY(st, t->inbox.send(ctx, t->inbox.self, &arrived));
    weft_to_coordinator_release(&sent);
done:
    if (st == WEFT_OK) return WEFT_OK;
    weft_to_coordinator_release(&arrived);
    if (st != WEFT_NOMEM) return st;
    ctx->error = kept; /* a real transport would wait for memory; here a report must never be lost for it */
    return t->inbox.send(ctx, t->inbox.self, message);
}

weft_worker_link weft_transport_to_worker(weft_transport *t)
{
    return (weft_worker_link){.send = send_order, .fetch = fetch, .self = t};
}

weft_coordinator_link weft_transport_to_coordinator(weft_transport *t)
{
    return (weft_coordinator_link){.send = send_report, .self = t};
}
