/* engine/expr/datetime_check.c - which patterns Spark refuses, and with which error.
 *
 * Spark looks at the letters outside quotes first, part by part between quotes: those of weeks, those that
 * mean something else than in Spark 2, and runs that stand for names of one letter. What is left are the
 * rules of java.time.format.DateTimeFormatter. A refused pattern that Spark 2 had taken gets an error of its
 * own, which says so; patterns of what Spark 2 had not (TIMESTAMP_NTZ, TIME) have one error for all. */
#include <ctype.h>
#include <string.h>

#include "engine/expr/datetime_legacy.h"
#include "engine/expr/datetime_private.h"

/* Walks the runs of equal letters outside quotes, and what stands between them byte by byte. */
typedef struct letter_walk {
    const char *text;
    uint32_t len, at;
    uint32_t count; /* of the run */
    char letter;    /* or the sign */
    bool quoted;    /* behind the walk: a quote was left open */
} letter_walk;

/* Go on to the next letters or sign outside quotes; a quote is a sign itself. False at the end. */
static bool walk_next(letter_walk *w)
{
    while (w->at < w->len) {
        w->letter = w->text[w->at];
        const bool alone = !isalpha((unsigned char)w->letter);
        for (w->count = 1; !alone && w->at + w->count < w->len && w->text[w->at + w->count] == w->letter;)
            w->count++;
        w->at += w->count;
        if (w->letter == '\'') w->quoted = !w->quoted;
        if (w->letter == '\'' || !w->quoted) return true;
    }
    return false;
}

static letter_walk walk_begin(const weft_str *text)
{
    return (letter_walk){.text = weft_str_data(text), .len = text->len};
}

/* A pattern of Spark 2; a field keeps the number of its letters in a byte. */
static bool is_older_pattern(const weft_str *text)
{
    letter_walk w = walk_begin(text);
    while (walk_next(&w)) {
        if (!isalpha((unsigned char)w.letter)) continue;
        if (w.count > UINT8_MAX || !datetime_legacy_letter(w.letter, (int32_t)w.count)) return false;
    }
    return !w.quoted;
}

static weft_status fail_pattern(weft_ctx *ctx, const datetime_source *source, weft_status code)
{
    return weft_fail_at(ctx, code, source->span, "Unrecognized datetime pattern: '%.*s'.",
                        (int)weft_min_i64(source->text->len, 100), weft_str_data(source->text));
}

static weft_status refuse(weft_ctx *ctx, const datetime_source *source, weft_status code, char letter)
{
    const weft_str *const text = source->text;
    if (source->use == WEFT_DATETIME_WITHOUT_ZONE) return fail_pattern(ctx, source, WEFT_DATETIME_PATTERN);
    if (is_older_pattern(text)) return fail_pattern(ctx, source, WEFT_DATETIME_PATTERN_RECOGNITION);
    if (code == WEFT_DATETIME_WEEK_PATTERN)
        return weft_fail_at(ctx, code, source->span,
                            "All week-based patterns are unsupported since Spark 3.0, detected week-based "
                            "character: %c. Please use the SQL function EXTRACT instead.",
                            letter);
    if (code == WEFT_DATETIME_PATTERN_CHARACTER)
        return weft_fail_at(
            ctx, code, source->span,
            "Unrecognized datetime pattern: %.*s. Illegal pattern character found in datetime "
            "pattern: %c. Please provide legal character.",
            (int)weft_min_i64(text->len, 100), weft_str_data(text), letter);
    return fail_pattern(ctx, source, code);
}

/* Does Spark refuse that run in this one of its three looks at a part? */
static bool is_refused(weft_status look, char letter, uint32_t count, bool parsing)
{
    if (look == WEFT_DATETIME_WEEK_PATTERN) return strchr("YWwuec", letter) != NULL;
    if (look == WEFT_DATETIME_PATTERN_CHARACTER)
        return strchr("ABnNp", letter) != NULL || (parsing && strchr("EFqQ", letter) != NULL);
    return (count >= 5 && strchr("GMLEQq", letter) != NULL) || (count >= 7 && letter == 'y');
}

static weft_status check_letters(weft_ctx *ctx, const datetime_source *source)
{
    static const weft_status looks[] = {WEFT_DATETIME_WEEK_PATTERN, WEFT_DATETIME_PATTERN_CHARACTER,
                                        WEFT_DATETIME_PATTERN_LENGTH};
    letter_walk part = walk_begin(source->text), behind = part;
    while (part.at < part.len) {
        for (int32_t k = 0; k < WEFT_COUNT(looks); k++) {
            behind = part;
            while (walk_next(&behind) && behind.letter != '\'')
                if (is_refused(looks[k], behind.letter, behind.count, source->parsing))
                    return refuse(ctx, source, looks[k], behind.letter);
        }
        part = behind;
    }
    return WEFT_OK;
}

/* The most letters of a kind that DateTimeFormatter has together; 0: it has no such letter. */
static uint32_t most_letters(char letter)
{
    if (letter == 'y' || letter == 'g') return 19;
    if (letter == 'S') return 9;
    if (strchr("XxZ", letter) != NULL) return 5;
    if (strchr("GMLQqEzO", letter) != NULL) return 4;
    if (letter == 'D') return 3;
    if (strchr("dHhKkmsV", letter) != NULL) return 2;
    return letter == 'F' || letter == 'a' ? 1 : 0;
}

static bool is_java_time(const weft_str *text)
{
    letter_walk w = walk_begin(text);
    int32_t open = 0; /* optional sections */
    while (walk_next(&w)) {
        const char c = w.letter;
        if (c == '\'') continue;
        open += (c == '[') - (c == ']');
        if (open < 0 || c == '{' || c == '}' || c == '#') return false;
        if (!isalpha((unsigned char)c)) continue;
        const bool uneven = (c == 'V' && w.count != 2) || (c == 'O' && w.count != 1 && w.count != 4);
        if (w.count > most_letters(c) || uneven) return false;
    }
    return !w.quoted;
}

weft_status datetime_check(weft_ctx *ctx, const datetime_source *source, weft_datetime_style style)
{
    weft_status st = WEFT_OK;
    if (style != WEFT_DATETIME_OF_JAVA_TIME)
        return is_older_pattern(source->text) ? WEFT_OK : fail_pattern(ctx, source, WEFT_DATETIME_PATTERN);
    WEFT_TRY(st, check_letters(ctx, source));
    if (!is_java_time(source->text)) st = refuse(ctx, source, WEFT_DATETIME_PATTERN, 0);
done:
    return st;
}
