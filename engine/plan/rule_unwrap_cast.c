/* engine/plan/rule_unwrap_cast.c - comparisons of a widened column with a constant compare the column itself.
 *
 * cast(x AS wider) < 24.5 becomes x <= 24, so that scans can prune by the bounds of x and compare narrow
 * values. Only for casts that keep every value and the order (integers and decimals to wider ones, integers
 * to decimals, INT and smaller to DOUBLE), and only where the constant lies in the range of x's type; an
 * equality also needs that it is one of x's values. */
#include "engine/expr/cast.h"
#include "engine/expr/decimal.h"
#include "engine/plan/optimizer_impl.h"

#include <math.h>

/* ---- numbers ---- */

/* Values of the type are integers / 10^scale below a bound. */
static int scale_of(weft_type type) { return type.id == WEFT_TYPE_DECIMAL ? type.scale : 0; }

/* Of an integer type; else 0. */
static int bits_of(weft_type type)
{
    static const struct {
        weft_type_id id;
        int bits;
    } integers[] = {
        {WEFT_TYPE_TINYINT, 8}, {WEFT_TYPE_SMALLINT, 16}, {WEFT_TYPE_INT, 32}, {WEFT_TYPE_BIGINT, 64}};
    for (int32_t i = 0; i < WEFT_COUNT(integers); i++)
        if (type.id == integers[i].id) return integers[i].bits;
    return 0;
}

static bool in_range(weft_i128 value, weft_type type)
{
    if (type.id == WEFT_TYPE_DECIMAL) return weft_decimal_fits(value, type.precision);
    const weft_i128 limit = (weft_i128)1 << (bits_of(type) - 1);
    return value >= -limit && value < limit;
}

/* Does the cast keep every value apart and in order? */
static bool keeps_order(weft_type from, weft_type to)
{
    const bool exact = bits_of(from) > 0 || from.id == WEFT_TYPE_DECIMAL;
    if (!exact || weft_cast_fallible(from, to)) return false;
    if (to.id == WEFT_TYPE_DECIMAL) return scale_of(to) >= scale_of(from);
    if (to.id == WEFT_TYPE_DOUBLE) return bits_of(from) > 0 && bits_of(from) <= 32;
    return bits_of(from) > 0 && bits_of(to) >= bits_of(from);
}

/* The greatest value of type `to` that is not above the constant. false: there is none, or it is not known.
 */
static bool floor_in(const weft_value *value, weft_type to, weft_value *out, bool *exact)
{
    weft_i128 below = 0;
    *out = (weft_value){.type = to};
    if (value->is_null) return false;
    if (value->type.id == WEFT_TYPE_DOUBLE) {
        const double whole = floor(value->f64);
        if (!(whole > -1e18 && whole < 1e18)) return false;
        below = (weft_i128)whole;
        *exact = whole == value->f64;
    } else {
        const weft_i128 number = value->type.id == WEFT_TYPE_DECIMAL ? value->i128 : (weft_i128)value->i64;
        const weft_i128 unit = weft_i128_pow10(scale_of(value->type) - scale_of(to));
        below = number / unit - (number % unit < 0 ? 1 : 0);
        *exact = number % unit == 0;
    }
    if (!in_range(below, to)) return false;
    if (to.id == WEFT_TYPE_DECIMAL)
        out->i128 = below;
    else
        out->i64 = (int64_t)below;
    return true;
}

/* ---- expressions ---- */

static bool is_widened(const weft_expr *e)
{
    return e->kind == WEFT_EXPR_CAST && !e->cast.try_ && keeps_order(e->args[0]->type, e->type);
}

static const char *swapped(const char *name)
{
    if (name[0] == '<') return name[1] == '=' ? (name[2] == '>' ? name : ">=") : name[1] == '>' ? name : ">";
    if (name[0] == '>') return name[1] == '=' ? "<=" : "<";
    return name;
}

static weft_status unwrap_compare(weft_ctx *ctx, const weft_expr *e, const weft_expr **out)
{
    weft_status st = WEFT_OK;
    static const char *const names[] = {"=", "<>", "<=>", "<", "<=", ">", ">="};
    const char *name = NULL;
    for (int32_t i = 0; i < WEFT_COUNT(names); i++)
        if (e->arg_count == 2 && opt_is_call(e, names[i])) name = names[i];
    *out = e;
    if (name == NULL) return WEFT_OK;
    const bool swap = e->args[0]->kind == WEFT_EXPR_LITERAL;
    const weft_expr *wide = e->args[swap ? 1 : 0], *constant = e->args[swap ? 0 : 1];
    weft_value bound = {0};
    bool exact = false;
    if (constant->kind != WEFT_EXPR_LITERAL || !is_widened(wide) ||
        !floor_in(&constant->literal, wide->args[0]->type, &bound, &exact))
        return WEFT_OK;
    if (swap) name = swapped(name);
    if (!exact) { /* x < 24.5 is x <= 24, x >= 24.5 is x > 24 */
        if (name[0] == '=' || strcmp(name, "<>") == 0 || strcmp(name, "<=>") == 0) return WEFT_OK;
        name = name[0] == '<' ? "<=" : ">";
    }
    const weft_expr *args[2] = {wide->args[0], NULL};
    WEFT_TRY(st, weft_expr_literal(ctx, &bound, &args[1]));
    WEFT_TRY(st, weft_expr_call(ctx, name, args, 2, &e->span, out));
    WEFT_TRY(st, unwrap_compare(ctx, *out, out)); /* a cast of a cast */
done:
    return st;
}

/* x IN (…): all of the list must be values of x's type. */
static weft_status unwrap_in(weft_ctx *ctx, const weft_expr *e, const weft_expr **out)
{
    weft_status st = WEFT_OK;
    const weft_expr **args = NULL;
    *out = e;
    if (!is_widened(e->args[0])) return WEFT_OK;
    const weft_type type = e->args[0]->args[0]->type;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, e->arg_count, &args));
    args[0] = e->args[0]->args[0];
    for (int32_t i = 1; i < e->arg_count; i++) {
        weft_value value = {.type = type, .is_null = true};
        bool exact = true;
        if (e->args[i]->kind != WEFT_EXPR_LITERAL) goto done;
        if (!e->args[i]->literal.is_null && !floor_in(&e->args[i]->literal, type, &value, &exact)) goto done;
        if (!exact) goto done;
        WEFT_TRY(st, weft_expr_literal(ctx, &value, &args[i]));
    }
    WEFT_TRY(st, weft_expr_with_args(ctx, e, args, out));
    WEFT_TRY(st, unwrap_in(ctx, *out, out));
done:
    return st;
}

static weft_status unwrap_expr(weft_ctx *ctx, void *self, const weft_expr *e, const weft_expr **out)
{
    (void)self;
    *out = e;
    if (e->kind == WEFT_EXPR_CALL) return unwrap_compare(ctx, e, out);
    return e->kind == WEFT_EXPR_IN ? unwrap_in(ctx, e, out) : WEFT_OK;
}

static weft_status unwrap_node(weft_ctx *ctx, void *self, const weft_node *node, const weft_node **out)
{
    return opt_rewrite_exprs(ctx, node, unwrap_expr, self, out);
}

weft_status opt_rule_unwrap_cast(weft_ctx *ctx, weft_ids *ids, const weft_node *root, const weft_node **out)
{
    (void)ids;
    return opt_rewrite(ctx, root, unwrap_node, NULL, NULL, out);
}
