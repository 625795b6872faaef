/* engine/expr/json_read.c - see json_read.h. The grammar is RFC 8259's with Jackson's leniencies.
 *
 * The state says what may come next; the innermost container is the top bit of the stack. The ends of short
 * strings are searched in place, those of long ones by the loops of json_scan.isa.c. */
#include "engine/expr/json_pass.h"

#include <string.h>

#include "engine/expr/utf8.h"

extern const weft_json_scan weft_json_scan_base, weft_json_scan_avx2;

const weft_json_scan *weft_json_scan_get(void)
{
#ifdef WEFT_HAVE_AVX2
    if (__builtin_cpu_supports("avx2")) return &weft_json_scan_avx2;
#endif
    return &weft_json_scan_base;
}

const char *weft_json_string_end_plain(const char *at, const char *end, char quote, bool *wide)
{
    for (; at < end; at++) {
        const unsigned char c = (unsigned char)*at;
        if (*at == quote || c == '\\' || c < 0x20) break;
        *wide |= c >= 0x80;
    }
    return at;
}

void weft_json_start(weft_json *json, const weft_json_rules *rules, const char *text, size_t len)
{
    json->at = json->begin = json->from = json->text = text;
    json->end = json->limit = text + len;
    json->rules = rules;
    json->token = WEFT_JSON_NONE;
    json->state = WEFT_JSON_AT_ROOT;
    json->len = 0;
    json->why = NULL;
    json->depth = 0;
}

static weft_json_token bad(weft_json *json, const char *why)
{
    json->why = why;
    json->state = WEFT_JSON_AT_END;
    return json->token = WEFT_JSON_BAD;
}

static inline bool allowed(const weft_json *json, weft_json_allow what)
{
    return (json->rules->allow & what) != 0;
}

static inline bool is_space(char c) { return c == ' ' || c == '\n' || c == '\t' || c == '\r'; }
static inline bool is_digit(char c) { return c >= '0' && c <= '9'; }

/* A comment, of which the first slash is at hand. */
static bool skip_comment(weft_json *json)
{
    const char *at = json->at + 1;
    if (at < json->end && *at == '/') {
        while (at < json->end && *at != '\n' && *at != '\r') at++;
        json->at = at;
        return true;
    }
    if (at == json->end || *at != '*') return false;
    for (at++; at + 1 < json->end; at++) {
        if (at[0] != '*' || at[1] != '/') continue;
        json->at = at + 2;
        return true;
    }
    return false;
}

/* To the next byte that counts; false at the end of the text (or at a comment without an end). */
static inline bool skip_space(weft_json *json)
{
    if (WEFT_LIKELY(json->at<json->end && * json->at> ' ' && *json->at != '/')) return true;
    for (;;) {
        while (json->at < json->end && is_space(*json->at)) json->at++;
        if (json->at == json->end) return false;
        if (*json->at != '/' || !allowed(json, WEFT_JSON_COMMENTS)) return true;
        if (!skip_comment(json)) return true;
    }
}

/* ---- strings ---- */

#ifdef __SSE2__
enum { NEAR_BYTES = 64 };

/* As string_end of the loops; most strings end in the first blocks. */
static inline const char *string_end(const char *at, const char *end, char quote, bool *wide)
{
    const char *const near_end = at + NEAR_BYTES;
    uint32_t high;
    for (; end - at >= WEFT_JSON_BLOCK_BYTES && at < near_end; at += WEFT_JSON_BLOCK_BYTES) {
        const uint32_t stop = weft_json_block_stops(at, quote, &high);
        if (stop != 0) {
            *wide |= weft_json_before_stop(high, stop) != 0;
            return at + __builtin_ctz(stop);
        }
        *wide |= high != 0;
    }
    if (end - at < WEFT_JSON_BLOCK_BYTES) return weft_json_string_end_plain(at, end, quote, wide);
    return weft_json_scan_get()->string_end(at, end, quote, wide);
}
#else
static inline const char *string_end(const char *at, const char *end, char quote, bool *wide)
{
    return weft_json_string_end_plain(at, end, quote, wide);
}
#endif

static bool is_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

/* The escape at json->at; NULL or what is wrong with it. */
static const char *skip_escape(weft_json *json)
{
    const char *at = json->at + 1;
    if (at == json->end) return "the text ends in an escape";
    if (*at == 'u') {
        for (int32_t i = 1; i <= 4; i++) {
            if (at + i >= json->end || !is_hex(at[i])) return "an escape \\u needs four hexadecimal digits";
        }
        json->at = at + 5;
        return NULL;
    }
    const bool known = *at != 0 && strchr("\"\\/bfnrt", *at) != NULL;
    const bool single = *at == '\'' && allowed(json, WEFT_JSON_SINGLE_QUOTES);
    if (!known && !single && !allowed(json, WEFT_JSON_ANY_ESCAPE)) return "there is no such escape";
    json->at = at + 1;
    return NULL;
}

/* Java's length of the value of a string: UTF-16 units. */
static int64_t string_units(const char *text, size_t len)
{
    int64_t units = 0;
    for (size_t at = 0; at < len; units++) {
        const unsigned char c = (unsigned char)text[at];
        if (c == '\\')
            at += at + 1 < len && text[at + 1] == 'u' ? 6 : 2;
        else
            at += weft_utf8_bytes(c);
        units += c >= 0xf0; /* two of them */
    }
    return units;
}

/* A string or name from its first quote on. */
static inline weft_json_token read_string(weft_json *json, weft_json_token token)
{
    const char quote = *json->at++;
    const char *begin = json->at;
    bool wide = false, escaped = false;
    for (;;) {
        json->at = string_end(json->at, json->end, quote, &wide);
        if (WEFT_UNLIKELY(json->at == json->end)) return bad(json, "a string does not end");
        if (WEFT_LIKELY(*json->at == quote)) break;
        if (*json->at == '\\') {
            escaped = true;
            const char *why = skip_escape(json);
            if (why != NULL) return bad(json, why);
        } else if (allowed(json, WEFT_JSON_CONTROL_CHARS)) {
            json->at++;
        } else {
            return bad(json, "a control character stands in a string");
        }
    }
    json->text = begin;
    json->len = (size_t)(json->at - begin);
    json->plain = !wide && !escaped;
    json->at++;
    const int32_t most = json->rules->string_max;
    if (WEFT_UNLIKELY(most > 0 && token == WEFT_JSON_STRING && json->len > (size_t)most &&
                      string_units(begin, json->len) > most))
        return bad(json, "a string is longer than maxStringLen");
    return json->token = token;
}

static bool is_name_byte(unsigned char c)
{
    return c >= 0x80 || is_digit((char)c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c != 0 && strchr("_$@#*-+", c) != NULL);
}

static weft_json_token read_unquoted_name(weft_json *json)
{
    const char *begin = json->at;
    bool wide = false;
    while (json->at < json->end && is_name_byte((unsigned char)*json->at)) {
        wide |= (unsigned char)*json->at >= 0x80;
        json->at++;
    }
    if (json->at == begin) return bad(json, "the name of a field was expected");
    json->text = begin;
    json->len = (size_t)(json->at - begin);
    json->plain = !wide;
    return json->token = WEFT_JSON_NAME;
}

/* A name and its colon. */
static inline weft_json_token read_name(weft_json *json)
{
    json->from = json->at;
    const bool single = *json->at == '\'' && allowed(json, WEFT_JSON_SINGLE_QUOTES);
    if (WEFT_LIKELY(*json->at == '"') || single) {
        if (read_string(json, WEFT_JSON_NAME) == WEFT_JSON_BAD) return WEFT_JSON_BAD;
    } else if (!allowed(json, WEFT_JSON_UNQUOTED_NAMES)) {
        return bad(json, "a name in double quotes was expected");
    } else if (read_unquoted_name(json) == WEFT_JSON_BAD) {
        return WEFT_JSON_BAD;
    }
    if (!skip_space(json) || *json->at != ':') return bad(json, "a colon was expected after a name");
    json->at++;
    json->state = WEFT_JSON_AT_VALUE;
    return WEFT_JSON_NAME;
}

/* ---- numbers and words ---- */

static int32_t digits_max(const weft_json *json)
{
    return json->rules->digits_max > 0 ? json->rules->digits_max : WEFT_JSON_NUMBER_MAX;
}

static inline const char *skip_digits(const char *at, const char *end)
{
    while (at < end && is_digit(*at)) at++;
    return at;
}

/* Is the word at hand, and not the begin of a longer one? */
static bool match_word(weft_json *json, const char *at, const char *word)
{
    const size_t len = strlen(word);
    if ((size_t)(json->end - at) < len || memcmp(at, word, len) != 0) return false;
    const unsigned char next = at + len < json->end ? (unsigned char)at[len] : ' ';
    if (is_digit((char)next) || next >= 0x80 || next == '_' || next == '$' ||
        ((next | 32) >= 'a' && (next | 32) <= 'z'))
        return false;
    json->text = json->at;
    json->at = at + len;
    json->len = (size_t)(json->at - json->text);
    return true;
}

static weft_json_token read_word(weft_json *json, const char *word, weft_json_token token)
{
    if (match_word(json, json->at, word)) return json->token = token;
    return bad(json, "a value was expected");
}

static weft_json_token read_non_numeric(weft_json *json)
{
    const bool sign = *json->at == '-' || *json->at == '+';
    const char *at = json->at + (sign ? 1 : 0);
    const bool found = (!sign && match_word(json, at, "NaN")) || match_word(json, at, "Infinity") ||
                       (sign && match_word(json, at, "INF"));
    if (!found || !allowed(json, WEFT_JSON_NON_NUMERIC)) return bad(json, "a value was expected");
    return json->token = WEFT_JSON_NAN;
}

static inline weft_json_token read_number(weft_json *json)
{
    const char *begin = json->at, *at = begin + (*begin == '-'), *end = json->end;
    bool real = false;
    if (at == end || !is_digit(*at)) return read_non_numeric(json);
    if (*at == '0' && at + 1 < end && is_digit(at[1]) && !allowed(json, WEFT_JSON_LEADING_ZEROS))
        return bad(json, "a number begins with a zero");
    at = skip_digits(at, end);
    if (at < end && *at == '.') {
        const char *fraction = at + 1;
        at = skip_digits(fraction, end);
        if (at == fraction) return bad(json, "digits are missing after the point of a number");
        real = true;
    }
    if (at < end && (*at == 'e' || *at == 'E')) {
        const char *power = at + 1;
        if (power < end && (*power == '+' || *power == '-')) power++;
        at = skip_digits(power, end);
        if (at == power) return bad(json, "digits are missing in the exponent of a number");
        real = true;
    }
    if (at - begin - (*begin == '-') > digits_max(json))
        return bad(json, "a number has more than 1000 digits");
    json->text = begin;
    json->len = (size_t)(at - begin);
    json->at = at;
    if (json->depth == 0 && at < end && !is_space(*at)) return bad(json, "something follows a number");
    return json->token = real ? WEFT_JSON_REAL : WEFT_JSON_INTEGER;
}

/* ---- tokens ---- */

static inline void after_value(weft_json *json)
{
    if (json->depth == 0) {
        json->state = WEFT_JSON_AT_END;
        return;
    }
    const int32_t top = json->depth - 1;
    json->state = (json->objects[top / 64] >> (top % 64) & 1) != 0 ? WEFT_JSON_AT_NEXT_NAME
                                                                   : WEFT_JSON_AT_NEXT_ELEMENT;
}

static weft_json_token open(weft_json *json, bool object)
{
    if (json->depth >= json->rules->depth_max) return bad(json, "the nesting is too deep");
    const int32_t level = json->depth++;
    const uint64_t bit = (uint64_t)1 << (level % 64);
    if (object)
        json->objects[level / 64] |= bit;
    else
        json->objects[level / 64] &= ~bit;
    json->state = object ? WEFT_JSON_AT_FIRST_NAME : WEFT_JSON_AT_FIRST_ELEMENT;
    json->at++;
    return json->token = object ? WEFT_JSON_OBJECT : WEFT_JSON_ARRAY;
}

static weft_json_token close(weft_json *json, bool object)
{
    json->from = json->at++;
    json->depth--;
    after_value(json);
    return json->token = object ? WEFT_JSON_OBJECT_END : WEFT_JSON_ARRAY_END;
}

static inline weft_json_token read_value(weft_json *json)
{
    weft_json_token token;
    json->from = json->at;
    switch (*json->at) {
    case '{': return open(json, true);
    case '[': return open(json, false);
    case '"': token = read_string(json, WEFT_JSON_STRING); break;
    case 't': token = read_word(json, "true", WEFT_JSON_TRUE); break;
    case 'f': token = read_word(json, "false", WEFT_JSON_FALSE); break;
    case 'n': token = read_word(json, "null", WEFT_JSON_NULL); break;
    case '-':
    case '0':
    case '1':
    case '2':
    case '3':
    case '4':
    case '5':
    case '6':
    case '7':
    case '8':
    case '9': token = read_number(json); break;
    case '+':
    case 'N':
    case 'I': token = read_non_numeric(json); break;
    case '\'':
        if (!allowed(json, WEFT_JSON_SINGLE_QUOTES)) return bad(json, "a value was expected");
        token = read_string(json, WEFT_JSON_STRING);
        break;
    default: return bad(json, "a value was expected");
    }
    if (token != WEFT_JSON_BAD) after_value(json);
    return token;
}

weft_json_token weft_json_next(weft_json *json)
{
    const bool more = json->state != WEFT_JSON_AT_END && skip_space(json);
    switch ((weft_json_state)json->state) {
    case WEFT_JSON_AT_ROOT:
        if (!more) break;
        return read_value(json);
    case WEFT_JSON_AT_FIRST_NAME:
        if (!more) return bad(json, "the text ends in an object");
        return *json->at == '}' ? close(json, true) : read_name(json);
    case WEFT_JSON_AT_NEXT_NAME:
        if (!more) return bad(json, "the text ends in an object");
        if (*json->at == '}') return close(json, true);
        if (*json->at != ',') return bad(json, "a comma or a closing brace was expected");
        json->at++;
        if (!skip_space(json)) return bad(json, "the text ends in an object");
        return read_name(json);
    case WEFT_JSON_AT_VALUE:
        if (!more) return bad(json, "the text ends before a value");
        return read_value(json);
    case WEFT_JSON_AT_FIRST_ELEMENT:
        if (!more) return bad(json, "the text ends in an array");
        return *json->at == ']' ? close(json, false) : read_value(json);
    case WEFT_JSON_AT_NEXT_ELEMENT:
        if (!more) return bad(json, "the text ends in an array");
        if (*json->at == ']') return close(json, false);
        if (*json->at != ',') return bad(json, "a comma or a closing bracket was expected");
        json->at++;
        if (!skip_space(json)) return bad(json, "the text ends in an array");
        return read_value(json);
    case WEFT_JSON_AT_END: break;
    }
    return json->token = json->why != NULL ? WEFT_JSON_BAD : WEFT_JSON_NONE;
}

bool weft_json_skip(weft_json *json)
{
    if (json->token != WEFT_JSON_OBJECT && json->token != WEFT_JSON_ARRAY)
        return json->token != WEFT_JSON_BAD;
    const int32_t outside = json->depth - 1;
    while (json->depth > outside) {
        while (weft_json_pass_element(json) != WEFT_JSON_NONE || weft_json_pass_value(json) != WEFT_JSON_NONE)
            continue;
        if (weft_json_next(json) == WEFT_JSON_BAD) return false;
    }
    return true;
}

/* ---- values of strings ---- */

static uint32_t hex_4(const char *at)
{
    uint32_t value = 0;
    for (int32_t i = 0; i < 4; i++) {
        const char c = at[i];
        value = value << 4 | (uint32_t)(is_digit(c) ? c - '0' : (c | 32) - 'a' + 10);
    }
    return value;
}

/* The escape \uXXXX at *at, which points behind the u, with the one that completes it. */
static uint32_t read_unicode(const char **at, const char *end)
{
    const uint32_t first = hex_4(*at);
    *at += 4;
    if (first < 0xd800 || first > 0xdbff || end - *at < 6 || (*at)[0] != '\\' || (*at)[1] != 'u')
        return first;
    const uint32_t second = hex_4(*at + 2);
    if (second < 0xdc00 || second > 0xdfff) return first;
    *at += 6;
    return 0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00);
}

/* One escape at *at (behind the backslash) as bytes; returns their number, 0 for half a pair that fails. */
static uint32_t put_escape(const char **at, const char *end, weft_json_lone lone, char out[4])
{
    static const char letters[] = "bfnrt", bytes[] = "\b\f\n\r\t";
    const char c = *(*at)++;
    if (c == 'u') {
        const uint32_t character = read_unicode(at, end);
        if (character < 0xd800 || character > 0xdfff) return weft_utf8_encode(character, out);
        out[0] = lone == WEFT_JSON_LONE_MARK ? '?' : (char)0xed;
        out[1] = (char)(0x80 | (character >> 6 & 0x3f));
        out[2] = (char)(0x80 | (character & 0x3f));
        return lone == WEFT_JSON_LONE_FAIL ? 0 : lone == WEFT_JSON_LONE_MARK ? 1 : 3;
    }
    const char *letter = c == 0 ? NULL : strchr(letters, c);
    out[0] = letter == NULL ? c : bytes[letter - letters];
    return 1;
}

weft_status weft_json_value(weft_ctx *ctx, const weft_json *json, weft_json_lone lone, weft_text *room,
                            const char **bytes, size_t *len)
{
    weft_status st = WEFT_OK;
    const char *at = json->text, *end = at + json->len;
    *bytes = json->text;
    *len = json->len;
    if (json->plain) return WEFT_OK;
    if (memchr(at, '\\', json->len) == NULL && weft_utf8_valid(at, json->len) == json->len) return WEFT_OK;
    room->len = 0;
    while (at < end) {
        const char *from = at;
        char small[4];
        uint32_t broken = 0, count;
        while (at < end && *at != '\\') {
            const uint32_t one = weft_utf8_check(at, (size_t)(end - at), &broken);
            if (one == 0) break;
            at += one;
        }
        WEFT_TRY(st, weft_text_append(ctx, room, from, (size_t)(at - from)));
        if (at == end) break;
        if (broken != 0) {
            at += broken;
            WEFT_TRY(st, weft_text_append(ctx, room, "\xef\xbf\xbd", 3));
            continue;
        }
        at++;
        if (at < end && (unsigned char)*at >= 0x80) continue; /* any escape: the character, which is wide */
        count = put_escape(&at, end, lone, small);
        if (count == 0) {
            *bytes = NULL;
            return WEFT_OK;
        }
        WEFT_TRY(st, weft_text_append(ctx, room, small, count));
    }
    *bytes = room->bytes;
    *len = room->len;
done:
    return st;
}
