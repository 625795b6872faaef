/* engine/plan/wire_private.h - what encoder, decoder and checkers of the wire form of stages share. */
#ifndef WEFT_PLAN_WIRE_PRIVATE_H
#define WEFT_PLAN_WIRE_PRIVATE_H

#include "common/limits.h"
#include "engine/plan/physical.h"
#include "proto/plan.pb-c.h"

enum {
    WEFT_STAGE_WIRE_VERSION = 1,
    WEFT_STAGE_WIRE_BYTES_MAX = 256 << 20, /* WEFT_FILES_MAX paths of a usual length */
    WEFT_STAGE_WIRE_OPS_MAX = 1 << 16      /* far more than a plan of WEFT_EXPR_DEPTH_MAX makes */
};

/* A stage while it is decoded, from its inputs over the source to the sink. */
typedef struct wire_stage {
    weft_ctx *ctx;
    weft_stage *stage;
    const char *part; /* that is being decoded: "source", "operator", "sink", … */
    int32_t number;   /* of the operator, or -1 */
    weft_types now;   /* the columns that leave what was decoded so far */
} wire_stage;

/* WEFT_CORRUPT with stage, part and what is wrong with it. */
weft_status wire_fail(const wire_stage *w, const char *what);
/* WEFT_UNSUPPORTED: a value of an enumeration that this process does not have. */
weft_status wire_unknown(const wire_stage *w, const char *what, uint32_t value);

/* ---- pieces: wire_decode.c ---- */
bool wire_types_equal(const weft_types *a, const weft_types *b);
/* A list of numbers; an empty one is not NULL, as in plans that were made here. */
const int32_t *wire_ints(const int32_t *values);
/* Is every value in [0, limit)? */
bool wire_in_range(const int32_t *values, size_t count, int32_t limit);
WEFT_MUST_CHECK weft_status wire_get_types(const wire_stage *w, const ProtobufCBinaryData *from,
                                           weft_types *out);
/* wanted: how many there must be, or -1. */
WEFT_MUST_CHECK weft_status wire_get_exprs(const wire_stage *w, const ProtobufCBinaryData *from,
                                           const weft_types *inputs, int32_t wanted,
                                           const weft_expr *const **exprs, int32_t *count);
WEFT_MUST_CHECK weft_status wire_get_predicates(const wire_stage *w, const ProtobufCBinaryData *from,
                                                const weft_types *inputs, const weft_expr *const **exprs,
                                                int32_t *count);
WEFT_MUST_CHECK weft_status wire_get_sort_keys(const wire_stage *w, Weft__Wire__SortKey *const *from,
                                               size_t count, const weft_types *columns,
                                               const weft_sort_key **out);
WEFT_MUST_CHECK weft_status wire_get_schema(const wire_stage *w, const Weft__Wire__Schema *from,
                                            const weft_schema **out);
/* AGGREGATE nodes whose arguments are columns; inputs NULL: only the arguments' types count. states: types of
 * the groups, then of all states. */
WEFT_MUST_CHECK weft_status wire_get_aggregates(const wire_stage *w, const Weft__Wire__Aggregation *from,
                                                const weft_types *inputs, const weft_types *groups,
                                                const weft_expr *const **aggregates, int32_t *count,
                                                weft_types *states);
/* The input `index`, read in this mode; NULL when there is none. */
const weft_stage_input *wire_input(const wire_stage *w, int32_t index, weft_input_mode mode);
/* columns[picks[i]], appended to *to, which has room. */
void wire_pick(const weft_types *columns, const int32_t *picks, size_t count, weft_type *to, int32_t *at);

/* ---- parts ---- */
WEFT_MUST_CHECK weft_status wire_get_source(wire_stage *w, const Weft__Wire__Source *from,
                                            weft_source_spec *out); /* wire_source.c */
WEFT_MUST_CHECK weft_status wire_get_op(wire_stage *w, const Weft__Wire__Operator *from,
                                        weft_op_spec *out); /* wire_op.c */
WEFT_MUST_CHECK weft_status wire_get_sink(wire_stage *w, const Weft__Wire__Sink *from,
                                          weft_sink_spec *out); /* wire_sink.c */

#endif
