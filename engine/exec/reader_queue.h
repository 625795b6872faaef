/* engine/exec/reader_queue.h - readers of an input's blocks one after the other. Those of blocks that lie
 * elsewhere are opened some ahead, so that their first pages are under way while others are read.
 *
 * A value inside an operator's state: zeroed is closed, one thread. */
#ifndef WEFT_EXEC_READER_QUEUE_H
#define WEFT_EXEC_READER_QUEUE_H

#include "engine/exec/op.h"

enum {
    WEFT_READERS_AHEAD = 32,           /* partitions of a few rows: one message asks for many */
    WEFT_READERS_AHEAD_BYTES = 1 << 20 /* their first pages, which are working memory */
};

typedef struct weft_reader_place {
    int32_t block, partition;
} weft_reader_place;

typedef struct weft_reader_queue {
    const weft_input *input;
    int32_t partition_begin, partition_end;
    bool by_block; /* the partitions of a block follow each other, else the blocks of a partition */
    bool remote;   /* some block lies elsewhere */
    weft_reader_place next;
    int32_t first, count;
    int64_t bytes; /* of the first pages of those that were opened ahead, about */
    weft_reader_place places[WEFT_READERS_AHEAD];
    weft_block_reader *readers[WEFT_READERS_AHEAD];
} weft_reader_queue;

/* Partitions [partition_begin, partition_end) will be read in that order, or some of them. */
void weft_reader_queue_init(weft_reader_queue *queue, const weft_input *input, int32_t partition_begin,
                            int32_t partition_end, bool by_block);
/* A reader of all pages of this partition of this block, which the caller closes. Places only go forward. */
WEFT_MUST_CHECK weft_status weft_reader_queue_open(weft_ctx *ctx, weft_reader_queue *queue, int32_t block,
                                                   int32_t partition, weft_block_reader **out);
void weft_reader_queue_close(weft_reader_queue *queue);

#endif
