/* worker/epoch.c - see epoch.h. The new file is complete on disk before it takes the old one's place. */
#include "worker/epoch.h"

#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "engine/storage/fs.h"

enum { EPOCH_BYTES_MAX = 32 };

weft_status weft_epoch_read(weft_ctx *ctx, const char *folder, uint32_t *out)
{
    weft_status st = WEFT_OK;
    weft_file *file = NULL;
    char *path = NULL, *end = NULL;
    char text[EPOCH_BYTES_MAX + 1] = "";
    *out = 0;
    WEFT_TRY(st, weft_arena_printf(ctx, ctx->arena, &path, "%s/epoch", folder));
    st = weft_file_open(ctx, path, &file);
    if (st == WEFT_NOT_FOUND) {
        weft_error_clear(ctx);
        return WEFT_OK;
    }
    WEFT_TRY(st, st);
    const int64_t len = weft_file_size(file);
    if (len > 0 && len <= EPOCH_BYTES_MAX) WEFT_TRY(st, weft_file_read(ctx, file, 0, text, len));
    const unsigned long epoch = strtoul(text, &end, 10);
    if (end == text || strcmp(end, "\n") != 0 || epoch > UINT32_MAX)
        st = weft_fail(ctx, WEFT_CORRUPT, "%s does not hold the number of an epoch", path);
    else
        *out = (uint32_t)epoch;
    /* who wrote it may have died before it was durable, and nobody writes the same again */
    if (st == WEFT_OK) st = weft_fs_sync_directory(ctx, folder);
done:
    weft_file_close(&file);
    return st;
}

weft_status weft_epoch_write(weft_ctx *ctx, const char *folder, uint32_t epoch)
{
    weft_status st = WEFT_OK;
    weft_file_writer *writer = NULL;
    char *path = NULL, *fresh = NULL, *text = NULL;
    WEFT_TRY(st, weft_arena_printf(ctx, ctx->arena, &path, "%s/epoch", folder));
    WEFT_TRY(st, weft_arena_printf(ctx, ctx->arena, &fresh, "%s/epoch.new", folder));
    WEFT_TRY(st, weft_arena_printf(ctx, ctx->arena, &text, "%u\n", epoch));
    WEFT_TRY(st, weft_fs_remove_if_exists(ctx, fresh)); /* of one that died here */
    WEFT_TRY(st, weft_file_create(ctx, fresh, &writer));
    WEFT_TRY(st, weft_file_append(ctx, writer, text, (int64_t)strlen(text)));
    WEFT_TRY(st, weft_file_finish(ctx, &writer));
    WEFT_TRY(st, weft_fs_rename(ctx, fresh, path));
    WEFT_TRY(st, weft_fs_sync_directory(ctx, folder));
done:
    weft_file_abandon(&writer);
    return st;
}
