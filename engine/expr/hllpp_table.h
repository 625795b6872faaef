/* engine/expr/hllpp_table.h - what HyperLogLog++ was measured to be off by (Heule, Nunkesser, Hall,
 * "HyperLogLog in Practice", EDBT 2013, and its appendix), for 2^4 to 2^18 registers. */
#ifndef WEFT_EXPR_HLLPP_TABLE_H
#define WEFT_EXPR_HLLPP_TABLE_H

#include <stdint.h>

enum { WEFT_HLLPP_LEAST = 4, WEFT_HLLPP_TABLES = 15 };

typedef struct weft_hllpp_table {
    double threshold; /* up to here, linear counting is better */
    int32_t count;
    const double *raw, *bias; /* raw estimates, ascending, and how much too large they are */
} weft_hllpp_table;

/* [p - WEFT_HLLPP_LEAST] */
extern const weft_hllpp_table weft_hllpp_tables[WEFT_HLLPP_TABLES];

#endif
