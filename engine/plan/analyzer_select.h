/* engine/plan/analyzer_select.h - one SELECT block while it is bound, for analyzer_select.c and
 * analyzer_items.c. */
#ifndef WEFT_PLAN_ANALYZER_SELECT_H
#define WEFT_PLAN_ANALYZER_SELECT_H

#include "engine/plan/analyzer_internal.h"

/* A MAP in GROUP BY, and what its rows are grouped by. */
typedef struct select_map_group {
    const weft_expr *written, *sorted;
} select_map_group;

typedef struct select_block {
    weft_analyzer *a;
    const weft_select *select;
    const weft_node *sort; /* parsed SORT around the block, or NULL */
    weft_cte *ctes;
    weft_bound from;
    weft_pointers outer_uses;
    weft_scope scope;
    int32_t item_count, item_capacity;
    weft_item *items;
    weft_pointers groups;
    weft_pointers map_groups; /* select_map_group * */
    weft_pointers having;     /* conjuncts */
    weft_pointers qualify;    /* conjuncts */
    weft_pointers keys;       /* arguments of the sort keys */
    weft_pointers lifted;     /* weft_lifted_argument * */
    weft_pointers key_terms;  /* parsed SORT_KEYs that go with them */
    const weft_node *node;
    int32_t generator_count;
    bool passes_files; /* queries around it may name the _metadata of its tables */
} select_block;

/* ---- analyzer_map_group.c ---- */
bool select_groups_map(weft_type type);
WEFT_MUST_CHECK weft_status select_sort_map(select_block *s, const weft_expr *map, const weft_span *span,
                                            const weft_expr **out);
WEFT_MUST_CHECK weft_status select_read_map_groups(select_block *s, weft_carried *carried);

/* ---- analyzer_lift.c ---- */
/* Does the expression, or a lifted argument that it reads, hold one? */
bool select_has_aggregate(const select_block *s, const weft_expr *e);
bool select_has_window(const select_block *s, const weft_expr *e);
/* Lifted arguments, whose values are carried over what is below, become columns of the node: those that read
 * windows, or all others. */
WEFT_MUST_CHECK weft_status select_project_lifted(select_block *s, const weft_expr *const *values,
                                                  bool windows);

/* ---- analyzer_items.c ---- */
weft_binder select_binder(select_block *s, const char *clause);
/* An alias stands for its expression: aliases of aliases could double without end. Errors: WEFT_LIMIT. */
WEFT_MUST_CHECK weft_status select_check_substitution(weft_binder *b, const weft_expr *parsed,
                                                      const weft_expr *bound);
/* One item of the list as written: one or more items of the block. */
WEFT_MUST_CHECK weft_status select_bind_item(select_block *s, const weft_expr *parsed);
weft_status select_misplaced_generator(select_block *s, const weft_expr *parsed,
                                       weft_status code); /* fails */
/* EXPAND below the projection for one generator among the items. */
WEFT_MUST_CHECK weft_status select_lift_generator(select_block *s, int32_t generator);

#endif
