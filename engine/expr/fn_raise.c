/* engine/expr/fn_raise.c - functions that raise: assert_true, raise_error; and what is known of a session:
 * its user, the file that is being read. */
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/settings.h"
#include "common/sql_path.h"
#include "common/uri.h"
#include "common/version.h"
#include "engine/expr/bucket.h"
#include "engine/expr/fn_entry.h"

static weft_status fail_user(weft_ctx *ctx, const weft_expr *e, const char *text, size_t len)
{
    return weft_fail_at(ctx, WEFT_USER_RAISED, &e->span, "%.*s", (int)weft_min_i64((int64_t)len, 2000), text);
}

static weft_status kernel_raise_error(weft_ctx *ctx, weft_kernel_call *call)
{
    const weft_column *message = &call->args[call->arg_count - 1];
    if (call->selected == 0) return WEFT_OK;
    const int32_t i = weft_call_row(call, 0);
    if (weft_column_is_null(message, i)) return fail_user(ctx, call->expr, "null", 4);
    const weft_str *text = weft_arg_str(message, i);
    return fail_user(ctx, call->expr, weft_str_data(text), text->len);
}

static weft_status kernel_assert_true(weft_ctx *ctx, weft_kernel_call *call)
{
    weft_status st = WEFT_OK;
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        char *text = NULL;
        const bool null = weft_column_is_null(&call->args[0], i);
        if (!null && ((const uint8_t *)call->args[0].data)[weft_arg_slot(&call->args[0], i)] != 0) {
            weft_vector_set_null(call->out, i);
            continue;
        }
        if (call->arg_count == 2 && !weft_column_is_null(&call->args[1], i)) {
            const weft_str *message = weft_arg_str(&call->args[1], i);
            WEFT_TRY(st, fail_user(ctx, call->expr, weft_str_data(message), message->len));
        }
        WEFT_TRY(st, weft_expr_text(ctx, call->expr->args[0], false, &text));
        WEFT_TRY(st, weft_fail_at(ctx, WEFT_USER_RAISED, &call->expr->span, "'%.500s' is not true!", text));
    }
done:
    return st;
}

/* ---- the session ---- */

static weft_status put_everywhere(weft_ctx *ctx, weft_kernel_call *call, const char *text)
{
    weft_status st = WEFT_OK;
    for (int32_t k = 0; k < call->selected; k++)
        WEFT_TRY(
            st, weft_vector_set_string(ctx, call->out, weft_call_row(call, k), text, (uint32_t)strlen(text)));
done:
    return st;
}
static weft_status kernel_user(weft_ctx *ctx, weft_kernel_call *call)
{
    struct passwd entry, *found = NULL;
    char bytes[1024], number[32];
    const bool known = getpwuid_r(geteuid(), &entry, bytes, sizeof bytes, &found) == 0 && found != NULL;
    (void)snprintf(number, sizeof number, "%ld", (long)geteuid());
    return put_everywhere(ctx, call, known ? entry.pw_name : number);
}

static weft_status kernel_version(weft_ctx *ctx, weft_kernel_call *call)
{
    return put_everywhere(ctx, call, WEFT_VERSION_TEXT " weft");
}

/* There is one catalogue. */
static weft_status kernel_catalog(weft_ctx *ctx, weft_kernel_call *call)
{
    return put_everywhere(ctx, call, "spark_catalog");
}
/* Also in the text of a view, which may look for its tables in another one. */
static weft_status kernel_schema(weft_ctx *ctx, weft_kernel_call *call)
{
    const weft_settings *settings = ctx->settings->reader != NULL ? ctx->settings->reader : ctx->settings;
    return put_everywhere(ctx, call, settings->text[WEFT_SET_CURRENT_DATABASE]);
}
static weft_status kernel_path(weft_ctx *ctx, weft_kernel_call *call)
{
    weft_status st = WEFT_OK;
    const char *text = NULL;
    WEFT_TRY(st, weft_sql_path_text(ctx, &text));
    st = put_everywhere(ctx, call, text);
done:
    return st;
}

/* ---- the file that is read ---- */

/* As Spark writes paths here: file:/// and the path. */
static weft_status kernel_input_file(weft_ctx *ctx, weft_kernel_call *call)
{
    weft_status st = WEFT_OK;
    const char *path = ctx->place.path;
    const bool local = path != NULL && path[0] == '/';
    char *uri = NULL;
    if (path == NULL) return put_everywhere(ctx, call, "");
    WEFT_TRY(st, weft_mem_alloc(ctx, WEFT_MEM_WORKING, weft_uri_escaped_most(path) + strlen("file://"),
                                (void **)&uri));
    (void)weft_uri_escape(local ? stpcpy(uri, "file://") : uri, path);
    WEFT_TRY(st, put_everywhere(ctx, call, uri));
done:
    weft_mem_free(uri);
    return st;
}

static weft_status put_number(weft_kernel_call *call, int64_t number)
{
    for (int32_t k = 0; k < call->selected; k++)
        ((int64_t *)call->out->values)[weft_call_row(call, k)] = number;
    return WEFT_OK;
}

/* A file is one block, however many tasks read of it. */
static weft_status kernel_block_start(weft_ctx *ctx, weft_kernel_call *call)
{
    return put_number(call, ctx->place.path == NULL ? -1 : 0);
}

static weft_status kernel_block_length(weft_ctx *ctx, weft_kernel_call *call)
{
    return put_number(call, ctx->place.path == NULL ? -1 : ctx->place.bytes);
}

/* ---- bitmaps: places in blobs of 4,096 bytes ---- */

enum { BITMAP_BITS = 32768 };

static weft_status kernel_bit_position(weft_ctx *ctx, weft_kernel_call *call)
{
    (void)ctx;
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        if (!weft_call_valid(call, i)) continue;
        const int64_t value = weft_arg_i64(&call->args[0], i);
        const uint64_t size = value > 0 ? (uint64_t)value - 1 : 0 - (uint64_t)value;
        ((int64_t *)call->out->values)[i] = (int64_t)(size % BITMAP_BITS);
    }
    return WEFT_OK;
}

static weft_status kernel_bucket_number(weft_ctx *ctx, weft_kernel_call *call)
{
    (void)ctx;
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        if (!weft_call_valid(call, i)) continue;
        const int64_t value = weft_arg_i64(&call->args[0], i);
        ((int64_t *)call->out->values)[i] = value > 0 ? 1 + (value - 1) / BITMAP_BITS : value / BITMAP_BITS;
    }
    return WEFT_OK;
}

static weft_status kernel_bitmap_count(weft_ctx *ctx, weft_kernel_call *call)
{
    (void)ctx;
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        int64_t count = 0;
        if (!weft_call_valid(call, i)) continue;
        const weft_str *s = weft_arg_str(&call->args[0], i);
        for (uint32_t b = 0; b < s->len; b++) count += __builtin_popcount((unsigned char)weft_str_data(s)[b]);
        ((int64_t *)call->out->values)[i] = count;
    }
    return WEFT_OK;
}

/* Rows of which the hash puts them into another bucket than the file that they are read from. */
static weft_status kernel_in_bucket(weft_ctx *ctx, weft_kernel_call *call)
{
    const int64_t bucket = ctx->place.path == NULL ? -1 : weft_bucket_of_file(ctx->place.path);
    memset(call->out->values, 1, (size_t)call->rows);
    if (bucket < 0 || call->selected == 0) return WEFT_OK;
    const int32_t count = (int32_t)weft_arg_i64(&call->args[1], weft_call_row(call, 0));
    for (int32_t k = 0; k < call->selected; k++) {
        int32_t number = (int32_t)weft_arg_i64(&call->args[0], weft_call_row(call, k)) % count;
        if (number < 0) number += count;
        if (WEFT_LIKELY(number == bucket % count)) continue;
        return weft_fail(ctx, WEFT_BUCKET_FILE,
                         "Invalid bucket file: %s. It has rows of bucket %d, of %d; SET "
                         "spark.sql.sources.bucketing.enabled = false reads it, and the table written anew "
                         "has its rows where they belong.",
                         ctx->place.path, (int)number, (int)count);
    }
    return WEFT_OK;
}

/* ---- registry ---- */

#define S WEFT_TYPE_STRING
#define L WEFT_TYPE_BIGINT
enum {
    RAISES = WEFT_FN_NULL_OWN | WEFT_FN_FALLIBLE,
    OF_FILE = WEFT_FN_NONDETERMINISTIC | WEFT_FN_NULL_OWN | WEFT_FN_NEVER_NULL /* told in the scan's stage */
};

WEFT_FN_FORM(raise_error, 1, 1, WEFT_TYPE_NULL, kernel_raise_error, S);
WEFT_FN_ENTRY(raise_error, "raise_error", NULL, RAISES, NULL,
              "raise_error(message): an error with this message", NULL, NULL);
WEFT_FN_FORM(assert_true, 1, 2, WEFT_TYPE_NULL, kernel_assert_true, WEFT_TYPE_BOOLEAN, S);
WEFT_FN_ENTRY(assert_true, "assert_true", NULL, RAISES, NULL,
              "assert_true(condition [, message]): an error where the condition is not true, else NULL",
              "SELECT assert_true(0 < 1)", "NULL");
WEFT_FN_FORM(current_user, 0, 0, S, kernel_user, 0);
WEFT_FN_ENTRY(current_user, "current_user", "user,session_user", WEFT_FN_STATEMENT_CONSTANT, NULL,
              "current_user(): who runs the engine", NULL, NULL);
WEFT_FN_FORM(version, 0, 0, S, kernel_version, 0);
WEFT_FN_ENTRY(version, "version", NULL, WEFT_FN_STATEMENT_CONSTANT, NULL,
              "version(): the version of this engine, and its name", NULL, NULL);
WEFT_FN_FORM(current_catalog, 0, 0, S, kernel_catalog, 0);
WEFT_FN_ENTRY(current_catalog, "current_catalog", NULL, WEFT_FN_STATEMENT_CONSTANT, NULL,
              "current_catalog(): the catalogue of the session", "SELECT current_catalog()", "spark_catalog");
WEFT_FN_FORM(current_schema, 0, 0, S, kernel_schema, 0);
WEFT_FN_ENTRY(current_schema, "current_schema", "current_database", WEFT_FN_STATEMENT_CONSTANT, NULL,
              "current_schema(): the schema in which names are looked up", "SELECT current_schema()",
              "default");
WEFT_FN_FORM(current_path, 0, 0, S, kernel_path, 0);
WEFT_FN_ENTRY(current_path, "current_path", NULL, WEFT_FN_STATEMENT_CONSTANT, NULL,
              "current_path(): the schemas in which names are looked up", "SELECT current_path()",
              "system.builtin,system.session,spark_catalog.default");
WEFT_FN_FORM(input_file_name, 0, 0, S, kernel_input_file, 0);
WEFT_FN_ENTRY(input_file_name, "input_file_name", NULL, OF_FILE, NULL,
              "input_file_name(): the file that is being read, or an empty text", NULL, NULL);
WEFT_FN_FORM(input_file_block_start, 0, 0, L, kernel_block_start, 0);
WEFT_FN_ENTRY(input_file_block_start, "input_file_block_start", NULL, OF_FILE, NULL,
              "input_file_block_start(): where the block that is being read begins, or -1", NULL, NULL);
WEFT_FN_FORM(input_file_block_length, 0, 0, L, kernel_block_length, 0);
WEFT_FN_ENTRY(input_file_block_length, "input_file_block_length", NULL, OF_FILE, NULL,
              "input_file_block_length(): the bytes of the block that is being read, or -1", NULL, NULL);
WEFT_FN_FORM(in_bucket, 2, 2, WEFT_TYPE_BOOLEAN, kernel_in_bucket, WEFT_TYPE_INT, WEFT_TYPE_INT);
WEFT_FN_ENTRY(
    in_bucket, "(in_bucket)", NULL, WEFT_FN_FALLIBLE, NULL,
    "(in_bucket)(hash, count): an error where the file that is being read is of another bucket; scans "
    "of tables in buckets ask it of their rows",
    NULL, NULL);
WEFT_FN_FORM(bitmap_bit_position, 1, 1, L, kernel_bit_position, L);
WEFT_FN_ENTRY(bitmap_bit_position, "bitmap_bit_position", NULL, 0, NULL,
              "bitmap_bit_position(n): the bit of n in its bitmap", "SELECT bitmap_bit_position(3)", "2");
WEFT_FN_FORM(bitmap_bucket_number, 1, 1, L, kernel_bucket_number, L);
WEFT_FN_ENTRY(bitmap_bucket_number, "bitmap_bucket_number", NULL, 0, NULL,
              "bitmap_bucket_number(n): the number of the bitmap that n belongs to",
              "SELECT bitmap_bucket_number(3)", "1");
WEFT_FN_FORM(bitmap_count, 1, 1, L, kernel_bitmap_count, WEFT_TYPE_BINARY);
WEFT_FN_ENTRY(bitmap_count, "bitmap_count", NULL, 0, NULL, "bitmap_count(b): the bits that are set",
              "SELECT bitmap_count(x'FF')", "8");
