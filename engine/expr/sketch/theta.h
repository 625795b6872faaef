/* engine/expr/sketch/theta.h - theta and tuple sketches of Apache DataSketches: the k least of the hashes of
 * all values, each with a summary in tuple sketches. Hashes are 63 bits wide, and below theta, a sketch's
 * part of all hashes: 2^63 - 1 (all) until there are more than k.
 *
 * As bytes they are compact: of theta sketches version 3 and, where hashes are ordered, version 4, which
 * packs their differences; of tuple sketches version 3. While they are made they are a state: a header,
 * entries in the order of their coming, and a hash table of their places; it moves as bytes and lies at any
 * address. */
#ifndef WEFT_EXPR_SKETCH_THETA_H
#define WEFT_EXPR_SKETCH_THETA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/ctx.h"

enum { WEFT_THETA_LG_MIN = 4, WEFT_THETA_LG_MAX = 26, WEFT_THETA_LG = 12 };

typedef enum weft_theta_kind { WEFT_THETA_PLAIN, WEFT_THETA_DOUBLE, WEFT_THETA_INTEGER } weft_theta_kind;
typedef enum weft_theta_mode { /* how summaries of one value are put together */
                               WEFT_THETA_SUM,
                               WEFT_THETA_MIN,
                               WEFT_THETA_MAX,
                               WEFT_THETA_ONE
} weft_theta_mode;

/* The bits of a double, or an int32_t sign-extended. */
typedef uint64_t weft_theta_summary;

typedef struct weft_theta_entry {
    uint64_t hash;
    weft_theta_summary summary; /* 0 in theta sketches */
} weft_theta_entry;

/* A sketch as a list. Zeroed with theta set is an empty one. */
typedef struct weft_theta_list {
    uint64_t theta;
    bool empty; /* no value was ever seen */
    int64_t count;
    weft_theta_entry *entries; /* by hash once weft_theta_sort was called */
} weft_theta_list;

#define WEFT_THETA_ALL ((uint64_t)INT64_MAX)

double weft_theta_estimate(weft_theta_kind kind, const weft_theta_list *list);
weft_theta_summary weft_theta_first(weft_theta_kind kind, weft_theta_mode mode); /* before any value */
weft_theta_summary weft_theta_combine(weft_theta_kind kind, weft_theta_mode mode, weft_theta_summary a,
                                      weft_theta_summary b);

/* ---- bytes ---- */

/* The sketch in these bytes; entries are working memory of the caller (weft_mem_free). *good is false where
 * they are none. Errors: WEFT_NOMEM. */
WEFT_MUST_CHECK weft_status weft_theta_read(weft_ctx *ctx, weft_theta_kind kind, const void *bytes,
                                            size_t len, weft_theta_list *out, bool *good);
/* Room for the bytes of a list, and the bytes; returns how many. The list is sorted. mode: of summaries. */
size_t weft_theta_write_room(const weft_theta_list *list);
size_t weft_theta_write(weft_theta_kind kind, weft_theta_mode mode, const weft_theta_list *list, void *to);

/* ---- lists ---- */

/* By hash, each once; entries from theta on go, and but for the least 2^lg ones all. */
void weft_theta_sort(weft_theta_list *list, int lg);
/* a becomes what is in both (summaries combined), or in a and not in b. Both are sorted. */
void weft_theta_intersect(weft_theta_kind kind, weft_theta_mode mode, weft_theta_list *a,
                          const weft_theta_list *b);
void weft_theta_subtract(weft_theta_list *a, const weft_theta_list *b);

/* ---- states ---- */

/* The size of a state with room for `updates` more entries; NULL: a new one, of 2^lg entries at last. */
uint64_t weft_theta_room(const uint8_t *state, weft_theta_kind kind, int lg, uint64_t updates);
void weft_theta_start(uint8_t *state, size_t len, weft_theta_kind kind, weft_theta_mode mode, int lg);
/* The state has more room now. */
void weft_theta_grown(uint8_t *state, size_t len);
/* A value by its bytes, with its summary. */
void weft_theta_update(uint8_t *state, const void *value, size_t len, weft_theta_summary summary);
/* All of another sketch; there is room for its entries. */
void weft_theta_union(uint8_t *state, const weft_theta_list *list);
/* The entries of a state as a list, which the caller frees; not sorted. */
WEFT_MUST_CHECK weft_status weft_theta_list_of(weft_ctx *ctx, const uint8_t *state, size_t len,
                                               weft_theta_list *out);

#endif
