/* tests/fuzz/fuzz_variant.c - any bytes as a VARIANT: what the check lets through is read, written and
 * edited.
 *
 * The first byte chooses a path and a type. A value that is good has JSON text, is good again when it is
 * copied, and the copy has the same text; an edit of it that succeeds is good too. What begins with '{', '['
 * or a quote is read as JSON as well. */
#include <string.h>

#include "common/mem.h"
#include "common/settings.h"
#include "engine/expr/variant_cast.h"
#include "engine/expr/variant_edit.h"
#include "engine/expr/variant_json.h"
#include "engine/expr/variant_schema.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const types[] = {"int",
                                    "string",
                                    "decimal(10,2)",
                                    "array<variant>",
                                    "map<string,string>",
                                    "struct<a:int,b:array<double>,c:struct<d:timestamp>>",
                                    "date",
                                    "binary"};
static const char *const paths[] = {"$.a", "$[0]", "$.a.b[1]", "$['c'].d", "$[3].a", "$.a[2][0]"};

/* What cannot be is refused; anything else is a defect. */
static void must(weft_status st)
{
    if (st != WEFT_OK && st != WEFT_NOMEM && st != WEFT_VARIANT_SIZE && st != WEFT_VARIANT_DUPLICATE_KEY)
        __builtin_trap();
}

static bool is_good(const weft_variant *v) /* the value of a builder: metadata and value lie together */
{
    return weft_variant_check((const char *)v->meta, (uint64_t)v->meta_len + v->value_len) ==
           WEFT_VARIANT_GOOD;
}

static void copy(weft_ctx *ctx, const weft_variant *v)
{
    weft_variant_builder b = {0};
    weft_text room = {0}, once = {0}, again = {0};
    weft_variant made;
    must(weft_variant_json(ctx, NULL, v, &once));
    const weft_status st = weft_variant_put_copy(ctx, &b, v);
    must(st);
    if (st == WEFT_OK && weft_variant_take(ctx, &b, &room, &made) == WEFT_OK) {
        if (!is_good(&made)) __builtin_trap();
        must(weft_variant_json(ctx, NULL, &made, &again));
    }
    weft_variant_builder_deinit(&b);
    weft_text_release(&room);
    weft_text_release(&once);
    weft_text_release(&again);
}

static void schema(weft_ctx *ctx, const weft_variant *v)
{
    weft_variant_builder b = {0};
    weft_text room = {0}, other = {0}, text = {0};
    weft_variant made, merged;
    const weft_status st = weft_variant_put_schema(ctx, &b, v);
    must(st);
    if (st == WEFT_OK && weft_variant_take(ctx, &b, &room, &made) == WEFT_OK) {
        weft_variant_builder_reset(&b);
        must(weft_variant_merge_schemas(ctx, &b, &made, &made));
        must(weft_variant_take(ctx, &b, &other, &merged));
        if (!is_good(&merged)) __builtin_trap();
        must(weft_variant_schema_text(ctx, &merged, &text));
    }
    weft_variant_builder_deinit(&b);
    weft_text_release(&room);
    weft_text_release(&other);
    weft_text_release(&text);
}

static void edit(weft_ctx *ctx, const weft_variant *v, uint8_t choice)
{
    weft_variant_builder b = {0};
    weft_variant_path *path = NULL;
    weft_text room = {0};
    weft_variant made, part = *v;
    weft_variant_edited outcome = WEFT_VARIANT_EDITED;
    int32_t failed_at = 0;
    const char *text = paths[choice % WEFT_COUNT(paths)];
    if (weft_variant_path_new(ctx, text, strlen(text), &path) != WEFT_OK) __builtin_trap();
    (void)weft_variant_path_find(path, &part);
    const weft_variant_edit edit = {
        .kind = (weft_variant_edit_kind)(choice % 4), .create = choice >= 128, .path = path, .value = &part};
    weft_status st = weft_variant_put_edited(ctx, &b, v, &edit, &outcome, &failed_at);
    must(st);
    if (st == WEFT_OK && outcome == WEFT_VARIANT_EDITED &&
        weft_variant_take(ctx, &b, &room, &made) == WEFT_OK && !is_good(&made))
        __builtin_trap();
    weft_variant_builder_reset(&b);
    st = weft_variant_put_stripped(ctx, &b, v, choice >= 128);
    must(st);
    if (st == WEFT_OK && weft_variant_take(ctx, &b, &room, &made) == WEFT_OK && !is_good(&made))
        __builtin_trap();
    weft_mem_free(path);
    weft_text_release(&room);
    weft_variant_builder_deinit(&b);
}

static void cast(weft_ctx *ctx, const weft_variant *v, uint8_t choice)
{
    weft_type type;
    weft_vector out = {0};
    weft_variant_caster *caster = NULL;
    const weft_span nowhere = {0};
    if (weft_type_parse(ctx, types[choice % WEFT_COUNT(types)], &type) != WEFT_OK ||
        weft_vector_init(ctx, type, 1, &out) != WEFT_OK ||
        weft_variant_caster_new(ctx, type, false, &nowhere, &caster) != WEFT_OK)
        __builtin_trap();
    must(weft_variant_cast(ctx, caster, v, &out, 0));
    weft_vector_finish(&out);
    weft_variant_caster_free(&caster);
    weft_vector_deinit(&out);
}

static void use(weft_ctx *ctx, const weft_variant *v, uint8_t choice)
{
    copy(ctx, v);
    schema(ctx, v);
    edit(ctx, v, choice);
    cast(ctx, v, choice);
}

static void read_json(weft_ctx *ctx, const char *text, size_t len, uint8_t choice)
{
    weft_json json;
    weft_variant_builder b = {0};
    weft_text room = {0}, bytes = {0};
    weft_variant made;
    bool bad = false;
    weft_json_start(&json, &weft_variant_json_rules, text, len);
    weft_json_next(&json);
    const weft_status st = weft_variant_put_json(ctx, &b, &json, &room, &bad);
    must(st);
    if (st == WEFT_OK && !bad && weft_variant_take(ctx, &b, &bytes, &made) == WEFT_OK) {
        if (!is_good(&made)) __builtin_trap();
        use(ctx, &made, choice);
    }
    weft_variant_builder_deinit(&b);
    weft_text_release(&room);
    weft_text_release(&bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    weft_settings settings;
    weft_ctx ctx;
    if (size < 2 || size > 1 << 16) return 0;
    weft_settings_init(&settings);
    weft_pool *pool = weft_pool_new((int64_t)1 << 30);
    weft_account *account = weft_account_open(pool, "fuzz");
    weft_arena *arena = weft_arena_new(account);
    weft_ctx_init(&ctx, arena, account, &settings);
    const char *bytes = (const char *)data + 1;
    if (bytes[0] != 0 && strchr("{[\"", bytes[0]) != NULL) read_json(&ctx, bytes, size - 1, data[0]);
    if (weft_variant_check(bytes, size - 1) == WEFT_VARIANT_GOOD) {
        const weft_str str = weft_str_view(bytes, (uint32_t)(size - 1));
        const weft_variant v = weft_variant_of(&str);
        use(&ctx, &v, data[0]);
    }
    weft_arena_free(&arena);
    weft_account_close(&account);
    weft_pool_free(&pool);
    return 0;
}
