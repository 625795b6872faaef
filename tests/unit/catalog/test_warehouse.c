/* Tables of the warehouse: what is put is found, by any case and in another process' eyes; one of two that
 * create wins; nothing is left of what is dropped. */
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/catalog/warehouse.h"
#include "engine/storage/fs.h"
#include "tests/support/fixture.h"

static char folder[64];

static void open_warehouse(weft_fixture *f)
{
    weft_fixture_open(f);
    snprintf(folder, sizeof folder, "warehouse-XXXXXX");
    assert_non_null(mkdtemp(folder));
    weft_fixture_ok(f, weft_settings_set(&f->ctx, &f->settings, "weft.sql.warehouse.dir", folder));
}

static void close_warehouse(weft_fixture *f)
{
    weft_fixture_ok(f, weft_fs_remove_tree(&f->ctx, folder));
    weft_fixture_close(f);
}

static const weft_column_definition columns[] = {
    {.name = "Id", .type = {.id = WEFT_TYPE_INT}, .comment = "tab\there, line\nthere \\"},
    {.name = "name", .type = {.id = WEFT_TYPE_STRING}, .initial = "'x'"}};
static const char *const places[] = {"name=a\tb", "/else where", "name=c", ""};
static const char *const pairs[] = {"a.b", "c\td", "e", ""};

static weft_table_definition example(const char *database, const char *name)
{
    return (weft_table_definition){.database = database,
                                   .name = name,
                                   .external = true,
                                   .format = "parquet",
                                   .location = "/data/a b",
                                   .comment = "what\nit is",
                                   .column_count = 2,
                                   .partition_count = 1,
                                   .place_count = 2,
                                   .places = places,
                                   .columns = columns,
                                   .option_count = 1,
                                   .options = pairs,
                                   .property_count = 2,
                                   .properties = pairs};
}

static void a_definition_comes_back(void **state)
{
    weft_fixture f;
    const weft_table_definition *found = NULL;
    (void)state;
    open_warehouse(&f);
    const weft_table_definition d = example("default", "Tab_1");
    weft_fixture_ok(&f, weft_warehouse_put(&f.ctx, &d, false));
    weft_fixture_ok(&f, weft_warehouse_find(&f.ctx, "DEFAULT", "tAB_1", &found));
    assert_non_null(found);
    assert_string_equal(found->name, d.name);
    assert_string_equal(found->location, d.location);
    assert_string_equal(found->comment, d.comment);
    assert_true(found->external);
    assert_int_equal(found->column_count, 2);
    assert_int_equal(found->partition_count, 1);
    assert_string_equal(found->columns[0].comment, columns[0].comment);
    assert_null(found->columns[1].comment);
    assert_string_equal(found->columns[1].initial, "'x'");
    assert_int_equal(found->columns[1].type.id, WEFT_TYPE_STRING);
    assert_int_equal(found->place_count, 2);
    for (int32_t i = 0; i < 4; i++) assert_string_equal(found->places[i], places[i]);
    assert_int_equal(found->property_count, 2);
    assert_string_equal(found->properties[1], "c\td");
    assert_string_equal(found->properties[3], "");
    weft_fixture_ok(&f, weft_warehouse_find(&f.ctx, "default", "nosuch", &found));
    assert_null(found);
    close_warehouse(&f);
}

/* What rows have that are older than a column: plain values and packed ones. */
static void values_of_older_rows_come_back(void **state)
{
    weft_fixture f;
    const weft_table_definition *found = NULL;
    (void)state;
    open_warehouse(&f);
    const weft_value number = {.type = WEFT_TYPE_OF(WEFT_TYPE_INT), .i64 = -5};
    const weft_value text = {.type = WEFT_TYPE_OF(WEFT_TYPE_STRING), .str = weft_str_view("a\tb", 3)};
    weft_column_definition given[] = {columns[0], columns[1]};
    given[0].absent = &number;
    given[1].absent = &text;
    weft_table_definition d = example("default", "t");
    d.columns = given;
    weft_fixture_ok(&f, weft_warehouse_put(&f.ctx, &d, false));
    weft_fixture_ok(&f, weft_warehouse_find(&f.ctx, "default", "t", &found));
    assert_int_equal(found->columns[0].absent->i64, -5);
    assert_int_equal(weft_value_compare(found->columns[1].absent, &text), 0);
    close_warehouse(&f);
}

static void one_of_two_creates(void **state)
{
    weft_fixture f;
    const char *const *names = NULL;
    int32_t count = 0;
    (void)state;
    open_warehouse(&f);
    const weft_table_definition d = example("default", "t"), other = example("nosuch", "t");
    weft_fixture_ok(&f, weft_warehouse_put(&f.ctx, &d, false));
    assert_int_equal(weft_warehouse_put(&f.ctx, &d, false), WEFT_TABLE_OR_VIEW_ALREADY_EXISTS);
    weft_error_clear(&f.ctx);
    weft_fixture_ok(&f, weft_warehouse_put(&f.ctx, &d, true));
    assert_int_equal(weft_warehouse_put(&f.ctx, &other, false), WEFT_SCHEMA_NOT_FOUND);
    weft_error_clear(&f.ctx);
    weft_fixture_ok(&f, weft_warehouse_tables(&f.ctx, "default", &names, &count));
    assert_int_equal(count, 1); /* nothing is left of the one that lost */
    assert_string_equal(names[0], "t");
    close_warehouse(&f);
}

static void databases_hold_tables(void **state)
{
    weft_fixture f;
    const char *const *names = NULL;
    int32_t count = 0;
    bool has = true;
    (void)state;
    open_warehouse(&f);
    weft_fixture_ok(&f, weft_warehouse_create_database(&f.ctx, &(weft_table_definition){.name = "Sales"}));
    assert_int_equal(weft_warehouse_create_database(&f.ctx, &(weft_table_definition){.name = "SALES"}),
                     WEFT_SCHEMA_EXISTS);
    weft_error_clear(&f.ctx);
    const weft_table_definition d = example("sales", "t");
    weft_fixture_ok(&f, weft_warehouse_put(&f.ctx, &d, false));
    assert_int_equal(weft_warehouse_drop_database(&f.ctx, "sales", false), WEFT_SCHEMA_NOT_EMPTY);
    weft_error_clear(&f.ctx);
    weft_fixture_ok(&f, weft_warehouse_rename(&f.ctx, &d, "u"));
    weft_fixture_ok(&f, weft_warehouse_tables(&f.ctx, "sales", &names, &count));
    assert_int_equal(count, 1);
    assert_string_equal(names[0], "u");
    weft_fixture_ok(&f, weft_warehouse_databases(&f.ctx, &names, &count));
    assert_int_equal(count, 2);
    assert_string_equal(names[1], "sales");
    weft_fixture_ok(&f, weft_warehouse_drop_database(&f.ctx, "sales", true));
    weft_fixture_ok(&f, weft_warehouse_has_database(&f.ctx, "sales", &has));
    assert_false(has);
    close_warehouse(&f);
}

/* What another process does to the comment of a table: it puts one more letter behind it, so many times. */
static bool grow_comment(weft_fixture *f, int32_t times)
{
    for (int32_t i = 0; i < times; i++) {
        const weft_table_definition *found = NULL;
        char *comment = NULL;
        int lock = -1;
        if (weft_warehouse_lock(&f->ctx, &lock) != WEFT_OK || lock < 0) return false;
        if (weft_warehouse_find(&f->ctx, "default", "t", &found) != WEFT_OK || found == NULL) return false;
        if (weft_arena_printf(&f->ctx, f->ctx.arena, &comment, "%s+", found->comment) != WEFT_OK)
            return false;
        weft_table_definition d = *found;
        d.comment = comment;
        if (weft_warehouse_put(&f->ctx, &d, true) != WEFT_OK) return false;
        weft_warehouse_unlock(&lock);
    }
    return true;
}

/* Two processes change one table at once: no change of either is lost. */
static void changes_of_two_processes_stay(void **state)
{
    enum { TIMES = 100 };
    weft_fixture f;
    const weft_table_definition *found = NULL;
    int lock = 0, status = 0;
    (void)state;
    open_warehouse(&f);
    weft_fixture_ok(&f, weft_warehouse_lock(&f.ctx, &lock));
    assert_int_equal(lock, -1); /* there is nothing yet that could change */
    weft_table_definition d = example("default", "t");
    d.comment = "";
    weft_fixture_ok(&f, weft_warehouse_put(&f.ctx, &d, false));
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) _exit(grow_comment(&f, TIMES) ? 0 : 1);
    assert_true(grow_comment(&f, TIMES));
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    weft_fixture_ok(&f, weft_warehouse_find(&f.ctx, "default", "t", &found));
    assert_int_equal(strlen(found->comment), 2 * TIMES);
    close_warehouse(&f);
}

/* Who waits for the lock hears that it is cancelled, and a process that dies gives the lock back. */
static void waiting_ends(void **state)
{
    weft_fixture f;
    atomic_bool cancel = true;
    int lock = -1, second = -1, status = 0, ready[2];
    char byte = 0;
    (void)state;
    open_warehouse(&f);
    const weft_table_definition d = example("default", "t");
    weft_fixture_ok(&f, weft_warehouse_put(&f.ctx, &d, false));
    weft_fixture_ok(&f, weft_warehouse_lock(&f.ctx, &lock));
    f.ctx.cancel = &cancel;
    assert_int_equal(weft_warehouse_lock(&f.ctx, &second), WEFT_CANCELLED);
    assert_int_equal(second, -1);
    weft_error_clear(&f.ctx);
    f.ctx.cancel = NULL;
    weft_warehouse_unlock(&lock);
    assert_int_equal(pipe(ready), 0);
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        const bool held = weft_warehouse_lock(&f.ctx, &lock) == WEFT_OK && write(ready[1], "x", 1) == 1;
        for (;;) held ? (void)pause() : _exit(1);
    }
    assert_int_equal(read(ready[0], &byte, 1), 1);
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    weft_fixture_ok(&f, weft_warehouse_lock(&f.ctx, &lock));
    assert_true(lock >= 0);
    weft_warehouse_unlock(&lock);
    close(ready[0]);
    close(ready[1]);
    close_warehouse(&f);
}

/* A folder of the warehouse is removed with its table: no name leads out of it. */
static void a_name_is_no_path(void **state)
{
    static const char *const names[] = {"", "..", ".", "a/b", "../x", "a b", "\xC3\xA4", "_a-b"};
    weft_fixture f;
    (void)state;
    open_warehouse(&f);
    for (int32_t i = 0; i < WEFT_COUNT(names); i++) {
        const weft_table_definition *found = NULL;
        const weft_table_definition d = example("default", names[i]);
        const char *path = NULL;
        assert_int_equal(weft_warehouse_put(&f.ctx, &d, true), WEFT_INVALID_SCHEMA_OR_RELATION_NAME);
        weft_error_clear(&f.ctx);
        assert_int_equal(weft_warehouse_create_database(&f.ctx, &(weft_table_definition){.name = names[i]}),
                         WEFT_INVALID_SCHEMA_OR_RELATION_NAME);
        weft_error_clear(&f.ctx);
        assert_int_equal(weft_warehouse_location(&f.ctx, "default", names[i], &path),
                         WEFT_INVALID_SCHEMA_OR_RELATION_NAME);
        weft_error_clear(&f.ctx);
        assert_int_equal(weft_warehouse_location(&f.ctx, names[i], "t", &path),
                         WEFT_INVALID_SCHEMA_OR_RELATION_NAME);
        weft_error_clear(&f.ctx);
        weft_fixture_ok(&f, weft_warehouse_find(&f.ctx, "default", names[i], &found));
        assert_null(found);
    }
    close_warehouse(&f);
}

static void foreign_text_is_refused(void **state)
{
    static const char *const texts[] = {
        "",
        "weft-table 2\nname t\n",
        "weft-table 1\nname t\n",
        "weft-table 1\nname t\nformat parquet\nlocation x\npartitions 3\n",
        "weft-table 1\nname t\nformat p\nlocation x\ncolumn a\tnosuch<\n",
        "weft-table 1\nname t\nformat p\nlocation x\ncolumn a\tint\nabsent a\t0z\n",
        "weft-table 1\nname t\nformat p\nlocation x\ncolumn a\tint\nabsent a\t00\n"};
    weft_fixture f;
    const weft_table_definition *found = NULL;
    (void)state;
    open_warehouse(&f);
    for (int32_t i = 0; i < WEFT_COUNT(texts); i++) {
        weft_file_writer *writer = NULL;
        char *path = NULL, *at = NULL;
        weft_fixture_ok(&f, weft_arena_printf(&f.ctx, f.arena, &at, "%s/_catalog/default", folder));
        weft_fixture_ok(&f, weft_fs_make_directories(&f.ctx, at));
        weft_fixture_ok(&f, weft_arena_printf(&f.ctx, f.arena, &path, "%s/t_t%d", at, (int)i));
        weft_fixture_ok(&f, weft_file_create(&f.ctx, path, &writer));
        weft_fixture_ok(&f, weft_file_append(&f.ctx, writer, texts[i], (int64_t)strlen(texts[i])));
        weft_fixture_ok(&f, weft_file_finish(&f.ctx, &writer));
        char name[16];
        snprintf(name, sizeof name, "t%d", (int)i);
        assert_int_not_equal(weft_warehouse_find(&f.ctx, "default", name, &found), WEFT_OK);
        weft_error_clear(&f.ctx);
    }
    close_warehouse(&f);
}

WEFT_TESTS(WEFT_TEST(a_definition_comes_back), WEFT_TEST(values_of_older_rows_come_back),
           WEFT_TEST(one_of_two_creates), WEFT_TEST(databases_hold_tables), WEFT_TEST(a_name_is_no_path),
           WEFT_TEST(foreign_text_is_refused), WEFT_TEST(changes_of_two_processes_stay),
           WEFT_TEST(waiting_ends))
