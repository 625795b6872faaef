/* tests/support/tpch_catalog.c - see tpch_catalog.h. Numbers are those of scale factor 1, measured on its
 * files. */
#include "tests/support/tpch_catalog.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "tests/support/test.h"

/* How a count grows with the scale factor. */
typedef enum tpch_growth { FIXED, SCALED } tpch_growth;

typedef struct tpch_column {
    const char *name;
    weft_type_id type;
    int32_t distinct; /* at scale 1 */
    tpch_growth growth;
    int64_t low, high;                /* integers, days, hundredths; high grows with SCALED keys */
    const char *low_text, *high_text; /* strings, when known */
    double value_bytes;
} tpch_column;

typedef struct weft_tpch_table_def {
    const char *name;
    int32_t rows; /* at scale 1 */
    tpch_growth growth;
    int32_t column_count;
    const tpch_column *columns;
} weft_tpch_table_def;

#define KEY(name, distinct, growth, low, high)                                                               \
    {                                                                                                        \
        name, WEFT_TYPE_BIGINT, distinct, growth, low, high, NULL, NULL, 8                                   \
    }
#define NUMBER(name, distinct, low, high)                                                                    \
    {                                                                                                        \
        name, WEFT_TYPE_INT, distinct, FIXED, low, high, NULL, NULL, 4                                       \
    }
#define MONEY(name, distinct, growth, low, high)                                                             \
    {                                                                                                        \
        name, WEFT_TYPE_DECIMAL, distinct, growth, low, high, NULL, NULL, 8                                  \
    }
#define DAY(name, distinct, low, high)                                                                       \
    {                                                                                                        \
        name, WEFT_TYPE_DATE, distinct, FIXED, low, high, NULL, NULL, 4                                      \
    }
#define TEXT(name, distinct, growth, low, high, bytes)                                                       \
    {                                                                                                        \
        name, WEFT_TYPE_STRING, distinct, growth, 0, 0, low, high, (bytes) > 12 ? (bytes) + 16 : 16          \
    }

static const tpch_column region_columns[] = {
    KEY("r_regionkey", 5, FIXED, 0, 4),
    TEXT("r_name", 5, FIXED, "AFRICA", "MIDDLE EAST", 6.8),
    TEXT("r_comment", 5, FIXED, NULL, NULL, 66),
};
static const tpch_column nation_columns[] = {
    KEY("n_nationkey", 25, FIXED, 0, 24),
    TEXT("n_name", 25, FIXED, "ALGERIA", "VIETNAM", 7.1),
    KEY("n_regionkey", 5, FIXED, 0, 4),
    TEXT("n_comment", 25, FIXED, NULL, NULL, 74),
};
static const tpch_column supplier_columns[] = {
    KEY("s_suppkey", 10000, SCALED, 1, 10000),
    TEXT("s_name", 10000, SCALED, "Supplier#000000001", "Supplier#000010000", 18),
    TEXT("s_address", 10000, SCALED, NULL, NULL, 25),
    KEY("s_nationkey", 25, FIXED, 0, 24),
    TEXT("s_phone", 10000, SCALED, NULL, NULL, 15),
    MONEY("s_acctbal", 9955, SCALED, -99822, 999972),
    TEXT("s_comment", 10000, SCALED, NULL, NULL, 62.6),
};
static const tpch_column customer_columns[] = {
    KEY("c_custkey", 150000, SCALED, 1, 150000),
    TEXT("c_name", 150000, SCALED, "Customer#000000001", "Customer#000150000", 18),
    TEXT("c_address", 150000, SCALED, NULL, NULL, 25),
    KEY("c_nationkey", 25, FIXED, 0, 24),
    TEXT("c_phone", 150000, SCALED, NULL, NULL, 15),
    MONEY("c_acctbal", 140187, SCALED, -99999, 999999),
    TEXT("c_mktsegment", 5, FIXED, "AUTOMOBILE", "MACHINERY", 9),
    TEXT("c_comment", 149968, SCALED, NULL, NULL, 72.5),
};
static const tpch_column part_columns[] = {
    KEY("p_partkey", 200000, SCALED, 1, 200000),
    TEXT("p_name", 199997, SCALED, NULL, NULL, 32.8),
    TEXT("p_mfgr", 5, FIXED, "Manufacturer#1", "Manufacturer#5", 14),
    TEXT("p_brand", 25, FIXED, "Brand#11", "Brand#55", 8),
    TEXT("p_type", 150, FIXED, "ECONOMY ANODIZED BRASS", "STANDARD POLISHED TIN", 20.6),
    NUMBER("p_size", 50, 1, 50),
    TEXT("p_container", 40, FIXED, "JUMBO BAG", "WRAP PKG", 7.6),
    MONEY("p_retailprice", 20899, FIXED, 90100, 209899),
    TEXT("p_comment", 131753, SCALED, NULL, NULL, 13.5),
};
static const tpch_column partsupp_columns[] = {
    KEY("ps_partkey", 200000, SCALED, 1, 200000),
    KEY("ps_suppkey", 10000, SCALED, 1, 10000),
    NUMBER("ps_availqty", 9999, 1, 9999),
    MONEY("ps_supplycost", 99865, FIXED, 100, 100000),
    TEXT("ps_comment", 799124, SCALED, NULL, NULL, 123.6),
};
static const tpch_column orders_columns[] = {
    KEY("o_orderkey", 1500000, SCALED, 1, 6000000),
    KEY("o_custkey", 99996, SCALED, 1, 149999),
    TEXT("o_orderstatus", 3, FIXED, "F", "P", 1),
    MONEY("o_totalprice", 1464556, SCALED, 85771, 55528516),
    DAY("o_orderdate", 2406, 8035, 10440),
    TEXT("o_orderpriority", 5, FIXED, "1-URGENT", "5-LOW", 8.4),
    TEXT("o_clerk", 1000, SCALED, "Clerk#000000001", "Clerk#000001000", 15),
    NUMBER("o_shippriority", 1, 0, 0),
    TEXT("o_comment", 1482071, SCALED, NULL, NULL, 48.5),
};
static const tpch_column lineitem_columns[] = {
    KEY("l_orderkey", 1500000, SCALED, 1, 6000000),
    KEY("l_partkey", 200000, SCALED, 1, 200000),
    KEY("l_suppkey", 10000, SCALED, 1, 10000),
    NUMBER("l_linenumber", 7, 1, 7),
    MONEY("l_quantity", 50, FIXED, 100, 5000),
    MONEY("l_extendedprice", 933900, FIXED, 90100, 10494950),
    MONEY("l_discount", 11, FIXED, 0, 10),
    MONEY("l_tax", 9, FIXED, 0, 8),
    TEXT("l_returnflag", 3, FIXED, "A", "R", 1),
    TEXT("l_linestatus", 2, FIXED, "F", "O", 1),
    DAY("l_shipdate", 2526, 8036, 10561),
    DAY("l_commitdate", 2466, 8065, 10530),
    DAY("l_receiptdate", 2554, 8038, 10591),
    TEXT("l_shipinstruct", 4, FIXED, "COLLECT COD", "TAKE BACK RETURN", 12),
    TEXT("l_shipmode", 7, FIXED, "AIR", "TRUCK", 4.3),
    TEXT("l_comment", 4580667, SCALED, NULL, NULL, 26.5),
};

#define TABLE(name, rows, growth)                                                                            \
    {                                                                                                        \
#name, rows, growth, WEFT_COUNT(name##_columns), name##_columns                                      \
    }
static const weft_tpch_table_def table_defs[WEFT_TPCH_TABLES] = {
    TABLE(region, 5, FIXED),         TABLE(nation, 25, FIXED),         TABLE(supplier, 10000, SCALED),
    TABLE(customer, 150000, SCALED), TABLE(part, 200000, SCALED),      TABLE(partsupp, 800000, SCALED),
    TABLE(orders, 1500000, SCALED),  TABLE(lineitem, 6001215, SCALED),
};

static int64_t grown(int64_t count, tpch_growth growth, double scale)
{
    return growth == SCALED ? weft_max_i64((int64_t)((double)count * scale), 1) : count;
}

static const weft_tpch_table *table_of(const weft_table *table)
{
    return (const weft_tpch_table *)(const void *)table;
}

static const weft_schema *mock_schema(const weft_table *table) { return &table_of(table)->schema; }

static int64_t mock_row_count(const weft_table *table)
{
    const weft_tpch_table *t = table_of(table);
    return grown(t->def->rows, t->def->growth, t->scale);
}

static weft_status mock_stats(weft_ctx *ctx, const weft_table *table, int32_t column, weft_column_stats *out)
{
    const weft_tpch_table *t = table_of(table);
    (void)ctx;
    assert(column >= 0 && column < t->def->column_count);
    const tpch_column *c = &t->def->columns[column];
    const weft_type type = t->fields[column].type;
    const bool text = c->type == WEFT_TYPE_STRING;
    *out = (weft_column_stats){.null_count = 0,
                               .distinct_estimate = grown(c->distinct, c->growth, t->scale),
                               .has_bounds = !text || c->low_text != NULL,
                               .low = {.type = type},
                               .high = {.type = type},
                               .value_bytes = c->value_bytes};
    const bool key = c->type == WEFT_TYPE_BIGINT;
    const int64_t high = key ? grown(c->high, c->growth, t->scale) : c->high;
    if (c->type == WEFT_TYPE_DECIMAL) {
        out->low.i128 = c->low;
        out->high.i128 = high;
    } else if (!text) {
        out->low.i64 = c->low;
        out->high.i64 = high;
    } else if (c->low_text != NULL) {
        out->low.str = weft_str_view(c->low_text, (uint32_t)strlen(c->low_text));
        out->high.str = weft_str_view(c->high_text, (uint32_t)strlen(c->high_text));
    }
    return WEFT_OK;
}

/* One split of all rows: planners may cut tasks, nothing can be read. */
static weft_status mock_splits(weft_ctx *ctx, const weft_table *table, const weft_scan_spec *spec,
                               int64_t target_rows, weft_split **splits, int32_t *count)
{
    const weft_tpch_table *t = table_of(table);
    const int64_t rows = mock_row_count(table);
    const int64_t step = target_rows > 0 ? target_rows : rows;
    const int32_t pieces = (int32_t)((rows + step - 1) / step);
    double row_bytes = 0;
    for (int32_t i = 0; i < spec->column_count; i++)
        row_bytes += t->def->columns[spec->columns[i]].value_bytes / 2;
    const weft_status st = WEFT_NEW_ARRAY(ctx, pieces, splits);
    if (st != WEFT_OK) return st;
    for (int32_t i = 0; i < pieces; i++) {
        const int64_t begin = i * step, end = weft_min_i64(begin + step, rows);
        (*splits)[i] =
            (weft_split){.begin = begin, .end = end, .bytes = (int64_t)((double)(end - begin) * row_bytes)};
    }
    *count = pieces;
    return WEFT_OK;
}

static const weft_format mock_format = {
    .name = "parquet",
    .schema = mock_schema,
    .row_count = mock_row_count,
    .stats = mock_stats,
    .splits = mock_splits,
};

/* Splits name a file, though nothing reads it. */
static const weft_file_info mock_file = {.path = "mock.parquet", .size_bytes = 1};

static weft_status mock_find(weft_ctx *ctx, void *self, const char *const *parts, int32_t part_count,
                             const weft_node **parsed, const weft_relation **relation, const char **database)
{
    const weft_tpch_catalog *c = self;
    (void)ctx;
    *database = NULL;
    *parsed = NULL;
    *relation = NULL;
    for (int32_t i = 0; i < c->view_count; i++) {
        if (strcasecmp(c->view_names[i], parts[part_count - 1]) == 0) *parsed = c->views[i];
    }
    for (int32_t i = 0; *parsed == NULL && i < WEFT_TPCH_TABLES; i++) {
        if (strcasecmp(table_defs[i].name, parts[part_count - 1]) == 0) *relation = &c->tables[i].relation;
    }
    return WEFT_OK;
}

static weft_status mock_open(weft_ctx *ctx, void *self, const char *format, const char *path,
                             const char *const *options, int32_t option_count, const weft_relation **relation)
{
    (void)self, (void)options, (void)option_count, (void)relation;
    return weft_fail(ctx, WEFT_NOT_FOUND, "%s.`%s`: this catalogue has no files", format, path);
}

/* None of the tables outlives the session. */
static weft_status mock_table(weft_ctx *ctx, void *self, const char *const *parts, int32_t part_count,
                              const weft_table_definition **out)
{
    (void)ctx;
    (void)self;
    (void)parts;
    (void)part_count;
    *out = NULL;
    return WEFT_OK;
}

static weft_status mock_names(weft_ctx *ctx, void *self, const char *const **names, int32_t *count)
{
    const weft_tpch_catalog *c = self;
    const char **list = NULL;
    const weft_status st = WEFT_NEW_ARRAY(ctx, WEFT_TPCH_TABLES + c->view_count, &list);
    if (st != WEFT_OK) return st;
    for (int32_t i = 0; i < WEFT_TPCH_TABLES; i++) list[i] = table_defs[i].name;
    for (int32_t i = 0; i < c->view_count; i++) list[WEFT_TPCH_TABLES + i] = c->view_names[i];
    *names = list;
    *count = WEFT_TPCH_TABLES + c->view_count;
    return WEFT_OK;
}

void weft_tpch_catalog_init(weft_tpch_catalog *c, double scale)
{
    memset(c, 0, sizeof *c);
    c->catalog = (weft_catalog){
        .find = mock_find, .open = mock_open, .table = mock_table, .names = mock_names, .self = c};
    for (int32_t i = 0; i < WEFT_TPCH_TABLES; i++) {
        weft_tpch_table *t = &c->tables[i];
        t->def = &table_defs[i];
        t->scale = scale;
        t->schema = (weft_schema){.count = t->def->column_count, .fields = t->fields};
        for (int32_t k = 0; k < t->def->column_count; k++) {
            const tpch_column *column = &t->def->columns[k];
            t->fields[k].name = column->name;
            t->fields[k].type = column->type == WEFT_TYPE_DECIMAL ? weft_type_decimal(15, 2)
                                                                  : WEFT_TYPE_OF(column->type);
        }
        t->relation = (weft_relation){.name = t->def->name,
                                      .format = &mock_format,
                                      .table = (weft_table *)(void *)t,
                                      .schema = &t->schema,
                                      .file_count = 1,
                                      .files = &mock_file};
    }
}

void weft_tpch_catalog_add_view(weft_tpch_catalog *c, const char *name, const weft_node *parsed)
{
    assert(c->view_count < WEFT_TPCH_VIEWS_MAX);
    c->view_names[c->view_count] = name;
    c->views[c->view_count++] = parsed;
}

char *weft_tpch_query(int query)
{
    char path[1024];
    snprintf(path, sizeof path, "%s/tests/support/tpch/queries/q%02d.sql", weft_test_source_dir(), query);
    FILE *file = fopen(path, "rb");
    if (file == NULL) return NULL;
    enum { BYTES = 1 << 16 };
    char *text = calloc(1, BYTES);
    const size_t read = text != NULL ? fread(text, 1, BYTES - 1, file) : 0;
    fclose(file);
    if (read > 0) return text;
    free(text);
    return NULL;
}
