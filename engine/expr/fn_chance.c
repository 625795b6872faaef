/* engine/expr/fn_chance.c - functions of chance, and of the task at work.
 *
 * What they give is a function of the seed, the number of the task and the number of the row among those that
 * the call was asked for, so that a second attempt of a task gives the same rows again. A seed that the query
 * does not write is drawn by the analyser and stands in the plan as a literal, with TRUE behind it: the last
 * signature of such a function. attempt_nonce() alone differs from attempt to attempt.
 *
 * Kernels write the selected rows, in their order; the other slots are zero. State: one generator a lane. */
#include "common/mem.h"
#include "common/random.h"
#include "common/uuid.h"
#include "engine/expr/chance.h"
#include "engine/expr/decimal.h"
#include "engine/expr/fn_entry.h"
#include "engine/expr/nested_call.h"
#include "engine/expr/program.h"

enum { CHECKED_LETTERS = 1 << 16 }; /* of a randstr() between two looks at the cancel flag */

typedef union chance_state {
    struct {
        weft_xorshift x;
        double low, span; /* uniform() */
        bool null;
        int32_t length; /* randstr() */
        char *text;     /* [length] */
    };
    weft_twister twister;
    int64_t number;
} chance_state;

/* ---- binding ---- */

static bool is_constant(weft_ctx *ctx, const weft_expr *e, weft_status *st)
{
    const weft_expr *value = NULL;
    *st = weft_expr_fold(ctx, e, &value);
    return *st == WEFT_OK && value->kind == WEFT_EXPR_LITERAL;
}

/* The seed, and the mark behind one that was drawn. *variant: 0 written, 1 drawn. */
static weft_status bind_seed(weft_ctx *ctx, const weft_function *fn, const weft_expr **args, int32_t count,
                             const weft_span *span, int32_t *variant)
{
    weft_status st = WEFT_OK;
    const int32_t at = fn->seed_at - 1;
    const bool drawn = count == at + 2 && args[at + 1]->kind == WEFT_EXPR_LITERAL &&
                       args[at + 1]->type.id == WEFT_TYPE_BOOLEAN;
    if (count != at + 1 && !drawn) return weft_fail_arg_count(ctx, fn->name, at, at + 1, count, span);
    const uint8_t id = args[at]->type.id;
    if (id != WEFT_TYPE_INT && id != WEFT_TYPE_BIGINT && id != WEFT_TYPE_NULL)
        return weft_fail_arg_type(ctx, at, "\"int\" or \"bigint\"", args[at], span);
    if (!is_constant(ctx, args[at], &st) && st == WEFT_OK) {
        char *text = NULL;
        WEFT_TRY(st, weft_expr_text(ctx, args[at], false, &text));
        const bool limited = at >
                             0; /* uniform(), randstr(): seeds behind other arguments are checked as those */
        const weft_status code = limited ? WEFT_DATATYPE_MISMATCH_NOT_FOLDABLE : WEFT_SEED_UNFOLDABLE;
        st = weft_fail_at(ctx, code, args[at]->span.line > 0 ? &args[at]->span : span,
                          "The seed expression \"%.200s\" of %s() must be foldable.", text, fn->name);
    }
    *variant = drawn;
done:
    return st;
}

static weft_status bind_double(weft_ctx *ctx, const weft_function *fn, const weft_expr **args, int32_t count,
                               const weft_span *span, int32_t *variant, weft_type *type)
{
    *type = WEFT_TYPE_OF(WEFT_TYPE_DOUBLE);
    return bind_seed(ctx, fn, args, count, span, variant);
}

static weft_status bind_uuid(weft_ctx *ctx, const weft_function *fn, const weft_expr **args, int32_t count,
                             const weft_span *span, int32_t *variant, weft_type *type)
{
    *type = WEFT_TYPE_OF(WEFT_TYPE_STRING);
    return bind_seed(ctx, fn, args, count, span, variant);
}

static weft_status bind_shuffle(weft_ctx *ctx, const weft_function *fn, const weft_expr **args, int32_t count,
                                const weft_span *span, int32_t *variant, weft_type *type)
{
    weft_status st = WEFT_OK;
    WEFT_TRY(st, bind_seed(ctx, fn, args, count, span, variant));
    WEFT_TRY(st, weft_bind_array_arg(ctx, args, 0, span));
    *type = args[0]->type;
done:
    return st;
}

static weft_status expect_constant(weft_ctx *ctx, const weft_function *fn, const weft_expr *e,
                                   const char *what, const weft_span *span)
{
    weft_status st = WEFT_OK;
    char *text = NULL;
    if (is_constant(ctx, e, &st) || st != WEFT_OK) return st;
    WEFT_TRY(st, weft_expr_text(ctx, e, false, &text));
    st = weft_fail_at(ctx, WEFT_DATATYPE_MISMATCH_NOT_FOLDABLE, e->span.line > 0 ? &e->span : span,
                      "the input `%s` of \"%s\" should be foldable; however, got \"%.200s\".", what, fn->name,
                      text);
done:
    return st;
}

static weft_status bind_randstr(weft_ctx *ctx, const weft_function *fn, const weft_expr **args, int32_t count,
                                const weft_span *span, int32_t *variant, weft_type *type)
{
    weft_status st = WEFT_OK;
    weft_value length = {.is_null = true};
    *type = WEFT_TYPE_OF(WEFT_TYPE_STRING);
    WEFT_TRY(st, bind_seed(ctx, fn, args, count, span, variant));
    WEFT_TRY(st, expect_constant(ctx, fn, args[0], "length", span));
    WEFT_TRY(st, weft_bind_arg_as(ctx, args, 0, WEFT_TYPE_OF(WEFT_TYPE_INT), span));
    WEFT_TRY(st, weft_eval_constant(ctx, args[0], &length));
    if (!length.is_null && length.i64 < 0)
        st = weft_fail_at(ctx, WEFT_VALUE_OUT_OF_RANGE, span,
                          "The `length` of \"randstr\" must be between [0, 2147483647] (current value = "
                          "%lld).",
                          (long long)length.i64);
done:
    return st;
}

/* What numbers between one of type a and one of type b are. */
static weft_type between_type(weft_type a, weft_type b)
{
    static const weft_type_id ids[] = {WEFT_TYPE_DOUBLE, WEFT_TYPE_FLOAT, WEFT_TYPE_DECIMAL,
                                       WEFT_TYPE_BIGINT, WEFT_TYPE_INT,   WEFT_TYPE_SMALLINT,
                                       WEFT_TYPE_TINYINT};
    if (a.id == WEFT_TYPE_NULL || b.id == WEFT_TYPE_NULL) return WEFT_TYPE_OF(WEFT_TYPE_DOUBLE);
    if (a.id == WEFT_TYPE_DECIMAL && b.id == WEFT_TYPE_DECIMAL) return a.precision >= b.precision ? a : b;
    for (int32_t i = 0; i < WEFT_COUNT(ids); i++) {
        if (a.id == ids[i]) return a;
        if (b.id == ids[i]) return b;
    }
    return WEFT_TYPE_OF(WEFT_TYPE_DOUBLE);
}

static weft_status bind_uniform(weft_ctx *ctx, const weft_function *fn, const weft_expr **args, int32_t count,
                                const weft_span *span, int32_t *variant, weft_type *type)
{
    weft_status st = WEFT_OK;
    WEFT_TRY(st, bind_seed(ctx, fn, args, count, span, variant));
    for (int32_t i = 0; i < 2; i++) {
        if (!weft_type_is_numeric(args[i]->type) && args[i]->type.id != WEFT_TYPE_NULL)
            return weft_fail_arg_type(ctx, i, "\"numeric\"", args[i], span);
        WEFT_TRY(st, expect_constant(ctx, fn, args[i], i == 0 ? "min" : "max", span));
    }
    *type = between_type(args[0]->type, args[1]->type);
done:
    return st;
}

/* ---- states ---- */

static void chance_close(void *state) { weft_mem_free(state); }

static void randstr_close(void *state)
{
    weft_mem_free(((chance_state *)state)->text);
    weft_mem_free(state);
}

static weft_status chance_new(weft_ctx *ctx, chance_state **out)
{
    return weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, sizeof(chance_state), (void **)out);
}

/* Every task has a seed of its own: that of the call and the number of the task. */
static weft_status seed_of(weft_ctx *ctx, const weft_expr *call, int64_t *out)
{
    weft_status st = WEFT_OK;
    weft_value seed = {.is_null = true};
    WEFT_TRY(st, weft_eval_constant(ctx, call->args[call->call.function->seed_at - 1], &seed));
    *out = (int64_t)((seed.is_null ? 0 : (uint64_t)seed.i64) + (uint64_t)ctx->partition);
done:
    return st;
}

static weft_status xorshift_open(weft_ctx *ctx, const weft_expr *call, void **state)
{
    weft_status st = WEFT_OK;
    chance_state *s = NULL;
    int64_t seed = 0;
    WEFT_TRY(st, seed_of(ctx, call, &seed));
    WEFT_TRY(st, chance_new(ctx, &s));
    weft_xorshift_init(&s->x, seed);
    *state = s;
done:
    return st;
}

static weft_status twister_open(weft_ctx *ctx, const weft_expr *call, void **state)
{
    weft_status st = WEFT_OK;
    chance_state *s = NULL;
    int64_t seed = 0;
    WEFT_TRY(st, seed_of(ctx, call, &seed));
    WEFT_TRY(st, chance_new(ctx, &s));
    weft_twister_init(&s->twister, seed);
    *state = s;
done:
    return st;
}

static weft_status randstr_open(weft_ctx *ctx, const weft_expr *call, void **state)
{
    weft_status st = WEFT_OK;
    chance_state *s = NULL;
    weft_value length = {.is_null = true};
    WEFT_TRY(st, weft_eval_constant(ctx, call->args[0], &length));
    WEFT_TRY(st, xorshift_open(ctx, call, (void **)&s));
    s->length = length.is_null ? 0 : (int32_t)length.i64;
    st = weft_mem_alloc(ctx, WEFT_MEM_WORKING, (size_t)s->length + 1, (void **)&s->text);
    if (st == WEFT_OK) {
        *state = s;
        s = NULL;
    }
done:
    weft_mem_free(s);
    return st;
}

static weft_status number_of(weft_ctx *ctx, const weft_expr *e, double *out, bool *null)
{
    weft_status st = WEFT_OK;
    weft_value value = {.is_null = true};
    WEFT_TRY(st, weft_eval_constant(ctx, e, &value));
    *null |= value.is_null;
    if (value.is_null) goto done;
    if (e->type.id == WEFT_TYPE_DOUBLE || e->type.id == WEFT_TYPE_FLOAT) {
        *out = value.f64;
    } else if (e->type.id == WEFT_TYPE_DECIMAL) {
        *out = (double)value.i128;
        for (int32_t i = 0; i < e->type.scale; i++) *out /= 10;
    } else {
        *out = (double)value.i64;
    }
done:
    return st;
}

static weft_status uniform_open(weft_ctx *ctx, const weft_expr *call, void **state)
{
    weft_status st = WEFT_OK;
    chance_state *s = NULL;
    double low = 0, high = 0;
    bool null = false;
    WEFT_TRY(st, number_of(ctx, call->args[0], &low, &null));
    WEFT_TRY(st, number_of(ctx, call->args[1], &high, &null));
    WEFT_TRY(st, xorshift_open(ctx, call, (void **)&s));
    s->low = low;
    s->span = high - low;
    s->null = null;
    *state = s;
done:
    return st;
}

/* The number of the task in the upper 31 bits, that of the row below. */
static weft_status increasing_open(weft_ctx *ctx, const weft_expr *call, void **state)
{
    weft_status st = WEFT_OK;
    chance_state *s = NULL;
    (void)call;
    WEFT_TRY(st, chance_new(ctx, &s));
    s->number = (int64_t)ctx->partition << 33;
    *state = s;
done:
    return st;
}

static weft_status nonce_open(weft_ctx *ctx, const weft_expr *call, void **state)
{
    weft_status st = WEFT_OK;
    chance_state *s = NULL;
    uint64_t number = 0;
    (void)call;
    WEFT_TRY(st, weft_random_u64(ctx, &number));
    WEFT_TRY(st, chance_new(ctx, &s));
    s->number = (int64_t)number;
    *state = s;
done:
    return st;
}

/* ---- kernels ---- */

/* Slots that are not computed hold nothing that another kernel could trip over. */
static void zero_others(const weft_kernel_call *call)
{
    const weft_phys phys = (weft_phys)call->out->column.phys;
    if (call->selection == NULL) return;
    memset(call->out->values, 0, (size_t)call->rows * (size_t)weft_phys_bytes(phys));
}

static weft_status kernel_rand(weft_ctx *ctx, weft_kernel_call *call)
{
    chance_state *s = call->state;
    double *out = call->out->values;
    (void)ctx;
    zero_others(call);
    for (int32_t k = 0; k < call->selected; k++) out[weft_call_row(call, k)] = weft_xorshift_double(&s->x);
    return WEFT_OK;
}

static weft_status kernel_randn(weft_ctx *ctx, weft_kernel_call *call)
{
    chance_state *s = call->state;
    double *out = call->out->values;
    (void)ctx;
    zero_others(call);
    for (int32_t k = 0; k < call->selected; k++) out[weft_call_row(call, k)] = weft_xorshift_gauss(&s->x);
    return WEFT_OK;
}

static weft_status kernel_randstr(weft_ctx *ctx, weft_kernel_call *call)
{
    static const char letters[] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    weft_status st = WEFT_OK;
    chance_state *s = call->state;
    zero_others(call);
    for (int32_t k = 0; k < call->selected; k++) {
        for (int32_t i = 0; i < s->length; i++) {
            const int32_t letter = weft_xorshift_bits(&s->x, 32) % (int32_t)(sizeof letters - 1);
            s->text[i] = letters[letter < 0 ? -letter : letter];
            if (i % CHECKED_LETTERS == CHECKED_LETTERS - 1) WEFT_TRY(st, weft_check_cancel(ctx));
        }
        WEFT_TRY(
            st, weft_vector_set_string(ctx, call->out, weft_call_row(call, k), s->text, (uint32_t)s->length));
    }
done:
    return st;
}

/* A number as one of the result's type: towards zero for integers, half up for decimals. */
static weft_status uniform_store(weft_ctx *ctx, weft_kernel_call *call, int32_t i, double number)
{
    const weft_type type = call->expr->type;
    char text[64];
    if (type.id == WEFT_TYPE_DOUBLE) {
        ((double *)call->out->values)[i] = number;
    } else if (type.id == WEFT_TYPE_FLOAT) {
        ((float *)call->out->values)[i] = (float)number;
    } else if (type.id != WEFT_TYPE_DECIMAL) {
        weft_store_i64(call->out, i, (int64_t)number);
    } else {
        for (int32_t k = 0; k < type.scale; k++) number *= 10;
        const weft_i128 whole = (weft_i128)(number < 0 ? number - 0.5 : number + 0.5);
        if (!weft_decimal_fits(whole, type.precision))
            return weft_fail_at(ctx, WEFT_NUMERIC_VALUE_OUT_OF_RANGE, &call->expr->span,
                                "a number between the limits of uniform() is too large for the type \"%s\"",
                                weft_type_text(type, text, sizeof text));
        memcpy((char *)call->out->values + (size_t)i * sizeof whole, &whole, sizeof whole);
    }
    return WEFT_OK;
}

static weft_status kernel_uniform(weft_ctx *ctx, weft_kernel_call *call)
{
    weft_status st = WEFT_OK;
    chance_state *s = call->state;
    if (call->expr->type.id == WEFT_TYPE_DECIMAL) call->out->column.phys = WEFT_PHYS_I128;
    zero_others(call);
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        if (s->null)
            weft_vector_set_null(call->out, i);
        else
            WEFT_TRY(st, uniform_store(ctx, call, i, s->low + s->span * weft_xorshift_double(&s->x)));
    }
done:
    return st;
}

static weft_status kernel_uuid(weft_ctx *ctx, weft_kernel_call *call)
{
    weft_status st = WEFT_OK;
    chance_state *s = call->state;
    zero_others(call);
    for (int32_t k = 0; k < call->selected; k++) {
        char text[WEFT_UUID_TEXT_BYTES];
        weft_uuid uuid = {.high = weft_twister_u64(&s->twister)};
        uuid.low = weft_twister_u64(&s->twister);
        uuid.high = (uuid.high & ~UINT64_C(0xf000)) | UINT64_C(0x4000); /* version 4, as RFC 9562 has it */
        uuid.low = (uuid.low & ~(UINT64_C(3) << 62)) | UINT64_C(1) << 63;
        weft_uuid_text(uuid, text);
        WEFT_TRY(st, weft_vector_set_string(ctx, call->out, weft_call_row(call, k), text,
                                            WEFT_UUID_TEXT_BYTES - 1));
    }
done:
    return st;
}

/* Fisher and Yates, inside out: each element goes to a place among those before it. */
static void shuffle_elements(weft_twister *t, weft_elements *elements)
{
    for (int32_t i = 0; i < elements->count; i++) {
        const weft_element moved = elements->at[i];
        const int32_t j = weft_twister_below(t, i + 1);
        elements->at[i] = elements->at[j];
        elements->at[j] = moved;
    }
}

static weft_status kernel_shuffle(weft_ctx *ctx, weft_kernel_call *call)
{
    weft_status st = WEFT_OK;
    chance_state *s = call->state;
    weft_elements elements = {0};
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        if (weft_column_is_null(&call->args[0], i)) {
            weft_vector_set_null(call->out, i);
            continue;
        }
        WEFT_TRY(st, weft_elements_add_all(ctx, &elements, &call->args[0], &call->args[0].children[0], i));
        shuffle_elements(&s->twister, &elements);
        WEFT_TRY(st, weft_elements_put(ctx, &elements, call->out, i));
    }
done:
    weft_elements_free(&elements);
    return st;
}

static weft_status kernel_increasing(weft_ctx *ctx, weft_kernel_call *call)
{
    chance_state *s = call->state;
    int64_t *out = call->out->values;
    (void)ctx;
    zero_others(call);
    for (int32_t k = 0; k < call->selected; k++) out[weft_call_row(call, k)] = s->number++;
    return WEFT_OK;
}

static weft_status kernel_partition(weft_ctx *ctx, weft_kernel_call *call)
{
    int32_t *out = call->out->values;
    for (int32_t i = 0; i < call->rows; i++) out[i] = ctx->partition;
    return WEFT_OK;
}

static weft_status kernel_nonce(weft_ctx *ctx, weft_kernel_call *call)
{
    const chance_state *s = call->state;
    int64_t *out = call->out->values;
    (void)ctx;
    for (int32_t i = 0; i < call->rows; i++) out[i] = s->number;
    return WEFT_OK;
}

/* ---- entries ---- */

#define I    WEFT_TYPE_BIGINT
#define T    WEFT_TYPE_BOOLEAN
#define ANY  WEFT_TYPE_COUNT
#define KIND (WEFT_FN_NONDETERMINISTIC | WEFT_FN_NULL_OWN)
/* A function whose seed is argument `at`: written by the query, or drawn. */
#define SEEDED(symbol, at_, bits, binder, opener, closer, usage, sql, result_)                               \
    const weft_function weft_fn_##symbol = {.name = #symbol,                                                 \
                                            .flags = KIND | (bits),                                          \
                                            .seed_at = at_,                                                  \
                                            .signatures = symbol##_signatures,                               \
                                            .signature_count = WEFT_COUNT(symbol##_signatures),              \
                                            .bind = binder,                                                  \
                                            .open = opener,                                                  \
                                            .close = closer,                                                 \
                                            .help = usage,                                                   \
                                            .example = sql,                                                  \
                                            .example_result = result_}

static const weft_signature rand_signatures[] = {{{I}, 1, 1, WEFT_TYPE_DOUBLE, kernel_rand},
                                                 {{I, T}, 2, 2, WEFT_TYPE_DOUBLE, kernel_rand}};
const weft_function weft_fn_rand = {.name = "rand",
                                    .aliases = "random",
                                    .flags = KIND | WEFT_FN_NEVER_NULL,
                                    .seed_at = 1,
                                    .signatures = rand_signatures,
                                    .signature_count = WEFT_COUNT(rand_signatures),
                                    .bind = bind_double,
                                    .open = xorshift_open,
                                    .close = chance_close,
                                    .help = "rand([seed]): evenly distributed numbers from 0 up to 1",
                                    .example = "SELECT rand(0)",
                                    .example_result = "0.7604953758285915"};
static const weft_signature randn_signatures[] = {{{I}, 1, 1, WEFT_TYPE_DOUBLE, kernel_randn},
                                                  {{I, T}, 2, 2, WEFT_TYPE_DOUBLE, kernel_randn}};
SEEDED(randn, 1, WEFT_FN_NEVER_NULL, bind_double, xorshift_open, chance_close,
       "randn([seed]): normally distributed numbers with mean 0 and deviation 1", "SELECT randn(0)",
       "1.6034991609278433");
static const weft_signature randstr_signatures[] = {
    {{WEFT_TYPE_INT, I}, 2, 2, WEFT_TYPE_STRING, kernel_randstr},
    {{WEFT_TYPE_INT, I, T}, 3, 3, WEFT_TYPE_STRING, kernel_randstr}};
SEEDED(randstr, 2, WEFT_FN_NEVER_NULL, bind_randstr, randstr_open, randstr_close,
       "randstr(length [, seed]): so many characters of 0-9, a-z and A-Z", "SELECT randstr(5, 0)", "ceV0P");
static const weft_signature uniform_signatures[] = {{{ANY, ANY, I}, 3, 3, ANY, kernel_uniform},
                                                    {{ANY, ANY, I, T}, 4, 4, ANY, kernel_uniform}};
SEEDED(uniform, 3, WEFT_FN_FALLIBLE, bind_uniform, uniform_open, chance_close,
       "uniform(min, max [, seed]): evenly distributed numbers from min up to max, of the wider type",
       "SELECT uniform(10, 20, 0)", "17");
static const weft_signature uuid_signatures[] = {{{I}, 1, 1, WEFT_TYPE_STRING, kernel_uuid},
                                                 {{I, T}, 2, 2, WEFT_TYPE_STRING, kernel_uuid}};
SEEDED(uuid, 1, WEFT_FN_NEVER_NULL | WEFT_FN_SEED_UNSEEN, bind_uuid, twister_open, chance_close,
       "uuid([seed]): random universally unique identifiers (version 4)", "SELECT uuid(1)",
       "1ced31d7-59ef-4bbc-aaf6-d506ef49e4d2");
static const weft_signature shuffle_signatures[] = {
    {{WEFT_TYPE_ARRAY, I}, 2, 2, WEFT_TYPE_ARRAY, kernel_shuffle},
    {{WEFT_TYPE_ARRAY, I, T}, 3, 3, WEFT_TYPE_ARRAY, kernel_shuffle}};
SEEDED(shuffle, 2, WEFT_FN_SEED_UNSEEN, bind_shuffle, twister_open, chance_close,
       "shuffle(a [, seed]): the elements of an array in a random order",
       "SELECT shuffle(array(1, 2, 3, 4, 5), 1)", "[2, 1, 5, 4, 3]");
#undef I
#undef T
#undef ANY
#undef SEEDED

static const weft_signature monotonically_increasing_id_signatures[] = {
    {{0}, 0, 0, WEFT_TYPE_BIGINT, kernel_increasing}};
const weft_function weft_fn_monotonically_increasing_id = {
    .name = "monotonically_increasing_id",
    .flags = KIND | WEFT_FN_NEVER_NULL,
    .signatures = monotonically_increasing_id_signatures,
    .signature_count = 1,
    .open = increasing_open,
    .close = chance_close,
    .help = "monotonically_increasing_id(): the number of the task times 2^33, and of the row in it",
    .example = "SELECT monotonically_increasing_id()",
    .example_result = "0"};
WEFT_FN_FORM(spark_partition_id, 0, 0, WEFT_TYPE_INT, kernel_partition, 0);
WEFT_FN_ENTRY(spark_partition_id, "spark_partition_id", NULL, KIND | WEFT_FN_NEVER_NULL | WEFT_FN_CAPITALS,
              NULL, "spark_partition_id(): the number of the task at work, from 0",
              "SELECT spark_partition_id()", "0");
static const weft_signature attempt_nonce_signatures[] = {{{0}, 0, 0, WEFT_TYPE_BIGINT, kernel_nonce}};
const weft_function weft_fn_attempt_nonce = {
    .name = "attempt_nonce",
    .flags = KIND | WEFT_FN_NEVER_NULL | WEFT_FN_BY_ATTEMPT,
    .signatures = attempt_nonce_signatures,
    .signature_count = 1,
    .open = nonce_open,
    .close = chance_close,
    .help = "attempt_nonce(): a number that every attempt of a task draws anew, one for all its rows; for "
            "tests of recovery: a result must never show two for one task"};
#undef KIND
