/* engine/formats/partition.c - from the paths of files to partition columns; see the header.
 *
 *   path → folders below the base, from the last upwards → name=value pairs, until one has no '='
 *   → all files must have the same names in the same place → types from all values → values */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/settings.h"
#include "engine/formats/partition.h"
#include "engine/formats/source.h"

#define PARTITION_NULL "__HIVE_DEFAULT_PARTITION__"

typedef struct partition_finder {
    weft_ctx *ctx;
    int32_t count;      /* columns; -1: no file was looked at yet */
    const char **names; /* [count] */
    const char *first;  /* the file whose names they are */
    const char *root;   /* the first file whose path has the folders; NULL: none yet */
    size_t root_bytes;  /* of it: where they begin */
    const char **texts; /* [files * count] NULL for NULL */
} partition_finder;

/* ---- names of folders ---- */

/* Spark's ExternalCatalogUtils.needsEscaping. */
static bool partition_escapes(unsigned char c)
{
    return c < 0x20 || c == 0x7f || strchr("\"#%'*/:=?\\{[]^", c) != NULL;
}

static size_t partition_escape(char *to, const char *text, size_t len)
{
    static const char digits[] = "0123456789ABCDEF";
    size_t n = 0;
    for (size_t i = 0; i < len; i++) {
        const unsigned char c = (unsigned char)text[i];
        if (!partition_escapes(c)) {
            to[n++] = (char)c;
            continue;
        }
        to[n++] = '%';
        to[n++] = digits[c >> 4];
        to[n++] = digits[c & 15];
    }
    return n;
}

size_t weft_partition_folder_most(const char *name, const weft_str *value)
{
    return 2 + 3 * strlen(name) + (value == NULL ? 0 : 3 * (size_t)value->len) + sizeof(PARTITION_NULL);
}

size_t weft_partition_folder_put(char *text, const char *name, const weft_str *value, bool slash)
{
    size_t n = 0;
    if (slash) text[n++] = '/';
    n += partition_escape(text + n, name, strlen(name));
    text[n++] = '=';
    if (value != NULL && value->len > 0)
        return n + partition_escape(text + n, weft_str_data(value), value->len);
    memcpy(text + n, PARTITION_NULL, sizeof(PARTITION_NULL) - 1);
    return n + sizeof(PARTITION_NULL) - 1;
}

/* ---- reading them ---- */

static int partition_hex(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

/* Undo %XX in place; what is none stays. */
static void partition_unescape(char *text)
{
    char *to = text;
    for (const char *at = text; *at != '\0'; to++) {
        const int high = at[0] == '%' ? partition_hex(at[1]) : -1;
        const int low = high >= 0 ? partition_hex(at[2]) : -1;
        if (low > 0 || (low == 0 && high > 0)) { /* %00 would end the text */
            *to = (char)(high * 16 + low);
            at += 3;
        } else {
            *to = *at++;
        }
    }
    *to = '\0';
}

weft_status weft_partition_pair(weft_ctx *ctx, const char *folder, size_t len, char **name, char **text)
{
    weft_status st = WEFT_OK;
    const char *equal = memchr(folder, '=', len);
    *name = *text = NULL;
    if (equal == NULL) return WEFT_OK;
    const size_t name_bytes = (size_t)(equal - folder), text_bytes = len - name_bytes - 1;
    if (name_bytes == 0) {
        return weft_fail(ctx, WEFT_EMPTY_PARTITION_NAME,
                         "Found an empty partition column name in the path segment '%.*s'.", (int)len,
                         folder);
    }
    if (text_bytes == 0) {
        return weft_fail(ctx, WEFT_EMPTY_PARTITION_VALUE,
                         "Found an empty partition column value in the path segment '%.*s'.", (int)len,
                         folder);
    }
    WEFT_TRY(st, weft_arena_copy(ctx, ctx->arena, folder, name_bytes, name));
    WEFT_TRY(st, weft_arena_copy(ctx, ctx->arena, equal + 1, text_bytes, text));
    partition_unescape(*name);
    if (strcmp(*text, PARTITION_NULL) == 0) {
        *text = NULL;
    } else {
        partition_unescape(*text);
    }
done:
    return st;
}

/* The pairs among the folders path[base_bytes, end), the outermost first; *root_bytes is where the outermost
 * one's name begins. */
static weft_status partition_pairs(weft_ctx *ctx, const char *path, size_t end, size_t base_bytes,
                                   char **names, char **texts, int32_t *count, size_t *root_bytes)
{
    weft_status st = WEFT_OK;
    int32_t n = 0;
    while (end > base_bytes) {
        size_t begin = end;
        while (begin > 0 && path[begin - 1] != '/') begin--;
        char *name = NULL, *text = NULL;
        WEFT_TRY(st, weft_partition_pair(ctx, path + begin, end - begin, &name, &text));
        if (name == NULL && n > 0) break;
        if (name != NULL) {
            if (n == WEFT_PARTITION_COLUMNS_MAX) {
                return weft_fail(ctx, WEFT_LIMIT, "More than %d partition columns in '%s'.",
                                 WEFT_PARTITION_COLUMNS_MAX, path);
            }
            names[n] = name;
            texts[n++] = text;
            *root_bytes = begin;
        }
        if (begin == 0) break;
        end = begin - 1;
    }
    for (int32_t i = 0; i < n / 2; i++) {
        char *name = names[i], *text = texts[i];
        names[i] = names[n - 1 - i];
        texts[i] = texts[n - 1 - i];
        names[n - 1 - i] = name;
        texts[n - 1 - i] = text;
    }
    *count = n;
done:
    return st;
}

static weft_status partition_name_list(weft_ctx *ctx, const char *const *names, int32_t count, char **out)
{
    weft_status st = WEFT_OK;
    WEFT_TRY(st, weft_arena_printf(ctx, ctx->arena, out, "%s", count == 0 ? "(none)" : names[0]));
    for (int32_t i = 1; i < count; i++)
        WEFT_TRY(st, weft_arena_printf(ctx, ctx->arena, out, "%s, %s", *out, names[i]));
done:
    return st;
}

/* The names of the first file are those of the table. */
static weft_status partition_set_names(partition_finder *f, int32_t files, const char *path, char **names,
                                       int32_t count)
{
    weft_status st = WEFT_OK;
    f->count = count;
    f->first = path;
    if (count == 0) goto done;
    WEFT_TRY(st, WEFT_NEW_ARRAY(f->ctx, count, &f->names));
    WEFT_TRY(st, WEFT_NEW_ARRAY(f->ctx, (int64_t)files * count, &f->texts));
    for (int32_t i = 0; i < count; i++) {
        f->names[i] = names[i];
        for (int32_t k = 0; k < i; k++) {
            if (strcasecmp(names[i], names[k]) != 0) continue;
            return weft_fail(f->ctx, WEFT_COLUMN_ALREADY_EXISTS,
                             "The column `%s` already exists: it is named twice in '%s'.", names[i], path);
        }
    }
done:
    return st;
}

static weft_status partition_check_names(partition_finder *f, const char *path, char **names, int32_t count)
{
    weft_status st = WEFT_OK;
    bool same = count == f->count;
    for (int32_t i = 0; same && i < count; i++) same = strcasecmp(names[i], f->names[i]) == 0;
    if (!same && (count == 0 || f->count == 0)) {
        st = weft_fail(f->ctx, WEFT_CONFLICTING_DIRECTORIES,
                       "Conflicting directory structures: '%s' lies in partition folders, '%s' does not.",
                       count == 0 ? f->first : path, count == 0 ? path : f->first);
    } else if (!same) {
        char *here = NULL, *there = NULL;
        WEFT_TRY(st, partition_name_list(f->ctx, (const char *const *)names, count, &here));
        WEFT_TRY(st, partition_name_list(f->ctx, f->names, f->count, &there));
        st = weft_fail(f->ctx, WEFT_CONFLICTING_PARTITION_COLUMNS,
                       "Conflicting partition column names: '%s' has %s, '%s' has %s.", f->first, there, path,
                       here);
    }
done:
    return st;
}

/* The folders of all paths begin below one folder. */
static weft_status partition_check_root(partition_finder *f, const char *path, size_t root_bytes)
{
    if (f->root == NULL) {
        f->root = path;
        f->root_bytes = root_bytes;
    }
    if (root_bytes == f->root_bytes && strncmp(path, f->root, root_bytes) == 0) return WEFT_OK;
    return weft_fail(f->ctx, WEFT_CONFLICTING_DIRECTORIES,
                     "Conflicting directory structures: the partition folders of '%s' begin below another "
                     "folder than those of '%s'; read them apart, or set the option basePath.",
                     path, f->root);
}

static weft_status partition_take_file(partition_finder *f, const weft_file_info *files, int32_t file_count,
                                       int32_t i, const char *base)
{
    weft_status st = WEFT_OK;
    char *names[WEFT_PARTITION_COLUMNS_MAX], *texts[WEFT_PARTITION_COLUMNS_MAX];
    int32_t count = 0;
    size_t root_bytes = 0, base_bytes = (size_t)files[i].base_bytes;
    const char *folders = files[i].folder != NULL ? files[i].folder : files[i].path;
    const char *end = files[i].folder != NULL ? folders + strlen(folders) : strrchr(folders, '/');
    if (files[i].folder != NULL) {
        base_bytes = 0;
    } else if (base != NULL) {
        base_bytes = strlen(base);
        while (base_bytes > 1 && base[base_bytes - 1] == '/') base_bytes--;
        if (strncmp(files[i].path, base, base_bytes) != 0 ||
            (files[i].path[base_bytes] != '/' && base_bytes > 1)) {
            return weft_fail(f->ctx, WEFT_INVALID, "The file '%s' does not lie below the basePath '%s'.",
                             files[i].path, base);
        }
    } else if (base_bytes == 0) {
        base_bytes = strlen(files[i].path); /* not known: no folder counts */
    }
    WEFT_TRY(st, partition_pairs(f->ctx, folders, end == NULL ? 0 : (size_t)(end - folders), base_bytes,
                                 names, texts, &count, &root_bytes));
    if (f->count < 0)
        WEFT_TRY(st, partition_set_names(f, file_count, files[i].path, names, count));
    else
        WEFT_TRY(st, partition_check_names(f, files[i].path, names, count));
    if (count > 0 && files[i].folder == NULL)
        WEFT_TRY(st, partition_check_root(f, files[i].path, root_bytes));
    for (int32_t c = 0; c < count; c++) f->texts[(int64_t)i * count + c] = texts[c];
done:
    return st;
}

static weft_type partition_column_type(const partition_finder *f, int32_t files, int32_t column,
                                       const weft_schema *given)
{
    for (int32_t i = 0; given != NULL && i < given->count; i++) {
        if (strcasecmp(given->fields[i].name, f->names[column]) == 0) return given->fields[i].type;
    }
    const bool times = weft_setting(f->ctx, WEFT_SET_TIME_TYPE) != 0;
    weft_type type = WEFT_TYPE_OF(WEFT_TYPE_NULL);
    const char *before = NULL; /* neighbours often have the same value */
    for (int32_t i = 0; i < files; i++) {
        const char *text = f->texts[(int64_t)i * f->count + column];
        if (text == NULL || (before != NULL && strcmp(text, before) == 0)) continue;
        type = weft_partition_type_common(type, weft_partition_type_of(text, times));
        before = text;
    }
    return type;
}

static int partition_compare_values(const void *a, const void *b) { return weft_value_compare(a, b); }

/* Different values of a column, NULL left out; sorted is scratch for all of them. */
static int64_t partition_distinct(const weft_value *values, int32_t files, int32_t stride, weft_value *sorted)
{
    int64_t count = 0;
    int32_t n = 0;
    for (int32_t i = 0; i < files; i++) {
        if (!values[(int64_t)i * stride].is_null) sorted[n++] = values[(int64_t)i * stride];
    }
    qsort(sorted, (size_t)n, sizeof *sorted, partition_compare_values);
    for (int32_t i = 0; i < n; i++) count += i == 0 || weft_value_compare(&sorted[i - 1], &sorted[i]) != 0;
    return count;
}

weft_status weft_partitions_find(weft_ctx *ctx, const weft_file_info *files, int32_t file_count,
                                 const char *base, const weft_schema *given, weft_partitions *out)
{
    weft_status st = WEFT_OK;
    partition_finder f = {.ctx = ctx, .count = -1};
    weft_field *fields = NULL;
    weft_value *values = NULL, *sorted = NULL;
    int64_t *distinct = NULL;
    *out = (weft_partitions){0};
    for (int32_t i = 0; i < file_count; i++)
        WEFT_TRY(st, partition_take_file(&f, files, file_count, i, base));
    if (f.count <= 0) goto done;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, f.count, &fields));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, f.count, &distinct));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, (int64_t)file_count * f.count, &values));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, file_count, &sorted));
    for (int32_t c = 0; c < f.count; c++) {
        const weft_type type = partition_column_type(&f, file_count, c, given);
        fields[c] = (weft_field){.name = f.names[c], .type = type, .nullable = true};
        for (int32_t i = 0; i < file_count; i++) {
            const int64_t at = (int64_t)i * f.count + c;
            WEFT_TRY(st, weft_partition_value(ctx, f.names[c], f.texts[at], type, &values[at]));
        }
        distinct[c] = partition_distinct(values + c, file_count, f.count, sorted);
    }
    *out = (weft_partitions){.count = f.count, .fields = fields, .values = values, .distinct = distinct};
done:
    return st;
}
