/* coordinator/table_partitions.c - the partitions of a table: folders below its place. What is there is a
 * partition, whoever made it, so MSCK REPAIR has nothing to do. */
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
    const char *const *folders = NULL;
    int32_t count = 0;
    WEFT_TRY(st, weft_fs_list_folders(ctx, d->location, d->partition_count, &folders, &count));
    for (int32_t i = 0; i < count; i++) {
        if (strchr(folders[i], '=') == NULL || (spec != NULL && !spec_matches(d, spec, folders[i]))) continue;
        WEFT_TRY(st, weft_pointers_push(ctx, out, folders[i]));
    }
done:
    return st;
}

/* The table, which must be partitioned. */
static weft_status find_partitioned(command_run *c, const weft_table_definition **out)
{
    weft_status st = WEFT_OK;
    WEFT_TRY(st, weft_command_find_table(c, out));
    if ((*out)->partition_count == 0)
        st = weft_fail_at(c->ctx, WEFT_PARTITION_SCHEMA_EMPTY, &c->node->span,
                          "The partition command is invalid. Table `spark_catalog`.`%s`.`%s` is not "
                          "partitioned.",
                          (*out)->database, (*out)->name);
done:
    return st;
}

static weft_status expect_whole(command_run *c, const weft_table_definition *d,
                                const weft_partition_spec *spec)
{
    if (spec->count == d->partition_count) return WEFT_OK;
    return weft_fail_at(c->ctx, WEFT_PARTITION_SPEC, &spec->span,
                        "Partition spec is invalid: it names %d of the %d partition columns of the table "
                        "`spark_catalog`.`%s`.`%s`.",
                        spec->count, d->partition_count, d->database, d->name);
}

static weft_status partition_path(weft_ctx *ctx, const weft_table_definition *d, const char *folder,
                                  char **out)
{
    return weft_arena_printf(ctx, ctx->arena, out, "%s/%s", d->location, folder);
}

static weft_status is_there(weft_ctx *ctx, const char *path, bool *there)
{
    weft_file_info info;
    const weft_status st = weft_fs_stat(ctx, path, &info);
    *there = st == WEFT_OK;
    if (st != WEFT_NOT_FOUND) return st;
    weft_error_clear(ctx);
    return WEFT_OK;
}

static weft_status already_there(command_run *c, const weft_table_definition *d, const char *folder)
{
    return weft_fail_at(c->ctx, WEFT_PARTITIONS_EXIST, &c->node->span,
                        "Cannot ADD or RENAME TO partition(s) %s in table `%s`.`%s` because they already "
                        "exist. Choose a different name, drop the existing partition, or add the IF NOT "
                        "EXISTS clause to tolerate a pre-existing partition.",
                        folder, d->database, d->name);
}

weft_status weft_command_add_partitions(command_run *c)
{
    weft_status st = WEFT_OK;
    const weft_table_definition *d = NULL;
    WEFT_TRY(st, find_partitioned(c, &d));
    for (int32_t i = 0; i < c->node->command.spec_count; i++) {
        const weft_partition_spec *spec = c->node->command.specs[i];
        char *folder = NULL, *path = NULL;
        bool there = false;
        WEFT_TRY(st, expect_whole(c, d, spec));
        WEFT_TRY(st, spec_text(c->ctx, d, spec, &folder));
        WEFT_TRY(st, partition_path(c->ctx, d, folder, &path));
        WEFT_TRY(st, is_there(c->ctx, path, &there));
        if (there && !c->node->command.if_exists) WEFT_TRY(st, already_there(c, d, folder));
        WEFT_TRY(st, weft_fs_make_directories(c->ctx, path));
    }
done:
    return st;
}

/* The folders above one that was removed, as long as they are empty. */
static weft_status remove_empty(weft_ctx *ctx, const weft_table_definition *d, const char *folder)
{
    weft_status st = WEFT_OK;
    char *path = NULL;
    WEFT_TRY(st, partition_path(ctx, d, folder, &path));
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

/* Their files go with them: a table with a LOCATION keeps its own. */
weft_status weft_command_drop_partitions(command_run *c)
{
    weft_status st = WEFT_OK;
    const weft_table_definition *d = NULL;
    weft_pointers found = {0};
    WEFT_TRY(st, find_partitioned(c, &d));
    if (d->external)
        WEFT_TRY(st, weft_fail_at(c->ctx, WEFT_TABLE_OPERATION, &c->node->span,
                                  "The feature is not supported: DROP PARTITION of the external table `%s`, "
                                  "whose files stay, and whose partitions are its folders.",
                                  d->name));
    for (int32_t i = 0; i < c->node->command.spec_count; i++) {
        const int32_t before = found.count;
        char *text = NULL;
        WEFT_TRY(st, find_partitions(c->ctx, d, c->node->command.specs[i], &found));
        if (found.count > before || c->node->command.if_exists) continue;
        WEFT_TRY(st, spec_text(c->ctx, d, c->node->command.specs[i], &text));
        WEFT_TRY(st, weft_fail_no_partition(c->ctx, &c->node->span, d, text));
    }
    for (int32_t i = 0; i < found.count; i++) {
        char *path = NULL;
        WEFT_TRY(st, partition_path(c->ctx, d, found.items[i], &path));
        WEFT_TRY(st, weft_fs_remove_tree(c->ctx, path));
        WEFT_TRY(st, remove_empty(c->ctx, d, found.items[i]));
    }
done:
    return st;
}

weft_status weft_command_rename_partition(command_run *c)
{
    weft_status st = WEFT_OK;
    const weft_table_definition *d = NULL;
    char *folders[2] = {NULL, NULL}, *paths[2] = {NULL, NULL}, *above = NULL;
    bool there[2] = {false, false};
    WEFT_TRY(st, find_partitioned(c, &d));
    for (int32_t i = 0; i < 2; i++) {
        WEFT_TRY(st, expect_whole(c, d, c->node->command.specs[i]));
        WEFT_TRY(st, spec_text(c->ctx, d, c->node->command.specs[i], &folders[i]));
        WEFT_TRY(st, partition_path(c->ctx, d, folders[i], &paths[i]));
        WEFT_TRY(st, is_there(c->ctx, paths[i], &there[i]));
    }
    if (!there[0]) WEFT_TRY(st, weft_fail_no_partition(c->ctx, &c->node->span, d, folders[0]));
    if (there[1]) WEFT_TRY(st, already_there(c, d, folders[1]));
    WEFT_TRY(st, weft_arena_copy(c->ctx, c->ctx->arena, paths[1], (size_t)(strrchr(paths[1], '/') - paths[1]),
                                 &above));
    WEFT_TRY(st, weft_fs_make_directories(c->ctx, above));
    WEFT_TRY(st, weft_fs_rename_new(c->ctx, paths[0], paths[1]));
    WEFT_TRY(st, weft_fs_sync_directory(c->ctx, above));
    WEFT_TRY(st, remove_empty(c->ctx, d, folders[0]));
done:
    return st;
}

weft_status weft_command_recover(command_run *c)
{
    weft_status st = WEFT_OK;
    const weft_table_definition *d = NULL;
    WEFT_TRY(st, weft_command_find_table(c, &d));
    if (d->partition_count == 0)
        st = weft_fail_at(c->ctx, WEFT_NOT_PARTITIONED, &c->node->span,
                          "Operation MSCK REPAIR TABLE is not allowed for `spark_catalog`.`%s`.`%s` because "
                          "it is not a partitioned table.",
                          d->database, d->name);
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
    WEFT_TRY(st, find_partitioned(c, &d));
    WEFT_TRY(st, find_partitions(c->ctx, d, spec, &cells));
    weft_command_give(c, names, 1, &cells);
done:
    return st;
}

weft_status weft_command_truncate_partitions(command_run *c, const weft_table_definition *d)
{
    weft_status st = WEFT_OK;
    weft_pointers found = {0};
    char *path = NULL;
    if (d->partition_count == 0)
        WEFT_TRY(st, weft_fail_no_partition(c->ctx, &c->node->span, d, c->node->command.specs[0]->names[0]));
    WEFT_TRY(st, find_partitions(c->ctx, d, c->node->command.specs[0], &found));
    for (int32_t i = 0; i < found.count; i++) {
        WEFT_TRY(st, partition_path(c->ctx, d, found.items[i], &path));
        WEFT_TRY(st, weft_fs_remove_tree(c->ctx, path));
        WEFT_TRY(st, weft_fs_make_directories(c->ctx, path));
    }
done:
    return st;
}
