/* Types read back from their own text, and everything else is refused with a place. */
#include "tests/unit/columnar/columnar_fixture.h"

static void texts_read_back(void **state)
{
    (void)state;
    weft_fixture f;
    weft_fixture_open(&f);
    for (int i = 0; i < COLUMNAR_TYPES; i++) {
        char text[200];
        const weft_type type = columnar_type(&f, columnar_types[i]);
        assert_string_equal(weft_type_text(type, text, sizeof text), columnar_types[i]);
        assert_true(weft_type_equal(type, columnar_type(&f, text)));
        for (int k = 0; k < i; k++) assert_false(weft_type_equal(type, columnar_type(&f, columnar_types[k])));
    }
    weft_fixture_close(&f);
}

static void other_spellings(void **state)
{
    (void)state;
    static const char *const pairs[][2] = {
        {"INTEGER", "int"},
        {" Long ", "bigint"},
        {"short", "smallint"},
        {"byte", "tinyint"},
        {"real", "float"},
        {"dec", "decimal(10,0)"},
        {"NUMERIC ( 5 )", "decimal(5,0)"},
        {"decimal(5,5)", "decimal(5,5)"},
        {"varchar(20)", "string"},
        {"char(3)", "string"},
        {"timestamp_ltz", "timestamp"},
        {"null", "void"},
        {"interval month", "interval month"},
        {"INTERVAL HOUR TO SECOND", "interval hour to second"},
        {"interval", "interval"},
        {"time", "time(6)"},
        {"time(0) without time zone", "time(0)"},
        {"time(9)", "time(9)"},
        {"timestamp(6)", "timestamp"},
        {"timestamp_ntz(9)", "timestamp_ntz(9)"},
        {"array < array<int> >", "array<array<int>>"},
        {"struct<a int not null, `b c`: string>", "struct<a:int,`b c`:string>"},
        {"struct<`a``b`:int>", "struct<`a``b`:int>"},
        {"map<int , string>", "map<int,string>"},
    };
    weft_fixture f;
    weft_fixture_open(&f);
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        char text[200];
        assert_string_equal(weft_type_text(columnar_type(&f, pairs[i][0]), text, sizeof text), pairs[i][1]);
    }
    const weft_type type = columnar_type(&f, "struct<a:int not null,`x``y`:map<int,string>>");
    assert_false(type.children[0].nullable);
    assert_true(type.children[1].nullable);
    assert_string_equal(type.children[1].name, "x`y");
    assert_false(type.children[1].type.children[0].nullable); /* the keys of a map */
    weft_fixture_close(&f);
}

static void what_is_no_type(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "",
        "  ",
        "integer2",
        "int int",
        "decimal(0)",
        "decimal(39)",
        "decimal(5,6)",
        "decimal(5",
        "decimal(,2)",
        "decimal(5,)",
        "decimal(99999999999)",
        "array",
        "array<>",
        "array<int",
        "array<int>>",
        "map<int>",
        "map<int,>",
        "map<int,int,int>",
        "struct<a>",
        "struct<a:>",
        "struct<:int>",
        "struct<a:int,>",
        "struct<`a:int>",
        "struct<a:int not>",
        "interval day to year",
        "interval year to day",
        "interval second to second",
        "varchar(",
        "varchar(x)",
        "struct<a:int b:int>",
        "\xff",
    };
    weft_fixture f;
    weft_fixture_open(&f);
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        weft_type type;
        if (weft_type_parse(&f.ctx, wrong[i], &type) != WEFT_UNSUPPORTED_DATATYPE)
            fail_msg("\"%s\"", wrong[i]);
    }
    char deep[1000] = "";
    for (int i = 0; i < 150; i++) memcpy(deep + 6 * i, "array<", 6);
    weft_type type;
    assert_int_equal(weft_type_parse(&f.ctx, deep, &type), WEFT_UNSUPPORTED_DATATYPE);
    assert_non_null(strstr(f.ctx.error.message, "too deep"));
    weft_fixture_close(&f);
}

static void text_is_cut_to_its_room(void **state)
{
    (void)state;
    weft_fixture f;
    weft_fixture_open(&f);
    const weft_type type = columnar_type(&f, "array<struct<x:array<double>,y:boolean>>");
    for (size_t room = 0; room < 60; room++) {
        char text[64];
        memset(text, '#', sizeof text);
        weft_type_text(type, text, room);
        assert_int_equal(text[room], '#');
        if (room > 0) assert_memory_equal(text, "array<struct<x:array<double>,y:boolean>>", strlen(text));
    }
    weft_fixture_close(&f);
}

static void properties(void **state)
{
    (void)state;
    assert_int_equal(weft_type_phys(weft_type_decimal(18, 2)), WEFT_PHYS_I64);
    assert_int_equal(weft_type_phys(weft_type_decimal(19, 2)), WEFT_PHYS_I128);
    assert_int_equal(weft_phys_bytes(WEFT_PHYS_STR), 16);
    assert_int_equal(weft_phys_bytes(WEFT_PHYS_STRUCT), 0);
    assert_true(weft_type_is_integral(WEFT_TYPE_OF(WEFT_TYPE_BIGINT)));
    assert_false(weft_type_is_integral(weft_type_decimal(5, 0)));
    assert_true(weft_type_is_numeric(weft_type_decimal(5, 0)));
    assert_false(weft_type_is_numeric(WEFT_TYPE_OF(WEFT_TYPE_DATE)));
    assert_false(weft_type_equal(weft_type_decimal(5, 0), weft_type_decimal(5, 1)));
}

static weft_status parse_nested(weft_fixture *f, void *arg)
{
    weft_type type;
    return weft_type_parse(&f->ctx, arg, &type);
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    char text[] = "struct<a:int,b:map<int,string>,c:int,d:int,e:int,f:int,g:int,h:int,i:array<int>,j:int>";
    weft_fixture_oom_sweep(parse_nested, text);
}

WEFT_TESTS(WEFT_TEST(texts_read_back), WEFT_TEST(other_spellings), WEFT_TEST(what_is_no_type),
           WEFT_TEST(text_is_cut_to_its_room), WEFT_TEST(properties), WEFT_TEST(every_allocation_may_fail))
