/* engine/columnar/column.h - contract 1: columns and batches, the data that flows between operators.
 *
 * A column is a typed view of `rows` slots with a physical type and an encoding. It owns nothing: a batch
 * that is pushed to the next operator is valid until that push returns, and whoever keeps rows copies the
 * survivors (into row pages, tables, Arrow arrays), so that ten bytes never pin a page. Producers keep the
 * memory (registers of a lane, decoded pages, row pages of a block they hold a count on) alive and unchanged
 * for that time.
 *
 * Invariants
 *  - data is 64-byte aligned where the producer allocated it; kernels must not assume more than natural
 * alignment.
 *  - a null slot holds zero (or an empty weft_str, or code 0), so that infallible kernels may run dense.
 *  - validity is a bitmap over physical positions, 1 = valid; NULL means that no slot is null. Bits past rows
 * are undefined. A set with no zero among the slots is allowed.
 *  - DICTIONARY: data is uint32_t codes < dict->count; validity is per row; dictionary entries are never null
 * and need not be distinct.
 *  - CONSTANT: one value at data[0]; if validity is not NULL its bit 0 says whether the value is null for all
 * rows.
 *  - RUN_LENGTH: run_ends[i] is the exclusive end (physical row) of run i; data holds run_count values;
 * validity is per run. The last end is >= rows.
 *  - LIST and STRUCT columns are FLAT or CONSTANT. A struct has no data: field k of row r is row r of
 * children[k] (of row 0 when the struct is CONSTANT); children of a null struct hold something readable,
 * nulls best.
 *  - the selection of the batch applies to all columns; slots that are not selected hold any value of the
 * type (readable, but for STR possibly dangling: never dereference strings of unselected slots). */
#ifndef WEFT_COLUMNAR_COLUMN_H
#define WEFT_COLUMNAR_COLUMN_H

#include <string.h>

#include "common/hash.h"
#include "common/limits.h"
#include "engine/columnar/type.h"

/* A string of len bytes: up to 12 inline, longer by pointer with the first four bytes kept beside the length
 * so that most comparisons end in this struct. Unused inline bytes are zero, so equality of short strings is
 * equality of 16 bytes. Lengths are at most INT32_MAX. */
typedef struct weft_str {
    uint32_t len;
    char prefix[4]; /* first bytes, zero filled; for len <= 12 the text goes on in tail */
    union {
        char tail[8];
        const char *pointer; /* len > 12: all bytes, prefix included */
    };
} weft_str;
_Static_assert(sizeof(weft_str) == 16, "a string view is 16 bytes");

enum { WEFT_STR_INLINE = 12 };

static inline const char *weft_str_data(const weft_str *s)
{
    return s->len <= WEFT_STR_INLINE ? s->prefix : s->pointer;
}
static inline weft_str weft_str_view(const char *bytes, uint32_t len) /* borrows bytes when len > 12 */
{
    weft_str s = {.len = len, .prefix = {0}, .tail = {0}};
    if (len <= WEFT_STR_INLINE) {
        if (len > 0) memcpy((char *)&s + 4, bytes, len);
    } else {
        memcpy(s.prefix, bytes, 4);
        s.pointer = bytes;
    }
    return s;
}
static inline bool weft_str_equal(const weft_str *a, const weft_str *b)
{
    uint64_t head_a, head_b;
    memcpy(&head_a, a, 8);
    memcpy(&head_b, b, 8);
    if (head_a != head_b) return false;
    if (a->len <= WEFT_STR_INLINE) return memcmp(a->tail, b->tail, 8) == 0;
    return memcmp(a->pointer, b->pointer, a->len) == 0;
}
/* <0, 0, >0 by unsigned bytes, as Spark's UTF8String. */
static inline int weft_str_compare(const weft_str *a, const weft_str *b)
{
    const int head = memcmp(a->prefix, b->prefix, 4);
    if (head != 0) return head;
    const uint32_t least = a->len < b->len ? a->len : b->len;
    const int rest = least > 4 ? memcmp(weft_str_data(a), weft_str_data(b), least) : 0;
    if (rest != 0) return rest;
    return a->len < b->len ? -1 : a->len > b->len;
}

static inline uint64_t weft_str_hash(const weft_str *s) /* weft_hash_bytes of the string */
{
    if (WEFT_UNLIKELY(s->len > WEFT_STR_INLINE)) return weft_hash_bytes(s->pointer, s->len);
    uint64_t head, tail;
    memcpy(&head, s, 8);
    memcpy(&tail, s->tail, 8);
    return weft_hash_short(head, tail);
}

/* The hash of one key value, as weft_hash_rows has it: -0.0 as 0.0, every NaN as one, a decimal by its value.
 */
static inline uint64_t weft_hash_i64(int64_t value) { return weft_hash_u64((uint64_t)value); }
static inline uint64_t weft_hash_i128(weft_i128 value)
{
    if (value == (int64_t)value) return weft_hash_u64((uint64_t)(int64_t)value);
    return weft_hash_combine(weft_hash_u64((uint64_t)value), weft_hash_u64((uint64_t)(value >> 64)));
}
static inline uint64_t weft_hash_f64(double value)
{
    const double normal = value != value ? __builtin_nan("") : value + 0.0;
    uint64_t bits;
    memcpy(&bits, &normal, 8);
    return weft_hash_u64(bits);
}

typedef struct weft_list {
    int32_t offset, length; /* slots of child 0 */
} weft_list;

typedef enum weft_encoding { WEFT_FLAT, WEFT_CONSTANT, WEFT_DICTIONARY, WEFT_RUN_LENGTH } weft_encoding;

/* The distinct entries that dictionary codes name. id is unique in the process for as long as it lives, so
 * that operators may keep what they computed per entry while they see the same id (ids are never reused). */
typedef struct weft_dictionary {
    uint64_t id;
    int32_t count;
    uint8_t phys;       /* weft_phys of the entries */
    const void *values; /* count flat entries, none null */
} weft_dictionary;

typedef struct weft_column weft_column;
struct weft_column {
    weft_type type;
    uint8_t phys;                /* weft_phys of the values (for DICTIONARY: of the entries) */
    uint8_t encoding;            /* weft_encoding */
    bool owned;                  /* free for producers' use; readers ignore it */
    const void *data;            /* values, one value, codes or run values, by encoding */
    const uint64_t *validity;    /* NULL: no nulls */
    const weft_dictionary *dict; /* DICTIONARY */
    const int32_t *run_ends;     /* RUN_LENGTH */
    int32_t run_count;           /* RUN_LENGTH */
    int32_t child_count;         /* LIST: 1; STRUCT: fields */
    int32_t child_rows;          /* LIST: slots of the child */
    const weft_column *children; /* LIST (a MAP's child is a STRUCT of key and value), STRUCT: flat columns */
};

typedef struct weft_batch {
    int32_t rows;              /* physical slots of every column, 0..WEFT_BATCH_ROWS_MAX */
    int32_t selected;          /* rows that count; == rows when selection is NULL */
    const uint16_t *selection; /* ascending positions < rows, or NULL for all */
    int32_t column_count;
    weft_column *columns;
} weft_batch;

/* A hash of every selected row over the given columns, into hashes[i] for the i-th selected row (dense).
 * Keys are normalised first: -0.0 as 0.0, every NaN as one, NULL as weft_hash_null; a decimal hashes by value
 * whatever its width; I8..I64 by value. Dictionaries are hashed once an entry when that is cheaper. Cannot
 * fail. */
void weft_hash_rows(const weft_batch *batch, const int32_t *key_columns, int32_t key_count, uint64_t *hashes);
/* The same of one value of any type (the slow way, for nested values and tests). */
uint64_t weft_column_hash(const weft_column *column, int32_t row);

/* Value access for slow paths and tests: is slot `row` (physical) null; its value through any encoding. */
bool weft_column_is_null(const weft_column *column, int32_t row);
const void *weft_column_value(const weft_column *column, int32_t row); /* pointer to one phys value */
/* Where the value of a physical row lies: an index into data, dictionary entries, run values or children. */
int32_t weft_column_slot(const weft_column *column, int32_t row);

/* Decode any encoding to FLAT at the selected positions into values (capacity rows × phys bytes) and validity
 * words (capacity rows bits, may be left untouched: *has_nulls tells). Unselected slots are left as they are.
 */
void weft_column_flatten(const weft_column *column, const uint16_t *selection, int32_t selected, int32_t rows,
                         void *values, uint64_t *validity, bool *has_nulls);

/* One more id for a dictionary; never 0, never repeats in the process. Any thread. */
uint64_t weft_dictionary_new_id(void);

#endif
