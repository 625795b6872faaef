/* client/command_keys.c - `weft keys init|add|list`: what it says is what to copy where. */
#include "client/command_keys.h"

#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/keys.h"
#include "common/mem.h"
#include "common/secret_file.h"
#include "common/settings.h"

enum { EXIT_OK = 0, EXIT_FAILED = 1, EXIT_USAGE = 2, SECOND_NS = 1000000000 };

typedef struct key_arguments {
    const char *words[3]; /* command, folder, role */
    int32_t count;
    const char *user; /* NULL: not given */
    bool help;
} key_arguments;

static void print_help(void)
{
    puts(
        "Usage: weft keys init DIR [--user NAME]\n"
        "       weft keys add DIR ROLE [--user NAME]\n"
        "       weft keys list DIR\n"
        "\n"
        "Makes the keys by which the processes of a cluster know each other. Without keys they talk over "
        "the\n"
        "loopback only; with keys every connection is encrypted, and who is not allowed is refused.\n"
        "\n"
        "  init           make the folder DIR with a key for coordinators, one for workers and one for a "
        "user,\n"
        "                 and the secrets of coordinators with --zookeeper\n"
        "  add            one more key: ROLE is coordinator, worker or client. The ones before stay allowed\n"
        "                 until their files are removed from DIR/allowed, so that keys can be changed while\n"
        "                 the cluster runs. Or ROLE is seal (what is kept in ZooKeeper is sealed with it; "
        "the\n"
        "                 ones before still open) or zookeeper (the login there; made once)\n"
        "  list           the keys that are allowed, the newest of each role and user first\n"
        "  --user NAME    whom a client key is for (init: your login name, when not given)\n"
        "  --help         this text\n"
        "\n"
        "Exit code: 0 done, 1 failed, 2 wrong usage.");
}

static int usage(const char *what, const char *value)
{
    fprintf(stderr, "weft keys: %s%s%s\nTry 'weft keys --help'.\n", what, value == NULL ? "" : ": ",
            value == NULL ? "" : value);
    return EXIT_USAGE;
}

static int failed(const weft_ctx *ctx)
{
    fprintf(stderr, "weft keys: %s\n", ctx->error.message);
    if (ctx->error.hint[0] != 0) fprintf(stderr, "%s\n", ctx->error.hint);
    return EXIT_FAILED;
}

/* ---- what a person does next ---- */

static void say_files(const char *whom, const char *folder, const char *secret)
{
    printf("  %-34s %s/%s and %s/allowed/\n", whom, folder, secret, folder);
}

static void say_made(const char *folder, const char *user)
{
    char whom[WEFT_USER_BYTES + 32], secret[WEFT_USER_BYTES + 32];
    printf("Made keys in %s. Copy\n\n", folder);
    say_files("to each machine of a coordinator:", folder, "coordinator.secret");
    say_files("  with --zookeeper also:", folder, "seal.secret, zookeeper.secret");
    say_files("to each machine of a worker:", folder, "worker.secret");
    snprintf(whom, sizeof(whom), "to the machine of %s:", user);
    snprintf(secret, sizeof(secret), "client-%s.secret", user);
    say_files(whom, folder, secret);
    printf(
        "\nand start each process with --keys and the folder that they were copied to. A secret lets in who\n"
        "has it: it stays at mode 600. What is in allowed/ is no secret.\n"
        "Keys for more users: weft keys add %s client --user NAME\n",
        folder);
}

/* entries: of the folder; the newest of this role and user is the new one. */
static void say_added(const char *folder, const weft_key_entry *entries, int32_t count, weft_role role,
                      const char *user)
{
    const weft_key_entry *made = NULL;
    int32_t older = 0;
    for (int32_t i = 0; i < count; i++) {
        if (entries[i].who.role != role || strcmp(entries[i].who.user, user) != 0) continue;
        if (entries[i].secret != NULL)
            made = &entries[i];
        else
            older++;
    }
    if (made == NULL) return; /* somebody has taken it already */
    printf("Made %s/%s, which %s/allowed/%s lets in.\n", folder, made->secret, folder, made->file);
    if (older == 0) {
        printf("Copy %s/allowed/ to each machine, then %s/%s to where it is used.\n", folder, folder,
               made->secret);
        return;
    }
    printf("%d older key%s of the same kind stay%s allowed. To change to the new one:\n"
           "  1. copy %s/allowed/ to each machine: running processes let both in within a second\n"
           "  2. copy %s/%s to where the old one is used, and start those processes again\n"
           "  3. remove the old one's file from every allowed/: who still uses it is cut off\n"
           "The old secret is kept in %s as a file .secret.old; 'weft keys list %s' shows all.\n",
           older, older == 1 ? "" : "s", older == 1 ? "s" : "", folder, folder, made->secret, folder, folder);
}

/* ---- commands ---- */

static int run_init(weft_ctx *ctx, const key_arguments *a)
{
    const struct passwd *login = a->user == NULL ? getpwuid(geteuid()) : NULL;
    const char *user = a->user != NULL ? a->user : login != NULL ? login->pw_name : "";
    if (a->count != 2) return usage("init takes one folder", NULL);
    if (user[0] == 0) return usage("init needs --user NAME: your login has no name", NULL);
    if (weft_keys_init(ctx, a->words[1], user) != WEFT_OK) return failed(ctx);
    say_made(a->words[1], user);
    return EXIT_OK;
}

static int add_seal(weft_ctx *ctx, const char *folder)
{
    int32_t generations = 0;
    if (weft_secret_add_seal(ctx, folder, &generations) != WEFT_OK) return failed(ctx);
    printf(
        "Made a key in %s/seal.secret, which now has %d.\n"
        "Copy it to every coordinator before any of them is started again: the first key seals, all open.\n",
        folder, generations);
    return EXIT_OK;
}

static int add_login(weft_ctx *ctx, const char *folder)
{
    if (weft_secret_add_login(ctx, folder) != WEFT_OK) return failed(ctx);
    printf("Made %s/zookeeper.secret. Copy it to every coordinator.\n", folder);
    return EXIT_OK;
}

static int run_add(weft_ctx *ctx, const key_arguments *a)
{
    weft_key_entry *entries = NULL;
    int32_t count = 0;
    if (a->count != 3) return usage("add takes a folder and a role", NULL);
    const bool seal = strcmp(a->words[2], "seal") == 0, login = strcmp(a->words[2], "zookeeper") == 0;
    if ((seal || login) && a->user != NULL) return usage("--user is for client keys, not for", a->words[2]);
    if (seal || login) return seal ? add_seal(ctx, a->words[1]) : add_login(ctx, a->words[1]);
    const weft_role role = weft_role_find(a->words[2]);
    const char *user = a->user == NULL ? "" : a->user;
    if (role == WEFT_ROLE_COUNT) return usage("the role is coordinator, worker or client, not", a->words[2]);
    if (role == WEFT_ROLE_CLIENT && a->user == NULL) return usage("a client key needs --user NAME", NULL);
    if (role != WEFT_ROLE_CLIENT && a->user != NULL)
        return usage("--user is for client keys, not for role", a->words[2]);
    if (weft_keys_add(ctx, a->words[1], role, user) != WEFT_OK) return failed(ctx);
    if (weft_keys_list(ctx, a->words[1], &entries, &count) != WEFT_OK) return failed(ctx);
    say_added(a->words[1], entries, count, role, user);
    return EXIT_OK;
}

static int run_list(weft_ctx *ctx, const key_arguments *a)
{
    weft_key_entry *entries = NULL;
    int32_t count = 0;
    if (a->count != 2) return usage("list takes one folder", NULL);
    if (a->user != NULL) return usage("list takes no --user", NULL);
    if (weft_keys_list(ctx, a->words[1], &entries, &count) != WEFT_OK) return failed(ctx);
    printf("%-12s %-16s %-20s %-40s %s\n", "ROLE", "USER", "SINCE", "PUBLIC KEY", "FILES");
    for (int32_t i = 0; i < count; i++) {
        const weft_key_entry *e = &entries[i];
        const time_t seconds = (time_t)(e->changed_ns / SECOND_NS);
        char when[32] = "-";
        struct tm parts;
        if (gmtime_r(&seconds, &parts) != NULL) strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%SZ", &parts);
        printf("%-12s %-16s %-20s %-40s allowed/%s%s%s\n", weft_role_name(e->who.role),
               e->who.user[0] == 0 ? "-" : e->who.user, when, e->who.public_key, e->file,
               e->secret == NULL ? "" : " ", e->secret == NULL ? "" : e->secret);
    }
    return EXIT_OK;
}

static int run(weft_ctx *ctx, const key_arguments *a)
{
    static const struct {
        const char *name;
        int (*fn)(weft_ctx *ctx, const key_arguments *a);
    } commands[] = {{"init", run_init}, {"add", run_add}, {"list", run_list}};
    if (a->count == 0) return usage("init, add or list?", NULL);
    for (int32_t i = 0; i < WEFT_COUNT(commands); i++)
        if (strcmp(a->words[0], commands[i].name) == 0) return commands[i].fn(ctx, a);
    return usage("there is no command", a->words[0]);
}

/* EXIT_OK, or the exit code of a wrong usage. */
static int parse(int argc, char **argv, key_arguments *a)
{
    for (int i = 0; i < argc; i++) {
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
            a->help = true;
        else if (strcmp(argv[i], "--user") == 0) {
            if (i + 1 == argc) return usage("--user misses its value", NULL);
            a->user = argv[++i];
        } else if (strncmp(argv[i], "--user=", 7) == 0)
            a->user = argv[i] + 7;
        else if (argv[i][0] == '-')
            return usage("unknown option", argv[i]);
        else if (a->count == WEFT_COUNT(a->words))
            return usage("one argument too many", argv[i]);
        else
            a->words[a->count++] = argv[i];
    }
    return EXIT_OK;
}

int weft_command_keys(int argc, char **argv)
{
    static weft_settings settings;
    key_arguments a = {0};
    weft_ctx ctx;
    int code = parse(argc, argv, &a);
    if (code != EXIT_OK) return code;
    if (a.help) {
        print_help();
        return EXIT_OK;
    }
    weft_settings_init(&settings);
    weft_own_memory memory;
    if (!weft_own_memory_open(&memory, INT64_MAX, "keys")) {
        fputs("weft keys: no memory\n", stderr);
        code = EXIT_FAILED;
    } else {
        weft_ctx_init(&ctx, memory.arena, memory.account, &settings);
        code = run(&ctx, &a);
    }
    if (fflush(stdout) != 0 && code == EXIT_OK) {
        perror("weft keys: cannot write to stdout");
        code = EXIT_FAILED;
    }
    weft_own_memory_close(&memory);
    return code;
}
