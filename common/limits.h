/* common/limits.h - every fixed limit of the engine, with its reason. */
#ifndef WEFT_COMMON_LIMITS_H
#define WEFT_COMMON_LIMITS_H

enum {
    WEFT_BATCH_ROWS_MAX =
        4096, /* selections are uint16 and registers are sized by it; larger gains nothing in L1/L2 */
    WEFT_COLUMNS_MAX = 16384, /* columns of a schema: a plan of that width is still planned in a second */
    WEFT_SUBSTITUTE_DEPTH_MAX = 16, /* settings in a statement (${key}) whose values read others */
    WEFT_SUBSTITUTE_MAX = 10000,    /* such settings of one statement, those in values counted each time */
    WEFT_EXPR_DEPTH_MAX = 1200, /* nesting of an expression or query as written: far more than people write */
    WEFT_EXPR_HEIGHT_MAX = 4 *
                           WEFT_EXPR_DEPTH_MAX, /* of a bound expression: casts, views and merged projections
                                                   deepen what was written. No walk needs 4 MiB of stack */
    WEFT_THREAD_STACK_BYTES = 8 << 20,          /* of our own threads: twice what the deepest walk takes */
    WEFT_SQL_BYTES_MAX = 64 << 20,              /* a statement's text */
    WEFT_DECIMAL_PRECISION_MAX = 38,            /* Spark's, and what 128 bits hold */
    WEFT_BUCKETS_MAX = 100000,                  /* of a table: as many as Spark allows */
    WEFT_SORT_SAMPLES_MAX = 64,                 /* of a sorted block: bounds are then right to percents */
    WEFT_STAGE_SAMPLES_MAX = 16384,             /* of all blocks of a stage: 400 kB in a job's record */
    WEFT_PARTITIONS_MAX = 65536,                /* partitions of one exchange */
    WEFT_STAGES_MAX = 4096,                     /* stages of one job */
    WEFT_FILES_MAX = 1000000                    /* files of one scan */
};

#define WEFT_ROW_PAGE_BYTES (256 * 1024) /* a row page: fits L2, amortises a spill write */
#define WEFT_MEM_HEADROOM_BYTES                                                                              \
    (64LL << 20) /* WORKING memory above the pool's limit: under the 100 MB promised */

#endif
