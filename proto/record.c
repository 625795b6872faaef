/* proto/record.c - see record.h. */
#include "proto/record.h"

#include <string.h>

#include "common/limits.h"
#include "common/settings.h"
#include "proto/record.pb-c.h"
#include "proto/wire_control.h"

enum {
    VERSION = 1,
    LISTINGS_MAX = 100000,       /* paths that one statement names */
    TASKS_MAX = 1 << 24,         /* of one stage */
    RECORD_BYTES_MAX = 256 << 20 /* WEFT_JOURNAL_VALUE_BYTES */
};

/* ---- pieces ---- */

static weft_status pack(weft_ctx *ctx, const ProtobufCMessage *message, uint8_t **bytes, size_t *len)
{
    weft_status st = WEFT_OK;
    const size_t size = protobuf_c_message_get_packed_size(message);
    if (size > RECORD_BYTES_MAX)
        return weft_fail(ctx, WEFT_LIMIT, "a record takes %zu bytes, more than the %d that a journal holds",
                         size, RECORD_BYTES_MAX);
    WEFT_TRY(st, weft_arena_alloc(ctx, ctx->arena, size + 1, (void **)bytes));
    *len = protobuf_c_message_pack(message, *bytes);
done:
    return st;
}

static weft_status unpack(weft_ctx *ctx, const ProtobufCMessageDescriptor *descriptor, const uint8_t *bytes,
                          size_t len, ProtobufCMessage **out)
{
    if (len > RECORD_BYTES_MAX)
        return weft_fail(ctx, WEFT_LIMIT, "a record of %zu bytes, more than %d", len, RECORD_BYTES_MAX);
    return weft_wire_unpack(ctx, descriptor, bytes, len, out);
}

static weft_status check_version(weft_ctx *ctx, uint32_t version)
{
    if (version == VERSION) return WEFT_OK;
    return weft_fail(ctx, WEFT_UNSUPPORTED, "a record of version %u; this release reads version %d", version,
                     (int)VERSION);
}

/* ---- JOB ---- */

static weft_status put_listing(weft_ctx *ctx, const weft_record_listing *from, Weft__Wire__RecordListing *m)
{
    weft_status st = WEFT_OK;
    Weft__Wire__RecordFile *files = NULL;
    weft__wire__record_listing__init(m);
    m->path = wire_text(from->path);
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, from->file_count, &files));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, from->file_count, &m->files));
    for (int32_t i = 0; i < from->file_count; i++) {
        weft__wire__record_file__init(&files[i]);
        files[i].path = wire_text(from->files[i].path);
        files[i].size_bytes = from->files[i].size_bytes;
        files[i].mtime_ns = from->files[i].mtime_ns;
        files[i].base_bytes = from->files[i].base_bytes;
        files[i].folder = wire_text(from->files[i].folder);
        m->files[m->n_files++] = &files[i];
    }
done:
    return st;
}

weft_status weft_job_record_encode(weft_ctx *ctx, const weft_job_record *r, uint8_t **bytes, size_t *len)
{
    weft_status st = WEFT_OK;
    Weft__Wire__JobRecord m = WEFT__WIRE__JOB_RECORD__INIT;
    Weft__Wire__RecordListing *listings = NULL;
    m.version = VERSION;
    m.release = wire_text(r->release);
    m.number = r->number;
    m.term = r->term;
    m.session_high = r->session.high;
    m.session_low = r->session.low;
    m.operation = r->operation;
    m.user = wire_text(r->user);
    m.text = wire_bytes((const uint8_t *)r->text, r->text_len);
    m.now_us = r->now_us;
    m.seed = r->seed;
    m.output = wire_text(r->output);
    m.timed = r->timed;
    WEFT_TRY(st, wire_put_settings(ctx, r->settings, r->setting_count, &m.n_settings, &m.settings));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, r->listing_count, &listings));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, r->listing_count, &m.listings));
    for (int32_t i = 0; i < r->listing_count; i++) {
        WEFT_TRY(st, put_listing(ctx, &r->listings[i], &listings[i]));
        m.listings[m.n_listings++] = &listings[i];
    }
    WEFT_TRY(st, pack(ctx, &m.base, bytes, len));
done:
    return st;
}

static weft_status get_listing(weft_ctx *ctx, const Weft__Wire__RecordListing *m, weft_record_listing *out)
{
    weft_status st = WEFT_OK;
    weft_record_file *files = NULL;
    if (m->n_files > WEFT_FILES_MAX)
        return weft_fail(ctx, WEFT_LIMIT, "a record names %zu files of %s", m->n_files, m->path);
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, m->n_files, &files));
    for (size_t i = 0; i < m->n_files; i++) {
        const Weft__Wire__RecordFile *f = m->files[i];
        if (f->size_bytes < 0 || f->base_bytes < 0 || (size_t)f->base_bytes > strlen(f->path))
            return weft_fail(ctx, WEFT_CORRUPT, "a record names file %s of %lld bytes, below its first %d",
                             f->path, (long long)f->size_bytes, f->base_bytes);
        files[i] = (weft_record_file){.path = f->path,
                                      .size_bytes = f->size_bytes,
                                      .mtime_ns = f->mtime_ns,
                                      .base_bytes = f->base_bytes,
                                      .folder = f->folder[0] != '\0' ? f->folder : NULL};
    }
    *out = (weft_record_listing){.path = m->path, .file_count = (int32_t)m->n_files, .files = files};
done:
    return st;
}

static weft_status get_text(weft_ctx *ctx, ProtobufCBinaryData from, const char **text, size_t *len)
{
    weft_status st = WEFT_OK;
    char *copy = NULL;
    if (from.len > WEFT_SQL_BYTES_MAX)
        return weft_fail(ctx, WEFT_LIMIT, "a record has a statement of %zu bytes", from.len);
    WEFT_TRY(st,
             weft_arena_copy(ctx, ctx->arena, from.len == 0 ? "" : (const char *)from.data, from.len, &copy));
    *text = copy;
    *len = from.len;
done:
    return st;
}

weft_status weft_job_record_decode(weft_ctx *ctx, const uint8_t *bytes, size_t len, weft_job_record *out)
{
    weft_status st = WEFT_OK;
    ProtobufCMessage *message = NULL;
    weft_record_listing *listings = NULL;
    WEFT_TRY(st, unpack(ctx, &weft__wire__job_record__descriptor, bytes, len, &message));
    const Weft__Wire__JobRecord *m = (const Weft__Wire__JobRecord *)message;
    WEFT_TRY(st, check_version(ctx, m->version));
    if (m->number == 0 || m->operation == 0 || m->n_listings > LISTINGS_MAX)
        return weft_fail(ctx, WEFT_CORRUPT, "a record of job %llu, operation %llu, with %zu listings",
                         (unsigned long long)m->number, (unsigned long long)m->operation, m->n_listings);
    *out = (weft_job_record){.release = m->release,
                             .number = m->number,
                             .term = m->term,
                             .session = {.high = m->session_high, .low = m->session_low},
                             .operation = m->operation,
                             .user = m->user,
                             .now_us = m->now_us,
                             .seed = m->seed,
                             .output = m->output,
                             .timed = m->timed,
                             .listing_count = (int32_t)m->n_listings};
    WEFT_TRY(st, get_text(ctx, m->text, &out->text, &out->text_len));
    WEFT_TRY(st, wire_get_settings(ctx, m->settings, m->n_settings, &out->settings, &out->setting_count));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, m->n_listings, &listings));
    for (size_t i = 0; i < m->n_listings; i++) WEFT_TRY(st, get_listing(ctx, m->listings[i], &listings[i]));
    out->listings = listings;
done:
    return st;
}

/* ---- STAGE ---- */

static weft_status put_keys(weft_ctx *ctx, const weft_record_stats *from, Weft__Wire__RecordStats *m)
{
    weft_status st = WEFT_OK;
    Weft__Wire__KeyRange *keys = NULL;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, from->key_count, &keys));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, from->key_count, &m->keys));
    for (int32_t i = 0; i < from->key_count; i++) {
        weft__wire__key_range__init(&keys[i]);
        keys[i].has = from->keys[i].has;
        keys[i].low = from->keys[i].low;
        keys[i].high = from->keys[i].high;
        m->keys[m->n_keys++] = &keys[i];
    }
done:
    return st;
}

static weft_status put_step(weft_ctx *ctx, const weft_record_step *from, Weft__Wire__RecordStep *m)
{
    weft_status st = WEFT_OK;
    Weft__Wire__RecordStats *stats = NULL;
    const weft_record_stats *s = &from->stats;
    weft__wire__record_step__init(m);
    m->stage = from->stage;
    if (from->stage < 0) return WEFT_OK;
    WEFT_TRY(st, WEFT_NEW(ctx, &stats));
    weft__wire__record_stats__init(stats);
    stats->rows = s->rows;
    stats->bytes = s->bytes;
    stats->n_partition_rows = stats->n_partition_bytes = (size_t)s->partition_count;
    stats->partition_rows = (int64_t *)(uintptr_t)s->partition_rows;
    stats->partition_bytes = (int64_t *)(uintptr_t)s->partition_bytes;
    WEFT_TRY(st, put_keys(ctx, s, stats));
    WEFT_TRY(st, wire_put_samples(ctx, s->samples, s->sample_count, &stats->samples, &stats->n_samples));
    m->stats = stats;
done:
    return st;
}

weft_status weft_stage_record_encode(weft_ctx *ctx, const weft_stage_record *r, uint8_t **bytes, size_t *len)
{
    weft_status st = WEFT_OK;
    Weft__Wire__StageRecord m = WEFT__WIRE__STAGE_RECORD__INIT;
    Weft__Wire__RecordStep *steps = NULL;
    m.version = VERSION;
    m.slots = r->slots;
    m.workers = r->workers;
    m.memory_bytes = r->memory_bytes;
    m.stage = wire_bytes(r->stage, r->stage_len);
    m.is_result = r->is_result;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, r->step_count, &steps));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, r->step_count, &m.steps));
    for (int32_t i = 0; i < r->step_count; i++) {
        WEFT_TRY(st, put_step(ctx, &r->steps[i], &steps[i]));
        m.steps[m.n_steps++] = &steps[i];
    }
    WEFT_TRY(st, pack(ctx, &m.base, bytes, len));
done:
    return st;
}

static weft_status get_step(weft_ctx *ctx, const Weft__Wire__RecordStep *m, weft_record_step *out)
{
    weft_status st = WEFT_OK;
    weft_key_range *keys = NULL;
    weft_sort_sample *samples = NULL;
    const Weft__Wire__RecordStats *s = m->stats;
    *out = (weft_record_step){.stage = m->stage};
    if (m->stage < -1 || m->stage >= WEFT_STAGES_MAX || (m->stage < 0) != (s == NULL))
        return weft_fail(ctx, WEFT_CORRUPT, "a record tells of stage %d", m->stage);
    if (s == NULL) return WEFT_OK;
    if (s->n_partition_rows != s->n_partition_bytes || s->n_partition_rows > WEFT_PARTITIONS_MAX ||
        s->n_keys > WEFT_COLUMNS_MAX || s->n_samples > WEFT_STAGE_SAMPLES_MAX)
        return weft_fail(ctx, WEFT_CORRUPT,
                         "a record tells of %zu and %zu partitions, %zu keys and %zu samples of stage %d",
                         s->n_partition_rows, s->n_partition_bytes, s->n_keys, s->n_samples, m->stage);
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, s->n_keys, &keys));
    for (size_t i = 0; i < s->n_keys; i++)
        keys[i] = (weft_key_range){.has = s->keys[i]->has, .low = s->keys[i]->low, .high = s->keys[i]->high};
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, s->n_samples, &samples));
    WEFT_TRY(st, wire_get_samples(ctx, s->samples, s->n_samples, samples));
    out->stats = (weft_record_stats){.rows = s->rows,
                                     .bytes = s->bytes,
                                     .partition_count = (int32_t)s->n_partition_rows,
                                     .partition_rows = s->partition_rows,
                                     .partition_bytes = s->partition_bytes,
                                     .key_count = (int32_t)s->n_keys,
                                     .keys = keys,
                                     .sample_count = (int32_t)s->n_samples,
                                     .samples = samples};
done:
    return st;
}

weft_status weft_stage_record_decode(weft_ctx *ctx, const uint8_t *bytes, size_t len, weft_stage_record *out)
{
    weft_status st = WEFT_OK;
    ProtobufCMessage *message = NULL;
    weft_record_step *steps = NULL;
    WEFT_TRY(st, unpack(ctx, &weft__wire__stage_record__descriptor, bytes, len, &message));
    const Weft__Wire__StageRecord *m = (const Weft__Wire__StageRecord *)message;
    WEFT_TRY(st, check_version(ctx, m->version));
    if (m->slots < 0 || m->workers < 0 || m->memory_bytes < 0 || m->n_steps > 2 * WEFT_STAGES_MAX)
        return weft_fail(ctx, WEFT_CORRUPT,
                         "a record of a stage tells of %d slots of %d workers and %zu steps", m->slots,
                         m->workers, m->n_steps);
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, m->n_steps, &steps));
    for (size_t i = 0; i < m->n_steps; i++) WEFT_TRY(st, get_step(ctx, m->steps[i], &steps[i]));
    *out = (weft_stage_record){.slots = m->slots,
                               .workers = m->workers,
                               .memory_bytes = m->memory_bytes,
                               .step_count = (int32_t)m->n_steps,
                               .steps = steps,
                               .stage = m->stage.data,
                               .stage_len = m->stage.len,
                               .is_result = m->is_result};
done:
    return st;
}

/* ---- GENERATION, ACCEPTED ---- */

weft_status weft_generation_record_encode(weft_ctx *ctx, const weft_record_generation *stages, int32_t count,
                                          uint8_t **bytes, size_t *len)
{
    weft_status st = WEFT_OK;
    Weft__Wire__GenerationRecord m = WEFT__WIRE__GENERATION_RECORD__INIT;
    Weft__Wire__RecordGeneration *list = NULL;
    m.version = VERSION;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, count, &list));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, count, &m.stages));
    for (int32_t i = 0; i < count; i++) {
        weft__wire__record_generation__init(&list[i]);
        list[i].stage = stages[i].stage;
        list[i].generation = stages[i].generation;
        m.stages[m.n_stages++] = &list[i];
    }
    WEFT_TRY(st, pack(ctx, &m.base, bytes, len));
done:
    return st;
}

weft_status weft_generation_record_decode(weft_ctx *ctx, const uint8_t *bytes, size_t len,
                                          const weft_record_generation **stages, int32_t *count)
{
    weft_status st = WEFT_OK;
    ProtobufCMessage *message = NULL;
    weft_record_generation *list = NULL;
    WEFT_TRY(st, unpack(ctx, &weft__wire__generation_record__descriptor, bytes, len, &message));
    const Weft__Wire__GenerationRecord *m = (const Weft__Wire__GenerationRecord *)message;
    WEFT_TRY(st, check_version(ctx, m->version));
    if (m->n_stages > WEFT_STAGES_MAX)
        return weft_fail(ctx, WEFT_CORRUPT, "a record tells of %zu generations", m->n_stages);
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, m->n_stages, &list));
    for (size_t i = 0; i < m->n_stages; i++) {
        list[i] = (weft_record_generation){m->stages[i]->stage, m->stages[i]->generation};
        if (list[i].stage < 0 || list[i].stage >= WEFT_STAGES_MAX || list[i].generation < 0)
            return weft_fail(ctx, WEFT_CORRUPT, "a record tells of generation %d of stage %d",
                             list[i].generation, list[i].stage);
    }
    *stages = list;
    *count = (int32_t)m->n_stages;
done:
    return st;
}

weft_status weft_accepted_record_encode(weft_ctx *ctx, const weft_accepted_record *r, uint8_t **bytes,
                                        size_t *len)
{
    weft_status st = WEFT_OK;
    Weft__Wire__AcceptedRecord m = WEFT__WIRE__ACCEPTED_RECORD__INIT;
    Weft__Wire__AttemptRun *runs = NULL;
    int32_t run_count = 0;
    m.version = VERSION;
    m.stage = r->stage;
    m.generation = r->generation;
    for (int32_t i = 0; i < r->count; i++) run_count += i == 0 || r->attempts[i] != r->attempts[i - 1];
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, run_count, &runs));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, run_count, &m.runs));
    for (int32_t i = 0; i < r->count; i++) {
        if (i > 0 && r->attempts[i] == r->attempts[i - 1]) {
            runs[m.n_runs - 1].count++;
            continue;
        }
        Weft__Wire__AttemptRun *run = &runs[m.n_runs];
        weft__wire__attempt_run__init(run);
        run->count = 1;
        run->attempt = r->attempts[i];
        m.runs[m.n_runs++] = run;
    }
    WEFT_TRY(st, pack(ctx, &m.base, bytes, len));
done:
    return st;
}

weft_status weft_accepted_record_decode(weft_ctx *ctx, const uint8_t *bytes, size_t len,
                                        weft_accepted_record *out)
{
    weft_status st = WEFT_OK;
    ProtobufCMessage *message = NULL;
    int32_t *attempts = NULL;
    int64_t count = 0;
    WEFT_TRY(st, unpack(ctx, &weft__wire__accepted_record__descriptor, bytes, len, &message));
    const Weft__Wire__AcceptedRecord *m = (const Weft__Wire__AcceptedRecord *)message;
    WEFT_TRY(st, check_version(ctx, m->version));
    for (size_t i = 0; i < m->n_runs; i++) {
        if (m->runs[i]->count <= 0 || m->runs[i]->attempt < 0)
            return weft_fail(ctx, WEFT_CORRUPT, "a record tells of %d tasks with attempt %d",
                             m->runs[i]->count, m->runs[i]->attempt);
        count += m->runs[i]->count;
        if (count > TASKS_MAX) return weft_fail(ctx, WEFT_LIMIT, "a record tells of too many tasks");
    }
    if (m->stage < 0 || m->stage >= WEFT_STAGES_MAX || m->generation < 0)
        return weft_fail(ctx, WEFT_CORRUPT, "a record tells of generation %d of stage %d", m->generation,
                         m->stage);
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, count, &attempts));
    *out = (weft_accepted_record){
        .stage = m->stage, .generation = m->generation, .count = (int32_t)count, .attempts = attempts};
    for (size_t i = 0; i < m->n_runs; i++)
        for (int32_t k = 0; k < m->runs[i]->count; k++) *attempts++ = m->runs[i]->attempt;
done:
    return st;
}

/* ---- END ---- */

weft_status weft_end_record_encode(weft_ctx *ctx, const weft_error *error, uint8_t **bytes, size_t *len)
{
    Weft__Wire__EndRecord m = WEFT__WIRE__END_RECORD__INIT;
    Weft__Wire__Error e = WEFT__WIRE__ERROR__INIT;
    m.version = VERSION;
    if (error->code != WEFT_OK) {
        wire_put_error(error, &e);
        m.error = &e;
    }
    return pack(ctx, &m.base, bytes, len);
}

weft_status weft_end_record_decode(weft_ctx *ctx, const uint8_t *bytes, size_t len, weft_error *error)
{
    weft_status st = WEFT_OK;
    ProtobufCMessage *message = NULL;
    *error = (weft_error){0};
    WEFT_TRY(st, unpack(ctx, &weft__wire__end_record__descriptor, bytes, len, &message));
    const Weft__Wire__EndRecord *m = (const Weft__Wire__EndRecord *)message;
    WEFT_TRY(st, check_version(ctx, m->version));
    if (m->error != NULL) WEFT_TRY(st, wire_get_error(ctx, m->error, error));
done:
    return st;
}
