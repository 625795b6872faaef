/* common/secret_file.c - see secret_file.h. */
#include "common/secret_file.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/key_file.h"
#include "common/random.h"

enum { HEX_BYTES = 2 * WEFT_SEAL_KEY_BYTES, PASSWORD_WORDS = 2 };

static const char seal_name[] = "seal.secret", login_name[] = "zookeeper.secret", login_user[] = "weft";

/* ---- lines ---- */

/* One line `word = value`; blank lines and comments are passed over. */
typedef struct line_reader {
    const char *at, *end;
    int32_t number;
    const char *word, *value;
    size_t word_len, value_len;
} line_reader;

static bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r'; }

static void trim(const char **at, size_t *len)
{
    while (*len > 0 && is_blank(**at)) ++*at, --*len;
    while (*len > 0 && is_blank((*at)[*len - 1])) --*len;
}

/* False at the end. A line without '=' is a word without a value. */
static bool next_line(line_reader *r)
{
    while (r->at < r->end) {
        const char *stop = memchr(r->at, '\n', (size_t)(r->end - r->at));
        const char *line = r->at, *last = stop == NULL ? r->end : stop;
        r->at = stop == NULL ? r->end : stop + 1;
        r->number++;
        size_t len = (size_t)(last - line);
        trim(&line, &len);
        if (len == 0 || line[0] == '#') continue;
        const char *equals = memchr(line, '=', len);
        r->word = line;
        r->word_len = equals == NULL ? len : (size_t)(equals - line);
        r->value = equals == NULL ? line + len : equals + 1;
        r->value_len = equals == NULL ? 0 : (size_t)(line + len - equals - 1);
        trim(&r->word, &r->word_len);
        trim(&r->value, &r->value_len);
        return true;
    }
    return false;
}

static bool is_word(const line_reader *r, const char *word)
{
    return r->word_len == strlen(word) && memcmp(r->word, word, r->word_len) == 0;
}

static int32_t hex_digit(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

weft_status weft_secret_parse_seal(weft_ctx *ctx, const char *name, const char *text, size_t len,
                                   uint8_t *keys, int32_t *count)
{
    line_reader r = {.at = text, .end = text + len};
    *count = 0;
    while (next_line(&r)) {
        bool is_key = is_word(&r, "key") && r.value_len == HEX_BYTES;
        for (size_t i = 0; is_key && i < HEX_BYTES; i++) is_key = hex_digit(r.value[i]) >= 0;
        if (!is_key)
            return weft_fail(ctx, WEFT_INVALID, "%s: line %d is not 'key = 64 hex digits'", name, r.number);
        if (*count == WEFT_SEAL_KEYS_MAX)
            return weft_fail(ctx, WEFT_INVALID, "%s has more than %d keys", name, WEFT_SEAL_KEYS_MAX);
        uint8_t *key = keys + (size_t)*count * WEFT_SEAL_KEY_BYTES;
        for (size_t i = 0; i < WEFT_SEAL_KEY_BYTES; i++)
            key[i] = (uint8_t)(hex_digit(r.value[2 * i]) << 4 | hex_digit(r.value[2 * i + 1]));
        ++*count;
    }
    return *count > 0 ? WEFT_OK : weft_fail(ctx, WEFT_INVALID, "%s has no line 'key = 64 hex digits'", name);
}

static bool take_text(const line_reader *r, char out[WEFT_LOGIN_TEXT_BYTES])
{
    if (out[0] != 0 || r->value_len == 0 || r->value_len >= WEFT_LOGIN_TEXT_BYTES) return false;
    if (memchr(r->value, 0, r->value_len) != NULL) return false;
    memcpy(out, r->value, r->value_len);
    return true;
}

weft_status weft_secret_parse_login(weft_ctx *ctx, const char *name, const char *text, size_t len,
                                    weft_zookeeper_login *out)
{
    line_reader r = {.at = text, .end = text + len};
    *out = (weft_zookeeper_login){0};
    while (next_line(&r)) {
        const bool is_good = is_word(&r, "user")       ? take_text(&r, out->user)
                             : is_word(&r, "password") ? take_text(&r, out->password)
                                                       : false;
        if (!is_good)
            return weft_fail(
                ctx, WEFT_INVALID,
                "%s: line %d is not 'user = NAME' or 'password = TEXT', once each, below %d bytes", name,
                r.number, WEFT_LOGIN_TEXT_BYTES);
    }
    if (out->user[0] == 0 || out->password[0] == 0 || strchr(out->user, ':') != NULL)
        return weft_fail(ctx, WEFT_INVALID,
                         "%s needs the lines 'user = NAME' (without ':') and 'password = TEXT'", name);
    return WEFT_OK;
}

/* ---- files ---- */

/* The text of a secret of the folder; path is told. */
static weft_status read_text(weft_ctx *ctx, const char *folder, const char *name, const char *make,
                             char path[WEFT_KEY_PATH_BYTES], char text[WEFT_KEY_FILE_BYTES], size_t *len)
{
    weft_status st = weft_key_path(ctx, path, folder, name);
    if (st != WEFT_OK) return st;
    st = weft_key_text_read(ctx, path, true, text, len, NULL);
    if (st == WEFT_NOT_FOUND)
        weft_hint(ctx, "weft keys add %s %s makes it; then copy it to every coordinator", folder, make);
    return st;
}

weft_status weft_secret_read_seal(weft_ctx *ctx, const char *folder, uint8_t *keys, int32_t *count)
{
    char path[WEFT_KEY_PATH_BYTES], text[WEFT_KEY_FILE_BYTES];
    size_t len = 0;
    *count = 0;
    weft_status st = read_text(ctx, folder, seal_name, "seal", path, text, &len);
    if (st == WEFT_OK) st = weft_secret_parse_seal(ctx, path, text, len, keys, count);
    explicit_bzero(text, sizeof(text));
    return st;
}

weft_status weft_secret_read_login(weft_ctx *ctx, const char *folder, weft_zookeeper_login *out)
{
    char path[WEFT_KEY_PATH_BYTES], text[WEFT_KEY_FILE_BYTES];
    size_t len = 0;
    *out = (weft_zookeeper_login){0};
    weft_status st = read_text(ctx, folder, login_name, "zookeeper", path, text, &len);
    if (st == WEFT_OK) st = weft_secret_parse_login(ctx, path, text, len, out);
    explicit_bzero(text, sizeof(text));
    return st;
}

/* ---- making ---- */

static weft_status random_hex(weft_ctx *ctx, int32_t words, char *out)
{
    weft_status st = WEFT_OK;
    for (int32_t i = 0; i < words; i++) {
        uint64_t bits = 0;
        WEFT_TRY(st, weft_random_u64(ctx, &bits));
        snprintf(out + 16 * i, 17, "%016llx", (unsigned long long)bits);
    }
done:
    return st;
}

/* older: count keys that are kept behind the new one. */
static weft_status write_seal(weft_ctx *ctx, const char *path, bool replace, const uint8_t *older,
                              int32_t count)
{
    char text[WEFT_KEY_FILE_BYTES], hex[HEX_BYTES + 1];
    weft_status st = random_hex(ctx, HEX_BYTES / 16, hex);
    if (st != WEFT_OK) return st;
    size_t len = (size_t)snprintf(text, sizeof(text), "key = %s\n", hex);
    for (int32_t k = 0; k < count; k++) {
        for (size_t i = 0; i < WEFT_SEAL_KEY_BYTES; i++)
            snprintf(hex + 2 * i, 3, "%02x", older[(size_t)k * WEFT_SEAL_KEY_BYTES + i]);
        len += (size_t)snprintf(text + len, sizeof(text) - len, "key = %s\n", hex);
    }
    st = weft_key_text_write(ctx, path, 0600, replace, text, len);
    explicit_bzero(text, sizeof(text));
    explicit_bzero(hex, sizeof(hex));
    return st;
}

static weft_status check_folder(weft_ctx *ctx, const char *folder)
{
    char path[WEFT_KEY_PATH_BYTES];
    weft_status st = weft_key_path(ctx, path, folder, "allowed");
    if (st != WEFT_OK || access(path, F_OK) == 0) return st;
    st = weft_fail(ctx, WEFT_NOT_FOUND, "%s is no key folder: it has no folder 'allowed'", folder);
    weft_hint(ctx, "weft keys init %s", folder);
    return st;
}

weft_status weft_secret_add_seal(weft_ctx *ctx, const char *folder, int32_t *generations)
{
    weft_status st = WEFT_OK;
    char path[WEFT_KEY_PATH_BYTES];
    uint8_t keys[WEFT_SEAL_KEYS_MAX * WEFT_SEAL_KEY_BYTES];
    int32_t count = 0;
    WEFT_TRY(st, check_folder(ctx, folder));
    WEFT_TRY(st, weft_key_path(ctx, path, folder, seal_name));
    if (access(path, F_OK) == 0) WEFT_TRY(st, weft_secret_read_seal(ctx, folder, keys, &count));
    if (count == WEFT_SEAL_KEYS_MAX) count--;
    WEFT_TRY(st, write_seal(ctx, path, count > 0, keys, count));
    *generations = count + 1;
done:
    explicit_bzero(keys, sizeof(keys));
    return st;
}

weft_status weft_secret_add_login(weft_ctx *ctx, const char *folder)
{
    weft_status st = WEFT_OK;
    char path[WEFT_KEY_PATH_BYTES], text[WEFT_KEY_FILE_BYTES], password[16 * PASSWORD_WORDS + 1];
    WEFT_TRY(st, check_folder(ctx, folder));
    WEFT_TRY(st, weft_key_path(ctx, path, folder, login_name));
    WEFT_TRY(st, random_hex(ctx, PASSWORD_WORDS, password));
    const int len = snprintf(text, sizeof(text), "user = %s\npassword = %s\n", login_user, password);
    st = weft_key_text_write(ctx, path, 0600, false, text, (size_t)len);
    if (st == WEFT_EXISTS)
        weft_hint(ctx, "the cluster's nodes in ZooKeeper belong to this login: it is not changed");
done:
    explicit_bzero(text, sizeof(text));
    explicit_bzero(password, sizeof(password));
    return st;
}

weft_status weft_secret_init(weft_ctx *ctx, const char *folder)
{
    weft_status st = WEFT_OK;
    char path[WEFT_KEY_PATH_BYTES];
    int32_t generations = 0;
    WEFT_TRY(st, weft_key_path(ctx, path, folder, seal_name));
    if (access(path, F_OK) != 0) WEFT_TRY(st, weft_secret_add_seal(ctx, folder, &generations));
    WEFT_TRY(st, weft_key_path(ctx, path, folder, login_name));
    if (access(path, F_OK) != 0) WEFT_TRY(st, weft_secret_add_login(ctx, folder));
done:
    return st;
}
