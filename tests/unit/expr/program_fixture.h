/* tests/unit/expr/program_fixture.h - expressions from short text, and batches of random columns to run them
 * on.
 *
 * Text: (+ i 1), (and (< d 0.05) (= s 'abc')), (case (> i 0) s 'x'), (in i 1 2 null), (cast "decimal(10,2)"
 * s). Names are those of program_columns; 12 is an INT, 0.05 a DECIMAL(2,2), 'abc' a STRING, d'1998-12-01' a
 * DATE. */
#ifndef WEFT_TESTS_UNIT_EXPR_PROGRAM_FIXTURE_H
#define WEFT_TESTS_UNIT_EXPR_PROGRAM_FIXTURE_H

#include <ctype.h>

#include "engine/expr/cast.h"
#include "engine/expr/decimal.h"
#include "engine/expr/program.h"
#include "tests/support/fixture.h"

typedef struct program_column {
    const char *name, *type;
} program_column;

static const program_column program_columns[] = {
    {"i", "int"},           {"j", "bigint"},        {"k", "smallint"}, {"d", "decimal(15,2)"},
    {"e", "decimal(16,4)"}, {"w", "decimal(30,6)"}, {"x", "double"},   {"y", "float"},
    {"s", "string"},        {"r", "string"},        {"t", "date"},     {"u", "timestamp"},
    {"b", "boolean"},       {"c", "boolean"},       {"z", "tinyint"},  {"g", "decimal(15,2)"}};
enum { PROGRAM_COLUMNS = sizeof program_columns / sizeof program_columns[0] };

static inline weft_type program_type(weft_fixture *f, const char *text)
{
    weft_type type = {0};
    weft_fixture_ok(f, weft_type_parse(&f->ctx, text, &type));
    return type;
}

static inline void program_types(weft_fixture *f, weft_type types[PROGRAM_COLUMNS])
{
    for (int i = 0; i < PROGRAM_COLUMNS; i++) types[i] = program_type(f, program_columns[i].type);
}

static inline const weft_expr *program_literal(weft_fixture *f, weft_value value)
{
    const weft_expr *e = NULL;
    weft_fixture_ok(f, weft_expr_literal(&f->ctx, &value, &e));
    return e;
}

static inline const weft_expr *program_parse(weft_fixture *f, const char **at);

/* A name, number, quoted text or null. */
static inline const weft_expr *program_atom(weft_fixture *f, const char **at)
{
    const char *begin = *at, *quote = begin[0] == '\''                      ? begin
                                      : begin[0] == 'd' && begin[1] == '\'' ? begin + 1
                                                                            : NULL;
    if (quote != NULL) {
        const char *end = strchr(quote + 1, '\'');
        *at = end + 1;
        int32_t days = 0;
        if (quote == begin) {
            return program_literal(
                f, (weft_value){.type = WEFT_TYPE_OF(WEFT_TYPE_STRING),
                                .str = weft_str_view(quote + 1, (uint32_t)(end - quote - 1))});
        }
        assert_true(weft_parse_date(quote + 1, (size_t)(end - quote - 1), &days));
        return program_literal(f, (weft_value){.type = WEFT_TYPE_OF(WEFT_TYPE_DATE), .i64 = days});
    }
    while (**at != 0 && **at != ' ' && **at != ')') (*at)++;
    const size_t len = (size_t)(*at - begin);
    char word[64] = {0};
    assert_true(len < sizeof word);
    memcpy(word, begin, len);
    if (strcmp(word, "null") == 0) return program_literal(f, (weft_value){.is_null = true});
    if (strcmp(word, "true") == 0 || strcmp(word, "false") == 0) {
        return program_literal(
            f, (weft_value){.type = WEFT_TYPE_OF(WEFT_TYPE_BOOLEAN), .boolean = word[0] == 't'});
    }
    if (isdigit((unsigned char)word[0]) || (word[0] == '-' && len > 1)) {
        const char *point = strchr(word, '.');
        if (point == NULL) {
            const int64_t number = strtoll(word, NULL, 10);
            const weft_type_id id = number == (int32_t)number ? WEFT_TYPE_INT : WEFT_TYPE_BIGINT;
            return program_literal(f, (weft_value){.type = WEFT_TYPE_OF(id), .i64 = number});
        }
        const int scale = (int)strlen(point + 1);
        weft_type type = weft_type_decimal(scale + (int)(point - word), scale);
        weft_value value = {.type = type};
        bool overflow;
        assert_true(weft_parse_decimal(word, len, type, &value.i128, &overflow));
        return program_literal(f, value);
    }
    for (int i = 0; i < PROGRAM_COLUMNS; i++) {
        const weft_expr *e = NULL;
        if (strcmp(word, program_columns[i].name) != 0) continue;
        weft_fixture_ok(f, weft_expr_ordinal(&f->ctx, i, program_type(f, program_columns[i].type), true, &e));
        return e;
    }
    fail_msg("what is '%s'?", word);
    return NULL;
}

static inline const weft_expr *program_parse(weft_fixture *f, const char **at)
{
    static const struct {
        const char *name;
        weft_expr_kind kind;
    } forms[] = {{"and", WEFT_EXPR_AND},        {"or", WEFT_EXPR_OR},
                 {"not", WEFT_EXPR_NOT},        {"case", WEFT_EXPR_CASE},
                 {"in", WEFT_EXPR_IN},          {"coalesce", WEFT_EXPR_COALESCE},
                 {"isnull", WEFT_EXPR_IS_NULL}, {"isnotnull", WEFT_EXPR_IS_NOT_NULL}};
    while (**at == ' ') (*at)++;
    if (**at != '(') return program_atom(f, at);
    char name[64] = {0}, type[64] = {0};
    const weft_expr *args[32], *e = NULL;
    int32_t count = 0;
    (*at)++;
    for (size_t i = 0; **at != ' ' && **at != ')'; i++) name[i] = *(*at)++;
    const bool cast = strcmp(name, "cast") == 0 || strcmp(name, "try") == 0;
    if (cast) {
        const char *begin = strchr(*at, '"') + 1, *end = strchr(begin, '"');
        memcpy(type, begin, (size_t)(end - begin));
        *at = end + 1;
    }
    for (;;) {
        while (**at == ' ') (*at)++;
        if (**at == ')') break;
        args[count++] = program_parse(f, at);
    }
    (*at)++;
    if (cast) {
        weft_expr *node = NULL;
        weft_fixture_ok(f, weft_expr_cast(&f->ctx, args[0], program_type(f, type), false, &e));
        if (name[0] != 't' || e == args[0]) return e;
        weft_fixture_ok(f, weft_arena_alloc(&f->ctx, f->arena, sizeof *node, (void **)&node));
        *node = *e;
        node->cast.try_ = true;
        node->nullable = true;
        return node;
    }
    for (int32_t k = 0; k < WEFT_COUNT(forms); k++) {
        if (strcmp(name, forms[k].name) != 0) continue;
        weft_fixture_ok(f, weft_expr_form(&f->ctx, forms[k].kind, args, count, NULL, &e));
        return e;
    }
    weft_fixture_ok(f, weft_expr_call(&f->ctx, name, args, count, NULL, &e));
    return e;
}

static inline const weft_expr *program_expr(weft_fixture *f, const char *text)
{
    return program_parse(f, &text);
}

static inline void *program_alloc(weft_fixture *f, size_t bytes)
{
    void *block = NULL;
    weft_fixture_ok(f, weft_arena_alloc(&f->ctx, f->arena, bytes + 16, &block));
    return block;
}

static inline weft_str program_string(weft_fixture *f, weft_test_random *r)
{
    static const char *const pieces[] = {
        "",     "a",     "b",        "green", "special",      "requests",
        "%",    " ",     "\xc3\xa9", "12",    "-7.5",         "1998-12-01",
        "true", "PROMO", "BRASS",    "xyz",   "\xe2\x82\xac", "the quick brown fox",
        "1e3",  "ABC"};
    char *bytes = program_alloc(f, 128);
    const int64_t count = weft_test_random_range(r, 0, 3);
    uint32_t len = 0;
    for (int64_t i = 0; i < count; i++) {
        const char *piece = pieces[weft_test_random_range(r, 0, WEFT_COUNT(pieces) - 1)];
        memcpy(bytes + len, piece, strlen(piece));
        len += (uint32_t)strlen(piece);
    }
    return weft_str_view(bytes, len);
}

/* A random value of a column's type; small ones, edges of the range, values that collide. */
static inline void program_value(weft_fixture *f, weft_test_random *r, weft_type type, weft_phys phys,
                                 bool tame, void *out)
{
    const int64_t kind = weft_test_random_range(r, 0, tame ? 60 : 9);
    int64_t number = kind < 3 || tame ? weft_test_random_range(r, -20, 120)
                                      : (int64_t)weft_test_random_u64(r);
    if (type.id == WEFT_TYPE_DECIMAL) {
        const int64_t limit = type.precision > 18 ? 1000000000000000000
                                                  : (int64_t)weft_i128_pow10(type.precision);
        number %= tame ? 100000 : limit;
    }
    if (type.id == WEFT_TYPE_DATE) number = tame ? 8000 + number * 7 : number % 3000000;
    if (type.id == WEFT_TYPE_TIMESTAMP) number = number % 100000000000 * 1000000;
    switch ((int)phys) {
    case WEFT_PHYS_BOOL: *(uint8_t *)out = (uint8_t)(number & 1); return;
    case WEFT_PHYS_I8: *(int8_t *)out = (int8_t)number; return;
    case WEFT_PHYS_I16: *(int16_t *)out = (int16_t)number; return;
    case WEFT_PHYS_I32: *(int32_t *)out = (int32_t)number; return;
    case WEFT_PHYS_I64: *(int64_t *)out = number; return;
    case WEFT_PHYS_I128:
        *(weft_i128 *)out = kind > 5 && !tame ? (weft_i128)number * 100000000000 : number;
        return;
    case WEFT_PHYS_F32:
        *(float *)out = kind == 4 ? -0.0f : kind == 5 ? __builtin_nanf("") : (float)(number % 1000) / 8;
        return;
    case WEFT_PHYS_F64:
        *(double *)out = kind == 4 ? -0.0 : kind == 5 ? __builtin_nan("") : (double)(number % 100000) / 8;
        return;
    case WEFT_PHYS_STR: *(weft_str *)out = program_string(f, r); return;
    default: fail_msg("no values of physical type %d", phys);
    }
}

typedef struct program_shape {
    int32_t rows;
    int null_percent, select_percent;
    bool tame;    /* values that mostly do not overflow */
    int encoding; /* a weft_encoding, -1: any */
} program_shape;

static inline weft_column program_make_column(weft_fixture *f, weft_test_random *r, weft_type type,
                                              const program_shape *shape)
{
    const int encoding = shape->encoding >= 0 ? shape->encoding : (int)weft_test_random_range(r, 0, 3);
    weft_phys phys = weft_type_phys(type);
    if (phys == WEFT_PHYS_I128 && weft_test_random_range(r, 0, 1) == 0) phys = WEFT_PHYS_I64;
    const size_t bytes = (size_t)weft_phys_bytes(phys);
    weft_column c = {.type = type, .phys = (uint8_t)phys, .encoding = (uint8_t)encoding};
    int32_t slots = shape->rows, count;
    if (encoding == WEFT_CONSTANT) slots = 1;
    if (encoding == WEFT_RUN_LENGTH) {
        int32_t *ends = program_alloc(f, (size_t)(shape->rows + 1) * 4), end = 0;
        for (slots = 0; end < shape->rows || slots == 0; slots++)
            ends[slots] = end += (int32_t)weft_test_random_range(r, 1, 9);
        c.run_ends = ends;
        c.run_count = slots;
    }
    count = encoding == WEFT_DICTIONARY ? (int32_t)weft_test_random_range(r, 1, 40) : slots;
    uint8_t *values = program_alloc(f, (size_t)count * bytes);
    for (int32_t i = 0; i < count; i++)
        program_value(f, r, type, phys, shape->tame, values + (size_t)i * bytes);
    uint32_t *codes = NULL;
    c.data = values;
    if (encoding == WEFT_DICTIONARY) {
        weft_dictionary *dict = program_alloc(f, sizeof *dict);
        *dict = (weft_dictionary){
            .id = weft_dictionary_new_id(), .count = count, .phys = (uint8_t)phys, .values = values};
        c.dict = dict;
        c.data = codes = program_alloc(f, (size_t)slots * 4);
        for (int32_t i = 0; i < slots; i++) codes[i] = (uint32_t)weft_test_random_range(r, 0, count - 1);
    }
    if (shape->null_percent == 0) return c;
    uint64_t *validity = program_alloc(f, (size_t)weft_bit_words(slots) * 8 + 8);
    for (int32_t i = 0; i < slots; i++) {
        if (weft_test_random_range(r, 1, 100) > shape->null_percent)
            weft_bit_set(validity, i);
        else if (codes != NULL)
            codes[i] = 0;
        else
            memset(values + (size_t)i * bytes, 0, bytes);
    }
    c.validity = validity;
    return c;
}

static inline weft_batch program_batch(weft_fixture *f, weft_test_random *r, const program_shape *shape)
{
    weft_batch batch = {.rows = shape->rows, .selected = shape->rows, .column_count = PROGRAM_COLUMNS};
    batch.columns = program_alloc(f, PROGRAM_COLUMNS * sizeof *batch.columns);
    for (int i = 0; i < PROGRAM_COLUMNS; i++) {
        batch.columns[i] = program_make_column(f, r, program_type(f, program_columns[i].type), shape);
    }
    if (shape->select_percent >= 100) return batch;
    uint16_t *selection = program_alloc(f, (size_t)shape->rows * 2);
    batch.selected = 0;
    for (int32_t i = 0; i < shape->rows; i++) {
        if (weft_test_random_range(r, 1, 100) <= shape->select_percent)
            selection[batch.selected++] = (uint16_t)i;
    }
    batch.selection = selection;
    return batch;
}

/* A row's values in place of the columns. */
typedef struct program_row {
    const weft_batch *batch;
    int32_t row;
} program_row;

static inline weft_status program_substitute(weft_ctx *ctx, void *self, const weft_expr *e,
                                             const weft_expr **out)
{
    const program_row *row = self;
    *out = e;
    if (e->kind != WEFT_EXPR_COLUMN) return WEFT_OK;
    weft_value value = weft_value_of_column(&row->batch->columns[e->column.ordinal], row->row);
    value.type = e->type;
    return weft_expr_literal(ctx, &value, out);
}

/* The reference: the expression of one row, its columns replaced by literals. */
static inline weft_status program_reference(weft_fixture *f, const weft_expr *e, const weft_batch *batch,
                                            int32_t row, weft_value *out)
{
    program_row at = {batch, row};
    const weft_expr *literal = NULL;
    weft_fixture_ok(f, weft_expr_rewrite(&f->ctx, e, program_substitute, &at, &literal));
    return weft_eval_constant(&f->ctx, literal, out);
}

#endif
