/* tests/support/fixture.h - a context to run engine code in, checked for leaks when it is closed.
 *
 *     weft_fixture f;
 *     weft_fixture_open(&f);
 *     assert_int_equal(weft_thing_new(&f.ctx, &thing), WEFT_OK);
 *     weft_fixture_close(&f);
 *
 * weft_fixture_oom_sweep runs a function again and again, failing its 1st, 2nd, ... allocation in turn. */
#ifndef WEFT_TESTS_SUPPORT_FIXTURE_H
#define WEFT_TESTS_SUPPORT_FIXTURE_H

#include "common/mem.h"
#include "common/settings.h"
#include "tests/support/test.h"

typedef struct weft_fixture {
    weft_pool *pool;
    weft_account *account;
    weft_arena *arena; /* ctx.arena */
    weft_settings settings;
    weft_ctx ctx;
} weft_fixture;

/* A pool without a limit, one account, one arena, initial settings. */
void weft_fixture_open(weft_fixture *f);
/* With a pool of limit_bytes. */
void weft_fixture_open_limited(weft_fixture *f, int64_t limit_bytes);
/* Frees all; fails the test when something is still charged to the account. */
void weft_fixture_close(weft_fixture *f);
/* st is WEFT_OK, else the error is printed and the test fails. */
void weft_fixture_ok(const weft_fixture *f, weft_status st);

/* Run in a fresh fixture with each allocation failing in turn, until a run has none left to fail: run must
 * answer WEFT_NOMEM whenever an allocation failed, and free all that it took, either way. */
void weft_fixture_oom_sweep(weft_status (*run)(weft_fixture *f, void *arg), void *arg);

#endif
