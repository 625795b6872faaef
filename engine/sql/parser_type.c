/* engine/sql/parser_type.c - names of types: INT, DECIMAL(12, 2), ARRAY<…>, MAP<…, …>, STRUCT<a: INT, …>. */
#include <string.h>
#include <strings.h>

#include "common/settings.h"
#include "engine/columnar/collation.h"
#include "engine/expr/coerce.h"
#include "engine/expr/collate.h"
#include "engine/expr/wkb.h"
#include "engine/sql/parser_internal.h"

static const struct {
    const char *name;
    uint8_t id;
} type_names[] = {
    {"BOOLEAN", WEFT_TYPE_BOOLEAN},
    {"TINYINT", WEFT_TYPE_TINYINT},
    {"BYTE", WEFT_TYPE_TINYINT},
    {"SMALLINT", WEFT_TYPE_SMALLINT},
    {"SHORT", WEFT_TYPE_SMALLINT},
    {"INT", WEFT_TYPE_INT},
    {"INTEGER", WEFT_TYPE_INT},
    {"BIGINT", WEFT_TYPE_BIGINT},
    {"LONG", WEFT_TYPE_BIGINT},
    {"FLOAT", WEFT_TYPE_FLOAT},
    {"REAL", WEFT_TYPE_FLOAT},
    {"DOUBLE", WEFT_TYPE_DOUBLE},
    {"STRING", WEFT_TYPE_STRING},
    {"VARCHAR", WEFT_TYPE_STRING},
    {"CHAR", WEFT_TYPE_STRING},
    {"CHARACTER", WEFT_TYPE_STRING},
    {"BINARY", WEFT_TYPE_BINARY},
    {"DATE", WEFT_TYPE_DATE},
    {"TIMESTAMP", WEFT_TYPE_TIMESTAMP},
    {"TIMESTAMP_LTZ", WEFT_TYPE_TIMESTAMP},
    {"TIMESTAMP_NTZ", WEFT_TYPE_TIMESTAMP_NTZ},
    {"TIME", WEFT_TYPE_TIME},
    {"DECIMAL", WEFT_TYPE_DECIMAL},
    {"DEC", WEFT_TYPE_DECIMAL},
    {"NUMERIC", WEFT_TYPE_DECIMAL},
    {"VOID", WEFT_TYPE_NULL},
    {"ARRAY", WEFT_TYPE_ARRAY},
    {"MAP", WEFT_TYPE_MAP},
    {"STRUCT", WEFT_TYPE_STRUCT},
    {"VARIANT", WEFT_TYPE_VARIANT},
    {"GEOMETRY", WEFT_TYPE_GEOMETRY},
    {"GEOGRAPHY", WEFT_TYPE_GEOGRAPHY},
};

weft_type_id weft_sql_timestamp_type(const sql_parser *p)
{
    return weft_timestamp_is_local(p->ctx) ? WEFT_TYPE_TIMESTAMP_NTZ : WEFT_TYPE_TIMESTAMP;
}

/* A number of at most so many digits, nine of which fit. */
static weft_status parse_digits(sql_parser *p, int32_t most, int32_t *out)
{
    weft_status st = WEFT_OK;
    const sql_token token = *weft_sql_peek(p, 0);
    if (token.kind != SQL_INTEGER || token.span.stop - token.span.start > most) {
        WEFT_TRY(st, weft_sql_syntax_error(p, "a small whole number"));
    }
    *out = 0;
    for (int32_t i = token.span.start; i < token.span.stop; i++) *out = *out * 10 + (p->text[i] - '0');
    weft_sql_advance(p);
done:
    return st;
}

static weft_status parse_small(sql_parser *p, int32_t *out) { return parse_digits(p, 4, out); }

/* (precision [, scale]) */
static weft_status parse_decimal(sql_parser *p, const weft_span *start, weft_type *out)
{
    weft_status st = WEFT_OK;
    int32_t precision = 10, scale = 0;
    if (weft_sql_accept(p, SQL_LPAREN)) {
        WEFT_TRY(st, parse_small(p, &precision));
        if (weft_sql_accept(p, SQL_COMMA)) WEFT_TRY(st, parse_small(p, &scale));
        WEFT_TRY(st, weft_sql_expect(p, SQL_RPAREN, "')'"));
    }
    if (precision > WEFT_DECIMAL_PRECISION_MAX) {
        WEFT_TRY(st, weft_fail_at(p->ctx, WEFT_DECIMAL_PRECISION, start,
                                  "Decimal precision %d exceeds max precision %d.", precision,
                                  WEFT_DECIMAL_PRECISION_MAX));
    }
    if (scale > precision) {
        WEFT_TRY(st, weft_fail_at(p->ctx, WEFT_DECIMAL_SCALE, start,
                                  "Decimal scale %d cannot be greater than precision %d.", scale, precision));
    }
    if (precision < 1) {
        WEFT_TRY(st, weft_fail_at(p->ctx, WEFT_UNSUPPORTED_DATATYPE, start,
                                  "DECIMAL(%d,%d): precision is 1 to %d.", precision, scale,
                                  WEFT_DECIMAL_PRECISION_MAX));
    }
    *out = weft_type_decimal(precision, scale);
done:
    return st;
}

/* The closing '>', which the lexer may have read as part of '>>' or '>>>'. */
static weft_status expect_close(sql_parser *p)
{
    sql_token *token = &p->look[p->look_first % SQL_LOOKAHEAD];
    weft_sql_peek(p, 0);
    if (token->kind == SQL_SHIFT_RIGHT || token->kind == SQL_SHIFT_RIGHT_UNSIGNED) {
        token->kind = token->kind == SQL_SHIFT_RIGHT ? SQL_GT : SQL_SHIFT_RIGHT;
        token->span.start++;
        token->span.column++;
        return WEFT_OK;
    }
    return weft_sql_expect(p, SQL_GT, "'>'");
}

static weft_status parse_nested(sql_parser *p, weft_type_id id, weft_type *out)
{
    weft_status st = WEFT_OK;
    weft_pointers fields = {0};
    weft_field *children = NULL;
    sql_frame frame = {0};
    const char *comment = NULL; /* of a field: types keep none */
    size_t comment_len = 0;
    static const char *const map_names[] = {"key", "value"};
    const int32_t wanted = id == WEFT_TYPE_ARRAY ? 1 : id == WEFT_TYPE_MAP ? 2 : WEFT_COLUMNS_MAX;
    WEFT_TRY(st, weft_sql_enter(p, &frame));
    WEFT_TRY(st, weft_sql_expect(p, SQL_LT, "'<'"));
    do {
        weft_field *field = NULL;
        WEFT_TRY(st, WEFT_NEW(p->ctx, &field));
        field->nullable = id != WEFT_TYPE_MAP || fields.count == 1;
        field->name = id == WEFT_TYPE_ARRAY ? "element" : map_names[fields.count % 2];
        if (id == WEFT_TYPE_STRUCT) {
            WEFT_TRY(st, weft_sql_name(p, "the name of a field", &field->name));
            weft_sql_accept(p, SQL_COLON);
        }
        WEFT_TRY(st, (p->declares ? weft_sql_column_type : weft_sql_type)(p, &field->type));
        if (weft_sql_accept_word(p, SQL_KW_NOT)) {
            WEFT_TRY(st, weft_sql_expect_word(p, SQL_KW_NULL));
            field->nullable = false;
        }
        if (id == WEFT_TYPE_STRUCT && weft_sql_accept_word(p, SQL_KW_COMMENT))
            WEFT_TRY(st, weft_sql_string(p, "the comment of a field", &comment, &comment_len));
        WEFT_TRY(st, weft_pointers_push(p->ctx, &fields, field));
    } while (fields.count < wanted && weft_sql_accept(p, SQL_COMMA));
    if (id == WEFT_TYPE_MAP && fields.count != 2) WEFT_TRY(st, weft_sql_syntax_error(p, "','"));
    WEFT_TRY(st, expect_close(p));
    WEFT_TRY(st, weft_sql_grow(p));
    sql_leave(p, frame);
    WEFT_TRY(st, WEFT_NEW_ARRAY(p->ctx, fields.count, &children));
    for (int32_t i = 0; i < fields.count; i++) children[i] = *(const weft_field *)fields.items[i];
    *out = (weft_type){.id = (uint8_t)id, .child_count = fields.count, .children = children};
done:
    return st;
}

/* YEAR 0, MONTH 1, DAY 2 …; false for any other word. */
static bool accept_interval_unit(sql_parser *p, int32_t *out)
{
    static const char *const units[] = {"YEAR", "MONTH", "DAY", "HOUR", "MINUTE", "SECOND"};
    for (*out = 0; *out < WEFT_COUNT(units); (*out)++) {
        if (!weft_sql_is_text(p, 0, units[*out])) continue;
        weft_sql_advance(p);
        return true;
    }
    return false;
}

/* INTERVAL [unit [TO unit]] */
static weft_status parse_interval_type(sql_parser *p, weft_type *out)
{
    enum { DAY = 2 };
    weft_status st = WEFT_OK;
    int32_t first = 0, last = 0;
    *out = WEFT_TYPE_OF(WEFT_TYPE_INTERVAL);
    if (!accept_interval_unit(p, &first)) return WEFT_OK;
    last = first;
    if (weft_sql_accept_word(p, SQL_KW_TO)) {
        if (!accept_interval_unit(p, &last))
            WEFT_TRY(st, weft_sql_syntax_error(p, "YEAR, MONTH, DAY, HOUR, MINUTE or SECOND"));
        if (last <= first || (first < DAY) != (last < DAY))
            WEFT_TRY(st, weft_sql_syntax_error(p, "a finer unit"));
    }
    *out = first < DAY ? weft_type_interval(WEFT_TYPE_INTERVAL_YM, first, last)
                       : weft_type_interval(WEFT_TYPE_INTERVAL_DT, first - DAY, last - DAY);
done:
    return st;
}

/* TIME [(digits)] [WITHOUT TIME ZONE] */
static weft_status parse_time_type(sql_parser *p, const weft_span *start, weft_type *out)
{
    weft_status st = WEFT_OK;
    int32_t digits = 6;
    if (weft_sql_accept(p, SQL_LPAREN)) {
        WEFT_TRY(st, parse_small(p, &digits));
        WEFT_TRY(st, weft_sql_expect(p, SQL_RPAREN, "')'"));
    }
    if (weft_sql_is_text(p, 0, "WITHOUT")) {
        static const char *const words[] = {"WITHOUT", "TIME", "ZONE"};
        for (int32_t i = 0; i < WEFT_COUNT(words); i++) {
            if (!weft_sql_is_text(p, 0, words[i]))
                WEFT_TRY(st, weft_sql_syntax_error(p, "WITHOUT TIME ZONE"));
            weft_sql_advance(p);
        }
    }
    if (digits > WEFT_TIME_DIGITS_MAX)
        WEFT_TRY(st,
                 weft_fail_at(p->ctx, WEFT_TIME_PRECISION, start,
                              "The seconds precision %d of the TIME data type is out of the supported range "
                              "[0, %d].",
                              digits, WEFT_TIME_DIGITS_MAX));
    *out = weft_type_time(digits);
done:
    return st;
}

enum { TIMESTAMP_DIGITS = 6, NANOSECOND_DIGITS = 9 };

weft_status weft_sql_timestamp_digits(sql_parser *p, const weft_span *span, weft_type_id id, int32_t digits,
                                      weft_type *out)
{
    const char *name = id == WEFT_TYPE_TIMESTAMP_NTZ ? "TIMESTAMP_NTZ" : "TIMESTAMP_LTZ";
    *out = WEFT_TYPE_OF((uint8_t)id);
    if (digits == TIMESTAMP_DIGITS) return WEFT_OK;
    if (digits > TIMESTAMP_DIGITS && digits <= NANOSECOND_DIGITS) {
        out->id = id == WEFT_TYPE_TIMESTAMP ? WEFT_TYPE_TIMESTAMP_NS : WEFT_TYPE_TIMESTAMP_NTZ_NS;
        out->scale = (uint8_t)(NANOSECOND_DIGITS - digits);
        return weft_expect_nanos_type(p->ctx, span);
    }
    return weft_fail_at(p->ctx, WEFT_TIMESTAMP_PRECISION, span,
                        "The seconds precision %d of %s is invalid. Expected an integer in [7, 9] for "
                        "nanosecond precision; use precision 6 or parameterless %s for the standard "
                        "microsecond type.",
                        digits, name, name);
}

/* [(digits)] behind the name of a timestamp's type */
static weft_status parse_timestamp_digits(sql_parser *p, int32_t *digits, weft_span *span)
{
    weft_status st = WEFT_OK;
    *span = weft_sql_peek(p, 0)->span;
    *digits = TIMESTAMP_DIGITS;
    if (!weft_sql_accept(p, SQL_LPAREN)) return WEFT_OK;
    *span = weft_sql_peek(p, 0)->span;
    WEFT_TRY(st, parse_small(p, digits));
    st = weft_sql_expect(p, SQL_RPAREN, "')'");
done:
    return st;
}

/* TIMESTAMP [(6)] [WITHOUT TIME ZONE | WITH LOCAL TIME ZONE]; plain: it is no other word, behind which
 * nothing may stand. */
static weft_status parse_timestamp_type(sql_parser *p, weft_type_id id, bool plain, weft_type *out)
{
    static const char *const words[2][4] = {{"WITHOUT", "TIME", "ZONE", NULL},
                                            {"WITH", "LOCAL", "TIME", "ZONE"}};
    weft_status st = WEFT_OK;
    int32_t digits;
    weft_span span;
    WEFT_TRY(st, parse_timestamp_digits(p, &digits, &span));
    for (int32_t form = 0; plain && form < 2; form++) {
        if (!weft_sql_is_text(p, 0, words[form][0]) || !weft_sql_is_text(p, 1, words[form][1])) continue;
        for (int32_t i = 0; i < 4 && words[form][i] != NULL; i++)
            if (!weft_sql_accept_text(p, words[form][i])) return weft_sql_syntax_error(p, words[form][i]);
        id = form == 0 ? WEFT_TYPE_TIMESTAMP_NTZ : WEFT_TYPE_TIMESTAMP;
    }
    st = weft_sql_timestamp_digits(p, &span, id, digits, out);
done:
    return st;
}

/* GEOMETRY(srid), GEOGRAPHY(ANY) */
static weft_status parse_shape_type(sql_parser *p, weft_type_id id, const weft_span *start, weft_type *out)
{
    weft_status st = WEFT_OK;
    int32_t srid = WEFT_SRID_ANY;
    WEFT_TRY(st, weft_sql_expect(p, SQL_LPAREN, "'('"));
    if (weft_sql_is_text(p, 0, "ANY")) {
        weft_sql_advance(p);
    } else {
        WEFT_TRY(st, parse_digits(p, 9, &srid));
        if (!weft_srid_is_known(srid, id == WEFT_TYPE_GEOGRAPHY))
            WEFT_TRY(st, weft_fail_at(p->ctx, WEFT_SRID_VALUE, start,
                                      "Invalid or unsupported SRID (spatial reference identifier) value: %d.",
                                      srid));
    }
    WEFT_TRY(st, weft_sql_expect(p, SQL_RPAREN, "')'"));
    *out = (weft_type){.id = (uint8_t)id, .parameter = srid};
done:
    return st;
}

/* What may stand behind a type of strings: COLLATE name. */
static weft_status parse_collate(sql_parser *p, weft_type *type)
{
    weft_status st = WEFT_OK;
    const char *name = NULL;
    type->collation = p->type_collation;
    if (!weft_sql_is_text(p, 0, "COLLATE")) return WEFT_OK;
    weft_sql_advance(p);
    const weft_span at = weft_sql_peek(p, 0)->span;
    WEFT_TRY(st, weft_sql_name(p, "the name of a collation", &name));
    st = weft_collation_resolve(p->ctx, name, strlen(name), &at, &type->collation);
done:
    return st;
}

weft_status weft_sql_default_collation(sql_parser *p, const weft_span *start, const char **name, bool *found)
{
    weft_status st = WEFT_OK;
    const char *written = NULL;
    char canonical[WEFT_COLLATION_NAME_BYTES], *copy = NULL;
    uint16_t collation = 0;
    *found = weft_sql_is_text(p, 0, "DEFAULT") && weft_sql_is_text(p, 1, "COLLATION");
    if (!*found) return WEFT_OK;
    bool seen = *name != NULL;
    WEFT_TRY(st, weft_sql_once(p, start, &seen, "DEFAULT COLLATION"));
    weft_sql_advance(p);
    weft_sql_advance(p);
    const weft_span at = weft_sql_peek(p, 0)->span;
    WEFT_TRY(st, weft_sql_name(p, "the name of a collation", &written));
    WEFT_TRY(st, weft_collation_resolve(p->ctx, written, strlen(written), &at, &collation));
    WEFT_TRY(
        st, weft_arena_printf(p->ctx, p->ctx->arena, &copy, "%s", weft_collation_name(collation, canonical)));
    p->text_collation = p->type_collation = collation;
    *name = copy;
done:
    return st;
}

weft_status weft_sql_type(sql_parser *p, weft_type *out)
{
    weft_status st = WEFT_OK;
    const sql_token token = *weft_sql_peek(p, 0);
    int32_t length = 0;
    if (token.kind == SQL_WORD && token.keyword == SQL_KW_INTERVAL) {
        weft_sql_advance(p);
        return parse_interval_type(p, out);
    }
    for (int32_t i = 0; i < WEFT_COUNT(type_names); i++) {
        if (!weft_sql_is_text(p, 0, type_names[i].name)) continue;
        const weft_type_id id = strcmp(type_names[i].name, "TIMESTAMP") == 0 ? weft_sql_timestamp_type(p)
                                                                             : type_names[i].id;
        weft_sql_advance(p);
        if (id == WEFT_TYPE_TIME) return parse_time_type(p, &token.span, out);
        if (id == WEFT_TYPE_TIMESTAMP || id == WEFT_TYPE_TIMESTAMP_NTZ)
            return parse_timestamp_type(p, id, strlen(type_names[i].name) == strlen("TIMESTAMP"), out);
        const bool shape = id == WEFT_TYPE_GEOMETRY || id == WEFT_TYPE_GEOGRAPHY;
        if (shape && sql_is(p, SQL_LPAREN)) return parse_shape_type(p, id, &token.span, out);
        if (shape) break;
        if (id == WEFT_TYPE_DECIMAL) return parse_decimal(p, &token.span, out);
        if (id == WEFT_TYPE_ARRAY || id == WEFT_TYPE_MAP || id == WEFT_TYPE_STRUCT)
            return parse_nested(p, id, out);
        if (id == WEFT_TYPE_STRING && weft_sql_accept(p, SQL_LPAREN)) {
            /* In a cast VARCHAR(n) and CHAR(n) are STRING, as in Spark. */
            WEFT_TRY(st, parse_small(p, &length));
            WEFT_TRY(st, weft_sql_expect(p, SQL_RPAREN, "')'"));
        }
        *out = WEFT_TYPE_OF(id);
        return id == WEFT_TYPE_STRING ? parse_collate(p, out) : WEFT_OK;
    }
    if (token.kind != SQL_WORD) WEFT_TRY(st, weft_sql_syntax_error(p, "a type"));
    st = weft_fail_at(p->ctx, WEFT_UNSUPPORTED_DATATYPE, &token.span, "Unsupported data type \"%.*s\".",
                      (int)weft_min_i32(token.span.stop - token.span.start, 100), p->text + token.span.start);
done:
    return st;
}

weft_status weft_sql_column_type(sql_parser *p, weft_type *out)
{
    weft_status st = WEFT_OK;
    const sql_token token = *weft_sql_peek(p, 0);
    const bool varies = weft_sql_is_text(p, 0, "VARCHAR");
    int32_t length = 0;
    if (!varies && !weft_sql_is_text(p, 0, "CHAR") && !weft_sql_is_text(p, 0, "CHARACTER")) {
        const bool before = p->declares;
        p->declares = true;
        st = weft_sql_type(p, out);
        p->declares = before;
        return st;
    }
    weft_sql_advance(p);
    if (!weft_sql_accept(p, SQL_LPAREN))
        WEFT_TRY(st,
                 weft_fail_at(p->ctx, WEFT_MISSING_SIZE, &token.span,
                              "DataType \"%s\" requires a length parameter, for example \"%s\"(10). Please "
                              "specify the length.",
                              varies ? "VARCHAR" : "CHAR", varies ? "VARCHAR" : "CHAR"));
    WEFT_TRY(st, parse_digits(p, 9, &length));
    WEFT_TRY(st, weft_sql_expect(p, SQL_RPAREN, "')'"));
    *out = WEFT_TYPE_OF(WEFT_TYPE_STRING);
    out->length_kind = varies ? WEFT_LENGTH_VARCHAR : WEFT_LENGTH_CHAR;
    out->parameter = length;
    WEFT_TRY(st, parse_collate(p, out));
done:
    return st;
}
