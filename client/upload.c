/* client/upload.c - see upload.h. */
#include "client/upload.h"

#include "engine/storage/fs.h"

struct weft_local_upload {
    weft_upload shown;
    weft_account *account; /* it outlives the statements that name files */
    weft_file *file;       /* the one that was opened last */
};

weft_status weft_upload_read_chunk(weft_ctx *ctx, weft_file *file, int32_t index, uint8_t *to, size_t *len)
{
    const int64_t bytes = weft_blob_chunk_bytes(weft_file_size(file), index);
    if (index < 0 || bytes < 0)
        return weft_fail(ctx, WEFT_INVALID, "%s has no chunk %d", weft_file_path(file), (int)index);
    *len = (size_t)bytes;
    return weft_file_read(ctx, file, (int64_t)index * WEFT_BLOB_CHUNK_BYTES, to, bytes);
}

weft_status weft_upload_open_file(weft_ctx *ctx, weft_account *account, const char *path, weft_file **out,
                                  char sha256[WEFT_BLOB_NAME_BYTES])
{
    weft_status st = WEFT_OK;
    weft_account *const callers = ctx->memory;
    weft_sha256 *digest = NULL;
    weft_file *file = NULL;
    weft_file_info info;
    uint8_t *chunk = NULL;
    size_t len = 0;
    *out = NULL;
    WEFT_TRY(st, weft_fs_stat(ctx, path, &info));
    if (info.is_directory)
        WEFT_TRY(st, weft_fail(ctx, WEFT_UNSUPPORTED, "'%s' is a folder, not a file.", path));
    ctx->memory = account;
    st = weft_file_open(ctx, path, &file);
    ctx->memory = callers;
    WEFT_TRY(st, st);
    WEFT_TRY(st, weft_sha256_new(ctx, &digest));
    WEFT_TRY(st, weft_mem_alloc(ctx, WEFT_MEM_WORKING, WEFT_BLOB_CHUNK_BYTES, (void **)&chunk));
    for (int32_t i = 0; i < weft_blob_chunks(weft_file_size(file)); i++) {
        WEFT_TRY(st, weft_check_cancel(ctx));
        WEFT_TRY(st, weft_upload_read_chunk(ctx, file, i, chunk, &len));
        WEFT_TRY(st, weft_sha256_add(ctx, digest, chunk, len));
    }
    WEFT_TRY(st, weft_sha256_finish(ctx, digest, sha256));
    *out = file;
    file = NULL;
done:
    weft_file_close(&file);
    weft_sha256_free(&digest);
    weft_mem_free(chunk);
    return st;
}

/* ---- for a session of this process ---- */

static weft_status read_chunk(weft_ctx *ctx, void *self, int32_t index, uint8_t *to, size_t *len)
{
    const weft_local_upload *u = self;
    return weft_upload_read_chunk(ctx, u->file, index, to, len);
}

static weft_status open_file(weft_ctx *ctx, void *self, const char *path, char sha256[WEFT_BLOB_NAME_BYTES],
                             int64_t *bytes)
{
    weft_local_upload *u = self;
    weft_file_close(&u->file);
    const weft_status st = weft_upload_open_file(ctx, u->account, path, &u->file, sha256);
    if (st == WEFT_OK) *bytes = weft_file_size(u->file);
    return st;
}

weft_status weft_local_upload_new(weft_ctx *ctx, weft_local_upload **out)
{
    const weft_status st = weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, sizeof(**out), (void **)out);
    if (st != WEFT_OK) return st;
    (*out)->shown = (weft_upload){.self = *out, .open = open_file, .read = read_chunk};
    (*out)->account = ctx->memory;
    return st;
}

const weft_upload *weft_local_upload_of(const weft_local_upload *u) { return &u->shown; }

void weft_local_upload_free(weft_local_upload **upload)
{
    weft_local_upload *u = *upload;
    *upload = NULL;
    if (u == NULL) return;
    weft_file_close(&u->file);
    weft_mem_free(u);
}
