/* tests/unit/expr/test_kernel.c - loops against plain ones, the decimal arithmetic against itself and known
 * answers, case mapping. */
#include "engine/expr/decimal.h"
#include "engine/expr/kernel.h"
#include "engine/expr/utf8.h"
#include "tests/support/test.h"

static const int32_t lengths[] = {0, 1, 7, 8, 15, 16, 17, 31, 32, 33, 63, 64, 65, 127, 200, 300};

/* The loops of every instruction set give the same bytes. */
static void instruction_sets_agree(void **state)
{
    (void)state;
#ifdef WEFT_HAVE_AVX2
    extern const weft_bytes_table weft_bytes_loops_base, weft_bytes_loops_avx2;
    extern const weft_compare_table weft_compare_loops_base, weft_compare_loops_avx2;
    extern const weft_arith_table weft_arith_loops_base, weft_arith_loops_avx2;
    if (!__builtin_cpu_supports("avx2")) return;
    weft_test_random r = {weft_test_seed()};
    static _Alignas(16) uint8_t a[300 * 16], b[300 * 16], x[300 * 16], y[300 * 16];
    for (int round = 0; round < 200; round++) {
        const int32_t n = lengths[round % WEFT_COUNT(lengths)];
        for (size_t i = 0; i < sizeof a; i++) {
            a[i] = (uint8_t)(weft_test_random_u64(&r) & (round % 3 == 0 ? 0x81 : 0xff));
            b[i] = round % 2 == 0 && i % 3 == 0 ? a[i] : (uint8_t)weft_test_random_u64(&r);
        }
        for (int phys = WEFT_PHYS_BOOL; phys <= WEFT_PHYS_F64; phys++) {
            for (int op = 0; op < WEFT_CMP_OPS; op++) {
                memset(x, 7, sizeof x);
                memset(y, 7, sizeof y);
                weft_compare_loops_base.loops[phys][op].bools_vv(a, b, x, n);
                weft_compare_loops_avx2.loops[phys][op].bools_vv(a, b, y, n);
                assert_memory_equal(x, y, sizeof x);
                weft_compare_loops_base.loops[phys][op].bools_vc(a, b, x, n);
                weft_compare_loops_avx2.loops[phys][op].bools_vc(a, b, y, n);
                assert_memory_equal(x, y, sizeof x);
            }
            for (int op = 0; op < WEFT_ARITH_OPS && phys != WEFT_PHYS_BOOL; op++) {
                if (phys >= WEFT_PHYS_F32) continue; /* of two NaNs either may be kept */
                assert_int_equal(weft_arith_loops_base.loops[op][phys].vv(a, b, x, n),
                                 weft_arith_loops_avx2.loops[op][phys].vv(a, b, y, n));
                assert_memory_equal(x, y, sizeof x);
            }
        }
        uint32_t codes[300];
        for (int32_t i = 0; i < 300; i++) codes[i] = (uint32_t)weft_test_random_range(&r, 0, 63);
        const uint64_t bits = weft_test_random_u64(&r);
        weft_bytes_loops_base.code_bits(codes, bits, x, n);
        weft_bytes_loops_avx2.code_bits(codes, bits, y, n);
        assert_memory_equal(x, y, (size_t)n);
    }
#endif
}

/* find is memmem: texts and needles of two letters, so that near matches abound. */
static void finding_is_memmem(void **state)
{
    (void)state;
    weft_test_random r = {weft_test_seed()};
    for (int round = 0; round < 50000; round++) {
        const size_t len = (size_t)weft_test_random_range(&r, 0, round % 5 == 0 ? 300 : 60);
        const size_t needle_len = (size_t)weft_test_random_range(&r, 0, round % 50 == 0 ? 140 : 6);
        char *text = malloc(len + 1), *needle = malloc(needle_len + 1); /* of exact size, for the sanitizer */
        for (size_t i = 0; i < len; i++) text[i] = (char)weft_test_random_range(&r, 'a', 'b');
        for (size_t i = 0; i < needle_len; i++) needle[i] = (char)weft_test_random_range(&r, 'a', 'b');
        text = realloc(text, len == 0 ? 1 : len);
        assert_ptr_equal(weft_bytes_loops_get()->find(text, len, needle, needle_len),
                         memmem(text, len, needle, needle_len));
        free(text);
        free(needle);
    }
}

/* The plain reference: which ends of the text does the pattern so far reach? % stands for any bytes, all else
 * for itself. */
static bool like_reference(const char *pattern, const char *text, size_t len)
{
    bool reached[100] = {true};
    for (; *pattern != '\0'; pattern++) {
        bool next[100] = {false};
        for (size_t i = 0; i <= len; i++) {
            if (*pattern == '%')
                next[i] = reached[i] || (i > 0 && next[i - 1]);
            else
                next[i] = i > 0 && reached[i - 1] && text[i - 1] == *pattern;
        }
        memcpy(reached, next, sizeof reached);
    }
    return reached[len];
}

/* A pattern cut at its %, as fn_like.c does it. */
static void like_cut(const char *text, weft_like_pattern *p, weft_like_segment *segments)
{
    const size_t len = strlen(text);
    *p = (weft_like_pattern){.plain = true, .segments = segments};
    p->open_begin = text[0] == '%';
    p->open_end = len > 0 && text[len - 1] == '%';
    for (const char *at = text; *at != '\0';) {
        const size_t bytes = strcspn(at, "%");
        if (bytes > 0) segments[p->count++] = (weft_like_segment){.bytes = at, .len = (uint32_t)bytes};
        at += bytes + (at[bytes] == '%');
        p->least += (uint32_t)bytes;
    }
    if (len == 0) segments[p->count++] = (weft_like_segment){.bytes = text};
    if (p->open_begin) return;
    memcpy(&p->head, segments[0].bytes, weft_min_i64(segments[0].len, 4));
    memset(&p->head_mask, 0xff, (size_t)weft_min_i64(segments[0].len, 4));
}

/* LIKE by the loops of every instruction set is LIKE by the reference; texts and patterns of two letters. */
static void like_is_its_reference(void **state)
{
    (void)state;
    const weft_bytes_table *tables[2] = {weft_bytes_loops_get(), NULL};
#ifdef WEFT_HAVE_AVX2
    extern const weft_bytes_table weft_bytes_loops_base;
    tables[1] = &weft_bytes_loops_base;
#endif
    weft_test_random r = {weft_test_seed()};
    for (int round = 0; round < 20000; round++) {
        char pattern[12] = {0};
        weft_like_pattern p;
        weft_like_segment segments[12];
        const size_t pattern_len = (size_t)weft_test_random_range(&r, 0, 11);
        const size_t len = (size_t)weft_test_random_range(&r, 0, round % 4 == 0 ? 90 : 20);
        for (size_t i = 0; i < pattern_len; i++) pattern[i] = "ab%"[weft_test_random_range(&r, 0, 2)];
        char *text = malloc(len == 0 ? 1 : len); /* of exact size, for the sanitizer */
        for (size_t i = 0; i < len; i++) text[i] = weft_test_random_range(&r, 0, 9) < round % 10 ? 'a' : 'b';
        like_cut(pattern, &p, segments);
        const weft_str texts[2] = {{0}, weft_str_view(text, (uint32_t)len)};
        const uint16_t selection[1] = {1};
        for (int t = 0; t < 2 && tables[t] != NULL; t++) {
            uint8_t all[2] = {7, 7}, one[2] = {7, 7};
            tables[t]->like(&p, texts, NULL, 2, all);
            tables[t]->like(&p, texts, selection, 1, one);
            if (all[1] != like_reference(pattern, text, len))
                fail_msg("'%.*s' LIKE '%s'", (int)len, text, pattern);
            assert_int_equal(all[0], like_reference(pattern, "", 0));
            assert_true(one[0] == 7 && one[1] == all[1]);
            assert_ptr_equal(tables[t]->find(text, len, pattern, pattern_len),
                             memmem(text, len, pattern, pattern_len));
        }
        free(text);
    }
}

static void bytes_name_their_rows(void **state)
{
    (void)state;
    weft_test_random r = {weft_test_seed()};
    for (int round = 0; round < 2000; round++) {
        uint8_t bytes[300];
        uint16_t rows[308];
        const int32_t n = lengths[round % WEFT_COUNT(lengths)];
        int32_t want = 0;
        for (int32_t i = 0; i < n; i++) bytes[i] = weft_test_random_range(&r, 0, 99) < round % 100;
        const int32_t count = weft_select_bytes(bytes, n, rows);
        for (int32_t i = 0; i < n; i++) {
            if (bytes[i] == 0) continue;
            assert_true(want < count);
            assert_int_equal(rows[want++], i);
        }
        assert_int_equal(count, want);
    }
}

static weft_i128 number(const char *text)
{
    weft_i128 value = 0;
    for (const char *c = text + (*text == '-'); *c != 0; c++) value = value * 10 + (*c - '0');
    return *text == '-' ? -value : value;
}

/* Answers of Python's decimal module, rounded half up. */
static void decimals_known_answers(void **state)
{
    (void)state;
    static const struct {
        const char *a;
        int up;
        const char *b;
        int down;
        const char *want; /* NULL: no 128 bits hold it */
    } quotients[] = {{"1", 0, "2", 0, "1"},
                     {"-1", 0, "2", 0, "-1"},
                     {"1", 6, "3", 0, "333333"},
                     {"2", 38, "3", 0, "66666666666666666666666666666666666667"},
                     {"99999999999999999999999999999999999999", 38, "99999999999999999999999999999999999998",
                      0, "100000000000000000000000000000000000001"},
                     {"99999999999999999999999999999999999999", 38, "3", 0, NULL},
                     {"-12345678901234567890123456789012345678", 20, "98765432109876543210987654321", 0,
                      "-12499999886093750001423828125"},
                     {"99999999999999999999999999999999999999", 0, "7", 10, "1428571428571428571428571429"},
                     {"5", 0, "1", 1, "1"},
                     {"4", 0, "1", 1, "0"}};
    for (int32_t i = 0; i < WEFT_COUNT(quotients); i++) {
        weft_i128 got = 0;
        const bool fits = weft_decimal_divide(number(quotients[i].a), quotients[i].up, number(quotients[i].b),
                                              quotients[i].down, &got);
        assert_int_equal(fits, quotients[i].want != NULL);
        if (fits) assert_true(got == number(quotients[i].want));
    }
    weft_i128 got = 0;
    assert_true(weft_decimal_multiply(number("99999999999999999999999999999999999999"),
                                      number("99999999999999999999999999999999999999"), 38, &got));
    assert_true(got == number("99999999999999999999999999999999999998"));
    assert_true(weft_decimal_multiply(number("10000000000000000000000000000000000000"),
                                      number("10000000000000000000000000000000000000"), 39, &got));
    assert_true(got == number("100000000000000000000000000000000000"));
    assert_true(weft_decimal_sum(1, 0, -100, 38, 4, &got) &&
                got == -number("1000000000000000000000000000000000000"));
    assert_true(weft_decimal_sum(-7, 0, 2, 1, 1, &got) && got == 1);
    assert_false(weft_decimal_sum(number("99999999999999999999999999999999999999"), 2, 1, 0, 1, &got));
    assert_true(weft_decimal_multiply(number("-15"), 1, 1, &got) && got == -2);
    assert_true(weft_decimal_multiply(number("-14"), 1, 1, &got) && got == -1);
    char text[WEFT_DECIMAL_TEXT_BYTES];
    (void)weft_decimal_text(number("-5"), 3, text);
    assert_string_equal(text, "-0.005");
    assert_true(weft_decimal_to_double(number("123456789"), 4) == 12345.6789);
}

/* (a / b) * b is a within the rounding, for values of all sizes. */
static void decimals_divide_back(void **state)
{
    (void)state;
    weft_test_random r = {weft_test_seed()};
    for (int round = 0; round < 20000; round++) {
        weft_i128 a = (weft_i128)weft_test_random_u64(&r) << weft_test_random_range(&r, 0, 60);
        const weft_i128 b =
            (weft_i128)weft_test_random_range(&r, 1, INT64_MAX) >> weft_test_random_range(&r, 0, 60) | 1;
        weft_i128 quotient;
        if ((round & 1) != 0) a = -a;
        const int up = (int)weft_test_random_range(&r, 0, 30);
        if (!weft_decimal_divide(a, up, b, 0, &quotient)) continue;
        weft_i128 product, scaled;
        if (__builtin_mul_overflow(quotient, b, &product) || !weft_decimal_rescale(a, 0, up, &scaled))
            continue;
        const weft_u128 rest = weft_i128_abs(scaled - product);
        assert_true(rest * 2 <= weft_i128_abs(b));
    }
}

static void case_of_letters(void **state)
{
    (void)state;
    static const struct {
        uint32_t from, upper, lower;
    } cases[] = {{'a', 'A', 'a'},
                 {'Z', 'Z', 'z'},
                 {'[', '[', '['},
                 {0xe9, 0xc9, 0xe9},
                 {0xff, 0x178, 0xff},
                 {0x101, 0x100, 0x101},
                 {0x100, 0x100, 0x101},
                 {0x3b1, 0x391, 0x3b1},
                 {0x436, 0x416, 0x436},
                 {0x1c6, 0x1c4, 0x1c6},
                 {0x10428, 0x10400, 0x10428},
                 {0x4e2d, 0x4e2d, 0x4e2d},
                 {0x24d0, 0x24b6, 0x24d0},
                 {0x13a0, 0x13a0, 0xab70},
                 {0x1e9e, 0x1e9e, 0xdf}};
    uint32_t out[3];
    for (int32_t i = 0; i < WEFT_COUNT(cases); i++) {
        assert_int_equal(weft_utf8_upper(cases[i].from, out), 1);
        assert_int_equal(out[0], cases[i].upper);
        assert_int_equal(weft_utf8_lower(cases[i].from, out), 1);
        assert_int_equal(out[0], cases[i].lower);
    }
    assert_int_equal(weft_utf8_upper(0xdf, out), 2);
    assert_true(out[0] == 'S' && out[1] == 'S');
    for (uint32_t c = 0; c < 0x110000; c += 97) { /* and back from UTF-8 */
        char text[4];
        uint32_t bytes = 0;
        if (c >= 0xd800 && c < 0xe000) continue;
        const uint32_t size = weft_utf8_encode(c, text);
        assert_int_equal(weft_utf8_decode(text, size, &bytes), c);
        assert_int_equal(bytes, size);
    }
}

WEFT_TESTS(WEFT_TEST(instruction_sets_agree), WEFT_TEST(finding_is_memmem), WEFT_TEST(like_is_its_reference),
           WEFT_TEST(bytes_name_their_rows), WEFT_TEST(decimals_known_answers),
           WEFT_TEST(decimals_divide_back), WEFT_TEST(case_of_letters))
