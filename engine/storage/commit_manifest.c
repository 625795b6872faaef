/* engine/storage/commit_manifest.c - names, manifests and their bytes.
 *
 *     weft-commit 1\n
 *     output LEN:TEXT\n   job LEN:TEXT\n
 *     publish BYTES LEN:FROM LEN:TO\n   ...
 *     remove LEN:TEXT\n   ...
 *     end CRC\n           CRC-32C of all before the line, eight hex digits
 *
 * Texts carry their length, so a name may hold any byte but zero. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/hash.h"
#include "common/limits.h"
#include "engine/storage/commit_internal.h"
#include "engine/storage/fs_internal.h"

enum { COMMIT_JOB_BYTES_MAX = 100 };

weft_status weft_commit_check_job(weft_ctx *ctx, const char *job)
{
    static const char *const allowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
    const size_t len = strlen(job);
    if (len == 0 || len > COMMIT_JOB_BYTES_MAX || strspn(job, allowed) != len || job[0] == '.') {
        return weft_fail(ctx, WEFT_INVALID, "'%.120s' cannot be the name of a job that writes files.", job);
    }
    return WEFT_OK;
}

bool weft_commit_is_below(const char *path)
{
    for (const char *p = path;; p++) {
        const size_t len = strcspn(p, "/");
        if (len == 0 || (len <= 2 && strncmp(p, "..", len) == 0)) return false;
        p += len;
        if (*p == 0) return true;
    }
}

bool weft_commit_is_target(const char *path) { return weft_commit_is_below(path + (path[0] == '/')); }

weft_status weft_commit_path(weft_ctx *ctx, const char *output, const char *name, char **out)
{
    if (name[0] == '/') return weft_arena_copy(ctx, ctx->arena, name, strlen(name), out);
    return weft_arena_printf(ctx, ctx->arena, out, "%s/%s", output, name);
}

weft_status weft_commit_stage(weft_ctx *ctx, const char **output, const char *job, char **stage)
{
    weft_status st = WEFT_OK;
    char *normal = NULL;
    WEFT_TRY(st, weft_commit_check_job(ctx, job));
    WEFT_TRY(st, weft_fs_normalise(ctx, *output, &normal));
    WEFT_TRY(st, weft_arena_printf(ctx, ctx->arena, stage, "%s/" WEFT_COMMIT_STAGE "/%s", normal, job));
    *output = normal;
done:
    return st;
}

weft_status weft_commit_file_name(weft_ctx *ctx, const char *job, int32_t partition, const char *mark,
                                  int32_t index, const char *suffix, char **name)
{
    /* The shape of a random UUID (version 4), made of two hashes of the job's name. */
    const uint64_t a = weft_hash_bytes(job, strlen(job));
    const uint64_t b = weft_hash_u64(a ^ weft_hash_k1);
    return weft_arena_printf(ctx, ctx->arena, name, "part-%05d-%08x-%04x-4%03x-%04x-%012llx%s%03d%s",
                             partition, (uint32_t)(a >> 32), (uint32_t)(a >> 16) & 0xffff,
                             (uint32_t)a & 0xfff, 0x8000 | ((uint32_t)(b >> 48) & 0x3fff),
                             (unsigned long long)(b & 0xffffffffffff), mark, index, suffix);
}

static int compare_files(const void *a, const void *b)
{
    return strcmp(((const weft_commit_file *)a)->to, ((const weft_commit_file *)b)->to);
}

/* What lies below a folder now, as the folder is named (below the output, or absolute): to be removed. */
static weft_status manifest_list_old(weft_ctx *ctx, weft_commit_manifest *m, const char *folder)
{
    weft_status st = WEFT_OK;
    weft_file_info *files = NULL;
    int32_t count = 0;
    const char **remove = NULL;
    char *path = NULL;
    const bool elsewhere = folder[0] == '/';
    if (elsewhere)
        WEFT_TRY(st, weft_fs_normalise(ctx, folder, &path));
    else
        WEFT_TRY(st, weft_arena_printf(ctx, ctx->arena, &path, "%s%s%s", m->output,
                                       folder[0] != '\0' ? "/" : "", folder));
    st = weft_fs_list(ctx, path, &files, &count);
    if (st == WEFT_NOT_FOUND) {
        weft_error_clear(ctx);
        return WEFT_OK;
    }
    if (st != WEFT_OK) return st;
    const size_t prefix = elsewhere ? 0 : strcmp(m->output, "/") == 0 ? 1 : strlen(m->output) + 1;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, m->remove_count + count, &remove));
    if (m->remove_count > 0) memcpy(remove, m->remove, (size_t)m->remove_count * sizeof(*remove));
    for (int32_t i = 0; i < count; i++) {
        const weft_commit_file key = {.to = files[i].path + prefix};
        /* Never what is published itself: a name of this job that is there already was put by its own commit.
         */
        if (m->publish_count > 0 &&
            bsearch(&key, m->publish, (size_t)m->publish_count, sizeof(key), compare_files))
            continue;
        remove[m->remove_count++] = key.to;
    }
    m->remove = remove;
done:
    return st;
}

weft_status weft_commit_replace_place(weft_ctx *ctx, weft_commit_manifest *m, const char *place)
{
    assert(place[0] == '/');
    return manifest_list_old(ctx, m, place);
}

/* The files are sorted, so those of one folder follow each other, but for those of folders within it. */
static weft_status manifest_list_folders(weft_ctx *ctx, weft_commit_manifest *m)
{
    weft_status st = WEFT_OK;
    char *folder = NULL;
    const char *before = NULL;
    for (int32_t i = 0; i < m->publish_count; i++) {
        const char *to = m->publish[i].to, *slash = strrchr(to, '/');
        const size_t len = slash == NULL ? 0 : (size_t)(slash - to);
        if (before != NULL && strlen(before) == len && memcmp(before, to, len) == 0) continue;
        WEFT_TRY(st, weft_arena_copy(ctx, ctx->arena, to, len, &folder));
        WEFT_TRY(st, manifest_list_old(ctx, m, folder));
        before = folder;
    }
done:
    return st;
}

/* The name in the manifest of a file that an attempt has given. */
static weft_status part_target(weft_ctx *ctx, const weft_commit_part *part, const char **to)
{
    weft_status st = WEFT_OK;
    char *normal = NULL, *path = NULL;
    const char *slash = strrchr(part->file, '/');
    *to = part->file;
    if (!weft_commit_is_below(part->file) || part->partition < 0 || part->generation < 0 || part->attempt < 0)
        WEFT_TRY(st, weft_fail(ctx, WEFT_INVALID, "'%s' cannot be a file of partition %d, attempt %d.",
                               part->file, part->partition, part->attempt));
    if (part->place == NULL) goto done;
    WEFT_TRY(st, weft_fs_normalise(ctx, part->place, &normal));
    WEFT_TRY(st, weft_arena_printf(ctx, ctx->arena, &path, "%s/%s", strcmp(normal, "/") == 0 ? "" : normal,
                                   slash == NULL ? part->file : slash + 1));
    *to = path;
done:
    return st;
}

weft_status weft_commit_make_manifest(weft_ctx *ctx, const char *output, const char *job,
                                      const weft_commit_part *parts, int32_t count,
                                      weft_commit_replace replace, const char *folder,
                                      weft_commit_manifest *out)
{
    weft_status st = WEFT_OK;
    weft_commit_file *files = NULL;
    char *stage = NULL;
    WEFT_TRY(st, weft_commit_stage(ctx, &output, job, &stage));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, count, &files));
    for (int32_t i = 0; i < count; i++) {
        char *from = NULL;
        const char *to = NULL;
        WEFT_TRY(st, part_target(ctx, &parts[i], &to));
        WEFT_TRY(st,
                 weft_arena_printf(ctx, ctx->arena, &from, WEFT_COMMIT_STAGE "/%s/%d-%d-%d/%s", job,
                                   parts[i].partition, parts[i].generation, parts[i].attempt, parts[i].file));
        files[i] = (weft_commit_file){.from = from, .to = to, .bytes = parts[i].bytes};
    }
    if (count > 0) qsort(files, (size_t)count, sizeof(*files), compare_files);
    for (int32_t i = 1; i < count; i++) {
        if (strcmp(files[i].to, files[i - 1].to) != 0) continue;
        st = weft_fail(ctx, WEFT_INVALID, "Two attempts of the job %s both give the file '%s'.", job,
                       files[i].to);
        goto done;
    }
    if (folder[0] != '\0' && !weft_commit_is_below(folder)) {
        st = weft_fail(ctx, WEFT_INVALID, "'%s' cannot be a folder of '%s'.", folder, output);
        goto done;
    }
    *out = (weft_commit_manifest){.output = output, .job = job, .publish = files, .publish_count = count};
    if (replace == WEFT_COMMIT_REPLACE) WEFT_TRY(st, manifest_list_old(ctx, out, folder));
    if (replace == WEFT_COMMIT_REPLACE_FOLDERS) WEFT_TRY(st, manifest_list_folders(ctx, out));
done:
    return st;
}

weft_status weft_commit_encode(weft_ctx *ctx, const weft_commit_manifest *m, char **bytes, int64_t *len)
{
    weft_status st = WEFT_OK;
    size_t most = 128 + strlen(m->output) + strlen(m->job);
    char *text = NULL;
    for (int32_t i = 0; i < m->publish_count; i++) {
        most += 80 + strlen(m->publish[i].from) + strlen(m->publish[i].to);
    }
    for (int32_t i = 0; i < m->remove_count; i++) most += 40 + strlen(m->remove[i]);
    WEFT_TRY(st, weft_arena_alloc(ctx, ctx->arena, most, (void **)&text));
    size_t at = (size_t)snprintf(text, most, "weft-commit 1\noutput %zu:%s\njob %zu:%s\n", strlen(m->output),
                                 m->output, strlen(m->job), m->job);
    for (int32_t i = 0; i < m->publish_count; i++) {
        const weft_commit_file *f = &m->publish[i];
        at += (size_t)snprintf(text + at, most - at, "publish %lld %zu:%s %zu:%s\n", (long long)f->bytes,
                               strlen(f->from), f->from, strlen(f->to), f->to);
    }
    for (int32_t i = 0; i < m->remove_count; i++) {
        at += (size_t)snprintf(text + at, most - at, "remove %zu:%s\n", strlen(m->remove[i]), m->remove[i]);
    }
    at += (size_t)snprintf(text + at, most - at, "end %08x\n", weft_crc32c(0, text, at));
    assert(at < most);
    *bytes = text;
    *len = (int64_t)at;
done:
    return st;
}

/* A cursor over foreign bytes. */
typedef struct manifest_reader {
    weft_ctx *ctx;
    const char *at, *end;
} manifest_reader;

static bool take_word(manifest_reader *r, const char *word)
{
    const size_t len = strlen(word);
    if ((size_t)(r->end - r->at) < len || memcmp(r->at, word, len) != 0) return false;
    r->at += len;
    return true;
}

static bool take_number(manifest_reader *r, int64_t *out)
{
    const char *begin = r->at;
    int64_t number = 0;
    while (r->at < r->end && *r->at >= '0' && *r->at <= '9' && r->at - begin < 18) {
        number = number * 10 + (*r->at++ - '0');
    }
    *out = number;
    return r->at > begin;
}

/* LEN:TEXT into the arena; *out NULL when it is none. */
static weft_status take_text(manifest_reader *r, char **out)
{
    weft_status st = WEFT_OK;
    int64_t len;
    *out = NULL;
    if (!take_number(r, &len) || !take_word(r, ":") || len > r->end - r->at) goto done;
    if (memchr(r->at, 0, (size_t)len) != NULL) goto done;
    WEFT_TRY(st, weft_arena_copy(r->ctx, r->ctx->arena, r->at, (size_t)len, out));
    r->at += len;
done:
    return st;
}

static weft_status manifest_corrupt(weft_ctx *ctx, const char *what)
{
    return weft_fail(ctx, WEFT_CORRUPT, "A commit record is damaged: %s.", what);
}

/* The lines before the end, and its checksum. */
static weft_status manifest_check_end(weft_ctx *ctx, const char *bytes, int64_t len, int64_t *body)
{
    char want[16];
    if (len < 13) return manifest_corrupt(ctx, "it is cut short");
    *body = len - 13;
    snprintf(want, sizeof(want), "end %08x\n", weft_crc32c(0, bytes, (size_t)*body));
    return memcmp(bytes + *body, want, 13) == 0 ? WEFT_OK : manifest_corrupt(ctx, "its checksum is wrong");
}

static weft_status manifest_take_publish(manifest_reader *r, const char *prefix, weft_commit_file *file)
{
    weft_status st = WEFT_OK;
    char *from = NULL, *to = NULL;
    const bool number = take_number(r, &file->bytes) && take_word(r, " ");
    if (number) WEFT_TRY(st, take_text(r, &from));
    if (from != NULL && take_word(r, " ")) WEFT_TRY(st, take_text(r, &to));
    if (to == NULL || !take_word(r, "\n") || !weft_commit_is_below(from) || !weft_commit_is_target(to) ||
        strncmp(from, prefix, strlen(prefix)) != 0) {
        st = manifest_corrupt(r->ctx, "a file to publish is not well formed");
    }
    file->from = from;
    file->to = to;
done:
    return st;
}

weft_status weft_commit_decode(weft_ctx *ctx, const char *bytes, int64_t len, weft_commit_manifest *out)
{
    weft_status st = WEFT_OK;
    int64_t body = 0;
    char *output = NULL, *job = NULL, *prefix = NULL;
    weft_commit_file *files = NULL;
    const char **remove = NULL;
    int32_t lines = 0;
    *out = (weft_commit_manifest){0};
    WEFT_TRY(st, manifest_check_end(ctx, bytes, len, &body));
    manifest_reader r = {.ctx = ctx, .at = bytes, .end = bytes + body};
    if (take_word(&r, "weft-commit 1\noutput ")) WEFT_TRY(st, take_text(&r, &output));
    if (output != NULL && take_word(&r, "\njob ")) WEFT_TRY(st, take_text(&r, &job));
    if (job == NULL || !take_word(&r, "\n") || output[0] != '/') {
        st = manifest_corrupt(ctx, "its head is not well formed");
        goto done;
    }
    WEFT_TRY(st, weft_commit_check_job(ctx, job));
    for (const char *p = r.at; p < r.end; p++) lines += *p == '\n';
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, lines + 1, &files));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, lines + 1, &remove));
    WEFT_TRY(st, weft_arena_printf(ctx, ctx->arena, &prefix, WEFT_COMMIT_STAGE "/%s/", job));
    while (take_word(&r, "publish ")) {
        WEFT_TRY(st, manifest_take_publish(&r, prefix, &files[out->publish_count]));
        out->publish_count++;
    }
    while (take_word(&r, "remove ")) {
        char *name = NULL;
        WEFT_TRY(st, take_text(&r, &name));
        if (name == NULL || !take_word(&r, "\n") || !weft_commit_is_target(name)) {
            st = manifest_corrupt(ctx, "a file to delete is not well formed");
            goto done;
        }
        remove[out->remove_count++] = name;
    }
    if (r.at != r.end) {
        st = manifest_corrupt(ctx, "it holds a line that is not known");
        goto done;
    }
    out->output = output;
    out->job = job;
    out->publish = files;
    out->remove = remove;
done:
    return st;
}
