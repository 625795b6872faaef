/* engine/plan/analyzer.c - the analyser's entry: statements, and the frames of its recursion. */
#include <strings.h>

#include "common/limits.h"
#include "engine/plan/analyzer_internal.h"

weft_status weft_analyzer_enter(weft_analyzer *a, const weft_span *span, int32_t *frame)
{
    if (a->depth >= WEFT_EXPR_DEPTH_MAX || a->height >= WEFT_EXPR_DEPTH_MAX) {
        return weft_fail_at(
            a->ctx, WEFT_NESTING_TOO_DEEP, weft_analyzer_span(a, span),
            "The query is nested more than %d levels deep, counting the views and common table "
            "expressions that it is made of.",
            WEFT_EXPR_DEPTH_MAX);
    }
    a->depth++;
    a->size++;
    *frame = a->height;
    a->height = 0;
    return WEFT_OK;
}

void weft_analyzer_leave(weft_analyzer *a, int32_t frame)
{
    a->depth--;
    a->height = weft_max_i32(a->height + 1, frame);
}

static weft_status check_unique_names(weft_analyzer *a, const weft_node *node, const weft_span *span)
{
    const weft_outputs *output = &node->output;
    for (int32_t i = 0; i < output->count; i++) {
        for (int32_t k = 0; k < i; k++) {
            if (strcasecmp(output->columns[i].name, output->columns[k].name) != 0) continue;
            return weft_fail_at(
                a->ctx, WEFT_COLUMN_ALREADY_EXISTS, span,
                "The column `%s` already exists. Choose another name or rename the existing column.",
                output->columns[i].name);
        }
    }
    return WEFT_OK;
}

/* The names that a view gives its columns. */
static weft_status check_given_names(weft_analyzer *a, const weft_node *create)
{
    for (int32_t i = 0; i < create->view.column_count; i++)
        for (int32_t k = 0; k < i; k++)
            if (strcasecmp(create->view.columns[i], create->view.columns[k]) == 0)
                return weft_fail_at(
                    a->ctx, WEFT_COLUMN_ALREADY_EXISTS, &create->span,
                    "The column `%s` already exists. Choose another name or rename the existing column.",
                    create->view.columns[i]);
    return WEFT_OK;
}

static weft_status analyze_statement(weft_analyzer *a, const weft_node *parsed, const weft_node **out);

static bool gives_defaults(const weft_node *command)
{
    return command->command.op == WEFT_TABLE_CREATE || command->command.op == WEFT_TABLE_ADD_COLUMNS ||
           command->command.op == WEFT_TABLE_COLUMN_DEFAULT;
}

/* A view of the session that is made anew must not read the one that it takes the place of. */
static weft_status find_replaced(weft_analyzer *a, const weft_node *create)
{
    const weft_relation *relation = NULL;
    const weft_node *view = NULL;
    const char *database = NULL;
    const weft_catalog *c = a->catalog;
    if (!create->view.temporary || !create->view.replace) return WEFT_OK;
    const weft_status st = c->find(a->ctx, c->self, &create->view.name, 1, &view, &relation, &database);
    const bool lasts = view != NULL && c->view != NULL && c->view(c->self, view) != NULL;
    if (!lasts) a->replaced = view;
    if (st == WEFT_OK || weft_status_classify(st) != WEFT_CLASS_USER) return st;
    weft_error_clear(a->ctx); /* it cannot be read, and need not be */
    return WEFT_OK;
}

/* A command with its input bound. Commands have no columns of their own. */
static weft_status analyze_command(weft_analyzer *a, const weft_node *parsed, const weft_node **out)
{
    weft_status st = WEFT_OK;
    weft_node *node = NULL;
    const weft_node **inputs = NULL;
    WEFT_TRY(st, WEFT_NEW(a->ctx, &node));
    *node = *parsed;
    node->output = (weft_outputs){0};
    *out = node;
    if (parsed->kind == WEFT_NODE_TABLE_COMMAND && parsed->command.spec_count > 0)
        WEFT_TRY(st, weft_bind_specs(a, node));
    if (parsed->kind == WEFT_NODE_SHOW && parsed->show.spec != NULL)
        WEFT_TRY(st, weft_bind_described_spec(a, node));
    if (parsed->kind == WEFT_NODE_TABLE_COMMAND && parsed->command.op == WEFT_TABLE_LIKE)
        WEFT_TRY(st, weft_bind_like(a, node));
    if (parsed->kind == WEFT_NODE_TABLE_COMMAND && gives_defaults(parsed))
        WEFT_TRY(st, weft_bind_stored_defaults(a, node));
    if (parsed->input_count == 0) goto done;
    if (parsed->kind == WEFT_NODE_WRITE && parsed->write.into != NULL) {
        WEFT_TRY(st, weft_bind_insert(a, node));
        goto done;
    }
    WEFT_TRY(st, WEFT_NEW_ARRAY(a->ctx, 1, &inputs));
    if (parsed->kind == WEFT_NODE_SHOW && parsed->show.part_count > 0) {
        WEFT_TRY(st, weft_bind_described(a, parsed, &inputs[0]));
        node->inputs = inputs;
        goto done;
    }
    const bool lasting = parsed->kind == WEFT_NODE_CREATE_VIEW && !parsed->view.temporary;
    if (parsed->kind == WEFT_NODE_CREATE_VIEW) WEFT_TRY(st, find_replaced(a, parsed));
    const weft_node *around = lasting ? weft_analyzer_within(a, parsed) : NULL;
    a->lasting = lasting;
    st = analyze_statement(a, parsed->inputs[0], &inputs[0]);
    if (lasting) (void)weft_analyzer_within(a, around);
    if (st != WEFT_OK) goto done;
    node->inputs = inputs;
    if (parsed->kind == WEFT_NODE_CREATE_VIEW && parsed->view.column_count > 0 &&
        parsed->view.column_count != inputs[0]->output.count) {
        const bool few = inputs[0]->output.count < parsed->view.column_count;
        WEFT_TRY(st, weft_fail_at(a->ctx, few ? WEFT_VIEW_TOO_FEW : WEFT_VIEW_TOO_MANY, &parsed->span,
                                  "The view `%s` names %d columns, but its query has %d.", parsed->view.name,
                                  parsed->view.column_count, inputs[0]->output.count));
    }
    if (lasting) WEFT_TRY(st, weft_check_view_names(a, parsed, inputs[0]));
    if (parsed->kind == WEFT_NODE_CREATE_VIEW) WEFT_TRY(st, check_given_names(a, parsed));
    const bool names = (parsed->kind == WEFT_NODE_CREATE_VIEW && parsed->view.column_count == 0) ||
                       parsed->kind == WEFT_NODE_WRITE;
    if (names) WEFT_TRY(st, check_unique_names(a, inputs[0], &parsed->span));
    if (parsed->kind == WEFT_NODE_WRITE && parsed->write.table != NULL)
        WEFT_TRY(st, weft_bind_create_as(a, inputs[0], node));
done:
    return st;
}

static weft_status analyze_statement(weft_analyzer *a, const weft_node *parsed, const weft_node **out)
{
    weft_status st = WEFT_OK;
    weft_bound bound = {0};
    if (weft_node_is_command(parsed)) return analyze_command(a, parsed, out);
    WEFT_TRY(st, weft_bind_query(a, parsed, NULL, NULL, &bound));
    WEFT_TRY(st, weft_bound_node(a, &bound, out));
done:
    return st;
}

/* Tables have their column _metadata only when a name is not found without it: queries that do not name it
 * are planned as if there were none. */
static weft_status analyze_with_files(weft_analyzer *a, const weft_node *parsed, const weft_node **out)
{
    weft_status st = analyze_statement(a, parsed, out);
    if (st == WEFT_OK || !a->misses_files) return st;
    weft_error_clear(a->ctx);
    *a = (weft_analyzer){.ctx = a->ctx, .catalog = a->catalog, .ids = a->ids, .tells_files = true};
    return analyze_statement(a, parsed, out);
}

weft_status weft_analyze(weft_ctx *ctx, const weft_catalog *catalog, weft_ids *ids, const weft_node *parsed,
                         const weft_node **out)
{
    weft_analyzer a = {.ctx = ctx, .catalog = catalog, .ids = ids};
    const weft_status st = analyze_with_files(&a, parsed, out);
    return st == WEFT_OK ? st : weft_routines_first(&a, parsed, st);
}

weft_status weft_analyze_assigned(weft_ctx *ctx, const weft_catalog *catalog, weft_ids *ids,
                                  const weft_table_definition *target, const weft_node *parsed,
                                  const weft_node **out)
{
    weft_status st = WEFT_OK;
    weft_analyzer a = {.ctx = ctx, .catalog = catalog, .ids = ids};
    int32_t *targets = NULL;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, target->column_count, &targets));
    for (int32_t i = 0; i < target->column_count; i++) targets[i] = i;
    WEFT_TRY(st, weft_fill_defaults(&a, target, targets, target->column_count, parsed, &parsed));
    st = analyze_with_files(&a, parsed, out);
done:
    return st;
}
