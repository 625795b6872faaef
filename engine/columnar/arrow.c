/* engine/columnar/arrow.c - exported schemas, and the life of what is exported. */
#include "engine/columnar/arrow.h"

#include "engine/columnar/arrow_private.h"

enum { ARROW_FLAG_NULLABLE = 2, ARROW_ALIGN = 64 };

weft_status weft_arrow_keep_new(weft_ctx *ctx, arrow_keep **out)
{
    void *block = NULL;
    *out = NULL;
    weft_arena *arena = weft_arena_new(ctx->memory);
    if (arena == NULL) return weft_fail(ctx, WEFT_NOMEM, "no memory to export Arrow data");
    const weft_status st = weft_arena_alloc(ctx, arena, sizeof **out, &block);
    if (st != WEFT_OK) {
        weft_arena_free(&arena);
        return st;
    }
    arrow_keep *keep = block;
    keep->arena = arena;
    atomic_init(&keep->count, 1);
    *out = keep;
    return WEFT_OK;
}

void weft_arrow_keep_drop(arrow_keep *keep)
{
    if (keep == NULL || atomic_fetch_sub(&keep->count, 1) != 1) return;
    weft_arena *arena = keep->arena; /* keep itself lies in it */
    weft_arena_free(&arena);
}

weft_status weft_arrow_buffer(weft_ctx *ctx, arrow_keep *keep, size_t bytes, void **out)
{
    void *block = NULL;
    const weft_status st = weft_arena_alloc(ctx, keep->arena, bytes + ARROW_ALIGN, &block);
    *out = st == WEFT_OK ? (void *)weft_round_up((size_t)(uintptr_t)block, ARROW_ALIGN) : NULL;
    return st;
}

static void schema_release(struct ArrowSchema *schema)
{
    for (int64_t i = 0; i < schema->n_children; i++) {
        if (schema->children[i]->release != NULL) schema->children[i]->release(schema->children[i]);
    }
    arrow_keep *keep = schema->private_data;
    schema->release = NULL;
    weft_arrow_keep_drop(keep);
}

/* The format of types that have a fixed one; NULL for DECIMAL. */
static const char *schema_format(weft_type type)
{
    switch ((weft_type_id)type.id) {
    case WEFT_TYPE_NULL: return "n";
    case WEFT_TYPE_BOOLEAN: return "b";
    case WEFT_TYPE_TINYINT: return "c";
    case WEFT_TYPE_SMALLINT: return "s";
    case WEFT_TYPE_INT: return "i";
    case WEFT_TYPE_BIGINT: return "l";
    case WEFT_TYPE_FLOAT: return "f";
    case WEFT_TYPE_DOUBLE: return "g";
    case WEFT_TYPE_DECIMAL: return NULL;
    case WEFT_TYPE_STRING: return "u";
    case WEFT_TYPE_BINARY:
    case WEFT_TYPE_GEOMETRY:
    case WEFT_TYPE_GEOGRAPHY:
    case WEFT_TYPE_VARIANT: return "z";
    case WEFT_TYPE_DATE: return "tdD";
    case WEFT_TYPE_TIMESTAMP: return "tsu:UTC";
    case WEFT_TYPE_TIMESTAMP_NTZ: return "tsu:";
    case WEFT_TYPE_TIMESTAMP_NS: return "tsn:UTC";
    case WEFT_TYPE_TIMESTAMP_NTZ_NS: return "tsn:";
    case WEFT_TYPE_TIME: return "ttn";
    case WEFT_TYPE_INTERVAL_YM: return "tiM";
    case WEFT_TYPE_INTERVAL_DT: return "tDu";
    case WEFT_TYPE_INTERVAL: return "tin";
    case WEFT_TYPE_ARRAY: return "+l";
    case WEFT_TYPE_STRUCT: return "+s";
    case WEFT_TYPE_MAP: return "+m";
    case WEFT_TYPE_COUNT: break;
    }
    return NULL;
}

static weft_status schema_fill(weft_ctx *ctx, arrow_keep *keep, const weft_field *field,
                               struct ArrowSchema *out)
{
    weft_status st = WEFT_OK;
    char *text = NULL;
    void *block = NULL;
    const weft_type type = field->type;
    const int32_t count = arrow_child_count(type);
    *out = (struct ArrowSchema){.flags = field->nullable ? ARROW_FLAG_NULLABLE : 0,
                                .format = schema_format(type)};
    WEFT_TRY(st, weft_arena_copy(ctx, keep->arena, field->name, strlen(field->name), &text));
    out->name = text;
    if (type.id == WEFT_TYPE_DECIMAL) {
        WEFT_TRY(st, weft_arena_printf(ctx, keep->arena, &text, "d:%d,%d", type.precision, type.scale));
        out->format = text;
    }
    if (count > 0) {
        WEFT_TRY(st, weft_arena_alloc(ctx, keep->arena, (size_t)count * sizeof *out->children, &block));
        struct ArrowSchema **children = block;
        WEFT_TRY(st, weft_arena_alloc(ctx, keep->arena, (size_t)count * sizeof **children, &block));
        for (int32_t i = 0; i < count; i++) {
            const weft_field child = arrow_child_field(type, i);
            children[i] = (struct ArrowSchema *)block + i;
            WEFT_TRY(st, schema_fill(ctx, keep, &child, children[i]));
        }
        out->children = children;
        out->n_children = count;
    }
    out->private_data = keep;
    out->release = schema_release; /* last: what is not complete is freed with the arena, not released */
    arrow_keep_take(keep);
done:
    return st;
}

weft_status weft_arrow_export_schema(weft_ctx *ctx, const weft_schema *schema, struct ArrowSchema *out)
{
    weft_status st = WEFT_OK;
    arrow_keep *keep = NULL;
    const weft_field root = {
        .name = "",
        .type = {.id = WEFT_TYPE_STRUCT, .child_count = schema->count, .children = schema->fields}};
    *out = (struct ArrowSchema){0};
    WEFT_TRY(st, weft_arrow_keep_new(ctx, &keep));
    WEFT_TRY(st, schema_fill(ctx, keep, &root, out));
done:
    if (keep != NULL && st != WEFT_OK) {
        atomic_store(&keep->count, 1); /* children that were complete go with it */
        *out = (struct ArrowSchema){0};
    }
    weft_arrow_keep_drop(keep);
    return st;
}
