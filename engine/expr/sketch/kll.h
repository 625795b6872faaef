/* engine/expr/sketch/kll.h - quantile sketches by Karnin, Lang and Liberty, "Optimal Quantile Approximation
 * in Streams" (FOCS 2016), as Apache DataSketches has them: levels of values, each of which stands for twice
 * as many as one of the level below; a level that is full is sorted, and every other value of it moves up.
 *
 * A state moves as bytes and lies at any address. Which values move up depends on a generator in the state.
 * As bytes a sketch is compact: empty, of one value, or full. */
#ifndef WEFT_EXPR_SKETCH_KLL_H
#define WEFT_EXPR_SKETCH_KLL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/ctx.h"

enum { WEFT_KLL_K_MIN = 8, WEFT_KLL_K_MAX = 65535, WEFT_KLL_K_DEFAULT = 200, WEFT_KLL_LEVELS_MAX = 61 };

typedef enum weft_kll_type { WEFT_KLL_BIGINT, WEFT_KLL_DOUBLE, WEFT_KLL_FLOAT } weft_kll_type;

/* A value: an int64_t, or the bits of a double (also in sketches of floats). */
typedef uint64_t weft_kll_value;

/* ---- states ---- */

/* The size of a state with room for `more` values; NULL: a new one. */
uint64_t weft_kll_room(const uint8_t *state, int k, uint64_t more);
/* The same with room for all of another state. */
uint64_t weft_kll_merge_room(const uint8_t *state, int k, const uint8_t *other);
void weft_kll_start(uint8_t *state, weft_kll_type type, int k);
int64_t weft_kll_n(const uint8_t *state);
int weft_kll_k(const uint8_t *state);
void weft_kll_update(uint8_t *state, weft_kll_value value); /* NaN does not count */
/* All of another state of the type; there is room for its values. Errors: WEFT_NOMEM. */
WEFT_MUST_CHECK weft_status weft_kll_merge(weft_ctx *ctx, uint8_t *state, const uint8_t *other);
/* The bytes of a state that are in use: a copy of them is the same state, in any room that is larger. */
size_t weft_kll_state_bytes(const uint8_t *state);
/* Are these bytes a state, as far as memory is concerned? */
bool weft_kll_state_valid(const uint8_t *state, size_t len);

/* ---- bytes ---- */

/* The sketch in these bytes as a state with room for nothing more, which the caller frees (weft_mem_free);
 * *good is false where there is none. Errors: WEFT_NOMEM. */
WEFT_MUST_CHECK weft_status weft_kll_read(weft_ctx *ctx, weft_kll_type type, const void *bytes, size_t len,
                                          uint8_t **out, bool *good);
size_t weft_kll_bytes(const uint8_t *state);
void weft_kll_write(const uint8_t *state, void *to);

/* ---- answers ---- */

typedef struct weft_kll_view { /* ascending */
    weft_kll_type type;
    int64_t count, n;
    weft_kll_value *values;
    int64_t *ranks; /* how many values are up to and with it */
} weft_kll_view;

/* Of a state with n > 0; the caller frees *out. Errors: WEFT_NOMEM. */
WEFT_MUST_CHECK weft_status weft_kll_view_new(weft_ctx *ctx, const uint8_t *state, weft_kll_view *out);
weft_kll_value weft_kll_quantile(const weft_kll_view *view, double rank); /* 0 to 1 */
double weft_kll_rank(const weft_kll_view *view, weft_kll_value value);    /* of values up to and with it */
void weft_kll_view_free(weft_kll_view *view);

typedef struct weft_kll_summary {
    int k, k_least, levels;
    int64_t n, capacity, retained;
    bool sorted;
    weft_kll_value least, greatest;
    double error, error_of_counts; /* of ranks, of a histogram's */
    size_t updatable_bytes;
} weft_kll_summary;
weft_kll_summary weft_kll_summarise(const uint8_t *state);

#endif
