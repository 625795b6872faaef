/* engine/expr/csv_machine.h - one record of CSV, byte by byte: all that quotes and escapes can do. */
#ifndef WEFT_EXPR_CSV_MACHINE_H
#define WEFT_EXPR_CSV_MACHINE_H

#include "engine/expr/csv_grammar.h"

/* A value: bytes of the values that the machine wrote, or of the text where those are put back. */
typedef struct weft_csv_field {
    uint32_t begin, len; /* begin is WEFT_CSV_ABSENT, and it is NULL, where a record has no such value */
} weft_csv_field;

enum { WEFT_CSV_LEN_MAX = INT32_MAX };
#define WEFT_CSV_NULL   (UINT32_MAX)     /* len: nothing between two delimiters */
#define WEFT_CSV_EMPTY  (UINT32_MAX - 1) /* len: "" */
#define WEFT_CSV_ABSENT (UINT32_MAX)     /* begin: beyond what a block can have */

/* Zeroed is empty; the owner frees `list` with weft_mem_free. */
typedef struct weft_csv_fields {
    weft_csv_field *list;
    int32_t count, room;
} weft_csv_fields;

/* Make room for more, if columns_max allows. Errors: WEFT_LIMIT, WEFT_NOMEM. */
WEFT_MUST_CHECK weft_status weft_csv_fields_grow(weft_ctx *ctx, int64_t columns_max, weft_csv_fields *fields);
/* Errors of growing. */
WEFT_MUST_CHECK static inline weft_status weft_csv_add_field(weft_ctx *ctx, int64_t columns_max,
                                                             weft_csv_fields *fields, int64_t begin,
                                                             uint32_t len)
{
    if (WEFT_UNLIKELY(fields->count == fields->room)) {
        const weft_status st = weft_csv_fields_grow(ctx, columns_max, fields);
        if (st != WEFT_OK) return st;
    }
    fields->list[fields->count++] = (weft_csv_field){.begin = (uint32_t)begin, .len = len};
    return WEFT_OK;
}
/* Is a value longer than characters_max units of UTF-16? data: what the fields point into.
 * Errors: WEFT_LIMIT. */
WEFT_MUST_CHECK weft_status weft_csv_check_lengths(weft_ctx *ctx, int64_t characters_max,
                                                   const weft_csv_fields *fields, const uint8_t *data);

typedef enum weft_csv_ends {
    WEFT_CSV_ENDS_NONE,   /* the text is one record, whatever it holds */
    WEFT_CSV_ENDS_GIVEN,  /* line_end; or \n, if that is the file's first */
    WEFT_CSV_ENDS_PAIR,   /* \r\n, and \n in some places; they become \n in values */
    WEFT_CSV_ENDS_RETURN, /* \r, and \n in some places; the same */
} weft_csv_ends;

typedef struct weft_csv_source {
    const weft_csv_grammar *grammar;
    const uint8_t *data;
    int64_t begin, stop; /* the record begins at `begin`; bytes are known up to `stop` */
    bool is_end;         /* nothing comes behind them */
    weft_csv_ends ends;
    const char *line_end; /* GIVEN */
    int32_t line_end_len;
} weft_csv_source;

enum { WEFT_CSV_VALUES_MORE = 64 }; /* bytes that the values may need beyond those of the text */

typedef struct weft_csv_end {
    bool whole;         /* false: the text stops before the record ends */
    int64_t values_len; /* bytes written */
    int64_t end, next;  /* the line end behind the record, and behind that; both `stop` where there is none */
} weft_csv_end;

/* Read the record at text->begin. The bytes of its values go to `values`, which has room for stop - begin +
 * WEFT_CSV_VALUES_MORE, and fields point into them. Errors: WEFT_LIMIT, WEFT_NOMEM, WEFT_MALFORMED_RECORD for
 * a quote that may not be there (RAISE_ERROR). */
WEFT_MUST_CHECK weft_status weft_csv_machine(weft_ctx *ctx, const weft_csv_source *text,
                                             weft_csv_fields *fields, uint8_t *values, weft_csv_end *end);

#endif
