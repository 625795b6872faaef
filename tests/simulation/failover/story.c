/* tests/simulation/failover/story.c - see story.h. */
#include "tests/simulation/failover/story.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/local.h"
#include "client/output.h"
#include "common/hash.h"
#include "tests/simulation/failover/cast.h"

#define MS INT64_C(1000000)

enum {
    INPUT_FILES = 3,
    TEXT_BYTES = 1024,    /* of a statement that writes the input */
    LARGE_BYTES = 300000, /* of a literal: more than a record may have */
    INPUT_S = 1700000000, /* when the input was made, in every run */
    SAID_BYTES = 200,
    REFUSED_MOST = 300
};

typedef enum line_kind { LINE_READ, LINE_WRITE, LINE_OTHER, LINE_FILE } line_kind;

/* @IN: the input, @OUT: the client's table, @FILE: a file of the client's machine, @LARGE: a long text. A
 * write is followed by what reads it. */
typedef struct line {
    line_kind kind;
    int32_t draws;    /* how often it is drawn, of so many in all */
    const char *text; /* one statement, or two with a line feed between */
} line;

static const line catalogue[] = {
    {LINE_READ, 3, "SELECT k, count(*) n, sum(id) s FROM parquet.`@IN` GROUP BY k ORDER BY k"},
    {LINE_READ, 3,
     "SELECT a.k, count(*) n, sum(b.id) s FROM parquet.`@IN` a JOIN parquet.`@IN` b ON a.id = b.id "
     "GROUP BY a.k ORDER BY a.k"},
    {LINE_READ, 2,
     "WITH r AS (SELECT id, k, rand() x FROM parquet.`@IN`), s AS (SELECT k, max(x) m FROM r GROUP BY k), "
     "t AS (SELECT id % 2 h, k, max(x) m FROM r GROUP BY id % 2, k) SELECT count(*) FROM s JOIN "
     "(SELECT k, max(m) m FROM t GROUP BY k) u ON s.k = u.k WHERE s.m <> u.m"},
    {LINE_READ, 2,
     "SELECT k, count(DISTINCT t) n, min(CASE WHEN t = now() THEN 1 ELSE 0 END) s FROM "
     "(SELECT k, id % 7 m, now() t FROM parquet.`@IN`) GROUP BY k ORDER BY k"},
    /* so much that a client gives some of it before all of it is there */
    {LINE_READ, 2,
     "SELECT a.id * 1000 + b.id v, repeat('x', 300) t FROM parquet.`@IN` a, parquet.`@IN` b ORDER BY v"},
    {LINE_OTHER, 2,
     "CREATE OR REPLACE TEMP VIEW v AS SELECT id, id % 7 g FROM parquet.`@IN`\n"
     "SELECT g, count(*) n FROM v GROUP BY g ORDER BY g"},
    {LINE_WRITE, 4,
     "INSERT OVERWRITE DIRECTORY '@OUT' USING parquet SELECT k, max(id) m FROM parquet.`@IN` GROUP BY k\n"
     "SELECT count(*) n, sum(m) s, sum(k) k FROM parquet.`@OUT`"},
    {LINE_WRITE, 4,
     "INSERT OVERWRITE DIRECTORY '@OUT' USING parquet SELECT id AS m, k FROM parquet.`@IN`\n"
     "SELECT count(*) n, sum(m) s, sum(k) k FROM parquet.`@OUT`"},
    {LINE_READ, 2,
     "SELECT k, sum(instr('@LARGE', CAST(k AS STRING))) s FROM parquet.`@IN` GROUP BY k ORDER BY k"},
    {LINE_WRITE, 1,
     "INSERT OVERWRITE DIRECTORY '@OUT' USING parquet SELECT id, instr('@LARGE', CAST(k AS STRING)) m, k "
     "FROM parquet.`@IN`\n"
     "SELECT count(*) n, sum(m) s, sum(k) k FROM parquet.`@OUT`"},
    {LINE_FILE, 2,
     "ADD FILE '@FILE'\n"
     "SELECT k, count(*) n, sum(id) s FROM parquet.`artifact:files/more.parquet` GROUP BY k ORDER BY k"},
};

enum { LINES = sizeof(catalogue) / sizeof(catalogue[0]), ANSWERS = 2 };

static const char *const prologue[] = {"SET weft.test.taskDelay=40ms", "SET weft.sql.shuffle.partitions=3",
                                       "SET weft.sql.files.maxPartitionBytes=600"};

/* Learnt by story_prepare, read by all. */
static struct {
    uint64_t hash[LINES][ANSWERS]; /* of what comes out */
    int64_t rows[LINES][ANSWERS];
    char *text[LINES][ANSWERS];
    char input[STORY_FOLDER_BYTES], file[STORY_FOLDER_BYTES];
} learnt;

/* ---- texts and files ---- */

/* The digits first: whoever looks for one does not look for long. */
static void put_large(FILE *out)
{
    fputs("01234", out);
    for (int32_t i = 0; i < LARGE_BYTES; i++) fputc('x', out);
}

/* The text of a statement with its names in it; the caller frees. */
static char *make_text(const char *text, size_t len, const char *table)
{
    const struct {
        const char *word, *by; /* NULL: the long text */
    } names[] = {{"@IN", learnt.input}, {"@OUT", table}, {"@FILE", learnt.file}, {"@LARGE", NULL}};
    char *made = NULL;
    size_t bytes = 0;
    FILE *out = open_memstream(&made, &bytes);
    for (const char *from = text; from < text + len;) {
        int32_t i = 0;
        while (i < WEFT_COUNT(names) && strncmp(from, names[i].word, strlen(names[i].word)) != 0) i++;
        if (i == WEFT_COUNT(names))
            fputc(*from++, out);
        else {
            if (names[i].by == NULL)
                put_large(out);
            else
                fputs(names[i].by, out);
            from += strlen(names[i].word);
        }
    }
    fclose(out);
    return made;
}

/* The index-th statement of a line; NULL: there is none. The caller frees. */
static char *statement_of(const line *l, int32_t index, const char *table)
{
    const char *end = strchr(l->text, '\n');
    if (index == 0) return make_text(l->text, end == NULL ? strlen(l->text) : (size_t)(end - l->text), table);
    return index > 1 || end == NULL ? NULL : make_text(end + 1, strlen(end + 1), table);
}

void story_remove_folder(const char *folder)
{
    char path[STORY_FOLDER_BYTES * 4];
    DIR *d = opendir(folder);
    for (const struct dirent *e; d != NULL && (e = readdir(d)) != NULL;) {
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0) continue;
        snprintf(path, sizeof(path), "%s/%s", folder, e->d_name);
        struct stat info;
        if (lstat(path, &info) == 0 && S_ISDIR(info.st_mode))
            story_remove_folder(path);
        else
            unlink(path);
    }
    if (d != NULL) closedir(d);
    rmdir(folder);
}

/* Data files of a table; others: what else is there, but _SUCCESS. */
static int32_t count_files(const char *table, int32_t *others)
{
    int32_t count = 0;
    DIR *d = opendir(table);
    *others = 0;
    for (const struct dirent *e; d != NULL && (e = readdir(d)) != NULL;) {
        if (strncmp(e->d_name, "part-", 5) == 0)
            count++;
        else if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0 &&
                 strcmp(e->d_name, "_SUCCESS") != 0)
            ++*others;
    }
    if (d != NULL) closedir(d);
    return count;
}

/* ---- what is right ---- */

static bool run_local(weft_local *local, const char *text, char **csv, int64_t *rows)
{
    weft_error error = {0};
    weft_result *result = NULL;
    size_t bytes = 0;
    const weft_statement statement = {.text = text, .len = strlen(text), .upload = weft_local_files(local)};
    weft_status st = weft_session_execute(weft_local_session(local), &statement, &error, &result);
    *csv = NULL;
    *rows = 0;
    if (st == WEFT_OK && weft_result_schema(result) != NULL) {
        FILE *out = open_memstream(csv, &bytes);
        st = weft_output_write(result, WEFT_OUTPUT_CSV, out, NULL, &error, rows);
        fclose(out);
    }
    weft_result_free(&result);
    if (st != WEFT_OK) fprintf(stderr, "cannot prepare: %.*s: %s\n", SAID_BYTES, text, error.message);
    return st == WEFT_OK;
}

static bool learn_line(weft_local *local, int32_t i, const char *table)
{
    for (int32_t a = 0; a < ANSWERS; a++) {
        char *csv = NULL, *text = statement_of(&catalogue[i], a, table);
        const bool ran = text == NULL || run_local(local, text, &csv, &learnt.rows[i][a]);
        free(text);
        if (!ran) return false;
        learnt.text[i][a] = csv;
        if (csv != NULL) learnt.hash[i][a] = weft_hash_bytes(csv, strlen(csv));
    }
    return true;
}

/* Run a query whose rows are one file, and put that file there. */
static bool make_file(weft_local *local, const story *s, const char *query, const char *path)
{
    char text[TEXT_BYTES], one[STORY_FOLDER_BYTES + 16], from[1024], *csv = NULL;
    int64_t rows = 0;
    snprintf(one, sizeof(one), "%s/one", s->folder);
    snprintf(text, sizeof(text), "INSERT OVERWRITE DIRECTORY '%s' USING parquet %s", one, query);
    const bool made = run_local(local, text, &csv, &rows);
    free(csv);
    if (!made) return false;
    DIR *d = opendir(one);
    for (const struct dirent *e; (e = readdir(d)) != NULL;) {
        if (strncmp(e->d_name, "part-", 5) != 0) continue;
        snprintf(from, sizeof(from), "%s/%s", one, e->d_name);
        if (rename(from, path) != 0) return false;
    }
    closedir(d);
    /* plans and records have the times of what they read */
    const struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, {.tv_sec = INPUT_S}};
    if (utimensat(AT_FDCWD, path, times, 0) != 0) return false;
    story_remove_folder(one);
    return true;
}

static const char rows_of_input[] = "VALUES (0),(1),(2),(3),(4),(5),(6),(7),(8),(9) a(x) CROSS JOIN "
                                    "VALUES (0),(1),(2) b(y)";

/* Each file of the input is written by a job of its own; the client's has more than a chunk of a blob. */
static bool make_input(weft_local *local, const story *s)
{
    char query[TEXT_BYTES / 2], path[STORY_FOLDER_BYTES + 32];
    mkdir(learnt.input, 0700);
    for (int32_t f = 0; f < INPUT_FILES; f++) {
        snprintf(query, sizeof(query), "SELECT %d + x + 10 * y AS id, x %% 5 AS k FROM %s", 30 * f,
                 rows_of_input);
        snprintf(path, sizeof(path), "%s/part-%d.parquet", learnt.input, f);
        if (!make_file(local, s, query, path)) return false;
    }
    snprintf(query, sizeof(query),
             "SELECT x + 10 * y AS id, x %% 5 AS k, array_join(transform(sequence(1, 1000), i -> "
             "sha2(CAST(x * 100000 + y * 10000 + i AS STRING), 256)), '') t FROM %s",
             rows_of_input);
    return make_file(local, s, query, learnt.file);
}

bool story_prepare(story *s)
{
    weft_settings settings;
    weft_error error;
    weft_local *local = NULL;
    char table[STORY_FOLDER_BYTES + 16];
    const char *base = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
    s->folder = "/proc/self/cwd";
    snprintf(s->place, sizeof(s->place), "%s/weft-sim-%d", base, (int)getpid());
    if ((mkdir(s->place, 0700) != 0 && errno != EEXIST) || chdir(s->place) != 0) {
        perror(s->place);
        return false;
    }
    snprintf(learnt.input, sizeof(learnt.input), "%s/input", s->folder);
    snprintf(learnt.file, sizeof(learnt.file), "%s/more.parquet", s->folder);
    snprintf(table, sizeof(table), "%s/right", s->folder);
    weft_settings_init(&settings);
    settings.number[WEFT_SET_SLOTS] = 1;
    settings.number[WEFT_SET_MEMORY] = 256 << 20;
    settings.number[WEFT_SET_SHUFFLE_PARTITIONS] = 3;
    if (weft_local_start(&settings, &error, &local) != WEFT_OK) return false;
    bool right = make_input(local, s);
    for (int32_t i = 0; i < LINES && right; i++) right = learn_line(local, i, table);
    weft_local_stop(&local);
    story_remove_folder(table);
    return right;
}

void story_remove(const story *s)
{
    for (int32_t i = 0; i < LINES; i++)
        for (int32_t a = 0; a < ANSWERS; a++) free(learnt.text[i][a]);
    story_remove_folder(s->place);
}

void story_world_begin(const story *s, uint64_t number, char folder[STORY_FOLDER_BYTES])
{
    snprintf(folder, STORY_FOLDER_BYTES, "%s/%llu", s->folder, (unsigned long long)number);
    mkdir(folder, 0700);
}

void story_world_end(const char *folder) { story_remove_folder(folder); }

/* ---- playing ---- */

/* One of the lines, by their draws. */
static int32_t draw_line(bool more)
{
    int64_t drawn = 0, draws[LINES];
    for (int32_t i = 0; i < LINES; i++) {
        draws[i] = catalogue[i].draws * (more && catalogue[i].kind == LINE_OTHER ? 4 : 1);
        drawn += draws[i];
    }
    drawn = sim_dice(1, drawn);
    int32_t at = 0;
    while ((drawn -= draws[at]) > 0) at++;
    return at;
}

void story_draw(story_part *part, bool whole, bool more)
{
    *part = (story_part){.slow = sim_chance(400)};
    if (whole)
        for (int32_t i = 0; i < LINES; i++) part->lines[part->count++] = i;
    for (int32_t n = (int32_t)sim_dice(1, more ? 6 : 3); n > 0 && !whole; n--)
        part->lines[part->count++] = draw_line(more);
}

static void table_of(const char *folder, int32_t client, char *out)
{
    snprintf(out, STORY_FOLDER_BYTES + 16, "%s/t%d", folder, client);
}

/* The rows of a result as they come; slow: with pauses, so that much can happen meanwhile. */
static weft_status read_rows(weft_result *result, bool slow, char **csv, weft_error *error, int64_t *rows)
{
    size_t bytes = 0;
    FILE *out = open_memstream(csv, &bytes);
    if (slow) fiber_sleep(sim_dice(10, 1500) * MS);
    const weft_status st = weft_output_write(result, WEFT_OUTPUT_CSV, out, NULL, error, rows);
    fclose(out);
    return st;
}

/* A leader without ZooKeeper takes nothing new, and one that is alone takes no file: both say so. */
static bool is_refused(weft_status st, int32_t at)
{
    return st == WEFT_NO_QUORUM || (st == WEFT_UNREACHABLE && at >= 0 && catalogue[at].kind == LINE_FILE);
}

static void say_statement(program *p, const char *text, int32_t at, int32_t answer, bool slow)
{
    weft_error error = {0};
    weft_result *result = NULL;
    char *csv = NULL;
    int64_t rows = 0;
    sim_say("asks: %.*s", SAID_BYTES, text);
    ((cast *)sim()->of)->counts.statements++;
    weft_status st = weft_remote_execute(p->remote, text, strlen(text), &error, &result);
    for (int32_t tries = 0; is_refused(st, at) && tries < REFUSED_MOST; tries++) {
        fiber_sleep(200 * MS);
        st = weft_remote_execute(p->remote, text, strlen(text), &error, &result);
    }
    if (st == WEFT_OK && weft_result_schema(result) != NULL)
        st = read_rows(result, slow, &csv, &error, &rows);
    if (st != WEFT_OK)
        sim_wrong("%s is told of an error: %s (%.*s)", p->name, error.message, SAID_BYTES, text);
    else if (at >= 0 && learnt.text[at][answer] != NULL &&
             (csv == NULL || weft_hash_bytes(csv, strlen(csv)) != learnt.hash[at][answer])) {
        sim_say("got:\n%sinstead of:\n%s", csv == NULL ? "" : csv, learnt.text[at][answer]);
        sim_wrong("%s has %lld rows instead of %lld, or others: %.*s", p->name, (long long)rows,
                  (long long)learnt.rows[at][answer], SAID_BYTES, text);
    }
    sim_trace((uint64_t)rows << 8 | (uint64_t)st);
    sim_say("has %lld rows", (long long)rows);
    weft_result_free(&result);
    free(csv);
}

void story_play(program *p, story_part *part, const char *folder)
{
    char table[STORY_FOLDER_BYTES + 16], *text = NULL;
    int32_t others = 0;
    table_of(folder, p->number, table);
    for (int32_t i = 0; i < WEFT_COUNT(prologue); i++) say_statement(p, prologue[i], -1, 0, false);
    for (part->at = 0; part->at < part->count && sim()->wrong == NULL; part->at++) {
        const int32_t i = part->lines[part->at];
        for (int32_t a = 0; a < ANSWERS && (text = statement_of(&catalogue[i], a, table)) != NULL; a++) {
            part->says = text;
            say_statement(p, text, i, a, part->slow);
            part->says = "nothing";
            free(text);
        }
        ((cast *)sim()->of)->counts.files += catalogue[i].kind == LINE_FILE;
        if (catalogue[i].kind == LINE_WRITE) { /* it was read: what stands there is whole */
            part->writes++;
            part->files = count_files(table, &others);
        }
        if (sim_chance(300)) fiber_sleep(sim_dice(1, 800) * MS);
    }
    part->says = "the end of its session";
    weft_remote_close(&p->remote);
    part->is_over = true;
}

const char *story_check_files(const story_part *part, const char *folder, int32_t client)
{
    char table[STORY_FOLDER_BYTES + 16];
    int32_t others = 0;
    table_of(folder, client, table);
    const int32_t files = count_files(table, &others);
    if (others > 0) return "something staged is left in a table";
    if (files != part->files) return "a table has other files than its last write made";
    return NULL;
}
