/* engine/storage/blob_store.c - see blob_store.h.
 *
 * Files are FOLDER/NAME; those being written FOLDER/NAME.N.new. An entry stands in the list when the file is
 * durable under its name; bytes of writers count towards most_bytes from their beginning.
 *
 * The arena of a caller's ctx is used for paths: some hundred bytes a call. */
#include "engine/storage/blob_store.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/log.h"
#include "engine/storage/fs_internal.h"

enum { DIGITS = WEFT_BLOB_NAME_BYTES - 1, PLACE_BYTES = WEFT_BLOB_NAME_BYTES + 16 };

typedef struct blob_entry {
    char name[WEFT_BLOB_NAME_BYTES];
    int64_t bytes, used_ns;
    int32_t holds; /* it is not swept while there are some */
} blob_entry;

struct weft_blob_store {
    weft_account *account;
    const weft_seal *seal;
    const char *setting;
    char *folder;
    int64_t most_bytes;
    pthread_mutex_t lock; /* guards all that follows */
    blob_entry *entries;
    int32_t count, capacity;
    int64_t bytes;    /* of entries */
    int64_t promised; /* to writers */
    uint64_t writers; /* that ever were: their temporary names */
};

struct weft_blob_writer {
    weft_blob_store *store;
    weft_file_writer *file;
    weft_sha256 *digest;
    uint8_t *sealed; /* a chunk; NULL without a seal */
    int64_t bytes, written;
    int32_t index; /* of the next chunk */
    char name[WEFT_BLOB_NAME_BYTES];
    char *temporary, *final; /* behind the struct */
};

/* ---- chunks ---- */

int weft_blob_compare_ids(const void *a, const void *b)
{
    const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

static int64_t more_of_chunk(const weft_blob_store *s) { return s->seal == NULL ? 0 : WEFT_SEAL_MORE_BYTES; }

/* What a chunk is sealed with, so that it opens nowhere else. */
static void chunk_place(const char *name, int32_t index, char out[PLACE_BYTES])
{
    snprintf(out, PLACE_BYTES, "%s:%" PRId32, name, index);
}

/* The bytes of a blob whose file has so many; -1: no blob has. */
static int64_t plain_bytes(const weft_blob_store *s, int64_t file_bytes)
{
    const int64_t more = more_of_chunk(s), whole = WEFT_BLOB_CHUNK_BYTES + more;
    if (more == 0) return file_bytes;
    const int64_t chunks = (file_bytes + whole - 1) / whole;
    const int64_t last = file_bytes - (chunks - 1) * whole;
    if (chunks == 0 || last < more || (last == more && chunks > 1)) return -1;
    return file_bytes - chunks * more;
}

/* ---- the list; lock held ---- */

static blob_entry *find_entry(weft_blob_store *s, const char *name)
{
    for (int32_t i = 0; i < s->count; i++)
        if (strcmp(s->entries[i].name, name) == 0) return &s->entries[i];
    return NULL;
}

static weft_status add_entry(weft_ctx *ctx, weft_blob_store *s, const char *name, int64_t bytes)
{
    weft_status st = WEFT_OK;
    weft_account *const callers = ctx->memory;
    if (s->count == WEFT_BLOBS_MAX)
        return weft_fail(ctx, WEFT_LIMIT, "%s holds its most of %d blobs", s->folder, WEFT_BLOBS_MAX);
    if (s->count == s->capacity) {
        const int32_t capacity = weft_max_i32(16, 2 * s->capacity);
        ctx->memory = s->account;
        st = weft_mem_resize(ctx, WEFT_MEM_WORKING, (size_t)capacity * sizeof(*s->entries),
                             (void **)&s->entries);
        ctx->memory = callers;
        WEFT_TRY(st, st);
        s->capacity = capacity;
    }
    blob_entry *e = &s->entries[s->count++];
    const weft_clock *clock = weft_clock_system();
    *e = (blob_entry){.bytes = bytes, .used_ns = clock->now_ns(clock->self)};
    snprintf(e->name, sizeof(e->name), "%s", name);
    s->bytes += bytes;
done:
    return st;
}

static void drop_entry(weft_blob_store *s, blob_entry *e)
{
    s->bytes -= e->bytes;
    *e = s->entries[--s->count];
}

/* ---- life ---- */

static weft_status path_of(weft_ctx *ctx, const weft_blob_store *s, const char *name, char **out)
{
    return weft_arena_printf(ctx, ctx->arena, out, "%s/%s", s->folder, name);
}

/* What is no blob was left by a crash, or is of another store: it goes. */
static weft_status take_file(weft_ctx *ctx, weft_blob_store *s, const char *name)
{
    weft_status st = WEFT_OK;
    weft_file_info info;
    char *path = NULL;
    WEFT_TRY(st, path_of(ctx, s, name, &path));
    WEFT_TRY(st, weft_fs_stat_normalised(ctx, path, &info));
    const int64_t bytes = plain_bytes(s, info.size_bytes);
    if (weft_sha256_is(name) && !info.is_directory && bytes >= 0)
        st = add_entry(ctx, s, name, bytes);
    else
        st = weft_fs_remove_tree(ctx, path);
done:
    return st;
}

static weft_status take_files(weft_ctx *ctx, weft_blob_store *s)
{
    weft_status st = WEFT_OK;
    WEFT_TRY(st, weft_fs_fault(ctx, "list", s->folder));
    DIR *folder = opendir(s->folder);
    if (folder == NULL) return weft_fail(ctx, WEFT_IO, "cannot list the blobs in %s", s->folder);
    for (const struct dirent *e = readdir(folder); e != NULL && st == WEFT_OK; e = readdir(folder))
        if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0) st = take_file(ctx, s, e->d_name);
    closedir(folder);
done:
    return st;
}

weft_status weft_blob_store_open(weft_ctx *ctx, const weft_blob_store_options *options, weft_blob_store **out)
{
    weft_status st = WEFT_OK;
    weft_blob_store *s = NULL;
    char *normal = NULL;
    *out = NULL;
    WEFT_TRY(st, weft_fs_normalise(ctx, options->folder, &normal));
    WEFT_TRY(st, weft_fs_make_directories(ctx, normal));
    (void)chmod(normal, 0700);
    const size_t len = strlen(normal);
    WEFT_TRY(st, weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, sizeof(*s) + len + 1, (void **)&s));
    pthread_mutex_init(&s->lock, NULL);
    s->account = ctx->memory;
    s->seal = options->seal;
    s->setting = options->setting;
    s->most_bytes = options->most_bytes;
    s->folder = (char *)(s + 1);
    memcpy(s->folder, normal, len);
    WEFT_TRY(st, take_files(ctx, s));
    WEFT_TRY(st, weft_fs_sync_directory(ctx, s->folder)); /* a process may have died between name and sync */
    *out = s;
    s = NULL;
done:
    weft_blob_store_close(&s);
    return st;
}

void weft_blob_store_close(weft_blob_store **store)
{
    weft_blob_store *s = *store;
    *store = NULL;
    if (s == NULL) return;
    pthread_mutex_destroy(&s->lock);
    weft_mem_free(s->entries);
    weft_mem_free(s);
}

bool weft_blob_find(weft_blob_store *s, const char *name, int64_t *bytes)
{
    const weft_clock *clock = weft_clock_system();
    pthread_mutex_lock(&s->lock);
    blob_entry *e = find_entry(s, name);
    if (e != NULL) {
        e->used_ns = clock->now_ns(clock->self);
        *bytes = e->bytes;
    }
    pthread_mutex_unlock(&s->lock);
    return e != NULL;
}

/* How often it is held changes by one, and it counts as used now. False: it is not here. */
static bool change_holds(weft_blob_store *s, const char *name, int32_t change)
{
    const weft_clock *clock = weft_clock_system();
    pthread_mutex_lock(&s->lock);
    blob_entry *e = find_entry(s, name);
    if (e != NULL) {
        e->used_ns = clock->now_ns(clock->self);
        e->holds =
            weft_max_i32(0, e->holds + change); /* one that was damaged came anew, and nobody holds it */
    }
    pthread_mutex_unlock(&s->lock);
    return e != NULL;
}

bool weft_blob_hold(weft_blob_store *s, const char *name) { return change_holds(s, name, 1); }

void weft_blob_let_go(weft_blob_store *s, const char *name) { (void)change_holds(s, name, -1); }

void weft_blob_count(weft_blob_store *s, int32_t *count, int64_t *bytes)
{
    pthread_mutex_lock(&s->lock);
    *count = s->count;
    *bytes = s->bytes;
    pthread_mutex_unlock(&s->lock);
}

weft_status weft_blob_store_list(weft_ctx *ctx, weft_blob_store *s, uint64_t **ids, int32_t *count)
{
    weft_status st = WEFT_OK;
    *count = 0;
    pthread_mutex_lock(&s->lock);
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, s->count + 1, ids));
    for (int32_t i = 0; i < s->count; i++) (*ids)[(*count)++] = weft_blob_id(s->entries[i].name);
done:
    pthread_mutex_unlock(&s->lock);
    if (st == WEFT_OK) qsort(*ids, (size_t)*count, sizeof(**ids), weft_blob_compare_ids);
    return st;
}

bool weft_blob_name(weft_blob_store *s, uint64_t id, char name[WEFT_BLOB_NAME_BYTES])
{
    bool found = false;
    pthread_mutex_lock(&s->lock);
    for (int32_t i = 0; i < s->count && !found; i++) {
        found = weft_blob_id(s->entries[i].name) == id;
        if (found) memcpy(name, s->entries[i].name, WEFT_BLOB_NAME_BYTES);
    }
    pthread_mutex_unlock(&s->lock);
    return found;
}

/* ---- writing ---- */

/* Room for so many bytes, and a number for the temporary name. */
static weft_status promise(weft_ctx *ctx, weft_blob_store *s, int64_t bytes, uint64_t *number)
{
    weft_status st = WEFT_OK;
    pthread_mutex_lock(&s->lock);
    const int64_t all = s->bytes + s->promised + bytes;
    if (s->most_bytes > 0 && all > s->most_bytes) {
        st = weft_fail(ctx, WEFT_LIMIT,
                       "%lld bytes more would make %lld of blobs in %s, and there may be %lld",
                       (long long)bytes, (long long)all, s->folder, (long long)s->most_bytes);
        weft_hint(ctx, "%s is the bound; what no session and no job names is removed by itself", s->setting);
    } else
        s->promised += bytes;
    *number = s->writers++;
    pthread_mutex_unlock(&s->lock);
    return st;
}

static void unpromise(weft_blob_store *s, int64_t bytes)
{
    pthread_mutex_lock(&s->lock);
    s->promised -= bytes;
    pthread_mutex_unlock(&s->lock);
}

static weft_status open_writer(weft_ctx *ctx, weft_blob_store *s, weft_blob_writer *w)
{
    weft_status st = WEFT_OK;
    weft_account *const callers = ctx->memory;
    ctx->memory = s->account;
    WEFT_TRY(st, weft_sha256_new(ctx, &w->digest));
    if (s->seal != NULL)
        WEFT_TRY(st, weft_mem_alloc(ctx, WEFT_MEM_WORKING, WEFT_BLOB_CHUNK_BYTES + WEFT_SEAL_MORE_BYTES,
                                    (void **)&w->sealed));
    st = weft_file_create(ctx, w->temporary, &w->file);
done:
    ctx->memory = callers;
    return st;
}

weft_status weft_blob_create(weft_ctx *ctx, weft_blob_store *s, const char *name, int64_t bytes,
                             weft_blob_writer **out)
{
    weft_status st = WEFT_OK;
    weft_blob_writer *w = NULL;
    weft_account *const callers = ctx->memory;
    int64_t there = 0;
    uint64_t number = 0;
    *out = NULL;
    if (!weft_sha256_is(name) || bytes < 0)
        return weft_fail(ctx, WEFT_INVALID, "a blob is named by its SHA-256, not '%.80s'", name);
    if (weft_blob_find(s, name, &there)) return WEFT_OK;
    const size_t room = strlen(s->folder) + DIGITS + 32;
    ctx->memory = s->account;
    st = weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, sizeof(*w) + 2 * room, (void **)&w);
    ctx->memory = callers;
    WEFT_TRY(st, st);
    w->bytes = bytes;
    WEFT_TRY(st, promise(ctx, s, bytes, &number));
    w->store = s; /* from here on the promise is the writer's */
    memcpy(w->name, name, sizeof(w->name));
    w->final = (char *)(w + 1);
    w->temporary = w->final + room;
    snprintf(w->final, room, "%s/%s", s->folder, name);
    snprintf(w->temporary, room, "%s.%" PRIu64 ".new", w->final, number);
    WEFT_TRY(st, open_writer(ctx, s, w));
    *out = w;
    w = NULL;
done:
    weft_blob_abandon(&w);
    return st;
}

weft_status weft_blob_append(weft_ctx *ctx, weft_blob_writer *w, const void *chunk, size_t len)
{
    weft_status st = WEFT_OK;
    char place[PLACE_BYTES];
    if (w->index >= weft_blob_chunks(w->bytes) || (int64_t)len != weft_blob_chunk_bytes(w->bytes, w->index))
        return weft_fail(ctx, WEFT_INVALID, "chunk %" PRId32 " of a blob of %lld bytes does not have %zu",
                         w->index, (long long)w->bytes, len);
    WEFT_TRY(st, weft_sha256_add(ctx, w->digest, chunk, len));
    if (w->sealed == NULL) {
        WEFT_TRY(st, weft_file_append(ctx, w->file, chunk, (int64_t)len));
    } else {
        chunk_place(w->name, w->index, place);
        WEFT_TRY(st, weft_seal_lock(ctx, w->store->seal, place, chunk, len, w->sealed));
        WEFT_TRY(st, weft_file_append(ctx, w->file, w->sealed, (int64_t)len + WEFT_SEAL_MORE_BYTES));
    }
    w->index++;
    w->written += (int64_t)len;
done:
    return st;
}

/* The file has its name durably; two writers of the same blob may both come here. */
static weft_status enter(weft_ctx *ctx, weft_blob_store *s, const weft_blob_writer *w)
{
    weft_status st = WEFT_OK;
    pthread_mutex_lock(&s->lock);
    if (find_entry(s, w->name) == NULL) st = add_entry(ctx, s, w->name, w->bytes);
    pthread_mutex_unlock(&s->lock);
    return st;
}

weft_status weft_blob_finish(weft_ctx *ctx, weft_blob_writer **writer)
{
    weft_status st = WEFT_OK;
    weft_blob_writer *w = *writer;
    char digest[WEFT_BLOB_NAME_BYTES];
    if (w->index != weft_blob_chunks(w->bytes))
        WEFT_TRY(st, weft_fail(ctx, WEFT_INVALID, "a blob of %lld bytes ended after %lld",
                               (long long)w->bytes, (long long)w->written));
    WEFT_TRY(st, weft_sha256_finish(ctx, w->digest, digest));
    if (strcmp(digest, w->name) != 0)
        WEFT_TRY(st, weft_fail(ctx, WEFT_CHECKSUM, "what came as the blob %s is %s", w->name, digest));
    WEFT_TRY(st, weft_file_finish(ctx, &w->file));
    st = weft_fs_rename(ctx, w->temporary, w->final);
    if (st == WEFT_OK) st = weft_fs_sync_directory(ctx, w->store->folder);
    if (st == WEFT_OK) st = enter(ctx, w->store, w);
    if (st != WEFT_OK && !weft_fs_crashed()) (void)remove(w->temporary);
done:
    weft_blob_abandon(writer);
    return st;
}

void weft_blob_abandon(weft_blob_writer **writer)
{
    weft_blob_writer *w = *writer;
    *writer = NULL;
    if (w == NULL) return;
    if (w->file != NULL) weft_file_abandon(&w->file);
    if (w->store != NULL) unpromise(w->store, w->bytes);
    weft_sha256_free(&w->digest);
    weft_mem_free(w->sealed);
    weft_mem_free(w);
}

weft_status weft_blob_put(weft_ctx *ctx, weft_blob_store *s, const void *value, size_t bytes,
                          char name[WEFT_BLOB_NAME_BYTES])
{
    weft_status st = WEFT_OK;
    weft_blob_writer *w = NULL;
    WEFT_TRY(st, weft_sha256_of(ctx, value, bytes, name));
    WEFT_TRY(st, weft_blob_create(ctx, s, name, (int64_t)bytes, &w));
    for (int32_t i = 0; w != NULL && i < weft_blob_chunks((int64_t)bytes); i++)
        WEFT_TRY(st, weft_blob_append(ctx, w, (const uint8_t *)value + (size_t)i * WEFT_BLOB_CHUNK_BYTES,
                                      (size_t)weft_blob_chunk_bytes((int64_t)bytes, i)));
    if (w != NULL) st = weft_blob_finish(ctx, &w);
done:
    weft_blob_abandon(&w);
    return st;
}

/* ---- reading ---- */

/* It is not what it was: nobody shall be given it again. */
static void forget(weft_blob_store *s, const char *name, const char *path)
{
    pthread_mutex_lock(&s->lock);
    blob_entry *e = find_entry(s, name);
    if (e != NULL) drop_entry(s, e);
    pthread_mutex_unlock(&s->lock);
    weft_log(WEFT_LOG_WARN, "blob_damaged", WEFT_LOG_TEXT("path", path));
    (void)remove(path);
}

/* Chunk `index` of a file that is open; sealed: room for one, or NULL. */
static weft_status read_chunk(weft_ctx *ctx, weft_blob_store *s, weft_file *file, const char *name,
                              int64_t bytes, int32_t index, uint8_t *sealed, uint8_t *to)
{
    weft_status st = WEFT_OK;
    char place[PLACE_BYTES];
    const int64_t len = weft_blob_chunk_bytes(bytes, index), more = more_of_chunk(s);
    const int64_t offset = index * (WEFT_BLOB_CHUNK_BYTES + more);
    WEFT_TRY(st, weft_file_read(ctx, file, offset, more == 0 ? to : sealed, len + more));
    if (more == 0) return WEFT_OK;
    chunk_place(name, index, place);
    st = weft_seal_unlock(ctx, s->seal, place, sealed, (size_t)(len + more), to);
done:
    return st;
}

/* What is open while a blob is read. */
typedef struct opened {
    weft_file *file;
    uint8_t *sealed;
    char *path;
    int64_t bytes;
} opened;

static weft_status open_blob(weft_ctx *ctx, weft_blob_store *s, const char *name, opened *o)
{
    weft_status st = WEFT_OK;
    *o = (opened){0};
    if (!weft_blob_find(s, name, &o->bytes))
        return weft_fail(ctx, WEFT_NOT_FOUND, "the blob %.80s is not here", name);
    WEFT_TRY(st, path_of(ctx, s, name, &o->path));
    WEFT_TRY(st, weft_file_open(ctx, o->path, &o->file));
    if (s->seal != NULL)
        WEFT_TRY(st, weft_mem_alloc(ctx, WEFT_MEM_WORKING, WEFT_BLOB_CHUNK_BYTES + WEFT_SEAL_MORE_BYTES,
                                    (void **)&o->sealed));
done:
    return st;
}

static void close_blob(weft_blob_store *s, const char *name, weft_status st, opened *o)
{
    weft_file_close(&o->file);
    weft_mem_free(o->sealed);
    if ((st == WEFT_CORRUPT || st == WEFT_NOT_FOUND) && o->path != NULL) forget(s, name, o->path);
}

weft_status weft_blob_read(weft_ctx *ctx, weft_blob_store *s, const char *name, int32_t index, uint8_t *to,
                           size_t *len)
{
    weft_status st = WEFT_OK;
    opened o;
    WEFT_TRY(st, open_blob(ctx, s, name, &o));
    if (index < 0 || index >= weft_blob_chunks(o.bytes))
        WEFT_TRY(st, weft_fail(ctx, WEFT_INVALID, "the blob %s has no chunk %" PRId32, name, index));
    *len = (size_t)weft_blob_chunk_bytes(o.bytes, index);
    st = read_chunk(ctx, s, o.file, name, o.bytes, index, o.sealed, to);
done:
    close_blob(s, name, st, &o);
    return st;
}

weft_status weft_blob_load(weft_ctx *ctx, weft_blob_store *s, const char *name, size_t bytes, void **value)
{
    weft_status st = WEFT_OK;
    opened o;
    uint8_t *out = NULL;
    char digest[WEFT_BLOB_NAME_BYTES];
    WEFT_TRY(st, open_blob(ctx, s, name, &o));
    if (o.bytes != (int64_t)bytes)
        WEFT_TRY(st, weft_fail(ctx, WEFT_CORRUPT, "%s has %lld bytes, and should have %zu", o.path,
                               (long long)o.bytes, bytes));
    WEFT_TRY(st, weft_arena_alloc(ctx, ctx->arena, bytes + 1, (void **)&out));
    for (int32_t i = 0; i < weft_blob_chunks(o.bytes); i++)
        WEFT_TRY(st, read_chunk(ctx, s, o.file, name, o.bytes, i, o.sealed,
                                out + (size_t)i * WEFT_BLOB_CHUNK_BYTES));
    WEFT_TRY(st, weft_sha256_of(ctx, out, bytes, digest));
    if (strcmp(digest, name) != 0)
        WEFT_TRY(st, weft_fail(ctx, WEFT_CORRUPT, "%s does not hold what its name says", o.path));
    *value = out;
done:
    close_blob(s, name, st, &o);
    return st;
}

/* ---- sweeping ---- */

/* The next blob that nobody needs is taken out of the list; false: there is none. */
static bool take_unneeded(weft_blob_store *s, const uint64_t *ids, int32_t count, int64_t before_ns,
                          char name[WEFT_BLOB_NAME_BYTES])
{
    bool found = false;
    pthread_mutex_lock(&s->lock);
    for (int32_t i = 0; i < s->count && !found; i++) {
        const uint64_t id = weft_blob_id(s->entries[i].name);
        if (s->entries[i].used_ns > before_ns || s->entries[i].holds > 0) continue;
        if (count > 0 && bsearch(&id, ids, (size_t)count, sizeof(*ids), weft_blob_compare_ids) != NULL)
            continue;
        memcpy(name, s->entries[i].name, WEFT_BLOB_NAME_BYTES);
        drop_entry(s, &s->entries[i]);
        found = true;
    }
    pthread_mutex_unlock(&s->lock);
    return found;
}

void weft_blob_store_sweep(weft_ctx *ctx, weft_blob_store *s, const uint64_t *ids, int32_t count,
                           int64_t before_ns, int32_t *removed)
{
    char name[WEFT_BLOB_NAME_BYTES], *path = NULL;
    *removed = 0;
    while (take_unneeded(s, ids, count, before_ns, name)) {
        weft_status st = path_of(ctx, s, name, &path);
        if (st == WEFT_OK) st = weft_fs_remove_if_exists(ctx, path);
        if (st != WEFT_OK) weft_log_error(WEFT_LOG_WARN, "blob_not_removed", &ctx->error);
        weft_error_clear(ctx);
        ++*removed;
    }
}
