/* worker/stand_in.h - test setting weft.test.serialize: the blocks of this process are read as if they lay in
 * another one. */
#ifndef WEFT_WORKER_STAND_IN_H
#define WEFT_WORKER_STAND_IN_H

#include "engine/exec/block_remote.h"

/* Replace *block, one count of a block, by a stand-in charged to owner that reads its pages as bytes. */
WEFT_MUST_CHECK weft_status weft_stand_in(weft_ctx *ctx, weft_account *owner, const weft_types *types,
                                          weft_block **block);

#endif
