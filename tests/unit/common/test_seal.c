/* Sealing: what was sealed opens, at its place only, with any key that is there; a changed bit anywhere is
 * found; nothing of the text shows. The files of its keys. */
#include "common/seal.h"

#include "common/secret_file.h"
#include "tests/support/fixture.h"

enum { MOST = 300 << 10 };

static const uint8_t keys[2 * WEFT_SEAL_KEY_BYTES] =
    "the first of two keys, 32 bytes.the second of two keys, 32 bytes";

static void what_is_sealed_opens(void **state)
{
    static const size_t sizes[] = {0, 1, 15, 16, 17, 1000, MOST};
    weft_fixture f;
    weft_seal *seal = NULL;
    uint8_t *value = malloc(MOST), *opened = malloc(MOST), *sealed = malloc(MOST + WEFT_SEAL_MORE_BYTES),
            *again = malloc(MOST + WEFT_SEAL_MORE_BYTES);
    (void)state;
    weft_fixture_open(&f);
    weft_fixture_ok(&f, weft_seal_open_keys(&f.ctx, keys, 1, &seal));
    for (int32_t i = 0; i < WEFT_COUNT(sizes); i++) {
        const size_t bytes = sizes[i], whole = bytes + WEFT_SEAL_MORE_BYTES;
        memset(value, 's', bytes);
        weft_fixture_ok(&f, weft_seal_lock(&f.ctx, seal, "/a/place", value, bytes, sealed));
        weft_fixture_ok(&f, weft_seal_lock(&f.ctx, seal, "/a/place", value, bytes, again));
        assert_memory_not_equal(sealed, again, whole); /* a nonce of its own each */
        memset(opened, 0, bytes);
        weft_fixture_ok(&f, weft_seal_unlock(&f.ctx, seal, "/a/place", sealed, whole, opened));
        if (bytes > 0) assert_memory_equal(opened, value, bytes);
        if (bytes >= 16) assert_null(memmem(sealed, whole, value, 16));
        assert_int_equal(weft_seal_unlock(&f.ctx, seal, "/a/plane", sealed, whole, opened), WEFT_CORRUPT);
        assert_int_equal(weft_seal_unlock(&f.ctx, seal, "/a/place", sealed, whole - 1, opened), WEFT_CORRUPT);
    }
    free(value), free(opened), free(sealed), free(again);
    weft_seal_close(&seal);
    weft_fixture_close(&f);
}

static void a_changed_bit_is_found(void **state)
{
    weft_fixture f;
    weft_seal *seal = NULL;
    uint8_t sealed[10 + WEFT_SEAL_MORE_BYTES], opened[10];
    (void)state;
    weft_fixture_open(&f);
    weft_fixture_ok(&f, weft_seal_open_keys(&f.ctx, keys, 1, &seal));
    weft_fixture_ok(&f, weft_seal_lock(&f.ctx, seal, "p", "0123456789", 10, sealed));
    for (size_t bit = 0; bit < 8 * sizeof(sealed); bit++) {
        sealed[bit / 8] ^= (uint8_t)(1 << bit % 8);
        const weft_status st = weft_seal_unlock(&f.ctx, seal, "p", sealed, sizeof(sealed), opened);
        const size_t byte = bit / 8;
        assert_int_equal(st, byte == 3                ? WEFT_UNSUPPORTED
                             : byte >= 4 && byte < 12 ? WEFT_NOT_FOUND
                                                      : WEFT_CORRUPT);
        sealed[byte] ^= (uint8_t)(1 << bit % 8);
    }
    weft_fixture_ok(&f, weft_seal_unlock(&f.ctx, seal, "p", sealed, sizeof(sealed), opened));
    assert_memory_equal(opened, "0123456789", 10);
    weft_seal_close(&seal);
    weft_fixture_close(&f);
}

static void older_keys_still_open(void **state)
{
    weft_fixture f;
    weft_seal *old = NULL, *both = NULL;
    uint8_t sealed[5 + WEFT_SEAL_MORE_BYTES], opened[5];
    (void)state;
    weft_fixture_open(&f);
    weft_fixture_ok(&f, weft_seal_open_keys(&f.ctx, keys + WEFT_SEAL_KEY_BYTES, 1, &old));
    weft_fixture_ok(&f, weft_seal_open_keys(&f.ctx, keys, 2, &both));
    weft_fixture_ok(&f, weft_seal_lock(&f.ctx, old, "p", "hello", 5, sealed));
    weft_fixture_ok(&f, weft_seal_unlock(&f.ctx, both, "p", sealed, sizeof(sealed), opened));
    weft_fixture_ok(&f, weft_seal_lock(&f.ctx, both, "p", "hello", 5, sealed)); /* by the new one */
    assert_int_equal(weft_seal_unlock(&f.ctx, old, "p", sealed, sizeof(sealed), opened), WEFT_NOT_FOUND);
    assert_non_null(strstr(f.ctx.error.message, "which is not in seal.secret"));
    weft_seal_close(&old);
    weft_seal_close(&both);
    assert_int_equal(weft_seal_open_keys(&f.ctx, keys, 0, &old), WEFT_INVALID);
    weft_fixture_close(&f);
}

static void digests(void **state)
{
    weft_fixture f;
    weft_seal *seal = NULL;
    char text[2 * WEFT_SHA256_BYTES + 1];
    (void)state;
    weft_fixture_open(&f);
    weft_fixture_ok(&f, weft_seal_open_keys(&f.ctx, keys, 1, &seal));
    weft_fixture_ok(&f, weft_seal_digest(&f.ctx, seal, "abc", 3, text)); /* FIPS 180-2, appendix B.1 */
    assert_string_equal(text, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    weft_seal_close(&seal);
    weft_fixture_close(&f);
}

/* ---- files ---- */

static void texts(void **state)
{
    static const char hex[] = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
    weft_fixture f;
    uint8_t out[WEFT_SEAL_KEYS_MAX * WEFT_SEAL_KEY_BYTES];
    char text[2048];
    int32_t count = 0;
    weft_zookeeper_login login;
    (void)state;
    weft_fixture_open(&f);
    snprintf(text, sizeof(text), "# of the cluster\n\n  key = %s\r\nkey=%s", hex, hex);
    weft_fixture_ok(&f, weft_secret_parse_seal(&f.ctx, "k/seal.secret", text, strlen(text), out, &count));
    assert_int_equal(count, 2);
    assert_int_equal(out[1], 0x11);
    assert_int_equal(out[63], 0xff);
    static const char *const bad[] = {
        "",           "# nothing\n",
        "key = 00\n", "kay = 00\n",
        "key\n",      "key = 0011223344556677X899aabbccddeeff00112233445566778899aabbccddeeff\n"};
    for (int32_t i = 0; i < WEFT_COUNT(bad); i++) {
        assert_int_equal(weft_secret_parse_seal(&f.ctx, "k/seal.secret", bad[i], strlen(bad[i]), out, &count),
                         WEFT_INVALID);
        assert_non_null(strstr(f.ctx.error.message, "k/seal.secret"));
        assert_null(strstr(f.ctx.error.message, "445566"));
    }
    weft_fixture_ok(&f, weft_secret_parse_login(&f.ctx, "z", "user = a\npassword = b c=d\n", 26, &login));
    assert_string_equal(login.user, "a");
    assert_string_equal(login.password, "b c=d");
    static const char *const no[] = {"",
                                     "user = a\n",
                                     "password = a\n",
                                     "user = a:b\npassword = c\n",
                                     "user = a\nuser = b\npassword = c\n",
                                     "user = a\npassword = \n",
                                     "use = a\n"};
    for (int32_t i = 0; i < WEFT_COUNT(no); i++)
        assert_int_equal(weft_secret_parse_login(&f.ctx, "z", no[i], strlen(no[i]), &login), WEFT_INVALID);
    weft_fixture_close(&f);
}

WEFT_TESTS(WEFT_TEST(what_is_sealed_opens), WEFT_TEST(a_changed_bit_is_found),
           WEFT_TEST(older_keys_still_open), WEFT_TEST(digests), WEFT_TEST(texts))
