/* tests/support/touch.c - see the header. */
#include "tests/support/touch.h"

#include <stdlib.h>

static uint64_t touch_bytes(const void *bytes, size_t len)
{
    const uint8_t *p = bytes;
    uint64_t sum = 0;
    for (size_t i = 0; i < len; i++) sum = sum * 31 + p[i];
    return sum;
}

static uint64_t touch_value(const weft_column *c, int32_t row)
{
    uint64_t sum = 0;
    if (weft_column_is_null(c, row)) return 1;
    if (c->phys == WEFT_PHYS_STRUCT) {
        for (int32_t i = 0; i < c->child_count; i++) sum += touch_value(&c->children[i], row);
        return sum;
    }
    if (c->encoding == WEFT_DICTIONARY && ((const uint32_t *)c->data)[row] >= (uint32_t)c->dict->count)
        abort();
    const void *value = weft_column_value(c, row);
    if (c->phys == WEFT_PHYS_STR) {
        const weft_str *s = value;
        return touch_bytes(weft_str_data(s), s->len);
    }
    if (c->phys != WEFT_PHYS_LIST) return touch_bytes(value, (size_t)weft_phys_bytes((weft_phys)c->phys));
    const weft_list *list = value;
    if (list->offset < 0 || list->length < 0 || list->length > c->child_rows - list->offset) abort();
    for (int32_t i = 0; i < list->length; i++) sum += touch_value(&c->children[0], list->offset + i);
    return sum;
}

uint64_t weft_touch_batch(const weft_batch *batch)
{
    uint64_t sum = 0;
    for (int32_t i = 0; i < batch->selected; i++) {
        const int32_t row = batch->selection != NULL ? batch->selection[i] : i;
        if (row >= batch->rows) abort();
        for (int32_t c = 0; c < batch->column_count; c++) sum += touch_value(&batch->columns[c], row);
    }
    return sum;
}
