/* common/keys.c - see keys.h. The list of allowed keys is small and read whole; a reader copies what it finds
 * under the lock. */
#include "common/keys.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zmq.h>

#include "common/mem.h"

enum {
    KEY_FILE_BYTES = 4096,
    KEY_PATH_BYTES = 1024,
    KEYS_MAX = 100000 /* allowed keys: 15 MB of memory, and a second to read */
};

typedef struct allowed_key {
    weft_identity who;
    int64_t changed_ns; /* of its file: newest first */
} allowed_key;

struct weft_keys {
    char folder[KEY_PATH_BYTES];
    weft_role role;
    weft_key_pair own;
    weft_account *account; /* the list outlives the ctx that reads it again */
    pthread_rwlock_t lock;
    allowed_key *allowed; /* guarded by lock, as is the count; sorted newest first, then by key */
    int32_t count;
};

static const char *const role_names[WEFT_ROLE_COUNT] = {"any", "coordinator", "worker", "client"};

const char *weft_role_name(weft_role role) { return role_names[role]; }

weft_role weft_role_find(const char *name)
{
    int32_t role = WEFT_ROLE_COORDINATOR;
    while (role < WEFT_ROLE_COUNT && strcmp(role_names[role], name) != 0) role++;
    return (weft_role)role;
}

/* ---- files ---- */

static weft_status path_join(weft_ctx *ctx, char out[KEY_PATH_BYTES], const char *folder, const char *name)
{
    if (snprintf(out, KEY_PATH_BYTES, "%s/%s", folder, name) < KEY_PATH_BYTES) return WEFT_OK;
    return weft_fail(ctx, WEFT_INVALID, "the path of the key folder is too long: %s", folder);
}

static weft_status file_write(weft_ctx *ctx, const char *path, mode_t mode, bool replace, const char *text)
{
    weft_status st = WEFT_OK;
    char temporary[KEY_PATH_BYTES + 8];
    const size_t len = strlen(text);
    snprintf(temporary, sizeof(temporary), "%s.new", path);
    const int fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, mode);
    if (fd < 0) return weft_fail(ctx, WEFT_IO, "cannot write key file %s: %s", temporary, strerror(errno));
    if (fchmod(fd, mode) != 0 || write(fd, text, len) != (ssize_t)len || fsync(fd) != 0)
        st = weft_fail(ctx, WEFT_IO, "cannot write key file %s: %s", temporary, strerror(errno));
    close(fd);
    if (st == WEFT_OK && replace && rename(temporary, path) != 0)
        st = weft_fail(ctx, WEFT_IO, "cannot write key file %s: %s", path, strerror(errno));
    if (st == WEFT_OK && !replace && link(temporary, path) != 0)
        st = errno == EEXIST ? weft_fail(ctx, WEFT_EXISTS, "there is a key already: %s", path)
                             : weft_fail(ctx, WEFT_IO, "cannot write key file %s: %s", path, strerror(errno));
    if (st != WEFT_OK || !replace) unlink(temporary);
    return st;
}

static weft_status file_read(weft_ctx *ctx, const char *path, bool secret, char out[KEY_FILE_BYTES],
                             int64_t *changed_ns)
{
    struct stat about;
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return weft_fail(ctx, errno == ENOENT ? WEFT_NOT_FOUND : WEFT_IO, "cannot read key file %s: %s", path,
                         strerror(errno));
    const ssize_t got = fstat(fd, &about) == 0 ? read(fd, out, KEY_FILE_BYTES - 1) : -1;
    const int error = errno;
    close(fd);
    if (got < 0) return weft_fail(ctx, WEFT_IO, "cannot read key file %s: %s", path, strerror(error));
    out[got] = 0;
    if (secret && (about.st_mode & 077) != 0) {
        const weft_status st = weft_fail(ctx, WEFT_INVALID,
                                         "secret key file %s can be read by others (mode %03o)", path,
                                         (unsigned)(about.st_mode & 0777));
        weft_hint(ctx, "chmod 600 %s", path);
        return st;
    }
    if (changed_ns != NULL) *changed_ns = (int64_t)about.st_mtim.tv_sec * 1000000000 + about.st_mtim.tv_nsec;
    return WEFT_OK;
}

/* The value of `name = value` into out; false when there is no such line or it is too long. */
static bool text_find(const char *text, const char *name, char *out, size_t out_bytes)
{
    const size_t name_len = strlen(name);
    for (const char *line = text; line != NULL && *line != 0; line = strchr(line, '\n')) {
        line += *line == '\n';
        const char *at = line + strspn(line, " \t");
        if (strncmp(at, name, name_len) != 0) continue;
        at += name_len;
        at += strspn(at, " \t");
        if (*at++ != '=') continue;
        at += strspn(at, " \t");
        size_t len = strcspn(at, "\r\n");
        while (len > 0 && (at[len - 1] == ' ' || at[len - 1] == '\t')) len--;
        if (len + 1 > out_bytes) return false;
        memcpy(out, at, len);
        out[len] = 0;
        return true;
    }
    return false;
}

static weft_status text_key(weft_ctx *ctx, const char *path, const char *text, const char *name,
                            char out[WEFT_KEY_TEXT_BYTES])
{
    uint8_t raw[32];
    if (text_find(text, name, out, WEFT_KEY_TEXT_BYTES) && strlen(out) == WEFT_KEY_TEXT_BYTES - 1 &&
        zmq_z85_decode(raw, out) != NULL)
        return WEFT_OK;
    return weft_fail(ctx, WEFT_INVALID, "key file %s has no line '%s = KEY' with 40 characters of Z85", path,
                     name);
}

/* ---- making ---- */

static bool user_is_valid(const char *user)
{
    const char *const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
    const size_t len = strlen(user);
    return len > 0 && len < WEFT_USER_BYTES && strspn(user, letters) == len && user[0] != '.';
}

static weft_status make_folder(weft_ctx *ctx, const char *path)
{
    struct stat about;
    if (mkdir(path, 0755) == 0 || (errno == EEXIST && stat(path, &about) == 0 && S_ISDIR(about.st_mode)))
        return WEFT_OK;
    return weft_fail(ctx, WEFT_IO, "cannot make the key folder %s: %s", path, strerror(errno));
}

/* "coordinator" or "client-USER": what the files of a key are called. */
static void base_name(char out[KEY_PATH_BYTES], weft_role role, const char *user)
{
    if (role == WEFT_ROLE_CLIENT)
        snprintf(out, KEY_PATH_BYTES, "client-%s", user);
    else
        snprintf(out, KEY_PATH_BYTES, "%s", weft_role_name(role));
}

static weft_status secret_path(weft_ctx *ctx, const char *folder, weft_role role, const char *user,
                               char out[KEY_PATH_BYTES])
{
    char base[KEY_PATH_BYTES], name[KEY_PATH_BYTES + 16];
    base_name(base, role, user);
    snprintf(name, sizeof(name), "%s.secret", base);
    return path_join(ctx, out, folder, name);
}

static weft_status make_pair(weft_ctx *ctx, const char *folder, weft_role role, const char *user,
                             bool replace)
{
    weft_status st = WEFT_OK;
    weft_key_pair pair = {0};
    char base[KEY_PATH_BYTES], name[KEY_PATH_BYTES + 32], path[KEY_PATH_BYTES], text[KEY_FILE_BYTES];
    const bool client = role == WEFT_ROLE_CLIENT;

    if (client && !user_is_valid(user))
        return weft_fail(ctx, WEFT_INVALID,
                         "'%s' cannot be a user: 1 to 63 letters, digits, '.', '_' or '-', no leading '.'",
                         user);
    if (zmq_curve_keypair(pair.public_key, pair.secret_key) != 0)
        return weft_fail(ctx, WEFT_UNSUPPORTED, "libzmq was built without CURVE: %s", zmq_strerror(errno));
    base_name(base, role, user);
    /* Allowed first: a secret that nobody lets in would be worse than a key that nobody has. The public
     * key's first characters tell two generations apart. */
    snprintf(text, sizeof(text), "role = %s\n%s%s%spublic-key = %s\n", weft_role_name(role),
             client ? "user = " : "", client ? user : "", client ? "\n" : "", pair.public_key);
    uint8_t raw[32];
    if (zmq_z85_decode(raw, pair.public_key) == NULL)
        return weft_fail(ctx, WEFT_INTERNAL, "libzmq made a key that it cannot read");
    snprintf(name, sizeof(name), "allowed/%s-%02x%02x%02x%02x.key", base, raw[0], raw[1], raw[2], raw[3]);
    WEFT_TRY(st, path_join(ctx, path, folder, name));
    WEFT_TRY(st, file_write(ctx, path, 0644, true, text));
    snprintf(text, sizeof(text), "role = %s\n%s%s%spublic-key = %s\nsecret-key = %s\n", weft_role_name(role),
             client ? "user = " : "", client ? user : "", client ? "\n" : "", pair.public_key,
             pair.secret_key);
    WEFT_TRY(st, secret_path(ctx, folder, role, user, path));
    WEFT_TRY(st, file_write(ctx, path, 0600, replace, text));
done:
    explicit_bzero(&pair, sizeof(pair));
    explicit_bzero(text, sizeof(text));
    return st;
}

weft_status weft_keys_init(weft_ctx *ctx, const char *folder, const char *user)
{
    static const weft_role roles[] = {WEFT_ROLE_COORDINATOR, WEFT_ROLE_WORKER, WEFT_ROLE_CLIENT};
    weft_status st = WEFT_OK;
    char path[KEY_PATH_BYTES];
    if (!user_is_valid(user))
        return weft_fail(ctx, WEFT_INVALID,
                         "'%s' cannot be a user: 1 to 63 letters, digits, '.', '_' or '-', no leading '.'",
                         user);
    for (int32_t i = 0; i < WEFT_COUNT(roles); i++) {
        WEFT_TRY(st, secret_path(ctx, folder, roles[i], user, path));
        if (access(path, F_OK) == 0) return weft_fail(ctx, WEFT_EXISTS, "there is a key already: %s", path);
    }
    WEFT_TRY(st, make_folder(ctx, folder));
    WEFT_TRY(st, path_join(ctx, path, folder, "allowed"));
    WEFT_TRY(st, make_folder(ctx, path));
    for (int32_t i = 0; i < WEFT_COUNT(roles); i++)
        WEFT_TRY(st, make_pair(ctx, folder, roles[i], user, false));
done:
    return st;
}

weft_status weft_keys_add(weft_ctx *ctx, const char *folder, weft_role role, const char *user)
{
    weft_status st = WEFT_OK;
    char path[KEY_PATH_BYTES];
    WEFT_TRY(st, path_join(ctx, path, folder, "allowed"));
    if (access(path, F_OK) != 0) {
        st = weft_fail(ctx, WEFT_NOT_FOUND, "%s is no key folder: it has no folder 'allowed'", folder);
        weft_hint(ctx, "weft keys init %s", folder);
        return st;
    }
    WEFT_TRY(st, make_pair(ctx, folder, role, user, true));
done:
    return st;
}

/* ---- reading ---- */

static weft_status read_allowed_file(weft_ctx *ctx, const char *path, allowed_key *out)
{
    weft_status st = WEFT_OK;
    char text[KEY_FILE_BYTES], role[32];
    *out = (allowed_key){0};
    WEFT_TRY(st, file_read(ctx, path, false, text, &out->changed_ns));
    WEFT_TRY(st, text_key(ctx, path, text, "public-key", out->who.public_key));
    out->who.role = text_find(text, "role", role, sizeof(role)) ? weft_role_find(role) : WEFT_ROLE_COUNT;
    if (out->who.role == WEFT_ROLE_COUNT)
        return weft_fail(ctx, WEFT_INVALID,
                         "key file %s has no line 'role = coordinator', 'worker' or 'client'", path);
    if (out->who.role == WEFT_ROLE_CLIENT &&
        (!text_find(text, "user", out->who.user, sizeof(out->who.user)) || !user_is_valid(out->who.user)))
        return weft_fail(ctx, WEFT_INVALID, "client key file %s has no line 'user = NAME' with a valid name",
                         path);
done:
    return st;
}

static int compare_allowed(const void *a, const void *b)
{
    const allowed_key *x = a, *y = b;
    if (x->changed_ns != y->changed_ns) return x->changed_ns > y->changed_ns ? -1 : 1;
    return strcmp(x->who.public_key, y->who.public_key);
}

/* The whole folder, sorted. *list: weft_mem_free by the caller, of ctx's account. */
static weft_status read_allowed(weft_ctx *ctx, const char *folder, allowed_key **list, int32_t *count)
{
    weft_status st = WEFT_OK;
    char path[KEY_PATH_BYTES], file[KEY_PATH_BYTES];
    int32_t capacity = 0;
    DIR *dir = NULL;
    *list = NULL;
    *count = 0;
    WEFT_TRY(st, path_join(ctx, path, folder, "allowed"));
    dir = opendir(path);
    if (dir == NULL)
        WEFT_TRY(st, weft_fail(ctx, errno == ENOENT ? WEFT_NOT_FOUND : WEFT_IO,
                               "cannot read the key folder %s: %s", path, strerror(errno)));
    for (struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir)) {
        const size_t len = strlen(entry->d_name);
        if (len < 5 || strcmp(entry->d_name + len - 4, ".key") != 0) continue;
        if (*count == KEYS_MAX)
            WEFT_TRY(st, weft_fail(ctx, WEFT_LIMIT, "%s holds more than %d keys", path, KEYS_MAX));
        if (*count == capacity) {
            capacity = capacity == 0 ? 16 : capacity * 2;
            WEFT_TRY(
                st, weft_mem_resize(ctx, WEFT_MEM_WORKING, (size_t)capacity * sizeof(**list), (void **)list));
        }
        WEFT_TRY(st, path_join(ctx, file, path, entry->d_name));
        st = read_allowed_file(ctx, file, &(*list)[*count]);
        if (st == WEFT_NOT_FOUND) { /* removed since the folder was listed */
            weft_error_clear(ctx);
            st = WEFT_OK;
            continue;
        }
        WEFT_TRY(st, st);
        ++*count;
    }
    if (*count > 0) qsort(*list, (size_t)*count, sizeof(**list), compare_allowed);
done:
    if (dir != NULL) closedir(dir);
    if (st != WEFT_OK) {
        weft_mem_free(*list);
        *list = NULL;
    }
    return st;
}

/* The only secret of this role in the folder: a client's process does not say which user it is. */
static weft_status find_secret(weft_ctx *ctx, const char *folder, weft_role role, char out[KEY_PATH_BYTES])
{
    weft_status st = WEFT_OK;
    char found[256] = "";
    if (role != WEFT_ROLE_CLIENT) return secret_path(ctx, folder, role, "", out);
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
    WEFT_TRY(st, path_join(ctx, out, folder, found));
done:
    closedir(dir);
    return st;
}

weft_status weft_keys_open(weft_ctx *ctx, const char *folder, weft_role role, weft_keys **out)
{
    weft_status st = WEFT_OK;
    weft_keys *keys = NULL;
    char path[KEY_PATH_BYTES], text[KEY_FILE_BYTES] = "";
    *out = NULL;
    WEFT_TRY(st, weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, sizeof(*keys), (void **)&keys));
    pthread_rwlock_init(&keys->lock, NULL);
    keys->role = role;
    keys->account = ctx->memory;
    WEFT_TRY(st, path_join(ctx, keys->folder, folder, "."));
    keys->folder[strlen(keys->folder) - 2] = 0;
    WEFT_TRY(st, find_secret(ctx, folder, role, path));
    WEFT_TRY(st, file_read(ctx, path, true, text, NULL));
    WEFT_TRY(st, text_key(ctx, path, text, "public-key", keys->own.public_key));
    WEFT_TRY(st, text_key(ctx, path, text, "secret-key", keys->own.secret_key));
    WEFT_TRY(st, read_allowed(ctx, folder, &keys->allowed, &keys->count));
    *out = keys;
    keys = NULL;
done:
    explicit_bzero(text, sizeof(text));
    weft_keys_close(&keys);
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

static bool lists_equal(const allowed_key *a, const allowed_key *b, int32_t count)
{
    for (int32_t i = 0; i < count; i++)
        if (a[i].who.role != b[i].who.role || strcmp(a[i].who.user, b[i].who.user) != 0 ||
            strcmp(a[i].who.public_key, b[i].who.public_key) != 0)
            return false;
    return true;
}

weft_status weft_keys_refresh(weft_ctx *ctx, weft_keys *keys, bool *changed)
{
    weft_status st = WEFT_OK;
    allowed_key *list = NULL;
    int32_t count = 0;
    weft_account *const callers = ctx->memory;
    *changed = false;
    ctx->memory = keys->account;
    st = read_allowed(ctx, keys->folder, &list, &count);
    ctx->memory = callers;
    if (st != WEFT_OK) return st;
    *changed = count != keys->count || !lists_equal(list, keys->allowed, count);
    if (*changed) {
        pthread_rwlock_wrlock(&keys->lock);
        allowed_key *const old = keys->allowed;
        keys->allowed = list;
        keys->count = count;
        list = old;
        pthread_rwlock_unlock(&keys->lock);
    }
    weft_mem_free(list);
    return WEFT_OK;
}

void weft_keys_close(weft_keys **keys_p)
{
    weft_keys *keys = *keys_p;
    *keys_p = NULL;
    if (keys == NULL) return;
    weft_mem_free(keys->allowed);
    pthread_rwlock_destroy(&keys->lock);
    explicit_bzero(&keys->own, sizeof(keys->own));
    weft_mem_free(keys);
}
