/* engine/formats/parquet/nested.c - see the header.
 *
 * Each leaf is a stream of entries (repetition level, definition level, maybe a value). First every leaf's
 * entries of the wanted rows are collected (leaf_read). Then the tree is built from the top (build_node): an
 * entry belongs to a slot of a node when it starts one there, that is when its repetition level is at most
 * the node's, and when the element around the node is there, that is when its definition level reaches that
 * element's. The levels of a group come from its first leaf; the other leaves must agree on the number of
 * slots, or the file is corrupt.
 *
 * Source: "Dremel: Interactive Analysis of Web-Scale Datasets" (section 4), Parquet's README on nested
 * encoding. */
#include "engine/formats/parquet/nested.h"
#include "engine/columnar/variant.h"
#include "engine/formats/parquet/bits.h"
#include "engine/formats/parquet/out.h"

enum {
    NESTED_ENTRIES_MAX = 1 << 26
}; /* of one window and leaf: offsets stay in 32 bits, memory under a few GB */

typedef struct nested_leaf {
    bool read; /* some node has its values or levels from it */
    weft_pq_chunk chunk;
    const weft_pq_leaf *as;  /* how its values are read: the tree's, or the file's when no node uses it */
    int64_t page_offset;     /* of the page that the next two are about */
    int64_t slot, value;     /* next entry of the page, and values before it */
    int64_t next_row;        /* row that the entry begins, or is in the midst of */
    weft_pq_buffer def, rep; /* entries of the window */
    int32_t entries, values_count;
    weft_pq_out values; /* its values, without nulls */
} nested_leaf;

typedef struct nested_node nested_node;
struct nested_node {
    const weft_pq_node *node;
    weft_pq_buffer validity, data; /* data: values with nulls, or lists */
    weft_column column;
    weft_column entry; /* MAP: the struct of key and value */
    int32_t slots;
    int32_t child_count;
    nested_node *children;
    weft_column *child_columns;
    weft_pq_buffer heap; /* VARIANT: the bytes of its values */
};

struct weft_pq_nested {
    const weft_pq_node *node;
    int32_t leaf_count;
    nested_leaf *leaves;
    nested_node root;
};

static void node_free(nested_node *n)
{
    for (int32_t i = 0; n->children != NULL && i < n->child_count; i++) node_free(&n->children[i]);
    weft_mem_free(n->children);
    weft_mem_free(n->child_columns);
    weft_pq_buffer_free(&n->validity);
    weft_pq_buffer_free(&n->data);
    weft_pq_buffer_free(&n->heap);
    *n = (nested_node){0};
}

void weft_pq_nested_free(weft_pq_nested **nested)
{
    weft_pq_nested *n = *nested;
    if (n == NULL) return;
    for (int32_t i = 0; n->leaves != NULL && i < n->leaf_count; i++) {
        weft_pq_chunk_deinit(&n->leaves[i].chunk);
        weft_pq_buffer_free(&n->leaves[i].def);
        weft_pq_buffer_free(&n->leaves[i].rep);
        weft_pq_out_deinit(&n->leaves[i].values);
    }
    node_free(&n->root);
    weft_mem_free(n->leaves);
    weft_mem_free(n);
    *nested = NULL;
}

static weft_status node_init(weft_ctx *ctx, nested_node *n, const weft_pq_node *node)
{
    weft_status st = WEFT_OK;
    n->node = node;
    if (node->child_count == 0) return WEFT_OK;
    const size_t count = (size_t)node->child_count;
    WEFT_TRY(st,
             weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, count * sizeof *n->children, (void **)&n->children));
    n->child_count = node->child_count;
    WEFT_TRY(st, weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, count * sizeof(weft_column),
                                     (void **)&n->child_columns));
    for (int32_t i = 0; i < n->child_count; i++)
        WEFT_TRY(st, node_init(ctx, &n->children[i], &node->children[i]));
done:
    return st;
}

/* Which leaves are read, and as what. */
static void nested_set_leaves(weft_pq_nested *n, const weft_pq_node *node)
{
    if (node->absent) return;
    n->leaves[node->leaf - n->node->leaf].read = true;
    if (node->is_leaf) n->leaves[node->leaf - n->node->leaf].as = node->as;
    for (int32_t i = 0; i < node->child_count; i++) nested_set_leaves(n, &node->children[i]);
}

static weft_status nested_new(weft_ctx *ctx, const weft_pq_meta *meta, const weft_pq_node *node,
                              weft_pq_nested **out)
{
    weft_status st = WEFT_OK;
    weft_pq_nested *n = NULL;
    const size_t count = (size_t)node->leaf_count;
    WEFT_TRY(st, weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, sizeof *n, (void **)&n));
    n->node = node;
    WEFT_TRY(st, weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, count * sizeof *n->leaves, (void **)&n->leaves));
    n->leaf_count = node->leaf_count;
    for (int32_t i = 0; i < n->leaf_count; i++) n->leaves[i].as = &meta->leaves[node->leaf + i];
    nested_set_leaves(n, node);
    for (int32_t i = 0; i < n->leaf_count; i++) {
        const weft_type type = n->leaves[i].as->type;
        WEFT_TRY(st, weft_pq_out_init(ctx, &n->leaves[i].values, type, WEFT_BATCH_ROWS_MAX));
        n->leaves[i].values.flat_only = true;
    }
    WEFT_TRY(st, node_init(ctx, &n->root, node));
    *out = n;
done:
    if (st != WEFT_OK) weft_pq_nested_free(&n);
    return st;
}

weft_status weft_pq_nested_open(weft_ctx *ctx, weft_pq_nested **nested, weft_pq_lane *lane, weft_file *file,
                                const weft_pq_meta *meta, int32_t row_group, const weft_pq_node *node,
                                bool narrow)
{
    weft_status st = WEFT_OK;
    if (*nested != NULL && (*nested)->node != node) weft_pq_nested_free(nested);
    if (*nested == NULL) WEFT_TRY(st, nested_new(ctx, meta, node, nested));
    for (int32_t i = 0; i < (*nested)->leaf_count; i++) {
        nested_leaf *leaf = &(*nested)->leaves[i];
        if (!leaf->read) continue;
        leaf->chunk.lane = lane;
        leaf->chunk.nested = true;
        leaf->chunk.narrow = narrow;
        leaf->page_offset = -1;
        WEFT_TRY(st, weft_pq_chunk_open(ctx, &leaf->chunk, file, meta, row_group, node->leaf + i, leaf->as));
    }
done:
    return st;
}

void weft_pq_nested_release(weft_pq_nested *nested)
{
    for (int32_t i = 0; nested != NULL && i < nested->leaf_count; i++)
        if (nested->leaves[i].read) weft_pq_chunk_release(&nested->leaves[i].chunk);
}

/* The page is the chunk's; its first entry comes next. */
static void leaf_enter_page(nested_leaf *leaf)
{
    const weft_pq_page *page = &leaf->chunk.page;
    if (leaf->page_offset == page->offset) return;
    leaf->page_offset = page->offset;
    leaf->slot = leaf->value = 0;
    leaf->next_row = page->row_begin;
}

/* Walk from the cursor over the entries of at most `rows` row begins; returns the end and counts values. */
static int64_t leaf_walk(const nested_leaf *leaf, int64_t rows, int64_t *begun, int64_t *values)
{
    const weft_pq_page *page = &leaf->chunk.page;
    const int32_t max_def = leaf->chunk.leaf->max_def;
    int64_t slot = leaf->slot;
    *begun = *values = 0;
    for (; slot < page->slot_count; slot++) {
        if (page->rep == NULL || page->rep[slot] == 0) {
            if (*begun == rows) break;
            (*begun)++;
        }
        *values += page->def == NULL || page->def[slot] == max_def;
    }
    return slot;
}

/* Append entries [slot, end) of the page, with their values, to the window. */
static weft_status leaf_append(weft_ctx *ctx, nested_leaf *leaf, int64_t end, int64_t values)
{
    weft_status st = WEFT_OK;
    const weft_pq_page *page = &leaf->chunk.page;
    const size_t n = (size_t)(end - leaf->slot);
    if (leaf->entries + (int64_t)n > NESTED_ENTRIES_MAX) {
        return weft_fail(ctx, WEFT_LIMIT,
                         "Parquet file %s, column %s: more than %d elements in one batch of rows",
                         leaf->chunk.path, leaf->chunk.leaf->path, NESTED_ENTRIES_MAX);
    }
    const size_t room = (size_t)leaf->entries + n;
    WEFT_TRY(st, weft_pq_buffer_grow(ctx, &leaf->def, room));
    WEFT_TRY(st, weft_pq_buffer_grow(ctx, &leaf->rep, room));
    uint8_t *def = (uint8_t *)leaf->def.data + leaf->entries,
            *rep = (uint8_t *)leaf->rep.data + leaf->entries;
    if (page->def != NULL) {
        memcpy(def, page->def + leaf->slot, n);
    } else {
        memset(def, 0, n);
    }
    if (page->rep != NULL) {
        memcpy(rep, page->rep + leaf->slot, n);
    } else {
        memset(rep, 0, n);
    }
    WEFT_TRY(st, weft_pq_take_range(ctx, &leaf->chunk, leaf->value, (int32_t)values, &leaf->values,
                                    leaf->values_count));
    leaf->entries += (int32_t)n;
    leaf->values_count += (int32_t)values;
    leaf->slot = end;
    leaf->value += values;
done:
    return st;
}

/* Collect the entries of rows [row, row + rows). Without page locations a row may go on in the next page. */
static weft_status leaf_read(weft_ctx *ctx, nested_leaf *leaf, int64_t row, int32_t rows)
{
    weft_status st = WEFT_OK;
    weft_pq_chunk *chunk = &leaf->chunk;
    int64_t left = rows, begun, values;
    bool more = true;
    leaf->entries = leaf->values_count = 0;
    weft_pq_out_reset(&leaf->values);
    /* The cursor may stand behind the page's last entry, or before entries of the row that the last read
     * ended in. */
    WEFT_TRY(st, weft_pq_chunk_locate(ctx, chunk, row));
    WEFT_TRY(st, weft_pq_chunk_load(ctx, chunk));
    leaf_enter_page(leaf);
    while (chunk->page.rep != NULL && leaf->slot < chunk->page.slot_count &&
           chunk->page.rep[leaf->slot] != 0) {
        leaf->value += chunk->page.def == NULL || chunk->page.def[leaf->slot] == chunk->leaf->max_def;
        leaf->slot++; /* the rest of a row that began in an earlier page, and was skipped */
    }
    if (leaf->next_row < row) {
        leaf->slot = leaf_walk(leaf, row - leaf->next_row, &begun, &values);
        leaf->value += values;
        leaf->next_row += begun;
    }
    while (more) {
        const int64_t end = leaf_walk(leaf, left, &begun, &values);
        WEFT_TRY(st, leaf_append(ctx, leaf, end, values));
        leaf->next_row += begun;
        left -= begun;
        if (end < chunk->page.slot_count) break;
        if (chunk->locations != NULL) {
            if (left == 0) break;
            WEFT_TRY(st, weft_pq_chunk_locate(ctx, chunk, leaf->next_row));
        } else {
            WEFT_TRY(st, weft_pq_chunk_next(ctx, chunk, &more));
            if (!more) break;
        }
        WEFT_TRY(st, weft_pq_chunk_load(ctx, chunk));
        leaf_enter_page(leaf);
    }
    if (left > 0)
        st = weft_pq_chunk_corrupt(ctx, chunk, "the column chunk has fewer rows than its row group");
done:
    return st;
}

/* Is entry e the start of a slot of a node with these levels? */
static inline bool node_has_slot(const uint8_t *def, const uint8_t *rep, int32_t e, int32_t max_rep,
                                 int32_t around)
{
    return rep[e] <= max_rep && def[e] >= around;
}

static weft_status build_leaf(weft_ctx *ctx, nested_leaf *leaf, nested_node *n, int32_t around)
{
    weft_status st = WEFT_OK;
    const uint8_t *def = leaf->def.data, *rep = leaf->rep.data;
    const weft_pq_node *node = n->node;
    int32_t slots = 0, values = 0;
    WEFT_TRY(st, weft_pq_buffer_reserve(ctx, &n->validity, (size_t)leaf->entries / 8 + 16));
    uint64_t *bits = n->validity.data;
    for (int32_t e = 0; e < leaf->entries; e++) {
        if (!node_has_slot(def, rep, e, node->max_rep, around)) continue;
        const bool valid = def[e] >= node->max_def;
        weft_pq_bits_store(bits, slots++, 1, valid);
        values += valid;
    }
    const weft_phys phys = leaf->values.form == WEFT_PQ_FORM_NONE ? weft_type_phys(node->type)
                                                                  : (weft_phys)leaf->values.phys;
    const void *data = leaf->values.values;
    if (values < slots) {
        const int32_t width = weft_phys_bytes(phys);
        WEFT_TRY(st, weft_pq_buffer_reserve(ctx, &n->data, (size_t)slots * (size_t)width));
        weft_pq_out_spread(data, bits, slots, width, n->data.data);
        data = n->data.data;
    }
    n->slots = slots;
    n->column = (weft_column){.type = node->type,
                              .phys = (uint8_t)phys,
                              .encoding = WEFT_FLAT,
                              .data = data,
                              .validity = values < slots ? bits : NULL};
done:
    return st;
}

static weft_status build_node(weft_ctx *ctx, weft_pq_nested *nested, nested_node *n, int32_t around);

/* A node that the file has not: slots of NULL, at every depth. */
static weft_status build_absent(weft_ctx *ctx, nested_node *n, int32_t slots)
{
    weft_status st = WEFT_OK;
    const bool is_struct = n->node->shape == WEFT_PQ_SHAPE_STRUCT;
    const bool is_map = n->node->shape == WEFT_PQ_SHAPE_MAP;
    const weft_phys phys = weft_type_phys(n->node->type);
    const size_t bits_bytes = (size_t)slots / 8 + 16;
    const size_t data_bytes = is_struct ? 0 : (size_t)slots * (size_t)weft_phys_bytes(phys);
    WEFT_TRY(st, weft_pq_buffer_reserve(ctx, &n->validity, bits_bytes));
    WEFT_TRY(st, weft_pq_buffer_reserve(ctx, &n->data, data_bytes));
    memset(n->validity.data, 0, bits_bytes);
    memset(n->data.data, 0, data_bytes);
    for (int32_t i = 0; i < n->child_count; i++) {
        WEFT_TRY(st, build_absent(ctx, &n->children[i], is_struct ? slots : 0));
        n->child_columns[i] = n->children[i].column;
    }
    n->slots = slots;
    n->column = (weft_column){.type = n->node->type,
                              .phys = (uint8_t)phys,
                              .encoding = WEFT_FLAT,
                              .data = is_struct ? NULL : n->data.data,
                              .validity = n->validity.data,
                              .child_count = n->child_count,
                              .children = n->child_columns};
    if (is_map) {
        n->entry = (weft_column){.type = n->node->type,
                                 .phys = WEFT_PHYS_STRUCT,
                                 .encoding = WEFT_FLAT,
                                 .child_count = n->child_count,
                                 .children = n->child_columns};
        n->entry.type.id = WEFT_TYPE_STRUCT;
        n->column.child_count = 1;
        n->column.children = &n->entry;
    }
done:
    return st;
}

/* Build the children and hold them against the number of slots that their parent has for them. */
static weft_status build_children(weft_ctx *ctx, weft_pq_nested *nested, nested_node *n, int32_t around,
                                  int32_t slots)
{
    weft_status st = WEFT_OK;
    for (int32_t i = 0; i < n->child_count; i++) {
        if (n->children[i].node->absent) {
            WEFT_TRY(st, build_absent(ctx, &n->children[i], slots));
        } else {
            WEFT_TRY(st, build_node(ctx, nested, &n->children[i], around));
        }
        if (n->children[i].slots != slots) {
            const nested_leaf *leaf = &nested->leaves[n->children[i].node->leaf - nested->node->leaf];
            return weft_pq_chunk_corrupt(ctx, &leaf->chunk,
                                         "the levels do not fit those of the column beside it");
        }
        n->child_columns[i] = n->children[i].column;
    }
done:
    return st;
}

static weft_status build_struct(weft_ctx *ctx, weft_pq_nested *nested, nested_leaf *leaf, nested_node *n,
                                int32_t around)
{
    weft_status st = WEFT_OK;
    const uint8_t *def = leaf->def.data, *rep = leaf->rep.data;
    int32_t slots = 0, present = 0;
    WEFT_TRY(st, weft_pq_buffer_reserve(ctx, &n->validity, (size_t)leaf->entries / 8 + 16));
    uint64_t *bits = n->validity.data;
    for (int32_t e = 0; e < leaf->entries; e++) {
        if (!node_has_slot(def, rep, e, n->node->max_rep, around)) continue;
        const bool valid = def[e] >= n->node->max_def;
        weft_pq_bits_store(bits, slots++, 1, valid);
        present += valid;
    }
    WEFT_TRY(st, build_children(ctx, nested, n, around, slots));
    n->slots = slots;
    n->column = (weft_column){.type = n->node->type,
                              .phys = WEFT_PHYS_STRUCT,
                              .encoding = WEFT_FLAT,
                              .validity = present < slots ? bits : NULL,
                              .child_count = n->child_count,
                              .children = n->child_columns};
done:
    return st;
}

/* A struct of metadata and value as one string a slot; what comes from outside is checked here. */
static weft_status build_variant(weft_ctx *ctx, weft_pq_nested *nested, nested_leaf *leaf, nested_node *n,
                                 int32_t around)
{
    weft_status st = WEFT_OK;
    size_t bytes = 0;
    WEFT_TRY(st, build_struct(ctx, nested, leaf, n, around));
    const weft_column *parts = n->child_columns;
    const uint64_t *valid = n->column.validity;
    for (int pass = 0; pass < 2; pass++) {
        weft_str *out = n->data.data;
        char *at = n->heap.data;
        for (int32_t i = 0; i < n->slots; i++) {
            if (pass == 1) out[i] = (weft_str){0};
            if (valid != NULL && !weft_bit_get(valid, i)) continue;
            const weft_str *meta = (const weft_str *)parts[0].data + i;
            const weft_str *value = (const weft_str *)parts[1].data + i;
            const size_t len = (size_t)meta->len + value->len;
            bytes += len;
            if (pass == 0) continue;
            memcpy(at, weft_str_data(meta), meta->len);
            memcpy(at + meta->len, weft_str_data(value), value->len);
            const uint32_t told = weft_variant_meta_bytes((const uint8_t *)at, len);
            const weft_variant_verdict verdict = weft_variant_check(at, len);
            if (verdict != WEFT_VARIANT_GOOD || told != meta->len)
                return weft_fail(
                    ctx, verdict == WEFT_VARIANT_UNKNOWN ? WEFT_UNKNOWN_VARIANT_TYPE : WEFT_MALFORMED_VARIANT,
                    "Variant binary is malformed. Please check the data source is valid.");
            out[i] = weft_str_view(at, (uint32_t)len);
            at += len;
        }
        if (pass == 1) break;
        WEFT_TRY(st, weft_pq_buffer_reserve(ctx, &n->data, (size_t)n->slots * sizeof *out + 16));
        WEFT_TRY(st, weft_pq_buffer_reserve(ctx, &n->heap, bytes + 16));
    }
    n->column = (weft_column){.type = n->node->type,
                              .phys = WEFT_PHYS_STR,
                              .encoding = WEFT_FLAT,
                              .data = n->data.data,
                              .validity = valid};
done:
    return st;
}

static weft_status build_list(weft_ctx *ctx, weft_pq_nested *nested, nested_leaf *leaf, nested_node *n,
                              int32_t around)
{
    weft_status st = WEFT_OK;
    const uint8_t *def = leaf->def.data, *rep = leaf->rep.data;
    const int32_t max_def = n->node->max_def, max_rep = n->node->max_rep;
    int32_t slots = 0, present = 0, elements = 0;
    WEFT_TRY(st, weft_pq_buffer_reserve(ctx, &n->validity, (size_t)leaf->entries / 8 + 16));
    WEFT_TRY(st, weft_pq_buffer_reserve(ctx, &n->data, (size_t)leaf->entries * sizeof(weft_list)));
    uint64_t *bits = n->validity.data;
    weft_list *lists = n->data.data;
    for (int32_t e = 0; e < leaf->entries; e++) {
        if (node_has_slot(def, rep, e, max_rep, around)) {
            const bool valid = def[e] >= max_def;
            weft_pq_bits_store(bits, slots, 1, valid);
            lists[slots++] = (weft_list){.offset = valid ? elements : 0};
            present += valid;
        }
        if (node_has_slot(def, rep, e, max_rep + 1, max_def + 1)) {
            if (slots == 0)
                return weft_pq_chunk_corrupt(ctx, &leaf->chunk, "an element comes before its list");
            lists[slots - 1].length++;
            elements++;
        }
    }
    WEFT_TRY(st, build_children(ctx, nested, n, max_def + 1, elements));
    const bool is_map = n->node->shape == WEFT_PQ_SHAPE_MAP;
    if (is_map) {
        n->entry = (weft_column){.type = n->node->type,
                                 .phys = WEFT_PHYS_STRUCT,
                                 .encoding = WEFT_FLAT,
                                 .child_count = n->child_count,
                                 .children = n->child_columns};
        n->entry.type.id = WEFT_TYPE_STRUCT;
    }
    n->slots = slots;
    n->column = (weft_column){.type = n->node->type,
                              .phys = WEFT_PHYS_LIST,
                              .encoding = WEFT_FLAT,
                              .data = lists,
                              .validity = present < slots ? bits : NULL,
                              .child_count = 1,
                              .child_rows = elements,
                              .children = is_map ? &n->entry : n->child_columns};
done:
    return st;
}

/* Build a node's slots. around: definition level at which the element around it is there (0 at the top). */
static weft_status build_node(weft_ctx *ctx, weft_pq_nested *nested, nested_node *n, int32_t around)
{
    nested_leaf *leaf = &nested->leaves[n->node->leaf - nested->node->leaf];
    switch ((weft_pq_shape)n->node->shape) {
    case WEFT_PQ_SHAPE_LEAF: return build_leaf(ctx, leaf, n, around);
    case WEFT_PQ_SHAPE_STRUCT: return build_struct(ctx, nested, leaf, n, around);
    case WEFT_PQ_SHAPE_VARIANT: return build_variant(ctx, nested, leaf, n, around);
    case WEFT_PQ_SHAPE_LIST:
    case WEFT_PQ_SHAPE_MAP: break;
    }
    return build_list(ctx, nested, leaf, n, around);
}

weft_status weft_pq_nested_read(weft_ctx *ctx, weft_pq_nested *nested, int64_t row, int32_t rows,
                                weft_column *out)
{
    weft_status st = WEFT_OK;
    for (int32_t i = 0; i < nested->leaf_count; i++)
        if (nested->leaves[i].read) WEFT_TRY(st, leaf_read(ctx, &nested->leaves[i], row, rows));
    WEFT_TRY(st, build_node(ctx, nested, &nested->root, 0));
    if (nested->root.slots != rows) {
        st = weft_pq_chunk_corrupt(ctx, &nested->leaves[0].chunk, /* the root's own leaf is read */
                                   "the levels do not make the rows that are wanted");
        goto done;
    }
    *out = nested->root.column;
done:
    return st;
}
