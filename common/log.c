/* common/log.c - see log.h. A record is composed in a buffer of its thread's stack and written by one
 * write(2) under the sink's lock, so that rotation falls between records. */
#include "common/log.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { LOG_RECORD_BYTES = 8192, LOG_PATH_BYTES = 1024, LOG_STAMP_BYTES = 40 };

static const char *const level_names[] = {"DEBUG", "INFO", "WARN", "ERROR"};

enum { LOG_RECENT_BYTES = 256 << 10, LOG_RETRY_S = 60 };

/* The process's sink; guarded by lock. `recent` is a ring; untouched pages of it cost nothing. */
static struct {
    pthread_mutex_t lock;
    int fd; /* 0: stderr */
    char path[LOG_PATH_BYTES];
    weft_log_options options;
    atomic_int least;       /* options.level, for those who only ask: without the lock */
    int64_t bytes, begun_s; /* of the file; by the monotonic clock */
    int64_t rotate_s;       /* not before: it has just failed */
    int64_t lost;
    char recent[LOG_RECENT_BYTES];
    uint64_t recent_end; /* bytes ever put there */
} sink = {.lock = PTHREAD_MUTEX_INITIALIZER, .options = {.level = WEFT_LOG_WARN}, .least = WEFT_LOG_WARN};

bool weft_log_level_find(const char *text, weft_log_level *out)
{
    static const char *const words[] = {"debug", "info", "warn", "error"};
    for (int32_t i = 0; i < WEFT_COUNT(words); i++) {
        if (strcmp(words[i], text) != 0) continue;
        *out = (weft_log_level)i;
        return true;
    }
    return false;
}

/* ---- text ---- */

/* What a record is written into; what does not fit is cut, the end of the line excepted. */
typedef struct line {
    char text[LOG_RECORD_BYTES];
    size_t len;
} line;

static void line_put(line *l, const char *text, size_t len)
{
    const size_t room = sizeof(l->text) - 8 - l->len; /* closing quotes, braces, newline */
    if (len > room) len = room;
    memcpy(l->text + l->len, text, len);
    l->len += len;
}

static void line_puts(line *l, const char *text) { line_put(l, text, strlen(text)); }

/* In double quotes, JSON's escapes. Bytes above 0x7f pass: text is UTF-8. */
static void line_quote(line *l, const char *text)
{
    static const char digits[] = "0123456789abcdef";
    line_put(l, "\"", 1);
    for (const char *c = text; *c != 0; c++) {
        const unsigned char byte = (unsigned char)*c;
        if (byte == '"' || byte == '\\') {
            line_put(l, "\\", 1);
            line_put(l, c, 1);
        } else if (byte == '\n')
            line_put(l, "\\n", 2);
        else if (byte < 0x20 || byte == 0x7f) {
            const char escape[6] = {'\\', 'u', '0', '0', digits[byte >> 4], digits[byte & 15]};
            line_put(l, escape, sizeof(escape));
        } else
            line_put(l, c, 1);
    }
    line_put(l, "\"", 1);
}

static bool is_plain(const char *text)
{
    if (*text == 0) return false;
    for (const char *c = text; *c != 0; c++)
        if ((unsigned char)*c <= ' ' || *c == '"' || *c == '=' || *c == '\\' || *c == 0x7f) return false;
    return true;
}

static void line_value(line *l, const weft_log_field *field, bool json)
{
    char number[24];
    if (field->text == NULL) {
        snprintf(number, sizeof(number), "%" PRId64, field->number);
        line_puts(l, number);
    } else if (!json && is_plain(field->text))
        line_puts(l, field->text);
    else
        line_quote(l, field->text);
}

static void stamp(char out[LOG_STAMP_BYTES])
{
    struct timespec now;
    struct tm parts;
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &parts);
    const size_t len = strftime(out, LOG_STAMP_BYTES, "%Y-%m-%dT%H:%M:%S", &parts);
    snprintf(out + len, LOG_STAMP_BYTES - len, ".%06ldZ", now.tv_nsec / 1000);
}

static void line_compose(line *l, bool json, weft_log_level level, const char *event,
                         const weft_log_field *fields, int32_t count)
{
    char when[LOG_STAMP_BYTES];
    stamp(when);
    l->len = 0;
    line_puts(l, json ? "{\"time\":\"" : "");
    line_puts(l, when);
    line_puts(l, json ? "\",\"level\":\"" : " ");
    line_puts(l, level_names[level]);
    line_puts(l, json ? "\",\"event\":\"" : " ");
    line_puts(l, event);
    line_puts(l, json ? "\"" : "");
    for (int32_t i = 0; i < count; i++) {
        line_puts(l, json ? ",\"" : " ");
        line_puts(l, fields[i].key);
        line_puts(l, json ? "\":" : "=");
        line_value(l, &fields[i], json);
    }
    /* there is room: line_put leaves it */
    if (json) l->text[l->len++] = '}';
    l->text[l->len++] = '\n';
}

/* ---- the file ---- */

static int64_t now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec;
}

/* How long ago the first record of a file was written, which may have been by an earlier process: else one
 * that is started anew every day would never rotate by age. 0 when the file does not tell. */
static int64_t file_age_s(void)
{
    char head[LOG_STAMP_BYTES];
    struct timespec now;
    struct tm parts = {0};
    const int fd = open(sink.path, O_RDONLY | O_CLOEXEC);
    const ssize_t got = fd < 0 ? 0 : pread(fd, head, sizeof(head) - 1, 0);
    if (fd >= 0) close(fd);
    if (got <= 0) return 0;
    head[got] = 0;
    if (strptime(head + strcspn(head, "0123456789"), "%Y-%m-%dT%H:%M:%S", &parts) == NULL) return 0;
    clock_gettime(CLOCK_REALTIME, &now);
    const int64_t age_s = now.tv_sec - timegm(&parts);
    return age_s > 0 ? age_s : 0;
}

/* Lock held. 0 or errno. */
static int file_open(void)
{
    struct stat about;
    int fd = open(sink.path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
    if (fd >= 0 && fd <= STDERR_FILENO) { /* a process without stdin: what is printed must not end up here */
        const int low = fd;
        fd = fcntl(low, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
        close(low);
    }
    if (fd < 0) return errno;
    if (sink.fd > 0) close(sink.fd);
    sink.fd = fd;
    const bool is_file = fstat(fd, &about) == 0 && S_ISREG(about.st_mode);
    sink.bytes = is_file ? about.st_size : 0;
    sink.begun_s = now_s() - (sink.bytes > 0 ? file_age_s() : 0);
    sink.rotate_s = 0;
    return 0;
}

/* Lock held. path.1 becomes path.2 and so on; the last one is overwritten. When nothing can be renamed the
 * file goes on growing, and it is tried again later: losing records would be worse. */
static void file_rotate(void)
{
    sink.rotate_s = now_s() + LOG_RETRY_S;
    char from[LOG_PATH_BYTES + 16], to[LOG_PATH_BYTES + 16];
    for (int32_t i = sink.options.keep - 1; i >= 0; i--) {
        snprintf(to, sizeof(to), "%s.%d", sink.path, i + 1);
        if (i > 0)
            snprintf(from, sizeof(from), "%s.%d", sink.path, i);
        else
            snprintf(from, sizeof(from), "%s", sink.path);
        if (rename(from, to) != 0 && errno != ENOENT) return;
    }
    if (sink.options.keep == 0 && unlink(sink.path) != 0) return;
    if (file_open() != 0) sink.lost++; /* the old file stays open under its new name */
}

static bool is_due(size_t more)
{
    const weft_log_options *o = &sink.options;
    if (sink.fd == 0 || sink.bytes == 0 || sink.rotate_s > now_s()) return false;
    return (o->bytes_max > 0 && sink.bytes + (int64_t)more > o->bytes_max) ||
           (o->age_s_max > 0 && now_s() - sink.begun_s >= o->age_s_max);
}

/* Lock held. What goes to stderr is kept a while, for who asks for the log. */
static void keep_recent(const char *text, size_t len)
{
    const size_t at = (size_t)(sink.recent_end % LOG_RECENT_BYTES);
    const size_t first = len < LOG_RECENT_BYTES - at ? len : LOG_RECENT_BYTES - at;
    memcpy(sink.recent + at, text, first);
    memcpy(sink.recent, text + first, len - first);
    sink.recent_end += len;
}

size_t weft_log_recent(char *out, size_t room)
{
    pthread_mutex_lock(&sink.lock);
    const uint64_t have = sink.recent_end < LOG_RECENT_BYTES ? sink.recent_end : LOG_RECENT_BYTES;
    const size_t len = have < room ? (size_t)have : room;
    for (size_t i = 0; i < len; i++) out[i] = sink.recent[(sink.recent_end - len + i) % LOG_RECENT_BYTES];
    const bool is_cut = len > 0 && (uint64_t)len < sink.recent_end;
    pthread_mutex_unlock(&sink.lock);
    const char *feed = is_cut ? memchr(out, '\n', len) : NULL; /* whole records only */
    if (feed == NULL) return is_cut ? 0 : len;
    const size_t skip = (size_t)(feed - out) + 1;
    memmove(out, out + skip, len - skip);
    return len - skip;
}

/* Lock held. */
static void put_record(const char *text, size_t len)
{
    const int fd = sink.fd == 0 ? STDERR_FILENO : sink.fd;
    for (size_t done = 0; done < len;) {
        const ssize_t wrote = write(fd, text + done, len - done);
        if (wrote < 0 && errno == EINTR) continue;
        if (wrote <= 0) {
            sink.lost++;
            return;
        }
        done += (size_t)wrote;
        sink.bytes += wrote;
    }
}

void weft_log_write(weft_log_level level, const char *event, const weft_log_field *fields, int32_t count)
{
    line l;
    pthread_mutex_lock(&sink.lock);
    const bool wanted = level >= sink.options.level, json = sink.options.json;
    pthread_mutex_unlock(&sink.lock);
    if (!wanted) return;
    line_compose(&l, json, level, event, fields, count);
    pthread_mutex_lock(&sink.lock);
    if (is_due(l.len)) file_rotate();
    if (sink.fd == 0) keep_recent(l.text, l.len);
    put_record(l.text, l.len);
    pthread_mutex_unlock(&sink.lock);
}

void weft_log_error(weft_log_level level, const char *event, const weft_error *error)
{
    const weft_log_field fields[] = {WEFT_LOG_TEXT("class", weft_status_text(error->code)),
                                     WEFT_LOG_TEXT("message", error->message),
                                     WEFT_LOG_TEXT("hint", error->hint)};
    weft_log_write(level, event, fields, WEFT_COUNT(fields) - (error->hint[0] == 0));
}

weft_status weft_log_open(weft_ctx *ctx, const weft_log_options *options)
{
    char before[LOG_PATH_BYTES];
    int error = 0;
    if (options->path != NULL && strlen(options->path) >= LOG_PATH_BYTES)
        return weft_fail(ctx, WEFT_INVALID, "the path of the log file is too long: %s", options->path);
    pthread_mutex_lock(&sink.lock);
    memcpy(before, sink.path, sizeof(before));
    if (options->path != NULL) {
        snprintf(sink.path, sizeof(sink.path), "%s", options->path);
        error = file_open();
    } else if (sink.fd > 0) {
        close(sink.fd);
        sink.fd = 0;
    }
    if (error == 0) {
        sink.options = *options;
        sink.options.path = NULL; /* the copy is sink.path */
        atomic_store(&sink.least, (int)options->level);
    } else
        memcpy(sink.path, before, sizeof(before));
    pthread_mutex_unlock(&sink.lock);
    if (error == 0) return WEFT_OK;
    return weft_fail(ctx, WEFT_IO, "cannot open the log file %s: %s", options->path, strerror(error));
}

weft_status weft_log_reopen(weft_ctx *ctx)
{
    pthread_mutex_lock(&sink.lock);
    const int error = sink.fd > 0 ? file_open() : 0;
    pthread_mutex_unlock(&sink.lock);
    if (error == 0) return WEFT_OK;
    return weft_fail(ctx, WEFT_IO, "cannot open the log file again: %s", strerror(error));
}

bool weft_log_path(char *out, size_t out_bytes)
{
    pthread_mutex_lock(&sink.lock);
    const size_t len = sink.fd > 0 ? strlen(sink.path) : 0;
    const bool is_file = len > 0 && len < out_bytes;
    if (is_file) memcpy(out, sink.path, len + 1);
    pthread_mutex_unlock(&sink.lock);
    return is_file;
}

bool weft_log_wants(weft_log_level level)
{
    return (int)level >= atomic_load_explicit(&sink.least, memory_order_relaxed);
}

int64_t weft_log_lost(void)
{
    pthread_mutex_lock(&sink.lock);
    const int64_t lost = sink.lost;
    pthread_mutex_unlock(&sink.lock);
    return lost;
}

void weft_log_close(void)
{
    pthread_mutex_lock(&sink.lock);
    if (sink.fd > 0) close(sink.fd);
    sink.fd = 0;
    sink.options = (weft_log_options){.level = WEFT_LOG_WARN};
    atomic_store(&sink.least, (int)WEFT_LOG_WARN);
    pthread_mutex_unlock(&sink.lock);
}
