/* engine/plan/analyzer_bin_by.c - BIN BY (RANGE start TO end BIN WIDTH w [ALIGN TO t] DISTRIBUTE UNIFORM (v,
 * …)): a row for every bin that the row's range lies in, with the bin and the part of each v that falls to
 * it.
 *
 * The parser leaves a table function over the relation, a call of WEFT_BIN_BY_CALL(start, end, w, t, names of
 * the three new columns, v, …) where t may be the call WEFT_BIN_BY_EPOCH. It becomes explode_outer() of what
 * (bins)() makes (fn_bins.c), under a projection of v * ratio. */
#include "engine/expr/coerce.h"
#include "engine/expr/zone.h"
#include "engine/plan/analyzer_rows.h"

enum { START, END, WIDTH, ORIGIN, NAMES, VALUES = NAMES + 3 }; /* arguments */

typedef struct bin_by {
    weft_binder *b;
    const weft_expr *call;
    weft_bound *input;
    const weft_expr *args[4]; /* of (bins) */
    weft_pointers values;     /* COLUMNs */
} bin_by;

static const weft_span *place(const bin_by *s, int32_t arg)
{
    return weft_analyzer_span(s->b->a, &s->call->args[arg]->span);
}

/* A column of the relation itself. */
static weft_status bind_column(bin_by *s, int32_t arg, const weft_expr **out)
{
    weft_status st = WEFT_OK;
    char *text = NULL;
    WEFT_TRY(st, weft_bind_expr(s->b, s->call->args[arg], out));
    if ((*out)->kind == WEFT_EXPR_COLUMN) goto done;
    WEFT_TRY(st, weft_expr_text(s->b->a->ctx, *out, false, &text));
    WEFT_TRY(st,
             weft_fail_at(
                 s->b->a->ctx, WEFT_BIN_BY_NESTED, place(s, arg),
                 "BIN BY requires a top-level column, but \"%.200s\" is a nested or computed field. Alias "
                 "it to a top-level column in a select before BIN BY.",
                 text));
done:
    return st;
}

static weft_status bind_range(bin_by *s)
{
    weft_status st = WEFT_OK;
    char type[128];
    for (int32_t i = START; i <= END; i++) {
        WEFT_TRY(st, bind_column(s, i, &s->args[i]));
        const weft_type_id id = (weft_type_id)s->args[i]->type.id;
        if ((id == WEFT_TYPE_TIMESTAMP || id == WEFT_TYPE_TIMESTAMP_NTZ) && s->args[START]->type.id == id)
            continue;
        WEFT_TRY(st, weft_fail_at(
                         s->b->a->ctx, WEFT_BIN_BY_RANGE_TYPE, place(s, i),
                         "The range columns in BIN BY must be TIMESTAMP or TIMESTAMP_NTZ. Column `%s` has "
                         "type \"%s\". Both range columns must have the same type.",
                         s->args[i]->column.name, weft_type_text(s->args[i]->type, type, sizeof type)));
    }
done:
    return st;
}

/* A constant, folded. */
static weft_status bind_constant(bin_by *s, int32_t arg, const char *clause, const char *wanted,
                                 const weft_expr **out)
{
    weft_status st = WEFT_OK;
    weft_ctx *ctx = s->b->a->ctx;
    char *text = NULL;
    WEFT_TRY(st, weft_bind_expr(s->b, s->call->args[arg], out));
    WEFT_TRY(st, weft_expr_fold(ctx, *out, out));
    if ((*out)->kind == WEFT_EXPR_LITERAL) goto done;
    WEFT_TRY(st, weft_expr_text(ctx, *out, false, &text));
    WEFT_TRY(st,
             weft_fail_at(
                 ctx, WEFT_DATATYPE_MISMATCH_NOT_FOLDABLE, place(s, arg),
                 "Cannot resolve \"%.200s\" due to data type mismatch: the input `%s` should be a foldable "
                 "\"%s\" expression; however, got \"%.200s\".",
                 text, clause, wanted, text));
done:
    return st;
}

static weft_status fail_null(bin_by *s, int32_t arg, const char *clause)
{
    return weft_fail_at(s->b->a->ctx, WEFT_BIN_BY_NULL, place(s, arg),
                        "The %s expression in BIN BY must not be NULL.", clause);
}

static weft_status bind_width(bin_by *s)
{
    weft_status st = WEFT_OK;
    weft_ctx *ctx = s->b->a->ctx;
    const weft_expr *e = NULL;
    char type[128];
    WEFT_TRY(st, bind_constant(s, WIDTH, "BIN WIDTH", "INTERVAL DAY TO SECOND", &e));
    if (e->type.id != WEFT_TYPE_INTERVAL_DT)
        WEFT_TRY(st,
                 weft_fail_at(
                     ctx, WEFT_BIN_BY_WIDTH_TYPE, place(s, WIDTH),
                     "The BIN WIDTH expression must be of type \"INTERVAL DAY TO SECOND\", but got \"%s\".",
                     weft_type_text(e->type, type, sizeof type)));
    if (e->literal.is_null) WEFT_TRY(st, fail_null(s, WIDTH, "BIN WIDTH"));
    if (e->literal.i64 <= 0) {
        char *text = NULL;
        WEFT_TRY(st, weft_expr_text(ctx, e, false, &text));
        WEFT_TRY(st, weft_fail_at(ctx, WEFT_BIN_BY_WIDTH, place(s, WIDTH),
                                  "The BIN WIDTH expression must be positive. Got: \"%s\".", text));
    }
    const weft_value value = {.type = WEFT_TYPE_OF(WEFT_TYPE_BIGINT), .i64 = e->literal.i64};
    WEFT_TRY(st, weft_expr_literal(ctx, &value, &s->args[WIDTH]));
done:
    return st;
}

/* 1970 begins in the session's zone. */
static weft_status epoch(bin_by *s)
{
    weft_status st = WEFT_OK;
    weft_ctx *ctx = s->b->a->ctx;
    weft_zone *zone = NULL;
    const weft_type type = s->args[START]->type;
    if (type.id == WEFT_TYPE_TIMESTAMP) WEFT_TRY(st, weft_zone_open_session(ctx, &zone));
    const weft_value value = {.type = type, .i64 = weft_zone_to_utc(zone, 0)};
    WEFT_TRY(st, weft_expr_literal(ctx, &value, &s->args[ORIGIN]));
done:
    weft_zone_close(&zone);
    return st;
}

static weft_status bind_origin(bin_by *s)
{
    weft_status st = WEFT_OK;
    const weft_type type = s->args[START]->type;
    const weft_expr *written = s->call->args[ORIGIN], *e = NULL;
    char have[128], want[128];
    if (written->kind == WEFT_EXPR_UNRESOLVED_CALL &&
        strcmp(written->unresolved.name, WEFT_BIN_BY_EPOCH) == 0)
        return epoch(s);
    (void)weft_type_text(type, want, sizeof want);
    WEFT_TRY(st, bind_constant(s, ORIGIN, "ALIGN TO", want, &e));
    if (e->type.id != type.id)
        WEFT_TRY(st,
                 weft_fail_at(s->b->a->ctx, WEFT_BIN_BY_ORIGIN, place(s, ORIGIN),
                              "The ALIGN TO expression type \"%s\" must match the range column type \"%s\".",
                              weft_type_text(e->type, have, sizeof have), want));
    if (e->literal.is_null) WEFT_TRY(st, fail_null(s, ORIGIN, "ALIGN TO"));
    s->args[ORIGIN] = e;
done:
    return st;
}

static weft_status bind_values(bin_by *s)
{
    weft_status st = WEFT_OK;
    weft_ctx *ctx = s->b->a->ctx;
    char type[128];
    for (int32_t i = VALUES; i < s->call->arg_count; i++) {
        const weft_expr *e = NULL;
        WEFT_TRY(st, bind_column(s, i, &e));
        if (e->type.id != WEFT_TYPE_FLOAT && e->type.id != WEFT_TYPE_DOUBLE)
            WEFT_TRY(st,
                     weft_fail_at(
                         ctx, WEFT_BIN_BY_VALUE_TYPE, place(s, i),
                         "The DISTRIBUTE UNIFORM columns in BIN BY must be FLOAT or DOUBLE. Column `%s` has "
                         "type \"%s\".",
                         e->column.name, weft_type_text(e->type, type, sizeof type)));
        for (int32_t k = 0; k < s->values.count; k++) {
            if (weft_pointers_exprs(&s->values)[k]->column.id != e->column.id) continue;
            WEFT_TRY(st, weft_fail_at(
                             ctx, WEFT_BIN_BY_TWICE, place(s, i),
                             "Column `%s` appears multiple times in the BIN BY DISTRIBUTE UNIFORM clause.",
                             e->column.name));
        }
        WEFT_TRY(st, weft_pointers_push(ctx, &s->values, e));
    }
done:
    return st;
}

/* v * ratio, of the type of v. */
static weft_status part_of(bin_by *s, const weft_expr *value, const weft_expr *ratio, const weft_expr **out)
{
    weft_status st = WEFT_OK;
    weft_ctx *ctx = s->b->a->ctx;
    const weft_expr *args[2] = {NULL, ratio};
    WEFT_TRY(st, weft_expr_cast(ctx, value, WEFT_TYPE_OF(WEFT_TYPE_DOUBLE), true, &args[0]));
    WEFT_TRY(st, weft_expr_call(ctx, "*", args, 2, NULL, out));
    WEFT_TRY(st, weft_expr_cast(ctx, *out, value->type, true, out));
done:
    return st;
}

static bool is_value(const bin_by *s, int64_t id)
{
    for (int32_t i = 0; i < s->values.count; i++)
        if (weft_pointers_exprs(&s->values)[i]->column.id == id) return true;
    return false;
}

/* The columns of `bins`, the values by their parts; names as they were, but that values are of no table any
 * more. */
static weft_status project_parts(bin_by *s, const weft_node *bins, weft_bound *out)
{
    weft_status st = WEFT_OK;
    weft_analyzer *a = s->b->a;
    const int32_t count = bins->output.count, before = count - 3;
    const weft_expr **exprs = NULL, *ratio = NULL, *part = NULL;
    weft_name *names = NULL;
    WEFT_TRY(st, WEFT_NEW_ARRAY(a->ctx, count, &exprs));
    WEFT_TRY(st, WEFT_NEW_ARRAY(a->ctx, s->input->count + 3, &names));
    WEFT_TRY(st, weft_node_column(a->ctx, bins, count - 1, &ratio));
    for (int32_t i = 0; i < s->input->count; i++) names[i] = s->input->names[i];
    for (int32_t i = 0; i < count; i++) {
        WEFT_TRY(st, weft_node_column(a->ctx, bins, i, &exprs[i]));
        const weft_expr *column = exprs[i];
        if (i >= before) {
            names[s->input->count + i - before] = (weft_name){
                .id = column->column.id, .name = column->column.name, .type = column->type, .nullable = true};
            continue;
        }
        if (!is_value(s, column->column.id)) continue;
        const int64_t id = weft_next_id(a->ids);
        WEFT_TRY(st, part_of(s, column, ratio, &part));
        WEFT_TRY(st, weft_expr_alias(a->ctx, part, id, column->column.name, &exprs[i]));
        for (int32_t k = 0; k < s->input->count; k++) {
            if (names[k].id != column->column.id) continue;
            names[k].id = id;
            names[k].qualifier = names[k].database = NULL;
            names[k].nullable = true;
        }
    }
    WEFT_TRY(st, weft_node_project(a->ctx, bins, exprs, count, &out->node));
    out->names = names;
    out->count = s->input->count + 3;
done:
    return st;
}

weft_status weft_bind_bin_by(weft_analyzer *a, const weft_node *parsed, const weft_scope *outer,
                             weft_cte *ctes, weft_bound *out)
{
    weft_status st = WEFT_OK;
    const weft_expr *call = parsed->table_function.call, *bins = NULL;
    weft_bound input = {0};
    weft_generated made = {0};
    int64_t ids[3];
    const weft_node *node = NULL;
    WEFT_TRY(st, weft_bind_from(a, parsed->inputs[0], outer, ctes, &input));
    const weft_scope scope = {.count = input.count, .names = input.names, .outer = outer};
    weft_binder b = {
        .a = a, .scope = &scope, .ctes = ctes, .clause = "BIN BY", .no_aggregates = WEFT_UNSUPPORTED_EXPR};
    bin_by s = {.b = &b, .call = call, .input = &input};
    WEFT_TRY(st, bind_range(&s));
    WEFT_TRY(st, bind_width(&s));
    WEFT_TRY(st, bind_origin(&s));
    WEFT_TRY(st, bind_values(&s));
    WEFT_TRY(st, weft_expr_call(a->ctx, "(bins)", s.args, 4, weft_analyzer_span(a, &call->span), &bins));
    for (int32_t i = 0; i < 3; i++) {
        const weft_str *name = &call->args[NAMES + i]->literal.str;
        char *text = NULL;
        WEFT_TRY(st, weft_arena_copy(a->ctx, a->ctx->arena, weft_str_data(name), name->len, &text));
        WEFT_TRY(st, weft_add_generated_part(&b, call, "explode_outer", bins, i + 1, text, &made));
    }
    WEFT_TRY(st, weft_add_generated(a, input.node, &made, ids, &node));
    WEFT_TRY(st, project_parts(&s, node, out));
done:
    return st;
}
