/* tests/support/touch.h - look at every byte of a batch, so that a sanitizer sees what points nowhere. */
#ifndef WEFT_TESTS_SUPPORT_TOUCH_H
#define WEFT_TESTS_SUPPORT_TOUCH_H

#include "engine/columnar/column.h"

/* Read each selected value, also those inside lists and structs; aborts when a list passes its elements or a
 * code its dictionary. Returns a sum over all bytes. */
uint64_t weft_touch_batch(const weft_batch *batch);

#endif
