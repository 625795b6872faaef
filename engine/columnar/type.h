/* engine/columnar/type.h - logical types, physical representations, schemas.
 *
 * A weft_type is a small value; nested types point to immutable children that live in an arena or are static.
 * The SQL type says what a value means; the physical type says how a column holds it. */
#ifndef WEFT_COLUMNAR_TYPE_H
#define WEFT_COLUMNAR_TYPE_H

#include "common/ctx.h"
#include "common/mem.h"

typedef enum weft_type_id {
    WEFT_TYPE_NULL = 0, /* the type of a bare NULL */
    WEFT_TYPE_BOOLEAN,
    WEFT_TYPE_TINYINT,
    WEFT_TYPE_SMALLINT,
    WEFT_TYPE_INT,
    WEFT_TYPE_BIGINT,
    WEFT_TYPE_FLOAT,
    WEFT_TYPE_DOUBLE,
    WEFT_TYPE_DECIMAL, /* precision 1..38, scale 0..precision */
    WEFT_TYPE_STRING,  /* UTF-8 */
    WEFT_TYPE_BINARY,
    WEFT_TYPE_DATE,          /* days since 1970-01-01 */
    WEFT_TYPE_TIMESTAMP,     /* microseconds since the epoch, UTC (Spark TIMESTAMP_LTZ) */
    WEFT_TYPE_TIMESTAMP_NTZ, /* microseconds, no zone */
    WEFT_TYPE_TIMESTAMP_NS,  /* nanoseconds since the epoch, UTC: the years 1678 to 2261 */
    WEFT_TYPE_TIMESTAMP_NTZ_NS,
    WEFT_TYPE_TIME,        /* nanoseconds since midnight; 0..9 digits behind the second */
    WEFT_TYPE_INTERVAL_YM, /* months; fields YEAR..MONTH */
    WEFT_TYPE_INTERVAL_DT, /* microseconds; fields DAY..SECOND */
    WEFT_TYPE_INTERVAL,    /* months, days and microseconds apart (Spark's CalendarIntervalType) */
    WEFT_TYPE_ARRAY,       /* child 0 */
    WEFT_TYPE_STRUCT,      /* fields */
    WEFT_TYPE_MAP,         /* child 0 key, child 1 value; held as list of struct */
    WEFT_TYPE_VARIANT,     /* a value that brings its own type (columnar/variant.h) */
    WEFT_TYPE_GEOMETRY,    /* a shape on the plane, as its WKB */
    WEFT_TYPE_GEOGRAPHY,   /* a shape on the globe, as its WKB */
    WEFT_TYPE_COUNT
} weft_type_id;

typedef struct weft_field weft_field;

typedef struct weft_type {
    uint8_t id;          /* weft_type_id */
    uint8_t precision;   /* DECIMAL; INTERVAL_*: fields that it lacks at the beginning (MONTH: 1) */
    uint8_t scale;       /* DECIMAL; INTERVAL_*: fields that it lacks at the end (YEAR: 1); TIME: six less its
                            digits, as int8_t; TIMESTAMP*_NS: nine less its digits */
    uint8_t length_kind; /* STRING: weft_length_kind, of the columns of tables */
    int32_t child_count;
    const weft_field
        *children;      /* ARRAY: 1 ("element"), MAP: 2 ("key", "value"), STRUCT: its fields; else NULL */
    int32_t parameter;  /* STRING with a length_kind: its characters; GEOMETRY, GEOGRAPHY: weft_srid */
    uint16_t collation; /* STRING: how its values are compared (columnar/collation.h); 0: by their bytes */
} weft_type;

/* What a table says of its STRING columns; the values that are read from it are strings of any length. */
typedef enum weft_length_kind {
    WEFT_LENGTH_ANY = 0,
    WEFT_LENGTH_CHAR,   /* CHAR(n): filled with blanks to n characters */
    WEFT_LENGTH_VARCHAR /* VARCHAR(n): n characters at most */
} weft_length_kind;

enum { WEFT_SRID_ANY = -1 }; /* each value of the column brings its own */

struct weft_field {
    const char *name;
    weft_type type;
    bool nullable;
    /* Of a table's column that was added with a DEFAULT: what records have that were written before; NULL: no
     * value. Borrowed as the name is. */
    const struct weft_value *absent;
};

typedef struct weft_schema {
    int32_t count;
    const weft_field *fields;
} weft_schema;

/* How values lie in memory. The width of a decimal is chosen batch by batch (I64 or I128). */
typedef enum weft_phys {
    WEFT_PHYS_NULL = 0, /* no data at all: every slot is null */
    WEFT_PHYS_BOOL,     /* one byte a value, 0 or 1 (bits only at the Arrow edge) */
    WEFT_PHYS_I8,
    WEFT_PHYS_I16,
    WEFT_PHYS_I32,
    WEFT_PHYS_I64,
    WEFT_PHYS_I128,
    WEFT_PHYS_F32,
    WEFT_PHYS_F64,
    WEFT_PHYS_STR,    /* weft_str, 16 bytes: STRING, BINARY, VARIANT, GEOMETRY and GEOGRAPHY */
    WEFT_PHYS_LIST,   /* weft_list entries (offset, length) into child 0: ARRAY and MAP */
    WEFT_PHYS_STRUCT, /* no data of its own; children hold the fields */
    WEFT_PHYS_COUNT
} weft_phys;

#define WEFT_TYPE_OF(type_id) ((weft_type){.id = (uint8_t)(type_id)})
static inline weft_type weft_type_decimal(int precision, int scale)
{
    return (weft_type){.id = WEFT_TYPE_DECIMAL, .precision = (uint8_t)precision, .scale = (uint8_t)scale};
}

/* Fields of intervals: YEAR 0, MONTH 1; DAY 0, HOUR 1, MINUTE 2, SECOND 3. WEFT_TYPE_OF gives all of them,
 * and a TIME of six digits (WEFT_TIME_DIGITS_MAX are the most). */
enum { WEFT_TIME_DIGITS_MAX = 9 };
weft_type weft_type_interval(weft_type_id id, int32_t first, int32_t last);
int32_t weft_type_first_field(weft_type interval);
int32_t weft_type_last_field(weft_type interval);
static inline weft_type weft_type_time(int32_t digits)
{
    return (weft_type){.id = WEFT_TYPE_TIME, .scale = (uint8_t)(int8_t)(6 - digits)};
}
static inline int32_t weft_type_time_digits(weft_type time) { return 6 - (int8_t)time.scale; }
/* Is it a timestamp that counts nanoseconds? */
static inline bool weft_type_counts_nanos(weft_type type)
{
    return type.id == WEFT_TYPE_TIMESTAMP_NS || type.id == WEFT_TYPE_TIMESTAMP_NTZ_NS;
}

static inline bool weft_type_is_interval(weft_type type)
{
    return type.id == WEFT_TYPE_INTERVAL_YM || type.id == WEFT_TYPE_INTERVAL_DT;
}

bool weft_type_equal(weft_type a, weft_type b); /* deep; names of struct fields count, nullability does not */
/* The widest physical type a column of this type has: decimals up to 18 digits I64, above I128. */
weft_phys weft_type_phys(weft_type type);
static inline bool weft_phys_is_nested(weft_phys phys)
{
    return phys == WEFT_PHYS_LIST || phys == WEFT_PHYS_STRUCT;
}
int32_t weft_phys_bytes(weft_phys phys); /* bytes of one value; 0 for NULL and STRUCT */
static inline bool weft_type_is_nested(weft_type type)
{
    return type.id >= WEFT_TYPE_ARRAY && type.id <= WEFT_TYPE_MAP;
}
bool weft_type_is_numeric(weft_type type);
bool weft_type_is_integral(weft_type type); /* TINYINT..BIGINT */
/* Spark's SQL name in lower case ("decimal(15,2)", "array<int>"), into text; returns text. */
const char *weft_type_text(weft_type type, char *text, size_t text_bytes);
/* The same as people are shown it, by typeof() and DESCRIBE: names of fields are bare, so that it may not
 * read back. Returns the length of all of it, of which text has what fits in text_bytes with a 0 behind it.
 */
size_t weft_type_show(weft_type type, char *text, size_t text_bytes);
/* Each of the two, whole, in ctx->arena. */
WEFT_MUST_CHECK weft_status weft_type_text_copy(weft_ctx *ctx, weft_type type, bool shown, char **out);
/* Parse the above form. Errors: WEFT_UNSUPPORTED_DATATYPE. Nested children come from ctx->arena. */
WEFT_MUST_CHECK weft_status weft_type_parse(weft_ctx *ctx, const char *text, weft_type *out);

#endif
