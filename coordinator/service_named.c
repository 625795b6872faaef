/* coordinator/service_named.c - sessions with a name, which a client finds again that was started anew
 * (proto/session.h; docs/failover.md, "Submissions with a name").
 *
 * The name of such a session is made of its user and the name that the user gave it, and its operations are
 * numbered by their place: so each of its writes has one name whoever asks for it, and is done once. How far
 * it is stands in its record before the next statement begins. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/hash.h"
#include "common/sha256.h"
#include "coordinator/service_private.h"

bool service_is_named(const client_session *s) { return s->name[0] != 0; }

weft_status service_name_id(weft_ctx *ctx, const weft_identity *who, const char *name, weft_uuid *out)
{
    weft_status st = WEFT_OK;
    char text[WEFT_USER_BYTES + WEFT_SESSION_NAME_BYTES + 32], digest[WEFT_SHA256_TEXT_BYTES], half[17];
    uint64_t parts[2] = {0, 0};
    /* no user has a line's end in its name */
    const int len = snprintf(text, sizeof(text), "session %d\n%s\n%s", (int)who->role, who->user, name);
    WEFT_TRY(st, weft_sha256_of(ctx, text, (size_t)len, digest));
    for (int32_t i = 0; i < 2; i++) {
        memcpy(half, digest + 16 * i, 16);
        half[16] = 0;
        parts[i] = strtoull(half, NULL, 16);
    }
    *out = (weft_uuid){.high = parts[0], .low = parts[1]};
done:
    return st;
}

uint64_t service_text_hash(const operation *op) { return weft_hash_bytes(op->text, op->len); }

static uint64_t place_of(const operation *op) { return op->id % WEFT_SUBMISSION_PLACES; }

/* Lock held. How a statement ended counts, once. */
static void settle(client_session *s, operation *op, bool done, uint64_t digest)
{
    const uint64_t place = place_of(op);
    if (op->settled) return;
    op->settled = true;
    s->noted = true;
    if (!done) {
        s->submission.tries++;
    } else if (place > s->submission.done) {
        s->submission.done = place;
        s->submission.digest = digest;
    }
}

/* Lock held. It has ended well, and there is nothing that somebody would have to read. */
static bool is_over(const operation *op) { return op->state == OPERATION_RESULT && !op->has_rows; }

void service_named_released(client_session *s, operation *op, const weft_submission *told)
{
    if (!service_is_named(s)) return;
    if (told->done > 0 || is_over(op))
        settle(s, op, true, told->digest);
    else if (op->state == OPERATION_FAILED || op->state == OPERATION_RESULT)
        settle(s, op, false, 0);
    /* else it runs yet, and service_named_ended sees how it ends */
}

void service_named_ended(client_session *s, operation *op)
{
    if (service_is_named(s)) settle(s, op, is_over(op), 0);
}

void service_named_told(client_session *s, const weft_submission *told)
{
    if (!service_is_named(s) || told->done <= s->submission.done) return;
    s->submission.done = told->done;
    s->submission.digest = told->digest;
    s->noted = true;
    for (operation *op = s->first; op != NULL; op = op->next) op->settled |= place_of(op) <= told->done;
}

void service_named_take_over(client_session *s, weft_net_peer peer)
{
    s->peer = peer;
    s->resumed = true;
    for (operation *op = s->first; op != NULL; op = op->next) {
        const uint64_t tries = op->id / WEFT_SUBMISSION_PLACES;
        if (tries > s->submission.tries)
            s->submission.tries = tries; /* asked for under a leader that is gone */
        if (op->state != OPERATION_FAILED) continue;
        settle(s, op, false, 0); /* it is run again, under another number */
        op->released = true;
    }
    pthread_cond_signal(&s->work);
}

weft_status service_named_reclaim(client_session *s, operation *op, const operation *asked)
{
    if (!service_is_named(s) || op->attached) return WEFT_OK;
    if (op->text_hash != asked->text_hash)
        return weft_fail(&s->service->ctx, WEFT_SESSION_OF_OTHERS,
                         "statement %llu of the session %s is another one: it was begun before with another "
                         "text",
                         (unsigned long long)place_of(op), s->name);
    op->attached = true;
    op->released = false;
    op->resume = 0;
    op->held = (weft_session_held){.operation = op->id};
    op->credit = asked->credit;
    return WEFT_OK;
}

weft_status service_named_check(const weft_service *service, weft_ctx *ctx, const weft_session_request *r,
                                const client_session *there)
{
    weft_status st = WEFT_OK;
    if (r->name == NULL) return WEFT_OK;
    if (service->options.journal == NULL) {
        st = weft_fail(ctx, WEFT_CONFIG, "this coordinator keeps no records, so no session can have a name");
        weft_hint(ctx, "start it with --zookeeper or --recovery file:DIR");
        return st;
    }
    if (there == NULL || r->session.high != 0 || r->session.low != 0) return WEFT_OK;
    if (there->peer == 0 && !there->closing) return WEFT_OK;
    return weft_fail(ctx, WEFT_SESSION_IN_USE, "another client has the session %s", r->name);
}
