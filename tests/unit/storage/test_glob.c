/* tests/unit/storage/test_glob.c - patterns of file names. */
#include "engine/storage/glob.h"

#include "tests/unit/storage/storage_fixture.h"

static void matches_one_segment(void **state)
{
    (void)state;
    static const struct {
        const char *pattern, *name;
        bool match;
    } cases[] = {
        {"", "", true},
        {"*", "", true},
        {"*", "abc", true},
        {"a*c", "abc", true},
        {"a*c", "ac", true},
        {"a*c", "acb", false},
        {"*.csv", "x.csv", true},
        {"*.csv", "x.csv.gz", false},
        {"?", "a", true},
        {"?", "", false},
        {"?", "ab", false},
        {"?", "\xc3\xa9", true},
        {"[abc]x", "bx", true},
        {"[abc]x", "dx", false},
        {"[a-c]x", "bx", true},
        {"[^a-c]x", "bx", false},
        {"[!a-c]x", "dx", true},
        {"[]]", "]", true},
        {"[a", "[a", true},
        {"\\*", "*", true},
        {"\\*", "a", false},
        {"*a*b*", "xxaxxb", true},
        {"*a*b*", "xxbxxa", false},
        {"a[-]b", "a-b", true},
        {"[\xc3\xa0-\xc3\xbf]", "\xc3\xa9", true},
        {"*\xc3\xa9", "e\xc3\xa9", true},
        {"a*a*a*a*a*a*a*a*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        if (weft_glob_match(cases[i].pattern, cases[i].name) != cases[i].match) {
            fail_msg("pattern '%s', name '%s': not %d", cases[i].pattern, cases[i].name, cases[i].match);
        }
    }
}

static void knows_patterns(void **state)
{
    (void)state;
    assert_true(weft_glob_has_pattern("/a/*/b"));
    assert_true(weft_glob_has_pattern("/a/{b,c}"));
    assert_false(weft_glob_has_pattern("/a/b"));
    assert_false(weft_glob_has_pattern("/a/\\*"));
    char text[] = "a\\*b\\\\c";
    weft_glob_unquote(text);
    assert_string_equal(text, "a*b\\c");
}

static void expand_is(storage_fixture *f, const char *pattern, int32_t count, const char *const *want)
{
    char **got;
    int32_t got_count;
    assert_int_equal(weft_glob_expand(&f->ctx, pattern, &got, &got_count), WEFT_OK);
    assert_int_equal(got_count, count);
    for (int32_t i = 0; i < count; i++) {
        bool found = false; /* in any order: the listing is sorted */
        for (int32_t j = 0; j < count; j++) found = found || strcmp(got[j], want[i]) == 0;
        if (!found) fail_msg("%s does not give %s", pattern, want[i]);
    }
}

static void expands_braces(void **state)
{
    storage_fixture *f = *state;
    expand_is(f, "/a", 1, (const char *[]){"/a"});
    expand_is(f, "/{a,b}/c", 2, (const char *[]){"/a/c", "/b/c"});
    expand_is(f, "{a,b}{1,2}", 4, (const char *[]){"a1", "a2", "b1", "b2"});
    expand_is(f, "{a{1,2},b}", 3, (const char *[]){"a1", "a2", "b"});
    expand_is(f, "x{,y}", 2, (const char *[]){"x", "xy"});
    expand_is(f, "{a/b,c}/d", 2, (const char *[]){"a/b/d", "c/d"});
    expand_is(f, "\\{a,b\\}", 1, (const char *[]){"\\{a,b\\}"});

    char **got;
    int32_t count;
    assert_int_equal(weft_glob_expand(&f->ctx, "{a,b", &got, &count), WEFT_INVALID_PATTERN);
    assert_int_equal(weft_glob_expand(&f->ctx,
                                      "{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}",
                                      &got, &count),
                     WEFT_LIMIT);
}

WEFT_TESTS(WEFT_TEST(matches_one_segment), WEFT_TEST(knows_patterns), STORAGE_TEST(expands_braces))
