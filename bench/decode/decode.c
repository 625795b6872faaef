/* bench/decode/decode.c - how fast columns of Parquet files are decoded, and that what comes out is right.
 *
 *   decode [--threads N] [--repeat N] [--page-cache SIZE] [--columns] [--check] FOLDER LIST
 *
 * LIST has lines "name table column column ...": each names columns of FOLDER/table.parquet to read in full.
 * Every thread reads its share of each line's splits. One JSON object a line goes to stdout: the whole list
 * (best of the repeats, wall and CPU apart: others may use the machine), and with --columns every distinct
 * column alone. --check adds a sum over all values of each column (see sum_value), which decode.py holds
 * against pyarrow's values. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "common/settings.h"
#include "engine/formats/source.h"

enum { LINES_MAX = 512, WORDS_MAX = 64, THREADS_MAX = 64 };

typedef struct line {
    char *words[WORDS_MAX]; /* name, table, columns */
    int count;
} line;

typedef struct totals {
    int64_t rows, bytes;      /* bytes: decoded values, a string counts 16 */
    uint64_t sums[WORDS_MAX]; /* by column of a line; with --check */
    int64_t nulls[WORDS_MAX];
} totals;

typedef struct worker {
    const char *folder, *page_cache;
    const line *lines;
    int line_count, index, threads;
    bool check;
    weft_pool *pool;
    totals out;
    weft_status status;
    char message[WEFT_ERROR_TEXT_BYTES];
} worker;

/* A number for one value: integers as they are, decimals by their low 64 bits, floats by their bits, strings
 * their length and every byte times its place. */
static uint64_t sum_value(const weft_column *column, int32_t row)
{
    const void *value = weft_column_value(column, row);
    uint64_t bits = 0;
    if (column->phys == WEFT_PHYS_STR) {
        const weft_str *s = value;
        const unsigned char *bytes = (const unsigned char *)weft_str_data(s);
        bits = s->len;
        for (uint32_t i = 0; i < s->len; i++) bits += (uint64_t)bytes[i] * (i + 1);
        return bits;
    }
    const int32_t width = weft_phys_bytes((weft_phys)column->phys);
    memcpy(&bits, value, (size_t)(width < 8 ? width : 8));
    const int unused = width < 8 ? 64 - 8 * width : 0;
    const bool is_signed = column->phys >= WEFT_PHYS_I8 && column->phys <= WEFT_PHYS_I64;
    return is_signed ? (uint64_t)((int64_t)(bits << unused) >> unused) : bits;
}

static void add_batch(const weft_batch *batch, bool check, totals *t)
{
    t->rows += batch->selected;
    for (int32_t c = 0; c < batch->column_count; c++) {
        const weft_column *column = &batch->columns[c];
        t->bytes += (int64_t)batch->selected * weft_phys_bytes((weft_phys)column->phys);
        for (int32_t i = 0; check && i < batch->selected; i++) {
            const int32_t row = batch->selection != NULL ? batch->selection[i] : i;
            if (weft_column_is_null(column, row)) {
                t->nulls[c]++;
            } else {
                t->sums[c] += sum_value(column, row);
            }
        }
    }
}

static weft_status find_columns(weft_ctx *ctx, const weft_schema *schema, const line *l, int32_t *columns)
{
    for (int i = 2; i < l->count; i++) {
        columns[i - 2] = -1;
        for (int32_t c = 0; c < schema->count; c++) {
            if (strcmp(schema->fields[c].name, l->words[i]) == 0) columns[i - 2] = c;
        }
        if (columns[i - 2] < 0)
            return weft_fail(ctx, WEFT_INVALID, "no column %s in %s", l->words[i], l->words[1]);
    }
    return WEFT_OK;
}

static weft_status read_line(weft_ctx *ctx, const worker *w, const line *l, totals *out)
{
    weft_status st = WEFT_OK;
    const weft_format *format = weft_format_find("parquet");
    weft_file_info *files = NULL;
    weft_split *splits = NULL;
    weft_table *table = NULL;
    weft_scan *scan = NULL;
    int32_t file_count = 0, split_count = 0, mine = 0, columns[WORDS_MAX];
    char path[4096];
    weft_batch batch;
    snprintf(path, sizeof path, "%s/%s.parquet", w->folder, l->words[1]);
    WEFT_TRY(st, weft_fs_list(ctx, path, &files, &file_count));
    WEFT_TRY(st, format->open(ctx, files, file_count, NULL, 0, NULL, &table));
    WEFT_TRY(st, find_columns(ctx, format->schema(table), l, columns));
    const weft_scan_spec spec = {.column_count = l->count - 2,
                                 .columns = columns,
                                 .batch_rows = (int32_t)weft_setting(ctx, WEFT_SET_BATCH_ROWS)};
    WEFT_TRY(st, format->splits(ctx, table, &spec, 1 << 17, &splits, &split_count));
    for (int32_t i = w->index; i < split_count; i += w->threads) splits[mine++] = splits[i];
    WEFT_TRY(st, format->scan_open(ctx, table, &spec, splits, mine, &scan));
    for (;;) {
        WEFT_TRY(st, format->scan_next(ctx, scan, &batch));
        if (batch.rows == 0) break;
        add_batch(&batch, w->check, out);
    }
done:
    if (scan != NULL) format->scan_close(&scan);
    if (table != NULL) format->close(&table);
    return st;
}

static void *run_worker(void *argument)
{
    worker *w = argument;
    weft_settings *settings = calloc(1, sizeof *settings);
    weft_account *account = weft_account_open(w->pool, "decode");
    weft_arena *arena = weft_arena_new(account);
    weft_ctx ctx;
    weft_settings_init(settings);
    weft_ctx_init(&ctx, arena, account, settings);
    w->out = (totals){0};
    w->status = weft_settings_set(&ctx, settings, "weft.scan.pageCache", w->page_cache);
    for (int i = 0; i < w->line_count && w->status == WEFT_OK; i++) {
        w->status = read_line(&ctx, w, &w->lines[i], &w->out);
        weft_arena_reset(arena);
    }
    if (w->status != WEFT_OK) snprintf(w->message, sizeof w->message, "%s", ctx.error.message);
    weft_arena_free(&arena);
    weft_account_close(&account);
    free(settings);
    return NULL;
}

static double seconds(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

typedef struct figures {
    double wall, cpu;
    totals sum;
} figures;

/* Read the lines once on all threads. */
static int run_once(worker *workers, int threads, const line *lines, int line_count, figures *out)
{
    pthread_t ids[THREADS_MAX];
    int failed = 0;
    const double wall = seconds(CLOCK_MONOTONIC), cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);
    for (int i = 0; i < threads; i++) {
        workers[i].lines = lines;
        workers[i].line_count = line_count;
        if (pthread_create(&ids[i], NULL, run_worker, &workers[i]) != 0) exit(2);
    }
    *out = (figures){0};
    for (int i = 0; i < threads; i++) {
        pthread_join(ids[i], NULL);
        if (workers[i].status != WEFT_OK) {
            fprintf(stderr, "decode: %s\n", workers[i].message);
            failed = 1;
        }
        out->sum.rows += workers[i].out.rows;
        out->sum.bytes += workers[i].out.bytes;
        for (int c = 0; c < WORDS_MAX; c++) {
            out->sum.sums[c] += workers[i].out.sums[c];
            out->sum.nulls[c] += workers[i].out.nulls[c];
        }
    }
    out->wall = seconds(CLOCK_MONOTONIC) - wall;
    out->cpu = seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu;
    return failed;
}

static int run_best(worker *workers, int threads, int repeat, const line *lines, int count, figures *best)
{
    for (int i = 0; i < repeat; i++) {
        figures now;
        if (run_once(workers, threads, lines, count, &now) != 0) return 1;
        const figures before = i == 0 ? now : *best;
        *best = now;
        best->wall = before.wall < now.wall ? before.wall : now.wall;
        best->cpu = before.cpu < now.cpu ? before.cpu : now.cpu;
    }
    return 0;
}

static void print_figures(const char *name, const figures *f)
{
    printf(
        "{\"name\": \"%s\", \"seconds\": %.4f, \"cpu_seconds\": %.4f, \"rows\": %lld, \"gb_per_s\": %.2f}\n",
        name, f->wall, f->cpu, (long long)f->sum.rows, (double)f->sum.bytes / f->wall * 1e-9);
}

/* Every distinct column of the list alone. */
static int run_columns(worker *workers, int threads, int repeat, const line *lines, int count)
{
    for (int i = 0; i < count; i++) {
        for (int c = 2; c < lines[i].count; c++) {
            bool seen = false;
            for (int k = 0; k < i && !seen; k++) {
                for (int m = 2; m < lines[k].count && !seen; m++) {
                    seen = strcmp(lines[k].words[m], lines[i].words[c]) == 0;
                }
            }
            if (seen) continue;
            const line one = {.words = {"", lines[i].words[1], lines[i].words[c]}, .count = 3};
            figures best;
            if (run_best(workers, threads, repeat, &one, 1, &best) != 0) return 1;
            if (workers[0].check) {
                printf("{\"column\": \"%s\", \"table\": \"%s\", \"rows\": %lld, \"nulls\": %lld, \"sum\": "
                       "%llu}\n",
                       lines[i].words[c], lines[i].words[1], (long long)best.sum.rows,
                       (long long)best.sum.nulls[0], (unsigned long long)best.sum.sums[0]);
            } else {
                print_figures(lines[i].words[c], &best);
            }
        }
    }
    return 0;
}

static int read_list(const char *path, line *lines)
{
    int count = 0;
    char text[4096], *save;
    FILE *file = fopen(path, "r");
    if (file == NULL) return -1;
    while (count < LINES_MAX && fgets(text, sizeof text, file) != NULL) {
        line *l = &lines[count];
        for (char *w = strtok_r(text, " \n", &save); w != NULL && l->count < WORDS_MAX;
             w = strtok_r(NULL, " \n", &save)) {
            l->words[l->count++] = strdup(w);
        }
        count += l->count > 2;
    }
    fclose(file);
    return count;
}

int main(int argc, char **argv)
{
    static line lines[LINES_MAX];
    static worker workers[THREADS_MAX];
    int threads = 2, repeat = 5, i = 1;
    bool check = false, columns = false;
    const char *page_cache = "0";
    for (; i < argc && strncmp(argv[i], "--", 2) == 0; i++) {
        if (strcmp(argv[i], "--check") == 0) {
            check = columns = true;
        } else if (strcmp(argv[i], "--columns") == 0) {
            columns = true;
        } else if (strcmp(argv[i], "--threads") == 0 && i + 1 < argc) {
            threads = (int)strtol(argv[++i], NULL, 10);
        } else if (strcmp(argv[i], "--repeat") == 0 && i + 1 < argc) {
            repeat = (int)strtol(argv[++i], NULL, 10);
        } else if (strcmp(argv[i], "--page-cache") == 0 && i + 1 < argc) {
            page_cache = argv[++i];
        }
    }
    const int count = i + 2 == argc ? read_list(argv[i + 1], lines) : -1;
    if (count < 0 || threads < 1 || threads > THREADS_MAX || repeat < 1) {
        fprintf(stderr, "usage: decode [--threads N] [--repeat N] [--page-cache SIZE] [--columns] "
                        "[--check] FOLDER LIST\n");
        return 2;
    }
    weft_pool *pool = weft_pool_new(INT64_MAX);
    for (int t = 0; t < threads; t++) {
        workers[t] = (worker){.folder = argv[i],
                              .page_cache = page_cache,
                              .index = t,
                              .threads = threads,
                              .check = check,
                              .pool = pool};
    }
    int failed = 0;
    if (!check) {
        figures best;
        failed = run_best(workers, threads, repeat, lines, count, &best);
        if (!failed) print_figures("all", &best);
    }
    if (!failed && columns) failed = run_columns(workers, threads, repeat, lines, count);
    weft_pool_free(&pool);
    return failed;
}
