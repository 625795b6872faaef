/* engine/formats/parquet/described.c - what Spark says of a file's columns beside what Parquet does.
 *
 * Files of Spark's, and of this engine, carry the schema as JSON (org.apache.spark.sql.parquet.row.metadata).
 * It tells what Parquet has no type for: that numbers are intervals, and how many digits a TIME has. */
#include "engine/expr/json_schema.h"
#include "engine/formats/parquet/table.h"

/* `have`, as the file has it, or what `said` makes of it. */
static weft_status described_refine(weft_ctx *ctx, weft_type have, weft_type said, weft_type *out)
{
    weft_status st = WEFT_OK;
    weft_field *fields = NULL;
    const bool time = have.id == WEFT_TYPE_TIME && said.id == WEFT_TYPE_TIME &&
                      weft_type_time_digits(said) <= weft_type_time_digits(have);
    const bool months = have.id == WEFT_TYPE_INT && said.id == WEFT_TYPE_INTERVAL_YM;
    const bool days = have.id == WEFT_TYPE_BIGINT && said.id == WEFT_TYPE_INTERVAL_DT;
    *out = time || months || days ? said : have;
    if (have.child_count == 0 || have.id != said.id) return WEFT_OK;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, have.child_count, &fields));
    for (int32_t i = 0; i < have.child_count; i++) {
        const char *const name = have.children[i].name;
        const int32_t at =
            have.id == WEFT_TYPE_STRUCT ? weft_pq_find_field(said.children, said.child_count, name, i) : i;
        fields[i] = have.children[i];
        if (at >= 0)
            WEFT_TRY(st, described_refine(ctx, fields[i].type, said.children[at].type, &fields[i].type));
    }
    out->children = fields;
done:
    return st;
}

weft_status weft_pq_described_columns(weft_ctx *ctx, const weft_pq_meta *meta, const weft_field **out)
{
    weft_status st = WEFT_OK;
    weft_type all = {.id = WEFT_TYPE_STRUCT, .child_count = meta->field_count, .children = meta->columns};
    weft_type said;
    *out = meta->columns;
    if (meta->row_schema == NULL) return WEFT_OK;
    st = weft_json_schema_parse(ctx, meta->row_schema, NULL, &said);
    if (st == WEFT_PARSE_SYNTAX_ERROR || st == WEFT_UNSUPPORTED_DATATYPE) { /* types that are not here */
        weft_error_clear(ctx);
        return WEFT_OK;
    }
    WEFT_TRY(st, st);
    WEFT_TRY(st, described_refine(ctx, all, said, &all));
    *out = all.children;
done:
    return st;
}
