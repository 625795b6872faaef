/* engine/expr/locale.c - see locale.h: names, and ICU's part. Numbers are in locale_number.c.
 *
 * Java takes its names from CLDR, as ICU does; where the two are of different years a few names differ. */
#include "engine/expr/locale.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "common/mem.h"
#include "engine/expr/icu.h"
#include "engine/expr/locale_private.h"

#define MONTHS                                                                                               \
    {                                                                                                        \
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"                   \
    }
#define MONTHS_LONG                                                                                          \
    {                                                                                                        \
        "January", "February", "March", "April", "May", "June", "July", "August", "September", "October",    \
            "November", "December"                                                                           \
    }
#define DAYS                                                                                                 \
    {                                                                                                        \
        "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"                                                      \
    }
#define QUARTERS                                                                                             \
    {                                                                                                        \
        "Q1", "Q2", "Q3", "Q4"                                                                               \
    }
#define QUARTERS_LONG                                                                                        \
    {                                                                                                        \
        "1st quarter", "2nd quarter", "3rd quarter", "4th quarter"                                           \
    }

const weft_datetime_names weft_datetime_names_us = {
    .months = MONTHS,
    .months_long = MONTHS_LONG,
    .months_alone = MONTHS,
    .months_alone_long = MONTHS_LONG,
    .days = DAYS,
    .days_long = {"Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"},
    .quarters = QUARTERS,
    .quarters_long = QUARTERS_LONG,
    .quarters_alone = QUARTERS,
    .quarters_alone_long = QUARTERS_LONG,
    .halves = {"AM", "PM"},
    .eras = {"BC", "AD"},
    .eras_long = {"Before Christ", "Anno Domini"},
    .gmt = "GMT",
    .longest = sizeof "Before Christ" - 1};

/* Java's root locale has short names only. */
static const weft_datetime_names names_root = {.months = MONTHS,
                                               .months_long = MONTHS,
                                               .months_alone = MONTHS,
                                               .months_alone_long = MONTHS,
                                               .days = DAYS,
                                               .days_long = DAYS,
                                               .quarters = QUARTERS,
                                               .quarters_long = QUARTERS,
                                               .quarters_alone = {"1", "2", "3", "4"},
                                               .quarters_alone_long = QUARTERS,
                                               .halves = {"AM", "PM"},
                                               .eras = {"BC", "AD"},
                                               .eras_long = {"BCE", "CE"},
                                               .gmt = "GMT",
                                               .longest = 3};

bool weft_locale_is_us(const char *locale) { return locale == NULL || strcasecmp(locale, "en-US") == 0; }

/* ---- which one ---- */

/* The tag as ICU names locales, with the calendar that patterns mean; false: the root locale. */
static bool icu_name(const weft_icu *icu, const char *tag, char *out, int32_t bytes)
{
    UErrorCode error = U_ZERO_ERROR;
    int32_t parsed = 0;
    size_t language = 0;
    while (isalpha((unsigned char)tag[language])) language++;
    if (language < 2 || language > 8 || (tag[language] != '-' && tag[language] != '\0')) return false;
    const int32_t len = icu->uloc_forLanguageTag(tag, out, bytes, &parsed, &error);
    if (U_FAILURE(error) || error == U_STRING_NOT_TERMINATED_WARNING || len == 0) return false;
    icu->uloc_setKeywordValue("calendar", "gregorian", out, bytes, &error);
    return U_SUCCESS(error);
}

/* ICU gives the process's own locale for a language without data: what it gives must be of the one asked for.
 */
static bool is_same_language(const char *asked, const char *got)
{
    const size_t len = strcspn(asked, "_@-");
    return got != NULL && strcspn(got, "_@-") == len && strncasecmp(asked, got, len) == 0;
}

bool locale_icu_name(const weft_icu *icu, const char *locale, char *out, int32_t bytes)
{
    UErrorCode error = U_ZERO_ERROR;
    if (!icu_name(icu, locale, out, bytes)) return false;
    UNumberFormat *format = icu->unum_open(UNUM_DECIMAL, NULL, 0, out, NULL, &error);
    const bool same = U_SUCCESS(error) &&
                      is_same_language(out, icu->unum_getLocaleByType(format, ULOC_ACTUAL_LOCALE, &error));
    if (format != NULL) icu->unum_close(format);
    return same;
}

/* *format NULL: the root locale. The caller closes it. */
static weft_status open_format(weft_ctx *ctx, const weft_icu *icu, const char *locale, UDateFormat **format)
{
    static const UChar pattern[] = {'O', 'O', 'O', 'O', 0}, utc[] = {'U', 'T', 'C', 0};
    char name[LOCALE_NAME_BYTES];
    UErrorCode error = U_ZERO_ERROR;
    *format = NULL;
    if (!locale_icu_name(icu, locale, name, sizeof name)) return WEFT_OK;
    *format = icu->udat_open(UDAT_PATTERN, UDAT_PATTERN, name, utc, -1, pattern, -1, &error);
    if (U_SUCCESS(error)) return WEFT_OK;
    return weft_fail(ctx, WEFT_UNSUPPORTED, "ICU cannot open the locale \"%s\" (error %d)", locale,
                     (int)error);
}

/* ---- names ---- */

typedef struct name_list {
    UDateFormatSymbolType type;
    int32_t first, count; /* in ICU's order */
    size_t place;         /* of the first in weft_datetime_names */
} name_list;

#define PLACE(field) offsetof(weft_datetime_names, field)
static const name_list name_lists[] = {
    {UDAT_SHORT_MONTHS, 0, 12, PLACE(months)},
    {UDAT_MONTHS, 0, 12, PLACE(months_long)},
    {UDAT_STANDALONE_SHORT_MONTHS, 0, 12, PLACE(months_alone)},
    {UDAT_STANDALONE_MONTHS, 0, 12, PLACE(months_alone_long)},
    {UDAT_SHORT_WEEKDAYS, 2, 6, PLACE(days)}, /* ICU's are from Sunday on, at 1 */
    {UDAT_SHORT_WEEKDAYS, 1, 1, PLACE(days[6])},
    {UDAT_WEEKDAYS, 2, 6, PLACE(days_long)},
    {UDAT_WEEKDAYS, 1, 1, PLACE(days_long[6])},
    {UDAT_SHORT_QUARTERS, 0, 4, PLACE(quarters)},
    {UDAT_QUARTERS, 0, 4, PLACE(quarters_long)},
    {UDAT_STANDALONE_SHORT_QUARTERS, 0, 4, PLACE(quarters_alone)},
    {UDAT_STANDALONE_QUARTERS, 0, 4, PLACE(quarters_alone_long)},
    {UDAT_AM_PMS, 0, 2, PLACE(halves)},
    {UDAT_ERAS, 0, 2, PLACE(eras)},
    {UDAT_ERA_NAMES, 0, 2, PLACE(eras_long)},
};

enum { NAME_COUNT = 12 * 4 + 7 * 2 + 4 * 4 + 2 * 3 + 1, NAME_BYTES = 128 };

typedef struct own_names {
    weft_datetime_names names;
    char texts[NAME_COUNT][NAME_BYTES];
} own_names;

static bool to_utf8(const weft_icu *icu, const UChar *wide, int32_t len, char *out, int32_t bytes)
{
    UErrorCode error = U_ZERO_ERROR;
    int32_t used = 0;
    icu->u_strToUTF8(out, bytes, &used, wide, len, &error);
    return U_SUCCESS(error) && error != U_STRING_NOT_TERMINATED_WARNING;
}

static bool fill_names(const weft_icu *icu, UDateFormat *format, own_names *own)
{
    UErrorCode error = U_ZERO_ERROR;
    UChar wide[NAME_BYTES];
    int32_t used = 0;
    bool good = true;
    for (int32_t k = 0; k < WEFT_COUNT(name_lists) && good; k++) {
        const name_list *list = &name_lists[k];
        const char **names = (const char **)(void *)((char *)&own->names + list->place);
        for (int32_t i = 0; i < list->count && good; i++) {
            const int32_t len =
                icu->udat_getSymbols(format, list->type, list->first + i, wide, NAME_BYTES, &error);
            good = U_SUCCESS(error) && len < NAME_BYTES &&
                   to_utf8(icu, wide, len, own->texts[used], NAME_BYTES);
            names[i] = own->texts[used++];
        }
    }
    if (!good) return false;
    const int32_t len = icu->udat_format(format, 0, wide, NAME_BYTES, NULL, &error);
    good = U_SUCCESS(error) && len < NAME_BYTES && to_utf8(icu, wide, len, own->texts[used], NAME_BYTES);
    own->names.gmt = own->texts[used++];
    assert(!good || used == NAME_COUNT);
    for (int32_t i = 0; i < used; i++) {
        const size_t bytes = strlen(own->texts[i]);
        if (bytes > own->names.longest) own->names.longest = bytes;
    }
    return good;
}

weft_status weft_datetime_names_open(weft_ctx *ctx, const char *locale, const weft_datetime_names **out,
                                     void **own)
{
    weft_status st = WEFT_OK;
    weft_icu icu;
    UDateFormat *format = NULL;
    own_names *made = NULL;
    *own = NULL;
    *out = &weft_datetime_names_us;
    if (weft_locale_is_us(locale)) return WEFT_OK;
    WEFT_TRY(st, weft_icu_open(ctx, "names in other languages than English", &icu));
    WEFT_TRY(st, open_format(ctx, &icu, locale, &format));
    *out = &names_root;
    if (format == NULL) goto done;
    WEFT_TRY(st, weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, sizeof *made, (void **)&made));
    if (!fill_names(&icu, format, made))
        WEFT_TRY(st, weft_fail(ctx, WEFT_UNSUPPORTED, "ICU has no names of the locale \"%s\"", locale));
    *out = &made->names;
    *own = made;
    made = NULL;
done:
    if (format != NULL) icu.udat_close(format);
    weft_mem_free(made);
    return st;
}

/* ---- zones ---- */

weft_status weft_locale_zone_open(weft_ctx *ctx, const char *locale, const char *zone, weft_locale_zone *out)
{
    static const UCalendarDisplayNameType kinds[] = {UCAL_SHORT_STANDARD, UCAL_STANDARD, UCAL_SHORT_DST,
                                                     UCAL_DST};
    weft_status st = WEFT_OK;
    weft_icu icu;
    UCalendar *calendar = NULL;
    char name[LOCALE_NAME_BYTES];
    UChar wide[WEFT_LOCALE_ZONE_BYTES];
    UErrorCode error = U_ZERO_ERROR;
    *out = (weft_locale_zone){0};
    if (weft_locale_is_us(locale)) return WEFT_OK;
    WEFT_TRY(st, weft_icu_open(ctx, "names in other languages than English", &icu));
    if (!locale_icu_name(&icu, locale, name, sizeof name)) goto done;
    icu.u_uastrncpy(wide, zone, WEFT_LOCALE_ZONE_BYTES);
    calendar = icu.ucal_open(wide, -1, name, UCAL_DEFAULT, &error);
    for (int32_t k = 0; k < 4 && U_SUCCESS(error); k++) {
        const int32_t len =
            icu.ucal_getTimeZoneDisplayName(calendar, kinds[k], name, wide, WEFT_LOCALE_ZONE_BYTES, &error);
        const bool fits = U_SUCCESS(error) && len < WEFT_LOCALE_ZONE_BYTES &&
                          to_utf8(&icu, wide, len, out->names[k], WEFT_LOCALE_ZONE_BYTES);
        /* A name with digits is but the distance from UTC. */
        if (!fits || strpbrk(out->names[k], "0123456789") != NULL) out->names[k][0] = '\0';
    }
done:
    if (calendar != NULL) icu.ucal_close(calendar);
    return st;
}
