/* engine/formats/csv/machine.c - one record of a block by the machine (engine/expr/csv_machine.h).
 *
 * Values are collected in a scratch buffer and, when the record is whole, put over the record's own bytes:
 * together they are never longer. */
#include <string.h>

#include "engine/formats/csv/token.h"

static weft_status keep_raw(weft_ctx *ctx, weft_csv_tokens *t, int64_t begin, int64_t end)
{
    void *raw = t->raw;
    if (t->raw_room < end - begin) {
        const weft_status st = weft_mem_resize(ctx, WEFT_MEM_RETAINED, (size_t)(end - begin), &raw);
        if (st != WEFT_OK) return st;
        t->raw = raw;
        t->raw_room = end - begin;
    }
    if (end > begin) memcpy(t->raw, t->data + begin, (size_t)(end - begin));
    t->raw_len = end - begin;
    return WEFT_OK;
}

weft_status weft_csv_tokens_machine(weft_ctx *ctx, weft_csv_tokens *t, int64_t stop, bool is_end, bool *whole)
{
    weft_status st = WEFT_OK;
    const weft_csv_options *o = t->options;
    const int64_t begin = t->at, room = stop - begin + WEFT_CSV_VALUES_MORE;
    weft_csv_end end;
    if (t->scratch_room < room) {
        void *scratch = t->scratch;
        WEFT_TRY(st, weft_mem_resize(ctx, WEFT_MEM_RETAINED, (size_t)room, &scratch));
        t->scratch = scratch;
        t->scratch_room = room;
    }
    const weft_csv_source text = {.grammar = &o->grammar,
                                  .data = t->data,
                                  .begin = begin,
                                  .stop = stop,
                                  .is_end = is_end,
                                  .ends = !o->multi_line                      ? WEFT_CSV_ENDS_NONE
                                          : t->lines.len != 0                 ? WEFT_CSV_ENDS_GIVEN
                                          : t->ends == WEFT_TEXT_FIRST_RETURN ? WEFT_CSV_ENDS_RETURN
                                                                              : WEFT_CSV_ENDS_PAIR,
                                  .line_end = t->lines.bytes,
                                  .line_end_len = t->lines.len};
    WEFT_TRY(st, weft_csv_machine(ctx, &text, &t->fields, t->scratch, &end));
    *whole = end.whole;
    if (!*whole) goto done;
    if (o->multi_line) {
        t->end = end.end;
        t->at = end.next;
    }
    if (t->keeps_raw) WEFT_TRY(st, keep_raw(ctx, t, begin, end.end));
    memcpy(t->data + begin, t->scratch, (size_t)weft_min_i64(end.values_len, stop - begin));
    for (int32_t i = 0; i < t->fields.count; i++) t->fields.list[i].begin += (uint32_t)begin;
done:
    return st;
}
