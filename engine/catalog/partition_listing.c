/* engine/catalog/partition_listing.c - see partition_listing.h.
 *
 *   folder "k=1" → value of k → the conjuncts that read known columns alone, with the value put in, folded
 *   → one is false or NULL for every scan: nothing within is listed
 *
 * A conjunct that does not fold to a constant says nothing. */
#include "engine/catalog/partition_listing.h"

#include <string.h>
#include <strings.h>

#include "engine/formats/partition.h"
#include "engine/plan/table_layout.h"

typedef struct listing {
    weft_ctx *ctx;
    const weft_table_definition *d;
    const weft_pointers *scans;
    weft_value values[WEFT_PARTITION_COLUMNS_MAX];
    int32_t known;         /* values of the first columns */
    const weft_node *scan; /* whose conjuncts are looked at */
    bool unknown;          /* the conjunct reads another column */
    weft_pointers files;   /* weft_file_info * */
    int32_t folders;
} listing;

/* A column of the scan by its value, when that is known. */
static weft_status put_value(weft_ctx *ctx, void *self, const weft_expr *e, const weft_expr **out)
{
    listing *l = self;
    *out = e;
    if (e->kind != WEFT_EXPR_COLUMN) return WEFT_OK;
    const int32_t at = weft_node_find_output(l->scan, e->column.id);
    const int32_t column = at < 0 ? -1
                                  : l->scan->scan.columns[at] - (l->d->column_count - l->d->partition_count);
    if (column >= 0 && column < l->known) return weft_expr_literal(ctx, &l->values[column], out);
    l->unknown = true;
    return WEFT_OK;
}

/* May rows of the folder that the values lead to be wanted by the scan? */
static weft_status scan_wants(listing *l, const weft_node *scan, bool *wants)
{
    weft_status st = WEFT_OK;
    *wants = true;
    l->scan = scan;
    for (int32_t i = 0; i < scan->scan.conjunct_count && *wants; i++) {
        const weft_expr *e = NULL;
        l->unknown = false;
        WEFT_TRY(st, weft_expr_rewrite(l->ctx, scan->scan.conjuncts[i], put_value, l, &e));
        if (l->unknown) continue;
        WEFT_TRY(st, weft_expr_fold(l->ctx, e, &e));
        if (e->kind == WEFT_EXPR_LITERAL) *wants = !e->literal.is_null && e->literal.boolean;
    }
done:
    return st;
}

static weft_status any_wants(listing *l, bool *wants)
{
    weft_status st = WEFT_OK;
    *wants = l->scans->count == 0;
    for (int32_t i = 0; i < l->scans->count && !*wants; i++)
        WEFT_TRY(st, scan_wants(l, l->scans->items[i], wants));
done:
    return st;
}

/* A partition's own place may lie below the table. */
static bool is_of_place(const weft_table_definition *d, const char *path)
{
    for (int32_t i = 0; i < d->place_count; i++) {
        const size_t len = strlen(d->places[2 * i + 1]);
        if (len > 0 && strncmp(path, d->places[2 * i + 1], len) == 0 && path[len] == '/') return true;
    }
    return false;
}

/* All files of a partition; what stands behind the table's own place are its folders. folder: those that
 * stand for it when it lies elsewhere, or NULL. */
static weft_status take_files(listing *l, const char *path, const char *folder)
{
    weft_status st = WEFT_OK;
    weft_file_info *files = NULL;
    int32_t count = 0;
    st = weft_fs_list(l->ctx, path, &files, &count);
    if (st == WEFT_NOT_FOUND) { /* it has just gone */
        weft_error_clear(l->ctx);
        return WEFT_OK;
    }
    WEFT_TRY(st, st);
    l->folders++;
    for (int32_t i = 0; i < count; i++) {
        if (folder == NULL && is_of_place(l->d, files[i].path)) continue;
        files[i].base_bytes = folder == NULL ? (int32_t)strlen(l->d->location) : 0;
        files[i].folder = folder;
        WEFT_TRY(st, weft_pointers_push(l->ctx, &l->files, &files[i]));
    }
done:
    return st;
}

/* The value that a folder's name gives to the next column. *known false: it is no folder of that column, or
 * no value of its type; whoever reads the files says so. */
static weft_status take_value(listing *l, const char *folder, bool *known)
{
    weft_status st = WEFT_OK;
    const int32_t column = l->d->column_count - l->d->partition_count + l->known;
    char *name = NULL, *text = NULL;
    *known = false;
    if (strchr(folder, '=') == NULL) return WEFT_OK;
    WEFT_TRY(st, weft_partition_pair(l->ctx, folder, strlen(folder), &name, &text));
    if (strcasecmp(name, l->d->columns[column].name) != 0) return WEFT_OK;
    st = weft_partition_value(l->ctx, name, text, l->d->columns[column].type, &l->values[l->known]);
    if (st == WEFT_CAST_INVALID_INPUT) {
        weft_error_clear(l->ctx);
        return WEFT_OK;
    }
    *known = st == WEFT_OK;
done:
    return st;
}

/* path: of the table's folder `folder` ("k=1/j=2", "" for the table itself). */
static weft_status walk(listing *l, const char *path, const char *folder)
{
    weft_status st = WEFT_OK;
    const char *const *folders = NULL;
    int32_t count = 0;
    if (l->known == l->d->partition_count) {
        const bool apart = weft_table_partition_place(l->d->places, l->d->place_count, folder) != NULL;
        return apart ? WEFT_OK : take_files(l, path, NULL);
    }
    WEFT_TRY(st, weft_fs_list_folders(l->ctx, path, 1, &folders, &count));
    for (int32_t i = 0; i < count; i++) {
        char *within = NULL, *name = NULL;
        bool known = false, wants = true;
        WEFT_TRY(st, weft_arena_printf(l->ctx, l->ctx->arena, &within, "%s/%s", path, folders[i]));
        WEFT_TRY(st, weft_arena_printf(l->ctx, l->ctx->arena, &name, "%s%s%s", folder,
                                       folder[0] != '\0' ? "/" : "", folders[i]));
        WEFT_TRY(st, take_value(l, folders[i], &known));
        if (!known) {
            WEFT_TRY(st, take_files(l, within, NULL));
            continue;
        }
        l->known++;
        WEFT_TRY(st, any_wants(l, &wants));
        if (wants) WEFT_TRY(st, walk(l, within, name));
        l->known--;
    }
done:
    return st;
}

/* A partition that lies elsewhere. */
static weft_status take_place(listing *l, const char *folder, const char *location)
{
    weft_status st = WEFT_OK;
    bool wants = true, known = true;
    l->known = 0;
    for (const char *at = folder; wants && l->known < l->d->partition_count; at = strchrnul(at, '/')) {
        char *name = NULL;
        at += *at == '/';
        WEFT_TRY(st, weft_arena_copy(l->ctx, l->ctx->arena, at, strcspn(at, "/"), &name));
        WEFT_TRY(st, take_value(l, name, &known));
        if (!known)
            WEFT_TRY(st, weft_fail(l->ctx, WEFT_CORRUPT,
                                   "the definition of the table `%s`.`%s` has a partition %s, which is none",
                                   l->d->database, l->d->name, folder));
        l->known++;
        WEFT_TRY(st, any_wants(l, &wants));
    }
    if (wants) WEFT_TRY(st, take_files(l, location, folder));
done:
    return st;
}

weft_status weft_partition_listing(weft_ctx *ctx, const weft_table_definition *d, const weft_pointers *scans,
                                   weft_file_info **files, int32_t *file_count, int32_t *folders)
{
    weft_status st = WEFT_OK;
    listing l = {.ctx = ctx, .d = d, .scans = scans};
    WEFT_TRY(st, walk(&l, d->location, ""));
    for (int32_t i = 0; i < d->place_count; i++)
        if (d->places[2 * i + 1][0] != '\0')
            WEFT_TRY(st, take_place(&l, d->places[2 * i], d->places[2 * i + 1]));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, l.files.count, files));
    for (int32_t i = 0; i < l.files.count; i++) (*files)[i] = *(const weft_file_info *)l.files.items[i];
    *file_count = l.files.count;
    *folders = l.folders;
done:
    return st;
}
