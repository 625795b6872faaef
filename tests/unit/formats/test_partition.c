/* Partition columns from the names of folders. The types and values are what Spark 4 makes of the same
 * folders. */
#include "engine/expr/cast.h"
#include "engine/formats/partition.h"
#include "tests/support/fixture.h"

/* Files base/<folders>/f; "" is the base itself. */
static weft_status find(weft_fixture *f, const char *const *folders, const weft_schema *given,
                        const char *base, weft_partitions *out)
{
    weft_file_info files[8];
    int32_t count = 0;
    for (; folders[count] != NULL; count++) {
        char *path = NULL;
        const char *slash = folders[count][0] == '\0' ? "" : "/";
        weft_fixture_ok(f,
                        weft_arena_printf(&f->ctx, f->arena, &path, "/data/t%s%s/f", slash, folders[count]));
        files[count] = (weft_file_info){.path = path, .base_bytes = (int32_t)strlen("/data/t")};
    }
    return weft_partitions_find(&f->ctx, files, count, base, given, out);
}

static void types_are_sparks(void **state)
{
    (void)state;
    static const struct {
        const char *folders[3];
        const char *type;
        const char *values; /* separated by | */
    } cases[] = {
        {{"x=1", "x=2"}, "int", "1|2"},
        {{"x=1", "x=5000000000"}, "bigint", "1|5000000000"},
        {{"x=1", "x=99999999999999999999"}, "decimal(20,0)", "1|99999999999999999999"},
        {{"x=1", "x=1.5"}, "double", "1.0|1.5"},
        {{"x=1.5", "x=5000000000"}, "string", "1.5|5000000000"},
        {{"x=1.5", "x=99999999999999999999"}, "string", "1.5|99999999999999999999"},
        {{"x=1e3"}, "decimal(4,0)", "1000"},
        {{"x=1E2", "x=5"}, "decimal(10,0)", "100|5"},
        {{"x=12345678901234567890123456789012345678901"}, "double", "1.2345678901234568E40"},
        {{"x=2020-01-01", "x=2020-01-02"}, "date", "2020-01-01|2020-01-02"},
        {{"x=2020-01-01", "x=2020-01-01 10%3A00%3A00"},
         "timestamp",
         "2020-01-01 00:00:00|2020-01-01 10:00:00"},
        {{"x=2020-01-01 10%3A00%3A00.5"}, "timestamp", "2020-01-01 10:00:00.5"},
        {{"x=2020-01-01 10%3A00%3A00.50"}, "string", "2020-01-01 10:00:00.50"},
        {{"x=2020-01-01T10%3A00%3A00"}, "string", "2020-01-01T10:00:00"},
        {{"x=2020-1-1"}, "string", "2020-1-1"},
        {{"x=2020-01"}, "string", "2020-01"},
        {{"x=2020-13-01"}, "string", "2020-13-01"},
        {{"x=01", "x=1"}, "int", "1|1"},
        {{"x=+5"}, "int", "5"},
        {{"x=1", "x=a"}, "string", "1|a"},
        {{"x=a", "x=__HIVE_DEFAULT_PARTITION__"}, "string", "a|NULL"},
        {{"x=__HIVE_DEFAULT_PARTITION__"}, "void", "NULL"},
        {{"x=2020-01-01", "x=__HIVE_DEFAULT_PARTITION__"}, "date", "2020-01-01|NULL"},
        {{"x=true"}, "string", "true"},
        {{"x=NaN"}, "double", "NaN"},
        {{"x=-Infinity"}, "double", "-Infinity"},
        {{"x=1.5f"}, "double", "1.5"},
        {{"x=0x10"}, "string", "0x10"},
        {{"x=2020-01-01", "x=1"}, "string", "2020-01-01|1"},
        {{"x= 1"}, "double", "1.0"},
        {{"x=1_000"}, "string", "1_000"},
        {{"x=a%20b", "x=a b"}, "string", "a b|a b"},
        {{"x=100%", "x=%zz%4"}, "string", "100%|%zz%4"},
        {{"x=1=2"}, "string", "1=2"},
        {{"x=1/b", "x=2/c"}, "int", "1|2"},
    };
    for (int i = 0; i < WEFT_COUNT(cases); i++) {
        weft_fixture f;
        weft_partitions p;
        char type[64], all[256] = "";
        const char *const folders[] = {cases[i].folders[0], cases[i].folders[1], NULL};
        weft_fixture_open(&f);
        weft_fixture_ok(&f, find(&f, folders, NULL, NULL, &p));
        assert_int_equal(p.count, 1);
        assert_string_equal(p.fields[0].name, "x");
        assert_string_equal(weft_type_text(p.fields[0].type, type, sizeof type), cases[i].type);
        for (int v = 0; folders[v] != NULL; v++) {
            char *value = NULL;
            if (!p.values[v].is_null) weft_fixture_ok(&f, weft_value_cast_text(&f.ctx, &p.values[v], &value));
            snprintf(all + strlen(all), sizeof all - strlen(all), "%s%s", v > 0 ? "|" : "",
                     value != NULL ? value : "NULL");
        }
        assert_string_equal(all, cases[i].values);
        weft_fixture_close(&f);
    }
}

static void several_columns(void **state)
{
    (void)state;
    const char *const folders[] = {"a=1/b%3D=x", "a=1/b%3D=y", "A=2/B%3D=x", NULL};
    weft_fixture f;
    weft_partitions p;
    weft_fixture_open(&f);
    weft_fixture_ok(&f, find(&f, folders, NULL, NULL, &p));
    assert_int_equal(p.count, 2);
    assert_string_equal(p.fields[1].name, "b=");
    assert_int_equal(p.values[4].i64, 2);
    assert_int_equal(p.distinct[0], 2);
    assert_int_equal(p.distinct[1], 2);
    /* Folders above the one asked for do not count, unless they are told. */
    const char *const plain[] = {"b", "", NULL};
    weft_fixture_ok(&f, find(&f, plain, NULL, NULL, &p));
    assert_int_equal(p.count, 0);
    const weft_file_info inside = {.path = "/data/t/a=1/f", .base_bytes = 11};
    weft_fixture_ok(&f, weft_partitions_find(&f.ctx, &inside, 1, NULL, NULL, &p));
    assert_int_equal(p.count, 0);
    weft_fixture_ok(&f, weft_partitions_find(&f.ctx, &inside, 1, "/data/t/", NULL, &p));
    assert_int_equal(p.count, 1);
    weft_fixture_close(&f);
}

/* A schema that is given sets the types; a value that does not fit is an error. */
static void types_may_be_given(void **state)
{
    (void)state;
    static const char *const names[] = {"string", "smallint", "decimal(5,1)",
                                        "float",  "boolean",  "array<int>"};
    static const weft_status outcomes[] = {
        WEFT_OK, WEFT_OK, WEFT_OK, WEFT_OK, WEFT_CAST_INVALID_INPUT, WEFT_UNSUPPORTED};
    const char *const folders[] = {"x=7", "x=12", NULL}, *const large[] = {"x=40000", NULL};
    for (int i = 0; i < WEFT_COUNT(names); i++) {
        weft_fixture f;
        weft_partitions p;
        weft_field field = {.name = "X", .nullable = true};
        const weft_schema given = {.count = 1, .fields = &field};
        weft_fixture_open(&f);
        weft_fixture_ok(&f, weft_type_parse(&f.ctx, names[i], &field.type));
        assert_int_equal(find(&f, folders, &given, NULL, &p), outcomes[i]);
        if (i == 1) assert_int_equal(find(&f, large, &given, NULL, &p), WEFT_CAST_INVALID_INPUT);
        weft_fixture_close(&f);
    }
}

static void conflicts_are_errors(void **state)
{
    (void)state;
    static const struct {
        const char *folders[3];
        weft_status status;
    } cases[] = {{{"x=1", "y=2"}, WEFT_CONFLICTING_PARTITION_COLUMNS},
                 {{"x=1/y=2", "x=2"}, WEFT_CONFLICTING_PARTITION_COLUMNS},
                 {{"b/x=1", "c/x=2"}, WEFT_CONFLICTING_DIRECTORIES},
                 {{"", "x=1"}, WEFT_CONFLICTING_DIRECTORIES}, /* Spark leaves the first file out in silence */
                 {{"x=1/X=2"}, WEFT_COLUMN_ALREADY_EXISTS},
                 {{"x="}, WEFT_EMPTY_PARTITION_VALUE},
                 {{"=1"}, WEFT_EMPTY_PARTITION_NAME}};
    for (int i = 0; i < WEFT_COUNT(cases); i++) {
        weft_fixture f;
        weft_partitions p;
        const char *const folders[] = {cases[i].folders[0], cases[i].folders[1], NULL};
        weft_fixture_open(&f);
        assert_int_equal(find(&f, folders, NULL, NULL, &p), cases[i].status);
        assert_int_equal(find(&f, folders, NULL, "/elsewhere", &p), WEFT_INVALID);
        weft_fixture_close(&f);
    }
}

/* A partition that lies elsewhere has the folders that stand for it; those of its path do not count. */
static void folders_may_stand_apart(void **state)
{
    weft_fixture f;
    weft_partitions p;
    (void)state;
    weft_fixture_open(&f);
    const weft_file_info files[] = {{.path = "/away/z=9/f", .folder = "x=2/y=b%20c"},
                                    {.path = "/data/t/x=1/y=a/f", .base_bytes = (int32_t)strlen("/data/t")}};
    weft_fixture_ok(&f, weft_partitions_find(&f.ctx, files, 2, NULL, NULL, &p));
    assert_int_equal(p.count, 2);
    assert_int_equal(p.values[0].i64, 2);
    assert_int_equal(p.values[2].i64, 1);
    assert_int_equal(p.values[1].str.len, strlen("b c"));
    weft_fixture_close(&f);
}

WEFT_TESTS(WEFT_TEST(folders_may_stand_apart), WEFT_TEST(types_are_sparks), WEFT_TEST(several_columns),
           WEFT_TEST(types_may_be_given), WEFT_TEST(conflicts_are_errors))
