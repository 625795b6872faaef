/* Options: the table's values, then the file, then the arguments; what is wrong is told with its place and
 * what it might have meant. */
#include "client/options.h"

#include <stddef.h>
#include <unistd.h>

#include "client/config.h"
#include "tests/support/fixture.h"

typedef struct values {
    const char *master, *host, *none;
    int32_t port, count;
    int64_t size, ms;
    bool flag;
} values;

static const weft_option options[] = {
    {"MASTER", 0, "weft.worker.master", NULL, WEFT_OPTION_TEXT, NULL, NULL, "the coordinator",
     offsetof(values, master)},
    {"--host", 'h', "weft.worker.host", "spark.worker.host", WEFT_OPTION_TEXT, "127.0.0.1", "HOST", "address",
     offsetof(values, host)},
    {"--port", 'p', "weft.worker.port", NULL, WEFT_OPTION_PORT, "7078", "PORT", "port",
     offsetof(values, port)},
    {"--count", 0, "weft.worker.count", NULL, WEFT_OPTION_COUNT, "3", "N", "count", offsetof(values, count)},
    {"--size", 0, "weft.worker.size", NULL, WEFT_OPTION_SIZE, "1k", "SIZE", "size", offsetof(values, size)},
    {"--grace", 0, "weft.worker.grace", NULL, WEFT_OPTION_MS, "10s", "TIME", "time", offsetof(values, ms)},
    {"--flag", 0, "weft.worker.flag", NULL, WEFT_OPTION_FLAG, "false", NULL, "flag", offsetof(values, flag)},
    {"--none", 0, NULL, NULL, WEFT_OPTION_TEXT, NULL, "TEXT", "nothing", offsetof(values, none)},
    {"--cores", 'c', "weft.task.slots", NULL, WEFT_OPTION_SETTING, NULL, "N", "cores", 0},
};

static char file[] = "options.conf";

static weft_status parse(weft_fixture *f, values *v, weft_options *out, char *const *arguments)
{
    const weft_option_group groups[] = {{options, WEFT_COUNT(options), v}};
    char *copy[16] = {NULL};
    int count = 0;
    while (arguments[count] != NULL) {
        copy[count] = arguments[count];
        count++;
    }
    *v = (values){0};
    *out = (weft_options){.command = "weft test",
                          .about = "Tests.",
                          .groups = groups,
                          .group_count = 1,
                          .settings = &f->settings};
    const weft_status st = weft_options_parse(&f->ctx, out, count, copy);
    out->groups = NULL; /* they end here */
    return st;
}

#define PARSE(f, v, o, ...) parse(f, v, o, (char *[]){__VA_ARGS__ __VA_OPT__(, ) NULL})

static void write_file(const char *text)
{
    FILE *to = fopen(file, "w");
    assert_non_null(to);
    fputs(text, to);
    assert_int_equal(fclose(to), 0);
}

static void open_fixture(weft_fixture *f)
{
    weft_fixture_open(f);
    assert_int_equal(setenv("WEFT_CONF", "/dev/null", 1), 0); /* whatever this machine has in /etc */
}

static void initial_values(void **state)
{
    (void)state;
    weft_fixture f;
    weft_options o;
    values v;
    open_fixture(&f);
    weft_fixture_ok(&f, PARSE(&f, &v, &o));
    assert_string_equal(v.host, "127.0.0.1");
    assert_null(v.none);
    assert_null(v.master);
    assert_int_equal(v.port, 7078);
    assert_int_equal(v.count, 3);
    assert_int_equal(v.size, 1024);
    assert_int_equal(v.ms, 10000);
    assert_false(v.flag);
    weft_fixture_close(&f);
}

static void arguments(void **state)
{
    (void)state;
    weft_fixture f;
    weft_options o;
    values v;
    open_fixture(&f);
    weft_fixture_ok(&f, PARSE(&f, &v, &o, "-h", "10.0.0.1", "weft://h:7077", "--port=0", "--count", "0", "-c",
                              "8", "--size", "1.5g", "--grace=250ms", "--flag", "--none=--x", "--conf",
                              "weft.sql.batchRows=17", "--conf=weft.worker.count=9"));
    assert_string_equal(v.host, "10.0.0.1");
    assert_string_equal(v.master, "weft://h:7077");
    assert_string_equal(v.none, "--x");
    assert_int_equal(v.port, 0);
    assert_int_equal(v.count, 9); /* the last one wins */
    assert_int_equal(v.size, 3LL << 29);
    assert_int_equal(v.ms, 250);
    assert_true(v.flag);
    assert_int_equal(weft_setting(&f.ctx, WEFT_SET_SLOTS), 8);
    assert_int_equal(weft_setting(&f.ctx, WEFT_SET_BATCH_ROWS), 17);
    assert_int_equal(o.ignored_count, 0);
    weft_fixture_ok(&f, PARSE(&f, &v, &o, "--flag=false"));
    assert_false(v.flag);
    weft_fixture_close(&f);
}

static void an_argument_beats_the_file(void **state)
{
    (void)state;
    weft_fixture f;
    weft_options o;
    values v;
    open_fixture(&f);
    write_file("# weft\n"
               "\n"
               "weft.worker.port 1000\r\n"
               "  weft.worker.host=a b  \n"
               "weft.worker.size : 2m\n"
               "WEFT.worker.Flag\ttrue\n"
               "weft.worker.count 5\n"
               "weft.worker.count 6\n"
               "weft.worker.master weft://h:1#x\n"
               "weft.task.slots = 4\n"
               "spark.sql.shuffle.partitions 16\n"
               "weft.coordinator.anything goes\n"
               "spark.ui.enabled true\n"
               "other x");
    weft_fixture_ok(&f,
                    PARSE(&f, &v, &o, "--properties-file", file, "--port", "2000", "--conf", "spark.x=1"));
    assert_int_equal(v.port, 2000);
    assert_string_equal(v.host, "a b");
    assert_string_equal(v.master, "weft://h:1#x");
    assert_int_equal(v.size, 2 << 20);
    assert_int_equal(v.count, 6);
    assert_true(v.flag);
    assert_int_equal(weft_setting(&f.ctx, WEFT_SET_SLOTS), 4);
    assert_int_equal(weft_setting(&f.ctx, WEFT_SET_SHUFFLE_PARTITIONS), 16);
    assert_int_equal(o.ignored_count, 3);
    assert_string_equal(o.ignored[0], "options.conf:13: spark.ui.enabled");
    assert_string_equal(o.ignored[1], "options.conf:14: other");
    assert_string_equal(o.ignored[2], "--conf: spark.x");
    assert_string_equal(o.file, "options.conf");

    write_file("spark.worker.host h2\n");
    weft_fixture_ok(&f, PARSE(&f, &v, &o, "--config", file));
    assert_string_equal(v.host, "h2");
    assert_int_equal(setenv("WEFT_CONF", file, 1), 0);
    weft_fixture_ok(&f, PARSE(&f, &v, &o));
    assert_string_equal(v.host, "h2");
    weft_fixture_ok(&f, PARSE(&f, &v, &o, "--config=/dev/null"));
    assert_string_equal(v.host, "127.0.0.1");
    weft_fixture_close(&f);
}

static void many_ignored_keys_are_counted(void **state)
{
    (void)state;
    weft_fixture f;
    weft_options o;
    values v;
    char text[4096];
    size_t len = 0;
    open_fixture(&f);
    for (int i = 0; i < 100; i++) len += (size_t)snprintf(text + len, sizeof(text) - len, "spark.k%d 1\n", i);
    write_file(text);
    weft_fixture_ok(&f, PARSE(&f, &v, &o, "--config", file));
    assert_int_equal(o.ignored_count, 100);
    assert_string_equal(o.ignored[WEFT_OPTION_IGNORED_MAX - 1], "options.conf:32: spark.k31");
    weft_fixture_close(&f);
}

static void wrong_arguments_say_what_to_try(void **state)
{
    (void)state;
    static const struct {
        const char *arguments[4], *message, *hint;
    } cases[] = {
        {{"--prot", "1"}, "unknown option --prot", "did you mean --port?"},
        {{"--hlep"}, "unknown option --hlep", "did you mean --help?"},
        {{"--confg=x"}, "unknown option --confg", "did you mean --config?"},
        {{"--entirely-else"}, "unknown option --entirely-else", ""},
        {{"-x", "1"}, "unknown option -x", ""},
        {{"--port"}, "--port misses its value", "--port=VALUE"},
        {{"--host", "--port", "1"}, "--host misses its value", "--host=VALUE"},
        {{"--port", "65536"}, "--port: \"65536\" is not a port", ""},
        {{"--port", "-1"}, "--port: \"-1\" is not a port", ""},
        {{"--port", "1 "}, "is not a port", ""},
        {{"--port="}, "--port: \"\" is not a port", ""},
        {{"--count", "99999999999999999999"}, "is not a whole number", ""},
        {{"--count", "2147483648"}, "is not a whole number", ""},
        {{"--size", "12q"}, "--size: \"12q\" is not a size", ""},
        {{"--size", "-1"}, "is not a size", ""},
        {{"--grace", "soon"}, "--grace: \"soon\" is not a time", ""},
        {{"--flag=yes"}, "--flag: \"yes\" is not true or false", ""},
        {{"--cores", "many"}, "--cores: \"many\" is no value for weft.task.slots", "a whole number"},
        {{"--conf", "nothing"}, "--conf: \"nothing\" is not KEY=VALUE", ""},
        {{"--conf", "=1"}, "is not KEY=VALUE", ""},
        {{"--conf", "weft.worker.prot=1"}, "--conf: unknown key \"weft.worker.prot\"", "weft.worker.port"},
        {{"--conf", "weft.sql.batchRow=1"}, "unknown key \"weft.sql.batchRow\"", "weft.sql.batchRows"},
        {{"--conf", "weft.sql.batchRows=0"}, "--conf: 0 is out of bounds", "from 1 to 4096"},
        {{"weft://a:1", "again"}, "weft test takes no argument \"again\"", ""},
        {{"--config", "/nowhere/x"}, "cannot read /nowhere/x: No such file", ""},
        {{"--config", "/"}, "cannot read /: it is a folder", ""},
    };
    weft_fixture f;
    weft_options o;
    values v;
    open_fixture(&f);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char *argv[5] = {NULL};
        for (int a = 0; a < 4; a++) argv[a] = (char *)(uintptr_t)cases[i].arguments[a];
        weft_error_clear(&f.ctx);
        if (parse(&f, &v, &o, argv) == WEFT_OK) fail_msg("%s was taken", argv[0]);
        if (strstr(f.ctx.error.message, cases[i].message) == NULL ||
            strstr(f.ctx.error.hint, cases[i].hint) == NULL)
            fail_msg("case %zu: %s / %s", i, f.ctx.error.message, f.ctx.error.hint);
    }
    assert_int_equal(setenv("WEFT_CONF", "/nowhere/y", 1), 0);
    assert_int_equal(PARSE(&f, &v, &o), WEFT_NOT_FOUND);
    assert_string_equal(f.ctx.error.hint, "$WEFT_CONF names it");
    weft_fixture_close(&f);
}

static void wrong_lines_say_where(void **state)
{
    (void)state;
    static const struct {
        const char *text, *message, *hint;
    } cases[] = {
        {"\n\nweft.worker.port x\n", "options.conf:3: weft.worker.port: \"x\" is not a port", ""},
        {"weft.worker.size 1x", "options.conf:1: weft.worker.size: \"1x\" is not a size", ""},
        {"weft.worker.hots 1", "options.conf:1: unknown key \"weft.worker.hots\"", "weft.worker.host"},
        {"weft.memry.limit 1", "unknown key \"weft.memry.limit\"", "weft.memory.limit"},
        {"weft.memory.limit much", "options.conf:1: \"much\" is no value for weft.memory.limit", "32m"},
        {"weft.worker.port\n", "options.conf:1: \"weft.worker.port\" is no key and value", "key = value"},
        {"= 3\n", "is no key and value", ""},
        {"weft.worker.host a\\\n", "options.conf:1: the line ends with a backslash", "one line"},
    };
    weft_fixture f;
    weft_options o;
    values v;
    open_fixture(&f);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        write_file(cases[i].text);
        weft_error_clear(&f.ctx);
        assert_int_equal(PARSE(&f, &v, &o, "--config", file), WEFT_CONFIG);
        if (strstr(f.ctx.error.message, cases[i].message) == NULL ||
            strstr(f.ctx.error.hint, cases[i].hint) == NULL)
            fail_msg("case %zu: %s / %s", i, f.ctx.error.message, f.ctx.error.hint);
    }
    weft_fixture_close(&f);
}

static weft_status take_nothing(weft_ctx *ctx, void *self, const char *where, const char *key,
                                const char *value)
{
    (void)ctx, (void)where;
    *(size_t *)self += strlen(key) + strlen(value);
    return WEFT_OK;
}

static void what_is_no_text_file(void **state)
{
    (void)state;
    weft_fixture f;
    size_t seen = 0;
    static char large[WEFT_CONFIG_FILE_BYTES + 1];
    weft_fixture_open(&f);
    assert_int_equal(weft_config_parse(&f.ctx, "x", "a\0b", 3, take_nothing, &seen), WEFT_CONFIG);
    assert_non_null(strstr(f.ctx.error.message, "zero bytes"));
    memset(large, '#', sizeof(large));
    assert_int_equal(weft_config_parse(&f.ctx, "x", large, sizeof(large), take_nothing, &seen), WEFT_CONFIG);
    assert_non_null(strstr(f.ctx.error.message, "larger"));
    weft_fixture_ok(&f, weft_config_parse(&f.ctx, "x", large, sizeof(large) - 1, take_nothing, &seen));
    weft_fixture_ok(&f, weft_config_parse(&f.ctx, "x", "", 0, take_nothing, &seen));
    assert_int_equal(seen, 0);
    weft_fixture_ok(&f, weft_config_parse(&f.ctx, "x", "\xef\xbb\xbfkey =", 8, take_nothing, &seen));
    assert_int_equal(seen, 3);
    assert_int_equal(weft_config_read(&f.ctx, "/dev/zero", take_nothing, &seen), WEFT_CONFIG);
    weft_fixture_close(&f);
}

static void help_wins(void **state)
{
    (void)state;
    weft_fixture f;
    weft_options o;
    values v;
    char text[8192];
    open_fixture(&f);
    weft_fixture_ok(&f, PARSE(&f, &v, &o, "--port", "x", "--help", "--nonsense"));
    assert_true(o.help);
    weft_fixture_ok(&f, PARSE(&f, &v, &o, "-h"));
    assert_true(o.help);

    const weft_option_group groups[] = {{options, WEFT_COUNT(options), &v}};
    o.groups = groups;
    FILE *to = fmemopen(text, sizeof(text), "w");
    weft_options_help(&o, to);
    assert_int_equal(fclose(to), 0);
    assert_non_null(strstr(text, "Usage: weft test MASTER [options]\n\nTests.\n\n"));
    assert_non_null(strstr(text, "\n  -p, --port PORT           port (default: 7078) [weft.worker.port]\n"));
    assert_non_null(strstr(text, "\n      --flag                flag [weft.worker.flag]\n"));
    assert_non_null(strstr(text, "\n      --none TEXT           nothing\n"));
    assert_non_null(strstr(text, "--properties-file FILE"));
    weft_fixture_close(&f);
}

static weft_status sweep(weft_fixture *f, void *arg)
{
    weft_options o;
    values v;
    (void)arg;
    return PARSE(f, &v, &o, "--host", "h", "--config", file, "--conf", "weft.sql.batchRows=3");
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    write_file("spark.x 1\nweft.worker.host h\nweft.worker.size 5\n");
    weft_fixture_oom_sweep(sweep, NULL);
}

WEFT_TESTS(WEFT_TEST(initial_values), WEFT_TEST(arguments), WEFT_TEST(an_argument_beats_the_file),
           WEFT_TEST(many_ignored_keys_are_counted), WEFT_TEST(wrong_arguments_say_what_to_try),
           WEFT_TEST(wrong_lines_say_where), WEFT_TEST(what_is_no_text_file), WEFT_TEST(help_wins),
           WEFT_TEST(every_allocation_may_fail))
