/* engine/catalog/session_catalog.c - see session_catalog.h. */
#include "engine/catalog/session_catalog.h"

#include <string.h>
#include <strings.h>

#include "common/settings.h"
#include "common/sql_path.h"
#include "engine/catalog/catalog_private.h"
#include "engine/catalog/partition_listing.h"
#include "engine/catalog/session_listing.h"
#include "engine/catalog/view_text.h"
#include "engine/catalog/warehouse.h"
#include "engine/sql/parser.h"

/* A view of the warehouse. */
typedef struct lasting_view {
    const weft_table_definition *definition;
    const weft_node *parsed;
} lasting_view;

typedef struct view {
    const char *name;
    weft_view_query query; /* parsed NULL: a table, or lost */
    const weft_relation *relation;
    const weft_view_definition *lost; /* it could not be made again: … */
    const weft_error *why;            /* … and why */
    bool dropped;
} view;

struct weft_session_catalog {
    weft_ctx *session;
    weft_pointers views;      /* view * */
    weft_pointers tables;     /* weft_relation *: open until the session ends */
    weft_pointers statement;  /* weft_relation *: open until the statement ends */
    weft_listings *listings;  /* of the statement; NULL: none runs */
    weft_pointers unlisted;   /* weft_relation *: of the statement, opened without their files */
    weft_pointers lasting;    /* lasting_view *: of the warehouse, that the statement reads; in its arena */
    const weft_node *within;  /* the view whose text is analysed, or a CREATE VIEW; NULL: none */
    const weft_node *created; /* the CREATE VIEW that is analysed, or NULL */
    weft_pointers named;      /* const char *: the temporary views that the statement names; in its arena */
    weft_session_objects objects;
    weft_table_cache cache;
};

weft_status weft_session_catalog_new(weft_ctx *session, weft_session_catalog **out)
{
    weft_status st = WEFT_OK;
    WEFT_TRY(st, WEFT_NEW(session, out));
    (*out)->session = session;
    (*out)->objects.session = session;
done:
    return st;
}

weft_session_objects *weft_session_catalog_objects(weft_session_catalog *c) { return &c->objects; }

weft_table_cache *weft_session_catalog_cache(weft_session_catalog *c) { return &c->cache; }

static view *find_view(const weft_session_catalog *c, const char *name)
{
    for (int32_t i = 0; i < c->views.count; i++) {
        view *v = (view *)(uintptr_t)c->views.items[i];
        if (!v->dropped && strcasecmp(v->name, name) == 0) return v;
    }
    return NULL;
}

/* The view of this name, which defines nothing yet. Errors are in the session's ctx. */
static weft_status put_view(weft_session_catalog *c, const char *name, view **out)
{
    weft_status st = WEFT_OK;
    view *v = find_view(c, name);
    const char *kept = v == NULL ? NULL : v->name;
    char *copy = NULL;
    if (v == NULL) {
        WEFT_TRY(st, WEFT_NEW(c->session, &v));
        WEFT_TRY(st, weft_arena_copy(c->session, c->session->arena, name, strlen(name), &copy));
        kept = copy;
        WEFT_TRY(st, weft_pointers_push(c->session, &c->views, v));
    }
    *v = (view){.name = kept};
    *out = v;
done:
    return st;
}

static weft_status copy_text(weft_ctx *ctx, const char *text, const char **out)
{
    char *copy = NULL;
    const weft_status st = weft_arena_copy(ctx, ctx->arena, text, strlen(text), &copy);
    *out = copy;
    return st;
}

static weft_status copy_texts(weft_ctx *ctx, const char *const *texts, int32_t count, const char *const **out)
{
    weft_status st = WEFT_OK;
    const char **copies = NULL;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, count, &copies));
    for (int32_t i = 0; i < count; i++) WEFT_TRY(st, copy_text(ctx, texts[i], &copies[i]));
    *out = copies;
done:
    return st;
}

weft_status weft_session_catalog_add(weft_ctx *ctx, weft_session_catalog *c, const char *name, bool replace,
                                     const weft_view_query *query, const weft_relation *relation)
{
    weft_status st = WEFT_OK;
    view *v = NULL;
    const char *const *temporaries = NULL;
    if (!replace && find_view(c, name) != NULL)
        return weft_fail(ctx, WEFT_TEMP_TABLE_OR_VIEW_ALREADY_EXISTS,
                         "Cannot create the temporary view `%s` because it already exists.", name);
    if (query != NULL && query->temporary_count > 0)
        WEFT_TRY(st, copy_texts(c->session, query->temporaries, query->temporary_count, &temporaries));
    WEFT_TRY(st, put_view(c, name, &v));
    if (query != NULL) v->query = *query;
    v->query.temporaries = temporaries;
    v->relation = relation;
done:
    if (st != WEFT_OK && ctx != c->session) st = weft_error_copy(ctx, c->session);
    return st;
}

bool weft_session_catalog_has_view(const weft_session_catalog *c, const char *name)
{
    return find_view(c, name) != NULL;
}

weft_status weft_session_catalog_drop(weft_ctx *ctx, weft_session_catalog *c, const char *name,
                                      bool if_exists)
{
    view *v = find_view(c, name);
    if (v != NULL)
        v->dropped = true;
    else if (!if_exists)
        return weft_fail(ctx, WEFT_TABLE_OR_VIEW_NOT_FOUND, "The table or view `%s` cannot be found.", name);
    return WEFT_OK;
}

weft_status weft_session_catalog_rename(weft_ctx *ctx, weft_session_catalog *c, const char *name,
                                        const char *to)
{
    weft_status st = WEFT_OK;
    view *const old = find_view(c, name);
    view *renamed = NULL;
    if (old == NULL)
        return weft_fail(ctx, WEFT_TABLE_OR_VIEW_NOT_FOUND, "The table or view `%s` cannot be found.", name);
    if (find_view(c, to) != NULL)
        return weft_fail(ctx, WEFT_TEMP_TABLE_OR_VIEW_ALREADY_EXISTS,
                         "Cannot create the temporary view `%s` because it already exists.", to);
    WEFT_TRY(st, put_view(c, to, &renamed));
    renamed->query = old->query;
    renamed->relation = old->relation;
    renamed->lost = old->lost;
    renamed->why = old->why;
    old->dropped = true;
done:
    if (st != WEFT_OK && ctx != c->session) st = weft_error_copy(ctx, c->session);
    return st;
}

weft_status weft_session_catalog_open(weft_ctx *ctx, weft_session_catalog *c, const char *format,
                                      const char *path, const char *const *options, int32_t option_count,
                                      const weft_relation **out)
{
    weft_status st = catalog_open_relation(c->session, &c->tables, c->session, NULL, format, path, options,
                                           option_count, out);
    if (st != WEFT_OK && ctx != c->session) st = weft_error_copy(ctx, c->session);
    return st;
}

/* ---- views made again ---- */

static weft_status copy_files(weft_ctx *ctx, const weft_view_definition *d, const weft_file_info **out)
{
    weft_status st = WEFT_OK;
    weft_file_info *files = NULL;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, d->file_count, &files));
    for (int32_t i = 0; i < d->file_count; i++) {
        files[i] = d->files[i];
        WEFT_TRY(st, copy_text(ctx, d->files[i].path, &files[i].path));
    }
    *out = files;
done:
    return st;
}

weft_status weft_session_catalog_restore(weft_ctx *ctx, weft_session_catalog *c,
                                         const weft_view_definition *d)
{
    weft_status st = WEFT_OK;
    weft_ctx *session = c->session;
    const weft_format *format = NULL;
    weft_relation *relation = NULL;
    const weft_file_info *files = NULL;
    const char *source = NULL;
    view *v = NULL;
    WEFT_TRY(st, catalog_find_format(session, d->format, &format));
    WEFT_TRY(st, copy_text(session, d->source, &source));
    WEFT_TRY(st, copy_files(session, d, &files));
    WEFT_TRY(st, catalog_open_files(session, &c->tables, session, format, source, files, d->file_count,
                                    d->options, d->option_count, NULL, &relation));
    WEFT_TRY(st, put_view(c, d->name, &v));
    v->relation = relation;
done:
    if (st != WEFT_OK && ctx != session) st = weft_error_copy(ctx, session);
    return st;
}

weft_status weft_session_catalog_add_lost(weft_ctx *ctx, weft_session_catalog *c,
                                          const weft_view_definition *d, const weft_error *why)
{
    weft_status st = WEFT_OK;
    weft_ctx *session = c->session;
    weft_view_definition *copy = NULL;
    weft_error *error = NULL;
    view *v = NULL;
    WEFT_TRY(st, WEFT_NEW(session, &copy));
    WEFT_TRY(st, WEFT_NEW(session, &error));
    *copy = *d;
    *error = *why;
    if (d->query != NULL) {
        WEFT_TRY(st, copy_text(session, d->query, &copy->query));
    } else {
        WEFT_TRY(st, copy_text(session, d->format, &copy->format));
        WEFT_TRY(st, copy_text(session, d->source, &copy->source));
    }
    WEFT_TRY(st, copy_texts(session, d->columns, d->column_count, &copy->columns));
    if (d->temporary_count > 0)
        WEFT_TRY(st, copy_texts(session, d->temporaries, d->temporary_count, &copy->temporaries));
    WEFT_TRY(st, copy_texts(session, d->options, 2 * d->option_count, &copy->options));
    WEFT_TRY(st, copy_files(session, d, &copy->files));
    WEFT_TRY(st, put_view(c, d->name, &v));
    copy->name = v->name;
    v->lost = copy;
    v->why = error;
done:
    if (st != WEFT_OK && ctx != session) st = weft_error_copy(ctx, session);
    return st;
}

/* ---- which there are ---- */

int32_t weft_session_catalog_count(const weft_session_catalog *c)
{
    int32_t count = 0;
    for (int32_t i = 0; i < c->views.count; i++) count += !((const view *)c->views.items[i])->dropped;
    return count;
}

static const view *view_at(const weft_session_catalog *c, int32_t index)
{
    for (int32_t i = 0; i < c->views.count; i++) {
        const view *v = c->views.items[i];
        if (!v->dropped && index-- == 0) return v;
    }
    return NULL;
}

const char *weft_session_catalog_name(const weft_session_catalog *c, int32_t index)
{
    const view *v = view_at(c, index);
    return v == NULL ? NULL : v->name;
}

weft_view_definition weft_session_catalog_definition(const weft_session_catalog *c, int32_t index)
{
    const view *v = view_at(c, index);
    assert(v != NULL);
    if (v->lost != NULL) return *v->lost;
    if (v->query.parsed != NULL)
        return (weft_view_definition){.name = v->name,
                                      .query = v->query.text,
                                      .columns = v->query.columns,
                                      .column_count = v->query.column_count,
                                      .temporaries = v->query.temporaries,
                                      .temporary_count = v->query.temporary_count};
    return (weft_view_definition){.name = v->name,
                                  .format = v->relation->format->name,
                                  .source = v->relation->name,
                                  .files = v->relation->files,
                                  .file_count = v->relation->file_count,
                                  .options = v->relation->options,
                                  .option_count = v->relation->option_count};
}

/* ---- tables that outlive the session ---- */

static weft_status list_all_partitions(weft_ctx *ctx, const weft_table_definition *d, weft_listing *out)
{
    weft_status st = WEFT_OK;
    const weft_pointers scans = {0};
    weft_file_info *files = NULL;
    int32_t folders = 0;
    WEFT_TRY(st, weft_partition_listing(ctx, d, &scans, &files, &out->file_count, &folders));
    out->files = files;
done:
    return st;
}

/* Its files as they are now; a table without files has no rows. */
static weft_status open_definition(weft_ctx *ctx, weft_session_catalog *c, const weft_table_definition *d,
                                   const weft_relation **out)
{
    weft_status st = WEFT_OK;
    weft_listing listing = {0};
    const weft_format *format = NULL;
    const weft_schema *schema = NULL;
    char *name = NULL;
    weft_relation *relation = NULL;
    WEFT_TRY(st, catalog_find_format(ctx, d->format, &format));
    const bool later = d->partition_count > 0 && c->listings != NULL;
    if (!later && d->place_count > 0)
        st = list_all_partitions(ctx, d, &listing);
    else if (!later)
        st = c->listings == NULL ? weft_listing_of(ctx, d->location, &listing)
                                 : weft_listing_once(ctx, c->listings, d->location, &listing);
    if (st == WEFT_NOT_FOUND) {
        weft_error_clear(ctx);
        listing = (weft_listing){0};
        st = WEFT_OK;
    }
    if (st != WEFT_OK) goto done;
    WEFT_TRY(st, weft_table_definition_schema(ctx, d, &schema));
    WEFT_TRY(st, weft_arena_printf(ctx, ctx->arena, &name, "%s %s", format->name, d->location));
    WEFT_TRY(st, catalog_open_files(ctx, &c->statement, ctx, format, name, listing.files, listing.file_count,
                                    d->options, d->option_count, schema, &relation));
    relation->definition = d;
    if (later) WEFT_TRY(st, weft_pointers_push(ctx, &c->unlisted, relation));
    *out = relation;
done:
    return st;
}

weft_status weft_session_catalog_sources(const weft_session_catalog *c, weft_ctx *keep,
                                         const char *const **out, int32_t *count)
{
    weft_status st = WEFT_OK;
    weft_pointers list = {0};
    for (int32_t i = 0; i < c->statement.count; i++) {
        const weft_relation *r = c->statement.items[i];
        const char *names[2] = {NULL, NULL};
        if (r->definition == NULL) continue;
        WEFT_TRY(st, copy_text(keep, r->definition->database, &names[0]));
        WEFT_TRY(st, copy_text(keep, r->definition->name, &names[1]));
        for (int32_t k = 0; k < 2; k++) WEFT_TRY(st, weft_pointers_push(keep, &list, names[k]));
    }
    *out = weft_pointers_texts(&list);
    *count = list.count / 2;
done:
    return st;
}

/* What CACHE TABLE keeps of a table or view, if it has it; else the session is to fill it. */
static weft_status open_cached(weft_ctx *ctx, weft_session_catalog *c, const char *database, const char *name,
                               const weft_relation **relation)
{
    weft_status st = WEFT_OK;
    weft_cached_table *e = weft_table_cache_find(&c->cache, database, name);
    const weft_relation *opened = NULL;
    weft_relation *shown = NULL;
    if (e == NULL || e == c->cache.filling) return WEFT_OK;
    if (!e->ready) {
        e->wanted = true;
        return WEFT_OK;
    }
    WEFT_TRY(st, open_definition(ctx, c, e->definition, &opened));
    shown = (weft_relation *)(uintptr_t)opened;
    shown->cached = e->name;
    *relation = shown;
done:
    return st;
}

weft_status weft_session_catalog_list_partitions(weft_ctx *ctx, weft_session_catalog *c,
                                                 const weft_node *plan, bool *listed)
{
    weft_status st = WEFT_OK;
    *listed = c->unlisted.count > 0;
    for (int32_t i = 0; i < c->unlisted.count; i++) {
        weft_relation *r = (weft_relation *)(uintptr_t)c->unlisted.items[i];
        const weft_schema *schema = NULL;
        WEFT_TRY(st, weft_listing_of_partitions(ctx, c->listings, plan, i, r));
        WEFT_TRY(st, weft_table_definition_schema(ctx, r->definition, &schema));
        r->format->close(&r->table);
        st = r->format->open(ctx, r->files, r->file_count, r->options, r->option_count, schema, &r->table);
        if (st != WEFT_OK) return weft_opening_failed(ctx, st);
        r->schema = r->format->schema(r->table);
    }
    c->unlisted = (weft_pointers){0};
done:
    return st;
}

/* ---- views that outlive the session ---- */

/* A view that is made anew must not read itself through others. */
static weft_status check_created(weft_ctx *ctx, const weft_session_catalog *c, const weft_table_definition *d)
{
    weft_status st = WEFT_OK;
    const char *database = NULL, *name = NULL;
    if (c->created == NULL) return WEFT_OK;
    WEFT_TRY(st, weft_session_catalog_name_of(ctx, c->created->view.parts, c->created->view.part_count,
                                              &database, &name));
    if (name != NULL && strcasecmp(name, d->name) == 0 && strcasecmp(database, d->database) == 0)
        st = weft_fail(ctx, WEFT_RECURSIVE_VIEW, "Recursive view `spark_catalog`.`%s`.`%s` detected.",
                       d->database, d->name);
done:
    return st;
}

/* The same parsed tree wherever the statement names the view. */
static weft_status open_view(weft_ctx *ctx, weft_session_catalog *c, const weft_table_definition *d,
                             const weft_node **parsed)
{
    weft_status st = WEFT_OK;
    lasting_view *v = NULL;
    const char *text = NULL;
    for (int32_t i = 0; i < c->lasting.count; i++) {
        const lasting_view *known = c->lasting.items[i];
        *parsed = known->parsed;
        if (strcasecmp(known->definition->database, d->database) == 0 &&
            strcasecmp(known->definition->name, d->name) == 0)
            return WEFT_OK;
    }
    WEFT_TRY(st, check_created(ctx, c, d));
    WEFT_TRY(st, weft_view_collated(ctx, d->collation, d->query, &text));
    st = weft_view_parse(ctx, text, &d->kept, NULL, parsed);
    if (st != WEFT_OK) weft_error_prefix(ctx, "in the view `%s`: ", d->name);
    WEFT_TRY(st, st);
    WEFT_TRY(st, WEFT_NEW(ctx, &v));
    *v = (lasting_view){.definition = d, .parsed = *parsed};
    WEFT_TRY(st, weft_pointers_push(ctx, &c->lasting, v));
done:
    return st;
}

static const weft_table_definition *catalog_view(void *self, const weft_node *parsed)
{
    const weft_session_catalog *c = self;
    for (int32_t i = 0; i < c->lasting.count; i++) {
        const lasting_view *v = c->lasting.items[i];
        if (v->parsed == parsed) return v->definition;
    }
    return NULL;
}

/* The temporary view of this text, or NULL. */
static const view *view_of(const weft_session_catalog *c, const weft_node *parsed)
{
    for (int32_t i = 0; parsed != NULL && i < c->views.count; i++) {
        const view *v = c->views.items[i];
        if (!v->dropped && v->query.parsed == parsed) return v;
    }
    return NULL;
}

static const weft_kept_settings *catalog_kept(void *self, const weft_node *parsed)
{
    const weft_table_definition *lasting = catalog_view(self, parsed);
    if (lasting != NULL) return &lasting->kept;
    const view *v = view_of(self, parsed);
    return v == NULL ? NULL : &v->query.kept;
}

/* The view of the warehouse whose text is analysed, or NULL. */
static const weft_table_definition *around(weft_session_catalog *c) { return catalog_view(c, c->within); }

bool weft_session_catalog_has_query(const weft_session_catalog *c, const char *name, const char **collation)
{
    const view *v = find_view(c, name);
    if (v == NULL || v->query.parsed == NULL) return false;
    *collation = v->query.collation;
    return true;
}

static const view *find_global(const weft_session_catalog *c, const char *name)
{
    static const char database[] = WEFT_GLOBAL_DATABASE ".";
    for (int32_t i = 0; i < c->views.count; i++) {
        const view *v = c->views.items[i];
        if (!v->dropped && strncasecmp(v->name, database, sizeof database - 1) == 0 &&
            strcasecmp(v->name + sizeof database - 1, name) == 0)
            return v;
    }
    return NULL;
}

/* A view that outlives the session must not need what ends with it. */
static weft_status check_lasting(weft_ctx *ctx, const weft_session_catalog *c, const char *name,
                                 const char *type)
{
    if (c->within == NULL || c->within->kind != WEFT_NODE_CREATE_VIEW) return WEFT_OK;
    return weft_fail(ctx, WEFT_TEMPORARY_REFERENCE,
                     "Cannot create the persistent object `%s` of the type VIEW because it references to the "
                     "temporary object `%s` of the type %s. Please make the temporary object `%s` "
                     "persistent, or make the persistent object `%s` temporary.",
                     c->within->view.name, name, type, name, c->within->view.name);
}

/* The temporary view of this name, where it is looked up alone. In the text of another one the name is such a
 * view's if it was when that was made: a table stays the table when a view of its name comes later. */
static const view *find_alone(const weft_session_catalog *c, const char *name)
{
    const view *v = find_view(c, name), *around = view_of(c, c->within);
    if (v == NULL || around == NULL || around->query.temporary_count < 0) return v;
    for (int32_t i = 0; i < around->query.temporary_count; i++)
        if (strcasecmp(around->query.temporaries[i], name) == 0) return v;
    return NULL;
}

const char *const *weft_session_catalog_named(const weft_session_catalog *c, int32_t *count)
{
    *count = c->named.count;
    return weft_pointers_texts(&c->named);
}

/* A temporary view by the parts, as far as they may name one here. Errors: WEFT_TEMPORARY_REFERENCE. */
static weft_status find_temporary(weft_ctx *ctx, weft_session_catalog *c, const char *const *parts,
                                  int32_t part_count, const view **out)
{
    weft_status st = WEFT_OK;
    const bool session =
        (part_count == 2 && strcasecmp(parts[0], "session") == 0) ||
        (part_count == 3 && strcasecmp(parts[0], "system") == 0 && strcasecmp(parts[1], "session") == 0);
    const view *v = NULL;
    if (around(c) == NULL && session) v = find_view(c, parts[part_count - 1]);
    if (around(c) == NULL && part_count == 1) v = find_alone(c, parts[0]);
    if (part_count == 1 && v != NULL && c->within == NULL)
        WEFT_TRY(st, weft_pointers_push(ctx, &c->named, v->name));
    if (part_count == 2 && strcasecmp(parts[0], WEFT_GLOBAL_DATABASE) == 0) v = find_global(c, parts[1]);
    *out = v;
    if (v != NULL) st = check_lasting(ctx, c, v->name, "VIEW");
done:
    return st;
}

static const weft_node *catalog_within(void *self, const weft_node *inside)
{
    weft_session_catalog *c = self;
    const weft_node *before = c->within;
    if (inside != NULL && inside->kind == WEFT_NODE_CREATE_VIEW) c->created = inside;
    c->within = inside;
    return before;
}

/* ---- the analyser's interface ---- */

static weft_status catalog_find(weft_ctx *ctx, void *self, const char *const *parts, int32_t part_count,
                                const weft_node **parsed, const weft_relation **relation,
                                const char **database)
{
    weft_status st = WEFT_OK;
    weft_session_catalog *c = self;
    const weft_table_definition *table = NULL;
    *parsed = NULL;
    *relation = NULL;
    *database = NULL;
    const view *v = NULL;
    const weft_table_definition *view_around = around(c);
    const bool path = part_count == 1 && view_around == NULL && weft_sql_path_is_set(ctx);
    const char *found = NULL;
    if (path)
        WEFT_TRY(st, weft_session_catalog_on_path(ctx, parts[0], find_alone(c, parts[0]) != NULL, &found));
    if (path && found == NULL) goto done;
    if (!path || strcmp(found, WEFT_PATH_SESSION) == 0)
        WEFT_TRY(st, find_temporary(ctx, c, parts, part_count, &v));
    if (v == NULL) {
        const char *const whole[] = {path                  ? found
                                     : view_around == NULL ? NULL
                                                           : view_around->query_database,
                                     parts[0]};
        const bool of_view = path || (view_around != NULL && part_count == 1);
        WEFT_TRY(st,
                 weft_session_catalog_entry(ctx, of_view ? whole : parts, of_view ? 2 : part_count, &table));
        if (table != NULL) {
            *database = table->database;
            WEFT_TRY(st, open_cached(ctx, c, table->database, table->name, relation));
        }
        if (*relation != NULL) goto done;
        if (table != NULL && table->query != NULL)
            WEFT_TRY(st, open_view(ctx, c, table, parsed));
        else if (table != NULL)
            WEFT_TRY(st, open_definition(ctx, c, table, relation));
        goto done;
    }
    if (v->lost != NULL) {
        ctx->error = *v->why;
        weft_error_prefix(
            ctx, "the view `%s` could not be made again by the coordinator that took over: ", v->name);
        return v->why->code;
    }
    if (part_count == 2) *database = WEFT_GLOBAL_DATABASE;
    WEFT_TRY(st, open_cached(ctx, c, NULL, v->name, relation));
    if (*relation != NULL) goto done;
    *parsed = v->query.parsed;
    *relation = v->relation;
done:
    return st;
}

static weft_status catalog_table(weft_ctx *ctx, void *self, const char *const *parts, int32_t part_count,
                                 const weft_table_definition **out)
{
    (void)self;
    return weft_session_catalog_table(ctx, parts, part_count, out);
}

static weft_status catalog_uncached(weft_ctx *ctx, void *self, const char *database, const char *name,
                                    const weft_relation **relation)
{
    weft_status st = WEFT_OK;
    const char *const parts[] = {database, name};
    const weft_table_definition *table = NULL;
    WEFT_TRY(st, weft_session_catalog_table(ctx, parts, 2, &table));
    if (table != NULL) WEFT_TRY(st, open_definition(ctx, self, table, relation));
done:
    return st;
}

static weft_status catalog_open(weft_ctx *ctx, void *self, const char *format, const char *path,
                                const char *const *options, int32_t option_count,
                                const weft_relation **relation)
{
    weft_session_catalog *c = self;
    return catalog_open_relation(ctx, &c->statement, ctx, c->listings, format, path, options, option_count,
                                 relation);
}

static weft_status catalog_parse(weft_ctx *ctx, void *self, const char *text, const weft_node **out)
{
    (void)self;
    return weft_sql_parse(ctx, text, strlen(text), out);
}

static weft_status catalog_names(weft_ctx *ctx, void *self, const char *const **names, int32_t *count)
{
    weft_status st = WEFT_OK;
    const weft_session_catalog *c = self;
    const char **list = NULL;
    const char *const *tables = NULL;
    const int32_t views = weft_session_catalog_count(c);
    WEFT_TRY(st,
             weft_warehouse_tables(ctx, weft_setting_text(ctx, WEFT_SET_CURRENT_DATABASE), &tables, count));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, views + *count, &list));
    for (int32_t i = 0; i < views; i++) list[i] = weft_session_catalog_name(c, i);
    for (int32_t i = 0; i < *count; i++) list[views + i] = tables[i];
    *count += views;
    *names = list;
done:
    return st;
}

static weft_status catalog_routine(weft_ctx *ctx, void *self, const char *name, const weft_routine **out)
{
    const weft_session_catalog *c = self;
    *out = weft_session_objects_find_function(&c->objects, name);
    return *out != NULL ? check_lasting(ctx, c, name, "FUNCTION")
                        : weft_session_catalog_function(ctx, name, out);
}

/* Its value is copied: the statement may set the variable while its plan is there. */
static weft_status catalog_variable(weft_ctx *ctx, void *self, const char *const *parts, int32_t part_count,
                                    int32_t *used, const weft_variable **out)
{
    weft_status st = WEFT_OK;
    const weft_session_catalog *c = self;
    const weft_variable *v = NULL;
    weft_variable *copy = NULL;
    *out = NULL;
    weft_session_objects_lookup(&c->objects, parts, part_count, used, &v);
    if (v == NULL) return WEFT_OK;
    WEFT_TRY(st, check_lasting(ctx, c, v->name, "VARIABLE"));
    WEFT_TRY(st, WEFT_NEW(ctx, &copy));
    WEFT_TRY(st, weft_variable_copy(ctx, v, copy));
    *out = copy;
done:
    return st;
}

weft_catalog weft_session_catalog_view(weft_session_catalog *c)
{
    return (weft_catalog){.find = catalog_find,
                          .open = catalog_open,
                          .table = catalog_table,
                          .uncached = catalog_uncached,
                          .within = catalog_within,
                          .view = catalog_view,
                          .kept = catalog_kept,
                          .parse = catalog_parse,
                          .routine = catalog_routine,
                          .variable = catalog_variable,
                          .names = catalog_names,
                          .self = c};
}

static void close_relations(weft_pointers *list)
{
    for (int32_t i = 0; i < list->count; i++) {
        weft_relation *r = (weft_relation *)(uintptr_t)list->items[i];
        r->format->close(&r->table);
    }
    *list = (weft_pointers){0}; /* its array lies in an arena that may be reset now */
}

void weft_session_catalog_begin_statement(weft_session_catalog *c, weft_listings *listings)
{
    c->listings = listings;
    c->unlisted = c->lasting = c->named = (weft_pointers){0};
    c->within = c->created = NULL;
}

void weft_session_catalog_end_statement(weft_session_catalog *c)
{
    close_relations(&c->statement);
    c->listings = NULL;
    c->unlisted = c->lasting = c->named = (weft_pointers){0}; /* they lay in the statement's arena */
    c->objects.locals = (weft_pointers){0};                   /* they lay in the statement's memory */
}

void weft_session_catalog_free(weft_session_catalog **catalog)
{
    if (*catalog == NULL) return;
    close_relations(&(*catalog)->statement);
    close_relations(&(*catalog)->tables);
    weft_table_cache_clear(&(*catalog)->cache);
    weft_session_objects_deinit(&(*catalog)->objects);
    *catalog = NULL;
}
