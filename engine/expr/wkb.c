/* engine/expr/wkb.c - see wkb.h. */
#include "engine/expr/wkb.h"

#include <math.h>
#include <string.h>

enum { POINT = 1, LINE_STRING, POLYGON, MULTI_POINT, MULTI_LINE_STRING, MULTI_POLYGON, COLLECTION };
enum { WKB_DEPTH_MAX = 100, RING_POINTS_MIN = 4, LINE_POINTS_MIN = 2, HEADER_BYTES = 5 };

typedef struct wkb_copier {
    const uint8_t *from;
    size_t len, at;
    uint8_t *to;
    bool globe, big_endian; /* of the target */
    bool source_big_endian; /* of the shape that is being read */
    int32_t depth;
    weft_wkb_fault *fault;
} wkb_copier;

static bool bad(wkb_copier *c, const char *what, uint32_t value, size_t at)
{
    *c->fault = (weft_wkb_fault){.what = what, .value = value, .at = at};
    return false;
}

/* The next `bytes` bytes in the target's order, and as a little-endian number. */
static bool take(wkb_copier *c, size_t bytes, uint64_t *out)
{
    uint8_t little[8] = {0};
    if (bytes > c->len - c->at) return bad(c, "Unexpected end of WKB buffer", 0, c->at);
    for (size_t i = 0; i < bytes; i++) {
        const size_t k = c->source_big_endian ? bytes - 1 - i : i;
        little[k] = c->from[c->at + i];
    }
    for (size_t i = 0; i < bytes; i++) c->to[c->at + i] = little[c->big_endian ? bytes - 1 - i : i];
    memcpy(out, little, sizeof little);
    c->at += bytes;
    return true;
}

static bool take_count(wkb_copier *c, size_t least_bytes, uint32_t *out)
{
    uint64_t count = 0;
    const size_t at = c->at;
    if (!take(c, 4, &count)) return false;
    *out = (uint32_t)count;
    return count <= (c->len - c->at) / least_bytes || bad(c, "Unexpected end of WKB buffer", 0, at + 4);
}

static bool take_point(wkb_copier *c, int32_t dimensions, uint64_t bits[4])
{
    const size_t at = c->at;
    double value[4];
    bool finite = true;
    for (int32_t i = 0; i < dimensions; i++) {
        if (!take(c, 8, &bits[i])) return false;
        memcpy(&value[i], &bits[i], 8);
        finite = finite && !isinf(value[i]); /* a point without coordinates has NaN */
    }
    if (!finite) return bad(c, "Invalid coordinate value found", 0, at);
    if (c->globe && fabs(value[0]) > 180) return bad(c, "Invalid coordinate value found", 0, at);
    if (c->globe && fabs(value[1]) > 90) return bad(c, "Invalid coordinate value found", 0, at + 8);
    return true;
}

static bool take_line(wkb_copier *c, int32_t dimensions)
{
    uint64_t point[4];
    uint32_t count = 0;
    const size_t at = c->at;
    if (!take_count(c, 8 * (size_t)dimensions, &count)) return false;
    if (count > 0 && count < LINE_POINTS_MIN) return bad(c, "Too few points in linestring", 0, at);
    for (uint32_t i = 0; i < count; i++)
        if (!take_point(c, dimensions, point)) return false;
    return true;
}

static bool take_ring(wkb_copier *c, int32_t dimensions)
{
    uint64_t first[4] = {0}, point[4] = {0};
    uint32_t count = 0;
    const size_t at = c->at;
    if (!take_count(c, 8 * (size_t)dimensions, &count)) return false;
    if (count < RING_POINTS_MIN) return bad(c, "Too few points in ring", 0, at);
    for (uint32_t i = 0; i < count; i++)
        if (!take_point(c, dimensions, i == 0 ? first : point)) return false;
    return memcmp(first, point, sizeof first[0] * 2) == 0 || bad(c, "Ring is not closed", 0, at);
}

static bool take_shape(wkb_copier *c, uint32_t wanted, uint32_t wanted_dimensions);

static bool take_rings(wkb_copier *c, int32_t dimensions)
{
    uint32_t count = 0;
    if (!take_count(c, 4, &count)) return false;
    for (uint32_t i = 0; i < count; i++)
        if (!take_ring(c, dimensions)) return false;
    return true;
}

static bool take_parts(wkb_copier *c, uint32_t kind, uint32_t modifier)
{
    uint32_t count = 0;
    if (!take_count(c, HEADER_BYTES, &count)) return false;
    for (uint32_t i = 0; i < count; i++)
        if (!take_shape(c, kind == COLLECTION ? 0 : kind - (MULTI_POINT - POINT), modifier)) return false;
    return true;
}

static bool take_header(wkb_copier *c, uint32_t wanted, uint32_t modifier, uint32_t *type)
{
    static const char *const unexpected[] = {"", "Expected Point in MultiPoint",
                                             "Expected LineString in MultiLineString",
                                             "Expected Polygon in MultiPolygon"};
    uint64_t word = 0;
    if (c->at == c->len) return bad(c, "Unexpected end of WKB buffer", 0, c->at);
    const uint8_t order = c->from[c->at];
    if (order > 1) return bad(c, "Invalid byte order %u", order, c->at);
    c->source_big_endian = order == 0;
    c->to[c->at++] = c->big_endian ? 0 : 1;
    const size_t at = c->at;
    if (!take(c, 4, &word)) return false;
    *type = (uint32_t)word;
    const uint32_t kind = *type % 1000;
    if (*type / 1000 > 3 || kind < POINT || kind > COLLECTION)
        return bad(c, "Invalid or unsupported type %u", *type, at);
    if (wanted != 0 && kind != wanted) return bad(c, unexpected[wanted], 0, at);
    if (modifier != UINT32_MAX && *type / 1000 != modifier)
        return bad(c, "Invalid or unsupported type %u", *type, at);
    return true;
}

/* wanted: the kind, 0 for any; modifier: the thousands of the type, UINT32_MAX for any. */
static bool take_shape(wkb_copier *c, uint32_t wanted, uint32_t modifier)
{
    uint64_t point[4];
    uint32_t type = 0;
    const bool outer_order = c->source_big_endian;
    bool good = false;
    if (c->depth == WKB_DEPTH_MAX) return bad(c, "Collections are nested too deep", 0, c->at);
    c->depth++;
    if (!take_header(c, wanted, modifier, &type)) return false;
    const uint32_t kind = type % 1000;
    modifier = type / 1000;
    const int32_t dimensions = modifier == 0 ? 2 : modifier == 3 ? 4 : 3;
    if (kind == POINT)
        good = take_point(c, dimensions, point);
    else if (kind == LINE_STRING)
        good = take_line(c, dimensions);
    else if (kind == POLYGON)
        good = take_rings(c, dimensions);
    else
        good = take_parts(c, kind, modifier);
    c->depth--;
    c->source_big_endian = outer_order; /* each part tells its own */
    return good;
}

bool weft_wkb_copy(const uint8_t *bytes, size_t len, bool globe, bool big_endian, uint8_t *to, size_t *used,
                   weft_wkb_fault *fault)
{
    wkb_copier c = {
        .from = bytes, .len = len, .to = to, .globe = globe, .big_endian = big_endian, .fault = fault};
    *used = 0;
    if (len == 0) return bad(&c, "WKB data is empty or null", 0, 0);
    if (!take_shape(&c, 0, UINT32_MAX)) return false;
    *used = c.at;
    return true;
}
