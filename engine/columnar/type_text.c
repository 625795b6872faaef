/* engine/columnar/type_text.c - types as Spark SQL names, both ways.
 *
 *     type   = name [ "collate" collation ] | "decimal" [ "(" p [ "," s ] ")" ] | ("char" | "varchar") "(" n
 * ")" | "array" "<" type ">" | "map" "<" type "," type ">" | "struct" "<" [ field { "," field } ] ">" |
 * ("geometry" | "geography") "(" (srid | "any") ")" | "interval" [ unit [ "to" unit ] ] | "time" [ "(" p ")"
 * ] [ "without" "time" "zone" ] field  = name [ ":" ] type [ "not" "null" ]            name may be in
 * `backquotes` */
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "common/limits.h"
#include "engine/columnar/collation.h"
#include "engine/columnar/declared_type.h"

static const char *const type_names[WEFT_TYPE_COUNT] = {
    [WEFT_TYPE_NULL] = "void",
    [WEFT_TYPE_BOOLEAN] = "boolean",
    [WEFT_TYPE_TINYINT] = "tinyint",
    [WEFT_TYPE_SMALLINT] = "smallint",
    [WEFT_TYPE_INT] = "int",
    [WEFT_TYPE_BIGINT] = "bigint",
    [WEFT_TYPE_FLOAT] = "float",
    [WEFT_TYPE_DOUBLE] = "double",
    [WEFT_TYPE_DECIMAL] = "decimal",
    [WEFT_TYPE_STRING] = "string",
    [WEFT_TYPE_BINARY] = "binary",
    [WEFT_TYPE_DATE] = "date",
    [WEFT_TYPE_TIMESTAMP] = "timestamp",
    [WEFT_TYPE_TIMESTAMP_NTZ] = "timestamp_ntz",
    [WEFT_TYPE_TIMESTAMP_NS] = "timestamp_ltz",
    [WEFT_TYPE_TIMESTAMP_NTZ_NS] = "timestamp_ntz",
    [WEFT_TYPE_TIME] = "time",
    [WEFT_TYPE_INTERVAL_YM] = "interval",
    [WEFT_TYPE_INTERVAL_DT] = "interval",
    [WEFT_TYPE_INTERVAL] = "interval",
    [WEFT_TYPE_ARRAY] = "array",
    [WEFT_TYPE_STRUCT] = "struct",
    [WEFT_TYPE_MAP] = "map",
    [WEFT_TYPE_VARIANT] = "variant",
    [WEFT_TYPE_GEOMETRY] = "geometry",
    [WEFT_TYPE_GEOGRAPHY] = "geography",
};

static const char *const interval_units[] = {"year", "month", "day", "hour", "minute", "second"};
enum { INTERVAL_DAY = 2 }; /* the first unit of INTERVAL_DT */

/* Other names that Spark reads for the same types. */
static const struct type_alias {
    const char *name;
    weft_type_id id;
} type_aliases[] = {
    {"null", WEFT_TYPE_NULL},
    {"bool", WEFT_TYPE_BOOLEAN},
    {"byte", WEFT_TYPE_TINYINT},
    {"short", WEFT_TYPE_SMALLINT},
    {"integer", WEFT_TYPE_INT},
    {"long", WEFT_TYPE_BIGINT},
    {"real", WEFT_TYPE_FLOAT},
    {"dec", WEFT_TYPE_DECIMAL},
    {"numeric", WEFT_TYPE_DECIMAL},
    {"char", WEFT_TYPE_STRING},
    {"character", WEFT_TYPE_STRING},
    {"varchar", WEFT_TYPE_STRING},
    {"timestamp_ltz", WEFT_TYPE_TIMESTAMP},
};

/* ---- to text ---- */

typedef struct type_writer {
    char *text;
    size_t bytes, at; /* at may pass bytes: the rest is dropped */
    bool bare;        /* names of fields as they are */
} type_writer;

static void type_put(type_writer *w, const char *s)
{
    for (; *s != '\0'; s++, w->at++) {
        if (w->at + 1 < w->bytes) w->text[w->at] = *s;
    }
}

/* A field name, in backquotes when it would not read back bare. */
static void type_put_name(type_writer *w, const char *name)
{
    bool bare = w->bare || name[0] != '\0';
    for (const char *p = name; !w->bare && *p != '\0'; p++)
        bare = bare && (isalnum((unsigned char)*p) || *p == '_');
    if (bare) {
        type_put(w, name);
        return;
    }
    type_put(w, "`");
    for (const char *p = name; *p != '\0'; p++) {
        const char letter[3] = {*p, *p == '`' ? '`' : '\0', '\0'};
        type_put(w, letter);
    }
    type_put(w, "`");
}

static void type_put_units(type_writer *w, weft_type type)
{
    const char *const *units = &interval_units[type.id == WEFT_TYPE_INTERVAL_YM ? 0 : INTERVAL_DAY];
    const int32_t first = weft_type_first_field(type), last = weft_type_last_field(type);
    type_put(w, " ");
    type_put(w, units[first]);
    if (last == first) return;
    type_put(w, " to ");
    type_put(w, units[last]);
}

static void type_put_string(type_writer *w, weft_type type)
{
    char text[WEFT_COLLATION_NAME_BYTES];
    if (type.length_kind != WEFT_LENGTH_ANY) {
        snprintf(text, sizeof text, "%s(%d)", type.length_kind == WEFT_LENGTH_CHAR ? "char" : "varchar",
                 type.parameter);
        type_put(w, text);
    } else {
        type_put(w, type_names[WEFT_TYPE_STRING]);
    }
    if (type.collation == WEFT_COLLATION_BINARY) return;
    type_put(w, " collate ");
    type_put(w, weft_collation_name(type.collation, text));
}

static void type_put_type(type_writer *w, weft_type type)
{
    if (type.id == WEFT_TYPE_STRING) {
        type_put_string(w, type);
        return;
    }
    type_put(w, type_names[type.id < WEFT_TYPE_COUNT ? type.id : WEFT_TYPE_NULL]);
    if (weft_type_is_interval(type)) type_put_units(w, type);
    const bool nanos = weft_type_counts_nanos(type);
    if (nanos || type.id == WEFT_TYPE_TIME) {
        const int32_t count = nanos ? 9 - type.scale : weft_type_time_digits(type);
        const char digits[] = {'(', (char)('0' + count), ')', '\0'};
        type_put(w, digits);
    }
    if (type.id == WEFT_TYPE_DECIMAL) {
        char digits[16];
        snprintf(digits, sizeof digits, "(%d,%d)", type.precision, type.scale);
        type_put(w, digits);
    }
    if (type.id == WEFT_TYPE_GEOMETRY || type.id == WEFT_TYPE_GEOGRAPHY) {
        char srid[16] = "(any)";
        if (type.parameter != WEFT_SRID_ANY) snprintf(srid, sizeof srid, "(%d)", type.parameter);
        type_put(w, srid);
    }
    if (type.id != WEFT_TYPE_ARRAY && type.id != WEFT_TYPE_MAP && type.id != WEFT_TYPE_STRUCT) return;
    type_put(w, "<");
    for (int32_t i = 0; i < type.child_count; i++) {
        if (i > 0) type_put(w, ",");
        if (type.id == WEFT_TYPE_STRUCT) {
            type_put_name(w, type.children[i].name);
            type_put(w, ":");
        }
        type_put_type(w, type.children[i].type);
    }
    type_put(w, ">");
}

static size_t type_write(weft_type type, bool bare, char *text, size_t text_bytes)
{
    type_writer w = {.text = text, .bytes = text_bytes, .bare = bare};
    type_put_type(&w, type);
    if (text_bytes > 0) text[w.at < text_bytes ? w.at : text_bytes - 1] = '\0';
    return w.at;
}

const char *weft_type_text(weft_type type, char *text, size_t text_bytes)
{
    (void)type_write(type, false, text, text_bytes);
    return text;
}

size_t weft_type_show(weft_type type, char *text, size_t text_bytes)
{
    return type_write(type, true, text, text_bytes);
}

weft_status weft_type_text_copy(weft_ctx *ctx, weft_type type, bool shown, char **out)
{
    const size_t bytes = type_write(type, shown, NULL, 0) + 1;
    const weft_status st = weft_arena_alloc(ctx, ctx->arena, bytes, (void **)out);
    if (st == WEFT_OK) (void)type_write(type, shown, *out, bytes);
    return st;
}

/* ---- from text ---- */

enum { TYPE_DEPTH_MAX = 100, TYPE_WORD_BYTES = 32 };

typedef struct type_reader {
    const char *all, *at;
    int32_t depth;
    bool lengths; /* of CHAR and VARCHAR are kept, at the top */
} type_reader;

static void type_skip_space(type_reader *r)
{
    while (isspace((unsigned char)*r->at)) r->at++;
}

static bool type_eat(type_reader *r, char c)
{
    type_skip_space(r);
    if (*r->at != c) return false;
    r->at++;
    return true;
}

static weft_status type_fail(weft_ctx *ctx, const type_reader *r, const char *what)
{
    return weft_fail(ctx, WEFT_UNSUPPORTED_DATATYPE, "\"%.200s\" is no data type: %s at byte %d", r->all,
                     what, (int)(r->at - r->all) + 1);
}

/* The next word in lower case, or "" when there is none that fits. */
static void type_word(type_reader *r, char word[TYPE_WORD_BYTES])
{
    type_skip_space(r);
    int32_t len = 0;
    const char *p = r->at;
    for (; isalnum((unsigned char)*p) || *p == '_'; p++) {
        if (len < TYPE_WORD_BYTES - 1) word[len++] = (char)tolower((unsigned char)*p);
    }
    word[len] = '\0';
    r->at = p;
}

static bool type_eat_word(type_reader *r, const char *want)
{
    const char *before = r->at;
    char word[TYPE_WORD_BYTES];
    type_word(r, word);
    if (strcmp(word, want) == 0) return true;
    r->at = before;
    return false;
}

static bool type_number(type_reader *r, int32_t *out)
{
    type_skip_space(r);
    if (!isdigit((unsigned char)*r->at)) return false;
    int32_t value = 0;
    for (; isdigit((unsigned char)*r->at); r->at++) {
        value = value * 10 + (*r->at - '0');
        if (value > 100000000) return false;
    }
    *out = value;
    return true;
}

static weft_status type_read(weft_ctx *ctx, type_reader *r, weft_type *out);

static weft_status type_read_decimal(weft_ctx *ctx, type_reader *r, weft_type *out)
{
    int32_t precision = 10, scale = 0; /* Spark's USER_DEFAULT */
    if (type_eat(r, '(')) {
        if (!type_number(r, &precision)) return type_fail(ctx, r, "expected a precision");
        if (type_eat(r, ',') && !type_number(r, &scale)) return type_fail(ctx, r, "expected a scale");
        if (!type_eat(r, ')')) return type_fail(ctx, r, "expected )");
    }
    if (precision < 1 || precision > WEFT_DECIMAL_PRECISION_MAX) {
        return type_fail(ctx, r, "a decimal has a precision of 1 to 38");
    }
    if (scale > precision) return type_fail(ctx, r, "the scale of a decimal is at most its precision");
    *out = weft_type_decimal(precision, scale);
    return WEFT_OK;
}

/* interval year|month [to month], interval day|hour|minute|second [to ...] */
static weft_status type_read_interval(weft_ctx *ctx, type_reader *r, weft_type *out)
{
    const int32_t count = WEFT_COUNT(interval_units);
    char word[TYPE_WORD_BYTES];
    int32_t from = 0, to;
    const char *before = r->at;
    type_word(r, word);
    if (word[0] == '\0' || strcmp(word, "not") == 0) {
        r->at = before;
        *out = WEFT_TYPE_OF(WEFT_TYPE_INTERVAL);
        return WEFT_OK;
    }
    while (from < count && strcmp(interval_units[from], word) != 0) from++;
    if (from == count) return type_fail(ctx, r, "expected an interval unit");
    to = from;
    if (type_eat_word(r, "to")) {
        type_word(r, word);
        for (to = 0; to < count && strcmp(interval_units[to], word) != 0;) to++;
        if (to == count || to <= from || (from < INTERVAL_DAY) != (to < INTERVAL_DAY)) {
            return type_fail(ctx, r, "expected a finer interval unit");
        }
    }
    *out = from < INTERVAL_DAY
               ? weft_type_interval(WEFT_TYPE_INTERVAL_YM, from, to)
               : weft_type_interval(WEFT_TYPE_INTERVAL_DT, from - INTERVAL_DAY, to - INTERVAL_DAY);
    return WEFT_OK;
}

/* The digits of timestamp(9); six and fewer are those of every timestamp. */
static weft_status type_read_moment(weft_ctx *ctx, type_reader *r, weft_type_id id, weft_type *out)
{
    int32_t digits = 6;
    if (type_eat(r, '(') && (!type_number(r, &digits) || digits > 9 || !type_eat(r, ')')))
        return type_fail(ctx, r, "expected a precision of 0 to 9");
    *out = WEFT_TYPE_OF((uint8_t)id);
    if (digits <= 6) return WEFT_OK;
    out->id = id == WEFT_TYPE_TIMESTAMP ? WEFT_TYPE_TIMESTAMP_NS : WEFT_TYPE_TIMESTAMP_NTZ_NS;
    out->scale = (uint8_t)(9 - digits);
    return WEFT_OK;
}

static weft_status type_read_time(weft_ctx *ctx, type_reader *r, weft_type *out)
{
    int32_t digits = 6;
    if (type_eat(r, '(')) {
        if (!type_number(r, &digits)) return type_fail(ctx, r, "expected a precision");
        if (!type_eat(r, ')')) return type_fail(ctx, r, "expected )");
    }
    if (digits > WEFT_TIME_DIGITS_MAX) return type_fail(ctx, r, "a time has a precision of 0 to 9");
    if (type_eat_word(r, "without") && !(type_eat_word(r, "time") && type_eat_word(r, "zone")))
        return type_fail(ctx, r, "expected without time zone");
    *out = weft_type_time(digits);
    return WEFT_OK;
}

/* geometry(4326), geography(any) */
static weft_status type_read_shape(weft_ctx *ctx, type_reader *r, weft_type_id id, weft_type *out)
{
    *out = (weft_type){.id = (uint8_t)id, .parameter = WEFT_SRID_ANY};
    if (!type_eat(r, '(')) return type_fail(ctx, r, "expected ( and the SRID");
    if (!type_eat_word(r, "any") && !type_number(r, &out->parameter))
        return type_fail(ctx, r, "expected an SRID or any");
    return type_eat(r, ')') ? WEFT_OK : type_fail(ctx, r, "expected )");
}

static weft_status type_read_field_name(weft_ctx *ctx, type_reader *r, const char **out)
{
    type_skip_space(r);
    const char *start = r->at;
    const bool quoted = *start == '`';
    if (quoted) start++;
    const char *p = start;
    int32_t doubled = 0;
    if (quoted) {
        for (; *p != '\0' && !(*p == '`' && p[1] != '`'); p++) {
            if (*p == '`') {
                doubled++;
                p++;
            }
        }
        if (*p == '\0') return type_fail(ctx, r, "unclosed backquote");
    } else {
        while (*p != '\0' && strchr(":,<> \t\n", *p) == NULL) p++;
    }
    if (p == start) return type_fail(ctx, r, "expected a field name");
    char *name = NULL;
    const weft_status st = weft_arena_copy(ctx, ctx->arena, start, (size_t)(p - start), &name);
    if (st != WEFT_OK) return st;
    if (doubled > 0) {
        char *to = name;
        for (const char *from = name; *from != '\0'; from++) {
            *to++ = *from;
            if (*from == '`') from++;
        }
        *to = '\0';
    }
    r->at = p + (quoted ? 1 : 0);
    *out = name;
    return WEFT_OK;
}

/* What a field's COMMENT says is no part of its type. */
static weft_status type_skip_comment(weft_ctx *ctx, type_reader *r)
{
    type_skip_space(r);
    const char quote = *r->at;
    if (quote != '\'' && quote != '"') return type_fail(ctx, r, "expected a comment in quotes");
    for (r->at++; *r->at != '\0' && *r->at != quote; r->at++)
        if (*r->at == '\\' && r->at[1] != '\0') r->at++;
    if (*r->at == '\0') return type_fail(ctx, r, "a comment that does not end");
    r->at++;
    return WEFT_OK;
}

static weft_status type_read_struct(weft_ctx *ctx, type_reader *r, weft_type *out)
{
    weft_status st = WEFT_OK;
    weft_field *fields = NULL;
    int32_t count = 0, room = 0;
    *out = WEFT_TYPE_OF(WEFT_TYPE_STRUCT);
    if (type_eat(r, '>')) return WEFT_OK;
    do {
        if (count == room) {
            weft_field *more = NULL;
            room = room == 0 ? 8 : room * 2;
            if (count >= WEFT_COLUMNS_MAX) return type_fail(ctx, r, "too many fields");
            WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, room, &more));
            if (count > 0) memcpy(more, fields, (size_t)count * sizeof *fields);
            fields = more;
        }
        weft_field *f = &fields[count++];
        f->nullable = true;
        WEFT_TRY(st, type_read_field_name(ctx, r, &f->name));
        type_eat(r, ':');
        WEFT_TRY(st, type_read(ctx, r, &f->type));
        if (type_eat_word(r, "not")) {
            if (!type_eat_word(r, "null")) return type_fail(ctx, r, "expected null after not");
            f->nullable = false;
        }
        if (type_eat_word(r, "comment")) WEFT_TRY(st, type_skip_comment(ctx, r));
    } while (type_eat(r, ','));
    if (!type_eat(r, '>')) return type_fail(ctx, r, "expected , or >");
    out->child_count = count;
    out->children = fields;
done:
    return st;
}

static weft_status type_read_nested(weft_ctx *ctx, type_reader *r, weft_type_id id, weft_type *out)
{
    weft_status st = WEFT_OK;
    if (!type_eat(r, '<')) return type_fail(ctx, r, "expected <");
    if (id == WEFT_TYPE_STRUCT) return type_read_struct(ctx, r, out);
    const int32_t count = id == WEFT_TYPE_MAP ? 2 : 1;
    weft_field *fields = NULL;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, count, &fields));
    for (int32_t i = 0; i < count; i++) {
        if (i > 0 && !type_eat(r, ',')) return type_fail(ctx, r, "expected ,");
        fields[i].name = count == 1 ? "element" : i == 0 ? "key" : "value";
        fields[i].nullable = count == 1 || i == 1;
        WEFT_TRY(st, type_read(ctx, r, &fields[i].type));
    }
    if (!type_eat(r, '>')) return type_fail(ctx, r, "expected >");
    *out = (weft_type){.id = (uint8_t)id, .child_count = count, .children = fields};
done:
    return st;
}

/* What may stand behind the name of a type of strings. */
static weft_status type_read_string(weft_ctx *ctx, type_reader *r, const char *word, weft_type *out)
{
    int32_t length = -1;
    if (strcmp(word, "string") != 0 && type_eat(r, '(') && (!type_number(r, &length) || !type_eat(r, ')')))
        return type_fail(ctx, r, "expected a length and )");
    if (length >= 0 && r->lengths) {
        out->length_kind = word[0] == 'v' ? WEFT_LENGTH_VARCHAR : WEFT_LENGTH_CHAR;
        out->parameter = length;
    }
    if (!type_eat_word(r, "collate")) return WEFT_OK;
    type_skip_space(r);
    const char *start = r->at;
    while (isalnum((unsigned char)*r->at) || *r->at == '_') r->at++;
    if (!weft_collation_parse(start, (size_t)(r->at - start), &out->collation))
        return type_fail(ctx, r, "unknown collation before");
    return WEFT_OK;
}

static weft_type_id type_find_name(const char *word)
{
    for (int32_t i = 0; i < WEFT_TYPE_COUNT; i++) {
        if (i == WEFT_TYPE_TIMESTAMP_NS) continue; /* its digits tell it: type_read_moment */
        if (strcmp(type_names[i], word) == 0) return (weft_type_id)i;
    }
    for (int32_t i = 0; i < WEFT_COUNT(type_aliases); i++) {
        if (strcmp(type_aliases[i].name, word) == 0) return type_aliases[i].id;
    }
    return WEFT_TYPE_COUNT;
}

static weft_status type_read(weft_ctx *ctx, type_reader *r, weft_type *out)
{
    char word[TYPE_WORD_BYTES];
    if (r->depth >= TYPE_DEPTH_MAX) return type_fail(ctx, r, "nested too deep");
    type_word(r, word);
    if (strcmp(word, "interval") == 0) return type_read_interval(ctx, r, out);
    const weft_type_id id = type_find_name(word);
    if (id == WEFT_TYPE_COUNT) return type_fail(ctx, r, "unknown name before");
    if (id == WEFT_TYPE_DECIMAL) return type_read_decimal(ctx, r, out);
    if (id == WEFT_TYPE_TIME) return type_read_time(ctx, r, out);
    if (id == WEFT_TYPE_GEOMETRY || id == WEFT_TYPE_GEOGRAPHY) return type_read_shape(ctx, r, id, out);
    if (id == WEFT_TYPE_TIMESTAMP || id == WEFT_TYPE_TIMESTAMP_NTZ) return type_read_moment(ctx, r, id, out);
    if (id == WEFT_TYPE_ARRAY || id == WEFT_TYPE_MAP || id == WEFT_TYPE_STRUCT) {
        r->depth++;
        const weft_status st = type_read_nested(ctx, r, id, out);
        r->depth--;
        return st;
    }
    *out = WEFT_TYPE_OF((uint8_t)id);
    return id == WEFT_TYPE_STRING ? type_read_string(ctx, r, word, out) : WEFT_OK;
}

static weft_status type_parse(weft_ctx *ctx, const char *text, bool lengths, weft_type *out)
{
    type_reader r = {.all = text, .at = text, .lengths = lengths};
    const weft_status st = type_read(ctx, &r, out);
    if (st != WEFT_OK) return st;
    type_skip_space(&r);
    return *r.at == '\0' ? WEFT_OK : type_fail(ctx, &r, "text after the type");
}

weft_status weft_type_parse(weft_ctx *ctx, const char *text, weft_type *out)
{
    return type_parse(ctx, text, false, out);
}

weft_status weft_type_parse_declared(weft_ctx *ctx, const char *text, weft_type *out)
{
    return type_parse(ctx, text, true, out);
}
