/* engine/catalog/table_text.c - see table_text.h. */
#include "engine/catalog/table_text.h"
#include "engine/columnar/declared_type.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/expr/wire.h"
#include "engine/plan/pointers.h"
#include "engine/plan/table_layout.h"

static const char HEAD[] = "weft-table 1";

typedef struct text_out {
    weft_ctx *ctx;
    char *data;
    size_t len, capacity;
} text_out;

static weft_status put_bytes(text_out *t, const char *bytes, size_t len)
{
    weft_status st = WEFT_OK;
    char *bigger = NULL;
    if (t->len + len > t->capacity) {
        const size_t capacity = 2 * (t->len + len) + 256;
        WEFT_TRY(st, weft_arena_alloc(t->ctx, t->ctx->arena, capacity, (void **)&bigger));
        if (t->len > 0) memcpy(bigger, t->data, t->len);
        t->data = bigger;
        t->capacity = capacity;
    }
    memcpy(t->data + t->len, bytes, len);
    t->len += len;
done:
    return st;
}

/* A field behind a tab (or a blank, when it is the first), with \\, \t and \n written out. */
static weft_status put_field(text_out *t, char before, const char *text)
{
    weft_status st = WEFT_OK;
    if (text == NULL) text = "";
    WEFT_TRY(st, put_bytes(t, &before, 1));
    for (; *text != '\0'; text++) {
        const char *written = *text == '\\' ? "\\\\" : *text == '\t' ? "\\t" : *text == '\n' ? "\\n" : NULL;
        WEFT_TRY(st, put_bytes(t, written != NULL ? written : text, written != NULL ? 2 : 1));
    }
done:
    return st;
}

static weft_status put_line(text_out *t, const char *key, const char *first, const char *second)
{
    weft_status st = WEFT_OK;
    WEFT_TRY(st, put_bytes(t, key, strlen(key)));
    WEFT_TRY(st, put_field(t, ' ', first));
    if (second != NULL) WEFT_TRY(st, put_field(t, '\t', second));
    WEFT_TRY(st, put_bytes(t, "\n", 1));
done:
    return st;
}

static weft_status put_column(text_out *t, const weft_column_definition *c)
{
    weft_status st = WEFT_OK;
    char *type = NULL;
    enum { TYPE_BYTES = 1 << 20 };
    WEFT_TRY(st, weft_arena_alloc(t->ctx, t->ctx->arena, TYPE_BYTES, (void **)&type));
    WEFT_TRY(st, put_bytes(t, "column", 6));
    WEFT_TRY(st, put_field(t, ' ', c->name));
    WEFT_TRY(st, put_field(t, '\t', weft_type_text(c->type, type, TYPE_BYTES)));
    WEFT_TRY(st, put_field(t, '\t', c->comment));
    WEFT_TRY(st, put_field(t, '\t', c->initial));
    WEFT_TRY(st, put_bytes(t, "\n", 1));
done:
    return st;
}

/* Bytes as hex digits. */
static weft_status put_bytes_line(text_out *t, const char *key, const char *name, const uint8_t *bytes,
                                  size_t len)
{
    static const char digits[] = "0123456789abcdef";
    weft_status st = WEFT_OK;
    char *text = NULL;
    WEFT_TRY(st, weft_arena_alloc(t->ctx, t->ctx->arena, 2 * len + 1, (void **)&text));
    for (size_t i = 0; i < len; i++) {
        text[2 * i] = digits[bytes[i] >> 4];
        text[2 * i + 1] = digits[bytes[i] & 15];
    }
    text[2 * len] = '\0';
    WEFT_TRY(st, put_line(t, key, name, text));
done:
    return st;
}

/* The value that older rows have in a column: as the wire has it, since its text would depend on a session's
 * time zone. */
static weft_status put_absent(text_out *t, const weft_column_definition *c)
{
    weft_status st = WEFT_OK;
    const weft_expr *value = NULL;
    uint8_t *bytes = NULL;
    size_t len = 0;
    if (c->absent == NULL) return WEFT_OK;
    WEFT_TRY(st, weft_expr_literal(t->ctx, c->absent, &value));
    WEFT_TRY(st, weft_exprs_encode(t->ctx, &value, 1, &bytes, &len));
    WEFT_TRY(st, put_bytes_line(t, "absent", c->name, bytes, len));
done:
    return st;
}

weft_status weft_table_text_encode(weft_ctx *ctx, const weft_table_definition *d, const char **text,
                                   size_t *len)
{
    weft_status st = WEFT_OK;
    char number[32];
    text_out out = {.ctx = ctx}, *t = &out;
    WEFT_TRY(st, put_bytes(t, HEAD, sizeof(HEAD) - 1));
    WEFT_TRY(st, put_bytes(t, "\n", 1));
    WEFT_TRY(st, put_line(t, "name", d->name, NULL));
    WEFT_TRY(st, put_line(t, "external", d->external ? "1" : "0", NULL));
    WEFT_TRY(st, put_line(t, "format", d->format, NULL));
    WEFT_TRY(st, put_line(t, "location", d->location, NULL));
    if (d->comment != NULL) WEFT_TRY(st, put_line(t, "comment", d->comment, NULL));
    if (d->collation != NULL) WEFT_TRY(st, put_line(t, "collation", d->collation, NULL));
    for (int32_t i = 0; i < d->column_count; i++) WEFT_TRY(st, put_column(t, &d->columns[i]));
    for (int32_t i = 0; i < d->column_count; i++) WEFT_TRY(st, put_absent(t, &d->columns[i]));
    snprintf(number, sizeof(number), "%d", d->partition_count);
    WEFT_TRY(st, put_line(t, "partitions", number, NULL));
    for (int32_t i = 0; i < d->place_count; i++)
        WEFT_TRY(st, put_line(t, "place", d->places[2 * i], d->places[2 * i + 1]));
    if (d->query != NULL) {
        WEFT_TRY(st, put_line(t, "view", d->query, d->query_database));
        WEFT_TRY(st, put_line(t, "names", d->names_columns ? "1" : "0", NULL));
        snprintf(number, sizeof(number), "%d", (int)d->view_schema);
        WEFT_TRY(st, put_line(t, "schema", number, NULL));
        for (int32_t i = 0; i < d->column_count; i++)
            WEFT_TRY(st, put_line(t, "output", d->query_columns[i], NULL));
        for (int32_t i = 0; i < d->kept.count; i++)
            WEFT_TRY(st, put_line(t, "setting", d->kept.pairs[2 * i], d->kept.pairs[2 * i + 1]));
    }
    snprintf(number, sizeof(number), "%lld", (long long)d->created_us);
    WEFT_TRY(st, put_line(t, "created", number, NULL));
    if (d->bucket_count > 0) {
        snprintf(number, sizeof(number), "%d", d->bucket_count);
        WEFT_TRY(st, put_line(t, "buckets", number, NULL));
    }
    for (int32_t i = 0; i < d->bucket_name_count; i++)
        WEFT_TRY(st, put_line(t, "bucket", d->bucket_names[i], NULL));
    for (int32_t i = 0; i < d->sort_name_count; i++)
        WEFT_TRY(st, put_line(t, "sort", d->sort_names[i], NULL));
    for (int32_t i = 0; i < d->option_count; i++)
        WEFT_TRY(st, put_line(t, "option", d->options[2 * i], d->options[2 * i + 1]));
    for (int32_t i = 0; i < d->property_count; i++)
        WEFT_TRY(st, put_line(t, "property", d->properties[2 * i], d->properties[2 * i + 1]));
    for (int32_t i = 0; i < d->statistic_count; i++)
        WEFT_TRY(st, put_line(t, "statistic", d->statistics[2 * i], d->statistics[2 * i + 1]));
    *text = out.data;
    *len = out.len;
done:
    return st;
}

/* Cut the next field off *at, up to a tab or the end, and undo its escapes in place. */
static const char *take_field(char **at)
{
    char *from = *at, *to = *at;
    const char *const field = *at;
    for (; *from != '\0' && *from != '\t'; from++) {
        if (*from == '\\' && from[1] != '\0') {
            from++;
            *to++ = *from == 't' ? '\t' : *from == 'n' ? '\n' : *from;
        } else {
            *to++ = *from;
        }
    }
    *at = *from == '\t' ? from + 1 : from;
    *to = '\0';
    return field;
}

typedef struct definition_reader {
    weft_ctx *ctx;
    weft_table_definition *d;
    weft_pointers columns, options, properties, buckets, sorts, outputs, statistics, places, kept;
} definition_reader;

static weft_status read_column(definition_reader *r, char *at)
{
    weft_status st = WEFT_OK;
    weft_column_definition *c = NULL;
    WEFT_TRY(st, WEFT_NEW(r->ctx, &c));
    c->name = take_field(&at);
    const char *type = take_field(&at);
    const char *comment = take_field(&at), *initial = take_field(&at);
    c->comment = comment[0] != '\0' ? comment : NULL;
    c->initial = initial[0] != '\0' ? initial : NULL;
    WEFT_TRY(st, weft_type_parse_declared(r->ctx, type, &c->type));
    WEFT_TRY(st, weft_pointers_push(r->ctx, &r->columns, c));
done:
    return st;
}

static int hex_digit(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Of a column that was read before; a value that is none of its type is the file's fault. */
static weft_status read_absent(definition_reader *r, char *at)
{
    weft_status st = WEFT_OK;
    const char *name = take_field(&at), *text = take_field(&at);
    const size_t len = strlen(text) / 2;
    const weft_expr *const *values = NULL;
    uint8_t *bytes = NULL;
    int32_t count = 0;
    weft_type type;
    bool fits = strlen(text) % 2 == 0;
    WEFT_TRY(st, weft_arena_alloc(r->ctx, r->ctx->arena, len + 1, (void **)&bytes));
    for (size_t i = 0; i < len; i++) {
        const int high = hex_digit(text[2 * i]), low = hex_digit(text[2 * i + 1]);
        fits &= high >= 0 && low >= 0;
        bytes[i] = (uint8_t)(high * 16 + low);
    }
    if (fits) WEFT_TRY(st, weft_exprs_decode(r->ctx, bytes, len, NULL, 0, &values, &count));
    fits &= count == 1 && values[0]->kind == WEFT_EXPR_LITERAL;
    for (int32_t i = 0; fits && i < r->columns.count; i++) {
        weft_column_definition *c = (weft_column_definition *)(uintptr_t)r->columns.items[i];
        if (strcmp(c->name, name) != 0) continue;
        WEFT_TRY(st, weft_type_of_values(r->ctx, c->type, &type));
        fits = weft_type_equal(values[0]->type, type);
        c->absent = &values[0]->literal;
    }
    if (!fits)
        WEFT_TRY(st, weft_fail(r->ctx, WEFT_CORRUPT, "the column `%s` has a value of older rows that is none",
                               name));
done:
    return st;
}

static weft_status read_line(definition_reader *r, char *line)
{
    weft_status st = WEFT_OK;
    char *at = strchr(line, ' ');
    if (at == NULL) return WEFT_OK;
    *at++ = '\0';
    weft_pointers *const pairs = strcmp(line, "option") == 0      ? &r->options
                                 : strcmp(line, "property") == 0  ? &r->properties
                                 : strcmp(line, "statistic") == 0 ? &r->statistics
                                 : strcmp(line, "place") == 0     ? &r->places
                                 : strcmp(line, "setting") == 0   ? &r->kept
                                                                  : NULL;
    if (pairs != NULL) {
        WEFT_TRY(st, weft_pointers_push(r->ctx, pairs, take_field(&at)));
        WEFT_TRY(st, weft_pointers_push(r->ctx, pairs, take_field(&at)));
    } else if (strcmp(line, "column") == 0) {
        WEFT_TRY(st, read_column(r, at));
    } else if (strcmp(line, "absent") == 0) {
        WEFT_TRY(st, read_absent(r, at));
    } else if (strcmp(line, "name") == 0) {
        r->d->name = take_field(&at);
    } else if (strcmp(line, "external") == 0) {
        r->d->external = *at == '1';
    } else if (strcmp(line, "format") == 0) {
        r->d->format = take_field(&at);
    } else if (strcmp(line, "location") == 0) {
        r->d->location = take_field(&at);
    } else if (strcmp(line, "comment") == 0) {
        r->d->comment = take_field(&at);
    } else if (strcmp(line, "collation") == 0) {
        r->d->collation = take_field(&at);
    } else if (strcmp(line, "partitions") == 0) {
        r->d->partition_count = (int32_t)strtol(at, NULL, 10);
    } else if (strcmp(line, "buckets") == 0) {
        r->d->bucket_count = (int32_t)strtol(at, NULL, 10);
    } else if (strcmp(line, "bucket") == 0) {
        WEFT_TRY(st, weft_pointers_push(r->ctx, &r->buckets, take_field(&at)));
    } else if (strcmp(line, "view") == 0) {
        r->d->query = take_field(&at);
        r->d->query_database = take_field(&at);
    } else if (strcmp(line, "names") == 0) {
        r->d->names_columns = *at == '1';
    } else if (strcmp(line, "schema") == 0) {
        r->d->view_schema = *at == '1'   ? WEFT_VIEW_TYPE_EVOLUTION
                            : *at == '2' ? WEFT_VIEW_EVOLUTION
                            : *at == '3' ? WEFT_VIEW_BINDING
                                         : WEFT_VIEW_COMPENSATION;
    } else if (strcmp(line, "output") == 0) {
        WEFT_TRY(st, weft_pointers_push(r->ctx, &r->outputs, take_field(&at)));
    } else if (strcmp(line, "created") == 0) {
        r->d->created_us = strtoll(at, NULL, 10);
    } else if (strcmp(line, "sort") == 0) {
        WEFT_TRY(st, weft_pointers_push(r->ctx, &r->sorts, take_field(&at)));
    } /* what a later version adds is passed over */
done:
    return st;
}

static bool are_columns(const weft_table_definition *d, const char *const *names, int32_t count)
{
    for (int32_t i = 0; i < count; i++)
        if (weft_table_find_column(d, names[i]) < 0) return false;
    return true;
}

static bool is_whole(const weft_table_definition *d)
{
    return d->name != NULL && d->format != NULL && d->location != NULL && d->partition_count >= 0 &&
           d->partition_count <= d->column_count && d->partition_count <= WEFT_PARTITION_COLUMNS_MAX &&
           d->bucket_count >= 0 && d->bucket_count <= WEFT_BUCKETS_MAX &&
           (d->bucket_count > 0) == (d->bucket_name_count > 0) &&
           are_columns(d, d->bucket_names, d->bucket_name_count) &&
           are_columns(d, d->sort_names, d->sort_name_count);
}

weft_status weft_table_text_decode(weft_ctx *ctx, const char *path, char *text, weft_table_definition *out)
{
    weft_status st = WEFT_OK;
    definition_reader r = {.ctx = ctx, .d = out};
    weft_column_definition *columns = NULL;
    if (strncmp(text, HEAD, sizeof(HEAD) - 1) != 0)
        return weft_fail(ctx, WEFT_CORRUPT, "%s is no definition of a table that this version reads", path);
    for (char *line = text; *line != '\0';) {
        char *end = strchrnul(line, '\n');
        const bool last = *end == '\0';
        *end = '\0';
        WEFT_TRY(st, read_line(&r, line));
        line = last ? end : end + 1;
    }
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, r.columns.count, &columns));
    for (int32_t i = 0; i < r.columns.count; i++)
        columns[i] = *(const weft_column_definition *)r.columns.items[i];
    out->columns = columns;
    out->column_count = r.columns.count;
    out->option_count = r.options.count / 2;
    out->options = weft_pointers_texts(&r.options);
    out->property_count = r.properties.count / 2;
    out->properties = weft_pointers_texts(&r.properties);
    out->place_count = r.places.count / 2;
    out->places = weft_pointers_texts(&r.places);
    out->statistic_count = r.statistics.count / 2;
    out->statistics = weft_pointers_texts(&r.statistics);
    out->kept.count = r.kept.count / 2;
    out->kept.pairs = weft_pointers_texts(&r.kept);
    out->bucket_names = weft_pointers_texts(&r.buckets);
    out->bucket_name_count = r.buckets.count;
    out->sort_names = weft_pointers_texts(&r.sorts);
    out->sort_name_count = r.sorts.count;
    out->query_columns = weft_pointers_texts(&r.outputs);
    if (out->query != NULL && r.outputs.count != out->column_count)
        WEFT_TRY(st, weft_fail(ctx, WEFT_CORRUPT, "the definition of a view in %s is not whole", path));
    if (!is_whole(out))
        WEFT_TRY(st, weft_fail(ctx, WEFT_CORRUPT, "the definition of a table in %s is not whole", path));
done:
    return st;
}
