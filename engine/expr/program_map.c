/* engine/expr/program_map.c - subexpressions and predicates over one column, once per dictionary entry.
 *
 * A table is made when the entries are not many more than the rows seen so far, and kept as long as the
 * dictionary's id stays. An entry that no row has may raise where the query does not: then the error is
 * dropped and the rows of this dictionary are computed one by one (contract 3). */
#include <string.h>

#include "common/mem.h"
#include "engine/expr/program_impl.h"

enum { MAP_FREE_ENTRIES = 64, MAP_ROWS_FACTOR = 4 }; /* entries always worth it; entries per row seen */

bool program_map_worthwhile(program_map *map, const weft_dictionary *dict, int32_t selected)
{
    if (map->id != dict->id) {
        map->id = dict->id;
        map->ready = map->rows_only = false;
        map->rows_seen = 0;
    }
    if (map->ready || map->rows_only) return map->ready;
    map->rows_seen += selected;
    return dict->count <= MAP_FREE_ENTRIES + MAP_ROWS_FACTOR * map->rows_seen;
}

/* May the rows be tried after the entries failed with this status? */
static bool map_falls_back(weft_ctx *ctx, weft_status st)
{
    if (st == WEFT_OK || weft_status_classify(st) != WEFT_CLASS_USER || st == WEFT_CANCELLED ||
        st == WEFT_DEADLINE) {
        return false;
    }
    weft_error_clear(ctx);
    return true;
}

static weft_column map_chunk(weft_type type, const weft_dictionary *dict, int32_t first)
{
    const size_t bytes = (size_t)weft_phys_bytes((weft_phys)dict->phys);
    return (weft_column){.type = type,
                         .phys = dict->phys,
                         .encoding = WEFT_FLAT,
                         .data = (const char *)dict->values + (size_t)first * bytes};
}

static const uint64_t map_zeros[4];

static weft_column map_null(weft_type type)
{
    return (weft_column){.type = type,
                         .phys = (uint8_t)weft_type_phys(type),
                         .encoding = WEFT_CONSTANT,
                         .data = map_zeros,
                         .validity = map_zeros};
}

/* Keep n results from slot `first` of the table on. Decimals are kept wide and narrowed at the end. */
static weft_status map_store(weft_ctx *ctx, program_map *map, const weft_column *from, int32_t first,
                             int32_t n)
{
    weft_status st = WEFT_OK;
    const weft_phys phys = weft_type_phys(map->values.column.type);
    const int32_t bytes = weft_phys_bytes(phys);
    char *to = (char *)map->values.values + (size_t)first * (size_t)bytes;
    for (int32_t i = 0; i < n; i++, to += bytes) {
        const int32_t slot = weft_arg_slot(from, i);
        if (weft_arg_is_null(from, i)) {
            weft_vector_set_null(&map->values, first + i);
        } else if (phys == WEFT_PHYS_STR) {
            const weft_str *s = (const weft_str *)from->data + slot;
            WEFT_TRY(st, weft_vector_set_string(ctx, &map->values, first + i, weft_str_data(s), s->len));
        } else if (phys == WEFT_PHYS_I128) {
            const weft_i128 value = weft_load_i128(from->data, from->phys, slot);
            memcpy(to, &value, 16);
        } else {
            memcpy(to, (const char *)from->data + (size_t)slot * (size_t)bytes, (size_t)bytes);
        }
    }
done:
    return st;
}

static void map_narrow(program_map *map, int32_t count)
{
    if (map->values.column.phys != WEFT_PHYS_I128) return;
    weft_i128 *wide = map->values.values;
    int64_t *narrow = map->values.values;
    for (int32_t i = 0; i < count; i++) {
        if (wide[i] != (int64_t)wide[i]) return;
    }
    for (int32_t i = 0; i < count; i++) narrow[i] = (int64_t)wide[i];
    map->values.column.phys = WEFT_PHYS_I64;
}

static weft_status map_values(weft_ctx *ctx, weft_eval *ev, const program_unit *unit, weft_type type,
                              const weft_dictionary *dict, program_map *map)
{
    weft_status st = WEFT_OK;
    const weft_type input = ev->program->input_types[unit->column];
    const weft_column *result;
    if (map->has_values) weft_vector_deinit(&map->values);
    map->has_values = false;
    WEFT_TRY(st, weft_vector_init(ctx, type, dict->count + 1, &map->values));
    map->has_values = true;
    map->values.column.phys = (uint8_t)weft_type_phys(type);
    for (int32_t first = 0; first < dict->count; first += WEFT_BATCH_ROWS_MAX) {
        const int32_t n = weft_min_i32(dict->count - first, WEFT_BATCH_ROWS_MAX);
        ev->entry_inputs[unit->column] = map_chunk(input, dict, first);
        WEFT_TRY(st, program_unit_run(ctx, ev, unit, ev->entry_inputs, n, NULL, n));
        WEFT_TRY(st, program_flat(ctx, ev, unit->result, &result));
        WEFT_TRY(st, map_store(ctx, map, result, first, n));
    }
    map->entry_nulls = map->values.column.validity != NULL;
    ev->entry_inputs[unit->column] = map_null(input);
    WEFT_TRY(st, program_unit_run(ctx, ev, unit, ev->entry_inputs, 1, NULL, 1));
    WEFT_TRY(st, program_flat(ctx, ev, unit->result, &result));
    map->null_is_null = weft_arg_is_null(result, 0);
    WEFT_TRY(st, map_store(ctx, map, result, dict->count, 1));
    map_narrow(map, dict->count + 1);
    map->dict = (weft_dictionary){.id = weft_dictionary_new_id(),
                                  .count = dict->count,
                                  .phys = map->values.column.phys,
                                  .values = map->values.values};
    map->ready = true;
done:
    if (map_falls_back(ctx, st)) {
        map->rows_only = true;
        st = WEFT_OK;
    }
    return st;
}

/* Where some entry gives NULL, or NULL gives a value: decoded row by row. */
static weft_status map_gather(weft_ctx *ctx, weft_eval *ev, const program_step *step,
                              const weft_column *codes, const program_map *map)
{
    weft_status st = WEFT_OK;
    const program_scope *scope = &ev->scopes[step->scope];
    const uint32_t *code = codes->data;
    weft_vector *store;
    WEFT_TRY(st, program_flat_store(ctx, ev, step->dst, step->expr->type, &store));
    const size_t bytes = (size_t)weft_phys_bytes((weft_phys)map->dict.phys);
    memset(store->validity, 0xff, (size_t)weft_bit_words(ev->rows) * 8);
    for (int32_t k = 0; k < scope->count; k++) {
        const int32_t i = scope->selection == NULL ? k : scope->selection[k];
        const bool null = codes->validity != NULL && !weft_bit_get(codes->validity, i);
        const int32_t slot = null ? map->dict.count : (int32_t)code[i];
        memcpy((char *)store->values + (size_t)i * bytes,
               (const char *)map->values.values + (size_t)slot * bytes, bytes);
        if (map->values.column.validity != NULL && !weft_bit_get(map->values.column.validity, slot)) {
            weft_bit_clear(store->validity, i);
        }
    }
    ev->values[step->dst] = (weft_column){.type = step->expr->type,
                                          .phys = map->dict.phys,
                                          .encoding = WEFT_FLAT,
                                          .data = store->values,
                                          .validity = store->validity};
done:
    return st;
}

weft_status program_map_run(weft_ctx *ctx, weft_eval *ev, const program_step *step)
{
    weft_status st = WEFT_OK;
    const program_unit *unit = ev->program->units[step->unit];
    const program_scope *scope = &ev->scopes[step->scope];
    const weft_column *in = &ev->inputs[unit->column];
    program_map *map = &ev->maps[step->map];
    if (in->encoding == WEFT_DICTIONARY && program_map_worthwhile(map, in->dict, scope->count)) {
        if (!map->ready) WEFT_TRY(st, map_values(ctx, ev, unit, step->expr->type, in->dict, map));
        if (map->ready && !map->entry_nulls && (map->null_is_null || in->validity == NULL)) {
            ev->values[step->dst] = (weft_column){.type = step->expr->type,
                                                  .phys = map->dict.phys,
                                                  .encoding = WEFT_DICTIONARY,
                                                  .data = in->data,
                                                  .validity = in->validity,
                                                  .dict = &map->dict};
            return WEFT_OK;
        }
        if (map->ready) return map_gather(ctx, ev, step, in, map);
    }
    WEFT_TRY(st, program_unit_run(ctx, ev, unit, ev->inputs, ev->rows, scope->selection, scope->count));
    ev->values[step->dst] = ev->values[unit->result];
done:
    return st;
}

weft_status program_map_entries(weft_ctx *ctx, weft_eval *ev, const program_filter *filter, weft_type type,
                                const weft_dictionary *dict, uint8_t *keep)
{
    weft_status st = WEFT_OK;
    const weft_column *outer_inputs = ev->inputs;
    const int32_t outer_rows = ev->rows;
    uint16_t hits[WEFT_BATCH_ROWS_MAX + 8];
    ev->inputs = ev->entry_inputs;
    for (int32_t first = 0; first < dict->count; first += WEFT_BATCH_ROWS_MAX) {
        int32_t count;
        ev->rows = weft_min_i32(dict->count - first, WEFT_BATCH_ROWS_MAX);
        ev->entry_inputs[filter->column] = map_chunk(type, dict, first);
        WEFT_TRY(st, program_filter_rows(ctx, ev, filter, NULL, ev->rows, hits, &count));
        memset(keep + first, 0, (size_t)ev->rows);
        for (int32_t k = 0; k < count; k++) keep[first + hits[k]] = 1;
    }
done:
    ev->inputs = outer_inputs;
    ev->rows = outer_rows;
    return st;
}

static weft_status map_keep(weft_ctx *ctx, weft_eval *ev, const program_filter *filter,
                            const weft_dictionary *dict, program_map *map)
{
    weft_status st = WEFT_OK;
    const weft_type type = ev->program->input_types[filter->column];
    const size_t bytes = (size_t)dict->count + 1;
    uint16_t hits[16];
    int32_t count;
    if (map->keep_bytes < bytes) {
        WEFT_TRY(st, weft_mem_resize(ctx, WEFT_MEM_WORKING, bytes, (void **)&map->keep));
        map->keep_bytes = bytes;
    }
    WEFT_TRY(st, program_map_entries(ctx, ev, filter, type, dict, map->keep));
    const weft_column *outer_inputs = ev->inputs;
    const int32_t outer_rows = ev->rows;
    ev->inputs = ev->entry_inputs;
    ev->rows = 1;
    ev->entry_inputs[filter->column] = map_null(type);
    st = program_filter_rows(ctx, ev, filter, NULL, 1, hits, &count);
    ev->inputs = outer_inputs;
    ev->rows = outer_rows;
    WEFT_TRY(st, st);
    map->keep[dict->count] = (uint8_t)count;
    map->kept = 0;
    map->bits = 0;
    for (int32_t i = 0; i < dict->count; i++) map->kept += map->keep[i];
    for (int32_t i = 0; i < dict->count && i < 64; i++) map->bits |= (uint64_t)map->keep[i] << i;
    map->ready = true;
done:
    if (map_falls_back(ctx, st)) {
        map->rows_only = true;
        st = WEFT_OK;
    }
    return st;
}

weft_status program_map_filter(weft_ctx *ctx, weft_eval *ev, const program_filter *filter,
                               const uint16_t *selection, int32_t selected, uint16_t *out, int32_t *count,
                               bool *usable)
{
    weft_status st = WEFT_OK;
    const weft_column *in = &ev->inputs[filter->column];
    program_map *map = &ev->maps[filter->map];
    *usable = false;
    if (in->encoding != WEFT_DICTIONARY || !program_map_worthwhile(map, in->dict, selected)) return WEFT_OK;
    if (!map->ready) WEFT_TRY(st, map_keep(ctx, ev, filter, in->dict, map));
    if (!map->ready) goto done;
    *usable = true;
    const uint8_t *keep = map->keep;
    const uint8_t keep_null = keep[in->dict->count];
    const uint32_t *codes = in->data;
    int32_t n = 0;
    if (map->kept == 0 && (in->validity == NULL || keep_null == 0)) {
        *count = 0;
        goto done;
    }
    if (in->validity == NULL && selection == NULL && in->dict->count <= 64) {
        weft_bytes_loops_get()->code_bits(codes, map->bits, ev->scratch, selected);
        *count = weft_select_bytes(ev->scratch, selected, out);
        goto done;
    }
    if (in->validity == NULL && selection == NULL) {
        for (int32_t i = 0; i < selected; i++) {
            out[n] = (uint16_t)i;
            n += keep[codes[i]];
        }
    } else if (in->validity == NULL) {
        for (int32_t k = 0; k < selected; k++) {
            const uint16_t i = selection[k];
            out[n] = i;
            n += keep[codes[i]];
        }
    } else {
        for (int32_t k = 0; k < selected; k++) {
            const int32_t i = selection == NULL ? k : selection[k];
            out[n] = (uint16_t)i;
            n += weft_bit_get(in->validity, i) ? keep[codes[i]] : keep_null;
        }
    }
    *count = n;
done:
    return st;
}

void program_map_close(program_map *map)
{
    weft_mem_free(map->keep);
    if (map->has_values) weft_vector_deinit(&map->values);
}
