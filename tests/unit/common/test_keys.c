/* Key folders: what is made, what is refused and why, and how what is allowed changes under a process. The
 * network's use of them is in test_net.c. */
#include "common/keys.h"

#include <fcntl.h>
#include <ftw.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "common/key_file.h"
#include "tests/support/fixture.h"

#define KEY "rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7" /* of ZeroMQ's documentation */

static char folder[64];

static int remove_one(const char *path, const struct stat *info, int kind, struct FTW *at)
{
    (void)info, (void)kind, (void)at;
    return remove(path);
}

static int make_folder(void **state)
{
    (void)state;
    snprintf(folder, sizeof(folder), "key-tests-XXXXXX");
    return mkdtemp(folder) == NULL;
}

static int remove_folder(void **state)
{
    (void)state;
    return nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static const char *in_folder(const char *name)
{
    static char path[512];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    return path;
}

static void write_file(const char *name, const char *text)
{
    FILE *to = fopen(in_folder(name), "w");
    assert_non_null(to);
    fputs(text, to);
    assert_int_equal(fclose(to), 0);
}

static void assert_says(const weft_fixture *f, const char *part)
{
    if (strstr(f->ctx.error.message, part) == NULL && strstr(f->ctx.error.hint, part) == NULL)
        fail_msg("\"%s\" is not in: %s / %s", part, f->ctx.error.message, f->ctx.error.hint);
}

/* ---- text ---- */

static void text_is_strict(void **state)
{
    static const struct {
        const char *text, *says; /* says NULL: it is a key */
    } cases[] = {
        {"role = worker\npublic-key = " KEY "\n", NULL},
        {"\n# note\n  role=worker\t\r\n\npublic-key   =  " KEY, NULL},
        {"role = client\nuser = ann.b-c_1\npublic-key = " KEY "\nsecret-key = " KEY "\n", NULL},
        {"", "has no 'role = coordinator', 'worker' or 'client'"},
        {"role = any\npublic-key = " KEY, "has no 'role"},
        {"role = Worker\npublic-key = " KEY, "has no 'role"},
        {"role = worker", "has no 'public-key = KEY' with 40 characters of Z85"},
        {"role = worker\npublic-key = short", "has no 'public-key"},
        {"role = worker\npublic-key = " KEY "x", "has no 'public-key"},
        {"role = worker\npublic-key = rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf\"", "has no 'public-key"},
        {"role = worker\npublic-key = rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8#####", "has no 'public-key"},
        {"role = worker\npublic-key = " KEY "\nsecret-key = x", "has no 'secret-key"},
        {"role = client\npublic-key = " KEY, "no 'user = NAME' with a valid name"},
        {"role = client\nuser = ../x\npublic-key = " KEY, "no 'user = NAME' with a valid name"},
        {"role = client\nuser = .x\npublic-key = " KEY, "no 'user = NAME' with a valid name"},
        {"role = worker\nuser = ann\npublic-key = " KEY, "names a user, but its role is worker"},
        {"role = worker\nrole = client", "line 2 says role again"},
        {"role = worker\nexpires = never", "line 2 is none of: role"},
        {"role\n", "line 1 is none of"},
        {"roles = worker\n", "line 1 is none of"},
        {"role =\n", "line 1: role has 0 characters"},
        {"role = 0123456789012345678901234567890123456789012345678901234567890123", "role has 64 characters"},
    };
    weft_fixture f;
    weft_key_file file;
    (void)state;
    weft_fixture_open(&f);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        weft_error_clear(&f.ctx);
        const weft_status st =
            weft_key_file_parse(&f.ctx, "FILE", cases[i].text, strlen(cases[i].text), &file);
        if (st != (cases[i].says == NULL ? WEFT_OK : WEFT_INVALID)) fail_msg("case %zu", i);
        if (cases[i].says != NULL) assert_says(&f, cases[i].says);
        if (cases[i].says != NULL) assert_says(&f, "FILE");
    }
    assert_int_equal(weft_key_file_parse(&f.ctx, "FILE", "role\0", 5, &file), WEFT_INVALID);
    assert_says(&f, "zero bytes");
    char large[WEFT_KEY_FILE_BYTES];
    memset(large, '\n', sizeof(large));
    assert_int_equal(weft_key_file_parse(&f.ctx, "FILE", large, sizeof(large), &file), WEFT_INVALID);
    assert_says(&f, "more than 4095 bytes");
    weft_fixture_close(&f);
}

/* What is printed is read as the same. A message never quotes a line: it may be a secret. */
static void text_comes_back(void **state)
{
    weft_fixture f;
    weft_key_file in = {.who = {.role = WEFT_ROLE_CLIENT, .user = "ann", .public_key = KEY},
                        .secret_key = KEY},
                  out;
    char text[WEFT_KEY_FILE_BYTES];
    (void)state;
    weft_fixture_open(&f);
    size_t len = weft_key_file_print(&in, text);
    assert_int_equal(len, strlen(text));
    weft_fixture_ok(&f, weft_key_file_parse(&f.ctx, "FILE", text, len, &out));
    assert_memory_equal(&in, &out, sizeof(in));
    static const char odd[] = "role = worker\nsecret-kee = " KEY "\n";
    assert_int_equal(weft_key_file_parse(&f.ctx, "FILE", odd, strlen(odd), &out), WEFT_INVALID);
    assert_null(strstr(f.ctx.error.message, KEY));
    weft_fixture_close(&f);
}

static void roles_have_names(void **state)
{
    (void)state;
    for (int32_t role = WEFT_ROLE_COORDINATOR; role < WEFT_ROLE_COUNT; role++)
        assert_int_equal(weft_role_find(weft_role_name((weft_role)role)), role);
    assert_int_equal(weft_role_find("any"), WEFT_ROLE_COUNT); /* nobody claims it by name */
    assert_int_equal(weft_role_find(""), WEFT_ROLE_COUNT);
}

/* ---- folders ---- */

static void folders_that_are_wrong_are_named(void **state)
{
    weft_fixture f;
    weft_keys *keys = NULL;
    (void)state;
    weft_fixture_open(&f);
    weft_fixture_ok(&f, weft_keys_init(&f.ctx, in_folder("k"), "ann"));
    assert_int_equal(weft_keys_init(&f.ctx, in_folder("k"), "bob"), WEFT_EXISTS);
    assert_says(&f, "k/coordinator.secret");
    assert_int_equal(weft_keys_init(&f.ctx, in_folder("other"), "../ann"), WEFT_INVALID);
    assert_int_equal(weft_keys_add(&f.ctx, in_folder("other"), WEFT_ROLE_WORKER, ""), WEFT_NOT_FOUND);
    assert_says(&f, "weft keys init");
    assert_int_equal(weft_keys_open(&f.ctx, in_folder("other"), WEFT_ROLE_WORKER, &keys), WEFT_NOT_FOUND);
    assert_int_equal(weft_keys_open(&f.ctx, in_folder("other"), WEFT_ROLE_CLIENT, &keys), WEFT_NOT_FOUND);

    assert_int_equal(chmod(in_folder("k/worker.secret"), 0640), 0);
    assert_int_equal(weft_keys_open(&f.ctx, in_folder("k"), WEFT_ROLE_WORKER, &keys), WEFT_INVALID);
    assert_says(&f, "can be read by others (mode 640)");
    assert_says(&f, "chmod 600 ");
    assert_int_equal(chmod(in_folder("k/worker.secret"), 0600), 0);

    char copy[512];
    snprintf(copy, sizeof(copy), "%s", in_folder("k/worker.secret"));
    assert_int_equal(unlink(copy), 0);
    assert_int_equal(link(in_folder("k/client-ann.secret"), copy), 0);
    assert_int_equal(weft_keys_open(&f.ctx, in_folder("k"), WEFT_ROLE_WORKER, &keys), WEFT_INVALID);
    assert_says(&f, "is of role client, not worker");
    assert_int_equal(unlink(copy), 0);
    assert_int_equal(mkfifo(copy, 0600), 0); /* nobody writes to it */
    assert_int_equal(weft_keys_open(&f.ctx, in_folder("k"), WEFT_ROLE_WORKER, &keys), WEFT_INVALID);
    assert_says(&f, "worker.secret is no file");
    assert_int_equal(unlink(copy), 0);
    write_file("k/worker.secret", "public-key = short\n");
    assert_int_equal(chmod(copy, 0600), 0);
    assert_int_equal(weft_keys_add(&f.ctx, in_folder("k"), WEFT_ROLE_WORKER, ""), WEFT_INVALID);
    assert_says(&f, "worker.secret"); /* what it is that would be replaced, nobody knows */
    assert_int_equal(unlink(copy), 0);
    weft_fixture_ok(&f, weft_keys_add(&f.ctx, in_folder("k"), WEFT_ROLE_WORKER, ""));
    weft_fixture_ok(&f, weft_keys_open(&f.ctx, in_folder("k"), WEFT_ROLE_WORKER, &keys));
    weft_keys_close(&keys);

    weft_fixture_ok(&f, weft_keys_add(&f.ctx, in_folder("k"), WEFT_ROLE_CLIENT, "bob"));
    assert_int_equal(weft_keys_open(&f.ctx, in_folder("k"), WEFT_ROLE_CLIENT, &keys), WEFT_INVALID);
    assert_says(&f, "secrets of several users");
    weft_fixture_close(&f);
}

static void a_secret_is_not_allowed(void **state)
{
    weft_fixture f;
    weft_keys *keys = NULL;
    char copy[512];
    (void)state;
    weft_fixture_open(&f);
    weft_fixture_ok(&f, weft_keys_init(&f.ctx, in_folder("k"), "ann"));
    snprintf(copy, sizeof(copy), "%s", in_folder("k/allowed/mine.key"));
    assert_int_equal(link(in_folder("k/worker.secret"), copy), 0);
    assert_int_equal(weft_keys_open(&f.ctx, in_folder("k"), WEFT_ROLE_WORKER, &keys), WEFT_INVALID);
    assert_says(&f, "allowed/mine.key holds a secret");
    weft_fixture_close(&f);
}

/* ---- what is allowed ---- */

/* Time and change of files are told apart by this, not by waiting. */
static int64_t now_us = 2000000000LL * 1000000;
static int64_t fake_now_ns(void *self)
{
    (void)self;
    return now_us * 1000;
}
static int64_t fake_wall_us(void *self)
{
    (void)self;
    return now_us;
}
static const weft_clock fake_clock = {.now_ns = fake_now_ns, .wall_us = fake_wall_us};

static void set_folder_time(int64_t seconds)
{
    const struct timespec times[2] = {{.tv_sec = seconds}, {.tv_sec = seconds}};
    assert_int_equal(utimensat(AT_FDCWD, in_folder("k/allowed"), times, 0), 0);
}

static void two_generations_are_valid(void **state)
{
    weft_fixture f;
    weft_keys *old = NULL, *keys = NULL, *next = NULL;
    weft_identity who;
    char server[WEFT_KEY_TEXT_BYTES];
    bool changed = true;
    uint64_t seen = 0, other = 0;
    (void)state;
    weft_fixture_open(&f);
    f.ctx.clock = &fake_clock;
    weft_fixture_ok(&f, weft_keys_init(&f.ctx, in_folder("k"), "ann"));
    set_folder_time(1000);
    weft_fixture_ok(&f, weft_keys_open(&f.ctx, in_folder("k"), WEFT_ROLE_COORDINATOR, &keys));
    weft_fixture_ok(&f, weft_keys_open(&f.ctx, in_folder("k"), WEFT_ROLE_WORKER, &old));
    weft_fixture_ok(&f, weft_keys_refresh(&f.ctx, keys, &seen, &changed));
    assert_false(changed);
    assert_true(weft_keys_find(keys, weft_keys_own(old)->public_key, &who));
    assert_int_equal(who.role, WEFT_ROLE_WORKER);
    assert_string_equal(who.user, "");
    assert_false(weft_keys_find(keys, KEY, &who));
    assert_false(weft_keys_find(keys, "", &who));

    weft_fixture_ok(&f, weft_keys_add(&f.ctx, in_folder("k"), WEFT_ROLE_WORKER, ""));
    weft_fixture_ok(&f, weft_keys_open(&f.ctx, in_folder("k"), WEFT_ROLE_WORKER, &next));
    assert_string_not_equal(weft_keys_own(old)->public_key, weft_keys_own(next)->public_key);
    assert_false(weft_keys_find(keys, weft_keys_own(next)->public_key, &who));
    weft_fixture_ok(&f, weft_keys_refresh(&f.ctx, keys, &seen, &changed));
    assert_true(changed);
    assert_true(weft_keys_find(keys, weft_keys_own(old)->public_key, &who));
    assert_true(weft_keys_find(keys, weft_keys_own(next)->public_key, &who));
    weft_fixture_ok(&f, weft_keys_refresh(&f.ctx, keys, &seen, &changed));
    assert_false(changed);
    weft_fixture_ok(&f, weft_keys_refresh(&f.ctx, keys, &other, &changed));
    assert_true(changed); /* whoever else uses them hears of it too */

    /* A connection tries the newest first, then the other one, and so on. */
    weft_fixture_ok(&f, weft_keys_server(&f.ctx, keys, WEFT_ROLE_WORKER, 0, server));
    assert_string_equal(server, weft_keys_own(next)->public_key);
    weft_fixture_ok(&f, weft_keys_server(&f.ctx, keys, WEFT_ROLE_WORKER, 1, server));
    assert_string_equal(server, weft_keys_own(old)->public_key);
    weft_fixture_ok(&f, weft_keys_server(&f.ctx, keys, WEFT_ROLE_WORKER, UINT32_MAX - 1, server));
    assert_string_equal(server, weft_keys_own(next)->public_key);
    weft_keys_close(&next);
    weft_keys_close(&old);
    weft_keys_close(&keys);
    weft_fixture_close(&f);
}

static void refresh_finds_what_changed(void **state)
{
    weft_fixture f;
    weft_keys *keys = NULL;
    weft_identity who;
    weft_key_entry *entries = NULL;
    int32_t count = 0;
    bool changed = false;
    uint64_t seen = 0;
    char path[512], server[WEFT_KEY_TEXT_BYTES];
    (void)state;
    weft_fixture_open(&f);
    f.ctx.clock = &fake_clock;
    weft_fixture_ok(&f, weft_keys_init(&f.ctx, in_folder("k"), "ann"));
    weft_fixture_ok(&f, weft_keys_open(&f.ctx, in_folder("k"), WEFT_ROLE_COORDINATOR, &keys));
    weft_fixture_ok(&f, weft_keys_list(&f.ctx, in_folder("k"), &entries, &count));
    assert_int_equal(count, 3);
    assert_int_equal(entries[2].who.role, WEFT_ROLE_CLIENT);
    set_folder_time(1000);
    weft_fixture_ok(&f, weft_keys_refresh(&f.ctx, keys, &seen, &changed));
    assert_false(changed);

    /* A broken file lets nobody in, and does not keep a removal from counting. */
    write_file("k/allowed/broken.key", "role = worker\n");
    snprintf(path, sizeof(path), "%s/k/allowed/%s", folder, entries[1].file);
    assert_int_equal(unlink(path), 0);
    set_folder_time(1001);
    weft_fixture_ok(&f, weft_keys_refresh(&f.ctx, keys, &seen, &changed));
    assert_true(changed);
    assert_false(weft_keys_find(keys, entries[1].who.public_key, &who));
    assert_true(weft_keys_find(keys, entries[2].who.public_key, &who));
    assert_string_equal(who.user, "ann");
    assert_int_equal(weft_keys_server(&f.ctx, keys, WEFT_ROLE_WORKER, 0, server), WEFT_NOT_FOUND);
    assert_says(&f, "k/allowed holds no key of a worker");

    /* A file that is changed in place is found later: its folder is as it was. */
    write_file("k/allowed/broken.key", "role = worker\npublic-key = " KEY "\n");
    weft_fixture_ok(&f, weft_keys_refresh(&f.ctx, keys, &seen, &changed));
    assert_false(changed);
    now_us += 6 * 1000000;
    weft_fixture_ok(&f, weft_keys_refresh(&f.ctx, keys, &seen, &changed));
    assert_true(changed);
    assert_true(weft_keys_find(keys, KEY, &who));

    /* A folder that is gone leaves all as it was. */
    char away[512];
    snprintf(path, sizeof(path), "%s/k/allowed", folder);
    snprintf(away, sizeof(away), "%s/k/away", folder);
    assert_int_equal(rename(path, away), 0);
    assert_int_equal(weft_keys_refresh(&f.ctx, keys, &seen, &changed), WEFT_NOT_FOUND);
    assert_false(changed);
    assert_true(weft_keys_find(keys, KEY, &who));
    assert_int_equal(rename(away, path), 0);
    weft_fixture_ok(&f, weft_keys_refresh(&f.ctx, keys, &seen, &changed));
    assert_false(changed);
    weft_keys_close(&keys);
    weft_fixture_close(&f);
}

/* ---- memory ---- */

static weft_status open_and_list(weft_fixture *f, void *arg)
{
    weft_status st = WEFT_OK;
    weft_keys *keys = NULL;
    weft_key_entry *entries = NULL;
    int32_t count = 0;
    bool changed = false;
    uint64_t seen = 0;
    (void)arg;
    WEFT_TRY(st, weft_keys_open(&f->ctx, in_folder("k"), WEFT_ROLE_WORKER, &keys));
    WEFT_TRY(st, weft_keys_refresh(&f->ctx, keys, &seen, &changed));
    WEFT_TRY(st, weft_keys_list(&f->ctx, in_folder("k"), &entries, &count));
done:
    weft_keys_close(&keys);
    return st;
}

static void every_allocation_may_fail(void **state)
{
    weft_fixture f;
    (void)state;
    weft_fixture_open(&f);
    weft_fixture_ok(&f, weft_keys_init(&f.ctx, in_folder("k"), "ann"));
    for (int32_t i = 0; i < 15; i++)
        weft_fixture_ok(&f, weft_keys_add(&f.ctx, in_folder("k"), WEFT_ROLE_COORDINATOR, ""));
    weft_fixture_close(&f);
    weft_fixture_oom_sweep(open_and_list, NULL);
}

#define IN_FOLDER(test) WEFT_TEST_WITH(make_folder, remove_folder, test)

WEFT_TESTS(WEFT_TEST(text_is_strict), WEFT_TEST(text_comes_back), WEFT_TEST(roles_have_names),
           IN_FOLDER(folders_that_are_wrong_are_named), IN_FOLDER(a_secret_is_not_allowed),
           IN_FOLDER(two_generations_are_valid), IN_FOLDER(refresh_finds_what_changed),
           IN_FOLDER(every_allocation_may_fail))
