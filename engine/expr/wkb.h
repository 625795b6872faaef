/* engine/expr/wkb.h - shapes as their well-known binary (OGC 06-103r4, 8.2; dimensions as in ISO 19125).
 *
 * A value of GEOMETRY or GEOGRAPHY is its SRID in four bytes, little-endian, and the little-endian WKB. */
#ifndef WEFT_EXPR_WKB_H
#define WEFT_EXPR_WKB_H

#include "common/ctx.h"

enum { WEFT_SRID_BYTES = 4, WEFT_SRID_GLOBE = 4326 }; /* WGS 84: longitude and latitude in degrees */

/* Is there such a coordinate system, for GEOGRAPHY (globe) or GEOMETRY? */
bool weft_srid_is_known(int32_t srid, bool globe);

typedef struct weft_wkb_fault {
    const char *what; /* static; may hold one %u, for `value` */
    uint32_t value;
    size_t at;
} weft_wkb_fault;

/* Copy one shape of any byte order to one byte order, *used bytes of it; what follows it counts for nothing,
 * as in Spark. `to` has room for len bytes. globe: coordinates are degrees. False: it is malformed, as *fault
 * says. Reads no byte beyond len; shapes nest up to a limit. */
bool weft_wkb_copy(const uint8_t *bytes, size_t len, bool globe, bool big_endian, uint8_t *to, size_t *used,
                   weft_wkb_fault *fault);

#endif
