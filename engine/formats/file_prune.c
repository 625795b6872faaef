/* engine/formats/file_prune.c - see file_prune.h. */
#include "engine/formats/file_prune.h"

#include "engine/formats/constant.h"

typedef struct conjunct_question {
    const weft_file_pruning *pruning;
    const weft_scan_spec *spec;
    uint8_t *reads; /* [column_count] */
    int32_t count;
} conjunct_question;

/* Marks the column; true when its value is not the file's. */
static bool reads_rows(void *self, const weft_expr *e)
{
    conjunct_question *q = self;
    if (e->kind != WEFT_EXPR_COLUMN) return false;
    if (!q->pruning->constant(q->pruning->self, q->spec->columns[e->column.ordinal])) return true;
    q->reads[e->column.ordinal] = 1;
    q->count++;
    return false;
}

static bool decides(conjunct_question *q, const weft_expr *conjunct)
{
    q->count = 0;
    return !weft_expr_fallible(conjunct) && weft_expr_deterministic(conjunct) &&
           !weft_expr_any(conjunct, reads_rows, q) && q->count > 0;
}

static weft_status prune_file(weft_ctx *ctx, const conjunct_question *q, weft_eval *eval, int32_t file,
                              weft_constant *constants, weft_column *columns, uint8_t *kept)
{
    weft_status st = WEFT_OK;
    const weft_scan_spec *spec = q->spec;
    uint16_t position = 0;
    int32_t passed = 0;
    for (int32_t i = 0; i < spec->column_count; i++) {
        weft_value value;
        if (!q->reads[i]) continue;
        WEFT_TRY(st, q->pruning->value(ctx, q->pruning->self, file, spec->columns[i], &value));
        weft_constant_set(&constants[i], columns[i].type, &value);
        columns[i] = weft_constant_column(&constants[i], columns[i].type);
    }
    const weft_batch batch = {
        .rows = 1, .selected = 1, .column_count = spec->column_count, .columns = columns};
    WEFT_TRY(st, weft_eval_filter(ctx, eval, &batch, &position, &passed));
    *kept = passed > 0;
done:
    return st;
}

weft_status weft_files_prune(weft_ctx *ctx, const weft_file_pruning *pruning, const weft_scan_spec *spec,
                             uint8_t **kept)
{
    weft_status st = WEFT_OK;
    conjunct_question q = {.pruning = pruning, .spec = spec};
    const weft_expr **conjuncts = NULL;
    const weft_program *program = NULL;
    weft_eval *eval = NULL;
    weft_constant *constants = NULL;
    weft_column *columns = NULL;
    weft_type *types = NULL;
    int32_t count = 0;
    *kept = NULL;
    if (spec->conjunct_count == 0 || pruning->file_count == 0) return WEFT_OK;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, spec->column_count + 1, &q.reads));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, spec->conjunct_count, &conjuncts));
    for (int32_t i = 0; i < spec->conjunct_count; i++)
        if (decides(&q, spec->conjuncts[i])) conjuncts[count++] = spec->conjuncts[i];
    if (count == 0) goto done;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, spec->column_count, &types));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, spec->column_count, &columns));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, spec->column_count, &constants));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, pruning->file_count, kept));
    for (int32_t i = 0; i < spec->column_count; i++) {
        types[i] = weft_scan_field(pruning->schema, spec->columns[i])->type;
        weft_constant_set(&constants[i], types[i], NULL); /* what no conjunct here reads is as good as NULL */
        columns[i] = weft_constant_column(&constants[i], types[i]);
    }
    WEFT_TRY(st, weft_program_compile_filter(ctx, conjuncts, count, types, spec->column_count, &program));
    WEFT_TRY(st, weft_eval_open(ctx, program, &eval));
    for (int32_t f = 0; f < pruning->file_count; f++)
        WEFT_TRY(st, prune_file(ctx, &q, eval, f, constants, columns, &(*kept)[f]));
done:
    weft_eval_close(&eval);
    return st;
}
