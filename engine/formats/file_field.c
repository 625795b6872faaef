/* engine/formats/file_field.c - see file_field.h. */
#include "engine/formats/file_field.h"

#include <string.h>

#include "common/uri.h"

static const weft_field file_fields[WEFT_FILE_FIELD_COUNT] = {
    [WEFT_FILE_PATH] = {.name = WEFT_FILE_COLUMN ".file_path", .type = {.id = WEFT_TYPE_STRING}},
    [WEFT_FILE_NAME] = {.name = WEFT_FILE_COLUMN ".file_name", .type = {.id = WEFT_TYPE_STRING}},
    [WEFT_FILE_SIZE] = {.name = WEFT_FILE_COLUMN ".file_size", .type = {.id = WEFT_TYPE_BIGINT}},
    [WEFT_FILE_BLOCK_START] = {.name = WEFT_FILE_COLUMN ".file_block_start",
                               .type = {.id = WEFT_TYPE_BIGINT}},
    [WEFT_FILE_BLOCK_LENGTH] = {.name = WEFT_FILE_COLUMN ".file_block_length",
                                .type = {.id = WEFT_TYPE_BIGINT}},
    [WEFT_FILE_MODIFIED] = {.name = WEFT_FILE_COLUMN ".file_modification_time",
                            .type = {.id = WEFT_TYPE_TIMESTAMP}},
    [WEFT_FILE_ROW_INDEX] = {.name = WEFT_FILE_COLUMN ".row_index", .type = {.id = WEFT_TYPE_BIGINT}},
};

const weft_field *weft_file_field_of(weft_file_field field) { return &file_fields[field]; }

int32_t weft_file_field_count(const weft_format *format)
{
    if (format->without_files) return 0;
    return format->row_index ? WEFT_FILE_FIELD_COUNT : WEFT_FILE_ROW_INDEX;
}

static weft_status file_uri(weft_ctx *ctx, const char *path, char **out)
{
    weft_status st = WEFT_OK;
    const bool local = path[0] == '/';
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, (int64_t)(weft_uri_escaped_most(path) + strlen("file:")), out));
    (void)weft_uri_escape(local ? stpcpy(*out, "file:") : *out, path);
done:
    return st;
}

static int64_t file_modified_us(int64_t mtime_ns)
{
    int64_t ms = mtime_ns / 1000000;
    if (mtime_ns % 1000000 < 0) ms--; /* before 1970 */
    return ms * 1000;
}

weft_status weft_file_field_value(weft_ctx *ctx, const weft_file_info *file, weft_file_field field,
                                  weft_value *out)
{
    weft_status st = WEFT_OK;
    char *uri = NULL;
    *out = (weft_value){.type = file_fields[field].type};
    switch (field) {
    case WEFT_FILE_PATH:
    case WEFT_FILE_NAME:
        WEFT_TRY(st, file_uri(ctx, file->path, &uri));
        if (field == WEFT_FILE_NAME && strrchr(uri, '/') != NULL) uri = strrchr(uri, '/') + 1;
        out->str = weft_str_view(uri, (uint32_t)strlen(uri));
        break;
    case WEFT_FILE_SIZE:
    case WEFT_FILE_BLOCK_LENGTH: out->i64 = file->size_bytes; break;
    case WEFT_FILE_BLOCK_START: out->i64 = 0; break;
    case WEFT_FILE_MODIFIED: out->i64 = file_modified_us(file->mtime_ns); break;
    case WEFT_FILE_ROW_INDEX:
    case WEFT_FILE_FIELD_COUNT: assert(!"a row's index is no value of its file");
    }
done:
    return st;
}
