/* coordinator/http_logs.c - the last lines of this process's log: of its file, or of what went to stderr. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/log.h"
#include "coordinator/http_private.h"

enum { LOGS_LINES = 100, LOGS_LINES_MOST = 10000, LOGS_BYTES_MOST = 1 << 20, LOGS_PATH_BYTES = 1024 };

/* The end of a file, at most `room` bytes, into `text`; 0 when it is not there. */
static size_t read_end(const char *path, char *text, size_t room)
{
    struct stat about;
    size_t len = 0;
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) return 0;
    if (fstat(fd, &about) == 0 && S_ISREG(about.st_mode)) {
        const off_t from = weft_max_i64(0, about.st_size - (int64_t)room);
        while (len < room) {
            const ssize_t got = pread(fd, text + len, room - len, from + (off_t)len);
            if (got < 0 && errno == EINTR) continue;
            if (got <= 0) break;
            len += (size_t)got;
        }
    }
    close(fd);
    return len;
}

/* How far back `lines` lines reach; *lines is what is still wanted before. A last line without its end is one
 * too. */
static size_t find_lines(const char *text, size_t len, int64_t *lines)
{
    size_t at = len;
    if (*lines <= 0) return len;
    if (at > 0 && text[at - 1] == '\n') at--;
    for (; at > 0; at--) {
        if (text[at - 1] != '\n') continue;
        if (--*lines == 0) return at;
    }
    if (len > 0) --*lines;
    return 0;
}

/* Two pieces of text, as they are or as {"lines": [...]}. */
static weft_status put_lines(weft_ctx *ctx, weft_http_view *v, const char *const pieces[2],
                             const size_t len[2], bool as_json)
{
    weft_status st = WEFT_OK;
    v->reply->type = as_json ? "application/json" : "text/plain; charset=utf-8";
    if (as_json) {
        weft_http_object(v->out, NULL);
        weft_http_array(v->out, "lines");
    }
    for (int32_t i = 0; i < 2; i++) {
        if (!as_json) {
            weft_http_put(v->out, pieces[i], len[i]);
            continue;
        }
        for (size_t at = 0, stop = 0; at < len[i]; at = stop + 1) {
            const char *feed = memchr(pieces[i] + at, '\n', len[i] - at);
            char *line = NULL;
            stop = feed == NULL ? len[i] : (size_t)(feed - pieces[i]);
            WEFT_TRY(st, weft_arena_copy(ctx, ctx->arena, pieces[i] + at, stop - at, &line));
            weft_http_text_value(v->out, NULL, line);
        }
    }
    if (as_json) {
        weft_http_end_array(v->out);
        weft_http_end_object(v->out);
    }
done:
    return st;
}

/* The file, and the one before it when the file was begun anew a moment ago. */
weft_status weft_http_logs(weft_ctx *ctx, weft_http_view *v)
{
    weft_status st = WEFT_OK;
    char path[LOGS_PATH_BYTES], before_path[LOGS_PATH_BYTES + 8], text[32];
    char *now = NULL, *before = NULL;
    uint64_t wanted = LOGS_LINES;
    size_t now_len = 0, now_from = 0, before_len = 0, before_from = 0;
    const bool is_given = weft_http_query(v->request, "lines", text, sizeof(text));
    if (is_given && (!weft_http_number(text, &wanted) || wanted > LOGS_LINES_MOST)) {
        weft_http_refuse(v->reply, 400, "lines is a whole number up to %d, not %s", LOGS_LINES_MOST, text);
        return WEFT_OK;
    }
    const bool is_file = weft_log_path(path, sizeof(path));
    WEFT_TRY(st, weft_mem_alloc(ctx, WEFT_MEM_WORKING, LOGS_BYTES_MOST, (void **)&now));
    now_len = is_file ? read_end(path, now, LOGS_BYTES_MOST) : weft_log_recent(now, LOGS_BYTES_MOST);
    int64_t lines = (int64_t)wanted;
    now_from = find_lines(now, now_len, &lines);
    if (is_file && lines > 0 && now_from == 0 && now_len < LOGS_BYTES_MOST) {
        const size_t room = LOGS_BYTES_MOST - now_len;
        WEFT_TRY(st, weft_mem_alloc(ctx, WEFT_MEM_WORKING, room, (void **)&before));
        snprintf(before_path, sizeof(before_path), "%s.1", path);
        before_len = read_end(before_path, before, room);
        before_from = find_lines(before, before_len, &lines);
    }
    const char *const pieces[2] = {before == NULL ? "" : before + before_from, now + now_from};
    const size_t len[2] = {before_len - before_from, now_len - now_from};
    WEFT_TRY(st, put_lines(ctx, v, pieces, len,
                           weft_http_query(v->request, "format", text, sizeof(text)) &&
                               strcmp(text, "json") == 0));
done:
    weft_mem_free(now);
    weft_mem_free(before);
    return st;
}
