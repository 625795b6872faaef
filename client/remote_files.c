/* client/remote_files.c - files of this machine that a statement names (ADD FILE): found in its text, opened,
 * and sent as the coordinator asks for them. Nothing else is ever sent, whatever it asks for. */
#include <string.h>

#include "client/remote_private.h"
#include "client/upload.h"
#include "engine/sql/parser.h"

enum { TEXT_MOST = 1 << 20 }; /* of a statement that is looked at */

typedef struct remote_file {
    char *path; /* memory block */
    weft_file *file;
    char sha256[WEFT_BLOB_NAME_BYTES];
} remote_file;

struct remote_files {
    int32_t count;
    uint8_t *chunk; /* memory block */
    remote_file files[WEFT_SESSION_FILES_OF_STATEMENT];
    weft_session_attachment shown[WEFT_SESSION_FILES_OF_STATEMENT];
};

/* The statement, when it is one that names files; what is wrong with it, the coordinator says. */
static const weft_node *find_add(weft_ctx *ctx, const remote_operation *op)
{
    const weft_node *parsed = NULL;
    if (op->is_set || op->text_len > TEXT_MOST) return NULL;
    if (strcasestr(op->text, "add") == NULL || strcasestr(op->text, "file") == NULL) return NULL;
    if (weft_sql_parse(ctx, op->text, op->text_len, &parsed) != WEFT_OK) weft_error_clear(ctx);
    const bool adds = parsed != NULL && parsed->kind == WEFT_NODE_SHOW &&
                      strcmp(parsed->show.what, "add files") == 0;
    return adds ? parsed : NULL;
}

static weft_status open_file(weft_remote *r, const char *path, struct remote_files *files)
{
    weft_status st = WEFT_OK;
    weft_ctx *ctx = &r->ctx;
    const size_t len = strlen(path) + 1;
    const int32_t i = files->count;
    remote_file *f = &files->files[i];
    WEFT_TRY(st, weft_mem_alloc(ctx, WEFT_MEM_WORKING, len, (void **)&f->path));
    files->count++;
    memcpy(f->path, path, len);
    WEFT_TRY(st, weft_upload_open_file(ctx, r->memory.account, path, &f->file, f->sha256));
    files->shown[i] =
        (weft_session_attachment){.path = f->path, .sha256 = f->sha256, .bytes = weft_file_size(f->file)};
done:
    return st;
}

weft_status remote_files_open(weft_remote *r, remote_operation *op)
{
    weft_status st = WEFT_OK;
    weft_ctx *ctx = &r->ctx;
    const weft_node *add = find_add(ctx, op);
    if (add == NULL) return WEFT_OK;
    if (add->show.path_count > WEFT_SESSION_FILES_OF_STATEMENT)
        return weft_fail(ctx, WEFT_LIMIT, "ADD FILES takes %d files at a time, not %d",
                         WEFT_SESSION_FILES_OF_STATEMENT, add->show.path_count);
    WEFT_TRY(st, weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, sizeof(*op->files), (void **)&op->files));
    WEFT_TRY(st, weft_mem_alloc(ctx, WEFT_MEM_WORKING, WEFT_BLOB_CHUNK_BYTES, (void **)&op->files->chunk));
    for (int32_t i = 0; i < add->show.path_count; i++)
        WEFT_TRY(st, open_file(r, add->show.paths[i], op->files));
done:
    return st;
}

void remote_files_put(const remote_operation *op, weft_session_request *request)
{
    if (op->files == NULL) return;
    request->attachments = op->files->shown;
    request->attachment_count = op->files->count;
}

weft_status remote_files_send(weft_remote *r, remote_operation *op)
{
    weft_status st = WEFT_OK;
    weft_ctx *ctx = &r->ctx;
    pthread_mutex_lock(&r->lock);
    weft_session_request part = {
        .kind = WEFT_REQUEST_PART, .operation = op->id, .file = op->want.file, .chunk = op->want.chunk};
    const int32_t until = op->want.chunk + op->want.count;
    op->want.chunk = until;
    op->want.count = 0;
    op->wanted = false;
    pthread_mutex_unlock(&r->lock);
    if (op->files == NULL || part.file >= op->files->count)
        return weft_fail(ctx, WEFT_CORRUPT,
                         "the coordinator wants file %d of a statement that names none such", part.file);
    for (; part.chunk < until; part.chunk++) {
        size_t len = 0;
        WEFT_TRY(st, weft_upload_read_chunk(ctx, op->files->files[part.file].file, part.chunk,
                                            op->files->chunk, &len));
        WEFT_TRY(st, remote_send(ctx, r, &part, (const char *)op->files->chunk, len));
    }
done:
    if (st != WEFT_UNREACHABLE) return st;
    weft_error_clear(ctx); /* over the next connection it is asked for again */
    return WEFT_OK;
}

void remote_files_close(remote_operation *op)
{
    struct remote_files *files = op->files;
    op->files = NULL;
    if (files == NULL) return;
    for (int32_t i = 0; i < files->count; i++) {
        weft_file_close(&files->files[i].file);
        weft_mem_free(files->files[i].path);
    }
    weft_mem_free(files->chunk);
    weft_mem_free(files);
}
