/* engine/formats/parquet/write_options.c - see the header. */
#include "engine/formats/parquet/write_options.h"

#include <stdlib.h>
#include <strings.h>

#include "common/settings.h"

typedef enum option_id {
    OPTION_CODEC,
    OPTION_LEVEL,
    OPTION_ROW_GROUP_BYTES,
    OPTION_PAGE_BYTES,
    OPTION_PAGE_ROWS,
    OPTION_DICT_BYTES,
    OPTION_VERSION,
    OPTION_CHECKSUMS,
    OPTION_BLOOM_FPP,
    OPTION_BLOOM_BYTES,
    OPTION_DICTIONARY, /* from here on also for one column */
    OPTION_ENCODING,
    OPTION_BLOOM,
    OPTION_BLOOM_DISTINCT,
    OPTION_IGNORED /* parquet-java's, without effect here */
} option_id;

static const struct {
    const char *name;
    option_id id;
} option_names[] = {
    {"compression", OPTION_CODEC},
    {"parquet.compression", OPTION_CODEC},
    {"parquet.compression.codec.zstd.level", OPTION_LEVEL},
    {"zlib.compress.level", OPTION_LEVEL},
    {"compression.brotli.quality", OPTION_LEVEL},
    {"parquet.block.size", OPTION_ROW_GROUP_BYTES},
    {"parquet.page.size", OPTION_PAGE_BYTES},
    {"parquet.page.row.count.limit", OPTION_PAGE_ROWS},
    {"parquet.dictionary.page.size", OPTION_DICT_BYTES},
    {"parquet.writer.version", OPTION_VERSION},
    {"parquet.page.write-checksum.enabled", OPTION_CHECKSUMS},
    {"parquet.bloom.filter.fpp", OPTION_BLOOM_FPP},
    {"parquet.bloom.filter.max.bytes", OPTION_BLOOM_BYTES},
    {"parquet.enable.dictionary", OPTION_DICTIONARY},
    {"weft.parquet.encoding", OPTION_ENCODING},
    {"parquet.bloom.filter.enabled", OPTION_BLOOM},
    {"parquet.bloom.filter.expected.ndv", OPTION_BLOOM_DISTINCT},
    {"parquet.page.size.row.check.min", OPTION_IGNORED},
    {"parquet.page.size.row.check.max", OPTION_IGNORED},
    {"parquet.page.size.check.estimate", OPTION_IGNORED},
    {"parquet.writer.max-padding", OPTION_IGNORED},
    {"parquet.summary.metadata.level", OPTION_IGNORED},
    {"parquet.enable.summary-metadata", OPTION_IGNORED},
    {"parquet.memory.pool.ratio", OPTION_IGNORED},
    {"parquet.output.committer.class", OPTION_IGNORED},
    {"parquet.column.statistics.enabled", OPTION_IGNORED},
    {"parquet.size.statistics.enabled", OPTION_IGNORED},
};

/* The option that the key names (up to a '#'); *column is behind the '#', or NULL. False when there is none.
 */
static bool option_find(const char *key, option_id *id, const char **column)
{
    const size_t len = strcspn(key, "#");
    *column = key[len] == '#' ? key + len + 1 : NULL;
    for (int32_t i = 0; i < WEFT_COUNT(option_names); i++) {
        if (strlen(option_names[i].name) != len || strncasecmp(option_names[i].name, key, len) != 0) continue;
        *id = option_names[i].id;
        return *column == NULL || *id >= OPTION_DICTIONARY;
    }
    return false;
}

static weft_status option_wrong(weft_ctx *ctx, const char *key, const char *value, const char *want)
{
    return weft_fail(ctx, WEFT_CONFIG, "The value '%s' of the option '%s' is not %s.", value, key, want);
}

static weft_status option_bytes(weft_ctx *ctx, const char *key, const char *value, int64_t low, int64_t high,
                                int64_t *out)
{
    int64_t number;
    if (!weft_parse_bytes(value, &number) || number < low || number > high) {
        weft_status st = option_wrong(ctx, key, value, "a size in its range");
        weft_hint(ctx, "Sizes from %lld to %lld bytes are taken.", (long long)low, (long long)high);
        return st;
    }
    *out = number;
    return WEFT_OK;
}

static weft_status option_bool(weft_ctx *ctx, const char *key, const char *value, bool *out)
{
    if (strcasecmp(value, "true") != 0 && strcasecmp(value, "false") != 0) {
        return option_wrong(ctx, key, value, "true or false");
    }
    *out = strcasecmp(value, "true") == 0;
    return WEFT_OK;
}

static weft_status option_version(weft_ctx *ctx, const char *key, const char *value, bool *v2)
{
    *v2 = strcasecmp(value, "v2") == 0 || strcasecmp(value, "PARQUET_2_0") == 0;
    if (!*v2 && strcasecmp(value, "v1") != 0 && strcasecmp(value, "PARQUET_1_0") != 0) {
        return option_wrong(ctx, key, value, "v1 or v2");
    }
    return WEFT_OK;
}

static weft_status option_rate(weft_ctx *ctx, const char *key, const char *value, double *out)
{
    char *end;
    *out = strtod(value, &end);
    if (*end != 0 || !(*out > 0 && *out < 1))
        return option_wrong(ctx, key, value, "a number between 0 and 1");
    return WEFT_OK;
}

/* One option of the whole file. Levels are kept apart: they count only for the codec that is chosen in the
 * end. */
static weft_status option_set(weft_ctx *ctx, option_id id, const char *key, const char *value,
                              weft_pqw_options *out, int64_t *level)
{
    weft_status st = WEFT_OK;
    int64_t number;
    switch (id) {
    case OPTION_CODEC:
        if (weft_pqw_codec_find(value, &out->codec)) return WEFT_OK;
        return weft_fail(ctx, WEFT_CODEC,
                         "The codec %s is not available. Available codecs are none, uncompressed, snappy, "
                         "zstd, gzip, lz4, lz4_raw, brotli.",
                         value);
    case OPTION_LEVEL: return option_bytes(ctx, key, value, 0, 22, level);
    case OPTION_ROW_GROUP_BYTES: return option_bytes(ctx, key, value, 1, INT64_MAX, &out->row_group_bytes);
    case OPTION_PAGE_BYTES: return option_bytes(ctx, key, value, 64, 1 << 30, &out->page_bytes);
    case OPTION_PAGE_ROWS:
        st = option_bytes(ctx, key, value, 1, 1 << 24, &number);
        if (st == WEFT_OK) out->page_rows = (int32_t)number;
        return st;
    case OPTION_DICT_BYTES: return option_bytes(ctx, key, value, 64, 1 << 30, &out->dict_bytes);
    case OPTION_VERSION: return option_version(ctx, key, value, &out->page_v2);
    case OPTION_CHECKSUMS: return option_bool(ctx, key, value, &out->checksums);
    case OPTION_BLOOM_FPP: return option_rate(ctx, key, value, &out->bloom_false_positives);
    case OPTION_BLOOM_BYTES: return option_bytes(ctx, key, value, 32, 128 << 20, &out->bloom_max_bytes);
    case OPTION_DICTIONARY:
    case OPTION_ENCODING:
    case OPTION_BLOOM:
    case OPTION_BLOOM_DISTINCT:
    case OPTION_IGNORED: break; /* the columns' */
    }
    return WEFT_OK;
}

weft_status weft_pqw_options_parse(weft_ctx *ctx, const char *const *options, int32_t option_count,
                                   weft_pqw_options *out)
{
    weft_status st = WEFT_OK;
    int64_t level = -1;
    *out = (weft_pqw_options){
        .row_group_bytes = 128 << 20,
        .page_bytes = 1 << 20,
        .dict_bytes = 1 << 20,
        .page_rows = 20000, /* these four as parquet-java */
        .checksums = true,
        .bloom_false_positives = 0.01,
        .bloom_max_bytes = 1 << 20,
    };
    const char *codec = weft_setting_text(ctx, WEFT_SET_CODEC);
    WEFT_TRY(st, option_set(ctx, OPTION_CODEC, "weft.sql.parquet.compression.codec", codec, out, &level));
    for (int pass = 0; pass < 2; pass++) { /* `compression` goes before `parquet.compression` */
        for (int32_t i = 0; i < option_count; i++) {
            const char *key = options[2 * i];
            option_id id;
            const char *column;
            if ((strcasecmp(key, "compression") == 0) != (pass == 1)) continue;
            if (option_find(key, &id, &column)) {
                WEFT_TRY(st, option_set(ctx, id, key, options[2 * i + 1], out, &level));
            } else if (strncasecmp(key, "parquet.", 8) == 0 || strncasecmp(key, "weft.parquet.", 13) == 0) {
                st = weft_fail(ctx, WEFT_CONFIG, "Parquet files are written without an option '%s'.", key);
                goto done;
            }
        }
    }
    out->level = level >= 0 ? (int)level : weft_pqw_codec_level(out->codec);
    const int most = out->codec == WEFT_PQ_GZIP ? 9 : out->codec == WEFT_PQ_BROTLI ? 11 : 22;
    out->level = weft_min_i32(out->level, most);
done:
    return st;
}

static weft_status option_encoding(weft_ctx *ctx, const char *key, const char *value, weft_pqw_column *column)
{
    const bool delta = strcasecmp(value, "delta") == 0;
    const bool plain = strcasecmp(value, "plain") == 0;
    if (!delta && !plain && strcasecmp(value, "dictionary") != 0) {
        return option_wrong(ctx, key, value, "dictionary, plain or delta");
    }
    column->wants_delta = delta;
    column->wants_dict = !delta && !plain && column->leaf->kind != WEFT_PQW_BOOL;
    return WEFT_OK;
}

weft_status weft_pqw_options_apply(weft_ctx *ctx, const char *const *options, int32_t option_count,
                                   weft_pqw_column *column)
{
    weft_status st = WEFT_OK;
    const bool may_have_dict = column->leaf->kind != WEFT_PQW_BOOL;
    bool flag;
    column->wants_delta = column->options->page_v2; /* parquet-java's second version falls back to deltas */
    for (int pass = 0; pass < 2; pass++) {          /* what names the column goes before what does not */
        for (int32_t i = 0; i < option_count; i++) {
            const char *key = options[2 * i];
            const char *value = options[2 * i + 1];
            option_id id;
            const char *name;
            if (!option_find(key, &id, &name) || (name != NULL) != (pass == 1)) continue;
            if (name != NULL && strcmp(name, column->leaf->dotted) != 0) continue;
            if (id == OPTION_DICTIONARY) {
                WEFT_TRY(st, option_bool(ctx, key, value, &flag));
                column->wants_dict = flag && may_have_dict;
            } else if (id == OPTION_ENCODING) {
                WEFT_TRY(st, option_encoding(ctx, key, value, column));
            } else if (id == OPTION_BLOOM) {
                WEFT_TRY(st, option_bool(ctx, key, value, &flag));
                column->wants_bloom = flag && may_have_dict; /* the format has none of booleans */
            } else if (id == OPTION_BLOOM_DISTINCT) {
                WEFT_TRY(st, option_bytes(ctx, key, value, 1, INT64_MAX, &column->bloom_distinct));
            }
        }
    }
    column->dict_on = column->wants_dict;
done:
    return st;
}
