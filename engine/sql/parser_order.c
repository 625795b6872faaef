/* engine/sql/parser_order.c - the clauses behind a query: ORDER, CLUSTER, DISTRIBUTE and SORT BY, LIMIT,
 * OFFSET.
 *
 * All four of the first are read wherever they stand, in this order, as Spark does: which of them go together
 * is said when they have been read, of all of them. */
#include "engine/sql/parser_internal.h"

/* Keys of ORDER BY: expression [ASC | DESC] [NULLS FIRST | LAST]. NULLs come first, or last for DESC, as in
 * Spark. */
weft_status weft_sql_sort_keys(sql_parser *p, weft_pointers *out)
{
    weft_status st = WEFT_OK;
    do {
        const weft_span start = weft_sql_peek(p, 0)->span;
        const weft_expr *arg = NULL;
        weft_expr *key = NULL;
        sql_frame frame = {0};
        WEFT_TRY(st, weft_sql_enter(p, &frame));
        WEFT_TRY(st, weft_sql_expr(p, &arg));
        const bool descending = weft_sql_accept_word(p, SQL_KW_DESC);
        if (!descending) weft_sql_accept_word(p, SQL_KW_ASC);
        const bool written = weft_sql_accept_word(p, SQL_KW_NULLS);
        bool nulls_first = !descending;
        if (written) {
            nulls_first = weft_sql_accept_word(p, SQL_KW_FIRST);
            if (!nulls_first) WEFT_TRY(st, weft_sql_expect_word(p, SQL_KW_LAST));
        }
        const weft_span span = weft_sql_span_from(p, &start);
        WEFT_TRY(st, weft_sql_expr_new(p, WEFT_EXPR_SORT_KEY, span, &arg, 1, &key));
        sql_leave(p, frame);
        key->sort.descending = descending;
        key->sort.nulls_first = nulls_first;
        key->sort.nulls_written = written;
        WEFT_TRY(st, weft_pointers_push(p->ctx, out, key));
    } while (weft_sql_accept(p, SQL_COMMA));
done:
    return st;
}

/* CLUSTER BY and DISTRIBUTE BY: expressions as keys. */
static weft_status parse_distribute(sql_parser *p, weft_pointers *keys)
{
    weft_status st = WEFT_OK;
    weft_pointers exprs = {0};
    WEFT_TRY(st, weft_sql_expect_word(p, SQL_KW_BY));
    WEFT_TRY(st, weft_sql_exprs(p, &exprs));
    for (int32_t i = 0; i < exprs.count; i++) {
        const weft_expr *e = weft_pointers_exprs(&exprs)[i];
        weft_expr *key = NULL;
        WEFT_TRY(st, weft_sql_expr_new(p, WEFT_EXPR_SORT_KEY, e->span, &e, 1, &key));
        key->sort.nulls_first = true;
        WEFT_TRY(st, weft_pointers_push(p->ctx, keys, key));
    }
done:
    return st;
}

static weft_status parse_sort(sql_parser *p, weft_pointers *keys)
{
    const weft_status st = weft_sql_expect_word(p, SQL_KW_BY);
    return st != WEFT_OK ? st : weft_sql_sort_keys(p, keys);
}

static weft_status push_all(sql_parser *p, weft_pointers *keys, const weft_pointers *more)
{
    weft_status st = WEFT_OK;
    for (int32_t i = 0; i < more->count; i++) WEFT_TRY(st, weft_pointers_push(p->ctx, keys, more->items[i]));
done:
    return st;
}

/* The keys of order first, then those that rows are distributed by. */
static weft_status parse_order(sql_parser *p, const weft_span *start, const weft_node **node, bool *found)
{
    weft_status st = WEFT_OK;
    weft_pointers order = {0}, cluster = {0}, distribute = {0}, sort = {0}, keys = {0};
    weft_node *outer = NULL;
    const weft_span first = weft_sql_peek(p, 0)->span;
    if (weft_sql_accept_word(p, SQL_KW_ORDER)) WEFT_TRY(st, parse_sort(p, &order));
    if (weft_sql_accept_word(p, SQL_KW_CLUSTER)) WEFT_TRY(st, parse_distribute(p, &cluster));
    if (weft_sql_accept_word(p, SQL_KW_DISTRIBUTE)) WEFT_TRY(st, parse_distribute(p, &distribute));
    if (weft_sql_accept_word(p, SQL_KW_SORT)) WEFT_TRY(st, parse_sort(p, &sort));
    const int32_t clauses = (order.count > 0) + (cluster.count > 0) + (distribute.count + sort.count > 0);
    *found = clauses > 0;
    if (!*found) goto done;
    if (clauses > 1) {
        const weft_span span = weft_sql_span_from(p, &first);
        WEFT_TRY(st, weft_fail_at(p->ctx, WEFT_RESULT_CLAUSES, &span,
                                  "The feature is not supported: Combination of ORDER BY/SORT "
                                  "BY/DISTRIBUTE BY/CLUSTER BY."));
    }
    WEFT_TRY(st, push_all(p, &keys, &order));
    WEFT_TRY(st, push_all(p, &keys, &sort));
    WEFT_TRY(st, push_all(p, &keys, &cluster));
    WEFT_TRY(st, push_all(p, &keys, cluster.count > 0 ? &cluster : &distribute));
    WEFT_TRY(st, weft_sql_node_new(p, WEFT_NODE_SORT, weft_sql_span_from(p, start), node, 1, &outer));
    outer->sort.count = keys.count;
    outer->sort.keys = weft_pointers_exprs(&keys);
    outer->sort.limit = -1;
    outer->sort.distributed = cluster.count + distribute.count;
    outer->sort.clause = order.count > 0     ? WEFT_CLAUSE_ORDER_BY
                         : cluster.count > 0 ? WEFT_CLAUSE_CLUSTER_BY
                                             : WEFT_CLAUSE_SORT_BY;
    *node = outer;
done:
    return st;
}

weft_status weft_sql_organization(sql_parser *p, const weft_span *start, const weft_node **node, bool *found)
{
    weft_status st = WEFT_OK;
    weft_node *outer = NULL;
    const weft_expr *take = NULL, *skip = NULL;
    bool limited = false, ordered = false;
    WEFT_TRY(st, parse_order(p, start, node, &ordered));
    if (weft_sql_accept_word(p, SQL_KW_LIMIT)) {
        limited = true;
        if (!weft_sql_accept_word(p, SQL_KW_ALL)) WEFT_TRY(st, weft_sql_expr(p, &take));
    }
    if (weft_sql_accept_word(p, SQL_KW_OFFSET)) {
        limited = true;
        WEFT_TRY(st, weft_sql_expr(p, &skip));
    }
    *found = limited || ordered;
    if (limited) {
        WEFT_TRY(st, weft_sql_node_new(p, WEFT_NODE_LIMIT, weft_sql_span_from(p, start), node, 1, &outer));
        outer->limit.take = -1;
        outer->limit.take_expr = take;
        outer->limit.skip_expr = skip;
        *node = outer;
    }
done:
    return st;
}
