/* engine/expr/datetime_private.h - what formatting and reading of patterns share. */
#ifndef WEFT_EXPR_DATETIME_PRIVATE_H
#define WEFT_EXPR_DATETIME_PRIVATE_H

enum { DATETIME_ZONE_BYTES = 64 };  /* more than the name of any zone in full takes */
enum { DATETIME_FIELD_BYTES = 32 }; /* more than any field but the zone's name takes */

extern const char *const datetime_months[12];
extern const char *const datetime_days[7]; /* from Monday on */

#endif
