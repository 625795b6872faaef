/* coordinator/command.h - what commands show. It needs no job, and so no worker: the rows become a block
 * here, so that they are read and sent as those of a query are. */
#ifndef WEFT_COORDINATOR_COMMAND_H
#define WEFT_COORDINATOR_COMMAND_H

#include "engine/catalog/session_catalog.h"
#include "engine/exec/block.h"

/* Rows of nullable STRING columns, in ctx->arena. */
typedef struct weft_command_rows {
    int32_t width, count;
    const char *const *names; /* [width] */
    const char *const *cells; /* [count * width], row after row; NULL is NULL */
    uint32_t flags;           /* bit i: column i is a BOOLEAN, its cells are "true" or "false" */
} weft_command_rows;

/* The rows as one block of one partition, charged to ctx's account, and their columns in ctx->arena. Errors:
 * WEFT_NOMEM, those of spilling. */
WEFT_MUST_CHECK weft_status weft_command_block(weft_ctx *ctx, const weft_command_rows *rows,
                                               const weft_schema **schema, weft_block **out);
/* One STRING column; a row for each line of text. */
WEFT_MUST_CHECK weft_status weft_command_text(weft_ctx *ctx, const char *column, const char *text,
                                              weft_command_rows *out);
/* key, value of one setting, named as it was asked for, or of all that were changed when key is NULL; behind
 * what is in cells already. */
WEFT_MUST_CHECK weft_status weft_command_settings(weft_ctx *ctx, const weft_settings *settings,
                                                  const char *key, weft_pointers *cells,
                                                  weft_command_rows *out);
/* Are the values of settings good that are more than a number? So that a wrong one is refused at once, not by
 * each later statement. */
WEFT_MUST_CHECK weft_status weft_command_check(weft_ctx *ctx, const weft_settings *settings);
/* Fails: the setting cannot be other than Spark's own. */
weft_status weft_command_refuse_setting(weft_ctx *ctx, const char *key, const char *value);
/* Errors: WEFT_CANNOT_MODIFY_CONFIG for what is fixed when a process starts; those of weft_settings_set. */
WEFT_MUST_CHECK weft_status weft_command_set(weft_ctx *ctx, weft_settings *settings, const char *key,
                                             const char *value);
/* Back to what the session started with: one key, or all when key is NULL. */
WEFT_MUST_CHECK weft_status weft_command_reset(weft_ctx *ctx, weft_settings *settings,
                                               const weft_settings *start, const char *key);
/* SHOW TABLES / VIEWS / FUNCTIONS / COLUMNS and DESCRIBE. For the last two the bound node has the relation as
 * input. */
WEFT_MUST_CHECK weft_status weft_command_show(weft_ctx *ctx, const weft_session_catalog *catalog,
                                              const weft_node *show, weft_command_rows *out);
/* The query of CREATE VIEW v (a, b) AS …: the parsed query under an alias with those column names; in
 * ctx->arena. */
WEFT_MUST_CHECK weft_status weft_command_alias(weft_ctx *ctx, const weft_node *create,
                                               const weft_node *parsed, const weft_node **out);

#endif
