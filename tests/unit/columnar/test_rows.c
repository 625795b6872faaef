/* Rows: what goes in comes out, whole, parted, copied or moved; keys match as keys; damaged pages are
 * refused. */
#include "engine/columnar/nested.h"
#include "tests/unit/columnar/columnar_fixture.h"

enum { COLUMNS_MAX = 12 };

/* A batch of random columns, with its layout. */
typedef struct rows_case {
    weft_fixture f;
    weft_test_random *r;
    weft_vector owners[COLUMNS_MAX];
    weft_type types[COLUMNS_MAX];
    weft_column columns[COLUMNS_MAX];
    int32_t order[COLUMNS_MAX]; /* layout column -> batch column: the identity */
    weft_batch batch;
    weft_row_layout layout;
    uint64_t *hashes;
} rows_case;

static int random_percent(weft_test_random *r)
{
    static const int usual[] = {0, 0, 10, 50, 100};
    return usual[weft_test_random_range(r, 0, 4)];
}

static void case_open(rows_case *c, weft_test_random *r, int32_t rows, bool flat_only)
{
    memset(c, 0, sizeof *c);
    weft_fixture_open(&c->f);
    c->r = r;
    const int32_t count = (int32_t)weft_test_random_range(r, 1, COLUMNS_MAX);
    for (int32_t i = 0; i < count; i++) {
        const int64_t t =
            weft_test_random_range(r, 0, (flat_only ? COLUMNAR_FLAT_TYPES : COLUMNAR_TYPES) - 1);
        c->types[i] = columnar_type(&c->f, columnar_types[t]);
        c->order[i] = i;
        const int nulls = random_percent(r);
        if (t < COLUMNAR_FLAT_TYPES) {
            const weft_encoding encoding = (weft_encoding)weft_test_random_range(r, 0, 3);
            c->columns[i] =
                columnar_encoded(&c->f, r, c->types[i], columnar_phys(r, c->types[i]), encoding, rows, nulls);
        } else {
            c->columns[i] = columnar_flat(&c->f, r, c->types[i], rows, nulls, &c->owners[i]);
        }
    }
    c->batch = (weft_batch){.rows = rows, .column_count = count, .columns = c->columns};
    c->batch.selection = columnar_selection(&c->f, r, rows, 100 - random_percent(r), &c->batch.selected);
    weft_fixture_ok(&c->f, weft_row_layout_init(&c->f.ctx, c->types, count, &c->layout));
    c->hashes = columnar_alloc(&c->f, (size_t)rows * 8);
    weft_hash_rows(&c->batch, c->order, count, c->hashes);
}

static void case_close(rows_case *c)
{
    for (int i = 0; i < COLUMNS_MAX; i++) weft_vector_deinit(&c->owners[i]);
    weft_fixture_close(&c->f);
}

static int32_t case_row(const rows_case *c, int32_t i)
{
    return c->batch.selection == NULL ? i : c->batch.selection[i];
}

/* Row pointers of a set, in order. */
static const uint8_t **set_rows(weft_fixture *f, const weft_row_set *set)
{
    const uint8_t **rows = columnar_alloc(f, (size_t)set->rows * sizeof *rows);
    int64_t at = 0, bytes = 0;
    int32_t pages = 0;
    const weft_row_page *last = NULL;
    for (const weft_row_page *page = set->first; page != NULL; page = page->next) {
        for (uint32_t i = 0; i < page->rows; i++)
            rows[at++] = weft_row_page_rows(page) + (size_t)i * page->row_bytes;
        bytes += page->bytes;
        pages++;
        last = page;
    }
    assert_int_equal(at, set->rows);
    assert_int_equal(bytes, set->bytes);
    assert_int_equal(pages, set->page_count);
    assert_ptr_equal(last, set->last);
    return rows;
}

/* Layout column c of rows, gathered, as a column. With `at` the values go to every third position. */
static weft_column gather(rows_case *c, int32_t column, const uint8_t *const *rows, int32_t count,
                          uint16_t *at, weft_vector *owner)
{
    weft_fixture *f = &c->f;
    const int32_t room = at == NULL ? count : 3 * count;
    void *values = columnar_alloc(f, (size_t)room * 16);
    uint64_t *validity = columnar_alloc(f, (size_t)weft_bit_words(room) * 8);
    memset(validity, at == NULL ? 0 : 0xff, (size_t)weft_bit_words(room) * 8);
    bool has_nulls = false;
    for (int32_t i = 0; at != NULL && i < count; i++) at[i] = (uint16_t)(3 * i);
    weft_rows_gather(&c->layout, column, rows, count, at, values, validity, &has_nulls);
    weft_column out = {.type = c->types[column], .phys = c->layout.phys[column], .data = values};
    out.validity = has_nulls ? validity : NULL;
    if (weft_type_phys(c->types[column]) == WEFT_PHYS_LIST ||
        weft_type_phys(c->types[column]) == WEFT_PHYS_STRUCT) {
        weft_fixture_ok(f, weft_vector_init(&f->ctx, c->types[column], 1, owner));
        weft_fixture_ok(f, weft_nested_unpack(&f->ctx, values, out.validity, 0, room, owner));
        return owner->column;
    }
    return out;
}

/* rows[i] holds batch position positions[i]. */
static void check_rows(rows_case *c, const uint8_t *const *rows, const int32_t *positions, int32_t count)
{
    uint16_t *at = columnar_alloc(&c->f, (size_t)count * 2 + 2);
    for (int32_t k = 0; k < c->batch.column_count; k++) {
        const bool spread = columnar_chance(c->r, 30) && count < 20000;
        weft_vector owner = {0};
        const weft_column got = gather(c, k, rows, count, spread ? at : NULL, &owner);
        for (int32_t i = 0; i < count; i++) {
            const int32_t row = positions[i];
            const bool null = weft_column_is_null(&c->columns[k], row);
            assert_int_equal(weft_row_is_null(rows[i], k), null);
            if (!columnar_same(&c->columns[k], row, &got, spread ? 3 * i : i, false)) {
                fail_msg("column %d, row %d", (int)k, (int)i);
            }
            for (int32_t b = 0; null && b < weft_phys_bytes((weft_phys)c->layout.phys[k]); b++) {
                assert_int_equal(rows[i][c->layout.offsets[k] + b], 0);
            }
        }
        weft_vector_deinit(&owner);
    }
}

static int32_t random_rows(weft_test_random *r)
{
    static const int32_t usual[] = {1, 64, 511, 512, 513, 4096};
    return columnar_chance(r, 70) ? (int32_t)weft_test_random_range(r, 0, 700)
                                  : usual[weft_test_random_range(r, 0, 5)];
}

static void appended_rows_come_back(void **state)
{
    (void)state;
    weft_test_random random = {weft_test_seed()};
    for (int round = 0; round < 300; round++) {
        rows_case c;
        case_open(&c, &random, random_rows(&random), false);
        weft_row_set set = {0}, copy = {0};
        const int32_t n = c.batch.selected;
        uint8_t **pointers = columnar_alloc(&c.f, (size_t)n * sizeof *pointers);
        int32_t *positions = columnar_alloc(&c.f, (size_t)n * 8);
        for (int pass = 0; pass < 2; pass++) {
            weft_fixture_ok(&c.f, weft_rows_append(&c.f.ctx, &c.layout, &set, &c.batch, c.order,
                                                   pass == 0 ? c.hashes : NULL, pointers));
            for (int32_t i = 0; i < n; i++) positions[pass * n + i] = case_row(&c, i);
        }
        const uint8_t **rows = set_rows(&c.f, &set);
        assert_int_equal(set.rows, 2 * n);
        for (int32_t i = 0; i < n; i++) {
            assert_int_equal(weft_row_hash(rows[i]), c.hashes[i]);
            assert_int_equal(weft_row_hash(rows[n + i]), 0);
            assert_ptr_equal(pointers[i], rows[n + i]);
        }
        check_rows(&c, rows, positions, 2 * n);

        /* Copies keep all, and stand alone. */
        weft_fixture_ok(&c.f, weft_rows_append_rows(&c.f.ctx, &c.layout, &copy, rows, 2 * n));
        for (weft_row_page *page = set.first; page != NULL; page = page->next) {
            memset(weft_row_page_rows(page), 0xdd, page->bytes - WEFT_ROW_PAGE_HEADER);
        }
        weft_rows_clear(&set);
        rows = set_rows(&c.f, &copy);
        check_rows(&c, rows, positions, 2 * n);
        for (int32_t i = 0; i < n; i++) assert_int_equal(weft_row_hash(rows[i]), c.hashes[i]);
        weft_rows_clear(&copy);
        case_close(&c);
    }
}

static void scattered_rows_keep_their_order(void **state)
{
    (void)state;
    weft_test_random random = {weft_test_seed()};
    for (int round = 0; round < 150; round++) {
        rows_case c;
        case_open(&c, &random, random_rows(&random), round % 3 != 0);
        const int32_t parts = (int32_t)weft_test_random_range(&random, 1, round % 10 == 0 ? 500 : 8),
                      n = c.batch.selected;
        weft_row_set *sets = columnar_alloc(&c.f, (size_t)parts * sizeof *sets);
        uint16_t *partition = columnar_alloc(&c.f, (size_t)n * 2);
        int32_t *positions = columnar_alloc(&c.f, (size_t)n * 4);
        for (int32_t i = 0; i < n; i++)
            partition[i] = (uint16_t)weft_test_random_range(&random, 0, parts - 1);
        weft_fixture_ok(&c.f, weft_rows_scatter(&c.f.ctx, &c.layout, sets, parts, &c.batch, c.order, c.hashes,
                                                partition));
        int64_t total = 0;
        for (int32_t p = 0; p < parts; p++) {
            const uint8_t **rows = set_rows(&c.f, &sets[p]);
            int32_t count = 0;
            for (int32_t i = 0; i < n; i++) {
                if (partition[i] != p) continue;
                assert_int_equal(weft_row_hash(rows[count]), c.hashes[i]);
                positions[count++] = case_row(&c, i);
            }
            assert_int_equal(count, sets[p].rows);
            if (count > 0 && p < 10) check_rows(&c, rows, positions, count);
            total += count;
        }
        assert_int_equal(total, n);
        weft_row_set all = {0};
        for (int32_t p = 0; p < parts; p++) weft_rows_concat(&all, &sets[p]);
        assert_int_equal(all.rows, n);
        (void)set_rows(&c.f, &all);
        weft_rows_clear(&all);
        case_close(&c);
    }
}

/* Candidates that are kept are those whose key columns are the same, one by one. */
static void keys_match_as_keys(void **state)
{
    (void)state;
    weft_test_random random = {weft_test_seed()};
    for (int round = 0; round < 400; round++) {
        rows_case c;
        case_open(&c, &random, (int32_t)weft_test_random_range(&random, 1, 600), round % 4 != 0);
        weft_row_set set = {0};
        weft_fixture_ok(&c.f, weft_rows_append(&c.f.ctx, &c.layout, &set, &c.batch, c.order, NULL, NULL));
        const int32_t n = c.batch.selected, keys = (int32_t)weft_test_random_range(&random, 1, 2);
        const uint8_t **rows = set_rows(&c.f, &set),
                      **against = columnar_alloc(&c.f, (size_t)n * sizeof *against);
        uint16_t *positions = columnar_alloc(&c.f, (size_t)n * 2),
                 *candidates = columnar_alloc(&c.f, (size_t)n * 2);
        int32_t *other = columnar_alloc(&c.f, (size_t)n * 4), key[2], count = 0, want = 0;
        for (int k = 0; k < 2; k++)
            key[k] = (int32_t)weft_test_random_range(&random, 0, c.batch.column_count - 1);
        const bool null_equal = columnar_chance(&random, 50);
        for (int32_t i = 0; i < n; i++) { /* the row of a near position, or of its own */
            other[i] = columnar_chance(&random, 50) ? i : (int32_t)weft_test_random_range(&random, 0, n - 1);
            positions[i] = (uint16_t)case_row(&c, i);
            against[i] = rows[other[i]];
            if (columnar_chance(&random, 80)) candidates[count++] = (uint16_t)i;
        }
        uint16_t *expected = columnar_alloc(&c.f, (size_t)n * 2);
        for (int32_t j = 0; j < count; j++) {
            const int32_t i = candidates[j], a = case_row(&c, i), b = case_row(&c, other[i]);
            bool same = true;
            for (int32_t k = 0; k < keys; k++) {
                const weft_column *column = &c.columns[key[k]];
                if (weft_column_is_null(column, a) && !null_equal) same = false;
                same = same && columnar_same(column, a, column, b, true);
                const bool rows_same = columnar_same(column, a, column, b, true);
                assert_int_equal(weft_rows_equal(&c.layout, &key[k], 1, rows[i], against[i]), rows_same);
            }
            if (same) expected[want++] = (uint16_t)i;
        }
        const int32_t kept = weft_rows_match(&c.layout, key, keys, &c.batch, key, positions, against,
                                             null_equal, candidates, count);
        assert_int_equal(kept, want);
        if (want > 0) assert_memory_equal(candidates, expected, (size_t)want * 2);
        weft_rows_clear(&set);
        case_close(&c);
    }
}

/* ---- strings of running states ---- */

static void strings_are_set_again_and_again(void **state)
{
    (void)state;
    enum { ROWS = 2000 };
    weft_fixture f;
    weft_fixture_open(&f);
    weft_test_random random = {weft_test_seed()};
    const weft_type types[] = {WEFT_TYPE_OF(WEFT_TYPE_BIGINT), WEFT_TYPE_OF(WEFT_TYPE_STRING)};
    weft_row_layout layout;
    weft_fixture_ok(&f, weft_row_layout_init(&f.ctx, types, 2, &layout));
    weft_row_set set = {0};
    uint8_t *rows[ROWS] = {0};
    uint32_t lens[ROWS] = {0};
    char seeds[ROWS] = {0};
    int32_t count = 0;
    for (int step = 0; step < 20000; step++) {
        if (count < ROWS && columnar_chance(&random, 12)) {
            weft_fixture_ok(&f, weft_rows_reserve(&f.ctx, &layout, &set, &rows[count]));
            for (int32_t b = 0; b < layout.row_bytes; b++) assert_int_equal(rows[count][b], 0);
            count++;
        }
        if (count == 0) continue;
        const int32_t i = (int32_t)weft_test_random_range(&random, 0, count - 1);
        char bytes[600];
        seeds[i] = (char)weft_test_random_range(&random, 'a', 'z');
        lens[i] = (uint32_t)weft_test_random_range(&random, 0, columnar_chance(&random, 5) ? 600 : 40);
        memset(bytes, seeds[i], sizeof bytes);
        weft_fixture_ok(&f, weft_rows_set_string(&f.ctx, &set, rows[i], layout.offsets[1], bytes, lens[i]));
    }
    for (int32_t i = 0; i < count; i++) {
        weft_str s;
        memcpy(&s, rows[i] + layout.offsets[1], sizeof s);
        assert_int_equal(s.len, lens[i]);
        for (uint32_t k = 0; k < s.len; k++) assert_int_equal(weft_str_data(&s)[k], seeds[i]);
    }
    assert_true(set.apart); /* with so many changes some went to side pages */
    weft_row_set copy = {0};
    weft_fixture_ok(&f, weft_rows_append_rows(&f.ctx, &layout, &copy, (const uint8_t *const *)rows, count));
    assert_false(copy.apart);
    for (weft_row_page *page = copy.first; page != NULL; page = page->next) {
        weft_fixture_ok(&f, weft_row_page_validate(&f.ctx, &layout, page, page->bytes));
    }
    weft_rows_clear(&set);
    weft_rows_clear(&copy);
    weft_fixture_close(&f);
}

/* ---- pages that move ---- */

static void pages_move_to_other_addresses(void **state)
{
    (void)state;
    weft_test_random random = {weft_test_seed()};
    for (int round = 0; round < 200; round++) {
        rows_case c;
        case_open(&c, &random, (int32_t)weft_test_random_range(&random, 1, 500), false);
        weft_row_set set = {0}, moved = {0};
        const int32_t n = c.batch.selected;
        int32_t *positions = columnar_alloc(&c.f, (size_t)n * 4);
        for (int32_t i = 0; i < n; i++) positions[i] = case_row(&c, i);
        weft_fixture_ok(&c.f, weft_rows_append(&c.f.ctx, &c.layout, &set, &c.batch, c.order, c.hashes, NULL));
        for (weft_row_page *page = set.first; page != NULL; page = page->next) {
            if (round % 2 == 0) {
                const uint32_t used = page->bytes - page->heap_begin + WEFT_ROW_PAGE_HEADER +
                                      page->rows * page->row_bytes;
                assert_int_equal(weft_row_page_pack(&c.layout, page), used);
                assert_int_equal(weft_row_page_pack(&c.layout, page), used);
            }
            weft_row_page *copy = NULL;
            const uint32_t digest = weft_row_page_digest(&c.layout, page);
            weft_fixture_ok(&c.f, weft_row_page_new(&c.f.ctx, &c.layout, page->bytes, &copy));
            memcpy(copy, page, page->bytes);
            weft_fixture_ok(&c.f, weft_row_page_validate(&c.f.ctx, &c.layout, copy, page->bytes));
            memset(weft_row_page_rows(page), 0xdd, page->bytes - WEFT_ROW_PAGE_HEADER);
            weft_row_page_rebase(&c.layout, copy);
            if (moved.page_count % 2 == 0)
                weft_row_page_rebase(&c.layout, copy);
            else
                weft_fixture_ok(&c.f, weft_row_page_arrive(&c.f.ctx, &c.layout, copy, copy->bytes));
            assert_int_equal(copy->base, (uintptr_t)copy);
            assert_int_equal(weft_row_page_digest(&c.layout, copy), digest);
            weft_row_page_rows(copy)[7] ^= 1; /* of a hash */
            assert_int_not_equal(weft_row_page_digest(&c.layout, copy), digest);
            weft_row_page_rows(copy)[7] ^= 1;
            weft_rows_add_page(&moved, copy);
        }
        weft_rows_clear(&set);
        check_rows(&c, set_rows(&c.f, &moved), positions, n);
        weft_rows_clear(&moved);
        case_close(&c);
    }
}

/* A page with random damage is refused, or is safe to read: every value is touched under the sanitizer. */
static void damaged_pages_are_refused_or_harmless(void **state)
{
    (void)state;
    weft_test_random random = {weft_test_seed()};
    int refused = 0, taken = 0;
    for (int round = 0; round < 1500; round++) {
        rows_case c;
        case_open(&c, &random, (int32_t)weft_test_random_range(&random, 1, 20), false);
        weft_row_set set = {0};
        weft_fixture_ok(&c.f, weft_rows_append(&c.f.ctx, &c.layout, &set, &c.batch, c.order, c.hashes, NULL));
        weft_row_page *page = set.first, *copy = NULL;
        if (page == NULL) {
            case_close(&c);
            continue;
        }
        const uint32_t bytes = weft_row_page_pack(&c.layout, page);
        weft_fixture_ok(&c.f, weft_row_page_new(&c.f.ctx, &c.layout, bytes, &copy));
        memcpy(copy, page, bytes);
        const int64_t changes = weft_test_random_range(&random, 1, 4);
        for (int64_t k = 0; k < changes; k++) {
            const int64_t at =
                weft_test_random_range(&random, columnar_chance(&random, 20) ? 8 : 64, bytes - 1);
            ((uint8_t *)copy)[at] ^= (uint8_t)(1 << weft_test_random_range(&random, 0, 7));
        }
        const weft_status verdict = weft_row_page_validate(&c.f.ctx, &c.layout, copy, bytes);
        weft_error_clear(&c.f.ctx);
        assert_int_equal(weft_row_page_arrive(&c.f.ctx, &c.layout, copy, bytes), verdict);
        if (verdict != WEFT_OK) {
            refused++;
            assert_non_null(strstr(c.f.ctx.error.message, "damaged"));
        } else {
            taken++;
            weft_row_set again = {0};
            for (uint32_t i = 0; i < copy->rows; i++) {
                const uint8_t *row = weft_row_page_rows(copy) + (size_t)i * copy->row_bytes;
                weft_fixture_ok(&c.f, weft_rows_append_rows(&c.f.ctx, &c.layout, &again, &row, 1));
                for (int32_t k = 0; k < c.batch.column_count; k++) {
                    weft_vector owner = {0};
                    (void)gather(&c, k, &row, 1, NULL, &owner);
                    weft_vector_deinit(&owner);
                }
            }
            weft_rows_clear(&again);
        }
        weft_row_page_free(&copy);
        weft_rows_clear(&set);
        case_close(&c);
    }
    assert_true(refused > 50);
    assert_true(taken > 50);
}

static void short_pages_are_refused(void **state)
{
    (void)state;
    weft_fixture f;
    weft_fixture_open(&f);
    const weft_type types[] = {WEFT_TYPE_OF(WEFT_TYPE_STRING)};
    weft_row_layout layout;
    weft_fixture_ok(&f, weft_row_layout_init(&f.ctx, types, 1, &layout));
    weft_row_page *page = NULL;
    weft_fixture_ok(&f, weft_row_page_new(&f.ctx, &layout, 1000, &page));
    weft_fixture_ok(&f, weft_row_page_validate(&f.ctx, &layout, page, 1000));
    for (size_t bytes = 0; bytes < 1100; bytes++) {
        if (bytes == 1000) continue;
        assert_int_equal(weft_row_page_validate(&f.ctx, &layout, page, bytes), WEFT_CORRUPT);
        assert_int_equal(weft_row_page_arrive(&f.ctx, &layout, page, bytes), WEFT_CORRUPT);
    }
    page->rows = UINT32_MAX;
    assert_int_equal(weft_row_page_validate(&f.ctx, &layout, page, 1000), WEFT_CORRUPT);
    weft_row_page_free(&page);
    weft_fixture_close(&f);
}

/* ---- layout and limits ---- */

static void layouts_are_aligned_and_tight(void **state)
{
    (void)state;
    weft_test_random random = {weft_test_seed()};
    for (int round = 0; round < 500; round++) {
        weft_fixture f;
        weft_fixture_open(&f);
        weft_type types[40];
        const int32_t count = (int32_t)weft_test_random_range(&random, 0, 40);
        int32_t data = 0;
        for (int32_t i = 0; i < count; i++) {
            types[i] =
                columnar_type(&f, columnar_types[weft_test_random_range(&random, 0, COLUMNAR_TYPES - 1)]);
        }
        weft_row_layout layout;
        weft_fixture_ok(&f, weft_row_layout_init(&f.ctx, types, count, &layout));
        assert_int_equal(layout.row_bytes % 8, 0);
        uint8_t used[2000] = {0};
        memset(used, 1, (size_t)(8 + layout.null_bytes));
        for (int32_t i = 0; i < count; i++) {
            const int32_t bytes = weft_phys_bytes((weft_phys)layout.phys[i]);
            if (bytes > 0) assert_int_equal(layout.offsets[i] % (bytes > 8 ? 8 : bytes), 0);
            assert_true(layout.offsets[i] + bytes <= layout.row_bytes);
            for (int32_t k = 0; k < bytes; k++) assert_int_equal(used[layout.offsets[i] + k]++, 0);
            data += bytes;
        }
        assert_true(layout.row_bytes - data - 8 - layout.null_bytes < 8 + 8);
        weft_fixture_close(&f);
    }
}

static void a_long_row_gets_a_page_of_its_own(void **state)
{
    (void)state;
    weft_fixture f;
    weft_fixture_open(&f);
    const weft_type types[] = {WEFT_TYPE_OF(WEFT_TYPE_STRING)};
    const uint32_t len = 3 * WEFT_ROW_PAGE_BYTES;
    char *bytes = columnar_alloc(&f, len);
    memset(bytes, 'x', len);
    const weft_str strings[] = {weft_str_view("short", 5), weft_str_view(bytes, len),
                                weft_str_view("also short", 10)};
    weft_column column = {.type = types[0], .phys = WEFT_PHYS_STR, .data = strings};
    const weft_batch batch = {.rows = 3, .selected = 3, .column_count = 1, .columns = &column};
    const int32_t order[] = {0};
    weft_row_layout layout;
    weft_row_set set = {0};
    weft_fixture_ok(&f, weft_row_layout_init(&f.ctx, types, 1, &layout));
    weft_fixture_ok(&f, weft_rows_append(&f.ctx, &layout, &set, &batch, order, NULL, NULL));
    assert_int_equal(set.rows, 3);
    const uint8_t **rows = set_rows(&f, &set);
    weft_str s;
    memcpy(&s, rows[1] + layout.offsets[0], sizeof s);
    assert_int_equal(s.len, len);
    assert_memory_equal(s.pointer, bytes, len);
    weft_rows_clear(&set);
    weft_fixture_close(&f);
}

/* ---- failing memory ---- */

static weft_status keep_rows(weft_fixture *f, void *arg)
{
    (void)arg;
    weft_status st = WEFT_OK;
    const weft_type types[] = {WEFT_TYPE_OF(WEFT_TYPE_INT), WEFT_TYPE_OF(WEFT_TYPE_STRING)};
    const int32_t order[] = {0, 1};
    int32_t numbers[2000];
    weft_str strings[2000];
    uint16_t partition[2000];
    weft_row_layout layout;
    weft_row_set set = {0}, copy = {0}, parts[3] = {{0}};
    uint8_t *row = NULL, *pointers[2000];
    for (int32_t i = 0; i < 2000; i++) {
        numbers[i] = i;
        strings[i] = weft_str_view("a string that is not inline, to be sure", 30);
        partition[i] = (uint16_t)(i % 3);
    }
    weft_column columns[] = {{.type = types[0], .phys = WEFT_PHYS_I32, .data = numbers},
                             {.type = types[1], .phys = WEFT_PHYS_STR, .data = strings}};
    const weft_batch batch = {.rows = 2000, .selected = 2000, .column_count = 2, .columns = columns};
    WEFT_TRY(st, weft_row_layout_init(&f->ctx, types, 2, &layout));
    WEFT_TRY(st, weft_rows_append(&f->ctx, &layout, &set, &batch, order, NULL, pointers));
    WEFT_TRY(st, weft_rows_scatter(&f->ctx, &layout, parts, 3, &batch, order, NULL, partition));
    WEFT_TRY(st, weft_rows_append_rows(&f->ctx, &layout, &copy, (const uint8_t *const *)pointers, 2000));
    WEFT_TRY(st, weft_rows_reserve(&f->ctx, &layout, &copy, &row));
    for (uint32_t len = 30; len < 3000; len += 500) {
        char bytes[3000] = {0};
        WEFT_TRY(st, weft_rows_set_string(&f->ctx, &set, pointers[0], layout.offsets[1], bytes, len));
    }
done:
    for (const weft_row_page *page = set.first; page != NULL;
         page = page->next) { /* every row that counts is whole */
        for (uint32_t i = 0; i < page->rows; i++) {
            const uint8_t *r = weft_row_page_rows(page) + (size_t)i * page->row_bytes;
            weft_str s;
            memcpy(&s, r + layout.offsets[1], sizeof s);
            assert_true(s.len >= 30);
        }
    }
    weft_rows_clear(&set);
    weft_rows_clear(&copy);
    for (int i = 0; i < 3; i++) weft_rows_clear(&parts[i]);
    return st;
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    weft_fixture_oom_sweep(keep_rows, NULL);
}

WEFT_TESTS(WEFT_TEST(appended_rows_come_back), WEFT_TEST(scattered_rows_keep_their_order),
           WEFT_TEST(keys_match_as_keys), WEFT_TEST(strings_are_set_again_and_again),
           WEFT_TEST(pages_move_to_other_addresses), WEFT_TEST(damaged_pages_are_refused_or_harmless),
           WEFT_TEST(short_pages_are_refused), WEFT_TEST(layouts_are_aligned_and_tight),
           WEFT_TEST(a_long_row_gets_a_page_of_its_own), WEFT_TEST(every_allocation_may_fail))
