/* common/key_file.c - see key_file.h. */
#include "common/key_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zmq.h>

#include "common/secret_mode.h"

/* ---- text ---- */

/* A line without blanks at its ends. */
typedef struct key_line {
    const char *text;
    int32_t len, number;
} key_line;

static bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r'; }

/* The next line that says something; false at the end. */
static bool line_next(const char **at, const char *end, key_line *out)
{
    while (*at < end) {
        const char *start = *at;
        const char *stop = memchr(start, '\n', (size_t)(end - start));
        if (stop == NULL) stop = end;
        *at = stop + (stop < end);
        out->number++;
        while (start < stop && is_blank(*start)) start++;
        while (stop > start && is_blank(stop[-1])) stop--;
        if (start == stop || *start == '#') continue;
        out->text = start;
        out->len = (int32_t)(stop - start);
        return true;
    }
    return false;
}

/* The value of a line `name = value`; false when it is of another name. */
static bool line_value(const key_line *line, const char *name, const char **value, int32_t *len)
{
    const char *at = line->text, *end = line->text + line->len;
    const size_t name_len = strlen(name);
    if ((size_t)line->len < name_len || memcmp(at, name, name_len) != 0) return false;
    for (at += name_len; at < end && is_blank(*at);) at++;
    if (at == end || *at != '=') return false;
    for (at++; at < end && is_blank(*at);) at++;
    *value = at;
    *len = (int32_t)(end - at);
    return true;
}

/* 40 characters of Z85 (ZeroMQ RFC 32) that stand for 32 bytes. */
static bool key_is_valid(const char *key)
{
    static const char letters[] =
        "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#";
    uint8_t raw[32];
    return strlen(key) == WEFT_KEY_TEXT_BYTES - 1 && strspn(key, letters) == WEFT_KEY_TEXT_BYTES - 1 &&
           zmq_z85_decode(raw, key) != NULL;
}

static bool user_is_valid(const char *user)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
    const size_t len = strlen(user);
    return len > 0 && len < WEFT_USER_BYTES && strspn(user, letters) == len && user[0] != '.';
}

weft_status weft_key_user_check(weft_ctx *ctx, const char *user)
{
    if (user_is_valid(user)) return WEFT_OK;
    return weft_fail(ctx, WEFT_INVALID,
                     "'%.100s' cannot be a user: 1 to 63 letters, digits, '.', '_' or '-', no leading '.'",
                     user);
}

/* What a file may say. */
typedef enum key_field { KEY_ROLE, KEY_USER, KEY_PUBLIC, KEY_SECRET, KEY_FIELD_COUNT } key_field;
static const char *const field_names[KEY_FIELD_COUNT] = {"role", "user", "public-key", "secret-key"};

static weft_status line_take(weft_ctx *ctx, const char *name, const key_line *line,
                             char fields[KEY_FIELD_COUNT][WEFT_USER_BYTES])
{
    const char *value = NULL;
    int32_t len = 0, field = 0;
    while (field < KEY_FIELD_COUNT && !line_value(line, field_names[field], &value, &len)) field++;
    if (field == KEY_FIELD_COUNT) /* the line is not quoted: it may hold a secret */
        return weft_fail(ctx, WEFT_INVALID,
                         "key file %s, line %d is none of: role, user, public-key, secret-key = VALUE", name,
                         line->number);
    if (fields[field][0] != 0)
        return weft_fail(ctx, WEFT_INVALID, "key file %s, line %d says %s again", name, line->number,
                         field_names[field]);
    if (len == 0 || len >= WEFT_USER_BYTES)
        return weft_fail(ctx, WEFT_INVALID, "key file %s, line %d: %s has %d characters", name, line->number,
                         field_names[field], len);
    memcpy(fields[field], value, (size_t)len);
    return WEFT_OK;
}

/* Do the fields make a key? */
static weft_status fields_check(weft_ctx *ctx, const char *name,
                                char fields[KEY_FIELD_COUNT][WEFT_USER_BYTES])
{
    const weft_role role = weft_role_find(fields[KEY_ROLE]);
    if (role == WEFT_ROLE_COUNT)
        return weft_fail(ctx, WEFT_INVALID, "key file %s has no 'role = coordinator', 'worker' or 'client'",
                         name);
    if (role == WEFT_ROLE_CLIENT && !user_is_valid(fields[KEY_USER]))
        return weft_fail(ctx, WEFT_INVALID, "client key file %s has no 'user = NAME' with a valid name",
                         name);
    if (role != WEFT_ROLE_CLIENT && fields[KEY_USER][0] != 0)
        return weft_fail(ctx, WEFT_INVALID, "key file %s names a user, but its role is %s", name,
                         weft_role_name(role));
    for (int32_t i = KEY_PUBLIC; i <= KEY_SECRET; i++)
        if (!key_is_valid(fields[i]) && (i == KEY_PUBLIC || fields[i][0] != 0))
            return weft_fail(ctx, WEFT_INVALID, "key file %s has no '%s = KEY' with 40 characters of Z85",
                             name, field_names[i]);
    return WEFT_OK;
}

weft_status weft_key_file_parse(weft_ctx *ctx, const char *name, const char *text, size_t len,
                                weft_key_file *out)
{
    weft_status st = WEFT_OK;
    char fields[KEY_FIELD_COUNT][WEFT_USER_BYTES] = {{0}};
    const char *at = text, *end = text + len;
    key_line line = {0};

    *out = (weft_key_file){0};
    if (len >= WEFT_KEY_FILE_BYTES)
        return weft_fail(ctx, WEFT_INVALID, "%s is no key file: it has more than %d bytes", name,
                         WEFT_KEY_FILE_BYTES - 1);
    if (len > 0 && memchr(text, 0, len) != NULL)
        return weft_fail(ctx, WEFT_INVALID, "%s is no key file: it holds zero bytes", name);
    while (line_next(&at, end, &line)) WEFT_TRY(st, line_take(ctx, name, &line, fields));
    WEFT_TRY(st, fields_check(ctx, name, fields));
    out->who.role = weft_role_find(fields[KEY_ROLE]);
    memcpy(out->who.user, fields[KEY_USER], sizeof(out->who.user));
    memcpy(out->who.public_key, fields[KEY_PUBLIC], sizeof(out->who.public_key));
    memcpy(out->secret_key, fields[KEY_SECRET], sizeof(out->secret_key));
done:
    explicit_bzero(fields, sizeof(fields));
    return st;
}

size_t weft_key_file_print(const weft_key_file *file, char out[WEFT_KEY_FILE_BYTES])
{
    const bool client = file->who.role == WEFT_ROLE_CLIENT, secret = file->secret_key[0] != 0;
    return (size_t)snprintf(out, WEFT_KEY_FILE_BYTES, "role = %s\n%s%s%spublic-key = %s\n%s%s%s",
                            weft_role_name(file->who.role), client ? "user = " : "",
                            client ? file->who.user : "", client ? "\n" : "", file->who.public_key,
                            secret ? "secret-key = " : "", file->secret_key, secret ? "\n" : "");
}

/* ---- files ---- */

weft_status weft_key_path(weft_ctx *ctx, char out[WEFT_KEY_PATH_BYTES], const char *folder, const char *name)
{
    if (snprintf(out, WEFT_KEY_PATH_BYTES, "%s/%s", folder, name) < WEFT_KEY_PATH_BYTES) return WEFT_OK;
    return weft_fail(ctx, WEFT_INVALID, "the path of the key folder is too long: %.200s", folder);
}

/* All of a small file; *len may be WEFT_KEY_FILE_BYTES: too much for a key. 0 or errno. */
static int read_bytes(int fd, char out[WEFT_KEY_FILE_BYTES], size_t *len)
{
    *len = 0;
    while (*len < WEFT_KEY_FILE_BYTES) {
        const ssize_t got = read(fd, out + *len, WEFT_KEY_FILE_BYTES - *len);
        if (got == 0) break;
        if (got < 0 && errno != EINTR) return errno;
        if (got > 0) *len += (size_t)got;
    }
    return 0;
}

weft_status weft_key_text_read(weft_ctx *ctx, const char *path, bool private_only,
                               char out[WEFT_KEY_FILE_BYTES], size_t *len, int64_t *changed_ns)
{
    weft_status st = WEFT_OK;
    struct stat about = {0};
    /* NONBLOCK: a pipe under this name must not stop the process. */
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    int error = fd < 0 ? errno : 0;
    if (error == 0 && fstat(fd, &about) != 0) error = errno;
    if (error == 0 && S_ISREG(about.st_mode)) error = read_bytes(fd, out, len);
    if (fd >= 0) close(fd);
    if (error != 0)
        return weft_fail(ctx, error == ENOENT ? WEFT_NOT_FOUND : WEFT_IO, "cannot read key file %s: %s", path,
                         strerror(error));
    if (!S_ISREG(about.st_mode)) return weft_fail(ctx, WEFT_INVALID, "%s is no file", path);
    if (private_only && !weft_secret_file_is_private(&about)) {
        st = weft_fail(ctx, WEFT_INVALID, "secret key file %s can be read by others (mode %03o)", path,
                       (unsigned)(about.st_mode & 0777));
        weft_hint(ctx, "chmod 600 %s", path);
    }
    if (changed_ns != NULL) *changed_ns = (int64_t)about.st_mtim.tv_sec * 1000000000 + about.st_mtim.tv_nsec;
    return st;
}

weft_status weft_key_file_read(weft_ctx *ctx, const char *path, bool secret, weft_key_file *out)
{
    weft_status st = WEFT_OK;
    char text[WEFT_KEY_FILE_BYTES] = "";
    int64_t changed_ns = 0;
    size_t len = 0;
    *out = (weft_key_file){0};
    WEFT_TRY(st, weft_key_text_read(ctx, path, secret, text, &len, &changed_ns));
    WEFT_TRY(st, weft_key_file_parse(ctx, path, text, len, out));
    out->changed_ns = changed_ns;
    if (secret && out->secret_key[0] == 0)
        st = weft_fail(ctx, WEFT_INVALID, "key file %s has no 'secret-key = KEY'", path);
    if (!secret && out->secret_key[0] != 0) {
        st = weft_fail(ctx, WEFT_INVALID, "key file %s holds a secret, and is to be shown to others", path);
        weft_hint(ctx, "remove its line secret-key, and make a new key if others could read it");
    }
done:
    if (st != WEFT_OK) explicit_bzero(out, sizeof(*out));
    explicit_bzero(text, sizeof(text));
    return st;
}

/* 0 or errno. */
static int write_bytes(int fd, mode_t mode, const char *text, size_t len)
{
    if (fchmod(fd, mode) != 0) return errno; /* whatever the umask is */
    for (size_t done = 0; done < len;) {
        const ssize_t wrote = write(fd, text + done, len - done);
        if (wrote < 0 && errno != EINTR) return errno;
        if (wrote > 0) done += (size_t)wrote;
    }
    return fsync(fd) == 0 ? 0 : errno;
}

/* Make the names of a file's folder durable. 0 or errno. */
static int sync_folder_of(const char *path)
{
    char folder[WEFT_KEY_PATH_BYTES];
    const char *slash = strrchr(path, '/');
    snprintf(folder, sizeof(folder), "%.*s", slash == NULL ? 1 : (int)(slash - path + 1),
             slash == NULL ? "." : path);
    const int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return errno;
    const int error = fsync(fd) == 0 || errno == EINVAL ? 0 : errno; /* some file systems cannot */
    close(fd);
    return error;
}

weft_status weft_key_text_write(weft_ctx *ctx, const char *path, mode_t mode, bool replace, const char *text,
                                size_t len)
{
    char temporary[WEFT_KEY_PATH_BYTES + 8];
    snprintf(temporary, sizeof(temporary), "%s.new", path);
    int error = unlink(temporary) == 0 || errno == ENOENT ? 0 : errno; /* of a command that was killed */
    const int fd = error != 0 ? -1 : open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (error == 0 && fd < 0) error = errno;
    if (error == 0) {
        error = write_bytes(fd, mode, text, len);
        if (close(fd) != 0 && error == 0) error = errno;
        if (error == 0 && (replace ? rename(temporary, path) : link(temporary, path)) != 0) error = errno;
        if (error != 0 || !replace) unlink(temporary);
        if (error == 0) error = sync_folder_of(path);
    }
    if (error == 0) return WEFT_OK;
    if (error == EEXIST && !replace) return weft_fail(ctx, WEFT_EXISTS, "there is a key already: %s", path);
    return weft_fail(ctx, WEFT_IO, "cannot write key file %s: %s", path, strerror(error));
}

weft_status weft_key_file_write(weft_ctx *ctx, const char *path, mode_t mode, bool replace,
                                const weft_key_file *file)
{
    char text[WEFT_KEY_FILE_BYTES];
    const size_t len = weft_key_file_print(file, text);
    const weft_status st = weft_key_text_write(ctx, path, mode, replace, text, len);
    explicit_bzero(text, sizeof(text));
    return st;
}
