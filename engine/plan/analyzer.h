/* engine/plan/analyzer.h - from parsed plans to bound plans: names, types, functions, subqueries, stars,
 * grouping.
 *
 * Catalogue: names are looked up through weft_catalog, a small interface that the session implements
 * (temporary views, and format.`path`). */
#ifndef WEFT_PLAN_ANALYZER_H
#define WEFT_PLAN_ANALYZER_H

#include "common/kept_settings.h"
#include "engine/plan/logical.h"

/* Database of the global temporary views: to its session such a view is a temporary one with this name and a
 * dot before its own. */
#define WEFT_GLOBAL_DATABASE "global_temp"
/* The one catalogue, as statements may name it. */
#define WEFT_CATALOG_NAME "spark_catalog"

typedef struct weft_catalog {
    /* A view or table by name: *parsed is the parsed plan of a view AS query (analysed afresh at each use),
     * or *relation a table. Both NULL and WEFT_OK when the name is unknown. *database: where it is, by which
     * its columns may be named too; NULL for a view of the session. */
    weft_status (*find)(weft_ctx *ctx, void *self, const char *const *parts, int32_t part_count,
                        const weft_node **parsed, const weft_relation **relation, const char **database);
    /* Open format.`path` or a view's USING clause. Errors: WEFT_DATA_SOURCE_NOT_FOUND, WEFT_NOT_FOUND … */
    weft_status (*open)(weft_ctx *ctx, void *self, const char *format, const char *path,
                        const char *const *options, int32_t option_count, const weft_relation **relation);
    /* A table that outlives the session: what INSERT writes into. *out NULL: there is none of this name. */
    weft_status (*table)(weft_ctx *ctx, void *self, const char *const *parts, int32_t part_count,
                         const weft_table_definition **out);
    /* The analyser goes into the text of a view (parsed, as find gave it), into CREATE VIEW of one that
     * outlives the session (the node), or back to where it was before: gives that. NULL: names mean the same
     * everywhere. */
    const weft_node *(*within)(void *self, const weft_node *view);
    /* The definition of a view that outlives the session, by its parsed plan as find gave it; NULL for a view
     * of the session. This member may be NULL: there are none. */
    const weft_table_definition *(*view)(void *self, const weft_node *parsed);
    /* What the text of a view goes by, by its parsed plan as find gave it; NULL: what its reader goes by.
     * This member may be NULL: so do all. */
    const weft_kept_settings *(*kept)(void *self, const weft_node *parsed);
    /* Text that the catalogue keeps (the DEFAULT of a column as SELECT …) as a parsed plan; NULL: there is
     * none. */
    weft_status (*parse)(weft_ctx *ctx, void *self, const char *text, const weft_node **out);
    /* A function written in SQL, by its name with dots; *out NULL: there is none. This member and the next
     * may be NULL: there are none at all. */
    weft_status (*routine)(weft_ctx *ctx, void *self, const char *name, const weft_routine **out);
    /* A variable, of a script or of the session; *out NULL: there is none of this name. *used: how many of
     * the parts name it, the rest are fields. Lives as long as ctx->arena. */
    weft_status (*variable)(weft_ctx *ctx, void *self, const char *const *parts, int32_t part_count,
                            int32_t *used, const weft_variable **out);
    /* The table of the warehouse itself, of which find gave what CACHE TABLE keeps; *relation stays when it
     * is gone. This member may be NULL: nothing is kept. */
    weft_status (*uncached)(weft_ctx *ctx, void *self, const char *database, const char *name,
                            const weft_relation **relation);
    /* Names for "did you mean": all visible tables; in ctx->arena. */
    weft_status (*names)(weft_ctx *ctx, void *self, const char *const **names, int32_t *count);
    void *self;
} weft_catalog;

/* Bind a parsed statement. ids is used for every new column. Commands keep their node with bound inputs.
 * Errors carry Spark's class and the span of the culprit. */
WEFT_MUST_CHECK weft_status weft_analyze(weft_ctx *ctx, const weft_catalog *catalog, weft_ids *ids,
                                         const weft_node *parsed, const weft_node **out);

/* The same of a query whose columns are assigned to those of the target, which need no table: the word
 * DEFAULT in its list is theirs. Errors: WEFT_DEFAULT_PLACE, too. */
WEFT_MUST_CHECK weft_status weft_analyze_assigned(weft_ctx *ctx, const weft_catalog *catalog, weft_ids *ids,
                                                  const weft_table_definition *target,
                                                  const weft_node *parsed, const weft_node **out);

/* The type of a bound query's output with the length that a table declares for it: CHAR(n), VARCHAR(n). */
weft_type weft_declared_type(weft_ctx *ctx, const weft_node *query, int32_t output);
/* The comment of the table's or view's column that an output of the query is; NULL: none. */
const char *weft_declared_comment(const weft_node *query, int32_t output);

#endif
