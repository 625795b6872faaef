/* proto/record.h - what a journal keeps of a job, as structs and as bytes (docs/failover.md, "Records").
 *
 * Together they are all that decides a job's plan: with the same text, settings, moment, seed, files, and the
 * same answers to the planner, the planner gives the same stages. So a later leader plans again and is at the
 * same place; the stages themselves stand here too, and are not made again.
 *
 * Encoded bytes are in ctx->arena. What is decoded is in ctx->arena, was checked, and needs the bytes no
 * more; a stage's own bytes are checked by weft_stage_decode. Errors of decoding: WEFT_CORRUPT, WEFT_LIMIT,
 * WEFT_NOMEM; WEFT_UNSUPPORTED for a later version or a field that is not known. */
#ifndef WEFT_PROTO_RECORD_H
#define WEFT_PROTO_RECORD_H

#include "common/uuid.h"
#include "proto/report.h"
#include "proto/session.h"

typedef struct weft_record_file {
    const char *path;
    int64_t size_bytes, mtime_ns;
    int32_t base_bytes;
    const char *folder; /* NULL: its partition folders are those of its path */
} weft_record_file;

typedef struct weft_record_listing {
    const char *path; /* as the statement or its view has it */
    int32_t file_count;
    const weft_record_file *files;
} weft_record_listing;

typedef struct weft_job_record {
    const char *release; /* of the leader that began it */
    uint64_t number;     /* what workers call it */
    uint64_t term;       /* of the leader that began it */
    weft_uuid session;
    uint64_t operation;
    const char *user; /* "": nobody in particular */
    const char *text; /* with a zero byte behind its length */
    size_t text_len;
    int32_t setting_count;
    const weft_session_setting *settings;
    int64_t now_us; /* what now() means */
    uint64_t seed;  /* of the numbers that the analyser draws */
    int32_t listing_count;
    const weft_record_listing *listings;
    const char *output; /* where it writes to; "": it only reads */
    bool timed;         /* operators are timed (EXPLAIN ANALYZE) */
} weft_job_record;

/* Sums of a finished stage, as the planner was given them. */
typedef struct weft_record_stats {
    int64_t rows, bytes;
    int32_t partition_count, key_count;
    const int64_t *partition_rows, *partition_bytes; /* [partition_count] */
    const weft_key_range *keys;                      /* [key_count] */
    int32_t sample_count;
    const weft_sort_sample *samples; /* [sample_count] */
} weft_record_stats;

/* One call of the planner: this stage is complete, or (stage -1) what can start now? */
typedef struct weft_record_step {
    int32_t stage;
    weft_record_stats stats;
} weft_record_step;

typedef struct weft_stage_record {
    int32_t slots, workers; /* of stage 0: what the planner was made with; else 0 */
    int64_t memory_bytes;   /* likewise */
    int32_t step_count;
    const weft_record_step *steps; /* since the record before; stages of one answer: with the first */
    const uint8_t *stage;          /* weft_stage_encode */
    size_t stage_len;
    bool is_result;
} weft_stage_record;

typedef struct weft_record_generation {
    int32_t stage, generation;
} weft_record_generation;

typedef struct weft_accepted_record {
    int32_t stage, generation;
    int32_t count;
    const int32_t *attempts; /* [count] by partition */
} weft_accepted_record;

WEFT_MUST_CHECK weft_status weft_job_record_encode(weft_ctx *ctx, const weft_job_record *record,
                                                   uint8_t **bytes, size_t *len);
WEFT_MUST_CHECK weft_status weft_job_record_decode(weft_ctx *ctx, const uint8_t *bytes, size_t len,
                                                   weft_job_record *out);
WEFT_MUST_CHECK weft_status weft_stage_record_encode(weft_ctx *ctx, const weft_stage_record *record,
                                                     uint8_t **bytes, size_t *len);
WEFT_MUST_CHECK weft_status weft_stage_record_decode(weft_ctx *ctx, const uint8_t *bytes, size_t len,
                                                     weft_stage_record *out);
WEFT_MUST_CHECK weft_status weft_generation_record_encode(weft_ctx *ctx, const weft_record_generation *stages,
                                                          int32_t count, uint8_t **bytes, size_t *len);
WEFT_MUST_CHECK weft_status weft_generation_record_decode(weft_ctx *ctx, const uint8_t *bytes, size_t len,
                                                          const weft_record_generation **stages,
                                                          int32_t *count);
WEFT_MUST_CHECK weft_status weft_accepted_record_encode(weft_ctx *ctx, const weft_accepted_record *record,
                                                        uint8_t **bytes, size_t *len);
WEFT_MUST_CHECK weft_status weft_accepted_record_decode(weft_ctx *ctx, const uint8_t *bytes, size_t len,
                                                        weft_accepted_record *out);
/* How a job ended. error: code WEFT_OK when it succeeded. Decoded, the error's texts are cut to what a
 * weft_error holds. */
WEFT_MUST_CHECK weft_status weft_end_record_encode(weft_ctx *ctx, const weft_error *error, uint8_t **bytes,
                                                   size_t *len);
WEFT_MUST_CHECK weft_status weft_end_record_decode(weft_ctx *ctx, const uint8_t *bytes, size_t len,
                                                   weft_error *error);

#endif
