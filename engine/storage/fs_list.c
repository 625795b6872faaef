/* engine/storage/fs_list.c - what a path names: one file, all files below a folder, or what a pattern
 * matches.
 *
 *   braces → patterns → segment by segment: plain segments are joined, others matched against the folder
 *   → every match that is a folder is walked → sorted by path bytes, doubles removed
 *
 * Folders are read in sorted order and hidden names left out as Spark does. Everything lies in ctx->arena. */
#include "engine/storage/fs_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/limits.h"
#include "engine/storage/glob.h"

enum { LIST_DEPTH_MAX = 128 }; /* folders within folders: a loop of symbolic links ends here */

typedef struct file_list {
    weft_file_info *items;
    int32_t count, capacity;
    size_t base_bytes; /* of the folder being walked; 0: none is */
} file_list;

/* Spark leaves out _x (but for partition folders _x=1), .x and copies under way. */
static bool list_is_hidden(const char *name)
{
    if (name[0] == '.') return true;
    if (name[0] == '_' && strchr(name, '=') == NULL) return true;
    const size_t len = strlen(name);
    return len >= 10 && strcmp(name + len - 10, "._COPYING_") == 0;
}

static weft_status list_add(weft_ctx *ctx, file_list *list, const weft_file_info *info)
{
    weft_status st = WEFT_OK;
    const char *slash = strrchr(info->path, '/');
    const size_t own_base = slash == NULL ? 0 : (size_t)(slash - info->path);
    if (list->count >= WEFT_FILES_MAX) {
        return weft_fail(ctx, WEFT_LIMIT, "More than %d files at '%s'.", WEFT_FILES_MAX, info->path);
    }
    if (list->count == list->capacity) {
        const int32_t capacity = weft_max_i32(16, list->capacity * 2);
        weft_file_info *items = NULL;
        WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, capacity, &items));
        if (list->count > 0) memcpy(items, list->items, (size_t)list->count * sizeof(*items));
        list->items = items;
        list->capacity = capacity;
    }
    list->items[list->count] = *info;
    list->items[list->count++].base_bytes = (int32_t)(list->base_bytes > 0 ? list->base_bytes : own_base);
done:
    return st;
}

static weft_status list_open_folder(weft_ctx *ctx, const char *path, DIR **out)
{
    weft_status st = WEFT_OK;
    *out = NULL;
    WEFT_TRY(st, weft_fs_fault(ctx, "list", path));
    *out = opendir(path);
    if (*out == NULL) st = weft_fs_fail_errno(ctx, errno, "list", path);
done:
    return st;
}

/* The next name of a folder, NULL at the end. */
static weft_status list_next_name(weft_ctx *ctx, DIR *folder, const char *path, const char **name)
{
    for (;;) {
        errno = 0;
        const struct dirent *entry = readdir(folder);
        if (entry == NULL && errno != 0) return weft_fs_fail_errno(ctx, errno, "list", path);
        *name = entry == NULL ? NULL : entry->d_name;
        if (entry == NULL || (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0))
            return WEFT_OK;
    }
}

static weft_status list_join(weft_ctx *ctx, const char *folder, const char *name, char **out)
{
    return weft_arena_printf(ctx, ctx->arena, out, "%s/%s", strcmp(folder, "/") == 0 ? "" : folder, name);
}

/* stat that takes a name that has just gone (or a dangling link) as "nothing there". */
static weft_status list_stat(weft_ctx *ctx, const char *path, weft_file_info *info, bool *there)
{
    const weft_status st = weft_fs_stat_normalised(ctx, path, info);
    *there = st == WEFT_OK;
    if (st != WEFT_NOT_FOUND) return st;
    weft_error_clear(ctx);
    return WEFT_OK;
}

static weft_status list_walk(weft_ctx *ctx, file_list *list, const char *path, int depth)
{
    weft_status st = WEFT_OK;
    DIR *folder = NULL;
    const char *name;
    if (depth > LIST_DEPTH_MAX) {
        return weft_fail(ctx, WEFT_LIMIT, "'%s' is more than %d folders deep.", path, LIST_DEPTH_MAX);
    }
    WEFT_TRY(st, list_open_folder(ctx, path, &folder));
    for (;;) {
        char *full = NULL;
        weft_file_info info;
        bool there;
        WEFT_TRY(st, list_next_name(ctx, folder, path, &name));
        if (name == NULL) break;
        if (list_is_hidden(name)) continue;
        WEFT_TRY(st, weft_check_cancel(ctx));
        WEFT_TRY(st, list_join(ctx, path, name, &full));
        WEFT_TRY(st, list_stat(ctx, full, &info, &there));
        if (!there) continue;
        if (info.is_directory) {
            WEFT_TRY(st, list_walk(ctx, list, full, depth + 1));
        } else {
            WEFT_TRY(st, list_add(ctx, list, &info));
        }
    }
done:
    if (folder != NULL) closedir(folder);
    return st;
}

static weft_status list_take(weft_ctx *ctx, file_list *list, const weft_file_info *info)
{
    list->base_bytes = info->is_directory ? strlen(info->path) : 0;
    return info->is_directory ? list_walk(ctx, list, info->path, 0) : list_add(ctx, list, info);
}

/* Match the rest of a pattern (segments without braces) below `folder`. */
static weft_status list_match(weft_ctx *ctx, file_list *list, const char *folder, const char *rest, int depth)
{
    weft_status st = WEFT_OK;
    DIR *open_folder = NULL;
    char *segment = NULL;
    char *full = NULL;
    const char *name;
    weft_file_info info;
    bool there;
    while (*rest == '/') rest++;
    const size_t len = strcspn(rest, "/");
    const bool last = rest[len] == 0;
    if (depth > LIST_DEPTH_MAX) return weft_fail(ctx, WEFT_LIMIT, "A path pattern is too deep.");
    WEFT_TRY(st, weft_arena_copy(ctx, ctx->arena, rest, len, &segment));
    if (!weft_glob_has_pattern(segment)) {
        weft_glob_unquote(segment);
        WEFT_TRY(st, list_join(ctx, folder, segment, &full));
        WEFT_TRY(st, list_stat(ctx, full, &info, &there));
        if (!there) goto done;
        if (last) {
            WEFT_TRY(st, list_take(ctx, list, &info));
        } else if (info.is_directory) {
            WEFT_TRY(st, list_match(ctx, list, full, rest + len, depth + 1));
        }
        goto done;
    }
    WEFT_TRY(st, list_open_folder(ctx, folder, &open_folder));
    for (;;) {
        WEFT_TRY(st, list_next_name(ctx, open_folder, folder, &name));
        if (name == NULL) break;
        if (list_is_hidden(name) || !weft_glob_match(segment, name)) continue;
        WEFT_TRY(st, list_join(ctx, folder, name, &full));
        WEFT_TRY(st, list_stat(ctx, full, &info, &there));
        if (!there) continue;
        if (last) {
            WEFT_TRY(st, list_take(ctx, list, &info));
        } else if (info.is_directory) {
            WEFT_TRY(st, list_match(ctx, list, full, rest + len, depth + 1));
        }
    }
done:
    if (open_folder != NULL) closedir(open_folder);
    return st;
}

static int list_compare(const void *a, const void *b)
{
    return strcmp(((const weft_file_info *)a)->path, ((const weft_file_info *)b)->path);
}

static void list_sort_distinct(file_list *list)
{
    if (list->count == 0) return;
    qsort(list->items, (size_t)list->count, sizeof(*list->items), list_compare);
    int32_t kept = 1;
    for (int32_t i = 1; i < list->count; i++) {
        if (strcmp(list->items[i].path, list->items[kept - 1].path) != 0)
            list->items[kept++] = list->items[i];
    }
    list->count = kept;
}

/* An artifact is one file, the same for every process: it has no time. */
static weft_status list_named(weft_ctx *ctx, const char *path, weft_file_info **files, int32_t *count)
{
    weft_status st = WEFT_OK;
    char *whole = NULL, *place = NULL;
    WEFT_TRY(st, weft_fs_find_named(ctx, path, &whole, &place));
    WEFT_TRY(st, WEFT_NEW(ctx, files));
    WEFT_TRY(st, weft_fs_stat_normalised(ctx, place, *files));
    (*files)->path = whole;
    (*files)->mtime_ns = 0;
    *count = 1;
done:
    return st;
}

weft_status weft_fs_list(weft_ctx *ctx, const char *path, weft_file_info **files, int32_t *count)
{
    weft_status st = WEFT_OK;
    file_list list = {0};
    char *normal = NULL;
    weft_file_info info;
    bool there;
    char **patterns = NULL;
    int32_t pattern_count = 0;
    *files = NULL;
    *count = 0;
    if (weft_fs_is_named(path)) return list_named(ctx, path, files, count);
    WEFT_TRY(st, weft_fs_normalise(ctx, path, &normal));
    WEFT_TRY(st, list_stat(ctx, normal, &info, &there));
    if (there) { /* also a file whose name looks like a pattern */
        WEFT_TRY(st, list_take(ctx, &list, &info));
    } else if (weft_glob_has_pattern(normal)) {
        WEFT_TRY(st, weft_glob_expand(ctx, normal, &patterns, &pattern_count));
        for (int32_t i = 0; i < pattern_count; i++) {
            WEFT_TRY(st, list_match(ctx, &list, "/", patterns[i], 0));
        }
    }
    if (!there && list.count == 0) {
        st = weft_fail(ctx, WEFT_NOT_FOUND, "Path does not exist: file:%s.", normal);
        goto done;
    }
    list_sort_distinct(&list);
    *files = list.items;
    *count = list.count;
done:
    return st;
}

/* ---- folders ---- */

static weft_status folders_walk(weft_ctx *ctx, file_list *list, const char *path, int32_t depth)
{
    weft_status st = WEFT_OK;
    DIR *folder = NULL;
    const char *name;
    WEFT_TRY(st, list_open_folder(ctx, path, &folder));
    for (;;) {
        char *full = NULL;
        weft_file_info info;
        bool there;
        WEFT_TRY(st, list_next_name(ctx, folder, path, &name));
        if (name == NULL) break;
        if (list_is_hidden(name)) continue;
        WEFT_TRY(st, weft_check_cancel(ctx));
        WEFT_TRY(st, list_join(ctx, path, name, &full));
        WEFT_TRY(st, list_stat(ctx, full, &info, &there));
        if (!there || !info.is_directory) continue;
        WEFT_TRY(st, depth > 1 ? folders_walk(ctx, list, full, depth - 1) : list_add(ctx, list, &info));
    }
done:
    if (folder != NULL) closedir(folder);
    return st;
}

weft_status weft_fs_list_folders(weft_ctx *ctx, const char *path, int32_t depth, const char *const **folders,
                                 int32_t *count)
{
    weft_status st = WEFT_OK;
    file_list list = {0};
    weft_file_info info;
    char *normal = NULL;
    bool there = false;
    const char **names = NULL;
    *count = 0;
    *folders = NULL;
    WEFT_TRY(st, weft_fs_normalise(ctx, path, &normal));
    WEFT_TRY(st, list_stat(ctx, normal, &info, &there));
    if (!there || !info.is_directory || depth < 1) goto done;
    WEFT_TRY(st, folders_walk(ctx, &list, normal, weft_min_i32(depth, LIST_DEPTH_MAX)));
    if (list.count > 0) qsort(list.items, (size_t)list.count, sizeof(*list.items), list_compare);
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, list.count, &names));
    const size_t prefix = strlen(normal) + (strcmp(normal, "/") == 0 ? 0 : 1);
    for (int32_t i = 0; i < list.count; i++) names[i] = list.items[i].path + prefix;
    *folders = names;
    *count = list.count;
done:
    return st;
}
