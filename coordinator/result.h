/* coordinator/result.h - inside of a result, for session.c. */
#ifndef WEFT_COORDINATOR_RESULT_H
#define WEFT_COORDINATOR_RESULT_H

#include "common/settings.h"
#include "coordinator/session.h"
#include "engine/catalog/session_catalog.h"
#include "engine/columnar/builder.h"
#include "proto/record.h"

struct weft_result {
    weft_account *account;
    weft_arena *arena;
    weft_ctx ctx;
    weft_settings settings; /* of the statement, as it began */
    weft_clock moment;      /* of ctx while it is planned: the wall clock stands still, at now_us */
    int64_t now_us;
    uint64_t seed;          /* of what the analyser draws */
    weft_listings listings; /* of the paths that it names */
    weft_job_record record; /* … as its JOB says it */
    weft_run run;
    const weft_schema *schema;
    const weft_node *after; /* what is left to do when the statement has ended: ANALYZE TABLE; or NULL */
    bool is_text;           /* lines of text, as of EXPLAIN */
    /* reading */
    int32_t block;
    weft_block_reader *reader;
    const weft_row_page *page;
    uint32_t page_row;
    weft_vector *vectors; /* [schema->count], NULL until the first read */
    int32_t opened;
    weft_column *columns;
};

/* An empty result with memory of its own; ctx is ready for running a statement. Errors: WEFT_NOMEM. */
WEFT_MUST_CHECK weft_status weft_result_new(weft_pool *pool, const weft_settings *settings,
                                            const atomic_bool *cancel, weft_result **out);
/* Give back what ran for it, so that something else may run; what the statement is called stays. */
void weft_result_forget(weft_result *r);

#endif
