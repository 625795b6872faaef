/* engine/plan/node_text.h - the buffer and the parts of plan texts that several files share. */
#ifndef WEFT_PLAN_NODE_TEXT_H
#define WEFT_PLAN_NODE_TEXT_H

#include "engine/plan/logical.h"

/* A chain of doublings of a shared node would print for ever; nobody reads more than this. */
enum { NODE_TEXT_BYTES_MAX = 4 << 20 };

/* Text that grows in ctx->arena; it ends with a zero byte. */
typedef struct text_buffer {
    weft_ctx *ctx;
    char *data;
    size_t count, capacity;
} text_buffer;

WEFT_MUST_CHECK weft_status node_text_put(text_buffer *b, const char *bytes, size_t count);
/* At most 511 bytes. */
WEFT_MUST_CHECK WEFT_PRINTF(2, 3) weft_status node_text_printf(text_buffer *b, const char *format, ...);
WEFT_MUST_CHECK weft_status node_text_words(text_buffer *b, const char *words);
WEFT_MUST_CHECK weft_status node_text_expr(text_buffer *b, const weft_expr *e);
WEFT_MUST_CHECK weft_status node_text_exprs(text_buffer *b, const weft_expr *const *exprs, int32_t count,
                                            const char *separator);
/* " [a, b]" */
WEFT_MUST_CHECK weft_status node_text_list(text_buffer *b, const weft_expr *const *exprs, int32_t count);
WEFT_MUST_CHECK weft_status node_text_outputs(text_buffer *b, const weft_outputs *outputs);
/* ", Sort [a], false": the order of the rows in each task of a REPARTITION, if it has one. */
WEFT_MUST_CHECK weft_status node_text_sorted(text_buffer *b, const weft_node *repartition);
/* What stands behind the name of a node in the logical text. */
WEFT_MUST_CHECK weft_status node_text_content(text_buffer *b, const weft_node *node);

#endif
