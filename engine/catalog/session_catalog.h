/* engine/catalog/session_catalog.h - the names of one session: temporary views, and tables given by format
 * and path.
 *
 * Views live as long as the session (in the arena of the ctx given to new); relations that a statement opened
 * by format.`path` live until end_statement. One thread at a time. */
#ifndef WEFT_CATALOG_SESSION_CATALOG_H
#define WEFT_CATALOG_SESSION_CATALOG_H

#include "engine/catalog/session_objects.h"
#include "engine/catalog/table_cache.h"
#include "engine/plan/analyzer.h"
#include "engine/plan/pointers.h"

typedef struct weft_session_catalog weft_session_catalog;

/* The query of a view. All of it lives as long as the session. */
typedef struct weft_view_query {
    const weft_node *parsed; /* with the columns' names, when they were given */
    const char *text;        /* with what it goes by in front */
    weft_kept_settings kept;
    const char *collation;      /* DEFAULT COLLATION, which stands in the text too; or NULL */
    const char *const *columns; /* [column_count] their names, as they were given; else none */
    int32_t column_count;
    const char *const *temporaries; /* [temporary_count] the temporary views that its text names alone */
    int32_t temporary_count;        /* -1: not known; then each such name is a temporary view's, if it can */
} weft_view_query;

/* All that a view was made of: what another process needs to make it again. Either a query, or a table. */
typedef struct weft_view_definition {
    const char *name;
    const char *query; /* its text; NULL: a table */
    const char *const *columns;
    int32_t column_count;
    const char *const *temporaries; /* of a query: see weft_view_query */
    int32_t temporary_count;
    const char *format, *source; /* of a table; source: format and path, for people */
    const weft_file_info *files; /* as they were listed when it was opened */
    int32_t file_count;
    const char *const *options; /* [2 * option_count] keys and values */
    int32_t option_count;
} weft_view_definition;

/* The files that a path means. */
typedef struct weft_listing {
    const char *path; /* as it was given */
    const weft_file_info *files;
    int32_t file_count;
} weft_listing;

/* All that a statement has listed: a path means the same files wherever the statement names it, and whenever
 * it is planned again. */
typedef struct weft_listings {
    weft_pointers items; /* weft_listing *, in the statement's arena */
} weft_listings;

/* session_ctx is borrowed for the catalogue's whole life; its arena keeps views and their tables. */
WEFT_MUST_CHECK weft_status weft_session_catalog_new(weft_ctx *session_ctx, weft_session_catalog **out);
/* The catalogue as the analyser sees it. */
weft_catalog weft_session_catalog_view(weft_session_catalog *catalog);
/* Its functions and variables. */
weft_session_objects *weft_session_catalog_objects(weft_session_catalog *catalog);
/* What CACHE TABLE keeps. */
weft_table_cache *weft_session_catalog_cache(weft_session_catalog *catalog);
/* Tables of the warehouse that the statement has opened so far: pairs of database and name, in keep's arena.
 * Errors: WEFT_NOMEM. */
WEFT_MUST_CHECK weft_status weft_session_catalog_sources(const weft_session_catalog *catalog, weft_ctx *keep,
                                                         const char *const **out, int32_t *count);
/* Is there a temporary view of this name that is a query? *collation gets its DEFAULT COLLATION, or NULL. */
bool weft_session_catalog_has_query(const weft_session_catalog *catalog, const char *name,
                                    const char **collation);
/* The temporary views that the statement names alone, not counting the texts of others: those of the view
 * that it makes. Borrowed until it ends. */
const char *const *weft_session_catalog_named(const weft_session_catalog *catalog, int32_t *count);
/* Define a temporary view. query: its temporaries are copied; NULL for a table, whose relation lives as long
 * as the session. Views replace what had the name when replace is set. Errors:
 * WEFT_TEMP_TABLE_OR_VIEW_ALREADY_EXISTS. */
WEFT_MUST_CHECK weft_status weft_session_catalog_add(weft_ctx *ctx, weft_session_catalog *catalog,
                                                     const char *name, bool replace,
                                                     const weft_view_query *query,
                                                     const weft_relation *relation);
/* Define a table again, of the files that it had. Errors: those of the format. */
WEFT_MUST_CHECK weft_status weft_session_catalog_restore(weft_ctx *ctx, weft_session_catalog *catalog,
                                                         const weft_view_definition *definition);
/* Define a view that could not be made again: whoever reads it is told why. */
WEFT_MUST_CHECK weft_status weft_session_catalog_add_lost(weft_ctx *ctx, weft_session_catalog *catalog,
                                                          const weft_view_definition *definition,
                                                          const weft_error *why);
/* Is there a view of this name? */
bool weft_session_catalog_has_view(const weft_session_catalog *catalog, const char *name);
/* Where SET PATH finds a table or view that is named alone: its database; WEFT_PATH_SESSION for a temporary
 * view, when there is one of the name; NULL: nowhere. */
WEFT_MUST_CHECK weft_status weft_session_catalog_on_path(weft_ctx *ctx, const char *name, bool temporary,
                                                         const char **database);
/* Database and name that the parts mean: table, database.table or spark_catalog.database.table; both NULL for
 * what can be no table. */
WEFT_MUST_CHECK weft_status weft_session_catalog_name_of(weft_ctx *ctx, const char *const *parts,
                                                         int32_t part_count, const char **database,
                                                         const char **name);
/* Database and name that the name of a function with dots means, as above. */
WEFT_MUST_CHECK weft_status weft_session_catalog_function_name(weft_ctx *ctx, const char *name,
                                                               const char **database, const char **function);
/* The function of the warehouse of this name, which may have dots; *out NULL: there is none. */
WEFT_MUST_CHECK weft_status weft_session_catalog_function(weft_ctx *ctx, const char *name,
                                                          const weft_routine **out);
/* The table of the warehouse that the parts name; *out NULL: there is none. A view is none. */
WEFT_MUST_CHECK weft_status weft_session_catalog_table(weft_ctx *ctx, const char *const *parts,
                                                       int32_t part_count, const weft_table_definition **out);
/* The same, or a view of the warehouse. */
WEFT_MUST_CHECK weft_status weft_session_catalog_entry(weft_ctx *ctx, const char *const *parts,
                                                       int32_t part_count, const weft_table_definition **out);
/* Errors: WEFT_TABLE_OR_VIEW_NOT_FOUND unless if_exists. */
WEFT_MUST_CHECK weft_status weft_session_catalog_drop(weft_ctx *ctx, weft_session_catalog *catalog,
                                                      const char *name, bool if_exists);
/* A temporary view gets another name. Errors: WEFT_TABLE_OR_VIEW_NOT_FOUND,
 * WEFT_TEMP_TABLE_OR_VIEW_ALREADY_EXISTS. */
WEFT_MUST_CHECK weft_status weft_session_catalog_rename(weft_ctx *ctx, weft_session_catalog *catalog,
                                                        const char *name, const char *to);
/* Open a table that lives as long as the session. path is a file, directory, glob or comma list of them; ""
 * is none, for a table without rows. */
WEFT_MUST_CHECK weft_status weft_session_catalog_open(weft_ctx *ctx, weft_session_catalog *catalog,
                                                      const char *format, const char *path,
                                                      const char *const *options, int32_t option_count,
                                                      const weft_relation **out);
/* The views, in order of definition. */
int32_t weft_session_catalog_count(const weft_session_catalog *catalog);
const char *weft_session_catalog_name(const weft_session_catalog *catalog, int32_t i);
/* Of view i, below count; borrowed until it is defined anew or dropped. */
weft_view_definition weft_session_catalog_definition(const weft_session_catalog *catalog, int32_t i);
/* A statement begins: paths are looked up in its listings, and added there. Borrowed until end_statement. */
void weft_session_catalog_begin_statement(weft_session_catalog *catalog, weft_listings *listings);
/* Tables in folders are opened without their files: here those are listed that the statement's plan,
 * optimised once, may need. *listed: there were such, and what was known of them has changed: optimise anew.
 * Errors: those of fs.h and of the formats. */
WEFT_MUST_CHECK weft_status weft_session_catalog_list_partitions(weft_ctx *ctx, weft_session_catalog *catalog,
                                                                 const weft_node *plan, bool *listed);
/* Close what the statement opened. */
void weft_session_catalog_end_statement(weft_session_catalog *catalog);
/* Close everything; the arena's owner frees the rest. */
void weft_session_catalog_free(weft_session_catalog **catalog);

#endif
