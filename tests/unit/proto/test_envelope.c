/* tests/unit/proto/test_envelope.c - the first frame: what goes in comes out, what is damaged does not. */
#include "proto/envelope.h"

#include "tests/support/fixture.h"

static void every_kind(void **state)
{
    (void)state;
    weft_fixture f;
    weft_fixture_open(&f);
    for (int32_t kind = 0; kind <= WEFT_ENVELOPE_PIECE; kind++) {
        weft_envelope e = {.kind = (weft_envelope_kind)kind,
                           .head = {.session = UINT64_MAX, .number = 7, .ack = UINT64_MAX - 1}};
        weft_envelope back;
        uint8_t *bytes = NULL;
        size_t len = 0;
        if (kind == WEFT_ENVELOPE_WELCOME) e.worker = INT32_MAX;
        if (kind == WEFT_ENVELOPE_WELCOME) e.text = "127.0.0.1:7079";
        if (kind == WEFT_ENVELOPE_REFUSE) e.text = "another version";
        weft_fixture_ok(&f, weft_envelope_encode(&f.ctx, &e, &bytes, &len));
        weft_fixture_ok(&f, weft_envelope_decode(&f.ctx, bytes, len, &back));
        assert_int_equal(back.kind, kind);
        assert_memory_equal(&back.head, &e.head, sizeof(e.head));
        assert_int_equal(back.worker, e.worker);
        assert_int_equal(back.text != NULL, e.text != NULL);
        if (e.text != NULL) assert_string_equal(back.text, e.text);
    }
    weft_fixture_close(&f);
}

/* A text that is too long is cut where a character ends. */
static void long_text(void **state)
{
    (void)state;
    weft_fixture f;
    char text[WEFT_ENVELOPE_TEXT_BYTES + 100];
    weft_envelope back;
    uint8_t *bytes = NULL;
    size_t len = 0;
    weft_fixture_open(&f);
    for (size_t i = 0; i + 1 < sizeof(text); i += 2) memcpy(text + i, "\xc3\xa4", 2);
    text[sizeof(text) - 2] = '\0';
    weft_envelope e = {.kind = WEFT_ENVELOPE_REFUSE, .text = text};
    weft_fixture_ok(&f, weft_envelope_encode(&f.ctx, &e, &bytes, &len));
    weft_fixture_ok(&f, weft_envelope_decode(&f.ctx, bytes, len, &back));
    assert_int_equal(strlen(back.text), WEFT_ENVELOPE_TEXT_BYTES - 2);
    assert_memory_equal(back.text, text, WEFT_ENVELOPE_TEXT_BYTES - 2);
    e.text = text + 1; /* the other half of the characters */
    weft_fixture_ok(&f, weft_envelope_encode(&f.ctx, &e, &bytes, &len));
    weft_fixture_ok(&f, weft_envelope_decode(&f.ctx, bytes, len, &back));
    weft_fixture_close(&f);
}

static void refusals(void **state)
{
    (void)state;
    const weft_envelope wrong[] = {
        {.kind = (weft_envelope_kind)(WEFT_ENVELOPE_PIECE + 1)},
        {.kind = WEFT_ENVELOPE_ORDERS, .text = "no refusal"},
        {.kind = WEFT_ENVELOPE_BEAT, .worker = 4},
        {.kind = WEFT_ENVELOPE_WELCOME, .worker = -1},
    };
    static const uint8_t no_version[] = {0x10, 0x05}, unknown_field[] = {0x08, 0x01, 0x40, 0x01};
    weft_fixture f;
    weft_envelope back;
    uint8_t *bytes = NULL;
    size_t len = 0;
    weft_fixture_open(&f);
    for (int32_t i = 0; i < WEFT_COUNT(wrong); i++) {
        weft_fixture_ok(&f, weft_envelope_encode(&f.ctx, &wrong[i], &bytes, &len));
        assert_int_not_equal(weft_envelope_decode(&f.ctx, bytes, len, &back), WEFT_OK);
        weft_error_clear(&f.ctx);
    }
    assert_int_equal(weft_envelope_decode(&f.ctx, no_version, sizeof(no_version), &back), WEFT_UNSUPPORTED);
    assert_int_equal(weft_envelope_decode(&f.ctx, unknown_field, sizeof(unknown_field), &back),
                     WEFT_UNSUPPORTED);
    weft_error_clear(&f.ctx);
    weft_fixture_close(&f);
}

WEFT_TESTS(WEFT_TEST(every_kind), WEFT_TEST(long_text), WEFT_TEST(refusals))
