/* engine/expr/program.h - expressions compiled to a flat list of steps over reused registers.
 *
 * weft_program is const and shared by all lanes of a stage; weft_eval is the state of one lane (registers,
 * per call site state, tables of what was computed per dictionary entry). No allocation per batch, but for
 * string heaps that grow. Common subexpressions are computed once per batch.
 *
 * Laziness: CASE, COALESCE, AND and OR evaluate their later arguments only on the rows that need them when
 * these are fallible; infallible ones may run dense. A fallible kernel ORs an error mask and only if it is
 * set looks again at the selected, valid rows (contract 3). */
#ifndef WEFT_EXPR_PROGRAM_H
#define WEFT_EXPR_PROGRAM_H

#include "engine/expr/function.h"

typedef struct weft_program weft_program;
typedef struct weft_eval weft_eval;

/* Compile physical expressions (COLUMN by ordinal) over inputs of the given types; in ctx->arena, which must
 * outlive it. Errors: WEFT_NOMEM, WEFT_INTERNAL for what only a plan may contain. */
WEFT_MUST_CHECK weft_status weft_program_compile(weft_ctx *ctx, const weft_expr *const *exprs, int32_t count,
                                                 const weft_type *input_types, int32_t input_count,
                                                 const weft_program **out);
/* The same of conjuncts, all BOOLEAN, for weft_eval_filter and weft_eval_dictionary alone. */
WEFT_MUST_CHECK weft_status weft_program_compile_filter(weft_ctx *ctx, const weft_expr *const *conjuncts,
                                                        int32_t count, const weft_type *input_types,
                                                        int32_t input_count, const weft_program **out);
/* Lane state. Caller closes with weft_eval_close. */
WEFT_MUST_CHECK weft_status weft_eval_open(weft_ctx *ctx, const weft_program *program, weft_eval **out);
/* Compute all expressions for the selected rows of in. out[i] is the column of expression i over the same
 * physical rows (valid at selected positions), borrowing registers or in's columns until the next call. A
 * dictionary or constant input may give a dictionary or constant output. */
WEFT_MUST_CHECK weft_status weft_eval_project(weft_ctx *ctx, weft_eval *eval, const weft_batch *in,
                                              weft_column *out);
/* Expressions are conjuncts: the positions of selected rows where all are true, ascending, into selection
 * (room for in->selected); *count of them. Evaluates conjunct by conjunct on what is left; infallible ones
 * may be reordered by what they were seen to cost and keep. selection may be the batch's own. */
WEFT_MUST_CHECK weft_status weft_eval_filter(weft_ctx *ctx, weft_eval *eval, const weft_batch *in,
                                             uint16_t *selection, int32_t *count);
void weft_eval_close(weft_eval **eval);

/* Evaluate one physical expression without columns (folding, LIMIT, VALUES). Strings are copied to
 * ctx->arena. */
WEFT_MUST_CHECK weft_status weft_eval_constant(weft_ctx *ctx, const weft_expr *e, weft_value *out);

/* Evaluate predicate (its only column is ordinal 0) once per dictionary entry: keep[i] = 1 when true for
 * entry i. For scans: predicates on dictionary pages. Errors as the predicate's own: a caller may then fall
 * back to rows. */
WEFT_MUST_CHECK weft_status weft_eval_dictionary(weft_ctx *ctx, weft_eval *eval, weft_type type,
                                                 const weft_dictionary *dictionary, uint8_t *keep);

#endif
