/* Arrow exports: formats and buffers as the interface says, and memory that goes with the last release. */
#include "engine/columnar/arrow.h"

#include "tests/unit/columnar/columnar_fixture.h"

static void formats(void **state)
{
    (void)state;
    static const char *const want[] = {
        "b",       "c",    "s",   "i",   "l", "f",  "g",  "d:9,2", "d:18,2", "d:38,10", "u",  "z", "tdD",
        "tsu:UTC", "tsu:", "tiM", "tDu", "n", "+l", "+l", "+s",    "+m",     "+l",      "+s", "+m"};
    weft_fixture f;
    weft_fixture_open(&f);
    for (int i = 0; i < COLUMNAR_TYPES; i++) {
        const weft_field field = {
            .name = "col", .type = columnar_type(&f, columnar_types[i]), .nullable = i % 2 == 0};
        const weft_schema schema = {.count = 1, .fields = &field};
        struct ArrowSchema out;
        weft_fixture_ok(&f, weft_arrow_export_schema(&f.ctx, &schema, &out));
        assert_string_equal(out.format, "+s");
        assert_int_equal(out.n_children, 1);
        assert_string_equal(out.children[0]->format, want[i]);
        assert_string_equal(out.children[0]->name, "col");
        assert_int_equal(out.children[0]->flags, i % 2 == 0 ? 2 : 0);
        out.release(&out);
        assert_null(out.release);
    }
    const weft_field map = {.name = "m", .type = columnar_type(&f, "map<string,bigint>"), .nullable = true};
    const weft_schema schema = {.count = 1, .fields = &map};
    struct ArrowSchema out;
    weft_fixture_ok(&f, weft_arrow_export_schema(&f.ctx, &schema, &out));
    const struct ArrowSchema *entries = out.children[0]->children[0];
    assert_string_equal(entries->format, "+s");
    assert_int_equal(entries->flags, 0); /* entries are never null, nor are keys */
    assert_string_equal(entries->children[0]->name, "key");
    assert_int_equal(entries->children[0]->flags, 0);
    assert_string_equal(entries->children[1]->format, "l");
    out.release(&out);
    weft_fixture_close(&f);
}

static bool arrow_is_null(const struct ArrowArray *a, int64_t i)
{
    const uint8_t *bits = a->n_buffers == 0 ? NULL : a->buffers[0];
    return a->n_buffers == 0 || (bits != NULL && !(bits[i >> 3] >> (i & 7) & 1));
}

/* Is Arrow's value i what the column has at row? */
static bool arrow_same(const struct ArrowArray *a, int64_t i, const weft_column *c, int32_t row)
{
    if (arrow_is_null(a, i) || weft_column_is_null(c, row))
        return arrow_is_null(a, i) && weft_column_is_null(c, row);
    const void *value = weft_column_value(c, row);
    const weft_phys phys = weft_type_phys(c->type);
    if (phys == WEFT_PHYS_STRUCT) {
        for (int32_t k = 0; k < c->child_count; k++) {
            if (!arrow_same(a->children[k], i, &c->children[k], weft_column_slot(c, row))) return false;
        }
        return true;
    }
    const int32_t *offsets = a->buffers[1];
    if (phys == WEFT_PHYS_LIST) {
        const weft_list *list = value;
        if (offsets[i + 1] - offsets[i] != list->length) return false;
        for (int32_t k = 0; k < list->length; k++) {
            if (!arrow_same(a->children[0], offsets[i] + k, &c->children[0], list->offset + k)) return false;
        }
        return true;
    }
    if (phys == WEFT_PHYS_STR) {
        const weft_str *s = value;
        return offsets[i + 1] - offsets[i] == (int32_t)s->len &&
               memcmp((const char *)a->buffers[2] + offsets[i], weft_str_data(s), s->len) == 0;
    }
    if (phys == WEFT_PHYS_BOOL)
        return (((const uint8_t *)a->buffers[1])[i >> 3] >> (i & 7) & 1) == *(const uint8_t *)value;
    if (c->type.id == WEFT_TYPE_DECIMAL)
        return ((const weft_i128 *)a->buffers[1])[i] == columnar_number(c, row);
    const size_t bytes = (size_t)weft_phys_bytes(phys);
    return memcmp((const uint8_t *)a->buffers[1] + (size_t)i * bytes, value, bytes) == 0;
}

static void batches_are_exported_as_they_are(void **state)
{
    (void)state;
    enum { COLUMNS = COLUMNAR_TYPES };
    weft_test_random random = {weft_test_seed()};
    for (int round = 0; round < 60; round++) {
        weft_fixture f;
        weft_fixture_open(&f);
        weft_vector owners[COLUMNS] = {0};
        weft_column columns[COLUMNS];
        weft_field fields[COLUMNS];
        const int32_t rows = (int32_t)weft_test_random_range(&random, 0, 700);
        const int nulls = round % 3 * 30;
        for (int k = 0; k < COLUMNS; k++) {
            const weft_type type = columnar_type(&f, columnar_types[k]);
            const weft_encoding encoding = (weft_encoding)weft_test_random_range(&random, 0, 3);
            fields[k] = (weft_field){.name = "c", .type = type, .nullable = true};
            if (columnar_chance(&random, 5))
                columns[k] = (weft_column){.type = type, .phys = WEFT_PHYS_NULL};
            else if (k >= COLUMNAR_FLAT_TYPES)
                columns[k] = columnar_flat(&f, &random, type, rows + 1, nulls, &owners[k]);
            else
                columns[k] =
                    columnar_encoded(&f, &random, type, columnar_phys(&random, type), encoding, rows, nulls);
            if (k >= COLUMNAR_FLAT_TYPES && columnar_chance(&random, 20)) columns[k].encoding = WEFT_CONSTANT;
        }
        weft_batch batch = {.rows = rows, .column_count = COLUMNS, .columns = columns};
        batch.selection = columnar_selection(&f, &random, rows, round % 2 == 0 ? 100 : 40, &batch.selected);
        const weft_schema schema = {.count = COLUMNS, .fields = fields};
        struct ArrowArray out, kept = {0};
        weft_fixture_ok(&f, weft_arrow_export_batch(&f.ctx, &schema, &batch, &out));
        assert_int_equal(out.length, batch.selected);
        assert_int_equal(out.n_children, COLUMNS);
        for (int k = 0; k < COLUMNS; k++) {
            int64_t null_count = 0;
            assert_int_equal(out.children[k]->length, batch.selected);
            for (int32_t i = 0; i < batch.selected; i++) {
                const int32_t row = batch.selection == NULL ? i : batch.selection[i];
                if (!arrow_same(out.children[k], i, &columns[k], row))
                    fail_msg("column %d, row %d", k, (int)i);
                null_count += weft_column_is_null(&columns[k], row);
            }
            assert_int_equal(out.children[k]->null_count, null_count);
            for (int64_t b = 0; b < out.children[k]->n_buffers; b++) {
                assert_int_equal((uintptr_t)out.children[k]->buffers[b] % 64, 0);
            }
        }
        /* A child is moved out, outlives its parent, and is released by itself. */
        const int moved = (int)weft_test_random_range(&random, 0, COLUMNS - 1);
        kept = *out.children[moved];
        out.children[moved]->release = NULL;
        out.release(&out);
        assert_null(out.release);
        for (int32_t i = 0; i < batch.selected; i++) {
            assert_true(
                arrow_same(&kept, i, &columns[moved], batch.selection == NULL ? i : batch.selection[i]));
        }
        kept.release(&kept);
        for (int k = 0; k < COLUMNS; k++) weft_vector_deinit(&owners[k]);
        weft_fixture_close(&f);
    }
}

static weft_status export_both(weft_fixture *f, void *arg)
{
    weft_status st = WEFT_OK;
    weft_field fields[COLUMNAR_TYPES];
    weft_column columns[COLUMNAR_TYPES];
    struct ArrowSchema schema_out = {0};
    struct ArrowArray array_out = {0};
    static const uint16_t selection[] = {0, 2};
    (void)arg;
    for (int i = 0; i < COLUMNAR_TYPES; i++) {
        fields[i] = (weft_field){.name = "c"};
        WEFT_TRY(st, weft_type_parse(&f->ctx, columnar_types[i], &fields[i].type));
        columns[i] = (weft_column){.type = fields[i].type, .phys = WEFT_PHYS_NULL};
    }
    const weft_schema schema = {.count = COLUMNAR_TYPES, .fields = fields};
    const weft_batch batch = {
        .rows = 3, .selected = 2, .selection = selection, .column_count = COLUMNAR_TYPES, .columns = columns};
    WEFT_TRY(st, weft_arrow_export_schema(&f->ctx, &schema, &schema_out));
    WEFT_TRY(st, weft_arrow_export_batch(&f->ctx, &schema, &batch, &array_out));
done:
    if (schema_out.release != NULL) schema_out.release(&schema_out);
    if (array_out.release != NULL) array_out.release(&array_out);
    return st;
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    weft_fixture_oom_sweep(export_both, NULL);
}

WEFT_TESTS(WEFT_TEST(formats), WEFT_TEST(batches_are_exported_as_they_are),
           WEFT_TEST(every_allocation_may_fail))
