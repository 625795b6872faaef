/* common/keys.c - see keys.h. The list of allowed keys is small and read whole; a reader copies what it finds
 * under the lock. */
#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/key_file.h"
#include "common/log.h"
#include "common/mem.h"

enum { REREAD_S = 5 }; /* a file that is changed in place does not change its folder */

typedef struct allowed_key {
    weft_identity who;
    int64_t changed_ns; /* of its file: newest first */
} allowed_key;

struct weft_keys {
    char folder[WEFT_KEY_PATH_BYTES];
    weft_key_pair own;
    weft_account *account; /* the list outlives the ctx that reads it again */
    pthread_rwlock_t lock;
    allowed_key *allowed; /* guarded by lock, as is the count; sorted newest first, then by key */
    int32_t count;
    pthread_mutex_t refreshing;
    uint64_t changes;  /* of the list, since it was opened; guarded by refreshing, as is what follows */
    int64_t folder_ns; /* when `allowed` was changed, as of the last reading; 0: read it again */
    int64_t reread_ns; /* when it is read again in any case */
    int32_t skipped;   /* files that were no keys, at the last reading */
};

static const char *const role_names[WEFT_ROLE_COUNT] = {"any", "coordinator", "worker", "client"};

const char *weft_role_name(weft_role role) { return role_names[role]; }

weft_role weft_role_find(const char *name)
{
    int32_t role = WEFT_ROLE_COORDINATOR;
    while (role < WEFT_ROLE_COUNT && strcmp(role_names[role], name) != 0) role++;
    return (weft_role)role;
}

/* ---- reading ---- */

static int compare_allowed(const void *a, const void *b)
{
    const allowed_key *x = a, *y = b;
    if (x->changed_ns != y->changed_ns) return x->changed_ns > y->changed_ns ? -1 : 1;
    return strcmp(x->who.public_key, y->who.public_key);
}

/* The list of a folder while it is read. */
typedef struct allowed_list {
    allowed_key *keys; /* weft_mem_free, of ctx's account */
    int32_t count, capacity;
    int32_t skipped; /* files that are no keys; with `strict` they are an error instead */
    bool strict;
} allowed_list;

static weft_status list_add(weft_ctx *ctx, allowed_list *list, const char *folder, const char *name)
{
    weft_status st = WEFT_OK;
    char path[WEFT_KEY_PATH_BYTES];
    weft_key_file file;
    if (list->count == WEFT_KEYS_MAX)
        return weft_fail(ctx, WEFT_LIMIT, "%s holds more than %d keys", folder, WEFT_KEYS_MAX);
    if (list->count == list->capacity) {
        const int32_t capacity = list->capacity == 0 ? 16 : list->capacity * 2;
        WEFT_TRY(st, weft_mem_resize(ctx, WEFT_MEM_WORKING, (size_t)capacity * sizeof(*list->keys),
                                     (void **)&list->keys));
        list->capacity = capacity;
    }
    WEFT_TRY(st, weft_key_path(ctx, path, folder, name));
    st = weft_key_file_read(ctx, path, false, &file);
    if (st == WEFT_OK)
        list->keys[list->count++] = (allowed_key){.who = file.who, .changed_ns = file.changed_ns};
    if (st == WEFT_NOT_FOUND) st = WEFT_OK; /* removed since the folder was listed */
    if (st == WEFT_INVALID && !list->strict) {
        weft_log_error(WEFT_LOG_DEBUG, "key_file_skipped", &ctx->error);
        list->skipped++;
        st = WEFT_OK;
    }
    if (st == WEFT_OK) weft_error_clear(ctx);
done:
    return st;
}

/* The whole folder, sorted. On failure the list is empty. */
static weft_status list_read(weft_ctx *ctx, const char *folder, bool strict, allowed_list *list)
{
    weft_status st = WEFT_OK;
    char path[WEFT_KEY_PATH_BYTES];
    DIR *dir = NULL;
    *list = (allowed_list){.strict = strict};
    WEFT_TRY(st, weft_key_path(ctx, path, folder, "allowed"));
    dir = opendir(path);
    if (dir == NULL)
        WEFT_TRY(st, weft_fail(ctx, errno == ENOENT ? WEFT_NOT_FOUND : WEFT_IO,
                               "cannot read the key folder %s: %s", path, strerror(errno)));
    for (;;) {
        errno = 0; /* half a folder must not be taken for the whole: it would cut the peers of the rest */
        const struct dirent *entry = readdir(dir);
        if (entry == NULL && errno != 0)
            WEFT_TRY(st, weft_fail(ctx, WEFT_IO, "cannot read the key folder %s: %s", path, strerror(errno)));
        if (entry == NULL) break;
        const size_t len = strlen(entry->d_name);
        if (len < 5 || strcmp(entry->d_name + len - 4, ".key") != 0) continue;
        WEFT_TRY(st, list_add(ctx, list, path, entry->d_name));
    }
    if (list->count > 0) qsort(list->keys, (size_t)list->count, sizeof(*list->keys), compare_allowed);
done:
    if (dir != NULL) closedir(dir);
    if (st != WEFT_OK) {
        weft_mem_free(list->keys);
        *list = (allowed_list){0};
    }
    return st;
}

/* The only secret of this role in the folder: a client's process does not say which user it is. */
static weft_status find_secret(weft_ctx *ctx, const char *folder, weft_role role,
                               char out[WEFT_KEY_PATH_BYTES])
{
    weft_status st = WEFT_OK;
    char found[256] = "";
    if (role != WEFT_ROLE_CLIENT) {
        snprintf(found, sizeof(found), "%s.secret", weft_role_name(role));
        return weft_key_path(ctx, out, folder, found);
    }
    DIR *dir = opendir(folder);
    if (dir == NULL)
        return weft_fail(ctx, errno == ENOENT ? WEFT_NOT_FOUND : WEFT_IO, "cannot read the key folder %s: %s",
                         folder, strerror(errno));
    for (struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir)) {
        const size_t len = strlen(entry->d_name);
        if (strncmp(entry->d_name, "client-", 7) != 0 || len < 15 ||
            strcmp(entry->d_name + len - 7, ".secret") != 0)
            continue;
        if (found[0] != 0)
            WEFT_TRY(st, weft_fail(ctx, WEFT_INVALID,
                                   "key folder %s holds secrets of several users (%s, %s): keep one", folder,
                                   found, entry->d_name));
        snprintf(found, sizeof(found), "%s", entry->d_name);
    }
    if (found[0] == 0)
        WEFT_TRY(st, weft_fail(ctx, WEFT_NOT_FOUND, "key folder %s holds no client-USER.secret", folder));
    WEFT_TRY(st, weft_key_path(ctx, out, folder, found));
done:
    closedir(dir);
    return st;
}

weft_status weft_keys_open(weft_ctx *ctx, const char *folder, weft_role role, weft_keys **out)
{
    weft_status st = WEFT_OK;
    weft_keys *keys = NULL;
    char path[WEFT_KEY_PATH_BYTES];
    weft_key_file own = {0};
    allowed_list list = {0};
    *out = NULL;
    if (strlen(folder) >= WEFT_KEY_PATH_BYTES)
        return weft_fail(ctx, WEFT_INVALID, "the path of the key folder is too long: %.200s", folder);
    WEFT_TRY(st, find_secret(ctx, folder, role, path));
    WEFT_TRY(st, weft_key_file_read(ctx, path, true, &own));
    if (own.who.role != role)
        WEFT_TRY(st, weft_fail(ctx, WEFT_INVALID, "key file %s is of role %s, not %s", path,
                               weft_role_name(own.who.role), weft_role_name(role)));
    WEFT_TRY(st, list_read(ctx, folder, true, &list));
    WEFT_TRY(st, weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, sizeof(*keys), (void **)&keys));
    pthread_rwlock_init(&keys->lock, NULL);
    pthread_mutex_init(&keys->refreshing, NULL);
    memcpy(keys->folder, folder, strlen(folder));
    keys->account = ctx->memory;
    memcpy(keys->own.public_key, own.who.public_key, sizeof(keys->own.public_key));
    memcpy(keys->own.secret_key, own.secret_key, sizeof(keys->own.secret_key));
    keys->allowed = list.keys;
    keys->count = list.count;
    list.keys = NULL;
    *out = keys;
done:
    explicit_bzero(&own, sizeof(own));
    weft_mem_free(list.keys);
    return st;
}

const weft_key_pair *weft_keys_own(const weft_keys *keys) { return &keys->own; }

weft_status weft_keys_server(weft_ctx *ctx, weft_keys *keys, weft_role role, uint32_t attempt,
                             char out[WEFT_KEY_TEXT_BYTES])
{
    uint32_t count = 0, seen = 0;
    pthread_rwlock_rdlock(&keys->lock);
    for (int32_t i = 0; i < keys->count; i++) count += keys->allowed[i].who.role == role;
    for (int32_t i = 0; i < keys->count && count > 0; i++) {
        if (keys->allowed[i].who.role != role || seen++ != attempt % count) continue;
        memcpy(out, keys->allowed[i].who.public_key, WEFT_KEY_TEXT_BYTES);
        break;
    }
    pthread_rwlock_unlock(&keys->lock);
    if (count > 0) return WEFT_OK;
    return weft_fail(ctx, WEFT_NOT_FOUND, "%s/allowed holds no key of a %s", keys->folder,
                     weft_role_name(role));
}

bool weft_keys_find(weft_keys *keys, const char *public_key, weft_identity *out)
{
    bool found = false;
    pthread_rwlock_rdlock(&keys->lock);
    for (int32_t i = 0; i < keys->count && !found; i++) {
        found = strcmp(keys->allowed[i].who.public_key, public_key) == 0;
        if (found) *out = keys->allowed[i].who;
    }
    pthread_rwlock_unlock(&keys->lock);
    return found;
}

static bool lists_equal(const weft_keys *keys, const allowed_list *list)
{
    if (keys->count != list->count) return false;
    for (int32_t i = 0; i < list->count; i++) {
        const weft_identity *a = &keys->allowed[i].who, *b = &list->keys[i].who;
        if (a->role != b->role || strcmp(a->user, b->user) != 0 || strcmp(a->public_key, b->public_key) != 0)
            return false;
    }
    return true;
}

/* Is it time to read the folder? Notes what it will have been read as. */
static bool is_due(weft_ctx *ctx, weft_keys *keys)
{
    struct stat about;
    char path[WEFT_KEY_PATH_BYTES + 16];
    snprintf(path, sizeof(path), "%s/allowed", keys->folder);
    if (stat(path, &about) != 0) return true; /* reading it will tell why */
    const int64_t changed_ns = (int64_t)about.st_mtim.tv_sec * 1000000000 + about.st_mtim.tv_nsec;
    const int64_t now_ns = weft_now_ns(ctx);
    if (changed_ns == keys->folder_ns && now_ns < keys->reread_ns) return false;
    /* A change right after the reading may get the same time: only what is a second old is settled. */
    const int64_t age_us = ctx->clock->wall_us(ctx->clock->self) - changed_ns / 1000;
    keys->folder_ns = age_us > 1000000 ? changed_ns : 0;
    keys->reread_ns = now_ns + (int64_t)REREAD_S * 1000000000;
    return true;
}

static weft_status refresh(weft_ctx *ctx, weft_keys *keys)
{
    allowed_list list;
    weft_account *const callers = ctx->memory;
    if (!is_due(ctx, keys)) return WEFT_OK;
    ctx->memory = keys->account;
    const weft_status st = list_read(ctx, keys->folder, false, &list);
    ctx->memory = callers;
    if (st != WEFT_OK) {
        keys->folder_ns = 0;
        return st;
    }
    if (list.skipped != keys->skipped)
        weft_log(list.skipped > 0 ? WEFT_LOG_WARN : WEFT_LOG_INFO, "key_files_skipped",
                 WEFT_LOG_TEXT("folder", keys->folder), WEFT_LOG_INT("files", list.skipped));
    keys->skipped = list.skipped;
    if (!lists_equal(keys, &list)) {
        keys->changes++;
        pthread_rwlock_wrlock(&keys->lock);
        allowed_key *const old = keys->allowed;
        keys->allowed = list.keys;
        keys->count = list.count;
        list.keys = old;
        pthread_rwlock_unlock(&keys->lock);
    }
    weft_mem_free(list.keys);
    return WEFT_OK;
}

weft_status weft_keys_refresh(weft_ctx *ctx, weft_keys *keys, uint64_t *seen, bool *changed)
{
    pthread_mutex_lock(&keys->refreshing);
    const weft_status st = refresh(ctx, keys);
    *changed = *seen != keys->changes;
    *seen = keys->changes;
    pthread_mutex_unlock(&keys->refreshing);
    return st;
}

void weft_keys_close(weft_keys **keys_p)
{
    weft_keys *keys = *keys_p;
    *keys_p = NULL;
    if (keys == NULL) return;
    weft_mem_free(keys->allowed);
    pthread_rwlock_destroy(&keys->lock);
    pthread_mutex_destroy(&keys->refreshing);
    explicit_bzero(&keys->own, sizeof(keys->own));
    weft_mem_free(keys);
}
