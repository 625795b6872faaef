/* A conversation: what comes twice, what is missing and what is of another session is told apart, whatever
 * the network does to the messages between. */
#include "common/link.h"

#include "tests/support/test.h"

static void numbers_and_acknowledgements(void **state)
{
    weft_link a, b;
    (void)state;
    weft_link_open(&a, 7, 100);
    weft_link_open(&b, 7, 100);
    const weft_link_head first = weft_link_send(&a, 110), second = weft_link_send(&a, 120);
    assert_int_equal(first.number, 1);
    assert_int_equal(second.number, 2);
    assert_int_equal(a.spoke_ns, 120);
    assert_int_equal(weft_link_receive(&b, &first, false, 130), WEFT_LINK_NEXT);
    assert_int_equal(weft_link_receive(&b, &first, false, 131), WEFT_LINK_TWICE);
    assert_int_equal(weft_link_receive(&b, &second, false, 132), WEFT_LINK_NEXT);
    assert_int_equal(b.heard_ns, 132);
    const weft_link_head answer = weft_link_send(&b, 140);
    assert_int_equal(answer.ack, 2);
    assert_int_equal(weft_link_receive(&a, &answer, false, 150), WEFT_LINK_NEXT);
    assert_int_equal(a.acked, 2);
    assert_int_equal(a.received, 1);
}

static void what_is_missing_shows(void **state)
{
    weft_link a, b;
    (void)state;
    weft_link_open(&a, 7, 0);
    weft_link_open(&b, 7, 0);
    (void)weft_link_send(&a, 0);
    const weft_link_head second = weft_link_send(&a, 0);
    assert_int_equal(weft_link_receive(&b, &second, false, 0), WEFT_LINK_GAP);
    assert_int_equal(b.received, 0); /* it was not taken: the session ends */
    /* The loss of the last one shows by the next heartbeat. */
    const weft_link_head beat = weft_link_beat(&a, 0);
    assert_int_equal(beat.number, 2);
    assert_int_equal(weft_link_receive(&b, &beat, true, 0), WEFT_LINK_GAP);
    weft_link_open(&b, 7, 0);
    b.received = 2;
    assert_int_equal(weft_link_receive(&b, &beat, true, 0), WEFT_LINK_NEXT);
    assert_int_equal(b.received, 2); /* a heartbeat has no number of its own */
}

static void other_sessions_are_ignored(void **state)
{
    weft_link a, b, none;
    (void)state;
    weft_link_open(&a, 7, 0);
    weft_link_open(&b, 8, 0);
    weft_link_open(&none, 0, 0);
    const weft_link_head head = weft_link_send(&a, 5), of_none = weft_link_send(&none, 5);
    assert_int_equal(weft_link_receive(&b, &head, false, 5), WEFT_LINK_OTHER);
    assert_int_equal(b.heard_ns, 0); /* nothing was heard of this session */
    assert_int_equal(weft_link_receive(&none, &of_none, false, 5), WEFT_LINK_OTHER);
    weft_link_open(&b, 7, 0);
    const weft_link_head liar = {.session = 7, .number = 1, .ack = 3};
    assert_int_equal(weft_link_receive(&b, &liar, false, 5), WEFT_LINK_GAP);
    assert_int_equal(b.acked, 0);
}

enum { MESSAGES = 400 };

/* One end sends, the network loses, repeats and delays. Until the first gap is noticed, the other end has
 * handled 1, 2, 3, … without a hole; a loss is noticed at the latest by the next heartbeat that arrives. */
static void nothing_is_lost_unnoticed(void **state)
{
    (void)state;
    for (uint64_t round = 0; round < 500; round++) {
        weft_test_random random = {.state = weft_test_seed() + round};
        weft_link a, b;
        weft_link_head delayed = {0};
        uint64_t handled = 0;
        bool ended = false, lost = false;
        weft_link_open(&a, 1, 0);
        weft_link_open(&b, 1, 0);
        for (int32_t i = 0; i < MESSAGES && !ended; i++) {
            const int64_t fate = weft_test_random_range(&random, 0, 99);
            const bool beat = fate >= 90;
            const weft_link_head head = beat ? weft_link_beat(&a, i) : weft_link_send(&a, i);
            if (fate == 0) { /* lost */
                lost = true;
                continue;
            }
            if (fate == 1) { /* late: the next one overtakes it */
                lost = true;
                delayed = head;
                continue;
            }
            const weft_link_verdict verdict = weft_link_receive(&b, &head, beat, i);
            if (verdict == WEFT_LINK_NEXT && !beat && head.number != ++handled) {
                weft_test_print_replay("nothing_is_lost_unnoticed", weft_test_seed());
                fail_msg("%llu after %llu", (unsigned long long)head.number, (unsigned long long)handled);
            }
            ended = verdict == WEFT_LINK_GAP;
            assert_int_equal(ended, lost); /* the first that arrives after a loss tells */
            if (!ended && fate < 10)       /* again */
                assert_int_equal(weft_link_receive(&b, &head, beat, i),
                                 beat ? WEFT_LINK_NEXT : WEFT_LINK_TWICE);
            if (!ended && delayed.session != 0)
                assert_int_equal(weft_link_receive(&b, &delayed, false, i), WEFT_LINK_TWICE);
        }
        assert_int_equal(b.received, handled);
    }
}

WEFT_TESTS(WEFT_TEST(numbers_and_acknowledgements), WEFT_TEST(what_is_missing_shows),
           WEFT_TEST(other_sessions_are_ignored), WEFT_TEST(nothing_is_lost_unnoticed))
