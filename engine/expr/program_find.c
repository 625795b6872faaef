/* engine/expr/program_find.c - common subexpressions of a program under construction.
 *
 * Values stand in a hash table by their expression and unit, newest first. The hash of an expression is made
 * once for each node and kept by its address, so that asking at every level of a tree, for each of a million
 * nodes, stays linear. Both tables grow in the arena. */
#include <string.h>

#include "common/hash.h"
#include "engine/expr/program_impl.h"

enum { TABLE_LEAST = 64 };

static uint64_t kept_slot(const program_compiler *c, const weft_expr *e)
{
    uint64_t slot = weft_hash_u64((uint64_t)(uintptr_t)e) & (uint64_t)(c->hash_room - 1);
    while (c->hashes[slot].expr != NULL && c->hashes[slot].expr != e)
        slot = (slot + 1) & (uint64_t)(c->hash_room - 1);
    return slot;
}

static weft_status keep_hash(weft_ctx *ctx, program_compiler *c, const weft_expr *e, uint64_t hash)
{
    weft_status st = WEFT_OK;
    if (c->hash_count * 2 >= c->hash_room) {
        const program_hash *old = c->hashes;
        const int32_t room = c->hash_room;
        c->hash_room = weft_max_i32(room * 2, TABLE_LEAST);
        WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, c->hash_room, &c->hashes));
        for (int32_t i = 0; i < room; i++)
            if (old[i].expr != NULL) c->hashes[kept_slot(c, old[i].expr)] = old[i];
    }
    c->hashes[kept_slot(c, e)] = (program_hash){.expr = e, .hash = hash};
    c->hash_count++;
done:
    return st;
}

/* The hash of e by those of its arguments. Leaves are not worth a place in the table. */
static weft_status hash_of(weft_ctx *ctx, program_compiler *c, const weft_expr *e, uint64_t *hash)
{
    weft_status st = WEFT_OK;
    *hash = weft_expr_hash_node(e);
    if (e->arg_count == 0) return WEFT_OK;
    if (c->hash_room > 0) {
        const program_hash *kept = &c->hashes[kept_slot(c, e)];
        if (kept->expr != NULL) {
            *hash = kept->hash;
            return WEFT_OK;
        }
    }
    for (int32_t i = 0; i < e->arg_count; i++) {
        uint64_t arg = 0;
        WEFT_TRY(st, hash_of(ctx, c, e->args[i], &arg));
        *hash = weft_hash_combine(*hash, arg);
    }
    WEFT_TRY(st, keep_hash(ctx, c, e, *hash));
done:
    return st;
}

static uint64_t unit_hash(const program_compiler *c, uint64_t hash)
{
    return weft_hash_combine(hash, (uint64_t)(uint32_t)c->unit_index);
}

/* May what was computed in scope `from` be read in `scope`? Scopes are numbered after their parents. */
static bool is_visible(const program_compiler *c, int32_t from, int32_t scope)
{
    if (from == -1 || from == c->unit->scope) return true;
    while (scope > from) scope = c->scope_parents[scope];
    return scope == from;
}

weft_status program_find(weft_ctx *ctx, program_compiler *c, const weft_expr *e, int32_t scope,
                         int32_t *value)
{
    weft_status st = WEFT_OK;
    const program_value *values = c->program->values;
    uint64_t hash = 0;
    *value = -1;
    WEFT_TRY(st, hash_of(ctx, c, e, &hash));
    if (c->bucket_count == 0) goto done;
    hash = unit_hash(c, hash);
    for (int32_t v = c->buckets[hash & (uint64_t)(c->bucket_count - 1)]; v >= 0; v = values[v].next) {
        if (values[v].hash != hash || values[v].unit != c->unit_index) continue;
        if (!is_visible(c, values[v].scope, scope) || !weft_expr_equal(values[v].expr, e)) continue;
        *value = v;
        break;
    }
done:
    return st;
}

weft_status program_find_add(weft_ctx *ctx, program_compiler *c, int32_t value)
{
    weft_status st = WEFT_OK;
    program_value *values = c->program->values;
    uint64_t hash = 0;
    WEFT_TRY(st, hash_of(ctx, c, values[value].expr, &hash));
    values[value].hash = unit_hash(c, hash);
    int32_t first = value; /* that is in no bucket yet */
    if (value >= c->bucket_count) {
        c->bucket_count = weft_max_i32(c->bucket_count * 2, TABLE_LEAST);
        WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, c->bucket_count, &c->buckets));
        memset(c->buckets, 0xff, (size_t)c->bucket_count * sizeof *c->buckets);
        first = 0;
    }
    for (int32_t v = first; v <= value; v++) {
        int32_t *bucket = &c->buckets[values[v].hash & (uint64_t)(c->bucket_count - 1)];
        values[v].next = *bucket;
        *bucket = v;
    }
done:
    return st;
}
