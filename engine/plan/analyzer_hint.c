/* engine/plan/analyzer_hint.c - hints of a SELECT block about joins: how the tables that they name are
 * joined.
 *
 * A hint reaches what its block's FROM names by that name or alias, and not what lies inside of views, of
 * common table expressions or of other tables with an alias. It stays with a table through filters, limits
 * and the SELECT block around it, up to the first join; a hint without tables is one for the whole block.
 * What a hint names and FROM does not have, and hints that nobody knows, are logged, as in Spark. */
#include <string.h>
#include <strings.h>

#include "common/log.h"
#include "engine/plan/analyzer_internal.h"

/* In the order in which the stronger one wins. */
static const struct {
    const char *name;
    weft_join_strategy strategy;
} join_hints[] = {
    {"BROADCAST", WEFT_STRATEGY_BROADCAST},       {"BROADCASTJOIN", WEFT_STRATEGY_BROADCAST},
    {"MAPJOIN", WEFT_STRATEGY_BROADCAST},         {"MERGE", WEFT_STRATEGY_MERGE},
    {"SHUFFLE_MERGE", WEFT_STRATEGY_MERGE},       {"MERGEJOIN", WEFT_STRATEGY_MERGE},
    {"SHUFFLE_HASH", WEFT_STRATEGY_SHUFFLE_HASH}, {"SHUFFLE_REPLICATE_NL", WEFT_STRATEGY_REPLICATE},
};

static weft_join_strategy strategy_of(const weft_select_hint *hint)
{
    for (int32_t i = 0; i < WEFT_COUNT(join_hints); i++)
        if (strcasecmp(hint->name, join_hints[i].name) == 0) return join_hints[i].strategy;
    return WEFT_STRATEGY_NONE;
}

/* Does the argument name the table? db.t names t of the database db only. */
static bool names_table(const weft_expr *arg, const char *const *parts, int32_t count)
{
    if (arg->kind != WEFT_EXPR_UNRESOLVED_COLUMN || arg->name.part_count > count) return false;
    for (int32_t i = 1; i <= arg->name.part_count; i++)
        if (strcasecmp(arg->name.parts[arg->name.part_count - i], parts[count - i]) != 0) return false;
    return true;
}

static weft_join_strategy stronger(weft_join_strategy a, weft_join_strategy b)
{
    if (a == WEFT_STRATEGY_NONE || b == WEFT_STRATEGY_NONE) return a == WEFT_STRATEGY_NONE ? b : a;
    return a < b ? a : b;
}

/* What the hints of the block say about a table of this name. */
static weft_join_strategy by_name(const weft_select *block, const char *const *parts, int32_t count)
{
    weft_join_strategy found = WEFT_STRATEGY_NONE;
    for (int32_t i = 0; i < block->hint_count; i++) {
        const weft_select_hint *hint = block->hints[i];
        for (int32_t k = 0; k < hint->arg_count; k++)
            if (names_table(hint->args[k], parts, count)) found = stronger(found, strategy_of(hint));
    }
    return found;
}

static weft_join_strategy of_query(const weft_node *parsed);

/* What the hints of the block say about a side of a join in its FROM. */
static weft_join_strategy of_relation(const weft_select *block, const weft_node *parsed)
{
    switch ((int)parsed->kind) {
    case WEFT_NODE_RELATION: return by_name(block, parsed->relation.parts, parsed->relation.part_count);
    case WEFT_NODE_ALIAS: {
        const weft_join_strategy own = by_name(block, &parsed->alias.name, 1);
        return own != WEFT_STRATEGY_NONE ? own : of_query(parsed->inputs[0]);
    }
    case WEFT_NODE_FILTER:
    case WEFT_NODE_SAMPLE:
    case WEFT_NODE_EXPAND: return of_relation(block, parsed->inputs[0]);
    default: return of_query(parsed);
    }
}

/* What a query brings with it: a block's hint for all of it, or for the one table that it reads. */
static weft_join_strategy of_query(const weft_node *parsed)
{
    while (parsed->kind == WEFT_NODE_SORT || parsed->kind == WEFT_NODE_LIMIT) parsed = parsed->inputs[0];
    if (parsed->kind != WEFT_NODE_SELECT) return WEFT_STRATEGY_NONE;
    const weft_select *block = &parsed->select;
    weft_join_strategy found = WEFT_STRATEGY_NONE;
    for (int32_t i = 0; i < block->hint_count; i++)
        if (block->hints[i]->arg_count == 0) found = stronger(found, strategy_of(block->hints[i]));
    if (block->from == NULL) return found;
    return stronger(found, of_relation(block, block->from));
}

weft_join_strategy weft_hinted_strategy(const weft_analyzer *a, const weft_node *side)
{
    return a->block == NULL ? of_query(side) : of_relation(a->block, side);
}

weft_join_strategy weft_stronger_strategy(weft_join_strategy a, weft_join_strategy b)
{
    return stronger(a, b);
}

/* ---- what no hint reaches ---- */

static bool is_named(const weft_expr *arg, const weft_node *from)
{
    if (from->kind == WEFT_NODE_RELATION)
        return names_table(arg, from->relation.parts, from->relation.part_count);
    if (from->kind == WEFT_NODE_ALIAS) return names_table(arg, &from->alias.name, 1);
    if (from->kind == WEFT_NODE_SELECT || from->kind == WEFT_NODE_WITH) return false;
    for (int32_t i = 0; i < from->input_count; i++)
        if (is_named(arg, from->inputs[i])) return true;
    return false;
}

static const char *argument_text(const weft_expr *arg)
{
    return arg->kind == WEFT_EXPR_UNRESOLVED_COLUMN ? arg->name.parts[arg->name.part_count - 1] : "?";
}

void weft_check_hints(const weft_analyzer *a, const weft_select *block)
{
    for (int32_t i = 0; i < block->hint_count && a->in_view == 0; i++) {
        const weft_select_hint *hint = block->hints[i];
        if (strategy_of(hint) == WEFT_STRATEGY_NONE) {
            if (!weft_is_partition_hint(hint))
                weft_log(WEFT_LOG_WARN, "hint_unknown", WEFT_LOG_TEXT("hint", hint->name));
            continue;
        }
        for (int32_t k = 0; k < hint->arg_count; k++) {
            if (block->from != NULL && is_named(hint->args[k], block->from)) continue;
            weft_log(WEFT_LOG_WARN, "hint_relation_not_found", WEFT_LOG_TEXT("hint", hint->name),
                     WEFT_LOG_TEXT("relation", argument_text(hint->args[k])));
        }
    }
}
