/* engine/plan/pipe.c - pipelines under construction: column places, lowering of expressions, adding
 * operators. */
#include "engine/plan/planner_impl.h"

#include <string.h>

#include "common/limits.h"

weft_status plan_list_add(weft_ctx *ctx, plan_list *list, size_t item_bytes, void **item)
{
    weft_status st = WEFT_OK;
    if (list->count == list->capacity) {
        const int32_t capacity = list->capacity == 0 ? 8 : list->capacity * 2;
        void *items = NULL;
        WEFT_TRY(st, weft_arena_alloc(ctx, ctx->arena, (size_t)capacity * item_bytes, &items));
        if (list->count > 0) memcpy(items, list->items, (size_t)list->count * item_bytes);
        list->items = items;
        list->capacity = capacity;
    }
    *item = (char *)list->items + (size_t)list->count * item_bytes;
    memset(*item, 0, item_bytes);
    list->count++;
done:
    return st;
}

weft_status id_set_new(weft_ctx *ctx, const weft_planner *p, const id_set *from, id_set *out)
{
    weft_status st = WEFT_OK;
    out->bits = weft_max_i64(p->ids->next + 64, from != NULL ? from->bits : 0);
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, weft_bit_words(out->bits), &out->words));
    if (from != NULL && from->bits > 0)
        memcpy(out->words, from->words, (size_t)weft_bit_words(from->bits) * sizeof(uint64_t));
done:
    return st;
}

weft_status id_set_add(weft_ctx *ctx, id_set *set, int64_t id)
{
    weft_status st = WEFT_OK;
    assert(id >= 0);
    if (id >= set->bits) {
        uint64_t *words = NULL;
        const int64_t bits = id * 2 + 64;
        WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, weft_bit_words(bits), &words));
        if (set->bits > 0) memcpy(words, set->words, (size_t)weft_bit_words(set->bits) * sizeof(uint64_t));
        set->words = words;
        set->bits = bits;
    }
    weft_bit_set(set->words, id);
done:
    return st;
}

bool id_set_has(const id_set *set, int64_t id)
{
    return id >= 0 && id < set->bits && weft_bit_get(set->words, id);
}

typedef struct id_collector {
    weft_ctx *ctx;
    id_set *set;
    weft_status st;
} id_collector;

static bool collect_id(void *self, const weft_expr *e)
{
    id_collector *c = self;
    if (e->kind == WEFT_EXPR_COLUMN) c->st = id_set_add(c->ctx, c->set, e->column.id);
    return c->st != WEFT_OK;
}

weft_status id_set_add_expr(weft_ctx *ctx, id_set *set, const weft_expr *e)
{
    id_collector c = {.ctx = ctx, .set = set, .st = WEFT_OK};
    weft_expr_any(e, collect_id, &c);
    return c.st;
}

int32_t pipe_find(const pipeline *pipe, int64_t id)
{
    for (int32_t i = 0; i < pipe->columns.count; i++) {
        const plan_column *column = PLAN_LIST_AT(&pipe->columns, const plan_column, i);
        if (column->id == id) return column->ordinal;
    }
    return -1;
}

weft_status pipe_name_column(weft_ctx *ctx, pipeline *pipe, int64_t id, int32_t ordinal)
{
    weft_status st = WEFT_OK;
    plan_column *column = NULL;
    WEFT_TRY(st, plan_list_add(ctx, &pipe->columns, sizeof(*column), (void **)&column));
    column->id = id;
    column->ordinal = ordinal;
done:
    return st;
}

static weft_status lower_column(weft_ctx *ctx, void *self, const weft_expr *e, const weft_expr **out)
{
    const pipeline *pipe = self;
    if (e->kind == WEFT_EXPR_ALIAS) {
        *out = e->args[0];
        return WEFT_OK;
    }
    if (e->kind != WEFT_EXPR_COLUMN) {
        *out = e;
        return WEFT_OK;
    }
    const int32_t ordinal = pipe_find(pipe, e->column.id);
    if (ordinal < 0)
        return weft_fail(ctx, WEFT_INTERNAL, "column %s#%lld is not among the inputs of its operator",
                         e->column.name, (long long)e->column.id);
    return weft_expr_ordinal(ctx, ordinal, e->type, e->nullable, out);
}

weft_status pipe_lower(weft_ctx *ctx, const pipeline *pipe, const weft_expr *e, const weft_expr **out)
{
    return weft_expr_rewrite(ctx, e, lower_column, (void *)(uintptr_t)pipe, out);
}

weft_status pipe_lower_all(weft_ctx *ctx, const pipeline *pipe, const weft_expr *const *exprs, int32_t count,
                           const weft_expr *const **out)
{
    weft_status st = WEFT_OK;
    const weft_expr **lowered = NULL;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, count, &lowered));
    for (int32_t i = 0; i < count; i++) WEFT_TRY(st, pipe_lower(ctx, pipe, exprs[i], &lowered[i]));
    *out = lowered;
done:
    return st;
}

weft_status pipe_add_op(weft_ctx *ctx, pipeline *pipe, const weft_op_spec *op, const char *name)
{
    weft_status st = WEFT_OK;
    weft_op_spec *added = NULL;
    WEFT_TRY(st, plan_list_add(ctx, &pipe->ops, sizeof(*added), (void **)&added));
    *added = *op;
    pipe->types = op->output;
    WEFT_TRY(st, pipe_name(ctx, pipe, name));
done:
    return st;
}

weft_status pipe_name(weft_ctx *ctx, pipeline *pipe, const char *step)
{
    if (step == NULL) return WEFT_OK;
    if (pipe->name == NULL) return weft_arena_printf(ctx, ctx->arena, &pipe->name, "%s", step);
    return weft_arena_printf(ctx, ctx->arena, &pipe->name, "%s > %s", pipe->name, step);
}

weft_status pipe_filter(weft_ctx *ctx, pipeline *pipe, const weft_expr *const *conjuncts, int32_t count)
{
    weft_status st = WEFT_OK;
    weft_op_spec op = {.kind = WEFT_OP_FILTER, .output = pipe->types, .filter = {.count = count}};
    if (count == 0) return WEFT_OK;
    WEFT_TRY(st, pipe_lower_all(ctx, pipe, conjuncts, count, &op.filter.conjuncts));
    WEFT_TRY(st, pipe_add_op(ctx, pipe, &op, "filter"));
done:
    return st;
}

weft_status pipe_compute(weft_ctx *ctx, pipeline *pipe, const weft_expr *const *exprs, int32_t count,
                         int32_t *ordinals)
{
    weft_status st = WEFT_OK;
    const int32_t kept = pipe->types.count;
    const weft_expr **project = NULL;
    weft_type *types = NULL;
    uint64_t *hashes = NULL; /* of project, so that thousands of expressions are told apart at once */
    int32_t total = kept;

    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, kept + count, &hashes));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, kept + count, &project));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, kept + count, &types));
    for (int32_t i = 0; i < count; i++) {
        const weft_expr *lowered = NULL;
        WEFT_TRY(st, pipe_lower(ctx, pipe, exprs[i], &lowered));
        ordinals[i] = lowered->kind == WEFT_EXPR_COLUMN ? lowered->column.ordinal : -1;
        hashes[total] = ordinals[i] < 0 ? weft_expr_hash(lowered) : 0;
        for (int32_t j = kept; j < total && ordinals[i] < 0; j++)
            if (hashes[j] == hashes[total] && weft_expr_equal(project[j], lowered)) ordinals[i] = j;
        if (ordinals[i] >= 0) continue;
        project[total] = lowered;
        types[total] = lowered->type;
        ordinals[i] = total++;
    }
    if (total == kept) goto done;
    for (int32_t i = 0; i < kept; i++) {
        types[i] = pipe->types.types[i];
        WEFT_TRY(st, weft_expr_ordinal(ctx, i, types[i], true, &project[i]));
    }
    const weft_op_spec op = {.kind = WEFT_OP_PROJECT,
                             .output = {.count = total, .types = types},
                             .project = {.count = total, .exprs = project}};
    WEFT_TRY(st, pipe_add_op(ctx, pipe, &op, "project"));
done:
    return st;
}

weft_status pipe_narrow(weft_ctx *ctx, pipeline *pipe, const id_set *required)
{
    weft_status st = WEFT_OK;
    const weft_expr **project = NULL;
    weft_type *types = NULL;
    int32_t *moved = NULL; /* new place of each old ordinal, -1: dropped */
    plan_list columns = {0};
    int32_t total = 0;

    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, pipe->types.count, &moved));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, pipe->types.count, &project));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, pipe->types.count, &types));
    for (int32_t i = 0; i < pipe->types.count; i++) moved[i] = -1;
    for (int32_t i = 0; i < pipe->columns.count; i++) {
        const plan_column *have = PLAN_LIST_AT(&pipe->columns, const plan_column, i);
        if (!id_set_has(required, have->id)) continue;
        if (moved[have->ordinal] < 0) {
            types[total] = pipe->types.types[have->ordinal];
            WEFT_TRY(st, weft_expr_ordinal(ctx, have->ordinal, types[total], true, &project[total]));
            moved[have->ordinal] = total++;
        }
        plan_column *kept = NULL;
        WEFT_TRY(st, plan_list_add(ctx, &columns, sizeof(*kept), (void **)&kept));
        *kept = (plan_column){.id = have->id, .ordinal = moved[have->ordinal]};
    }
    if (total == pipe->types.count) goto done;
    const weft_op_spec op = {.kind = WEFT_OP_PROJECT,
                             .output = {.count = total, .types = types},
                             .project = {.count = total, .exprs = project}};
    WEFT_TRY(st, pipe_add_op(ctx, pipe, &op, NULL));
    pipe->columns = columns;
done:
    return st;
}

weft_status pipe_add_input(weft_ctx *ctx, pipeline *pipe, int32_t stage_id, weft_input_mode mode,
                           int32_t *index)
{
    weft_status st = WEFT_OK;
    weft_stage_input *input = NULL;
    for (int32_t i = 0; i < pipe->inputs.count; i++) {
        const weft_stage_input *have = PLAN_LIST_AT(&pipe->inputs, const weft_stage_input, i);
        if (have->stage_id == stage_id && have->mode == mode) {
            *index = i;
            return WEFT_OK;
        }
    }
    WEFT_TRY(st, plan_list_add(ctx, &pipe->inputs, sizeof(*input), (void **)&input));
    *input = (weft_stage_input){.stage_id = stage_id, .mode = mode};
    *index = pipe->inputs.count - 1;
done:
    return st;
}

weft_status pipe_add_partitions(weft_ctx *ctx, pipeline *pipe, const weft_stage_stats *stats)
{
    weft_status st = WEFT_OK;
    int64_t *bytes = NULL, *rows = NULL;
    const int32_t count = weft_max_i32(pipe->partition_count, stats->partition_count);
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, count, &bytes));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, count, &rows));
    for (int32_t i = 0; i < count; i++) {
        bytes[i] = (i < pipe->partition_count ? pipe->partition_bytes[i] : 0) +
                   (i < stats->partition_count ? stats->partition_bytes[i] : 0);
        rows[i] = (i < pipe->partition_count ? pipe->partition_rows[i] : 0) +
                  (i < stats->partition_count ? stats->partition_rows[i] : 0);
    }
    pipe->partition_bytes = bytes;
    pipe->partition_rows = rows;
    pipe->partition_count = count;
done:
    return st;
}

weft_status pipe_open_rows(weft_ctx *ctx, weft_planner *p, made *const *inputs, int32_t count,
                           const int64_t *ids, pipeline *out)
{
    weft_status st = WEFT_OK;
    (void)p;
    memset(out, 0, sizeof(*out));
    out->source.kind = WEFT_SOURCE_ROWS;
    out->source.rows.input_count = count;
    out->source.output = (weft_types){.count = inputs[0]->column_count, .types = inputs[0]->types};
    out->types = out->source.output;
    out->partitioned = true;
    for (int32_t i = 0; i < count; i++) {
        weft_stage_input *input = NULL;
        WEFT_TRY(st, plan_list_add(ctx, &out->inputs, sizeof(*input), (void **)&input));
        *input = (weft_stage_input){.stage_id = inputs[i]->stage_id, .mode = WEFT_INPUT_PARTITION};
        WEFT_TRY(st, pipe_add_partitions(ctx, out, &inputs[i]->stats));
        out->rows += (double)inputs[i]->stats.rows;
    }
    for (int32_t i = 0; i < inputs[0]->column_count; i++) WEFT_TRY(st, pipe_name_column(ctx, out, ids[i], i));
    WEFT_TRY(st, pipe_name(ctx, out, "rows"));
done:
    return st;
}
