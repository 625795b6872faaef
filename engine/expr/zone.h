/* engine/expr/zone.h - time zones: what a clock on the wall shows at an instant, and which instant it means.
 *
 * A zone is a table of the instants at which its distance from UTC changes, looked up by search from where
 * the last look was: a handle belongs to one lane. NULL is UTC, for which nothing is looked up. Names are
 * those of the tz database (its files are read from $TZDIR, else /usr/share/zoneinfo), Java's short ones
 * (PST), and distances (+02:00, UTC-8). All times are in microseconds; what would leave 64 bits stays at
 * their end. */
#ifndef WEFT_EXPR_ZONE_H
#define WEFT_EXPR_ZONE_H

#include "engine/expr/expr.h"

typedef struct weft_zone weft_zone;
enum { WEFT_ZONE_NAME_BYTES = 64 }; /* more than any name has */

/* *out is NULL for UTC, else the caller closes it. Errors: WEFT_CONFIG for a name that is none, WEFT_CORRUPT
 * for a file that is damaged, WEFT_NOMEM. */
WEFT_MUST_CHECK weft_status weft_zone_open(weft_ctx *ctx, const char *name, weft_zone **out);
/* The zone of an option or argument. Errors: WEFT_TIMEZONE at span (or NULL) for a name that is none, else as
 * above. */
WEFT_MUST_CHECK weft_status weft_zone_open_given(weft_ctx *ctx, const char *name, size_t len,
                                                 const weft_span *span, weft_zone **out);
/* The zone that a text names: *found is false, and nothing is an error, where the name is none. Errors: those
 * of a zone's file, above. */
WEFT_MUST_CHECK weft_status weft_zone_find(weft_ctx *ctx, const char *name, size_t len, weft_zone **out,
                                           bool *found);
/* The session's. */
WEFT_MUST_CHECK weft_status weft_zone_open_session(weft_ctx *ctx, weft_zone **out);
/* [UTC|GMT|UT][+-]h[h][[:]mm[[:]ss]], Z: a distance of at most 18 hours; false for names of another kind. */
bool weft_zone_parse_offset(const char *name, size_t len, int32_t *offset_s);
/* Is the name none of Java's short ones (PST), which are not in the tz database? */
bool weft_zone_is_region(const char *name);
/* From the bytes of a TZif file (RFC 8536). */
WEFT_MUST_CHECK weft_status weft_zone_parse(weft_ctx *ctx, const char *name, const uint8_t *bytes, size_t len,
                                            weft_zone **out);
void weft_zone_close(weft_zone **zone);

int64_t weft_zone_to_local(weft_zone *zone, int64_t us);
/* Of two instants the first; a time that a clock skipped is as much later as the clock was put forward. */
int64_t weft_zone_to_utc(weft_zone *zone, int64_t local_us);
/* The same, but of two instants the one that has the distance from UTC of the instant `origin_us`. */
int64_t weft_zone_to_utc_near(weft_zone *zone, int64_t local_us, int64_t origin_us);
/* Are clocks put forward at the instant, as they are for a part of each year? */
bool weft_zone_is_forward(weft_zone *zone, int64_t us);
/* The first instant of a day. */
int64_t weft_zone_midnight(weft_zone *zone, int32_t days);

/* Is it TIMESTAMP, or does it hold one? A VARIANT may. */
bool weft_type_has_timestamp(weft_type type);
/* Does what this cast or call computes depend on the session's zone? Then its kernel gets a zone as its
 * state. */
bool weft_zone_matters(const weft_expr *e);

#endif
