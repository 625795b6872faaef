/* coordinator/table_partitions.c - statements about the partitions of a table. */
#include "coordinator/table_private.h"

#include <string.h>

#include "engine/plan/table_layout.h"

/* "k=1/j=2" */
static weft_status spec_text(weft_ctx *ctx, const weft_table_definition *d, const weft_partition_spec *spec,
                             char **out)
{
    weft_status st = WEFT_OK;
    bool first = true;
    *out = "";
    for (int32_t i = 0; i < d->partition_count; i++) {
        if (spec->folders[i] == NULL) continue;
        WEFT_TRY(st,
                 weft_arena_printf(ctx, ctx->arena, out, "%s%s%s", *out, first ? "" : "/", spec->folders[i]));
        first = false;
    }
done:
    return st;
}

/* Does the folder "k=1/j=2" have what the specification says? */
static bool spec_matches(const weft_table_definition *d, const weft_partition_spec *spec, const char *folder)
{
    for (int32_t i = 0; i < d->partition_count; i++) {
        const char *end = strchrnul(folder, '/'), *want = spec->folders[i];
        if (want != NULL &&
            (strlen(want) != (size_t)(end - folder) || memcmp(want, folder, strlen(want)) != 0))
            return false;
        folder = *end == '/' ? end + 1 : end;
    }
    return true;
}

/* Its partitions, in order, those that the specification (or NULL) leaves. */
static weft_status find_partitions(weft_ctx *ctx, const weft_table_definition *d,
                                   const weft_partition_spec *spec, weft_pointers *out)
{
    weft_status st = WEFT_OK;
    weft_pointers all = {0};
    WEFT_TRY(st, weft_partition_folders(ctx, d, &all));
    for (int32_t i = 0; i < all.count; i++)
        if (spec == NULL || spec_matches(d, spec, all.items[i]))
            WEFT_TRY(st, weft_pointers_push(ctx, out, all.items[i]));
done:
    return st;
}

weft_status weft_fail_untracked(weft_ctx *ctx, const weft_span *span, const weft_table_definition *d,
                                const char *what)
{
    return weft_fail_at(ctx, WEFT_UNTRACKED_PARTITIONS, span,
                        "%s is not allowed on %s since its partition metadata is not stored in the Hive "
                        "metastore: the table is not partitioned.",
                        what, d->name);
}

/* The table, which must be partitioned for what the statement does. */
static weft_status find_partitioned(command_run *c, const char *what, const weft_table_definition **out)
{
    weft_status st = WEFT_OK;
    WEFT_TRY(st, weft_command_find_table(c, out));
    if ((*out)->partition_count == 0) st = weft_fail_untracked(c->ctx, &c->node->span, *out, what);
done:
    return st;
}

/* "p, q" */
static weft_status names_text(weft_ctx *ctx, const weft_table_definition *d, const weft_partition_spec *spec,
                              char **out)
{
    weft_status st = WEFT_OK;
    const int32_t count = spec != NULL ? spec->count : d->partition_count;
    *out = "";
    for (int32_t i = 0; i < count; i++)
        WEFT_TRY(st, weft_arena_printf(ctx, ctx->arena, out, "%s%s%s", *out, i > 0 ? ", " : "",
                                       spec != NULL ? spec->names[i]
                                                    : d->columns[d->column_count - count + i].name));
done:
    return st;
}

static weft_status expect_whole(command_run *c, const weft_table_definition *d,
                                const weft_partition_spec *spec)
{
    weft_status st = WEFT_OK;
    char *given = NULL, *all = NULL;
    if (spec->count == d->partition_count) return WEFT_OK;
    WEFT_TRY(st, names_text(c->ctx, d, spec, &given));
    WEFT_TRY(st, names_text(c->ctx, d, NULL, &all));
    st = weft_fail_at(c->ctx, WEFT_PARTITION_SPEC_PART, &spec->span,
                      "Partition spec is invalid. The spec (%s) must match the partition spec (%s) defined "
                      "in table '`spark_catalog`.`%s`.`%s`'.",
                      given, all, d->database, d->name);
done:
    return st;
}

weft_status weft_folder_is_there(weft_ctx *ctx, const char *path, bool *there)
{
    weft_file_info info;
    const weft_status st = weft_fs_stat(ctx, path, &info);
    *there = st == WEFT_OK;
    if (st != WEFT_NOT_FOUND) return st;
    weft_error_clear(ctx);
    return WEFT_OK;
}

/* Is the folder a partition? */
static weft_status is_partition(weft_ctx *ctx, const weft_table_definition *d, const char *folder, bool *is)
{
    weft_status st = WEFT_OK;
    char *path = NULL;
    const char *place = weft_table_partition_place(d->places, d->place_count, folder);
    *is = place != NULL && place[0] != '\0';
    if (place != NULL) return WEFT_OK;
    WEFT_TRY(st, weft_partition_location(ctx, d, folder, &path));
    WEFT_TRY(st, weft_folder_is_there(ctx, path, is));
done:
    return st;
}

weft_status weft_partition_expect(command_run *c, const char *what, const weft_table_definition *d,
                                  const weft_partition_spec *spec, char **folder)
{
    weft_status st = WEFT_OK;
    bool is = false;
    if (d->partition_count == 0) return weft_fail_untracked(c->ctx, &c->node->span, d, what);
    WEFT_TRY(st, expect_whole(c, d, spec));
    WEFT_TRY(st, spec_text(c->ctx, d, spec, folder));
    WEFT_TRY(st, is_partition(c->ctx, d, *folder, &is));
    if (!is) st = weft_fail_no_partition(c->ctx, &c->node->span, d, *folder);
done:
    return st;
}

static weft_status already_there(command_run *c, const weft_table_definition *d, const char *folder)
{
    return weft_fail_at(c->ctx, WEFT_PARTITIONS_EXIST, &c->node->span,
                        "Cannot ADD or RENAME TO partition(s) %s in table `%s`.`%s` because they already "
                        "exist. Choose a different name, drop the existing partition, or add the IF NOT "
                        "EXISTS clause to tolerate a pre-existing partition.",
                        folder, d->database, d->name);
}

/* One more partition: below the table, or where its LOCATION says. */
static weft_status add_partition(command_run *c, const weft_table_definition *d,
                                 const weft_partition_spec *spec, weft_pointers *places)
{
    weft_status st = WEFT_OK;
    char *folder = NULL, *path = NULL;
    const char *location = NULL;
    bool is = false;
    WEFT_TRY(st, expect_whole(c, d, spec));
    WEFT_TRY(st, spec_text(c->ctx, d, spec, &folder));
    WEFT_TRY(st, is_partition(c->ctx, d, folder, &is));
    if (is && !c->node->command.if_exists) WEFT_TRY(st, already_there(c, d, folder));
    if (is) goto done;
    if (spec->location != NULL) WEFT_TRY(st, weft_places_absolute(c->ctx, d, spec->location, &location));
    WEFT_TRY(st, weft_arena_printf(c->ctx, c->ctx->arena, &path, "%s/%s", d->location, folder));
    WEFT_TRY(st, weft_fs_make_directories(c->ctx, location != NULL ? location : path));
    WEFT_TRY(st, weft_places_set(c->ctx, places, folder, location));
done:
    return st;
}

weft_status weft_command_add_partitions(command_run *c)
{
    weft_status st = WEFT_OK;
    const weft_table_definition *d = NULL;
    weft_pointers places = {0};
    bool changes = false;
    WEFT_TRY(st, find_partitioned(c, "ALTER TABLE ADD PARTITION", &d));
    WEFT_TRY(st, weft_places_of(c->ctx, d, &places));
    for (int32_t i = 0; i < c->node->command.spec_count; i++) {
        changes |= d->place_count > 0 || c->node->command.specs[i]->location != NULL;
        WEFT_TRY(st, add_partition(c, d, c->node->command.specs[i], &places));
    }
    if (changes) WEFT_TRY(st, weft_places_put(c->ctx, d, &places));
done:
    return st;
}

/* The folders above one that was removed, as long as they are empty. */
static weft_status remove_empty(weft_ctx *ctx, const weft_table_definition *d, const char *folder)
{
    weft_status st = WEFT_OK;
    char *path = NULL;
    WEFT_TRY(st, weft_arena_printf(ctx, ctx->arena, &path, "%s/%s", d->location, folder));
    for (char *slash = strrchr(path, '/'); slash != NULL && (size_t)(slash - path) > strlen(d->location);
         slash = strrchr(path, '/')) {
        *slash = '\0';
        st = weft_fs_remove_if_exists(ctx, path);
        if (st == WEFT_EXISTS) {
            weft_error_clear(ctx);
            return WEFT_OK;
        }
        WEFT_TRY(st, st);
    }
done:
    return st;
}

/* Its files go with it, but for those of an external table. A folder that is left below the table is no
 * partition any more. */
static weft_status drop_partition(command_run *c, const weft_table_definition *d, const char *folder,
                                  weft_pointers *places)
{
    weft_status st = WEFT_OK;
    char *path = NULL, *own = NULL;
    bool left = false;
    WEFT_TRY(st, weft_partition_location(c->ctx, d, folder, &path));
    WEFT_TRY(st, weft_arena_printf(c->ctx, c->ctx->arena, &own, "%s/%s", d->location, folder));
    if (!d->external) {
        WEFT_TRY(st, weft_fs_remove_tree(c->ctx, path));
        if (strcmp(path, own) == 0) WEFT_TRY(st, remove_empty(c->ctx, d, folder));
    }
    WEFT_TRY(st, weft_folder_is_there(c->ctx, own, &left));
    WEFT_TRY(st, weft_places_set(c->ctx, places, folder, left ? "" : NULL));
done:
    return st;
}

weft_status weft_command_drop_partitions(command_run *c)
{
    weft_status st = WEFT_OK;
    const weft_table_definition *d = NULL;
    weft_pointers found = {0}, places = {0};
    WEFT_TRY(st, find_partitioned(c, "ALTER TABLE DROP PARTITION", &d));
    for (int32_t i = 0; i < c->node->command.spec_count; i++) {
        const int32_t before = found.count;
        char *text = NULL;
        WEFT_TRY(st, find_partitions(c->ctx, d, c->node->command.specs[i], &found));
        if (found.count > before || c->node->command.if_exists) continue;
        WEFT_TRY(st, spec_text(c->ctx, d, c->node->command.specs[i], &text));
        WEFT_TRY(st, weft_fail_no_partition(c->ctx, &c->node->span, d, text));
    }
    WEFT_TRY(st, weft_places_of(c->ctx, d, &places));
    for (int32_t i = 0; i < found.count; i++) WEFT_TRY(st, drop_partition(c, d, found.items[i], &places));
    if (d->place_count > 0 || places.count > 0) WEFT_TRY(st, weft_places_put(c->ctx, d, &places));
done:
    return st;
}

/* A partition below the table: its folder gets the other name. */
static weft_status rename_folder(command_run *c, const weft_table_definition *d, const char *from,
                                 const char *to)
{
    weft_status st = WEFT_OK;
    char *paths[2] = {NULL, NULL}, *above = NULL;
    WEFT_TRY(st, weft_partition_location(c->ctx, d, from, &paths[0]));
    WEFT_TRY(st, weft_partition_location(c->ctx, d, to, &paths[1]));
    WEFT_TRY(st, weft_arena_copy(c->ctx, c->ctx->arena, paths[1], (size_t)(strrchr(paths[1], '/') - paths[1]),
                                 &above));
    WEFT_TRY(st, weft_fs_make_directories(c->ctx, above));
    WEFT_TRY(st, weft_fs_rename_new(c->ctx, paths[0], paths[1]));
    WEFT_TRY(st, weft_fs_sync_directory(c->ctx, above));
    WEFT_TRY(st, remove_empty(c->ctx, d, from));
done:
    return st;
}

weft_status weft_command_rename_partition(command_run *c)
{
    static const char what[] = "ALTER TABLE RENAME PARTITION";
    weft_status st = WEFT_OK;
    const weft_table_definition *d = NULL;
    weft_pointers places = {0};
    char *from = NULL, *to = NULL, *own = NULL;
    bool there = false;
    WEFT_TRY(st, find_partitioned(c, what, &d));
    WEFT_TRY(st, weft_partition_expect(c, what, d, c->node->command.specs[0], &from));
    WEFT_TRY(st, expect_whole(c, d, c->node->command.specs[1]));
    WEFT_TRY(st, spec_text(c->ctx, d, c->node->command.specs[1], &to));
    WEFT_TRY(st, is_partition(c->ctx, d, to, &there));
    if (there) WEFT_TRY(st, already_there(c, d, to));
    const char *place = weft_table_partition_place(d->places, d->place_count, from);
    if (place == NULL) {
        WEFT_TRY(st, rename_folder(c, d, from, to));
        goto done;
    }
    WEFT_TRY(st, weft_arena_printf(c->ctx, c->ctx->arena, &own, "%s/%s", d->location, from));
    WEFT_TRY(st, weft_folder_is_there(c->ctx, own, &there));
    WEFT_TRY(st, weft_places_of(c->ctx, d, &places));
    WEFT_TRY(st, weft_places_set(c->ctx, &places, from, there ? "" : NULL));
    WEFT_TRY(st, weft_places_set(c->ctx, &places, to, place));
    WEFT_TRY(st, weft_places_put(c->ctx, d, &places));
done:
    return st;
}

weft_status weft_command_show_partitions(command_run *c)
{
    static const char *const names[] = {"partition"};
    weft_status st = WEFT_OK;
    const weft_table_definition *d = NULL;
    weft_pointers cells = {0};
    const weft_partition_spec *spec = c->node->command.spec_count > 0 ? c->node->command.specs[0] : NULL;
    WEFT_TRY(st, weft_command_find_table(c, &d));
    if (d->partition_count == 0)
        WEFT_TRY(st, weft_fail_at(c->ctx, WEFT_PARTITION_SCHEMA_EMPTY, &c->node->span,
                                  "The partition command is invalid. Table `spark_catalog`.`%s`.`%s` is not "
                                  "partitioned.",
                                  d->database, d->name));
    WEFT_TRY(st, find_partitions(c->ctx, d, spec, &cells));
    weft_command_give(c, names, 1, &cells);
    if (c->node->command.extended) st = weft_show_partitions_json(c->ctx, c->rows);
done:
    return st;
}

weft_status weft_command_truncate_partitions(command_run *c, const weft_table_definition *d)
{
    weft_status st = WEFT_OK;
    weft_pointers found = {0};
    char *path = NULL;
    const weft_partition_spec *spec = c->node->command.spec_count > 0 ? c->node->command.specs[0] : NULL;
    if (d->partition_count == 0) /* or the statement would be about the table */
        WEFT_TRY(st, weft_fail_at(c->ctx, WEFT_TRUNCATE_NOT_PARTITIONED, &c->node->span,
                                  "Operation not allowed: TRUNCATE TABLE ... PARTITION is not supported for "
                                  "tables that are not partitioned: `spark_catalog`.`%s`.`%s`.",
                                  d->database, d->name));
    WEFT_TRY(st, find_partitions(c->ctx, d, spec, &found));
    for (int32_t i = 0; i < found.count; i++) {
        WEFT_TRY(st, weft_partition_location(c->ctx, d, found.items[i], &path));
        WEFT_TRY(st, weft_fs_remove_tree(c->ctx, path));
        WEFT_TRY(st, weft_fs_make_directories(c->ctx, path));
    }
done:
    return st;
}
