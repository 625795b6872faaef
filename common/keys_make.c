/* common/keys_make.c - making key folders, and telling what is in one; see keys.h. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zmq.h>

#include "common/key_file.h"
#include "common/mem.h"
#include "common/secret_file.h"

enum { NAME_BYTES = WEFT_USER_BYTES + 64 };

/* "coordinator" or "client-USER": how the files of a key begin. */
static void base_name(char out[NAME_BYTES], weft_role role, const char *user)
{
    snprintf(out, NAME_BYTES, "%s%s%s", weft_role_name(role), role == WEFT_ROLE_CLIENT ? "-" : "",
             role == WEFT_ROLE_CLIENT ? user : "");
}

/* "worker-1a2b3c4d": with the beginning of its public key, so that the generations of a key have names. */
static weft_status key_name(weft_ctx *ctx, const weft_identity *who, char out[NAME_BYTES])
{
    char base[NAME_BYTES];
    uint8_t raw[32];
    if (zmq_z85_decode(raw, who->public_key) == NULL)
        return weft_fail(ctx, WEFT_INTERNAL, "libzmq cannot read the key %s", who->public_key);
    base_name(base, who->role, who->user);
    snprintf(out, NAME_BYTES, "%.90s-%02x%02x%02x%02x", base, raw[0], raw[1], raw[2], raw[3]);
    return WEFT_OK;
}

static weft_status secret_path(weft_ctx *ctx, const char *folder, weft_role role, const char *user,
                               char out[WEFT_KEY_PATH_BYTES])
{
    char base[NAME_BYTES], name[NAME_BYTES + 16];
    base_name(base, role, user);
    snprintf(name, sizeof(name), "%s.secret", base);
    return weft_key_path(ctx, out, folder, name);
}

static weft_status make_folder(weft_ctx *ctx, const char *path, mode_t mode)
{
    struct stat about;
    if (mkdir(path, mode) == 0 || (errno == EEXIST && stat(path, &about) == 0 && S_ISDIR(about.st_mode)))
        return WEFT_OK;
    return weft_fail(ctx, WEFT_IO, "cannot make the key folder %s: %s", path, strerror(errno));
}

/* The secret that is there gets the name of its key: NAME.secret.old. Nothing happens when there is none. */
static weft_status keep_old_secret(weft_ctx *ctx, const char *folder, const char *path)
{
    weft_status st = WEFT_OK;
    weft_key_file old;
    char name[NAME_BYTES], kept[NAME_BYTES + 16], kept_path[WEFT_KEY_PATH_BYTES];
    if (access(path, F_OK) != 0) return WEFT_OK;
    WEFT_TRY(st, weft_key_file_read(ctx, path, true, &old));
    WEFT_TRY(st, key_name(ctx, &old.who, name));
    snprintf(kept, sizeof(kept), "%s.secret.old", name);
    WEFT_TRY(st, weft_key_path(ctx, kept_path, folder, kept));
    if (link(path, kept_path) != 0 && errno != EEXIST) /* it is the same key: a command was killed here */
        st = weft_fail(ctx, WEFT_IO, "cannot keep the old secret as %s: %s", kept_path, strerror(errno));
done:
    explicit_bzero(&old, sizeof(old));
    return st;
}

static weft_status make_pair(weft_ctx *ctx, const char *folder, weft_role role, const char *user,
                             bool replace)
{
    weft_status st = WEFT_OK;
    weft_key_file made = {.who.role = role}, allowed;
    char name[NAME_BYTES], file[NAME_BYTES + 32], path[WEFT_KEY_PATH_BYTES];

    if (role == WEFT_ROLE_CLIENT) snprintf(made.who.user, sizeof(made.who.user), "%s", user);
    if (zmq_curve_keypair(made.who.public_key, made.secret_key) != 0)
        WEFT_TRY(st,
                 weft_fail(ctx, WEFT_UNSUPPORTED, "libzmq was built without CURVE: %s", zmq_strerror(errno)));
    /* Allowed first: a secret that nobody lets in would be worse than a key that nobody has. */
    allowed = made;
    explicit_bzero(allowed.secret_key, sizeof(allowed.secret_key));
    WEFT_TRY(st, key_name(ctx, &made.who, name));
    snprintf(file, sizeof(file), "allowed/%s.key", name);
    WEFT_TRY(st, weft_key_path(ctx, path, folder, file));
    WEFT_TRY(st, weft_key_file_write(ctx, path, 0644, false, &allowed));
    WEFT_TRY(st, secret_path(ctx, folder, role, user, path));
    if (replace) WEFT_TRY(st, keep_old_secret(ctx, folder, path));
    WEFT_TRY(st, weft_key_file_write(ctx, path, 0600, replace, &made));
done:
    explicit_bzero(&made, sizeof(made));
    return st;
}

weft_status weft_keys_init(weft_ctx *ctx, const char *folder, const char *user)
{
    static const weft_role roles[] = {WEFT_ROLE_COORDINATOR, WEFT_ROLE_WORKER, WEFT_ROLE_CLIENT};
    weft_status st = WEFT_OK;
    char path[WEFT_KEY_PATH_BYTES];
    WEFT_TRY(st, weft_key_user_check(ctx, user));
    for (int32_t i = 0; i < WEFT_COUNT(roles); i++) {
        WEFT_TRY(st, secret_path(ctx, folder, roles[i], user, path));
        if (access(path, F_OK) != 0) continue;
        st = weft_fail(ctx, WEFT_EXISTS, "there is a key already: %s", path);
        weft_hint(ctx,
                  "one more key, for another user or in place of an old one, is made by 'weft keys add'");
        goto done;
    }
    WEFT_TRY(st, make_folder(ctx, folder, 0700));
    WEFT_TRY(st, weft_key_path(ctx, path, folder, "allowed"));
    WEFT_TRY(st, make_folder(ctx, path, 0755));
    for (int32_t i = 0; i < WEFT_COUNT(roles); i++)
        WEFT_TRY(st, make_pair(ctx, folder, roles[i], user, false));
    st = weft_secret_init(ctx, folder);
done:
    return st;
}

weft_status weft_keys_add(weft_ctx *ctx, const char *folder, weft_role role, const char *user)
{
    weft_status st = WEFT_OK;
    char path[WEFT_KEY_PATH_BYTES];
    assert(role > WEFT_ROLE_ANY && role < WEFT_ROLE_COUNT);
    if (role == WEFT_ROLE_CLIENT) WEFT_TRY(st, weft_key_user_check(ctx, user));
    WEFT_TRY(st, weft_key_path(ctx, path, folder, "allowed"));
    if (access(path, F_OK) != 0) {
        st = weft_fail(ctx, WEFT_NOT_FOUND, "%s is no key folder: it has no folder 'allowed'", folder);
        weft_hint(ctx, "weft keys init %s", folder);
        goto done;
    }
    WEFT_TRY(st, make_pair(ctx, folder, role, user, true));
done:
    return st;
}

/* ---- telling ---- */

static int compare_entries(const void *a, const void *b)
{
    const weft_key_entry *x = a, *y = b;
    if (x->who.role != y->who.role) return x->who.role < y->who.role ? -1 : 1;
    const int user = strcmp(x->who.user, y->who.user);
    if (user != 0) return user;
    if (x->changed_ns != y->changed_ns) return x->changed_ns > y->changed_ns ? -1 : 1;
    return strcmp(x->file, y->file);
}

/* One file of `allowed`: the entry, with its secret when the folder holds it. */
static weft_status entry_read(weft_ctx *ctx, const char *folder, const char *file, weft_key_entry *out)
{
    weft_status st = WEFT_OK;
    weft_key_file key = {0}, secret = {0};
    char allowed[WEFT_KEY_PATH_BYTES], path[WEFT_KEY_PATH_BYTES], name[NAME_BYTES];
    WEFT_TRY(st, weft_key_path(ctx, allowed, folder, "allowed"));
    WEFT_TRY(st, weft_key_path(ctx, path, allowed, file));
    WEFT_TRY(st, weft_key_file_read(ctx, path, false, &key));
    out->who = key.who;
    out->changed_ns = key.changed_ns;
    WEFT_TRY(st, weft_arena_copy(ctx, ctx->arena, file, strlen(file), &out->file));
    out->secret = NULL;
    base_name(name, key.who.role, key.who.user);
    WEFT_TRY(st, secret_path(ctx, folder, key.who.role, key.who.user, path));
    st = weft_key_file_read(ctx, path, true, &secret);
    if (st == WEFT_NOT_FOUND) { /* it was carried away, as it should be */
        weft_error_clear(ctx);
        st = WEFT_OK;
    } else if (st == WEFT_OK && strcmp(secret.who.public_key, key.who.public_key) == 0)
        st = weft_arena_printf(ctx, ctx->arena, &out->secret, "%s.secret", name);
done:
    explicit_bzero(&secret, sizeof(secret));
    return st;
}

weft_status weft_keys_list(weft_ctx *ctx, const char *folder, weft_key_entry **out, int32_t *count)
{
    weft_status st = WEFT_OK;
    char path[WEFT_KEY_PATH_BYTES];
    DIR *dir = NULL;
    int32_t capacity = 0;
    *out = NULL;
    *count = 0;
    WEFT_TRY(st, weft_key_path(ctx, path, folder, "allowed"));
    dir = opendir(path);
    if (dir == NULL)
        WEFT_TRY(st, weft_fail(ctx, errno == ENOENT ? WEFT_NOT_FOUND : WEFT_IO,
                               "cannot read the key folder %s: %s", path, strerror(errno)));
    for (struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir)) {
        const size_t len = strlen(entry->d_name);
        if (len < 5 || strcmp(entry->d_name + len - 4, ".key") != 0) continue;
        if (*count == WEFT_KEYS_MAX)
            WEFT_TRY(st, weft_fail(ctx, WEFT_LIMIT, "%s holds more than %d keys", path, WEFT_KEYS_MAX));
        if (*count == capacity) {
            weft_key_entry *wider = NULL;
            capacity = capacity == 0 ? 16 : capacity * 2;
            WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, capacity, &wider));
            if (*count > 0) memcpy(wider, *out, (size_t)*count * sizeof(*wider));
            *out = wider;
        }
        WEFT_TRY(st, entry_read(ctx, folder, entry->d_name, &(*out)[*count]));
        ++*count;
    }
    if (*count > 0) qsort(*out, (size_t)*count, sizeof(**out), compare_entries);
done:
    if (dir != NULL) closedir(dir);
    return st;
}
