/* engine/expr/expr_shown.c - see expr_shown.h. */
#include "engine/expr/expr_shown.h"

#include <stdio.h>

#include "engine/expr/aggregate.h"
#include "engine/expr/decimal.h"
#include "engine/expr/function.h"

/* The comparison that Spark puts in where array_sort() has none. */
static const char default_order[] =
    ", lambdafunction((IF(((namedlambdavariable() IS NULL) AND (namedlambdavariable() IS NULL)), 0, "
    "(IF((namedlambdavariable() IS NULL), 1, (IF((namedlambdavariable() IS NULL), -1, "
    "(IF((namedlambdavariable() < namedlambdavariable()), -1, "
    "(IF((namedlambdavariable() > namedlambdavariable()), 1, 0)))))))))), namedlambdavariable(), "
    "namedlambdavariable())";

static const struct {
    const char *name;
    int32_t count;
    const char *more;
} defaults[] = {{"substring", 2, ", 2147483647"},
                {"position", 2, ", 1"},
                {"lpad", 2, ",  "},
                {"rpad", 2, ",  "},
                {"mask", 1, ", X, x, n, NULL"},
                {"mask", 2, ", x, n, NULL"},
                {"mask", 3, ", n, NULL"},
                {"mask", 4, ", NULL"},
                {"overlay", 3, ", -1"},
                {"replace", 2, ", "},
                {"regexp_instr", 2, ", 0"},
                {"regexp_replace", 3, ", 1"},
                {"regexp_extract", 2, ", 1"},
                {"regexp_extract_all", 2, ", 1"},
                {"sentences", 1, ", , "},
                {"sentences", 2, ", "},
                {"split", 2, ", -1"},
                {"str_to_map", 1, ", ,, :"},
                {"str_to_map", 2, ", :"},
                {"from_unixtime", 1, ", yyyy-MM-dd HH:mm:ss"},
                {"unix_timestamp", 0, "current_timestamp(), yyyy-MM-dd HH:mm:ss"},
                {"unix_timestamp", 1, ", yyyy-MM-dd HH:mm:ss"},
                {"to_unix_timestamp", 1, ", yyyy-MM-dd HH:mm:ss"},
                {"months_between", 2, ", true"},
                {"round", 1, ", 0"},
                {"bround", 1, ", 0"},
                {"sort_array", 1, ", true"},
                {"array_sort", 1, default_order},
                {"aggregate", 3, ", lambdafunction(namedlambdavariable(), namedlambdavariable())"},
                {"listagg", 1, ", NULL"},
                {"st_geomfromwkb", 1, ", 0"},
                {"st_asbinary", 1, ", NDR"},
                {"make_interval", 0, "0, 0, 0, 0, 0, 0, 0.000000"},
                {"make_interval", 1, ", 0, 0, 0, 0, 0, 0.000000"},
                {"make_interval", 2, ", 0, 0, 0, 0, 0.000000"},
                {"make_interval", 3, ", 0, 0, 0, 0.000000"},
                {"make_interval", 4, ", 0, 0, 0.000000"},
                {"make_interval", 5, ", 0, 0.000000"},
                {"make_interval", 6, ", 0.000000"},
                {"try_make_interval", 0, "0, 0, 0, 0, 0, 0, 0.000000"},
                {"try_make_interval", 1, ", 0, 0, 0, 0, 0, 0.000000"},
                {"try_make_interval", 2, ", 0, 0, 0, 0, 0.000000"},
                {"try_make_interval", 3, ", 0, 0, 0, 0.000000"},
                {"try_make_interval", 4, ", 0, 0, 0.000000"},
                {"try_make_interval", 5, ", 0, 0.000000"},
                {"try_make_interval", 6, ", 0.000000"},
                {"make_ym_interval", 0, "0, 0"},
                {"make_ym_interval", 1, ", 0"},
                {"make_dt_interval", 0, "0, 0, 0, 0.000000"},
                {"make_dt_interval", 1, ", 0, 0, 0.000000"},
                {"make_dt_interval", 2, ", 0, 0.000000"},
                {"make_dt_interval", 3, ", 0.000000"},
                {"variant_set", 3, ", true"},
                {"try_variant_set", 3, ", true"},
                {"variant_strip_nulls", 1, ", true"},
                {"vector_norm", 1, ", 2.0"},
                {"vector_normalize", 1, ", 2.0"},
                {"current_time", 0, "6"},
                {"instr", 3, ", 1"},
                {"time_bucket", 2, ", TIMESTAMP '1970-01-01 00:00:00'"},
                {"percentile", 2, ", 1"},
                {"approx_percentile", 2, ", 10000"},
                {"approx_top_k", 1, ", 5, 10000"},
                {"approx_top_k", 2, ", 10000"},
                {"approx_top_k_accumulate", 1, ", 10000"},
                {"approx_top_k_combine", 1, ", -1"},
                {"approx_top_k_estimate", 1, ", 5"},
                {"aes_encrypt", 2, ", GCM, DEFAULT, , "},
                {"aes_encrypt", 3, ", DEFAULT, , "},
                {"aes_encrypt", 4, ", , "},
                {"aes_encrypt", 5, ", "},
                {"aes_decrypt", 2, ", GCM, DEFAULT, "},
                {"aes_decrypt", 3, ", DEFAULT, "},
                {"aes_decrypt", 4, ", "},
                {"try_aes_decrypt", 2, ", GCM, DEFAULT, "},
                {"try_aes_decrypt", 3, ", DEFAULT, "},
                {"try_aes_decrypt", 4, ", "},
                {"hmac", 2, ", SHA-256"},
                {"hll_sketch_agg", 1, ", 12"},
                {"hll_union_agg", 1, ", false"},
                {"hll_union", 2, ", false"},
                {"theta_sketch_agg", 1, ", 12"},
                {"theta_union_agg", 1, ", 12"},
                {"theta_union", 2, ", 12"},
                {"tuple_sketch_agg_double", 2, ", 12, sum"},
                {"tuple_sketch_agg_double", 3, ", sum"},
                {"tuple_union_agg_double", 1, ", 12, sum"},
                {"tuple_union_agg_double", 2, ", sum"},
                {"tuple_intersection_agg_double", 1, ", sum"},
                {"tuple_union_double", 2, ", 12, sum"},
                {"tuple_union_double", 3, ", sum"},
                {"tuple_intersection_double", 2, ", sum"},
                {"tuple_union_theta_double", 2, ", 12, sum"},
                {"tuple_union_theta_double", 3, ", sum"},
                {"tuple_intersection_theta_double", 2, ", sum"},
                {"tuple_sketch_summary_double", 1, ", sum"},
                {"tuple_sketch_agg_integer", 2, ", 12, sum"},
                {"tuple_sketch_agg_integer", 3, ", sum"},
                {"tuple_union_agg_integer", 1, ", 12, sum"},
                {"tuple_union_agg_integer", 2, ", sum"},
                {"tuple_intersection_agg_integer", 1, ", sum"},
                {"tuple_union_integer", 2, ", 12, sum"},
                {"tuple_union_integer", 3, ", sum"},
                {"tuple_intersection_integer", 2, ", sum"},
                {"tuple_union_theta_integer", 2, ", 12, sum"},
                {"tuple_union_theta_integer", 3, ", sum"},
                {"tuple_intersection_theta_integer", 2, ", sum"},
                {"tuple_sketch_summary_integer", 1, ", sum"}};

const char *weft_shown_defaults(const char *name, int32_t count)
{
    for (int32_t i = 0; i < WEFT_COUNT(defaults); i++) {
        if (defaults[i].count == count && strcmp(defaults[i].name, name) == 0) return defaults[i].more;
    }
    return NULL;
}

/* mode(x, 'a' or 'd'), percentile_cont(x, share, descending), listagg(x, separator, order, keys …) */
static bool named(const weft_expr *call, const char *name)
{
    return strncmp(call->aggregate.function->name, name, strlen(name)) == 0;
}

static char mode_order(const weft_expr *call)
{
    return call->arg_count < 2 ? 'h' : weft_str_data(&call->args[1]->literal.str)[0];
}

int32_t weft_shown_args(const weft_expr *call, const weft_expr *const *args, const weft_expr **inside)
{
    const bool percentile = call->arg_count == 3 && named(call, "percentile_");
    inside[0] = args[0];
    inside[1] = call->arg_count > 1 ? args[1] : NULL;
    if (strcmp(call->aggregate.function->name, "mode") == 0) return mode_order(call) == 'h' ? 1 : 0;
    if (percentile) inside[0] = args[1];
    if (percentile) return 1;
    return call->arg_count > 3 && named(call, "listagg") ? 2 : -1;
}

const weft_expr *weft_shown_key(const weft_expr *call, const weft_expr *const *args, int32_t k,
                                const char **order)
{
    static const char *const orders[] = {" ASC NULLS FIRST", " ASC NULLS LAST", " DESC NULLS FIRST",
                                         " DESC NULLS LAST"};
    if (named(call, "listagg")) {
        if (k + 3 >= call->arg_count) return NULL;
        const char code = weft_str_data(&call->args[2]->literal.str)[k];
        *order = orders[code == 'A' ? 0 : code == 'a' ? 1 : code == 'D' ? 2 : 3];
        return args[k + 3];
    }
    if (k > 0) return NULL;
    /* Spark shows the order of mode the wrong way round */
    const bool mode = named(call, "mode");
    if (mode && mode_order(call) == 'h') return NULL;
    *order = (mode ? mode_order(call) == 'a' : call->args[2]->literal.boolean) ? " DESC" : "";
    return args[0];
}

const char *weft_shown_before(const char *name, int32_t count)
{
    if (count == 2 && strcmp(name, "convert_timezone") == 0) return "current_timezone(), ";
    return count == 1 && strcmp(name, "log") == 0 ? "E(), " : NULL;
}

const char *weft_shown_name(const char *written)
{
    static const char *const names[][2] = {
        {"curdate", "current_date"},   {"dateadd", "date_add"},        {"current_database", "current_schema"},
        {"localtime", "current_time"}, {"regexp_like", "REGEXP_LIKE"}, {"regexp", "REGEXP"}};
    for (int32_t i = 0; i < WEFT_COUNT(names); i++) {
        if (strcmp(written, names[i][0]) == 0) return names[i][1];
    }
    return NULL;
}

const char *weft_shown_inner(const char *name, int32_t count)
{
    if (strcmp(name, "try_to_time") == 0) return "to_time";
    return count == 2 && strcmp(name, "try_make_timestamp_ntz") == 0 ? "make_timestamp_ntz" : NULL;
}

const char *weft_shown_function(const weft_function *fn, char plain[WEFT_SHOWN_NAME_BYTES])
{
    static const char twin[] = "(collated_";
    static const char *const made[][2] = {{"(array_concat)", "concat"},
                                          {"(array_reverse)", "reverse"},
                                          {"(timestampadd)", "timestampadd"},
                                          {"(timestampdiff)", "timestampdiff"}};
    const size_t before = sizeof twin - 1;
    for (int32_t i = 0; i < WEFT_COUNT(made); i++)
        if (strcmp(fn->name, made[i][0]) == 0) return made[i][1];
    if (strncmp(fn->name, twin, before) != 0) return fn->name;
    (void)snprintf(plain, WEFT_SHOWN_NAME_BYTES, "%.*s", (int)(strlen(fn->name) - before - 1),
                   fn->name + before);
    return plain;
}

const char *weft_shown_trim(const weft_expr *call)
{
    char plain[WEFT_SHOWN_NAME_BYTES];
    const char *name = weft_shown_function(call->call.function, plain), *written = call->call.written;
    if (call->arg_count != 2) return NULL;
    if (strcmp(name, "ltrim") == 0) return "LEADING";
    if (strcmp(name, "rtrim") == 0) return "TRAILING";
    return strcmp(name, "btrim") == 0 && written != NULL && strcmp(written, "btrim") != 0 ? "BOTH" : NULL;
}

const weft_str *weft_shown_extract(const weft_expr *e)
{
    const bool extract = e->kind == WEFT_EXPR_CALL &&
                         strcmp(e->call.function->name, "(variant_extract)") == 0;
    return extract ? &e->args[2]->literal.str : NULL;
}

static const weft_expr *bare(const weft_expr *e)
{
    while (e->kind == WEFT_EXPR_CAST && e->cast.implicit) e = e->args[0];
    return e;
}

int32_t weft_shown_whole(const weft_expr *call, int64_t *out)
{
    const char *op = call->call.function->name;
    if (call->arg_count != 2 || (op[0] != '<' && op[0] != '>') || strlen(op) > 2) return -1;
    if (strcmp(op, "<>") == 0) return -1;
    const int32_t side = bare(call->args[0])->type.id == WEFT_TYPE_DECIMAL ? 0 : 1;
    const weft_expr *number = bare(call->args[1 - side]), *literal = bare(call->args[side]);
    if (!weft_type_is_integral(number->type) || number == call->args[1 - side]) return -1;
    if (literal->kind != WEFT_EXPR_LITERAL || literal->type.id != WEFT_TYPE_DECIMAL ||
        literal->literal.is_null)
        return -1;
    const weft_i128 one = weft_i128_pow10(literal->type.scale), value = literal->literal.i128;
    weft_i128 whole = value / one;
    /* x < 1.1 is x < 2, x > 1.1 is x > 1, and the other way round on the left side */
    const bool less = strcmp(op, "<") == 0 || strcmp(op, ">=") == 0;
    const bool up = side == 1 ? less : !less;
    if (up && value > 0 && whole * one != value) whole++;
    if (!up && value < 0 && whole * one != value) whole--;
    *out = (int64_t)whole;
    return whole == (int64_t)whole ? side : -1;
}
