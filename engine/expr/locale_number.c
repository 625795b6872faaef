/* engine/expr/locale_number.c - decimals as a language writes them: the grammar of Java's DecimalFormat
 * without a pattern, which Spark reads them by: [minus] digits with groups [point digits] [E [minus] digits].
 */
#include <string.h>

#include "common/base.h"
#include "common/limits.h"
#include "engine/expr/locale.h"
#include "engine/expr/locale_private.h"
#include "engine/expr/utf8.h"

static bool get_symbol(const weft_icu *icu, const UNumberFormat *format, UNumberFormatSymbol symbol,
                       char *out, size_t bytes)
{
    UErrorCode error = U_ZERO_ERROR;
    UChar wide[16];
    int32_t used = 0;
    const int32_t len = icu->unum_getSymbol(format, symbol, wide, WEFT_COUNT(wide), &error);
    if (U_FAILURE(error) || len >= WEFT_COUNT(wide)) return false;
    icu->u_strToUTF8(out, (int32_t)bytes, &used, wide, len, &error);
    return U_SUCCESS(error) && (size_t)used < bytes;
}

weft_status weft_locale_numbers_open(weft_ctx *ctx, const char *locale, weft_locale_numbers *out)
{
    weft_status st = WEFT_OK;
    weft_icu icu;
    char name[LOCALE_NAME_BYTES], zero[8];
    UErrorCode error = U_ZERO_ERROR;
    UNumberFormat *format = NULL;
    *out = (weft_locale_numbers){.is_us = weft_locale_is_us(locale),
                                 .point = ".",
                                 .group = ",",
                                 .minus = "-",
                                 .exponent = "E",
                                 .zero = '0'};
    if (out->is_us) return WEFT_OK;
    WEFT_TRY(st, weft_icu_open(ctx, "numbers of other languages than English", &icu));
    if (!locale_icu_name(&icu, locale, name, sizeof name)) goto done; /* the root locale's are these */
    format = icu.unum_open(UNUM_DECIMAL, NULL, 0, name, NULL, &error);
    const bool good =
        U_SUCCESS(error) &&
        get_symbol(&icu, format, UNUM_DECIMAL_SEPARATOR_SYMBOL, out->point, sizeof out->point) &&
        get_symbol(&icu, format, UNUM_GROUPING_SEPARATOR_SYMBOL, out->group, sizeof out->group) &&
        get_symbol(&icu, format, UNUM_MINUS_SIGN_SYMBOL, out->minus, sizeof out->minus) &&
        get_symbol(&icu, format, UNUM_EXPONENTIAL_SYMBOL, out->exponent, sizeof out->exponent) &&
        get_symbol(&icu, format, UNUM_ZERO_DIGIT_SYMBOL, zero, sizeof zero);
    if (!good)
        WEFT_TRY(st, weft_fail(ctx, WEFT_UNSUPPORTED, "ICU has no numbers of the locale \"%s\"", locale));
    uint32_t bytes = 0;
    out->zero = weft_utf8_decode(zero, strlen(zero), &bytes);
done:
    if (format != NULL) icu.unum_close(format);
    return st;
}

/* ---- reading ---- */

typedef struct number_text {
    const weft_locale_numbers *numbers;
    const char *text;
    size_t len, at;
    char *room;
    size_t room_bytes, used;
} number_text;

static bool take(number_text *n, const char *symbol)
{
    const size_t len = strlen(symbol);
    if (len == 0 || n->len - n->at < len || memcmp(n->text + n->at, symbol, len) != 0) return false;
    n->at += len;
    return true;
}

static bool put_byte(number_text *n, char byte)
{
    if (n->used == n->room_bytes) return false;
    n->room[n->used++] = byte;
    return true;
}

static bool take_digit(number_text *n)
{
    uint32_t bytes = 0;
    if (n->at == n->len) return false;
    const uint32_t c = weft_utf8_decode(n->text + n->at, n->len - n->at, &bytes);
    const uint32_t own = c - n->numbers->zero, plain = c - '0';
    if ((own > 9 && plain > 9) || !put_byte(n, (char)('0' + (own <= 9 ? own : plain)))) return false;
    n->at += bytes;
    return true;
}

/* E and a power behind the digits; what is no power ends the number before the E. */
static bool take_exponent(number_text *n)
{
    if (!take(n, n->numbers->exponent)) return true;
    if (!put_byte(n, 'E') || (take(n, n->numbers->minus) && !put_byte(n, '-')) || !take_digit(n))
        return false;
    while (take_digit(n)) {
    }
    return true;
}

static bool read_format(number_text *n)
{
    bool point = false, grouped = false;
    int32_t digits = 0;
    if (take(n, n->numbers->minus) && !put_byte(n, '-')) return false;
    for (;;) {
        if (take_digit(n)) {
            digits++;
            grouped = false;
        } else if (!point && take(n, n->numbers->point)) {
            if (digits == 0 && !put_byte(n, '0')) return false;
            if (!put_byte(n, '.')) return false;
            point = true;
            grouped = false;
        } else if (!point && take(n, n->numbers->group)) {
            grouped = true; /* anywhere, but not at the end */
        } else {
            break;
        }
    }
    return digits > 0 && !grouped && take_exponent(n) && n->at == n->len;
}

/* Without the commas, wherever they stand. */
static bool read_us(number_text *n)
{
    for (; n->at < n->len; n->at++) {
        const char c = n->text[n->at];
        if (c == ',') continue;
        if (c == 0 || strchr("0123456789+-.eE", c) == NULL || !put_byte(n, c)) return false;
    }
    return n->used > 0;
}

bool weft_locale_number(const weft_locale_numbers *numbers, const char *text, size_t len, char *room,
                        size_t room_bytes, size_t *plain_len)
{
    number_text n = {.numbers = numbers, .text = text, .len = len, .room = room, .room_bytes = room_bytes};
    const bool good = numbers->is_us ? read_us(&n) : read_format(&n);
    *plain_len = n.used;
    return good;
}

int32_t weft_locale_whole_digits(const weft_locale_numbers *numbers, const char *text, size_t len)
{
    char plain[WEFT_DECIMAL_PRECISION_MAX + 8];
    size_t at = 0;
    int32_t digits = 0, significant = 0;
    if (!numbers->is_us) {
        if (!weft_locale_number(numbers, text, len, plain, sizeof plain, &len)) return 0;
        text = plain;
    }
    at = len > 0 && (text[0] == '-' || text[0] == '+');
    for (; at < len && text[at] >= '0' && text[at] <= '9'; at++) {
        digits++;
        significant += significant > 0 || text[at] != '0';
    }
    const bool whole = digits > 0 && (at == len || (at + 1 == len && text[at] == '.'));
    return whole && significant <= WEFT_DECIMAL_PRECISION_MAX ? weft_max_i32(significant, 1) : 0;
}
