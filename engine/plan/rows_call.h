/* engine/plan/rows_call.h - names of the calls that the parser makes of UNNEST, JSON_TABLE and BIN BY, which
 * no query can write; analyzer_rows.c and analyzer_bin_by.c tell their arguments. */
#ifndef WEFT_PLAN_ROWS_CALL_H
#define WEFT_PLAN_ROWS_CALL_H

#define WEFT_UNNEST_CALL          "(unnest)"
#define WEFT_JSON_ROWS_CALL       "(json rows)"
#define WEFT_JSON_VALUE_CALL      "(value)"
#define WEFT_JSON_EXISTS_CALL     "(exists)"
#define WEFT_JSON_ORDINALITY_CALL "(ordinality)"
#define WEFT_BIN_BY_CALL          "(bin by)"
#define WEFT_BIN_BY_EPOCH         "(epoch)"

#endif
