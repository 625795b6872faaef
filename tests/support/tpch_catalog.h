/* tests/support/tpch_catalog.h - a catalogue of the eight TPC-H tables without any data: schemas and the
 * statistics that the files of tpcgen-cli have, for tests of analyser, optimiser and planner.
 *
 * The tables cannot be scanned. One thread; everything is inside the struct, which must not be moved. */
#ifndef WEFT_TESTS_SUPPORT_TPCH_CATALOG_H
#define WEFT_TESTS_SUPPORT_TPCH_CATALOG_H

#include "engine/plan/analyzer.h"

enum { WEFT_TPCH_TABLES = 8, WEFT_TPCH_COLUMNS_MAX = 16, WEFT_TPCH_VIEWS_MAX = 8 };

typedef struct weft_tpch_table {
    const struct weft_tpch_table_def *def;
    double scale;
    weft_schema schema;
    weft_field fields[WEFT_TPCH_COLUMNS_MAX];
    weft_relation relation;
} weft_tpch_table;

typedef struct weft_tpch_catalog {
    weft_catalog catalog; /* pass this one to weft_analyze */
    weft_tpch_table tables[WEFT_TPCH_TABLES];
    int32_t view_count;
    const char *view_names[WEFT_TPCH_VIEWS_MAX];
    const weft_node *views[WEFT_TPCH_VIEWS_MAX]; /* parsed */
} weft_tpch_catalog;

/* Row counts and distinct counts of the scale factor (1 is 6 million line items). */
void weft_tpch_catalog_init(weft_tpch_catalog *c, double scale);
/* A view over a parsed query, both borrowed. */
void weft_tpch_catalog_add_view(weft_tpch_catalog *c, const char *name, const weft_node *parsed);
/* The text of query 1..22 as kept in tests/support/tpch/queries; freed by the caller with free(). */
char *weft_tpch_query(int query);

#endif
