/* coordinator/relays.c - see relays.h. */
#include "coordinator/relays.h"

#include "common/mem.h"

static weft_relay_node *find_node(const weft_relay_tree *t, int32_t worker)
{
    for (int32_t i = 0; i < t->count; i++)
        if (t->nodes[i].worker == worker) return &t->nodes[i];
    return NULL;
}

static weft_status find_tree(weft_ctx *ctx, weft_relay_tree **trees, int32_t holder, weft_relay_tree **out)
{
    weft_status st = WEFT_OK;
    weft_relay_tree *t = *trees;
    while (t != NULL && t->holder != holder) t = t->next;
    if (t == NULL) {
        WEFT_TRY(st, weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, sizeof(*t), (void **)&t));
        t->holder = holder;
        t->next = *trees;
        *trees = t;
    }
    *out = t;
done:
    return st;
}

static weft_status tree_grow(weft_ctx *ctx, weft_relay_tree *t)
{
    const int32_t capacity = weft_max_i32(8, t->capacity * 2);
    if (t->count < t->capacity) return WEFT_OK;
    const weft_status st =
        weft_mem_resize(ctx, WEFT_MEM_WORKING, (size_t)capacity * sizeof(*t->nodes), (void **)&t->nodes);
    if (st == WEFT_OK) t->capacity = capacity;
    return st;
}

/* The first that has room. A worker that is silent keeps it for later. */
static weft_relay_node *find_room(weft_relay_tree *t, weft_relay_usable *usable, const void *self)
{
    while (t->room < t->count &&
           (t->nodes[t->room].worker < 0 || t->nodes[t->room].children == WEFT_RELAY_CHILDREN))
        t->room++;
    for (int32_t i = t->room; i < t->count; i++) {
        weft_relay_node *node = &t->nodes[i];
        if (node->worker >= 0 && node->children < WEFT_RELAY_CHILDREN && usable(self, node->worker))
            return node;
    }
    return NULL;
}

weft_status weft_relays_join(weft_ctx *ctx, weft_relay_tree **trees, int32_t holder, int32_t worker,
                             weft_relay_usable *usable, const void *self, int32_t *parent)
{
    weft_status st = WEFT_OK;
    weft_relay_tree *t = NULL;
    *parent = -1;
    WEFT_TRY(st, find_tree(ctx, trees, holder, &t));
    const weft_relay_node *known = find_node(t, worker);
    if (known != NULL) {
        if (known->parent >= 0 && usable(self, known->parent)) *parent = known->parent;
        return WEFT_OK;
    }
    WEFT_TRY(st, tree_grow(ctx, t));
    weft_relay_node *above = t->children < WEFT_RELAY_CHILDREN ? NULL : find_room(t, usable, self);
    *(above == NULL ? &t->children : &above->children) += 1;
    *parent = above == NULL ? -1 : above->worker;
    t->nodes[t->count++] = (weft_relay_node){.worker = worker, .parent = *parent};
done:
    return st;
}

void weft_relays_leave(weft_relay_tree *trees, int32_t worker)
{
    for (weft_relay_tree *t = trees; t != NULL; t = t->next)
        for (int32_t i = 0; i < t->count; i++) {
            weft_relay_node *node = &t->nodes[i];
            if (node->parent == worker) node->parent = -1;
            if (node->worker == worker) node->worker = -1;
        }
}

void weft_relays_free(weft_relay_tree **trees)
{
    while (*trees != NULL) {
        weft_relay_tree *t = *trees;
        *trees = t->next;
        weft_mem_free(t->nodes);
        weft_mem_free(t);
    }
}

const char *weft_relays_check(const weft_relay_tree *trees, weft_relay_usable *alive, const void *self)
{
    for (const weft_relay_tree *t = trees; t != NULL; t = t->next)
        for (int32_t i = 0; i < t->count; i++) {
            const weft_relay_node *node = &t->nodes[i];
            int32_t below = 0;
            if (node->worker < 0) continue;
            if (!alive(self, node->worker)) return "a relay is dead";
            for (int32_t n = 0; n < t->count; n++)
                below += t->nodes[n].worker >= 0 && t->nodes[n].parent == node->worker;
            if (below > WEFT_RELAY_CHILDREN) return "a relay is asked by too many";
            if (node->parent < 0) continue;
            const weft_relay_node *parent = find_node(t, node->parent);
            if (parent == NULL) return "a worker asks a relay that is gone";
            if (parent >= node) return "relays ask each other";
        }
    return NULL;
}
