/* engine/sql/parser_group.c - GROUP BY: plain expressions, ALL, ROLLUP, CUBE, GROUPING SETS and their
 * products.
 *
 * Every distinct expression becomes one group; a grouping set is a mask over them. Elements of the list
 * multiply: GROUP BY a, ROLLUP(b, c) has the sets {a,b,c}, {a,b}, {a}. */
#include <strings.h>

#include "engine/sql/parser_internal.h"

enum { GROUPS_MAX = 64, SETS_MAX = 4096 };

typedef struct mask_list {
    int32_t count, capacity;
    uint64_t *masks;
} mask_list;

typedef struct grouping {
    weft_pointers groups;
    mask_list sets; /* of all elements so far */
    bool analytic;  /* ROLLUP, CUBE or GROUPING SETS was there */
} grouping;

static weft_status mask_push(sql_parser *p, mask_list *list, uint64_t mask)
{
    weft_status st = WEFT_OK;
    if (list->count == SETS_MAX) {
        WEFT_TRY(st, weft_fail_at(p->ctx, WEFT_LIMIT, &p->last, "GROUP BY makes more than %d grouping sets",
                                  SETS_MAX));
    }
    if (list->count == list->capacity) {
        const int32_t capacity = list->capacity == 0 ? 4 : list->capacity * 2;
        uint64_t *masks = NULL;
        WEFT_TRY(st, WEFT_NEW_ARRAY(p->ctx, capacity, &masks));
        if (list->count > 0) memcpy(masks, list->masks, (size_t)list->count * sizeof *masks);
        list->masks = masks;
        list->capacity = capacity;
    }
    list->masks[list->count++] = mask;
done:
    return st;
}

static bool same_text(const sql_parser *p, const weft_span *a, const weft_span *b)
{
    const int32_t len = a->stop - a->start;
    return len == b->stop - b->start && strncasecmp(p->text + a->start, p->text + b->start, (size_t)len) == 0;
}

/* Add an expression, or find it when it is written the same way: *mask gets its bit. */
static weft_status add_group(sql_parser *p, grouping *g, const weft_expr *e, bool analytic, uint64_t *mask)
{
    weft_status st = WEFT_OK;
    int32_t at = g->groups.count;
    /* Long plain lists are not searched: duplicates do no harm there. */
    for (int32_t i = 0; analytic && i < g->groups.count; i++) {
        if (same_text(p, &weft_pointers_exprs(&g->groups)[i]->span, &e->span)) at = i;
    }
    if (at == g->groups.count) WEFT_TRY(st, weft_pointers_push(p->ctx, &g->groups, e));
    if (at >= GROUPS_MAX && (analytic || g->analytic)) {
        WEFT_TRY(st, weft_fail_at(p->ctx, WEFT_LIMIT, &e->span, "grouping sets over more than %d columns",
                                  GROUPS_MAX));
    }
    if (at < GROUPS_MAX) *mask |= (uint64_t)1 << at;
done:
    return st;
}

/* expr, (), or (expr, …): the mask of one set or of one element of ROLLUP. */
static weft_status parse_set(sql_parser *p, grouping *g, uint64_t *mask)
{
    weft_status st = WEFT_OK;
    const weft_expr *e = NULL;
    *mask = 0;
    if (sql_is(p, SQL_LPAREN) && sql_is_at(p, 1, SQL_RPAREN)) {
        weft_sql_advance(p);
        weft_sql_advance(p);
        goto done;
    }
    WEFT_TRY(st, weft_sql_expr(p, &e));
    if (weft_sql_is_row(e)) {
        for (int32_t i = 0; i < e->arg_count; i++) WEFT_TRY(st, add_group(p, g, e->args[i], true, mask));
    } else {
        /* `(a)` has the span of a: parentheses leave no node. */
        WEFT_TRY(st, add_group(p, g, e, true, mask));
    }
done:
    return st;
}

/* All prefixes (ROLLUP) or all subsets (CUBE) of the parts. */
static weft_status expand_parts(sql_parser *p, const mask_list *parts, bool cube, mask_list *out)
{
    weft_status st = WEFT_OK;
    if (cube && parts->count > 12) {
        WEFT_TRY(st, weft_fail_at(p->ctx, WEFT_LIMIT, &p->last, "CUBE over more than 12 columns"));
    }
    const int32_t count = cube ? 1 << parts->count : parts->count + 1;
    for (int32_t i = 0; i < count; i++) {
        uint64_t mask = 0;
        for (int32_t k = 0; k < parts->count; k++) {
            const bool in = cube ? ((count - 1 - i) >> k & 1) != 0 : k < parts->count - i;
            if (in) mask |= parts->masks[k];
        }
        WEFT_TRY(st, mask_push(p, out, mask));
    }
done:
    return st;
}

static bool begins_analytic(sql_parser *p)
{
    return ((sql_word(p, SQL_KW_ROLLUP) || sql_word(p, SQL_KW_CUBE)) && sql_is_at(p, 1, SQL_LPAREN)) ||
           weft_sql_at_grouping_sets(p);
}

/* ROLLUP(…), CUBE(…) or GROUPING SETS (…): its masks, appended to out. */
static weft_status parse_analytic(sql_parser *p, grouping *g, mask_list *out)
{
    weft_status st = WEFT_OK;
    mask_list parts = {0};
    sql_frame frame = {0};
    WEFT_TRY(st, weft_sql_enter(p, &frame));
    const bool sets = sql_word(p, SQL_KW_GROUPING);
    const bool cube = sql_word(p, SQL_KW_CUBE);
    weft_sql_advance(p);
    if (sets) weft_sql_advance(p);
    WEFT_TRY(st, weft_sql_expect(p, SQL_LPAREN, "'('"));
    do {
        uint64_t mask = 0;
        if (sets && begins_analytic(p)) {
            WEFT_TRY(st, parse_analytic(p, g, out));
        } else {
            WEFT_TRY(st, parse_set(p, g, &mask));
            WEFT_TRY(st, mask_push(p, sets ? out : &parts, mask));
        }
    } while (weft_sql_accept(p, SQL_COMMA));
    WEFT_TRY(st, weft_sql_expect(p, SQL_RPAREN, "',' or ')'"));
    if (!sets) WEFT_TRY(st, expand_parts(p, &parts, cube, out));
    sql_leave(p, frame);
done:
    return st;
}

/* sets × more */
static weft_status multiply(sql_parser *p, mask_list *sets, const mask_list *more)
{
    weft_status st = WEFT_OK;
    mask_list product = {0};
    for (int32_t i = 0; i < sets->count; i++) {
        for (int32_t k = 0; k < more->count; k++) {
            WEFT_TRY(st, mask_push(p, &product, sets->masks[i] | more->masks[k]));
        }
    }
    *sets = product;
done:
    return st;
}

static weft_status parse_element(sql_parser *p, grouping *g)
{
    weft_status st = WEFT_OK;
    mask_list more = {0};
    const weft_expr *e = NULL;
    uint64_t mask = 0;
    if (begins_analytic(p)) {
        g->analytic = true;
        WEFT_TRY(st, parse_analytic(p, g, &more));
    } else {
        WEFT_TRY(st, weft_sql_expr(p, &e));
        WEFT_TRY(st, add_group(p, g, e, false, &mask));
        for (int32_t i = 0; i < g->sets.count; i++) g->sets.masks[i] |= mask;
        goto done;
    }
    WEFT_TRY(st, multiply(p, &g->sets, &more));
done:
    return st;
}

/* The older forms behind a plain list: WITH ROLLUP, WITH CUBE, GROUPING SETS (…). */
static weft_status parse_suffix(sql_parser *p, grouping *g)
{
    weft_status st = WEFT_OK;
    mask_list parts = {0};
    const bool with = sql_word(p, SQL_KW_WITH) &&
                      (sql_word_at(p, 1, SQL_KW_ROLLUP) || sql_word_at(p, 1, SQL_KW_CUBE));
    if (!with && !weft_sql_at_grouping_sets(p)) return WEFT_OK;
    if (g->groups.count > GROUPS_MAX) {
        WEFT_TRY(st, weft_fail_at(p->ctx, WEFT_LIMIT, &p->last, "grouping sets over more than %d columns",
                                  GROUPS_MAX));
    }
    g->analytic = true;
    g->sets = (mask_list){0};
    if (!with) {
        WEFT_TRY(st, parse_analytic(p, g, &g->sets));
        goto done;
    }
    weft_sql_advance(p);
    const bool cube = sql_word(p, SQL_KW_CUBE);
    weft_sql_advance(p);
    for (int32_t i = 0; i < g->groups.count; i++) WEFT_TRY(st, mask_push(p, &parts, (uint64_t)1 << i));
    WEFT_TRY(st, expand_parts(p, &parts, cube, &g->sets));
done:
    return st;
}

weft_status weft_sql_group_by(sql_parser *p, weft_select *select)
{
    weft_status st = WEFT_OK;
    grouping g = {0};
    const sql_token after = *weft_sql_peek(p, 1);
    const bool ends = after.kind != SQL_COMMA && after.kind != SQL_DOT && after.kind != SQL_LPAREN;
    if (sql_word(p, SQL_KW_ALL) && ends) {
        weft_sql_advance(p);
        select->group_all = true;
        goto done;
    }
    WEFT_TRY(st, mask_push(p, &g.sets, 0));
    do {
        WEFT_TRY(st, parse_element(p, &g));
    } while (weft_sql_accept(p, SQL_COMMA));
    WEFT_TRY(st, parse_suffix(p, &g));
    select->group_count = g.groups.count;
    select->groups = weft_pointers_exprs(&g.groups);
    if (g.analytic) {
        select->grouping_set_count = g.sets.count;
        select->grouping_sets = g.sets.masks;
    }
done:
    return st;
}
