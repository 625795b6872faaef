/* client/options.c - see options.h. Arguments and lines of the file end in one function, option_take. */
#include "client/options.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "client/config.h"
#include "common/mem.h"

enum { HELP_COLUMN = 28, HELP_WIDTH = 100, HINT_DISTANCE = 4, KEY_BYTES = 256, PORT_MAX = 65535 };

#define DEFAULT_FILE "/etc/weft/weft.conf"

/* What every command understands besides its tables. */
typedef enum built_in { BUILT_IN_NONE, BUILT_IN_FILE, BUILT_IN_CONF, BUILT_IN_HELP } built_in;
static const struct {
    const char *flag;
    built_in is;
} built_ins[] = {{"--properties-file", BUILT_IN_FILE},
                 {"--config", BUILT_IN_FILE},
                 {"--conf", BUILT_IN_CONF},
                 {"--help", BUILT_IN_HELP}};

/* Commands that share a file: each leaves the keys of the others to them. */
static const char *const command_prefixes[] = {"weft.coordinator.", "weft.worker.", "weft.status.",
                                               "weft.master",       "weft.log.",    "weft.keys.",
                                               "weft.work."};

static bool is_positional(const weft_option *o) { return o->flag[0] != '-'; }

/* ---- values ---- */

static const char *kind_form(weft_option_kind kind)
{
    switch (kind) {
    case WEFT_OPTION_SIZE: return "a size, as 512k, 32m or 1.5g";
    case WEFT_OPTION_MS: return "a time, as 100ms, 10s or 2m";
    case WEFT_OPTION_COUNT: return "a whole number, 0 or more";
    case WEFT_OPTION_PORT: return "a port, from 0 (any free one) to 65535";
    case WEFT_OPTION_FLAG: return "true or false";
    case WEFT_OPTION_TEXT:
    case WEFT_OPTION_SETTING: break;
    }
    return "text";
}

/* Digits only, at most `most`. */
static bool parse_count(const char *text, int64_t most, int64_t *out)
{
    char *end = NULL;
    if (*text < '0' || *text > '9') return false;
    errno = 0;
    *out = strtoll(text, &end, 10);
    return errno == 0 && *end == 0 && *out <= most;
}

static bool parse_number(weft_option_kind kind, const char *text, int64_t *out)
{
    switch (kind) {
    case WEFT_OPTION_SIZE: return weft_parse_bytes(text, out) && *out >= 0;
    case WEFT_OPTION_MS: return weft_parse_ms(text, out) && *out >= 0;
    case WEFT_OPTION_COUNT: return parse_count(text, INT32_MAX, out);
    case WEFT_OPTION_PORT: return parse_count(text, PORT_MAX, out);
    case WEFT_OPTION_FLAG:
        *out = strcasecmp(text, "true") == 0;
        return *out == 1 || strcasecmp(text, "false") == 0;
    case WEFT_OPTION_TEXT:
    case WEFT_OPTION_SETTING: break;
    }
    return false;
}

/* Give an option its value. name: the flag or "FILE:LINE: key", for messages. */
static weft_status option_take(weft_ctx *ctx, weft_options *all, const weft_option_group *group,
                               const weft_option *o, const char *name, const char *value)
{
    void *to = (char *)group->values + o->offset;
    char *copy = NULL;
    int64_t number = 0;
    if (o->kind == WEFT_OPTION_SETTING) {
        const weft_status st = weft_settings_set(ctx, all->settings, o->key, value);
        if (st != WEFT_OK) weft_error_prefix(ctx, "%s: ", name);
        return st;
    }
    if (o->kind == WEFT_OPTION_TEXT) {
        const weft_status st = weft_arena_copy(ctx, ctx->arena, value, strlen(value), &copy);
        if (st == WEFT_OK) *(const char **)to = copy;
        return st;
    }
    if (!parse_number(o->kind, value, &number)) {
        const weft_status st =
            weft_fail(ctx, WEFT_CONFIG, "%s: \"%.100s\" is not %s", name, value, kind_form(o->kind));
        return st;
    }
    if (o->kind == WEFT_OPTION_FLAG)
        *(bool *)to = number != 0;
    else if (o->kind == WEFT_OPTION_SIZE || o->kind == WEFT_OPTION_MS)
        *(int64_t *)to = number;
    else
        *(int32_t *)to = (int32_t)number;
    return WEFT_OK;
}

static weft_status take_initial_values(weft_ctx *ctx, weft_options *all)
{
    weft_status st = WEFT_OK;
    for (int32_t g = 0; g < all->group_count; g++) {
        for (int32_t i = 0; i < all->groups[g].count; i++) {
            const weft_option *o = &all->groups[g].options[i];
            if (o->initial == NULL) continue;
            WEFT_TRY(st, option_take(ctx, all, &all->groups[g], o, o->flag, o->initial));
        }
    }
done:
    return st;
}

/* ---- keys: of the file and of --conf ---- */

static const weft_option *find_key(const weft_options *all, const char *key, const weft_option_group **group)
{
    for (int32_t g = 0; g < all->group_count; g++) {
        for (int32_t i = 0; i < all->groups[g].count; i++) {
            const weft_option *o = &all->groups[g].options[i];
            *group = &all->groups[g];
            if (o->key != NULL && strcasecmp(o->key, key) == 0) return o;
            if (o->alias != NULL && strcasecmp(o->alias, key) == 0) return o;
        }
    }
    return NULL;
}

static bool starts(const char *text, const char *prefix)
{
    return strncasecmp(text, prefix, strlen(prefix)) == 0;
}

/* Is it a key of another command, which reads the same file? */
static bool is_of_another(const weft_options *all, const char *key)
{
    for (int32_t c = 0; c < WEFT_COUNT(command_prefixes); c++) {
        if (!starts(key, command_prefixes[c])) continue;
        for (int32_t g = 0; g < all->group_count; g++)
            for (int32_t i = 0; i < all->groups[g].count; i++)
                if (all->groups[g].options[i].key != NULL &&
                    starts(all->groups[g].options[i].key, command_prefixes[c]))
                    return false;
        return true;
    }
    return false;
}

static weft_status unknown_key(weft_ctx *ctx, const weft_options *all, const char *where, const char *key)
{
    int32_t least;
    const char *nearest = weft_settings_nearest(key, &least);
    for (int32_t g = 0; g < all->group_count; g++) {
        for (int32_t i = 0; i < all->groups[g].count; i++) {
            const char *known = all->groups[g].options[i].key;
            const int32_t distance = known == NULL ? INT32_MAX : weft_word_distance(key, known);
            if (distance >= least) continue;
            least = distance;
            nearest = known;
        }
    }
    const weft_status st = weft_fail(ctx, WEFT_CONFIG, "%s: unknown key \"%.200s\"", where, key);
    weft_hint(ctx, "did you mean \"%s\"?", nearest);
    return st;
}

static weft_status ignore_key(weft_ctx *ctx, weft_options *all, const char *where, const char *key)
{
    char *text = NULL;
    if (all->ignored_count++ >= WEFT_OPTION_IGNORED_MAX) return WEFT_OK;
    const weft_status st = weft_arena_printf(ctx, ctx->arena, &text, "%s: %.200s", where, key);
    all->ignored[all->ignored_count - 1] = text;
    if (st != WEFT_OK) all->ignored_count--;
    return st;
}

static weft_status take_pair(weft_ctx *ctx, void *self, const char *where, const char *key, const char *value)
{
    weft_options *all = self;
    const weft_option_group *group = NULL;
    const weft_option *o = find_key(all, key, &group);
    char name[KEY_BYTES + 1200];
    if (o != NULL) {
        snprintf(name, sizeof(name), "%s: %.200s", where, key);
        return option_take(ctx, all, group, o, name, value);
    }
    if (weft_settings_find(key) != WEFT_SETTING_COUNT) {
        const weft_status st = weft_settings_set(ctx, all->settings, key, value);
        if (st != WEFT_OK) weft_error_prefix(ctx, "%s: ", where);
        return st;
    }
    if (is_of_another(all, key)) return WEFT_OK;
    return starts(key, "weft.") ? unknown_key(ctx, all, where, key) : ignore_key(ctx, all, where, key);
}

static weft_status take_conf(weft_ctx *ctx, weft_options *all, const char *pair)
{
    char key[KEY_BYTES];
    const char *equals = strchr(pair, '=');
    if (equals == NULL || equals == pair || equals - pair >= KEY_BYTES)
        return weft_fail(ctx, WEFT_CONFIG, "--conf: \"%.100s\" is not KEY=VALUE", pair);
    memcpy(key, pair, (size_t)(equals - pair));
    key[equals - pair] = 0;
    return take_pair(ctx, all, "--conf", key, equals + 1);
}

static weft_status read_file(weft_ctx *ctx, weft_options *all, const char *path)
{
    weft_status st = WEFT_OK;
    const char *variable = getenv("WEFT_CONF");
    char *copy = NULL;
    if (path == NULL && variable != NULL && variable[0] != 0) path = variable;
    if (path == NULL) {
        if (access(DEFAULT_FILE, F_OK) != 0) return WEFT_OK;
        path = DEFAULT_FILE;
    }
    WEFT_TRY(st, weft_arena_copy(ctx, ctx->arena, path, strlen(path), &copy));
    all->file = copy;
    WEFT_TRY(st, weft_config_read(ctx, path, take_pair, all));
done:
    if (st == WEFT_NOT_FOUND && path == variable) weft_hint(ctx, "$WEFT_CONF names it");
    return st;
}

/* ---- arguments ---- */

/* One argument, taken apart. */
typedef struct argument {
    char flag[KEY_BYTES];
    const char *value; /* NULL: none was given */
    int used;          /* how many of argv */
    built_in is;
    const weft_option *option;
    const weft_option_group *group;
} argument;

static const weft_option *find_flag(const weft_options *all, const char *flag, int32_t place,
                                    const weft_option_group **group)
{
    for (int32_t g = 0; g < all->group_count; g++) {
        for (int32_t i = 0; i < all->groups[g].count; i++) {
            const weft_option *o = &all->groups[g].options[i];
            *group = &all->groups[g];
            if (place < 0 && !is_positional(o) && strcmp(o->flag, flag) == 0) return o;
            if (place < 0 && o->letter != 0 && flag[1] == o->letter && flag[2] == 0) return o;
            if (place >= 0 && is_positional(o) && place-- == 0) return o;
        }
    }
    return NULL;
}

static weft_status unknown_flag(weft_ctx *ctx, const weft_options *all, const char *flag)
{
    const char *nearest = NULL;
    int32_t least = HINT_DISTANCE + 1; /* further off the name would only confuse */
    for (int32_t i = 0; i < WEFT_COUNT(built_ins); i++) {
        const int32_t distance = weft_word_distance(flag, built_ins[i].flag);
        if (distance >= least) continue;
        least = distance;
        nearest = built_ins[i].flag;
    }
    for (int32_t g = 0; g < all->group_count; g++) {
        for (int32_t i = 0; i < all->groups[g].count; i++) {
            const weft_option *o = &all->groups[g].options[i];
            const int32_t distance = is_positional(o) ? INT32_MAX : weft_word_distance(flag, o->flag);
            if (distance >= least) continue;
            least = distance;
            nearest = o->flag;
        }
    }
    const weft_status st = weft_fail(ctx, WEFT_CONFIG, "unknown option %.100s", flag);
    if (nearest != NULL) weft_hint(ctx, "did you mean %s?", nearest);
    return st;
}

/* argv[0] with its value: `--port 1`, `--port=1`, `-p 1`, `--log-json`. */
static weft_status split_flag(weft_ctx *ctx, const weft_options *all, int argc, char **argv, argument *out)
{
    const char *text = argv[0], *equals = text[1] == '-' ? strchr(text, '=') : NULL;
    const size_t len = equals == NULL ? strlen(text) : (size_t)(equals - text);
    if (len >= sizeof(out->flag)) return unknown_flag(ctx, all, text);
    memcpy(out->flag, text, len);
    out->flag[len] = 0;
    for (int32_t i = 0; i < WEFT_COUNT(built_ins); i++)
        if (strcmp(out->flag, built_ins[i].flag) == 0) out->is = built_ins[i].is;
    if (out->is == BUILT_IN_NONE) out->option = find_flag(all, out->flag, -1, &out->group);
    if (out->is == BUILT_IN_NONE && out->option == NULL) {
        if (strcmp(out->flag, "-h") != 0) return unknown_flag(ctx, all, out->flag);
        out->is = BUILT_IN_HELP; /* where -h is no option of the command */
    }
    const bool alone = out->is == BUILT_IN_HELP ||
                       (out->option != NULL && out->option->kind == WEFT_OPTION_FLAG);
    if (equals != NULL)
        out->value = equals + 1;
    else if (alone)
        out->value = "true";
    else if (argc > 1 && strncmp(argv[1], "--", 2) != 0) {
        out->value = argv[1];
        out->used = 2;
    } else if (strcmp(out->flag, "-h") == 0) {
        out->is = BUILT_IN_HELP; /* `weft worker -h`: nobody means a host */
        out->option = NULL;
    } else {
        const weft_status st = weft_fail(ctx, WEFT_CONFIG, "%s misses its value", out->flag);
        weft_hint(ctx, "a value that begins with -- is written %s=VALUE", out->flag);
        return st;
    }
    return WEFT_OK;
}

/* *place: how many arguments without a flag came before. */
static weft_status split_argument(weft_ctx *ctx, const weft_options *all, int argc, char **argv,
                                  int32_t *place, argument *out)
{
    memset(out, 0, sizeof(*out));
    out->used = 1;
    if (argv[0][0] == '-' && argv[0][1] != 0) return split_flag(ctx, all, argc, argv, out);
    out->option = find_flag(all, "", (*place)++, &out->group);
    if (out->option == NULL)
        return weft_fail(ctx, WEFT_CONFIG, "%s takes no argument \"%.100s\"", all->command, argv[0]);
    snprintf(out->flag, sizeof(out->flag), "%s", out->option->flag);
    out->value = argv[0];
    return WEFT_OK;
}

/* The first walk looks for --help and for the file, and finds what is wrong with the flags themselves. */
static weft_status find_file(weft_ctx *ctx, weft_options *all, int argc, char **argv, const char **path)
{
    weft_status st = WEFT_OK;
    int32_t place = 0;
    argument a;
    for (int i = 0; i < argc && !all->help; i += a.used) {
        WEFT_TRY(st, split_argument(ctx, all, argc - i, argv + i, &place, &a));
        if (a.is == BUILT_IN_FILE) *path = a.value;
        if (a.is == BUILT_IN_HELP) all->help = true;
    }
done:
    return st;
}

weft_status weft_options_parse(weft_ctx *ctx, weft_options *all, int argc, char **argv)
{
    weft_status st = WEFT_OK;
    const char *path = NULL;
    int32_t place = 0;
    argument a;

    all->help = false;
    all->file = NULL;
    all->ignored_count = 0;
    WEFT_TRY(st, find_file(ctx, all, argc, argv, &path));
    if (all->help) goto done;
    WEFT_TRY(st, take_initial_values(ctx, all));
    WEFT_TRY(st, read_file(ctx, all, path));
    for (int i = 0; i < argc; i += a.used) {
        WEFT_TRY(st, split_argument(ctx, all, argc - i, argv + i, &place, &a));
        if (a.is == BUILT_IN_CONF) WEFT_TRY(st, take_conf(ctx, all, a.value));
        if (a.option != NULL) WEFT_TRY(st, option_take(ctx, all, a.group, a.option, a.flag, a.value));
    }
done:
    return st;
}

/* ---- help ---- */

/* Words from `column` on, in lines of at most HELP_WIDTH. */
static void help_wrap(FILE *to, int32_t column, const char *text)
{
    int32_t at = column;
    while (*text != 0) {
        const int32_t len = (int32_t)strcspn(text, " ");
        if (at > column && at + 1 + len > HELP_WIDTH) {
            fprintf(to, "\n%*s", column, "");
            at = column;
        } else if (at > column) {
            fputc(' ', to);
            at++;
        }
        fprintf(to, "%.*s", len, text);
        at += len;
        text += len;
        text += strspn(text, " ");
    }
    fputc('\n', to);
}

static void help_line(FILE *to, const char *left, const char *help)
{
    if (strlen(left) < HELP_COLUMN - 1)
        fprintf(to, "%-*s", HELP_COLUMN, left);
    else
        fprintf(to, "%s\n%*s", left, HELP_COLUMN, "");
    help_wrap(to, HELP_COLUMN, help);
}

static void help_option(FILE *to, const weft_option *o)
{
    char left[128], text[1024];
    const bool shown = o->initial != NULL && o->initial[0] != 0 && o->kind != WEFT_OPTION_FLAG;
    if (is_positional(o))
        snprintf(left, sizeof(left), "  %s", o->flag);
    else if (o->letter != 0)
        snprintf(left, sizeof(left), "  -%c, %s %s", o->letter, o->flag, o->value == NULL ? "" : o->value);
    else
        snprintf(left, sizeof(left), "      %s %s", o->flag, o->value == NULL ? "" : o->value);
    snprintf(text, sizeof(text), "%s%s%s%s%s%s%s", o->help, shown ? " (default: " : "",
             shown ? o->initial : "", shown ? ")" : "", o->key == NULL ? "" : " [",
             o->key == NULL ? "" : o->key, o->key == NULL ? "" : "]");
    help_line(to, left, text);
}

void weft_options_help(const weft_options *all, FILE *to)
{
    fprintf(to, "Usage: %s", all->command);
    for (int32_t g = 0; g < all->group_count; g++)
        for (int32_t i = 0; i < all->groups[g].count; i++)
            if (is_positional(&all->groups[g].options[i])) fprintf(to, " %s", all->groups[g].options[i].flag);
    fputs(" [options]\n\n", to);
    help_wrap(to, 0, all->about);
    fputc('\n', to);
    for (int32_t g = 0; g < all->group_count; g++)
        for (int32_t i = 0; i < all->groups[g].count; i++) help_option(to, &all->groups[g].options[i]);
    help_line(to, "      --conf KEY=VALUE", "a setting, or a key of this list; may be given again");
    help_line(to, "      --properties-file FILE",
              "lines of KEY VALUE; an option beats it (default: $WEFT_CONF, else " DEFAULT_FILE
              " when it exists); --config FILE is the same");
    help_line(to, "      --help", "this text");
    fputs("\nExit code: 0 ended by SIGTERM or SIGINT, 1 failed, 2 wrong usage or configuration.\n", to);
}
