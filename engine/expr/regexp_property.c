/* engine/expr/regexp_property.c - see regexp_property.h. Facts: the documentation of java.util.regex.Pattern
 * and java.lang.Character.
 *
 * Properties of ASCII and of Character have their exact names. Behind Is stand those of Unicode in any case,
 * then the exact ones, then scripts; behind In blocks, which ICU knows. */
#include "engine/expr/regexp_property.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "engine/expr/icu.h"

enum { NAME_BYTES = 128 }; /* no name is longer */

typedef struct named_ranges {
    const char *name, *ranges;
} named_ranges;

#define LETTERS_OF_CASE "\\p{Lowercase}\\p{Uppercase}\\p{Lt}"
#define IGNORABLE       "\\x00-\\x08\\x0e-\\x1b\\x7f-\\x9f\\p{Cf}"
#define WHITE_SPACE     "\\t-\\r\\x{85}\\p{Z}"
#define HEX_DIGIT       "\\p{Nd}a-fA-F\\x{ff10}-\\x{ff19}\\x{ff21}-\\x{ff26}\\x{ff41}-\\x{ff46}"
#define VISIBLE         "\\p{L}\\p{M}\\p{N}\\p{P}\\p{S}\\p{Cf}\\p{Co}"

/* Names of Unicode, in any case. */
static const named_ranges unicode_names[] = {
    {"ALPHABETIC", "\\p{Alphabetic}"},
    {"LETTER", "\\p{L}"},
    {"IDEOGRAPHIC", "\\p{Ideographic}"},
    {"LOWERCASE", "\\p{Lowercase}"},
    {"UPPERCASE", "\\p{Uppercase}"},
    {"TITLECASE", "\\p{Lt}"},
    {"WHITE_SPACE", WHITE_SPACE},
    {"WHITESPACE", WHITE_SPACE},
    {"CONTROL", "\\p{Cc}"},
    {"PUNCTUATION", "\\p{P}"},
    {"HEX_DIGIT", HEX_DIGIT},
    {"HEXDIGIT", HEX_DIGIT},
    {"ASSIGNED", "\\P{Cn}"},
    {"NONCHARACTER_CODE_POINT", "\\p{Noncharacter_Code_Point}"},
    {"NONCHARACTERCODEPOINT", "\\p{Noncharacter_Code_Point}"},
    {"DIGIT", "\\p{Nd}"},
    {"ALNUM", "\\p{Alphabetic}\\p{Nd}"},
    {"BLANK", "\\t\\p{Zs}"},
    {"GRAPH", VISIBLE},
    {"PRINT", VISIBLE "\\p{Zs}"},
    {"WORD", "\\p{Alphabetic}\\p{M}\\p{Nd}\\p{Pc}\\x{200c}\\x{200d}"},
    {"JOIN_CONTROL", "\\x{200c}\\x{200d}"},
    {"JOINCONTROL", "\\x{200c}\\x{200d}"},
};

/* The names of POSIX, of ASCII alone or, where U is set, as one of Unicode. */
static const struct {
    const char *name, *ranges, *of_unicode;
} posix_names[] = {
    {"Lower", "a-z", "LOWERCASE"},
    {"Upper", "A-Z", "UPPERCASE"},
    {"Alpha", "a-zA-Z", "ALPHABETIC"},
    {"Digit", "0-9", "DIGIT"},
    {"Alnum", "a-zA-Z0-9", "ALNUM"},
    {"Punct", "!-/:-@\\[-`{-~", "PUNCTUATION"},
    {"Graph", "!-~", "GRAPH"},
    {"Print", " -~", "PRINT"},
    {"Blank", " \\t", "BLANK"},
    {"Cntrl", "\\x00-\\x1f\\x7f", "CONTROL"},
    {"XDigit", "0-9a-fA-F", "HEX_DIGIT"},
    {"Space", "\\t-\\r ", "WHITE_SPACE"},
};

static const named_ranges exact_names[] = {
    {"ASCII", "\\x00-\\x7f"},
    {"L1", "\\x00-\\xff"},
    {"all", "\\x00-\\x{10ffff}"},
    {"LC", "\\p{Lu}\\p{Ll}\\p{Lt}"},
    {"LD", "\\p{L}\\p{Nd}"},
    {"javaLowerCase", "\\p{Lowercase}"},
    {"javaUpperCase", "\\p{Uppercase}"},
    {"javaTitleCase", "\\p{Lt}"},
    {"javaAlphabetic", "\\p{Alphabetic}"},
    {"javaIdeographic", "\\p{Ideographic}"},
    {"javaLetter", "\\p{L}"},
    {"javaDigit", "\\p{Nd}"},
    {"javaDefined", "\\P{Cn}"},
    {"javaLetterOrDigit", "\\p{L}\\p{Nd}"},
    {"javaSpaceChar", "\\p{Z}"},
    {"javaWhitespace",
     "\\t-\\r \\x1c-\\x1f\\p{Zl}\\p{Zp}\\x{1680}\\x{2000}-\\x{2006}\\x{2008}-\\x{200a}\\x{205f}\\x{3000}"},
    {"javaISOControl", "\\x00-\\x1f\\x7f-\\x9f"},
    {"javaMirrored", "\\p{Bidi_Mirrored}"},
    {"javaIdentifierIgnorable", IGNORABLE},
    {"javaJavaIdentifierStart", "\\p{L}\\p{Nl}\\p{Sc}\\p{Pc}"},
    {"javaJavaIdentifierPart", "\\p{L}\\p{Nl}\\p{Sc}\\p{Pc}\\p{Nd}\\p{Mc}\\p{Mn}" IGNORABLE},
    {"javaUnicodeIdentifierStart", "\\p{ID_Start}"},
    {"javaUnicodeIdentifierPart", "\\p{ID_Continue}" IGNORABLE},
};

static const char *find_name(const named_ranges *names, int32_t count, const char *name, bool any_case)
{
    for (int32_t i = 0; i < count; i++)
        if ((any_case ? strcasecmp(names[i].name, name) : strcmp(names[i].name, name)) == 0)
            return names[i].ranges;
    return NULL;
}

static const char *find_unicode(const char *name, bool any_case)
{
    const bool cased = strcasecmp(name, "LOWERCASE") == 0 || strcasecmp(name, "UPPERCASE") == 0 ||
                       strcasecmp(name, "TITLECASE") == 0;
    if (cased && any_case) return LETTERS_OF_CASE;
    return find_name(unicode_names, WEFT_COUNT(unicode_names), name, true);
}

static const char *find_posix(const char *name, regexp_property_flags flags)
{
    for (int32_t i = 0; i < WEFT_COUNT(posix_names); i++) {
        if (flags.unicode && strcasecmp(posix_names[i].name, name) == 0)
            return find_unicode(posix_names[i].of_unicode, flags.any_case);
        if (flags.unicode || strcmp(posix_names[i].name, name) != 0) continue;
        return flags.any_case && i < 2 ? "a-zA-Z" : posix_names[i].ranges;
    }
    return NULL;
}

/* Lu, L, … into text; false where it is none. */
static bool find_category(const char *name, bool any_case, char text[16])
{
    static const char two[] =
        " Cn Lu Ll Lt Lm Lo Mn Me Mc Nd Nl No Zs Zl Zp Cc Cf Co Cs Pd Ps Pe Pc Po Sm Sc Sk "
        "So Pi Pf ";
    char padded[8];
    const size_t len = strlen(name);
    if (len == 0 || len > 2) return false;
    (void)snprintf(padded, sizeof padded, " %s ", name);
    if (len == 1 ? strchr("LMNZCPS", name[0]) == NULL : strstr(two, padded) == NULL) return false;
    const bool cased = any_case && len == 2 && name[0] == 'L' && strchr("ult", name[1]) != NULL;
    (void)snprintf(text, 16, "\\p{%s}", cased ? "L&" : name);
    return true;
}

/* Categories, names of ASCII and those of Character. */
static const char *find_exact(const char *name, bool any_case, char text[16])
{
    static const char *const cases[] = {"javaLowerCase", "javaUpperCase", "javaTitleCase"};
    for (int32_t i = 0; any_case && i < WEFT_COUNT(cases); i++)
        if (strcmp(name, cases[i]) == 0) return LETTERS_OF_CASE;
    if (find_category(name, any_case, text)) return text;
    const char *ranges = find_posix(name, (regexp_property_flags){.any_case = any_case});
    return ranges != NULL ? ranges : find_name(exact_names, WEFT_COUNT(exact_names), name, false);
}

/* ---- what ICU knows ---- */

static weft_status put_range(weft_ctx *ctx, weft_text *out, uint32_t from, uint32_t to)
{
    char text[40];
    const int len = snprintf(text, sizeof text, "\\x{%x}-\\x{%x}", (unsigned)from, (unsigned)to);
    return weft_text_append(ctx, out, text, (size_t)len);
}

static weft_status put_block(weft_ctx *ctx, const char *name, weft_text *out, bool *known)
{
    weft_status st = WEFT_OK;
    weft_icu icu;
    UErrorCode error = U_ZERO_ERROR;
    WEFT_TRY(st, weft_icu_open(ctx, "blocks of characters in regular expressions", &icu));
    const int32_t block = icu.u_getPropertyValueEnum(UCHAR_BLOCK, name);
    *known = block != UCHAR_INVALID_CODE;
    if (!*known) goto done;
    USet *set = icu.uset_openEmpty();
    if (set == NULL) return weft_fail(ctx, WEFT_NOMEM, "no memory for a set of characters");
    icu.uset_applyIntPropertyValue(set, UCHAR_BLOCK, block, &error);
    for (int32_t i = 0; st == WEFT_OK && i < icu.uset_getItemCount(set); i++) {
        UChar32 from = 0, to = 0;
        UErrorCode none = U_ZERO_ERROR;
        if (icu.uset_getItem(set, i, &from, &to, NULL, 0, &none) == 0)
            st = put_range(ctx, out, (uint32_t)from, (uint32_t)to);
    }
    icu.uset_close(set);
    *known = U_SUCCESS(error);
done:
    return st;
}

weft_status regexp_named_character(weft_ctx *ctx, const char *name, size_t len, uint32_t *out, bool *known)
{
    weft_status st = WEFT_OK;
    char text[NAME_BYTES];
    weft_icu icu;
    UErrorCode error = U_ZERO_ERROR;
    *known = len > 0 && len < sizeof text;
    if (!*known) return WEFT_OK;
    memcpy(text, name, len);
    text[len] = '\0';
    WEFT_TRY(st, weft_icu_open(ctx, "names of characters in regular expressions", &icu));
    *out = (uint32_t)icu.u_charFromName(U_UNICODE_CHAR_NAME, text, &error);
    *known = U_SUCCESS(error);
done:
    return st;
}

/* ---- names ---- */

static weft_status put_script(weft_ctx *ctx, const char *name, weft_text *out)
{
    char text[NAME_BYTES + 8];
    const int len = snprintf(text, sizeof text, "\\p{sc:%s}", name);
    return weft_text_append(ctx, out, text, (size_t)len);
}

/* name=value */
static weft_status put_value(weft_ctx *ctx, const char *name, const char *value, bool any_case,
                             weft_text *out, bool *known)
{
    char text[16];
    if (strcasecmp(name, "sc") == 0 || strcasecmp(name, "script") == 0) return put_script(ctx, value, out);
    if (strcasecmp(name, "blk") == 0 || strcasecmp(name, "block") == 0)
        return put_block(ctx, value, out, known);
    const bool category = strcasecmp(name, "gc") == 0 || strcasecmp(name, "general_category") == 0;
    const char *ranges = category ? find_exact(value, any_case, text) : NULL;
    *known = ranges != NULL;
    return *known ? weft_text_append(ctx, out, ranges, strlen(ranges)) : WEFT_OK;
}

weft_status regexp_property(weft_ctx *ctx, const char *name, size_t len, regexp_property_flags flags,
                            weft_text *out, bool *known)
{
    char text[NAME_BYTES], category[16];
    *known = len > 0 && len < sizeof text && memchr(name, '\0', len) == NULL;
    if (!*known) return WEFT_OK;
    memcpy(text, name, len);
    text[len] = '\0';
    char *const equals = strchr(text, '=');
    if (equals != NULL) {
        *equals = '\0';
        return put_value(ctx, text, equals + 1, flags.any_case, out, known);
    }
    if (strncmp(text, "In", 2) == 0) return put_block(ctx, text + 2, out, known);
    const bool is = strncmp(text, "Is", 2) == 0;
    const char *ranges = is              ? find_unicode(text + 2, flags.any_case)
                         : flags.unicode ? find_posix(text, flags)
                                         : NULL;
    if (ranges == NULL) ranges = find_exact(text + 2 * is, flags.any_case, category);
    if (ranges != NULL) return weft_text_append(ctx, out, ranges, strlen(ranges));
    *known = is;
    return is ? put_script(ctx, text + 2, out) : WEFT_OK;
}
