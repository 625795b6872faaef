/* client/config.c - see config.h. */
#include "client/config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/mem.h"

enum { CONFIG_WHERE_BYTES = 1100 };

static bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\f' || c == '\v'; }

/* One line, [text, stop), into key and value: copies in *room, which has space for both and two zero bytes.
 */
static weft_status config_line(weft_ctx *ctx, const char *where, const char *text, const char *stop,
                               char *room, weft_config_take *take, void *self)
{
    while (text < stop && is_blank(*text)) text++;
    while (stop > text && is_blank(stop[-1])) stop--;
    if (text == stop || *text == '#') return WEFT_OK;
    if (stop[-1] == '\\') {
        const weft_status st = weft_fail(ctx, WEFT_CONFIG, "%s: the line ends with a backslash", where);
        weft_hint(ctx, "a value stands on one line");
        return st;
    }
    const char *end = text;
    while (end < stop && !is_blank(*end) && *end != '=' && *end != ':') end++;
    const char *value = end;
    while (value < stop && is_blank(*value)) value++;
    if (value < stop && (*value == '=' || *value == ':')) value++;
    while (value < stop && is_blank(*value)) value++;
    if (end == text || end == stop) {
        const weft_status st = weft_fail(ctx, WEFT_CONFIG, "%s: \"%.*s\" is no key and value", where,
                                         (int)weft_min_i64(stop - text, 100), text);
        weft_hint(ctx, "a line is: key value, or key = value, or begins with #");
        return st;
    }
    char *key = room, *copy = room + (end - text) + 1;
    memcpy(key, text, (size_t)(end - text));
    key[end - text] = 0;
    memcpy(copy, value, (size_t)(stop - value));
    copy[stop - value] = 0;
    return take(ctx, self, where, key, copy);
}

weft_status weft_config_parse(weft_ctx *ctx, const char *name, const char *text, size_t len,
                              weft_config_take *take, void *self)
{
    static const char mark[] = "\xef\xbb\xbf"; /* what some editors put before UTF-8 */
    weft_status st = WEFT_OK;
    char where[CONFIG_WHERE_BYTES];
    char *room = NULL;
    const char *end = text + len;
    int32_t line = 0;

    if (len > WEFT_CONFIG_FILE_BYTES)
        return weft_fail(ctx, WEFT_CONFIG, "%s is larger than a configuration file may be (%d bytes)", name,
                         WEFT_CONFIG_FILE_BYTES);
    if (memchr(text, 0, len) != NULL)
        return weft_fail(ctx, WEFT_CONFIG, "%s holds zero bytes: it is no text file", name);
    WEFT_TRY(st, weft_mem_alloc(ctx, WEFT_MEM_WORKING, len + 2, (void **)&room));
    if (len >= strlen(mark) && memcmp(text, mark, strlen(mark)) == 0) text += strlen(mark);
    while (text < end) {
        const char *stop = memchr(text, '\n', (size_t)(end - text));
        if (stop == NULL) stop = end;
        snprintf(where, sizeof(where), "%.1000s:%d", name, ++line);
        WEFT_TRY(st, config_line(ctx, where, text, stop, room, take, self));
        text = stop + (stop < end);
    }
done:
    weft_mem_free(room);
    return st;
}

/* The whole file into *out, of at most one byte more than a file may have. */
static weft_status config_load(weft_ctx *ctx, const char *path, char **out, size_t *len)
{
    weft_status st = WEFT_OK;
    struct stat about;
    const size_t room = WEFT_CONFIG_FILE_BYTES + 1;
    const int fd = open(path, O_RDONLY | O_CLOEXEC);

    *len = 0;
    if (fd < 0)
        return weft_fail(ctx, errno == ENOENT ? WEFT_NOT_FOUND : WEFT_IO, "cannot read %s: %s", path,
                         strerror(errno));
    if (fstat(fd, &about) == 0 && S_ISDIR(about.st_mode)) {
        st = weft_fail(ctx, WEFT_IO, "cannot read %s: it is a folder", path);
        goto done;
    }
    WEFT_TRY(st, weft_mem_alloc(ctx, WEFT_MEM_WORKING, room, (void **)out));
    while (*len < room) {
        const ssize_t got = read(fd, *out + *len, room - *len);
        if (got == 0) break;
        if (got > 0)
            *len += (size_t)got;
        else if (errno != EINTR) {
            st = weft_fail(ctx, WEFT_IO, "cannot read %s: %s", path, strerror(errno));
            goto done;
        }
    }
done:
    close(fd);
    return st;
}

weft_status weft_config_read(weft_ctx *ctx, const char *path, weft_config_take *take, void *self)
{
    weft_status st = WEFT_OK;
    char *text = NULL;
    size_t len = 0;
    WEFT_TRY(st, config_load(ctx, path, &text, &len));
    WEFT_TRY(st, weft_config_parse(ctx, path, text, len, take, self));
done:
    weft_mem_free(text);
    return st;
}
