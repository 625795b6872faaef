/* engine/sql/parser_interval.c - INTERVAL literals.
 *
 *     INTERVAL '90' DAY        INTERVAL 90 DAYS      INTERVAL 1 YEAR 2 MONTHS     INTERVAL '1 day 2 hours'
 *     INTERVAL '1-2' YEAR TO MONTH                   INTERVAL '1 02:03:04.5' DAY TO SECOND
 *     INTERVAL (n) DAY         an expression: WEFT_EXPR_INTERVAL
 *
 * Years and months make a year-month interval (months), all other units a day-time interval (microseconds);
 * Spark 4 keeps the two apart, and so does this, but for a setting that brings back the INTERVAL without
 * fields of Spark 2. The fields of the type are those from the largest unit that is written to the smallest:
 * a week counts as days, what is below a second as seconds. */
#include <ctype.h>
#include <strings.h>

#include "common/settings.h"
#include "engine/columnar/calendar_interval.h"
#include "engine/sql/parser_internal.h"

typedef struct interval_unit {
    const char *name;
    bool months;
    int32_t field;  /* of the type */
    int64_t factor; /* in months or microseconds */
    int32_t days;   /* of those that an INTERVAL without fields counts in days */
} interval_unit;

static const int64_t micros_per_second = 1000000;
static const int64_t micros_per_day = 86400000000;

static const char blanks[] = " \t\n\r";

static const interval_unit units[] = {
    {"YEAR", true, 0, 12, 0},           {"QUARTER", true, 1, 3, 0},
    {"MONTH", true, 1, 1, 0},           {"WEEK", false, 0, 7 * 86400000000, 7},
    {"DAY", false, 0, 86400000000, 1},  {"HOUR", false, 1, 3600000000, 0},
    {"MINUTE", false, 2, 60000000, 0},  {"SECOND", false, 3, 1000000, 0},
    {"MILLISECOND", false, 3, 1000, 0}, {"MICROSECOND", false, 3, 1, 0},
    {"NANOSECOND", false, 3, 0, 0}, /* known, and refused */
};

typedef struct interval_sum {
    bool has_months, has_micros;
    int32_t first, last;          /* fields, once one of the two is true */
    int64_t months, days, micros; /* each apart, as an INTERVAL without fields keeps them */
} interval_sum;

/* An amount as it is written: [sign] number or string. */
typedef struct interval_amount {
    const char *text;
    size_t len;
    bool negative, string;
} interval_amount;

static const interval_unit *find_unit(const char *text, size_t len)
{
    if (len > 1 && (text[len - 1] | 0x20) == 's') len--;
    for (int32_t i = 0; i < WEFT_COUNT(units); i++) {
        if (strlen(units[i].name) == len && strncasecmp(units[i].name, text, len) == 0) return &units[i];
    }
    return NULL;
}

static const interval_unit *unit_at(sql_parser *p, int32_t ahead)
{
    const sql_token *token = weft_sql_peek(p, ahead);
    if (token->kind != SQL_WORD) return NULL;
    return find_unit(p->text + token->span.start, (size_t)(token->span.stop - token->span.start));
}

/* [sign] digits [. digits], with blanks around: what it is of the unit, in millionths for SECOND. */
static weft_status read_amount(const interval_unit *unit, const char *text, size_t len, bool negative,
                               weft_i128 *out)
{
    const bool seconds = unit->factor == micros_per_second;
    size_t i = 0;
    int64_t value = 0, fraction = 0, scale = micros_per_second;
    while (len > 0 && strchr(blanks, text[len - 1]) != NULL) len--;
    while (i < len && strchr(blanks, text[i]) != NULL) i++;
    for (; i < len && (text[i] == '-' || text[i] == '+'); i++) negative ^= text[i] == '-';
    while (i < len && strchr(blanks, text[i]) != NULL) i++;
    if (i == len || (text[i] != '.' && (text[i] < '0' || text[i] > '9'))) return WEFT_INTERVAL_NUMBER;
    for (; i < len && text[i] >= '0' && text[i] <= '9'; i++) {
        if (__builtin_mul_overflow(value, 10, &value) || __builtin_add_overflow(value, text[i] - '0', &value))
            return WEFT_INTERVAL_ARITHMETIC;
    }
    if (i < len && text[i] == '.') {
        if (!seconds) return WEFT_INTERVAL_FRACTION;
        for (i++; i < len && text[i] >= '0' && text[i] <= '9'; i++) { /* finer than a microsecond: dropped */
            scale /= 10;
            fraction += (text[i] - '0') * scale;
        }
    }
    if (i != len) return WEFT_INTERVAL_VALUE;
    *out = seconds ? (weft_i128)value * micros_per_second + fraction : value;
    if (negative) *out = -*out;
    return WEFT_OK;
}

/* Add an amount such as "-1.5" of a unit; a status says what is wrong with it. */
static weft_status add_amount(interval_sum *sum, const interval_unit *unit, const char *text, size_t len,
                              bool negative)
{
    weft_i128 value = 0;
    const weft_status st = read_amount(unit, text, len, negative, &value);
    if (st != WEFT_OK) return st;
    int64_t *total = unit->months ? &sum->months : unit->days > 0 ? &sum->days : &sum->micros;
    const int64_t each = unit->days > 0                      ? unit->days
                         : unit->factor == micros_per_second ? 1 /* read as microseconds */
                                                             : unit->factor;
    const int64_t limit = total == &sum->micros ? INT64_MAX : INT32_MAX;
    const weft_i128 result = *total + value * each;
    if (result > limit || result < -(weft_i128)limit - 1) return WEFT_INTERVAL_ARITHMETIC;
    *total = (int64_t)result;
    const bool begun = sum->has_months || sum->has_micros;
    sum->first = begun ? weft_min_i32(sum->first, unit->field) : unit->field;
    sum->last = begun ? weft_max_i32(sum->last, unit->field) : unit->field;
    if (unit->months)
        sum->has_months = true;
    else
        sum->has_micros = true;
    return WEFT_OK;
}

static weft_status invalid_interval(sql_parser *p, const weft_span *span, const char *text)
{
    weft_fail_at(p->ctx, WEFT_INVALID_TYPED_LITERAL, span,
                 "The value of the typed literal \"INTERVAL\" is invalid: '%.80s'.", text);
    weft_hint(p->ctx, "Write an amount and a unit, as in INTERVAL '90' DAY or INTERVAL 1 YEAR 2 MONTHS.");
    return WEFT_INVALID_TYPED_LITERAL;
}

static weft_status overflow(sql_parser *p, const weft_span *span)
{
    return weft_fail_at(p->ctx, WEFT_INTERVAL_OVERFLOW_PLAIN, span,
                        "Integer overflow while operating with intervals.");
}

/* What is wrong with an amount, or with the fields of a range. */
static weft_status invalid_amount(sql_parser *p, const weft_span *span, weft_status st,
                                  const interval_amount *amount)
{
    static const struct {
        weft_status st;
        const char *text;
    } reasons[] = {
        {WEFT_INTERVAL_NUMBER, "a number is missing"},
        {WEFT_INTERVAL_VALUE, "it is no number"},
        {WEFT_INTERVAL_FRACTION, "only seconds have a fraction"},
        {WEFT_INTERVAL_ARITHMETIC, "it is out of range"},
        {WEFT_INTERVAL_UNIT, "nanoseconds are no unit of intervals"},
        {WEFT_INTERVAL_MONTHS, "months are from 0 to 11 in YEAR TO MONTH, and both have to fit"},
        {WEFT_INTERVAL_FIELD, "a field is outside its range, such as 0 to 23 for hours behind days"},
        {WEFT_INTERVAL_LETTERS, "the amount of a unit is a number"},
    };
    const char *reason = "it has not the form of its units, as in '1-2' YEAR TO MONTH";
    for (int32_t i = 0; i < WEFT_COUNT(reasons); i++)
        if (reasons[i].st == st) reason = reasons[i].text;
    return weft_fail_at(p->ctx, st, span, "Error parsing '%.*s' to interval: %s.",
                        (int)(amount->len < 80 ? amount->len : 80), amount->text, reason);
}

/* Are these the larger and the smaller unit of a range? */
static bool is_range(const interval_unit *from, const interval_unit *to)
{
    if (from->months || to->months) return from->factor == 12 && to->months && to->factor == 1;
    return to > from && from->factor <= micros_per_day && to->factor >= micros_per_second;
}

/* A field of 'd h:m:s' behind the first, or the first of the range, in its bounds? */
static bool field_fits(const interval_unit *unit, bool leads, const char *text, size_t len)
{
    static const int64_t most[] = {0, 23, 59, 59}; /* behind a larger unit: hours, minutes, seconds */
    static const int64_t all[] = {106751991, 2562047788, 153722867280, 9223372036854};
    int64_t value = 0;
    for (size_t i = 0; i < len && text[i] >= '0' && text[i] <= '9'; i++) value = value * 10 + (text[i] - '0');
    if (unit->months) return leads || value <= 11;
    return value <= (leads ? all : most)[unit->field];
}

/* 'y-m', 'd h:m:s' …: from the larger unit to the smaller, the sign before all; negated: once more. */
static weft_status add_range(interval_sum *sum, const interval_unit *from, const interval_unit *to,
                             const char *text, bool negated)
{
    static const char separators[] = " ::"; /* behind day, hour, minute */
    static const int32_t digits_most[] = {9, 10, 12, 13};
    const weft_status form = from->months ? WEFT_INTERVAL_FORMAT : WEFT_INTERVAL_FORMAT_NOTICE;
    const weft_status field = from->months ? WEFT_INTERVAL_MONTHS : WEFT_INTERVAL_FIELD;
    bool fits = true;
    text += strspn(text, blanks);
    const bool negative = negated != (*text == '-');
    if (*text == '-' || *text == '+') text++;
    const interval_unit *day = find_unit("DAY", 3);
    for (const interval_unit *unit = from; unit <= to; unit = unit->months ? unit + 2 : unit + 1) {
        const char stop = unit->months ? '-' : unit >= day && unit - day < 3 ? separators[unit - day] : '\0';
        const size_t len = unit == to ? strlen(text) : strcspn(text, (const char[]){stop, '\0'});
        const size_t digits = strspn(text, "0123456789");
        const int32_t most = unit->months ? 18 : unit == from ? digits_most[unit->field] : 2;
        if (digits == 0 || digits > (size_t)most) return form;
        const weft_status st = add_amount(sum, unit, text, len, negative);
        if (st != WEFT_OK && st != WEFT_INTERVAL_ARITHMETIC) return form;
        fits = fits && st == WEFT_OK && field_fits(unit, unit == from, text, len);
        text += len;
        if (unit != to) {
            if (*text != stop) return form;
            text++;
        }
    }
    return fits ? WEFT_OK : field;
}

/* 'amount unit amount unit …' inside one string, perhaps with the word interval before. */
static bool add_words(interval_sum *sum, const char *text)
{
    bool any = false;
    text += strspn(text, blanks);
    if (strncasecmp(text, "interval", 8) == 0) text += 8;
    for (;;) {
        text += strspn(text, blanks);
        if (*text == '\0') return any;
        const char *amount = text;
        text += strspn(text, "+- ");
        const size_t digits = strspn(text, "0123456789.");
        text += digits;
        const size_t amount_len = (size_t)(text - amount);
        text += strspn(text, blanks);
        const size_t len = strcspn(text, " \t\n\r+-0123456789");
        const interval_unit *unit = find_unit(text, len);
        if (digits == 0 || unit == NULL || unit->factor == 0) return false;
        char compact[64];
        size_t n = 0;
        for (size_t i = 0; i < amount_len; i++) {
            if (amount[i] == ' ') continue;
            if (n + 1 >= sizeof compact) return false;
            compact[n++] = amount[i];
        }
        if (add_amount(sum, unit, compact, n, false) != WEFT_OK) return false;
        text += len;
        any = true;
    }
}

/* An INTERVAL without fields. */
static weft_status make_calendar(sql_parser *p, weft_span span, const interval_sum *sum,
                                 const weft_expr **out)
{
    const weft_calendar_interval interval = {
        .months = (int32_t)sum->months, .days = (int32_t)sum->days, .us = sum->micros};
    const weft_value value = {.type = WEFT_TYPE_OF(WEFT_TYPE_INTERVAL),
                              .i128 = weft_calendar_interval_bits(interval)};
    return weft_sql_literal(p, value, span, out);
}

static weft_status make_literal(sql_parser *p, const weft_span *start, const interval_sum *sum,
                                const weft_expr **out)
{
    const weft_span span = weft_sql_span_from(p, start);
    if (weft_setting(p->ctx, WEFT_SET_LEGACY_INTERVAL) != 0) return make_calendar(p, span, sum, out);
    if (sum->has_months && sum->has_micros) {
        return weft_fail_at(p->ctx, WEFT_INTERVAL_MIXED, &span,
                            "Cannot mix year-month and day-time fields: %.*s.",
                            (int)weft_min_i32(span.stop - span.start, 200), p->text + span.start);
    }
    const weft_i128 micros = (weft_i128)sum->days * micros_per_day + sum->micros;
    if (micros > INT64_MAX || micros < INT64_MIN) return overflow(p, &span);
    const weft_value value = {
        .type = weft_type_interval(sum->has_months ? WEFT_TYPE_INTERVAL_YM : WEFT_TYPE_INTERVAL_DT,
                                   sum->first, sum->last),
        .i64 = sum->has_months ? sum->months : (int64_t)micros};
    return weft_sql_literal(p, value, span, out);
}

/* The unit behind an amount: DAY, DAYS, perhaps with a precision: DAY (3). */
static weft_status parse_unit(sql_parser *p, const interval_unit **unit)
{
    weft_status st = WEFT_OK;
    *unit = unit_at(p, 0);
    if (*unit == NULL) WEFT_TRY(st, weft_sql_syntax_error(p, "a unit such as DAY or MONTH"));
    weft_sql_advance(p);
    if (sql_is(p, SQL_LPAREN) && sql_is_at(p, 1, SQL_INTEGER) && sql_is_at(p, 2, SQL_RPAREN)) {
        for (int i = 0; i < 3; i++)
            weft_sql_advance(p); /* the standard's leading precision; TPC-H writes it */
    }
done:
    return st;
}

/* INTERVAL [sign] 'amount unit …' */
static weft_status parse_words(sql_parser *p, const weft_span *start, const weft_expr **out)
{
    weft_status st = WEFT_OK;
    interval_sum sum = {0};
    const char *text = NULL;
    size_t len = 0;
    const bool negative = sql_is(p, SQL_MINUS);
    if (negative || sql_is(p, SQL_PLUS)) weft_sql_advance(p);
    WEFT_TRY(st, weft_sql_string(p, "a string", &text, &len));
    const weft_span span = weft_sql_span_from(p, start);
    if (!add_words(&sum, text)) WEFT_TRY(st, invalid_interval(p, &span, text));
    if (negative) {
        sum.months = -sum.months;
        sum.days = -sum.days;
        sum.micros = sum.micros == INT64_MIN ? INT64_MAX : -sum.micros;
    }
    WEFT_TRY(st, make_literal(p, start, &sum, out));
done:
    return st;
}

/* Does a further [sign] amount unit begin here? */
static bool at_further_amount(sql_parser *p)
{
    const int32_t sign = sql_is(p, SQL_MINUS) || sql_is(p, SQL_PLUS) ? 1 : 0;
    const bool amount = sql_is_at(p, sign, SQL_INTEGER) || sql_is_at(p, sign, SQL_DECIMAL) ||
                        sql_is_at(p, sign, SQL_STRING);
    return amount && unit_at(p, sign + 1) != NULL;
}

static weft_status parse_amount(sql_parser *p, interval_amount *out)
{
    weft_status st = WEFT_OK;
    *out = (interval_amount){0};
    while (sql_is(p, SQL_MINUS) || sql_is(p, SQL_PLUS)) {
        out->negative ^= sql_is(p, SQL_MINUS);
        weft_sql_advance(p);
    }
    out->string = sql_is(p, SQL_STRING) || sql_is(p, SQL_RAW_STRING);
    if (out->string) {
        WEFT_TRY(st, weft_sql_string(p, "a string", &out->text, &out->len));
        goto done;
    }
    const weft_span span = weft_sql_peek(p, 0)->span;
    out->text = p->text + span.start;
    out->len = (size_t)(span.stop - span.start);
    weft_sql_advance(p);
done:
    return st;
}

/* TO unit behind amount and unit: all of the literal. alone: nothing stood before them. */
static weft_status parse_range(sql_parser *p, const weft_span *start, bool alone, const interval_unit *from,
                               const interval_amount *amount, interval_sum *sum)
{
    weft_status st = WEFT_OK;
    const interval_unit *to = unit_at(p, 0);
    const bool fields = to != NULL && to->days != 7 && from->days != 7 && to->factor != 3 &&
                        from->factor != 3 && (to->months || to->factor >= micros_per_second) &&
                        (from->months || from->factor >= micros_per_second);
    if (!fields) WEFT_TRY(st, weft_sql_syntax_error(p, "YEAR, MONTH, DAY, HOUR, MINUTE or SECOND"));
    weft_sql_advance(p);
    const weft_span span = weft_sql_span_from(p, start);
    if (!alone || at_further_amount(p))
        WEFT_TRY(st, weft_fail_at(p->ctx, WEFT_INTERVAL_RANGES, &span,
                                  "Can only have a single from-to unit in the interval literal syntax."));
    if (!amount->string)
        WEFT_TRY(st, weft_fail_at(p->ctx, WEFT_INTERVAL_RANGE_TEXT, &span,
                                  "The value of from-to unit must be a string."));
    if (!is_range(from, to))
        WEFT_TRY(st,
                 weft_fail_at(p->ctx, WEFT_INTERVAL_FROM_TO, &span,
                              "Error parsing '%.80s' to interval: the interval %s TO %s is not supported.",
                              amount->text, from->name, to->name));
    const weft_status wrong = add_range(sum, from, to, amount->text, amount->negative);
    if (wrong != WEFT_OK) WEFT_TRY(st, invalid_amount(p, &span, wrong, amount));
done:
    return st;
}

static bool has_letter(const interval_amount *amount)
{
    for (size_t i = 0; amount->string && i < amount->len; i++)
        if (isalpha((unsigned char)amount->text[i]) || (amount->text[i] & 0x80) != 0) return true;
    return false;
}

/* INTERVAL [-]1 YEAR [-]'2' MONTHS …, or one 'text' unit TO unit. */
static weft_status parse_units(sql_parser *p, const weft_span *start, const weft_expr **out)
{
    weft_status st = WEFT_OK;
    interval_sum sum = {0};
    int32_t count = 0;
    do {
        const interval_unit *unit = NULL;
        interval_amount amount = {0};
        WEFT_TRY(st, parse_amount(p, &amount));
        WEFT_TRY(st, parse_unit(p, &unit));
        if (weft_sql_accept_word(p, SQL_KW_TO)) {
            WEFT_TRY(st, parse_range(p, start, count == 0, unit, &amount, &sum));
            break;
        }
        count++;
        const weft_status wrong = has_letter(&amount) ? WEFT_INTERVAL_LETTERS
                                  : unit->factor == 0
                                      ? WEFT_INTERVAL_UNIT
                                      : add_amount(&sum, unit, amount.text, amount.len, amount.negative);
        const weft_span span = weft_sql_span_from(p, start);
        if (wrong != WEFT_OK) WEFT_TRY(st, invalid_amount(p, &span, wrong, &amount));
    } while (at_further_amount(p));
    WEFT_TRY(st, make_literal(p, start, &sum, out));
done:
    return st;
}

/* INTERVAL (expression) unit */
static weft_status parse_computed_interval(sql_parser *p, const weft_span *start, const weft_expr **out)
{
    weft_status st = WEFT_OK;
    const weft_expr *amount = NULL;
    const interval_unit *unit = NULL;
    weft_expr *e = NULL;
    WEFT_TRY(st, weft_sql_expect(p, SQL_LPAREN, "'('"));
    WEFT_TRY(st, weft_sql_expr(p, &amount));
    WEFT_TRY(st, weft_sql_expect(p, SQL_RPAREN, "')'"));
    WEFT_TRY(st, parse_unit(p, &unit));
    if (unit->factor == 0) WEFT_TRY(st, weft_sql_syntax_error(p, "a unit of at least a microsecond before"));
    WEFT_TRY(st, weft_sql_expr_new(p, WEFT_EXPR_INTERVAL, weft_sql_span_from(p, start), &amount, 1, &e));
    e->interval.unit = unit->name;
    *out = e;
done:
    return st;
}

weft_status weft_sql_interval(sql_parser *p, const weft_expr **out)
{
    const weft_span start = weft_sql_peek(p, 0)->span;
    const int32_t sign = sql_is_at(p, 1, SQL_MINUS) || sql_is_at(p, 1, SQL_PLUS) ? 1 : 0;
    const uint8_t next = weft_sql_peek(p, 1 + sign)->kind;
    *out = NULL;
    const bool string = next == SQL_STRING || next == SQL_RAW_STRING;
    if (string && unit_at(p, 2 + sign) == NULL) {
        weft_sql_advance(p);
        return parse_words(p, &start, out);
    }
    if ((string || next == SQL_INTEGER || next == SQL_DECIMAL) && unit_at(p, 2 + sign) != NULL) {
        weft_sql_advance(p);
        return parse_units(p, &start, out);
    }
    if (next == SQL_LPAREN && sign == 0) {
        weft_sql_advance(p);
        return parse_computed_interval(p, &start, out);
    }
    return WEFT_OK; /* a column or a function named interval */
}
