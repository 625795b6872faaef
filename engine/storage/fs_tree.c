/* engine/storage/fs_tree.c - removing a folder with all that is in it.
 *
 * Only for folders that belong to one job. Somebody may still write below it: a folder that will not become
 * empty is gone through again a few times. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "engine/storage/fs_internal.h"

enum {
    TREE_DEPTH_MAX = 128,
    TREE_TRIES_MAX = 10 /* each means that a file appeared while the folder was emptied */
};

static weft_status tree_empty(weft_ctx *ctx, const char *path, int depth);

static weft_status tree_remove(weft_ctx *ctx, const char *path, int depth)
{
    weft_status st = WEFT_OK;
    struct stat info;
    WEFT_TRY(st, weft_fs_fault(ctx, "stat", path));
    if (lstat(path, &info) != 0) {
        if (errno != ENOENT) st = weft_fs_fail_errno(ctx, errno, "stat", path);
        goto done;
    }
    if (!S_ISDIR(info.st_mode)) {
        WEFT_TRY(st, weft_fs_remove_if_exists(ctx, path));
        goto done;
    }
    for (int tries = 0; tries < TREE_TRIES_MAX; tries++) {
        WEFT_TRY(st, tree_empty(ctx, path, depth));
        st = weft_fs_remove_if_exists(ctx, path);
        if (st != WEFT_EXISTS) break;
    }
done:
    return st;
}

static weft_status tree_empty(weft_ctx *ctx, const char *path, int depth)
{
    weft_status st = WEFT_OK;
    DIR *folder = NULL;
    if (depth > TREE_DEPTH_MAX) {
        return weft_fail(ctx, WEFT_LIMIT, "'%s' is more than %d folders deep.", path, TREE_DEPTH_MAX);
    }
    WEFT_TRY(st, weft_fs_fault(ctx, "list", path));
    folder = opendir(path);
    if (folder == NULL) {
        if (errno != ENOENT) st = weft_fs_fail_errno(ctx, errno, "list", path);
        goto done;
    }
    for (const struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        char *full = NULL;
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
        WEFT_TRY(st, weft_arena_printf(ctx, ctx->arena, &full, "%s/%s", path, entry->d_name));
        WEFT_TRY(st, tree_remove(ctx, full, depth + 1));
    }
done:
    if (folder != NULL) closedir(folder);
    return st;
}

weft_status weft_fs_remove_tree(weft_ctx *ctx, const char *path)
{
    weft_status st = WEFT_OK;
    char *normal = NULL;
    WEFT_TRY(st, weft_fs_normalise(ctx, path, &normal));
    WEFT_TRY(st, tree_remove(ctx, normal, 0));
done:
    return st;
}
