/* proto/wire_order.c - orders to a worker as bytes (control.h).
 *
 * Attempts of a source travel as runs of equal ones: nearly all tasks end with their first attempt. So do
 * places, as neighbours often ran on one worker. */
#include <string.h>

#include "common/limits.h"
#include "common/settings.h"
#include "proto/control.h"
#include "proto/wire_control.h"

/* ---- encoding ---- */

static weft_status put_source(weft_ctx *ctx, const weft_stage_source *source, Weft__Wire__StageSource *m)
{
    weft_status st = WEFT_OK;
    Weft__Wire__AttemptRun *runs = NULL;
    size_t count = 0;
    weft__wire__stage_source__init(m);
    m->stage = source->stage;
    m->generation = source->generation;
    for (int32_t i = 0; i < source->task_count; i++)
        count += i == 0 || source->attempts[i] != source->attempts[i - 1];
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, count, &runs));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, count, &m->runs));
    for (int32_t i = 0; i < source->task_count; i++) {
        if (i == 0 || source->attempts[i] != source->attempts[i - 1]) {
            m->runs[m->n_runs] = &runs[m->n_runs];
            weft__wire__attempt_run__init(&runs[m->n_runs]);
            runs[m->n_runs++].attempt = source->attempts[i];
        }
        runs[m->n_runs - 1].count++;
    }
done:
    return st;
}

static weft_status put_source_places(weft_ctx *ctx, const weft_stage_source *source,
                                     Weft__Wire__StageSource *m)
{
    weft_status st = WEFT_OK;
    Weft__Wire__PlaceRun *runs = NULL;
    size_t count = 0;
    if (source->places == NULL) return WEFT_OK;
    for (int32_t i = 0; i < source->task_count; i++)
        count += i == 0 || source->places[i] != source->places[i - 1];
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, count, &runs));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, count, &m->places));
    for (int32_t i = 0; i < source->task_count; i++) {
        if (i == 0 || source->places[i] != source->places[i - 1]) {
            m->places[m->n_places] = &runs[m->n_places];
            weft__wire__place_run__init(&runs[m->n_places]);
            runs[m->n_places++].place = source->places[i];
        }
        runs[m->n_places - 1].count++;
    }
done:
    return st;
}

static weft_status put_source_relays(weft_ctx *ctx, const weft_stage_source *source,
                                     Weft__Wire__StageSource *m)
{
    weft_status st = WEFT_OK;
    Weft__Wire__SourceRelay *relays = NULL;
    m->shared = source->shared;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, source->relay_count, &relays));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, source->relay_count, &m->relays));
    for (int32_t i = 0; i < source->relay_count; i++) {
        weft__wire__source_relay__init(&relays[i]);
        relays[i].holder = source->relays[i].holder;
        relays[i].place = source->relays[i].place;
        m->relays[m->n_relays++] = &relays[i];
    }
done:
    return st;
}

static weft_status put_places(weft_ctx *ctx, const weft_to_worker *message, Weft__Wire__StageOrder *m)
{
    weft_status st = WEFT_OK;
    Weft__Wire__Place *places = NULL;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, message->place_count, &places));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, message->place_count, &m->places));
    for (int32_t i = 0; i < message->place_count; i++) {
        const weft_place *place = &message->places[i];
        weft__wire__place__init(&places[i]);
        places[i].worker = place->worker;
        places[i].uuid_high = place->uuid.high;
        places[i].uuid_low = place->uuid.low;
        places[i].address = wire_text(place->address);
        m->places[m->n_places++] = &places[i];
    }
done:
    return st;
}

/* Settings of the statement that are not as a fresh session has them. */
static weft_status put_settings(weft_ctx *ctx, const weft_settings *settings, Weft__Wire__StageOrder *m)
{
    weft_status st = WEFT_OK;
    weft_session_setting list[WEFT_SETTING_COUNT];
    int32_t count = 0;
    for (int32_t i = 0; i < WEFT_SETTING_COUNT; i++) {
        const weft_setting_def *def = weft_setting_find_def((weft_setting_id)i);
        if (def->scope == WEFT_SCOPE_PROCESS || strcmp(def->initial, settings->text[i]) == 0) continue;
        list[count++] = (weft_session_setting){.key = def->key, .value = settings->text[i]};
    }
    WEFT_TRY(st, wire_put_settings(ctx, list, count, &m->n_settings, &m->settings));
done:
    return st;
}

static weft_status put_open(weft_ctx *ctx, const weft_to_worker *message, Weft__Wire__StageOrder *m)
{
    weft_status st = WEFT_OK;
    Weft__Wire__StageSource *sources = NULL;
    assert(message->fragment_bytes != NULL);
    if (message->fragment_apart) {
        m->fragment_apart = message->fragment_len;
        m->fragment_crc = message->fragment_crc;
    } else
        m->fragment = wire_bytes(message->fragment_bytes, message->fragment_len);
    m->timed = message->timed;
    m->answer_bytes = (uint32_t)message->answer_bytes;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, message->source_count, &sources));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, message->source_count, &m->sources));
    for (int32_t i = 0; i < message->source_count; i++) {
        WEFT_TRY(st, put_source(ctx, &message->sources[i], &sources[i]));
        WEFT_TRY(st, put_source_places(ctx, &message->sources[i], &sources[i]));
        WEFT_TRY(st, put_source_relays(ctx, &message->sources[i], &sources[i]));
        m->sources[m->n_sources++] = &sources[i];
    }
    WEFT_TRY(st, put_places(ctx, message, m));
    WEFT_TRY(st, put_settings(ctx, message->settings, m));
done:
    return st;
}

static bool is_about_attempt(weft_to_worker_kind kind)
{
    return kind == WEFT_TO_WORKER_CANCEL || kind == WEFT_TO_WORKER_DROP;
}

weft_status weft_to_worker_encode(weft_ctx *ctx, const weft_to_worker *message, uint8_t **bytes, size_t *len)
{
    weft_status st = WEFT_OK;
    Weft__Wire__ToWorker m = WEFT__WIRE__TO_WORKER__INIT;
    Weft__Wire__StageOrder open = WEFT__WIRE__STAGE_ORDER__INIT;
    Weft__Wire__LaunchOrder launch = WEFT__WIRE__LAUNCH_ORDER__INIT;
    Weft__Wire__AttemptOrder about = WEFT__WIRE__ATTEMPT_ORDER__INIT;
    Weft__Wire__PieceOrder piece = WEFT__WIRE__PIECE_ORDER__INIT;
    m.version = WEFT_CONTROL_VERSION;
    m.kind = (uint32_t)message->kind;
    m.epoch = message->epoch;
    m.job = message->job;
    m.stage = message->stage;
    m.generation = message->generation;
    if (message->kind == WEFT_TO_WORKER_STAGE) {
        WEFT_TRY(st, put_open(ctx, message, &open));
        m.open = &open;
    }
    if (message->kind == WEFT_TO_WORKER_LAUNCH) {
        assert(message->task_bytes != NULL);
        launch.partition = message->partition;
        launch.attempt = message->attempt;
        launch.task = wire_bytes(message->task_bytes, message->task_len);
        m.launch = &launch;
    }
    if (is_about_attempt(message->kind)) {
        about.partition = message->partition;
        about.attempt = message->attempt;
        m.about = &about;
    }
    if (message->kind == WEFT_TO_WORKER_PIECE) {
        piece.offset = message->fragment_offset;
        piece.length = (uint32_t)message->fragment_len;
        m.piece = &piece;
    }
    WEFT_TRY(st, wire_pack(ctx, &m.base, bytes, len));
done:
    return st;
}

/* ---- decoding ---- */

static weft_status get_source(weft_ctx *ctx, const Weft__Wire__StageSource *m, int64_t *total,
                              weft_stage_source *out)
{
    weft_status st = WEFT_OK;
    int64_t count = 0;
    int32_t *attempts = NULL;
    if (m->stage < 0 || m->stage >= WEFT_STAGES_MAX || m->generation < 0)
        return weft_fail(ctx, WEFT_CORRUPT, "an input names stage %d.%d", m->stage, m->generation);
    for (size_t i = 0; i < m->n_runs; i++) {
        if (m->runs[i]->count < 1 || m->runs[i]->attempt < 0)
            return weft_fail(ctx, WEFT_CORRUPT, "%d tasks of stage %d have attempt %d", m->runs[i]->count,
                             m->stage, m->runs[i]->attempt);
        count += m->runs[i]->count;
    }
    *total += count;
    if (*total > WEFT_CONTROL_TASKS_MAX)
        return weft_fail(ctx, WEFT_LIMIT, "the inputs have %lld tasks, more than %d", (long long)*total,
                         WEFT_CONTROL_TASKS_MAX);
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, count, &attempts));
    *out = (weft_stage_source){
        .stage = m->stage, .generation = m->generation, .task_count = (int32_t)count, .attempts = attempts};
    for (size_t i = 0; i < m->n_runs; i++)
        for (int32_t n = 0; n < m->runs[i]->count; n++) *attempts++ = m->runs[i]->attempt;
done:
    return st;
}

static weft_status get_source_places(weft_ctx *ctx, const Weft__Wire__StageSource *m, int32_t place_count,
                                     weft_stage_source *out)
{
    weft_status st = WEFT_OK;
    int32_t *places = NULL;
    int64_t count = 0;
    if (m->n_places == 0) return WEFT_OK;
    for (size_t i = 0; i < m->n_places; i++) {
        if (m->places[i]->count < 1 || m->places[i]->place < 0 || m->places[i]->place >= place_count)
            return weft_fail(ctx, WEFT_CORRUPT, "%d blocks of stage %d are at place %d of %d",
                             m->places[i]->count, m->stage, m->places[i]->place, place_count);
        count += m->places[i]->count;
    }
    if (count != out->task_count)
        return weft_fail(ctx, WEFT_CORRUPT, "stage %d has %d tasks and %lld places", m->stage,
                         out->task_count, (long long)count);
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, count, &places));
    out->places = places;
    for (size_t i = 0; i < m->n_places; i++)
        for (int32_t n = 0; n < m->places[i]->count; n++) *places++ = m->places[i]->place;
done:
    return st;
}

static weft_status get_source_relays(weft_ctx *ctx, const Weft__Wire__StageSource *m, int32_t place_count,
                                     weft_stage_source *out)
{
    weft_status st = WEFT_OK;
    weft_source_relay *relays = NULL;
    out->shared = m->shared != 0;
    if (m->n_relays > WEFT_CONTROL_RELAYS_MAX)
        return weft_fail(ctx, WEFT_LIMIT, "an input has %zu relays, more than %d", m->n_relays,
                         WEFT_CONTROL_RELAYS_MAX);
    if (m->n_relays > 0 && out->places == NULL)
        return weft_fail(ctx, WEFT_CORRUPT, "stage %d has relays and no places", m->stage);
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, m->n_relays, &relays));
    for (size_t i = 0; i < m->n_relays; i++) {
        const Weft__Wire__SourceRelay *from = m->relays[i];
        if (from->holder < 0 || from->holder >= place_count || from->place < 0 || from->place >= place_count)
            return weft_fail(ctx, WEFT_CORRUPT, "a relay at place %d for place %d, of %d", from->place,
                             from->holder, place_count);
        relays[i] = (weft_source_relay){.holder = from->holder, .place = from->place};
    }
    out->relays = relays;
    out->relay_count = (int32_t)m->n_relays;
done:
    return st;
}

static weft_status get_places(weft_ctx *ctx, const Weft__Wire__StageOrder *m, weft_to_worker *out)
{
    weft_status st = WEFT_OK;
    weft_place *places = NULL;
    if (m->n_places > WEFT_CONTROL_PLACES_MAX)
        return weft_fail(ctx, WEFT_LIMIT, "an order names %zu places, more than %d", m->n_places,
                         WEFT_CONTROL_PLACES_MAX);
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, m->n_places, &places));
    for (size_t i = 0; i < m->n_places; i++) {
        const Weft__Wire__Place *from = m->places[i];
        if (from->worker < 0)
            return weft_fail(ctx, WEFT_CORRUPT, "place %zu is of worker %d", i, from->worker);
        WEFT_TRY(st, wire_check_name(ctx, from->address, sizeof(((weft_worker_hello *)0)->address)));
        places[i] = (weft_place){.worker = from->worker,
                                 .uuid = {.high = from->uuid_high, .low = from->uuid_low},
                                 .address = from->address};
    }
    out->places = places;
    out->place_count = (int32_t)m->n_places;
done:
    return st;
}

static weft_status get_settings(weft_ctx *ctx, const Weft__Wire__StageOrder *m, const weft_settings *process,
                                const weft_settings **out)
{
    weft_status st = WEFT_OK;
    weft_settings *settings = NULL;
    WEFT_TRY(st, WEFT_NEW(ctx, &settings));
    weft_settings_init(settings);
    for (int32_t i = 0; i < WEFT_SETTING_COUNT; i++) {
        if (weft_setting_find_def((weft_setting_id)i)->scope != WEFT_SCOPE_PROCESS) continue;
        settings->number[i] = process->number[i];
        memcpy(settings->text[i], process->text[i], sizeof(settings->text[i]));
        settings->set[i] = process->set[i];
    }
    for (size_t i = 0; i < m->n_settings; i++) {
        const Weft__Wire__Setting *setting = m->settings[i];
        const weft_setting_id id = weft_settings_find(setting->key);
        if (id == WEFT_SETTING_COUNT)
            return weft_fail(ctx, WEFT_UNSUPPORTED, "the setting \"%.100s\" is not known here", setting->key);
        if (weft_setting_find_def(id)->scope == WEFT_SCOPE_PROCESS)
            return weft_fail(ctx, WEFT_CORRUPT, "the setting %s is not the statement's", setting->key);
        if (weft_settings_set(ctx, settings, setting->key, setting->value) != WEFT_OK) {
            ctx->error.code = WEFT_CORRUPT;
            return WEFT_CORRUPT;
        }
    }
    *out = settings;
done:
    return st;
}

static weft_status get_open(weft_ctx *ctx, const Weft__Wire__StageOrder *m, const weft_settings *process,
                            weft_to_worker *out)
{
    weft_status st = WEFT_OK;
    weft_stage_source *sources = NULL;
    int64_t total = 0;
    if (m == NULL) return weft_fail(ctx, WEFT_CORRUPT, "an order to open a stage brings none");
    if (m->n_sources > WEFT_STAGES_MAX)
        return weft_fail(ctx, WEFT_LIMIT, "stage %d has %zu inputs, more than %d", out->stage, m->n_sources,
                         (int)WEFT_STAGES_MAX);
    if (m->fragment_apart > 0 && (m->fragment.len > 0 || m->fragment_apart > WEFT_CONTROL_BYTES_MAX))
        return weft_fail(ctx, WEFT_CORRUPT, "stage %d has a fragment of %llu bytes apart, and one of %zu",
                         out->stage, (unsigned long long)m->fragment_apart, m->fragment.len);
    if (m->fragment_apart == 0 && m->fragment_crc != 0)
        return weft_fail(ctx, WEFT_CORRUPT, "stage %d has the checksum of a fragment that does not come",
                         out->stage);
    out->fragment_apart = m->fragment_apart > 0;
    out->fragment_crc = m->fragment_crc;
    out->fragment_bytes = out->fragment_apart ? NULL : m->fragment.data;
    out->fragment_len = out->fragment_apart ? (size_t)m->fragment_apart : m->fragment.len;
    out->timed = m->timed;
    if (m->answer_bytes > WEFT_ANSWER_BYTES_MAX)
        return weft_fail(ctx, WEFT_LIMIT, "stage %d asks for blocks of %u bytes within reports, more than %d",
                         out->stage, m->answer_bytes, (int)WEFT_ANSWER_BYTES_MAX);
    out->answer_bytes = (int32_t)m->answer_bytes;
    WEFT_TRY(st, get_places(ctx, m, out));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, m->n_sources, &sources));
    for (size_t i = 0; i < m->n_sources; i++) {
        WEFT_TRY(st, get_source(ctx, m->sources[i], &total, &sources[i]));
        WEFT_TRY(st, get_source_places(ctx, m->sources[i], out->place_count, &sources[i]));
        WEFT_TRY(st, get_source_relays(ctx, m->sources[i], out->place_count, &sources[i]));
    }
    out->sources = sources;
    out->source_count = (int32_t)m->n_sources;
    WEFT_TRY(st, get_settings(ctx, m, process, &out->settings));
done:
    return st;
}

static weft_status get_piece(weft_ctx *ctx, const Weft__Wire__PieceOrder *m, weft_to_worker *out)
{
    if (m->length == 0 || m->length > WEFT_PIECE_BYTES_MAX || m->offset > WEFT_CONTROL_BYTES_MAX - m->length)
        return weft_fail(ctx, WEFT_CORRUPT, "a piece of %u bytes at %llu of the fragment of stage %d",
                         m->length, (unsigned long long)m->offset, out->stage);
    out->fragment_offset = (size_t)m->offset;
    out->fragment_len = m->length;
    return WEFT_OK;
}

static weft_status get_attempt(weft_ctx *ctx, int32_t partition, int32_t attempt, weft_to_worker *out)
{
    if (partition < 0 || attempt < 0)
        return weft_fail(ctx, WEFT_CORRUPT, "an order of kind %d for task %d, attempt %d", (int)out->kind,
                         partition, attempt);
    out->partition = partition;
    out->attempt = attempt;
    return WEFT_OK;
}

weft_status weft_to_worker_decode(weft_ctx *ctx, const weft_settings *settings, const uint8_t *bytes,
                                  size_t len, weft_to_worker *out)
{
    weft_status st = WEFT_OK;
    ProtobufCMessage *message = NULL;
    WEFT_TRY(st, wire_unpack(ctx, &weft__wire__to_worker__descriptor, bytes, len, &message));
    const Weft__Wire__ToWorker *m = (const Weft__Wire__ToWorker *)(const void *)message;
    WEFT_TRY(st, wire_check_version(ctx, m->version));
    if (m->kind > WEFT_TO_WORKER_PIECE)
        return weft_fail(ctx, WEFT_UNSUPPORTED, "an order of kind %u is not known here", m->kind);
    if (m->stage < 0 || m->stage >= WEFT_STAGES_MAX || m->generation < 0 || m->epoch < 0)
        return weft_fail(ctx, WEFT_CORRUPT, "an order for stage %d.%d of epoch %lld", m->stage, m->generation,
                         (long long)m->epoch);
    *out = (weft_to_worker){.kind = (weft_to_worker_kind)m->kind,
                            .epoch = m->epoch,
                            .job = m->job,
                            .stage = m->stage,
                            .generation = m->generation};
    if ((m->open != NULL) != (out->kind == WEFT_TO_WORKER_STAGE) ||
        (m->launch != NULL) != (out->kind == WEFT_TO_WORKER_LAUNCH) ||
        (m->about != NULL) != is_about_attempt(out->kind) ||
        (m->piece != NULL) != (out->kind == WEFT_TO_WORKER_PIECE))
        return weft_fail(ctx, WEFT_CORRUPT, "an order of kind %u has the parts of another", m->kind);
    if (m->open != NULL) WEFT_TRY(st, get_open(ctx, m->open, settings, out));
    if (m->about != NULL) WEFT_TRY(st, get_attempt(ctx, m->about->partition, m->about->attempt, out));
    if (m->piece != NULL) WEFT_TRY(st, get_piece(ctx, m->piece, out));
    if (m->launch == NULL) goto done;
    WEFT_TRY(st, get_attempt(ctx, m->launch->partition, m->launch->attempt, out));
    out->task_bytes = m->launch->task.data;
    out->task_len = m->launch->task.len;
done:
    return st;
}
