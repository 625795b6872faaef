/* engine/catalog/session_listing.c - see session_listing.h. */
#include "engine/catalog/session_listing.h"

#include <string.h>

#include "engine/catalog/partition_listing.h"

weft_status weft_listing_of(weft_ctx *ctx, const char *paths, weft_listing *out)
{
    weft_status st = WEFT_OK;
    char *path = NULL;
    weft_file_info *files = NULL;
    int32_t count = 0;
    WEFT_TRY(st, weft_arena_copy(ctx, ctx->arena, paths, strlen(paths), &path));
    while (*paths != 0) {
        int32_t depth = 0;
        size_t len = 0;
        for (; paths[len] != 0 && (paths[len] != ',' || depth > 0); len++)
            depth += (paths[len] == '{') - (paths[len] == '}');
        char *one = NULL;
        weft_file_info *found = NULL, *all = NULL;
        int32_t found_count = 0;
        WEFT_TRY(st, weft_arena_copy(ctx, ctx->arena, paths, len, &one));
        WEFT_TRY(st, weft_fs_list(ctx, one, &found, &found_count));
        WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, count + found_count, &all));
        if (count > 0) memcpy(all, files, (size_t)count * sizeof(*all));
        if (found_count > 0) memcpy(all + count, found, (size_t)found_count * sizeof(*all));
        files = all;
        count += found_count;
        paths += len + (paths[len] == ',');
    }
    *out = (weft_listing){.path = path, .files = files, .file_count = count};
done:
    return st;
}

weft_status weft_listing_once(weft_ctx *ctx, weft_listings *listings, const char *paths, weft_listing *out)
{
    weft_status st = WEFT_OK;
    weft_listing *made = NULL;
    for (int32_t i = 0; i < listings->items.count; i++) {
        *out = *(const weft_listing *)listings->items.items[i];
        if (strcmp(out->path, paths) == 0) return WEFT_OK;
    }
    WEFT_TRY(st, WEFT_NEW(ctx, &made));
    WEFT_TRY(st, weft_listing_of(ctx, paths, made));
    WEFT_TRY(st, weft_pointers_push(ctx, &listings->items, made));
    *out = *made;
done:
    return st;
}

static weft_status find_scans(weft_ctx *ctx, const weft_node *node, const weft_relation *relation,
                              weft_pointers *scans)
{
    weft_status st = WEFT_OK;
    if (node->kind == WEFT_NODE_SCAN && node->scan.relation == relation)
        WEFT_TRY(st, weft_pointers_push(ctx, scans, node));
    for (int32_t i = 0; i < node->input_count; i++)
        WEFT_TRY(st, find_scans(ctx, node->inputs[i], relation, scans));
done:
    return st;
}

weft_status weft_listing_of_partitions(weft_ctx *ctx, weft_listings *listings, const weft_node *plan,
                                       int32_t index, weft_relation *r)
{
    weft_status st = WEFT_OK;
    weft_listing *made = NULL;
    weft_pointers scans = {0};
    weft_file_info *files = NULL;
    char *key = NULL;
    WEFT_TRY(st, weft_arena_printf(ctx, ctx->arena, &key, "%s|%d", r->definition->location, index));
    for (int32_t i = 0; i < listings->items.count; i++) {
        const weft_listing *known = listings->items.items[i];
        if (strcmp(known->path, key) != 0) continue;
        r->files = known->files;
        r->file_count = known->file_count;
        return WEFT_OK;
    }
    WEFT_TRY(st, WEFT_NEW(ctx, &made));
    WEFT_TRY(st, find_scans(ctx, plan, r, &scans));
    WEFT_TRY(st,
             weft_partition_listing(ctx, r->definition, &scans, &files, &made->file_count, &r->partitions));
    made->path = key;
    r->files = made->files = files;
    r->file_count = made->file_count;
    WEFT_TRY(st, weft_pointers_push(ctx, &listings->items, made));
done:
    return st;
}
