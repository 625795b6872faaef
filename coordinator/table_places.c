/* coordinator/table_places.c - where the partitions of a table lie: below it, elsewhere, or nowhere any more.
 *
 * What is a folder "k=1/j=2" below the table is a partition, whoever made it, unless the definition says that
 * it lies elsewhere, or that it was dropped though its files stayed. */
#include <stdlib.h>
#include <string.h>

#include "coordinator/table_private.h"
#include "engine/catalog/warehouse.h"
#include "engine/plan/table_layout.h"

static int compare_texts(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

weft_status weft_partition_folders(weft_ctx *ctx, const weft_table_definition *d, weft_pointers *out)
{
    weft_status st = WEFT_OK;
    const char *const *folders = NULL;
    int32_t count = 0;
    WEFT_TRY(st, weft_fs_list_folders(ctx, d->location, d->partition_count, &folders, &count));
    for (int32_t i = 0; i < count; i++)
        if (strchr(folders[i], '=') != NULL &&
            weft_table_partition_place(d->places, d->place_count, folders[i]) == NULL)
            WEFT_TRY(st, weft_pointers_push(ctx, out, folders[i]));
    for (int32_t i = 0; i < d->place_count; i++)
        if (d->places[2 * i + 1][0] != '\0') WEFT_TRY(st, weft_pointers_push(ctx, out, d->places[2 * i]));
    if (out->count > 1) qsort(out->items, (size_t)out->count, sizeof(*out->items), compare_texts);
done:
    return st;
}

weft_status weft_partition_location(weft_ctx *ctx, const weft_table_definition *d, const char *folder,
                                    char **out)
{
    const char *place = weft_table_partition_place(d->places, d->place_count, folder);
    if (place != NULL && place[0] != '\0') return weft_arena_copy(ctx, ctx->arena, place, strlen(place), out);
    return weft_arena_printf(ctx, ctx->arena, out, "%s/%s", d->location, folder);
}

weft_status weft_places_of(weft_ctx *ctx, const weft_table_definition *d, weft_pointers *pairs)
{
    weft_status st = WEFT_OK;
    for (int32_t i = 0; i < 2 * d->place_count; i++)
        WEFT_TRY(st, weft_pointers_push(ctx, pairs, d->places[i]));
done:
    return st;
}

weft_status weft_places_set(weft_ctx *ctx, weft_pointers *pairs, const char *folder, const char *location)
{
    weft_status st = WEFT_OK;
    int32_t at = 0;
    while (at < pairs->count && strcmp(pairs->items[at], folder) != 0) at += 2;
    if (location == NULL) {
        if (at == pairs->count) return WEFT_OK;
        pairs->count -= 2;
        pairs->items[at] = pairs->items[pairs->count];
        pairs->items[at + 1] = pairs->items[pairs->count + 1];
    } else if (at < pairs->count) {
        pairs->items[at + 1] = location;
    } else {
        WEFT_TRY(st, weft_pointers_push(ctx, pairs, folder));
        WEFT_TRY(st, weft_pointers_push(ctx, pairs, location));
    }
done:
    return st;
}

weft_status weft_places_put(weft_ctx *ctx, const weft_table_definition *d, const weft_pointers *pairs)
{
    weft_table_definition changed = *d;
    changed.places = weft_pointers_texts(pairs);
    changed.place_count = pairs->count / 2;
    return weft_warehouse_put(ctx, &changed, true);
}

weft_status weft_places_absolute(weft_ctx *ctx, const weft_table_definition *d, const char *path,
                                 const char **out)
{
    weft_status st = WEFT_OK;
    char *whole = NULL;
    const bool relative = path[0] != '/' && strchr(path, ':') == NULL;
    if (relative) WEFT_TRY(st, weft_arena_printf(ctx, ctx->arena, &whole, "%s/%s", d->location, path));
    WEFT_TRY(st, weft_fs_normalise(ctx, relative ? whole : path, &whole));
    *out = whole;
done:
    return st;
}

/* Rows come into partitions that were dropped while their files stayed: they are partitions again. */
weft_status weft_table_command_take_back(weft_ctx *ctx, const weft_node *write, const weft_commit_part *parts,
                                         int32_t count)
{
    weft_status st = WEFT_OK;
    const weft_table_definition *d = NULL;
    weft_pointers pairs = {0};
    bool changed = false;
    int lock = -1;
    WEFT_TRY(st, weft_warehouse_lock(ctx, &lock));
    WEFT_TRY(st, weft_session_catalog_table(ctx, write->write.into, write->write.into_count, &d));
    if (d == NULL) goto done; /* dropped meanwhile: what is written goes nowhere */
    WEFT_TRY(st, weft_places_of(ctx, d, &pairs));
    for (int32_t i = 0; i < count; i++) {
        const char *slash = strrchr(parts[i].file, '/');
        char *folder = NULL;
        if (slash == NULL) continue;
        WEFT_TRY(st,
                 weft_arena_copy(ctx, ctx->arena, parts[i].file, (size_t)(slash - parts[i].file), &folder));
        const char *place = weft_table_partition_place(weft_pointers_texts(&pairs), pairs.count / 2, folder);
        if (place == NULL || place[0] != '\0') continue;
        WEFT_TRY(st, weft_places_set(ctx, &pairs, folder, NULL));
        changed = true;
    }
    if (changed) WEFT_TRY(st, weft_places_put(ctx, d, &pairs));
done:
    weft_warehouse_unlock(&lock);
    return st;
}

weft_status weft_table_command_let_go(weft_ctx *ctx, const weft_node *write, const weft_commit_part *parts,
                                      int32_t count)
{
    weft_status st = WEFT_OK;
    const weft_table_definition *d = NULL;
    weft_pointers pairs = {0};
    int lock = -1;
    WEFT_TRY(st, weft_warehouse_lock(ctx, &lock));
    WEFT_TRY(st, weft_session_catalog_table(ctx, write->write.into, write->write.into_count, &d));
    if (d == NULL) goto done; /* dropped meanwhile */
    for (int32_t i = 0; i < d->place_count; i++) {
        const char *folder = d->places[2 * i], *place = d->places[2 * i + 1];
        bool keep = place[0] == '\0' || !weft_partition_is_below(folder, write->write.folder) ||
                    weft_table_partition_place(write->write.places, write->write.place_count, folder) == NULL;
        for (int32_t k = 0; k < count && !keep; k++)
            keep = parts[k].place != NULL && strcmp(parts[k].place, place) == 0;
        if (!keep) continue;
        WEFT_TRY(st, weft_pointers_push(ctx, &pairs, folder));
        WEFT_TRY(st, weft_pointers_push(ctx, &pairs, place));
    }
    if (pairs.count < 2 * d->place_count) WEFT_TRY(st, weft_places_put(ctx, d, &pairs));
done:
    weft_warehouse_unlock(&lock);
    return st;
}

/* ---- SET LOCATION ---- */

/* Of a table: its partitions stay where they are, and what are folders in the new place are none yet. */
static weft_status keep_partitions(weft_ctx *ctx, const weft_table_definition *old, weft_table_definition *d)
{
    weft_status st = WEFT_OK;
    weft_pointers folders = {0}, fresh = {0}, pairs = {0};
    weft_table_definition bare = *d;
    bare.place_count = 0;
    WEFT_TRY(st, weft_partition_folders(ctx, &bare, &fresh));
    for (int32_t i = 0; i < fresh.count; i++) WEFT_TRY(st, weft_places_set(ctx, &pairs, fresh.items[i], ""));
    WEFT_TRY(st, weft_partition_folders(ctx, old, &folders));
    for (int32_t i = 0; i < folders.count; i++) {
        char *location = NULL;
        WEFT_TRY(st, weft_partition_location(ctx, old, folders.items[i], &location));
        WEFT_TRY(st, weft_places_set(ctx, &pairs, folders.items[i], location));
    }
    d->places = weft_pointers_texts(&pairs);
    d->place_count = pairs.count / 2;
done:
    return st;
}

static weft_status move_partition(command_run *c, const weft_table_definition *d)
{
    weft_status st = WEFT_OK;
    weft_pointers pairs = {0};
    char *folder = NULL;
    const char *location = NULL;
    WEFT_TRY(st, weft_partition_expect(c, "ALTER TABLE SET LOCATION", d, c->node->command.specs[0], &folder));
    WEFT_TRY(st, weft_places_absolute(c->ctx, d, c->node->command.text, &location));
    WEFT_TRY(st, weft_places_of(c->ctx, d, &pairs));
    WEFT_TRY(st, weft_places_set(c->ctx, &pairs, folder, location));
    WEFT_TRY(st, weft_places_put(c->ctx, d, &pairs));
done:
    return st;
}

weft_status weft_command_set_location(command_run *c)
{
    weft_status st = WEFT_OK;
    const weft_table_definition *old = NULL;
    char *location = NULL;
    WEFT_TRY(st, weft_command_find_altered(c, &old));
    if (c->node->command.spec_count > 0) return move_partition(c, old);
    weft_table_definition d = *old;
    WEFT_TRY(st, weft_fs_normalise(c->ctx, c->node->command.text, &location));
    d.location = location;
    d.external = true; /* the new place is not the warehouse's to remove */
    if (d.partition_count > 0) WEFT_TRY(st, keep_partitions(c->ctx, old, &d));
    WEFT_TRY(st, weft_warehouse_put(c->ctx, &d, true));
done:
    return st;
}

/* ---- MSCK REPAIR ---- */

weft_status weft_command_recover(command_run *c)
{
    weft_status st = WEFT_OK;
    const weft_table_definition *d = NULL;
    weft_pointers pairs = {0};
    const char *what = c->node->command.text; /* ADD, DROP, SYNC */
    WEFT_TRY(st, weft_command_find_table(c, &d));
    if (d->partition_count == 0)
        WEFT_TRY(st, weft_fail_at(
                         c->ctx, WEFT_NOT_PARTITIONED, &c->node->span,
                         "Operation MSCK REPAIR TABLE is not allowed for `spark_catalog`.`%s`.`%s` because "
                         "it is not a partitioned table.",
                         d->database, d->name));
    for (int32_t i = 0; i < d->place_count; i++) {
        const char *folder = d->places[2 * i], *location = d->places[2 * i + 1];
        bool there = location[0] != '\0', keep = strcmp(what, "DROP") == 0;
        if (there) {
            WEFT_TRY(st, weft_folder_is_there(c->ctx, location, &there));
            keep = there || strcmp(what, "ADD") == 0;
        }
        if (!keep) continue;
        WEFT_TRY(st, weft_pointers_push(c->ctx, &pairs, folder));
        WEFT_TRY(st, weft_pointers_push(c->ctx, &pairs, location));
    }
    if (pairs.count < 2 * d->place_count) WEFT_TRY(st, weft_places_put(c->ctx, d, &pairs));
done:
    return st;
}
