/* engine/formats/parquet/write_schema_json.c - Spark's JSON form of a schema, as its StructType.json gives
 * it. */
#include <stdio.h>

#include "engine/formats/parquet/write_schema.h"

static weft_status json_text(weft_ctx *ctx, weft_bytes *out, const char *text)
{
    return weft_bytes_append(ctx, out, text, (int64_t)strlen(text));
}

static weft_status json_string(weft_ctx *ctx, weft_bytes *out, const char *text)
{
    weft_status st = WEFT_OK;
    char escape[8];
    WEFT_TRY(st, json_text(ctx, out, "\""));
    for (const char *p = text; *p != 0; p++) {
        const unsigned char c = (unsigned char)*p;
        if (c == '"' || c == '\\') {
            snprintf(escape, sizeof(escape), "\\%c", c);
        } else if (c < 0x20) {
            snprintf(escape, sizeof(escape), "\\u%04x", c);
        } else {
            snprintf(escape, sizeof(escape), "%c", c);
        }
        WEFT_TRY(st, json_text(ctx, out, escape));
    }
    WEFT_TRY(st, json_text(ctx, out, "\""));
done:
    return st;
}

/* Spark's JSON names of flat types; they differ from the SQL names. */
static weft_status json_flat_type(weft_ctx *ctx, weft_bytes *out, weft_type type)
{
    char text[64];
    const char *name = text;
    switch ((weft_type_id)type.id) {
    case WEFT_TYPE_TINYINT: name = "byte"; break;
    case WEFT_TYPE_SMALLINT: name = "short"; break;
    case WEFT_TYPE_INT: name = "integer"; break;
    case WEFT_TYPE_BIGINT: name = "long"; break;
    case WEFT_TYPE_NULL:
    case WEFT_TYPE_BOOLEAN:
    case WEFT_TYPE_FLOAT:
    case WEFT_TYPE_DOUBLE:
    case WEFT_TYPE_DECIMAL:
    case WEFT_TYPE_STRING:
    case WEFT_TYPE_BINARY:
    case WEFT_TYPE_DATE:
    case WEFT_TYPE_TIMESTAMP:
    case WEFT_TYPE_TIMESTAMP_NTZ:
    case WEFT_TYPE_TIMESTAMP_NS:
    case WEFT_TYPE_TIMESTAMP_NTZ_NS:
    case WEFT_TYPE_TIME:
    case WEFT_TYPE_INTERVAL_YM:
    case WEFT_TYPE_INTERVAL_DT:
    case WEFT_TYPE_INTERVAL:
    case WEFT_TYPE_ARRAY:
    case WEFT_TYPE_STRUCT:
    case WEFT_TYPE_MAP:
    case WEFT_TYPE_VARIANT:
    case WEFT_TYPE_GEOMETRY:
    case WEFT_TYPE_GEOGRAPHY:
    case WEFT_TYPE_COUNT: (void)weft_type_text(type, text, sizeof(text)); break;
    }
    return json_string(ctx, out, name);
}

static weft_status json_fields(weft_ctx *ctx, weft_bytes *out, const weft_field *fields, int32_t count);

static weft_status json_type(weft_ctx *ctx, weft_bytes *out, weft_type type)
{
    weft_status st = WEFT_OK;
    if (type.id == WEFT_TYPE_STRUCT) return json_fields(ctx, out, type.children, type.child_count);
    if (type.id == WEFT_TYPE_ARRAY) {
        WEFT_TRY(st, json_text(ctx, out, "{\"type\":\"array\",\"elementType\":"));
        WEFT_TRY(st, json_type(ctx, out, type.children[0].type));
        WEFT_TRY(st, json_text(ctx, out, ",\"containsNull\":"));
        WEFT_TRY(st, json_text(ctx, out, type.children[0].nullable ? "true}" : "false}"));
    } else if (type.id == WEFT_TYPE_MAP) {
        WEFT_TRY(st, json_text(ctx, out, "{\"type\":\"map\",\"keyType\":"));
        WEFT_TRY(st, json_type(ctx, out, type.children[0].type));
        WEFT_TRY(st, json_text(ctx, out, ",\"valueType\":"));
        WEFT_TRY(st, json_type(ctx, out, type.children[1].type));
        WEFT_TRY(st, json_text(ctx, out, ",\"valueContainsNull\":"));
        WEFT_TRY(st, json_text(ctx, out, type.children[1].nullable ? "true}" : "false}"));
    } else {
        WEFT_TRY(st, json_flat_type(ctx, out, type));
    }
done:
    return st;
}

static weft_status json_fields(weft_ctx *ctx, weft_bytes *out, const weft_field *fields, int32_t count)
{
    weft_status st = WEFT_OK;
    WEFT_TRY(st, json_text(ctx, out, "{\"type\":\"struct\",\"fields\":["));
    for (int32_t i = 0; i < count; i++) {
        WEFT_TRY(st, json_text(ctx, out, i > 0 ? ",{\"name\":" : "{\"name\":"));
        WEFT_TRY(st, json_string(ctx, out, fields[i].name));
        WEFT_TRY(st, json_text(ctx, out, ",\"type\":"));
        WEFT_TRY(st, json_type(ctx, out, fields[i].type));
        WEFT_TRY(st, json_text(ctx, out, fields[i].nullable ? ",\"nullable\":true" : ",\"nullable\":false"));
        WEFT_TRY(st, json_text(ctx, out, ",\"metadata\":{}}"));
    }
    WEFT_TRY(st, json_text(ctx, out, "]}"));
done:
    return st;
}

weft_status weft_pqw_schema_json(weft_ctx *ctx, const weft_schema *source, weft_bytes *out)
{
    return json_fields(ctx, out, source->fields, source->count);
}
